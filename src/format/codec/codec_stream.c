/* SPDX-License-Identifier: Apache-2.0 */
/* One step function for each codec over the packaged libraries' streams; snappy and raw LZ4 blocks
 * have none, so theirs are snappy_stream.c and lz4_stream.c. */
#include "format/codec/codec_stream.h"

#include <brotli/decode.h>
#include <limits.h>
#include <zlib.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/codec/lz4_stream.h"
#include "format/codec/snappy_stream.h"

#define WINDOW_ZLIB_OR_GZIP (15 + 32)
#define ZSTD_WINDOW_LOG     28

_Static_assert((size_t)1 << ZSTD_WINDOW_LOG == FIRN_LIMIT_PAGE, "pages may be one window");

struct firn_codec_stream {
    firn_codec codec;
    bool is_done;
    ZSTD_DCtx *zstd;
    BrotliDecoderState *brotli;
    firn_snappy_stream *snappy;
    firn_lz4_stream *lz4;
    z_stream zlib;
    bool has_zlib;
};

typedef struct step_io {
    firn_str in;
    bool is_last;
    void *out;
    size_t room;
    size_t *used, *made;
} step_io;

bool firn_codec_has_stream(firn_codec codec)
{
    return codec == FIRN_CODEC_SNAPPY || codec == FIRN_CODEC_GZIP || codec == FIRN_CODEC_ZSTD ||
           codec == FIRN_CODEC_BROTLI || codec == FIRN_CODEC_LZ4_RAW;
}

static bool init(firn_codec_stream *s)
{
    switch (s->codec) {
    case FIRN_CODEC_ZSTD: /* a window may be as large as the page */
        s->zstd = ZSTD_createDCtx();
        return s->zstd &&
               !ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
    case FIRN_CODEC_BROTLI:
        s->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);
        return s->brotli != NULL;
    case FIRN_CODEC_SNAPPY: return firn_snappy_stream_create(&s->snappy);
    case FIRN_CODEC_LZ4_RAW: return firn_lz4_stream_create(&s->lz4);
    default: s->has_zlib = inflateInit2(&s->zlib, WINDOW_ZLIB_OR_GZIP) == Z_OK; return s->has_zlib;
    }
}

firn_status firn_codec_stream_create(firn_codec codec, firn_codec_stream **out, firn_error *err)
{
    *out = NULL;
    if (!firn_codec_has_stream(codec))
        return firn_fail(err, FIRN_ERR_INTERNAL, "codec %d cannot be unpacked in pieces",
                         (int)codec);
    firn_codec_stream *s = firn_mem_alloc_zero(NULL, sizeof *s);
    if (!s) return firn_fail_nomem(err);
    s->codec = codec;
    if (!init(s)) {
        firn_codec_stream_destroy(s);
        return firn_fail_nomem(err);
    }
    *out = s;
    return FIRN_OK;
}

void firn_codec_stream_destroy(firn_codec_stream *stream)
{
    if (!stream) return;
    ZSTD_freeDCtx(stream->zstd);
    if (stream->brotli) BrotliDecoderDestroyInstance(stream->brotli);
    firn_snappy_stream_destroy(stream->snappy);
    firn_lz4_stream_destroy(stream->lz4);
    if (stream->has_zlib) (void)inflateEnd(&stream->zlib);
    firn_mem_free(NULL, stream);
}

bool firn_codec_stream_is_done(const firn_codec_stream *stream)
{
    return stream->is_done;
}

static firn_status fail_data(const char *codec, const char *why, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "invalid %s data: %s", codec, why);
}

static firn_status step_zstd(firn_codec_stream *s, const step_io *io, firn_error *err)
{
    ZSTD_inBuffer in = {io->in.data, io->in.len, 0};
    ZSTD_outBuffer out = {io->out, io->room, 0};
    const size_t left = ZSTD_decompressStream(s->zstd, &out, &in);
    if (ZSTD_isError(left)) return fail_data("zstd", ZSTD_getErrorName(left), err);
    *io->used = in.pos;
    *io->made = out.pos;
    /* Without input it asks for the next frame's header. */
    if (in.pos > 0 || out.pos > 0) s->is_done = left == 0;
    return FIRN_OK;
}

static firn_status step_brotli(firn_codec_stream *s, const step_io *io, firn_error *err)
{
    const uint8_t *in = (const uint8_t *)io->in.data;
    uint8_t *out = io->out;
    size_t n_in = io->in.len, n_out = io->room;
    const BrotliDecoderResult r =
        BrotliDecoderDecompressStream(s->brotli, &n_in, &in, &n_out, &out, NULL);
    if (r == BROTLI_DECODER_RESULT_ERROR)
        return fail_data("brotli", BrotliDecoderErrorString(BrotliDecoderGetErrorCode(s->brotli)),
                         err);
    *io->used = io->in.len - n_in;
    *io->made = io->room - n_out;
    s->is_done = r == BROTLI_DECODER_RESULT_SUCCESS;
    return FIRN_OK;
}

static uInt at_most_uint(size_t n)
{
    return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

static firn_status step_zlib(firn_codec_stream *s, const step_io *io, firn_error *err)
{
    const uInt n_in = at_most_uint(io->in.len), n_out = at_most_uint(io->room);
    /* zlib's next_in is not const unless ZLIB_CONST is defined, but it does not write to it. */
    s->zlib.next_in = (Bytef *)(uintptr_t)io->in.data;
    s->zlib.avail_in = n_in;
    s->zlib.next_out = io->out;
    s->zlib.avail_out = n_out;
    if (n_in == 0 && s->is_done) return FIRN_OK; /* nothing begins behind the last member */
    const int code = inflate(&s->zlib, Z_NO_FLUSH);
    *io->used = n_in - s->zlib.avail_in;
    *io->made = n_out - s->zlib.avail_out;
    if (code == Z_MEM_ERROR) return firn_fail_nomem(err);
    if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END)
        return fail_data("gzip", s->zlib.msg ? s->zlib.msg : "unexpected end", err);
    s->is_done = code == Z_STREAM_END || (s->is_done && *io->used == 0);
    /* Writers may split one page into several members. */
    if (code == Z_STREAM_END && inflateReset(&s->zlib) != Z_OK) return firn_fail_nomem(err);
    return FIRN_OK;
}

static firn_status step_snappy(firn_codec_stream *s, const step_io *io, firn_error *err)
{
    const firn_snappy_outcome r = firn_snappy_stream_step(s->snappy, io->in, io->is_last, io->out,
                                                          io->room, io->used, io->made);
    if (r == FIRN_SNAPPY_FAR)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: large snappy block that refers back more than %d bytes",
                         FIRN_SNAPPY_HISTORY);
    if (r == FIRN_SNAPPY_BROKEN) return fail_data("snappy", "a piece does not fit its block", err);
    s->is_done = r == FIRN_SNAPPY_DONE;
    return FIRN_OK;
}

static firn_status step_lz4(firn_codec_stream *s, const step_io *io, firn_error *err)
{
    const firn_lz4_outcome r =
        firn_lz4_stream_step(s->lz4, io->in, io->is_last, io->out, io->room, io->used, io->made);
    if (r == FIRN_LZ4_BROKEN) return fail_data("lz4", "a copy from before its block", err);
    s->is_done = r == FIRN_LZ4_DONE;
    return FIRN_OK;
}

firn_status firn_codec_stream_step(firn_codec_stream *stream, firn_str in, bool is_last, void *out,
                                   size_t room, size_t *used, size_t *made, firn_error *err)
{
    char nothing = 0; /* the libraries want addresses even for no bytes */
    const step_io io = {
        in.data ? in : FIRN_STR(""), is_last, room > 0 ? out : &nothing, room, used, made};
    *used = *made = 0;
    switch (stream->codec) {
    case FIRN_CODEC_ZSTD: return step_zstd(stream, &io, err);
    case FIRN_CODEC_BROTLI: return step_brotli(stream, &io, err);
    case FIRN_CODEC_SNAPPY: return step_snappy(stream, &io, err);
    case FIRN_CODEC_LZ4_RAW: return step_lz4(stream, &io, err);
    default: return step_zlib(stream, &io, err);
    }
}
