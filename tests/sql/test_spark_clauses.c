/* SPDX-License-Identifier: Apache-2.0 */
/* Clauses of Spark that become other queries: windows of sessions, PIVOT, several INSERT behind one
 * FROM. */
#include "sql_fixture.h"

static int open_spark(void **state)
{
    if (sql_fixture_open(state) != 0) return -1;
    sql_run(*state, "set dialect = 'spark'");
    sql_run(*state, "create namespace db");
    sql_run(*state, "create table db.e (u string, ts timestamp, v int)");
    sql_run(*state,
            "insert into db.e values ('a', timestamp'2024-01-01 00:00:00', 1), ('a', "
            "timestamp'2024-01-01 00:05:00', 2), ('b', timestamp'2024-01-01 00:05:00', 3), ('a', "
            "timestamp'2024-01-01 00:10:01', 4), ('a', NULL, 5)");
    return 0;
}

/* A row at the end of the session before it is in that. */
static void test_sessions_end_after_a_gap_of_their_key(void **state)
{
    assert_rows(*state,
                "select u, count(*), sum(v), cast(session_window.end as string) from db.e group by "
                "u, session_window(ts, '5 minutes') order by 1, 2",
                "(a, 1, 4, '2024-01-01 00:15:01') (a, 2, 3, '2024-01-01 00:10:00') (b, 1, 3, "
                "'2024-01-01 00:10:00')");
    assert_rows(*state,
                "select count(*), max(x.v) from db.e x where x.v < 4 group by "
                "session_window(x.ts, interval 10 minutes) having count(*) > 0",
                "(3, 3)");
    assert_rows(
        *state,
        "select u, count(*) from db.e group by u, session_window(ts, case when u = 'a' then "
        "'10 minutes' else '1 second' end) order by u",
        "(a, 3) (b, 1)");
    sql_expect_error(*state,
                     "select count(*) from db.e a join db.e b on a.u = b.u group by "
                     "session_window(a.ts, '5 minutes')",
                     FIRN_ERR_ARG, "not supported: session_window() of a join");
    sql_expect_error(*state,
                     "select u, count(*) from db.e group by 1, session_window(ts, '5 minutes')",
                     FIRN_ERR_ARG, "not supported: session_window() beside a column's number");
}

static void test_pivot_counts_null_where_no_row_is(void **state)
{
    assert_rows(
        *state,
        "select * from (select u, v > 2 as big, v from db.e) pivot (count(*) as n, count(v) "
        "as c for u in ('a', 'b')) order by big",
        "(false, 2, 2, NULL, NULL) (true, 2, 2, 1, 1)");
}

static void test_several_inserts_read_one_source(void **state)
{
    sql_run(*state, "create table db.x (v int)");
    sql_run(*state, "create table db.y (u string, n bigint)");
    sql_run(*state,
            "from db.e insert into db.x select v where v > 3 insert into table db.y select u, "
            "count(*) group by u");
    assert_rows(*state, "select v from db.x order by v", "(4) (5)");
    assert_rows(*state, "select * from db.y order by u", "(a, 4) (b, 1)");
    sql_expect_error(*state, "from db.x insert into db.y select 'q', v insert into db.x select v",
                     FIRN_ERR_UNSUPPORTED,
                     "not supported: several INSERT that read one of their tables");
    sql_run(*state, "begin");
    sql_run(*state,
            "from db.e insert into db.x select 7 where v = 1 insert into db.x select 8 where "
            "v = 1");
    sql_run(*state, "rollback");
    assert_rows(*state, "select count(*) from db.x", "(2)");
}

static void test_a_lateral_join_needs_no_condition(void **state)
{
    assert_rows(*state,
                "select a.u, b.n from (select distinct u from db.e) a left join lateral (select "
                "max(v) as n from db.e x where x.u = a.u and x.v < 3) b order by a.u",
                "(a, 2) (b, NULL)");
    assert_rows(*state,
                "select count(*) from db.e a join lateral (select a.v + 1 as w) as b on b.w > 3",
                "(3)");
}

#define WITH_SESSION(name) cmocka_unit_test_setup_teardown(name, open_spark, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SESSION(test_sessions_end_after_a_gap_of_their_key),
        WITH_SESSION(test_pivot_counts_null_where_no_row_is),
        WITH_SESSION(test_several_inserts_read_one_source),
        WITH_SESSION(test_a_lateral_join_needs_no_condition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
