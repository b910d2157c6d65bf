/* SPDX-License-Identifier: Apache-2.0 */
/* Loops of row_filter_rows.c over columns of one layout. Bit r of mask (n / 64 words, rounded up)
 * becomes whether row r passes; what stands for nulls is tested too, the caller drops it. */
#ifndef FIRN_FORMAT_ROW_FILTER_KERNELS_H
#define FIRN_FORMAT_ROW_FILTER_KERNELS_H

#include "format/columns/row_filter.h"

/* RANGE, IN, NOT_IN on a column of firn_view. */
void firn_filter_views(const firn_filter *test, const firn_column *column, size_t n,
                       uint64_t *mask);

#endif
