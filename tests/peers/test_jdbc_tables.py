# SPDX-License-Identifier: Apache-2.0
"""Tables that firn and Iceberg's Java library change in turn and at once: rows, types, partitions,
schemas, snapshots. One catalog file, JdbcCatalog on Java's side."""
import datetime
import decimal
import json
import subprocess

import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import (DateType, DecimalType, DoubleType, FixedType, IntegerType, ListType,
                             LongType, MapType, StringType, StructType, TimestampType, TimestamptzType)

from conftest import FIRN, ROOT
from jdbc_peer import Catalog, JavaError, check, java, jvm, to_json  # noqa: F401 (fixtures)
from judge import PRIMITIVES, UTC, ask, field, sql_literal, value_of

PLAIN = '{"spec-id": 0, "fields": []}'


def spec(*fields):
    """Partition fields (source id, transform) as JSON."""
    return json.dumps({"spec-id": 0, "fields": [
        {"source-id": source, "field-id": 1000 + i, "name": f"p{i}", "transform": transform}
        for i, (source, transform) in enumerate(fields)]})


def create(java, name, schema, partitions=PLAIN, properties="{}"):
    return java("create", name, schema.model_dump_json(), partitions, properties)


def insert_text(table, schema, rows):
    values = ", ".join("(" + ", ".join(sql_literal(r[f.name], f.field_type) for f in schema.fields) + ")"
                       for r in rows)
    return f"INSERT INTO {table} VALUES {values};"


def insert(home, table, schema, rows):
    home.run("sql", stdin=insert_text(table, schema, rows))


def append(java, table, rows):
    java("append", table, to_json(rows))


def primitive_rows(kinds, n, start):
    """Every type; every seventh value of a column is null, at another row in each."""
    return [{name: None if (i + k) % 7 == 6 else value_of(kind, i) for k, (name, kind) in enumerate(kinds)}
            for i in range(start, start + n)]


@pytest.fixture
def lake(home):
    home.run("sql", "-c", "CREATE SCHEMA a")
    return home


# ---- types ----

SQL_NAMES = {"boolean": "BOOLEAN", "int": "INT", "long": "BIGINT", "timestamptz": "TIMESTAMPTZ"}


def test_every_primitive_type_in_a_table_of_firn(lake, java):
    kinds = [(n, t) for n, t in PRIMITIVES if not isinstance(t, FixedType)]  # SQL has no fixed
    schema = Schema(*[field(i + 1, n, t) for i, (n, t) in enumerate(kinds)])
    columns = ", ".join(f"{n} {SQL_NAMES.get(str(t), str(t))}" for n, t in kinds)
    lake.run("sql", "-c", f"CREATE TABLE a.t ({columns})")
    assert java("schema", "a.t")["schema"] == [[i + 1, n, str(t), False] for i, (n, t) in enumerate(kinds)]
    ours, theirs = primitive_rows(kinds, 30, 0), primitive_rows(kinds, 30, 30)
    insert(lake, "a.t", schema, ours)
    check(lake, java, "a.t", schema, ours)
    append(java, "a.t", theirs)
    check(lake, java, "a.t", schema, ours + theirs)


def test_every_primitive_type_in_a_table_of_java(lake, java):
    schema = Schema(*[field(i + 1, n, t) for i, (n, t) in enumerate(PRIMITIVES)])
    create(java, "a.t", schema)
    ours, theirs = primitive_rows(PRIMITIVES, 30, 30), primitive_rows(PRIMITIVES, 30, 0)
    append(java, "a.t", theirs)
    check(lake, java, "a.t", schema, theirs)
    insert(lake, "a.t", schema, ours)
    check(lake, java, "a.t", schema, ours + theirs)


def test_nested_types(lake, java):
    schema = Schema(
        field(1, "id", LongType()),
        field(2, "tags", ListType(5, StringType(), element_required=False)),
        field(3, "point", StructType(field(6, "x", DoubleType()),
                                     field(7, "at", StructType(field(8, "d", DateType()))))),
        field(4, "counts", MapType(9, StringType(), 10, LongType(), value_required=False)))
    lake.run("sql", "-c", """
        CREATE TABLE a.t (id BIGINT, tags STRING[], point STRUCT(x DOUBLE, "at" STRUCT(d DATE)),
                          counts MAP(STRING, BIGINT));
        INSERT INTO a.t VALUES
          (1, ['a', NULL, ''], {x: 1.5, "at": {d: DATE '2024-02-29'}}, MAP {'k': 1, 'ü': NULL}),
          (2, [], {x: NULL, "at": NULL}, MAP {}), (3, NULL, NULL, NULL)""")
    rows = [
        {"id": 1, "tags": ["a", None, ""], "point": {"x": 1.5, "at": {"d": datetime.date(2024, 2, 29)}},
         "counts": {"k": 1, "ü": None}},
        {"id": 2, "tags": [], "point": {"x": None, "at": None}, "counts": {}},
        {"id": 3, "tags": None, "point": None, "counts": None}]
    check(lake, java, "a.t", schema, rows)
    append(java, "a.t", rows)
    check(lake, java, "a.t", schema, rows + rows)


# ---- partitions ----

EVENT = Schema(field(1, "id", LongType(), required=True), field(2, "kind", StringType()),
               field(3, "ts", TimestampType()), field(4, "tz", TimestamptzType()), field(5, "day", DateType()),
               field(6, "price", DecimalType(9, 2)), field(7, "n", IntegerType()))
TRANSFORMS = [("identity", "kind"), ("bucket[4]", "id"), ("bucket[3]", "kind"), ("bucket[5]", "price"),
              ("truncate[2]", "kind"), ("truncate[10]", "n"), ("truncate[50]", "price"), ("year", "ts"),
              ("month", "day"), ("day", "ts"), ("day", "tz"), ("hour", "tz"), ("identity", "price"),
              ("identity", "day")]


def events(n, start=0):
    rows = []
    for i in range(start, start + n):
        ts = datetime.datetime(1969, 12, 30) + datetime.timedelta(hours=i * 7, microseconds=i)
        rows.append({"id": i - 5, "kind": None if i % 9 == 8 else ["a", "żółw", "b/c=d", "x y"][i % 4],
                     "ts": ts, "tz": ts.replace(tzinfo=UTC), "day": ts.date(), "n": i - 7,
                     "price": None if i % 8 == 7 else decimal.Decimal(i * 1225 - 5000).scaleb(-2)})
    return rows


def test_partition_transforms(lake, java):
    """For each transform a table of firn and one of Java, each filled by both: the partitions agree, and so
    does what is read with and without a filter. One firn for all tables: starts are what takes time."""
    first, second = events(20), events(20, 20)
    script, queries, counts = "", [], []
    tables = [(f"a.ours{i}", f"a.theirs{i}", *t) for i, t in enumerate(TRANSFORMS)]
    for ours, theirs, transform, column in tables:
        name, _, rest = transform.partition("[")
        words = f"{name}({rest[:-1]}, {column})" if rest else \
            column if name == "identity" else f"{name}({column})"
        create(java, theirs, EVENT, spec((EVENT.find_field(column).field_id, transform)))
        append(java, theirs, first)
        script += f"""CREATE TABLE {ours} (id BIGINT NOT NULL, kind STRING, ts TIMESTAMP, tz TIMESTAMPTZ, day DATE,
                      price DECIMAL(9, 2), n INT) PARTITIONED BY ({words});"""
        script += insert_text(ours, EVENT, first) + insert_text(theirs, EVENT, second)
    lake.run("sql", stdin=script)
    for ours, theirs, transform, column in tables:
        append(java, ours, second)
        parts = [java("partitions", table) for table in (ours, theirs)]
        assert parts[0] == parts[1] and len(parts[0]) > 1, (transform, column)
        for table in (ours, theirs):
            queries.append(f"SELECT * FROM {table}")
            for row in (first[3], second[5]):
                literal = sql_literal(row[column], EVENT.find_field(column).field_type)
                queries.append(f"SELECT count(*) AS n FROM {table} WHERE {column} = {literal}")
                counts.append((table, sum(r[column] == row[column] for r in first + second)))
    answers = ask(lake, queries)
    for i, (table, count) in enumerate(counts):
        assert answers[i // 2 * 3 + 1 + i % 2] == [{"n": count}], (table, queries[i // 2 * 3 + 1 + i % 2])
        if i % 2 == 0:
            check(lake, java, table, EVENT, first + second, answers[i // 2 * 3])


def test_partitions_evolve_on_both_sides(lake, java):
    create(java, "a.t", EVENT)
    rows = events(6)
    append(java, "a.t", rows[:2])
    lake.run("sql", "-c", "ALTER TABLE a.t ADD PARTITION FIELD day(ts)")
    insert(lake, "a.t", EVENT, rows[2:3])
    append(java, "a.t", rows[3:4])
    assert len(java("evolve", "a.t", "bucket", "id", "4")["spec"]) == 2
    insert(lake, "a.t", EVENT, rows[4:5])
    append(java, "a.t", rows[5:])
    check(lake, java, "a.t", EVENT, rows)
    lake.run("sql", "-c", "ALTER TABLE a.t DROP PARTITION FIELD day(ts)")
    append(java, "a.t", events(1, 6))
    check(lake, java, "a.t", EVENT, events(7))


# ---- changes ----

def test_java_reads_what_firn_changed(lake, java):
    create(java, "a.t", EVENT, spec((2, "identity"), (1, "bucket[2]")))
    rows = events(40)
    append(java, "a.t", rows[:20])
    insert(lake, "a.t", EVENT, rows[20:])
    lake.run("sql", "-c", """
        DELETE FROM a.t WHERE id BETWEEN 0 AND 4 OR kind = 'x y';
        UPDATE a.t SET n = n + 1000, kind = 'moved' WHERE abs(id) % 10 = 5;
        MERGE INTO a.t USING (SELECT * FROM (VALUES (12, 'merged'), (999, 'new')) v(id, kind)) s ON t.id = s.id
        WHEN MATCHED THEN UPDATE SET kind = s.kind
        WHEN NOT MATCHED THEN INSERT (id, kind) VALUES (s.id, s.kind)""")
    want = [dict(r) for r in rows if not (0 <= r["id"] <= 4 or r["kind"] == "x y")]
    for r in want:
        if abs(r["id"]) % 10 == 5:
            r.update(n=r["n"] + 1000, kind="moved")
        if r["id"] == 12:
            r["kind"] = "merged"
    want.append({f.name: {"id": 999, "kind": "new"}.get(f.name) for f in EVENT.fields})
    check(lake, java, "a.t", EVENT, want)
    java("delete-files", "a.t", "kind", "moved")
    want = [r for r in want if r["kind"] != "moved"]
    check(lake, java, "a.t", EVENT, want)
    append(java, "a.t", rows[:1])
    check(lake, java, "a.t", EVENT, want + rows[:1])
    last = java("snapshots", "a.t")[-1]["summary"]
    assert last["total-records"] == str(len(want) + 1)


def test_row_deletes_of_java_are_refused_not_ignored(lake, java):
    create(java, "a.t", EVENT)
    rows = events(4)
    append(java, "a.t", rows)
    java("delete-equal", "a.t", "id", [{"id": rows[0]["id"]}])
    assert len(java("rows", "a.t")) == 3
    done = lake.run("sql", "-c", "SELECT count(*) FROM a.t", check=False)
    if done.returncode == 0:
        check(lake, java, "a.t", EVENT, rows[1:])
    else:
        assert "not supported" in done.stderr and "delete" in done.stderr


def test_schemas_evolve_on_both_sides(lake, java):
    schema = Schema(field(1, "id", IntegerType()), field(2, "name", StringType()), field(3, "gone", LongType()))
    create(java, "a.t", schema)
    append(java, "a.t", [{"id": 1, "name": "one", "gone": 1}])
    insert(lake, "a.t", schema, [{"id": 2, "name": "two", "gone": 2}])
    java("evolve", "a.t", "add", "price", "decimal(9, 2)", "rename", "name", "label", "drop", "gone",
         "promote", "id", "long")
    schema = Schema(field(1, "id", LongType()), field(2, "label", StringType()), field(4, "price", DecimalType(9, 2)))
    rows = [{"id": 1, "label": "one", "price": None}, {"id": 2, "label": "two", "price": None}]
    check(lake, java, "a.t", schema, rows)
    rows += [{"id": 2**40, "label": "three", "price": decimal.Decimal("3.25")}]
    insert(lake, "a.t", schema, rows[2:])
    lake.run("sql", "-c", """
        ALTER TABLE a.t ADD COLUMN gone STRING; ALTER TABLE a.t RENAME COLUMN label TO name;
        ALTER TABLE a.t ALTER COLUMN price TYPE DECIMAL(18, 2); ALTER TABLE a.t ALTER COLUMN gone FIRST""")
    assert java("schema", "a.t")["schema"] == [
        [5, "gone", "string", False], [1, "id", "long", False], [2, "name", "string", False],
        [4, "price", "decimal(18, 2)", False]]
    schema = Schema(field(5, "gone", StringType()), field(1, "id", LongType()), field(2, "name", StringType()),
                    field(4, "price", DecimalType(18, 2)))
    rows = [{"gone": None, "id": r["id"], "name": r["label"], "price": r["price"]} for r in rows]
    rows += [{"gone": "back", "id": 4, "name": "four", "price": decimal.Decimal("1234567890123.45")}]
    append(java, "a.t", rows[3:])
    check(lake, java, "a.t", schema, rows)


def test_commits_of_firn_keep_what_they_do_not_use(lake, java):
    schema = Schema(field(1, "id", LongType(), required=True), field(2, "name", StringType()))
    create(java, "a.t", schema, spec((1, "bucket[2]")))
    append(java, "a.t", [{"id": 1, "name": "one"}])
    before = java("decorate", "a.t")
    assert before["docs"] == ["the key", "null", "nested"] and before["identifiers"] == ["id"]
    assert set(before["refs"]) == {"v1", "audit"} and len(before["sort"]) == 2 and len(before["statistics"]) == 1
    lake.run("sql", "-c", """
        INSERT INTO a.t (id, name) VALUES (2, 'two'); UPDATE a.t SET name = 'uno' WHERE id = 1;
        DELETE FROM a.t WHERE id = 2""")
    assert java("decorations", "a.t") == before
    assert lake.value("SELECT name FROM a.t VERSION AS OF 'v1'") == "one"
    assert lake.value("SELECT name FROM a.t") == "uno"
    append(java, "a.t", [{"id": 3, "name": "three", "more": {"x": 5}}])
    assert lake.value("SELECT more.x FROM a.t WHERE id = 3") == "5"
    lake.run("sql", "-c", "ALTER TABLE a.t ADD COLUMN last INT")
    after = java("decorations", "a.t")
    assert after["docs"] == [*before["docs"], "null"] and after["schemas"] == before["schemas"] + 1
    for key in ("identifiers", "refs", "sort", "statistics", "properties", "spec", "uuid", "location"):
        assert after[key] == before[key], key


# ---- snapshots ----

def test_both_tell_the_same_history_and_travel_in_it(lake, java):
    create(java, "a.t", EVENT)
    rows = events(6)
    for i in range(0, 6, 2):
        append(java, "a.t", rows[i:i + 1])
        insert(lake, "a.t", EVENT, rows[i + 1:i + 2])
    lake.run("sql", "-c", f"DELETE FROM a.t WHERE id = {rows[0]['id']}")
    theirs = java("snapshots", "a.t")
    ours = lake.sql("SELECT snapshot_id, parent_id, operation FROM a.t.snapshots ORDER BY committed_at")
    assert [(s["id"], s["parent"].replace("null", ""), s["operation"]) for s in theirs] == \
        [tuple(r.values()) for r in ours]
    assert [s["sequence"] for s in theirs] == list(range(1, 8))
    assert [s["summary"]["total-records"] for s in theirs] == ["1", "2", "3", "4", "5", "6", "5"]
    for i, s in enumerate(theirs[:6]):
        ids = sorted(r["id"] for r in rows[:i + 1])
        assert sorted(r["id"] for r in java("rows", "a.t", s["id"])) == ids
        assert [int(r["id"]) for r in lake.sql(f"SELECT id FROM a.t VERSION AS OF {s['id']} ORDER BY id")] == ids
    lake.run("sql", "-c", f"CALL system.rollback_to_snapshot('a.t', {theirs[2]['id']})")
    check(lake, java, "a.t", EVENT, rows[:3])
    append(java, "a.t", rows[5:])
    check(lake, java, "a.t", EVENT, rows[:3] + rows[5:])


def test_tables_of_format_versions_1_and_3_are_read(lake, java):
    rows = events(5)
    for version in ("1", "3"):
        create(java, f"a.v{version}", EVENT, spec((2, "identity")), {"format-version": version})
        append(java, f"a.v{version}", rows)
        check(lake, java, f"a.v{version}", EVENT, rows)
        done = lake.run("sql", "-c", f"INSERT INTO a.v{version} (id) VALUES (100)", check=False)
        if done.returncode:
            assert "not supported" in done.stderr
        else:
            assert len(java("rows", f"a.v{version}")) == 6


@pytest.mark.parametrize("codec", ["zstd", "gzip", "snappy", "lz4_raw", "uncompressed"])
def test_files_of_every_codec_of_java(lake, java, codec):
    create(java, "a.t", EVENT, properties={"write.parquet.compression-codec": codec,
                                           "write.metadata.compression-codec": "gzip"})
    rows = events(300)
    append(java, "a.t", rows)
    check(lake, java, "a.t", EVENT, rows)
    insert(lake, "a.t", EVENT, rows[:3])
    check(lake, java, "a.t", EVENT, rows + rows[:3])


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}"])
def test_every_form_of_a_local_path(lake, java, jvm, form):
    other = Catalog(jvm, lake.path / "catalog.db", form.format(lake.path / "warehouse"))
    create(other, "a.t", EVENT)
    append(other, "a.t", events(2))
    insert(lake, "a.t", EVENT, events(1, 2))
    lake.run("sql", "-c", f"DELETE FROM a.t WHERE id = {events(1)[0]['id']}")
    append(java, "a.t", events(1, 3))
    check(lake, other, "a.t", EVENT, events(4)[1:])


# ---- at once ----

def test_commits_at_once_lose_nothing(lake, java):
    schema = Schema(field(1, "writer", StringType()), field(2, "n", LongType()))
    create(java, "a.t", schema, properties={"commit.retry.num-retries": "100", "commit.retry.min-wait-ms": "10",
                                            "commit.retry.max-wait-ms": "500"})
    theirs = {f"java {w}": java.start("append", "a.t", *[[{"writer": f"java {w}", "n": n}] for n in range(6)])
              for w in range(2)}
    ours = {}
    for w in range(3):
        inserts = "; ".join(f"INSERT INTO a.t VALUES ('firn {w}', {n})" for n in range(6))
        ours[f"firn {w}"] = subprocess.Popen([FIRN, "--home", lake.path, "sql", "-c", inserts], cwd=ROOT,
                                             stderr=subprocess.PIPE, text=True)
    for name, process in ours.items():
        errors = process.communicate(timeout=120)[1]
        assert process.returncode == 0, f"{name}: {errors}"
    for process in theirs.values():
        assert Catalog.finish(process) == "appended"
    check(lake, java, "a.t", schema, [{"writer": w, "n": n} for w in [*ours, *theirs] for n in range(6)])
    snapshots = java("snapshots", "a.t")
    assert [s["sequence"] for s in snapshots] == list(range(1, 31))
    assert snapshots[-1]["summary"]["total-records"] == "30"


def test_a_change_of_firn_and_appends_of_java_at_once(lake, java):
    """Updates read what they change: an append that came first must be there afterwards."""
    schema = Schema(field(1, "id", LongType()), field(2, "n", LongType()))
    create(java, "a.t", schema, properties={"commit.retry.num-retries": "100", "commit.retry.min-wait-ms": "10",
                                            "commit.retry.max-wait-ms": "100"})
    append(java, "a.t", [{"id": i, "n": 0} for i in range(5)])
    process = java.start("append", "a.t", *[[{"id": 100 + i, "n": -1}] for i in range(4)])
    updates = 0
    while updates < 3 or (process.poll() is None and updates < 50):  # Java waits longer after each loss
        lake.run("sql", "-c", "UPDATE a.t SET n = n + 1 WHERE id < 100")
        updates += 1
    assert Catalog.finish(process) == "appended"
    check(lake, java, "a.t", schema, [{"id": i, "n": updates} for i in range(5)] +
          [{"id": 100 + i, "n": -1} for i in range(4)])


def test_one_of_two_creations_wins(lake, java):
    schema = Schema(field(1, "id", LongType()))
    process = java.start("create", "a.t", schema.model_dump_json(), PLAIN, "{}")
    done = lake.run("sql", "-c", "CREATE TABLE a.t (id BIGINT)", check=False)
    with pytest.raises(JavaError, match="AlreadyExists"):
        Catalog.finish(process)
        assert done.returncode == 1 and "exists" in done.stderr
        create(java, "a.t", schema)
    check(lake, java, "a.t", schema, [])
