# SPDX-License-Identifier: Apache-2.0
"""Recorded scripts of Spark and Trino: firn answers as they did, but for the blocks that are listed
with a reason."""
import os
import re
import subprocess
import sys

import pytest

from conftest import FIRN, ROOT

SCRIPTS = ROOT / "tests/data/sql"
PAGE = ROOT / "docs/sql-tests.md"


ENVIRONMENT = {**os.environ, "FIRN_LIBRARY": str(FIRN.resolve().parent / "libfirn.so")}


def run(dialect, *args):
    scripts = sorted(str(p) for p in (SCRIPTS / dialect).glob("*.sqltest"))
    return subprocess.run([sys.executable, ROOT / "tools/sqltest", "--dialect", dialect, *args, *scripts],
                          capture_output=True, text=True, timeout=300, env=ENVIRONMENT)


needs_library = pytest.mark.skipif(not (FIRN.resolve().parent / "libfirn.so").exists(),
                                   reason="the build has no shared library")


@needs_library
@pytest.mark.parametrize("dialect", ["spark", "trino"])
def test_scripts_answer_as_recorded(dialect):
    done = run(dialect, "--expected", str(SCRIPTS / f"expected-{dialect}.tsv"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(r"\d+ passed, \d+ failed", done.stdout.splitlines()[-1])


@needs_library
def test_a_difference_is_told_with_its_line(tmp_path):
    script = tmp_path / "spark" / "x.sqltest"
    script.parent.mkdir()
    script.write_text("query nosort\nSELECT 1 AS a\n---- a:int\n2\n\nstatement ok\nSELECT nosuch\n\n"
                      "statement error not found\nSELECT * FROM nosuch\n")
    done = subprocess.run([sys.executable, ROOT / "tools/sqltest", "--dialect", "spark", script],
                          capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0] == f"FAIL {script}:1 1 rows, expected 1: '1', expected '2'"
    assert lines[1].startswith(f"FAIL {script}:6 failed: ")
    assert lines[2:] == ["1 passed, 2 failed"]


@pytest.mark.parametrize("dialect", ["spark", "trino"])
def test_the_page_has_every_reason(dialect):
    page = PAGE.read_text(encoding="utf-8")
    for line in (SCRIPTS / f"expected-{dialect}.tsv").read_text(encoding="utf-8").splitlines():
        reason = line.split("\t")[2].removeprefix("to do: ")
        assert f"| {reason} |" in page, line
