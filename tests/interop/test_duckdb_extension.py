# SPDX-License-Identifier: Apache-2.0
"""DuckDB's own Iceberg extension (its last release, in an environment of its own) reads what firn wrote."""
import decimal
import glob
import json
import pathlib
import subprocess

import pytest

from test_spark_reads import CHANGES, make, modes

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / "build" / "peers" / "duckdb-iceberg" / "venv" / "bin" / "python"
# Prints the rows of a query over TABLE as JSON lines, cells as DuckDB's text.
SCRIPT = """
import duckdb, glob, json, sys
db = duckdb.connect()
for name in ("avro", "iceberg"):
    (path,) = glob.glob(sys.prefix + f"/lib/python*/site-packages/duckdb_extension_{name}/extensions/*/{name}.duckdb_extension")
    db.execute(f"LOAD '{path}'")
for row in db.execute(sys.argv[1]).fetchall():
    print(json.dumps([None if v is None else str(v) for v in row]))
"""


def metadata_file(home):
    return sorted(glob.glob(f"{home.path}/warehouse/default/t/metadata/*.metadata.json"))[-1]


def extension_rows(sql):
    done = subprocess.run([PYTHON, "-c", SCRIPT, sql], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return sorted(map(json.loads, done.stdout.splitlines()), key=repr)


def firn_rows(home, sql):
    done = home.run("sql", "--format", "jsonl", "-c", sql)
    rows = [json.loads(line, parse_float=decimal.Decimal) for line in done.stdout.splitlines()]
    return sorted(([None if v is None else str(v) for v in row.values()] for row in rows), key=repr)


COLUMNS = "id, b, i, n9, n18, n38, day, s, CAST(a AS VARCHAR) a, CAST(m AS VARCHAR) m, CAST(st AS VARCHAR) st"


@pytest.mark.parametrize("partitions", ["", " PARTITIONED BY (bucket(4, id))", " PARTITIONED BY (days(ts))"])
@pytest.mark.parametrize("version,mode", [(1, "copy-on-write"), (2, "merge-on-read"), (3, "copy-on-write"), (3, "merge-on-read")])
def test_reads_changed_rows(installed, home, version, mode, partitions):
    make(home, version, partitions + modes(mode))
    for change in [None, *CHANGES]:
        if change:
            home.run("sql", "-c", change)
        want = firn_rows(home, f"SELECT {COLUMNS} FROM t")
        assert extension_rows(f"SELECT {COLUMNS} FROM iceberg_scan('{metadata_file(home)}')") == want
    assert len(want) == 57
