/* SPDX-License-Identifier: Apache-2.0 */
/* The dictionary of one column chunk, giving each distinct value its index: a table of slots, by
 * the number itself or by open addressing over the hashes of numbers or views. Not here: when a
 * dictionary is worth it (parquet_column.c). */
#ifndef FIRN_FORMAT_PARQUET_ENCODE_DICT_H
#define FIRN_FORMAT_PARQUET_ENCODE_DICT_H

#include "base/buf.h"
#include "format/columns/value_codes.h"

typedef struct firn_parquet_dict {
    const firn_allocator *alloc;
    uint32_t *slots; /* index + 1, 0 = free; a power of two of them */
    size_t n_slots;
    uint64_t first; /* is_direct: the number that slot 0 is for */
    bool is_direct; /* numbers that lie close together: slot is number - first */
    bool is_full;   /* the last addition stopped at max_bytes */
    uint64_t *keys; /* fixed width: the value, with its sign; views: two words each */
    size_t cap;     /* values that fit keys before the table grows */
    uint32_t n;
    bool has_views;
    bool has_lengths; /* views: PLAIN form has a length in front */
    size_t width;     /* fixed width: 4 or 8 */
    size_t bytes;     /* of the PLAIN form of all values */
    size_t max_bytes;
    firn_buf heap;   /* views: PLAIN form of all values */
    uint32_t *coded; /* views: index + 1 of the value with each number of codes_id; 0 = not met */
    uint32_t n_coded;
    uint64_t codes_id;
} firn_parquet_dict;

/* width 4 or 8, or 0 for views. Allocates nothing yet. */
void firn_parquet_dict_init(firn_parquet_dict *dict, const firn_allocator *alloc, size_t width,
                            bool has_lengths, size_t max_bytes);
void firn_parquet_dict_dispose(firn_parquet_dict *dict);
/* Forget all values and give the memory back. */
void firn_parquet_dict_clear(firn_parquet_dict *dict);
/* Bytes of memory taken. */
size_t firn_parquet_dict_held(const firn_parquet_dict *dict);

/* Indices of values to out, until the dictionary would outgrow max_bytes: *n_done of them. */
FIRN_MUST_CHECK firn_status firn_parquet_dict_add(firn_parquet_dict *dict, const void *values,
                                                  size_t n, uint32_t *out, size_t *n_done,
                                                  firn_error *err);
/* The same of views with numbers: a value is looked up when its number comes for the first time. */
FIRN_MUST_CHECK firn_status firn_parquet_dict_add_coded(firn_parquet_dict *dict,
                                                        const firn_view *values,
                                                        const firn_value_codes *codes, size_t n,
                                                        uint32_t *out, size_t *n_done,
                                                        firn_error *err);
/* Append the values that n indices stand for: fixed width packed, views in PLAIN form. */
void firn_parquet_dict_expand(const firn_parquet_dict *dict, const uint32_t *indices, size_t n,
                              firn_buf *out);
/* PLAIN form of the whole dictionary. */
void firn_parquet_dict_plain(const firn_parquet_dict *dict, firn_buf *out);
/* The values that n indices stand for, as a batch has them: numbers, or views that are valid until
 * the next addition. */
void firn_parquet_dict_values(const firn_parquet_dict *dict, const uint32_t *indices, size_t n,
                              firn_buf *out);

#endif
