/* SPDX-License-Identifier: Apache-2.0 */
/* Operators and names of columns, as Spark's analyzer writes them. */
#include "sql/dialect/spark_names.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/* ---- the tokens ---- */

static bool at(const spark_namer *n, const char *word)
{
    return n->i < n->to && firn_dialect_is_word(n->w, n->i, word);
}

static bool at_symbol(const spark_namer *n, const char *symbol)
{
    return n->i < n->to && firn_dialect_is_symbol(n->w, n->i, symbol);
}

bool spark_namer_take(spark_namer *n, const char *word)
{
    const bool is_there = at(n, word);
    n->i += is_there;
    return is_there;
}

static bool take_symbol(spark_namer *n, const char *symbol)
{
    const bool is_there = at_symbol(n, symbol);
    n->i += is_there;
    return is_there;
}

/* ---- names ---- */

/* Token i names something of a FROM clause: it stands behind a table's name, AS, ")" or ".". */
static bool names_relation(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_before[] = {"FROM", "JOIN", "AS", "UPDATE", "INTO", "USING", NULL};
    static const char *const k_words[] = {"SELECT",   "BY",     "AND",  "OR",   "WHERE",
                                          "ON",       "WHEN",   "THEN", "ELSE", "NOT",
                                          "DISTINCT", "HAVING", "CASE", NULL};
    if (!firn_dialect_is_name(w, i) || firn_dialect_is_symbol(w, i + 1, ".")) return false;
    if (firn_dialect_is_any(w, i - 1, k_before)) return true;
    if (firn_dialect_is_any(w, i - 1, k_words)) return false;
    if (firn_dialect_is_name(w, i - 1) || firn_dialect_is_symbol(w, i - 1, ")")) return true;
    return i >= 3 && firn_dialect_is_symbol(w, i - 1, ".") &&
           firn_dialect_is_any(w, i - 3, k_before);
}

/* Found once for all names of a statement. False: out of memory. */
static bool find_relations(firn_dialect_writer *w)
{
    w->has_relations = true;
    for (size_t i = 1; i < w->n; i++) {
        if (!names_relation(w, i)) continue;
        firn_str *slot = firn_arena_push(w->arena, &w->relations, &w->n_relations,
                                         &w->cap_relations, sizeof *slot);
        if (!slot) return false;
        *slot = w->t[i].text;
    }
    return true;
}

bool firn_spark_is_relation(firn_dialect_writer *w, firn_str name)
{
    if (!w->has_relations && !find_relations(w)) return true;
    for (size_t i = 0; i < w->n_relations; i++) {
        if (firn_str_equals_nocase(w->relations[i], name)) return true;
    }
    return false;
}

static bool is_relation(spark_namer *n, firn_str name)
{
    return firn_spark_is_relation(n->w, name);
}

static bool is_variable(const spark_namer *n, firn_str name)
{
    for (size_t i = 0; i < n->n_variables; i++) {
        if (firn_str_equals_nocase(n->w->t[n->variables[i]].text, name)) return true;
    }
    return false;
}

static firn_str take_name(spark_namer *n)
{
    const firn_str name = firn_token_unquote(firn_dialect_token(n->w, n->i++), n->arena);
    return name.data ? name : spark_namer_lose(n);
}

/* a, t.a, a.b.c: without the relation */
static firn_str column(spark_namer *n)
{
    firn_str text = take_name(n);
    if (n->is_lost) return text;
    if (is_variable(n, text)) return FIRN_STR("namedlambdavariable()");
    const bool has_field = at_symbol(n, ".") && firn_dialect_is_name(n->w, n->i + 1);
    if (has_field && n->i + 1 < n->to && is_relation(n, text)) {
        n->i++;
        text = take_name(n);
    }
    return text;
}

/* ---- parentheses, CASE ---- */

static firn_str choice(spark_namer *n)
{
    firn_str text = FIRN_STR("CASE");
    firn_str subject = {0};
    n->i++;
    if (!at(n, "WHEN")) subject = spark_namer_expression(n);
    while (!n->is_lost && spark_namer_take(n, "WHEN")) {
        firn_str when = spark_namer_expression(n);
        if (subject.data)
            when = spark_namer_print(n, "(%.*s = %.*s)", FIRN_STR_ARG(subject), FIRN_STR_ARG(when));
        if (!spark_namer_take(n, "THEN")) return spark_namer_lose(n);
        const firn_str then = spark_namer_expression(n);
        text = spark_namer_print(n, "%.*s WHEN %.*s THEN %.*s", FIRN_STR_ARG(text),
                                 FIRN_STR_ARG(when), FIRN_STR_ARG(then));
    }
    if (spark_namer_take(n, "ELSE")) {
        const firn_str other = spark_namer_expression(n);
        text = spark_namer_print(n, "%.*s ELSE %.*s", FIRN_STR_ARG(text), FIRN_STR_ARG(other));
    }
    if (!spark_namer_take(n, "END")) return spark_namer_lose(n);
    return spark_namer_print(n, "%.*s END", FIRN_STR_ARG(text));
}

static bool starts_query(const spark_namer *n, size_t i)
{
    static const char *const k_words[] = {"SELECT", "WITH", "VALUES", "FROM", "TABLE", NULL};
    return firn_dialect_is_any(n->w, i, k_words);
}

/* (query), (a), (a, b) */
static firn_str parentheses(spark_namer *n)
{
    const size_t open = n->i;
    const size_t close = n->w->match[open];
    firn_str text = {0};
    int index = 0;
    if (close == FIRN_NO_MATCH || close >= n->to) return spark_namer_lose(n);
    if (starts_query(n, open + 1)) {
        n->i = close + 1;
        return FIRN_STR("scalarsubquery()");
    }
    for (size_t from = open + 1; from < close && !n->is_lost;) {
        size_t end = from;
        while (end < close && !firn_dialect_is_symbol(n->w, end, ","))
            end = firn_dialect_skip(n->w, end);
        const firn_str part = spark_namer_in(n, from, end);
        if (from == open + 1 && end == close) {
            text = part;
            break;
        }
        text = spark_namer_print(n, "%.*s%scol%d, %.*s", FIRN_STR_ARG(text), index > 0 ? ", " : "",
                                 index + 1, FIRN_STR_ARG(part));
        index++;
        from = end + 1;
    }
    n->i = close + 1;
    return index > 0 ? spark_namer_print(n, "named_struct(%.*s)", FIRN_STR_ARG(text)) : text;
}

static firn_str primary(spark_namer *n)
{
    const firn_str literal = spark_namer_literal(n);
    if (n->is_lost || literal.data) return literal;
    if (n->i >= n->to) return spark_namer_lose(n);
    if (at_symbol(n, "(")) return parentheses(n);
    if (at(n, "CASE")) return choice(n);
    if (at_symbol(n, "*")) return spark_namer_lose(n);
    if (!firn_dialect_is_name(n->w, n->i)) return spark_namer_lose(n);
    return firn_dialect_is_symbol(n->w, n->i + 1, "(") ? spark_namer_call(n) : column(n);
}

/* x[1], x.y */
static firn_str postfix(spark_namer *n)
{
    firn_str text = primary(n);
    while (!n->is_lost) {
        if (at_symbol(n, "[")) {
            const size_t close = n->w->match[n->i];
            if (close == FIRN_NO_MATCH || close >= n->to) return spark_namer_lose(n);
            const firn_str index = spark_namer_in(n, n->i + 1, close);
            n->i = close + 1;
            text = spark_namer_print(n, "%.*s[%.*s]", FIRN_STR_ARG(text), FIRN_STR_ARG(index));
        } else if (at_symbol(n, ".") && firn_dialect_is_name(n->w, n->i + 1)) {
            n->i++;
            const firn_str name = take_name(n);
            text = spark_namer_print(n, "%.*s.%.*s", FIRN_STR_ARG(text), FIRN_STR_ARG(name));
        } else if (at_symbol(n, "::")) {
            return spark_namer_lose(n);
        } else {
            break;
        }
    }
    return text;
}

/* ---- operators ---- */

static firn_str sign(spark_namer *n);

static firn_str signed_value(spark_namer *n)
{
    if (n->depth >= FIRN_LIMIT_NESTING) return spark_namer_lose(n);
    n->depth++;
    const firn_str text = sign(n);
    n->depth--;
    return text;
}

static firn_str sign(spark_namer *n)
{
    if (take_symbol(n, "-")) {
        const bool is_number = firn_dialect_token(n->w, n->i)->kind == FIRN_TOKEN_NUMBER;
        const firn_str value = is_number ? postfix(n) : signed_value(n);
        return spark_namer_print(n, "%s%.*s%s", is_number ? "-" : "(- ", FIRN_STR_ARG(value),
                                 is_number ? "" : ")");
    }
    if (take_symbol(n, "+")) {
        const firn_str value = signed_value(n);
        return spark_namer_print(n, "(+ %.*s)", FIRN_STR_ARG(value));
    }
    if (take_symbol(n, "~")) {
        const firn_str value = signed_value(n);
        return spark_namer_print(n, "~%.*s", FIRN_STR_ARG(value));
    }
    return postfix(n);
}

/* Times plus or minus an interval are not in parentheses. */
static bool is_interval(firn_str text)
{
    return firn_str_starts_with(text, FIRN_STR("INTERVAL '")) ||
           firn_str_starts_with(text, FIRN_STR("make_"));
}

/* A date and a number of days, or an interval of days; data NULL: others. */
static firn_str moved_date(spark_namer *n, firn_str date, const char *op, firn_str by)
{
    bool is_number = by.len > 0;
    const bool is_minus = *op == '-';
    for (size_t i = 0; i < by.len; i++) is_number &= by.data[i] >= '0' && by.data[i] <= '9';
    if (!firn_str_starts_with(date, FIRN_STR("DATE '"))) return (firn_str){0};
    if (is_number)
        return spark_namer_print(n, "date_%s(%.*s, %.*s)", is_minus ? "sub" : "add",
                                 FIRN_STR_ARG(date), FIRN_STR_ARG(by));
    const bool are_days = firn_str_starts_with(by, FIRN_STR("INTERVAL '")) &&
                          firn_str_ends_with(by, FIRN_STR("' DAY"));
    if (!are_days) return (firn_str){0};
    return spark_namer_print(n, "date_add(%.*s, %sextractansiintervaldays(%.*s)%s)",
                             FIRN_STR_ARG(date), is_minus ? "(- " : "", FIRN_STR_ARG(by),
                             is_minus ? ")" : "");
}

/* Levels of binary operators, the loosest first. */
static firn_str binary(spark_namer *n, int level)
{
    static const char *const k_levels[][5] = {{"|", NULL},
                                              {"^", NULL},
                                              {"&", NULL},
                                              {"<<", ">>", ">>>", NULL},
                                              {"||", NULL},
                                              {"+", "-", NULL},
                                              {"*", "/", "%", "DIV", NULL}};
    enum { LEVELS = sizeof k_levels / sizeof *k_levels, JOIN = 4, SUM = 5 };
    if (level == LEVELS) return signed_value(n);
    firn_str left = binary(n, level + 1);
    while (!n->is_lost) {
        const char *op = NULL;
        for (size_t k = 0; k_levels[level][k] && !op; k++) {
            const char *word = k_levels[level][k];
            if (at_symbol(n, word) || at(n, word)) op = word;
        }
        if (!op) break;
        n->i++;
        const firn_str right = binary(n, level + 1);
        const firn_str moved = level == SUM ? moved_date(n, left, op, right) : (firn_str){0};
        if (moved.data)
            left = moved;
        else if (level == JOIN)
            left =
                spark_namer_print(n, "concat(%.*s, %.*s)", FIRN_STR_ARG(left), FIRN_STR_ARG(right));
        else if (level == SUM && is_interval(right))
            left =
                spark_namer_print(n, "%.*s %s %.*s", FIRN_STR_ARG(left), op, FIRN_STR_ARG(right));
        else
            left = spark_namer_print(n, "(%.*s %s %.*s)", FIRN_STR_ARG(left),
                                     *op == 'D' ? "div" : op, FIRN_STR_ARG(right));
    }
    return left;
}

static firn_str value(spark_namer *n)
{
    return binary(n, 0);
}

/* ---- comparisons ---- */

static firn_str negate_if(spark_namer *n, bool is_not, firn_str text)
{
    return is_not ? spark_namer_print(n, "(NOT %.*s)", FIRN_STR_ARG(text)) : text;
}

static firn_str comparison(spark_namer *n, firn_str left, bool *found)
{
    static const char *const k_symbols[] = {"<=>", "<=", ">=", "==", "=", "<", ">", NULL};
    *found = true;
    const bool is_unequal = take_symbol(n, "<>") || take_symbol(n, "!=");
    const char *op = is_unequal ? "=" : NULL;
    for (size_t k = 0; k_symbols[k] && !op; k++) {
        if (take_symbol(n, k_symbols[k])) op = k_symbols[k];
    }
    *found = op != NULL;
    if (!op) return left;
    const firn_str right = value(n);
    const firn_str text = spark_namer_print(n, "(%.*s %s %.*s)", FIRN_STR_ARG(left),
                                            strcmp(op, "==") == 0 ? "=" : op, FIRN_STR_ARG(right));
    return negate_if(n, is_unequal, text);
}

/* Behind IS. */
static firn_str is_test(spark_namer *n, firn_str left)
{
    const bool is_not = spark_namer_take(n, "NOT");
    if (spark_namer_take(n, "NULL"))
        return spark_namer_print(n, "(%.*s IS %sNULL)", FIRN_STR_ARG(left), is_not ? "NOT " : "");
    firn_str right = {0};
    if (spark_namer_take(n, "DISTINCT")) {
        if (!spark_namer_take(n, "FROM")) return spark_namer_lose(n);
        right = value(n);
        right = spark_namer_print(n, "(%.*s <=> %.*s)", FIRN_STR_ARG(left), FIRN_STR_ARG(right));
        return negate_if(n, !is_not, right);
    }
    right = value(n); /* TRUE, FALSE */
    right = spark_namer_print(n, "(%.*s <=> %.*s)", FIRN_STR_ARG(left), FIRN_STR_ARG(right));
    return negate_if(n, is_not, right);
}

/* (a, b) behind IN */
static firn_str in_list(spark_namer *n, firn_str left)
{
    const size_t close = at_symbol(n, "(") ? n->w->match[n->i] : FIRN_NO_MATCH;
    firn_str list = {0};
    if (close == FIRN_NO_MATCH || close >= n->to) return spark_namer_lose(n);
    if (starts_query(n, n->i + 1)) list = FIRN_STR("listquery()");
    for (size_t from = n->i + 1; !list.data || from < close;) {
        size_t end = from;
        if (n->is_lost || firn_str_equals(list, FIRN_STR("listquery()"))) break;
        while (end < close && !firn_dialect_is_symbol(n->w, end, ","))
            end = firn_dialect_skip(n->w, end);
        const firn_str part = spark_namer_in(n, from, end);
        list = spark_namer_print(n, "%.*s%s%.*s", FIRN_STR_ARG(list), list.len > 0 ? ", " : "",
                                 FIRN_STR_ARG(part));
        from = end + 1;
    }
    n->i = close + 1;
    return spark_namer_print(n, "(%.*s IN (%.*s))", FIRN_STR_ARG(left), FIRN_STR_ARG(list));
}

static firn_str like(spark_namer *n, firn_str left)
{
    const firn_str pattern = value(n);
    const firn_str text =
        spark_namer_print(n, "%.*s LIKE %.*s", FIRN_STR_ARG(left), FIRN_STR_ARG(pattern));
    if (!spark_namer_take(n, "ESCAPE")) return text;
    const firn_str escape = value(n);
    return spark_namer_print(n, "%.*s ESCAPE '%.*s'", FIRN_STR_ARG(text), FIRN_STR_ARG(escape));
}

/* LIKE ANY (..) at n->i: the patterns are not shown. */
static firn_str like_each(spark_namer *n, firn_str left, const char *name)
{
    const bool is_not = firn_dialect_is_word(n->w, n->i - 1, "NOT");
    n->i = firn_dialect_skip(n->w, n->i + 2);
    return spark_namer_print(n, "%s%s(%.*s)", is_not ? "not" : "", name, FIRN_STR_ARG(left));
}

/* BETWEEN, IN, LIKE and the like; *found false: none. */
static firn_str test(spark_namer *n, firn_str left, bool *found)
{
    *found = true;
    if (spark_namer_take(n, "BETWEEN")) {
        const firn_str low = value(n);
        if (!spark_namer_take(n, "AND")) return spark_namer_lose(n);
        const firn_str high = value(n);
        return spark_namer_print(n, "between(%.*s, %.*s, %.*s)", FIRN_STR_ARG(left),
                                 FIRN_STR_ARG(low), FIRN_STR_ARG(high));
    }
    if (spark_namer_take(n, "IN")) return in_list(n, left);
    const bool is_each = firn_dialect_is_symbol(n->w, n->i + 2, "(");
    if (at(n, "LIKE") && is_each && firn_dialect_is_word(n->w, n->i + 1, "ANY"))
        return like_each(n, left, "likeany");
    if (at(n, "LIKE") && is_each && firn_dialect_is_word(n->w, n->i + 1, "ALL"))
        return like_each(n, left, "likeall");
    if (spark_namer_take(n, "LIKE")) return like(n, left);
    const bool is_caseless = spark_namer_take(n, "ILIKE");
    *found = is_caseless || spark_namer_take(n, "RLIKE") || spark_namer_take(n, "REGEXP");
    if (!*found) return left;
    const firn_str pattern = value(n);
    return spark_namer_print(n, "%s(%.*s, %.*s)", is_caseless ? "ilike" : "RLIKE",
                             FIRN_STR_ARG(left), FIRN_STR_ARG(pattern));
}

static firn_str predicate(spark_namer *n)
{
    firn_str left = value(n);
    while (!n->is_lost && n->i < n->to) {
        bool found = false;
        left = comparison(n, left, &found);
        if (found) continue;
        if (spark_namer_take(n, "IS")) {
            left = is_test(n, left);
            continue;
        }
        const bool is_not = spark_namer_take(n, "NOT");
        left = test(n, left, &found);
        if (!found) return is_not ? spark_namer_lose(n) : left;
        const bool is_negated = firn_str_starts_with(left, FIRN_STR("notlike"));
        left = negate_if(n, is_not && !is_negated, left);
    }
    return left;
}

/* ---- logic ---- */

static firn_str negation(spark_namer *n)
{
    if (!spark_namer_take(n, "NOT") && !take_symbol(n, "!")) return predicate(n);
    if (n->depth >= FIRN_LIMIT_NESTING) return spark_namer_lose(n);
    n->depth++;
    const firn_str text = negation(n);
    n->depth--;
    return negate_if(n, true, text);
}

static firn_str conjunction(spark_namer *n)
{
    firn_str left = negation(n);
    while (!n->is_lost && spark_namer_take(n, "AND")) {
        const firn_str right = negation(n);
        left = spark_namer_print(n, "(%.*s AND %.*s)", FIRN_STR_ARG(left), FIRN_STR_ARG(right));
    }
    return left;
}

firn_str spark_namer_expression(spark_namer *n)
{
    if (n->depth >= FIRN_LIMIT_NESTING) return spark_namer_lose(n);
    n->depth++;
    firn_str left = conjunction(n);
    while (!n->is_lost && spark_namer_take(n, "OR")) {
        const firn_str right = conjunction(n);
        left = spark_namer_print(n, "(%.*s OR %.*s)", FIRN_STR_ARG(left), FIRN_STR_ARG(right));
    }
    n->depth--;
    return left;
}

firn_str spark_namer_in(spark_namer *n, size_t from, size_t to)
{
    const size_t outer_to = n->to;
    n->i = from;
    n->to = to;
    const firn_str text = spark_namer_expression(n);
    if (n->i != to) (void)spark_namer_lose(n);
    n->to = outer_to;
    return n->is_lost ? (firn_str){0} : text;
}

void firn_spark_name(firn_dialect_writer *w, size_t from, size_t to, firn_str *out)
{
    spark_namer n = {.w = w, .arena = w->arena, .i = from, .to = to};
    *out = spark_namer_in(&n, from, to);
}
