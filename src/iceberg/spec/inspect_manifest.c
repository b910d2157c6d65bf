/* SPDX-License-Identifier: Apache-2.0 */
/* Manifest lists and manifests, entry by entry, under the names of the specification. */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "format/json/json.h"
#include "iceberg/spec/inspect_iceberg.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/metadata_parts_json.h"
#include "iceberg/spec/schema_json.h"

#define ID_MANIFEST_PATH 500
#define ID_DATA_FILE     2

static const char *const k_contents[] = {"data", "position deletes", "equality deletes"};
static const char *const k_formats[] = {"PARQUET", "AVRO", "ORC", "PUFFIN"};
static const char *const k_statuses[] = {"EXISTING", "ADDED", "DELETED"};

firn_manifest_kind firn_manifest_kind_of(const firn_avro_schema *schema)
{
    if (schema->kind != FIRN_AVRO_RECORD) return FIRN_MANIFEST_NOT;
    for (size_t i = 0; i < schema->n_fields; i++) {
        const firn_avro_field *f = &schema->fields[i];
        if (f->field_id == ID_MANIFEST_PATH && firn_str_equals(f->name, FIRN_STR("manifest_path")))
            return FIRN_MANIFEST_LIST;
        if (f->field_id == ID_DATA_FILE && firn_str_equals(f->name, FIRN_STR("data_file")))
            return FIRN_MANIFEST_ENTRIES;
    }
    return FIRN_MANIFEST_NOT;
}

static void put_optional(firn_outline *out, const char *name, int64_t v)
{
    if (v >= 0) firn_outline_i64(out, name, v);
}

/* ---- manifest lists ---- */

static void put_summary(firn_outline *out, const firn_field_summary *s)
{
    firn_outline_begin_line(out, NULL);
    firn_outline_bool(out, "contains_null", s->contains_null);
    if (s->has_contains_nan) firn_outline_bool(out, "contains_nan", s->contains_nan);
    if (s->has_lower) firn_outline_hex(out, "lower_bound", s->lower);
    if (s->has_upper) firn_outline_hex(out, "upper_bound", s->upper);
    firn_outline_end(out);
}

static void put_manifest_file(firn_outline *out, const firn_manifest_file *m)
{
    firn_outline_begin(out, NULL);
    firn_outline_str(out, "manifest_path", m->path);
    firn_outline_i64(out, "manifest_length", m->length);
    firn_outline_i64(out, "partition_spec_id", m->spec_id);
    firn_outline_cstr(out, "content", m->content == FIRN_CONTENT_DATA ? "data" : "deletes");
    firn_outline_i64(out, "sequence_number", m->sequence_number);
    firn_outline_i64(out, "min_sequence_number", m->min_sequence_number);
    firn_outline_i64(out, "added_snapshot_id", m->added_snapshot_id);
    put_optional(out, "added_files_count", m->added_files);
    put_optional(out, "existing_files_count", m->existing_files);
    put_optional(out, "deleted_files_count", m->deleted_files);
    put_optional(out, "added_rows_count", m->added_rows);
    put_optional(out, "existing_rows_count", m->existing_rows);
    put_optional(out, "deleted_rows_count", m->deleted_rows);
    if (m->n_partitions > 0) {
        firn_outline_begin_list(out, "partitions");
        for (size_t i = 0; i < m->n_partitions; i++) put_summary(out, &m->partitions[i]);
        firn_outline_end(out);
    }
    if (m->key_metadata.len > 0) firn_outline_hex(out, "key_metadata", m->key_metadata);
    put_optional(out, "first_row_id", m->first_row_id);
    firn_outline_end(out);
}

firn_status firn_inspect_manifest_list(firn_str bytes, firn_inspect_depth depth, firn_arena *arena,
                                       firn_outline *out, firn_error *err)
{
    firn_manifest_file *files = NULL;
    size_t n = 0;
    FIRN_TRY(firn_manifest_list_read(bytes, arena, &files, &n, err));
    firn_outline_begin(out, NULL);
    firn_outline_cstr(out, "format", "manifest-list");
    firn_outline_i64(out, "manifest_count", (int64_t)n);
    if (depth == FIRN_INSPECT_ALL) {
        firn_outline_begin_list(out, "manifests");
        for (size_t i = 0; i < n; i++) put_manifest_file(out, &files[i]);
        firn_outline_end(out);
    }
    firn_outline_end(out);
    return FIRN_OK;
}

/* ---- manifests ---- */

typedef struct manifest_view {
    firn_outline *out;
    firn_arena *arena;   /* header */
    firn_arena *scratch; /* one entry */
    const firn_schema *schema;
    firn_partition_spec spec; /* names of the partition's fields; empty when not known */
} manifest_view;

static firn_status put_value(manifest_view *v, const char *name, const firn_value *value,
                             firn_error *err)
{
    firn_str text = {0};
    FIRN_TRY(firn_value_to_text(value, v->scratch, &text, err));
    if (value->is_null)
        firn_outline_null(v->out, name);
    else
        firn_outline_str(v->out, name, text);
    return FIRN_OK;
}

static firn_status put_partition(manifest_view *v, const firn_data_file *f, firn_error *err)
{
    if (f->n_partition == 0) return FIRN_OK;
    firn_outline_begin_line(v->out, "partition");
    for (size_t i = 0; i < f->n_partition; i++) {
        firn_str name = firn_arena_printf(v->scratch, "%zu", i);
        if (i < v->spec.n_fields) name = firn_arena_copy(v->scratch, v->spec.fields[i].name);
        if (!name.data) return firn_fail_nomem(err);
        FIRN_TRY(put_value(v, name.data, &f->partition[i], err));
    }
    firn_outline_end(v->out);
    return FIRN_OK;
}

static void put_counts(manifest_view *v, const char *name, const firn_metric_map *map)
{
    if (map->n == 0) return;
    firn_outline_begin_line(v->out, name);
    for (size_t i = 0; i < map->n; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "%" PRId32, map->items[i].field_id);
        firn_outline_i64(v->out, id, map->items[i].count);
    }
    firn_outline_end(v->out);
}

/* Bounds of columns that the schema does not have, or that do not fit their type, as hex. */
static firn_status put_bounds(manifest_view *v, const char *name, const firn_metric_map *map,
                              firn_error *err)
{
    if (map->n == 0) return FIRN_OK;
    firn_outline_begin_line(v->out, name);
    for (size_t i = 0; i < map->n; i++) {
        char id[16];
        firn_value value;
        const firn_metric *m = &map->items[i];
        const firn_field *f = v->schema ? firn_schema_find_id(v->schema, m->field_id) : NULL;
        (void)snprintf(id, sizeof id, "%" PRId32, m->field_id);
        if (f && firn_type_is_primitive(f->type) &&
            firn_value_decode(f->type, m->bound, &value, NULL) == FIRN_OK)
            FIRN_TRY(put_value(v, id, &value, err));
        else
            firn_outline_hex(v->out, id, m->bound);
    }
    firn_outline_end(v->out);
    return FIRN_OK;
}

static void put_ids(manifest_view *v, const firn_data_file *f)
{
    if (f->n_equality_ids > 0) {
        firn_outline_begin_list_line(v->out, "equality_ids");
        for (size_t i = 0; i < f->n_equality_ids; i++)
            firn_outline_i64(v->out, NULL, f->equality_ids[i]);
        firn_outline_end(v->out);
    }
    if (f->n_split_offsets > 0) {
        firn_outline_begin_list_line(v->out, "split_offsets");
        for (size_t i = 0; i < f->n_split_offsets; i++)
            firn_outline_i64(v->out, NULL, f->split_offsets[i]);
        firn_outline_end(v->out);
    }
}

static firn_status put_data_file(manifest_view *v, const firn_data_file *f, firn_error *err)
{
    firn_outline *out = v->out;
    firn_outline_begin(out, "data_file");
    firn_outline_cstr(out, "content", k_contents[f->content]);
    firn_outline_str(out, "file_path", f->path);
    firn_outline_cstr(out, "file_format", k_formats[f->format]);
    FIRN_TRY(put_partition(v, f, err));
    firn_outline_i64(out, "record_count", f->record_count);
    firn_outline_i64(out, "file_size_in_bytes", f->file_size_bytes);
    put_counts(v, "column_sizes", &f->column_sizes);
    put_counts(v, "value_counts", &f->value_counts);
    put_counts(v, "null_value_counts", &f->null_value_counts);
    put_counts(v, "nan_value_counts", &f->nan_value_counts);
    FIRN_TRY(put_bounds(v, "lower_bounds", &f->lower_bounds, err));
    FIRN_TRY(put_bounds(v, "upper_bounds", &f->upper_bounds, err));
    if (f->key_metadata.len > 0) firn_outline_hex(out, "key_metadata", f->key_metadata);
    put_ids(v, f);
    put_optional(out, "sort_order_id", f->sort_order_id);
    put_optional(out, "first_row_id", f->first_row_id);
    if (f->referenced_data_file.len > 0)
        firn_outline_str(out, "referenced_data_file", f->referenced_data_file);
    put_optional(out, "content_offset", f->content_offset);
    put_optional(out, "content_size_in_bytes", f->content_size_bytes);
    firn_outline_end(out);
    return FIRN_OK;
}

static firn_status put_entry(manifest_view *v, const firn_manifest_entry *e, firn_error *err)
{
    firn_arena_reset(v->scratch);
    firn_outline_begin(v->out, NULL);
    firn_outline_cstr(v->out, "status", k_statuses[e->status]);
    firn_outline_i64(v->out, "snapshot_id", e->snapshot_id);
    firn_outline_i64(v->out, "sequence_number", e->sequence_number);
    firn_outline_i64(v->out, "file_sequence_number", e->file_sequence_number);
    FIRN_TRY(put_data_file(v, &e->file, err));
    firn_outline_end(v->out);
    return FIRN_OK;
}

static firn_status put_entries(manifest_view *v, firn_str bytes, firn_inspect_depth depth,
                               firn_error *err)
{
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry entry;
    int64_t n = 0;
    firn_status st;
    FIRN_TRY(firn_manifest_reader_open(bytes, NULL, NULL, NULL, FIRN_MANIFEST_ALL, &reader, err));
    if (depth == FIRN_INSPECT_ALL) firn_outline_begin_list(v->out, "entries");
    while ((st = firn_manifest_reader_next(reader, &entry, err)) == FIRN_OK) {
        n++;
        if (depth == FIRN_INSPECT_ALL) st = put_entry(v, &entry, err);
        if (st != FIRN_OK) break;
    }
    firn_manifest_reader_close(reader);
    if (st != FIRN_DONE) return st;
    if (depth == FIRN_INSPECT_ALL) firn_outline_end(v->out);
    firn_outline_i64(v->out, "entry_count", n);
    return FIRN_OK;
}

/* Schema and partition spec of the header, for names and types; a reader that needs them says what
 * is wrong with them. */
static firn_status put_header(manifest_view *v, firn_str bytes, firn_error *err)
{
    static const firn_str texts[] = {FIRN_STR_INIT("format-version"), FIRN_STR_INIT("content"),
                                     FIRN_STR_INIT("schema-id"), FIRN_STR_INIT("partition-spec-id"),
                                     FIRN_STR_INIT("avro.codec")};
    firn_avro_reader *avro = NULL;
    firn_str value;
    json_t *json = NULL;
    FIRN_TRY(firn_avro_reader_open(bytes, &avro, err));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (firn_avro_reader_meta(avro, texts[i], &value))
            firn_outline_str(v->out, texts[i].data, value);
    if (firn_avro_reader_meta(avro, FIRN_STR("partition-spec"), &value) &&
        firn_json_parse(value, v->arena, &json, NULL) == FIRN_OK) {
        firn_outline_json(v->out, "partition-spec", json);
        const json_t *fields = json_is_object(json) ? json_object_get(json, "fields") : json;
        if (json_is_array(fields) &&
            firn_partition_fields_from_json(fields, v->arena, &v->spec, NULL) != FIRN_OK)
            v->spec.n_fields = 0;
    }
    if (firn_avro_reader_meta(avro, FIRN_STR("schema"), &value) &&
        firn_json_parse(value, v->arena, &json, NULL) == FIRN_OK) {
        firn_outline_json(v->out, "schema", json);
        if (firn_schema_from_json(json, v->arena, &v->schema, NULL) != FIRN_OK) v->schema = NULL;
    }
    firn_avro_reader_close(avro);
    return FIRN_OK;
}

firn_status firn_inspect_manifest(firn_str bytes, firn_inspect_depth depth, firn_arena *arena,
                                  firn_outline *out, firn_error *err)
{
    manifest_view v = {.out = out, .arena = arena, .scratch = firn_arena_create(NULL, 0)};
    if (!v.scratch) return firn_fail_nomem(err);
    firn_outline_begin(out, NULL);
    firn_outline_cstr(out, "format", "manifest");
    firn_status st = put_header(&v, bytes, err);
    if (st == FIRN_OK) st = put_entries(&v, bytes, depth, err);
    firn_outline_end(out);
    firn_arena_destroy(v.scratch);
    return st;
}
