# SPDX-License-Identifier: Apache-2.0
"""Steps of a random history: each looks at the model of a table, draws what to do, and says it in SQL, for PyIceberg where that can
do it, and as what the model holds afterwards. A step draws from dice of its own, so that steps around it can be left out."""
import copy
import dataclasses
import decimal
import math

import pyarrow as pa
import pyiceberg.expressions as ex
import pyiceberg.transforms as tr

from history_model import Column, Kind, Snapshot, arrow_value, literal, quoted, random_value

NAMES = ["v", "w", "a b", "Größe", "select", "n", "x1", "_u", "c%d", "tags", "st", "m", "long_" * 12]


@dataclasses.dataclass
class Action:
    """What to do. rows and columns: what the ref's head and the table have then, None: what they have now."""
    sql: list
    pyiceberg: object = None
    ref: str = "main"
    rows: list | None = None
    columns: list | None = None
    added: list | None = None
    touched: object = None  # of rows by id: whether the statement may have changed it; None: it changes no row
    keeps_rows: bool = False  # all of them, in other files
    done: object = None     # called with the model when the step is made
    dynamic: bool = False   # which rows stay depends on the partitions of the new ones
    only: str = ""          # the engine that alone can do it
    name: str = "insert"    # of the step
    engine: str = ""        # that does it


def all_columns(columns):
    """Struct fields, list elements and map values too: (path, column, its siblings, whether names can change)."""
    todo = [((c.name,), c, columns, True) for c in columns]
    while todo:
        path, column, siblings, named = todo.pop(0)
        yield path, column, siblings, named
        for part in column.kind.parts:
            todo.append(((*path, part.name), part, column.kind.parts, column.kind.name == "struct"))


def dotted(path):
    return ".".join(map(quoted, path))


# ---- rows ----

def random_kind(dice, uids, depth=0):
    plain = ["int", "bigint", "float", "double", "decimal(9,2)", "decimal(18,4)", "decimal(38,10)", "date", "timestamp_ntz", "timestamp", "string",
             "string", "binary", "boolean"]
    if depth > 1 or dice.random() < 0.7:
        return Kind(dice.choice(plain))
    name = dice.choice(["array", "map", "struct", "struct"])
    if name == "struct":
        names = dice.sample(NAMES[:8], dice.choice([1, 2, 3]))
        return Kind("struct", [Column(next(uids), n, random_kind(dice, uids, depth + 1)) for n in names])
    if name == "array":
        return Kind("array", [Column(next(uids), "element", random_kind(dice, uids, depth + 1))])
    return Kind("map", [Column(next(uids), "key", Kind("string")), Column(next(uids), "value", random_kind(dice, uids, depth + 1))])


def new_rows(dice, table, columns=None, most=7):
    rows = []
    nulls = dice.choice([0, 0.2, 0.8])
    for _ in range(dice.randrange(1, most)):
        row = {c.uid: random_value(dice, c.kind, nulls) for c in columns or table.columns if c.name != "id"}
        rows.append({table.id_column().uid: table.fresh_id(), **row})
    return rows


def values(rows, columns):
    return "VALUES " + ", ".join("(" + ", ".join(literal(row.get(c.uid), c.kind) for c in columns) + ")" for row in rows)


def arrow(handle, rows, columns):
    rows = [{c.name: arrow_value(row.get(c.uid, c.initial), c.kind) for c in columns} for row in rows]
    return pa.Table.from_pylist(rows, schema=handle.schema().as_arrow())


def for_pyiceberg(table, change):
    """A change of rows by PyIceberg, unless there are arrays or maps: it writes empty ones for those that are null."""
    return None if any(c.kind.name in ("array", "map") for _, c, _, _ in all_columns(table.columns)) else change


def target(table, ref):
    return f"default.{table.name}" + ("" if ref == "main" else f".branch_{ref}")


def some_ref(dice, table):
    branches = [r for r in sorted(table.refs) if table.kinds[r] == "branch" and r != "main"]
    return dice.choice(branches) if branches and dice.random() < 0.3 else "main"


def predicate(dice, table, rows):
    """(SQL, function of a row, the same for PyIceberg or None)."""
    uid = table.id_column().uid
    ids = [row[uid] for row in rows] or [0]
    picks = [dice.choice(ids) for _ in range(3)]
    low, size, part = dice.choice(ids), dice.randrange(1, 9), dice.randrange(3)
    plain = [c for c in table.columns if not c.kind.nested and c.name != "id"]
    choices = [
        (f"id IN ({', '.join(map(str, picks))})", lambda r: r[uid] in picks, ex.In("id", picks)),
        (f"id BETWEEN {low} AND {low + size}", lambda r: low <= r[uid] <= low + size, ex.And(ex.GreaterThanOrEqual("id", low), ex.LessThanOrEqual("id", low + size))),
        (f"id % 3 = {part}", lambda r: r[uid] % 3 == part, None)]
    if plain:
        c = dice.choice(plain)
        value = next((r.get(c.uid) for r in dice.sample(rows, len(rows)) if r.get(c.uid) is not None), None)
        name = quoted(c.name)
        choices.append((f"{name} IS NULL AND id % 3 = {part}", lambda r: r.get(c.uid, c.initial) is None and r[uid] % 3 == part, None))
        choices.append((f"{name} IS NULL", lambda r: r.get(c.uid, c.initial) is None, ex.IsNull(c.name)))
        if value is not None and c.kind.name not in ("float", "double"):
            got = lambda r: r.get(c.uid, c.initial)  # noqa: E731
            safe = c.kind.name not in ("timestamp", "timestamp_ntz", "date", "binary")
            choices.append((f"{name} = {literal(value, c.kind)}", lambda r: got(r) is not None and got(r) == value, ex.EqualTo(c.name, value) if safe else None))
            # Iceberg 1.12 takes a partition whose value is null for one below all values, and deletes it whole.
            some = f"{name} IS NOT NULL AND " if c.uid in table.sources else ""
            choices.append((f"{some}{name} < {literal(value, c.kind)}", lambda r: got(r) is not None and got(r) < value, ex.LessThan(c.name, value) if safe else None))
            choices.append((f"{name} >= {literal(value, c.kind)} AND id > {low}", lambda r: got(r) is not None and got(r) >= value and r[uid] > low, None))
        elif value is not None and not math.isnan(value):
            choices.append((f"{name} < {literal(value, c.kind)}", lambda r: r.get(c.uid, c.initial) is not None and r.get(c.uid, c.initial) < value, None))
    return dice.choice(choices)


def insert(dice, table):
    ref = some_ref(dice, table)
    columns = [c for c in table.columns if c.name == "id" or dice.random() < 0.7] if dice.random() < 0.3 else table.columns
    rows = new_rows(dice, table, columns)
    for row in rows:
        row.update({c.uid: c.initial for c in table.columns if c not in columns})
    names = ", ".join(quoted(c.name) for c in columns)
    whole = table.columns
    return Action([f"INSERT INTO {target(table, ref)} ({names}) {values(rows, columns)}"],
                  for_pyiceberg(table, lambda t: t.append(arrow(t, rows, whole), branch=ref)), ref, table.rows(ref) + rows, added=rows, touched=lambda r: False)


def delete(dice, table):
    ref = some_ref(dice, table)
    rows = table.rows(ref)
    sql, match, expression = predicate(dice, table, rows)
    return Action([f"DELETE FROM {target(table, ref)} WHERE {sql}"], expression is not None and for_pyiceberg(table, lambda t: t.delete(expression, branch=ref)),
                  ref, [r for r in rows if not match(r)], touched=lambda r: False)


def assignments(dice, table):
    """[(SQL target, kind, function that puts a value into a row)...]"""
    out = []
    for c in dice.sample(table.columns, min(len(table.columns), dice.choice([1, 1, 2, 3]))):
        if c.name == "id":
            continue
        if c.kind.name == "struct" and dice.random() < 0.5:
            part = dice.choice(c.kind.parts)

            def put_part(row, value, c=c, part=part):
                whole = dict(row.get(c.uid, c.initial) or {p.uid: None for p in c.kind.parts})
                row[c.uid] = {**whole, part.uid: value}
            out.append((f"{quoted(c.name)}.{quoted(part.name)}", part.kind, put_part))
        else:
            out.append((quoted(c.name), c.kind, lambda row, value, c=c: row.__setitem__(c.uid, value)))
    return out


def update(dice, table):
    ref = some_ref(dice, table)
    rows = table.rows(ref)
    sql, match, _ = predicate(dice, table, rows)
    sets = [(name, kind, put, random_value(dice, kind)) for name, kind, put in assignments(dice, table)]
    if not sets:
        return None
    after = copy.deepcopy(rows)
    for row in after:
        if match(row):
            for _, _, put, value in sets:
                put(row, value)
    text = ", ".join(f"{name} = {literal(value, kind)}" for name, kind, _, value in sets)
    return Action([f"UPDATE {target(table, ref)} SET {text} WHERE {sql}"], None, ref, after, touched=match)


def upsert(dice, table):
    """PyIceberg's: whole rows by their id; in SQL a merge of the same."""
    ref = some_ref(dice, table)
    uid = table.id_column().uid
    old = [r[uid] for r in dice.sample(table.rows(ref), min(len(table.rows(ref)), dice.randrange(4)))]
    source = new_rows(dice, table, most=6)
    for row, number in zip(source, old):
        row[uid] = number
    changed = {row[uid]: row for row in source}
    kept = [changed.pop(r[uid], r) for r in table.rows(ref)]
    names = ", ".join(quoted(c.name) for c in table.columns)
    columns = table.columns
    sql = (f"MERGE INTO {target(table, ref)} t USING (SELECT * FROM {values(source, columns)} AS v({names})) s ON t.id = s.id "
           "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *")
    return Action([sql], for_pyiceberg(table, lambda t: t.upsert(arrow(t, source, columns), join_cols=["id"], branch=ref)), ref, kept + list(changed.values()),
                  touched=lambda r: r[uid] in old)


def merge(dice, table):
    ref = some_ref(dice, table)
    rows, uid = table.rows(ref), table.id_column().uid
    plain = [c for c in table.columns if c.name != "id"]
    if not plain:
        return None
    c = dice.choice(plain)
    old = [r[uid] for r in dice.sample(rows, min(len(rows), dice.randrange(6)))]
    source = {k: random_value(dice, c.kind) for k in old + [table.fresh_id() for _ in range(dice.randrange(3))]}
    if not source:
        return None
    part, by_source = dice.randrange(3), dice.choice(["", "", "DELETE", "UPDATE"])
    other = random_value(dice, c.kind)
    after, touched = [], set()
    for row in rows:
        number = row[uid]
        if number in source and number % 3 == part or number not in source and number % 4 == part and by_source == "DELETE":
            continue
        if number in source:
            row = {**row, c.uid: source[number]}
            touched.add(number)
        elif number % 4 == part and by_source == "UPDATE":
            row = {**row, c.uid: other}
            touched.add(number)
        after.append(row)
    for number in source:
        if number not in old:
            after.append({**{x.uid: x.initial for x in table.columns}, uid: number, c.uid: source[number]})
    name = quoted(c.name)
    lines = ", ".join(f"(CAST({k} AS BIGINT), {literal(v, c.kind)})" for k, v in source.items())
    sql = (f"MERGE INTO {target(table, ref)} t USING (SELECT * FROM VALUES {lines} AS v(k, w)) s ON t.id = s.k WHEN MATCHED AND t.id % 3 = {part} THEN DELETE "
           f"WHEN MATCHED THEN UPDATE SET t.{name} = s.w WHEN NOT MATCHED THEN INSERT (id, {name}) VALUES (s.k, s.w)")
    if by_source:
        action = "DELETE" if by_source == "DELETE" else f"UPDATE SET t.{name} = {literal(other, c.kind)}"
        sql += f" WHEN NOT MATCHED BY SOURCE AND t.id % 4 = {part} THEN {action}"
    return Action([sql], None, ref, after, touched=lambda r: r[uid] in touched)


def overwrite(dice, table):
    ref = some_ref(dice, table)
    rows, columns = new_rows(dice, table), table.columns
    return Action([f"INSERT OVERWRITE {target(table, ref)} {values(rows, columns)}"],
                  for_pyiceberg(table, lambda t: t.overwrite(arrow(t, rows, columns), branch=ref)), ref, rows, touched=lambda r: False)


def overwrite_partitions(dice, table):
    """The rows that go are those of the new rows' partitions, which only a reader can tell (history_checks.remaining)."""
    ref = some_ref(dice, table)
    rows, columns = new_rows(dice, table), table.columns
    mode = "SET spark.sql.sources.partitionOverwriteMode = "
    return Action([mode + "dynamic", f"INSERT OVERWRITE {target(table, ref)} {values(rows, columns)}", mode + "static"], None, ref, rows,
                  touched=lambda r: False, dynamic=True)


def truncate(dice, table):
    return Action([f"TRUNCATE TABLE {target(table, 'main')}"], lambda t: t.delete(), "main", [], touched=lambda r: False)


def replace_table(dice, table):
    """Some of its rows in a table of its columns, without partitions, order and defaults."""
    rows = table.rows()
    sql, match, _ = predicate(dice, table, rows)
    columns = copy.deepcopy(table.columns)
    whole = {c.uid: c.initial for c in columns}
    for column in columns:
        column.initial = None

    def done(t):
        t.parts.clear()
        t.sorted_by.clear()
    return Action([f"CREATE OR REPLACE TABLE default.{table.name} USING iceberg AS SELECT * FROM default.{table.name} WHERE {sql}"], None, "main",
                  [{**whole, **r} for r in rows if match(r)], columns, done=done)


def transaction(dice, table):
    """Some changes of main in one commit."""
    if "main" not in table.refs:
        return None
    shadow, statements = copy.copy(table), []
    shadow.snapshots, shadow.refs, shadow.kinds = {0: Snapshot(table.rows(), table.columns, None)}, {"main": 0}, {"main": "branch"}
    for step in dice.choices([insert, delete, update, merge, upsert], k=3):
        action = step(dice, shadow)
        if action:
            statements += action.sql
            shadow.snapshots[0].rows = action.rows
    table.next_id = shadow.next_id
    return Action(["BEGIN", *statements, "COMMIT"], None, "main", shadow.rows(), touched=lambda r: True, only="firn")


# ---- columns ----

def siblings_at(table, dice):
    """A struct, or the table: (path, the columns in it)."""
    structs = [(path, c.kind.parts) for path, c, _, _ in all_columns(table.columns) if c.kind.name == "struct"]
    return dice.choice(structs) if structs and dice.random() < 0.5 else ((), table.columns)


def altered(table, sql, change, by_pyiceberg=None):
    columns = copy.deepcopy(table.columns)
    change(columns)

    def pyiceberg(t):
        with t.update_schema() as schema:
            by_pyiceberg(schema)
    return Action([f"ALTER TABLE default.{table.name} {sql}"], by_pyiceberg and pyiceberg, columns=columns)


def find(columns, path):
    column = next(c for c in columns if c.name == path[0])
    return column if len(path) == 1 else find(column.kind.parts, path[1:])


def inside(columns, path):
    return find(columns, path).kind.parts if path else columns


def default(dice, kind):
    """(value, a literal of the type, without casts)"""
    number = dice.randrange(-50, 100)
    if kind.name in ("int", "bigint"):
        return number, str(number)
    if kind.is_decimal:
        value = decimal.Decimal(number) / 4
        return value, f"{value:.2f}"
    if kind.name in ("string", "date", "timestamp", "timestamp_ntz", "boolean"):
        value = random_value(dice, kind, 0)
        return value, literal(value, kind)
    return None, ""


def add_column(dice, table):
    path, siblings = siblings_at(table, dice)
    free = [n for n in NAMES if n.lower() not in {c.name.lower() for c in siblings}]
    name, kind = dice.choice(free), random_kind(dice, table.uids, len(path))
    column = Column(next(table.uids), name, kind)
    sql = f"ADD COLUMN {dotted((*path, name))} {kind.sql()}"
    if table.version == 3 and not kind.nested and not path and dice.random() < 0.4:
        column.initial, text = default(dice, kind)
        sql += f" DEFAULT {text}" if text else ""
    place = dice.choice(["", "", "FIRST", "AFTER"])
    other = dice.choice(siblings).name

    def change(columns):
        where = inside(columns, path)
        at = {"": len(where), "FIRST": 0}.get(place)
        where.insert(at if at is not None else 1 + next(i for i, c in enumerate(where) if c.name == other), column)
    if place:
        sql += " FIRST" if place == "FIRST" else f" AFTER {quoted(other)}"
    return altered(table, sql, change, None if place else lambda u: u.add_column((*path, name), kind.iceberg()))


def fixed(table):
    return table.sources | table.sorted_by


def used(table, column):
    return column.name == "id" or any(c.uid in fixed(table) for _, c, _, _ in all_columns([column]))


def drop_column(dice, table):
    options = [(path, c) for path, c, siblings, named in all_columns(table.columns) if named and len(siblings) > 1 and not used(table, c)]
    if not options:
        return None
    path, gone = dice.choice(options)

    def change(columns):
        where = inside(columns, path[:-1])
        where[:] = [c for c in where if c.uid != gone.uid]
    return altered(table, f"DROP COLUMN {dotted(path)}", change, lambda u: u.delete_column(path))


def rename_column(dice, table):
    options = [(path, c, siblings) for path, c, siblings, named in all_columns(table.columns) if named and c.name != "id"]
    if not options:
        return None
    path, column, siblings = dice.choice(options)
    taken = {c.name.lower() for c in siblings} | ({p.lower() for p in table.parts} if len(path) == 1 else set())
    name = dice.choice([n for n in NAMES if n.lower() not in taken])

    def change(columns):
        find(columns, path).name = name
    return altered(table, f"RENAME COLUMN {dotted(path)} TO {quoted(name)}", change, lambda u: u.rename_column(path, name))


def move_column(dice, table):
    path, siblings = siblings_at(table, dice)
    if len(siblings) < 2:
        return None
    column, other = dice.sample(siblings, 2)
    first = dice.random() < 0.3

    def change(columns):
        where = inside(columns, path)
        moved = next(c for c in where if c.uid == column.uid)
        where.remove(moved)
        where.insert(0 if first else 1 + next(i for i, c in enumerate(where) if c.uid == other.uid), moved)
    where = (*path, column.name)
    return altered(table, f"ALTER COLUMN {dotted(where)} {'FIRST' if first else 'AFTER ' + quoted(other.name)}", change,
                   (lambda u: u.move_first(where)) if first else lambda u: u.move_after(where, (*path, other.name)))


def promote_column(dice, table):
    options = []
    for path, c, _, _ in all_columns(table.columns):
        if c.kind.name in ("int", "float") and "key" not in path:
            options.append((path, {"int": "bigint", "float": "double"}[c.kind.name]))
        elif c.kind.is_decimal and c.kind.digits[0] < 38:
            options.append((path, f"decimal({dice.randrange(c.kind.digits[0] + 1, 39)},{c.kind.digits[1]})"))
    if not options:
        return None
    path, name = dice.choice(options)

    def change(columns):
        find(columns, path).kind = Kind(name)
    return altered(table, f"ALTER COLUMN {dotted(path)} TYPE {name.upper()}", change, lambda u: u.update_column(path, field_type=Kind(name).iceberg()))


# ---- partitions, order, properties ----

def transforms(dice, column):
    """SQL around {}, and PyIceberg's, that a column can be partitioned by."""
    name, out = column.kind.name, []
    if name not in ("float", "double") and not column.kind.nested:
        out.append(("{}", tr.IdentityTransform()))
    if name in ("int", "bigint", "string", "date", "timestamp", "timestamp_ntz", "binary") or column.kind.is_decimal:
        out.append(("bucket(3, {})", tr.BucketTransform(3)))
    if name in ("int", "bigint", "string", "binary") or column.kind.is_decimal:
        out.append(("truncate(4, {})", tr.TruncateTransform(4)))
    if name in ("date", "timestamp", "timestamp_ntz"):
        out += [("years({})", tr.YearTransform()), ("months({})", tr.MonthTransform()), ("days({})", tr.DayTransform())]
    if name in ("timestamp", "timestamp_ntz"):
        out.append(("hours({})", tr.HourTransform()))
    return dice.choice(out) if out else None


def partition_source(dice, table):
    options = [(path, c) for path, c, _, _ in all_columns(table.columns)
               if not c.kind.nested and not any(p.kind.name in ("array", "map") for p in (find(table.columns, path[:n]) for n in range(1, len(path))))]
    path, column = dice.choice(options)
    shape = transforms(dice, column)
    return shape and (path, column, *shape)


def by_spec(change):
    def pyiceberg(t):
        with t.update_spec() as spec:
            change(spec)
    return pyiceberg


def add_partition(dice, table):
    picked = partition_source(dice, table)
    if not picked or len(table.parts) > 2:
        return None
    path, column, sql, transform = picked
    key = (column.uid, sql)
    if key in table.parts.values():
        return None
    name = f"p{next(table.uids)}"

    def done(t):
        t.parts[name] = key
        t.sources.add(column.uid)
    replaced = dice.choice(sorted(table.parts)) if table.parts and dice.random() < 0.3 else None
    if replaced:
        def done_replaced(t):
            t.parts.pop(replaced)
            done(t)
        return Action([f"ALTER TABLE default.{table.name} REPLACE PARTITION FIELD {replaced} WITH {sql.format(dotted(path))} AS {name}"], done=done_replaced)
    return Action([f"ALTER TABLE default.{table.name} ADD PARTITION FIELD {sql.format(dotted(path))} AS {name}"],
                  by_spec(lambda u: u.add_field(".".join(path), transform, name)), done=done)


def drop_partition(dice, table):
    if not table.parts:
        return None
    name = dice.choice(sorted(table.parts))
    return Action([f"ALTER TABLE default.{table.name} DROP PARTITION FIELD {name}"], by_spec(lambda u: u.remove_field(name)), done=lambda t: t.parts.pop(name))


def sort_order(dice, table):
    picked = partition_source(dice, table)
    if not picked or dice.random() < 0.2:
        return Action([f"ALTER TABLE default.{table.name} WRITE UNORDERED"], done=lambda t: t.sorted_by.clear())
    path, column, sql, _ = picked
    order = f"{sql.format(dotted(path))} {dice.choice(['ASC', 'DESC'])} NULLS {dice.choice(['FIRST', 'LAST'])}"
    how = dice.choice(["ORDERED BY", "LOCALLY ORDERED BY", "DISTRIBUTED BY PARTITION LOCALLY ORDERED BY"])

    def done(t):
        t.sorted_by.clear()
        t.sorted_by.add(column.uid)
    return Action([f"ALTER TABLE default.{table.name} WRITE {how} {order}"], done=done)


def properties(dice, table):
    modes = ["copy-on-write", "merge-on-read"] if table.version > 1 else ["copy-on-write"]
    key, value = dice.choice([
        *[(f"write.{change}.mode", dice.choice(modes)) for change in ("delete", "update", "merge")],
        *[(f"write.{change}.isolation-level", dice.choice(["snapshot", "serializable"])) for change in ("delete", "update", "merge")],
        ("write.format.default", dice.choice(["avro", "parquet", "parquet"])), ("write.delete.granularity", dice.choice(["file", "partition"])),
        ("write.metadata.metrics.default", dice.choice(["none", "counts", "truncate(3)", "full"])), ("commit.manifest.min-count-to-merge", dice.choice(["2", "100"])),
        ("commit.manifest-merge.enabled", dice.choice(["true", "false"])), ("write.distribution-mode", dice.choice(["none", "hash", "range"])),
        ("write.object-storage.enabled", dice.choice(["true", "false"])), ("write.parquet.compression-codec", dice.choice(["zstd", "snappy", "gzip", "uncompressed"])),
        ("write.metadata.previous-versions-max", dice.choice(["2", "100"])), ("write.metadata.compression-codec", dice.choice(["none", "gzip"])),
        ("write.summary.partition-limit", "3"), ("write.parquet.row-group-limit", "3"), ("write.spark.fanout.enabled", "true"),
        ("commit.manifest.target-size-bytes", dice.choice(["1", "8388608"])), ("write.parquet.page-row-limit", "2")])

    def pyiceberg(t):
        with t.transaction() as transaction:
            transaction.set_properties({key: value})
    return Action([f"ALTER TABLE default.{table.name} SET TBLPROPERTIES ('{key}' = '{value}')"], pyiceberg, done=lambda t: t.properties.update({key: value}))


def upgrade(dice, table):
    if table.version == 3 or dice.random() < 0.5:
        return None
    return Action([f"ALTER TABLE default.{table.name} SET TBLPROPERTIES ('format-version' = '{table.version + 1}')"])
