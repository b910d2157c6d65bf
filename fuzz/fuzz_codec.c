/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed blocks: the first byte picks the codec, the second scales the size that is asked for.
 * Snappy blocks are also unpacked to the size they claim. */
#include "base/alloc.h"
#include "format/codec.h"
#include "format/snappy_decode.h"

#define MAX_SIZE ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unpack(firn_codec_ctx *ctx, firn_codec codec, firn_str in, size_t size)
{
    firn_error err;
    void *out = firn_mem_alloc(NULL, size > 0 ? size : 1);
    if (!out) return;
    if (firn_codec_decompress(ctx, codec, in, out, size, &err) != FIRN_OK) size = 0;
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
