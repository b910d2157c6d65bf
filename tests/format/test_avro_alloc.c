/* SPDX-License-Identifier: Apache-2.0 */
/* Avro under a failing allocator: files opened, rendered, read as rows and written; every refused
 * allocation is an error and nothing is lost. */
#include "fail_alloc.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "format/avro/avro_fingerprint.h"
#include "format/avro/avro_render.h"
#include "format/avro/avro_rows.h"

static firn_status read_memory(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const firn_str *bytes = ctx;

    (void)err;
    memcpy(out, bytes->data + offset, n);
    return FIRN_OK;
}

static firn_status render(void *ctx, firn_error *err)
{
    firn_str *bytes = ctx;
    const firn_byte_source source = {
        .ctx = bytes, .size_bytes = (int64_t)bytes->len, .read_at = read_memory};
    firn_avro_reader *reader = NULL;
    firn_buf out;

    FIRN_TRY(firn_avro_reader_open_source(&source, &reader, err));
    firn_buf_init(&out, NULL, 0);
    firn_status st = FIRN_OK;
    while (st == FIRN_OK) st = firn_avro_render_next(reader, &out, err);
    firn_buf_dispose(&out);
    firn_avro_reader_close(reader);
    return st;
}

static firn_status read_columns(firn_avro_reader *reader, firn_arena *arena, firn_error *err)
{
    const firn_schema *schema = NULL;
    firn_avro_rows *rows = NULL;
    firn_batch *batch = NULL;

    FIRN_TRY(firn_avro_file_schema(firn_avro_reader_schema(reader), arena, &schema, err));
    FIRN_TRY(firn_avro_rows_open(reader, &schema->root, FIRN_AVRO_MATCH_NAMES, &rows, err));
    firn_status st = firn_batch_create(&schema->root, FIRN_BATCH_ROWS, &batch, err);
    while (st == FIRN_OK) {
        firn_batch_reset(batch);
        st = firn_avro_rows_next(rows, FIRN_BATCH_ROWS, batch, err);
    }
    firn_batch_destroy(batch);
    firn_avro_rows_close(rows);
    return st;
}

static firn_status read_rows(void *ctx, firn_error *err)
{
    const firn_str *bytes = ctx;
    firn_avro_reader *reader = NULL;
    firn_arena *arena = firn_arena_create(NULL, 0);

    if (!arena) return firn_fail_nomem(err);
    firn_status st = firn_avro_reader_open(*bytes, &reader, err);
    if (st == FIRN_OK) st = read_columns(reader, arena, err);
    firn_avro_reader_close(reader);
    firn_arena_destroy(arena);
    return st;
}

static firn_status append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static firn_status write_file(void *ctx, firn_error *err)
{
    static const uint8_t k_sync[16] = {1, 2, 3};
    firn_avro_writer *writer = NULL;
    firn_buf file;

    (void)ctx;
    firn_buf_init(&file, NULL, 0);
    const firn_byte_sink sink = {&file, append};
    firn_status st =
        firn_avro_writer_create(FIRN_STR("{\"type\":\"array\",\"items\":\"int\"}"), NULL, 0,
                                FIRN_CODEC_DEFLATE, 0, k_sync, &sink, &writer, err);
    if (st == FIRN_OK) st = firn_avro_writer_append(writer, FIRN_STR("\x02\x02\x00"), err);
    if (st == FIRN_OK) st = firn_avro_writer_finish(writer, err);
    firn_avro_writer_destroy(writer);
    firn_buf_dispose(&file);
    return st;
}

static firn_status fingerprint(void *ctx, firn_error *err)
{
    const firn_avro_schema *schema = NULL;
    firn_buf out;
    firn_arena *arena = firn_arena_create(NULL, 0);

    (void)ctx;
    if (!arena) return firn_fail_nomem(err);
    firn_buf_init(&out, NULL, 0);
    firn_status st = firn_avro_schema_parse(
        FIRN_STR("{\"type\":\"record\",\"name\":\"n.R\",\"fields\":[{\"name\":\"e\",\"aliases\":"
                 "[\"f\"],\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}}]}"),
        arena, &schema, err);
    if (st == FIRN_OK) st = firn_avro_canonical_form(schema, &out, err);
    firn_buf_dispose(&out);
    firn_arena_destroy(arena);
    return st;
}

/* Words of the schema are short: the JSON library loses bytes of longer ones when it is refused
 * memory, and says nothing. */
static firn_str make_file(firn_arena *arena)
{
    static const uint8_t k_sync[16] = {1, 2, 3};
    firn_avro_writer *writer = NULL;
    firn_error err = {0};
    firn_buf file;

    firn_buf_init(&file, NULL, 0);
    const firn_byte_sink sink = {&file, append};
    assert_ok(
        firn_avro_writer_create(
            FIRN_STR("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"s\",\"type\":"
                     "\"string\"},{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":"
                     "[\"null\",\"int\"]}},{\"name\":\"d\",\"type\":{\"type\":\"int\","
                     "\"logicalType\":\"date\"}}]}"),
            NULL, 0, FIRN_CODEC_DEFLATE, 0, k_sync, &sink, &writer, &err),
        &err);
    assert_ok(
        firn_avro_writer_append(writer,
                                FIRN_STR("\x28"
                                         "twenty bytes of text\x04\x02k\x00\x02j\x02\x08\x00\x06"),
                                &err),
        &err);
    assert_ok(firn_avro_writer_finish(writer, &err), &err);
    firn_avro_writer_destroy(writer);
    const firn_str bytes = firn_arena_copy(arena, firn_buf_view(&file));
    firn_buf_dispose(&file);
    return bytes;
}

static void test_every_failing_allocation_is_an_error(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_str bytes = make_file(arena);

    (void)state;
    assert_true(firn_fail_alloc_each(render, &bytes) > 20);
    assert_true(firn_fail_alloc_each(read_rows, &bytes) > 20);
    assert_true(firn_fail_alloc_each(write_file, NULL) > 4);
    assert_true(firn_fail_alloc_each(fingerprint, NULL) > 4);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_failing_allocation_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
