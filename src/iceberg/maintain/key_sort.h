/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting row numbers by keys of bytes: radix by the first eight bytes, then by the rest where
 * these are equal. Rows with equal keys keep their order. */
#ifndef FIRN_ICEBERG_KEY_SORT_H
#define FIRN_ICEBERG_KEY_SORT_H

#include "base/alloc.h"
#include "base/buf.h"

/* Keys of rows 0, 1, ..., one behind the other. */
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
firn_str firn_keys_at(const firn_keys *keys, int64_t row);
int64_t firn_keys_memory(const firn_keys *keys);
/* rows[0, keys->n) becomes the order. Needs 32 bytes a row for the time being. */
FIRN_MUST_CHECK firn_status firn_keys_sort(const firn_keys *keys, int64_t *rows, firn_error *err);

#endif
