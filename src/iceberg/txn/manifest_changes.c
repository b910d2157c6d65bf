/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests of the files that a change adds: one run a partition spec and kind of content, written
 * once for all attempts. Their entries have no sequence numbers: they inherit them from the
 * manifest list (specification, "Sequence Number Inheritance"), which is made anew in each attempt.
 * What is removed from the parent's manifests is manifest_removal.c. */
#include "base/error.h"
#include "iceberg/txn/manifest_files.h"

static firn_status append_added(firn_manifest_run *run, const firn_data_file *file, firn_error *err)
{
    firn_snapshot_files *files = run->files;
    const bool is_data = file->content == FIRN_CONTENT_DATA;
    const int64_t kept_number = is_data ? files->change->what.data_sequence_number : 0;
    firn_manifest_entry entry = {
        .status = FIRN_ENTRY_ADDED,
        .snapshot_id = files->snapshot_id,
        .sequence_number = kept_number > 0 ? kept_number : -1,
        .file_sequence_number = -1,
        .file = *file,
    };
    if (file->n_partition != run->spec->n_fields)
        return firn_fail(
            err, FIRN_ERR_ARG, "data file %.*s has %zu partition values, spec %d has %zu fields",
            FIRN_STR_ARG(file->path), file->n_partition, run->spec->spec_id, run->spec->n_fields);
    entry.file.first_row_id = -1;
    return firn_manifest_run__append(run, &entry, err);
}

static firn_status write_added(firn_snapshot_files *files, int32_t spec_id, bool is_data,
                               firn_error *err)
{
    const firn_change *what = &files->change->what;
    firn_manifest_run run;
    FIRN_TRY(firn_manifest_run__init(
        &run, files, spec_id, is_data ? FIRN_CONTENT_DATA : FIRN_CONTENT_POSITION_DELETES, err));
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < what->n_added && st == FIRN_OK; i++) {
        const firn_data_file *file = &what->added[i];
        if (file->spec_id == spec_id && (file->content == FIRN_CONTENT_DATA) == is_data)
            st = append_added(&run, file, err);
    }
    if (st == FIRN_OK) st = firn_manifest_run__finish(&run, err);
    firn_manifest_run__dispose(&run);
    return st;
}

static firn_status check_specs(const firn_snapshot_files *files, firn_error *err)
{
    const firn_change *what = &files->change->what;
    for (size_t i = 0; i < what->n_added; i++)
        if (!firn_metadata_find_spec(files->metadata, what->added[i].spec_id))
            return firn_fail(err, FIRN_ERR_ARG, "data file %.*s names partition spec %d of none",
                             FIRN_STR_ARG(what->added[i].path), what->added[i].spec_id);
    return FIRN_OK;
}

firn_status firn_manifests__make(firn_snapshot_files *files, firn_error *err)
{
    firn_txn *txn = files->txn;
    firn_snapshot_change *change = files->change;
    const int32_t version = files->metadata->format_version;
    if (change->is_made && change->made_version == version) return FIRN_OK;
    firn_snapshot_files made = *files;
    const size_t first = txn->n_written;
    made.arena = txn->files_arena;
    made.manifests = NULL;
    made.n_manifests = made.cap_manifests = 0;
    FIRN_TRY(check_specs(files, err));
    for (size_t i = 0; i < files->metadata->n_specs; i++) {
        FIRN_TRY(write_added(&made, files->metadata->specs[i]->spec_id, true, err));
        FIRN_TRY(write_added(&made, files->metadata->specs[i]->spec_id, false, err));
    }
    for (size_t i = first; i < txn->n_written; i++) txn->written[i].is_kept = true;
    files->n_written = made.n_written;
    change->is_made = true;
    change->made = made.manifests;
    change->n_made = made.n_manifests;
    change->made_version = version;
    return FIRN_OK;
}

/* What a manifest's entry in the list has from this attempt. */
static void place(const firn_snapshot_files *files, firn_manifest_file *manifest)
{
    const bool is_kept_number =
        files->change->what.data_sequence_number > 0 && manifest->content == FIRN_CONTENT_DATA;
    manifest->sequence_number = files->sequence_number;
    if (!is_kept_number) manifest->min_sequence_number = files->sequence_number;
}

firn_status firn_manifests__add_new(firn_snapshot_files *files, firn_error *err)
{
    const firn_change *what = &files->change->what;
    FIRN_TRY(firn_manifests__make(files, err));
    for (size_t i = 0; i < what->n_added; i++)
        FIRN_TRY(firn_summary__add(&files->counts, &what->added[i], err));
    if (files->change->counts) firn_summary__add_counts(&files->counts, files->change->counts);
    for (size_t i = 0; i < files->change->n_made; i++) {
        firn_manifest_file *slot =
            firn_arena_push(files->arena, &files->manifests, &files->n_manifests,
                            &files->cap_manifests, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = files->change->made[i];
        place(files, slot);
        files->counts.manifests_created++;
    }
    return FIRN_OK;
}
