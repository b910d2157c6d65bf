# SPDX-License-Identifier: Apache-2.0
"""ORC files are not read: whatever comes upon one says so, and names it; what needs no rows goes on."""
import json
import pathlib

import pyarrow as pa
import pytest
from pyarrow import orc
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.typedef import Record

NOT_SUPPORTED = "not supported: ORC"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "files" / "part.orc"
    path.parent.mkdir()
    orc.write_table(pa.table({"id": [1, 2, 3], "s": ["a", "b", None]}), path)
    return path


@pytest.fixture
def table(home, file):
    """A table of five rows in Parquet and three in ORC."""
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT, s STRING); INSERT INTO t SELECT i, 'n' || i FROM range(5) r(i)")
    table = home.pyiceberg().load_table("default.t")
    location = pathlib.Path(table.location().removeprefix("file://")) / "data" / "part.orc"
    location.write_bytes(file.read_bytes())
    entry = DataFile.from_args(content=DataFileContent.DATA, file_path=str(location), file_format=FileFormat.ORC,
                               partition=Record(), record_count=3, file_size_in_bytes=location.stat().st_size)
    entry.spec_id = 0
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        append.append_data_file(entry)
    return str(location)


def fails(home, *arguments):
    done = home.run(*arguments, check=False)
    assert done.returncode == 1, done
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("hint: ", "LINE ", " "))]
    assert len(lines) == 1 and lines[0].startswith("error: "), done.stderr
    return lines[0]


@pytest.mark.parametrize("name", ["part.orc", "part.parquet"])
@pytest.mark.parametrize("command", [["inspect"], ["cat"], ["cat", "--canonical"], ["cat", "--as", "parquet"]])
def test_a_file_is_named_whatever_its_name(home, file, name, command):
    path = file.rename(file.with_name(name))
    message = fails(home, *command, str(path))
    assert str(path) in message and "not supported: " in message and "ORC file" in message


@pytest.mark.parametrize("name", ["part.orc", "part.parquet"])
def test_no_table_gets_one(home, file, name):
    path = file.rename(file.with_name(name))
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT, s STRING)")
    for command in (["add_files", "default.t"], ["snapshot", "default.new"]):
        message = fails(home, "table", *command, f"source_table={path.parent}")
        assert message == f"error: {path}: not supported: ORC file, expected a parquet file"
    assert home.value("SELECT count(*) FROM t") == "0"
    assert "format orc; expected parquet" in fails(
        home, "sql", "-c", f"SET dialect='spark'; CALL system.add_files('default.t', 'orc.`{path.parent}`')")


STATEMENTS = [
    "SELECT * FROM t", "SELECT count(id) FROM t WHERE s IS NULL", "SELECT id FROM t WHERE s = 'b'", "DELETE FROM t WHERE id = 2",
    "UPDATE t SET s = 'x' WHERE id = 2", "CREATE TABLE c AS SELECT * FROM t",
    "MERGE INTO t USING (SELECT 2 AS id) u ON t.id = u.id WHEN MATCHED THEN DELETE",
    "CALL system.rewrite_data_files('default.t', options => map('rewrite-all', 'true'))"]


def test_statements_that_need_its_rows_name_it(home, table):
    before = home.value("SELECT count(*) FROM t.snapshots")
    for statement in STATEMENTS:
        assert fails(home, "sql", "-c", f"SET dialect='spark'; {statement}").endswith(f"{NOT_SUPPORTED} data file {table}")
    assert home.value("SELECT count(*) FROM t.snapshots") == before


def test_what_needs_no_rows_goes_on(home, table):
    assert home.value("SELECT sum(record_count) FROM t.files") == "8"
    assert home.value("SELECT count(*) FROM t.files WHERE file_format = 'ORC'") == "1"
    assert home.value("SELECT count(*) FROM t") == "8"
    assert home.sql("SELECT count(*) AS n, min(_spec_id) AS spec, count(DISTINCT _file) AS files FROM t") == [
        {"n": "8", "spec": "0", "files": "2"}]
    home.run("table", "rewrite_manifests", "default.t")
    home.run("sql", "-c", "INSERT INTO t VALUES (9, 'x'); ALTER TABLE t ADD COLUMN n INT")
    assert home.value("SELECT sum(record_count) FROM t.files") == "9"
    metadata = home.pyiceberg().load_table("default.t").metadata_location
    assert fails(home, "cat", "--table", metadata) == f"error: {NOT_SUPPORTED} data file {table}"
    home.run("sql", "-c", "TRUNCATE TABLE t")
    assert home.value("SELECT count(*) FROM t") == "0"


def test_the_doctor_says_what_it_did_not_look_into(home, table):
    for deep in ([], ["--deep"]):
        found = json.loads(home.run("doctor", "default.t", *deep, "--format", "json").stdout)
        assert found["healthy"] is True and found["files"] == 2 and found["files_not_read"] == 1
        assert found["why_not_read"] == f"{NOT_SUPPORTED} data file {table}"
        assert found.get("rows") == (5 if deep else None)


def test_none_is_written(home):
    for sql in ("CREATE TABLE t (id BIGINT) TBLPROPERTIES ('write.format.default' = 'orc'); INSERT INTO t VALUES (1)",
                "SET dialect = 'trino'; CREATE TABLE u (id BIGINT) WITH (format = 'ORC')"):
        assert "writing" in fails(home, "sql", "-c", sql) and "only parquet and avro" in fails(home, "sql", "-c", sql)
