# SPDX-License-Identifier: Apache-2.0
"""firn changes: what it prints is what a table holds after and not before, for tables of other writers (position
deletes, equality deletes, deletion vectors) and for firn's own. With FIRN_CORPORA also for the corpora there."""
import collections
import json
import os
import pathlib
import re

import pytest

from test_tables_without_catalog import DATA, expected, firn, table

CORPORA = os.environ.get("FIRN_CORPORA")
LINE = re.compile(r'^(\[.*),"(INSERT|DELETE)",(\d+),(-?\d+)\]$', re.S)


def read(snapshot, source):
    if snapshot is None:
        return collections.Counter()
    out = firn("cat", "--canonical", *source, "--snapshot", snapshot).stdout
    return collections.Counter(line[:-1] for line in out.split("\n") if line)


def changed(source, *args):
    found = {"INSERT": collections.Counter(), "DELETE": collections.Counter()}
    for line in firn("changes", "--canonical", *source, *args).stdout.split("\n"):
        if line:
            row, kind = LINE.match(line).groups()[:2]
            found[kind][row] += 1
    return found


def assert_changes(metadata, source):
    """Each snapshot of the table's current schema against its parent, and the net of all of them."""
    snapshots = {s["snapshot-id"]: s for s in metadata["snapshots"]}
    schema = metadata["current-schema-id"]
    n = 0
    for number, snapshot in snapshots.items():
        parent = snapshot.get("parent-snapshot-id")
        if parent not in snapshots and parent is not None:
            continue
        if any(s.get("schema-id", schema) != schema for s in (snapshot, snapshots.get(parent, snapshot))):
            continue
        before, after = read(parent, source), read(number, source)
        if snapshot["summary"].get("operation") == "replace":
            assert before == after
        found = changed(source, "--to", number, *(["--from", parent] if parent is not None else []))
        assert found == {"INSERT": after - before, "DELETE": before - after}, number
        n += 1
    return n


@pytest.mark.parametrize("name", ["pos_delete_v2", "eq_delete_v2", "dv_v3"])
def test_deleted_rows_of_other_writers(name):
    file = DATA / "bucket" / expected(name)["metadata_file"].split("firn-fixtures/")[1]
    metadata = json.loads(file.read_text())
    assert assert_changes(metadata, table(name)) >= 2
    everything = changed(table(name), "--net")
    assert everything["DELETE"] == collections.Counter()
    assert everything["INSERT"] == read(metadata["current-snapshot-id"], table(name))


@pytest.mark.skipif(not CORPORA, reason="FIRN_CORPORA is not set: no tables of Spark and Flink")
def test_tables_of_spark_and_flink():
    folder = pathlib.Path(CORPORA) / "spark-tables" / "bucket" / "dev"
    names = [d.name for d in sorted(folder.iterdir())
             if re.search("mor|dv|eq_|equality|position|cow|upsert|lineage", d.name)]
    n = 0
    for name in names:
        files = sorted((folder / name / "metadata").glob("*.metadata.json"),
                       key=lambda f: json.loads(f.read_text()).get("last-updated-ms", 0))
        metadata = json.loads(files[-1].read_text())
        if "snapshots" not in metadata or "view-uuid" in metadata or len(metadata["snapshots"]) > 8:
            continue
        location = metadata["location"].rstrip("/")
        n += assert_changes(metadata, ("--table", files[-1], "--map", f"{location}={folder / name}"))
    print(f"{n} snapshots of {len(names)} tables")
    assert n > 10


def test_pairs_net_changes_and_columns(home):
    home.run("sql", "-c", "CREATE TABLE t (id int, v varchar) TBLPROPERTIES ('format-version' = '3')")
    home.run("sql", "-c", "INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    home.run("table", "tag", "default.t", "create", "first")
    home.run("sql", "-c", "UPDATE t SET v = 'x' WHERE id = 1")
    home.run("sql", "-c", "UPDATE t SET v = 'y' WHERE id = 1")

    def lines(*args):
        out = home.run("changes", "default.t", "--columns", "id,v,_change_type,_change_ordinal", "--format", "csv", *args)
        return out.stdout.splitlines()[1:]

    assert lines("--from", "first") == ["1,a,DELETE,0", "1,x,INSERT,0", "1,x,DELETE,1", "1,y,INSERT,1"]
    assert lines("--from", "first", "--updates", "--limit", "2") == ["1,a,UPDATE_BEFORE,0", "1,x,UPDATE_AFTER,0"]
    assert lines("--from", "first", "--key", "id", "--net") == ["1,a,UPDATE_BEFORE,0", "1,y,UPDATE_AFTER,1"]
    assert lines("--to", "first") == ["1,a,INSERT,0", "2,b,INSERT,0"]
    assert len(lines("--moved")) == 2 + 4 + 4
    assert lines("--where", "id = 2") == ["2,b,INSERT,0"]
    assert lines("--where", "_change_type = 'DELETE' and _change_ordinal > 1") == ["1,x,DELETE,2"]
    assert lines("--updates", "--where", "v = 'y' and _change_type <> 'INSERT'") == ["1,y,UPDATE_AFTER,2"]
    assert lines("--where", "id > 1 or v = 'y'", "--limit", "1") == ["2,b,INSERT,0"]
    assert lines("--where", "id > 2") == []


def test_a_filter_may_look_at_columns_that_are_not_shown(home):
    home.run("sql", "-c", "CREATE TABLE t (id int, s struct(a int, b varchar), l int[])")
    home.run("sql", "-c", "INSERT INTO t SELECT i, {'a': i % 3, 'b': 'b' || i}, [i, i] FROM range(5000) r(i)")
    home.run("sql", "-c", "DELETE FROM t WHERE id = 4711")

    def rows(*args):
        return home.run("changes", "default.t", "--format", "csv", *args).stdout.splitlines()[1:]

    assert rows("--columns", "id,_change_type", "--where", "s.b = 'b4711'") == ["4711,INSERT", "4711,DELETE"]
    assert rows("--columns", "_change_type", "--where", "id in (4711, 12)") == ["INSERT", "INSERT", "DELETE"]
    assert len(rows("--columns", "l", "--where", "s.a = 1")) == 1667 + 1
    source = next((home.path / "warehouse").rglob("00002-*.metadata.json"))
    assert rows("--columns", "id", "--where", "s.b = 'b7'") == ["7"]
    out = home.run("changes", "--table", source, "--columns", "id", "--where", "s.b = 'b7'", "--format", "csv").stdout
    assert out == "id\n7\n"


@pytest.mark.parametrize("args, status, message", [
    ((), 2, "changes needs one of NAMESPACE.TABLE and --table"),
    (("default.t", "--table", "x"), 2, "changes needs one of NAMESPACE.TABLE and --table"),
    (("default.t", "--from", "nope"), 1, '--from: no branch, tag or snapshot "nope"'),
    (("default.t", "--to", "77"), 1, "--to: no snapshot 77"),
    (("default.t", "--columns", "id,nope"), 1, '--columns: no column "nope"'),
    (("default.t", "--key", "nope"), 1, 'no column "nope" to tell rows apart by'),
    (("default.t", "--updates"), 1, "updates need a key: the table has neither identifier fields nor row ids"),
    (("default.t", "--moved", "--net"), 1, "only moved cannot be kept with updates or net changes"),
    (("default.nope",), 1, "default.nope"),
    (("default.t", "--where", "nope = 1"), 1, "nope"),
    (("default.t", "--where", "id ="), 1, "--where: "),
])
def test_mistakes_are_told(home, args, status, message):
    home.run("sql", "-c", "CREATE TABLE t (id int)")
    home.run("sql", "-c", "INSERT INTO t VALUES (1)")
    done = home.run("changes", *args, check=False)
    assert done.returncode == status, done
    assert message in done.stderr.splitlines()[0]




def test_names_of_columns_may_be_quoted(home):
    home.run("sql", "-c", 'CREATE TABLE t ("a, b" int, "say ""x""" int, c int)')
    home.run("sql", "-c", "INSERT INTO t VALUES (1, 2, 3)")
    out = home.run("changes", "default.t", "--columns", 'c, "say ""x""" ,"a, b"', "--format", "csv").stdout
    assert out == 'c,"say ""x""","a, b"\n3,2,1\n'
    for wrong in ('"a, b', '"a, b" c', '""'):
        assert home.run("changes", "default.t", "--columns", wrong, check=False).returncode == 1


def test_a_view_has_a_history_and_goes_back(home):
    home.run("sql", "-c", "CREATE TABLE b (id int); CREATE VIEW v (id COMMENT 'x') COMMENT 'c' AS SELECT id FROM b; "
                          "CREATE OR REPLACE VIEW v AS SELECT id + 1 AS id FROM b")
    described = json.loads(home.run("table", "describe", "default.v", "--format", "json").stdout)
    assert described["kind"] == "view" and described["version"] == 2 and described["versions"] == 2
    assert described["texts"] == [{"dialect": "duckdb", "sql": "SELECT id + 1 AS id FROM b"}]
    assert described["default_namespace"] == ["default"] and described["properties"] == {"comment": "c"}
    back = json.loads(home.run("table", "rollback", "default.v", "--version", "1", "--format", "json").stdout)
    assert back == {"current_version": 1}
    history = json.loads(home.run("table", "history", "default.v", "--format", "json").stdout)
    assert [(h["version"], h["current"]) for h in history] == [(1, False), (2, False), (1, True)]
    assert home.run("table", "describe", "default.v").stdout.count("doc x") == 1
    for args, message in ((("rollback", "default.v"), "rollback of a view needs --version N"),
                          (("rollback", "default.v", "--version", "7"), "the view has no version 7"),
                          (("files", "default.v"), "it is a view")):
        done = home.run("table", *args, check=False)
        assert done.returncode == 1 and message in done.stderr
