/* SPDX-License-Identifier: Apache-2.0 */
/* ALTER TABLE .. of branches and tags: CREATE, REPLACE, DROP. */
#include "base/error.h"
#include "base/str.h"
#include "sql/parser/sql_ast.h"

#define DAY_MS INT64_C(86400000)

static firn_status accept_kind(firn_sql_parser *p, bool *is_tag, firn_error *err)
{
    *is_tag = firn_parser_accept(p, "TAG");
    if (*is_tag || firn_parser_accept(p, "BRANCH")) return FIRN_OK;
    return firn_parser_fail(p, "BRANCH or TAG", err);
}

/* DAYS, HOURS, MINUTES behind the number n. */
static firn_status parse_unit(firn_sql_parser *p, const firn_sql_parser *number, int64_t n,
                              int64_t *out_ms, firn_error *err)
{
    static const struct {
        const char *one, *many;
        int64_t ms;
    } k_units[] = {{"DAY", "DAYS", DAY_MS},
                   {"HOUR", "HOURS", DAY_MS / 24},
                   {"MINUTE", "MINUTES", DAY_MS / 24 / 60}};
    for (size_t i = 0; i < sizeof k_units / sizeof *k_units; i++) {
        if (!firn_parser_accept(p, k_units[i].one) && !firn_parser_accept(p, k_units[i].many)) {
            continue;
        }
        if (n < 1 || n > INT64_MAX / k_units[i].ms) {
            return firn_parser_fail(number, "a time above 0", err);
        }
        *out_ms = n * k_units[i].ms;
        return FIRN_OK;
    }
    return firn_parser_fail(p, "DAYS, HOURS or MINUTES", err);
}

/* WITH SNAPSHOT RETENTION 3 SNAPSHOTS 2 DAYS: either or both. */
static firn_status parse_retention(firn_sql_parser *p, firn_ref_opts *out, firn_error *err)
{
    int64_t n = 0;
    firn_sql_parser number = *p;
    FIRN_TRY(firn_parser_integer(p, &n, err));
    if (firn_parser_accept(p, "SNAPSHOTS") || firn_parser_accept(p, "SNAPSHOT")) {
        if (n < 1) return firn_parser_fail(&number, "a number of snapshots above 0", err);
        out->min_snapshots_to_keep = n;
        if (firn_parser_peek(p).kind != FIRN_TOKEN_NUMBER) return FIRN_OK;
        number = *p;
        FIRN_TRY(firn_parser_integer(p, &n, err));
    }
    return parse_unit(p, &number, n, &out->max_snapshot_age_ms, err);
}

static firn_status parse_options(firn_sql_parser *p, firn_ref_opts *out, firn_error *err)
{
    int64_t n = 0;
    if (firn_parser_accept(p, "AS OF VERSION")) {
        FIRN_TRY(firn_parser_integer(p, &out->snapshot_id, err));
    }
    if (firn_parser_accept(p, "RETAIN")) {
        const firn_sql_parser number = *p;
        FIRN_TRY(firn_parser_integer(p, &n, err));
        FIRN_TRY(parse_unit(p, &number, n, &out->max_ref_age_ms, err));
    }
    if (firn_parser_accept(p, "WITH SNAPSHOT RETENTION")) return parse_retention(p, out, err);
    return FIRN_OK;
}

static firn_status parse_set(firn_sql_parser *p, firn_ref_mode mode, firn_ast_alter *out,
                             firn_error *err)
{
    out->kind = FIRN_ALTER_SET_REF;
    out->ref = (firn_ref_opts){.struct_size = sizeof out->ref, .mode = mode};
    FIRN_TRY(accept_kind(p, &out->ref.is_tag, err));
    if (firn_parser_accept(p, "IF NOT EXISTS")) out->ref.mode = FIRN_REF_IF_NOT_EXISTS;
    FIRN_TRY(firn_parser_identifier(p, &out->text, err));
    return parse_options(p, &out->ref, err);
}

firn_status firn_parse_ref(firn_sql_parser *p, bool *handled, firn_ast_alter *out, firn_error *err)
{
    *handled = true;
    if (firn_parser_accept(p, "CREATE OR REPLACE")) {
        return parse_set(p, FIRN_REF_CREATE_OR_REPLACE, out, err);
    }
    if (firn_parser_accept(p, "CREATE")) return parse_set(p, FIRN_REF_CREATE, out, err);
    if (firn_parser_at(p, "REPLACE BRANCH") || firn_parser_at(p, "REPLACE TAG")) {
        (void)firn_parser_accept(p, "REPLACE");
        return parse_set(p, FIRN_REF_REPLACE, out, err);
    }
    *handled = firn_parser_at(p, "DROP BRANCH") || firn_parser_at(p, "DROP TAG");
    if (!*handled) return FIRN_OK;
    (void)firn_parser_accept(p, "DROP");
    out->kind = FIRN_ALTER_DROP_REF;
    FIRN_TRY(accept_kind(p, &out->ref.is_tag, err));
    out->if_column_exists = firn_parser_accept(p, "IF EXISTS");
    return firn_parser_identifier(p, &out->text, err);
}
