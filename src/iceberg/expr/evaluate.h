/* SPDX-License-Identifier: Apache-2.0 */
/* What a bound filter says of a manifest or a file without opening it.
 * "inclusive" answers may a row match; "strict" answers do all rows match. Never wrong in the
 * unsafe direction: when in doubt, inclusive says true and strict says false. Readers differ about
 * null under <>, NOT IN and NOT STARTS WITH: inclusive counts it as a match, strict does not. NaN
 * compares above every number, as in the SQL engine. */
#ifndef FIRN_ICEBERG_EVALUATE_H
#define FIRN_ICEBERG_EVALUATE_H

#include "iceberg/expr/expr.h"
#include "iceberg/spec/manifest.h"

/* A filter on rows turned into a filter on a spec's partition fields: predicates have field_id =
 * partition field id. Time transforms of negative values are widened for old writers. */
FIRN_MUST_CHECK firn_status firn_expr_project_inclusive(const firn_expr *bound,
                                                        const firn_schema *schema,
                                                        const firn_partition_spec *spec,
                                                        firn_arena *arena, const firn_expr **out,
                                                        firn_error *err);
FIRN_MUST_CHECK firn_status firn_expr_project_strict(const firn_expr *bound,
                                                     const firn_schema *schema,
                                                     const firn_partition_spec *spec,
                                                     firn_arena *arena, const firn_expr **out,
                                                     firn_error *err);
/* projected: from firn_expr_project_*. */
bool firn_expr_may_match_manifest(const firn_expr *projected, const firn_partition_spec *spec,
                                  const firn_manifest_file *manifest);
/* Exact evaluation on a partition tuple. */
bool firn_expr_matches_partition(const firn_expr *projected, const firn_partition_spec *spec,
                                 const firn_value *partition);
bool firn_expr_may_match_file(const firn_expr *bound, const firn_data_file *file);
bool firn_expr_all_match_file(const firn_expr *bound, const firn_data_file *file);

#endif
