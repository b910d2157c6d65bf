/* SPDX-License-Identifier: Apache-2.0 */
/* Containers of a bitmap. A container starts as runs or as an array, whichever its first positions
 * are, and becomes a bitset when it outgrows that; it never goes back: encoding picks the smallest
 * form anyway. */
#include "format/puffin/bitmap_container.h"

#include <string.h>

#include "base/error.h"

#define FIRST_CAP 4u

/* ---- ranges of bits, both ends included ---- */

static uint64_t mask_from(size_t bit)
{
    return UINT64_MAX << (bit & 63);
}

static uint64_t mask_to(size_t bit)
{
    return UINT64_MAX >> (63 - (bit & 63));
}

static void set_bits(uint64_t *words, size_t first, size_t last)
{
    const size_t a = first >> 6;
    const size_t b = last >> 6;
    if (a == b) {
        words[a] |= mask_from(first) & mask_to(last);
        return;
    }
    words[a] |= mask_from(first);
    for (size_t i = a + 1; i < b; i++) words[i] = UINT64_MAX;
    words[b] |= mask_to(last);
}

static void clear_bits(uint64_t *words, size_t first, size_t last)
{
    const size_t a = first >> 6;
    const size_t b = last >> 6;
    if (a == b) {
        words[a] &= ~(mask_from(first) & mask_to(last));
        return;
    }
    words[a] &= ~mask_from(first);
    for (size_t i = a + 1; i < b; i++) words[i] = 0;
    words[b] &= ~mask_to(last);
}

static uint32_t count_word(uint64_t word)
{
    return (uint32_t)__builtin_popcountll(word);
}

static uint32_t count_bits(const uint64_t *words, size_t first, size_t last)
{
    const size_t a = first >> 6;
    const size_t b = last >> 6;
    if (a == b) return count_word(words[a] & mask_from(first) & mask_to(last));
    uint32_t n = count_word(words[a] & mask_from(first)) + count_word(words[b] & mask_to(last));
    for (size_t i = a + 1; i < b; i++) n += count_word(words[i]);
    return n;
}

/* The first bit at or behind from that is (invert: not) set; 65,536 if there is none. */
static uint32_t find_bit(const uint64_t *words, uint32_t from, bool invert)
{
    const uint64_t flip = invert ? UINT64_MAX : 0;
    if (from >= FIRN_CONTAINER_SIZE) return FIRN_CONTAINER_SIZE;
    size_t i = from >> 6;
    uint64_t word = (words[i] ^ flip) & mask_from(from);
    while (word == 0) {
        if (++i == FIRN_CONTAINER_WORDS) return FIRN_CONTAINER_SIZE;
        word = words[i] ^ flip;
    }
    return (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word);
}

/* ---- life ---- */

static firn_status reserve(firn_container *c, size_t size, const firn_allocator *alloc,
                           firn_error *err)
{
    if (c->n < c->cap) return FIRN_OK;
    const uint32_t cap = c->cap < FIRST_CAP ? FIRST_CAP : c->cap * 2;
    void *memory = firn_mem_resize(alloc, c->as.memory, cap * size);
    if (!memory) return firn_fail_nomem(err);
    c->as.memory = memory;
    c->cap = cap;
    return FIRN_OK;
}

firn_status firn_container_init(firn_container *c, uint64_t key, uint32_t first, uint32_t last,
                                const firn_allocator *alloc, firn_error *err)
{
    *c = (firn_container){.key = key, .cardinality = last - first + 1};
    c->kind = first == last ? FIRN_CONTAINER_ARRAY : FIRN_CONTAINER_RUNS;
    FIRN_TRY(reserve(c, first == last ? sizeof *c->as.values : sizeof *c->as.runs, alloc, err));
    c->n = 1;
    if (first == last)
        c->as.values[0] = (uint16_t)first;
    else
        c->as.runs[0] = (firn_container_run){(uint16_t)first, (uint16_t)(last - first)};
    return FIRN_OK;
}

static size_t size_in_memory(const firn_container *c)
{
    switch (c->kind) {
    case FIRN_CONTAINER_ARRAY: return c->n * sizeof *c->as.values;
    case FIRN_CONTAINER_BITSET: return FIRN_CONTAINER_BITSET_LEN;
    case FIRN_CONTAINER_RUNS: return c->n * sizeof *c->as.runs;
    }
    return 0;
}

firn_status firn_container_copy(firn_container *c, const firn_container *from,
                                const firn_allocator *alloc, firn_error *err)
{
    const size_t size = size_in_memory(from);
    *c = *from;
    c->as.memory = firn_mem_alloc(alloc, size);
    if (!c->as.memory) return firn_fail_nomem(err);
    memcpy(c->as.memory, from->as.memory, size);
    c->cap = c->n;
    return FIRN_OK;
}

void firn_container_dispose(firn_container *c, const firn_allocator *alloc)
{
    firn_mem_free(alloc, c->as.memory);
    *c = (firn_container){0};
}

/* ---- looking ---- */

/* Index of the first value >= v. */
static uint32_t find_value(const firn_container *c, uint32_t v)
{
    uint32_t low = 0;
    uint32_t high = c->n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (c->as.values[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t run_last(firn_container_run run)
{
    return (uint32_t)run.first + run.more;
}

/* Index of the first run that ends at or behind v. */
static uint32_t find_run(const firn_container *c, uint32_t v)
{
    uint32_t low = 0;
    uint32_t high = c->n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (run_last(c->as.runs[middle]) < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool next_run_of_array(const firn_container *c, uint32_t *at, uint32_t *first,
                              uint32_t *last)
{
    uint32_t i = *at;
    if (i >= c->n) return false;
    *first = *last = c->as.values[i++];
    while (i < c->n && c->as.values[i] == *last + 1) *last = c->as.values[i++];
    *at = i;
    return true;
}

bool firn_container_next_run(const firn_container *c, uint32_t *at, uint32_t *first, uint32_t *last)
{
    switch (c->kind) {
    case FIRN_CONTAINER_ARRAY: return next_run_of_array(c, at, first, last);
    case FIRN_CONTAINER_BITSET:
        *first = find_bit(c->as.words, *at, false);
        if (*first == FIRN_CONTAINER_SIZE) return false;
        *at = find_bit(c->as.words, *first, true);
        *last = *at - 1;
        return true;
    case FIRN_CONTAINER_RUNS:
        if (*at >= c->n) return false;
        *first = c->as.runs[*at].first;
        *last = run_last(c->as.runs[*at]);
        ++*at;
        return true;
    }
    return false;
}

/* Where a walk over the runs that reach into [first, ...] begins. */
static uint32_t walk_start(const firn_container *c, uint32_t first)
{
    switch (c->kind) {
    case FIRN_CONTAINER_ARRAY: return find_value(c, first);
    case FIRN_CONTAINER_BITSET: return first;
    case FIRN_CONTAINER_RUNS: return find_run(c, first);
    }
    return 0;
}

uint32_t firn_container_count(const firn_container *c, uint32_t first, uint32_t last)
{
    uint32_t n = 0;
    uint32_t a = 0;
    uint32_t b = 0;
    if (c->kind == FIRN_CONTAINER_ARRAY) return find_value(c, last + 1) - find_value(c, first);
    if (c->kind == FIRN_CONTAINER_BITSET) return count_bits(c->as.words, first, last);
    uint32_t at = walk_start(c, first);
    while (firn_container_next_run(c, &at, &a, &b) && a <= last)
        n += (b < last ? b : last) - (a > first ? a : first) + 1;
    return n;
}

/* Bits of the words from a bit on; those behind the end are 0. */
static uint64_t load_bits(const uint64_t *words, uint32_t from)
{
    const uint32_t i = from >> 6;
    const uint32_t shift = from & 63;
    uint64_t v = words[i] >> shift;
    if (shift > 0 && i + 1 < FIRN_CONTAINER_WORDS) v |= words[i + 1] << (64 - shift);
    return v;
}

/* A whole word of bits at a time. */
static uint32_t clear_by_bitset(const firn_container *c, uint32_t first, uint32_t last, size_t skip,
                                uint64_t *bits)
{
    uint32_t n = 0;
    while (first <= last) {
        const size_t room = 64 - (skip & 63);
        const size_t left = last - first + 1;
        const size_t take = left < room ? left : room;
        const uint64_t hit = load_bits(c->as.words, first) & mask_to(take - 1);
        bits[skip >> 6] &= ~(hit << (skip & 63));
        n += count_word(hit);
        skip += take;
        first += (uint32_t)take;
    }
    return n;
}

uint32_t firn_container_clear(const firn_container *c, uint32_t first, uint32_t last, size_t skip,
                              uint64_t *bits)
{
    uint32_t n = 0;
    uint32_t a = 0;
    uint32_t b = 0;
    if (c->kind == FIRN_CONTAINER_BITSET) return clear_by_bitset(c, first, last, skip, bits);
    uint32_t at = walk_start(c, first);
    while (firn_container_next_run(c, &at, &a, &b) && a <= last) {
        if (a < first) a = first;
        if (b > last) b = last;
        clear_bits(bits, skip + (a - first), skip + (b - first));
        n += b - a + 1;
    }
    return n;
}

void firn_container_to_words(const firn_container *c, uint64_t words[FIRN_CONTAINER_WORDS])
{
    uint32_t at = 0;
    uint32_t first = 0;
    uint32_t last = 0;
    if (c->kind == FIRN_CONTAINER_BITSET) {
        for (size_t i = 0; i < FIRN_CONTAINER_WORDS; i++) words[i] |= c->as.words[i];
        return;
    }
    while (firn_container_next_run(c, &at, &first, &last)) set_bits(words, first, last);
}

/* ---- adding ---- */

static firn_status become_bitset(firn_container *c, const firn_allocator *alloc, firn_error *err)
{
    if (c->kind == FIRN_CONTAINER_BITSET) return FIRN_OK;
    uint64_t *words = firn_mem_alloc_zero(alloc, FIRN_CONTAINER_BITSET_LEN);
    if (!words) return firn_fail_nomem(err);
    firn_container_to_words(c, words);
    firn_mem_free(alloc, c->as.memory);
    c->as.words = words;
    c->kind = FIRN_CONTAINER_BITSET;
    c->n = c->cap = 0;
    return FIRN_OK;
}

static firn_status insert_value(firn_container *c, uint32_t v, const firn_allocator *alloc,
                                firn_error *err)
{
    const bool is_last = c->as.values[c->n - 1] < v;
    const uint32_t at = is_last ? c->n : find_value(c, v);
    if (at < c->n && c->as.values[at] == v) return FIRN_OK;
    FIRN_TRY(reserve(c, sizeof *c->as.values, alloc, err));
    memmove(c->as.values + at + 1, c->as.values + at, (c->n - at) * sizeof *c->as.values);
    c->as.values[at] = (uint16_t)v;
    c->n++;
    c->cardinality++;
    return FIRN_OK;
}

/* Behind the last run, or joined with it. */
static firn_status append_run(firn_container *c, uint32_t first, uint32_t last,
                              const firn_allocator *alloc, firn_error *err)
{
    firn_container_run *run = &c->as.runs[c->n - 1];
    if (run_last(*run) + 1 == first) {
        run->more = (uint16_t)(last - run->first);
    } else {
        FIRN_TRY(reserve(c, sizeof *c->as.runs, alloc, err));
        c->as.runs[c->n++] = (firn_container_run){(uint16_t)first, (uint16_t)(last - first)};
    }
    c->cardinality += last - first + 1;
    return FIRN_OK;
}

firn_status firn_container_add(firn_container *c, uint32_t first, uint32_t last,
                               const firn_allocator *alloc, firn_error *err)
{
    if (c->kind == FIRN_CONTAINER_ARRAY && first == last && c->n < FIRN_CONTAINER_MAX_ARRAY)
        return insert_value(c, first, alloc, err);
    if (c->kind == FIRN_CONTAINER_RUNS && first > run_last(c->as.runs[c->n - 1]) &&
        c->n < FIRN_CONTAINER_MAX_RUNS)
        return append_run(c, first, last, alloc, err);
    const uint32_t n_new = last - first + 1 - firn_container_count(c, first, last);
    if (n_new == 0) return FIRN_OK;
    FIRN_TRY(become_bitset(c, alloc, err));
    set_bits(c->as.words, first, last);
    c->cardinality += n_new;
    return FIRN_OK;
}

static firn_status merge_arrays(firn_container *c, const firn_container *other,
                                const firn_allocator *alloc, firn_error *err)
{
    uint32_t a = 0;
    uint32_t b = 0;
    uint32_t n = 0;
    uint16_t *merged = firn_mem_array(alloc, c->n + other->n, sizeof *merged);
    if (!merged) return firn_fail_nomem(err);
    while (a < c->n || b < other->n) {
        const uint32_t x = a < c->n ? c->as.values[a] : FIRN_CONTAINER_SIZE;
        const uint32_t y = b < other->n ? other->as.values[b] : FIRN_CONTAINER_SIZE;
        merged[n++] = (uint16_t)(x < y ? x : y);
        a += x <= y;
        b += y <= x;
    }
    const uint32_t cap = c->n + other->n;
    firn_mem_free(alloc, c->as.memory);
    c->as.values = merged;
    c->n = c->cardinality = n;
    c->cap = cap;
    return FIRN_OK;
}

firn_status firn_container_or(firn_container *c, const firn_container *other,
                              const firn_allocator *alloc, firn_error *err)
{
    if (c->kind == FIRN_CONTAINER_ARRAY && other->kind == FIRN_CONTAINER_ARRAY &&
        c->n + other->n <= FIRN_CONTAINER_MAX_ARRAY)
        return merge_arrays(c, other, alloc, err);
    FIRN_TRY(become_bitset(c, alloc, err));
    firn_container_to_words(other, c->as.words);
    c->cardinality = count_bits(c->as.words, 0, FIRN_CONTAINER_SIZE - 1);
    return FIRN_OK;
}
