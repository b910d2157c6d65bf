# SPDX-License-Identifier: Apache-2.0
"""Every command of README and docs runs. Blocks marked sh are run line by line in a folder that
holds the examples, with firn on the PATH; blocks marked sql run in one home a page, in order."""
import os
import re
import shutil
import subprocess

import pytest

from conftest import FIRN, ROOT, Home

PAGES = sorted([ROOT / "README.md", ROOT / "examples/retail/README.md", *(ROOT / "docs").glob("*.md")])


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.M | re.S)


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "build").mkdir()
    (tmp_path / "build/firn").symlink_to(FIRN)
    return tmp_path


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "sh")], ids=lambda p: p.name)
def test_shell_commands_run(page, folder):
    env = {**os.environ, "PATH": f"{folder}/build:{os.environ['PATH']}"}
    for block in blocks(page, "sh"):
        done = subprocess.run(["sh", "-e", "-c", block], cwd=folder, env=env, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=120)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "sql")], ids=lambda p: p.name)
def test_sql_statements_run(page, folder):
    home = Home(folder / "home")
    home.run("init")
    for block in blocks(page, "sql"):
        home.run("sql", "-c", block)


def test_pages_name_only_files_that_exist():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_fuzz_figures_are_those_of_the_record():
    text = (ROOT / "docs/testing.md").read_text()
    record = ROOT / "fuzz/record.tsv"
    lines = record.read_text().splitlines()[1:] if record.exists() else []
    for target, executions, seconds, day in (line.split("\t") for line in lines):
        row = f"| {target} | {int(executions):,} | {int(seconds) / 3600:.2f} | {day} |"
        assert row in text, f"run make fuzz-table: {row}"
