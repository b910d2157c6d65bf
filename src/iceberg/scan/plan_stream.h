/* SPDX-License-Identifier: Apache-2.0 */
/* Scan planning piece by piece: manifests are read as their tasks are asked for, so that whoever
 * stops early leaves the rest unread, and what was handed on can be freed. What plan.h gives at
 * once comes from here, too.
 *
 * A stream belongs to one thread at a time; it keeps the pool's threads busy while it reads. */
#ifndef FIRN_ICEBERG_PLAN_STREAM_H
#define FIRN_ICEBERG_PLAN_STREAM_H

#include "iceberg/scan/plan.h"

typedef struct firn_plan_stream firn_plan_stream;

/* Some tasks, never none: in manifest list, then entry order. Owned by who asked for it; the stream
 * outlives it. */
typedef struct firn_task_batch {
    firn_scan_task *tasks;
    size_t n_tasks;
    firn_arena *arena; /* holds the batch itself */
} firn_task_batch;

/* Reads the manifest list and the delete manifests, no manifest of data files. Store, metadata and
 * what opts point to outlive the stream. opts NULL: defaults. */
FIRN_MUST_CHECK firn_status firn_plan_stream_open(firn_env *env, firn_store *store,
                                                  const firn_table_metadata *metadata,
                                                  const firn_plan_opts *opts,
                                                  firn_plan_stream **out, firn_error *err);
void firn_plan_stream_close(firn_plan_stream *stream);
/* Reads manifests until some task is found, FIRN_DONE when none is left. One manifest the first
 * time, then more and more while few tasks come of them. */
FIRN_MUST_CHECK firn_status firn_plan_stream_next(firn_plan_stream *stream, firn_task_batch **out,
                                                  firn_error *err);
void firn_task_batch_destroy(firn_task_batch *batch);

/* Totals of the snapshot from the beginning; what was read and matched as far as the stream got. */
const firn_scan_stats *firn_plan_stream_stats(const firn_plan_stream *stream);
/* Delete files that the filter leaves; NULL: none. */
const firn_delete_index *firn_plan_stream_deletes(const firn_plan_stream *stream);

#endif
