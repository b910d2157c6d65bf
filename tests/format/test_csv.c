/* SPDX-License-Identifier: Apache-2.0 */
/* The CSV decoder: dialects, values, header, bad rows, chunks. */
#include "firn_test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "decoded_text.h"
#include "fail_alloc.h"
#include "format/text/csv.h"

static const firn_type k_boolean = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_decimal = {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const firn_type k_timestamp_ns = {.kind = FIRN_TYPE_TIMESTAMP_NS};
static const firn_type k_timestamptz = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_type k_uuid = {.kind = FIRN_TYPE_UUID};
static const firn_field k_element = {.id = 9, .name = FIRN_STR_INIT("element"), .type = &k_int};
static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = &k_element, .n_fields = 1};

typedef struct fixture {
    decoded_text out;
    firn_csv_opts opts;
    firn_csv_decoder *decoder;
} fixture;

/* A decoder for columns a, b, c of these types (NULL ends them). */
static void begin(fixture *f, const firn_csv_dialect *dialect, const firn_type *a,
                  const firn_type *b, const firn_type *c)
{
    firn_error err = {0};

    decoded_text_init(&f->out, a, b, c);
    f->opts =
        (firn_csv_opts){.on_bad_line = decoded_keep_bad, .ctx = &f->out, .max_row_bytes = 1000};
    if (dialect) f->opts.dialect = *dialect;
    assert_ok(firn_csv_decoder_create(&f->out.root, &f->opts, &f->decoder, &err), &err);
}

static void end(fixture *f)
{
    firn_csv_decoder_destroy(f->decoder);
    firn_batch_destroy(f->out.batch);
}

/* Decodes a whole stream in pieces of at most `chunk` bytes, each from memory of its size. */
static firn_status decode_in(fixture *f, firn_str text, size_t chunk, firn_error *err)
{
    size_t from = 0;
    size_t to = 0;
    firn_status st;

    firn_csv_decoder_reset(f->decoder);
    firn_batch_reset(f->out.batch);
    f->out.batch->n_rows = 0;
    f->out.n_bad = 0;
    do {
        size_t used = 0;
        char *copy;
        to = text.len - to < chunk ? text.len : to + chunk;
        copy = firn_mem_alloc(NULL, to - from + (to == from));
        memcpy(copy, text.data + from, to - from);
        st = firn_csv_decode(f->decoder, (firn_str){copy, to - from}, to == text.len, 100,
                             f->out.batch, f->out.line_numbers, &used, err);
        firn_mem_free(NULL, copy);
        from += used;
    } while (st == FIRN_NEED_MORE);
    if (st == FIRN_DONE) assert_int_equal(from, text.len);
    return st;
}

static void decode(fixture *f, firn_str text)
{
    firn_error err = {0};
    assert_int_equal(decode_in(f, text, text.len + 1, &err), FIRN_DONE);
}

static void test_quotes_newlines_and_all_line_ends(void **state)
{
    fixture f;

    (void)state;
    begin(&f, NULL, &k_string, &k_string, NULL);
    decode(&f, FIRN_STR("\xEF\xBB\xBF\"a\",b\r\n1,\"two, \"\"quoted\"\"\r\nlines\"\n\n"
                        "x\"y,\"\"\r,\r\n\"\"\"\",z"));
    assert_int_equal(f.out.n_bad, 0);
    assert_int_equal(f.out.batch->n_rows, 4);
    decoded_assert_text(&f.out, 0, 0, "1");
    decoded_assert_text(&f.out, 1, 0, "two, \"quoted\"\r\nlines");
    decoded_assert_text(&f.out, 0, 1, "x\"y");
    decoded_assert_text(&f.out, 1, 1, "");
    decoded_assert_text(&f.out, 0, 2, NULL);
    decoded_assert_text(&f.out, 1, 2, NULL);
    decoded_assert_text(&f.out, 0, 3, "\"");
    decoded_assert_text(&f.out, 1, 3, "z");
    assert_int_equal(f.out.line_numbers[0], 2);
    assert_int_equal(f.out.line_numbers[1], 5);
    assert_int_equal(f.out.line_numbers[2], 6);
    assert_int_equal(f.out.line_numbers[3], 7);
    end(&f);
}

static void test_dialects(void **state)
{
    const firn_csv_dialect odd = {.delimiter = '\t',
                                  .quote = '\'',
                                  .escape = '\\',
                                  .has_no_header = true,
                                  .null_text = FIRN_STR_INIT("\\N")};
    const firn_csv_dialect plain = {
        .delimiter = ';', .quote = FIRN_CSV_NO_QUOTE, .has_no_header = true};
    fixture f;

    (void)state;
    begin(&f, &odd, &k_string, &k_string, NULL);
    decode(&f, FIRN_STR("'it\\'s \\\\ a \\n'\t\\N\n'\\N'\t\n"));
    assert_int_equal(f.out.n_bad, 0);
    decoded_assert_text(&f.out, 0, 0, "it's \\ a \\n");
    decoded_assert_text(&f.out, 1, 0, NULL);
    decoded_assert_text(&f.out, 0, 1, "\\N");
    decoded_assert_text(&f.out, 1, 1, "");
    end(&f);
    begin(&f, &plain, &k_string, &k_string, NULL);
    decode(&f, FIRN_STR("\"a;b\"\n"));
    decoded_assert_text(&f.out, 0, 0, "\"a");
    decoded_assert_text(&f.out, 1, 0, "b\"");
    end(&f);
}

static void test_impossible_dialects_are_refused(void **state)
{
    static const firn_csv_dialect k_bad[] = {
        {.delimiter = '1'},        {.delimiter = '.'}, {.delimiter = '\n'},
        {.delimiter = (char)0xC3}, {.delimiter = '"'}, {.quote = 'x'},
        {.escape = ','},           {.escape = '\r'},   {.delimiter = ' '}};
    fixture f;
    firn_csv_decoder *decoder = NULL;

    (void)state;
    begin(&f, NULL, &k_string, NULL, NULL);
    for (size_t i = 0; i < sizeof k_bad / sizeof k_bad[0]; i++) {
        firn_error err = {0};
        f.opts.dialect = k_bad[i];
        assert_fails(firn_csv_decoder_create(&f.out.root, &f.opts, &decoder, &err), FIRN_ERR_ARG,
                     &err, "csv");
        assert_null(decoder);
    }
    end(&f);
}

static void test_numbers_as_people_write_them(void **state)
{
    fixture f;
    const int32_t *a;
    const double *b;
    const int32_t *c;

    (void)state;
    begin(&f, NULL, &k_int, &k_double, &k_decimal);
    decode(&f, FIRN_STR("a,b,c\n007,.5,1\n +5 ,5.,-.25\n-0,NaN,1e2\n\"12\",-inf,\"+0012.340\"\n"
                        "1.0,1,1\n2147483648,1,1\n1x,1,1\n1,1.2.3,1\n1,1,0.001\n--1,1,1\n"
                        "\"\",\"\",\" \"\n"));
    a = f.out.batch->columns[0].values;
    b = f.out.batch->columns[1].values;
    c = f.out.batch->columns[2].values;
    assert_int_equal(f.out.batch->n_rows, 4);
    assert_int_equal(a[0], 7);
    assert_int_equal(a[1], 5);
    assert_int_equal(a[2], 0);
    assert_int_equal(a[3], 12);
    assert_true(b[0] == 0.5 && b[1] == 5.0 && isnan(b[2]) && b[3] < 0 && isinf(b[3]));
    assert_int_equal(c[0], 100);
    assert_int_equal(c[1], -25);
    assert_int_equal(c[2], 10000);
    assert_int_equal(c[3], 1234);
    assert_int_equal(f.out.n_bad, 7);
    decoded_assert_bad(&f.out, 0, 6, "expected an integer for \"a\", found 1.0");
    decoded_assert_bad(&f.out, 1, 7, "number out of range of int for \"a\"");
    decoded_assert_bad(&f.out, 2, 8, "expected an integer for \"a\", found \"1x\"");
    decoded_assert_bad(&f.out, 3, 9, "expected a number for \"b\", found \"1.2.3\"");
    assert_int_equal(f.out.bad[3].error_offset, 2);
    decoded_assert_bad(&f.out, 4, 10, "0.001 does not fit decimal(9,2) exactly for \"c\"");
    decoded_assert_bad(&f.out, 5, 11, "expected an integer for \"a\", found \"--1\"");
    decoded_assert_bad(&f.out, 6, 12, "expected a number for \"c\", found \" \"");
    end(&f);
}

static void test_times_booleans_and_nested_values(void **state)
{
    fixture f;

    (void)state;
    begin(&f, NULL, &k_boolean, &k_date, &k_timestamptz);
    decode(&f, FIRN_STR("a,b,c\nTRUE,1970-01-02,1970-01-01 00:00:01\nno, 1970-01-03 ,"
                        "1970-01-01T02:00:00+02\n2,1970-01-01,\n1,x,\n"));
    assert_int_equal(f.out.batch->n_rows, 2);
    assert_int_equal(((uint8_t *)f.out.batch->columns[0].values)[0], 1);
    assert_int_equal(((uint8_t *)f.out.batch->columns[0].values)[1], 0);
    assert_int_equal(((int32_t *)f.out.batch->columns[1].values)[1], 2);
    assert_int_equal(((int64_t *)f.out.batch->columns[2].values)[0], 1000000);
    assert_int_equal(((int64_t *)f.out.batch->columns[2].values)[1], 0);
    decoded_assert_bad(&f.out, 0, 4, "expected a boolean for \"a\", found \"2\"");
    decoded_assert_bad(&f.out, 1, 5, "the string for \"b\" is not a valid date");
    end(&f);
    begin(&f, NULL, &k_list, &k_uuid, &k_timestamp_ns);
    decode(&f, FIRN_STR("a,b,c\n\"[1, 2]\",61626364-6566-6768-696a-6b6c6d6e6f70,"
                        "1970-01-01 00:00:00.000000001\n[],,\n[1 2],,\n\"[1\n]\",,\n[1]x,,\n"));
    assert_int_equal(f.out.batch->n_rows, 2);
    assert_int_equal(f.out.batch->columns[0].children[0].n_values, 2);
    assert_int_equal(((int32_t *)f.out.batch->columns[0].children[0].values)[1], 2);
    assert_int_equal(((firn_list_entry *)f.out.batch->columns[0].values)[1].length, 0);
    decoded_assert_text(&f.out, 1, 0, "abcdefghijklmnop");
    assert_int_equal(((int64_t *)f.out.batch->columns[2].values)[0], 1);
    assert_int_equal(f.out.n_bad, 3);
    decoded_assert_bad(&f.out, 0, 4, "expected ',' or ']', found a number");
    decoded_assert_bad(&f.out, 1, 5, "expected ',' or ']'");
    decoded_assert_bad(&f.out, 2, 7,
                       "expected the end of the value for \"a\", found no json value");
    end(&f);
}

static void test_the_header_maps_fields_by_name(void **state)
{
    fixture f;
    firn_error err = {0};

    (void)state;
    begin(&f, NULL, &k_int, &k_string, &k_long);
    decode(&f, FIRN_STR("\nc,skipped,b\n5,x,text\n,\"y\nz\",\n"));
    assert_int_equal(f.out.n_bad, 0);
    assert_int_equal(f.out.batch->n_rows, 2);
    assert_false(firn_column_is_valid(&f.out.batch->columns[0], 0));
    decoded_assert_text(&f.out, 1, 0, "text");
    assert_int_equal(((int64_t *)f.out.batch->columns[2].values)[0], 5);
    decoded_assert_text(&f.out, 1, 1, NULL);
    assert_fails(decode_in(&f, FIRN_STR("a,b,a\n"), 99, &err), FIRN_ERR_CORRUPT, &err,
                 "the header names \"a\" twice");
    assert_fails(decode_in(&f, FIRN_STR("x,y\n"), 99, &err), FIRN_ERR_CORRUPT, &err,
                 "the header names none of the 3 columns");
    assert_fails(decode_in(&f, FIRN_STR("a,\"b\n"), 99, &err), FIRN_ERR_CORRUPT, &err,
                 "header: field 2 has a quote without end");
    assert_int_equal(err.position, 2);
    end(&f);
    begin(&f, NULL, &k_int, &k_string, NULL);
    f.out.fields[0].is_required = true;
    firn_csv_decoder_destroy(f.decoder);
    assert_ok(firn_csv_decoder_create(&f.out.root, &f.opts, &f.decoder, &err), &err);
    assert_fails(decode_in(&f, FIRN_STR("b\n"), 99, &err), FIRN_ERR_CORRUPT, &err,
                 "the header does not name \"a\", which is required");
    decode(&f, FIRN_STR("a,b\n,x\n1,y\n"));
    assert_int_equal(f.out.batch->n_rows, 1);
    decoded_assert_bad(&f.out, 0, 2, "\"a\" is required and must not be null");
    end(&f);
}

static void test_one_column_files_keep_their_empty_lines(void **state)
{
    fixture f;

    (void)state;
    begin(&f, NULL, &k_string, NULL, NULL);
    decode(&f, FIRN_STR("a\nx\n\ny\n"));
    assert_int_equal(f.out.batch->n_rows, 3);
    decoded_assert_text(&f.out, 0, 1, NULL);
    decoded_assert_text(&f.out, 0, 2, "y");
    end(&f);
}

static const char k_ragged[] =
    "a,b\n1,x\n2\n3,y,z\n4,\"w\"v,\"\n5,\"p\nq\"\n\n6,\xff\n7,\"open\n8,end\n9,"
    "last";

static void check_ragged(const fixture *f)
{
    assert_int_equal(f->out.batch->n_rows, 4);
    decoded_assert_text(&f->out, 1, 0, "x");
    decoded_assert_text(&f->out, 1, 1, "p\nq");
    decoded_assert_text(&f->out, 1, 2, "end");
    decoded_assert_text(&f->out, 1, 3, "last");
    assert_int_equal(f->out.line_numbers[1], 6);
    assert_int_equal(f->out.line_numbers[3], 12);
    assert_int_equal(f->out.n_bad, 5);
    decoded_assert_bad(&f->out, 0, 3, "row of 1 fields, expected 2");
    assert_int_equal(f->out.bad[0].byte_offset, 8);
    assert_int_equal(f->out.bad[0].error_offset, 1);
    decoded_assert_bad(&f->out, 1, 4, "row of 3 fields, expected 2");
    decoded_assert_bad(&f->out, 2, 5, "text behind the closing quote of field 2");
    assert_int_equal(f->out.bad[2].error_offset, 5);
    assert_string_equal(f->out.bad[2].text, "4,\"w\"v,\"");
    decoded_assert_bad(&f->out, 3, 9, "text is not valid utf-8");
    assert_int_equal(f->out.bad[3].error_offset, 2);
    decoded_assert_bad(&f->out, 4, 10, "field 2 has a quote without end");
    assert_string_equal(f->out.bad[4].text, "7,\"open");
    assert_int_equal(f->out.bad[4].error_offset, 2);
}

static void test_bad_rows_are_reported_in_every_chunking(void **state)
{
    const firn_str text = {k_ragged, sizeof k_ragged - 1};
    fixture f;
    firn_error err = {0};

    (void)state;
    begin(&f, NULL, &k_int, &k_string, NULL);
    for (size_t chunk = 1; chunk <= text.len; chunk++) {
        assert_int_equal(decode_in(&f, text, chunk, &err), FIRN_DONE);
        check_ragged(&f);
    }
    end(&f);
}

static void test_first_bad_row_is_an_error_without_callback(void **state)
{
    fixture f;
    firn_error err = {0};

    (void)state;
    begin(&f, NULL, &k_int, NULL, NULL);
    firn_csv_decoder_destroy(f.decoder);
    assert_ok(firn_csv_decoder_create(&f.out.root, NULL, &f.decoder, &err), &err);
    assert_fails(decode_in(&f, FIRN_STR("a\n1\nx\n"), 99, &err), FIRN_ERR_CORRUPT, &err,
                 "line 3: expected an integer for \"a\", found \"x\"");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.position, 4);
    assert_int_equal(f.out.batch->n_rows, 1);
    end(&f);
}

static void test_rows_are_limited_in_bytes(void **state)
{
    char text[4000];
    fixture f;
    firn_error err = {0};

    (void)state;
    begin(&f, NULL, &k_string, &k_string, NULL); /* limit 1000 */
    for (size_t len = 999; len <= 1001; len++) {
        for (size_t chunk = 1; chunk < 3000; chunk += 499) {
            memset(text, 'x', sizeof text);
            memcpy(text, "a,b\n", 4);
            text[8] = ',';
            memcpy(text + 4 + len, "\r\n1,2\n", 6);
            assert_int_equal(decode_in(&f, (firn_str){text, 10 + len}, chunk, &err), FIRN_DONE);
            assert_int_equal(f.out.batch->n_rows, len <= 1000 ? 2 : 1);
            assert_int_equal(f.out.n_bad, len <= 1000 ? 0 : 1);
            if (f.out.n_bad) decoded_assert_bad(&f.out, 0, 2, "row longer than 1000 bytes");
            assert_int_equal(f.out.line_numbers[f.out.batch->n_rows - 1], 3);
        }
    }
    /* Much longer, with an open quote: what follows its first line is read on. */
    memset(text, 'x', sizeof text);
    memcpy(text, "a,b\n1,\"\n3,4\n", 12);
    assert_int_equal(decode_in(&f, (firn_str){text, sizeof text}, 600, &err), FIRN_DONE);
    assert_int_equal(f.out.batch->n_rows, 1);
    decoded_assert_text(&f.out, 1, 0, "4");
    assert_int_equal(f.out.n_bad, 2);
    decoded_assert_bad(&f.out, 0, 2, "row longer than 1000 bytes");
    assert_string_equal(f.out.bad[0].text, "1,\"");
    decoded_assert_bad(&f.out, 1, 4, "row longer than 1000 bytes");
    end(&f);
}

static firn_status decode_something(void *ctx, firn_error *err)
{
    const firn_field fields[] = {{.id = 1, .name = FIRN_STR("a"), .type = &k_string},
                                 {.id = 2, .name = FIRN_STR("b"), .type = &k_list}};
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 2};
    firn_csv_decoder *decoder = NULL;
    firn_batch *batch = NULL;
    size_t used = 0;
    firn_status st = firn_csv_decoder_create(&root, NULL, &decoder, err);

    (void)ctx;
    if (st == FIRN_OK) st = firn_batch_create(&root, 1, &batch, err);
    if (st == FIRN_OK)
        st = firn_csv_decode(decoder,
                             FIRN_STR("a,b\n\"a \"\"text\"\" of some length\",\"[1,2,3]\"\nx,[]"),
                             true, 9, batch, NULL, &used, err);
    firn_csv_decoder_destroy(decoder);
    firn_batch_destroy(batch);
    return st;
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    assert_true(firn_fail_alloc_each(decode_something, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes_newlines_and_all_line_ends),
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_impossible_dialects_are_refused),
        cmocka_unit_test(test_numbers_as_people_write_them),
        cmocka_unit_test(test_times_booleans_and_nested_values),
        cmocka_unit_test(test_the_header_maps_fields_by_name),
        cmocka_unit_test(test_one_column_files_keep_their_empty_lines),
        cmocka_unit_test(test_bad_rows_are_reported_in_every_chunking),
        cmocka_unit_test(test_first_bad_row_is_an_error_without_callback),
        cmocka_unit_test(test_rows_are_limited_in_bytes),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
