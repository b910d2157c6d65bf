/* SPDX-License-Identifier: Apache-2.0 */
/* What a query's text becomes before the engine sees it. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "sql/resolve/query_rewrite.h"

static int make_arena(void **state)
{
    *state = firn_arena_create(NULL, 0);
    return *state ? 0 : -1;
}

static int drop_arena(void **state)
{
    firn_arena_destroy(*state);
    return 0;
}

static firn_rewrite rewrite(firn_arena *arena, const char *sql, bool tag_all)
{
    const firn_rewrite_opts opts = {.key = FIRN_STR("key"), .first_tag = 5, .tag_all = tag_all};
    firn_rewrite out;
    firn_error err = {0};
    assert_ok(firn_query_rewrite(firn_str_of(sql), &opts, arena, &out, &err), &err);
    return out;
}

static const struct rewrite_case {
    const char *sql;
    const char *want; /* NULL: as it is */
} k_cases[] = {
    {"select a.b, 1 from ns.t where x > 'ns.t.c'", NULL},
    {"select * from t for version as of 42", "select * from \"t@key:5\""},
    {"select * from ns.t FOR SYSTEM_VERSION AS OF 'dev' x", "select * from ns.\"t@key:5\" x"},
    {"select * from c.ns.\"t x\" version as of 1 where a",
     "select * from c.ns.\"t x@key:5\" where a"},
    {"select * from t for timestamp as of timestamp '2024-01-01' a", "select * from \"t@key:5\" a"},
    {"select * from t at (version => 7) join t at (timestamp => '2024-01-01') u on true",
     "select * from \"t@key:5\" join \"t@key:6\" u on true"},
    {"select * from t for system_time as of '2024-01-01 00:00:00', b",
     "select * from \"t@key:5\", b"},
    {"select c.ns.t.x, ns.t.y, t.z from c.ns.t", "select t.x, t.y, t.z from c.ns.t"},
    {"select ns.t.* from ns.t", "select t.* from ns.t"},
    {"select ns.t.a from ns.t for version as of 1", "select t.a from ns.\"t@key:5\""},
    {"select s.a.b from t", NULL},
    {"select x from a.b, c.d where a.b.x = c.d.y", "select x from a.b, c.d where b.x = d.y"},
    {"select NS.T.x from ns.t", "select T.x from ns.t"},
    {"select `a b`.`c` from `ns`.`t`", "select \"a b\".\"c\" from \"ns\".\"t\""},
    {"select extract(year from ns.t.ts) from ns.t", "select extract(year from t.ts) from ns.t"},
    {"select a is distinct from ns.t.b from ns.t", "select a is distinct from t.b from ns.t"},
    {"select default.t.x, x from default.t where y = default",
     "select t.x, x from \"default\".t where y = default"},
    {"select * from range(3) r, lateral (select 1) x", NULL},
};

static void test_only_what_must_change_is_changed(void **state)
{
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        const char *want = k_cases[i].want ? k_cases[i].want : k_cases[i].sql;
        const firn_rewrite out = rewrite(*state, k_cases[i].sql, false);
        assert_str(out.sql, want);
        assert_int_equal(out.sql.data[out.sql.len], '\0');
    }
}

static void test_time_travel_literals_are_read(void **state)
{
    firn_rewrite out = rewrite(*state, "select * from t for version as of 42", false);
    assert_int_equal(out.n_refs, 1);
    assert_int_equal(out.refs[0].at.kind, FIRN_TRAVEL_VERSION);
    assert_true(out.refs[0].at.is_number);
    assert_int_equal(out.refs[0].at.number, 42);
    out = rewrite(*state, "select * from a.t version as of 'it''s'", false);
    assert_int_equal(out.refs[0].n_parts, 2);
    assert_str(out.refs[0].at.text, "it's");
    out = rewrite(*state, "select * from t at (timestamp => timestamptz '2024-01-01'::x)", false);
    assert_int_equal(out.refs[0].at.kind, FIRN_TRAVEL_TIMESTAMP);
    assert_str(out.refs[0].at.text, "2024-01-01");
}

static void test_time_travel_needs_a_literal(void **state)
{
    static const struct {
        const char *sql;
        size_t position;
    } k_bad[] = {
        {"select * from t for version as of", 33},
        {"select * from t for version as of a", 34},
        {"select * from t for version as of 1.5", 34},
        {"select * from t at (version => 1 + 1)", 33},
        {"select * from t for timestamp as of now()", 36},
    };
    const firn_rewrite_opts opts = {.key = FIRN_STR("key")};
    for (size_t i = 0; i < sizeof k_bad / sizeof *k_bad; i++) {
        firn_rewrite out;
        firn_error err = {0};
        assert_fails(firn_query_rewrite(firn_str_of(k_bad[i].sql), &opts, *state, &out, &err),
                     FIRN_ERR_ARG, &err, "expected a literal");
        assert_int_equal(err.position, k_bad[i].position);
    }
}

static void test_names_in_a_view_are_tagged_but_ctes_are_not(void **state)
{
    firn_rewrite out = rewrite(*state,
                               "with c as (select * from a.t), d(x) as not materialized"
                               " (select 1) select * from c, u join d on true",
                               true);
    assert_str(out.sql, "with c as (select * from a.\"t@key:5\"), d(x) as not materialized"
                        " (select 1) select * from c, \"u@key:7\" join d on true");
    assert_int_equal(out.n_refs, 4);
    assert_true(out.refs[1].is_cte);
    assert_false(out.refs[2].is_cte);
}

static void test_positions_map_back(void **state)
{
    const char *sql = "select nope, ns.t.x from ns.t for version as of 1 where bad";
    const firn_rewrite out = rewrite(*state, sql, false);
    static const char *const k_words[] = {"nope", "from", "where", "bad"};
    for (size_t i = 0; i < sizeof k_words / sizeof *k_words; i++) {
        const size_t in_out = firn_str_find(out.sql, firn_str_of(k_words[i]), 0);
        const size_t in_sql = firn_str_find(firn_str_of(sql), firn_str_of(k_words[i]), 0);
        assert_int_equal(firn_rewrite_position(&out, in_out), in_sql);
    }
    assert_int_equal(firn_rewrite_position(&out, out.sql.len), strlen(sql));
}

static void test_tags_are_read_back(void **state)
{
    firn_arena *arena = *state;
    firn_str name;
    size_t tag = 0;
    const firn_str quoted = firn_rewrite_tagged_name(arena, FIRN_STR("a\"b"), FIRN_STR("k"), 12);
    assert_str(quoted, "\"a\"\"b@k:12\"");
    assert_true(firn_rewrite_read_tag(FIRN_STR("a@k:12"), FIRN_STR("k"), &name, &tag));
    assert_str(name, "a");
    assert_int_equal(tag, 12);
    assert_false(firn_rewrite_read_tag(FIRN_STR("a@k:"), FIRN_STR("k"), &name, &tag));
    assert_false(firn_rewrite_read_tag(FIRN_STR("a@j:1"), FIRN_STR("k"), &name, &tag));
    assert_false(firn_rewrite_read_tag(FIRN_STR("ak:1"), FIRN_STR("k"), &name, &tag));
    assert_false(firn_rewrite_read_tag(FIRN_STR(":1"), FIRN_STR("k"), &name, &tag));
    assert_false(firn_rewrite_read_tag(FIRN_STR(""), FIRN_STR("k"), &name, &tag));
}

static void test_broken_text_is_passed_on(void **state)
{
    static const char *const k_broken[] = {"select ((( from", ")))",         "select 'open",
                                           "from from from",  "select a. b", ". . .",
                                           "from (",          "extract(from"};
    for (size_t i = 0; i < sizeof k_broken / sizeof *k_broken; i++) {
        assert_str(rewrite(*state, k_broken[i], false).sql, k_broken[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_must_change_is_changed),
        cmocka_unit_test(test_time_travel_literals_are_read),
        cmocka_unit_test(test_time_travel_needs_a_literal),
        cmocka_unit_test(test_names_in_a_view_are_tagged_but_ctes_are_not),
        cmocka_unit_test(test_positions_map_back),
        cmocka_unit_test(test_tags_are_read_back),
        cmocka_unit_test(test_broken_text_is_passed_on),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
