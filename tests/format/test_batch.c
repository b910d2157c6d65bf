/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "firn/batch.h"

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_field k_element[] = {
    {.id = 4, .name = FIRN_STR_INIT("element"), .type = &k_string}};
static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = k_element, .n_fields = 1};
static const firn_field k_members[] = {{.id = 6, .name = FIRN_STR_INIT("s"), .type = &k_string}};
static const firn_type k_struct = {.kind = FIRN_TYPE_STRUCT, .fields = k_members, .n_fields = 1};
static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("n"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("s"), .type = &k_string},
    {.id = 3, .name = FIRN_STR_INIT("l"), .type = &k_list},
    {.id = 5, .name = FIRN_STR_INIT("o"), .type = &k_struct},
};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 4};

static const char *const k_texts[] = {"", "short", "exactly12byt", "longer than twelve bytes"};

/* Row i: n = i (null when i % 5 == 0), s = text, l = i % 3 texts (null when i % 7 == 0),
 * o.s = text (o null when i % 4 == 0). */
static firn_batch *make_rows(int64_t n)
{
    firn_batch *b;
    firn_error err;
    assert_int_equal(firn_batch_create(&k_root, n, &b, &err), FIRN_OK);
    firn_column *c = b->columns, *items = &c[2].children[0];
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        const firn_str text = firn_str_of(k_texts[i % 4]);
        ((int64_t *)c[0].values)[i] = i;
        if (i % 5 == 0) firn_column_set_null(&c[0], i);
        firn_view *s = (firn_view *)c[1].values + i;
        assert_int_equal(firn_column_copy_bytes(&c[1], text, s, &err), FIRN_OK);
        const int64_t len = i % 7 == 0 ? 0 : i % 3;
        ((firn_list_entry *)c[2].values)[i] = (firn_list_entry){(uint64_t)at, (uint64_t)len};
        if (i % 7 == 0) firn_column_set_null(&c[2], i);
        assert_int_equal(firn_column_reserve(items, at + len, &err), FIRN_OK);
        for (int64_t k = 0; k < len; k++, at++)
            assert_int_equal(firn_column_copy_bytes(items, firn_str_of(k_texts[(i + k) % 4]),
                                                    (firn_view *)items->values + at, &err),
                             FIRN_OK);
        firn_view *o = (firn_view *)c[3].children[0].values + i;
        memset(o, 0xaa, sizeof *o); /* what a null struct holds is nobody's business */
        if (i % 4 == 0)
            firn_column_set_null(&c[3], i);
        else
            assert_int_equal(firn_column_copy_bytes(&c[3].children[0], text, o, &err), FIRN_OK);
    }
    items->n_values = at;
    b->n_rows = n;
    return b;
}

static void check_row(const firn_batch *b, int64_t row, int64_t i)
{
    const firn_column *c = b->columns;
    const firn_value n = firn_column_get(&c[0], row), s = firn_column_get(&c[1], row);
    assert_int_equal(n.is_null, i % 5 == 0);
    if (!n.is_null) assert_int_equal(n.as.i64, i);
    assert_true(firn_str_equals(s.as.bytes, firn_str_of(k_texts[i % 4])));
    assert_int_equal(firn_column_is_valid(&c[2], row), i % 7 != 0);
    const firn_list_entry e = ((const firn_list_entry *)c[2].values)[row];
    assert_int_equal(e.length, i % 7 == 0 ? 0 : i % 3);
    for (uint64_t k = 0; k < e.length; k++) {
        const firn_value v = firn_column_get(&c[2].children[0], (int64_t)(e.offset + k));
        assert_true(firn_str_equals(v.as.bytes, firn_str_of(k_texts[((uint64_t)i + k) % 4])));
    }
    assert_int_equal(firn_column_is_valid(&c[3], row), i % 4 != 0);
    const firn_value o = firn_column_get(&c[3].children[0], row);
    if (i % 4 != 0) assert_true(firn_str_equals(o.as.bytes, firn_str_of(k_texts[i % 4])));
}

static void test_ranges_are_appended_and_strings_copied(void **state)
{
    (void)state;
    firn_batch *src = make_rows(200), *dst;
    firn_error err;
    assert_int_equal(firn_batch_create(&k_root, 4, &dst, &err), FIRN_OK);
    assert_int_equal(firn_batch_append(dst, src, 10, 100, &err), FIRN_OK);
    assert_int_equal(firn_batch_append(dst, src, 0, 3, &err), FIRN_OK);
    firn_batch_destroy(src);
    assert_int_equal(dst->n_rows, 103);
    for (int64_t r = 0; r < 100; r++) check_row(dst, r, r + 10);
    for (int64_t r = 0; r < 3; r++) check_row(dst, 100 + r, r);
    firn_batch_destroy(dst);
}

static void test_chosen_rows_keep_their_order(void **state)
{
    (void)state;
    firn_batch *src = make_rows(50), *dst;
    const int64_t rows[] = {49, 0, 7, 7, 12, 4};
    firn_error err;
    assert_int_equal(firn_batch_create(&k_root, 1, &dst, &err), FIRN_OK);
    assert_int_equal(firn_batch_append_rows(dst, src, rows, 6, &err), FIRN_OK);
    for (int64_t r = 0; r < 6; r++) check_row(dst, r, rows[r]);
    firn_batch_destroy(src);
    firn_batch_destroy(dst);
}

static void test_reset_forgets_rows_and_nulls(void **state)
{
    (void)state;
    firn_batch *b = make_rows(100);
    firn_batch_reset(b);
    assert_int_equal(b->n_rows, 0);
    assert_int_equal(b->columns[2].children[0].n_values, 0);
    for (int64_t r = 0; r < 100; r++) assert_true(firn_column_is_valid(&b->columns[0], r));
    firn_batch *src = make_rows(100);
    firn_error err;
    assert_int_equal(firn_batch_append(b, src, 0, 100, &err), FIRN_OK);
    for (int64_t r = 0; r < 100; r++) check_row(b, r, r);
    firn_batch_destroy(src);
    firn_batch_destroy(b);
}

static void test_rows_out_of_range_are_refused(void **state)
{
    (void)state;
    firn_batch *b = make_rows(10), *dst;
    firn_error err;
    assert_int_equal(firn_batch_create(&k_root, 1, &dst, &err), FIRN_OK);
    assert_int_equal(firn_batch_append(dst, b, 8, 3, &err), FIRN_ERR_ARG);
    assert_string_equal(err.message, "rows 8 to 11 of a batch of 10 rows");
    const int64_t rows[] = {3, 10};
    assert_int_equal(firn_batch_append_rows(dst, b, rows, 2, &err), FIRN_ERR_ARG);
    assert_string_equal(err.message, "row 10 of a batch of 10 rows");
    assert_int_equal(dst->n_rows, 0);
    firn_batch_destroy(b);
    firn_batch_destroy(dst);
}

static void test_borrowed_columns_do_not_grow(void **state)
{
    (void)state;
    int64_t values[4] = {0};
    firn_column column = {.type = &k_long, .values = values, .capacity = 4};
    firn_error err;
    assert_int_equal(firn_column_reserve(&column, 8, &err), FIRN_ERR_ARG);
    assert_string_equal(err.message, "column with borrowed values cannot grow to 8 rows");
}

static void test_decimals_are_as_wide_as_their_precision(void **state)
{
    (void)state;
    firn_type type = {.kind = FIRN_TYPE_DECIMAL, .precision = 9};
    assert_int_equal(firn_column_width(&type), 4);
    type.precision = 10;
    assert_int_equal(firn_column_width(&type), 8);
    type.precision = 18;
    assert_int_equal(firn_column_width(&type), 8);
    type.precision = 19;
    assert_int_equal(firn_column_width(&type), 16);
    firn_int128 wide[1] = {(firn_int128)-5 * ((firn_int128)1 << 80)};
    const firn_column column = {.type = &type, .values = wide};
    assert_true(firn_column_get(&column, 0).as.decimal == (firn_int128)-5 * ((firn_int128)1 << 80));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_are_appended_and_strings_copied),
        cmocka_unit_test(test_chosen_rows_keep_their_order),
        cmocka_unit_test(test_reset_forgets_rows_and_nulls),
        cmocka_unit_test(test_rows_out_of_range_are_refused),
        cmocka_unit_test(test_borrowed_columns_do_not_grow),
        cmocka_unit_test(test_decimals_are_as_wide_as_their_precision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
