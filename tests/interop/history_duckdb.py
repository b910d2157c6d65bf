# SPDX-License-Identifier: Apache-2.0
"""DuckDB's own Iceberg extension as a reader of random histories: asked once a history, as it starts a process each time."""
import json
import subprocess

from history_model import forms
from test_duckdb_extension import PYTHON

# Reads {"files": [[metadata file, [column...]]...]} and prints the rows of each as JSON, or why not.
SCRIPT = """
import datetime, decimal, duckdb, glob, json, sys
db = duckdb.connect()
for name in ("avro", "iceberg"):
    (path,) = glob.glob(sys.prefix + f"/lib/python*/site-packages/duckdb_extension_{name}/extensions/*/{name}.duckdb_extension")
    db.execute(f"LOAD '{path}'")
db.execute("SET TimeZone = 'UTC'")
def plain(v):
    if isinstance(v, dict): return {k: plain(x) for k, x in v.items()}
    if isinstance(v, list): return [plain(x) for x in v]
    if isinstance(v, bytes): return v.hex()
    if isinstance(v, (datetime.date, datetime.datetime)): return v.isoformat()
    return str(v) if isinstance(v, (float, decimal.Decimal)) else v
for file, columns in json.load(sys.stdin):
    try:
        rows = db.execute(f"SELECT {', '.join(columns)} FROM iceberg_scan('{file}')").fetchall()
        print(json.dumps({"rows": [[plain(v) for v in row] for row in rows]}))
    except Exception as e:
        print(json.dumps({"error": f"{type(e).__name__}: {e}"}))
"""


def holds_instants(kind):
    return kind.name == "timestamp" or any(holds_instants(p.kind) for p in kind.parts)


def duckdb_rows(asked):
    """[(metadata file, columns)...]: of each the rows in one form, or {"error"}, and the columns that were read: without pytz Python
    sees no instants, so that those in other values are left out."""
    readable = [(file, [c for c in columns if c.kind.name == "timestamp" or not holds_instants(c.kind)]) for file, columns in asked]
    names = [(file, [("CAST({} AS TIMESTAMP)" if c.kind.name == "timestamp" else "{}").format('"' + c.name + '"') for c in columns])
             for file, columns in readable]
    done = subprocess.run([PYTHON, "-c", SCRIPT], input=json.dumps(names), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [(columns, answer if "error" in answer else forms(answer["rows"], columns)) for (_, columns), answer in zip(readable, answers, strict=True)]
