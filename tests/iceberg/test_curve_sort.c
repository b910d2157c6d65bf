/* SPDX-License-Identifier: Apache-2.0 */
/* Rows sorted along curves through one to five columns, in memory and through files: places of four
 * and of eight bytes, sorted as numbers and, where they take too many bits, as bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "iceberg/sort/row_sorter.h"
#include "lake_fixture.h"

enum { COLUMNS = 5, ROWS = 6000 };

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_field k_fields[COLUMNS] = {
    {.id = 1, .name = FIRN_STR_INIT("a"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("b"), .type = &k_long},
    {.id = 3, .name = FIRN_STR_INIT("c"), .type = &k_long},
    {.id = 4, .name = FIRN_STR_INIT("d"), .type = &k_long},
    {.id = 5, .name = FIRN_STR_INIT("e"), .type = &k_long},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = COLUMNS}};

static firn_batch *make_rows(void)
{
    firn_error err;
    firn_batch *rows = NULL;
    uint64_t dice = 1;
    assert_ok(firn_batch_create(&k_schema.root, ROWS, &rows, &err), &err);
    for (int64_t r = 0; r < ROWS; r++)
        for (size_t c = 0; c < COLUMNS; c++) {
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            ((int64_t *)rows->columns[c].values)[r] = (int64_t)(dice >> (20 + 8 * c)) - 500;
            if (dice % 31 == 0) firn_column_set_null(&rows->columns[c], r);
        }
    rows->n_rows = ROWS;
    return rows;
}

static firn_row_order *make_order(const firn_batch *rows, firn_curve curve, size_t n,
                                  firn_arena *arena)
{
    firn_error err;
    firn_row_order *order = NULL;
    firn_str names[COLUMNS];
    for (size_t i = 0; i < n; i++) names[i] = k_fields[i].name;
    assert_ok(firn_row_order_by_curve(&k_schema, curve, names, n, arena, &order, &err), &err);
    assert_ok(firn_row_order_sample(order, rows, 1, &err), &err);
    assert_ok(firn_row_order_finish_samples(order, &err), &err);
    return order;
}

static const firn_keys *compared; /* qsort() hands nothing on */

static int compare_rows(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    const int order = firn_str_compare(firn_keys_at(compared, x), firn_keys_at(compared, y));
    return order != 0 ? order : (x > y) - (x < y);
}

static void assert_places(const firn_row_order *order, const firn_batch *rows,
                          const firn_keys *keys, size_t n_columns)
{
    const size_t width = firn_row_order_place_width(order);
    assert_int_equal(width, n_columns <= 2 ? 4 : 8);
    char *places = malloc(ROWS * width);
    assert_non_null(places);
    firn_row_order_places(order, rows, places);
    for (int64_t r = 0; r < ROWS; r++) {
        uint64_t place = 0;
        uint64_t key = 0;
        memcpy(&place, places + (size_t)r * width, width);
        assert_int_equal(firn_keys_at(keys, r).len, sizeof key);
        memcpy(&key, firn_keys_at(keys, r).data, sizeof key);
        assert_true(place == __builtin_bswap64(key));
    }
    free(places);
}

static void assert_sorted(firn_row_sorter *sorter, const firn_batch *rows, const int64_t *want)
{
    firn_error err;
    const firn_batch *batch = NULL;
    firn_status st;
    int64_t n = 0;
    while ((st = firn_row_sorter_next(sorter, &batch, &err)) == FIRN_OK)
        for (int64_t r = 0; r < batch->n_rows; r++, n++)
            for (size_t c = 0; c < COLUMNS; c++) {
                const firn_value got = firn_column_get(&batch->columns[c], r);
                const firn_value expected = firn_column_get(&rows->columns[c], want[n]);
                assert_int_equal(firn_value_compare(&got, &expected), 0);
            }
    assert_int_equal(st, FIRN_DONE);
    assert_int_equal(n, ROWS);
}

static void sort_along(firn_test_lake *lake, const firn_table *table, firn_curve curve, size_t n,
                       int64_t memory_bytes)
{
    firn_error err;
    firn_keys keys;
    int64_t want[ROWS];
    firn_row_sorter *sorter = NULL;
    firn_batch *rows = make_rows();
    const firn_row_order *order = make_order(rows, curve, n, lake->arena);
    firn_keys_init(&keys, NULL, SIZE_MAX);
    assert_ok(firn_row_order_keys(order, rows, lake->arena, &keys, &err), &err);
    assert_places(order, rows, &keys, n);
    for (int64_t r = 0; r < ROWS; r++) want[r] = r;
    compared = &keys;
    qsort(want, ROWS, sizeof *want, compare_rows);
    const firn_row_sorter_opts opts = {
        .schema = &k_schema, .order = order, .memory_bytes = memory_bytes};
    assert_ok(firn_row_sorter_create(lake->env, lake->store, firn_table_metadata_of(table), &opts,
                                     &sorter, &err),
              &err);
    assert_ok(firn_row_sorter_append(sorter, 0, rows, 0, &err), &err);
    assert_ok(firn_row_sorter_finish(sorter, &err), &err);
    assert_true((firn_row_sorter_spilled(sorter) > 0) == (memory_bytes == 1));
    assert_sorted(sorter, rows, want);
    firn_row_sorter_destroy(sorter);
    firn_keys_dispose(&keys);
    firn_batch_destroy(rows);
}

static void test_rows_are_sorted_along_curves_through_any_columns(void **state)
{
    (void)state;
    firn_test_lake lake = {0};
    firn_test_lake_open(&lake, false, NULL);
    firn_table *table = firn_test_table(&lake, "t", false, NULL);
    for (size_t n = 1; n <= COLUMNS; n++) {
        sort_along(&lake, table, FIRN_CURVE_Z, n, 1 << 24);
        sort_along(&lake, table, FIRN_CURVE_Z, n, 1);
        sort_along(&lake, table, FIRN_CURVE_HILBERT, n, 1 << 24);
    }
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_sorted_along_curves_through_any_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
