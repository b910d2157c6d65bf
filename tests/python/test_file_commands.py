# SPDX-License-Identifier: Apache-2.0
"""firn cat and firn inspect on files of other writers, judged by those writers, and on files that are
no such thing. No home is involved."""
import csv
import datetime
import decimal
import gzip
import importlib.util
import io
import json
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import FIRN, ROOT

DATA = ROOT / "tests/data"


def firn(*args, check=True):
    done = subprocess.run([str(FIRN), *map(str, args)], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    if check:
        assert done.returncode == 0, f"{args}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def lines(*args):
    return [json.loads(line) for line in firn("cat", *args).stdout.splitlines()]


def refused(*args, status=1):
    """The one line on stderr of a command that must fail."""
    done = firn(*args, check=False)
    assert done.returncode == status, done
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("hint: ")]
    assert line.startswith("error: ")
    return line


@pytest.fixture
def table():
    return pa.table({
        "id": pa.array([1, 2, 3], pa.int64()),
        "name": pa.array(["a", None, 'c,"x"'], pa.string()),
        "price": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")], pa.decimal128(9, 2)),
        "at": pa.array([datetime.datetime(2024, 1, 1), None, None], pa.timestamp("us", tz="UTC")),
        "point": pa.array([{"x": 1, "y": 2}, None, {"x": 3, "y": None}],
                          pa.struct([("x", pa.int32()), ("y", pa.int32())])),
        "tags": pa.array([["p", "q"], [], None], pa.list_(pa.string())),
    })


@pytest.fixture
def parquet(tmp_path, table):
    path = tmp_path / "t.bin"  # the kind is told by content
    pq.write_table(table, path, row_group_size=2, write_page_checksum=True, write_page_index=True)
    return path


def test_rows_of_a_parquet_file(parquet):
    assert lines(parquet) == [
        {"id": 1, "name": "a", "price": 1.50, "at": "2024-01-01T00:00:00Z", "point": {"x": 1, "y": 2},
         "tags": ["p", "q"]},
        {"id": 2, "name": None, "price": None, "at": None, "point": None, "tags": []},
        {"id": 3, "name": 'c,"x"', "price": -2.25, "at": None, "point": {"x": 3, "y": None}, "tags": None},
    ]


def test_columns_and_limit(parquet):
    assert lines(parquet, "--columns", "tags,point.y", "--limit", 1) == [{"tags": ["p", "q"], "point": {"y": 2}}]
    assert lines(parquet, "--columns", "id", "--limit", 0) == []
    assert 'no column "nope"' in refused("cat", parquet, "--columns", "nope")
    assert '"tags" has no parts to pick' in refused("cat", parquet, "--columns", "tags.element")


def test_formats(parquet):
    out = firn("cat", parquet, "--format", "csv", "--columns", "id,name").stdout
    assert list(csv.reader(io.StringIO(out))) == [["id", "name"], ["1", "a"], ["2", ""], ["3", 'c,"x"']]
    box = firn("cat", parquet, "--format", "box", "--columns", "id").stdout.splitlines()
    assert len(box) == 8 and "long" in box[2]
    canonical = firn("cat", parquet, "--canonical", "--columns", "id,price,at,point,tags").stdout
    assert canonical.splitlines()[0] == '[1,"1.50",1704067200000000,{"x":1,"y":2},["p","q"]]'


def test_text_files_are_read_with_inferred_columns(tmp_path):
    ndjson = tmp_path / "rows"
    ndjson.write_text('{"a":1,"b":[true]}\n{"b":null,"c":{"d":"x"}}\n')
    rows = [{"a": 1, "b": [True], "c": None}, {"a": None, "b": None, "c": {"d": "x"}}]
    assert lines(ndjson) == rows
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(ndjson.read_bytes()))
    assert lines(packed) == rows
    assert json.loads(firn("inspect", packed, "--format", "json").stdout) == {
        "format": "ndjson", "row_count": 2,
        "columns": [{"name": "a", "type": "long"}, {"name": "b", "type": {"element": "boolean"}},
                    {"name": "c", "type": {"d": "string"}}]}
    text = tmp_path / "text"
    text.write_text('id;name;day\n1;"a;b";2024-01-02\n2;;\n')
    assert lines(text) == [{"id": 1, "name": "a;b", "day": "2024-01-02"}, {"id": 2, "name": None, "day": None}]
    assert lines(text, "--columns", "day,id", "--limit", 1) == [{"day": "2024-01-02", "id": 1}]
    text.write_text("1,a\n2,b\n")
    assert lines(text, "--columns", "column1") == [{"column1": "a"}, {"column1": "b"}]
    found = json.loads(firn("inspect", text, "--format", "json").stdout)
    assert (found["delimiter"], found["has_header"], found["row_count"]) == (",", False, 2)
    ndjson.write_text('{"a":1}\n' * 3000 + '{"a":"x"}\n')
    assert "line 3001" in refused("cat", ndjson)
    text.write_text("# A page\n\nwith commas, of course, in it\n")  # nothing said that it is CSV
    assert ": text, read as CSV: line 3: row of 3 fields, expected 1" in refused("cat", text)
    assert "text, read as CSV" not in refused("cat", "--as", "csv", text)


def test_a_parquet_file_is_shown_as_pyarrow_sees_it(parquet):
    footer = json.loads(firn("inspect", parquet, "--format", "json").stdout)["footer"]
    seen = pq.ParquetFile(parquet).metadata
    assert footer["num_rows"] == seen.num_rows and footer["created_by"] == seen.created_by
    assert len(footer["row_groups"]) == seen.num_row_groups == 2
    for g, group in enumerate(footer["row_groups"]):
        assert group["num_rows"] == seen.row_group(g).num_rows
        for c, chunk in enumerate(group["columns"]):
            expected, found = seen.row_group(g).column(c), chunk["meta_data"]
            assert ".".join(found["path_in_schema"]) == expected.path_in_schema
            assert found["type"] == expected.physical_type
            assert found["codec"] == expected.compression
            assert set(found["encodings"]) == set(expected.encodings)
            assert found["total_compressed_size"] == expected.total_compressed_size
            assert found["statistics"]["null_count"] == expected.statistics.null_count
            pages = [page for page in chunk["pages"] if page["type"] == "DATA_PAGE"]
            assert sum(page["data_page_header"]["num_values"] for page in pages) == expected.num_values
            assert all(page["crc_is_right"] for page in chunk["pages"])
            assert len(chunk["offset_index"]["page_locations"]) == len(pages)
            assert len(chunk["column_index"]["null_pages"]) == len(pages)
    first = footer["row_groups"][0]["columns"][0]["meta_data"]["statistics"]
    assert (first["min_value"], first["max_value"]) == (1, 2)


def test_text_and_brief_output(parquet):
    text = firn("inspect", parquet).stdout
    assert text.startswith("format: parquet\n") and "  num_rows: 3\n" in text
    assert "crc_is_right true" in text and "crc_is_right" not in firn("inspect", parquet, "--brief").stdout


def test_files_of_iceberg_are_shown():
    folder = DATA / "tables/events/metadata"
    metadata = json.loads(firn("inspect", folder / "current.json", "--format", "json").stdout)
    assert metadata == {"format": "table-metadata", "metadata": json.loads((folder / "current.json").read_text())}
    kinds = {}
    for path in folder.glob("*.avro"):
        found = json.loads(firn("inspect", path, "--format", "json").stdout)
        kinds.setdefault(found["format"], []).append(found)
        assert firn("cat", path, "--canonical").stdout.count("\n") == found.get("manifest_count", found.get("entry_count"))
    assert set(kinds) == {"manifest", "manifest-list"}
    paths = {m["manifest_path"].rsplit("/", 1)[1] for one in kinds["manifest-list"] for m in one["manifests"]}
    assert paths and all((folder / path).exists() for path in paths)
    [entry, *_] = [e for m in kinds["manifest"] for e in m["entries"] if e["status"] == "ADDED"]
    assert entry["data_file"]["file_format"] == "PARQUET" and "1" in entry["data_file"]["lower_bounds"]
    avro = json.loads(firn("inspect", next(folder.glob("snap*")), "--as", "avro", "--format", "json").stdout)
    assert avro["record_count"] == sum(block["records"] for block in avro["blocks"]) > 0
    assert avro["metadata"]["avro.schema"]["name"] == "manifest_file"


def test_rows_of_a_table_from_its_metadata():
    folder = DATA / "tables/events"
    metadata = json.loads((folder / "metadata/current.json").read_text())
    location = metadata["location"].rsplit("/", 1)[0]
    table = ["--table", folder / "metadata/current.json", "--map", f"{location}/={DATA / 'tables'}"]
    for snapshot in metadata["snapshots"]:
        rows = lines(*table, "--snapshot", snapshot["snapshot-id"])
        assert len(rows) == int(snapshot["summary"]["total-records"])
    assert lines(*table) == rows and lines(*table, "--ref", "main") == rows
    assert lines(*table, "--limit", 3, "--columns", "day") == [{"day": row["day"]} for row in rows[:3]]
    assert "no snapshot 7" in refused("cat", *table, "--snapshot", 7)
    assert 'no branch or tag "nope"' in refused("cat", *table, "--ref", "nope")
    assert "--map needs OLD=NEW" in refused("cat", *table, "--map", "nonsense")


def test_what_is_no_such_file_is_refused_in_one_line(tmp_path, parquet):
    whole = parquet.read_bytes()
    for name, content, expected in (
            ("empty", b"", "the file is empty"),
            ("noise", bytes(range(256)), "not a file of a known kind"),
            ("cut", whole[:-20], "not a parquet file: it does not end with PAR1"),
            ("orc", b"ORC\x00", "an ORC file"),
            ("avro", b"Obj\x01", "truncated"),
            ("puffin", b"PFA1" + b"x" * 30, "puffin"),

            ("metadata", b'{"format-version": 2, "location": "x"}', 'missing "table-uuid"')):
        path = tmp_path / name
        path.write_bytes(content)
        assert expected.lower() in refused("inspect", path).lower(), name
        assert name in refused("cat", path)
    (tmp_path / "formfeed").write_bytes(b'{"format-version": 2,\x0c}')
    assert "byte 0x0c" in refused("inspect", tmp_path / "formfeed", "--as", "json")
    assert "not a regular file" in refused("cat", tmp_path)
    assert "standard input" in refused("inspect", "-")
    assert "No such file" in refused("cat", tmp_path / "nope")


def test_wrong_arguments_end_with_two(parquet):
    assert "one file" in refused("cat", status=2)
    assert "unknown format" in refused("inspect", parquet, "--format", "xml", status=2)
    assert "unknown kind" in refused("cat", parquet, "--as", "pdf", status=2)
    assert "--limit needs a number" in refused("cat", parquet, "--limit", "many", status=2)


def test_a_conformance_run_over_the_files_that_are_here():
    """The runner's own checks, on copies of a few files, so that it is known to work."""
    spec = importlib.util.spec_from_file_location("conformance", ROOT / "tools/conformance.py")
    runner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    assert runner.reason_for("parquet-testing/data/int96_from_spark.parquet", runner.documented())
    file = runner.File(str(DATA), "parquet", "int96.parquet\t0\tParquet data file\tok with 90 rows")
    assert runner.run_check(runner.Firn(str(FIRN)), file, runner.check_for(file)) is None
    wrong = runner.File(str(DATA), "parquet", "int96.parquet\t0\tParquet data file\tok with 91 rows")
    assert "number of rows is 90, expected 91" in runner.run_check(runner.Firn(str(FIRN)), wrong, runner.check_rows)
    bad = runner.File(str(DATA), "parquet", "int96.parquet\t0\tParquet data file\tmust be rejected")
    assert "must be rejected" in runner.run_check(runner.Firn(str(FIRN)), bad, runner.check_rows)
