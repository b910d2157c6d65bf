/* SPDX-License-Identifier: Apache-2.0 */
/* Projections of filters through each partition transform, as text; expected values follow the
 * specification's transforms and the rules of Iceberg's own projections. */
#include <string.h>

#include "filter_parser.h"
#include "firn_test.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/spec/transform.h"

static const firn_type k_types[] = {
    {.kind = FIRN_TYPE_INT},       {.kind = FIRN_TYPE_LONG},
    {.kind = FIRN_TYPE_STRING},    {.kind = FIRN_TYPE_DATE},
    {.kind = FIRN_TYPE_TIMESTAMP}, {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2},
};
static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("i"), .type = &k_types[0]},
    {.id = 2, .name = FIRN_STR_INIT("l"), .type = &k_types[1]},
    {.id = 3, .name = FIRN_STR_INIT("s"), .type = &k_types[2]},
    {.id = 4, .name = FIRN_STR_INIT("dt"), .type = &k_types[3]},
    {.id = 5, .name = FIRN_STR_INIT("ts"), .type = &k_types[4]},
    {.id = 6, .name = FIRN_STR_INIT("m"), .type = &k_types[5]},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 6}};

typedef struct projection_case {
    int32_t source_id;
    const char *transform;
    const char *filter;
    const char *inclusive;
    const char *strict;
} projection_case;

static const projection_case k_cases[] = {
    {1, "identity", "i < 5", "p < 5", "p < 5"},
    {1, "identity", "i is null", "p is null", "p is null"},
    {1, "identity", "i <> 5", "p <> 5", "(p <> 5 and p is not null)"},
    {1, "identity", "i in (1, 2)", "p in (1, 2)", "p in (1, 2)"},
    {1, "identity", "l = 5", "true", "false"},
    {1, "identity", "i = 1 and l = 5", "p = 1", "false"},
    {1, "identity", "i = 1 or l = 5", "true", "p = 1"},
    {1, "void", "i = 5", "true", "false"},
    {1, "void", "i is null", "true", "false"},
    {1, "zorder", "i = 5", "true", "false"},

    /* bucket of 34 is 2017239379 & max mod n (specification, Appendix B) */
    {1, "bucket[16]", "i = 34", "p = 3", "false"},
    {1, "bucket[16]", "i <> 34", "true", "(p <> 3 and p is not null)"},
    {1, "bucket[16]", "i > 34", "true", "false"},
    {1, "bucket[16]", "i is not null", "p is not null", "p is not null"},
    {1, "bucket[1]", "i in (1, 2, 3)", "p = 0", "false"},

    {1, "truncate[10]", "i < 100", "(p <= 90 or p > 2147483637)", "p < 100"},
    {1, "truncate[10]", "i <= 100", "(p <= 100 or p > 2147483637)", "p < 100"},
    {1, "truncate[10]", "i <= 99", "(p <= 90 or p > 2147483637)", "p < 100"},
    {1, "truncate[10]", "i > 100", "p >= 100", "(p > 100 and p <= 2147483637)"},
    {1, "truncate[10]", "i > 99", "p >= 100", "(p > 90 and p <= 2147483637)"},
    {1, "truncate[10]", "i >= 100", "p >= 100", "(p > 90 and p <= 2147483637)"},
    {1, "truncate[10]", "i = -1", "p = -10", "false"},
    {1, "truncate[10]", "i <> 100", "true", "(p <> 100 and p is not null)"},
    {1, "truncate[10]", "i in (99, 100, 101)", "p in (90, 100)", "false"},
    {1, "truncate[10]", "i not in (99, 100)", "true", "(p not in (90, 100) and p is not null)"},
    {1, "truncate[10]", "i > -2147483647", "true", "false"}, /* wraps around */
    {6, "truncate[50]", "m < 1.00", "p <= 0.50", "p < 1.00"},
    {6, "truncate[50]", "m = -0.01", "p = -0.50", "false"},

    {3, "truncate[3]", "s < 'abcdef'", "p <= 'abc'", "p < 'abc'"},
    {3, "truncate[3]", "s <= 'abc'", "p <= 'abc'", "p < 'abc'"},
    {3, "truncate[3]", "s > 'abcdef'", "p >= 'abc'", "p > 'abc'"},
    {3, "truncate[3]", "s = 'abcdef'", "p = 'abc'", "false"},
    {3, "truncate[3]", "s <> 'abcdef'", "true", "(p <> 'abc' and p is not null)"},
    {3, "truncate[3]", "s starts with 'ab'", "p starts with 'ab'", "p starts with 'ab'"},
    {3, "truncate[3]", "s starts with 'abc'", "p = 'abc'", "p = 'abc'"},
    {3, "truncate[3]", "s starts with 'abcd'", "p = 'abc'", "false"},
    {3, "truncate[3]", "s not like 'ab%'", "p not starts with 'ab'",
     "(p not starts with 'ab' and p is not null)"},
    {3, "truncate[3]", "s not like 'abc%'", "p <> 'abc'", "(p <> 'abc' and p is not null)"},
    {3, "truncate[3]", "s not like 'abcd%'", "true", "(p <> 'abc' and p is not null)"},
    {3, "truncate[2]", "s starts with '\xc3\xa9\xc3\xa9\xc3\xa9'", "p = '\xc3\xa9\xc3\xa9'",
     "false"},

    {4, "year", "dt < date '2017-01-01'", "p <= 46", "p < 47"},
    {4, "year", "dt <= date '2017-12-31'", "p <= 47", "p < 48"},
    {4, "year", "dt > date '2017-12-31'", "p >= 48", "p > 47"},
    {4, "year", "dt >= date '2017-01-01'", "p >= 47", "p > 46"},
    {4, "year", "dt = date '1969-06-01'", "p in (-1, 0)", "false"},
    {4, "year", "dt <> date '1969-06-01'", "true", "(p not in (-1, 0) and p is not null)"},
    {4, "year", "dt < date '1969-01-01'", "p <= -1", "p < -1"},
    {4, "year", "dt > date '1968-06-01'", "p >= -2", "p > -1"},
    {4, "month", "dt = date '2017-12-01'", "p = 575", "false"},
    {4, "month", "dt < date '2017-12-01'", "p <= 574", "p < 575"},
    {4, "month", "dt in (date '1969-12-31', date '1970-02-01')", "p in (-1, 0, 1)", "false"},
    {4, "day", "dt = date '1969-12-31'", "p = '1969-12-31'", "false"},
    {4, "day", "dt < date '1970-01-01'", "p <= '1969-12-31'", "p < '1970-01-01'"},
    {5, "day", "ts = timestamp '1969-12-31 10:00:00'", "p in ('1969-12-31', '1970-01-01')",
     "false"},
    {5, "day", "ts >= timestamp '2017-12-01 10:30:00'", "p >= '2017-12-01'", "p > '2017-12-01'"},
    {5, "day", "ts >= timestamp '2017-12-01 00:00:00'", "p >= '2017-12-01'", "p > '2017-11-30'"},
    /* hours of years beyond 245,000 wrap around: rows of both ends may be at the other one */
    {5, "hour", "ts < timestamp '1970-01-01 02:00:00'", "(p <= 1 or p > 1732919506)",
     "(p < 2 and p >= -1732919507)"},
    {5, "hour", "ts >= timestamp '1970-01-01 02:00:00'", "(p >= 2 or p < -1732919507)",
     "(p > 1 and p <= 1732919506)"},
    {5, "hour", "ts = timestamp '1970-01-01 02:00:00'", "p = 2", "false"},
    {5, "hour", "ts is null", "p is null", "p is null"},
};

static void test_filters_project_through_transforms(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        const projection_case *c = &k_cases[i];
        firn_error err = {0};
        firn_partition_field field = {
            .source_id = c->source_id, .field_id = 1000, .name = FIRN_STR("p")};
        const firn_partition_spec spec = {.fields = &field, .n_fields = 1};
        const firn_expr *bound = NULL;
        const firn_expr *inclusive = NULL;
        const firn_expr *strict = NULL;
        firn_str text = {0};
        const firn_str transform = {c->transform, strlen(c->transform)};
        assert_ok(firn_transform_parse(transform, &field.transform, &err), &err);
        assert_ok(
            firn_expr_bind(firn_test_filter(arena, c->filter), &k_schema, arena, &bound, &err),
            &err);
        assert_ok(firn_expr_project_inclusive(bound, &k_schema, &spec, arena, &inclusive, &err),
                  &err);
        assert_ok(firn_expr_project_strict(bound, &k_schema, &spec, arena, &strict, &err), &err);
        assert_ok(firn_expr_format(inclusive, arena, &text, &err), &err);
        assert_str(text, c->inclusive);
        assert_ok(firn_expr_format(strict, arena, &text, &err), &err);
        assert_str(text, c->strict);
    }
    firn_arena_destroy(arena);
}

static void test_all_fields_of_a_column_take_part(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_partition_field fields[] = {
        {.source_id = 4,
         .field_id = 1000,
         .name = FIRN_STR("y"),
         .transform = {.kind = FIRN_TRANSFORM_YEAR}},
        {.source_id = 4,
         .field_id = 1001,
         .name = FIRN_STR("b"),
         .transform = {.kind = FIRN_TRANSFORM_BUCKET, .param = 1}},
    };
    const firn_partition_spec spec = {.fields = fields, .n_fields = 2};
    const firn_expr *bound = NULL;
    const firn_expr *projected = NULL;
    firn_str text = {0};
    assert_ok(firn_expr_bind(firn_test_filter(arena, "dt = date '2020-01-01'"), &k_schema, arena,
                             &bound, &err),
              &err);
    assert_ok(firn_expr_project_inclusive(bound, &k_schema, &spec, arena, &projected, &err), &err);
    assert_ok(firn_expr_format(projected, arena, &text, &err), &err);
    assert_str(text, "(y = 50 and b = 0)");
    firn_arena_destroy(arena);
}

static void test_an_unbound_filter_is_a_bug(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_partition_spec spec = {0};
    const firn_expr *projected = NULL;
    assert_fails(firn_expr_project_inclusive(firn_test_filter(arena, "i = 1"), &k_schema, &spec,
                                             arena, &projected, &err),
                 FIRN_ERR_INTERNAL, &err, "not bound");
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters_project_through_transforms),
        cmocka_unit_test(test_all_fields_of_a_column_take_part),
        cmocka_unit_test(test_an_unbound_filter_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
