/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Bits of the bloom filter: a word by the upper bits of a hash, two bits in it. */
#include "format/columns/key_set.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* A bit for each number of the range: up to so many for each number of the set. */
#define SPARSEST 64
/* A set with more than this part of its range is left to the range. */
#define DENSEST 2
/* Bits of the bloom filter for each number: about one in fifty others passes. */
#define BLOOM_BITS 16
#define WORD       64

struct firn_key_set {
    uint64_t *bits;  /* by distance from low; NULL: sorted */
    int64_t *sorted; /* n */
    uint64_t *bloom; /* a power of two of words */
    unsigned shift;  /* of a hash to its word */
    int64_t low;
    uint64_t width; /* high - low */
    size_t n, cap;
};

bool firn_key_set_takes(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ: return true;
    case FIRN_TYPE_DECIMAL: return firn_column_width(type) <= sizeof(int64_t);
    default: return false;
    }
}

int64_t firn_key_of(const firn_value *value)
{
    switch (value->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: return value->as.i32;
    case FIRN_TYPE_DECIMAL: return (int64_t)value->as.decimal;
    default: return value->as.i64;
    }
}

firn_value firn_value_of_key(const firn_type *type, int64_t number)
{
    firn_value value = {.kind = type->kind, .precision = type->precision, .scale = type->scale};
    switch (type->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: value.as.i32 = (int32_t)number; break;
    case FIRN_TYPE_DECIMAL: value.as.decimal = number; break;
    default: value.as.i64 = number; break;
    }
    return value;
}

static int64_t number_at(const firn_column *column, size_t width, int64_t row)
{
    return width == sizeof(int32_t) ? ((const int32_t *)column->values)[row]
                                    : ((const int64_t *)column->values)[row];
}

size_t firn_key_copy(const firn_column *column, size_t n, const uint64_t *mask, int64_t *out)
{
    const size_t width = firn_column_width(column->type);
    size_t n_out = 0;
    for (size_t word = 0; word < (n + WORD - 1) / WORD; word++) {
        uint64_t bits = mask[word];
        if (column->validity) bits &= column->validity[word];
        for (; bits != 0; bits &= bits - 1) {
            const size_t row = word * WORD + (size_t)__builtin_ctzll(bits);
            const int64_t number = number_at(column, width, (int64_t)row);
            if (n_out == 0 || out[n_out - 1] != number) out[n_out++] = number;
        }
    }
    return n_out;
}

/* ---- make ---- */

static firn_status make_sorted(firn_key_set *set, firn_arena *arena, size_t n, firn_error *err)
{
    unsigned log2 = 4;
    while (log2 < 48 && ((size_t)1 << log2) * WORD < n * BLOOM_BITS) log2++;
    set->sorted = firn_arena_array(arena, n, sizeof *set->sorted);
    set->bloom = firn_arena_array(arena, (size_t)1 << log2, sizeof *set->bloom);
    set->shift = WORD - log2;
    return set->sorted && set->bloom ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_key_set_create(firn_arena *arena, int64_t low, int64_t high, int64_t n,
                                size_t most_bytes, firn_key_set **out, firn_error *err)
{
    const uint64_t width = (uint64_t)high - (uint64_t)low;
    const uint64_t count = (uint64_t)n;
    *out = NULL;
    if (n <= 0 || low > high || count > most_bytes || width / DENSEST < count) return FIRN_OK;
    const bool has_bits = width / SPARSEST <= count && width / 8 < most_bytes;
    if (!has_bits && count > most_bytes / (sizeof(int64_t) + 2 * BLOOM_BITS / 8)) return FIRN_OK;
    firn_key_set *set = firn_arena_alloc_zero(arena, sizeof *set);
    if (!set) return firn_fail_nomem(err);
    set->low = low;
    set->width = width;
    set->cap = (size_t)count;
    if (has_bits) {
        set->bits = firn_arena_array(arena, (size_t)(width / WORD + 1), sizeof *set->bits);
        if (!set->bits) return firn_fail_nomem(err);
    } else {
        FIRN_TRY(make_sorted(set, arena, set->cap, err));
    }
    *out = set;
    return FIRN_OK;
}

bool firn_key_set_is_sorted(const firn_key_set *set)
{
    return !set->bits;
}

static uint64_t hash(int64_t number)
{
    uint64_t h = (uint64_t)number * UINT64_C(0x9E3779B97F4A7C15);
    h ^= h >> 32;
    return h * UINT64_C(0xD6E8FEB86659FD93);
}

static uint64_t bloom_bits(uint64_t h)
{
    return (uint64_t)1 << (h & 63) | (uint64_t)1 << (h >> 6 & 63);
}

static bool add(firn_key_set *set, int64_t number)
{
    const uint64_t at = (uint64_t)number - (uint64_t)set->low;
    if (set->n == set->cap || at > set->width) return false;
    set->n++;
    if (set->bits) {
        set->bits[at / WORD] |= (uint64_t)1 << at % WORD;
        return true;
    }
    if (set->n > 1 && set->sorted[set->n - 2] > number) return false;
    const uint64_t h = hash(number);
    set->sorted[set->n - 1] = number;
    set->bloom[h >> set->shift] |= bloom_bits(h);
    return true;
}

firn_status firn_key_set_add(firn_key_set *set, const firn_column *column, int64_t n_rows,
                             firn_error *err)
{
    const size_t width = firn_column_width(column->type);
    for (int64_t row = 0; row < n_rows; row++) {
        if (!firn_column_is_valid(column, row)) continue;
        if (add(set, number_at(column, width, row))) continue;
        return firn_fail(err, FIRN_ERR_INTERNAL, "key %zu of %zu: out of order or of range", set->n,
                         set->cap);
    }
    return FIRN_OK;
}

size_t firn_key_set_count(const firn_key_set *set)
{
    return set->n;
}

/* ---- of runs ---- */

static size_t count_runs(const firn_key_run *runs, size_t n_runs)
{
    size_t n = 0;
    for (size_t i = 0; i < n_runs; i++) n += runs[i].n;
    return n;
}

static firn_status mark_runs(firn_key_set *set, const firn_key_run *runs, size_t n_runs,
                             firn_arena *arena, firn_error *err)
{
    const size_t n_words = (size_t)(set->width / WORD + 1);
    set->bits = firn_arena_array(arena, n_words, sizeof *set->bits);
    if (!set->bits) return firn_fail_nomem(err);
    for (size_t r = 0; r < n_runs; r++) {
        for (size_t i = 0; i < runs[r].n; i++) {
            const uint64_t at = (uint64_t)runs[r].numbers[i] - (uint64_t)set->low;
            if (at > set->width)
                return firn_fail(err, FIRN_ERR_INTERNAL, "key out of range, row %zu of run %zu", i,
                                 r);
            set->bits[at / WORD] |= (uint64_t)1 << at % WORD;
        }
    }
    for (size_t i = 0; i < n_words; i++) set->n += (size_t)__builtin_popcountll(set->bits[i]);
    set->cap = set->n;
    return FIRN_OK;
}

/* One pass of a radix sort: by this byte of the distance from low. */
static void sort_by_byte(const int64_t *from, int64_t *to, size_t n, int64_t low, unsigned byte)
{
    size_t ends[256] = {0};
    size_t at = 0;
    for (size_t i = 0; i < n; i++) ends[(((uint64_t)from[i] - (uint64_t)low) >> 8 * byte) & 0xff]++;
    for (size_t d = 0; d < 256; d++) {
        const size_t k = ends[d];
        ends[d] = at;
        at += k;
    }
    for (size_t i = 0; i < n; i++)
        to[ends[(((uint64_t)from[i] - (uint64_t)low) >> 8 * byte) & 0xff]++] = from[i];
}

/* Ascending, each once; *n in: in all, out: different ones. numbers has room for twice as many. */
static int64_t *sort_numbers(int64_t *numbers, size_t *n, int64_t low, uint64_t width)
{
    int64_t *from = numbers;
    int64_t *to = numbers + *n;
    for (unsigned byte = 0; byte < sizeof width && width >> 8 * byte != 0; byte++) {
        sort_by_byte(from, to, *n, low, byte);
        int64_t *const swap = from;
        from = to;
        to = swap;
    }
    size_t n_kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (n_kept == 0 || from[n_kept - 1] != from[i]) from[n_kept++] = from[i];
    *n = n_kept;
    return from;
}

static firn_status add_runs(firn_key_set **set, const firn_key_run *runs, size_t n_runs,
                            firn_arena *arena, int64_t high, size_t most_bytes, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    const int64_t low = (*set)->low;
    size_t n = count_runs(runs, n_runs);
    size_t at = 0;
    *set = NULL;
    if (n > most_bytes / (sizeof(int64_t) + 2 * BLOOM_BITS / 8)) return FIRN_OK;
    int64_t *numbers = firn_mem_array(NULL, n, 2 * sizeof *numbers);
    if (!numbers) return firn_fail_nomem(err);
    for (size_t r = 0; r < n_runs; r++) {
        memcpy(numbers + at, runs[r].numbers, runs[r].n * sizeof *numbers);
        at += runs[r].n;
    }
    firn_column column = {.type = &k_long};
    column.values = sort_numbers(numbers, &n, low, (uint64_t)high - (uint64_t)low);
    firn_status st = firn_key_set_create(arena, low, high, (int64_t)n, most_bytes, set, err);
    if (st == FIRN_OK && *set) st = firn_key_set_add(*set, &column, (int64_t)n, err);
    firn_mem_free(NULL, numbers);
    return st;
}

firn_status firn_key_set_of_runs(firn_arena *arena, const firn_key_run *runs, size_t n_runs,
                                 int64_t low, int64_t high, size_t most_bytes, firn_key_set **out,
                                 firn_error *err)
{
    const size_t n = count_runs(runs, n_runs);
    *out = NULL;
    if (n == 0 || low > high) return FIRN_OK;
    firn_key_set *set = firn_arena_alloc_zero(arena, sizeof *set);
    if (!set) return firn_fail_nomem(err);
    set->low = low;
    set->width = (uint64_t)high - (uint64_t)low;
    if (set->width / SPARSEST > n || set->width / 8 >= most_bytes) {
        FIRN_TRY(add_runs(&set, runs, n_runs, arena, high, most_bytes, err));
        *out = set;
        return FIRN_OK;
    }
    FIRN_TRY(mark_runs(set, runs, n_runs, arena, err));
    if (set->width / DENSEST >= set->n) *out = set;
    return FIRN_OK;
}

/* ---- ask ---- */

static bool has_bit_between(const firn_key_set *set, uint64_t from, uint64_t to)
{
    const uint64_t first = from / WORD, last = to / WORD;
    for (uint64_t i = first; i <= last; i++) {
        uint64_t word = set->bits[i];
        if (i == first) word &= UINT64_MAX << from % WORD;
        if (i == last) word &= UINT64_MAX >> (WORD - 1 - to % WORD);
        if (word != 0) return true;
    }
    return false;
}

static bool has_sorted_between(const firn_key_set *set, int64_t low, int64_t high)
{
    size_t from = 0, to = set->n;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        if (set->sorted[mid] < low)
            from = mid + 1;
        else
            to = mid;
    }
    return from < set->n && set->sorted[from] <= high;
}

bool firn_key_set_has_between(const firn_key_set *set, int64_t low, int64_t high)
{
    const int64_t top = (int64_t)((uint64_t)set->low + set->width);
    if (low < set->low) low = set->low;
    if (high > top) high = top;
    if (low > high) return false;
    if (!set->bits) return has_sorted_between(set, low, high);
    return has_bit_between(set, (uint64_t)low - (uint64_t)set->low,
                           (uint64_t)high - (uint64_t)set->low);
}

static inline bool has_bit(const firn_key_set *set, int64_t number)
{
    const uint64_t at = (uint64_t)number - (uint64_t)set->low;
    const bool is_inside = at <= set->width;
    const uint64_t place = is_inside ? at : 0; /* without a jump */
    return ((set->bits[place / WORD] >> place % WORD) & (uint64_t)is_inside) != 0;
}

static inline bool may_have_hash(const firn_key_set *set, int64_t number)
{
    const uint64_t h = hash(number), wanted = bloom_bits(h);
    return (set->bloom[h >> set->shift] & wanted) == wanted;
}

bool firn_key_set_may_have(const firn_key_set *set, int64_t number)
{
    return set->bits ? has_bit(set, number) : may_have_hash(set, number);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses here */
#define DEFINE_TEST(name, type, has)                                                            \
    static void name(const firn_key_set *set, const type *v, size_t n, uint64_t *mask)          \
    {                                                                                           \
        for (size_t at = 0; at < n; at += WORD) {                                               \
            const size_t k = n - at < WORD ? n - at : WORD;                                     \
            uint64_t bits = 0;                                                                  \
            for (size_t i = 0; i < k; i++) bits |= (uint64_t)has(set, (int64_t)v[at + i]) << i; \
            mask[at / WORD] = bits;                                                             \
        }                                                                                       \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

DEFINE_TEST(test_bits_32, int32_t, has_bit)
DEFINE_TEST(test_bits_64, int64_t, has_bit)
DEFINE_TEST(test_bloom_32, int32_t, may_have_hash)
DEFINE_TEST(test_bloom_64, int64_t, may_have_hash)

void firn_key_set_test(const firn_key_set *set, const firn_column *column, size_t n, uint64_t *mask)
{
    const bool is_narrow = firn_column_width(column->type) == sizeof(int32_t);
    if (set->bits && is_narrow)
        test_bits_32(set, column->values, n, mask);
    else if (set->bits)
        test_bits_64(set, column->values, n, mask);
    else if (is_narrow)
        test_bloom_32(set, column->values, n, mask);
    else
        test_bloom_64(set, column->values, n, mask);
}
