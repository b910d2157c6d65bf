/* SPDX-License-Identifier: Apache-2.0 */
/* One Avro record after the other into columns, as avro_rows_plan.c has planned. Lists append to
 * their child column, so a child's n_values says where the next element goes. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/avro/avro_rows_plan.h"
#include "format/parquet/read/parquet_plan.h"

static firn_status decode(firn_avro_decoder *d, const firn_avro_step *step, firn_cursor *c,
                          firn_column *column, int64_t slot, firn_error *err);

static firn_status fail_field(const firn_avro_step *step, firn_status st, firn_error *err)
{
    return firn_error_wrap(err, st, "column \"%.*s\"", FIRN_STR_ARG(step->field->name));
}

/* ---- nulls ---- */

static void clear(firn_column *column, int64_t slot)
{
    const size_t width = firn_column_width(column->type);

    if (column->validity) firn_column_set_null(column, slot);
    if (width > 0) memset((char *)column->values + (size_t)slot * width, 0, width);
    if (column->type->kind != FIRN_TYPE_STRUCT) return;
    for (size_t i = 0; i < column->n_children; i++) clear(&column->children[i], slot);
}

static firn_status put_null(const firn_avro_step *step, firn_column *column, int64_t slot,
                            firn_error *err)
{
    if (step->field->is_required)
        return firn_fail(err, FIRN_ERR_CORRUPT, "null where a value is required");
    if (!column->validity)
        return firn_fail(err, FIRN_ERR_ARG, "the column has no validity mask for a null");
    clear(column, slot);
    return FIRN_OK;
}

/* ---- numbers ---- */

static firn_status read_bool(firn_cursor *c, uint8_t *out, firn_error *err)
{
    FIRN_TRY(firn_cursor_u8(c, out, err));
    if (*out > 1) return firn_fail_at(err, firn_cursor_pos(c) - 1, "boolean of value %u", *out);
    return FIRN_OK;
}

static firn_status read_i32(firn_cursor *c, int32_t *out, firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    int64_t v = 0;

    FIRN_TRY(firn_avro_read_long(c, &v, err));
    if (firn_i64_to_i32(v, out)) return FIRN_OK;
    return firn_fail_at(err, at, "int of value %" PRId64, v);
}

static firn_status read_i64(const firn_avro_step *step, firn_cursor *c, int64_t *out,
                            firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    int64_t v = 0;
    int32_t small = 0;

    FIRN_TRY(firn_avro_read_long(c, &v, err));
    if (step->schema->kind == FIRN_AVRO_INT && !firn_i64_to_i32(v, &small))
        return firn_fail_at(err, at, "int of value %" PRId64, v);
    if (step->divisor > 1) {
        *out = v / step->divisor - (v % step->divisor < 0);
        return FIRN_OK;
    }
    if (firn_mul_i64(v, step->factor, out)) return FIRN_OK;
    return firn_fail_at(err, at, "time of value %" PRId64 " does not fit its column", v);
}

static firn_status read_float(firn_cursor *c, float *out, firn_error *err)
{
    uint32_t bits = 0;

    FIRN_TRY(firn_cursor_u32le(c, &bits, err));
    memcpy(out, &bits, sizeof bits);
    return FIRN_OK;
}

static firn_status read_double(firn_cursor *c, double *out, firn_error *err)
{
    uint64_t bits = 0;

    FIRN_TRY(firn_cursor_u64le(c, &bits, err));
    memcpy(out, &bits, sizeof bits);
    return FIRN_OK;
}

static firn_status read_bytes(const firn_avro_schema *schema, firn_cursor *c, firn_str *out,
                              firn_error *err)
{
    if (schema->kind == FIRN_AVRO_FIXED)
        return firn_cursor_take(c, (uint64_t)schema->size, out, err);
    return firn_avro_read_bytes(c, out, err);
}

/* Big-endian two's complement of any length whose value fits. */
static firn_status read_decimal(const firn_avro_step *step, firn_cursor *c, size_t width, void *out,
                                firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    firn_str bytes = {0};

    FIRN_TRY(read_bytes(step->schema, c, &bytes, err));
    const bool is_negative = bytes.len > 0 && ((uint8_t)bytes.data[0] & 0x80) != 0;
    const char sign = is_negative ? '\xff' : '\0';
    while (bytes.len > 16 && bytes.data[0] == sign) bytes = firn_str_slice(bytes, 1, bytes.len);
    firn_uint128 v = is_negative ? ~(firn_uint128)0 : 0;
    for (size_t i = 0; i < bytes.len && i < 16; i++) v = v << 8 | (uint8_t)bytes.data[i];
    const firn_uint128 size = (v >> 127) != 0 ? 0 - v : v;
    if (bytes.len > 16 || size >= step->limit || (v >> 127 != 0) != is_negative)
        return firn_fail_at(err, at, "decimal does not fit %d digits",
                            (int)step->field->type->precision);
    memcpy(out, &v, width); /* little-endian */
    return FIRN_OK;
}

/* ---- bytes ---- */

static firn_status keep(firn_avro_decoder *d, firn_str head, firn_str tail, firn_view *out,
                        firn_error *err)
{
    const size_t n = head.len + tail.len;
    char inlined[12];
    char *to = inlined;

    if (n > UINT32_MAX)
        return firn_fail(err, FIRN_ERR_LIMIT, "value of %zu bytes, limit %u", n, UINT32_MAX);
    if (n > sizeof inlined) {
        to = firn_arena_alloc(d->text, n);
        if (!to) return firn_fail_nomem(err);
    }
    if (head.len > 0) memcpy(to, head.data, head.len);
    if (tail.len > 0) memcpy(to + head.len, tail.data, tail.len);
    *out = firn_view_of(to, (uint32_t)n);
    return FIRN_OK;
}

static firn_status read_view(firn_avro_decoder *d, const firn_avro_step *step, firn_cursor *c,
                             firn_view *out, firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    firn_str bytes = {0};

    FIRN_TRY(read_bytes(step->schema, c, &bytes, err));
    if (step->is_text && !firn_utf8_is_valid(bytes))
        return firn_fail_at(err, at, "string is not UTF-8");
    return keep(d, bytes, (firn_str){0}, out, err);
}

static firn_status read_symbol(firn_avro_decoder *d, const firn_avro_step *step, firn_cursor *c,
                               firn_view *out, firn_error *err)
{
    size_t symbol = 0;

    FIRN_TRY(firn_avro_read_symbol(c, step->schema->n_symbols, &symbol, err));
    return keep(d, step->schema->symbols[symbol], (firn_str){0}, out, err);
}

static firn_status read_uuid(firn_avro_decoder *d, firn_cursor *c, firn_view *out, firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    firn_str text = {0};
    uint8_t uuid[16];

    FIRN_TRY(firn_avro_read_bytes(c, &text, err));
    if (!firn_avro_parse_uuid(text, uuid))
        return firn_fail_at(err, at, "\"%.*s\" is not a uuid",
                            FIRN_STR_ARG(firn_str_slice(text, 0, 40)));
    return keep(d, (firn_str){(const char *)uuid, sizeof uuid}, (firn_str){0}, out, err);
}

/* A variant is its metadata followed by its value. */
static firn_status read_variant(firn_avro_decoder *d, firn_cursor *c, firn_view *out,
                                firn_error *err)
{
    firn_str metadata = {0};
    firn_str value = {0};

    FIRN_TRY(firn_avro_read_bytes(c, &metadata, err));
    FIRN_TRY(firn_avro_read_bytes(c, &value, err));
    return keep(d, metadata, value, out, err);
}

/* ---- nested ---- */

static firn_status decode_struct(firn_avro_decoder *d, const firn_avro_step *step, firn_cursor *c,
                                 firn_column *column, int64_t slot, firn_error *err)
{
    for (size_t i = 0; i < step->n_steps; i++) {
        const firn_avro_step *field = &step->steps[i];
        if (field->conv == FIRN_AVRO_CONV_SKIP)
            FIRN_TRY(firn_avro_skip(c, field->schema, err));
        else
            FIRN_TRY(fail_field(
                field, decode(d, field, c, &column->children[field->child], slot, err), err));
    }
    return FIRN_OK;
}

static firn_status count_items(firn_avro_decoder *d, int64_t n, size_t min_bytes, firn_error *err)
{
    if (min_bytes == 0) d->n_empty += n; /* n is at most the limit */
    if (d->n_empty > FIRN_AVRO_MAX_EMPTY_VALUES)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d items that take no bytes",
                         FIRN_AVRO_MAX_EMPTY_VALUES);
    d->n_items += n;
    return FIRN_OK;
}

static firn_status reserve_child(firn_column *child, int64_t n, firn_error *err)
{
    return n > child->capacity ? firn_column_reserve(child, n, err) : FIRN_OK;
}

/* Items of a list, or pairs of a map: one step per child column. */
static firn_status decode_items(firn_avro_decoder *d, const firn_avro_step *step, firn_cursor *c,
                                firn_column *column, int64_t slot, firn_error *err)
{
    const size_t min_bytes =
        step->schema->fields[0].schema->min_bytes + (step->schema->kind == FIRN_AVRO_MAP ? 1u : 0u);
    const int64_t first = column->children[0].n_values;
    int64_t at = first;
    int64_t n = 0;
    int64_t size = 0;

    for (;;) {
        FIRN_TRY(firn_avro_read_block(c, min_bytes, &n, &size, err));
        if (n == 0) break;
        const uint64_t start = firn_cursor_pos(c);
        FIRN_TRY(count_items(d, n, min_bytes, err));
        for (const int64_t end = at + n; at < end; at++) {
            for (size_t k = 0; k < step->n_steps; k++) {
                FIRN_TRY(reserve_child(&column->children[k], at + 1, err));
                column->children[k].n_values = at + 1;
                FIRN_TRY(decode(d, &step->steps[k], c, &column->children[k], at, err));
            }
        }
        FIRN_TRY(firn_avro_end_block(c, start, size, err));
    }
    ((firn_list_entry *)column->values)[slot] =
        (firn_list_entry){(uint64_t)first, (uint64_t)(at - first)};
    return FIRN_OK;
}

static firn_status decode_value(firn_avro_decoder *d, const firn_avro_step *step, firn_cursor *c,
                                firn_column *column, int64_t slot, firn_error *err)
{
    const size_t width = firn_column_width(column->type);
    char *at = column->values;
    float f = 0;

    if (width > 0) at += (size_t)slot * width;
    switch (step->conv) {
    case FIRN_AVRO_CONV_BOOL: return read_bool(c, (void *)at, err);
    case FIRN_AVRO_CONV_I32: return read_i32(c, (void *)at, err);
    case FIRN_AVRO_CONV_I64: return read_i64(step, c, (void *)at, err);
    case FIRN_AVRO_CONV_F32: return read_float(c, (void *)at, err);
    case FIRN_AVRO_CONV_F64: return read_double(c, (void *)at, err);
    case FIRN_AVRO_CONV_F32_F64:
        FIRN_TRY(read_float(c, &f, err));
        *(double *)(void *)at = (double)f;
        return FIRN_OK;
    case FIRN_AVRO_CONV_DECIMAL: return read_decimal(step, c, width, at, err);
    case FIRN_AVRO_CONV_BYTES: return read_view(d, step, c, (void *)at, err);
    case FIRN_AVRO_CONV_SYMBOL: return read_symbol(d, step, c, (void *)at, err);
    case FIRN_AVRO_CONV_UUID_TEXT: return read_uuid(d, c, (void *)at, err);
    case FIRN_AVRO_CONV_VARIANT: return read_variant(d, c, (void *)at, err);
    case FIRN_AVRO_CONV_STRUCT: return decode_struct(d, step, c, column, slot, err);
    case FIRN_AVRO_CONV_LIST:
    case FIRN_AVRO_CONV_MAP: return decode_items(d, step, c, column, slot, err);
    case FIRN_AVRO_CONV_SKIP:
    case FIRN_AVRO_CONV_NULL: break;
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "avro conversion %d", (int)step->conv);
}

static firn_status decode(firn_avro_decoder *d, const firn_avro_step *step, firn_cursor *c,
                          firn_column *column, int64_t slot, firn_error *err)
{
    size_t branch = 0;

    if (step->n_branches > 0) {
        FIRN_TRY(firn_avro_read_branch(c, step->n_branches, &branch, err));
        if ((int)branch == step->null_branch) return put_null(step, column, slot, err);
    }
    if (step->conv == FIRN_AVRO_CONV_NULL) return put_null(step, column, slot, err);
    if (column->validity) firn_column_set_valid(column, slot);
    return decode_value(d, step, c, column, slot, err);
}

firn_status firn_avro_decode_row(firn_avro_decoder *d, const firn_avro_step *root, firn_cursor *c,
                                 firn_column *const *columns, int64_t slot, firn_error *err)
{
    for (size_t i = 0; i < root->n_steps; i++) {
        const firn_avro_step *step = &root->steps[i];
        if (step->conv == FIRN_AVRO_CONV_SKIP)
            FIRN_TRY(firn_avro_skip(c, step->schema, err));
        else
            FIRN_TRY(fail_field(step, decode(d, step, c, columns[step->child], slot, err), err));
    }
    return FIRN_OK;
}

/* ---- around a batch ---- */

void firn_avro_begin_column(firn_column *column)
{
    for (size_t i = 0; i < column->n_children; i++) {
        column->children[i].n_values = 0;
        firn_avro_begin_column(&column->children[i]);
    }
}

firn_status firn_avro_end_column(const firn_avro_step *step, firn_column *column, int64_t n,
                                 firn_error *err)
{
    const bool is_struct = step->conv == FIRN_AVRO_CONV_STRUCT;

    column->n_values = n;
    for (size_t i = 0; i < step->n_missing; i++) {
        const size_t at = step->missing[i];
        FIRN_TRY(
            firn_pq_fill_missing(&column->type->fields[at], &column->children[at], (size_t)n, err));
    }
    if (step->conv < FIRN_AVRO_CONV_STRUCT) return FIRN_OK;
    for (size_t i = 0; i < step->n_steps; i++) {
        const firn_avro_step *child = &step->steps[i];
        if (child->conv == FIRN_AVRO_CONV_SKIP) continue;
        firn_column *to = &column->children[is_struct ? child->child : i];
        FIRN_TRY(firn_avro_end_column(child, to, is_struct ? n : to->n_values, err));
    }
    return FIRN_OK;
}
