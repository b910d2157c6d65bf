/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/run.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/resolve/query_rewrite.h"

firn_status firn_run_session(firn_run *run, firn_session **out, firn_error *err)
{
    if (!run->session) {
        firn_catalog *const catalogs[] = {run->catalog};
        FIRN_TRY(firn_session_open(run->env, run->store,
                                   FIRN_SESSION_OPTS(.catalogs = catalogs, .n_catalogs = 1),
                                   &run->session, err));
    }
    *out = run->session;
    return FIRN_OK;
}

static firn_status drain(firn_result *result, firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_status st = FIRN_OK;
    if (firn_result_columns(result)->n_fields)
        while ((st = firn_result_next(result, &batch, err)) == FIRN_OK) {
        }
    firn_result_close(result);
    return st == FIRN_DONE ? FIRN_OK : st;
}

firn_status firn_run_sql(firn_run *run, firn_error *err, const char *fmt, ...)
{
    firn_session *session = NULL;
    firn_result *result = NULL;
    firn_buf sql;
    va_list args;

    FIRN_TRY(firn_run_session(run, &session, err));
    firn_buf_init(&sql, NULL, FIRN_LIMIT_SQL_TEXT);
    va_start(args, fmt);
    const int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *at = n < 0 ? NULL : firn_buf_reserve(&sql, (size_t)n + 1);
    firn_status st = at ? FIRN_OK : firn_fail_nomem(err);
    if (at) {
        va_start(args, fmt);
        (void)vsnprintf(at, (size_t)n + 1, fmt, args);
        va_end(args);
        st = firn_session_execute(session, (firn_str){at, (size_t)n}, &result, err);
    }
    if (st == FIRN_OK) st = drain(result, err);
    firn_buf_dispose(&sql);
    return st;
}

firn_str firn_run_quoted(firn_run *run, const char *suffix)
{
    const firn_str name =
        firn_arena_printf(run->arena, "%.*s%s", FIRN_STR_ARG(run->model->ident.name), suffix);
    firn_buf out;
    firn_buf_init(&out, NULL, 1 << 16);
    firn_buf_str(&out, firn_sql_quote(firn_catalog_name(run->catalog), run->arena));
    for (size_t i = 0; i < run->model->ident.n_levels; i++) {
        firn_buf_byte(&out, '.');
        firn_buf_str(&out, firn_sql_quote(run->model->ident.levels[i], run->arena));
    }
    firn_buf_byte(&out, '.');
    firn_buf_str(&out, firn_sql_quote(name, run->arena));
    firn_str text = {0};
    if (out.status == FIRN_OK) text = firn_arena_copy(run->arena, firn_buf_view(&out));
    firn_buf_dispose(&out);
    return text;
}

firn_status firn_run_ident(firn_run *run, const char *suffix, firn_ident *out, firn_error *err)
{
    *out = run->model->ident;
    out->name =
        firn_arena_printf(run->arena, "%.*s%s", FIRN_STR_ARG(run->model->ident.name), suffix);
    return out->name.data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_run_open(firn_run *run, const char *suffix, firn_table **out, firn_error *err)
{
    firn_ident ident;
    *out = NULL;
    FIRN_TRY(firn_run_ident(run, suffix, &ident, err));
    const firn_status st = firn_table_open(run->env, run->store, run->catalog, &ident, out, err);
    return st == FIRN_ERR_NOT_FOUND ? FIRN_OK : st;
}

firn_status firn_run_create_namespace(firn_run *run, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(run->catalog);
    void *ctx = firn_catalog_ctx(run->catalog);
    const firn_ident ns = {.levels = run->model->ident.levels,
                           .n_levels = run->model->ident.n_levels};
    firn_properties properties;
    firn_status st = ops->load_namespace(ctx, &ns, run->arena, &properties, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    st = ops->create_namespace(ctx, &ns, (firn_properties){0}, err);
    return st == FIRN_ERR_EXISTS ? FIRN_OK : st;
}

firn_status firn_run_warn(firn_run *run, firn_error *err, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    firn_str *slot = firn_arena_push(run->arena, &run->warnings, &run->n_warnings,
                                     &run->cap_warnings, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = firn_arena_copy(run->arena, firn_str_of(text));
    run->report->warnings = run->warnings;
    run->report->n_warnings = run->n_warnings;
    return slot->data ? FIRN_OK : firn_fail_nomem(err);
}

void firn_run_progress(const firn_run *run, double fraction, int64_t rows)
{
    if (run->opts->on_progress)
        run->opts->on_progress(run->opts->ctx, run->model->name, fraction, rows);
}
