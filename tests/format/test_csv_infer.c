/* SPDX-License-Identifier: Apache-2.0 */
/* What a CSV sample tells about its dialect and columns. */
#include "firn_test.h"

#include "base/arena.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/text/csv.h"
#include "format/text/guess.h"

/* "name:type name:type ..." */
static firn_str columns_of(firn_arena *arena, firn_str sample, const firn_csv_dialect *given,
                           firn_csv_dialect *dialect)
{
    const firn_type *root = NULL;
    firn_str out = FIRN_STR("");
    firn_error err = {0};
    char name[64];

    assert_ok(firn_csv_infer(sample, true, 0, given, arena, dialect, &root, &err), &err);
    for (size_t i = 0; i < root->n_fields; i++)
        out = firn_arena_printf(arena, "%.*s%s%.*s:%s", FIRN_STR_ARG(out), i ? " " : "",
                                FIRN_STR_ARG(root->fields[i].name),
                                firn_type_name(root->fields[i].type, name, sizeof name));
    return out;
}

static void test_types_are_the_narrowest_that_fit_all_rows(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_csv_dialect d;

    (void)state;
    assert_str(columns_of(arena,
                          FIRN_STR("i,l,d,s,b,day,t,ts,tz,zip,n,ns,mix,huge\n"
                                   "1,,1,x,true,2024-01-01,12:00:00,2024-01-01 00:00:00,"
                                   "2024-01-01T00:00:00Z,01234,,2024-01-01 00:00:00.0000001,1,"
                                   "99999999999999999999\n"
                                   "-2,3,1.5,,FALSE,2024-01-02,12:00,2024-01-02,"
                                   "2024-01-01 00:00:00+01,1234,,2024-01-01,x,1\n"),
                          NULL, &d),
               "i:long l:long d:double s:string b:boolean day:date t:time ts:timestamp "
               "tz:timestamptz zip:string n:string ns:timestamp_ns mix:string huge:string");
    assert_false(d.has_no_header);
    firn_arena_destroy(arena);
}

static void test_delimiters_are_found(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_csv_dialect d;

    (void)state;
    assert_str(columns_of(arena, FIRN_STR("a;b\n1,5;2\n2,5;\"x;y\"\n"), NULL, &d),
               "a:string b:string");
    assert_int_equal(d.delimiter, ';');
    assert_str(columns_of(arena, FIRN_STR("a\tb\tc\n1\t2\t3,4\n"), NULL, &d),
               "a:long b:long c:string");
    assert_int_equal(d.delimiter, '\t');
    assert_str(columns_of(arena,
                          FIRN_STR("\xEF\xBB\xBF"
                                   "a|b\r\n1|2\r\n"),
                          NULL, &d),
               "a:long b:long");
    assert_int_equal(d.delimiter, '|');
    assert_str(columns_of(arena, FIRN_STR("one\n1\n2\n"), NULL, &d), "one:long");
    assert_int_equal(d.delimiter, ',');
    assert_str(
        columns_of(arena, FIRN_STR("a;b,c\n1;2,3\n"), &(firn_csv_dialect){.delimiter = ','}, &d),
        "a;b:string c:long");
    firn_arena_destroy(arena);
}

static void test_a_header_has_names(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_csv_dialect d;

    (void)state;
    assert_str(columns_of(arena, FIRN_STR("1,x\n2,y\n"), NULL, &d), "column0:long column1:string");
    assert_true(d.has_no_header);
    assert_str(columns_of(arena, FIRN_STR("a,a\n2,y\n"), NULL, &d),
               "column0:string column1:string");
    assert_true(d.has_no_header);
    assert_str(columns_of(arena, FIRN_STR("a,\n2,y\n"), NULL, &d), "column0:string column1:string");
    assert_str(
        columns_of(arena, FIRN_STR("a,b\n2,y\n"), &(firn_csv_dialect){.has_no_header = true}, &d),
        "column0:string column1:string");
    assert_str(columns_of(arena, FIRN_STR("\"a \"\"q\"\"\",b"), NULL, &d),
               "a \"q\":string b:string");
    assert_false(d.has_no_header);
    firn_arena_destroy(arena);
}

static void test_a_cut_sample_ends_with_its_last_whole_row(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_type *root = NULL;
    firn_csv_dialect d;
    firn_error err = {0};

    (void)state;
    assert_ok(firn_csv_infer(FIRN_STR("a,b\n1,2\n1,x"), false, 0, NULL, arena, &d, &root, &err),
              &err);
    assert_int_equal(root->fields[1].type->kind, FIRN_TYPE_LONG);
    assert_ok(firn_csv_infer(FIRN_STR("a,b\n1,2\n1,x\n"), true, 1, NULL, arena, &d, &root, &err),
              &err);
    assert_int_equal(root->fields[1].type->kind, FIRN_TYPE_LONG);
    assert_fails(firn_csv_infer(FIRN_STR("\n\n"), true, 0, NULL, arena, &d, &root, &err),
                 FIRN_ERR_CORRUPT, &err, "no row of csv");
    firn_arena_destroy(arena);
}

static firn_status infer_something(void *ctx, firn_error *err)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_type *root = NULL;
    firn_csv_dialect d;
    firn_status st = FIRN_ERR_NOMEM;

    (void)ctx;
    if (arena)
        st = firn_csv_infer(FIRN_STR("a,b\n1,\"x\"\"\"\n"), true, 0, NULL, arena, &d, &root, err);
    else if (err)
        err->status = st;
    firn_arena_destroy(arena);
    return st;
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    assert_true(firn_fail_alloc_each(infer_something, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_are_the_narrowest_that_fit_all_rows),
        cmocka_unit_test(test_delimiters_are_found),
        cmocka_unit_test(test_a_header_has_names),
        cmocka_unit_test(test_a_cut_sample_ends_with_its_last_whole_row),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
