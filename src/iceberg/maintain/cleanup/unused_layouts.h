/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas and partition specs that no snapshot which stays was written with. */
#ifndef FIRN_ICEBERG_UNUSED_LAYOUTS_H
#define FIRN_ICEBERG_UNUSED_LAYOUTS_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/ext/store.h"
#include "firn/metadata.h"

typedef struct firn_unused_layouts {
    int64_t *schemas; /* ids */
    size_t n_schemas;
    int64_t *specs;
    size_t n_specs;
} firn_unused_layouts;

/* In the arena. Reads the manifest lists of the snapshots that are kept. */
FIRN_MUST_CHECK firn_status firn_unused_layouts_find(firn_env *env, firn_store *store,
                                                     const firn_table_metadata *metadata,
                                                     const firn_snapshot *const *kept,
                                                     size_t n_kept, firn_arena *arena,
                                                     firn_unused_layouts *out, firn_error *err);

#endif
