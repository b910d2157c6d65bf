/* SPDX-License-Identifier: Apache-2.0 */
/* Arena: all memory of one operation, freed together. Created with a byte limit. */
#ifndef FIRN_BASE_ARENA_H
#define FIRN_BASE_ARENA_H

#include "base/alloc.h"
#include "firn/ext/arena.h"

/* Create with limit_bytes 0: FIRN_LIMIT_ARENA (limits.h). Destroy and reset run deferred functions,
 * last in first out; reset keeps the first chunk. array with n == 0 gives a non-NULL pointer. */
void *firn_arena_alloc_zero(firn_arena *arena, size_t size);
/* fn(ptr) runs on reset/destroy. On failure fn was not registered and will not run. */
FIRN_MUST_CHECK firn_status firn_arena_defer(firn_arena *arena, void (*fn)(void *), void *ptr,
                                             firn_error *err);
size_t firn_arena_used(const firn_arena *arena);

/* Grow-by-doubling array in an arena: makes room for one more element and returns its slot,
 * zeroed; *len is incremented. NULL when out of memory. Old storage stays in the arena. */
void *firn_arena_push(firn_arena *arena, void *data_ptr, size_t *len, size_t *cap, size_t size);

#endif
