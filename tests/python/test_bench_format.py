# SPDX-License-Identifier: Apache-2.0
"""make bench-format runs on tiny data: every row is printed, and firn and its peers computed the same
sums (the program ends with an error otherwise)."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORKS = ["decode 16 columns and sum them, zstd", "decode 16 columns and sum them, none",
         "two threads against one, zstd", "encode 16 columns, zstd", "bytes of that",
         "decode a manifest of", "NDJSON to 16 columns, stable keys", "NDJSON to 10 columns, stable keys",
         "NDJSON to 10 columns, shuffled keys, escapes, nulls", "CSV to columns", "CSV to columns, all quoted"]


def bench(*args):
    return subprocess.run([sys.executable, ROOT / "bench/bench_format.py", *args], cwd=ROOT,
                          capture_output=True, text=True, check=False)


def test_prints_every_row_with_its_ratio(tmp_path):
    out = tmp_path / "format.md"
    result = bench("--quick", "--runs", "1", "--out", str(out))
    assert result.returncode == 0, result.stdout + result.stderr
    for work in WORKS:
        assert f"| {work}" in result.stdout
    rows = [line for line in result.stdout.splitlines() if line.startswith("|")][2:]
    reads = [row for row in rows if "range reads" in row]
    assert len(reads) == 1 and re.search(r"\| <= 4 \| [0-9]+ \|", reads[0]), reads
    assert all(re.search(r"\| [0-9.]+(x| of its bytes) \|$", row) for row in rows if row not in reads), rows
    assert out.read_text().splitlines()[2:2 + len(rows)] == rows


def test_a_row_that_does_not_exist_is_named():
    result = bench("--quick", "nonsense")
    assert result.returncode == 2
    assert "no such row: nonsense" in result.stderr
