/* SPDX-License-Identifier: Apache-2.0 */
/* Rewriting a query on its tokens: find the table references, then write the text again with the
 * few changes the engine needs. */
#include "sql/resolve/query_rewrite.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/resolve/query_stars.h"

#define NO_REF SIZE_MAX
/* References of a statement whose joins are looked at: each is compared with each. */
#define MOST_JOINED 256

typedef struct tokens {
    firn_token *items; /* the last is FIRN_TOKEN_END */
    size_t n;
} tokens;

/* Names joined by dots, [first, end) of the tokens. */
typedef struct chain {
    size_t first, end;
    size_t n_parts;
} chain;

/* What an open parenthesis (or the whole text) is inside of. */
typedef struct level {
    bool in_from;     /* a comma starts another table reference */
    bool is_function; /* EXTRACT(... FROM ...) and the like: its FROM is no clause */
} level;

typedef struct rewriter {
    tokens t;
    firn_arena *arena;
    const firn_rewrite_opts *opts;
    firn_table_ref *refs;
    size_t n_refs, cap_refs;
    size_t *ref_at;     /* per token: reference that starts there, or NO_REF */
    size_t *travel_end; /* per reference: token after its time travel clause; 0: none */
    size_t n_ends, cap_ends;
    firn_str *ctes;
    size_t n_ctes, cap_ctes;
    firn_buf out;
    size_t copied_to; /* bytes of the statement written so far */
    firn_rewrite_segment *segments;
    size_t n_segments, cap_segments;
    firn_insertion *insertions;
    size_t n_insertions, next_insertion;
} rewriter;

/* ---- quoting ---- */

firn_str firn_sql_quote(firn_str name, firn_arena *arena)
{
    char *text = firn_arena_alloc(arena, 2 * name.len + 3);
    size_t n = 0;
    if (!text) return (firn_str){0};
    text[n++] = '"';
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '"') text[n++] = '"';
        text[n++] = name.data[i];
    }
    text[n++] = '"';
    text[n] = '\0';
    return (firn_str){text, n};
}

static firn_str undouble(firn_str inner, char quote, firn_arena *arena)
{
    char *text = firn_arena_alloc(arena, inner.len + 1);
    size_t n = 0;
    if (!text) return (firn_str){0};
    for (size_t i = 0; i < inner.len; i++) {
        text[n++] = inner.data[i];
        if (inner.data[i] == quote && i + 1 < inner.len && inner.data[i + 1] == quote) i++;
    }
    text[n] = '\0';
    return (firn_str){text, n};
}

firn_str firn_token_unquote(const firn_token *token, firn_arena *arena)
{
    const firn_str text = token->text;
    if (token->kind == FIRN_TOKEN_WORD) return firn_arena_copy(arena, text);
    const bool is_quoted = token->kind == FIRN_TOKEN_QUOTED ||
                           (token->kind == FIRN_TOKEN_STRING && text.data[0] == '\'');
    if (is_quoted) return undouble(firn_str_slice(text, 1, text.len - 1), text.data[0], arena);
    if (token->kind != FIRN_TOKEN_STRING || text.data[0] != '$') return (firn_str){0};
    size_t tag = 1;
    while (text.data[tag] != '$') tag++;
    return firn_arena_copy(arena, firn_str_slice(text, tag + 1, text.len - tag - 1));
}

firn_str firn_rewrite_tagged_name(firn_arena *arena, firn_str name, firn_str key, size_t tag)
{
    const firn_str text =
        firn_arena_printf(arena, "%.*s@%.*s:%zu", FIRN_STR_ARG(name), FIRN_STR_ARG(key), tag);
    return text.data ? firn_sql_quote(text, arena) : text;
}

bool firn_rewrite_read_tag(firn_str part, firn_str key, firn_str *name_out, size_t *tag_out)
{
    size_t colon = part.len;
    int64_t tag = 0;
    while (colon > 0 && part.data[colon - 1] != ':') colon--;
    if (colon < key.len + 2 || !firn_str_to_i64(firn_str_slice(part, colon, part.len), &tag)) {
        return false;
    }
    const size_t at = colon - 2 - key.len + 1; /* after '@' */
    if (at == 0 || part.data[at - 1] != '@' || tag < 0) return false;
    if (!firn_str_equals(firn_str_slice(part, at, colon - 1), key)) return false;
    *name_out = firn_str_slice(part, 0, at - 1);
    *tag_out = (size_t)tag;
    return true;
}

/* ---- tokens and names ---- */

static firn_status read_tokens(firn_str sql, firn_arena *arena, tokens *out, firn_error *err)
{
    firn_lexer lexer = firn_lexer_of(sql);
    size_t cap = 0;
    for (;;) {
        firn_token *slot = firn_arena_push(arena, &out->items, &out->n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = firn_lexer_next(&lexer);
        if (slot->kind == FIRN_TOKEN_END) return FIRN_OK;
    }
}

/* i may be beyond the end: that is the END token too. */
static const firn_token *token_at(const tokens *t, size_t i)
{
    return &t->items[i < t->n ? i : t->n - 1];
}

static bool is_word_at(const tokens *t, size_t i, const char *word)
{
    return firn_token_is(token_at(t, i), word);
}

static bool is_symbol_at(const tokens *t, size_t i, const char *symbol)
{
    return firn_token_is_symbol(token_at(t, i), symbol);
}

static bool is_name_at(const tokens *t, size_t i)
{
    const firn_token_kind kind = token_at(t, i)->kind;
    return kind == FIRN_TOKEN_WORD || kind == FIRN_TOKEN_QUOTED;
}

static chain chain_at(const tokens *t, size_t first)
{
    chain c = {first, first + 1, 1};
    while (is_symbol_at(t, c.end, ".") && is_name_at(t, c.end + 1)) {
        c.end += 2;
        c.n_parts++;
    }
    return c;
}

static bool is_any_word(const tokens *t, size_t i, const char *const *words)
{
    for (; *words; words++) {
        if (is_word_at(t, i, *words)) return true;
    }
    return false;
}

/* ---- time travel clauses ---- */

/* Token after "FOR VERSION AS OF", "VERSION AS OF", "AT (VERSION =>" ... at i; 0: none there. */
static size_t travel_at(const tokens *t, size_t i, firn_travel_kind *kind)
{
    static const char *const k_version[] = {"VERSION", "SYSTEM_VERSION", NULL};
    static const char *const k_time[] = {"TIMESTAMP", "SYSTEM_TIME", NULL};
    if (is_word_at(t, i, "AT") && is_symbol_at(t, i + 1, "(")) {
        const bool is_version = is_word_at(t, i + 2, "VERSION");
        if (!is_version && !is_word_at(t, i + 2, "TIMESTAMP")) return 0;
        *kind = is_version ? FIRN_TRAVEL_VERSION : FIRN_TRAVEL_TIMESTAMP;
        return is_symbol_at(t, i + 3, "=>") ? i + 4 : 0;
    }
    if (is_word_at(t, i, "FOR")) i++;
    if (!is_word_at(t, i + 1, "AS") || !is_word_at(t, i + 2, "OF")) return 0;
    if (is_any_word(t, i, k_version))
        *kind = FIRN_TRAVEL_VERSION;
    else if (is_any_word(t, i, k_time))
        *kind = FIRN_TRAVEL_TIMESTAMP;
    else
        return 0;
    return i + 3;
}

static firn_status fail_travel(const firn_token *found, firn_error *err)
{
    const firn_status st =
        firn_fail(err, FIRN_ERR_ARG,
                  "found \"%.*s\" in a time travel clause, expected a literal: a snapshot id, or a "
                  "quoted tag, branch or timestamp",
                  FIRN_STR_ARG(found->text));
    if (err) err->position = found->offset;
    return st;
}

static size_t after_list(const tokens *t, size_t i)
{
    size_t depth = 0;
    for (; i + 1 < t->n; i++) {
        if (is_symbol_at(t, i, "(")) depth++;
        if (is_symbol_at(t, i, ")") && --depth == 0) return i + 1;
    }
    return i;
}

/* Token behind a call, a name, (..) or INTERVAL '1' DAY at i, and what is added to it. */
static size_t expression_end(const tokens *t, size_t i)
{
    for (;;) {
        if (is_word_at(t, i, "INTERVAL")) {
            i += 2;
            if (is_symbol_at(t, i - 1, "(")) i = after_list(t, i - 1);
            if (is_name_at(t, i)) i++;
        } else if (is_name_at(t, i)) {
            i = chain_at(t, i).end;
        } else if (!is_symbol_at(t, i, "(")) {
            i++;
        }
        if (is_symbol_at(t, i, "(")) i = after_list(t, i);
        if (!is_symbol_at(t, i, "+") && !is_symbol_at(t, i, "-")) return i;
        i++;
    }
}

/* The literal or expression at i; *end is the token after it. */
static firn_status read_expression(const rewriter *w, size_t i, firn_time_travel *out, size_t *end,
                                   firn_error *err)
{
    const tokens *t = &w->t;
    const firn_token *first = token_at(t, i);
    const bool is_expression = is_name_at(t, i) || is_symbol_at(t, i, "(");
    if (!is_expression || !w->opts->evaluate) return fail_travel(first, err);
    *end = expression_end(t, i);
    const firn_token *last = token_at(t, *end > i ? *end - 1 : i);
    const firn_str text = {first->text.data, last->offset + last->text.len - first->offset};
    const firn_status st = w->opts->evaluate(w->opts->ctx, text, out, err);
    if (st != FIRN_OK && err) err->position = first->offset;
    return st;
}

/* The literal at i; *end is the token after the clause. */
static firn_status read_travel(const rewriter *w, size_t i, bool is_at, firn_time_travel *out,
                               size_t *end, firn_error *err)
{
    const tokens *t = &w->t;
    if (out->kind == FIRN_TRAVEL_TIMESTAMP &&
        (is_word_at(t, i, "TIMESTAMP") || is_word_at(t, i, "TIMESTAMPTZ") ||
         is_word_at(t, i, "DATE"))) {
        i++;
    }
    const firn_token *literal = token_at(t, i);
    out->offset = literal->offset;
    if (literal->kind == FIRN_TOKEN_NUMBER) {
        out->is_number = true;
        out->text = literal->text;
        if (!firn_str_to_i64(literal->text, &out->number)) return fail_travel(literal, err);
    } else if (literal->kind == FIRN_TOKEN_STRING) {
        out->text = firn_token_unquote(literal, w->arena);
        if (!out->text.data) return fail_travel(literal, err);
    } else {
        FIRN_TRY(read_expression(w, i, out, &i, err));
        i--;
    }
    i++;
    if (is_at && is_symbol_at(t, i, "::")) i += 2;
    if (is_at && !is_symbol_at(t, i, ")")) return fail_travel(token_at(t, i), err);
    *end = is_at ? i + 1 : i;
    return FIRN_OK;
}

/* ---- finding references ---- */

/* The name of a branch or tag at i, behind "t@". */
static firn_status add_branch(const rewriter *w, firn_table_ref *ref, size_t i, size_t *end,
                              size_t *after, firn_error *err)
{
    const firn_token *name = token_at(&w->t, i);
    ref->at = (firn_time_travel){.kind = FIRN_TRAVEL_VERSION, .offset = name->offset};
    ref->at.text = firn_token_unquote(name, w->arena);
    if (!ref->at.text.data) return firn_fail_nomem(err);
    *after = *end = i + 1;
    ref->end = token_at(&w->t, *end)->offset;
    return FIRN_OK;
}

static firn_status add_ref(rewriter *w, const chain *c, size_t *after, firn_error *err)
{
    firn_travel_kind kind = FIRN_TRAVEL_NONE;
    firn_str *parts = firn_arena_array(w->arena, c->n_parts, sizeof *parts);
    firn_table_ref *ref =
        firn_arena_push(w->arena, &w->refs, &w->n_refs, &w->cap_refs, sizeof *ref);
    size_t *end = firn_arena_push(w->arena, &w->travel_end, &w->n_ends, &w->cap_ends, sizeof *end);
    if (!parts || !ref || !end) return firn_fail_nomem(err);
    for (size_t i = 0; i < c->n_parts; i++) {
        parts[i] = firn_token_unquote(&w->t.items[c->first + 2 * i], w->arena);
        if (!parts[i].data) return firn_fail_nomem(err);
    }
    const firn_token *first = &w->t.items[c->first];
    const firn_token *last = &w->t.items[c->end - 1];
    ref->parts = parts;
    ref->n_parts = c->n_parts;
    ref->offset = first->offset;
    ref->length = last->offset + last->text.len - first->offset;
    ref->end = ref->offset + ref->length;
    w->ref_at[c->first] = w->n_refs - 1;
    *after = c->end;
    if (is_symbol_at(&w->t, c->end, "@") && is_name_at(&w->t, c->end + 1))
        return add_branch(w, ref, c->end + 1, end, after, err);
    const size_t literal = travel_at(&w->t, c->end, &kind);
    if (literal == 0) return FIRN_OK;
    ref->at.kind = kind;
    FIRN_TRY(read_travel(w, literal, is_word_at(&w->t, c->end, "AT"), &ref->at, end, err));
    *after = *end;
    ref->end = token_at(&w->t, *end)->offset;
    return FIRN_OK;
}

/* ---- functions that read a table's changes ---- */

/* Token after the call's closing parenthesis, the name of the function at i; 0: no such call. */
static size_t changes_call_end(const tokens *t, size_t i)
{
    static const char *const k_names[] = {"FIRN_CHANGES", "TABLE_CHANGES", "CHANGES", NULL};
    const chain c = chain_at(t, i);
    size_t depth = 1;
    if (!is_any_word(t, c.end - 1, k_names) || !is_symbol_at(t, c.end, "(")) return 0;
    for (size_t at = c.end + 1; at + 1 < t->n; at++) {
        if (is_symbol_at(t, at, "(")) depth++;
        if (is_symbol_at(t, at, ")")) depth--;
        if (depth == 0) return at + 1;
    }
    return 0;
}

/* "f(...)" or "TABLE(f(...))" at i becomes a reference; *after is the token behind it. */
static firn_status add_call(rewriter *w, size_t i, size_t *after, bool *is_added, firn_error *err)
{
    const bool is_table = is_word_at(&w->t, i, "TABLE") && is_symbol_at(&w->t, i + 1, "(");
    const size_t first = is_table ? i + 2 : i;
    const size_t end = is_name_at(&w->t, first) ? changes_call_end(&w->t, first) : 0;
    *is_added = end != 0 && (!is_table || is_symbol_at(&w->t, end, ")"));
    if (!*is_added) return FIRN_OK;
    firn_table_ref *ref =
        firn_arena_push(w->arena, &w->refs, &w->n_refs, &w->cap_refs, sizeof *ref);
    size_t *stop =
        firn_arena_push(w->arena, &w->travel_end, &w->n_ends, &w->cap_ends, sizeof *stop);
    firn_str *part = firn_arena_array(w->arena, 1, sizeof *part);
    if (!ref || !stop || !part) return firn_fail_nomem(err);
    *part = FIRN_STR("changes");
    ref->parts = part;
    ref->n_parts = 1;
    const firn_token *from = &w->t.items[first];
    const firn_token *last = &w->t.items[end - 1];
    ref->offset = from->offset;
    ref->length = last->offset + last->text.len - from->offset;
    ref->end = ref->offset + ref->length;
    ref->call = (firn_str){from->text.data, ref->length};
    *stop = *after = is_table ? end + 1 : end;
    w->ref_at[i] = w->n_refs - 1;
    return FIRN_OK;
}

/* name [(columns)] AS [[NOT] MATERIALIZED] ( ...: the name of a CTE, if i is its first token. */
static bool is_cte_at(const tokens *t, size_t i)
{
    if (!is_name_at(t, i)) return false;
    size_t at = i + 1;
    if (is_symbol_at(t, at, "(")) {
        while (at + 1 < t->n && !is_symbol_at(t, at, ")")) at++;
        at++;
    }
    if (!is_word_at(t, at, "AS")) return false;
    at++;
    if (is_word_at(t, at, "NOT")) at++;
    if (is_word_at(t, at, "MATERIALIZED")) at++;
    return is_symbol_at(t, at, "(");
}

static firn_status find_ctes(rewriter *w, firn_error *err)
{
    bool has_with = false;
    for (size_t i = 0; i < w->t.n && !has_with; i++) has_with = is_word_at(&w->t, i, "WITH");
    for (size_t i = 1; has_with && i < w->t.n; i++) {
        const bool may_start = is_word_at(&w->t, i - 1, "WITH") ||
                               is_word_at(&w->t, i - 1, "RECURSIVE") ||
                               is_symbol_at(&w->t, i - 1, ",");
        if (!may_start || !is_cte_at(&w->t, i)) continue;
        firn_str *slot =
            firn_arena_push(w->arena, &w->ctes, &w->n_ctes, &w->cap_ctes, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = firn_token_unquote(&w->t.items[i], w->arena);
        if (!slot->data) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

static void mark_ctes(rewriter *w)
{
    for (size_t i = 0; i < w->n_refs; i++) {
        for (size_t c = 0; w->refs[i].n_parts == 1 && c < w->n_ctes; c++) {
            if (firn_str_equals_nocase(w->refs[i].parts[0], w->ctes[c])) w->refs[i].is_cte = true;
        }
    }
}

/* Does token i begin a FROM clause? Not in "is distinct from" and extract(... from ...). */
static bool is_from_clause(const rewriter *w, size_t i, const level *in)
{
    if (!is_word_at(&w->t, i, "FROM") || in->is_function) return false;
    const bool is_distinct = i >= 2 && is_word_at(&w->t, i - 1, "DISTINCT") &&
                             (is_word_at(&w->t, i - 2, "IS") || is_word_at(&w->t, i - 2, "NOT"));
    return !is_distinct;
}

static bool starts_reference(const rewriter *w, size_t i, level *in)
{
    static const char *const k_before[] = {"JOIN",  "DESCRIBE", "SUMMARIZE",
                                           "PIVOT", "UNPIVOT",  NULL};
    static const char *const k_ends[] = {"SELECT", "WHERE",  "GROUP",     "ORDER",  "HAVING",
                                         "LIMIT",  "UNION",  "INTERSECT", "EXCEPT", "WINDOW",
                                         "OFFSET", "VALUES", "QUALIFY",   "SET",    NULL};
    if (is_from_clause(w, i, in)) {
        in->in_from = true;
        return true;
    }
    if (is_any_word(&w->t, i, k_ends)) in->in_from = false;
    if (is_any_word(&w->t, i, k_before)) return true;
    if (is_word_at(&w->t, i, "LATERAL")) return in->in_from;
    return in->in_from && is_symbol_at(&w->t, i, ",");
}

static firn_status find_refs(rewriter *w, firn_error *err)
{
    static const char *const k_from_functions[] = {"EXTRACT", "SUBSTRING", "TRIM", "OVERLAY", NULL};
    level *levels = firn_arena_array(w->arena, w->t.n + 1, sizeof *levels);
    size_t depth = 0;
    bool is_expected = false;
    if (!levels) return firn_fail_nomem(err);
    for (size_t i = 0; i + 1 < w->t.n;) {
        firn_travel_kind kind;
        size_t next = i + 1;
        if (is_symbol_at(&w->t, i, "(")) {
            /* FROM (a JOIN b): a parenthesis where a table may stand holds tables itself */
            levels[++depth] = (level){.in_from = is_expected};
            levels[depth].is_function = i > 0 && is_any_word(&w->t, i - 1, k_from_functions);
            i = next;
            continue;
        }
        if (is_symbol_at(&w->t, i, ")") && depth > 0) depth--;
        if (is_name_at(&w->t, i)) {
            const chain c = chain_at(&w->t, i);
            const bool is_call = is_symbol_at(&w->t, c.end, "(");
            const bool is_travel = travel_at(&w->t, c.end, &kind) != 0;
            const bool is_keyword = is_any_word(
                &w->t, i, (const char *const[]){"SELECT", "LATERAL", "FROM", "VALUES", NULL});
            bool is_changes = false;
            if (is_expected && is_call) FIRN_TRY(add_call(w, i, &next, &is_changes, err));
            if (is_changes) {
                is_expected = false;
                i = next;
                continue;
            }
            if ((is_expected && !is_call && !is_keyword) || is_travel) {
                FIRN_TRY(add_ref(w, &c, &next, err));
                is_expected = false;
                i = next;
                continue;
            }
            if (c.n_parts > 1) {
                is_expected = false;
                i = c.end;
                continue;
            }
        }
        is_expected = starts_reference(w, i, &levels[depth]);
        i = next;
    }
    return FIRN_OK;
}

/* ---- writing ---- */

static firn_status add_segment(rewriter *w, size_t in_at, size_t copied, firn_error *err)
{
    firn_rewrite_segment *segment =
        firn_arena_push(w->arena, &w->segments, &w->n_segments, &w->cap_segments, sizeof *segment);
    if (!segment) return firn_fail_nomem(err);
    *segment = (firn_rewrite_segment){w->out.len, in_at, copied};
    return FIRN_OK;
}

/* Copy the statement up to a byte, then leave out what is before resume. */
static firn_status replace(rewriter *w, firn_str sql, size_t from, size_t resume, firn_str text,
                           firn_error *err)
{
    FIRN_TRY(add_segment(w, w->copied_to, from - w->copied_to, err));
    firn_buf_append(&w->out, sql.data + w->copied_to, from - w->copied_to);
    if (text.len > 0) FIRN_TRY(add_segment(w, from, 0, err));
    firn_buf_str(&w->out, text);
    w->copied_to = resume;
    return FIRN_OK;
}

static firn_status requote(rewriter *w, firn_str sql, const firn_token *token, firn_error *err)
{
    const firn_str name = firn_token_unquote(token, w->arena);
    const firn_str quoted = name.data ? firn_sql_quote(name, w->arena) : name;
    if (!quoted.data) return firn_fail_nomem(err);
    return replace(w, sql, token->offset, token->offset + token->text.len, quoted, err);
}

/* Backquotes are Spark's; and "default", the usual namespace, is a reserved word of the engine. */
static bool must_requote(const firn_token *token, size_t n_parts)
{
    if (token->kind == FIRN_TOKEN_QUOTED) return token->text.data[0] == '`';
    return n_parts > 1 && firn_token_is(token, "DEFAULT");
}

static firn_status requote_range(rewriter *w, firn_str sql, size_t from, size_t end,
                                 firn_error *err)
{
    for (size_t i = from; i < end; i++) {
        const firn_token *token = &w->t.items[i];
        if (must_requote(token, end - from)) FIRN_TRY(requote(w, sql, token, err));
    }
    return FIRN_OK;
}

/* The reference that starts at token i; *after is the next token to look at. */
static firn_status write_ref(rewriter *w, firn_str sql, size_t i, size_t *after, firn_error *err)
{
    const size_t index = w->ref_at[i];
    const firn_table_ref *ref = &w->refs[index];
    const chain c = chain_at(&w->t, i);
    const size_t travel = w->travel_end[index];
    const bool is_tagged = travel != 0 || ref->metadata_columns != 0 ||
                           (w->opts->tag_all && !ref->is_cte) || ref->is_twin ||
                           (w->opts->is_ours && w->opts->is_ours(w->opts->ctx, ref));
    *after = travel != 0 ? travel : c.end;
    if (!is_tagged) return requote_range(w, sql, i, c.end, err);
    if (ref->call.len == 0) FIRN_TRY(requote_range(w, sql, i, c.end - 1, err));
    const firn_token *last = &w->t.items[ref->call.len > 0 ? i : c.end - 1];
    const firn_token *end = &w->t.items[*after - 1];
    const firn_str name = firn_rewrite_tagged_name(w->arena, ref->parts[ref->n_parts - 1],
                                                   w->opts->key, w->opts->first_tag + index);
    if (!name.data) return firn_fail_nomem(err);
    return replace(w, sql, last->offset, end->offset + end->text.len, name, err);
}

/* How many leading parts of a column's name repeat a table reference's qualification: all of the
 * reference's parts, or its last ones, before the column. */
static size_t repeated_parts(const rewriter *w, const chain *c, size_t n_before)
{
    size_t best = 0;
    for (size_t r = 0; r < w->n_refs; r++) {
        const firn_table_ref *ref = &w->refs[r];
        for (size_t skip = 0; skip + 2 <= ref->n_parts; skip++) {
            const size_t n = ref->n_parts - skip;
            if (n > n_before || n <= best) continue;
            bool is_same = true;
            for (size_t p = 0; p < n && is_same; p++) {
                const firn_str part = firn_token_unquote(&w->t.items[c->first + 2 * p], w->arena);
                is_same = firn_str_equals_nocase(part, ref->parts[skip + p]);
            }
            if (is_same) best = n;
        }
    }
    return best;
}

/* A chain that is no reference: cut "cat.ns." from "cat.ns.t.col" and "cat.ns.t.*". */
static firn_status write_chain(rewriter *w, firn_str sql, size_t i, size_t *after, firn_error *err)
{
    const chain c = chain_at(&w->t, i);
    const bool is_star = is_symbol_at(&w->t, c.end, ".") && is_symbol_at(&w->t, c.end + 1, "*");
    const size_t n_before = is_star ? c.n_parts : c.n_parts - 1;
    const size_t n = n_before >= 2 ? repeated_parts(w, &c, n_before) : 0;
    size_t from = i;
    *after = c.end;
    if (n >= 2) {
        from = c.first + 2 * (n - 1); /* the table's own name stays */
        FIRN_TRY(
            replace(w, sql, w->t.items[i].offset, w->t.items[from].offset, (firn_str){0}, err));
    }
    return requote_range(w, sql, from, c.end, err);
}

/* What belongs in front of token i. */
static firn_status write_insertions(rewriter *w, firn_str sql, size_t i, firn_error *err)
{
    for (; w->next_insertion < w->n_insertions; w->next_insertion++) {
        const firn_insertion *in = &w->insertions[w->next_insertion];
        if (in->before > i) return FIRN_OK;
        const size_t at = w->t.items[i].offset;
        FIRN_TRY(replace(w, sql, at, at, in->text, err));
    }
    return FIRN_OK;
}

static firn_status write_all(rewriter *w, firn_str sql, firn_error *err)
{
    for (size_t i = 0; i + 1 < w->t.n;) {
        size_t next = i + 1;
        FIRN_TRY(write_insertions(w, sql, i, err));
        if (w->ref_at[i] != NO_REF) {
            FIRN_TRY(write_ref(w, sql, i, &next, err));
        } else if (is_name_at(&w->t, i)) {
            FIRN_TRY(write_chain(w, sql, i, &next, err));
        }
        i = next;
    }
    FIRN_TRY(write_insertions(w, sql, w->t.n - 1, err));
    return replace(w, sql, sql.len, sql.len, (firn_str){0}, err);
}

static bool is_same_name(const firn_table_ref *a, const firn_table_ref *b)
{
    if (a->n_parts != b->n_parts || a->is_cte || a->call.len > 0 || b->call.len > 0) return false;
    for (size_t i = 0; i < a->n_parts; i++)
        if (!firn_str_equals_nocase(a->parts[i], b->parts[i])) return false;
    return true;
}

static void mark_twins(const rewriter *w)
{
    for (size_t i = 0; i < w->n_refs; i++) {
        if (w->refs[i].is_twin) continue;
        for (size_t k = i + 1; k < w->n_refs; k++) {
            if (!is_same_name(&w->refs[i], &w->refs[k])) continue;
            if (!w->refs[i].is_twin && !w->opts->is_table(w->opts->ctx, &w->refs[i])) break;
            w->refs[i].is_twin = w->refs[k].is_twin = true;
        }
    }
}

static firn_status find_joins(const rewriter *w, firn_join_text *out, firn_error *err)
{
    const firn_query_tokens t = {w->t.items, w->t.n, w->ref_at, w->refs, w->n_refs};
    if (!w->opts->is_table || w->n_refs > MOST_JOINED) return FIRN_OK;
    FIRN_TRY(firn_join_text_read(&t, w->arena, out, err));
    if (out->n_pairs > 0 && !w->opts->tag_all) mark_twins(w);
    return FIRN_OK;
}

static firn_status find_metadata_columns(rewriter *w, firn_error *err)
{
    const firn_query_tokens t = {w->t.items, w->t.n, w->ref_at, w->refs, w->n_refs};
    const firn_metadata_columns named =
        w->opts->metadata_columns ? firn_stars_named(&t, w->arena) : 0;
    firn_metadata_columns found = 0;
    for (size_t i = 0; named != 0 && i < w->n_refs; i++) {
        firn_table_ref *ref = &w->refs[i];
        if (ref->is_cte || ref->call.len > 0) continue;
        ref->metadata_columns = w->opts->metadata_columns(w->opts->ctx, ref, named);
        found |= ref->metadata_columns;
    }
    if (found == 0) return FIRN_OK;
    return firn_stars_find(&t, w->arena, &w->insertions, &w->n_insertions, err);
}

static firn_status rewrite(rewriter *w, firn_str sql, firn_rewrite *out, firn_error *err)
{
    FIRN_TRY(read_tokens(sql, w->arena, &w->t, err));
    w->ref_at = firn_arena_array(w->arena, w->t.n, sizeof *w->ref_at);
    if (!w->ref_at) return firn_fail_nomem(err);
    for (size_t i = 0; i < w->t.n; i++) w->ref_at[i] = NO_REF;
    FIRN_TRY(find_ctes(w, err));
    FIRN_TRY(find_refs(w, err));
    mark_ctes(w);
    FIRN_TRY(find_metadata_columns(w, err));
    FIRN_TRY(find_joins(w, &out->joins, err));
    FIRN_TRY(write_all(w, sql, err));
    FIRN_TRY(firn_buf_check(&w->out, err));
    out->sql = firn_arena_copy(w->arena, firn_buf_view(&w->out));
    if (!out->sql.data) return firn_fail_nomem(err);
    out->refs = w->refs;
    out->n_refs = w->n_refs;
    out->segments = w->segments;
    out->n_segments = w->n_segments;
    return FIRN_OK;
}

firn_status firn_query_rewrite(firn_str sql, const firn_rewrite_opts *opts, firn_arena *arena,
                               firn_rewrite *out, firn_error *err)
{
    rewriter w = {.arena = arena, .opts = opts};
    *out = (firn_rewrite){0};
    firn_buf_init(&w.out, NULL, 4 * FIRN_LIMIT_SQL_TEXT);
    const firn_status st = rewrite(&w, sql, out, err);
    firn_buf_dispose(&w.out);
    return st;
}

size_t firn_rewrite_position(const firn_rewrite *rewritten, size_t position)
{
    const firn_rewrite_segment *found = NULL;
    for (size_t i = 0; i < rewritten->n_segments; i++) {
        if (rewritten->segments[i].out_at <= position) found = &rewritten->segments[i];
    }
    if (!found) return position;
    const size_t inside = position - found->out_at;
    return found->in_at + (inside < found->copied ? inside : found->copied);
}
