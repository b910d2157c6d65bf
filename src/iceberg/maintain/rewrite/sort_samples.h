/* SPDX-License-Identifier: Apache-2.0 */
/* Rows out of all of a group's, evenly, or out of some files that are like the others, of which
 * only the columns are read that an order is about: ranks on a curve and the parts of a sort are
 * told from them. */
#ifndef FIRN_ICEBERG_SORT_SAMPLES_H
#define FIRN_ICEBERG_SORT_SAMPLES_H

#include "iceberg/maintain/rewrite/group_run.h"
#include "iceberg/sort/row_order.h"
#include "iceberg/sort/sort_cuts.h"

/* Rows of a group are told apart by where they come from. */
static inline uint64_t firn_group_row_number(const firn_group_run *r, const firn_scan_task *task,
                                             int64_t position)
{
    return (uint64_t)(task - r->group->tasks) << 40 | (uint64_t)position;
}

/* Which of the group's tasks such a number is from. */
static inline size_t firn_group_row_file(uint64_t number)
{
    return (size_t)(number >> 40);
}

/* Samples for the order, which is finished, and keys of the sampled rows for out, which the caller
 * disposes of in any case. */
FIRN_MUST_CHECK firn_status firn_sort_samples_read(firn_group_run *r, firn_row_order *order,
                                                   firn_key_samples *out, firn_error *err);

#endif
