# SPDX-License-Identifier: Apache-2.0
"""What a table of a random history must hold: columns, rows and snapshots in Python. Columns have numbers of their own, so that rows
outlive renamed, dropped and promoted columns. Knows no engine but the forms in which each says a value."""
import copy
import dataclasses
import datetime
import decimal
import gzip
import json
import math
import pathlib
import re
import sqlite3

import pyiceberg.types as ice

UTC = datetime.timezone.utc
PLAIN = {"boolean": ice.BooleanType(), "int": ice.IntegerType(), "bigint": ice.LongType(), "float": ice.FloatType(),
         "double": ice.DoubleType(), "date": ice.DateType(), "timestamp_ntz": ice.TimestampType(),
         "timestamp": ice.TimestamptzType(), "string": ice.StringType(), "binary": ice.BinaryType()}
# Values may be names of folders, which have an end at 255 bytes.
TEXTS = ["", "a", "b", "zażółć gęślą", "it's \"x\", \\ and\ta/b=c%20d\n", "🐢é", "long " * 40, "x" * 16 + "\U0010ffff" * 3, " blank ", "NULL", "null"]


@dataclasses.dataclass
class Kind:
    """A type: a plain one by Spark's name, or array, map and struct with the columns in it."""
    name: str
    parts: list = dataclasses.field(default_factory=list)

    @property
    def digits(self):
        return tuple(int(n) for n in self.name[len("decimal("):-1].split(","))

    @property
    def is_decimal(self):
        return self.name.startswith("decimal(")

    @property
    def nested(self):
        return bool(self.parts)

    def sql(self):
        inner = {"array": lambda: self.parts[0].kind.sql(), "map": lambda: ", ".join(p.kind.sql() for p in self.parts),
                 "struct": lambda: ", ".join(f"{quoted(p.name)}: {p.kind.sql()}" for p in self.parts)}.get(self.name)
        return f"{self.name.upper()}<{inner()}>" if inner else self.name.upper()

    def iceberg(self, ids=None):
        """The type in PyIceberg's terms; ids are made up, the library gives its own."""
        ids = ids if ids is not None else iter(range(1000, 100000))
        if self.is_decimal:
            return ice.DecimalType(*self.digits)
        if self.name == "array":
            return ice.ListType(next(ids), self.parts[0].kind.iceberg(ids), element_required=False)
        if self.name == "map":
            return ice.MapType(next(ids), self.parts[0].kind.iceberg(ids), next(ids), self.parts[1].kind.iceberg(ids), value_required=False)
        if self.name == "struct":
            return ice.StructType(*(ice.NestedField(next(ids), p.name, p.kind.iceberg(ids), required=False) for p in self.parts))
        return PLAIN[self.name]


@dataclasses.dataclass
class Column:
    uid: int
    name: str
    kind: Kind
    initial: object = None


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


# ---- values ----

def random_value(dice, kind, nulls=0.2):
    if dice.random() < nulls:
        return None
    if kind.name == "array":
        return [random_value(dice, kind.parts[0].kind) for _ in range(dice.choice([0, 1, 3]))]
    if kind.name == "map":
        keys = dice.sample(["k", "", "ż", "other"], dice.choice([0, 1, 2]))
        return [(key, random_value(dice, kind.parts[1].kind)) for key in sorted(keys)]
    if kind.name == "struct":
        return {p.uid: random_value(dice, p.kind) for p in kind.parts}
    if kind.is_decimal:
        precision, scale = kind.digits
        top = 10**precision - 1
        unscaled = dice.choice([0, top, 7 - top, 1, -1, dice.randrange(10**min(precision, 6)), dice.randrange(-500, 500)])
        with decimal.localcontext(prec=60):
            return decimal.Decimal(unscaled).scaleb(-scale)
    return {
        "boolean": lambda: dice.random() < 0.5,
        "int": lambda: dice.choice([0, -1, 2**31 - 1, -2**31, dice.randrange(10), dice.randrange(10), dice.randrange(-10**6, 10**6)]),
        "bigint": lambda: dice.choice([0, -1, 2**63 - 1, -2**63, dice.randrange(10), dice.randrange(10), dice.randrange(-10**12, 10**12)]),
        "float": lambda: dice.choice([0.0, -0.0, math.nan, math.inf, -math.inf, dice.randrange(-64, 64) / 4]),
        "double": lambda: dice.choice([0.0, -0.0, math.nan, math.inf, -math.inf, dice.randrange(-64, 64) / 4, 1e300, 5e-324, 0.1]),
        "date": lambda: dice.choice([datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(1969, 12, 31), datetime.date(1582, 10, 4)]
                                    + 4 * [datetime.date(2024, 1, 1) + datetime.timedelta(days=dice.randrange(90))]),
        "timestamp_ntz": lambda: random_time(dice),
        "timestamp": lambda: random_time(dice),
        "string": lambda: dice.choice(TEXTS),
        "binary": lambda: dice.choice([b"", b"\0", b"\xff" * 20, bytes([dice.randrange(256), 39, 92])]),
    }[kind.name]()


def random_time(dice):
    edges = [datetime.datetime(2, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999), datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
             datetime.datetime(1900, 2, 28, 12, 0, 0, 1)]
    return dice.choice(edges + 6 * [datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=dice.randrange(2000), microseconds=dice.randrange(3) * 1001)])


def literal(value, kind):
    """A value in Spark's SQL, which firn reads in Spark's dialect."""
    if value is None:
        return f"CAST(NULL AS {kind.sql()})"
    if kind.name == "array":
        return f"CAST(array({', '.join(literal(v, kind.parts[0].kind) for v in value)}) AS {kind.sql()})"
    if kind.name == "map":
        pairs = ", ".join(f"{literal(k, kind.parts[0].kind)}, {literal(v, kind.parts[1].kind)}" for k, v in value)
        return f"CAST(map({pairs}) AS {kind.sql()})"
    if kind.name == "struct":
        return "named_struct(" + ", ".join(f"{text(p.name)}, {literal(value.get(p.uid), p.kind)}" for p in kind.parts) + ")"
    if kind.name == "string":
        return text(value)
    if kind.name == "binary":
        return f"X'{value.hex()}'"
    if kind.name == "boolean":
        return "true" if value else "false"
    if kind.name == "date":
        return f"DATE '{value.isoformat()}'"
    if kind.name in ("timestamp", "timestamp_ntz"):
        return f"{kind.name.upper()} '{value.isoformat(sep=' ')}{' UTC' if kind.name == 'timestamp' else ''}'"
    return f"CAST('{value:f}' AS {kind.sql()})" if kind.is_decimal else f"CAST('{value!r}' AS {kind.sql()})"


def text(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t") + "'"


def arrow_value(value, kind):
    """A value as pyarrow takes it."""
    if value is None:
        return None
    if kind.name == "array":
        return [arrow_value(v, kind.parts[0].kind) for v in value]
    if kind.name == "map":
        return [(k, arrow_value(v, kind.parts[1].kind)) for k, v in value]
    if kind.name == "struct":
        return {p.name: arrow_value(value.get(p.uid), p.kind) for p in kind.parts}
    return value.replace(tzinfo=UTC) if kind.name == "timestamp" else value


def no_nulls(value, kind):
    """A form in which arrays and maps that are null are empty, as PyIceberg 0.12 reads them."""
    if kind.name == "struct":
        return value and [no_nulls(v, p.kind) for v, p in zip(value, kind.parts)]
    if kind.name == "array":
        return [no_nulls(v, kind.parts[0].kind) for v in value or []]
    return [[k, no_nulls(v, kind.parts[1].kind)] for k, v in value or []] if kind.name == "map" else value


def form(value, kind, ours=False):
    """One form for a value of the model (ours: structs by column number), of JSON and of pyarrow."""
    if value is None:
        return None
    if kind.name == "array":
        return [form(v, kind.parts[0].kind, ours) for v in value]
    if kind.name == "map":
        if isinstance(value, dict):
            value = value["map"] if isinstance(value.get("map"), list) else value.items()
        return sorted(([form(k, kind.parts[0].kind, ours), form(v, kind.parts[1].kind, ours)] for k, v in value), key=repr)
    if kind.name == "struct":
        return [form(value.get(p.uid, p.initial) if ours else value[p.name], p.kind, ours) for p in kind.parts]
    if kind.name in ("float", "double"):
        return repr(float(value))
    if kind.is_decimal:
        with decimal.localcontext(prec=60):
            return str(decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-kind.digits[1])))
    if kind.name in ("timestamp", "timestamp_ntz"):
        if isinstance(value, str):
            value = datetime.datetime.fromisoformat(value.rstrip("Z"))
        return value.replace(tzinfo=None).isoformat()
    if kind.name == "date" and not isinstance(value, str):
        return value.isoformat()
    if kind.name == "binary" and not isinstance(value, str):
        return bytes(value).hex()
    return int(value) if kind.name in ("int", "bigint") else value


def forms(rows, columns, ours=False):
    """Sorted rows of lists, or of dictionaries by column number (ours)."""
    if ours:
        rows = [[row.get(c.uid, c.initial) for c in columns] for row in rows]
    return sorted(([form(v, c.kind, ours) for v, c in zip(row, columns, strict=True)] for row in rows), key=repr)


# ---- tables ----

@dataclasses.dataclass
class Snapshot:
    """Rows are None where a statement made several snapshots and only the last is known."""
    rows: list | None
    columns: list
    parent: int | None
    added: list | None = None


class Table:
    def __init__(self, name, version, columns, uids):
        self.name, self.version, self.columns, self.uids = name, version, columns, uids
        self.snapshots, self.refs, self.kinds = {}, {}, {}
        self.parts, self.sources, self.sorted_by = {}, set(), set()
        self.properties, self.picked = {}, set()
        self.row_ids, self.before, self.left = {}, [], 0
        self.next_id = 1

    def rows(self, ref="main"):
        return self.snapshots[self.refs[ref]].rows if ref in self.refs else []

    def columns_of(self, ref):
        """Branches are read with the table's columns, tags with their snapshot's."""
        return self.columns if self.kinds.get(ref, "branch") == "branch" else self.snapshots[self.refs[ref]].columns

    def id_column(self):
        return next(c for c in self.columns if c.name == "id")

    def fresh_id(self):
        self.next_id += 1
        return self.next_id - 1

    def known(self):
        """Snapshots whose rows are known."""
        return sorted(k for k, s in self.snapshots.items() if s.rows is not None)

    def ancestors(self, ref="main"):
        at, out = self.refs.get(ref), []
        while at in self.snapshots:
            out.append(at)
            at = self.snapshots[at].parent
        return out

    def sync(self, metadata, ref, rows, added):
        """Takes over the snapshots and refs that a step left; the head of ref has these rows then."""
        known = {s["snapshot-id"]: s for s in metadata.get("snapshots", [])}
        self.snapshots = {k: v for k, v in self.snapshots.items() if k in known}
        self.refs = {name: r["snapshot-id"] for name, r in metadata.get("refs", {}).items()}
        self.kinds = {name: r["type"] for name, r in metadata.get("refs", {}).items()}
        new = [k for k in known if k not in self.snapshots]
        for k in new:
            self.snapshots[k] = Snapshot(None, copy.deepcopy(self.columns), known[k].get("parent-snapshot-id"))
        if rows is not None and ref in self.refs:
            head = self.snapshots[self.refs[ref]]
            head.rows = rows
            head.added = added if len(new) == 1 else None
        self.version = metadata["format-version"]


def metadata_of(home, name):
    """The table's metadata as they are, without an engine's help; and their file."""
    with sqlite3.connect(f"{home.path}/catalog.db", timeout=30) as db:
        [(place,)] = db.execute("SELECT metadata_location FROM iceberg_tables WHERE table_name = ?", (name,))
    path = re.sub("^file:/+", "/", place)
    raw = pathlib.Path(path).read_bytes()
    return json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw), path
