#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small Iceberg tables for the scan tests, written by PyIceberg into tests/data/tables.

usage: make_tables.py OUTPUT_FOLDER   (needs pyiceberg[sql-sqlite,pyarrow])

Locations in the metadata are s3://firn-tables/<table>/...; tests map that prefix to the folder.
The newest metadata file of each table is copied to metadata/current.json. Run it again only to
change the tables: file names are random.
"""
import datetime
import os
import shutil
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import (DateType, DoubleType, FloatType, IntegerType, LongType, NestedField,
                             StringType)

PREFIX = "s3://firn-tables/"
OUT = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "."


class MappedIO(PyArrowFileIO):
    """Keeps s3 locations in the metadata and writes to a local folder."""

    @staticmethod
    def local(location):
        return os.path.join(OUT, location[len(PREFIX):]) if location.startswith(PREFIX) else location

    def new_input(self, location):
        return super().new_input(self.local(location))

    def new_output(self, location):
        path = self.local(location)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        out = super().new_output(path)
        out._location = location
        return out

    def delete(self, location):
        return super().delete(self.local(getattr(location, "location", location)))


def create(catalog, name, schema, spec=None, **properties):
    kwargs = {"partition_spec": spec} if spec else {}
    return catalog.create_table("t." + name, schema, location=PREFIX + name,
                                properties=properties, **kwargs)


def make_events(catalog):
    """Days 2024-03-01..04 (ids 0..399, 100 a day), an append each; then ids below 50 deleted by
    rewriting the file, then ids 400..409 of day 1 appended."""
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "day", DateType()),
                    NestedField(3, "country", StringType()))
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "day"))
    table = create(catalog, "events", schema, spec)

    def rows(first, n, day):
        return pa.table({
            "id": pa.array(range(first, first + n), pa.int64()),
            "day": pa.array([datetime.date(2024, 3, day)] * n, pa.date32()),
            "country": ["FR" if i % 2 else None for i in range(first, first + n)],
        })

    for day in range(4):
        table.append(rows(day * 100, 100, day + 1))
    table.delete("id < 50")
    table.append(rows(400, 10, 1))


def make_evolved(catalog):
    """Three files: as created; after a column was added, one renamed, one dropped; after two
    promotions and a new column under the dropped name."""
    schema = Schema(NestedField(1, "id", IntegerType()), NestedField(2, "name", StringType()),
                    NestedField(3, "price", FloatType()), NestedField(4, "gone", StringType()))
    table = create(catalog, "evolved", schema)
    table.append(pa.table({"id": pa.array([1, 2], pa.int32()), "name": ["a", None],
                           "price": pa.array([1.5, -2.25], pa.float32()), "gone": ["x", "y"]}))
    with table.update_schema() as update:
        update.add_column("added", LongType())
        update.rename_column("name", "title")
        update.delete_column("gone")
    table.append(pa.table({"id": pa.array([3], pa.int32()), "title": ["c"],
                           "price": pa.array([0.5], pa.float32()),
                           "added": pa.array([30], pa.int64())}))
    with table.update_schema() as update:
        update.update_column("id", LongType())
        update.update_column("price", DoubleType())
        update.add_column("gone", IntegerType())
    table.append(pa.table({"id": pa.array([2**40], pa.int64()), "title": ["d"],
                           "price": [1e300], "added": pa.array([None], pa.int64()),
                           "gone": pa.array([7], pa.int32())}))


def make_groups(catalog):
    """One file, ids 0..999 ascending in 10 row groups, text longer than 12 bytes."""
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "text", StringType()))
    table = create(catalog, "groups", schema,
                   **{"write.parquet.row-group-limit": "100"})
    table.append(pa.table({"id": pa.array(range(1000), pa.int64()),
                           "text": ["row number %06d" % i for i in range(1000)]}))


def make_imported(catalog):
    """Files without field ids found through a name mapping, in Hive folders: the partition
    column is not in the files, one column has an older name in them."""
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "label", StringType()),
                    NestedField(3, "region", StringType()), NestedField(4, "extra", IntegerType()))
    spec = PartitionSpec(PartitionField(3, 1000, IdentityTransform(), "region"))
    mapping = ('[{"field-id":1,"names":["id"]},{"field-id":2,"names":["label","old_label"]},'
               '{"field-id":3,"names":["region"]},{"field-id":4,"names":["extra"]}]')
    table = create(catalog, "imported", schema, spec, **{"schema.name-mapping.default": mapping})
    with table.transaction() as txn:
        with txn.update_snapshot().fast_append() as append:
            for region, first in (("north", 0), ("south", 10), (None, 20)):
                folder = "region=%s" % region
                location = PREFIX + "imported/data/%s/part.parquet" % folder
                path = MappedIO.local(location)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                pq.write_table(pa.table({
                    "old_label": ["%s %d" % (region, i) for i in range(3)],
                    "id": pa.array(range(first, first + 3), pa.int64()),
                    "unmapped": [0.5] * 3,
                }), path)
                append.append_data_file(DataFile.from_args(
                    content=DataFileContent.DATA, file_path=location,
                    file_format=FileFormat.PARQUET, partition=Record(region), record_count=3,
                    file_size_in_bytes=os.path.getsize(path), spec_id=table.spec().spec_id))


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    with tempfile.TemporaryDirectory() as scratch:
        catalog = SqlCatalog("tables", uri="sqlite:///" + scratch + "/catalog.db",
                             warehouse=PREFIX, **{"py-io-impl": "make_tables.MappedIO"})
        catalog.create_namespace("t")
        for name, make in (("events", make_events), ("evolved", make_evolved),
                           ("groups", make_groups), ("imported", make_imported)):
            make(catalog)
            location = catalog.load_table("t." + name).metadata_location
            folder = os.path.dirname(MappedIO.local(location))
            shutil.copy(MappedIO.local(location), os.path.join(folder, "current.json"))
            for old in os.listdir(folder):
                if old.endswith(".metadata.json"):
                    os.remove(os.path.join(folder, old))


if __name__ == "__main__":
    sys.modules["make_tables"] = sys.modules["__main__"]
    main()
