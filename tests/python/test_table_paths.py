# SPDX-License-Identifier: Apache-2.0
"""rewrite_table_path and compute_partition_stats: copies that PyIceberg opens, files that pyarrow reads; packed metadata."""
import gzip
import json
import pathlib
import shutil

import pyarrow.parquet as pq
import pytest
from pyiceberg.table import StaticTable


def call(home, procedure, table, *arguments, check=True):
    done = home.run("table", procedure, table, *arguments, "--format", "json", check=check)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def local(location):
    return pathlib.Path(location.removeprefix("file://"))


def make(home, version=2, mode="merge-on-read"):
    home.run("sql", stdin=f"""CREATE SCHEMA n;
        CREATE TABLE n.t (id BIGINT, k STRING) PARTITIONED BY (k) TBLPROPERTIES ('format-version' = '{version}',
          'write.delete.mode' = '{mode}', 'write.parquet.compression-codec' = 'zstd');
        INSERT INTO n.t SELECT i, 'k' || i % 3 FROM range(60) r(i);
        DELETE FROM n.t WHERE id % 10 = 3;
        INSERT INTO n.t SELECT i + 100, 'k' || i % 3 FROM range(30) r(i)""")


def copy(row):
    """Does what the file list says; the paths copied to."""
    pairs = [line.split(",") for line in local(row["file_list_location"]).read_text().splitlines()]
    for source, target in pairs:
        local(target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(local(source), local(target))
    return [target for _, target in pairs]


def rows_of(home, table):
    return home.run("sql", "--format", "csv", "-c", f"SELECT * FROM {table} ORDER BY ALL").stdout


def paths_in(folder, text):
    return [str(p) for p in folder.rglob("*.json") if text in p.read_text()]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_copy_reads_equal_at_its_new_place(home, tmp_path, version):
    make(home, version, "copy-on-write" if version == 1 else "merge-on-read")
    call(home, "compute_table_stats", "n.t")
    call(home, "compute_partition_stats", "n.t")
    source, target = home.path / "warehouse" / "n" / "t", tmp_path / "elsewhere" / "t2"
    row = call(home, "rewrite_table_path", "n.t", f"source_prefix={source}", f"target_prefix={target}/")[0]
    assert row["rewritten_manifest_file_paths_count"] == len(home.sql("SELECT path FROM n.t.all_manifests GROUP BY path"))
    assert row["rewritten_delete_file_paths_count"] == len(home.sql("SELECT file_path, content_offset FROM n.t.all_delete_files GROUP BY 1, 2"))
    copied = copy(row)
    assert len(copied) == len(set(copied)) and not paths_in(target, str(source))
    before = rows_of(home, "n.t")
    shutil.move(source, tmp_path / "gone")
    metadata = f"{target}/metadata/{row['latest_version']}"
    home.run("table", "register_table", "n.copy", f"metadata_file={metadata}")
    assert rows_of(home, "n.copy") == before
    assert home.run("doctor", "n.copy").returncode == 0
    for entry in home.sql("SELECT path, length FROM n.copy.all_manifests"):
        assert local(entry["path"]).stat().st_size == int(entry["length"])
    for entry in home.sql("SELECT file_path, file_size_in_bytes n FROM n.copy.all_files"):
        assert local(entry["file_path"]).stat().st_size == int(entry["n"])
    table = StaticTable.from_metadata(metadata)
    if version < 3:
        assert table.scan().to_arrow().num_rows == len(before.splitlines()) - 1
    for file in [*table.metadata.statistics, *table.metadata.partition_statistics]:
        assert local(file.statistics_path).exists()
    home.run("sql", "-c", "DELETE FROM n.copy WHERE id = 100; INSERT INTO n.copy VALUES (1000, 'k0')")
    assert len(rows_of(home, "n.copy").splitlines()) == len(before.splitlines())


@pytest.mark.parametrize("version", [2, 3])
def test_a_second_plan_copies_only_what_is_new(home, tmp_path, version):
    make(home, version)
    source, target = home.path / "warehouse" / "n" / "t", tmp_path / "t2"
    prefixes = [f"source_prefix={source}", f"target_prefix={target}"]
    first = call(home, "rewrite_table_path", "n.t", *prefixes, f"staging_location={tmp_path}/stage1")[0]
    n_first = len(copy(first))
    home.run("sql", "-c", "DELETE FROM n.t WHERE id = 7; INSERT INTO n.t VALUES (500, 'k1')")
    second = call(home, "rewrite_table_path", "n.t", *prefixes, f"staging_location={tmp_path}/stage2",
                  f"start_version={first['latest_version']}")[0]
    copied = copy(second)
    assert len(copied) < n_first
    old = {entry["path"] for entry in home.sql("SELECT path FROM n.t.all_manifests")}
    assert second["rewritten_manifest_file_paths_count"] < len(old)
    assert sum(t.endswith(".metadata.json") for t in copied) == 2
    before = rows_of(home, "n.t")
    shutil.move(source, tmp_path / "gone")
    home.run("table", "register_table", "n.copy", f"metadata_file={target}/metadata/{second['latest_version']}")
    assert rows_of(home, "n.copy") == before
    for entry in home.sql("SELECT path, length FROM n.copy.all_manifests"):
        assert local(entry["path"]).stat().st_size == int(entry["length"])
    assert home.run("doctor", "n.copy").returncode == 0


def test_an_older_version_and_no_list(home, tmp_path):
    make(home)
    source = home.path / "warehouse" / "n" / "t"
    log = home.sql("SELECT file FROM n.t.metadata_log_entries ORDER BY timestamp, file")
    end = pathlib.Path(log[1]["file"]).name
    row = call(home, "rewrite_table_path", "n.t", f"source_prefix={source}", f"target_prefix={tmp_path}/x", f"end_version={end}",
               "create_file_list=false")[0]
    assert row["latest_version"] == end and row["file_list_location"] == "N/A"
    assert row["rewritten_delete_file_paths_count"] == 0
    staged = list(source.glob("metadata/copy-table-staging-*/metadata/*"))
    assert sum(p.name.endswith(".metadata.json") for p in staged) == 2


REFUSED = [
    (["source_prefix=/elsewhere", "target_prefix=/x"], "is not below the source prefix /elsewhere"),
    (["source_prefix={t}", "target_prefix={t}/"], "source and target prefix are the same"),
    (["source_prefix={t}", "target_prefix="], "the target prefix is empty"),
    (["source_prefix={t}", "target_prefix=/x", "start_version=v9"], "the table's log has no version v9"),
    (["source_prefix={t}"], "rewrite_table_path needs the argument target_prefix"),
    (["source_prefix={t}/data", "target_prefix=/x"], "is not below the source prefix"),
]


@pytest.mark.parametrize("arguments,message", REFUSED)
def test_refused_and_nothing_is_left_behind(home, arguments, message):
    make(home)
    source = home.path / "warehouse" / "n" / "t"
    before = sorted(p for p in source.rglob("*") if p.is_file())
    assert message in call(home, "rewrite_table_path", "n.t", *(a.format(t=source) for a in arguments), check=False)
    assert sorted(p for p in source.rglob("*") if p.is_file()) == before


@pytest.mark.parametrize("version", [2, 3])
def test_partition_statistics_are_the_sums_of_files(home, version):
    make(home, version)
    home.run("sql", "-c", "ALTER TABLE n.t ADD PARTITION FIELD bucket(2, id); INSERT INTO n.t VALUES (999, 'k0'), (998, NULL)")
    path = call(home, "compute_partition_stats", "n.t")[0]["partition_statistics_file"]
    assert call(home, "compute_partition_stats", "n.t")[0]["partition_statistics_file"] == path
    table = home.pyiceberg().load_table("n.t")
    entry = table.metadata.partition_statistics[0]
    assert (entry.statistics_path, entry.snapshot_id) == (path, table.current_snapshot().snapshot_id)
    assert entry.file_size_in_bytes == local(path).stat().st_size
    file = pq.read_table(local(path))
    ids = {n: int(file.schema.field(n).metadata[b"PARQUET:field_id"]) for n in file.schema.names}
    assert list(ids.values()) == list(range(1, 13 + (version == 3))) and list(ids)[:2] == ["partition", "spec_id"]
    got = file.to_pylist()
    keys = [(r["partition"]["k"] is not None, r["partition"]["k"] or "", r["partition"]["id_bucket_2"] is not None,
             r["partition"]["id_bucket_2"] or 0) for r in got]
    assert keys == sorted(keys) and len(got) == 5
    files = home.sql("SELECT partition.k k, spec_id, content, record_count n, file_size_in_bytes b FROM n.t.files")
    for row in got:
        mine = [f for f in files if f["k"] == (row["partition"]["k"] or "") and int(f["spec_id"]) == row["spec_id"]]
        data = [f for f in mine if f["content"] == "0"]
        deletes = [f for f in mine if f["content"] == "1"]
        assert row["data_record_count"] == sum(int(f["n"]) for f in data) and row["data_file_count"] == len(data)
        assert row["total_data_file_size_in_bytes"] == sum(int(f["b"]) for f in data)
        assert row["position_delete_record_count"] == sum(int(f["n"]) for f in deletes)
        assert row["position_delete_file_count"] == (len(deletes) if version == 2 else 0)
        assert row.get("dv_count", 0) == (len(deletes) if version == 3 else 0)
        exact = row["data_record_count"] - row["position_delete_record_count"]
        assert row["total_record_count"] == (None if deletes and version == 2 else exact)
        assert row["last_updated_snapshot_id"] in {s.snapshot_id for s in table.snapshots()}


def test_partition_statistics_need_partitions(home):
    home.run("sql", "-c", "CREATE TABLE t (id BIGINT); CREATE TABLE p (id BIGINT) PARTITIONED BY (id); INSERT INTO t VALUES (1)")
    assert "not partitioned" in call(home, "compute_partition_stats", "default.t", check=False)
    assert call(home, "compute_partition_stats", "default.p") == []


def test_metadata_files_are_packed_by_property(home):
    home.run("sql", "-c", "CREATE TABLE p (id INT) TBLPROPERTIES ('write.metadata.compression-codec' = 'GZIP')",
             "-c", "INSERT INTO p VALUES (1)", "-c", "INSERT INTO p VALUES (2)")
    folder = home.path / "warehouse/default/p/metadata"
    files = sorted(folder.glob("*.metadata.json"))
    assert [path.name[:5] for path in files] == ["00000", "00001", "00002"]
    assert all(path.name.endswith(".gz.metadata.json") for path in files)
    assert all(json.loads(gzip.decompress(path.read_bytes()))["format-version"] == 2 for path in files)
    table = home.pyiceberg().load_table("default.p")
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [1, 2]
    assert home.run("cat", "--table", files[-1], "--columns", "id").stdout == '{"id":2}\n{"id":1}\n'
    home.run("sql", "-c", "ALTER TABLE p SET TBLPROPERTIES ('write.metadata.compression-codec' = 'none')")
    assert len(list(folder.glob("00003-*.metadata.json"))) == 1 and not list(folder.glob("00003-*.gz.*"))
    done = home.run("sql", "-c", "ALTER TABLE p SET TBLPROPERTIES ('write.metadata.compression-codec' = 'zip')", check=False)
    assert done.returncode == 1 and 'compression-codec is "zip", expected none or gzip' in done.stderr
