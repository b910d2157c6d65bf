/* SPDX-License-Identifier: Apache-2.0 */
/* The examination as a whole; what is looked at is in doctor_*.c. */
#include "iceberg/check/table_doctor.h"

#include <inttypes.h>

#include "base/str.h"
#include "iceberg/check/doctor.h"
#include "iceberg/scan/plan.h"

static const firn_store_entry k_missing = {.size_bytes = -1};

/* ---- findings ---- */

firn_status firn_doctor_add(firn_doctor *d, const firn_finding *finding)
{
    firn_doctor_report *r = d->report;
    firn_finding *slot =
        firn_arena_push(d->arena, &r->findings, &r->n_findings, &r->cap_findings, sizeof *slot);
    if (!slot || !finding->message.data) return firn_fail_nomem(d->err);
    *slot = *finding;
    slot->snapshot_id = d->snapshot ? d->snapshot->snapshot_id : 0;
    return FIRN_OK;
}

firn_status firn_doctor_add_files(firn_doctor *d, firn_finding_kind kind, firn_repair_kind repair,
                                  const firn_data_file *files, size_t n, firn_str message)
{
    const bool is_current =
        d->snapshot && d->snapshot->snapshot_id == d->metadata->current_snapshot_id;
    const firn_finding finding = {.kind = kind,
                                  .message = message,
                                  .repair = is_current ? repair : FIRN_REPAIR_NONE,
                                  .files = files,
                                  .n_files = n};
    return firn_doctor_add(d, &finding);
}

firn_status firn_doctor_note_failure(firn_doctor *d, firn_status st, const firn_error *why)
{
    if (st == FIRN_OK) return FIRN_OK;
    if (st == FIRN_ERR_NOMEM || st == FIRN_ERR_CANCELLED) {
        if (d->err) *d->err = *why;
        return st;
    }
    return FIRN_FOUND(d, FIRN_FINDING_UNREADABLE, "%s", why->message);
}

firn_status firn_doctor_note_unread(firn_doctor *d, const firn_error *why)
{
    if (d->report->n_unread++ > 0) return FIRN_OK;
    d->report->why_unread = firn_arena_copy(d->arena, firn_str_of(why->message));
    return d->report->why_unread.data ? FIRN_OK : firn_fail_nomem(d->err);
}

static firn_status stat_once(firn_doctor *d, firn_str path, const firn_store_entry **out)
{
    firn_error why = {0};
    firn_store_entry *entry = firn_arena_alloc_zero(d->arena, sizeof *entry);
    if (!entry) return firn_fail_nomem(d->err);
    const firn_status st = firn_store_stat(d->store, path, entry, &why);
    if (st == FIRN_ERR_NOMEM) return firn_fail_nomem(d->err);
    if (st != FIRN_OK) *entry = k_missing;
    *out = entry;
    return firn_map_put(&d->stats, path, entry, d->err);
}

firn_status firn_doctor_check_file(firn_doctor *d, const char *what, firn_str path, int64_t size,
                                   bool *is_good)
{
    const firn_store_entry *entry = firn_map_find(&d->stats, path);
    const bool is_new = !entry;
    if (is_new) FIRN_TRY(stat_once(d, path, &entry));
    const bool has_size = size < 0 || entry->size_bytes == size;
    if (is_good) *is_good = entry->size_bytes >= 0 && has_size;
    if (!is_new) return FIRN_OK;
    if (entry->size_bytes < 0)
        return FIRN_FOUND(d, FIRN_FINDING_MISSING_FILE, "%s %.*s is not there", what,
                          FIRN_STR_ARG(path));
    if (has_size) return FIRN_OK;
    return FIRN_FOUND(d, FIRN_FINDING_FILE_SIZE, "%s %.*s has %" PRId64 " bytes, expected %" PRId64,
                      what, FIRN_STR_ARG(path), entry->size_bytes, size);
}

/* ---- snapshots ---- */

static firn_status examine_manifest(firn_doctor *d, const firn_manifest_file *manifest,
                                    firn_live_files *live, size_t *cap)
{
    firn_error why = {0};
    const size_t from = live->n_files;
    const bool is_new = !firn_map_has(&d->manifests, manifest->path);
    FIRN_TRY(firn_doctor_check_file(d, "manifest", manifest->path, manifest->length, NULL));
    const firn_status st =
        firn_live_files_add(d->env, d->store, d->metadata, manifest, d->arena, live, cap, &why);
    if (st != FIRN_OK) return is_new ? firn_doctor_note_failure(d, st, &why) : FIRN_OK;
    if (!is_new) return FIRN_OK;
    FIRN_TRY(firn_map_put(&d->manifests, manifest->path, d, d->err));
    d->report->n_manifests++;
    return firn_doctor_manifest(d, manifest, live->files + from, live->n_files - from, d->arena);
}

static firn_status examine_files(firn_doctor *d, firn_arena *scratch)
{
    firn_error why = {0};
    firn_live_files live = {0};
    size_t cap = 0;
    const bool is_current = d->snapshot->snapshot_id == d->metadata->current_snapshot_id;
    const firn_status st = firn_snapshot_manifests(d->store, d->metadata, d->snapshot, d->arena,
                                                   &live.manifests, &live.n_manifests, &why);
    if (st != FIRN_OK) return firn_doctor_note_failure(d, st, &why);
    for (size_t i = 0; i < live.n_manifests; i++) {
        FIRN_TRY(firn_env_check_cancel(d->env, d->err));
        FIRN_TRY(examine_manifest(d, &live.manifests[i], &live, &cap));
    }
    FIRN_TRY(firn_doctor_snapshot(d, &live, scratch));
    return d->opts->reads_rows && is_current ? firn_doctor_rows(d, &live) : FIRN_OK;
}

static firn_status examine_snapshot(firn_doctor *d, const firn_snapshot *snapshot)
{
    firn_arena *scratch = firn_arena_create(d->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(d->err);
    d->snapshot = snapshot;
    d->report->n_snapshots++;
    const firn_status st = examine_files(d, scratch);
    d->snapshot = NULL;
    firn_arena_destroy(scratch);
    return st;
}

/* True for the first reference to a snapshot that is not the current one. */
static bool is_first(const firn_table_metadata *m, size_t ref)
{
    if (m->refs[ref].snapshot_id == m->current_snapshot_id) return false;
    for (size_t i = 0; i < ref; i++)
        if (m->refs[i].snapshot_id == m->refs[ref].snapshot_id) return false;
    return true;
}

firn_status firn_table_examine(firn_env *env, firn_store *store,
                               const firn_table_metadata *metadata, const firn_doctor_opts *opts,
                               firn_arena *arena, firn_doctor_report *out, firn_error *err)
{
    firn_doctor d = {.env = env,
                     .store = store,
                     .metadata = metadata,
                     .opts = opts,
                     .arena = arena,
                     .report = out,
                     .err = err};
    const firn_snapshot *current = firn_metadata_current_snapshot(metadata);
    *out = (firn_doctor_report){0};
    firn_map_init(&d.stats, arena);
    firn_map_init(&d.manifests, arena);
    FIRN_TRY(firn_doctor_metadata(&d));
    if (current) FIRN_TRY(examine_snapshot(&d, current));
    for (size_t i = 0; i < metadata->n_refs; i++) {
        const firn_snapshot *snapshot =
            firn_metadata_find_snapshot(metadata, metadata->refs[i].snapshot_id);
        if (snapshot && is_first(metadata, i)) FIRN_TRY(examine_snapshot(&d, snapshot));
    }
    return FIRN_OK;
}

/* ---- words ---- */

const char *firn_finding_name(firn_finding_kind kind)
{
    static const char *const k_names[] = {"broken reference",
                                          "missing file",
                                          "file size",
                                          "duplicate file",
                                          "dangling delete",
                                          "sequence number",
                                          "count",
                                          "partition value",
                                          "unreadable file",
                                          "column metrics",
                                          "partition summary",
                                          "snapshot totals",
                                          "statistics file",
                                          "row ids"};
    return k_names[kind];
}

const char *firn_finding_remedy(firn_finding_kind kind)
{
    static const char *const k_remedies[] = {
        "set the branch or tag to a snapshot that is there, or drop it",
        "restore the file from a backup, or roll back to a snapshot without it",
        "restore the file from a backup, or roll back to a snapshot without it",
        "delete the rows and add them again: they count twice",
        "doctor --repair removes the delete file; rows are not affected",
        "roll back to the snapshot before: readers may apply deletes wrongly",
        "doctor --repair writes the manifest again; counts from metadata are wrong until then",
        "rewrite the file: filters may leave its rows out",
        "restore the file from a backup, or roll back to a snapshot without it",
        "doctor --deep --repair writes the manifest again; filters may leave rows out until then",
        "doctor --repair writes the manifest again; filters may leave rows out until then",
        "doctor --repair counts again; rows are not affected",
        "doctor --repair drops the entry; compute the statistics again",
        "rewrite the file: two rows may have one id",
    };
    return k_remedies[kind];
}

const char *firn_repair_text(firn_repair_kind kind)
{
    static const char *const k_texts[] = {
        NULL,
        "the manifest is written again with what is true of the file",
        "the delete file is taken out of the table",
        "the totals are counted again",
        "the entry is taken out of the metadata",
    };
    return k_texts[kind];
}
