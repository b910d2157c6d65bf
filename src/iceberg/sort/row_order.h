/* SPDX-License-Identifier: Apache-2.0 */
/* Where a row belongs, as bytes that memcmp() orders: sort fields with their transforms, or a place
 * on a space-filling curve through the ranks of several columns' values.
 *
 * Ranks come from a sample, so that a column with few or close values takes part with all its bits
 * as one with many does; interleaving the values themselves would waste them.
 *
 * Not here: sorting (row_sorter.h). */
#ifndef FIRN_ICEBERG_ROW_ORDER_H
#define FIRN_ICEBERG_ROW_ORDER_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/batch.h"
#include "firn/metadata.h"
#include "iceberg/sort/curve.h"
#include "iceberg/sort/row_keys.h"

#define FIRN_ORDER_MAX_COLUMNS 64    /* of a curve */
#define FIRN_ORDER_SAMPLES     32768 /* values of a column that ranks are told from */

typedef struct firn_row_order firn_row_order;

/* A number in rows' keys. */
#define FIRN_ORDER_NUMBERS 4 /* of a key at most: more do not fit eight bytes */
typedef enum firn_number_kind {
    FIRN_NUMBER_SIGNED = 0, /* of 4 or 8 bytes */
    FIRN_NUMBER_DOUBLE,
    FIRN_NUMBER_PLACE, /* on a curve: unsigned, never null, in a column behind the schema's */
} firn_number_kind;
typedef struct firn_order_number {
    size_t column;    /* from 0 */
    size_t key_width; /* bytes in a key */
    firn_number_kind kind;
    bool is_descending, nulls_last;
} firn_order_number;

/* By sort fields, whose source columns are looked up in the schema; FIRN_ERR_UNSUPPORTED for
 * columns inside lists and maps or of types without an order. In the arena. */
FIRN_MUST_CHECK firn_status firn_row_order_by_fields(const firn_schema *schema,
                                                     const firn_sort_field *fields, size_t n,
                                                     firn_arena *arena, firn_row_order **out,
                                                     firn_error *err);
/* Along a curve through columns (dotted names); needs samples. */
FIRN_MUST_CHECK firn_status firn_row_order_by_curve(const firn_schema *schema, firn_curve curve,
                                                    const firn_str *columns, size_t n,
                                                    firn_arena *arena, firn_row_order **out,
                                                    firn_error *err);
/* True until firn_row_order_finish_samples(). */
bool firn_row_order_needs_samples(const firn_row_order *order);
/* Takes every stride-th row, counted over all batches. Batches have the schema's columns. */
FIRN_MUST_CHECK firn_status firn_row_order_sample(firn_row_order *order, const firn_batch *batch,
                                                  int64_t stride, firn_error *err);
FIRN_MUST_CHECK firn_status firn_row_order_finish_samples(firn_row_order *order, firn_error *err);
/* Appends the row's key; scratch is used for values of transforms. */
FIRN_MUST_CHECK firn_status firn_row_order_key(const firn_row_order *order, const firn_batch *batch,
                                               int64_t row, firn_arena *scratch, firn_buf *out,
                                               firn_error *err);

/* How many columns the order has, if all are numbers that stand in rows as they are; else 0. */
size_t firn_row_order_plain(const firn_row_order *order);
/* Values of such a column in all rows of a batch, as unsigned numbers in their order; 0 of nulls.
 */
void firn_row_order_values(const firn_row_order *order, size_t i, const firn_batch *batch,
                           uint64_t *out);
/* The numbers that keys are; 0: keys are texts, transformed, or too many. */
size_t firn_row_order_numbers(const firn_row_order *order,
                              firn_order_number out[FIRN_ORDER_NUMBERS]);
/* Bytes of places on a curve, 4 or 8, which are better kept than told again; 0: no curve. */
size_t firn_row_order_place_width(const firn_row_order *order);
/* Places of all rows of a batch, of that width. */
void firn_row_order_places(const firn_row_order *order, const firn_batch *batch, void *out);
/* The keys of all rows of a batch behind those that are there. */
FIRN_MUST_CHECK firn_status firn_row_order_keys(const firn_row_order *order,
                                                const firn_batch *batch, firn_arena *scratch,
                                                firn_keys *keys, firn_error *err);
/* Is the schema's column (from 0) needed to tell the order? Others may be missing in batches. */
bool firn_row_order_uses(const firn_row_order *order, size_t column);

#endif
