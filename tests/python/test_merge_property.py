# SPDX-License-Identifier: Apache-2.0
"""Random INSERT, UPDATE, DELETE and MERGE statements on a table and on a table of the engine's own, which agree
after each. Nested columns, nulls in keys, partitions that change on the way, all forms of MERGE, in every format
version and mode; of version 3, rows keep their ids and say when they changed."""
import random

import pytest

from conftest import Home

COLUMNS = "id BIGINT, k INT, g INT, ts TIMESTAMP, s VARCHAR, d DECIMAL(9, 2), st STRUCT(a INT, b VARCHAR), l INT[], m MAP(VARCHAR, INT)"
NAMES = ["id", "k", "g", "ts", "s", "d", "st", "l", "m"]
LAYOUTS = ["", "PARTITIONED BY (g)", "PARTITIONED BY (bucket(3, id), day(ts))", "PARTITIONED BY (truncate(2, s), g)"]
# A new spec in the middle.
EVOLUTIONS = ["ADD PARTITION FIELD bucket(4, k)", "DROP PARTITION FIELD g", "ADD PARTITION FIELD truncate(1, s)", "ADD PARTITION FIELD month(ts)"]


def rows(low, high, salt):
    """A query of rows with the table's columns: ids [low, high), everything else by id and salt."""
    return (f"SELECT i::BIGINT AS id, CASE WHEN (i * 7 + {salt}) % 9 = 0 THEN NULL ELSE ((i * 31 + {salt}) % 40)::INT END AS k, "
            f"CASE WHEN (i + {salt}) % 5 = 0 THEN NULL ELSE ((i + {salt}) % 4)::INT END AS g, "
            f"TIMESTAMP '2024-01-01' + INTERVAL (((i * 13 + {salt}) % 96)::INT) HOUR AS ts, "
            f"CASE (i + {salt}) % 6 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'żółw' ELSE 'v' || ((i * {salt + 3}) % 17) END AS s, "
            f"(((i * 17 + {salt}) % 1000) / 4)::DECIMAL(9, 2) AS d, "
            f"CASE WHEN (i + {salt}) % 7 = 0 THEN NULL ELSE {{'a': (i % 3)::INT, 'b': 'b' || (i % 5)}} END AS st, "
            f"CASE WHEN (i + {salt}) % 8 = 0 THEN NULL WHEN i % 3 = 0 THEN []::INT[] ELSE [i::INT % 10, NULL, {salt}] END AS l, "
            f"CASE WHEN (i + {salt}) % 11 = 0 THEN NULL ELSE MAP {{'x': (i % 4)::INT, 'y': NULL}} END AS m "
            f"FROM range({low}, {high}) r(i)")


class Statements:
    """Statements that firn and DuckDB both take; T is the table."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.top = 0

    def new(self, n):
        low, self.top = self.top, self.top + n
        return low, self.top

    def condition(self, t=""):
        r = self.r
        return r.choice([
            f"{t}id % 7 = {r.randrange(7)}", f"{t}k < {r.randrange(40)} AND {t}id % 2 = 0", f"{t}g IS NULL", f"{t}g = {r.randrange(4)} AND {t}d > 100",
            f"{t}s = 'v{r.randrange(17)}'", f"{t}id BETWEEN {r.randrange(self.top + 1)} AND {r.randrange(self.top + 1)}", f"{t}st.a = 1 AND {t}k IS NOT NULL",
            f"len({t}l) > 1 AND {t}id % 3 = 0", f"{t}m['x'] = {r.randrange(4)} AND {t}id % 2 = 1", f"{t}ts >= TIMESTAMP '2024-01-0{r.randrange(1, 5)} 06:00:00' AND {t}id % 3 = 1",
            f"NOT ({t}k > {r.randrange(30)})", f"({t}k IS NULL OR {t}s IS NULL)"])

    def changes(self, t=""):
        r = self.r
        return r.choice([
            f"d = {t}d + 1", f"g = ({t}g + 1) % 4, s = upper({t}s)", "k = NULL", f"ts = {t}ts + INTERVAL 1 DAY, l = list_append({t}l, 7)", "st = {'a': 5, 'b': NULL}, m = NULL",
            f"s = {t}st.b, st = NULL", f"g = NULL, d = -{t}d", f"k = coalesce({t}k, 0) + 1"])

    def merge(self):
        r = self.r
        low = r.randrange(max(self.top - 30, 1))
        high = low + r.randrange(1, 60)
        source = rows(low, high, r.randrange(20))
        if r.random() < 0.5:  # keys with others in between, and one far away
            source = f"SELECT * FROM ({source}) WHERE id % 7 = {r.randrange(7)}"
        if r.random() < 0.3:
            far = 1000000000 + r.randrange(4)
            source += f" UNION ALL {rows(far, far + 1, 2)}"
        on = "t.id = u.id"
        if r.random() < 0.4:  # one row of the source may match many of the table: its keys are unique
            key = r.choice(["t.k IS NOT DISTINCT FROM u.k", "t.k = u.k", "t.g IS NOT DISTINCT FROM u.g AND t.k = u.k"])
            by = "k, g" if "g" in key else "k"
            source = f"SELECT * FROM ({source}) QUALIFY row_number() OVER (PARTITION BY {by} ORDER BY id) = 1"
            on = key
        is_key = on == "t.id = u.id"
        if r.random() < 0.3:
            is_key = False  # an id that is there may not be matched
            on += r.choice([" AND t.id % 2 = 0", " AND u.d > 50", " AND t.s IS NOT NULL", f" AND t.g = {r.randrange(4)}"])
        clauses = []
        for _ in range(r.randrange(3)):
            when = r.choice([f" AND {self.condition('t.')}", f" AND {self.condition('u.')}", " AND t.d <> u.d"])
            clauses.append(f"WHEN MATCHED{when} THEN " + self.matched("u.id" in on))
        if r.random() < 0.7:
            clauses.append("WHEN MATCHED THEN " + self.matched("u.id" in on))
        if is_key and r.random() < 0.3:
            clauses.append(f"WHEN NOT MATCHED AND {self.condition('u.')} THEN INSERT (id, s, l) VALUES (u.id, 'only', u.l)")
        self.top = max(self.top, high)
        if is_key and r.random() < 0.7:
            clauses.append("WHEN NOT MATCHED THEN " + r.choice(["INSERT *", "INSERT (id, k, st) VALUES (u.id, u.k + 1, u.st)"]))
        for _ in range(r.randrange(3)):
            clauses.append(f"WHEN NOT MATCHED BY SOURCE AND {self.condition('t.')} THEN " + r.choice(["DELETE", f"UPDATE SET {self.changes('t.')}"]))
        if not clauses:
            clauses.append("WHEN MATCHED THEN DELETE")
        return f"MERGE INTO T AS t USING ({source}) AS u ON {on} " + " ".join(clauses)

    def matched(self, is_key):
        """All columns from a row with another id would give the id twice."""
        r = self.r
        return r.choice(["UPDATE SET *" if is_key else "UPDATE SET k = u.k, g = u.g, ts = u.ts, s = u.s, st = u.st, l = u.l, m = u.m", "DELETE", f"UPDATE SET {self.changes('t.')}",
                         "UPDATE SET s = u.s || '!', st = u.st, d = u.d + t.d", "UPDATE SET l = u.l, m = t.m, g = u.g", "DO NOTHING"])

    def statement(self):
        r = self.r
        kind = r.randrange(12)
        if kind <= 2 or self.top == 0:
            return "INSERT INTO T " + rows(*self.new(r.randrange(1, 60)), r.randrange(20))
        if kind == 3:
            return f"UPDATE T SET {self.changes()} WHERE {self.condition()}"
        if kind == 4:
            low = r.randrange(self.top)
            return f"UPDATE T AS t SET s = 'from', d = u.d, st = u.st FROM ({rows(low, low + 20, 3)}) AS u WHERE t.id = u.id AND {self.condition('t.')}"
        if kind == 5:
            return f"DELETE FROM T WHERE {self.condition()}"
        if kind == 6:
            return f"DELETE FROM T WHERE id IN (SELECT id + {r.randrange(3)} FROM T WHERE {self.condition()}) AND id % 2 = {r.randrange(2)}"
        return self.merge()


COMPARED = ", ".join(NAMES[:6] + [f"{n}::VARCHAR AS {n}" for n in NAMES[6:]])
# Rows that only one of the two has.
DIFFERENCE = (f"SELECT 'differ' AS what, count(*) AS n FROM ((SELECT {COMPARED} FROM c.t EXCEPT ALL SELECT {COMPARED} FROM native) UNION ALL "
              f"(SELECT {COMPARED} FROM native EXCEPT ALL SELECT {COMPARED} FROM c.t))")
BEFORE = f"CREATE OR REPLACE TEMP TABLE before AS SELECT {COMPARED}, _row_id AS row_id, _last_updated_sequence_number AS at FROM c.t"
# Of rows that were there: another id, or a number that does not say whether the row changed. Ids met twice.
LINEAGE = (f"SELECT 'lineage' AS what, count(*) AS n FROM (SELECT {COMPARED}, _row_id AS row_id, _last_updated_sequence_number AS at FROM c.t) a JOIN before b USING (id) "
           "WHERE a.row_id IS DISTINCT FROM b.row_id OR (a.at = b.at) <> (" + " AND ".join(f"a.{n} IS NOT DISTINCT FROM b.{n}" for n in NAMES[1:]) + ") AND a.at < b.at "
           "UNION ALL SELECT 'twice', count(_row_id) - count(DISTINCT _row_id) FROM c.t "
           "UNION ALL SELECT 'changed unsaid', count(*) FROM (SELECT " + COMPARED + ", _last_updated_sequence_number AS at FROM c.t) a JOIN before b USING (id) WHERE a.at = b.at AND NOT ("
           + " AND ".join(f"a.{n} IS NOT DISTINCT FROM b.{n}" for n in NAMES[1:]) + ")")


@pytest.mark.parametrize("version, mode, seed", [
    (1, "copy-on-write", 0), (1, "copy-on-write", 1), (2, "copy-on-write", 3), (2, "merge-on-read", 1), (2, "merge-on-read", 2), (2, "merge-on-read", 3), (3, "copy-on-write", 1),
    (3, "copy-on-write", 2), (3, "merge-on-read", 0), (3, "merge-on-read", 1)])
def test_random_changes_agree_with_the_engines_own_table(tmp_path, version, mode, seed):
    home = Home(tmp_path / "home")
    home.run("init")
    make = Statements(1000 * version + 10 * seed + (mode == "merge-on-read"))
    modes = ", ".join(f"'write.{change}.mode' = '{mode}'" for change in ("delete", "update", "merge")) if version > 1 else "'x' = 'y'"
    if seed % 2 == 1:  # files of many pages, most of which a change does not touch
        modes += ", 'write.parquet.page-row-limit' = '6'"
    script = [f"CREATE SCHEMA c; CREATE TABLE c.t ({COLUMNS}) {LAYOUTS[seed % 4]} TBLPROPERTIES ('format-version' = '{version}', {modes})",
              f"CREATE TEMP TABLE native ({COLUMNS})"]
    done = []
    for n in range(24):
        statement = make.statement()
        if n == 12 and (version > 1 or "DROP" not in EVOLUTIONS[seed % 4]):
            script.append(f"ALTER TABLE c.t {EVOLUTIONS[seed % 4]}")
        script.append(BEFORE)
        script.append(statement.replace(" T ", " c.t ").replace("FROM T", "FROM c.t"))
        script.append(statement.replace(" T ", " native ").replace("FROM T", "FROM native"))
        script.append(DIFFERENCE)
        if version == 3:
            script.append(LINEAGE)
        done.append(statement)
    out = home.run("sql", "--format", "csv", "-c", ";\n".join(script)).stdout.splitlines()
    answers = [line for line in out if line != "what,n"]
    each = 4 if version == 3 else 1
    wrong = [(done[i // each], answers[i]) for i in range(len(answers)) if not answers[i].endswith(",0")]
    assert not wrong, wrong[0]
    assert len(answers) == each * len(done)
