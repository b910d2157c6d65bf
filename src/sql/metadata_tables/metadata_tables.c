/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata tables that come from the table's metadata file alone: snapshots, history, refs,
 * metadata log, properties. Those that read manifests are in metadata_tables_files.c. */
#include "sql/metadata_tables/metadata_tables.h"

#include <strings.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/metadata_tables/metadata_tables_files.h"

static const struct {
    const char *name;
    firn_metadata_table which;
} k_names[] = {
    {"snapshots", FIRN_METADATA_TABLE_SNAPSHOTS},
    {"history", FIRN_METADATA_TABLE_HISTORY},
    {"refs", FIRN_METADATA_TABLE_REFS},
    {"metadata_log_entries", FIRN_METADATA_TABLE_METADATA_LOG},
    {"properties", FIRN_METADATA_TABLE_PROPERTIES},
    {"manifests", FIRN_METADATA_TABLE_MANIFESTS},
    {"files", FIRN_METADATA_TABLE_FILES},
    {"data_files", FIRN_METADATA_TABLE_DATA_FILES},
    {"delete_files", FIRN_METADATA_TABLE_DELETE_FILES},
    {"partitions", FIRN_METADATA_TABLE_PARTITIONS},
    {"entries", FIRN_METADATA_TABLE_ENTRIES},
    {"position_deletes", FIRN_METADATA_TABLE_POSITION_DELETES},
    {"all_manifests", FIRN_METADATA_TABLE_ALL_MANIFESTS},
    {"all_files", FIRN_METADATA_TABLE_ALL_FILES},
    {"all_data_files", FIRN_METADATA_TABLE_ALL_DATA_FILES},
    {"all_delete_files", FIRN_METADATA_TABLE_ALL_DELETE_FILES},
    {"all_entries", FIRN_METADATA_TABLE_ALL_ENTRIES},
};

firn_metadata_table firn_metadata_table_of(firn_str name)
{
    for (size_t i = 0; i < sizeof k_names / sizeof *k_names; i++) {
        if (firn_str_equals_nocase(name, firn_str_of(k_names[i].name))) return k_names[i].which;
    }
    return FIRN_METADATA_TABLE_NONE;
}

void firn_metadata_table_nearest(firn_nearest *nearest)
{
    for (size_t i = 0; i < sizeof k_names / sizeof *k_names; i++)
        firn_nearest_try(nearest, firn_str_of(k_names[i].name));
}

static const firn_type k_bool = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_time = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_field k_summary_fields[] = {
    {.id = 8, .is_required = true, .name = FIRN_STR_INIT("key"), .type = &k_string},
    {.id = 9, .name = FIRN_STR_INIT("value"), .type = &k_string},
};
static const firn_type k_summary = {
    .kind = FIRN_TYPE_MAP, .fields = k_summary_fields, .n_fields = 2};

#define COLUMN(number, text, of)                                   \
    {                                                              \
        .id = (number), .name = FIRN_STR_INIT(text), .type = &(of) \
    }
#define ROOT(columns)                                   \
    {                                                   \
        .kind = FIRN_TYPE_STRUCT, .fields = (columns),  \
        .n_fields = sizeof(columns) / sizeof *(columns) \
    }

static const firn_field k_snapshot_columns[] = {
    COLUMN(1, "committed_at", k_time),    COLUMN(2, "snapshot_id", k_long),
    COLUMN(3, "parent_id", k_long),       COLUMN(4, "operation", k_string),
    COLUMN(5, "manifest_list", k_string), COLUMN(6, "summary", k_summary)};
static const firn_field k_history_columns[] = {
    COLUMN(1, "made_current_at", k_time), COLUMN(2, "snapshot_id", k_long),
    COLUMN(3, "parent_id", k_long), COLUMN(4, "is_current_ancestor", k_bool)};
static const firn_field k_ref_columns[] = {COLUMN(1, "name", k_string),
                                           COLUMN(2, "type", k_string),
                                           COLUMN(3, "snapshot_id", k_long),
                                           COLUMN(4, "max_reference_age_in_ms", k_long),
                                           COLUMN(5, "min_snapshots_to_keep", k_int),
                                           COLUMN(6, "max_snapshot_age_in_ms", k_long)};
static const firn_field k_log_columns[] = {
    COLUMN(1, "timestamp", k_time), COLUMN(2, "file", k_string),
    COLUMN(3, "latest_snapshot_id", k_long), COLUMN(4, "latest_schema_id", k_int),
    COLUMN(5, "latest_sequence_number", k_long)};
static const firn_field k_property_columns[] = {COLUMN(1, "key", k_string),
                                                COLUMN(2, "value", k_string)};
static const firn_type k_snapshot_root = ROOT(k_snapshot_columns);
static const firn_type k_history_root = ROOT(k_history_columns);
static const firn_type k_ref_root = ROOT(k_ref_columns);
static const firn_type k_log_root = ROOT(k_log_columns);
static const firn_type k_property_root = ROOT(k_property_columns);

/* ---- cells ---- */

static void long_or_null(firn_row_builder *b, size_t column, int64_t value)
{
    if (value < 0)
        firn_cell_null(b, firn_rows_column(b, column));
    else
        firn_cell_long(b, firn_rows_column(b, column), value);
}

static void text_or_null(firn_row_builder *b, size_t column, firn_str value)
{
    if (value.len == 0)
        firn_cell_null(b, firn_rows_column(b, column));
    else
        firn_cell_text(b, firn_rows_column(b, column), value);
}

static void time_ms(firn_row_builder *b, size_t column, int64_t ms)
{
    firn_cell_long(b, firn_rows_column(b, column), ms * 1000);
}

static void text(firn_row_builder *b, size_t column, firn_str value)
{
    firn_cell_text(b, firn_rows_column(b, column), value);
}

/* ---- tables ---- */

static void snapshot_rows(firn_row_builder *b, const firn_table_metadata *metadata)
{
    for (size_t i = 0; b->status == FIRN_OK && i < metadata->n_snapshots; i++) {
        const firn_snapshot *s = &metadata->snapshots[i];
        time_ms(b, 0, s->timestamp_ms);
        firn_cell_long(b, firn_rows_column(b, 1), s->snapshot_id);
        long_or_null(b, 2, s->parent_snapshot_id);
        text_or_null(b, 3, s->operation);
        text_or_null(b, 4, s->manifest_list);
        firn_column *summary = firn_rows_column(b, 5);
        firn_cell_open(b, summary);
        for (size_t p = 0; p < s->summary.n; p++) {
            firn_cell_text(b, &summary->children[0], s->summary.items[p].key);
            firn_cell_text(b, &summary->children[1], s->summary.items[p].value);
        }
        firn_cell_close(b, summary);
    }
}

static void history_rows(firn_row_builder *b, const firn_table_metadata *metadata)
{
    for (size_t i = 0; b->status == FIRN_OK && i < metadata->n_snapshot_log; i++) {
        const firn_snapshot_log_entry *entry = &metadata->snapshot_log[i];
        const firn_snapshot *s = firn_metadata_find_snapshot(metadata, entry->snapshot_id);
        time_ms(b, 0, entry->timestamp_ms);
        firn_cell_long(b, firn_rows_column(b, 1), entry->snapshot_id);
        long_or_null(b, 2, s ? s->parent_snapshot_id : -1);
        firn_cell_bool(b, firn_rows_column(b, 3),
                       metadata->current_snapshot_id >= 0 &&
                           firn_metadata_is_ancestor(metadata, metadata->current_snapshot_id,
                                                     entry->snapshot_id));
    }
}

static void ref_rows(firn_row_builder *b, const firn_table_metadata *metadata)
{
    for (size_t i = 0; b->status == FIRN_OK && i < metadata->n_refs; i++) {
        const firn_snapshot_ref *ref = &metadata->refs[i];
        text(b, 0, ref->name);
        text(b, 1, ref->is_tag ? FIRN_STR("TAG") : FIRN_STR("BRANCH"));
        firn_cell_long(b, firn_rows_column(b, 2), ref->snapshot_id);
        long_or_null(b, 3, ref->max_ref_age_ms);
        if (ref->min_snapshots_to_keep < 0)
            firn_cell_null(b, firn_rows_column(b, 4));
        else
            firn_cell_int(b, firn_rows_column(b, 4), (int32_t)ref->min_snapshots_to_keep);
        long_or_null(b, 5, ref->max_snapshot_age_ms);
    }
}

static void log_row(firn_row_builder *b, const firn_table_metadata *metadata, int64_t at_ms,
                    firn_str file)
{
    const firn_snapshot *s = firn_metadata_snapshot_as_of(metadata, at_ms);
    time_ms(b, 0, at_ms);
    text(b, 1, file);
    long_or_null(b, 2, s ? s->snapshot_id : -1);
    if (s && s->schema_id >= 0)
        firn_cell_int(b, firn_rows_column(b, 3), s->schema_id);
    else
        firn_cell_null(b, firn_rows_column(b, 3));
    long_or_null(b, 4, s ? s->sequence_number : -1);
}

/* Earlier metadata files, then the one in use. */
static void log_rows(firn_row_builder *b, const firn_loaded_table *table)
{
    const firn_table_metadata *metadata = table->metadata;
    for (size_t i = 0; b->status == FIRN_OK && i < metadata->n_metadata_log; i++) {
        log_row(b, metadata, metadata->metadata_log[i].timestamp_ms,
                metadata->metadata_log[i].metadata_file);
    }
    log_row(b, metadata, metadata->last_updated_ms, table->metadata_location);
}

static void property_rows(firn_row_builder *b, const firn_table_metadata *metadata)
{
    for (size_t i = 0; b->status == FIRN_OK && i < metadata->properties.n; i++) {
        text(b, 0, metadata->properties.items[i].key);
        text(b, 1, metadata->properties.items[i].value);
    }
}

static void destroy_batch(void *batch)
{
    firn_batch_destroy(batch);
}

static const firn_type *root_of(firn_metadata_table which)
{
    switch (which) {
    case FIRN_METADATA_TABLE_SNAPSHOTS: return &k_snapshot_root;
    case FIRN_METADATA_TABLE_HISTORY: return &k_history_root;
    case FIRN_METADATA_TABLE_REFS: return &k_ref_root;
    case FIRN_METADATA_TABLE_METADATA_LOG: return &k_log_root;
    case FIRN_METADATA_TABLE_PROPERTIES: return &k_property_root;
    default: return NULL;
    }
}

static void fill_rows(firn_row_builder *b, firn_metadata_table which,
                      const firn_metadata_table_opts *opts, const firn_type *type)
{
    const firn_table_metadata *metadata = opts->table->metadata;
    switch (which) {
    case FIRN_METADATA_TABLE_SNAPSHOTS: snapshot_rows(b, metadata); return;
    case FIRN_METADATA_TABLE_HISTORY: history_rows(b, metadata); return;
    case FIRN_METADATA_TABLE_REFS: ref_rows(b, metadata); return;
    case FIRN_METADATA_TABLE_METADATA_LOG: log_rows(b, opts->table); return;
    case FIRN_METADATA_TABLE_PROPERTIES: property_rows(b, metadata); return;
    default: firn_metadata_files_fill(b, which, opts, type); return;
    }
}

firn_status firn_metadata_table_rows(firn_metadata_table which,
                                     const firn_metadata_table_opts *opts, firn_arena *arena,
                                     const firn_type **type_out, const firn_batch **out,
                                     firn_error *err)
{
    *type_out = root_of(which);
    if (!*type_out) FIRN_TRY(firn_metadata_files_type(which, opts, arena, type_out, err));
    firn_row_builder b = firn_rows_begin(*type_out, err);
    if (b.status == FIRN_OK) fill_rows(&b, which, opts, *type_out);
    firn_status st = firn_rows_finish(&b);
    if (st == FIRN_OK) {
        *out = b.batch;
        st = firn_arena_defer(arena, destroy_batch, b.batch, err);
    }
    if (st != FIRN_OK) firn_batch_destroy(b.batch);
    return st;
}
