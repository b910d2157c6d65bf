/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests that a snapshot which stays reaches are never read for candidates, so the work is that
 * of the manifests that go, plus one look at the paths of those that stay. */
#include "iceberg/maintain/cleanup/file_census.h"

#include "base/error.h"
#include "base/str.h"
#include "format/json/json.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/manifest_files.h"

void firn_file_census_init(firn_file_census *census, firn_env *env, firn_store *store,
                           const firn_table_metadata *metadata, firn_arena *arena)
{
    *census = (firn_file_census){.env = env, .store = store, .metadata = metadata, .arena = arena};
    firn_map_init(&census->candidates, arena);
    firn_map_init(&census->manifests, arena);
}

firn_status firn_file_census_add(firn_file_census *census, firn_str path, firn_census_kind kind,
                                 int64_t size_bytes, firn_error *err)
{
    const firn_location_key found = firn_location_key_of(path, &census->rules);
    if (path.len == 0 || firn_map_has(&census->candidates, found.path)) return FIRN_OK;
    firn_census_file *file = firn_arena_alloc_zero(census->arena, sizeof *file);
    if (!file) return firn_fail_nomem(err);
    file->path = firn_arena_copy(census->arena, path);
    if (!file->path.data) return firn_fail_nomem(err);
    const firn_location_key key = firn_location_key_of(file->path, &census->rules);
    file->scheme = key.scheme;
    file->authority = key.authority;
    file->kind = kind;
    file->size_bytes = size_bytes;
    return firn_map_put(&census->candidates, key.path, file, err);
}

void firn_file_census_reach(const firn_file_census *census, firn_str path)
{
    const firn_location_key key = firn_location_key_of(path, &census->rules);
    firn_census_file *file = firn_map_find(&census->candidates, key.path);
    if (!file) return;
    const bool is_same = firn_str_equals(file->scheme, key.scheme) &&
                         firn_str_equals(file->authority, key.authority);
    atomic_store_explicit(is_same ? &file->is_reached : &file->is_mismatched, true,
                          memory_order_relaxed);
}

static const firn_census_file *find(const firn_file_census *census, firn_str path)
{
    return firn_map_find(&census->candidates, firn_location_key_of(path, &census->rules).path);
}

/* ---- what goes ---- */

static firn_status note_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    static const firn_census_kind k_kinds[] = {
        [FIRN_CONTENT_DATA] = FIRN_CENSUS_DATA,
        [FIRN_CONTENT_POSITION_DELETES] = FIRN_CENSUS_POSITION_DELETES,
        [FIRN_CONTENT_EQUALITY_DELETES] = FIRN_CENSUS_EQUALITY_DELETES,
    };
    const firn_data_file *file = &entry->file;
    if (entry->status == FIRN_ENTRY_DELETED) return FIRN_OK;
    return firn_file_census_add(ctx, file->path, k_kinds[file->content], file->file_size_bytes,
                                err);
}

static firn_status is_missing(const firn_file_census *census, firn_status st, firn_str path,
                              const firn_error *err)
{
    if (st != FIRN_ERR_NOT_FOUND) return st;
    firn_log_write(census->env->log, FIRN_LOG_WARN, "%.*s of an old snapshot is gone: %s",
                   FIRN_STR_ARG(path), err->message);
    return FIRN_OK;
}

firn_status firn_file_census_note(firn_file_census *census, const firn_snapshot *snapshot,
                                  firn_error *err)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    firn_error local;
    firn_error *use = err ? err : &local;
    FIRN_TRY(firn_env_check_cancel(census->env, err));
    firn_status st = firn_snapshot_manifests(census->store, census->metadata, snapshot,
                                             census->arena, &manifests, &n, use);
    if (st != FIRN_OK) return is_missing(census, st, snapshot->manifest_list, use);
    FIRN_TRY(
        firn_file_census_add(census, snapshot->manifest_list, FIRN_CENSUS_MANIFEST_LIST, 0, err));
    for (size_t i = 0; i < n; i++) {
        if (find(census, manifests[i].path)) continue;
        FIRN_TRY(firn_file_census_add(census, manifests[i].path, FIRN_CENSUS_MANIFEST, 0, err));
        /* Read when it is known that no other snapshot has it. */
        FIRN_TRY(firn_map_put(&census->manifests, manifests[i].path, &manifests[i], err));
    }
    return FIRN_OK;
}

/* ---- what stays ---- */

typedef struct strike {
    firn_file_census *census;
    firn_manifest_file **manifests; /* of the snapshots that stay, each once */
    size_t n, cap;
} strike;

static firn_status collect(strike *s, const firn_snapshot *snapshot, firn_map *seen,
                           firn_error *err)
{
    firn_file_census *census = s->census;
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    FIRN_TRY(firn_snapshot_manifests(census->store, census->metadata, snapshot, census->arena,
                                     &manifests, &n, err));
    firn_file_census_reach(census, snapshot->manifest_list);
    for (size_t i = 0; i < n; i++) {
        if (firn_map_has(seen, manifests[i].path)) continue;
        FIRN_TRY(firn_map_put(seen, manifests[i].path, &manifests[i], err));
        firn_file_census_reach(census, manifests[i].path);
        firn_manifest_file **slot =
            firn_arena_push(census->arena, &s->manifests, &s->n, &s->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = &manifests[i];
    }
    return FIRN_OK;
}

static firn_status reach_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    (void)err;
    if (entry->status != FIRN_ENTRY_DELETED) firn_file_census_reach(ctx, entry->file.path);
    return FIRN_OK;
}

static firn_status reach_manifest(void *ctx, size_t item, size_t worker, firn_error *err)
{
    const strike *s = ctx;
    (void)worker;
    FIRN_TRY(firn_env_check_cancel(s->census->env, err));
    return firn_manifest__each(s->census->store, s->census->env, s->census->metadata,
                               s->manifests[item], FIRN_MANIFEST_NO_METRICS, reach_entry, s->census,
                               err);
}

/* Files of the manifests that only snapshots which go have. */
static firn_status note_files(firn_file_census *census, firn_error *err)
{
    firn_error local;
    firn_error *use = err ? err : &local;
    const size_t n = census->manifests.n_entries;
    for (size_t i = 0; i < n; i++) {
        const firn_map_entry *entry = &census->manifests.entries[i];
        const firn_manifest_file *manifest = entry->value;
        const firn_census_file *file = find(census, entry->key);
        if (!file || file->is_reached || file->is_mismatched) continue;
        FIRN_TRY(firn_env_check_cancel(census->env, err));
        const firn_status st =
            firn_manifest__each(census->store, census->env, census->metadata, manifest,
                                FIRN_MANIFEST_NO_METRICS, note_entry, census, use);
        if (st != FIRN_OK) FIRN_TRY(is_missing(census, st, manifest->path, use));
    }
    census->has_files = true;
    return FIRN_OK;
}

static bool removes_files(const firn_file_census *census)
{
    for (size_t i = 0; i < census->candidates.n_entries; i++) {
        const firn_census_file *file = census->candidates.entries[i].value;
        if (file->kind <= FIRN_CENSUS_EQUALITY_DELETES) return true;
    }
    return false;
}

firn_status firn_file_census_strike(firn_file_census *census, const firn_snapshot *const *snapshots,
                                    size_t n, firn_error *err)
{
    strike s = {.census = census};
    firn_map seen;
    firn_map_init(&seen, census->arena);
    if (census->candidates.n_entries == 0) return FIRN_OK;
    for (size_t i = 0; i < n; i++) FIRN_TRY(collect(&s, snapshots[i], &seen, err));
    if (!census->has_files) FIRN_TRY(note_files(census, err));
    if (!removes_files(census)) return FIRN_OK;
    return firn_pool_run(firn_env_pool(census->env), s.n, reach_manifest, &s, err);
}

/* ---- statistics ---- */

firn_status firn_statistics_paths(firn_str json, firn_arena *arena, firn_str **out, size_t *n_out,
                                  firn_error *err)
{
    json_t *list = NULL;
    *out = NULL;
    *n_out = 0;
    if (json.len == 0) return FIRN_OK;
    FIRN_TRY(firn_json_parse(json, arena, &list, err));
    *out = firn_arena_array(arena, json_array_size(list), sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < json_array_size(list); i++) {
        firn_str path;
        FIRN_TRY(firn_json_get_str(json_array_get(list, i), "statistics-path", &path, err));
        (*out)[(*n_out)++] = path;
    }
    return FIRN_OK;
}

static firn_status compare_lists(firn_file_census *census, firn_str before, firn_str after,
                                 firn_error *err)
{
    firn_str *old = NULL;
    firn_str *now = NULL;
    size_t n_old = 0;
    size_t n_now = 0;
    FIRN_TRY(firn_statistics_paths(before, census->arena, &old, &n_old, err));
    FIRN_TRY(firn_statistics_paths(after, census->arena, &now, &n_now, err));
    for (size_t i = 0; i < n_old; i++)
        FIRN_TRY(firn_file_census_add(census, old[i], FIRN_CENSUS_STATISTICS, 0, err));
    for (size_t i = 0; i < n_now; i++) firn_file_census_reach(census, now[i]);
    return FIRN_OK;
}

firn_status firn_file_census_note_statistics(firn_file_census *census,
                                             const firn_table_metadata *after, firn_error *err)
{
    FIRN_TRY(compare_lists(census, census->metadata->statistics_json, after->statistics_json, err));
    return compare_lists(census, census->metadata->partition_statistics_json,
                         after->partition_statistics_json, err);
}
