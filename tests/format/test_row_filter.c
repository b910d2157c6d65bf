/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of whole columns say of each row what the test of its value says, whatever the layout. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/columns/row_filter.h"

#define ROWS   301
#define VALUES 40
#define WORDS  ((ROWS + 63) / 64)
#define ROUNDS 400

static const firn_type k_types[] = {
    {.kind = FIRN_TYPE_BOOLEAN},
    {.kind = FIRN_TYPE_INT},
    {.kind = FIRN_TYPE_LONG},
    {.kind = FIRN_TYPE_FLOAT},
    {.kind = FIRN_TYPE_DOUBLE},
    {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2},
    {.kind = FIRN_TYPE_DECIMAL, .precision = 18, .scale = 2},
    {.kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = 2},
    {.kind = FIRN_TYPE_DATE},
    {.kind = FIRN_TYPE_TIMESTAMPTZ},
    {.kind = FIRN_TYPE_STRING},
    {.kind = FIRN_TYPE_BINARY},
};

/* Few different values, so that tests hit; the ends of each type among them. */
static const char *const k_texts[] = {
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "abcde",
    "abcd\x01",
    "b",
    "\xc3\xa9t\xc3\xa9",
    "twelve bytes",
    "thirteen byte",
    "thirteen bytf",
    "thirteen bytes and more of them",
    "thirteen bytes and less",
};

static firn_value random_value(const firn_type *type, uint64_t r)
{
    static const double reals[] = {-HUGE_VAL, -1.5, -0.0, 0.0, 1.5, 2.5, HUGE_VAL, (double)NAN};
    static const int64_t ends[] = {INT64_MIN, INT64_MAX, INT32_MIN, INT32_MAX};
    firn_value v = {.kind = type->kind, .precision = type->precision, .scale = type->scale};
    const int64_t small = (int64_t)(r / 8 % 12) - 6;
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: v.as.boolean = r & 1; break;
    case FIRN_TYPE_FLOAT: v.as.f32 = (float)reals[r % 8]; break;
    case FIRN_TYPE_DOUBLE: v.as.f64 = reals[r % 8]; break;
    case FIRN_TYPE_DECIMAL: v.as.decimal = small * 100; break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: v.as.i32 = r % 8 ? (int32_t)small : (int32_t)ends[2 + r / 8 % 2]; break;
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_BINARY:
        v.as.bytes = firn_str_of(k_texts[r % (sizeof k_texts / sizeof k_texts[0])]);
        break;
    default: v.as.i64 = r % 8 ? small : ends[r / 8 % 2]; break;
    }
    return v;
}

static void store(firn_column *column, size_t row, const firn_value *v)
{
    const size_t width = firn_column_width(column->type);
    char *to = (char *)column->values + row * width;
    if (v->kind == FIRN_TYPE_STRING || v->kind == FIRN_TYPE_BINARY) {
        const firn_view view = firn_view_of(v->as.bytes.data, (uint32_t)v->as.bytes.len);
        memcpy(to, &view, sizeof view);
    } else if (v->kind == FIRN_TYPE_BOOLEAN) {
        *to = v->as.boolean;
    } else {
        memcpy(to, &v->as, width); /* little-endian */
    }
}

static size_t sort_unique(firn_value *values, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        while (at < kept && firn_filter_compare(&values[at], &values[i]) < 0) at++;
        if (at < kept && firn_filter_compare(&values[at], &values[i]) == 0) continue;
        const firn_value v = values[i];
        memmove(&values[at + 1], &values[at], (kept - at) * sizeof *values);
        values[at] = v;
        kept++;
    }
    return kept;
}

typedef struct fixture {
    firn_field field;
    firn_column column;
    firn_value row[ROWS];
    char values[ROWS * 16];
    uint64_t validity[WORDS];
} fixture;

static const firn_column *column_of(void *ctx, const firn_filter *test)
{
    fixture *f = ctx;
    return test->column == &f->field ? &f->column : NULL;
}

static void fill_column(fixture *f, const firn_type *type, firn_prng *random)
{
    f->field = (firn_field){.id = 1, .name = FIRN_STR_INIT("c"), .type = type};
    f->column = (firn_column){.type = type, .values = f->values, .n_values = ROWS};
    if (firn_prng_next(random) & 1) f->column.validity = f->validity;
    for (size_t i = 0; i < WORDS; i++) f->validity[i] = firn_prng_next(random);
    for (size_t i = 0; i < ROWS; i++) {
        f->row[i] = random_value(type, firn_prng_next(random));
        store(&f->column, i, &f->row[i]);
    }
}

static bool passes(const fixture *f, const firn_filter *test, size_t row)
{
    const bool is_valid = firn_column_is_valid(&f->column, (int64_t)row);
    if (test->op == FIRN_FILTER_IS_NULL) return !is_valid;
    return is_valid && firn_filter_passes(test, &f->row[row]);
}

static void assert_mask(fixture *f, const firn_filter *tests, size_t n, bool is_and)
{
    const firn_filter *parts[3];
    uint64_t mask[WORDS];
    for (size_t i = 0; i < n; i++) parts[i] = &tests[i];
    const firn_filter tree = {
        .op = is_and ? FIRN_FILTER_AND : FIRN_FILTER_OR, .parts = parts, .n_parts = n};
    memset(mask, 0xa5, sizeof mask);
    firn_filter_rows(&tree, column_of, f, ROWS, mask);
    for (size_t row = 0; row < ROWS; row++) {
        bool expected = is_and;
        for (size_t i = 0; i < n; i++) {
            const bool one = passes(f, &tests[i], row);
            expected = is_and ? expected && one : expected || one;
        }
        assert_int_equal(mask[row / 64] >> row % 64 & 1, expected);
    }
    assert_int_equal(mask[WORDS - 1] >> ROWS % 64, 0);
}

static firn_filter random_test(fixture *f, firn_value *values, firn_prng *random)
{
    static const firn_filter_op ops[] = {FIRN_FILTER_RANGE,   FIRN_FILTER_IN,
                                         FIRN_FILTER_NOT_IN,  FIRN_FILTER_RANGE,
                                         FIRN_FILTER_IS_NULL, FIRN_FILTER_NOT_NULL};
    const uint64_t r = firn_prng_next(random);
    firn_filter test = {.op = ops[r % 6], .column = &f->field, .values = values};
    const size_t n = r >> 8 & 1 ? r / 16 % 4 : r / 16 % VALUES;
    for (size_t i = 0; i < n; i++) values[i] = random_value(f->field.type, firn_prng_next(random));
    test.n_values = sort_unique(values, n);
    test.low = (firn_filter_end){r >> 20 & 1, r >> 21 & 1, random_value(f->field.type, r >> 32)};
    test.high = (firn_filter_end){r >> 22 & 1, r >> 23 & 1,
                                  random_value(f->field.type, firn_prng_next(random))};
    return test;
}

static void test_masks_say_what_single_values_say(void **state)
{
    (void)state;
    static fixture f;
    static firn_value values[3][VALUES];
    firn_prng random;
    firn_prng_init(&random, 7);
    for (size_t t = 0; t < sizeof k_types / sizeof k_types[0]; t++)
        for (int round = 0; round < ROUNDS; round++) {
            firn_filter tests[3];
            fill_column(&f, &k_types[t], &random);
            for (size_t i = 0; i < 3; i++) tests[i] = random_test(&f, values[i], &random);
            assert_mask(&f, tests, 1, true);
            assert_mask(&f, tests, 3, round & 1);
        }
}

static void test_equal_text_behind_different_pointers_passes(void **state)
{
    (void)state;
    static fixture f;
    char copy[] = "thirteen bytes and more of them";
    const firn_type type = {.kind = FIRN_TYPE_STRING};
    const firn_value wanted = {.kind = FIRN_TYPE_STRING,
                               .as.bytes = FIRN_STR_INIT("thirteen bytes and more of them")};
    const firn_filter test = {
        .op = FIRN_FILTER_IN, .column = &f.field, .values = &wanted, .n_values = 1};
    uint64_t mask[1];
    f.field = (firn_field){.id = 1, .type = &type};
    f.column = (firn_column){.type = &type, .values = f.values, .n_values = 2};
    const firn_view views[] = {firn_view_of(copy, sizeof copy - 1), firn_view_of(copy, 14)};
    memcpy(f.values, views, sizeof views);
    firn_filter_rows(&test, column_of, &f, 2, mask);
    assert_int_equal(mask[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masks_say_what_single_values_say),
        cmocka_unit_test(test_equal_text_behind_different_pointers_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
