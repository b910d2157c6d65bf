/* SPDX-License-Identifier: Apache-2.0 */
/* Model files: what is read from them, and what is said about wrong ones. */
#include "base/str.h"
#include "firn_test.h"
#include "pipeline/model.h"

static const char k_landing[] = "-- orders\n"
                                "MODEL (\n"
                                "  name bronze.orders,\n"
                                "  kind LANDING (path @landing, format ndjson),\n"
                                "  columns (id STRING, price DECIMAL(9, 2))\n"
                                ");\n";

static const char k_silver[] =
    "MODEL (name silver.orders, kind INCREMENTAL_BY_UNIQUE_KEY (unique_key (id, \"Line No\"), "
    "updated_at ts), partitioned_by (day(ts)));\n"
    "EXPECT positive (amount > 0 AND (x IN (1, 2))) ON VIOLATION DROP ROW;\n"
    "EXPECT has_id (id IS NOT NULL);\n"
    "SELECT *, @limit AS n, @label AS t, '@not' AS u FROM bronze.orders; -- end\n";

static int setup(void **state)
{
    *state = firn_arena_create(NULL, 0);
    return *state ? 0 : 1;
}

static int teardown(void **state)
{
    firn_arena_destroy(*state);
    return 0;
}

static firn_status parse(firn_arena *arena, const char *text, firn_model *out, firn_error *err)
{
    const firn_property variables[] = {
        {FIRN_STR("landing"), FIRN_STR("/data/in")},
        {FIRN_STR("limit"), FIRN_STR("12")},
        {FIRN_STR("label"), FIRN_STR("it's")},
    };
    return firn_model_parse(FIRN_STR("m.sql"), firn_str_of(text), variables, 3, arena, out, err);
}

static void test_landing_model_is_read(void **state)
{
    firn_error err = {0};
    firn_model m;
    assert_ok(parse(*state, k_landing, &m, &err), &err);
    assert_int_equal(m.kind, FIRN_MODEL_LANDING);
    assert_str(m.name, "bronze.orders");
    assert_int_equal(m.ident.n_levels, 1);
    assert_str(m.ident.levels[0], "bronze");
    assert_str(m.ident.name, "orders");
    assert_str(m.landing_path, "/data/in");
    assert_str(m.columns, "id STRING, price DECIMAL(9, 2)");
}

static void test_incremental_model_is_read(void **state)
{
    firn_error err = {0};
    firn_model m;
    assert_ok(parse(*state, k_silver, &m, &err), &err);
    assert_int_equal(m.kind, FIRN_MODEL_INCREMENTAL_BY_UNIQUE_KEY);
    assert_int_equal(m.n_unique_key, 2);
    assert_str(m.unique_key[1], "Line No");
    assert_str(m.updated_at, "ts");
    assert_str(m.partitioned_by, "day(ts)");
    assert_false(m.ignores_matched);
    assert_int_equal(m.n_sources, 1);
    assert_str(m.sources[0], "bronze.orders");
}

static void test_expectations_keep_their_text_and_action(void **state)
{
    firn_error err = {0};
    firn_model m;
    assert_ok(parse(*state, k_silver, &m, &err), &err);
    assert_int_equal(m.n_expectations, 2);
    assert_str(m.expectations[0].condition, "amount > 0 AND (x IN (1, 2))");
    assert_int_equal(m.expectations[0].on_violation, FIRN_VIOLATION_DROP_ROW);
    assert_int_equal(m.expectations[1].on_violation, FIRN_VIOLATION_QUARANTINE);
}

static void test_variables_become_literals_but_not_in_quotes(void **state)
{
    firn_error err = {0};
    firn_model m;
    assert_ok(parse(*state, k_silver, &m, &err), &err);
    assert_str(m.query, "SELECT *, 12 AS n, 'it''s' AS t, '@not' AS u FROM bronze.orders");
}

static void test_wrong_models_are_refused_with_file_and_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "m.sql:1: a model file starts with MODEL (...)"},
        {"MODEL (name a.b);", "m.sql:1: MODEL needs a kind"},
        {"MODEL (kind VIEW); SELECT 1", "m.sql:1: MODEL needs a name"},
        {"MODEL (name b, kind VIEW); SELECT 1", "m.sql:1: expected namespace.name, found \"b\""},
        {"MODEL (name a.b,\n kind FULL);", "m.sql:2: not supported: model kind, found \"FULL\""},
        {"MODEL (name a.b, kind VIEW,\n\n colour red); SELECT 1",
         "m.sql:3: not supported: model property, found \"colour\""},
        {"MODEL (name a.b, kind VIEW)", "m.sql:1: the query is missing"},
        {"MODEL (name a.b, kind VIEW); SELECT 1; SELECT 2", "m.sql:1: a model has one query"},
        {"MODEL (name a.b, kind VIEW); SELECT @nix", "m.sql:1: variable is not set, found \"nix\""},
        {"MODEL (name a.b, kind LANDING (path 'x', format xml), columns (a INT));",
         "not supported: landing format other than ndjson and csv, found \"xml\""},
        {"MODEL (name a.b, kind LANDING (path 'x'));", "LANDING needs columns (...)"},
        {"MODEL (name a.b, kind INCREMENTAL_BY_UNIQUE_KEY (unique_key (id))); SELECT 1 AS id",
         "an incremental model reads from a table"},
        {"MODEL (name a.b, kind VIEW, columns (a INT", "parenthesis is not closed"},
        {"MODEL (name a.b, kind VIEW); EXPECT x (y) ON VIOLATION SHRUG; SELECT 1",
         "expected QUARANTINE, DROP ROW or FAIL UPDATE, found \"SHRUG\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        firn_error err = {0};
        firn_model m;
        assert_fails(parse(*state, cases[i].text, &m, &err), FIRN_ERR_ARG, &err, cases[i].message);
    }
}

static void test_sources_are_tables_behind_from_and_join(void **state)
{
    firn_error err = {0};
    firn_str *names = NULL;
    size_t n = 0;
    const firn_str query =
        FIRN_STR("WITH recent AS (SELECT * FROM a.orders), x AS (SELECT 1) "
                 "SELECT * FROM recent JOIN \"b\".customers c ON true LEFT JOIN a.orders o ON true "
                 "JOIN range(3) r ON true, (SELECT * FROM c.d.e) s WHERE q IS DISTINCT FROM f.g "
                 "AND 'FROM h.i' = '' -- FROM j.k\n");
    assert_ok(firn_query_sources(query, *state, &names, &n, &err), &err);
    assert_int_equal(n, 3);
    assert_str(names[0], "a.orders");
    assert_str(names[1], "b.customers");
    assert_str(names[2], "c.d.e");
}

static firn_model model_of(const char *name, const firn_str *sources, size_t n)
{
    return (firn_model){.name = firn_str_of(name), .sources = sources, .n_sources = n};
}

static void test_models_run_after_what_they_read(void **state)
{
    static const firn_str gold[] = {FIRN_STR_INIT("firn.silver.o")};
    static const firn_str silver[] = {FIRN_STR_INIT("Bronze.O"), FIRN_STR_INIT("other.t")};
    const firn_model models[] = {model_of("gold.s", gold, 1), model_of("silver.o", silver, 2),
                                 model_of("bronze.o", NULL, 0)};
    firn_error err = {0};
    size_t *order = NULL;
    assert_ok(firn_model_order(models, 3, *state, &order, &err), &err);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 1);
    assert_int_equal(order[2], 0);
}

static void test_a_circle_is_refused_by_name(void **state)
{
    static const firn_str b[] = {FIRN_STR_INIT("x.b")};
    static const firn_str a[] = {FIRN_STR_INIT("x.a")};
    const firn_model models[] = {model_of("x.a", b, 1), model_of("x.b", a, 1),
                                 model_of("x.c", NULL, 0)};
    firn_error err = {0};
    size_t *order = NULL;
    assert_fails(firn_model_order(models, 3, *state, &order, &err), FIRN_ERR_ARG, &err,
                 "models read each other in a circle: x.a, x.b");
}

#define MODEL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MODEL_TEST(test_landing_model_is_read),
        MODEL_TEST(test_incremental_model_is_read),
        MODEL_TEST(test_expectations_keep_their_text_and_action),
        MODEL_TEST(test_variables_become_literals_but_not_in_quotes),
        MODEL_TEST(test_wrong_models_are_refused_with_file_and_line),
        MODEL_TEST(test_sources_are_tables_behind_from_and_join),
        MODEL_TEST(test_models_run_after_what_they_read),
        MODEL_TEST(test_a_circle_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
