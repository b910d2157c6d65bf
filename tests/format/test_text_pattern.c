/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns against a matcher that tries everything, and as tests of whole columns. */
#include "firn_test.h"

#include <string.h>

#include "base/random.h"
#include "base/str.h"
#include "format/columns/row_filter.h"

#define N_ROWS 200

static firn_text_pattern *pattern_of(firn_arena *arena, firn_str like)
{
    firn_error err;
    firn_text_pattern *pattern = NULL;
    assert_ok(firn_text_pattern_of_like(arena, like, &pattern, &err), &err);
    return pattern;
}

static const struct like_case {
    const char *like, *text;
    bool is_match;
} k_cases[] = {
    {"", "", true},
    {"", "a", false},
    {"%", "", true},
    {"%", "abc", true},
    {"abc", "abc", true},
    {"abc", "abcd", false},
    {"abc", "xabc", false},
    {"a%", "a", true},
    {"a%", "ba", false},
    {"%a", "ba", true},
    {"%a", "ab", false},
    {"%a%", "bab", true},
    {"%a%", "bbb", false},
    {"a%a", "a", false},
    {"a%a", "aa", true},
    {"ab%ba", "aba", false},
    {"ab%ba", "abba", true},
    {"%ab%ab%", "abab", true},
    {"%ab%ab%", "abb", false},
    {"%%", "x", true},
    {"a%%b", "ab", true},
    {"%b%c", "abcbc", true},
    {"%bc%c", "abc", false},
    {"a%b%", "ab", true},
};

static void test_pieces_are_found_in_their_places(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        const struct like_case *c = &k_cases[i];
        firn_text_pattern *pattern = pattern_of(arena, firn_str_of(c->like));
        if (firn_text_pattern_matches(pattern, firn_str_of(c->text)) != c->is_match)
            fail_msg("'%s' like '%s'", c->text, c->like);
        pattern->is_negated = true;
        assert_int_equal(firn_text_pattern_matches(pattern, firn_str_of(c->text)), !c->is_match);
    }
    assert_null(pattern_of(arena, FIRN_STR("a_b")));
    firn_arena_destroy(arena);
}

static void test_patterns_are_written_as_they_were(void **state)
{
    static const char *const k_texts[] = {"%", "a", "%a", "a%", "%a%", "a%b", "%a%b%", ""};
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    for (size_t i = 0; i < sizeof k_texts / sizeof *k_texts; i++) {
        firn_text_pattern *pattern = pattern_of(arena, firn_str_of(k_texts[i]));
        firn_str want = firn_arena_printf(arena, "like '%s'", k_texts[i]);
        assert_true(firn_str_equals(firn_text_pattern_format(pattern, arena), want));
        pattern->is_negated = true;
        want = firn_arena_printf(arena, "not like '%s'", k_texts[i]);
        assert_true(firn_str_equals(firn_text_pattern_format(pattern, arena), want));
    }
    firn_arena_destroy(arena);
}

/* ---- at random ---- */

static bool tries_all(firn_str like, firn_str text)
{
    if (like.len == 0) return text.len == 0;
    const firn_str rest = firn_str_slice(like, 1, like.len);
    if (like.data[0] != '%')
        return text.len > 0 && text.data[0] == like.data[0] &&
               tries_all(rest, firn_str_slice(text, 1, text.len));
    for (size_t i = 0; i <= text.len; i++)
        if (tries_all(rest, firn_str_slice(text, i, text.len))) return true;
    return false;
}

static firn_str any_text(firn_prng *prng, firn_arena *arena, const char *letters, size_t most)
{
    const size_t n = firn_prng_below(prng, most + 1);
    char *text = firn_arena_alloc(arena, n + 1);
    for (size_t i = 0; i < n; i++) text[i] = letters[firn_prng_below(prng, strlen(letters))];
    return (firn_str){text, n};
}

typedef struct tested_column {
    firn_column column;
    firn_view views[N_ROWS];
    firn_str texts[N_ROWS];
    uint64_t validity[N_ROWS / 64 + 1];
} tested_column;

static const firn_column *find(void *ctx, const firn_filter *test)
{
    (void)test;
    return &((tested_column *)ctx)->column;
}

static void test_columns_are_tested_as_their_values_are(void **state)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    static tested_column t;
    const firn_field field = {.id = 1, .name = FIRN_STR("s"), .type = &k_string};
    firn_prng prng;
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    firn_prng_init(&prng, 7);
    for (int round = 0; round < 300; round++) {
        uint64_t mask[N_ROWS / 64 + 1];
        const firn_str likes[2] = {any_text(&prng, arena, "ab%", 6),
                                   any_text(&prng, arena, "ab%%", 9)};
        firn_filter tests[2];
        firn_text_pattern *patterns[2];
        const firn_filter *const parts[] = {&tests[0], &tests[1]};
        for (int k = 0; k < 2; k++) {
            patterns[k] = pattern_of(arena, likes[k]);
            patterns[k]->is_negated = firn_prng_below(&prng, 3) == 0;
            tests[k] =
                (firn_filter){.op = FIRN_FILTER_TEXT, .column = &field, .pattern = patterns[k]};
        }
        const bool is_and = firn_prng_below(&prng, 2);
        const firn_filter tree = {
            .op = is_and ? FIRN_FILTER_AND : FIRN_FILTER_OR, .parts = parts, .n_parts = 2};
        for (size_t i = 0; i < N_ROWS; i++) {
            t.texts[i] = any_text(&prng, arena, "ab", 20);
            t.views[i] = firn_view_of(t.texts[i].data, (uint32_t)t.texts[i].len);
        }
        for (size_t i = 0; i < N_ROWS / 64 + 1; i++) t.validity[i] = firn_prng_next(&prng);
        t.column = (firn_column){.type = &k_string, .values = t.views, .validity = t.validity};
        firn_filter_rows(&tree, find, &t, N_ROWS, mask);
        for (size_t i = 0; i < N_ROWS; i++) {
            bool want[2];
            for (int k = 0; k < 2; k++)
                want[k] = tries_all(likes[k], t.texts[i]) != patterns[k]->is_negated;
            const bool is_valid = t.validity[i / 64] >> i % 64 & 1;
            const bool passes = is_valid && (is_and ? want[0] && want[1] : want[0] || want[1]);
            if ((mask[i / 64] >> i % 64 & 1) != passes)
                fail_msg("'%.*s' like '%.*s' %s '%.*s'", FIRN_STR_ARG(t.texts[i]),
                         FIRN_STR_ARG(likes[0]), is_and ? "and" : "or", FIRN_STR_ARG(likes[1]));
        }
        firn_arena_reset(arena);
    }
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_found_in_their_places),
        cmocka_unit_test(test_patterns_are_written_as_they_were),
        cmocka_unit_test(test_columns_are_tested_as_their_values_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
