/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/check/table_doctor.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "iceberg/check/doctor_partition.h"
#include "iceberg/check/live_files.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/scan/plan.h"

typedef struct doctor {
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata;
    firn_arena *arena;
    firn_doctor_report *report;
    firn_map stats;     /* location -> store entry or &k_missing: each file is asked for once */
    firn_map manifests; /* those that were examined */
    const firn_snapshot *snapshot;
    firn_error *err;
} doctor;

static const firn_store_entry k_missing = {.size_bytes = -1};

static firn_status add_finding(doctor *d, firn_finding_kind kind, firn_str message)
{
    firn_doctor_report *r = d->report;
    firn_finding *finding =
        firn_arena_push(d->arena, &r->findings, &r->n_findings, &r->cap_findings, sizeof *finding);
    if (!finding || !message.data) return firn_fail_nomem(d->err);
    *finding = (firn_finding){kind, d->snapshot ? d->snapshot->snapshot_id : 0, message};
    return FIRN_OK;
}

#define FOUND(d, kind, ...) add_finding(d, kind, firn_arena_printf((d)->arena, __VA_ARGS__))

/* A failure to read something is a finding, unless the run itself cannot go on. */
static firn_status note_failure(doctor *d, firn_status st, const firn_error *why)
{
    if (st == FIRN_OK) return FIRN_OK;
    if (st == FIRN_ERR_NOMEM || st == FIRN_ERR_CANCELLED) {
        if (d->err) *d->err = *why;
        return st;
    }
    return FOUND(d, FIRN_FINDING_UNREADABLE, "%s", why->message);
}

/* ---- files ---- */

static firn_status stat_once(doctor *d, firn_str path, const firn_store_entry **out)
{
    firn_error why = {0};
    *out = firn_map_find(&d->stats, path);
    if (*out) return FIRN_OK;
    firn_store_entry *entry = firn_arena_alloc_zero(d->arena, sizeof *entry);
    if (!entry) return firn_fail_nomem(d->err);
    const firn_status st = firn_store_stat(d->store, path, entry, &why);
    if (st == FIRN_ERR_NOMEM) return firn_fail_nomem(d->err);
    if (st != FIRN_OK) *entry = k_missing;
    *out = entry;
    return firn_map_put(&d->stats, path, entry, d->err);
}

static firn_status check_file(doctor *d, const char *what, firn_str path, int64_t size)
{
    const firn_store_entry *entry = NULL;
    if (firn_map_has(&d->stats, path)) return FIRN_OK;
    FIRN_TRY(stat_once(d, path, &entry));
    if (entry->size_bytes < 0)
        return FOUND(d, FIRN_FINDING_MISSING_FILE, "%s %.*s is not there", what,
                     FIRN_STR_ARG(path));
    if (size >= 0 && entry->size_bytes != size)
        return FOUND(d, FIRN_FINDING_FILE_SIZE, "%s %.*s has %" PRId64 " bytes, expected %" PRId64,
                     what, FIRN_STR_ARG(path), entry->size_bytes, size);
    return FIRN_OK;
}

/* ---- one manifest's entries ---- */

static firn_status check_sequence(doctor *d, const firn_live_file *file)
{
    const firn_manifest_entry *entry = &file->entry;
    const int64_t last = d->snapshot->sequence_number;
    if (d->metadata->format_version == 1) return FIRN_OK;
    if (entry->sequence_number > last || entry->file_sequence_number > last)
        return FOUND(d, FIRN_FINDING_SEQUENCE,
                     "%.*s has sequence number %" PRId64 ", its snapshot has %" PRId64,
                     FIRN_STR_ARG(entry->file.path), entry->sequence_number, last);
    if (entry->sequence_number < file->manifest->min_sequence_number)
        return FOUND(d, FIRN_FINDING_SEQUENCE,
                     "%.*s has sequence number %" PRId64 ", its manifest's least is %" PRId64,
                     FIRN_STR_ARG(entry->file.path), entry->sequence_number,
                     file->manifest->min_sequence_number);
    return FIRN_OK;
}

static firn_status check_entry(doctor *d, const firn_live_file *file, firn_arena *scratch)
{
    const firn_data_file *data = &file->entry.file;
    const bool is_data = data->content == FIRN_CONTENT_DATA;
    const firn_partition_field *wrong = firn_doctor_wrong_partition(d->metadata, file, scratch);
    d->report->n_files++;
    if (!file->spec)
        FIRN_TRY(FOUND(d, FIRN_FINDING_REFERENCE,
                       "%.*s is of partition spec %d, which is not there", FIRN_STR_ARG(data->path),
                       data->spec_id));
    if (wrong)
        FIRN_TRY(FOUND(d, FIRN_FINDING_PARTITION,
                       "%.*s: the bounds of its rows do not fit its partition value \"%.*s\"",
                       FIRN_STR_ARG(data->path), FIRN_STR_ARG(wrong->name)));
    FIRN_TRY(check_sequence(d, file));
    return check_file(d, is_data ? "data file" : "delete file", data->path, data->file_size_bytes);
}

static firn_status check_counts(doctor *d, const firn_manifest_file *manifest,
                                const firn_live_file *files, size_t n)
{
    int64_t rows = 0;
    for (size_t i = 0; i < n; i++) rows += files[i].entry.file.record_count;
    if (manifest->added_files >= 0 && manifest->existing_files >= 0 &&
        manifest->added_files + manifest->existing_files != (int64_t)n)
        return FOUND(
            d, FIRN_FINDING_COUNT, "manifest %.*s has %zu live files, its list says %" PRId64,
            FIRN_STR_ARG(manifest->path), n, manifest->added_files + manifest->existing_files);
    if (manifest->added_rows >= 0 && manifest->existing_rows >= 0 &&
        manifest->added_rows + manifest->existing_rows != rows)
        return FOUND(d, FIRN_FINDING_COUNT,
                     "manifest %.*s has %" PRId64 " live rows, its list says %" PRId64,
                     FIRN_STR_ARG(manifest->path), rows,
                     manifest->added_rows + manifest->existing_rows);
    return FIRN_OK;
}

static firn_status check_manifest(doctor *d, const firn_manifest_file *manifest,
                                  firn_arena *scratch, firn_live_files *live, size_t *cap)
{
    firn_error why = {0};
    const size_t from = live->n_files;
    const bool is_new = !firn_map_has(&d->manifests, manifest->path);
    FIRN_TRY(check_file(d, "manifest", manifest->path, manifest->length));
    const firn_status st =
        firn_live_files_add(d->env, d->store, d->metadata, manifest, scratch, live, cap, &why);
    if (st != FIRN_OK) return is_new ? note_failure(d, st, &why) : FIRN_OK;
    if (!is_new) return FIRN_OK;
    const firn_str key = firn_arena_copy(d->arena, manifest->path);
    if (!key.data) return firn_fail_nomem(d->err);
    FIRN_TRY(firn_map_put(&d->manifests, key, d, d->err));
    d->report->n_manifests++;
    FIRN_TRY(check_counts(d, manifest, live->files + from, live->n_files - from));
    for (size_t i = from; i < live->n_files; i++)
        FIRN_TRY(check_entry(d, &live->files[i], scratch));
    return FIRN_OK;
}

/* ---- a snapshot as a whole ---- */

static firn_status check_duplicates(doctor *d, const firn_live_files *live, firn_map *data,
                                    firn_arena *scratch)
{
    firn_map deletes;
    firn_map_init(&deletes, scratch);
    for (size_t i = 0; i < live->n_files; i++) {
        const firn_data_file *file = &live->files[i].entry.file;
        const firn_str key = firn_live_file_key(file, scratch);
        firn_map *seen = file->content == FIRN_CONTENT_DATA ? data : &deletes;
        if (!key.data) return firn_fail_nomem(d->err);
        if (firn_map_has(seen, key))
            FIRN_TRY(FOUND(d, FIRN_FINDING_DUPLICATE, "%.*s is live twice", FIRN_STR_ARG(key)));
        FIRN_TRY(firn_map_put(seen, key, &live->files[i], d->err));
    }
    return FIRN_OK;
}

static firn_status check_deletes(doctor *d, const firn_live_files *live, const firn_map *data)
{
    for (size_t i = 0; i < live->n_files; i++) {
        const firn_live_file *file = &live->files[i];
        if (file->entry.file.content != FIRN_CONTENT_POSITION_DELETES) continue;
        const firn_str path = firn_delete_referenced_path(&file->entry.file);
        if (path.len == 0) continue;
        const firn_live_file *target = firn_map_find(data, path);
        if (!target)
            FIRN_TRY(FOUND(d, FIRN_FINDING_DANGLING_DELETE,
                           "%.*s deletes from %.*s, which is not live",
                           FIRN_STR_ARG(file->entry.file.path), FIRN_STR_ARG(path)));
        else if (target->entry.sequence_number > file->entry.sequence_number)
            FIRN_TRY(FOUND(d, FIRN_FINDING_SEQUENCE,
                           "%.*s of sequence number %" PRId64 " deletes from a file of %" PRId64,
                           FIRN_STR_ARG(file->entry.file.path), file->entry.sequence_number,
                           target->entry.sequence_number));
    }
    return FIRN_OK;
}

static firn_status examine_files(doctor *d, firn_arena *scratch)
{
    firn_error why = {0};
    firn_live_files live = {0};
    size_t cap = 0;
    firn_map data;
    const firn_status st = firn_snapshot_manifests(d->store, d->metadata, d->snapshot, d->arena,
                                                   &live.manifests, &live.n_manifests, &why);
    if (st != FIRN_OK) return note_failure(d, st, &why);
    for (size_t i = 0; i < live.n_manifests; i++) {
        FIRN_TRY(firn_env_check_cancel(d->env, d->err));
        FIRN_TRY(check_manifest(d, &live.manifests[i], d->arena, &live, &cap));
    }
    firn_map_init(&data, scratch);
    FIRN_TRY(check_duplicates(d, &live, &data, scratch));
    return check_deletes(d, &live, &data);
}

static firn_status examine_snapshot(doctor *d, const firn_snapshot *snapshot)
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

/* ---- the metadata file ---- */

static firn_status check_snapshot_fields(doctor *d, const firn_snapshot *snapshot)
{
    const firn_table_metadata *m = d->metadata;
    firn_status st = FIRN_OK;
    d->snapshot = snapshot;
    if (snapshot->sequence_number > m->last_sequence_number)
        st = FOUND(d, FIRN_FINDING_SEQUENCE,
                   "snapshot %" PRId64 " has sequence number %" PRId64
                   ", the table's last is %" PRId64,
                   snapshot->snapshot_id, snapshot->sequence_number, m->last_sequence_number);
    if (st == FIRN_OK && snapshot->schema_id >= 0 &&
        !firn_metadata_find_schema(m, snapshot->schema_id))
        st = FOUND(d, FIRN_FINDING_REFERENCE,
                   "snapshot %" PRId64 " names schema %d, which is not there",
                   snapshot->snapshot_id, snapshot->schema_id);
    if (st == FIRN_OK && snapshot->manifest_list.len > 0)
        st = check_file(d, "manifest list", snapshot->manifest_list, -1);
    d->snapshot = NULL;
    return st;
}

static firn_status check_references(doctor *d)
{
    const firn_table_metadata *m = d->metadata;
    if (m->current_snapshot_id >= 0 && !firn_metadata_current_snapshot(m))
        FIRN_TRY(FOUND(d, FIRN_FINDING_REFERENCE, "the current snapshot %" PRId64 " is not there",
                       m->current_snapshot_id));
    for (size_t i = 0; i < m->n_refs; i++) {
        const firn_snapshot_ref *ref = &m->refs[i];
        if (!firn_metadata_find_snapshot(m, ref->snapshot_id))
            FIRN_TRY(FOUND(d, FIRN_FINDING_REFERENCE,
                           "%s \"%.*s\" names snapshot %" PRId64 ", which is not there",
                           ref->is_tag ? "tag" : "branch", FIRN_STR_ARG(ref->name),
                           ref->snapshot_id));
        if (firn_str_equals(ref->name, FIRN_STR("main")) &&
            ref->snapshot_id != m->current_snapshot_id)
            FIRN_TRY(FOUND(d, FIRN_FINDING_REFERENCE,
                           "main is at %" PRId64 ", the current snapshot is %" PRId64,
                           ref->snapshot_id, m->current_snapshot_id));
    }
    for (size_t i = 0; i < m->n_snapshots; i++)
        FIRN_TRY(check_snapshot_fields(d, &m->snapshots[i]));
    return FIRN_OK;
}

/* True for the first reference to a snapshot. */
static bool is_first(const firn_table_metadata *m, size_t ref)
{
    if (m->refs[ref].snapshot_id == m->current_snapshot_id) return false;
    for (size_t i = 0; i < ref; i++)
        if (m->refs[i].snapshot_id == m->refs[ref].snapshot_id) return false;
    return true;
}

firn_status firn_table_examine(firn_env *env, firn_store *store,
                               const firn_table_metadata *metadata, firn_arena *arena,
                               firn_doctor_report *out, firn_error *err)
{
    doctor d = {.env = env,
                .store = store,
                .metadata = metadata,
                .arena = arena,
                .report = out,
                .err = err};
    const firn_snapshot *current = firn_metadata_current_snapshot(metadata);
    *out = (firn_doctor_report){0};
    firn_map_init(&d.stats, arena);
    firn_map_init(&d.manifests, arena);
    FIRN_TRY(check_references(&d));
    if (current) FIRN_TRY(examine_snapshot(&d, current));
    for (size_t i = 0; i < metadata->n_refs; i++) {
        const firn_snapshot *snapshot =
            firn_metadata_find_snapshot(metadata, metadata->refs[i].snapshot_id);
        if (snapshot && is_first(metadata, i)) FIRN_TRY(examine_snapshot(&d, snapshot));
    }
    return FIRN_OK;
}

const char *firn_finding_name(firn_finding_kind kind)
{
    static const char *const k_names[] = {
        "broken reference", "missing file", "file size",       "duplicate file", "dangling delete",
        "sequence number",  "count",        "partition value", "unreadable file"};
    return k_names[kind];
}

const char *firn_finding_remedy(firn_finding_kind kind)
{
    static const char *const k_remedies[] = {
        "set the branch or tag to a snapshot that is there, or drop it",
        "restore the file from a backup, or roll back to a snapshot without it",
        "restore the file from a backup, or roll back to a snapshot without it",
        "rewrite the manifests, or delete the rows and add them again: they count twice",
        "rewrite the delete files; rows are not affected",
        "roll back to the snapshot before: readers may apply deletes wrongly",
        "rewrite the manifests; filters and counts from metadata may be wrong until then",
        "rewrite the file: filters may leave its rows out",
        "restore the file from a backup, or roll back to a snapshot without it",
    };
    return k_remedies[kind];
}
