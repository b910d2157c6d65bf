/* SPDX-License-Identifier: Apache-2.0 */
/* One container of a bitmap: up to 65,536 positions with the same upper 48 bits. Internal to
 * bitmap*.c; which containers there are is bitmap.c's business, bytes are bitmap_codec.c's. */
#ifndef FIRN_FORMAT_BITMAP_CONTAINER_H
#define FIRN_FORMAT_BITMAP_CONTAINER_H

#include "format/puffin/bitmap.h"

#define FIRN_CONTAINER_SIZE       65536u /* positions */
#define FIRN_CONTAINER_MAX_ARRAY  4096u  /* values: beyond, a bitset is smaller */
#define FIRN_CONTAINER_WORDS      1024u
#define FIRN_CONTAINER_MAX_RUNS   2048u /* that are kept as runs when one is added */
#define FIRN_CONTAINER_BITSET_LEN ((size_t)8192)

typedef enum firn_container_kind {
    FIRN_CONTAINER_ARRAY = 0, /* rising values */
    FIRN_CONTAINER_BITSET,
    FIRN_CONTAINER_RUNS, /* rising, not touching each other */
} firn_container_kind;

typedef struct firn_container_run {
    uint16_t first;
    uint16_t more; /* positions after the first: length - 1 */
} firn_container_run;

typedef struct firn_container {
    uint64_t key; /* position >> 16 */
    firn_container_kind kind;
    uint32_t cardinality; /* 1 to 65,536 */
    uint32_t n, cap;      /* values or runs; unused by bitsets */
    union {
        void *memory; /* owned */
        uint16_t *values;
        uint64_t *words;
        firn_container_run *runs;
    } as;
} firn_container;

struct firn_bitmap {
    const firn_allocator *alloc;
    firn_container *containers; /* by rising key */
    size_t n, cap;
};

/* Puts a container, and with it its memory, at an index; a failure takes nothing. */
FIRN_MUST_CHECK firn_status firn_bitmap_insert(firn_bitmap *bitmap, size_t index,
                                               const firn_container *container, firn_error *err);

/* A container of the positions [first, last]. */
FIRN_MUST_CHECK firn_status firn_container_init(firn_container *c, uint64_t key, uint32_t first,
                                                uint32_t last, const firn_allocator *alloc,
                                                firn_error *err);
FIRN_MUST_CHECK firn_status firn_container_copy(firn_container *c, const firn_container *from,
                                                const firn_allocator *alloc, firn_error *err);
void firn_container_dispose(firn_container *c, const firn_allocator *alloc);

/* A failure leaves the container as it was. */
FIRN_MUST_CHECK firn_status firn_container_add(firn_container *c, uint32_t first, uint32_t last,
                                               const firn_allocator *alloc, firn_error *err);
FIRN_MUST_CHECK firn_status firn_container_or(firn_container *c, const firn_container *other,
                                              const firn_allocator *alloc, firn_error *err);

/* The first run at or behind *at (0 to begin with), and *at moved behind it; false: no more. */
bool firn_container_next_run(const firn_container *c, uint32_t *at, uint32_t *first,
                             uint32_t *last);
/* How many positions are in [first, last]. */
uint32_t firn_container_count(const firn_container *c, uint32_t first, uint32_t last);
/* Clears the bits of those in [first, last]; bit 0 of bits is position first - skip. */
uint32_t firn_container_clear(const firn_container *c, uint32_t first, uint32_t last, size_t skip,
                              uint64_t *bits);
/* words is zeroed by the caller. */
void firn_container_to_words(const firn_container *c, uint64_t words[FIRN_CONTAINER_WORDS]);

#endif
