/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of DDL and DML on their own: what they make of statements, and that every truncated
 * statement ends in a place of the text or in a shorter statement. */
#include "firn_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "sql/parser/sql_ast.h"

static const char *const k_statements[] = {
    "CREATE TABLE IF NOT EXISTS c.db.t (id BIGINT NOT NULL COMMENT 'k', s STRUCT<a: INT, b: "
    "ARRAY<STRING>>, m MAP(VARCHAR, DECIMAL(9,2))) USING iceberg PARTITIONED BY (bucket(16, id), "
    "truncate(s, 4), years(ts)) LOCATION 'file:/x' COMMENT 'it''s' TBLPROPERTIES ('a'='b', c.d = "
    "1)",
    "CREATE OR REPLACE TABLE t WITH (partitioning = ARRAY['day(ts)', 'bucket(id, 4)'], sorted_by = "
    "ARRAY['a DESC NULLS LAST'], format_version = 2, extra_properties = MAP(ARRAY['x'], "
    "ARRAY['y'])) "
    "AS SELECT CASE WHEN a THEN 1 ELSE (2) END FROM x WITH NO DATA",
    "CREATE VIEW v (a COMMENT 'x', b) COMMENT 'y' TBLPROPERTIES ('k' = 'v') AS SELECT 1, 2 -- end",
    "CREATE SCHEMA a.b COMMENT 'x' WITH DBPROPERTIES ('k' = 'v')",
    "DROP TABLE IF EXISTS \"a b\".`c`.t PURGE",
    "ALTER TABLE t ADD COLUMNS (a INT COMMENT 'x' FIRST, p.b DOUBLE AFTER c)",
    "ALTER TABLE t ALTER COLUMN p.a SET DATA TYPE BIGINT",
    "ALTER TABLE t WRITE DISTRIBUTED BY PARTITION LOCALLY ORDERED BY a DESC NULLS FIRST, bucket(4, "
    "b)",
    "ALTER TABLE t REPLACE PARTITION FIELD ts_day WITH hours(ts) AS h",
    "ALTER TABLE t SET PROPERTIES partitioning = ARRAY['a'], format_version = 3",
    "ALTER TABLE t EXECUTE rollback_to_snapshot(snapshot_id => 12)",
    "WITH x AS (SELECT 1) INSERT INTO db.t (a, b) SELECT 1, f('x)', [2, {'k': 3}])",
    "INSERT OVERWRITE TABLE t PARTITION (d = DATE '2024-01-01', e) VALUES (1), (2)",
    "UPDATE db.t AS x SET a = a + 1, x.b = CASE WHEN c THEN 'WHERE' END FROM s, u WHERE x.a = s.a",
    "DELETE FROM t x USING s WHERE x.a IN (SELECT a FROM s WHERE b)",
    "MERGE INTO db.t USING (SELECT 1 AS a) s (a) ON t.a = s.a AND t.b > 1 WHEN MATCHED AND s.a = 1 "
    "THEN DELETE WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED BY TARGET THEN INSERT (a, b) "
    "VALUES "
    "(s.a, DEFAULT) WHEN NOT MATCHED BY SOURCE THEN UPDATE SET a = CASE WHEN b THEN 1 END",
    "CALL cat.system.rollback_to_timestamp('db.t', timestamp => TIMESTAMP '2024-01-01')",
};

/* Parse with whichever parser takes it. */
static firn_status parse(firn_arena *arena, firn_str sql, bool *handled, firn_error *err)
{
    firn_sql_parser p = firn_parser_of(arena, sql);
    firn_ast_create create;
    firn_ast_drop drop;
    firn_ast_alter alter;
    firn_ast_insert insert = {0};
    firn_ast_change change = {0};
    firn_ast_merge merge = {0};
    firn_ast_call call;
    firn_str with;
    FIRN_TRY(firn_parse_create(&p, handled, &create, err));
    if (*handled) return FIRN_OK;
    p = firn_parser_of(arena, sql);
    FIRN_TRY(firn_parse_drop(&p, handled, &drop, err));
    if (*handled) return FIRN_OK;
    p = firn_parser_of(arena, sql);
    FIRN_TRY(firn_parse_alter(&p, handled, &alter, err));
    if (*handled) return FIRN_OK;
    p = firn_parser_of(arena, sql);
    *handled = true;
    if (firn_parser_accept(&p, "CALL")) return firn_parse_call(&p, &call, err);
    FIRN_TRY(firn_parse_with(&p, &with, err));
    if (firn_parser_at(&p, "INSERT")) return firn_parse_insert(&p, &insert, err);
    if (firn_parser_at(&p, "MERGE")) return firn_parse_merge(&p, &merge, err);
    if (firn_parser_at(&p, "UPDATE") || firn_parser_at(&p, "DELETE")) {
        return firn_parse_change(&p, &change, err);
    }
    *handled = false;
    return FIRN_OK;
}

static void test_whole_statements_are_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof k_statements / sizeof *k_statements; i++) {
        firn_error err = {0};
        bool handled = false;
        firn_arena *arena = firn_arena_create(NULL, 0);
        const firn_status st = parse(arena, firn_str_of(k_statements[i]), &handled, &err);
        if (st != FIRN_OK || !handled) fail_msg("%s: %s", k_statements[i], err.message);
        firn_arena_destroy(arena);
    }
}

static void test_truncated_statements_fail_inside_the_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof k_statements / sizeof *k_statements; i++) {
        const size_t len = strlen(k_statements[i]);
        for (size_t n = 0; n < len; n++) {
            firn_error err = {0};
            bool handled = false;
            firn_arena *arena = firn_arena_create(NULL, 0);
            /* a copy of its own, so that reading behind the end is seen */
            char *copy = test_malloc(n + 1);
            memcpy(copy, k_statements[i], n);
            const firn_status st = parse(arena, (firn_str){copy, n}, &handled, &err);
            if (st != FIRN_OK) {
                assert_true(st == FIRN_ERR_ARG || st == FIRN_ERR_UNSUPPORTED);
                if (err.position > n) fail_msg("%.*s: at %d", (int)n, copy, (int)err.position);
                assert_true(err.message[0] != '\0');
            }
            test_free(copy);
            firn_arena_destroy(arena);
        }
    }
}

static void test_merge_is_taken_apart(void **state)
{
    (void)state;
    firn_error err = {0};
    firn_ast_merge m = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_sql_parser p = firn_parser_of(
        arena, FIRN_STR("MERGE INTO db.t AS x USING cat.db.s VERSION AS OF 5 y (a, b) ON x.a = y.a "
                        "WHEN MATCHED AND (y.b OR x.c) THEN UPDATE SET x.c = CASE WHEN y.b THEN 1 "
                        "END, d = f(1, 2) WHEN NOT MATCHED THEN INSERT VALUES (y.a, 'THEN')"));
    assert_ok(firn_parse_merge(&p, &m, &err), &err);
    assert_int_equal(m.target.n_parts, 2);
    assert_str(m.alias, "x");
    assert_str(m.source, "cat.db.s VERSION AS OF 5");
    assert_str(m.source_alias, "y");
    assert_str(m.source_columns, "(a, b)");
    assert_str(m.on, "x.a = y.a");
    assert_int_equal(m.n_clauses, 2);
    assert_str(m.clauses[0].condition, "(y.b OR x.c)");
    assert_int_equal(m.clauses[0].values.n, 2);
    assert_int_equal(m.clauses[0].values.items[0].name.n_parts, 2);
    assert_str(m.clauses[0].values.items[0].name.parts[0], "x");
    assert_str(m.clauses[0].values.items[0].name.parts[1], "c");
    assert_str(m.clauses[0].values.items[0].value, "CASE WHEN y.b THEN 1 END");
    assert_str(m.clauses[0].values.items[1].value, "f(1, 2)");
    assert_int_equal(m.clauses[1].action, FIRN_ACTION_INSERT);
    assert_str(m.clauses[1].values.items[1].value, "'THEN'");
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_statements_are_understood),
        cmocka_unit_test(test_truncated_statements_fail_inside_the_text),
        cmocka_unit_test(test_merge_is_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
