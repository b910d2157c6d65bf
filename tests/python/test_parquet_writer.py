# SPDX-License-Identifier: Apache-2.0
"""pyarrow and DuckDB read what the Parquet writer wrote.

The program tests/test_parquet_write_all of the build in FIRN_BUILD (default build/dev) writes the
files; the formulas below are those of tests/format/test_parquet_write_all.c.
"""

import datetime
import decimal
import json
import math
import os
import pathlib
import struct
import subprocess
import uuid

import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FIRN_BUILD", ROOT / "build" / "dev"))
FILES = {
    "defaults": 5000,
    "small_pages": 5000,
    "small_bytes": 5000,
    "gzip": 1000,
    "lz4": 1000,
    "brotli": 1000,
    "one_row": 1,
    "empty": 0,
}
EPOCH = datetime.datetime(1970, 1, 1)
DAY = datetime.date(1970, 1, 1)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    program = BUILD / "tests" / "test_parquet_write_all"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    path = tmp_path_factory.mktemp("parquet")
    subprocess.run([program, path], check=True)
    return path


def micros(n):
    return EPOCH + datetime.timedelta(microseconds=n)


def f32(v):
    return struct.unpack("<f", struct.pack("<f", v))[0]


def text(v, scale):
    return decimal.Decimal(v).scaleb(-scale, decimal.Context(prec=60))


def noise(i):
    mixed = i * 2654435761 % 2**32
    return (mixed ^ mixed >> 15) * 2246822519 % 2**32 >> 8


def expected_row(i):
    row = {
        "b": i % 3 == 0,
        "i": None if i % 7 == 0 else i * 7919 % 1000 - 500,
        "l": 10**12 + 3 * i,
        "f": None if i % 13 == 0 else (math.nan if i % 11 == 0 else f32(i / 8 - 100)),
        "d": math.nan if i % 10 == 0 else -(i % 4000) * 0.5,
        "dec9": text(i * 37 - 1000, 2),
        "dec18": text(i * 10**9 + 1, 4),
        "dec38": None if i % 17 == 0 else text((i - 500) * 10**20 + i, 10),
        "date": DAY + datetime.timedelta(days=i - 1000),
        "time": (EPOCH + datetime.timedelta(microseconds=i * 1234567 % 86400000000)).time(),
        "ts": micros(i * 1000003 - 5000000),
        "tstz": micros(i // 100 * 1000000),
        "ts_ns": i * 1001,
        "tstz_ns": -i * 999,
        "s": None if i % 5 == 0 else f"name-{i % 100}",
        "text": f"comment number {i * 7919} é",
        "uuid": bytes(i * (k + 1) % 256 for k in range(16)),
        "fixed": b"%05d" % i,
        "bin": None if i % 4 == 1 else bytes([i % 256]) * (i % 30),
        "tags": None
        if i % 9 == 0
        else [None if (i + k) % 6 == 0 else f"e{i}-{k}" for k in range(i % 4)],
        "map": [(f"k{k}", None if k == 1 and i % 2 else i * 10 + k) for k in range(i % 3)],
        "point": None
        if i % 8 == 0
        else {"x": 2 * i, "y": None if i % 3 == 0 else {"z": f"z{i % 50}"}},
        "matrix": [[i * 100 + k * 10 + m for m in range(k + i % 2)] for k in range(i % 3)],
        "geo": struct.pack("<BIdd", 1, 1, i, -float(i)),
        "noise": noise(i),
    }
    return row


def same(a, b):
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return a == b


def read_column(table, name):
    column = table.column(name)
    if name in ("ts_ns", "tstz_ns"):
        return column.cast(pa.int64()).to_pylist()
    values = column.to_pylist()
    if name == "tstz":
        return [v.replace(tzinfo=None) for v in values]
    if name == "uuid":
        return [v.bytes if isinstance(v, uuid.UUID) else v for v in values]
    return values


@pytest.mark.parametrize("name", FILES)
def test_pyarrow_reads_the_same_values(folder, name):
    table = pq.read_table(folder / f"{name}.parquet")
    assert table.num_rows == FILES[name]
    assert "nothing" not in table.column_names
    expected = [expected_row(i) for i in range(FILES[name])]
    for column in table.column_names:
        found = read_column(table, column)
        for i, row in enumerate(expected):
            assert same(row[column], found[i]), (column, i, row[column], found[i])


@pytest.mark.parametrize("name", ["defaults", "small_pages", "one_row", "empty"])
def test_duckdb_reads_the_same_values(folder, name):
    duckdb = pytest.importorskip("duckdb")
    path = folder / f"{name}.parquet"
    query = f"""select b, i, l, f, d, dec9, dec18, dec38, date, time, ts, s, text,
        fixed, bin, tags, point, matrix, epoch_us(tstz), map_entries(map) from '{path}'"""
    rows = duckdb.sql(query).fetchall()
    assert len(rows) == FILES[name]
    names = """b i l f d dec9 dec18 dec38 date time ts s text fixed bin tags point matrix""".split()
    for i, row in enumerate(rows):
        want = expected_row(i)
        for column, value in zip(names, row):
            assert same(want[column], value), (column, i)
        assert row[18] == i // 100 * 1000000
        assert [(e["key"], e["value"]) for e in row[19]] == want["map"]


def field_ids(element, out, path=()):
    for field in element:
        meta = field.metadata or {}
        if b"PARQUET:field_id" in meta:
            out[".".join(path + (field.name,))] = int(meta[b"PARQUET:field_id"])
        kind = field.type
        if pa.types.is_struct(kind):
            field_ids(kind, out, path + (field.name,))
        elif pa.types.is_map(kind):
            field_ids([kind.key_field, kind.item_field], out, path + (field.name,))
        elif pa.types.is_list(kind):
            field_ids([kind.value_field], out, path + (field.name,))
    return out


def test_schema_has_field_ids_types_and_nullability(folder):
    schema = pq.read_schema(folder / "defaults.parquet")
    ids = field_ids(schema, {})
    for number, name in enumerate(
        "b i l f d dec9 dec18 dec38 date time ts tstz ts_ns tstz_ns s text uuid fixed bin".split(), 1
    ):
        assert ids[name] == number
    assert ids["tags"] == 20 and ids["tags.element"] == 21
    assert ids["map"] == 22 and ids["map.key"] == 23 and ids["map.value"] == 24
    assert ids["point"] == 25 and ids["point.x"] == 26 and ids["point.y.z"] == 28
    assert ids["matrix.element.element"] == 31
    assert not schema.field("b").nullable and schema.field("i").nullable
    assert not schema.field("point").type.field("x").nullable
    assert schema.field("ts").type == pa.timestamp("us")
    assert schema.field("tstz").type == pa.timestamp("us", "UTC")
    assert schema.field("ts_ns").type == pa.timestamp("ns")
    assert schema.field("dec38").type == pa.decimal128(38, 10)


def test_parquet_schema_is_the_one_iceberg_prescribes(folder):
    schema = pq.ParquetFile(folder / "defaults.parquet").schema
    columns = {schema.column(i).path: schema.column(i) for i in range(len(schema))}
    assert columns["tags.list.element"].max_definition_level == 3
    assert columns["tags.list.element"].max_repetition_level == 1
    assert columns["map.key_value.key"].max_definition_level == 2
    assert columns["matrix.list.element.list.element"].max_definition_level == 4
    assert columns["dec9"].physical_type == "INT32"
    assert columns["dec18"].physical_type == "INT64"
    assert columns["dec38"].physical_type == "FIXED_LEN_BYTE_ARRAY"
    assert columns["dec38"].length == 16
    assert columns["uuid"].length == 16
    assert str(columns["uuid"].logical_type) == "UUID"
    assert json.loads(columns["ts"].logical_type.to_json())["isAdjustedToUTC"] is False
    assert json.loads(columns["tstz"].logical_type.to_json())["isAdjustedToUTC"] is True
    assert columns["ts_ns"].converted_type == "NONE"
    assert columns["text"].converted_type == "UTF8"


def test_file_metadata_and_key_values(folder):
    meta = pq.read_metadata(folder / "small_pages.parquet")
    assert meta.created_by == "firn version 0.1.0"
    assert meta.metadata[b"iceberg.schema"] == b'{"type":"struct"}'
    assert [meta.row_group(g).num_rows for g in range(meta.num_row_groups)] == [1999, 1999, 1002]
    lines = [json.loads(line) for line in open(folder / "small_pages.jsonl")]
    starts = []
    for g in range(meta.num_row_groups):
        column = meta.row_group(g).column(0)
        starts.append(column.dictionary_page_offset or column.data_page_offset)
    assert lines[0]["splits"] == starts
    assert lines[0]["bytes"] == (folder / "small_pages.parquet").stat().st_size


@pytest.mark.parametrize("name", ["defaults", "small_pages", "small_bytes"])
def test_statistics_match_the_values(folder, name):
    file = pq.ParquetFile(folder / f"{name}.parquet")
    first = 0
    for g in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(g)
        rows = [expected_row(i) for i in range(first, first + group.num_rows)]
        first += group.num_rows
        for c in range(group.num_columns):
            column = group.column(c)
            key = column.path_in_schema
            stats = column.statistics
            if key == "geo":  # geometry has no order
                assert stats is None or not stats.has_min_max
                continue
            assert stats is not None and stats.has_null_count
            if key not in rows[0] or key in ("uuid", "ts_ns", "tstz_ns"):
                continue
            values = [r[key] for r in rows if r[key] is not None]
            assert stats.null_count == len(rows) - len(values)
            values = [v for v in values if v == v]
            low, high = stats.min, stats.max
            if key == "tstz":
                low, high = low.replace(tzinfo=None), high.replace(tzinfo=None)
            assert low == min(values) and high == max(values), key


def test_encodings_are_chosen_by_size(folder):
    group = pq.read_metadata(folder / "defaults.parquet").row_group(0)
    encodings = {
        group.column(c).path_in_schema: set(group.column(c).encodings)
        for c in range(group.num_columns)
    }
    assert "RLE_DICTIONARY" in encodings["s"]
    assert "RLE_DICTIONARY" not in encodings["text"]
    assert "DELTA_BINARY_PACKED" in encodings["l"]
    assert "BYTE_STREAM_SPLIT" in encodings["noise"]
    assert encodings["b"] == {"RLE", "PLAIN"}
    # a dictionary that outgrows its limit leaves its first pages as they are
    group = pq.read_metadata(folder / "small_pages.parquet").row_group(0)
    mixed = [
        group.column(c).path_in_schema
        for c in range(group.num_columns)
        if {"RLE_DICTIONARY", "PLAIN"} <= set(group.column(c).encodings)
    ]
    assert mixed


def test_delta_can_be_switched_off(folder):
    group = pq.read_metadata(folder / "gzip.parquet").row_group(0)
    for c in range(group.num_columns):
        assert not {"DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"} & set(group.column(c).encodings)


def test_iceberg_metrics(folder):
    lines = [json.loads(line) for line in open(folder / "small_pages.jsonl")]
    by_id = {line["id"]: line for line in lines[1:]}
    rows = [expected_row(i) for i in range(5000)]
    assert lines[0]["rows"] == 5000
    assert sorted(by_id) == [line["id"] for line in lines[1:]]
    assert by_id[2]["values"] == 5000
    assert by_id[2]["nulls"] == sum(r["i"] is None for r in rows)
    assert by_id[2]["nans"] == -1
    assert by_id[4]["nans"] == sum(r["f"] is not None and r["f"] != r["f"] for r in rows)
    assert by_id[5]["nans"] == 500
    assert bytes.fromhex(by_id[3]["lower"]) == struct.pack("<q", 10**12)
    assert bytes.fromhex(by_id[3]["upper"]) == struct.pack("<q", 10**12 + 3 * 4999)
    assert bytes.fromhex(by_id[5]["lower"]) == struct.pack("<d", -1999.5)
    # counts only, none, full and a cut of 6
    assert "lower" not in by_id[6] and by_id[6]["values"] == 5000
    assert by_id[7]["values"] == -1 and by_id[7]["size"] > 0
    texts = sorted(r["text"].encode() for r in rows)
    assert bytes.fromhex(by_id[16]["lower"]) == texts[0]
    assert bytes.fromhex(by_id[16]["upper"]) == texts[-1]
    assert bytes.fromhex(by_id[15]["lower"]) == b"name-1"
    assert bytes.fromhex(by_id[15]["upper"]) == b"name-:"  # "name-9" with its end incremented
    # list elements are counted but have no bounds
    assert by_id[21]["values"] == sum(max(1, len(r["tags"] or [])) for r in rows)
    assert "lower" not in by_id[21]
    meta = pq.read_metadata(folder / "small_pages.parquet")
    size = sum(meta.row_group(g).column(1).total_compressed_size for g in range(3))
    assert by_id[2]["size"] == size


def test_pyiceberg_computes_the_same_metrics(folder):
    pytest.importorskip("pyiceberg")
    from pyiceberg.conversions import from_bytes
    from pyiceberg.types import DecimalType, LongType, StringType

    lines = [json.loads(line) for line in open(folder / "defaults.jsonl")]
    by_id = {line["id"]: line for line in lines[1:]}
    low = from_bytes(DecimalType(38, 10), bytes.fromhex(by_id[8]["lower"]))
    rows = [expected_row(i) for i in range(5000)]
    assert low == min(r["dec38"] for r in rows if r["dec38"] is not None)
    assert from_bytes(LongType(), bytes.fromhex(by_id[3]["upper"])) == max(r["l"] for r in rows)
    upper = from_bytes(StringType(), bytes.fromhex(by_id[16]["upper"]))
    assert upper > max(r["text"] for r in rows) and len(upper) == 16
