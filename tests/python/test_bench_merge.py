# SPDX-License-Identifier: Apache-2.0
"""make bench-merge runs on tiny tables and prints every row with its ratio."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def test_prints_every_row_with_its_ratio():
    sizes = {"BENCH_UPSERT_ROWS": "2000", "BENCH_MERGE_ROWS": "3000", "BENCH_MERGE_BIG": "0", "BENCH_RUNS": "1"}
    done = subprocess.run([sys.executable, ROOT / "bench/bench_merge.py"], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **sizes})
    assert done.returncode == 0, done.stdout + done.stderr
    rows = done.stdout.splitlines()[2:]
    assert [row.split(",")[0].split(" of ")[0].strip("| ") for row in rows] == ["upsert"] * 3 + ["MERGE"] * 3 + ["read 9"] * 2
    assert all(re.search(r"\| [0-9.]+x \|$", row) for row in rows), rows
