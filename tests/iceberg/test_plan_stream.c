/* SPDX-License-Identifier: Apache-2.0 */
/* Plans piece by piece: the same tasks as all at once, and no more manifests than were asked for.
 */
#include "filter_parser.h"
#include "plan_table.h"

static firn_plan_stream *open_stream(plan_table *t, const firn_plan_opts *opts)
{
    firn_error err = {0};
    firn_plan_stream *stream = NULL;
    assert_ok(firn_plan_stream_open(t->env, t->store, &t->metadata, opts, &stream, &err), &err);
    return stream;
}

static void put_stream(plan_table *t, const firn_plan_opts *opts, firn_buf *out)
{
    firn_error err = {0};
    firn_task_batch *batch = NULL;
    firn_plan_stream *stream = open_stream(t, opts);
    firn_status st;
    while ((st = firn_plan_stream_next(stream, &batch, &err)) == FIRN_OK) {
        assert_true(batch->n_tasks > 0);
        for (size_t i = 0; i < batch->n_tasks; i++)
            plan_put_task(batch->arena, &batch->tasks[i], out);
        firn_task_batch_destroy(batch);
    }
    assert_int_equal(st, FIRN_DONE);
    plan_put_stats(firn_plan_stream_stats(stream), out);
    firn_plan_stream_close(stream);
}

static void put_plan(plan_table *t, const firn_plan_opts *opts, firn_buf *out)
{
    firn_error err = {0};
    firn_scan_plan plan;
    assert_ok(firn_scan_plan_files(t->env, t->store, &t->metadata, opts, t->arena, &plan, &err),
              &err);
    for (size_t i = 0; i < plan.n_tasks; i++) plan_put_task(t->arena, &plan.tasks[i], out);
    plan_put_stats(&plan.stats, out);
}

static void assert_same(plan_table *t, const firn_plan_opts *opts)
{
    firn_buf streamed;
    firn_buf planned;
    firn_buf_init(&streamed, NULL, 0);
    firn_buf_init(&planned, NULL, 0);
    put_stream(t, opts, &streamed);
    put_plan(t, opts, &planned);
    assert_true(planned.len > 0);
    assert_true(firn_str_equals(firn_buf_view(&streamed), firn_buf_view(&planned)));
    firn_buf_dispose(&streamed);
    firn_buf_dispose(&planned);
}

static void test_a_stream_gives_the_tasks_of_the_plan_in_order(void **state)
{
    static const char *const k_filters[] = {NULL, "id < 3000", "n > 1000 and day is not null",
                                            "false", "s like 'text 01%' or b is null"};
    plan_table t;
    (void)state;
    plan_table_init(&t, 11, 64);
    for (int i = 0; i < 60; i++) plan_add_manifest(&t, FIRN_CONTENT_DATA, (size_t)i % 23, 20);
    plan_add_manifest(&t, FIRN_CONTENT_POSITION_DELETES, 12, 0);
    plan_publish(&t);
    for (size_t i = 0; i < sizeof k_filters / sizeof *k_filters; i++) {
        firn_plan_opts opts = {0};
        if (k_filters[i]) opts.filter = firn_test_filter(t.arena, k_filters[i]);
        assert_same(&t, &opts);
        opts.is_eager = true;
        assert_same(&t, &opts);
    }
    plan_table_dispose(&t);
}

static void test_manifests_are_read_as_tasks_are_asked_for(void **state)
{
    firn_error err = {0};
    firn_task_batch *batch = NULL;
    plan_table t;
    (void)state;
    plan_table_init(&t, 12, 64);
    for (int i = 0; i < 50; i++) plan_add_manifest(&t, FIRN_CONTENT_DATA, 20, 0);
    plan_publish(&t);
    firn_plan_stream *stream = open_stream(&t, NULL);
    const firn_scan_stats *stats = firn_plan_stream_stats(stream);
    assert_int_equal(stats->manifests_total, 50);
    assert_int_equal(stats->manifests_read, 0);
    assert_null(firn_plan_stream_deletes(stream));
    static const int64_t k_read[] = {1, 3, 7, 15, 31, 50};
    for (size_t i = 0; i < sizeof k_read / sizeof *k_read; i++) {
        assert_ok(firn_plan_stream_next(stream, &batch, &err), &err);
        assert_int_equal(stats->manifests_read, k_read[i]);
        firn_task_batch_destroy(batch);
    }
    assert_int_equal(firn_plan_stream_next(stream, &batch, &err), FIRN_DONE);
    assert_int_equal(firn_plan_stream_next(stream, &batch, &err), FIRN_DONE);
    firn_plan_stream_close(stream);
    plan_table_dispose(&t);
}

/* A million files would not fit: windows shrink where a manifest gives many tasks. */
static void test_few_tasks_are_held_at_a_time(void **state)
{
    firn_error err = {0};
    firn_task_batch *batch = NULL;
    plan_table t;
    size_t most = 0;
    size_t n = 0;
    (void)state;
    plan_table_init(&t, 13, 64);
    for (int i = 0; i < 12; i++) plan_add_manifest(&t, FIRN_CONTENT_DATA, 2500, 0);
    plan_publish(&t);
    firn_plan_stream *stream = open_stream(&t, NULL);
    while (firn_plan_stream_next(stream, &batch, &err) == FIRN_OK) {
        if (batch->n_tasks > most) most = batch->n_tasks;
        n += batch->n_tasks;
        firn_task_batch_destroy(batch);
    }
    assert_true(n > 20000);
    assert_true(most < 10000);
    firn_plan_stream_close(stream);
    plan_table_dispose(&t);
}

static void test_a_broken_manifest_stops_the_stream_where_it_is(void **state)
{
    firn_error err = {0};
    firn_task_batch *batch = NULL;
    plan_table t;
    (void)state;
    plan_table_init(&t, 14, 8);
    for (int i = 0; i < 4; i++) plan_add_manifest(&t, FIRN_CONTENT_DATA, 5, 0);
    plan_publish(&t);
    assert_ok(firn_store_remove(t.store, t.manifests[2].path, &err), &err);
    firn_plan_stream *stream = open_stream(&t, NULL);
    assert_ok(firn_plan_stream_next(stream, &batch, &err), &err);
    firn_task_batch_destroy(batch);
    assert_fails(firn_plan_stream_next(stream, &batch, &err), FIRN_ERR_NOT_FOUND, &err,
                 "manifest memory://t/m2.avro");
    firn_plan_stream_close(stream);
    plan_table_dispose(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stream_gives_the_tasks_of_the_plan_in_order),
        cmocka_unit_test(test_manifests_are_read_as_tasks_are_asked_for),
        cmocka_unit_test(test_few_tasks_are_held_at_a_time),
        cmocka_unit_test(test_a_broken_manifest_stops_the_stream_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
