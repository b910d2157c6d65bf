# SPDX-License-Identifier: Apache-2.0
"""Statements are painted while they are typed: what colours they get, and that the screen shows what was typed."""
import os
import random
import time

import pytest

from conftest import FIRN, Home
from terminal import Screen, Terminal

PROMPT = r"firn[^ \n]*> $"
CTRL_A, CTRL_C, CTRL_L, CTRL_R, BACKSPACE = "\x01", "\x03", "\x0c", "\x12", "\x7f"
PLAIN, KEYWORD, STRING, NUMBER, NAME, VARIABLE = "0", "0;1;36", "0;32", "0;33", "0;34", "0;35"
COMMENT, COMMAND, OPEN, PAIR, ALONE = "0;90", "0;35", "0;31", "0;1;4", "0;1;31"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("colours") / "home")
    home.run("init")
    return home


@pytest.fixture
def open_shell(lake, tmp_path):
    opened = []

    def start(rows=40, columns=100, **env):
        base = {k: v for k, v in os.environ.items() if k not in ("PAGER", "NO_COLOR", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
        shell = Terminal([FIRN, "--home", lake.path, "sql"],
                         {**base, "TERM": "xterm", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", **env}, rows, columns)
        opened.append(shell)
        shell.expect(PROMPT)
        shell.size = rows, columns
        return shell

    yield start
    for shell in opened:
        shell.close()


def settle(shell):
    """The screen when nothing more is drawn."""
    seen = -1
    while seen != len(shell.output):
        seen = len(shell.output)
        shell.read(0.15)
    return Screen(shell.output, *shell.size)


def typed(shell, text):
    shell.send(text)
    return settle(shell)


def runs(styles):
    """Neighbours of one style as one."""
    return [style for i, style in enumerate(styles) if i == 0 or styles[i - 1] != style]


def test_words_have_colours(open_shell):
    screen = typed(open_shell(), "select 12.5 AS \"a b\", 'it''s' || :v -- from t")
    assert set(screen.styles("select")) == set(screen.styles("AS")) == {KEYWORD}
    assert set(screen.styles("12.5")) == {NUMBER} and set(screen.styles("\"a b\"")) == {NAME}
    assert set(screen.styles("'it''s'")) == {STRING} and set(screen.styles(":v")) == {VARIABLE}
    assert set(screen.styles("-- from t")) == {COMMENT} and set(screen.styles("||")) == {PLAIN}


def test_names_are_not_keywords(open_shell):
    screen = typed(open_shell(), "SELECT t.order, selected FROM x")
    assert set(screen.styles("order, selected")) == {PLAIN}


def test_an_open_quote_is_red_until_it_is_closed(open_shell):
    shell = open_shell()
    assert set(typed(shell, "SELECT 'one two").styles("'one two")) == {OPEN}
    assert set(typed(shell, "'").styles("'one two'")) == {STRING}


def test_a_quote_that_an_earlier_line_opened_goes_on(open_shell):
    shell = open_shell()
    shell.line("SELECT 'one", r" \.\.\.> $")
    screen = typed(shell, "two' || three /* four")
    assert screen.styles("two' ||") == [STRING] * 4 + [PLAIN] * 3
    assert set(screen.styles("/* four")) == {COMMENT}


def test_the_bracket_at_the_cursor_and_its_other_half_stand_out(open_shell):
    shell = open_shell()
    screen = typed(shell, "SELECT (a[1] + (2))")
    assert screen.styles("(a[1] + (2))") == [PAIR, PLAIN, PLAIN, NUMBER, *[PLAIN] * 5, NUMBER, PLAIN, PAIR]
    assert typed(shell, ")").styles("(2)))")[-1] == ALONE
    assert typed(shell, BACKSPACE + BACKSPACE).styles("(2)") == [PAIR, NUMBER, PAIR]
    assert typed(shell, "]").styles("]")[-1] == ALONE


def test_commands_of_the_shell_have_a_colour(open_shell):
    shell = open_shell()
    screen = typed(shell, ".mode select")
    assert screen.styles(".mode select") == [COMMAND] * 5 + [PLAIN] * 7
    shell.send(CTRL_C)
    shell.expect(PROMPT)
    assert typed(shell, "SELECT 1 \\gset x").styles("\\gset x") == [COMMAND] * 5 + [PLAIN] * 2


def test_strings_are_those_of_the_dialect(open_shell):
    shell = open_shell()
    shell.line("SET dialect = 'spark';")
    assert set(typed(shell, "SELECT \"it\\\"s\"").styles("\"it\\\"s\"")) == {STRING}


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_terminals_without_colours_get_none(open_shell, env):
    shell = open_shell(**env)
    screen = typed(shell, "SELECT 'one' AS a")
    assert "SELECT 'one' AS a" in screen.text() and "\x1b[0;" not in shell.output


def test_highlight_is_turned_off_and_on(open_shell):
    shell = open_shell()
    shell.line(".highlight off")
    assert set(typed(shell, "SELECT 1").styles("SELECT 1")) == {PLAIN}
    shell.send(CTRL_C)
    shell.expect(PROMPT)
    shell.line(".highlight on")
    assert set(typed(shell, "SELECT 2").styles("SELECT")) == {KEYWORD}
    shell.send(CTRL_C)
    shell.expect(PROMPT)
    assert "highlight  on" in shell.line(".show")


def test_a_dumb_terminal_stays_without(open_shell):
    shell = open_shell(TERM="dumb")
    shell.line(".highlight on")
    assert "highlight  off" in shell.line(".show")


def test_search_in_the_history_is_shown(open_shell):
    shell = open_shell()
    shell.line("SELECT 41 AS early;")
    text = typed(shell, CTRL_R + "ear").text()
    assert "SELECT 41 AS early;" in text.splitlines()[-2] and text.splitlines()[-1].startswith("bck:ear")


def test_a_long_line_takes_several_rows(open_shell):
    shell = open_shell(columns=30)
    text = "SELECT '" + "0123456789" * 5 + "' AS long"
    screen = typed(shell, text)
    whole = "firn> " + text
    assert screen.text().endswith("\n".join(whole[i:i + 30] for i in range(0, len(whole), 30)))
    assert screen.column == len(whole) % 30
    assert typed(shell, CTRL_A).column == len("firn> ")
    assert "firn> xSELECT '" in typed(shell, "x").text()
    assert typed(shell, CTRL_L).text().startswith("firn> xSELECT")
    shell.send(CTRL_C)
    shell.expect(PROMPT)


@pytest.mark.parametrize("columns", [24, 31])
def test_whatever_is_typed_is_on_the_screen(open_shell, columns):
    """Random keys; the screen always shows the text as an array of characters would."""
    dice = random.Random(columns)
    shell = open_shell(rows=12, columns=columns)
    settle(shell)
    text, cursor = "", 0
    for _ in range(40):
        key = dice.choice(["type", "type", "type", "left", "right", "erase", "begin", "end"])
        if key == "type":
            word = dice.choice(["SELECT ", "'", "(", ")", "日本", "é", "123456789", "-- c ", "a_long_name_of_some_column "])
            shell.send(word)
            text, cursor = text[:cursor] + word + text[cursor:], cursor + len(word)
        elif key == "erase" and cursor:
            shell.send(BACKSPACE)
            text, cursor = text[:cursor - 1] + text[cursor:], cursor - 1
        elif key in ("left", "right"):
            shell.send({"left": "\x02", "right": "\x06"}[key])
            cursor = min(max(cursor + (1 if key == "right" else -1), 0), len(text))
        elif key in ("begin", "end"):
            shell.send({"begin": CTRL_A, "end": "\x05"}[key])
            cursor = 0 if key == "begin" else len(text)
        if dice.random() < 0.3:
            time.sleep(0.02)
    screen = settle(shell)
    want = Screen("firn> " + text, 12, columns)
    at = Screen("firn> " + text[:cursor], 12, columns)
    drawn = screen.text().splitlines()
    assert drawn[-len(want.text().splitlines()):] == want.text().splitlines()
    if at.column < columns:
        assert screen.column == at.column or (cursor < len(text) and screen.column == 0)


def test_a_text_taller_than_the_screen_shows_what_is_around_the_cursor(open_shell):
    shell = open_shell(rows=6, columns=40)
    lines = [f"SELECT {i}," for i in range(20)]
    screen = typed(shell, "\x1b[200~" + "\n".join(lines) + "\x1b[201~")
    assert screen.text().splitlines() == lines[-6:]
    screen = typed(shell, "\x1b[A" * 19)
    assert screen.text().splitlines()[0].startswith("firn> SELECT 0")
    assert (screen.row, screen.column) == (0, screen.column)
