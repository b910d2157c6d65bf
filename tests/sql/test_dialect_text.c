/* SPDX-License-Identifier: Apache-2.0 */
/* What statements of Spark and Trino become before anything else reads them. */
#include "firn_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "sql/dialect/dialect_text.h"

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

static firn_status translate(firn_arena *arena, firn_dialect dialect, const char *sql,
                             firn_rewrite *out, firn_error *err)
{
    const firn_dialect_opts opts = {
        .dialect = dialect, .catalog = FIRN_STR("lake"), .ns = FIRN_STR("db")};
    firn_translation translation;
    const firn_status st =
        firn_dialect_translate(firn_str_of(sql), &opts, arena, &translation, err);
    *out = translation.text;
    return st;
}

typedef struct dialect_case {
    const char *sql;
    const char *want; /* NULL: as it is */
} dialect_case;

static const dialect_case k_spark[] = {
    {"SELECT a, t.b FROM t -- c\nWHERE x = 'y'", NULL},
    {"SELECT 1 AS x", NULL},
    {"SELECT \"it's\" AS s, 'a\\tb\\'' AS t", "SELECT 'it''s' AS s, 'a\tb''' AS t"},
    {"SELECT r'a\\b' AS s, '\\u00e9' AS e", "SELECT 'a\\b' AS s, '\xc3\xa9' AS e"},
    {"SELECT 1L AS a, 2.5D AS b, 1.50BD AS c, 7Y AS d",
     "SELECT CAST(1 AS BIGINT) AS a, CAST(2.5 AS DOUBLE) AS b, 1.50 AS c, CAST(7 AS TINYINT) AS d"},
    {"SELECT -9223372036854775808L AS a, -128Y AS b",
     "SELECT -9223372036854775808 AS a, -128 AS b"},
    {"SELECT a FROM t WHERE a <=> b AND s RLIKE 'x'",
     "SELECT a FROM t WHERE a IS NOT DISTINCT FROM b AND s ~ 'x'"},
    {"SELECT TIMESTAMP'2024-01-01' AS a, TIMESTAMP_NTZ '2024-01-01' AS b",
     "SELECT TIMESTAMPTZ '2024-01-01' AS a, TIMESTAMP '2024-01-01' AS b"},
    {"SELECT * FROM t TIMESTAMP AS OF '2024-01-01'", NULL},
    {"SELECT CAST(x AS timestamp) AS a, CAST(y AS array<struct<p: int>>) AS b",
     "SELECT CAST(x AS TIMESTAMP WITH TIME ZONE) AS a, CAST(y AS STRUCT(\"p\" INTEGER)[]) AS b"},
    {"SELECT CAST(x AS TINYINT) AS a", "SELECT CAST(firn_trunc(x) AS TINYINT) AS a"},
    {"SELECT f(a)[1][2] AS x, m['k'] AS y, f(a).b[0] AS z FROM t",
     "SELECT f(a)[firn_index(f(a), 1)][firn_index(f(a)[firn_index(f(a), 1)], 2)] AS x, m['k'] AS "
     "y, f(a).b[firn_index(f(a).b, 0)] AS z FROM t"},
    {"SELECT t.a[0] AS x", "SELECT t.a[firn_index(t.a, 0)] AS x"},
    {"SELECT map('a', 1, 'b', 2) AS m, named_struct('x', 1) AS s",
     "SELECT map(['a', 'b'], [1, 2]) AS m, struct_pack(\"x\" := 1) AS s"},
    {"SELECT transform(a, x -> x + 1) AS t", "SELECT list_transform(a, lambda x: x + 1) AS t"},
    {"SELECT aggregate(a, 0, (s, x) -> s + x) AS t",
     "SELECT list_reduce(a, lambda s, x: s + x, 0) AS t"},
    {"SELECT row_number() OVER (PARTITION BY a ORDER BY b) AS rn FROM t",
     "SELECT CAST(row_number() OVER (PARTITION BY a ORDER BY b NULLS FIRST) AS INTEGER) AS rn FROM "
     "t"},
    {"SELECT date_format(ts, 'yyyy-MM-dd''T''HH') AS d",
     "SELECT strftime(firn_stamp(ts), '%Y-%m-%dT%H') AS d"},
    {"SELECT current_database(), size(a.b), a + 1",
     "SELECT 'db' AS \"current_schema()\", firn_size(a.b) AS \"size(a.b)\", a + 1 AS "
     "\"(a + 1)\""},
    {"SELECT count(*) FROM t", "SELECT count(*) AS \"count(1)\" FROM t"},
    {"SELECT id, e FROM t LATERAL VIEW explode(a) x AS e",
     "SELECT id, e FROM t CROSS JOIN LATERAL (SELECT unnest(a) AS e) AS x"},
    {"SELECT k FROM t LATERAL VIEW OUTER explode(m) x AS k, v",
     "SELECT k FROM t LEFT JOIN LATERAL (SELECT unnest(map_keys(m)) AS k, unnest(map_values(m)) AS "
     "v) AS x ON true"},
    {"SELECT id FROM range(3)",
     "SELECT id FROM (SELECT CAST(range AS BIGINT) AS id FROM range(3))"},
    {"SELECT a FROM t GROUP BY a, c WITH ROLLUP ORDER BY a",
     "SELECT a FROM t GROUP BY ROLLUP (a, c) ORDER BY a NULLS FIRST"},
    {"SELECT a FROM (SELECT a FROM t GROUP BY a WITH CUBE) x",
     "SELECT a FROM (SELECT a FROM t GROUP BY CUBE (a)) x"},
    {"SELECT a FROM t GROUP BY a, c GROUPING SETS ((a), ())",
     "SELECT a FROM t GROUP BY GROUPING SETS  ((a), ())"},
    {"SELECT a FROM t LEFT ANTI JOIN u USING (a)", "SELECT a FROM t  ANTI JOIN u USING (a)"},
    {"SELECT * EXCEPT (a) FROM t", "SELECT * EXCLUDE (a) FROM t"},
    {"SELECT x WHERE EXISTS (SELECT 1 AS o FROM a, b)", NULL},
    {"CREATE TABLE t (a INT) PARTITIONED BY (years(ts)) COMMENT \"c\"",
     "CREATE TABLE t (a INT) PARTITIONED BY (years(ts)) COMMENT 'c'"},
    {"CREATE TABLE t USING iceberg AS SELECT 1L AS a",
     "CREATE TABLE t USING iceberg AS SELECT CAST(1 AS BIGINT) AS a"},
    {"CALL system.x(options => map('a', \"b\"))", "CALL system.x(options => map('a', 'b'))"},
};

static const dialect_case k_trino[] = {
    {"SELECT \"a\" FROM t", NULL},
    {"SELECT a, count(*), x.b + 1 FROM t",
     "SELECT a, count(*) AS \"_col1\", x.b + 1 AS \"_col2\" FROM t"},
    {"SELECT a b, current_schema FROM t", "SELECT a b, 'db' AS \"_col1\" FROM t"},
    {"SELECT listagg(DISTINCT x, ',') WITHIN GROUP (ORDER BY x) AS l FROM t",
     "SELECT string_agg(DISTINCT x, ',' ORDER BY x)  AS l FROM t"},
    {"SELECT 7 / 2 * 2 AS a, 7e0 / 2 AS b, x / 2 AS c FROM t",
     "SELECT (7 // 2) * 2 AS a, 7e0 / 2 AS b, firn_divide(x ,  2) AS c FROM t"},
    {"SELECT 7.5 / 2 AS a", "SELECT CAST(firn_divide(CAST(7.5  AS DECIMAL(2,1)), CAST( 2 AS "
                            "DECIMAL(10,0))) AS DECIMAL(2,1)) AS a"},
    {"SELECT 1.50 + 1 AS a", "SELECT CAST((1.50 + 1) AS DECIMAL(13,2)) AS a"},
    {"SELECT DATE '2024-01-31' + INTERVAL '1' MONTH AS a",
     "SELECT CAST((DATE '2024-01-31' + INTERVAL '1' MONTH) AS DATE) AS a"},
    {"SELECT TIMESTAMP '2024-01-01 00:00:00' + INTERVAL '1 02:03:04.5' DAY TO SECOND AS a",
     "SELECT TIMESTAMP '2024-01-01 00:00:00' + INTERVAL '1 days 7384500000 microseconds' AS a"},
    {"SELECT typeof(1.5 * 2.25) AS t", "SELECT 'decimal(5,3)' AS t"},
    {"SELECT CAST('x' AS varchar(3)) AS a", "SELECT CAST('x' AS VARCHAR) AS a"},
    {"SELECT CAST(2.5e0 AS integer) AS a", "SELECT CAST(round(2.5e0) AS INTEGER) AS a"},
    {"SELECT map_filter(m, (k, v) -> v > k) AS f FROM t",
     "SELECT map_from_entries(list_filter(map_entries(m), lambda \"e\": "
     "list_transform([\"e\".key], lambda k: list_transform([\"e\".value], lambda v: v > "
     "k)[1])[1])) AS f FROM t"},
    {"SELECT * FROM UNNEST(ARRAY[1], b) AS u (x, y)",
     "SELECT * FROM LATERAL (SELECT unnest(ARRAY[1]), unnest(b)) AS u (x, y)"},
    {"SELECT TIMESTAMP '2024-01-01 00:00:00 UTC' AS a, TIMESTAMP '2024-01-01 00:00:00' AS b",
     "SELECT TIMESTAMPTZ '2024-01-01 00:00:00 UTC' AS a, TIMESTAMP '2024-01-01 00:00:00' AS b"},
    {"SELECT DECIMAL '1.50' AS d, U&'\\00e9' AS e",
     "SELECT CAST('1.50' AS DECIMAL(3,2)) AS d, '\xc3\xa9' AS e"},
    {"INSERT INTO t VALUES 1, 2", "INSERT INTO t VALUES (1), (2)"},
    {"SELECT k FROM t CROSS JOIN UNNEST(m) AS u (k, v)",
     "SELECT k FROM t CROSS JOIN LATERAL (SELECT unnest(map_keys(m)) AS key, unnest(map_values(m)) "
     "AS value) AS u (k, v)"},
    {"SELECT cardinality(a) AS n, contains(a, 1) AS c",
     "SELECT len(a) AS n, firn_contains(a, 1) AS c"},
    {"SELECT a FROM t FETCH FIRST 3 ROWS ONLY", "SELECT a FROM t LIMIT 3"},
    {"SELECT regexp_replace(s, 'a(b)', '$1x') AS r",
     "SELECT regexp_replace(s, 'a(b)', '\\1x', 'g') AS r"},
    {"SELECT date_add('day', 2, d) AS x", "SELECT date_add(d, INTERVAL (2) day) AS x"},
};

static void check(firn_arena *arena, firn_dialect dialect, const dialect_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        firn_rewrite out;
        firn_error err = {0};
        assert_ok(translate(arena, dialect, cases[i].sql, &out, &err), &err);
        assert_string_equal(out.sql.data, cases[i].want ? cases[i].want : cases[i].sql);
        for (size_t at = 0; at <= out.sql.len; at++) {
            assert_true(firn_rewrite_position(&out, at) <= strlen(cases[i].sql));
        }
    }
}

static void test_spark_becomes_duckdb(void **state)
{
    check(*state, FIRN_DIALECT_SPARK, k_spark, sizeof k_spark / sizeof *k_spark);
}

static void test_trino_becomes_duckdb(void **state)
{
    check(*state, FIRN_DIALECT_TRINO, k_trino, sizeof k_trino / sizeof *k_trino);
}

static void test_positions_lead_back_to_the_statement(void **state)
{
    const char *sql = "SELECT 1L AS a, nosuch FROM t";
    firn_rewrite out;
    firn_error err = {0};
    assert_ok(translate(*state, FIRN_DIALECT_SPARK, sql, &out, &err), &err);
    const size_t at = (size_t)(strstr(out.sql.data, "nosuch") - out.sql.data);
    assert_int_equal(firn_rewrite_position(&out, at), strstr(sql, "nosuch") - sql);
}

static void test_what_cannot_be_said_is_refused_with_its_place(void **state)
{
    firn_rewrite out;
    firn_error err = {0};
    assert_int_equal(translate(*state, FIRN_DIALECT_SPARK, "SELECT map('a') AS m", &out, &err),
                     FIRN_ERR_ARG);
    assert_non_null(strstr(err.message, "odd number of arguments"));
    assert_int_equal(err.position, 7);
    assert_int_equal(
        translate(*state, FIRN_DIALECT_TRINO, "SELECT date_add('x', 1, d)", &out, &err),
        FIRN_ERR_ARG);
    assert_int_equal(err.position, 16);
}

static void test_deep_nesting_is_a_limit_not_a_crash(void **state)
{
    char sql[20000] = "SELECT ";
    firn_rewrite out;
    firn_error err = {0};
    for (int i = 0; i < 2000; i++) strcat(sql, "year(");
    assert_ok(translate(*state, FIRN_DIALECT_SPARK, sql, &out, &err),
              &err); /* not closed: no call */
    for (int i = 0; i < 2000; i++) strcat(sql, ")");
    assert_int_equal(translate(*state, FIRN_DIALECT_SPARK, sql, &out, &err), FIRN_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spark_becomes_duckdb),
        cmocka_unit_test(test_trino_becomes_duckdb),
        cmocka_unit_test(test_positions_lead_back_to_the_statement),
        cmocka_unit_test(test_what_cannot_be_said_is_refused_with_its_place),
        cmocka_unit_test(test_deep_nesting_is_a_limit_not_a_crash),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
