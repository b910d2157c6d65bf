/* SPDX-License-Identifier: Apache-2.0 */
/* SQL from others: no way to files, the environment, secrets, settings or extensions, whatever
 * function or statement asks; and statements that are wrong change no table. */
#include "sql_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define SECRET "the-secret-of-the-lockdown-test"

/* FIRN_OK when every row was given. */
static firn_status run_all(sql_fixture *f, const char *sql, char *seen, size_t size,
                           firn_error *err)
{
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    seen[0] = '\0';
    firn_status st = firn_session_execute(f->session, firn_str_of(sql), &result, err);
    while (st == FIRN_OK && (st = firn_result_next(result, &batch, err)) == FIRN_OK) {
        for (size_t c = 0; c < batch->n_columns && batch->n_rows > 0; c++) {
            const firn_value v = firn_column_get(&batch->columns[c], 0);
            if (v.kind == FIRN_TYPE_STRING && !v.is_null)
                (void)snprintf(seen, size, "%.*s", FIRN_STR_ARG(v.as.bytes));
        }
    }
    firn_result_close(result);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static void expect_denied(sql_fixture *f, const char *sql)
{
    char seen[1024];
    firn_error err = {0};
    const firn_status st = run_all(f, sql, seen, sizeof seen, &err);
    if (st == FIRN_OK) fail_msg("%s gave \"%s\"", sql, seen);
    if (st != FIRN_ERR_DENIED && st != FIRN_ERR_UNSUPPORTED && st != FIRN_ERR_ARG &&
        st != FIRN_ERR_NOT_FOUND)
        fail_msg("%s: status %s: %s", sql, firn_status_name(st), err.message);
    if (strstr(err.message, SECRET)) fail_msg("%s tells the secret: %s", sql, err.message);
}

static void write_secret(const char *path)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    (void)fprintf(out, SECRET ",2\n");
    assert_int_equal(fclose(out), 0);
}

static void test_files_cannot_be_read_or_written(void **state)
{
    static const char *const k_statements[] = {
        "select * from read_csv('%s')",
        "select * from read_csv_auto('%s')",
        "select * from read_text('%s')",
        "select * from read_blob('%s')",
        "select * from read_json('%s')",
        "select * from read_json_auto('%s')",
        "select * from read_ndjson('%s')",
        "select * from read_ndjson_objects('%s')",
        "select * from read_parquet('%s')",
        "select * from parquet_scan('%s')",
        "select * from parquet_metadata('%s')",
        "select * from parquet_schema('%s')",
        "select * from parquet_kv_metadata('%s')",
        "select * from sniff_csv('%s')",
        "select * from glob('%s')",
        "select * from '%s'",
        "from \"%s\"",
        "select * from query('select * from read_text(''%s'')')",
        "select * from query_table('%s')",
        "select (select content from read_text('%s'))",
        "with x as (select * from read_text('%s')) select * from x",
        "create temp view lv as select * from read_text('%s')",
        "create temp table lt as select * from read_csv('%s')",
        "create table lt as select * from read_csv('%s')",
        "insert into lock select * from read_csv('%s')",
        "merge into lock using read_csv('%s') s on false when not matched then insert values (1)",
        "copy lock from '%s'",
        "copy (select 1) to '%s'",
        "copy (select 1) to '/dev/stdout'",
        "copy lock to '%s.parquet' (format parquet)",
        "export database '%s.d'",
        "import database '%s.d'",
        "attach '%s' as other",
        "attach '%s' as other (type sqlite)",
        "explain analyze select * from read_text('%s')",
        "explain select * from read_csv('%s')",
        "describe select * from read_csv('%s')",
        "summarize select * from read_csv('%s')",
        "pivot (select * from read_csv('%s')) on column0",
        "execute immediate 'select * from read_text(''%s'')'",
        "call read_text('%s')",
        "select * from st_read('%s')",
        "select * from sqlite_scan('%s', 't')",
        "select * from iceberg_scan('%s')",
        "select * from delta_scan('%s')",
        "create macro lm() as table select * from read_text('%s'); ",
        "call system.add_files('default.lock', '%s')",
    };
    sql_fixture *f = *state;
    char path[FIRN_TEST_PATH + 20];
    (void)snprintf(path, sizeof path, "%s/secret.csv", f->folder); /* beside the spill files */
    write_secret(path);
    sql_run(f, "create table lock (v varchar)");
    for (size_t i = 0; i < sizeof k_statements / sizeof *k_statements; i++) {
        char sql[2 * FIRN_TEST_PATH + 200];
        char seen[1024];
        firn_error err = {0};
        const char *at = strstr(k_statements[i], "%s");
        const int head = at ? (int)(at - k_statements[i]) : (int)strlen(k_statements[i]);
        (void)snprintf(sql, sizeof sql, "%.*s%s%s", head, k_statements[i], at ? path : "",
                       at ? at + 2 : "");
        if (strncmp(sql, "create macro", 12) != 0) {
            expect_denied(f, sql);
        } else if (run_all(f, sql, seen, sizeof seen, &err) == FIRN_OK) {
            expect_denied(f, "select * from lm()");
        }
    }
    assert_rows(f, "from lock", "");
}

static void test_tables_stay_in_the_warehouse(void **state)
{
    static const char *const k_statements[] = {
        "create table place (v int) location '/nowhere/t'",
        "create or replace table stays (v int) location 'file:///nowhere/t'",
        "create table place (v int) with (location = '/nowhere/t')",
        "create table place (v int) tblproperties ('write.data.path' = '/nowhere/t')",
        "create table place tblproperties ('write.metadata.path' = '/nowhere/t') as select 1 as v",
        "alter table stays set location '/nowhere/t'",
        "alter table stays set tblproperties ('write.data.path' = '/nowhere/t')",
        "alter table stays set properties data_location = '/nowhere/t'",
        "alter table stays set tblproperties ('write.object-storage.path' = '/nowhere/t')",
        "call system.register_table('place', '/nowhere/t/metadata/1.metadata.json')",
        "call system.snapshot('stays', 'place', properties => map('write.data.path', '/nowhere'))",
        "call system.snapshot('stays', 'place', location => '/nowhere/t')",
        "call system.migrate('place', location => '/nowhere/t')",
        "call system.rewrite_table_path('stays', 'a', 'b', staging_location => '/nowhere/t')",
    };
    sql_fixture *f = *state;
    char inside[FIRN_TEST_PATH + 100];
    sql_run(f, "create table stays (v int)");
    for (size_t i = 0; i < sizeof k_statements / sizeof *k_statements; i++)
        sql_expect_error(f, k_statements[i], FIRN_ERR_DENIED, "this session may not ");
    assert_rows(f, "select count(*) from information_schema.tables where table_name = 'place'",
                "(0)");
    firn_table *table = sql_open_table(f, "default", "stays");
    const firn_str location = firn_table_metadata_of(table)->location;
    (void)snprintf(inside, sizeof inside, "alter table stays set location '%.*s/../place'",
                   FIRN_STR_ARG(location));
    sql_expect_error(f, inside, FIRN_ERR_DENIED, "this session may not ");
    (void)snprintf(inside, sizeof inside, "alter table stays set location '%.*s-2'",
                   FIRN_STR_ARG(location));
    sql_run(f, inside);
    firn_table_close(table);
    sql_run(f, "insert into stays values (1)");
    assert_rows(f, "select v, _file like '%/stays-2/data/%' from stays", "(1, true)");
}

static void test_settings_secrets_and_extensions_are_out_of_reach(void **state)
{
    static const char *const k_statements[] = {
        "install httpfs",
        "load httpfs",
        "load '/tmp/x.duckdb_extension'",
        "force install json",
        "update extensions",
        "select * from duckdb_extensions()",
        "set threads = 3",
        "set memory_limit = '1GB'",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "set global allow_unsigned_extensions = true",
        "set temp_directory = '/tmp'",
        "set home_directory = '/tmp'",
        "set extension_directory = '/tmp'",
        "set allowed_paths = ['/etc']",
        "set allowed_directories = ['/']",
        "set disabled_filesystems = ''",
        "reset enable_external_access",
        "pragma enable_profiling",
        "pragma profiling_output = '/tmp/x'",
        "pragma enable_logging",
        "set logging_storage = 'file'",
        "create secret (type s3, key_id 'a', secret 'b')",
        "create persistent secret s (type s3)",
        "select getenv('FIRN_LOCKDOWN')",
        "select which_secret('s3://x', 's3')",
        "attach ':memory:' as m",
        "detach memory",
        "select * from read_text('http://127.0.0.1:1/x')",
        "select * from read_csv('s3://bucket/x')",
        "select * from pragma_add_parquet_key('a', 'b')",
        "pragma add_parquet_key('a', 'b')",
        "call enable_logging()",
        "checkpoint",
    };
    sql_fixture *f = *state;
    assert_int_equal(setenv("FIRN_LOCKDOWN", SECRET, 1), 0);
    for (size_t i = 0; i < sizeof k_statements / sizeof *k_statements; i++) {
        char seen[1024];
        firn_error err = {0};
        if (strcmp(k_statements[i], "checkpoint") == 0) { /* harmless, whatever it says */
            (void)!run_all(f, k_statements[i], seen, sizeof seen, &err);
            continue;
        }
        expect_denied(f, k_statements[i]);
    }
    assert_int_equal(unsetenv("FIRN_LOCKDOWN"), 0);
}

static void test_a_refused_file_comes_with_the_way_to_allow_it(void **state)
{
    sql_fixture *f = *state;
    sql_expect_failure(f, "select * from read_csv('/etc/hosts')", FIRN_ERR_DENIED,
                       "disabled by configuration", "firn sql --allow-files", 14);
    sql_expect_failure(f, "copy (select 1) to '/tmp/x.parquet'", FIRN_ERR_DENIED,
                       "may not read or write files", "firn sql --allow-files", 0);
}

static void test_paths_of_the_host_are_not_shown(void **state)
{
    sql_fixture *f = *state;
    assert_rows(f,
                "select count(*) from duckdb_settings() where value like '%/%' and value not like "
                "'%firn-sql-%' and name <> 'TimeZone'",
                "(0)");
    assert_rows(f, "select count(*) from duckdb_secrets()", "(0)");
}

static void test_tokens_of_other_statements_open_nothing(void **state)
{
    sql_fixture *f = *state;
    expect_denied(f, "select * from firn_scan(id := 'x-1-1')");
    expect_denied(f, "select * from firn_scan('x')");
    expect_denied(f, "select * from \"lock@0000000000000000:0\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_cannot_be_read_or_written),
        cmocka_unit_test(test_tables_stay_in_the_warehouse),
        cmocka_unit_test(test_settings_secrets_and_extensions_are_out_of_reach),
        cmocka_unit_test(test_a_refused_file_comes_with_the_way_to_allow_it),
        cmocka_unit_test(test_paths_of_the_host_are_not_shown),
        cmocka_unit_test(test_tokens_of_other_statements_open_nothing),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
