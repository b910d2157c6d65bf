/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/sort_cuts.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/sort/key_sort.h"

/* ---- samples ---- */

void firn_key_samples_init(firn_key_samples *samples, const firn_allocator *alloc, size_t max)
{
    *samples = (firn_key_samples){.max = max, .stride = 1};
    firn_keys_init(&samples->keys, alloc, SIZE_MAX);
}

void firn_key_samples_dispose(firn_key_samples *samples)
{
    firn_mem_free(samples->keys.alloc, samples->numbers);
    samples->numbers = NULL;
    firn_keys_dispose(&samples->keys);
}

static void thin_out(firn_key_samples *samples)
{
    firn_keys *keys = &samples->keys;
    const int64_t n = keys->n;
    size_t len = 0;
    keys->n = 0;
    uint64_t from = 0;
    for (int64_t i = 0; i < n; i++) {
        const size_t size = (size_t)(keys->ends[i] - from);
        if (i % 2 == 0) {
            memmove(keys->bytes.data + len, keys->bytes.data + from, size);
            samples->numbers[keys->n] = samples->numbers[i];
            len += size;
        }
        from = keys->ends[i];
        if (i % 2 == 0) keys->ends[keys->n++] = len;
    }
    keys->bytes.len = len;
    samples->stride *= 2;
}

firn_status firn_key_samples_add(firn_key_samples *samples, firn_str key, uint64_t number,
                                 firn_error *err)
{
    if ((samples->n_seen++ & (samples->stride - 1)) != 0) return FIRN_OK;
    if (!samples->numbers) {
        samples->numbers =
            firn_mem_array(samples->keys.alloc, samples->max, sizeof *samples->numbers);
        if (!samples->numbers) return firn_fail_nomem(err);
    }
    if ((size_t)samples->keys.n == samples->max) {
        thin_out(samples);
        if (((samples->n_seen - 1) & (samples->stride - 1)) != 0) return FIRN_OK;
    }
    firn_buf_str(&samples->keys.bytes, key);
    FIRN_TRY(firn_keys_end(&samples->keys, err));
    samples->numbers[samples->keys.n - 1] = number;
    return FIRN_OK;
}

/* ---- cuts ---- */

static int compare_rows(firn_str key, uint64_t number, const firn_sort_cut *cut)
{
    const int order = firn_str_compare(key, cut->key);
    if (order != 0) return order;
    return (number > cut->number) - (number < cut->number);
}

static uint64_t prefix_of(firn_str key, size_t from)
{
    uint64_t out = 0;
    if (key.len >= from + sizeof out) {
        memcpy(&out, key.data + from, sizeof out);
        return __builtin_bswap64(out);
    }
    for (size_t i = 0; i < sizeof out; i++)
        out = out << 8 | (from + i < key.len ? (uint8_t)key.data[from + i] : 0);
    return out;
}

static void find_common(firn_sort_cuts *cuts)
{
    if (cuts->n == 0) return;
    const firn_str a = cuts->cuts[0].key;
    const firn_str b = cuts->cuts[cuts->n - 1].key; /* in order: the others begin so, too */
    size_t n = 0;
    while (n < a.len && n < b.len && a.data[n] == b.data[n]) n++;
    cuts->n_common = n;
    memcpy(&cuts->first, a.data, n < sizeof cuts->first ? n : sizeof cuts->first);
    for (size_t i = 0; i < cuts->n; i++) cuts->prefixes[i] = prefix_of(cuts->cuts[i].key, n);
}

static firn_sort_cut sample_at(const firn_key_samples *samples, const firn_sort_entry *entry)
{
    const size_t i = (size_t)entry->place;
    return (firn_sort_cut){firn_keys_at(&samples->keys, (int64_t)i), samples->numbers[i]};
}

/* Every so many of the sorted samples, the first of all left out: nothing is before it. */
static firn_status pick(firn_sort_cuts *out, const firn_key_samples *samples,
                        const firn_sort_entry *sorted, size_t n_parts, firn_arena *arena,
                        firn_error *err)
{
    const size_t n = (size_t)samples->keys.n;
    for (size_t i = 1; i < n_parts; i++) {
        const firn_sort_cut cut = sample_at(samples, &sorted[i * n / n_parts]);
        const firn_sort_cut before =
            out->n > 0 ? out->cuts[out->n - 1] : sample_at(samples, &sorted[0]);
        if (compare_rows(before.key, before.number, &cut) >= 0) continue;
        const firn_str key = firn_arena_copy(arena, cut.key);
        if (!key.data) return firn_fail_nomem(err);
        out->cuts[out->n++] = (firn_sort_cut){.key = key, .number = cut.number};
    }
    return FIRN_OK;
}

/* By their keys, and those with equal ones by their numbers. */
static void sort_samples(const firn_key_samples *samples, firn_sort_entry *entries,
                         firn_sort_entry *spare)
{
    static const int64_t k_first = 0; /* the keys are of one block */
    const firn_key_list list = {&samples->keys, &k_first};
    const size_t n = (size_t)samples->keys.n;
    for (size_t i = 0; i < n; i++)
        entries[i] = (firn_sort_entry){.prefix = samples->numbers[i], .place = i};
    firn_entry_sort(entries, spare, n);
    firn_key_sort(&list, entries, spare, n);
}

firn_status firn_sort_cuts_make(firn_sort_cuts *out, const firn_key_samples *samples,
                                size_t n_parts, firn_arena *arena, firn_error *err)
{
    const firn_allocator *alloc = samples->keys.alloc;
    const size_t n = (size_t)samples->keys.n;
    *out = (firn_sort_cuts){0};
    if (n == 0 || n_parts < 2) return FIRN_OK;
    out->cuts = firn_arena_array(arena, n_parts, sizeof *out->cuts);
    out->prefixes = firn_arena_array(arena, n_parts, sizeof *out->prefixes);
    firn_sort_entry *sorted = firn_mem_array(alloc, n, sizeof *sorted);
    firn_sort_entry *spare = firn_mem_array(alloc, n, sizeof *spare);
    firn_status st = FIRN_OK;
    if (!out->cuts || !out->prefixes || !sorted || !spare) st = firn_fail_nomem(err);
    if (st == FIRN_OK) {
        sort_samples(samples, sorted, spare);
        st = pick(out, samples, sorted, n_parts, arena, err);
    }
    firn_mem_free(alloc, sorted);
    firn_mem_free(alloc, spare);
    if (st == FIRN_OK) find_common(out);
    return st;
}

/* As the cuts do. False: perhaps, all the same. */
static inline bool begins_as_all(const firn_sort_cuts *cuts, firn_str key)
{
    if (cuts->n_common == 0) return true;
    if (cuts->n_common > sizeof(uint64_t) || key.len < sizeof(uint64_t)) return false;
    return (firn_load_u64le(key.data) ^ cuts->first) << (64 - 8 * cuts->n_common) == 0;
}

/* How many of n prefixes in ascending order are smaller, n > 0. Rows come in no order, so no branch
 * could be foreseen: there is none. */
static inline size_t count_smaller(const uint64_t *prefixes, size_t n, uint64_t prefix)
{
    const uint64_t *from = prefixes;
    while (n > 1) {
        const size_t half = n / 2;
        from += half & -(size_t)(from[half - 1] < prefix);
        n -= half;
    }
    return (size_t)(from - prefixes) + (*from < prefix);
}

/* How many cuts a row is not before. */
size_t firn_sort_cuts_find(const firn_sort_cuts *cuts, firn_str key, uint64_t number)
{
    if (cuts->n == 0) return 0;
    if (!begins_as_all(cuts, key)) {
        const size_t n_common = key.len < cuts->n_common ? key.len : cuts->n_common;
        const int order = memcmp(key.data, cuts->cuts[0].key.data, n_common);
        if (order != 0) return order < 0 ? 0 : cuts->n;
    }
    const uint64_t prefix = prefix_of(key, cuts->n_common);
    size_t n = count_smaller(cuts->prefixes, cuts->n, prefix);
    while (n < cuts->n && cuts->prefixes[n] == prefix &&
           compare_rows(key, number, &cuts->cuts[n]) >= 0)
        n++;
    return n;
}
