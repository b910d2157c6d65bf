/* SPDX-License-Identifier: Apache-2.0 */
/* Dictionary building. The loops over a batch's values are here, one for each shape of value, so
 * that nothing is called for a value that is known already.
 *
 * A view is kept as two words: the first 8 bytes as they are (length and first 4 bytes), then the
 * other 8 inline bytes (length <= 12) or the offset of the bytes in the heap. */
#include "format/parquet/encoding/parquet_encode_dict.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"

#define FIRST_CAP  ((size_t)64)
#define FEW_SLOTS  ((size_t)4096) /* below, growing fast saves time; above, memory counts */
#define SPREAD     4 /* numbers have a slot each while they are no farther apart on average */
#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)
#define INLINE_LEN 12u

typedef struct view_words {
    uint64_t head;
    uint64_t tail;
} view_words;

void firn_parquet_dict_init(firn_parquet_dict *dict, const firn_allocator *alloc, size_t width,
                            bool has_lengths, size_t max_bytes)
{
    *dict = (firn_parquet_dict){.alloc = alloc,
                                .width = width,
                                .has_views = width == 0,
                                .has_lengths = has_lengths,
                                .max_bytes = max_bytes};
    firn_buf_init(&dict->heap, alloc, 0);
}

void firn_parquet_dict_dispose(firn_parquet_dict *dict)
{
    firn_mem_free(dict->alloc, dict->slots);
    firn_mem_free(dict->alloc, dict->keys);
    firn_mem_free(dict->alloc, dict->coded);
    firn_buf_dispose(&dict->heap);
}

void firn_parquet_dict_clear(firn_parquet_dict *dict)
{
    firn_parquet_dict_dispose(dict);
    firn_parquet_dict_init(dict, dict->alloc, dict->width, dict->has_lengths, dict->max_bytes);
}

size_t firn_parquet_dict_held(const firn_parquet_dict *dict)
{
    const size_t words = dict->has_views ? 2 : 1;
    return dict->n_slots * sizeof *dict->slots + dict->cap * words * sizeof *dict->keys +
           dict->heap.cap + dict->n_coded * sizeof *dict->coded;
}

static inline uint64_t hash_word(uint64_t v)
{
    v ^= v >> 32;
    v *= MULTIPLIER;
    return v ^ v >> 29;
}

static inline uint64_t hash_long(uint64_t head, const char *data, uint32_t len)
{
    uint64_t h = head * MULTIPLIER;
    for (uint32_t at = 4; at + 8 < len; at += 8)
        h = ((h ^ h >> 29) ^ firn_load_u64le(data + at)) * MULTIPLIER;
    h = ((h ^ h >> 29) ^ firn_load_u64le(data + len - 8)) * MULTIPLIER;
    return h ^ h >> 32;
}

static inline uint64_t hash_view(view_words w, const char *data, uint32_t len)
{
    return len <= INLINE_LEN ? hash_word(w.head ^ hash_word(w.tail)) : hash_long(w.head, data, len);
}

static firn_str entry_bytes(const firn_parquet_dict *dict, uint32_t i)
{
    const uint64_t *words = dict->keys + 2 * (size_t)i;
    const uint32_t len = (uint32_t)words[0];
    if (len <= INLINE_LEN) return (firn_str){(const char *)words + sizeof len, len};
    return (firn_str){dict->heap.data + words[1], len};
}

static uint64_t hash_entry(const firn_parquet_dict *dict, uint32_t i)
{
    if (!dict->has_views) return hash_word(dict->keys[i]);
    const firn_str s = entry_bytes(dict, i);
    const view_words w = {dict->keys[2 * (size_t)i], dict->keys[2 * (size_t)i + 1]};
    return hash_view(w, s.data, (uint32_t)s.len);
}

static inline uint64_t load_value(const void *values, size_t i, size_t width)
{
    /* with its sign, so that small numbers around zero are close to each other */
    return width == 4 ? (uint64_t)(int32_t)firn_load_u32le((const char *)values + i * 4)
                      : firn_load_u64le((const char *)values + i * 8);
}

/* ---- the table ---- */

typedef struct span {
    int64_t lo, hi;
} span;

/* From the smallest to the largest of the entries and of n values that may become some. */
static span find_span(const firn_parquet_dict *dict, const void *values, size_t n)
{
    span s = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < dict->n + n; i++) {
        const uint64_t word =
            i < dict->n ? dict->keys[i] : load_value(values, i - dict->n, dict->width);
        const int64_t v = (int64_t)word;
        s.lo = v < s.lo ? v : s.lo;
        s.hi = v > s.hi ? v : s.hi;
    }
    return s;
}

static void fill_slots(firn_parquet_dict *dict)
{
    const size_t mask = dict->n_slots - 1;
    for (uint32_t i = 0; i < dict->n; i++) {
        size_t at = dict->is_direct ? dict->keys[i] - dict->first : hash_entry(dict, i) & mask;
        while (dict->slots[at]) at = (at + 1) & mask;
        dict->slots[at] = i + 1;
    }
}

/* Room for cap entries and n_slots slots. */
static firn_status rebuild(firn_parquet_dict *dict, size_t cap, size_t n_slots, firn_error *err)
{
    const size_t words = dict->has_views ? 2 : 1;
    if (cap > dict->cap) {
        uint64_t *keys = firn_mem_resize(dict->alloc, dict->keys, cap * words * sizeof *keys);
        if (!keys) return firn_fail_nomem(err);
        dict->keys = keys;
        dict->cap = cap;
    }
    uint32_t *slots = firn_mem_alloc_zero(dict->alloc, n_slots * sizeof *slots);
    if (!slots) return firn_fail_nomem(err);
    firn_mem_free(dict->alloc, dict->slots);
    dict->slots = slots;
    dict->n_slots = n_slots;
    fill_slots(dict);
    return FIRN_OK;
}

/* A table for more than the entries there are; n values may become some. Numbers that lie close
 * together have a slot each. Hashes take a quarter of the slots at most: hardly a probe goes on, so
 * branches are foreseen. */
static firn_status grow(firn_parquet_dict *dict, const void *values, size_t n, firn_error *err)
{
    const size_t factor = dict->cap * 4 < FEW_SLOTS ? 4 : 2;
    const size_t cap = dict->n < dict->cap ? dict->cap : dict->cap ? dict->cap * factor : FIRST_CAP;
    size_t n_slots = cap * 4;
    dict->is_direct = false;
    if (!dict->has_views) {
        const span s = find_span(dict, values, n);
        const uint64_t width = (uint64_t)s.hi - (uint64_t)s.lo;
        if (width < SPREAD * (dict->n + n)) {
            for (n_slots = FIRST_CAP; n_slots < 2 * (width + 1);) n_slots *= 2;
            dict->is_direct = true;
            dict->first = (uint64_t)s.lo - (n_slots - width) / 2;
        }
    }
    return rebuild(dict, cap, n_slots, err);
}

/* ---- adding ---- */

/* Is there room for one more entry, of so many bytes? */
static inline bool has_room(firn_parquet_dict *dict, size_t size)
{
    dict->is_full = dict->bytes + size > dict->max_bytes;
    return !dict->is_full && dict->n < dict->cap;
}

/* False when there is no room. */
static inline bool insert_fixed(firn_parquet_dict *dict, uint64_t v, uint32_t *slot)
{
    if (!has_room(dict, dict->width)) return false;
    dict->keys[dict->n++] = v;
    dict->bytes += dict->width;
    *slot = dict->n;
    return true;
}

/* Both stop at a value that needs another table or a bigger dictionary than allowed. */
static inline size_t add_direct(firn_parquet_dict *dict, const void *values, size_t n, size_t width,
                                uint32_t *out)
{
    uint32_t *slots = dict->slots;
    const uint64_t first = dict->first, n_slots = dict->n_slots;
    for (size_t i = 0; i < n; i++) {
        const uint64_t v = load_value(values, i, width);
        if (v - first >= n_slots) return i;
        uint32_t *slot = &slots[v - first];
        if (!*slot && !insert_fixed(dict, v, slot)) return i;
        out[i] = *slot - 1;
    }
    return n;
}

static inline size_t add_hashed(firn_parquet_dict *dict, const void *values, size_t n, size_t width,
                                uint32_t *out)
{
    const size_t mask = dict->n_slots - 1;
    uint32_t *slots = dict->slots;
    uint64_t *keys = dict->keys;
    for (size_t i = 0; i < n; i++) {
        const uint64_t v = load_value(values, i, width);
        size_t at = hash_word(v) & mask;
        while (slots[at] && keys[slots[at] - 1] != v) at = (at + 1) & mask;
        if (!slots[at] && !insert_fixed(dict, v, &slots[at])) return i;
        out[i] = slots[at] - 1;
    }
    return n;
}

static size_t add_fixed(firn_parquet_dict *dict, const void *values, size_t n, uint32_t *out)
{
    if (dict->width == 4)
        return dict->is_direct ? add_direct(dict, values, n, 4, out)
                               : add_hashed(dict, values, n, 4, out);
    return dict->is_direct ? add_direct(dict, values, n, 8, out)
                           : add_hashed(dict, values, n, 8, out);
}

/* Of n bytes, more than INLINE_LEN: short ones without a call. */
static inline bool same_bytes(const char *a, const char *b, uint32_t n)
{
    if (n > 16) return memcmp(a, b, n) == 0;
    const uint64_t front = firn_load_u64le(a) ^ firn_load_u64le(b);
    return (front | (firn_load_u64le(a + n - 8) ^ firn_load_u64le(b + n - 8))) == 0;
}

static inline bool same_view(const firn_parquet_dict *dict, uint32_t i, view_words w,
                             const char *data, uint32_t len)
{
    const uint64_t *words = dict->keys + 2 * (size_t)i;
    if (words[0] != w.head) return false;
    if (len <= INLINE_LEN) return words[1] == w.tail;
    return same_bytes(dict->heap.data + words[1], data, len);
}

/* False when there is no room. */
static bool insert_view(firn_parquet_dict *dict, view_words w, const char *data, uint32_t len)
{
    const size_t size = (dict->has_lengths ? sizeof len : 0) + len;
    if (!has_room(dict, size)) return false;
    if (dict->has_lengths) firn_buf_u32le(&dict->heap, len);
    uint64_t *words = dict->keys + 2 * (size_t)dict->n;
    words[0] = w.head;
    words[1] = len <= INLINE_LEN ? w.tail : dict->heap.len;
    firn_buf_append(&dict->heap, data, len);
    dict->bytes += size;
    dict->n++;
    return true;
}

static inline view_words words_of(const firn_view *v, const char **data)
{
    view_words w;
    memcpy(&w, v, sizeof w);
    *data = v->len <= INLINE_LEN ? v->as.inlined : v->as.ref.data;
    return w;
}

/* How many of the values are the entries from next on. */
static size_t follow(const firn_parquet_dict *dict, uint32_t next, const firn_view *values,
                     size_t n, uint32_t *out)
{
    size_t i = 0;
    for (; i < n && next < dict->n; i++, next++) {
        const char *data;
        const view_words w = words_of(&values[i], &data);
        if (!same_view(dict, next, w, data, values[i].len)) break;
        out[i] = next;
    }
    return i;
}

/* Values often come in the order in which they came the first time, as those do that are read from
 * many sensors by turns: while they do, the next one is known without its hash. */
static size_t add_views(firn_parquet_dict *dict, const firn_view *values, size_t n, uint32_t *out)
{
    const size_t mask = dict->n_slots - 1;
    uint32_t *slots = dict->slots;
    uint32_t next = 0;
    for (size_t i = 0; i < n; i++) {
        const char *data;
        const view_words w = words_of(&values[i], &data);
        const uint32_t len = values[i].len;
        size_t at = hash_view(w, data, len) & mask;
        while (slots[at] && !same_view(dict, slots[at] - 1, w, data, len)) at = (at + 1) & mask;
        if (!slots[at]) {
            if (!insert_view(dict, w, data, len)) return i;
            slots[at] = dict->n;
        }
        out[i] = slots[at] - 1;
        const bool is_next = out[i] == next;
        next = out[i] + 1;
        if (!is_next) continue;
        const size_t n_more = follow(dict, next, values + i + 1, n - i - 1, out + i + 1);
        next += (uint32_t)n_more;
        i += n_more;
    }
    return n;
}

firn_status firn_parquet_dict_add(firn_parquet_dict *dict, const void *values, size_t n,
                                  uint32_t *out, size_t *n_done, firn_error *err)
{
    const size_t width = dict->has_views ? sizeof(firn_view) : dict->width;
    *n_done = 0;
    dict->is_full = false;
    while (*n_done < n) {
        const void *rest = (const char *)values + *n_done * width;
        const size_t left = n - *n_done;
        if (dict->slots && dict->has_views)
            *n_done += add_views(dict, rest, left, out + *n_done);
        else if (dict->slots)
            *n_done += add_fixed(dict, rest, left, out + *n_done);
        if (*n_done == n || dict->is_full) break;
        FIRN_TRY(grow(dict, rest, left, err));
    }
    return firn_buf_check(&dict->heap, err);
}

/* A table of the numbers at hand. */
static firn_status take_codes(firn_parquet_dict *dict, const firn_value_codes *codes,
                              firn_error *err)
{
    if (dict->codes_id == codes->id && dict->n_coded >= codes->n) return FIRN_OK;
    firn_mem_free(dict->alloc, dict->coded);
    dict->n_coded = 0;
    dict->coded = firn_mem_alloc_zero(dict->alloc, (size_t)codes->n * sizeof *dict->coded + 1);
    if (!dict->coded) return firn_fail_nomem(err);
    dict->n_coded = codes->n;
    dict->codes_id = codes->id;
    return FIRN_OK;
}

firn_status firn_parquet_dict_add_coded(firn_parquet_dict *dict, const firn_view *values,
                                        const firn_value_codes *codes, size_t n, uint32_t *out,
                                        size_t *n_done, firn_error *err)
{
    size_t i = 0;
    *n_done = 0;
    FIRN_TRY(take_codes(dict, codes, err));
    for (; i < n; i++) {
        const uint32_t number = codes->numbers[i];
        uint32_t *known = number < dict->n_coded ? &dict->coded[number] : NULL;
        size_t n_looked_up = 1;
        if (known && *known) {
            out[i] = *known - 1;
            continue;
        }
        FIRN_TRY(firn_parquet_dict_add(dict, &values[i], 1, &out[i], &n_looked_up, err));
        if (n_looked_up == 0) break;
        if (known) *known = out[i] + 1;
    }
    *n_done = i;
    return FIRN_OK;
}

static void expand_views(const firn_parquet_dict *dict, const uint32_t *indices, size_t n,
                         firn_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        const firn_str s = entry_bytes(dict, indices[i]);
        if (dict->has_lengths) firn_buf_u32le(out, (uint32_t)s.len);
        firn_buf_str(out, s);
    }
}

void firn_parquet_dict_expand(const firn_parquet_dict *dict, const uint32_t *indices, size_t n,
                              firn_buf *out)
{
    if (dict->has_views) {
        expand_views(dict, indices, n, out);
        return;
    }
    char *to = firn_buf_reserve(out, n * dict->width);
    if (!to) return;
    for (size_t i = 0; i < n; i++) /* little-endian: the low bytes come first */
        memcpy(to + i * dict->width, &dict->keys[indices[i]], dict->width);
    out->len += n * dict->width;
}

static void entry_view(const firn_parquet_dict *dict, uint32_t i, firn_view *out)
{
    const uint64_t *words = dict->keys + 2 * (size_t)i;
    memcpy(out, words, sizeof *out);
    if (out->len > INLINE_LEN) out->as.ref.data = dict->heap.data + words[1];
}

void firn_parquet_dict_values(const firn_parquet_dict *dict, const uint32_t *indices, size_t n,
                              firn_buf *out)
{
    if (!dict->has_views) {
        firn_parquet_dict_expand(dict, indices, n, out);
        return;
    }
    firn_view *to = (firn_view *)(void *)firn_buf_reserve(out, n * sizeof *to);
    if (!to) return;
    for (size_t i = 0; i < n; i++) entry_view(dict, indices[i], &to[i]);
    out->len += n * sizeof *to;
}

void firn_parquet_dict_plain(const firn_parquet_dict *dict, firn_buf *out)
{
    if (dict->has_views) {
        firn_buf_str(out, firn_buf_view(&dict->heap));
        return;
    }
    char *to = firn_buf_reserve(out, dict->bytes);
    if (!to) return;
    for (size_t i = 0; i < dict->n; i++) memcpy(to + i * dict->width, &dict->keys[i], dict->width);
    out->len += dict->bytes;
}
