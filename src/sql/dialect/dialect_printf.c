/* SPDX-License-Identifier: Apache-2.0 */
/* format() and format_string() with the conversions of java.util.Formatter, in the engine's
 * printf(): that has no places of arguments ("%2$s") and no times ("%tY"), wants text for %s and a
 * double for %f, and rounds halves to even. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_functions.h"

/* One conversion of a pattern. */
typedef struct conversion {
    firn_str flags; /* flags, width and precision */
    size_t arg;     /* of the call */
    int digits;     /* behind the point */
    char letter;    /* 't': of a time, by part */
    char part;
} conversion;

/* The conversion whose percent sign is before *at. False: none that is known. */
static bool read_conversion(firn_str pattern, size_t *at, size_t *next_arg, conversion *out)
{
    size_t from = *at;
    size_t place = 0;
    size_t i = from;
    *out = (conversion){.digits = 6};
    while (i < pattern.len && pattern.data[i] >= '0' && pattern.data[i] <= '9' && place < 1000)
        place = place * 10 + (size_t)(pattern.data[i++] - '0');
    const bool has_place = place > 0 && i < pattern.len && pattern.data[i] == '$';
    if (has_place) from = i + 1;
    for (i = from; i < pattern.len && strchr("-+ #,(.0123456789", pattern.data[i]); i++) {
        const bool is_digit = pattern.data[i] >= '0' && pattern.data[i] <= '9';
        if (pattern.data[i] == '.') out->digits = 0;
        if (is_digit && i > from && pattern.data[i - 1] == '.') out->digits = pattern.data[i] - '0';
    }
    if (i >= pattern.len) return false;
    out->flags = firn_str_slice(pattern, from, i);
    out->letter = pattern.data[i++];
    if (out->letter == 't' || out->letter == 'T') {
        if (i >= pattern.len) return false;
        out->part = pattern.data[i++];
    }
    *at = i;
    if (out->letter == '%' || out->letter == 'n') return true;
    out->arg = has_place ? place : (*next_arg)++;
    return true;
}

/* A part of a time in strftime()'s words; NULL: none. */
static const char *time_part(char part)
{
    static const char *const k_parts[][2] = {
        {"A", "%A"},       {"a", "%a"},    {"B", "%B"},      {"b", "%b"}, {"h", "%b"},
        {"Y", "%Y"},       {"y", "%y"},    {"m", "%m"},      {"d", "%d"}, {"e", "%-d"},
        {"j", "%j"},       {"H", "%H"},    {"k", "%-H"},     {"I", "%I"}, {"l", "%-I"},
        {"M", "%M"},       {"S", "%S"},    {"L", "%g"},      {"p", "%p"}, {"F", "%Y-%m-%d"},
        {"T", "%H:%M:%S"}, {"R", "%H:%M"}, {"D", "%m/%d/%y"}};
    for (size_t i = 0; i < sizeof k_parts / sizeof *k_parts; i++)
        if (k_parts[i][0][0] == part) return k_parts[i][1];
    return NULL;
}

/* What the engine's pattern has for it. */
static void put_conversion(const conversion *c, firn_buf *out)
{
    if (c->letter == 'n') {
        firn_buf_byte(out, '\n');
        return;
    }
    firn_buf_byte(out, '%');
    if (c->letter == '%') {
        firn_buf_byte(out, '%');
        return;
    }
    const bool is_text = strchr("bBtThHS", c->letter) != NULL;
    firn_buf_str(out, c->flags);
    firn_buf_byte(out, (uint8_t)(is_text ? 's' : c->letter));
}

static firn_status emit_converted(firn_dialect_writer *w, const firn_dialect_call *call,
                                  const conversion *c, firn_error *err)
{
    char after[48];
    const bool is_spark = w->opts->dialect == FIRN_DIALECT_SPARK;
    switch (c->letter) {
    case 's':
        return firn_dialect_put_arg(w, call,
                                    is_spark ? ", coalesce(CAST(firn_text(" : ", coalesce(CAST((",
                                    c->arg, ") AS VARCHAR), 'null')", err);
    case 'S':
        return firn_dialect_put_arg(w, call, ", upper(coalesce(CAST((", c->arg,
                                    ") AS VARCHAR), 'null'))", err);
    case 'b': return firn_dialect_put_arg(w, call, ", firn_is_true(", c->arg, ")", err);
    case 'f':
        (void)snprintf(after, sizeof after, ", %d) AS DOUBLE)", c->digits);
        return firn_dialect_put_arg(w, call, ", CAST(round(", c->arg, after, err);
    case 'e': return firn_dialect_put_arg(w, call, ", CAST(", c->arg, " AS DOUBLE)", err);
    case 't':
        (void)snprintf(after, sizeof after, ", '%s')", time_part(c->part));
        return firn_dialect_put_arg(w, call, ", strftime(", c->arg, after, err);
    default: return firn_dialect_put_arg(w, call, ", ", c->arg, "", err);
    }
}

/* Reads a pattern twice: for its text, and for the arguments in the order of their use. */
static firn_status put_pattern(firn_dialect_writer *w, const firn_dialect_call *call,
                               firn_str pattern, firn_buf *out, firn_error *err)
{
    size_t next_arg = 1;
    for (size_t at = 0; at < pattern.len;) {
        conversion c;
        if (pattern.data[at] != '%') {
            firn_buf_byte(out, (uint8_t)pattern.data[at++]);
            continue;
        }
        at++;
        const bool is_known = read_conversion(pattern, &at, &next_arg, &c) &&
                              strchr("sSbdfexXocgGtn%", c.letter) &&
                              (c.letter != 't' || time_part(c.part));
        if (!is_known)
            return firn_dialect_fail_at(w, call->args[0],
                                        "not supported: a conversion of the format", err);
        if (c.arg >= call->n_args)
            return firn_dialect_fail_at(w, call->args[0],
                                        "expected an argument for each conversion", err);
        put_conversion(&c, out);
    }
    FIRN_TRY(firn_buf_check(out, err));
    return firn_dialect_put_string(w, call->args[0], firn_buf_view(out), err);
}

static firn_status put_arguments(firn_dialect_writer *w, const firn_dialect_call *call,
                                 firn_str pattern, firn_error *err)
{
    size_t next_arg = 1;
    for (size_t at = 0; at < pattern.len;) {
        conversion c;
        if (pattern.data[at++] != '%') continue;
        if (!read_conversion(pattern, &at, &next_arg, &c)) break;
        if (c.arg > 0) FIRN_TRY(emit_converted(w, call, &c, err));
    }
    return FIRN_OK;
}

/* A pattern that is not written out is the engine's. */
firn_status firn_dialect_printf(firn_dialect_writer *w, const firn_dialect_call *call,
                                firn_error *err)
{
    firn_str pattern;
    firn_buf buf;
    FIRN_TRY(firn_dialect_put(w, call->name, "printf(", err));
    if (call->args[1] != call->args[0] + 2 || !firn_dialect_string(w, call->args[0], &pattern)) {
        FIRN_TRY(firn_dialect_emit(w, call->open + 1, call->close, err));
        return firn_dialect_put(w, call->name, ")", err);
    }
    firn_buf_init(&buf, NULL, 2 * pattern.len + 16);
    const firn_status st = put_pattern(w, call, pattern, &buf, err);
    firn_buf_dispose(&buf);
    FIRN_TRY(st);
    FIRN_TRY(put_arguments(w, call, pattern, err));
    return firn_dialect_put(w, call->name, ")", err);
}
