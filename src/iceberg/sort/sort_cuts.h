/* SPDX-License-Identifier: Apache-2.0 */
/* Where sorted rows are cut into parts of about as many rows each, told from a sample of their
 * keys. Rows have numbers, by which those with equal keys are told apart: so one key that all rows
 * have can be cut as well. */
#ifndef FIRN_ICEBERG_SORT_CUTS_H
#define FIRN_ICEBERG_SORT_CUTS_H

#include "base/arena.h"
#include "iceberg/sort/row_keys.h"

/* Keys of some rows, evenly out of all that were seen: when there are too many, every other one is
 * forgotten. */
typedef struct firn_key_samples {
    firn_keys keys;
    uint64_t *numbers; /* of the rows */
    size_t max;
    uint64_t stride; /* a power of 2 */
    uint64_t n_seen;
} firn_key_samples;

/* Allocates nothing. max: at least 2. */
void firn_key_samples_init(firn_key_samples *samples, const firn_allocator *alloc, size_t max);
void firn_key_samples_dispose(firn_key_samples *samples);
/* How many of the next n rows, from the first on, would be forgotten anyway; they count as seen. */
static inline size_t firn_key_samples_skip(firn_key_samples *samples, size_t n)
{
    const uint64_t until = (samples->stride - samples->n_seen) & (samples->stride - 1);
    const size_t skipped = until < n ? (size_t)until : n;
    samples->n_seen += skipped;
    return skipped;
}
FIRN_MUST_CHECK firn_status firn_key_samples_add(firn_key_samples *samples, firn_str key,
                                                 uint64_t number, firn_error *err);

typedef struct firn_sort_cut {
    firn_str key;
    uint64_t number;
} firn_sort_cut;

/* Part i has the rows before cut i, and those from cut i - 1 on. Zeroed: one part. */
typedef struct firn_sort_cuts {
    firn_sort_cut *cuts;
    uint64_t *prefixes; /* of their keys, behind what all of them begin with */
    size_t n;
    size_t n_common; /* bytes that all of them begin with */
    uint64_t first;  /* up to eight of them */
} firn_sort_cuts;

/* At most n_parts; fewer where the sample has fewer different rows. Keys are copied to the arena.
 */
FIRN_MUST_CHECK firn_status firn_sort_cuts_make(firn_sort_cuts *out,
                                                const firn_key_samples *samples, size_t n_parts,
                                                firn_arena *arena, firn_error *err);
/* The part a row belongs to. */
size_t firn_sort_cuts_find(const firn_sort_cuts *cuts, firn_str key, uint64_t number);

#endif
