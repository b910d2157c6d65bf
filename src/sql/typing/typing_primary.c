/* SPDX-License-Identifier: Apache-2.0 */
/* What operators stand between: literals, columns, parentheses, CASE, ARRAY[..], ROW(..). */
#include "base/error.h"
#include "base/str.h"
#include "sql/typing/typing_state.h"

static bool starts_query(const typer *t, size_t i)
{
    static const char *const k_words[] = {"SELECT", "WITH", "VALUES", "TABLE", NULL};
    return firn_dialect_is_any(t->w, i, k_words);
}

/* Comma-separated expressions in (t->i, close); t->i is behind close. */
static firn_value_type *list(typer *t, size_t close, size_t *n_out)
{
    size_t n = 0;
    for (size_t i = t->i; i < close; i = firn_dialect_skip(t->w, i))
        n += firn_dialect_is_symbol(t->w, i, ",");
    n += t->i < close;
    firn_value_type *types = typer_new_types(t, n);
    for (size_t k = 0; types && k < n; k++) {
        size_t end = t->i;
        while (end < close && !firn_dialect_is_symbol(t->w, end, ","))
            end = firn_dialect_skip(t->w, end);
        types[k] = typer_expression_in(t, t->i, end);
        t->i = end + 1;
    }
    *n_out = types ? n : 0;
    t->i = close + 1;
    return types;
}

static firn_value_type common_of(typer *t, const firn_value_type *types, size_t n)
{
    firn_value_type out = n > 0 ? types[0] : (firn_value_type){.kind = FIRN_VALUE_NULL};
    for (size_t i = 1; i < n; i++) {
        const firn_value_type so_far = out;
        const firn_status st = firn_value_common(&so_far, &types[i], t->arena, &out, t->err);
        if (st != FIRN_OK) typer_fail(t, st);
    }
    return out;
}

static firn_value_type row_of(const firn_value_type *types, size_t n)
{
    return (firn_value_type){.kind = FIRN_VALUE_ROW, .parts = types, .n_parts = n};
}

/* ( query ), (a), (a, b) */
static firn_value_type parentheses(typer *t)
{
    const size_t open = t->i;
    const size_t close = t->w->match[open];
    size_t n = 0;
    if (close == FIRN_NO_MATCH || close >= t->to) return typer_lose(t);
    if (starts_query(t, open + 1)) {
        const typed_relation query = typer_query(t, open + 1, close, false);
        t->i = close + 1;
        return query.is_known && query.n_columns == 1 ? query.columns[0].type
                                                      : (firn_value_type){0};
    }
    t->i++;
    const firn_value_type *types = list(t, close, &n);
    if (n == 1) return types[0];
    return n > 1 ? row_of(types, n) : (firn_value_type){0};
}

static firn_value_type array(typer *t)
{
    const size_t close = t->w->match[t->i + 1];
    size_t n = 0;
    if (close == FIRN_NO_MATCH || close >= t->to) return typer_lose(t);
    t->i += 2;
    const firn_value_type *types = list(t, close, &n);
    firn_value_type *element = typer_new_types(t, 1);
    if (!element) return (firn_value_type){0};
    *element = common_of(t, types, n);
    return (firn_value_type){.kind = FIRN_VALUE_ARRAY, .parts = element, .n_parts = 1};
}

static firn_value_type row(typer *t)
{
    const size_t close = t->w->match[t->i + 1];
    size_t n = 0;
    if (close == FIRN_NO_MATCH || close >= t->to) return typer_lose(t);
    t->i += 2;
    const firn_value_type *types = list(t, close, &n);
    return row_of(types, n);
}

/* CASE [x] WHEN a THEN b .. [ELSE c] END */
static firn_value_type choice(typer *t)
{
    firn_value_type out = {.kind = FIRN_VALUE_NULL};
    t->i++;
    if (!typer_at(t, "WHEN")) (void)typer_expression(t);
    while (!t->is_lost && !typer_at(t, "END")) {
        const bool is_else = typer_take(t, "ELSE");
        if (!is_else) {
            if (!typer_take(t, "WHEN")) return typer_lose(t);
            (void)typer_expression(t);
            if (!typer_take(t, "THEN")) return typer_lose(t);
        }
        const firn_value_type pair[2] = {out, typer_expression(t)};
        out = common_of(t, pair, 2);
    }
    t->i++;
    return out;
}

/* Of a type without parameters; others are not known. */
static firn_value_type declared_type(firn_str name)
{
    static const struct {
        const char *name;
        firn_value_kind kind;
    } k_types[] = {{"date", FIRN_VALUE_DATE},       {"int", FIRN_VALUE_INTEGER},
                   {"integer", FIRN_VALUE_INTEGER}, {"bigint", FIRN_VALUE_BIGINT},
                   {"long", FIRN_VALUE_BIGINT},     {"double", FIRN_VALUE_DOUBLE},
                   {"boolean", FIRN_VALUE_BOOLEAN}, {"timestamp", FIRN_VALUE_TIMESTAMP_TZ}};
    for (size_t i = 0; i < sizeof k_types / sizeof *k_types; i++) {
        if (firn_str_equals_nocase(name, firn_str_of(k_types[i].name)))
            return (firn_value_type){.kind = k_types[i].kind};
    }
    if (firn_str_equals_nocase(name, FIRN_STR("string")))
        return (firn_value_type){.kind = FIRN_VALUE_VARCHAR, .precision = -1};
    return (firn_value_type){0};
}

/* x, session.x or system.session.x where no column has the name: a variable of the session. */
static firn_value_type variable(typer *t, const firn_str *parts, size_t n)
{
    const bool is_qualified = n > 1 && firn_str_equals_nocase(parts[n - 2], FIRN_STR("session"));
    if (n > 1 && !is_qualified) return (firn_value_type){0};
    if (!is_qualified && !typer_is_scope_known(t)) return (firn_value_type){0};
    for (size_t i = 0; i < t->w->opts->n_variables; i++) {
        const firn_str name = t->w->opts->variables[i].key;
        if (!firn_str_equals_nocase(name, parts[n - 1])) continue;
        typer_edit(
            t, FIRN_EDIT_INSTEAD, t->i, t->i + 2 * n - 1,
            typer_printf(t, "getvariable('" FIRN_VARIABLE_PREFIX "%.*s')", FIRN_STR_ARG(name)));
        t->i += 2 * n - 2;
        return declared_type(t->w->opts->variables[i].value);
    }
    return (firn_value_type){0};
}

/* x.y.z */
static firn_value_type column(typer *t)
{
    firn_str parts[3];
    size_t n = 0;
    size_t n_used = 0;
    size_t i = t->i;
    while (n < 3 && i < t->to && firn_dialect_is_name(t->w, i)) {
        parts[n] = firn_token_unquote(firn_dialect_token(t->w, i), t->arena);
        if (!parts[n++].data) {
            typer_fail(t, firn_fail_nomem(t->err));
            return (firn_value_type){0};
        }
        if (i + 1 >= t->to || !firn_dialect_is_symbol(t->w, i + 1, ".")) break;
        i += 2;
    }
    if (n == 0) return typer_lose(t);
    firn_value_type type = typer_find_column(t, parts, n, &n_used);
    if (n_used == 0) type = variable(t, parts, n);
    t->i += n_used > 1 ? 2 * n_used - 1 : 1;
    return type;
}

static firn_value_type exists(typer *t)
{
    const size_t close = t->w->match[t->i + 1];
    if (close == FIRN_NO_MATCH || close >= t->to) return typer_lose(t);
    (void)typer_query(t, t->i + 2, close, false);
    t->i = close + 1;
    return (firn_value_type){.kind = FIRN_VALUE_BOOLEAN};
}

static bool is_call(const typer *t)
{
    size_t i = t->i;
    while (firn_dialect_is_symbol(t->w, i + 1, ".") && firn_dialect_is_name(t->w, i + 2)) i += 2;
    return i + 1 < t->to && firn_dialect_is_symbol(t->w, i + 1, "(");
}

firn_value_type typer_primary(typer *t)
{
    const size_t from = t->i;
    if (t->i >= t->to) return typer_lose(t);
    const firn_value_type literal = typer_literal(t);
    if (t->i > from || t->is_lost) return literal;
    const bool opens = firn_dialect_is_symbol(t->w, t->i + 1, "(");
    if (typer_at_symbol(t, "(")) return parentheses(t);
    if (typer_at(t, "CASE")) return choice(t);
    if (typer_at(t, "ARRAY") && firn_dialect_is_symbol(t->w, t->i + 1, "[")) return array(t);
    if (typer_at(t, "ROW") && opens) return row(t);
    if (typer_at(t, "EXISTS") && opens) return exists(t);
    if ((typer_at(t, "CAST") || typer_at(t, "TRY_CAST")) && opens) return typer_cast(t);
    if (firn_dialect_token(t->w, t->i)->kind == FIRN_TOKEN_PARAM) {
        t->i++;
        return (firn_value_type){0};
    }
    if (firn_dialect_is_name(t->w, t->i)) return is_call(t) ? typer_call(t) : column(t);
    return typer_lose(t);
}
