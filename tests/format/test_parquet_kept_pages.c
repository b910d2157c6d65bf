/* SPDX-License-Identifier: Apache-2.0 */
/* Files whose unpacked pages are kept: the rows are the same however often they are read, and a
 * file that takes the place of another has its own. */
#include "firn_test.h"

#include "base/page_cache.h"
#include "base/str.h"
#include "parquet_canon.h"
#include "random_parquet.h"

#define N_FILES 8
#define N_ROWS  4000
#define ROUNDS  4

typedef struct fixture {
    firn_env *env;
    firn_arena *arena;
    firn_error err;
} fixture;

static fixture open_cache(int64_t bytes)
{
    fixture f = {.arena = firn_arena_create(NULL, 0)};
    assert_non_null(f.arena);
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 1), &f.env, &f.err), &f.err);
    assert_ok(firn_page_cache_attach(f.env, bytes, &f.err), &f.err);
    return f;
}

static void close_cache(fixture *f)
{
    firn_env_destroy(f->env);
    firn_arena_destroy(f->arena);
}

static firn_str make_file(fixture *f, uint64_t seed, firn_codec codec)
{
    firn_type root = {.kind = FIRN_TYPE_STRUCT};
    firn_buf bytes;
    random_parquet p = {.arena = f->arena, .next_id = 1};
    firn_prng_init(&p.prng, seed);
    random_parquet_members(&p, &root, 4, 0);
    firn_batch *rows = random_parquet_rows(&p, &root, N_ROWS);
    firn_parquet_write_opts opts = random_parquet_opts(&p);
    opts.codec = codec;
    opts.page_rows = opts.page_bytes = opts.row_group_bytes = 0;
    firn_buf_init(&bytes, NULL, 0);
    random_parquet_write_file(&p, &root, rows, &opts, &bytes);
    const firn_str file = firn_arena_copy(f->arena, firn_buf_view(&bytes));
    firn_buf_dispose(&bytes);
    firn_batch_destroy(rows);
    assert_non_null(file.data);
    return file;
}

static firn_str rows_of(fixture *f, firn_str path, firn_str file, firn_page_cache *pages)
{
    firn_buf out;
    int64_t n_rows = 0;
    firn_buf_init(&out, NULL, 0);
    assert_ok(canon_parquet_kept(pages, path, file, &out, &n_rows, &f->err), &f->err);
    assert_int_equal(n_rows, N_ROWS);
    const firn_str rows = firn_arena_copy(f->arena, firn_buf_view(&out));
    firn_buf_dispose(&out);
    return rows;
}

static void check_file(fixture *f, firn_str path, firn_str file, firn_page_cache *pages)
{
    const firn_str want = rows_of(f, path, file, NULL);
    for (int i = 0; i < ROUNDS; i++)
        assert_true(firn_str_equals(rows_of(f, path, file, pages), want));
}

static void test_rows_are_the_same_however_often_they_are_read(void **state)
{
    static const firn_codec k_codecs[] = {FIRN_CODEC_ZSTD, FIRN_CODEC_GZIP, FIRN_CODEC_SNAPPY,
                                          FIRN_CODEC_NONE};
    (void)state;
    for (uint64_t seed = 1; seed <= N_FILES; seed++) {
        fixture f = open_cache(seed % 2 ? 64 << 20 : 256 << 10);
        const firn_codec codec = k_codecs[seed % 4];
        check_file(&f, FIRN_STR("a"), make_file(&f, seed, codec), f.env->page_cache);
        const firn_page_cache_stats stats = firn_page_cache_stats_of(f.env->page_cache);
        if (codec == FIRN_CODEC_NONE)
            assert_int_equal(stats.hits + stats.misses, 0);
        else if (seed % 2)
            assert_int_equal(stats.hits, stats.misses); /* two rounds of each */
        close_cache(&f);
    }
}

static void test_a_file_in_the_place_of_another_has_its_own_rows(void **state)
{
    fixture f = open_cache(64 << 20);
    (void)state;
    for (uint64_t seed = 100; seed < 104; seed++)
        check_file(&f, FIRN_STR("a"), make_file(&f, seed, FIRN_CODEC_ZSTD), f.env->page_cache);
    assert_true(firn_page_cache_stats_of(f.env->page_cache).hits > 0);
    close_cache(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_the_same_however_often_they_are_read),
        cmocka_unit_test(test_a_file_in_the_place_of_another_has_its_own_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
