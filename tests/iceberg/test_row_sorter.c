/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of rows: keys that sort as values do, curves, sorting in memory and through files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "iceberg/maintain/key_sort.h"
#include "iceberg/maintain/order_key.h"
#include "iceberg/maintain/row_moves.h"
#include "iceberg/maintain/row_sorter.h"
#include "iceberg/scan/position_deletes.h"
#include "lake_fixture.h"

/* ---- keys ---- */

static void assert_order(const firn_value *a, const firn_value *b, bool is_descending)
{
    firn_buf x;
    firn_buf y;
    firn_buf_init(&x, NULL, 0);
    firn_buf_init(&y, NULL, 0);
    firn_order_key_append(a, is_descending, is_descending, &x);
    firn_order_key_append(b, is_descending, is_descending, &y);
    int want = firn_value_compare(a, b); /* nulls first */
    if (is_descending) want = -want;
    const int got = firn_str_compare(firn_buf_view(&x), firn_buf_view(&y));
    if ((want > 0) - (want < 0) != (got > 0) - (got < 0))
        fail_msg("kind %d: compared %d, keys %d", (int)a->kind, want, got);
    if (!is_descending && a->kind != FIRN_TYPE_DECIMAL) {
        const uint64_t p = firn_order_key_u64(a, 0);
        const uint64_t q = firn_order_key_u64(b, 0);
        if ((want > 0 && p < q) || (want < 0 && p > q)) fail_msg("kind %d: u64", (int)a->kind);
    }
    firn_buf_dispose(&x);
    firn_buf_dispose(&y);
}

#define I(v)                                 \
    {                                        \
        .kind = FIRN_TYPE_INT, .as.i32 = (v) \
    }
#define L(v)                                  \
    {                                         \
        .kind = FIRN_TYPE_LONG, .as.i64 = (v) \
    }
#define D(v)                                    \
    {                                           \
        .kind = FIRN_TYPE_DOUBLE, .as.f64 = (v) \
    }
#define F(v)                                   \
    {                                          \
        .kind = FIRN_TYPE_FLOAT, .as.f32 = (v) \
    }
#define S(v)                                                        \
    {                                                               \
        .kind = FIRN_TYPE_STRING, .as.bytes = {(v), sizeof(v) - 1 } \
    }
#define N(v)                                                          \
    {                                                                 \
        .kind = FIRN_TYPE_DECIMAL, .precision = 38, .as.decimal = (v) \
    }
#define NONE(k)                      \
    {                                \
        .kind = (k), .is_null = true \
    }

static void assert_all_orders(const firn_value *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            assert_order(&values[i], &values[k], false);
            assert_order(&values[i], &values[k], true);
        }
}

static void test_keys_sort_as_values_do(void **state)
{
    (void)state;
    const firn_value ints[] = {NONE(FIRN_TYPE_INT), I(INT32_MIN), I(-1), I(0), I(1), I(INT32_MAX)};
    const firn_value longs[] = {NONE(FIRN_TYPE_LONG), L(INT64_MIN), L(-256), L(0), L(255),
                                L(INT64_MAX)};
    const firn_value doubles[] = {
        NONE(FIRN_TYPE_DOUBLE), D(-1e300), D(-1.5), D(-0.0), D(0.0), D(1e-300), D(1.5), D(1e300)};
    const firn_value floats[] = {
        NONE(FIRN_TYPE_FLOAT), F(-1.5F), F(-0.0F), F(0.0F), F(1e-40F), F(3.0F)};
    const firn_value texts[] = {NONE(FIRN_TYPE_STRING),
                                S(""),
                                S("\0"),
                                S("\0\0"),
                                S("\0\xff"),
                                S("a"),
                                S("a\0"),
                                S("a\0b"),
                                S("ab"),
                                S("b"),
                                S("\xff")};
    const firn_int128 big = (firn_int128)1 << 100;
    const firn_value decimals[] = {
        NONE(FIRN_TYPE_DECIMAL), N(-big), N(-1), N(0), N(1), N(big), N(big + 1)};
    assert_all_orders(ints, sizeof ints / sizeof *ints);
    assert_all_orders(longs, sizeof longs / sizeof *longs);
    assert_all_orders(doubles, sizeof doubles / sizeof *doubles);
    assert_all_orders(floats, sizeof floats / sizeof *floats);
    assert_all_orders(texts, sizeof texts / sizeof *texts);
    assert_all_orders(decimals, sizeof decimals / sizeof *decimals);
}

static void test_nulls_go_where_they_are_told(void **state)
{
    (void)state;
    const firn_value none = NONE(FIRN_TYPE_INT);
    const firn_value one = I(1);
    for (int i = 0; i < 4; i++) {
        firn_buf x;
        firn_buf y;
        const bool is_descending = i & 1;
        const bool nulls_last = (i & 2) != 0;
        firn_buf_init(&x, NULL, 0);
        firn_buf_init(&y, NULL, 0);
        firn_order_key_append(&none, is_descending, nulls_last, &x);
        firn_order_key_append(&one, is_descending, nulls_last, &y);
        const int order = firn_str_compare(firn_buf_view(&x), firn_buf_view(&y));
        assert_true(nulls_last ? order > 0 : order < 0);
        firn_buf_dispose(&x);
        firn_buf_dispose(&y);
    }
}

static void test_long_keys_with_equal_beginnings(void **state)
{
    (void)state;
    firn_keys keys;
    firn_error err;
    int64_t rows[1000];
    firn_keys_init(&keys, NULL, 1 << 20);
    uint32_t dice = 7;
    for (int i = 0; i < 1000; i++) {
        dice = dice * 1103515245 + 12345;
        firn_buf_printf(&keys.bytes, "equal prefix %u", dice >> 16 & 63);
        assert_ok(firn_keys_end(&keys, &err), &err);
    }
    assert_ok(firn_keys_sort(&keys, rows, &err), &err);
    for (int i = 1; i < 1000; i++) {
        const int order =
            firn_str_compare(firn_keys_at(&keys, rows[i - 1]), firn_keys_at(&keys, rows[i]));
        assert_true(order < 0 || (order == 0 && rows[i - 1] < rows[i])); /* stable */
    }
    firn_keys_dispose(&keys);
}

/* ---- curves ---- */

/* Every point once, and each step goes to a neighbour. */
static void assert_hilbert(size_t n, unsigned bits)
{
    const uint64_t n_points = (uint64_t)1 << (n * bits);
    uint32_t *points = calloc(n_points * n, sizeof *points);
    uint8_t *seen = calloc(n_points, 1);
    for (uint64_t p = 0; p < n_points; p++) {
        uint32_t x[4];
        for (size_t i = 0; i < n; i++)
            x[i] = (uint32_t)(p >> (i * bits)) & (((uint32_t)1 << bits) - 1);
        uint32_t copy[4];
        memcpy(copy, x, sizeof copy);
        const uint64_t at = firn_hilbert_index(copy, n, bits);
        assert_true(at < n_points && !seen[at]);
        seen[at] = 1;
        memcpy(points + at * n, x, n * sizeof *x);
    }
    for (uint64_t p = 1; p < n_points; p++) {
        uint32_t distance = 0;
        for (size_t i = 0; i < n; i++) {
            const int64_t step = (int64_t)points[p * n + i] - (int64_t)points[(p - 1) * n + i];
            distance += (uint32_t)(step < 0 ? -step : step);
        }
        assert_int_equal(distance, 1);
    }
    free(points);
    free(seen);
}

/* Keys of a batch at once are those of its rows, one by one. */
static void test_keys_of_many_rows_are_those_of_each(void **state)
{
    static const firn_type_kind k_kinds[] = {FIRN_TYPE_INT,       FIRN_TYPE_LONG,
                                             FIRN_TYPE_DATE,      FIRN_TYPE_DOUBLE,
                                             FIRN_TYPE_TIMESTAMP, FIRN_TYPE_FLOAT};
    enum { N = 6, ROWS = 300 };
    firn_error err;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_arena *scratch = firn_arena_create(NULL, 0);
    firn_type types[N];
    firn_field fields[N];
    uint64_t random = 1;
    (void)state;
    for (int32_t i = 0; i < N; i++) {
        types[i] = (firn_type){.kind = k_kinds[i]};
        fields[i] = (firn_field){.id = i + 1, .name = FIRN_STR("x"), .type = &types[i]};
    }
    const firn_schema schema = {
        .root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = N}};
    firn_batch *batch = NULL;
    assert_ok(firn_batch_create(&schema.root, ROWS, &batch, &err), &err);
    for (int64_t row = 0; row < ROWS; row++)
        for (size_t i = 0; i < N; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            const size_t width = firn_column_width(&types[i]);
            memcpy((char *)batch->columns[i].values + (size_t)row * width, &random, width);
            if (random >> 60 == 0) firn_column_set_null(&batch->columns[i], row);
        }
    batch->n_rows = ROWS;
    for (size_t n = 1; n <= N; n++) { /* the last has a column that goes the long way */
        firn_sort_field sort[N];
        firn_row_order *order = NULL;
        firn_keys keys;
        firn_buf one;
        for (int32_t i = 0; i < N; i++)
            sort[i] = (firn_sort_field){.source_id = i + 1,
                                        .transform = {.kind = FIRN_TRANSFORM_IDENTITY},
                                        .is_descending = (i + (int32_t)n) % 2,
                                        .nulls_last = i % 3 == 0};
        assert_ok(firn_row_order_by_fields(&schema, sort, n, arena, &order, &err), &err);
        firn_keys_init(&keys, NULL, (size_t)1 << 20);
        firn_buf_init(&one, NULL, 0);
        assert_ok(firn_row_order_keys(order, batch, scratch, &keys, &err), &err);
        assert_int_equal(keys.n, ROWS);
        for (int64_t row = 0; row < ROWS; row++) {
            firn_buf_clear(&one);
            assert_ok(firn_row_order_key(order, batch, row, scratch, &one, &err), &err);
            assert_int_equal(firn_str_compare(firn_buf_view(&one), firn_keys_at(&keys, row)), 0);
        }
        firn_buf_dispose(&one);
        firn_keys_dispose(&keys);
    }
    firn_batch_destroy(batch);
    firn_arena_destroy(scratch);
    firn_arena_destroy(arena);
}

static void test_hilberts_curve_visits_neighbours(void **state)
{
    (void)state;
    assert_hilbert(2, 1);
    assert_hilbert(2, 5);
    assert_hilbert(3, 3);
    assert_hilbert(4, 2);
}

static void test_the_z_curve_takes_bits_by_turns(void **state)
{
    (void)state;
    const uint32_t x[] = {5, 3};                   /* 101 and 011 */
    assert_int_equal(firn_z_index(x, 2, 3), 0x27); /* 10 01 11 */
    const uint32_t one[] = {9};
    assert_int_equal(firn_z_index(one, 1, 16), 9);
}

/* ---- sorting ---- */

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("n"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("s"), .type = &k_text},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 2}};

static void append_rows(firn_row_sorter *sorter, int64_t n)
{
    firn_error err;
    firn_batch *batch = NULL;
    assert_ok(firn_batch_create(&k_schema.root, 1000, &batch, &err), &err);
    for (int64_t from = 0; from < n; from += 1000) {
        firn_batch_reset(batch);
        batch->n_rows = n - from < 1000 ? n - from : 1000;
        for (int64_t r = 0; r < batch->n_rows; r++) {
            char text[64];
            const int64_t i = from + r;
            (void)snprintf(text, sizeof text, "row %lld of a text that is not short", (long long)i);
            ((int64_t *)batch->columns[0].values)[r] = i * 7919 % 1009;
            if (i % 13 == 0) firn_column_set_null(&batch->columns[0], r);
            assert_ok(firn_column_copy_bytes(&batch->columns[1], firn_str_of(text),
                                             &((firn_view *)batch->columns[1].values)[r], &err),
                      &err);
        }
        for (int c = 0; c < 2; c++) batch->columns[c].n_values = batch->n_rows;
        assert_ok(firn_row_sorter_append(sorter, batch, &err), &err);
    }
    firn_batch_destroy(batch);
}

/* Rows come out in order, those with equal keys as they went in, each with its own text. */
static void assert_sorted(firn_row_sorter *sorter, int64_t n)
{
    firn_error err;
    const firn_batch *batch = NULL;
    int64_t n_seen = 0;
    int64_t before = INT64_MIN;
    int64_t row_before = -1;
    firn_status st;
    while ((st = firn_row_sorter_next(sorter, &batch, &err)) == FIRN_OK) {
        for (int64_t r = 0; r < batch->n_rows; r++) {
            const firn_value key = firn_column_get(&batch->columns[0], r);
            const firn_value text = firn_column_get(&batch->columns[1], r);
            const int64_t row = strtoll(text.as.bytes.data + 4, NULL, 10);
            const int64_t value = key.is_null ? INT64_MAX : key.as.i64;
            assert_true(key.is_null ? row % 13 == 0 : value == row * 7919 % 1009);
            assert_true(value > before || (value == before && row > row_before));
            before = value;
            row_before = row;
            n_seen++;
        }
    }
    assert_int_equal(st, FIRN_DONE);
    assert_int_equal(n_seen, n);
}

static firn_status count_one(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    (void)entry;
    (void)err;
    (*(int64_t *)ctx)++;
    return FIRN_OK;
}

static int64_t count_objects(firn_test_lake *lake)
{
    firn_error err;
    int64_t n = 0;
    assert_ok(firn_store_list(lake->store, firn_str_of(lake->warehouse), count_one, &n, &err),
              &err);
    return n;
}

static void sort_rows(int64_t n, int64_t memory_bytes, size_t least_runs, size_t most_runs)
{
    firn_test_lake lake = {0};
    firn_error err;
    firn_row_order *order = NULL;
    firn_row_sorter *sorter = NULL;
    const firn_sort_field by_n = {.source_id = 1, .nulls_last = true};
    firn_test_lake_open(&lake, false, NULL);
    firn_table *table = firn_test_table(&lake, "t", false, NULL);
    const int64_t before = count_objects(&lake);
    assert_ok(firn_row_order_by_fields(&k_schema, &by_n, 1, lake.arena, &order, &err), &err);
    const firn_row_sorter_opts opts = {
        .schema = &k_schema, .order = order, .memory_bytes = memory_bytes};
    assert_ok(firn_row_sorter_create(lake.env, lake.store, firn_table_metadata_of(table), &opts,
                                     &sorter, &err),
              &err);
    append_rows(sorter, n);
    assert_sorted(sorter, n);
    assert_true(firn_row_sorter_runs(sorter) >= least_runs &&
                firn_row_sorter_runs(sorter) <= most_runs);
    firn_row_sorter_destroy(sorter);
    assert_int_equal(count_objects(&lake), before); /* nothing is left behind */
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

static void test_rows_are_sorted_in_memory(void **state)
{
    (void)state;
    sort_rows(0, 1 << 24, 0, 0);
    sort_rows(1, 1 << 24, 0, 0);
    sort_rows(20000, 1 << 24, 0, 0);
}

static void test_rows_beyond_the_budget_are_sorted_through_files(void **state)
{
    (void)state;
    sort_rows(30000, 1 << 20, 3, 40);
    sort_rows(3500, 1, 4, 4); /* a batch is held whatever the budget */
}

static void test_an_interrupted_sort_leaves_no_files(void **state)
{
    (void)state;
    firn_test_lake lake = {0};
    firn_error err;
    firn_row_order *order = NULL;
    firn_row_sorter *sorter = NULL;
    const firn_sort_field by_n = {.source_id = 1};
    firn_test_lake_open(&lake, false, NULL);
    firn_table *table = firn_test_table(&lake, "t", false, NULL);
    const int64_t before = count_objects(&lake);
    assert_ok(firn_row_order_by_fields(&k_schema, &by_n, 1, lake.arena, &order, &err), &err);
    const firn_row_sorter_opts opts = {.schema = &k_schema, .order = order, .memory_bytes = 1};
    assert_ok(firn_row_sorter_create(lake.env, lake.store, firn_table_metadata_of(table), &opts,
                                     &sorter, &err),
              &err);
    append_rows(sorter, 3000);
    assert_true(count_objects(&lake) > before);
    firn_row_sorter_destroy(sorter);
    assert_int_equal(count_objects(&lake), before);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

/* ---- moves ---- */

static void test_deleted_rows_are_found_where_they_went(void **state)
{
    (void)state;
    firn_error err;
    firn_row_moves moves = {.arena = firn_arena_create(NULL, 0)};
    firn_bitmap *deleted = NULL;
    firn_bitmap *out[2];
    const int64_t a[] = {0, 1, 2, 5, 6}; /* 3 and 4 were deleted before */
    const int64_t b[] = {10, 11};
    const int64_t ends[] = {4, 7};
    assert_ok(firn_row_moves_add(&moves, 0, a, 5, &err), &err);
    assert_ok(firn_row_moves_add(&moves, 1, b, 2, &err), &err);
    assert_int_equal(moves.n_runs, 3);
    assert_ok(firn_bitmap_in_arena(moves.arena, &deleted, &err), &err);
    for (int i = 0; i < 2; i++) assert_ok(firn_bitmap_in_arena(moves.arena, &out[i], &err), &err);
    const uint64_t positions[] = {1, 3, 6, 10, 99};
    for (int i = 0; i < 5; i++) assert_ok(firn_bitmap_add(deleted, positions[i], &err), &err);
    assert_ok(firn_row_moves_carry(&moves, 0, deleted, ends, out, 2, &err), &err);
    assert_int_equal(firn_bitmap_cardinality(out[0]), 1);
    assert_true(firn_bitmap_contains(out[0], 1));
    assert_int_equal(firn_bitmap_cardinality(out[1]), 1);
    assert_true(firn_bitmap_contains(out[1], 0)); /* 6 became the fifth row */
    assert_ok(firn_row_moves_carry(&moves, 1, deleted, ends, out, 2, &err), &err);
    assert_int_equal(firn_bitmap_cardinality(out[1]), 2);
    assert_true(firn_bitmap_contains(out[1], 1)); /* 10 of the other file */
    firn_arena_destroy(moves.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_sort_as_values_do),
        cmocka_unit_test(test_nulls_go_where_they_are_told),
        cmocka_unit_test(test_long_keys_with_equal_beginnings),
        cmocka_unit_test(test_keys_of_many_rows_are_those_of_each),
        cmocka_unit_test(test_hilberts_curve_visits_neighbours),
        cmocka_unit_test(test_the_z_curve_takes_bits_by_turns),
        cmocka_unit_test(test_rows_are_sorted_in_memory),
        cmocka_unit_test(test_rows_beyond_the_budget_are_sorted_through_files),
        cmocka_unit_test(test_an_interrupted_sort_leaves_no_files),
        cmocka_unit_test(test_deleted_rows_are_found_where_they_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
