/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting rows by their keys: radix by up to eight bytes in which keys differ, then by the
 * whole keys where these are equal; or by packed numbers (number_keys.h) alone. Rows with equal
 * keys keep their order. */
#ifndef FIRN_ICEBERG_KEY_SORT_H
#define FIRN_ICEBERG_KEY_SORT_H

#include "iceberg/sort/packed_rows.h"
#include "iceberg/sort/row_keys.h"

#define FIRN_KEY_DIGEST 8   /* bytes */
#define FIRN_KEY_LOOKED 256 /* bytes of a key that are told apart */

/* Where keys differ. Numbers have leading zeros, nulls are rare, text has common beginnings: bytes
 * that are alike in all keys order nothing. Begins zeroed. */
typedef struct firn_key_places {
    int64_t n_keys;
    size_t min_len, max_len;
    uint64_t first[FIRN_KEY_LOOKED / 8]; /* key, zeros behind it */
    uint64_t differs[FIRN_KEY_LOOKED / 8];
} firn_key_places;

/* A row in a list that is sorted. */
typedef struct firn_sort_entry {
    uint64_t prefix; /* of the key */
    firn_row_place place;
} firn_sort_entry;

/* The bytes of a key that are looked at first. */
typedef struct firn_key_digest {
    size_t places[FIRN_KEY_DIGEST];
    size_t n;
    bool is_all; /* keys are told apart by these alone */
} firn_key_digest;

/* The keys of rows in blocks. */
typedef struct firn_key_list {
    const firn_keys *keys;
    const int64_t *first; /* key of each block */
} firn_key_list;

static inline firn_str firn_key_list_at(const firn_key_list *list, const firn_sort_entry *entry)
{
    return firn_keys_at(list->keys, list->first[entry->place >> 32] + (uint32_t)entry->place);
}

void firn_key_places_add(firn_key_places *places, firn_str key);
firn_key_digest firn_key_digest_of(const firn_key_places *places);
/* As a number that is ordered as the keys are; zeros stand behind short ones. */
uint64_t firn_key_digest_value(const firn_key_digest *digest, firn_str key);

/* Puts n entries in order of their rows' keys, whatever their prefixes are. spare: room for as many
 * entries. */
void firn_key_sort(const firn_key_list *list, firn_sort_entry *entries, firn_sort_entry *spare,
                   size_t n);

/* Puts n entries in order of their prefixes. */
void firn_entry_sort(firn_sort_entry *entries, firn_sort_entry *spare, size_t n);

/* Puts n numbers in order of n_bits bits above the lowest ones, which come along. spare: room for
 * as many. */
void firn_number_sort(uint64_t *numbers, uint64_t *spare, size_t n, unsigned low, unsigned n_bits);

#endif
