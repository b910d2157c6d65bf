/* SPDX-License-Identifier: Apache-2.0 */
/* Avro object container files: header and decompressed blocks. Decodes no records.
 *
 *   "Obj" 1 | map<bytes> metadata (avro.schema, avro.codec, ...) | 16 bytes sync
 *   then blocks:  long n_records | long size | size bytes | the same sync
 *
 * Source: Apache Avro specification, "Object Container Files". */
#include <inttypes.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/avro.h"

#define SYNC_BYTES 16

struct firn_avro_reader {
    firn_arena *arena;
    firn_cursor cursor;
    const firn_avro_schema *schema;
    firn_avro_meta *meta;
    size_t n_meta;
    size_t cap_meta;
    firn_codec codec;
    firn_codec_ctx *codec_ctx; /* NULL for uncompressed files */
    firn_buf unpacked;
    int64_t n_empty; /* records seen that take no bytes */
    uint8_t sync[SYNC_BYTES];
};

static firn_status read_meta_entry(firn_avro_reader *reader, firn_error *err)
{
    firn_avro_meta entry;
    firn_avro_meta *slot;

    FIRN_TRY(firn_avro_read_bytes(&reader->cursor, &entry.key, err));
    FIRN_TRY(firn_avro_read_bytes(&reader->cursor, &entry.value, err));
    slot = firn_arena_push(reader->arena, &reader->meta, &reader->n_meta, &reader->cap_meta,
                           sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = entry;
    return FIRN_OK;
}

static firn_status read_meta(firn_avro_reader *reader, firn_error *err)
{
    int64_t n = 0;

    for (;;) {
        FIRN_TRY(firn_avro_read_block_count(&reader->cursor, 2, &n, err));
        if (n == 0) return FIRN_OK;
        for (int64_t i = 0; i < n; i++) FIRN_TRY(read_meta_entry(reader, err));
    }
}

static firn_status read_codec(firn_avro_reader *reader, firn_error *err)
{
    static const struct codec_name {
        const char *name;
        firn_codec codec;
    } k_codecs[] = {
        {"null", FIRN_CODEC_NONE},
        {"deflate", FIRN_CODEC_DEFLATE},
        {"snappy", FIRN_CODEC_AVRO_SNAPPY},
        {"zstandard", FIRN_CODEC_ZSTD},
    };
    firn_str name = {0};

    reader->codec = FIRN_CODEC_NONE;
    if (!firn_avro_reader_meta(reader, FIRN_STR("avro.codec"), &name)) return FIRN_OK;
    for (size_t i = 0; i < sizeof k_codecs / sizeof k_codecs[0]; i++) {
        if (!firn_str_equals(name, firn_str_of(k_codecs[i].name))) continue;
        reader->codec = k_codecs[i].codec;
        if (reader->codec == FIRN_CODEC_NONE) return FIRN_OK;
        return firn_codec_ctx_create(&reader->codec_ctx, err);
    }
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: avro codec \"%.*s\"",
                     FIRN_STR_ARG(firn_str_slice(name, 0, 40)));
}

static firn_status read_header(firn_avro_reader *reader, firn_error *err)
{
    firn_str part = {0};
    firn_str schema_json = {0};

    FIRN_TRY(firn_cursor_take(&reader->cursor, 4, &part, err));
    if (memcmp(part.data, "Obj\1", 4) != 0)
        return firn_fail_at(err, 0, "not an avro file: it starts with %02x %02x %02x %02x",
                            (uint8_t)part.data[0], (uint8_t)part.data[1], (uint8_t)part.data[2],
                            (uint8_t)part.data[3]);
    FIRN_TRY(firn_error_wrap(err, read_meta(reader, err), "avro header"));
    FIRN_TRY(firn_cursor_take(&reader->cursor, SYNC_BYTES, &part, err));
    memcpy(reader->sync, part.data, SYNC_BYTES);
    if (!firn_avro_reader_meta(reader, FIRN_STR("avro.schema"), &schema_json))
        return firn_fail_at(err, 4, "avro header without \"avro.schema\"");
    FIRN_TRY(firn_avro_schema_parse(schema_json, reader->arena, &reader->schema, err));
    return read_codec(reader, err);
}

firn_status firn_avro_reader_open(firn_str bytes, firn_avro_reader **out, firn_error *err)
{
    firn_avro_reader *reader = firn_mem_alloc_zero(NULL, sizeof *reader);
    firn_status st;

    *out = NULL;
    if (!reader) return firn_fail_nomem(err);
    firn_buf_init(&reader->unpacked, NULL, FIRN_LIMIT_PAGE);
    reader->cursor = firn_cursor_of(bytes, 0);
    reader->arena = firn_arena_create(NULL, 0);
    st = reader->arena ? read_header(reader, err) : firn_fail_nomem(err);
    if (st != FIRN_OK) {
        firn_avro_reader_close(reader);
        return st;
    }
    *out = reader;
    return FIRN_OK;
}

void firn_avro_reader_close(firn_avro_reader *reader)
{
    if (!reader) return;
    firn_codec_ctx_destroy(reader->codec_ctx);
    firn_buf_dispose(&reader->unpacked);
    firn_arena_destroy(reader->arena);
    firn_mem_free(NULL, reader);
}

const firn_avro_schema *firn_avro_reader_schema(const firn_avro_reader *reader)
{
    return reader->schema;
}

bool firn_avro_reader_meta(const firn_avro_reader *reader, firn_str key, firn_str *out)
{
    for (size_t i = 0; i < reader->n_meta; i++) {
        if (!firn_str_equals(reader->meta[i].key, key)) continue;
        *out = reader->meta[i].value;
        return true;
    }
    return false;
}

/* Frame of the next block: counts, the packed bytes, and a verified sync marker. */
static firn_status read_frame(firn_avro_reader *reader, int64_t *n_records, firn_str *packed,
                              firn_error *err)
{
    firn_cursor *c = &reader->cursor;
    const uint64_t at = firn_cursor_pos(c);
    int64_t size = 0;
    firn_str sync = {0};

    FIRN_TRY(firn_cursor_zigzag(c, n_records, err));
    FIRN_TRY(firn_cursor_zigzag(c, &size, err));
    if (*n_records < 0) return firn_fail_at(err, at, "block of %" PRId64 " records", *n_records);
    if (size < 0) return firn_fail_at(err, at, "block of %" PRId64 " bytes", size);
    FIRN_TRY(firn_cursor_take(c, (uint64_t)size, packed, err));
    FIRN_TRY(firn_cursor_take(c, SYNC_BYTES, &sync, err));
    if (memcmp(sync.data, reader->sync, SYNC_BYTES) != 0)
        return firn_fail_at(err, firn_cursor_pos(c) - SYNC_BYTES,
                            "sync marker differs from the header's");
    return FIRN_OK;
}

static firn_status unpack(firn_avro_reader *reader, firn_str packed, firn_str *out, firn_error *err)
{
    if (reader->codec == FIRN_CODEC_NONE) {
        *out = packed;
        return FIRN_OK;
    }
    firn_buf_clear(&reader->unpacked);
    FIRN_TRY(firn_codec_decompress_grow(reader->codec_ctx, reader->codec, packed, &reader->unpacked,
                                        err));
    *out = firn_buf_view(&reader->unpacked);
    return FIRN_OK;
}

static firn_status check_count(firn_avro_reader *reader, const firn_avro_block *block,
                               firn_error *err)
{
    const uint32_t min_bytes = reader->schema->min_bytes;

    if (min_bytes > 0) {
        if ((uint64_t)block->n_records <= block->data.len / min_bytes) return FIRN_OK;
        return firn_fail_at(err, (uint64_t)block->file_offset,
                            "block of %" PRId64 " records of %u bytes or more in %zu bytes",
                            block->n_records, min_bytes, block->data.len);
    }
    if (block->n_records > FIRN_AVRO_MAX_EMPTY_VALUES - reader->n_empty)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d records that take no bytes",
                         FIRN_AVRO_MAX_EMPTY_VALUES);
    reader->n_empty += block->n_records;
    return FIRN_OK;
}

firn_status firn_avro_reader_next(firn_avro_reader *reader, firn_avro_block *out, firn_error *err)
{
    while (firn_cursor_left(&reader->cursor) > 0) {
        firn_avro_block block = {.file_offset = (int64_t)firn_cursor_pos(&reader->cursor)};
        firn_str packed = {0};

        FIRN_TRY(firn_error_wrap(err, read_frame(reader, &block.n_records, &packed, err),
                                 "avro block at byte %" PRId64, block.file_offset));
        if (block.n_records == 0 && packed.len == 0) continue;
        FIRN_TRY(firn_error_wrap(err, unpack(reader, packed, &block.data, err),
                                 "avro block at byte %" PRId64, block.file_offset));
        FIRN_TRY(check_count(reader, &block, err));
        if (block.n_records == 0) continue;
        *out = block;
        return FIRN_OK;
    }
    return FIRN_DONE;
}
