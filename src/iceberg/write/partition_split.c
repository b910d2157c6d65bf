/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to partitions: source values through the spec's transforms, tuples to an index. Rows often
 * come in runs of one partition, so a row's tuple is first compared with that of the row before. */
#include "iceberg/write/partition_split.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/columns/metrics.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/transform.h"

#define K_SCRATCH_BYTES ((size_t)1 << 16)

/* Where a source column is: indexes from the root's fields down through structs. */
struct source {
    size_t path[FIRN_LIMIT_NESTING];
    size_t depth;
    const firn_type *type;
    const firn_type *result;
};

struct firn_partition_splitter {
    firn_arena *arena;   /* partitions */
    firn_arena *scratch; /* values of the rows being looked at */
    const firn_partition_spec *spec;
    struct source *sources;
    firn_value *values; /* of the current row */
    firn_map seen;
    firn_partition *last;
    firn_buf key;
};

/* ---- create ---- */

static bool find_path(const firn_type *type, int32_t id, struct source *out)
{
    if (type->kind != FIRN_TYPE_STRUCT || out->depth == FIRN_LIMIT_NESTING) return false;
    for (size_t i = 0; i < type->n_fields; i++) {
        out->path[out->depth++] = i;
        if (type->fields[i].id == id) {
            out->type = type->fields[i].type;
            return firn_type_is_primitive(out->type);
        }
        if (find_path(type->fields[i].type, id, out)) return true;
        out->depth--;
    }
    return false;
}

static firn_status find_sources(firn_partition_splitter *s, const firn_schema *schema,
                                firn_error *err)
{
    for (size_t i = 0; i < s->spec->n_fields; i++) {
        const firn_partition_field *field = &s->spec->fields[i];
        struct source *source = &s->sources[i];
        if (field->transform.kind == FIRN_TRANSFORM_UNKNOWN)
            return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                             "not supported: writing with transform \"%.*s\"",
                             FIRN_STR_ARG(field->transform.text));
        if (!find_path(&schema->root, field->source_id, source)) {
            if (field->transform.kind == FIRN_TRANSFORM_VOID) continue;
            return firn_fail(err, FIRN_ERR_ARG,
                             "partition field \"%.*s\" has no source column in the schema",
                             FIRN_STR_ARG(field->name));
        }
        FIRN_TRY(firn_transform_check(&field->transform, source->type, err));
        source->result = firn_transform_result(&field->transform, source->type);
    }
    return FIRN_OK;
}

firn_status firn_partition_splitter_create(const firn_schema *schema,
                                           const firn_partition_spec *spec, firn_arena *arena,
                                           firn_partition_splitter **out, firn_error *err)
{
    *out = NULL;
    firn_partition_splitter *s = firn_arena_alloc_zero(arena, sizeof *s);
    if (!s) return firn_fail_nomem(err);
    s->arena = arena;
    s->spec = spec;
    s->sources = firn_arena_array(arena, spec->n_fields, sizeof *s->sources);
    s->values = firn_arena_array(arena, spec->n_fields, sizeof *s->values);
    if (!s->sources || !s->values) return firn_fail_nomem(err);
    FIRN_TRY(find_sources(s, schema, err));
    s->scratch = firn_arena_create(NULL, 0);
    if (!s->scratch) return firn_fail_nomem(err);
    firn_map_init(&s->seen, arena);
    firn_buf_init(&s->key, NULL, (size_t)1 << 26);
    *out = s;
    return FIRN_OK;
}

void firn_partition_splitter_destroy(firn_partition_splitter *splitter)
{
    if (!splitter) return;
    firn_arena_destroy(splitter->scratch);
    firn_buf_dispose(&splitter->key);
}

/* ---- paths ---- */

/* File systems have names of 255 bytes, and stores keys of 1024. */
#define FOLDER_BYTES     600
#define NAME_BYTES       240
#define NAME_BYTES_LEAST 3

static const char k_hex[] = "0123456789ABCDEF";

/* Form encoding, as Iceberg's libraries use in partition paths. */
static void append_encoded(firn_buf *out, firn_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                              c == '*';
        if (is_plain) {
            firn_buf_byte(out, c);
        } else if (c == ' ') {
            firn_buf_byte(out, '+');
        } else {
            firn_buf_byte(out, '%');
            firn_buf_byte(out, (uint8_t)k_hex[c >> 4]);
            firn_buf_byte(out, (uint8_t)k_hex[c & 15]);
        }
    }
}

/* A folder's name tells people what is in it and means nothing else, so a long one may end early,
 * though not within an encoded byte. */
static void cut_name(firn_buf *out, size_t from, size_t most)
{
    const char *name = out->data + from;
    size_t len = most;
    if (out->len - from <= most) return;
    while (name[len - 1] == '%' || name[len - 2] == '%') len--;
    out->len = from + len;
}

static firn_status append_name(const firn_partition_field *field, const firn_value *value,
                               size_t most, firn_arena *arena, firn_buf *out, firn_error *err)
{
    const size_t from = out->len;
    firn_str text;
    FIRN_TRY(firn_transform_value_text(&field->transform, value, arena, &text, err));
    append_encoded(out, firn_str_slice(field->name, 0, most));
    firn_buf_byte(out, '=');
    append_encoded(out, firn_str_slice(text, 0, most));
    FIRN_TRY(firn_buf_check(out, err));
    cut_name(out, from, most);
    return FIRN_OK;
}

/* Names of at most so many bytes, which are 3 or more. */
static firn_status make_path(const firn_partition_spec *spec, const firn_value *values, size_t most,
                             firn_arena *arena, firn_str *out, firn_error *err)
{
    firn_buf buf;
    firn_status st = FIRN_OK;
    firn_buf_init(&buf, NULL, 0);
    for (size_t i = 0; i < spec->n_fields && st == FIRN_OK; i++) {
        if (i > 0) firn_buf_byte(&buf, '/');
        st = append_name(&spec->fields[i], &values[i], most, arena, &buf, err);
    }
    if (st == FIRN_OK) {
        *out = firn_arena_copy(arena, firn_buf_view(&buf));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(&buf);
    return st;
}

firn_status firn_partition_path(const firn_partition_spec *spec, const firn_value *values,
                                firn_arena *arena, firn_str *out, firn_error *err)
{
    return make_path(spec, values, SIZE_MAX, arena, out, err);
}

static firn_status folder_of(const firn_partition_spec *spec, const firn_value *values,
                             firn_arena *arena, firn_str *out, firn_error *err)
{
    size_t most = spec->n_fields > 0 ? FOLDER_BYTES / spec->n_fields : NAME_BYTES;
    if (most > NAME_BYTES) most = NAME_BYTES;
    if (most < NAME_BYTES_LEAST) most = NAME_BYTES_LEAST;
    return make_path(spec, values, most, arena, out, err);
}

/* ---- partitions ---- */

static bool has_bytes(const firn_value *value)
{
    return value->kind == FIRN_TYPE_STRING || value->kind == FIRN_TYPE_BINARY ||
           value->kind == FIRN_TYPE_FIXED || value->kind == FIRN_TYPE_UUID;
}

static firn_status add_partition(firn_partition_splitter *s, firn_str key, firn_partition **out,
                                 firn_error *err)
{
    firn_partition *partition = firn_arena_alloc_zero(s->arena, sizeof *partition);
    const firn_str key_copy = firn_arena_copy(s->arena, key);
    if (!partition || !key_copy.data) return firn_fail_nomem(err);
    partition->index = s->seen.n_entries;
    partition->values = firn_arena_array(s->arena, s->spec->n_fields, sizeof *partition->values);
    if (!partition->values) return firn_fail_nomem(err);
    for (size_t i = 0; i < s->spec->n_fields; i++) {
        firn_value *value = &partition->values[i];
        *value = s->values[i];
        if (value->is_null || !has_bytes(value)) continue;
        value->as.bytes = firn_arena_copy(s->arena, s->values[i].as.bytes);
        if (!value->as.bytes.data) return firn_fail_nomem(err);
    }
    FIRN_TRY(folder_of(s->spec, partition->values, s->arena, &partition->path, err));
    FIRN_TRY(firn_map_put(&s->seen, key_copy, partition, err));
    *out = partition;
    return FIRN_OK;
}

/* Each value as length and single-value bytes; null as an impossible length. */
static firn_status make_key(firn_partition_splitter *s, firn_error *err)
{
    firn_buf_clear(&s->key);
    for (size_t i = 0; i < s->spec->n_fields; i++) {
        if (s->values[i].is_null) {
            firn_buf_u32le(&s->key, UINT32_MAX);
            continue;
        }
        const size_t at = s->key.len;
        firn_buf_u32le(&s->key, 0);
        FIRN_TRY(firn_value_encode(&s->values[i], &s->key, err));
        const uint32_t len = (uint32_t)(s->key.len - at - 4);
        for (size_t b = 0; b < 4 && s->key.status == FIRN_OK; b++)
            s->key.data[at + b] = (char)(len >> (8 * b) & 0xff);
    }
    return firn_buf_check(&s->key, err);
}

static firn_status find_partition(firn_partition_splitter *s, firn_partition **out, firn_error *err)
{
    FIRN_TRY(make_key(s, err));
    const firn_str key = firn_buf_view(&s->key);
    *out = firn_map_find(&s->seen, key);
    return *out ? FIRN_OK : add_partition(s, key, out, err);
}

firn_status firn_partition_splitter_find(firn_partition_splitter *splitter,
                                         const firn_value *values, firn_partition **out,
                                         firn_error *err)
{
    for (size_t i = 0; i < splitter->spec->n_fields; i++) splitter->values[i] = values[i];
    firn_arena_reset(splitter->scratch);
    return find_partition(splitter, out, err);
}

firn_status firn_partition_splitter_only(firn_partition_splitter *splitter, firn_partition **out,
                                         firn_error *err)
{
    return find_partition(splitter, out, err);
}

/* ---- rows ---- */

static firn_value source_value(const struct source *source, const firn_batch *batch, int64_t row)
{
    firn_value null_value = {.kind = source->type->kind, .is_null = true};
    const firn_column *column = &batch->columns[source->path[0]];
    for (size_t i = 1; i < source->depth; i++) {
        if (!firn_column_is_valid(column, row)) return null_value;
        column = &column->children[source->path[i]];
    }
    return firn_column_is_valid(column, row) ? firn_column_get(column, row) : null_value;
}

static firn_status row_values(firn_partition_splitter *s, const firn_batch *batch, int64_t row,
                              firn_error *err)
{
    for (size_t i = 0; i < s->spec->n_fields; i++) {
        const struct source *source = &s->sources[i];
        const firn_transform *transform = &s->spec->fields[i].transform;
        s->values[i] = (firn_value){.is_null = true};
        if (source->result) s->values[i].kind = source->result->kind;
        if (transform->kind == FIRN_TRANSFORM_VOID) continue;
        const firn_value value = source_value(source, batch, row);
        if (value.is_null) continue;
        FIRN_TRY(
            firn_transform_apply(transform, source->type, &value, s->scratch, &s->values[i], err));
    }
    return FIRN_OK;
}

firn_status firn_partition_splitter_assign(firn_partition_splitter *splitter,
                                           const firn_batch *batch, firn_partition **out,
                                           firn_error *err)
{
    firn_arena_reset(splitter->scratch);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        if (firn_arena_used(splitter->scratch) > K_SCRATCH_BYTES)
            firn_arena_reset(splitter->scratch);
        FIRN_TRY(row_values(splitter, batch, row, err));
        if (!splitter->last || !firn_partition_equals(splitter->last->values, splitter->values,
                                                      splitter->spec->n_fields))
            FIRN_TRY(find_partition(splitter, &splitter->last, err));
        out[row] = splitter->last;
    }
    return FIRN_OK;
}
