/* SPDX-License-Identifier: Apache-2.0 */
/* Values given as text that is not JSON: fields of CSV, keys of maps. Numbers and booleans are
 * taken as people write them and then go through the same functions as those of JSON. */
#include "base/limits.h"
#include "base/str.h"
#include "format/text/ndjson_internal.h"

/* As much of a text as a message shows. */
static firn_str shown(firn_str text)
{
    size_t n = text.len < 40 ? text.len : 40;

    while (n > 0 && n < text.len && ((uint8_t)text.data[n] & 0xC0) == 0x80) n--;
    return (firn_str){text.data, n};
}

static bool refuse_text(ndjson_line *line, const ndjson_node *node, firn_str text)
{
    return ndjson_refuse(firn_fail(
        &line->reason, FIRN_ERR_CORRUPT, "expected %s for \"%.*s\", found \"%.*s\"",
        ndjson_expected(node->type), FIRN_STR_ARG(node->name), FIRN_STR_ARG(shown(text))));
}

bool ndjson_text_boolean(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                         firn_str text)
{
    static const firn_str k_words[] = {
        FIRN_STR_INIT("false"), FIRN_STR_INIT("true"), FIRN_STR_INIT("f"),  FIRN_STR_INIT("t"),
        FIRN_STR_INIT("0"),     FIRN_STR_INIT("1"),    FIRN_STR_INIT("no"), FIRN_STR_INIT("yes"),
        FIRN_STR_INIT("n"),     FIRN_STR_INIT("y")};
    const firn_str word = firn_str_trim(text);

    for (size_t i = 0; i < sizeof k_words / sizeof k_words[0]; i++) {
        if (!firn_str_equals_nocase(word, k_words[i])) continue;
        ((uint8_t *)column->values)[row] = i & 1;
        return true;
    }
    return refuse_text(line, node, text);
}

/* A number as JSON writes it, in out: no plus, no leading zeros, digits around the point. Whatever
 * is no number stays none. Returns its length. */
static size_t normalize(firn_str s, char *out)
{
    size_t n = 0;
    size_t at = 0;

    if (s.data[at] == '-') out[n++] = '-';
    if (s.data[at] == '-' || s.data[at] == '+') at++;
    while (at + 1 < s.len && s.data[at] == '0' && ndjson_is_digit(s.data[at + 1])) at++;
    if (at < s.len && s.data[at] == '.' && at + 1 < s.len && ndjson_is_digit(s.data[at + 1]))
        out[n++] = '0';
    for (; at < s.len; at++) {
        const bool is_last_digit = at + 1 == s.len || !ndjson_is_digit(s.data[at + 1]);
        const bool is_bare_point =
            s.data[at] == '.' && is_last_digit && at > 0 && ndjson_is_digit(s.data[at - 1]);
        if (!is_bare_point) out[n++] = s.data[at];
    }
    return n;
}

/* NaN and infinities, for types that have them. */
static bool store_special(const ndjson_node *node, firn_column *column, int64_t row, firn_str text)
{
    const firn_type_kind kind = node->type->kind;
    const char last = (char)(text.data[text.len - 1] | 0x20);
    double value;

    if (kind != FIRN_TYPE_FLOAT && kind != FIRN_TYPE_DOUBLE) return false;
    if (last != 'n' && last != 'f' && last != 'y') return false;
    if (!firn_str_to_f64(text, &value)) return false;
    if (kind == FIRN_TYPE_DOUBLE)
        ((double *)column->values)[row] = value;
    else
        ((float *)column->values)[row] = (float)value;
    return true;
}

static bool loose_number(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                         firn_str text)
{
    char number[FIRN_LIMIT_JSON_NUMBER + NDJSON_PADDING + 2];
    const firn_str word = firn_str_trim(text);
    const char *end;
    size_t n;

    if (word.len == 0) return refuse_text(line, node, text);
    if (word.len > FIRN_LIMIT_JSON_NUMBER)
        return ndjson_refuse(firn_fail(&line->reason, FIRN_ERR_LIMIT,
                                       "number of %zu bytes, limit %d", word.len,
                                       FIRN_LIMIT_JSON_NUMBER));
    if (store_special(node, column, row, word)) return true;
    n = normalize(word, number);
    memset(number + n, 0, NDJSON_PADDING);
    number[n] = '\n';
    if (!ndjson_is_digit(number[number[0] == '-'])) return refuse_text(line, node, text);
    end = node->parse(line, node, column, row, number);
    if (!end) return false;
    return end == number + n || refuse_text(line, node, text);
}

bool ndjson_text_number(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                        firn_str text)
{
    if (text.len > 0 && (ndjson_is_digit(text.data[0]) || text.data[0] == '-')) {
        const char *end = node->parse(line, node, column, row, text.data);
        if (end == text.data + text.len) return true;
    }
    return loose_number(line, node, column, row, text);
}

bool ndjson_text_json(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                      firn_str text)
{
    const char *end = node->parse(line, node, column, row, ndjson_skip_space(text.data));

    if (!end) return false;
    end = ndjson_skip_space(end);
    return end == text.data + text.len ||
           ndjson_refuse(firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                   "expected the end of the value for \"%.*s\", found %s",
                                   FIRN_STR_ARG(node->name), ndjson_found(end)));
}
