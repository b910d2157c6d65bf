# SPDX-License-Identifier: Apache-2.0
"""A firn session through ctypes: what tools/sqltest needs of the C library, and values as text."""
import contextlib
import ctypes as c
import datetime
import decimal
import math
import os
import re
import zoneinfo
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATUS = {17: "argument", 20: "unsupported", 21: "limit", 22: "not found", 23: "exists", 24: "conflict"}


class Str(c.Structure):
    _fields_ = [("data", c.c_void_p), ("len", c.c_size_t)]

    def bytes(self):
        return c.string_at(self.data, self.len) if self.len else b""

    def text(self):
        return self.bytes().decode("utf-8", "replace")


class Error(c.Structure):
    _fields_ = [("status", c.c_int), ("flags", c.c_uint32), ("os_code", c.c_int32), ("line", c.c_uint32),
                ("position", c.c_uint64), ("message", c.c_char * 768), ("hint", c.c_char * 256)]


class Property(c.Structure):
    _fields_ = [("key", Str), ("value", Str)]


class HomeOpts(c.Structure):
    _fields_ = [("struct_size", c.c_size_t), ("path", Str), ("settings", c.POINTER(Property)),
                ("n_settings", c.c_size_t), ("ignore_environment", c.c_bool), ("without_catalog", c.c_bool),
                ("log", c.c_void_p), ("log_ctx", c.c_void_p)]


class SessionOpts(c.Structure):
    _fields_ = [("struct_size", c.c_size_t), ("catalogs", c.POINTER(c.c_void_p)), ("n_catalogs", c.c_size_t),
                ("current_namespace", Str), ("temp_directory", Str), ("allow_files", c.c_bool),
                ("on_progress", c.c_void_p), ("progress_ctx", c.c_void_p)]


class Type(c.Structure):
    pass


class Field(c.Structure):
    _fields_ = [("id", c.c_int32), ("is_required", c.c_bool), ("name", Str), ("type", c.POINTER(Type)),
                ("doc", Str), ("initial_default", c.c_void_p), ("write_default", c.c_void_p), ("extra_json", Str)]


Type._fields_ = [("kind", c.c_int), ("precision", c.c_int32), ("scale", c.c_int32), ("length", c.c_int32),
                 ("is_unsigned", c.c_bool), ("crs", Str), ("algorithm", Str), ("fields", c.POINTER(Field)),
                 ("n_fields", c.c_size_t), ("extra_json", Str)]


class Column(c.Structure):
    pass


Column._fields_ = [("type", c.POINTER(Type)), ("values", c.c_void_p), ("validity", c.POINTER(c.c_uint64)),
                   ("children", c.POINTER(Column)), ("n_children", c.c_size_t), ("n_values", c.c_int64),
                   ("capacity", c.c_int64), ("owner", c.c_void_p), ("codes", c.c_void_p)]


class Batch(c.Structure):
    _fields_ = [("n_rows", c.c_int64), ("n_columns", c.c_size_t), ("columns", c.POINTER(Column)),
                ("owner", c.c_void_p)]


KINDS = ("unknown boolean int long float double decimal date time timestamp timestamptz timestamp_ns "
         "timestamptz_ns string uuid fixed binary variant geometry geography struct list map").split()
FIXED_WIDTH = {"boolean": c.c_uint8, "int": c.c_int32, "date": c.c_int32, "long": c.c_int64, "time": c.c_int64,
               "timestamp": c.c_int64, "timestamptz": c.c_int64, "timestamp_ns": c.c_int64,
               "timestamptz_ns": c.c_int64, "float": c.c_float, "double": c.c_double}


def quoted(text):
    def escaped(char):
        return "\\" + char if char in '"\\' else "\\u%04x" % ord(char) if char < " " else char
    return '"' + "".join(map(escaped, text)) + '"'


def real(value, form):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return form % value


def clock(us, digits):
    whole, part = divmod(us, 1000000)
    text = "%02d:%02d:%02d" % (whole // 3600, whole // 60 % 60, whole % 60)
    return text + (("." + "%06d" % part)[:digits + 1] if digits else "")


def date(days):
    value = datetime.date(1970, 1, 1).toordinal() + days
    if 1 <= value <= datetime.date.max.toordinal():
        return datetime.date.fromordinal(value).isoformat()
    return f"day {days}"


def timestamp(us, kind, digits):
    scale = 1000 if kind.endswith("_ns") else 1
    part_ns = us * (1000 // scale) % 1000000000
    seconds = us // (1000000 * scale)
    text = date(seconds // 86400) + " " + clock(seconds % 86400 * 1000000, 0)
    if digits:
        text += "." + ("%09d" % part_ns)[:digits]
    return text + ("Z" if "tz" in kind else "")


def unscaled(kind, column, row):
    if kind.precision <= 18:
        width = c.c_int32 if kind.precision <= 9 else c.c_int64
        value = c.cast(column.values, c.POINTER(width))[row]
    else:
        value = int.from_bytes(c.string_at(column.values + 16 * row, 16), "little", signed=True)
    with decimal.localcontext(prec=60):
        return format(decimal.Decimal(value).scaleb(-kind.scale), "f")


def view(column, row):
    at = column.values + 16 * row
    length = c.cast(at, c.POINTER(c.c_uint32))[0]
    return c.string_at(at + 4 if length <= 12 else c.cast(at + 8, c.POINTER(c.c_void_p))[0], length) if length else b""


def digits_of(type_name):
    found = re.match(r"time(?:stamp)?\((\d+)\)", type_name)
    return int(found[1]) if found else 6


def entries(column, row):
    at = c.cast(column.values + 16 * row, c.POINTER(c.c_uint64))
    return range(at[0], at[0] + at[1])


def offset_us(zone, us):
    """Of a zone at an instant."""
    found = re.fullmatch(r"([-+])(\d\d):?(\d\d)", zone)
    if found:
        return (1 if found[1] == "+" else -1) * (int(found[2]) * 60 + int(found[3])) * 60000000
    instant = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=us)
    return instant.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset() // datetime.timedelta(microseconds=1)


def shortest_real(value):
    """The fewest digits, at least two, that a real is read back from: what the client of Trino is given."""
    for digits in range(2, 10):
        text = "%.*g" % (digits, value)
        if c.c_float(float(text)).value == value:
            return float(text)
    return value


def render(column, row, type_name, zone=""):
    """One value as README of the scripts says."""
    if column.validity and not column.validity[row >> 6] >> (row & 63) & 1:
        return "NULL"
    kind = KINDS[column.type[0].kind]
    if kind == "struct":
        names = [column.type[0].fields[i].name.text() for i in range(column.n_children)]
        return "{" + ",".join(f"{quoted(n)}:{render(column.children[i], row, '')}" for i, n in enumerate(names)) + "}"
    if kind == "list":
        element = type_name[len("array("):-1] if type_name.startswith("array(") else ""
        return "[" + ",".join(render(column.children[0], i, element) for i in entries(column, row)) + "]"
    if kind == "map":
        keys, values = column.children[0], column.children[1]
        return "[" + ",".join(sorted(f"[{render(keys, i, '')},{render(values, i, '')}]" for i in entries(column, row))) + "]"
    if kind == "decimal":
        return unscaled(column.type[0], column, row)
    if kind in FIXED_WIDTH:
        value = c.cast(column.values, c.POINTER(FIXED_WIDTH[kind]))[row]
        if zone and kind == "timestamptz":
            return timestamp(value + offset_us(zone, value), "timestamp", digits_of(type_name)) + " " + zone
        return render_fixed(kind, value, type_name)
    if kind in ("uuid", "fixed", "binary"):
        return '"' + view(column, row).hex() + '"'
    text = view(column, row).decode("utf-8", "replace")
    return text if type_name.lower().startswith("interval") else quoted(text)


def render_fixed(kind, value, type_name):
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "float":
        return real(shortest_real(value) if type_name == "real" else value, "%.9g")
    if kind == "double":
        return real(value, "%.17g")
    if kind == "date":
        return date(value)
    if kind == "time":
        return clock(value, digits_of(type_name))
    if kind.startswith("timestamp"):
        return timestamp(value, kind, digits_of(type_name))
    return str(value)


class SqlError:
    def __init__(self, error):
        self.status = STATUS.get(error.status, "internal")
        self.message = error.message.decode("utf-8", "replace")


class Outcome:
    def __init__(self):
        self.error, self.columns, self.rows, self.changed = None, [], [], -1


class Session:
    """Runs statements; every answer is an Outcome."""

    def __init__(self, lib, handle):
        self.lib, self.handle = lib, handle
        self.tells_zones = True  # else times with a zone are told in UTC

    def run(self, sql):
        outcome, error, result = Outcome(), Error(), c.c_void_p()
        raw = sql.encode()
        text = Str(c.cast(c.c_char_p(raw), c.c_void_p), len(raw))
        if self.lib.firn_session_execute(self.handle, text, c.byref(result), c.byref(error)):
            outcome.error = SqlError(error)
            return outcome
        status = self.read(result, outcome, error)
        self.lib.firn_result_close(result)
        if status != 1:
            outcome.error = SqlError(error)
        return outcome

    def read(self, result, outcome, error):
        lib, batch = self.lib, c.POINTER(Batch)()
        columns = lib.firn_result_columns(result)[0]
        names = [lib.firn_result_type_name(result, i).text() for i in range(columns.n_fields)]
        zones = [lib.firn_result_time_zone(result, i).text() for i in range(columns.n_fields)]
        outcome.columns = [(columns.fields[i].name.text(), names[i]) for i in range(columns.n_fields)]
        outcome.changed = lib.firn_result_rows_changed(result)
        while (status := lib.firn_result_next(result, c.byref(batch), c.byref(error))) == 0:
            b = batch[0]
            for row in range(b.n_rows):
                outcome.rows.append([render(b.columns[i], row, names[i], zones[i] if self.tells_zones else "") for i in range(b.n_columns)])
        return status


def load():
    path = os.environ.get("FIRN_LIBRARY") or str(ROOT / "build/libfirn.so")
    lib = c.CDLL(path)
    lib.firn_home_catalog.restype = lib.firn_home_env.restype = lib.firn_home_store.restype = c.c_void_p
    lib.firn_home_catalog.argtypes = lib.firn_home_env.argtypes = lib.firn_home_store.argtypes = [c.c_void_p]
    lib.firn_home_close.argtypes = lib.firn_session_close.argtypes = lib.firn_result_close.argtypes = [c.c_void_p]
    lib.firn_home_create.argtypes = [c.POINTER(HomeOpts), c.c_void_p, c.c_void_p, c.c_void_p]
    lib.firn_session_open.argtypes = [c.c_void_p, c.c_void_p, c.POINTER(SessionOpts), c.c_void_p, c.c_void_p]
    lib.firn_session_execute.argtypes = [c.c_void_p, Str, c.c_void_p, c.c_void_p]
    lib.firn_result_columns.argtypes = [c.c_void_p]
    lib.firn_result_columns.restype = c.POINTER(Type)
    lib.firn_result_type_name.argtypes = [c.c_void_p, c.c_size_t]
    lib.firn_result_type_name.restype = Str
    lib.firn_result_time_zone.argtypes = [c.c_void_p, c.c_size_t]
    lib.firn_result_time_zone.restype = Str
    lib.firn_result_rows_changed.argtypes = [c.c_void_p]
    lib.firn_result_rows_changed.restype = c.c_int64
    lib.firn_result_next.argtypes = [c.c_void_p, c.c_void_p, c.c_void_p]
    return lib


def literal(text, keep):
    raw = text.encode()
    keep.append(raw)
    return Str(c.cast(c.c_char_p(raw), c.c_void_p), len(raw))


@contextlib.contextmanager
def open_session(top, dialect):
    """A session on a fresh home in the folder top, with the dialect, in the namespace lake.db."""
    lib, error, keep = load(), Error(), []
    home, handle = c.c_void_p(), c.c_void_p()
    wanted = {"default-catalog": "lake", "catalog.lake.warehouse": top + "/warehouse",
              "threads": "1"}
    settings = (Property * len(wanted))(*[Property(literal(k, keep), literal(v, keep)) for k, v in wanted.items()])
    opts = HomeOpts(struct_size=c.sizeof(HomeOpts), path=literal(top, keep), settings=settings,
                    n_settings=len(wanted), ignore_environment=True)
    if lib.firn_home_create(c.byref(opts), None, c.byref(home), c.byref(error)):
        raise RuntimeError(error.message.decode())
    catalogs = (c.c_void_p * 1)(lib.firn_home_catalog(home))
    session_opts = SessionOpts(struct_size=c.sizeof(SessionOpts), catalogs=catalogs, n_catalogs=1, allow_files=True)
    if lib.firn_session_open(lib.firn_home_env(home), lib.firn_home_store(home), c.byref(session_opts),
                             c.byref(handle), c.byref(error)):
        raise RuntimeError(error.message.decode())
    session = Session(lib, handle)
    try:
        for sql in (f"SET dialect = '{dialect}'", "CREATE SCHEMA IF NOT EXISTS lake.db", "USE lake.db",
                    "DROP SCHEMA IF EXISTS lake.`default`", "SET TIME ZONE 'UTC'"):
            outcome = session.run(sql)
            if outcome.error and not os.environ.get("SQLTEST_LAX"):
                raise RuntimeError(f"{sql}: {outcome.error.message}")
        yield session
    finally:
        lib.firn_session_close(handle)
        lib.firn_home_close(home)
