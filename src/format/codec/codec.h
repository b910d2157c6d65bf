/* SPDX-License-Identifier: Apache-2.0 */
/* Block compression. Output sizes are declared by the caller and must match exactly. */
#ifndef FIRN_FORMAT_CODEC_H
#define FIRN_FORMAT_CODEC_H

#include "base/buf.h"
#include "firn/base.h"

typedef enum firn_codec {
    FIRN_CODEC_NONE = 0,
    FIRN_CODEC_SNAPPY,  /* raw snappy block, as in Parquet */
    FIRN_CODEC_GZIP,    /* gzip or zlib framing, as in Parquet */
    FIRN_CODEC_DEFLATE, /* raw deflate, as in Avro */
    FIRN_CODEC_ZSTD,
    FIRN_CODEC_LZ4_RAW,     /* one raw LZ4 block */
    FIRN_CODEC_AVRO_SNAPPY, /* raw snappy + CRC-32 big-endian, as in Avro */
    FIRN_CODEC_BROTLI,
    FIRN_CODEC_LZ4_FRAMED, /* read only: what old Parquet files call LZ4 */
} firn_codec;

/* A level of zstd that only stores, nearly. */
#define FIRN_CODEC_ZSTD_FASTEST (-100000)

typedef struct firn_codec_ctx firn_codec_ctx; /* reusable compression state; one thread */

FIRN_MUST_CHECK firn_status firn_codec_ctx_create(firn_codec_ctx **out, firn_error *err);
void firn_codec_ctx_destroy(firn_codec_ctx *ctx);

/* Decompress exactly out_size bytes to out; anything else is FIRN_ERR_CORRUPT. */
FIRN_MUST_CHECK firn_status firn_codec_decompress(firn_codec_ctx *ctx, firn_codec codec,
                                                  firn_str in, void *out, size_t out_size,
                                                  firn_error *err);
/* Decompress where the size is not known before (Avro): appends to out, at most out->max. */
FIRN_MUST_CHECK firn_status firn_codec_decompress_grow(firn_codec_ctx *ctx, firn_codec codec,
                                                       firn_str in, firn_buf *out, firn_error *err);
/* CRC-32 as in gzip: Parquet pages, Avro snappy blocks. */
uint32_t firn_crc32(firn_str bytes);
/* Appends the compressed bytes to out. level 0: the codec's default (zstd 3, deflate 6,
 * brotli 4); the range is the library's: zstd to 22, deflate 1 to 12, brotli 1 to 11. */
FIRN_MUST_CHECK firn_status firn_codec_compress(firn_codec_ctx *ctx, firn_codec codec, int level,
                                                firn_str in, firn_buf *out, firn_error *err);

#endif
