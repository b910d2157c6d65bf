/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed blocks: the first byte picks the codec, the second scales the size that is asked for.
 * Snappy blocks are also unpacked to the size they claim. What unpacks as a whole unpacks to the
 * same in pieces. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "format/codec/codec_stream.h"
#include "format/codec/snappy_decode.h"

#define MAX_SIZE ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In pieces of some bytes. False: it ends otherwise than after size bytes. */
static bool unpack_stream(firn_codec codec, firn_str in, char *out, size_t size, size_t some)
{
    firn_error err;
    firn_codec_stream *stream = NULL;
    size_t at = 0, n = 0, used = 1, made = 0;
    if (firn_codec_stream_create(codec, &stream, &err) != FIRN_OK) return false;
    firn_status st = FIRN_OK;
    for (size_t end = 0; st == FIRN_OK && (used > 0 || made > 0 || end < in.len);) {
        const size_t room = size - n < some ? size - n : some;
        end = in.len - at < FIRN_CODEC_STREAM_INPUT + some ? in.len
                                                           : at + FIRN_CODEC_STREAM_INPUT + some;
        st = firn_codec_stream_step(stream, firn_str_slice(in, at, end), end == in.len, out + n,
                                    room, &used, &made, &err);
        at += used;
        n += made;
        if (n == size && used == 0) break;
    }
    const bool is_done = st == FIRN_OK && firn_codec_stream_is_done(stream) && at == in.len;
    firn_codec_stream_destroy(stream);
    return is_done && n == size;
}

static void compare(firn_codec codec, firn_str in, const char *whole, size_t size)
{
    char *out = firn_mem_alloc(NULL, size > 0 ? size : 1);
    if (!out) return;
    if (unpack_stream(codec, in, out, size, 1 + in.len % 50) && memcmp(out, whole, size) != 0)
        __builtin_trap();
    firn_mem_free(NULL, out);
}

static void unpack(firn_codec_ctx *ctx, firn_codec codec, firn_str in, size_t size)
{
    firn_error err;
    char *out = firn_mem_alloc(NULL, size > 0 ? size : 1);
    if (!out) return;
    if (firn_codec_decompress(ctx, codec, in, out, size, &err) == FIRN_OK &&
        firn_codec_has_stream(codec))
        compare(codec, in, out, size);
    firn_mem_free(NULL, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_error err;
    firn_codec_ctx *ctx = NULL;
    firn_buf grown;
    size_t claimed = 0;
    if (size < 2 || firn_codec_ctx_create(&ctx, &err) != FIRN_OK) return 0;
    const firn_codec codec = (firn_codec)(data[0] % (FIRN_CODEC_AVRO_SNAPPY + 1));
    const firn_str in = {(const char *)data + 2, size - 2};
    unpack(ctx, codec, in, (size_t)data[1] * 16);
    if (firn_snappy_size(in, &claimed) && claimed <= MAX_SIZE)
        unpack(ctx, FIRN_CODEC_SNAPPY, in, claimed);
    firn_buf_init(&grown, NULL, MAX_SIZE);
    if (firn_codec_decompress_grow(ctx, codec, in, &grown, &err) != FIRN_OK) firn_buf_clear(&grown);
    firn_buf_dispose(&grown);
    firn_codec_ctx_destroy(ctx);
    return 0;
}
