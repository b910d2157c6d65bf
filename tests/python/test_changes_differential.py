# SPDX-License-Identifier: Apache-2.0
"""Random changes of one table by firn and PyIceberg in turn; a table of DuckDB's own goes through the
same, and all three agree after every few changes."""
import datetime
import random
import re

import duckdb
import pyarrow as pa
import pytest

from conftest import Home
from judge import arrow_rows, ask, differences, firn_rows

PARTITIONS = ["", "PARTITIONED BY (g)", "PARTITIONED BY (bucket(3, id), day(ts))", "PARTITIONED BY (truncate(1, s))"]
START = datetime.datetime(2024, 1, 1)


def sql_value(v):
    if v is None:
        return "NULL"
    if isinstance(v, datetime.datetime):
        return f"TIMESTAMP '{v}'"
    return repr(v)


class Changes:
    """Statements that DuckDB and firn both take; table names are T."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.next_id = 0

    def rows(self, n):
        r = self.r
        out = []
        for _ in range(n):
            self.next_id += 1
            out.append({"id": self.next_id, "g": r.choice([None, 0, 1, 2]), "ts": START + datetime.timedelta(hours=r.randrange(96)),
                        "s": r.choice([None, "", "abc", "b", "żó", "x" * 20]), "v": r.choice([None, r.randrange(1000) / 4])})
        return out

    def where(self):
        r = self.r
        top = max(self.next_id, 1)
        return r.choice([
            f"id < {r.randrange(top) // 4}", f"id % 7 = {r.randrange(7)}", f"g = {r.randrange(4)}", "g IS NULL", "s IS NULL AND id % 3 = 0",
            f"s = '{r.choice(['', 'abc', 'b'])}' AND id % 2 = 0", f"v > {r.randrange(250)} AND g = 1", f"ts < TIMESTAMP '2024-01-01 {r.randrange(24):02}:00:00'",
            f"id IN ({r.randrange(top)}, {r.randrange(top)}, {r.randrange(top)})", f"ts >= TIMESTAMP '2024-01-04' AND id % 5 = {r.randrange(5)}",
            f"id IN (SELECT id + 1 FROM T WHERE g = {r.randrange(3)} AND v < 100)", f"v > (SELECT avg(v) + 60 FROM T) AND id % 2 = {r.randrange(2)}"])

    def statement(self):
        r = self.r
        kind = r.randrange(10)
        if kind <= 3:
            values = ", ".join("(" + ", ".join(sql_value(v) for v in row.values()) + ")" for row in self.rows(r.randrange(1, 40)))
            return f"INSERT INTO T VALUES {values}"
        if kind == 4:
            shift = self.next_id
            self.next_id += self.next_id
            return f"INSERT INTO T (v, id, s) SELECT v, id + {shift}, s FROM T WHERE {self.where()}" if shift < 3000 else f"DELETE FROM T WHERE id > {r.randrange(500, 1000)}"
        if kind <= 6:
            return f"DELETE FROM T WHERE {self.where()}"
        if kind <= 8:
            change = r.choice(["v = v + 1", "g = (g + 1) % 3, s = upper(s)", "ts = ts + INTERVAL 1 DAY", "v = NULL, s = 'c' || id", "g = NULL"])
            return f"UPDATE T SET {change} WHERE {self.where()}"
        low = r.randrange(max(self.next_id, 1))
        source = f"(SELECT range::BIGINT AS id, 'm' AS s, (range % 2)::INT AS g FROM range({low}, {low + 30}))"
        self.next_id = max(self.next_id, low + 30)
        action = r.choice(["UPDATE SET s = src.s, v = coalesce(v, 0) - 1", "DELETE", "UPDATE SET g = src.g"])
        extra = r.choice(["", " AND t.g = 1"])
        return (f"MERGE INTO T AS t USING {source} AS src ON t.id = src.id WHEN MATCHED{extra} THEN {action} "
                "WHEN NOT MATCHED THEN INSERT (id, s, g) VALUES (src.id, src.s, src.g)")


def native_rows(con, schema):
    return arrow_rows(con.sql("SELECT * FROM nat").to_arrow_table(), schema)


def agree(home, catalog, con, batch):
    """Runs the statements in firn; its rows, PyIceberg's and DuckDB's are then the same."""
    rows = ask(home, [";\n".join(re.sub(r"\bT\b", "c.t", s) for s in batch) + ";\nSELECT * FROM c.t"])[0]
    table = catalog.load_table("c.t")
    schema = table.schema()
    want = native_rows(con, schema)
    assert not (diff := differences(firn_rows(rows, schema), want)), (batch, diff)
    assert not (diff := differences(arrow_rows(table.scan().to_arrow(), schema), want)), (batch, diff)
    return table


def change_by_pyiceberg(table, make, con):
    more = make.rows(5)
    schema = table.schema()
    table.append(pa.Table.from_pylist(more, schema=schema.as_arrow()))
    table.delete(f"id = {more[0]['id']}")
    data = pa.Table.from_pylist(more[1:], schema=schema.as_arrow())
    con.register("more", data)
    con.execute("INSERT INTO nat SELECT * FROM more")


def live_rows(table):
    """What the snapshot's summary says is there."""
    summary = table.refresh().current_snapshot().summary.additional_properties
    return int(summary["total-records"]) - int(summary["total-position-deletes"])


# PyIceberg reads tables of format version 3 and writes none.
@pytest.mark.parametrize("seed, version, mode", [
    (0, 2, "copy-on-write"), (1, 2, "copy-on-write"), (0, 2, "merge-on-read"), (1, 2, "merge-on-read"), (2, 2, "merge-on-read"),
    (3, 2, "merge-on-read"), (2, 3, "copy-on-write"), (0, 3, "merge-on-read"), (2, 3, "merge-on-read"), (3, 3, "copy-on-write")])
def test_random_changes(tmp_path, seed, version, mode):
    home = Home(tmp_path / "home")
    home.run("init")
    modes = ", ".join(f"'write.{change}.mode' = '{mode}'" for change in ("delete", "update", "merge"))
    home.run("sql", "-c", "CREATE SCHEMA c; CREATE TABLE c.t (id BIGINT, g INT, ts TIMESTAMP, s STRING, v DOUBLE) "
             f"{PARTITIONS[seed]} TBLPROPERTIES ('format-version' = '{version}', {modes})")
    catalog = home.pyiceberg()
    con = duckdb.connect()
    con.execute("CREATE TABLE nat (id BIGINT, g INT, ts TIMESTAMP, s VARCHAR, v DOUBLE)")
    make = Changes(10 * version + seed)
    for _ in range(5):
        batch = [make.statement() for _ in range(6)]
        for statement in batch:
            con.execute(re.sub(r"\bT\b", "nat", statement))
        table = agree(home, catalog, con, batch)
        if version == 2:
            change_by_pyiceberg(table, make, con)
    count = con.execute("SELECT count(*) FROM nat").fetchone()[0]
    assert live_rows(table) == count
    assert home.value("SELECT count(*) AS n FROM c.t") == str(count)
