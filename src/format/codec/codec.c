/* SPDX-License-Identifier: Apache-2.0 */
/* Block compression over the packaged codec libraries. Whole blocks only: a stream that must not
 * be held in memory (a gzip file) is gunzip.c's. */
#include "format/codec/codec.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <libdeflate.h>
#include <limits.h>
#include <lz4.h>
#include <snappy-c.h>
#include <string.h>
#include <zstd.h>

#include "base/checked.h"
#include "base/cursor.h"
#include "base/error.h"
#include "format/codec/lz4_framed.h"
#include "format/codec/snappy_decode.h"

#define DEFLATE_DEFAULT_LEVEL 6
#define DEFLATE_MAX_LEVEL     12
#define ZSTD_DEFAULT_LEVEL    3
#define BROTLI_DEFAULT        4 /* its own, 11, is for files written once and read for years */
#define GROW_FIRST            ((size_t)16 * 1024)
#define AVRO_CRC_SIZE         4

struct firn_codec_ctx {
    ZSTD_DCtx *zstd_in;
    ZSTD_CCtx *zstd_out;
    struct libdeflate_decompressor *inflate;
    struct libdeflate_compressor *deflate; /* of deflate_level */
    int deflate_level;
};

firn_status firn_codec_ctx_create(firn_codec_ctx **out, firn_error *err)
{
    *out = firn_mem_alloc_zero(NULL, sizeof **out);
    return *out ? FIRN_OK : firn_fail_nomem(err);
}

void firn_codec_ctx_destroy(firn_codec_ctx *ctx)
{
    if (!ctx) return;
    ZSTD_freeDCtx(ctx->zstd_in);
    ZSTD_freeCCtx(ctx->zstd_out);
    if (ctx->inflate) libdeflate_free_decompressor(ctx->inflate);
    if (ctx->deflate) libdeflate_free_compressor(ctx->deflate);
    firn_mem_free(NULL, ctx);
}

/* The library states are made on first use: a table of zstd files never pays for deflate. */

static firn_status need_zstd_in(firn_codec_ctx *ctx, firn_error *err)
{
    if (!ctx->zstd_in) ctx->zstd_in = ZSTD_createDCtx();
    return ctx->zstd_in ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status need_zstd_out(firn_codec_ctx *ctx, firn_error *err)
{
    if (!ctx->zstd_out) ctx->zstd_out = ZSTD_createCCtx();
    return ctx->zstd_out ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status need_inflate(firn_codec_ctx *ctx, firn_error *err)
{
    if (!ctx->inflate) ctx->inflate = libdeflate_alloc_decompressor();
    return ctx->inflate ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status need_deflate(firn_codec_ctx *ctx, int level, firn_error *err)
{
    const int wanted = level == 0 ? DEFLATE_DEFAULT_LEVEL : level;
    if (wanted < 1 || wanted > DEFLATE_MAX_LEVEL)
        return firn_fail(err, FIRN_ERR_ARG, "deflate level %d, expected 1 to %d", level,
                         DEFLATE_MAX_LEVEL);
    if (ctx->deflate && ctx->deflate_level == wanted) return FIRN_OK;
    if (ctx->deflate) libdeflate_free_compressor(ctx->deflate);
    ctx->deflate = libdeflate_alloc_compressor(wanted);
    ctx->deflate_level = wanted;
    return ctx->deflate ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status fail_size(const char *codec, size_t found, size_t expected, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "%s data unpacks to %zu bytes, expected %zu", codec,
                     found, expected);
}

static firn_status fail_data(const char *codec, firn_str in, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "invalid %s data in a block of %zu bytes", codec,
                     in.len);
}

/* ---- decompression of a known size ---- */

static firn_status unpack_none(firn_str in, void *out, size_t out_size, firn_error *err)
{
    if (in.len != out_size) return fail_size("uncompressed", in.len, out_size, err);
    if (out_size > 0) memcpy(out, in.data, out_size);
    return FIRN_OK;
}

static firn_status unpack_snappy(firn_str in, void *out, size_t out_size, firn_error *err)
{
    size_t size = 0;
    if (!firn_snappy_size(in, &size)) return fail_data("snappy", in, err);
    if (size != out_size) return fail_size("snappy", size, out_size, err);
    return firn_snappy_decode(in, out, out_size) ? FIRN_OK : fail_data("snappy", in, err);
}

static firn_status unpack_lz4(firn_str in, void *out, size_t out_size, firn_error *err)
{
    if (in.len > INT_MAX || out_size > INT_MAX)
        return firn_fail(err, FIRN_ERR_LIMIT, "lz4 block of %zu bytes, limit %d",
                         in.len > out_size ? in.len : out_size, INT_MAX);
    const int n = LZ4_decompress_safe(in.data, out, (int)in.len, (int)out_size);
    if (n < 0) return fail_data("lz4", in, err);
    return (size_t)n == out_size ? FIRN_OK : fail_size("lz4", (size_t)n, out_size, err);
}

static firn_status unpack_lz4_framed(firn_str in, void *out, size_t out_size, firn_error *err)
{
    return firn_lz4_framed_decode(in, out, out_size) ? FIRN_OK : fail_data("framed lz4", in, err);
}

static firn_status unpack_brotli(firn_str in, void *out, size_t out_size, firn_error *err)
{
    size_t n = out_size;
    const BrotliDecoderResult r =
        BrotliDecoderDecompress(in.len, (const uint8_t *)in.data, &n, out);
    if (r != BROTLI_DECODER_RESULT_SUCCESS) return fail_data("brotli", in, err);
    return n == out_size ? FIRN_OK : fail_size("brotli", n, out_size, err);
}

static firn_status unpack_zstd(firn_codec_ctx *ctx, firn_str in, void *out, size_t out_size,
                               firn_error *err)
{
    FIRN_TRY(need_zstd_in(ctx, err));
    const size_t n = ZSTD_decompressDCtx(ctx->zstd_in, out, out_size, in.data, in.len);
    if (ZSTD_isError(n))
        return firn_fail(err, FIRN_ERR_CORRUPT, "invalid zstd data in a block of %zu bytes: %s",
                         in.len, ZSTD_getErrorName(n));
    return n == out_size ? FIRN_OK : fail_size("zstd", n, out_size, err);
}

static bool is_gzip(firn_str in)
{
    return in.len >= 2 && (uint8_t)in.data[0] == 0x1f && (uint8_t)in.data[1] == 0x8b;
}

/* One gzip member, one zlib stream or one raw deflate stream. */
static enum libdeflate_result inflate_one(struct libdeflate_decompressor *d, firn_codec codec,
                                          firn_str in, void *out, size_t room, size_t *used,
                                          size_t *made)
{
    if (codec == FIRN_CODEC_DEFLATE)
        return libdeflate_deflate_decompress_ex(d, in.data, in.len, out, room, used, made);
    if (is_gzip(in))
        return libdeflate_gzip_decompress_ex(d, in.data, in.len, out, room, used, made);
    return libdeflate_zlib_decompress_ex(d, in.data, in.len, out, room, used, made);
}

/* All members into room bytes. Writers may split one page into several gzip members. */
static enum libdeflate_result inflate_all(struct libdeflate_decompressor *d, firn_codec codec,
                                          firn_str in, char *out, size_t room, size_t *total)
{
    *total = 0;
    do {
        size_t used = 0;
        size_t made = 0;
        const enum libdeflate_result r =
            inflate_one(d, codec, in, out + *total, room - *total, &used, &made);
        if (r != LIBDEFLATE_SUCCESS) return r;
        *total += made;
        in.data += used;
        in.len -= used;
    } while (codec == FIRN_CODEC_GZIP && is_gzip(in));
    /* Python's Avro writers cut a zlib stream's header off but leave (most of) its checksum. */
    if (codec == FIRN_CODEC_DEFLATE && in.len <= 4) return LIBDEFLATE_SUCCESS;
    return in.len == 0 ? LIBDEFLATE_SUCCESS : LIBDEFLATE_BAD_DATA;
}

static const char *inflate_name(firn_codec codec)
{
    return codec == FIRN_CODEC_GZIP ? "gzip" : "deflate";
}

static firn_status unpack_inflate(firn_codec_ctx *ctx, firn_codec codec, firn_str in, void *out,
                                  size_t out_size, firn_error *err)
{
    size_t total = 0;
    FIRN_TRY(need_inflate(ctx, err));
    const enum libdeflate_result r = inflate_all(ctx->inflate, codec, in, out, out_size, &total);
    if (r == LIBDEFLATE_INSUFFICIENT_SPACE)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "%s data unpacks to more than the %zu bytes expected", inflate_name(codec),
                         out_size);
    if (r != LIBDEFLATE_SUCCESS) return fail_data(inflate_name(codec), in, err);
    return total == out_size ? FIRN_OK : fail_size(inflate_name(codec), total, out_size, err);
}

/* Splits Avro's trailing checksum off: *body is the snappy block. */
static firn_status avro_snappy_split(firn_str in, firn_str *body, uint32_t *crc, firn_error *err)
{
    if (in.len < AVRO_CRC_SIZE)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "snappy block of %zu bytes has no room for its "
                         "checksum of %d",
                         in.len, AVRO_CRC_SIZE);
    *body = (firn_str){in.data, in.len - AVRO_CRC_SIZE};
    *crc = __builtin_bswap32(firn_load_u32le(in.data + body->len));
    return FIRN_OK;
}

static firn_status avro_snappy_check(const void *data, size_t n, uint32_t expected, firn_error *err)
{
    const uint32_t found = libdeflate_crc32(0, data, n);
    if (found == expected) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "checksum of a snappy block is %08x, expected %08x",
                     found, expected);
}

static firn_status unpack_avro_snappy(firn_str in, void *out, size_t out_size, firn_error *err)
{
    firn_str body;
    uint32_t crc = 0;
    FIRN_TRY(avro_snappy_split(in, &body, &crc, err));
    FIRN_TRY(unpack_snappy(body, out, out_size, err));
    return avro_snappy_check(out, out_size, crc, err);
}

firn_status firn_codec_decompress(firn_codec_ctx *ctx, firn_codec codec, firn_str in, void *out,
                                  size_t out_size, firn_error *err)
{
    char nothing = 0; /* the libraries want an address even for no bytes */
    if (out_size == 0) out = &nothing;
    if (!in.data) in.data = "";
    switch (codec) {
    case FIRN_CODEC_NONE: return unpack_none(in, out, out_size, err);
    case FIRN_CODEC_SNAPPY: return unpack_snappy(in, out, out_size, err);
    case FIRN_CODEC_GZIP:
    case FIRN_CODEC_DEFLATE: return unpack_inflate(ctx, codec, in, out, out_size, err);
    case FIRN_CODEC_ZSTD: return unpack_zstd(ctx, in, out, out_size, err);
    case FIRN_CODEC_LZ4_RAW: return unpack_lz4(in, out, out_size, err);
    case FIRN_CODEC_AVRO_SNAPPY: return unpack_avro_snappy(in, out, out_size, err);
    case FIRN_CODEC_BROTLI: return unpack_brotli(in, out, out_size, err);
    case FIRN_CODEC_LZ4_FRAMED: return unpack_lz4_framed(in, out, out_size, err);
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "unknown codec %d", (int)codec);
}

/* ---- decompression of an unknown size ---- */

static size_t grow_room(const firn_buf *out)
{
    return out->max > out->len ? out->max - out->len : 0;
}

static firn_status fail_room(const char *codec, const firn_buf *out, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_LIMIT, "%s data unpacks to more than the limit of %zu bytes",
                     codec, out->max);
}

static firn_status reserve(firn_buf *out, size_t n, char **at, firn_error *err)
{
    *at = firn_buf_reserve(out, n);
    return *at ? FIRN_OK : firn_buf_check(out, err);
}

/* libdeflate cannot resume, so room doubles and the block starts again: at most twice the work, and
 * hardly ever where a buffer is used for block after block, all of whose memory is room. */
static firn_status grow_inflate(firn_codec_ctx *ctx, firn_codec codec, firn_str in, firn_buf *out,
                                firn_error *err)
{
    const size_t limit = grow_room(out);
    size_t room = in.len > SIZE_MAX / 8 ? limit : in.len * 4 + GROW_FIRST;
    if (room < out->cap - out->len) room = out->cap - out->len;
    FIRN_TRY(need_inflate(ctx, err));
    for (;;) {
        char *at = NULL;
        size_t total = 0;
        if (room > limit) room = limit;
        if (room == 0) return fail_room(inflate_name(codec), out, err);
        FIRN_TRY(reserve(out, room, &at, err));
        const enum libdeflate_result r = inflate_all(ctx->inflate, codec, in, at, room, &total);
        if (r == LIBDEFLATE_SUCCESS) {
            out->len += total;
            return FIRN_OK;
        }
        if (r != LIBDEFLATE_INSUFFICIENT_SPACE) return fail_data(inflate_name(codec), in, err);
        if (room == limit) return fail_room(inflate_name(codec), out, err);
        room = room > limit / 2 ? limit : room * 2;
    }
}

static firn_status grow_zstd(firn_codec_ctx *ctx, firn_str in, firn_buf *out, firn_error *err)
{
    ZSTD_inBuffer src = {in.data, in.len, 0};
    size_t left = 1; /* bytes the frame still wants; 0 at a frame's end */
    FIRN_TRY(need_zstd_in(ctx, err));
    ZSTD_DCtx_reset(ctx->zstd_in, ZSTD_reset_session_only);
    while (src.pos < src.size || left != 0) {
        char *at = NULL;
        size_t room = ZSTD_DStreamOutSize();
        if (room > grow_room(out)) room = grow_room(out);
        if (room == 0) return fail_room("zstd", out, err);
        FIRN_TRY(reserve(out, room, &at, err));
        ZSTD_outBuffer dst = {at, room, 0};
        const size_t before = src.pos;
        left = ZSTD_decompressStream(ctx->zstd_in, &dst, &src);
        if (ZSTD_isError(left))
            return firn_fail(err, FIRN_ERR_CORRUPT, "invalid zstd data in a block of %zu bytes: %s",
                             in.len, ZSTD_getErrorName(left));
        out->len += dst.pos;
        if (src.pos == before && dst.pos == 0 && left != 0)
            return firn_fail(err, FIRN_ERR_CORRUPT, "zstd data ends after %zu bytes inside a frame",
                             in.len);
    }
    return FIRN_OK;
}

static firn_status grow_snappy(firn_str in, firn_buf *out, firn_error *err)
{
    size_t size = 0;
    char *at = NULL;
    if (!firn_snappy_size(in, &size)) return fail_data("snappy", in, err);
    /* Three input bytes give at most 64 output bytes: a larger claim is a lie. */
    if (size > 64 && (size - 64) / 22 > in.len)
        return firn_fail(err, FIRN_ERR_CORRUPT, "snappy block of %zu bytes claims %zu unpacked",
                         in.len, size);
    if (size > grow_room(out)) return fail_room("snappy", out, err);
    FIRN_TRY(reserve(out, size, &at, err));
    FIRN_TRY(unpack_snappy(in, at, size, err));
    out->len += size;
    return FIRN_OK;
}

static firn_status grow_avro_snappy(firn_str in, firn_buf *out, firn_error *err)
{
    firn_str body;
    uint32_t crc = 0;
    const size_t start = out->len;
    FIRN_TRY(avro_snappy_split(in, &body, &crc, err));
    FIRN_TRY(grow_snappy(body, out, err));
    return avro_snappy_check(out->data + start, out->len - start, crc, err);
}

firn_status firn_codec_decompress_grow(firn_codec_ctx *ctx, firn_codec codec, firn_str in,
                                       firn_buf *out, firn_error *err)
{
    if (!in.data) in.data = "";
    switch (codec) {
    case FIRN_CODEC_NONE: firn_buf_append(out, in.data, in.len); return firn_buf_check(out, err);
    case FIRN_CODEC_SNAPPY: return grow_snappy(in, out, err);
    case FIRN_CODEC_GZIP:
    case FIRN_CODEC_DEFLATE: return grow_inflate(ctx, codec, in, out, err);
    case FIRN_CODEC_ZSTD: return grow_zstd(ctx, in, out, err);
    case FIRN_CODEC_LZ4_FRAMED:
    case FIRN_CODEC_LZ4_RAW:
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: a raw lz4 block without its unpacked size");
    case FIRN_CODEC_AVRO_SNAPPY: return grow_avro_snappy(in, out, err);
    case FIRN_CODEC_BROTLI:
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: a brotli block without its unpacked size");
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "unknown codec %d", (int)codec);
}

/* ---- compression ---- */

uint32_t firn_crc32(firn_str bytes)
{
    return libdeflate_crc32(0, bytes.data ? bytes.data : "", bytes.len);
}

static firn_status pack_snappy(firn_str in, firn_buf *out, firn_error *err)
{
    size_t n = snappy_max_compressed_length(in.len);
    char *at = NULL;
    FIRN_TRY(reserve(out, n, &at, err));
    if (snappy_compress(in.data, in.len, at, &n) != SNAPPY_OK)
        return firn_fail(err, FIRN_ERR_INTERNAL, "snappy cannot compress %zu bytes", in.len);
    out->len += n;
    return FIRN_OK;
}

static firn_status pack_avro_snappy(firn_str in, firn_buf *out, firn_error *err)
{
    FIRN_TRY(pack_snappy(in, out, err));
    firn_buf_u32le(out, __builtin_bswap32(libdeflate_crc32(0, in.data, in.len)));
    return firn_buf_check(out, err);
}

static firn_status pack_lz4(firn_str in, firn_buf *out, firn_error *err)
{
    char *at = NULL;
    if (in.len > LZ4_MAX_INPUT_SIZE)
        return firn_fail(err, FIRN_ERR_LIMIT, "lz4 block of %zu bytes, limit %d", in.len,
                         LZ4_MAX_INPUT_SIZE);
    const int bound = LZ4_compressBound((int)in.len);
    FIRN_TRY(reserve(out, (size_t)bound, &at, err));
    const int n = LZ4_compress_default(in.data, at, (int)in.len, bound);
    if (n <= 0) return firn_fail(err, FIRN_ERR_INTERNAL, "lz4 cannot compress %zu bytes", in.len);
    out->len += (size_t)n;
    return FIRN_OK;
}

static firn_status pack_zstd(firn_codec_ctx *ctx, int level, firn_str in, firn_buf *out,
                             firn_error *err)
{
    const size_t bound = ZSTD_compressBound(in.len);
    char *at = NULL;
    if (level < ZSTD_minCLevel() || level > ZSTD_maxCLevel())
        return firn_fail(err, FIRN_ERR_ARG, "zstd level %d, expected %d to %d", level,
                         ZSTD_minCLevel(), ZSTD_maxCLevel());
    FIRN_TRY(need_zstd_out(ctx, err));
    FIRN_TRY(reserve(out, bound, &at, err));
    const size_t n = ZSTD_compressCCtx(ctx->zstd_out, at, bound, in.data, in.len,
                                       level == 0 ? ZSTD_DEFAULT_LEVEL : level);
    if (ZSTD_isError(n))
        return firn_fail(err, FIRN_ERR_INTERNAL, "zstd cannot compress %zu bytes: %s", in.len,
                         ZSTD_getErrorName(n));
    out->len += n;
    return FIRN_OK;
}

static firn_status pack_deflate(firn_codec_ctx *ctx, firn_codec codec, int level, firn_str in,
                                firn_buf *out, firn_error *err)
{
    char *at = NULL;
    FIRN_TRY(need_deflate(ctx, level, err));
    const bool is_framed = codec == FIRN_CODEC_GZIP;
    const size_t bound = is_framed ? libdeflate_gzip_compress_bound(ctx->deflate, in.len)
                                   : libdeflate_deflate_compress_bound(ctx->deflate, in.len);
    FIRN_TRY(reserve(out, bound, &at, err));
    const size_t n = is_framed
                         ? libdeflate_gzip_compress(ctx->deflate, in.data, in.len, at, bound)
                         : libdeflate_deflate_compress(ctx->deflate, in.data, in.len, at, bound);
    if (n == 0)
        return firn_fail(err, FIRN_ERR_INTERNAL, "deflate cannot compress %zu bytes", in.len);
    out->len += n;
    return FIRN_OK;
}

static firn_status pack_brotli(int level, firn_str in, firn_buf *out, firn_error *err)
{
    const int quality = level == 0 ? BROTLI_DEFAULT : level;
    char *at = NULL;
    if (quality < BROTLI_MIN_QUALITY || quality > BROTLI_MAX_QUALITY)
        return firn_fail(err, FIRN_ERR_ARG, "brotli level %d, expected 1 to %d", level,
                         BROTLI_MAX_QUALITY);
    size_t n = BrotliEncoderMaxCompressedSize(in.len);
    FIRN_TRY(reserve(out, n, &at, err));
    if (!BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, in.len,
                               (const uint8_t *)in.data, &n, (uint8_t *)at))
        return firn_fail(err, FIRN_ERR_NOMEM, "brotli cannot compress %zu bytes", in.len);
    out->len += n;
    return FIRN_OK;
}

firn_status firn_codec_compress(firn_codec_ctx *ctx, firn_codec codec, int level, firn_str in,
                                firn_buf *out, firn_error *err)
{
    if (!in.data) in.data = "";
    switch (codec) {
    case FIRN_CODEC_NONE: firn_buf_append(out, in.data, in.len); return firn_buf_check(out, err);
    case FIRN_CODEC_SNAPPY: return pack_snappy(in, out, err);
    case FIRN_CODEC_GZIP:
    case FIRN_CODEC_DEFLATE: return pack_deflate(ctx, codec, level, in, out, err);
    case FIRN_CODEC_ZSTD: return pack_zstd(ctx, level, in, out, err);
    case FIRN_CODEC_LZ4_RAW: return pack_lz4(in, out, err);
    case FIRN_CODEC_AVRO_SNAPPY: return pack_avro_snappy(in, out, err);
    case FIRN_CODEC_BROTLI: return pack_brotli(level, in, out, err);
    case FIRN_CODEC_LZ4_FRAMED:
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: compression with framed lz4");
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "unknown codec %d", (int)codec);
}
