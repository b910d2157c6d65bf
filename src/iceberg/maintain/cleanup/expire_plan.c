/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of Iceberg's RemoveSnapshots: branches keep by age and number, tags keep theirs, what
 * no branch or tag reaches is kept by age alone. */
#include "iceberg/maintain/cleanup/expire_plan.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/str.h"

#define K_MAIN           FIRN_STR("main")
#define K_DEFAULT_AGE_MS ((int64_t)5 * 24 * 3600 * 1000)

typedef struct planner {
    const firn_table_metadata *metadata;
    const firn_expire_opts *opts;
    int64_t now_ms;
    int64_t older_than_ms; /* of branches without an age of their own */
    int64_t retain_last;
    int64_t max_ref_age_ms;
    const firn_snapshot **by_id; /* ascending */
    bool *is_kept;               /* beside by_id */
    bool *is_reached;            /* by a branch or tag that stays */
    size_t n;
} planner;

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = (*(const firn_snapshot *const *)a)->snapshot_id;
    const int64_t y = (*(const firn_snapshot *const *)b)->snapshot_id;
    return (x > y) - (x < y);
}

/* SIZE_MAX: the table does not have it. */
static size_t index_of(const planner *p, int64_t id)
{
    size_t from = 0;
    size_t to = p->n;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (p->by_id[middle]->snapshot_id < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from < p->n && p->by_id[from]->snapshot_id == id ? from : SIZE_MAX;
}

/* Ages may be larger than the time since 1970. */
static int64_t before(int64_t now_ms, int64_t age_ms)
{
    return age_ms >= now_ms - INT64_MIN / 2 ? INT64_MIN : now_ms - age_ms;
}

static firn_status prepare(planner *p, firn_arena *arena, firn_error *err)
{
    const firn_properties *properties = &p->metadata->properties;
    const int64_t age = firn_properties_get_i64(
        properties, FIRN_STR("history.expire.max-snapshot-age-ms"), K_DEFAULT_AGE_MS);
    const int64_t least =
        firn_properties_get_i64(properties, FIRN_STR("history.expire.min-snapshots-to-keep"), 1);
    p->max_ref_age_ms =
        firn_properties_get_i64(properties, FIRN_STR("history.expire.max-ref-age-ms"), INT64_MAX);
    p->older_than_ms =
        p->opts->older_than_ms != 0 ? p->opts->older_than_ms : before(p->now_ms, age);
    p->retain_last = p->opts->retain_last > 0 ? p->opts->retain_last : least;
    p->n = p->metadata->n_snapshots;
    p->by_id = firn_arena_array(arena, p->n, sizeof *p->by_id);
    p->is_kept = firn_arena_array(arena, p->n, sizeof *p->is_kept);
    p->is_reached = firn_arena_array(arena, p->n, sizeof *p->is_reached);
    if (!p->by_id || !p->is_kept || !p->is_reached) return firn_fail_nomem(err);
    for (size_t i = 0; i < p->n; i++) p->by_id[i] = &p->metadata->snapshots[i];
    if (p->n > 1) qsort(p->by_id, p->n, sizeof *p->by_id, compare_ids);
    return FIRN_OK;
}

/* ---- branches and tags ---- */

static bool ref_expires(const planner *p, const firn_snapshot_ref *ref)
{
    const size_t at = index_of(p, ref->snapshot_id);
    const int64_t age = ref->max_ref_age_ms > 0 ? ref->max_ref_age_ms : p->max_ref_age_ms;
    if (firn_str_equals(ref->name, K_MAIN)) return false;
    if (at == SIZE_MAX) return true;
    return p->by_id[at]->timestamp_ms < before(p->now_ms, age);
}

/* The newest ones and the young ones, up to the first that is neither; the rest is only reached. */
static void keep_branch(planner *p, int64_t head, int64_t least, int64_t older_than_ms)
{
    int64_t n_kept = 0;
    bool is_over = false;
    size_t at = index_of(p, head);
    for (size_t i = 0; i < p->n && at != SIZE_MAX; i++) {
        is_over = is_over || (n_kept >= least && p->by_id[at]->timestamp_ms < older_than_ms);
        if (!is_over) {
            p->is_kept[at] = true;
            n_kept++;
        } else if (p->is_reached[at]) {
            return; /* the ancestors were reached before */
        }
        p->is_reached[at] = true;
        at = index_of(p, p->by_id[at]->parent_snapshot_id);
    }
}

static void keep_tag(planner *p, int64_t id)
{
    const size_t at = index_of(p, id);
    if (at == SIZE_MAX) return;
    p->is_kept[at] = true;
    p->is_reached[at] = true;
}

static void keep_ref(planner *p, const firn_snapshot_ref *ref)
{
    if (ref->is_tag) {
        keep_tag(p, ref->snapshot_id);
        return;
    }
    const int64_t least =
        ref->min_snapshots_to_keep > 0 ? ref->min_snapshots_to_keep : p->retain_last;
    const int64_t older_than = ref->max_snapshot_age_ms > 0
                                   ? before(p->now_ms, ref->max_snapshot_age_ms)
                                   : p->older_than_ms;
    keep_branch(p, ref->snapshot_id, least, older_than);
}

static firn_status keep_refs(planner *p, firn_arena *arena, firn_expire_plan *out, firn_error *err)
{
    const firn_table_metadata *m = p->metadata;
    out->refs = firn_arena_array(arena, m->n_refs, sizeof *out->refs);
    if (!out->refs) return firn_fail_nomem(err);
    /* Tables of format version 1 may have a current snapshot without a branch. */
    if (!firn_metadata_find_ref(m, K_MAIN))
        keep_branch(p, m->current_snapshot_id, p->retain_last, p->older_than_ms);
    for (size_t i = 0; i < m->n_refs; i++) {
        if (ref_expires(p, &m->refs[i]))
            out->refs[out->n_refs++] = &m->refs[i];
        else
            keep_ref(p, &m->refs[i]);
    }
    return FIRN_OK;
}

/* ---- snapshots ---- */

static void keep_unreached(planner *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (!p->is_reached[i] && p->by_id[i]->timestamp_ms >= p->older_than_ms)
            p->is_kept[i] = true;
}

static bool goes(const firn_expire_plan *plan, const firn_snapshot_ref *ref)
{
    for (size_t i = 0; i < plan->n_refs; i++)
        if (plan->refs[i] == ref) return true;
    return false;
}

static firn_status expire_named(planner *p, const firn_expire_plan *plan, int64_t id,
                                firn_error *err)
{
    const size_t at = index_of(p, id);
    if (at == SIZE_MAX)
        return firn_fail(err, FIRN_ERR_ARG, "cannot expire snapshot %" PRId64 ": there is none",
                         id);
    for (size_t i = 0; i < p->metadata->n_refs; i++) {
        const firn_snapshot_ref *ref = &p->metadata->refs[i];
        if (ref->snapshot_id == id && !goes(plan, ref))
            return firn_fail(err, FIRN_ERR_ARG,
                             "cannot expire snapshot %" PRId64 ": %s \"%.*s\" is at it", id,
                             ref->is_tag ? "tag" : "branch", FIRN_STR_ARG(ref->name));
    }
    if (id == p->metadata->current_snapshot_id)
        return firn_fail(err, FIRN_ERR_ARG,
                         "cannot expire snapshot %" PRId64 ": it is the current one", id);
    p->is_kept[at] = false;
    return FIRN_OK;
}

static firn_status give(const planner *p, firn_arena *arena, firn_expire_plan *out, firn_error *err)
{
    out->expired = firn_arena_array(arena, p->n, sizeof *out->expired);
    out->kept = firn_arena_array(arena, p->n, sizeof *out->kept);
    if (!out->expired || !out->kept) return firn_fail_nomem(err);
    for (size_t i = 0; i < p->n; i++) {
        const firn_snapshot *s = &p->metadata->snapshots[i];
        if (p->is_kept[index_of(p, s->snapshot_id)])
            out->kept[out->n_kept++] = s;
        else
            out->expired[out->n_expired++] = s;
    }
    return FIRN_OK;
}

firn_status firn_expire_plan_make(const firn_table_metadata *metadata, const firn_expire_opts *opts,
                                  int64_t now_ms, firn_arena *arena, firn_expire_plan *out,
                                  firn_error *err)
{
    planner p = {.metadata = metadata, .opts = opts, .now_ms = now_ms};
    *out = (firn_expire_plan){0};
    FIRN_TRY(prepare(&p, arena, err));
    FIRN_TRY(keep_refs(&p, arena, out, err));
    keep_unreached(&p);
    for (size_t i = 0; i < opts->n_snapshot_ids; i++)
        FIRN_TRY(expire_named(&p, out, opts->snapshot_ids[i], err));
    return give(&p, arena, out, err);
}
