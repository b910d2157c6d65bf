/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/cleanup/purge.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/cleanup/file_census.h"
#include "iceberg/maintain/cleanup/file_removal.h"
#include "iceberg/maintain/table_guard.h"

static firn_status note_statistics(firn_file_census *census, firn_str json, firn_error *err)
{
    firn_str *paths = NULL;
    size_t n = 0;
    if (json.len == 0) return FIRN_OK;
    FIRN_TRY(firn_statistics_paths(json, census->arena, &paths, &n, err));
    for (size_t i = 0; i < n; i++)
        FIRN_TRY(firn_file_census_add(census, paths[i], FIRN_CENSUS_STATISTICS, 0, err));
    return FIRN_OK;
}

/* The metadata files come last: until then the table can be registered again. */
static firn_status look(firn_file_census *census, const firn_loaded_table *loaded, firn_error *err)
{
    const firn_table_metadata *m = loaded->metadata;
    for (size_t i = 0; i < m->n_snapshots; i++)
        FIRN_TRY(firn_file_census_note(census, &m->snapshots[i], err));
    FIRN_TRY(firn_file_census_strike(census, NULL, 0, err));
    FIRN_TRY(note_statistics(census, m->statistics_json, err));
    FIRN_TRY(note_statistics(census, m->partition_statistics_json, err));
    for (size_t i = 0; i < m->n_metadata_log; i++)
        FIRN_TRY(firn_file_census_add(census, m->metadata_log[i].metadata_file,
                                      FIRN_CENSUS_STATISTICS, 0, err));
    return firn_file_census_add(census, loaded->metadata_location, FIRN_CENSUS_STATISTICS, 0, err);
}

static bool is_metadata(firn_census_kind kind)
{
    return kind == FIRN_CENSUS_MANIFEST || kind == FIRN_CENSUS_MANIFEST_LIST ||
           kind == FIRN_CENSUS_STATISTICS;
}

/* Contents before the metadata that names them. */
static firn_status remove_all(const firn_file_census *census, firn_error *err)
{
    int64_t n_failed = 0;
    const size_t n = census->candidates.n_entries;
    firn_str *paths = firn_arena_array(census->arena, n, sizeof *paths);
    if (!paths) return firn_fail_nomem(err);
    for (int metadata = 0; metadata < 2; metadata++) {
        size_t n_paths = 0;
        for (size_t i = 0; i < n; i++) {
            const firn_census_file *file = census->candidates.entries[i].value;
            if (is_metadata(file->kind) == (metadata == 1)) paths[n_paths++] = file->path;
        }
        FIRN_TRY(firn_files_remove(census->env, census->store, paths, n_paths, &n_failed, err));
    }
    return FIRN_OK;
}

static firn_status purge(firn_file_census *census, firn_catalog *catalog, const firn_ident *ident,
                         firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    firn_loaded_table loaded;
    FIRN_TRY(ops->load_table(firn_catalog_ctx(catalog), ident, census->arena, &loaded, err));
    FIRN_TRY(firn_table_check_gc(loaded.metadata, "purge", err));
    census->metadata = loaded.metadata;
    FIRN_TRY(look(census, &loaded, err));
    FIRN_TRY(ops->drop_table(firn_catalog_ctx(catalog), ident, err));
    return remove_all(census, err);
}

firn_status firn_table_purge(firn_env *env, firn_store *store, firn_catalog *catalog,
                             const firn_ident *ident, firn_error *err)
{
    firn_file_census census;
    firn_arena *arena = firn_arena_create(env->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_file_census_init(&census, env, store, NULL, arena);
    const firn_status st = purge(&census, catalog, ident, err);
    firn_arena_destroy(arena);
    return st;
}
