# SPDX-License-Identifier: Apache-2.0
"""CSV files land as Python's csv module wrote them; rows that do not fit are kept aside."""
import csv
import gzip
import io
import random

import duckdb

MODEL = """MODEL (name bronze.rows, kind LANDING (path @landing, format csv),
  columns (id BIGINT, name STRING, amount DECIMAL(12,2), ratio DOUBLE, moment TIMESTAMP, note STRING));
"""
HEADER = ["id", "note", "ratio", "name", "unused", "moment", "amount"]
PIECES = ["a", "Zürich", ",", '"', '""', "\n", "\r\n", "\r", " ", "'", ";", "\t", "\\", "", "日本", "{}", "NULL"]


def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "rows.sql").write_text(MODEL)
    return folder


def text(draw):
    return "".join(draw.choice(PIECES) for _ in range(draw.randrange(6)))


def random_rows(draw, n):
    for i in range(n):
        yield [i, text(draw), draw.choice(["", repr(draw.uniform(-1e9, 1e9)), "1e-300", ".5", "5."]),
               text(draw), draw.randrange(100),
               draw.choice(["", "2024-02-29 12:34:56", "1969-12-31T23:59:59.999999", "2000-01-01"]),
               draw.choice(["", f"{draw.randrange(-10**9, 10**9) / 100:.2f}", "007", "+1.5"])]


def write(path, rows, **dialect):
    out = io.StringIO()
    writer = csv.writer(out, **dialect)
    writer.writerow(HEADER)
    writer.writerows(rows)
    data = out.getvalue().encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def test_rows_are_those_of_the_csv_module_with_the_values_of_duckdb(home, tmp_path):
    draw = random.Random(11)
    landing = tmp_path / "landing"
    landing.mkdir()
    rows = list(random_rows(draw, 600))
    write(landing / "a.csv", rows[:200], lineterminator="\r\n")
    write(landing / "b.csv.gz", rows[200:400], quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    write(landing / "c.csv", rows[400:], quoting=csv.QUOTE_ALL, lineterminator="\r")
    home.run("run", project(tmp_path), "--set", f"landing={landing}")
    assert home.value("SELECT count(*) AS n FROM bronze.rows_quarantine") == "0"
    got = home.sql("SELECT id, hex(encode(name)) AS name, hex(encode(note)) AS note, amount, ratio, "
                   "CAST(moment AS VARCHAR) AS moment FROM bronze.rows ORDER BY id")
    assert len(got) == len(rows)
    peer = duckdb.connect()
    for row, mine in zip(rows, got):
        _, note, ratio, name, _, at, amount = (str(value) for value in row)
        assert bytes.fromhex(mine["name"]).decode() == name
        assert bytes.fromhex(mine["note"]).decode() == note
        assert mine["ratio"] == "" if ratio == "" else float(mine["ratio"]) == float(ratio)
        want = peer.execute("SELECT CAST(CAST(nullif(?, '') AS TIMESTAMP) AS VARCHAR), "
                            "CAST(CAST(nullif(?, '') AS DECIMAL(12,2)) AS VARCHAR)", [at, amount]).fetchone()
        assert (mine["moment"] or None, mine["amount"] or None) == want


def test_bad_rows_are_kept_aside(home, tmp_path):
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "x.csv").write_bytes(b'id,name\n1,one\ntwo,2\n3\n4,"open\n5,five\n6,\xff\n')
    (landing / "notes.txt").write_text("not a landing file")
    home.run("run", project(tmp_path), "--set", f"landing={landing}")
    assert home.sql("SELECT id, name FROM bronze.rows ORDER BY id") == \
        [{"id": "1", "name": "one"}, {"id": "5", "name": "five"}]
    bad = home.sql("SELECT line_number, byte_offset, reason FROM bronze.rows_quarantine ORDER BY 1")
    assert [(r["line_number"], r["byte_offset"]) for r in bad] == \
        [("3", "14"), ("4", "21"), ("5", "24"), ("7", "39")]
    assert [r["reason"] for r in bad] == \
        ['expected an integer for "id", found "two"', "row of 1 fields, expected 2",
         "field 2 has a quote without end", "text is not valid utf-8"]


def test_a_ledger_of_format_version_3_is_written_anew(home, tmp_path):
    landing = tmp_path / "landing"
    landing.mkdir()
    folder = project(tmp_path)
    for i in range(35):
        write(landing / f"{i:02}.csv", [[i, "", "", f"n{i}", 0, "", ""]])
        home.run("run", folder, "--set", f"landing={landing}")
        if i == 0:
            home.sql("ALTER TABLE bronze.rows_files SET TBLPROPERTIES ('format-version' = '3')")
    assert home.value("SELECT count(*) AS n FROM bronze.rows") == "35"
    assert home.value("SELECT count(DISTINCT source_file) AS n FROM bronze.rows_files") == "35"
    operations = [s.summary.operation.value
                  for s in home.pyiceberg().load_table("bronze.rows_files").metadata.snapshots]
    assert operations.count("overwrite") == 1
