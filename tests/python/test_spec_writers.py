# SPDX-License-Identifier: Apache-2.0
"""PyIceberg reads the metadata files, manifest lists and manifests that firn writes.

The program tests/test_table_write_all of the build in FIRN_BUILD (default build/dev) writes a
table of each format version; the values are those of tests/iceberg/spec_table.h.
"""
import decimal
import os
import pathlib
import subprocess
import uuid

import pytest

pytest.importorskip("pyiceberg")
from pyiceberg.io.pyarrow import PyArrowFileIO  # noqa: E402
from pyiceberg.manifest import (  # noqa: E402
    DataFileContent, FileFormat, ManifestContent, ManifestEntryStatus, read_manifest_list)
from pyiceberg.table.metadata import TableMetadataUtil  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FIRN_BUILD", ROOT / "build" / "dev"))
VERSIONS = [1, 2, 3]
DAY = 17486  # 2017-11-16
SECOND = 1000000
NOON = (DAY * 86400 + 22 * 3600 + 31 * 60 + 8) * SECOND
PARTITION = [
    True, -34, 2**63 - 1, 1.5, -2.25,
    decimal.Decimal("-14.20"), decimal.Decimal("1234567890123456789012345678.0123456789"),
    -1, (22 * 3600 + 31 * 60 + 8) * SECOND + 123456, NOON + 1, NOON, "a=b/c",
    uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7"), uuid.UUID(int=1), b"\0\1\2", b"\0\xff",
    3, "ic", 47, 574, DAY, DAY * 24 + 22, None,
]
COUNTS = {1: 10, 2: 0, 300: 123456789}
BOUNDS = {1: b"\0", 2: b"\xde\xff\xff\xff", 12: b"abc"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    program = BUILD / "tests" / "test_table_write_all"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    path = tmp_path_factory.mktemp("tables")
    subprocess.run([program, path], check=True)
    return path


def metadata(folder, version):
    return TableMetadataUtil.parse_raw((folder / f"v{version}_metadata.json").read_text())


def manifests(folder, version):
    io = PyArrowFileIO()
    return list(read_manifest_list(io.new_input(str(folder / f"v{version}_list.avro"))))


def entries(manifest):
    return manifest.fetch_manifest_entry(PyArrowFileIO(), discard_deleted=False)


def as_plain(value):
    return uuid.UUID(bytes=value) if isinstance(value, bytes) and len(value) == 16 else value


@pytest.mark.parametrize("version", VERSIONS)
def test_metadata(folder, version):
    m = metadata(folder, version)
    assert m.format_version == version
    assert str(m.table_uuid) == "9c12d441-03fe-4693-9a96-a0705ddf69c1"
    assert m.location == str(folder)
    assert m.current_snapshot_id == 77
    assert m.properties == {"comment": 'all "types" é'}
    assert {r: (x.snapshot_id, x.snapshot_ref_type.value) for r, x in m.refs.items()} == {
        "main": (77, "branch"), "v1.0": (77, "tag")}
    assert m.refs["main"].min_snapshots_to_keep == 3
    assert len(m.spec().fields) == len(PARTITION)
    assert m.sort_order_by_id(1).fields[0].direction.value == "desc"
    snapshot = m.snapshot_by_id(77)
    assert snapshot.summary.operation.value == "append"
    assert snapshot.manifest_list == str(folder / f"v{version}_list.avro")
    names = [f.name for f in m.schema().fields]
    assert names[:3] == ["b", "i", "l"] and "s pé" in names
    if version >= 2:
        assert m.last_sequence_number == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_manifest_list(folder, version):
    files = manifests(folder, version)
    assert len(files) == (1 if version == 1 else 2)
    data = files[0]
    assert data.content == ManifestContent.DATA
    assert data.manifest_length == (folder / f"v{version}_m0.avro").stat().st_size
    assert (data.added_files_count, data.existing_files_count, data.deleted_files_count) == (1, 1, 1)
    assert (data.added_rows_count, data.existing_rows_count, data.deleted_rows_count) == (10, 10, 10)
    assert data.added_snapshot_id == 77
    assert data.sequence_number == (0 if version == 1 else 1)
    assert data.min_sequence_number == 0
    summary = data.partitions[1]
    assert summary.contains_null and not summary.contains_nan
    assert summary.lower_bound == summary.upper_bound == b"\xde\xff\xff\xff"
    assert data.partitions[22].lower_bound is None
    if version >= 2:
        assert files[1].content == ManifestContent.DELETES


@pytest.mark.parametrize("version", VERSIONS)
def test_data_entries(folder, version):
    found = entries(manifests(folder, version)[0])
    assert [e.status for e in found] == [
        ManifestEntryStatus.ADDED, ManifestEntryStatus.EXISTING, ManifestEntryStatus.DELETED]
    new, old, gone = found
    assert (new.snapshot_id, old.snapshot_id, gone.snapshot_id) == (77, 60, 60)
    assert new.sequence_number == (0 if version == 1 else 1)
    assert old.sequence_number == 0
    file = new.data_file
    assert file.file_path == "s3://b/new.parquet"
    assert file.file_format == FileFormat.PARQUET
    assert [as_plain(file.partition[i]) for i in range(len(PARTITION))] == PARTITION
    assert [old.data_file.partition[i] for i in range(len(PARTITION))] == [None] * len(PARTITION)
    assert (file.record_count, file.file_size_in_bytes) == (10, 4096)
    assert file.column_sizes == file.value_counts == COUNTS
    assert file.null_value_counts == {1: 10, 2: 0}
    assert file.nan_value_counts == {1: 10}
    assert file.lower_bounds == file.upper_bounds == BOUNDS
    assert file.split_offsets == [4, 100000000000]
    assert file.sort_order_id == 1
    assert file.key_metadata == b"key"


@pytest.mark.parametrize("version", [2, 3])
def test_delete_entries(folder, version):
    (entry,) = entries(manifests(folder, version)[1])
    file = entry.data_file
    if version == 2:
        assert file.content == DataFileContent.EQUALITY_DELETES
        assert file.equality_ids == [2, 3]
    else:
        assert file.content == DataFileContent.POSITION_DELETES
        assert file.file_format == FileFormat.PUFFIN


@pytest.mark.parametrize("version", VERSIONS)
def test_headers_and_names(folder, version):
    """What readers of old versions look for by name, read without any schema of ours."""
    fastavro = pytest.importorskip("fastavro")
    with open(folder / f"v{version}_m0.avro", "rb") as f:
        reader = fastavro.reader(f)
        meta, schema = reader.metadata, reader.writer_schema
        rows = list(reader)
    assert meta["format-version"] == str(version)
    assert meta["partition-spec-id"] == "0" and meta["schema-id"] == "0"
    assert meta.get("content") == (None if version == 1 else "data")
    assert schema["name"] == "manifest_entry"
    fields = {f["name"]: f for f in schema["fields"]}
    assert fields["status"]["field-id"] == 0 and fields["data_file"]["field-id"] == 2
    assert ("sequence_number" in fields) == (version >= 2)
    assert len(rows) == 3 and rows[0]["data_file"]["file_path"] == "s3://b/new.parquet"
    with open(folder / f"v{version}_list.avro", "rb") as f:
        reader = fastavro.reader(f)
        assert reader.metadata["format-version"] == str(version)
        assert reader.metadata["snapshot-id"] == "77"
        assert reader.metadata["parent-snapshot-id"] == "null"
        assert reader.writer_schema["name"] == "manifest_file"
        assert len(list(reader)) == (1 if version == 1 else 2)
