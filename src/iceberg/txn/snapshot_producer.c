/* SPDX-License-Identifier: Apache-2.0 */
/* One new snapshot on top of main: its manifests, its manifest list, its summary. All names hold a
 * UUID of the attempt, so nothing is ever written twice under one name. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/manifest_files.h"

#define K_DEFAULT_MANIFEST_BYTES ((int64_t)8 << 20)

static firn_status init_files(firn_snapshot_files *files, firn_txn *txn,
                              const firn_table_metadata *metadata, firn_arena *arena,
                              firn_error *err)
{
    const firn_env *env = txn->table->env;
    *files = (firn_snapshot_files){.txn = txn, .metadata = metadata, .arena = arena};
    firn_str folder =
        firn_properties_get(&metadata->properties, FIRN_STR("write.metadata.path"), (firn_str){0});
    while (folder.len > 1 && folder.data[folder.len - 1] == '/') folder.len--;
    files->folder = folder.len > 0 ? folder
                                   : firn_arena_printf(arena, "%.*s/metadata",
                                                       FIRN_STR_ARG(metadata->location));
    if (!files->folder.data) return firn_fail_nomem(err);
    firn_random_uuid(env->random, files->uuid);
    env->random->fill(env->random->ctx, files->sync, sizeof files->sync);
    files->snapshot_id = txn->snapshot_id;
    files->parent_snapshot_id = metadata->current_snapshot_id;
    files->sequence_number = metadata->format_version >= 2 ? metadata->last_sequence_number + 1 : 0;
    files->target_bytes = firn_properties_get_i64(&metadata->properties,
                                                  FIRN_STR("commit.manifest.target-size-bytes"),
                                                  K_DEFAULT_MANIFEST_BYTES);
    firn_summary__init(&files->counts, arena);
    return FIRN_OK;
}

/* v3: data manifests that have no row ids yet get them here, in list order. */
static int64_t assign_row_ids(firn_snapshot_files *files, int64_t first_row_id)
{
    int64_t next = first_row_id;
    for (size_t i = 0; i < files->n_manifests; i++) {
        firn_manifest_file *manifest = &files->manifests[i];
        if (manifest->content != FIRN_CONTENT_DATA || manifest->first_row_id >= 0) continue;
        manifest->first_row_id = next;
        if (manifest->added_rows > 0) next += manifest->added_rows;
        if (manifest->existing_rows > 0) next += manifest->existing_rows;
    }
    return next - first_row_id;
}

static firn_status write_list(firn_snapshot_files *files, firn_str path, firn_error *err)
{
    firn_metadata_output output;
    const firn_manifest_write_opts opts = {
        .format_version = files->metadata->format_version,
        .schema = firn_metadata_schema(files->metadata),
        .spec = firn_metadata_spec(files->metadata),
        .snapshot_id = files->snapshot_id,
        .parent_snapshot_id = files->parent_snapshot_id,
        .sequence_number = files->sequence_number,
        .sync = files->sync,
    };
    FIRN_TRY(firn_metadata_output__open(files->txn, path, &output, err));
    const firn_byte_sink sink = {&output, firn_metadata_output__write};
    const firn_status st =
        firn_manifest_list_write(&opts, files->manifests, files->n_manifests, &sink, err);
    if (st != FIRN_OK) {
        firn_metadata_output__abandon(&output);
        return st;
    }
    return firn_metadata_output__finish(&output, err);
}

/* What Iceberg's OverwriteFiles calls it: an overwrite that only adds is an append. */
static firn_str operation_of(const firn_snapshot_change *change)
{
    if (!change->is_overwrite) return FIRN_STR("append");
    if (change->n_removed > 0)
        return change->n_added > 0 ? FIRN_STR("overwrite") : FIRN_STR("delete");
    return change->n_added > 0 ? FIRN_STR("append") : FIRN_STR("overwrite");
}

static firn_status fill_snapshot(const firn_snapshot_files *files, const firn_snapshot *parent,
                                 firn_snapshot *out, firn_error *err)
{
    const firn_txn *txn = files->txn;
    const int64_t now = firn_clock_wall_ms(txn->table->env->clock);
    *out = (firn_snapshot){
        .snapshot_id = files->snapshot_id,
        .parent_snapshot_id = files->parent_snapshot_id,
        .sequence_number = files->sequence_number,
        .timestamp_ms = parent && parent->timestamp_ms > now ? parent->timestamp_ms : now,
        .operation = operation_of(txn->change),
        .schema_id = files->metadata->current_schema_id,
        .first_row_id = -1,
        .added_rows = -1,
    };
    out->manifest_list = firn_arena_printf(files->arena, "%.*s/snap-%" PRId64 "-%d-%s.avro",
                                           FIRN_STR_ARG(files->folder), files->snapshot_id,
                                           txn->attempt + 1, files->uuid);
    if (!out->manifest_list.data) return firn_fail_nomem(err);
    return firn_summary__make(&files->counts, parent, txn->summary, txn->n_summary, files->arena,
                              &out->summary, err);
}

firn_status firn_snapshot__produce(firn_txn *txn, const firn_table_metadata *metadata,
                                   firn_arena *arena, firn_snapshot *out, firn_error *err)
{
    firn_snapshot_files files;
    firn_manifest_file *old = NULL;
    size_t n_old = 0;
    const firn_snapshot *parent = firn_metadata_current_snapshot(metadata);
    FIRN_TRY(firn_env_failpoint(txn->table->env, "txn.commit.before_manifests", err));
    FIRN_TRY(init_files(&files, txn, metadata, arena, err));
    if (parent)
        FIRN_TRY(
            firn_snapshot_manifests(txn->table->store, metadata, parent, arena, &old, &n_old, err));
    FIRN_TRY(firn_manifests__add_new(&files, err));
    FIRN_TRY(firn_manifests__add_kept(&files, old, n_old, err));
    FIRN_TRY(firn_manifests__merge(&files, err));
    FIRN_TRY(firn_env_failpoint(txn->table->env, "txn.commit.after_manifests", err));
    FIRN_TRY(fill_snapshot(&files, parent, out, err));
    if (metadata->format_version >= 3) {
        out->first_row_id = metadata->next_row_id > 0 ? metadata->next_row_id : 0;
        out->added_rows = assign_row_ids(&files, out->first_row_id);
    }
    return write_list(&files, out->manifest_list, err);
}
