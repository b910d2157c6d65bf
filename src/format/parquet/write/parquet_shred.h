/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a batch to what one leaf column stores: definition and repetition levels, and the values
 * without nulls. Not here: encoding any of them. */
#ifndef FIRN_FORMAT_PARQUET_SHRED_H
#define FIRN_FORMAT_PARQUET_SHRED_H

#include "base/buf.h"
#include "format/columns/value_codes.h"
#include "format/parquet/write/parquet_leaf.h"

/* Borrowed from the batch or the shredder until its next use. */
typedef struct firn_parquet_run {
    size_t n_rows;
    size_t n_levels;
    size_t n_values;
    const uint8_t *defs;    /* NULL: all are max_def */
    const uint8_t *reps;    /* NULL: all are 0 */
    const void *values;     /* as in a batch, nulls left out */
    firn_value_codes codes; /* of the values */
} firn_parquet_run;

/* Scratch memory of one thread. */
typedef struct firn_parquet_shredder {
    firn_buf slots[2]; /* row in the column at hand, int64_t; -1: ended above */
    firn_buf defs[2];
    firn_buf reps[2];
    firn_buf values;
    firn_buf codes;
} firn_parquet_shredder;

void firn_parquet_shredder_init(firn_parquet_shredder *s, const firn_allocator *alloc);
void firn_parquet_shredder_dispose(firn_parquet_shredder *s);
/* Rows [from, from+n) of the batch. A null where the schema has none is FIRN_ERR_ARG. */
FIRN_MUST_CHECK firn_status firn_parquet_shred(firn_parquet_shredder *s,
                                               const firn_parquet_leaf *leaf,
                                               const firn_batch *batch, int64_t from, int64_t n,
                                               firn_parquet_run *out, firn_error *err);

#endif
