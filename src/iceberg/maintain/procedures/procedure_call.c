/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of a procedure as values, and its rows. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/procedures/procedure.h"

/* ---- arguments ---- */

firn_status firn_call_fail(firn_procedure_call *call, size_t argument, firn_error *err,
                           const char *fmt, ...)
{
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    call->failed_argument = argument;
    return firn_fail(err, FIRN_ERR_ARG, "%s: %s", call->procedure->arguments[argument].name, text);
}

static firn_status fail_text(firn_procedure_call *call, size_t argument, const char *expected,
                             firn_error *err)
{
    return firn_call_fail(call, argument, err, "found \"%.*s\", expected %s",
                          FIRN_STR_ARG(call->values[argument].text), expected);
}

firn_status firn_call_i64(firn_procedure_call *call, size_t argument, int64_t *out, firn_error *err)
{
    const firn_procedure_value *value = &call->values[argument];
    if (!value->is_given || firn_str_to_i64(value->text, out)) return FIRN_OK;
    return fail_text(call, argument, "a whole number", err);
}

firn_status firn_call_bool(firn_procedure_call *call, size_t argument, bool *out, firn_error *err)
{
    const firn_procedure_value *value = &call->values[argument];
    if (!value->is_given) return FIRN_OK;
    *out = firn_str_equals_nocase(value->text, FIRN_STR("true"));
    if (*out || firn_str_equals_nocase(value->text, FIRN_STR("false"))) return FIRN_OK;
    return fail_text(call, argument, "true or false", err);
}

firn_status firn_call_time_ms(firn_procedure_call *call, size_t argument, int64_t *out,
                              firn_error *err)
{
    const firn_procedure_value *value = &call->values[argument];
    int64_t us = 0;
    if (!value->is_given) return FIRN_OK;
    if (!firn_parse_timestamp_us(value->text, &us, NULL))
        return fail_text(call, argument, "a timestamp such as '2024-01-31 12:00:00'", err);
    *out = us / 1000;
    return FIRN_OK;
}

firn_status firn_call_duration_us(firn_procedure_call *call, size_t argument, int64_t *out,
                                  firn_error *err)
{
    const firn_procedure_value *value = &call->values[argument];
    if (!value->is_given || firn_str_to_duration_us(value->text, out)) return FIRN_OK;
    return fail_text(call, argument, "a duration such as '7d'", err);
}

firn_str firn_call_text(const firn_procedure_call *call, size_t argument)
{
    return call->values[argument].is_given ? call->values[argument].text : (firn_str){0};
}

firn_status firn_call_i64s(firn_procedure_call *call, size_t argument, int64_t **out, size_t *n_out,
                           firn_error *err)
{
    const firn_procedure_value *value = &call->values[argument];
    *n_out = 0;
    *out = firn_arena_array(call->arena, value->n_items, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < value->n_items; i++) {
        if (!firn_str_to_i64(value->items[i], &(*out)[i]))
            return firn_call_fail(call, argument, err, "found \"%.*s\", expected a whole number",
                                  FIRN_STR_ARG(value->items[i]));
        (*n_out)++;
    }
    return FIRN_OK;
}

firn_status firn_call_pairs(firn_procedure_call *call, size_t argument, firn_properties *out,
                            firn_error *err)
{
    const firn_procedure_value *value = &call->values[argument];
    firn_property *items = firn_arena_array(call->arena, value->n_items / 2, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    if (value->n_items % 2 != 0)
        return firn_call_fail(call, argument, err, "key \"%.*s\" has no value",
                              FIRN_STR_ARG(value->items[value->n_items - 1]));
    for (size_t i = 0; i < value->n_items; i += 2)
        items[i / 2] = (firn_property){value->items[i], value->items[i + 1]};
    *out = (firn_properties){items, value->n_items / 2};
    return FIRN_OK;
}

/* ---- rows ---- */

size_t firn_procedure_n_columns(const firn_procedure *procedure)
{
    size_t n = 0;
    while (n < FIRN_PROCEDURE_MAX_COLUMNS && procedure->columns[n].name) n++;
    return n;
}

firn_value *firn_call_row(firn_procedure_call *call)
{
    const size_t n = firn_procedure_n_columns(call->procedure);
    firn_value *row =
        firn_arena_push(call->arena, &call->cells, &call->n_rows, &call->cap_rows, n * sizeof *row);
    for (size_t i = 0; row && i < n; i++)
        row[i] = (firn_value){.kind = call->procedure->columns[i].kind, .is_null = true};
    return row;
}

void firn_cell_set_i64(firn_value *cell, int64_t value)
{
    cell->is_null = false;
    if (cell->kind == FIRN_TYPE_INT)
        cell->as.i32 = value > INT32_MAX ? INT32_MAX : (int32_t)value;
    else
        cell->as.i64 = value;
}

void firn_cell_set_text(firn_value *cell, firn_str text)
{
    cell->is_null = false;
    cell->as.bytes = text;
}
