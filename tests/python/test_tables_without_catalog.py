# SPDX-License-Identifier: Apache-2.0
"""firn cat --table and firn plan: tables by their metadata file alone, with no home and no catalog. The
tables are in tests/data; what their rows are was computed with PyIceberg."""
import hashlib
import json
import subprocess

import pytest

from conftest import FIRN, ROOT

DATA = ROOT / "tests/data/deletes"
MAP = ("--map", f"s3://firn-fixtures/={DATA}/bucket/")


def firn(*args, check=True):
    done = subprocess.run([str(FIRN), *map(str, args)], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    if check:
        assert done.returncode == 0, f"{args}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def expected(name):
    return json.loads((DATA / "expected" / f"{name}.json").read_text())


def table(name):
    return ("--table", expected(name)["metadata_file"], *MAP)


def rows(name, *args):
    return [json.loads(line) for line in firn("cat", *table(name), "--format", "jsonl", *args).stdout.splitlines()]


def plan(name, *args):
    return json.loads(firn("plan", *table(name), "--format", "json", *args).stdout)


def refused(*args, status=1):
    done = firn(*args, check=False)
    assert done.returncode == status, done
    return done.stderr.splitlines()[0]


@pytest.mark.parametrize("name", ["pos_delete_v2", "eq_delete_v2", "dv_v3"])
def test_rows_that_are_left_have_the_sum_of_the_reference(name):
    lines = sorted(firn("cat", "--canonical", *table(name)).stdout.encode().splitlines(keepends=True))
    assert len(lines) == expected(name)["rows"]
    assert hashlib.md5(b"".join(lines)).hexdigest() == expected(name)["sorted_rows_md5"]


def test_a_filter_gives_exactly_its_rows():
    all_rows = rows("pos_delete_v2")
    want = [r for r in all_rows if r["quantity"] is not None and r["quantity"] < 0 or r["country"] == "France"]
    assert rows("pos_delete_v2", "--where", "quantity < 0 or country = 'France'") == want
    assert 0 < len(want) < len(all_rows)
    other = [r for r in all_rows if not (r["quantity"] < 0 or r["country"] == "France")]
    assert rows("pos_delete_v2", "--where", "not (quantity < 0 or country = 'France')") == other


def test_a_filter_may_look_at_columns_that_are_not_shown():
    want = [{"order_id": r["order_id"]} for r in rows("eq_delete_v2", "--where", "quantity > 20")]
    assert rows("eq_delete_v2", "--where", "quantity > 20", "--columns", "order_id") == want
    assert rows("eq_delete_v2", "--where", "quantity > 20", "--columns", "order_id", "--limit", "3") == want[:3]


def test_a_snapshot_is_read_as_it_was():
    file = DATA / "bucket" / expected("pos_delete_v2")["metadata_file"].split("firn-fixtures/")[1]
    snapshots = json.loads(file.read_text())["snapshots"]
    first = rows("pos_delete_v2", "--snapshot", snapshots[0]["snapshot-id"])
    assert len(first) == int(snapshots[0]["summary"]["total-records"])
    by_path = firn("cat", "--canonical", "--table", file, *MAP).stdout
    assert by_path == firn("cat", "--canonical", *table("pos_delete_v2"), "--ref", "main").stdout


def test_a_plan_counts_files_and_manifests():
    found = plan("pos_delete_v2")
    assert found["data_files"] == 2 and found["delete_files"] == 2  # one delete file, for both
    assert found["manifests_read"] == found["data_manifests_read"] + found["delete_manifests_read"]
    assert found["manifests_skipped"] == 0 and found["bytes"] > 0
    listed = plan("pos_delete_v2", "--files")["files"]
    assert sum(f["bytes"] for f in listed) == found["bytes"]
    assert sum(f["records"] for f in listed) == found["records"]
    assert len({path for f in listed for path in f["delete_files"]}) == 1
    assert plan("pos_delete_v2", "--where", "quantity > 1000000000")["data_files"] == 0


@pytest.mark.parametrize("args, status, message", [
    (("cat", "--table", "/no/such.json"), 1, "error: cannot open /no/such.json: No such file or directory"),
    (("cat", "x.parquet", "--table", "t.json"), 2, "error: cat takes a file or --table, found both"),
    (("plan",), 2, "error: plan needs --table METADATA and no words"),
    (("plan", *table("dv_v3"), "--format", "xml"), 2, 'error: --format: unknown format "xml"'),
    (("plan", *table("dv_v3"), "--where", "nope = 1"), 1, 'error: no column "nope" in schema 0'),
    (("plan", *table("dv_v3"), "--where", "quantity ="), 1, "error: filter: found its end, expected a literal"),
    (("cat", *table("dv_v3"), "--columns", "nope"), 1, 'error: no column "nope"'),
    (("cat", *table("dv_v3"), "--ref", "nope"), 1, 'error: the table has no branch or tag "nope"'),
    (("cat", *table("dv_v3"), "--snapshot", "7"), 1, "error: the table has no snapshot 7"),
    (("cat", *table("dv_v3"), "--snapshot", "7", "--ref", "main"), 1, "error: --snapshot and --ref exclude each other"),
    (("cat", "--table", "s3://a/t.json", "--map", "s3://a"), 1, 'error: --map needs OLD=NEW, found "s3://a"'),
    (("cat", "--table", "s3://a/t.json"), 1, "error: not supported: no store for location"),
])
def test_what_cannot_be_done_is_refused_by_name(args, status, message):
    assert refused(*args, status=status).startswith(message)
