/* SPDX-License-Identifier: Apache-2.0 */
/* How a projection is read from the records of one Avro file: a tree of steps in the order of the
 * file, made once, walked for every record. Internal to the Avro row reader. */
#ifndef FIRN_FORMAT_AVRO_ROWS_PLAN_H
#define FIRN_FORMAT_AVRO_ROWS_PLAN_H

#include "format/avro/avro_rows.h"

typedef enum firn_avro_conv {
    FIRN_AVRO_CONV_SKIP = 0, /* nobody wants it */
    FIRN_AVRO_CONV_NULL,     /* a value that is always null */
    FIRN_AVRO_CONV_BOOL,
    FIRN_AVRO_CONV_I32,
    FIRN_AVRO_CONV_I64, /* times factor, or divided by divisor and rounded down */
    FIRN_AVRO_CONV_F32,
    FIRN_AVRO_CONV_F64,
    FIRN_AVRO_CONV_F32_F64,
    FIRN_AVRO_CONV_DECIMAL,
    FIRN_AVRO_CONV_BYTES, /* bytes, string or fixed to a view */
    FIRN_AVRO_CONV_SYMBOL,
    FIRN_AVRO_CONV_UUID_TEXT,
    FIRN_AVRO_CONV_VARIANT, /* record of metadata and value */
    FIRN_AVRO_CONV_STRUCT,
    FIRN_AVRO_CONV_LIST,
    FIRN_AVRO_CONV_MAP,
} firn_avro_conv;

typedef struct firn_avro_step {
    firn_avro_conv conv;
    int8_t null_branch;             /* -1: none */
    uint8_t n_branches;             /* of the union around the value; 0: none */
    bool is_text;                   /* BYTES: must be UTF-8 */
    const firn_avro_schema *schema; /* of the value, or of the whole field when skipped */
    const firn_field *field;        /* wanted; NULL when skipped */
    size_t child;                   /* STRUCT: place of the field in the wanted struct */
    int64_t factor, divisor;        /* I64 */
    firn_uint128 limit;             /* DECIMAL: 10^precision */
    struct firn_avro_step *steps;   /* STRUCT: one per field of the file; LIST: 1; MAP: 2 */
    size_t n_steps;
    const size_t *missing; /* STRUCT: wanted fields the file does not have */
    size_t n_missing;
} firn_avro_step;

/* Schema of a value without the union around it. */
typedef struct firn_avro_nullable {
    const firn_avro_schema *schema; /* the union itself where it has several types */
    int8_t null_branch;
    uint8_t n_branches;
} firn_avro_nullable;

firn_avro_nullable firn_avro_unwrap(const firn_avro_schema *schema);

FIRN_MUST_CHECK firn_status firn_avro_plan(const firn_avro_schema *schema,
                                           const firn_type *projection, firn_avro_match match,
                                           firn_arena *arena, firn_avro_step *out, firn_error *err);

/* ---- avro_rows_decode.c ---- */

typedef struct firn_avro_decoder {
    firn_arena *text; /* views of more than 12 bytes point here */
    int64_t n_items;  /* elements of lists and maps in this batch */
    int64_t n_empty;  /* of them, in the whole file, those that take no bytes */
} firn_avro_decoder;

/* One record into row slot of the columns, one per wanted field. */
FIRN_MUST_CHECK firn_status firn_avro_decode_row(firn_avro_decoder *d, const firn_avro_step *root,
                                                 firn_cursor *c, firn_column *const *columns,
                                                 int64_t slot, firn_error *err);
/* Before the first row of a batch: lists and maps begin at their first element. */
void firn_avro_begin_column(firn_column *column);
/* After the last of n rows: what the file does not have below this column. */
FIRN_MUST_CHECK firn_status firn_avro_end_column(const firn_avro_step *step, firn_column *column,
                                                 int64_t n, firn_error *err);

#endif
