# SPDX-License-Identifier: Apache-2.0
"""The command line: help, formats, exit statuses, and what it says when something is wrong."""
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time

import pytest

from conftest import FIRN, ROOT, Home

COMMANDS = ["init", "generate", "run", "sql", "table", "version"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(home, command):
    out = home.run(command, "--help").stdout
    assert out.startswith(f"firn {command}") and "usage:" in out


def test_every_documented_configuration_key_may_stand_behind_o(home):
    section = (ROOT / "docs/cli.md").read_text().split("| key | default | meaning |")[1].split("\n\n")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    assert len(rows) > 8
    for key, default in rows:
        value = default.strip().strip("`") if "`" in default and " " not in default.strip() else "64MiB"
        key = key.strip().strip("`").replace("NAME", "firn")
        home.run("-o", f"{key}={value}", "sql", "-c", "SELECT 1")


def test_help_lists_every_command():
    out = subprocess.run([FIRN, "--help"], capture_output=True, text=True, check=True).stdout
    for command in COMMANDS:
        assert f"\n  {command}" in out


@pytest.mark.parametrize("args, said", [
    (["frobnicate"], "unknown command"),
    (["sqll"], "did you mean 'sql'"),
    (["sql", "--fromat", "csv"], "did you mean --format"),
    (["sql", "--format", "xml"], "unknown format"),
    (["sql", "-c"], "needs a value"),
    (["run"], "run needs one folder"),
    (["run", "nowhere", "--set", "x"], "--set needs name=value"),
    (["-o", "threads=many", "sql", "-c", "SELECT 1"], "threads must be"),
    (["-o", "memory=lots", "sql", "-c", "SELECT 1"], "memory must be"),
    (["-o", "catalog.firn.type=hive", "sql", "-c", "SELECT 1"], "not supported: catalog type"),
    (["-o", "memroy=1GiB", "sql", "-c", "SELECT 1"], "did you mean memory?"),
    (["-o", "catalog.firn.typ=sql", "table", "list"], "no configuration key catalog.firn.typ"),
    (["table", "describe"], "describe needs NAMESPACE.TABLE"),
])
def test_wrong_usage_is_status_2(home, args, said):
    done = home.run(*args, check=False)
    assert done.returncode == 2 and said in done.stderr


def test_init_twice_changes_nothing(home):
    before = (home.path / "catalog.db").read_bytes()
    assert "already" in home.run("init").stdout
    assert (home.path / "catalog.db").read_bytes() == before


def test_no_home_is_status_3_and_says_init(tmp_path):
    done = Home(tmp_path / "none").run("sql", "-c", "SELECT 1", check=False)
    assert done.returncode == 3 and "init" in done.stderr


def test_broken_yaml_names_the_file(home):
    (home.path / "firn.yaml").write_text("catalog: [unclosed\n")
    done = home.run("sql", "-c", "SELECT 1", check=False)
    assert done.returncode == 2 and "firn.yaml" in done.stderr


def test_formats_of_one_row(home):
    query = "SELECT 1 AS n, 'a,\"b' AS t, NULL AS u, '' AS e, DATE '2024-02-29' AS d, TIMESTAMPTZ '2024-01-01 00:00:00.5+01' AS z, 1.50 AS x, [1, 2] AS l"
    run = lambda f: home.run("sql", "--format", f, "-c", query).stdout
    assert run("csv") == 'n,t,u,e,d,z,x,l\n1,"a,""b",,"",2024-02-29,2023-12-31T23:00:00.500000Z,1.50,"[1, 2]"\n'
    assert json.loads(run("json")) == [{"n": 1, "t": 'a,"b', "u": None, "e": "", "d": "2024-02-29",
                                        "z": "2023-12-31T23:00:00.500000Z", "x": 1.5, "l": [1, 2]}]
    assert json.loads(run("jsonl")) == json.loads(run("json"))[0]
    assert run("markdown").splitlines()[0].startswith("| n | t")
    box = run("box")
    assert "┌" in box and "│" in box and "NULL" in box


def test_box_hides_the_middle_of_a_long_result(home):
    out = home.run("sql", "--format", "box", "--rows", "4", "-c", "SELECT range AS n FROM range(1000)").stdout
    assert "1000 rows, 4 shown" in out and " 999 " in out and " 500 " not in out


def test_statements_from_stdin_and_file(home, tmp_path):
    (tmp_path / "s.sql").write_text("SELECT 1 AS a; -- one\nSELECT 'x;y' AS b\n")
    assert home.run("sql", "-f", tmp_path / "s.sql").stdout == "a\n1\nb\nx;y\n"
    assert home.run("sql", stdin="SELECT 2 AS c").stdout == "c\n2\n"


def test_an_error_shows_line_caret_and_hint(home):
    home.run("sql", "-c", "CREATE SCHEMA a; CREATE TABLE a.orders (id INT, price INT)")
    done = home.run("sql", "-c", "SELECT id\nFROM a.oders", check=False)
    assert done.returncode == 1
    assert "LINE 2: FROM a.oders" in done.stderr and "^" in done.stderr and "orders" in done.stderr
    caret = done.stderr.splitlines()[2].index("^")
    assert done.stderr.splitlines()[1][caret:].startswith("a.oders")
    done = home.run("sql", "-c", "SELECT prise FROM a.orders", check=False)
    assert done.returncode == 1 and "price" in done.stderr


def test_error_as_json(home):
    done = home.run("--error-format=json", "sql", "-c", "SELECT FROM WHERE", check=False)
    assert done.returncode == 1
    error = json.loads(done.stderr)
    assert error["message"] and "position" in error


def test_a_script_stops_at_the_first_failure(home):
    done = home.run("sql", "-c", "SELECT 1 AS a; SELEC 2; SELECT 3 AS c", check=False)
    assert done.returncode == 1 and done.stdout == "a\n1\n"


def test_sql_cannot_read_files_unless_allowed(home):
    query = f"SELECT count(*) FROM read_csv('{ROOT}/tests/data/retail/MANIFEST.tsv')"
    done = home.run("sql", "-c", query, check=False)
    assert done.returncode == 1
    assert home.run("sql", "--allow-files", "-c", query).stdout


def test_a_query_larger_than_memory_spills(home):
    query = "SELECT count(*) AS n, min(t) AS t FROM (SELECT hash(range)::VARCHAR AS t FROM range(2000000) ORDER BY t OFFSET 1)"
    out = home.run("-o", "memory=40MiB", "sql", "-c", query).stdout
    assert out.startswith("n,t\n1999999,1")


def test_interrupt_is_status_130(home):
    process = subprocess.Popen([FIRN, "--home", home.path, "sql", "-c",
                                "SELECT count(*) FROM range(1000000000) a, range(1000000000) b"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err


def test_a_locked_catalog_is_named(home):
    lock = sqlite3.connect(home.path / "catalog.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    done = home.run("sql", "-c", "CREATE SCHEMA a", check=False, timeout=60)
    lock.rollback()
    assert done.returncode in (1, 3) and "locked" in done.stderr


def test_a_file_that_is_no_catalog(home):
    (home.path / "catalog.db").write_bytes(b"not a database" * 100)
    done = home.run("sql", "-c", "SHOW TABLES", check=False)
    assert done.returncode in (1, 3) and "catalog.db" in done.stderr


@pytest.fixture
def table(home):
    home.run("sql", "-c", "CREATE SCHEMA a; CREATE TABLE a.t AS SELECT range AS id, 'text ' || range AS name FROM range(10000)")
    return home


def one_file(home, pattern):
    return sorted(pathlib.Path(home.path / "warehouse").rglob(pattern))[-1]


@pytest.mark.parametrize("pattern", ["*.parquet", "*.metadata.json", "snap-*.avro"])
def test_a_truncated_file_is_named(table, pattern):
    path = one_file(table, pattern)
    data = path.read_bytes()
    path.write_bytes(data[:len(data) // 2])
    done = table.run("sql", "-c", "SELECT sum(id), sum(strlen(name)) FROM a.t", check=False)
    assert done.returncode == 1 and path.name in done.stderr


@pytest.mark.parametrize("pattern", ["*.parquet", "*.metadata.json", "snap-*.avro"])
def test_a_missing_file_is_named(table, pattern):
    path = one_file(table, pattern)
    path.unlink()
    done = table.run("sql", "-c", "SELECT sum(id) FROM a.t", check=False)
    assert done.returncode == 1 and path.name in done.stderr


def test_flipped_bits_never_crash(table):
    path = one_file(table, "*.parquet")
    data = path.read_bytes()
    for at in range(0, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:])
        done = table.run("sql", "-c", "SELECT sum(id), sum(strlen(name)) FROM a.t", check=False)
        assert done.returncode in (0, 1), (at, done.returncode, done.stderr)


@pytest.mark.skipif(os.geteuid() == 0 and not pathlib.Path("/usr/sbin/runuser").exists(), reason="needs runuser")
def test_a_read_only_warehouse_changes_nothing(table):
    before = table.value("SELECT count(*) AS n FROM a.t")
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    for folder in (table.path / "warehouse").rglob("*"):
        if folder.is_dir():
            folder.chmod(0o555)
    done = table.run("sql", "-c", "INSERT INTO a.t VALUES (1, 'x')", check=False)
    assert done.returncode == 1 and "warehouse" in done.stderr
    for folder in (table.path / "warehouse").rglob("*"):
        if folder.is_dir():
            folder.chmod(0o755)
    assert table.value("SELECT count(*) AS n FROM a.t") == before


def test_a_full_disk_changes_nothing(table):
    before = table.value("SELECT count(*) AS n FROM a.t")
    done = table.run("sql", "-c", "INSERT INTO a.t SELECT range, 'x' FROM range(100000)", check=False,
                     env={"FIRN_FAILPOINTS": "writer.file.before_finish=nospace"})
    assert done.returncode == 1 and ("space" in done.stderr)
    assert table.value("SELECT count(*) AS n FROM a.t") == before


def test_nothing_new_is_quick_and_says_so(home, tmp_path):
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "a.ndjson").write_text('{"order_id":"1","quantity":1,"unit_price":2.5,"event_time":"2024-01-01T00:00:00Z"}\n')
    home.run("run", "examples/retail", "--set", f"landing={landing}")
    start = time.perf_counter()
    out = home.run("run", "examples/retail", "--set", f"landing={landing}").stdout
    print(f"nothing new in {(time.perf_counter() - start) * 1000:.0f} ms")
    assert "nothing new" in out


def test_plans_are_printed_as_lines_and_not_in_a_box(table):
    out = table.run("sql", "--format", "box", "-c", "EXPLAIN ANALYZE SELECT * FROM a.t").stdout.splitlines()
    assert out[0].startswith("╭─") and "scan of a.t" in out
    assert not any("\\n" in line or line.startswith("┌") for line in out)
