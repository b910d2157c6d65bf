/* SPDX-License-Identifier: Apache-2.0 */
/* Avro object container files: header, blocks, and where each record starts. Decodes no records.
 *
 *   "Obj" 1 | map<bytes> metadata (avro.schema, avro.codec, ...) | 16 bytes sync
 *   then blocks:  long n_records | long size | size bytes | the same sync
 *
 * The file is seen through a window: all of it when it is in memory, else a buffer that is moved
 * along and grows to the largest block. Source: Apache Avro specification, "Object Container
 * Files". */
#include <inttypes.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/avro/avro.h"

#define SYNC_BYTES   16
#define HEADER_FIRST ((size_t)64 << 10)
#define WINDOW       ((size_t)1 << 20)
#define FRAME_BYTES  20 /* two longs at most */

struct firn_avro_reader {
    firn_arena *arena;
    firn_byte_source source; /* read_at NULL: window is the whole file */
    firn_str window;
    uint64_t window_offset; /* of its first byte in the file */
    uint64_t at, end;       /* next block; end of the blocks to read */
    firn_buf buffer;        /* behind the window */
    size_t window_bytes;    /* read at once, at least */
    const firn_avro_schema *schema;
    firn_avro_meta *meta;
    size_t n_meta;
    size_t cap_meta;
    firn_codec codec;
    firn_codec_ctx *codec_ctx; /* NULL for uncompressed files */
    firn_buf unpacked;
    firn_cursor records; /* of the current block */
    uint64_t block_at;   /* its offset in the file */
    int64_t n_block;     /* its records */
    int64_t n_left;      /* not yet given */
    int64_t n_empty;     /* records seen that take no bytes */
    uint8_t sync[SYNC_BYTES];
};

/* ---- window ---- */

/* Makes n bytes at offset visible, or as many as the file has. */
static firn_status show(firn_avro_reader *reader, uint64_t offset, size_t n, firn_str *out,
                        firn_error *err)
{
    const uint64_t size = (uint64_t)reader->source.size_bytes;
    const uint64_t left = offset < size ? size - offset : 0;

    if (n > left) n = (size_t)left;
    if (reader->source.read_at && (offset < reader->window_offset ||
                                   offset + n > reader->window_offset + reader->window.len)) {
        size_t want = n < reader->window_bytes ? reader->window_bytes : n;
        if (want > left) want = (size_t)left;
        firn_buf_clear(&reader->buffer);
        reader->window = (firn_str){0};
        char *to = firn_buf_reserve(&reader->buffer, want);
        if (!to) return firn_buf_check(&reader->buffer, err);
        FIRN_TRY(reader->source.read_at(reader->source.ctx, (int64_t)offset, to, want, err));
        reader->window = (firn_str){to, want};
        reader->window_offset = offset;
    }
    const size_t from = (size_t)(offset - reader->window_offset);
    *out = firn_str_slice(reader->window, from, from + n);
    return FIRN_OK;
}

/* ---- header ---- */

static firn_status read_meta_entry(firn_avro_reader *reader, firn_cursor *c, firn_error *err)
{
    firn_avro_meta entry;
    firn_avro_meta *slot;

    FIRN_TRY(firn_avro_read_bytes(c, &entry.key, err));
    FIRN_TRY(firn_avro_read_bytes(c, &entry.value, err));
    slot = firn_arena_push(reader->arena, &reader->meta, &reader->n_meta, &reader->cap_meta,
                           sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = entry;
    return FIRN_OK;
}

static firn_status read_meta(firn_avro_reader *reader, firn_cursor *c, firn_error *err)
{
    int64_t n = 0;
    int64_t size = 0;

    reader->n_meta = 0;
    for (;;) {
        FIRN_TRY(firn_avro_read_block(c, 2, &n, &size, err));
        if (n == 0) return FIRN_OK;
        for (int64_t i = 0; i < n; i++) FIRN_TRY(read_meta_entry(reader, c, err));
    }
}

/* Metadata and sync marker of what is visible of the file. */
static firn_status parse_header(firn_avro_reader *reader, firn_str bytes, firn_error *err)
{
    firn_cursor c = firn_cursor_of(bytes, 0);
    firn_str part = {0};

    FIRN_TRY(firn_cursor_take(&c, 4, &part, err));
    if (memcmp(part.data, "Obj\1", 4) != 0)
        return firn_fail_at(err, 0, "not an avro file: it starts with %02x %02x %02x %02x",
                            (uint8_t)part.data[0], (uint8_t)part.data[1], (uint8_t)part.data[2],
                            (uint8_t)part.data[3]);
    FIRN_TRY(firn_error_wrap(err, read_meta(reader, &c, err), "avro header"));
    FIRN_TRY(firn_cursor_take(&c, SYNC_BYTES, &part, err));
    memcpy(reader->sync, part.data, SYNC_BYTES);
    reader->at = firn_cursor_pos(&c);
    return FIRN_OK;
}

/* Metadata outlives the window it was read from. */
static firn_status keep_meta(firn_avro_reader *reader, firn_error *err)
{
    for (size_t i = 0; reader->source.read_at && i < reader->n_meta; i++) {
        firn_avro_meta *meta = &reader->meta[i];
        meta->key = firn_arena_copy(reader->arena, meta->key);
        meta->value = firn_arena_copy(reader->arena, meta->value);
        if (!meta->key.data || !meta->value.data) return firn_fail_nomem(err);
    }
    return FIRN_OK;
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

/* A header that does not end in what is visible may end in twice as much. */
static firn_status read_header(firn_avro_reader *reader, firn_error *err)
{
    firn_str schema_json = {0};
    firn_str bytes = {0};
    size_t n = reader->source.read_at ? HEADER_FIRST : reader->window.len;

    for (;;) {
        FIRN_TRY(show(reader, 0, n, &bytes, err));
        const firn_status st = parse_header(reader, bytes, err);
        if (st == FIRN_OK) break;
        const bool is_all = bytes.len < n || bytes.len == (uint64_t)reader->source.size_bytes;
        if (st != FIRN_ERR_CORRUPT || is_all || n >= FIRN_LIMIT_FOOTER) return st;
        n *= 2;
    }
    FIRN_TRY(keep_meta(reader, err));
    if (!firn_avro_reader_meta(reader, FIRN_STR("avro.schema"), &schema_json))
        return firn_fail_at(err, 4, "avro header without \"avro.schema\"");
    FIRN_TRY(firn_avro_schema_parse(schema_json, reader->arena, &reader->schema, err));
    return read_codec(reader, err);
}

static firn_status open_reader(const firn_byte_source *source, firn_str bytes,
                               firn_avro_reader **out, firn_error *err)
{
    firn_avro_reader *reader = firn_mem_alloc_zero(NULL, sizeof *reader);
    firn_status st;

    *out = NULL;
    if (!reader) return firn_fail_nomem(err);
    reader->source = *source;
    reader->window = bytes;
    reader->window_bytes = WINDOW;
    reader->end = (uint64_t)source->size_bytes;
    firn_buf_init(&reader->buffer, NULL, 2 * FIRN_LIMIT_PAGE);
    firn_buf_init(&reader->unpacked, NULL, FIRN_LIMIT_PAGE);
    reader->arena = firn_arena_create(NULL, 0);
    st = reader->arena ? read_header(reader, err) : firn_fail_nomem(err);
    if (st != FIRN_OK) {
        firn_avro_reader_close(reader);
        return st;
    }
    *out = reader;
    return FIRN_OK;
}

firn_status firn_avro_reader_open(firn_str bytes, firn_avro_reader **out, firn_error *err)
{
    const firn_byte_source source = {.size_bytes = (int64_t)bytes.len};

    return open_reader(&source, bytes, out, err);
}

firn_status firn_avro_reader_open_source(const firn_byte_source *source, firn_avro_reader **out,
                                         firn_error *err)
{
    *out = NULL;
    if (source->size_bytes < 0)
        return firn_fail(err, FIRN_ERR_ARG, "file of %" PRId64 " bytes", source->size_bytes);
    return open_reader(source, (firn_str){0}, out, err);
}

void firn_avro_reader_close(firn_avro_reader *reader)
{
    if (!reader) return;
    firn_codec_ctx_destroy(reader->codec_ctx);
    firn_buf_dispose(&reader->buffer);
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

/* ---- blocks ---- */

typedef struct frame {
    int64_t n_records;
    uint64_t at; /* of the packed bytes */
    size_t size; /* of the packed bytes */
} frame;

/* The two numbers before a block, which must fit into the file with its sync marker. */
static firn_status read_frame(firn_avro_reader *reader, frame *out, firn_error *err)
{
    int64_t size = 0;
    firn_str head = {0};

    FIRN_TRY(show(reader, reader->at, FRAME_BYTES, &head, err));
    firn_cursor c = firn_cursor_of(head, reader->at);
    FIRN_TRY(firn_cursor_zigzag(&c, &out->n_records, err));
    FIRN_TRY(firn_cursor_zigzag(&c, &size, err));
    out->at = firn_cursor_pos(&c);
    const uint64_t left = (uint64_t)reader->source.size_bytes - out->at;
    if (out->n_records < 0)
        return firn_fail_at(err, reader->at, "block of %" PRId64 " records", out->n_records);
    if (size < 0) return firn_fail_at(err, reader->at, "block of %" PRId64 " bytes", size);
    if ((uint64_t)size > left || left - (uint64_t)size < SYNC_BYTES)
        return firn_fail_at(err, reader->at,
                            "truncated: block of %" PRId64 " bytes and %d of sync marker, %" PRIu64
                            " left",
                            size, SYNC_BYTES, left);
    if ((uint64_t)size > FIRN_LIMIT_PAGE)
        return firn_fail(err, FIRN_ERR_LIMIT, "block of %" PRId64 " bytes, limit %zu", size,
                         FIRN_LIMIT_PAGE);
    out->size = (size_t)size;
    return FIRN_OK;
}

/* bytes begin at a block's end. */
static firn_status check_sync(const firn_avro_reader *reader, uint64_t at, firn_str bytes,
                              firn_error *err)
{
    if (memcmp(bytes.data, reader->sync, SYNC_BYTES) == 0) return FIRN_OK;
    return firn_fail_at(err, at, "sync marker differs from the header's");
}

/* Next block's packed bytes behind a verified sync marker; steps over it. */
static firn_status take_block(firn_avro_reader *reader, frame *out, firn_str *packed,
                              firn_error *err)
{
    firn_str bytes = {0};

    FIRN_TRY(read_frame(reader, out, err));
    FIRN_TRY(show(reader, out->at, out->size + SYNC_BYTES, &bytes, err));
    FIRN_TRY(
        check_sync(reader, out->at + out->size, firn_str_slice(bytes, out->size, bytes.len), err));
    *packed = firn_str_slice(bytes, 0, out->size);
    reader->at = out->at + out->size + SYNC_BYTES;
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

static firn_status check_count(firn_avro_reader *reader, int64_t n_records, size_t n_bytes,
                               firn_error *err)
{
    const uint32_t min_bytes = reader->schema->min_bytes;

    if (min_bytes > 0) {
        if ((uint64_t)n_records <= n_bytes / min_bytes) return FIRN_OK;
        return firn_fail_at(err, reader->block_at,
                            "%" PRId64 " records of %u bytes or more in %zu bytes", n_records,
                            min_bytes, n_bytes);
    }
    if (n_records > FIRN_AVRO_MAX_EMPTY_VALUES - reader->n_empty)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d records that take no bytes",
                         FIRN_AVRO_MAX_EMPTY_VALUES);
    reader->n_empty += n_records;
    return FIRN_OK;
}

static firn_status read_block(firn_avro_reader *reader, firn_error *err)
{
    frame f = {0};
    firn_str packed = {0};
    firn_str data = {0};

    reader->block_at = reader->at;
    FIRN_TRY(take_block(reader, &f, &packed, err));
    if (f.n_records == 0 && packed.len == 0) return FIRN_OK;
    FIRN_TRY(unpack(reader, packed, &data, err));
    FIRN_TRY(check_count(reader, f.n_records, data.len, err));
    reader->records = firn_cursor_of(data, 0);
    reader->n_block = f.n_records;
    reader->n_left = f.n_records;
    return FIRN_OK;
}

static firn_status check_block_end(const firn_avro_reader *reader, firn_error *err)
{
    const size_t left = firn_cursor_left(&reader->records);

    if (left == 0) return FIRN_OK;
    return firn_fail_at(err, reader->block_at, "%zu bytes behind the last record", left);
}

firn_status firn_avro_reader_next(firn_avro_reader *reader, firn_cursor **out, firn_error *err)
{
    while (reader->n_left == 0) {
        firn_status st = check_block_end(reader, err);
        reader->records = (firn_cursor){0};
        if (st == FIRN_OK) {
            if (reader->at >= reader->end) return FIRN_DONE;
            st = read_block(reader, err);
        }
        if (st != FIRN_OK)
            return firn_error_wrap(err, st, "avro block at byte %" PRIu64, reader->block_at);
    }
    reader->n_left--;
    *out = &reader->records;
    return FIRN_OK;
}

firn_status firn_avro_reader_blame(const firn_avro_reader *reader, firn_status st, firn_error *err)
{
    if (st == FIRN_OK) return st;
    return firn_error_wrap(err, st, "avro block at byte %" PRIu64 ", record %" PRId64,
                           reader->block_at, reader->n_block - reader->n_left - 1);
}

/* ---- parts ---- */

/* The next block's frame, without a look at what is in the block. */
static firn_status step_over(firn_avro_reader *reader, frame *out, firn_error *err)
{
    firn_str bytes = {0};

    FIRN_TRY(read_frame(reader, out, err));
    FIRN_TRY(show(reader, out->at + out->size, SYNC_BYTES + FRAME_BYTES, &bytes, err));
    FIRN_TRY(check_sync(reader, out->at + out->size, bytes, err));
    reader->at = out->at + out->size + SYNC_BYTES;
    return FIRN_OK;
}

static firn_status add_blocks(firn_avro_reader *reader, size_t part_bytes, firn_arena *arena,
                              firn_avro_part **out, size_t *n_out, firn_error *err)
{
    size_t cap = 0;
    firn_avro_part *part = NULL;

    for (;;) {
        const size_t at = (size_t)reader->at;
        frame f = {0};
        if (!part || at - part->from >= part_bytes) {
            if (part && at >= reader->end) return FIRN_OK;
            part = firn_arena_push(arena, out, n_out, &cap, sizeof *part);
            if (!part) return firn_fail_nomem(err);
            *part = (firn_avro_part){.from = at, .to = at};
        }
        if (at >= reader->end) return FIRN_OK;
        FIRN_TRY(firn_error_wrap(err, step_over(reader, &f, err), "avro block at byte %zu", at));
        part->to = (size_t)reader->at;
        if (!firn_add_i64(part->n_records, f.n_records, &part->n_records))
            return firn_fail_at(err, at, "more records than a file can have");
    }
}

firn_status firn_avro_reader_split(firn_avro_reader *reader, size_t part_bytes, firn_arena *arena,
                                   firn_avro_part **out, size_t *n_out, firn_error *err)
{
    *out = NULL;
    *n_out = 0;
    reader->window_bytes = 0;
    return add_blocks(reader, part_bytes, arena, out, n_out, err);
}

firn_status firn_avro_split(firn_str bytes, size_t part_bytes, firn_arena *arena,
                            firn_avro_part **out, size_t *n_out, firn_error *err)
{
    firn_avro_reader *reader = NULL;

    *out = NULL;
    *n_out = 0;
    FIRN_TRY(firn_avro_reader_open(bytes, &reader, err));
    const firn_status st = firn_avro_reader_split(reader, part_bytes, arena, out, n_out, err);
    firn_avro_reader_close(reader);
    return st;
}

void firn_avro_reader_limit(firn_avro_reader *reader, const firn_avro_part *part)
{
    reader->at = part->from;
    reader->end = part->to;
}
