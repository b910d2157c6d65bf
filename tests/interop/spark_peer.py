# SPDX-License-Identifier: Apache-2.0
"""Spark on the catalog of a firn home, and rows of both brought to one form."""
import datetime
import decimal
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEER = ROOT / "build" / "peers" / "spark"


class SparkError(Exception):
    """What Spark refused a statement with."""


class SparkProcess:
    """One JVM for all tests; each home gets a session of its own."""

    def __init__(self, folder, *options):
        self.errors = open(folder / "stderr", "w")
        self.process = subprocess.Popen(
            [PEER / "venv" / "bin" / "python", pathlib.Path(__file__).with_name("spark_server.py"), PEER / "jars", folder, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": ""})
        self.version = self.read()["version"]

    def read(self):
        line = self.process.stdout.readline()
        assert line, f"Spark ended: see {self.errors.name}"
        return json.loads(line)

    def ask(self, home, sql):
        self.process.stdin.write(json.dumps({"home": str(home), "sql": sql}) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.errors.close()


class Spark:
    """Spark as it sees one home."""

    def __init__(self, process, home):
        self.process = process
        self.home = home

    def __call__(self, *statements):
        """Runs statements; the last one's rows as lists."""
        return [row for _, row in self.typed(*statements)]

    def typed(self, *statements):
        """The same with the column types: [([type...], row)...]."""
        out = None
        for sql in statements:
            out = self.process.ask(self.home.path, sql)
            if "error" in out:
                raise SparkError(f"{sql}\n{out['error']}")
        types = [kind for _, kind in out["columns"]]
        return [(types, row) for row in out["rows"]]

    def columns(self, sql):
        out = self.process.ask(self.home.path, sql)
        if "error" in out:
            raise SparkError(f"{sql}\n{out['error']}")
        return out["columns"]


# ---- one form for values, told by Spark's type names ----

def members(kind):
    """The parts of "struct<a:int,b:map<string,int>>" or "map<k,v>" between the outer brackets."""
    parts, depth, start = [], 0, kind.index("<") + 1
    for i in range(start, len(kind) - 1):
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(kind[i], 0)
        if kind[i] == "," and depth == 0:
            parts.append(kind[start:i])
            start = i + 1
    return parts + [kind[start:-1]]


def form(value, kind):
    if value is None:
        return None
    if kind.startswith("array<"):
        return [form(v, members(kind)[0]) for v in value]
    if kind.startswith("map<"):
        key, item = members(kind)
        pairs = value["map"] if isinstance(value, dict) and list(value) == ["map"] else value.items()
        return sorted(([form(k, key), form(v, item)] for k, v in pairs), key=repr)
    if kind.startswith("struct<"):
        fields = [m.split(":", 1) for m in members(kind)]
        return [form(value[name], part) for name, part in fields]
    if kind in ("float", "double"):
        return repr(float(value))
    if kind.startswith("decimal("):
        with decimal.localcontext(prec=60):
            scale = int(re.findall(r"\d+", kind)[1])
            return str(decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-scale)))
    if kind in ("timestamp", "timestamp_ntz"):
        return datetime.datetime.fromisoformat(value.rstrip("Z")).replace(tzinfo=None).isoformat()
    if kind in ("tinyint", "smallint", "int", "bigint"):
        return int(value)
    return value


def both(home, spark, firn_sql, spark_sql=None):
    """Asks both the same; fails when the rows differ, gives them otherwise (sorted)."""
    typed = spark.typed(spark_sql or firn_sql)
    want = [[form(v, kind) for v, kind in zip(row, types)] for types, row in typed]
    done = home.run("sql", "--format", "jsonl", "-c", firn_sql)
    rows = [list(json.loads(line, parse_float=decimal.Decimal).values()) for line in done.stdout.splitlines()]
    types = typed[0][0] if typed else []
    got = [[form(v, kind) for v, kind in zip(row, types, strict=True)] for row in rows] if typed else rows
    want.sort(key=repr)
    got.sort(key=repr)
    extra = [r for r in got if r not in want][:3], [r for r in want if r not in got][:3]
    assert got == want, f"{firn_sql}\nfirn has {len(got)} rows, Spark {len(want)}\nonly firn: {extra[0]}\nonly Spark: {extra[1]}"
    return want
