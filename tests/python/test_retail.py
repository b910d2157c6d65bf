# SPDX-License-Identifier: Apache-2.0
"""The retail pipeline on real orders gives exactly the expected answers."""
import csv
import re
import shutil
import signal

import pytest

from conftest import ROOT

DATA = ROOT / "tests/data/retail"
VIEWS = {"minute": "window_start", "day": "day", "country": "country"}


def expected(name):
    with open(DATA / "expected" / name, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def summary():
    return {row["metric"].split(" (")[0]: row["value"] for row in expected("summary.csv")}


def check_answers(home):
    want = summary()
    assert home.value("SELECT count(*) AS n FROM bronze.orders") == want["bronze_rows"]
    assert home.value("SELECT count(*) AS n FROM silver.orders") == want["silver_rows"]
    assert home.value("SELECT sum(amount) AS n FROM silver.orders") == want["silver_revenue"]
    for view, column in VIEWS.items():
        got = home.sql(f"SELECT * FROM gold.sales_per_{view}")
        key = lambda row: row[column]
        assert sorted(got, key=key) == sorted(expected(f"gold_per_{view}.csv"), key=key), view
    got = home.sql("SELECT CAST(event_time AS DATE) AS day, count(*) AS n FROM bronze.orders GROUP BY 1")
    assert {r["day"]: r["n"] for r in got} == \
        {r["day"]: r["line_count"] for r in expected("bronze_per_day.csv")}
    got = home.sql("SELECT CAST(event_time AS DATE) AS day, count(*) AS n FROM silver.orders GROUP BY 1")
    assert {r["day"]: r["n"] for r in got} == \
        {r["day"]: r["silver_rows"] for r in expected("silver_per_day.csv")}
    left_out = int(want["bronze_rows"]) - int(want["filtered_rows"])
    assert home.value("SELECT count(*) AS n FROM silver.orders_quarantine") == str(left_out)


def test_all_files_in_one_go(home):
    home.run("run", "examples/retail", "--set", f"landing={DATA}/landing")
    check_answers(home)
    again = home.run("run", "examples/retail", "--set", f"landing={DATA}/landing")
    assert "nothing new" in again.stdout
    check_answers(home)


def test_file_by_file_in_any_order(home, tmp_path):
    landing = tmp_path / "landing"
    files = sorted((DATA / "landing").rglob("*.gz"))
    assert len(files) > 50
    # Not the order of time: every third file first, so that late days meet full tables.
    order = files[::3] + files[1::3] + files[2::3]
    for i in range(0, len(order), 5):
        for path in order[i:i + 5]:
            target = landing / path.relative_to(DATA / "landing")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        home.run("run", "examples/retail", "--set", f"landing={landing}")
    check_answers(home)


def test_file_by_file_with_a_kill_at_every_step(home, tmp_path):
    """One file a run; each run is killed at the next failpoint of the list, or goes through when
    it does not come by there. The last run has nothing but leftovers to do."""
    text = (ROOT / "src/base/failpoint_names.h").read_text()
    failpoints = [name for name in re.findall(r'^"([a-z_.]+)",', text, re.M)
                  if not name.startswith(("maintain.", "catalog.turn."))]
    landing = tmp_path / "landing"
    landing.mkdir()
    deaths = set()
    for i, path in enumerate(sorted((DATA / "landing").rglob("*.gz"))):
        shutil.copy(path, landing)
        name = failpoints[i % len(failpoints)]
        done = home.run("run", "examples/retail", "--set", f"landing={landing}", check=False,
                        env={"FIRN_FAILPOINTS": f"{name}=kill@{1 + i // len(failpoints)}"})
        assert done.returncode in (0, -signal.SIGKILL), (name, done.stderr)
        if done.returncode:
            deaths.add(name)
    assert len(deaths) >= len(failpoints) - 3, deaths
    home.run("run", "examples/retail", "--set", f"landing={landing}")
    check_answers(home)


def test_dry_run_changes_nothing_and_tells_what_waits(home):
    out = home.run("run", "examples/retail", "--dry-run", "--set", f"landing={DATA}/landing").stdout
    assert "would load" in out and "60" in out
    assert home.run("table", "list").stdout == ""


def test_select_runs_one_model(home):
    home.run("run", "examples/retail", "--select", "bronze.orders", "--set", f"landing={DATA}/landing")
    assert "silver" not in home.run("table", "list").stdout
    assert home.value("SELECT count(*) AS n FROM bronze.orders") == summary()["bronze_rows"]


def test_a_replaced_file_is_reported_and_not_read_again(home, tmp_path):
    landing = tmp_path / "landing"
    shutil.copytree(DATA / "landing/orders/dt=2010-12-01", landing)
    home.run("run", "examples/retail", "--set", f"landing={landing}")
    before = home.value("SELECT count(*) AS n FROM bronze.orders")
    source = DATA / "landing/orders/dt=2010-12-02/orders-2010-12-02.ndjson.gz"
    (target,) = landing.glob("*.gz")
    shutil.copy(source, target)
    done = home.run("run", "examples/retail", "--set", f"landing={landing}", check=False)
    assert done.returncode == 1
    assert "changed after it was loaded" in done.stderr and target.name in done.stderr
    assert home.value("SELECT count(*) AS n FROM bronze.orders") == before


def test_same_bytes_with_a_new_time_are_not_news(home, tmp_path):
    landing = tmp_path / "landing"
    shutil.copytree(DATA / "landing/orders/dt=2010-12-01", landing)
    home.run("run", "examples/retail", "--set", f"landing={landing}")
    (target,) = landing.glob("*.gz")
    target.touch()
    done = home.run("run", "examples/retail", "--set", f"landing={landing}")
    assert "nothing new" in done.stdout and done.stderr == ""


@pytest.mark.parametrize("text, problem", [
    ("SELECT 1", "a model file starts with MODEL"),
    ("MODEL (name a.b, kind FULL); SELECT 1", "not supported: model kind"),
    ("MODEL (name a.b, kind LANDING (path @where, format ndjson), columns (x INT));", "variable is not set"),
    ("MODEL (name a.b, kind VIEW); SELECT * FROM a.b", "in a circle"),
])
def test_a_wrong_model_names_file_and_line(home, tmp_path, text, problem):
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "m.sql").write_text(text)
    done = home.run("run", folder, check=False)
    assert done.returncode == 2
    assert problem in done.stderr
