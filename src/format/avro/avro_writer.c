/* SPDX-License-Identifier: Apache-2.0 */
/* Avro object container files: header and blocks of encoded records. Encodes no records. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/avro/avro.h"

#define SYNC_BYTES  16
#define BLOCK_BYTES ((size_t)64 << 10)
/* Also bounds blocks of records that take no bytes. */
#define BLOCK_RECORDS 100000

struct firn_avro_writer {
    firn_byte_sink sink;
    firn_codec codec;
    int level;
    firn_codec_ctx *codec_ctx;
    firn_buf block;
    firn_buf packed;
    firn_buf head;
    int64_t n_records;
    firn_status status; /* first failure; a file with a hole is never finished */
    uint8_t sync[SYNC_BYTES];
};

static const char *codec_name(firn_codec codec)
{
    switch (codec) {
    case FIRN_CODEC_NONE: return "null";
    case FIRN_CODEC_DEFLATE: return "deflate";
    case FIRN_CODEC_ZSTD: return "zstandard";
    case FIRN_CODEC_AVRO_SNAPPY: return "snappy";
    case FIRN_CODEC_SNAPPY:
    case FIRN_CODEC_GZIP:
    case FIRN_CODEC_LZ4_RAW:
    case FIRN_CODEC_BROTLI:
    case FIRN_CODEC_LZ4_FRAMED: return NULL;
    }
    return NULL;
}

/* A schema nobody can read would make a file nobody can read. */
static firn_status check_schema(firn_str schema_json, firn_error *err)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_avro_schema *schema;
    firn_status st;

    if (!arena) return firn_fail_nomem(err);
    st = firn_avro_schema_parse(schema_json, arena, &schema, err);
    firn_arena_destroy(arena);
    return st;
}

static firn_status check_meta(const firn_avro_meta *meta, size_t n_meta, firn_error *err)
{
    for (size_t i = 0; i < n_meta; i++) {
        if (firn_str_starts_with(meta[i].key, FIRN_STR("avro.")))
            return firn_fail(err, FIRN_ERR_ARG, "avro metadata key \"%.*s\" is reserved",
                             FIRN_STR_ARG(meta[i].key));
    }
    return FIRN_OK;
}

static firn_status sink_write(firn_avro_writer *writer, const firn_buf *bytes, firn_error *err)
{
    FIRN_TRY(firn_buf_check(bytes, err));
    if (bytes->len == 0) return FIRN_OK;
    return writer->sink.write(writer->sink.ctx, bytes->data, bytes->len, err);
}

static firn_status write_header(firn_avro_writer *writer, firn_str schema_json,
                                const firn_avro_meta *meta, size_t n_meta, firn_error *err)
{
    firn_buf *head = &writer->head;

    firn_buf_append(head, "Obj\1", 4);
    firn_buf_zigzag(head, (int64_t)n_meta + 2);
    firn_avro_write_bytes(head, FIRN_STR("avro.schema"));
    firn_avro_write_bytes(head, schema_json);
    firn_avro_write_bytes(head, FIRN_STR("avro.codec"));
    firn_avro_write_bytes(head, firn_str_of(codec_name(writer->codec)));
    for (size_t i = 0; i < n_meta; i++) {
        firn_avro_write_bytes(head, meta[i].key);
        firn_avro_write_bytes(head, meta[i].value);
    }
    firn_buf_zigzag(head, 0);
    firn_buf_append(head, writer->sync, SYNC_BYTES);
    return sink_write(writer, head, err);
}

firn_status firn_avro_writer_create(firn_str schema_json, const firn_avro_meta *meta, size_t n_meta,
                                    firn_codec codec, int level, const uint8_t sync[16],
                                    const firn_byte_sink *sink, firn_avro_writer **out,
                                    firn_error *err)
{
    firn_avro_writer *writer;
    firn_status st;

    *out = NULL;
    if (!codec_name(codec))
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: writing avro with codec %d",
                         (int)codec);
    FIRN_TRY(check_schema(schema_json, err));
    FIRN_TRY(check_meta(meta, n_meta, err));
    writer = firn_mem_alloc_zero(NULL, sizeof *writer);
    if (!writer) return firn_fail_nomem(err);
    writer->sink = *sink;
    writer->codec = codec;
    writer->level = level;
    memcpy(writer->sync, sync, SYNC_BYTES);
    firn_buf_init(&writer->block, NULL, FIRN_LIMIT_PAGE);
    firn_buf_init(&writer->packed, NULL, 2 * FIRN_LIMIT_PAGE);
    firn_buf_init(&writer->head, NULL, FIRN_LIMIT_METADATA);
    st = codec == FIRN_CODEC_NONE ? FIRN_OK : firn_codec_ctx_create(&writer->codec_ctx, err);
    if (st == FIRN_OK) st = write_header(writer, schema_json, meta, n_meta, err);
    if (st != FIRN_OK) {
        firn_avro_writer_destroy(writer);
        return st;
    }
    *out = writer;
    return FIRN_OK;
}

void firn_avro_writer_destroy(firn_avro_writer *writer)
{
    if (!writer) return;
    firn_codec_ctx_destroy(writer->codec_ctx);
    firn_buf_dispose(&writer->block);
    firn_buf_dispose(&writer->packed);
    firn_buf_dispose(&writer->head);
    firn_mem_free(NULL, writer);
}

static firn_status write_block(firn_avro_writer *writer, firn_error *err)
{
    const firn_buf *payload = &writer->block;

    if (writer->n_records == 0) return FIRN_OK;
    FIRN_TRY(firn_buf_check(&writer->block, err));
    if (writer->codec != FIRN_CODEC_NONE) {
        firn_buf_clear(&writer->packed);
        FIRN_TRY(firn_codec_compress(writer->codec_ctx, writer->codec, writer->level,
                                     firn_buf_view(&writer->block), &writer->packed, err));
        payload = &writer->packed;
    }
    firn_buf_clear(&writer->head);
    firn_buf_zigzag(&writer->head, writer->n_records);
    firn_buf_zigzag(&writer->head, (int64_t)payload->len);
    FIRN_TRY(sink_write(writer, &writer->head, err));
    FIRN_TRY(sink_write(writer, payload, err));
    firn_buf_clear(&writer->head);
    firn_buf_append(&writer->head, writer->sync, SYNC_BYTES);
    FIRN_TRY(sink_write(writer, &writer->head, err));
    firn_buf_clear(&writer->block);
    writer->n_records = 0;
    return FIRN_OK;
}

static firn_status check_status(const firn_avro_writer *writer, firn_error *err)
{
    if (writer->status == FIRN_OK) return FIRN_OK;
    return firn_fail(err, writer->status, "avro writer has failed before");
}

firn_status firn_avro_writer_append(firn_avro_writer *writer, firn_str record, firn_error *err)
{
    FIRN_TRY(check_status(writer, err));
    firn_buf_append(&writer->block, record.data, record.len);
    writer->n_records++;
    if (writer->block.len < BLOCK_BYTES && writer->n_records < BLOCK_RECORDS &&
        writer->block.status == FIRN_OK)
        return FIRN_OK;
    writer->status = write_block(writer, err);
    return writer->status;
}

firn_status firn_avro_writer_finish(firn_avro_writer *writer, firn_error *err)
{
    FIRN_TRY(check_status(writer, err));
    writer->status = write_block(writer, err);
    return writer->status;
}
