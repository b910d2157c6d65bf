/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of rows: keys that sort as values do, curves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "firn_test.h"
#include "iceberg/sort/order_key.h"
#include "iceberg/sort/row_order.h"

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

/* ---- curves ---- */

/* Every point once, and each step goes to a neighbour. */
static void assert_hilbert(size_t n, unsigned bits)
{
    const uint64_t n_points = (uint64_t)1 << (n * bits);
    uint32_t *points = calloc(n_points * n, sizeof *points);
    uint8_t *seen = calloc(n_points, 1);
    firn_curve_map map;
    firn_curve_map_init(&map, FIRN_CURVE_HILBERT, n, bits);
    for (uint64_t p = 0; p < n_points; p++) {
        uint32_t x[4];
        for (size_t i = 0; i < n; i++)
            x[i] = (uint32_t)(p >> (i * bits)) & (((uint32_t)1 << bits) - 1);
        uint32_t copy[4];
        memcpy(copy, x, sizeof copy);
        const uint64_t at = firn_curve_place(&map, copy);
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

static uint64_t z_place(uint32_t *x, size_t n, unsigned bits)
{
    firn_curve_map map;
    firn_curve_map_init(&map, FIRN_CURVE_Z, n, bits);
    return firn_curve_place(&map, x);
}

static void test_the_z_curve_takes_bits_by_turns(void **state)
{
    (void)state;
    uint32_t x[] = {5, 3};                    /* 101 and 011 */
    assert_int_equal(z_place(x, 2, 3), 0x27); /* 10 01 11 */
    uint32_t one[] = {9};
    assert_int_equal(z_place(one, 1, 16), 9);
    uint32_t all[] = {0xffff, 0xffff, 0xffff, 0xffff};
    assert_true(z_place(all, 4, 16) == UINT64_MAX);
    uint32_t wide[] = {0x8001, 0, 0, 0};
    assert_true(z_place(wide, 4, 16) == ((uint64_t)1 << 63 | 8));
    uint32_t many[64] = {0};
    many[0] = many[63] = 1;
    assert_true(z_place(many, 64, 1) == ((uint64_t)1 << 63 | 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_sort_as_values_do),
        cmocka_unit_test(test_nulls_go_where_they_are_told),
        cmocka_unit_test(test_keys_of_many_rows_are_those_of_each),
        cmocka_unit_test(test_hilberts_curve_visits_neighbours),
        cmocka_unit_test(test_the_z_curve_takes_bits_by_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
