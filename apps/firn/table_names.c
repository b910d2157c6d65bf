/* SPDX-License-Identifier: Apache-2.0 */
/* Names of tables as arguments and in lists: "ns.t", with parts that hold dots in double quotes. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/txn/catalog_walk.h"
#include "table_actions.h"

/* ---- reading ---- */

/* "a.b""c" up to the closing quote; *rest is behind the dot after it. */
static firn_status take_quoted(app *a, firn_str *rest, firn_str *out, firn_error *err)
{
    char *text = firn_arena_alloc(a->arena, rest->len + 1);
    size_t i = 1;
    size_t n = 0;
    bool is_closed = false;
    if (!text) return firn_fail_nomem(err);
    for (; i < rest->len && !is_closed; i++) {
        const bool is_quote = rest->data[i] == '"';
        const bool is_double = is_quote && i + 1 < rest->len && rest->data[i + 1] == '"';
        is_closed = is_quote && !is_double;
        if (is_double) i++;
        if (!is_closed) text[n++] = rest->data[i];
    }
    if (!is_closed || (i < rest->len && rest->data[i] != '.'))
        return firn_fail(err, FIRN_ERR_ARG, "expected a name in double quotes, found %.*s",
                         FIRN_STR_ARG(*rest));
    *out = (firn_str){text, n};
    *rest = i < rest->len ? firn_str_slice(*rest, i + 1, rest->len) : (firn_str){0};
    return FIRN_OK;
}

firn_status table_parse_ident(app *a, const char *text, bool is_namespace, firn_ident *out,
                              firn_error *err)
{
    firn_str rest = firn_str_of(text);
    firn_str *parts = firn_arena_array(a->arena, FIRN_LIMIT_NESTING, sizeof *parts);
    size_t n = 0;
    if (!parts) return firn_fail_nomem(err);
    while (rest.data && n < FIRN_LIMIT_NESTING) {
        if (firn_str_starts_with(rest, FIRN_STR("\"")))
            FIRN_TRY(take_quoted(a, &rest, &parts[n++], err));
        else
            parts[n++] = firn_str_split(&rest, '.');
    }
    if (!is_namespace && n > 2 && firn_str_equals(parts[0], firn_catalog_name(a->catalog))) {
        parts++;
        n--;
    }
    if (!is_namespace && n < 2)
        return firn_fail(err, FIRN_ERR_ARG, "expected NAMESPACE.TABLE, found \"%s\"", text);
    *out = (firn_ident){.levels = parts, .n_levels = is_namespace ? n : n - 1};
    if (!is_namespace) out->name = parts[n - 1];
    return FIRN_OK;
}

/* ---- writing ---- */

static void put_part(firn_buf *out, firn_str part)
{
    const bool is_plain =
        part.len > 0 && part.data[0] != '"' && firn_str_find(part, FIRN_STR("."), 0) == SIZE_MAX;
    if (is_plain) {
        firn_buf_str(out, part);
        return;
    }
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < part.len; i++) {
        if (part.data[i] == '"') firn_buf_byte(out, '"');
        firn_buf_byte(out, (uint8_t)part.data[i]);
    }
    firn_buf_byte(out, '"');
}

firn_status table_ident_text(const firn_ident *ident, firn_arena *arena, firn_str *out,
                             firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, 0);
    for (size_t i = 0; i < ident->n_levels; i++) {
        put_part(&buf, ident->levels[i]);
        firn_buf_byte(&buf, '.');
    }
    put_part(&buf, ident->name);
    firn_status st = firn_buf_check(&buf, err);
    if (st == FIRN_OK) {
        *out = firn_arena_copy(arena, firn_buf_view(&buf));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(&buf);
    return st;
}

/* ---- all of them ---- */

firn_status table_list_all(const app *a, const firn_ident *top, firn_arena *arena, firn_ident **out,
                           size_t *n_out, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(a->catalog);
    firn_ident *namespaces = NULL;
    firn_ident *all = NULL;
    size_t n_namespaces = 0;
    size_t n = 0;
    size_t cap = 0;
    FIRN_TRY(firn_catalog_namespaces(a->catalog, top, arena, &namespaces, &n_namespaces, err));
    for (size_t i = 0; i < n_namespaces; i++) {
        firn_ident *found = NULL;
        size_t n_found = 0;
        FIRN_TRY(ops->list_tables(firn_catalog_ctx(a->catalog), &namespaces[i], arena, &found,
                                  &n_found, err));
        for (size_t k = 0; k < n_found; k++) {
            firn_ident *slot = firn_arena_push(arena, &all, &n, &cap, sizeof *slot);
            if (!slot) return firn_fail_nomem(err);
            *slot = found[k];
        }
    }
    *out = all;
    *n_out = n;
    return FIRN_OK;
}
