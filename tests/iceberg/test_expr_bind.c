/* SPDX-License-Identifier: Apache-2.0 */
/* Binding of filters: columns, literal conversion, negation, and the text of the result. */
#include <math.h>
#include <string.h>

#include "filter_parser.h"
#include "firn_test.h"
#include "iceberg/expr/expr.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_float = {.kind = FIRN_TYPE_FLOAT};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_money = {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const firn_type k_ts = {.kind = FIRN_TYPE_TIMESTAMP};
static const firn_type k_tz = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_type k_ns = {.kind = FIRN_TYPE_TIMESTAMP_NS};
static const firn_type k_boolean = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_field k_inner[] = {
    {.id = 21, .name = FIRN_STR_INIT("lat"), .type = &k_double, .is_required = true}};
static const firn_type k_struct = {.kind = FIRN_TYPE_STRUCT, .fields = k_inner, .n_fields = 1};
static const firn_field k_element[] = {
    {.id = 31, .name = FIRN_STR_INIT("element"), .type = &k_string}};
static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = k_element, .n_fields = 1};
static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("i"), .type = &k_int},
    {.id = 2, .name = FIRN_STR_INIT("l"), .type = &k_long},
    {.id = 3, .name = FIRN_STR_INIT("f"), .type = &k_float},
    {.id = 4, .name = FIRN_STR_INIT("d"), .type = &k_double},
    {.id = 5, .name = FIRN_STR_INIT("m"), .type = &k_money},
    {.id = 6, .name = FIRN_STR_INIT("s"), .type = &k_string},
    {.id = 7, .name = FIRN_STR_INIT("dt"), .type = &k_date},
    {.id = 8, .name = FIRN_STR_INIT("ts"), .type = &k_ts},
    {.id = 9, .name = FIRN_STR_INIT("tz"), .type = &k_tz},
    {.id = 10, .name = FIRN_STR_INIT("ns"), .type = &k_ns},
    {.id = 11, .name = FIRN_STR_INIT("b"), .type = &k_boolean},
    {.id = 12, .name = FIRN_STR_INIT("req"), .type = &k_int, .is_required = true},
    {.id = 20, .name = FIRN_STR_INIT("loc"), .type = &k_struct},
    {.id = 30, .name = FIRN_STR_INIT("tags"), .type = &k_list},
};
static const firn_schema k_schema = {.schema_id = 3,
                                     .root = {.kind = FIRN_TYPE_STRUCT,
                                              .fields = k_fields,
                                              .n_fields = sizeof k_fields / sizeof k_fields[0]}};

typedef struct bind_case {
    const char *filter;
    const char *bound;
} bind_case;

static const bind_case k_cases[] = {
    {"i = 5", "i = 5"},
    {"I = 5", "I = 5"},
    {"i < 1.5", "i <= 1"},
    {"i >= 1.5", "i > 1"},
    {"i >= -1.5", "i > -2"},
    {"i = 1.5", "false"},
    {"i <> 1.5", "i not in ()"},
    {"i = 1.00", "i = 1"},
    {"i < 3000000000", "i is not null"},
    {"i >= 3000000000", "false"},
    {"i <> 3000000000", "i not in ()"},
    {"i > -3000000000", "i is not null"},
    {"i <= -3000000000", "false"},
    {"req < 3000000000", "true"},
    {"req <> 3000000000", "true"},
    {"req is null", "false"},
    {"req is not null", "true"},
    {"i <= 2147483647.5", "i is not null"},
    {"i < 1e300", "i is not null"},
    {"i < 2.5e0", "i <= 2"},
    {"l = 9223372036854775807", "l = 9223372036854775807"},
    {"l > 2e19", "false"},
    {"l > 9007199254740991e0", "l > 9007199254740991"},
    {"m < 9999999.99e0", "m < 9999999.99"},
    {"i in (3, 1, 2, 1, 9999999999)", "i in (1, 2, 3)"},
    {"i in (7)", "i = 7"},
    {"i in (9999999999)", "false"},
    {"i not in (9999999999)", "i not in ()"},
    {"i in (1, null)", "i = 1"},
    {"i not in (1, null)", "false"},
    {"i = null", "false"},
    {"i = '12'", "i = 12"},
    {"not (i = 5 and l < 3)", "(i <> 5 or l >= 3)"},
    {"not (i > 5 or not (s like 'a%'))", "(i <= 5 and s starts with 'a')"},
    {"not i is null", "i is not null"},
    {"not (i in (1, 2))", "i not in (1, 2)"},
    {"s starts with ''", "s is not null"},
    {"s = 'it''s'", "s = 'it''s'"},
    {"m > 1.5", "m > 1.50"},
    {"m = 1.005", "false"},
    {"m < 1.005", "m <= 1.00"},
    {"m >= -1.005", "m > -1.01"},
    {"m < 10000000", "m is not null"},
    {"m <= 9999999.99", "m <= 9999999.99"},
    {"m < 40000000000000000000000000000000000000", "m is not null"},
    {"m < -40000000000000000000000000000000000000", "false"},
    {"m > 0.1e0", "m > 0.10"},
    {"m = 25e-2", "m = 0.25"},
    {"d > 1", "d > 1.0"},
    {"d = nan", "d is nan"},
    {"d <> nan", "d is not nan"},
    {"d > nan", "false"},
    {"d >= nan", "d is nan"},
    {"d <= nan", "d is not null"},
    {"d < nan", "(d is not null and d is not nan)"},
    {"d in (1, nan)", "(d = 1.0 or d is nan)"},
    {"f <> nan", "f is not nan"},
    {"f = 0.1e0", "false"},
    {"f = 0.5e0", "f = 0.5"},
    {"f > 1e300", "f > 3.4028235E38"},
    {"dt = date '2020-02-29'", "dt = '2020-02-29'"},
    {"dt = '2020-02-29'", "dt = '2020-02-29'"},
    {"dt < timestamp '2020-02-29 12:00:00'", "dt <= '2020-02-29'"},
    {"dt < timestamp '2020-02-29 00:00:00'", "dt < '2020-02-29'"},
    {"dt = timestamp '2020-02-29 12:00:00'", "false"},
    {"ts >= date '2020-02-29'", "ts >= '2020-02-29T00:00'"},
    {"b = true", "b = true"},
    {"loc.lat > 1.5", "loc.lat > 1.5"},
    {"loc is null", "loc is null"},
    {"tags is not null", "tags is not null"},
    {"i = 1 and true", "i = 1"},
    {"i = 1 or true", "true"},
    {NULL, NULL},
};

static void test_filters_bind_to_what_they_mean(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    for (size_t i = 0; k_cases[i].bound; i++) {
        const firn_expr *bound = NULL;
        const firn_expr *again = NULL;
        firn_str text = {0};
        const firn_expr *filter = firn_test_filter(arena, k_cases[i].filter);
        assert_ok(firn_expr_bind(filter, &k_schema, arena, &bound, &err), &err);
        assert_ok(firn_expr_format(bound, arena, &text, &err), &err);
        assert_str(text, k_cases[i].bound);
        assert_ok(firn_expr_bind(bound, &k_schema, arena, &again, &err), &err);
        assert_ok(firn_expr_format(again, arena, &text, &err), &err);
        assert_str(text, k_cases[i].bound);
    }
    firn_arena_destroy(arena);
}

static const struct {
    const char *filter;
    const char *message;
} k_bad[] = {
    {"nope = 1", "no column \"nope\" in schema 3"},
    {"tags.element = 'x'", "cannot filter on \"tags.element\": it is inside a list or map"},
    {"i = 'abc'", "column \"i\""},
    {"s = 5", "column \"s\": cannot compare string with a long literal"},
    {"b = 5", "column \"b\": cannot compare boolean with a long literal"},
    {"b > 1", "column \"b\": cannot compare boolean with a long literal"},
    {"loc = 1", "column \"loc\": cannot compare struct with a long literal"},
    {"ts > timestamp '2020-01-01T00:00:00Z'",
     "column \"ts\": cannot compare timestamp with a timestamptz literal"},
    {"i is nan", "column \"i\": cannot test column \"i\" of type int for nan"},
    {"i starts with 'a'", "column \"i\": starts with needs strings, \"i\" is int"},
    {"dt > 'yesterday'", "column \"dt\""},
    {"l < 1e16", "column \"l\": cannot compare long with a double literal"},
    {"l = 9223372036854775808e0", "column \"l\": cannot compare long with a double literal"},
};

static void test_filters_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    for (size_t i = 0; i < sizeof k_bad / sizeof k_bad[0]; i++) {
        const firn_expr *bound = NULL;
        const firn_expr *filter = firn_test_filter(arena, k_bad[i].filter);
        assert_fails(firn_expr_bind(filter, &k_schema, arena, &bound, &err), FIRN_ERR_ARG, &err,
                     k_bad[i].message);
        assert_null(bound);
    }
    firn_arena_destroy(arena);
}

static const firn_expr *bind(firn_arena *arena, const char *text)
{
    firn_error err = {0};
    const firn_expr *bound = NULL;
    assert_ok(firn_expr_bind(firn_test_filter(arena, text), &k_schema, arena, &bound, &err), &err);
    return bound;
}

static void test_times_change_unit_without_rounding(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_expr *e = bind(arena, "ns >= timestamp '1970-01-01 00:00:01.5'");
    assert_int_equal(e->values[0].kind, FIRN_TYPE_TIMESTAMP_NS);
    assert_int_equal(e->values[0].as.i64, 1500000000);
    e = bind(arena, "tz < timestamp '1970-01-01 00:00:00.000007'");
    assert_int_equal(e->values[0].kind, FIRN_TYPE_TIMESTAMPTZ);
    assert_int_equal(e->values[0].as.i64, 7);
    assert_int_equal(bind(arena, "ns < timestamp '9999-01-01 00:00:00'")->op, FIRN_EXPR_NOT_NULL);
    firn_arena_destroy(arena);
}

static void test_a_double_between_two_floats_keeps_its_side(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_expr *e = bind(arena, "f < 0.7e0"); /* the nearest float lies below 0.7 */
    assert_int_equal(e->op, FIRN_EXPR_LTEQ);
    assert_true((double)e->values[0].as.f32 < 0.7);
    assert_true((double)nextafterf(e->values[0].as.f32, INFINITY) > 0.7);
    e = bind(arena, "f < -1e300");
    assert_int_equal(e->op, FIRN_EXPR_LTEQ);
    assert_true(isinf(e->values[0].as.f32) && e->values[0].as.f32 < 0);
    firn_arena_destroy(arena);
}

static void test_long_chains_come_out_shallow(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_expr *chain = firn_expr_false();
    for (int32_t i = 0; i < 20000; i++) {
        const firn_value v = {.kind = FIRN_TYPE_INT, .as.i32 = i};
        chain = firn_expr_or(arena, chain,
                             firn_expr_predicate(arena, FIRN_EXPR_LT, FIRN_STR("i"), &v, 1));
    }
    const firn_expr *bound = NULL;
    assert_ok(firn_expr_bind(chain, &k_schema, arena, &bound, &err), &err);
    int depth = 0;
    for (const firn_expr *e = bound; e->op == FIRN_EXPR_OR; e = e->left) depth++;
    assert_int_equal(depth, 15);
    const firn_expr *first = bound;
    while (first->op == FIRN_EXPR_OR) first = first->left;
    assert_int_equal(first->values[0].as.i32, 0);
    firn_arena_destroy(arena);
}

static void test_parts_are_joined_in_order(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_expr *parts[5];
    firn_str text = {0};
    assert_int_equal(firn_expr_join(arena, true, parts, 0)->op, FIRN_EXPR_TRUE);
    assert_int_equal(firn_expr_join(arena, false, parts, 0)->op, FIRN_EXPR_FALSE);
    for (int32_t i = 0; i < 5; i++) {
        const firn_value v = {.kind = FIRN_TYPE_INT, .as.i32 = i};
        parts[i] = firn_expr_predicate(arena, FIRN_EXPR_EQ, FIRN_STR("i"), &v, 1);
    }
    assert_ptr_equal(firn_expr_join(arena, true, parts, 1), parts[0]);
    assert_ok(firn_expr_format(firn_expr_join(arena, false, parts, 5), arena, &text, &err), &err);
    assert_str(text, "(((i = 0 or i = 1) or (i = 2 or i = 3)) or i = 4)");
    firn_arena_destroy(arena);
}

static void test_deep_alternation_hits_the_limit(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_expr *bound = NULL;
    const firn_expr *leaf = firn_expr_predicate(arena, FIRN_EXPR_IS_NULL, FIRN_STR("i"), NULL, 0);
    const firn_expr *e = leaf;
    for (int i = 0; i < 64; i++)
        e = i % 2 ? firn_expr_or(arena, leaf, e) : firn_expr_and(arena, leaf, e);
    assert_ok(firn_expr_bind(e, &k_schema, arena, &bound, &err), &err);
    e = firn_expr_and(arena, leaf, e);
    assert_fails(firn_expr_bind(e, &k_schema, arena, &bound, &err), FIRN_ERR_LIMIT, &err,
                 "filter nested deeper than 64 levels");
    firn_arena_destroy(arena);
}

/* Each allocation fails once: always "out of memory", never a crash. */
static void test_binding_survives_running_out_of_memory(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_expr *filter =
        firn_test_filter(arena, "not (i in (1, 2, 2.5) or l < 5 and s like 'a%') or d not in (1, "
                                "nan) and ts > '2020-01-01'");
    firn_test_alloc counter = {0};
    const firn_allocator failing = firn_test_alloc_interface(&counter);
    firn_status st = FIRN_ERR_NOMEM;
    for (int64_t fail_at = 1; st != FIRN_OK; fail_at++) {
        firn_error err = {0};
        const firn_expr *bound = NULL;
        firn_str text;
        counter = (firn_test_alloc){.fail_at = fail_at};
        firn_arena *small = firn_arena_create(&failing, 0);
        if (!small) continue;
        st = firn_expr_bind(filter, &k_schema, small, &bound, &err);
        if (st == FIRN_OK) st = firn_expr_format(bound, small, &text, &err);
        if (st != FIRN_OK) assert_fails(st, FIRN_ERR_NOMEM, &err, "out of memory");
        firn_arena_destroy(small);
        assert_int_equal(counter.n_live, 0);
    }
    firn_arena_destroy(arena);
}

static void test_no_filter_binds_to_true(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_expr *bound = NULL;
    assert_ok(firn_expr_bind(NULL, &k_schema, arena, &bound, NULL), NULL);
    assert_ptr_equal(bound, firn_expr_true());
    firn_arena_destroy(arena);
}

static void test_constants_fold_in_constructors(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_expr *t = firn_expr_true();
    const firn_expr *f = firn_expr_false();
    const firn_expr *x = firn_expr_predicate(arena, FIRN_EXPR_IS_NULL, FIRN_STR("i"), NULL, 0);
    assert_ptr_equal(firn_expr_and(arena, t, x), x);
    assert_ptr_equal(firn_expr_and(arena, x, f), f);
    assert_ptr_equal(firn_expr_or(arena, x, t), t);
    assert_ptr_equal(firn_expr_or(arena, f, x), x);
    assert_ptr_equal(firn_expr_not(arena, t), f);
    assert_ptr_equal(firn_expr_not(arena, firn_expr_not(arena, x)), x);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters_bind_to_what_they_mean),
        cmocka_unit_test(test_filters_that_make_no_sense_are_refused),
        cmocka_unit_test(test_times_change_unit_without_rounding),
        cmocka_unit_test(test_a_double_between_two_floats_keeps_its_side),
        cmocka_unit_test(test_long_chains_come_out_shallow),
        cmocka_unit_test(test_parts_are_joined_in_order),
        cmocka_unit_test(test_deep_alternation_hits_the_limit),
        cmocka_unit_test(test_binding_survives_running_out_of_memory),
        cmocka_unit_test(test_no_filter_binds_to_true),
        cmocka_unit_test(test_constants_fold_in_constructors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
