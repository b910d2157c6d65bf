/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on changelogs choose the files that are read: the answer is that of all files, for tables
 * of every kind, told apart by values, keys and row ids. */
#include "sql_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static const struct {
    int version;
    const char *mode, *partition;
} k_kinds[] = {
    {1, "copy-on-write", "partitioned by (g)"},
    {2, "copy-on-write", "partitioned by (g)"},
    {2, "merge-on-read", ""},
    {2, "merge-on-read", "partitioned by (truncate(10, id))"},
    {3, "copy-on-write", "partitioned by (bucket(3, id))"},
    {3, "merge-on-read", "partitioned by (g)"},
};
#define N_KINDS (sizeof k_kinds / sizeof *k_kinds)

static void make_table(sql_fixture *f, size_t kind)
{
    char sql[600];
    (void)snprintf(sql, sizeof sql,
                   "create table t (id bigint, g int, s varchar, x double) %s tblproperties "
                   "('format-version' = '%d', 'write.delete.mode' = '%s', 'write.update.mode' = "
                   "'%s', 'write.merge.mode' = '%s')",
                   k_kinds[kind].partition, k_kinds[kind].version, k_kinds[kind].mode,
                   k_kinds[kind].mode, k_kinds[kind].mode);
    sql_run(f, sql);
}

/* Ids stay unique: # is a number below ten, @ one that grows. */
static const char *const k_statements[] = {
    "insert into t select 100 * @ + i, (i + #) % 3, 'i' || i, i / 4.0 from range(8) r(i)",
    "insert into t values (100 * @ + 90, null, null, 'nan'::double), (100 * @ + 91, #, 'z', "
    "-0.0::double)",
    "delete from t where id % 7 = #",
    "update t set s = s || 'u' where id % 5 = # % 5",
    "update t set g = (g + 1) % 3 where id % 6 = # % 6",
    "update t set id = id + 10000 * @ where id % 100 = #",
    "delete from t where g = # % 3 and id < 20",
    "insert overwrite t select id, g, s, x from t where id % 9 <> #",
    "merge into t using (select 100 * @ + 95 as id union all select # * 3) v on t.id = v.id when "
    "matched then update set s = 'm' when not matched then insert (id, g, s) values (v.id, 1, 'n')",
};
#define N_STATEMENTS (sizeof k_statements / sizeof *k_statements)

static void run_statement(sql_fixture *f, firn_prng *prng, size_t which, int turn)
{
    char sql[512];
    size_t n = 0;
    const int digit = (int)firn_prng_below(prng, 10);
    for (const char *at = k_statements[which]; *at; at++) {
        if (*at == '#' || *at == '@')
            n += (size_t)snprintf(sql + n, sizeof sql - n, "%d", *at == '#' ? digit : turn);
        else
            sql[n++] = *at;
    }
    sql[n] = '\0';
    sql_run(f, sql);
}

static void make_history(sql_fixture *f, size_t kind, uint64_t seed)
{
    firn_prng prng;
    firn_prng_init(&prng, seed);
    make_table(f, kind);
    sql_run(f, "insert into t select i, i % 3, 'r' || (i % 4), i / 8.0 from range(30) r(i)");
    for (int turn = 1; turn <= 6; turn++)
        run_statement(f, &prng, firn_prng_below(&prng, N_STATEMENTS), turn);
}

static const char *const k_filters[] = {
    "id = 13",
    "id between 3 and 12",
    "id in (1, 203, 9999)",
    "g = 1",
    "g is null",
    "g <> 2 and id > 15",
    "s >= 'r2'",
    "s like 'i%' and g = 0",
    "x > 5",
    "x = 0",
    "id < 3 or g = 2",
    "_change_type = 'DELETE' and id < 25",
    "_change_ordinal > 2 and g = 1",
    "_change_type <> 'INSERT' or id = 4",
    "id = 3.5",
    "id > 1e9",
};
#define N_FILTERS (sizeof k_filters / sizeof *k_filters)

static const char *const k_options[] = {
    "",
    ", remove_carryovers => false",
    ", net_changes => true",
    ", identifier_columns => ['id']",
    ", identifier_columns => ['id'], net_changes => true",
    ", compute_updates => true",
};
#define N_OPTIONS (sizeof k_options / sizeof *k_options)

/* A filter does not go below a window. */
static void assert_same_changes(sql_fixture *f, const char *options, const char *filter)
{
    char sql[1500];
    char rows[256];
    (void)snprintf(sql, sizeof sql,
                   "with found as (select * from firn_changes('t'%s) where %s), want as (select * "
                   "exclude (rn) from (select *, row_number() over () as rn from "
                   "firn_changes('t'%s)) where %s) select count(*) from ((from want except all "
                   "from found) union all (from found except all from want))",
                   options, filter, options, filter);
    if (strcmp(sql_rows(f, sql, rows, sizeof rows), "(0)") != 0)
        fail_msg("rows differ by %s: firn_changes('t'%s) where %s", rows, options, filter);
}

static void test_filtered_changes_are_those_of_all_files(void **state)
{
    sql_fixture *f = *state;
    for (size_t kind = 0; kind < N_KINDS; kind++) {
        const uint64_t seed = 9100 + kind;
        print_message("seed %llu\n", (unsigned long long)seed);
        make_history(f, kind, seed);
        for (size_t o = 0; o < N_OPTIONS; o++) {
            if (o + 1 == N_OPTIONS && k_kinds[kind].version < 3) continue; /* by row ids */
            for (size_t i = (kind + 2 * o) % 5; i < N_FILTERS; i += 5)
                assert_same_changes(f, k_options[o], k_filters[i]);
        }
        sql_run(f, "drop table t");
    }
}

/* ---- what is read ---- */

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

static const char *explain(sql_fixture *f, const char *sql, char *out, size_t size)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, sql);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_int_equal(batch->n_rows, 2);
    const firn_str cell = firn_column_get(&batch->columns[1], 1).as.bytes;
    assert_true(cell.len < size);
    (void)snprintf(out, size, "%.*s", (int)cell.len, cell.data);
    firn_result_close(result);
    return out;
}

/* Two commits of four partitions of 1,000 rows each, then one of each that is written again. */
static void make_events(sql_fixture *f)
{
    sql_run(f, "create table ev (id bigint, p int, v varchar) partitioned by (p)");
    sql_run(f, "insert into ev select i, i // 1000, 'v' || i from range(4000) t(i)");
    sql_run(f, "insert into ev select i, i // 1000, 'v' || i from range(4000, 8000) t(i)");
    sql_run(f, "update ev set v = 'w' where id in (1500, 5500)");
}

static void assert_data_files(const char *json, int64_t found, int64_t total)
{
    assert_int_equal(number(json, "data_files"), found);
    assert_int_equal(number(json, "data_files_total"), total);
}

static void test_files_that_cannot_hold_such_rows_are_not_read(void **state)
{
    sql_fixture *f = *state;
    char json[4096];
    make_events(f);
    (void)explain(f,
                  "explain (format json) select id from firn_changes('ev') where p = 5 and id "
                  "between 5400 and 5600",
                  json, sizeof json);
    assert_non_null(strstr(json, "\"table\":\"default.ev\""));
    assert_non_null(strstr(json, "p = 5"));
    assert_int_equal(number(json, "changelog_snapshots"), 3);
    assert_data_files(json, 3, 12); /* 8 added, then two gone and two new */
    assert_int_equal(number(json, "data_files_skipped_by_manifests"), 5);
    assert_int_equal(number(json, "data_files_skipped_by_metrics"), 0);
    assert_null(strstr(json, "rows_read"));
    (void)explain(f,
                  "explain (analyze, format json) select sum(id) from firn_changes('ev') where p = "
                  "5 and id < 5400",
                  json, sizeof json);
    assert_data_files(json, 3, 12);
    assert_int_equal(number(json, "rows_read"), 1000);
    assert_int_equal(number(json, "row_groups_read"), 3 + 2); /* rows are told apart first */
    assert_int_equal(number(json, "rows_total"), 12000);
    assert_true(number(json, "bytes_read") > 0);
    (void)explain(f, "explain (format json) select v from firn_changes('ev') where id = 77", json,
                  sizeof json);
    assert_data_files(json, 1, 12);
    assert_int_equal(number(json, "data_files_skipped_by_partition"), 0);
    assert_int_equal(number(json, "data_files_skipped_by_metrics"), 11);
}

/* Of the key, a filter may choose files; of other columns, one half of a changed row may pass. */
static void test_with_a_key_only_what_is_said_of_it_counts(void **state)
{
    sql_fixture *f = *state;
    char text[4096];
    make_events(f);
    (void)explain(f,
                  "explain select v from firn_changes('ev', identifier_columns => ['id']) where id "
                  "= 5500 and v = 'w' and p < 100",
                  text, sizeof text);
    assert_non_null(strstr(text, "changes of default.ev\n  snapshots: 3\n"));
    assert_non_null(strstr(text, "  filter: id = 5500\n"));
    assert_non_null(strstr(text, "  data files: 3 of 12 (skipped by manifests 0, by partition 0, "
                                 "by metrics 9)\n"));
    (void)explain(f, "explain select v from firn_changes('ev') where _change_ordinal = 2", text,
                  sizeof text);
    assert_null(strstr(text, "  filter: "));
    assert_non_null(strstr(text, "  data files: 12 of 12 "));
    assert_rows(f,
                "select _change_type, v from firn_changes('ev', identifier_columns => ['id']) "
                "where id = 5500 and _change_ordinal = 2 and v = 'w'",
                "(UPDATE_AFTER, w)");
}

/* Merge-on-read: data files that stay, with new delete files. */
static void test_files_with_new_deletes_are_chosen_too(void **state)
{
    sql_fixture *f = *state;
    char json[4096];
    make_events(f);
    sql_run(f, "alter table ev set tblproperties ('write.delete.mode' = 'merge-on-read')");
    sql_run(f, "delete from ev where id in (10, 4010, 7999)");
    char sql[200];
    char last[64];
    (void)sql_rows(f,
                   "select snapshot_id from ev.snapshots order by committed_at desc limit 1 "
                   "offset 1",
                   last, sizeof last);
    last[strlen(last) - 1] = '\0'; /* "(id)" */
    (void)snprintf(sql, sizeof sql,
                   "explain (analyze, format json) select id from firn_changes('ev', %s) where p "
                   "= 4",
                   last + 1);
    (void)explain(f, sql, json, sizeof json);
    assert_int_equal(number(json, "changelog_snapshots"), 1);
    assert_data_files(json, 1, 2); /* another is in an older manifest, which is not read */
    assert_int_equal(number(json, "rows_read"), 1);
    assert_int_equal(number(json, "delete_manifests_read"), 1);
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_filtered_changes_are_those_of_all_files),
        IN_FIXTURE(test_files_that_cannot_hold_such_rows_are_not_read),
        IN_FIXTURE(test_with_a_key_only_what_is_said_of_it_counts),
        IN_FIXTURE(test_files_with_new_deletes_are_chosen_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
