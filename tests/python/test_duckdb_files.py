# SPDX-License-Identifier: Apache-2.0
"""Parquet files by DuckDB: the rows are the same whatever the options of its writer. pyarrow refuses some of its deltas."""
import itertools

import duckdb
import pyarrow.parquet as pq
import pytest

TYPES = """SELECT i::TINYINT i8, i::UTINYINT u8, (i * 300)::USMALLINT u16, (i * -70000)::INTEGER i32, (i * 30000000)::UINTEGER u32,
  (i * -9000000000000000)::BIGINT i64, (18446744073709551615 - i::UBIGINT)::UBIGINT u64, i % 3 = 0 b, (i / 3)::FLOAT f, (i / 7)::DOUBLE d,
  i::DECIMAL(4, 1) d4, (-i)::DECIMAL(9, 2) d9, (i * 1000)::DECIMAL(18, 3) d18, (i * -12345678901)::DECIMAL(38, 10) d38,
  DATE '2020-01-01' - i::INT dt, TIME '01:02:03.000004' + INTERVAL (i) SECOND tm, TIMESTAMP '1969-12-31 23:59:59.999999' + INTERVAL (i) DAY ts,
  TIMESTAMP_S '2020-01-01 00:00:07' ts_s, TIMESTAMP_MS '2020-01-01 00:00:00.007' ts_ms, TIMESTAMP_NS '2020-01-01 00:00:00.123456789' ts_ns,
  TIMESTAMPTZ '2020-01-01 00:00:00Z' tz, ('00000000-0000-0000-0000-0000000000' || (10 + i % 90))::UUID u, INTERVAL (i) MONTH iv,
  CASE WHEN i % 5 > 0 THEN 'text ' || i % 7 END s, 'prefix ' || repeat('x', i::INT % 40) || i p, ('\\x0' || (i % 10))::BLOB bl,
  [i, NULL, i + 1][1 : i % 4] l, {'a': i, 'b': [i::VARCHAR, NULL]} st, MAP {'k': i, 'l': NULL} m, [[i], NULL, []] ll, NULL::INT nothing
  FROM range(-60, 60) r(n), LATERAL (SELECT n + 60 AS i)"""
CODECS = ["uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4", "lz4_raw"]


def write(path, query, **options):
    given = "".join(f", {name} {value}" for name, value in options.items())
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet{given})")
    return path


def lines(home, path):
    return home.run("cat", "--canonical", path).stdout


def test_rows_do_not_depend_on_options(home, tmp_path):
    first = write(tmp_path / "first.parquet", TYPES, PARQUET_VERSION="V1", COMPRESSION="uncompressed")
    want = lines(home, first)
    assert want.count("\n") == pq.read_metadata(first).num_rows == 120
    choices = [{"COMPRESSION": codec} for codec in CODECS]
    choices += [{"ROW_GROUP_SIZE": n} for n in (1, 7, 2048)]
    choices += [{"DICTIONARY_SIZE_LIMIT": n} for n in (0, 3, 1000000)] + [{"STRING_DICTIONARY_PAGE_SIZE_LIMIT": 10}]
    choices += [{"WRITE_BLOOM_FILTER": "false"}, {"FIELD_IDS": "'auto'"}]
    for version, choice in itertools.product(("V1", "V2"), choices):
        path = write(tmp_path / "other.parquet", TYPES, PARQUET_VERSION=version, **choice)
        assert lines(home, path) == want, (version, choice)


@pytest.mark.parametrize("version", ["V1", "V2"])
def test_values_at_the_ends_of_types_are_read(home, tmp_path, version):
    ends = """SELECT unnest([-2147483648, 2147483647, 0]::INT[]) i, unnest([-9223372036854775808, 9223372036854775807, 0]::BIGINT[]) l,
      unnest(['-inf', 'inf', '-0']::DOUBLE[]) d, unnest(['5877642-06-25 (BC)', '5881580-07-10', '1970-01-01']::DATE[]) dt,
      unnest(['-infinity', 'infinity', 'epoch']::TIMESTAMP[]) ts"""
    path = write(tmp_path / "ends.parquet", ends, PARQUET_VERSION=version, DICTIONARY_SIZE_LIMIT=0)
    assert lines(home, path).splitlines() == [
        "[-2147483648,-9223372036854775808,-Infinity,-2147483646,-9223372036854775807]",
        "[2147483647,9223372036854775807,Infinity,2147483646,9223372036854775807]", "[0,0,-0,0,0]"]
