/* SPDX-License-Identifier: Apache-2.0 */
/* Zones of Trino's timestamps: a value of the engine is an instant, so the zone that a literal, AT
 * TIME ZONE or the session gives it is part of its type. What looks at the time of day gets the
 * value as it is told in that zone. Not known is UTC, which values of tables have. */
#include "base/str.h"
#include "sql/typing/typing_state.h"

/* Functions that look at the time of day, the day or the month. */
static const char *const k_local[] = {
    "year",         "quarter",      "month",           "week",
    "day",          "hour",         "minute",          "second",
    "extract",      "millisecond",  "day_of_week",     "dow",
    "day_of_year",  "doy",          "day_of_month",    "date",
    "week_of_year", "yow",          "date_trunc",      "last_day_of_month",
    "date_format",  "year_of_week", "format_datetime", NULL};

static bool is_named(firn_str name, const char *const *names)
{
    for (; *names; names++) {
        if (firn_str_equals_nocase(name, firn_str_of(*names))) return true;
    }
    return false;
}

static bool is_offset(firn_str zone)
{
    return zone.len > 0 && (zone.data[0] == '+' || zone.data[0] == '-');
}

static bool is_zone_name(firn_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool is_sign = c == '/' || c == '_' || c == '+' || c == '-' || c == ':';
        if (!is_letter && !(c >= '0' && c <= '9') && !is_sign) return false;
    }
    return name.len > 0;
}

firn_str typer_zone_named(typer *t, size_t token, firn_str name)
{
    static const char *const k_utc[] = {"UTC", "Z", "GMT", "+00:00", "-00:00", "+00", NULL};
    if (is_named(name, k_utc)) return (firn_str){0};
    if (is_zone_name(name)) return name;
    typer_fail(t, firn_sql_fail(t->err, firn_dialect_token(t->w, token)->offset,
                                "found %.*s, expected a time zone", FIRN_STR_ARG(name)));
    return (firn_str){0};
}

/* As the engine has it. */
static const char *engine_zone(typer *t, firn_str zone)
{
    if (zone.len == 0) return "UTC";
    return typer_printf(t, is_offset(zone) ? "GMT%.*s" : "%.*s", FIRN_STR_ARG(zone));
}

/* The engine tells times in the session's. */
static bool is_told(const typer *t, const firn_value_type *type)
{
    return type->kind != FIRN_VALUE_TIMESTAMP_TZ ||
           firn_str_equals_nocase(type->zone, t->w->opts->zone);
}

void typer_edit_local(typer *t, size_t from, size_t to, const firn_value_type *type)
{
    if (is_told(t, type)) return;
    typer_wrap(t, from, to, typer_printf(t, "timezone('%s', (", engine_zone(t, type->zone)), "))");
}

/* timezone_hour(x), timezone_minute(x) */
static void edit_offset(typer *t, size_t from, size_t to, firn_str name, const firn_value_type *arg)
{
    if (arg->kind != FIRN_VALUE_TIMESTAMP_TZ) return;
    const bool is_hour = firn_str_equals_nocase(name, FIRN_STR("timezone_hour"));
    typer_edit(t, FIRN_EDIT_CALL, from, to,
               typer_printf(t, "CAST(epoch(timezone('%s', $1) - timezone('UTC', $1)) AS BIGINT) %s",
                            engine_zone(t, arg->zone), is_hour ? "// 3600" : "% 3600 // 60"));
    typer_wrap(t, from, to, "(", ")");
}

void typer_edit_zones(typer *t, size_t from, size_t to, firn_str name, const typed_arg *args,
                      size_t n_args, firn_str zone)
{
    static const char *const k_offsets[] = {"timezone_hour", "timezone_minute", NULL};
    if (typer_dialect(t) != FIRN_DIALECT_TRINO) return;
    if (n_args == 1 && is_named(name, k_offsets)) edit_offset(t, from, to, name, &args[0].type);
    if (n_args == 1 && firn_str_equals_nocase(name, FIRN_STR("timezone")))
        typer_edit(t, FIRN_EDIT_CALL, from, to,
                   typer_printf(t, "CASE WHEN ($1) IS NOT NULL THEN '%.*s' END",
                                FIRN_STR_ARG(args[0].type.zone.len > 0 ? args[0].type.zone
                                                                       : FIRN_STR("UTC"))));
    if (firn_str_equals_nocase(name, FIRN_STR("with_timezone")) && zone.len > 0)
        typer_edit(t, FIRN_EDIT_CALL, from, to,
                   typer_printf(t, "timezone('%s', $1)", engine_zone(t, zone)));
    if (!is_named(name, k_local)) return;
    for (size_t i = 0; i < n_args; i++) {
        const typed_arg *arg = &args[i];
        size_t start = arg->from;
        if (is_told(t, &arg->type)) continue;
        if (firn_dialect_is_word(t->w, start + 1, "FROM")) start += 2; /* extract(hour FROM x) */
        typer_edit_local(t, start, arg->to, &arg->type);
        if (firn_str_equals_nocase(name, FIRN_STR("date_trunc")))
            typer_edit_local(t, from, to, &arg->type);
    }
}

firn_str typer_zone_of_call(typer *t, firn_str name, const typed_arg *args, size_t n_args,
                            firn_str zone)
{
    static const char *const k_moved[] = {"at_timezone", "with_timezone", NULL};
    static const char *const k_session[] = {"now", "current_timestamp", "from_unixtime",
                                            "parse_datetime", NULL};
    firn_str text;
    if (is_named(name, k_session)) return t->w->opts->zone;
    if (!is_named(name, k_moved) || n_args != 2) return zone;
    const bool is_literal =
        args[1].to == args[1].from + 1 && firn_dialect_string(t->w, args[1].from, &text);
    return is_literal ? typer_zone_named(t, args[1].from, text) : (firn_str){0};
}
