/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest that is at the target already is written once more only to know its length there,
 * which the manifest list has to say. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/maintain/import/path_rewrite.h"
#include "iceberg/scan/plan.h"
#include "store/store_read.h"

typedef struct manifest_op {
    firn_path_rewrite *rw;
    const firn_manifest_file *manifest;
    bool is_staged;
    firn_manifest_reader *reader;
    firn_manifest_writer *writer;
    firn_path_output output;
    firn_arena *scratch;
    firn_manifest_file made;
} manifest_op;

/* ---- entries ---- */

static firn_status move_entry(manifest_op *op, firn_manifest_entry *entry, firn_error *err)
{
    firn_data_file *file = &entry->file;
    const firn_str path = file->path;
    const bool is_live = entry->status != FIRN_ENTRY_DELETED;
    const bool is_new = is_live && op->is_staged && firn_path_is_new(op->rw, entry->snapshot_id);
    FIRN_TRY(firn_path_moved(op->rw, path, &file->path, err));
    if (file->content != FIRN_CONTENT_POSITION_DELETES)
        return is_new ? firn_path_plan_copy(op->rw, path, err) : FIRN_OK;
    if (file->referenced_data_file.len > 0)
        FIRN_TRY(
            firn_path_moved(op->rw, file->referenced_data_file, &file->referenced_data_file, err));
    return is_live ? firn_path_rewrite_delete(op->rw, path, is_new, file, err) : FIRN_OK;
}

static firn_status copy_entries(manifest_op *op, firn_error *err)
{
    firn_manifest_entry entry;
    for (;;) {
        const firn_status st = firn_manifest_reader_next(op->reader, &entry, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        FIRN_TRY(move_entry(op, &entry, err));
        /* inherited once more from the manifest list */
        if (entry.status == FIRN_ENTRY_ADDED &&
            entry.sequence_number == op->manifest->sequence_number)
            entry.sequence_number = -1;
        FIRN_TRY(firn_manifest_writer_append(op->writer, &entry, err));
    }
}

/* ---- one manifest ---- */

static firn_status open_manifest(manifest_op *op, firn_error *err)
{
    firn_path_rewrite *rw = op->rw;
    uint8_t sync[16];
    firn_str bytes;
    const firn_manifest_file *m = op->manifest;
    FIRN_TRY(
        firn_store_read_all(rw->store, m->path, FIRN_LIMIT_METADATA, op->scratch, &bytes, err));
    FIRN_TRY(firn_manifest_reader_open(bytes, m, NULL, NULL, FIRN_MANIFEST_ALL, &op->reader, err));
    rw->env->random->fill(rw->env->random->ctx, sync, sizeof sync);
    const firn_manifest_layout layout = firn_manifest_reader_layout(op->reader);
    firn_partition_spec spec = *layout.spec;
    spec.spec_id = m->spec_id;
    const firn_manifest_write_opts opts = {.format_version = layout.format_version,
                                           .schema = layout.schema,
                                           .spec = &spec,
                                           .snapshot_id = m->added_snapshot_id,
                                           .parent_snapshot_id = -1,
                                           .sequence_number = m->sequence_number,
                                           .sync = sync};
    FIRN_TRY(firn_path_output_open(rw, m->path, op->is_staged, &op->output, err));
    const firn_byte_sink sink = firn_path_output_sink(&op->output);
    FIRN_TRY(firn_manifest_writer_create(&opts, m->content, &sink, &op->writer, err));
    FIRN_TRY(copy_entries(op, err));
    FIRN_TRY(firn_manifest_writer_finish(op->writer, op->scratch, &op->made, err));
    return firn_path_output_finish(&op->output, err);
}

static firn_status rewrite_manifest(firn_path_rewrite *rw, const firn_manifest_file *manifest,
                                    int64_t *length, firn_error *err)
{
    manifest_op op = {.rw = rw, .manifest = manifest};
    op.is_staged = firn_path_is_new(rw, manifest->added_snapshot_id);
    op.scratch = firn_arena_create(rw->env->alloc, 0);
    if (!op.scratch) return firn_fail_nomem(err);
    const firn_status st = open_manifest(&op, err);
    firn_manifest_writer_destroy(op.writer);
    firn_manifest_reader_close(op.reader);
    firn_path_output_abandon(&op.output);
    firn_arena_destroy(op.scratch);
    *length = op.output.n_bytes;
    if (st == FIRN_OK && op.is_staged) rw->out->rewritten_manifests++;
    return firn_error_wrap(err, st, "manifest %.*s", FIRN_STR_ARG(manifest->path));
}

static firn_status manifest_length(firn_path_rewrite *rw, const firn_manifest_file *manifest,
                                   int64_t *out, firn_error *err)
{
    const int64_t *known = firn_map_find(&rw->manifests, manifest->path);
    if (known) {
        *out = *known;
        return FIRN_OK;
    }
    int64_t *length = firn_arena_alloc_zero(rw->arena, sizeof *length);
    if (!length) return firn_fail_nomem(err);
    FIRN_TRY(firn_env_check_cancel(rw->env, err));
    FIRN_TRY(rewrite_manifest(rw, manifest, length, err));
    *out = *length;
    return firn_map_put(&rw->manifests, manifest->path, length, err);
}

/* ---- the manifest list ---- */

static firn_status write_list(firn_path_rewrite *rw, const firn_snapshot *snapshot,
                              const firn_manifest_file *manifests, size_t n, firn_error *err)
{
    uint8_t sync[16];
    firn_path_output output;
    rw->env->random->fill(rw->env->random->ctx, sync, sizeof sync);
    const firn_manifest_write_opts opts = {.format_version = rw->end->format_version,
                                           .schema = firn_metadata_schema(rw->end),
                                           .spec = firn_metadata_spec(rw->end),
                                           .snapshot_id = snapshot->snapshot_id,
                                           .parent_snapshot_id = snapshot->parent_snapshot_id,
                                           .sequence_number = snapshot->sequence_number,
                                           .sync = sync};
    FIRN_TRY(firn_path_output_open(rw, snapshot->manifest_list, true, &output, err));
    const firn_byte_sink sink = firn_path_output_sink(&output);
    firn_status st = firn_manifest_list_write(&opts, manifests, n, &sink, err);
    if (st == FIRN_OK) st = firn_path_output_finish(&output, err);
    firn_path_output_abandon(&output);
    return st;
}

firn_status firn_path_rewrite_snapshot(firn_path_rewrite *rw, const firn_snapshot *snapshot,
                                       firn_error *err)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    FIRN_TRY(firn_snapshot_manifests(rw->store, rw->end, snapshot, rw->arena, &manifests, &n, err));
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(manifest_length(rw, &manifests[i], &manifests[i].length, err));
        FIRN_TRY(firn_path_moved(rw, manifests[i].path, &manifests[i].path, err));
    }
    return write_list(rw, snapshot, manifests, n, err);
}
