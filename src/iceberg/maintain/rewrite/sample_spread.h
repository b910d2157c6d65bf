/* SPDX-License-Identifier: Apache-2.0 */
/* Whether some files stand for the others: their rows do if each file has values from all over the
 * range, and not if files follow each other, as those do that rows were appended to as time went
 * by. */
#ifndef FIRN_ICEBERG_SAMPLE_SPREAD_H
#define FIRN_ICEBERG_SAMPLE_SPREAD_H

#include "base/alloc.h"

/* values: of a column, of n rows that were sampled; files: of each, below n_files. */
FIRN_MUST_CHECK firn_status firn_samples_are_spread(const uint64_t *values, const uint32_t *files,
                                                    size_t n, size_t n_files,
                                                    const firn_allocator *alloc, bool *out,
                                                    firn_error *err);

#endif
