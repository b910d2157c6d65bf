# SPDX-License-Identifier: Apache-2.0
"""Random joins over Iceberg tables give what DuckDB gives over the same rows in tables of its own, with the
values of join columns passing between scans and without: which rows of a scan may be left out for what
another scan found is decided by the text of the query, so texts of all shapes are tried."""
import os
import random

import duckdb
import pytest

from conftest import Home
from judge import ask

# Keys overlap in part, are null, repeat; each table has a selective column of its own (n) and one with nulls.
TABLES = {
    "a": ("SELECT range AS id, CASE WHEN range % 7 = 0 THEN NULL ELSE (range * 13 % 300)::INT END AS k, "
          "DATE '2024-01-01' + (range % 40)::INT AS d, (range % 90)::DECIMAL(9,2) AS m, range % 50 AS n, 'x' || range % 5 AS v, "
          "range AS a_id, (range * 13 % 300)::INT AS a_k", 1200, "PARTITIONED BY (bucket(3, id))"),
    "b": ("SELECT range * 3 AS id, CASE WHEN range % 11 = 0 THEN NULL ELSE range * 17 % 400 END::BIGINT AS k, "
          "DATE '2024-01-20' + (range % 60)::INT AS d, (range % 120 - 20)::DECIMAL(9,2) AS m, range % 40 AS n, 'y' || range % 4 AS v, "
          "range * 3 AS b_id, range * 17 % 400 AS b_k", 900, ""),
    "c": ("SELECT range AS id, (range * 1000003 % 500)::INT AS k, DATE '2024-02-01' - (range % 30)::INT AS d, "
          "(range % 33)::DECIMAL(9,2) AS m, range AS n, 'x' || range % 3 AS v, range AS c_id, (range * 1000003 % 500)::INT AS c_k",
          200, "PARTITIONED BY (month(d))"),
    "e": ("SELECT range AS id, range::INT AS k, DATE '2024-01-01' AS d, 1::DECIMAL(9,2) AS m, range AS n, 'z' AS v, range AS e_id, "
          "range::INT AS e_k", 0, ""),
}
KEYS = ["id", "k", "d", "m"]
PAGES = "TBLPROPERTIES ('write.parquet.page-row-limit' = '40')"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("joins") / "home")
    home.run("init")
    script = []
    for name, (rows, n, clause) in TABLES.items():
        half = n // 2
        script.append(f"CREATE TABLE {name} {clause} {PAGES} AS {rows} FROM range(0, {half})")
        if n:
            script.append(f"INSERT INTO {name} {rows} FROM range({half}, {n})")
            script.append(f"DELETE FROM {name} WHERE id % 37 = 5")
    script.append("CREATE VIEW seen AS SELECT a.id, b.k, a.d, a.m, b.n, b.v FROM a JOIN b ON a.k = b.k WHERE a.n < 9")
    home.run("sql", stdin=";\n".join(script))
    return home


@pytest.fixture(scope="module")
def native():
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for name, (rows, n, _) in TABLES.items():
        con.execute(f"CREATE TABLE {name} AS {rows} FROM range(0, {n})")
        con.execute(f"DELETE FROM {name} WHERE id % 37 = 5")
    con.execute("CREATE VIEW seen AS SELECT a.id, b.k, a.d, a.m, b.n, b.v FROM a JOIN b ON a.k = b.k WHERE a.n < 9")
    return con


class Maker:
    """Random queries whose columns are id, k, d, m, n, v."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.names = 0
        self.prefixes = {}  # of aliases whose table has columns of its own name

    def name(self):
        self.names += 1
        return f"q{self.names}"

    def maybe(self, p):
        return self.r.random() < p

    def filter(self, a):
        n = self.r.randrange
        return self.r.choice([f"{a}.n < {n(1, 12)}", f"{a}.n = {n(30)}", f"{a}.n >= {n(20, 40)}", f"{a}.v = '{self.r.choice('xyz')}{n(4)}'",
                              f"{a}.id < {n(20, 400)}", f"{a}.k BETWEEN {n(200)} AND {n(200, 300)}", f"{a}.d > DATE '2024-02-{n(1, 28):02}'",
                              f"{a}.k IS NOT NULL", f"({a}.n < 5 OR {a}.n > 35)", f"{a}.v LIKE '%{n(4)}'", "true", f"{a}.n IN (1, 5, {n(40)})"])

    def equality(self, a, b):
        key = self.r.choice(KEYS + ["id", "k"])
        pa, pb = self.prefixes.get(a), self.prefixes.get(b)
        other = "k" if key == "id" and self.maybe(.3) else key
        left = f"{pa}_{key}" if pa and key in ("id", "k") and self.maybe(.3) else f"{a}.{key}"
        right = f"{pb}_{other}" if pb and other in ("id", "k") and self.maybe(.3) else f"{b}.{other}"
        if self.maybe(.5):
            left, right = right, left
        return self.r.choice([f"{left} = {right}"] * 6 + [f"({left} = {right})", f"{left} >= {right}", f"{left} IS NOT DISTINCT FROM {right}",
                             f"NOT ({left} = {right})", f"{left} + 0 = {right}" if other != "d" and key != "d" else "true"])

    def condition(self, aliases, outer, depth):
        r = self.r
        parts = []
        for b in aliases[1:]:
            if self.maybe(.8):
                parts.append(self.equality(r.choice(aliases[:aliases.index(b)]), b))
        for a in aliases:
            if self.maybe(.5):
                parts.append(self.filter(a))
        for o in outer:
            if self.maybe(.8):
                parts.append(self.equality(o, r.choice(aliases)))
        if len(aliases) > 1 and self.maybe(.2):
            e = self.equality(*r.sample(aliases, 2))
            parts.append(f"({e} AND {self.filter(aliases[0])} OR {e} AND {self.filter(aliases[-1])})")
        if depth > 0 and self.maybe(.4):
            parts.append(self.subquery(r.choice(aliases), depth - 1))
        r.shuffle(parts)
        return " AND ".join(parts) or "true"

    def subquery(self, a, depth):
        kind = self.r.randrange(9)
        inner, aliases = self.tables(depth, may_clash=False)
        where = self.condition(aliases, [a] if kind != 2 else [], depth)
        key, b = self.r.choice(KEYS), self.r.choice(aliases)
        if kind == 0:
            return f"EXISTS (SELECT {self.r.choice(['*', '1', b + '.k', 'count(*)', 'max(' + b + '.k)'])} FROM {inner} WHERE {where})"
        if kind == 1:
            return f"NOT EXISTS (SELECT * FROM {inner} WHERE {where})"
        if kind == 2:
            plain = self.condition(aliases, [], 0)
            tail = self.r.choice(["", "", f" GROUP BY {b}.{key}", f" GROUP BY {b}.{key} HAVING count(*) > 1",
                                  f" ORDER BY {b}.{key} LIMIT 20", f" GROUP BY ALL ORDER BY {b}.{key} LIMIT 7 OFFSET 2"])
            return (f"{a}.{key} {self.r.choice(['IN', 'IN', 'IN', 'NOT IN'])} (SELECT {self.r.choice(['', 'DISTINCT ' if not tail else ''])}"
                    f"{b}.{key}{self.r.choice(['', ' AS n', ' other'])} FROM {inner} WHERE {plain}{tail})")
        if kind == 3:
            return f"{a}.n >= (SELECT {self.r.choice(['count(*)', 'coalesce(min(' + b + '.n), 0)', 'count(' + b + '.k)'])} FROM {inner} WHERE {where})"
        if kind == 4:
            return f"(EXISTS (SELECT 1 FROM {inner} WHERE {where}) OR {self.filter(a)})"
        if kind == 5:  # an alias of the list hides the column around it
            return f"EXISTS (SELECT {b}.k AS n, {b}.m AS k FROM {inner} WHERE {where} AND {b}.n >= n)"
        if kind == 6:
            return f"EXISTS (SELECT 1 FROM {inner} WHERE {where} LIMIT {self.r.randrange(1, 3)})"
        if kind == 7:
            return f"NOT (EXISTS (SELECT 1 FROM {inner} WHERE {where}))"
        return f"{a}.{key} = (SELECT max({b}.{key}) FROM {inner} WHERE {where})"

    def item(self, depth, may_clash):
        a = self.name()
        kind = self.r.randrange(10)
        if depth > 0 and kind == 0:
            return f"({self.query(depth - 1)}) {a}", a
        if kind == 1:
            return f"seen {a}", a
        if kind == 2:
            return f"(SELECT * FROM {self.r.choice('abc')} z WHERE {self.filter('z')}) {a}", a
        table = self.r.choice("aaabbbbccce")
        if table not in self.prefixes.values() and not may_clash:
            self.prefixes[a] = table
        return f"{table} {self.r.choice(['', 'AS '])}{a}", a

    def tables(self, depth, may_clash=True):
        """A FROM clause and its aliases."""
        first, a = self.item(depth, may_clash)
        text, aliases = first, [a]
        for _ in range(self.r.choice([0, 1, 1, 1, 2, 2, 3])):
            item, b = self.item(depth, may_clash)
            kind = self.r.choice([",", ",", "JOIN", "JOIN", "INNER JOIN", "LEFT JOIN", "LEFT OUTER JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN",
                                  "USING", "LEFT USING", "NATURAL", "SEMI", "ANTI"])
            near = aliases if "," not in text else [aliases[-1]]
            if kind == "," or kind == "CROSS JOIN":
                text += f"{',' if kind == ',' else ' CROSS JOIN'} {item}"
            elif "USING" in kind and len(aliases) == 1:
                text += f" {'LEFT ' if 'LEFT' in kind else ''}JOIN {item} USING ({self.r.choice(['k', 'id', 'k, d'])})"
            elif kind in ("SEMI", "ANTI") and len(aliases) == 1:
                text = f"(SELECT * FROM {text} {kind} JOIN {item} ON {aliases[0]}.k = {b}.k AND {self.filter(b)}) {self.name()}"
                aliases = [f"q{self.names}"]
                continue
            elif kind in ("NATURAL", "SEMI", "ANTI") or "USING" in kind:
                text += f" JOIN {item} ON {near[-1]}.k = {b}.k"
            else:
                on = self.equality(self.r.choice(near), b)
                text += f" {kind} {item} ON {on}" + (f" AND {self.filter(b)}" if self.maybe(.4) else "")
            aliases.append(b)
        return text, aliases

    def query(self, depth, outer=()):
        r = self.r
        kept = dict(self.prefixes)
        self.prefixes = {}
        text, aliases = self.tables(depth)
        where = self.condition(aliases, outer, depth)
        pick = lambda column: f"{r.choice(aliases)}.{column}"
        columns = ", ".join(f"{pick(c)} AS {c}" for c in ("id", "k", "d", "m", "n", "v"))
        query = f"SELECT {columns} FROM {text} WHERE {where}"
        kind = r.randrange(14) if depth > 0 else 0
        if kind == 1:
            query = f"SELECT max({pick('id')}) AS id, {aliases[0]}.k AS k, min({pick('d')}) AS d, count(*)::DECIMAL(9,2) AS m, count(*) AS n, " \
                    f"max({pick('v')}) AS v FROM {text} WHERE {where} GROUP BY {aliases[0]}.k"
        elif kind == 2:
            query = f"({query}) UNION {r.choice(['ALL ', ''])}({self.query(depth - 1)})"
        elif kind == 3:
            c, x, y = self.name(), self.name(), self.name()
            how = r.choice(["", "NOT MATERIALIZED", "MATERIALIZED"])
            query = (f"WITH {c} AS {how} ({query}) SELECT {x}.id, {y}.k, {x}.d, {y}.m, {x}.n, {y}.v FROM {c} {x} JOIN {c} {y} "
                     f"ON {self.equality(x, y)} WHERE {self.filter(x)} AND {self.filter(y)}")
        elif kind == 4:
            c, x = self.name(), self.name()
            query = f"WITH {c} AS ({query}) SELECT {x}.id, b.k, b.d, {x}.m, b.n, {x}.v FROM {c} {x}, b WHERE {x}.k = b.k AND {self.filter('b')}"
        elif kind == 5:
            query += f" ORDER BY ALL LIMIT {r.randrange(1, 60)}"
        elif kind == 6:
            query = f"SELECT id, k, d, m, row_number() OVER (PARTITION BY k ORDER BY id, d, m, n, v) AS n, v FROM ({query}) {self.name()}"
        elif kind == 7:
            query = f"({query}) {r.choice(['EXCEPT', 'INTERSECT'])} ({self.query(depth - 1)})"
        elif kind == 8:
            x, y = self.name(), self.name()
            query = (f"SELECT {x}.id, {y}.k, {x}.d, {x}.m, {y}.n, {x}.v FROM a {x}, LATERAL (SELECT * FROM b WHERE b.k = {x}.k AND "
                     f"{self.filter('b')}) {y} WHERE {self.filter(x)}")
        elif kind == 9:
            x = r.choice(aliases)
            query = query.replace("SELECT ", f"SELECT (SELECT count(*) FROM b z WHERE z.k = {x}.k AND {self.filter('z')}) AS extra, ", 1)
            query = f"SELECT id, k, d, m, n + extra AS n, v FROM ({query}) {self.name()}"
        elif kind == 10:
            c = self.name()
            query = (f"WITH RECURSIVE {c} AS (SELECT id, k, d, m, 0::BIGINT AS n, v FROM a WHERE n < 2 UNION ALL SELECT b.id, c.k, b.d, b.m, {c}.n + 1, b.v "
                     f"FROM {c}, b, c WHERE {c}.k = b.k AND b.k = c.k AND b.n < 20 AND {c}.n < 3) SELECT * FROM {c}")
        self.prefixes = kept
        return query


ANSWER = "SELECT count(*) AS n, sum(hash(id, k, d, m, n, v) % 1000003)::BIGINT AS h FROM ({}) answer"


@pytest.mark.parametrize("seed", range(int(os.environ.get("FIRN_JOIN_SEEDS", "2"))))
def test_random_joins(lake, native, seed):
    make = Maker(seed)
    queries, wanted = [], []
    while len(queries) < 100:
        query = ANSWER.format(make.query(2))
        make.prefixes = {}
        try:
            wanted.append(native.execute(query).fetchone())
        except duckdb.Error:
            continue  # names that clash, types that do not meet
        queries.append(query)
    assert sum(n > 0 for n, _ in wanted) > 30  # many of the queries find something
    for setting in ("on", "off"):
        got = ask(lake, [f"SET firn.join_keys = {setting}"] + queries)[1:]
        for query, (row,), want in zip(queries, got, wanted):
            assert [None if v is None else int(v) for v in row.values()] == list(want), (setting, query)
