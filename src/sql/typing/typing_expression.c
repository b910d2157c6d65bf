/* SPDX-License-Identifier: Apache-2.0 */
/* Operators, by their precedence: OR, AND, NOT, comparisons, "||", sums, products, signs. */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/typing/typing_state.h"

#define MAX_FIELD_NAME 200 /* doubled quotes and all, what typer_printf() takes */

static const firn_value_type k_boolean = {.kind = FIRN_VALUE_BOOLEAN};

/* ---- values ---- */

static firn_value_type subscript(typer *t, const firn_value_type *of)
{
    const size_t close = t->w->match[t->i];
    if (close == FIRN_NO_MATCH || close >= t->to) return typer_lose(t);
    (void)typer_expression_in(t, t->i + 1, close);
    t->i = close + 1;
    if (of->kind == FIRN_VALUE_ARRAY) return of->parts[0];
    if (of->kind == FIRN_VALUE_MAP) return of->parts[1];
    return (firn_value_type){0};
}

static firn_value_type field(typer *t, const firn_value_type *of)
{
    const firn_str name = typer_take_name(t);
    for (size_t i = 0; of->names && i < of->n_parts; i++) {
        if (firn_str_equals_nocase(of->names[i], name)) return of->parts[i];
    }
    return (firn_value_type){0};
}

/* Of an array of rows, the field of each: an array. Tokens: [from, dot) .name */
static firn_value_type field_of_each(typer *t, size_t from, size_t dot, const firn_value_type *of)
{
    const firn_value_type *row = &of->parts[0];
    firn_value_type *element = typer_new_types(t, 1);
    const firn_str name = firn_token_unquote(firn_dialect_token(t->w, t->i), t->arena);
    if (!element || !name.data || name.len > MAX_FIELD_NAME) return typer_lose(t);
    *element = field(t, row);
    firn_buf quoted;
    firn_buf_init(&quoted, NULL, FIRN_LIMIT_SQL_TEXT);
    firn_buf_quoted(&quoted, name, '\'');
    const firn_str text = firn_buf_view(&quoted);
    typer_edit(t, FIRN_EDIT_INSTEAD, dot, t->i,
               typer_printf(t, ", lambda \"firn_e\": struct_extract(\"firn_e\", %.*s))",
                            FIRN_STR_ARG(text)));
    firn_buf_dispose(&quoted);
    typer_edit(t, FIRN_EDIT_BEFORE, from, t->i, "list_transform(");
    return (firn_value_type){.kind = FIRN_VALUE_ARRAY, .parts = element, .n_parts = 1};
}

/* x[1], x.y, x AT TIME ZONE y */
static firn_value_type postfix(typer *t)
{
    const size_t from = t->i;
    firn_value_type type = typer_primary(t);
    while (!t->is_lost) {
        const firn_value_type base = type;
        if (typer_at_symbol(t, "[")) {
            const size_t open = t->i;
            type = subscript(t, &base);
            typer_edit_operator(t, from, open, t->i, &base, &base, &type);
        } else if (typer_take_symbol(t, ".")) {
            const bool is_each = typer_dialect(t) == FIRN_DIALECT_SPARK &&
                                 base.kind == FIRN_VALUE_ARRAY &&
                                 base.parts[0].kind == FIRN_VALUE_ROW;
            type = is_each ? field_of_each(t, from, t->i - 1, &base) : field(t, &base);
        } else if (typer_at(t, "AT")) {
            const size_t at = t->i++;
            firn_str zone = {0};
            if (!typer_take(t, "TIME") || !typer_take(t, "ZONE")) return typer_lose(t);
            const size_t name = t->i;
            const bool is_literal = firn_dialect_string(t->w, name, &zone);
            (void)typer_primary(t);
            type.kind = base.kind == FIRN_VALUE_TIMESTAMP ? FIRN_VALUE_TIMESTAMP_TZ : base.kind;
            type.zone = is_literal ? typer_zone_named(t, name, zone) : (firn_str){0};
            typer_edit_operator(t, from, at, t->i, &base, &base, &type);
        } else {
            break;
        }
    }
    return type;
}

static firn_value_type signed_value(typer *t)
{
    while (typer_take_symbol(t, "-") || typer_take_symbol(t, "+")) {
    }
    return postfix(t);
}

static char operator_at(const typer *t, const char *const *symbols)
{
    for (; *symbols; symbols++) {
        if (typer_at_symbol(t, *symbols) || typer_at(t, *symbols)) return (*symbols)[0];
    }
    return '\0';
}

static firn_value_type array_of(typer *t, const firn_value_type *element)
{
    firn_value_type *parts = typer_new_types(t, 1);
    if (!parts) return (firn_value_type){0};
    parts[0] = *element;
    return (firn_value_type){.kind = FIRN_VALUE_ARRAY, .parts = parts, .n_parts = 1};
}

typedef firn_value_type (*operand_fn)(typer *t);

static firn_value_type operators(typer *t, operand_fn operand, const char *const *symbols)
{
    const size_t from = t->i;
    firn_value_type left = operand(t);
    for (char op = operator_at(t, symbols); op && !t->is_lost; op = operator_at(t, symbols)) {
        const size_t at = t->i++;
        const firn_value_type right = operand(t);
        const firn_dialect dialect = typer_dialect(t);
        firn_value_type result = firn_value_of_operator(dialect, op, &left, &right);
        const bool is_trino = dialect == FIRN_DIALECT_TRINO;
        if (is_trino && op == '|' && firn_value_is_text(&left) && right.kind == FIRN_VALUE_NULL)
            result = array_of(t, &left);
        if (!t->is_lost) typer_edit_operator(t, from, at, t->i, &left, &right, &result);
        left = result;
    }
    return left;
}

static firn_value_type product(typer *t)
{
    return operators(t, signed_value, (const char *const[]){"*", "/", "%", "DIV", NULL});
}

static firn_value_type sum(typer *t)
{
    return operators(t, product, (const char *const[]){"+", "-", NULL});
}

static firn_value_type joined(typer *t)
{
    return operators(t, sum, (const char *const[]){"||", NULL});
}

static firn_value_type shifted(typer *t)
{
    return operators(t, joined, (const char *const[]){"<<", ">>", NULL});
}

static firn_value_type bits_and(typer *t)
{
    return operators(t, shifted, (const char *const[]){"&", NULL});
}

static firn_value_type bits_xor(typer *t)
{
    return operators(t, bits_and, (const char *const[]){"^", NULL});
}

/* In Trino bits have functions, no operators. */
firn_value_type typer_value(typer *t)
{
    if (typer_dialect(t) == FIRN_DIALECT_TRINO) return joined(t);
    return operators(t, bits_xor, (const char *const[]){"|", NULL});
}

/* ---- comparisons ---- */

static bool at_comparison(const typer *t)
{
    static const char *const k_symbols[] = {"=", "==", "<=>", "<>", "!=", "<", "<=", ">", ">="};
    for (size_t i = 0; i < sizeof k_symbols / sizeof *k_symbols; i++) {
        if (typer_at_symbol(t, k_symbols[i])) return true;
    }
    return false;
}

/* What is in the parentheses at t->i. */
static void in_parentheses(typer *t)
{
    const size_t close = t->i < t->to ? t->w->match[t->i] : FIRN_NO_MATCH;
    if (!typer_at_symbol(t, "(") || close == FIRN_NO_MATCH || close >= t->to) {
        (void)typer_lose(t);
        return;
    }
    (void)typer_primary(t);
}

static void is_test(typer *t)
{
    (void)typer_take(t, "NOT");
    if (typer_take(t, "DISTINCT")) {
        if (!typer_take(t, "FROM")) (void)typer_lose(t);
        (void)typer_value(t);
        return;
    }
    if (!typer_take(t, "NULL") && !typer_take(t, "TRUE") && !typer_take(t, "FALSE") &&
        !typer_take(t, "UNKNOWN"))
        (void)typer_lose(t);
}

static void between(typer *t)
{
    (void)typer_value(t);
    if (!typer_take(t, "AND")) (void)typer_lose(t);
    (void)typer_value(t);
}

/* x [NOT] LIKE ANY (a, b) of Spark: each pattern is compared, tokens from on. */
static void like_each(typer *t, size_t from, size_t op, const char *quantifier)
{
    const size_t open = t->i;
    const size_t close = open < t->to ? t->w->match[open] : FIRN_NO_MATCH;
    const bool is_not = firn_dialect_is_word(t->w, op, "NOT");
    const bool is_caseless = firn_dialect_is_word(t->w, op + is_not, "ILIKE");
    in_parentheses(t);
    if (t->is_lost || close == open + 1) {
        (void)typer_lose(t);
        return;
    }
    typer_edit(t, FIRN_EDIT_BEFORE, from, t->i, "list_transform([");
    typer_edit(t, FIRN_EDIT_INSTEAD, op, open + 1,
               typer_printf(t, "], lambda \"firn_l\": %s(list_transform([", quantifier));
    typer_edit(t, FIRN_EDIT_INSTEAD, close, close + 1,
               typer_printf(t,
                            "], lambda \"firn_p\": %s(\"firn_l\" %s \"firn_p\" ESCAPE "
                            "'\\'))))[1]",
                            is_not ? "NOT " : "", is_caseless ? "ILIKE" : "LIKE"));
}

static void like(typer *t, size_t from, size_t op)
{
    const bool is_spark = typer_dialect(t) == FIRN_DIALECT_SPARK;
    if (is_spark && (typer_take(t, "ANY") || typer_take(t, "SOME"))) {
        like_each(t, from, op, "firn_any");
        return;
    }
    if (is_spark && typer_take(t, "ALL")) {
        like_each(t, from, op, "firn_all");
        return;
    }
    (void)typer_value(t);
    if (typer_take(t, "ESCAPE")) (void)typer_value(t);
}

static void compare(typer *t, size_t from, const firn_value_type *left)
{
    const size_t op = t->i++;
    if (typer_take(t, "ALL") || typer_take(t, "ANY") || typer_take(t, "SOME")) {
        in_parentheses(t);
        return;
    }
    const firn_value_type right = typer_value(t);
    if (!t->is_lost) typer_edit_comparison(t, from, op, t->i, left, &right);
}

static firn_value_type predicate(typer *t)
{
    const size_t from = t->i;
    firn_value_type left = typer_value(t);
    while (!t->is_lost) {
        const bool is_not = typer_at(t, "NOT");
        if (at_comparison(t)) {
            compare(t, from, &left);
            left = k_boolean;
            continue;
        }
        if (typer_take(t, "IS")) {
            is_test(t);
            left = k_boolean;
            continue;
        }
        const size_t op = t->i;
        t->i += is_not;
        if (typer_take(t, "BETWEEN"))
            between(t);
        else if (typer_take(t, "IN"))
            in_parentheses(t);
        else if (typer_take(t, "LIKE") || typer_take(t, "ILIKE") || typer_take(t, "RLIKE") ||
                 typer_take(t, "REGEXP"))
            like(t, from, op);
        else
            return is_not ? typer_lose(t) : left;
        left = k_boolean;
    }
    return left;
}

/* ---- logic ---- */

static firn_value_type negation(typer *t)
{
    while (typer_take(t, "NOT")) {
    }
    return predicate(t);
}

static firn_value_type conjunction(typer *t)
{
    firn_value_type type = negation(t);
    while (!t->is_lost && typer_take(t, "AND")) type = negation(t);
    return type;
}

firn_value_type typer_expression(typer *t)
{
    if (t->depth == FIRN_LIMIT_NESTING) {
        typer_fail(t, firn_fail(t->err, FIRN_ERR_LIMIT, "expression nested deeper than %d",
                                FIRN_LIMIT_NESTING));
        return (firn_value_type){0};
    }
    t->depth++;
    firn_value_type type = conjunction(t);
    while (!t->is_lost && typer_take(t, "OR")) type = conjunction(t);
    t->depth--;
    return type;
}

firn_value_type typer_item(typer *t, size_t from, size_t to, size_t *end)
{
    const size_t outer_to = t->to;
    const size_t n_edits = t->n_edits;
    const bool was_lost = t->is_lost;
    const int depth = t->depth;
    t->is_lost = false;
    t->i = from;
    t->to = to;
    firn_value_type type = typer_expression(t);
    const bool has_alias = t->i + 1 == to && firn_dialect_is_name(t->w, t->i);
    *end = has_alias ? to - 1 : to;
    if (t->is_lost || t->i != *end) {
        t->n_edits = n_edits;
        type = (firn_value_type){0};
    }
    t->depth = depth;
    t->is_lost = was_lost;
    t->i = to;
    t->to = outer_to;
    return type;
}

firn_value_type typer_expression_in(typer *t, size_t from, size_t to)
{
    size_t end = to;
    const size_t n_edits = t->n_edits;
    const firn_value_type type = typer_item(t, from, to, &end);
    if (end == to) return type;
    t->n_edits = n_edits;
    return (firn_value_type){0};
}
