/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/engine/json_text.h"

#include <string.h>

#include "base/str.h"
#include "format/json/json_escape.h"

/* The place behind the text in quotes at `at`. */
static size_t skip_text(firn_str json, size_t at)
{
    for (at++; at < json.len && json.data[at] != '"'; at++)
        if (json.data[at] == '\\') at++;
    return at < json.len ? at + 1 : json.len;
}

/* The comma behind the value at `at`, or what closes that it is in; the end. */
static size_t skip_value(firn_str json, size_t at)
{
    for (size_t depth = 0; at < json.len;) {
        const char c = json.data[at];
        if (c == '"') {
            at = skip_text(json, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) return at;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
    }
    return json.len;
}

firn_json_walk firn_json_walk_of(firn_str json)
{
    const char first = (char)(json.len > 1 ? json.data[0] : '\0');
    const bool is_nested = first == '{' || first == '[';
    return (firn_json_walk){
        .json = json, .at = is_nested ? 1 : json.len, .is_object = first == '{'};
}

bool firn_json_walk_next(firn_json_walk *walk)
{
    const firn_str json = walk->json;
    size_t from = walk->at;
    if (from + 1 >= json.len) return false;
    walk->key = (firn_str){0};
    if (walk->is_object) {
        const size_t colon = skip_text(json, from);
        walk->key = firn_str_slice(json, from, colon);
        from = colon + 1;
    }
    const size_t end = skip_value(json, from);
    walk->value = firn_str_slice(json, from, end);
    walk->at = end + 1;
    return true;
}

void firn_json_text_plain(firn_str string, firn_buf *out)
{
    const char *p = string.data + 1;
    const char *const end = string.data + (string.len > 1 ? string.len - 1 : 1);
    while (p < end) {
        const char *why = NULL;
        const char *escape = memchr(p, '\\', (size_t)(end - p));
        const char *plain_end = escape ? escape : end;
        firn_buf_append(out, p, (size_t)(plain_end - p));
        if (!escape) return;
        p = firn_json_unescape(escape + 1, end, out, &why);
        if (p) continue;
        firn_buf_cstr(out, "\xEF\xBF\xBD");
        p = escape + 6 < end ? escape + 6 : end;
    }
}

bool firn_json_text_is(firn_str key, firn_str name)
{
    firn_buf buf;
    if (key.len < 2) return false;
    const firn_str inner = firn_str_slice(key, 1, key.len - 1);
    if (!memchr(inner.data, '\\', inner.len)) return firn_str_equals(inner, name);
    firn_buf_init(&buf, NULL, UINT32_MAX);
    firn_json_text_plain(key, &buf);
    const bool is_same = firn_str_equals(firn_buf_view(&buf), name);
    firn_buf_dispose(&buf);
    return is_same;
}
