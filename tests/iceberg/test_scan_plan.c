/* SPDX-License-Identifier: Apache-2.0 */
/* Which files a scan plans: pruning, residuals, time travel, incremental ranges, statistics. */
#include <string.h>

#include "base/str.h"
#include "filter_parser.h"
#include "firn_test.h"
#include "iceberg/scan/plan.h"
#include "table_fixture.h"

/* Snapshots of the table "events", in order. */
enum { APPEND_1, APPEND_2, APPEND_3, APPEND_4, OVERWRITE, APPEND_5, N_SNAPSHOTS };

static int set_up(void **state)
{
    static firn_table_fixture fixture;
    firn_table_fixture_open(&fixture, "events", 2);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    firn_table_fixture_close(*state);
    return 0;
}

static int64_t snapshot_id(const firn_table_fixture *f, int index)
{
    const firn_snapshot *s = firn_metadata_current_snapshot(f->metadata);
    for (int i = N_SNAPSHOTS - 1; i > index; i--)
        s = firn_metadata_find_snapshot(f->metadata, s->parent_snapshot_id);
    assert_non_null(s);
    return s->snapshot_id;
}

static firn_scan_plan plan_with(const firn_table_fixture *f, const firn_plan_opts *opts)
{
    firn_error err = {0};
    firn_scan_plan plan;
    assert_ok(firn_scan_plan_files(f->env, f->store, f->metadata, opts, f->arena, &plan, &err),
              &err);
    assert_int_equal(plan.stats.files_matched, (int64_t)plan.n_tasks);
    return plan;
}

static firn_scan_plan plan_filter(const firn_table_fixture *f, const char *filter)
{
    return plan_with(f, &(firn_plan_opts){.filter = firn_test_filter(f->arena, filter)});
}

static int64_t rows_of(const firn_scan_plan *plan)
{
    int64_t n = 0;
    for (size_t i = 0; i < plan->n_tasks; i++) n += plan->tasks[i].file->record_count;
    return n;
}

static void test_all_live_files_are_planned_without_a_filter(void **state)
{
    const firn_table_fixture *f = *state;
    const firn_scan_plan plan = plan_with(f, NULL);
    assert_int_equal(plan.n_tasks, 5);
    assert_int_equal(rows_of(&plan), 360);
    assert_int_equal(plan.stats.rows_matched, 360);
    assert_int_equal(plan.stats.files_total, 5);
    assert_int_equal(plan.stats.bytes_matched, plan.stats.bytes_total);
    assert_false(plan.stats.has_delete_files);
    for (size_t i = 0; i < plan.n_tasks; i++) {
        const firn_scan_task *task = &plan.tasks[i];
        assert_true(firn_str_starts_with(task->file->path, FIRN_STR(FIRN_FIXTURE_PREFIX)));
        assert_int_equal(task->residual->op, FIRN_EXPR_TRUE);
        assert_int_equal(task->spec->n_fields, 1);
        assert_true(task->sequence_number >= 1);
        assert_int_equal(task->file->lower_bounds.n, 0);
    }
}

static void test_files_are_pruned_by_partition_and_the_residual_shrinks(void **state)
{
    const firn_table_fixture *f = *state;
    firn_scan_plan plan = plan_filter(f, "day = date '2024-03-01'");
    assert_int_equal(plan.n_tasks, 2);
    assert_int_equal(rows_of(&plan), 60);
    assert_int_equal(plan.tasks[0].residual->op, FIRN_EXPR_TRUE);
    assert_true(plan.stats.manifests_read < plan.stats.manifests_total);
    assert_int_equal(plan.stats.files_total, 5);

    plan = plan_filter(f, "day >= date '2024-03-02' and country = 'FR'");
    assert_int_equal(plan.n_tasks, 3);
    assert_int_equal(plan.tasks[0].residual->op, FIRN_EXPR_EQ);
    assert_str(plan.tasks[0].residual->column, "country");
}

static void test_files_are_pruned_by_metrics(void **state)
{
    const firn_table_fixture *f = *state;
    firn_scan_plan plan = plan_filter(f, "id between 150 and 160");
    assert_int_equal(plan.n_tasks, 1);
    assert_int_equal(plan.tasks[0].file->record_count, 100);
    assert_int_equal(plan.tasks[0].residual->op, FIRN_EXPR_AND);
    assert_int_equal(plan_filter(f, "id < 50").n_tasks, 0);
    assert_int_equal(plan_filter(f, "id is null").n_tasks, 0);
    assert_int_equal(plan_filter(f, "country > 'FR'").n_tasks, 0);
    assert_int_equal(plan_filter(f, "country is null").n_tasks, 5);
    assert_int_equal(plan_filter(f, "id in (75, 405)").n_tasks, 2);
    assert_int_equal(plan_filter(f, "false").n_tasks, 0);
    assert_int_equal(plan_filter(f, "false").stats.manifests_read, 0);
}

static void test_old_snapshots_are_planned_as_they_were(void **state)
{
    const firn_table_fixture *f = *state;
    firn_plan_opts opts = {.snapshot_id = snapshot_id(f, APPEND_4)};
    const firn_scan_plan plan = plan_with(f, &opts);
    assert_int_equal(plan.n_tasks, 4);
    assert_int_equal(rows_of(&plan), 400);
    opts.snapshot_id = snapshot_id(f, APPEND_1);
    assert_int_equal(plan_with(f, &opts).n_tasks, 1);
}

static void test_an_unknown_snapshot_is_not_found(void **state)
{
    const firn_table_fixture *f = *state;
    firn_error err = {0};
    firn_scan_plan plan;
    assert_fails(firn_scan_plan_files(f->env, f->store, f->metadata,
                                      &(firn_plan_opts){.snapshot_id = 42}, f->arena, &plan, &err),
                 FIRN_ERR_NOT_FOUND, &err, "no snapshot 42 in the table");
}

static void test_an_incremental_scan_gives_appended_files_only(void **state)
{
    const firn_table_fixture *f = *state;
    firn_plan_opts opts = {.from_snapshot_id = snapshot_id(f, APPEND_2)};
    firn_scan_plan plan = plan_with(f, &opts);
    assert_int_equal(plan.n_tasks, 3); /* not what the overwrite rewrote */
    assert_int_equal(rows_of(&plan), 210);
    assert_int_equal(plan.tasks[0].snapshot_id, snapshot_id(f, APPEND_3));
    assert_int_equal(plan.tasks[2].snapshot_id, snapshot_id(f, APPEND_5));

    opts.from_snapshot_id = -1;
    plan = plan_with(f, &opts);
    assert_int_equal(plan.n_tasks, 5);
    assert_int_equal(rows_of(&plan), 410); /* the file rewritten later, as it was appended */

    opts.filter = firn_test_filter(f->arena, "id < 100");
    assert_int_equal(plan_with(f, &opts).n_tasks, 1);

    opts = (firn_plan_opts){.from_snapshot_id = snapshot_id(f, APPEND_5)};
    assert_int_equal(plan_with(f, &opts).n_tasks, 0);
    opts = (firn_plan_opts){.snapshot_id = snapshot_id(f, OVERWRITE),
                            .from_snapshot_id = snapshot_id(f, APPEND_4)};
    assert_int_equal(plan_with(f, &opts).n_tasks, 0);
}

static void test_an_incremental_scan_needs_an_ancestor(void **state)
{
    const firn_table_fixture *f = *state;
    firn_error err = {0};
    firn_scan_plan plan;
    const firn_plan_opts opts = {.snapshot_id = snapshot_id(f, APPEND_1),
                                 .from_snapshot_id = snapshot_id(f, APPEND_3)};
    assert_fails(firn_scan_plan_files(f->env, f->store, f->metadata, &opts, f->arena, &plan, &err),
                 FIRN_ERR_ARG, &err, "is not an ancestor of snapshot");
}

static void test_metrics_are_kept_on_request(void **state)
{
    const firn_table_fixture *f = *state;
    const firn_scan_plan plan = plan_with(f, &(firn_plan_opts){.with_metrics = true});
    for (size_t i = 0; i < plan.n_tasks; i++) {
        const firn_metric *lower = firn_metric_find(&plan.tasks[i].file->lower_bounds, 1);
        assert_non_null(lower);
        assert_int_equal(lower->bound.len, 8);
        assert_int_equal(firn_metric_find(&plan.tasks[i].file->value_counts, 1)->count,
                         plan.tasks[i].file->record_count);
    }
}

static void test_plans_do_not_depend_on_the_number_of_threads(void **state)
{
    const firn_table_fixture *f = *state;
    firn_table_fixture alone;
    firn_table_fixture_open(&alone, "events", 1);
    const firn_scan_plan a = plan_with(f, NULL);
    const firn_scan_plan b = plan_with(&alone, NULL);
    assert_int_equal(a.n_tasks, b.n_tasks);
    for (size_t i = 0; i < a.n_tasks; i++)
        assert_true(firn_str_equals(a.tasks[i].file->path, b.tasks[i].file->path));
    firn_table_fixture_close(&alone);
}

static void test_an_empty_table_plans_nothing(void **state)
{
    const firn_table_fixture *f = *state;
    firn_table_metadata empty = *f->metadata;
    firn_scan_plan plan = {.n_tasks = 1};
    empty.current_snapshot_id = -1;
    assert_ok(firn_scan_plan_files(f->env, f->store, &empty, NULL, f->arena, &plan, NULL), NULL);
    assert_int_equal(plan.n_tasks, 0);
}

static void test_a_filter_on_no_column_is_refused(void **state)
{
    const firn_table_fixture *f = *state;
    firn_error err = {0};
    firn_scan_plan plan;
    const firn_plan_opts opts = {.filter = firn_test_filter(f->arena, "nope = 1")};
    assert_fails(firn_scan_plan_files(f->env, f->store, f->metadata, &opts, f->arena, &plan, &err),
                 FIRN_ERR_ARG, &err, "no column \"nope\"");
}

static void test_a_missing_manifest_list_is_named(void **state)
{
    const firn_table_fixture *f = *state;
    firn_error err = {0};
    firn_manifest_file *files = NULL;
    size_t n = 0;
    firn_snapshot snapshot = *firn_metadata_current_snapshot(f->metadata);
    snapshot.manifest_list = FIRN_STR(FIRN_FIXTURE_PREFIX "events/metadata/lost.avro");
    assert_fails(
        firn_snapshot_manifests(f->store, f->metadata, &snapshot, f->arena, &files, &n, &err),
        FIRN_ERR_NOT_FOUND, &err, "manifest list " FIRN_FIXTURE_PREFIX "events/metadata/lost.avro");
}

static void test_v1_snapshots_may_list_manifests_by_path(void **state)
{
    const firn_table_fixture *f = *state;
    firn_error err = {0};
    firn_manifest_file *listed = NULL;
    firn_manifest_file *files = NULL;
    size_t n = 0;
    firn_snapshot snapshot = *firn_metadata_current_snapshot(f->metadata);
    assert_ok(
        firn_snapshot_manifests(f->store, f->metadata, &snapshot, f->arena, &listed, &n, &err),
        &err);
    firn_str *paths = firn_arena_array(f->arena, n, sizeof *paths);
    for (size_t i = 0; i < n; i++) paths[i] = listed[i].path;
    snapshot.manifest_list = FIRN_STR("");
    snapshot.manifests = paths;
    snapshot.n_manifests = n;
    assert_ok(firn_snapshot_manifests(f->store, f->metadata, &snapshot, f->arena, &files, &n, &err),
              &err);
    assert_int_equal(n, snapshot.n_manifests);
    for (size_t i = 0; i < n; i++) {
        assert_true(firn_str_equals(files[i].path, listed[i].path));
        assert_int_equal(files[i].length, listed[i].length);
        assert_int_equal(files[i].spec_id, listed[i].spec_id);
        assert_int_equal(files[i].added_files, -1);
    }

    firn_table_metadata metadata = *f->metadata;
    metadata.snapshots = &snapshot;
    metadata.n_snapshots = 1;
    firn_scan_plan plan;
    const firn_plan_opts opts = {.filter = firn_test_filter(f->arena, "day = date '2024-03-01'")};
    assert_ok(firn_scan_plan_files(f->env, f->store, &metadata, &opts, f->arena, &plan, &err),
              &err);
    assert_int_equal(plan.n_tasks, 2);
    assert_int_equal(plan.stats.files_total, 5);
    assert_int_equal(plan.stats.manifests_read, plan.stats.manifests_total);
}

/* Each allocation of a plan fails once: always "out of memory", never a leak or a crash. */
static void test_a_plan_survives_running_out_of_memory(void **state)
{
    (void)state;
    firn_table_fixture f;
    firn_test_alloc counter = {0};
    const firn_allocator failing = firn_test_alloc_interface(&counter);
    firn_status st = FIRN_ERR_NOMEM;
    firn_table_fixture_open(&f, "events", 1);
    const firn_allocator *alloc = f.env->alloc;
    const firn_expr *filter = firn_test_filter(f.arena, "day > date '2024-03-01' and id < 250");
    f.env->alloc = &failing;
    for (int64_t fail_at = 1; st != FIRN_OK; fail_at++) {
        firn_error err = {0};
        firn_scan_plan plan;
        counter = (firn_test_alloc){.fail_at = fail_at};
        firn_arena *arena = firn_arena_create(&failing, 0);
        if (!arena) continue;
        st = firn_scan_plan_files(f.env, f.store, f.metadata, &(firn_plan_opts){.filter = filter},
                                  arena, &plan, &err);
        if (st != FIRN_OK) assert_fails(st, FIRN_ERR_NOMEM, &err, "out of memory");
        if (st == FIRN_OK) assert_int_equal(plan.n_tasks, 2);
        firn_arena_destroy(arena);
        assert_int_equal(counter.n_live, 0);
    }
    f.env->alloc = alloc;
    firn_table_fixture_close(&f);
}

static void test_planning_can_be_cancelled(void **state)
{
    const firn_table_fixture *f = *state;
    firn_error err = {0};
    firn_scan_plan plan;
    firn_env_cancel(f->env);
    assert_fails(firn_scan_plan_files(f->env, f->store, f->metadata, NULL, f->arena, &plan, &err),
                 FIRN_ERR_CANCELLED, &err, NULL);
    firn_env_uncancel(f->env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_live_files_are_planned_without_a_filter),
        cmocka_unit_test(test_files_are_pruned_by_partition_and_the_residual_shrinks),
        cmocka_unit_test(test_files_are_pruned_by_metrics),
        cmocka_unit_test(test_old_snapshots_are_planned_as_they_were),
        cmocka_unit_test(test_an_unknown_snapshot_is_not_found),
        cmocka_unit_test(test_an_incremental_scan_gives_appended_files_only),
        cmocka_unit_test(test_an_incremental_scan_needs_an_ancestor),
        cmocka_unit_test(test_metrics_are_kept_on_request),
        cmocka_unit_test(test_plans_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(test_an_empty_table_plans_nothing),
        cmocka_unit_test(test_a_filter_on_no_column_is_refused),
        cmocka_unit_test(test_a_missing_manifest_list_is_named),
        cmocka_unit_test(test_v1_snapshots_may_list_manifests_by_path),
        cmocka_unit_test(test_a_plan_survives_running_out_of_memory),
        cmocka_unit_test(test_planning_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
