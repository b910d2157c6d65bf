/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schemas of manifests and manifest lists, as text: record names, field names and field ids
 * are those of the specification and of Iceberg's Java library, because some readers look at names
 * too. Which members a version has is decided here and, in the same order, in the two writers. */
#include "iceberg/spec/manifest_schema.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/avro/avro.h"
#include "format/avro/avro_primitive.h"
#include "iceberg/spec/manifest_partition.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/spec/metadata_parts_json.h"
#include "iceberg/spec/schema_json.h"

#define SCHEMA_TEXT_MAX ((size_t)16 << 20)

/* ---- members ---- */

/* ,{"name":...,"type":...,"field-id":...}; the comma is left out for the first member. */
static void put_field(firn_buf *b, const char *name, int32_t id, const char *type)
{
    if (b->len > 0 && b->data[b->len - 1] != '[') firn_buf_byte(b, ',');
    firn_buf_printf(b, "{\"name\":\"%s\",\"type\":\"%s\",\"field-id\":%" PRId32 "}", name, type,
                    id);
}

static void put_optional(firn_buf *b, const char *name, int32_t id, const char *type)
{
    firn_buf_printf(b,
                    ",{\"name\":\"%s\",\"type\":[\"null\",\"%s\"],\"default\":null,"
                    "\"field-id\":%" PRId32 "}",
                    name, type, id);
}

static void put_map(firn_buf *b, const char *name, int32_t id, int32_t key_id, const char *type)
{
    firn_buf_printf(b,
                    ",{\"name\":\"%s\",\"type\":[\"null\",{\"type\":\"array\",\"items\":{\"type\":"
                    "\"record\",\"name\":\"k%" PRId32 "_v%" PRId32 "\",\"fields\":["
                    "{\"name\":\"key\",\"type\":\"int\",\"field-id\":%" PRId32 "},"
                    "{\"name\":\"value\",\"type\":\"%s\",\"field-id\":%" PRId32 "}]},"
                    "\"logicalType\":\"map\"}],\"default\":null,\"field-id\":%" PRId32 "}",
                    name, key_id, key_id + 1, key_id, type, key_id + 1, id);
}

static void put_list(firn_buf *b, const char *name, int32_t id, const char *type,
                     int32_t element_id)
{
    firn_buf_printf(b,
                    ",{\"name\":\"%s\",\"type\":[\"null\",{\"type\":\"array\",\"items\":\"%s\","
                    "\"element-id\":%" PRId32 "}],\"default\":null,\"field-id\":%" PRId32 "}",
                    name, type, element_id, id);
}

/* ---- partition tuples ---- */

static bool same_named_type(const firn_type *a, const firn_type *b)
{
    return a->kind == b->kind && a->precision == b->precision && a->scale == b->scale &&
           a->length == b->length;
}

/* Avro lets a name be defined once. A second field of the same type gets a name of its own rather
 * than a reference to the first, because not all readers resolve references. */
static void name_fixed(const firn_type *const *types, size_t at, char *out, size_t size)
{
    const firn_type *type = types[at];
    int n = 0;
    size_t nth = 0;
    if (type->kind == FIRN_TYPE_UUID)
        n = snprintf(out, size, "uuid_fixed");
    else if (type->kind == FIRN_TYPE_FIXED)
        n = snprintf(out, size, "fixed_%" PRId32, type->length);
    else
        n = snprintf(out, size, "decimal_%" PRId32 "_%" PRId32, type->precision, type->scale);
    for (size_t i = 0; i < at; i++)
        if (types[i] && same_named_type(types[i], type)) nth++;
    if (nth > 0) snprintf(out + n, size - (size_t)n, "_n%zu", nth);
}

/* What is always null, as void of a column that is gone, is an int; no value is ever a variant. */
static void put_partition_type(firn_buf *b, const firn_type *const *types, size_t at)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    static const firn_type k_bytes = {.kind = FIRN_TYPE_BINARY};
    char name[64] = "";
    const firn_type *type = types[at] ? types[at] : &k_int;
    if (firn_avro_type_has_name(type->kind)) name_fixed(types, at, name, sizeof name);
    if (type->kind == FIRN_TYPE_UNKNOWN || type->kind > FIRN_TYPE_GEOGRAPHY) type = &k_int;
    if (type->kind == FIRN_TYPE_VARIANT) type = &k_bytes;
    firn_avro_put_type(type, name, b);
}

static void put_partition(firn_buf *b, const firn_partition_spec *spec,
                          const firn_type *const *types)
{
    firn_buf_cstr(b, ",{\"name\":\"partition\",\"type\":{\"type\":\"record\",\"name\":\"r102\","
                     "\"fields\":[");
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_partition_field *f = &spec->fields[i];
        firn_buf_cstr(b, i > 0 ? ",{\"name\":\"" : "{\"name\":\"");
        const bool is_changed = firn_avro_put_name(b, f->name);
        firn_buf_cstr(b, "\",\"type\":[\"null\",");
        put_partition_type(b, types, i);
        firn_buf_printf(b, "],\"default\":null,\"field-id\":%" PRId32, f->field_id);
        if (is_changed) {
            firn_buf_cstr(b, ",\"iceberg-field-name\":");
            firn_json_quote(b, f->name);
        }
        firn_buf_byte(b, '}');
    }
    firn_buf_cstr(b, "]},\"field-id\":102}");
}

/* ---- manifest ---- */

static void put_data_file(firn_buf *b, const firn_manifest_write_opts *opts,
                          const firn_type *const *types)
{
    const int32_t version = opts->format_version;
    firn_buf_cstr(b, "{\"type\":\"record\",\"name\":\"r2\",\"fields\":[");
    if (version >= 2) put_field(b, "content", 134, "int");
    put_field(b, "file_path", 100, "string");
    put_field(b, "file_format", 101, "string");
    put_partition(b, opts->spec, types);
    put_field(b, "record_count", 103, "long");
    put_field(b, "file_size_in_bytes", 104, "long");
    if (version == 1) put_field(b, "block_size_in_bytes", 105, "long");
    put_map(b, "column_sizes", 108, 117, "long");
    put_map(b, "value_counts", 109, 119, "long");
    put_map(b, "null_value_counts", 110, 121, "long");
    put_map(b, "nan_value_counts", 137, 138, "long");
    put_map(b, "lower_bounds", 125, 126, "bytes");
    put_map(b, "upper_bounds", 128, 129, "bytes");
    put_optional(b, "key_metadata", 131, "bytes");
    put_list(b, "split_offsets", 132, "long", 133);
    if (version >= 2) put_list(b, "equality_ids", 135, "int", 136);
    put_optional(b, "sort_order_id", 140, "int");
    if (version >= 3) put_optional(b, "first_row_id", 142, "long");
    if (version >= 2) put_optional(b, "referenced_data_file", 143, "string");
    if (version >= 3) {
        put_optional(b, "content_offset", 144, "long");
        put_optional(b, "content_size_in_bytes", 145, "long");
    }
    firn_buf_cstr(b, "]}");
}

static void put_manifest_schema(firn_buf *b, const firn_manifest_write_opts *opts,
                                const firn_type *const *types)
{
    firn_buf_cstr(b, "{\"type\":\"record\",\"name\":\"manifest_entry\",\"fields\":[");
    put_field(b, "status", 0, "int");
    put_optional(b, "snapshot_id", 1, "long");
    if (opts->format_version >= 2) {
        put_optional(b, "sequence_number", 3, "long");
        put_optional(b, "file_sequence_number", 4, "long");
    }
    firn_buf_cstr(b, ",{\"name\":\"data_file\",\"type\":");
    put_data_file(b, opts, types);
    firn_buf_cstr(b, ",\"field-id\":2}]}");
}

/* ---- manifest list ---- */

static void put_list_schema(firn_buf *b, int32_t version)
{
    static const struct {
        const char *name;
        int32_t id;
        const char *type;
    } k_counts[] = {
        {"added_files_count", 504, "int"},    {"existing_files_count", 505, "int"},
        {"deleted_files_count", 506, "int"},  {"added_rows_count", 512, "long"},
        {"existing_rows_count", 513, "long"}, {"deleted_rows_count", 514, "long"},
    };
    firn_buf_cstr(b, "{\"type\":\"record\",\"name\":\"manifest_file\",\"fields\":[");
    put_field(b, "manifest_path", 500, "string");
    put_field(b, "manifest_length", 501, "long");
    put_field(b, "partition_spec_id", 502, "int");
    if (version >= 2) {
        put_field(b, "content", 517, "int");
        put_field(b, "sequence_number", 515, "long");
        put_field(b, "min_sequence_number", 516, "long");
    }
    put_field(b, "added_snapshot_id", 503, "long");
    for (size_t i = 0; i < sizeof k_counts / sizeof k_counts[0]; i++) {
        if (version == 1) {
            put_optional(b, k_counts[i].name, k_counts[i].id, k_counts[i].type);
        } else {
            put_field(b, k_counts[i].name, k_counts[i].id, k_counts[i].type);
        }
    }
    firn_buf_cstr(b, ",{\"name\":\"partitions\",\"type\":[\"null\",{\"type\":\"array\",\"items\":"
                     "{\"type\":\"record\",\"name\":\"r508\",\"fields\":[");
    put_field(b, "contains_null", 509, "boolean");
    put_optional(b, "contains_nan", 518, "boolean");
    put_optional(b, "lower_bound", 510, "bytes");
    put_optional(b, "upper_bound", 511, "bytes");
    firn_buf_cstr(b, "]},\"element-id\":508}],\"default\":null,\"field-id\":507}");
    put_optional(b, "key_metadata", 519, "bytes");
    if (version >= 3) put_optional(b, "first_row_id", 520, "long");
    firn_buf_cstr(b, "]}");
}

/* ---- writers ---- */

static firn_status check_version(int32_t version, firn_error *err)
{
    if (version >= 1 && version <= 3) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: manifests of format version %" PRId32, version);
}

static firn_status number_text(firn_arena *arena, int64_t number, firn_str *out, firn_error *err)
{
    *out = firn_arena_printf(arena, "%" PRId64, number);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status open_avro(const firn_manifest_write_opts *opts, firn_buf *schema,
                             const firn_avro_meta *meta, size_t n_meta, const firn_byte_sink *sink,
                             firn_avro_writer **out, firn_error *err)
{
    FIRN_TRY(firn_buf_check(schema, err));
    return firn_avro_writer_create(firn_buf_view(schema), meta, n_meta,
                                   opts->is_zstd ? FIRN_CODEC_ZSTD : FIRN_CODEC_DEFLATE, 0,
                                   opts->sync, sink, out, err);
}

static firn_status list_avro(const firn_manifest_write_opts *opts, firn_arena *arena,
                             firn_buf *schema, const firn_byte_sink *sink, firn_avro_writer **out,
                             firn_error *err)
{
    firn_avro_meta meta[4] = {{FIRN_STR("format-version"), {0}},
                              {FIRN_STR("snapshot-id"), {0}},
                              {FIRN_STR("parent-snapshot-id"), FIRN_STR("null")},
                              {FIRN_STR("sequence-number"), {0}}};
    FIRN_TRY(number_text(arena, opts->format_version, &meta[0].value, err));
    FIRN_TRY(number_text(arena, opts->snapshot_id, &meta[1].value, err));
    if (opts->parent_snapshot_id != -1) {
        FIRN_TRY(number_text(arena, opts->parent_snapshot_id, &meta[2].value, err));
    }
    FIRN_TRY(number_text(arena, opts->sequence_number, &meta[3].value, err));
    put_list_schema(schema, opts->format_version);
    return open_avro(opts, schema, meta, opts->format_version >= 2 ? 4 : 3, sink, out, err);
}

firn_status firn_manifest_list_avro(const firn_manifest_write_opts *opts,
                                    const firn_byte_sink *sink, firn_avro_writer **out,
                                    firn_error *err)
{
    firn_buf schema;
    *out = NULL;
    FIRN_TRY(check_version(opts->format_version, err));
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_buf_init(&schema, NULL, SCHEMA_TEXT_MAX);
    const firn_status st = list_avro(opts, arena, &schema, sink, out, err);
    firn_buf_dispose(&schema);
    firn_arena_destroy(arena);
    return st;
}

/* Takes over json. */
static firn_status json_text(json_t *json, firn_arena *arena, firn_str *out, firn_error *err)
{
    const firn_status st = firn_json_keep(json, arena, out, err);
    json_decref(json);
    return st;
}

static firn_status manifest_avro(const firn_manifest_write_opts *opts, firn_content content,
                                 firn_arena *arena, firn_buf *schema, const firn_byte_sink *sink,
                                 firn_avro_writer **out, firn_error *err)
{
    json_t *json = NULL;
    firn_avro_meta meta[6] = {{FIRN_STR("schema"), {0}},
                              {FIRN_STR("schema-id"), {0}},
                              {FIRN_STR("partition-spec"), {0}},
                              {FIRN_STR("partition-spec-id"), {0}},
                              {FIRN_STR("format-version"), {0}},
                              {FIRN_STR("content"), content == FIRN_CONTENT_DATA
                                                        ? FIRN_STR("data")
                                                        : FIRN_STR("deletes")}};
    FIRN_TRY(firn_schema_to_json(opts->schema, &json, err));
    FIRN_TRY(json_text(json, arena, &meta[0].value, err));
    FIRN_TRY(number_text(arena, opts->schema->schema_id, &meta[1].value, err));
    FIRN_TRY(firn_partition_fields_to_json(opts->spec, &json, err));
    FIRN_TRY(json_text(json, arena, &meta[2].value, err));
    FIRN_TRY(number_text(arena, opts->spec->spec_id, &meta[3].value, err));
    FIRN_TRY(number_text(arena, opts->format_version, &meta[4].value, err));
    return open_avro(opts, schema, meta, opts->format_version >= 2 ? 6 : 5, sink, out, err);
}

firn_status firn_manifest_avro(const firn_manifest_write_opts *opts, firn_content content,
                               const firn_type *const *types, const firn_byte_sink *sink,
                               firn_avro_writer **out, firn_error *err)
{
    firn_buf schema;
    *out = NULL;
    FIRN_TRY(check_version(opts->format_version, err));
    if (opts->format_version == 1 && content != FIRN_CONTENT_DATA) {
        return firn_fail(err, FIRN_ERR_ARG, "a v1 table cannot have delete files");
    }
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_buf_init(&schema, NULL, SCHEMA_TEXT_MAX);
    put_manifest_schema(&schema, opts, types);
    const firn_status st = manifest_avro(opts, content, arena, &schema, sink, out, err);
    firn_buf_dispose(&schema);
    firn_arena_destroy(arena);
    return st;
}
