/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/key_sort.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define K_DIGITS 256

typedef struct entry {
    uint64_t prefix; /* some of the key's bytes, see firn_key_digest */
    int64_t row;
} entry;

void firn_keys_init(firn_keys *keys, const firn_allocator *alloc, size_t max_bytes)
{
    *keys = (firn_keys){.alloc = alloc};
    firn_buf_init(&keys->bytes, alloc, max_bytes);
}

void firn_keys_dispose(firn_keys *keys)
{
    firn_buf_dispose(&keys->bytes);
    firn_mem_free(keys->alloc, keys->ends);
    keys->ends = NULL;
}

void firn_keys_clear(firn_keys *keys)
{
    firn_buf_clear(&keys->bytes);
    keys->n = 0;
}

firn_status firn_keys_end(firn_keys *keys, firn_error *err)
{
    FIRN_TRY(firn_buf_check(&keys->bytes, err));
    if (keys->n == keys->cap) {
        const int64_t cap = keys->cap > 0 ? 2 * keys->cap : 4096;
        uint64_t *ends = firn_mem_resize(keys->alloc, keys->ends, (size_t)cap * sizeof *ends);
        if (!ends) return firn_fail_nomem(err);
        keys->ends = ends;
        keys->cap = cap;
    }
    keys->ends[keys->n++] = keys->bytes.len;
    return FIRN_OK;
}

firn_str firn_keys_at(const firn_keys *keys, int64_t row)
{
    const uint64_t from = row > 0 ? keys->ends[row - 1] : 0;
    return (firn_str){keys->bytes.data + from, (size_t)(keys->ends[row] - from)};
}

int64_t firn_keys_memory(const firn_keys *keys)
{
    return (int64_t)keys->bytes.cap + keys->cap * (int64_t)sizeof *keys->ends;
}

/* ---- what tells keys apart ---- */

void firn_key_places_add(firn_key_places *places, const firn_keys *keys)
{
    if (keys->n == 0) return;
    const firn_str first = firn_keys_at(keys, 0);
    const char *at = keys->bytes.data;
    if (places->n_keys == 0) {
        places->len = first.len;
        places->is_fixed = first.len <= sizeof places->first;
        if (places->is_fixed && first.len > 0) memcpy(places->first, first.data, first.len);
    }
    places->n_keys += keys->n;
    for (int64_t i = 0; i < keys->n && places->is_fixed; i++, at += places->len) {
        places->is_fixed = firn_keys_at(keys, i).len == places->len;
        for (size_t k = 0; places->is_fixed && k < places->len; k++)
            places->differs[k] |= (uint8_t)(at[k] ^ places->first[k]);
    }
}

firn_key_digest firn_key_digest_of(const firn_key_places *places)
{
    firn_key_digest out = {.is_all = places->is_fixed};
    for (size_t k = 0; k < (places->is_fixed ? places->len : FIRN_KEY_DIGEST); k++) {
        if (places->is_fixed && places->differs[k] == 0) continue;
        if (out.n == FIRN_KEY_DIGEST) {
            out.is_all = false;
            break;
        }
        out.places[out.n++] = k;
    }
    return out;
}

uint64_t firn_key_digest_value(const firn_key_digest *digest, firn_str key)
{
    uint64_t out = 0;
    for (size_t i = 0; i < digest->n; i++) {
        const size_t at = digest->places[i];
        out = out << 8 | (at < key.len ? (uint8_t)key.data[at] : 0);
    }
    return out;
}

/* ---- by the first bytes ---- */

/* One stable pass; false when all have the same digit there. */
static bool pass(const entry *in, entry *out, size_t n, unsigned shift)
{
    size_t starts[K_DIGITS] = {0};
    for (size_t i = 0; i < n; i++) starts[in[i].prefix >> shift & (K_DIGITS - 1)]++;
    if (starts[in[0].prefix >> shift & (K_DIGITS - 1)] == n) return false;
    size_t sum = 0;
    for (size_t d = 0; d < K_DIGITS; d++) {
        const size_t count = starts[d];
        starts[d] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++) out[starts[in[i].prefix >> shift & (K_DIGITS - 1)]++] = in[i];
    return true;
}

/* ---- by the rest ---- */

static bool is_after(const firn_keys *keys, const entry *a, const entry *b)
{
    return firn_str_compare(firn_keys_at(keys, a->row), firn_keys_at(keys, b->row)) > 0;
}

static void merge(const firn_keys *keys, const entry *left, size_t n_left, size_t n_right,
                  entry *out)
{
    const entry *right = left + n_left;
    size_t l = 0;
    size_t r = 0;
    while (l < n_left || r < n_right) {
        const bool takes_right =
            l == n_left || (r < n_right && is_after(keys, &left[l], &right[r]));
        *out++ = takes_right ? right[r++] : left[l++];
    }
}

/* Entries with one prefix, bottom up. */
static void sort_equal(const firn_keys *keys, entry *items, entry *spare, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            const size_t n_left = n - at < width ? n - at : width;
            const size_t rest = n - at - n_left;
            merge(keys, items + at, n_left, rest < width ? rest : width, spare + at);
        }
        memcpy(items, spare, n * sizeof *items);
    }
}

static void sort_rest(const firn_keys *keys, entry *items, entry *spare, size_t n)
{
    size_t from = 0;
    for (size_t i = 1; i <= n; i++) {
        if (i < n && items[i].prefix == items[from].prefix) continue;
        if (i - from > 1) sort_equal(keys, items + from, spare, i - from);
        from = i;
    }
}

firn_status firn_keys_sort(const firn_keys *keys, int64_t *rows, firn_error *err)
{
    const size_t n = (size_t)keys->n;
    if (n == 0) return FIRN_OK;
    firn_key_places places = {0};
    firn_key_places_add(&places, keys);
    const firn_key_digest d = firn_key_digest_of(&places);
    entry *memory = firn_mem_alloc(keys->alloc, 2 * n * sizeof *memory);
    if (!memory) return firn_fail_nomem(err);
    entry *items = memory;
    entry *spare = memory + n;
    for (size_t i = 0; i < n; i++) {
        items[i] = (entry){firn_key_digest_value(&d, firn_keys_at(keys, (int64_t)i)), (int64_t)i};
    }
    for (unsigned shift = 0; shift < 8 * d.n; shift += 8) {
        if (!pass(items, spare, n, shift)) continue;
        entry *swap = items;
        items = spare;
        spare = swap;
    }
    if (!d.is_all) sort_rest(keys, items, spare, n);
    for (size_t i = 0; i < n; i++) rows[i] = items[i].row;
    firn_mem_free(keys->alloc, memory);
    return FIRN_OK;
}
