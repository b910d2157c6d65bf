# SPDX-License-Identifier: Apache-2.0
"""Random CSV files give the rows that DuckDB's read_csv gives: every type, quotes where none are needed,
newlines in quotes, rows that do not fit left out."""
import random

import duckdb
import pytest

COLUMNS = {"id": "BIGINT", "flag": "BOOLEAN", "small": "INTEGER", "ratio": "DOUBLE", "single": "FLOAT",
           "amount": "DECIMAL(12,3)", "day": "DATE", "clock": "TIME", "moment": "TIMESTAMP", "text": "VARCHAR"}
FIRN_TYPES = {"INTEGER": "INT", "VARCHAR": "STRING"}
PIECES = ["a", "Zürich", ",", '"', "\n", "\r\n", " ", "'", ";", "\t", "\\", "日本", "{}", "NULL", "x" * 70]


def value(draw, kind):
    if kind != "VARCHAR" and draw.random() < 0.1:
        return None
    if kind in ("BIGINT", "INTEGER"):
        bits = draw.randrange(1, 63 if kind == "BIGINT" else 31)
        return str(draw.choice([1, -1]) * draw.getrandbits(bits))
    if kind == "BOOLEAN":
        return draw.choice(["true", "false", "TRUE", "False", "t", "f", "1", "0"])
    if kind in ("DOUBLE", "FLOAT"):
        return draw.choice([repr(draw.uniform(-1e6, 1e6)), repr(draw.uniform(-1, 1) * 10 ** draw.randrange(-30, 30)),
                            "-0.0", "1e10", ".5", "5.", "inf", "nan", "16777217"])
    if kind.startswith("DECIMAL"):
        return f"{draw.randrange(-10**11, 10**11) / 1000:.{draw.randrange(4)}f}"
    day = f"{draw.randrange(1, 9999):04}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
    clock = f"{draw.randrange(24):02}:{draw.randrange(60):02}:{draw.randrange(60):02}" + \
        draw.choice(["", ".5", ".123", ".000001"])
    if kind in ("DATE", "TIME"):
        return day if kind == "DATE" else clock
    if kind == "TIMESTAMP":
        return draw.choice([f"{day} {clock}", f"{day}T{clock}", f"{day}T{clock}Z", day])
    return "".join(draw.choice(PIECES) for _ in range(draw.randrange(1, 6)))


def written(draw, text):
    if text is None:
        return ""
    if any(c in text for c in ',"\r\n') or draw.random() < 0.2:
        return '"' + text.replace('"', '""') + '"'
    return text


def line(draw, i, with_faults):
    fields = [str(i)] + [written(draw, value(draw, kind)) for kind in list(COLUMNS.values())[1:]]
    if with_faults and draw.random() < 0.1:
        fault = draw.randrange(3)
        if fault == 0:
            fields.append("more")
        elif fault == 1:
            fields.pop()
        else:
            fields[draw.randrange(1, 9)] = "fits nowhere"
    return ",".join(fields)


def rows_of(path, options):
    with duckdb.connect() as peer:
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
        texts = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '(null)')" for name in COLUMNS if name != "text")
        return peer.execute(f"SELECT {texts}, hex(encode(text)) FROM read_csv('{path}', header=true, delim=',', "
                            f"quote='\"', escape='\"', allow_quoted_nulls=false, columns={{{types}}}, {options}) "
                            "ORDER BY id").fetchall()


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("with_faults", [False, True])
def test_rows_are_those_of_duckdb(home, tmp_path, newline, with_faults):
    draw = random.Random(f"{newline} {with_faults}")
    landing = tmp_path / "landing"
    landing.mkdir()
    lines = [",".join(COLUMNS)] + [line(draw, i, with_faults) for i in range(400)]
    path = landing / "rows.csv"
    path.write_bytes((newline.join(lines) + newline).encode())
    models = tmp_path / "project"
    models.mkdir()
    columns = ", ".join(f"{name} {FIRN_TYPES.get(kind, kind)}" for name, kind in COLUMNS.items())
    (models / "rows.sql").write_text(
        f"MODEL (name bronze.rows, kind LANDING (path @landing, format csv), columns ({columns}));\n")
    home.run("run", models, "--set", f"landing={landing}")
    texts = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '(null)') AS {name}" for name in COLUMNS if name != "text")
    got = [tuple(row.values()) for row in
           home.sql(f"SELECT {texts}, hex(encode(text)) AS text FROM bronze.rows ORDER BY CAST(id AS BIGINT)")]
    want = rows_of(path, "ignore_errors=true" if with_faults else "ignore_errors=false")
    assert got == want
    n_bad = int(home.value("SELECT count(*) AS n FROM bronze.rows_quarantine"))
    assert len(got) + n_bad == 400
    assert (n_bad > 0) == with_faults
