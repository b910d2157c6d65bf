/* SPDX-License-Identifier: Apache-2.0 */
/* Which snapshots, branches, tags, schemas and partition specs of a table's metadata nobody needs.
 * Looks at metadata only; files are file_census.h's business. */
#ifndef FIRN_ICEBERG_EXPIRE_PLAN_H
#define FIRN_ICEBERG_EXPIRE_PLAN_H

#include "base/arena.h"
#include "firn/maintain.h"

typedef struct firn_expire_plan {
    const firn_snapshot **expired; /* in the order of the metadata */
    size_t n_expired;
    const firn_snapshot **kept;
    size_t n_kept;
    const firn_snapshot_ref **refs; /* that go */
    size_t n_refs;
} firn_expire_plan;

/* In the arena. FIRN_ERR_ARG for snapshots that are named but may not or cannot go. */
FIRN_MUST_CHECK firn_status firn_expire_plan_make(const firn_table_metadata *metadata,
                                                  const firn_expire_opts *opts, int64_t now_ms,
                                                  firn_arena *arena, firn_expire_plan *out,
                                                  firn_error *err);

#endif
