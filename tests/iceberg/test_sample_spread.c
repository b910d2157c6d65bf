/* SPDX-License-Identifier: Apache-2.0 */
/* Files that stand for others, and those that do not. */
#include <stdlib.h>

#include "firn_test.h"
#include "iceberg/maintain/rewrite/sample_spread.h"

enum { FILES = 64, ROWS = 500, N = FILES * ROWS };

typedef uint64_t (*value_fn)(uint64_t file, uint64_t row, uint64_t *dice);

static uint64_t draw(uint64_t *dice)
{
    *dice = *dice * 6364136223846793005u + 1442695040888963407u;
    return *dice >> 33;
}

static bool are_spread(value_fn value)
{
    firn_error err;
    uint64_t dice = 1;
    bool out = false;
    uint64_t *values = calloc(N, sizeof *values);
    uint32_t *files = calloc(N, sizeof *files);
    assert_non_null(values);
    assert_non_null(files);
    for (uint32_t i = 0; i < N; i++) {
        files[i] = i / ROWS;
        values[i] = value(i / ROWS, i % ROWS, &dice);
    }
    assert_ok(firn_samples_are_spread(values, files, N, FILES, NULL, &out, &err), &err);
    free(values);
    free(files);
    return out;
}

static uint64_t anything(uint64_t file, uint64_t row, uint64_t *dice)
{
    (void)file;
    (void)row;
    return draw(dice);
}

static uint64_t one_of_three(uint64_t file, uint64_t row, uint64_t *dice)
{
    (void)file;
    (void)row;
    return draw(dice) % 3;
}

static uint64_t always_the_same(uint64_t file, uint64_t row, uint64_t *dice)
{
    (void)file;
    (void)row;
    (void)dice;
    return 7;
}

static uint64_t one_after_another(uint64_t file, uint64_t row, uint64_t *dice)
{
    (void)dice;
    return file * ROWS + row;
}

static uint64_t in_their_own_turn(uint64_t file, uint64_t row, uint64_t *dice)
{
    (void)row;
    return (file * 37 % FILES << 40) + draw(dice);
}

static uint64_t mostly_in_one_place(uint64_t file, uint64_t row, uint64_t *dice)
{
    return row % 10 == 0 ? draw(dice) : file << 25;
}

static uint64_t a_third_each(uint64_t file, uint64_t row, uint64_t *dice)
{
    (void)row;
    return (draw(dice) & 0xffffff) + ((file % 3) << 24);
}

static void test_files_with_values_from_all_over_stand_for_others(void **state)
{
    (void)state;
    assert_true(are_spread(anything));
    assert_true(are_spread(one_of_three));
    assert_true(are_spread(always_the_same));
}

static void test_files_with_ranges_of_their_own_do_not(void **state)
{
    (void)state;
    assert_false(are_spread(one_after_another));
    assert_false(are_spread(in_their_own_turn));
    assert_false(are_spread(mostly_in_one_place));
    assert_false(are_spread(a_third_each));
}

static void test_no_rows_stand_for_nothing(void **state)
{
    (void)state;
    firn_error err;
    bool out = true;
    assert_ok(firn_samples_are_spread(NULL, NULL, 0, FILES, NULL, &out, &err), &err);
    assert_false(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_with_values_from_all_over_stand_for_others),
        cmocka_unit_test(test_files_with_ranges_of_their_own_do_not),
        cmocka_unit_test(test_no_rows_stand_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
