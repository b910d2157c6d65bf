#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Parquet fixtures of tests/format: small files by pyarrow, and beside each the rows pyarrow reads
from it as canonical text (tests/support/parquet_canon.h).
usage: make_parquet.py   (writes tests/data/parquet/*.parquet and *.rows; deterministic)"""
import datetime
import decimal
import math
import os
import random
import sys

import pyarrow as pa
import pyarrow.parquet as pq

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'parquet')
R = random.Random(7)
N = 90


def real(v, digits):
    if v != v:
        return 'NaN'
    if math.isinf(v):
        return 'Infinity' if v > 0 else '-Infinity'
    return '%.*g' % (digits, v)


def text(s):
    out = []
    for ch in s:
        if ch in '"\\':
            out.append('\\' + ch)
        elif ord(ch) < 0x20:
            out.append('\\u%04x' % ord(ch))
        else:
            out.append(ch)
    return '"' + ''.join(out) + '"'


def render(a):
    """Canonical text of each value of an array."""
    t = a.type
    if pa.types.is_timestamp(t) or pa.types.is_time64(t):
        return render(a.cast(pa.int64()))
    if pa.types.is_date32(t) or pa.types.is_time32(t):
        return render(a.cast(pa.int32()))
    if pa.types.is_map(t):
        pairs = [render(a.keys), render(a.items)]
        off = a.offsets.to_pylist()
        return ['[' + ','.join(f'[{pairs[0][j]},{pairs[1][j]}]' for j in range(off[i], off[i + 1])) + ']'
                if ok else 'null' for i, ok in enumerate(a.is_valid().to_pylist())]
    if pa.types.is_list(t):
        values = render(a.values)
        off = a.offsets.to_pylist()
        return ['[' + ','.join(values[off[i]:off[i + 1]]) + ']' if ok else 'null'
                for i, ok in enumerate(a.is_valid().to_pylist())]
    if pa.types.is_struct(t):
        parts = [render(a.field(i)) for i in range(t.num_fields)]
        names = [text(t.field(i).name) for i in range(t.num_fields)]
        return ['{' + ','.join(f'{n}:{p[i]}' for n, p in zip(names, parts)) + '}' if ok else 'null'
                for i, ok in enumerate(a.is_valid().to_pylist())]
    if pa.types.is_boolean(t):
        put = lambda v: 'true' if v else 'false'
    elif pa.types.is_float16(t) or pa.types.is_float32(t):
        put = lambda v: real(v, 9)
    elif pa.types.is_floating(t):
        put = lambda v: real(v, 17)
    elif pa.types.is_decimal(t):
        put = lambda v: '"' + format(v, 'f') + '"'
    elif pa.types.is_string(t):
        put = text
    elif pa.types.is_binary(t) or pa.types.is_fixed_size_binary(t):
        put = lambda v: '"' + v.hex() + '"'
    else:
        put = str
    return ['null' if v is None else put(v) for v in a.to_pylist()]


def write(name, table, **options):
    path = os.path.join(OUT, name)
    pq.write_table(table, path + '.parquet', **options)
    back = pq.read_table(path + '.parquet', use_threads=False)
    columns = [sum((render(c) for c in col.chunks), []) for col in back.columns]
    with open(path + '.rows', 'w', newline='\n') as f:
        for row in zip(*columns):
            f.write('[' + ','.join(row) + ']\n')


def some(values, nulls=True):
    return [None if nulls and R.random() < 0.2 else v for v in values]


def ints(lo, hi):
    return ([lo, hi, 0, 1] + [R.randrange(lo, hi + 1) if R.random() < .5 else R.randrange(0, 100)
                              for _ in range(N)])[:N]


def decimals(precision, scale):
    most = 10 ** precision - 1
    context = decimal.Context(prec=60)
    values = [0, 1, -1, most, -most] + [R.randrange(-most, most + 1) for _ in range(N)]
    return [decimal.Decimal(v).scaleb(-scale, context) for v in values[:N]]


WORDS = ['', 'a', 'twelve bytes', 'thirteen byte', 'a longer string than fits a view', 'Grüße',
         '日本語', 'quote " and \\', 'line\nbreak']


def words():
    return [WORDS[i] if i < len(WORDS) else R.choice(WORDS) + str(R.randrange(30)) for i in range(N)]


def all_types(nulls):
    utc = pa.timestamp('us', 'UTC')
    cast = lambda values, store, t: pa.array(some(values, nulls), store).cast(t)
    columns = {
        'flag': pa.array(some([R.random() < .5 for _ in range(N)], nulls)),
        'i8': pa.array(some(ints(-128, 127), nulls), pa.int8()),
        'u16': pa.array(some(ints(0, 65535), nulls), pa.uint16()),
        'i32': pa.array(some(ints(-2**31, 2**31 - 1), nulls), pa.int32()),
        'u32': pa.array(some(ints(0, 2**32 - 1), nulls), pa.uint32()),
        'i64': pa.array(some(ints(-2**63, 2**63 - 1), nulls), pa.int64()),
        'u64': pa.array(some(ints(0, 2**64 - 1), nulls), pa.uint64()),
        'f32': pa.array(some([0.0, -0.0, math.inf, math.nan] + [R.gauss(0, 9) for _ in range(N - 4)],
                             nulls), pa.float32()),
        'f64': pa.array(some([R.gauss(0, 1e9) for _ in range(N)], nulls)),
        'd9': pa.array(some(decimals(9, 2), nulls), pa.decimal128(9, 2)),
        'd18': pa.array(some(decimals(18, 6), nulls), pa.decimal128(18, 6)),
        'd38': pa.array(some(decimals(38, 10), nulls), pa.decimal128(38, 10)),
        'day': cast(ints(-30000, 40000), pa.int32(), pa.date32()),
        'time_ms': cast(ints(0, 86399999), pa.int32(), pa.time32('ms')),
        'time_us': cast(ints(0, 86399999999), pa.int64(), pa.time64('us')),
        'ts_ms': cast(ints(-10**12, 10**12), pa.int64(), pa.timestamp('ms')),
        'ts_us': cast(ints(-10**15, 10**15), pa.int64(), pa.timestamp('us')),
        'ts_utc': cast(ints(-10**15, 10**15), pa.int64(), utc),
        'ts_ns': cast(ints(-10**18, 10**18), pa.int64(), pa.timestamp('ns')),
        's': pa.array(some(words(), nulls)),
        'b': pa.array(some([R.randbytes(R.randrange(20)) for _ in range(N)], nulls), pa.binary()),
        'fixed': pa.array(some([R.randbytes(5) for _ in range(N)], nulls), pa.binary(5)),
    }
    return pa.table(columns, schema=pa.schema(
        [pa.field(k, v.type, nullable=nulls) for k, v in columns.items()]))


def nested():
    maybe = lambda p, v: None if R.random() < p else v()
    some_list = lambda f: [f() for _ in range(R.randrange(4))]
    number = lambda: maybe(.2, lambda: R.randrange(99))
    word = lambda: maybe(.2, lambda: R.choice(WORDS))
    inner = pa.struct([('x', pa.int32()), ('y', pa.list_(pa.string()))])
    return pa.table({
        'id': pa.array(range(N), pa.int64()),
        'numbers': pa.array([maybe(.2, lambda: some_list(number)) for _ in range(N)], pa.list_(pa.int32())),
        'grid': pa.array([maybe(.2, lambda: some_list(lambda: maybe(.2, lambda: some_list(number))))
                          for _ in range(N)], pa.list_(pa.list_(pa.int64()))),
        'point': pa.array([maybe(.2, lambda: {'a': number(), 'b': word(), 'c': {'d': R.random()}})
                           for _ in range(N)],
                          pa.struct([('a', pa.int32()), ('b', pa.string()),
                                     ('c', pa.struct([('d', pa.float64())]))])),
        'tags': pa.array([maybe(.2, lambda: [(f'k{j}', number()) for j in range(R.randrange(4))])
                          for _ in range(N)], pa.map_(pa.string(), pa.int64())),
        'parts': pa.array([maybe(.2, lambda: some_list(
            lambda: maybe(.2, lambda: {'x': number(), 'y': maybe(.3, lambda: some_list(word))})))
            for _ in range(N)], pa.list_(inner)),
    })


def with_ids():
    def field(name, t, i, nullable=True):
        return pa.field(name, t, nullable, {'PARQUET:field_id': str(i)})
    point = pa.struct([field('x', pa.int32(), 6), field('y', pa.float32(), 7)])
    schema = pa.schema([
        field('id', pa.int32(), 1, False), field('name', pa.string(), 2),
        field('price', pa.decimal128(7, 2), 3), field('ratio', pa.float32(), 4),
        field('point', point, 5), field('tags', pa.list_(field('element', pa.int32(), 9)), 8)])
    return pa.table({
        'id': range(10), 'name': [f'name {i}' if i % 3 else None for i in range(10)],
        'price': [decimal.Decimal(i) / 4 for i in range(10)], 'ratio': [i / 8 for i in range(10)],
        'point': [{'x': i, 'y': i / 2} if i % 4 else None for i in range(10)],
        'tags': [[i, i + 1] if i % 2 else [] for i in range(10)]}, schema=schema)


def null_lists():
    """One list of nothing but nulls: levels are all that its page has."""
    element = pa.field('element', pa.int64(), True, {'PARQUET:field_id': '2'})
    column = pa.field('l', pa.list_(element), True, {'PARQUET:field_id': '1'})
    return pa.table({'l': [[None] * (i % 3) for i in range(9)]}, schema=pa.schema([column]))


def main():
    os.makedirs(OUT, exist_ok=True)
    small = dict(data_page_size=200, write_batch_size=16, store_decimal_as_integer=True)
    write('plain_v1_none', all_types(True), use_dictionary=False, compression='NONE',
          write_page_checksum=True, **small)
    write('plain_v2_required_gzip', all_types(False), use_dictionary=False, compression='GZIP',
          data_page_version='2.0', **small)
    write('dictionary_v1_snappy', all_types(True), compression='SNAPPY', data_page_size=300,
          write_batch_size=16)
    write('dictionary_v2_zstd', all_types(True), compression='ZSTD', data_page_version='2.0', **small)
    table = all_types(True)
    integers = ['i8', 'u16', 'i32', 'u32', 'i64', 'u64', 'd9', 'd18', 'day', 'time_ms', 'time_us',
                'ts_ms', 'ts_us', 'ts_utc', 'ts_ns']
    encoding = {n: 'DELTA_BINARY_PACKED' for n in integers}
    encoding.update(s='DELTA_BYTE_ARRAY', b='DELTA_LENGTH_BYTE_ARRAY', fixed='DELTA_BYTE_ARRAY',
                    f32='BYTE_STREAM_SPLIT', f64='BYTE_STREAM_SPLIT', d38='BYTE_STREAM_SPLIT',
                    flag='RLE')
    for version, codec in (('1.0', 'LZ4'), ('2.0', 'NONE')):
        write(f'delta_v{version[0]}_{codec.lower()}', table, use_dictionary=False,
              column_encoding=encoding, compression=codec, data_page_version=version, **small)
    split = {n: 'BYTE_STREAM_SPLIT' for n in ('i32', 'i64', 'f32', 'f64', 'd9', 'd18', 'fixed')}
    write('split_v1_zstd', table.select(list(split)), use_dictionary=False, column_encoding=split,
          compression='ZSTD', **small)
    for version in ('1.0', '2.0'):
        write(f'nested_v{version[0]}', nested(), compression='SNAPPY', data_page_version=version,
              data_page_size=100, write_batch_size=8, row_group_size=40)
    write('int96', pa.table({'t': all_types(True)['ts_ns']}), use_deprecated_int96_timestamps=True)
    write('field_ids', with_ids(), compression='ZSTD', row_group_size=4)
    write('null_lists_v2', null_lists(), data_page_version='2.0', use_dictionary=False,
          write_page_index=True, compression='NONE')
    write('empty', all_types(True).slice(0, 0))


if __name__ == '__main__':
    sys.exit(main())
