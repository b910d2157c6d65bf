/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/key_sort.h"

#include <string.h>

#include "base/cursor.h"
#include "base/str.h"

#define K_DIGITS     256
#define K_DIGIT_BITS 10 /* of a number at most */
#define K_FEW        64 /* rows that are merged at once: counting digits would take longer */
#define K_INSERTED   8  /* rows that are put in order one by one */

/* ---- what tells keys apart ---- */

static uint64_t load_tail(const char *at, size_t n)
{
    uint64_t out = 0;
    memcpy(&out, at, n);
    return out;
}

static void take_first(firn_key_places *places, firn_str key, size_t looked)
{
    memcpy(places->first, key.data, looked);
    places->min_len = places->max_len = key.len;
}

void firn_key_places_add(firn_key_places *places, firn_str key)
{
    const size_t looked = key.len < FIRN_KEY_LOOKED ? key.len : FIRN_KEY_LOOKED;
    if (places->n_keys++ == 0) {
        if (looked > 0) take_first(places, key, looked);
        return;
    }
    if (key.len < places->min_len) places->min_len = key.len;
    if (key.len > places->max_len) places->max_len = key.len;
    size_t at = 0;
    for (; at + 8 <= looked; at += 8)
        places->differs[at / 8] |= firn_load_u64le(key.data + at) ^ places->first[at / 8];
    if (at < looked)
        places->differs[at / 8] |= load_tail(key.data + at, looked - at) ^ places->first[at / 8];
}

/* Bytes of places behind the shortest key are looked at, too: what stands there may differ. */
firn_key_digest firn_key_digest_of(const firn_key_places *places)
{
    firn_key_digest out = {.is_all = places->max_len <= FIRN_KEY_LOOKED &&
                                     places->min_len == places->max_len};
    for (size_t k = 0; k < places->max_len; k++) {
        if (k < places->min_len && k < FIRN_KEY_LOOKED &&
            (places->differs[k / 8] >> (k % 8 * 8) & 0xff) == 0)
            continue;
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
static bool pass(const firn_sort_entry *in, firn_sort_entry *out, size_t n, unsigned shift)
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

static void radix_sort(firn_sort_entry *entries, firn_sort_entry *spare, size_t n, size_t n_digits)
{
    firn_sort_entry *items = entries;
    firn_sort_entry *other = spare;
    for (unsigned shift = 0; shift < 8 * n_digits; shift += 8) {
        if (!pass(items, other, n, shift)) continue;
        firn_sort_entry *swap = items;
        items = other;
        other = swap;
    }
    if (items != entries) memcpy(entries, items, n * sizeof *entries);
}

void firn_entry_sort(firn_sort_entry *entries, firn_sort_entry *spare, size_t n)
{
    if (n > 1) radix_sort(entries, spare, n, sizeof entries->prefix);
}

/* ---- by the whole keys ---- */

static inline bool is_after(const firn_key_list *list, const firn_sort_entry *a,
                            const firn_sort_entry *b)
{
    if (a->prefix != b->prefix) return a->prefix > b->prefix;
    return firn_str_compare(firn_key_list_at(list, a), firn_key_list_at(list, b)) > 0;
}

static void insert_all(const firn_key_list *list, firn_sort_entry *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const firn_sort_entry item = items[i];
        size_t at = i;
        for (; at > 0 && is_after(list, &items[at - 1], &item); at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

static void merge(const firn_key_list *list, const firn_sort_entry *left, size_t n_left,
                  size_t n_right, firn_sort_entry *out)
{
    const firn_sort_entry *right = left + n_left;
    size_t l = 0;
    size_t r = 0;
    while (l < n_left && r < n_right)
        *out++ = is_after(list, &left[l], &right[r]) ? right[r++] : left[l++];
    memcpy(out, left + l, (n_left - l) * sizeof *out);
    memcpy(out + (n_left - l), right + r, (n_right - r) * sizeof *out);
}

/* Bottom up. Parts that are in order already are not looked at again. */
static void merge_sort(const firn_key_list *list, firn_sort_entry *items, firn_sort_entry *spare,
                       size_t n)
{
    for (size_t at = 0; at < n; at += K_INSERTED)
        insert_all(list, items + at, n - at < K_INSERTED ? n - at : K_INSERTED);
    for (size_t width = K_INSERTED; width < n; width *= 2) {
        for (size_t at = 0; at + width < n; at += 2 * width) {
            const size_t n_right = n - at - width < width ? n - at - width : width;
            if (!is_after(list, &items[at + width - 1], &items[at + width])) continue;
            merge(list, items + at, width, n_right, spare);
            memcpy(items + at, spare, (width + n_right) * sizeof *items);
        }
    }
}

static void sort_rest(const firn_key_list *list, firn_sort_entry *items, firn_sort_entry *spare,
                      size_t n)
{
    size_t from = 0;
    for (size_t i = 1; i <= n; i++) {
        if (i < n && items[i].prefix == items[from].prefix) continue;
        if (i - from > 1) merge_sort(list, items + from, spare, i - from);
        from = i;
    }
}

void firn_key_sort(const firn_key_list *list, firn_sort_entry *entries, firn_sort_entry *spare,
                   size_t n)
{
    firn_key_places places = {0};
    for (size_t i = 0; i < n; i++)
        firn_key_places_add(&places, firn_key_list_at(list, &entries[i]));
    const firn_key_digest d = firn_key_digest_of(&places);
    for (size_t i = 0; i < n; i++)
        entries[i].prefix = firn_key_digest_value(&d, firn_key_list_at(list, &entries[i]));
    if (n <= K_FEW) {
        merge_sort(list, entries, spare, n);
        return;
    }
    radix_sort(entries, spare, n, d.n);
    if (!d.is_all) sort_rest(list, entries, spare, n);
}

/* ---- numbers ---- */

/* One stable pass by a digit; false when all have the same. */
static bool number_pass(const uint64_t *in, uint64_t *out, size_t n, unsigned shift,
                        unsigned n_bits)
{
    uint32_t starts[1 << K_DIGIT_BITS] = {0};
    const uint64_t mask = ((uint64_t)1 << n_bits) - 1;
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++) starts[in[i] >> shift & mask]++;
    if (starts[in[0] >> shift & mask] == n) return false;
    for (size_t d = 0; d <= mask; d++) {
        const uint32_t count = starts[d];
        starts[d] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++) out[starts[in[i] >> shift & mask]++] = in[i];
    return true;
}

void firn_number_sort(uint64_t *numbers, uint64_t *spare, size_t n, unsigned low, unsigned n_bits)
{
    uint64_t *items = numbers;
    uint64_t *other = spare;
    const unsigned n_passes = (n_bits + K_DIGIT_BITS - 1) / K_DIGIT_BITS;
    for (unsigned i = 0, at = 0; n > 1 && i < n_passes; i++) {
        const unsigned n_here = (n_bits - at) / (n_passes - i); /* about the same for each */
        if (number_pass(items, other, n, low + at, n_here)) {
            uint64_t *swap = items;
            items = other;
            other = swap;
        }
        at += n_here;
    }
    if (items != numbers) memcpy(numbers, items, n * sizeof *numbers);
}
