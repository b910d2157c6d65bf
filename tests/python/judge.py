# SPDX-License-Identifier: Apache-2.0
"""What the judging tests share: many statements through one firn, and rows of firn, PyIceberg and
DuckDB brought to one form so that they can be compared."""
import datetime
import decimal
import json
import math
import struct
import uuid

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.transforms import (BucketTransform, DayTransform, HourTransform, IdentityTransform,
                                  MonthTransform, TruncateTransform, YearTransform)
from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FixedType,
                             FloatType, IntegerType, ListType, LongType, MapType, NestedField,
                             StringType, StructType, TimestampType, TimestamptzType, TimeType,
                             UUIDType)

UTC = datetime.timezone.utc

# name, type: every type of format version 2 that is not nested, decimals of every storage width.
PRIMITIVES = [
    ("b", BooleanType()), ("i", IntegerType()), ("l", LongType()), ("f", FloatType()),
    ("d", DoubleType()), ("d4", DecimalType(4, 2)), ("d9", DecimalType(9, 0)),
    ("d18", DecimalType(18, 6)), ("d38", DecimalType(38, 10)), ("dt", DateType()),
    ("t", TimeType()), ("ts", TimestampType()), ("tz", TimestamptzType()), ("s", StringType()),
    ("u", UUIDType()), ("fx", FixedType(5)), ("bin", BinaryType()),
]


def field(i, name, kind, required=False):
    return NestedField(i, name, kind, required=required)


def value_of(kind, i):
    """A value of a type, another for each i, with the ends of the type among the first."""
    if isinstance(kind, BooleanType):
        return i % 3 == 0
    if isinstance(kind, IntegerType):
        return [0, -1, 2**31 - 1, -2**31, 34][i] if i < 5 else i * 7919 % 100003 - 50000
    if isinstance(kind, LongType):
        return [0, -1, 2**63 - 1, -2**63, 34][i] if i < 5 else i * 104729 % (2**40) - 2**39
    if isinstance(kind, FloatType):
        special = [0.0, -0.0, math.inf, -math.inf, math.nan]
        return special[i] if i < 5 else struct.unpack("<f", struct.pack("<f", i * 1.1 - 40))[0]
    if isinstance(kind, DoubleType):
        return [-0.0, 0.0, math.nan, math.inf, -math.inf][i] if i < 5 else i * 1.1 - 40
    if isinstance(kind, DecimalType):
        top = 10**kind.precision - 1
        unscaled = [0, top, -top, 1, -1][i] if i < 5 else (i * 7919 - 40000) % top
        with decimal.localcontext(prec=40):
            return decimal.Decimal(unscaled).scaleb(-kind.scale)
    if isinstance(kind, DateType):
        special = [datetime.date(1970, 1, 1), datetime.date(1969, 12, 31), datetime.date(1, 1, 1),
                   datetime.date(9999, 12, 31), datetime.date(2024, 2, 29)]
        return special[i] if i < 5 else datetime.date(2024, 1, 1) + datetime.timedelta(days=i * 5)
    if isinstance(kind, TimeType):
        special = [datetime.time(0), datetime.time(23, 59, 59, 999999), datetime.time(0, 0, 0, 1)]
        return special[i] if i < 3 else datetime.time(i % 24, i % 60, i * 7 % 60, i * 1001 % 1000000)
    if isinstance(kind, (TimestampType, TimestamptzType)):
        zone = UTC if isinstance(kind, TimestamptzType) else None
        special = [datetime.datetime(1970, 1, 1), datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
                   datetime.datetime(1900, 2, 28, 12, 0, 0, 1), datetime.datetime(2262, 12, 31, 23),
                   datetime.datetime(2024, 2, 29, 23, 59, 59)]
        value = special[i] if i < 5 else \
            datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=i * 31, microseconds=i * 1001)
        return value.replace(tzinfo=zone)
    if isinstance(kind, StringType):
        special = ["", "a", "żółw 🐢", "it's \"quoted\", with\nlines\t\\", "x" * 40]
        return special[i] if i < 5 else ("name " + str(i % 23)) + "é" * (i % 3)
    if isinstance(kind, UUIDType):
        return uuid.UUID(int=[0, 2**128 - 1, 1, 2**127, 2**64][i] if i < 5 else i * 2**96 + i)
    if isinstance(kind, FixedType):
        return [b"\0" * len(kind), b"\xff" * len(kind), b"abcde", b"\0\0\0\0\1", b"\x80\0\0\0\0"][i] \
            if i < 5 else (i * 7919).to_bytes(len(kind), "big")
    if isinstance(kind, BinaryType):
        return [b"", b"\0", b"\xff" * 20, b"abc\0", b"\x80"][i] if i < 5 else bytes(range(i % 19))
    raise AssertionError(kind)


def arrow_table(schema, columns):
    """PyIceberg's Arrow schema filled with lists of Python values."""
    target = schema.as_arrow()
    arrays = []
    for field in target:
        values = columns[field.name]
        if isinstance(schema.find_type(field.name), UUIDType):
            values = [v.bytes if v is not None else None for v in values]
        arrays.append(pa.array(values, type=getattr(field.type, "storage_type", field.type)))
        if isinstance(field.type, pa.ExtensionType):
            arrays[-1] = pa.ExtensionArray.from_storage(field.type, arrays[-1])
    return pa.table(arrays, schema=target)


def primitive_columns(n, start=0):
    """Every type; every seventh value of a column is null, at another row in each."""
    return {name: [None if (i + k) % 7 == 6 else value_of(kind, start + i) for i in range(n)]
            for k, (name, kind) in enumerate(PRIMITIVES)}


NESTED = Schema(
    field(1, "id", LongType(), required=True),
    field(2, "numbers", ListType(10, IntegerType(), element_required=False)),
    field(3, "tags", MapType(11, StringType(), 12, LongType(), value_required=False)),
    field(4, "place", StructType(
        field(13, "name", StringType()),
        field(14, "at", StructType(field(15, "x", DoubleType()), field(16, "y", DecimalType(9, 3)))),
        field(17, "seen", ListType(18, TimestampType(), element_required=False)))),
    field(5, "lists", ListType(19, ListType(20, StringType(), element_required=False), element_required=False)),
    field(6, "people", ListType(21, StructType(
        field(22, "name", StringType()), field(23, "born", DateType()),
        field(24, "notes", MapType(25, IntegerType(), 26, StringType(), value_required=False))), element_required=False)),
    field(7, "deep", MapType(27, StringType(), 28, ListType(
        29, MapType(30, StringType(), 31, BinaryType(), value_required=False), element_required=False), value_required=False)),
)


def nested_row(i):
    at = {"x": i / 3, "y": decimal.Decimal(i).scaleb(-3)}
    return {
        "id": i,
        "numbers": [None, [], [None], [1, None, i], list(range(i))][i % 5],
        "tags": [None, {}, {"a": None}, {"": 1, "b": i}, {f"k{j}": j for j in range(i)}][(i + 1) % 5],
        "place": [None, {"name": None, "at": None, "seen": None}, {"name": "", "at": at, "seen": []},
                  {"name": "n", "at": {"x": None, "y": None}, "seen": [None, datetime.datetime(2024, 1, 1, 0, i % 60, 1)]}][i % 4],
        "lists": [None, [], [[]], [None, ["a", None, ""], []], [[str(j)] * j for j in range(i % 9)]][(i + 2) % 5],
        "people": [None, [], [None], [{"name": None, "born": None, "notes": None}],
                   [{"name": "p", "born": datetime.date(2000, 1, 1 + i % 28), "notes": {i: "n", -1: None}}, None]][(i + 3) % 5],
        "deep": [None, {}, {"a": None}, {"a": []}, {"a": [None, {}, {"b": None, "c": b"\0\xff"}], "z": [{"q": b""}]}][(i + 4) % 5],
    }


def convert_maps(value):
    """Arrow takes maps as lists of pairs, also the inner ones."""
    if isinstance(value, dict):
        if value and all(k in ("id", "numbers", "tags", "place", "lists", "people", "deep", "name", "at", "x",
                               "y", "seen", "born", "notes") for k in value):
            return {k: convert_maps(v) for k, v in value.items()}
        return [(k, convert_maps(v)) for k, v in value.items()]
    if isinstance(value, list):
        return [convert_maps(v) for v in value]
    return (value[0], convert_maps(value[1])) if isinstance(value, tuple) else value


TRANSFORMS = [(name, IdentityTransform()) for name in
              ("b", "i", "l", "f", "d", "d9", "d38", "dt", "ts", "tz", "s")]
TRANSFORMS += [(name, BucketTransform(5)) for name in
               ("i", "l", "d4", "d9", "d18", "d38", "dt", "t", "ts", "tz", "s", "bin")]
TRANSFORMS += [("i", TruncateTransform(100)), ("l", TruncateTransform(1000)), ("s", TruncateTransform(3)),
               ("d9", TruncateTransform(50)), ("bin", TruncateTransform(2))]
TRANSFORMS += [(n, t()) for n in ("dt", "ts", "tz") for t in (YearTransform, MonthTransform, DayTransform)]
TRANSFORMS += [("ts", HourTransform()), ("tz", HourTransform())]


# ---- one form for values ----

def plain(value, kind):
    """A value out of Arrow or DuckDB as text, a number or nested lists: hashable, ordered."""
    if value is None:
        return None
    if isinstance(kind, ListType):
        return ["list", *[plain(v, kind.element_type) for v in value]]
    if isinstance(kind, StructType):
        return ["struct", *[plain(value[f.name], f.field_type) for f in kind.fields]]
    if isinstance(kind, MapType):
        items = value.items() if isinstance(value, dict) else value
        return ["map", *sorted((plain(k, kind.key_type), plain(v, kind.value_type)) for k, v in items)]
    if isinstance(kind, (FloatType, DoubleType)):
        if math.isnan(value):
            return "NaN"
        width = "<f" if isinstance(kind, FloatType) else "<d"
        return repr(struct.unpack(width, struct.pack(width, value))[0])
    if isinstance(kind, (BinaryType, FixedType)):
        return value.hex()
    if isinstance(kind, UUIDType):
        return str(uuid.UUID(bytes=value) if isinstance(value, bytes) else value)
    if isinstance(kind, TimestamptzType):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat()
    if isinstance(kind, (DateType, TimeType, TimestampType)):
        return value.isoformat()
    if isinstance(kind, BooleanType):
        return str(value)
    return str(value) if isinstance(kind, DecimalType) else value


def plain_json(value, kind):
    """The same for a value out of firn's JSON, whose numbers are decimal.Decimal or int."""
    if value is None:
        return None
    if isinstance(kind, ListType):
        return ["list", *[plain_json(v, kind.element_type) for v in value]]
    if isinstance(kind, StructType):
        return ["struct", *[plain_json(value[f.name], f.field_type) for f in kind.fields]]
    if isinstance(kind, MapType):
        key = (lambda k: plain_json(int(k), kind.key_type)) \
            if isinstance(kind.key_type, (IntegerType, LongType)) else (lambda k: plain_json(k, kind.key_type))
        return ["map", *sorted((key(k), plain_json(v, kind.value_type)) for k, v in value.items())]
    if isinstance(kind, (FloatType, DoubleType)):
        return plain(float(value), kind)
    if isinstance(kind, DecimalType):
        assert not isinstance(value, (float, str))
        with decimal.localcontext(prec=40):
            return str(decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-kind.scale)))
    if isinstance(kind, TimestamptzType):
        assert value.endswith("Z"), value
        return datetime.datetime.fromisoformat(value[:-1]).isoformat()
    if isinstance(kind, TimestampType):
        return datetime.datetime.fromisoformat(value).isoformat()
    if isinstance(kind, TimeType):
        return datetime.time.fromisoformat(value).isoformat()
    if isinstance(kind, BooleanType):
        assert isinstance(value, bool)
        return str(value)
    return value


def arrow_rows(table, schema):
    """Rows of a PyIceberg scan, sorted; schema tells names, order and types."""
    fields = schema.fields
    return sorted(([plain(row[f.name], f.field_type) for f in fields] for row in table.to_pylist()),
                  key=repr)


def firn_rows(rows, schema):
    for row in rows[:1]:
        assert list(row) == [f.name for f in schema.fields]
    return sorted(([plain_json(row[f.name], f.field_type) for f in schema.fields] for row in rows),
                  key=repr)


def differences(got, want):
    """'' when equal, else the first rows that only one side has."""
    if got == want:
        return ""
    only_got = [r for r in got if r not in want][:3]
    only_want = [r for r in want if r not in got][:3]
    return f"firn has {len(got)} rows, expected {len(want)}\nonly firn: {only_got}\nonly expected: {only_want}"


# ---- many statements, one process ----

def ask(home, queries, **more):
    """Rows of each query, through one firn; numbers are exact."""
    script = "".join(f"{q};\nSELECT {i} AS __end;\n" for i, q in enumerate(queries))
    done = home.run("sql", "--format", "jsonl", stdin=script, check=False, **more)
    answers, rows = [], []
    for line in done.stdout.split("\n"):
        if not line:
            continue
        row = json.loads(line, parse_float=decimal.Decimal)
        if "__end" in row:
            assert row["__end"] == len(answers)
            answers.append(rows)
            rows = []
        else:
            rows.append(row)
    assert done.returncode == 0, f"{queries[len(answers)]}: exit {done.returncode}\n{done.stderr}"
    assert len(answers) == len(queries)
    return answers


# ---- literals ----

def sql_literal(value, kind):
    """A literal in firn's SQL (DuckDB's)."""
    if value is None:
        return "NULL"
    if isinstance(kind, ListType):
        return "[" + ", ".join(sql_literal(v, kind.element_type) for v in value) + "]"
    if isinstance(kind, StructType):
        return "{" + ", ".join(f"'{f.name}': {sql_literal(value[f.name], f.field_type)}" for f in kind.fields) + "}"
    if isinstance(kind, MapType):
        return "MAP {" + ", ".join(f"{sql_literal(k, kind.key_type)}: {sql_literal(v, kind.value_type)}"
                                   for k, v in dict(value).items()) + "}"
    if isinstance(kind, BooleanType):
        return "true" if value else "false"
    if isinstance(kind, (IntegerType, LongType)):
        return str(value)
    if isinstance(kind, (FloatType, DoubleType)):
        return f"'{value!r}'::{'FLOAT' if isinstance(kind, FloatType) else 'DOUBLE'}"
    if isinstance(kind, DecimalType):
        return f"'{value:f}'::DECIMAL({kind.precision},{kind.scale})"
    if isinstance(kind, (BinaryType, FixedType)):
        return "'" + "".join(f"\\x{b:02X}" for b in value) + "'::BLOB"
    if isinstance(kind, StringType):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(kind, TimestamptzType):
        return f"'{value.replace(tzinfo=None).isoformat(' ')}+00'::TIMESTAMPTZ"
    name = {DateType: "DATE", TimeType: "TIME", TimestampType: "TIMESTAMP", UUIDType: "UUID"}[type(kind)]
    return f"'{value}'::{name}"


def py_literal(value, kind):
    """The same for a PyIceberg row filter."""
    if isinstance(kind, (DateType, TimeType, TimestampType, TimestamptzType)):
        return value.isoformat()
    return value
