/* SPDX-License-Identifier: Apache-2.0 */
/* Avro's limits, each just below, at and above it: depth of schemas and of values, types, branches,
 * values that take no bytes, what a block unpacks to. That of packed blocks is in
 * test_avro_file.c. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "format/avro/avro.h"

static int set_up(void **state)
{
    firn_buf *buf = firn_mem_alloc(NULL, sizeof *buf);
    firn_buf_init(buf, NULL, 0);
    *state = buf;
    return 0;
}

static int tear_down(void **state)
{
    firn_buf_dispose(*state);
    firn_mem_free(NULL, *state);
    return 0;
}

/* ---- schemas ---- */

typedef void (*put_schema_fn)(firn_buf *json, size_t n);

static void put_arrays(firn_buf *json, size_t depth)
{
    for (size_t i = 1; i < depth; i++) firn_buf_cstr(json, "{\"type\":\"array\",\"items\":");
    firn_buf_cstr(json, "{\"type\":\"int\"}");
    for (size_t i = 1; i < depth; i++) firn_buf_byte(json, '}');
}

/* The record is a type, too. */
static void put_record(firn_buf *json, size_t n_types)
{
    firn_buf_cstr(json, "{\"type\":\"record\",\"name\":\"r\",\"fields\":[");
    for (size_t i = 1; i < n_types; i++)
        firn_buf_printf(json, "%s{\"name\":\"f%zu\",\"type\":\"int\"}", i > 1 ? "," : "", i);
    firn_buf_cstr(json, "]}");
}

static void put_union(firn_buf *json, size_t n_branches)
{
    firn_buf_byte(json, '[');
    for (size_t i = 0; i < n_branches; i++)
        firn_buf_printf(json, "%s{\"type\":\"fixed\",\"name\":\"f%zu\",\"size\":1}", i ? "," : "",
                        i);
    firn_buf_byte(json, ']');
}

static void check_schemas(firn_buf *json, put_schema_fn put, size_t limit, const char *message)
{
    for (size_t n = limit - 1; n <= limit + 1; n++) {
        firn_arena *arena = firn_arena_create(NULL, 0);
        const firn_avro_schema *schema = NULL;
        firn_error err = {0};
        firn_buf_clear(json);
        put(json, n);
        const firn_status st = firn_avro_schema_parse(firn_buf_view(json), arena, &schema, &err);
        if (n > limit)
            assert_fails(st, FIRN_ERR_LIMIT, &err, message);
        else
            assert_ok(st, &err);
        firn_arena_destroy(arena);
    }
}

static void test_schemas_have_a_depth(void **state)
{
    check_schemas(*state, put_arrays, FIRN_LIMIT_NESTING, "deeper than 64");
}

static void test_schemas_have_a_number_of_types(void **state)
{
    check_schemas(*state, put_record, FIRN_LIMIT_COLUMNS, "more than 100000 types");
}

static void test_unions_have_a_number_of_branches(void **state)
{
    check_schemas(*state, put_union, 1000, "union of 1001 branches, limit 1000");
}

/* ---- files ---- */

static const char k_sync[16] = "0123456789abcdef";

/* A file of one block of n records. */
static firn_str put_file(firn_buf *file, const char *schema, const char *codec, int64_t n,
                         firn_str block)
{
    firn_buf_clear(file);
    firn_buf_append(file, "Obj\1", 4);
    firn_buf_zigzag(file, 2);
    firn_avro_write_bytes(file, FIRN_STR("avro.schema"));
    firn_avro_write_bytes(file, firn_str_of(schema));
    firn_avro_write_bytes(file, FIRN_STR("avro.codec"));
    firn_avro_write_bytes(file, firn_str_of(codec));
    firn_buf_zigzag(file, 0);
    firn_buf_append(file, k_sync, sizeof k_sync);
    firn_buf_zigzag(file, n);
    firn_avro_write_bytes(file, block);
    firn_buf_append(file, k_sync, sizeof k_sync);
    return firn_buf_view(file);
}

/* Steps over all records. */
static firn_status count(firn_str file, int64_t *n, firn_error *err)
{
    firn_avro_reader *reader = NULL;
    firn_cursor *c = NULL;
    *n = 0;
    firn_status st = firn_avro_reader_open(file, &reader, err);
    while (st == FIRN_OK) {
        st = firn_avro_reader_next(reader, &c, err);
        if (st == FIRN_OK) st = firn_avro_skip(c, firn_avro_reader_schema(reader), err);
        if (st == FIRN_OK) ++*n;
    }
    firn_avro_reader_close(reader);
    return st;
}

static void check_file(firn_str file, bool is_over, int64_t want, const char *message)
{
    firn_error err = {0};
    int64_t n = 0;
    const firn_status st = count(file, &n, &err);
    if (is_over) {
        assert_fails(st, FIRN_ERR_LIMIT, &err, message);
    } else {
        assert_int_equal(st, FIRN_DONE);
        assert_int_equal(n, want);
    }
}

/* A list of records, each the next one's head: a value and the branch it is in are two levels. */
static void test_values_have_a_depth(void **state)
{
    static const char k_list[] = "{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":"
                                 "\"next\",\"type\":[\"null\",\"L\"]}]}";
    char links[FIRN_LIMIT_NESTING];
    size_t deepest = 0;
    for (size_t n = 1; n < sizeof links; n++) {
        firn_error err = {0};
        int64_t n_read = 0;
        memset(links, 2, n - 1);
        links[n - 1] = 0;
        const firn_status st =
            count(put_file(*state, k_list, "null", 1, (firn_str){links, n}), &n_read, &err);
        if (st == FIRN_DONE && n == deepest + 1)
            deepest = n;
        else
            assert_fails(st, FIRN_ERR_LIMIT, &err, "avro value nested deeper than 64 levels");
    }
    assert_int_equal(deepest, FIRN_LIMIT_NESTING / 2);
}

static void test_records_without_bytes_have_a_number(void **state)
{
    for (int64_t n = FIRN_AVRO_MAX_EMPTY_VALUES - 1; n <= FIRN_AVRO_MAX_EMPTY_VALUES + 1; n++)
        check_file(put_file(*state, "\"null\"", "null", n, FIRN_STR("")),
                   n > FIRN_AVRO_MAX_EMPTY_VALUES, n,
                   "more than 1000000 records that take no bytes");
}

static void test_items_without_bytes_have_a_number(void **state)
{
    for (int64_t n = FIRN_AVRO_MAX_EMPTY_VALUES - 1; n <= FIRN_AVRO_MAX_EMPTY_VALUES + 1; n++) {
        firn_buf block;
        firn_buf_init(&block, NULL, 0);
        firn_buf_zigzag(&block, n);
        firn_buf_zigzag(&block, 0);
        check_file(put_file(*state, "{\"type\":\"array\",\"items\":\"null\"}", "null", 1,
                            firn_buf_view(&block)),
                   n > FIRN_AVRO_MAX_EMPTY_VALUES, 1,
                   "block of 1000001 empty items, limit 1000000");
        firn_buf_dispose(&block);
    }
}

static void test_blocks_have_a_size_unpacked(void **state)
{
    firn_codec_ctx *codecs = NULL;
    char *zeros = firn_mem_alloc_zero(NULL, FIRN_LIMIT_PAGE + 1);
    assert_int_equal(firn_codec_ctx_create(&codecs, NULL), FIRN_OK);
    for (size_t n = FIRN_LIMIT_PAGE - 1; n <= FIRN_LIMIT_PAGE + 1; n++) {
        firn_buf head, packed;
        firn_buf_init(&head, NULL, 0);
        firn_buf_init(&packed, NULL, 0);
        firn_buf_zigzag(&head, (int64_t)n - 5); /* one text, and its length of 5 bytes */
        assert_int_equal(head.len, 5);
        memcpy(zeros, head.data, head.len);
        assert_int_equal(
            firn_codec_compress(codecs, FIRN_CODEC_ZSTD, 1, (firn_str){zeros, n}, &packed, NULL),
            FIRN_OK);
        check_file(put_file(*state, "\"bytes\"", "zstandard", 1, firn_buf_view(&packed)),
                   n > FIRN_LIMIT_PAGE, 1, "zstd data unpacks to more than the limit of 268435456");
        firn_buf_dispose(&packed);
        firn_buf_dispose(&head);
    }
    firn_mem_free(NULL, zeros);
    firn_codec_ctx_destroy(codecs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_schemas_have_a_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_schemas_have_a_number_of_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unions_have_a_number_of_branches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values_have_a_depth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_records_without_bytes_have_a_number, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_items_without_bytes_have_a_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_blocks_have_a_size_unpacked, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
