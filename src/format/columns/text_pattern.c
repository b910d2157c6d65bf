/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Each piece is taken where it is found first, which leaves the most room for those
 * behind it; the last one, at the end, where it has to be. */
#include "format/columns/text_pattern.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

static size_t count_pieces(firn_str like)
{
    size_t n = 1;
    for (size_t i = 0; i < like.len; i++) n += like.data[i] == '%';
    return n;
}

firn_status firn_text_pattern_of_like(firn_arena *arena, firn_str like, firn_text_pattern **out,
                                      firn_error *err)
{
    *out = NULL;
    if (like.len > 0 && memchr(like.data, '_', like.len)) return FIRN_OK;
    firn_text_pattern *pattern = firn_arena_alloc_zero(arena, sizeof *pattern);
    firn_str *pieces = firn_arena_array(arena, count_pieces(like), sizeof *pieces);
    if (!pattern || !pieces) return firn_fail_nomem(err);
    for (size_t at = 0, from = 0; at <= like.len; at++) {
        if (at < like.len && like.data[at] != '%') continue;
        if (at > from) pieces[pattern->n++] = firn_str_slice(like, from, at);
        from = at + 1;
    }
    pattern->pieces = pieces;
    pattern->is_start = like.len == 0 || like.data[0] != '%';
    pattern->is_end = like.len == 0 || like.data[like.len - 1] != '%';
    *out = pattern;
    return FIRN_OK;
}

static bool has_pieces(const firn_text_pattern *p, firn_str text)
{
    size_t at = 0;
    if (p->n == 0) return !p->is_start || text.len == 0; /* "%", or nothing at all */
    const size_t n_between = p->n - p->is_end;
    for (size_t i = 0; i < n_between; i++) {
        const firn_str piece = p->pieces[i];
        if (i == 0 && p->is_start) {
            if (!firn_str_starts_with(text, piece)) return false;
            at = piece.len;
            continue;
        }
        at = firn_str_find(text, piece, at);
        if (at == SIZE_MAX) return false;
        at += piece.len;
    }
    if (!p->is_end) return true;
    const firn_str last = p->pieces[p->n - 1];
    if (p->n == 1 && p->is_start) return firn_str_equals(text, last);
    return text.len - at >= last.len &&
           memcmp(text.data + text.len - last.len, last.data, last.len) == 0;
}

bool firn_text_pattern_matches(const firn_text_pattern *pattern, firn_str text)
{
    return has_pieces(pattern, text) != pattern->is_negated;
}

firn_str firn_text_pattern_format(const firn_text_pattern *p, firn_arena *arena)
{
    firn_str text = firn_arena_printf(arena, "%s'%s", p->is_negated ? "not like " : "like ",
                                      p->is_start ? "" : "%");
    for (size_t i = 0; i < p->n && text.data; i++) {
        const bool is_last = i + 1 == p->n;
        text = firn_arena_printf(arena, "%.*s%.*s%s", FIRN_STR_ARG(text),
                                 FIRN_STR_ARG(p->pieces[i]), is_last && p->is_end ? "" : "%");
    }
    return text.data ? firn_arena_printf(arena, "%.*s'", FIRN_STR_ARG(text)) : text;
}
