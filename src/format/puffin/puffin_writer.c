/* SPDX-License-Identifier: Apache-2.0 */
/* Writing Puffin files, blob by blob. The footer is never compressed: readers of statistics take
 * either, and a footer that can be read with less is worth the bytes. */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/codec/lz4_frame.h"
#include "format/json/json.h"
#include "format/puffin/puffin.h"
#include "format/puffin/puffin_internal.h"

#define CREATED_BY FIRN_STR("created-by")

void firn_puffin_writer_init(firn_puffin_writer *writer, firn_buf *out, firn_arena *arena,
                             firn_codec_ctx *codecs)
{
    *writer = (firn_puffin_writer){.out = out, .arena = arena, .codecs = codecs};
    firn_buf_append(out, FIRN_PUFFIN_MAGIC, FIRN_PUFFIN_MAGIC_SIZE);
    writer->offset = FIRN_PUFFIN_MAGIC_SIZE;
}

static firn_status put_contents(firn_puffin_writer *writer, firn_str codec, firn_str contents,
                                firn_error *err)
{
    if (codec.len == 0) {
        firn_buf_str(writer->out, contents);
        return firn_buf_check(writer->out, err);
    }
    if (firn_str_equals(codec, FIRN_STR("lz4")))
        return firn_lz4_frame_pack(contents, writer->out, err);
    if (firn_str_equals(codec, FIRN_STR("zstd")))
        return firn_codec_compress(writer->codecs, FIRN_CODEC_ZSTD, 0, contents, writer->out, err);
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: puffin codec \"%.*s\"",
                     FIRN_STR_ARG(codec));
}

static firn_status copy_str(firn_arena *arena, firn_str *s, firn_error *err)
{
    *s = firn_arena_copy(arena, *s);
    return s->data ? FIRN_OK : firn_fail_nomem(err);
}

/* Everything the footer will need outlives the caller's blob. */
static firn_status copy_blob(firn_arena *arena, firn_puffin_blob *blob, firn_error *err)
{
    int32_t *fields = firn_arena_array(arena, blob->n_fields, sizeof *fields);
    firn_property *items = firn_arena_array(arena, blob->properties.n, sizeof *items);
    if (!fields || !items) return firn_fail_nomem(err);
    FIRN_TRY(copy_str(arena, &blob->type, err));
    if (blob->codec.len > 0) FIRN_TRY(copy_str(arena, &blob->codec, err));
    if (blob->n_fields > 0) memcpy(fields, blob->fields, blob->n_fields * sizeof *fields);
    for (size_t i = 0; i < blob->properties.n; i++) {
        items[i] = blob->properties.items[i];
        FIRN_TRY(copy_str(arena, &items[i].key, err));
        FIRN_TRY(copy_str(arena, &items[i].value, err));
    }
    blob->fields = fields;
    blob->properties.items = items;
    return FIRN_OK;
}

firn_status firn_puffin_writer_add(firn_puffin_writer *writer, const firn_puffin_blob *blob,
                                   firn_str contents, firn_puffin_blob *added_out, firn_error *err)
{
    firn_puffin_blob *slot = firn_arena_push(writer->arena, &writer->blobs, &writer->n_blobs,
                                             &writer->cap_blobs, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *blob;
    FIRN_TRY(copy_blob(writer->arena, slot, err));
    const size_t before = writer->out->len;
    FIRN_TRY(put_contents(writer, blob->codec, contents, err));
    slot->offset = writer->offset;
    slot->length = (int64_t)(writer->out->len - before);
    writer->offset += slot->length;
    if (added_out) *added_out = *slot;
    return FIRN_OK;
}

/* ---- footer ---- */

static void put_properties(firn_buf *out, const firn_properties *properties, bool with_creator)
{
    const char *separator = "";
    firn_buf_cstr(out, "\"properties\":{");
    for (size_t i = 0; properties && i < properties->n; i++) {
        with_creator = with_creator && !firn_str_equals(properties->items[i].key, CREATED_BY);
        firn_buf_cstr(out, separator);
        firn_json_quote(out, properties->items[i].key);
        firn_buf_byte(out, ':');
        firn_json_quote(out, properties->items[i].value);
        separator = ",";
    }
    if (with_creator) firn_buf_printf(out, "%s\"created-by\":\"firn " FIRN_VERSION "\"", separator);
    firn_buf_byte(out, '}');
}

static void put_blob(firn_buf *out, const firn_puffin_blob *blob)
{
    firn_buf_cstr(out, "{\"type\":");
    firn_json_quote(out, blob->type);
    firn_buf_cstr(out, ",\"fields\":[");
    for (size_t i = 0; i < blob->n_fields; i++)
        firn_buf_printf(out, "%s%d", i > 0 ? "," : "", (int)blob->fields[i]);
    firn_buf_printf(out,
                    "],\"snapshot-id\":%lld,\"sequence-number\":%lld,\"offset\":%lld,"
                    "\"length\":%lld",
                    (long long)blob->snapshot_id, (long long)blob->sequence_number,
                    (long long)blob->offset, (long long)blob->length);
    if (blob->codec.len > 0) {
        firn_buf_cstr(out, ",\"compression-codec\":");
        firn_json_quote(out, blob->codec);
    }
    if (blob->properties.n > 0) {
        firn_buf_byte(out, ',');
        put_properties(out, &blob->properties, false);
    }
    firn_buf_byte(out, '}');
}

firn_status firn_puffin_writer_finish(firn_puffin_writer *writer, const firn_properties *properties,
                                      int64_t *footer_size_out, firn_error *err)
{
    firn_buf *out = writer->out;
    const size_t start = out->len;
    firn_buf_append(out, FIRN_PUFFIN_MAGIC, FIRN_PUFFIN_MAGIC_SIZE);
    firn_buf_cstr(out, "{\"blobs\":[");
    for (size_t i = 0; i < writer->n_blobs; i++) {
        if (i > 0) firn_buf_byte(out, ',');
        put_blob(out, &writer->blobs[i]);
    }
    firn_buf_cstr(out, "],");
    put_properties(out, properties, true);
    firn_buf_byte(out, '}');
    FIRN_TRY(firn_buf_check(out, err));
    const size_t payload = out->len - start - FIRN_PUFFIN_MAGIC_SIZE;
    if (payload > FIRN_LIMIT_PUFFIN_FOOTER)
        return firn_fail(err, FIRN_ERR_LIMIT, "puffin footer payload of %zu bytes, limit %zu",
                         payload, FIRN_LIMIT_PUFFIN_FOOTER);
    firn_buf_u32le(out, (uint32_t)payload);
    firn_buf_u32le(out, 0); /* flags */
    firn_buf_append(out, FIRN_PUFFIN_MAGIC, FIRN_PUFFIN_MAGIC_SIZE);
    writer->offset += (int64_t)(out->len - start);
    if (footer_size_out) *footer_size_out = (int64_t)(out->len - start);
    return firn_buf_check(out, err);
}
