/* SPDX-License-Identifier: Apache-2.0 */
/* SHOW, DESCRIBE, EXPLAIN, ANALYZE and CALL as Trino spells them. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "sql_fixture.h"

static const char *type_of(firn_result *result, size_t column, char out[64])
{
    const firn_str name = firn_result_type_name(result, column);
    (void)snprintf(out, 64, "%.*s", FIRN_STR_ARG(name));
    return out;
}

static void render(const firn_value *value, char *out, size_t size)
{
    if (value->is_null) {
        (void)snprintf(out, size, "NULL");
        return;
    }
    switch ((int)value->kind) {
    case FIRN_TYPE_BOOLEAN:
        (void)snprintf(out, size, "%s", value->as.boolean ? "true" : "false");
        break;
    case FIRN_TYPE_INT: (void)snprintf(out, size, "%d", (int)value->as.i32); break;
    case FIRN_TYPE_DOUBLE: (void)snprintf(out, size, "%g", value->as.f64); break;
    default: (void)snprintf(out, size, "%.*s", FIRN_STR_ARG(value->as.bytes)); break;
    }
}

/* Rows in their order: "a, 1; b, NULL". */
static void assert_shows(sql_fixture *f, const char *sql, const char *want)
{
    char out[4096] = "";
    size_t n = 0;
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, sql);
    while (firn_result_next(result, &batch, &err) == FIRN_OK) {
        for (int64_t row = 0; row < batch->n_rows; row++) {
            for (size_t i = 0; i < batch->n_columns; i++) {
                char cell[1024];
                const firn_value value = firn_column_get(&batch->columns[i], row);
                render(&value, cell, sizeof cell);
                n += (size_t)snprintf(out + n, sizeof out - n, "%s%s",
                                      i > 0   ? ", "
                                      : n > 0 ? "; "
                                              : "",
                                      cell);
            }
        }
    }
    firn_result_close(result);
    assert_string_equal(out, want);
}

static void test_a_table_is_shown_in_the_layout_of_trino(void **state)
{
    sql_fixture *f = *state;
    const firn_batch *batch = NULL;
    firn_error err = {0};
    char type[64];
    char want[64];
    char sql[FIRN_TEST_PATH + 400];
    char shown[FIRN_TEST_PATH + 400];
    sql_run(f, "set dialect = 'trino'");
    (void)snprintf(
        sql, sizeof sql,
        "create table t (id bigint not null comment 'it''s', \"Big Name\" row(x integer)) comment "
        "'c' with (location = '%s/at/t', compression_codec = 'gzip', partitioning = "
        "ARRAY['bucket(id, 4)'], sorted_by = ARRAY['id DESC'])",
        f->folder);
    sql_run(f, sql);
    firn_result *result = sql_query(f, "show create table t");
    assert_int_equal(firn_result_next(result, &batch, &err), FIRN_OK);
    const firn_value text = firn_column_get(&batch->columns[0], 0);
    (void)snprintf(shown, sizeof shown,
                   "CREATE TABLE lake.default.t (\n"
                   "   id bigint NOT NULL COMMENT 'it''s',\n"
                   "   \"big name\" ROW(x integer)\n"
                   ")\n"
                   "COMMENT 'c'\n"
                   "WITH (\n"
                   "   compression_codec = 'GZIP',\n"
                   "   format = 'PARQUET',\n"
                   "   format_version = 2,\n"
                   "   location = '%s/at/t',\n"
                   "   max_commit_retry = 4,\n"
                   "   partitioning = ARRAY['bucket(id, 4)'],\n"
                   "   sorted_by = ARRAY['id DESC NULLS LAST']\n"
                   ")",
                   f->folder);
    assert_int_equal(text.as.bytes.len, strlen(shown));
    assert_memory_equal(text.as.bytes.data, shown, strlen(shown));
    (void)snprintf(want, sizeof want, "varchar(%zu)", strlen(shown));
    assert_string_equal(type_of(result, 0, type), want);
    firn_result_close(result);
    sql_expect_failure(f, "show create view t", FIRN_ERR_ARG,
                       "default.t is a table, expected a view", NULL, 17);
    sql_run(f, "create view v as select id from t");
    assert_shows(f, "show create view v",
                 "CREATE VIEW lake.default.v SECURITY DEFINER AS\nselect id from t");
    sql_expect_failure(f, "show create table v", FIRN_ERR_ARG,
                       "default.v is a view, expected a table", NULL, 18);
    sql_run(f, "create schema s with (location = '/nowhere/s')");
    assert_shows(f, "show create schema s",
                 "CREATE SCHEMA lake.s\nWITH (\n   location = '/nowhere/s'\n)");
}

static void test_tables_have_folders_of_their_own(void **state)
{
    sql_fixture *f = *state;
    const char *sql = "select count(*) from \"t$properties\" where key = 'location' and "
                      "regexp_like(value, '/t-[0-9a-f]{32}$')";
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (id integer)");
    assert_rows(f, sql, "(1)");
    sql_run(f, "set dialect = 'duckdb'");
    sql_run(f, "drop table t");
    sql_run(f, "create table t (id integer)");
    sql_run(f, "set dialect = 'trino'");
    assert_rows(f, sql, "(0)");
}

static void test_statistics_are_counted(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (a integer, d date, s varchar, r row(x integer))");
    assert_shows(
        f, "show stats for t",
        "a, 0, 0, 1, NULL, NULL, NULL; d, 0, 0, 1, NULL, NULL, NULL; s, 0, 0, 1, NULL, "
        "NULL, NULL; r, 0, NULL, 1, NULL, NULL, NULL; NULL, NULL, NULL, NULL, 0, NULL, NULL");
    sql_run(f,
            "insert into t values (1, date '2024-01-01', 'x', row(1)), (2, null, null, null), (2, "
            "date '2024-01-03', 'x', null), (null, null, 'y', null)");
    assert_shows(f, "show stats for (select a, d, r from t where a > 0 or a is null)",
                 "a, NULL, 2, 0.25, NULL, 1, 2; d, NULL, 2, 0.5, NULL, 2024-01-01, 2024-01-03; r, "
                 "NULL, NULL, 0.75, NULL, NULL, NULL; NULL, NULL, NULL, NULL, 4, NULL, NULL");
    sql_expect_failure(f, "show stats for nosuch", FIRN_ERR_NOT_FOUND,
                       "table or view default.nosuch does not exist in catalog lake", NULL, 15);
}

static void test_prepared_statements_are_described(void **state)
{
    sql_fixture *f = *state;
    char type[64];
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (id integer, s varchar, d decimal(20, 2))");
    sql_run(f,
            "prepare q from select id, d + 1, s as name, *, upper(s) as u from t where s = ? and "
            "id > ? limit ?");
    assert_shows(f, "describe input q", "0, varchar; 1, integer; 2, bigint");
    assert_shows(
        f, "describe output q",
        "id, lake, default, t, integer, 4, false; _col1, , , , decimal(21,2), 16, false; "
        "name, lake, default, t, varchar, 0, true; id, lake, default, t, integer, 4, false; "
        "s, lake, default, t, varchar, 0, false; d, lake, default, t, decimal(20,2), 16, "
        "false; u, , , , varchar, 0, true");
    sql_run(f, "create table input (a integer)");
    assert_shows(f, "describe input", "a, integer, , ");
    sql_run(f, "prepare u from select id from t union select 1");
    assert_shows(f, "describe output u", "id, , , , integer, 4, false");
    sql_run(f, "prepare n from select id from (select id + 1 as id from t)");
    assert_shows(f, "describe output n", "id, , , , integer, 4, false");
    sql_run(f, "prepare w from with c as (select id as x from t) select x from c");
    assert_shows(f, "describe output w", "x, , , , integer, 4, false");
    sql_run(f, "prepare c from delete from t where id = ?");
    assert_shows(f, "describe input c", "0, unknown");
    firn_result *result = sql_query(f, "describe output c");
    assert_string_equal(type_of(result, 0, type), "varchar(4)");
    assert_string_equal(type_of(result, 1, type), "varchar(0)");
    firn_result_close(result);
    sql_expect_failure(f, "describe input nosuch", FIRN_ERR_NOT_FOUND,
                       "there is no prepared statement \"nosuch\"", NULL, 15);
}

static void test_session_properties_are_checked(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "set session lake.target_max_file_size = '64MB'");
    assert_shows(f, "show session like '%target_max_file_size'",
                 "lake.target_max_file_size, 64MB, 1GB, varchar, Target maximum size of written "
                 "files; the actual size may be larger");
    sql_run(f, "reset session lake.target_max_file_size");
    sql_run(f, "set session lake.orc_max_merge_distance = '1MB'");
    sql_run(f, "set session some_property_of_another_version = true");
    sql_expect_failure(f, "set session lake.nosuch = 'x'", FIRN_ERR_NOT_FOUND,
                       "there is no session property lake.nosuch", NULL, 12);
    sql_expect_failure(f, "set session query_max_run_time = 'soon'", FIRN_ERR_ARG,
                       "query_max_run_time is \"soon\", expected a duration such as '5m'", NULL,
                       12);
    sql_expect_failure(f, "set session spill_enabled = 1", FIRN_ERR_ARG,
                       "spill_enabled is \"1\", expected true or false", NULL, 12);
}

static void test_statements_are_validated(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (id integer)");
    assert_shows(f, "explain (type validate) select * from t", "true");
    sql_expect_failure(f, "explain (type validate) select * from nosuch", FIRN_ERR_NOT_FOUND,
                       "table default.nosuch does not exist in catalog lake", NULL, 38);
    sql_run(f, "explain (type logical) select * from t");
    sql_run(f, "show functions like 'date\\_trunc%' escape '\\'");
}

static void test_tables_of_the_system_are_listed(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (id integer)");
    assert_shows(f, "show catalogs", "lake; system");
    assert_shows(f, "show schemas from system", "information_schema; jdbc; metadata; runtime");
    assert_shows(f, "show tables from system.jdbc like 't%'", "table_types; tables");
    assert_shows(f, "show tables from information_schema like 't%'", "tables; table_privileges");
    assert_shows(f, "show columns from \"t$history\" like '%id'",
                 "snapshot_id, bigint, , ; parent_id, bigint, , ");
    assert_shows(f, "show columns from system.metadata.catalogs like 'c%e'",
                 "catalog_name, varchar, , ; connector_name, varchar, , ");
    sql_expect_failure(f, "show columns from nosuch", FIRN_ERR_NOT_FOUND,
                       "table or view default.nosuch does not exist in catalog lake", NULL, 18);
    sql_expect_failure(f, "show create schema nosuch", FIRN_ERR_NOT_FOUND,
                       "namespace nosuch does not exist", NULL, 0);
}

static void test_procedures_take_a_schema_and_a_table(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create table t (id integer)");
    sql_run(f, "insert into t values 1");
    sql_run(f, "analyze t");
    sql_run(f, "analyze t with (columns = ARRAY['id'])");
    sql_expect_failure(f, "analyze t with (columns = ARRAY['nosuch'])", FIRN_ERR_ARG, "nosuch",
                       NULL, 0);
    sql_run(f, "call lake.system.unregister_table(schema_name => 'default', table_name => 't')");
    sql_expect_failure(f, "select * from t", FIRN_ERR_NOT_FOUND,
                       "table default.t does not exist in catalog lake", NULL, 14);
    sql_expect_failure(f, "call lake.system.unregister_table('default', 'nosuch')",
                       FIRN_ERR_NOT_FOUND, "table default.nosuch does not exist in catalog lake",
                       NULL, 34);
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_a_table_is_shown_in_the_layout_of_trino),
        IN_FIXTURE(test_tables_have_folders_of_their_own),
        IN_FIXTURE(test_statistics_are_counted),
        IN_FIXTURE(test_prepared_statements_are_described),
        IN_FIXTURE(test_session_properties_are_checked),
        IN_FIXTURE(test_statements_are_validated),
        IN_FIXTURE(test_tables_of_the_system_are_listed),
        IN_FIXTURE(test_procedures_take_a_schema_and_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
