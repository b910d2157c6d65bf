/* SPDX-License-Identifier: Apache-2.0 */
/* Arena: a list of chunks with a bump pointer into the newest. With FIRN_ARENA_MALLOC_EACH every
 * allocation is its own chunk of the exact size, so that a sanitizer sees each overrun.
 * Not thread-safe. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/limits.h"

#define ALIGNMENT   ((size_t)16)
#define CHUNK_FIRST ((size_t)4 << 10)
#define CHUNK_MAX   ((size_t)1 << 20)

#ifdef FIRN_ARENA_MALLOC_EACH
#define MALLOC_EACH 1
#else
#define MALLOC_EACH 0
#endif

typedef struct chunk {
    alignas(16) struct chunk *next;
    size_t size; /* bytes behind this header */
} chunk;

typedef struct deferred {
    struct deferred *next;
    void (*fn)(void *);
    void *ptr;
} deferred;

struct firn_arena {
    const firn_allocator *alloc;
    size_t limit;
    size_t used;
    size_t next_chunk;
    chunk *chunks; /* newest first; big allocations are put behind the first */
    chunk *first;  /* the one that reset keeps */
    char *at;      /* free bytes of chunks: at..end */
    char *end;
    deferred *defers; /* newest first */
};

firn_arena *firn_arena_create(const firn_allocator *alloc, size_t limit_bytes)
{
    firn_arena *arena = firn_mem_alloc_zero(alloc, sizeof *arena);
    if (!arena) return NULL;
    arena->alloc = alloc;
    arena->limit = limit_bytes ? limit_bytes : FIRN_LIMIT_ARENA;
    arena->next_chunk = CHUNK_FIRST;
    return arena;
}

static void run_deferred(firn_arena *arena)
{
    while (arena->defers) {
        deferred *d = arena->defers;
        arena->defers = d->next;
        d->fn(d->ptr);
    }
}

static void free_chunks(firn_arena *arena, const chunk *keep)
{
    chunk *c = arena->chunks;
    while (c) {
        chunk *next = c->next;
        if (c != keep) firn_mem_free(arena->alloc, c);
        c = next;
    }
}

void firn_arena_destroy(firn_arena *arena)
{
    if (!arena) return;
    run_deferred(arena);
    free_chunks(arena, NULL);
    firn_mem_free(arena->alloc, arena);
}

void firn_arena_reset(firn_arena *arena)
{
    chunk *keep = arena->first;

    run_deferred(arena);
    free_chunks(arena, keep);
    arena->chunks = keep;
    arena->used = 0;
    arena->next_chunk = keep ? 2 * CHUNK_FIRST : CHUNK_FIRST;
    arena->at = NULL;
    arena->end = NULL;
    if (!keep) return;
    keep->next = NULL;
    arena->at = (char *)(keep + 1);
    arena->end = arena->at + keep->size;
}

static chunk *add_chunk(firn_arena *arena, size_t size)
{
    size_t total;
    chunk *c;

    if (!firn_add_size(size, sizeof *c, &total)) return NULL;
    c = firn_mem_alloc(arena->alloc, total);
    if (!c) return NULL;
    c->next = NULL;
    c->size = size;
    return c;
}

/* An allocation that gets a chunk of its own; the bump chunk stays in front. */
static void *alloc_alone(firn_arena *arena, size_t size)
{
    chunk *c = add_chunk(arena, size);

    if (!c) return NULL;
    if (arena->chunks) {
        c->next = arena->chunks->next;
        arena->chunks->next = c;
    } else {
        arena->chunks = c;
    }
    return c + 1;
}

static void *alloc_in_new_chunk(firn_arena *arena, size_t size)
{
    size_t chunk_size;
    chunk *c;

    if (MALLOC_EACH) return alloc_alone(arena, size);
    chunk_size = arena->next_chunk;
    if (arena->next_chunk < CHUNK_MAX) arena->next_chunk *= 2;
    if (size > chunk_size / 4) return alloc_alone(arena, size);
    c = add_chunk(arena, chunk_size - sizeof *c);
    if (!c) return NULL;
    if (!arena->first) arena->first = c;
    c->next = arena->chunks;
    arena->chunks = c;
    arena->at = (char *)(c + 1);
    arena->end = arena->at + c->size;
    arena->at += size;
    return c + 1;
}

void *firn_arena_alloc(firn_arena *arena, size_t size)
{
    size_t rounded;
    void *ptr;

    if (!firn_add_size(size ? size : 1, ALIGNMENT - 1, &rounded)) return NULL;
    rounded &= ~(ALIGNMENT - 1);
    if (rounded > arena->limit - arena->used) return NULL;
    if ((size_t)(arena->end - arena->at) >= rounded) {
        ptr = arena->at;
        arena->at += rounded;
    } else {
        ptr = alloc_in_new_chunk(arena, MALLOC_EACH ? size : rounded);
        if (!ptr) return NULL;
    }
    arena->used += rounded;
    return ptr;
}

void *firn_arena_alloc_zero(firn_arena *arena, size_t size)
{
    void *ptr = firn_arena_alloc(arena, size);
    if (ptr) memset(ptr, 0, size);
    return ptr;
}

void *firn_arena_array(firn_arena *arena, size_t n, size_t size)
{
    size_t total;
    if (!firn_mul_size(n, size, &total)) return NULL;
    return firn_arena_alloc_zero(arena, total);
}

firn_str firn_arena_copy(firn_arena *arena, firn_str s)
{
    firn_str none = {NULL, 0};
    size_t size;
    char *copy;

    if (!firn_add_size(s.len, 1, &size)) return none;
    copy = firn_arena_alloc(arena, size);
    if (!copy) return none;
    if (s.len) memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';
    return (firn_str){copy, s.len};
}

firn_str firn_arena_printf(firn_arena *arena, const char *fmt, ...)
{
    firn_str none = {NULL, 0};
    va_list args;
    int len;
    char *text;

    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0) return none;
    text = firn_arena_alloc(arena, (size_t)len + 1);
    if (!text) return none;
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)len + 1, fmt, args);
    va_end(args);
    return (firn_str){text, (size_t)len};
}

firn_status firn_arena_defer(firn_arena *arena, void (*fn)(void *), void *ptr, firn_error *err)
{
    deferred *d = firn_arena_alloc(arena, sizeof *d);

    if (!d) return firn_fail_nomem(err);
    *d = (deferred){arena->defers, fn, ptr};
    arena->defers = d;
    return FIRN_OK;
}

size_t firn_arena_used(const firn_arena *arena)
{
    return arena->used;
}

void *firn_arena_push(firn_arena *arena, void *data_ptr, size_t *len, size_t *cap, size_t size)
{
    char *data;
    char *slot;

    memcpy(&data, data_ptr, sizeof data);
    if (*len == *cap) {
        size_t grown;
        char *bigger;
        if (!firn_mul_size(*cap ? *cap : 4, 2, &grown)) return NULL;
        bigger = firn_arena_array(arena, grown, size);
        if (!bigger) return NULL;
        if (*len) memcpy(bigger, data, *len * size);
        data = bigger;
        *cap = grown;
        memcpy(data_ptr, &data, sizeof data);
    }
    slot = data + *len * size;
    memset(slot, 0, size);
    *len += 1;
    return slot;
}
