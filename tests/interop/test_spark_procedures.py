# SPDX-License-Identifier: Apache-2.0
"""Tables after firn's procedures as live Spark reads them, and Spark's own procedures on the same files."""
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark_peer import both


def local(location):
    return pathlib.Path(location.removeprefix("file://").removeprefix("file:"))


def call(home, sql):
    """The one row of a procedure."""
    import csv
    import io
    out = home.run("sql", "--allow-files", "--format", "csv", "-c", sql).stdout
    return next(csv.DictReader(io.StringIO(out)), None)


def hive(folder):
    for n, (day, k) in enumerate([("2024-01-01", "a"), ("2024-01-01", "x%20y"), ("2024-01-02", "a"), ("2024-01-02", "ż")]):
        path = folder / f"day={day}" / f"k={k}" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({
            "id": pa.array(range(n * 10, n * 10 + 10)), "s": [f"{'name' * 8} {i}" if i % 3 else None for i in range(10)],
            "d": pa.array([i / 4 if i % 4 else None for i in range(10)]), "l": [[i, None] if i else None for i in range(10)],
            "ts": pa.array([i * 10**12 for i in range(10)], pa.timestamp("us", "UTC"))}), path, row_group_size=4)
    return folder


COLUMNS = "id BIGINT, s STRING, d DOUBLE, l ARRAY<BIGINT>, ts TIMESTAMP, day DATE, k STRING"
QUERIES = ["SELECT * FROM {}", "SELECT id FROM {} WHERE day = DATE '2024-01-02' AND id > 25", "SELECT id FROM {} WHERE k = 'x y'",
           "SELECT count(*), min(d), max(s) FROM {}"]


def test_the_same_folder_added_by_both(home, spark, tmp_path):
    files = hive(tmp_path / "files")
    for name in ("ours", "theirs"):
        home.run("sql", "-c", f"CREATE TABLE {name} ({COLUMNS}) PARTITIONED BY (day, k)")
    arguments = f"source_table => '`parquet`.`{files}`', partition_filter => map('day', '2024-01-02')"
    ours = call(home, f"CALL system.add_files(table => 'default.ours', {arguments})")
    theirs = spark(f"CALL firn.system.add_files(table => 'default.theirs', {arguments})")
    assert [ours["added_files_count"], ours["changed_partition_count"] or None] == [str(theirs[0][0]), theirs[0][1]]
    rest = f"source_table => '`parquet`.`{files}`', check_duplicate_files => false"
    call(home, f"CALL system.add_files(table => 'default.ours', {rest})")
    spark(f"CALL firn.system.add_files(table => 'default.theirs', {rest})")
    for query in QUERIES:
        assert both(home, spark, query.format("default.ours")) == both(home, spark, query.format("default.theirs"))
    facts = ("SELECT partition, record_count, file_size_in_bytes, value_counts, null_value_counts, lower_bounds, upper_bounds, "
             "column_sizes, spec_id FROM firn.default.{}.files")
    assert sorted(spark(facts.format("ours")), key=repr) == sorted(spark(facts.format("theirs")), key=repr)
    mapping = "SHOW TBLPROPERTIES firn.default.{} ('schema.name-mapping.default')"
    import json
    assert json.loads(spark(mapping.format("ours"))[0][1]) == json.loads(spark(mapping.format("theirs"))[0][1])
    spark("UPDATE firn.default.ours SET s = 'touched' WHERE id = 21")
    for query in QUERIES:
        both(home, spark, query.format("default.ours"))


@pytest.mark.parametrize("procedure", ["snapshot", "migrate"])
def test_a_table_of_files(home, spark, tmp_path, procedure):
    files = hive(tmp_path / "files")
    call(home, f"CALL system.snapshot('{files}', 'default.t')" if procedure == "snapshot"
         else f"CALL system.migrate(table => 'default.t', location => '{files}')")
    for query in QUERIES:
        assert both(home, spark, query.format("default.t"))
    spark("INSERT INTO t SELECT id + 1000, s, d, l, ts, day, k FROM t WHERE id < 5", "DELETE FROM t WHERE id = 3")
    for query in QUERIES:
        both(home, spark, query.format("default.t"))


def make(home, version):
    home.run("sql", stdin=f"""CREATE TABLE t (id BIGINT, k STRING) PARTITIONED BY (k) TBLPROPERTIES ('format-version' = '{version}',
          'write.delete.mode' = 'merge-on-read');
        INSERT INTO t SELECT i, 'k' || i % 3 FROM range(60) r(i);
        DELETE FROM t WHERE id % 10 = 3;
        INSERT INTO t SELECT i + 100, 'k' || i % 3 FROM range(30) r(i);
        DELETE FROM t WHERE id % 10 = 4""")


def plan_of(location, staging):
    """The file list with staged files by what they are: their names are the same in both."""
    text = local(location)
    lines = (p.read_text() for p in sorted(text.glob("part-*"))) if text.is_dir() else [text.read_text()]
    pairs = [line.split(",") for part in lines for line in part.splitlines()]
    return sorted((source.replace(staging, "STAGED").replace("file:///", "/").replace("file:/", "/"), target) for source, target in pairs)


@pytest.mark.parametrize("version", [2, 3])
def test_both_plan_the_same_copy(home, spark, tmp_path, version):
    make(home, version)
    source = home.value("SELECT file FROM default.t.metadata_log_entries ORDER BY timestamp DESC LIMIT 1").rsplit("/metadata/", 1)[0]
    starts = ["", home.sql("SELECT file FROM default.t.metadata_log_entries ORDER BY timestamp")[3]["file"].rsplit("/", 1)[1]]
    for n, start in enumerate(starts):
        arguments = (f"table => 'default.t', source_prefix => '{source}', target_prefix => 'file://{tmp_path}/copy'"
                     + (f", start_version => '{start}'" if start else ""))
        stage = [f"file://{tmp_path}/stage-{who}-{n}/" for who in ("ours", "theirs")]
        ours = call(home, f"CALL system.rewrite_table_path({arguments}, staging_location => '{stage[0]}')")
        theirs = spark(f"CALL firn.system.rewrite_table_path({arguments}, staging_location => '{stage[1]}')")[0]
        assert ours["latest_version"] == theirs[0]
        assert plan_of(ours["file_list_location"], stage[0]) == plan_of(theirs[1], stage[1])
        counts = [ours["rewritten_manifest_file_paths_count"], ours["rewritten_delete_file_paths_count"]]
        assert counts == [str(theirs[2]), str(theirs[3])], f"from {start or 'the beginning'}"


@pytest.mark.parametrize("version", [2, 3])
def test_a_copy_is_read_by_spark(home, spark, tmp_path, version):
    make(home, version)
    source = home.value("SELECT file FROM default.t.metadata_log_entries ORDER BY timestamp DESC LIMIT 1").rsplit("/metadata/", 1)[0]
    row = call(home, f"CALL system.rewrite_table_path('t', '{source}', 'file://{tmp_path}/copy')")
    for line in local(row["file_list_location"]).read_text().splitlines():
        origin, target = map(local, line.split(","))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(origin.read_bytes())
    before = both(home, spark, "SELECT * FROM t")
    local(source).rename(tmp_path / "gone")
    home.run("table", "register_table", "default.copy", f"metadata_file=file://{tmp_path}/copy/metadata/{row['latest_version']}")
    assert both(home, spark, "SELECT * FROM copy") == before


@pytest.mark.parametrize("version", [2, 3])
def test_spark_goes_on_with_partition_statistics(home, spark, version):
    """Spark adds what is new to firn's file; firn counts everything anew. Spark 1.12 of Iceberg leaves the total as it was."""
    make(home, version)
    first = call(home, "CALL system.compute_partition_stats('default.t')")["partition_statistics_file"]
    assert spark("CALL firn.system.compute_partition_stats(table => 'default.t')") == [[first]]
    home.run("sql", "-c", "INSERT INTO t SELECT i + 500, 'k' || i % 4 FROM range(8) r(i); DELETE FROM t WHERE id = 501")
    theirs = spark("CALL firn.system.compute_partition_stats(table => 'default.t')")[0][0]
    assert theirs != first
    home.run("sql", "-c", "INSERT INTO t VALUES (900, 'k0'); DELETE FROM t WHERE id = 900")
    ours = call(home, "CALL system.compute_partition_stats('default.t')")["partition_statistics_file"]
    theirs = pq.read_table(local(theirs)).to_pylist()
    ours = pq.read_table(local(ours)).to_pylist()
    assert [r["partition"] for r in ours] == [r["partition"] for r in theirs]
    for mine, other in zip(ours, theirs):
        if mine["partition"]["k"] != "k0":
            assert {k: v for k, v in mine.items() if k != "total_record_count"} == {
                k: v for k, v in other.items() if k != "total_record_count"}
