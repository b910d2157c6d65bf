/* SPDX-License-Identifier: Apache-2.0 */
/* Set of 64-bit positions as a Roaring bitmap: 65,536 positions a container, each an array, a
 * bitset or runs, whichever is smallest. Reads and writes the portable formats (RoaringFormatSpec:
 * 32-bit, and its 64-bit extension). Not here: what surrounds a bitmap in a deletion vector
 * (deletion_vector.h).
 *
 * Packaged libraries are not used: Debian's has no 64-bit form in C and trusts its input. */
#ifndef FIRN_FORMAT_BITMAP_H
#define FIRN_FORMAT_BITMAP_H

#include "base/alloc.h"
#include "base/buf.h"
#include "firn/base.h"

typedef struct firn_bitmap firn_bitmap;

/* Empty. alloc NULL: the default allocator; it must outlive the bitmap. */
FIRN_MUST_CHECK firn_status firn_bitmap_create(const firn_allocator *alloc, firn_bitmap **out,
                                               firn_error *err);
void firn_bitmap_destroy(firn_bitmap *bitmap); /* NULL is fine */

/* Fastest in rising order. A failure (out of memory) leaves the bitmap as it was. */
FIRN_MUST_CHECK firn_status firn_bitmap_add(firn_bitmap *bitmap, uint64_t position,
                                            firn_error *err);
/* Positions in [from, to); to <= from adds nothing. A failure may leave the first of them added.
 * Memory is one container for 65,536 positions. */
FIRN_MUST_CHECK firn_status firn_bitmap_add_range(firn_bitmap *bitmap, uint64_t from, uint64_t to,
                                                  firn_error *err);
/* Adds all of other. A failure may leave some of them added. */
FIRN_MUST_CHECK firn_status firn_bitmap_or(firn_bitmap *bitmap, const firn_bitmap *other,
                                           firn_error *err);

bool firn_bitmap_contains(const firn_bitmap *bitmap, uint64_t position);
uint64_t firn_bitmap_cardinality(const firn_bitmap *bitmap);
/* How many positions are in [from, to). */
uint64_t firn_bitmap_count(const firn_bitmap *bitmap, uint64_t from, uint64_t to);
/* False when the bitmap is empty. */
bool firn_bitmap_max(const firn_bitmap *bitmap, uint64_t *out);

/* For rows [from, from + n_bits) as bits, lowest first, from bit skip on: clears the bit of each
 * position that is in the bitmap. Returns how many positions those are. */
uint64_t firn_bitmap_clear_bits(const firn_bitmap *bitmap, uint64_t from, size_t n_bits,
                                size_t skip, uint64_t *bits);

/* All positions in rising order, some at a time. Zero-initialised by the caller; the bitmap must
 * not change meanwhile. Returns how many of at most max were put into out; 0: no more. */
typedef struct firn_bitmap_cursor {
    size_t container;
    uint32_t at;          /* where the next run of the container is looked for */
    uint32_t first, last; /* what is left of the run at hand */
    bool has_run;
} firn_bitmap_cursor;
size_t firn_bitmap_next(const firn_bitmap *bitmap, firn_bitmap_cursor *cursor, uint64_t *out,
                        size_t max);

/* Appends the 64-bit portable form, each container in its smallest encoding. */
FIRN_MUST_CHECK firn_status firn_bitmap_encode(const firn_bitmap *bitmap, firn_buf *out,
                                               firn_error *err);
/* The same for the 32-bit form; FIRN_ERR_ARG when a position is over 2^32 - 1. */
FIRN_MUST_CHECK firn_status firn_bitmap_encode32(const firn_bitmap *bitmap, firn_buf *out,
                                                 firn_error *err);

/* The whole of bytes, copied. Everything is checked: order, cardinalities, offsets, ends; the
 * memory is a small multiple of bytes. err->position is base_offset + the place of the fault. */
FIRN_MUST_CHECK firn_status firn_bitmap_decode(firn_str bytes, uint64_t base_offset,
                                               const firn_allocator *alloc, firn_bitmap **out,
                                               firn_error *err);
FIRN_MUST_CHECK firn_status firn_bitmap_decode32(firn_str bytes, uint64_t base_offset,
                                                 const firn_allocator *alloc, firn_bitmap **out,
                                                 firn_error *err);

#endif
