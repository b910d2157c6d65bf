/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator: a struct of functions handed in, never a global hook. malloc, free and friends
 * are called in alloc.c only. */
#ifndef FIRN_BASE_ALLOC_H
#define FIRN_BASE_ALLOC_H

#include "firn/base.h"

typedef struct firn_allocator {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size);             /* NULL when out of memory */
    void *(*resize)(void *ctx, void *ptr, size_t size); /* as realloc */
    void (*release)(void *ctx, void *ptr);              /* NULL is fine */
} firn_allocator;

/* The C library's heap. Never NULL. */
const firn_allocator *firn_allocator_default(void);

/* a == NULL: the default allocator. */
void *firn_mem_alloc(const firn_allocator *a, size_t size);
void *firn_mem_alloc_zero(const firn_allocator *a, size_t size);
/* n * size with overflow check; NULL on overflow or out of memory. */
void *firn_mem_array(const firn_allocator *a, size_t n, size_t size);
void *firn_mem_resize(const firn_allocator *a, void *ptr, size_t size);
void firn_mem_free(const firn_allocator *a, void *ptr);
/* A hint: all of this memory is written soon. The kernel gives its pages at once, which takes half
 * of the time that it takes to give them one by one. */
void firn_mem_want(void *ptr, size_t size);

#endif
