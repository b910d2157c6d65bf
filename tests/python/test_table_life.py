# SPDX-License-Identifier: Apache-2.0
"""A table in the hands of PyIceberg and firn in turn: properties, metadata tables, odd partition
values, many commits, large writes, expired snapshots, dropped and renamed tables."""
import datetime
import pathlib
import re

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import (DoubleType, IntegerType, ListType, LongType, StringType, StructType,
                             TimestampType)

from conftest import Home
from judge import arrow_rows, ask, differences, field, firn_rows

ODD = ["", " ", "a=b/c", "../up", "%2F", "ż ó", "a\nb", "null", "__HIVE_DEFAULT_PARTITION__", "x" * 300, "'", "\"", "🐢", "+", "a:b?c#d", None]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("life") / "home")
    home.run("init")
    home.catalog = home.pyiceberg()
    home.catalog.create_namespace("n")
    return home


def files_of(table):
    return [t.file for t in table.scan().plan_files()]


def same_rows(lake, title):
    table = lake.catalog.load_table(title)
    schema = table.schema()
    (rows,) = ask(lake, [f"SELECT * FROM {title}"])
    got, want = firn_rows(rows, schema), arrow_rows(table.scan().to_arrow(), schema)
    assert not (diff := differences(got, want)), diff
    return table


def quoted(text):
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize("writer", ["firn", "pyiceberg"])
@pytest.mark.parametrize("transform", [IdentityTransform(), TruncateTransform(2)], ids=str)
def test_odd_partition_values(lake, writer, transform):
    schema = Schema(field(1, "id", IntegerType()), field(2, "s", StringType()))
    title = f"n.odd_{writer}_{'i' if str(transform) == 'identity' else 't'}"
    values = [v for v in ODD if v != "x" * 300]
    table = lake.catalog.create_table(title, schema, partition_spec=PartitionSpec(
        PartitionField(2, 1000, transform, "s" if str(transform) == "identity" else "s_part")))
    if writer == "firn":
        rows = ", ".join(f"({i}, {quoted(v)})" for i, v in enumerate(values))
        lake.run("sql", stdin=f"INSERT INTO {title} VALUES {rows}")
    else:
        table.append(pa.table({"id": pa.array(range(len(values)), pa.int32()), "s": values}))
    table = same_rows(lake, title)
    warehouse = (lake.path / "warehouse" / "n" / title[2:] / "data").resolve()
    for f in files_of(table):
        path = pathlib.Path(f.file_path.removeprefix("file://"))
        assert path.exists()
        if writer == "firn":
            assert path.resolve().is_relative_to(warehouse), "a value is no way out of the table's folder"
    queries = [f"SELECT id FROM {title} WHERE s {'IS NULL' if v is None else '= ' + quoted(v)}" for v in values]
    for i, rows in enumerate(ask(lake, queries)):
        assert rows == [{"id": i}]
    if str(transform) == "identity":
        assert sorted((f.partition[0] or "") for f in files_of(table)) == sorted(v or "" for v in values)


METRICS = {"write.metadata.metrics.default": "counts", "write.metadata.metrics.column.a": "none",
           "write.metadata.metrics.column.b": "truncate(4)", "write.metadata.metrics.column.c": "full",
           "write.metadata.metrics.column.st.x": "full"}


def test_metrics_modes_are_pyicebergs(lake):
    schema = Schema(field(1, "a", StringType()), field(2, "b", StringType()), field(3, "c", StringType()),
                    field(4, "d", StringType()), field(5, "n", LongType()),
                    field(6, "st", StructType(field(7, "x", LongType()), field(8, "y", LongType()))))
    text = ["abcdefghijklmnopqrstuvwxyz" * 2, "b" * 30, None, "zażółć gęślą"]
    rows = [{"a": t, "b": t, "c": t, "d": t, "n": i, "st": {"x": i, "y": -i}} for i, t in enumerate(text)]
    ours = lake.catalog.create_table("n.metrics", schema, properties=METRICS)
    twin = lake.catalog.create_table("n.metrics_twin", schema, properties=METRICS)
    twin.append(pa.Table.from_pylist(rows, schema=twin.schema().as_arrow()))
    values = ", ".join(f"({quoted(t)}, {quoted(t)}, {quoted(t)}, {quoted(t)}, {i}, {{'x': {i}, 'y': {-i}}})" for i, t in enumerate(text))
    lake.run("sql", stdin=f"INSERT INTO n.metrics VALUES {values}")
    (f,), (t,) = files_of(ours.refresh()), files_of(twin)
    for what in ("value_counts", "null_value_counts", "lower_bounds", "upper_bounds"):
        got, want = dict(getattr(f, what)), dict(getattr(t, what))
        assert {k: v for k, v in got.items() if k <= 5} == {k: v for k, v in want.items() if k <= 5}, what


def test_writing_follows_properties_and_sort_order(lake):
    schema = Schema(field(1, "id", LongType()), field(2, "s", StringType()))
    table = lake.catalog.create_table(
        "n.sorted", schema, sort_order=SortOrder(SortField(1, IdentityTransform(), SortDirection.DESC, NullOrder.NULLS_LAST)),
        properties={"write.parquet.compression-codec": "snappy", "write.parquet.row-group-limit": "1000"})
    lake.run("sql", "-c", "INSERT INTO n.sorted SELECT CASE WHEN range % 100 = 0 THEN NULL ELSE (range * 7919) % 10007 END, 's' FROM range(5000)")
    (f,) = files_of(table.refresh())
    meta = pq.ParquetFile(f.file_path.removeprefix("file://")).metadata
    assert meta.row_group(0).column(0).compression == "SNAPPY"
    if f.sort_order_id:  # says that it is sorted, so it must be
        ids = pq.read_table(f.file_path.removeprefix("file://"))["id"].to_pylist()
        assert ids == sorted((i for i in ids if i is not None), reverse=True) + [None] * ids.count(None)
    same_rows(lake, "n.sorted")


def test_large_writes_roll_files(lake):
    lake.run("sql", "-c", """CREATE TABLE n.large (id BIGINT, h BIGINT, s STRING) TBLPROPERTIES ('write.target-file-size-bytes' = '1000000');
        INSERT INTO n.large SELECT range, (hash(range) >> 1)::BIGINT, hash(range + 1)::VARCHAR FROM range(200000)""")
    table = lake.catalog.load_table("n.large")
    files = files_of(table)
    assert 3 <= len(files) <= 15
    assert sum(f.record_count for f in files) == 200000
    for f in files:
        path = f.file_path.removeprefix("file://")
        assert f.file_size_in_bytes == pathlib.Path(path).stat().st_size
        meta = pq.ParquetFile(path).metadata
        assert len(f.split_offsets) == meta.num_row_groups
        assert [meta.row_group(i).column(0).dictionary_page_offset or meta.row_group(i).column(0).data_page_offset
                for i in range(meta.num_row_groups)] == list(f.split_offsets)
    paths = [f.file_path.removeprefix("file://") for f in files]
    want = duckdb.sql(f"SELECT count(*), sum(id), sum(h), min(s), max(s) FROM read_parquet({paths!r})").fetchall()[0]
    (row,) = ask(lake, ["SELECT count(*) AS n, sum(id) AS i, sum(h) AS h, min(s) AS lo, max(s) AS hi FROM n.large"])[0]
    assert tuple(row.values()) == tuple(int(v) if not isinstance(v, str) else v for v in want)
    assert table.scan().to_arrow().num_rows == 200000


def test_metadata_tables_are_pyicebergs(lake):
    lake.run("sql", stdin="""CREATE TABLE n.meta (id BIGINT, s STRING) PARTITIONED BY (s);
        INSERT INTO n.meta SELECT range, 's' || range % 3 FROM range(30);
        INSERT INTO n.meta SELECT range, 's' || range % 4 FROM range(30, 50);
        DELETE FROM n.meta WHERE s = 's1' OR id = 2;
        UPDATE n.meta SET id = id + 1000 WHERE id = 33""")
    table = lake.catalog.load_table("n.meta")
    table.append(pa.table({"id": [1], "s": ["py"]}))
    inspect = table.inspect
    answers = ask(lake, [f"SELECT * FROM n.meta.{name}" for name in ("snapshots", "history", "files", "manifests", "partitions", "refs")])
    ours = dict(zip(("snapshots", "history", "files", "manifests", "partitions", "refs"), answers))
    key = lambda rows, *names: sorted(tuple(str(r[n]) for n in names) for r in rows)
    for name, columns in {
            "snapshots": ("snapshot_id", "parent_id", "operation", "manifest_list"),
            "history": ("snapshot_id", "parent_id", "is_current_ancestor"),
            "files": ("content", "file_path", "file_format", "record_count", "file_size_in_bytes"),
            "manifests": ("path", "length", "partition_spec_id", "added_snapshot_id", "added_data_files_count",
                          "existing_data_files_count", "deleted_data_files_count"),
            "partitions": ("record_count", "file_count"),
            "refs": ("name", "type", "snapshot_id")}.items():
        want = getattr(inspect, name)().to_pylist()
        assert key(ours[name], *columns) == key(want, *columns), name
    for row in ours["snapshots"]:
        want = table.snapshot_by_id(row["snapshot_id"]).summary.additional_properties
        assert row["summary"] == {**want} or row["summary"].items() >= want.items()


def plain(value):
    """Rows of both sides in one form: maps as dictionaries, times and bytes as text."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        if value and isinstance(value[0], tuple):
            return {str(k): plain(v) for k, v in value}
        return [plain(v) for v in value]
    return value.hex() if isinstance(value, bytes) else value


def test_entries_and_files_of_all_snapshots_are_pyicebergs(lake):
    lake.run("sql", stdin="""CREATE TABLE n.every (id BIGINT, s STRING, d DOUBLE, p STRUCT(x INT, y STRING)) PARTITIONED BY (s);
        INSERT INTO n.every SELECT range, 's' || range % 3, range * 1.5, {'x': range::INT, 'y': NULL} FROM range(30);
        ALTER TABLE n.every ADD PARTITION FIELD bucket(4, id);
        INSERT INTO n.every SELECT range, 's' || range % 4, 'nan'::DOUBLE, NULL FROM range(30, 50);
        DELETE FROM n.every WHERE s = 's1' OR id = 2""")
    table = lake.catalog.load_table("n.every")
    names = ("entries", "all_files", "all_data_files", "all_delete_files", "all_manifests", "all_entries", "files")
    answers = dict(zip(names, ask(lake, [f"SELECT * FROM n.every.{name}" for name in names])))
    for name in ("all_files", "all_data_files", "files"):
        want = {row["file_path"]: plain(row) for row in getattr(table.inspect, name)().to_pylist()}
        assert {row["file_path"] for row in answers[name]} == set(want), name
        for row in answers[name]:
            for column in ("content", "file_format", "spec_id", "record_count", "file_size_in_bytes", "column_sizes",
                           "value_counts", "null_value_counts", "nan_value_counts", "split_offsets", "sort_order_id",
                           "lower_bounds", "upper_bounds"):
                assert row[column] == want[row["file_path"]][column], (name, column)
            for column, metrics in want[row["file_path"]]["readable_metrics"].items():
                if column in row["readable_metrics"]:  # PyIceberg has none for fields of structs
                    same = {k: v for k, v in metrics.items() if v == v}
                    assert {k: row["readable_metrics"][column][k] for k in same} == same, column
            assert set(row["readable_metrics"]) == {"id", "s", "d", "p.x", "p.y"}
    assert answers["all_delete_files"] == [] == table.inspect.all_delete_files().to_pylist()
    key = lambda r: (r["status"], r["snapshot_id"], r["sequence_number"], r["file_sequence_number"], r["data_file"]["file_path"])
    assert sorted(map(key, answers["entries"])) == sorted(map(key, table.inspect.entries().to_pylist()))
    assert {r["data_file"]["file_path"] for r in answers["all_entries"]} == set(r["file_path"] for r in answers["all_files"])
    key = lambda r: (r["path"], r["length"], r["added_snapshot_id"], r["reference_snapshot_id"])
    assert sorted(map(key, answers["all_manifests"])) == sorted(map(key, table.inspect.all_manifests().to_pylist()))
    first = table.snapshots()[0].snapshot_id
    (then,) = ask(lake, [f"SELECT status, data_file.file_path AS path FROM n.every.entries VERSION AS OF {first}"])
    assert {r["path"] for r in then} == {r["file_path"] for r in table.inspect.files(snapshot_id=first).to_pylist()}


def test_hundred_commits_of_both(lake):
    lake.run("sql", "-c", """CREATE TABLE n.many (id INT, s STRING) TBLPROPERTIES ('commit.manifest.min-count-to-merge' = '10',
        'write.metadata.previous-versions-max' = '5', 'write.metadata.delete-after-commit.enabled' = 'true')""")
    lake.run("sql", stdin="; ".join(f"INSERT INTO n.many VALUES ({i}, 'x')" for i in range(60)))
    table = lake.catalog.load_table("n.many")
    for i in range(60, 70):
        table.append(pa.table({"id": pa.array([i], pa.int32()), "s": ["py"]}))
    lake.run("sql", stdin="; ".join(f"INSERT INTO n.many VALUES ({i}, 'x'); DELETE FROM n.many WHERE id = {i - 70}" for i in range(70, 85)))
    table = same_rows(lake, "n.many")
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == list(range(15, 85))
    assert len(table.metadata.snapshots) == 100
    assert [s.sequence_number for s in table.metadata.snapshots] == list(range(1, 101))
    assert len(table.current_snapshot().manifests(table.io)) < 30
    for snapshot in table.metadata.snapshots[::13]:
        assert ask(lake, [f"SELECT count(*) AS n FROM n.many VERSION AS OF {snapshot.snapshot_id}"])[0][0]["n"] == \
            table.scan(snapshot_id=snapshot.snapshot_id).to_arrow().num_rows
    assert len(table.metadata.metadata_log) == 5


def test_expired_snapshots_are_gone_for_firn_too(lake):
    lake.run("sql", stdin="CREATE TABLE n.expired (id INT); " + "; ".join(f"INSERT INTO n.expired VALUES ({i})" for i in range(4)))
    table = lake.catalog.load_table("n.expired")
    first = table.snapshots()[0].snapshot_id
    table.maintenance.expire_snapshots().by_id(first).commit()
    done = lake.run("sql", "-c", f"SELECT * FROM n.expired VERSION AS OF {first}", check=False)
    assert done.returncode == 1 and str(first) in done.stderr
    lake.run("sql", "-c", "INSERT INTO n.expired VALUES (4); DELETE FROM n.expired WHERE id = 0")
    table = same_rows(lake, "n.expired")
    assert table.scan().to_arrow().num_rows == 4


def test_rollback_and_commits_after_it(lake):
    lake.run("sql", stdin="CREATE TABLE n.rolled (id INT); INSERT INTO n.rolled VALUES (1); INSERT INTO n.rolled VALUES (2)")
    table = lake.catalog.load_table("n.rolled")
    first = table.snapshots()[0].snapshot_id
    lake.run("sql", "-c", f"CALL system.rollback_to_snapshot('n.rolled', {first}); INSERT INTO n.rolled VALUES (3)")
    table = same_rows(lake, "n.rolled")
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [1, 3]
    assert table.current_snapshot().parent_snapshot_id == first
    rows = ask(lake, ["SELECT is_current_ancestor AS a FROM n.rolled.history ORDER BY made_current_at"])[0]
    assert [r["a"] for r in rows] == [True, False, True, True] == \
        [r["is_current_ancestor"] for r in table.inspect.history().to_pylist()]


def test_renamed_replaced_and_dropped_tables(lake):
    lake.run("sql", stdin="""CREATE TABLE n.old (id INT); INSERT INTO n.old VALUES (1);
        ALTER TABLE n.old RENAME TO n.new; ALTER TABLE n.new SET TBLPROPERTIES ('owner' = 'me', 'x' = 'y');
        ALTER TABLE n.new UNSET TBLPROPERTIES ('x'); COMMENT ON COLUMN n.new.id IS 'key'""")
    table = lake.catalog.load_table("n.new")
    assert table.properties["owner"] == "me" and "x" not in table.properties
    assert table.schema().find_field("id").doc == "key"
    with pytest.raises(NoSuchTableError):
        lake.catalog.load_table("n.old")
    lake.catalog.rename_table("n.new", "n.again")
    assert ask(lake, ["SELECT id FROM n.again"]) == [[{"id": 1}]]
    lake.run("sql", "-c", "DROP TABLE n.again")
    assert not lake.catalog.table_exists("n.again")
    lake.catalog.create_table("n.again", Schema(field(1, "other", DoubleType())))
    assert ask(lake, ["SELECT other FROM n.again"]) == [[]]


def test_namespaces_of_both(lake):
    lake.run("sql", "-c", "CREATE SCHEMA both; CREATE TABLE both.t (id INT)")
    assert ("both",) in lake.catalog.list_namespaces()
    assert lake.catalog.list_tables("both") == [("both", "t")]
    lake.catalog.drop_table("both.t")
    lake.run("sql", "-c", "DROP SCHEMA both")
    assert ("both",) not in lake.catalog.list_namespaces()
    done = lake.run("sql", "-c", "DROP SCHEMA n", check=False)
    assert done.returncode == 1 and "n" in done.stderr
    lake.catalog.create_namespace("py", {"owner": "py"})
    assert "py" in str(ask(lake, ["SHOW SCHEMAS"])[0])


def test_table_commands_without_sql(lake):
    schema = Schema(field(1, "id", LongType(), required=True), field(2, "ts", TimestampType()),
                    field(3, "l", ListType(4, IntegerType(), element_required=False)))
    table = lake.catalog.create_table("n.shown", schema, partition_spec=PartitionSpec(PartitionField(2, 1000, DayTransform(), "ts_day")))
    for i in range(3):
        table.append(pa.Table.from_pylist([{"id": i, "ts": datetime.datetime(2024, 1, 1), "l": [i]}], schema=table.schema().as_arrow()))
    assert "n.shown" in lake.run("table", "list").stdout
    out = lake.run("table", "describe", "n.shown").stdout
    assert "id" in out and re.search(r"day", out) and str(table.current_snapshot().snapshot_id) in out
    out = lake.run("table", "history", "n.shown").stdout
    assert all(str(s.snapshot_id) in out for s in table.snapshots())
    lake.run("table", "rollback", "n.shown", "--snapshot", table.snapshots()[0].snapshot_id)
    assert table.refresh().current_snapshot().snapshot_id == table.snapshots()[0].snapshot_id


def test_dropping_what_partitions_need_is_refused(lake):
    lake.run("sql", "-c", "CREATE TABLE n.needed (id INT, d DATE) PARTITIONED BY (month(d))")
    done = lake.run("sql", "-c", "ALTER TABLE n.needed DROP COLUMN d", check=False)
    assert done.returncode == 1 and "d" in done.stderr
    lake.run("sql", stdin="""ALTER TABLE n.needed RENAME COLUMN d TO day; INSERT INTO n.needed VALUES (1, DATE '2024-05-05');
        ALTER TABLE n.needed DROP PARTITION FIELD month(day); INSERT INTO n.needed VALUES (2, NULL)""")
    # Files of the old spec still have the partition.
    done = lake.run("sql", "-c", "ALTER TABLE n.needed DROP COLUMN day", check=False)
    assert done.returncode == 1 and "d_month" in done.stderr
    table = same_rows(lake, "n.needed")
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [1, 2]


def test_dynamic_overwrite_and_upsert_of_firns_rows(lake):
    lake.run("sql", stdin="""CREATE TABLE n.up (id INT NOT NULL, s STRING) PARTITIONED BY (s);
        INSERT INTO n.up SELECT range::INT, 's' || range % 2 FROM range(10)""")
    table = lake.catalog.load_table("n.up")
    rows = lambda *pairs: pa.Table.from_pylist([{"id": i, "s": s} for i, s in pairs], schema=table.schema().as_arrow())
    table.dynamic_partition_overwrite(rows((100, "s0")))
    table.upsert(rows((1, "s0"), (200, "s7")), join_cols=["id"])
    table = same_rows(lake, "n.up")
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [1, 3, 5, 7, 9, 100, 200]


def test_truncated_and_replaced_tables_keep_their_history(lake):
    lake.run("sql", stdin="CREATE TABLE n.emptied (id INT, s STRING); INSERT INTO n.emptied VALUES (1, 'a'), (2, 'b'); TRUNCATE TABLE n.emptied")
    table = same_rows(lake, "n.emptied")
    assert table.scan().to_arrow().num_rows == 0
    summary = table.current_snapshot().summary
    assert (summary.operation.value, summary["total-records"], summary["deleted-records"]) == ("delete", "0", "2")
    lake.run("sql", "-c", "CREATE OR REPLACE TABLE n.emptied AS SELECT 3 AS id, 'c' AS s")
    table = same_rows(lake, "n.emptied")
    first = table.snapshots()[0].snapshot_id
    rows = [{"id": 1, "s": "a"}, {"id": 2, "s": "b"}]
    assert len(table.snapshots()) == 3 and table.scan(snapshot_id=first).to_arrow().to_pylist() == rows
    assert ask(lake, [f"SELECT * FROM n.emptied VERSION AS OF {first}"])[0] == rows
    # A query that fails does not touch the table.
    done = lake.run("sql", "-c", "CREATE OR REPLACE TABLE n.emptied AS SELECT id, error('no') AS s FROM n.emptied", check=False)
    assert done.returncode == 1 and "no" in done.stderr
    assert len(same_rows(lake, "n.emptied").snapshots()) == 3
    # Other columns become another schema; old snapshots keep theirs.
    lake.run("sql", "-c", "CREATE OR REPLACE TABLE n.emptied AS SELECT 's' AS s, 1.5 AS x")
    table = same_rows(lake, "n.emptied")
    assert [f.name for f in table.schema().fields] == ["s", "x"] and len(table.snapshots()) == 4
    assert table.scan(snapshot_id=first).to_arrow().to_pylist() == rows
    assert ask(lake, [f"SELECT * FROM n.emptied VERSION AS OF {first}"])[0] == rows
