# SPDX-License-Identifier: Apache-2.0
"""Live Spark reads what firn wrote, through the JDBC catalog on the same file."""
import pytest

from spark_peer import both

TYPES = """CREATE TABLE t (
    id BIGINT, b BOOLEAN, i INT, f FLOAT, d DOUBLE, n9 DECIMAL(9,2), n18 DECIMAL(18,6), n38 DECIMAL(38,10),
    day DATE, ts TIMESTAMP_NTZ, tz TIMESTAMP, s STRING, bin BINARY, a ARRAY<INT>, m MAP<STRING, BIGINT>,
    st STRUCT<x: INT, y: ARRAY<STRUCT<k: STRING, v: DOUBLE>>>)
    TBLPROPERTIES ('format-version' = '{version}')"""
ROWS = """INSERT INTO t SELECT i, i % 2 = 0, i * 7, CAST(i * 0.5 AS FLOAT), i / 3.0, i * 1.01, i * 1.000001, i * 12345678.0123456789,
    DATE '1969-12-30' + CAST(i AS INT), TIMESTAMP '1969-12-31 23:59:59.999999' + INTERVAL (i) HOUR,
    TIMESTAMPTZ '1969-12-31 23:59:59.999999+00' + INTERVAL (i) DAY, 'zażółć ' || i, encode('b' || i),
    CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN [] ELSE [CAST(i AS INT), NULL] END,
    CASE i % 4 WHEN 0 THEN NULL ELSE MAP {{'k' || i: i, 'z': NULL}} END,
    CASE i % 5 WHEN 0 THEN NULL ELSE {{'x': CAST(i AS INT), 'y': [{{'k': 'a', 'v': i / 7.0}}, NULL]}} END
    FROM range({start}, {end}) r(i) ORDER BY i"""


def make(home, version, extra=""):
    home.run("sql", "-c", TYPES.format(version=version) + extra)
    home.run("sql", "-c", ROWS.format(start=0, end=40) + ";" + ROWS.format(start=40, end=60)
             + "; INSERT INTO t (id) VALUES (1000)")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_type(home, spark, version):
    make(home, version)
    assert len(both(home, spark, "SELECT * FROM t")) == 61


@pytest.mark.parametrize("transform", ["b", "i", "n9", "n38", "day", "ts", "tz", "s", "bucket(5, i)", "bucket(5, id)", "bucket(5, n18)",
                                       "bucket(5, day)", "bucket(5, ts)", "bucket(5, tz)", "bucket(5, s)", "bucket(5, bin)",
                                       "truncate(10, i)", "truncate(10, id)", "truncate(3, s)", "truncate(50, n9)",
                                       "years(day)", "months(ts)", "days(tz)", "hours(ts)"])
def test_partitions(home, spark, transform):
    make(home, 2, f" PARTITIONED BY ({transform})")
    both(home, spark, "SELECT id, s FROM t")
    both(home, spark, "SELECT partition, record_count, file_count FROM default.t.partitions")
    column = transform.split("(")[-1].split(",")[-1].strip(" )")
    value = home.sql(f"SELECT CAST({column} AS VARCHAR) v FROM t WHERE id = 13")[0]["v"]
    kind = {"b": "BOOLEAN", "i": "INT", "id": "BIGINT", "n9": "DECIMAL(9,2)", "n18": "DECIMAL(18,6)", "n38": "DECIMAL(38,10)",
            "day": "DATE", "ts": "TIMESTAMP_NTZ", "tz": "TIMESTAMP", "s": "STRING"}.get(column)
    if kind:
        assert [row for row in spark(f"SELECT id FROM t WHERE {column} = CAST('{value}' AS {kind}) AND id = 13")] == [[13]]


CHANGES = ["DELETE FROM t WHERE id IN (3, 4, 45)", "UPDATE t SET s = 'u', i = NULL WHERE id BETWEEN 10 AND 20",
           "DELETE FROM t WHERE id = 1000",
           "MERGE INTO t USING (SELECT * FROM (VALUES (5, 'd'), (6, 'm'), (2000, 'new')) v(k, w)) v ON t.id = v.k "
           "WHEN MATCHED AND v.w = 'd' THEN DELETE WHEN MATCHED THEN UPDATE SET s = v.w "
           "WHEN NOT MATCHED THEN INSERT (id, s) VALUES (v.k, v.w)"]


def modes(mode):
    return "; ALTER TABLE t SET TBLPROPERTIES (" + ", ".join(
        f"'write.{change}.mode' = '{mode}'" for change in ("delete", "update", "merge")) + ")"


@pytest.mark.parametrize("partitions", ["", " PARTITIONED BY (bucket(4, id))"])
@pytest.mark.parametrize("version,mode", [(1, "copy-on-write"), (2, "copy-on-write"), (2, "merge-on-read"),
                                          (3, "copy-on-write"), (3, "merge-on-read")])
def test_changed_rows_and_every_snapshot(home, spark, version, mode, partitions):
    make(home, version, partitions + modes(mode))
    for change in CHANGES:
        home.run("sql", "-c", change)
        both(home, spark, "SELECT * FROM t")
    for row in home.sql("SELECT snapshot_id FROM default.t.snapshots"):
        both(home, spark, f"SELECT id, s, i FROM t VERSION AS OF {row['snapshot_id']}")
    if version == 3:
        both(home, spark, "SELECT id, _row_id, _last_updated_sequence_number FROM t")


@pytest.mark.parametrize("version", [2, 3])
def test_spark_goes_on_writing(home, spark, version):
    """Each engine in turn deletes, updates, merges and appends on top of what the other left."""
    make(home, version, modes("merge-on-read"))
    writers = [lambda sql: home.run("sql", "-c", sql), spark]
    for turn in range(6):
        write = writers[turn % 2]
        write(f"DELETE FROM t WHERE id % 11 = {turn}")
        both(home, spark, "SELECT * FROM t")
        write(f"UPDATE t SET s = 'turn {turn}' WHERE id % 7 = {turn}")
        write(f"MERGE INTO t USING (SELECT 3000 + {turn} AS k) v ON t.id = v.k OR t.id = v.k - 1 "
              f"WHEN MATCHED THEN UPDATE SET s = 'merged {turn}' WHEN NOT MATCHED THEN INSERT (id, s) VALUES (v.k, 'new')")
        write(f"INSERT INTO t (id, s) VALUES ({4000 + turn}, 'in')")
        both(home, spark, "SELECT * FROM t")
        if version == 3:
            both(home, spark, "SELECT id, _row_id, _last_updated_sequence_number FROM t")


EVOLUTIONS = ["ALTER TABLE t ADD COLUMN extra INT", "ALTER TABLE t RENAME COLUMN s TO text", "ALTER TABLE t ALTER COLUMN i TYPE BIGINT",
              "ALTER TABLE t DROP COLUMN f", "ALTER TABLE t ALTER COLUMN d FIRST", "ALTER TABLE t ADD COLUMN st.z STRING",
              "ALTER TABLE t ADD PARTITION FIELD bucket(3, id)", "ALTER TABLE t ADD PARTITION FIELD days(tz)",
              "ALTER TABLE t DROP PARTITION FIELD bucket(3, id)"]


@pytest.mark.parametrize("first", ["firn", "spark"])
def test_evolution_in_turn(home, spark, first):
    make(home, 2)
    both(home, spark, "SELECT * FROM t")
    writers = [lambda sql: home.run("sql", "-c", sql), spark]
    for turn, change in enumerate(EVOLUTIONS):
        writers[(turn + (first == "spark")) % 2](change)
        writers[(turn + (first != "spark")) % 2](f"INSERT INTO t (id) VALUES ({5000 + turn})")
        both(home, spark, "SELECT * FROM t")
    for row in home.sql("SELECT snapshot_id FROM default.t.snapshots"):
        both(home, spark, f"SELECT * FROM t VERSION AS OF {row['snapshot_id']}")


@pytest.mark.parametrize("writer", ["firn", "spark"])
def test_branches_and_tags(home, spark, writer):
    make(home, 2)
    write = spark if writer == "spark" else lambda sql: home.run("sql", "-c", sql)
    write("ALTER TABLE t CREATE TAG first")
    write("ALTER TABLE t CREATE BRANCH audit")
    spark("INSERT INTO default.t.branch_audit (id, s) VALUES (7000, 'spark')")
    home.run("sql", "-c", "INSERT INTO default.t.branch_audit (id, s) VALUES (7001, 'firn')")
    write("DELETE FROM t WHERE id < 10")
    for ref in ("first", "audit"):
        both(home, spark, f"SELECT id, s FROM t VERSION AS OF '{ref}'")
    both(home, spark, "SELECT name, type, snapshot_id, max_reference_age_in_ms, min_snapshots_to_keep, max_snapshot_age_in_ms FROM default.t.refs")
    write("ALTER TABLE t DROP TAG first")
    both(home, spark, "SELECT name, type FROM default.t.refs")


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("table", ["snapshots", "history", "refs", "manifests", "files", "data_files", "delete_files", "entries",
                                   "all_files", "all_data_files", "all_delete_files", "all_entries", "all_manifests",
                                   "metadata_log_entries", "partitions", "position_deletes"])
def test_metadata_tables(home, spark, table, version):
    make(home, version, " PARTITIONED BY (bucket(2, id))" + modes("merge-on-read"))
    for change in CHANGES:
        home.run("sql", "-c", change)
    names = [name for name, _ in spark.columns(f"SELECT * FROM default.t.{table} LIMIT 0")]
    got = home.run("sql", "--format", "csv", "-c", f"SELECT * FROM default.t.{table} LIMIT 0").stdout.strip().split(",")
    assert got == names
    both(home, spark, f"SELECT * FROM default.t.{table}")
