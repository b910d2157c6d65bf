/* SPDX-License-Identifier: Apache-2.0 */
/* Which conversion a column needs, or that none exists. The loops are in parquet_convert.c. */
#include "base/error.h"
#include "format/parquet/read/parquet_convert.h"

#define NS_PER_US  1000
#define NS_PER_MS  1000000
#define US_PER_MS  1000
#define US_PER_DAY INT64_C(86400000000)
#define NS_PER_DAY INT64_C(86400000000000)

static const size_t k_raw_width[] = {0, 4, 8, 12, 4, 8, 0, 0};

/* What a column stores and the type it has in the reader's eyes. */
typedef struct conv_source {
    const firn_pq_element *element;
    const firn_type *type;
} conv_source;

static bool is_timestamp(firn_type_kind kind)
{
    return kind == FIRN_TYPE_TIMESTAMP || kind == FIRN_TYPE_TIMESTAMPTZ ||
           kind == FIRN_TYPE_TIMESTAMP_NS || kind == FIRN_TYPE_TIMESTAMPTZ_NS;
}

static bool set(firn_pq_conv *out, firn_pq_conv_kind kind, int64_t factor)
{
    out->kind = kind;
    out->factor = factor;
    return true;
}

static bool plan_long(const conv_source *in, firn_pq_conv *out)
{
    if (in->type->kind == FIRN_TYPE_INT) return set(out, FIRN_PQ_CONV_I32_I64, 1);
    if (in->type->kind != FIRN_TYPE_LONG) return false;
    if (out->physical == FIRN_PQ_INT96) return set(out, FIRN_PQ_CONV_I96, 1);
    if (out->physical == FIRN_PQ_INT32) return set(out, FIRN_PQ_CONV_U32_I64, 1);
    return set(out, FIRN_PQ_CONV_COPY, 1);
}

static bool plan_float(const conv_source *in, const firn_type *type, firn_pq_conv *out)
{
    const bool is_double = type->kind == FIRN_TYPE_DOUBLE;
    if (in->type->kind == FIRN_TYPE_DOUBLE) return is_double && set(out, FIRN_PQ_CONV_COPY, 1);
    if (in->type->kind != FIRN_TYPE_FLOAT) return false;
    if (out->physical == FIRN_PQ_FIXED)
        return set(out, is_double ? FIRN_PQ_CONV_F16_F64 : FIRN_PQ_CONV_F16_F32, 1);
    return set(out, is_double ? FIRN_PQ_CONV_F32_F64 : FIRN_PQ_CONV_COPY, 1);
}

static bool plan_decimal(const conv_source *in, const firn_type *type, firn_pq_conv *out)
{
    if (in->type->kind != FIRN_TYPE_DECIMAL || in->type->scale != type->scale) return false;
    if (in->element->logical == FIRN_PQ_INTEGER)
        return out->out_width == 16 && set(out, FIRN_PQ_CONV_U64_I128, 1);
    if (out->physical == FIRN_PQ_INT32) {
        if (out->out_width == 4) return set(out, FIRN_PQ_CONV_COPY, 1);
        return set(out, out->out_width == 8 ? FIRN_PQ_CONV_I32_I64 : FIRN_PQ_CONV_I32_I128, 1);
    }
    if (out->physical == FIRN_PQ_INT64) {
        if (out->out_width == 4) return set(out, FIRN_PQ_CONV_I64_I32, 1);
        return set(out, out->out_width == 8 ? FIRN_PQ_CONV_COPY : FIRN_PQ_CONV_I64_I128, 1);
    }
    return set(out, FIRN_PQ_CONV_DECIMAL, 1);
}

static bool plan_time(const conv_source *in, firn_pq_conv *out)
{
    if (in->type->kind != FIRN_TYPE_TIME) return false;
    switch (in->element->unit) {
    case FIRN_PQ_MILLIS: return set(out, FIRN_PQ_CONV_I32_MUL, US_PER_MS);
    case FIRN_PQ_MICROS: return set(out, FIRN_PQ_CONV_COPY, 1);
    case FIRN_PQ_NANOS: return set(out, FIRN_PQ_CONV_I64_DIV, NS_PER_US);
    case FIRN_PQ_NO_UNIT: break;
    }
    return false;
}

static bool plan_timestamp(const conv_source *in, const firn_type *type, firn_pq_conv *out)
{
    const bool is_ns =
        type->kind == FIRN_TYPE_TIMESTAMP_NS || type->kind == FIRN_TYPE_TIMESTAMPTZ_NS;
    if (in->type->kind == FIRN_TYPE_DATE)
        return set(out, FIRN_PQ_CONV_I32_MUL, is_ns ? NS_PER_DAY : US_PER_DAY);
    if (!is_timestamp(in->type->kind)) return false;
    if (out->physical == FIRN_PQ_INT96) return set(out, FIRN_PQ_CONV_I96, is_ns ? 1 : NS_PER_US);
    switch (in->element->unit) {
    case FIRN_PQ_MILLIS: return set(out, FIRN_PQ_CONV_I64_MUL, is_ns ? NS_PER_MS : US_PER_MS);
    case FIRN_PQ_MICROS:
        return is_ns ? set(out, FIRN_PQ_CONV_I64_MUL, NS_PER_US) : set(out, FIRN_PQ_CONV_COPY, 1);
    case FIRN_PQ_NANOS:
        return is_ns ? set(out, FIRN_PQ_CONV_COPY, 1) : set(out, FIRN_PQ_CONV_I64_DIV, NS_PER_US);
    case FIRN_PQ_NO_UNIT: break;
    }
    return false;
}

static bool plan_bytes(const conv_source *in, const firn_type *type, firn_pq_conv *out)
{
    const bool is_fixed = out->physical == FIRN_PQ_FIXED;
    if (!is_fixed && out->physical != FIRN_PQ_BYTE_ARRAY) return false;
    if (in->type->kind == FIRN_TYPE_DECIMAL || in->type->kind == FIRN_TYPE_FLOAT) return false;
    if (type->kind == FIRN_TYPE_UUID && (!is_fixed || in->element->type_length != 16)) return false;
    if (type->kind == FIRN_TYPE_FIXED && (!is_fixed || in->element->type_length != type->length))
        return false;
    out->is_text = type->kind == FIRN_TYPE_STRING;
    return set(out, FIRN_PQ_CONV_VIEW, 1);
}

static bool plan(const conv_source *in, const firn_type *type, firn_pq_conv *out)
{
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN:
        return in->type->kind == FIRN_TYPE_BOOLEAN && set(out, FIRN_PQ_CONV_BOOL, 1);
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: return in->type->kind == type->kind && set(out, FIRN_PQ_CONV_COPY, 1);
    case FIRN_TYPE_LONG: return plan_long(in, out);
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE: return plan_float(in, type, out);
    case FIRN_TYPE_DECIMAL: return plan_decimal(in, type, out);
    case FIRN_TYPE_TIME: return plan_time(in, out);
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return plan_timestamp(in, type, out);
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return plan_bytes(in, type, out);
    case FIRN_TYPE_UNKNOWN:
    case FIRN_TYPE_VARIANT:
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: break;
    }
    return false;
}

firn_status firn_pq_conv_plan(const firn_pq_node *leaf, firn_parquet_types types,
                              const firn_type *type, firn_pq_conv *out, firn_error *err)
{
    const conv_source in = {leaf->element, firn_pq_node_type(leaf, types)};
    char from[64];
    char to[64];
    *out = (firn_pq_conv){.physical = (firn_pq_physical)leaf->element->physical,
                          .out_width = firn_column_width(type)};
    out->raw_width = out->physical == FIRN_PQ_FIXED ? (size_t)leaf->element->type_length
                                                    : k_raw_width[out->physical];
    if (type->kind == FIRN_TYPE_UNKNOWN || in.type->kind == FIRN_TYPE_UNKNOWN) return FIRN_OK;
    if (plan(&in, type, out)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: column %.*s of type %s (physical type %d) read as %s",
                     FIRN_STR_ARG(leaf->name), firn_type_name(in.type, from, sizeof from),
                     leaf->element->physical, firn_type_name(type, to, sizeof to));
}
