/* SPDX-License-Identifier: Apache-2.0 */
/* DuckDB's vectors and firn's columns. Most layouts are the same and are borrowed; decimals of up
 * to four digits (16 bits there, 32 here) and UUIDs (a biased number there, bytes here) are not. */
#include <string.h>

#include "base/error.h"
#include "sql/engine/engine_api.h"

_Static_assert(sizeof(firn_view) == sizeof(duckdb_v2_bytes), "views are copied as they are");
_Static_assert(sizeof(firn_list_entry) == sizeof(duckdb_v2_list_entry), "entries are borrowed");

static bool is_small_decimal(const firn_type *type)
{
    return type->kind == FIRN_TYPE_DECIMAL && type->precision <= 4;
}

bool firn_duckdb_is_same_layout(const firn_type *type)
{
    return firn_type_is_primitive(type) && type->kind != FIRN_TYPE_UNKNOWN &&
           type->kind != FIRN_TYPE_UUID && !is_small_decimal(type);
}

/* DuckDB flips the top bit, so that numbers sort as UUIDs do. */
static void uuid_to_bytes(const duckdb_v2_hugeint_t *in, char out[16])
{
    const uint64_t upper = (uint64_t)in->upper ^ ((uint64_t)1 << 63);
    for (int i = 0; i < 8; i++) {
        out[i] = (char)(upper >> (56 - 8 * i));
        out[8 + i] = (char)(in->lower >> (56 - 8 * i));
    }
}

static duckdb_v2_hugeint_t uuid_from_bytes(firn_str bytes)
{
    uint64_t upper = 0;
    uint64_t lower = 0;
    for (size_t i = 0; i < 8 && bytes.len == 16; i++) {
        upper = upper << 8 | (unsigned char)bytes.data[i];
        lower = lower << 8 | (unsigned char)bytes.data[8 + i];
    }
    upper ^= (uint64_t)1 << 63;
    duckdb_v2_hugeint_t out = {.lower = lower};
    memcpy(&out.upper, &upper, sizeof upper);
    return out;
}

/* ---- columns into vectors ---- */

typedef struct fill_range {
    int64_t from;
    int64_t n;
    const uint64_t *parent; /* validity of the enclosing struct's rows, from row 0 of the vector */
} fill_range;

static bool bit_at(const uint64_t *bits, int64_t row)
{
    return (bits[(uint64_t)row >> 6] >> ((uint64_t)row & 63) & 1) != 0;
}

static firn_status vector_pointers(firn_engine *engine, duckdb_v2_vector_handle vector, void **data,
                                   uint64_t **validity, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    DUCKDB_V2_ERROR code = DUCKDB_V2_ERROR_NONE;
    if (data) code = engine->api->vector_get_data_mutable(vector, data, &info);
    if (!code) code = engine->api->vector_flat_get_validity_mutable(vector, validity, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    if (!*validity || (data && !*data)) {
        return firn_fail(err, FIRN_ERR_INTERNAL, "the sql engine gave a vector without memory");
    }
    return FIRN_OK;
}

/* DuckDB wants whatever lies under a null struct to be null too. */
static void fill_validity(const firn_column *column, const fill_range *range, uint64_t *out)
{
    memset(out, 0xff, (size_t)((range->n + 63) / 64) * sizeof *out);
    if (!column->validity && !range->parent) return;
    for (int64_t i = 0; i < range->n; i++) {
        const bool is_valid = firn_column_is_valid(column, range->from + i) &&
                              (!range->parent || bit_at(range->parent, i));
        if (!is_valid) out[(uint64_t)i >> 6] &= ~((uint64_t)1 << ((uint64_t)i & 63));
    }
}

/* DuckDB's decimals of 4 digits have 16 bits. A file may hold more digits than its type says; what
 * lies under a null may be anything. */
static firn_status fill_small_decimals(const firn_column *column, const fill_range *range,
                                       const uint64_t *validity, int16_t *out, firn_error *err)
{
    const int32_t *values = (const int32_t *)column->values + range->from;
    uint32_t beyond = 0;
    for (int64_t i = 0; i < range->n; i++) {
        out[i] = (int16_t)values[i];
        beyond |= (uint32_t)(values[i] ^ out[i]);
    }
    for (int64_t i = 0; i < range->n && beyond != 0; i++)
        if (values[i] != out[i] && bit_at(validity, i))
            return firn_fail(err, FIRN_ERR_CORRUPT, "decimal of more than %d digits",
                             (int)column->type->precision);
    return FIRN_OK;
}

static firn_status fill_primitive(const firn_column *column, const fill_range *range,
                                  const uint64_t *validity, void *data, firn_error *err)
{
    const firn_type *type = column->type;
    const size_t width = firn_column_width(type);
    const size_t from = (size_t)range->from;
    if (type->kind == FIRN_TYPE_UNKNOWN) {
        memset(data, 0, (size_t)range->n * sizeof(int32_t));
    } else if (type->kind == FIRN_TYPE_UUID) {
        const firn_view *views = column->values;
        duckdb_v2_hugeint_t *out = data;
        for (int64_t i = 0; i < range->n; i++) {
            const bool is_valid = bit_at(validity, i);
            out[i] = is_valid ? uuid_from_bytes(firn_view_str(&views[from + (size_t)i]))
                              : (duckdb_v2_hugeint_t){0};
        }
    } else if (is_small_decimal(type)) {
        return fill_small_decimals(column, range, validity, data, err);
    } else {
        memcpy(data, (const char *)column->values + from * width, (size_t)range->n * width);
    }
    return FIRN_OK;
}

static firn_status fill(firn_engine *engine, duckdb_v2_vector_handle vector,
                        const firn_column *column, const fill_range *range, firn_error *err);

/* n null rows of any type: what a column that a file lacks comes as. */
static firn_status fill_nulls(firn_engine *engine, duckdb_v2_vector_handle vector,
                              const firn_type *type, int64_t n, firn_error *err)
{
    uint64_t *validity = NULL;
    void *data = NULL;
    const bool is_list = type->kind == FIRN_TYPE_LIST || type->kind == FIRN_TYPE_MAP;
    FIRN_TRY(vector_pointers(engine, vector, is_list ? &data : NULL, &validity, err));
    memset(validity, 0, (size_t)((n + 63) / 64) * sizeof *validity);
    if (is_list) memset(data, 0, (size_t)n * sizeof(duckdb_v2_list_entry));
    for (size_t i = 0; type->kind == FIRN_TYPE_STRUCT && i < type->n_fields; i++) {
        duckdb_v2_error_info_handle info = NULL;
        duckdb_v2_vector_handle child = NULL;
        const DUCKDB_V2_ERROR code = engine->api->vector_get_child(vector, i, &child, &info);
        if (code) return firn_engine_fail(engine, code, &info, err);
        FIRN_TRY(fill_nulls(engine, child, type->fields[i].type, n, err));
    }
    return FIRN_OK;
}

/* The field that stands for no fields. */
static firn_status fill_empty(firn_engine *engine, duckdb_v2_vector_handle vector, int64_t n,
                              firn_error *err)
{
    static const firn_type k_boolean = {.kind = FIRN_TYPE_BOOLEAN};
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_vector_handle child = NULL;
    const DUCKDB_V2_ERROR code = engine->api->vector_get_child(vector, 0, &child, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    return fill_nulls(engine, child, &k_boolean, n, err);
}

static firn_status fill_children(firn_engine *engine, duckdb_v2_vector_handle vector,
                                 const firn_column *column, const fill_range *range,
                                 firn_error *err)
{
    for (size_t i = 0; i < column->n_children; i++) {
        duckdb_v2_error_info_handle info = NULL;
        duckdb_v2_vector_handle child = NULL;
        DUCKDB_V2_ERROR code = engine->api->vector_get_child(vector, i, &child, &info);
        if (code) return firn_engine_fail(engine, code, &info, err);
        FIRN_TRY(fill(engine, child, &column->children[i], range, err));
    }
    return FIRN_OK;
}

/* Entries are moved to start at 0; the children's run between the first and the last is copied. */
static firn_status fill_list(firn_engine *engine, duckdb_v2_vector_handle vector,
                             const firn_column *column, const fill_range *range, firn_error *err)
{
    void *data = NULL;
    uint64_t *validity = NULL;
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_vector_handle child = NULL;
    FIRN_TRY(vector_pointers(engine, vector, &data, &validity, err));
    fill_validity(column, range, validity);
    const firn_list_entry *entries = (const firn_list_entry *)column->values + range->from;
    duckdb_v2_list_entry *out = data;
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;
    for (int64_t i = 0; i < range->n; i++) {
        if (!bit_at(validity, i) || entries[i].length == 0) continue;
        if (entries[i].offset < low) low = entries[i].offset;
        if (entries[i].offset + entries[i].length > high) {
            high = entries[i].offset + entries[i].length;
        }
    }
    if (low == UINT64_MAX) low = 0;
    for (int64_t i = 0; i < range->n; i++) {
        const bool is_used = bit_at(validity, i) && entries[i].length > 0;
        out[i].offset = is_used ? entries[i].offset - low : 0;
        out[i].length = is_used ? entries[i].length : 0;
    }
    const fill_range inner = {(int64_t)low, (int64_t)(high > low ? high - low : 0), NULL};
    DUCKDB_V2_ERROR code = engine->api->vector_get_child(vector, 0, &child, &info);
    if (!code) code = engine->api->vector_set_size(child, (idx_t)inner.n, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    if (inner.n == 0) return FIRN_OK;
    if (column->type->kind == FIRN_TYPE_LIST) {
        return fill(engine, child, &column->children[0], &inner, err);
    }
    return fill_children(engine, child, column, &inner, err);
}

static firn_status fill(firn_engine *engine, duckdb_v2_vector_handle vector,
                        const firn_column *column, const fill_range *range, firn_error *err)
{
    void *data = NULL;
    uint64_t *validity = NULL;
    switch (column->type->kind) {
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return fill_list(engine, vector, column, range, err);
    case FIRN_TYPE_STRUCT: {
        if (column->n_children == 0 && column->type->n_fields > 0) {
            return fill_nulls(engine, vector, column->type, range->n, err);
        }
        FIRN_TRY(vector_pointers(engine, vector, NULL, &validity, err));
        fill_validity(column, range, validity);
        if (column->type->n_fields == 0) return fill_empty(engine, vector, range->n, err);
        const fill_range inner = {range->from, range->n, validity};
        return fill_children(engine, vector, column, &inner, err);
    }
    default:
        FIRN_TRY(vector_pointers(engine, vector, &data, &validity, err));
        fill_validity(column, range, validity);
        if (column->type->kind == FIRN_TYPE_UNKNOWN) {
            memset(validity, 0, (size_t)((range->n + 63) / 64) * sizeof *validity);
        }
        return fill_primitive(column, range, validity, data, err);
    }
}

firn_status firn_duckdb_vector_fill(firn_engine *engine, duckdb_v2_vector_handle vector,
                                    const firn_column *column, int64_t from, int64_t n,
                                    firn_error *err)
{
    const fill_range range = {from, n, NULL};
    return fill(engine, vector, column, &range, err);
}

/* ---- vectors into columns ---- */

/* Columns are never written through; firn_column has no const in it because owned ones are. */
static void *borrowed(const void *p)
{
    void *out;
    memcpy(&out, &p, sizeof out);
    return out;
}

static firn_status read_uuids(const duckdb_v2_vector_view *view, firn_arena *arena,
                              firn_column *out, firn_error *err)
{
    const duckdb_v2_hugeint_t *in = view->data;
    firn_view *views = firn_arena_array(arena, (size_t)out->n_values, sizeof *views);
    char *bytes = firn_arena_array(arena, (size_t)out->n_values, 16);
    if (!views || !bytes) return firn_fail_nomem(err);
    for (int64_t i = 0; i < out->n_values; i++) {
        uuid_to_bytes(&in[i], bytes + 16 * i);
        views[i] = firn_view_of(bytes + 16 * i, 16);
    }
    out->values = views;
    return FIRN_OK;
}

static firn_status read_small_decimals(const duckdb_v2_vector_view *view, firn_arena *arena,
                                       firn_column *out, firn_error *err)
{
    const int16_t *in = view->data;
    int32_t *values = firn_arena_array(arena, (size_t)out->n_values, sizeof *values);
    if (!values) return firn_fail_nomem(err);
    for (int64_t i = 0; i < out->n_values; i++) values[i] = in[i];
    out->values = values;
    return FIRN_OK;
}

/* Integers of fewer bits than the column's, seconds and milliseconds. False: not one of them. */
static bool widen_value(DUCKDB_V2_LOGICAL_TYPE_ID id, const void *in, int64_t r, int64_t *out)
{
    switch ((int)id) {
    case DUCKDB_V2_LOGICAL_TYPE_ID_TINYINT: *out = (int32_t)((const int8_t *)in)[r]; return true;
    case DUCKDB_V2_LOGICAL_TYPE_ID_UTINYINT: *out = ((const uint8_t *)in)[r]; return true;
    case DUCKDB_V2_LOGICAL_TYPE_ID_SMALLINT: *out = ((const int16_t *)in)[r]; return true;
    case DUCKDB_V2_LOGICAL_TYPE_ID_USMALLINT: *out = ((const uint16_t *)in)[r]; return true;
    case DUCKDB_V2_LOGICAL_TYPE_ID_UINTEGER: *out = ((const uint32_t *)in)[r]; return true;
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_SEC:
        *out = (int64_t)(((const uint64_t *)in)[r] * 1000000);
        return true;
    case DUCKDB_V2_LOGICAL_TYPE_ID_TIMESTAMP_MS:
        *out = (int64_t)(((const uint64_t *)in)[r] * 1000);
        return true;
    default: return false;
    }
}

static firn_status widen(DUCKDB_V2_LOGICAL_TYPE_ID id, firn_arena *arena, firn_column *column,
                         firn_error *err)
{
    const void *in = column->values;
    const size_t width = firn_column_width(column->type);
    char *out = firn_arena_array(arena, (size_t)column->n_values + 1, width);
    if (!out) return firn_fail_nomem(err);
    for (int64_t r = 0; r < column->n_values; r++) {
        int64_t wide = 0;
        if (id == DUCKDB_V2_LOGICAL_TYPE_ID_UBIGINT) {
            const firn_int128 huge = (firn_int128)((const uint64_t *)in)[r];
            memcpy(out + (size_t)r * width, &huge, width);
            continue;
        }
        (void)widen_value(id, in, r, &wide);
        memcpy(out + (size_t)r * width, &wide, width); /* little-endian */
    }
    column->values = out;
    return FIRN_OK;
}

firn_status firn_duckdb_vector_adapt(firn_engine *engine, duckdb_v2_vector_handle vector,
                                     firn_arena *arena, firn_column *column, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    int64_t ignored = 0;
    static const uint64_t k_zero = 0;
    DUCKDB_V2_ERROR code = engine->api->vector_get_logical_type(vector, &type, &info);
    if (!code) code = engine->api->logical_type_get_id(type, &id, &info);
    (void)engine->api->logical_type_destroy(&type);
    if (code) return firn_engine_fail(engine, code, &info, err);
    if (id == DUCKDB_V2_LOGICAL_TYPE_ID_UBIGINT || widen_value(id, &k_zero, 0, &ignored))
        return widen(id, arena, column, err);
    const bool is_text =
        id == DUCKDB_V2_LOGICAL_TYPE_ID_VARCHAR || id == DUCKDB_V2_LOGICAL_TYPE_ID_SQLNULL;
    if ((column->type->kind == FIRN_TYPE_STRING && !is_text) ||
        id == DUCKDB_V2_LOGICAL_TYPE_ID_ARRAY)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: an interval, bits or an array of fixed length inside of "
                         "such a value");
    return FIRN_OK;
}

static firn_status read_child(firn_engine *engine, duckdb_v2_vector_handle vector, idx_t index,
                              const firn_type *type, firn_arena *arena, firn_column *out,
                              firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_vector_handle child = NULL;
    idx_t n = 0;
    DUCKDB_V2_ERROR code = engine->api->vector_get_child(vector, index, &child, &info);
    if (!code) code = engine->api->vector_get_size(child, &n, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    FIRN_TRY(firn_duckdb_vector_read(engine, child, type, (int64_t)n, arena, out, err));
    return firn_duckdb_vector_adapt(engine, child, arena, out, err);
}

static firn_status read_children(firn_engine *engine, duckdb_v2_vector_handle vector,
                                 const firn_type *type, firn_arena *arena, firn_column *out,
                                 firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    out->children = firn_arena_array(arena, type->n_fields, sizeof *out->children);
    if (!out->children) return firn_fail_nomem(err);
    out->n_children = type->n_fields;
    if (type->kind == FIRN_TYPE_MAP) { /* entries are one struct vector */
        const DUCKDB_V2_ERROR code = engine->api->vector_get_child(vector, 0, &vector, &info);
        if (code) return firn_engine_fail(engine, code, &info, err);
        const DUCKDB_V2_ERROR flat = engine->api->vector_flatten(vector, &info);
        if (flat) return firn_engine_fail(engine, flat, &info, err);
    }
    for (size_t i = 0; i < type->n_fields; i++) {
        FIRN_TRY(
            read_child(engine, vector, i, type->fields[i].type, arena, &out->children[i], err));
    }
    return FIRN_OK;
}

firn_status firn_duckdb_vector_read(firn_engine *engine, duckdb_v2_vector_handle vector,
                                    const firn_type *type, int64_t n, firn_arena *arena,
                                    firn_column *out, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_vector_view view = {0};
    DUCKDB_V2_ERROR code = engine->api->vector_flatten(vector, &info);
    if (!code) code = engine->api->vector_get_view(vector, &view, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    *out = (firn_column){.type = type, .n_values = n, .capacity = n};
    out->validity = borrowed(view.validity);
    switch (type->kind) {
    case FIRN_TYPE_UUID: return read_uuids(&view, arena, out, err);
    case FIRN_TYPE_STRUCT: return read_children(engine, vector, type, arena, out, err);
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP:
        out->values = borrowed(view.data);
        return read_children(engine, vector, type, arena, out, err);
    default: break;
    }
    if (is_small_decimal(type)) return read_small_decimals(&view, arena, out, err);
    out->values = borrowed(view.data);
    return FIRN_OK;
}
