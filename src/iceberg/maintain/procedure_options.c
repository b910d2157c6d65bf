/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/procedure_options.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/expr/expr_parse.h"
#include "iceberg/spec/transform.h"

/* ---- options ---- */

static const firn_option *find_option(const firn_option *options, size_t n, firn_str name)
{
    for (size_t i = 0; i < n; i++)
        if (firn_str_equals(name, firn_str_of(options[i].name))) return &options[i];
    return NULL;
}

static bool set_option(const firn_option *option, firn_str text, void *opts)
{
    char *field = (char *)opts + option->offset;
    int64_t number = 0;
    double share = 0;
    bool flag = firn_str_equals_nocase(text, FIRN_STR("true"));
    switch (option->kind) {
    case FIRN_OPTION_I64:
        if (!firn_str_to_i64(text, &number) || number <= 0) return false;
        memcpy(field, &number, sizeof number);
        return true;
    case FIRN_OPTION_I32: {
        if (!firn_str_to_i64(text, &number) || number <= 0 || number > INT32_MAX) return false;
        const int32_t small = (int32_t)number;
        memcpy(field, &small, sizeof small);
        return true;
    }
    case FIRN_OPTION_BOOL:
        if (!flag && !firn_str_equals_nocase(text, FIRN_STR("false"))) return false;
        memcpy(field, &flag, sizeof flag);
        return true;
    case FIRN_OPTION_SHARE:
        if (!firn_str_to_f64(text, &share) || !(share > 0 && share <= 1)) return false;
        memcpy(field, &share, sizeof share);
        return true;
    case FIRN_OPTION_IGNORED: return true;
    }
    return false;
}

firn_status firn_call_options(firn_procedure_call *call, size_t argument,
                              const firn_option *options, size_t n_options, void *opts,
                              firn_error *err)
{
    firn_properties given;
    FIRN_TRY(firn_call_pairs(call, argument, &given, err));
    for (size_t i = 0; i < given.n; i++) {
        const firn_option *option = find_option(options, n_options, given.items[i].key);
        if (!option) {
            (void)firn_call_fail(call, argument, err, "there is no option \"%.*s\"",
                                 FIRN_STR_ARG(given.items[i].key));
            return FIRN_ERR_ARG;
        }
        if (!set_option(option, given.items[i].value, opts))
            return firn_call_fail(call, argument, err, "found \"%.*s\" for %s, expected %s",
                                  FIRN_STR_ARG(given.items[i].value), option->name,
                                  option->kind == FIRN_OPTION_BOOL    ? "true or false"
                                  : option->kind == FIRN_OPTION_SHARE ? "a share up to 1"
                                                                      : "a number above 0");
    }
    return FIRN_OK;
}

/* ---- sort orders ---- */

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

static firn_status find_column(firn_procedure_call *call, size_t argument, firn_str name,
                               const firn_field **out, firn_error *err)
{
    *out = firn_schema_find_name(firn_metadata_schema(firn_table_metadata_of(call->table)),
                                 unquote(name));
    if (*out) return FIRN_OK;
    (void)firn_call_fail(call, argument, err, "the table has no column \"%.*s\"",
                         FIRN_STR_ARG(name));
    if (err) err->status = FIRN_ERR_NOT_FOUND;
    return FIRN_ERR_NOT_FOUND;
}

/* "column" or "transform(column)", "bucket(4, column)". */
static firn_status parse_transform(firn_procedure_call *call, size_t argument, firn_str word,
                                   firn_str inside, firn_sort_field *out, firn_error *err)
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
            return firn_call_fail(call, argument, err, "found \"%.*s\", expected a number",
                                  FIRN_STR_ARG(second));
        }
        if (firn_str_ends_with(word, FIRN_STR("s"))) word.len--; /* days(ts) */
        text = number > 0 ? firn_arena_printf(call->arena, "%.*s[%lld]", FIRN_STR_ARG(word),
                                              (long long)number)
                          : word;
        if (!text.data) return firn_fail_nomem(err);
    }
    FIRN_TRY(find_column(call, argument, name, &field, err));
    FIRN_TRY(firn_transform_parse(text, &out->transform, err));
    if (out->transform.kind == FIRN_TRANSFORM_UNKNOWN)
        return firn_call_fail(call, argument, err, "there is no transform %.*s",
                              FIRN_STR_ARG(text));
    out->source_id = field->id;
    return FIRN_OK;
}

static firn_status parse_item(firn_procedure_call *call, size_t argument, firn_str item,
                              firn_sort_field *out, firn_error *err)
{
    firn_str rest = item;
    const firn_str word = next_word(&rest);
    const firn_str inside = take_parentheses(&rest);
    FIRN_TRY(parse_transform(call, argument, word, inside, out, err));
    out->is_descending = accept(&rest, "desc");
    if (!out->is_descending) (void)accept(&rest, "asc");
    out->nulls_last = out->is_descending;
    if (accept(&rest, "nulls")) {
        out->nulls_last = accept(&rest, "last");
        if (!out->nulls_last && !accept(&rest, "first")) rest = item;
    }
    if (rest.len == 0) return FIRN_OK;
    return firn_call_fail(call, argument, err, "found \"%.*s\", expected ASC, DESC, NULLS ..",
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

static firn_status parse_curve(firn_procedure_call *call, size_t argument, firn_str inside,
                               firn_file_rewrite_opts *opts, firn_error *err)
{
    firn_str *names = NULL;
    size_t cap = 0;
    while (inside.data) {
        const firn_field *field = NULL;
        firn_str *slot = firn_arena_push(call->arena, &names, &opts->n_columns, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = unquote(firn_str_split(&inside, ','));
        FIRN_TRY(find_column(call, argument, *slot, &field, err));
    }
    opts->columns = names;
    return FIRN_OK;
}

firn_status firn_call_sort_order(firn_procedure_call *call, size_t argument,
                                 firn_file_rewrite_opts *opts, firn_error *err)
{
    firn_str rest = firn_str_trim(firn_call_text(call, argument));
    firn_str curve = rest;
    const firn_str word = next_word(&curve);
    const bool is_z = firn_str_equals_nocase(word, FIRN_STR("zorder"));
    if (is_z || firn_str_equals_nocase(word, FIRN_STR("hilbert"))) {
        const firn_str inside = take_parentheses(&curve);
        if (!inside.data || curve.len > 0)
            return firn_call_fail(call, argument, err, "expected %.*s(a, b, ..) alone",
                                  FIRN_STR_ARG(word));
        opts->strategy = is_z ? FIRN_REWRITE_ZORDER : FIRN_REWRITE_HILBERT;
        return parse_curve(call, argument, inside, opts, err);
    }
    firn_sort_field *fields = NULL;
    size_t cap = 0;
    opts->strategy = FIRN_REWRITE_SORT;
    while (rest.len > 0) {
        firn_sort_field *slot =
            firn_arena_push(call->arena, &fields, &opts->n_sort_fields, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(parse_item(call, argument, firn_str_trim(next_item(&rest)), slot, err));
    }
    opts->sort_fields = fields;
    return FIRN_OK;
}

/* ---- filters, sizes ---- */

static firn_status check_filter(firn_procedure_call *call, firn_str text, firn_error *err)
{
    const firn_expr *unbound = NULL;
    const firn_expr *bound = NULL;
    FIRN_TRY(firn_expr_parse(text, call->arena, &unbound, err));
    return firn_expr_bind(unbound, firn_metadata_schema(firn_table_metadata_of(call->table)),
                          call->arena, &bound, err);
}

firn_status firn_call_filter(firn_procedure_call *call, size_t argument, firn_str *out,
                             firn_error *err)
{
    firn_error ignored;
    *out = firn_call_text(call, argument);
    if (!call->values[argument].is_given) return FIRN_OK;
    if (check_filter(call, *out, err) == FIRN_OK) return FIRN_OK;
    firn_str literal = firn_arena_copy(call->arena, *out);
    char *text = firn_arena_alloc(call->arena, literal.len + 1);
    if (!literal.data || !text) return firn_fail_nomem(err);
    for (size_t i = 0; i < literal.len; i++)
        text[i] = literal.data[i] == '"' ? '\'' : literal.data[i];
    literal.data = text;
    if (check_filter(call, literal, &ignored) == FIRN_OK) {
        *out = literal;
        return FIRN_OK;
    }
    call->failed_argument = argument;
    return firn_error_wrap(err, FIRN_ERR_ARG, "%s", call->procedure->arguments[argument].name);
}

firn_status firn_call_size(firn_procedure_call *call, size_t argument, int64_t *out,
                           firn_error *err)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } k_units[] = {{"", 1},           {"B", 1},          {"kB", 1 << 10}, {"KiB", 1 << 10},
                   {"MB", 1 << 20},   {"MiB", 1 << 20},  {"GB", 1 << 30}, {"GiB", 1 << 30},
                   {"TB", 1LL << 40}, {"TiB", 1LL << 40}};
    const firn_str text = firn_str_trim(firn_call_text(call, argument));
    size_t n = 0;
    double number = 0;
    if (!call->values[argument].is_given) return FIRN_OK;
    while (n < text.len && ((text.data[n] >= '0' && text.data[n] <= '9') || text.data[n] == '.'))
        n++;
    const firn_str unit = firn_str_trim(firn_str_slice(text, n, text.len));
    for (size_t i = 0; i < sizeof k_units / sizeof *k_units; i++) {
        if (!firn_str_equals_nocase(unit, firn_str_of(k_units[i].name))) continue;
        if (!firn_str_to_f64(firn_str_slice(text, 0, n), &number)) break;
        number *= (double)k_units[i].bytes;
        if (!(number >= 1 && number < 9e18)) break;
        *out = (int64_t)number;
        return FIRN_OK;
    }
    return firn_call_fail(call, argument, err, "found \"%.*s\", expected a size such as '100MB'",
                          FIRN_STR_ARG(text));
}
