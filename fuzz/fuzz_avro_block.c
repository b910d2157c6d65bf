/* SPDX-License-Identifier: Apache-2.0 */
/* Avro values under a schema of unknown origin. The input is the schema's JSON, a zero byte, and
 * one block of records, which is skipped, rendered and read as rows: what one of them accepts, the
 * skipping one accepts too, and as many bytes. */
#include <string.h>

#include "base/error.h"
#include "format/avro/avro_render.h"
#include "format/avro/avro_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_LIMIT ((size_t)64 << 20)
#define TEXT_LIMIT  ((size_t)4 << 20)
#define RECORDS_MAX 100

static firn_status sink_append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static void check_value(const firn_avro_schema *schema, firn_str block)
{
    firn_cursor skipped = firn_cursor_of(block, 0);
    firn_cursor rendered = skipped;
    firn_buf text;

    firn_buf_init(&text, NULL, TEXT_LIMIT);
    for (int i = 0; i < RECORDS_MAX; i++) {
        firn_buf_clear(&text);
        const firn_status skip = firn_avro_skip(&skipped, schema, NULL);
        if (firn_avro_render(&rendered, schema, &text, NULL) != FIRN_OK) break;
        if (skip != FIRN_OK || rendered.at != skipped.at) __builtin_trap();
    }
    firn_buf_dispose(&text);
}

static void read_rows(firn_str file, firn_arena *arena)
{
    const firn_schema *schema = NULL;
    firn_avro_reader *reader = NULL;
    firn_avro_rows *rows = NULL;
    firn_batch *batch = NULL;

    if (firn_avro_reader_open(file, &reader, NULL) != FIRN_OK) __builtin_trap();
    firn_status st = firn_avro_file_schema(firn_avro_reader_schema(reader), arena, &schema, NULL);
    if (st == FIRN_OK)
        st = firn_avro_rows_open(reader, &schema->root, FIRN_AVRO_MATCH_NAMES, &rows, NULL);
    if (st == FIRN_OK) st = firn_batch_create(&schema->root, 64, &batch, NULL);
    for (int i = 0; i < 4 && st == FIRN_OK; i++) {
        firn_batch_reset(batch);
        st = firn_avro_rows_next(rows, 64, batch, NULL);
    }
    firn_batch_destroy(batch);
    firn_avro_rows_close(rows);
    firn_avro_reader_close(reader);
}

/* The same bytes as a container of one block with as many records as it can hold. */
static void wrap_and_read(firn_str json, const firn_avro_schema *schema, firn_str block,
                          firn_arena *arena)
{
    static const uint8_t k_sync[16] = {0};
    const size_t min_bytes = schema->min_bytes > 0 ? schema->min_bytes : 1;
    firn_avro_writer *writer = NULL;
    firn_buf file;

    firn_buf_init(&file, NULL, TEXT_LIMIT);
    const firn_byte_sink sink = {&file, sink_append};
    if (firn_avro_writer_create(json, NULL, 0, FIRN_CODEC_NONE, 0, k_sync, &sink, &writer, NULL) ==
        FIRN_OK) {
        const size_t n = block.len / min_bytes < RECORDS_MAX ? block.len / min_bytes : RECORDS_MAX;
        firn_buf_zigzag(&file, (int64_t)n);
        firn_avro_write_bytes(&file, block);
        firn_buf_append(&file, k_sync, sizeof k_sync);
        if (firn_buf_check(&file, NULL) == FIRN_OK) read_rows(firn_buf_view(&file), arena);
    }
    firn_avro_writer_destroy(writer);
    firn_buf_dispose(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
    const firn_avro_schema *schema = NULL;
    firn_arena *arena = firn_arena_create(NULL, ARENA_LIMIT);

    if (!zero || !arena) {
        firn_arena_destroy(arena);
        return 0;
    }
    const firn_str json = {(const char *)data, (size_t)(zero - data)};
    const firn_str block = {(const char *)zero + 1, size - json.len - 1};
    if (firn_avro_schema_parse(json, arena, &schema, NULL) == FIRN_OK) {
        check_value(schema, block);
        wrap_and_read(json, schema, block, arena);
    }
    firn_arena_destroy(arena);
    return 0;
}
