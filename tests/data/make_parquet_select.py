#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Parquet fixtures of page selection: the same rows in small pages, with and without page index,
pages of both versions, by pyarrow and (with bloom filters) by DuckDB.
usage: make_parquet_select.py   (writes tests/data/parquet_select/*.parquet; deterministic)"""
import decimal
import math
import os
import random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'parquet_select')
R = random.Random(11)
N = 3000


def some(make, nulls=0.1):
    return [None if R.random() < nulls else make(i) for i in range(N)]


def doubles(i):
    return R.choice([math.nan, math.inf, -math.inf, 0.0, -0.0, R.uniform(-9, 9), float(i)])


def texts(i):
    return R.choice(['', 'ä', 'key-%d' % (i // 100), 'a longer text with number %d' % R.randrange(400)])


def column(name, type_, values, required=False):
    COLUMNS.append((pa.field(name, type_, not required, {'PARQUET:field_id': str(len(COLUMNS) + 1)}), values))


COLUMNS = []
column('id', pa.int64(), [i * 3 for i in range(N)], True)
column('few', pa.int32(), some(lambda i: R.randrange(12) + i // 1000 * 4))
column('real', pa.float64(), some(doubles))
column('narrow', pa.float32(), some(lambda i: R.choice([math.nan, float(R.randrange(50))])))
column('text', pa.string(), some(texts))
column('money', pa.decimal128(20, 3), some(lambda i: decimal.Decimal(R.randrange(-10**6, 10**6)).scaleb(-3)))
column('cents', pa.decimal128(9, 2), some(lambda i: decimal.Decimal(i - 500).scaleb(-2)))
column('at', pa.timestamp('us'), some(lambda i: 1700000000000000 + i // 50 * 1000000))
column('flag', pa.bool_(), some(lambda i: i % 700 < 20))
column('blob', pa.binary(), some(lambda i: bytes([i % 256, 255 - i % 7])))
column('gone', pa.int32(), [None if i < 1700 else i // 10 for i in range(N)])
column('list', pa.list_(pa.field('element', pa.int32(), True, {'PARQUET:field_id': '100'})),
       some(lambda i: [R.choice([None, i]) for _ in range(R.choice([0, 1, 1, 2, 7]))]))
column('pair', pa.struct([pa.field('a', pa.int64(), True, {'PARQUET:field_id': '101'}),
                          pa.field('b', pa.string(), True, {'PARQUET:field_id': '102'})]),
       some(lambda i: {'a': R.choice([None, i]), 'b': R.choice(['x', 'yy', None])}))
# pages of one value
column('steps', pa.int64(), [i // 900 for i in range(N)])


def main():
    os.makedirs(OUT, exist_ok=True)
    table = pa.Table.from_arrays([pa.array(v, f.type) for f, v in COLUMNS], schema=pa.schema([f for f, _ in COLUMNS]))

    def write(name, **options):
        pq.write_table(table, os.path.join(OUT, name), row_group_size=1600, data_page_size=1000,
                       write_batch_size=100, **options)

    write('index_v1_zstd.parquet', write_page_index=True, compression='zstd', use_dictionary=['few', 'text'])
    write('index_v2_none.parquet', write_page_index=True, compression='none', use_dictionary=False,
          data_page_version='2.0', column_encoding={'steps': 'DELTA_BINARY_PACKED', 'at': 'DELTA_BINARY_PACKED', 'text': 'DELTA_BYTE_ARRAY',
                                                    'real': 'BYTE_STREAM_SPLIT', 'blob': 'DELTA_LENGTH_BYTE_ARRAY'})
    write('plain_v1_snappy.parquet', compression='snappy', use_dictionary=['few', 'text', 'blob'])
    write('plain_v2_zstd.parquet', compression='zstd', data_page_version='2.0', use_dictionary=False)
    db = duckdb.connect()
    db.execute('set threads = 1')
    db.register('t', table)
    ids = ', '.join("'%s': %d" % (f.name, i + 1) for i, (f, _) in enumerate(COLUMNS) if f.name not in ('list', 'pair'))
    db.execute("copy (select * exclude (list, pair) from t) to '%s/bloom_duckdb.parquet' (format parquet, "
               "row_group_size 2048, compression zstd, field_ids {%s})" % (OUT, ids))
    seeds()


def seeds():
    """Files as small as they get for fuzz/corpus/parquet_index."""
    out = os.path.join(os.path.dirname(OUT), '..', '..', 'fuzz', 'corpus', 'parquet_index')
    os.makedirs(out, exist_ok=True)
    table = pa.table({'a': pa.array(list(range(60)), pa.int64()),
                      'b': pa.array([None if i % 3 else 'text %d' % (i // 9) for i in range(60)])})
    nested = pa.table({'a': table['a'], 'l': [[i] * (i % 3) for i in range(60)]})
    for name, rows, options in (('flat', table, {}), ('plain', table, {'use_dictionary': False}),
                                ('nested', nested, {'data_page_version': '2.0'})):
        pq.write_table(rows, os.path.join(out, name + '.parquet'), write_page_index=True, compression='none',
                       data_page_size=64, write_batch_size=10, store_schema=False, **options)
    db = duckdb.connect()
    db.register('t', table)
    db.execute("copy t to '%s/bloom.parquet' (format parquet, compression uncompressed)" % out)


if __name__ == '__main__':
    main()
