/* SPDX-License-Identifier: Apache-2.0 */
/* Which partition each row of a batch belongs to. */
#ifndef FIRN_ICEBERG_PARTITION_SPLIT_H
#define FIRN_ICEBERG_PARTITION_SPLIT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "firn/batch.h"
#include "firn/metadata.h"

/* A partition that has been seen. */
typedef struct firn_partition {
    size_t index;
    firn_value *values; /* one per field of the spec */
    firn_str path;      /* "day=2024-01-01/id_bucket=3", empty when unpartitioned */
    void *user;         /* the writer's open file */
} firn_partition;

typedef struct firn_partition_splitter firn_partition_splitter;

/* "day=2024-01-01/id_bucket=3", in the arena; values: one per field of the spec. */
FIRN_MUST_CHECK firn_status firn_partition_path(const firn_partition_spec *spec,
                                                const firn_value *values, firn_arena *arena,
                                                firn_str *out, firn_error *err);

FIRN_MUST_CHECK firn_status firn_partition_splitter_create(const firn_schema *schema,
                                                           const firn_partition_spec *spec,
                                                           firn_arena *arena,
                                                           firn_partition_splitter **out,
                                                           firn_error *err);
/* Releases what is not in the arena. NULL is fine. */
void firn_partition_splitter_destroy(firn_partition_splitter *splitter);
/* out[row] is the row's partition; room for batch->n_rows. */
FIRN_MUST_CHECK firn_status firn_partition_splitter_assign(firn_partition_splitter *splitter,
                                                           const firn_batch *batch,
                                                           firn_partition **out, firn_error *err);
/* The partition with these values, one per field of the spec; they are copied. */
FIRN_MUST_CHECK firn_status firn_partition_splitter_find(firn_partition_splitter *splitter,
                                                         const firn_value *values,
                                                         firn_partition **out, firn_error *err);
/* The partition of a table without partition fields. */
FIRN_MUST_CHECK firn_status firn_partition_splitter_only(firn_partition_splitter *splitter,
                                                         firn_partition **out, firn_error *err);

#endif
