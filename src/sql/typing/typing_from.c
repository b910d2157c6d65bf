/* SPDX-License-Identifier: Apache-2.0 */
/* FROM clauses: tables, subqueries, UNNEST, and joins of them. */
#include "base/error.h"
#include "base/str.h"
#include "sql/typing/typing_state.h"

#define MAX_PARTS       8
#define MAX_UNNESTED    32
#define MAX_UNNEST_ARGS 6 /* more stay as they are */

/* ---- tables ---- */

static const typed_relation *find_cte(const typer *t, firn_str name)
{
    for (const typed_cte *cte = t->ctes; cte; cte = cte->outer) {
        if (firn_str_equals_nocase(cte->relation.name, name)) return &cte->relation;
    }
    return NULL;
}

static typed_relation columns_of(typer *t, const firn_type *root)
{
    typed_relation out = {0};
    firn_typed_column *columns = firn_arena_array(t->arena, root->n_fields, sizeof *columns);
    if (!columns) {
        typer_fail(t, firn_fail_nomem(t->err));
        return out;
    }
    for (size_t i = 0; i < root->n_fields; i++) {
        columns[i].name = root->fields[i].name;
        const firn_status st =
            firn_value_type_of(root->fields[i].type, t->arena, &columns[i].type, t->err);
        if (st != FIRN_OK) typer_fail(t, st);
    }
    out.columns = columns;
    out.n_columns = root->n_fields;
    out.is_known = true;
    return out;
}

typed_relation typer_table(typer *t, const firn_str *parts, size_t n_parts)
{
    const firn_dialect_opts *opts = t->w->opts;
    const firn_type *root = NULL;
    firn_str *kept = firn_arena_array(t->arena, n_parts, sizeof *kept);
    const typed_relation *cte = n_parts == 1 ? find_cte(t, parts[0]) : NULL;
    if (cte) return *cte;
    if (!opts->columns_of) return (typed_relation){0};
    if (!kept) typer_fail(t, firn_fail_nomem(t->err));
    if (!kept) return (typed_relation){0};
    for (size_t i = 0; i < n_parts; i++) kept[i] = parts[i];
    const firn_status st = opts->columns_of(opts->ctx, kept, n_parts, &root, t->err);
    if (st != FIRN_OK) typer_fail(t, st);
    if (st != FIRN_OK || !root) return (typed_relation){0};
    return columns_of(t, root);
}

/* A dotted name and its FOR VERSION AS OF: with time travel, columns may be others. */
static typed_relation table(typer *t)
{
    firn_str parts[MAX_PARTS];
    size_t n = 0;
    do {
        if (n == MAX_PARTS) {
            (void)typer_lose(t);
            return (typed_relation){0};
        }
        parts[n++] = typer_take_name(t);
    } while (typer_take_symbol(t, "."));
    if (t->is_lost) return (typed_relation){0};
    typed_relation out = {0};
    const bool is_bare = (typer_at(t, "VERSION") || typer_at(t, "TIMESTAMP")) &&
                         firn_dialect_is_word(t->w, t->i + 1, "AS") &&
                         firn_dialect_is_word(t->w, t->i + 2, "OF");
    if (is_bare && typer_dialect(t) == FIRN_DIALECT_TRINO) {
        const firn_token *word = firn_dialect_token(t->w, t->i);
        typer_fail(t, firn_sql_fail(t->err, word->offset, "found \"%.*s\", expected FOR before it",
                                    FIRN_STR_ARG(word->text)));
        return out;
    }
    const bool travels = is_bare || typer_at(t, "FOR") || typer_at_symbol(t, "@");
    if (!travels) out = typer_table(t, parts, n);
    out.name = parts[n - 1];
    while (travels && t->i < t->to && !typer_at(t, "OF")) t->i++;
    if (!travels) return out;
    t->i++;
    (void)typer_value(t);
    return out;
}

/* ---- UNNEST ---- */

static void add_column(typed_relation *relation, firn_typed_column *columns,
                       const firn_value_type *type)
{
    if (relation->n_columns < MAX_UNNESTED)
        columns[relation->n_columns++].type = *type;
    else
        relation->is_known = false;
}

/* Elements of arrays, keys and values of maps, fields of rows in arrays. */
static void add_elements(typed_relation *out, firn_typed_column *columns,
                         const firn_value_type *type)
{
    const firn_value_type *element = type->kind == FIRN_VALUE_ARRAY ? &type->parts[0] : NULL;
    const bool has_fields = element && element->kind == FIRN_VALUE_ROW;
    if (element && !has_fields) {
        add_column(out, columns, element);
        return;
    }
    const firn_value_type *of = has_fields ? element : type;
    if (!has_fields && type->kind != FIRN_VALUE_MAP) out->is_known = false;
    for (size_t i = 0; out->is_known && i < of->n_parts; i++)
        add_column(out, columns, &of->parts[i]);
}

/* What UNNEST(..) is to the engine, which knows neither rows nor maps there: a template. */
typedef struct unnest_text {
    const char *columns, *lengths; /* one behind another, with commas */
    size_t n_args;
    bool is_plain; /* one array without fields: the engine's own */
} unnest_text;

static void add_argument(typer *t, unnest_text *text, const firn_value_type *type)
{
    const bool is_map = type->kind == FIRN_VALUE_MAP;
    const bool has_fields = type->kind == FIRN_VALUE_ARRAY && type->parts[0].kind == FIRN_VALUE_ROW;
    const char *comma = text->n_args > 0 ? ", " : "";
    const int n = (int)++text->n_args;
    if (n > MAX_UNNEST_ARGS) return;
    text->is_plain = n == 1 && !is_map && !has_fields;
    if (is_map) {
        text->columns = typer_printf(t, "%s%sunnest(map_keys($%d)), unnest(map_values($%d))",
                                     text->columns, comma, n, n);
        text->lengths = typer_printf(t, "%s%slen(map_keys($%d))", text->lengths, comma, n);
        return;
    }
    text->columns = typer_printf(t, "%s%sunnest($%d%s)", text->columns, comma, n,
                                 has_fields ? ", max_depth := 2" : "");
    text->lengths = typer_printf(t, "%s%slen($%d)", text->lengths, comma, n);
}

/* UNNEST at token, its parentheses up to close, WITH ORDINALITY up to end. */
static void edit_unnest(typer *t, size_t token, size_t close, const unnest_text *text)
{
    const size_t end = t->i;
    if (text->is_plain || text->n_args > MAX_UNNEST_ARGS) return;
    const char *ordinals =
        end == close + 1 ? ""
                         : typer_printf(t, ", unnest(range(1, 1 + greatest(%s)))", text->lengths);
    typer_edit(t, FIRN_EDIT_CALL, token, close + 1,
               typer_printf(t, "LATERAL (SELECT %s%s)", text->columns, ordinals));
    if (end > close + 1) typer_edit(t, FIRN_EDIT_INSTEAD, close + 1, end, "");
}

static typed_relation unnest(typer *t)
{
    const firn_value_type k_bigint = {.kind = FIRN_VALUE_BIGINT};
    const size_t token = t->i;
    const size_t open = ++t->i;
    const size_t close = t->w->match[open];
    typed_relation out = {.is_known = true};
    unnest_text text = {.columns = "", .lengths = "", .is_plain = true};
    firn_typed_column *columns = firn_arena_array(t->arena, MAX_UNNESTED, sizeof *columns);
    if (!columns) typer_fail(t, firn_fail_nomem(t->err));
    if (!columns || close == FIRN_NO_MATCH || close >= t->to) {
        (void)typer_lose(t);
        return (typed_relation){0};
    }
    for (size_t i = 0; i < MAX_UNNESTED; i++) columns[i].name = (firn_str){"", 0};
    t->i = open + 1;
    while (t->i < close) {
        size_t end = t->i;
        while (end < close && !firn_dialect_is_symbol(t->w, end, ","))
            end = firn_dialect_skip(t->w, end);
        const firn_value_type type = typer_expression_in(t, t->i, end);
        add_elements(&out, columns, &type);
        add_argument(t, &text, &type);
        t->i = end + 1;
    }
    t->i = close + 1;
    if (typer_take(t, "WITH")) {
        if (!typer_take(t, "ORDINALITY")) (void)typer_lose(t);
        add_column(&out, columns, &k_bigint);
    }
    if (out.is_known) edit_unnest(t, token, close, &text);
    out.columns = columns;
    return out;
}

/* ---- what stands in FROM ---- */

static bool starts_query(const typer *t, size_t i)
{
    static const char *const k_words[] = {"SELECT", "WITH", "VALUES", "TABLE", NULL};
    return firn_dialect_is_any(t->w, i, k_words);
}

/* ( query ) or ( joins ) */
static typed_relation parentheses(typer *t, typed_scope *scope)
{
    const size_t open = t->i;
    const size_t close = t->w->match[open];
    typed_relation out = {0};
    if (close == FIRN_NO_MATCH || close >= t->to) {
        (void)typer_lose(t);
        return out;
    }
    size_t inner = open;
    while (firn_dialect_is_symbol(t->w, inner, "(")) inner++;
    if (starts_query(t, inner))
        out = typer_query(t, open + 1, close, false);
    else
        typer_from(t, open + 1, close, scope);
    t->i = close + 1;
    out.name = (firn_str){"", 0};
    return out;
}

/* VALUES (1, 'a'), (2, 'b') without parentheses around it */
static typed_relation bare_values(typer *t)
{
    const size_t from = t->i;
    size_t end = from + 1;
    while (end < t->to && !firn_dialect_is_word(t->w, end, "AS") &&
           (firn_dialect_is_symbol(t->w, end - 1, ",") || end == from + 1 ||
            !firn_dialect_is_name(t->w, end)))
        end = firn_dialect_skip(t->w, end);
    typed_relation out = typer_query(t, from, end, false);
    out.name = (firn_str){"", 0};
    t->i = end;
    return out;
}

static typed_relation primary(typer *t, typed_scope *scope)
{
    if (typer_at(t, "VALUES")) return bare_values(t);
    const bool opens = firn_dialect_is_symbol(t->w, t->i + 1, "(");
    (void)typer_take(t, "LATERAL");
    if (typer_at_symbol(t, "(")) return parentheses(t, scope);
    if (typer_at(t, "UNNEST") && opens) return unnest(t);
    const bool is_call = opens && firn_dialect_is_name(t->w, t->i);
    if (!is_call) return table(t);
    const size_t close = t->w->match[t->i + 1];
    t->i = close == FIRN_NO_MATCH || close >= t->to ? t->to : close + 1;
    return (typed_relation){.name = {"", 0}};
}

static bool at_alias(const typer *t)
{
    static const char *const k_words[] = {"ON",   "USING", "JOIN",        "LEFT",    "RIGHT",
                                          "FULL", "INNER", "CROSS",       "NATURAL", "WHERE",
                                          "WHEN", "SET",   "TABLESAMPLE", NULL};
    return t->i < t->to && firn_dialect_is_name(t->w, t->i) &&
           !firn_dialect_is_any(t->w, t->i, k_words);
}

/* [AS] name [(a, b)] */
static void alias(typer *t, typed_relation *relation)
{
    const bool has_as = typer_take(t, "AS");
    if (!has_as && !at_alias(t)) return;
    relation->name = typer_take_name(t);
    if (!typer_at_symbol(t, "(")) return;
    const size_t close = t->w->match[t->i++];
    firn_typed_column *columns =
        firn_arena_array(t->arena, relation->n_columns + 1, sizeof *columns);
    if (close == FIRN_NO_MATCH || close >= t->to) {
        (void)typer_lose(t);
        return;
    }
    if (!columns) {
        typer_fail(t, firn_fail_nomem(t->err));
        return;
    }
    for (size_t i = 0; i < relation->n_columns; i++) {
        columns[i] = relation->columns[i];
        if (t->i < close && !t->is_lost) columns[i].name = typer_take_name(t);
        (void)typer_take_symbol(t, ",");
    }
    t->i = close + 1;
    relation->columns = columns;
}

/* ON condition, USING (a, b) */
static void condition(typer *t, typed_scope *scope)
{
    if (typer_take(t, "ON")) {
        (void)typer_expression(t);
    } else if (typer_take(t, "USING")) {
        t->i = firn_dialect_skip(t->w, t->i);
        scope->is_merged = true;
    }
}

static bool take_join(typer *t)
{
    static const char *const k_words[] = {"NATURAL", "LEFT",  "RIGHT", "FULL",
                                          "INNER",   "CROSS", "OUTER", NULL};
    while (t->i < t->to && firn_dialect_is_any(t->w, t->i, k_words)) t->i++;
    return typer_take(t, "JOIN");
}

void typer_from(typer *t, size_t from, size_t to, typed_scope *scope)
{
    const size_t outer_to = t->to;
    const bool was_lost = t->is_lost;
    const typed_scope *outer = t->scope;
    t->i = from;
    t->to = to;
    t->is_lost = false;
    t->scope = scope;
    do {
        const size_t n_edits = t->n_edits;
        typed_relation relation = primary(t, scope);
        alias(t, &relation);
        const bool is_group = relation.n_columns == 0 && !relation.is_known &&
                              scope->n_relations > 0 && relation.name.len == 0 &&
                              firn_dialect_is_symbol(t->w, t->i - 1, ")");
        if (!is_group) typer_add_relation(t, scope, &relation);
        condition(t, scope);
        if (t->is_lost) t->n_edits = n_edits;
    } while (!t->is_lost && t->i < to && (typer_take_symbol(t, ",") || take_join(t)));
    if (t->is_lost || t->i != to) { /* what follows may have any columns */
        const typed_relation rest = {.name = {"", 0}};
        typer_add_relation(t, scope, &rest);
    }
    t->scope = outer;
    t->is_lost = was_lost;
    t->i = to;
    t->to = outer_to;
}
