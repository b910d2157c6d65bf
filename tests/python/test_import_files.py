# SPDX-License-Identifier: Apache-2.0
"""add_files, migrate, snapshot: Parquet files become a table's, as PyIceberg and pyarrow read them."""
import datetime
import decimal
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def call(home, procedure, table, *arguments, check=True):
    done = home.run("table", procedure, table, *arguments, "--format", "json", check=check)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def rows(home, table):
    read = home.pyiceberg().load_table(table).scan().to_arrow().to_pylist()
    ours = home.sql(f"SELECT count(*) n FROM {table}")[0]["n"]
    assert int(ours) == len(read)
    return sorted(read, key=repr)


def write(path, columns, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    pq.write_table(table, path, **options)
    return table


EVERY = {
    "b": pa.array([True, None, False]), "i": pa.array([1, -2, None], pa.int32()), "l": pa.array([2**40, None, -1]),
    "f": pa.array([0.5, float("nan"), None], pa.float32()), "d": pa.array([-0.0, None, 1e300]),
    "n": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-99.99")], pa.decimal128(6, 2)),
    "day": pa.array([datetime.date(1969, 12, 31), None, datetime.date(2024, 2, 29)]),
    "ts": pa.array([datetime.datetime(1969, 12, 31, 23, 59, 59, 999999), None, datetime.datetime(2024, 1, 1)], pa.timestamp("us")),
    "s": pa.array(["a" * 40, "ż", None]), "bin": pa.array([b"\x00\xff", None, b""], pa.binary()),
    "st": pa.array([{"x": 1, "y": "q"}, None, {"x": None, "y": "z"}]),
    "a": pa.array([[1, None], [], None], pa.list_(pa.int64())),
}


def test_metrics_are_those_that_reading_gives(home, tmp_path):
    """Counts and bounds from a footer are those that firn has when it writes the rows itself."""
    write(tmp_path / "files" / "one.parquet", EVERY, row_group_size=2)
    call(home, "snapshot", "default.t", f"source_table={tmp_path}/files")
    assert rows(home, "default.t") == sorted(pa.table(EVERY).to_pylist(), key=repr) or len(rows(home, "default.t")) == 3
    home.run("sql", "-c", "CREATE TABLE copy AS SELECT * FROM t")
    query = "SELECT readable_metrics FROM default.{}.files"
    ours, theirs = (home.sql(query.format(name))[0]["readable_metrics"] for name in ("copy", "t"))
    # sizes depend on the writer, footers do not count NaN, and elements of lists are not counted
    pattern = r"('column_size'|'nan_value_count'): [^,}]*|'a.element': {[^}]*}"
    assert re.sub(pattern, r"\1", theirs) == re.sub(pattern, r"\1", ours)


def test_decimals_of_more_digits_than_their_type_are_told(home, tmp_path):
    """A file whose footer says decimal(4,2) holds 1000.00, which two bytes would make -310.72 of."""
    path = tmp_path / "files" / "one.parquet"
    values = [decimal.Decimal("1.00"), None, decimal.Decimal("1000.00")]
    write(path, {"n": pa.array(values, pa.decimal128(9, 2))}, store_decimal_as_integer=True, store_schema=False)
    old, new = bytes([0x15, 4, 0x15, 18]), bytes([0x15, 4, 0x15, 8])  # scale and precision, in both forms of the type
    assert path.read_bytes().count(old) == 2
    path.write_bytes(path.read_bytes().replace(old, new))
    call(home, "snapshot", "default.t", f"source_table={tmp_path}/files")
    failed = home.run("sql", "-c", "SELECT n FROM t", check=False)
    assert failed.returncode != 0 and "decimal of more than 4 digits" in failed.stderr
    assert home.sql("SELECT count(*) c FROM t")[0]["c"] in (3, "3")


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "none"])
def test_filters_prune_added_files_as_they_should(home, tmp_path, codec):
    for part in range(4):
        write(tmp_path / "files" / f"{part}.parquet",
              {"id": list(range(part * 100, part * 100 + 100)), "s": [f"name {part} {i}" for i in range(100)]}, compression=codec)
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT, s STRING)")
    assert call(home, "add_files", "default.t", f"source_table={tmp_path}/files") == [{"added_files_count": 4}]
    assert home.value("SELECT count(*) FROM t WHERE id BETWEEN 150 AND 249") == "100"
    assert home.value("SELECT s FROM t WHERE id = 399") == "name 3 99"
    table = home.pyiceberg().load_table("default.t")
    assert [len(list(table.scan(row_filter=f).plan_files())) for f in ("id = 5", "id >= 200", "s > 'name 2'")] == [1, 2, 2]
    assert table.scan(row_filter="id = 5").to_arrow().to_pylist() == [{"id": 5, "s": "name 0 5"}]


def hive(folder):
    for day in ("2024-01-01", "2024-01-02"):
        for part, name in ((1, "a"), (2, "x y"), (None, "__HIVE_DEFAULT_PARTITION__")):
            path = folder / f"day={day}" / f"k={name.replace(' ', '%20')}" / "f.parquet"
            write(path, {"id": [int(day[-1]) * 10 + (part or 0)], "v": pa.array([part], pa.int64())})
    (folder / "_SUCCESS").write_text("")
    (folder / "day=2024-01-01" / ".f.parquet.crc").write_text("x")


HIVE = [(f"2024-01-0{d}", k, d * 10 + i) for d in (1, 2) for i, k in ((1, "a"), (2, "x y"), (0, None))]


def triples(read):
    return sorted(((str(r["day"]), r["k"], r["id"]) for r in read), key=repr)


def test_a_hive_folder_becomes_a_partitioned_table(home, tmp_path):
    hive(tmp_path / "files")
    assert call(home, "snapshot", "default.t", f"source_table=`parquet`.`{tmp_path}/files`") == [{"imported_files_count": 6}]
    table = home.pyiceberg().load_table("default.t")
    assert [(f.name, str(f.transform)) for f in table.spec().fields] == [("day", "identity"), ("k", "identity")]
    assert str(table.schema().find_type("day")) == "date" and table.properties["gc.enabled"] == "false"
    assert triples(rows(home, "default.t")) == sorted(HIVE, key=repr)
    assert [len(list(table.scan(row_filter=f).plan_files())) for f in ("day = '2024-01-01'", "k is null", "k = 'x y'")] == [3, 2, 2]
    home.run("sql", "-c", "INSERT INTO t (id, day, k) VALUES (99, DATE '2024-02-01', 'new')")
    assert len(rows(home, "default.t")) == 7
    assert "gc.enabled" in call(home, "expire_snapshots", "default.t", "retain_last=1", check=False)


def test_partitions_are_picked_by_a_filter(home, tmp_path):
    hive(tmp_path / "files")
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT, v BIGINT, k STRING, day DATE) PARTITIONED BY (k, day)")
    source = f"source_table={tmp_path}/files"
    assert call(home, "add_files", "default.t", source, "partition_filter=day=2024-01-02,k=a") == [{"added_files_count": 1}]
    assert call(home, "add_files", "default.t", source, "partition_filter=day=2024-01-01", "parallelism=2") == [{"added_files_count": 3}]
    assert triples(rows(home, "default.t")) == sorted((r for r in HIVE if r[0][-1] == "1" or r[1] == "a"), key=repr)
    message = call(home, "add_files", "default.t", source, check=False)
    assert "4 of 6 files are in the table already" in message
    assert "not partitioned by \"x\"" in call(home, "add_files", "default.t", source, "partition_filter=x=1", check=False)
    home.run("sql", "-c", "DELETE FROM t WHERE day = DATE '2024-01-01'")
    assert call(home, "add_files", "default.t", source, "check_duplicate_files=false") == [{"added_files_count": 6}]
    assert len(rows(home, "default.t")) == 7


def test_columns_are_united_and_missing_ones_are_null(home, tmp_path):
    write(tmp_path / "files" / "1.parquet", {"id": pa.array([1], pa.int32()), "a": ["x"]})
    write(tmp_path / "files" / "2.parquet", {"id": pa.array([2**40]), "b": [{"x": 1}]})
    write(tmp_path / "files" / "3.parquet", {"id": pa.array([3], pa.int32()), "b": [{"x": 5, "y": "q"}]})
    call(home, "snapshot", "default.t", f"source_table={tmp_path}/files")
    got = sorted(rows(home, "default.t"), key=lambda r: r["id"])
    assert [(r["id"], r["a"], r["b"]) for r in got] == [
        (1, "x", None), (3, None, {"x": 5, "y": "q"}), (2**40, None, {"x": 1, "y": None})]
    schema = home.pyiceberg().load_table("default.t").schema()
    assert schema.schema_id == 0 and all(not f.required for f in schema.fields)


def test_a_column_of_nulls_without_a_type_is_that_of_the_other_files(home, tmp_path):
    write(tmp_path / "files" / "1.parquet", {"id": [1], "v": [None], "never": [None], "a": [[None]]})
    write(tmp_path / "files" / "2.parquet", {"id": [2], "v": ["x"], "never": [None], "a": pa.array([[7]])})
    call(home, "snapshot", "default.t", f"source_table={tmp_path}/files")
    assert home.sql("SELECT * FROM t ORDER BY id") == [{"id": "1", "v": "", "a": "[NULL]"}, {"id": "2", "v": "x", "a": "[7]"}]


def test_a_folder_becomes_a_table_where_it_is(home, tmp_path):
    hive(tmp_path / "lake" / "visits")
    place = f"location={tmp_path}/lake/visits"
    assert call(home, "migrate", "default.visits", place) == [{"migrated_files_count": 6}]
    assert home.pyiceberg().load_table("default.visits").location() == f"{tmp_path}/lake/visits"
    assert triples(rows(home, "default.visits")) == sorted(HIVE, key=repr)
    assert "exists" in call(home, "migrate", "default.visits", place, check=False)
    home.run("sql", "-c", "UPDATE visits SET v = 7 WHERE id = 11")
    orphans = call(home, "remove_orphan_files", "default.visits", "older_than=2999-01-01 00:00:00", "force=true")
    assert orphans == []
    call(home, "expire_snapshots", "default.visits", "older_than=2999-01-01 00:00:00")
    assert sum(p.name == "f.parquet" for p in (tmp_path / "lake").rglob("*.parquet")) == 5
    call(home, "unregister_table", "default.visits")
    assert call(home, "migrate", "default.again", place, check=True)[0]["migrated_files_count"] >= 6


def test_a_table_at_the_usual_place_needs_no_location(home, tmp_path):
    home.run("sql", "-c", "CREATE SCHEMA n")
    write(home.path / "warehouse" / "n" / "t" / "f.parquet", {"id": [1, 2]})
    assert home.run("sql", "--format", "csv", "-c", "CALL system.migrate('n.t', MAP('format-version', '3'))").stdout.split() == [
        "migrated_files_count", "1"]
    assert home.sql("SELECT id, _row_id FROM n.t ORDER BY id") == [{"id": "1", "_row_id": "0"}, {"id": "2", "_row_id": "1"}]


def test_a_clone_goes_its_own_way(home):
    home.run("sql", "--allow-files", stdin="""CREATE TABLE t (id BIGINT, k STRING) PARTITIONED BY (k)
          TBLPROPERTIES ('write.delete.mode' = 'merge-on-read', 'write.data.path' = '/nowhere');
        ALTER TABLE t UNSET TBLPROPERTIES ('write.data.path');
        INSERT INTO t SELECT i, 'k' || i % 2 FROM range(10) r(i);
        DELETE FROM t WHERE id = 3; ALTER TABLE t CREATE TAG old""")
    before = rows(home, "default.t")
    out = home.run("sql", "--format", "csv", "-c", "CALL system.snapshot('t', 'default.c')").stdout
    assert out.split() == ["imported_files_count", "2"]
    assert rows(home, "default.c") == before
    home.run("sql", "-c", "DELETE FROM c WHERE id < 5")
    home.run("sql", "-c", "INSERT INTO t VALUES (100, 'z')")
    assert len(rows(home, "default.t")) == 10 and len(rows(home, "default.c")) == 5
    assert home.value("SELECT count(*) FROM c VERSION AS OF 'old'") == "9"
    c = home.pyiceberg().load_table("default.c")
    assert c.location().endswith("/default/c") and c.metadata.table_uuid != home.pyiceberg().load_table("default.t").metadata.table_uuid
    assert "exists" in call(home, "snapshot", "default.c", "source_table=default.t", check=False)
    assert home.run("doctor", "default.c").returncode == 0


REFUSED = [
    ("add_files", ["source_table=/no/such/folder"], "there is no file at or below /no/such/folder"),
    ("add_files", ["source_table=`orc`.`/x`"], "not supported: files of format orc"),
    ("add_files", ["source_table=other"], "not supported: adding the files of table other"),
    ("add_files", [], "expected one of source_table and location, found none"),
    ("add_files", ["source_table={files}", "parallelism=0"], "parallelism: found 0, expected a number above 0"),
    ("add_files", ["source_table={files}/text.txt"], "text.txt"),
    ("add_files", ["source_table={files}/types.parquet"], "field s of type"),
]


@pytest.mark.parametrize("procedure,arguments,message", REFUSED)
def test_refused(home, tmp_path, procedure, arguments, message):
    files = tmp_path / "files"
    write(files / "types.parquet", {"id": [1], "s": pa.array([[1]])})
    (files / "text.txt").write_text("no Parquet, but long enough to have a footer")
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT, s STRING)")
    said = call(home, procedure, "default.t", *(a.format(files=files) for a in arguments), check=False)
    assert message in said
    assert home.value("SELECT count(*) FROM t") == "0" and home.pyiceberg().load_table("default.t").properties == {}


def test_a_session_reads_no_files_it_may_not(home, tmp_path):
    write(tmp_path / "f.parquet", {"id": [1]})
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT)")
    for sql in (f"CALL system.add_files('t', '{tmp_path}')", f"CALL system.snapshot('{tmp_path}', 'n')",
                f"CALL system.migrate(table => 'n', location => '{tmp_path}')",
                f"CALL system.rewrite_table_path(table => 't', source_prefix => '{home.path}', target_prefix => '/x', "
                f"staging_location => '{tmp_path}/stage')"):
        done = home.run("sql", "-c", sql, check=False)
        assert done.returncode != 0 and "may not" in done.stderr, done.stderr
    home.run("sql", "--allow-files", "-c", f"CALL system.add_files('t', '{tmp_path}/f.parquet')")
    assert home.value("SELECT count(*) FROM t") == "1"


def test_files_with_ids_are_read_by_ids(home, tmp_path):
    """A data file of another Iceberg table with other names but the same ids."""
    home.run("sql", "-c", "CREATE TABLE a (id BIGINT, s STRING); INSERT INTO a VALUES (1, 'x')")
    home.run("sql", "-c", "CREATE TABLE b (nr BIGINT, text STRING)")
    path = next(p for p in (home.path / "warehouse" / "default" / "a" / "data").rglob("*.parquet"))
    assert call(home, "add_files", "default.b", f"source_table={path}") == [{"added_files_count": 1}]
    assert home.sql("SELECT * FROM b WHERE nr = 1") == [{"nr": "1", "text": "x"}]


def with_ids(path, ids, columns):
    fields = [pa.field(name, pa.array(values).type, metadata={"PARQUET:field_id": str(i)} if i is not None else None)
              for (name, values), i in zip(columns.items(), ids)]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table([pa.array(v) for v in columns.values()], schema=pa.schema(fields)), path)


def test_a_new_table_takes_the_ids_of_its_files(home, tmp_path):
    """Rows of files with ids are read by them, rows of files without by name."""
    with_ids(tmp_path / "f" / "1.parquet", (7, 3), {"id": [1, 2], "v": ["a", "b"]})
    with_ids(tmp_path / "f" / "2.parquet", (3, 7, 9), {"v": ["c"], "id": [3], "more": [0.5]})
    with_ids(tmp_path / "f" / "3.parquet", (None, None, None), {"v": ["d"], "late": [True], "id": [4]})
    with_ids(tmp_path / "f" / "4.parquet", (7, 3, 2147483540), {"id": [5], "v": ["e"], "_row_id": [99]})
    call(home, "snapshot", "default.t", f"source_table={tmp_path}/f")
    assert rows(home, "default.t") == [
        {"id": i, "v": v, "more": 0.5 if i == 3 else None, "late": True if i == 4 else None}
        for i, v in enumerate("abcde", 1)]
    schema = home.pyiceberg().load_table("default.t").schema()
    assert {f.name: f.field_id for f in schema.fields} == {"id": 7, "v": 3, "more": 9, "late": 10}
    assert home.sql("SELECT v FROM t WHERE id = 3") == [{"v": "c"}]
    home.run("sql", "-c", "ALTER TABLE t ADD COLUMN z int; INSERT INTO t (id, z) VALUES (6, 6)")
    assert home.value("SELECT sum(id + coalesce(z, 0)) FROM t") == "27"


def test_ids_of_nested_columns_and_of_partitions_fit(home, tmp_path):
    source = pa.schema([
        pa.field("s", pa.struct([pa.field("y", pa.string(), metadata={"PARQUET:field_id": "5"}),
                                 pa.field("x", pa.int64(), metadata={"PARQUET:field_id": "2"})]), metadata={"PARQUET:field_id": "4"}),
        pa.field("l", pa.list_(pa.field("element", pa.int32(), metadata={"PARQUET:field_id": "11"})), metadata={"PARQUET:field_id": "1"})])
    file = tmp_path / "f" / "day=2024-01-02" / "1.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"s": [{"y": "a", "x": 1}], "l": [[1, 2]]}, schema=source), file)
    call(home, "snapshot", "default.t", f"source_table={tmp_path}/f")
    assert rows(home, "default.t") == [{"s": {"y": "a", "x": 1}, "l": [1, 2], "day": datetime.date(2024, 1, 2)}]
    assert home.sql("SELECT s.x FROM t WHERE day = DATE '2024-01-02'") == [{"x": "1"}]


@pytest.mark.parametrize("ids, message", [
    ((1, 2), 'not supported: column "id" has field id 1, and 7 in another file'),
    ((7, None), 'column "v" has no field id, others have one'),
])
def test_ids_that_do_not_fit_are_refused(home, tmp_path, ids, message):
    with_ids(tmp_path / "f" / "1.parquet", (7, 3), {"id": [1, 2], "v": ["a", "b"]})
    with_ids(tmp_path / "f" / "2.parquet", ids, {"id": [1], "v": ["a"]})
    assert message in call(home, "snapshot", "default.t", f"source_table={tmp_path}/f", check=False)


def test_one_id_for_two_names_is_refused(home, tmp_path):
    with_ids(tmp_path / "f" / "1.parquet", (7, 3), {"id": [1, 2], "v": ["a", "b"]})
    with_ids(tmp_path / "f" / "2.parquet", (7, 3), {"id": [1], "w": ["a"]})
    message = 'not supported: field id 3 is column "w", and "v" elsewhere'
    assert message in call(home, "snapshot", "default.t", f"source_table={tmp_path}/f", check=False)


def test_files_of_a_table_that_numbers_otherwise_are_read_by_id(home, tmp_path):
    """As Iceberg's specification and Spark have it, whatever the names say; what cannot be read so is refused."""
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT, v BIGINT)")
    with_ids(tmp_path / "1.parquet", (2, 1), {"id": [1], "v": [10]})
    with_ids(tmp_path / "2.parquet", (8, 9), {"id": [1], "v": [10]})
    with_ids(tmp_path / "3.parquet", (2, 1), {"id": [1], "v": ["x"]})
    for name in ("1", "2"):
        assert call(home, "add_files", "default.t", f"source_table={tmp_path}/{name}.parquet") == [{"added_files_count": 1}]
    assert rows(home, "default.t") == sorted([{"id": 10, "v": 1}, {"id": None, "v": None}], key=repr)
    assert call(home, "add_files", "default.t", f"source_table={tmp_path}/3.parquet", check=False)
    assert len(rows(home, "default.t")) == 2
