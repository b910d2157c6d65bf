/* SPDX-License-Identifier: Apache-2.0 */
/* Tables made without SQL, so that queries can be tested without DDL and DML. */
#include "sql_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "catalog/memory_catalog.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/write/table_writer.h"
#include "sql/session/sql_session.h"
#include "store/local.h"

int sql_fixture_open(void **state)
{
    firn_error err = {0};
    sql_fixture *f = test_calloc(1, sizeof *f);
    const firn_str level = FIRN_STR("default");
    const firn_ident ns = {&level, 1, {0}};
    firn_test_tempdir(f->folder);
    assert_ok(firn_env_create(FIRN_ENV_OPTS(.n_threads = 2), &f->env, &err), &err);
    assert_ok(firn_store_create(&f->store, &err), &err);
    assert_ok(firn_store_add_local(f->store, f->env, &err), &err);
    assert_ok(firn_memory_catalog_open(f->env, f->store, FIRN_STR("lake"), firn_str_of(f->folder),
                                       &f->catalog, &err),
              &err);
    assert_ok(firn_catalog_get_ops(f->catalog)
                  ->create_namespace(firn_catalog_ctx(f->catalog), &ns, (firn_properties){0}, &err),
              &err);
    assert_ok(firn_session_open(f->env, f->store,
                                FIRN_SESSION_OPTS(.catalogs = &f->catalog, .n_catalogs = 1,
                                                  .temp_directory = firn_str_of(f->folder)),
                                &f->session, &err),
              &err);
    *state = f;
    return 0;
}

int sql_fixture_close(void **state)
{
    sql_fixture *f = *state;
    firn_session_close(f->session);
    firn_catalog_destroy(f->catalog);
    firn_store_destroy(f->store);
    firn_env_destroy(f->env);
    firn_test_remove_tree(f->folder);
    test_free(f);
    return 0;
}

void sql_make_table(sql_fixture *f, const char *ns, const char *name, const char *columns,
                    const char *partition)
{
    char text[4096];
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_str level = firn_str_of(ns);
    const firn_ident ident = {&level, 1, firn_str_of(name)};
    firn_schema schema = {0};
    int32_t next_id = 1;
    firn_table *table = NULL;
    (void)snprintf(text, sizeof text, "struct(%s)", columns);
    firn_lexer lexer = firn_lexer_of(firn_str_of(text));
    assert_ok(firn_sql_type_parse(&lexer, &next_id, arena, &schema.root, &err), &err);
    firn_partition_field field = {.field_id = 1000};
    const firn_partition_spec spec = {.fields = &field, .n_fields = 1};
    if (partition) {
        field.name = firn_str_of(partition);
        field.source_id = firn_schema_find_name(&schema, field.name)->id;
    }
    assert_ok(firn_table_create(
                  f->env, f->store, f->catalog, &ident,
                  FIRN_TABLE_CREATE_OPTS(.schema = &schema, .spec = partition ? &spec : NULL),
                  &table, &err),
              &err);
    firn_table_close(table);
    firn_arena_destroy(arena);
}

firn_table *sql_open_table(sql_fixture *f, const char *ns, const char *name)
{
    firn_error err = {0};
    firn_table *table = NULL;
    const firn_str level = firn_str_of(ns);
    const firn_ident ident = {&level, 1, firn_str_of(name)};
    assert_ok(firn_table_open(f->env, f->store, f->catalog, &ident, &table, &err), &err);
    return table;
}

static void write_rows(sql_fixture *f, const char *query, firn_table_writer *writer)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, query);
    firn_status st;
    while ((st = firn_result_next(result, &batch, &err)) == FIRN_OK) {
        assert_ok(firn_table_writer_append(writer, batch, &err), &err);
    }
    assert_int_equal(st, FIRN_DONE);
    firn_result_close(result);
}

int64_t sql_append(sql_fixture *f, const char *ns, const char *name, const char *query)
{
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_table *table = sql_open_table(f, ns, name);
    firn_table_writer *writer = NULL;
    firn_txn *txn = NULL;
    firn_data_file *files = NULL;
    size_t n = 0;
    const firn_table_writer_opts opts = {0};
    assert_ok(firn_table_writer_create(f->env, f->store, firn_table_metadata_of(table), &opts,
                                       &writer, &err),
              &err);
    write_rows(f, query, writer);
    assert_ok(firn_table_writer_finish(writer, arena, &files, &n, &err), &err);
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_append_files(txn, files, n, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    firn_table_writer_destroy(writer);
    const int64_t id = firn_table_metadata_of(table)->current_snapshot_id;
    firn_table_close(table);
    firn_arena_destroy(arena);
    return id;
}

firn_result *sql_query(sql_fixture *f, const char *sql)
{
    firn_error err = {0};
    firn_result *result = NULL;
    assert_ok(firn_session_execute(f->session, firn_str_of(sql), &result, &err), &err);
    assert_non_null(result);
    return result;
}

void sql_run(sql_fixture *f, const char *sql)
{
    firn_result_close(sql_query(f, sql));
}

const char *sql_rows(sql_fixture *f, const char *sql, char *out, size_t size)
{
    char text[8192];
    firn_error err = {0};
    const firn_batch *batch = NULL;
    const int n =
        snprintf(text, sizeof text,
                 "select coalesce(string_agg(r, ' ' order by r), '') from"
                 " (select replace(row(*columns(*))::varchar, ',)', ')') as r from (%s\n) z)",
                 sql);
    assert_true(n > 0 && (size_t)n < sizeof text);
    firn_result *result = sql_query(f, text);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    const firn_str cell = firn_column_get(&batch->columns[0], 0).as.bytes;
    (void)snprintf(out, size, "%.*s", FIRN_STR_ARG(cell));
    firn_result_close(result);
    return out;
}

static firn_error failure_of(sql_fixture *f, const char *sql, firn_status want, const char *text)
{
    firn_error err = {0};
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    firn_status st = firn_session_execute(f->session, firn_str_of(sql), &result, &err);
    while (st == FIRN_OK) st = firn_result_next(result, &batch, &err);
    firn_result_close(result);
    assert_fails(st, want, &err, text);
    return err;
}

void sql_expect_error(sql_fixture *f, const char *sql, firn_status want, const char *text)
{
    (void)failure_of(f, sql, want, text);
}

void sql_expect_failure(sql_fixture *f, const char *sql, firn_status want, const char *text,
                        const char *hint, size_t position)
{
    const firn_error err = failure_of(f, sql, want, text);
    if (hint && !strstr(err.hint, hint)) fail_msg("hint is \"%s\", expected %s", err.hint, hint);
    assert_int_equal(err.position, position);
}
