/* SPDX-License-Identifier: Apache-2.0 */
/* What a query reads, and the order that follows from it. */
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "pipeline/model.h"
#include "sql/parser/lexer.h"

typedef struct name_list {
    firn_str *items;
    size_t n, cap;
} name_list;

static bool contains(const name_list *list, firn_str name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (firn_str_equals_nocase(list->items[i], name)) return true;
    }
    return false;
}

static firn_status add_name(name_list *list, firn_str name, firn_arena *arena, firn_error *err)
{
    if (contains(list, name)) return FIRN_OK;
    firn_str *slot = firn_arena_push(arena, &list->items, &list->n, &list->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = name;
    return FIRN_OK;
}

static firn_str unquoted(const firn_token *t)
{
    return t->kind == FIRN_TOKEN_QUOTED ? firn_str_slice(t->text, 1, t->text.len - 1) : t->text;
}

/* A dotted name at the lexer, or .len 0 when there is none (a subquery, a function call). */
static firn_status take_dotted(firn_lexer *lexer, firn_arena *arena, firn_str *out, firn_error *err)
{
    firn_buf name;
    firn_buf_init(&name, NULL, 4096);
    for (;;) {
        const firn_token t = firn_lexer_peek(lexer);
        if (t.kind != FIRN_TOKEN_WORD && t.kind != FIRN_TOKEN_QUOTED) break;
        (void)firn_lexer_next(lexer);
        firn_buf_str(&name, unquoted(&t));
        const firn_token dot = firn_lexer_peek(lexer);
        if (!firn_token_is_symbol(&dot, ".")) break;
        (void)firn_lexer_next(lexer);
        firn_buf_byte(&name, '.');
    }
    const firn_token after = firn_lexer_peek(lexer);
    if (firn_token_is_symbol(&after, "(")) firn_buf_clear(&name);
    *out = firn_arena_copy(arena, firn_buf_view(&name));
    const firn_status st = firn_buf_check(&name, err);
    firn_buf_dispose(&name);
    if (st == FIRN_OK && !out->data) return firn_fail_nomem(err);
    return st;
}

/* Names defined by "name AS (" anywhere: common table expressions. */
static firn_status collect_ctes(firn_str query, name_list *out, firn_arena *arena, firn_error *err)
{
    firn_lexer lexer = firn_lexer_of(query);
    firn_token before = {0};
    firn_token last = {0};
    for (;;) {
        const firn_token t = firn_lexer_next(&lexer);
        if (t.kind == FIRN_TOKEN_END || t.kind == FIRN_TOKEN_BAD) return FIRN_OK;
        if (firn_token_is_symbol(&t, "(") && firn_token_is(&last, "as") &&
            (before.kind == FIRN_TOKEN_WORD || before.kind == FIRN_TOKEN_QUOTED))
            FIRN_TRY(add_name(out, unquoted(&before), arena, err));
        before = last;
        last = t;
    }
}

firn_status firn_query_sources(firn_str query, firn_arena *arena, firn_str **out, size_t *n_out,
                               firn_error *err)
{
    name_list ctes = {0};
    name_list found = {0};
    FIRN_TRY(collect_ctes(query, &ctes, arena, err));
    firn_lexer lexer = firn_lexer_of(query);
    firn_token last = {0};
    for (;;) {
        const firn_token t = firn_lexer_next(&lexer);
        if (t.kind == FIRN_TOKEN_END || t.kind == FIRN_TOKEN_BAD) break;
        /* "IS DISTINCT FROM x" and "extract(day FROM x)" name no table: names found there have
         * no table behind them and simply match nothing, but the first source must be right. */
        const bool is_from = firn_token_is(&t, "from") && !firn_token_is(&last, "distinct");
        if (is_from || firn_token_is(&t, "join")) {
            firn_str name;
            FIRN_TRY(take_dotted(&lexer, arena, &name, err));
            const bool is_table = firn_str_find(name, FIRN_STR("."), 0) != SIZE_MAX;
            if (is_table && !contains(&ctes, name)) FIRN_TRY(add_name(&found, name, arena, err));
        }
        last = t;
    }
    *out = found.items;
    *n_out = found.n;
    return FIRN_OK;
}

bool firn_model_reads(const firn_model *model, const firn_model *other)
{
    for (size_t i = 0; i < model->n_sources; i++) {
        const firn_str s = model->sources[i];
        if (firn_str_equals_nocase(s, other->name)) return true;
        /* catalog.namespace.name */
        if (s.len > other->name.len && s.data[s.len - other->name.len - 1] == '.' &&
            firn_str_equals_nocase(firn_str_slice(s, s.len - other->name.len, s.len), other->name))
            return true;
    }
    return false;
}

static bool is_ready(const firn_model *models, size_t n, size_t i, const bool *is_placed)
{
    for (size_t j = 0; j < n; j++) {
        if (j != i && !is_placed[j] && firn_model_reads(&models[i], &models[j])) return false;
    }
    return !firn_model_reads(&models[i], &models[i]);
}

static firn_status fail_cycle(const firn_model *models, size_t n, const bool *is_placed,
                              firn_error *err)
{
    firn_buf names;
    firn_buf_init(&names, NULL, 512);
    for (size_t i = 0; i < n; i++) {
        if (is_placed[i]) continue;
        if (names.len) firn_buf_cstr(&names, ", ");
        firn_buf_str(&names, models[i].name);
    }
    const firn_str text = firn_buf_view(&names);
    const firn_status st = firn_fail(err, FIRN_ERR_ARG, "models read each other in a circle: %.*s",
                                     FIRN_STR_ARG(text));
    firn_buf_dispose(&names);
    return st;
}

firn_status firn_model_order(const firn_model *models, size_t n, firn_arena *arena, size_t **order,
                             firn_error *err)
{
    bool *is_placed = firn_arena_array(arena, n, sizeof *is_placed);
    size_t *out = firn_arena_array(arena, n, sizeof *out);
    if (!is_placed || !out) return firn_fail_nomem(err);
    for (size_t placed = 0; placed < n;) {
        size_t i = 0;
        while (i < n && (is_placed[i] || !is_ready(models, n, i, is_placed))) i++;
        if (i == n) return fail_cycle(models, n, is_placed, err);
        is_placed[i] = true;
        out[placed++] = i;
    }
    *order = out;
    return FIRN_OK;
}
