/* SPDX-License-Identifier: Apache-2.0 */
/* The page cache: what is kept, what stays, and that nobody gets other bytes than were given. */
#include "base/page_cache.h"

#include <pthread.h>
#include <string.h>

#include "base/str.h"
#include "firn_test.h"

#define PAGE  ((size_t)10000)
#define SMALL ((int64_t)8 << 20) /* of a cache: 1 MiB a shard */

typedef struct fixture {
    firn_env *env;
    firn_page_cache *cache;
    firn_page_file file;
    uint8_t page[PAGE], found[PAGE];
} fixture;

static fixture open_cache(int64_t bytes)
{
    fixture f = {0};
    firn_error err;
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 1), &f.env, &err), &err);
    assert_ok(firn_page_cache_attach(f.env, bytes, &err), &err);
    f.cache = f.env->page_cache;
    f.file = firn_page_cache_file(f.cache, FIRN_STR("a.parquet"), FIRN_STR("footer"));
    return f;
}

/* Bytes of a page that no other page has. */
static void make_page(uint8_t *out, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) out[i] = (uint8_t)((seed * 2654435761u + i * 40503u) >> 7);
}

/* As a reader does; true: it was there. */
static bool read_page(fixture *f, uint64_t offset)
{
    make_page(f->page, PAGE, offset);
    memset(f->found, 0, PAGE);
    const firn_page_found found = firn_page_cache_get(f->cache, &f->file, offset, f->found, PAGE);
    if (found == FIRN_PAGE_WANTED) firn_page_cache_give(f->cache, &f->file, offset, f->page, PAGE);
    if (found == FIRN_PAGE_KEPT) assert_memory_equal(f->found, f->page, PAGE);
    return found == FIRN_PAGE_KEPT;
}

static void test_a_page_is_kept_when_it_is_missed_again(void **state)
{
    fixture f = open_cache(SMALL);
    (void)state;
    assert_int_equal(firn_page_cache_get(f.cache, &f.file, 4, f.found, PAGE), FIRN_PAGE_MISSED);
    assert_int_equal(firn_page_cache_get(f.cache, &f.file, 4, f.found, PAGE), FIRN_PAGE_WANTED);
    make_page(f.page, PAGE, 4);
    firn_page_cache_give(f.cache, &f.file, 4, f.page, PAGE);
    assert_int_equal(firn_page_cache_get(f.cache, &f.file, 4, f.found, PAGE), FIRN_PAGE_KEPT);
    assert_memory_equal(f.found, f.page, PAGE);
    assert_true(firn_page_cache_has(f.cache, &f.file, 4));
    assert_false(firn_page_cache_has(f.cache, &f.file, 5));
    const firn_page_cache_stats stats = firn_page_cache_stats_of(f.cache);
    assert_int_equal(stats.hits, 1);
    assert_int_equal(stats.misses, 2);
    assert_true(stats.bytes >= (int64_t)PAGE && stats.bytes < (int64_t)PAGE + 200);
    firn_env_destroy(f.env);
}

static void test_other_files_offsets_and_sizes_are_other_pages(void **state)
{
    fixture f = open_cache(SMALL);
    const firn_page_file others[] = {
        firn_page_cache_file(f.cache, FIRN_STR("b.parquet"), FIRN_STR("footer")),
        firn_page_cache_file(f.cache, FIRN_STR("a.parquet"), FIRN_STR("another")),
        firn_page_cache_file(f.cache, FIRN_STR("a.parquetf"), FIRN_STR("ooter")),
    };
    (void)state;
    for (int i = 0; i < 2; i++) assert_false(read_page(&f, 4));
    assert_true(read_page(&f, 4));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(firn_page_cache_get(f.cache, &others[i], 4, f.found, PAGE),
                         FIRN_PAGE_MISSED);
    assert_int_equal(firn_page_cache_get(f.cache, &f.file, 5, f.found, PAGE), FIRN_PAGE_MISSED);
    assert_int_not_equal(firn_page_cache_get(f.cache, &f.file, 4, f.found, PAGE - 1),
                         FIRN_PAGE_KEPT);
    assert_true(read_page(&f, 4));
    firn_env_destroy(f.env);
}

static void test_a_file_has_another_key_in_another_cache(void **state)
{
    fixture f = open_cache(SMALL);
    fixture g = open_cache(SMALL);
    (void)state;
    assert_memory_not_equal(&f.file, &g.file, sizeof f.file);
    firn_env_destroy(f.env);
    firn_env_destroy(g.env);
}

static void test_it_takes_no_more_than_it_may(void **state)
{
    fixture f = open_cache(SMALL);
    int64_t n_kept = 0;
    (void)state;
    for (int round = 0; round < 4; round++) {
        n_kept = 0;
        for (uint64_t i = 0; i < 2000; i++) n_kept += read_page(&f, i * 1000);
        assert_true(firn_page_cache_stats_of(f.cache).bytes <= SMALL);
    }
    assert_true(firn_page_cache_stats_of(f.cache).refused > 0);
    /* of 20 MB that are read in turn 8 MB may be there: most of them are */
    assert_in_range(n_kept, 500, 838);
    firn_env_destroy(f.env);
}

static void test_what_is_read_often_outlives_a_long_scan(void **state)
{
    fixture f = open_cache(SMALL);
    (void)state;
    for (int round = 0; round < 4; round++)
        for (uint64_t i = 0; i < 100; i++) (void)read_page(&f, i);
    for (uint64_t i = 0; i < 5000; i++) assert_false(read_page(&f, 1000000 + i));
    for (uint64_t i = 0; i < 100; i++) assert_true(read_page(&f, i));
    firn_env_destroy(f.env);
}

static void test_what_is_no_longer_read_makes_room(void **state)
{
    fixture f = open_cache(SMALL);
    int64_t n_kept = 0;
    (void)state;
    for (int round = 0; round < 4; round++)
        for (uint64_t i = 0; i < 700; i++) (void)read_page(&f, i);
    for (int round = 0; round < 10; round++) {
        n_kept = 0;
        for (uint64_t i = 0; i < 700; i++) n_kept += read_page(&f, 1000000 + i);
    }
    assert_true(n_kept > 600);
    firn_env_destroy(f.env);
}

static void test_a_page_larger_than_a_shard_is_refused(void **state)
{
    fixture f = open_cache(8 * (int64_t)PAGE);
    (void)state;
    for (int i = 0; i < 4; i++) assert_false(read_page(&f, 4));
    assert_int_equal(firn_page_cache_stats_of(f.cache).bytes, 0);
    firn_env_destroy(f.env);
}

static void *read_many(void *ctx)
{
    fixture *f = ctx;
    for (uint64_t i = 0; i < 4000; i++) (void)read_page(f, i * 7919 % 1300);
    return NULL;
}

static void test_threads_get_the_bytes_that_were_given(void **state)
{
    fixture f = open_cache(SMALL);
    fixture own[4];
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        own[i] = f;
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, &own[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    const firn_page_cache_stats stats = firn_page_cache_stats_of(f.cache);
    assert_int_equal(stats.hits + stats.misses, 16000);
    assert_true(stats.hits > 1000);
    assert_true(stats.bytes <= SMALL);
    firn_env_destroy(f.env);
}

static void test_an_environment_has_one(void **state)
{
    fixture f = open_cache(SMALL);
    firn_error err;
    (void)state;
    assert_fails(firn_page_cache_attach(f.env, SMALL, &err), FIRN_ERR_ARG, &err,
                 "the environment has a page cache");
    assert_int_equal(firn_page_cache_stats_of(NULL).bytes, 0);
    firn_env_destroy(f.env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_page_is_kept_when_it_is_missed_again),
        cmocka_unit_test(test_other_files_offsets_and_sizes_are_other_pages),
        cmocka_unit_test(test_a_file_has_another_key_in_another_cache),
        cmocka_unit_test(test_it_takes_no_more_than_it_may),
        cmocka_unit_test(test_what_is_read_often_outlives_a_long_scan),
        cmocka_unit_test(test_what_is_no_longer_read_makes_room),
        cmocka_unit_test(test_a_page_larger_than_a_shard_is_refused),
        cmocka_unit_test(test_threads_get_the_bytes_that_were_given),
        cmocka_unit_test(test_an_environment_has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
