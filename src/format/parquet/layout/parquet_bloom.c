/* SPDX-License-Identifier: Apache-2.0 */
/* Split-block bloom filters. The upper half of a hash picks the block, the lower half one bit in
 * each of its eight words. Not here: input and output. */
#include "format/parquet/layout/parquet_bloom.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "base/cursor.h"
#include "base/error.h"
#include "format/parquet/thrift/thrift.h"
#include "format/parquet/thrift/thrift_writer.h"

#define WORDS 8

static const uint32_t k_salt[WORDS] = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
                                       0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};

uint64_t firn_bloom_hash(const void *plain, size_t n)
{
    return XXH64(plain, n, 0);
}

size_t firn_bloom_size(uint64_t n_distinct, double fpp, size_t max_bytes)
{
    size_t size = FIRN_BLOOM_BLOCK;
    if (max_bytes > FIRN_BLOOM_MAX_BYTES) max_bytes = FIRN_BLOOM_MAX_BYTES;
    /* (1 - e^(-8 n / bits))^8 = fpp */
    const double bits = -8.0 * (double)n_distinct / log(1.0 - pow(fpp, 1.0 / 8.0));
    while ((double)size * 8.0 < bits && size <= max_bytes / 2) size *= 2;
    return size;
}

static size_t block_of(size_t n, uint64_t hash)
{
    return (size_t)((hash >> 32) * (uint64_t)(n / FIRN_BLOOM_BLOCK) >> 32) * FIRN_BLOOM_BLOCK;
}

static uint32_t bit_of(uint64_t hash, int word)
{
    return (uint32_t)1 << ((uint32_t)hash * k_salt[word] >> 27);
}

void firn_bloom_add(uint8_t *bits, size_t n, uint64_t hash)
{
    uint8_t *block = bits + block_of(n, hash);
    uint32_t words[WORDS];
    memcpy(words, block, sizeof words);
    for (int i = 0; i < WORDS; i++) words[i] |= bit_of(hash, i);
    memcpy(block, words, sizeof words);
}

bool firn_bloom_may_have(const uint8_t *bits, size_t n, uint64_t hash)
{
    const uint8_t *block = bits + block_of(n, hash);
    uint32_t missing = 0;
    for (int i = 0; i < WORDS; i++)
        missing |= ~firn_load_u32le(block + (size_t)i * 4) & bit_of(hash, i);
    return missing == 0;
}

size_t firn_bloom_fold(uint8_t *bits, size_t n)
{
    const size_t half = n / 2;
    /* Blocks are picked by the hash's upper bits: block i of the half is blocks 2i and 2i + 1. */
    for (size_t i = 0; i < half; i++) {
        const size_t pair = i / FIRN_BLOOM_BLOCK * 2 * FIRN_BLOOM_BLOCK + i % FIRN_BLOOM_BLOCK;
        bits[i] = bits[pair] | bits[pair + FIRN_BLOOM_BLOCK];
    }
    return half;
}

/* ---- file form ---- */

void firn_bloom_put(const uint8_t *bits, size_t n, firn_buf *out)
{
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, (int32_t)n);
    for (int16_t id = 2; id <= 4; id++) { /* split block, xxhash, uncompressed */
        firn_thrift_put_struct(&w, id);
        firn_thrift_put_empty(&w, 1);
        firn_thrift_put_end(&w);
    }
    firn_thrift_put_end(&w);
    firn_buf_append(out, bits, n);
}

/* A union of which only branch 1 is known. */
static firn_status parse_union(firn_thrift *t, const firn_thrift_field *in, const char *what,
                               firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    bool is_known = false;
    FIRN_TRY(firn_thrift_enter(t, in, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        is_known = is_known || f.id == 1;
        FIRN_TRY(firn_thrift_skip(t, &f, err));
    }
    if (st != FIRN_DONE) return st;
    if (is_known) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: bloom filter with unknown %s",
                     what);
}

static firn_status parse_header(firn_thrift *t, int32_t *n_bytes, firn_error *err)
{
    static const char *const k_names[] = {"algorithm", "hash", "compression"};
    firn_thrift_field f;
    firn_status st;
    unsigned seen = 0;
    FIRN_TRY(firn_thrift_enter(t, NULL, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        if (f.id == 1)
            FIRN_TRY(firn_thrift_i32(t, &f, n_bytes, err));
        else if (f.id >= 2 && f.id <= 4)
            FIRN_TRY(parse_union(t, &f, k_names[f.id - 2], err));
        else
            FIRN_TRY(firn_thrift_skip(t, &f, err));
        if (f.id >= 1 && f.id <= 4) seen |= 1U << f.id;
    }
    if (st != FIRN_DONE) return st;
    if (seen == 0x1e) return FIRN_OK;
    return firn_fail_at(err, firn_cursor_pos(&t->in), "bloom filter header lacks a required field");
}

firn_status firn_bloom_header(firn_str bytes, uint64_t offset, size_t *header_size,
                              size_t *bitset_size, firn_error *err)
{
    firn_thrift t = firn_thrift_of(bytes, offset);
    int32_t n = 0;
    FIRN_TRY(firn_error_wrap(err, parse_header(&t, &n, err), "bloom filter"));
    if (n <= 0 || (size_t)n % FIRN_BLOOM_BLOCK != 0)
        return firn_fail_at(err, offset, "bloom filter of %d bytes, expected a multiple of 32", n);
    if ((size_t)n > FIRN_BLOOM_MAX_BYTES)
        return firn_fail(err, FIRN_ERR_LIMIT, "bloom filter of %d bytes, limit %zu", n,
                         FIRN_BLOOM_MAX_BYTES);
    *header_size = (size_t)(t.in.at - t.in.start);
    *bitset_size = (size_t)n;
    return FIRN_OK;
}
