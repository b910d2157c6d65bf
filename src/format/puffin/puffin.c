/* SPDX-License-Identifier: Apache-2.0 */
/* Reading Puffin files: the trailer, the footer's JSON, blobs as they are stored. Writing is in
 * puffin_writer.c; what a blob means is not known here. */
#include "format/puffin/puffin.h"

#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/codec/lz4_frame.h"
#include "format/json/json.h"
#include "format/puffin/puffin_internal.h"

#define FLAG_COMPRESSED 1u

/* ---- frame ---- */

static firn_status check_magic(const char *at, uint64_t position, firn_error *err)
{
    if (memcmp(at, FIRN_PUFFIN_MAGIC, FIRN_PUFFIN_MAGIC_SIZE) == 0) return FIRN_OK;
    return firn_fail_at(err, position, "not a puffin file: magic %08" PRIx32 ", expected 50464131",
                        __builtin_bswap32(firn_load_u32le(at)));
}

static firn_status check_file_size(int64_t file_size, firn_error *err)
{
    if (file_size >= FIRN_PUFFIN_MIN_SIZE) return FIRN_OK;
    return firn_fail_at(err, 0, "not a puffin file: %" PRId64 " bytes, expected at least %d",
                        file_size, FIRN_PUFFIN_MIN_SIZE);
}

firn_status firn_puffin_footer_size(firn_str trailer, int64_t file_size, int64_t *out,
                                    firn_error *err)
{
    FIRN_TRY(check_file_size(file_size, err));
    if (trailer.len != FIRN_PUFFIN_TRAILER_SIZE)
        return firn_fail(err, FIRN_ERR_ARG, "puffin trailer of %zu bytes, expected %d", trailer.len,
                         FIRN_PUFFIN_TRAILER_SIZE);
    const uint64_t position = (uint64_t)file_size - FIRN_PUFFIN_TRAILER_SIZE;
    const int64_t room = file_size - FIRN_PUFFIN_MIN_SIZE;
    const int32_t payload = (int32_t)firn_load_u32le(trailer.data);
    FIRN_TRY(check_magic(trailer.data + 8, position + 8, err));
    if (payload < 0 || payload > room)
        return firn_fail_at(err, position,
                            "puffin footer payload of %" PRId32 " bytes in a file of %" PRId64,
                            payload, file_size);
    if ((size_t)payload > FIRN_LIMIT_PUFFIN_FOOTER)
        return firn_fail(err, FIRN_ERR_LIMIT,
                         "puffin footer payload of %" PRId32 " bytes, limit %zu", payload,
                         FIRN_LIMIT_PUFFIN_FOOTER);
    *out = FIRN_PUFFIN_MAGIC_SIZE + (int64_t)payload + FIRN_PUFFIN_TRAILER_SIZE;
    return FIRN_OK;
}

/* ---- payload ---- */

typedef struct footer_parser {
    firn_arena *arena;
    firn_error *err;
    firn_puffin *puffin;
} footer_parser;

static firn_status parse_properties(const footer_parser *p, const json_t *object,
                                    firn_properties *out)
{
    json_t *member = NULL;
    const char *key;
    json_t *value;
    size_t n = 0;
    FIRN_TRY(firn_json_opt_object(object, "properties", &member, p->err));
    *out = (firn_properties){0};
    if (!member) return FIRN_OK;
    firn_property *items = firn_arena_array(p->arena, json_object_size(member), sizeof *items);
    if (!items) return firn_fail_nomem(p->err);
    json_object_foreach(member, key, value)
    {
        FIRN_TRY(firn_json_get_str(member, key, &items[n].value, p->err));
        items[n++].key = (firn_str){key, strlen(key)};
    }
    *out = (firn_properties){items, n};
    return FIRN_OK;
}

static firn_status parse_fields(const footer_parser *p, const json_t *object, firn_puffin_blob *out)
{
    json_t *array = NULL;
    FIRN_TRY(firn_json_get_array(object, "fields", &array, p->err));
    const size_t n = json_array_size(array);
    int32_t *fields = firn_arena_array(p->arena, n, sizeof *fields);
    if (!fields) return firn_fail_nomem(p->err);
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(array, i);
        const json_int_t id = json_integer_value(value);
        if (!json_is_integer(value) || id < INT32_MIN || id > INT32_MAX)
            return firn_fail(p->err, FIRN_ERR_CORRUPT,
                             "\"fields\"[%zu] must be an integer of 32 bits", i);
        fields[i] = (int32_t)id;
    }
    out->fields = fields;
    out->n_fields = n;
    return FIRN_OK;
}

static firn_status check_place(const footer_parser *p, const firn_puffin_blob *blob)
{
    const int64_t end = p->puffin->footer_offset;
    if (blob->offset >= FIRN_PUFFIN_MAGIC_SIZE && blob->length >= 0 && blob->offset <= end &&
        blob->length <= end - blob->offset)
        return FIRN_OK;
    return firn_fail(p->err, FIRN_ERR_CORRUPT,
                     "%" PRId64 " bytes at %" PRId64 ", expected them between %d and %" PRId64,
                     blob->length, blob->offset, FIRN_PUFFIN_MAGIC_SIZE, end);
}

static firn_status parse_blob(const footer_parser *p, const json_t *object, firn_puffin_blob *out)
{
    bool has_codec = false;
    FIRN_TRY(firn_json_get_str(object, "type", &out->type, p->err));
    FIRN_TRY(parse_fields(p, object, out));
    FIRN_TRY(firn_json_get_i64(object, "snapshot-id", &out->snapshot_id, p->err));
    FIRN_TRY(firn_json_get_i64(object, "sequence-number", &out->sequence_number, p->err));
    FIRN_TRY(firn_json_get_i64(object, "offset", &out->offset, p->err));
    FIRN_TRY(firn_json_get_i64(object, "length", &out->length, p->err));
    FIRN_TRY(firn_json_opt_str(object, "compression-codec", &out->codec, &has_codec, p->err));
    FIRN_TRY(parse_properties(p, object, &out->properties));
    return check_place(p, out);
}

static firn_status parse_payload(footer_parser *p, firn_str payload)
{
    json_t *document = NULL;
    json_t *array = NULL;
    FIRN_TRY(firn_json_parse(payload, p->arena, &document, p->err));
    FIRN_TRY(firn_json_get_array(document, "blobs", &array, p->err));
    const size_t n = json_array_size(array);
    firn_puffin_blob *blobs = firn_arena_array(p->arena, n, sizeof *blobs);
    if (!blobs) return firn_fail_nomem(p->err);
    for (size_t i = 0; i < n; i++)
        FIRN_TRY(firn_error_wrap(p->err, parse_blob(p, json_array_get(array, i), &blobs[i]),
                                 "blob %zu", i));
    p->puffin->blobs = blobs;
    p->puffin->n_blobs = n;
    return parse_properties(p, document, &p->puffin->properties);
}

/* The unpacked payload is copied to the arena only while it is parsed: the JSON document has its
 * own copy. */
static firn_status parse_compressed(footer_parser *p, firn_str packed)
{
    firn_buf unpacked;
    firn_buf_init(&unpacked, NULL, FIRN_LIMIT_PUFFIN_FOOTER);
    firn_status st = firn_lz4_frame_unpack(packed, &unpacked, p->err);
    if (st == FIRN_OK) st = parse_payload(p, firn_buf_view(&unpacked));
    firn_buf_dispose(&unpacked);
    return st;
}

static firn_status check_flags(uint32_t flags, uint64_t position, firn_error *err)
{
    if ((flags & ~FLAG_COMPRESSED) == 0) return FIRN_OK;
    return firn_fail_at(err, position, "puffin flags %08" PRIx32 ", expected 0 or 1", flags);
}

firn_status firn_puffin_decode_footer(firn_str footer, int64_t file_size, firn_arena *arena,
                                      firn_puffin *out, firn_error *err)
{
    int64_t size = 0;
    footer_parser p = {.arena = arena, .err = err, .puffin = out};
    *out = (firn_puffin){0};
    if (footer.len < FIRN_PUFFIN_TRAILER_SIZE)
        return firn_fail(err, FIRN_ERR_ARG, "puffin footer of %zu bytes", footer.len);
    const firn_str trailer = {footer.data + footer.len - FIRN_PUFFIN_TRAILER_SIZE,
                              FIRN_PUFFIN_TRAILER_SIZE};
    FIRN_TRY(firn_puffin_footer_size(trailer, file_size, &size, err));
    if (footer.len != (size_t)size)
        return firn_fail(err, FIRN_ERR_ARG, "puffin footer of %zu bytes, expected %" PRId64,
                         footer.len, size);
    out->footer_size = size;
    out->footer_offset = file_size - size;
    FIRN_TRY(check_magic(footer.data, (uint64_t)out->footer_offset, err));
    const uint32_t flags = firn_load_u32le(trailer.data + 4);
    FIRN_TRY(check_flags(flags, (uint64_t)file_size - 8, err));
    out->is_footer_compressed = (flags & FLAG_COMPRESSED) != 0;
    const firn_str payload = {footer.data + FIRN_PUFFIN_MAGIC_SIZE,
                              footer.len - FIRN_PUFFIN_MAGIC_SIZE - FIRN_PUFFIN_TRAILER_SIZE};
    return firn_error_wrap(
        err, out->is_footer_compressed ? parse_compressed(&p, payload) : parse_payload(&p, payload),
        "puffin footer at %" PRId64, out->footer_offset);
}

firn_status firn_puffin_decode(firn_str file, firn_arena *arena, firn_puffin *out, firn_error *err)
{
    int64_t size = 0;
    const int64_t file_size = (int64_t)file.len;
    *out = (firn_puffin){0};
    FIRN_TRY(check_file_size(file_size, err));
    FIRN_TRY(check_magic(file.data, 0, err));
    const firn_str trailer = {file.data + file.len - FIRN_PUFFIN_TRAILER_SIZE,
                              FIRN_PUFFIN_TRAILER_SIZE};
    FIRN_TRY(firn_puffin_footer_size(trailer, file_size, &size, err));
    const firn_str footer = {file.data + (file_size - size), (size_t)size};
    return firn_puffin_decode_footer(footer, file_size, arena, out, err);
}

/* ---- blobs ---- */

static firn_status unpack(firn_str codec, firn_str stored, firn_codec_ctx *codecs,
                          firn_buf *unpacked, firn_error *err)
{
    if (firn_str_equals(codec, FIRN_STR("lz4")))
        return firn_lz4_frame_unpack(stored, unpacked, err);
    if (firn_str_equals(codec, FIRN_STR("zstd")))
        return firn_codec_decompress_grow(codecs, FIRN_CODEC_ZSTD, stored, unpacked, err);
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: puffin codec \"%.*s\"",
                     FIRN_STR_ARG(codec));
}

firn_status firn_puffin_blob_unpack(const firn_puffin_blob *blob, firn_str stored,
                                    firn_codec_ctx *codecs, firn_buf *unpacked, firn_str *out,
                                    firn_error *err)
{
    if (stored.len != (uint64_t)blob->length)
        return firn_fail(err, FIRN_ERR_ARG, "%zu bytes of a puffin blob of %" PRId64, stored.len,
                         blob->length);
    *out = stored;
    if (blob->codec.len == 0) return FIRN_OK;
    const size_t start = unpacked->len;
    FIRN_TRY(firn_error_wrap(err, unpack(blob->codec, stored, codecs, unpacked, err),
                             "puffin blob at %" PRId64, blob->offset));
    *out = (firn_str){unpacked->data + start, unpacked->len - start};
    return FIRN_OK;
}

const firn_str *firn_puffin_blob_property(const firn_puffin_blob *blob, firn_str key)
{
    for (size_t i = 0; i < blob->properties.n; i++)
        if (firn_str_equals(blob->properties.items[i].key, key))
            return &blob->properties.items[i].value;
    return NULL;
}
