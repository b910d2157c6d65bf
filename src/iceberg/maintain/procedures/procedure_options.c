/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/procedures/procedure_options.h"

#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/str.h"
#include "iceberg/expr/expr_parse.h"
#include "iceberg/maintain/rewrite/sort_order_text.h"

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

static firn_status fail_option(firn_procedure_call *call, size_t argument,
                               const firn_option *options, size_t n_options, firn_str name,
                               firn_error *err)
{
    firn_nearest nearest = firn_nearest_of(name);
    for (size_t i = 0; i < n_options; i++) firn_nearest_try(&nearest, firn_str_of(options[i].name));
    (void)firn_call_fail(call, argument, err, "there is no option \"%.*s\"", FIRN_STR_ARG(name));
    return firn_nearest_hint(&nearest, FIRN_ERR_ARG, err);
}

firn_status firn_call_options(firn_procedure_call *call, size_t argument,
                              const firn_option *options, size_t n_options, void *opts,
                              firn_error *err)
{
    firn_properties given;
    FIRN_TRY(firn_call_pairs(call, argument, &given, err));
    for (size_t i = 0; i < given.n; i++) {
        const firn_option *option = find_option(options, n_options, given.items[i].key);
        if (!option)
            return fail_option(call, argument, options, n_options, given.items[i].key, err);
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

firn_status firn_call_sort_order(firn_procedure_call *call, size_t argument,
                                 firn_file_rewrite_opts *opts, firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(call->table));
    const firn_status st =
        firn_sort_order_parse(firn_call_text(call, argument), schema, call->arena, opts, err);
    if (st == FIRN_OK) return st;
    call->failed_argument = argument;
    return firn_error_wrap(err, st, "%s", call->procedure->arguments[argument].name);
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
        text[i] = (char)(literal.data[i] == '"' ? '\'' : literal.data[i]);
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
