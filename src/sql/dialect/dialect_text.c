/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over a statement's tokens, and calls of functions. */
#include "sql/dialect/dialect_text.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/dialect/inline_functions.h"
#include "sql/typing/typing.h"

#define MAX_ARGS 1000

/* ---- tokens ---- */

const firn_token *firn_dialect_token(const firn_dialect_writer *w, size_t i)
{
    return &w->t[i < w->n ? i : w->n - 1];
}

bool firn_dialect_is_word(const firn_dialect_writer *w, size_t i, const char *word)
{
    return firn_token_is(firn_dialect_token(w, i), word);
}

bool firn_dialect_is_any(const firn_dialect_writer *w, size_t i, const char *const *words)
{
    for (; *words; words++) {
        if (firn_dialect_is_word(w, i, *words)) return true;
    }
    return false;
}

bool firn_dialect_is_symbol(const firn_dialect_writer *w, size_t i, const char *symbol)
{
    return firn_token_is_symbol(firn_dialect_token(w, i), symbol);
}

bool firn_dialect_is_name(const firn_dialect_writer *w, size_t i)
{
    const firn_token_kind kind = firn_dialect_token(w, i)->kind;
    return kind == FIRN_TOKEN_WORD || kind == FIRN_TOKEN_QUOTED;
}

size_t firn_dialect_skip(const firn_dialect_writer *w, size_t i)
{
    if (i >= w->n) return i;
    const size_t match = w->match[i];
    return match != FIRN_NO_MATCH && match > i ? match + 1 : i + 1;
}

static firn_status read_tokens(firn_dialect_writer *w, firn_error *err)
{
    firn_lexer lexer = firn_lexer_of(w->sql);
    lexer.dialect = w->opts->dialect;
    do {
        firn_token *slot = firn_arena_push(w->arena, &w->t, &w->n, &w->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = firn_lexer_next(&lexer);
    } while (w->t[w->n - 1].kind != FIRN_TOKEN_END);
    return FIRN_OK;
}

static bool is_pair(const firn_token *open, const firn_token *close)
{
    const char *const k_pairs[][2] = {{"(", ")"}, {"[", "]"}, {"{", "}"}};
    for (size_t i = 0; i < 3; i++) {
        if (firn_token_is_symbol(open, k_pairs[i][0])) {
            return firn_token_is_symbol(close, k_pairs[i][1]);
        }
    }
    return false;
}

static firn_status match_brackets(firn_dialect_writer *w, firn_error *err)
{
    size_t *open = firn_arena_array(w->arena, w->n, sizeof *open);
    w->match = firn_arena_array(w->arena, w->n, sizeof *w->match);
    size_t n_open = 0;
    if (!open || !w->match) return firn_fail_nomem(err);
    for (size_t i = 0; i < w->n; i++) {
        w->match[i] = FIRN_NO_MATCH;
        if (w->t[i].kind != FIRN_TOKEN_SYMBOL) continue;
        const char c = w->t[i].text.data[0];
        const bool is_single = w->t[i].text.len == 1;
        if (is_single && strchr("([{", c)) {
            open[n_open++] = i;
        } else if (is_single && strchr(")]}", c) && n_open > 0 &&
                   is_pair(&w->t[open[n_open - 1]], &w->t[i])) {
            w->match[i] = open[--n_open];
            w->match[open[n_open]] = i;
        }
    }
    return FIRN_OK;
}

/* ---- writing ---- */

static firn_status add_segment(firn_dialect_writer *w, size_t in_at, size_t copied, firn_error *err)
{
    firn_rewrite_segment *last = w->n_segments > 0 ? &w->segments[w->n_segments - 1] : NULL;
    const bool is_next = last && copied > 0 && last->copied > 0 &&
                         last->in_at + last->copied == in_at &&
                         last->out_at + last->copied == w->out.len;
    if (is_next) {
        last->copied += copied;
        return FIRN_OK;
    }
    firn_rewrite_segment *segment =
        firn_arena_push(w->arena, &w->segments, &w->n_segments, &w->cap_segments, sizeof *segment);
    if (!segment) return firn_fail_nomem(err);
    *segment = (firn_rewrite_segment){w->out.len, in_at, copied};
    return FIRN_OK;
}

static firn_status copy_bytes(firn_dialect_writer *w, size_t from, size_t to, firn_error *err)
{
    if (from >= to) return FIRN_OK;
    FIRN_TRY(add_segment(w, from, to - from, err));
    firn_buf_append(&w->out, w->sql.data + from, to - from);
    return FIRN_OK;
}

static size_t end_of(const firn_dialect_writer *w, size_t i)
{
    const firn_token *token = firn_dialect_token(w, i);
    return token->offset + token->text.len;
}

firn_status firn_dialect_gap(firn_dialect_writer *w, size_t i, firn_error *err)
{
    const size_t from = i > 0 ? end_of(w, i - 1) : 0;
    return copy_bytes(w, from, firn_dialect_token(w, i)->offset, err);
}

firn_status firn_dialect_copy(firn_dialect_writer *w, size_t from, size_t to, firn_error *err)
{
    if (from >= to) return FIRN_OK;
    return copy_bytes(w, firn_dialect_token(w, from)->offset, end_of(w, to - 1), err);
}

firn_status firn_dialect_put(firn_dialect_writer *w, size_t at, const char *words, firn_error *err)
{
    FIRN_TRY(add_segment(w, firn_dialect_token(w, at)->offset, 0, err));
    firn_buf_cstr(&w->out, words);
    return FIRN_OK;
}

firn_status firn_dialect_put_string(firn_dialect_writer *w, size_t at, firn_str value,
                                    firn_error *err)
{
    FIRN_TRY(add_segment(w, firn_dialect_token(w, at)->offset, 0, err));
    firn_buf_quoted(&w->out, value, '\'');
    return FIRN_OK;
}

firn_status firn_dialect_put_name(firn_dialect_writer *w, size_t at, firn_str name, firn_error *err)
{
    FIRN_TRY(add_segment(w, firn_dialect_token(w, at)->offset, 0, err));
    firn_buf_quoted(&w->out, name, '"');
    return FIRN_OK;
}

/* ---- calls ---- */

size_t firn_dialect_call_end(const firn_dialect_writer *w, size_t i)
{
    for (;;) {
        const bool has_list = firn_dialect_is_symbol(w, i + 1, "(");
        if (firn_dialect_is_word(w, i, "FILTER") && has_list) {
            i = firn_dialect_skip(w, i + 1);
        } else if (firn_dialect_is_word(w, i, "WITHIN") &&
                   firn_dialect_is_word(w, i + 1, "GROUP")) {
            i = firn_dialect_skip(w, i + 2);
        } else if (firn_dialect_is_word(w, i + 1, "NULLS") &&
                   (firn_dialect_is_word(w, i, "IGNORE") ||
                    firn_dialect_is_word(w, i, "RESPECT"))) {
            i += 2;
        } else if (firn_dialect_is_word(w, i, "OVER")) {
            return firn_dialect_skip(w, i + 1);
        } else {
            return i;
        }
    }
}

static firn_status read_call(firn_dialect_writer *w, size_t name, size_t open,
                             firn_dialect_call *out, firn_error *err)
{
    size_t *args = NULL;
    size_t cap = 0;
    size_t n = 0;
    const size_t close = w->match[open];
    *out = (firn_dialect_call){.name = name, .open = open, .close = close};
    out->end = firn_dialect_call_end(w, close + 1);
    for (size_t i = open + 1; i <= close; i = firn_dialect_skip(w, i)) {
        const bool is_first = i == open + 1;
        const bool is_comma = firn_dialect_is_symbol(w, i, ",");
        if (!is_comma && !(is_first && i < close)) continue;
        size_t *slot = firn_arena_push(w->arena, &args, &n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = is_comma ? i + 1 : i;
        if (n > MAX_ARGS) return firn_fail(err, FIRN_ERR_LIMIT, "more than %d arguments", MAX_ARGS);
    }
    size_t *slot = firn_arena_push(w->arena, &args, &n, &cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = close + 1;
    out->args = args;
    out->n_args = n - 1;
    return FIRN_OK;
}

firn_status firn_dialect_emit_arg(firn_dialect_writer *w, const firn_dialect_call *call, size_t arg,
                                  firn_error *err)
{
    return firn_dialect_emit(w, call->args[arg], call->args[arg + 1] - 1, err);
}

firn_status firn_dialect_put_arg(firn_dialect_writer *w, const firn_dialect_call *call,
                                 const char *before, size_t arg, const char *after, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, call->name, before, err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, arg, err));
    return firn_dialect_put(w, call->name, after, err);
}

firn_status firn_dialect_fail_at(const firn_dialect_writer *w, size_t token, const char *what,
                                 firn_error *err)
{
    return firn_sql_fail(err, firn_dialect_token(w, token)->offset, "%s", what);
}

static firn_status write_word(firn_dialect_writer *w, const firn_dialect_call *call, char what,
                              firn_error *err)
{
    switch (what) {
    case '*': return firn_dialect_emit(w, call->open + 1, call->close, err);
    case 'C': return firn_dialect_put_string(w, call->name, w->opts->catalog, err);
    case 'S': return firn_dialect_put_string(w, call->name, w->opts->ns, err);
    case 'w':
        if (call->end == call->close + 1) return FIRN_OK;
        FIRN_TRY(firn_dialect_put(w, call->close, " ", err));
        return firn_dialect_emit(w, call->close + 1, call->end, err);
    default: break;
    }
    const size_t arg = (size_t)(what - '1');
    return arg < call->n_args ? firn_dialect_emit_arg(w, call, arg, err) : FIRN_OK;
}

static firn_status write_template(firn_dialect_writer *w, const firn_dialect_call *call,
                                  const char *text, firn_error *err)
{
    for (const char *at = text; at && *at;) {
        const size_t plain = strcspn(at, "$");
        FIRN_TRY(add_segment(w, firn_dialect_token(w, call->name)->offset, 0, err));
        firn_buf_append(&w->out, at, plain);
        at += plain;
        if (*at != '$') break;
        FIRN_TRY(write_word(w, call, at[1], err));
        at += 2;
    }
    return FIRN_OK;
}

static const firn_dialect_function *find_function(const firn_dialect_writer *w, firn_str name,
                                                  size_t n_args)
{
    const firn_dialect_function *f = w->opts->dialect == FIRN_DIALECT_SPARK
                                         ? firn_dialect_spark_functions()
                                         : firn_dialect_trino_functions();
    for (; f->name; f++) {
        if (!firn_str_equals_nocase(name, firn_str_of(f->name))) continue;
        if (n_args >= f->min_args && n_args <= f->max_args) return f;
    }
    return NULL;
}

/* "name(" or "system.name(" at i. */
static firn_status emit_call(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    static const char *const k_queries[] = {"SELECT", "WITH", "FROM", "VALUES", NULL};
    firn_dialect_call call;
    size_t last = i;
    while (firn_dialect_is_symbol(w, last + 1, ".") && firn_dialect_is_name(w, last + 2)) last += 2;
    if (!firn_dialect_is_symbol(w, last + 1, "(") || w->match[last + 1] == FIRN_NO_MATCH) {
        return FIRN_OK;
    }
    firn_str name = firn_token_unquote(&w->t[last], w->arena);
    if (last > i) {
        if (!firn_dialect_is_word(w, last - 2, "system")) return FIRN_OK;
        name = firn_arena_printf(w->arena, "system.%.*s", FIRN_STR_ARG(name));
    }
    if (!name.data) return firn_fail_nomem(err);
    if (firn_dialect_is_any(w, last + 2, k_queries)) return FIRN_OK; /* EXISTS (SELECT ..) */
    FIRN_TRY(read_call(w, i, last + 1, &call, err));
    const firn_edit *edit = firn_edits_find(w->edits, FIRN_EDIT_CALL, i);
    const firn_dialect_function *f = find_function(w, name, call.n_args);
    if (!f && !edit) return FIRN_OK;
    const char *text = edit ? edit->text : f->text;
    const bool has_tail = text && strstr(text, "$w");
    if (!has_tail) call.end = call.close + 1;
    *next = call.end;
    if (f && !edit && f->write) return f->write(w, &call, err);
    return write_template(w, &call, text, err);
}

/* ---- lambdas: "x -> .." and "(x, y) -> .." are "lambda x, y: .." ---- */

static firn_status emit_lambda(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    const size_t after = firn_dialect_skip(w, i);
    if (!firn_dialect_is_symbol(w, after, "->")) return FIRN_OK;
    if (!firn_dialect_is_name(w, i) && !firn_dialect_is_symbol(w, i, "(")) return FIRN_OK;
    const bool has_list = after > i + 1;
    FIRN_TRY(firn_dialect_put(w, i, "lambda ", err));
    FIRN_TRY(firn_dialect_copy(w, has_list ? i + 1 : i, has_list ? after - 1 : after, err));
    FIRN_TRY(firn_dialect_put(w, after, ":", err));
    *next = after + 1;
    return FIRN_OK;
}

/* ---- the walk ---- */

/* Texts before token i of what ends at `to` or earlier. */
static firn_status emit_before(firn_dialect_writer *w, size_t i, size_t to, firn_error *err)
{
    const firn_edit *edit = firn_edits_find(w->edits, FIRN_EDIT_BEFORE, i);
    for (; edit; edit = firn_edits_next(w->edits, edit)) {
        if (edit->end <= to) FIRN_TRY(firn_dialect_put(w, i, edit->text, err));
    }
    return FIRN_OK;
}

/* Texts behind token i of what begins at `from` or later; not those that a part has written. */
static firn_status emit_after(firn_dialect_writer *w, size_t i, size_t from, firn_error *err)
{
    const firn_edit *edit = firn_edits_find(w->edits, FIRN_EDIT_AFTER, i);
    const size_t written = w->last_after == i ? w->last_from : SIZE_MAX;
    for (; edit; edit = firn_edits_next(w->edits, edit)) {
        const bool is_ours = edit->start >= from && edit->start < written;
        if (is_ours) FIRN_TRY(firn_dialect_put(w, i, edit->text, err));
    }
    w->last_after = i;
    w->last_from = from;
    return FIRN_OK;
}

static firn_status emit_one(firn_dialect_writer *w, size_t i, size_t to, size_t *next,
                            firn_error *err)
{
    const firn_edit *instead = firn_edits_find(w->edits, FIRN_EDIT_INSTEAD, i);
    *next = i;
    if (instead) {
        *next = instead->end;
        return firn_dialect_put(w, i, instead->text, err);
    }
    FIRN_TRY(emit_lambda(w, i, next, err));
    if (*next == i) FIRN_TRY(firn_dialect_literal(w, i, next, err));
    if (*next == i && firn_dialect_is_word(w, i, "SELECT")) {
        return firn_dialect_select(w, i, to, next, err);
    }
    if (*next == i) FIRN_TRY(firn_dialect_cast(w, i, next, err));
    if (*next == i) FIRN_TRY(firn_dialect_clause(w, i, to, next, err));
    const bool is_part = i > 0 && firn_dialect_is_symbol(w, i - 1, ".");
    const bool is_counted = w->counted.len > 0 && *next == i && !is_part &&
                            firn_str_equals_nocase(w->t[i].text, w->counted);
    if (is_counted) {
        *next = i + 1;
        FIRN_TRY(firn_dialect_put(w, i, "(", err));
        FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
        return firn_dialect_put(w, i, " - 1)", err);
    }
    if (*next == i && firn_dialect_is_name(w, i) && !is_part) {
        FIRN_TRY(firn_dialect_variant_path(w, i, next, err));
        if (*next == i) FIRN_TRY(emit_call(w, i, next, err));
    }
    if (*next > i) return FIRN_OK;
    *next = i + 1;
    return firn_dialect_copy(w, i, i + 1, err);
}

firn_status firn_dialect_emit(firn_dialect_writer *w, size_t from, size_t to, firn_error *err)
{
    if (w->depth == FIRN_LIMIT_NESTING) {
        return firn_fail(err, FIRN_ERR_LIMIT, "expression nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    }
    FIRN_TRY(firn_buf_check(&w->out, err)); /* what is written twice may be twice inside of that */
    w->depth++;
    for (size_t i = from; i < to;) {
        size_t next = i + 1;
        if (i > from) FIRN_TRY(firn_dialect_gap(w, i, err));
        FIRN_TRY(emit_before(w, i, to, err));
        w->last_after = FIRN_NO_MATCH;
        FIRN_TRY(emit_one(w, i, to, &next, err));
        FIRN_TRY(emit_after(w, next - 1, from, err));
        i = next;
    }
    w->depth--;
    return FIRN_OK;
}

/* ---- statements ---- */

/* Where the query in a statement of our own begins; n - 1 (END): none. */
static size_t query_in(const firn_dialect_writer *w)
{
    static const char *const k_whole[] = {"SELECT", "WITH",  "FROM",  "VALUES",  "INSERT", "UPDATE",
                                          "DELETE", "MERGE", "TABLE", "EXPLAIN", NULL};
    static const char *const k_queries[] = {"SELECT", "WITH", "FROM", "VALUES", "TABLE", NULL};
    static const char *const k_holders[] = {"CREATE", "REPLACE", "CACHE", "DESCRIBE", "DESC", NULL};
    const size_t end = w->n - 1;
    if (firn_dialect_is_any(w, 0, k_whole) || firn_dialect_is_symbol(w, 0, "(")) return 0;
    if (!firn_dialect_is_any(w, 0, k_holders)) return end;
    for (size_t i = 1; i < end; i = firn_dialect_skip(w, i)) {
        const bool is_before = firn_dialect_is_word(w, i - 1, "AS") ||
                               firn_dialect_is_word(w, i - 1, "QUERY") ||
                               firn_dialect_is_any(w, i - 1, k_holders);
        const bool is_query =
            firn_dialect_is_any(w, i, k_queries) || firn_dialect_is_symbol(w, i, "(");
        const bool is_kind = i == 1 && firn_dialect_is_word(w, i, "TABLE"); /* CREATE TABLE */
        if (is_before && is_query && !is_kind) return i;
    }
    return end;
}

static firn_status emit_literals(firn_dialect_writer *w, size_t to, firn_error *err)
{
    for (size_t i = 0; i < to; i++) {
        firn_str text;
        FIRN_TRY(firn_dialect_gap(w, i, err));
        if (w->opts->dialect == FIRN_DIALECT_SPARK && firn_dialect_string(w, i, &text))
            FIRN_TRY(firn_dialect_put_string(w, i, text, err));
        else
            FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
    }
    return FIRN_OK;
}

static bool has_interval(const firn_edits *edits)
{
    for (size_t i = 0; i < edits->n_columns; i++) {
        const firn_value_kind kind = edits->columns[i].type.kind;
        if (kind == FIRN_VALUE_INTERVAL_DAY || kind == FIRN_VALUE_INTERVAL_YEAR) return true;
    }
    return false;
}

/* What the types of expressions ask for. The columns of a result are headed by Trino's types; of
 * Spark's the engine cannot tell those of intervals. */
static firn_status find_types(firn_dialect_writer *w, size_t query, firn_edit_index *index,
                              firn_translation *out, firn_error *err)
{
    firn_edits edits;
    FIRN_TRY(firn_typing_run(w, query, w->n - 1, &edits, err));
    FIRN_TRY(firn_edits_index(&edits, w->n, w->arena, index, err));
    w->edits = index;
    if (w->opts->dialect == FIRN_DIALECT_SPARK && !has_interval(&edits)) return FIRN_OK;
    out->columns = edits.columns;
    out->n_columns = edits.n_columns;
    return FIRN_OK;
}

/* Spark: FROM q INSERT INTO t SELECT a WHERE b is INSERT INTO t SELECT a FROM q WHERE b. */
static firn_status emit_from_first(firn_dialect_writer *w, bool *done, firn_error *err)
{
    static const char *const k_ends[] = {"WHERE", "GROUP", "HAVING",     "ORDER", "LIMIT",
                                         "SORT",  "UNION", "DISTRIBUTE", NULL};
    const size_t end = w->n - 1;
    size_t insert = 1;
    *done = false;
    if (w->opts->dialect != FIRN_DIALECT_SPARK || !firn_dialect_is_word(w, 0, "FROM"))
        return FIRN_OK;
    while (insert < end && !firn_dialect_is_word(w, insert, "INSERT"))
        insert = firn_dialect_skip(w, insert);
    size_t select = insert;
    while (select < end && !firn_dialect_is_word(w, select, "SELECT"))
        select = firn_dialect_skip(w, select);
    size_t rest = select;
    while (rest < end && !firn_dialect_is_any(w, rest, k_ends)) rest = firn_dialect_skip(w, rest);
    if (select >= end) return FIRN_OK;
    *done = true;
    FIRN_TRY(firn_dialect_emit(w, insert, select, err));
    FIRN_TRY(firn_dialect_put(w, select, " ", err));
    FIRN_TRY(firn_dialect_emit(w, select, rest, err));
    FIRN_TRY(firn_dialect_put(w, 0, " ", err));
    FIRN_TRY(firn_dialect_emit(w, 0, insert, err));
    FIRN_TRY(firn_dialect_put(w, rest, " ", err));
    return firn_dialect_emit(w, rest, end, err);
}

static firn_status translate(firn_dialect_writer *w, firn_translation *out, firn_error *err)
{
    firn_edit_index *index = firn_arena_alloc_zero(w->arena, sizeof *index);
    bool is_done = false;
    if (!index) return firn_fail_nomem(err);
    FIRN_TRY(read_tokens(w, err));
    FIRN_TRY(match_brackets(w, err));
    const size_t end = w->n - 1;
    const size_t query = query_in(w);
    FIRN_TRY(find_types(w, query, index, out, err));
    FIRN_TRY(emit_from_first(w, &is_done, err));
    if (!is_done) {
        FIRN_TRY(emit_literals(w, query, err));
        FIRN_TRY(firn_dialect_gap(w, query, err));
        bool is_piped = false;
        if (w->opts->dialect == FIRN_DIALECT_SPARK)
            FIRN_TRY(firn_dialect_piped(w, query, end, &is_piped, err));
        if (!is_piped) FIRN_TRY(firn_dialect_emit(w, query, end, err));
        if (query < end) FIRN_TRY(firn_dialect_gap(w, end, err));
    }
    FIRN_TRY(firn_buf_check(&w->out, err));
    out->text.sql = firn_arena_copy(w->arena, firn_buf_view(&w->out));
    out->text.segments = w->segments;
    out->text.n_segments = w->n_segments;
    return out->text.sql.data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_dialect_translate(firn_str sql, const firn_dialect_opts *opts, firn_arena *arena,
                                   firn_translation *out, firn_error *err)
{
    firn_dialect_writer w = {.opts = opts, .arena = arena};
    bool is_inlined = false;
    *out = (firn_translation){0};
    FIRN_TRY(firn_inline_functions(sql, opts->dialect, arena, &w.sql, &is_inlined, err));
    firn_buf_init(&w.out, NULL, 4 * FIRN_LIMIT_SQL_TEXT);
    const firn_status st = translate(&w, out, err);
    firn_buf_dispose(&w.out);
    if (is_inlined) { /* places in that text are none of the statement */
        static const firn_rewrite_segment k_nowhere = {0};
        out->text.segments = &k_nowhere;
        out->text.n_segments = 1;
        if (err) err->position = 0;
    }
    return st;
}
