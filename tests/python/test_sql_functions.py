# SPDX-License-Identifier: Apache-2.0
"""Functions and operators of Spark and Trino: firn gives what the engines answered, but for the
lines that say how it differs, and the page says why."""
import os
import re
import subprocess
import sys

import pytest

from conftest import FIRN, ROOT

FILES = ROOT / "tests/data/sql"
PAGE = ROOT / "docs/sql-tests.md"
LIBRARY = FIRN.resolve().parent / "libfirn.so"
needs_library = pytest.mark.skipif(not LIBRARY.exists(), reason="the build has no shared library")


def run(dialect, *args):
    return subprocess.run([sys.executable, ROOT / "tools/sqlfunctions", "--dialect", dialect, *args],
                          capture_output=True, text=True, timeout=300, env={**os.environ, "FIRN_LIBRARY": str(LIBRARY)})


def lines(dialect):
    text = (FILES / f"functions-{dialect}.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@needs_library
@pytest.mark.parametrize("dialect", ["spark", "trino"])
def test_functions_give_what_the_engine_gave(dialect):
    done = run(dialect, str(FILES / f"functions-{dialect}.tsv"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(r"\d+ as listed, 0 not", done.stdout.splitlines()[-1])


@needs_library
def test_a_difference_is_told_with_its_line(tmp_path):
    file = tmp_path / "f.tsv"
    file.write_text("1 + 1\tint\t2\nupper('a')\tstring\t\"b\"\nlower('A')\tstring\t\"a\"\trefused\n")
    done = run("spark", str(file))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"FAIL {file}:2 upper('a'): differs to do, listed as same; string \"A\", expected string \"b\"",
        f"FAIL {file}:3 lower('A'): same, listed as refused; string \"a\", expected string \"a\"",
        "1 as listed, 2 not"]


@pytest.mark.parametrize("dialect", ["spark", "trino"])
def test_the_page_has_every_reason_and_the_counts(dialect):
    page = PAGE.read_text(encoding="utf-8")
    rows = lines(dialect)
    how = [row[3] if len(row) > 3 else "" for row in rows]
    for text in how:
        kind, _, reason = text.partition(" ")
        assert kind in ("", "type", "refused", "accepted", "differs"), text
        assert kind not in ("accepted", "differs") or f"| {reason} |" in page, text
    counts = [sum(text.partition(" ")[0] == kind for text in how)
              for kind in ("", "type", "refused", "accepted", "differs")]
    assert f"| {dialect} | {len(rows)} | " + " | ".join(map(str, counts)) + " |" in page, counts
