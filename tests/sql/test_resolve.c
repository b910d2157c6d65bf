/* SPDX-License-Identifier: Apache-2.0 */
/* Which catalog and namespace a name means, and how USE and SET move the session. */
#include "sql_fixture.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "catalog/memory_catalog.h"
#include "sql/session/sql_session.h"
#include "store/local.h"

typedef struct two_catalogs {
    sql_fixture *base;
    firn_catalog *other;
    firn_session *session; /* sees both; "lake" is current */
} two_catalogs;

static int open_both(void **state)
{
    firn_error err = {0};
    void *base = NULL;
    two_catalogs *t = test_calloc(1, sizeof *t);
    if (sql_fixture_open(&base) != 0) return -1;
    t->base = base;
    assert_ok(firn_memory_catalog_open(t->base->env, t->base->store, FIRN_STR("other"),
                                       firn_str_of(t->base->folder), &t->other, &err),
              &err);
    firn_catalog *const catalogs[] = {t->base->catalog, t->other};
    assert_ok(firn_session_open(t->base->env, t->base->store,
                                FIRN_SESSION_OPTS(.catalogs = catalogs, .n_catalogs = 2,
                                                  .current_namespace = FIRN_STR("a.b")),
                                &t->session, &err),
              &err);
    *state = t;
    return 0;
}

static int close_both(void **state)
{
    two_catalogs *t = *state;
    void *base = t->base;
    firn_session_close(t->session);
    firn_catalog_destroy(t->other);
    (void)sql_fixture_close(&base);
    test_free(t);
    return 0;
}

static const struct resolve_case {
    const char *parts[6];
    const char *catalog;
    const char *ident;
} k_cases[] = {
    {{"t"}, "lake", "a/b/t"},
    {{"ns", "t"}, "lake", "ns/t"},
    {{"other", "t"},
     "lake",
     "other/t"}, /* two parts: a namespace, even if a catalog has the name */
    {{"other", "ns", "t"}, "other", "ns/t"},
    {{"OTHER", "x", "y", "t"}, "other", "x/y/t"},
    {{"x", "y", "t"}, "lake", "x/y/t"},
    {{"lake", "x", "y", "z", "t"}, "lake", "x/y/z/t"},
};

static void test_parts_are_catalog_levels_and_name(void **state)
{
    two_catalogs *t = *state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_arena *arena = firn_arena_create(NULL, 0);
        firn_str parts[6];
        size_t n = 0;
        firn_catalog *catalog = NULL;
        firn_ident ident;
        firn_error err = {0};
        char text[64] = {0};
        while (n < 6 && k_cases[i].parts[n]) {
            parts[n] = firn_str_of(k_cases[i].parts[n]);
            n++;
        }
        const firn_sql_name name = {.parts = parts, .n_parts = n};
        assert_ok(firn_session__resolve(t->session, &name, arena, &catalog, &ident, &err), &err);
        assert_str(firn_catalog_name(catalog), k_cases[i].catalog);
        for (size_t l = 0; l < ident.n_levels; l++) {
            (void)strncat(text, ident.levels[l].data, ident.levels[l].len);
            (void)strcat(text, "/");
        }
        (void)strncat(text, ident.name.data, ident.name.len);
        assert_string_equal(text, k_cases[i].ident);
        firn_arena_destroy(arena);
    }
}

static void run(two_catalogs *t, const char *sql)
{
    firn_error err = {0};
    firn_result *result = NULL;
    assert_ok(firn_session_execute(t->session, firn_str_of(sql), &result, &err), &err);
    firn_result_close(result);
}

static void expect_current(two_catalogs *t, const char *catalog_want, const char *level_want)
{
    firn_error err = {0};
    firn_catalog *catalog = NULL;
    firn_ident ident;
    const firn_str part = FIRN_STR("t");
    const firn_sql_name name = {.parts = &part, .n_parts = 1};
    firn_arena *arena = firn_arena_create(NULL, 0);
    assert_ok(firn_session__resolve(t->session, &name, arena, &catalog, &ident, &err), &err);
    assert_str(firn_catalog_name(catalog), catalog_want);
    assert_int_equal(ident.n_levels, 1);
    assert_str(ident.levels[0], level_want);
    firn_arena_destroy(arena);
}

static void test_use_and_set_move_the_session(void **state)
{
    two_catalogs *t = *state;
    firn_error err = {0};
    const firn_str level = FIRN_STR("east");
    const firn_ident ns = {&level, 1, {0}};
    assert_ok(firn_catalog_get_ops(t->other)->create_namespace(firn_catalog_ctx(t->other), &ns,
                                                               (firn_properties){0}, &err),
              &err);
    run(t, "use other");
    expect_current(t, "other", "default");
    run(t, "use east");
    expect_current(t, "other", "east");
    run(t, "use namespace lake.`default`");
    expect_current(t, "lake", "default");
    run(t, "use other.east;");
    expect_current(t, "other", "east");
    run(t, "set catalog lake");
    expect_current(t, "lake", "default");
    run(t, "set schema = 'default'");
    expect_current(t, "lake", "default");
}

static void test_use_refuses_what_is_not_there(void **state)
{
    two_catalogs *t = *state;
    static const char *const k_bad[] = {"use lake.nowhere", "use", "use lake extra",
                                        "set catalog nowhere"};
    for (size_t i = 0; i < sizeof k_bad / sizeof *k_bad; i++) {
        firn_error err = {0};
        firn_result *result = NULL;
        const firn_status st =
            firn_session_execute(t->session, firn_str_of(k_bad[i]), &result, &err);
        assert_true(st == FIRN_ERR_ARG || st == FIRN_ERR_NOT_FOUND);
        assert_true(err.position > 0);
    }
}

static void test_limits_on_statements_hold(void **state)
{
    two_catalogs *t = *state;
    firn_error err = {0};
    firn_result *result = NULL;
    static char huge[(16 << 20) + 2];
    memset(huge, ' ', sizeof huge);
    memcpy(huge, "use lake", 8);
    assert_ok(firn_session_execute(t->session, (firn_str){huge, 16 << 20}, &result, &err), &err);
    firn_result_close(result);
    assert_fails(firn_session_execute(t->session, (firn_str){huge, (16 << 20) + 1}, &result, &err),
                 FIRN_ERR_LIMIT, &err, "statement of 16777217 bytes, limit 16777216");
    assert_fails(firn_session_execute(t->session, (firn_str){"select\0 1", 9}, &result, &err),
                 FIRN_ERR_ARG, &err, "zero byte");
}

static void test_both_catalogs_are_read_in_one_query(void **state)
{
    two_catalogs *t = *state;
    firn_error err = {0};
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    sql_make_table(t->base, "default", "one", "id int", NULL);
    (void)sql_append(t->base, "default", "one", "select 1::int");
    firn_catalog *const lake = t->base->catalog;
    t->base->catalog = t->other;
    sql_make_table(t->base, "east", "two", "id int", NULL);
    (void)sql_append(t->base, "east", "two", "select 1::int");
    t->base->catalog = lake;
    assert_ok(firn_session_execute(t->session,
                                   FIRN_STR("select count(*) from lake.default.one join "
                                            "other.east.two on one.id = other.east.two.id"),
                                   &result, &err),
              &err);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_int_equal(firn_column_get(&batch->columns[0], 0).as.i64, 1);
    firn_result_close(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_catalog_levels_and_name),
        cmocka_unit_test(test_use_and_set_move_the_session),
        cmocka_unit_test(test_use_refuses_what_is_not_there),
        cmocka_unit_test(test_limits_on_statements_hold),
        cmocka_unit_test(test_both_catalogs_are_read_in_one_query),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
