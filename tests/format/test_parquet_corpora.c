/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet files of many writers against the values other implementations read from them: each line
 * of a corpus' INDEX.tsv says what must come out. Needs the folder of corpora (FIRN_CORPORA);
 * without it the tests say that they skip. Exceptions are explained in docs/conformance.md. */
#include "firn_test.h"

#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "corpus.h"
#include "format/parquet/read/parquet_reader.h"
#include "parquet_canon.h"

#define TEXT_LIMIT ((size_t)256 << 20)

typedef struct corpus_run {
    firn_arena *arena;
    const char *root;
    size_t n_equal, n_refused, n_either, n_wrong;
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

/* Files whose expected value is not ours: refused with these words. */
static const struct exception {
    firn_str path;
    const char *message;
} k_exceptions[] = {
    {.path = FIRN_STR_INIT("data/datapage_v1-corrupt-checksum.parquet"),
     .message = "page checksum is"},
    {.path = FIRN_STR_INIT("data/int96_from_spark.parquet"),
     .message = "does not fit nanoseconds in 64 bits"},
};

static const struct exception *find_exception(firn_str path)
{
    for (size_t i = 0; i < sizeof k_exceptions / sizeof *k_exceptions; i++)
        if (firn_str_equals(path, k_exceptions[i].path)) return &k_exceptions[i];
    return NULL;
}

static void complain(corpus_run *run, firn_str path, const char *what)
{
    run->n_wrong++;
    print_message("%.*s: %s\n", FIRN_STR_ARG(path), what);
}

static bool is_orderly(firn_status st, const firn_error *err)
{
    return (st == FIRN_ERR_CORRUPT || st == FIRN_ERR_LIMIT || st == FIRN_ERR_UNSUPPORTED) &&
           strlen(err->message) > 0;
}

/* window_bytes 0: pages are held as a whole. */
static bool has_rows(corpus_run *run, firn_str path, firn_str bytes, firn_str md5,
                     size_t window_bytes)
{
    firn_error err = {0};
    firn_buf rows;
    int64_t n_rows = 0;
    char found[33];
    firn_buf_init(&rows, NULL, TEXT_LIMIT);
    const firn_status st = window_bytes > 0
                               ? canon_parquet_streamed(window_bytes, bytes, &rows, &n_rows, &err)
                               : canon_parquet(bytes, &rows, &n_rows, &err);
    canon_md5(firn_buf_view(&rows), found);
    firn_buf_dispose(&rows);
    const bool is_equal = st == FIRN_OK && firn_str_equals(firn_str_of(found), md5);
    if (!is_equal) complain(run, path, st == FIRN_OK ? "rows differ" : err.message);
    return is_equal;
}

static void check_rows(corpus_run *run, firn_str path, firn_str bytes, firn_str md5)
{
    if (has_rows(run, path, bytes, md5, 0) && has_rows(run, path, bytes, md5, 100)) run->n_equal++;
}

/* message NULL: any. */
static void check_refused(corpus_run *run, firn_str path, firn_str bytes, const char *message)
{
    firn_error err = {0};
    firn_buf rows;
    int64_t n_rows = 0;
    firn_buf_init(&rows, NULL, TEXT_LIMIT);
    const firn_status st = canon_parquet(bytes, &rows, &n_rows, &err);
    firn_buf_dispose(&rows);
    if (st == FIRN_OK)
        complain(run, path, "was read and must be refused");
    else if (!is_orderly(st, &err) || (message && !strstr(err.message, message)))
        complain(run, path, err.message);
    else
        run->n_refused++;
}

static void check_either(corpus_run *run, firn_str path, firn_str bytes)
{
    firn_error err = {0};
    firn_buf rows;
    int64_t n_rows = 0;
    firn_buf_init(&rows, NULL, TEXT_LIMIT);
    const firn_status st = canon_parquet(bytes, &rows, &n_rows, &err);
    firn_buf_dispose(&rows);
    if (st != FIRN_OK && !is_orderly(st, &err))
        complain(run, path, err.message);
    else
        run->n_either++;
}

/* ---- variants ---- */

/* The bytes the row must have; NULL data when it must be null. */
static firn_str variant_of_row(corpus_run *run, firn_str path, int64_t row)
{
    const firn_str stem = firn_str_slice(path, 0, path.len - strlen(".parquet"));
    const firn_str file = firn_arena_printf(run->arena, "%s/%.*s_row-%lld.variant.bin", run->root,
                                            FIRN_STR_ARG(stem), (long long)row);
    if (access(file.data, R_OK) != 0) return (firn_str){NULL, 0};
    return corpus_read(run->arena, file.data);
}

static bool is_variant_equal(const firn_column *column, int64_t row, firn_str want)
{
    if (!firn_column_is_valid(column, row)) return want.data == NULL;
    return want.data &&
           firn_str_equals(firn_view_str((const firn_view *)column->values + row), want);
}

static const firn_column *find_column(const firn_type *root, const firn_batch *batch,
                                      const char *name)
{
    for (size_t i = 0; i < root->n_fields; i++)
        if (firn_str_equals(root->fields[i].name, firn_str_of(name))) return &batch->columns[i];
    fail_msg("no column %s", name);
    return NULL;
}

static void check_variants(corpus_run *run, firn_str path, firn_str bytes)
{
    const firn_byte_source source = canon_source(&bytes);
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_error err = {0};
    size_t n_wrong = 0;
    firn_status st = firn_parquet_file_open(&source, &file, &err);
    if (st != FIRN_OK) {
        complain(run, path, err.message);
        return;
    }
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &err), &err);
    st = firn_parquet_rows_open(file, root, &opts, &rows, &err);
    while (st == FIRN_OK &&
           (st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err)) == FIRN_OK) {
        const firn_column *column = find_column(root, batch, "var");
        const int64_t first = firn_parquet_rows_position(rows);
        for (int64_t r = 0; r < batch->n_rows; r++)
            n_wrong += !is_variant_equal(column, r, variant_of_row(run, path, first + r));
    }
    if (st != FIRN_DONE)
        complain(run, path, err.message);
    else if (n_wrong > 0)
        complain(run, path, "variants differ");
    else
        run->n_equal++;
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
}

/* ---- corpora ---- */

static void check_line(corpus_run *run, firn_str path, firn_str expected)
{
    const firn_str key = FIRN_STR("rows_md5 ");
    const firn_str file = firn_arena_printf(run->arena, "%s/%.*s", run->root, FIRN_STR_ARG(path));
    const firn_str bytes = corpus_read(run->arena, file.data);
    const struct exception *exception = find_exception(path);
    const size_t at = firn_str_find(expected, key, 0);
    if (exception)
        check_refused(run, path, bytes, exception->message);
    else if (firn_str_starts_with(expected, FIRN_STR("must be rejected")))
        check_refused(run, path, bytes,
                      firn_str_ends_with(path, FIRN_STR(".encrypted")) ? "encrypted" : NULL);
    else if (firn_str_starts_with(expected, FIRN_STR("ok: each row equals its .variant.bin")))
        check_variants(run, path, bytes);
    else if (at != SIZE_MAX)
        check_rows(run, path, bytes, firn_str_slice(expected, at + key.len, at + key.len + 32));
    else
        check_either(run, path, bytes);
}

static void run_corpus(corpus_run *run, firn_arena *arena, const char *folder)
{
    *run = (corpus_run){.arena = arena, .root = corpus_path(arena, folder)};
    if (!run->root) return;
    firn_str index = corpus_read(arena, firn_arena_printf(arena, "%s/INDEX.tsv", run->root).data);
    while (index.len > 0) {
        firn_str line = firn_str_split(&index, '\n');
        const firn_str path = firn_str_split(&line, '\t');
        (void)firn_str_split(&line, '\t');
        (void)firn_str_split(&line, '\t');
        if (firn_str_ends_with(path, FIRN_STR(".parquet")) ||
            firn_str_ends_with(path, FIRN_STR(".parquet.encrypted")))
            check_line(run, path, line);
    }
    print_message("%s: %zu equal, %zu refused, %zu either, %zu wrong\n", folder, run->n_equal,
                  run->n_refused, run->n_either, run->n_wrong);
    assert_int_equal(run->n_wrong, 0);
}

static void test_own_matrix_equals_pyarrow(void **state)
{
    corpus_run run;
    run_corpus(&run, *state, "own-parquet-matrix");
    if (run.root) assert_int_equal(run.n_equal, 99);
}

static void test_parquet_testing_equals_what_it_says(void **state)
{
    corpus_run run;
    run_corpus(&run, *state, "parquet-testing");
    if (run.root) assert_true(run.n_equal > 100 && run.n_refused > 10);
}

static void test_iceberg_golden_encodings_equal_plain(void **state)
{
    corpus_run run;
    run_corpus(&run, *state, "iceberg");
    if (run.root) assert_int_equal(run.n_equal, 28);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_matrix_equals_pyarrow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parquet_testing_equals_what_it_says, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_iceberg_golden_encodings_equal_plain, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
