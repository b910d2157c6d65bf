/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of keys against a plain list of the same numbers. */
#include "firn_test.h"

#include <stdlib.h>

#include "base/random.h"
#include "format/columns/row_filter.h"

#define MOST     2000
#define N_ASKED  3000
#define ROUNDS   60
#define NO_LIMIT ((size_t)1 << 30)

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static firn_column column_of(const firn_type *type, void *values)
{
    return (firn_column){.type = type, .values = values};
}

static firn_key_set *make(firn_arena *arena, int64_t *numbers, size_t n)
{
    firn_error err;
    firn_key_set *set = NULL;
    qsort(numbers, n, sizeof *numbers, by_number);
    const firn_column column = column_of(&k_long, numbers);
    assert_ok(
        firn_key_set_create(arena, numbers[0], numbers[n - 1], (int64_t)n, NO_LIMIT, &set, &err),
        &err);
    if (set) assert_ok(firn_key_set_add(set, &column, (int64_t)n, &err), &err);
    return set;
}

static bool is_between(const int64_t *numbers, size_t n, int64_t low, int64_t high)
{
    for (size_t i = 0; i < n; i++)
        if (numbers[i] >= low && numbers[i] <= high) return true;
    return false;
}

typedef struct asked {
    firn_prng prng;
    int64_t numbers[MOST];
    size_t n;
    size_t n_wrong; /* numbers that are not there and may be */
} asked;

static int64_t any_number(asked *a, int64_t base, uint64_t width)
{
    return (int64_t)((uint64_t)base + firn_prng_next(&a->prng) % width);
}

static void ask(asked *a, const firn_key_set *set, int64_t base, uint64_t width)
{
    for (int i = 0; i < N_ASKED; i++) {
        const int64_t x = any_number(a, base - 70, width + 140);
        const int64_t y = any_number(a, base - 70, width + 140);
        const int64_t low = x < y ? x : y, high = x < y ? y : x;
        assert_int_equal(firn_key_set_has_between(set, low, high),
                         is_between(a->numbers, a->n, low, high));
        const bool is_there = is_between(a->numbers, a->n, x, x);
        assert_true(firn_key_set_may_have(set, x) || !is_there);
        a->n_wrong += !is_there && firn_key_set_may_have(set, x);
    }
    assert_true(firn_key_set_has_between(set, INT64_MIN, INT64_MAX));
}

static void test_rows(asked *a, const firn_key_set *set, int64_t base, uint64_t width)
{
    int64_t longs[777];
    int32_t ints[777];
    uint64_t mask[13], narrow[13];
    const firn_column wide_column = column_of(&k_long, longs), column = column_of(&k_int, ints);
    for (size_t i = 0; i < 777; i++) longs[i] = any_number(a, base, width);
    for (size_t i = 0; i < 777; i++) ints[i] = (int32_t)longs[i];
    firn_key_set_test(set, &wide_column, 777, mask);
    firn_key_set_test(set, &column, 777, narrow);
    for (size_t i = 0; i < 777; i++) {
        assert_int_equal(mask[i / 64] >> i % 64 & 1, firn_key_set_may_have(set, longs[i]));
        assert_int_equal(narrow[i / 64] >> i % 64 & 1, firn_key_set_may_have(set, ints[i]));
    }
}

static void test_a_set_has_what_was_added(void **state)
{
    asked a = {.n = 0};
    size_t n_sorted = 0, n_bits = 0, n_asked = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        firn_arena *arena = firn_arena_create(NULL, 0);
        firn_prng_init(&a.prng, seed);
        a.n = 2 + (size_t)(firn_prng_next(&a.prng) % (MOST - 2));
        const uint64_t width = a.n * (3 + firn_prng_next(&a.prng) % 200);
        const int64_t base = (int64_t)(firn_prng_next(&a.prng) % 4000000) - 2000000;
        for (size_t i = 0; i < a.n; i++) a.numbers[i] = any_number(&a, base, width);
        const firn_key_set *set = make(arena, a.numbers, a.n);
        if (set) {
            ask(&a, set, base, width);
            test_rows(&a, set, base, width);
            n_asked += N_ASKED;
            *(firn_key_set_is_sorted(set) ? &n_sorted : &n_bits) += 1;
        }
        firn_arena_destroy(arena);
    }
    assert_true(n_sorted > 10 && n_bits > 10);
    assert_true(a.n_wrong < n_asked / 20);
}

static void test_ends_of_the_numbers_are_numbers(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    int64_t numbers[] = {INT64_MIN, -1, 0, INT64_MAX};
    const firn_key_set *set = make(arena, numbers, 4);
    (void)state;
    assert_non_null(set);
    for (size_t i = 0; i < 4; i++) assert_true(firn_key_set_may_have(set, numbers[i]));
    assert_true(firn_key_set_has_between(set, INT64_MIN, INT64_MIN));
    assert_true(firn_key_set_has_between(set, INT64_MAX, INT64_MAX));
    assert_false(firn_key_set_has_between(set, 1, INT64_MAX - 1));
    assert_false(firn_key_set_has_between(set, INT64_MIN + 1, -2));
    firn_arena_destroy(arena);
}

static void test_sets_that_do_not_pay_are_not_made(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_error err;
    firn_key_set *set = NULL;
    (void)state;
    assert_ok(firn_key_set_create(arena, 1, 1000, 900, NO_LIMIT, &set, &err), &err); /* dense */
    assert_null(set);
    assert_ok(firn_key_set_create(arena, 1, 1000000, 100000, 1000, &set, &err), &err);
    assert_null(set);
    assert_ok(firn_key_set_create(arena, 1, INT64_MAX, 100000, 1000000, &set, &err), &err);
    assert_null(set);
    assert_ok(firn_key_set_create(arena, 1, INT64_MAX, INT64_MAX, NO_LIMIT, &set, &err), &err);
    assert_null(set);
    firn_arena_destroy(arena);
}

static void test_numbers_without_room_are_refused(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_error err;
    firn_key_set *set = NULL;
    int64_t numbers[] = {10, 20, 9};
    const firn_column column = column_of(&k_long, numbers);
    (void)state;
    assert_ok(firn_key_set_create(arena, 10, 40, 3, NO_LIMIT, &set, &err), &err);
    assert_int_equal(firn_key_set_add(set, &column, 3, &err), FIRN_ERR_INTERNAL);
    assert_string_equal(err.message, "key 2 of 3: out of order or of range");
    firn_arena_destroy(arena);
}

static void test_filters_ask_bounds_and_values(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    int64_t numbers[] = {10, 1000, 100000};
    const firn_field field = {.id = 1, .name = FIRN_STR("k"), .type = &k_int};
    const firn_filter test = {
        .op = FIRN_FILTER_KEYS, .column = &field, .keys = make(arena, numbers, 3)};
    firn_filter_bounds bounds = firn_filter_bounds_unknown(&k_int);
    (void)state;
    assert_true(firn_filter_may_pass(&test, &bounds));
    bounds.has_min = bounds.has_max = true;
    bounds.min = (firn_value){.kind = FIRN_TYPE_INT, .as.i32 = 11};
    bounds.max = (firn_value){.kind = FIRN_TYPE_INT, .as.i32 = 999};
    assert_false(firn_filter_may_pass(&test, &bounds));
    bounds.has_max = false;
    assert_true(firn_filter_may_pass(&test, &bounds));
    bounds.has_value = false;
    assert_false(firn_filter_may_pass(&test, &bounds));
    const firn_value there = {.kind = FIRN_TYPE_INT, .as.i32 = 1000};
    assert_true(firn_filter_passes(&test, &there));
    firn_arena_destroy(arena);
}

/* ---- of runs ---- */

/* Many times the same numbers in two runs, in no order: as those of a list that has each once. */
static void check_runs(asked *a, firn_arena *arena, uint64_t width, bool *is_sorted)
{
    int64_t runs[2][MOST];
    firn_error err;
    firn_key_set *set = NULL;
    const int64_t base = any_number(a, -1000000, 2000000);
    int64_t low = INT64_MAX;
    int64_t high = INT64_MIN;
    a->n = 0;
    for (size_t i = 0; i < 2 * (size_t)MOST / 4; i++) {
        const int64_t number = any_number(a, base, width);
        runs[i % 2][i / 2] = number;
        if (!is_between(a->numbers, a->n, number, number)) a->numbers[a->n++] = number;
        low = number < low ? number : low;
        high = number > high ? number : high;
    }
    const firn_key_run both[] = {{runs[0], MOST / 4}, {runs[1], MOST / 4}};
    assert_ok(firn_key_set_of_runs(arena, both, 2, low, high, NO_LIMIT, &set, &err), &err);
    if (!set) {
        assert_true((uint64_t)high - (uint64_t)low < 2 * a->n);
        return;
    }
    *is_sorted = firn_key_set_is_sorted(set);
    assert_int_equal(firn_key_set_count(set), a->n);
    for (size_t i = 0; i < a->n; i++) assert_true(firn_key_set_may_have(set, a->numbers[i]));
    for (int i = 0; i < 200; i++) {
        const int64_t from = any_number(a, base, width);
        const int64_t to = from + (int64_t)(firn_prng_next(&a->prng) % (width / 50 + 1));
        assert_int_equal(firn_key_set_has_between(set, from, to),
                         is_between(a->numbers, a->n, from, to));
    }
}

static void test_runs_make_the_set_of_their_numbers(void **state)
{
    static asked a;
    size_t n_sorted = 0;
    (void)state;
    firn_prng_init(&a.prng, 11);
    for (int round = 0; round < 24; round++) {
        firn_arena *arena = firn_arena_create(NULL, 0);
        bool is_sorted = false;
        check_runs(&a, arena, UINT64_C(400) << round, &is_sorted);
        n_sorted += is_sorted;
        firn_arena_destroy(arena);
    }
    assert_true(n_sorted > 5 && n_sorted < 20);
}

static void test_runs_out_of_range_or_without_room_make_none(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_error err;
    firn_key_set *set = NULL;
    const int64_t numbers[] = {1, 700, 1400, 5};
    const firn_key_run run = {numbers, 4};
    (void)state;
    assert_ok(firn_key_set_of_runs(arena, &run, 1, 1, 1400, 20, &set, &err), &err);
    assert_null(set);
    assert_ok(firn_key_set_of_runs(arena, &run, 0, 1, 1400, NO_LIMIT, &set, &err), &err);
    assert_null(set);
    assert_int_equal(firn_key_set_of_runs(arena, &run, 1, 1, 200, NO_LIMIT, &set, &err),
                     FIRN_ERR_INTERNAL);
    assert_string_equal(err.message, "key out of range, row 1 of run 0");
    firn_arena_destroy(arena);
}

static void test_chosen_values_are_copied(void **state)
{
    const int32_t values[] = {7, 7, 8, 9, 9, 9, 7, 1};
    const uint64_t validity = 0xdf;
    const uint64_t mask = 0x7f;
    int64_t out[8];
    firn_column column = {.type = &k_int, .values = (void *)(uintptr_t)values};
    (void)state;
    assert_int_equal(firn_key_copy(&column, 8, &mask, out), 4);
    assert_true(out[0] == 7 && out[1] == 8 && out[2] == 9 && out[3] == 7);
    column.validity = (uint64_t *)(uintptr_t)&validity;
    const uint64_t few = 0x64; /* rows 2, 5 (null) and 6 */
    assert_int_equal(firn_key_copy(&column, 8, &few, out), 2);
    assert_true(out[0] == 8 && out[1] == 7);
    for (int64_t k = -3; k < 4; k++) {
        const firn_value value = firn_value_of_key(&k_int, k);
        assert_int_equal(firn_key_of(&value), k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_set_has_what_was_added),
        cmocka_unit_test(test_ends_of_the_numbers_are_numbers),
        cmocka_unit_test(test_sets_that_do_not_pay_are_not_made),
        cmocka_unit_test(test_numbers_without_room_are_refused),
        cmocka_unit_test(test_filters_ask_bounds_and_values),
        cmocka_unit_test(test_runs_make_the_set_of_their_numbers),
        cmocka_unit_test(test_runs_out_of_range_or_without_room_make_none),
        cmocka_unit_test(test_chosen_values_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
