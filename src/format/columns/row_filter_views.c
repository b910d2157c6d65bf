/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of text and bytes. A view begins with its length and its first four bytes, which decide
 * nearly every comparison without following a pointer; equal values of a dictionary are one
 * pointer.
 */
#include <string.h>

#include "base/str.h"
#include "format/columns/row_filter_kernels.h"

#define WORD 64
/* Values of a list that are compared one after another; longer lists are searched. */
#define FEW_VALUES 16

/* A value to compare with, as the words of its view. */
typedef struct wanted_value {
    firn_view view;
    uint64_t head, tail; /* length and prefix; the rest of a short value, or a pointer */
    uint32_t prefix;     /* as a number that orders as the bytes do */
} wanted_value;

static uint64_t word_at(const firn_view *view, size_t offset)
{
    uint64_t word;
    memcpy(&word, (const char *)view + offset, sizeof word);
    return word;
}

static uint32_t prefix_of(const firn_view *view)
{
    return __builtin_bswap32((uint32_t)(word_at(view, 0) >> 32));
}

static wanted_value want(const firn_value *value)
{
    const firn_str text = value->as.bytes;
    wanted_value w = {.view = firn_view_of(text.data, (uint32_t)text.len)};
    w.head = word_at(&w.view, 0);
    w.tail = word_at(&w.view, 8);
    w.prefix = prefix_of(&w.view);
    return w;
}

/* Of a view with the same head. A long value that is equal lends its pointer: the next time it
 * comes from the dictionary, the pointer tells. */
static inline bool has_tail(const firn_view *view, wanted_value *w)
{
    if (word_at(view, 8) == w->tail) return true;
    if (view->len <= sizeof view->as.inlined) return false;
    if (!firn_str_equals(firn_view_str(view), firn_view_str(&w->view))) return false;
    w->tail = word_at(view, 8);
    return true;
}

/* As firn_str_compare of the two. */
static inline int order(const firn_view *view, const wanted_value *w)
{
    const uint32_t prefix = prefix_of(view);
    if (prefix != w->prefix) return prefix < w->prefix ? -1 : 1;
    return firn_str_compare(firn_view_str(view), firn_view_str(&w->view));
}

/* Which of k views equal the value. Heads are compared without branches; few differ behind them. */
static uint64_t find_equal(const firn_view *views, size_t k, wanted_value *w)
{
    uint64_t heads = 0, found = 0;
    for (size_t i = 0; i < k; i++) heads |= (uint64_t)(word_at(&views[i], 0) == w->head) << i;
    for (; heads != 0; heads &= heads - 1) {
        const int i = __builtin_ctzll(heads);
        found |= (uint64_t)has_tail(&views[i], w) << i;
    }
    return found;
}

static void test_equal(const firn_view *views, size_t n, wanted_value *wanted, size_t n_wanted,
                       uint64_t *mask)
{
    for (size_t at = 0; at < n; at += WORD) {
        const size_t k = n - at < WORD ? n - at : WORD;
        uint64_t bits = 0;
        for (size_t j = 0; j < n_wanted; j++) bits |= find_equal(views + at, k, &wanted[j]);
        mask[at / WORD] = bits;
    }
}

static void test_range(const firn_filter *test, const firn_view *views, size_t n, uint64_t *mask)
{
    const bool has_low = test->low.is_set, has_high = test->high.is_set;
    wanted_value low = {0}, high = {0};
    if (has_low) low = want(&test->low.value);
    if (has_high) high = want(&test->high.value);
    const int least = test->low.is_open ? 1 : 0, most = test->high.is_open ? -1 : 0;
    for (size_t at = 0; at < n; at += WORD) {
        const size_t k = n - at < WORD ? n - at : WORD;
        uint64_t bits = 0;
        for (size_t i = 0; i < k; i++) {
            const bool is_inside = (!has_low || order(&views[at + i], &low) >= least) &&
                                   (!has_high || order(&views[at + i], &high) <= most);
            bits |= (uint64_t)is_inside << i;
        }
        mask[at / WORD] = bits;
    }
}

static void test_search(const firn_filter *test, firn_type_kind kind, const firn_view *views,
                        size_t n, uint64_t *mask)
{
    const firn_filter in = {
        .op = FIRN_FILTER_IN, .values = test->values, .n_values = test->n_values};
    for (size_t at = 0; at < n; at += WORD) {
        const size_t k = n - at < WORD ? n - at : WORD;
        uint64_t bits = 0;
        for (size_t i = 0; i < k; i++) {
            const firn_value v = {.kind = kind, .as.bytes = firn_view_str(&views[at + i])};
            bits |= (uint64_t)firn_filter_passes(&in, &v) << i;
        }
        mask[at / WORD] = bits;
    }
}

void firn_filter_views(const firn_filter *test, const firn_column *column, size_t n, uint64_t *mask)
{
    const firn_view *views = column->values;
    wanted_value wanted[FEW_VALUES];
    if (test->op == FIRN_FILTER_RANGE) {
        test_range(test, views, n, mask);
        return;
    }
    if (test->n_values > FEW_VALUES) {
        test_search(test, column->type->kind, views, n, mask);
    } else {
        for (size_t i = 0; i < test->n_values; i++) wanted[i] = want(&test->values[i]);
        test_equal(views, n, wanted, test->n_values, mask);
    }
    if (test->op == FIRN_FILTER_NOT_IN)
        for (size_t i = 0; i < n; i += WORD) mask[i / WORD] = ~mask[i / WORD];
}
