/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of snapshots and references. Invariants kept: sequence numbers rise by one a snapshot,
 * branch main is the current snapshot, the snapshot log holds only snapshots that exist and no gap
 * in what it claims to know. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/spec/json_build.h"
#include "iceberg/spec/metadata_builder.h"
#include "iceberg/spec/metadata_copy.h"
#include "iceberg/spec/metadata_json_text.h"

#define CLOCK_SKEW_MS 60000

/* ---- add ---- */

static firn_status check_sequence(const firn_metadata_builder *b, const firn_snapshot *s)
{
    if (b->m.format_version == 1) {
        if (s->sequence_number == 0) return FIRN_OK;
        return firn_fail(b->err, FIRN_ERR_ARG,
                         "snapshot %" PRId64 " has sequence number %" PRId64 ", must be 0 in v1",
                         s->snapshot_id, s->sequence_number);
    }
    if (b->m.last_sequence_number < INT64_MAX &&
        s->sequence_number == b->m.last_sequence_number + 1) {
        return FIRN_OK;
    }
    return firn_fail(b->err, FIRN_ERR_CONFLICT,
                     "snapshot %" PRId64 " has sequence number %" PRId64
                     ", the last one of the table is %" PRId64,
                     s->snapshot_id, s->sequence_number, b->m.last_sequence_number);
}

static firn_status check_time(const firn_metadata_builder *b, const firn_snapshot *s)
{
    int64_t latest = b->base ? b->base->last_updated_ms : INT64_MIN + CLOCK_SKEW_MS;
    if (b->m.n_snapshot_log > 0) {
        const int64_t logged = b->m.snapshot_log[b->m.n_snapshot_log - 1].timestamp_ms;
        if (logged > latest) latest = logged;
    }
    int64_t earliest = 0;
    if (!firn_sub_i64(latest, CLOCK_SKEW_MS, &earliest) || s->timestamp_ms >= earliest) {
        return FIRN_OK;
    }
    return firn_fail(b->err, FIRN_ERR_ARG,
                     "snapshot %" PRId64 " is of %" PRId64
                     " ms, more than a minute before the table's last change at %" PRId64 " ms",
                     s->snapshot_id, s->timestamp_ms, latest);
}

static firn_status check_content(const firn_metadata_builder *b, const firn_snapshot *s)
{
    if (s->snapshot_id < 0) {
        return firn_fail(b->err, FIRN_ERR_ARG, "snapshot id %" PRId64 " is negative",
                         s->snapshot_id);
    }
    if (firn_metadata_find_snapshot(&b->m, s->snapshot_id)) {
        return firn_fail(b->err, FIRN_ERR_ARG, "snapshot %" PRId64 " exists already",
                         s->snapshot_id);
    }
    if (s->manifest_list.len == 0 && (b->m.format_version > 1 || s->n_manifests == 0)) {
        return firn_fail(b->err, FIRN_ERR_ARG, "snapshot %" PRId64 " has no manifest list",
                         s->snapshot_id);
    }
    if (s->operation.len == 0 && b->m.format_version > 1) {
        return firn_fail(b->err, FIRN_ERR_ARG, "snapshot %" PRId64 " has no operation",
                         s->snapshot_id);
    }
    if (b->m.n_snapshots >= FIRN_LIMIT_SNAPSHOTS) {
        return firn_fail(b->err, FIRN_ERR_LIMIT, "more than %d snapshots", FIRN_LIMIT_SNAPSHOTS);
    }
    return FIRN_OK;
}

/* v3: the snapshot takes row ids from the table's counter. */
static firn_status assign_rows(firn_metadata_builder *b, const firn_snapshot *s)
{
    if (b->m.format_version < 3) return FIRN_OK;
    if (s->first_row_id < 0 || s->added_rows < 0) {
        return firn_fail(b->err, FIRN_ERR_ARG,
                         "snapshot %" PRId64 " needs first-row-id and added-rows in a v3 table",
                         s->snapshot_id);
    }
    if (s->first_row_id < b->m.next_row_id) {
        return firn_fail(b->err, FIRN_ERR_CONFLICT,
                         "snapshot %" PRId64 " has first row id %" PRId64
                         ", the next one of the table is %" PRId64,
                         s->snapshot_id, s->first_row_id, b->m.next_row_id);
    }
    if (!firn_add_i64(b->m.next_row_id, s->added_rows, &b->m.next_row_id)) {
        return firn_fail(b->err, FIRN_ERR_LIMIT, "row ids overflow");
    }
    return FIRN_OK;
}

firn_status firn_builder_add_snapshot(firn_metadata_builder *b, const firn_snapshot *snapshot)
{
    if (!snapshot) return firn_fail(b->err, FIRN_ERR_ARG, "add-snapshot without a snapshot");
    FIRN_TRY(check_content(b, snapshot));
    FIRN_TRY(check_sequence(b, snapshot));
    FIRN_TRY(check_time(b, snapshot));
    FIRN_TRY(assign_rows(b, snapshot));
    firn_snapshot *list =
        firn_builder_room(b, b->m.snapshots, b->m.n_snapshots, &b->cap_snapshots, sizeof *list);
    if (!list || !firn_snapshot_copy(snapshot, b->arena, &list[b->m.n_snapshots])) {
        return firn_fail_nomem(b->err);
    }
    b->m.n_snapshots++;
    b->m.snapshots = list;
    if (b->m.format_version > 1) b->m.last_sequence_number = snapshot->sequence_number;
    if (snapshot->timestamp_ms > b->newest_ms) b->newest_ms = snapshot->timestamp_ms;
    return FIRN_OK;
}

/* ---- references ---- */

static bool is_added(const firn_metadata_builder *b, int64_t snapshot_id)
{
    for (size_t i = b->n_base_snapshots; i < b->m.n_snapshots; i++) {
        if (b->m.snapshots[i].snapshot_id == snapshot_id) return true;
    }
    return false;
}

/* A snapshot that was made before main moved elsewhere and back may be older than the last entry,
 * yet it became current after it. */
static firn_status log_current(firn_metadata_builder *b, const firn_snapshot *snapshot)
{
    firn_snapshot_log_entry *log =
        firn_builder_room(b, b->m.snapshot_log, b->m.n_snapshot_log, &b->cap_log, sizeof *log);
    if (!log) return firn_fail_nomem(b->err);
    int64_t at = is_added(b, snapshot->snapshot_id) ? snapshot->timestamp_ms : b->now_ms;
    if (b->m.n_snapshot_log > 0 && log[b->m.n_snapshot_log - 1].timestamp_ms > at)
        at = log[b->m.n_snapshot_log - 1].timestamp_ms;
    log[b->m.n_snapshot_log++] = (firn_snapshot_log_entry){at, snapshot->snapshot_id};
    b->m.snapshot_log = log;
    return FIRN_OK;
}

static firn_status check_ref(const firn_metadata_builder *b, const firn_snapshot_ref *ref)
{
    const bool is_main = firn_str_equals(ref->name, FIRN_MAIN_BRANCH);
    if (ref->name.len == 0) return firn_fail(b->err, FIRN_ERR_ARG, "a reference needs a name");
    if (is_main && ref->is_tag) {
        return firn_fail(b->err, FIRN_ERR_ARG, "main must be a branch, not a tag");
    }
    if (ref->is_tag && (ref->min_snapshots_to_keep != -1 || ref->max_snapshot_age_ms != -1)) {
        return firn_fail(b->err, FIRN_ERR_ARG,
                         "tag \"%.*s\" cannot limit snapshots, only branches can",
                         FIRN_STR_ARG(ref->name));
    }
    if (ref->min_snapshots_to_keep == 0 || ref->min_snapshots_to_keep < -1 ||
        ref->max_snapshot_age_ms == 0 || ref->max_snapshot_age_ms < -1 ||
        ref->max_ref_age_ms == 0 || ref->max_ref_age_ms < -1) {
        return firn_fail(b->err, FIRN_ERR_ARG, "retention of \"%.*s\" must be above 0",
                         FIRN_STR_ARG(ref->name));
    }
    return FIRN_OK;
}

static firn_status put_ref(firn_metadata_builder *b, const firn_snapshot_ref *ref)
{
    firn_snapshot_ref *refs = firn_builder_grow(b, b->m.refs, b->m.n_refs, sizeof *refs);
    if (!refs) return firn_fail_nomem(b->err);
    size_t at = 0;
    while (at < b->m.n_refs && !firn_str_equals(refs[at].name, ref->name)) at++;
    refs[at] = *ref;
    if (!firn_str_copy(ref->name, b->arena, &refs[at].name) ||
        !firn_str_copy(ref->extra_json, b->arena, &refs[at].extra_json))
        return firn_fail_nomem(b->err);
    if (at == b->m.n_refs) b->m.n_refs++;
    b->m.refs = refs;
    return FIRN_OK;
}

firn_status firn_builder_set_ref(firn_metadata_builder *b, const firn_snapshot_ref *ref)
{
    if (!ref) return firn_fail(b->err, FIRN_ERR_ARG, "set-snapshot-ref without a reference");
    FIRN_TRY(check_ref(b, ref));
    const firn_snapshot *snapshot = firn_metadata_find_snapshot(&b->m, ref->snapshot_id);
    if (!snapshot) {
        return firn_fail(b->err, FIRN_ERR_ARG,
                         "cannot set \"%.*s\" to snapshot %" PRId64 ", which does not exist",
                         FIRN_STR_ARG(ref->name), ref->snapshot_id);
    }
    FIRN_TRY(put_ref(b, ref));
    if (!firn_str_equals(ref->name, FIRN_MAIN_BRANCH)) return FIRN_OK;
    if (b->m.current_snapshot_id == ref->snapshot_id) return FIRN_OK;
    b->m.current_snapshot_id = ref->snapshot_id;
    b->has_moved_main = true;
    return log_current(b, snapshot);
}

firn_status firn_builder_remove_ref(firn_metadata_builder *b, firn_str name)
{
    firn_snapshot_ref *refs = firn_builder_grow(b, b->m.refs, b->m.n_refs, sizeof *refs);
    if (!refs) return firn_fail_nomem(b->err);
    size_t n = 0;
    for (size_t i = 0; i < b->m.n_refs; i++) {
        if (!firn_str_equals(refs[i].name, name)) refs[n++] = refs[i];
    }
    b->m.refs = refs;
    b->m.n_refs = n;
    if (firn_str_equals(name, FIRN_MAIN_BRANCH)) {
        b->m.current_snapshot_id = -1;
        b->m.n_snapshot_log = 0;
    }
    return FIRN_OK;
}

/* ---- remove ---- */

/* Statistics of snapshots that are gone go with them. */
static firn_status filter_statistics(firn_metadata_builder *b, const int64_t *ids, size_t n,
                                     firn_arena *scratch, firn_str *kept)
{
    json_t *array = NULL;
    if (kept->len == 0) return FIRN_OK;
    FIRN_TRY(firn_json_parse(*kept, scratch, &array, b->err));
    for (size_t i = json_array_size(array); i-- > 0;) {
        const json_t *id = json_object_get(json_array_get(array, i), "snapshot-id");
        if (!json_is_integer(id) || !firn_ids_have_i64(ids, n, json_integer_value(id))) continue;
        if (json_array_remove(array, i)) return firn_fail_nomem(b->err);
    }
    if (json_array_size(array) == 0) {
        *kept = (firn_str){0};
        return FIRN_OK;
    }
    return firn_json_keep(array, b->arena, kept, b->err);
}

static firn_status remove_statistics(firn_metadata_builder *b, const int64_t *ids, size_t n)
{
    firn_arena *scratch = firn_arena_create(NULL, 0);
    if (!scratch) return firn_fail_nomem(b->err);
    firn_status st = filter_statistics(b, ids, n, scratch, &b->m.statistics_json);
    if (st == FIRN_OK) {
        st = filter_statistics(b, ids, n, scratch, &b->m.partition_statistics_json);
    }
    firn_arena_destroy(scratch);
    return st;
}

/* Who removes snapshots removes or moves what names them, in the same commit. What still names one
 * was put there by another commit in between. */
static firn_status check_unnamed(const firn_metadata_builder *b, const int64_t *ids, size_t n)
{
    for (size_t i = 0; i < b->m.n_refs; i++) {
        const firn_snapshot_ref *ref = &b->m.refs[i];
        if (firn_ids_have_i64(ids, n, ref->snapshot_id))
            return firn_fail(b->err, FIRN_ERR_CONFLICT,
                             "cannot remove snapshot %" PRId64 ": \"%.*s\" is at it",
                             ref->snapshot_id, FIRN_STR_ARG(ref->name));
    }
    return FIRN_OK;
}

firn_status firn_builder_remove_snapshots(firn_metadata_builder *b, const int64_t *ids, size_t n)
{
    int64_t *sorted = firn_builder_grow(b, ids, n, sizeof *sorted);
    firn_snapshot *list = firn_builder_grow(b, b->m.snapshots, b->m.n_snapshots, sizeof *list);
    if (!sorted || !list) return firn_fail_nomem(b->err);
    firn_ids_sort_i64(sorted, n);
    size_t n_kept = 0;
    size_t n_base = 0;
    for (size_t i = 0; i < b->m.n_snapshots; i++) {
        if (firn_ids_have_i64(sorted, n, list[i].snapshot_id)) continue;
        list[n_kept++] = list[i];
        if (i < b->n_base_snapshots) n_base = n_kept;
    }
    if (n_kept == b->m.n_snapshots) return FIRN_OK;
    b->m.snapshots = list;
    b->m.n_snapshots = n_kept;
    b->cap_snapshots = 0;
    b->n_base_snapshots = n_base;
    b->has_removed_snapshots = true;
    FIRN_TRY(check_unnamed(b, sorted, n));
    return remove_statistics(b, sorted, n);
}

/* ---- snapshot log ---- */

/* Was current only within this commit: nobody ever saw it as the table's state. */
static bool is_intermediate(const firn_metadata_builder *b, int64_t snapshot_id)
{
    return snapshot_id != b->m.current_snapshot_id && is_added(b, snapshot_id);
}

firn_status firn_builder_finish_log(firn_metadata_builder *b)
{
    if (!b->has_removed_snapshots && !b->has_moved_main) return FIRN_OK;
    firn_snapshot_log_entry *log =
        firn_builder_grow(b, b->m.snapshot_log, b->m.n_snapshot_log, sizeof *log);
    int64_t *ids = firn_arena_array(b->arena, b->m.n_snapshots, sizeof *ids);
    if (!log || !ids) return firn_fail_nomem(b->err);
    for (size_t i = 0; i < b->m.n_snapshots; i++) ids[i] = b->m.snapshots[i].snapshot_id;
    firn_ids_sort_i64(ids, b->m.n_snapshots);
    size_t n = 0;
    for (size_t i = 0; i < b->m.n_snapshot_log; i++) {
        if (!firn_ids_have_i64(ids, b->m.n_snapshots, log[i].snapshot_id)) {
            n = 0; /* history before an expired snapshot would have a hole */
        } else if (!is_intermediate(b, log[i].snapshot_id)) {
            log[n++] = log[i];
        }
    }
    b->m.snapshot_log = log;
    b->m.n_snapshot_log = n;
    return FIRN_OK;
}
