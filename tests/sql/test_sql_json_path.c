/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of SQL/JSON: what they find in lax and in strict mode, and what is no path. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "firn_test.h"
#include "sql/engine/sql_json_path.h"

static const char k_json[] =
    "{\"a\":[{\"b\":1,\"c\":\"x\"},{\"b\":2.5,\"c\":\"xy\"},{\"c\":null}],\"n\":-3,"
    "\"t\":[\"red\",\"blue\"],\"o\":{\"k\":true,\"q \\\"1\":[1,2,3]}}";

/* The items as an array; "wrong": the structure is not the path's; "error ..". */
static const char *find(const char *path, const char *json, char *out, size_t size)
{
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_json_path *parsed = NULL;
    firn_json_items items = {0};
    bool is_wrong = false;
    size_t n = 0;
    assert_non_null(arena);
    firn_status st = firn_json_path_parse(firn_str_of(path), arena, &parsed, &err);
    if (st == FIRN_OK)
        st = firn_json_path_items(parsed, firn_str_of(json), arena, &items, &is_wrong, &err);
    if (st != FIRN_OK) {
        (void)snprintf(out, size, "error %s", err.message);
    } else if (is_wrong) {
        (void)snprintf(out, size, "wrong");
    } else {
        out[0] = '\0';
        for (size_t i = 0; i < items.n; i++)
            n += (size_t)snprintf(out + n, size - n, "%s%.*s", i > 0 ? "," : "",
                                  FIRN_STR_ARG(items.items[i]));
    }
    firn_arena_destroy(arena);
    return out;
}

typedef struct path_case {
    const char *path, *found;
} path_case;

static void check(const path_case *cases, size_t n)
{
    char out[1024];
    for (size_t i = 0; i < n; i++) {
        if (strcmp(find(cases[i].path, k_json, out, sizeof out), cases[i].found) != 0)
            fail_msg("%s finds %s, expected %s", cases[i].path, out, cases[i].found);
    }
}

static void test_lax_paths_unwrap_arrays_and_find_nothing_where_nothing_is(void **state)
{
    static const path_case k_cases[] = {
        {"$.n", "-3"},
        {"lax $.a.b", "1,2.5"},
        {"$.a[0].b", "1"},
        {"$.a[last].c", "null"},
        {"$.a[last - 1].b", "2.5"},
        {"$.a[0, 1 to last].c", "\"x\",\"xy\",null"},
        {"$.n[0]", "-3"},
        {"$.n[1]", ""},
        {"$.nosuch.x", ""},
        {"$.o.*", "true,[1,2,3]"},
        {"$.o.\"q \"\"1\"[*]", "1,2,3"},
        {"$.t[*]", "\"red\",\"blue\""},
        {" lax  $ . t [ 1 ] ", "\"blue\""},
    };
    (void)state;
    check(k_cases, sizeof k_cases / sizeof *k_cases);
}

static void test_filters_compare_what_is_comparable(void **state)
{
    static const path_case k_cases[] = {
        {"$.a[*]?(@.b > 1).c", "\"xy\""},
        {"$.a?(@.b >= 1 && @.c == \"x\").b", "1"},
        {"$.a[*]?(@.b == 1 || @.c == null).c", "\"x\",null"},
        {"$.a[*]?(!(@.b == 1)).c", "\"xy\",null"},
        {"$.a[*]?(exists(@.b)).b", "1,2.5"},
        {"$.a[*]?(!(exists(@.b))).c", "null"},
        {"$.a[*]?(@.c starts with \"xy\").b", "2.5"},
        {"$.a[*]?((@.c < 5) is unknown).c", "\"x\",\"xy\""}, /* null is not below 5 */
        {"$.t[*]?(@ == \"blue\")", "\"blue\""},
        {"$.t[*]?(@ <> \"blue\")", "\"red\""},
        {"$.a[*]?(@.b > $.n).b", "1,2.5"},
        {"$?(@.t == \"red\").n", "-3"},
        {"$.o?(@.k == true).k", "true"},
        {"$.a[*]?(@.b < 1e0)", ""},
    };
    (void)state;
    check(k_cases, sizeof k_cases / sizeof *k_cases);
}

static void test_methods_compute(void **state)
{
    static const path_case k_cases[] = {
        {"$.a.size()", "3"},          {"$.n.size()", "1"},    {"$.t[0].type()", "\"string\""},
        {"$.o.type()", "\"object\""}, {"$.n.abs()", "3"},     {"$.a[1].b.ceiling()", "3"},
        {"$.a[1].b.floor()", "2"},    {"$.n.double()", "-3"}, {"$.t[0].double()", "wrong"},
    };
    (void)state;
    check(k_cases, sizeof k_cases / sizeof *k_cases);
}

static void test_strict_paths_ask_for_the_structure(void **state)
{
    static const path_case k_cases[] = {
        {"strict $.a[0].b", "1"},
        {"strict $.a.b", "wrong"},
        {"strict $.nosuch", "wrong"},
        {"strict $.n[0]", "wrong"},
        {"strict $.a[3]", "wrong"},
        {"strict $.a[*]?(@.b == 1).c", "\"x\""}, /* the one without b is not known to be equal */
    };
    (void)state;
    check(k_cases, sizeof k_cases / sizeof *k_cases);
}

static void test_what_is_no_path_is_refused(void **state)
{
    static const path_case k_cases[] = {
        {"a.b", "error JSON path \"a.b\": expected \"$\" at byte 0"},
        {"$.", "error JSON path \"$.\": expected the name of a member at byte 2"},
        {"$.a[", "error JSON path \"$.a[\": expected an index at byte 4"},
        {"$.a?(@.b)", "error JSON path \"$.a?(@.b)\": expected a comparison at byte 8"},
        {"$.a b", "error JSON path \"$.a b\": expected its end at byte 4"},
        {"$.\"a", "error JSON path \"$.\"a\": expected a quote at byte 4"},
        {"$.a.keyvalue()", "error not supported: JSON path \"$.a.keyvalue()\" with such a method"},
        {"$.t?(@ like_regex \"r\")",
         "error not supported: JSON path \"$.t?(@ like_regex \"r\")\" with like_regex"},
    };
    (void)state;
    check(k_cases, sizeof k_cases / sizeof *k_cases);
}

/* "$?(@.a == 1 && @.a == 1 ..)" of n tests, and "$?(((..": n parentheses. */
static void test_hostile_paths_end_in_an_error(void **state)
{
    static char path[20000];
    char out[1024];
    (void)state;
    (void)snprintf(path, sizeof path, "$?(");
    for (size_t i = 0; i < 100; i++) strncat(path, "(", sizeof path - strlen(path) - 1);
    assert_string_equal(find(path, k_json, out, sizeof out),
                        "error JSON path nested deeper than 64");
    (void)snprintf(path, sizeof path, "$?(@ == 1");
    while (strlen(path) < 8180) strncat(path, "&&@==1", sizeof path - strlen(path) - 1);
    strncat(path, ")", sizeof path - strlen(path) - 1);
    assert_string_equal(find(path, "1", out, sizeof out), "1");
    while (strlen(path) < 9000) strncat(path, "&&@==1", sizeof path - strlen(path) - 1);
    assert_non_null(strstr(find(path, "1", out, sizeof out), "limit 8192"));
    /* each step has all of an array several times */
    (void)snprintf(path, sizeof path, "$");
    for (size_t i = 0; i < 40; i++) strncat(path, "[0,0,0,0]", sizeof path - strlen(path) - 1);
    assert_string_equal(find(path, "[1]", out, sizeof out),
                        "error a JSON path with more than 10000000 values");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lax_paths_unwrap_arrays_and_find_nothing_where_nothing_is),
        cmocka_unit_test(test_filters_compare_what_is_comparable),
        cmocka_unit_test(test_methods_compute),
        cmocka_unit_test(test_strict_paths_ask_for_the_structure),
        cmocka_unit_test(test_what_is_no_path_is_refused),
        cmocka_unit_test(test_hostile_paths_end_in_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
