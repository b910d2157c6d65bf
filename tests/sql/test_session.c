/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions without tables: statements, results, types, errors, cancellation, lock-down. */
#include "firn_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/str.h"
#include "catalog/memory_catalog.h"
#include "firn/session.h"
#include "sql/session/sql_session.h"

typedef struct fixture {
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    firn_session *session;
} fixture;

static int open_fixture(void **state)
{
    firn_error err = {0};
    fixture *f = test_calloc(1, sizeof *f);
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 2), &f->env, &err), &err);
    assert_ok(firn_store_create(&f->store, &err), &err);
    assert_ok(firn_memory_catalog_open(f->env, f->store, FIRN_STR("lake"), FIRN_STR("memory://w"),
                                       &f->catalog, &err),
              &err);
    assert_ok(firn_session_open(f->env, f->store,
                                FIRN_SESSION_OPTS(.catalogs = &f->catalog, .n_catalogs = 1),
                                &f->session, &err),
              &err);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *f = *state;
    firn_session_close(f->session);
    firn_catalog_destroy(f->catalog);
    firn_store_destroy(f->store);
    firn_env_destroy(f->env);
    test_free(f);
    return 0;
}

static firn_status run(fixture *f, const char *sql, firn_result **out, firn_error *err)
{
    return firn_session_execute(f->session, firn_str_of(sql), out, err);
}

static firn_result *query(fixture *f, const char *sql)
{
    firn_error err = {0};
    firn_result *result = NULL;
    assert_ok(run(f, sql, &result, &err), &err);
    assert_non_null(result);
    return result;
}

static const firn_batch *next(firn_result *result)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    assert_ok(firn_result_next(result, &batch, &err), &err);
    return batch;
}

static void expect_failure(fixture *f, const char *sql, firn_status want, const char *text,
                           const char *hint, size_t position)
{
    firn_error err = {0};
    firn_result *result = NULL;
    firn_status st = run(f, sql, &result, &err);
    const firn_batch *batch = NULL;
    while (st == FIRN_OK) st = firn_result_next(result, &batch, &err);
    firn_result_close(result);
    assert_fails(st, want, &err, text);
    if (hint) assert_non_null(strstr(err.hint, hint));
    assert_int_equal(err.position, position);
}

static void test_numbers_come_back_with_their_types(void **state)
{
    firn_result *result = query(*state, "select 1 as a, 2::bigint as b, 1.5::decimal(4,1) as c,"
                                        " 3::utinyint as d, 7::hugeint as e, true as f");
    const firn_type *columns = firn_result_columns(result);
    assert_int_equal(columns->n_fields, 6);
    assert_str(columns->fields[0].name, "a");
    assert_int_equal(columns->fields[0].type->kind, FIRN_TYPE_INT);
    assert_int_equal(columns->fields[1].type->kind, FIRN_TYPE_LONG);
    assert_int_equal(columns->fields[2].type->precision, 4);
    assert_int_equal(columns->fields[3].type->kind, FIRN_TYPE_INT);
    assert_int_equal(columns->fields[4].type->kind, FIRN_TYPE_DECIMAL);
    assert_str(firn_result_type_name(result, 2), "DECIMAL(4,1)");
    assert_str(firn_result_type_name(result, 3), "UTINYINT");
    assert_str(firn_result_tag(result), "SELECT");
    assert_int_equal(firn_result_rows_changed(result), -1);
    const firn_batch *batch = next(result);
    assert_int_equal(batch->n_rows, 1);
    assert_int_equal(firn_column_get(&batch->columns[0], 0).as.i32, 1);
    assert_int_equal(firn_column_get(&batch->columns[1], 0).as.i64, 2);
    assert_int_equal((int64_t)firn_column_get(&batch->columns[2], 0).as.decimal, 15);
    assert_int_equal(firn_column_get(&batch->columns[3], 0).as.i32, 3);
    assert_int_equal((int64_t)firn_column_get(&batch->columns[4], 0).as.decimal, 7);
    assert_true(firn_column_get(&batch->columns[5], 0).as.boolean);
    firn_error err = {0};
    assert_int_equal(firn_result_next(result, &batch, &err), FIRN_DONE);
    firn_result_close(result);
}

static void test_text_uuid_and_nulls_come_back(void **state)
{
    firn_result *result = query(
        *state, "select * from (values ('short', '00112233-4455-6677-8899-aabbccddeeff'::uuid),"
                " ('a text of more than twelve bytes', null)) v(a, b)");
    const firn_batch *batch = next(result);
    static const unsigned char k_uuid[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                             0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    assert_int_equal(batch->n_rows, 2);
    assert_str(firn_column_get(&batch->columns[0], 0).as.bytes, "short");
    assert_str(firn_column_get(&batch->columns[0], 1).as.bytes, "a text of more than twelve bytes");
    assert_memory_equal(firn_column_get(&batch->columns[1], 0).as.bytes.data, k_uuid, 16);
    assert_true(firn_column_get(&batch->columns[1], 1).is_null);
    firn_result_close(result);
}

static void test_nested_values_come_back(void **state)
{
    firn_result *result = query(*state, "select [1, 2, null] as l, {'a': 'x', 'b': [3]} as s,"
                                        " map {'k': 5} as m from range(3)");
    const firn_batch *batch = next(result);
    assert_int_equal(batch->n_rows, 3);
    const firn_list_entry *entry = (const firn_list_entry *)batch->columns[0].values + 2;
    assert_int_equal(entry->length, 3);
    const firn_column *elements = &batch->columns[0].children[0];
    assert_int_equal(firn_column_get(elements, (int64_t)entry->offset + 1).as.i32, 2);
    assert_true(firn_column_get(elements, (int64_t)entry->offset + 2).is_null);
    assert_str(firn_column_get(&batch->columns[1].children[0], 1).as.bytes, "x");
    entry = (const firn_list_entry *)batch->columns[2].values + 1;
    assert_int_equal(entry->length, 1);
    assert_str(firn_column_get(&batch->columns[2].children[0], (int64_t)entry->offset).as.bytes,
               "k");
    assert_int_equal(firn_column_get(&batch->columns[2].children[1], (int64_t)entry->offset).as.i32,
                     5);
    firn_result_close(result);
}

static void test_types_that_iceberg_lacks_become_text(void **state)
{
    firn_result *result = query(*state, "select interval 3 days as i, 'b'::enum('a','b') as e,"
                                        " timestamp_s '2024-01-02 03:04:05' as t");
    const firn_batch *batch = next(result);
    assert_str(firn_column_get(&batch->columns[0], 0).as.bytes, "3 days");
    assert_str(firn_column_get(&batch->columns[1], 0).as.bytes, "b");
    assert_int_equal(firn_column_get(&batch->columns[2], 0).as.i64, INT64_C(1704164645000000));
    assert_str(firn_result_type_name(result, 0), "INTERVAL");
    firn_result_close(result);
}

static void test_many_rows_are_streamed(void **state)
{
    firn_error err = {0};
    firn_result *result = query(*state, "select range as r from range(100000)");
    const firn_batch *batch = NULL;
    int64_t n = 0;
    int64_t sum = 0;
    while (firn_result_next(result, &batch, &err) == FIRN_OK) {
        for (int64_t i = 0; i < batch->n_rows; i++) {
            sum += firn_column_get(&batch->columns[0], i).as.i64;
        }
        n += batch->n_rows;
    }
    assert_int_equal(n, 100000);
    assert_int_equal(sum, INT64_C(4999950000));
    firn_result_close(result);
}

static void test_temporary_tables_count_changed_rows(void **state)
{
    firn_result *result = query(*state, "create temp table t as select 1 as a union all select 2");
    assert_int_equal(firn_result_columns(result)->n_fields, 0);
    firn_result_close(result);
    result = query(*state, "select sum(a)::bigint from t;");
    assert_int_equal(firn_column_get(&next(result)->columns[0], 0).as.i64, 3);
    firn_result_close(result);
}

static void test_errors_carry_position_and_hint(void **state)
{
    fixture *f = *state;
    expect_failure(f, "selec 1", FIRN_ERR_ARG, "syntax error", NULL, 0);
    expect_failure(f, "select lenght('a')", FIRN_ERR_ARG, "lenght", "length", 7);
    expect_failure(f, "select amoun from (select 1 as amount) t", FIRN_ERR_ARG, "amoun", "amount",
                   7);
    expect_failure(f, "select 'a'::int", FIRN_ERR_ARG, "could not convert", NULL, 10);
    expect_failure(f, "", FIRN_ERR_ARG, "the statement is empty", NULL, 0);
    expect_failure(f, "select 1; select 2", FIRN_ERR_ARG, "several statements", NULL, 10);
    expect_failure(f, "select * from nothing", FIRN_ERR_NOT_FOUND,
                   "table default.nothing does not exist in catalog lake", NULL, 14);
    expect_failure(f, "prepare p as", FIRN_ERR_ARG, "expected a statement", NULL, 12);
    expect_failure(f, "execute p(1)", FIRN_ERR_NOT_FOUND, "there is no prepared statement \"p\"",
                   NULL, 8);
    expect_failure(f, "execute immediate 'select ?, ?' using 1", FIRN_ERR_ARG,
                   "no value for parameter 2, 1 given", NULL, 18);
    expect_failure(f, "execute immediate 'select ?' using 1, 2", FIRN_ERR_ARG,
                   "2 values given, the statement has 1 parameters", NULL, 18);
    expect_failure(f, "select * from firn_scan(id := 'x')", FIRN_ERR_DENIED, "name the table", NULL,
                   0);
}

static void test_line_of_an_error_is_counted(void **state)
{
    fixture *f = *state;
    firn_error err = {0};
    firn_result *result = NULL;
    const firn_status st = run(f, "select 1\nfrom range(1)\nwhere nope = 2", &result, &err);
    assert_fails(st, FIRN_ERR_ARG, &err, "nope");
    assert_int_equal(err.line, 3);
}

static void test_files_are_out_of_reach_unless_allowed(void **state)
{
    fixture *f = *state;
    expect_failure(f, "select * from read_csv('/etc/passwd')", FIRN_ERR_DENIED, NULL, NULL, 14);
    expect_failure(f, "copy (select 1) to '/tmp/firn-never'", FIRN_ERR_DENIED, NULL, NULL, 0);
    expect_failure(f, "attach '/tmp/firn-never.db'", FIRN_ERR_UNSUPPORTED, NULL, NULL, 0);
    expect_failure(f, "set threads = 1", FIRN_ERR_DENIED, "settings of the engine", NULL, 0);
    firn_result_close(query(f, "set TimeZone = 'UTC'"));
}

static void *cancel_soon(void *arg)
{
    (void)usleep(50000);
    firn_session_cancel(arg);
    return NULL;
}

static void test_cancel_stops_a_query(void **state)
{
    fixture *f = *state;
    pthread_t thread;
    firn_result_close(query(f, "select 1"));
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, f->session), 0);
    expect_failure(f, "select count(*) from range(1000000000) a, range(1000000000) b",
                   FIRN_ERR_CANCELLED, "cancelled", NULL, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    firn_result_close(query(f, "select 1"));
}

static void test_a_query_is_described_without_running(void **state)
{
    fixture *f = *state;
    firn_error err = {0};
    firn_type type;
    assert_ok(firn_session__describe(f->session, FIRN_STR("select 1 as a, 'x' as b"),
                                     firn_session__arena(f->session), &type, &err),
              &err);
    assert_int_equal(type.n_fields, 2);
    assert_str(type.fields[1].name, "b");
    assert_int_equal(type.fields[1].type->kind, FIRN_TYPE_STRING);
}

static void test_pivot_learns_its_columns_while_running(void **state)
{
    fixture *f = *state;
    firn_result_close(query(f, "create temp table p as select * from (values ('a', 1), ('b', 2),"
                               " ('a', 3)) v(k, n)"));
    firn_result *result = query(f, "pivot p on k using sum(n)");
    assert_int_equal(firn_result_columns(result)->n_fields, 2);
    assert_int_equal(next(result)->n_rows, 1);
    firn_result_close(result);
}

static void test_integers_divide_as_in_the_dialect(void **state)
{
    const struct {
        const char *dialect;
        firn_type_kind kind;
    } cases[] = {{"set dialect = 'duckdb'", FIRN_TYPE_DOUBLE},
                 {"set dialect = 'trino'", FIRN_TYPE_INT},
                 {"set dialect = 'spark'", FIRN_TYPE_DOUBLE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        firn_result_close(query(*state, cases[i].dialect));
        firn_result *result = query(*state, "select 7 / 2 as q");
        assert_int_equal(firn_result_columns(result)->fields[0].type->kind, cases[i].kind);
        const firn_value value = firn_column_get(&next(result)->columns[0], 0);
        if (cases[i].kind == FIRN_TYPE_INT)
            assert_int_equal(value.as.i32, 3);
        else
            assert_true(value.as.f64 == 3.5);
        firn_result_close(result);
    }
}

static void test_use_needs_an_existing_namespace(void **state)
{
    fixture *f = *state;
    expect_failure(f, "use nowhere", FIRN_ERR_NOT_FOUND, "namespace nowhere does not exist", NULL,
                   4);
    firn_result *result = query(f, "use lake");
    assert_str(firn_result_tag(result), "USE");
    firn_result_close(result);
}

static void test_a_session_tells_where_names_are_looked_up(void **state)
{
    fixture *f = *state;
    firn_result_close(query(f, "create schema a"));
    firn_result_close(query(f, "use a"));
    const firn_ident ns = firn_session_namespace(f->session);
    assert_int_equal(ns.n_levels, 1);
    assert_str(ns.levels[0], "a");
    assert_int_equal(ns.name.len, 0);
    assert_str(firn_catalog_name(firn_session_catalog(f->session)), "lake");
    firn_result_close(query(f, "set dialect = 'trino'"));
    assert_int_equal(firn_session__dialect(f->session), FIRN_DIALECT_TRINO);
    firn_result_close(query(f, "set dialect = 'duckdb'"));
    assert_int_equal(firn_session__dialect(f->session), FIRN_DIALECT_DUCKDB);
    firn_result_close(query(f, "use lake"));
}

static int count_folders(const char *path)
{
    int n = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    const struct dirent *entry;
    while ((entry = readdir(folder))) n += strncmp(entry->d_name, "firn-sql-", 9) == 0;
    (void)closedir(folder);
    return n;
}

/* Folders of killed programs go, those of living sessions and fresh ones stay. */
static void test_spill_folders_are_private_and_do_not_pile_up(void **state)
{
    fixture *f = *state;
    char parent[FIRN_TEST_PATH];
    char old[FIRN_TEST_PATH];
    char fresh[FIRN_TEST_PATH];
    firn_error err = {0};
    firn_session *session = NULL;
    firn_result *result = NULL;
    const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    firn_test_tempdir(parent);
    (void)firn_test_path(old, parent, "firn-sql-killed");
    (void)firn_test_path(fresh, parent, "firn-sql-fresh");
    assert_int_equal(mkdir(old, 0700), 0);
    assert_int_equal(mkdir(fresh, 0700), 0);
    assert_int_equal(utimensat(AT_FDCWD, old, long_ago, 0), 0);
    assert_ok(firn_session_open(f->env, f->store,
                                FIRN_SESSION_OPTS(.temp_directory = firn_str_of(parent)), &session,
                                &err),
              &err);
    assert_ok(firn_session_execute(session, FIRN_STR("select 1"), &result, &err), &err);
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(fresh, F_OK), 0);
    assert_int_equal(count_folders(parent), 2);
    firn_result_close(result);
    firn_session_close(session);
    assert_int_equal(count_folders(parent), 1);
    firn_test_remove_tree(parent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_come_back_with_their_types),
        cmocka_unit_test(test_text_uuid_and_nulls_come_back),
        cmocka_unit_test(test_nested_values_come_back),
        cmocka_unit_test(test_types_that_iceberg_lacks_become_text),
        cmocka_unit_test(test_many_rows_are_streamed),
        cmocka_unit_test(test_temporary_tables_count_changed_rows),
        cmocka_unit_test(test_errors_carry_position_and_hint),
        cmocka_unit_test(test_line_of_an_error_is_counted),
        cmocka_unit_test(test_files_are_out_of_reach_unless_allowed),
        cmocka_unit_test(test_cancel_stops_a_query),
        cmocka_unit_test(test_a_query_is_described_without_running),
        cmocka_unit_test(test_pivot_learns_its_columns_while_running),
        cmocka_unit_test(test_spill_folders_are_private_and_do_not_pile_up),
        cmocka_unit_test(test_integers_divide_as_in_the_dialect),
        cmocka_unit_test(test_use_needs_an_existing_namespace),
        cmocka_unit_test(test_a_session_tells_where_names_are_looked_up),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
