/* SPDX-License-Identifier: Apache-2.0 */
/* Rewriting data files, delete files and manifests: what comes out, by CALL and EXECUTE, and what
 * happens to rows that others delete meanwhile. */
#include "sql_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "firn/maintain.h"
#include "iceberg/maintain/rewrite/rewrite_commit.h"
#include "iceberg/scan/read.h"

/* First row of a procedure's result: "3 1 2244"; bytes, which depend on the encoder, as "b". */
static const char *told(sql_fixture *f, const char *sql, char *out, size_t size)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    size_t len = 0;
    firn_result *result = sql_query(f, sql);
    const firn_type *columns = firn_result_columns(result);
    out[0] = '\0';
    assert_ok(firn_result_next(result, &batch, &err), &err);
    for (size_t i = 0; i < batch->n_columns; i++) {
        const firn_value v = firn_column_get(&batch->columns[i], 0);
        const long long n = v.kind == FIRN_TYPE_INT ? v.as.i32 : v.as.i64;
        const bool is_bytes =
            n > 0 && firn_str_find(columns->fields[i].name, FIRN_STR("bytes"), 0) != SIZE_MAX;
        if (is_bytes)
            len += (size_t)snprintf(out + len, size - len, "%sb", i > 0 ? " " : "");
        else
            len += (size_t)snprintf(out + len, size - len, "%s%lld", i > 0 ? " " : "", n);
    }
    firn_result_close(result);
    return out;
}
#define assert_told(f, sql, want)                                           \
    do {                                                                    \
        char told_[512];                                                    \
        assert_string_equal(told((f), (sql), told_, sizeof told_), (want)); \
    } while (0)

static void make_cats(sql_fixture *f)
{
    sql_run(f, "create table c (id int, cat string, v int) partitioned by (cat)");
    sql_run(f, "insert into c values (5, 'a', 50), (1, 'b', 10)");
    sql_run(f, "insert into c values (4, 'a', 40), (2, 'b', 20)");
    sql_run(f, "insert into c values (3, 'a', 30), (6, 'b', 60)");
}

#define ALL_CATS "(1, b, 10) (2, b, 20) (3, a, 30) (4, a, 40) (5, a, 50) (6, b, 60)"

/* ---- data files ---- */

static void test_few_small_files_are_left_alone(void **state)
{
    sql_fixture *f = *state;
    make_cats(f);
    assert_told(f, "call system.rewrite_data_files('c')", "0 0 0 0 0");
    assert_rows(f, "select count(*) from c.snapshots", "(3)"); /* no commit */
}

static void test_small_files_of_a_partition_become_one(void **state)
{
    sql_fixture *f = *state;
    make_cats(f);
    assert_told(f,
                "call system.rewrite_data_files(table => 'c', options => map('min-input-files', "
                "'2'), where => 'cat = \"a\"')",
                "3 1 b 0 0");
    assert_rows(f, "select partition.cat, file_count from c.partitions", "(a, 1) (b, 3)");
    assert_rows(f, "from c", ALL_CATS);
    assert_rows(f,
                "select operation, summary['added-records'], summary['deleted-records'], "
                "summary['total-records'] from c.snapshots order by committed_at desc limit 1",
                "(replace, 3, 3, 6)");
}

static void test_rows_are_sorted_by_the_order_given(void **state)
{
    sql_fixture *f = *state;
    make_cats(f);
    assert_told(f,
                "call system.rewrite_data_files(table => 'c', strategy => 'sort', sort_order => "
                "'id DESC NULLS LAST', options => map('rewrite-all', 'true'))",
                "6 2 b 0 0");
    assert_rows(f, "select cat, list(id) from c group by cat", "(a, [5, 4, 3]) (b, [6, 2, 1])");
    assert_rows(f, "select distinct sort_order_id from c.files", "(0)");
}

static void test_rows_are_sorted_by_the_tables_order(void **state)
{
    sql_fixture *f = *state;
    make_cats(f);
    sql_run(f, "alter table c write ordered by v desc");
    sql_run(f, "call system.rewrite_data_files(table => 'c', strategy => 'sort', options => "
               "map('rewrite-all', 'true'))");
    assert_rows(f, "select cat, list(v) from c group by cat",
                "(a, [50, 40, 30]) (b, [60, 20, 10])");
    assert_rows(f, "select distinct sort_order_id from c.files", "(1)");
}

static void test_a_curve_keeps_neighbours_together(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table z (x int, y int, s string)");
    sql_run(f, "insert into z select i % 4, i // 4, i::string from range(16) t(i)");
    sql_run(f, "insert into z select i % 4, i // 4, (i + 100)::string from range(16) t(i)");
    assert_told(f,
                "call system.rewrite_data_files(table => 'z', strategy => 'sort', sort_order => "
                "'zorder(x, y)', options => map('rewrite-all', 'true'))",
                "2 1 b 0 0");
    assert_rows(f, "select distinct x, y from (select * from z limit 8)",
                "(0, 0) (0, 1) (1, 0) (1, 1)");
    sql_run(f, "call system.rewrite_data_files(table => 'z', sort_order => 'hilbert(x, y)', "
               "options => map('rewrite-all', 'true'))");
    assert_rows(f, "select distinct x, y from (select * from z limit 8)",
                "(0, 0) (0, 1) (1, 0) (1, 1)");
    assert_rows(f, "select count(*), sum(x), sum(y), count(distinct s) from z", "(32, 48, 48, 32)");
}

static void test_output_files_have_the_size_asked_for(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table big (id bigint, s string)");
    sql_run(f, "insert into big select i, md5(i::string) from range(20000) t(i)");
    assert_told(f,
                "call system.rewrite_data_files(table => 'big', options => "
                "map('target-file-size-bytes', '200000', 'rewrite-all', 'true'))",
                "1 2 b 0 0");
    assert_rows(f, "select record_count from big.files", "(10000) (10000)");
    assert_rows(f, "select count(*), sum(id), count(distinct s) from big",
                "(20000, 199990000, 20000)");
    assert_told(f, "call system.rewrite_data_files(table => 'big')", "0 0 0 0 0");
}

static void test_files_of_an_old_spec_move_to_the_new_one(void **state)
{
    sql_fixture *f = *state;
    make_cats(f);
    sql_run(f, "alter table c add partition field v");
    sql_run(f, "call system.rewrite_data_files(table => 'c', options => map('rewrite-all', "
               "'true'))");
    assert_rows(f, "select spec_id, count(*) from c.files group by 1", "(1, 6)");
    assert_rows(f, "from c", ALL_CATS);
}

static void test_schema_changes_are_written_out(void **state)
{
    sql_fixture *f = *state;
    make_cats(f);
    sql_run(f, "alter table c drop column v");
    sql_run(f, "alter table c alter column id type bigint");
    sql_run(f, "alter table c add column extra int");
    sql_run(f, "insert into c values (7, 'a', 1)");
    sql_run(f, "call system.rewrite_data_files(table => 'c', options => map('rewrite-all', "
               "'true'))");
    assert_rows(f, "select id, cat, extra from c",
                "(1, b, NULL) (2, b, NULL) (3, a, NULL) (4, a, NULL) (5, a, NULL) (6, b, NULL) "
                "(7, a, 1)");
}

/* ---- deletes ---- */

static void make_deleted(sql_fixture *f, int version)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "create table t (id bigint, s string) tblproperties ('format-version' = '%d', "
                   "'write.delete.mode' = 'merge-on-read')",
                   version);
    sql_run(f, sql);
    sql_run(f, "insert into t select i, 'f1' from range(10) r(i)");
    sql_run(f, "insert into t select i + 10, 'f2' from range(10) r(i)");
    sql_run(f, "delete from t where id in (1, 11)");
    sql_run(f, "delete from t where id in (2, 12)");
    sql_run(f, "delete from t where id = 3");
}

static void test_deletes_are_applied_and_go(void **state)
{
    sql_fixture *f = *state;
    for (int version = 2; version <= 3; version++) {
        make_deleted(f, version);
        /* share above 0.3; vectors go with their files and are told, as by Spark */
        assert_told(f, "call system.rewrite_data_files('t')",
                    version == 2 ? "2 1 b 0 0" : "2 1 b 0 2");
        assert_rows(f, "select count(*), sum(id) from t", "(15, 161)");
        assert_rows(f, "select content, sum(record_count) from t.files group by content",
                    "(0, 15)");
        sql_run(f, "drop table t");
    }
}

static void test_position_deletes_become_one_a_data_file(void **state)
{
    sql_fixture *f = *state;
    make_deleted(f, 2);
    assert_told(f, "call system.rewrite_position_delete_files('t')", "0 0 0 0");
    assert_told(f,
                "call system.rewrite_position_delete_files(table => 't', options => "
                "map('rewrite-all', 'true'))",
                "2 2 b b");
    assert_rows(f, "select count(*), sum(id) from t", "(15, 161)");
    assert_rows(f, "select sum(record_count) from t.delete_files", "(5)");
}

static void test_position_deletes_become_vectors_after_an_upgrade(void **state)
{
    sql_fixture *f = *state;
    make_deleted(f, 2);
    sql_run(f, "alter table t set tblproperties ('format-version' = '3')");
    assert_told(f, "call system.rewrite_position_delete_files('t')", "2 2 b b");
    assert_rows(f, "select file_format, record_count from t.delete_files",
                "(PUFFIN, 2) (PUFFIN, 3)");
    assert_rows(f, "select count(*), sum(id) from t", "(15, 161)");
    assert_told(f, "call system.rewrite_position_delete_files('t')", "0 0 0 0");
}

/* ---- manifests ---- */

static void test_manifests_become_one(void **state)
{
    sql_fixture *f = *state;
    make_cats(f);
    assert_told(f, "call system.rewrite_manifests('c')", "3 1");
    assert_rows(f, "select added_data_files_count, existing_data_files_count from c.manifests",
                "(0, 6)");
    assert_rows(f,
                "select operation, summary['manifests-created'], summary['manifests-replaced'], "
                "summary['manifests-kept'] from c.snapshots order by committed_at desc limit 1",
                "(replace, 1, 3, 0)");
    assert_told(f, "alter table c execute optimize_manifests", "0 0");
    assert_rows(f, "from c", ALL_CATS);
    sql_run(f, "create table empty (id int)");
    assert_told(f, "call system.rewrite_manifests('empty')", "0 0");
}

/* ---- Trino's names ---- */

static void test_optimize_takes_a_threshold_and_a_where(void **state)
{
    sql_fixture *f = *state;
    make_cats(f);
    assert_told(f, "alter table c execute optimize(file_size_threshold => '10MB') where cat = 'a'",
                "3 1 b 0 0");
    assert_told(f, "alter table c execute optimize", "3 1 b 0 0");
    assert_rows(f, "from c", ALL_CATS);
}

/* ---- what is refused ---- */

static void test_wrong_arguments_are_refused(void **state)
{
    sql_fixture *f = *state;
    static const struct {
        const char *sql, *message;
        firn_status status;
    } k_cases[] = {
        {"call system.rewrite_data_files(table => 'c', strategy => 'nosuch')",
         "strategy: found \"nosuch\", expected binpack or sort", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', strategy => 'sort')",
         "the table has no sort order and none is given", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', sort_order => 'nosuch')",
         "sort_order: the table has no column \"nosuch\"", FIRN_ERR_NOT_FOUND},
        {"call system.rewrite_data_files(table => 'c', sort_order => 'id sideways')",
         "found \"sideways\", expected ASC", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', sort_order => 'zorder(id), v')",
         "expected zorder(a, b, ..) alone", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', strategy => 'binpack', sort_order => 'id')",
         "the strategy binpack has no order", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', options => map('no-such-option', '1'))",
         "options: there is no option \"no-such-option\"", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', options => map('min-input-files', 'x'))",
         "found \"x\" for min-input-files, expected a number above 0", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', options => map('min-input-files'))",
         "key \"min-input-files\" has no value", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', options => map('output-spec-id', '9'))",
         "the table has no partition spec 9", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', where => 'nosuch = 1')",
         "where: ", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', where => 'id = ')", "where: ", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', branch => 'nosuch')",
         "the table has no branch \"nosuch\"", FIRN_ERR_NOT_FOUND},
        {"call system.rewrite_manifests(table => 'c', spec_id => 99)",
         "spec_id: the table has no partition spec 99", FIRN_ERR_ARG},
        {"call system.rewrite_position_delete_files(table => 'c', options => map('bogus', '1'))",
         "there is no option \"bogus\"", FIRN_ERR_ARG},
        {"alter table c execute optimize(file_size_threshold => 'big')",
         "found \"big\", expected a size such as '100MB'", FIRN_ERR_ARG},
        {"alter table c execute optimize(nosuch => 1)", "optimize has no argument nosuch",
         FIRN_ERR_ARG},
        {"alter table c execute rollback_to_snapshot(1) where id = 1",
         "rollback_to_snapshot has no WHERE", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', 'sort')",
         "an argument without a name stands behind one with a name", FIRN_ERR_ARG},
        {"call system.rewrite_data_files(table => 'c', options => 'x')",
         "options: expected MAP(key, value, ..)", FIRN_ERR_ARG},
    };
    make_cats(f);
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_error err = {0};
        firn_result *result = NULL;
        assert_fails(firn_session_execute(f->session, firn_str_of(k_cases[i].sql), &result, &err),
                     k_cases[i].status, &err, k_cases[i].message);
    }
    assert_rows(f, "select count(*) from c.snapshots", "(3)");
}

/* ---- others meanwhile ---- */

typedef struct job {
    firn_arena *arena;
    firn_table *table;
    firn_table_views views;
    firn_rewrite_limits limits;
    firn_group_writer writer;
    firn_rewritten item;
    firn_rewrite_commit commit;
} job;

/* Everything of table t is written again, but not committed yet. */
static void write_all(sql_fixture *f, job *j, firn_rewrite_strategy strategy)
{
    firn_error err;
    static const firn_sort_field k_by_id = {.source_id = 1};
    firn_file_rewrite_opts opts = {.rewrites_all = true};
    firn_rewrite_plan plan;
    const firn_snapshot *head = NULL;
    *j = (job){.arena = firn_arena_create(NULL, 0), .table = sql_open_table(f, "default", "t")};
    firn_table_views_init(&j->views, j->table, j->arena);
    assert_ok(firn_table_views_load(&j->views, &err), &err);
    assert_ok(firn_table_views_head(&j->views, (firn_str){0}, &head, &err), &err);
    const firn_table_metadata *m = firn_table_views_metadata(&j->views);
    assert_ok(firn_rewrite_limits_of(m, &opts, &j->limits, &err), &err);
    j->writer = (firn_group_writer){.env = f->env,
                                    .store = f->store,
                                    .metadata = m,
                                    .limits = &j->limits,
                                    .spec = firn_metadata_spec(m),
                                    .strategy = strategy,
                                    .sort_fields = &k_by_id,
                                    .n_sort_fields = strategy == FIRN_REWRITE_SORT,
                                    .memory_bytes = 1 << 20};
    assert_ok(firn_rewrite_schema(m, j->arena, &j->writer.schema, &err), &err);
    const firn_rewrite_scope scope = {.env = f->env,
                                      .store = f->store,
                                      .metadata = m,
                                      .snapshot_id = head->snapshot_id,
                                      .limits = &j->limits};
    assert_ok(firn_rewrite_plan_make(&scope, j->arena, &plan, &err), &err);
    assert_int_equal(plan.n_groups, 1);
    j->item.group = plan.groups[0];
    assert_ok(firn_group_write(&j->writer, &plan.groups[0], j->arena, &j->item.output, &err), &err);
    j->commit = (firn_rewrite_commit){.table = j->table,
                                      .views = &j->views,
                                      .writer = &j->writer,
                                      .keeps_sequence_number = true,
                                      .arena = j->arena,
                                      .from_snapshot_id = head->snapshot_id,
                                      .from_sequence_number = head->sequence_number};
}

static void finish(job *j)
{
    firn_error err;
    assert_ok(firn_rewrite_commit_run(&j->commit, &j->item, 1, &err), &err);
    firn_table_views_close(&j->views);
    firn_table_close(j->table);
    firn_arena_destroy(j->arena);
}

static void test_appends_meanwhile_stay(void **state)
{
    sql_fixture *f = *state;
    job j;
    make_deleted(f, 2);
    write_all(f, &j, FIRN_REWRITE_BINPACK);
    sql_run(f, "insert into t values (100, 'new')");
    finish(&j);
    assert_int_equal(j.commit.n_redone, 0);
    assert_rows(f, "select count(*), sum(id) from t", "(16, 261)");
    assert_rows(f, "select count(*) from t.data_files", "(2)");
}

static void test_rows_deleted_meanwhile_stay_deleted(void **state)
{
    sql_fixture *f = *state;
    for (int version = 2; version <= 3; version++) {
        job j;
        make_deleted(f, version);
        write_all(f, &j, FIRN_REWRITE_BINPACK);
        sql_run(f, "delete from t where id in (4, 19)");
        sql_run(f, "delete from t where id = 5");
        finish(&j);
        assert_int_equal(j.commit.n_redone, 0); /* carried over, not written again */
        assert_int_equal(j.commit.n_delete_files, 1);
        assert_rows(f, "select count(*), sum(id) from t", "(12, 133)");
        assert_rows(f, "select content, sum(record_count) from t.files group by 1",
                    "(0, 15) (1, 3)");
        sql_run(f, "delete from t where id = 6"); /* and what comes later is fine */
        assert_rows(f, "select count(*), sum(id) from t", "(11, 127)");
        sql_run(f, "drop table t");
    }
}

static void test_sorted_rows_deleted_meanwhile_are_written_again(void **state)
{
    sql_fixture *f = *state;
    job j;
    make_deleted(f, 2);
    write_all(f, &j, FIRN_REWRITE_SORT);
    sql_run(f, "delete from t where id in (4, 19)");
    finish(&j);
    assert_int_equal(j.commit.n_redone, 1);
    assert_rows(f, "select count(*), sum(id) from t", "(13, 138)");
    assert_rows(f, "select content, sum(record_count) from t.files group by 1", "(0, 13)");
}

static void test_files_that_are_gone_meanwhile_are_left_out(void **state)
{
    sql_fixture *f = *state;
    job j;
    make_deleted(f, 2);
    write_all(f, &j, FIRN_REWRITE_BINPACK);
    sql_run(f, "delete from t where s = 'f1'"); /* a whole file */
    finish(&j);
    assert_int_equal(j.commit.n_redone, 1);
    assert_rows(f, "select count(*), sum(id), min(s) from t", "(8, 122, f2)");
    write_all(f, &j, FIRN_REWRITE_BINPACK);
    sql_run(f, "truncate table t");
    finish(&j);
    assert_rows(f, "select count(*) from t", "(0)");
    assert_rows(f, "select count(*) from t.files", "(0)");
}

static void test_a_rewrite_of_deletes_meanwhile_is_followed(void **state)
{
    sql_fixture *f = *state;
    job j;
    make_deleted(f, 2);
    write_all(f, &j, FIRN_REWRITE_BINPACK);
    sql_run(f, "delete from t where id = 9");
    sql_run(f, "call system.rewrite_position_delete_files(table => 't', options => "
               "map('rewrite-all', 'true'))");
    finish(&j);
    assert_rows(f, "select count(*), sum(id) from t", "(14, 152)");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_few_small_files_are_left_alone),
        TEST(test_small_files_of_a_partition_become_one),
        TEST(test_rows_are_sorted_by_the_order_given),
        TEST(test_rows_are_sorted_by_the_tables_order),
        TEST(test_a_curve_keeps_neighbours_together),
        TEST(test_output_files_have_the_size_asked_for),
        TEST(test_files_of_an_old_spec_move_to_the_new_one),
        TEST(test_schema_changes_are_written_out),
        TEST(test_deletes_are_applied_and_go),
        TEST(test_position_deletes_become_one_a_data_file),
        TEST(test_position_deletes_become_vectors_after_an_upgrade),
        TEST(test_manifests_become_one),
        TEST(test_optimize_takes_a_threshold_and_a_where),
        TEST(test_wrong_arguments_are_refused),
        TEST(test_appends_meanwhile_stay),
        TEST(test_rows_deleted_meanwhile_stay_deleted),
        TEST(test_sorted_rows_deleted_meanwhile_are_written_again),
        TEST(test_files_that_are_gone_meanwhile_are_left_out),
        TEST(test_a_rewrite_of_deletes_meanwhile_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
