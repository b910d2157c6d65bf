/* SPDX-License-Identifier: Apache-2.0 */
/* Queries: WITH, UNION and its like, SELECT with its clauses, VALUES. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/typing/typing_state.h"

typedef struct column_list {
    firn_typed_column *items;
    size_t n, cap;
    bool is_known;
} column_list;

/* Tokens of the clauses of one SELECT; each ends where the next begins. */
typedef enum clause {
    CLAUSE_LIST,
    CLAUSE_FROM,
    CLAUSE_WHERE,
    CLAUSE_GROUP,
    CLAUSE_HAVING,
    CLAUSE_WINDOW,
    CLAUSE_ORDER,
    CLAUSE_LIMIT,
    CLAUSE_END,
    N_CLAUSES,
} clause;

static void add_column(typer *t, column_list *list, firn_str name, const firn_value_type *type)
{
    firn_typed_column *slot =
        firn_arena_push(t->arena, &list->items, &list->n, &list->cap, sizeof *slot);
    if (slot)
        *slot = (firn_typed_column){name, *type};
    else
        typer_fail(t, firn_fail_nomem(t->err));
}

/* ---- the list behind SELECT ---- */

static void add_star(typer *t, column_list *list, const firn_str *of)
{
    bool is_found = false;
    for (size_t i = 0; i < t->scope->n_relations; i++) {
        const typed_relation *relation = &t->scope->relations[i];
        if (of && !firn_str_equals_nocase(*of, relation->name)) continue;
        is_found = true;
        if (!relation->is_known || (t->scope->is_merged && !of)) list->is_known = false;
        for (size_t c = 0; c < relation->n_columns; c++)
            add_column(t, list, relation->columns[c].name, &relation->columns[c].type);
    }
    if (!is_found) list->is_known = false;
}

/* "a", "t.a": the name of a column is that of the result's. */
static bool is_chain(const typer *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const bool is_right = (i - from) % 2 == 0 ? firn_dialect_is_name(t->w, i)
                                                  : firn_dialect_is_symbol(t->w, i, ".");
        if (!is_right) return false;
    }
    return to > from;
}

/* Where the expression of an item ends: before its alias. */
static size_t end_of_expression(const typer *t, size_t from, size_t to)
{
    const bool has_name = to > from + 1 && firn_dialect_is_name(t->w, to - 1);
    if (!has_name) return to;
    if (firn_dialect_is_word(t->w, to - 2, "AS")) return to - 2;
    return to;
}

static firn_str name_at(typer *t, size_t i)
{
    const firn_str name = firn_token_unquote(firn_dialect_token(t->w, i), t->arena);
    if (!name.data) typer_fail(t, firn_fail_nomem(t->err));
    return name;
}

/* A column is no literal. */
static firn_value_type as_column(const firn_value_type *type)
{
    firn_value_type out = *type;
    if (firn_value_is_integer(type)) out.precision = 0;
    return out;
}

/* ORDER BY in [from, to) may mean the column, whose values must stay what they are then: by its
 * name or by a number. */
static bool is_sorted_by(const typer *t, firn_str name, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const firn_token *token = firn_dialect_token(t->w, i);
        if (token->kind == FIRN_TOKEN_NUMBER) return true;
        if (name.len > 0 && firn_str_equals_nocase(token->text, name)) return true;
    }
    return false;
}

/* The list of a query; its columns are shown when is_result, and sorted by [order, order_end). */
typedef struct list_use {
    bool is_result;
    size_t order, order_end;
} list_use;

static void add_item(typer *t, column_list *list, size_t from, size_t to, const list_use *use)
{
    firn_str name = {"", 0};
    if (to == from + 1 && firn_dialect_is_symbol(t->w, from, "*")) {
        add_star(t, list, NULL);
        return;
    }
    if (to == from + 3 && firn_dialect_is_symbol(t->w, to - 1, "*") &&
        is_chain(t, from, from + 1)) {
        const firn_str of = name_at(t, from);
        add_star(t, list, &of);
        return;
    }
    const size_t open = t->w->match[to - 1];
    const bool has_names = open != FIRN_NO_MATCH && open > from + 1 && open < to &&
                           firn_dialect_is_word(t->w, open - 1, "AS"); /* AS (a, b) */
    if (has_names) to = open - 1;
    size_t end = end_of_expression(t, from, to);
    const bool has_as = end < to;
    const firn_value_type type =
        has_as ? typer_expression_in(t, from, end) : typer_item(t, from, to, &end);
    const bool has_alias = end < to;
    if (has_alias || is_chain(t, from, to)) name = name_at(t, to - 1);
    if (use->is_result && !is_sorted_by(t, name, use->order, use->order_end))
        typer_edit_result(t, from, end, &type);
    const firn_value_type value = as_column(&type);
    add_column(t, list, name, &value);
}

static void select_list(typer *t, column_list *list, size_t from, size_t to, const list_use *use)
{
    while (from < to) {
        size_t end = from;
        while (end < to && !firn_dialect_is_symbol(t->w, end, ","))
            end = firn_dialect_skip(t->w, end);
        add_item(t, list, from, end, use);
        from = end + 1;
    }
}

/* ---- clauses ---- */

static bool is_clause(const typer *t, size_t i, clause *out)
{
    static const struct {
        const char *word;
        clause which;
    } k_words[] = {{"FROM", CLAUSE_FROM},     {"WHERE", CLAUSE_WHERE},   {"GROUP", CLAUSE_GROUP},
                   {"HAVING", CLAUSE_HAVING}, {"WINDOW", CLAUSE_WINDOW}, {"ORDER", CLAUSE_ORDER},
                   {"LIMIT", CLAUSE_LIMIT},   {"OFFSET", CLAUSE_LIMIT},  {"FETCH", CLAUSE_LIMIT}};
    if (firn_dialect_is_symbol(t->w, i - 1, ".")) return false;
    if (typer_dialect(t) == FIRN_DIALECT_TRINO && firn_dialect_is_reserved_name(t->w, i))
        return false;
    if (firn_dialect_is_word(t->w, i, "FROM") && firn_dialect_is_word(t->w, i - 1, "DISTINCT"))
        return false;
    if (firn_dialect_is_word(t->w, i, "GROUP") && firn_dialect_is_word(t->w, i - 1, "WITHIN"))
        return false;
    for (size_t k = 0; k < sizeof k_words / sizeof *k_words; k++) {
        if (!firn_dialect_is_word(t->w, i, k_words[k].word)) continue;
        *out = k_words[k].which;
        return true;
    }
    return false;
}

/* begin[c]: behind the words of clause c; end[c]. Empty when it is not there. */
static void find_clauses(const typer *t, size_t from, size_t to, size_t begin[N_CLAUSES],
                         size_t end[N_CLAUSES])
{
    clause now = CLAUSE_LIST;
    for (size_t c = 0; c < N_CLAUSES; c++) begin[c] = end[c] = to;
    begin[CLAUSE_LIST] = from;
    for (size_t i = from; i < to; i = firn_dialect_skip(t->w, i)) {
        clause next;
        if (!is_clause(t, i, &next) || next <= now) continue;
        end[now] = i;
        now = next;
        begin[now] = i + 1 + firn_dialect_is_word(t->w, i + 1, "BY");
    }
    end[now] = to;
}

/* Comma-separated expressions, with what ORDER BY has behind them. */
static void expressions(typer *t, size_t from, size_t to)
{
    static const char *const k_tails[] = {"ASC", "DESC", "NULLS", NULL};
    while (from < to) {
        size_t end = from;
        while (end < to && !firn_dialect_is_symbol(t->w, end, ","))
            end = firn_dialect_skip(t->w, end);
        size_t last = from;
        while (last < end && !firn_dialect_is_any(t->w, last, k_tails))
            last = firn_dialect_skip(t->w, last);
        (void)typer_expression_in(t, from, last);
        from = end + 1;
    }
}

/* Names of the result's columns stand for them in ORDER BY. */
static void order_by(typer *t, const column_list *list, size_t from, size_t to)
{
    const typed_scope *inner = t->scope;
    typed_scope scope = {.outer = inner};
    const typed_relation result = {
        .name = {"", 0}, .columns = list->items, .n_columns = list->n, .is_known = true};
    typer_add_relation(t, &scope, &result);
    t->scope = &scope;
    expressions(t, from, to);
    t->scope = inner;
}

static typed_relation relation_of(const column_list *list)
{
    return (typed_relation){.name = {"", 0},
                            .columns = list->items,
                            .n_columns = list->is_known ? list->n : 0,
                            .is_known = list->is_known};
}

static typed_relation select_query(typer *t, size_t from, size_t to, bool is_result)
{
    size_t begin[N_CLAUSES];
    size_t end[N_CLAUSES];
    const typed_scope *outer = t->scope;
    typed_scope scope = {.outer = outer};
    column_list list = {.is_known = true};
    size_t first = from + 1;
    if (firn_dialect_is_word(t->w, first, "ALL") || firn_dialect_is_word(t->w, first, "DISTINCT"))
        first++;
    find_clauses(t, first, to, begin, end);
    typer_from(t, begin[CLAUSE_FROM], end[CLAUSE_FROM], &scope);
    if (begin[CLAUSE_FROM] >= to) scope.n_relations = 0;
    t->scope = &scope;
    const list_use use = {is_result, begin[CLAUSE_ORDER], end[CLAUSE_ORDER]};
    select_list(t, &list, begin[CLAUSE_LIST], end[CLAUSE_LIST], &use);
    if (begin[CLAUSE_WHERE] < to)
        (void)typer_expression_in(t, begin[CLAUSE_WHERE], end[CLAUSE_WHERE]);
    expressions(t, begin[CLAUSE_GROUP], end[CLAUSE_GROUP]);
    if (begin[CLAUSE_HAVING] < to)
        (void)typer_expression_in(t, begin[CLAUSE_HAVING], end[CLAUSE_HAVING]);
    order_by(t, &list, begin[CLAUSE_ORDER], end[CLAUSE_ORDER]);
    t->scope = outer;
    return relation_of(&list);
}

/* ---- VALUES ---- */

static void merge_row(typer *t, column_list *list, const firn_value_type *types, size_t n,
                      bool is_first)
{
    if (!is_first && n != list->n) list->is_known = false;
    for (size_t i = 0; i < n && (is_first || i < list->n); i++) {
        if (is_first) {
            const firn_value_type type = as_column(&types[i]);
            add_column(t, list, (firn_str){"", 0}, &type);
            continue;
        }
        const firn_value_type so_far = list->items[i].type;
        const firn_status st =
            firn_value_common(&so_far, &types[i], t->arena, &list->items[i].type, t->err);
        if (st != FIRN_OK) typer_fail(t, st);
    }
}

static typed_relation values(typer *t, size_t from, size_t to)
{
    column_list list = {.is_known = true};
    static const char *const k_ends[] = {"ORDER", "LIMIT", "OFFSET", "FETCH", NULL};
    bool is_first = true;
    while (from < to && !firn_dialect_is_any(t->w, from, k_ends)) {
        size_t end = from;
        while (end < to && !firn_dialect_is_symbol(t->w, end, ",") &&
               !firn_dialect_is_any(t->w, end, k_ends))
            end = firn_dialect_skip(t->w, end);
        const firn_value_type type = typer_expression_in(t, from, end);
        const bool is_row = type.kind == FIRN_VALUE_ROW;
        merge_row(t, &list, is_row ? type.parts : &type, is_row ? type.n_parts : 1, is_first);
        is_first = false;
        from = end + 1;
    }
    return relation_of(&list);
}

/* ---- terms and unions ---- */

static typed_relation table_query(typer *t, size_t from, size_t to)
{
    firn_str parts[4];
    size_t n = 0;
    for (; from < to && n < 4 && firn_dialect_is_name(t->w, from); from += 2) {
        parts[n++] = name_at(t, from);
        if (!firn_dialect_is_symbol(t->w, from + 1, ".")) break;
    }
    return n > 0 && t->status == FIRN_OK ? typer_table(t, parts, n) : (typed_relation){0};
}

static typed_relation term(typer *t, size_t from, size_t to, bool is_result)
{
    if (from >= to) return (typed_relation){0};
    if (firn_dialect_is_word(t->w, from, "SELECT")) return select_query(t, from, to, is_result);
    if (firn_dialect_is_word(t->w, from, "VALUES")) return values(t, from + 1, to);
    if (firn_dialect_is_word(t->w, from, "TABLE")) return table_query(t, from + 1, to);
    const size_t close = t->w->match[from];
    if (firn_dialect_is_symbol(t->w, from, "(") && close != FIRN_NO_MATCH && close < to)
        return typer_query(t, from + 1, close, false);
    return (typed_relation){0};
}

static typed_relation unite(typer *t, const typed_relation *a, const typed_relation *b)
{
    typed_relation out = *a;
    out.is_known = a->is_known && b->is_known && a->n_columns == b->n_columns;
    if (!out.is_known) return out;
    firn_typed_column *columns = firn_arena_array(t->arena, a->n_columns, sizeof *columns);
    if (!columns) {
        typer_fail(t, firn_fail_nomem(t->err));
        return (typed_relation){0};
    }
    for (size_t i = 0; i < a->n_columns; i++) {
        columns[i].name = a->columns[i].name;
        const firn_status st = firn_value_common(&a->columns[i].type, &b->columns[i].type, t->arena,
                                                 &columns[i].type, t->err);
        if (st != FIRN_OK) typer_fail(t, st);
        const firn_value_kind kind = columns[i].type.kind; /* is not shown as text */
        if (kind == FIRN_VALUE_INTERVAL_DAY || kind == FIRN_VALUE_INTERVAL_YEAR)
            columns[i].type = (firn_value_type){0};
    }
    out.columns = columns;
    return out;
}

static size_t end_of_term(const typer *t, size_t from, size_t to)
{
    static const char *const k_words[] = {"UNION", "EXCEPT", "INTERSECT", NULL};
    while (from < to && !firn_dialect_is_any(t->w, from, k_words))
        from = firn_dialect_skip(t->w, from);
    return from;
}

static typed_relation terms(typer *t, size_t from, size_t to, bool is_result)
{
    size_t end = end_of_term(t, from, to);
    typed_relation out = term(t, from, end, is_result && end == to);
    while (end < to && t->status == FIRN_OK) {
        from = end + 1;
        if (firn_dialect_is_word(t->w, from, "ALL") || firn_dialect_is_word(t->w, from, "DISTINCT"))
            from++;
        end = end_of_term(t, from, to);
        const typed_relation left = out;
        const typed_relation right = term(t, from, end, false);
        out = unite(t, &left, &right);
    }
    return out;
}

/* ---- WITH ---- */

/* name [(a, b)] AS ( query ) at t->i */
static typed_cte *common_table(typer *t)
{
    typed_cte *cte = firn_arena_alloc_zero(t->arena, sizeof *cte);
    if (!cte) {
        typer_fail(t, firn_fail_nomem(t->err));
        return NULL;
    }
    const firn_str name = typer_take_name(t);
    const size_t names = t->i;
    const bool has_names = typer_at_symbol(t, "(");
    if (has_names) t->i = firn_dialect_skip(t->w, t->i);
    if (!typer_take(t, "AS")) return NULL;
    const size_t close = t->i < t->to ? t->w->match[t->i] : FIRN_NO_MATCH;
    if (!typer_at_symbol(t, "(") || close == FIRN_NO_MATCH || close >= t->to) return NULL;
    cte->relation = typer_query(t, t->i + 1, close, false);
    cte->relation.name = name;
    firn_typed_column *columns =
        firn_arena_array(t->arena, cte->relation.n_columns, sizeof *columns);
    if (!columns) {
        typer_fail(t, firn_fail_nomem(t->err));
        return NULL;
    }
    t->i = names + 1;
    for (size_t i = 0; i < cte->relation.n_columns; i++) {
        columns[i] = cte->relation.columns[i];
        if (has_names && firn_dialect_is_name(t->w, names + 1 + 2 * i))
            columns[i].name = name_at(t, names + 1 + 2 * i);
    }
    cte->relation.columns = columns;
    cte->outer = t->ctes;
    t->i = close + 1;
    return cte;
}

static typed_relation with_query(typer *t, bool is_result)
{
    const typed_cte *outer = t->ctes;
    typed_relation out = {0};
    t->i++;
    const bool is_recursive = typer_take(t, "RECURSIVE");
    do {
        typed_cte *cte = common_table(t);
        if (!cte) {
            t->ctes = outer;
            return out;
        }
        if (is_recursive) cte->relation = (typed_relation){.name = cte->relation.name};
        t->ctes = cte;
    } while (typer_take_symbol(t, ","));
    out = terms(t, t->i, t->to, is_result);
    t->ctes = outer;
    return out;
}

typed_relation typer_query(typer *t, size_t from, size_t to, bool is_result)
{
    const size_t outer_to = t->to;
    const bool was_lost = t->is_lost;
    typed_relation out = {0};
    if (t->depth >= FIRN_LIMIT_NESTING) {
        typer_fail(t, firn_fail(t->err, FIRN_ERR_LIMIT, "query nested deeper than %d",
                                FIRN_LIMIT_NESTING));
        return out;
    }
    t->depth++;
    t->i = from;
    t->to = to;
    t->is_lost = false;
    if (typer_at(t, "WITH"))
        out = with_query(t, is_result);
    else
        out = terms(t, from, to, is_result);
    t->depth--;
    t->is_lost = was_lost;
    t->i = to;
    t->to = outer_to;
    return out;
}
