/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a batch that no file is read for: one value for all rows, or row numbers. */
#ifndef FIRN_ICEBERG_CONSTANT_COLUMN_H
#define FIRN_ICEBERG_CONSTANT_COLUMN_H

#include "base/alloc.h"
#include "firn/batch.h"
#include "format/parquet/read/parquet_reader.h"

/* Memory for a column whose owner brought none; zero-initialised by the caller. */
typedef struct firn_column_memory {
    void *values;
    uint64_t *validity;
    int64_t capacity;
} firn_column_memory;

/* Rows [0, n) become value; bytes are borrowed. memory is used where column has none. */
FIRN_MUST_CHECK firn_status firn_column_fill_value(firn_column *column, const firn_type *type,
                                                   const firn_value *value, int64_t n,
                                                   firn_column_memory *memory,
                                                   const firn_allocator *alloc, firn_error *err);
/* Rows [0, n) become first + the row numbers of the runs, n in all, in a LONG column. */
FIRN_MUST_CHECK firn_status firn_column_fill_positions(firn_column *column,
                                                       const firn_row_range *runs, int64_t first,
                                                       int64_t n, firn_column_memory *memory,
                                                       const firn_allocator *alloc,
                                                       firn_error *err);
/* The nulls among rows [0, n) of a LONG column become first + the row numbers of the runs. */
void firn_column_replace_nulls(firn_column *column, const firn_row_range *runs, int64_t first,
                               int64_t n);
/* The same with one value for all. */
void firn_column_replace_nulls_with(firn_column *column, int64_t value, int64_t n);
void firn_column_memory_dispose(firn_column_memory *memory, const firn_allocator *alloc);

#endif
