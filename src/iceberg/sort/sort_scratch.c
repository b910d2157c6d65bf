/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/sort_scratch.h"

#include "base/error.h"

void firn_sort_scratches_init(firn_sort_scratches *scratches, const firn_row_layout *layout,
                              const firn_allocator *alloc)
{
    *scratches = (firn_sort_scratches){.alloc = alloc, .layout = layout};
    (void)pthread_mutex_init(&scratches->lock, NULL);
}

static void free_codes(const firn_sort_scratches *all, firn_sort_scratch *s)
{
    for (size_t i = 0; s->codes && i < all->layout->n_columns; i++)
        firn_mem_free(all->alloc, s->codes[i].numbers);
    firn_mem_free(all->alloc, s->codes);
    s->codes = NULL;
    s->cap_codes = 0;
}

static void destroy(const firn_sort_scratches *all, firn_sort_scratch *s)
{
    free_codes(all, s);
    firn_mem_free(all->alloc, s->places);
    firn_mem_free(all->alloc, s->spare);
    firn_mem_free(all->alloc, s->entries);
    firn_mem_free(all->alloc, s->spare_entries);
    firn_keys_dispose(&s->keys);
    firn_mem_free(all->alloc, s);
}

void firn_sort_scratches_dispose(firn_sort_scratches *scratches)
{
    while (scratches->free) {
        firn_sort_scratch *s = scratches->free;
        scratches->free = s->next;
        destroy(scratches, s);
    }
    (void)pthread_mutex_destroy(&scratches->lock);
}

static firn_sort_scratch *find_or_make(firn_sort_scratches *all)
{
    (void)pthread_mutex_lock(&all->lock);
    firn_sort_scratch *s = all->free;
    if (s) all->free = s->next;
    (void)pthread_mutex_unlock(&all->lock);
    if (s) return s;
    s = firn_mem_alloc_zero(all->alloc, sizeof *s);
    if (s) firn_keys_init(&s->keys, all->alloc, SIZE_MAX);
    return s;
}

static firn_status reserve(const firn_sort_scratches *all, firn_sort_scratch *s, size_t n,
                           firn_error *err)
{
    if (s->places && n <= s->cap) return FIRN_OK;
    firn_mem_free(all->alloc, s->places);
    firn_mem_free(all->alloc, s->spare);
    s->cap = 0;
    s->places = firn_mem_array(all->alloc, n + 1, sizeof *s->places);
    s->spare = firn_mem_array(all->alloc, n + 1, sizeof *s->spare);
    if (!s->places || !s->spare) return firn_fail_nomem(err);
    s->cap = n;
    return FIRN_OK;
}

firn_status firn_sort_scratch_entries(const firn_sort_scratches *scratches,
                                      firn_sort_scratch *scratch, size_t n, firn_error *err)
{
    const firn_allocator *alloc = scratches->alloc;
    if (scratch->entries && n <= scratch->cap_entries) return FIRN_OK;
    firn_mem_free(alloc, scratch->entries);
    firn_mem_free(alloc, scratch->spare_entries);
    scratch->cap_entries = 0;
    scratch->entries = firn_mem_array(alloc, n + 1, sizeof *scratch->entries);
    scratch->spare_entries = firn_mem_array(alloc, n + 1, sizeof *scratch->spare_entries);
    if (!scratch->entries || !scratch->spare_entries) return firn_fail_nomem(err);
    scratch->cap_entries = n;
    return FIRN_OK;
}

firn_status firn_sort_scratch_take(firn_sort_scratches *scratches, size_t n,
                                   firn_sort_scratch **out, firn_error *err)
{
    *out = NULL;
    firn_sort_scratch *s = find_or_make(scratches);
    if (!s) return firn_fail_nomem(err);
    firn_keys_clear(&s->keys);
    const firn_status st = reserve(scratches, s, n, err);
    if (st != FIRN_OK) {
        destroy(scratches, s);
        return st;
    }
    *out = s;
    return FIRN_OK;
}

void firn_sort_scratch_give(firn_sort_scratches *scratches, firn_sort_scratch *scratch)
{
    if (!scratch) return;
    (void)pthread_mutex_lock(&scratches->lock);
    scratch->next = scratches->free;
    scratches->free = scratch;
    (void)pthread_mutex_unlock(&scratches->lock);
}

firn_status firn_sort_scratch_codes(const firn_sort_scratches *scratches,
                                    firn_sort_scratch *scratch, size_t n, firn_error *err)
{
    const firn_row_layout *layout = scratches->layout;
    if (scratch->codes && n <= scratch->cap_codes) return FIRN_OK;
    free_codes(scratches, scratch);
    scratch->codes =
        firn_mem_alloc_zero(scratches->alloc, (layout->n_columns + 1) * sizeof *scratch->codes);
    if (!scratch->codes) return firn_fail_nomem(err);
    for (size_t i = 0; i < layout->n_columns; i++) {
        if (layout->full.slots[i].kind != FIRN_SLOT_TEXT) continue;
        scratch->codes[i].numbers =
            firn_mem_array(scratches->alloc, n, sizeof *scratch->codes[i].numbers);
        if (!scratch->codes[i].numbers) return firn_fail_nomem(err);
    }
    scratch->cap_codes = n;
    return FIRN_OK;
}
