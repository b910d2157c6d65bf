/* SPDX-License-Identifier: Apache-2.0 */
/* The order is that of the references, from the metadata files down; nothing is read by others
 * before all is copied, so a failure only has to take the staged files away. */
#include "iceberg/maintain/import/path_rewrite.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/maintain/cleanup/file_removal.h"
#include "iceberg/spec/location_key.h"
#include "iceberg/txn/snapshot_update.h"

/* ---- paths ---- */

/* What stands behind the prefix, however the two are spelled, without the slash between; data NULL:
 * it is not below. */
static firn_str below(firn_str location, firn_str folder)
{
    const firn_str path = firn_location_identity(location);
    const firn_str prefix = firn_location_identity(folder);
    const bool is_below = firn_str_starts_with(path, prefix) &&
                          (path.len == prefix.len || path.data[prefix.len] == '/');
    if (!is_below) return (firn_str){0};
    return firn_str_slice(path, path.len == prefix.len ? prefix.len : prefix.len + 1, path.len);
}

static firn_status need_below(const firn_path_rewrite *rw, firn_str path, firn_str *out,
                              firn_error *err)
{
    *out = below(path, rw->source);
    if (out->data) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "%.*s is not below the source prefix %.*s",
                     FIRN_STR_ARG(path), FIRN_STR_ARG(rw->source));
}

firn_status firn_path_moved(const firn_path_rewrite *rw, firn_str path, firn_str *out,
                            firn_error *err)
{
    firn_str rest;
    FIRN_TRY(need_below(rw, path, &rest, err));
    *out = firn_arena_printf(rw->arena, "%.*s%s%.*s", FIRN_STR_ARG(rw->target),
                             rest.len > 0 ? "/" : "", FIRN_STR_ARG(rest));
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_path_staged(const firn_path_rewrite *rw, firn_str path, firn_str *out,
                             firn_error *err)
{
    firn_str rest;
    FIRN_TRY(need_below(rw, path, &rest, err));
    *out = firn_arena_printf(rw->arena, "%.*s%.*s", FIRN_STR_ARG(rw->staging), FIRN_STR_ARG(rest));
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status plan(firn_path_rewrite *rw, firn_str from, firn_str to, firn_error *err)
{
    if (firn_map_has(&rw->plan, from)) return FIRN_OK;
    const firn_str key = firn_arena_copy(rw->arena, from);
    firn_str *value = firn_arena_alloc_zero(rw->arena, sizeof *value);
    if (!key.data || !value) return firn_fail_nomem(err);
    *value = to;
    return firn_map_put(&rw->plan, key, value, err);
}

firn_status firn_path_plan_copy(firn_path_rewrite *rw, firn_str path, firn_error *err)
{
    firn_str to;
    FIRN_TRY(firn_path_moved(rw, path, &to, err));
    return plan(rw, path, to, err);
}

bool firn_path_is_new(const firn_path_rewrite *rw, int64_t snapshot_id)
{
    return rw->is_full ||
           firn_map_has(&rw->delta, (firn_str){(const char *)&snapshot_id, sizeof snapshot_id});
}

/* ---- staged files ---- */

static firn_status note_staged(firn_path_rewrite *rw, firn_str staged, firn_error *err)
{
    firn_str *slot =
        firn_arena_push(rw->arena, &rw->staged, &rw->n_staged, &rw->cap_staged, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = staged;
    return FIRN_OK;
}

firn_status firn_path_output_open(firn_path_rewrite *rw, firn_str path, bool is_staged,
                                  firn_path_output *out, firn_error *err)
{
    firn_str staged;
    firn_str moved;
    *out = (firn_path_output){0};
    if (!is_staged) return FIRN_OK;
    FIRN_TRY(firn_path_staged(rw, path, &staged, err));
    FIRN_TRY(firn_path_moved(rw, path, &moved, err));
    FIRN_TRY(plan(rw, staged, moved, err));
    FIRN_TRY(note_staged(rw, staged, err));
    return firn_store_begin(rw->store, staged, &out->writer, err);
}

static firn_status write_output(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_path_output *out = ctx;
    out->n_bytes += (int64_t)n;
    return out->writer ? firn_store_write(out->writer, data, n, err) : FIRN_OK;
}

firn_byte_sink firn_path_output_sink(firn_path_output *out)
{
    return (firn_byte_sink){out, write_output};
}

firn_status firn_path_output_finish(firn_path_output *out, firn_error *err)
{
    firn_store_writer *writer = out->writer;
    out->writer = NULL;
    return writer ? firn_store_finish(writer, err) : FIRN_OK;
}

void firn_path_output_abandon(firn_path_output *out)
{
    firn_store_abandon(out->writer);
    out->writer = NULL;
}

firn_status firn_path_output_put(firn_path_rewrite *rw, firn_str path, bool is_staged,
                                 firn_str bytes, firn_error *err)
{
    firn_path_output out;
    FIRN_TRY(firn_path_output_open(rw, path, is_staged, &out, err));
    firn_status st = write_output(&out, bytes.data, bytes.len, err);
    if (st == FIRN_OK) st = firn_path_output_finish(&out, err);
    firn_path_output_abandon(&out);
    return st;
}

/* ---- the list ---- */

static firn_status write_list(firn_path_rewrite *rw, firn_error *err)
{
    firn_buf lines;
    rw->out->file_list_location =
        firn_arena_printf(rw->arena, "%.*sfile-list", FIRN_STR_ARG(rw->staging));
    if (!rw->out->file_list_location.data) return firn_fail_nomem(err);
    firn_buf_init(&lines, NULL, 0);
    for (size_t i = 0; i < rw->plan.n_entries; i++) {
        firn_buf_str(&lines, rw->plan.entries[i].key);
        firn_buf_byte(&lines, ',');
        firn_buf_str(&lines, *(const firn_str *)rw->plan.entries[i].value);
        firn_buf_byte(&lines, '\n');
    }
    firn_status st = firn_buf_check(&lines, err);
    if (st == FIRN_OK) st = note_staged(rw, rw->out->file_list_location, err);
    if (st == FIRN_OK)
        st = firn_store_put(rw->store, rw->out->file_list_location, firn_buf_view(&lines), err);
    firn_buf_dispose(&lines);
    return st;
}

/* ---- all ---- */

static firn_str without_slash(firn_str prefix)
{
    while (prefix.len > 1 && prefix.data[prefix.len - 1] == '/') prefix.len--;
    return prefix;
}

static firn_status check_opts(firn_path_rewrite *rw, const firn_path_rewrite_opts *opts,
                              firn_error *err)
{
    rw->source = without_slash(opts->source_prefix);
    rw->target = without_slash(opts->target_prefix);
    if (rw->source.len == 0 || rw->target.len == 0)
        return firn_fail(err, FIRN_ERR_ARG, "the %s prefix is empty",
                         rw->source.len == 0 ? "source" : "target");
    if (firn_str_equals(rw->source, rw->target))
        return firn_fail(err, FIRN_ERR_ARG, "source and target prefix are the same: %.*s",
                         FIRN_STR_ARG(rw->source));
    return FIRN_OK;
}

static firn_status find_staging(firn_path_rewrite *rw, const firn_table *table, firn_str given,
                                firn_error *err)
{
    char uuid[37];
    firn_str folder = firn_table_metadata_location(table);
    while (folder.len > 0 && folder.data[folder.len - 1] != '/') folder.len--;
    firn_random_uuid(rw->env->random, uuid);
    given = without_slash(given);
    rw->staging = given.len > 0 ? firn_arena_printf(rw->arena, "%.*s/", FIRN_STR_ARG(given))
                                : firn_arena_printf(rw->arena, "%.*scopy-table-staging-%s/",
                                                    FIRN_STR_ARG(folder), uuid);
    rw->out->staging_location = rw->staging;
    return rw->staging.data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status run(firn_path_rewrite *rw, const firn_table *table,
                       const firn_path_rewrite_opts *opts, firn_error *err)
{
    const firn_table_metadata *start = NULL;
    FIRN_TRY(check_opts(rw, opts, err));
    FIRN_TRY(find_staging(rw, table, opts->staging_location, err));
    FIRN_TRY(firn_path_rewrite_versions(rw, table, opts, &start, err));
    for (size_t i = 0; i < rw->end->n_snapshots; i++) {
        const firn_snapshot *snapshot = &rw->end->snapshots[i];
        if (start && firn_metadata_find_snapshot(start, snapshot->snapshot_id)) continue;
        FIRN_TRY(firn_env_check_cancel(rw->env, err));
        FIRN_TRY(firn_error_wrap(err, firn_path_rewrite_snapshot(rw, snapshot, err),
                                 "snapshot %" PRId64, snapshot->snapshot_id));
    }
    return opts->has_no_file_list ? FIRN_OK : write_list(rw, err);
}

static void take_away(const firn_path_rewrite *rw)
{
    firn_error local;
    int64_t n_failed = 0;
    if (firn_files_remove(rw->env, rw->store, rw->staged, rw->n_staged, &n_failed, &local) !=
        FIRN_OK)
        firn_log_write(rw->env->log, FIRN_LOG_WARN, "staged files stay: %s", local.message);
}

firn_status firn_table_rewrite_paths(const firn_table *table, const firn_path_rewrite_opts *opts,
                                     struct firn_arena *arena, firn_path_rewrite_result *out,
                                     firn_error *err)
{
    firn_path_rewrite rw = {
        .env = firn_table_env(table), .store = firn_table_store(table), .arena = arena, .out = out};
    *out = (firn_path_rewrite_result){0};
    firn_map_init(&rw.delta, arena);
    firn_map_init(&rw.plan, arena);
    firn_map_init(&rw.manifests, arena);
    firn_map_init(&rw.deletes, arena);
    firn_map_init(&rw.counted, arena);
    const firn_status st = run(&rw, table, opts, err);
    if (st == FIRN_OK) return FIRN_OK;
    take_away(&rw);
    *out = (firn_path_rewrite_result){0};
    return st;
}
