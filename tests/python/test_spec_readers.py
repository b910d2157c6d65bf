# SPDX-License-Identifier: Apache-2.0
"""firn and PyIceberg read the same entries from the manifests of the corpora (FIRN_CORPORA).

The program tests/test_manifest_foreign of the build in FIRN_BUILD (default build/dev) prints what
firn reads, one line an entry.
"""
import decimal
import os
import pathlib
import struct
import subprocess
import uuid

import pytest

pytest.importorskip("pyiceberg")
from pyiceberg.io.pyarrow import PyArrowFileIO  # noqa: E402
from pyiceberg.manifest import read_manifest_list  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FIRN_BUILD", ROOT / "build" / "dev"))
PROGRAM = BUILD / "tests" / "test_manifest_foreign"
CORPORA = os.environ.get("FIRN_CORPORA")
FORMATS = {"PARQUET": 0, "AVRO": 1, "ORC": 2, "PUFFIN": 3}


def lists():
    if not CORPORA:
        return []
    found = []
    for part in ("own-tables", "spark-tables", "duckdb-iceberg"):
        found += sorted(pathlib.Path(CORPORA, part).rglob("snap-*.avro"))
    return found


class LocalIO(PyArrowFileIO):
    """Finds every file by its name in one folder."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def new_input(self, location):
        return super().new_input(str(self.folder / location.rsplit("/", 1)[-1]))


def value(v):
    """A partition value as the program prints it."""
    if v is None:
        return "null"
    if isinstance(v, bool):
        return int(v)
    if isinstance(v, float):
        return "7ff8000000000000" if v != v else struct.pack(">d", v).hex()
    if isinstance(v, decimal.Decimal):
        return str(int(v.scaleb(-v.as_tuple().exponent, decimal.Context(prec=60))))
    if isinstance(v, uuid.UUID):
        return v.bytes.hex()
    if isinstance(v, str):
        return v.encode().hex()
    return v.hex() if isinstance(v, bytes) else v


def line(entry):
    f = entry.data_file

    def numbers(name, items):
        return name + "".join(f" {k}={v}" for k, v in (items or {}).items())

    def bounds(name, items):
        return name + "".join(f" {k}={v.hex()}" for k, v in (items or {}).items())

    n = len(f.partition)
    return "\t".join([
        str(entry.status.value), str(entry.snapshot_id), str(entry.sequence_number),
        str(entry.file_sequence_number), str(int(getattr(f.content, "value", f.content))), str(FORMATS[f.file_format.value]),
        f.file_path, str(f.record_count), str(f.file_size_in_bytes),
        "partition" + "".join(f" {value(f.partition[i])}" for i in range(n)),
        numbers("sizes", f.column_sizes), numbers("values", f.value_counts),
        numbers("nulls", f.null_value_counts), numbers("nans", f.nan_value_counts),
        bounds("lower", f.lower_bounds), bounds("upper", f.upper_bounds),
        "ids" + "".join(f" {i}" for i in f.equality_ids or []),
        "offsets" + "".join(f" {i}" for i in f.split_offsets or []),
    ])


def pyiceberg_lines(path):
    io = LocalIO(path.parent)
    lines = []
    for manifest in read_manifest_list(io.new_input(str(path))):
        name = manifest.manifest_path.rsplit("/", 1)[-1]
        if not (path.parent / name).exists():
            continue
        lines += [line(e) for e in manifest.fetch_manifest_entry(io, discard_deleted=False)]
    return lines


@pytest.mark.skipif(not CORPORA, reason="FIRN_CORPORA is not set")
@pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")
@pytest.mark.parametrize("path", lists(), ids=lambda p: f"{p.parts[-3]}-{p.stem[:24]}")
def test_same_entries(path):
    done = subprocess.run([PROGRAM, path, path.parent], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    try:
        expected = pyiceberg_lines(path)
    except Exception as e:  # what PyIceberg cannot read has no answer to compare with
        pytest.skip(f"PyIceberg: {type(e).__name__}: {e}")
    assert done.stdout.splitlines() == expected
