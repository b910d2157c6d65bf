# SPDX-License-Identifier: Apache-2.0
"""The pipeline is killed at every failpoint and at random moments; the answers stay exact."""
import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from conftest import FIRN, ROOT, Home

DATA = ROOT / "tests/data/retail/landing/orders"
DAYS = ["2010-12-01", "2010-12-02", "2010-12-03", "2010-12-05", "2010-12-06", "2010-12-07"]
RANDOM_KILLS = int(os.environ.get("FIRN_RANDOM_KILLS", "200"))


def failpoints():
    text = (ROOT / "src/base/failpoint_names.h").read_text()
    return sorted(part for part in text.split('"') if part.count(".") >= 2 and " " not in part
                  and not part.endswith(".h") and not part.startswith("maintain."))


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    for day in DAYS:
        shutil.copy(DATA / f"dt={day}" / f"orders-{day}.ndjson.gz", folder)
    return folder


def answers(home):
    """Everything the pipeline promises, as one comparable value."""
    queries = ["SELECT count(*), count(DISTINCT (source_file, line_number)) FROM bronze.orders",
               "SELECT count(*), sum(amount), sum(quantity) FROM silver.orders",
               "SELECT count(*) FROM silver.orders_quarantine",
               "SELECT count(*), sum(row_count) FROM bronze.orders_files",
               "SELECT count(*), sum(revenue), sum(line_count) FROM gold.sales_per_minute"]
    return [home.run("sql", "--format", "csv", "-c", q).stdout for q in queries]


@pytest.fixture(scope="module")
def undisturbed(landing, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("undisturbed") / "home")
    home.run("init")
    home.run("run", "examples/retail", "--set", f"landing={landing}")
    return answers(home)


def start(home, landing, env=None, pipeline="examples/retail"):
    return subprocess.Popen(
        [FIRN, "--home", home.path, "run", pipeline, "--set", f"landing={landing}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT,
        env={**os.environ, **(env or {})})


def test_there_are_failpoints():
    assert len(failpoints()) >= 12


@pytest.mark.parametrize("name", failpoints())
def test_killed_at_failpoint(name, landing, undisturbed, tmp_path):
    home = Home(tmp_path / "home")
    home.run("init")
    deaths = 0
    for hit in range(1, 60):
        process = start(home, landing, {"FIRN_FAILPOINTS": f"{name}=kill@{hit}"})
        status = process.wait(timeout=120)
        if status == 0:
            break
        assert status == -signal.SIGKILL, f"{name}@{hit}: exit {status}"
        deaths += 1
    else:
        pytest.fail("never came to an end")
    home.run("run", "examples/retail", "--set", f"landing={landing}")
    assert answers(home) == undisturbed
    print(f"{name}: {deaths} deaths")


def test_killed_at_random_moments(landing, undisturbed, tmp_path):
    dice = random.Random(7)
    kills = rounds = 0
    while kills < RANDOM_KILLS:
        home = Home(tmp_path / f"home{rounds}")
        home.run("init")
        rounds += 1
        finished = False
        window = 0.25
        while not finished and kills < RANDOM_KILLS:
            process = start(home, landing)
            time.sleep(dice.uniform(0, window))
            process.kill()
            finished = process.wait() == 0
            kills += not finished
            window = min(window * 1.05, 1.0)
        home.run("run", "examples/retail", "--set", f"landing={landing}")
        assert answers(home) == undisturbed, f"after {kills} kills"
        shutil.rmtree(home.path)
    print(f"{kills} kills over {rounds} homes")


@pytest.mark.parametrize("version, mode", [(2, "merge-on-read"), (3, "merge-on-read"), (3, "copy-on-write")])
def test_killed_while_rows_are_changed(tmp_path, version, mode):
    """A killed UPDATE or DELETE happened, or did not; the next one works."""
    home = Home(tmp_path / "home")
    home.run("init")
    home.run("sql", "-c", f"CREATE TABLE t (id BIGINT, v BIGINT) TBLPROPERTIES ('format-version' = '{version}', "
             f"'write.delete.mode' = '{mode}', 'write.update.mode' = '{mode}'); INSERT INTO t SELECT i, 0 FROM range(100) r(i)")
    rows = {i: 0 for i in range(100)}
    deaths = 0
    names = [name for name in failpoints() if not name.startswith("pipeline.")]
    for n, name in enumerate(names):
        after = {i: v + 1 if i % 5 == n % 5 else v for i, v in rows.items() if i != n}
        statement = f"UPDATE t SET v = v + 1 WHERE id % 5 = {n % 5} AND id <> {n}"
        home.run("sql", "-c", f"DELETE FROM t WHERE id = {n}")
        done = home.run("sql", "-c", statement, check=False, env={"FIRN_FAILPOINTS": f"{name}=kill@1"})
        rows.pop(n)
        got = {int(r["id"]): int(r["v"]) for r in home.sql("SELECT * FROM t")}
        assert got in (rows, after), name
        assert done.returncode == 0 or done.returncode == -signal.SIGKILL, done.stderr
        deaths += done.returncode != 0
        rows = got
    assert deaths >= 10


def miscount(table):
    """The manifest list of the current snapshot counts files and rows wrongly."""
    from pyiceberg.manifest import MANIFEST_LIST_FILE_SCHEMAS, write_manifest_list
    snapshot = table.current_snapshot()
    manifests = snapshot.manifests(table.io)
    for name, wrong in (("added_files_count", 5), ("added_rows_count", 50)):
        place = [f.name for f in MANIFEST_LIST_FILE_SCHEMAS[2].fields].index(name)
        manifests[0]._data[place] = wrong
    with write_manifest_list(2, table.io.new_output(snapshot.manifest_list), snapshot.snapshot_id,
                             snapshot.parent_snapshot_id, snapshot.sequence_number, "deflate") as writer:
        writer.add_manifests(manifests)


def test_killed_while_a_table_is_repaired(tmp_path):
    """A killed repair mended the table, or left it as it was; rows never change."""
    home = Home(tmp_path / "home")
    home.run("init")
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT); INSERT INTO t SELECT i FROM range(100) r(i)")
    table = home.pyiceberg().load_table("default.t")
    names = [name for name in failpoints() if not name.startswith(("pipeline.", "writer."))]
    deaths = 0
    for name in names:
        table.refresh()
        miscount(table)
        before = home.run("doctor", "default.t", "--repair", "--format", "json", check=False)
        assert before.returncode == 1 and json.loads(before.stdout)["repaired"] is False
        done = home.run("doctor", "default.t", "--repair", "--yes", check=False, env={"FIRN_FAILPOINTS": f"{name}=kill@1"})
        assert done.returncode in (0, -signal.SIGKILL), (name, done.stderr)
        deaths += done.returncode != 0
        after = home.run("doctor", "default.t", "--format", "json", check=False)
        findings = json.loads(after.stdout)["findings"]
        assert findings in ([], json.loads(before.stdout)["findings"]) or [f["kind"] for f in findings] == ["count"], name
        assert home.value("SELECT sum(id) FROM t WHERE id >= 0") == "4950", name
        assert home.run("doctor", "default.t", "--repair", "--yes", check=False).returncode == 0
        assert home.run("doctor", "default.t", "--deep", check=False).returncode == 0
    assert deaths >= 8


def test_killed_while_updates_are_merged(tmp_path):
    """Updates of earlier orders rewrite data files; kills between and during the merges."""
    home = Home(tmp_path / "home")
    home.run("init")
    made = tmp_path / "made"
    home.run("generate", "orders", "--out", made, "--truth", tmp_path / "truth.json", "--events",
             "40000", "--file-interval", "5s", "--negative", "0", "--updates", "0.3", "--late", "0.05")
    truth = json.loads((tmp_path / "truth.json").read_text())
    landing = tmp_path / "landing"
    landing.mkdir()
    dice = random.Random(11)
    kills = 0
    for path in sorted(made.iterdir()):
        shutil.copy(path, landing)
        for _ in range(8):
            process = start(home, landing, pipeline="examples/ecommerce")
            time.sleep(dice.uniform(0, 0.4))
            process.kill()
            kills += process.wait() != 0
        home.run("run", "examples/ecommerce", "--set", f"landing={landing}")
    assert home.value("SELECT count(*) AS n FROM bronze.orders") == str(truth["events"])
    silver = home.sql("SELECT count(*) AS n, sum(quantity) AS q FROM silver.orders")[0]
    assert silver == {"n": str(truth["keys"]), "q": str(truth["latest_quantity"])}
    print(f"{kills} kills")


def test_two_runs_at_once_load_every_file_once(landing, undisturbed, tmp_path):
    for attempt in range(5):
        home = Home(tmp_path / f"home{attempt}")
        home.run("init")
        both = [start(home, landing) for _ in range(2)]
        assert [p.wait(timeout=120) for p in both] == [0, 0]
        assert answers(home) == undisturbed
