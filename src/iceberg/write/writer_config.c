/* SPDX-License-Identifier: Apache-2.0 */
/* Table properties to writer options. Unknown codecs and modes are refused: writing something else
 * than was asked for would go unnoticed. */
#include "iceberg/write/writer_config.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/scan/read.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/spec/schema_json.h"

#define K_DEFAULT_TARGET_BYTES ((int64_t)512 << 20)
#define K_DEFAULT_MAX_COLUMNS  100

static firn_str get(const firn_table_metadata *metadata, const char *key)
{
    return firn_properties_get(&metadata->properties, firn_str_of(key), (firn_str){0});
}

static int64_t get_i64(const firn_table_metadata *metadata, const char *key, int64_t fallback)
{
    const int64_t value =
        firn_properties_get_i64(&metadata->properties, firn_str_of(key), fallback);
    return value > 0 ? value : fallback;
}

/* ---- format ---- */

/* A property that is not set leaves *out as it is. */
static firn_status read_format(const firn_table_metadata *metadata, const char *key,
                               firn_file_format *out, firn_error *err)
{
    const firn_str name = get(metadata, key);
    if (name.len == 0) return FIRN_OK;
    if (firn_str_equals_nocase(name, FIRN_STR("avro"))) {
        *out = FIRN_FILE_AVRO;
    } else if (firn_str_equals_nocase(name, FIRN_STR("parquet"))) {
        *out = FIRN_FILE_PARQUET;
    } else {
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %s \"%.*s\"", key,
                         FIRN_STR_ARG(name));
    }
    return FIRN_OK;
}

/* ---- codec ---- */

typedef struct codec_names {
    const char *property, *level_property;
    firn_codec fallback;
    struct {
        const char *name;
        firn_codec codec;
    } items[8];
} codec_names;

static const codec_names k_parquet_codecs = {
    "write.parquet.compression-codec",
    "write.parquet.compression-level",
    FIRN_CODEC_ZSTD,
    {{"zstd", FIRN_CODEC_ZSTD},
     {"snappy", FIRN_CODEC_SNAPPY},
     {"gzip", FIRN_CODEC_GZIP},
     {"lz4_raw", FIRN_CODEC_LZ4_RAW},
     {"lz4", FIRN_CODEC_LZ4_RAW},
     {"uncompressed", FIRN_CODEC_NONE},
     {"none", FIRN_CODEC_NONE},
     {"brotli", FIRN_CODEC_BROTLI}},
};

/* "gzip" is what Iceberg calls deflate. */
static const codec_names k_avro_codecs = {
    "write.avro.compression-codec",
    "write.avro.compression-level",
    FIRN_CODEC_DEFLATE,
    {{"gzip", FIRN_CODEC_DEFLATE},
     {"deflate", FIRN_CODEC_DEFLATE},
     {"zstd", FIRN_CODEC_ZSTD},
     {"snappy", FIRN_CODEC_AVRO_SNAPPY},
     {"uncompressed", FIRN_CODEC_NONE},
     {"none", FIRN_CODEC_NONE}},
};

static bool find_codec(const codec_names *names, firn_str name, firn_codec *out)
{
    for (size_t i = 0; i < sizeof names->items / sizeof *names->items; i++) {
        const char *item = names->items[i].name;
        if (!item || !firn_str_equals_nocase(name, firn_str_of(item))) continue;
        *out = names->items[i].codec;
        return true;
    }
    return false;
}

static firn_status read_codec(const firn_table_metadata *metadata, const codec_names *names,
                              firn_codec *codec, int *codec_level, firn_error *err)
{
    const firn_str name = get(metadata, names->property);
    const firn_str level = get(metadata, names->level_property);
    *codec = names->fallback;
    if (name.len > 0 && !find_codec(names, name, codec))
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %s \"%.*s\"", names->property,
                         FIRN_STR_ARG(name));
    if (level.len == 0 || firn_str_equals_nocase(level, FIRN_STR("null"))) return FIRN_OK;
    int64_t value = 0;
    if (!firn_str_to_i64(level, &value) || value < -100 || value > 100)
        return firn_fail(err, FIRN_ERR_ARG, "%s \"%.*s\", expected a small integer",
                         names->level_property, FIRN_STR_ARG(level));
    *codec_level = (int)value;
    return FIRN_OK;
}

static firn_status read_encodings(const firn_table_metadata *metadata, firn_parquet_write_opts *out,
                                  firn_error *err)
{
    const firn_str name = get(metadata, "firn.write.parquet.encodings");
    out->encodings = FIRN_PARQUET_ENCODINGS_V1;
    if (name.len == 0 || firn_str_equals_nocase(name, FIRN_STR("v1"))) return FIRN_OK;
    if (!firn_str_equals_nocase(name, FIRN_STR("all")))
        return firn_fail(err, FIRN_ERR_ARG,
                         "firn.write.parquet.encodings \"%.*s\", expected v1 or all",
                         FIRN_STR_ARG(name));
    out->encodings = FIRN_PARQUET_ENCODINGS_ALL;
    return FIRN_OK;
}

/* ---- columns ---- */

static firn_status parse_mode(firn_str text, firn_parquet_column_opts *out, firn_error *err)
{
    const firn_str prefix = FIRN_STR("truncate(");
    int64_t length = 0;
    if (firn_str_equals_nocase(text, FIRN_STR("none"))) {
        out->metrics = FIRN_METRICS_NONE;
    } else if (firn_str_equals_nocase(text, FIRN_STR("counts"))) {
        out->metrics = FIRN_METRICS_COUNTS;
    } else if (firn_str_equals_nocase(text, FIRN_STR("full"))) {
        out->metrics = FIRN_METRICS_FULL;
    } else if (text.len > prefix.len &&
               firn_str_equals_nocase(firn_str_slice(text, 0, prefix.len), prefix) &&
               firn_str_ends_with(text, FIRN_STR(")")) &&
               firn_str_to_i64(firn_str_slice(text, prefix.len, text.len - 1), &length) &&
               length > 0 && length <= INT32_MAX) {
        out->metrics = FIRN_METRICS_TRUNCATE;
        out->truncate_length = (int32_t)length;
    } else {
        return firn_fail(err, FIRN_ERR_ARG,
                         "metrics mode \"%.*s\", expected none, counts, truncate(n) or full",
                         FIRN_STR_ARG(text));
    }
    return FIRN_OK;
}

struct columns_op {
    const firn_table_metadata *metadata;
    firn_arena *arena;
    firn_str default_mode; /* empty: truncate(16) for the first max_columns, none beyond */
    int64_t max_columns;
    int64_t n_seen;
    firn_parquet_column_opts *columns;
    size_t n, cap;
};

/* The property <prefix><path>; empty: not set. */
static firn_status get_of_column(const struct columns_op *op, const char *prefix, firn_str path,
                                 firn_str *out, firn_error *err)
{
    const firn_str key = firn_arena_printf(op->arena, "%s%.*s", prefix, FIRN_STR_ARG(path));
    if (!key.data) return firn_fail_nomem(err);
    *out = firn_properties_get(&op->metadata->properties, key, (firn_str){0});
    return FIRN_OK;
}

static firn_status read_mode(struct columns_op *op, firn_str path, firn_parquet_column_opts *out,
                             firn_error *err)
{
    firn_str mode;
    FIRN_TRY(get_of_column(op, "write.metadata.metrics.column.", path, &mode, err));
    if (mode.len == 0) mode = op->default_mode;
    if (mode.len == 0 && op->n_seen > op->max_columns) mode = FIRN_STR("none");
    return mode.len ? parse_mode(mode, out, err) : FIRN_OK;
}

static firn_status read_flag(const struct columns_op *op, const char *prefix, firn_str path,
                             bool *out, firn_error *err)
{
    firn_str text;
    FIRN_TRY(get_of_column(op, prefix, path, &text, err));
    if (firn_str_equals_nocase(text, FIRN_STR("true"))) *out = true;
    if (firn_str_equals_nocase(text, FIRN_STR("false"))) *out = false;
    return FIRN_OK;
}

static firn_status read_bloom(struct columns_op *op, firn_str path, firn_parquet_column_opts *out,
                              firn_error *err)
{
    firn_str text;
    FIRN_TRY(
        read_flag(op, "write.parquet.bloom-filter-enabled.column.", path, &out->has_bloom, err));
    if (!out->has_bloom) return FIRN_OK;
    FIRN_TRY(get_of_column(op, "write.parquet.bloom-filter-fpp.column.", path, &text, err));
    if (text.len &&
        (!firn_str_to_f64(text, &out->bloom_fpp) || out->bloom_fpp <= 0 || out->bloom_fpp >= 1))
        return firn_fail(err, FIRN_ERR_ARG, "bloom filter fpp \"%.*s\", expected between 0 and 1",
                         FIRN_STR_ARG(text));
    FIRN_TRY(get_of_column(op, "write.parquet.bloom-filter-ndv.column.", path, &text, err));
    if (text.len && (!firn_str_to_i64(text, &out->bloom_ndv) || out->bloom_ndv <= 0))
        return firn_fail(err, FIRN_ERR_ARG, "bloom filter ndv \"%.*s\", expected above 0",
                         FIRN_STR_ARG(text));
    return FIRN_OK;
}

static firn_status read_column(struct columns_op *op, firn_str path, firn_parquet_column_opts *out,
                               firn_error *err)
{
    bool has_dictionary = true;
    op->n_seen++;
    FIRN_TRY(read_mode(op, path, out, err));
    FIRN_TRY(
        read_flag(op, "write.parquet.dict-encoding-enabled.column.", path, &has_dictionary, err));
    out->no_dictionary = !has_dictionary;
    return read_bloom(op, path, out, err);
}

static firn_status add_leaf(struct columns_op *op, const firn_field *field, firn_str path,
                            firn_error *err)
{
    firn_parquet_column_opts *slot =
        firn_arena_push(op->arena, &op->columns, &op->n, &op->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    slot->field_id = field->id;
    slot->no_copy = firn_field_is_lineage(field->id); /* nulls of these mean something else */
    return firn_error_wrap(err, read_column(op, path, slot, err), "column \"%.*s\"",
                           FIRN_STR_ARG(path));
}

static firn_status add_leaves(struct columns_op *op, const firn_type *type, firn_str parent,
                              firn_error *err)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        const firn_str path = parent.len == 0
                                  ? field->name
                                  : firn_arena_printf(op->arena, "%.*s.%.*s", FIRN_STR_ARG(parent),
                                                      FIRN_STR_ARG(field->name));
        if (!path.data) return firn_fail_nomem(err);
        if (firn_type_is_primitive(field->type))
            FIRN_TRY(add_leaf(op, field, path, err));
        else
            FIRN_TRY(add_leaves(op, field->type, path, err));
    }
    return FIRN_OK;
}

static firn_status read_columns(const firn_table_metadata *metadata, const firn_schema *schema,
                                firn_arena *arena, firn_parquet_write_opts *out, firn_error *err)
{
    struct columns_op op = {.metadata = metadata, .arena = arena};
    op.default_mode = get(metadata, "write.metadata.metrics.default");
    op.max_columns = get_i64(metadata, "write.metadata.metrics.max-inferred-column-defaults",
                             K_DEFAULT_MAX_COLUMNS);
    FIRN_TRY(add_leaves(&op, &schema->root, (firn_str){0}, err));
    out->columns = op.columns;
    out->n_columns = op.n;
    return FIRN_OK;
}

/* ---- all ---- */

static firn_status format_schema(const firn_schema *schema, firn_arena *arena, firn_str *out,
                                 firn_error *err)
{
    json_t *json = NULL;
    FIRN_TRY(firn_schema_to_json(schema, &json, err));
    const firn_status st = firn_json_keep(json, arena, out, err);
    json_decref(json);
    return st;
}

firn_status firn_data_folder(const firn_table_metadata *metadata, firn_arena *arena, firn_str *out,
                             firn_error *err)
{
    firn_str folder = get(metadata, "write.data.path");
    while (folder.len > 1 && folder.data[folder.len - 1] == '/') folder.len--;
    *out = folder.len > 0 ? firn_arena_copy(arena, folder)
                          : firn_arena_printf(arena, "%.*s/data", FIRN_STR_ARG(metadata->location));
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_writer_config__read(const firn_table_metadata *metadata, const firn_schema *schema,
                                     firn_arena *arena, firn_writer_config *out, firn_error *err)
{
    *out = (firn_writer_config){0};
    firn_parquet_write_opts *parquet = &out->files.parquet;
    FIRN_TRY(read_format(metadata, "write.format.default", &out->files.format, err));
    out->delete_format = out->files.format;
    FIRN_TRY(read_format(metadata, "write.delete.format.default", &out->delete_format, err));
    FIRN_TRY(read_codec(metadata, &k_parquet_codecs, &parquet->codec, &parquet->codec_level, err));
    FIRN_TRY(
        read_codec(metadata, &k_avro_codecs, &out->files.avro_codec, &out->files.avro_level, err));
    FIRN_TRY(read_encodings(metadata, parquet, err));
    FIRN_TRY(read_columns(metadata, schema, arena, parquet, err));
    FIRN_TRY(format_schema(schema, arena, &parquet->iceberg_schema_json, err));
    parquet->row_group_bytes = get_i64(metadata, "write.parquet.row-group-size-bytes", 0);
    parquet->page_bytes = get_i64(metadata, "write.parquet.page-size-bytes", 0);
    parquet->page_rows = get_i64(metadata, "write.parquet.page-row-limit", 0);
    parquet->dictionary_bytes = get_i64(metadata, "write.parquet.dict-size-bytes", 0);
    parquet->bloom_bytes = get_i64(metadata, "write.parquet.bloom-filter-max-bytes", 0);
    out->target_file_bytes =
        get_i64(metadata, "write.target-file-size-bytes", K_DEFAULT_TARGET_BYTES);
    return firn_data_folder(metadata, arena, &out->folder, err);
}
