/* SPDX-License-Identifier: Apache-2.0 */
/* One value in one column of the NDJSON decoder: rounding, nanoseconds, keys of maps, and the words
 * of refusals. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/text/ndjson.h"

static const firn_type k_boolean = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_float = {.kind = FIRN_TYPE_FLOAT};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const firn_type k_timestamp_ns = {.kind = FIRN_TYPE_TIMESTAMP_NS};
static const firn_type k_timestamptz_ns = {.kind = FIRN_TYPE_TIMESTAMPTZ_NS};
static const firn_type k_unknown = {.kind = FIRN_TYPE_UNKNOWN};
static const firn_type k_decimal = {.kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = 5};

typedef struct report {
    int n;
    char *reason;
} report;

static firn_status keep(void *ctx, const firn_bad_line *line, firn_error *err)
{
    report *r = ctx;

    (void)err;
    r->n++;
    (void)snprintf(r->reason, 200, "%s", line->reason);
    return FIRN_OK;
}

/* Decodes lines into one column called a; the reason of the last bad one in reason. */
static firn_batch *decode(const firn_type *type, firn_str text, char reason[200], int *n_bad)
{
    const firn_field field = {.id = 1, .name = FIRN_STR("a"), .type = type};
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = &field, .n_fields = 1};
    report r = {.reason = reason};
    const firn_ndjson_opts opts = {.on_bad_line = keep, .ctx = &r};
    firn_ndjson_decoder *decoder = NULL;
    firn_batch *batch = NULL;
    firn_error err = {0};
    size_t used = 0;

    assert_ok(firn_ndjson_decoder_create(&root, &opts, &decoder, &err), &err);
    assert_ok(firn_batch_create(&root, 1, &batch, &err), &err);
    assert_int_equal(firn_ndjson_decode(decoder, text, true, 1000, batch, NULL, &used, &err),
                     FIRN_DONE);
    firn_ndjson_decoder_destroy(decoder);
    *n_bad = r.n;
    return batch;
}

/* The value of column a in a line that must be good. */
static firn_value value_of(const firn_type *type, const char *json)
{
    char line[3000];
    char reason[200] = "";
    int n_bad = 0;
    firn_value value;
    firn_batch *batch;

    (void)snprintf(line, sizeof line, "{\"a\":%s}", json);
    batch = decode(type, firn_str_of(line), reason, &n_bad);
    if (n_bad) fail_msg("%s: %.99s", reason, json);
    value = firn_column_get(&batch->columns[0], 0);
    firn_batch_destroy(batch);
    return value;
}

static void assert_refused(const firn_type *type, const char *json, const char *expected)
{
    char line[3000];
    char reason[200] = "";
    int n_bad = 0;

    (void)snprintf(line, sizeof line, "%s", json);
    firn_batch_destroy(decode(type, firn_str_of(line), reason, &n_bad));
    assert_int_equal(n_bad, 1);
    if (!strstr(reason, expected)) fail_msg("\"%s\" not in \"%s\"", expected, reason);
}

static void test_what_was_found_is_named(void **state)
{
    (void)state;
    assert_refused(&k_int, "not json", "expected an object, found no json value");
    assert_refused(&k_int, "null", "expected an object, found null");
    assert_refused(&k_int, "nullify", "expected an object, found no json value");
    assert_refused(&k_int, "true", "expected an object, found a boolean");
    assert_refused(&k_int, "falsely", "expected an object, found no json value");
    assert_refused(&k_int, "\"x\"", "expected an object, found a string");
    assert_refused(&k_int, "-", "expected an object, found a number");
    assert_refused(&k_int, "{\"a\":nul}", "expected an integer for \"a\", found no json value");
    assert_refused(&k_int, "{\"a\":nulls}", "expected ',' or '}', found no json value");
    assert_refused(&k_boolean, "{\"a\":1}", "expected a boolean for \"a\", found a number");
    assert_refused(&k_unknown, "{\"a\":1}", "expected null for \"a\", found a number");
    assert_true(value_of(&k_unknown, "null").is_null);
}

static void test_floats_are_rounded_once(void **state)
{
    (void)state;
    /* Just above half way between two floats, and rounded to there as a double. */
    assert_true(value_of(&k_float, "1.00000017881393432617187499").as.f32 == 1.00000011920928955f);
    assert_true(value_of(&k_float, "1.000000059604644775390626").as.f32 == 1.00000011920928955f);
    assert_true(value_of(&k_float, "1.000000059604644775390625").as.f32 == 1.0f);
    assert_true(value_of(&k_float, "7.0064923216240853546186479164495e-46").as.f32 == 0.0f);
    assert_true(value_of(&k_float, "7.0064923216240853546186479164496e-46").as.f32 == 0x1p-149f);
    assert_true(value_of(&k_float, "3.4028235677973366163753939545814e38").as.f32 ==
                0x1.fffffep127f);
    assert_refused(&k_float, "{\"a\":3.4028235677973366163753939545815e38}",
                   "number out of range of float");
}

static void test_doubles_are_the_nearest(void **state)
{
    (void)state;
    assert_true(value_of(&k_double, "0.1234567890123456789").as.f64 == 0.1234567890123456789);
    assert_true(value_of(&k_double, "9007199254740993").as.f64 == 9007199254740992.0);
    assert_true(value_of(&k_double, "9007199254740993.0000000000000001").as.f64 ==
                9007199254740994.0);
    assert_true(value_of(&k_double, "9007199254740995e0").as.f64 == 9007199254740996.0);
    assert_true(value_of(&k_double, "2.2250738585072011e-308").as.f64 == 2.2250738585072011e-308);
    assert_true(value_of(&k_double, "4.9e-324").as.f64 == 4.9e-324);
    assert_true(value_of(&k_double, "1e-999999999999999999999").as.f64 == 0.0);
    assert_true(value_of(&k_double, "1.7976931348623158e308").as.f64 == 1.7976931348623157e308);
    assert_refused(&k_double, "{\"a\":1.7976931348623159e308}", "out of range of double");
    assert_refused(&k_double, "{\"a\":1e999999999999999999999}", "out of range of double");
}

static void test_numbers_are_limited_in_length(void **state)
{
    char text[FIRN_LIMIT_JSON_NUMBER + 20];

    (void)state;
    for (int n = FIRN_LIMIT_JSON_NUMBER - 1; n <= FIRN_LIMIT_JSON_NUMBER + 1; n++) {
        (void)snprintf(text, sizeof text, "{\"a\":0.%0*d}", n - 2, 5);
        if (n <= FIRN_LIMIT_JSON_NUMBER) {
            text[5 + n] = '\0';
            assert_true(value_of(&k_double, text + 5).as.f64 == 0.0);
        } else {
            assert_refused(&k_double, text, "number of 2049 bytes, limit 2048");
        }
    }
}

static void test_decimal_exponents_are_exact(void **state)
{
    (void)state;
    assert_true(value_of(&k_decimal, "12345e-5").as.decimal == 12345);
    assert_true(value_of(&k_decimal, "0.00012345E+4").as.decimal == 123450);
    assert_true(value_of(&k_decimal, "0e999999999999").as.decimal == 0);
    assert_true(value_of(&k_decimal, "-1.50e1").as.decimal == -1500000);
    assert_true(value_of(&k_decimal, "1000000e-11").as.decimal == 1);
    assert_refused(&k_decimal, "{\"a\":1e-6}", "1e-6 does not fit decimal(38,5) exactly");
    assert_refused(&k_decimal, "{\"a\":1e33}", "does not fit");
    assert_refused(&k_decimal, "{\"a\":1e999999999999}", "does not fit");
}

static void test_timestamps_keep_their_nanoseconds(void **state)
{
    (void)state;
    assert_true(value_of(&k_timestamp_ns, "\"1970-01-01T00:00:00.000000001\"").as.i64 == 1);
    assert_true(value_of(&k_timestamp_ns, "\"1969-12-31T23:59:59.999999999\"").as.i64 == -1);
    assert_true(value_of(&k_timestamp_ns, "\"2024-02-29 12:00:00.5\"").as.i64 ==
                INT64_C(1709208000500000000));
    assert_true(value_of(&k_timestamptz_ns, "\"1970-01-01T02:00:00.000000007+02:00\"").as.i64 == 7);
    assert_true(value_of(&k_timestamp_ns, "\"2262-04-11T23:47:16.854775807\"").as.i64 == INT64_MAX);
    assert_true(value_of(&k_timestamp_ns, "\"1677-09-21T00:12:43.145224192\"").as.i64 == INT64_MIN);
    assert_refused(&k_timestamp_ns, "{\"a\":\"2262-04-11T23:47:16.854775808\"}",
                   "is not a valid timestamp_ns");
    assert_refused(&k_timestamp_ns, "{\"a\":\"1677-09-21T00:12:43.145224191\"}",
                   "is not a valid timestamp_ns");
    assert_refused(&k_timestamp_ns, "{\"a\":\"2024-01-01T00:00:00.0000000001\"}", "not a valid");
}

static void test_a_byte_order_mark_begins_the_stream_only(void **state)
{
    char reason[200] = "";
    int n_bad = 0;
    firn_batch *batch =
        decode(&k_int, FIRN_STR("\xEF\xBB\xBF{\"a\":1}\n\xEF\xBB\xBF{\"a\":2}\n"), reason, &n_bad);

    (void)state;
    assert_int_equal(batch->n_rows, 1);
    assert_int_equal(n_bad, 1);
    assert_string_equal(reason, "expected an object, found no json value");
    firn_batch_destroy(batch);
}

static firn_type map_of(const firn_type *key, firn_field fields[2])
{
    fields[0] = (firn_field){.id = 2, .is_required = true, .name = FIRN_STR("key"), .type = key};
    fields[1] = (firn_field){.id = 3, .name = FIRN_STR("value"), .type = &k_int};
    return (firn_type){.kind = FIRN_TYPE_MAP, .fields = fields, .n_fields = 2};
}

static void test_keys_of_maps_have_their_type(void **state)
{
    firn_field fields[2];
    firn_type map = map_of(&k_int, fields);
    char reason[200] = "";
    int n_bad = 0;
    firn_batch *batch = decode(
        &map, FIRN_STR("{\"a\":{\"7\":1,\"\\u002d8\":2}}\n{\"a\":{\"x\":1}}\n"), reason, &n_bad);

    (void)state;
    assert_int_equal(batch->n_rows, 1);
    assert_int_equal(((int32_t *)batch->columns[0].children[0].values)[0], 7);
    assert_int_equal(((int32_t *)batch->columns[0].children[0].values)[1], -8);
    assert_int_equal(n_bad, 1);
    assert_string_equal(reason, "expected an integer for \"key\", found \"x\"");
    firn_batch_destroy(batch);
    map = map_of(&k_date, fields);
    batch = decode(&map, FIRN_STR("{\"a\":{\"1970-01-02\":1}}\n"), reason, &n_bad);
    assert_int_equal(((int32_t *)batch->columns[0].children[0].values)[0], 1);
    firn_batch_destroy(batch);
}

static void test_a_map_has_each_key_once(void **state)
{
    firn_field fields[2];
    firn_type map = map_of(&k_string, fields);
    char reason[200] = "";
    int n_bad = 0;
    firn_buf text;
    firn_batch *batch;

    (void)state;
    assert_refused(&map, "{\"a\":{\"x\":1,\"y\":2,\"\\u0078\":3}}",
                   "entry 3 of map \"a\" has the key of another");
    map = map_of(&k_int, fields);
    assert_refused(&map, "{\"a\":{\"1\":1,\"01\":2}}", "entry 2 of map \"a\" has the key");
    map = map_of(&k_string, fields);
    firn_buf_init(&text, NULL, 100000);
    firn_buf_cstr(&text, "{\"a\":{");
    for (int i = 0; i < 3000; i++) firn_buf_printf(&text, "\"%d\":%d,", i, i);
    firn_buf_cstr(&text, "\"x\":1}}\n{\"a\":{");
    for (int i = 0; i < 3000; i++) firn_buf_printf(&text, "\"%d\":%d,", i, i);
    firn_buf_cstr(&text, "\"17\":1}}\n");
    batch = decode(&map, firn_buf_view(&text), reason, &n_bad);
    assert_int_equal(batch->n_rows, 1);
    assert_int_equal(n_bad, 1);
    assert_string_equal(reason, "entry 3001 of map \"a\" has the key of another");
    firn_batch_destroy(batch);
    firn_buf_dispose(&text);
}

static firn_status decode_something(void *ctx, firn_error *err)
{
    firn_field fields[2];
    const firn_type map = map_of(&k_string, fields);
    const firn_field field = {.id = 1, .name = FIRN_STR("a"), .type = &map};
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = &field, .n_fields = 1};
    firn_ndjson_decoder *decoder = NULL;
    firn_batch *batch = NULL;
    size_t used = 0;
    firn_status st = firn_ndjson_decoder_create(&root, NULL, &decoder, err);

    (void)ctx;
    if (st == FIRN_OK) st = firn_batch_create(&root, 1, &batch, err);
    if (st == FIRN_OK)
        st = firn_ndjson_decode(
            decoder,
            FIRN_STR("{\"a\":{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,"
                     "\"a key of some length\":9,\"\\u0039\":10}}\n{\"b\":1}"),
            true, 9, batch, NULL, &used, err);
    firn_ndjson_decoder_destroy(decoder);
    firn_batch_destroy(batch);
    return st;
}

static void test_every_failed_allocation_is_reported(void **state)
{
    /* A key that is not in the schema is only not remembered. */
    const firn_fail_alloc_opts opts = {.may_recover = true};

    (void)state;
    assert_true(firn_fail_alloc_each_opts(decode_something, NULL, &opts) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_found_is_named),
        cmocka_unit_test(test_floats_are_rounded_once),
        cmocka_unit_test(test_doubles_are_the_nearest),
        cmocka_unit_test(test_numbers_are_limited_in_length),
        cmocka_unit_test(test_decimal_exponents_are_exact),
        cmocka_unit_test(test_timestamps_keep_their_nanoseconds),
        cmocka_unit_test(test_a_byte_order_mark_begins_the_stream_only),
        cmocka_unit_test(test_keys_of_maps_have_their_type),
        cmocka_unit_test(test_a_map_has_each_key_once),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
