/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of "*" in a query that names metadata columns. The table "plain" has none. */
#include "firn_test.h"

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

static firn_metadata_columns columns_of(const void *ctx, const firn_table_ref *ref,
                                        firn_metadata_columns named)
{
    (void)ctx;
    return firn_str_equals(ref->parts[ref->n_parts - 1], FIRN_STR("plain")) ? 0 : named;
}

static firn_rewrite rewrite(firn_arena *arena, const char *sql)
{
    const firn_rewrite_opts opts = {.key = FIRN_STR("k"), .metadata_columns = columns_of};
    firn_rewrite out;
    firn_error err = {0};
    assert_ok(firn_query_rewrite(firn_str_of(sql), &opts, arena, &out, &err), &err);
    return out;
}

static const struct star_case {
    const char *sql;
    const char *want; /* NULL: as it is */
} k_cases[] = {
    /* nothing is named */
    {"select * from t", NULL},
    {"select a as _file from t", NULL},
    {"select _file(1), '_pos' from t", NULL},
    {"select _file, * from plain", NULL},
    /* stars of the block */
    {"select _file, * from t", "select _file, * EXCLUDE (\"_file\") from \"t@k:0\""},
    {"select * from t where _POS > 1 and \"_file\" = 'x'",
     "select * EXCLUDE (\"_file\", \"_pos\") from \"t@k:0\" where _POS > 1 and \"_file\" = 'x'"},
    {"select distinct * from t order by _pos",
     "select distinct * EXCLUDE (\"_pos\") from \"t@k:0\" order by _pos"},
    {"select _pos * 2, a * b, count(*) from t", "select _pos * 2, a * b, count(*) from \"t@k:0\""},
    {"select *, _partition.day from ns.t version as of 7",
     "select *EXCLUDE (\"_partition\") , _partition.day from ns.\"t@k:0\""},
    /* what the user leaves out or changes */
    {"select * exclude (a, b), _pos from t",
     "select * exclude (\"_pos\", a, b), _pos from \"t@k:0\""},
    {"select * exclude a, _pos from t", "select * exclude (\"_pos\", a), _pos from \"t@k:0\""},
    {"select * exclude (_pos), _pos from t", "select * exclude (_pos), _pos from \"t@k:0\""},
    {"select * replace (1 as a), _pos from t",
     "select * EXCLUDE (\"_pos\") replace (1 as a), _pos from \"t@k:0\""},
    {"select * like 'a%', _pos from t", "select * like 'a%', _pos from \"t@k:0\""},
    /* whose star it is */
    {"select x.*, y.*, x._pos from t x join plain y using (a)",
     "select x.*EXCLUDE (\"_pos\") , y.*, x._pos from \"t@k:0\" x join plain y using (a)"},
    {"select x.*, s.* from t as x, (select 1 as _pos) s where x._pos = 0",
     "select x.*EXCLUDE (\"_pos\") , s.* from \"t@k:0\" as x, (select 1 as _pos) s where x._pos = "
     "0"},
    {"select * from (t join u using (a)) where u._pos = 0",
     "select * EXCLUDE (\"_pos\") from (\"t@k:0\" join \"u@k:1\" using (a)) where u._pos = 0"},
    {"select * from (select _pos, * from t)",
     "select * from (select _pos, * EXCLUDE (\"_pos\") from \"t@k:0\")"},
    {"with c as (select _pos, * from t) select * from c",
     "with c as (select _pos, * EXCLUDE (\"_pos\") from \"t@k:0\") select * from c"},
    {"select * from plain where a in (select _pos from t)",
     "select * from plain where a in (select _pos from \"t@k:1\")"},
    {"select * from plain union all select * from t where _pos = 1",
     "select * from plain union all select * EXCLUDE (\"_pos\") from \"t@k:1\" where _pos = 1"},
    /* FROM first */
    {"from t where _pos = 0", "SELECT * EXCLUDE (\"_pos\") from \"t@k:0\" where _pos = 0"},
    {"from t select _pos", "from \"t@k:0\" select _pos"},
    {"select (from t where _pos = 0) from plain",
     "select (SELECT * EXCLUDE (\"_pos\") from \"t@k:0\" where _pos = 0) from plain"},
    {"delete from plain using t where t._pos = plain.a", NULL},
};

static void test_stars_leave_out_metadata_columns(void **state)
{
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        const char *want = k_cases[i].want ? k_cases[i].want : k_cases[i].sql;
        assert_str(rewrite(*state, k_cases[i].sql).sql, want);
    }
}

static void test_positions_map_back_behind_an_insertion(void **state)
{
    const char *sql = "select *, _pos, bad from t";
    const firn_rewrite out = rewrite(*state, sql);
    const size_t in_out = firn_str_find(out.sql, FIRN_STR("bad"), 0);
    assert_int_equal(firn_rewrite_position(&out, in_out),
                     firn_str_find(firn_str_of(sql), FIRN_STR("bad"), 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stars_leave_out_metadata_columns),
        cmocka_unit_test(test_positions_map_back_behind_an_insertion),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
