/* SPDX-License-Identifier: Apache-2.0 */
/* Row group statistics as values of the table's type. Only bounds that hold are given: the first
 * generation of statistics compared bytes and unsigned numbers as signed, INT96 has no order, and
 * a NaN makes float bounds worthless. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "format/parquet/encoding/parquet_bits.h"
#include "format/parquet/read/parquet_convert.h"

#define MAX_BOUND 64 /* bytes of a fixed decimal */

/* Does the deprecated min/max pair, or min_value/max_value without a declared order, mean what it
 * should? Only for types whose order was never in doubt. */
static bool has_plain_order(const firn_pq_node *leaf)
{
    const firn_pq_element *e = leaf->element;
    switch ((firn_pq_physical)e->physical) {
    case FIRN_PQ_BOOLEAN:
    case FIRN_PQ_FLOAT:
    case FIRN_PQ_DOUBLE: return true;
    case FIRN_PQ_INT32:
    case FIRN_PQ_INT64: return !e->is_unsigned;
    case FIRN_PQ_INT96:
    case FIRN_PQ_BYTE_ARRAY:
    case FIRN_PQ_FIXED: break;
    }
    return false;
}

static firn_str pick(bool trust_old, bool has_new, firn_str fresh, bool has_old, firn_str old,
                     bool *has)
{
    *has = has_new || (trust_old && has_old);
    return has_new ? fresh : old;
}

static bool decode_boolean(firn_str bytes, firn_value *out)
{
    if (bytes.len != 1) return false;
    out->as.boolean = bytes.data[0] != 0;
    return true;
}

/* One stored value to the column's layout and from there to a value. */
static bool decode_bound(const firn_pq_conv *conv, const firn_type *type, firn_str bytes,
                         firn_value *out)
{
    uint64_t cell[2] = {0, 0};
    firn_column column = {.type = type, .values = cell, .n_values = 1, .capacity = 1};
    *out = (firn_value){.kind = type->kind, .precision = type->precision, .scale = type->scale};
    if (conv->kind == FIRN_PQ_CONV_NONE) return false;
    if (conv->kind == FIRN_PQ_CONV_BOOL) return decode_boolean(bytes, out);
    if (conv->kind == FIRN_PQ_CONV_VIEW) {
        out->as.bytes = bytes; /* may be a cut prefix, so it is not checked like a value */
        return true;
    }
    if (conv->raw_width > 0) {
        uint8_t padded[MAX_BOUND + FIRN_PQ_SLACK] = {0};
        if (bytes.len != conv->raw_width || bytes.len > MAX_BOUND) return false;
        memcpy(padded, bytes.data, bytes.len);
        if (firn_pq_convert(conv, padded, 1, cell, NULL) != FIRN_OK) return false;
    } else if (firn_pq_convert_bytes(conv, &bytes, 1, cell, NULL) != FIRN_OK) {
        return false;
    }
    if (type->kind == FIRN_TYPE_DECIMAL && firn_column_width(type) == 16) {
        memcpy(&out->as.decimal, cell, sizeof out->as.decimal);
        return true;
    }
    *out = firn_column_get(&column, 0);
    return true;
}

static bool is_nan(const firn_value *v)
{
    if (v->kind == FIRN_TYPE_FLOAT) return isnan(v->as.f32) != 0;
    return v->kind == FIRN_TYPE_DOUBLE && isnan(v->as.f64) != 0;
}

/* Writers may give either zero for both. */
static void widen_zero(firn_value *v, double zero)
{
    if (v->kind == FIRN_TYPE_FLOAT && !(v->as.f32 < 0) && !(v->as.f32 > 0)) v->as.f32 = (float)zero;
    if (v->kind == FIRN_TYPE_DOUBLE && !(v->as.f64 < 0) && !(v->as.f64 > 0)) v->as.f64 = zero;
}

void firn_pq_decode_bounds(const firn_parquet_file *file, const firn_pq_node *leaf,
                           const firn_pq_stats *s, const firn_pq_conv *conv, const firn_type *type,
                           firn_parquet_stats *out)
{
    const bool is_plain = has_plain_order(leaf);
    if (leaf->element->physical == FIRN_PQ_INT96 || (!is_plain && !file->has_type_order)) return;
    const firn_str min =
        pick(is_plain, s->has_min_value, s->min_value, s->has_min, s->min, &out->has_min);
    const firn_str max =
        pick(is_plain, s->has_max_value, s->max_value, s->has_max, s->max, &out->has_max);
    if (out->has_min) out->has_min = decode_bound(conv, type, min, &out->min);
    if (out->has_max) out->has_max = decode_bound(conv, type, max, &out->max);
    if ((out->has_min && is_nan(&out->min)) || (out->has_max && is_nan(&out->max)))
        out->has_min = out->has_max = false;
    if (out->has_min) widen_zero(&out->min, -0.0);
    if (out->has_max) widen_zero(&out->max, 0.0);
}

firn_status firn_parquet_row_group_stats(const firn_parquet_file *file, size_t row_group,
                                         int32_t field_id, const firn_type *type,
                                         firn_parquet_stats *out, firn_error *err)
{
    *out = (firn_parquet_stats){0};
    if (row_group >= file->n_row_groups)
        return firn_fail(err, FIRN_ERR_ARG, "row group %zu, the file has %zu", row_group,
                         file->n_row_groups);
    const firn_pq_node *leaf = firn_pq_leaf_find(file, field_id);
    firn_pq_conv conv;
    if (!leaf || leaf->rep > 0 || !firn_type_is_primitive(type)) return FIRN_OK;
    const firn_pq_chunk *chunk = &file->row_groups[row_group].chunks[leaf->first_leaf];
    if (!chunk->has_meta) return FIRN_OK;
    out->value_count = chunk->n_values;
    out->has_null_count = chunk->stats.null_count >= 0;
    if (out->has_null_count) out->null_count = chunk->stats.null_count;
    if (firn_pq_conv_plan(leaf, FIRN_PARQUET_TYPES_TABLE, type, &conv, NULL) == FIRN_OK)
        firn_pq_decode_bounds(file, leaf, &chunk->stats, &conv, type, out);
    return FIRN_OK;
}
