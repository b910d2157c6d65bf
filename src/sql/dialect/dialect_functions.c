/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/dialect/dialect_functions.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

/* ---- values of several parts ---- */

/* Every second argument from first on, as a list. */
static firn_status put_list(firn_dialect_writer *w, const firn_dialect_call *call, size_t first,
                            firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, call->name, "[", err));
    for (size_t i = first; i < call->n_args; i += 2) {
        if (i > first) FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
        FIRN_TRY(firn_dialect_emit_arg(w, call, i, err));
    }
    return firn_dialect_put(w, call->name, "]", err);
}

firn_status firn_dialect_map(firn_dialect_writer *w, const firn_dialect_call *call, firn_error *err)
{
    if (call->n_args % 2 != 0) {
        return firn_dialect_fail_at(
            w, call->name, "found an odd number of arguments, expected keys and values", err);
    }
    FIRN_TRY(firn_dialect_put(w, call->name, "map(", err));
    FIRN_TRY(put_list(w, call, 0, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
    FIRN_TRY(put_list(w, call, 1, err));
    return firn_dialect_put(w, call->name, ")", err);
}

firn_status firn_dialect_named_struct(firn_dialect_writer *w, const firn_dialect_call *call,
                                      firn_error *err)
{
    firn_str name;
    FIRN_TRY(firn_dialect_put(w, call->name, "struct_pack(", err));
    for (size_t i = 0; i < call->n_args; i += 2) {
        if (!firn_dialect_string(w, call->args[i], &name) || i + 1 == call->n_args) {
            return firn_dialect_fail_at(
                w, call->args[i], "expected the name of a field in quotes and its value", err);
        }
        if (i > 0) FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
        FIRN_TRY(firn_dialect_put_name(w, call->args[i], name, err));
        FIRN_TRY(firn_dialect_put(w, call->args[i], " := ", err));
        FIRN_TRY(firn_dialect_emit_arg(w, call, i + 1, err));
    }
    return firn_dialect_put(w, call->name, ")", err);
}

firn_status firn_dialect_struct(firn_dialect_writer *w, const firn_dialect_call *call,
                                firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, call->name, "struct_pack(", err));
    for (size_t i = 0; i < call->n_args; i++) {
        const size_t last = call->args[i + 1] - 2;
        const bool has_as = last > call->args[i] + 1 && firn_dialect_is_word(w, last - 1, "AS");
        const bool is_chain = last == call->args[i] || firn_dialect_is_symbol(w, last - 1, ".");
        firn_str name = firn_arena_printf(w->arena, "col%zu", i + 1);
        if (firn_dialect_is_name(w, last) && (has_as || is_chain)) {
            name = firn_token_unquote(&w->t[last], w->arena);
        }
        if (!name.data) return firn_fail_nomem(err);
        if (i > 0) FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
        FIRN_TRY(firn_dialect_put_name(w, last, name, err));
        FIRN_TRY(firn_dialect_put(w, last, " := ", err));
        FIRN_TRY(firn_dialect_emit(w, call->args[i], has_as ? last - 1 : last + 1, err));
    }
    return firn_dialect_put(w, call->name, ")", err);
}

firn_status firn_dialect_concat(firn_dialect_writer *w, const firn_dialect_call *call,
                                firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, call->name, "(", err));
    for (size_t i = 0; i < call->n_args; i++) {
        FIRN_TRY(firn_dialect_put(w, call->name, i > 0 ? " || (" : "(", err));
        FIRN_TRY(firn_dialect_emit_arg(w, call, i, err));
        FIRN_TRY(firn_dialect_put(w, call->name, ")", err));
    }
    return firn_dialect_put(w, call->name, ")", err);
}

/* PIVOT takes one aggregate and nothing around it. */
static bool is_in_pivot(const firn_dialect_writer *w, size_t i)
{
    while (i > 0) {
        i--;
        if (firn_dialect_is_symbol(w, i, "("))
            return i > 0 && firn_dialect_is_word(w, i - 1, "PIVOT");
        if (firn_dialect_is_symbol(w, i, ")") && w->match[i] != FIRN_NO_MATCH) i = w->match[i];
    }
    return false;
}

/* In PIVOT null where no row is: a sum of ones is. */
firn_status firn_dialect_count_one(firn_dialect_writer *w, const firn_dialect_call *call,
                                   firn_error *err)
{
    const bool is_distinct = firn_dialect_is_word(w, call->args[0], "DISTINCT");
    if (!is_in_pivot(w, call->name) || is_distinct) {
        FIRN_TRY(firn_dialect_copy(w, call->name, call->open + 1, err));
        return firn_dialect_emit(w, call->open + 1, call->end, err);
    }
    if (firn_dialect_is_symbol(w, call->args[0], "*"))
        return firn_dialect_put(w, call->name, "sum(1)", err);
    return firn_dialect_put_arg(w, call, "sum(CASE WHEN (", 0, ") IS NULL THEN 0 ELSE 1 END)", err);
}

firn_status firn_dialect_count(firn_dialect_writer *w, const firn_dialect_call *call,
                               firn_error *err)
{
    const bool is_distinct = firn_dialect_is_word(w, call->args[0], "DISTINCT");
    const size_t first = call->args[0] + is_distinct;
    FIRN_TRY(firn_dialect_put(w, call->name,
                              is_distinct ? "count(DISTINCT CASE WHEN " : "count(CASE WHEN ", err));
    for (size_t i = 0; i < call->n_args; i++) {
        FIRN_TRY(firn_dialect_put(w, call->name, i > 0 ? " AND (" : "(", err));
        FIRN_TRY(firn_dialect_emit(w, i == 0 ? first : call->args[i], call->args[i + 1] - 1, err));
        FIRN_TRY(firn_dialect_put(w, call->name, ") IS NOT NULL", err));
    }
    FIRN_TRY(firn_dialect_put(w, call->name, " THEN row(", err));
    FIRN_TRY(firn_dialect_emit(w, first, call->close, err));
    return firn_dialect_put(w, call->name, ") END)", err);
}

/* "before x) FILTER .. OVER ..": x without its DISTINCT when it is only looked at. */
static firn_status put_aggregate(firn_dialect_writer *w, const firn_dialect_call *call,
                                 const char *before, bool with_distinct, const char *after,
                                 firn_error *err)
{
    const bool has_word = firn_dialect_is_word(w, call->args[0], "DISTINCT") ||
                          firn_dialect_is_word(w, call->args[0], "ALL");
    const size_t first = call->args[0] + (has_word && !with_distinct);
    FIRN_TRY(firn_dialect_put(w, call->name, before, err));
    FIRN_TRY(firn_dialect_emit(w, first, call->close, err));
    FIRN_TRY(firn_dialect_put(w, call->close, after, err));
    FIRN_TRY(firn_dialect_put(w, call->close, " ", err));
    return firn_dialect_emit(w, call->close + 1, call->end, err);
}

firn_status firn_dialect_sum(firn_dialect_writer *w, const firn_dialect_call *call, firn_error *err)
{
    if (is_in_pivot(w, call->name)) return put_aggregate(w, call, "sum(", true, ")", err);
    if (firn_dialect_is_word(w, call->name, "try_sum")) {
        FIRN_TRY(put_aggregate(w, call, "list_transform([struct_pack(s := sum(", true, ")", err));
        FIRN_TRY(put_aggregate(w, call, ", t := any_value(firn_sum_type(", false, "))", err));
        return firn_dialect_put(
            w, call->close,
            ")], lambda \"firn_e\": TRY(cast_to_type(\"firn_e\".s, \"firn_e\".t)))[1]", err);
    }
    FIRN_TRY(put_aggregate(w, call, "cast_to_type(sum(", true, ")", err));
    FIRN_TRY(put_aggregate(w, call, ", any_value(firn_sum_type(", false, "))", err));
    return firn_dialect_put(w, call->close, ")", err);
}

firn_status firn_dialect_average(firn_dialect_writer *w, const firn_dialect_call *call,
                                 firn_error *err)
{
    if (is_in_pivot(w, call->name)) return put_aggregate(w, call, "avg(", true, ")", err);
    FIRN_TRY(put_aggregate(w, call, "cast_to_type(firn_average(avg(", true, ")", err));
    FIRN_TRY(put_aggregate(w, call, ", sum(", true, ")", err));
    FIRN_TRY(put_aggregate(w, call, ", count(", true, ")", err));
    FIRN_TRY(put_aggregate(w, call, "), any_value(firn_average_type(", false, "))", err));
    return firn_dialect_put(w, call->close, ")", err);
}

firn_status firn_dialect_decode(firn_dialect_writer *w, const firn_dialect_call *call,
                                firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, call->name, "CASE", err));
    for (size_t i = 1; i < call->n_args; i += 2) {
        const bool is_else = i + 1 == call->n_args;
        FIRN_TRY(firn_dialect_put(w, call->name, is_else ? " ELSE " : " WHEN (", err));
        if (!is_else) {
            FIRN_TRY(firn_dialect_emit_arg(w, call, 0, err));
            FIRN_TRY(firn_dialect_put(w, call->name, ") IS NOT DISTINCT FROM (", err));
        }
        FIRN_TRY(firn_dialect_emit_arg(w, call, i, err));
        if (is_else) break;
        FIRN_TRY(firn_dialect_put(w, call->name, ") THEN ", err));
        FIRN_TRY(firn_dialect_emit_arg(w, call, i + 1, err));
    }
    return firn_dialect_put(w, call->name, " END", err);
}

firn_status firn_dialect_list_lambda(firn_dialect_writer *w, const firn_dialect_call *call,
                                     firn_error *err)
{
    const size_t at = call->args[1];
    const size_t body = firn_dialect_skip(w, at) + 1; /* behind the arrow */
    const bool is_counted = firn_dialect_is_symbol(w, at, "(") && body == at + 6 &&
                            firn_dialect_is_symbol(w, body - 1, "->");
    const firn_str outer = w->counted;
    const bool is_filter = firn_dialect_is_word(w, call->name, "FILTER");
    FIRN_TRY(firn_dialect_put(w, call->name, is_filter ? "list_filter(" : "list_transform(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 0, err));
    FIRN_TRY(firn_dialect_put(w, at, ", ", err));
    if (!is_counted) {
        FIRN_TRY(firn_dialect_emit(w, at, call->close, err));
        return firn_dialect_put(w, call->close, ")", err);
    }
    FIRN_TRY(firn_dialect_put(w, at, "lambda ", err));
    FIRN_TRY(firn_dialect_copy(w, at + 1, at + 4, err));
    FIRN_TRY(firn_dialect_put(w, at, ": ", err));
    w->counted = w->t[at + 3].text;
    FIRN_TRY(firn_dialect_emit(w, body, call->close, err));
    w->counted = outer;
    return firn_dialect_put(w, call->close, ")", err);
}

/* ---- formats of times ---- */

typedef struct format_letter {
    const char *theirs, *ours;
} format_letter;

/* Longer runs first. */
/* What is read; zones are only read, since times are told in UTC whatever the letter asks for. */
static const format_letter k_java[] = {
    {"yyyy", "%Y"}, {"yy", "%y"},  {"y", "%Y"},      {"MMMM", "%B"}, {"MMM", "%b"}, {"MM", "%m"},
    {"M", "%-m"},   {"dd", "%d"},  {"d", "%-d"},     {"HH", "%H"},   {"H", "%-H"},  {"hh", "%I"},
    {"h", "%-I"},   {"mm", "%M"},  {"m", "%-M"},     {"ss", "%S"},   {"s", "%-S"},  {"SSS", "%g"},
    {"EEEE", "%A"}, {"EEE", "%a"}, {"SSSSSS", "%f"}, {"E", "%a"},    {"a", "%p"},   {"DDD", "%j"},
    {"D", "%-j"},   {"XXX", "%z"}, {"Z", "%z"},      {NULL, NULL}};
static const format_letter k_java_format[] = {
    {"yyyy", "%Y"}, {"yy", "%y"},   {"y", "%Y"},      {"MMMM", "%B"}, {"MMM", "%b"}, {"MM", "%m"},
    {"M", "%-m"},   {"LLLL", "%B"}, {"LLL", "%b"},    {"LL", "%m"},   {"L", "%-m"},  {"dd", "%d"},
    {"d", "%-d"},   {"HH", "%H"},   {"H", "%-H"},     {"hh", "%I"},   {"h", "%-I"},  {"mm", "%M"},
    {"m", "%-M"},   {"ss", "%S"},   {"s", "%-S"},     {"SSS", "%g"},  {"E", "%a"},   {"EEE", "%a"},
    {"EEEE", "%A"}, {"EE", "%a"},   {"SSSSSS", "%f"}, {"a", "%p"},    {"DDD", "%j"}, {"D", "%-j"},
    {NULL, NULL}};
/* Those of Joda: a week's year and number, a year of the era. */
static const format_letter k_joda_format[] = {
    {"yyyy", "%Y"}, {"yy", "%y"},  {"y", "%Y"},    {"YYYY", "%Y"}, {"YY", "%y"}, {"MMMM", "%B"},
    {"MMM", "%b"},  {"MM", "%m"},  {"M", "%-m"},   {"dd", "%d"},   {"d", "%-d"}, {"HH", "%H"},
    {"H", "%-H"},   {"hh", "%I"},  {"h", "%-I"},   {"mm", "%M"},   {"m", "%-M"}, {"ss", "%S"},
    {"s", "%-S"},   {"SSS", "%g"}, {"EEEE", "%A"}, {"EEE", "%a"},  {"EE", "%a"}, {"E", "%a"},
    {"a", "%p"},    {"DDD", "%j"}, {"D", "%-j"},   {"xxxx", "%G"}, {"ww", "%V"}, {"e", "%u"},
    {NULL, NULL}};
/* Letters behind a percent sign; others are the engine's. "": Trino has it not. */
static const format_letter k_mysql[] = {
    {"%i", "%M"},  {"%s", "%S"},  {"%S", "%S"}, {"%M", "%B"},    {"%e", "%-d"},
    {"%c", "%-m"}, {"%k", "%-H"}, {"%v", "%V"}, {"%l", "%-I"},   {"%h", "%I"},
    {"%x", "%G"},  {"%W", "%A"},  {"%D", ""},   {"%f", "%g000"}, {"%r", "%I:%M:%S %p"},
    {"%U", ""},    {"%u", ""},    {"%V", ""},   {"%X", ""},      {"%T", "%H:%M:%S"},
    {"%w", ""},    {NULL, NULL}};
static const format_letter k_mysql_parse[] = {{"%i", "%M"},       {"%s", "%S"},
                                              {"%S", "%S"},       {"%M", "%B"},
                                              {"%e", "%-d"},      {"%c", "%-m"},
                                              {"%k", "%-H"},      {"%v", ""},
                                              {"%l", "%-I"},      {"%h", "%I"},
                                              {"%x", ""},         {"%W", "%A"},
                                              {"%D", ""},         {"%r", "%I:%M:%S %p"},
                                              {"%T", "%H:%M:%S"}, {"%U", ""},
                                              {"%u", ""},         {"%V", ""},
                                              {"%X", ""},         {"%w", ""},
                                              {NULL, NULL}};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Text in single quotes stands for itself. */
static size_t put_quoted_text(firn_str format, size_t at, firn_buf *out)
{
    size_t end = at + 1;
    if (end < format.len && format.data[end] == '\'') {
        firn_buf_byte(out, '\'');
        return end + 1;
    }
    for (; end < format.len && format.data[end] != '\''; end++) {
        firn_buf_byte(out, (uint8_t)format.data[end]);
    }
    return end + 1;
}

/* The letters at `at` that are the same, or "%x": what is looked up. */
static firn_str unit_of(firn_str format, size_t at)
{
    size_t end = at + 1;
    if (format.data[at] == '%') return firn_str_slice(format, at, at + 2);
    while (end < format.len && format.data[end] == format.data[at]) end++;
    return firn_str_slice(format, at, end);
}

/* False: a letter that has no counterpart. */
static bool put_format(firn_str format, const format_letter *letters, firn_buf *out)
{
    const bool is_java = letters != k_mysql && letters != k_mysql_parse;
    for (size_t at = 0; at < format.len;) {
        const firn_str unit = unit_of(format, at);
        const format_letter *found = NULL;
        if (is_java && format.data[at] == '\'') {
            at = put_quoted_text(format, at, out);
            continue;
        }
        for (const format_letter *l = letters; l->theirs && !found; l++) {
            if (firn_str_equals(unit, firn_str_of(l->theirs))) found = l;
        }
        if (found && found->ours[0] == '\0') return false;
        if (found) {
            firn_buf_cstr(out, found->ours);
            at += unit.len;
            continue;
        }
        if (is_java && is_letter(format.data[at])) return false;
        if (is_java && format.data[at] == '%') firn_buf_byte(out, '%');
        firn_buf_byte(out, (uint8_t)format.data[at++]);
        const bool is_pair = !is_java && unit.len == 2 && unit.data[0] == '%';
        if (is_pair) firn_buf_byte(out, (uint8_t)format.data[at++]);
    }
    return true;
}

/* A pattern in the words of the engine. *is_known false: it has a letter that those lack. */
static firn_status translate_format(const firn_dialect_writer *w, firn_str format,
                                    const format_letter *letters, firn_str *out, bool *is_known,
                                    firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, 4 * format.len + 16);
    *is_known = put_format(format, letters, &buf);
    *out = firn_arena_copy(w->arena, firn_buf_view(&buf));
    const firn_status st = firn_buf_check(&buf, err);
    firn_buf_dispose(&buf);
    return st != FIRN_OK || out->data ? st : firn_fail_nomem(err);
}

firn_status firn_dialect_parse_pattern(const firn_dialect_writer *w, size_t token, firn_str format,
                                       firn_str *out, firn_error *err)
{
    bool is_known = false;
    FIRN_TRY(translate_format(w, format, k_java, out, &is_known, err));
    return is_known ? FIRN_OK
                    : firn_dialect_fail_at(w, token, "not supported: a letter of the format", err);
}

/* "before x), format after": two parentheses are open before x. */
static firn_status put_formatted(firn_dialect_writer *w, const firn_dialect_call *call,
                                 const format_letter *letters, const char *const around[2],
                                 firn_error *err)
{
    firn_str format;
    firn_str pattern;
    bool is_known = false;
    if (!firn_dialect_string(w, call->args[1], &format)) {
        return firn_dialect_fail_at(w, call->args[1], "expected a format in quotes", err);
    }
    FIRN_TRY(translate_format(w, format, letters, &pattern, &is_known, err));
    if (!is_known)
        return firn_dialect_fail_at(w, call->args[1], "not supported: a letter of the format", err);
    FIRN_TRY(firn_dialect_put_arg(w, call, around[0], 0, "), ", err));
    FIRN_TRY(firn_dialect_put_string(w, call->args[1], pattern, err));
    return firn_dialect_put(w, call->name, around[1], err);
}

/* A pattern of java.time or of Joda, in the engine's words when it has them. */
static firn_status put_pattern(firn_dialect_writer *w, const firn_dialect_call *call,
                               const char *before, const char *after, firn_error *err)
{
    const bool is_spark = w->opts->dialect == FIRN_DIALECT_SPARK;
    firn_str format;
    firn_str pattern;
    bool is_known = false;
    if (call->args[2] == call->args[1] + 2 && firn_dialect_string(w, call->args[1], &format))
        FIRN_TRY(translate_format(w, format, is_spark ? k_java_format : k_joda_format, &pattern,
                                  &is_known, err));
    if (is_known) {
        FIRN_TRY(firn_dialect_put(w, call->name, "strftime(", err));
        FIRN_TRY(firn_dialect_put_arg(w, call, before, 0, after, err));
        FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
        FIRN_TRY(firn_dialect_put_string(w, call->args[1], pattern, err));
        return firn_dialect_put(w, call->name, ")", err);
    }
    FIRN_TRY(firn_dialect_put(w, call->name,
                              is_spark ? "firn_java_format(CAST(" : "firn_joda_format(CAST(", err));
    FIRN_TRY(firn_dialect_put_arg(w, call, before, 0, after, err));
    FIRN_TRY(firn_dialect_put_arg(w, call, " AS TIMESTAMP), ", 1, ", CAST(", err));
    FIRN_TRY(firn_dialect_put_arg(w, call, before, 0, after, err));
    return firn_dialect_put(w, call->name, " AS TIMESTAMPTZ))", err);
}

firn_status firn_dialect_format_java(firn_dialect_writer *w, const firn_dialect_call *call,
                                     firn_error *err)
{
    const bool is_spark = w->opts->dialect == FIRN_DIALECT_SPARK;
    return put_pattern(w, call, is_spark ? "firn_stamp(" : "(", ")", err);
}

firn_status firn_dialect_from_unixtime(firn_dialect_writer *w, const firn_dialect_call *call,
                                       firn_error *err)
{
    return put_pattern(w, call, "to_timestamp(", ")", err);
}

firn_status firn_dialect_parse_java_ntz(firn_dialect_writer *w, const firn_dialect_call *call,
                                        firn_error *err)
{
    return put_formatted(w, call, k_java, (const char *const[]){"strptime((", ")"}, err);
}

firn_status firn_dialect_try_parse(firn_dialect_writer *w, const firn_dialect_call *call,
                                   firn_error *err)
{
    return put_formatted(w, call, k_java,
                         (const char *const[]){"CAST(try_strptime((", ") AS TIMESTAMPTZ)"}, err);
}

firn_status firn_dialect_try_parse_date(firn_dialect_writer *w, const firn_dialect_call *call,
                                        firn_error *err)
{
    return put_formatted(w, call, k_java,
                         (const char *const[]){"CAST(try_strptime((", ") AS DATE)"}, err);
}

firn_status firn_dialect_parse_java(firn_dialect_writer *w, const firn_dialect_call *call,
                                    firn_error *err)
{
    return put_formatted(w, call, k_java,
                         (const char *const[]){"CAST(strptime((", ") AS TIMESTAMPTZ)"}, err);
}

firn_status firn_dialect_parse_java_date(firn_dialect_writer *w, const firn_dialect_call *call,
                                         firn_error *err)
{
    return put_formatted(w, call, k_java, (const char *const[]){"CAST(strptime((", ") AS DATE)"},
                         err);
}

firn_status firn_dialect_format_mysql(firn_dialect_writer *w, const firn_dialect_call *call,
                                      firn_error *err)
{
    return put_formatted(w, call, k_mysql, (const char *const[]){"strftime((", ")"}, err);
}

firn_status firn_dialect_parse_mysql(firn_dialect_writer *w, const firn_dialect_call *call,
                                     firn_error *err)
{
    return put_formatted(w, call, k_mysql_parse,
                         (const char *const[]){"CAST(strptime((", ") AS TIMESTAMP_MS)"}, err);
}

firn_status firn_dialect_unix_java(firn_dialect_writer *w, const firn_dialect_call *call,
                                   firn_error *err)
{
    return put_formatted(
        w, call, k_java,
        (const char *const[]){"CAST(epoch(CAST(strptime((", ") AS TIMESTAMPTZ)) AS BIGINT)"}, err);
}

/* ---- units of time that are words ---- */

static firn_status read_unit(const firn_dialect_writer *w, const firn_dialect_call *call,
                             const char **out, firn_error *err)
{
    static const char *const k_units[] = {"microsecond", "millisecond", "second", "minute",
                                          "hour",        "day",         "week",   "month",
                                          "quarter",     "year"};
    for (size_t i = 0; i < sizeof k_units / sizeof *k_units; i++) {
        *out = k_units[i];
        if (firn_dialect_is_word(w, call->args[0], k_units[i])) return FIRN_OK;
    }
    return firn_dialect_fail_at(w, call->args[0], "expected a unit of time", err);
}

/* Whole units between two times. The engine takes the last day of a month for a whole month. */
static firn_status put_between(firn_dialect_writer *w, const firn_dialect_call *call,
                               const char *unit, firn_error *err)
{
    static const struct {
        const char *unit, *after;
    } k_months[] = {{"month", " AS TIMESTAMP))"},
                    {"quarter", " AS TIMESTAMP)) // 3"},
                    {"year", " AS TIMESTAMP)) // 12"}};
    const char *after = NULL;
    for (size_t i = 0; i < sizeof k_months / sizeof *k_months; i++) {
        if (strcmp(unit, k_months[i].unit) == 0) after = k_months[i].after;
    }
    FIRN_TRY(firn_dialect_put(w, call->name, after ? "(firn_months(CAST(" : "(date_sub('", err));
    if (!after) FIRN_TRY(firn_dialect_put(w, call->name, unit, err));
    if (!after) FIRN_TRY(firn_dialect_put(w, call->name, "', CAST(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 1, err));
    FIRN_TRY(firn_dialect_put(w, call->name, " AS TIMESTAMP), CAST(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 2, err));
    FIRN_TRY(firn_dialect_put(w, call->name, after ? after : " AS TIMESTAMP))", err));
    return firn_dialect_put(w, call->name, ")", err);
}

firn_status firn_dialect_between(firn_dialect_writer *w, const firn_dialect_call *call,
                                 firn_error *err)
{
    const char *unit = NULL;
    FIRN_TRY(read_unit(w, call, &unit, err));
    return put_between(w, call, unit, err);
}

firn_status firn_dialect_add_units(firn_dialect_writer *w, const firn_dialect_call *call,
                                   firn_error *err)
{
    const char *unit = NULL;
    FIRN_TRY(read_unit(w, call, &unit, err));
    FIRN_TRY(firn_dialect_put(w, call->name, "(firn_stamp(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 2, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ") + INTERVAL (", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 1, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ") ", err));
    FIRN_TRY(firn_dialect_put(w, call->name, unit, err));
    return firn_dialect_put(w, call->name, ")", err);
}

/* ---- fields of times ---- */

/* A field of EXTRACT that the engine counts otherwise, and what stands around the time instead. */
typedef struct extract_field {
    const char *name, *before, *after;
} extract_field;

static firn_status extract(firn_dialect_writer *w, const firn_dialect_call *call,
                           const extract_field *fields, firn_error *err)
{
    const size_t field = call->args[0];
    const bool has_from = firn_dialect_is_word(w, field + 1, "FROM");
    if (firn_dialect_is_word(w, field, "TIMEZONE_HOUR") ||
        firn_dialect_is_word(w, field, "TIMEZONE_MINUTE"))
        return firn_dialect_fail_at(w, field,
                                    "not supported: a time keeps its instant, not its zone", err);
    for (; has_from && fields->name; fields++) {
        if (!firn_dialect_is_word(w, field, fields->name)) continue;
        FIRN_TRY(firn_dialect_put(w, call->name, fields->before, err));
        FIRN_TRY(firn_dialect_emit(w, field + 2, call->close, err));
        return firn_dialect_put(w, call->name, fields->after, err);
    }
    FIRN_TRY(firn_dialect_copy(w, call->name, field + 1, err));
    FIRN_TRY(firn_dialect_gap(w, field + 1, err));
    return firn_dialect_emit(w, field + 1, call->close + 1, err);
}

/* Those that Spark counts otherwise; others are whole numbers. */
static const extract_field k_spark_fields[] = {
    {"DOW", "CAST(dayofweek(", ") + 1 AS INTEGER)"},
    {"DAYOFWEEK", "CAST(dayofweek(", ") + 1 AS INTEGER)"},
    {"DOW_ISO", "CAST(isodow(", ") AS INTEGER)"},
    {"DAYOFWEEK_ISO", "CAST(isodow(", ") AS INTEGER)"},
    {"YEAROFWEEK", "CAST(isoyear(", ") AS INTEGER)"},
    {"SECOND", "firn_seconds(", ")"},
    {"SECONDS", "firn_seconds(", ")"},
    {"SEC", "firn_seconds(", ")"},
    {"SECS", "firn_seconds(", ")"},
    {"S", "firn_seconds(", ")"},
    {NULL, NULL, NULL},
};

firn_status firn_dialect_extract_spark(firn_dialect_writer *w, const firn_dialect_call *call,
                                       firn_error *err)
{
    const size_t field = call->args[0];
    bool is_special = !firn_dialect_is_word(w, field + 1, "FROM");
    for (const extract_field *f = k_spark_fields; f->name; f++)
        is_special |= firn_dialect_is_word(w, field, f->name);
    if (is_special) return extract(w, call, k_spark_fields, err);
    FIRN_TRY(firn_dialect_put(w, call->name, "CAST(", err));
    FIRN_TRY(extract(w, call, k_spark_fields, err));
    return firn_dialect_put(w, call->name, " AS INTEGER)", err);
}

firn_status firn_dialect_part_spark(firn_dialect_writer *w, const firn_dialect_call *call,
                                    firn_error *err)
{
    firn_str name;
    if (!firn_dialect_string(w, call->args[0], &name))
        return firn_dialect_fail_at(w, call->args[0], "expected the name of a field in quotes",
                                    err);
    const extract_field *field = k_spark_fields;
    while (field->name && !firn_str_equals_nocase(name, firn_str_of(field->name))) field++;
    if (field->name) {
        FIRN_TRY(firn_dialect_put(w, call->name, field->before, err));
        FIRN_TRY(firn_dialect_emit_arg(w, call, 1, err));
        return firn_dialect_put(w, call->name, field->after, err);
    }
    FIRN_TRY(firn_dialect_put(w, call->name, "CAST(date_part(", err));
    FIRN_TRY(firn_dialect_put_string(w, call->args[0], name, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ", ", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 1, err));
    return firn_dialect_put(w, call->name, ") AS INTEGER)", err);
}

firn_status firn_dialect_extract_trino(firn_dialect_writer *w, const firn_dialect_call *call,
                                       firn_error *err)
{
    static const extract_field k_fields[] = {
        {"DOW", "isodow(", ")"},
        {"DAY_OF_WEEK", "isodow(", ")"},
        {"DAY_OF_YEAR", "dayofyear(", ")"},
        {"DAY_OF_MONTH", "day(", ")"},
        {"YEAR_OF_WEEK", "isoyear(", ")"},
        {"YOW", "isoyear(", ")"},
        {NULL, NULL, NULL},
    };
    return extract(w, call, k_fields, err);
}

/* ---- others ---- */

firn_status firn_dialect_date_add(firn_dialect_writer *w, const firn_dialect_call *call,
                                  firn_error *err)
{
    static const char *const k_units[] = {"millisecond", "second", "minute",  "hour", "day",
                                          "week",        "month",  "quarter", "year"};
    firn_str unit;
    const char *found = NULL;
    const bool has_unit = firn_dialect_string(w, call->args[0], &unit);
    for (size_t i = 0; has_unit && i < sizeof k_units / sizeof *k_units; i++) {
        if (firn_str_equals_nocase(unit, firn_str_of(k_units[i]))) found = k_units[i];
    }
    if (!found)
        return firn_dialect_fail_at(w, call->args[0], "expected a unit of time in quotes", err);
    FIRN_TRY(firn_dialect_put(w, call->name, "date_add(", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 2, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ", INTERVAL (", err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 1, err));
    FIRN_TRY(firn_dialect_put(w, call->name, ") ", err));
    FIRN_TRY(firn_dialect_put(w, call->name, found, err));
    return firn_dialect_put(w, call->name, ")", err);
}
