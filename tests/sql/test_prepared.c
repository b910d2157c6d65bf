/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared statements: parameters of every kind and type, in queries and changes, by the C API and
 * in SQL. */
#include "sql_fixture.h"

#include <stdio.h>

#include "base/str.h"
#include "firn/prepared.h"

static firn_prepared *prepare(sql_fixture *f, const char *sql)
{
    firn_error err = {0};
    firn_prepared *p = NULL;
    assert_ok(firn_session_prepare(f->session, firn_str_of(sql), &p, &err), &err);
    return p;
}

static void expect_bad(sql_fixture *f, const char *sql, const char *text, size_t position)
{
    firn_error err = {0};
    firn_prepared *p = NULL;
    const firn_status st = firn_session_prepare(f->session, firn_str_of(sql), &p, &err);
    assert_fails(st, FIRN_ERR_ARG, &err, text);
    assert_int_equal(err.position, position);
    assert_null(p);
}

static void execute(firn_prepared *p)
{
    firn_error err = {0};
    firn_result *result = NULL;
    assert_ok(firn_prepared_execute(p, &result, &err), &err);
    firn_result_close(result);
}

static int64_t changed(firn_prepared *p)
{
    firn_error err = {0};
    firn_result *result = NULL;
    assert_ok(firn_prepared_execute(p, &result, &err), &err);
    const int64_t n = firn_result_rows_changed(result);
    firn_result_close(result);
    return n;
}

/* The only value of the only row. */
static firn_value value_of(firn_prepared *p, firn_result **result)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    assert_ok(firn_prepared_execute(p, result, &err), &err);
    assert_ok(firn_result_next(*result, &batch, &err), &err);
    return firn_column_get(&batch->columns[0], 0);
}

static void test_parameters_are_found_by_kind(void **state)
{
    sql_fixture *f = *state;
    size_t at = 7;
    firn_error err = {0};
    firn_prepared *p = prepare(f, "select ? + 1, '?', \"?\" from t -- ?\n where ? /* ? */;");
    assert_int_equal(firn_prepared_n_parameters(p), 2);
    assert_str(firn_prepared_parameter_name(p, 0), "");
    firn_prepared_close(p);
    p = prepare(f, "select $2, ?1, $4");
    assert_int_equal(firn_prepared_n_parameters(p), 4);
    firn_prepared_close(p);
    p = prepare(f, "select :low, $high, :LOW, x::int, l[1:n], l[:n], {'a':b, c:d}");
    assert_int_equal(firn_prepared_n_parameters(p), 3);
    assert_str(firn_prepared_parameter_name(p, 1), "high");
    assert_ok(firn_prepared_find(p, FIRN_STR("HIGH"), &at, &err), &err);
    assert_int_equal(at, 1);
    assert_fails(firn_prepared_find(p, FIRN_STR("x"), &at, &err), FIRN_ERR_NOT_FOUND, &err,
                 "the statement has no parameter \"x\"");
    firn_prepared_close(p);
    p = prepare(f, "select 1");
    assert_int_equal(firn_prepared_n_parameters(p), 0);
    execute(p);
    firn_prepared_close(p);
}

static void test_bad_parameters_are_refused_with_their_place(void **state)
{
    sql_fixture *f = *state;
    expect_bad(f, "select ?, $1", "expected one of the kind of those before it", 10);
    expect_bad(f, "select $0", "found $0, expected ?, $1 to $1000 or :name", 7);
    expect_bad(f, "select $1001", "found $1001", 7);
    expect_bad(f, "select $99999999999999999999", "found $9999", 7);
    expect_bad(f, "select 1; select ?", "several statements", 10);
    expect_bad(f, "", "the statement is empty", 0);
}

static void bind_text(firn_prepared *p, size_t at, firn_type_kind kind, firn_value value)
{
    firn_error err = {0};
    const firn_type type = {.kind = kind, .precision = 9, .scale = 2, .length = 3};
    value.kind = kind;
    if (kind == FIRN_TYPE_DECIMAL) {
        value.precision = 9;
        value.scale = 2;
    }
    assert_ok(firn_prepared_bind(p, at, &type, &value, &err), &err);
}

static void test_values_of_every_type_come_back(void **state)
{
    sql_fixture *f = *state;
    static const struct {
        firn_type_kind kind;
        firn_value value;
    } k_values[] = {
        {FIRN_TYPE_BOOLEAN, {.as.boolean = true}},
        {FIRN_TYPE_INT, {.as.i32 = INT32_MIN}},
        {FIRN_TYPE_LONG, {.as.i64 = INT64_MIN}},
        {FIRN_TYPE_LONG, {.as.i64 = INT64_MAX}},
        {FIRN_TYPE_FLOAT, {.as.f32 = -1.5F}},
        {FIRN_TYPE_DOUBLE, {.as.f64 = 0.1}},
        {FIRN_TYPE_DECIMAL, {.as.decimal = -12345}},
        {FIRN_TYPE_DATE, {.as.i32 = -1}},
        {FIRN_TYPE_TIME, {.as.i64 = 86399999999}},
        {FIRN_TYPE_TIMESTAMP, {.as.i64 = 1704164645000001}},
        {FIRN_TYPE_TIMESTAMPTZ, {.as.i64 = 1704164645000001}},
        {FIRN_TYPE_TIMESTAMP_NS, {.as.i64 = 1704164645000000001}},
        {FIRN_TYPE_STRING, {.as.bytes = FIRN_STR_INIT("it's \\ \"?\" $1 :x \xc3\xa9\n")}},
        {FIRN_TYPE_BINARY, {.as.bytes = FIRN_STR_INIT("\x00'\xff")}},
        {FIRN_TYPE_UUID, {.as.bytes = FIRN_STR_INIT("0123456789abcdef")}},
    };
    firn_prepared *p = prepare(f, "select ?");
    for (size_t i = 0; i < sizeof k_values / sizeof *k_values; i++) {
        firn_result *result = NULL;
        firn_value want = k_values[i].value;
        bind_text(p, 0, k_values[i].kind, want);
        firn_value got = value_of(p, &result);
        want.kind = got.kind;
        want.precision = got.precision;
        want.scale = got.scale;
        if (firn_value_compare(&got, &want) != 0)
            fail_msg("value %zu of kind %d came back otherwise", i, (int)k_values[i].kind);
        firn_result_close(result);
        want.is_null = true;
        bind_text(p, 0, k_values[i].kind, want);
        got = value_of(p, &result);
        assert_true(got.is_null);
        firn_result_close(result);
    }
    firn_prepared_close(p);
}

static void test_strings_keep_their_backslashes_in_every_dialect(void **state)
{
    static const char *const k_dialects[] = {"spark", "trino", "duckdb"};
    static const char k_text[] = "it's a \\n \\' ''%_ \"x\" \\";
    sql_fixture *f = *state;
    for (size_t i = 0; i < 3; i++) {
        char sql[100];
        firn_error err = {0};
        firn_result *result = NULL;
        (void)snprintf(sql, sizeof sql, "set dialect = '%s'", k_dialects[i]);
        sql_run(f, sql);
        firn_prepared *p = prepare(f, "select ?");
        assert_ok(firn_prepared_bind_string(p, 0, firn_str_of(k_text), &err), &err);
        assert_str(value_of(p, &result).as.bytes, k_text);
        firn_result_close(result);
        assert_ok(firn_prepared_bind_binary(p, 0, FIRN_STR("\x01\xfe"), &err), &err);
        assert_str(value_of(p, &result).as.bytes, "\x01\xfe");
        firn_result_close(result);
        firn_prepared_close(p);
    }
}

static void test_changes_take_parameters(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    sql_run(f, "create table pc (id bigint, v varchar)");
    firn_prepared *p = prepare(f, "insert into pc values (?, ?)");
    for (int64_t i = 0; i < 3; i++) {
        assert_ok(firn_prepared_bind_long(p, 0, i, &err), &err);
        assert_ok(firn_prepared_bind_string(p, 1, FIRN_STR("'); drop table pc; --"), &err), &err);
        assert_int_equal(changed(p), 1);
    }
    firn_prepared_close(p);
    p = prepare(f, "update pc set v = :v where id >= :low");
    assert_ok(firn_prepared_bind_null(p, 0, &err), &err);
    assert_ok(firn_prepared_bind_long(p, 1, 1, &err), &err);
    assert_int_equal(changed(p), 2);
    firn_prepared_close(p);
    p = prepare(f, "merge into pc using (select $1 as id, $2 as v) s on pc.id = s.id when matched "
                   "then update set v = s.v when not matched then insert values (s.id, $2)");
    for (int64_t i = 2; i < 4; i++) {
        assert_ok(firn_prepared_bind_long(p, 0, i, &err), &err);
        assert_ok(firn_prepared_bind_string(p, 1, FIRN_STR("m"), &err), &err);
        assert_int_equal(changed(p), 1);
    }
    firn_prepared_close(p);
    p = prepare(f, "delete from pc where id = ?");
    assert_ok(firn_prepared_bind_long(p, 0, 0, &err), &err);
    assert_int_equal(changed(p), 1);
    assert_int_equal(changed(p), 0);
    firn_prepared_close(p);
    assert_rows(f, "from pc", "(1, NULL) (2, m) (3, m)");
}

static void test_time_travel_takes_parameters(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    firn_result *result = NULL;
    sql_make_table(f, "default", "tt", "id bigint", NULL);
    const int64_t first = sql_append(f, "default", "tt", "select 1");
    (void)sql_append(f, "default", "tt", "select 2");
    sql_run(f, "alter table tt create tag two");
    firn_prepared *p = prepare(f, "select count(*) from tt version as of ?");
    assert_ok(firn_prepared_bind_long(p, 0, first, &err), &err);
    assert_int_equal(value_of(p, &result).as.i64, 1);
    firn_result_close(result);
    assert_ok(firn_prepared_bind_string(p, 0, FIRN_STR("two"), &err), &err);
    assert_int_equal(value_of(p, &result).as.i64, 2);
    firn_result_close(result);
    assert_ok(firn_prepared_bind_long(p, 0, 77, &err), &err);
    assert_fails(firn_prepared_execute(p, &result, &err), FIRN_ERR_ARG, &err, "no snapshot 77");
    assert_int_equal(err.position, 38);
    firn_prepared_close(p);
    p = prepare(f, "select count(*) from tt timestamp as of ?");
    bind_text(p, 0, FIRN_TYPE_TIMESTAMPTZ, (firn_value){.as.i64 = INT64_C(4102444800000000)});
    assert_int_equal(value_of(p, &result).as.i64, 2);
    firn_result_close(result);
    bind_text(p, 0, FIRN_TYPE_TIMESTAMP, (firn_value){.as.i64 = 0});
    assert_fails(firn_prepared_execute(p, &result, &err), FIRN_ERR_ARG, &err,
                 "table default.tt had no snapshot at 1970-01-01T00:00:00Z");
    firn_prepared_close(p);
}

static void test_errors_point_into_the_prepared_text(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    firn_result *result = NULL;
    firn_prepared *p = prepare(f, "select ?,\n nosuch");
    assert_fails(firn_prepared_execute(p, &result, &err), FIRN_ERR_ARG, &err,
                 "parameter 0 has no value");
    assert_ok(firn_prepared_bind_string(p, 0, FIRN_STR("a rather long text"), &err), &err);
    assert_fails(firn_prepared_execute(p, &result, &err), FIRN_ERR_ARG, &err, "nosuch");
    assert_int_equal(err.position, 11);
    assert_int_equal(err.line, 2);
    firn_prepared_clear(p);
    assert_fails(firn_prepared_execute(p, &result, &err), FIRN_ERR_ARG, &err, "has no value");
    assert_fails(firn_prepared_bind_long(p, 1, 1, &err), FIRN_ERR_ARG, &err,
                 "there is no parameter 1, the statement has 1");
    assert_fails(firn_prepared_bind_string(p, 0, FIRN_STR("\xff"), &err), FIRN_ERR_ARG, &err,
                 "not UTF-8");
    assert_ok(firn_prepared_bind_long(p, 0, 1, &err), &err);
    sql_run(f, "set dialect = 'trino'");
    assert_fails(firn_prepared_execute(p, &result, &err), FIRN_ERR_ARG, &err,
                 "prepared in dialect duckdb, the session's is trino");
    sql_run(f, "set dialect = 'duckdb'");
    firn_prepared_close(p);
}

static void expect_text(sql_fixture *f, const char *sql, const char *want)
{
    firn_error err = {0};
    const firn_batch *batch = NULL;
    firn_result *result = sql_query(f, sql);
    assert_ok(firn_result_next(result, &batch, &err), &err);
    assert_str(firn_column_get(&batch->columns[0], 0).as.bytes, want);
    firn_result_close(result);
}

static void test_statements_prepared_in_sql(void **state)
{
    sql_fixture *f = *state;
    sql_run(f, "prepare two as select ($1 + $2 * 10)::varchar");
    expect_text(f, "execute two(1, 2)", "21");
    sql_run(f, "prepare named as select ($a - $b)::varchar");
    expect_text(f, "execute named(b := 1, a := 5)", "4");
    sql_expect_failure(f, "execute named(c := 1)", FIRN_ERR_ARG,
                       "the statement has no parameter \"c\"", NULL, 8);
    sql_expect_failure(f, "execute named(a := 1)", FIRN_ERR_ARG, "no value for parameter :b", NULL,
                       8);
    sql_run(f, "create table ps (id int, v varchar)");
    sql_run(f, "prepare ins as insert into ps values (?, ?)");
    sql_run(f, "execute ins(1, 'a''b')");
    sql_run(f, "prepare del as delete from ps where v = ?");
    sql_run(f, "execute del('a''b')");
    assert_rows(f, "from ps", "");
    sql_run(f, "deallocate del");
    sql_expect_failure(f, "execute del('x')", FIRN_ERR_NOT_FOUND, "no prepared statement", NULL, 8);
    sql_run(f, "set dialect = 'spark'");
    expect_text(f, "execute immediate 'select :x || \"-\" || :y' using 'a\\'b' as y, 7 as x",
                "7-a'b");
    expect_text(f, "execute immediate 'select cast(? / 2 as string)' using 7", "3.5");
    sql_run(f, "set dialect = 'trino'");
    sql_run(f, "prepare q from select cast(? / 2 as varchar) || 'x\\y'");
    expect_text(f, "execute q using 7", "3x\\y");
    sql_run(f, "set dialect = 'duckdb'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters_are_found_by_kind),
        cmocka_unit_test(test_bad_parameters_are_refused_with_their_place),
        cmocka_unit_test(test_values_of_every_type_come_back),
        cmocka_unit_test(test_strings_keep_their_backslashes_in_every_dialect),
        cmocka_unit_test(test_changes_take_parameters),
        cmocka_unit_test(test_time_travel_takes_parameters),
        cmocka_unit_test(test_errors_point_into_the_prepared_text),
        cmocka_unit_test(test_statements_prepared_in_sql),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
