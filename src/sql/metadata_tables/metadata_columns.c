/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "sql/metadata_tables/metadata_columns.h"

#include "base/str.h"
#include "iceberg/scan/read.h"

static const firn_type k_unknown = {.kind = FIRN_TYPE_UNKNOWN};

static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_time = {.kind = FIRN_TYPE_TIMESTAMPTZ};

static const firn_field k_path = {
    .id = FIRN_FIELD_FILE, .is_required = true, .name = FIRN_STR_INIT("$path"), .type = &k_string};
static const firn_field k_partition = {
    .id = FIRN_FIELD_PARTITION_PATH, .name = FIRN_STR_INIT("$partition"), .type = &k_string};
static const firn_field k_modified = {
    .id = FIRN_FIELD_FILE_MODIFIED, .name = FIRN_STR_INIT("$file_modified_time"), .type = &k_time};

static const firn_field *const k_fields[FIRN_N_METADATA_COLUMNS] = {
    &firn_field_file,    &firn_field_pos,    &firn_field_spec_id,      &firn_field_partition,
    &firn_field_deleted, &firn_field_row_id, &firn_field_last_updated, &k_path,
    &k_partition,        &k_modified};

firn_str firn_metadata_column_name(size_t i)
{
    return k_fields[i]->name;
}

firn_metadata_columns firn_metadata_column_of(firn_str name)
{
    if (name.len == 0 || (name.data[0] != '_' && name.data[0] != '$')) return 0;
    for (size_t i = 0; i < FIRN_N_METADATA_COLUMNS; i++)
        if (firn_str_equals_nocase(k_fields[i]->name, name)) return (firn_metadata_columns)1 << i;
    return 0;
}

firn_metadata_columns firn_metadata_columns_of(const firn_table_metadata *metadata)
{
    firn_metadata_columns own = 0;
    for (size_t s = 0; s < metadata->n_schemas; s++) {
        const firn_type *root = &metadata->schemas[s]->root;
        for (size_t i = 0; i < root->n_fields; i++)
            own |= firn_metadata_column_of(root->fields[i].name);
    }
    return FIRN_ALL_METADATA_COLUMNS & ~own;
}

size_t firn_metadata_columns_count(firn_metadata_columns columns)
{
    size_t n = 0;
    for (; columns; columns &= columns - 1) n++;
    return n;
}

firn_field firn_metadata_column_field(firn_metadata_columns columns, size_t n,
                                      const firn_type *partition)
{
    size_t i = 0;
    for (; n > 0; n--) columns &= columns - 1;
    while (i + 1 < FIRN_N_METADATA_COLUMNS && !(columns >> i & 1)) i++;
    firn_field field = *k_fields[i];
    if (field.id != FIRN_FIELD_PARTITION) return field;
    field.type = partition && partition->n_fields > 0 ? partition : &k_unknown;
    return field;
}
