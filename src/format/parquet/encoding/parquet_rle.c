/* SPDX-License-Identifier: Apache-2.0 */
/* The RLE / bit-packed hybrid (Encodings.md). Runs are taken as they come: a repeated run is one
 * fill, a packed run goes through the unpackers. */
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "format/parquet/encoding/parquet_bits.h"

firn_pq_rle firn_pq_rle_of(const uint8_t *at, size_t size, unsigned width)
{
    firn_pq_rle rle = {.kernels = firn_pq_kernels_of(FIRN_CPU_PORTABLE),
                       .at = at,
                       .end = size > 0 ? at + size : at,
                       .width = width};
    if (width == 0) rle.run_left = UINT64_MAX;
    return rle;
}

static firn_status read_header(firn_pq_rle *rle, uint64_t *header, firn_error *err)
{
    firn_cursor c = {rle->at, rle->end, rle->at, 0};
    if (rle->at == rle->end)
        return firn_fail(err, FIRN_ERR_CORRUPT, "run-length data ends before its values do");
    FIRN_TRY(firn_cursor_uvarint(&c, header, err));
    rle->at = c.at;
    return FIRN_OK;
}

static firn_status begin_packed(firn_pq_rle *rle, uint64_t groups, firn_error *err)
{
    const uint64_t left = (uint64_t)(rle->end - rle->at);
    const uint64_t bytes = groups > left / rle->width ? left : groups * rle->width;
    /* Some writers leave the padding of the last group out: take what is there. */
    rle->packed_left = bytes * 8 / rle->width;
    if (rle->packed_left > groups * 8) rle->packed_left = groups * 8;
    rle->packed = rle->at;
    rle->packed_bit = 0;
    rle->at += bytes;
    if (groups > 0 && rle->packed_left == 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "bit-packed run without bytes");
    return FIRN_OK;
}

static firn_status begin_run(firn_pq_rle *rle, uint64_t count, firn_error *err)
{
    const size_t size = (rle->width + 7) / 8;
    uint32_t value = 0;
    if ((size_t)(rle->end - rle->at) < size)
        return firn_fail(err, FIRN_ERR_CORRUPT, "repeated run without its value of %zu bytes",
                         size);
    for (size_t i = 0; i < size; i++) value |= (uint32_t)rle->at[i] << (8 * i);
    rle->at += size;
    if (rle->width < 32 && value >> rle->width != 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "repeated value %u wider than %u bits", value,
                         rle->width);
    rle->run_left = count;
    rle->run_value = value;
    return FIRN_OK;
}

/* Makes one of the two kinds of run non-empty. Empty runs are legal, and take bytes. */
static firn_status next_run(firn_pq_rle *rle, firn_error *err)
{
    while (rle->run_left == 0 && rle->packed_left == 0) {
        uint64_t header = 0;
        FIRN_TRY(read_header(rle, &header, err));
        if (header & 1)
            FIRN_TRY(begin_packed(rle, header >> 1, err));
        else
            FIRN_TRY(begin_run(rle, header >> 1, err));
    }
    return FIRN_OK;
}

static size_t step_run(firn_pq_rle *rle, size_t n)
{
    const size_t k = rle->run_left < n ? (size_t)rle->run_left : n;
    if (rle->width > 0) rle->run_left -= k;
    return k;
}

static size_t step_packed(firn_pq_rle *rle, size_t n, uint64_t *bit)
{
    const size_t k = rle->packed_left < n ? (size_t)rle->packed_left : n;
    *bit = rle->packed_bit;
    rle->packed_left -= k;
    rle->packed_bit += (uint64_t)k * rle->width;
    return k;
}

static void unpack_from(const firn_pq_rle *rle, uint64_t bit, uint32_t *out, size_t n)
{
    const uint8_t *packed = rle->packed;
    const unsigned width = rle->width;
    while (n > 0 && (bit & 7) != 0) {
        *out++ = (uint32_t)firn_pq_unpack_one(packed, bit, width);
        bit += width;
        n--;
    }
    if (n > 0) rle->kernels->unpack_u32(packed + (bit >> 3), width, out, n);
}

firn_status firn_pq_rle_u32(firn_pq_rle *rle, uint32_t *out, size_t n, firn_error *err)
{
    while (n > 0) {
        size_t k = 0;
        FIRN_TRY(next_run(rle, err));
        if (rle->run_left > 0) {
            k = step_run(rle, n);
            for (size_t i = 0; i < k; i++) out[i] = rle->run_value;
        } else {
            uint64_t bit = 0;
            k = step_packed(rle, n, &bit);
            unpack_from(rle, bit, out, k);
        }
        out += k;
        n -= k;
    }
    return FIRN_OK;
}

/* width 1..8: eight values are width bytes, one word load. */
static void unpack_bytes(const uint8_t *packed, uint64_t bit, unsigned width, uint8_t *out,
                         size_t n)
{
    const uint8_t mask = (uint8_t)((1U << width) - 1);
    for (; n > 0 && (bit & 7) != 0; n--, bit += width)
        *out++ = (uint8_t)firn_pq_unpack_one(packed, bit, width);
    const uint8_t *at = packed + (bit >> 3);
    for (; n >= 8; n -= 8, at += width, out += 8) {
        const uint64_t word = firn_load_u64le(at);
        for (unsigned i = 0; i < 8; i++) out[i] = (uint8_t)(word >> (i * width)) & mask;
    }
    for (bit = 0; n > 0; n--, bit += width) *out++ = (uint8_t)firn_pq_unpack_one(at, bit, width);
}

firn_status firn_pq_rle_u8(firn_pq_rle *rle, uint8_t *out, size_t n, firn_error *err)
{
    while (n > 0) {
        size_t k = 0;
        FIRN_TRY(next_run(rle, err));
        if (rle->run_left > 0) {
            k = step_run(rle, n);
            memset(out, (int)(uint8_t)rle->run_value, k);
        } else {
            uint64_t bit = 0;
            k = step_packed(rle, n, &bit);
            unpack_bytes(rle->packed, bit, rle->width, out, k);
        }
        out += k;
        n -= k;
    }
    return FIRN_OK;
}

firn_status firn_pq_rle_mask(firn_pq_rle *rle, uint64_t *mask, size_t at, size_t n, size_t *n_set,
                             firn_error *err)
{
    *n_set = 0;
    while (n > 0) {
        size_t k = 0;
        FIRN_TRY(next_run(rle, err));
        if (rle->run_left > 0) {
            k = step_run(rle, n);
            firn_pq_fill_bits(mask, at, k, rle->run_value != 0);
            if (rle->run_value != 0) *n_set += k;
        } else {
            uint64_t bit = 0;
            k = step_packed(rle, n, &bit);
            *n_set += firn_pq_copy_bits(mask, at, rle->packed, bit, k);
        }
        at += k;
        n -= k;
    }
    return FIRN_OK;
}

firn_status firn_pq_rle_skip(firn_pq_rle *rle, size_t n, firn_error *err)
{
    while (n > 0) {
        uint64_t bit = 0;
        FIRN_TRY(next_run(rle, err));
        n -= rle->run_left > 0 ? step_run(rle, n) : step_packed(rle, n, &bit);
    }
    return FIRN_OK;
}
