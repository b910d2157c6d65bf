# SPDX-License-Identifier: Apache-2.0
"""COPY t FROM 'file': files become rows of the table's types, or nothing changes."""
import gzip

import pytest


@pytest.fixture
def table(home):
    home.run("sql", "-c", "CREATE TABLE t (id INT, v STRING, d DATE)")

    def copy(statement, check=True):
        return home.run("sql", "--allow-files", "-c", statement, check=check)

    home.copy = copy
    home.rows = lambda: [tuple(row.values()) for row in home.sql("SELECT * FROM t ORDER BY ALL")]
    return home


def test_text_stays_what_it_is(table, tmp_path):
    """Neither the zeros of a number nor the form of a time is guessed away."""
    (tmp_path / "a.csv").write_text("id,v,d\n1,001,2024-01-01\n2,,\n")
    (tmp_path / "b.json").write_text('{"v": "2024-01-01T00:00:00", "id": 3, "other": 1}\n{"d": "2024-01-02"}\n')
    with gzip.open(tmp_path / "c.ndjson.gz", "wt") as out:
        out.write('{"id": 4}\n')
    for name in ("a.csv", "b.json", "c.ndjson.gz"):
        table.copy(f"COPY t FROM '{tmp_path / name}'")
    assert table.rows() == [("1", "001", "2024-01-01"), ("2", "", ""), ("3", "2024-01-01T00:00:00", ""), ("4", "", ""),
                            ("", "", "2024-01-02")]


def test_columns_options_and_branches(table, tmp_path):
    (tmp_path / "a.txt").write_text("x|7\n-|8\n")
    table.copy(f"COPY t (v, id) FROM '{tmp_path}/a.txt' WITH (FORMAT csv, HEADER false, DELIMITER '|', NULL '-')")
    assert table.rows() == [("7", "x", ""), ("8", "", "")]
    table.copy(f"COPY (SELECT * FROM t) TO '{tmp_path}/t.parquet' (FORMAT parquet)")
    table.copy(f"ALTER TABLE t CREATE BRANCH b; COPY t@b FROM '{tmp_path}/t.parquet'")
    assert table.value("SELECT count(*) FROM t@b") == "4" and len(table.rows()) == 2
    table.copy(f"CREATE TEMP TABLE x (a INT, b INT, c INT); COPY x FROM '{tmp_path}/t.parquet'", check=False)
    assert len(table.rows()) == 2


@pytest.mark.parametrize("statement, said", [
    ("COPY t FROM 'bad.csv' (HEADER)", 'CSV Error on Line: 3: error when converting column "id". Could not convert string "x"'),
    ("COPY t FROM 'nothere.csv'", "no files found"),
    ("COPY t FROM 'bad.csv' (FORMAT orc)", 'format "orc", expected csv, json or parquet'),
    ("COPY t FROM 'bad.csv' (NONSENSE 1)", 'invalid named parameter "NONSENSE"'),
    ("COPY t (nope) FROM 'bad.csv'", 'the table has no column "nope"'),
    ("COPY nope FROM 'bad.csv'", "table default.nope does not exist"),
    ("COPY t FROM STDIN", 'found "STDIN", expected a string'),
])
def test_what_does_not_fit_changes_nothing(table, tmp_path, statement, said):
    (tmp_path / "bad.csv").write_text("id,v,d\n1,a,2024-01-01\nx,b,\n")
    done = table.copy(statement.replace("FROM '", f"FROM '{tmp_path}/"), check=False)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert table.rows() == []


def test_files_must_be_allowed(table, tmp_path):
    (tmp_path / "a.csv").write_text("1,a,\n")
    done = table.run("sql", "-c", f"COPY t FROM '{tmp_path}/a.csv'", check=False)
    assert done.returncode == 1 and "--allow-files" in done.stderr
    assert table.rows() == []
