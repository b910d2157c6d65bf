# SPDX-License-Identifier: Apache-2.0
"""firn table and firn doctor: what they show of a table, what they change, and which faults are found;
PyIceberg looks at the same tables."""
import json
import pathlib

import pyarrow as pa
import pytest

from conftest import Home


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("tables") / "home")
    home.run("init")
    home.catalog = home.pyiceberg()
    home.catalog.create_namespace("n")
    home.run("sql", stdin="""CREATE TABLE n.t (id BIGINT NOT NULL, s STRING, p STRUCT(x INT)) PARTITIONED BY (s)
            TBLPROPERTIES ('history.expire.max-snapshot-age-ms' = '1');
        INSERT INTO n.t SELECT range, 's' || range % 3, {'x': 1} FROM range(30);
        ALTER TABLE n.t ADD COLUMN extra INT;
        ALTER TABLE n.t RENAME COLUMN s TO name;
        INSERT INTO n.t SELECT range, 's0', NULL, 7 FROM range(5);
        DELETE FROM n.t WHERE id = 1""")
    return home


def show(home, *args, check=True):
    done = home.run("table", *args, "--format", "json", check=check)
    return json.loads(done.stdout)


def table_of(lake, name="n.t"):
    return lake.catalog.load_table(name)


def local(path):
    return pathlib.Path(path.removeprefix("file://"))


def test_describe_names_columns_partitions_and_properties(lake):
    found, table = show(lake, "describe", "n.t"), table_of(lake)
    assert found["format_version"] == table.format_version and found["uuid"] == str(table.metadata.table_uuid)
    assert found["metadata"] == table.metadata_location
    assert [(c["id"], c["name"], c["type"], c["required"]) for c in found["columns"]] == [
        (1, "id", "long", True), (2, "name", "string", False), (3, "p", "struct", False),
        (4, "p.x", "int", False), (5, "extra", "int", False)]
    assert found["partitioned_by"] == [{"name": "s", "transform": "identity", "column": "name"}]
    assert found["properties"]["history.expire.max-snapshot-age-ms"] == "1"
    text = lake.run("table", "describe", "n.t").stdout
    assert "id 5, name extra, type int, required false" in text


def test_history_is_pyicebergs(lake):
    found, table = show(lake, "history", "n.t"), table_of(lake)
    assert [(s["snapshot"], s.get("parent"), s["operation"]) for s in found] == \
        [(s.snapshot_id, s.parent_snapshot_id, s.summary.operation.value) for s in table.snapshots()]
    assert [s["current"] for s in found] == [False, False, True] and found[-1]["refs"] == ["main"]
    assert [s["total-records"] for s in found] == [30, 35, 33]


def test_schemas_say_what_changed_and_which_snapshots_have_them(lake):
    found, table = show(lake, "schemas", "n.t"), table_of(lake)
    assert [s["schema_id"] for s in found] == [s.schema_id for s in table.metadata.schemas]
    assert [s["changes"] for s in found] == [
        [], [{"change": "added", "id": 5, "column": "extra", "type": "int"}],
        [{"change": "renamed", "id": 2, "column": "name", "from": "s"}]]
    assert [s["snapshots"] for s in found] == [
        [i.snapshot_id for i in table.snapshots() if i.schema_id == s.schema_id] for s in table.metadata.schemas]


def test_files_of_a_snapshot_are_pyicebergs(lake):
    table = table_of(lake)
    for snapshot in table.snapshots():
        want = {r["file_path"]: r for r in table.inspect.files(snapshot_id=snapshot.snapshot_id).to_pylist()}
        found = show(lake, "files", "n.t", "--snapshot", snapshot.snapshot_id)
        assert {f["path"]: (f["records"], f["bytes"]) for f in found} == \
            {p: (r["record_count"], r["file_size_in_bytes"]) for p, r in want.items()}
        assert all(f["content"] == "data" and set(f["partition"]) == {"s"} for f in found)
    assert show(lake, "files", "n.t") == show(lake, "files", "n.t", "--ref", "main")


def test_diff_has_files_records_and_schema_changes(lake):
    first, _, last = table_of(lake).snapshots()
    paths = {f["path"] for f in show(lake, "files", "n.t", "--snapshot", first.snapshot_id)}
    now = {f["path"] for f in show(lake, "files", "n.t")}
    found = show(lake, "diff", "n.t", "--from", first.snapshot_id)
    assert {f["path"] for f in found["added_files"]} == now - paths
    assert {f["path"] for f in found["removed_files"]} == paths - now
    assert found["added_records"] - found["removed_records"] == 3 and found["to"] == last.snapshot_id
    assert [c["change"] for c in found["schema_changes"]] == ["renamed", "added"]
    same = show(lake, "diff", "n.t", "--from", "main", "--to", last.snapshot_id)
    assert same["added_files"] == same["removed_files"] == same["schema_changes"] == []


def test_branches_and_tags_are_made_moved_and_dropped(lake):
    first, second, last = (s.snapshot_id for s in table_of(lake).snapshots())
    assert show(lake, "tag", "n.t", "create", "v1", "--snapshot", first, "--max-ref-age-ms", 86400000) == \
        [{"name": "v1", "snapshot": first, "max_ref_age_ms": 86400000}]
    show(lake, "tag", "n.t", "replace", "v1", "--snapshot", second)
    made = show(lake, "branch", "n.t", "create", "dev", "--min-snapshots-to-keep", 2)
    assert {"name": "dev", "snapshot": last, "min_snapshots_to_keep": 2} in made
    refs = table_of(lake).refs()
    assert refs["v1"].snapshot_id == second and refs["v1"].snapshot_ref_type == "tag"
    assert refs["dev"].snapshot_id == last and refs["dev"].min_snapshots_to_keep == 2
    done = lake.run("table", "tag", "n.t", "create", "v1", check=False)
    assert done.returncode == 1 and "v1" in done.stderr
    show(lake, "tag", "n.t", "drop", "v1")
    show(lake, "branch", "n.t", "drop", "dev")
    assert set(table_of(lake).refs()) == {"main"}
    done = lake.run("table", "branch", "n.t", "paint", "dev", check=False)
    assert "expected create, replace or drop and a name, found \"paint\"" in done.stderr


def test_rollback_and_upgrade_are_commits(lake):
    lake.run("sql", stdin="CREATE TABLE n.old (id INT); INSERT INTO n.old VALUES (1); INSERT INTO n.old VALUES (2)")
    first = table_of(lake, "n.old").snapshots()[0].snapshot_id
    assert show(lake, "rollback", "n.old", "--snapshot", first) == {"current_snapshot": first}
    assert table_of(lake, "n.old").scan().to_arrow()["id"].to_pylist() == [1]
    assert show(lake, "upgrade", "n.old", "--to", 3) == {"format_version": 3}
    assert table_of(lake, "n.old").format_version == 3
    done = lake.run("table", "upgrade", "n.old", "--to", 2, check=False)
    assert done.returncode == 1 and "3" in done.stderr


def test_health_tells_what_maintenance_would_gain(lake):
    found = show(lake, "health", "n.t")
    files = show(lake, "files", "n.t")
    assert found["data_files"] == found["small_files"] == len(files)
    assert found["data_files_after_compaction"] == len({f["partition"]["s"] for f in files}) < len(files)
    assert found["records"] == 33 and found["bytes"] == sum(f["bytes"] for f in files)
    assert (found["snapshots"], found["expirable_snapshots"]) == (3, 2)
    assert found["manifests_after_rewrite"] == 1 and found["delete_ratio"] == 0
    assert [a.split(":")[0] for a in found["advice"]] == \
        ["compact the data files", "rewrite the manifests", "expire snapshots"]


def examine(lake, name, status):
    done = lake.run("doctor", name, "--format", "json", check=False)
    assert done.returncode == status, done
    return json.loads(done.stdout)


def test_doctor_finds_nothing_wrong_with_good_tables(lake):
    found = examine(lake, "n.t", 0)
    assert found["healthy"] and found["findings"] == [] and found["files"] == len(show(lake, "files", "n.t"))
    by_file = lake.run("doctor", "--table", local(table_of(lake).metadata_location), "--format", "json").stdout
    assert json.loads(by_file) == found


def test_doctor_finds_missing_and_longer_files(lake):
    lake.run("sql", stdin="CREATE TABLE n.broken (id INT); INSERT INTO n.broken VALUES (1); INSERT INTO n.broken VALUES (2)")
    newer, older = (local(f["path"]) for f in show(lake, "files", "n.broken"))
    newer.unlink()
    with older.open("ab") as f:
        f.write(b"x")
    found = examine(lake, "n.broken", 1)
    assert not found["healthy"]
    assert {(f["kind"], f["what"].split(" ")[2].endswith(str(path))) for f, path in
            zip(found["findings"], (newer, older))} == {("missing file", True), ("file size", True)}
    assert all(f["to_do"] for f in found["findings"])
    manifest = local(table_of(lake, "n.broken").current_snapshot().manifests(table_of(lake, "n.broken").io)[0].manifest_path)
    manifest.write_bytes(manifest.read_bytes()[:-20])
    kinds = [f["kind"] for f in examine(lake, "n.broken", 1)["findings"]]
    assert "file size" in kinds and "unreadable file" in kinds


def test_doctor_finds_files_that_are_live_twice(lake, tmp_path):
    import pyarrow.parquet as pq
    table = lake.catalog.create_table("n.twice", pa.schema([("id", pa.int64())]))
    path = tmp_path / "twice.parquet"
    pq.write_table(pa.table({"id": [1, 2]}), path)
    for _ in range(2):
        table.add_files([str(path)], check_duplicate_files=False)
    [finding] = examine(lake, "n.twice", 1)["findings"]
    assert finding["kind"] == "duplicate file" and finding["what"] == f"{path} is live twice"
    assert finding["snapshot"] == table.current_snapshot().snapshot_id


@pytest.mark.parametrize("args, status, message", [
    (("table", "paint", "n.t"), 2, "error: unknown action"),
    (("table", "describe", "n.t", "more"), 1, "error: too many arguments for describe"),
    (("table", "describe", "n.none"), 1, "error: table n.none does not exist"),
    (("table", "diff", "n.t"), 1, "error: diff needs --from SNAPSHOT-OR-REF"),
    (("table", "diff", "n.t", "--from", "nope"), 1, 'error: --from: no branch, tag or snapshot "nope"'),
    (("table", "files", "n.t", "--snapshot", "7"), 1, "error: the table has no snapshot 7"),
    (("table", "rollback", "n.t"), 1, "error: rollback needs --snapshot ID"),
    (("table", "upgrade", "n.t"), 1, "error: upgrade needs --to VERSION"),
    (("doctor",), 2, "error: doctor needs NAMESPACE.TABLE or --table METADATA"),
])
def test_what_cannot_be_done_is_refused_by_name(lake, args, status, message):
    done = lake.run(*args, check=False)
    assert done.returncode == status, done
    assert done.stderr.startswith(message), done.stderr


def test_tables_of_nested_namespaces_and_with_dots_are_named(home):
    home.run("sql", "-c", 'CREATE SCHEMA a; CREATE SCHEMA a.b; CREATE TABLE a.b.t (id INT); CREATE TABLE a."x.""y" (id INT); '
             'INSERT INTO a."x.""y" VALUES (1); CREATE TABLE "-" (id INT)')
    assert home.run("table", "list").stdout.split("\n") == ['a."x.""y"', "default.-", "a.b.t", ""]
    assert home.run("table", "list", "a").stdout.split("\n") == ['a."x.""y"', "a.b.t", ""]
    assert json.loads(home.run("table", "list", "a.b", "--format", "json").stdout) == ["a.b.t"]
    for name in home.run("table", "list").stdout.split():
        assert home.run("table", "describe", name).stdout.startswith("format_version: 2\n")
        assert home.run("doctor", name).stdout.startswith("healthy: true\n")
    assert home.run("changes", 'firn."a"."x.""y"', "--columns", "id").stdout == '{"id":1}\n'
    for name in ('a."x', 'a."x"y', 'a."', 'a."x""'):
        done = home.run("table", "describe", name, check=False)
        assert done.returncode == 1 and "expected a name in double quotes" in done.stderr, name
