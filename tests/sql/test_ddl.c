/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE, DROP, ALTER, CALL, SHOW and DESCRIBE in the spellings of Spark, Trino and DuckDB. */
#include "sql_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

/* Rows of a statement that is no query, in their order: "(a, b) (c, NULL)". */
static const char *told(sql_fixture *f, const char *sql, char *out, size_t size)
{
    size_t len = 0;
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, sql);
    out[0] = '\0';
    while (firn_result_next(result, &batch, &err) == FIRN_OK) {
        for (int64_t r = 0; r < batch->n_rows; r++) {
            for (size_t c = 0; c < batch->n_columns; c++) {
                const firn_value v = firn_column_get(&batch->columns[c], r);
                const char *before = c > 0 ? ", " : len > 0 ? " (" : "(";
                len += (size_t)snprintf(out + len, size - len, "%s", before);
                if (v.is_null) {
                    len += (size_t)snprintf(out + len, size - len, "NULL");
                } else if (v.kind == FIRN_TYPE_LONG) {
                    len += (size_t)snprintf(out + len, size - len, "%" PRId64, v.as.i64);
                } else if (v.kind == FIRN_TYPE_BOOLEAN) {
                    len += (size_t)snprintf(out + len, size - len, "%d", v.as.boolean);
                } else {
                    len +=
                        (size_t)snprintf(out + len, size - len, "%.*s", FIRN_STR_ARG(v.as.bytes));
                }
            }
            len += (size_t)snprintf(out + len, size - len, ")");
        }
    }
    firn_result_close(result);
    return out;
}
#define assert_told(f, sql, want)                                           \
    do {                                                                    \
        char told_[4096];                                                   \
        assert_string_equal(told((f), (sql), told_, sizeof told_), (want)); \
    } while (0)

static const firn_table_metadata *open_metadata(sql_fixture *f, const char *name, firn_table **out)
{
    *out = sql_open_table(f, "default", name);
    return firn_table_metadata_of(*out);
}

static void assert_spec(sql_fixture *f, const char *table, const char *want)
{
    char text[512] = "";
    size_t len = 0;
    firn_table *handle = NULL;
    const firn_table_metadata *metadata = open_metadata(f, table, &handle);
    const firn_partition_spec *spec = firn_metadata_spec(metadata);
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_partition_field *field = &spec->fields[i];
        if (field->transform.kind == FIRN_TRANSFORM_VOID) continue;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s=%d/%d", len ? " " : "",
                                FIRN_STR_ARG(field->name), (int)field->transform.kind,
                                (int)field->transform.param);
    }
    assert_string_equal(text, want);
    firn_table_close(handle);
}

static void test_partitions_in_all_spellings(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "CREATE TABLE p1 (id BIGINT, s STRING, ts TIMESTAMP, r STRING) USING iceberg "
               "PARTITIONED BY (bucket(16, id), truncate(s, 4), days(ts), r)");
    assert_spec(f, "p1", "id_bucket=1/16 s_trunc=2/4 ts_day=5/0 r=0/0");
    sql_run(f, "create table p2 (id bigint, s varchar, ts timestamp(6)) with (partitioning = "
               "array['bucket(id, 16)', 'truncate(s, 4)', 'month(ts)', 's'], format_version = 1, "
               "sorted_by = array['id DESC NULLS FIRST'], \"a.b\" = 'c')");
    assert_spec(f, "p2", "id_bucket=1/16 s_trunc=2/4 ts_month=4/0 s=0/0");
    firn_table *table = NULL;
    const firn_table_metadata *metadata = open_metadata(f, "p2", &table);
    const firn_sort_order *order = firn_metadata_sort_order(metadata);
    assert_int_equal(metadata->format_version, 1);
    assert_int_equal(order->n_fields, 1);
    assert_true(order->fields[0].is_descending && !order->fields[0].nulls_last);
    assert_str(firn_properties_get(&metadata->properties, FIRN_STR("a.b"), (firn_str){0}), "c");
    firn_table_close(table);
    sql_run(f, "create table p3 (id int) partitioned by (dt date)");
    assert_rows(f, "select column_name, column_type from (describe from p3)",
                "(dt, DATE) (id, INTEGER)");
    assert_spec(f, "p3", "dt=0/0");
}

static void test_wrong_tables_are_refused(void **state)
{
    sql_fixture *f = *state;
    static const struct {
        const char *sql;
        firn_status status;
        const char *message;
        size_t position;
    } k_cases[] = {
        {"create table bad (id int) partitioned by (nope)", FIRN_ERR_ARG,
         "there is no column \"nope\"", 42},
        {"create table bad (id int) partitioned by (fly(id))", FIRN_ERR_ARG,
         "there is no partition transform \"fly\"", 42},
        {"create table bad (d date) partitioned by (hours(d))", FIRN_ERR_ARG, "hour", 42},
        {"create table bad (id int) partitioned by (bucket(0, id))", FIRN_ERR_ARG,
         "bucket of 0, expected 1 or more", 42},
        {"create table bad (id int, ID int)", FIRN_ERR_ARG, "two columns are called \"ID\"", 13},
        {"create table bad (id int) using parquet", FIRN_ERR_UNSUPPORTED,
         "not supported: tables USING parquet", 32},
        {"create table bad", FIRN_ERR_ARG, "expected a list of columns or AS and a query", 16},
        {"create table bad (id int) with (fly = 1)", FIRN_ERR_ARG,
         "there is no table option \"fly\"", 32},
        {"create table bad (id int primary key)", FIRN_ERR_UNSUPPORTED,
         "not supported: primary in a column definition", 25},
        {"create table bad (id nosuch)", FIRN_ERR_ARG, "nosuch", 21},
        {"create table nope.bad (id int)", FIRN_ERR_NOT_FOUND, "nope", 13},
        {"create table bad (id int) with (partitioning = array['day(id'])", FIRN_ERR_ARG,
         "expected \")\"", 60},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        sql_expect_failure(f, k_cases[i].sql, k_cases[i].status, k_cases[i].message, NULL,
                           k_cases[i].position);
    }
    assert_told(f, "show tables like 'bad'", "");
}

static void test_tables_that_exist(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table ex (id int)");
    sql_expect_failure(f, "create table ex (id int)", FIRN_ERR_EXISTS, "default.ex", NULL, 13);
    sql_run(f, "create table if not exists ex (other int)");
    sql_run(f, "create table if not exists ex as select error('not run')");
    sql_run(f, "drop table ex");
    sql_expect_failure(f, "drop table ex", FIRN_ERR_NOT_FOUND,
                       "table default.ex does not exist in catalog lake", NULL, 11);
    sql_run(f, "drop table if exists ex");
}

static void test_create_table_as_is_one_commit(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table src (id bigint, ts timestamp, tags varchar[])");
    sql_run(f, "insert into src values (1, '2024-01-01', ['a']), (2, '2024-02-01', null)");
    sql_run(f, "create table ctas partitioned by (day(ts)) as select * from src order by id");
    assert_rows(f, "from ctas", "(1, '2024-01-01 00:00:00', [a]) (2, '2024-02-01 00:00:00', NULL)");
    assert_spec(f, "ctas", "ts_day=5/0");
    assert_rows(f, "select count(*) from ctas.snapshots", "(1)");
    sql_run(f, "create table ctas0 as (select * from src) with no data");
    assert_rows(f, "from ctas0", "");
    sql_expect_failure(f, "create table ctas1 as select error('late ' || id) from src",
                       FIRN_ERR_ARG, "late", NULL, 0);
    sql_expect_failure(f, "from ctas1", FIRN_ERR_NOT_FOUND, "ctas1", NULL, 5);
}

static void test_replacing_a_table(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create or replace table rep as select 1 as id, 'a' as s");
    sql_run(f, "create or replace table rep as select id + 1 as id, s || 'b' as s from rep");
    assert_rows(f, "from rep", "(2, ab)");
    assert_rows(f, "select operation from rep.snapshots", "(append) (overwrite)");
    sql_run(f, "create or replace table rep partitioned by (k) as select id * 10 as k from rep");
    assert_rows(f, "from rep", "(20)");
    assert_rows(f, "select partition.k, record_count from rep.partitions", "(20, 1)");
    assert_rows(f, "select operation from rep.snapshots order by committed_at",
                "(append) (overwrite) (overwrite)");
    sql_run(f, "create or replace table rep partitioned by (bucket(2, n)) as "
               "select k as n, 'x' as s from rep");
    sql_run(f, "create or replace table rep partitioned by (s) as "
               "select s, count(*) as n from rep group by s");
    assert_rows(f, "from rep", "(x, 1)");
    sql_run(f, "create or replace table rep (id varchar not null, k date)");
    assert_rows(f, "from rep", "");
    sql_run(f, "insert into rep values ('x', date '2024-01-01')");
    assert_rows(f, "select id, k::varchar from rep", "(x, 2024-01-01)");
    sql_expect_failure(f, "replace table nosuch as select 1 as a", FIRN_ERR_NOT_FOUND, "nosuch",
                       NULL, 14);
    assert_told(f, "show tables like 'rep*'", "(default, rep, 0)");
}

/* As in Iceberg's library, so that branches and files of before still show what they have. */
static void test_a_replaced_table_keeps_the_ids_of_columns_that_fit(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table kept (id int, s varchar, st struct(a int, b int), l int[], d date)");
    sql_run(f, "insert into kept values (1, 'x', {'a': 1, 'b': 2}, [5], date '2024-01-01')");
    sql_run(f, "alter table kept create branch b");
    sql_run(f, "create or replace table kept as select 7 as s, id::bigint + 1 as id, "
               "{'c': 3, 'b': 4} as st, ['y'] as l, d from kept");
    assert_rows(f, "select s, id, st.c, st.b, l, d::varchar from kept",
                "(7, 2, 3, 4, [y], 2024-01-01)");
    assert_rows(f, "select s, id, st.c, st.b, l, d::varchar from kept version as of 'b'",
                "(NULL, 1, NULL, 2, NULL, 2024-01-01)");
    sql_run(f, "create or replace table kept as select id, d, d as e from kept");
    sql_run(f, "alter table kept add column late int");
    assert_rows(f, "select id, d::varchar, e::varchar, late from kept",
                "(2, 2024-01-01, 2024-01-01, NULL)");
    assert_rows(f, "select id, d::varchar, e::varchar, late from kept version as of 'b'",
                "(1, 2024-01-01, NULL, NULL)");
}

static void test_alter_table(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table alt (id int not null, s varchar, st struct<a: int>) partitioned by "
               "(bucket(4, id))");
    sql_run(f, "insert into alt values (1, 'x', {'a': 5})");
    sql_run(f, "alter table alt add columns (n int comment 'count', f float first)");
    sql_run(f, "alter table alt add column if not exists n string");
    sql_run(f, "alter table alt add column st.b array<string>");
    sql_run(f, "alter table alt rename column s to name");
    sql_run(f, "alter table alt alter column n type bigint");
    sql_run(f, "alter table alt alter column f set data type double");
    sql_run(f, "alter table alt alter column n after id");
    sql_run(f, "alter table alt alter column id drop not null");
    sql_run(f, "alter table alt alter column name comment 'it''s'");
    sql_run(f, "alter table alt drop column f");
    sql_run(f, "alter table alt drop column if exists f");
    assert_rows(f, "from alt", "(1, NULL, x, {'a': 5, 'b': NULL})");
    assert_told(f, "describe table alt",
                "(id, int, NULL) (n, bigint, count) (name, string, it's) (st, "
                "struct<a:int,b:array<string>>, NULL) (, , ) (# Partitioning, , ) (Part 0, "
                "bucket(4, id), )");
    sql_run(f, "alter table alt add partition field truncate(name, 2) as t2");
    sql_run(f, "alter table alt replace partition field bucket(4, id) with bucket(8, id)");
    assert_spec(f, "alt", "t2=2/2 id_bucket_8=1/8");
    sql_run(f, "alter table alt drop partition field t2");
    assert_spec(f, "alt", "id_bucket_8=1/8");
    sql_run(f, "alter table alt set partitioned by (name)");
    assert_spec(f, "alt", "name=0/0");
    sql_run(f, "alter table alt set tblproperties ('k' = 'v', 'w' = '1')");
    sql_run(f, "alter table alt unset tblproperties ('w')");
    sql_run(f, "comment on table alt is 'words'");
    assert_told(f, "show tblproperties alt", "(k, v) (comment, words) (format-version, 2)");
    sql_run(f, "alter table alt write ordered by name desc, id");
    sql_run(f, "alter table alt rename to renamed");
    assert_rows(f, "select count(*) from renamed", "(1)");
    sql_expect_failure(f, "alter table renamed alter column id type string", FIRN_ERR_ARG, "id",
                       NULL, 33);
    sql_expect_failure(f, "alter table renamed drop column nope", FIRN_ERR_NOT_FOUND, "nope", NULL,
                       32);
    sql_expect_failure(f, "alter table renamed fly", FIRN_ERR_ARG, "found \"fly\"", NULL, 20);
    sql_expect_failure(f, "alter table renamed add column z int not null", FIRN_ERR_ARG,
                       "column \"z\" cannot be added as required without a default", NULL, 31);
    sql_run(f, "alter table if exists nosuch add column a int");
}

static void test_views(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table vt (id int, g varchar)");
    sql_run(f, "insert into vt values (1, 'a'), (2, 'a'), (3, 'b')");
    sql_run(f,
            "create view v (grp comment 'group', n) comment 'counts' as select g, count(*) from vt "
            "group by g -- the end");
    assert_rows(f, "select * from v where grp = 'a'", "(a, 2)");
    assert_told(f, "describe table v", "(grp, string, group) (n, bigint, NULL)");
    sql_expect_failure(f, "create view v as select 1", FIRN_ERR_EXISTS, "view default.v exists",
                       NULL, 12);
    sql_run(f, "create view if not exists v as select 1");
    for (int i = 0; i < 12; i++) sql_run(f, "create or replace view v as select id from vt");
    assert_rows(f, "from v", "(1) (2) (3)");
    sql_expect_failure(f, "create view w (a, b) as select 1", FIRN_ERR_ARG,
                       "the view names 2 columns, its query has 1", NULL, 12);
    sql_expect_failure(f, "create view w as select nope from vt", FIRN_ERR_ARG, "nope", NULL, 24);
    sql_expect_failure(f, "create view vt as select 1", FIRN_ERR_EXISTS, "vt", NULL, 12);
    assert_told(f, "show views", "(default, v, 0)");
    sql_run(f, "drop view v");
    sql_run(f, "drop view if exists v");
    sql_expect_failure(f, "drop view v", FIRN_ERR_NOT_FOUND, "view default.v does not exist", NULL,
                       10);
}

static void test_schemas(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create schema one comment 'first'");
    sql_run(f, "create namespace if not exists lake.one");
    sql_expect_failure(f, "create database one", FIRN_ERR_EXISTS, "one", NULL, 16);
    sql_run(f, "create table one.t (id int)");
    sql_expect_failure(f, "drop schema one", FIRN_ERR_CONFLICT, "one", NULL, 12);
    assert_told(f, "show schemas like 'o*'", "(one)");
    assert_told(f, "show tables in lake.one", "(one, t, 0)");
    sql_run(f, "drop schema one cascade");
    sql_run(f, "drop schema if exists one");
    sql_expect_failure(f, "drop schema one", FIRN_ERR_NOT_FOUND, "one", NULL, 12);
    sql_expect_failure(f, "show tables in one", FIRN_ERR_NOT_FOUND, "one", NULL, 0);
}

static int64_t snapshot_of(sql_fixture *f, const char *table)
{
    firn_table *handle = NULL;
    const int64_t id = open_metadata(f, table, &handle)->current_snapshot_id;
    firn_table_close(handle);
    return id;
}

static void test_a_schema_has_a_comment(void **state)
{
    sql_fixture *f = *state;
    const firn_str levels[] = {FIRN_STR("noted")};
    const firn_ident ns = {levels, 1, {0}};
    const firn_catalog_ops *ops = firn_catalog_get_ops(f->catalog);
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_properties properties;
    firn_error err;
    sql_run(f, "create schema noted");
    sql_run(f, "comment on schema noted is 'what it is for'");
    assert_ok(ops->load_namespace(firn_catalog_ctx(f->catalog), &ns, arena, &properties, &err),
              &err);
    assert_str(firn_properties_get(&properties, FIRN_STR("comment"), FIRN_STR("")),
               "what it is for");
    sql_run(f, "comment on namespace noted is null");
    assert_ok(ops->load_namespace(firn_catalog_ctx(f->catalog), &ns, arena, &properties, &err),
              &err);
    assert_str(firn_properties_get(&properties, FIRN_STR("comment"), FIRN_STR("none")), "none");
    sql_expect_failure(f, "comment on database nosuch is 'x'", FIRN_ERR_NOT_FOUND, "nosuch", NULL,
                       20);
    sql_run(f, "drop schema noted");
    firn_arena_destroy(arena);
}

static void test_partitions_are_shown(void **state)
{
    sql_fixture *f = *state;
    const firn_batch *batch = NULL;
    firn_error err = {0};
    sql_run(f, "create table parts (k varchar, at date, v int) partitioned by (k, year(at))");
    sql_run(f, "insert into parts values ('a', date '2024-01-01', 1), ('a', date '2024-02-01', 2), "
               "(null, null, 3)");
    firn_result *result = sql_query(f, "show partitions from lake.default.parts");
    assert_int_equal(firn_result_next(result, &batch, &err), FIRN_OK);
    assert_int_equal(batch->n_rows, 2);
    assert_str(firn_column_get(&batch->columns[0].children[0], 0).as.bytes, "a");
    assert_int_equal(firn_column_get(&batch->columns[0].children[1], 0).as.i32, 2024 - 1970);
    assert_int_equal(firn_column_get(&batch->columns[1], 0).as.i64, 2);
    assert_true(firn_column_get(&batch->columns[0].children[0], 1).is_null);
    assert_int_equal(firn_column_get(&batch->columns[1], 1).as.i64, 1);
    firn_result_close(result);
    sql_run(f, "create table whole (v int)");
    sql_expect_failure(f, "show partitions whole", FIRN_ERR_ARG, "whole is not partitioned", NULL,
                       16);
    sql_expect_failure(f, "show partitions nosuch", FIRN_ERR_NOT_FOUND, "nosuch", NULL, 16);
    sql_run(f, "drop table parts");
    sql_run(f, "drop table whole");
}

static void test_analyze_computes_statistics(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table seen (a int, b int)");
    sql_run(f, "insert into seen values (1, 1), (2, 1)");
    static const struct {
        const char *sql;
        const char *fields; /* of the statistics file */
    } k_cases[] = {
        {"analyze seen", "\"fields\":[2]"},
        {"analyze seen (a)", "\"fields\":[1]"},
        {"analyze table seen compute statistics", "\"fields\":[2]"},
        {"analyze table seen compute statistics for columns a", "\"fields\":[1]"},
        {"analyze table lake.default.seen compute statistics for all columns", "\"fields\":[2]"}};
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        sql_run(f, k_cases[i].sql);
        firn_table *table = sql_open_table(f, "default", "seen");
        const firn_str json = firn_table_metadata_of(table)->statistics_json;
        assert_true(firn_str_find(json, firn_str_of(k_cases[i].fields), 0) != SIZE_MAX);
        firn_table_close(table);
    }
    sql_expect_error(f, "analyze seen (c)", FIRN_ERR_ARG, "no column \"c\"");
    sql_expect_error(f, "analyze nosuch", FIRN_ERR_NOT_FOUND, "nosuch");
    sql_run(f, "drop table seen");
}

static void test_rollback(void **state)
{
    sql_fixture *f = *state;
    char sql[256];
    char want[128];
    sql_run(f, "create table roll (id int)");
    sql_run(f, "insert into roll values (1)");
    const int64_t first = snapshot_of(f, "roll");
    sql_run(f, "insert into roll values (2)");
    const int64_t second = snapshot_of(f, "roll");
    (void)snprintf(sql, sizeof sql,
                   "call lake.system.rollback_to_snapshot('default.roll', %" PRId64 ")", first);
    (void)snprintf(want, sizeof want, "(%" PRId64 ", %" PRId64 ")", second, first);
    assert_told(f, sql, want);
    assert_rows(f, "from roll", "(1)");
    (void)snprintf(sql, sizeof sql,
                   "call system.set_current_snapshot(snapshot_id => %" PRId64 ", table => 'roll')",
                   second);
    sql_run(f, sql);
    assert_rows(f, "from roll", "(1) (2)");
    (void)snprintf(sql, sizeof sql, "alter table roll execute rollback_to_snapshot(%" PRId64 ")",
                   first);
    sql_run(f, sql);
    assert_rows(f, "from roll", "(1)");
    sql_expect_failure(f, "call system.rollback_to_snapshot('roll', 5)", FIRN_ERR_NOT_FOUND,
                       "snapshot_id: the table has no snapshot 5", NULL, 41);
    sql_expect_failure(f, "call system.rollback_to_snapshot('roll')", FIRN_ERR_ARG,
                       "rollback_to_snapshot needs the argument snapshot_id", NULL, 5);
    sql_expect_failure(f, "call system.rollback_to_timestamp('roll', timestamp '2001-01-01')",
                       FIRN_ERR_NOT_FOUND,
                       "no snapshot of this history is older than 2001-01-01T00:00:00Z", NULL, 42);
    sql_expect_failure(f, "call system.fly('roll')", FIRN_ERR_NOT_FOUND,
                       "there is no procedure fly", NULL, 5);
    sql_expect_failure(f, "call system.roll_back_to_snapshot('roll', 5)", FIRN_ERR_NOT_FOUND,
                       "there is no procedure roll_back_to_snapshot", "rollback_to_snapshot", 5);
    sql_expect_failure(f, "call system.set_current_snapshot('roll')", FIRN_ERR_ARG,
                       "expected one of snapshot_id and ref, found none", NULL, 5);
}

static void test_show_create_makes_the_same_table(void **state)
{
    sql_fixture *f = *state;
    char text[4096];
    sql_run(
        f, "create table sc (id bigint not null comment 'k', `order by` map<string, array<int>>, d "
           "decimal(9,2), ts timestamptz) partitioned by (years(ts), bucket(4, id)) comment 'c' "
           "tblproperties ('x.y' = 'it''s')");
    (void)told(f, "show create table sc", text, sizeof text);
    char *sql = strstr(text, "CREATE");
    assert_non_null(sql);
    sql[strlen(sql) - 1] = '\0'; /* the parenthesis of the row */
    char *location = strstr(sql, "LOCATION");
    char *rest = strstr(sql, "TBLPROPERTIES");
    assert_true(location && rest);
    memmove(location, rest, strlen(rest) + 1);
    sql_run(f, "drop table sc");
    sql_run(f, sql);
    assert_spec(f, "sc", "ts_year=3/0 id_bucket=1/4");
    assert_told(f, "show columns in sc", "(id) (order by) (d) (ts)");
}

static void test_properties_have_values_with_a_meaning(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table pv (id int) tblproperties ('write.merge.mode' = 'merge-on-read')");
    sql_expect_error(f, "alter table pv set tblproperties ('write.target-file-size-bytes' = '1GB')",
                     FIRN_ERR_ARG, "must be a whole number of at least 1, found \"1GB\"");
    sql_expect_error(f, "create table pw (id int) tblproperties ('gc.enabled' = 'maybe')",
                     FIRN_ERR_ARG, "property \"gc.enabled\" must be true or false");
    sql_run(f, "alter table pv set tblproperties ('write.target-file-size-bytes' = '1000000')");
}

static void test_temporary_tables_are_the_engines(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create temp table tt (id int)");
    sql_run(f, "insert into tt values (1), (2)");
    sql_run(f, "delete from tt where id = 1");
    sql_run(f, "alter table tt add column v int");
    assert_rows(f, "from tt", "(2, NULL)");
    sql_run(f, "drop table tt");
    sql_expect_failure(f, "from tt", FIRN_ERR_NOT_FOUND, "tt", NULL, 5);
}

static size_t count_files(const char *folder)
{
    char command[FIRN_TEST_PATH + 100];
    char line[32] = "";
    (void)snprintf(command, sizeof command, "find %s -type f 2>/dev/null | wc -l", folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    assert_int_equal(pclose(pipe), 0);
    return strtoul(line, NULL, 10);
}

static void test_purge_removes_all_files_of_the_table(void **state)
{
    sql_fixture *f = *state;
    char folder[FIRN_TEST_PATH + 40];
    (void)snprintf(folder, sizeof folder, "%s/default/pu", f->folder);
    sql_run(f, "create table pu (id int) with ('format-version' = '3', "
               "'write.delete.mode' = 'merge-on-read')");
    sql_run(f, "insert into pu select range from range(100)");
    sql_run(f, "delete from pu where id = 7");
    sql_run(f, "alter table pu create tag old");
    sql_run(f, "insert overwrite pu select 1");
    assert_true(count_files(folder) > 8);
    sql_run(f, "alter table pu set tblproperties ('gc.enabled' = 'false')");
    sql_expect_failure(f, "drop table pu purge", FIRN_ERR_ARG, "gc.enabled is false", NULL, 11);
    assert_rows(f, "from pu", "(1)");
    sql_run(f, "alter table pu set tblproperties ('gc.enabled' = 'true')");
    sql_run(f, "drop table pu purge");
    sql_expect_failure(f, "from pu", FIRN_ERR_NOT_FOUND, "pu does not exist", NULL, 5);
    assert_told(f, "show tables like 'pu'", "");
    assert_true(count_files(folder) <= 1); /* the version hint, if there is one */
    sql_run(f, "drop table if exists pu purge");
    sql_expect_failure(f, "drop table pu purge", FIRN_ERR_NOT_FOUND, "pu does not exist", NULL, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions_in_all_spellings),
        cmocka_unit_test(test_wrong_tables_are_refused),
        cmocka_unit_test(test_tables_that_exist),
        cmocka_unit_test(test_create_table_as_is_one_commit),
        cmocka_unit_test(test_replacing_a_table),
        cmocka_unit_test(test_a_replaced_table_keeps_the_ids_of_columns_that_fit),
        cmocka_unit_test(test_alter_table),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_a_schema_has_a_comment),
        cmocka_unit_test(test_partitions_are_shown),
        cmocka_unit_test(test_analyze_computes_statistics),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_show_create_makes_the_same_table),
        cmocka_unit_test(test_properties_have_values_with_a_meaning),
        cmocka_unit_test(test_temporary_tables_are_the_engines),
        cmocka_unit_test(test_purge_removes_all_files_of_the_table),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
