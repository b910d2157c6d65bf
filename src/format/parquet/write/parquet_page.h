/* SPDX-License-Identifier: Apache-2.0 */
/* One finished page: header and compressed bytes in memory of its own. Not here: what is in it. */
#ifndef FIRN_FORMAT_PARQUET_PAGE_H
#define FIRN_FORMAT_PARQUET_PAGE_H

#include "format/parquet/write/parquet_column.h"

/* Levels as they stand in front of a page's values: length, then hybrid runs. levels NULL: all n
 * are max. */
void firn_parquet_put_levels(firn_parquet_scratch *scratch, const uint8_t *levels, size_t n,
                             uint8_t max);
/* Compress scratch->raw to a data page of n_levels values: out->data and len. */
FIRN_MUST_CHECK firn_status firn_parquet_page_data(const firn_parquet_settings *settings,
                                                   firn_parquet_scratch *scratch, int level,
                                                   size_t n_levels, firn_parquet_encoding encoding,
                                                   firn_parquet_page *out, int64_t *uncompressed,
                                                   firn_error *err);
/* The same for a dictionary page of n values. */
FIRN_MUST_CHECK firn_status firn_parquet_page_dictionary(const firn_parquet_settings *settings,
                                                         firn_parquet_scratch *scratch, size_t n,
                                                         firn_parquet_page *out,
                                                         int64_t *uncompressed, firn_error *err);

#endif
