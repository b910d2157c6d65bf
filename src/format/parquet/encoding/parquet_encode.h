/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet value encodings, writing: RLE / bit-packed hybrid, the DELTA_* family,
 * BYTE_STREAM_SPLIT, PLAIN of booleans. All append to a firn_buf, whose sticky status is the only
 * error. Not here: which encoding a column gets (parquet_column_values.c), decoding. */
#ifndef FIRN_FORMAT_PARQUET_ENCODE_H
#define FIRN_FORMAT_PARQUET_ENCODE_H

#include "base/buf.h"

/* Bits that hold all values 0..max; 0 for max 0. */
int firn_bit_width(uint64_t max);
/* Hybrid runs of n values of the given bit width (1..32), without length or width in front. */
void firn_rle_encode(firn_buf *out, const uint32_t *values, size_t n, int bits);
/* One run of n equal values. */
void firn_rle_encode_same(firn_buf *out, uint32_t value, size_t n, int bits);
/* DELTA_BINARY_PACKED with blocks of 128 values in 4 miniblocks. */
void firn_delta_encode_i32(firn_buf *out, const int32_t *values, size_t n);
void firn_delta_encode_i64(firn_buf *out, const int64_t *values, size_t n);
/* n byte arrays in PLAIN form (length, bytes) as DELTA_LENGTH_BYTE_ARRAY or DELTA_BYTE_ARRAY; words
 * is scratch memory. */
void firn_delta_length_encode(firn_buf *out, firn_str plain, size_t n, firn_buf *words);
void firn_delta_bytes_encode(firn_buf *out, firn_str plain, size_t n, firn_buf *words);
/* BYTE_STREAM_SPLIT of values of width 4 or 8 in PLAIN form. */
void firn_stream_split_encode(firn_buf *out, firn_str plain, size_t width);
/* PLAIN booleans: one bit each from bytes 0/1, least significant first. */
void firn_plain_encode_bool(firn_buf *out, const uint8_t *values, size_t n);

#endif
