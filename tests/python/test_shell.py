# SPDX-License-Identifier: Apache-2.0
"""The prompt of firn sql at a terminal: editing, completion, commands, Ctrl-C, pager, history."""
import os
import stat
import time

import pytest

from conftest import FIRN, Home
from terminal import Terminal

PROMPT = r"firn[^ \n]*> $"
TAB, CTRL_C, CTRL_D, CTRL_R, UP = "\t", "\x03", "\x04", "\x12", "\x1b[A"
REDRAW = "\x0c"  # an editor draws only what changes; this draws the whole line


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("shell") / "home")
    home.run("init")
    home.run("sql", "-c", "CREATE SCHEMA shop; CREATE TABLE shop.orders (order_id INT, customer VARCHAR, "
             "address STRUCT(street VARCHAR, city VARCHAR)); "
             "CREATE TABLE shop.\"Odd Name\" (\"a b\" INT); "
             "INSERT INTO shop.orders VALUES (1, 'Zoë', {'street': 's', 'city': 'c'}), (2, NULL, NULL); "
             "CREATE VIEW shop.names AS SELECT customer FROM shop.orders")
    return home


@pytest.fixture
def open_shell(shop, tmp_path):
    """Open shells that are closed at the end, with a home folder of their own."""
    opened = []

    def start(*args, rows=40, columns=100, **env):
        base = {k: v for k, v in os.environ.items()
                if k not in ("PAGER", "NO_COLOR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "EDITOR", "VISUAL")}
        terminal = Terminal([FIRN, "--home", shop.path, "sql", *args],
                            {**base, "TERM": "xterm", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8",
                             "PAGER": "cat", **env}, rows, columns)
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def shell(open_shell):
    terminal = open_shell()
    terminal.expect(PROMPT)
    return terminal


def test_a_statement_over_several_lines_has_a_continuation_prompt(shell):
    shell.line("SELECT 1 AS one,", r" \.\.\.> $")
    out = shell.line("'a;b' AS two; -- done")
    assert "│       1 │ a;b" in out
    assert "1 row in" in out


def test_two_statements_on_a_line_both_run(shell):
    out = shell.line("SELECT 11 AS a; SELECT 22 AS b;")
    assert "│      11 │" in out and "│      22 │" in out


def test_the_status_line_tells_what_was_read(shell):
    assert "1 of 1 files read" in shell.line("SELECT * FROM shop.orders;")
    shell.line(".timer off")
    assert "rows in" not in shell.line("SELECT * FROM shop.orders;")


def test_an_error_leaves_the_shell(shell):
    out = shell.line("SELECT order_idd FROM shop.orders;")
    assert "error:" in out and "order_id" in out and "^" in out
    assert "│       7 │" in shell.line("SELECT 7 AS n;")


def test_quit_ends_with_its_status(open_shell):
    for words, status in ((".quit", 0), (".exit 3", 3), ("\\q", 0)):
        shell = open_shell()
        shell.expect(PROMPT)
        shell.send(words + "\n")
        assert shell.wait() == status


def test_end_of_input_ends_the_shell(shell):
    shell.send(CTRL_D)
    assert shell.wait() == 0


def test_ctrl_c_drops_the_line(shell):
    shell.send("SELECT nonsense")
    shell.expect("nonsense")
    shell.send(CTRL_C)
    shell.expect(PROMPT)
    shell.line("SELECT 1", r" \.\.\.> $")
    shell.send(CTRL_C)
    shell.expect(PROMPT)
    assert "│       5 │" in shell.line("SELECT 5 AS n;")


def test_ctrl_c_cancels_the_statement_and_not_the_shell(shell):
    shell.send("SELECT count(*) FROM range(1000000000) a, range(1000000000) b; SELECT 99;\n")
    time.sleep(0.7)
    shell.send(CTRL_C)
    out = shell.expect(PROMPT)
    assert "cancelled" in out and "│ 99" not in out
    assert "│       5 │" in shell.line("SELECT 5 AS n;")


# ---- completion ----

def complete(shell, text, pattern):
    shell.send(text + TAB + REDRAW)
    out = shell.expect(pattern)
    shell.send(CTRL_C)
    shell.expect(PROMPT)
    return out


@pytest.mark.parametrize("typed, completed", [
    ("sel", r"select $"),
    ("SEL", r"SELECT $"),
    ("SELECT * FROM shop.ord", r"shop\.orders $"),
    ("SELECT * FROM sh", r"FROM shop\.$"),
    ("SELECT * FROM firn.shop.na", r"firn\.shop\.names $"),
    ("SELECT * FROM shop.Od", r'shop\."Odd Name" $'),
    ("SELECT * FROM shop.orders WHERE cust", r"WHERE customer $"),
    ("SELECT * FROM shop.orders o WHERE o.cust", r"o\.customer $"),
    ("SELECT * FROM shop.orders o WHERE o.address.ci", r"o\.address\.city $"),
    ("SELECT * FROM shop.names WHERE cus", r"WHERE customer $"),
    ("SELECT * FROM shop.orders.snap", r"orders\.snapshots $"),
    ("INSERT INTO shop.ord", r"shop\.orders $"),
    ("USE sh", r"USE shop $"),
    ("CALL system.rewrite_d", r"rewrite_data_files\($"),
    ("SELECT regexp_mat", r"regexp_matches\($"),
    ("SET dial", r"SET dialect"),
    (".mo", r"\.mode $"),
    (".mode js", r"\.mode json$"),
    ("\\d shop.ord", r"\\d shop\.orders $"),
], ids=lambda v: None)
def test_tab_completes(shell, typed, completed):
    complete(shell, typed, completed)


def test_columns_are_completed_before_the_table_is_named(shell):
    """The cursor stands in the middle of the statement; what is behind it counts."""
    shell.send("SELECT  FROM shop.orders;\x01" + "\x06" * 7 + "cust" + TAB + REDRAW)
    shell.expect("customer")
    shell.send("\x05\n")
    assert "Zoë" in shell.expect(PROMPT)


def test_columns_are_completed_on_a_later_line(shell):
    shell.line("SELECT *", r"\.\.\.> $")
    shell.line("FROM shop.orders", r"\.\.\.> $")
    shell.send("WHERE order_i" + TAB + REDRAW)
    shell.expect("order_id")
    shell.send("= 2;\n")
    assert "1 row in" in shell.expect(PROMPT)


def test_several_choices_are_listed_and_the_line_stays(shell):
    out = complete(shell, "SELECT * FROM shop." + TAB, r"orders[^\n]*\n?(?s:.*)FROM shop\.$")
    assert '"Odd Name"' in out and "names" in out


def test_variables_and_files_are_completed(shell, tmp_path):
    (tmp_path / "some_script.sql").write_text("SELECT 1;")
    shell.line(".set threshold 5")
    complete(shell, "SELECT :thr", r":threshold $")
    complete(shell, f".read {tmp_path}/some_", r"some_script\.sql $")


# ---- editing, history ----

def test_pasted_text_runs_as_one(shell):
    """Tabs and line breaks of a paste are text, not keys."""
    shell.send("\x1b[200~SELECT 1 AS a,\n\t'ü' AS b;\nSELECT 2 AS c;\x1b[201~")
    time.sleep(0.2)
    out = shell.line("")
    assert "│ ü" in out and "│       2 │" in out


def test_history_gives_whole_statements_back(shell, open_shell, tmp_path):
    shell.line("SELECT 'one' -- first", r"\.\.\.> $")
    shell.line("AS word;")
    shell.line("SELECT 2;")
    shell.send(UP + UP)
    shell.expect("AS word;")
    shell.send("\n")
    assert "│ one" in shell.expect(PROMPT)
    shell.line(".quit", "")
    shell.wait()
    later = open_shell()
    later.expect(PROMPT)
    later.send(CTRL_R + "first")
    later.expect("first")
    later.send("\n")
    assert "│ one" in later.expect(PROMPT)
    path = tmp_path / ".local/state/firn/history"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_and_lines_behind_a_blank_are_not_kept(shell, tmp_path):
    shell.line(" SELECT 'hidden one';")
    shell.line("SELECT 'the password' AS p;")
    shell.line("SELECT 'kept';")
    text = (tmp_path / ".local/state/firn/history").read_text()
    assert "kept" in text and "hidden" not in text and "password" not in text


def test_the_edited_statement_is_run(open_shell, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/1/41/' \"$1\"\n")
    editor.chmod(0o755)
    shell = open_shell(EDITOR=str(editor))
    shell.expect(PROMPT)
    shell.line("SELECT 1 AS n;")
    assert "│      41 │" in shell.line(".edit")


# ---- output ----

def test_long_output_goes_through_the_pager(open_shell, tmp_path):
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho PAGED; head -n 5\n")
    pager.chmod(0o755)
    shell = open_shell(rows=20, PAGER=str(pager))
    shell.expect(PROMPT)
    assert "PAGED" not in shell.line("SELECT 1 AS n;")
    assert "PAGED" in shell.line("SELECT range FROM range(100);")
    shell.line(".rows 0")
    # the pager leaves early: no error, and the query ends
    out = shell.line("SELECT range FROM range(3000000);")
    assert "PAGED" in out and "error" not in out
    shell.line(".mode csv")
    out = shell.line("SELECT range FROM range(1000000000);")
    assert "PAGED" in out and "error" not in out
    shell.line(".pager off")
    assert "PAGED" not in shell.line("SELECT range FROM range(30);")


def test_a_box_fits_the_window(open_shell):
    shell = open_shell(columns=50)
    shell.expect(PROMPT)
    out = shell.line("SELECT repeat('x', 200) AS a, 2 AS b;")
    assert "…" in out and all(len(line) <= 50 for line in out.splitlines() if "│" in line)
    shell.line(".x auto")
    wide = ", ".join(f"{n} AS column_{n}" for n in range(20))
    assert "column_19 = 19" in shell.line(f"SELECT {wide};")


def test_colours_are_off_when_asked(open_shell):
    for env, has_color in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        shell = open_shell(**env)
        shell.expect(PROMPT)
        shell.line("SELECT NULL AS n;")
        shell.line("SELEC;")
        assert ("\x1b[1;31m" in shell.output) == has_color
        assert ("\x1b[2m" in shell.output) == has_color


def test_watch_repeats_until_ctrl_c(shell):
    shell.send("SELECT count(*) AS n FROM shop.orders \\watch 0.1\n")
    shell.expect(r"(?s)every 0\.1 s.*every 0\.1 s")
    shell.send(CTRL_C)
    shell.expect(PROMPT)
    assert "│       5 │" in shell.line("SELECT 5 AS n;")


def test_the_prompt_names_the_namespace(shell):
    shell.line("USE shop;", r"firn:shop> $")
    assert "Zoë" in shell.line("SELECT customer FROM orders;", r"firn:shop> $")
    shell.send("SELECT * FROM ord" + TAB + REDRAW)
    shell.expect(r"FROM orders $")


def test_the_start_file_is_read(open_shell, tmp_path):
    (tmp_path / ".config/firn").mkdir(parents=True)
    (tmp_path / ".config/firn/firnrc").write_text(".mode csv\n.set who me\n")
    shell = open_shell()
    shell.expect(PROMPT)
    assert "\nme\n" in shell.line("SELECT :'who' AS who;").replace("\r", "")
    shell = open_shell("--no-init")
    shell.expect(PROMPT)
    assert "│" in shell.line("SELECT 1 AS n;")


def test_batch_prints_no_prompt(open_shell):
    shell = open_shell("--batch")
    shell.send("SELECT 3 AS n;\n" + CTRL_D)
    assert shell.wait() == 0
    assert "│       3 │" in shell.output and "firn>" not in shell.output
