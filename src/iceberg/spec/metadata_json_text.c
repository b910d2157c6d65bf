/* SPDX-License-Identifier: Apache-2.0 */
/* Gzip and verbatim parts of metadata files. */
#include "iceberg/spec/metadata_json_text.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/codec/codec.h"

static firn_status gunzip(firn_str text, firn_codec_ctx *ctx, firn_buf *buf, firn_arena *arena,
                          firn_str *out, firn_error *err)
{
    FIRN_TRY(firn_codec_decompress_grow(ctx, FIRN_CODEC_GZIP, text, buf, err));
    *out = firn_arena_copy(arena, firn_buf_view(buf));
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_json_unpack(firn_str text, firn_arena *arena, firn_str *out, firn_error *err)
{
    *out = text;
    if (!firn_str_starts_with(text, FIRN_STR("\x1f\x8b"))) return FIRN_OK;
    firn_buf buf;
    firn_codec_ctx *ctx = NULL;
    firn_buf_init(&buf, NULL, FIRN_LIMIT_METADATA);
    firn_status st = firn_codec_ctx_create(&ctx, err);
    if (st == FIRN_OK) st = gunzip(text, ctx, &buf, arena, out, err);
    firn_codec_ctx_destroy(ctx);
    firn_buf_dispose(&buf);
    return st;
}

firn_status firn_json_pack(firn_str text, firn_buf *out, firn_error *err)
{
    firn_codec_ctx *ctx = NULL;
    FIRN_TRY(firn_codec_ctx_create(&ctx, err));
    const firn_status st = firn_codec_compress(ctx, FIRN_CODEC_GZIP, 0, text, out, err);
    firn_codec_ctx_destroy(ctx);
    return st;
}

firn_status firn_json_keep(const json_t *value, firn_arena *arena, firn_str *out, firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, FIRN_LIMIT_METADATA);
    firn_status st = firn_json_write(value, &buf, err);
    if (st == FIRN_OK) {
        *out = firn_arena_copy(arena, firn_buf_view(&buf));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(&buf);
    return st;
}

static bool is_known(const char *const *known, firn_str key)
{
    for (; *known; known++)
        if (firn_str_equals(firn_str_of(*known), key)) return true;
    return false;
}

firn_status firn_json_keep_unknown(const json_t *object, const char *const *known,
                                   firn_arena *arena, firn_str *out, firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *extra = NULL;
    json_t *source = (json_t *)(uintptr_t)object; /* jansson's iterator takes no const */
    for (void *it = json_object_iter(source); it; it = json_object_iter_next(source, it)) {
        const firn_str key = {json_object_iter_key(it), json_object_iter_key_len(it)};
        if (is_known(known, key)) continue;
        if (!extra) extra = json_object();
        if (!extra) return firn_fail_nomem(err);
        firn_json_build_member(&b, extra, key, json_incref(json_object_iter_value(it)));
    }
    if (!extra) return FIRN_OK;
    FIRN_TRY(firn_json_build_finish(&b, extra, &extra));
    const firn_status st = firn_json_keep(extra, arena, out, err);
    json_decref(extra);
    return st;
}

void firn_json_build_kept(firn_json_build *b, json_t *object, const char *key, firn_str kept)
{
    json_t *value = NULL;
    if (kept.len == 0 || b->status != FIRN_OK) return;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_status st = arena ? firn_json_parse(kept, arena, &value, b->err) : firn_fail_nomem(b->err);
    if (st != FIRN_OK) firn_json_build_fail(b, st);
    if (st == FIRN_OK && key) firn_json_build_take(b, object, key, json_incref(value));
    if (st == FIRN_OK && !key && json_object_update_missing(object, value)) {
        firn_json_build_fail(b, firn_fail_nomem(b->err));
    }
    firn_arena_destroy(arena);
}
