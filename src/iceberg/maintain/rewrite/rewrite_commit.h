/* SPDX-License-Identifier: Apache-2.0 */
/* Committing rewritten groups, whatever others do to the same files meanwhile: deletes of rows are
 * carried over to the new files where it is known where rows went; else, or when a file is gone,
 * the group is written again from what is there now. */
#ifndef FIRN_ICEBERG_REWRITE_COMMIT_H
#define FIRN_ICEBERG_REWRITE_COMMIT_H

#include "iceberg/maintain/rewrite/rewrite_group.h"
#include "iceberg/maintain/table_views.h"
#include "iceberg/txn/snapshot_update.h"

/* A group with its output. */
typedef struct firn_rewritten {
    firn_rewrite_group group;
    firn_group_output output;
    firn_arena *arena; /* of the output: groups are written at the same time */
} firn_rewritten;

typedef struct firn_rewrite_commit {
    firn_table *table; /* moves on */
    firn_table_views *views;
    const firn_group_writer *writer;
    firn_str branch; /* empty: main */
    bool keeps_sequence_number;
    firn_arena *arena;
    /* The snapshot that the groups' tasks are of. */
    int64_t from_snapshot_id;
    int64_t from_sequence_number;
    int64_t n_redone;       /* groups written again */
    int64_t n_delete_files; /* carried over */
} firn_rewrite_commit;

/* Groups whose files are all gone are left out. On failure the outputs are removed, unless the
 * outcome is unknown. */
FIRN_MUST_CHECK firn_status firn_rewrite_commit_run(firn_rewrite_commit *commit,
                                                    firn_rewritten *groups, size_t n,
                                                    firn_error *err);
/* Removes the files of groups that are not committed. */
void firn_rewritten_discard(const firn_group_writer *writer, firn_rewritten *groups, size_t n);

#endif
