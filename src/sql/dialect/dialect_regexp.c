/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of Java for the engine's RE2: groups with names, replacements with $1 and ${name}, a
 * function for what replaces, places to begin at. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_functions.h"

#define MAX_GROUPS 50

/* ---- groups of a pattern ---- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* "(?<name>" at i; not "(?<=" and "(?<!". */
static bool names_group(firn_str pattern, size_t i)
{
    return i + 3 < pattern.len && memcmp(pattern.data + i, "(?<", 3) == 0 &&
           is_name_byte(pattern.data[i + 3]);
}

/* How many groups the pattern has; with a name, the number of that group, 0 when there is none. */
static int count_groups(firn_str pattern, firn_str name)
{
    int n = 0;
    bool is_class = false;
    for (size_t i = 0; i < pattern.len; i++) {
        const char c = pattern.data[i];
        if (c == '\\') {
            i++;
            continue;
        }
        if (c == '[') is_class = true;
        if (c == ']') is_class = false;
        if (c != '(' || is_class) continue;
        const bool is_plain = i + 1 == pattern.len || pattern.data[i + 1] != '?';
        if (is_plain || names_group(pattern, i)) n++;
        if (is_plain || name.len == 0 || !names_group(pattern, i)) continue;
        const firn_str rest = firn_str_slice(pattern, i + 3, pattern.len);
        if (firn_str_starts_with(rest, name) && rest.len > name.len && rest.data[name.len] == '>')
            return n;
    }
    return name.len == 0 ? n : 0;
}

bool firn_dialect_is_named_pattern(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_prefixes[] = {"regexp", "REGEXP", "rlike", "RLIKE"};
    const firn_str text = firn_dialect_token(w, i)->text;
    if (firn_str_find(text, FIRN_STR("(?<"), 0) == SIZE_MAX || i < 3) return false;
    if (!firn_dialect_is_symbol(w, i - 1, ",")) return false;
    for (i--; i > 0 && !firn_dialect_is_symbol(w, i, "(");) {
        const size_t match = w->match[--i];
        if (match != FIRN_NO_MATCH && match < i) i = match > 0 ? match - 1 : 0;
    }
    for (size_t k = 0; i > 0 && k < sizeof k_prefixes / sizeof *k_prefixes; k++) {
        if (firn_str_starts_with(w->t[i - 1].text, firn_str_of(k_prefixes[k]))) return true;
    }
    return false;
}

firn_status firn_dialect_put_pattern(firn_dialect_writer *w, size_t token, firn_error *err)
{
    firn_str pattern;
    if (!firn_dialect_string(w, token, &pattern)) return firn_fail_nomem(err);
    char *out = firn_arena_alloc(w->arena, 2 * pattern.len + 1);
    size_t n = 0;
    if (!out) return firn_fail_nomem(err);
    for (size_t i = 0; i < pattern.len; i++) {
        const bool is_named = names_group(pattern, i);
        if (pattern.data[i] == '\\' && i + 1 < pattern.len) out[n++] = pattern.data[i++];
        out[n++] = pattern.data[i];
        if (!is_named) continue;
        out[n++] = '?';
        out[n++] = 'P';
        i++;
    }
    return firn_dialect_put_string(w, token, (firn_str){out, n}, err);
}

/* ---- replacements ---- */

/* "${name}" at i: the number of the group; 0: none. */
static int named_group(firn_str text, size_t i, firn_str pattern, size_t *end)
{
    const size_t close = firn_str_find(text, FIRN_STR("}"), i);
    if (i + 1 >= text.len || text.data[i + 1] != '{' || close == SIZE_MAX) return 0;
    *end = close;
    return count_groups(pattern, firn_str_slice(text, i + 2, close));
}

/* $1 and ${name} are \1 here, a backslash takes the next character as it is. False: a group that
 * is not there. */
static bool write_replacement(firn_str text, firn_str pattern, char *out, size_t *n_out)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        const char next = (char)(i + 1 < text.len ? text.data[i + 1] : '\0');
        size_t end = 0;
        if (c == '$' && next >= '0' && next <= '9') {
            out[n++] = '\\';
        } else if (c == '$' && next == '{') {
            const int group = named_group(text, i, pattern, &end);
            if (group < 1 || group > 9) return false;
            out[n++] = '\\';
            out[n++] = (char)('0' + group);
            i = end;
        } else if (c == '\\' && next != '\0') {
            if (next == '\\') out[n++] = '\\';
            out[n++] = next;
            i++;
        } else {
            out[n++] = c;
        }
    }
    *n_out = n;
    return true;
}

static firn_status put_replacement(firn_dialect_writer *w, const firn_dialect_call *call,
                                   firn_error *err)
{
    firn_str text = FIRN_STR("");
    firn_str pattern = {0};
    size_t n = 0;
    (void)firn_dialect_string(w, call->args[1], &pattern);
    const bool is_literal = call->n_args == 2 || (call->args[3] == call->args[2] + 2 &&
                                                  firn_dialect_string(w, call->args[2], &text));
    if (!is_literal) return firn_dialect_emit_arg(w, call, 2, err);
    char *copy = firn_arena_alloc(w->arena, 2 * text.len + 1);
    if (!copy) return firn_fail_nomem(err);
    if (!write_replacement(text, pattern, copy, &n))
        return firn_dialect_fail_at(w, call->args[2], "expected a group that the pattern has", err);
    return firn_dialect_put_string(w, call->name, (firn_str){copy, n}, err);
}

/* ---- regexp_replace(s, p, x -> ..): x is the array of a match's groups ---- */

static firn_status put_groups(firn_dialect_writer *w, const firn_dialect_call *call, int n,
                              firn_error *err)
{
    char group[64];
    FIRN_TRY(firn_dialect_put(w, call->name, "[", err));
    for (int i = 1; i <= n; i++) {
        FIRN_TRY(firn_dialect_put_arg(
            w, call, i > 1 ? ", regexp_extract(\"firn_m\"[2], " : "regexp_extract(\"firn_m\"[2], ",
            1, "", err));
        (void)snprintf(group, sizeof group, ", %d)", i);
        FIRN_TRY(firn_dialect_put(w, call->name, group, err));
    }
    return firn_dialect_put(w, call->name, n > 0 ? "]" : "NULL::VARCHAR]", err);
}

/* Each text between two matches, and what is made of the match behind it. */
static firn_status put_computed(firn_dialect_writer *w, const firn_dialect_call *call,
                                firn_error *err)
{
    firn_str pattern;
    if (!firn_dialect_string(w, call->args[1], &pattern))
        return firn_dialect_fail_at(w, call->args[1], "expected a pattern in quotes", err);
    const int n = count_groups(pattern, (firn_str){0});
    if (n > MAX_GROUPS)
        return firn_dialect_fail_at(w, call->args[1], "expected at most 50 groups", err);
    FIRN_TRY(firn_dialect_put_arg(
        w, call, "array_to_string(list_transform(list_zip(string_split_regex(", 0, ", ", err));
    FIRN_TRY(firn_dialect_put_arg(w, call, "", 1, "), regexp_extract_all(", err));
    FIRN_TRY(firn_dialect_put_arg(w, call, "", 0, ", ", err));
    FIRN_TRY(firn_dialect_put_arg(
        w, call, "", 1,
        ")), lambda \"firn_m\": \"firn_m\"[1] || CASE WHEN \"firn_m\"[2] IS NULL THEN '' ELSE "
        "list_transform([",
        err));
    FIRN_TRY(put_groups(w, call, n, err));
    FIRN_TRY(firn_dialect_put_arg(w, call, "], ", 2, ")[1] END), '')", err));
    return FIRN_OK;
}

firn_status firn_dialect_regexp_replace(firn_dialect_writer *w, const firn_dialect_call *call,
                                        firn_error *err)
{
    const bool is_computed =
        call->n_args == 3 && firn_dialect_is_symbol(w, firn_dialect_skip(w, call->args[2]), "->");
    const bool has_place = call->n_args == 4;
    if (is_computed) return put_computed(w, call, err);
    if (has_place) {
        FIRN_TRY(firn_dialect_put_arg(w, call, "(left(", 0, ", ", err));
        FIRN_TRY(firn_dialect_put_arg(w, call, "(", 3, ") - 1) || ", err));
    }
    FIRN_TRY(firn_dialect_put_arg(
        w, call, has_place ? "regexp_replace(substring(" : "regexp_replace(", 0, ", ", err));
    if (has_place) FIRN_TRY(firn_dialect_put_arg(w, call, "", 3, "), ", err));
    FIRN_TRY(firn_dialect_put_arg(w, call, "", 1, ", ", err));
    FIRN_TRY(put_replacement(w, call, err));
    return firn_dialect_put(w, call->name, has_place ? ", 'g'))" : ", 'g')", err);
}
