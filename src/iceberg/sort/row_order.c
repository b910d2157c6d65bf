/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/row_order.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/sort/curve_ranks.h"
#include "iceberg/sort/order_key.h"
#include "iceberg/spec/transform.h"

#define K_RANK_BITS    16  /* of a column at most: a sample does not tell more */
#define K_SAMPLE_BYTES 256 /* of a text */
#define K_CHUNK        64  /* rows that are ranked at once */

/* A column of the order. */
typedef struct order_column {
    size_t path[FIRN_LIMIT_NESTING]; /* from the root's fields down through structs */
    size_t depth;
    const firn_type *type;
    firn_transform transform;
    bool is_descending, nulls_last;
    /* of a curve */
    firn_value *samples;
    size_t n_samples;
    size_t n_common; /* bytes that all sampled texts begin with */
    firn_curve_ranks ranks;
} order_column;

struct firn_row_order {
    firn_arena *arena;
    order_column *columns;
    size_t n_columns;
    size_t n_fields; /* of the schema */
    bool is_curve, needs_samples;
    firn_curve_map map;
    int64_t n_seen;
};

/* ---- columns ---- */

static bool find_path(const firn_type *type, int32_t id, order_column *out)
{
    if (type->kind != FIRN_TYPE_STRUCT || out->depth == FIRN_LIMIT_NESTING) return false;
    for (size_t i = 0; i < type->n_fields; i++) {
        out->path[out->depth++] = i;
        if (type->fields[i].id == id) {
            out->type = type->fields[i].type;
            return true;
        }
        if (find_path(type->fields[i].type, id, out)) return true;
        out->depth--;
    }
    return false;
}

static firn_status find_column(const firn_schema *schema, int32_t id, order_column *out,
                               firn_error *err)
{
    char name[64];
    const firn_field *field = firn_schema_find_id(schema, id);
    if (!field) return firn_fail(err, FIRN_ERR_ARG, "cannot sort by field %d: there is none", id);
    if (!find_path(&schema->root, id, out))
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: sorting by \"%.*s\", which is inside a list or map",
                         FIRN_STR_ARG(field->name));
    if (!firn_order_key_supports(out->type->kind))
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: sorting by \"%.*s\" of type %s",
                         FIRN_STR_ARG(field->name), firn_type_name(out->type, name, sizeof name));
    return FIRN_OK;
}

static firn_status make(const firn_schema *schema, size_t n, firn_arena *arena,
                        firn_row_order **out, firn_error *err)
{
    *out = firn_arena_alloc_zero(arena, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    (*out)->arena = arena;
    (*out)->n_columns = n;
    (*out)->n_fields = schema->root.n_fields;
    (*out)->columns = firn_arena_array(arena, n, sizeof *(*out)->columns);
    return (*out)->columns ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_row_order_by_fields(const firn_schema *schema, const firn_sort_field *fields,
                                     size_t n, firn_arena *arena, firn_row_order **out,
                                     firn_error *err)
{
    FIRN_TRY(make(schema, n, arena, out, err));
    for (size_t i = 0; i < n; i++) {
        order_column *column = &(*out)->columns[i];
        FIRN_TRY(find_column(schema, fields[i].source_id, column, err));
        FIRN_TRY(firn_transform_check(&fields[i].transform, column->type, err));
        column->transform = fields[i].transform;
        column->is_descending = fields[i].is_descending;
        column->nulls_last = fields[i].nulls_last;
    }
    return FIRN_OK;
}

firn_status firn_row_order_by_curve(const firn_schema *schema, firn_curve curve,
                                    const firn_str *columns, size_t n, firn_arena *arena,
                                    firn_row_order **out, firn_error *err)
{
    if (n == 0 || n > FIRN_ORDER_MAX_COLUMNS)
        return firn_fail(err, FIRN_ERR_ARG, "a curve through %zu columns, expected 1 to %d", n,
                         FIRN_ORDER_MAX_COLUMNS);
    FIRN_TRY(make(schema, n, arena, out, err));
    firn_row_order *order = *out;
    order->is_curve = true;
    order->needs_samples = true;
    firn_curve_map_init(&order->map, curve, n,
                        64 / n < K_RANK_BITS ? (unsigned)(64 / n) : K_RANK_BITS);
    for (size_t i = 0; i < n; i++) {
        const firn_field *field = firn_schema_find_name(schema, columns[i]);
        if (!field)
            return firn_fail(err, FIRN_ERR_ARG, "the table has no column \"%.*s\"",
                             FIRN_STR_ARG(columns[i]));
        FIRN_TRY(find_column(schema, field->id, &order->columns[i], err));
        order->columns[i].samples =
            firn_arena_array(arena, FIRN_ORDER_SAMPLES, sizeof *order->columns[i].samples);
        if (!order->columns[i].samples) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

/* The value of a column; null when a struct around it is. */
static firn_value value_at(const order_column *c, const firn_batch *batch, int64_t row)
{
    const firn_column *column = &batch->columns[c->path[0]];
    for (size_t i = 1; i < c->depth; i++) {
        if (!firn_column_is_valid(column, row))
            return (firn_value){.kind = c->type->kind, .is_null = true};
        column = &column->children[c->path[i]];
    }
    return firn_column_get(column, row);
}

/* ---- samples ---- */

bool firn_row_order_needs_samples(const firn_row_order *order)
{
    return order->needs_samples;
}

static firn_status take_sample(firn_row_order *order, const firn_batch *batch, int64_t row,
                               firn_error *err)
{
    for (size_t i = 0; i < order->n_columns; i++) {
        order_column *c = &order->columns[i];
        if (c->n_samples == FIRN_ORDER_SAMPLES) continue;
        firn_value v = value_at(c, batch, row);
        const bool has_bytes =
            !v.is_null && (v.kind == FIRN_TYPE_STRING || v.kind == FIRN_TYPE_UUID ||
                           v.kind == FIRN_TYPE_FIXED || v.kind == FIRN_TYPE_BINARY);
        if (v.is_null) continue;
        if (has_bytes) {
            v.as.bytes =
                firn_arena_copy(order->arena, firn_str_slice(v.as.bytes, 0, K_SAMPLE_BYTES));
            if (!v.as.bytes.data) return firn_fail_nomem(err);
        }
        c->samples[c->n_samples++] = v;
    }
    return FIRN_OK;
}

firn_status firn_row_order_sample(firn_row_order *order, const firn_batch *batch, int64_t stride,
                                  firn_error *err)
{
    int64_t row = (stride - order->n_seen % stride) % stride;
    for (; row < batch->n_rows; row += stride) FIRN_TRY(take_sample(order, batch, row, err));
    order->n_seen += batch->n_rows;
    return FIRN_OK;
}

static size_t common_length(const order_column *c)
{
    if (c->n_samples == 0 ||
        (c->type->kind != FIRN_TYPE_STRING && c->type->kind != FIRN_TYPE_BINARY))
        return 0;
    const firn_str first = c->samples[0].as.bytes;
    size_t n = first.len;
    for (size_t i = 1; i < c->n_samples; i++) {
        const firn_str s = c->samples[i].as.bytes;
        size_t k = 0;
        while (k < n && k < s.len && s.data[k] == first.data[k]) k++;
        n = k;
    }
    return n;
}

static firn_status make_ranks(firn_row_order *order, order_column *c, firn_error *err)
{
    c->n_common = common_length(c);
    uint64_t *values = firn_arena_array(order->arena, c->n_samples, sizeof *values);
    if (!values) return firn_fail_nomem(err);
    for (size_t i = 0; i < c->n_samples; i++)
        values[i] = firn_order_key_u64(&c->samples[i], c->n_common);
    return firn_curve_ranks_make(&c->ranks, values, c->n_samples, order->map.bits, order->arena,
                                 err);
}

firn_status firn_row_order_finish_samples(firn_row_order *order, firn_error *err)
{
    for (size_t i = 0; i < order->n_columns; i++)
        FIRN_TRY(make_ranks(order, &order->columns[i], err));
    order->needs_samples = false;
    return FIRN_OK;
}

/* ---- curves ---- */

/* Numbers of up to eight bytes that stand in the batch itself. */
static bool is_plain(const order_column *c)
{
    switch (c->type->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS:
        return c->depth == 1 && c->transform.kind == FIRN_TRANSFORM_IDENTITY;
    default: return false;
    }
}

static bool is_narrow(const order_column *c)
{
    return c->type->kind == FIRN_TYPE_INT || c->type->kind == FIRN_TYPE_DATE;
}

/* firn_order_key_u64() of a plain column's value that is not null. */
static inline uint64_t plain_u64(const order_column *c, const firn_column *column, int64_t row)
{
    const uint64_t sign = (uint64_t)1 << 63;
    if (is_narrow(c)) return (uint64_t)(int64_t)((const int32_t *)column->values)[row] ^ sign;
    const uint64_t bits = ((const uint64_t *)column->values)[row];
    return c->type->kind == FIRN_TYPE_DOUBLE && (bits & sign) ? ~bits : bits ^ sign;
}

/* firn_order_key_u64() of n values; 0 of nulls. */
static void load_u64(const order_column *c, const firn_batch *batch, int64_t from, int64_t n,
                     uint64_t *out)
{
    const firn_column *column = &batch->columns[c->path[0]];
    if (!is_plain(c)) {
        for (int64_t r = 0; r < n; r++) {
            const firn_value value = value_at(c, batch, from + r);
            out[r] = firn_order_key_u64(&value, c->n_common);
        }
        return;
    }
    for (int64_t r = 0; r < n; r++) out[r] = plain_u64(c, column, from + r);
    for (int64_t r = 0; column->validity && r < n; r++)
        if (!firn_column_is_valid(column, from + r)) out[r] = 0;
}

/* Of rows [from, from + n), K_CHUNK at most. */
static void places_of(const firn_row_order *order, const firn_batch *batch, int64_t from, int64_t n,
                      uint64_t *out)
{
    uint64_t values[K_CHUNK];
    uint32_t x[FIRN_ORDER_MAX_COLUMNS * K_CHUNK];
    for (size_t i = 0; i < order->n_columns; i++) {
        load_u64(&order->columns[i], batch, from, n, values);
        firn_curve_ranks_find(&order->columns[i].ranks, values, (size_t)n, x + i * (size_t)n);
    }
    firn_curve_places(&order->map, x, (size_t)n, out);
}

/* ---- keys ---- */

firn_status firn_row_order_key(const firn_row_order *order, const firn_batch *batch, int64_t row,
                               firn_arena *scratch, firn_buf *out, firn_error *err)
{
    if (order->is_curve) {
        uint64_t place = 0;
        places_of(order, batch, row, 1, &place);
        place = __builtin_bswap64(place);
        firn_buf_append(out, &place, sizeof place);
        return FIRN_OK;
    }
    for (size_t i = 0; i < order->n_columns; i++) {
        const order_column *c = &order->columns[i];
        firn_value value = value_at(c, batch, row);
        if (c->transform.kind != FIRN_TRANSFORM_IDENTITY && !value.is_null)
            FIRN_TRY(firn_transform_apply(&c->transform, c->type, &value, scratch, &value, err));
        firn_order_key_append(&value, c->is_descending, c->nulls_last, out);
    }
    return FIRN_OK;
}

bool firn_row_order_uses(const firn_row_order *order, size_t column)
{
    for (size_t i = 0; i < order->n_columns; i++)
        if (order->columns[i].path[0] == column) return true;
    return false;
}

/* ---- keys of many rows ---- */

static bool are_plain(const firn_row_order *order)
{
    for (size_t i = 0; i < order->n_columns; i++)
        if (!is_plain(&order->columns[i])) return false;
    return true;
}

/* What firn_order_key_append() writes, at once: 1, 5 or 9 bytes. */
static inline size_t put_plain(const order_column *c, const firn_column *column, int64_t row,
                               char *to)
{
    const bool is_null = !firn_column_is_valid(column, row);
    to[0] = (char)(is_null == c->nulls_last);
    if (is_null) return 1;
    const uint64_t value = plain_u64(c, column, row) ^ (c->is_descending ? UINT64_MAX : 0);
    if (is_narrow(c)) {
        const uint32_t sign = (uint32_t)1 << 31; /* the sign of 64 bits was turned, not this one */
        const uint32_t bytes = __builtin_bswap32((uint32_t)value ^ sign);
        memcpy(to + 1, &bytes, sizeof bytes);
        return 1 + sizeof bytes;
    }
    const uint64_t bytes = __builtin_bswap64(value);
    memcpy(to + 1, &bytes, sizeof bytes);
    return 1 + sizeof bytes;
}

static firn_status put_plain_keys(const firn_row_order *order, const firn_batch *batch,
                                  firn_keys *keys, firn_error *err)
{
    const size_t most = order->n_columns * (1 + sizeof(uint64_t));
    FIRN_TRY(firn_keys_reserve(keys, batch->n_rows, (size_t)batch->n_rows * most, err));
    size_t at = keys->bytes.len;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        for (size_t i = 0; i < order->n_columns; i++) {
            const order_column *c = &order->columns[i];
            at += put_plain(c, &batch->columns[c->path[0]], row, keys->bytes.data + at);
        }
        keys->ends[keys->n++] = at;
    }
    keys->bytes.len = at;
    return FIRN_OK;
}

static firn_status put_places(const firn_row_order *order, const firn_batch *batch, firn_keys *keys,
                              firn_error *err)
{
    uint64_t places[K_CHUNK];
    FIRN_TRY(firn_keys_reserve(keys, batch->n_rows, (size_t)batch->n_rows * sizeof *places, err));
    for (int64_t at = 0; at < batch->n_rows; at += K_CHUNK) {
        const int64_t n = batch->n_rows - at < K_CHUNK ? batch->n_rows - at : K_CHUNK;
        places_of(order, batch, at, n, places);
        for (int64_t r = 0; r < n; r++) {
            const uint64_t bytes = __builtin_bswap64(places[r]);
            memcpy(keys->bytes.data + keys->bytes.len, &bytes, sizeof bytes);
            keys->bytes.len += sizeof bytes;
            keys->ends[keys->n++] = keys->bytes.len;
        }
    }
    return FIRN_OK;
}

firn_status firn_row_order_keys(const firn_row_order *order, const firn_batch *batch,
                                firn_arena *scratch, firn_keys *keys, firn_error *err)
{
    if (order->is_curve) return put_places(order, batch, keys, err);
    if (are_plain(order)) return put_plain_keys(order, batch, keys, err);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        FIRN_TRY(firn_row_order_key(order, batch, row, scratch, &keys->bytes, err));
        FIRN_TRY(firn_keys_end(keys, err));
    }
    firn_arena_reset(scratch);
    return FIRN_OK;
}

/* ---- keys that are numbers ---- */

size_t firn_row_order_plain(const firn_row_order *order)
{
    return are_plain(order) ? order->n_columns : 0;
}

void firn_row_order_values(const firn_row_order *order, size_t i, const firn_batch *batch,
                           uint64_t *out)
{
    load_u64(&order->columns[i], batch, 0, batch->n_rows, out);
}

static firn_order_number number_of(const order_column *c)
{
    return (firn_order_number){.column = c->path[0],
                               .kind = c->type->kind == FIRN_TYPE_DOUBLE ? FIRN_NUMBER_DOUBLE
                                                                         : FIRN_NUMBER_SIGNED,
                               .key_width = is_narrow(c) ? sizeof(uint32_t) : sizeof(uint64_t),
                               .is_descending = c->is_descending,
                               .nulls_last = c->nulls_last};
}

size_t firn_row_order_numbers(const firn_row_order *order,
                              firn_order_number out[FIRN_ORDER_NUMBERS])
{
    if (order->is_curve) {
        out[0] = (firn_order_number){
            .column = order->n_fields, .kind = FIRN_NUMBER_PLACE, .key_width = sizeof(uint64_t)};
        return 1;
    }
    if (order->n_columns > FIRN_ORDER_NUMBERS || !are_plain(order)) return 0;
    for (size_t i = 0; i < order->n_columns; i++) out[i] = number_of(&order->columns[i]);
    return order->n_columns;
}

size_t firn_row_order_place_width(const firn_row_order *order)
{
    if (!order->is_curve) return 0;
    return order->map.n * order->map.bits <= 32 ? sizeof(uint32_t) : sizeof(uint64_t);
}

void firn_row_order_places(const firn_row_order *order, const firn_batch *batch, void *out)
{
    uint64_t places[K_CHUNK];
    const bool is_narrow_place = firn_row_order_place_width(order) == sizeof(uint32_t);
    for (int64_t at = 0; at < batch->n_rows; at += K_CHUNK) {
        const int64_t n = batch->n_rows - at < K_CHUNK ? batch->n_rows - at : K_CHUNK;
        places_of(order, batch, at, n, places);
        if (is_narrow_place)
            for (int64_t r = 0; r < n; r++) ((uint32_t *)out)[at + r] = (uint32_t)places[r];
        else
            memcpy((uint64_t *)out + at, places, (size_t)n * sizeof *places);
    }
}
