/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/ext/arena.h
 * @brief Memory of one operation, freed together: what catalog drivers fill and their callers
 * hand in.
 *
 * Ownership:  create/destroy; whatever was allocated lives until destroy or reset.
 * Threads:    one arena, one thread at a time.
 */
#ifndef FIRN_EXT_ARENA_H
#define FIRN_EXT_ARENA_H

#include "firn/base.h"

FIRN_BEGIN_DECLS

typedef struct firn_arena firn_arena;
struct firn_allocator;

/** @brief Make an arena. @p alloc NULL: the C library's heap; @p limit_bytes 0: 4 GiB. NULL when
 * out of memory. */
FIRN_API firn_arena *firn_arena_create(const struct firn_allocator *alloc, size_t limit_bytes);
/** @brief Free the arena and all that is in it. NULL is fine. */
FIRN_API void firn_arena_destroy(firn_arena *arena);
/** @brief Forget all that is in it; the arena can be used again. */
FIRN_API void firn_arena_reset(firn_arena *arena);
/** @brief 16-byte aligned, not zeroed; NULL when out of memory or over the limit. */
FIRN_API void *firn_arena_alloc(firn_arena *arena, size_t size);
/** @brief @p n zeroed elements of @p size bytes; NULL when out of memory or over the limit. */
FIRN_API void *firn_arena_array(firn_arena *arena, size_t n, size_t size);
/** @brief NUL-terminated copy; data is NULL when out of memory. */
FIRN_API firn_str firn_arena_copy(firn_arena *arena, firn_str s);
/** @brief Formatted, NUL-terminated text; data is NULL when out of memory. */
FIRN_API firn_str firn_arena_printf(firn_arena *arena, const char *fmt, ...) FIRN_PRINTF(2, 3);

FIRN_END_DECLS

#endif
