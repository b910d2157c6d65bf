/* SPDX-License-Identifier: Apache-2.0 */
/* The page index of a finished chunk as Thrift (PageIndex.md). Not here: where it goes in the file,
 * reading it. */
#ifndef FIRN_FORMAT_PARQUET_INDEX_WRITER_H
#define FIRN_FORMAT_PARQUET_INDEX_WRITER_H

#include "format/parquet/write/parquet_column.h"

/* Can the pages' bounds be told? Not without an order, nor when all values of a page are NaN. */
bool firn_parquet_has_column_index(const firn_parquet_column *c);
void firn_parquet_put_column_index(const firn_parquet_column *c, firn_buf *out);
/* c->chunk.offset is where the chunk begins. */
void firn_parquet_put_offset_index(const firn_parquet_column *c, firn_buf *out);
/* The chunk's counts by level, summed up over its pages, to the arena. */
FIRN_MUST_CHECK firn_status firn_parquet_sum_histograms(firn_parquet_column *c, firn_arena *arena,
                                                        firn_error *err);

#endif
