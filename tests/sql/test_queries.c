/* SPDX-License-Identifier: Apache-2.0 */
/* Queries over Iceberg tables: scans, names, time travel, metadata tables, views. */
#include "sql_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "sql/engine/engine.h"
#include "sql/session/sql_session.h"

#define ALL_COLUMNS                                                                    \
    "b boolean, i int, l bigint, f float, d double, n decimal(4,1), m decimal(18,3), " \
    "h decimal(38,2), dt date, t time, ts timestamp, tz timestamptz, s varchar, u uuid, x blob"
#define ALL_VALUES                                                                    \
    "select r % 2 = 0, r::int, r * 1000000000, r / 4::float, r / 8::double, "         \
    "(r % 1000 / 10)::decimal(4,1), r::decimal(18,3), r::decimal(38,2), "             \
    "date '2020-01-01' + r::int, time '00:00:00' + to_microseconds(r), "              \
    "timestamp '2020-01-01' + to_seconds(r), timestamptz '2020-01-01 00:00:00+00' + " \
    "to_seconds(r), case when r % 5 = 0 then null else 'text number ' || r end, "     \
    "('00000000-0000-0000-0000-' || lpad(r::varchar, 12, '0'))::uuid, ('b' || r)::blob"

static void test_every_primitive_type_survives_a_table(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "p", ALL_COLUMNS, NULL);
    (void)sql_append(f, "default", "p", ALL_VALUES " from range(5000) t(r)");
    sql_run(f, "create temp table native as " ALL_VALUES " from range(5000) t(r)");
    assert_rows(f, "select count(*) from p", "(5000)");
    assert_rows(f, "from p except all from native", "");
    assert_rows(f, "from native except all from p", "");
    assert_rows(f, "select sum(i), count(s), min(u), max(n) from p where l > 4000000000000",
                "(4495500, 800, 00000000-0000-0000-0000-000000004001, 99.9)");
    sql_run(f, "drop table native");
}

static void test_nested_types_survive_a_table(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "nest",
                   "id int, l int[], s struct(a varchar, b struct(c int)), m map(varchar, bigint), "
                   "deep struct(x int[])[], n decimal(3,1)[], u struct(v uuid)",
                   NULL);
    static const char k_rows[] =
        "select r::int, case when r % 3 = 0 then null else [r::int, null, 7] end, "
        "case when r % 4 = 0 then null else {'a': 'v' || r, 'b': {'c': r::int}} end, "
        "case when r % 5 = 0 then map() else map {'k' || r: r, 'j': null} end::map(varchar, "
        "bigint), "
        "[{'x': [r::int]}, {'x': []}, null], [1.5, (r % 10)::decimal(3,1)]::decimal(3,1)[], "
        "{'v': '00112233-4455-6677-8899-aabbccddeeff'::uuid} from range(5000) t(r)";
    (void)sql_append(f, "default", "nest", k_rows);
    char text[2048];
    (void)snprintf(text, sizeof text, "create temp table native as %s", k_rows);
    sql_run(f, text);
    assert_rows(f, "from nest except all from native", "");
    assert_rows(f, "from native except all from nest", "");
    assert_rows(f, "select s.b.c, m['k7'] from nest where id = 7", "(7, 7)");
    assert_rows(f, "select sum(len(l)) from nest", "(9999)");
    sql_run(f, "drop table native");
}

static void test_names_are_resolved(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "names", "id int, \"select\" int", NULL);
    (void)sql_append(f, "default", "names", "select 1::int, 2::int");
    assert_rows(f, "select id from names", "(1)");
    assert_rows(f, "select id from default.names", "(1)");
    assert_rows(f,
                "select lake.default.names.id, default.names.id, names.id from "
                "lake.default.names",
                "(1, 1, 1)");
    assert_rows(f, "select n.\"select\" from `lake`.`default`.`names` n", "(2)");
    assert_rows(f, "with names as (select 9 as id) select id from names", "(9)");
    assert_rows(f, "select lake.default.names.* from lake.default.names", "(1, 2)");
    assert_rows(f, "select count(*) from names a, names b where a.id = b.id", "(1)");
    assert_rows(f, "select id from query('select * from names')", "(1)");
    sql_expect_failure(f, "select * from name", FIRN_ERR_NOT_FOUND,
                       "table default.name does not exist in catalog lake",
                       "did you mean \"names\"", 14);
    sql_expect_failure(f, "select 1, (select ide from names)", FIRN_ERR_ARG, "\"ide\"", "id", 18);
    sql_expect_failure(f, "select names.idd from names", FIRN_ERR_ARG, "idd", "did you mean \"id\"",
                       7);
    sql_expect_failure(f, "select * from defalt.names", FIRN_ERR_NOT_FOUND, "defalt.names",
                       "did you mean \"default\"", 14);
    sql_expect_failure(f, "select * from 'x.parquet'", FIRN_ERR_DENIED,
                       "this session may not read files such as x.parquet", NULL, 0);
}

static void test_snapshots_tags_and_times_are_read(void **state)
{
    sql_fixture *f = *state;
    char sql[256];
    char want[64];
    sql_make_table(f, "default", "hist", "id int", NULL);
    const int64_t first = sql_append(f, "default", "hist", "select 1::int");
    const int64_t second = sql_append(f, "default", "hist", "select 2::int");
    assert_rows(f, "select id from hist", "(1) (2)");
    (void)snprintf(sql, sizeof sql, "select hist.id from hist for version as of %" PRId64, first);
    assert_rows(f, sql, "(1)");
    (void)snprintf(sql, sizeof sql,
                   "select h.id from lake.default.hist at (version => %" PRId64 ") h", second);
    assert_rows(f, sql, "(1) (2)");
    assert_rows(f, "select id from hist version as of 'main'", "(1) (2)");
    assert_rows(f, "select id from default.hist.branch_main", "(1) (2)");
    assert_rows(f, "select count(*) from hist for timestamp as of '2100-01-01'", "(2)");
    (void)snprintf(want, sizeof want, "(%" PRId64 ", NULL) (%" PRId64 ", %" PRId64 ")", first,
                   second, first);
    char got[256];
    (void)sql_rows(f, "select snapshot_id, parent_id from hist.snapshots", got, sizeof got);
    assert_non_null(strstr(got, "NULL"));
    sql_expect_failure(f, "select * from hist for version as of 5", FIRN_ERR_ARG,
                       "table default.hist has no snapshot 5", "default.hist.snapshots lists them",
                       37);
    sql_expect_failure(f, "select * from default.hist.snapshot", FIRN_ERR_NOT_FOUND,
                       "table default.hist.snapshot does not exist", "did you mean \"snapshots\"?",
                       14);
    sql_expect_failure(f, "select * from hist for version as of 'dev'", FIRN_ERR_ARG,
                       "has no branch, tag or snapshot \"dev\"", NULL, 37);
    sql_expect_failure(f, "select * from hist timestamp as of '1999-01-01'", FIRN_ERR_ARG,
                       "had no snapshot at 1999-01-01T00:00:00Z",
                       "what is kept of its history begins at ", 35);
    sql_expect_failure(f, "select * from hist timestamp as of 'noon'", FIRN_ERR_ARG,
                       "found \"noon\", expected a timestamp", NULL, 35);
}

static void test_metadata_tables_have_rows(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "meta", "id int, region varchar", "region");
    (void)sql_append(f, "default", "meta",
                     "select r::int, case when r < 3 then 'eu' else 'us' end"
                     " from range(10) t(r)");
    assert_rows(f, "select operation, summary['total-records'] from meta.snapshots",
                "(append, 10)");
    assert_rows(f, "select is_current_ancestor from \"meta$history\"", "(true)");
    assert_rows(f, "select name, type from default.meta.refs", "(main, BRANCH)");
    assert_rows(f,
                "select partition.region, record_count, file_format from lake.default.meta.files",
                "(eu, 3, PARQUET) (us, 7, PARQUET)");
    assert_rows(f, "select \"partition\".region, record_count, file_count from meta.partitions",
                "(eu, 3, 1) (us, 7, 1)");
    assert_rows(f,
                "select content, added_data_files_count, partition_summaries[1].lower_bound "
                "from meta.manifests",
                "(0, 2, eu)");
    assert_rows(f, "select count(*) from meta.metadata_log_entries", "(2)");
    assert_rows(f, "select value_counts[1] from meta.data_files where record_count = 3", "(3)");
    assert_rows(f, "select count(*) from meta.delete_files", "(0)");
    sql_expect_failure(f, "select * from meta.nonsense", FIRN_ERR_NOT_FOUND, "meta.nonsense", NULL,
                       14);
}

static void test_files_are_pruned(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "pruned", "id int, region varchar, d double", "region");
    (void)sql_append(f, "default", "pruned",
                     "select r::int, 'r' || (r % 4), r::double from range(1000) t(r)");
    assert_rows(f, "select count(*) from pruned where region = 'r1'", "(250)");
    firn_scan_summary sum = firn_session_scan_summary(f->session);
    assert_int_equal(sum.files_total, 4);
    assert_int_equal(sum.files_read, 1);
    assert_rows(f, "select count(*) from pruned where region in ('r0', 'r3') and id < 100", "(50)");
    sum = firn_session_scan_summary(f->session);
    assert_int_equal(sum.files_read, 2);
    assert_rows(f, "select count(*) from pruned where region like 'r2%' or region is null",
                "(250)");
    sum = firn_session_scan_summary(f->session);
    assert_int_equal(sum.files_read, 1);
    assert_rows(f, "select count(*) from pruned where id > 5000", "(0)");
    sum = firn_session_scan_summary(f->session);
    assert_int_equal(sum.files_read, 0);
}

/* SQL puts NaN above all numbers and makes the zeros equal; Iceberg's bounds know neither. */
static void test_pruning_keeps_nan_and_signed_zero(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "floats", "d double", NULL);
    (void)sql_append(f, "default", "floats",
                     "select * from (values (1.0::double), ('nan'::double))");
    (void)sql_append(f, "default", "floats", "select '-0.0'::double");
    assert_rows(f, "select count(*) from floats where d > 5", "(1)");
    assert_rows(f, "select count(*) from floats where d = 0", "(1)");
    assert_rows(f, "select count(*) from floats where d >= 0", "(3)");
    assert_rows(f, "select count(*) from floats where d < 0", "(0)");
    assert_rows(f, "select count(*) from floats where d between 0 and 0", "(1)");
}

static void test_information_schema_lists_the_catalog(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "listed", "id int not null, m map(varchar, int)", NULL);
    assert_rows(f, "select schema_name from lake.information_schema.schemata", "(default)");
    assert_rows(f,
                "select table_schema, table_type from lake.information_schema.tables where "
                "table_name = 'listed'",
                "(default, BASE TABLE)");
    assert_rows(f,
                "select column_name, ordinal_position, is_nullable, data_type from "
                "lake.information_schema.columns where table_name = 'listed'",
                "(id, 1, NO, INTEGER) (m, 2, YES, 'MAP(VARCHAR, INTEGER)')");
    assert_rows(f, "select table_schema from information_schema.tables where table_name = 'listed'",
                "(default)");
    firn_error err;
    const firn_batch *batch = NULL;
    firn_result *all = sql_query(f, "show all tables");
    assert_ok(firn_result_next(all, &batch, &err), &err);
    assert_int_equal(batch->n_columns, 6);
    assert_str(firn_column_get(&batch->columns[0], 0).as.bytes, "lake");
    firn_result_close(all);
    sql_expect_failure(f, "set threads = 3", FIRN_ERR_DENIED,
                       "settings of the engine cannot be changed", "-o threads=2", 0);
    assert_rows(f, "select count(*) from information_schema.character_sets", "(1)");
    sql_expect_failure(f, "select * from lake.information_schema.nothing", FIRN_ERR_NOT_FOUND,
                       "information_schema.nothing", NULL, 14);
}

static void test_ranges_limit_what_is_read(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    const firn_str level = FIRN_STR("default");
    const firn_ident ident = {&level, 1, FIRN_STR("ranged")};
    sql_make_table(f, "default", "ranged", "id int", NULL);
    const int64_t first = sql_append(f, "default", "ranged", "select 1::int");
    const int64_t second = sql_append(f, "default", "ranged", "select 2::int");
    (void)sql_append(f, "default", "ranged", "select 3::int");
    assert_ok(firn_session_set_range(f->session, &ident, first, second, &err), &err);
    assert_rows(f, "select id from ranged", "(2)");
    firn_session_clear_ranges(f->session);
    assert_rows(f, "select id from ranged", "(1) (2) (3)");
}

static int32_t number_of(const void *ctx, firn_str path)
{
    assert_true(firn_str_ends_with(path, FIRN_STR(".parquet")));
    return *(const int32_t *)ctx;
}

static void test_dml_names_show_positions(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    firn_str name;
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    sql_make_table(f, "default", "target", "id int", NULL);
    (void)sql_append(f, "default", "target", "select r::int from range(3000) t(r)");
    firn_table *table = sql_open_table(f, "default", "target");
    sql_run(f, "select 1");
    firn_arena *arena = firn_session__arena(f->session);
    const int32_t number = 17;
    const firn_file_numbers numbers = {number_of, &number};
    assert_ok(firn_session__dml_name(f->session, table, &numbers, NULL, 0, &name, &err), &err);
    const firn_str sql = firn_arena_printf(
        arena,
        "select id, " FIRN_SCAN_POS_COLUMN ", " FIRN_SCAN_FILE_COLUMN
        ", _file, " FIRN_SCAN_ROW_ID_COLUMN " from %.*s as t where id >= 2998 order by id",
        FIRN_STR_ARG(name));
    assert_ok(firn_session__query(f->session, sql, &result, &err), &err);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_int_equal(batch->n_rows, 2);
    assert_int_equal(firn_column_get(&batch->columns[1], 1).as.i64, 2999);
    assert_int_equal(firn_column_get(&batch->columns[2], 1).as.i32, 17);
    assert_true(
        firn_str_ends_with(firn_column_get(&batch->columns[3], 1).as.bytes, FIRN_STR(".parquet")));
    assert_true(firn_column_get(&batch->columns[4], 1).is_null);
    firn_result_close(result);
    firn_table_close(table);
}

/* A statement that changes a table reads it everywhere as its handle shows it. */
static void test_a_table_opened_by_a_statement_stays_at_its_snapshot(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    firn_table *table = NULL;
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    const firn_str part = FIRN_STR("pinned");
    const firn_sql_name name = {.parts = &part, .n_parts = 1};
    sql_make_table(f, "default", "pinned", "id int", NULL);
    (void)sql_append(f, "default", "pinned", "select 1::int");
    assert_ok(firn_session__open_table(f->session, &name, &table, &err), &err);
    /* another writer, another session */
    firn_session *mine = f->session;
    assert_ok(firn_session_open(f->env, f->store,
                                FIRN_SESSION_OPTS(.catalogs = &f->catalog, .n_catalogs = 1),
                                &f->session, &err),
              &err);
    (void)sql_append(f, "default", "pinned", "select 2::int");
    assert_rows(f, "select id from pinned", "(1) (2)");
    firn_session_close(f->session);
    f->session = mine;
    assert_ok(
        firn_session__query(f->session, FIRN_STR("select count(*) from pinned"), &result, &err),
        &err);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_int_equal(firn_column_get(&batch->columns[0], 0).as.i64, 1);
    firn_result_close(result);
    firn_table_close(table);
    assert_rows(f, "select id from pinned", "(1) (2)");
}

static void put_view(sql_fixture *f, const char *name, const char *sql, const char *column)
{
    firn_error err = {0};
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    const firn_str level = FIRN_STR("default");
    const firn_ident ident = {&level, 1, firn_str_of(name)};
    const firn_field field = {.id = 1, .name = firn_str_of(column), .type = &k_int};
    const firn_schema schema = {
        .root = {.kind = FIRN_TYPE_STRUCT, .fields = &field, .n_fields = 1}};
    const firn_schema *schemas[] = {&schema};
    const firn_view_representation text = {firn_str_of(sql), FIRN_STR("spark")};
    const firn_view_version version = {.version_id = 1,
                                       .timestamp_ms = 1,
                                       .representations = &text,
                                       .n_representations = 1,
                                       .default_namespace = &level,
                                       .n_default_namespace = 1};
    const firn_view_log_entry log = {1, 1};
    const firn_view_metadata view = {.view_uuid = FIRN_STR("fa6506c3-7681-40c8-86dc-e36561f83385"),
                                     .format_version = 1,
                                     .location = FIRN_STR("/nowhere"),
                                     .schemas = schemas,
                                     .n_schemas = 1,
                                     .current_version_id = 1,
                                     .versions = &version,
                                     .n_versions = 1,
                                     .version_log = &log,
                                     .n_version_log = 1};
    assert_ok(firn_catalog_get_ops(f->catalog)
                  ->put_view(firn_catalog_ctx(f->catalog), &ident, (firn_str){0}, &view, &err),
              &err);
}

static void test_views_are_read_in_their_own_namespace(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "base", "id int", NULL);
    (void)sql_append(f, "default", "base", "select r::int from range(4) t(r)");
    put_view(f, "v", "with c as (select id from base) select c.id from c where id > 1;", "number");
    put_view(f, "w", "select number + 1 from v", "more");
    put_view(f, "loop_a", "select x from loop_b", "x");
    put_view(f, "loop_b", "select x from loop_a", "x");
    assert_rows(f, "select number from v", "(2) (3)");
    assert_rows(f, "select lake.default.w.more from lake.default.w where more < 4", "(3)");
    sql_expect_failure(f, "select * from loop_a", FIRN_ERR_ARG, "view default.loop_a reads itself",
                       NULL, 0);
}

/* The optimizer once merged scans of one table whose filters differ. */
static void test_one_table_with_two_filters_is_scanned_twice(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "twice", "id int", NULL);
    (void)sql_append(f, "default", "twice", "select r::int from range(1000) t(r)");
    assert_rows(f,
                "with x as not materialized (select * from twice) select (select count(*) from x"
                " where id < 10), (select count(*) from x where id < 20), (select count(*) from x)",
                "(10, 20, 1000)");
}

/* Large enough that the scan takes several threads and several row groups. */
static void test_a_large_table_is_scanned_whole(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "large", "id bigint, s varchar", NULL);
    for (int i = 0; i < 3; i++) {
        char sql[256];
        (void)snprintf(
            sql, sizeof sql,
            "select r, 'a text longer than inline ' || r %% 1000 from range(%d, %d) t(r)",
            i * 100000, (i + 1) * 100000);
        (void)sql_append(f, "default", "large", sql);
    }
    assert_rows(f, "select count(*), sum(id), count(distinct s), max(s) from large",
                "(300000, 44999850000, 1000, a text longer than inline 999)");
    assert_rows(f, "select count(*) from (select distinct on (s) * from large)", "(1000)");
    assert_rows(f, "select * from (select s from large order by id limit 1)",
                "(a text longer than inline 0)");
    const firn_scan_summary sum = firn_session_scan_summary(f->session);
    assert_int_equal(sum.files_read, 3);
    assert_int_equal(sum.rows_read, 300000);
}

static void test_a_limit_ends_the_scan_early(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, "select id from large limit 5");
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_int_equal(batch->n_rows, 5);
    firn_result_close(result);
    assert_true(firn_session_scan_summary(f->session).rows_read < 300000);
}

static void test_a_result_may_be_closed_before_its_end(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, "select * from large");
    assert_ok(firn_result_next(result, &batch, &err), &err);
    firn_result_close(result);
    assert_rows(f, "select 1", "(1)");
}

static void test_cancel_between_batches_ends_the_rows(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, "select a.id from large a, large b");
    assert_ok(firn_result_next(result, &batch, &err), &err);
    firn_session_cancel(f->session);
    firn_status st = FIRN_OK;
    while (st == FIRN_OK) st = firn_result_next(result, &batch, &err);
    assert_fails(st, FIRN_ERR_CANCELLED, &err, "the statement was cancelled");
    firn_result_close(result);
    assert_rows(f, "select 1", "(1)");
}

static void test_a_missing_data_file_is_named(void **state)
{
    sql_fixture *f = *state;
    char rows[4096];
    firn_error err = {0};
    sql_make_table(f, "default", "gone", "id int", NULL);
    (void)sql_append(f, "default", "gone", "select 1::int");
    const char *text =
        sql_rows(f, "select replace(file_path, 'file://', '') from gone.files", rows, sizeof rows);
    const firn_str path = {text + 1, strlen(text) - 2};
    assert_ok(firn_store_remove(f->store, path, &err), &err);
    sql_expect_failure(f, "select id from gone", FIRN_ERR_NOT_FOUND, "scan of default.gone", NULL,
                       0);
    assert_rows(f, "select count(*) from gone", "(1)"); /* from metadata alone */
}

/* Each step scans the table anew, with the threads' states of the step before. */
static void test_a_table_is_scanned_in_each_step_of_a_recursion(void **state)
{
    sql_fixture *f = *state;
    sql_make_table(f, "default", "chain", "id int, next int", NULL);
    (void)sql_append(f, "default", "chain", "select i::int, (i + 1)::int from range(0, 30) t(i)");
    (void)sql_append(f, "default", "chain", "select i::int, (i + 1)::int from range(30, 60) t(i)");
    for (int i = 0; i < 4; i++) {
        assert_rows(f,
                    "with recursive w(id, n) as (select id, 1 from chain where id = 0 union all "
                    "select c.next, w.n + 1 from chain c join w on c.id = w.id) select count(*), "
                    "max(n), max(id) from w",
                    "(61, 61, 60)");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_primitive_type_survives_a_table),
        cmocka_unit_test(test_nested_types_survive_a_table),
        cmocka_unit_test(test_names_are_resolved),
        cmocka_unit_test(test_snapshots_tags_and_times_are_read),
        cmocka_unit_test(test_metadata_tables_have_rows),
        cmocka_unit_test(test_files_are_pruned),
        cmocka_unit_test(test_pruning_keeps_nan_and_signed_zero),
        cmocka_unit_test(test_information_schema_lists_the_catalog),
        cmocka_unit_test(test_ranges_limit_what_is_read),
        cmocka_unit_test(test_dml_names_show_positions),
        cmocka_unit_test(test_a_table_opened_by_a_statement_stays_at_its_snapshot),
        cmocka_unit_test(test_views_are_read_in_their_own_namespace),
        cmocka_unit_test(test_a_large_table_is_scanned_whole),
        cmocka_unit_test(test_a_limit_ends_the_scan_early),
        cmocka_unit_test(test_a_result_may_be_closed_before_its_end),
        cmocka_unit_test(test_cancel_between_batches_ends_the_rows),
        cmocka_unit_test(test_a_missing_data_file_is_named),
        cmocka_unit_test(test_a_table_is_scanned_in_each_step_of_a_recursion),
        cmocka_unit_test(test_one_table_with_two_filters_is_scanned_twice),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
