/* SPDX-License-Identifier: Apache-2.0 */
/* EXPLAIN and EXPLAIN ANALYZE: what was read of each table and what was skipped, by what. The
 * numbers are compared with what is in the table. */
#include "sql_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* What EXPLAIN says of the tables. */
static const char *explain(sql_fixture *f, const char *sql, char *out, size_t size)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, sql);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_int_equal(batch->n_rows, 2);
    assert_str(firn_column_get(&batch->columns[0], 1).as.bytes, "table_scans");
    const firn_str cell = firn_column_get(&batch->columns[1], 1).as.bytes;
    assert_true(cell.len < size);
    (void)snprintf(out, size, "%.*s", FIRN_STR_ARG(cell));
    firn_result_close(result);
    return out;
}

static int64_t number(const char *json, const char *key)
{
    char word[80];
    (void)snprintf(word, sizeof word, "\"%s\":", key);
    const char *at = strstr(json, word);
    if (!at) {
        fail_msg("no %s in %s", key, json);
        return -1;
    }
    return strtoll(at + strlen(word), NULL, 10);
}

#define assert_number(json, key, want) assert_int_equal(number((json), (key)), (want))

/* Two commits of four partitions of 1,000 rows each; ids rise. */
static void make_events(sql_fixture *f)
{
    sql_run(f, "drop table if exists ev");
    sql_run(f, "create table ev (id bigint, p int, v varchar) partitioned by (p)");
    sql_run(f, "insert into ev select i, i // 1000, 'v' || i from range(4000) t(i)");
    sql_run(f, "insert into ev select i, i // 1000, 'v' || i from range(4000, 8000) t(i)");
}

static void test_patterns_of_texts_are_filters(void **state)
{
    static const struct {
        const char *where, *filter;
        int64_t rows;
    } k_cases[] = {
        {"v like '%77%'", "v like '%77%'", 242},
        {"v like '%99'", "v like '%99'", 80},
        {"v like 'v1%5%9'", "v like 'v1%5%9'", 20},
        {"not v like '%0%'", "v not like '%0%'", 5922},
        {"contains(v, '_')", "v like '%_%'", 0},
        {"v not like '%1%2%'", "v not like '%1%2%'", 7533},
        {"id < 10 and v like '%3'", "id < 10 and v like '%3'", 1},
    };
    sql_fixture *f = *state;
    make_events(f);
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        char sql[200];
        char json[4096];
        char want[80];
        (void)snprintf(sql, sizeof sql,
                       "explain (analyze, format json) select v, id from ev where %s",
                       k_cases[i].where);
        (void)explain(f, sql, json, sizeof json);
        (void)snprintf(want, sizeof want, "\"filter\":\"%s\"", k_cases[i].filter);
        if (!strstr(json, want)) fail_msg("%s: no %s in %s", sql, want, json);
        (void)snprintf(sql, sizeof sql, "select count(*) = %lld from ev where %s",
                       (long long)k_cases[i].rows, k_cases[i].where);
        assert_rows(f, sql, "(true)");
        /* where few pass, most others are not handed out */
        if (k_cases[i].rows < 500) assert_true(number(json, "rows_read") <= 2 * k_cases[i].rows);
    }
}

static void test_files_are_told_apart_by_what_skipped_them(void **state)
{
    sql_fixture *f = *state;
    char json[4096];
    make_events(f);
    (void)explain(f, "explain (format json) select * from ev where p between 1 and 2 and id < 1500",
                  json, sizeof json);
    assert_non_null(strstr(json, "\"table\":\"default.ev\""));
    assert_non_null(strstr(json, "id < 1500"));
    assert_number(json, "manifests_read", 1);
    assert_number(json, "manifests_skipped", 1);
    assert_number(json, "data_files_total", 8);
    assert_number(json, "data_files_skipped_by_manifests", 4);
    assert_number(json, "data_files_skipped_by_partition", 2);
    assert_number(json, "data_files_skipped_by_metrics", 1);
    assert_number(json, "data_files", 1);
    assert_number(json, "rows_total", 8000);
    assert_null(strstr(json, "rows_read")); /* nothing ran */
}

static void test_analyze_counts_what_was_read(void **state)
{
    sql_fixture *f = *state;
    char json[4096];
    make_events(f);
    (void)explain(f, "explain (analyze, format json) select sum(id), max(v) from ev where p = 5",
                  json, sizeof json);
    assert_number(json, "data_files", 1);
    assert_number(json, "row_groups_read", 1);
    assert_number(json, "row_groups_skipped", 0);
    assert_number(json, "rows_read", 1000);
    assert_number(json, "pages_read", 3); /* of id, v and p */
    assert_true(number(json, "bytes_read") <= number(json, "bytes_of_data_files"));
    assert_true(number(json, "bytes_read") > 0);
    assert_true(number(json, "time_us") > 0);
    (void)explain(f, "explain (analyze, format json) select count(*) from ev", json, sizeof json);
    assert_number(json, "data_files", 8);
    assert_number(json, "bytes_read", 0); /* by the manifests alone */
    assert_number(json, "rows_read", 8000);
}

/* With and without ANALYZE: what is answered by metadata is shown so. */
static void assert_by_metadata(sql_fixture *f, const char *query, int64_t n_files)
{
    static const char *const k_explain[] = {"explain (format json) ",
                                            "explain (analyze, format json) "};
    char sql[200];
    char json[4096];
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(sql, sizeof sql, "%s%s", k_explain[i], query);
        (void)explain(f, sql, json, sizeof json);
        if (number(json, "data_files_answered_by_metadata") != n_files)
            fail_msg("%s: expected %lld files in %s", sql, (long long)n_files, json);
        if (i == 1 && n_files == number(json, "data_files")) assert_number(json, "bytes_read", 0);
    }
}

static void test_what_metadata_answers_is_told(void **state)
{
    sql_fixture *f = *state;
    char text[4096];
    make_events(f);
    assert_by_metadata(f, "select min(id), max(id), count(*) from ev", 8);
    assert_by_metadata(f, "select max(p) as m from default.ev", 8);
    assert_by_metadata(f, "select count(*) from ev", 8);
    assert_by_metadata(f, "select count(id) from ev", 8);
    assert_by_metadata(f, "select min(v) from ev", 0);
    assert_by_metadata(f, "select min(id) from ev where p = 1", 0);
    assert_by_metadata(f, "select sum(id) from ev", 0);
    sql_run(f, "alter table ev set tblproperties ('write.delete.mode' = 'merge-on-read')");
    sql_run(f, "delete from ev where id = 10");
    assert_by_metadata(f, "select min(id) from ev", 7);
    assert_by_metadata(f, "select count(*) from ev", 8); /* positions are counted */
    (void)explain(f, "explain select max(id) from ev", text, sizeof text);
    assert_non_null(strstr(text, "  answered by metadata: 7 data files, not read\n"));
}

static void test_row_groups_and_pages_are_skipped_inside_of_files(void **state)
{
    sql_fixture *f = *state;
    char json[4096];
    sql_run(f, "create table rg (id bigint, v varchar) with ("
               "'write.parquet.row-group-size-bytes' = '40000', "
               "'write.parquet.page-row-limit' = '500')");
    sql_run(f, "insert into rg select i, md5(i::varchar) from range(20000) t(i)");
    (void)explain(f, "explain (analyze, format json) select max(v) from rg where id = 10100", json,
                  sizeof json);
    assert_number(json, "data_files", 1);
    assert_number(json, "row_groups_read", 1);
    assert_true(number(json, "row_groups_skipped") >= 2);
    assert_number(json, "pages_read", 2);
    assert_true(number(json, "pages_skipped") >= 2);
    assert_true(number(json, "bytes_read") < number(json, "bytes_of_data_files") / 4);
}

static void test_delete_files_are_counted(void **state)
{
    sql_fixture *f = *state;
    char json[4096];
    make_events(f);
    sql_run(f, "alter table ev set tblproperties ('write.delete.mode' = 'merge-on-read')");
    sql_run(f, "delete from ev where id in (10, 1010)");
    (void)explain(f, "explain (analyze, format json) select count(*) from ev where p = 0", json,
                  sizeof json);
    assert_number(json, "position_delete_files", 1);
    assert_number(json, "delete_manifests_read", 1);
    assert_number(json, "rows_read", 999);
}

static void test_text_names_each_table(void **state)
{
    sql_fixture *f = *state;
    char text[4096];
    make_events(f);
    sql_run(f, "create table empty (id bigint)");
    (void)explain(f,
                  "explain analyze select * from ev a join ev b on a.id = b.id, empty "
                  "where a.p = 1 and b.p = 7",
                  text, sizeof text);
    const char *first = strstr(text, "scan of default.ev\n  snapshot: ");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "scan of default.ev\n"));
    assert_non_null(strstr(text, "scan of default.empty\n  snapshot: none\n"));
    (void)explain(f, "explain analyze select v from ev where p = 1 and id >= 0", text, sizeof text);
    assert_non_null(strstr(text, "  filter: (p = 1 and id >= 0)\n"));
    assert_non_null(strstr(text, "  manifests: 1 read, 1 skipped\n"));
    assert_non_null(strstr(text, "  data files: 1 of 8 (skipped by manifests 4, by partition 3, "
                                 "by metrics 0)\n"));
    assert_non_null(strstr(text, "  rows: 1000 of 8000\n"));
}

static void test_dialects_have_one_column_of_text(void **state)
{
    sql_fixture *f = *state;
    static const char *const k_dialects[][2] = {{"spark", "plan"}, {"trino", "Query Plan"}};
    make_events(f);
    for (size_t i = 0; i < 2; i++) {
        char sql[64];
        firn_error err = {0};
        const firn_batch *batch = NULL;
        (void)snprintf(sql, sizeof sql, "set dialect = '%s'", k_dialects[i][0]);
        sql_run(f, sql);
        firn_result *result = sql_query(f, "explain analyze select id from ev where p = 3");
        assert_int_equal(firn_result_columns(result)->n_fields, 1);
        assert_str(firn_result_columns(result)->fields[0].name, k_dialects[i][1]);
        assert_ok(firn_result_next(result, &batch, &err), &err);
        const firn_str cell = firn_column_get(&batch->columns[0], 0).as.bytes;
        assert_true(firn_str_find(cell, FIRN_STR("data files: 1 of 8"), 0) != SIZE_MAX);
        firn_result_close(result);
    }
    sql_run(f, "set dialect = 'duckdb'");
}

static void test_errors_point_into_the_query(void **state)
{
    sql_fixture *f = *state;
    make_events(f);
    sql_expect_failure(f, "explain analyze select nosuch from ev", FIRN_ERR_ARG, "nosuch", NULL,
                       23);
    sql_expect_failure(f, "explain (format xml) select 1", FIRN_ERR_ARG,
                       "found \"xml\", expected TEXT", NULL, 16);
    sql_expect_failure(f, "explain select * from ev version as of 5", FIRN_ERR_ARG, "no snapshot 5",
                       NULL, 39);
}

static void test_a_query_on_two_columns_reads_few_files_after_z_order(void **state)
{
    static const char k_query[] = "explain (analyze, format json) select count(v) from zo "
                                  "where a between 300 and 380 and b between 500 and 580";
    sql_fixture *f = *state;
    char json[4096];
    sql_run(f, "create table zo (a int, b int, v varchar) with ("
               "'write.target-file-size-bytes' = '60000')");
    for (int i = 0; i < 5; i++)
        sql_run(f, "insert into zo select (hash(i, 1) % 1000)::int, (hash(i, 2) % 1000)::int, "
                   "md5(i::varchar) from range(30000) t(i)");
    (void)explain(f, k_query, json, sizeof json);
    const int64_t n_before = number(json, "data_files");
    const int64_t n_rows = number(json, "rows_total");
    assert_int_equal(n_before, number(json, "data_files_total"));
    sql_run(f, "call system.rewrite_data_files(table => 'default.zo', strategy => 'sort', "
               "sort_order => 'zorder(a, b)', options => map('rewrite-all', 'true', "
               "'target-file-size-bytes', '60000'))");
    (void)explain(f, k_query, json, sizeof json);
    assert_true(number(json, "data_files_total") >= n_before / 2);
    assert_int_equal(number(json, "rows_total"), n_rows);
    const int64_t n_after = number(json, "data_files");
    if (n_after * 100 > n_before * 15)
        fail_msg("%lld files read, %lld before", (long long)n_after, (long long)n_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_told_apart_by_what_skipped_them),
        cmocka_unit_test(test_patterns_of_texts_are_filters),
        cmocka_unit_test(test_analyze_counts_what_was_read),
        cmocka_unit_test(test_what_metadata_answers_is_told),
        cmocka_unit_test(test_row_groups_and_pages_are_skipped_inside_of_files),
        cmocka_unit_test(test_delete_files_are_counted),
        cmocka_unit_test(test_text_names_each_table),
        cmocka_unit_test(test_dialects_have_one_column_of_text),
        cmocka_unit_test(test_errors_point_into_the_query),
        cmocka_unit_test(test_a_query_on_two_columns_reads_few_files_after_z_order),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
