/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as bytes: what goes in comes out, and bytes that changed on the way are refused or read as
 * other rows, never beyond their end. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "firn_test.h"
#include "iceberg/scan/row_bytes.h"
#include "iceberg/sort/packed_rows.h"

enum { ROWS = 40 };

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
static const firn_field k_element[] = {
    {.id = 4, .name = FIRN_STR_INIT("element"), .type = &k_text}};
static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = k_element, .n_fields = 1};
static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("n"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("s"), .type = &k_text},
    {.id = 3, .name = FIRN_STR_INIT("l"), .type = &k_list},
};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 3};

static void put_text(firn_column *column, int64_t row, size_t len)
{
    firn_error err;
    firn_view *views = column->values;
    const firn_str text = {"a text that is long enough not to be inside of its view", len};
    assert_ok(firn_column_copy_bytes(column, text, &views[row], &err), &err);
}

static firn_batch *make_rows(void)
{
    firn_error err;
    firn_batch *rows = NULL;
    assert_ok(firn_batch_create(&k_root, ROWS, &rows, &err), &err);
    firn_column *list = &rows->columns[2];
    firn_column *elements = &list->children[0];
    assert_ok(firn_column_reserve(elements, 3 * (int64_t)ROWS, &err), &err);
    for (int64_t r = 0; r < ROWS; r++) {
        ((int64_t *)rows->columns[0].values)[r] = r * 1000;
        put_text(&rows->columns[1], r, (size_t)r);
        const uint64_t n = (uint64_t)r % 4;
        ((firn_list_entry *)list->values)[r] = (firn_list_entry){(uint64_t)elements->n_values, n};
        for (uint64_t i = 0; i < n; i++) put_text(elements, elements->n_values++, 5 * (size_t)i);
        if (r % 5 == 1) firn_column_set_null(&rows->columns[0], r);
        if (r % 7 == 1) firn_column_set_null(&rows->columns[1], r);
        if (r % 8 == 0) firn_column_set_null(list, r);
    }
    rows->n_rows = ROWS;
    return rows;
}

/* What one has to do to look at packed rows. */
typedef struct fixture {
    firn_arena *arena;
    firn_row_layout layout;
    firn_batch *rows;
    firn_packed_rows packed;
} fixture;

static void open_fixture(fixture *f)
{
    firn_error err;
    firn_keys keys;
    f->arena = firn_arena_create(NULL, 0);
    f->rows = make_rows();
    assert_ok(firn_row_layout_init(&f->layout, &k_root, f->arena, &err), &err);
    firn_packed_rows_init(&f->packed, NULL);
    firn_keys_init(&keys, NULL, 0);
    for (int r = 0; r < ROWS; r++) {
        firn_buf_printf(&keys.bytes, "%d", r);
        assert_ok(firn_keys_end(&keys, &err), &err);
    }
    assert_ok(firn_packed_rows_put(&f->packed, &f->layout, f->rows, &keys, &err), &err);
    firn_keys_dispose(&keys);
}

static void close_fixture(fixture *f)
{
    firn_packed_rows_dispose(&f->packed);
    firn_batch_destroy(f->rows);
    firn_arena_destroy(f->arena);
}

/* All rows that bytes hold. */
static firn_status read_rows(const fixture *f, firn_str bytes, firn_batch *out, firn_error *err)
{
    firn_sort_entry entries[ROWS];
    firn_sorted_part part = {.entries = entries};
    while (bytes.len > 0 && part.n_rows < ROWS) {
        firn_str row;
        FIRN_TRY(firn_packed_row_next(&f->layout, bytes, &row, err));
        entries[part.n_rows++].row = row.data;
        bytes = (firn_str){bytes.data + row.len, bytes.len - row.len};
    }
    firn_batch_reset(out);
    return firn_packed_rows_get(&f->layout, &part, 0, part.n_rows, out, err);
}

static void test_rows_come_out_as_they_went_in(void **state)
{
    (void)state;
    fixture f;
    firn_error err;
    firn_batch *out = NULL;
    open_fixture(&f);
    assert_ok(firn_batch_create(&k_root, 1, &out, &err), &err);
    assert_ok(read_rows(&f, firn_buf_view(&f.packed.bytes), out, &err), &err);
    assert_int_equal(out->n_rows, ROWS);
    for (int64_t r = 0; r < ROWS; r++) {
        firn_buf a;
        firn_buf b;
        firn_buf_init(&a, NULL, 0);
        firn_buf_init(&b, NULL, 0);
        for (size_t c = 0; c < 3; c++) {
            firn_row_put(&f.rows->columns[c], r, &a);
            firn_row_put(&out->columns[c], r, &b);
        }
        assert_true(firn_str_equals(firn_buf_view(&a), firn_buf_view(&b)));
        firn_buf_dispose(&a);
        firn_buf_dispose(&b);
    }
    const firn_str key = firn_packed_row_key(&f.layout, f.packed.bytes.data + f.packed.starts[17]);
    assert_true(firn_str_equals(key, FIRN_STR("17")));
    firn_batch_destroy(out);
    close_fixture(&f);
}

/* The copy is as long as what is read, so that reading beyond it is seen. */
static firn_status read_copy(const fixture *f, firn_str bytes, size_t at, uint8_t change,
                             firn_batch *out, firn_error *err)
{
    char *copy = malloc(bytes.len + 1);
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.len);
    if (at < bytes.len) copy[at] = (char)((uint8_t)copy[at] ^ change);
    char *exact = realloc(copy, bytes.len > 0 ? bytes.len : 1);
    const firn_status st = read_rows(f, (firn_str){exact, bytes.len}, out, err);
    firn_batch_reset(out);
    free(exact);
    return st;
}

static void test_changed_bytes_are_not_read_beyond_their_end(void **state)
{
    (void)state;
    fixture f;
    firn_error err;
    firn_batch *out = NULL;
    size_t n_refused = 0;
    open_fixture(&f);
    assert_ok(firn_batch_create(&k_root, ROWS, &out, &err), &err);
    const firn_str all = firn_buf_view(&f.packed.bytes);
    for (size_t at = 0; at < all.len; at++)
        for (unsigned bit = 0; bit < 8; bit += 7) {
            const firn_status st = read_copy(&f, all, at, (uint8_t)(1u << bit), out, &err);
            assert_true(st == FIRN_OK || st == FIRN_ERR_CORRUPT);
            n_refused += st == FIRN_ERR_CORRUPT;
        }
    assert_true(n_refused > all.len / 8);
    for (size_t n = 0; n < all.len; n++) {
        bool is_end = false;
        for (size_t r = 0; r < ROWS; r++) is_end |= f.packed.starts[r] == n;
        const firn_status st = read_copy(&f, (firn_str){all.data, n}, SIZE_MAX, 0, out, &err);
        assert_int_equal(st, is_end ? FIRN_OK : FIRN_ERR_CORRUPT);
    }
    firn_batch_destroy(out);
    close_fixture(&f);
}

static void test_what_is_wrong_is_said(void **state)
{
    (void)state;
    fixture f;
    firn_error err;
    firn_batch *out = NULL;
    open_fixture(&f);
    assert_ok(firn_batch_create(&k_root, ROWS, &out, &err), &err);
    const firn_str first = {f.packed.bytes.data, f.packed.starts[1]};
    assert_int_equal(read_copy(&f, first, 3, 1, out, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "row of 16777250 bytes in 34 of sorted rows");
    assert_int_equal(read_copy(&f, first, f.layout.slots[1] + 7, 1, out, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "16777216 bytes at 34 of a sorted row of 34");
    firn_batch_destroy(out);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_come_out_as_they_went_in),
        cmocka_unit_test(test_changed_bytes_are_not_read_beyond_their_end),
        cmocka_unit_test(test_what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
