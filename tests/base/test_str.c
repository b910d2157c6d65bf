/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed text, numbers, UTF-8, hash, map. */
#include "base/str.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/random.h"
#include "firn_test.h"

static void test_quotes_inside_are_doubled(void **state)
{
    firn_buf buf;
    (void)state;
    firn_buf_init(&buf, NULL, 0);
    firn_buf_quoted(&buf, FIRN_STR("it's \"a\""), '\'');
    firn_buf_quoted(&buf, FIRN_STR("it's \"a\""), '"');
    firn_buf_quoted(&buf, (firn_str){NULL, 0}, '"');
    const firn_str want = FIRN_STR("'it''s \"a\"'\"it's \"\"a\"\"\"\"\"");
    assert_true(firn_str_equals(firn_buf_view(&buf), want));
    firn_buf_dispose(&buf);
}

static void test_comparing_and_cutting(void **state)
{
    firn_str none = {NULL, 0};
    (void)state;
    assert_true(firn_str_equals(none, FIRN_STR("")));
    assert_true(firn_str_equals_nocase(FIRN_STR("SeLeCt"), FIRN_STR("select")));
    assert_false(firn_str_equals_nocase(FIRN_STR("a"), FIRN_STR("ab")));
    assert_int_equal(firn_str_compare(FIRN_STR("a\xff"), FIRN_STR("ab")), 1);
    assert_int_equal(firn_str_compare(FIRN_STR("a"), FIRN_STR("ab")), -1);
    assert_int_equal(firn_str_compare(none, none), 0);
    assert_true(firn_str_starts_with(FIRN_STR("file:/x"), FIRN_STR("file:")));
    assert_true(firn_str_ends_with(FIRN_STR("a.avro"), FIRN_STR(".avro")));
    assert_false(firn_str_ends_with(FIRN_STR("o"), FIRN_STR(".avro")));
    assert_true(firn_str_ends_with(none, none));
    assert_str(firn_str_slice(FIRN_STR("abcdef"), 2, 4), "cd");
    assert_str(firn_str_slice(FIRN_STR("abc"), 2, 99), "c");
    assert_str(firn_str_slice(FIRN_STR("abc"), 9, 1), "");
    assert_str(firn_str_slice(none, 0, 3), "");
    assert_str(firn_str_trim(FIRN_STR(" \t\r\n a b \v\f")), "a b");
    assert_str(firn_str_trim(FIRN_STR("   ")), "");
}

static void test_finding_and_splitting(void **state)
{
    firn_str rest = FIRN_STR("a,,b");
    (void)state;
    assert_int_equal(firn_str_find(FIRN_STR("banana"), FIRN_STR("an"), 2), 3);
    assert_true(firn_str_find(FIRN_STR("banana"), FIRN_STR("an"), 4) == SIZE_MAX);
    assert_true(firn_str_find(FIRN_STR("a"), FIRN_STR("abc"), 0) == SIZE_MAX);
    assert_int_equal(firn_str_find(FIRN_STR("a"), FIRN_STR(""), 1), 1);
    assert_str(firn_str_split(&rest, ','), "a");
    assert_str(firn_str_split(&rest, ','), "");
    assert_non_null(rest.data);
    assert_str(firn_str_split(&rest, ','), "b");
    assert_null(rest.data);
    assert_str(firn_str_split(&rest, ','), "");
}

static void test_integers_at_their_limits(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x1",
                                      "9223372036854775808",
                                      "--1",
                                      "1e3",
                                      "99999999999999999999",
                                      "-9223372036854775809"};
    int64_t v = 0;
    (void)state;
    assert_true(firn_str_to_i64(FIRN_STR("9223372036854775807"), &v) && v == INT64_MAX);
    assert_true(firn_str_to_i64(FIRN_STR("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_true(firn_str_to_i64(FIRN_STR("+007"), &v) && v == 7);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (firn_str_to_i64(firn_str_of(bad[i]), &v)) fail_msg("accepted \"%s\"", bad[i]);
    }
}

static void test_doubles_round_trip(void **state)
{
    firn_prng prng;
    (void)state;
    firn_prng_init(&prng, 11);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = firn_prng_next(&prng);
        char text[64];
        double want;
        double got = 0;
        memcpy(&want, &bits, sizeof want);
        if (!isfinite(want)) continue;
        (void)snprintf(text, sizeof text, i % 2 ? "%.17g" : "%.17e", want);
        assert_true(firn_str_to_f64(firn_str_of(text), &got));
        assert_memory_equal(&got, &want, sizeof got);
    }
}

static void test_double_spellings(void **state)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0.0},
        {"-0", -0.0},
        {"1.5", 1.5},
        {".5", 0.5},
        {"5.", 5.0},
        {"1e22", 1e22},
        {"1E-5", 1e-5},
        {"0.1", 0.1},
        {"1e400", (double)INFINITY},
        {"-inf", -(double)INFINITY},
        {"1e99999999999999999999", (double)INFINITY},
        {"Infinity", (double)INFINITY},
        {"9007199254740993", 9007199254740992.0},
        {"123456789012345678901234567890", 1.2345678901234568e29},
        {"4.9406564584124654e-324", 4.9406564584124654e-324},
    };
    static const char *const bad[] = {"",   ".",  "-",   "e5",    "1e", "1e+",  "0x10",
                                      "1 ", " 1", "1,5", "1.2.3", "in", "1ex5", "nan(1)"};
    double v = 0;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!firn_str_to_f64(firn_str_of(good[i].text), &v)) fail_msg("no: %s", good[i].text);
        assert_memory_equal(&v, &good[i].value, sizeof v);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (firn_str_to_f64(firn_str_of(bad[i]), &v)) fail_msg("accepted \"%s\"", bad[i]);
    }
    assert_true(firn_str_to_f64(FIRN_STR("NaN"), &v) && isnan(v));
}

static void test_very_long_double_is_read_whole(void **state)
{
    char text[400];
    double v = 0;
    (void)state;
    memset(text, '0', sizeof text);
    text[0] = '1';
    text[1] = '.';
    assert_true(firn_str_to_f64((firn_str){text, sizeof text}, &v));
    assert_true(v >= 1.0 && v <= 1.0);
    text[399] = 'x';
    assert_false(firn_str_to_f64((firn_str){text, sizeof text}, &v));
}

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"250ms", 250000},
        {"10s", 10000000},
        {"10", 10000000},
        {"5m", INT64_C(300000000)},
        {"2h", INT64_C(7200000000)},
        {"1d", INT64_C(86400000000)},
        {"7us", 7},
    };
    static const char *const bad[] = {"", "s", "-1s", "1 s", "1w", "1.5s", "9223372036854775807d"};
    int64_t us = 0;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(firn_str_to_duration_us(firn_str_of(good[i].text), &us));
        assert_int_equal(us, good[i].us);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(firn_str_to_duration_us(firn_str_of(bad[i]), &us));
}

static void test_utf8(void **state)
{
    static const char *const good[] = {
        "",
        "plain ascii text longer than a word",
        "\xc3\xa9",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "12345678\xc2\x80",
    };
    static const char *const bad[] = {
        "\x80",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xe2\x82",
        "\xc3",
        "a\xff",
        "\xe2\x28\xa1",
        "12345678\xc2",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(firn_utf8_is_valid(firn_str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(firn_utf8_is_valid(firn_str_of(bad[i])));
}

static void test_distance_is_capped(void **state)
{
    char longer[300];
    (void)state;
    assert_int_equal(firn_str_distance(FIRN_STR("kitten"), FIRN_STR("sitting"), 5), 3);
    assert_int_equal(firn_str_distance(FIRN_STR("kitten"), FIRN_STR("sitting"), 2), 3);
    assert_int_equal(firn_str_distance(FIRN_STR("abc"), FIRN_STR("abc"), 2), 0);
    assert_int_equal(firn_str_distance(FIRN_STR(""), FIRN_STR("ab"), 2), 2);
    assert_int_equal(firn_str_distance(FIRN_STR("abcdefgh"), FIRN_STR("a"), 2), 3);
    memset(longer, 'a', sizeof longer);
    assert_int_equal(firn_str_distance((firn_str){longer, 300}, (firn_str){longer, 300}, 2), 3);
    assert_int_equal(firn_str_distance((firn_str){longer, 255}, (firn_str){longer, 254}, 2), 1);
}

static void test_hash_is_xxh3(void **state)
{
    (void)state;
    assert_true(firn_str_hash((firn_str){NULL, 0}) == UINT64_C(0x2d06800538d394c2));
}

static void test_map_keeps_insertion_order(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_map map;
    firn_error err;
    static int values[5000];
    (void)state;
    firn_map_init(&map, arena);
    assert_null(firn_map_find(&map, FIRN_STR("k1")));
    for (int i = 0; i < 5000; i++)
        assert_ok(firn_map_put(&map, firn_arena_printf(arena, "k%d", i), &values[i], &err), &err);
    assert_int_equal(map.n_entries, 5000);
    for (int i = 0; i < 5000; i++) {
        firn_str key = firn_arena_printf(arena, "k%d", i);
        assert_ptr_equal(firn_map_find(&map, key), &values[i]);
        assert_ptr_equal(map.entries[i].value, &values[i]);
    }
    assert_false(firn_map_has(&map, FIRN_STR("k5000")));
    firn_arena_destroy(arena);
}

static void test_map_replaces_and_stores_null(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_map map;
    firn_error err;
    int a = 0;
    (void)state;
    firn_map_init(&map, arena);
    assert_ok(firn_map_put(&map, FIRN_STR(""), &a, &err), &err);
    assert_ok(firn_map_put(&map, FIRN_STR(""), NULL, &err), &err);
    assert_int_equal(map.n_entries, 1);
    assert_null(firn_map_find(&map, FIRN_STR("")));
    assert_true(firn_map_has(&map, FIRN_STR("")));
    firn_arena_destroy(arena);
}

static void test_map_without_memory_stays_usable(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 700);
    firn_map map;
    firn_error err;
    static char keys[100];
    int n = 0;
    (void)state;
    firn_map_init(&map, arena);
    while (n < 100 && firn_map_put(&map, (firn_str){&keys[n], 1}, &keys[n], &err) == FIRN_OK) {
        n++;
        if (n < 100) keys[n] = (char)n;
    }
    assert_in_range(n, 1, 99);
    assert_int_equal(err.status, FIRN_ERR_NOMEM);
    for (int i = 0; i < n; i++)
        assert_ptr_equal(firn_map_find(&map, (firn_str){&keys[i], 1}), &keys[i]);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes_inside_are_doubled),
        cmocka_unit_test(test_comparing_and_cutting),
        cmocka_unit_test(test_finding_and_splitting),
        cmocka_unit_test(test_integers_at_their_limits),
        cmocka_unit_test(test_doubles_round_trip),
        cmocka_unit_test(test_double_spellings),
        cmocka_unit_test(test_very_long_double_is_read_whole),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_distance_is_capped),
        cmocka_unit_test(test_hash_is_xxh3),
        cmocka_unit_test(test_map_keeps_insertion_order),
        cmocka_unit_test(test_map_replaces_and_stores_null),
        cmocka_unit_test(test_map_without_memory_stays_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
