/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in blocks: what goes in comes out, and bytes that changed on the way are refused or read as
 * other rows, never beyond their end. */
#include <stdio.h>
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
    firn_sort_texts *texts;
    firn_packed_batch packed;
    firn_row_block block;
    size_t size; /* of the block, as far as it is filled */
} fixture;

/* max_bytes: of texts with numbers. */
static void open_fixture(fixture *f, int64_t max_bytes)
{
    firn_error err;
    uint32_t every[ROWS];
    size_t n = 0;
    *f = (fixture){.arena = firn_arena_create(NULL, 0), .rows = make_rows()};
    for (uint32_t r = 0; r < ROWS; r++) every[r] = r;
    assert_ok(firn_row_layout_init(&f->layout, &k_root, 0, f->arena, &err), &err);
    assert_ok(firn_sort_texts_create(&k_root, 1, max_bytes, 7, NULL, &f->texts, &err), &err);
    assert_ok(firn_packed_batch_init(&f->packed, &f->layout, NULL, f->arena, &err), &err);
    assert_ok(firn_packed_batch_put(&f->packed, &f->layout, f->rows, NULL, f->texts, 0, &err),
              &err);
    assert_ok(firn_sort_texts_finish(f->texts, &err), &err);
    const size_t cap = firn_row_block_size(&f->layout.full, ROWS, 8192);
    firn_row_block_init(&f->block, &f->layout.full, malloc(cap), cap, 8192 / ROWS);
    assert_int_equal(f->block.cap_rows, ROWS);
    assert_ok(firn_row_block_room(&f->block, &f->packed.columns, every, ROWS, &n, &err), &err);
    assert_int_equal(n, ROWS);
    firn_row_block_append(&f->block, &f->packed.columns, every, ROWS);
    f->size = firn_row_block_size(&f->layout.full, ROWS, f->block.n_bytes);
}

static void close_fixture(fixture *f)
{
    free(f->block.data);
    firn_packed_batch_dispose(&f->packed);
    firn_sort_texts_destroy(f->texts);
    firn_batch_destroy(f->rows);
    firn_arena_destroy(f->arena);
}

/* The block's rows, the last one first. */
static firn_status read_rows(const fixture *f, const firn_row_block *block, firn_row_codes *codes,
                             firn_batch *out, firn_error *err)
{
    const firn_row_source source = {&f->layout, block, 1, f->texts};
    firn_row_place places[ROWS];
    for (uint32_t r = 0; r < ROWS; r++) places[r] = ROWS - 1 - r;
    firn_batch_reset(out);
    return firn_packed_rows_get(&source, places, ROWS, NULL, codes, out, err);
}

static void assert_rows(const fixture *f, const firn_batch *out)
{
    assert_int_equal(out->n_rows, ROWS);
    for (int64_t r = 0; r < ROWS; r++) {
        firn_buf a;
        firn_buf b;
        firn_buf_init(&a, NULL, 0);
        firn_buf_init(&b, NULL, 0);
        for (size_t c = 0; c < 3; c++) {
            firn_row_put(&f->rows->columns[c], r, &a);
            firn_row_put(&out->columns[c], ROWS - 1 - r, &b);
        }
        assert_true(firn_str_equals(firn_buf_view(&a), firn_buf_view(&b)));
        firn_buf_dispose(&a);
        firn_buf_dispose(&b);
    }
}

static void test_rows_come_out_as_they_went_in(void **state)
{
    (void)state;
    for (int64_t max_bytes = 0; max_bytes <= 1 << 20; max_bytes += 1 << 12) {
        fixture f;
        firn_error err;
        firn_batch *out = NULL;
        open_fixture(&f, max_bytes);
        assert_ok(firn_batch_create(&k_root, 1, &out, &err), &err);
        assert_ok(read_rows(&f, &f.block, NULL, out, &err), &err);
        assert_rows(&f, out);
        firn_batch_destroy(out);
        close_fixture(&f);
    }
}

static void test_rows_know_the_numbers_of_their_texts(void **state)
{
    (void)state;
    fixture f;
    firn_error err;
    firn_batch *out = NULL;
    uint32_t numbers[ROWS];
    firn_row_codes codes[3] = {[1] = {.numbers = numbers}};
    open_fixture(&f, 1 << 20);
    assert_int_equal(f.packed.bytes.len, f.block.n_bytes);
    assert_ok(firn_batch_create(&k_root, 1, &out, &err), &err);
    assert_ok(read_rows(&f, &f.block, codes, out, &err), &err);
    assert_null(out->columns[0].codes);
    assert_ptr_equal(out->columns[1].codes, &codes[1].codes);
    assert_int_equal(codes[1].codes.id, 7);
    uint32_t n = 0;
    const firn_view *views = firn_sort_texts_views(f.texts, 1, &n);
    assert_int_equal(codes[1].codes.n, n);
    for (int64_t r = 0; r < ROWS; r++) {
        const firn_view *view = (const firn_view *)out->columns[1].values + r;
        if (!firn_column_is_valid(&out->columns[1], r)) {
            assert_int_equal(numbers[r], FIRN_NO_CODE);
            continue;
        }
        assert_in_range(numbers[r], 0, n - 1);
        assert_true(firn_str_equals(firn_view_str(&views[numbers[r]]), firn_view_str(view)));
    }
    firn_batch_reset(out);
    assert_null(out->columns[1].codes);
    firn_batch_destroy(out);
    close_fixture(&f);
}

static void test_a_full_block_has_no_room(void **state)
{
    (void)state;
    fixture f;
    firn_error err;
    firn_row_block small;
    uint32_t long_first[ROWS];
    size_t n = 0;
    size_t size = 0;
    open_fixture(&f, 0);
    for (uint32_t r = 0; r < ROWS; r++) long_first[r] = ROWS - 1 - r;
    assert_ok(firn_row_block_room(&f.block, &f.packed.columns, long_first, 3, &n, &err), &err);
    assert_int_equal(n, 0);
    assert_ok(firn_slot_columns_bytes(&f.packed.columns, ROWS - 1, &size, &err), &err);
    const size_t cap = firn_row_block_size(&f.layout.full, 8, 2 * size);
    char *data = malloc(cap);
    firn_row_block_init(&small, &f.layout.full, data, cap, 2 * size / 8);
    assert_int_equal(small.cap_rows, 8);
    assert_ok(firn_row_block_room(&small, &f.packed.columns, long_first, 8, &n, &err), &err);
    assert_int_equal(n, 2);
    firn_row_block_append(&small, &f.packed.columns, long_first, 2);
    assert_int_equal(small.n_rows, 2);
    assert_true(firn_row_block_size(&f.layout.full, 8, small.n_bytes) <= cap);
    free(data);
    close_fixture(&f);
}

/* ---- narrow blocks ---- */

enum { NUMBERS = 16 };

static const firn_type k_decimal = {.kind = FIRN_TYPE_DECIMAL, .precision = 38};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_field k_number_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("n"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("d"), .type = &k_decimal},
    {.id = 3, .name = FIRN_STR_INIT("f"), .type = &k_double},
};
static const firn_type k_numbers = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_number_fields, .n_fields = 3};

typedef struct number_rows {
    firn_arena *arena;
    firn_row_layout layout;
    firn_batch *rows;
    firn_sort_texts *texts;
    firn_packed_batch packed;
} number_rows;

/* The last row's long and the one before's decimal do not fit half a slot; a null has one that
 * would not. */
static void open_numbers(number_rows *x)
{
    firn_error err;
    *x = (number_rows){.arena = firn_arena_create(NULL, 0)};
    assert_ok(firn_batch_create(&k_numbers, NUMBERS, &x->rows, &err), &err);
    int64_t *longs = x->rows->columns[0].values;
    firn_int128 *decimals = x->rows->columns[1].values;
    double *doubles = x->rows->columns[2].values;
    for (int64_t r = 0; r < NUMBERS; r++) {
        longs[r] = r % 2 ? INT32_MAX - r : INT32_MIN + r;
        decimals[r] = r % 2 ? (firn_int128)INT64_MAX - r : (firn_int128)INT64_MIN + r;
        doubles[r] = (double)r;
    }
    longs[3] = INT64_MIN;
    firn_column_set_null(&x->rows->columns[0], 3);
    assert_ok(firn_row_layout_init(&x->layout, &k_numbers, 0, x->arena, &err), &err);
    x->rows->n_rows = NUMBERS;
    firn_row_layout_narrow(&x->layout, x->rows);
    longs[NUMBERS - 1] = (int64_t)INT32_MAX + 1;
    decimals[NUMBERS - 2] = (firn_int128)INT64_MIN - 1;
    assert_ok(firn_sort_texts_create(&k_numbers, 1, 0, 7, NULL, &x->texts, &err), &err);
    assert_ok(firn_packed_batch_init(&x->packed, &x->layout, NULL, x->arena, &err), &err);
    assert_ok(firn_packed_batch_put(&x->packed, &x->layout, x->rows, NULL, x->texts, 0, &err),
              &err);
}

static void close_numbers(number_rows *x)
{
    firn_packed_batch_dispose(&x->packed);
    firn_sort_texts_destroy(x->texts);
    firn_batch_destroy(x->rows);
    firn_arena_destroy(x->arena);
}

/* A block of a form with as many of the rows as it takes. */
static size_t fill_numbers(const firn_slot_columns *from, const firn_row_form *form,
                           firn_row_block *block)
{
    firn_error err;
    uint32_t every[NUMBERS];
    size_t n = 0;
    const size_t cap = firn_row_block_size(form, NUMBERS, 0);
    for (uint32_t r = 0; r < NUMBERS; r++) every[r] = r;
    firn_row_block_init(block, form, malloc(cap), cap, 0);
    assert_ok(firn_row_block_room(block, from, every, NUMBERS, &n, &err), &err);
    firn_row_block_append(block, from, every, n);
    return n;
}

static void assert_numbers(const number_rows *x, const firn_row_block *block)
{
    firn_error err;
    firn_batch *out = NULL;
    firn_row_place places[NUMBERS];
    const firn_row_source source = {&x->layout, block, 1, x->texts};
    const int64_t n = block->n_rows;
    for (uint32_t r = 0; r < NUMBERS; r++) places[r] = r;
    assert_ok(firn_batch_create(&k_numbers, 1, &out, &err), &err);
    assert_ok(firn_packed_rows_get(&source, places, n, NULL, NULL, out, &err), &err);
    for (int64_t r = 0; r < n; r++) {
        assert_int_equal(firn_column_is_valid(&out->columns[0], r), r != 3);
        if (r != 3)
            assert_int_equal(((const int64_t *)out->columns[0].values)[r],
                             ((const int64_t *)x->rows->columns[0].values)[r]);
        assert_memory_equal((const firn_int128 *)out->columns[1].values + r,
                            (const firn_int128 *)x->rows->columns[1].values + r,
                            sizeof(firn_int128));
        assert_true(((const double *)out->columns[2].values)[r] == (double)r);
    }
    firn_batch_destroy(out);
}

static void test_numbers_that_fit_take_half_of_their_slots(void **state)
{
    (void)state;
    number_rows x;
    open_numbers(&x);
    assert_int_equal(x.layout.full.slot_bytes, 8 + 16 + 8);
    assert_int_equal(x.layout.narrow.slot_bytes, 4 + 8 + 8);
    firn_row_block narrow;
    firn_row_block full;
    assert_int_equal(fill_numbers(&x.packed.columns, &x.layout.narrow, &narrow), NUMBERS - 2);
    assert_int_equal(fill_numbers(&x.packed.columns, &x.layout.full, &full), NUMBERS);
    assert_numbers(&x, &narrow);
    assert_numbers(&x, &full);
    free(narrow.data);
    free(full.data);
    close_numbers(&x);
}

static void test_rows_move_between_narrow_and_full_blocks(void **state)
{
    (void)state;
    number_rows x;
    const char *values[3];
    const uint8_t *validity[3];
    firn_slot_columns columns = {.values = values, .validity = validity};
    open_numbers(&x);
    const firn_row_form *forms[2] = {&x.layout.narrow, &x.layout.full};
    for (size_t i = 0; i < 4; i++) {
        firn_row_block first;
        firn_row_block second;
        const size_t n = fill_numbers(&x.packed.columns, forms[i % 2], &first);
        firn_row_block_columns(&first, &columns);
        assert_ptr_equal(columns.form, forms[i % 2]);
        const size_t n_fitting = i / 2 == 0 ? NUMBERS - 2 : n;
        first.n_rows = (uint32_t)n;
        assert_true(fill_numbers(&columns, forms[i / 2], &second) >= n_fitting);
        second.n_rows = (uint32_t)n_fitting;
        assert_numbers(&x, &second);
        free(first.data);
        free(second.data);
    }
    close_numbers(&x);
}

/* The copy is as long as what is read, so that reading beyond it is seen. */
static firn_status read_copy(const fixture *f, size_t at, uint8_t change, size_t n_bytes,
                             firn_batch *out, firn_error *err)
{
    const size_t size = firn_row_block_size(&f->layout.full, ROWS, n_bytes);
    firn_row_block copy = f->block;
    copy.data = malloc(size);
    copy.n_bytes = n_bytes;
    assert_non_null(copy.data);
    memcpy(copy.data, f->block.data, size);
    if (at < size) copy.data[at] = (char)((uint8_t)copy.data[at] ^ change);
    const firn_status st = read_rows(f, &copy, NULL, out, err);
    firn_batch_reset(out);
    free(copy.data);
    return st;
}

static void test_changed_bytes_are_not_read_beyond_their_end(void **state)
{
    (void)state;
    for (int64_t max_bytes = 0; max_bytes <= 1 << 20; max_bytes += 1 << 20) {
        fixture f;
        firn_error err;
        firn_batch *out = NULL;
        size_t n_refused = 0;
        open_fixture(&f, max_bytes);
        assert_ok(firn_batch_create(&k_root, ROWS, &out, &err), &err);
        for (size_t at = 0; at < f.size; at++)
            for (unsigned bit = 0; bit < 8; bit += 7) {
                const firn_status st =
                    read_copy(&f, at, (uint8_t)(1u << bit), f.block.n_bytes, out, &err);
                assert_true(st == FIRN_OK || st == FIRN_ERR_CORRUPT);
                n_refused += st == FIRN_ERR_CORRUPT;
            }
        assert_true(n_refused > ROWS);
        for (size_t n = 0; n < f.block.n_bytes; n++)
            assert_int_equal(read_copy(&f, SIZE_MAX, 0, n / 4 * 4, out, &err), FIRN_ERR_CORRUPT);
        firn_batch_destroy(out);
        close_fixture(&f);
    }
}

static void test_what_is_wrong_is_said(void **state)
{
    (void)state;
    fixture f;
    firn_error err;
    firn_batch *out = NULL;
    open_fixture(&f, 1 << 20);
    assert_ok(firn_batch_create(&k_root, ROWS, &out, &err), &err);
    /* the second highest byte of the last row's slots: its text has a number, its list has none */
    const size_t last = ROWS - 1;
    const size_t text = ROWS * f.layout.full.slots[1].at + 4 * last + 2;
    const size_t list = ROWS * f.layout.full.slots[2].at + 4 * last + 2;
    assert_int_equal(read_copy(&f, text, 1, f.block.n_bytes, out, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "text 65569 of 34 of sorted rows");
    assert_int_equal(read_copy(&f, list, 1, f.block.n_bytes, out, &err), FIRN_ERR_CORRUPT);
    assert_string_equal(err.message, "0 bytes at 263080 of 980 of sorted rows");
    firn_batch_destroy(out);
    close_fixture(&f);
}

/* ---- texts ---- */

enum { MANY = 2048 };

/* Numbers of texts of some lengths by several lanes. */
static void put_many(firn_column *column, uint64_t from, uint64_t n_different)
{
    firn_error err;
    char text[64];
    for (int64_t r = 0; r < MANY; r++) {
        const int len = snprintf(text, sizeof text, "text number %d",
                                 (int)((from + (uint64_t)r) % n_different));
        assert_ok(firn_column_copy_bytes(column, (firn_str){text, (size_t)len},
                                         &((firn_view *)column->values)[r], &err),
                  &err);
    }
}

static void test_texts_that_come_again_have_the_same_number(void **state)
{
    (void)state;
    firn_error err;
    firn_sort_texts *texts = NULL;
    firn_batch *rows = NULL;
    uint32_t numbers[3][MANY];
    uint32_t n = 0;
    assert_ok(firn_batch_create(&k_root, MANY, &rows, &err), &err);
    assert_ok(firn_sort_texts_create(&k_root, 3, 1 << 20, 7, NULL, &texts, &err), &err);
    put_many(&rows->columns[1], 0, 100);
    for (size_t lane = 0; lane < 3; lane++)
        assert_ok(firn_sort_texts_add(texts, lane, 1, &rows->columns[1], MANY, numbers[lane], &err),
                  &err);
    assert_ok(firn_sort_texts_finish(texts, &err), &err);
    const firn_view *views = firn_sort_texts_views(texts, 1, &n);
    const uint32_t *firsts = firn_sort_texts_firsts(texts, 1);
    assert_int_equal(n, 300);
    for (size_t r = 0; r < MANY; r++)
        for (size_t lane = 0; lane < 3; lane++) {
            assert_int_equal(numbers[lane][r], numbers[lane][r % 100]);
            assert_int_equal(firsts[numbers[lane][r]], numbers[0][r]);
            assert_true(
                firn_str_equals(firn_view_str(&views[numbers[lane][r]]),
                                firn_view_str((const firn_view *)rows->columns[1].values + r)));
        }
    firn_sort_texts_destroy(texts);
    firn_batch_destroy(rows);
}

/* How many of ten batches' values have numbers. */
static size_t count_numbers(int64_t max_bytes, uint64_t n_different)
{
    firn_error err;
    firn_sort_texts *texts = NULL;
    firn_batch *rows = NULL;
    uint32_t numbers[MANY];
    size_t n = 0;
    assert_ok(firn_batch_create(&k_root, MANY, &rows, &err), &err);
    assert_ok(firn_sort_texts_create(&k_root, 1, max_bytes, 7, NULL, &texts, &err), &err);
    for (uint64_t i = 0; i < 10; i++) {
        firn_batch_reset(rows);
        put_many(&rows->columns[1], i * MANY, n_different);
        assert_ok(firn_sort_texts_add(texts, 0, 1, &rows->columns[1], MANY, numbers, &err), &err);
        for (size_t r = 0; r < MANY; r++) n += numbers[r] != FIRN_NO_CODE;
    }
    firn_sort_texts_destroy(texts);
    firn_batch_destroy(rows);
    return n;
}

static void test_texts_that_are_different_or_too_many_get_no_more_numbers(void **state)
{
    (void)state;
    assert_int_equal(count_numbers(16 << 20, 1000), 10 * MANY);
    assert_int_equal(count_numbers(16 << 20, 1 << 20), 4 * MANY); /* none of them came again */
    assert_int_equal(count_numbers(1440, 1000), 10);              /* bytes with their lengths: 17 */
    assert_int_equal(count_numbers(0, 1000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_come_out_as_they_went_in),
        cmocka_unit_test(test_rows_know_the_numbers_of_their_texts),
        cmocka_unit_test(test_a_full_block_has_no_room),
        cmocka_unit_test(test_numbers_that_fit_take_half_of_their_slots),
        cmocka_unit_test(test_rows_move_between_narrow_and_full_blocks),
        cmocka_unit_test(test_changed_bytes_are_not_read_beyond_their_end),
        cmocka_unit_test(test_what_is_wrong_is_said),
        cmocka_unit_test(test_texts_that_come_again_have_the_same_number),
        cmocka_unit_test(test_texts_that_are_different_or_too_many_get_no_more_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
