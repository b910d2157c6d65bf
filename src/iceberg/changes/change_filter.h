/* SPDX-License-Identifier: Apache-2.0 */
/* What of a filter says that data files of a changelog need not be read.
 *
 * A row is compared with others: with rows of the same values, or of the same key. So only a filter
 * that all of these pass, or none, may leave files out: the whole filter where values are compared,
 * what it says of the key where keys are. The rows that do not pass may come all the same, judged
 * or not. */
#ifndef FIRN_ICEBERG_CHANGE_FILTER_H
#define FIRN_ICEBERG_CHANGE_FILTER_H

#include "iceberg/expr/expr.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_change_filter firn_change_filter;

/* filter: bound; what it says of columns that the schema has not is let go. by_key: only what is
 * about the key's fields (ascending) counts. The schema and the filter outlive it. */
FIRN_MUST_CHECK firn_status firn_change_filter_create(const firn_expr *filter,
                                                      const firn_schema *schema, bool by_key,
                                                      const int32_t *key_ids, size_t n_key_ids,
                                                      firn_arena *arena, firn_change_filter **out,
                                                      firn_error *err);
/* What rows are asked; TRUE: nothing is left out. */
const firn_expr *firn_change_filter_expr(const firn_change_filter *filter);
/* Ascending: whose metrics it looks at. */
const int32_t *firn_change_filter_ids(const firn_change_filter *filter, size_t *n_out);

/* The filter as a partition spec sees it, made once each. */
FIRN_MUST_CHECK firn_status firn_change_filter_for(firn_change_filter *filter,
                                                   const firn_partition_spec *spec,
                                                   const firn_expr **out, firn_error *err);
#endif
