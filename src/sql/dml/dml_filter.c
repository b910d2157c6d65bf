/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a WHERE or ON clause that Iceberg can evaluate on files: comparisons of a column with
 * literals, joined by AND, OR and NOT. What is not understood counts as "may be true", so the
 * result never excludes a row that the engine would choose. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/spec/schema_json.h"
#include "sql/dml/dml.h"

typedef struct filter_parser {
    firn_sql_parser p;
    firn_str alias;
    const firn_sql_name *target;
    const firn_schema *schema;
} filter_parser;

/* e NULL: not understood. */
typedef struct part {
    const firn_expr *e;
    bool is_exact;
} part;

static const part k_unknown = {NULL, false};

/* ---- skipping ---- */

/* The next token ends an operand: AND, OR, a closing parenthesis, a comma or the end. */
static bool at_boundary(const firn_sql_parser *p)
{
    const firn_token token = firn_parser_peek(p);
    return token.kind == FIRN_TOKEN_END || firn_token_is(&token, "AND") ||
           firn_token_is(&token, "OR") || firn_token_is_symbol(&token, ")") ||
           firn_token_is_symbol(&token, ",");
}

static bool is_open(const firn_token *t)
{
    return firn_token_is_symbol(t, "(") || firn_token_is_symbol(t, "[") ||
           firn_token_is_symbol(t, "{") || firn_token_is(t, "CASE");
}

static bool is_close(const firn_token *t)
{
    return firn_token_is_symbol(t, ")") || firn_token_is_symbol(t, "]") ||
           firn_token_is_symbol(t, "}") || firn_token_is(t, "END");
}

/* Behind one operand, whatever it is; the AND of BETWEEN belongs to it. */
static void skip_operand(firn_sql_parser *p)
{
    size_t depth = 0;
    size_t betweens = 0;
    for (;;) {
        const firn_token token = firn_parser_peek(p);
        if (token.kind == FIRN_TOKEN_END || token.kind == FIRN_TOKEN_BAD) return;
        if (depth == 0 && at_boundary(p)) {
            if (betweens == 0 || !firn_token_is(&token, "AND")) return;
            betweens--;
        }
        if (is_open(&token)) depth++;
        if (is_close(&token) && depth > 0) depth--;
        if (depth == 0 && firn_token_is(&token, "BETWEEN")) betweens++;
        (void)firn_lexer_next(&p->lexer);
    }
}

/* ---- columns and literals ---- */

static const firn_field *find_field(const filter_parser *f, firn_str name)
{
    const firn_type *root = &f->schema->root;
    for (size_t i = 0; i < root->n_fields; i++) {
        if (firn_str_equals_nocase(root->fields[i].name, name)) return &root->fields[i];
    }
    return NULL;
}

/* "c", "alias.c" or "ns.t.c" of the target. */
static const firn_field *read_column(filter_parser *f)
{
    firn_sql_name name;
    if (firn_parser_name(&f->p, &name, NULL) != FIRN_OK) return NULL;
    const size_t n = name.n_parts - 1;
    if (n == 1 && !firn_str_equals_nocase(name.parts[0], f->alias)) return NULL;
    if (n > 1) {
        if (!f->target || f->target->n_parts < n) return NULL;
        const firn_str *parts = f->target->parts + (f->target->n_parts - n);
        for (size_t i = 0; i < n; i++) {
            if (!firn_str_equals_nocase(name.parts[i], parts[i])) return NULL;
        }
    }
    const firn_field *field = find_field(f, name.parts[n]);
    if (!field || !firn_type_is_primitive(field->type)) return NULL;
    /* the engine may compare floating numbers in another type than the column's */
    const bool is_float =
        field->type->kind == FIRN_TYPE_FLOAT || field->type->kind == FIRN_TYPE_DOUBLE;
    return is_float ? NULL : field;
}

static bool read_number(filter_parser *f, firn_str text, bool is_negative, firn_value *out)
{
    int64_t integer = 0;
    if (firn_str_to_i64(text, &integer)) {
        *out = (firn_value){.kind = FIRN_TYPE_LONG, .as.i64 = is_negative ? -integer : integer};
        return true;
    }
    const size_t dot = firn_str_find(text, FIRN_STR("."), 0);
    if (dot == SIZE_MAX || text.len - dot - 1 > 37) return false;
    const firn_type type = {
        .kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = (int32_t)(text.len - dot - 1)};
    if (firn_value_from_text(text, &type, f->p.arena, out, NULL) != FIRN_OK) return false;
    if (is_negative) out->as.decimal = -out->as.decimal;
    return true;
}

static bool read_typed_text(filter_parser *f, firn_type_kind kind, firn_value *out)
{
    firn_str text;
    const firn_type type = {.kind = kind};
    return firn_parser_string(&f->p, &text, NULL) == FIRN_OK &&
           firn_value_from_text(text, &type, f->p.arena, out, NULL) == FIRN_OK;
}

static bool read_literal(filter_parser *f, firn_value *out)
{
    const firn_token first = firn_parser_peek(&f->p);
    if (first.kind == FIRN_TOKEN_STRING) {
        if (first.text.data[0] != '\'') return false;
        *out = (firn_value){.kind = FIRN_TYPE_STRING};
        return firn_parser_string(&f->p, &out->as.bytes, NULL) == FIRN_OK;
    }
    if (firn_parser_accept(&f->p, "DATE")) return read_typed_text(f, FIRN_TYPE_DATE, out);
    if (firn_parser_accept(&f->p, "TIMESTAMP")) {
        return read_typed_text(f, FIRN_TYPE_TIMESTAMP, out);
    }
    const bool is_true = firn_parser_accept(&f->p, "TRUE");
    if (is_true || firn_parser_accept(&f->p, "FALSE")) {
        *out = (firn_value){.kind = FIRN_TYPE_BOOLEAN, .as.boolean = is_true};
        return true;
    }
    const bool is_negative = firn_parser_accept_symbol(&f->p, "-");
    const firn_token number = firn_parser_peek(&f->p);
    if (number.kind != FIRN_TOKEN_NUMBER) return false;
    (void)firn_lexer_next(&f->p.lexer);
    return read_number(f, number.text, is_negative, out);
}

/* ---- predicates ---- */

/* Without one the literal means a time in the engine's zone, which is not known here. */
static bool has_zone(const firn_value *value)
{
    int64_t us = 0;
    bool found = false;
    if (value->kind != FIRN_TYPE_STRING) return false;
    return firn_parse_timestamp_us(value->as.bytes, &us, &found) && found;
}

/* Understood only if it binds, which compares the types. */
static part make(filter_parser *f, firn_expr_op op, const firn_field *field,
                 const firn_value *values, size_t n)
{
    const firn_expr *bound = NULL;
    for (size_t i = 0; i < n; i++) {
        /* text compared with something else, and the other way round: the engine's casts */
        const bool is_text = values[i].kind == FIRN_TYPE_STRING;
        const bool is_text_column = field->type->kind == FIRN_TYPE_STRING;
        const bool is_time = field->type->kind == FIRN_TYPE_DATE ||
                             field->type->kind == FIRN_TYPE_TIMESTAMP ||
                             field->type->kind == FIRN_TYPE_TIMESTAMPTZ;
        if (is_text != is_text_column && !(is_text && is_time)) return k_unknown;
        if (field->type->kind == FIRN_TYPE_TIMESTAMPTZ && !has_zone(&values[i])) return k_unknown;
    }
    const firn_expr *e = firn_expr_predicate(f->p.arena, op, field->name, values, n);
    if (!e || firn_expr_bind(e, f->schema, f->p.arena, &bound, NULL) != FIRN_OK) return k_unknown;
    return (part){e, true};
}

static part both(filter_parser *f, part a, part b)
{
    if (!a.e || !b.e) return k_unknown;
    const firn_expr *e = firn_expr_and(f->p.arena, a.e, b.e);
    return (part){e, e && a.is_exact && b.is_exact};
}

static part negate(filter_parser *f, part a)
{
    if (!a.e || !a.is_exact) return k_unknown;
    const firn_expr *e = firn_expr_not(f->p.arena, a.e);
    return (part){e, e != NULL};
}

static part read_in(filter_parser *f, const firn_field *field)
{
    firn_value *values = NULL;
    size_t n = 0;
    size_t cap = 0;
    if (!firn_parser_accept_symbol(&f->p, "(")) return k_unknown;
    do {
        firn_value *slot = firn_arena_push(f->p.arena, &values, &n, &cap, sizeof *slot);
        if (!slot || !read_literal(f, slot)) return k_unknown;
    } while (firn_parser_accept_symbol(&f->p, ","));
    if (!firn_parser_accept_symbol(&f->p, ")")) return k_unknown;
    return make(f, FIRN_EXPR_IN, field, values, n);
}

static part read_between(filter_parser *f, const firn_field *field)
{
    firn_value low;
    firn_value high;
    if (!read_literal(f, &low) || !firn_parser_accept(&f->p, "AND")) return k_unknown;
    if (!read_literal(f, &high)) return k_unknown;
    return both(f, make(f, FIRN_EXPR_GTEQ, field, &low, 1),
                make(f, FIRN_EXPR_LTEQ, field, &high, 1));
}

static part read_comparison(filter_parser *f, const firn_field *field)
{
    static const struct {
        const char *symbol;
        firn_expr_op op;
    } k_operators[] = {{"=", FIRN_EXPR_EQ},      {"==", FIRN_EXPR_EQ},  {"<>", FIRN_EXPR_NOT_EQ},
                       {"!=", FIRN_EXPR_NOT_EQ}, {"<", FIRN_EXPR_LT},   {"<=", FIRN_EXPR_LTEQ},
                       {">", FIRN_EXPR_GT},      {">=", FIRN_EXPR_GTEQ}};
    for (size_t i = 0; i < sizeof k_operators / sizeof *k_operators; i++) {
        firn_value value;
        if (!firn_parser_accept_symbol(&f->p, k_operators[i].symbol)) continue;
        if (!read_literal(f, &value)) return k_unknown;
        return make(f, k_operators[i].op, field, &value, 1);
    }
    return k_unknown;
}

static part read_predicate(filter_parser *f)
{
    const firn_field *field = read_column(f);
    if (!field) return k_unknown;
    if (firn_parser_accept(&f->p, "IS NULL")) return make(f, FIRN_EXPR_IS_NULL, field, NULL, 0);
    if (firn_parser_accept(&f->p, "IS NOT NULL")) {
        return make(f, FIRN_EXPR_NOT_NULL, field, NULL, 0);
    }
    const bool is_not = firn_parser_accept(&f->p, "NOT");
    part found = k_unknown;
    if (firn_parser_accept(&f->p, "IN"))
        found = read_in(f, field);
    else if (firn_parser_accept(&f->p, "BETWEEN"))
        found = read_between(f, field);
    else if (!is_not)
        return read_comparison(f, field);
    return is_not ? negate(f, found) : found;
}

/* ---- AND, OR, NOT ---- */

static part read_or(filter_parser *f, int depth);

static part read_parenthesis(filter_parser *f, int depth)
{
    if (!firn_parser_accept_symbol(&f->p, "(")) return k_unknown;
    if (firn_parser_at(&f->p, "SELECT") || firn_parser_at(&f->p, "WITH") ||
        firn_parser_at(&f->p, "FROM") || firn_parser_at(&f->p, "VALUES")) {
        return k_unknown;
    }
    const part inner = read_or(f, depth + 1);
    return firn_parser_accept_symbol(&f->p, ")") ? inner : k_unknown;
}

static part read_operand(filter_parser *f, int depth)
{
    const firn_sql_parser before = f->p;
    part found = k_unknown;
    if (depth > FIRN_LIMIT_NESTING) {
        skip_operand(&f->p);
        return k_unknown;
    }
    if (firn_parser_accept(&f->p, "NOT")) return negate(f, read_operand(f, depth + 1));
    const firn_token token = firn_parser_peek(&f->p);
    found = firn_token_is_symbol(&token, "(") ? read_parenthesis(f, depth) : read_predicate(f);
    if (at_boundary(&f->p) && found.e) return found;
    f->p = before;
    skip_operand(&f->p);
    return k_unknown;
}

static part read_and(filter_parser *f, int depth)
{
    part all = {firn_expr_true(), true};
    do {
        const part next = read_operand(f, depth);
        if (next.e)
            all = both(f, all, next);
        else
            all.is_exact = false;
        if (!all.e) all = (part){firn_expr_true(), false};
    } while (firn_parser_accept(&f->p, "AND"));
    return all;
}

static part read_or(filter_parser *f, int depth)
{
    part any = read_and(f, depth);
    while (firn_parser_accept(&f->p, "OR")) {
        const part next = read_and(f, depth);
        const firn_expr *e = any.e && next.e ? firn_expr_or(f->p.arena, any.e, next.e) : NULL;
        any = (part){e ? e : firn_expr_true(), e && any.is_exact && next.is_exact};
    }
    return any;
}

firn_status firn_dml__filter_of(firn_arena *arena, firn_str condition, firn_str alias,
                                const firn_sql_name *target, const firn_schema *schema,
                                const firn_expr **out, bool *is_exact, firn_error *err)
{
    filter_parser f = {firn_parser_of(arena, condition), alias, target, schema};
    (void)err;
    *out = firn_expr_true();
    *is_exact = condition.len == 0;
    if (condition.len == 0) return FIRN_OK;
    const part all = read_or(&f, 0);
    if (!all.e || !firn_parser_at_end(&f.p)) return FIRN_OK;
    *out = all.e;
    *is_exact = all.is_exact;
    return FIRN_OK;
}

firn_status firn_dml__conjunct(firn_sql_parser *p, firn_str *out)
{
    const size_t from = firn_parser_peek(p).offset;
    if (firn_parser_at_end(p)) return FIRN_DONE;
    skip_operand(p);
    *out = firn_str_trim(firn_str_slice(p->sql, from, firn_parser_peek(p).offset));
    if (firn_parser_accept(p, "AND") || firn_parser_at_end(p)) return FIRN_OK;
    *out = (firn_str){0}; /* OR: nothing can be said of a part alone */
    return FIRN_DONE;
}
