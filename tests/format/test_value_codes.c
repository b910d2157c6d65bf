/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that know which of their texts are equal are written as if they did not. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "firn_test.h"
#include "format/columns/value_codes.h"
#include "format/parquet/encoding/parquet_encode_dict.h"
#include "format/parquet/write/parquet_writer.h"

enum { ROWS = 4000, TEXTS = 300 };

static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
static const firn_type k_list = {
    .kind = FIRN_TYPE_LIST,
    .fields = &(const firn_field){.id = 3, .name = FIRN_STR_INIT("element"), .type = &k_text},
    .n_fields = 1};
static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("s"), .type = &k_text},
    {.id = 2, .name = FIRN_STR_INIT("l"), .type = &k_list},
};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 2};

/* Texts of all lengths; every number stands for one of them, every text has two numbers. */
typedef struct fixture {
    firn_batch *rows;
    uint32_t numbers[ROWS];
    firn_value_codes codes;
} fixture;

static void open_fixture(fixture *f, bool has_nulls)
{
    firn_error err;
    char text[400];
    memset(text, 'x', sizeof text);
    assert_ok(firn_batch_create(&k_root, ROWS, &f->rows, &err), &err);
    firn_column *column = &f->rows->columns[0];
    for (uint32_t r = 0; r < ROWS; r++) {
        const uint32_t which = r * 7919 % TEXTS;
        const int len = snprintf(text, sizeof text, "%u", which);
        text[len] = 'x';
        assert_ok(firn_column_copy_bytes(column, (firn_str){text, (size_t)len + which},
                                         &((firn_view *)column->values)[r], &err),
                  &err);
        f->numbers[r] = r % 11 == 0 ? FIRN_NO_CODE : 2 * which + r % 2;
        ((firn_list_entry *)f->rows->columns[1].values)[r] = (firn_list_entry){0, 0};
        if (!has_nulls || r % 5 > 0) continue;
        firn_column_set_null(column, r);
        f->numbers[r] = FIRN_NO_CODE;
    }
    f->rows->n_rows = ROWS;
    f->codes = (firn_value_codes){f->numbers, 2 * TEXTS, 1};
}

static firn_status append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

/* A file of the rows, twice. */
static void write_file(const fixture *f, const firn_parquet_write_opts *opts, firn_buf *out)
{
    firn_error err;
    firn_parquet_writer *writer = NULL;
    firn_file_metrics metrics;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_byte_sink sink = {out, append};
    firn_buf_init(out, NULL, 0);
    assert_ok(firn_parquet_writer_create(&k_root, opts, &sink, &writer, &err), &err);
    for (int i = 0; i < 2; i++) assert_ok(firn_parquet_writer_append(writer, f->rows, &err), &err);
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    firn_arena_destroy(arena);
}

static void assert_same_file(fixture *f, const firn_parquet_write_opts *opts)
{
    firn_buf with;
    firn_buf without;
    f->rows->columns[0].codes = NULL;
    write_file(f, opts, &without);
    f->rows->columns[0].codes = &f->codes;
    write_file(f, opts, &with);
    assert_true(without.len > 0);
    assert_true(firn_str_equals(firn_buf_view(&with), firn_buf_view(&without)));
    firn_buf_dispose(&with);
    firn_buf_dispose(&without);
}

static void test_files_do_not_depend_on_numbers(void **state)
{
    (void)state;
    const firn_parquet_write_opts opts[] = {
        {.codec = FIRN_CODEC_ZSTD},
        {.codec = FIRN_CODEC_NONE, .row_group_rows = 700, .page_rows = 100},
        {.codec = FIRN_CODEC_NONE, .dictionary_bytes = 20000}, /* outgrown */
        {.codec = FIRN_CODEC_NONE, .page_bytes = 3000},        /* batches cut in pieces */
    };
    for (int has_nulls = 0; has_nulls < 2; has_nulls++) {
        fixture f;
        open_fixture(&f, has_nulls);
        for (size_t i = 0; i < sizeof opts / sizeof *opts; i++) assert_same_file(&f, &opts[i]);
        firn_batch_destroy(f.rows);
    }
}

static void test_a_new_id_makes_numbers_mean_other_values(void **state)
{
    (void)state;
    const firn_view values[] = {firn_view_of("a", 1), firn_view_of("b", 1), firn_view_of("a", 1)};
    const uint32_t numbers[] = {0, 1, 0};
    const uint32_t turned[] = {1, 0, 1};
    firn_parquet_dict dict;
    firn_error err;
    uint32_t out[3];
    size_t n_done = 0;
    firn_parquet_dict_init(&dict, NULL, 0, true, 1 << 20);
    const firn_value_codes first = {numbers, 2, 1};
    const firn_value_codes second = {turned, 2, 2};
    for (int i = 0; i < 2; i++) {
        assert_ok(firn_parquet_dict_add_coded(&dict, values, i == 0 ? &first : &second, 3, out,
                                              &n_done, &err),
                  &err);
        assert_int_equal(n_done, 3);
        assert_int_equal(out[0], 0);
        assert_int_equal(out[1], 1);
        assert_int_equal(out[2], 0);
    }
    assert_int_equal(dict.n, 2);
    firn_parquet_dict_dispose(&dict);
}

static void test_values_with_numbers_end_where_the_dictionary_is_full(void **state)
{
    (void)state;
    const firn_view values[] = {firn_view_of("a", 1), firn_view_of("a", 1), firn_view_of("b", 1)};
    const firn_value_codes codes = {(const uint32_t[]){4, 4, 3}, 5, 1};
    firn_parquet_dict dict;
    firn_error err;
    uint32_t out[3];
    size_t n_done = 0;
    firn_parquet_dict_init(&dict, NULL, 0, true, 5);
    assert_ok(firn_parquet_dict_add_coded(&dict, values, &codes, 3, out, &n_done, &err), &err);
    assert_int_equal(n_done, 2);
    assert_int_equal(out[1], 0);
    assert_true(dict.is_full);
    firn_parquet_dict_dispose(&dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_do_not_depend_on_numbers),
        cmocka_unit_test(test_a_new_id_makes_numbers_mean_other_values),
        cmocka_unit_test(test_values_with_numbers_end_where_the_dictionary_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
