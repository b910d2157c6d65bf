/* SPDX-License-Identifier: Apache-2.0 */
/* Avro values as canonical text: files of other writers against the lines other readers give, odd
 * shapes by hand, and what is refused. Big corpora need FIRN_CORPORA. */
#include "firn_test.h"

#include <md5.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "corpus.h"
#include "format/avro/avro_render.h"
#include "format/json/json.h"

static int set_up(void **state)
{
    *state = firn_arena_create(NULL, 0);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    firn_arena_destroy(*state);
    return 0;
}

/* ---- files ---- */

static firn_status read_memory(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const firn_str *bytes = ctx;

    (void)err;
    assert_true(offset >= 0 && (size_t)offset <= bytes->len && n <= bytes->len - (size_t)offset);
    memcpy(out, bytes->data + offset, n);
    return FIRN_OK;
}

/* All records, a line each. */
static firn_status render_with(firn_avro_reader *reader, firn_buf *out, int64_t *n, firn_error *err)
{
    firn_status st = FIRN_OK;

    for (*n = 0; (st = firn_avro_render_next(reader, out, err)) == FIRN_OK; ++*n)
        firn_buf_byte(out, '\n');
    firn_avro_reader_close(reader);
    return st == FIRN_DONE ? firn_buf_check(out, err) : st;
}

/* In memory and over ranged reads, which must agree. */
static firn_status render_file(firn_str bytes, firn_buf *out, int64_t *n, firn_error *err)
{
    const firn_byte_source source = {
        .ctx = &bytes, .size_bytes = (int64_t)bytes.len, .read_at = read_memory};
    firn_avro_reader *reader = NULL;
    firn_buf again;
    int64_t n_again = 0;

    firn_buf_init(out, NULL, 0);
    firn_buf_init(&again, NULL, 0);
    *n = 0;
    firn_status st = firn_avro_reader_open_source(&source, &reader, NULL);
    if (st == FIRN_OK) st = render_with(reader, &again, &n_again, NULL);
    const firn_status by_source = st;
    st = firn_avro_reader_open(bytes, &reader, err);
    if (st == FIRN_OK) st = render_with(reader, out, n, err);
    assert_int_equal(st, by_source);
    assert_int_equal(*n, n_again);
    assert_true(firn_str_equals(firn_buf_view(out), firn_buf_view(&again)));
    firn_buf_dispose(&again);
    return st;
}

static void check_data(firn_arena *arena, const char *name, const char *lines)
{
    firn_error err = {0};
    firn_buf out;
    int64_t n = 0;

    assert_ok(render_file(corpus_read(arena, corpus_data_path(arena, name)), &out, &n, &err), &err);
    assert_str(firn_buf_view(&out), lines);
    firn_buf_dispose(&out);
}

static void test_unions_enums_and_values_that_are_no_record_are_rendered(void **state)
{
    check_data(*state, "avro/with_union.avro",
               "{\"data1\":\"textValue\",\"data2\":null}\n"
               "{\"data1\":123,\"data2\":{\"d1\":false}}\n"
               "{\"data1\":3,\"data2\":{\"d1\":\"text value\"}}\n");
    check_data(*state, "avro/echo_foo.avro",
               "{\"record\":{\"name\":\"Foo\",\"kind\":\"FOO\","
               "\"hash\":\"30313233343536373839303132333435\"}}\n");
    check_data(*state, "avro/top_level_string.avro", "\"Hello World\"\n");
    check_data(*state, "avro/weather_snappy.avro",
               "{\"station\":\"011990-99999\",\"time\":-619524000000,\"temp\":0}\n"
               "{\"station\":\"011990-99999\",\"time\":-619506000000,\"temp\":22}\n"
               "{\"station\":\"011990-99999\",\"time\":-619484400000,\"temp\":-11}\n"
               "{\"station\":\"012650-99999\",\"time\":-655531200000,\"temp\":111}\n"
               "{\"station\":\"012650-99999\",\"time\":-655509600000,\"temp\":78}\n");
}

static void test_every_type_in_every_codec(void **state)
{
    check_data(*state, "avro/all_types_null_n1.avro",
               "{\"id\":-5,\"flag\":true,\"i\":-2147483648,\"f\":-1.10934484,"
               "\"d\":-937.88073317325143,\"s\":\"abc\",\"b\":\"7f\",\"fx\":\"29151577d7207ef7\","
               "\"e\":\"GREEN\",\"os\":\"s0\",\"ol\":-9223372036854775808,\"arr\":[],"
               "\"m\":{\"k0\":72,\"k1\":65},\"mm\":[{\"key\":0,\"value\":\"0001\"}],"
               "\"nest\":{\"x\":0.56978870330414477,\"y\":\"q\"},\"dt\":19068,"
               "\"ts\":1700496542352302,\"dec\":\"00c2ef977b89\","
               "\"u\":\"22f650d4ba1d030c92532b33859164e8\"}\n");
}

static void test_codecs_that_are_not_supported_are_named(void **state)
{
    firn_error err = {0};
    firn_buf out;
    int64_t n = 0;

    assert_fails(
        render_file(corpus_read(*state, corpus_data_path(*state, "avro/all_types_bzip2_n0.avro")),
                    &out, &n, &err),
        FIRN_ERR_UNSUPPORTED, &err, "not supported: avro codec \"bzip2\"");
    firn_buf_dispose(&out);
}

/* ---- values by hand ---- */

static firn_status render_value(firn_arena *arena, const char *json, firn_str value, firn_buf *out,
                                firn_error *err)
{
    const firn_avro_schema *schema = NULL;
    firn_cursor c = firn_cursor_of(value, 0);

    assert_ok(firn_avro_schema_parse(firn_str_of(json), arena, &schema, err), err);
    firn_buf_init(out, NULL, 1000000);
    FIRN_TRY(firn_avro_render(&c, schema, out, err));
    assert_int_equal(firn_cursor_left(&c), 0);
    return FIRN_OK;
}

static void test_values_have_one_text(void **state)
{
    static const struct value_case {
        const char *schema;
        firn_str value;
        const char *text;
    } k_cases[] = {
        {"\"null\"", FIRN_STR_INIT(""), "null"},
        {"\"float\"", FIRN_STR_INIT("\x00\x00\xc0\x7f"), "NaN"},
        {"\"float\"", FIRN_STR_INIT("\x00\x00\x80\xff"), "-Infinity"},
        {"\"float\"", FIRN_STR_INIT("\x00\x00\x00\x80"), "-0"},
        {"\"double\"", FIRN_STR_INIT("\x00\x00\x00\x00\x00\x00\xf0\x7f"), "Infinity"},
        {"\"double\"", FIRN_STR_INIT("\x9a\x99\x99\x99\x99\x99\xb9\x3f"), "0.10000000000000001"},
        {"\"string\"", FIRN_STR_INIT("\x0c\"\\\n\x1f/\x7f"), "\"\\\"\\\\\\u000a\\u001f/\x7f\""},
        {"{\"type\":\"string\",\"logicalType\":\"uuid\"}",
         FIRN_STR_INIT("\x48"
                       "22f650d4-ba1d-030c-9253-2b33859164e8"),
         "\"22f650d4ba1d030c92532b33859164e8\""},
        {"{\"type\":\"string\",\"logicalType\":\"uuid\"}",
         FIRN_STR_INIT("\x06"
                       "a-b"),
         "\"a-b\""},
        {"{\"type\":\"fixed\",\"name\":\"D\",\"size\":12,\"logicalType\":\"duration\"}",
         FIRN_STR_INIT("\x01\0\0\0\x02\0\0\0\x03\0\0\0"), "\"010000000200000003000000\""},
        {"{\"type\":\"array\",\"items\":\"null\"}", FIRN_STR_INIT("\x04\x00"), "[null,null]"},
        /* two blocks, the first with its size */
        {"{\"type\":\"array\",\"items\":\"int\"}", FIRN_STR_INIT("\x03\x04\x02\x04\x02\x06\x00"),
         "[1,2,3]"},
        {"{\"type\":\"map\",\"values\":\"int\"}",
         FIRN_STR_INIT("\x02\x02"
                       "b\x02\x03\x0c\x02"
                       "a\x04\x02"
                       "b\x06\x00"),
         "{\"a\":2,\"b\":3}"},
        {"{\"type\":\"map\",\"values\":\"null\"}", FIRN_STR_INIT("\x00"), "{}"},
        {"{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":"
         "[\"null\",\"L\"]}]}",
         FIRN_STR_INIT("\x02\x02\x00"), "{\"next\":{\"next\":{\"next\":null}}}"},
        {"{\"type\":\"record\",\"name\":\"E\",\"fields\":[]}", FIRN_STR_INIT(""), "{}"},
    };

    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_buf out;
        assert_ok(render_value(*state, k_cases[i].schema, k_cases[i].value, &out, &err), &err);
        assert_str(firn_buf_view(&out), k_cases[i].text);
        firn_buf_dispose(&out);
    }
}

static void test_values_that_lie_are_refused(void **state)
{
    static const struct value_case {
        const char *schema;
        firn_str value;
        firn_status status;
        const char *message;
    } k_cases[] = {
        {"\"boolean\"", FIRN_STR_INIT("\x02"), FIRN_ERR_CORRUPT, "boolean of value 2"},
        {"\"int\"", FIRN_STR_INIT("\x80\x80\x80\x80\x10"), FIRN_ERR_CORRUPT,
         "int of value 2147483648"},
        {"\"string\"", FIRN_STR_INIT("\x02\xff"), FIRN_ERR_CORRUPT, "string is not UTF-8"},
        {"{\"type\":\"array\",\"items\":\"int\"}", FIRN_STR_INIT("\x01\x04\x02\x00"),
         FIRN_ERR_CORRUPT, "item block of 2 bytes, its items take 1"},
        {"{\"type\":\"map\",\"values\":\"int\"}", FIRN_STR_INIT("\x02\x02\xff\x00\x00"),
         FIRN_ERR_CORRUPT, "key is not UTF-8"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", FIRN_STR_INIT("\x02"),
         FIRN_ERR_CORRUPT, "enum symbol 1 of 1"},
        {"{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\",\"type\":[\"int\"]}]}",
         FIRN_STR_INIT("\x02"), FIRN_ERR_CORRUPT, "field \"x\": union branch 1 of 1"},
        /* 300,000 nulls are more text than the output takes */
        {"{\"type\":\"array\",\"items\":\"null\"}", FIRN_STR_INIT("\xc0\xcf\x24\x00"),
         FIRN_ERR_LIMIT, "limit"},
    };

    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_buf out;
        assert_fails(render_value(*state, k_cases[i].schema, k_cases[i].value, &out, &err),
                     k_cases[i].status, &err, k_cases[i].message);
        firn_buf_dispose(&out);
    }
}

/* ---- corpora ---- */

static const json_t *read_expected(firn_arena *arena, const char *path)
{
    firn_error err = {0};
    json_t *doc = NULL;

    assert_ok(firn_json_parse(corpus_read(arena, path), arena, &doc, &err), &err);
    return doc;
}

static void md5_of(firn_str bytes, char out[33])
{
    MD5_CTX md5;

    MD5Init(&md5);
    MD5Update(&md5, (const uint8_t *)bytes.data, bytes.len);
    (void)MD5End(&md5, out);
}

static void check_own(void *ctx, const char *name, firn_str bytes)
{
    firn_arena *arena = ctx;
    firn_error err = {0};
    firn_buf out;
    char md5[33];
    int64_t n = 0;
    const firn_status st = render_file(bytes, &out, &n, &err);

    if (strstr(name, "_bzip2_") || strstr(name, "_xz_")) {
        assert_fails(st, FIRN_ERR_UNSUPPORTED, &err, "not supported: avro codec \"");
    } else {
        const char *path = firn_arena_printf(arena, "own-binary/expected/avro/%s.json",
                                             strrchr(name, '/') ? strrchr(name, '/') + 1 : name)
                               .data;
        const json_t *expected = read_expected(arena, corpus_path(arena, path));
        assert_ok(st, &err);
        md5_of(firn_buf_view(&out), md5);
        assert_int_equal(n, json_integer_value(json_object_get(expected, "records")));
        assert_string_equal(md5,
                            json_string_value(json_object_get(expected, "md5_canonical_lines")));
    }
    firn_buf_dispose(&out);
}

static void check_malformed(void *ctx, const char *name, firn_str bytes)
{
    firn_error err = {0};
    firn_buf out;
    int64_t n = 0;
    const firn_status st = render_file(bytes, &out, &n, &err);

    (void)ctx;
    if (st == FIRN_OK && !strstr(name, "bit_flip")) fail_msg("%s was accepted", name);
    if (st != FIRN_OK) assert_true(strlen(err.message) > 10);
    firn_buf_dispose(&out);
}

static void test_own_files_are_rendered_as_expected(void **state)
{
    const char *good = corpus_path(*state, "own-binary/avro");

    if (!good) skip();
    assert_int_equal(corpus_each(*state, good, ".avro", check_own, *state), 24);
    assert_true(corpus_each(*state, corpus_path(*state, "own-binary/avro_bad"), ".avro",
                            check_malformed, *state) >= 12);
}

/* Apache's files: the lines as JSON values. */
static void check_apache(firn_arena *arena, const char *name)
{
    const char *file = firn_arena_printf(arena, "avro/%s", name).data;
    const char *values = firn_arena_printf(arena, "avro/expected/%s.json", name).data;
    const json_t *rows =
        json_object_get(read_expected(arena, corpus_path(arena, values)), "rows_sorted_json");
    firn_error err = {0};
    firn_buf out;
    int64_t n = 0;

    assert_ok(render_file(corpus_read(arena, corpus_path(arena, file)), &out, &n, &err), &err);
    firn_str rest = firn_buf_view(&out);
    assert_int_equal(n, json_array_size(rows));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const firn_str line = firn_str_split(&rest, '\n');
        /* An array around it: the parser takes no bare values. */
        const firn_str wrapped = firn_arena_printf(arena, "[%.*s]", FIRN_STR_ARG(line));
        json_t *found = NULL;
        assert_ok(firn_json_parse(wrapped, arena, &found, &err), &err);
        if (!json_equal(json_array_get(found, 0), json_array_get(rows, i)))
            fail_msg("%s, record %zu: %.*s", name, i, FIRN_STR_ARG(line));
    }
    firn_buf_dispose(&out);
}

static void test_apache_files_are_rendered_as_expected(void **state)
{
    static const char *const k_names[] = {
        "lang/js/test/dat/person-10.avro",
        "share/test/data/schemas/simple/data.avro",
        "share/test/data/schemas/withUnion/data.avro",
        "share/test/data/weather.avro",
        "share/test/data/weather-deflate.avro",
        "share/test/data/weather-snappy.avro",
        "share/test/data/weather-sorted.avro",
        "share/test/data/weather-zstd.avro",
        "share/test/interop/rpc/add/onePlusOne/request.avro",
        "share/test/interop/rpc/add/onePlusOne/response.avro",
        "share/test/interop/rpc/echo/foo/request.avro",
        "share/test/interop/rpc/echo/foo/response.avro",
        "share/test/interop/rpc/hello/world/request.avro",
        "share/test/interop/rpc/hello/world/response.avro",
    };
    firn_error err = {0};
    firn_buf out;
    int64_t n = 0;

    if (!corpus_path(*state, "avro")) skip();
    for (size_t i = 0; i < sizeof k_names / sizeof k_names[0]; i++)
        check_apache(*state, k_names[i]);
    assert_ok(render_file(
                  corpus_read(*state, corpus_path(*state, "avro/share/test/data/syncInMeta.avro")),
                  &out, &n, &err),
              &err);
    assert_int_equal(n, 6001);
    firn_buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_unions_enums_and_values_that_are_no_record_are_rendered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_type_in_every_codec, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_codecs_that_are_not_supported_are_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_values_have_one_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values_that_lie_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_own_files_are_rendered_as_expected, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_apache_files_are_rendered_as_expected, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
