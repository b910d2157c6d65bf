/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of functions as Spark's analyzer writes them: with the name and the arguments that the
 * function really has, FILTER, OVER with its frame, lambdas, CAST. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sql/dialect/spark_names.h"

static firn_str joined(spark_namer *n, firn_str list, const char *comma, firn_str part)
{
    return spark_namer_print(n, "%.*s%s%.*s", FIRN_STR_ARG(list), list.len > 0 ? comma : "",
                             FIRN_STR_ARG(part));
}

static size_t item_end(const spark_namer *n, size_t i, size_t close)
{
    while (i < close && !firn_dialect_is_symbol(n->w, i, ",")) i = firn_dialect_skip(n->w, i);
    return i;
}

/* ---- names ---- */

/* Functions that are written otherwise than they are called. */
static const char *const k_names[][2] = {{"curdate", "current_date"},
                                         {"current_database", "current_schema"},
                                         {"rlike", "RLIKE"},
                                         {"regexp_like", "REGEXP_LIKE"},
                                         {"spark_partition_id", "SPARK_PARTITION_ID"},
                                         {"rank", "RANK"},
                                         {"dense_rank", "DENSE_RANK"},
                                         {"percent_rank", "PERCENT_RANK"},
                                         {NULL, NULL}};

/* Those of Java's Math, in capitals. */
static const char k_math[] =
    " sqrt cbrt exp expm1 power log log10 log2 log1p sin asin cos acos tan "
    "atan atan2 cot sinh cosh tanh degrees radians pi e hypot ceil floor "
    "signum acosh asinh atanh sec csc ";

static firn_str name_of(spark_namer *n, firn_str name, size_t n_args)
{
    char lower[64];
    char word[68];
    if (name.len >= sizeof lower) return spark_namer_lose(n);
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    lower[name.len] = '\0';
    if (n_args == 3 && (strcmp(lower, "dateadd") == 0 || strcmp(lower, "date_add") == 0))
        return FIRN_STR("timestampadd");
    if (n_args == 3 && (strcmp(lower, "datediff") == 0 || strcmp(lower, "date_diff") == 0))
        return FIRN_STR("timestampdiff");
    for (size_t i = 0; k_names[i][0]; i++) {
        if (strcmp(lower, k_names[i][0]) == 0) return firn_str_of(k_names[i][1]);
    }
    (void)snprintf(word, sizeof word, " %s ", lower);
    const bool is_decimal =
        n_args == 2 && (strcmp(lower, "ceil") == 0 || strcmp(lower, "floor") == 0);
    if (strstr(k_math, word) && !is_decimal) {
        for (char *c = lower; *c; c++) *c = (char)(*c >= 'a' && *c <= 'z' ? *c & ~0x20 : *c);
    }
    return spark_namer_print(n, "%s", lower);
}

/* What the analyzer adds when arguments are left out. */
static const char *added(firn_str name, size_t n_args)
{
    static const struct {
        const char *name;
        size_t n_args;
        const char *text;
    } k_added[] = {{"months_between", 2, ", true"},
                   {"regexp_extract", 2, ", 1"},
                   {"regexp_extract_all", 2, ", 1"},
                   {"regexp_replace", 3, ", 1"},
                   {"regexp_instr", 2, ", 0"},
                   {"split", 2, ", -1"},
                   {"locate", 2, ", 1"},
                   {"substr", 2, ", 2147483647"},
                   {"substring", 2, ", 2147483647"},
                   {"round", 1, ", 0"},
                   {"bround", 1, ", 0"},
                   {"percentile", 2, ", 1"},
                   {"percentile_approx", 2, ", 10000"},
                   {"approx_percentile", 2, ", 10000"},
                   {"unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"},
                   {"to_unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"},
                   {"from_unixtime", 1, ", yyyy-MM-dd HH:mm:ss"},
                   {"str_to_map", 1, ", ,, :"},
                   {"str_to_map", 2, ", :"},
                   {"sentences", 1, ", , "},
                   {"sentences", 2, ", "},
                   {"make_interval", 1, ", 0, 0, 0, 0, 0, 0.000000"},
                   {"make_interval", 2, ", 0, 0, 0, 0, 0.000000"},
                   {"make_interval", 3, ", 0, 0, 0, 0.000000"},
                   {"make_interval", 4, ", 0, 0, 0.000000"},
                   {"make_interval", 5, ", 0, 0.000000"},
                   {"make_interval", 6, ", 0.000000"},
                   {"mask", 1, ", X, x, n, NULL"},
                   {"overlay", 3, ", -1"},
                   {"lag", 1, ", 1, NULL"},
                   {"lag", 2, ", NULL"},
                   {"lead", 1, ", 1, NULL"},
                   {"lead", 2, ", NULL"}};
    for (size_t i = 0; i < sizeof k_added / sizeof *k_added; i++) {
        if (n_args == k_added[i].n_args && firn_str_equals(name, firn_str_of(k_added[i].name)))
            return k_added[i].text;
    }
    return "";
}

/* ---- CAST ---- */

/* A type in [from, to) as Spark's SQL has it: "DECIMAL(10,2)", "STRUCT<a: INT>". */
static firn_str type_text(spark_namer *n, size_t from, size_t to)
{
    static const char *const k_types[][2] = {
        {"INTEGER", "INT"}, {"DEC", "DECIMAL"},    {"NUMERIC", "DECIMAL"}, {"LONG", "BIGINT"},
        {"REAL", "FLOAT"},  {"SHORT", "SMALLINT"}, {"BYTE", "TINYINT"}};
    firn_str text = FIRN_STR("");
    for (size_t i = from; i < to && !n->is_lost; i++) {
        char upper[64];
        const firn_str word = firn_dialect_token(n->w, i)->text;
        const bool is_field = firn_dialect_is_symbol(n->w, i + 1, ":");
        const bool is_spaced =
            i > from &&
            (firn_dialect_is_symbol(n->w, i - 1, ":") ||
             (firn_dialect_is_symbol(n->w, i - 1, ",") && firn_dialect_is_name(n->w, i)));
        if (word.len >= sizeof upper) return spark_namer_lose(n);
        for (size_t k = 0; k < word.len; k++) {
            const char c = word.data[k];
            upper[k] = (char)(!is_field && c >= 'a' && c <= 'z' ? c & ~0x20 : c);
        }
        firn_str name = {upper, word.len};
        for (size_t k = 0; k < sizeof k_types / sizeof *k_types; k++) {
            if (firn_str_equals(name, firn_str_of(k_types[k][0])))
                name = firn_str_of(k_types[k][1]);
        }
        text = spark_namer_print(n, "%.*s%s%.*s", FIRN_STR_ARG(text), is_spaced ? " " : "",
                                 FIRN_STR_ARG(name));
    }
    return firn_str_equals(text, FIRN_STR("DECIMAL")) ? FIRN_STR("DECIMAL(10,0)") : text;
}

static firn_str cast(spark_namer *n, size_t open, size_t close, const char *word)
{
    size_t as = open + 1;
    while (as < close && !firn_dialect_is_word(n->w, as, "AS")) as = firn_dialect_skip(n->w, as);
    const firn_str value = spark_namer_in(n, open + 1, as);
    const firn_str type = type_text(n, as + 1, close);
    return spark_namer_print(n, "%s(%.*s AS %.*s)", word, FIRN_STR_ARG(value), FIRN_STR_ARG(type));
}

/* int(x) and the like: the analyzer shows what is cast. */
static bool is_cast_function(firn_str name)
{
    static const char *const k_types[] = {"int",    "bigint",  "smallint", "tinyint", "float",
                                          "double", "string",  "boolean",  "date",    "timestamp",
                                          "binary", "decimal", NULL};
    for (size_t i = 0; k_types[i]; i++) {
        if (firn_str_equals_nocase(name, firn_str_of(k_types[i]))) return true;
    }
    return false;
}

/* ---- lambdas ---- */

/* x -> .., (x, y) -> .. in [from, to); data NULL and not lost: not a lambda. */
static firn_str lambda(spark_namer *n, size_t from, size_t to)
{
    const size_t arrow = firn_dialect_skip(n->w, from);
    const size_t n_outer = n->n_variables;
    firn_str list = FIRN_STR("");
    if (arrow >= to || !firn_dialect_is_symbol(n->w, arrow, "->")) return (firn_str){0};
    for (size_t i = from; i < arrow; i++) {
        if (!firn_dialect_is_name(n->w, i)) continue;
        if (n->n_variables == sizeof n->variables / sizeof *n->variables)
            return spark_namer_lose(n);
        n->variables[n->n_variables++] = i;
        list = joined(n, list, ", ", FIRN_STR("namedlambdavariable()"));
    }
    const firn_str body = spark_namer_in(n, arrow + 1, to);
    n->n_variables = n_outer;
    return spark_namer_print(n, "lambdafunction(%.*s, %.*s)", FIRN_STR_ARG(body),
                             FIRN_STR_ARG(list));
}

/* ---- arguments ---- */

static firn_str argument(spark_namer *n, size_t from, size_t to, bool is_unit)
{
    if (is_unit) return firn_dialect_token(n->w, from)->text;
    if (to == from + 1 && firn_dialect_is_symbol(n->w, from, "*"))
        return firn_dialect_is_word(n->w, from - 2, "COUNT") ? FIRN_STR("1") : spark_namer_lose(n);
    const firn_str text = lambda(n, from, to);
    if (n->is_lost || text.data) return text;
    return spark_namer_in(n, from, to);
}

static firn_str arguments(spark_namer *n, size_t open, size_t close, size_t *n_args)
{
    firn_str list = FIRN_STR("");
    size_t from = open + 1;
    static const char *const k_with_unit[] = {
        "TIMESTAMPADD", "TIMESTAMPDIFF", "DATEADD", "DATEDIFF", "DATE_ADD", "DATE_DIFF", NULL};
    const bool has_unit = firn_dialect_is_any(n->w, open - 1, k_with_unit);
    const bool is_distinct = firn_dialect_is_word(n->w, from, "DISTINCT");
    from += is_distinct;
    for (*n_args = 0; from < close && !n->is_lost; ++*n_args) {
        const size_t end = item_end(n, from, close);
        const bool is_unit = has_unit && *n_args == 0 && end == from + 1 && end < close &&
                             firn_dialect_is_symbol(n->w, item_end(n, end + 1, close), ",");
        const firn_str part = argument(n, from, end, is_unit);
        list = *n_args == 0 ? part : joined(n, list, ", ", part);
        from = end + 1;
    }
    return is_distinct ? spark_namer_print(n, "DISTINCT %.*s", FIRN_STR_ARG(list)) : list;
}

static size_t find(const spark_namer *n, size_t i, size_t close, const char *word)
{
    while (i < close && !firn_dialect_is_word(n->w, i, word)) i = firn_dialect_skip(n->w, i);
    return i;
}

/* ---- calls with words between their arguments; data NULL and not lost: another ---- */

static firn_str trim(spark_namer *n, size_t open, size_t close)
{
    static const char *const k_sides[] = {"BOTH", "LEADING", "TRAILING"};
    static const char *const k_alone[] = {"trim", "ltrim", "rtrim"};
    const size_t from = find(n, open + 1, close, "FROM");
    for (size_t i = 0; i < 3 && from < close; i++) {
        if (!firn_dialect_is_word(n->w, open + 1, k_sides[i])) continue;
        const firn_str text = spark_namer_in(n, from + 1, close);
        if (from == open + 2)
            return spark_namer_print(n, "%s(%.*s)", k_alone[i], FIRN_STR_ARG(text));
        const firn_str what = spark_namer_in(n, open + 2, from);
        return spark_namer_print(n, "TRIM(%s %.*s FROM %.*s)", k_sides[i], FIRN_STR_ARG(what),
                                 FIRN_STR_ARG(text));
    }
    return (firn_str){0};
}

/* "name(a, b, c)" of parts parted by words; fewer parts: "last" behind them. */
static firn_str spelled(spark_namer *n, const char *name, size_t open, size_t close,
                        const char *const *words, const char *last)
{
    firn_str list = FIRN_STR("");
    size_t from = open + 1;
    bool is_whole = true; /* each of the words is there */
    if (find(n, from, close, words[0]) == close) return (firn_str){0};
    for (size_t k = 0; from < close && !n->is_lost; k++) {
        const size_t end = words[k] ? find(n, from, close, words[k]) : close;
        is_whole = is_whole && (!words[k] || end < close);
        list = joined(n, list, ", ", spark_namer_in(n, from, end));
        if (!words[k]) break;
        from = end + 1;
    }
    return spark_namer_print(n, "%s(%.*s%s)", name, FIRN_STR_ARG(list), is_whole ? "" : last);
}

static firn_str worded(spark_namer *n, firn_str name, size_t open, size_t close)
{
    static const char *const k_from[] = {"FROM", "FOR", NULL};
    static const char *const k_placing[] = {"PLACING", "FROM", "FOR", NULL};
    static const char *const k_in[] = {"IN", "FOR", NULL}; /* a start is never told */
    if (firn_str_equals(name, FIRN_STR("trim"))) return trim(n, open, close);
    if (firn_str_equals(name, FIRN_STR("position")))
        return spelled(n, "locate", open, close, k_in, ", 1");
    if (firn_str_equals(name, FIRN_STR("overlay")))
        return spelled(n, "overlay", open, close, k_placing, ", -1");
    if (firn_str_equals(name, FIRN_STR("substring")) || firn_str_equals(name, FIRN_STR("substr")))
        return spelled(n, "substring", open, close, k_from, ", 2147483647");
    const bool is_part =
        firn_str_equals(name, FIRN_STR("datepart")) && firn_dialect_is_symbol(n->w, open + 2, ",");
    firn_str part;
    if (is_part && firn_dialect_string(n->w, open + 1, &part)) {
        const firn_str of = spark_namer_in(n, open + 3, close);
        return spark_namer_print(n, "datepart(%.*s FROM %.*s)", FIRN_STR_ARG(part),
                                 FIRN_STR_ARG(of));
    }
    if (firn_str_equals(name, FIRN_STR("extract"))) {
        const firn_str field = firn_dialect_token(n->w, open + 1)->text;
        if (!firn_dialect_is_word(n->w, open + 2, "FROM")) return spark_namer_lose(n);
        const firn_str of = spark_namer_in(n, open + 3, close);
        return spark_namer_print(n, "extract(%.*s FROM %.*s)", FIRN_STR_ARG(field),
                                 FIRN_STR_ARG(of));
    }
    return (firn_str){0};
}

/* Calls that are shown as something else; data NULL and not lost: as they are. */
static firn_str shown_otherwise(spark_namer *n, firn_str name, firn_str list, size_t n_args)
{
    if (n_args == 1 && is_cast_function(name)) return list;
    if (n_args == 1 && firn_str_equals(name, FIRN_STR("isnull")))
        return spark_namer_print(n, "(%.*s IS NULL)", FIRN_STR_ARG(list));
    if (n_args == 1 && firn_str_equals(name, FIRN_STR("isnotnull")))
        return spark_namer_print(n, "(%.*s IS NOT NULL)", FIRN_STR_ARG(list));
    if (n_args == 3 && firn_str_equals(name, FIRN_STR("if")))
        return spark_namer_print(n, "(IF(%.*s))", FIRN_STR_ARG(list));
    if (n_args == 1 && firn_str_equals(name, FIRN_STR("raise_error")))
        return spark_namer_print(n, "raise_error(USER_RAISED_EXCEPTION, map(errorMessage, %.*s))",
                                 FIRN_STR_ARG(list));
    if (n_args == 1 && firn_str_equals(name, FIRN_STR("assert_true")))
        return spark_namer_print(n, "assert_true(%.*s, '%.*s' is not true!)", FIRN_STR_ARG(list),
                                 FIRN_STR_ARG(list));
    return (firn_str){0};
}

/* ---- OVER ---- */

static firn_str sort_item(spark_namer *n, size_t from, size_t to)
{
    size_t end = to;
    bool is_last = false;
    const bool has_place = to >= from + 3 && firn_dialect_is_word(n->w, to - 2, "NULLS");
    if (has_place) {
        is_last = firn_dialect_is_word(n->w, to - 1, "LAST");
        end -= 2;
    }
    const bool is_down = firn_dialect_is_word(n->w, end - 1, "DESC");
    if (is_down || firn_dialect_is_word(n->w, end - 1, "ASC")) end--;
    if (!has_place) is_last = is_down;
    const firn_str text = spark_namer_in(n, from, end);
    return spark_namer_print(n, "%.*s %s NULLS %s", FIRN_STR_ARG(text), is_down ? "DESC" : "ASC",
                             is_last ? "LAST" : "FIRST");
}

static firn_str items(spark_namer *n, size_t from, size_t to, bool are_sorted)
{
    firn_str list = FIRN_STR("");
    while (from < to && !n->is_lost) {
        const size_t end = item_end(n, from, to);
        list = joined(n, list, ", ",
                      are_sorted ? sort_item(n, from, end) : spark_namer_in(n, from, end));
        from = end + 1;
    }
    return list;
}

/* Without a frame of its own. */
static firn_str default_frame(spark_namer *n, firn_str name, bool is_sorted)
{
    static const char k_ranks[] = " row_number RANK DENSE_RANK PERCENT_RANK ntile ";
    char word[68];
    (void)snprintf(word, sizeof word, " %.*s ", FIRN_STR_ARG(name));
    if (strstr(" lag lead ", word)) return spark_namer_lose(n);
    if (strstr(k_ranks, word)) return FIRN_STR("ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW");
    return is_sorted ? FIRN_STR("RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")
                     : FIRN_STR("ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING");
}

/* "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW" */
static firn_str frame(spark_namer *n, size_t from, size_t to)
{
    firn_str text = FIRN_STR("");
    const bool is_whole = firn_dialect_is_word(n->w, from + 1, "BETWEEN");
    for (size_t i = from; i < to; i++) {
        const firn_token_kind kind = firn_dialect_token(n->w, i)->kind;
        if (kind != FIRN_TOKEN_WORD && kind != FIRN_TOKEN_NUMBER) return spark_namer_lose(n);
        const firn_str word = firn_dialect_token(n->w, i)->text;
        text = joined(n, text, " ", kind == FIRN_TOKEN_WORD ? type_text(n, i, i + 1) : word);
        if (i == from && !is_whole) text = joined(n, text, " ", FIRN_STR("BETWEEN"));
    }
    return is_whole ? text : spark_namer_print(n, "%.*s AND CURRENT ROW", FIRN_STR_ARG(text));
}

static size_t window_of(const spark_namer *n, size_t i)
{
    if (firn_dialect_is_symbol(n->w, i, "(")) return i;
    const firn_str name = firn_dialect_token(n->w, i)->text;
    for (size_t k = n->to; k + 2 < n->w->n; k++) {
        const bool is_named = firn_str_equals_nocase(n->w->t[k].text, name) &&
                              firn_dialect_is_word(n->w, k + 1, "AS") &&
                              firn_dialect_is_symbol(n->w, k + 2, "(");
        if (is_named) return k + 2;
    }
    return FIRN_NO_MATCH;
}

/* Behind OVER at n->i. */
static firn_str over(spark_namer *n, firn_str call, firn_str name)
{
    const size_t open = window_of(n, n->i);
    const size_t behind = firn_dialect_skip(n->w, n->i);
    const size_t outer_to = n->to;
    const size_t close = open != FIRN_NO_MATCH ? n->w->match[open] : FIRN_NO_MATCH;
    if (close == FIRN_NO_MATCH) return spark_namer_lose(n);
    size_t end = open + 1;
    while (end < close && !firn_dialect_is_word(n->w, end, "ROWS") &&
           !firn_dialect_is_word(n->w, end, "RANGE"))
        end = firn_dialect_skip(n->w, end);
    const size_t order = find(n, open + 1, end, "ORDER");
    firn_str text = FIRN_STR("");
    n->to = close; /* a named window may stand behind the list */
    if (firn_dialect_is_word(n->w, open + 1, "PARTITION")) {
        const firn_str list = items(n, open + 3, order, false);
        text = spark_namer_print(n, "PARTITION BY %.*s", FIRN_STR_ARG(list));
    }
    if (order < end) {
        const firn_str list = items(n, order + 2, end, true);
        const firn_str part = spark_namer_print(n, "ORDER BY %.*s", FIRN_STR_ARG(list));
        text = joined(n, text, " ", part);
    }
    text = joined(n, text, " ",
                  end < close ? frame(n, end, close) : default_frame(n, name, order < end));
    n->to = outer_to;
    n->i = behind;
    return spark_namer_print(n, "%.*s OVER (%.*s)", FIRN_STR_ARG(call), FIRN_STR_ARG(text));
}

/* ---- the call ---- */

/* FILTER (WHERE x), WITHIN GROUP (ORDER BY x), OVER (..) */
static firn_str tail(spark_namer *n, firn_str call, firn_str name)
{
    if (spark_namer_take(n, "WITHIN")) {
        const size_t close = n->w->match[n->i + 1];
        if (!spark_namer_take(n, "GROUP") || close == FIRN_NO_MATCH) return spark_namer_lose(n);
        const size_t last = close - 1;
        const bool is_down = firn_dialect_is_word(n->w, last, "DESC");
        const bool is_list = firn_str_equals(name, FIRN_STR("listagg")) ||
                             firn_str_equals(name, FIRN_STR("string_agg"));
        const firn_str item = is_list ? items(n, n->i + 3, close, true)
                                      : spark_namer_in(n, n->i + 3, is_down ? last : close);
        n->i = close + 1;
        call = spark_namer_print(n, "%.*s WITHIN GROUP (ORDER BY %.*s%s)", FIRN_STR_ARG(call),
                                 FIRN_STR_ARG(item), is_down && !is_list ? " DESC" : "");
    }
    if (n->i < n->to && firn_dialect_is_word(n->w, n->i, "FILTER")) {
        const size_t close = n->w->match[n->i + 1];
        if (close == FIRN_NO_MATCH) return spark_namer_lose(n);
        const firn_str where = spark_namer_in(n, n->i + 3, close);
        n->i = close + 1;
        call = spark_namer_print(n, "%.*s FILTER (WHERE %.*s)", FIRN_STR_ARG(call),
                                 FIRN_STR_ARG(where));
    }
    return spark_namer_take(n, "OVER") ? over(n, call, name) : call;
}

/* from_json(x, schema), from_csv(x, schema): a row is shown without its schema, a map is
 * "entries". data NULL and not lost: another call, or a schema of another kind. */
static firn_str parsed(spark_namer *n, firn_str name, size_t open, size_t close)
{
    firn_str schema;
    const size_t comma = item_end(n, open + 1, close);
    const bool is_one =
        firn_str_equals(name, FIRN_STR("from_json")) || firn_str_equals(name, FIRN_STR("from_csv"));
    const bool is_inferred = firn_dialect_is_word(n->w, comma + 1, "schema_of_json") ||
                             firn_dialect_is_word(n->w, comma + 1, "schema_of_csv");
    const size_t text_at = comma + (is_inferred ? 3 : 1);
    if (!is_one || !firn_dialect_string(n->w, text_at, &schema)) return (firn_str){0};
    if (is_inferred && firn_str_starts_with(schema, FIRN_STR("["))) return (firn_str){0};
    const firn_str start = firn_str_slice(schema, 0, 4);
    if (firn_str_equals_nocase(start, FIRN_STR("MAP<"))) return FIRN_STR("entries");
    if (firn_str_equals_nocase(start, FIRN_STR("ARRA"))) return (firn_str){0};
    const firn_str text = spark_namer_in(n, open + 1, comma);
    return spark_namer_print(n, "%.*s(%.*s)", FIRN_STR_ARG(name), FIRN_STR_ARG(text));
}

firn_str spark_namer_call(spark_namer *n)
{
    const size_t open = n->i + 1;
    const size_t close = n->w->match[open];
    const firn_str written = firn_token_unquote(firn_dialect_token(n->w, n->i), n->arena);
    size_t n_args = 0;
    firn_str text = {0};
    if (close == FIRN_NO_MATCH || close >= n->to || !written.data) return spark_namer_lose(n);
    if (firn_dialect_is_word(n->w, n->i, "CAST") || firn_dialect_is_word(n->w, n->i, "TRY_CAST")) {
        text = cast(n, open, close, firn_dialect_is_word(n->w, n->i, "CAST") ? "CAST" : "TRY_CAST");
        n->i = close + 1;
        return text;
    }
    if (firn_dialect_is_word(n->w, open + 1, "SELECT")) {
        n->i = close + 1;
        return FIRN_STR("exists()");
    }
    const firn_str plain = name_of(n, written, 0);
    text = worded(n, plain, open, close);
    if (!text.data && !n->is_lost) text = parsed(n, plain, open, close);
    if (!text.data && !n->is_lost) {
        const firn_str list = arguments(n, open, close, &n_args);
        const firn_str name = name_of(n, written, n_args);
        text = shown_otherwise(n, plain, list, n_args);
        if (!text.data)
            text = spark_namer_print(n, "%.*s(%.*s%s)", FIRN_STR_ARG(name), FIRN_STR_ARG(list),
                                     added(plain, n_args));
    }
    n->i = close + 1;
    return n->is_lost ? text : tail(n, text, plain);
}
