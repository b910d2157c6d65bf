/* SPDX-License-Identifier: Apache-2.0 */
/* Merging of sorted ranges. */
#include "format/columns/row_ranges.h"

#include "base/error.h"

static int64_t end_of(const firn_row_range *range)
{
    return range->first + range->n;
}

firn_status firn_row_ranges_add(firn_row_ranges *set, firn_row_range range, firn_arena *arena,
                                firn_error *err)
{
    firn_row_range *last = set->n > 0 ? &set->items[set->n - 1] : NULL;
    if (range.n <= 0) return FIRN_OK;
    if (last && end_of(last) >= range.first) { /* adjacent, or overlapping in a union */
        if (end_of(&range) > end_of(last)) last->n = end_of(&range) - last->first;
        return FIRN_OK;
    }
    firn_row_range *slot =
        firn_arena_push(arena, (void *)&set->items, &set->n, &set->capacity, sizeof *set->items);
    if (!slot) return firn_fail_nomem(err);
    *slot = range;
    return FIRN_OK;
}

firn_status firn_row_ranges_intersect(const firn_row_ranges *a, const firn_row_ranges *b,
                                      firn_arena *arena, firn_row_ranges *out, firn_error *err)
{
    size_t i = 0, k = 0;
    *out = (firn_row_ranges){0};
    while (i < a->n && k < b->n) {
        const firn_row_range *x = &a->items[i], *y = &b->items[k];
        const int64_t first = x->first > y->first ? x->first : y->first;
        const int64_t end = end_of(x) < end_of(y) ? end_of(x) : end_of(y);
        FIRN_TRY(firn_row_ranges_add(out, (firn_row_range){first, end - first}, arena, err));
        if (end_of(x) < end_of(y))
            i++;
        else
            k++;
    }
    return FIRN_OK;
}

firn_status firn_row_ranges_unite(const firn_row_ranges *a, const firn_row_ranges *b,
                                  firn_arena *arena, firn_row_ranges *out, firn_error *err)
{
    size_t i = 0, k = 0;
    *out = (firn_row_ranges){0};
    while (i < a->n || k < b->n) {
        const bool is_first = k == b->n || (i < a->n && a->items[i].first <= b->items[k].first);
        const firn_row_range *next = is_first ? &a->items[i++] : &b->items[k++];
        FIRN_TRY(firn_row_ranges_add(out, *next, arena, err));
    }
    return FIRN_OK;
}

int64_t firn_row_ranges_count(const firn_row_range *ranges, size_t n)
{
    int64_t rows = 0;
    for (size_t i = 0; i < n; i++) rows += ranges[i].n;
    return rows;
}

size_t firn_row_ranges_find(const firn_row_range *ranges, size_t n, int64_t row)
{
    size_t from = 0, to = n;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        if (end_of(&ranges[mid]) <= row)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}
