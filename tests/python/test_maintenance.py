# SPDX-License-Identifier: Apache-2.0
"""Tables after each maintenance procedure, as PyIceberg reads them; policies and kills."""
import json
import os
import signal
import subprocess

import pyarrow.parquet
import pytest

from conftest import FIRN, Home


def rows(home, table):
    scan = home.pyiceberg().load_table(table).scan()
    return sorted(map(tuple, (r.values() for r in scan.to_arrow().to_pylist())), key=repr)


def call(home, procedure, table, *arguments, env=None):
    done = home.run("table", procedure, table, *arguments, "--format", "json", env=env)
    return json.loads(done.stdout)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.run("init")
    return home


def make(home, version=2, mode="copy-on-write"):
    home.run("sql", stdin=f"""CREATE SCHEMA n;
        CREATE TABLE n.t (id BIGINT, k STRING, x INT, y INT) PARTITIONED BY (k)
          TBLPROPERTIES ('format-version' = '{version}', 'write.delete.mode' = '{mode}');
        INSERT INTO n.t SELECT i, 'k' || i % 3, i % 8, i // 8 FROM range(64) t(i);
        INSERT INTO n.t SELECT i + 100, 'k' || i % 3, i % 8, i // 8 FROM range(64) t(i);
        INSERT INTO n.t SELECT i + 200, 'k' || i % 3, NULL, i // 8 FROM range(64) t(i);
        DELETE FROM n.t WHERE id % 10 = 3 OR id = 101""")
    return rows(home, "n.t")


ALL = "options=rewrite-all=true"
PROCEDURES = [
    ("rewrite_data_files", [ALL]),
    ("rewrite_data_files", [ALL, "strategy=sort", "sort_order=x DESC NULLS LAST, id"]),
    ("rewrite_data_files", [ALL, "sort_order=zorder(x, y)"]),
    ("rewrite_data_files", [ALL, "sort_order=hilbert(x, y)"]),
    ("rewrite_data_files", ["options=rewrite-all=true,remove-dangling-deletes=true,partial-progress.enabled=true"]),
    ("rewrite-manifests", []),
    ("rewrite_position_delete_files", [ALL]),
    ("expire_snapshots", ["older_than=2999-01-01 00:00:00", "clean_expired_metadata=true"]),
    ("optimize", ["where=k = 'k1'"]),
]


@pytest.mark.parametrize("mode", ["copy-on-write", "merge-on-read"])
def test_rows_are_the_same_after_each_procedure(home, mode):
    before = make(home, 2, mode)
    for procedure, arguments in PROCEDURES:
        call(home, procedure, "n.t", *arguments)
        assert rows(home, "n.t") == before, f"{procedure} {arguments}"
    assert home.run("doctor", "n.t").returncode == 0


def test_rows_of_version_3_are_the_same_after_each_procedure(home):
    make(home, 3, "merge-on-read")
    query = "SELECT * FROM n.t ORDER BY ALL"
    before = home.run("sql", "--format", "csv", "-c", query).stdout
    for procedure, arguments in PROCEDURES:
        call(home, procedure, "n.t", *arguments)
        assert home.run("sql", "--format", "csv", "-c", query).stdout == before, f"{procedure} {arguments}"
    assert home.run("doctor", "n.t").returncode == 0


def test_expired_files_are_gone_and_others_stay(home):
    before = make(home)
    folder = home.path / "warehouse"
    n_files = len([p for p in folder.rglob("*") if p.is_file()])
    call(home, "rewrite_data_files", "n.t", ALL)
    gone = call(home, "expire_snapshots", "n.t", "older_than=2999-01-01 00:00:00")[0]
    assert gone["deleted_data_files_count"] > 0 and gone["deleted_manifest_lists_count"] == 4
    assert len([p for p in folder.rglob("*") if p.is_file()]) < n_files
    assert rows(home, "n.t") == before
    orphans = call(home, "remove_orphan_files", "n.t", "older_than=2999-01-01 00:00:00", "force=true")
    assert orphans == []
    table = home.pyiceberg().load_table("n.t")
    assert len(table.snapshots()) == 1


def test_statistics_are_what_pyiceberg_finds(home):
    make(home)
    path = call(home, "compute_table_stats", "n.t", "columns=id,k,x")[0]["statistics_file"]
    table = home.pyiceberg().load_table("n.t")
    file = table.metadata.statistics[0]
    assert file.statistics_path == path and file.snapshot_id == table.current_snapshot().snapshot_id
    ndv = {blob.fields[0]: int(blob.properties["ndv"]) for blob in file.blob_metadata}
    arrow = table.scan().to_arrow()
    assert ndv == {i: len(set(arrow[name].to_pylist()) - {None}) for i, name in ((1, "id"), (2, "k"), (3, "x"))}


def test_a_table_is_registered_under_another_name(home):
    before = make(home)
    location = home.pyiceberg().load_table("n.t").metadata_location
    row = call(home, "register_table", "n.again", f"metadata_file={location}")[0]
    assert row["total_records_count"] == len(before)
    assert rows(home, "n.again") == before
    assert home.run("table", "register_table", "n.again", f"metadata_file={location}", check=False).returncode == 1
    call(home, "unregister_table", "n.again")
    assert rows(home, "n.t") == before


@pytest.mark.parametrize("order", ["a, id", "id DESC NULLS LAST", "zorder(a, id)"])
def test_files_of_a_sort_are_alike_however_rows_were_spread(home, order):
    """Of 160 files some stand for all, but not where each has ids of its own."""
    home.run("sql", "-c", "CREATE TABLE t AS SELECT i AS id, (i * 7919) % 10007 AS a FROM range(80000) r(i)")
    def files():
        return [f["path"].removeprefix("file://") for f in call(home, "files", "default.t")]
    def rewrite(n, *arguments):
        size = sum(map(os.path.getsize, files()))
        call(home, "rewrite_data_files", "default.t",
             f"options=rewrite-all=true,target-file-size-bytes={size // n},min-file-size-bytes=1", *arguments)
    rewrite(160)
    assert len(files()) in range(130, 200)
    rewrite(8, f"sort_order={order}")
    tables = [pyarrow.parquet.read_table(f) for f in files()]
    assert len(tables) in range(6, 11)
    assert max(map(len, tables)) < 1.4 * min(map(len, tables))
    assert sorted(i for t in tables for i in t["id"].to_pylist()) == list(range(80000))
    if "zorder" in order:
        return
    keys = [[(a, i) if order.startswith("a") else -i for a, i in zip(t["a"].to_pylist(), t["id"].to_pylist())]
            for t in tables]
    assert sum(sorted(keys), []) == sorted(sum(keys, []))


def test_policies_do_what_is_due_and_remember_it(home):
    before = make(home, mode="merge-on-read")
    home.run("sql", "-c", "ALTER TABLE n.t SET TBLPROPERTIES ('firn.maintain.min-input-files' = '2', "
             "'firn.maintain.sort' = 'zorder(x, y)', 'history.expire.max-snapshot-age-ms' = '1')")
    due = json.loads(home.run("maintain", "--dry-run", "--format", "json").stdout)
    assert {(s["table"], s["action"]) for s in due} == {("n.t", "compact"), ("n.t", "expire")}
    done = json.loads(home.run("maintain", "--format", "json").stdout)
    assert [(s["table"], s["action"]) for s in done] == [("n.t", "compact"), ("n.t", "expire")]
    assert rows(home, "n.t") == before
    assert json.loads(home.run("maintain", "n.t", "--format", "json").stdout) == []
    history = home.pyiceberg().load_table("maintenance.history").scan().to_arrow().to_pylist()
    assert [(r["table_name"], r["action"], r["files_after"]) for r in history] == [
        ("n.t", "compact", 3), ("n.t", "expire", 0)]
    home.run("sql", "-c", "ALTER TABLE n.t SET TBLPROPERTIES ('firn.maintain.enabled' = 'maybe')")
    failed = home.run("maintain", "--format", "json", "n.t", check=False)
    assert failed.returncode == 1 and "expected true or false" in json.loads(failed.stdout)[0]["error"]


def test_what_is_due_is_told_and_done_in_one_call(home):
    """A dry run tells what a run does, and nothing else."""
    home.run("sql", "-c", "CREATE SCHEMA n; CREATE TABLE n.t (id INT) TBLPROPERTIES ('firn.maintain.min-input-files' = '3', "
             "'firn.maintain.min-manifests' = '3', 'firn.maintain.expire' = 'false')")
    due = lambda: [(s["action"], s["files_before"], s["files_after"]) for s in call(home, "maintain", "n.t", "dry_run=true")]
    for i in range(2):
        home.run("sql", "-c", f"INSERT INTO n.t VALUES ({i})")
        assert due() == [] and call(home, "maintain", "n.t") == []
    home.run("sql", "-c", "INSERT INTO n.t VALUES (2)")
    assert due() == [("compact", 3, 1), ("manifests", 3, 1)]
    done = home.sql("CALL system.maintain('n.t')")
    assert [(row["action"], row["files_before"], row["files_after"]) for row in done][:1] == [("compact", "3", "1")]
    assert home.value("SELECT count(*) FROM n.t.files") == "1" and home.value("SELECT sum(id) FROM n.t") == "3"
    assert call(home, "maintain", "n.t") == []
    home.run("sql", "-c", "ALTER TABLE n.t SET TBLPROPERTIES ('firn.maintain.sort' = 'nope')")
    done = home.run("sql", "-c", "CALL system.maintain(table => 'n.t', max_bytes => 1000)", check=False)
    assert done.returncode == 1 and 'firn.maintain.sort: the table has no column "nope"' in done.stderr
    done = home.run("sql", "-c", "CALL system.maintain('n.t', max_bytes => 0)", check=False)
    assert done.returncode == 1 and "max_bytes: found 0, expected a number above 0" in done.stderr


def test_arguments_are_expressions(home):
    home.run("sql", "-c", "CREATE TABLE t (id INT); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")
    first = home.value("SELECT min_by(snapshot_id, committed_at) FROM t.snapshots")
    row = home.sql("CALL system.rollback_to_snapshot('t', (SELECT min_by(snapshot_id, committed_at) FROM t.snapshots))")
    assert row[0]["current_snapshot_id"] == first and home.value("SELECT sum(id) FROM t") == "1"
    home.run("sql", "-c", "CALL system.expire_snapshots(table => 'default' || '.t', older_than => now() - INTERVAL 1 DAY, "
             "retain_last => 2 - 1)")
    assert home.value("SELECT count(*) FROM t.snapshots") == "2"
    for zone in ("UTC", "Asia/Tokyo"):
        home.run("sql", "-c", f"SET TimeZone = '{zone}'; CALL system.expire_snapshots('t', older_than => current_timestamp - "
                 "INTERVAL 1 HOUR)")
        assert home.value("SELECT count(*) FROM t.snapshots") == "2"
    home.run("sql", "-c", "CALL system.expire_snapshots('t', older_than => current_timestamp, retain_last => NULL::INT)")
    assert home.value("SELECT count(*) FROM t.snapshots") == "1"
    for argument, said in (("nope(1)", "nope"), ("'a' || 'b'", 'found "ab", expected a timestamp'), ("1 +", "syntax error")):
        done = home.run("sql", "-c", f"CALL system.expire_snapshots('t', older_than => {argument})", check=False)
        assert done.returncode == 1 and said in done.stderr and "LINE 1: CALL" in done.stderr, done.stderr


@pytest.mark.parametrize("point", ["maintain.rewrite.before_commit", "writer.file.after_finish",
                                   "txn.commit.before_catalog", "catalog.commit.after_swap",
                                   "maintain.expire.after_commit", "maintain.remove.file"])
def test_a_killed_run_loses_nothing(home, point):
    before = make(home, mode="merge-on-read")
    home.run("sql", "-c", "ALTER TABLE n.t SET TBLPROPERTIES ('firn.maintain.min-input-files' = '2', "
             "'history.expire.max-snapshot-age-ms' = '1')")
    for hit in (1, 2):
        done = subprocess.run([FIRN, "--home", home.path, "maintain", "n.t", "--no-history"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env={**os.environ, "FIRN_FAILPOINTS": f"{point}=kill@{hit}"})
        assert done.returncode in (0, -signal.SIGKILL)
        assert rows(home, "n.t") == before
    home.run("maintain")
    assert rows(home, "n.t") == before
    assert home.run("doctor", "n.t").returncode == 0
