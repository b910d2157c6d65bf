/* SPDX-License-Identifier: Apache-2.0 */
/* One new snapshot on top of a branch: its manifests, its manifest list, its summary. All names
 * hold a UUID of the attempt, so nothing is ever written twice under one name. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/plan.h"
#include "iceberg/spec/metadata_update.h"
#include "iceberg/txn/manifest_files.h"

#define K_DEFAULT_MANIFEST_BYTES ((int64_t)8 << 20)

static firn_status init_files(firn_snapshot_files *files, const firn_snapshot *parent,
                              firn_error *err)
{
    const firn_txn *txn = files->txn;
    const firn_env *env = txn->table->env;
    const firn_table_metadata *metadata = files->metadata;
    FIRN_TRY(firn_metadata_folder(metadata, files->arena, &files->folder, err));
    firn_random_uuid(env->random, files->uuid);
    env->random->fill(env->random->ctx, files->sync, sizeof files->sync);
    files->snapshot_id = files->change->snapshot_id;
    files->parent_snapshot_id = parent ? parent->snapshot_id : -1;
    files->sequence_number = metadata->format_version >= 2 ? metadata->last_sequence_number + 1 : 0;
    files->target_bytes = firn_properties_get_i64(&metadata->properties,
                                                  FIRN_STR("commit.manifest.target-size-bytes"),
                                                  K_DEFAULT_MANIFEST_BYTES);
    firn_summary__init(&files->counts, files->arena);
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

/* Kept for the transactions that follow in the same commit. */
static firn_status put_into_batch(const firn_snapshot_files *files, firn_metadata_output *output,
                                  firn_error *err)
{
    firn_list_batch *batch = files->txn->batch;
    firn_store_writer **slot =
        firn_arena_push(batch->arena, &batch->writers, &batch->n, &batch->cap, sizeof *slot);
    if (!slot) {
        firn_metadata_output__abandon(output);
        return firn_fail_nomem(err);
    }
    *slot = output->writer;
    batch->snapshot_id = files->snapshot_id;
    batch->manifests = files->manifests;
    batch->n_manifests = files->n_manifests;
    return FIRN_OK;
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
    if (files->txn->batch) return put_into_batch(files, &output, err);
    return firn_metadata_output__finish(&output, err);
}

static firn_status read_parent(const firn_snapshot_files *files, const firn_snapshot *parent,
                               firn_manifest_file **out, size_t *n_out, firn_error *err)
{
    const firn_list_batch *batch = files->txn->batch;
    *out = NULL;
    *n_out = 0;
    if (!parent) return FIRN_OK;
    if (!batch || batch->snapshot_id != parent->snapshot_id)
        return firn_snapshot_manifests(files->txn->table->store, files->metadata, parent,
                                       files->arena, out, n_out, err);
    firn_manifest_file *copy = firn_arena_array(files->arena, batch->n_manifests, sizeof *copy);
    if (!copy) return firn_fail_nomem(err);
    for (size_t i = 0; i < batch->n_manifests; i++) copy[i] = batch->manifests[i];
    *out = copy;
    *n_out = batch->n_manifests;
    return FIRN_OK;
}

/* A manifest that was merged into another one is of no use any more. */
static void mark_used(const firn_snapshot_files *files, firn_str list)
{
    for (size_t i = 0; i < files->txn->n_written; i++) {
        firn_written_file *written = &files->txn->written[i];
        if (firn_str_equals(written->path, list)) written->is_used = true;
        for (size_t m = 0; m < files->n_manifests && !written->is_used; m++)
            written->is_used = firn_str_equals(written->path, files->manifests[m].path);
    }
}

/* The names that Iceberg's library gives. */
static firn_str operation_of(const firn_snapshot_files *files)
{
    const firn_change *what = &files->change->what;
    const firn_summary_counts *n = &files->counts;
    const bool adds_data = n->added_files > 0;
    const bool adds_deletes = n->added_delete_files > 0;
    const bool removes_data = n->removed_files > 0;
    switch (what->kind) {
    case FIRN_CHANGE_APPEND: return FIRN_STR("append");
    case FIRN_CHANGE_REWRITE:
    case FIRN_CHANGE_REWRITE_MANIFESTS: return FIRN_STR("replace");
    case FIRN_CHANGE_REPLACE_PARTITIONS: return FIRN_STR("overwrite");
    case FIRN_CHANGE_ROW_DELTA:
        if (adds_data && !adds_deletes && !removes_data) return FIRN_STR("append");
        if (adds_deletes && !adds_data) return FIRN_STR("delete");
        return FIRN_STR("overwrite");
    case FIRN_CHANGE_OVERWRITE: break;
    }
    const bool may_remove = what->n_removed > 0 || what->remove_filter;
    if (may_remove) return adds_data ? FIRN_STR("overwrite") : FIRN_STR("delete");
    return adds_data ? FIRN_STR("append") : FIRN_STR("overwrite");
}

/* Entries that Iceberg's library adds for such changes. */
static firn_status extra_summary(const firn_snapshot_files *files, firn_property **out,
                                 size_t *n_out, firn_error *err)
{
    const firn_txn *txn = files->txn;
    firn_property *items = firn_arena_array(files->arena, txn->n_summary + 2, sizeof *items);
    size_t n = 0;
    if (!items) return firn_fail_nomem(err);
    if (files->change->what.kind == FIRN_CHANGE_REPLACE_PARTITIONS)
        items[n++] = (firn_property){FIRN_STR("replace-partitions"), FIRN_STR("true")};
    if (files->change->picked_from.len > 0)
        items[n++] = (firn_property){FIRN_STR("source-snapshot-id"), files->change->picked_from};
    for (size_t i = 0; i < txn->n_summary; i++) items[n++] = txn->summary[i];
    *out = items;
    *n_out = n;
    return FIRN_OK;
}

/* Never before what the table says happened last, whatever the clock says by now: history stays in
 * order. */
static int64_t time_of(const firn_table_metadata *metadata, const firn_clock *clock)
{
    int64_t at = firn_clock_wall_ms(clock);
    if (metadata->last_updated_ms > at) at = metadata->last_updated_ms;
    if (metadata->n_snapshot_log > 0) {
        const int64_t logged = metadata->snapshot_log[metadata->n_snapshot_log - 1].timestamp_ms;
        if (logged > at) at = logged;
    }
    return at;
}

static firn_status fill_snapshot(const firn_snapshot_files *files, const firn_snapshot *parent,
                                 firn_snapshot *out, firn_error *err)
{
    const firn_txn *txn = files->txn;
    firn_property *extra = NULL;
    size_t n_extra = 0;
    FIRN_TRY(extra_summary(files, &extra, &n_extra, err));
    *out = (firn_snapshot){
        .snapshot_id = files->snapshot_id,
        .parent_snapshot_id = files->parent_snapshot_id,
        .sequence_number = files->sequence_number,
        .timestamp_ms = time_of(files->metadata, txn->table->env->clock),
        .operation = operation_of(files),
        .schema_id = files->metadata->current_schema_id,
        .first_row_id = -1,
        .added_rows = -1,
    };
    out->manifest_list = firn_arena_printf(files->arena, "%.*s/snap-%" PRId64 "-%d-%s.avro",
                                           FIRN_STR_ARG(files->folder), files->snapshot_id,
                                           txn->attempt + 1, files->uuid);
    if (!out->manifest_list.data) return firn_fail_nomem(err);
    return firn_summary__make(&files->counts, parent, extra, n_extra, files->arena, &out->summary,
                              err);
}

firn_status firn_snapshot__head(const firn_snapshot_change *change,
                                const firn_table_metadata *metadata, const firn_snapshot **out,
                                firn_error *err)
{
    const firn_str name = change->what.branch;
    *out = firn_metadata_current_snapshot(metadata);
    if (name.len == 0 || firn_str_equals(name, FIRN_MAIN)) return FIRN_OK;
    const firn_snapshot_ref *ref = firn_metadata_find_ref(metadata, name);
    if (!ref || ref->is_tag)
        return firn_fail(err, ref ? FIRN_ERR_ARG : FIRN_ERR_NOT_FOUND,
                         ref ? "\"%.*s\" is a tag, not a branch" : "no branch \"%.*s\"",
                         FIRN_STR_ARG(name));
    *out = firn_metadata_find_snapshot(metadata, ref->snapshot_id);
    return FIRN_OK;
}

firn_status firn_snapshot__prepare(firn_txn *txn, firn_snapshot_change *change,
                                   const firn_table_metadata *metadata, firn_error *err)
{
    firn_snapshot_files files = {
        .txn = txn, .change = change, .metadata = metadata, .arena = txn->files_arena};
    FIRN_TRY(init_files(&files, NULL, err));
    return firn_manifests__make(&files, err);
}

static firn_status make_manifests(firn_snapshot_files *files, const firn_manifest_file *old,
                                  size_t n_old, firn_error *err)
{
    if (files->change->what.kind == FIRN_CHANGE_REWRITE_MANIFESTS)
        return firn_manifests__rewrite(files, old, n_old, err);
    FIRN_TRY(firn_manifests__add_new(files, err));
    FIRN_TRY(firn_manifests__add_kept(files, old, n_old, err));
    return firn_manifests__merge(files, err);
}

firn_status firn_snapshot__produce(firn_txn *txn, firn_snapshot_change *change,
                                   const firn_table_metadata *metadata, firn_arena *arena,
                                   firn_snapshot *out, firn_error *err)
{
    firn_snapshot_files files = {
        .txn = txn, .change = change, .metadata = metadata, .arena = arena};
    firn_manifest_file *old = NULL;
    size_t n_old = 0;
    const firn_snapshot *parent = NULL;
    FIRN_TRY(firn_env_failpoint(txn->table->env, "txn.commit.before_manifests", err));
    FIRN_TRY(firn_snapshot__head(change, metadata, &parent, err));
    FIRN_TRY(init_files(&files, parent, err));
    FIRN_TRY(read_parent(&files, parent, &old, &n_old, err));
    FIRN_TRY(make_manifests(&files, old, n_old, err));
    FIRN_TRY(firn_env_failpoint(txn->table->env, "txn.commit.after_manifests", err));
    FIRN_TRY(fill_snapshot(&files, parent, out, err));
    if (metadata->format_version >= 3) {
        out->first_row_id = metadata->next_row_id > 0 ? metadata->next_row_id : 0;
        out->added_rows = assign_row_ids(&files, out->first_row_id);
    }
    FIRN_TRY(write_list(&files, out->manifest_list, err));
    mark_used(&files, out->manifest_list);
    return FIRN_OK;
}
