/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns a query's text says are equal, and which of the two reduces the other. A pair is
 * written "block:table.column <> block:table.column": the arrow's points are at what is reduced,
 * "^" is at columns that may be of a block around, "[1-2)" at those of some tables only. */
#include "firn_test.h"

#include <stdio.h>
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

static bool is_table(const void *ctx, const firn_table_ref *ref)
{
    (void)ctx;
    return !firn_str_equals(ref->parts[ref->n_parts - 1], FIRN_STR("temporary"));
}

static firn_rewrite rewrite(firn_arena *arena, const char *sql)
{
    const firn_rewrite_opts opts = {.key = FIRN_STR("k"), .is_table = is_table};
    firn_rewrite out;
    firn_error err = {0};
    assert_ok(firn_query_rewrite(firn_str_of(sql), &opts, arena, &out, &err), &err);
    return out;
}

static size_t put_column(const firn_join_text *text, const firn_join_column *c, char *out,
                         size_t size)
{
    char part[32] = "";
    if (c->first != 0 || c->end != text->blocks[c->block].n_items)
        (void)snprintf(part, sizeof part, "[%zu-%zu)", c->first, c->end);
    return (size_t)snprintf(out, size, "%zu%s%s:%.*s%s%.*s", c->block, c->may_climb ? "^" : "",
                            part, FIRN_STR_ARG(c->table), c->table.len > 0 ? "." : "",
                            FIRN_STR_ARG(c->name));
}

static const char *pairs_of(const firn_join_text *text, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < text->n_pairs; i++) {
        const firn_join_pair *pair = &text->pairs[i];
        n += (size_t)snprintf(out + n, size - n, "%s", i > 0 ? ", " : "");
        n += put_column(text, &pair->columns[0], out + n, size - n);
        n += (size_t)snprintf(out + n, size - n, " %s%s ", pair->reduces[0] ? "<" : "-",
                              pair->reduces[1] ? ">" : "-");
        n += put_column(text, &pair->columns[1], out + n, size - n);
    }
    return out;
}

static const struct join_case {
    const char *sql;
    const char *want;
} k_cases[] = {
    /* conjuncts of WHERE */
    {"select * from t, u where t.a = u.b", "0^:t.a <> 0^:u.b"},
    {"select * from t, u where a = b and x > 1", "0^:a <> 0^:b"},
    {"select * from t, u where (((a = b) and x between 1 and 2)) and u.c = t.d",
     "0^:a <> 0^:b, 0^:u.c <> 0^:t.d"},
    {"select * from t, u where \"A b\" == b", "0^:A b <> 0^:b"},
    {"explain analyze select * from t, u where t.a = u.b", "0^:t.a <> 0^:u.b"},
    {"(select * from t, u where t.a = u.b)", "0^:t.a <> 0^:u.b"},
    {"select * from t, u where case when a = b and c = d then e = f end and g = h", "0^:g <> 0^:h"},
    {"select * from t, u where x between y and z and a = b", "0^:a <> 0^:b"},
    {"select * from t, u where x between y and z or a = b", ""},
    {"select * from t, u where a = b or c = d", ""},
    {"select * from t, u where not a = b and not (c = d)", ""},
    {"select * from t, u where a = b + 1 and a = 5 and a = true and a <> b and a = 'x'", ""},
    {"select * from t, u where a = b collate nocase and t.a::int = u.b and lower(a) = b", ""},
    {"select * from t, u where s.t.a = u.b and t.s.f.g = u.b", ""},
    {"select * from t, u where (a, c) = (b, d)", ""},
    /* what all alternatives say */
    {"select * from t, u where (a = b and x = 1) or (x = 2 and b = a)", "0^:a <> 0^:b"},
    {"select * from t, u where (a = b and x = 1) or (x = 2 and a = c)", ""},
    {"select * from t, u where (a = b and (x = 1 or c = d)) or (c = d and a = b)", "0^:a <> 0^:b"},
    /* ON and USING */
    {"select * from t join u on t.a = u.b and t.c > u.c", "0:t.a <> 0:u.b"},
    {"select * from t inner join u on (a = b) cross join w", "0[0-2):a <> 0[0-2):b"},
    {"select * from t left join u on t.a = u.b",
     "0[1-2):t.a <- 0[0-1):u.b, 0[1-2):u.b <- 0[0-1):t.a"},
    {"select * from t right outer join u on t.a = u.b",
     "0[0-1):t.a <- 0[1-2):u.b, 0[0-1):u.b <- 0[1-2):t.a"},
    {"select * from t full join u on t.a = u.b", ""},
    {"select * from t full join u using (a)", ""},
    {"select * from t join u using (a, b)", "0[0-1):a <> 0[1-2):a, 0[0-1):b <> 0[1-2):b"},
    {"select * from t join u using (a) left join w using (a, b)",
     "0[0-1):a <> 0[1-2):a, 0[0-2):b -> 0[2-3):b"},
    {"select * from t left join u using (a)", "0[0-1):a -> 0[1-2):a"},
    {"select * from t right join u using (a)", "0[0-1):a <- 0[1-2):a"},
    {"select * from t, (u join w on u.a = w.b) where t.c = w.c",
     "0[1-3):u.a <> 0[1-3):w.b, 0^:t.c <> 0^:w.c"},
    {"select * from (t left join u on t.a = u.b) join w on u.c = w.d",
     "0[1-2):t.a <- 0[0-1):u.b, 0[1-2):u.b <- 0[0-1):t.a, 0:u.c <> 0:w.d"},
    {"select * from t join u on left(t.a, 2) = u.b and t.c = u.c", "0:t.c <> 0:u.c"},
    /* blocks that are not understood */
    {"select * from t natural join u, w where t.a = w.a", ""},
    {"select * from t semi join u on t.a = u.a, w where t.a = w.a", ""},
    {"select * from t asof join u on t.a = u.a and t.b >= u.b", ""},
    {"select * from t positional join u where t.a = u.a", ""},
    {"select * from (t join u on t.a = u.a) as w", ""},
    {"select * from t x, u, 'file.parquet' f where t.a = u.a", ""},
    {"select * from t join u where t.a = u.a", ""},
    /* statements that are not */
    {"from t, u where t.a = u.b", ""},
    {"select * from (from t, u where t.a = u.b)", ""},
    {"select * from t, u where t.a = u.b using sample 10", ""},
    {"select * from t tablesample 10%, u where t.a = u.b", ""},
    {"insert into w select * from t, u where t.a = u.b", ""},
    {"create view v as select * from t, u where t.a = u.b", ""},
    {"select * from (pivot t on a using sum(b)) t, u where t.a = u.b", ""},
    {"select * from t, u where (t.a = u.b", ""},
    /* subqueries */
    {"select * from t where exists (select * from u where u.b = t.a)", "1^:u.b <> 1^:t.a"},
    {"select * from t where a in (select b from u)", "0:a <> 1:b"},
    {"select * from t where t.a in (select distinct u.b as x from u where c = 1)",
     "0:t.a <> 1:u.b"},
    {"select * from t where a in (select b from u group by b having count(*) > 1)", "0:a <> 1:b"},
    {"select * from t where a in (select b from u group by c, b)", "0:a <- 1:b"},
    {"select * from t where a in (select b from u limit 1)", "0:a <- 1:b"},
    {"select * from t where a in (select b from u qualify row_number() over () = 1)", "0:a <- 1:b"},
    {"select * from t where a in (select max(b) from u)", ""},
    {"select * from t where a in (select b from u union select c from u)", ""},
    {"select * from t where a not in (select b from u)", ""},
    {"select * from t where (a in (select b from u)) is null", ""},
    {"select * from t where a in (select b from u) or c = 1", ""},
    {"select * from t, u where t.a = u.b union select * from t, w where t.c = w.d",
     "0^:t.a <> 0^:u.b, 1^:t.c <> 1^:w.d"},
    {"with c as (select * from t, u where t.a = u.b) select * from c, w where c.d = w.d",
     "0^:t.a <> 0^:u.b, 1^:c.d <> 1^:w.d"},
    {"select * from (select * from t, u where a = b limit 3) x order by (select 1)",
     "1^:a <> 1^:b"},
    {"select t.limit from t, u where t.where = u.group", "0^:t.where <> 0^:u.group"},
    {"select a as from from t, u where t.a = u.b", "0^:t.a <> 0^:u.b"},
    {"select x is distinct from y from t, u where t.a = u.b", "0^:t.a <> 0^:u.b"},
};

static void test_pairs_are_what_the_text_says_for_certain(void **state)
{
    char got[1024];
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        const firn_rewrite out = rewrite(*state, k_cases[i].sql);
        if (strcmp(pairs_of(&out.joins, got, sizeof got), k_cases[i].want) == 0) continue;
        fail_msg("%s\n  got:    %s\n  wanted: %s", k_cases[i].sql, got, k_cases[i].want);
    }
}

static void test_only_plain_subqueries_decide_whether_a_row_stays(void **state)
{
    static const struct {
        const char *where;
        bool is_exists;
    } k_wheres[] = {
        {"exists (select * from u where u.b = t.a)", true},
        {"(exists (select 1, u.c from u where u.b = t.a order by 1))", true},
        {"not exists (select * from u where u.b = t.a)", false},
        {"exists (select * from u where u.b = t.a) or true", false},
        {"exists (select count(*) from u where u.b = t.a)", false},
        {"exists (select 1 from u where u.b = t.a having true)", false},
        {"exists (select 1 from u where u.b = t.a limit 0)", false},
        {"exists (select 1 from u where u.b = t.a union select 2)", false},
        {"1 = (select 1 from u where u.b = t.a)", false},
    };
    char sql[256];
    for (size_t i = 0; i < sizeof k_wheres / sizeof *k_wheres; i++) {
        (void)snprintf(sql, sizeof sql, "select * from t where %s", k_wheres[i].where);
        const firn_rewrite out = rewrite(*state, sql);
        assert_true(out.joins.n_blocks >= 2);
        if (out.joins.blocks[1].is_exists != k_wheres[i].is_exists) fail_msg("%s", sql);
        assert_int_equal(out.joins.blocks[1].parent, 0);
    }
}

static void test_subqueries_that_see_part_of_a_block_see_none(void **state)
{
    static const char *const k_queries[] = {
        "select * from t, (select * from u where u.b = a) x",
        "select * from t join w on exists (select * from u where u.b = a)",
        "select max(a) from t, w group by c having max(d) > (select 1 from u where u.b = a)",
        "with x as (select * from u where u.b = a) select * from t, x",
    };
    for (size_t i = 0; i < sizeof k_queries / sizeof *k_queries; i++) {
        const firn_join_text joins = rewrite(*state, k_queries[i]).joins;
        for (size_t b = 0; b < joins.n_blocks; b++)
            if (joins.blocks[b].parent != FIRN_JOIN_NONE) fail_msg("%s", k_queries[i]);
    }
}

static void test_aliases_of_a_list_are_known(void **state)
{
    const firn_join_text joins =
        rewrite(*state,
                "select a, t.b, c as d, f(x) e, g + 1 h, 'x' i, j: k, case when l then m end n "
                "from t, u where t.a = u.b")
            .joins;
    static const char *const k_wanted[] = {"d", "e", "h", "i", "j", "n"};
    for (size_t i = 0; i < sizeof k_wanted / sizeof *k_wanted; i++) {
        bool is_found = false;
        for (size_t k = 0; k < joins.blocks[0].n_aliases; k++)
            is_found |= firn_str_equals(joins.blocks[0].aliases[k], firn_str_of(k_wanted[i]));
        if (!is_found) fail_msg("%s is not among the aliases", k_wanted[i]);
    }
    for (size_t k = 0; k < joins.blocks[0].n_aliases; k++) {
        assert_false(firn_str_equals(joins.blocks[0].aliases[k], FIRN_STR("a")));
        assert_false(firn_str_equals(joins.blocks[0].aliases[k], FIRN_STR("b")));
    }
}

static void test_tables_of_the_same_name_are_told_apart(void **state)
{
    assert_str(rewrite(*state, "select * from ns.t x, ns.T y, u where x.a = y.a").sql,
               "select * from ns.\"t@k:0\" x, ns.\"T@k:1\" y, u where x.a = y.a");
    /* not where nothing depends on it, nor what is the engine's */
    assert_str(rewrite(*state, "select * from t x, t y").sql, "select * from t x, t y");
    assert_str(rewrite(*state, "select * from temporary x, temporary y where x.a = y.a").sql,
               "select * from temporary x, temporary y where x.a = y.a");
    assert_str(rewrite(*state, "with t as (select 1 a) select * from t x, t y where x.a = y.a").sql,
               "with t as (select 1 a) select * from t x, t y where x.a = y.a");
}

static void test_deep_nesting_gives_up(void **state)
{
    char sql[8192];
    size_t n = (size_t)snprintf(sql, sizeof sql, "select * from t, u where t.a = u.b and ");
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(sql + n, sizeof sql - n, "exists (select 1 from t where ");
    n += (size_t)snprintf(sql + n, sizeof sql - n, "true");
    for (int i = 0; i < 200; i++) sql[n++] = ')';
    sql[n] = '\0';
    assert_int_equal(rewrite(*state, sql).joins.n_pairs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pairs_are_what_the_text_says_for_certain, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_only_plain_subqueries_decide_whether_a_row_stays,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_subqueries_that_see_part_of_a_block_see_none,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_aliases_of_a_list_are_known, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_tables_of_the_same_name_are_told_apart, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_deep_nesting_gives_up, make_arena, drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
