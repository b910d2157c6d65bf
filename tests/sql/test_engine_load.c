/* SPDX-License-Identifier: Apache-2.0 */
/* What a user reads when the engine's library is missing or another one. */
#include "sql_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static void expect_load_failure(sql_fixture *f, const char *path, firn_status want,
                                const char *text)
{
    firn_error err = {0};
    firn_result *result = NULL;
    assert_int_equal(setenv("FIRN_DUCKDB", path, 1), 0);
    const firn_status st = firn_session_execute(f->session, FIRN_STR("select 1"), &result, &err);
    assert_int_equal(unsetenv("FIRN_DUCKDB"), 0);
    assert_fails(st, want, &err, text);
    assert_non_null(strstr(err.hint, "make deps"));
    assert_null(result);
}

static void test_a_missing_library_is_named_with_a_hint(void **state)
{
    expect_load_failure(*state, "/nowhere/libduckdb.so", FIRN_ERR_NOT_FOUND,
                        "the sql engine cannot be loaded: /nowhere/libduckdb.so");
}

static void test_another_library_is_refused(void **state)
{
    expect_load_failure(*state, "libz.so.1", FIRN_ERR_UNSUPPORTED, "expected DuckDB v2.0.0");
}

static void test_statements_that_are_firn_s_need_no_engine(void **state)
{
    sql_fixture *f = *state;
    firn_error err = {0};
    firn_result *result = NULL;
    assert_int_equal(setenv("FIRN_DUCKDB", "/nowhere/libduckdb.so", 1), 0);
    assert_ok(firn_session_execute(f->session, FIRN_STR("use lake"), &result, &err), &err);
    firn_result_close(result);
    assert_int_equal(unsetenv("FIRN_DUCKDB"), 0);
}

static void test_a_session_works_after_the_library_was_found(void **state)
{
    sql_fixture *f = *state;
    assert_rows(f, "select 1", "(1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_missing_library_is_named_with_a_hint),
        cmocka_unit_test(test_another_library_is_refused),
        cmocka_unit_test(test_statements_that_are_firn_s_need_no_engine),
        cmocka_unit_test(test_a_session_works_after_the_library_was_found),
    };
    return cmocka_run_group_tests(tests, sql_fixture_open, sql_fixture_close);
}
