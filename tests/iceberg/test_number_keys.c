/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are numbers: packed ones are ordered as the keys of bytes are, and are cut where these
 * are. */
#include <string.h>

#include "base/str.h"
#include "firn_test.h"
#include "iceberg/sort/key_sort.h"
#include "iceberg/sort/number_cuts.h"

enum { ROWS = 3000, COLUMNS = 4 };

static const firn_type k_types[COLUMNS] = {{.kind = FIRN_TYPE_INT},
                                           {.kind = FIRN_TYPE_LONG},
                                           {.kind = FIRN_TYPE_DOUBLE},
                                           {.kind = FIRN_TYPE_TIMESTAMP}};

static uint64_t draw(uint64_t *dice)
{
    *dice = *dice * 6364136223846793005u + 1442695040888963407u;
    return *dice >> 33 | *dice << 31;
}

/* Rows of numbers of so many bits, as a batch, as slots and as keys of bytes. */
typedef struct rows {
    firn_arena *arena;
    firn_field fields[COLUMNS];
    firn_schema schema;
    firn_sort_field by[COLUMNS];
    size_t n_by;
    firn_row_order *order;
    firn_batch *batch;
    firn_row_layout layout;
    firn_sort_texts *texts;
    firn_packed_batch packed;
    firn_keys keys;
} rows;

static void fill(rows *x, unsigned n_bits, uint64_t *dice)
{
    for (int64_t r = 0; r < ROWS; r++) {
        const int64_t base = n_bits > 62 ? 0 : (int64_t)1000;
        for (size_t c = 0; c < COLUMNS; c++) {
            const int64_t value = (int64_t)(draw(dice) >> (64 - n_bits)) - base;
            const double number = (double)value / 8;
            const int32_t narrow = (int32_t)value;
            void *values = x->batch->columns[c].values;
            if (c == 0) ((int32_t *)values)[r] = narrow;
            if (c == 1 || c == 3) ((int64_t *)values)[r] = value;
            if (c == 2) ((double *)values)[r] = number;
            if (draw(dice) % 50 == 0) firn_column_set_null(&x->batch->columns[c], r);
        }
    }
    x->batch->n_rows = ROWS;
}

static void open_rows(rows *x, unsigned n_bits, uint64_t *dice)
{
    firn_error err;
    *x = (rows){.arena = firn_arena_create(NULL, 0), .n_by = 1 + draw(dice) % 3};
    for (int32_t c = 0; c < COLUMNS; c++)
        x->fields[c] = (firn_field){.id = c + 1, .name = FIRN_STR("x"), .type = &k_types[c]};
    x->schema.root =
        (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = x->fields, .n_fields = COLUMNS};
    for (size_t i = 0; i < x->n_by; i++)
        x->by[i] = (firn_sort_field){.source_id = 1 + (int32_t)(draw(dice) % COLUMNS),
                                     .transform = {.kind = FIRN_TRANSFORM_IDENTITY},
                                     .is_descending = draw(dice) % 2,
                                     .nulls_last = draw(dice) % 2};
    assert_ok(firn_row_order_by_fields(&x->schema, x->by, x->n_by, x->arena, &x->order, &err),
              &err);
    assert_ok(firn_batch_create(&x->schema.root, ROWS, &x->batch, &err), &err);
    fill(x, n_bits, dice);
    assert_ok(firn_row_layout_init(&x->layout, &x->schema.root, 0, x->arena, &err), &err);
    assert_ok(firn_sort_texts_create(&x->schema.root, 1, 0, 1, NULL, &x->texts, &err), &err);
    assert_ok(firn_packed_batch_init(&x->packed, &x->layout, NULL, x->arena, &err), &err);
    assert_ok(firn_packed_batch_put(&x->packed, &x->layout, x->batch, NULL, x->texts, 0, &err),
              &err);
    firn_keys_init(&x->keys, NULL, SIZE_MAX);
    assert_ok(firn_row_order_keys(x->order, x->batch, x->arena, &x->keys, &err), &err);
}

static void close_rows(rows *x)
{
    firn_keys_dispose(&x->keys);
    firn_packed_batch_dispose(&x->packed);
    firn_sort_texts_destroy(x->texts);
    firn_batch_destroy(x->batch);
    firn_arena_destroy(x->arena);
}

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

static void assert_same_order(const rows *x, const uint64_t *packed)
{
    for (int64_t r = 1; r < ROWS; r++) {
        const int64_t other = r * 7919 % ROWS;
        const int want =
            sign(firn_str_compare(firn_keys_at(&x->keys, r), firn_keys_at(&x->keys, other)));
        assert_int_equal((packed[r] > packed[other]) - (packed[r] < packed[other]), want);
    }
}

static void test_packed_keys_are_ordered_as_bytes_are(void **state)
{
    (void)state;
    uint64_t dice = 3;
    for (int i = 0; i < 60; i++) {
        rows x;
        firn_number_keys keys;
        uint64_t packed[ROWS];
        open_rows(&x, 4 + (unsigned)i % 14, &dice);
        assert_true(firn_number_keys_init(&keys, x.order));
        firn_number_keys_see(&keys, &x.packed.columns, 0, ROWS);
        if (firn_number_keys_finish(&keys, 64)) {
            firn_number_keys_pack(&keys, &x.packed.columns, 0, ROWS, packed);
            assert_same_order(&x, packed);
        } else {
            assert_true(x.n_by > 1); /* doubles have many bits that differ */
        }
        close_rows(&x);
    }
}

static void test_keys_have_the_bytes_that_orders_give_them(void **state)
{
    (void)state;
    uint64_t dice = 5;
    for (int i = 0; i < 12; i++) {
        rows x;
        firn_number_keys keys;
        firn_number_keys seen;
        char bytes[FIRN_NUMBER_KEY_BYTES];
        open_rows(&x, 5 * (unsigned)i + 4, &dice);
        assert_true(firn_number_keys_init(&keys, x.order));
        assert_true(firn_number_keys_init(&seen, x.order));
        firn_number_keys_see(&keys, &x.packed.columns, 0, ROWS);
        for (uint32_t r = 0; r < ROWS; r++) {
            const size_t n = firn_number_keys_bytes(&keys, &x.packed.columns, r, bytes);
            assert_true(firn_str_equals((firn_str){bytes, n}, firn_keys_at(&x.keys, r)));
            assert_true(firn_number_keys_see_bytes(&seen, (firn_str){bytes, n}));
            assert_false(firn_number_keys_see_bytes(&seen, (firn_str){bytes, n - 1}));
        }
        for (size_t k = 0; k < x.n_by; k++) {
            assert_true(seen.numbers[k].least == keys.numbers[k].least);
            assert_true(seen.numbers[k].greatest == keys.numbers[k].greatest);
        }
        close_rows(&x);
    }
}

/* Cuts are made of few rows: most of the others lie beyond them or between. */
static void assert_cuts(const rows *x, size_t n_samples, size_t n_parts, bool *are_used)
{
    firn_error err;
    firn_key_samples samples;
    firn_sort_cuts cuts;
    firn_number_cuts numbers;
    uint64_t packed[ROWS];
    uint32_t parts[ROWS];
    firn_key_samples_init(&samples, NULL, ROWS);
    for (size_t i = 0; i < n_samples; i++) {
        const int64_t r = (int64_t)(i * 31 % ROWS);
        assert_ok(firn_key_samples_add(&samples, firn_keys_at(&x->keys, r), (uint64_t)r, &err),
                  &err);
    }
    assert_ok(firn_sort_cuts_make(&cuts, &samples, n_parts, x->arena, &err), &err);
    assert_ok(firn_number_cuts_make(&numbers, &cuts, x->order, NULL, &err), &err);
    *are_used = numbers.cuts != NULL;
    if (*are_used) {
        firn_number_keys_pack(&numbers.keys, &x->packed.columns, 0, ROWS, packed);
        firn_number_cuts_find(&numbers, packed, ROWS, 0, parts);
        for (uint32_t r = 0; r < ROWS; r++)
            assert_int_equal(parts[r], firn_sort_cuts_find(&cuts, firn_keys_at(&x->keys, r), r));
    }
    firn_number_cuts_dispose(&numbers, NULL);
    firn_key_samples_dispose(&samples);
}

static void test_rows_are_cut_where_their_bytes_are(void **state)
{
    (void)state;
    uint64_t dice = 7;
    size_t n_used = 0;
    for (int i = 0; i < 60; i++) {
        rows x;
        bool are_used = false;
        open_rows(&x, 2 + (unsigned)i, &dice);
        assert_cuts(&x, 40, 1 + (size_t)i % 40, &are_used);
        n_used += are_used;
        assert_cuts(&x, 1000, 300, &are_used);
        n_used += are_used;
        close_rows(&x);
    }
    assert_in_range(n_used, 60, 119);
}

static void test_numbers_of_all_bits_do_not_fit(void **state)
{
    (void)state;
    static const firn_sort_field k_by = {.source_id = 2};
    uint64_t dice = 1;
    rows x;
    firn_error err;
    firn_number_keys keys;
    open_rows(&x, 20, &dice);
    ((int64_t *)x.batch->columns[1].values)[0] = INT64_MIN;
    ((int64_t *)x.batch->columns[1].values)[1] = INT64_MAX;
    x.batch->columns[1].validity[0] |= 3;
    assert_ok(firn_row_order_by_fields(&x.schema, &k_by, 1, x.arena, &x.order, &err), &err);
    assert_true(firn_number_keys_init(&keys, x.order));
    firn_number_keys_see(&keys, &x.packed.columns, 0, ROWS);
    assert_false(firn_number_keys_finish(&keys, 64));
    close_rows(&x);
}

static void test_numbers_are_sorted_by_some_bits_and_keep_their_turn(void **state)
{
    (void)state;
    uint64_t dice = 9;
    uint64_t numbers[ROWS];
    uint64_t spare[ROWS];
    for (unsigned n_bits = 0; n_bits <= 52; n_bits++) {
        for (uint64_t i = 0; i < ROWS; i++)
            numbers[i] = (draw(&dice) & (((uint64_t)1 << n_bits) - 1)) << 12 | i;
        firn_number_sort(numbers, spare, ROWS, 12, n_bits);
        for (size_t i = 1; i < ROWS; i++) assert_true(numbers[i - 1] < numbers[i]);
    }
    firn_number_sort(numbers, spare, 0, 12, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed_keys_are_ordered_as_bytes_are),
        cmocka_unit_test(test_keys_have_the_bytes_that_orders_give_them),
        cmocka_unit_test(test_rows_are_cut_where_their_bytes_are),
        cmocka_unit_test(test_numbers_of_all_bits_do_not_fit),
        cmocka_unit_test(test_numbers_are_sorted_by_some_bits_and_keep_their_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
