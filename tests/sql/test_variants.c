/* SPDX-License-Identifier: Apache-2.0 */
/* Variants and geometries in SQL: written, read, changed, in Parquet and Avro, by the engine's own
 * words and by those of Spark. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "firn/append.h"
#include "iceberg/scan/read.h"
#include "sql_fixture.h"

static void make_table(sql_fixture *f, const char *format)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "create table v (id integer, j variant, s struct(x variant, y integer), l "
                   "variant[], m map(varchar, variant)) with ('format-version' = '3', "
                   "'write.format.default' = '%s')",
                   format);
    sql_run(f, sql);
    sql_run(f, "insert into v select 1, {'a': 1, 'd': date '2020-01-01', 'n': 1.5::decimal(9,2), "
               "'u': '00112233-4455-6677-8899-aabbccddeeff'::uuid, 'b': '\\x01'::blob, 't': "
               "timestamp_ns '2020-01-01 01:02:03.000000004'}::variant, {'x': 5::variant, 'y': 1}, "
               "[1::variant, 'x'::variant, null], map{'k': 2.5::variant}");
    sql_run(f, "insert into v values (2, null, null, null, null), (3, 'text', {'x': null, 'y': 3}, "
               "[], map{})");
}

static void check_values(sql_fixture *f)
{
    assert_rows(f,
                "select id, j.a, j.d::date + 1, s.x::int + s.y, l[2], len(l), m['k'] from v where "
                "id % 10 = 1",
                "(1, 1, 2020-01-02, 6, x, 3, 2.5)");
    assert_rows(f,
                "select typeof(j), variant_typeof(j.d), variant_typeof(j.n), variant_typeof(j.u), "
                "variant_typeof(j.b), variant_typeof(j.t) from v where j.a = 1::variant",
                "(VARIANT, DATE, 'DECIMAL(3, 2)', UUID, BLOB, TIMESTAMP_NANOS)");
    assert_rows(f, "select id, j is null, s is null, s.x is null, l is null, m is null from v",
                "(1, false, false, false, false, false) (2, true, true, true, true, true) (3, "
                "false, false, true, false, false)");
    assert_rows(f, "select j, s from v where id = 3", "(text, {'x': NULL, 'y': 3})");
}

static void test_values_of_all_types(void **state)
{
    make_table(*state, "parquet");
    check_values(*state);
}

static void test_values_in_avro_files(void **state)
{
    make_table(*state, "avro");
    assert_rows(*state, "select distinct file_format from v.files", "(AVRO)");
    check_values(*state);
}

static void test_rows_are_changed(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "parquet");
    sql_run(f, "update v set j = j.a, s.y = 7 where j.a::int = 1");
    assert_rows(f, "select j, s.x::int, s.y from v where id = 1", "(1, 5, 7)");
    sql_run(f, "merge into v t using (values (1), (9)) s(k) on t.id = s.k when matched then update "
               "set l = [true::variant] when not matched then insert (id, j) values (s.k, [1, "
               "2]::variant)");
    assert_rows(f, "select id, j, l[1] from v where id <> 2",
                "(1, 1, true) (3, text, NULL) (9, [1, 2], NULL)");
    sql_run(f, "delete from v where j is null");
    assert_rows(f, "select count(*) from v", "(3)");
}

static void test_a_table_made_of_a_query(void **state)
{
    sql_fixture *f = *state;
    make_table(f, "parquet");
    sql_run(f, "create table w with ('format-version' = '3') as select id, s, j from v");
    assert_rows(f, "select w.s.x::int, w.j.a from w where id = 1", "(5, 1)");
    assert_rows(f, "select count(*) from w where j is null", "(1)");
    sql_expect_failure(f, "create table x with ('format-version' = '2') as select j from v",
                       FIRN_ERR_ARG, "type variant needs format version 3, the table has 2", NULL,
                       0);
}

static void test_variants_as_keys_of_a_map(void **state)
{
    sql_fixture *f = *state;
    sql_run(f,
            "create table k (id integer, m map(variant, integer)) with ('format-version' = '3')");
    sql_run(f, "insert into k values (1, map{'a'::variant: 1, 'b'::variant: 2}), (2, null)");
    assert_rows(f, "select id, map_keys(m)[2]::varchar, map_values(m) from k",
                "(1, b, [1, 2]) (2, NULL, NULL)");
}

/* ---- bytes ---- */

/* The whole number 5 in four bytes, with a name in the metadata that nobody uses: no engine writes
 * it like that. */
static const firn_str k_odd = FIRN_STR_INIT("\x01\x01\x00\x01z\x14\x05\x00\x00\x00");

static void append_odd(sql_fixture *f)
{
    firn_error err;
    firn_table *table = sql_open_table(f, "default", "o");
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    firn_append *append = NULL;
    firn_batch *batch = NULL;
    assert_ok(firn_batch_create(&firn_metadata_schema(metadata)->root, 8, &batch, &err), &err);
    for (int32_t i = 0; i < 4; i++) {
        ((int32_t *)batch->columns[0].values)[i] = i;
        ((firn_view *)batch->columns[1].values)[i] = firn_view_of(k_odd.data, (uint32_t)k_odd.len);
    }
    batch->n_rows = batch->columns[0].n_values = batch->columns[1].n_values = 4;
    assert_ok(firn_append_begin(table, &append, &err), &err);
    assert_ok(firn_append_rows(append, batch, &err), &err);
    assert_ok(firn_append_commit(append, &err), &err);
    firn_append_close(append);
    firn_batch_destroy(batch);
    firn_table_close(table);
}

/* All variants of the table are stored as they were given. */
static void check_odd(sql_fixture *f, int64_t n_rows)
{
    firn_error err;
    firn_table *table = sql_open_table(f, "default", "o");
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_scan_plan plan;
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    firn_column columns[2];
    int64_t n = 0;
    const firn_plan_opts opts = {0};
    assert_ok(firn_scan_plan_files(f->env, f->store, metadata, &opts, arena, &plan, &err), &err);
    assert_ok(firn_scan_queue_create(f->env, f->store, metadata, &plan, &queue, &err), &err);
    assert_ok(
        firn_scan_reader_open(queue, &firn_metadata_schema(metadata)->root, NULL, &reader, &err),
        &err);
    for (;;) {
        memset(columns, 0, sizeof columns);
        firn_batch batch = {.n_columns = 2, .columns = columns};
        const firn_status st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, &batch, NULL, &err);
        if (st == FIRN_DONE) break;
        assert_ok(st, &err);
        for (int64_t r = 0; r < batch.n_rows; r++) {
            const firn_view *view = &((const firn_view *)columns[1].values)[r];
            assert_true(firn_str_equals(firn_view_str(view), k_odd));
        }
        n += batch.n_rows;
    }
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    firn_arena_destroy(arena);
    firn_table_close(table);
    assert_int_equal(n, n_rows);
}

static void check_bytes_stay(sql_fixture *f, const char *format, const char *mode)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "create table o (id integer, v variant) with ('format-version' = '3', "
                   "'write.format.default' = '%s', 'write.update.mode' = '%s', "
                   "'write.merge.mode' = '%s', 'write.delete.mode' = '%s')",
                   format, mode, mode, mode);
    sql_run(f, sql);
    append_odd(f);
    check_odd(f, 4);
    sql_run(f, "update o set id = id + 10 where id in (1, 2)");
    check_odd(f, 4);
    sql_run(f,
            "merge into o using (values (11), (3)) s(k) on o.id = s.k when matched and k = 3 then "
            "delete when matched then update set id = 21");
    check_odd(f, 3);
    sql_run(f, "delete from o where id = 12");
    sql_run(f, "call system.rewrite_data_files(table => 'default.o', options => "
               "map{'rewrite-all': 'true'})");
    check_odd(f, 2);
    assert_rows(f, "select id, v::int from o", "(0, 5) (21, 5)");
    sql_run(f, "drop table o");
}

static void test_what_is_not_set_keeps_its_bytes(void **state)
{
    check_bytes_stay(*state, "parquet", "copy-on-write");
    check_bytes_stay(*state, "parquet", "merge-on-read");
    check_bytes_stay(*state, "avro", "copy-on-write");
}

/* ---- Spark ---- */

static void test_words_of_spark(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "set dialect = 'spark'");
    sql_run(f, "create table v (id int, j variant) tblproperties ('format-version' = '3')");
    sql_run(f, "insert into v values (1, parse_json('{\"a\":1,\"b\":[true,null,{\"c d\":\"x\"}],"
               "\"e\":{\"f\":2.5}}')), (2, try_parse_json('{')), (3, parse_json('null'))");
    assert_rows(
        f, "select id, to_json(j), is_variant_null(j) from v",
        "(1, '{\"a\":1,\"b\":[true,null,{\"c d\":\"x\"}],\"e\":{\"f\":2.5}}', false) (2, NULL, "
        "false) (3, 'null', true)");
    assert_rows(f,
                "select variant_get(j, '$.a', 'int'), variant_get(j, '$.b[2][\"c d\"]', 'string'), "
                "variant_get(j, '$.e', 'string'), try_variant_get(j, '$.b', 'int'), "
                "variant_get(j, '$.none', 'int'), variant_get(j, '$.e.f', 'double'), "
                "variant_get(j, '$.e', 'struct<f: double>') from v where id = 1",
                "(1, x, '{\"f\":2.5}', NULL, NULL, 2.5, {'f': 2.5})");
    assert_rows(f, "select j:a::int, j:b[2]['c d']::string, v.j:e.f::double from v where id = 1",
                "(1, x, 2.5)");
    assert_rows(f, "select schema_of_variant(j) from v where id = 1",
                "('OBJECT<a: BIGINT, b: ARRAY<VARIANT>, e: OBJECT<f: DECIMAL(2,1)>>')");
    assert_rows(f,
                "select pos, key, to_json(value) from variant_explode(parse_json('{\"y\":{\"z\":1},"
                "\"x\":null}'))",
                "(0, x, 'null') (1, y, '{\"z\":1}')");
    assert_rows(f, "select pos, key, to_json(value) from variant_explode(parse_json('[\"p\"]'))",
                "(0, NULL, '\"p\"')");
    sql_expect_failure(f, "select variant_get(j, 'a', 'int') from v", FIRN_ERR_ARG,
                       "found the path \"a\", expected one like $.name[0]['name']", NULL, 22);
    sql_expect_failure(f, "select variant_get(j, '$.a', 'what') from v", FIRN_ERR_ARG,
                       "found the type \"what\", which is not known", NULL, 29);
    sql_expect_failure(f, "select parse_json('{') from v", FIRN_ERR_ARG, "malformed JSON at byte 1",
                       NULL, 0);
}

/* ---- geometries ---- */

static void test_geometries(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "create table g (id integer, g geometry, h geography('OGC:CRS84', 'karney')) with "
               "('format-version' = '3')");
    sql_run(f, "insert into g values (1, 'POINT(1 2)'::geometry, 'POINT(3 4)'::geometry), (2, "
               "st_geomfromwkb(unhex("
               "'000000000140000000000000004010000000000000')), null), (3, null, null)");
    assert_rows(f, "select id, st_astext(g), h from g",
                "(1, 'POINT (1 2)', 'POINT (3 4)') (2, 'POINT (2 4)', NULL) (3, NULL, NULL)");
    assert_rows(f,
                "select hex(map_extract_value(lower_bounds, 2)), hex(map_extract_value("
                "upper_bounds, 2)) from g.files",
                "(000000000000F03F0000000000000040, 00000000000000400000000000001040)");
    sql_run(f, "update g set id = 5 where id = 2");
    assert_rows(f, "select hex(st_aswkb(g)) from g where id = 5",
                "(010100000000000000000000400000000000001040)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values_of_all_types, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_values_in_avro_files, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_rows_are_changed, sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_table_made_of_a_query, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_variants_as_keys_of_a_map, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_what_is_not_set_keeps_its_bytes, sql_fixture_open,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_words_of_spark, sql_fixture_open, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_geometries, sql_fixture_open, sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
