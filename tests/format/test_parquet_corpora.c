/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet files of many writers against the values other implementations read from them. Needs
 * the folder of corpora (FIRN_CORPORA); without it the tests say that they skip. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "corpus.h"
#include "parquet_canon.h"

typedef struct corpus_run {
    firn_arena *arena;
    const char *folder;
    size_t n_equal, n_unsupported, n_wrong;
} corpus_run;

static int set_up(void **state)
{
    *state = firn_arena_create(NULL, 0);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    firn_arena_destroy(*state);
    return 0;
}

/* Files whose expected value is not ours, and why. */
static const firn_str k_different[] = {
    FIRN_STR_INIT("data/datapage_v1-corrupt-checksum.parquet"), /* checksums are verified */
    FIRN_STR_INIT("data/int96_from_spark.parquet"), /* a year that nanoseconds cannot hold */
};

static bool is_different(const char *name)
{
    for (size_t i = 0; i < sizeof k_different / sizeof *k_different; i++)
        if (firn_str_equals(firn_str_of(name), k_different[i])) return true;
    return false;
}

/* The 32 hex digits behind "rows_md5" in INDEX.tsv's column of expectations. */
static firn_str find_md5(firn_str index, const char *name)
{
    const firn_str key = FIRN_STR("rows_md5 ");
    firn_str line = index;
    while (line.len > 0) {
        firn_str row = firn_str_split(&line, '\n');
        firn_str path = firn_str_split(&row, '\t');
        if (!firn_str_equals(path, firn_str_of(name))) continue;
        const size_t at = firn_str_find(row, key, 0);
        if (at == SIZE_MAX) break;
        return firn_str_slice(row, at + key.len, at + key.len + 32);
    }
    return (firn_str){NULL, 0};
}

static void check_file(corpus_run *run, firn_str index, const char *name, firn_str bytes)
{
    firn_error err = {0};
    firn_buf rows;
    int64_t n_rows = 0;
    char md5[33];
    const firn_str want = find_md5(index, name);
    if (want.len == 0 || is_different(name)) return;
    firn_buf_init(&rows, NULL, (size_t)256 << 20);
    const firn_status st = canon_parquet(bytes, &rows, &n_rows, &err);
    canon_md5(firn_buf_view(&rows), md5);
    if (st == FIRN_OK && firn_str_equals(firn_str_of(md5), want)) {
        run->n_equal++;
    } else if (st == FIRN_ERR_UNSUPPORTED) {
        run->n_unsupported++;
        print_message("%s: %s\n", name, err.message);
    } else {
        run->n_wrong++;
        print_message("%s: %s\n", name, st == FIRN_OK ? "rows differ" : err.message);
    }
    firn_buf_dispose(&rows);
}

typedef struct each_context {
    corpus_run *run;
    firn_str index;
    const char *prefix;
} each_context;

static void on_file(void *ctx, const char *name, firn_str bytes)
{
    const each_context *each = ctx;
    const firn_str path = firn_arena_printf(each->run->arena, "%s%s", each->prefix, name);
    check_file(each->run, each->index, path.data, bytes);
}

static void run_folder(corpus_run *run, const char *prefix)
{
    const char *root = corpus_path(run->arena, run->folder);
    if (!root) return;
    const firn_str index = firn_arena_printf(run->arena, "%s/INDEX.tsv", root);
    each_context each = {run, corpus_read(run->arena, index.data), prefix};
    const firn_str folder = firn_arena_printf(run->arena, "%s/%s", root, prefix);
    corpus_each(run->arena, folder.data, ".parquet", on_file, &each);
    print_message("%s/%s: %zu equal, %zu not supported, %zu wrong\n", run->folder, prefix,
                  run->n_equal, run->n_unsupported, run->n_wrong);
}

static void test_own_matrix_equals_pyarrow(void **state)
{
    corpus_run run = {.arena = *state, .folder = "own-parquet-matrix"};
    run_folder(&run, "");
    assert_int_equal(run.n_wrong, 0);
}

static void test_parquet_testing_equals_pyarrow(void **state)
{
    corpus_run run = {.arena = *state, .folder = "parquet-testing"};
    run_folder(&run, "data/");
    assert_int_equal(run.n_wrong, 0);
}

static void on_bad_file(void *ctx, const char *name, firn_str bytes)
{
    firn_error err = {0};
    firn_buf rows;
    int64_t n_rows = 0;
    (void)ctx;
    firn_buf_init(&rows, NULL, (size_t)256 << 20);
    const firn_status st = canon_parquet(bytes, &rows, &n_rows, &err);
    firn_buf_dispose(&rows);
    if (st == FIRN_OK) fail_msg("%s was read, %lld rows", name, (long long)n_rows);
    assert_true(st == FIRN_ERR_CORRUPT || st == FIRN_ERR_LIMIT || st == FIRN_ERR_UNSUPPORTED);
    assert_true(strlen(err.message) > 0);
}

static void test_bad_data_is_refused(void **state)
{
    const char *folder = corpus_path(*state, "parquet-testing/bad_data");
    if (folder) corpus_each(*state, folder, ".parquet", on_bad_file, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_matrix_equals_pyarrow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parquet_testing_equals_pyarrow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_data_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
