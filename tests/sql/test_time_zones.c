/* SPDX-License-Identifier: Apache-2.0 */
/* Zones of Trino's timestamps: what looks at the time of day looks at it in the zone of the value.
 */
#include "firn_test.h"

#include "base/str.h"
#include "sql_fixture.h"

#define TOKYO "TIMESTAMP '2024-01-01 20:00:00 UTC' AT TIME ZONE 'Asia/Tokyo'"

static int open_trino(void **state)
{
    if (sql_fixture_open(state) != 0) return -1;
    sql_run(*state, "set dialect = 'trino'");
    return 0;
}

static void test_fields_are_those_of_the_zone(void **state)
{
    assert_rows(*state,
                "select hour(" TOKYO "), extract(day FROM " TOKYO "), day_of_week(" TOKYO
                "), date_format(" TOKYO ", '%d %H'), hour(at_timezone(TIMESTAMP '2024-07-01 "
                "00:00:00 UTC', 'America/New_York'))",
                "(5, 2, 2, 02 05, 20)");
    assert_rows(*state,
                "select cast(" TOKYO " as date), cast(" TOKYO " as timestamp(0)), cast(" TOKYO
                " as varchar), to_unixtime(date_trunc('day', " TOKYO ")) - to_unixtime(" TOKYO ")",
                "(2024-01-02, '2024-01-02 05:00:00', '2024-01-02 05:00:00 Asia/Tokyo', "
                "-18000.0)");
}

static void test_a_zone_follows_its_value(void **state)
{
    assert_rows(*state,
                "select hour(z), hour(max(z)), hour(coalesce(z, now())) from (select " TOKYO
                " as z) group by z",
                "(5, 5, 20)");
    assert_rows(*state,
                "select hour(TIMESTAMP '2024-01-01 20:00:00 +05:30'), "
                "minute(with_timezone(TIMESTAMP '2024-01-01 20:05:00', '-03:30'))",
                "(20, 5)");
}

static void test_the_offset_of_a_zone_is_told(void **state)
{
    assert_rows(*state,
                "select timezone_hour(TIMESTAMP '2024-01-01 00:00:00 -05:30'), "
                "timezone_minute(TIMESTAMP '2024-01-01 00:00:00 -05:30'), timezone_hour(" TOKYO
                "), timezone_hour(TIMESTAMP '2024-07-01 00:00:00 Europe/Paris')",
                "(-5, -30, 9, 2)");
}

static void test_values_of_tables_are_told_in_utc_in_each_session(void **state)
{
    sql_run(*state, "create table t (tz timestamp(6) with time zone)");
    sql_run(*state, "insert into t values TIMESTAMP '2024-05-17 20:11:12 UTC'");
    sql_run(*state, "set time zone 'Asia/Tokyo'");
    assert_rows(*state, "select hour(tz), cast(tz as date), hour(tz + interval '5' hour) from t",
                "(20, 2024-05-17, 1)");
    assert_rows(*state,
                "select current_timezone(), hour(from_unixtime(0)), "
                "hour(cast(TIMESTAMP '2024-05-17 20:11:12' as timestamp(3) with time zone))",
                "(Asia/Tokyo, 9, 20)");
    sql_run(*state, "reset");
    assert_rows(*state, "select current_timezone(), hour(from_unixtime(0))", "(UTC, 0)");
}

static void assert_zone(sql_fixture *f, const char *sql, const char *zone)
{
    firn_result *result = sql_query(f, sql);
    const firn_str found = firn_result_time_zone(result, 0);
    assert_true(firn_str_equals(found, firn_str_of(zone)));
    assert_int_equal(firn_result_time_zone(result, 1).len, 0);
    firn_result_close(result);
}

static void test_a_result_tells_the_zones_of_its_columns(void **state)
{
    assert_zone(*state, "select " TOKYO ", 1", "Asia/Tokyo");
    assert_zone(*state, "select TIMESTAMP '2024-01-01 00:00:00 -05:30'", "-05:30");
    assert_zone(*state, "select TIMESTAMP '2024-01-01 00:00:00 UTC'", "");
    assert_zone(*state, "select hour(" TOKYO ")", "");
}

static void test_a_zone_that_is_none_is_refused(void **state)
{
    sql_fixture *f = *state;
    sql_expect_failure(f, "set time zone 'Mars/Olympus'", FIRN_ERR_UNSUPPORTED,
                       "unknown TimeZone 'Mars/Olympus'", NULL, 0);
    assert_rows(f, "select current_timezone()", "(UTC)");
    sql_expect_failure(f, "select hour(now() AT TIME ZONE 'Mars')", FIRN_ERR_UNSUPPORTED,
                       "unknown TimeZone 'Mars'", NULL, 0);
    sql_expect_failure(f, "select hour(now() AT TIME ZONE 'x'')) or ((''y')", FIRN_ERR_ARG,
                       "found x')) or (('y, expected a time zone", NULL, 31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields_are_those_of_the_zone, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_zone_follows_its_value, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_the_offset_of_a_zone_is_told, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_values_of_tables_are_told_in_utc_in_each_session,
                                        open_trino, sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_result_tells_the_zones_of_its_columns, open_trino,
                                        sql_fixture_close),
        cmocka_unit_test_setup_teardown(test_a_zone_that_is_none_is_refused, open_trino,
                                        sql_fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
