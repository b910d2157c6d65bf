/* SPDX-License-Identifier: Apache-2.0 */
/* Arena: all memory of one operation, freed together. Created with a byte limit. */
#ifndef FIRN_BASE_ARENA_H
#define FIRN_BASE_ARENA_H

#include "base/alloc.h"
#include "firn/base.h"

typedef struct firn_arena firn_arena;

/* limit_bytes 0: FIRN_LIMIT_ARENA (limits.h). NULL when out of memory. */
firn_arena *firn_arena_create(const firn_allocator *alloc, size_t limit_bytes);
/* Runs deferred functions last in first out, then frees. NULL is fine. */
void firn_arena_destroy(firn_arena *arena);
/* Runs deferred functions, forgets all memory, keeps the first chunk. */
void firn_arena_reset(firn_arena *arena);
/* 16-byte aligned; NULL when out of memory or over the limit. Not zeroed. */
void *firn_arena_alloc(firn_arena *arena, size_t size);
void *firn_arena_alloc_zero(firn_arena *arena, size_t size);
/* n elements, zeroed, overflow checked. n == 0 gives a non-NULL pointer. */
void *firn_arena_array(firn_arena *arena, size_t n, size_t size);
/* NUL-terminated copy; data NULL when out of memory. */
firn_str firn_arena_copy(firn_arena *arena, firn_str s);
/* NUL-terminated; .data NULL when out of memory. */
firn_str firn_arena_printf(firn_arena *arena, const char *fmt, ...) FIRN_PRINTF(2, 3);
/* fn(ptr) runs on reset/destroy. On failure fn was not registered and will not run. */
FIRN_MUST_CHECK firn_status firn_arena_defer(firn_arena *arena, void (*fn)(void *), void *ptr,
                                             firn_error *err);
size_t firn_arena_used(const firn_arena *arena);

/* Grow-by-doubling array in an arena: makes room for one more element and returns its slot,
 * zeroed; *len is incremented. NULL when out of memory. Old storage stays in the arena. */
void *firn_arena_push(firn_arena *arena, void *data_ptr, size_t *len, size_t *cap, size_t size);

#endif
