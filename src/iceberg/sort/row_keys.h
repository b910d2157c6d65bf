/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of rows 0, 1, ..., one behind the other, as bytes that memcmp() orders. */
#ifndef FIRN_ICEBERG_ROW_KEYS_H
#define FIRN_ICEBERG_ROW_KEYS_H

#include "base/alloc.h"
#include "base/buf.h"

typedef struct firn_keys {
    firn_buf bytes;
    uint64_t *ends; /* of each key in bytes */
    int64_t n, cap;
    const firn_allocator *alloc;
} firn_keys;

void firn_keys_init(firn_keys *keys, const firn_allocator *alloc, size_t max_bytes);
void firn_keys_dispose(firn_keys *keys);
void firn_keys_clear(firn_keys *keys);
/* Ends the key that was appended to bytes. */
FIRN_MUST_CHECK firn_status firn_keys_end(firn_keys *keys, firn_error *err);
static inline firn_str firn_keys_at(const firn_keys *keys, int64_t row)
{
    const uint64_t from = row > 0 ? keys->ends[row - 1] : 0;
    return (firn_str){keys->bytes.data + from, (size_t)(keys->ends[row] - from)};
}
/* Makes room for n more keys of so many bytes together, which are written to the end of bytes. */
FIRN_MUST_CHECK firn_status firn_keys_reserve(firn_keys *keys, int64_t n, size_t n_bytes,
                                              firn_error *err);

#endif
