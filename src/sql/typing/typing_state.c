/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/typing/typing_state.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"

/* ---- tokens ---- */

firn_dialect typer_dialect(const typer *t)
{
    return t->w->opts->dialect;
}

bool typer_at(const typer *t, const char *word)
{
    return t->i < t->to && firn_dialect_is_word(t->w, t->i, word);
}

bool typer_at_symbol(const typer *t, const char *symbol)
{
    return t->i < t->to && firn_dialect_is_symbol(t->w, t->i, symbol);
}

bool typer_take(typer *t, const char *word)
{
    const bool is_there = typer_at(t, word);
    t->i += is_there;
    return is_there;
}

bool typer_take_symbol(typer *t, const char *symbol)
{
    const bool is_there = typer_at_symbol(t, symbol);
    t->i += is_there;
    return is_there;
}

firn_value_type typer_lose(typer *t)
{
    t->is_lost = true;
    return (firn_value_type){0};
}

void typer_fail(typer *t, firn_status status)
{
    if (t->status == FIRN_OK) t->status = status;
    t->is_lost = true;
}

firn_str typer_take_name(typer *t)
{
    if (t->i >= t->to || !firn_dialect_is_name(t->w, t->i)) {
        t->is_lost = true;
        return (firn_str){0};
    }
    const firn_str name = firn_token_unquote(firn_dialect_token(t->w, t->i++), t->arena);
    if (!name.data) typer_fail(t, firn_fail_nomem(t->err));
    return name;
}

/* ---- memory ---- */

const char *typer_printf(typer *t, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const firn_str copy = firn_arena_copy(t->arena, firn_str_of(text));
    if (n >= 0 && (size_t)n < sizeof text && copy.data) return copy.data;
    typer_fail(t, firn_fail_nomem(t->err));
    return "";
}

firn_value_type *typer_new_types(typer *t, size_t n)
{
    firn_value_type *types = firn_arena_array(t->arena, n, sizeof *types);
    if (!types) typer_fail(t, firn_fail_nomem(t->err));
    for (size_t i = 0; types && i < n; i++) types[i] = (firn_value_type){0};
    return types;
}

/* ---- edits ---- */

static void add_edit(typer *t, firn_edit edit)
{
    firn_edit *slot =
        firn_arena_push(t->arena, &t->edits, &t->n_edits, &t->cap_edits, sizeof *slot);
    if (slot)
        *slot = edit;
    else
        typer_fail(t, firn_fail_nomem(t->err));
}

void typer_edit(typer *t, firn_edit_place place, size_t token, size_t end, const char *text)
{
    add_edit(t, (firn_edit){place, token, token, end, text});
}

void typer_wrap(typer *t, size_t from, size_t to, const char *before, const char *after)
{
    add_edit(t, (firn_edit){FIRN_EDIT_BEFORE, from, from, to, before});
    add_edit(t, (firn_edit){FIRN_EDIT_AFTER, to - 1, from, to, after});
}

/* ---- names ---- */

void typer_add_relation(typer *t, typed_scope *scope, const typed_relation *relation)
{
    typed_relation *slot = firn_arena_push(t->arena, &scope->relations, &scope->n_relations,
                                           &scope->cap_relations, sizeof *slot);
    if (slot)
        *slot = *relation;
    else
        typer_fail(t, firn_fail_nomem(t->err));
}

static const firn_typed_column *find_in(const typed_relation *relation, firn_str name)
{
    for (size_t i = 0; i < relation->n_columns; i++) {
        if (firn_str_equals_nocase(relation->columns[i].name, name)) return &relation->columns[i];
    }
    return NULL;
}

/* In one scope. *is_open: a relation that is not known may have the name. */
static const firn_typed_column *find_in_scope(const typed_scope *scope, const firn_str *parts,
                                              size_t n_parts, size_t *n_used, bool *is_open)
{
    for (size_t i = 0; i < scope->n_relations; i++) {
        const typed_relation *relation = &scope->relations[i];
        const bool is_qualified =
            n_parts > 1 && firn_str_equals_nocase(relation->name, parts[0]) && parts[0].len > 0;
        *is_open |= !relation->is_known;
        const firn_typed_column *column = is_qualified ? find_in(relation, parts[1]) : NULL;
        *n_used = 2;
        if (column) return column;
    }
    for (size_t i = 0; i < scope->n_relations; i++) {
        const firn_typed_column *column = find_in(&scope->relations[i], parts[0]);
        *n_used = 1;
        if (column) return column;
    }
    *n_used = 0;
    return NULL;
}

bool typer_is_scope_known(const typer *t)
{
    for (const typed_scope *s = t->scope; s; s = s->outer) {
        for (size_t i = 0; i < s->n_relations; i++) {
            if (!s->relations[i].is_known) return false;
        }
    }
    return true;
}

firn_value_type typer_find_column(const typer *t, const firn_str *parts, size_t n_parts,
                                  size_t *n_used)
{
    bool is_open = false;
    *n_used = 0;
    for (const typed_scope *s = t->scope; s && !is_open; s = s->outer) {
        const firn_typed_column *column = find_in_scope(s, parts, n_parts, n_used, &is_open);
        if (column) return column->type;
    }
    return (firn_value_type){0};
}
