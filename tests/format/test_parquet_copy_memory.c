/* SPDX-License-Identifier: Apache-2.0 */
/* Row groups taken over without memory: whichever allocation is refused, whoever looks at a source,
 * copies it, fills columns in or ends the file says so and keeps nothing. */
#include "base/error.h"
#include "fail_alloc.h"
#include "format/parquet/copy/parquet_copy.h"
#include "random_parquet.h"

#define SOURCES     2
#define SOURCE_ROWS 60

typedef struct fixture {
    random_parquet p;
    firn_type root;
    firn_parquet_write_opts opts; /* of the copy */
    firn_batch *rows[SOURCES];
    firn_buf bytes[SOURCES];
    firn_parquet_file *files[SOURCES];
    size_t n_taken, n_decoded; /* columns of row groups, by the last run */
} fixture;

static void make_fixture(fixture *f, uint64_t seed, size_t n_columns)
{
    firn_error *err = &f->p.err;
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_SNAPPY, .page_rows = 20};
    *f = (fixture){.p = {.next_id = 1, .arena = firn_arena_create(NULL, 0)},
                   .root = {.kind = FIRN_TYPE_STRUCT},
                   .opts = opts};
    firn_prng_init(&f->p.prng, seed);
    random_parquet_members(&f->p, &f->root, n_columns, 0);
    for (size_t i = 0; i < SOURCES; i++) {
        f->rows[i] = random_parquet_rows(&f->p, &f->root, SOURCE_ROWS);
        firn_buf_init(&f->bytes[i], NULL, 0);
        random_parquet_write_file(&f->p, &f->root, f->rows[i], &opts, &f->bytes[i]);
        const firn_byte_source source = {.ctx = &f->bytes[i],
                                         .size_bytes = (int64_t)f->bytes[i].len,
                                         .read_at = random_parquet_read_buf};
        assert_ok(firn_parquet_file_open(&source, &f->files[i], err), err);
    }
}

static void dispose(fixture *f)
{
    for (size_t i = 0; i < SOURCES; i++) {
        firn_parquet_file_close(f->files[i]);
        firn_buf_dispose(&f->bytes[i]);
        firn_batch_destroy(f->rows[i]);
    }
    firn_arena_destroy(f->p.arena);
}

static firn_status copy_file(fixture *f, size_t i, firn_parquet_writer *writer, firn_error *err)
{
    firn_parquet_copy *copy = NULL;
    const bool *is_decoded = NULL;
    FIRN_TRY(firn_parquet_copy_open(writer, f->files[i], 0, &copy, err));
    const size_t n_decoded = firn_parquet_copy_decoded(copy, &is_decoded);
    firn_status st = firn_parquet_writer_copy(writer, &copy, 1, err);
    if (st == FIRN_OK && n_decoded > 0) st = firn_parquet_writer_fill(writer, f->rows[i], err);
    firn_parquet_copy_close(copy);
    f->n_decoded += n_decoded;
    f->n_taken += f->root.n_fields - n_decoded;
    return st;
}

static firn_status count_bytes(void *ctx, const void *data, size_t n, firn_error *err)
{
    (void)data;
    (void)err;
    *(size_t *)ctx += n;
    return FIRN_OK;
}

static firn_status copy_all(void *ctx, firn_error *err)
{
    fixture *f = ctx;
    size_t n_bytes = 0;
    const firn_byte_sink sink = {&n_bytes, count_bytes};
    firn_parquet_writer *writer = NULL;
    firn_file_metrics metrics;
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    f->n_taken = f->n_decoded = 0;
    firn_status st = firn_parquet_writer_create(&f->root, &f->opts, &sink, &writer, err);
    for (size_t i = 0; i < SOURCES && st == FIRN_OK; i++) st = copy_file(f, i, writer, err);
    if (st == FIRN_OK) st = firn_parquet_writer_finish(writer, arena, &metrics, err);
    if (st == FIRN_OK) assert_int_equal(metrics.record_count, SOURCES * SOURCE_ROWS);
    firn_parquet_writer_destroy(writer);
    firn_arena_destroy(arena);
    return st;
}

/* An upper bound that could not be made shorter is left out, which is right for any file. */
static const firn_fail_alloc_opts k_may_recover = {.may_recover = true};

static void test_any_columns_are_taken_over(void **state)
{
    size_t n_taken = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        fixture f;
        make_fixture(&f, seed, 3);
        assert_true(firn_fail_alloc_each_opts(copy_all, &f, &k_may_recover) > 50);
        assert_ok(copy_all(&f, &f.p.err), &f.p.err);
        n_taken += f.n_taken;
        dispose(&f);
    }
    assert_true(n_taken > 8);
}

static void test_columns_of_another_codec_are_filled_in(void **state)
{
    fixture f;
    (void)state;
    make_fixture(&f, 5, 3);
    f.opts.codec = FIRN_CODEC_ZSTD;
    assert_true(firn_fail_alloc_each_opts(copy_all, &f, &k_may_recover) > 50);
    assert_ok(copy_all(&f, &f.p.err), &f.p.err);
    assert_int_equal(f.n_taken, 0);
    assert_int_equal(f.n_decoded, SOURCES * 3);
    dispose(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_columns_are_taken_over),
        cmocka_unit_test(test_columns_of_another_codec_are_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
