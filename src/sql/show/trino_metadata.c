/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/show/trino_metadata.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/resolve/query_rewrite.h"

typedef struct trino_column {
    const char *name;
    const char *expression; /* NULL: the name */
    const char *type;       /* where the engine has none like it */
} trino_column;

#define MOMENT "timestamp(3) with time zone"

/* Lists end with a NULL name. A column whose source is not there is left out: "partition" of a
 * table without partitions. */
static const trino_column k_snapshots[] = {{"committed_at", NULL, MOMENT},
                                           {"snapshot_id", NULL, NULL},
                                           {"parent_id", NULL, NULL},
                                           {"operation", NULL, NULL},
                                           {"manifest_list", NULL, NULL},
                                           {"summary", NULL, NULL},
                                           {NULL, NULL, NULL}};
static const trino_column k_history[] = {{"made_current_at", NULL, MOMENT},
                                         {"snapshot_id", NULL, NULL},
                                         {"parent_id", NULL, NULL},
                                         {"is_current_ancestor", NULL, NULL},
                                         {NULL, NULL, NULL}};
static const trino_column k_log[] = {{"timestamp", NULL, MOMENT},
                                     {"file", NULL, NULL},
                                     {"latest_snapshot_id", NULL, NULL},
                                     {"latest_schema_id", NULL, NULL},
                                     {"latest_sequence_number", NULL, NULL},
                                     {NULL, NULL, NULL}};
/* One of the two counts is zero: a manifest lists data or deletes. */
static const trino_column k_manifests[] = {
    {"path", NULL, NULL},
    {"length", NULL, NULL},
    {"partition_spec_id", NULL, NULL},
    {"added_snapshot_id", NULL, NULL},
    {"added_data_files_count", "added_data_files_count + added_delete_files_count", NULL},
    {"added_rows_count", NULL, NULL},
    {"existing_data_files_count", "existing_data_files_count + existing_delete_files_count", NULL},
    {"existing_rows_count", NULL, NULL},
    {"deleted_data_files_count", "deleted_data_files_count + deleted_delete_files_count", NULL},
    {"deleted_rows_count", NULL, NULL},
    {"partition_summaries", NULL, NULL},
    {NULL, NULL, NULL}};
static const trino_column k_all_manifests[] = {
    {"path", NULL, NULL},
    {"length", NULL, NULL},
    {"partition_spec_id", NULL, NULL},
    {"added_snapshot_id", NULL, NULL},
    {"added_data_files_count", "added_data_files_count + added_delete_files_count", NULL},
    {"existing_data_files_count", "existing_data_files_count + existing_delete_files_count", NULL},
    {"deleted_data_files_count", "deleted_data_files_count + deleted_delete_files_count", NULL},
    {"partition_summaries", NULL, NULL},
    {NULL, NULL, NULL}};
static const trino_column k_files[] = {{"content", NULL, NULL},
                                       {"file_path", NULL, NULL},
                                       {"file_format", NULL, NULL},
                                       {"spec_id", NULL, NULL},
                                       {"partition", NULL, NULL},
                                       {"record_count", NULL, NULL},
                                       {"file_size_in_bytes", NULL, NULL},
                                       {"column_sizes", NULL, NULL},
                                       {"value_counts", NULL, NULL},
                                       {"null_value_counts", NULL, NULL},
                                       {"nan_value_counts", NULL, NULL},
                                       {"lower_bounds", "lower_texts", NULL},
                                       {"upper_bounds", "upper_texts", NULL},
                                       {"key_metadata", NULL, NULL},
                                       {"split_offsets", NULL, NULL},
                                       {"equality_ids", NULL, NULL},
                                       {"sort_order_id", NULL, NULL},
                                       {"readable_metrics", "to_json(readable_metrics)", "json"},
                                       {NULL, NULL, NULL}};
/* data_file has the columns of files. */
static const trino_column k_entries[] = {{"status", NULL, NULL},
                                         {"snapshot_id", NULL, NULL},
                                         {"sequence_number", NULL, NULL},
                                         {"file_sequence_number", NULL, NULL},
                                         {"data_file", NULL, NULL},
                                         {"readable_metrics", "to_json(readable_metrics)", "json"},
                                         {NULL, NULL, NULL}};

static const trino_column *columns_of(firn_metadata_table which)
{
    switch (which) {
    case FIRN_METADATA_TABLE_SNAPSHOTS: return k_snapshots;
    case FIRN_METADATA_TABLE_HISTORY: return k_history;
    case FIRN_METADATA_TABLE_METADATA_LOG: return k_log;
    case FIRN_METADATA_TABLE_MANIFESTS: return k_manifests;
    case FIRN_METADATA_TABLE_ALL_MANIFESTS: return k_all_manifests;
    case FIRN_METADATA_TABLE_FILES: return k_files;
    case FIRN_METADATA_TABLE_ENTRIES:
    case FIRN_METADATA_TABLE_ALL_ENTRIES: return k_entries;
    default: return NULL;
    }
}

firn_metadata_table firn_trino_metadata_source(firn_metadata_table which)
{
    return which == FIRN_METADATA_TABLE_PARTITIONS ? FIRN_METADATA_TABLE_FILES : which;
}

const char *firn_trino_metadata_type(firn_str name, firn_str column)
{
    size_t from = name.len;
    while (from > 0 && name.data[from - 1] != '$') from--;
    const trino_column *c =
        columns_of(firn_metadata_table_of(firn_str_slice(name, from, name.len)));
    for (; c && c->name; c++) {
        if (firn_str_equals(column, firn_str_of(c->name))) return c->type;
    }
    return NULL;
}

/* ---- writing ---- */

typedef struct select_writer {
    const firn_table_metadata *metadata;
    const firn_type *type;
    firn_str select;
    firn_arena *arena;
    firn_buf out;
} select_writer;

static const firn_field *find_field(const firn_type *type, const char *name)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        if (firn_str_equals(type->fields[i].name, firn_str_of(name))) return &type->fields[i];
    }
    return NULL;
}

static void put_from(select_writer *w)
{
    firn_buf_cstr(&w->out, " FROM (");
    firn_buf_str(&w->out, w->select);
    firn_buf_cstr(&w->out, ") AS \"general\"");
}

static bool has_metrics(const select_writer *w)
{
    return find_field(w->type, "readable_metrics") != NULL;
}

/* struct_pack("content" := data_file.content, ...) */
static void put_data_file(select_writer *w)
{
    const firn_field *file = find_field(w->type, "data_file");
    bool is_first = true;
    firn_buf_cstr(&w->out, "struct_pack(");
    for (const trino_column *c = k_files; file && c->name; c++) {
        if (c->type) continue; /* of the entry */
        const char *source = c->expression ? c->expression : c->name;
        if (!find_field(file->type, source)) continue;
        firn_buf_printf(&w->out, "%s\"%s\" := data_file.\"%s\"", is_first ? "" : ", ", c->name,
                        source);
        is_first = false;
    }
    firn_buf_byte(&w->out, ')');
}

static void put_columns(select_writer *w, const trino_column *c)
{
    bool is_first = true;
    for (; c->name; c++) {
        const bool is_partition = firn_str_equals(firn_str_of(c->name), FIRN_STR("partition"));
        const bool is_file = firn_str_equals(firn_str_of(c->name), FIRN_STR("data_file"));
        if (is_partition && !find_field(w->type, c->name)) continue;
        firn_buf_cstr(&w->out, is_first ? "SELECT " : ", ");
        if (is_file)
            put_data_file(w);
        else if (c->type && c->expression && !has_metrics(w))
            firn_buf_cstr(&w->out, "CAST('{}' AS JSON)");
        else
            firn_buf_cstr(&w->out, c->expression ? c->expression : c->name);
        firn_buf_printf(&w->out, " AS \"%s\"", c->name);
        is_first = false;
    }
    put_from(w);
}

/* ---- partitions: sums of the files ---- */

static bool is_identity_source(const firn_table_metadata *metadata, int32_t id)
{
    const firn_partition_spec *spec = firn_metadata_spec(metadata);
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (spec->fields[i].transform.kind == FIRN_TRANSFORM_IDENTITY &&
            spec->fields[i].source_id == id) {
            return true;
        }
    }
    return false;
}

/* A bound of which a file says nothing is none. */
static void put_bound(select_writer *w, firn_str column, const char *name, const char *function,
                      const char *metric)
{
    firn_buf_printf(&w->out, "%s := CASE WHEN count(readable_metrics.", name);
    firn_buf_quoted(&w->out, column, '"');
    firn_buf_printf(&w->out, ".%s) = count(*) THEN %s(readable_metrics.", metric, function);
    firn_buf_quoted(&w->out, column, '"');
    firn_buf_printf(&w->out, ".%s) END, ", metric);
}

static void put_sum(select_writer *w, firn_str column, const char *name, const char *metric,
                    const char *after)
{
    firn_buf_printf(&w->out, "%s := CAST(sum(readable_metrics.", name);
    firn_buf_quoted(&w->out, column, '"');
    firn_buf_printf(&w->out, ".%s) AS BIGINT)%s", metric, after);
}

/* "data": what there is in the columns that the partition does not tell. */
static void put_partition_data(select_writer *w, const firn_type *metrics)
{
    const firn_type *root = &firn_metadata_schema(w->metadata)->root;
    const char *before = ", struct_pack(";
    for (size_t i = 0; i < root->n_fields; i++) {
        const firn_field *field = &root->fields[i];
        bool is_measured = false;
        for (size_t m = 0; m < metrics->n_fields && !is_measured; m++)
            is_measured = metrics->fields[m].id == field->id;
        if (!is_measured || is_identity_source(w->metadata, field->id)) continue;
        firn_buf_cstr(&w->out, before);
        firn_buf_quoted(&w->out, field->name, '"');
        firn_buf_cstr(&w->out, " := struct_pack(");
        put_bound(w, field->name, "\"min\"", "min", "lower_bound");
        put_bound(w, field->name, "\"max\"", "max", "upper_bound");
        put_sum(w, field->name, "null_count", "null_value_count", ", ");
        put_sum(w, field->name, "nan_count", "nan_value_count", ")");
        before = ", ";
    }
    if (before[2] == '\0') firn_buf_cstr(&w->out, ") AS \"data\"");
}

static void put_partitions(select_writer *w)
{
    const bool has_partition = find_field(w->type, "partition") != NULL;
    const firn_field *metrics = find_field(w->type, "readable_metrics");
    firn_buf_cstr(&w->out, has_partition ? "SELECT \"partition\", " : "SELECT ");
    firn_buf_cstr(&w->out, "CAST(sum(record_count) AS BIGINT) AS \"record_count\", count(*) AS "
                           "\"file_count\", CAST(sum(file_size_in_bytes) AS BIGINT) AS "
                           "\"total_size\"");
    if (metrics) put_partition_data(w, metrics->type);
    put_from(w);
    firn_buf_cstr(&w->out, " WHERE content = 0");
    firn_buf_cstr(&w->out, has_partition ? " GROUP BY \"partition\"" : " HAVING count(*) > 0");
}

/* ---- properties: with what the table's metadata says elsewhere ---- */

static void put_property(select_writer *w, const char *key, firn_str value)
{
    firn_buf_printf(&w->out, "('%s', ", key);
    firn_buf_quoted(&w->out, value, '\'');
    firn_buf_cstr(&w->out, "), ");
}

static void put_properties(select_writer *w)
{
    char number[32];
    const firn_table_metadata *metadata = w->metadata;
    const firn_str format = firn_arena_printf(
        w->arena, "iceberg/%.*s",
        FIRN_STR_ARG(firn_properties_get(&metadata->properties, FIRN_STR("write.format.default"),
                                         FIRN_STR("PARQUET"))));
    firn_buf_cstr(&w->out, "SELECT * FROM (VALUES ");
    put_property(w, "format", format);
    put_property(w, "provider", FIRN_STR("iceberg"));
    (void)snprintf(number, sizeof number, "%" PRId64, metadata->current_snapshot_id);
    put_property(w, "current-snapshot-id",
                 metadata->current_snapshot_id < 0 ? FIRN_STR("none") : firn_str_of(number));
    put_property(w, "location", metadata->location);
    firn_buf_printf(&w->out, "('format-version', '%d')) AS t(key, value) UNION ALL SELECT *",
                    (int)metadata->format_version);
    put_from(w);
    firn_buf_cstr(&w->out, " WHERE key NOT IN ('format', 'provider', 'current-snapshot-id', "
                           "'location', 'format-version')");
}

firn_status firn_trino_metadata_select(firn_metadata_table which,
                                       const firn_table_metadata *metadata, const firn_type *type,
                                       firn_str select, firn_arena *arena, firn_str *out,
                                       firn_error *err)
{
    select_writer w = {.metadata = metadata, .type = type, .select = select, .arena = arena};
    const trino_column *columns = columns_of(which);
    *out = select;
    firn_buf_init(&w.out, NULL, 4 * FIRN_LIMIT_SQL_TEXT);
    if (columns)
        put_columns(&w, columns);
    else if (which == FIRN_METADATA_TABLE_PARTITIONS)
        put_partitions(&w);
    else if (which == FIRN_METADATA_TABLE_PROPERTIES)
        put_properties(&w);
    else
        return FIRN_OK;
    firn_status st = firn_buf_check(&w.out, err);
    if (st == FIRN_OK) {
        *out = firn_arena_copy(arena, firn_buf_view(&w.out));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(&w.out);
    return st;
}
