/* SPDX-License-Identifier: Apache-2.0 */
/* Orphan files: list first, load the table after, strike out what it names.
 *
 * Bad interleaving: a writer finishes a data file, we list it, its commit lands, and we take it for
 * an orphan because our metadata is older. So the metadata is loaded after the listing. The other
 * one: the commit lands after both; only the file's age protects it, which is why less than a day
 * has to be asked for. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "firn/maintain.h"
#include "iceberg/maintain/cleanup/file_census.h"
#include "iceberg/maintain/cleanup/file_removal.h"
#include "iceberg/maintain/cleanup/neighbours.h"
#include "iceberg/maintain/table_guard.h"
#include "iceberg/spec/metadata_copy.h"
#include "iceberg/txn/snapshot_update.h"

#define K_DAY_MS         ((int64_t)24 * 3600 * 1000)
#define K_DEFAULT_AGE_MS (3 * K_DAY_MS)

typedef struct hunt {
    firn_table *table;
    firn_env *env;
    firn_store *store;
    const firn_orphan_opts *opts;
    firn_arena *scratch;
    firn_arena *arena; /* of the result */
    int64_t older_than_us;
    size_t n_prefix; /* of the folder that is listed, in the paths of its files */
    firn_file_census census;
} hunt;

/* ---- what is asked ---- */

static firn_status check_location(const firn_table_metadata *m, firn_str location, firn_error *err)
{
    const firn_str data =
        firn_properties_get(&m->properties, FIRN_STR("write.data.path"), m->location);
    const firn_str metadata =
        firn_properties_get(&m->properties, FIRN_STR("write.metadata.path"), m->location);
    if (firn_location_is_inside(location, m->location) || firn_location_is_inside(location, data) ||
        firn_location_is_inside(location, metadata))
        return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG,
                     "cannot remove orphan files below %.*s: the table is at %.*s, other files may "
                     "be those of other tables",
                     FIRN_STR_ARG(location), FIRN_STR_ARG(m->location));
}

static firn_status check_age(hunt *h, firn_error *err)
{
    const int64_t now_ms = firn_clock_wall_ms(h->env->clock);
    const int64_t older_than_ms =
        h->opts->older_than_ms != 0 ? h->opts->older_than_ms : now_ms - K_DEFAULT_AGE_MS;
    if (older_than_ms > now_ms - K_DAY_MS && !h->opts->allows_recent) {
        (void)firn_fail(err, FIRN_ERR_ARG,
                        "cannot remove orphan files younger than 24 hours: they may be of commits "
                        "in flight");
        return firn_error_hint(err, FIRN_ERR_ARG, "force it when nobody writes to the table");
    }
    h->older_than_us = older_than_ms > INT64_MAX / 1000 ? INT64_MAX : older_than_ms * 1000;
    return FIRN_OK;
}

/* ---- candidates ---- */

/* "_x=1" is the folder of a partition field that is called _x. */
static bool is_partition_folder(const firn_table_metadata *m, firn_str name)
{
    for (size_t s = 0; s < m->n_specs; s++)
        for (size_t f = 0; f < m->specs[s]->n_fields; f++) {
            const firn_str field = m->specs[s]->fields[f].name;
            if (firn_str_starts_with(name, field) && name.len > field.len &&
                name.data[field.len] == '=')
                return true;
        }
    return false;
}

static bool is_hidden(const hunt *h, firn_str path)
{
    firn_str rest = firn_str_slice(path, h->n_prefix, path.len);
    while (rest.data) {
        const firn_str name = firn_str_split(&rest, '/');
        if (name.len == 0 || (name.data[0] != '.' && name.data[0] != '_')) continue;
        if (!is_partition_folder(h->census.metadata, name)) return true;
    }
    return false;
}

static firn_status consider(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    hunt *h = ctx;
    FIRN_TRY(firn_env_check_cancel(h->env, err));
    /* Without a time nobody can tell how young it is. */
    if (entry->modified_us == 0 || entry->modified_us >= h->older_than_us) return FIRN_OK;
    if (is_hidden(h, entry->path)) return FIRN_OK;
    return firn_file_census_add(&h->census, entry->path, FIRN_CENSUS_DATA, entry->size_bytes, err);
}

/* ---- what the table names ---- */

static firn_status reach_statistics(hunt *h, firn_str json, firn_error *err)
{
    firn_str *paths = NULL;
    size_t n = 0;
    FIRN_TRY(firn_statistics_paths(json, h->scratch, &paths, &n, err));
    for (size_t i = 0; i < n; i++) firn_file_census_reach(&h->census, paths[i]);
    return FIRN_OK;
}

static firn_status reach_metadata(hunt *h, const firn_table_metadata *m, firn_str location,
                                  firn_error *err)
{
    const firn_str hint =
        firn_arena_printf(h->scratch, "%.*s/metadata/version-hint.text", FIRN_STR_ARG(m->location));
    if (!hint.data) return firn_fail_nomem(err);
    firn_file_census_reach(&h->census, hint);
    firn_file_census_reach(&h->census, location);
    for (size_t i = 0; i < m->n_metadata_log; i++)
        firn_file_census_reach(&h->census, m->metadata_log[i].metadata_file);
    FIRN_TRY(reach_statistics(h, m->statistics_json, err));
    return reach_statistics(h, m->partition_statistics_json, err);
}

static firn_status strike(hunt *h, firn_error *err)
{
    FIRN_TRY(firn_table_refresh(h->table, err));
    const firn_table_metadata *m = firn_table_metadata_of(h->table);
    const firn_snapshot **all = firn_arena_array(h->scratch, m->n_snapshots, sizeof *all);
    if (!all) return firn_fail_nomem(err);
    for (size_t i = 0; i < m->n_snapshots; i++) all[i] = &m->snapshots[i];
    h->census.metadata = m;
    h->census.has_files = true;
    FIRN_TRY(reach_metadata(h, m, firn_table_metadata_location(h->table), err));
    return firn_file_census_strike(&h->census, all, m->n_snapshots, err);
}

/* ---- orphans ---- */

static firn_status is_orphan(const hunt *h, const firn_census_file *file, bool *out,
                             firn_error *err)
{
    *out = !file->is_reached;
    if (file->is_reached || !file->is_mismatched) return FIRN_OK;
    *out = h->opts->prefix_mismatch == FIRN_PREFIX_DELETE;
    if (h->opts->prefix_mismatch != FIRN_PREFIX_ERROR) return FIRN_OK;
    return firn_fail(
        err, FIRN_ERR_ARG,
        "%.*s is in the table under another scheme or authority; say whether they are "
        "equal (equal_schemes, equal_authorities) or what to do (prefix_mismatch_mode)",
        FIRN_STR_ARG(file->path));
}

/* A metadata file that is not the table's: of one that was dropped, or of a neighbour, whose files
 * all look like orphans from here. */
static firn_status check_strangers(const hunt *h, firn_str location, firn_error *err)
{
    const firn_table_metadata *m = h->census.metadata;
    for (size_t i = 0; i < h->census.candidates.n_entries; i++) {
        const firn_census_file *file = h->census.candidates.entries[i].value;
        bool is_foreign = false;
        if (file->is_reached || !firn_str_ends_with(file->path, FIRN_STR("metadata.json")))
            continue;
        FIRN_TRY(firn_is_foreign_metadata(h->store, file->path, m->table_uuid, h->scratch,
                                          &is_foreign, err));
        if (is_foreign) return firn_check_neighbours(h->table, location, h->scratch, err);
    }
    return FIRN_OK;
}

static firn_status give(const hunt *h, firn_orphan_result *out, firn_error *err)
{
    const size_t n = h->census.candidates.n_entries;
    firn_str *paths = firn_arena_array(h->arena, n, sizeof *paths);
    if (!paths) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const firn_census_file *file = h->census.candidates.entries[i].value;
        bool goes = false;
        FIRN_TRY(is_orphan(h, file, &goes, err));
        if (!goes) continue;
        paths[out->n_paths] = firn_arena_copy(h->arena, file->path);
        if (!paths[out->n_paths].data) return firn_fail_nomem(err);
        out->n_paths++;
        out->bytes += file->size_bytes;
    }
    out->paths = paths;
    return FIRN_OK;
}

static firn_status run(hunt *h, firn_orphan_result *out, firn_error *err)
{
    FIRN_TRY(firn_table_refresh(h->table, err));
    const firn_table_metadata *m = firn_table_metadata_of(h->table);
    firn_str location = h->opts->location.len > 0 ? h->opts->location : m->location;
    while (location.len > 1 && location.data[location.len - 1] == '/') location.len--;
    FIRN_TRY(firn_table_check_gc(m, "remove orphan files", err));
    FIRN_TRY(check_age(h, err));
    FIRN_TRY(check_location(m, location, err));
    firn_file_census_init(&h->census, h->env, h->store, m, h->scratch);
    h->census.rules = (firn_location_rules){h->opts->equal_schemes, h->opts->equal_authorities};
    h->n_prefix = location.len;
    /* The handle is refreshed later, so the location is kept apart from its metadata. */
    if (!firn_str_copy(location, h->scratch, &location)) return firn_fail_nomem(err);
    FIRN_TRY(firn_store_list(h->store, location, consider, h, err));
    FIRN_TRY(strike(h, err));
    FIRN_TRY(check_strangers(h, location, err));
    FIRN_TRY(give(h, out, err));
    if (!h->opts->removes) return FIRN_OK;
    FIRN_TRY(firn_env_failpoint(h->env, "maintain.orphans.before_removal", err));
    return firn_files_remove(h->env, h->store, out->paths, out->n_paths, &out->failed_files, err);
}

firn_status firn_table_remove_orphans(firn_table *table, const firn_orphan_opts *opts,
                                      firn_arena *arena, firn_orphan_result *out, firn_error *err)
{
    firn_orphan_opts copy = {0};
    hunt h = {.table = table,
              .env = firn_table_env(table),
              .store = firn_table_store(table),
              .opts = &copy,
              .arena = arena};
    *out = (firn_orphan_result){0};
    if (opts)
        memcpy(&copy, opts, opts->struct_size < sizeof copy ? opts->struct_size : sizeof copy);
    h.scratch = firn_arena_create(h.env->alloc, 0);
    if (!h.scratch) return firn_fail_nomem(err);
    const firn_status st = run(&h, out, err);
    firn_arena_destroy(h.scratch);
    if (st != FIRN_OK) *out = (firn_orphan_result){0};
    return st;
}
