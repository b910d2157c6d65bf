/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/cleanup/unused_layouts.h"

#include "base/error.h"
#include "iceberg/scan/plan.h"

typedef struct usage {
    const firn_table_metadata *metadata;
    bool *schemas; /* beside metadata->schemas */
    bool *specs;
} usage;

static void use_schema(const usage *u, int32_t id)
{
    for (size_t i = 0; i < u->metadata->n_schemas; i++)
        if (u->metadata->schemas[i]->schema_id == id) u->schemas[i] = true;
}

static void use_spec(const usage *u, int32_t id)
{
    for (size_t i = 0; i < u->metadata->n_specs; i++)
        if (u->metadata->specs[i]->spec_id == id) u->specs[i] = true;
}

static firn_status look_at(const usage *u, firn_store *store, const firn_snapshot *snapshot,
                           firn_arena *scratch, firn_error *err)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    /* A snapshot that does not say is read with any schema its files name. */
    if (snapshot->schema_id >= 0) use_schema(u, snapshot->schema_id);
    FIRN_TRY(firn_snapshot_manifests(store, u->metadata, snapshot, scratch, &manifests, &n, err));
    for (size_t i = 0; i < n; i++) use_spec(u, manifests[i].spec_id);
    return FIRN_OK;
}

static firn_status find_used(const usage *u, firn_env *env, firn_store *store,
                             const firn_snapshot *const *kept, size_t n_kept, firn_error *err)
{
    firn_status st = FIRN_OK;
    firn_arena *scratch = firn_arena_create(env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    for (size_t i = 0; i < n_kept && st == FIRN_OK; i++) {
        st = look_at(u, store, kept[i], scratch, err);
        firn_arena_reset(scratch);
    }
    firn_arena_destroy(scratch);
    return st;
}

firn_status firn_unused_layouts_find(firn_env *env, firn_store *store,
                                     const firn_table_metadata *metadata,
                                     const firn_snapshot *const *kept, size_t n_kept,
                                     firn_arena *arena, firn_unused_layouts *out, firn_error *err)
{
    const usage u = {.metadata = metadata,
                     .schemas = firn_arena_array(arena, metadata->n_schemas, sizeof(bool)),
                     .specs = firn_arena_array(arena, metadata->n_specs, sizeof(bool))};
    *out = (firn_unused_layouts){
        .schemas = firn_arena_array(arena, metadata->n_schemas, sizeof *out->schemas),
        .specs = firn_arena_array(arena, metadata->n_specs, sizeof *out->specs)};
    if (!u.schemas || !u.specs || !out->schemas || !out->specs) return firn_fail_nomem(err);
    use_schema(&u, metadata->current_schema_id);
    use_spec(&u, metadata->default_spec_id);
    FIRN_TRY(find_used(&u, env, store, kept, n_kept, err));
    for (size_t i = 0; i < metadata->n_schemas; i++)
        if (!u.schemas[i]) out->schemas[out->n_schemas++] = metadata->schemas[i]->schema_id;
    for (size_t i = 0; i < metadata->n_specs; i++)
        if (!u.specs[i]) out->specs[out->n_specs++] = metadata->specs[i]->spec_id;
    return FIRN_OK;
}
