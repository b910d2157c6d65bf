/* SPDX-License-Identifier: Apache-2.0 */
/* Filters as text: what they mean, shown by the formatter, and what is refused with which words. */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "firn_test.h"
#include "iceberg/expr/expr_parse.h"

static const struct {
    const char *text, *meaning;
} k_cases[] = {
    {"a = 1", "a = 1"},
    {"1 < a", "a > 1"},
    {"5 >= a.b", "a.b <= 5"},
    {"a==1 and b<>2 or c!=3", "((a = 1 and b <> 2) or c <> 3)"},
    {"a = 1 and (b = 2 or c = 3)", "(a = 1 and (b = 2 or c = 3))"},
    {"not not a is null", "a is null"},
    {"NOT (a = 1)", "not (a = 1)"},
    {"a not in (1, 2)", "a not in (1, 2)"},
    {"a between 1 and 2 and b = 3", "((a >= 1 and a <= 2) and b = 3)"},
    {"a not between 1 and 2", "(a < 1 or a > 2)"},
    {"a like 'x%'", "a starts with 'x'"},
    {"a like 'x'", "a = 'x'"},
    {"a not like 'x%'", "a not starts with 'x'"},
    {"a starts with 'it''s'", "a starts with 'it''s'"},
    {"a is not nan", "a is not nan"},
    {"a = -1.50", "a = -1.50"},
    {"a = 1e3", "a = 1000.0"},
    {"a = 9223372036854775808", "a = 9223372036854775808"},
    {"a = X'00fF'", "a = 'AP8='"},
    {"a = date '2024-02-29'", "a = '2024-02-29'"},
    {"a = cast('2024-02-29' as date)", "a = '2024-02-29'"},
    {"a = '2024-02-29'::date", "a = '2024-02-29'"},
    {"a = cast('1.5' as decimal(9, 2))", "a = 1.50"},
    {"a = cast('7' as bigint)", "a = 7"},
    {"a = timestamp '2024-01-01 00:00:00'", "a = '2024-01-01T00:00'"},
    {"a = timestamp '2024-01-01 00:00:00 UTC'", "a = '2024-01-01T00:00Z'"},
    {"a = timestamp '2024-01-01 00:00:00 +02:00'", "a = '2023-12-31T22:00Z'"},
    {"date(a) >= date '2024-02-29'", "a >= '2024-02-29'"},
    {"date(a) > date '2024-02-28'", "a >= '2024-02-29'"},
    {"date(a) < date '2024-02-29'", "a < '2024-02-29'"},
    {"cast(a as date) <= date '2024-02-28'", "a < '2024-02-29'"},
    {"cast(a.b as date) = date '2024-02-28'", "(a.b >= '2024-02-28' and a.b < '2024-02-29')"},
    {"date(a) <> date '2024-02-28'", "not ((a >= '2024-02-28' and a < '2024-02-29'))"},
    {"date(a) between date '2024-02-01' and date '2024-02-28'",
     "(a >= '2024-02-01' and a < '2024-02-29')"},
    {"date = 1 and time = 2", "(date = 1 and time = 2)"},
    {"\"a b\".`c`  =  'x'", "a b.c = 'x'"},
    {"true", "true"},
    {"b", "b = true"},
    {"not b or (c)", "(not (b = true) or c = true)"},
    {"a = 1 and false", "false"},
    {"a in ('x')", "a in ('x')"},
};

static firn_status parse(firn_arena *arena, const char *text, firn_str *out, firn_error *err)
{
    const firn_expr *e = NULL;
    FIRN_TRY(firn_expr_parse(firn_str_of(text), arena, &e, err));
    return firn_expr_format(e, arena, out, err);
}

static void test_a_filter_means_what_sql_says(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_str found = {0};
        const firn_status st = parse(arena, k_cases[i].text, &found, &err);
        if (st != FIRN_OK) fail_msg("%s: %s", k_cases[i].text, err.message);
        if (!firn_str_equals(found, firn_str_of(k_cases[i].meaning)))
            fail_msg("%s: found %.*s", k_cases[i].text, FIRN_STR_ARG(found));
    }
    firn_arena_destroy(arena);
}

static const struct {
    const char *text;
    firn_status status;
    const char *message;
    uint64_t position;
} k_bad[] = {
    {"", FIRN_ERR_ARG, "filter: found its end, expected a column", 0},
    {"a =", FIRN_ERR_ARG, "filter: found its end, expected a literal", 3},
    {"a 1", FIRN_ERR_ARG, "filter: found \"1\" at byte 2, expected an operator", 2},
    {"a = b", FIRN_ERR_ARG, "filter: found \"b\" at byte 4, expected a literal", 4},
    {"a = 1 b", FIRN_ERR_ARG, "filter: found \"b\" at byte 6, expected AND, OR or the end", 6},
    {"(a = 1", FIRN_ERR_ARG, "filter: found its end, expected )", 6},
    {"a = 'x", FIRN_ERR_ARG, "filter: the quote at byte 4 is not closed", 4},
    {"a ; 1", FIRN_ERR_ARG,
     "filter: found \";\" at byte 2, expected a column, a literal or an operator", 2},
    {"a in ()", FIRN_ERR_ARG, "filter: found \")\" at byte 6, expected a literal", 6},
    {"a not = 1", FIRN_ERR_ARG,
     "filter: found \"=\" at byte 6, expected IN, BETWEEN, LIKE or STARTS WITH", 6},
    {"1", FIRN_ERR_ARG, "filter: found \"1\" at byte 0, expected a condition", 0},
    {"null", FIRN_ERR_ARG, "filter: found \"null\" at byte 0, expected a condition", 0},
    {"a = x'0'", FIRN_ERR_ARG, "filter: found \"0\" at byte 5, expected pairs of hex digits", 5},
    {"a = '1'::nothing", FIRN_ERR_ARG, "filter: no type \"nothing\" (byte 9)", 9},
    {"a like '%x'", FIRN_ERR_UNSUPPORTED,
     "filter: not supported: LIKE '%x', only patterns with one % at their end", 7},
    {"a = date '2023-02-29'", FIRN_ERR_ARG, NULL, 0},
};

static void test_a_bad_filter_is_refused_with_the_place(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    for (size_t i = 0; i < sizeof k_bad / sizeof k_bad[0]; i++) {
        firn_error err = {0};
        const firn_expr *e = NULL;
        const firn_status st = firn_expr_parse(firn_str_of(k_bad[i].text), arena, &e, &err);
        if (st != k_bad[i].status) fail_msg("%s: status %d %s", k_bad[i].text, st, err.message);
        if (!k_bad[i].message) continue;
        assert_string_equal(err.message, k_bad[i].message);
        if (err.position != k_bad[i].position)
            fail_msg("%s: position %llu", k_bad[i].text, (unsigned long long)err.position);
    }
    firn_arena_destroy(arena);
}

/* depth times open, then body, then depth times close. */
static firn_status parse_nested(firn_arena *arena, size_t depth, const char *open, const char *body,
                                const char *close, firn_error *err)
{
    const firn_expr *e = NULL;
    firn_buf text;
    firn_buf_init(&text, NULL, 0);
    for (size_t i = 0; i < depth; i++) firn_buf_cstr(&text, open);
    firn_buf_cstr(&text, body);
    for (size_t i = 0; i < depth; i++) firn_buf_cstr(&text, close);
    const firn_str copy = firn_arena_copy(arena, firn_buf_view(&text));
    firn_buf_dispose(&text);
    return firn_expr_parse(copy, arena, &e, err);
}

static void test_nesting_ends_at_the_limit_and_chains_do_not_nest(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_error err = {0};
    (void)state;
    assert_ok(parse_nested(arena, FIRN_LIMIT_NESTING, "(", "a = 1", ")", &err), &err);
    assert_fails(parse_nested(arena, FIRN_LIMIT_NESTING + 1, "(", "a = 1", ")", &err),
                 FIRN_ERR_LIMIT, &err, "filter nested deeper than 64");
    assert_fails(parse_nested(arena, FIRN_LIMIT_NESTING + 1, "cast(", "1", " as int)", &err),
                 FIRN_ERR_LIMIT, &err, "filter nested deeper than 64");
    assert_ok(parse_nested(arena, 20000, "a = 1 and ", "b = 2", " or c = 3", &err), &err);
    assert_ok(parse_nested(arena, 20000, "not ", "b = 2", "", &err), &err);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_filter_means_what_sql_says),
        cmocka_unit_test(test_a_bad_filter_is_refused_with_the_place),
        cmocka_unit_test(test_nesting_ends_at_the_limit_and_chains_do_not_nest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
