/* SPDX-License-Identifier: Apache-2.0 */
/* Equalities of columns that hold wherever a condition is true: among its conjuncts, and in each of
 * its alternatives. Not here: whose condition it is, and what follows (join_text.c). */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/resolve/join_reader.h"

bool join_is_any(const join_reader *r, size_t i, const char *const *words)
{
    for (; *words; words++)
        if (join_is_word(r, i, *words)) return true;
    return false;
}

bool join_is_name(const join_reader *r, size_t i)
{
    const firn_token_kind kind = join_token(r, i)->kind;
    return kind == FIRN_TOKEN_WORD || kind == FIRN_TOKEN_QUOTED;
}

bool join_is_query(const join_reader *r, size_t i)
{
    static const char *const k_words[] = {"SELECT", "WITH", NULL};
    return join_is_symbol(r, i, "(") && r->closing[i] > i && join_is_any(r, i + 1, k_words);
}

/* ---- columns ---- */

/* Words that are values wherever they stand. */
static bool is_value(const join_reader *r, size_t i)
{
    static const char *const k_values[] = {"TRUE",         "FALSE",
                                           "NULL",         "DEFAULT",
                                           "CURRENT_DATE", "CURRENT_TIME",
                                           "LOCALTIME",    "LOCALTIMESTAMP",
                                           "CURRENT_USER", "CURRENT_TIMESTAMP",
                                           "USER",         "SESSION_USER",
                                           "CURRENT_ROLE", "CURRENT_CATALOG",
                                           "ROWID",        "CURRENT_SCHEMA",
                                           "END",          NULL};
    return join_is_any(r, i, k_values);
}

static bool is_column(const join_reader *r, join_range tokens)
{
    const size_t n = tokens.end - tokens.first;
    if (n != 1 && n != 3) return false;
    if (n == 3 && !join_is_symbol(r, tokens.first + 1, ".")) return false;
    return join_is_name(r, tokens.first) && join_is_name(r, tokens.end - 1) &&
           !is_value(r, tokens.first);
}

bool join_column_read(join_reader *r, join_range tokens, firn_join_column *out)
{
    *out = (firn_join_column){.block = FIRN_JOIN_NONE};
    if (!is_column(r, tokens)) return false;
    out->name = firn_token_unquote(join_token(r, tokens.end - 1), r->arena);
    if (tokens.end - tokens.first > 1)
        out->table = firn_token_unquote(join_token(r, tokens.first), r->arena);
    r->is_out_of_memory |= !out->name.data || (tokens.end - tokens.first > 1 && !out->table.data);
    return !r->is_out_of_memory;
}

/* ---- equalities ---- */

static bool is_same_text(const join_reader *r, join_range a, join_range b)
{
    if (a.end - a.first != b.end - b.first) return false;
    for (size_t i = 0; i < a.end - a.first; i++) {
        const firn_str x = join_token(r, a.first + i)->text;
        const firn_str y = join_token(r, b.first + i)->text;
        if (!firn_str_equals_nocase(x, y)) return false;
    }
    return true;
}

static bool has_equality(const join_reader *r, const join_equalities *all, const join_equality *e)
{
    for (size_t i = 0; i < all->n; i++) {
        const join_range *sides = all->items[i].sides;
        for (int k = 0; k < 2; k++)
            if (is_same_text(r, sides[0], e->sides[k]) &&
                is_same_text(r, sides[1], e->sides[1 - k]))
                return true;
    }
    return false;
}

static void add_equality(join_reader *r, join_equality e, join_equalities *out)
{
    join_equality *slot = firn_arena_push(r->arena, &out->items, &out->n, &out->cap, sizeof *slot);
    if (slot)
        *slot = e;
    else
        r->is_out_of_memory = true;
}

/* ---- conditions ---- */

/* Where the word, AND or OR, next stands by itself; end: nowhere. CASE .. END is in brackets of a
 * kind, and the AND of BETWEEN is its own. */
static size_t find_word(const join_reader *r, join_range in, const char *word)
{
    size_t n_cases = 0;
    size_t n_between = 0;
    for (size_t i = in.first; i < in.end; i = join_step(r, i)) {
        const bool is_part = i > in.first && join_is_symbol(r, i - 1, ".");
        if (is_part) continue;
        if (join_is_word(r, i, "CASE")) n_cases++;
        if (join_is_word(r, i, "END") && n_cases > 0) n_cases--;
        if (n_cases > 0) continue;
        if (join_is_word(r, i, "BETWEEN")) n_between++;
        if (join_is_word(r, i, "AND") && n_between > 0)
            n_between--;
        else if (join_is_word(r, i, word))
            return i;
    }
    return in.end;
}

/* Without parentheses around all of it. */
static join_range strip(const join_reader *r, join_range in)
{
    while (in.first < in.end && join_is_symbol(r, in.first, "(") && !join_is_query(r, in.first) &&
           r->closing[in.first] + 1 == in.end) {
        in.first++;
        in.end--;
    }
    return in;
}

/* a = b; EXISTS (SELECT ..); a IN (SELECT ..) */
static void read_conjunct(join_reader *r, join_range in, bool is_certain, join_equalities *out)
{
    const size_t last = in.end - 1;
    if (is_certain && join_is_word(r, in.first, "EXISTS") && join_is_query(r, in.first + 1) &&
        r->closing[in.first + 1] == last) {
        r->roles[in.first + 1] = JOIN_ROLE_EXISTS;
        return;
    }
    for (size_t n = 1; n <= 3; n += 2) {
        const size_t at = in.first + n;
        const join_range left = {in.first, at};
        if (at + 1 >= in.end || !is_column(r, left)) continue;
        const join_range right = {at + 1, in.end};
        if ((join_is_symbol(r, at, "=") || join_is_symbol(r, at, "==")) && is_column(r, right))
            add_equality(r, (join_equality){{left, right}}, out);
        if (is_certain && join_is_word(r, at, "IN") && join_is_query(r, at + 1) &&
            r->closing[at + 1] == last)
            r->roles[at + 1] = JOIN_ROLE_IN;
    }
}

static void read_condition(join_reader *r, join_range in, bool is_certain, join_equalities *out);

/* What all alternatives say. */
static void read_alternatives(join_reader *r, join_range in, join_equalities *out)
{
    join_equalities common = {0};
    for (size_t from = in.first; from < in.end;) {
        join_equalities one = {0};
        const size_t to = find_word(r, (join_range){from, in.end}, "OR");
        read_condition(r, (join_range){from, to}, false, &one);
        if (from == in.first) common = one;
        size_t n = 0;
        for (size_t i = 0; i < common.n; i++)
            if (has_equality(r, &one, &common.items[i])) common.items[n++] = common.items[i];
        common.n = n;
        from = to + 1;
    }
    for (size_t i = 0; i < common.n; i++) add_equality(r, common.items[i], out);
}

static void read_condition(join_reader *r, join_range in, bool is_certain, join_equalities *out)
{
    in = strip(r, in);
    if (in.first >= in.end) return;
    if (++r->depth > FIRN_LIMIT_NESTING) {
        r->has_given_up = true;
    } else if (find_word(r, in, "OR") < in.end) {
        read_alternatives(r, in, out);
    } else {
        for (size_t from = in.first; from < in.end;) {
            const size_t to = find_word(r, (join_range){from, in.end}, "AND");
            const join_range one = strip(r, (join_range){from, to});
            if (one.first != from)
                read_condition(r, one, is_certain, out);
            else if (one.first < one.end)
                read_conjunct(r, one, is_certain, out);
            from = to + 1;
        }
    }
    r->depth--;
}

void join_conditions_read(join_reader *r, join_range condition, join_equalities *out)
{
    read_condition(r, condition, true, out);
}
