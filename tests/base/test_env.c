/* SPDX-License-Identifier: Apache-2.0 */
/* Environment, failpoints, pool, random, log. */
#include "base/env.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/str.h"
#include "firn_test.h"

static void test_defaults(void **state)
{
    firn_env *env = NULL;
    firn_error err;
    (void)state;
    assert_ok(firn_env_create(NULL, &env, &err), &err);
    assert_true(env->n_threads >= 1);
    assert_true(env->memory_bytes == INT64_C(512) << 20);
    assert_null(env->log);
    assert_null(env->failpoints);
    assert_ok(firn_env_check_cancel(env, &err), &err);
    firn_env_cancel(env);
    assert_fails(firn_env_check_cancel(env, &err), FIRN_ERR_CANCELLED, &err, "cancelled");
    firn_env_uncancel(env);
    assert_ok(firn_env_check_cancel(env, &err), &err);
    firn_env_destroy(env);
    firn_env_destroy(NULL);
}

static void test_bad_options_are_refused(void **state)
{
    firn_env *env = NULL;
    firn_error err;
    firn_env_opts no_size = {.n_threads = 1};
    (void)state;
    assert_fails(firn_env_create(FIRN_ENV_OPTS(.n_threads = -1), &env, &err), FIRN_ERR_ARG, &err,
                 "-1 threads");
    assert_fails(firn_env_create(FIRN_ENV_OPTS(.n_threads = 5000), &env, &err), FIRN_ERR_ARG, &err,
                 "5000 threads");
    assert_fails(firn_env_create(FIRN_ENV_OPTS(.memory_bytes = -5), &env, &err), FIRN_ERR_ARG, &err,
                 "-5 bytes");
    assert_fails(firn_env_create(FIRN_ENV_OPTS(.log_level = 9), &env, &err), FIRN_ERR_ARG, &err,
                 "log level 9");
    assert_fails(firn_env_create(FIRN_ENV_OPTS(.failpoints = FIRN_STR("no.such=kill")), &env, &err),
                 FIRN_ERR_ARG, &err, "unknown failpoint \"no.such\"");
    assert_fails(firn_env_create(&no_size, &env, &err), FIRN_ERR_ARG, &err, "struct_size");
    assert_null(env);
}

static void test_old_callers_options_are_read_as_far_as_they_go(void **state)
{
    firn_env_opts opts = {
        .struct_size = offsetof(firn_env_opts, memory_bytes), .n_threads = 3, .memory_bytes = -1};
    firn_env *env = NULL;
    firn_error err;
    (void)state;
    assert_ok(firn_env_create(&opts, &env, &err), &err);
    assert_int_equal(env->n_threads, 3);
    firn_env_destroy(env);
}

typedef struct log_seen {
    int n;
    int32_t level;
    char text[64];
} log_seen;

static void keep_log(void *ctx, int32_t level, firn_str message)
{
    log_seen *seen = ctx;
    seen->n++;
    seen->level = level;
    assert_true(message.len < sizeof seen->text);
    memcpy(seen->text, message.data, message.len);
    seen->text[message.len] = '\0';
}

static void test_log_levels(void **state)
{
    log_seen seen = {0};
    firn_env *env = NULL;
    firn_error err;
    (void)state;
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.log = keep_log, .log_ctx = &seen), &env, &err), &err);
    firn_log_write(env->log, FIRN_LOG_INFO, "not seen");
    assert_int_equal(seen.n, 0);
    firn_log_write(env->log, FIRN_LOG_WARN, "%d files", 3);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.level, 1);
    assert_string_equal(seen.text, "3 files");
    firn_env_destroy(env);
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.log = keep_log, .log_ctx = &seen, .log_level = -1),
                              &env, &err),
              &err);
    firn_log_write(env->log, FIRN_LOG_WARN, "not seen");
    assert_int_equal(seen.n, 1);
    firn_env_destroy(env);
    firn_log_write(NULL, FIRN_LOG_ERROR, "silence");
}

static void test_failpoint_at_its_hit_only(void **state)
{
    firn_failpoints *fps = NULL;
    firn_error err;
    firn_str spec = FIRN_STR(" store.put.before_link = error@2 ; store.put.after_link=nospace;");
    (void)state;
    assert_ok(firn_failpoints_create(spec, &fps, &err), &err);
    assert_ok(firn_failpoint_hit(fps, "store.put.before_link", &err), &err);
    assert_ok(firn_failpoint_hit(fps, "store.put.before_sync", &err), &err);
    assert_fails(firn_failpoint_hit(fps, "store.put.before_link", &err), FIRN_ERR_IO, &err,
                 "failpoint store.put.before_link");
    assert_ok(firn_failpoint_hit(fps, "store.put.before_link", &err), &err);
    for (int i = 0; i < 3; i++) {
        assert_fails(firn_failpoint_hit(fps, "store.put.after_link", &err), FIRN_ERR_IO, &err,
                     "No space left on device");
        assert_int_equal(err.os_code, ENOSPC);
    }
    firn_failpoints_destroy(fps);
}

static void test_failpoint_specs_are_checked(void **state)
{
    static const struct {
        const char *spec;
        const char *message;
    } cases[] = {
        {"store.put.after_link", "expected name=action"},
        {"store.put.after_link=explode", "action \"explode\""},
        {"store.put.after_link=kill@0", "expected a number from 1"},
        {"store.put.after_link=kill@x", "expected a number from 1"},
        {"store.put.after_link=sleep", "action \"sleep\""},
        {"store.put.after_link=sleep:-1", "action \"sleep:-1\""},
    };
    firn_failpoints *fps = NULL;
    firn_error err;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(firn_failpoints_create(firn_str_of(cases[i].spec), &fps, &err), FIRN_ERR_ARG,
                     &err, cases[i].message);
    assert_ok(firn_failpoints_create(FIRN_STR("  "), &fps, &err), &err);
    assert_null(fps);
    assert_ok(firn_failpoints_create(FIRN_STR(";;"), &fps, &err), &err);
    assert_null(fps);
    assert_ok(firn_failpoint_hit(NULL, "store.put.after_link", &err), &err);
}

static void test_failpoint_names_are_sorted(void **state)
{
    const char *const *names = firn_failpoint_names();
    (void)state;
    assert_non_null(names[0]);
    for (size_t i = 1; names[i]; i++) assert_true(strcmp(names[i - 1], names[i]) < 0);
}

static void hit_kill(void *ctx)
{
    firn_status st = firn_failpoint_hit(ctx, "store.put.after_link", NULL);
    (void)st;
}

static void test_failpoint_kills_the_process(void **state)
{
    firn_failpoints *fps = NULL;
    firn_error err;
    int status;
    (void)state;
    assert_ok(firn_failpoints_create(FIRN_STR("store.put.after_link=kill@1"), &fps, &err), &err);
    status = firn_test_in_child(hit_kill, fps);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    firn_failpoints_destroy(fps);
}

typedef struct pool_work {
    firn_pool *pool;
    atomic_int done[1000];
    atomic_int n_calls;
    atomic_int workers_seen;
    size_t fail_item;
} pool_work;

static firn_status do_item(void *ctx, size_t item, size_t worker, firn_error *err)
{
    pool_work *work = ctx;
    atomic_fetch_add(&work->n_calls, 1);
    atomic_fetch_or(&work->workers_seen, 1 << worker);
    if (item == work->fail_item) return firn_fail(err, FIRN_ERR_CORRUPT, "item %zu", item);
    atomic_fetch_add(&work->done[item], 1);
    return FIRN_OK;
}

static void test_pool_does_every_item_once(void **state)
{
    firn_pool *pool = NULL;
    firn_error err;
    (void)state;
    assert_ok(firn_pool_create(4, &pool, &err), &err);
    assert_int_equal(firn_pool_threads(pool), 4);
    for (int round = 0; round < 50; round++) {
        pool_work work = {.fail_item = SIZE_MAX};
        assert_ok(firn_pool_run(pool, 1000, do_item, &work, &err), &err);
        for (size_t i = 0; i < 1000; i++) assert_int_equal(work.done[i], 1);
        assert_int_equal(work.workers_seen & ~15, 0);
    }
    firn_pool_destroy(pool);
    firn_pool_destroy(NULL);
}

static void test_pool_failure_stops_and_is_returned(void **state)
{
    firn_pool *pool = NULL;
    firn_error err;
    pool_work work = {.fail_item = 0};
    (void)state;
    assert_ok(firn_pool_create(3, &pool, &err), &err);
    assert_fails(firn_pool_run(pool, 1000, do_item, &work, &err), FIRN_ERR_CORRUPT, &err, "item 0");
    assert_in_range(work.n_calls, 1, 1000);
    assert_fails(firn_pool_run(NULL, 1000, do_item, &(pool_work){.fail_item = 5}, &err),
                 FIRN_ERR_CORRUPT, &err, "item 5");
    firn_pool_destroy(pool);
}

static firn_status run_nested(void *ctx, size_t item, size_t worker, firn_error *err)
{
    pool_work *work = ctx;
    (void)item;
    (void)worker;
    return firn_pool_run(work->pool, 10, do_item, work, err);
}

static void test_pool_run_inside_a_run_does_not_deadlock(void **state)
{
    pool_work work = {.fail_item = SIZE_MAX};
    firn_error err;
    (void)state;
    assert_ok(firn_pool_create(3, &work.pool, &err), &err);
    assert_ok(firn_pool_run(work.pool, 20, run_nested, &work, &err), &err);
    assert_int_equal(work.n_calls, 200);
    firn_pool_destroy(work.pool);
}

static void test_pool_sizes_are_checked(void **state)
{
    firn_pool *pool = NULL;
    firn_error err;
    pool_work work = {.fail_item = SIZE_MAX};
    (void)state;
    assert_fails(firn_pool_create(0, &pool, &err), FIRN_ERR_ARG, &err, "0 threads");
    assert_int_equal(firn_pool_threads(NULL), 1);
    assert_ok(firn_pool_run(NULL, 7, do_item, &work, &err), &err);
    assert_int_equal(work.n_calls, 7);
    assert_ok(firn_pool_run(NULL, 0, do_item, &work, &err), &err);
}

static void test_env_pool_is_made_once(void **state)
{
    firn_env *env = NULL;
    firn_error err;
    firn_pool *pool;
    (void)state;
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 2), &env, &err), &err);
    pool = firn_env_pool(env);
    assert_non_null(pool);
    assert_ptr_equal(firn_env_pool(env), pool);
    firn_env_destroy(env);
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 1), &env, &err), &err);
    assert_null(firn_env_pool(env));
    firn_env_destroy(env);
}

static void test_seeded_numbers_repeat(void **state)
{
    firn_prng a;
    firn_prng b;
    firn_prng c;
    uint64_t first;
    (void)state;
    firn_prng_init(&a, 42);
    firn_prng_init(&b, 42);
    firn_prng_init(&c, 43);
    first = firn_prng_next(&a);
    assert_true(first == firn_prng_next(&b));
    assert_true(first != firn_prng_next(&c));
    for (int i = 0; i < 10000; i++) {
        double d = firn_prng_double(&a);
        assert_true(d >= 0.0 && d < 1.0);
        assert_true(firn_prng_below(&a, 7) < 7);
    }
}

static void test_bounded_numbers_are_even(void **state)
{
    int counts[6] = {0};
    firn_prng prng;
    (void)state;
    firn_prng_init(&prng, 1);
    for (int i = 0; i < 60000; i++) counts[firn_prng_below(&prng, 6)]++;
    for (int i = 0; i < 6; i++) assert_in_range(counts[i], 9600, 10400);
}

static void test_ids_have_their_form(void **state)
{
    const firn_random *random = firn_random_system();
    char uuid[37];
    char other[37];
    (void)state;
    firn_random_uuid(random, uuid);
    firn_random_uuid(random, other);
    assert_string_not_equal(uuid, other);
    assert_int_equal(strlen(uuid), 36);
    assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
    assert_int_equal(uuid[8], '-');
    assert_int_equal(uuid[14], '4');
    assert_non_null(strchr("89ab", uuid[19]));
    for (int i = 0; i < 1000; i++) assert_true(firn_random_snapshot_id(random) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_bad_options_are_refused),
        cmocka_unit_test(test_old_callers_options_are_read_as_far_as_they_go),
        cmocka_unit_test(test_log_levels),
        cmocka_unit_test(test_failpoint_at_its_hit_only),
        cmocka_unit_test(test_failpoint_specs_are_checked),
        cmocka_unit_test(test_failpoint_names_are_sorted),
        cmocka_unit_test(test_failpoint_kills_the_process),
        cmocka_unit_test(test_pool_does_every_item_once),
        cmocka_unit_test(test_pool_failure_stops_and_is_returned),
        cmocka_unit_test(test_pool_run_inside_a_run_does_not_deadlock),
        cmocka_unit_test(test_pool_sizes_are_checked),
        cmocka_unit_test(test_env_pool_is_made_once),
        cmocka_unit_test(test_seeded_numbers_repeat),
        cmocka_unit_test(test_bounded_numbers_are_even),
        cmocka_unit_test(test_ids_have_their_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
