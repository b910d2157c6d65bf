# SPDX-License-Identifier: Apache-2.0
"""PyIceberg's SqlCatalog and firn on one catalog file: names, metadata, rows, commits in turn.

The program tests/test_catalog_interop of the build in FIRN_BUILD (default build/dev) is firn's side.
"""
import datetime
import json
import os
import pathlib
import sqlite3
import subprocess

import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("pyiceberg.catalog.sql")

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FIRN_BUILD", ROOT / "build" / "dev"))
TOOL = BUILD / "tests" / "test_catalog_interop"
DAY = datetime.date(1970, 1, 1)


class Lake:
    def __init__(self, folder):
        self.folder = folder
        self.firn("make")

    def firn(self, command, *args):
        """Live files after the command: path -> rows."""
        done = subprocess.run([TOOL, command, self.folder, *map(str, args)], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return {line.rsplit(" ", 1)[0]: int(line.rsplit(" ", 1)[1])
                for line in done.stdout.splitlines()}

    def catalog(self):
        from pyiceberg.catalog.sql import SqlCatalog
        return SqlCatalog("firn", uri=f"sqlite:///{self.folder}/catalog.db",
                          warehouse=f"{self.folder}/warehouse")

    def table(self):
        return self.catalog().load_table("db.t")


@pytest.fixture
def lake(tmp_path):
    if not TOOL.exists():
        pytest.skip(f"{TOOL} is not built")
    return Lake(tmp_path)


def rows(first, n):
    ids = range(first, first + n)
    return [{"id": i, "day": DAY + datetime.timedelta(days=19000 + i % 3), "name": f"name {i}",
             "price": None if i % 5 == 0 else i / 4} for i in ids]


def arrow(first, n):
    schema = pa.schema([pa.field("id", pa.int64(), nullable=False), ("day", pa.date32()),
                        ("name", pa.string()), ("price", pa.float64())])
    return pa.Table.from_pylist(rows(first, n), schema=schema)


def read(table, **scan):
    return sorted(table.scan(**scan).to_arrow().to_pylist(), key=lambda r: r["id"])


def test_names_are_seen(lake):
    catalog = lake.catalog()
    assert catalog.list_namespaces() == [("db",)]
    assert catalog.list_namespaces("db") == [("db", "inner")]
    assert catalog.load_namespace_properties("db")["owner"] == "ana"
    assert catalog.list_tables("db") == [("db", "t")]
    assert not catalog.table_exists("db.v")


def test_view_is_a_valid_view_document(lake):
    from pyiceberg.view.metadata import ViewMetadata
    with sqlite3.connect(lake.folder / "catalog.db") as db:
        (location,), = db.execute("select metadata_location from iceberg_tables "
                                  "where iceberg_type = 'VIEW' and table_name = 'v'")
    view = ViewMetadata.model_validate(json.loads(pathlib.Path(location).read_text()))
    assert view.versions[0].representations[0].root.sql == "SELECT id FROM db.t"


def test_rows_of_firn_are_read(lake):
    lake.firn("append", 0, 100)
    table = lake.table()
    assert read(table) == rows(0, 100)
    day = DAY + datetime.timedelta(days=19001)
    assert read(table, row_filter=f"day == '{day}'") == [r for r in rows(0, 100) if r["day"] == day]
    assert read(table, row_filter="id >= 90") == rows(90, 10)
    for task in table.scan(row_filter="id >= 1000").plan_files():
        pytest.fail(f"{task.file.file_path} is not pruned")


def test_both_commit_in_turn(lake):
    lake.firn("append", 0, 10)
    for i in range(1, 5):
        if i % 2:
            lake.table().append(arrow(i * 10, 10))
        else:
            lake.firn("append", i * 10, 10)
    table = lake.table()
    assert read(table) == rows(0, 50)
    assert sum(lake.firn("files").values()) == 50
    summary = table.current_snapshot().summary
    assert summary["total-records"] == "50"
    assert int(summary["total-data-files"]) == len(lake.firn("files"))
    assert [s.sequence_number for s in table.metadata.snapshots] == [1, 2, 3, 4, 5]
    assert len(table.metadata.metadata_log) == 5


def test_summary_has_the_values_of_pyiceberg(lake):
    """The same rows appended by each: every number PyIceberg gives must be the one firn gives."""
    lake.firn("append", 0, 9)
    ours = lake.table().current_snapshot().summary.additional_properties
    theirs_table = lake.catalog().create_table("db.theirs", schema=lake.table().schema(),
                                               partition_spec=lake.table().spec())
    theirs_table.append(arrow(0, 9))
    theirs = theirs_table.current_snapshot().summary.additional_properties
    for key, value in theirs.items():
        if not key.endswith("files-size"):
            assert ours[key] == value, key
    assert set(theirs) <= set(ours)


def test_removal_is_seen(lake):
    lake.firn("append", 0, 30)
    kept = lake.firn("remove")
    table = lake.table()
    assert len(read(table)) == sum(kept.values()) == 20
    assert {t.file.file_path for t in table.scan().plan_files()} == set(kept)
    entries = table.inspect.entries().to_pylist()
    assert [e["status"] for e in entries].count(2) == 1
    assert table.current_snapshot().summary.operation.value == "delete"


def test_delete_of_pyiceberg_is_seen(lake):
    lake.firn("append", 0, 30)
    table = lake.table()
    table.delete("id < 7")
    files = lake.firn("append", 30, 3)
    assert sum(files.values()) == 26
    assert read(lake.table()) == rows(7, 26)


def test_evolved_table_is_read_and_written_by_both(lake):
    lake.firn("append", 0, 10)
    lake.firn("evolve")
    table = lake.table()
    assert [f.name for f in table.schema().fields] == ["id", "day", "name", "cost", "note"]
    assert [f.field_id for f in table.schema().fields] == [1, 2, 3, 4, 5]
    assert table.schema().find_field("note").doc == "added"
    assert [f.name for f in table.spec().fields] == ["day", "id_bucket_4"]
    assert table.spec().fields[1].field_id == 1001
    assert table.properties["comment"] == "evolved"
    lake.firn("append", 10, 10)

    def want(n):
        return [{"id": r["id"], "day": r["day"], "name": r["name"], "cost": r["price"],
                 "note": "x" if r["id"] >= 20 else None} for r in rows(0, n)]

    assert read(lake.table()) == want(20)
    assert read(lake.table(), row_filter="id == 13") == want(20)[13:14]
    pytest.importorskip("pyiceberg_core", reason="PyIceberg writes bucket partitions only with it")
    new = arrow(20, 5).rename_columns(["id", "day", "name", "cost"])
    lake.table().append(new.append_column("note", pa.array(["x"] * 5)))
    assert read(lake.table()) == want(25)
    assert sum(lake.firn("files").values()) == 25


def test_duckdb_reads_the_table(lake):
    duckdb = pytest.importorskip("duckdb")
    lake.firn("append", 0, 30)
    files = list(lake.firn("files"))
    got = duckdb.sql(f"select id, name, price from read_parquet({files!r}) order by id").fetchall()
    assert got == [(r["id"], r["name"], r["price"]) for r in rows(0, 30)]
