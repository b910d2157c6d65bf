/* SPDX-License-Identifier: Apache-2.0 */
/* Merge-on-read: what DELETE, UPDATE and MERGE leave in the table; and the ids that rows of format
 * version 3 keep wherever they are written. */
#include "firn_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/read.h"
#include "sql_fixture.h"

static void make_numbers(sql_fixture *f, int version, const char *mode, const char *partition)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "create table t (id bigint, g int, s varchar) %s tblproperties "
                   "('format-version' = '%d', 'write.delete.mode' = '%s', 'write.update.mode' = "
                   "'%s', 'write.merge.mode' = '%s')",
                   partition, version, mode, mode, mode);
    sql_run(f, sql);
    sql_append(f, "default", "t",
               "select i::bigint as id, (i % 2)::int as g, 'n' || i as s from range(6) r(i) "
               "order by i");
}

static const int k_versions[] = {2, 3};

/* The live delete files, fewest rows first: "2 rows of PARQUET". */
static const char *delete_files(sql_fixture *f, char *out, size_t size)
{
    return sql_rows(f,
                    "select record_count || ' rows of ' || file_format from t.files where content "
                    "> 0 order by 1",
                    out, size);
}

static void assert_delete_files(sql_fixture *f, int version, const char *v2, const char *v3)
{
    char text[1024];
    assert_string_equal(delete_files(f, text, sizeof text), version == 2 ? v2 : v3);
}

static void assert_operation(sql_fixture *f, const char *want)
{
    char text[64];
    (void)snprintf(text, sizeof text, "(%s)", want);
    assert_rows(f, "select operation from t.snapshots order by committed_at desc limit 1", text);
}

static void test_a_delete_writes_a_delete_file_and_no_data_file(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        make_numbers(f, k_versions[i], "merge-on-read", "");
        sql_run(f, "delete from t where id in (1, 4)");
        assert_rows(f, "select id from t", "(0) (2) (3) (5)");
        assert_rows(f, "select count(*) from t.files where content = 0", "(1)");
        assert_delete_files(f, k_versions[i], "(2 rows of PARQUET)", "(2 rows of PUFFIN)");
        assert_operation(f, "delete");
        sql_run(f, "drop table t");
    }
}

static void test_a_second_delete_replaces_the_delete_file_of_the_data_file(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        make_numbers(f, k_versions[i], "merge-on-read", "");
        sql_run(f, "delete from t where id = 1");
        sql_run(f, "delete from t where id = 4");
        assert_rows(f, "select id from t", "(0) (2) (3) (5)");
        assert_delete_files(f, k_versions[i], "(2 rows of PARQUET)", "(2 rows of PUFFIN)");
        sql_run(f, "drop table t");
    }
}

static void test_vectors_of_one_commit_are_in_one_file(void **state)
{
    sql_fixture *f = *state;
    make_numbers(f, 3, "merge-on-read", "partitioned by (g)");
    sql_run(f, "delete from t where id in (0, 1)");
    assert_delete_files(f, 3, "", "(1 rows of PUFFIN) (1 rows of PUFFIN)");
    assert_rows(f, "select count(distinct file_path) from t.files where content > 0", "(1)");
    sql_run(f, "delete from t where id = 2");
    assert_rows(f, "select id from t", "(3) (4) (5)");
    assert_delete_files(f, 3, "", "(1 rows of PUFFIN) (2 rows of PUFFIN)");
}

static void test_a_data_file_without_rows_left_goes(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        make_numbers(f, k_versions[i], "merge-on-read", "partitioned by (g)");
        sql_run(f, "delete from t where id in (0, 2)");
        sql_run(f, "delete from t where id % 4 = 0");
        assert_rows(f, "select id from t", "(1) (3) (5)");
        assert_rows(f, "select content, record_count from t.files", "(0, 3)");
        assert_operation(f, "delete");
        sql_run(f, "drop table t");
    }
}

static void test_an_update_deletes_and_adds(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        make_numbers(f, k_versions[i], "merge-on-read", "");
        sql_run(f, "update t set s = 'new', g = 7 where id >= 4");
        assert_rows(f, "select * from t",
                    "(0, 0, n0) (1, 1, n1) (2, 0, n2) (3, 1, n3) (4, 7, new) (5, 7, new)");
        assert_rows(f, "select record_count from t.files where content = 0", "(2) (6)");
        assert_delete_files(f, k_versions[i], "(2 rows of PARQUET)", "(2 rows of PUFFIN)");
        assert_operation(f, "overwrite");
        sql_run(f, "drop table t");
    }
}

static void test_a_merge_deletes_updates_and_inserts(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        make_numbers(f, k_versions[i], "merge-on-read", "");
        sql_run(f, "merge into t using (select * from (values (1, 'x'), (2, 'y'), (9, 'z')) v(id, "
                   "s)) v on t.id = v.id when matched and v.s = 'x' then delete when matched then "
                   "update set s = v.s when not matched then insert (id, s) values (v.id, v.s)");
        assert_rows(f, "select * from t",
                    "(0, 0, n0) (2, 0, y) (3, 1, n3) (4, 0, n4) (5, 1, n5) (9, NULL, z)");
        assert_delete_files(f, k_versions[i], "(2 rows of PARQUET)", "(2 rows of PUFFIN)");
        sql_run(f, "drop table t");
    }
}

static void test_nothing_to_change_is_no_commit(void **state)
{
    sql_fixture *f = *state;
    make_numbers(f, 3, "merge-on-read", "");
    sql_run(f, "delete from t where id = 77");
    sql_run(f, "update t set s = '' where id = 77");
    assert_rows(f, "select count(*) from t.snapshots", "(1)");
}

static void test_copy_on_write_takes_the_delete_files_of_its_data_files_along(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        make_numbers(f, k_versions[i], "merge-on-read", "");
        sql_run(f, "delete from t where id = 1");
        sql_run(f, "alter table t set tblproperties ('write.delete.mode' = 'copy-on-write')");
        sql_run(f, "delete from t where id = 4");
        assert_rows(f, "select id from t", "(0) (2) (3) (5)");
        assert_rows(f, "select content, record_count from t.files", "(0, 4)");
        sql_run(f, "drop table t");
    }
}

static void test_insert_overwrite_takes_all_delete_files_along(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        make_numbers(f, k_versions[i], "merge-on-read", "");
        sql_run(f, "delete from t where id = 1");
        sql_run(f, "insert overwrite t values (8, 8, 'only')");
        assert_rows(f, "select * from t", "(8, 8, only)");
        assert_rows(f, "select content, record_count from t.files", "(0, 1)");
        sql_run(f, "drop table t");
    }
}

static void test_merge_on_read_needs_format_version_2(void **state)
{
    sql_fixture *f = *state;
    make_numbers(f, 1, "merge-on-read", "");
    sql_expect_failure(f, "update t set s = 'x' where id = 1", FIRN_ERR_UNSUPPORTED,
                       "not supported: write.update.mode merge-on-read in a table of format "
                       "version 1",
                       NULL, 0);
}

/* ---- row lineage ---- */

static void append_rows(const firn_batch *batch, char *out, size_t size)
{
    for (int64_t r = 0; r < batch->n_rows; r++) {
        long long v[3];
        for (size_t c = 0; c < 3; c++)
            v[c] = firn_column_is_valid(&batch->columns[c], r)
                       ? (long long)((const int64_t *)batch->columns[c].values)[r]
                       : -1;
        const size_t n = strlen(out);
        (void)snprintf(out + n, size - n, "%s%lld:%lld@%lld", n > 0 ? " " : "", v[0], v[1], v[2]);
    }
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* "id:row id@last updated" of every row, by id (of one digit); -1: null. */
static void read_lineage(sql_fixture *f, char *out, size_t size)
{
    firn_error err;
    firn_scan_plan plan;
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_table *table = sql_open_table(f, "default", "t");
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    const firn_field fields[] = {*firn_schema_find_id(firn_metadata_schema(metadata), 1),
                                 firn_field_row_id, firn_field_last_updated};
    const firn_type wanted = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 3};
    firn_status st = FIRN_OK;
    char text[1024] = "";
    char words[32][32] = {{0}};
    size_t n = 0;
    assert_ok(firn_scan_plan_files(f->env, f->store, metadata, NULL, arena, &plan, &err), &err);
    assert_ok(firn_scan_queue_create(f->env, f->store, metadata, &plan, &queue, &err), &err);
    assert_ok(firn_scan_reader_open(queue, &wanted, NULL, &reader, &err), &err);
    while (st == FIRN_OK) {
        firn_column columns[3] = {
            {.type = fields[0].type}, {.type = fields[1].type}, {.type = fields[2].type}};
        firn_batch batch = {.n_columns = 3, .columns = columns};
        st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, &batch, NULL, &err);
        if (st == FIRN_OK) append_rows(&batch, text, sizeof text);
    }
    assert_int_equal(st, FIRN_DONE);
    for (char *save = NULL, *word = strtok_r(text, " ", &save); word && n < 32;
         word = strtok_r(NULL, " ", &save))
        (void)snprintf(words[n++], sizeof words[0], "%s", word);
    qsort(words, n, sizeof words[0], compare_text);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const size_t at = strlen(out);
        (void)snprintf(out + at, size - at, "%s%s", i > 0 ? " " : "", words[i]);
    }
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    firn_table_close(table);
    firn_arena_destroy(arena);
}

static void assert_lineage(sql_fixture *f, const char *want)
{
    char text[1024];
    read_lineage(f, text, sizeof text);
    assert_string_equal(text, want);
}

static const char *const k_modes[] = {"copy-on-write", "merge-on-read"};

static void test_new_rows_inherit_their_ids(void **state)
{
    sql_fixture *f = *state;
    make_numbers(f, 3, "copy-on-write", "");
    sql_run(f, "insert into t values (7, 0, 'n7'), (8, 0, 'n8')");
    assert_lineage(f, "0:0@1 1:1@1 2:2@1 3:3@1 4:4@1 5:5@1 7:6@2 8:7@2");
}

static void test_rows_keep_their_ids_when_others_are_deleted(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        make_numbers(f, 3, k_modes[i], "");
        sql_run(f, "delete from t where id in (0, 3)");
        assert_lineage(f, "1:1@1 2:2@1 4:4@1 5:5@1");
        sql_run(f, "delete from t where id = 4");
        assert_lineage(f, "1:1@1 2:2@1 5:5@1");
        sql_run(f, "drop table t");
    }
}

static void test_updated_rows_keep_their_ids_and_say_when(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        make_numbers(f, 3, k_modes[i], "");
        sql_run(f, "update t set s = 'a' where id in (1, 2)");
        assert_lineage(f, "0:0@1 1:1@2 2:2@2 3:3@1 4:4@1 5:5@1");
        sql_run(f, "update t set s = 'b' where id in (2, 3)");
        assert_lineage(f, "0:0@1 1:1@2 2:2@3 3:3@3 4:4@1 5:5@1");
        sql_run(f, "delete from t where id = 0");
        assert_lineage(f, "1:1@2 2:2@3 3:3@3 4:4@1 5:5@1");
        sql_run(f, "drop table t");
    }
}

static void test_merged_rows_keep_their_ids_and_inserted_ones_get_new_ones(void **state)
{
    sql_fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        char text[1024];
        make_numbers(f, 3, k_modes[i], "");
        sql_run(f, "merge into t using (select * from (values (1, 'x'), (2, 'y'), (9, 'z')) v(id, "
                   "s)) v on t.id = v.id when matched and v.s = 'x' then delete when matched then "
                   "update set s = v.s when not matched then insert (id, s) values (v.id, v.s)");
        read_lineage(f, text, sizeof text);
        const char *want = "0:0@1 2:2@2 3:3@1 4:4@1 5:5@1 9:";
        assert_memory_equal(text, want, strlen(want));
        assert_true(strtoll(text + strlen(want), NULL, 10) >= 6);
        assert_non_null(strstr(text + strlen(want), "@2"));
        sql_run(f, "drop table t");
    }
}

static void test_rows_from_before_version_3_have_no_ids_until_the_next_commit(void **state)
{
    sql_fixture *f = *state;
    make_numbers(f, 2, "merge-on-read", "");
    sql_run(f, "delete from t where id = 5");
    assert_lineage(f, "0:-1@-1 1:-1@-1 2:-1@-1 3:-1@-1 4:-1@-1");
    sql_run(f, "alter table t set tblproperties ('format-version' = '3')");
    assert_lineage(f, "0:-1@-1 1:-1@-1 2:-1@-1 3:-1@-1 4:-1@-1");
    sql_run(f, "delete from t where id = 4");
    assert_lineage(f, "0:0@1 1:1@1 2:2@1 3:3@1");
    assert_delete_files(f, 3, "", "(2 rows of PUFFIN)");
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_a_delete_writes_a_delete_file_and_no_data_file),
        IN_FIXTURE(test_a_second_delete_replaces_the_delete_file_of_the_data_file),
        IN_FIXTURE(test_vectors_of_one_commit_are_in_one_file),
        IN_FIXTURE(test_a_data_file_without_rows_left_goes),
        IN_FIXTURE(test_an_update_deletes_and_adds),
        IN_FIXTURE(test_a_merge_deletes_updates_and_inserts),
        IN_FIXTURE(test_nothing_to_change_is_no_commit),
        IN_FIXTURE(test_copy_on_write_takes_the_delete_files_of_its_data_files_along),
        IN_FIXTURE(test_insert_overwrite_takes_all_delete_files_along),
        IN_FIXTURE(test_merge_on_read_needs_format_version_2),
        IN_FIXTURE(test_new_rows_inherit_their_ids),
        IN_FIXTURE(test_rows_keep_their_ids_when_others_are_deleted),
        IN_FIXTURE(test_updated_rows_keep_their_ids_and_say_when),
        IN_FIXTURE(test_merged_rows_keep_their_ids_and_inserted_ones_get_new_ones),
        IN_FIXTURE(test_rows_from_before_version_3_have_no_ids_until_the_next_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
