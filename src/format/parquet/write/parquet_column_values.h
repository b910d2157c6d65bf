/* SPDX-License-Identifier: Apache-2.0 */
/* The values of the page at hand and which encoding they get. Not here: levels, pages. */
#ifndef FIRN_FORMAT_PARQUET_COLUMN_VALUES_H
#define FIRN_FORMAT_PARQUET_COLUMN_VALUES_H

#include "format/parquet/write/parquet_column.h"

/* Bytes of a PLAIN value (booleans: in c->values); 0 for views. */
size_t firn_parquet_plain_width(const firn_parquet_leaf *leaf);
/* BYTE_ARRAY and FIXED: values come as views. */
bool firn_parquet_has_views(const firn_parquet_leaf *leaf);
size_t firn_parquet_views_bytes(const firn_view *v, size_t n, bool has_lengths);

/* The run's values, in the form a batch has them; wide decimals already as views. */
FIRN_MUST_CHECK firn_status firn_parquet_values_add(firn_parquet_column *c,
                                                    firn_parquet_scratch *scratch,
                                                    const firn_parquet_run *run, firn_error *err);
/* The page is complete: its bounds, and with the chunk's first values the encoding of the rest.
 * is_end: it is the last page, too. */
FIRN_MUST_CHECK firn_status firn_parquet_values_end(firn_parquet_column *c,
                                                    firn_parquet_scratch *scratch, bool is_end,
                                                    firn_error *err);
/* Append the page's values, in c->encoding, to scratch->raw. */
void firn_parquet_values_put(firn_parquet_column *c, firn_parquet_scratch *scratch);

#endif
