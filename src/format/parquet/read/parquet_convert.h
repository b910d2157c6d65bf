/* SPDX-License-Identifier: Apache-2.0 */
/* From what a file stores to what a column holds: a plan made once per column and loops over whole
 * runs of values. Promotions of Iceberg's schema evolution and the scaling of foreign units are
 * conversions like any other. */
#ifndef FIRN_FORMAT_PARQUET_CONVERT_H
#define FIRN_FORMAT_PARQUET_CONVERT_H

#include "firn/batch.h"
#include "format/parquet/layout/parquet_meta.h"

typedef enum firn_pq_conv_kind {
    FIRN_PQ_CONV_NONE = 0, /* a column of nulls: no value is ever converted */
    FIRN_PQ_CONV_COPY,     /* same bytes */
    FIRN_PQ_CONV_BOOL,
    FIRN_PQ_CONV_I32_I64,
    FIRN_PQ_CONV_U32_I64,
    FIRN_PQ_CONV_I32_I128,
    FIRN_PQ_CONV_I64_I128,
    FIRN_PQ_CONV_U64_I128,
    FIRN_PQ_CONV_I64_I32, /* decimal of small precision stored wide: checked */
    FIRN_PQ_CONV_F32_F64,
    FIRN_PQ_CONV_F16_F32,
    FIRN_PQ_CONV_F16_F64,
    FIRN_PQ_CONV_I32_MUL, /* to int64, times factor */
    FIRN_PQ_CONV_I64_MUL, /* overflow is checked */
    FIRN_PQ_CONV_I64_DIV, /* rounded down */
    FIRN_PQ_CONV_I96,     /* INT96 in units of factor nanoseconds: checked */
    FIRN_PQ_CONV_DECIMAL, /* big-endian bytes to out_width bytes: checked */
    FIRN_PQ_CONV_VIEW,
} firn_pq_conv_kind;

typedef struct firn_pq_conv {
    firn_pq_conv_kind kind;
    firn_pq_physical physical;
    size_t raw_width; /* bytes of one stored value; 0 for BYTE_ARRAY and BOOLEAN */
    size_t out_width; /* bytes of one value in the column */
    int64_t factor;
    bool is_text; /* views must be valid UTF-8 */
} firn_pq_conv;

/* FIRN_ERR_UNSUPPORTED when the leaf, in the types wanted, cannot be read as the type. */
FIRN_MUST_CHECK firn_status firn_pq_conv_plan(const firn_pq_node *leaf, firn_parquet_types types,
                                              const firn_type *type, firn_pq_conv *out,
                                              firn_error *err);
/* n stored values of raw_width bytes, one after another and unaligned, with FIRN_PQ_SLACK readable
 * bytes behind them. Views point into raw. */
FIRN_MUST_CHECK firn_status firn_pq_convert(const firn_pq_conv *conv, const uint8_t *raw, size_t n,
                                            void *out, firn_error *err);
/* n values of variable length. Views point to the same bytes. */
FIRN_MUST_CHECK firn_status firn_pq_convert_bytes(const firn_pq_conv *conv, const firn_str *raw,
                                                  size_t n, void *out, firn_error *err);
/* parquet_group_stats.c: bounds of a row group or page as values of type; has_min and has_max stay
 * false for what cannot be trusted. */
void firn_pq_decode_bounds(const firn_parquet_file *file, const firn_pq_node *leaf,
                           const firn_pq_stats *stats, const firn_pq_conv *conv,
                           const firn_type *type, firn_parquet_stats *out);
/* FIRN_ERR_CORRUPT unless the bytes are UTF-8. */
FIRN_MUST_CHECK firn_status firn_pq_check_text(firn_str bytes, firn_error *err);

#endif
