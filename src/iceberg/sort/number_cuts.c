/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/number_cuts.h"

#include "base/error.h"

#define K_SLOTS 4096

static bool see_cuts(firn_number_keys *keys, const firn_sort_cuts *cuts)
{
    for (size_t i = 0; i < cuts->n; i++)
        if (!firn_number_keys_see_bytes(keys, cuts->cuts[i].key)) return false;
    return firn_number_keys_finish(keys, 64);
}

static void fill(firn_number_cuts *c)
{
    const size_t n = c->cuts->n;
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        c->packed[i] = firn_number_keys_pack_bytes(&c->keys, c->cuts->cuts[i].key);
    while (n > 0 && (c->packed[n - 1] - c->packed[0]) >> c->shift >= K_SLOTS) c->shift++;
    for (size_t slot = 0; slot <= K_SLOTS; slot++) {
        while (at < n && (c->packed[at] - c->packed[0]) >> c->shift < slot) at++;
        c->slots[slot] = (uint16_t)at;
    }
}

firn_status firn_number_cuts_make(firn_number_cuts *out, const firn_sort_cuts *cuts,
                                  const firn_row_order *order, const firn_allocator *alloc,
                                  firn_error *err)
{
    *out = (firn_number_cuts){0};
    if (cuts->n >= UINT16_MAX || !firn_number_keys_init(&out->keys, order) ||
        !see_cuts(&out->keys, cuts))
        return FIRN_OK;
    out->packed = firn_mem_array(alloc, cuts->n + 1, sizeof *out->packed);
    out->slots = firn_mem_array(alloc, K_SLOTS + 1, sizeof *out->slots);
    if (!out->packed || !out->slots) {
        firn_number_cuts_dispose(out, alloc);
        return firn_fail_nomem(err);
    }
    out->cuts = cuts;
    fill(out);
    return FIRN_OK;
}

void firn_number_cuts_dispose(firn_number_cuts *cuts, const firn_allocator *alloc)
{
    firn_mem_free(alloc, cuts->packed);
    firn_mem_free(alloc, cuts->slots);
    *cuts = (firn_number_cuts){0};
}

/* How many cuts a row is not before: those with smaller keys, and those with its key that are not
 * behind it. */
static inline size_t find(const firn_number_cuts *c, uint64_t packed, uint64_t number)
{
    const size_t n = c->cuts->n;
    if (packed < c->packed[0]) return 0;
    const uint64_t slot = (packed - c->packed[0]) >> c->shift;
    size_t from = slot < K_SLOTS ? c->slots[slot] : n;
    size_t to = slot < K_SLOTS ? c->slots[slot + 1] : n;
    while (from < to) { /* hardly a slot has more than one */
        const size_t middle = from + (to - from) / 2;
        if (c->packed[middle] < packed)
            from = middle + 1;
        else
            to = middle;
    }
    while (from < n && c->packed[from] == packed && number >= c->cuts->cuts[from].number) from++;
    return from;
}

void firn_number_cuts_find(const firn_number_cuts *cuts, const uint64_t *packed, size_t n,
                           uint64_t first, uint32_t *parts)
{
    for (size_t i = 0; i < n; i++)
        parts[i] = cuts->cuts->n > 0 ? (uint32_t)find(cuts, packed[i], first + i) : 0;
}
