/* SPDX-License-Identifier: Apache-2.0 */
/* The NDJSON decoder: values of every type, key order, bad lines, chunks. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "corpus.h"
#include "decoded_text.h"
#include "format/text/ndjson.h"

static const firn_type k_boolean = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_float = {.kind = FIRN_TYPE_FLOAT};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_decimal = {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2};
static const firn_type k_wide = {.kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = 10};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const firn_type k_time = {.kind = FIRN_TYPE_TIME};
static const firn_type k_timestamptz = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_type k_binary = {.kind = FIRN_TYPE_BINARY};
static const firn_type k_fixed = {.kind = FIRN_TYPE_FIXED, .length = 2};
static const firn_type k_uuid = {.kind = FIRN_TYPE_UUID};

typedef struct fixture {
    decoded_text out;
    firn_ndjson_decoder *decoder;
} fixture;

/* A decoder for columns a, b, c of these types (NULL ends them). */
static void begin(fixture *f, const firn_type *a, const firn_type *b, const firn_type *c)
{
    const firn_ndjson_opts opts = {
        .on_bad_line = decoded_keep_bad, .ctx = &f->out, .max_line_bytes = 1000};
    firn_error err = {0};

    decoded_text_init(&f->out, a, b, c);
    assert_ok(firn_ndjson_decoder_create(&f->out.root, &opts, &f->decoder, &err), &err);
}

static void end(fixture *f)
{
    firn_ndjson_decoder_destroy(f->decoder);
    firn_batch_destroy(f->out.batch);
}

/* Decodes a whole stream from memory of exactly its size. */
static void decode(fixture *f, firn_str text)
{
    char *copy = firn_mem_alloc(NULL, text.len ? text.len : 1);
    firn_error err = {0};
    size_t used = 0;

    memcpy(copy, text.data, text.len);
    assert_int_equal(firn_ndjson_decode(f->decoder, (firn_str){copy, text.len}, true, 100,
                                        f->out.batch, f->out.line_numbers, &used, &err),
                     FIRN_DONE);
    assert_int_equal(used, text.len);
    firn_mem_free(NULL, copy);
}

static void test_numbers_are_exact_and_in_range(void **state)
{
    fixture f;
    const int32_t *a;
    const int64_t *b;

    (void)state;
    begin(&f, &k_int, &k_long, &k_decimal);
    decode(&f, FIRN_STR("{\"a\":-2147483648,\"b\":9223372036854775807,\"c\":-1234567.89}\n"
                        "{\"a\":2147483648,\"b\":0,\"c\":0}\n"
                        "{\"a\":2147483647,\"b\":-9223372036854775808,\"c\":1e3}\n"
                        "{\"a\":1,\"b\":9223372036854775808,\"c\":0}\n"
                        "{\"a\":1,\"b\":99999999999999999999,\"c\":0}\n"
                        "{\"a\":-0,\"b\":7,\"c\":\"0.10000\"}\n"
                        "{\"a\":1,\"b\":1,\"c\":0.001}\n"
                        "{\"a\":1,\"b\":1,\"c\":12345678.9}\n"
                        "{\"a\":1.5,\"b\":1,\"c\":1}\n"
                        "{\"a\":01,\"b\":1,\"c\":1}\n"
                        "{\"a\":1,\"b\":1,\"c\":\"1x\"}\n"
                        "{\"a\":1,\"b\":1,\"c\":\"\"}\n"
                        "{\"a\":\"1\",\"b\":1,\"c\":1}\n"));
    assert_int_equal(f.out.batch->n_rows, 3);
    a = f.out.batch->columns[0].values;
    b = f.out.batch->columns[1].values;
    assert_int_equal(a[0], INT32_MIN);
    assert_int_equal(a[1], INT32_MAX);
    assert_int_equal(a[2], 0);
    assert_true(b[0] == INT64_MAX && b[1] == INT64_MIN);
    assert_int_equal(((int32_t *)f.out.batch->columns[2].values)[0], -123456789);
    assert_int_equal(((int32_t *)f.out.batch->columns[2].values)[1], 100000);
    assert_int_equal(((int32_t *)f.out.batch->columns[2].values)[2], 10);
    assert_int_equal(f.out.n_bad, 10);
    decoded_assert_bad(&f.out, 0, 2, "number out of range of int for \"a\"");
    decoded_assert_bad(&f.out, 1, 4, "number out of range of long for \"b\"");
    decoded_assert_bad(&f.out, 2, 5, "number out of range of long for \"b\"");
    decoded_assert_bad(&f.out, 3, 7, "0.001 does not fit decimal(9,2) exactly for \"c\"");
    decoded_assert_bad(&f.out, 4, 8, "12345678.9 does not fit decimal(9,2) exactly");
    decoded_assert_bad(&f.out, 5, 9, "expected an integer for \"a\", found 1.5");
    decoded_assert_bad(&f.out, 6, 10, "not a valid number");
    decoded_assert_bad(&f.out, 7, 11, "the string for \"c\" is not a number");
    decoded_assert_bad(&f.out, 8, 12, "not a valid number");
    decoded_assert_bad(&f.out, 9, 13, "expected an integer for \"a\", found a string");
    end(&f);
}

static void test_wide_decimals_and_doubles(void **state)
{
    fixture f;
    const firn_int128 *a;
    const double *b;
    const float *c;
    firn_int128 expected = 0;

    (void)state;
    begin(&f, &k_wide, &k_double, &k_float);
    decode(&f, FIRN_STR("{\"a\":1234567890123456789012345678.0123456789,\"b\":0.1,\"c\":3.5}\n"
                        "{\"a\":10000000000000000000000000000,\"b\":1,\"c\":1}\n"
                        "{\"a\":-0.00000000010000000000000000000000000000000000,\"b\":-1.5e300,"
                        "\"c\":1e-50}\n"
                        "{\"a\":1e27,\"b\":123456789012345678,\"c\":-0.25}\n"
                        "{\"a\":1,\"b\":1e400,\"c\":1}\n"
                        "{\"a\":1,\"b\":1,\"c\":1e39}\n"
                        "{\"a\":1e99999999999999999999,\"b\":1,\"c\":1}\n"
                        "{\"a\":0e99999999999999999999,\"b\":1,\"c\":1}\n"
                        "{\"a\":1,\"b\":2.,\"c\":1}\n"
                        "{\"a\":1,\"b\":NaN,\"c\":1}\n"));
    assert_int_equal(f.out.batch->n_rows, 4);
    a = f.out.batch->columns[0].values;
    b = f.out.batch->columns[1].values;
    c = f.out.batch->columns[2].values;
    for (const char *p = "12345678901234567890123456780123456789"; *p; p++)
        expected = expected * 10 + (*p - '0');
    assert_true(a[0] == expected);
    assert_true(a[1] == -1);
    assert_true(a[2] == (firn_int128)1000000000000000000 * 1000000000000000000 * 10);
    assert_true(a[3] == 0);
    assert_true(b[0] == 0.1 && b[1] == -1.5e300 && b[2] == 123456789012345678.0);
    assert_true(c[0] == 3.5f && c[1] == 0.0f && c[2] == -0.25f);
    assert_int_equal(f.out.n_bad, 6);
    decoded_assert_bad(&f.out, 0, 2, "does not fit decimal(38,10) exactly");
    decoded_assert_bad(&f.out, 1, 5, "number out of range of double for \"b\"");
    decoded_assert_bad(&f.out, 2, 6, "number out of range of float for \"c\"");
    decoded_assert_bad(&f.out, 3, 7, "does not fit");
    decoded_assert_bad(&f.out, 4, 9, "not a valid number");
    decoded_assert_bad(&f.out, 5, 10, "expected a number for \"b\", found no json value");
    end(&f);
}

static void test_strings_resolve_escapes(void **state)
{
    fixture f;

    (void)state;
    begin(&f, &k_string, NULL, NULL);
    decode(&f,
           FIRN_STR("{\"a\":\"\"}\n{\"a\":\"twelve bytes\"}\n{\"a\":\"thirteen byte\"}\n"
                    "{\"a\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e6\\ud83d\\ude00z\"}\n"
                    "{\"a\":\"\\u20AC and a long tail behind it\"}\n"
                    "{\"a\":12.50}\n{\"a\":true}\n{\"a\":{\"x\": [1, \"}\"]}}\n{\"a\":null}\n"
                    "{\"a\":\"\xe2\x82\xac raw\"}\n"
                    "{\"a\":\"\\ud83d\"}\n{\"a\":\"\\x\"}\n{\"a\":\"open}\n{\"a\":\"tab\there\"}\n"
                    "{\"a\":\"\xff\"}\n{\"a\":\"\xed\xa0\x80\"}\n"));
    assert_int_equal(f.out.batch->n_rows, 10);
    decoded_assert_text(&f.out, 0, 0, "");
    decoded_assert_text(&f.out, 0, 1, "twelve bytes");
    decoded_assert_text(&f.out, 0, 2, "thirteen byte");
    decoded_assert_text(&f.out, 0, 3, "a\"\\/\b\f\n\r\t\xc3\xa6\xf0\x9f\x98\x80z");
    decoded_assert_text(&f.out, 0, 4, "\xe2\x82\xac and a long tail behind it");
    decoded_assert_text(&f.out, 0, 5, "12.50");
    decoded_assert_text(&f.out, 0, 6, "true");
    decoded_assert_text(&f.out, 0, 7, "{\"x\": [1, \"}\"]}");
    decoded_assert_text(&f.out, 0, 8, NULL);
    decoded_assert_text(&f.out, 0, 9, "\xe2\x82\xac raw");
    assert_int_equal(f.out.n_bad, 6);
    decoded_assert_bad(&f.out, 0, 11, "half a surrogate pair");
    decoded_assert_bad(&f.out, 1, 12, "bad escape");
    decoded_assert_bad(&f.out, 2, 13, "string without end");
    decoded_assert_bad(&f.out, 3, 14, "control character 0x09");
    decoded_assert_bad(&f.out, 4, 15, "text is not valid utf-8");
    assert_int_equal(f.out.bad[4].error_offset, 6);
    decoded_assert_bad(&f.out, 5, 16, "text is not valid utf-8");
    end(&f);
}

static void test_times_are_utc_microseconds(void **state)
{
    fixture f;
    const int64_t *c;

    (void)state;
    begin(&f, &k_date, &k_time, &k_timestamptz);
    decode(
        &f,
        FIRN_STR("{\"a\":\"1970-01-02\",\"b\":\"00:00:01.5\",\"c\":\"2010-12-01T08:26:00.123Z\"}\n"
                 "{\"a\":\"1969-12-31\",\"b\":\"23:59:59\",\"c\":\"2010-12-01T08:26:00.000001Z\"}\n"
                 "{\"a\":\"2024-02-29\",\"b\":\"12:00:00\",\"c\":\"2010-12-01 10:26:00+02:00\"}\n"
                 "{\"a\":\"2024-02-29\",\"b\":\"12:00:00\",\"c\":\"1970-01-01T00:00:00Z\"}\n"
                 "{\"a\":\"2023-02-29\",\"b\":\"12:00:00\",\"c\":null}\n"
                 "{\"a\":\"2023-02-28\",\"b\":\"24:00:01\",\"c\":null}\n"
                 "{\"a\":null,\"b\":null,\"c\":\"2010-13-01T08:26:00Z\"}\n"
                 "{\"a\":null,\"b\":null,\"c\":\"2010-12-01T08:60:00Z\"}\n"
                 "{\"a\":null,\"b\":null,\"c\":\"2010-12-01T08:26:00Q\"}\n"
                 "{\"a\":null,\"b\":null,\"c\":1291191960}\n"));
    assert_int_equal(f.out.batch->n_rows, 4);
    assert_int_equal(((int32_t *)f.out.batch->columns[0].values)[0], 1);
    assert_int_equal(((int32_t *)f.out.batch->columns[0].values)[1], -1);
    assert_int_equal(((int64_t *)f.out.batch->columns[1].values)[0], 1500000);
    c = f.out.batch->columns[2].values;
    assert_true(c[0] == INT64_C(1291191960123000));
    assert_true(c[1] == INT64_C(1291191960000001));
    assert_true(c[2] == INT64_C(1291191960000000));
    assert_true(c[3] == 0);
    assert_int_equal(f.out.n_bad, 6);
    decoded_assert_bad(&f.out, 0, 5, "the string for \"a\" is not a valid date");
    decoded_assert_bad(&f.out, 1, 6, "the string for \"b\" is not a valid time");
    decoded_assert_bad(&f.out, 2, 7, "the string for \"c\" is not a valid timestamptz");
    decoded_assert_bad(&f.out, 5, 10, "expected a string for \"c\", found a number");
    end(&f);
}

static void test_binary_types_are_decoded(void **state)
{
    fixture f;

    (void)state;
    begin(&f, &k_binary, &k_fixed, &k_uuid);
    decode(&f,
           FIRN_STR("{\"a\":\"aGVsbG8=\",\"b\":\"4f6B\",\"c\":"
                    "\"61626364-6566-6768-696a-6b6c6d6e6f70\"}\n"
                    "{\"a\":\"aGVsbG8g\\u0064\",\"b\":null,\"c\":null}\n"
                    "{\"a\":\"aGVsbG8gd29ybGQgYWdhaW4\",\"b\":null,\"c\":null}\n"
                    "{\"a\":\"a\",\"b\":null,\"c\":null}\n{\"a\":null,\"b\":\"4f\",\"c\":null}\n"
                    "{\"a\":null,\"b\":null,\"c\":\"61626364-6566-6768-696a-6b6c6d6e6f7\"}\n"));
    assert_int_equal(f.out.batch->n_rows, 2);
    decoded_assert_text(&f.out, 0, 0, "hello");
    decoded_assert_text(&f.out, 1, 0, "Ok");
    decoded_assert_text(&f.out, 2, 0, "abcdefghijklmnop");
    decoded_assert_text(&f.out, 0, 1, "hello world again");
    assert_int_equal(f.out.n_bad, 4);
    decoded_assert_bad(&f.out, 0, 2, "\"a\" is not valid base64");
    decoded_assert_bad(&f.out, 2, 5, "\"b\" must be hex digits of 2 bytes");
    decoded_assert_bad(&f.out, 3, 6, "\"c\" must be a uuid of 16 bytes");
    end(&f);
}

/* Whatever the order, spacing and company of the keys, the rows are the same. */
static void test_key_order_and_spacing_do_not_matter(void **state)
{
    fixture f;

    (void)state;
    begin(&f, &k_int, &k_string, &k_boolean);
    decode(&f, FIRN_STR("{\"a\":1,\"b\":\"x\",\"c\":true}\n"
                        "{\"a\":1,\"b\":\"x\",\"c\":true}\n"
                        "{\"c\":true,\"b\":\"x\",\"a\":1}\n"
                        "{ \"a\" : 1 , \"b\" : \"x\" , \"c\" : true } \r\n"
                        "{\"a\":  1,\"b\":\t\"x\",\"c\":true}\n"
                        "{\"z\":{\"a\":[9]},\"a\":1,\"y\":null,\"b\":\"x\",\"c\":true,\"w\":-1e5}\n"
                        "{\"z\":[],\"a\":1,\"y\":2,\"b\":\"x\",\"c\":true,\"w\":\"\\\"\"}\n"
                        "{\"\\u0061\":1,\"b\":\"x\",\"c\":true}\n"
                        "{\"b\":\"x\",\"a_key_that_is_longer_than_thirty-two_bytes_is\":0,"
                        "\"c\":true,\"a\":1}\n"
                        "{\"b\":\"x\",\"a_key_that_is_longer_than_thirty-two_bytes_is\":0,"
                        "\"c\":true,\"a\":1}\n"
                        "{\"\":5,\"c\":true,\"a\":1,\"b\":\"x\"}\n"));
    assert_int_equal(f.out.n_bad, 0);
    assert_int_equal(f.out.batch->n_rows, 11);
    for (int64_t row = 0; row < 11; row++) {
        assert_int_equal(((int32_t *)f.out.batch->columns[0].values)[row], 1);
        decoded_assert_text(&f.out, 1, row, "x");
        assert_int_equal(((uint8_t *)f.out.batch->columns[2].values)[row], 1);
    }
    end(&f);
}

static void test_missing_keys_and_nulls_are_null(void **state)
{
    fixture f;

    (void)state;
    begin(&f, &k_int, &k_string, &k_boolean);
    decode(&f, FIRN_STR("{\"a\":1,\"b\":\"x\",\"c\":true}\n{\"a\":2,\"c\":false}\n{}\n{ }\n"
                        "{\"b\":null}\n{\"a\":3,\"b\":\"y\",\"c\":true}\n"));
    assert_int_equal(f.out.n_bad, 0);
    assert_int_equal(f.out.batch->n_rows, 6);
    decoded_assert_text(&f.out, 1, 1, NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_false(firn_column_is_valid(&f.out.batch->columns[i], 2));
        assert_false(firn_column_is_valid(&f.out.batch->columns[i], 3));
        assert_false(firn_column_is_valid(&f.out.batch->columns[i], 4));
        assert_true(firn_column_is_valid(&f.out.batch->columns[i], 5));
    }
    end(&f);
}

static void test_bad_lines_leave_no_trace(void **state)
{
    fixture f;

    (void)state;
    begin(&f, &k_int, &k_string, NULL);
    f.out.fields[0].is_required = true;
    firn_ndjson_decoder_destroy(f.decoder);
    assert_int_equal(firn_ndjson_decoder_create(
                         &f.out.root,
                         &(firn_ndjson_opts){.on_bad_line = decoded_keep_bad, .ctx = &f.out},
                         &f.decoder, NULL),
                     FIRN_OK);
    decode(
        &f,
        FIRN_STR("{\"b\":null,\"a\":null}\n{\"b\":null}\n\n  \r\n{\"a\":1,\"b\":\"x\"}\n"
                 "{\"b\":null,\"a\":x}\n[1]\n{\"a\":1}}\n{\"a\":1,}\n{\"a\" 1}\n{\"a\":1 \"b\":2}\n"
                 "{\"a\":1,\"a\":2}\n{\"a\":2,\"b\":\"y\"}"));
    assert_int_equal(f.out.batch->n_rows, 2);
    decoded_assert_text(&f.out, 1, 0, "x");
    decoded_assert_text(&f.out, 1, 1, "y");
    assert_true(firn_column_is_valid(&f.out.batch->columns[0], 1));
    assert_int_equal(f.out.line_numbers[0], 5);
    assert_int_equal(f.out.line_numbers[1], 13);
    assert_int_equal(f.out.n_bad, 9);
    decoded_assert_bad(&f.out, 0, 1, "\"a\" is required and must not be null");
    decoded_assert_bad(&f.out, 1, 2, "missing \"a\", which is required");
    assert_int_equal(f.out.bad[1].byte_offset, 20);
    assert_string_equal(f.out.bad[1].text, "{\"b\":null}");
    decoded_assert_bad(&f.out, 2, 6, "expected an integer for \"a\", found no json value");
    assert_int_equal(f.out.bad[2].error_offset, 14);
    decoded_assert_bad(&f.out, 3, 7, "expected an object, found an array");
    decoded_assert_bad(&f.out, 4, 8, "expected the end of the line, found a delimiter");
    decoded_assert_bad(&f.out, 5, 9, "expected a key, found a delimiter");
    decoded_assert_bad(&f.out, 6, 10, "expected ':' after key \"a\", found a number");
    decoded_assert_bad(&f.out, 7, 11, "expected ',' or '}', found a string");
    decoded_assert_bad(&f.out, 8, 12, "duplicate key \"a\"");
    end(&f);
}

static void test_first_bad_line_is_an_error_without_callback(void **state)
{
    fixture f;
    firn_error err = {0};
    size_t used = 0;

    (void)state;
    begin(&f, &k_int, NULL, NULL);
    firn_ndjson_decoder_destroy(f.decoder);
    assert_ok(firn_ndjson_decoder_create(&f.out.root, NULL, &f.decoder, &err), &err);
    assert_fails(firn_ndjson_decode(f.decoder, FIRN_STR("{\"a\":1}\n{\"a\":\"1\"}\n"), true, 10,
                                    f.out.batch, NULL, &used, &err),
                 FIRN_ERR_CORRUPT, &err, "line 2: expected an integer for \"a\", found a string");
    assert_int_equal(err.line, 2);
    assert_int_equal(err.position, 13);
    assert_int_equal(f.out.batch->n_rows, 1);
    assert_int_equal(used, 8);
    end(&f);
}

/* Any split of the stream into calls gives the rows and line numbers of one call. */
static void test_every_chunk_size_gives_the_same_rows(void **state)
{
    const firn_str text = FIRN_STR("{\"a\":1,\"b\":\"first\"}\n\n{bad}\n{\"a\":2,\"b\":\"a long "
                                   "second text\"}\r\n{\"b\":\"third\",\"a\":3}");

    (void)state;
    for (size_t chunk = 1; chunk <= text.len; chunk++) {
        fixture f;
        size_t from = 0;
        size_t to = 0;
        firn_status st;
        begin(&f, &k_int, &k_string, NULL);
        do {
            size_t used = 0;
            char *copy;
            to = to + chunk < text.len ? to + chunk : text.len;
            copy = firn_mem_alloc(NULL, to - from + 1);
            memcpy(copy, text.data + from, to - from);
            st = firn_ndjson_decode(f.decoder, (firn_str){copy, to - from}, to == text.len, 100,
                                    f.out.batch, f.out.line_numbers, &used, NULL);
            firn_mem_free(NULL, copy);
            from += used;
        } while (st == FIRN_NEED_MORE);
        assert_int_equal(st, FIRN_DONE);
        assert_int_equal(f.out.batch->n_rows, 3);
        decoded_assert_text(&f.out, 1, 1, "a long second text");
        decoded_assert_text(&f.out, 1, 2, "third");
        assert_int_equal(f.out.line_numbers[2], 5);
        assert_int_equal(f.out.n_bad, 1);
        assert_int_equal(f.out.bad[0].line_number, 3);
        assert_int_equal(f.out.bad[0].byte_offset, 21);
        end(&f);
    }
}

static void test_full_batch_stops_between_lines(void **state)
{
    fixture f;
    const firn_str text = FIRN_STR("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    size_t used = 0;
    size_t more = 0;

    (void)state;
    begin(&f, &k_int, NULL, NULL);
    assert_int_equal(firn_ndjson_decode(f.decoder, text, true, 2, f.out.batch, NULL, &used, NULL),
                     FIRN_OK);
    assert_int_equal(used, 16);
    assert_int_equal(f.out.batch->n_rows, 2);
    firn_batch_reset(f.out.batch);
    assert_int_equal(firn_ndjson_decode(f.decoder, firn_str_slice(text, used, text.len), true, 2,
                                        f.out.batch, f.out.line_numbers, &more, NULL),
                     FIRN_DONE);
    assert_int_equal(f.out.batch->n_rows, 1);
    assert_int_equal(((int32_t *)f.out.batch->columns[0].values)[0], 3);
    assert_int_equal(f.out.line_numbers[0], 3);
    end(&f);
}

static void test_long_lines_are_reported_once(void **state)
{
    fixture f;
    char text[4000];
    size_t used = 0;
    firn_str rest;

    (void)state;
    begin(&f, &k_int, NULL, NULL); /* limit 1000 */
    memset(text, ' ', sizeof text);
    memcpy(text, "{\"a\":1}", 7);
    memcpy(text + 2000, "\n{\"a\":2}\n", 9);
    assert_int_equal(firn_ndjson_decode(f.decoder, (firn_str){text, 1000}, false, 9, f.out.batch,
                                        NULL, &used, NULL),
                     FIRN_NEED_MORE);
    assert_int_equal(used, 0);
    assert_int_equal(firn_ndjson_decode(f.decoder, (firn_str){text, 1001}, false, 9, f.out.batch,
                                        NULL, &used, NULL),
                     FIRN_NEED_MORE);
    assert_int_equal(used, 1001);
    rest = (firn_str){text + 1001, 2009 - 1001};
    assert_int_equal(
        firn_ndjson_decode(f.decoder, rest, true, 9, f.out.batch, f.out.line_numbers, &used, NULL),
        FIRN_DONE);
    assert_int_equal(f.out.batch->n_rows, 1);
    assert_int_equal(f.out.line_numbers[0], 2);
    assert_int_equal(f.out.n_bad, 1);
    decoded_assert_bad(&f.out, 0, 1, "line longer than 1000 bytes");
    /* At the limit, and one over it, in one piece. */
    firn_ndjson_decoder_reset(f.decoder);
    text[1000] = '\n';
    decode(&f, (firn_str){text, 1001});
    assert_int_equal(f.out.batch->n_rows, 2);
    firn_ndjson_decoder_reset(f.decoder);
    text[1000] = ' ';
    text[1001] = '\n';
    decode(&f, (firn_str){text, 1002});
    assert_int_equal(f.out.batch->n_rows, 2);
    assert_int_equal(f.out.n_bad, 2);
    end(&f);
}

static void test_unsupported_columns_are_refused(void **state)
{
    static const firn_type k_geo = {.kind = FIRN_TYPE_GEOMETRY};
    static const firn_field k_field = {.id = 1, .name = FIRN_STR_INIT("t"), .type = &k_geo};
    static const firn_field k_twice[] = {{.id = 1, .name = FIRN_STR_INIT("t"), .type = &k_int},
                                         {.id = 2, .name = FIRN_STR_INIT("t"), .type = &k_int}};
    const firn_type geo = {.kind = FIRN_TYPE_STRUCT, .fields = &k_field, .n_fields = 1};
    const firn_type twice = {.kind = FIRN_TYPE_STRUCT, .fields = k_twice, .n_fields = 2};
    firn_ndjson_decoder *decoder = NULL;
    firn_error err = {0};

    (void)state;
    assert_fails(firn_ndjson_decoder_create(&geo, NULL, &decoder, &err), FIRN_ERR_UNSUPPORTED, &err,
                 "not supported: geometry column \"t\" from text");
    assert_fails(firn_ndjson_decoder_create(&twice, NULL, &decoder, &err), FIRN_ERR_ARG, &err,
                 "two columns with the name \"t\"");
    assert_fails(firn_ndjson_decoder_create(&k_int, NULL, &decoder, &err), FIRN_ERR_ARG, &err,
                 "must be a struct");
}

/* Whichever allocation fails: the status says so, and nothing is left behind. */
static void test_every_failed_allocation_is_reported(void **state)
{
    const firn_field field = {.id = 1, .name = FIRN_STR("a"), .type = &k_string};
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = &field, .n_fields = 1};
    firn_batch *batch = NULL;
    firn_status st = FIRN_ERR_NOMEM;

    (void)state;
    assert_int_equal(firn_batch_create(&root, 4, &batch, NULL), FIRN_OK);
    for (int64_t fail_at = 1; st == FIRN_ERR_NOMEM; fail_at++) {
        firn_test_alloc counting = {.fail_at = fail_at};
        const firn_allocator alloc = firn_test_alloc_interface(&counting);
        firn_ndjson_decoder *decoder = NULL;
        firn_error err = {0};
        size_t used = 0;
        assert_true(fail_at < 100);
        st =
            firn_ndjson_decoder_create(&root, &(firn_ndjson_opts){.alloc = &alloc}, &decoder, &err);
        if (st == FIRN_OK)
            st = firn_ndjson_decode(decoder, FIRN_STR("{\"a\":\"\\n\"}\n{\"b\":1}"), true, 4, batch,
                                    NULL, &used, &err);
        if (st == FIRN_ERR_NOMEM) assert_int_equal(err.status, FIRN_ERR_NOMEM);
        firn_ndjson_decoder_destroy(decoder);
        assert_int_equal(counting.n_live, 0);
        firn_batch_reset(batch);
    }
    assert_int_equal(st, FIRN_DONE);
    firn_batch_destroy(batch);
}

static void check_suite_file(void *ctx, const char *name, firn_str bytes)
{
    fixture *f = ctx;
    char line[1000];
    size_t n = 0;

    if (bytes.len > 900) return;
    /* A newline in a good text may as well be a blank; a bad one may become good by that. */
    if (name[0] != 'y' && memchr(bytes.data, '\n', bytes.len)) return;
    n = (size_t)snprintf(line, sizeof line, "{\"z\":");
    memcpy(line + n, bytes.data, bytes.len);
    for (size_t i = n; i < n + bytes.len; i++) {
        if (line[i] == '\n') line[i] = ' ';
    }
    n += bytes.len;
    line[n++] = '}';
    firn_batch_reset(f->out.batch);
    f->out.n_bad = 0;
    decode(f, (firn_str){line, n});
    if (name[0] == 'y' && f->out.n_bad != 0) fail_msg("%s: %s", name, f->out.bad[0].reason);
    if (name[0] == 'n' && f->out.n_bad == 0) fail_msg("%s was accepted", name);
    /* What implementations decide: text must be UTF-8; numbers that are not decoded have no size.
     */
    if (strncmp(name, "i_string", 8) == 0) assert_int_equal(f->out.n_bad, 1);
    if (strncmp(name, "i_number", 8) == 0) assert_int_equal(f->out.n_bad, 0);
}

/* Each text of the suite as the value of an unknown key, and of a string column. */
static void test_json_test_suite(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const char *folder = corpus_path(arena, "JSONTestSuite/test_parsing");
    fixture f;

    (void)state;
    if (!folder) {
        firn_arena_destroy(arena);
        skip();
    }
    begin(&f, &k_int, NULL, NULL);
    assert_true(corpus_each(arena, folder, ".json", check_suite_file, &f) > 180);
    f.out.fields[0] = (firn_field){.id = 1, .name = FIRN_STR("z"), .type = &k_string};
    end(&f);
    begin(&f, &k_string, NULL, NULL);
    f.out.fields[0].name = FIRN_STR("z");
    firn_ndjson_decoder_destroy(f.decoder);
    assert_int_equal(firn_ndjson_decoder_create(
                         &f.out.root,
                         &(firn_ndjson_opts){.on_bad_line = decoded_keep_bad, .ctx = &f.out},
                         &f.decoder, NULL),
                     FIRN_OK);
    assert_true(corpus_each(arena, folder, ".json", check_suite_file, &f) > 180);
    end(&f);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_exact_and_in_range),
        cmocka_unit_test(test_wide_decimals_and_doubles),
        cmocka_unit_test(test_strings_resolve_escapes),
        cmocka_unit_test(test_times_are_utc_microseconds),
        cmocka_unit_test(test_binary_types_are_decoded),
        cmocka_unit_test(test_key_order_and_spacing_do_not_matter),
        cmocka_unit_test(test_missing_keys_and_nulls_are_null),
        cmocka_unit_test(test_bad_lines_leave_no_trace),
        cmocka_unit_test(test_first_bad_line_is_an_error_without_callback),
        cmocka_unit_test(test_every_chunk_size_gives_the_same_rows),
        cmocka_unit_test(test_full_batch_stops_between_lines),
        cmocka_unit_test(test_long_lines_are_reported_once),
        cmocka_unit_test(test_unsupported_columns_are_refused),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
        cmocka_unit_test(test_json_test_suite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
