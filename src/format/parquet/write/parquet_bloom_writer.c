/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "format/parquet/write/parquet_bloom_writer.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "format/parquet/layout/parquet_bloom.h"

#define DEFAULT_FPP 0.01

static double rate_of(const firn_parquet_leaf *leaf)
{
    return leaf->bloom_fpp > 0 && leaf->bloom_fpp < 1 ? leaf->bloom_fpp : DEFAULT_FPP;
}

/* With a known number of values the size is known, too. Else it is the largest power of two, since
 * a bitset is folded in halves. */
static size_t first_size(const firn_parquet_leaf *leaf, size_t max_bytes)
{
    const uint64_t n = leaf->bloom_ndv > 0 ? (uint64_t)leaf->bloom_ndv : UINT64_MAX / 64;
    return firn_bloom_size(n, rate_of(leaf), max_bytes);
}

static firn_status need_bits(firn_parquet_bloom_writer *bloom, const firn_parquet_leaf *leaf,
                             size_t max_bytes, firn_error *err)
{
    const size_t n = first_size(leaf, max_bytes);
    if (bloom->bits) return FIRN_OK;
    bloom->bits = firn_mem_alloc_zero(bloom->alloc, n);
    bloom->n_bytes = n;
    return bloom->bits ? FIRN_OK : firn_fail_nomem(err);
}

static void add_one(firn_parquet_bloom_writer *bloom, const char *value, size_t n)
{
    const uint64_t hash = firn_bloom_hash(value, n);
    if (firn_bloom_may_have(bloom->bits, bloom->n_bytes, hash)) return;
    firn_bloom_add(bloom->bits, bloom->n_bytes, hash);
    bloom->n_distinct++;
}

firn_status firn_parquet_bloom_writer_add(firn_parquet_bloom_writer *bloom,
                                          const firn_parquet_leaf *leaf, firn_str plain, size_t n,
                                          size_t max_bytes, firn_error *err)
{
    const bool has_lengths = leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY;
    const char *at = plain.data;
    if (n == 0) return FIRN_OK;
    FIRN_TRY(need_bits(bloom, leaf, max_bytes, err));
    for (size_t i = 0; i < n; i++) {
        const size_t len = has_lengths ? firn_load_u32le(at) : plain.len / n;
        if (has_lengths) at += sizeof(uint32_t);
        add_one(bloom, at, len);
        at += len;
    }
    return FIRN_OK;
}

void firn_parquet_bloom_writer_finish(firn_parquet_bloom_writer *bloom,
                                      const firn_parquet_leaf *leaf, firn_buf *out)
{
    if (!bloom->bits) return;
    const size_t wanted = firn_bloom_size(bloom->n_distinct, rate_of(leaf), bloom->n_bytes);
    size_t n = bloom->n_bytes;
    while (n > wanted && leaf->bloom_ndv <= 0) n = firn_bloom_fold(bloom->bits, n);
    firn_bloom_put(bloom->bits, n, out);
    firn_parquet_bloom_writer_dispose(bloom);
}

void firn_parquet_bloom_writer_dispose(firn_parquet_bloom_writer *bloom)
{
    firn_mem_free(bloom->alloc, bloom->bits);
    *bloom = (firn_parquet_bloom_writer){.alloc = bloom->alloc};
}
