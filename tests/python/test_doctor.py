# SPDX-License-Identifier: Apache-2.0
"""firn doctor on the command line: what it says of damage, what a repair would do and does; and the tables of the
conformance corpora, in which it finds only what is wrong with them."""
import json
import os
import pathlib

import pytest

CORPORA = pathlib.Path(os.environ.get("FIRN_CORPORA", "/nowhere"))


def examine(home, *args, status):
    done = home.run("doctor", *args, "--format", "json", check=False)
    assert done.returncode == status, done
    return json.loads(done.stdout)


def local(path):
    return pathlib.Path(path.removeprefix("file://"))


@pytest.fixture
def table(home):
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT, s VARCHAR); INSERT INTO t SELECT i, 'n' || i FROM range(10) r(i)")
    return home.pyiceberg().load_table("default.t")


def lose_statistics(table):
    from pyiceberg.table.statistics import StatisticsFile
    with table.update_statistics() as update:
        update.set_statistics(StatisticsFile(
            **{"snapshot-id": table.current_snapshot().snapshot_id, "statistics-path": "/nowhere/s.puffin",
               "file-size-in-bytes": 1, "file-footer-size-in-bytes": 1, "blob-metadata": []}))


def test_a_repair_is_a_dry_run_until_it_is_asked_for(home, table):
    lose_statistics(table)
    for _ in range(2):
        found = examine(home, "default.t", "--repair", status=1)
        assert found["repaired"] is False and found["healthy"] is False
        [finding] = found["findings"]
        assert finding == {"kind": "statistics file", "what": "statistics file /nowhere/s.puffin is not there",
                           "to_do": "doctor --repair drops the entry; compute the statistics again",
                           "repair": "the entry is taken out of the metadata"}
    assert "repair" not in examine(home, "default.t", status=1)["findings"][0]
    assert examine(home, "default.t", "--repair", "--yes", status=0)["repaired"] is True
    assert examine(home, "default.t", "--deep", status=0) == {
        "healthy": True, "snapshots": 1, "manifests": 1, "files": 1, "rows": 10, "findings": []}
    table.refresh()
    assert table.metadata.statistics == []


def test_what_cannot_be_mended_is_left_and_said(home, table):
    lose_statistics(table)
    [file] = [local(t.file.file_path) for t in table.scan().plan_files()]
    file.unlink()
    found = examine(home, "default.t", "--repair", "--yes", status=1)
    assert found["repaired"] is True
    assert [(f["kind"], "repair" in f) for f in found["findings"]] == [("statistics file", True), ("missing file", False)]
    assert [f["kind"] for f in examine(home, "default.t", "--repair", "--yes", status=1)["findings"]] == ["missing file"]


@pytest.mark.parametrize("args, message", [
    (("--repair", "--table", "x.metadata.json"), "error: --repair needs a table in a catalog"),
    (("default.t", "--yes"), "error: --yes is for --repair"),
    (("default.t", "more"), "error: doctor needs NAMESPACE.TABLE or --table METADATA"),
])
def test_wrong_options_are_refused(home, args, message):
    done = home.run("doctor", *args, check=False)
    assert done.returncode == 2 and done.stderr.startswith(message), done


# Deletes of data files that a rewrite had taken away: Spark leaves them.
DANGLING = {"expired", "rewrite_pos_deletes"}


def newest(folder):
    return sorted(folder.glob("metadata/*metadata.json"))[-1]


@pytest.mark.skipif(not CORPORA.exists(), reason="FIRN_CORPORA is not set: tables of other writers not examined")
@pytest.mark.parametrize("corpus, prefix", [("spark-tables", "file:/firn-fixtures"), ("own-tables", "s3://firn-fixtures")])
def test_tables_of_other_writers_are_healthy(home, corpus, prefix):
    tables = [f for f in sorted((CORPORA / corpus / "bucket").glob("*/*")) if not f.name.startswith("view_")
              or f.name == "view_base"]
    assert len(tables) > 10
    for folder in tables:
        done = home.run("doctor", "--deep", "--table", newest(folder), "--map", f"{prefix}={CORPORA / corpus / 'bucket'}",
                        "--format", "json", check=False)
        kinds = {f["kind"] for f in json.loads(done.stdout)["findings"]}
        assert kinds <= ({"dangling delete"} if folder.name in DANGLING else set()), (folder, done.stdout)
