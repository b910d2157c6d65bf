/* SPDX-License-Identifier: Apache-2.0 */
/* Values of join columns that pass from scan to scan: which statements use them, which must not,
 * and that the rows are the same without. */
#include "sql_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* What EXPLAIN ANALYZE says of the scans. */
static const char *explain(sql_fixture *f, const char *sql, char *out, size_t size)
{
    char text[2048];
    firn_error err = {0};
    const firn_batch *batch = NULL;
    (void)snprintf(text, sizeof text, "explain analyze %s", sql);
    firn_result *result = sql_query(f, text);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_int_equal(batch->n_rows, 2);
    const firn_str cell = firn_column_get(&batch->columns[1], 1).as.bytes;
    assert_true(cell.len < size);
    (void)snprintf(out, size, "%.*s", FIRN_STR_ARG(cell));
    firn_result_close(result);
    return out;
}

/* The only number of a statement's only row. */
static int64_t number(sql_fixture *f, const char *sql)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, sql);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_int_equal(batch->n_rows, 1);
    const int64_t n = firn_column_get(&batch->columns[0], 0).as.i64;
    firn_result_close(result);
    return n;
}

/* big: 4,000 rows, k is 0..399 each ten times; small: k is 0..99, n too; nulls in small's last. */
static void make_tables(sql_fixture *f)
{
    sql_run(f, "create table big (id bigint, k int, d date, v varchar)");
    sql_run(f, "insert into big select i, i % 400, date '2024-01-01' + (i % 400)::int, 'v' || i "
               "from range(4000) t(i)");
    sql_run(f, "create table small (k int, n bigint, d date, big_k int)");
    sql_run(f, "insert into small select case when i < 90 then i end, i, date '2024-01-01' + "
               "i::int, i from range(100) t(i)");
    sql_run(f, "create table tiny (n bigint, t_k int)");
    sql_run(f, "insert into tiny select i, i * 7 from range(5) t(i)");
    sql_run(f, "create view chosen as select * from small where n < 3");
}

static int open_tables(void **state)
{
    if (sql_fixture_open(state) != 0) return -1;
    make_tables(*state);
    return 0;
}

static const struct use_case {
    const char *sql;
    const char *rows;
    const char *use; /* in the report; NULL: no scan uses values */
} k_cases[] = {
    {"select count(*) from big, small where big.k = small.k and n < 3", "(30)",
     "k has the range of default.small.k, (k >= 0 and k <= 2)"},
    {"select count(*) from big b join small s using (d) where n in (3, 300, 5)", "(20)",
     "d has the range of default.small.d, (d >= '2024-01-04' and d <= '2024-01-06')"},
    {"select count(*) from big, small where id = n and n in (1, 50)", "(2)",
     "id has 2 values of default.small.n, (id >= 1 and id <= 50)"},
    /* whose a merged column is depends on the kind of join */
    {"select count(*) from tiny x left join (select k as n from small where k < 2) y using (n) "
     "join "
     "tiny z using (n) where z.t_k < 21",
     "(3)", NULL},
    {"select count(*) from (select n from tiny) x left join small y using (n) join tiny z using "
     "(n) "
     "where y.k < 2 and z.t_k >= 0",
     "(2)", NULL},
    {"select count(*) from (select n + 97 as n from tiny) x left join small y using (n), big where "
     "n = id and y.n is null",
     "(2)", NULL},
    /* nothing is found: then there is nothing to find */
    {"select count(*) from big, small where big.k = small.k and n > 5 and n < 6", "(0)",
     "k has the range of default.small.k, (k >= 5 and k <= 6)"},
    {"select count(*), sum(id) from big, small where big.k = small.k and n >= 95", "(0, NULL)",
     "k has no value of default.small.k, false"},
    /* of several joins */
    {"select count(*) from big, small, tiny where big.k = small.k and small.n = tiny.n and t_k > "
     "20",
     "(20)", "k has the range of default.small.k, (k >= 3 and k <= 4)"},
    {"select count(*) from small, big, tiny where small.n = tiny.n and big.id = small.n and t_k = "
     "7",
     "(1)", "id has the range of default.small.n, (id >= 1 and id <= 1)"},
    /* sides that are kept whole */
    {"select count(*), count(s.k) from small s left join big b on s.k = b.k where n < 4",
     "(40, 40)", "k has the range of default.small.k, (k >= 0 and k <= 3)"},
    {"select count(*), count(s.k) from big b left join small s on s.k = b.k and n < 4",
     "(4000, 40)", NULL},
    {"select count(*), count(s.k) from small s right join big b on s.k = b.k and n < 4",
     "(4000, 40)", NULL},
    {"select count(*) from big b full join small s on s.k = b.k and n < 4", "(4096)", NULL},
    /* subqueries */
    {"select count(*) from big where k in (select k from small where n < 4)", "(40)",
     "k has the range of default.small.k, (k >= 0 and k <= 3)"},
    {"select count(*) from big where k not in (select k from small where n < 4)", "(3960)", NULL},
    {"select count(*) from big where exists (select 1 from small where small.k = big.k and n < 4)",
     "(40)", "k has the range of default.small.k, (k >= 0 and k <= 3)"},
    {"select count(*) from big where not exists (select 1 from small where small.k = big.k and n < "
     "4)",
     "(3960)", NULL},
    {"select count(*) from big where exists (select count(*) from small where small.k = big.k and "
     "n < 4)",
     "(4000)", NULL},
    {"select sum((select count(*) from big where big.k = small.k)) from small where n < 4", "(40)",
     "k has the range of default.small.k, (k >= 0 and k <= 3)"},
    /* an alias hides the column around it */
    {"select count(*) from big where exists (select tiny.n as k from tiny where t_k = k and t_k = "
     "7)",
     "(0)", NULL},
    {"select count(*) from tiny where t_k = 7 and n in (select k from big order by id limit 3)",
     "(1)", NULL},
    {"select count(*) from tiny where t_k > 7 and n in (select k from big group by k having "
     "sum(id) > 18020)",
     "(2)", NULL},
    /* common table expressions, views */
    {"with s as (select * from small where n < 3) select count(*) from big, s where big.k = s.k",
     "(30)", NULL},
    {"with j as not materialized (select n, id from small s, big b where s.k = b.k) select (select "
     "count(*) from j where n = 1), (select count(*) from j where n = 2)",
     "(10, 10)", NULL},
    {"with j as materialized (select n, id from small s, big b where s.k = b.k and n < 3) select "
     "(select count(*) from j where n = 1), (select count(*) from j where n = 2)",
     "(10, 10)", "k has the range of default.small.k"},
    {"with recursive r as (select 0::bigint as n union all select r.n + 1 from r, small s, big b "
     "where "
     "s.n = r.n and b.k = s.k and s.n < 3 and b.id < 400) select count(*) from r",
     "(4)", NULL},
    /* of the same name */
    {"select count(*) from big x, big y where x.k = y.k and x.id < 2", "(20)",
     "k has the range of default.big.k, (k >= 0 and k <= 1)"},
    {"select count(*) from small x, big y, small z where x.k = y.k and z.k = y.k and z.n = 5",
     "(10)", "k has the range of default.small.k, (k >= 5 and k <= 5)"},
    {"select count(*) from small x, small y, big where x.k = y.k and x.n = 3 and big.k = y.k",
     "(10)", "k has the range of default.small.k, (k >= 3 and k <= 3)"},
};

static void test_statements_use_values_where_they_are_sure_to_hold(void **state)
{
    sql_fixture *f = *state;
    char text[8192];
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        const struct use_case *c = &k_cases[i];
        char rows[256];
        sql_run(f, "set firn.join_keys = off");
        assert_string_equal(sql_rows(f, c->sql, rows, sizeof rows), c->rows);
        assert_null(strstr(explain(f, c->sql, text, sizeof text), "join keys"));
        sql_run(f, "set firn.join_keys = on");
        if (strcmp(sql_rows(f, c->sql, rows, sizeof rows), c->rows) != 0)
            fail_msg("%s: %s, wanted %s", c->sql, rows, c->rows);
        const char *found = strstr(explain(f, c->sql, text, sizeof text), "join keys");
        if (c->use ? !found || !strstr(text, c->use) : found != NULL)
            fail_msg("%s\nwanted: %s\n%s", c->sql, c->use ? c->use : "none", text);
    }
}

static void test_rows_and_files_without_a_value_are_not_read(void **state)
{
    sql_fixture *f = *state;
    char text[8192];
    sql_run(f, "create table parts (id bigint, k int) partitioned by (k)");
    sql_run(f, "insert into parts select i, i % 8 from range(800) t(i)");
    (void)explain(f, "select count(*) from parts, tiny where parts.k = tiny.n and t_k in (14, 21)",
                  text, sizeof text);
    assert_non_null(strstr(text, "data files: 2 of 8 (skipped by manifests 0, by partition 6"));
    assert_non_null(strstr(text, "rows: 200 of 800"));
    assert_rows(f, "select count(*) from parts, tiny where parts.k = tiny.n and t_k in (14, 21)",
                "(200)");
}

static void test_each_execution_begins_anew(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "prepare q as select count(*) from big, small where big.k = small.k and n < $1");
    assert_int_equal(number(f, "execute q(3)"), 30);
    assert_int_equal(number(f, "execute q(50)"), 500);
    assert_int_equal(number(f, "execute q(0)"), 0);
    sql_run(f, "begin");
    sql_run(f, "insert into small values (399, 1, null, 1)");
    assert_int_equal(number(f, "execute q(2)"), 30);
    sql_run(f, "rollback");
    assert_int_equal(number(f, "execute q(2)"), 20);
    sql_run(f, "deallocate q");
}

/* The rows of a scan that ends early are no set of values. */
static void test_a_scan_that_stops_early_reduces_nothing(void **state)
{
    sql_fixture *f = *state;
    assert_rows(f,
                "select count(*) from (select k from small where n < 60 limit 1) s, big where "
                "big.k = s.k",
                "(10)");
    assert_rows(f,
                "select count(*) from big where k in (select k from small where n < 60 order by n "
                "limit 2)",
                "(20)");
}

static void test_changes_find_their_rows(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table target as select * from big");
    sql_run(f, "update target set v = 'new' where k in (select k from small where n < 3)");
    assert_rows(f, "select count(*) from target where v = 'new'", "(30)");
    sql_run(f, "delete from target where exists (select 1 from small where small.k = target.k and "
               "n < 2)");
    assert_rows(f, "select count(*) from target", "(3980)");
    sql_run(f, "merge into target t using (select s.k from small s, tiny where s.n = tiny.n) s on "
               "t.k = s.k when matched then delete");
    assert_rows(f, "select count(*), min(k) from target", "(3950, 5)");
    sql_run(f, "insert into target select big.* from big, small where big.k = small.k and n = 1");
    assert_rows(f, "select count(*) from target where k = 1", "(10)");
}

static void test_temporary_tables_are_the_engines(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create temp table small as select 399 as k, 1 as n");
    assert_rows(f, "select count(*) from big, small where big.k = small.k and n < 3", "(10)");
    assert_rows(f,
                "select count(*) from big, small x, small y where big.k = x.k and x.k = y.k and "
                "x.n < 3",
                "(10)");
    sql_run(f, "drop table small");
    assert_rows(f, "select count(*) from big, small where big.k = small.k and n < 3", "(30)");
}

static void test_the_setting_is_on_or_off(void **state)
{
    sql_fixture *f = *state;
    sql_expect_error(f, "set firn.join_keys = 3", FIRN_ERR_ARG,
                     "found \"3\" for firn.join_keys, expected on or off");
    sql_run(f, "set firn.join_keys = OFF");
    sql_run(f, "reset firn.join_keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements_use_values_where_they_are_sure_to_hold),
        cmocka_unit_test(test_rows_and_files_without_a_value_are_not_read),
        cmocka_unit_test(test_each_execution_begins_anew),
        cmocka_unit_test(test_a_scan_that_stops_early_reduces_nothing),
        cmocka_unit_test(test_changes_find_their_rows),
        cmocka_unit_test(test_temporary_tables_are_the_engines),
        cmocka_unit_test(test_the_setting_is_on_or_off),
    };
    return cmocka_run_group_tests(tests, open_tables, sql_fixture_close);
}
