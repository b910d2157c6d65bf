/* SPDX-License-Identifier: Apache-2.0 */
/* What is worth doing for a table now, by its policy. Looks at live files once; nothing is done
 * that would gain nothing. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "firn/maintain.h"
#include "iceberg/check/table_health.h"
#include "iceberg/maintain/rewrite/sort_order_text.h"
#include "iceberg/spec/metadata_copy.h"
#include "iceberg/txn/snapshot_update.h"

#define K_DAY_MS ((int64_t)24 * 3600 * 1000)

/* ---- policy ---- */

static firn_status read_bool(const firn_properties *p, firn_str key, bool *out, firn_error *err)
{
    const firn_str text = firn_properties_get(p, key, (firn_str){0});
    if (text.len == 0) return FIRN_OK;
    *out = firn_str_equals_nocase(text, FIRN_STR("true"));
    if (*out || firn_str_equals_nocase(text, FIRN_STR("false"))) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "%.*s is \"%.*s\", expected true or false",
                     FIRN_STR_ARG(key), FIRN_STR_ARG(text));
}

static firn_status read_number(const firn_properties *p, firn_str key, int64_t least, int64_t *out,
                               firn_error *err)
{
    const firn_str text = firn_properties_get(p, key, (firn_str){0});
    if (text.len == 0 || (firn_str_to_i64(text, out) && *out >= least)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "%.*s is \"%.*s\", expected a number from %" PRId64 " on",
                     FIRN_STR_ARG(key), FIRN_STR_ARG(text), least);
}

static firn_status read_ratio(const firn_properties *p, double *out, firn_error *err)
{
    const firn_str text =
        firn_properties_get(p, FIRN_STR("firn.maintain.delete-ratio"), (firn_str){0});
    if (text.len == 0) return FIRN_OK;
    if (firn_str_to_f64(text, out) && *out > 0 && *out <= 1) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG,
                     "firn.maintain.delete-ratio is \"%.*s\", expected a share up to 1",
                     FIRN_STR_ARG(text));
}

firn_status firn_maintain_policy_of(const firn_table_metadata *metadata, firn_maintain_policy *out,
                                    firn_error *err)
{
    const firn_properties *p = &metadata->properties;
    int64_t min_files = 5;
    int64_t min_manifests = 20;
    *out = (firn_maintain_policy){.is_enabled = true,
                                  .compacts = true,
                                  .delete_ratio = 0.3,
                                  .rewrites_manifests = true,
                                  .expires = true,
                                  .orphan_age_ms = 3 * K_DAY_MS};
    FIRN_TRY(read_bool(p, FIRN_STR("firn.maintain.enabled"), &out->is_enabled, err));
    FIRN_TRY(read_bool(p, FIRN_STR("firn.maintain.compact"), &out->compacts, err));
    FIRN_TRY(read_bool(p, FIRN_STR("firn.maintain.manifests"), &out->rewrites_manifests, err));
    FIRN_TRY(read_bool(p, FIRN_STR("firn.maintain.expire"), &out->expires, err));
    FIRN_TRY(read_bool(p, FIRN_STR("firn.maintain.orphans"), &out->removes_orphans, err));
    FIRN_TRY(read_number(p, FIRN_STR("firn.maintain.min-input-files"), 2, &min_files, err));
    FIRN_TRY(read_number(p, FIRN_STR("firn.maintain.min-manifests"), 2, &min_manifests, err));
    FIRN_TRY(read_number(p, FIRN_STR("firn.maintain.orphan-age-ms"), K_DAY_MS, &out->orphan_age_ms,
                         err));
    FIRN_TRY(read_ratio(p, &out->delete_ratio, err));
    out->min_input_files = min_files > INT32_MAX ? INT32_MAX : (int32_t)min_files;
    out->min_manifests = min_manifests > INT32_MAX ? INT32_MAX : (int32_t)min_manifests;
    out->sort = firn_properties_get(p, FIRN_STR("firn.maintain.sort"), (firn_str){0});
    return FIRN_OK;
}

const char *firn_maintain_action_name(firn_maintain_action action)
{
    switch (action) {
    case FIRN_MAINTAIN_COMPACT: return "compact";
    case FIRN_MAINTAIN_MANIFESTS: return "manifests";
    case FIRN_MAINTAIN_EXPIRE: return "expire";
    case FIRN_MAINTAIN_ORPHANS: return "orphans";
    }
    return "";
}

/* ---- steps ---- */

typedef struct upkeep {
    firn_table *table;
    firn_env *env;
    const firn_maintain_opts *opts;
    firn_arena *arena;
    firn_maintain_policy policy;
    firn_table_health health;
    firn_maintain_result *out;
} upkeep;

static void give(upkeep *u, firn_maintain_action action, int64_t before, int64_t after,
                 int64_t bytes)
{
    u->out->steps[u->out->n_steps++] = (firn_maintain_step){action, before, after, bytes};
}

static firn_status compact(upkeep *u, firn_error *err)
{
    firn_file_rewrite_opts opts = {.struct_size = sizeof opts,
                                   .min_input_files = u->policy.min_input_files,
                                   .delete_ratio_threshold = u->policy.delete_ratio,
                                   .max_bytes = u->opts->max_bytes,
                                   .memory_bytes = u->opts->memory_bytes,
                                   .is_dry_run = u->opts->is_dry_run,
                                   .removes_dangling_deletes = true};
    firn_file_rewrite_result done;
    const firn_table_metadata *m = firn_table_metadata_of(u->table);
    FIRN_TRY(firn_error_wrap(
        err, firn_sort_order_parse(u->policy.sort, firn_metadata_schema(m), u->arena, &opts, err),
        "firn.maintain.sort"));
    FIRN_TRY(firn_table_rewrite_files(u->table, &opts, &done, err));
    if (done.n_groups > 0 || done.removed_delete_files > 0)
        give(u, FIRN_MAINTAIN_COMPACT, done.rewritten_files, done.added_files,
             done.rewritten_bytes);
    return FIRN_OK;
}

static firn_status manifests(upkeep *u, firn_error *err)
{
    firn_manifest_rewrite_result done;
    if (u->health.n_small_manifests < u->policy.min_manifests) return FIRN_OK;
    if (u->opts->is_dry_run) {
        give(u, FIRN_MAINTAIN_MANIFESTS, u->health.n_manifests, u->health.n_manifests_after,
             u->health.manifest_bytes);
        return FIRN_OK;
    }
    FIRN_TRY(firn_table_rewrite_manifests(u->table, -1, &done, err));
    if (done.rewritten > 0)
        give(u, FIRN_MAINTAIN_MANIFESTS, done.rewritten, done.added, u->health.manifest_bytes);
    return FIRN_OK;
}

static firn_status expire(upkeep *u, firn_error *err)
{
    firn_expire_opts opts = {.struct_size = sizeof opts, .is_dry_run = u->opts->is_dry_run};
    firn_expire_result gone;
    FIRN_TRY(firn_table_expire_snapshots(u->table, &opts, &gone, err));
    if (gone.snapshots > 0)
        give(u, FIRN_MAINTAIN_EXPIRE,
             gone.data_files + gone.position_delete_files + gone.equality_delete_files +
                 gone.manifest_files + gone.manifest_lists + gone.statistics_files,
             0, gone.bytes);
    return FIRN_OK;
}

static firn_status orphans(upkeep *u, firn_error *err)
{
    firn_orphan_result found;
    const firn_orphan_opts opts = {.struct_size = sizeof opts,
                                   .older_than_ms =
                                       firn_clock_wall_ms(u->env->clock) - u->policy.orphan_age_ms,
                                   .removes = !u->opts->is_dry_run};
    FIRN_TRY(firn_table_remove_orphans(u->table, &opts, u->arena, &found, err));
    if (found.n_paths > 0) give(u, FIRN_MAINTAIN_ORPHANS, (int64_t)found.n_paths, 0, found.bytes);
    return FIRN_OK;
}

static firn_status look(upkeep *u, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(u->table);
    firn_live_files live;
    FIRN_TRY(firn_live_files_read(u->env, firn_table_store(u->table), m,
                                  firn_metadata_current_snapshot(m), u->arena, &live, err));
    return firn_table_health_of(m, &live, firn_clock_wall_ms(u->env->clock), u->arena, &u->health,
                                err);
}

static bool allows_gc(const firn_table_metadata *m)
{
    return !firn_str_equals_nocase(
        firn_properties_get(&m->properties, FIRN_STR("gc.enabled"), FIRN_STR("true")),
        FIRN_STR("false"));
}

static firn_status run(upkeep *u, firn_error *err)
{
    FIRN_TRY(firn_table_refresh(u->table, err));
    FIRN_TRY(firn_maintain_policy_of(firn_table_metadata_of(u->table), &u->policy, err));
    if (!u->policy.is_enabled) return FIRN_OK;
    /* The handle moves on and takes the text of its properties along. */
    if (!firn_str_copy(u->policy.sort, u->arena, &u->policy.sort)) return firn_fail_nomem(err);
    FIRN_TRY(look(u, err));
    if (u->policy.compacts) FIRN_TRY(compact(u, err));
    if (u->policy.rewrites_manifests) FIRN_TRY(manifests(u, err));
    if (!allows_gc(firn_table_metadata_of(u->table))) return FIRN_OK;
    if (u->policy.expires) FIRN_TRY(expire(u, err));
    return u->policy.removes_orphans ? orphans(u, err) : FIRN_OK;
}

firn_status firn_table_maintain(firn_table *table, const firn_maintain_opts *opts,
                                firn_maintain_result *out, firn_error *err)
{
    firn_maintain_opts copy = {0};
    upkeep u = {.table = table, .env = firn_table_env(table), .opts = &copy, .out = out};
    *out = (firn_maintain_result){0};
    if (opts)
        memcpy(&copy, opts, opts->struct_size < sizeof copy ? opts->struct_size : sizeof copy);
    u.arena = firn_arena_create(u.env->alloc, 0);
    if (!u.arena) return firn_fail_nomem(err);
    const firn_status st = run(&u, err);
    firn_arena_destroy(u.arena);
    return st;
}
