/* SPDX-License-Identifier: Apache-2.0 */
/* Queries and changes of tables that have row-level deletes: rows that are deleted stay deleted,
 * whatever is written anew. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "format/parquet/write/parquet_writer.h"
#include "format/puffin/deletion_vector.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/snapshot_update.h"
#include "sql_fixture.h"

/* Ids 0 to 9 in one file: the path of it. */
static firn_data_file only_file(sql_fixture *f, const firn_table *table, firn_arena *arena)
{
    firn_error err;
    firn_scan_plan plan;
    assert_ok(firn_scan_plan_files(f->env, f->store, firn_table_metadata_of(table), NULL, arena,
                                   &plan, &err),
              &err);
    assert_int_equal(plan.n_tasks, 1);
    return *plan.tasks[0].file;
}

static void write_bytes(sql_fixture *f, firn_str path, firn_str bytes)
{
    firn_error err;
    firn_store_writer *writer = NULL;
    assert_ok(firn_store_begin(f->store, path, &writer, &err), &err);
    assert_ok(firn_store_write(writer, bytes.data, bytes.len, &err), &err);
    assert_ok(firn_store_finish(writer, &err), &err);
}

static firn_status to_buffer(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

/* A Parquet file of one row; values[i] is a number or, where texts[i] is set, a text. */
static void write_row(sql_fixture *f, firn_str path, const firn_field *fields, size_t n,
                      const int64_t *values, const char *const *texts)
{
    firn_error err;
    firn_buf bytes;
    firn_batch *batch = NULL;
    firn_file_metrics metrics;
    firn_parquet_writer *writer = NULL;
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    firn_buf_init(&bytes, NULL, 0);
    const firn_byte_sink sink = {&bytes, to_buffer};
    assert_ok(firn_batch_create(&root, 1, &batch, &err), &err);
    for (size_t i = 0; i < n; i++) {
        if (texts[i])
            ((firn_view *)batch->columns[i].values)[0] =
                firn_view_of(texts[i], (uint32_t)strlen(texts[i]));
        else
            ((int64_t *)batch->columns[i].values)[0] = values[i];
        batch->columns[i].n_values = 1;
    }
    batch->n_rows = 1;
    assert_ok(firn_parquet_writer_create(&root, NULL, &sink, &writer, &err), &err);
    assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    firn_batch_destroy(batch);
    write_bytes(f, path, firn_buf_view(&bytes));
    firn_buf_dispose(&bytes);
    firn_arena_destroy(arena);
}

static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};

static firn_str beside(firn_arena *arena, const firn_data_file *file, const char *name)
{
    return firn_arena_printf(arena, "%.*s.%s", FIRN_STR_ARG(file->path), name);
}

/* Deletes the row at a position. */
static firn_data_file delete_position(sql_fixture *f, const firn_data_file *about, int64_t position,
                                      firn_arena *arena)
{
    const firn_field fields[] = {
        {.id = 2147483546, .is_required = true, .name = FIRN_STR("file_path"), .type = &k_string},
        {.id = 2147483545, .is_required = true, .name = FIRN_STR("pos"), .type = &k_long}};
    const char *const texts[] = {firn_arena_copy(arena, about->path).data, NULL};
    const firn_data_file file = {.content = FIRN_CONTENT_POSITION_DELETES,
                                 .path = beside(arena, about, "positions.parquet"),
                                 .record_count = 1,
                                 .file_size_bytes = 1,
                                 .sort_order_id = -1,
                                 .first_row_id = -1,
                                 .content_offset = -1,
                                 .content_size_bytes = -1};
    write_row(f, file.path, fields, 2, (const int64_t[]){0, position}, texts);
    return file;
}

/* Deletes the row with an id. */
static firn_data_file delete_id(sql_fixture *f, const firn_data_file *about, int64_t id,
                                firn_arena *arena)
{
    static const int32_t ids[] = {1};
    const firn_field fields[] = {{.id = 1, .name = FIRN_STR("id"), .type = &k_long}};
    const char *const texts[] = {NULL};
    const firn_str bound = firn_arena_copy(arena, (firn_str){(const char *)&id, sizeof id});
    firn_metric *metrics = firn_arena_array(arena, 3, sizeof *metrics);
    for (size_t i = 0; i < 3; i++) metrics[i] = (firn_metric){.field_id = 1, .bound = bound};
    metrics[1].count = 1;
    firn_data_file file = {.content = FIRN_CONTENT_EQUALITY_DELETES,
                           .null_value_counts = {metrics, 1},
                           .value_counts = {metrics + 1, 1},
                           .lower_bounds = {metrics + 2, 1},
                           .upper_bounds = {metrics + 2, 1},
                           .path = beside(arena, about, "values.parquet"),
                           .record_count = 1,
                           .file_size_bytes = 1,
                           .equality_ids = ids,
                           .n_equality_ids = 1,
                           .sort_order_id = -1,
                           .first_row_id = -1,
                           .content_offset = -1,
                           .content_size_bytes = -1};
    write_row(f, file.path, fields, 1, &id, texts);
    return file;
}

static firn_data_file delete_by_vector(sql_fixture *f, const firn_data_file *about,
                                       uint64_t position, firn_arena *arena)
{
    firn_error err;
    firn_buf bytes;
    firn_bitmap *bitmap = NULL;
    firn_puffin_writer writer;
    firn_puffin_blob blob;
    firn_buf_init(&bytes, NULL, 0);
    assert_ok(firn_bitmap_create(NULL, &bitmap, &err), &err);
    assert_ok(firn_bitmap_add(bitmap, position, &err), &err);
    firn_puffin_writer_init(&writer, &bytes, arena, NULL);
    assert_ok(firn_deletion_vector_add(&writer, bitmap, about->path, &blob, &err), &err);
    assert_ok(firn_puffin_writer_finish(&writer, NULL, NULL, &err), &err);
    const firn_data_file file = {.content = FIRN_CONTENT_POSITION_DELETES,
                                 .format = FIRN_FILE_PUFFIN,
                                 .path = beside(arena, about, "puffin"),
                                 .record_count = 1,
                                 .file_size_bytes = (int64_t)bytes.len,
                                 .referenced_data_file = about->path,
                                 .sort_order_id = -1,
                                 .first_row_id = -1,
                                 .content_offset = blob.offset,
                                 .content_size_bytes = blob.length};
    write_bytes(f, file.path, firn_buf_view(&bytes));
    firn_bitmap_destroy(bitmap);
    firn_buf_dispose(&bytes);
    return file;
}

static void commit_deletes(firn_table *table, const firn_data_file *files, size_t n)
{
    firn_error err;
    firn_txn *txn = NULL;
    const firn_change change = {.kind = FIRN_CHANGE_ROW_DELTA,
                                .added = files,
                                .n_added = n,
                                .from_snapshot_id =
                                    firn_table_metadata_of(table)->current_snapshot_id};
    assert_ok(firn_txn_begin(table, &txn, &err), &err);
    assert_ok(firn_txn_change_files(txn, &change, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

/* t (id, name) of ids 0 to 9, without row 3 (by position) and id 7 (by value). */
static void make_table(sql_fixture *f)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    sql_make_table(f, "default", "t", "id bigint, name varchar", NULL);
    sql_append(f, "default", "t",
               "select i::bigint as id, 'n' || i as name from range(10) r(i) order by i");
    firn_table *table = sql_open_table(f, "default", "t");
    const firn_data_file data = only_file(f, table, arena);
    const firn_data_file deletes[] = {delete_position(f, &data, 3, arena),
                                      delete_id(f, &data, 7, arena)};
    commit_deletes(table, deletes, 2);
    firn_table_close(table);
    firn_arena_destroy(arena);
}

static int64_t changed(sql_fixture *f, const char *sql)
{
    firn_result *result = sql_query(f, sql);
    const int64_t n = firn_result_rows_changed(result);
    firn_result_close(result);
    return n;
}

#define LEFT "(0, n0) (1, n1) (2, n2) (4, n4) (5, n5) (6, n6) (8, n8) (9, n9)"

static void test_queries_leave_deleted_rows_out(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    assert_rows(f, "select * from t", LEFT);
    assert_rows(f, "select count(*) from t", "(8)");
    assert_rows(f, "select name from t where id between 2 and 4", "(n2) (n4)");
    assert_rows(f, "select count(*), min(name) from t where id in (3, 7)", "(0, NULL)");
}

static void test_rows_stay_deleted_when_their_file_is_written_anew(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    sql_run(f, "update t set name = 'new' where id = 5");
    assert_rows(f, "select * from t",
                "(0, n0) (1, n1) (2, n2) (4, n4) (5, new) (6, n6) (8, n8) (9, n9)");
    sql_run(f, "delete from t where id < 2");
    assert_rows(f, "select * from t", "(2, n2) (4, n4) (5, new) (6, n6) (8, n8) (9, n9)");
    assert_rows(f, "select count(*) from t", "(6)");
}

/* The filter leaves the deleted values out, and the file is written anew nevertheless. */
static void test_deletes_that_the_filter_cannot_see_are_applied(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    sql_run(f, "delete from t where id > 8");
    assert_rows(f, "select id from t", "(0) (1) (2) (4) (5) (6) (8)");
}

static void test_merge_sees_no_deleted_rows(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    sql_run(f, "merge into t using (select * from (values (3, 'x'), (4, 'y')) v(id, name)) s "
               "on t.id = s.id when matched then update set name = s.name "
               "when not matched then insert (id, name) values (s.id, s.name)");
    assert_rows(f, "select * from t",
                "(0, n0) (1, n1) (2, n2) (3, x) (4, y) (5, n5) (6, n6) (8, n8) (9, n9)");
}

static void test_deleting_all_rows_counts_those_that_were_left(void **state)
{
    sql_fixture *f = *state;
    make_table(f);
    assert_int_equal(changed(f, "delete from t"), 8);
    assert_rows(f, "select count(*) from t", "(0)");
    sql_run(f, "insert into t values (7, 'again')");
    assert_rows(f, "select * from t", "(7, again)");
}

static void test_deletion_vectors_of_v3(void **state)
{
    sql_fixture *f = *state;
    firn_arena *arena = firn_arena_create(NULL, 0);
    sql_run(f, "create table v (id bigint, name varchar) tblproperties ('format-version' = '3')");
    sql_append(f, "default", "v",
               "select i::bigint as id, 'n' || i as name from range(4) r(i) order by i");
    firn_table *table = sql_open_table(f, "default", "v");
    const firn_data_file data = only_file(f, table, arena);
    const firn_data_file vector = delete_by_vector(f, &data, 2, arena);
    commit_deletes(table, &vector, 1);
    assert_rows(f, "select * from v", "(0, n0) (1, n1) (3, n3)");
    assert_rows(f, "select count(*) from v", "(3)");
    assert_int_equal(changed(f, "delete from v"), 3);
    assert_rows(f, "select count(*) from v", "(0)");
    firn_table_close(table);
    firn_arena_destroy(arena);
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_queries_leave_deleted_rows_out),
        IN_FIXTURE(test_rows_stay_deleted_when_their_file_is_written_anew),
        IN_FIXTURE(test_deletes_that_the_filter_cannot_see_are_applied),
        IN_FIXTURE(test_merge_sees_no_deleted_rows),
        IN_FIXTURE(test_deleting_all_rows_counts_those_that_were_left),
        IN_FIXTURE(test_deletion_vectors_of_v3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
