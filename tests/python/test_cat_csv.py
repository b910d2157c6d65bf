# SPDX-License-Identifier: Apache-2.0
"""cat and inspect of CSV: delimiter, header and types are found in the file."""
import json
import subprocess

from conftest import FIRN


def firn(*args):
    return subprocess.run([str(FIRN), *map(str, args)], capture_output=True, text=True, check=True).stdout


def test_rows_and_columns_of_csv(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b'id;name;zip\r\n1;x;007\r\n2;"y;z";\r\n')
    rows = [json.loads(line) for line in firn("cat", "--format", "jsonl", path).splitlines()]
    assert rows == [{"id": 1, "name": "x", "zip": "007"}, {"id": 2, "name": "y;z", "zip": None}]
    assert firn("cat", "--format", "jsonl", "--columns", "name", "--limit", "1", path) == '{"name":"x"}\n'
    shown = json.loads(firn("inspect", "--format", "json", path))
    assert (shown["format"], shown["delimiter"], shown["has_header"]) == ("csv", ";", True)
    assert [(c["name"], c["type"]) for c in shown["columns"]] == \
        [("id", "long"), ("name", "string"), ("zip", "string")]


def test_columns_without_header_have_numbers(tmp_path):
    path = tmp_path / "bare.csv"
    path.write_text("1,2024-01-01\n2,2024-01-02\n")
    assert firn("cat", "--format", "csv", "--columns", "column1", path) == "column1\n2024-01-01\n2024-01-02\n"
