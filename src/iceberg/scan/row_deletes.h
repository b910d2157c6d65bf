/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes of a scan: read when the first data file that they apply to comes up, shared by all data
 * files and threads of the scan where they are about more than one. */
#ifndef FIRN_ICEBERG_ROW_DELETES_H
#define FIRN_ICEBERG_ROW_DELETES_H

#include "iceberg/scan/equality_deletes.h"

typedef struct firn_row_deletes firn_row_deletes;

/* What is deleted from one data file. */
typedef struct firn_file_deletes {
    const firn_bitmap *positions; /* NULL: none by position */
    const firn_equality_set **sets;
    size_t n_sets;
    int64_t sequence_number; /* of the data file */
} firn_file_deletes;

/* For the tasks of a plan; plan->tasks must outlive the result. Reads nothing yet;
 * FIRN_ERR_UNSUPPORTED for delete files of a format or by columns that cannot be read. */
FIRN_MUST_CHECK firn_status firn_row_deletes_create(const firn_delete_source *source,
                                                    const firn_scan_plan *plan,
                                                    firn_row_deletes **out, firn_error *err);
/* For tasks that are not known yet: any that the index was used for. */
FIRN_MUST_CHECK firn_status firn_row_deletes_create_for(const firn_delete_source *source,
                                                        const firn_delete_index *index,
                                                        firn_row_deletes **out, firn_error *err);
void firn_row_deletes_destroy(firn_row_deletes *deletes);
/* True when some rows can only be told by their values. */
bool firn_row_deletes_by_value(const firn_row_deletes *deletes);
/* Most columns that the sets of one data file compare. */
size_t firn_row_deletes_max_columns(const firn_row_deletes *deletes);

/* Reads what applies to the task and is not read yet. *out and what it does not share live in the
 * arena. Any thread. */
FIRN_MUST_CHECK firn_status firn_row_deletes_load(firn_row_deletes *deletes,
                                                  const firn_scan_task *task, firn_arena *arena,
                                                  const firn_file_deletes **out, firn_error *err);

#endif
