# SPDX-License-Identifier: Apache-2.0
"""What must hold after each step of a random history: all readers see the model's rows on every branch and tag and in older snapshots,
metadata tables and row lineage are the same in firn and Spark, and firn's doctor finds nothing."""
import decimal
import json
import re

from history_duckdb import duckdb_rows
from history_model import forms, metadata_of, no_nulls
from history_steps import predicate
from spark_peer import SparkError, both

METADATA = ["snapshots", "files", "partitions", "refs", "history", "manifests", "entries", "all_data_files", "all_delete_files",
            "all_manifests", "metadata_log_entries", "position_deletes"]


class Failure(Exception):
    """Something that must not be; failures of one kind are one fault to the shrinker."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def firn_answers(engines, queries):
    """Rows as lists, one list for each query."""
    tagged = [f"SELECT 'q{n}' AS _q, x.* FROM ({sql}) x" for n, sql in enumerate(queries)]
    done = engines.home.run("sql", "--format", "jsonl", stdin="SET dialect = 'spark';\n" + ";\n".join(tagged), check=False)
    if done.returncode != 0:
        raise Failure("firn cannot read", f"{queries}\n{done.stderr}")
    answers = [[] for _ in queries]
    for line in done.stdout.splitlines():
        row = list(json.loads(line, parse_float=decimal.Decimal).values())
        answers[int(row[0][1:])].append(row[1:])
    return answers


def spark_answer(engines, sql):
    try:
        return engines.spark(sql)
    except SparkError as error:
        raise Failure("Spark cannot read", str(error)) from error


def compare(who, sql, got, want):
    if got != want:
        extra, missing = [r for r in got if r not in want][:3], [r for r in want if r not in got][:3]
        raise Failure(f"rows of {who}", f"{sql}\n{len(got)} rows, expected {len(want)}\nonly read: {extra}\nonly expected: {missing}")


def questions(table, dice):
    """[(SQL, columns, rows or None, snapshot id or None for PyIceberg, filter for PyIceberg)...]"""
    name, out = f"default.{table.name}", []
    for ref in sorted(table.refs):
        columns = table.columns_of(ref)
        out.append((f"SELECT * FROM {name}" + (f" VERSION AS OF '{ref}'" if ref != "main" else ""), columns, table.rows(ref)))
    if "main" not in table.refs:
        out.append((f"SELECT * FROM {name}", table.columns, []))
    old = [k for k in sorted(table.snapshots) if k not in table.refs.values()]
    for snapshot in dice.sample(old, min(2, len(old))):
        at = table.snapshots[snapshot]
        out.append((f"SELECT * FROM {name} VERSION AS OF {snapshot}", at.columns, at.rows))
    rows = table.rows()
    if rows:
        for _ in range(2):
            sql, match, _ = predicate(dice, table, rows)
            out.append((f"SELECT * FROM {name} WHERE {sql}", table.columns, [r for r in rows if match(r)]))
    return out


def check(engines, table, dice, action, share=0.4):
    """firn and PyIceberg are asked after each step, Spark, which takes longest, after a share of them."""
    asked = questions(table, dice)
    lineage = table.version == 3 and "main" in table.refs
    rows_of = f"SELECT id, _row_id, _last_updated_sequence_number FROM default.{table.name}"
    answers = firn_answers(engines, [sql for sql, _, _ in asked] + [rows_of] * lineage)
    read = [forms(answer, columns) for (_, columns, _), answer in zip(asked, answers)]
    for (sql, columns, rows), got in zip(asked, read):
        if rows is not None:
            compare("firn", sql, got, forms(rows, columns, ours=True))
    check_lineage(table, {row[0]: row[1:] for row in answers[-1]} if lineage else {}, action)
    check_pyiceberg(engines, table)
    if dice.random() < share:
        for (sql, columns, _), got in zip(asked, read):
            compare("Spark", sql, forms(spark_answer(engines, sql), columns), got)
        if lineage:
            compare("Spark", rows_of, sorted(spark_answer(engines, rows_of), key=repr), sorted(answers[-1], key=repr))
        check_metadata_tables(engines, table, dice)
    check_doctor(engines, table, action)


# What other engines leave: delete files of data files that are gone, or that came back with a younger number (cherry-picks).
LEFT = {"dangling delete", "sequence number"}


def check_doctor(engines, table, action):
    """Beyond what others leave there is nothing, and firn's changes of rows leave no more of that."""
    done = engines.home.run("doctor", f"default.{table.name}", check=False)
    kinds = re.findall(r"kind: (.*)", done.stdout)
    before, table.left = table.left, len(kinds)
    is_ours = action and action.engine == "firn" and action.rows is not None
    if done.returncode not in (0, 1) or set(kinds) - LEFT or (is_ours and table.left > before):
        raise Failure("doctor", done.stdout + done.stderr)


# Data and delete files in Avro, and manifests whose second partition field of a decimal type names the type of the first.
UNREAD_BY_PYICEBERG = "file format.*FileFormat.AVRO|Type not recognized: decimal_"


def check_pyiceberg(engines, table):
    handle = engines.catalog.load_table(f"default.{table.name}")
    for ref in sorted(table.refs):
        columns, rows = table.snapshots[table.refs[ref]].columns, table.rows(ref)
        scan = handle.scan() if ref == "main" else handle.scan(snapshot_id=table.refs[ref])
        columns = table.columns if ref == "main" else columns
        if rows is None:
            continue
        try:
            read = scan.to_arrow()
        except Exception as error:  # noqa: BLE001: whatever it fails with, it does not read the table
            if re.search(UNREAD_BY_PYICEBERG, str(error)):
                continue
            raise Failure("PyIceberg cannot read", f"{ref}: {type(error).__name__}: {error}") from error
        got = forms([[row[c.name] for c in columns] for row in read.to_pylist()], columns)
        got, want = (sorted(([no_nulls(v, c.kind) for v, c in zip(row, columns)] for row in side), key=repr) for side in (got, forms(rows, columns, ours=True)))
        compare("PyIceberg", ref, got, want)


def check_lineage(table, now, action):
    """A row keeps its id, and what did not change it leaves its number alone. now: {row: [id, number]}, none before version 3."""
    if action and (action.touched or action.keeps_rows) and action.ref == "main":
        uid = table.id_column().uid
        changed = {r[uid] for r in table.before if action.touched and action.touched(r)}
        for number, (row_id, sequence) in table.row_ids.items():
            if number not in now or row_id is None:
                continue
            if now[number][0] != row_id:
                raise Failure("row ids", f"row {number} had row id {row_id}, has {now[number][0]}")
            if number not in changed and now[number][1] != sequence:
                raise Failure("row sequence numbers", f"row {number} was last updated in {sequence}, now in {now[number][1]}")
    table.row_ids = now


def check_metadata_tables(engines, table, dice):
    for name in dice.sample(METADATA, 2):
        try:
            both(engines.home, engines.spark, f"SELECT * FROM default.{table.name}.{name}")
        except SparkError as error:
            raise Failure(f"Spark cannot read {name}", str(error)) from error
        except (AssertionError, TypeError, ValueError) as error:  # the last two: a value that has not Spark's type
            raise Failure(f"metadata table {name}", str(error)) from error


# Data files in Avro, and manifest lists of version 1 in tables that were upgraded.
UNREAD_BY_DUCKDB = ["File format 'AVRO' not supported", "required field 'sequence_number' is NULL"]


def check_duckdb(engines, tables):
    """DuckDB's Iceberg extension reads what is there in the end."""
    tables = [t for t in tables if t.rows()]
    asked = [(metadata_of(engines.home, t.name)[1], t.columns) for t in tables]
    for table, (columns, got) in zip(tables, duckdb_rows(asked) if asked else []):
        if isinstance(got, dict):
            if any(text in got["error"] for text in UNREAD_BY_DUCKDB):
                continue
            raise Failure("DuckDB cannot read", f"default.{table.name}: {got['error']}")
        compare("DuckDB", f"default.{table.name}", got, forms(table.rows(), columns, ours=True))


# ---- partitions overwritten ----

def known_partitions(engines, table, ref):
    """[(row's id, its partition)...] of a ref, as Spark tells them."""
    if ref not in table.refs:
        return []
    sql = f"SELECT id, _spec_id, _partition FROM default.{table.name} VERSION AS OF {table.refs[ref]}"
    return [(row[0], row[1], json.dumps(row[2], sort_keys=True)) for row in spark_answer(engines, sql)]


def remaining(engines, table, ref, before, added):
    """The rows that were there (of known partitions: before) and lie in other partitions than the rows added."""
    uid = table.id_column().uid
    mine = {row[uid] for row in added}
    now = known_partitions(engines, table, ref)
    replaced = {place[1:] for place in now if place[0] in mine}
    kept = {place[0] for place in before if place[1:] not in replaced}
    return [row for row in table.before if row[uid] in kept]
