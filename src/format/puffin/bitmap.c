/* SPDX-License-Identifier: Apache-2.0 */
/* Bitmaps: the containers by key, and operations that run over several of them. Not here: one
 * container (bitmap_container.c), bytes (bitmap_codec.c). */
#include "format/puffin/bitmap.h"

#include <string.h>

#include "base/error.h"
#include "format/puffin/bitmap_container.h"

#define KEY_BITS  16
#define FIRST_CAP 4

firn_status firn_bitmap_create(const firn_allocator *alloc, firn_bitmap **out, firn_error *err)
{
    *out = firn_mem_alloc_zero(alloc, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    (*out)->alloc = alloc;
    return FIRN_OK;
}

void firn_bitmap_destroy(firn_bitmap *bitmap)
{
    if (!bitmap) return;
    for (size_t i = 0; i < bitmap->n; i++)
        firn_container_dispose(&bitmap->containers[i], bitmap->alloc);
    firn_mem_free(bitmap->alloc, bitmap->containers);
    firn_mem_free(bitmap->alloc, bitmap);
}

static uint64_t key_of(uint64_t position)
{
    return position >> KEY_BITS;
}

static uint32_t low_of(uint64_t position)
{
    return (uint32_t)(position & (FIRN_CONTAINER_SIZE - 1));
}

/* Index of the first container with at least that key. */
static size_t find_container(const firn_bitmap *bitmap, uint64_t key)
{
    size_t low = 0;
    size_t high = bitmap->n;
    if (high > 0 && bitmap->containers[high - 1].key <= key)
        return bitmap->containers[high - 1].key < key ? high : high - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (bitmap->containers[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_key(const firn_bitmap *bitmap, size_t index, uint64_t key)
{
    return index < bitmap->n && bitmap->containers[index].key == key;
}

firn_status firn_bitmap_insert(firn_bitmap *bitmap, size_t index, const firn_container *container,
                               firn_error *err)
{
    if (bitmap->n == bitmap->cap) {
        const size_t cap = bitmap->cap == 0 ? FIRST_CAP : bitmap->cap * 2;
        firn_container *grown =
            firn_mem_resize(bitmap->alloc, bitmap->containers, cap * sizeof *grown);
        if (!grown) return firn_fail_nomem(err);
        bitmap->containers = grown;
        bitmap->cap = cap;
    }
    memmove(bitmap->containers + index + 1, bitmap->containers + index,
            (bitmap->n - index) * sizeof *bitmap->containers);
    bitmap->containers[index] = *container;
    bitmap->n++;
    return FIRN_OK;
}

/* ---- adding ---- */

static firn_status insert_or_dispose(firn_bitmap *bitmap, size_t index, firn_container *container,
                                     firn_error *err)
{
    const firn_status st = firn_bitmap_insert(bitmap, index, container, err);
    if (st != FIRN_OK) firn_container_dispose(container, bitmap->alloc);
    return st;
}

static firn_status add_to_key(firn_bitmap *bitmap, uint64_t key, uint32_t first, uint32_t last,
                              firn_error *err)
{
    firn_container fresh;
    const size_t i = find_container(bitmap, key);
    if (has_key(bitmap, i, key))
        return firn_container_add(&bitmap->containers[i], first, last, bitmap->alloc, err);
    FIRN_TRY(firn_container_init(&fresh, key, first, last, bitmap->alloc, err));
    return insert_or_dispose(bitmap, i, &fresh, err);
}

firn_status firn_bitmap_add(firn_bitmap *bitmap, uint64_t position, firn_error *err)
{
    return add_to_key(bitmap, key_of(position), low_of(position), low_of(position), err);
}

firn_status firn_bitmap_add_range(firn_bitmap *bitmap, uint64_t from, uint64_t to, firn_error *err)
{
    while (from < to) {
        const uint64_t key = key_of(from);
        const bool is_last = key == key_of(to - 1);
        const uint32_t last = is_last ? low_of(to - 1) : FIRN_CONTAINER_SIZE - 1;
        FIRN_TRY(add_to_key(bitmap, key, low_of(from), last, err));
        if (is_last) return FIRN_OK;
        from = (key + 1) << KEY_BITS;
    }
    return FIRN_OK;
}

firn_status firn_bitmap_or(firn_bitmap *bitmap, const firn_bitmap *other, firn_error *err)
{
    for (size_t i = 0; i < other->n; i++) {
        const firn_container *container = &other->containers[i];
        const size_t at = find_container(bitmap, container->key);
        if (has_key(bitmap, at, container->key)) {
            FIRN_TRY(firn_container_or(&bitmap->containers[at], container, bitmap->alloc, err));
            continue;
        }
        firn_container copy;
        FIRN_TRY(firn_container_copy(&copy, container, bitmap->alloc, err));
        FIRN_TRY(insert_or_dispose(bitmap, at, &copy, err));
    }
    return FIRN_OK;
}

/* ---- looking ---- */

bool firn_bitmap_contains(const firn_bitmap *bitmap, uint64_t position)
{
    const uint64_t key = key_of(position);
    const size_t i = find_container(bitmap, key);
    const uint32_t low = low_of(position);
    return has_key(bitmap, i, key) && firn_container_count(&bitmap->containers[i], low, low) > 0;
}

uint64_t firn_bitmap_cardinality(const firn_bitmap *bitmap)
{
    uint64_t n = 0;
    for (size_t i = 0; i < bitmap->n; i++) n += bitmap->containers[i].cardinality;
    return n;
}

/* The part of [from, to) that is in a container, both ends included. */
static void clip(const firn_container *c, uint64_t from, uint64_t to, uint32_t *first,
                 uint32_t *last)
{
    *first = key_of(from) < c->key ? 0 : low_of(from);
    *last = key_of(to - 1) > c->key ? FIRN_CONTAINER_SIZE - 1 : low_of(to - 1);
}

uint64_t firn_bitmap_count(const firn_bitmap *bitmap, uint64_t from, uint64_t to)
{
    uint64_t n = 0;
    uint32_t first = 0;
    uint32_t last = 0;
    if (from >= to) return 0;
    for (size_t i = find_container(bitmap, key_of(from)); i < bitmap->n; i++) {
        const firn_container *c = &bitmap->containers[i];
        if (c->key > key_of(to - 1)) break;
        clip(c, from, to, &first, &last);
        n += last - first == FIRN_CONTAINER_SIZE - 1 ? c->cardinality
                                                     : firn_container_count(c, first, last);
    }
    return n;
}

bool firn_bitmap_max(const firn_bitmap *bitmap, uint64_t *out)
{
    uint32_t at = 0;
    uint32_t first = 0;
    uint32_t last = 0;
    if (bitmap->n == 0) return false;
    const firn_container *c = &bitmap->containers[bitmap->n - 1];
    while (firn_container_next_run(c, &at, &first, &last)) continue;
    *out = c->key << KEY_BITS | last;
    return true;
}

uint64_t firn_bitmap_clear_bits(const firn_bitmap *bitmap, uint64_t from, size_t n_bits,
                                size_t skip, uint64_t *bits)
{
    uint64_t n = 0;
    uint32_t first = 0;
    uint32_t last = 0;
    if (n_bits == 0) return 0;
    const uint64_t to = n_bits > UINT64_MAX - from ? UINT64_MAX : from + n_bits;
    for (size_t i = find_container(bitmap, key_of(from)); i < bitmap->n; i++) {
        const firn_container *c = &bitmap->containers[i];
        if (c->key > key_of(to - 1)) break;
        clip(c, from, to, &first, &last);
        const size_t at = skip + (size_t)((c->key << KEY_BITS | first) - from);
        n += firn_container_clear(c, first, last, at, bits);
    }
    return n;
}

/* The next run of positions into the cursor; false: no more. */
static bool next_run(const firn_bitmap *bitmap, firn_bitmap_cursor *cursor)
{
    while (!cursor->has_run && cursor->container < bitmap->n) {
        cursor->has_run = firn_container_next_run(&bitmap->containers[cursor->container],
                                                  &cursor->at, &cursor->first, &cursor->last);
        if (cursor->has_run) break;
        cursor->container++;
        cursor->at = 0;
    }
    return cursor->has_run;
}

size_t firn_bitmap_next(const firn_bitmap *bitmap, firn_bitmap_cursor *cursor, uint64_t *out,
                        size_t max)
{
    size_t n = 0;
    while (n < max && next_run(bitmap, cursor)) {
        const uint64_t base = bitmap->containers[cursor->container].key << KEY_BITS;
        while (n < max && cursor->first <= cursor->last) out[n++] = base | cursor->first++;
        cursor->has_run = cursor->first <= cursor->last;
    }
    return n;
}
