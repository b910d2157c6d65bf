/* SPDX-License-Identifier: Apache-2.0 */
/* Views beyond CREATE and DROP: versions and their history, dialects, properties, comments, and
 * what a view's text may name. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/view_update.h"
#include "sql_fixture.h"

/* The texts of a statement that is no query, in order. */
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
                len += (size_t)snprintf(out + len, size - len, "%s%.*s",
                                        c > 0     ? ", "
                                        : len > 0 ? " ("
                                                  : "(",
                                        FIRN_STR_ARG(v.as.bytes));
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

static const firn_view_metadata *load_view(sql_fixture *f, const char *name, firn_arena *arena)
{
    firn_error err = {0};
    firn_loaded_view loaded;
    const firn_str level = FIRN_STR("default");
    const firn_ident ident = {&level, 1, firn_str_of(name)};
    assert_ok(firn_catalog_get_ops(f->catalog)
                  ->load_view(firn_catalog_ctx(f->catalog), &ident, arena, &loaded, &err),
              &err);
    return loaded.metadata;
}

/* "version: log of versions" */
static void assert_history(sql_fixture *f, const char *want)
{
    char text[256];
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_view_metadata *view = load_view(f, "v", arena);
    int n =
        snprintf(text, sizeof text, "%d of %zu:", (int)view->current_version_id, view->n_versions);
    for (size_t i = 0; i < view->n_version_log; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, " %d",
                      (int)view->version_log[i].version_id);
    firn_arena_destroy(arena);
    assert_string_equal(text, want);
}

static void make_base(sql_fixture *f)
{
    sql_run(f, "create table b (id int, s varchar)");
    sql_run(f, "insert into b values (1, 'a'), (2, 'b')");
}

static void test_versions_are_kept_and_go_back(void **state)
{
    sql_fixture *f = *state;
    make_base(f);
    sql_run(f, "create view v as select id from b");
    sql_run(f, "create or replace view v as select s from b");
    sql_run(f, "create or replace view v as select id + 1 as n from b");
    assert_history(f, "3 of 3: 1 2 3");
    sql_run(f, "alter view v rollback to version 2");
    assert_history(f, "2 of 3: 1 2 3 2");
    assert_rows(f, "select * from v", "(a) (b)");
    sql_expect_failure(f, "alter view v rollback to version 9", FIRN_ERR_NOT_FOUND,
                       "the view has no version 9", NULL, 33);
    /* the same again is the same version */
    sql_run(f, "create or replace view v as select id from b");
    assert_history(f, "1 of 3: 1 2 3 2 1");
    sql_run(f, "create or replace view v as select id from b");
    assert_history(f, "1 of 3: 1 2 3 2 1");
}

static void test_as_many_versions_are_kept_as_the_property_says(void **state)
{
    sql_fixture *f = *state;
    sql_run(f,
            "create view v tblproperties ('version.history.num-entries' = '2') as select 1 as a");
    sql_run(f, "create or replace view v as select 2 as a");
    sql_run(f, "create or replace view v as select 3 as a");
    assert_history(f, "3 of 2: 2 3");
    sql_run(f, "alter view v set tblproperties ('version.history.num-entries' = '0')");
    sql_run(f, "create or replace view v as select 4 as a");
    assert_history(f, "4 of 1: 4");
    assert_rows(f, "select * from v", "(4)");
}

static void test_properties_are_set_and_taken_back(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create view v comment 'one' tblproperties ('a' = 'b') as select 1 as a");
    sql_run(f, "alter view v set tblproperties ('x' = 'y', 'a' = 'c')");
    assert_told(f, "show tblproperties v", "(a, c) (comment, one) (x, y)");
    sql_run(f, "create or replace view v as select 2 as a");
    assert_told(f, "show tblproperties v", "(a, c) (comment, one) (x, y)");
    sql_run(f, "alter view v unset tblproperties ('a')");
    sql_expect_failure(f, "alter view v unset tblproperties ('a')", FIRN_ERR_ARG,
                       "the view has no property \"a\"", NULL, 33);
    sql_run(f, "alter view v unset tblproperties if exists ('a')");
    sql_run(f, "comment on view v is 'two'");
    assert_told(f, "show tblproperties v", "(comment, two) (x, y)");
    sql_run(f, "comment on view v is null");
    assert_told(f, "show tblproperties v", "(x, y)");
    sql_run(f, "comment on column v.a is 'a number'");
    assert_told(f, "describe v", "(a, int, a number)");
    sql_expect_failure(f, "comment on column v.q is 'x'", FIRN_ERR_NOT_FOUND,
                       "the view has no column \"q\"", NULL, 18);
    sql_expect_failure(f, "alter view w set tblproperties ('a' = 'b')", FIRN_ERR_NOT_FOUND,
                       "view default.w does not exist in catalog lake", "did you mean \"v\"?", 11);
    sql_run(f, "alter view if exists w set tblproperties ('a' = 'b')");
    sql_expect_failure(f, "alter view v as select 1", FIRN_ERR_UNSUPPORTED,
                       "not supported: ALTER VIEW AS", "use CREATE OR REPLACE VIEW", 0);
}

static void test_a_view_gets_another_name(void **state)
{
    sql_fixture *f = *state;
    make_base(f);
    sql_run(f, "create schema other");
    sql_run(f, "create view v as select id from b");
    sql_run(f, "alter view v rename to w");
    assert_rows(f, "select * from w", "(1) (2)");
    sql_expect_failure(f, "select * from v", FIRN_ERR_NOT_FOUND, "default.v", NULL, 14);
    sql_expect_failure(f, "alter view w rename to b", FIRN_ERR_EXISTS,
                       "table default.b exists already", NULL, 23);
    sql_run(f, "alter view w rename to other.w");
    assert_rows(f, "select * from other.w", "(1) (2)");
    sql_expect_failure(f, "alter view b rename to c", FIRN_ERR_NOT_FOUND, "view default.b", NULL,
                       11);
}

static void test_a_view_has_several_dialects(void **state)
{
    sql_fixture *f = *state;
    make_base(f);
    sql_run(f, "create view v as select id from b");
    sql_run(f, "alter view v set dialect trino as select id from lake.\"default\".b");
    sql_run(f, "alter view v set dialect presto as something else");
    assert_rows(f, "select * from v", "(1) (2)");
    sql_expect_failure(f, "create or replace view v as select s from b", FIRN_ERR_ARG,
                       "the view would lose its text in the dialect trino",
                       "replace.drop-dialect.allowed", 0);
    sql_run(f, "alter view v drop dialect duckdb");
    assert_rows(f, "select * from v", "(1) (2)"); /* Trino's text is tried */
    sql_run(f, "alter view v drop dialect TRINO");
    sql_expect_failure(f, "select * from v", FIRN_ERR_UNSUPPORTED,
                       "view default.v has text in the dialects (presto), none of which is duckdb, "
                       "firn, spark or trino",
                       "SET DIALECT duckdb", 0);
    sql_expect_failure(f, "alter view v drop dialect presto", FIRN_ERR_ARG,
                       "the view has no text but this one", NULL, 26);
    sql_expect_failure(f, "alter view v drop dialect spark", FIRN_ERR_NOT_FOUND,
                       "the view has no text in the dialect spark", NULL, 26);
    sql_run(f, "alter view v set tblproperties ('replace.drop-dialect.allowed' = 'true')");
    sql_run(f, "create or replace view v as select s from b");
    assert_rows(f, "select * from v", "(a) (b)");
}

static void test_columns_are_those_of_its_making(void **state)
{
    sql_fixture *f = *state;
    make_base(f);
    sql_run(f, "create view v as select * from b");
    sql_run(f, "alter table b add column more int");
    assert_rows(f, "select * from v", "(1, a) (2, b)");
    sql_expect_failure(f, "create view w as select 1 as a, 2 as A", FIRN_ERR_EXISTS,
                       "the view has two columns \"A\"", NULL, 12);
    sql_expect_failure(f, "create view w (a, a) as select 1, 2", FIRN_ERR_EXISTS,
                       "the view has two columns \"a\"", NULL, 12);
}

static void test_a_view_reads_nothing_temporary(void **state)
{
    sql_fixture *f = *state;
    make_base(f);
    sql_run(f, "create temporary table tt as select 1 as a");
    sql_expect_failure(f, "create view w as select * from tt", FIRN_ERR_ARG,
                       "a view cannot read tt, which is temporary", NULL, 31);
    sql_run(f, "call system.create_changelog_view(table => 'b')");
    sql_expect_failure(f, "create view w as select * from b_changes", FIRN_ERR_ARG,
                       "a view cannot read b_changes, which is temporary", NULL, 31);
    sql_run(f, "create view w as with tt as (select 5 as a) select * from tt");
    assert_rows(f, "select * from w", "(5)");
    sql_run(f, "create view c as select id, _change_type from firn_changes('b')");
    assert_rows(f, "select * from c", "(1, INSERT) (2, INSERT)");
}

static void test_the_text_of_a_view_makes_it_again(void **state)
{
    sql_fixture *f = *state;
    make_base(f);
    sql_run(f, "create view v (k comment 'the key', n) comment 'it''s' tblproperties ('a' = 'b') "
               "as select s, count(*) from b group by s");
    char text[1024];
    (void)told(f, "show create view v", text, sizeof text);
    assert_string_equal(text,
                        "(CREATE VIEW lake.default.v (\n  k COMMENT 'the key',\n  n)\nCOMMENT "
                        "'it''s'\nTBLPROPERTIES (\n  'a' = 'b')\nAS\nselect s, count(*) from "
                        "b group by s)");
    sql_run(f, "drop view v");
    text[strlen(text) - 1] = '\0';
    sql_run(f, text + 1);
    assert_rows(f, "select * from v", "(a, 1) (b, 1)");
    assert_told(f, "show tblproperties v", "(a, b) (comment, it's)");
}

/* ---- documents of others ---- */

static void test_views_of_spark_are_read_and_written(void **state)
{
    (void)state;
    static const char k_json[] =
        "{\"view-uuid\":\"fa6506c3-7681-40c8-86dc-e36561f83385\",\"format-version\":1,"
        "\"location\":\"s3://bucket/w/db/v/\",\"current-version-id\":2,\"properties\":{\"comment\":"
        "\"Daily counts\"},\"schemas\":[{\"schema-id\":1,\"type\":\"struct\",\"fields\":[{\"id\":1,"
        "\"name\":\"n\",\"required\":false,\"type\":\"int\",\"doc\":\"Count\"}]}],\"versions\":[{"
        "\"version-id\":1,\"timestamp-ms\":1573518431292,\"schema-id\":1,\"default-catalog\":"
        "\"prod\",\"default-namespace\":[\"a\",\"b\"],\"summary\":{\"engine-name\":\"Spark\"},"
        "\"representations\":[{\"type\":\"sql\",\"sql\":\"SELECT 1\",\"dialect\":\"spark\"}]},{"
        "\"version-id\":2,\"timestamp-ms\":1573518981593,\"schema-id\":1,\"default-namespace\":[],"
        "\"summary\":{},\"representations\":[{\"type\":\"sql\",\"sql\":\"SELECT 2\",\"dialect\":"
        "\"spark\"},{\"type\":\"later\",\"x\":1},{\"type\":\"sql\",\"sql\":\"SELECT 3\","
        "\"dialect\":\"trino\"}]}],\"version-log\":[{\"timestamp-ms\":1573518431292,\"version-id\":"
        "1},{\"timestamp-ms\":1573518981593,\"version-id\":2}]}";
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_view_metadata *view = NULL;
    firn_view_metadata back;
    firn_buf buf;
    assert_ok(firn_view_metadata_parse(firn_str_of(k_json), arena, &view, &err), &err);
    assert_int_equal(firn_view_current_version(view)->n_representations, 2);
    assert_ok(firn_view_roll_back(view, 1, 1600000000000, arena, &back, &err), &err);
    firn_buf_init(&buf, NULL, 0);
    assert_ok(firn_view_metadata_format(&back, &buf, &err), &err);
    assert_ok(firn_view_metadata_parse(firn_buf_view(&buf), arena, &view, &err), &err);
    firn_buf_dispose(&buf);
    const firn_view_version *version = firn_view_current_version(view);
    assert_int_equal(version->version_id, 1);
    assert_int_equal(version->n_default_namespace, 2);
    assert_true(firn_str_equals(version->default_catalog, FIRN_STR("prod")));
    assert_true(firn_str_equals(version->representations[0].sql, FIRN_STR("SELECT 1")));
    assert_true(
        firn_str_equals(firn_view_schema_of(view, version)->root.fields[0].doc, FIRN_STR("Count")));
    assert_int_equal(view->n_version_log, 3);
    assert_int_equal(view->version_log[2].timestamp_ms, 1600000000000);
    assert_true(firn_str_equals(view->location, FIRN_STR("s3://bucket/w/db/v")));
    firn_arena_destroy(arena);
}

/* What a dialect's functions are made of is made when a statement names them, which one that reads
 * a view does not. */
static void test_views_of_a_dialect_are_read_by_a_session_that_has_not_spoken_it(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "create view hex as select bitwise_left_shift(1, 4) as a, "
               "human_readable_seconds(61) as b");
    sql_run(f, "create view twin as select a + 1 as a, url_decode(b) as b from hex");
    firn_session_close(f->session);
    assert_ok(firn_session_open(f->env, f->store,
                                FIRN_SESSION_OPTS(.catalogs = &f->catalog, .n_catalogs = 1,
                                                  .temp_directory = firn_str_of(f->folder)),
                                &f->session, &err),
              &err);
    assert_rows(f, "select * from twin", "(17, '1 minute, 1 second')");
    assert_rows(f, "select a from hex union all select a from twin", "(16) (17)");
    sql_expect_failure(f, "select nosuch(a) from twin", FIRN_ERR_ARG,
                       "Function with name nosuch does not exist", NULL, 7);
}

static void test_a_view_never_reads_itself(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create view inner_view as select 1 as a");
    sql_run(f, "create view outer_view as select a from inner_view");
    sql_expect_error(f, "create or replace view inner_view as select a + 1 as a from outer_view",
                     FIRN_ERR_ARG, "view default.inner_view reads itself");
    sql_expect_error(f,
                     "create or replace view inner_view as select * from lake.default.inner_view",
                     FIRN_ERR_ARG, "view default.inner_view reads itself");
    assert_rows(f, "select * from outer_view", "(1)");
    sql_expect_error(f, "create view no_view as select * from no_view", FIRN_ERR_NOT_FOUND,
                     "default.no_view does not exist");
}

static void test_who_mistakes_a_view_for_a_table_is_told(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create view seen as select 1 as a");
    sql_run(f, "create table kept (a int)");
    sql_expect_failure(f, "drop table seen", FIRN_ERR_NOT_FOUND, "default.seen does not exist",
                       "seen is a view", 11);
    sql_expect_failure(f, "drop view kept", FIRN_ERR_NOT_FOUND, "default.kept does not exist",
                       "kept is a table", 10);
    sql_expect_error(f,
                     "create view far tblproperties ('location' = '/nowhere/v') as select 1 as a",
                     FIRN_ERR_DENIED, "outside of the warehouse");
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_a_view_never_reads_itself),
        IN_FIXTURE(test_who_mistakes_a_view_for_a_table_is_told),
        IN_FIXTURE(test_versions_are_kept_and_go_back),
        IN_FIXTURE(test_as_many_versions_are_kept_as_the_property_says),
        IN_FIXTURE(test_properties_are_set_and_taken_back),
        IN_FIXTURE(test_a_view_gets_another_name),
        IN_FIXTURE(test_a_view_has_several_dialects),
        IN_FIXTURE(test_columns_are_those_of_its_making),
        IN_FIXTURE(test_a_view_reads_nothing_temporary),
        IN_FIXTURE(test_the_text_of_a_view_makes_it_again),
        IN_FIXTURE(test_views_of_a_dialect_are_read_by_a_session_that_has_not_spoken_it),
        cmocka_unit_test(test_views_of_spark_are_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
