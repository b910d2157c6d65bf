/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/rewrite/sort_order_text.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/transform.h"

typedef struct parser {
    const firn_schema *schema;
    firn_arena *arena;
} parser;

/* The word at *rest, which moves behind it and the blanks around. */
static firn_str next_word(firn_str *rest)
{
    *rest = firn_str_trim(*rest);
    size_t n = 0;
    while (n < rest->len && rest->data[n] != ' ' && rest->data[n] != '(') n++;
    const firn_str word = firn_str_slice(*rest, 0, n);
    *rest = firn_str_trim(firn_str_slice(*rest, n, rest->len));
    return word;
}

static bool accept(firn_str *rest, const char *word)
{
    firn_str after = *rest;
    if (!firn_str_equals_nocase(next_word(&after), firn_str_of(word))) return false;
    *rest = after;
    return true;
}

/* "(inside) rest": inside, and *rest moves on. data NULL: no parentheses. */
static firn_str take_parentheses(firn_str *rest)
{
    if (!firn_str_starts_with(*rest, FIRN_STR("("))) return (firn_str){0};
    const size_t end = firn_str_find(*rest, FIRN_STR(")"), 1);
    if (end == SIZE_MAX) return (firn_str){0};
    const firn_str inside = firn_str_slice(*rest, 1, end);
    *rest = firn_str_trim(firn_str_slice(*rest, end + 1, rest->len));
    return inside;
}

static firn_str unquote(firn_str name)
{
    name = firn_str_trim(name);
    if (name.len < 2 || (name.data[0] != '`' && name.data[0] != '"')) return name;
    return name.data[name.len - 1] == name.data[0] ? firn_str_slice(name, 1, name.len - 1) : name;
}

static firn_status find_column(const parser *p, firn_str name, const firn_field **out,
                               firn_error *err)
{
    *out = firn_schema_find_name(p->schema, unquote(name));
    if (*out) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_NOT_FOUND, "the table has no column \"%.*s\"",
                     FIRN_STR_ARG(name));
}

/* "column" or "transform(column)", "bucket(4, column)". */
static firn_status parse_transform(const parser *p, firn_str word, firn_str inside,
                                   firn_sort_field *out, firn_error *err)
{
    const firn_field *field = NULL;
    firn_str name = word;
    firn_str text = FIRN_STR("identity");
    int64_t number = 0;
    if (inside.data) {
        firn_str second = inside;
        name = firn_str_trim(firn_str_split(&second, ','));
        second = firn_str_trim(second);
        if (firn_str_to_i64(name, &number)) {
            name = second;
            second = firn_str_of("");
        } else if (second.len > 0 && !firn_str_to_i64(second, &number)) {
            return firn_fail(err, FIRN_ERR_ARG, "found \"%.*s\", expected a number",
                             FIRN_STR_ARG(second));
        }
        if (firn_str_ends_with(word, FIRN_STR("s"))) word.len--; /* days(ts) */
        text = number > 0 ? firn_arena_printf(p->arena, "%.*s[%lld]", FIRN_STR_ARG(word),
                                              (long long)number)
                          : word;
        if (!text.data) return firn_fail_nomem(err);
    }
    FIRN_TRY(find_column(p, name, &field, err));
    FIRN_TRY(firn_transform_parse(text, &out->transform, err));
    if (out->transform.kind == FIRN_TRANSFORM_UNKNOWN)
        return firn_fail(err, FIRN_ERR_ARG, "there is no transform %.*s", FIRN_STR_ARG(text));
    out->source_id = field->id;
    return FIRN_OK;
}

static firn_status parse_item(const parser *p, firn_str item, firn_sort_field *out, firn_error *err)
{
    firn_str rest = item;
    const firn_str word = next_word(&rest);
    const firn_str inside = take_parentheses(&rest);
    FIRN_TRY(parse_transform(p, word, inside, out, err));
    out->is_descending = accept(&rest, "desc");
    if (!out->is_descending) (void)accept(&rest, "asc");
    out->nulls_last = out->is_descending;
    if (accept(&rest, "nulls")) {
        out->nulls_last = accept(&rest, "last");
        if (!out->nulls_last && !accept(&rest, "first")) rest = item;
    }
    if (rest.len == 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "found \"%.*s\", expected ASC, DESC, NULLS ..",
                     FIRN_STR_ARG(rest));
}

/* Up to the next comma outside parentheses. */
static firn_str next_item(firn_str *rest)
{
    size_t depth = 0;
    for (size_t i = 0; i < rest->len; i++) {
        const char c = rest->data[i];
        if (c == '(') depth++;
        if (c == ')' && depth > 0) depth--;
        if (c != ',' || depth > 0) continue;
        const firn_str item = firn_str_slice(*rest, 0, i);
        *rest = firn_str_slice(*rest, i + 1, rest->len);
        return item;
    }
    const firn_str all = *rest;
    *rest = (firn_str){0};
    return all;
}

static firn_status parse_curve(const parser *p, firn_str inside, firn_file_rewrite_opts *opts,
                               firn_error *err)
{
    firn_str *names = NULL;
    size_t cap = 0;
    while (inside.data) {
        const firn_field *field = NULL;
        firn_str *slot = firn_arena_push(p->arena, &names, &opts->n_columns, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = unquote(firn_str_split(&inside, ','));
        FIRN_TRY(find_column(p, *slot, &field, err));
    }
    opts->columns = names;
    return FIRN_OK;
}

firn_status firn_sort_order_parse(firn_str text, const firn_schema *schema, firn_arena *arena,
                                  firn_file_rewrite_opts *opts, firn_error *err)
{
    const parser of_text = {schema, arena};
    const parser *p = &of_text;
    firn_str rest = firn_str_trim(text);
    if (rest.len == 0) return FIRN_OK;
    firn_str curve = rest;
    const firn_str word = next_word(&curve);
    const bool is_z = firn_str_equals_nocase(word, FIRN_STR("zorder"));
    if (is_z || firn_str_equals_nocase(word, FIRN_STR("hilbert"))) {
        const firn_str inside = take_parentheses(&curve);
        if (!inside.data || curve.len > 0)
            return firn_fail(err, FIRN_ERR_ARG, "expected %.*s(a, b, ..) alone",
                             FIRN_STR_ARG(word));
        opts->strategy = is_z ? FIRN_REWRITE_ZORDER : FIRN_REWRITE_HILBERT;
        return parse_curve(p, inside, opts, err);
    }
    firn_sort_field *fields = NULL;
    size_t cap = 0;
    opts->strategy = FIRN_REWRITE_SORT;
    if (firn_str_equals_nocase(rest, FIRN_STR("table"))) return FIRN_OK;
    while (rest.len > 0) {
        firn_sort_field *slot =
            firn_arena_push(p->arena, &fields, &opts->n_sort_fields, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(parse_item(p, firn_str_trim(next_item(&rest)), slot, err));
    }
    opts->sort_fields = fields;
    return FIRN_OK;
}
