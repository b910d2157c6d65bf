/* SPDX-License-Identifier: Apache-2.0 */
/* Calendar and ISO 8601 text. The table comes from Python's datetime. */
#include "base/clock.h"

#include <stdio.h>

#include "base/str.h"
#include "firn_test.h"

#define DAY_US (INT64_C(86400) * 1000000)

static const struct {
    int64_t us;
    const char *text;
} k_vectors[] = {
    {INT64_C(-62135596800000000), "0001-01-01T00:00:00"},
    {INT64_C(253402300799999999), "9999-12-31T23:59:59.999999"},
    {INT64_C(-1), "1969-12-31T23:59:59.999999"},
    {INT64_C(0), "1970-01-01T00:00:00"},
    {INT64_C(951827445000001), "2000-02-29T12:30:45.000001"},
    {INT64_C(-2203891200000000), "1900-03-01T00:00:00"},
    {INT64_C(4107542399000000), "2100-02-28T23:59:59"},
    {INT64_C(1735603200500000), "2024-12-31T00:00:00.500000"},
    {INT64_C(-12219721077000000), "1582-10-10T01:02:03"},
    {INT64_C(165464650827320631), "7213-05-14T03:00:27.320631"},
    {INT64_C(-34300366225415088), "0883-01-24T00:29:34.584912"},
    {INT64_C(-7873321278123989), "1720-07-03T14:18:41.876011"},
    {INT64_C(61629480061079285), "3922-12-18T04:01:01.079285"},
    {INT64_C(-12590391510593320), "1571-01-10T21:01:29.406680"},
    {INT64_C(178924237733996378), "7639-11-19T09:08:53.996378"},
    {INT64_C(76597177215241103), "4397-04-08T09:40:15.241103"},
    {INT64_C(-28060711724676570), "1080-10-16T05:51:15.323430"},
    {INT64_C(-26474552285377111), "1131-01-21T13:41:54.622889"},
    {INT64_C(-33549306386376172), "0906-11-12T20:13:33.623828"},
    {INT64_C(65309401463921356), "4039-07-28T20:24:23.921356"},
    {INT64_C(14634460517029579), "2433-09-30T07:55:17.029579"},
};

static void test_vectors_format_and_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof k_vectors / sizeof k_vectors[0]; i++) {
        char text[40];
        int64_t us = 0;
        bool has_zone = true;
        assert_string_equal(firn_format_timestamp_us(k_vectors[i].us, false, text, sizeof text),
                            k_vectors[i].text);
        assert_true(firn_parse_timestamp_us(firn_str_of(text), &us, &has_zone));
        assert_true(us == k_vectors[i].us);
        assert_false(has_zone);
    }
}

static void test_extreme_timestamps_come_back(void **state)
{
    static const int64_t values[] = {INT64_MIN, INT64_MIN + 1, -DAY_US - 1, -DAY_US, -1,
                                     0,         DAY_US - 1,    INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[40];
        int64_t us = 0;
        bool has_zone = false;
        (void)firn_format_timestamp_us(values[i], true, text, sizeof text);
        assert_true(firn_parse_timestamp_us(firn_str_of(text), &us, &has_zone));
        assert_true(us == values[i]);
        assert_true(has_zone);
    }
}

static void test_every_day_of_eight_centuries_comes_back(void **state)
{
    (void)state;
    for (int64_t day = -146097; day <= 146097; day++) {
        firn_civil c = firn_civil_from_us(day * DAY_US + 3723000004);
        assert_true(firn_days_from_civil(c.year, c.month, c.day) == day);
        assert_int_equal(c.hour, 1);
        assert_int_equal(c.minute, 2);
        assert_int_equal(c.second, 3);
        assert_int_equal(c.micro, 4);
    }
}

static void test_accepted_spellings(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
        bool has_zone;
    } cases[] = {
        {"1970-01-02", DAY_US, false},
        {"1970-01-01 00:00:01", 1000000, false},
        {"1970-01-01T00:01", 60000000, false},
        {"1970-01-01T00:00:00.1", 100000, false},
        {"1970-01-01T00:00:00.123456789", 123456, false},
        {"1970-01-01T00:00:00Z", 0, true},
        {"1970-01-01T02:00:00+02:00", 0, true},
        {"1970-01-01T02:00:00+02", 0, true},
        {"1969-12-31T22:30:00-0130", 0, true},
        {"+10000-01-01", INT64_C(253402300800000000), false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t us = -1;
        bool has_zone = !cases[i].has_zone;
        if (!firn_parse_timestamp_us(firn_str_of(cases[i].text), &us, &has_zone))
            fail_msg("refused: %s", cases[i].text);
        assert_true(us == cases[i].us);
        assert_int_equal(has_zone, cases[i].has_zone);
    }
    assert_true(firn_parse_timestamp_us(FIRN_STR("1970-01-02"), &(int64_t){0}, NULL));
}

static void test_malformed_timestamps_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "2020",
        "2020-13-01",
        "2020-00-01",
        "2020-02-30",
        "2021-02-29",
        "1900-02-29",
        "2020-1-1",
        "20200101",
        "12020-01-01",
        "2020-01-01T",
        "2020-01-01T24:00:00",
        "2020-01-01T00:60:00",
        "2020-01-01T00:00:60",
        "2020-01-01T00:00:00.",
        "2020-01-01T00:00:00.1234567890",
        "2020-01-01T00:00:00+19:00",
        "2020-01-01T00:00:00ZZ",
        "2020-01-01x00:00:00",
        " 2020-01-01",
        "2020-01-01 ",
        "+9999999-01-01",
        "-290308-12-21T19:59:05.224191",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t us = 77;
        if (firn_parse_timestamp_us(firn_str_of(cases[i]), &us, NULL))
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(us, 77);
    }
}

static void test_plain_dates_are_read_as_they_are_written(void **state)
{
    static const char *const bad[] = {"2023-02-29", "1900-02-29", "2024-00-10",       "2024-13-10",
                                      "2024-04-31", "2024-04-00", "2024-4-010",       "2024/04/10",
                                      "2024-04-1x", "202a-04-10", "2024-04-\xb1\x30", "2024-04 10",
                                      "2024:04-10", "+024-04-10", "2024-0\xff-10"};
    int32_t days = 0;
    char text[40];
    (void)state;
    for (int32_t day = -719528; day < 2932897; day += 61) { /* years 0 to 9999 */
        const firn_civil c = firn_civil_from_us(day * (int64_t)86400 * 1000000);
        (void)snprintf(text, sizeof text, "%04d-%02d-%02d", (int)c.year, c.month, c.day);
        if (!firn_parse_date(firn_str_of(text), &days) || days != day)
            fail_msg("%s is day %d, expected %d", text, days, day);
    }
    days = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (firn_parse_date(firn_str_of(bad[i]), &days)) fail_msg("accepted: %s", bad[i]);
    assert_int_equal(days, 77);
}

static void test_dates_and_times(void **state)
{
    int32_t days = 0;
    int64_t us = 0;
    (void)state;
    assert_true(firn_parse_date(FIRN_STR("1969-12-31"), &days));
    assert_int_equal(days, -1);
    assert_true(firn_parse_date(FIRN_STR("2024-02-29"), &days));
    assert_int_equal(days, 19782);
    assert_false(firn_parse_date(FIRN_STR("2024-02-29T00:00:00"), &days));
    assert_true(firn_parse_time_us(FIRN_STR("23:59:59.999999"), &us));
    assert_int_equal(us, DAY_US - 1);
    assert_false(firn_parse_time_us(FIRN_STR("23:59:59Z"), &us));
    assert_false(firn_parse_time_us(FIRN_STR("7:00"), &us));
}

static void test_hand_run_clock_moves_only_when_told(void **state)
{
    firn_test_clock hand;
    firn_clock clock;
    (void)state;
    firn_test_clock_init(&hand, 5000000);
    clock = firn_test_clock_interface(&hand);
    assert_int_equal(firn_clock_wall_ms(&clock), 5000);
    clock.sleep_us(clock.ctx, 250);
    assert_int_equal(firn_clock_wall_us(&clock), 5000250);
    assert_int_equal(firn_clock_monotonic_us(&clock), 250);
    assert_int_equal(hand.n_sleeps, 1);
}

static void test_system_clock_is_after_2024(void **state)
{
    const firn_clock *clock = firn_clock_system();
    int64_t before = firn_clock_monotonic_us(clock);
    (void)state;
    assert_true(firn_clock_wall_us(clock) > INT64_C(1704067200000000));
    clock->sleep_us(clock->ctx, 1000);
    assert_true(firn_clock_monotonic_us(clock) >= before + 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_format_and_parse),
        cmocka_unit_test(test_extreme_timestamps_come_back),
        cmocka_unit_test(test_every_day_of_eight_centuries_comes_back),
        cmocka_unit_test(test_accepted_spellings),
        cmocka_unit_test(test_malformed_timestamps_are_refused),
        cmocka_unit_test(test_plain_dates_are_read_as_they_are_written),
        cmocka_unit_test(test_dates_and_times),
        cmocka_unit_test(test_hand_run_clock_moves_only_when_told),
        cmocka_unit_test(test_system_clock_is_after_2024),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
