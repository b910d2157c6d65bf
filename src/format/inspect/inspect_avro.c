/* SPDX-License-Identifier: Apache-2.0 */
/* Avro containers: the header with all its entries, and the frame of each block. Values are not
 * decoded. Schemas that stand alone: their canonical form and fingerprint too. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/avro/avro_fingerprint.h"
#include "format/inspect/inspect.h"
#include "format/json/json.h"

#define SYNC_SIZE    16
#define MAGIC_SIZE   4
#define FIRST_HEADER ((size_t)1 << 16)
#define MAX_HEADER   ((size_t)64 << 20)
#define FRAME_SIZE   20 /* two longs of 10 bytes */
#define ARENA_LIMIT  ((size_t)256 << 20)

typedef struct avro_view {
    const firn_byte_source *source;
    firn_arena *arena;
    firn_outline *out;
    firn_buf header;
    int64_t at; /* next block */
    char sync[SYNC_SIZE];
} avro_view;

static firn_status put_entry(avro_view *v, firn_cursor *c, firn_error *err)
{
    firn_str key;
    firn_str value;
    json_t *document = NULL;
    FIRN_TRY(firn_avro_read_bytes(c, &key, err));
    FIRN_TRY(firn_avro_read_bytes(c, &value, err));
    const firn_str name = firn_arena_copy(v->arena, key);
    if (!name.data) return firn_fail_nomem(err);
    /* schemas and partition specs are JSON; numbers stay the text they are */
    const bool is_json = value.len > 0 && (value.data[0] == '{' || value.data[0] == '[');
    const firn_status st =
        is_json ? firn_json_parse(value, v->arena, &document, NULL) : FIRN_ERR_CORRUPT;
    if (st == FIRN_ERR_NOMEM) return firn_fail_nomem(err);
    if (st == FIRN_OK)
        firn_outline_json(v->out, name.data, document);
    else
        firn_outline_str(v->out, name.data, value);
    return FIRN_OK;
}

/* The map behind the magic; with out NULL nothing is shown. */
static firn_status walk_header(avro_view *v, bool is_shown, firn_error *err)
{
    firn_cursor c = firn_cursor_of(firn_buf_view(&v->header), 0);
    firn_str bytes;
    int64_t n = 0;
    int64_t size = 0;
    FIRN_TRY(firn_cursor_take(&c, MAGIC_SIZE, &bytes, err));
    do {
        FIRN_TRY(firn_avro_read_block(&c, 2, &n, &size, err));
        for (int64_t i = 0; i < n; i++) {
            if (is_shown) {
                FIRN_TRY(put_entry(v, &c, err));
                continue;
            }
            FIRN_TRY(firn_avro_read_bytes(&c, &bytes, err));
            FIRN_TRY(firn_avro_read_bytes(&c, &bytes, err));
        }
    } while (n > 0);
    FIRN_TRY(firn_cursor_take(&c, SYNC_SIZE, &bytes, err));
    memcpy(v->sync, bytes.data, SYNC_SIZE);
    v->at = (int64_t)firn_cursor_pos(&c);
    return FIRN_OK;
}

/* The header's end is not known before it was read. */
static firn_status read_header(avro_view *v, firn_error *err)
{
    const uint64_t size = (uint64_t)v->source->size_bytes;
    for (size_t n = FIRST_HEADER;; n *= 8) {
        const size_t window = size < n ? (size_t)size : n;
        firn_buf_clear(&v->header);
        char *to = firn_buf_reserve(&v->header, window);
        FIRN_TRY(firn_buf_check(&v->header, err));
        FIRN_TRY(v->source->read_at(v->source->ctx, 0, to, window, err));
        v->header.len = window;
        const firn_status st = walk_header(v, false, err);
        if (st != FIRN_ERR_CORRUPT || window == size || n >= MAX_HEADER) return st;
    }
}

typedef struct block_frame {
    int64_t n_records, size, data;
} block_frame;

static firn_status read_frame(avro_view *v, block_frame *out, firn_error *err)
{
    char bytes[FRAME_SIZE];
    char sync[SYNC_SIZE];
    const int64_t left = v->source->size_bytes - v->at;
    const size_t n = left < FRAME_SIZE ? (size_t)left : FRAME_SIZE;
    FIRN_TRY(v->source->read_at(v->source->ctx, v->at, bytes, n, err));
    firn_cursor c = firn_cursor_of((firn_str){bytes, n}, (uint64_t)v->at);
    FIRN_TRY(firn_cursor_zigzag(&c, &out->n_records, err));
    FIRN_TRY(firn_cursor_zigzag(&c, &out->size, err));
    out->data = (int64_t)firn_cursor_pos(&c);
    if (out->n_records < 0 || out->size < 0 ||
        out->size > v->source->size_bytes - out->data - SYNC_SIZE)
        return firn_fail_at(err, (uint64_t)v->at,
                            "avro block of %" PRId64 " records in %" PRId64
                            " bytes reaches outside of the file",
                            out->n_records, out->size);
    FIRN_TRY(v->source->read_at(v->source->ctx, out->data + out->size, sync, SYNC_SIZE, err));
    if (memcmp(sync, v->sync, SYNC_SIZE) != 0)
        return firn_fail_at(err, (uint64_t)(out->data + out->size),
                            "avro block does not end with the sync marker of the header");
    return FIRN_OK;
}

static firn_status put_blocks(avro_view *v, firn_inspect_depth depth, firn_error *err)
{
    int64_t n_blocks = 0;
    uint64_t n_records = 0;
    if (depth == FIRN_INSPECT_ALL) firn_outline_begin_list(v->out, "blocks");
    for (; v->at < v->source->size_bytes; n_blocks++) {
        block_frame b;
        FIRN_TRY(read_frame(v, &b, err));
        if (depth == FIRN_INSPECT_ALL) {
            firn_outline_begin_line(v->out, NULL);
            firn_outline_i64(v->out, "offset", v->at);
            firn_outline_i64(v->out, "records", b.n_records);
            firn_outline_i64(v->out, "size", b.size);
            firn_outline_end(v->out);
        }
        n_records += (uint64_t)b.n_records;
        v->at = b.data + b.size + SYNC_SIZE;
    }
    if (depth == FIRN_INSPECT_ALL) firn_outline_end(v->out);
    firn_outline_i64(v->out, "block_count", n_blocks);
    firn_outline_i64(v->out, "record_count", (int64_t)n_records);
    return FIRN_OK;
}

static firn_status put_avro(avro_view *v, firn_inspect_depth depth, firn_error *err)
{
    FIRN_TRY(read_header(v, err));
    firn_outline_begin(v->out, NULL);
    firn_outline_cstr(v->out, "format", "avro");
    firn_outline_i64(v->out, "file_size", v->source->size_bytes);
    firn_outline_begin(v->out, "metadata");
    FIRN_TRY(walk_header(v, true, err));
    firn_outline_end(v->out);
    firn_outline_hex(v->out, "sync", (firn_str){v->sync, SYNC_SIZE});
    FIRN_TRY(put_blocks(v, depth, err));
    firn_outline_end(v->out);
    return FIRN_OK;
}

firn_status firn_inspect_avro(const firn_byte_source *source, firn_inspect_depth depth,
                              firn_outline *out, firn_error *err)
{
    firn_avro_reader *reader = NULL;
    FIRN_TRY(firn_avro_reader_open_source(source, &reader, err));
    firn_avro_reader_close(reader);
    avro_view v = {.source = source, .out = out, .arena = firn_arena_create(NULL, ARENA_LIMIT)};
    if (!v.arena) return firn_fail_nomem(err);
    firn_buf_init(&v.header, NULL, MAX_HEADER * 8);
    const firn_status st = put_avro(&v, depth, err);
    firn_buf_dispose(&v.header);
    firn_arena_destroy(v.arena);
    return st;
}

firn_status firn_inspect_avro_schema(firn_str json, firn_arena *arena, firn_outline *out,
                                     firn_error *err)
{
    const firn_avro_schema *schema = NULL;
    firn_buf form;
    FIRN_TRY(firn_avro_schema_parse(json, arena, &schema, err));
    firn_buf_init(&form, NULL, ARENA_LIMIT);
    const firn_status st = firn_avro_canonical_form(schema, &form, err);
    if (st == FIRN_OK) {
        const firn_str text = firn_buf_view(&form);
        firn_outline_begin(out, NULL);
        firn_outline_cstr(out, "format", "avro-schema");
        firn_outline_str(out, "canonical_form", text);
        firn_outline_i64(out, "fingerprint", (int64_t)firn_avro_fingerprint(text));
        firn_outline_end(out);
    }
    firn_buf_dispose(&form);
    return st;
}
