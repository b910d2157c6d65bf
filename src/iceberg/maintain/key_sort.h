/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting row numbers by keys of bytes: radix by the first eight bytes in which keys differ, then
 * by the rest where these are equal. Rows with equal keys keep their order. */
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
#define FIRN_KEY_DIGEST 8 /* bytes */

/* Where keys of one length differ. Numbers have leading zeros, nulls are rare: bytes that are alike
 * in all keys order nothing. Begins zeroed. */
typedef struct firn_key_places {
    int64_t n_keys;
    bool is_fixed; /* all had one length, and not a long one */
    size_t len;
    char first[256]; /* key */
    uint8_t differs[256];
} firn_key_places;

/* The bytes of a key that are looked at first: of keys of one length those that differ, else the
 * first ones. */
typedef struct firn_key_digest {
    size_t places[FIRN_KEY_DIGEST];
    size_t n;
    bool is_all; /* keys are told apart by these alone */
} firn_key_digest;

void firn_key_places_add(firn_key_places *places, const firn_keys *keys);
firn_key_digest firn_key_digest_of(const firn_key_places *places);
/* As a number that is ordered as the keys are; zeros stand behind short ones. */
uint64_t firn_key_digest_value(const firn_key_digest *digest, firn_str key);
/* rows[0, keys->n) becomes the order. Needs 32 bytes a row for the time being. */
FIRN_MUST_CHECK firn_status firn_keys_sort(const firn_keys *keys, int64_t *rows, firn_error *err);

#endif
