/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts (sort_cuts.h) whose keys are numbers: rows are told apart without keys of their own. */
#ifndef FIRN_ICEBERG_NUMBER_CUTS_H
#define FIRN_ICEBERG_NUMBER_CUTS_H

#include "iceberg/sort/number_keys.h"
#include "iceberg/sort/sort_cuts.h"

typedef struct firn_number_cuts {
    const firn_sort_cuts *cuts; /* NULL: keys are not numbers, or take too many bits */
    firn_number_keys keys;      /* of the cuts */
    uint64_t *packed;           /* keys of the cuts, ascending */
    uint16_t *slots;            /* first cut of each part of their range, and the end */
    unsigned shift;             /* a part is so many bits wide */
} firn_number_cuts;

/* Cuts are borrowed. */
FIRN_MUST_CHECK firn_status firn_number_cuts_make(firn_number_cuts *out, const firn_sort_cuts *cuts,
                                                  const firn_row_order *order,
                                                  const firn_allocator *alloc, firn_error *err);
void firn_number_cuts_dispose(firn_number_cuts *cuts, const firn_allocator *alloc);
/* The parts that n rows belong to, whose keys are packed and which have the numbers first,
 * first + 1, ... */
void firn_number_cuts_find(const firn_number_cuts *cuts, const uint64_t *packed, size_t n,
                           uint64_t first, uint32_t *parts);

#endif
