/* SPDX-License-Identifier: Apache-2.0 */
/* Plans with a manifest cache: the same as without, whatever the cache has, however it is damaged.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filter_parser.h"
#include "iceberg/scan/manifest_cache.h"
#include "plan_table.h"

#define N_SEEDS   6
#define N_FILTERS 12
#define BIG       ((int64_t)64 << 20)

/* ---- plans as text ---- */

static firn_str plan_text(plan_table *t, firn_env *env, const char *filter)
{
    firn_error err = {0};
    firn_scan_plan plan;
    firn_buf out;
    firn_plan_opts opts = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (filter) opts.filter = firn_test_filter(arena, filter);
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_scan_plan_files(env, t->store, &t->metadata, &opts, arena, &plan, &err), &err);
    for (size_t i = 0; i < plan.n_tasks; i++) plan_put_task(arena, &plan.tasks[i], &out);
    plan_put_stats(&plan.stats, &out);
    const firn_str text = firn_arena_copy(t->arena, firn_buf_view(&out));
    firn_buf_dispose(&out);
    firn_arena_destroy(arena);
    return text;
}

static void assert_same_plan(plan_table *t, firn_env *env, const char *filter)
{
    const firn_str want = plan_text(t, t->env, filter);
    const firn_str found = plan_text(t, env, filter);
    if (!firn_str_equals(want, found))
        fail_msg("%s\nwithout a cache:\n%s\nwith it:\n%s", filter ? filter : "all", want.data,
                 found.data);
}

static firn_env *cached_env(const char *folder, int64_t memory, int64_t disk)
{
    firn_error err = {0};
    firn_env *env = NULL;
    const firn_manifest_cache_opts opts = {.memory_bytes = memory,
                                           .folder = firn_str_of(folder),
                                           .folder_bytes = disk,
                                           .smallest_manifest = 1,
                                           .smallest_file = 1};
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 2), &env, &err), &err);
    assert_ok(firn_manifest_cache_attach(env, &opts, &err), &err);
    return env;
}

static firn_manifest_cache_stats stats_of(const firn_env *env)
{
    return firn_manifest_cache_stats_of(env->manifest_cache);
}

/* Ten manifests of every kind. */
static void make_table(plan_table *t, uint64_t seed)
{
    plan_table_init(t, seed, 16);
    for (uint64_t i = 0; i < 8; i++)
        plan_add_manifest(t, FIRN_CONTENT_DATA, (size_t)(1 + plan_below(t, 300)), i % 4 * 8);
    plan_add_manifest(t, FIRN_CONTENT_POSITION_DELETES, 30, 9);
    plan_add_manifest(t, FIRN_CONTENT_POSITION_DELETES, 3, 0);
    plan_publish(t);
}

static const char *random_filter(plan_table *t, char out[200])
{
    const int a = (int)plan_below(t, (uint64_t)t->n_files * 10);
    const int b = a + (int)plan_below(t, 3000);
    const int day = (int)plan_below(t, (uint64_t)t->n_files / 7 + 1);
    switch (plan_below(t, 10)) {
    case 0: return NULL;
    case 1: (void)snprintf(out, 200, "id = %d", a); break;
    case 2: (void)snprintf(out, 200, "id >= %d and n < %d", a, b); break;
    case 3: (void)snprintf(out, 200, "id > %d and id <= %d and s is null", a, b); break;
    case 4: (void)snprintf(out, 200, "n in (%d, %d) or id = %d", a, b, a); break;
    case 5: (void)snprintf(out, 200, "s between 'text %05d' and 'text %05d'", a, b); break;
    case 6: (void)snprintf(out, 200, "d > %d.25 and id not in (%d)", a / 4, b); break;
    case 7: (void)snprintf(out, 200, "day = date '1970-01-%02d'", 1 + day % 28); break;
    case 8: (void)snprintf(out, 200, "day is null and s like 'text %%' and n > %d", a); break;
    default:
        (void)snprintf(out, 200, "b is null or f is not null and day < date '1970-02-01'");
        break;
    }
    return out;
}

static void test_plans_with_and_without_a_cache_are_equal(void **state)
{
    char folder[FIRN_TEST_PATH];
    (void)state;
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        plan_table t;
        make_table(&t, seed);
        firn_test_tempdir(folder);
        firn_env *memory = cached_env("", BIG, 0);
        firn_env *files = cached_env(folder, 0, BIG);
        firn_env *tight = cached_env(folder, 30000, BIG);
        for (int i = 0; i < N_FILTERS; i++) {
            char text[200];
            const char *filter = random_filter(&t, text);
            assert_same_plan(&t, memory, filter);
            assert_same_plan(&t, files, filter);
            assert_same_plan(&t, tight, filter);
            firn_env *fresh = cached_env(folder, BIG, BIG);
            assert_same_plan(&t, fresh, filter);
            firn_env_destroy(fresh);
        }
        assert_true(stats_of(memory).memory_hits > 0);
        assert_int_equal(stats_of(memory).files_written, 0);
        assert_true(stats_of(files).file_hits > 0);
        assert_int_equal(stats_of(files).files_written, 10);
        assert_true(stats_of(tight).memory_bytes <= 30000);
        assert_int_equal(stats_of(files).files_refused, 0);
        firn_env_destroy(memory);
        firn_env_destroy(files);
        firn_env_destroy(tight);
        firn_test_remove_tree(folder);
        plan_table_dispose(&t);
    }
}

static void test_a_second_plan_reads_no_manifest(void **state)
{
    plan_table t;
    firn_error err = {0};
    (void)state;
    make_table(&t, 77);
    firn_env *env = cached_env("", BIG, 0);
    const firn_str want = plan_text(&t, t.env, "n < 200");
    assert_same_plan(&t, env, "id < 500");
    for (size_t i = 0; i < t.n_manifests; i++)
        assert_ok(firn_store_remove(t.store, t.manifests[i].path, &err), &err);
    assert_true(firn_str_equals(plan_text(&t, env, "n < 200"), want));
    assert_int_equal(stats_of(env).misses, 10);
    firn_env_destroy(env);
    plan_table_dispose(&t);
}

/* Calls fn with the path of each image. */
static int each_file(const char *folder, void (*fn)(const char *path, uint64_t n), uint64_t n)
{
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        char path[FIRN_TEST_PATH];
        if (e->d_name[0] == '.') continue;
        (void)firn_test_path(path, folder, e->d_name);
        fn(path, n);
        count++;
    }
    (void)closedir(dir);
    return count;
}

static long size_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    (void)fclose(file);
    return size;
}

static void cut(const char *path, uint64_t n)
{
    assert_int_equal(truncate(path, (off_t)((uint64_t)size_of(path) * n / 16)), 0);
}

static void flip(const char *path, uint64_t n)
{
    const long size = size_of(path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    for (long at = (long)(n * 7 % 64); at < size; at += 211) {
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        const int byte = fgetc(file);
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_int_not_equal(fputc(byte ^ (1 << n % 8), file), EOF);
    }
    (void)fclose(file);
}

static void delete_it(const char *path, uint64_t n)
{
    (void)n;
    assert_int_equal(unlink(path), 0);
}

static void test_damaged_files_are_read_as_if_they_were_not_there(void **state)
{
    static void (*const k_damages[])(const char *, uint64_t) = {cut, flip, delete_it};
    char folder[FIRN_TEST_PATH];
    plan_table t;
    int64_t n_refused = 0;
    (void)state;
    make_table(&t, 5);
    firn_test_tempdir(folder);
    for (uint64_t i = 0; i < 24; i++) {
        firn_env *env = cached_env(folder, BIG, BIG);
        assert_same_plan(&t, env, "id < 5000");
        /* while the headers are in memory, and for a process that comes after */
        assert_int_equal(each_file(folder, k_damages[i % 3], i), 10);
        assert_same_plan(&t, env, "n > 900 and s > 'text 01000'");
        firn_env *next = cached_env(folder, BIG, BIG);
        assert_same_plan(&t, next, "n > 90 and id < 2000");
        n_refused += stats_of(env).files_refused + stats_of(next).files_refused;
        firn_env_destroy(next);
        firn_env_destroy(env);
        firn_test_remove_tree(folder);
        assert_int_equal(mkdir(folder, 0777), 0);
    }
    assert_true(n_refused > 100);
    firn_test_remove_tree(folder);
    plan_table_dispose(&t);
}

static void test_the_folder_keeps_its_size_and_may_go_away(void **state)
{
    char folder[FIRN_TEST_PATH];
    char inner[FIRN_TEST_PATH];
    plan_table t;
    (void)state;
    plan_table_init(&t, 9, 40);
    for (int i = 0; i < 40; i++) plan_add_manifest(&t, FIRN_CONTENT_DATA, 100, 0);
    plan_publish(&t);
    firn_test_tempdir(folder);
    (void)firn_test_path(inner, folder, "cache/manifests");
    firn_env *env = cached_env(inner, 0, 200000);
    assert_same_plan(&t, env, "id < 5000");
    assert_int_equal(stats_of(env).files_written, 40);
    const int n = firn_test_count_files(inner);
    assert_true(n > 2 && n < 30);
    firn_test_remove_tree(folder);
    assert_same_plan(&t, env, "id < 6000"); /* nowhere to write to */
    assert_int_equal(stats_of(env).files_written, 40);
    firn_env_destroy(env);
    plan_table_dispose(&t);
}

static void test_large_manifests_are_kept_whole(void **state)
{
    plan_table t;
    (void)state;
    plan_table_init(&t, 3, 2);
    plan_add_manifest(&t, FIRN_CONTENT_DATA, 9000, 0);
    t.manifests[0].length = (int64_t)8 << 20; /* as if: it is cut where it is large enough */
    plan_publish(&t);
    firn_env *env = cached_env("", BIG, 0);
    assert_same_plan(&t, env, "id between 500 and 700 or id > 80000");
    assert_same_plan(&t, env, "id between 600 and 700 or id > 70000");
    assert_int_equal(stats_of(env).misses, 1);
    assert_int_equal(stats_of(env).memory_hits, 1);
    firn_env_destroy(env);
    plan_table_dispose(&t);
}

/* Parts of an image end within stretches of files with the same counts, and with them. */
static void test_counts_that_stay_the_same_are_kept_right(void **state)
{
    static const int64_t k_stretches[] = {1, 7, 100, 1024, 5000};
    static const char *const k_some[] = {"s is null and id < 9000",
                                         "s is not null and n > 3000",
                                         "d > 2000.5 and d is not null",
                                         "n is null",
                                         "f is not null and id between 10230 and 10260",
                                         "id = 20481"};
    char folder[FIRN_TEST_PATH];
    (void)state;
    for (size_t i = 0; i < sizeof k_stretches / sizeof *k_stretches; i++) {
        plan_table t;
        plan_table_init(&t, 40 + i, 4);
        t.stretch = k_stretches[i];
        plan_add_manifest(&t, FIRN_CONTENT_DATA, 1150, 0); /* a ninth of the entries are not live */
        plan_add_manifest(&t, FIRN_CONTENT_DATA, 1160, 5);
        plan_add_manifest(&t, FIRN_CONTENT_DATA, 2400, i % 2 ? 3 : 0);
        plan_publish(&t);
        firn_test_tempdir(folder);
        firn_env *memory = cached_env("", BIG, 0);
        firn_env *files = cached_env(folder, 0, BIG);
        for (size_t k = 0; k < sizeof k_some / sizeof *k_some; k++) {
            assert_same_plan(&t, memory, k_some[k]);
            assert_same_plan(&t, files, k_some[k]);
        }
        assert_int_equal(stats_of(memory).misses, 3);
        assert_int_equal(stats_of(files).files_written, 3);
        assert_int_equal(stats_of(files).files_refused, 0);
        firn_env_destroy(memory);
        firn_env_destroy(files);
        firn_test_remove_tree(folder);
        plan_table_dispose(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_that_stay_the_same_are_kept_right),
        cmocka_unit_test(test_plans_with_and_without_a_cache_are_equal),
        cmocka_unit_test(test_a_second_plan_reads_no_manifest),
        cmocka_unit_test(test_damaged_files_are_read_as_if_they_were_not_there),
        cmocka_unit_test(test_the_folder_keeps_its_size_and_may_go_away),
        cmocka_unit_test(test_large_manifests_are_kept_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
