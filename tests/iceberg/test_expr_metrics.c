/* SPDX-License-Identifier: Apache-2.0 */
/* Files and manifests judged by their metrics: what is missing, cut, null or not a number. */
#include <math.h>
#include <string.h>

#include "filter_parser.h"
#include "firn_test.h"
#include "iceberg/expr/evaluate.h"

enum { ID = 1, PRICE, NAME, EMPTY, UNKNOWN };
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_field k_fields[] = {
    {.id = ID, .name = FIRN_STR_INIT("id"), .type = &k_long},
    {.id = PRICE, .name = FIRN_STR_INIT("price"), .type = &k_double},
    {.id = NAME, .name = FIRN_STR_INIT("name"), .type = &k_string},
    {.id = EMPTY, .name = FIRN_STR_INIT("empty"), .type = &k_long},
    {.id = UNKNOWN, .name = FIRN_STR_INIT("unknown"), .type = &k_long},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 5}};

/* 50 rows: id 30..79, written as int before the column became long; price -1.5..2.5 with 5 nulls
 * and 3 NaN; name "abc.." to below "abf", cut to 3 characters; empty all null. */
static const firn_metric k_values[] = {{.field_id = ID, .count = 50},
                                       {.field_id = PRICE, .count = 50},
                                       {.field_id = NAME, .count = 50},
                                       {.field_id = EMPTY, .count = 50}};
static const firn_metric k_nulls[] = {{.field_id = ID, .count = 0},
                                      {.field_id = PRICE, .count = 5},
                                      {.field_id = NAME, .count = 0},
                                      {.field_id = EMPTY, .count = 50}};
static const firn_metric k_nans[] = {{.field_id = PRICE, .count = 3}};
static const firn_metric k_lower[] = {
    {.field_id = ID, .bound = FIRN_STR_INIT("\x1e\0\0\0")},
    {.field_id = PRICE, .bound = FIRN_STR_INIT("\0\0\0\0\0\0\xf8\xbf")},
    {.field_id = NAME, .bound = FIRN_STR_INIT("abc")}};
static const firn_metric k_upper[] = {
    {.field_id = ID, .bound = FIRN_STR_INIT("\x4f\0\0\0")},
    {.field_id = PRICE, .bound = FIRN_STR_INIT("\0\0\0\0\0\0\x04\x40")},
    {.field_id = NAME, .bound = FIRN_STR_INIT("abf")}};
static const firn_data_file k_file = {.record_count = 50,
                                      .value_counts = {k_values, 4},
                                      .null_value_counts = {k_nulls, 4},
                                      .nan_value_counts = {k_nans, 1},
                                      .lower_bounds = {k_lower, 3},
                                      .upper_bounds = {k_upper, 3}};

static const struct {
    const char *filter;
    bool may, all;
} k_cases[] = {
    {"true", true, true},
    {"false", false, false},
    {"id < 30", false, false},
    {"id <= 30", true, false},
    {"id < 80", true, true},
    {"id <= 79", true, true},
    {"id > 79", false, false},
    {"id >= 79", true, false},
    {"id > 29", true, true},
    {"id >= 30", true, true},
    {"id = 29", false, false},
    {"id = 30", true, false},
    {"id = 80", false, false},
    {"id <> 29", true, true},
    {"id <> 50", true, false},
    {"id in (1, 2, 90)", false, false},
    {"id in (1, 50)", true, false},
    {"id not in (1, 90)", true, true},
    {"id not in (1, 50)", true, false},
    {"id is null", false, false},
    {"id is not null", true, true},
    {"id < 3.5", false, false},
    {"id < 1e30", true, true},
    {"price is nan", true, false},
    {"price is not nan", true, false},
    {"price is null", true, false},
    {"price > 100", true, false}, /* a NaN is above all numbers */
    {"price >= 100", true, false},
    {"price < -1.5", false, false},
    {"price < 100", true, false},
    {"price = 100", false, false},
    {"price = -0.0", true, false},
    {"name starts with 'abd'", true, false},
    {"name starts with 'a'", true, true},
    {"name starts with 'abg'", false, false},
    {"name starts with 'abcx'", true, false},
    {"name starts with 'aa'", false, false},
    {"name not like 'ab%'", false, false},
    {"name not like 'b%'", true, true},
    {"name not like 'abc%'", true, false},
    {"name > 'abf'", false, false},
    {"name < 'abc'", false, false},
    {"name = 'abcdef'", true, false},
    {"empty is null", true, true},
    {"empty is not null", false, false},
    {"empty = 1", false, false},
    {"empty <> 1", true, false}, /* readers differ about null: never pruned, never all */
    {"empty not in (1, 2)", true, false},
    {"unknown = 1", true, false},
    {"unknown is null", true, false},
    {"unknown is not null", true, false},
    {"unknown <> 1", true, false},
    {"id < 30 or unknown = 1", true, false},
    {"id > 29 or unknown = 1", true, true},
    {"id < 30 and unknown = 1", false, false},
    {"not (id > 79)", true, true},
};

static const firn_expr *bind(firn_arena *arena, const char *filter)
{
    firn_error err = {0};
    const firn_expr *bound = NULL;
    assert_ok(firn_expr_bind(firn_test_filter(arena, filter), &k_schema, arena, &bound, &err),
              &err);
    return bound;
}

static void test_files_are_judged_by_their_metrics(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        const firn_expr *bound = bind(arena, k_cases[i].filter);
        if (firn_expr_may_match_file(bound, &k_file) != k_cases[i].may)
            fail_msg("may match: %s", k_cases[i].filter);
        if (firn_expr_all_match_file(bound, &k_file) != k_cases[i].all)
            fail_msg("all match: %s", k_cases[i].filter);
    }
    firn_arena_destroy(arena);
}

static void test_a_file_without_metrics_may_hold_anything(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_data_file bare = {.record_count = 50};
    for (size_t i = 2; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        const firn_expr *bound = bind(arena, k_cases[i].filter);
        assert_true(firn_expr_may_match_file(bound, &bare));
        assert_false(firn_expr_all_match_file(bound, &bare) && bound->op != FIRN_EXPR_TRUE);
    }
    firn_arena_destroy(arena);
}

static void test_a_file_without_rows_matches_vacuously(void **state)
{
    (void)state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_data_file nothing = {0};
    const firn_expr *bound = bind(arena, "id = 1");
    assert_false(firn_expr_may_match_file(bound, &nothing));
    assert_true(firn_expr_all_match_file(bound, &nothing));
    firn_arena_destroy(arena);
}

static void test_bounds_that_say_nothing_are_ignored(void **state)
{
    (void)state;
    static const firn_metric k_nan_bound[] = {
        {.field_id = PRICE, .bound = FIRN_STR_INIT("\0\0\0\0\0\0\xf8\x7f")}};
    static const firn_metric k_short[] = {{.field_id = ID, .bound = FIRN_STR_INIT("\x01")}};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_data_file nan_file = {
        .record_count = 1, .lower_bounds = {k_nan_bound, 1}, .upper_bounds = {k_nan_bound, 1}};
    const firn_data_file short_file = {
        .record_count = 1, .lower_bounds = {k_short, 1}, .upper_bounds = {k_short, 1}};
    assert_true(firn_expr_may_match_file(bind(arena, "price < 1"), &nan_file));
    assert_true(firn_expr_may_match_file(bind(arena, "price = 1"), &nan_file));
    assert_true(firn_expr_may_match_file(bind(arena, "id = 7"), &short_file));
    firn_arena_destroy(arena);
}

static void test_manifests_are_judged_by_their_summaries(void **state)
{
    static const firn_partition_field k_partition = {
        .source_id = ID, .field_id = 1000, .name = FIRN_STR_INIT("id")};
    static const firn_partition_spec k_spec = {.fields = &k_partition, .n_fields = 1};
    static const struct {
        const char *filter;
        bool with_values, with_nulls;
    } k_summaries[] = {
        {"id = 5", true, false},    {"id = 15", false, false},      {"id is null", false, true},
        {"id < 2", false, false},   {"id >= 9", true, false},       {"id is not null", true, false},
        {"id <> 5", true, true},    {"id in (3, 30)", true, false}, {"id in (1, 30)", false, false},
        {"name = 'x'", true, true},
    };
    const firn_field_summary values = {.has_lower = true,
                                       .has_upper = true,
                                       .lower = FIRN_STR("\2\0\0\0\0\0\0\0"),
                                       .upper = FIRN_STR("\x9\0\0\0\0\0\0\0")};
    const firn_field_summary nulls = {.contains_null = true};
    const firn_manifest_file with_values = {.partitions = &values, .n_partitions = 1};
    const firn_manifest_file with_nulls = {.partitions = &nulls, .n_partitions = 1};
    const firn_manifest_file without = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    for (size_t i = 0; i < sizeof k_summaries / sizeof k_summaries[0]; i++) {
        firn_error err = {0};
        const firn_expr *projected = NULL;
        assert_ok(firn_expr_project_inclusive(bind(arena, k_summaries[i].filter), &k_schema,
                                              &k_spec, arena, &projected, &err),
                  &err);
        if (firn_expr_may_match_manifest(projected, &k_spec, &with_values) !=
                k_summaries[i].with_values ||
            firn_expr_may_match_manifest(projected, &k_spec, &with_nulls) !=
                k_summaries[i].with_nulls)
            fail_msg("manifest: %s", k_summaries[i].filter);
        assert_true(firn_expr_may_match_manifest(projected, &k_spec, &without));
    }
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_judged_by_their_metrics),
        cmocka_unit_test(test_a_file_without_metrics_may_hold_anything),
        cmocka_unit_test(test_a_file_without_rows_matches_vacuously),
        cmocka_unit_test(test_bounds_that_say_nothing_are_ignored),
        cmocka_unit_test(test_manifests_are_judged_by_their_summaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
