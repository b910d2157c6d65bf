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


def masked(text):
    """Without what differs from run to run: times, ids, bytes; and without the width of columns."""
    for pattern, name in ((r"\b\d+\.\d{3}\b", "SECONDS"), (r"\b\d+ ms\b", "MS"), (r"\b\d{15,}\b", "ID"),
                          (r"\b\d{5,6}\b", "BYTES"), (r"\b[\d.]+ [KM]B\b", "BYTES"), (r"[ ─]+", " ")):
        text = re.sub(pattern, name, text)
    return text.strip()


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "sh")], ids=lambda p: p.name)
def test_shell_commands_run_and_print_what_the_page_shows(page, folder):
    env = {**os.environ, "PATH": f"{folder}/build:{os.environ['PATH']}"}
    for block, shown in re.findall(r"^```sh\n(.*?)^```\n(?:```\n(.*?)^```\n)?", page.read_text(), re.M | re.S):
        done = subprocess.run(["sh", "-e", "-c", block], cwd=folder, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL, timeout=120)
        assert done.returncode == 0, f"{block}\n{done.stdout}"
        if shown:
            assert masked(done.stdout) == masked(shown), block


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


def named_scripts(text):
    """"spark/04 to 06, trino/03, 05": spark 4, 5, 6, trino 3, 5."""
    for dialect, numbers in re.findall(r"\b(spark|trino)/(\d\d(?:(?:, | to | and )\d\d)*)", text):
        found = [int(n) for n in re.findall(r"\d\d", numbers)]
        if " to " in numbers:
            found = range(found[0], found[-1] + 1)
        yield from ((dialect, n) for n in found)


def test_pages_name_only_tests_that_exist():
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*") if path.suffix in (".c", ".py")}
    n_rows = 0
    for page in PAGES:
        for path in re.findall(r"`(tests/[\w/.]+)`", page.read_text()):
            assert (ROOT / path).exists(), f"{page.name}: {path}"
        for row in re.findall(r"^\|.*\|$", page.read_text(), re.M):
            last = row.split("|")[-2]
            for name in re.findall(r"\btest_\w+", last):
                assert name in tests, f"{page.name}: {name}"
                n_rows += 1
            for dialect, number in named_scripts(last):
                assert list((ROOT / "tests/data/sql" / dialect).glob(f"{number:02}-*")), f"{page.name}: {dialect}/{number:02}"
                n_rows += 1
    assert n_rows > 100


def test_fuzz_figures_are_those_of_the_record():
    text = (ROOT / "docs/testing.md").read_text()
    record = ROOT / "fuzz/record.tsv"
    lines = record.read_text().splitlines()[1:] if record.exists() else []
    for target, executions, seconds, day in (line.split("\t") for line in lines):
        row = f"| {target} | {int(executions):,} | {int(seconds) / 3600:.2f} | {day} |"
        assert row in text, f"run make fuzz-table: {row}"
