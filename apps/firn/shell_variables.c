/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_variables.h"

#include "base/error.h"
#include "base/str.h"
#include "sql/parser/lexer.h"

bool shell_variable_name_is_valid(firn_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && (i == 0 || c < '0' || c > '9')) return false;
    }
    return name.len > 0;
}

static firn_property *find(const shell_variables *v, firn_str name)
{
    for (size_t i = 0; i < v->n; i++)
        if (firn_str_equals(v->items[i].key, name)) return &v->items[i];
    return NULL;
}

firn_status shell_variable_set(shell_variables *v, firn_str name, firn_str value, firn_error *err)
{
    if (!shell_variable_name_is_valid(name))
        return firn_fail(err, FIRN_ERR_ARG,
                         "a variable's name has letters, digits and underscores, found \"%.*s\"",
                         FIRN_STR_ARG(name));
    firn_property *item = find(v, name);
    if (!item) {
        item = firn_arena_push(v->arena, &v->items, &v->n, &v->cap, sizeof *item);
        if (!item) return firn_fail_nomem(err);
        item->key = firn_arena_copy(v->arena, name);
    }
    item->value = firn_arena_copy(v->arena, value);
    return item->key.data && item->value.data ? FIRN_OK : firn_fail_nomem(err);
}

void shell_variable_unset(shell_variables *v, firn_str name)
{
    firn_property *item = find(v, name);
    if (item) *item = v->items[--v->n];
}

firn_str shell_variable_get(const shell_variables *v, firn_str name)
{
    const firn_property *item = find(v, name);
    return item ? item->value : (firn_str){NULL, 0};
}

static void put_quoted(firn_buf *out, firn_str value, char mark, bool has_escapes)
{
    firn_buf_byte(out, (uint8_t)mark);
    for (size_t i = 0; i < value.len; i++) {
        const char c = value.data[i];
        if (has_escapes && (c == '\\' || c == mark))
            firn_buf_byte(out, '\\');
        else if (c == mark)
            firn_buf_byte(out, (uint8_t)mark);
        firn_buf_byte(out, (uint8_t)c);
    }
    firn_buf_byte(out, (uint8_t)mark);
}

/* The variable that begins at a colon; false: none that is set. *end: behind it. */
static bool put_variable(const shell_variables *v, firn_str sql, size_t colon, firn_dialect dialect,
                         firn_buf *out, size_t *end)
{
    size_t from = colon + 1;
    char mark = '\0';
    if (from < sql.len) mark = sql.data[from];
    const bool is_marked = mark == '\'' || mark == '"';
    if (is_marked) from++;
    size_t to = from;
    while (to < sql.len && shell_variable_name_is_valid(firn_str_slice(sql, from, to + 1))) to++;
    if (is_marked && (to >= sql.len || sql.data[to] != mark)) return false;
    const firn_str value = shell_variable_get(v, firn_str_slice(sql, from, to));
    if (!value.data) return false;
    *end = to + (is_marked ? 1 : 0);
    const bool is_spark = dialect == FIRN_DIALECT_SPARK;
    if (mark == '\'')
        put_quoted(out, value, '\'', is_spark);
    else if (mark == '"')
        put_quoted(out, value, is_spark ? '`' : '"', false);
    else
        firn_buf_str(out, value);
    return true;
}

firn_status shell_variables_expand(const shell_variables *v, firn_str sql, firn_dialect dialect,
                                   firn_buf *out, firn_error *err)
{
    firn_lexer lexer = firn_lexer_of(sql);
    size_t copied = 0;
    lexer.dialect = dialect;
    while (v->n > 0) {
        const firn_token token = firn_lexer_next(&lexer);
        size_t end = 0;
        if (token.kind == FIRN_TOKEN_END || token.text.len == 0) break;
        if (token.text.data[0] != ':' || firn_token_is_symbol(&token, "::") ||
            firn_token_is_symbol(&token, ":="))
            continue;
        firn_buf_str(out, firn_str_slice(sql, copied, token.offset));
        copied = token.offset;
        if (!put_variable(v, sql, token.offset, dialect, out, &end)) continue;
        copied = end;
        lexer.at = end;
    }
    firn_buf_str(out, firn_str_slice(sql, copied, sql.len));
    return firn_buf_check(out, err);
}
