/* SPDX-License-Identifier: Apache-2.0 */
/* Avro container files: what other implementations wrote, what is malformed, and our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "corpus.h"
#include "format/avro/avro.h"

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

/* Skips every record. */
static firn_status count_records(firn_str bytes, int64_t *out, firn_error *err)
{
    firn_avro_reader *reader = NULL;
    firn_cursor *c = NULL;
    firn_status st = firn_avro_reader_open(bytes, &reader, err);

    *out = 0;
    if (st != FIRN_OK) return st;
    while ((st = firn_avro_reader_next(reader, &c, err)) == FIRN_OK) {
        st = firn_avro_skip(c, firn_avro_reader_schema(reader), err);
        st = firn_avro_reader_blame(reader, st, err);
        if (st != FIRN_OK) break;
        ++*out;
    }
    firn_avro_reader_close(reader);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status sink_append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf *buf = ctx;

    firn_buf_append(buf, data, n);
    return firn_buf_check(buf, err);
}

static const uint8_t k_sync[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

#define PAIR_SCHEMA                                                                          \
    "{\"type\":\"record\",\"name\":\"pair\",\"fields\":[{\"name\":\"k\",\"type\":\"long\"}," \
    "{\"name\":\"v\",\"type\":\"string\"}]}"

/* n records {k: i, v: "value <i>"} */
static void write_pairs(firn_buf *file, firn_codec codec, int n)
{
    const firn_byte_sink sink = {file, sink_append};
    const firn_avro_meta meta = {FIRN_STR("format-version"), FIRN_STR("2")};
    firn_avro_writer *writer = NULL;
    firn_error err = {0};
    firn_buf record;

    firn_buf_init(&record, NULL, 1000);
    if (firn_avro_writer_create(FIRN_STR(PAIR_SCHEMA), &meta, 1, codec, 0, k_sync, &sink, &writer,
                                &err) != FIRN_OK)
        fail_msg("%s", err.message);
    for (int i = 0; i < n; i++) {
        char text[32];
        firn_buf_clear(&record);
        firn_buf_zigzag(&record, i);
        (void)snprintf(text, sizeof text, "value %d", i);
        firn_avro_write_bytes(&record, firn_str_of(text));
        assert_int_equal(firn_avro_writer_append(writer, firn_buf_view(&record), NULL), FIRN_OK);
    }
    assert_int_equal(firn_avro_writer_finish(writer, NULL), FIRN_OK);
    firn_avro_writer_destroy(writer);
    firn_buf_dispose(&record);
}

static void check_pairs(firn_str file, int n)
{
    firn_avro_reader *reader = NULL;
    firn_cursor *c = NULL;
    firn_str meta = {0};
    int next = 0;

    assert_int_equal(firn_avro_reader_open(file, &reader, NULL), FIRN_OK);
    assert_true(firn_avro_reader_meta(reader, FIRN_STR("format-version"), &meta));
    assert_true(firn_str_equals(meta, FIRN_STR("2")));
    assert_false(firn_avro_reader_meta(reader, FIRN_STR("content"), &meta));
    for (; firn_avro_reader_next(reader, &c, NULL) == FIRN_OK; next++) {
        char text[32];
        int64_t k = 0;
        firn_str v = {0};
        assert_int_equal(firn_cursor_zigzag(c, &k, NULL), FIRN_OK);
        assert_int_equal(firn_avro_read_bytes(c, &v, NULL), FIRN_OK);
        (void)snprintf(text, sizeof text, "value %d", next);
        assert_int_equal(k, next);
        assert_true(firn_str_equals(v, firn_str_of(text)));
    }
    assert_int_equal(next, n);
    firn_avro_reader_close(reader);
}

static void test_written_files_read_back(void **state)
{
    static const firn_codec k_codecs[] = {FIRN_CODEC_NONE, FIRN_CODEC_DEFLATE, FIRN_CODEC_ZSTD};
    static const int k_counts[] = {0, 1, 20000};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            firn_buf file;
            firn_buf_init(&file, NULL, 10000000);
            write_pairs(&file, k_codecs[i], k_counts[k]);
            check_pairs(firn_buf_view(&file), k_counts[k]);
            firn_buf_dispose(&file);
        }
    }
}

static void test_every_truncation_is_refused_or_shorter(void **state)
{
    firn_buf file;
    int64_t n = 0;

    firn_buf_init(&file, NULL, 100000);
    write_pairs(&file, FIRN_CODEC_NONE, 3);
    (void)state;
    for (size_t len = 0; len < file.len; len++) {
        /* An exact copy, so that the sanitizer sees a read behind the end. */
        char *copy = firn_mem_alloc(NULL, len ? len : 1);
        firn_status st;
        memcpy(copy, file.data, len);
        st = count_records((firn_str){copy, len}, &n, NULL);
        if (st == FIRN_OK) assert_int_equal(n, 0); /* cut right behind the header */
        if (st != FIRN_OK) assert_int_equal(st, FIRN_ERR_CORRUPT);
        firn_mem_free(NULL, copy);
    }
    firn_buf_dispose(&file);
}

static void test_writer_refuses_bad_arguments(void **state)
{
    firn_buf file;
    const firn_byte_sink sink = {&file, sink_append};
    const firn_avro_meta reserved = {FIRN_STR("avro.codec"), FIRN_STR("x")};
    firn_avro_writer *writer = NULL;
    firn_error err = {0};

    (void)state;
    firn_buf_init(&file, NULL, 1000);
    assert_int_equal(firn_avro_writer_create(FIRN_STR("\"int\""), NULL, 0, FIRN_CODEC_LZ4_RAW, 0,
                                             k_sync, &sink, &writer, &err),
                     FIRN_ERR_UNSUPPORTED);
    assert_int_equal(firn_avro_writer_create(FIRN_STR("\"inf\""), NULL, 0, FIRN_CODEC_NONE, 0,
                                             k_sync, &sink, &writer, &err),
                     FIRN_ERR_CORRUPT);
    assert_int_equal(firn_avro_writer_create(FIRN_STR("\"int\""), &reserved, 1, FIRN_CODEC_NONE, 0,
                                             k_sync, &sink, &writer, &err),
                     FIRN_ERR_ARG);
    assert_string_equal(err.message, "avro metadata key \"avro.codec\" is reserved");
    firn_buf_dispose(&file);
}

static void test_writer_stops_after_a_failed_sink(void **state)
{
    firn_buf file;
    const firn_byte_sink sink = {&file, sink_append};
    firn_avro_writer *writer = NULL;
    firn_error err = {0};

    (void)state;
    firn_buf_init(&file, NULL, 70); /* room for the header only */
    assert_int_equal(firn_avro_writer_create(FIRN_STR("\"string\""), NULL, 0, FIRN_CODEC_NONE, 0,
                                             k_sync, &sink, &writer, NULL),
                     FIRN_OK);
    assert_int_equal(firn_avro_writer_append(writer,
                                             FIRN_STR("\x06"
                                                      "abc"),
                                             NULL),
                     FIRN_OK);
    assert_int_equal(firn_avro_writer_append(writer,
                                             FIRN_STR("\x1e"
                                                      "abcdefghijklmno"),
                                             NULL),
                     FIRN_OK);
    assert_int_equal(firn_avro_writer_finish(writer, &err), FIRN_ERR_LIMIT);
    assert_int_equal(firn_avro_writer_finish(writer, &err), FIRN_ERR_LIMIT);
    assert_string_equal(err.message, "avro writer has failed before");
    firn_avro_writer_destroy(writer);
    firn_buf_dispose(&file);
}

static void begin_file(firn_buf *file, const char *schema)
{
    firn_buf_init(file, NULL, 100000);
    firn_buf_append(file, "Obj\1", 4);
    firn_buf_zigzag(file, 1);
    firn_avro_write_bytes(file, FIRN_STR("avro.schema"));
    firn_avro_write_bytes(file, firn_str_of(schema));
    firn_buf_zigzag(file, 0);
    firn_buf_append(file, k_sync, 16);
}

static void end_block(firn_buf *file, int64_t n, firn_str payload)
{
    firn_buf_zigzag(file, n);
    firn_buf_zigzag(file, (int64_t)payload.len);
    firn_buf_str(file, payload);
    firn_buf_append(file, k_sync, 16);
}

static void test_hostile_counts_are_refused(void **state)
{
    static const struct hostile_case {
        const char *schema;
        int64_t n;
        firn_str payload;
        firn_status status;
        const char *message;
    } k_cases[] = {
        {"\"int\"", 3, FIRN_STR_INIT("\x02\x02"), FIRN_ERR_CORRUPT,
         "3 records of 1 bytes or more in 2 bytes"},
        {"\"int\"", -1, FIRN_STR_INIT("\x02"), FIRN_ERR_CORRUPT, "block of -1 records"},
        {"\"null\"", INT64_MAX, FIRN_STR_INIT(""), FIRN_ERR_LIMIT, "more than 1000000 records"},
        {"{\"type\":\"array\",\"items\":\"int\"}", 1, FIRN_STR_INIT("\x08\x02\x00"),
         FIRN_ERR_CORRUPT, "block of 4 items of 1 bytes or more in 2 bytes"},
        {"{\"type\":\"array\",\"items\":\"int\"}", 1,
         FIRN_STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"), FIRN_ERR_CORRUPT,
         "block of -9223372036854775808 items"},
        {"{\"type\":\"array\",\"items\":\"int\"}", 1, FIRN_STR_INIT("\x01\x08\x02\x00"),
         FIRN_ERR_CORRUPT, "item block of 4 bytes, 2 left"},
        {"{\"type\":\"array\",\"items\":\"null\"}", 1, FIRN_STR_INIT("\x82\x89\x7a\x00"),
         FIRN_ERR_LIMIT, "block of 1000001 empty items"},
        {"[\"null\",\"int\"]", 1, FIRN_STR_INIT("\x04"), FIRN_ERR_CORRUPT, "union branch 2 of 2"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", 1, FIRN_STR_INIT("\x01"),
         FIRN_ERR_CORRUPT, "enum symbol -1 of 1"},
        {"\"bytes\"", 1, FIRN_STR_INIT("\x01"), FIRN_ERR_CORRUPT, "negative length -1"},
        {"\"bytes\"", 1,
         FIRN_STR_INIT("\x7e"
                       "abc"),
         FIRN_ERR_CORRUPT, "truncated"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        firn_buf file;
        int64_t n = 0;
        begin_file(&file, k_cases[i].schema);
        end_block(&file, k_cases[i].n, k_cases[i].payload);
        assert_int_equal(count_records(firn_buf_view(&file), &n, &err), k_cases[i].status);
        if (!strstr(err.message, k_cases[i].message))
            fail_msg("\"%s\" not in \"%s\"", k_cases[i].message, err.message);
        firn_buf_dispose(&file);
    }
}

/* A file that claims a large block and has none: only its head can be read. */
typedef struct claimed_file {
    firn_str head;
    size_t largest; /* read that was asked for */
} claimed_file;

static firn_status read_claimed(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    claimed_file *file = ctx;
    const size_t at = (size_t)offset < file->head.len ? (size_t)offset : file->head.len;
    const size_t have = file->head.len - at < n ? file->head.len - at : n;

    if (n > file->largest) file->largest = n;
    if (n > FIRN_LIMIT_PAGE / 2) return firn_fail(err, FIRN_ERR_IO, "asked for the block");
    memset(out, 0, n);
    memcpy(out, file->head.data + at, have);
    return FIRN_OK;
}

static firn_status read_claim(firn_str head, int64_t size, size_t *largest, firn_error *err)
{
    claimed_file file = {head, 0};
    const firn_byte_source source = {.ctx = &file, .size_bytes = size, .read_at = read_claimed};
    firn_avro_reader *reader = NULL;
    firn_cursor *c = NULL;

    firn_status st = firn_avro_reader_open_source(&source, &reader, err);
    if (st == FIRN_OK) st = firn_avro_reader_next(reader, &c, err);
    firn_avro_reader_close(reader);
    *largest = file.largest;
    return st;
}

static void test_packed_blocks_have_a_largest_size(void **state)
{
    (void)state;
    for (int64_t size = (int64_t)FIRN_LIMIT_PAGE - 1; size <= (int64_t)FIRN_LIMIT_PAGE + 1;
         size++) {
        const bool is_over = size > (int64_t)FIRN_LIMIT_PAGE;
        firn_error err = {0};
        firn_buf head;
        size_t largest = 0;
        begin_file(&head, "\"int\"");
        firn_buf_zigzag(&head, 1);
        firn_buf_zigzag(&head, size);
        assert_int_equal(read_claim(firn_buf_view(&head), size + 1000, &largest, &err),
                         is_over ? FIRN_ERR_LIMIT : FIRN_ERR_IO);
        assert_non_null(
            strstr(err.message, is_over ? "bytes, limit 268435456" : "asked for the block"));
        firn_buf_dispose(&head);
    }
}

/* What a file claims is not what is allocated. */
static void test_a_small_file_that_claims_much_costs_little(void **state)
{
    firn_error err = {0};
    firn_buf head;
    size_t largest = 0;

    (void)state;
    begin_file(&head, "\"int\"");
    firn_buf_zigzag(&head, INT64_C(1) << 60);
    firn_buf_zigzag(&head, 1);
    firn_buf_append(&head, "\2", 1);
    firn_buf_append(&head, k_sync, 16);
    assert_int_equal(read_claim(firn_buf_view(&head), (int64_t)head.len, &largest, &err),
                     FIRN_ERR_CORRUPT);
    assert_non_null(strstr(err.message, "1152921504606846976 records of 1 bytes or more in 1"));
    assert_true(largest < 200);
    firn_buf_dispose(&head);

    begin_file(&head, "\"int\"");
    firn_buf_zigzag(&head, 1);
    firn_buf_zigzag(&head, INT64_C(1) << 60);
    assert_int_equal(read_claim(firn_buf_view(&head), (int64_t)head.len, &largest, &err),
                     FIRN_ERR_CORRUPT);
    assert_non_null(strstr(err.message, "truncated: block of 1152921504606846976 bytes"));
    assert_true(largest < 200);
    firn_buf_dispose(&head);
}

static void test_deep_recursive_value_is_refused(void **state)
{
    firn_error err = {0};
    firn_buf file;
    char payload[200];
    int64_t n = 0;

    (void)state;
    memset(payload, 2, sizeof payload); /* branch 1 again and again */
    begin_file(&file, "{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\","
                      "\"type\":[\"null\",\"L\"]}]}");
    end_block(&file, 1, (firn_str){payload, sizeof payload});
    assert_int_equal(count_records(firn_buf_view(&file), &n, &err), FIRN_ERR_LIMIT);
    assert_non_null(strstr(err.message, "record 0: avro value nested deeper than 64 levels"));
    firn_buf_dispose(&file);
}

static void test_pyiceberg_manifest(void **state)
{
    const firn_str bytes =
        corpus_read(*state, corpus_data_path(*state, "avro/pyiceberg_manifest.avro"));
    firn_avro_reader *reader = NULL;
    const firn_avro_schema *schema;
    firn_error err = {0};
    firn_str value = {0};
    int64_t n = 0;

    if (count_records(bytes, &n, &err) != FIRN_OK) fail_msg("%s", err.message);
    assert_int_equal(n, 3);
    assert_int_equal(firn_avro_reader_open(bytes, &reader, NULL), FIRN_OK);
    schema = firn_avro_reader_schema(reader);
    assert_true(firn_str_equals(schema->name, FIRN_STR("manifest_entry")));
    assert_int_equal(schema->fields[0].field_id, 0);                    /* status */
    assert_int_equal(schema->fields[schema->n_fields - 1].field_id, 2); /* data_file */
    assert_true(firn_avro_reader_meta(reader, FIRN_STR("content"), &value));
    assert_true(firn_str_equals(value, FIRN_STR("data")));
    firn_avro_reader_close(reader);
    assert_int_equal(
        count_records(
            corpus_read(*state, corpus_data_path(*state, "avro/pyiceberg_manifest_list.avro")), &n,
            NULL),
        FIRN_OK);
    assert_int_equal(n, 1);
}

/* ---- corpora ---- */

static void check_counted(void *ctx, const char *name, firn_str bytes)
{
    const char *count = strstr(name, "_n");
    firn_error err = {0};
    int64_t expected = 0;
    int64_t n = 0;
    const firn_status st = count_records(bytes, &n, &err);

    (void)ctx;
    if (strstr(name, "_bzip2_") || strstr(name, "_xz_")) {
        assert_int_equal(st, FIRN_ERR_UNSUPPORTED);
        assert_non_null(strstr(err.message, "not supported: avro codec \""));
        return;
    }
    if (st != FIRN_OK) fail_msg("%s: %s", name, err.message);
    while (strstr(count + 2, "_n")) count = strstr(count + 2, "_n");
    assert_true(
        firn_str_to_i64((firn_str){count + 2, strlen(count + 2) - strlen(".avro")}, &expected));
    if (n != expected) fail_msg("%s: %lld records", name, (long long)n);
}

static void check_malformed(void *ctx, const char *name, firn_str bytes)
{
    int64_t n = 0;

    (void)ctx;
    if (count_records(bytes, &n, NULL) == FIRN_OK && !strstr(name, "bit_flip"))
        fail_msg("%s was accepted", name);
}

static void test_all_types_of_every_codec(void **state)
{
    const char *folder = corpus_path(*state, "own-binary/avro");

    if (!folder) skip();
    assert_int_equal(corpus_each(*state, folder, ".avro", check_counted, *state), 24);
}

static void test_malformed_files_are_refused(void **state)
{
    const char *folder = corpus_path(*state, "own-binary/avro_bad");

    if (!folder) skip();
    assert_true(corpus_each(*state, folder, ".avro", check_malformed, *state) >= 12);
}

static void test_apache_files(void **state)
{
    static const struct apache_case {
        const char *path;
        int64_t n;
    } k_cases[] = {
        {"avro/lang/js/test/dat/person-10.avro", 10},
        {"avro/share/test/data/schemas/simple/data.avro", 3},
        {"avro/share/test/data/schemas/withUnion/data.avro", 3},
        {"avro/share/test/data/syncInMeta.avro", 6001},
        {"avro/share/test/data/weather-deflate.avro", 5},
        {"avro/share/test/data/weather-snappy.avro", 5},
        {"avro/share/test/data/weather-zstd.avro", 5},
        {"avro/share/test/data/weather.avro", 5},
        {"avro/share/test/interop/rpc/add/onePlusOne/request.avro", 1},
        {"avro/share/test/interop/rpc/echo/foo/request.avro", 1},
    };

    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        const char *path = corpus_path(*state, k_cases[i].path);
        firn_error err = {0};
        int64_t n = 0;
        if (!path) skip();
        if (count_records(corpus_read(*state, path), &n, &err) != FIRN_OK)
            fail_msg("%s: %s", path, err.message);
        assert_int_equal(n, k_cases[i].n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_files_read_back),
        cmocka_unit_test(test_every_truncation_is_refused_or_shorter),
        cmocka_unit_test(test_writer_refuses_bad_arguments),
        cmocka_unit_test(test_writer_stops_after_a_failed_sink),
        cmocka_unit_test(test_hostile_counts_are_refused),
        cmocka_unit_test(test_packed_blocks_have_a_largest_size),
        cmocka_unit_test(test_a_small_file_that_claims_much_costs_little),
        cmocka_unit_test(test_deep_recursive_value_is_refused),
        cmocka_unit_test_setup_teardown(test_pyiceberg_manifest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_types_of_every_codec, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_malformed_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_apache_files, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
