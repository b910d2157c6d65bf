/* SPDX-License-Identifier: Apache-2.0 */
/* LZ4 frames over the packaged library. Not here: raw LZ4 blocks (codec.c). */
#include "format/codec/lz4_frame.h"

#include <lz4frame.h>

#include "base/error.h"

#define STEP ((size_t)64 * 1024)

static firn_status fail_frame(size_t code, firn_str in, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "invalid lz4 frame of %zu bytes: %s", in.len,
                     LZ4F_getErrorName(code));
}

/* One step of at most STEP bytes; *left is 0 at the end of the frame. */
static firn_status unpack_step(LZ4F_dctx *ctx, firn_str in, size_t *used, firn_buf *out,
                               size_t *left, firn_error *err)
{
    size_t room = out->max > out->len ? out->max - out->len : 0;
    size_t taken = in.len - *used;
    if (room > STEP) room = STEP;
    if (room == 0)
        return firn_fail(err, FIRN_ERR_LIMIT,
                         "lz4 frame unpacks to more than the limit of %zu bytes", out->max);
    char *at = firn_buf_reserve(out, room);
    if (!at) return firn_buf_check(out, err);
    const size_t before = taken;
    *left = LZ4F_decompress(ctx, at, &room, in.data + *used, &taken, NULL);
    if (LZ4F_isError(*left)) return fail_frame(*left, in, err);
    *used += taken;
    out->len += room;
    if (*left != 0 && room == 0 && (before == 0 || taken == 0))
        return firn_fail(err, FIRN_ERR_CORRUPT, "lz4 frame ends after %zu bytes", in.len);
    return FIRN_OK;
}

static firn_status unpack_all(LZ4F_dctx *ctx, firn_str in, firn_buf *out, firn_error *err)
{
    size_t used = 0;
    size_t left = 1;
    while (left != 0) FIRN_TRY(unpack_step(ctx, in, &used, out, &left, err));
    if (used < in.len)
        return firn_fail(err, FIRN_ERR_CORRUPT, "%zu bytes behind an lz4 frame of %zu",
                         in.len - used, used);
    return FIRN_OK;
}

firn_status firn_lz4_frame_unpack(firn_str in, firn_buf *out, firn_error *err)
{
    LZ4F_dctx *ctx = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&ctx, LZ4F_VERSION)))
        return firn_fail_nomem(err);
    const firn_status st = unpack_all(ctx, in, out, err);
    LZ4F_freeDecompressionContext(ctx);
    return st;
}

firn_status firn_lz4_frame_pack(firn_str in, firn_buf *out, firn_error *err)
{
    const LZ4F_preferences_t preferences = {.frameInfo = {.contentSize = in.len}};
    const size_t bound = LZ4F_compressFrameBound(in.len, &preferences);
    char *at = firn_buf_reserve(out, bound);
    if (!at) return firn_buf_check(out, err);
    const size_t n = LZ4F_compressFrame(at, bound, in.data, in.len, &preferences);
    if (LZ4F_isError(n))
        return firn_fail(err, FIRN_ERR_INTERNAL, "lz4 cannot compress %zu bytes: %s", in.len,
                         LZ4F_getErrorName(n));
    out->len += n;
    return FIRN_OK;
}
