/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/metadata_tables/metadata_docs.h"

#include "base/error.h"
#include "base/str.h"
#include "sql/metadata_tables/metadata_tables.h"

/* Tables with the same columns. */
typedef enum docs_of {
    DOCS_OF_NONE = 0,
    DOCS_OF_FILES,
    DOCS_OF_ENTRIES,
    DOCS_OF_PARTITIONS,
    DOCS_OF_POSITIONS,
} docs_of;

static const struct {
    docs_of of;
    const char *column, *doc;
} k_docs[] = {
    {DOCS_OF_FILES, "content",
     "Contents of the file: 0=data, 1=position deletes, 2=equality deletes"},
    {DOCS_OF_FILES, "file_path", "Location URI with FS scheme"},
    {DOCS_OF_FILES, "file_format", "File format name: avro, orc, or parquet"},
    {DOCS_OF_FILES, "spec_id", "Partition spec ID"},
    {DOCS_OF_FILES, "partition", "Partition data tuple, schema based on the partition spec"},
    {DOCS_OF_FILES, "record_count", "Number of records in the file"},
    {DOCS_OF_FILES, "file_size_in_bytes", "Total file size in bytes"},
    {DOCS_OF_FILES, "column_sizes", "Map of column id to total size on disk"},
    {DOCS_OF_FILES, "value_counts", "Map of column id to total count, including null and NaN"},
    {DOCS_OF_FILES, "null_value_counts", "Map of column id to null value count"},
    {DOCS_OF_FILES, "nan_value_counts", "Map of column id to number of NaN values in the column"},
    {DOCS_OF_FILES, "lower_bounds", "Map of column id to lower bound"},
    {DOCS_OF_FILES, "upper_bounds", "Map of column id to upper bound"},
    {DOCS_OF_FILES, "key_metadata", "Encryption key metadata blob"},
    {DOCS_OF_FILES, "split_offsets", "Splittable offsets"},
    {DOCS_OF_FILES, "equality_ids", "Equality comparison field IDs"},
    {DOCS_OF_FILES, "sort_order_id", "Sort order ID"},
    {DOCS_OF_FILES, "first_row_id", "The first row ID assigned to the first row in the data file"},
    {DOCS_OF_FILES, "referenced_data_file",
     "Fully qualified location (URI with FS scheme) of a data file that all deletes reference"},
    {DOCS_OF_FILES, "content_offset", "The offset in the file where the content starts"},
    {DOCS_OF_FILES, "content_size_in_bytes", "The length of referenced content stored in the file"},
    {DOCS_OF_FILES, "readable_metrics", "Column metrics in readable form"},
    {DOCS_OF_ENTRIES, "readable_metrics", "Column metrics in readable form"},
    {DOCS_OF_PARTITIONS, "record_count", "Count of records in data files"},
    {DOCS_OF_PARTITIONS, "file_count", "Count of data files"},
    {DOCS_OF_PARTITIONS, "total_data_file_size_in_bytes", "Total size in bytes of data files"},
    {DOCS_OF_PARTITIONS, "position_delete_record_count",
     "Count of records in position delete files"},
    {DOCS_OF_PARTITIONS, "position_delete_file_count", "Count of position delete files"},
    {DOCS_OF_PARTITIONS, "equality_delete_record_count",
     "Count of records in equality delete files"},
    {DOCS_OF_PARTITIONS, "equality_delete_file_count", "Count of equality delete files"},
    {DOCS_OF_PARTITIONS, "last_updated_at",
     "Commit time of snapshot that last updated this partition"},
    {DOCS_OF_PARTITIONS, "last_updated_snapshot_id",
     "Id of snapshot that last updated this partition"},
    {DOCS_OF_POSITIONS, "file_path", "Path of a file in which a deleted row is stored"},
    {DOCS_OF_POSITIONS, "pos", "Ordinal position of a deleted row in the data file"},
    {DOCS_OF_POSITIONS, "row", "Deleted row values"},
    {DOCS_OF_POSITIONS, "partition", "Partition that position delete row belongs to"},
    {DOCS_OF_POSITIONS, "spec_id", "Spec ID used to track the file containing a row"},
    {DOCS_OF_POSITIONS, "delete_file_path", "Path of the file in which a row is stored"},
};

static docs_of docs_of_name(firn_str name)
{
    size_t from = name.len;
    while (from > 0 && name.data[from - 1] != '$') from--;
    name = firn_str_slice(name, from, name.len);
    switch (firn_metadata_table_of(name)) {
    case FIRN_METADATA_TABLE_FILES:
    case FIRN_METADATA_TABLE_DATA_FILES:
    case FIRN_METADATA_TABLE_DELETE_FILES:
    case FIRN_METADATA_TABLE_ALL_FILES:
    case FIRN_METADATA_TABLE_ALL_DATA_FILES:
    case FIRN_METADATA_TABLE_ALL_DELETE_FILES: return DOCS_OF_FILES;
    case FIRN_METADATA_TABLE_ENTRIES:
    case FIRN_METADATA_TABLE_ALL_ENTRIES: return DOCS_OF_ENTRIES;
    case FIRN_METADATA_TABLE_PARTITIONS: return DOCS_OF_PARTITIONS;
    case FIRN_METADATA_TABLE_POSITION_DELETES: return DOCS_OF_POSITIONS;
    default: return DOCS_OF_NONE;
    }
}

firn_status firn_metadata_add_docs(firn_str name, firn_type *root, firn_arena *arena,
                                   firn_error *err)
{
    const docs_of of = docs_of_name(name);
    if (of == DOCS_OF_NONE) return FIRN_OK;
    firn_field *fields = firn_arena_array(arena, root->n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < root->n_fields; i++) {
        fields[i] = root->fields[i];
        for (size_t d = 0; d < sizeof k_docs / sizeof *k_docs; d++)
            if (k_docs[d].of == of &&
                firn_str_equals(fields[i].name, firn_str_of(k_docs[d].column)))
                fields[i].doc = firn_str_of(k_docs[d].doc);
    }
    root->fields = fields;
    return FIRN_OK;
}
