# SPDX-License-Identifier: Apache-2.0
"""firn sql without a terminal: scripts with commands and variables, formats, errors, statuses."""
import json
import re
import signal
import subprocess

import pytest

from conftest import FIRN


def rows(home, text, *args, **more):
    return home.run("sql", *args, stdin=text, **more).stdout


@pytest.fixture
def orders(home):
    home.run("sql", "-c", "CREATE SCHEMA shop; CREATE TABLE shop.orders (id INT NOT NULL, customer VARCHAR); "
             "INSERT INTO shop.orders VALUES (1, 'Zoë'), (2, NULL); CREATE VIEW shop.v AS SELECT id FROM shop.orders")
    return home


# ---- variables ----

def test_variables_are_replaced_plain_as_text_and_as_identifier(orders):
    out = orders.run("sql", "-v", "t=shop.orders", "-v", "who=Zo'ë", "-v", "c=customer", "-c",
                     "SELECT :\"c\" AS c, :'who' AS w, ':who' AS quoted FROM :t WHERE id = 1 -- :who").stdout
    assert out == "c,w,quoted\nZoë,Zo'ë,:who\n"


def test_what_only_looks_like_a_variable_stays(home):
    out = rows(home, ".set x 2\nSELECT 7::int AS a, [1, 2, 3][1:y] AS b FROM (SELECT 2 AS y)\n;")
    assert out == "a,b\n7,\"[1, 2]\"\n"
    assert rows(home, "SELECT [1, 2, 3][2::int] AS a;") == "a\n2\n"


def test_a_row_becomes_variables(orders):
    out = rows(orders, "SELECT max(id) AS id, 'x' AS word FROM shop.orders \\gset top_\n"
               ".print :top_id :'top_word'\nSELECT :top_id + 1 AS next;")
    assert out == "2 'x'\nnext\n3\n"
    done = orders.run("sql", "-c", "SELECT id FROM shop.orders \\gset", check=False)
    assert done.returncode == 1 and "needs one row, found 2" in done.stderr


def test_set_lists_and_unset_forgets(home):
    assert rows(home, ".set a one two\n.set b 'q'\n.unset a\n.set\n") == "b = 'q'\n"
    done = home.run("sql", "-v", "1a=x", "-c", "SELECT 1", check=False)
    assert done.returncode == 2 and "variable's name" in done.stderr
    assert home.run("sql", "-v", "novalue", "-c", "SELECT 1", check=False).returncode == 2


def test_a_dialect_with_other_quotes_is_respected(home):
    out = rows(home, "SET dialect = 'spark';\n.set w a\\b'c\nSELECT :'w' AS w, \"it; is :w\" AS t;\n", "--csv")
    assert "a\\b'c" in out and "it; is :w" in out


# ---- commands ----

def test_commands_work_in_scripts(orders, tmp_path):
    script = tmp_path / "s.sql"
    script.write_text("\\dt\n.mode tsv\nSELECT 1 AS a;\n.quit 7\nSELECT 2;\n")
    done = orders.run("sql", "-f", script, check=False)
    assert done.returncode == 7
    assert done.stdout == "namespace,name,type\nshop,orders,table\na\n1\n"


def test_patterns_pick_relations(orders):
    assert rows(orders, ".tables shop.*") == "namespace,name,type\nshop,orders,table\nshop,v,view\n"
    assert rows(orders, "\\dt o?ders") == "namespace,name,type\nshop,orders,table\n"
    assert rows(orders, "\\dv") == "namespace,name,type\nshop,v,view\n"
    assert rows(orders, "\\dn") == "namespace\ndefault\nshop\n"
    assert rows(orders, ".tables a'b_%") == "namespace,name,type\n"


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "trino"])
def test_describing_works_in_every_dialect(orders, dialect):
    out = rows(orders, f"SET dialect = '{dialect}';\n\\d shop.orders\n.tables\n\\dn\n.schema shop.v\n.snapshots shop.orders\n")
    assert "customer" in out and "shop,v,view" in out and "CREATE" in out and "append" in out


def test_schema_is_text_that_makes_the_table_again(orders, tmp_path):
    text = rows(orders, ".schema orders")
    assert text.startswith("CREATE TABLE") and text.rstrip().endswith(";")
    rows(orders, "DROP TABLE shop.orders;\n" + re.sub(r"\nLOCATION '[^']*'", "", text) + "INSERT INTO shop.orders VALUES (1, 'x');")
    assert orders.value("SELECT count(*) FROM shop.orders") == "1"
    done = orders.run("sql", "-c", ".schema nothing", check=False)
    assert done.returncode == 1 and "no table or view nothing" in done.stderr


def test_a_file_reads_files(home, tmp_path):
    (tmp_path / "inner.sql").write_text("SELECT :n AS n;\n")
    (tmp_path / "outer.sql").write_text(f".set n 5\n.read {tmp_path}/inner.sql\n")
    assert home.run("sql", "-f", tmp_path / "outer.sql").stdout == "n\n5\n"
    (tmp_path / "self.sql").write_text(f".read {tmp_path}/self.sql\n")
    done = home.run("sql", "-f", tmp_path / "self.sql", check=False)
    assert done.returncode == 1 and "deeper than 16" in done.stderr


def test_output_goes_to_files_and_commands(home, tmp_path):
    out = rows(home, f".once {tmp_path}/once.csv\nSELECT 1 AS a;\nSELECT 2 AS b;\n.output {tmp_path}/all.csv\n"
               f"SELECT 3 AS c;\nSELECT 4 AS d;\n.output\nSELECT 5 AS e;\n.once |tr a-z A-Z\nSELECT 'word' AS f;\n"
               f"SELECT 6 AS g \\g {tmp_path}/g.csv\n")
    assert out == "b\n2\ne\n5\nF\nWORD\n"
    assert (tmp_path / "once.csv").read_text() == "a\n1\n"
    assert (tmp_path / "all.csv").read_text() == "c\n3\nd\n4\n"
    assert (tmp_path / "g.csv").read_text() == "g\n6\n"
    done = home.run("sql", "-c", f".output {tmp_path}/no/such/file", check=False)
    assert done.returncode == 1 and "cannot write" in done.stderr


def test_a_command_within_a_statement_leaves_it_as_it_is(home):
    assert rows(home, "SELECT 1 AS a \\p\n, 2 AS b;") == "SELECT 1 AS a \na,b\n1,2\n"
    assert rows(home, "SELECT bad \\r\nSELECT 3 AS c;") == "c\n3\n"
    assert rows(home, "SELECT 1 AS a;\n\\g\n") == "a\n1\na\n1\n"


def test_watch_ends_after_its_runs(home):
    out = rows(home, "SELECT 8 AS n \\watch 0.01 c=3\n")
    assert out.count("n\n8\n") == 3 and out.count("every 0.01 s") == 3
    done = home.run("sql", "-c", "SELECT 1 \\watch soon", check=False)
    assert done.returncode == 1 and "\\watch 5" in done.stderr


def test_ctrl_c_ends_the_watch_of_a_script_with_130(home):
    process = subprocess.Popen([FIRN, "--home", home.path, "sql", "-c", "SELECT 1 AS n \\watch 0.05"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "every 0.05 s" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130


def test_an_unknown_command_names_the_nearest(home):
    done = home.run("sql", "-c", ".tabels", check=False)
    assert done.returncode == 1 and "did you mean .tables" in done.stderr


def test_every_command_is_in_help(home):
    out = rows(home, ".help")
    for name in (".tables", "\\watch", "\\gset", ".mode", ".read", ".quit", "\\d+"):
        assert name in out
    assert rows(home, ".help watch").startswith(".watch")


# ---- formats ----

def test_formats_for_people(home):
    query = "SELECT 1 AS n, 'a|b' AS t, NULL AS u"
    run = lambda f: home.run("sql", "--format", f, "-c", query).stdout
    assert run("table") == ("+---+-----+------+\n| n |  t  |  u   |\n+---+-----+------+\n"
                            "| 1 | a|b | NULL |\n+---+-----+------+\n")
    assert run("line") == run("vertical") == "n = 1\nt = a|b\nu = NULL\n"
    assert run("markdown") == home.run("sql", "--md", "-c", query).stdout


def test_formats_for_programs(home):
    query = "SELECT 1 AS n, E'a\\tb\\nc\\\\d<' AS t, NULL AS u, 'it''s' AS q, DATE '2024-02-29' AS d"
    run = lambda f: home.run("sql", "--format", f, "-c", query).stdout
    assert run("tsv") == "n\tt\tu\tq\td\n1\ta\\tb\\nc\\\\d<\t\tit's\t2024-02-29\n"
    assert "<td>a\tb\nc\\d&lt;</td><td></td>" in run("html")
    assert run("insert") == ("INSERT INTO rows (\"n\", \"t\", \"u\", \"q\", \"d\") VALUES "
                             "(1, 'a\tb\nc\\d<', NULL, 'it''s', '2024-02-29');\n")
    assert run("trash") == ""
    assert json.loads(run("ndjson"))["q"] == "it's"


def test_inserts_can_be_run_again(orders):
    text = rows(orders, ".mode insert shop.copy\nSELECT *, 1.5 AS x, 'nan'::double AS y, true AS b FROM shop.orders;")
    rows(orders, "CREATE TABLE shop.copy (id INT, customer VARCHAR, x DECIMAL(9,2), y DOUBLE, b BOOLEAN);" + text)
    assert orders.sql("SELECT id, customer, x, isnan(y) AS y, b FROM shop.copy ORDER BY id") == [
        {"id": "1", "customer": "Zoë", "x": "1.50", "y": "true", "b": "true"},
        {"id": "2", "customer": "", "x": "1.50", "y": "true", "b": "true"}]


def test_a_text_of_several_lines_is_printed_as_it_is(home):
    out = home.run("sql", "--format", "box", "-c", "SELECT E'one\\n  two' AS t").stdout
    assert out == "one\n  two\n"
    assert "╭" in home.run("sql", "--format", "box", "-c", "EXPLAIN SELECT 1").stdout


def test_a_terminal_cannot_be_steered_by_values(home):
    for form in ("box", "line", "table", "markdown"):
        out = home.run("sql", "--format", form, "-c", "SELECT E'a\\x1b[2Jb' AS t, 1 AS n").stdout
        assert "\x1b" not in out and "[2Jb" in out


# ---- errors and statuses ----

def test_an_error_names_file_and_line(home, tmp_path):
    script = tmp_path / "s.sql"
    script.write_text("SELECT 1;\n-- comment\n\nSELECT 2\n  FROM nowhere;\n")
    done = home.run("sql", "-f", script, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{script}:5: error: ") and "LINE 5:   FROM nowhere" in done.stderr
    done = home.run("--error-format=json", "sql", "-f", script, check=False)
    error = json.loads(done.stderr)
    assert error["line"] == 5 and error["file"] == str(script)


def test_lines_of_standard_input_are_counted(home):
    done = home.run("sql", stdin="SELECT 1;\n\nSELEC 2;\n", check=False)
    assert done.returncode == 1 and "LINE 3: SELEC 2" in done.stderr


def test_keep_going_runs_the_rest_and_still_fails(home):
    done = home.run("sql", "--keep-going", "-c", "SELEC 1; SELECT 2 AS b", "-c", "SELECT 3 AS c", check=False)
    assert done.returncode == 1 and done.stdout == "b\n2\nc\n3\n"
    done = home.run("sql", "-c", ".bail off\nSELEC 1;\nSELECT 2 AS b;", check=False)
    assert done.returncode == 1 and done.stdout == "b\n2\n"


def test_a_missing_script_is_status_2(home):
    done = home.run("sql", "-f", "nowhere.sql", check=False)
    assert done.returncode == 2 and "nowhere.sql" in done.stderr


@pytest.mark.parametrize("text", ["SELECT 'open", "SELECT \"open", "/* open", "SELECT $$open", "\\", ".", "\\g", ";;;", ":", "\\!false",
                                  "SELECT 1 \\unknown", "\x00", "SELECT 1; \\gset", ".mode xml", ".rows -1", "\\d", ".quit 999"])
def test_odd_text_is_an_error_or_nothing(home, text):
    done = home.run("sql", stdin=text, check=False)
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
