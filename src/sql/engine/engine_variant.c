/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of variants: the bytes that tables store (see border_types.h), JSON as Spark reads it,
 * types as Spark names them, what is inside. Not here: paths and casts, which are the engine's own.
 */
#include <string.h>

#include "base/error.h"
#include "format/variant/variant_json.h"
#include "format/variant/variant_value.h"
#include "sql/engine/engine_call.h"

/* Of a chunk of exploded variants. */
#define MAX_ITEM_BYTES ((size_t)1 << 30)

static const firn_type k_binary = {.kind = FIRN_TYPE_BINARY};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};

/* A text or bytes of the result; copied. */
static firn_status put_bytes(firn_call *c, firn_column *out, int64_t row, firn_str head,
                             firn_str tail, firn_error *err)
{
    char *to = NULL;
    const size_t n = head.len + tail.len;
    if (n > UINT32_MAX)
        return firn_fail(err, FIRN_ERR_LIMIT, "value of %zu bytes, limit %u", n, UINT32_MAX);
    FIRN_TRY(firn_call_room(c, n, &to, err));
    if (head.len > 0) memcpy(to, head.data, head.len);
    if (tail.len > 0) memcpy(to + head.len, tail.data, tail.len);
    ((firn_view *)out->values)[row] = firn_view_of(to, (uint32_t)n);
    return FIRN_OK;
}

/* firn_variant_bytes(parts): the two parts, one behind the other. */
static firn_status bytes_rows(firn_call *c, firn_error *err)
{
    firn_column out;
    const firn_column *parts = &c->args[0];
    FIRN_TRY(firn_call_make(c, &k_binary, &out, err));
    if (parts->n_children != 2)
        return firn_fail(err, FIRN_ERR_ARG, "firn_variant_bytes() takes the parts of a variant");
    const firn_view *metadata = parts->children[0].values;
    const firn_view *values = parts->children[1].values;
    for (int64_t r = 0; r < c->n; r++) {
        if (firn_column_is_valid(parts, r) && firn_column_is_valid(&parts->children[1], r))
            FIRN_TRY(
                put_bytes(c, &out, r, firn_view_str(&metadata[r]), firn_view_str(&values[r]), err));
        else
            firn_column_set_null(&out, r);
    }
    return firn_call_finish(c, &out, err);
}

/* ---- JSON ---- */

static firn_status parse_rows(firn_call *c, bool is_strict, firn_error *err)
{
    const firn_view *views = c->args[0].values;
    firn_buf variant;
    firn_column out;
    firn_status st = FIRN_OK;
    FIRN_TRY(firn_call_make(c, &k_binary, &out, err));
    firn_buf_init(&variant, c->engine->opts.env->alloc, UINT32_MAX);
    for (int64_t r = 0; r < c->n && st == FIRN_OK; r++) {
        if (!firn_column_is_valid(&c->args[0], r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        firn_buf_clear(&variant);
        st = firn_variant_of_json(firn_view_str(&views[r]), &variant, err);
        if (st == FIRN_ERR_ARG && !is_strict) {
            firn_column_set_null(&out, r);
            st = FIRN_OK;
        } else if (st == FIRN_OK) {
            st = put_bytes(c, &out, r, firn_buf_view(&variant), (firn_str){0}, err);
        }
    }
    firn_buf_dispose(&variant);
    return st == FIRN_OK ? firn_call_finish(c, &out, err) : st;
}

static firn_status parse_strict(firn_call *c, firn_error *err)
{
    return parse_rows(c, true, err);
}

static firn_status parse_or_null(firn_call *c, firn_error *err)
{
    return parse_rows(c, false, err);
}

/* ---- types ---- */

static firn_status schema_rows(firn_call *c, firn_error *err)
{
    const firn_view *views = c->args[0].values;
    firn_buf text;
    firn_column out;
    firn_status st = FIRN_OK;
    FIRN_TRY(firn_call_make(c, &k_string, &out, err));
    firn_buf_init(&text, c->engine->opts.env->alloc, UINT32_MAX);
    for (int64_t r = 0; r < c->n && st == FIRN_OK; r++) {
        if (!firn_column_is_valid(&c->args[0], r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        firn_buf_clear(&text);
        st = firn_variant_put_schema(firn_view_str(&views[r]), &text, err);
        if (st == FIRN_OK) st = put_bytes(c, &out, r, firn_buf_view(&text), (firn_str){0}, err);
    }
    firn_buf_dispose(&text);
    return st == FIRN_OK ? firn_call_finish(c, &out, err) : st;
}

/* ---- what is in a variant ---- */

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_field k_item_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("pos"), .type = &k_int},
    {.id = 2, .name = FIRN_STR_INIT("key"), .type = &k_string},
    {.id = 3, .name = FIRN_STR_INIT("value"), .type = &k_binary}};
static const firn_type k_item = {.kind = FIRN_TYPE_STRUCT, .fields = k_item_fields, .n_fields = 3};
static const firn_field k_element = {.id = 4, .name = FIRN_STR_INIT("element"), .type = &k_item};
static const firn_type k_items = {.kind = FIRN_TYPE_LIST, .fields = &k_element, .n_fields = 1};

typedef struct variant_parts {
    firn_variant_metadata metadata;
    bool is_object;
    firn_variant_object object;
    firn_variant_array array;
    uint32_t n;
} variant_parts;

static firn_status read_parts(firn_str bytes, variant_parts *out, firn_error *err)
{
    firn_str metadata, value;
    firn_variant_basic basic;
    *out = (variant_parts){0};
    FIRN_TRY(firn_variant_split(bytes, &metadata, &value, err));
    FIRN_TRY(firn_variant_metadata_parse(metadata, &out->metadata, err));
    FIRN_TRY(firn_variant_value_check(&value, &basic, err));
    out->is_object = basic == FIRN_VARIANT_BASIC_OBJECT;
    if (out->is_object) {
        FIRN_TRY(firn_variant_object_parse(value, &out->object, err));
        out->n = out->object.n_fields;
    } else if (basic == FIRN_VARIANT_BASIC_ARRAY) {
        FIRN_TRY(firn_variant_array_parse(value, &out->array, err));
        out->n = out->array.n;
    }
    return FIRN_OK;
}

typedef struct item_columns {
    firn_column fields[3];
    int64_t n;
    size_t n_bytes;         /* of values, which have the names of all of them */
    firn_call keys, values; /* the call as if its result were these, whose texts must be theirs */
} item_columns;

static firn_status add_item(const variant_parts *parts, uint32_t i, item_columns *out,
                            firn_error *err)
{
    firn_str value = {0};
    firn_str name = {0};
    uint32_t id = 0;
    const int64_t at = out->n++;
    ((int32_t *)out->fields[0].values)[at] = (int32_t)i;
    if (parts->is_object) {
        FIRN_TRY(firn_variant_object_field(&parts->object, i, &id, &value, err));
        FIRN_TRY(firn_variant_name(&parts->metadata, id, &name, err));
        FIRN_TRY(put_bytes(&out->keys, &out->fields[1], at, name, (firn_str){0}, err));
    } else {
        FIRN_TRY(firn_variant_array_item(&parts->array, i, &value, err));
        firn_column_set_null(&out->fields[1], at);
    }
    const firn_variant_basic basic = (firn_variant_basic)((uint8_t)value.data[0] & 3);
    const bool has_names = basic == FIRN_VARIANT_BASIC_OBJECT || basic == FIRN_VARIANT_BASIC_ARRAY;
    const firn_str metadata = has_names ? parts->metadata.bytes : FIRN_STR("\x01\0\0");
    out->n_bytes += metadata.len + value.len;
    if (out->n_bytes > MAX_ITEM_BYTES)
        return firn_fail(err, FIRN_ERR_LIMIT, "the values of a variant take more than %zu bytes",
                         MAX_ITEM_BYTES);
    return put_bytes(&out->values, &out->fields[2], at, metadata, value, err);
}

static firn_status make_items(firn_call *c, int64_t n, item_columns *out, firn_error *err)
{
    const size_t words = (size_t)(n + 63) / 64;
    const firn_duckdb *api = c->engine->api;
    firn_error_handle info = NULL;
    duckdb_v2_vector_handle element = NULL;
    *out = (item_columns){.keys = *c, .values = *c};
    DUCKDB_V2_ERROR code = api->vector_get_child(c->result, 0, &element, &info);
    if (!code) code = api->vector_get_child(element, 1, &out->keys.result, &info);
    if (!code) code = api->vector_get_child(element, 2, &out->values.result, &info);
    if (code) return firn_engine_fail(c->engine, code, &info, err);
    for (size_t i = 0; i < 3; i++) {
        firn_column *column = &out->fields[i];
        const firn_type *type = k_item_fields[i].type;
        *column = (firn_column){.type = type, .n_values = n, .capacity = n};
        column->values = firn_arena_array(c->arena, (size_t)n, firn_column_width(type));
        column->validity = firn_arena_array(c->arena, words, sizeof *column->validity);
        if (!column->values || !column->validity) return firn_fail_nomem(err);
        memset(column->validity, 0xff, words * sizeof *column->validity);
    }
    return FIRN_OK;
}

/* firn_variant_items(bytes): the fields of an object or the elements of an array. */
static firn_status items_rows(firn_call *c, firn_error *err)
{
    const firn_view *views = c->args[0].values;
    variant_parts *parts = firn_arena_array(c->arena, (size_t)c->n, sizeof *parts);
    int64_t total = 0;
    firn_column out;
    item_columns items;
    if (!parts) return firn_fail_nomem(err);
    FIRN_TRY(firn_call_make(c, &k_items, &out, err));
    firn_list_entry *entries = out.values;
    for (int64_t r = 0; r < c->n; r++) {
        parts[r] = (variant_parts){0};
        if (firn_column_is_valid(&c->args[0], r))
            FIRN_TRY(read_parts(firn_view_str(&views[r]), &parts[r], err));
        else
            firn_column_set_null(&out, r);
        entries[r] = (firn_list_entry){(uint64_t)total, parts[r].n};
        total += parts[r].n;
    }
    FIRN_TRY(make_items(c, total, &items, err));
    for (int64_t r = 0; r < c->n; r++)
        for (uint32_t i = 0; i < parts[r].n; i++) FIRN_TRY(add_item(&parts[r], i, &items, err));
    firn_column element = {.type = &k_item,
                           .children = items.fields,
                           .n_children = 3,
                           .n_values = total,
                           .capacity = total};
    out.children = &element;
    out.n_children = 1;
    return firn_call_finish(c, &out, err);
}

const firn_function_def *firn_engine_variant_functions(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_variant_bytes", {"ANY"}, "BLOB", bytes_rows, 1, NULL},
        {"firn_parse_variant", {"VARCHAR"}, "BLOB", parse_strict, 1, NULL},
        {"firn_try_parse_variant", {"VARCHAR"}, "BLOB", parse_or_null, 1, NULL},
        {"firn_variant_schema", {"BLOB"}, "VARCHAR", schema_rows, 1, NULL},
        {"firn_variant_items",
         {"BLOB"},
         "STRUCT(pos INTEGER, \"key\" VARCHAR, \"value\" BLOB)[]",
         items_rows,
         1,
         NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
