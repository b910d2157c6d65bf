/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a filter once a file's partition is known. Made once for a spec, asked once for
 * each file; immutable after creation, so shared by threads. */
#ifndef FIRN_ICEBERG_RESIDUAL_H
#define FIRN_ICEBERG_RESIDUAL_H

#include "iceberg/expr/expr.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_residual firn_residual;

FIRN_MUST_CHECK firn_status firn_residual_create(const firn_expr *bound, const firn_schema *schema,
                                                 const firn_partition_spec *spec, firn_arena *arena,
                                                 const firn_residual **out, firn_error *err);
/* The filter without the predicates that all (TRUE) or none (FALSE) of the partition's rows pass.
 * NULL when out of memory. */
const firn_expr *firn_residual_for(const firn_residual *residual, const firn_value *partition,
                                   firn_arena *arena);

#endif
