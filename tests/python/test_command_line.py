# SPDX-License-Identifier: Apache-2.0
"""The command line as a whole: examples in help, completion in shells, progress, next steps."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import FIRN, ROOT, Home
from terminal import Terminal


def commands():
    out = subprocess.run([FIRN, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+) ", out.split("global options")[0], re.M)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which the examples of help run: the retail example was loaded into demo."""
    path = tmp_path_factory.mktemp("commands")
    shutil.copytree(ROOT / "examples", path / "examples")
    (path / "build").mkdir()
    (path / "build/firn").symlink_to(FIRN)
    firn = [FIRN, "--home", path / "demo"]
    subprocess.run([*firn, "init"], check=True, capture_output=True)
    subprocess.run([*firn, "run", "examples/retail", "--set", "landing=examples/retail/landing"], cwd=path,
                   check=True, capture_output=True)
    return path


def environment(folder):
    return {**os.environ, "PATH": f"{folder}/build:{os.environ['PATH']}"}


@pytest.mark.parametrize("command", commands())
def test_examples_of_help_run(folder, command):
    text = subprocess.run([FIRN, command, "--help"], capture_output=True, text=True, check=True).stdout
    examples = text.split("\nexamples:\n")[1].strip().splitlines()
    assert examples
    for line in examples:
        done = subprocess.run(["sh", "-c", line], cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


# ---- completion in shells ----

def complete(folder, shell, line):
    """What the Tab key offers behind the line."""
    words = line.split(" ")
    script = (f'eval "$(firn completion bash)"; COMP_WORDS=({" ".join(repr(w) for w in words)}); '
              f'COMP_CWORD={len(words) - 1}; _firn; printf "%s\\n" "${{COMPREPLY[@]}}"')
    done = subprocess.run([shell, "-c", script], cwd=folder, env=environment(folder), capture_output=True, text=True,
                          timeout=20)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("line, offered", [
    ("firn ma", ["maintain"]),
    ("firn --home demo doc", ["doctor"]),
    ("firn sql --form", ["--format"]),
    ("firn sql --format ts", ["tsv"]),
    ("firn table hist", ["history"]),
    ("firn table rewrite_d", ["rewrite_data_files"]),
    ("firn --home demo table history silver.o", ["silver.orders", "silver.orders_quarantine"]),
    ("firn --home demo doctor silver.", ["silver.orders", "silver.orders_quarantine"]),
    ("firn table describe --format js", ["json"]),
    ("firn --error-format js", ["json"]),
    ("firn cat --limit ", []),
])
def test_bash_completes(folder, line, offered):
    assert complete(folder, "bash", line) == offered


def test_every_command_and_option_is_completed(folder):
    assert set(commands()) <= set(complete(folder, "bash", "firn "))
    for command in commands():
        text = subprocess.run([FIRN, command, "--help"], capture_output=True, text=True, check=True).stdout
        options = set(re.findall(r"^ +(?:-[a-zA-Z], )?(--[a-z-]+)", text.split("options:")[-1] if "options:" in text else "", re.M))
        assert options <= set(complete(folder, "bash", f"firn {command} --")), command


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_the_script_loads_in_zsh(folder):
    subprocess.run(["zsh", "-fc", 'eval "$(firn completion zsh)"; whence _firn'], env=environment(folder), check=True)


def test_another_shell_is_refused():
    done = subprocess.run([FIRN, "completion", "tcsh"], capture_output=True, text=True)
    assert done.returncode == 2 and "bash or zsh" in done.stderr


# ---- progress, colours, next steps ----

def run_at_terminal(folder, *args, **env):
    terminal = Terminal([FIRN, "--home", folder / "demo", *args],
                        {**os.environ, "TERM": "xterm", **env})
    try:
        status = terminal.wait(60)
        return status, terminal.output
    finally:
        terminal.close()


def test_long_work_shows_progress_on_a_terminal_only(folder):
    status, out = run_at_terminal(folder, "maintain", "--dry-run")
    assert status == 0 and re.search(r"\r[a-z.]+: \[#*\.*\] +\d+ %", out) and out.count("\x1b[K") > 1
    done = Home(folder / "demo").run("maintain", "--dry-run")
    assert done.stderr == ""


def test_a_long_statement_shows_progress_until_it_is_cancelled(folder):
    slow = "SELECT sum(sqrt(a.range * b.range)) FROM range(1000000) a, range(1000000) b"
    terminal = Terminal([FIRN, "--home", folder / "demo", "sql", "-c", slow], {**os.environ, "TERM": "xterm"})
    try:
        terminal.expect(r"\d\.\d s")
        terminal.send("\x03")
        assert terminal.wait() == 130
    finally:
        terminal.close()


def test_a_scan_tells_how_far_it_is(folder):
    slow = "SELECT sum(sqrt(quantity * b.range)) FROM silver.orders, range(100000000) b"
    terminal = Terminal([FIRN, "--home", folder / "demo", "sql", "-c", slow], {**os.environ, "TERM": "xterm"})
    try:
        terminal.expect(r"\[[#.]{30}\] +\d+ %  [\d,]+ of [\d,]+ rows")
        terminal.send("\x03")
        assert terminal.wait() == 130
    finally:
        terminal.close()


def test_cat_is_without_colours_when_asked(folder):
    file = next(pathlib.Path(folder / "examples/retail/landing").rglob("*.ndjson.gz"))
    args = ("cat", file, "--limit", "30", "--columns", "customer_id")
    assert "\x1b[2m" not in run_at_terminal(folder, *args, NO_COLOR="1")[1]
    assert "┌" in run_at_terminal(folder, *args)[1]


@pytest.mark.parametrize("args, hint", [
    (["tabel"], "did you mean 'table'"),
    (["table", "descirbe", "a.b"], "did you mean 'describe'"),
    (["table", "expire_snapshot", "a.b"], "did you mean 'expire_snapshots'"),
    (["cat", "x", "--format", "xml"], "jsonl"),
    (["sql", "SELECT 1"], "put SQL behind -c"),
])
def test_wrong_usage_names_the_next_step(folder, args, hint):
    done = Home(folder / "demo").run(*args, check=False)
    assert done.returncode == 2 and hint in done.stderr
