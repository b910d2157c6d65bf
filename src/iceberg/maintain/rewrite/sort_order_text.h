/* SPDX-License-Identifier: Apache-2.0 */
/* Sort orders as text, without an SQL engine: "c DESC NULLS LAST, bucket(4, d)", "zorder(a, b)",
 * "hilbert(a, b)", "table" for the table's own. */
#ifndef FIRN_ICEBERG_SORT_ORDER_TEXT_H
#define FIRN_ICEBERG_SORT_ORDER_TEXT_H

#include "base/arena.h"
#include "firn/maintain.h"

/* Sets strategy, sort fields or columns of opts, in the arena; empty text: nothing.
 * FIRN_ERR_NOT_FOUND "the table has no column ..", FIRN_ERR_ARG for other mistakes. */
FIRN_MUST_CHECK firn_status firn_sort_order_parse(firn_str text, const firn_schema *schema,
                                                  firn_arena *arena, firn_file_rewrite_opts *opts,
                                                  firn_error *err);

#endif
