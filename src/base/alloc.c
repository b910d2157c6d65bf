/* SPDX-License-Identifier: Apache-2.0 */
/* The default allocator and the helpers that pick it. The only file that calls the C heap. */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/checked.h"

#define K_PAGE_BYTES ((uintptr_t)4096)

static void *heap_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void *heap_resize(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    return realloc(ptr, size);
}

static void heap_release(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

const firn_allocator *firn_allocator_default(void)
{
    static const firn_allocator heap = {NULL, heap_alloc, heap_resize, heap_release};
    return &heap;
}

static const firn_allocator *pick(const firn_allocator *a)
{
    return a ? a : firn_allocator_default();
}

void *firn_mem_alloc(const firn_allocator *a, size_t size)
{
    a = pick(a);
    return a->alloc(a->ctx, size ? size : 1);
}

void *firn_mem_alloc_zero(const firn_allocator *a, size_t size)
{
    void *ptr = firn_mem_alloc(a, size);
    if (ptr) memset(ptr, 0, size);
    return ptr;
}

void *firn_mem_array(const firn_allocator *a, size_t n, size_t size)
{
    size_t total;
    if (!firn_mul_size(n, size, &total)) return NULL;
    return firn_mem_alloc(a, total);
}

void *firn_mem_resize(const firn_allocator *a, void *ptr, size_t size)
{
    a = pick(a);
    if (!ptr) return a->alloc(a->ctx, size ? size : 1);
    return a->resize(a->ctx, ptr, size ? size : 1);
}

void firn_mem_free(const firn_allocator *a, void *ptr)
{
    if (!ptr) return;
    a = pick(a);
    a->release(a->ctx, ptr);
}

void firn_mem_want(void *ptr, size_t size)
{
#ifdef MADV_POPULATE_WRITE
    const uintptr_t at = (uintptr_t)ptr;
    const uintptr_t from = (at + K_PAGE_BYTES - 1) & ~(K_PAGE_BYTES - 1);
    const uintptr_t to = (at + size) & ~(K_PAGE_BYTES - 1);
    if (from < to) (void)madvise((char *)ptr + (from - at), to - from, MADV_POPULATE_WRITE);
#else
    (void)ptr;
    (void)size;
#endif
}
