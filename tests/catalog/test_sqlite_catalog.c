/* SPDX-License-Identifier: Apache-2.0 */
/* What is particular to the SQLite driver: the file's layout, files that are damaged, locked, old
 * or missing, and many processes on one file. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "catalog/sqlite.h"
#include "lake_fixture.h"

/* All rows of a query, columns joined by '|', rows by ';'. */
static void query(const char *path, const char *sql, char *out, size_t size)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    size_t at = 0;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    out[0] = '\0';
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const unsigned char *text = sqlite3_column_text(stmt, i);
            at += (size_t)snprintf(out + at, size - at, "%s%s",
                                   i > 0    ? "|"
                                   : at > 0 ? ";"
                                            : "",
                                   text ? (const char *)text : "null");
        }
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static firn_status open_catalog(firn_test_lake *lake, const char *path, bool is_read_only,
                                firn_catalog **out, firn_error *err)
{
    const firn_sqlite_opts opts = {.name = FIRN_STR("firn"),
                                   .path = firn_str_of(path),
                                   .warehouse = firn_str_of(lake->warehouse),
                                   .busy_timeout_ms = 50,
                                   .is_read_only = is_read_only};
    return firn_sqlite_catalog_open(lake->env, lake->store, &opts, out, err);
}

static void test_layout_is_that_of_the_jdbc_catalog(void **state)
{
    firn_test_lake *lake = *state;
    char out[1024];
    query(lake->catalog_path,
          "select name, type, \"notnull\", pk from pragma_table_info('iceberg_tables')", out,
          sizeof out);
    assert_string_equal(out, "catalog_name|VARCHAR(255)|1|1;table_namespace|VARCHAR(255)|1|2;"
                             "table_name|VARCHAR(255)|1|3;metadata_location|VARCHAR(1000)|0|0;"
                             "previous_metadata_location|VARCHAR(1000)|0|0;"
                             "iceberg_type|VARCHAR(5)|0|0");
    query(lake->catalog_path,
          "select name, type, \"notnull\", pk from "
          "pragma_table_info('iceberg_namespace_properties')",
          out, sizeof out);
    assert_string_equal(out, "catalog_name|VARCHAR(255)|1|1;namespace|VARCHAR(255)|1|2;"
                             "property_key|VARCHAR(255)|0|3;property_value|VARCHAR(1000)|0|0");
    query(lake->catalog_path, "select * from iceberg_namespace_properties", out, sizeof out);
    assert_string_equal(out, "firn|db|exists|true");
}

static void test_rows_carry_type_and_previous_location(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    char out[2048];
    firn_txn *txn = NULL;
    const firn_property item = {FIRN_STR_INIT("k"), FIRN_STR_INIT("v")};
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    const firn_str first = firn_arena_copy(lake->arena, firn_table_metadata_location(table));
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_set_properties(txn, &item, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    char want[2048];
    (void)snprintf(want, sizeof want, "firn|db|t|%.*s|%.*s|TABLE",
                   FIRN_STR_ARG(firn_table_metadata_location(table)), FIRN_STR_ARG(first));
    query(lake->catalog_path, "select * from iceberg_tables", out, sizeof out);
    assert_string_equal(out, want);
    firn_table_close(table);
}

static void test_missing_folder_is_named(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_catalog *catalog = NULL;
    char path[FIRN_TEST_PATH];
    firn_test_path(path, lake->folder, "no/such/catalog.db");
    assert_fails(open_catalog(lake, path, false, &catalog, &err), FIRN_ERR_NOT_FOUND, &err,
                 "its folder does not exist");
    assert_fails(open_catalog(lake, path, true, &catalog, &err), FIRN_ERR_NOT_FOUND, &err,
                 "it does not exist");
    assert_fails(open_catalog(lake, lake->folder, false, &catalog, &err), FIRN_ERR_ARG, &err,
                 "is a folder");
}

static void test_other_file_is_not_taken_for_a_catalog(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_catalog *catalog = NULL;
    char path[FIRN_TEST_PATH];
    firn_test_path(path, lake->folder, "text.db");
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 200; i++) (void)fputs("this is not a database\n", file);
    (void)fclose(file);
    assert_fails(open_catalog(lake, path, false, &catalog, &err), FIRN_ERR_CORRUPT, &err,
                 "is not a SQLite database");
    assert_null(catalog);
}

static void test_damaged_file_is_reported(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_catalog *catalog = NULL;
    char path[FIRN_TEST_PATH];
    char command[3 * FIRN_TEST_PATH];
    firn_test_path(path, lake->folder, "cut.db");
    (void)snprintf(command, sizeof command, "head -c 5000 %s > %s", lake->catalog_path, path);
    assert_int_equal(system(command), 0);
    assert_fails(open_catalog(lake, path, false, &catalog, &err), FIRN_ERR_CORRUPT, &err,
                 "is damaged");
}

static void test_lock_of_another_process_times_out(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_catalog *catalog = NULL;
    sqlite3 *other = NULL;
    const firn_str level[] = {FIRN_STR_INIT("x")};
    const firn_ident ns = {level, 1, {0}};
    assert_ok(open_catalog(lake, lake->catalog_path, false, &catalog, &err), &err);
    assert_int_equal(sqlite3_open(lake->catalog_path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "begin immediate", NULL, NULL, NULL), SQLITE_OK);
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    assert_fails(ops->create_namespace(firn_catalog_ctx(catalog), &ns, (firn_properties){0}, &err),
                 FIRN_ERR_IO, &err, "catalog is locked by another process");
    assert_true((err.flags & FIRN_ERROR_RETRYABLE) != 0);
    assert_true(err.hint[0] != '\0');
    assert_int_equal(sqlite3_exec(other, "rollback", NULL, NULL, NULL), SQLITE_OK);
    assert_ok(ops->create_namespace(firn_catalog_ctx(catalog), &ns, (firn_properties){0}, &err),
              &err);
    sqlite3_close(other);
    firn_catalog_destroy(catalog);
}

static void test_read_only_catalog_refuses_changes(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_catalog *catalog = NULL;
    firn_table *table = NULL;
    firn_loaded_table loaded;
    const firn_ident t = firn_test_ident("t");
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    assert_ok(open_catalog(lake, lake->catalog_path, true, &catalog, &err), &err);
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    assert_ok(ops->load_table(firn_catalog_ctx(catalog), &t, lake->arena, &loaded, &err), &err);
    assert_fails(ops->drop_table(firn_catalog_ctx(catalog), &t, &err), FIRN_ERR_DENIED, &err,
                 "catalog is open read-only");
    const firn_ident u = firn_test_ident("u");
    const int n_files = firn_test_count_files(lake->folder);
    assert_fails(firn_table_create(lake->env, lake->store, catalog, &u,
                                   FIRN_TABLE_CREATE_OPTS(.schema = firn_test_schema()), &table,
                                   &err),
                 FIRN_ERR_DENIED, &err, "catalog is open read-only");
    assert_int_equal(firn_test_count_files(lake->folder), n_files);
    firn_catalog_destroy(catalog);
}

static void test_schema_v0_is_upgraded_and_read(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_catalog *catalog = NULL;
    firn_ident *list = NULL;
    size_t n = 0;
    char path[FIRN_TEST_PATH];
    char out[256];
    const firn_str level[] = {FIRN_STR_INIT("db")};
    const firn_ident ns = {level, 1, {0}};
    firn_test_path(path, lake->folder, "v0.db");
    execute(path, "create table iceberg_tables (catalog_name varchar(255) not null, "
                  "table_namespace varchar(255) not null, table_name varchar(255) not null, "
                  "metadata_location varchar(1000), previous_metadata_location varchar(1000), "
                  "primary key (catalog_name, table_namespace, table_name));"
                  "create table iceberg_namespace_properties (catalog_name varchar(255) not null, "
                  "namespace varchar(255) not null, property_key varchar(255) not null, "
                  "property_value varchar(1000) not null, "
                  "primary key (catalog_name, namespace, property_key));"
                  "insert into iceberg_tables values ('firn', 'db', 'old', '/x', null)");
    for (int is_read_only = 1; is_read_only >= 0; is_read_only--) {
        assert_ok(open_catalog(lake, path, is_read_only == 1, &catalog, &err), &err);
        const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
        assert_ok(ops->list_tables(firn_catalog_ctx(catalog), &ns, lake->arena, &list, &n, &err),
                  &err);
        assert_int_equal(n, 1);
        assert_str(list[0].name, "old");
        assert_ok(ops->list_views(firn_catalog_ctx(catalog), &ns, lake->arena, &list, &n, &err),
                  &err);
        assert_int_equal(n, 0);
        firn_catalog_destroy(catalog);
    }
    query(path, "select iceberg_type from iceberg_tables", out, sizeof out);
    assert_string_equal(out, "null");
}

static void test_wal_file_is_switched_back(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_catalog *catalog = NULL;
    char path[FIRN_TEST_PATH];
    char out[64];
    firn_test_path(path, lake->folder, "wal.db");
    execute(path, "pragma journal_mode=wal; create table x(y)");
    assert_ok(open_catalog(lake, path, false, &catalog, &err), &err);
    firn_catalog_destroy(catalog);
    query(path, "pragma journal_mode", out, sizeof out);
    assert_string_equal(out, "delete");
}

struct racer {
    const char *path;
    const char *warehouse;
};

static void open_in_child(void *arg)
{
    const struct racer *racer = arg;
    firn_env *env = NULL;
    firn_store *store = NULL;
    firn_catalog *catalog = NULL;
    firn_error err;
    if (firn_env_create(NULL, &env, &err) != FIRN_OK || firn_store_create(&store, &err) != FIRN_OK)
        _exit(2);
    const firn_sqlite_opts opts = {.name = FIRN_STR("firn"),
                                   .path = firn_str_of(racer->path),
                                   .warehouse = firn_str_of(racer->warehouse)};
    if (firn_sqlite_catalog_open(env, store, &opts, &catalog, &err) != FIRN_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        _exit(3);
    }
    firn_catalog_destroy(catalog);
    firn_store_destroy(store);
    firn_env_destroy(env);
}

static void test_many_processes_make_one_catalog(void **state)
{
    firn_test_lake *lake = *state;
    char path[FIRN_TEST_PATH];
    pid_t children[16];
    firn_test_path(path, lake->folder, "new.db");
    struct racer racer = {path, lake->warehouse};
    for (int i = 0; i < 16; i++) children[i] = firn_test_fork(open_in_child, &racer);
    for (int i = 0; i < 16; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

#define TEST(test) \
    cmocka_unit_test_setup_teardown(test, firn_test_sqlite_lake, firn_test_lake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_layout_is_that_of_the_jdbc_catalog),
        TEST(test_rows_carry_type_and_previous_location),
        TEST(test_missing_folder_is_named),
        TEST(test_other_file_is_not_taken_for_a_catalog),
        TEST(test_damaged_file_is_reported),
        TEST(test_lock_of_another_process_times_out),
        TEST(test_read_only_catalog_refuses_changes),
        TEST(test_schema_v0_is_upgraded_and_read),
        TEST(test_wal_file_is_switched_back),
        TEST(test_many_processes_make_one_catalog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
