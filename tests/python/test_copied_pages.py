# SPDX-License-Identifier: Apache-2.0
"""Files put together from pages of other writers' files, as PyIceberg, DuckDB and pyarrow read
them: every codec, page version and encoding; filters that use statistics and page indexes."""
import json

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pyiceberg.io.pyarrow
import pytest

from conftest import Home
from judge import PRIMITIVES, arrow_rows, arrow_table, ask, field, primitive_columns
from pyiceberg.schema import Schema
from pyiceberg.types import ListType, LongType, MapType, StringType, StructType

NESTED = [
    ("names", ListType(101, StringType(), element_required=False)),
    ("place", StructType(field(102, "lat", LongType()), field(103, "name", StringType()))),
    ("tags", MapType(104, StringType(), 105, LongType(), value_required=False)),
]
SCHEMA = Schema(*[field(i + 1, n, t) for i, (n, t) in enumerate(PRIMITIVES + NESTED)])
DELTAS = {"i": "DELTA_BINARY_PACKED", "l": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY",
          "bin": "DELTA_LENGTH_BYTE_ARRAY", "d": "BYTE_STREAM_SPLIT", "f": "BYTE_STREAM_SPLIT"}
# The codec of the table, what pyarrow's writer is told, and an encoding that tells copied pages.
WRITERS = {
    "zstd, v1, dictionaries": ("zstd", {}, None),
    "zstd, v2, page index": ("zstd", {"data_page_version": "2.0", "write_page_index": True}, None),
    "snappy, small pages": ("snappy", {"data_page_size": 2048, "write_page_index": True,
                                       "write_batch_size": 256}, None),
    "gzip, plain": ("gzip", {"use_dictionary": False, "write_page_checksum": True}, None),
    "lz4_raw, deltas": ("lz4_raw", {"use_dictionary": False, "column_encoding": DELTAS},
                        "DELTA_BINARY_PACKED"),
    "brotli, v2, deltas": ("brotli", {"use_dictionary": False, "column_encoding": DELTAS,
                                      "data_page_version": "2.0"}, "DELTA_BINARY_PACKED"),
    "uncompressed, checksums": ("uncompressed", {"write_page_checksum": True,
                                                 "write_page_index": True}, None),
}
N_FILES, N_ROWS = 4, 1500


def columns_of(start):
    made = primitive_columns(N_ROWS, start)
    made["s"] = [f"text {(start + i) % 37}" for i in range(N_ROWS)]
    made["i"] = [start + i for i in range(N_ROWS)]
    rows = range(start, start + N_ROWS)
    made["names"] = [None if i % 7 == 0 else [f"n{k % 5}" for k in range(i % 4)] for i in rows]
    made["place"] = [None if i % 5 == 0 else {"lat": i, "name": f"p{i % 9}"} for i in rows]
    made["tags"] = [[(f"k{k}", i + k) for k in range(i % 3)] for i in rows]
    return made


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.run("init")
    return home


def data_files(home):
    files = json.loads(home.run("table", "files", "r.t", "--format", "json").stdout)
    return [f["path"].removeprefix("file://") for f in files]


def make(home, monkeypatch, codec, options):
    catalog = home.pyiceberg()
    catalog.create_namespace("r")
    pyarrow_codec = {"lz4_raw": "lz4", "uncompressed": "none"}.get(codec, codec)
    table = catalog.create_table("r.t", SCHEMA, properties={
        "write.parquet.compression-codec": codec, "write.parquet.page-row-limit": "400"})

    class Writer(pq.ParquetWriter):
        def __init__(self, where, schema, **told):
            told.update(options, compression=pyarrow_codec)
            super().__init__(where, schema, **told)

    monkeypatch.setattr(pyiceberg.io.pyarrow.pq, "ParquetWriter", Writer)
    for k in range(N_FILES):
        table.append(arrow_table(table.schema(), columns_of(k * N_ROWS)))
    monkeypatch.undo()
    return table


@pytest.mark.parametrize("name", WRITERS)
def test_readers_find_the_same_rows(home, monkeypatch, name):
    codec, options, encoding = WRITERS[name]
    table = make(home, monkeypatch, codec, options)
    before = arrow_rows(table.scan().to_arrow(), table.schema())
    ranges = [(0, 9), (1490, 1510), (4000, 4003), (5990, 9000)]
    queries = [f"SELECT count(*), sum(i), min(s), sum(place.lat) FROM r.t WHERE i BETWEEN {a} AND {b}"
               for a, b in ranges] + ["SELECT count(*) FROM r.t WHERE s = 'text 11'",
                                      "SELECT count(*), sum(i) FROM r.t WHERE u IS NULL OR d > 100"]
    answers = ask(home, queries)
    home.run("table", "rewrite_data_files", "r.t", "options=rewrite-all=true")
    (path,) = data_files(home)
    assert ask(home, queries) == answers
    assert arrow_rows(home.pyiceberg().load_table("r.t").scan().to_arrow(), table.schema()) == before
    source = pq.ParquetFile(path, page_checksum_verification=True)
    assert source.read().num_rows == N_FILES * N_ROWS
    meta = source.metadata
    if encoding:
        assert encoding in meta.row_group(0).column(1).encodings
    for a, b in ranges:
        want = pq.read_table(path, filters=[("i", ">=", a), ("i", "<=", b)])
        found = duckdb.execute(f"SELECT count(*) FROM read_parquet('{path}') WHERE i BETWEEN {a} AND {b}").fetchall()
        assert found[0][0] == len(want) == max(0, min(b, N_FILES * N_ROWS - 1) - a + 1)
    assert home.run("doctor", "r.t").returncode == 0


# Few rows in one place, whole pages, rows everywhere.
GONE = [("i BETWEEN 700 AND 703", lambda i: 700 <= i <= 703), ("i BETWEEN 2000 AND 3200", lambda i: 2000 <= i <= 3200), ("i % 97 = 5", lambda i: i % 97 == 5)]


@pytest.mark.parametrize("name", WRITERS)
def test_rows_that_go_leave_the_others(home, monkeypatch, name):
    codec, options, _ = WRITERS[name]
    table = make(home, monkeypatch, codec, options)
    want = table.scan().to_arrow()
    for condition, is_gone in GONE:
        home.run("sql", "-c", f"DELETE FROM r.t WHERE {condition}")
        want = want.filter(pa.array([not is_gone(i) for i in want["i"].to_pylist()]))
        found = home.pyiceberg().load_table("r.t").scan().to_arrow()
        assert arrow_rows(found, table.schema()) == arrow_rows(want, table.schema())
    assert sum(pq.ParquetFile(path, page_checksum_verification=True).read().num_rows for path in data_files(home)) == len(want)
    assert home.run("doctor", "r.t").returncode == 0


def test_an_upsert_takes_over_the_pages_it_does_not_touch(home):
    home.run("sql", stdin="""CREATE SCHEMA r; CREATE TABLE r.t (id BIGINT, v DOUBLE, s STRING);
        INSERT INTO r.t SELECT i, random(), 'name ' || i FROM range(200000) t(i)""")
    (before,) = data_files(home)
    home.run("sql", "-c", "MERGE INTO r.t USING (SELECT i AS id, 0.5::DOUBLE AS v, 'new ' || i AS s FROM range(199000, 201000) r(i)) u ON t.id = u.id "
             "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *")
    assert home.sql("SELECT count(*) AS n, sum(id) AS i, count(*) FILTER (s LIKE 'new%' AND v = 0.5) AS u FROM r.t") == [
        {"n": "201000", "i": str(201000 * 200999 // 2), "u": "2000"}]
    (after,) = data_files(home)
    old, new = (open(path, "rb").read() for path in (before, after))
    for column in range(3):
        chunk = pq.ParquetFile(before).metadata.row_group(0).column(column)
        part = old[chunk.data_page_offset:][:chunk.total_compressed_size * 2 // 3]
        assert part in new, chunk.path_in_schema


def test_metrics_are_those_of_rows_encoded_anew(home):
    home.run("sql", stdin="""CREATE SCHEMA r; CREATE TABLE r.t (id BIGINT, s STRING, d DOUBLE, n INT);
        INSERT INTO r.t SELECT i, 'name ' || i % 50, CASE WHEN i % 9 = 0 THEN 'nan'::DOUBLE ELSE i / 7 END,
          CASE WHEN i % 4 = 0 THEN i END FROM range(20000) t(i);
        INSERT INTO r.t SELECT i, 'other ' || i % 70, i / 7, i FROM range(20000, 40000) t(i)""")
    home.run("table", "rewrite_data_files", "r.t", "options=rewrite-all=true")
    home.run("sql", "-c", "CREATE TABLE r.again AS SELECT * FROM r.t")

    def metrics(name):
        (task,) = home.pyiceberg().load_table(name).scan().plan_files()
        f = task.file
        return (f.record_count, f.value_counts, f.null_value_counts, f.nan_value_counts,
                f.lower_bounds, f.upper_bounds)

    assert metrics("r.t") == metrics("r.again")


def test_copied_and_decoded_columns_meet(home):
    """Row ids, a new column, a promoted one and a file with deletes beside pages that are taken over."""
    home.run("sql", stdin="""CREATE TABLE v (id BIGINT, k INT, s STRING)
          TBLPROPERTIES ('format-version' = '3', 'write.delete.mode' = 'merge-on-read');
        INSERT INTO v SELECT i, i % 50, 'n ' || i % 100 FROM range(30000) t(i);
        INSERT INTO v SELECT i, i % 50, 'm ' || i % 130 FROM range(1200000) t(i);
        INSERT INTO v SELECT i, i % 50, 'q ' || i % 100 FROM range(30000) t(i);
        DELETE FROM v WHERE id % 1000 = 7 AND s LIKE 'q%';
        ALTER TABLE v ADD COLUMN x INT; ALTER TABLE v ALTER COLUMN k TYPE BIGINT""")
    query = "SELECT count(*), sum(hash(id, k, s, x, _row_id, _last_updated_sequence_number)) FROM v"
    before = home.run("sql", "--format", "csv", "-c", query).stdout
    for options in ("", ",target-file-size-bytes=2000000,min-file-size-bytes=1", ""):
        home.run("table", "rewrite_data_files", "default.v", "options=rewrite-all=true" + options)
        assert home.run("sql", "--format", "csv", "-c", query).stdout == before
    assert home.run("doctor", "--deep", "default.v").returncode == 0
