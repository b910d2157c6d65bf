/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on decoded columns: one mask per test, masks combined a word at a time. Ranges of
 * numbers, short lists of integers and text have loops of their own; the rest goes value by value.
 */
#include <math.h>
#include <string.h>

#include "format/columns/row_filter_kernels.h"

#define WORD 64
/* Integers of a list that are compared one after another. */
#define FEW_VALUES 8

typedef struct row_test {
    firn_filter_column_fn fn;
    void *ctx;
    size_t n;
} row_test;

static size_t word_count(size_t n)
{
    return (n + WORD - 1) / WORD;
}

static void fill(uint64_t *mask, size_t n, bool value)
{
    memset(mask, value ? 0xff : 0, word_count(n) * sizeof *mask);
}

/* ---- ranges of numbers ---- */

/* Both ends inclusive; false when nothing is between them. */
typedef struct int_range {
    int64_t low, high;
} int_range;

static bool int_range_of(const firn_filter *test, int_range *out)
{
    *out = (int_range){INT64_MIN, INT64_MAX};
    if (test->low.is_set) {
        out->low = firn_key_of(&test->low.value);
        if (test->low.is_open && out->low == INT64_MAX) return false;
        out->low += test->low.is_open;
    }
    if (test->high.is_set) {
        out->high = firn_key_of(&test->high.value);
        if (test->high.is_open && out->high == INT64_MIN) return false;
        out->high -= test->high.is_open;
    }
    return out->low <= out->high;
}

/* Eight flags of 0 or 1 as eight bits, the first the lowest. */
static inline uint64_t pack_flags(const uint8_t *flags)
{
    uint64_t word;
    memcpy(&word, flags, sizeof word);
    return word * UINT64_C(0x0102040810204080) >> 56;
}

/* Between two ends is one comparison of the distance to the lower, without a sign. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses here */
#define DEFINE_RANGE(name, type, distance)                                           \
    static void name(const type *v, size_t n, type low, type high, uint64_t *mask)   \
    {                                                                                \
        const distance width = (distance)high - (distance)low;                       \
        for (size_t at = 0; at < n; at += WORD) {                                    \
            uint8_t flags[WORD] = {0};                                               \
            uint64_t bits = 0;                                                       \
            const size_t k = n - at < WORD ? n - at : WORD;                          \
            for (size_t i = 0; i < k; i++)                                           \
                flags[i] = (distance)((distance)v[at + i] - (distance)low) <= width; \
            for (size_t i = 0; i < WORD; i += 8) bits |= pack_flags(flags + i) << i; \
            mask[at / WORD] = bits;                                                  \
        }                                                                            \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

DEFINE_RANGE(range_i32, int32_t, uint32_t)
DEFINE_RANGE(range_i64, int64_t, uint64_t)

/* Ends outside of 32 bits are moved to the last number inside; false when nothing is left. */
static bool narrow(int_range *r)
{
    if (r->low > INT32_MAX || r->high < INT32_MIN) return false;
    if (r->low < INT32_MIN) r->low = INT32_MIN;
    if (r->high > INT32_MAX) r->high = INT32_MAX;
    return true;
}

static bool is_int_layout(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return true;
    case FIRN_TYPE_DECIMAL: return firn_column_width(type) <= 8;
    default: return false;
    }
}

static void test_int_range(const firn_filter *test, const firn_column *column, size_t n,
                           uint64_t *mask)
{
    int_range r;
    const bool is_narrow = firn_column_width(column->type) == 4;
    if (!int_range_of(test, &r) || (is_narrow && !narrow(&r)))
        fill(mask, n, false);
    else if (is_narrow)
        range_i32(column->values, n, (int32_t)r.low, (int32_t)r.high, mask);
    else
        range_i64(column->values, n, r.low, r.high, mask);
}

static void test_int_list(const firn_filter *test, const firn_column *column, size_t n,
                          uint64_t *mask)
{
    uint64_t one[FIRN_BATCH_ROWS / WORD];
    fill(mask, n, false);
    for (size_t i = 0; i < test->n_values; i++) {
        const firn_filter_end end = {true, false, test->values[i]};
        const firn_filter range = {.op = FIRN_FILTER_RANGE, .low = end, .high = end};
        test_int_range(&range, column, n, one);
        for (size_t at = 0; at < word_count(n); at++) mask[at] |= one[at];
    }
}

/* Ends that are numbers; NaN is above both. */
typedef struct real_range {
    double low, high;
    bool has_low, has_high, is_low_open, is_high_open;
} real_range;

static inline bool is_in_range(const real_range *r, double v)
{
    const bool is_below_low = r->is_low_open ? v <= r->low : v < r->low;
    const bool is_below_high = r->is_high_open ? v < r->high : v <= r->high;
    return !(r->has_low && is_below_low) && (!r->has_high || is_below_high);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses here */
#define DEFINE_REAL_RANGE(name, type)                                                  \
    static void name(const type *v, size_t n, const real_range *range, uint64_t *mask) \
    {                                                                                  \
        const real_range r = *range;                                                   \
        for (size_t at = 0; at < n; at += WORD) {                                      \
            const size_t k = n - at < WORD ? n - at : WORD;                            \
            uint64_t bits = 0;                                                         \
            for (size_t i = 0; i < k; i++)                                             \
                bits |= (uint64_t)is_in_range(&r, (double)v[at + i]) << i;             \
            mask[at / WORD] = bits;                                                    \
        }                                                                              \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

DEFINE_REAL_RANGE(range_float, float)
DEFINE_REAL_RANGE(range_double, double)

static double real_of(const firn_value *v)
{
    return v->kind == FIRN_TYPE_FLOAT ? (double)v->as.f32 : v->as.f64;
}

/* False for ends that are NaN. */
static bool test_real_range(const firn_filter *test, const firn_column *column, size_t n,
                            uint64_t *mask)
{
    real_range r = {.has_low = test->low.is_set,
                    .has_high = test->high.is_set,
                    .is_low_open = test->low.is_open,
                    .is_high_open = test->high.is_open};
    if (r.has_low) r.low = real_of(&test->low.value);
    if (r.has_high) r.high = real_of(&test->high.value);
    if (isnan(r.low) || isnan(r.high)) return false;
    if (column->type->kind == FIRN_TYPE_FLOAT)
        range_float(column->values, n, &r, mask);
    else
        range_double(column->values, n, &r, mask);
    return true;
}

/* ---- value by value ---- */

static firn_value value_at(const firn_column *column, size_t row)
{
    if (column->type->kind == FIRN_TYPE_DECIMAL && firn_column_width(column->type) == 16) {
        firn_value v = {.kind = FIRN_TYPE_DECIMAL,
                        .precision = column->type->precision,
                        .scale = column->type->scale};
        memcpy(&v.as.decimal, (const char *)column->values + row * 16, 16); /* aligned to 8 only */
        return v;
    }
    return firn_column_get(column, (int64_t)row);
}

static void test_values(const firn_filter *test, const firn_column *column, size_t n,
                        uint64_t *mask)
{
    fill(mask, n, false);
    for (size_t i = 0; i < n; i++) {
        if (!firn_column_is_valid(column, (int64_t)i)) continue;
        const firn_value v = value_at(column, i);
        if (firn_filter_passes(test, &v)) mask[i / WORD] |= (uint64_t)1 << i % WORD;
    }
}

static bool is_view_layout(const firn_type *type)
{
    return type->kind == FIRN_TYPE_STRING || type->kind == FIRN_TYPE_BINARY ||
           type->kind == FIRN_TYPE_FIXED || type->kind == FIRN_TYPE_UUID;
}

/* False: there is no loop for the test on columns of this layout. */
static bool test_by_loop(const firn_filter *test, const firn_column *column, size_t n,
                         uint64_t *mask)
{
    const firn_type_kind kind = column->type->kind;
    const bool is_range = test->op == FIRN_FILTER_RANGE;
    if (test->op == FIRN_FILTER_KEYS) {
        firn_key_set_test(test->keys, column, n, mask);
        return true;
    }
    if (test->op == FIRN_FILTER_TEXT) return false;
    if (is_view_layout(column->type)) {
        firn_filter_views(test, column, n, mask);
        return true;
    }
    if (kind == FIRN_TYPE_FLOAT || kind == FIRN_TYPE_DOUBLE)
        return is_range && test_real_range(test, column, n, mask);
    if (!is_int_layout(column->type)) return false;
    if (is_range) {
        test_int_range(test, column, n, mask);
        return true;
    }
    if (test->op != FIRN_FILTER_IN || test->n_values > FEW_VALUES) return false;
    test_int_list(test, column, n, mask);
    return true;
}

static void keep_valid(const firn_column *column, size_t n, uint64_t *mask)
{
    if (!column->validity) return;
    for (size_t i = 0; i < word_count(n); i++) mask[i] &= column->validity[i];
}

static void test_column(const firn_filter *test, const firn_column *column, size_t n,
                        uint64_t *mask)
{
    if (test->op == FIRN_FILTER_IS_NULL || test->op == FIRN_FILTER_NOT_NULL) {
        fill(mask, n, true);
        keep_valid(column, n, mask);
        if (test->op == FIRN_FILTER_IS_NULL)
            for (size_t i = 0; i < word_count(n); i++) mask[i] = ~mask[i];
        return;
    }
    if (test_by_loop(test, column, n, mask))
        keep_valid(column, n, mask);
    else
        test_values(test, column, n, mask);
}

/* ---- the tree ---- */

static bool is_all(const uint64_t *mask, size_t n, uint64_t word)
{
    for (size_t i = 0; i < word_count(n); i++)
        if (mask[i] != word) return false;
    return true;
}

static void combine(uint64_t *mask, const uint64_t *other, size_t n, bool is_and)
{
    for (size_t i = 0; i < word_count(n); i++)
        mask[i] = is_and ? mask[i] & other[i] : mask[i] | other[i];
}

/* Patterns take their time: they are tried on rows that passed what is before them. */
static bool keep_matching(const row_test *t, const firn_filter *filter, uint64_t *mask)
{
    const firn_column *column = filter->op == FIRN_FILTER_TEXT ? t->fn(t->ctx, filter) : NULL;
    if (!column) return filter->op == FIRN_FILTER_TEXT;
    const firn_view *views = column->values;
    keep_valid(column, t->n, mask);
    for (size_t i = 0; i < word_count(t->n); i++) {
        for (uint64_t bits = mask[i]; bits != 0; bits &= bits - 1) {
            const size_t row = i * WORD + (size_t)__builtin_ctzll(bits);
            if (row >= t->n) break;
            if (!firn_text_pattern_matches(filter->pattern, firn_view_str(&views[row])))
                mask[i] &= ~((uint64_t)1 << row % WORD);
        }
    }
    return true;
}

static void test_rows(const row_test *t, const firn_filter *filter, uint64_t *mask)
{
    uint64_t part[FIRN_BATCH_ROWS / WORD];
    const bool is_and = filter->op == FIRN_FILTER_AND;
    if (is_and || filter->op == FIRN_FILTER_OR) {
        fill(mask, t->n, is_and);
        for (size_t i = 0; i < filter->n_parts; i++) {
            if (is_and && keep_matching(t, filter->parts[i], mask)) continue;
            test_rows(t, filter->parts[i], part);
            combine(mask, part, t->n, is_and);
            if (is_all(mask, t->n, is_and ? 0 : UINT64_MAX)) break;
        }
        return;
    }
    const bool is_fixed = filter->op == FIRN_FILTER_ANY || filter->op == FIRN_FILTER_NONE;
    const firn_column *column = is_fixed ? NULL : t->fn(t->ctx, filter);
    if (column)
        test_column(filter, column, t->n, mask);
    else
        fill(mask, t->n, filter->op != FIRN_FILTER_NONE);
}

void firn_filter_rows(const firn_filter *filter, firn_filter_column_fn fn, void *ctx, size_t n,
                      uint64_t *mask)
{
    const row_test t = {fn, ctx, n};
    test_rows(&t, filter, mask);
    if (n % WORD != 0) mask[n / WORD] &= ((uint64_t)1 << n % WORD) - 1;
}
