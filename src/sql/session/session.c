/* SPDX-License-Identifier: Apache-2.0 */
/* A session: opening, running one statement after another, closing. Which text is whose: USE and
 * SET first, then the executors of SHOW, CALL, DDL and DML, then the engine. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/random.h"
#include "base/str.h"
#include "sql/session/session_state.h"

/* ---- opening and closing ---- */

static firn_status copy_options(firn_session *session, const firn_session_opts *opts,
                                firn_error *err)
{
    const size_t n = opts ? opts->n_catalogs : 0;
    session->catalogs = firn_arena_array(session->lifetime, n, sizeof *session->catalogs);
    if (!session->catalogs) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) session->catalogs[i] = opts->catalogs[i];
    session->n_catalogs = n;
    session->current_catalog = n > 0 ? session->catalogs[0] : NULL;
    if (!opts) return FIRN_OK;
    session->allow_files = opts->allow_files;
    session->on_progress = opts->on_progress;
    session->progress_ctx = opts->progress_ctx;
    session->temp_parent = firn_arena_copy(session->lifetime, opts->temp_directory);
    return session->temp_parent.data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status set_namespace(firn_session *session, firn_str dotted, firn_error *err)
{
    firn_str levels[FIRN_LIMIT_NESTING];
    size_t n = 0;
    if (dotted.len == 0) dotted = FIRN_STR("default");
    while (dotted.data) {
        if (n == FIRN_LIMIT_NESTING) {
            return firn_fail(err, FIRN_ERR_LIMIT, "namespace of more than %d levels",
                             FIRN_LIMIT_NESTING);
        }
        levels[n++] = firn_str_split(&dotted, '.');
    }
    return firn_session__use(session, session->current_catalog, levels, n, err);
}

static firn_status init_session(firn_session *session, const firn_session_opts *opts,
                                firn_error *err)
{
    const firn_allocator *alloc = session->env->alloc;
    session->lifetime = firn_arena_create(alloc, 0);
    session->names = firn_arena_create(alloc, 0);
    session->range_arena = firn_arena_create(alloc, 0);
    session->arena = firn_arena_create(alloc, 0);
    if (!session->lifetime || !session->names || !session->range_arena || !session->arena) {
        return firn_fail_nomem(err);
    }
    (void)snprintf(session->key, sizeof session->key, "%016" PRIx64,
                   firn_random_u64(session->env->random));
    FIRN_TRY(copy_options(session, opts, err));
    FIRN_TRY(set_namespace(session, opts ? opts->current_namespace : (firn_str){0}, err));
    return firn_session__watch(session, err);
}

firn_status firn_session_open(firn_env *env, firn_store *store, const firn_session_opts *opts,
                              firn_session **out, firn_error *err)
{
    *out = NULL;
    firn_session *session = firn_mem_alloc_zero(env->alloc, sizeof *session);
    if (!session) return firn_fail_nomem(err);
    session->shared = env;
    session->env = &session->own;
    firn_env_make_part(&session->own, env);
    session->store = store;
    (void)pthread_mutex_init(&session->lock, NULL);
    const firn_status st = init_session(session, opts, err);
    if (st != FIRN_OK) {
        firn_session_close(session);
        return st;
    }
    *out = session;
    return FIRN_OK;
}

void firn_session_close(firn_session *session)
{
    if (!session) return;
    firn_session__unwatch(session);
    firn_session__end_transaction(session);
    firn_engine_close(session->engine);
    firn_session__remove_temp(session);
    firn_arena_destroy(session->arena);
    firn_arena_destroy(session->range_arena);
    firn_arena_destroy(session->settings.arena);
    firn_arena_destroy(session->prepared.arena);
    firn_arena_destroy(session->variables.arena);
    firn_arena_destroy(session->names);
    firn_arena_destroy(session->lifetime);
    (void)pthread_mutex_destroy(&session->lock);
    firn_mem_free(session->env->alloc, session);
}

firn_status firn_session__engine(firn_session *session, firn_engine **out, firn_error *err)
{
    if (!session->engine) {
        firn_engine *engine = NULL;
        FIRN_TRY(firn_session__make_temp(session, err));
        const firn_engine_opts opts = {.env = session->env,
                                       .store = session->store,
                                       .temp_directory = firn_str_of(session->temp_directory),
                                       .allow_files = session->allow_files,
                                       .owner = session,
                                       .resolve = firn_session__claim,
                                       .source = firn_session__find_source,
                                       .generation = firn_session__generation};
        FIRN_TRY(firn_engine_open(&opts, &engine, err));
        (void)pthread_mutex_lock(&session->lock);
        session->engine = engine;
        (void)pthread_mutex_unlock(&session->lock);
        firn_session__tell_dialect(session);
    }
    *out = session->engine;
    if (!session->has_dialect) return FIRN_OK;
    return firn_engine_begin_dialects(session->engine, firn_session__zone(session), err);
}

/* ---- statements ---- */

void firn_session__renew(firn_session *session)
{
    session->generation++;
    session->statement = (statement_state){0};
    (void)pthread_mutex_lock(&session->lock); /* else a late interrupt would hit this statement */
    firn_env_make_part(&session->own, session->shared);
    (void)pthread_mutex_unlock(&session->lock);
    if (session->engine) firn_engine_reset_summary(session->engine);
}

void firn_session__begin(firn_session *session)
{
    firn_session__renew(session);
    firn_arena_reset(session->arena);
}

static firn_lexer lexer_of(const firn_session *session, firn_str sql)
{
    firn_lexer lexer = firn_lexer_of(sql);
    lexer.dialect = session->dialect;
    return lexer;
}

firn_status firn_session__check_text(const firn_session *session, firn_str sql, firn_str *out,
                                     firn_error *err)
{
    if (sql.len > FIRN_LIMIT_SQL_TEXT) {
        return firn_fail(err, FIRN_ERR_LIMIT, "statement of %zu bytes, limit %zu", sql.len,
                         FIRN_LIMIT_SQL_TEXT);
    }
    if (sql.len > 0 && memchr(sql.data, '\0', sql.len)) {
        return firn_fail(err, FIRN_ERR_ARG, "the statement has a zero byte");
    }
    const size_t length = firn_lexer_statement_length(lexer_of(session, sql));
    *out = length > 0 ? firn_str_slice(sql, 0, length - 1) : sql;
    firn_lexer rest =
        lexer_of(session, length > 0 ? firn_str_slice(sql, length, sql.len) : (firn_str){0});
    firn_token token = firn_lexer_peek(&rest);
    while (firn_token_is_symbol(&token, ";")) {
        (void)firn_lexer_next(&rest);
        token = firn_lexer_peek(&rest);
    }
    if (token.kind != FIRN_TOKEN_END) {
        return firn_sql_fail(err, length + token.offset, "found several statements, expected one");
    }
    firn_lexer first = lexer_of(session, *out);
    if (firn_lexer_peek(&first).kind == FIRN_TOKEN_END) {
        return firn_sql_fail(err, 0, "the statement is empty");
    }
    return FIRN_OK;
}

typedef firn_status (*executor_fn)(firn_session *session, firn_str sql, bool *handled,
                                   firn_result **out, firn_error *err);

static firn_status dispatch(firn_session *session, firn_str sql, firn_result **out, firn_error *err)
{
    static const executor_fn k_executors[] = {
        firn_transaction_execute, firn_variables_execute,      firn_settings_execute,
        firn_options_execute,     firn_prepare_execute,        firn_explain_execute,
        firn_show_execute,        firn_changelog_view_execute, firn_call_execute,
        firn_ddl_execute,         firn_copy_execute,           firn_dml_execute};
    for (size_t i = 0; i < sizeof k_executors / sizeof *k_executors; i++) {
        bool handled = false;
        FIRN_TRY(k_executors[i](session, sql, &handled, out, err));
        if (handled) return FIRN_OK;
    }
    return firn_session__query(session, sql, out, err);
}

void firn_session__count_line(firn_str sql, firn_error *err)
{
    const bool has_place = err && (err->status == FIRN_ERR_ARG || err->position > 0);
    if (!has_place || err->position > sql.len) return;
    err->line = 1;
    for (size_t i = 0; i < err->position; i++) err->line += sql.data[i] == '\n';
}

static bool is_query(const firn_session *session, firn_str sql)
{
    firn_lexer lexer = lexer_of(session, sql);
    const firn_token first = firn_lexer_peek(&lexer);
    return firn_token_is(&first, "SELECT") || firn_token_is(&first, "WITH") ||
           firn_token_is(&first, "VALUES") || firn_token_is_symbol(&first, "(");
}

/* In the session's dialect: the text is made into DuckDB's words first. */
firn_status firn_session__execute_text(firn_session *session, firn_str sql, firn_result **out,
                                       firn_error *err)
{
    firn_translation text;
    if (session->dialect == FIRN_DIALECT_DUCKDB) return dispatch(session, sql, out, err);
    if (session->dialect == FIRN_DIALECT_SPARK)
        FIRN_TRY(firn_variables__expand(session, sql, &sql, err));
    session->statement.original = sql;
    FIRN_TRY(firn_session__translate(session, sql, session->dialect, NULL, &text, err));
    if (!is_query(session, sql)) session->statement.n_tables = 0; /* DML opens its own */
    session->statement.translation = &text.text;
    firn_status st = dispatch(session, text.text.sql, out, err);
    if (st == FIRN_OK) st = firn_result__set_types(*out, &text, err);
    if (st != FIRN_OK && *out) {
        firn_result_close(*out);
        *out = NULL;
    }
    session->statement.translation = NULL;
    if (st != FIRN_OK && err) {
        err->position = firn_rewrite_position(&text.text, (size_t)err->position);
    }
    return st;
}

firn_status firn_session__run(firn_session *session, firn_str sql, firn_result **out,
                              firn_error *err)
{
    FIRN_TRY(firn_session__check_transaction(session, sql, err));
    atomic_store(&session->is_running, true);
    (void)sem_post(&session->wake);
    bool is_done = false;
    firn_status st = FIRN_OK;
    if (session->dialect == FIRN_DIALECT_SPARK)
        st = firn_session__several_inserts(session, sql, &is_done, out, err);
    if (st == FIRN_OK && !is_done) st = firn_session__execute_text(session, sql, out, err);
    if (!*out) atomic_store(&session->is_running, false);
    if (st != FIRN_OK) firn_session__fail_transaction(session);
    return st;
}

firn_status firn_session_execute(firn_session *session, firn_str sql, firn_result **out,
                                 firn_error *err)
{
    firn_str text;
    *out = NULL;
    firn_session__begin(session);
    firn_status st = firn_session__check_text(session, sql, &text, err);
    if (st == FIRN_OK)
        st = firn_session__run(session, text, out, err);
    else
        firn_session__fail_transaction(session);
    if (st != FIRN_OK) firn_session__count_line(sql, err);
    return st;
}

void firn_session_cancel(firn_session *session)
{
    firn_env_cancel(&session->own);
    (void)sem_post(&session->wake);
}

static firn_status run_query(firn_session *session, const firn_rewrite *rewrite, firn_result **out,
                             firn_error *err)
{
    firn_engine *engine = NULL;
    firn_engine_rows *rows = NULL;
    FIRN_TRY(firn_session__engine(session, &engine, err));
    FIRN_TRY(firn_engine_execute(engine, rewrite->sql, &rows, err));
    const firn_status st = firn_session__result_of_rows(session, rows, out, err);
    if (st != FIRN_OK) firn_engine_rows_close(rows);
    return st;
}

/* Failures of names carry a position of the statement already; the engine's are in its text. */
void firn_session__map_position(const firn_rewrite *rewrite, firn_error *err)
{
    if (!err || !rewrite || !(err->flags & FIRN_ENGINE_POSITION)) return;
    err->flags &= ~FIRN_ENGINE_POSITION;
    err->position = firn_rewrite_position(rewrite, (size_t)err->position);
}

/* The engine knows no candidates for a qualified column of a replaced table; the sources do. */
static void suggest_column(const firn_session *session, firn_error *err)
{
    static const char k_text[] = "does not have a column named \"";
    if (!err || err->status != FIRN_ERR_ARG || err->hint[0] != '\0') return;
    const char *at = strstr(err->message, k_text);
    if (!at) return;
    firn_str name = firn_str_of(at + sizeof k_text - 1);
    name = firn_str_split(&name, '"');
    firn_nearest nearest = firn_nearest_of(name);
    for (size_t i = 0; i < session->statement.n_sources; i++) {
        const firn_scan_source *source = &session->statement.sources[i]->source;
        const firn_type *root = source->metadata ? &source->schema->root : source->batch_type;
        for (size_t f = 0; f < root->n_fields; f++) {
            firn_nearest_try(&nearest, root->fields[f].name);
        }
    }
    (void)firn_nearest_hint(&nearest, err->status, err);
}

firn_status firn_session__query(firn_session *session, firn_str sql, firn_result **out,
                                firn_error *err)
{
    const firn_rewrite *rewrite = NULL;
    *out = NULL;
    FIRN_TRY(firn_session__rewrite(session, sql, NULL, &rewrite, err));
    session->statement.rewrite = rewrite;
    session->statement.asked = firn_sql_asks(sql, session->arena);
    atomic_store(&session->is_running, true); /* an executor's earlier result may have ended it */
    (void)sem_post(&session->wake);
    const firn_status st = run_query(session, rewrite, out, err);
    if (st != FIRN_OK) firn_session__map_position(rewrite, err);
    if (st != FIRN_OK) suggest_column(session, err);
    return st;
}

firn_status firn_session__describe(firn_session *session, firn_str sql, firn_arena *arena,
                                   firn_type *out, firn_error *err)
{
    const firn_rewrite *rewrite = NULL;
    firn_engine *engine = NULL;
    FIRN_TRY(firn_session__rewrite(session, sql, NULL, &rewrite, err));
    session->statement.rewrite = rewrite;
    FIRN_TRY(firn_session__engine(session, &engine, err));
    const firn_status st = firn_engine_describe(engine, rewrite->sql, arena, out, err);
    if (st != FIRN_OK) firn_session__map_position(rewrite, err);
    return st;
}

/* ---- what executors ask ---- */

firn_env *firn_session__env(firn_session *session)
{
    return session->env;
}

firn_store *firn_session__store(firn_session *session)
{
    return session->store;
}

firn_arena *firn_session__arena(firn_session *session)
{
    return session->arena;
}

firn_dialect firn_session__dialect(const firn_session *session)
{
    return session->dialect;
}

firn_catalog *firn_session_catalog(const firn_session *session)
{
    return session->current_catalog;
}

firn_ident firn_session_namespace(const firn_session *session)
{
    return (firn_ident){session->current_levels, session->n_current_levels, {NULL, 0}};
}

firn_scan_summary firn_session_scan_summary(const firn_session *session)
{
    return session->engine ? firn_engine_summary(session->engine) : (firn_scan_summary){0};
}

/* ---- ranges ---- */

static firn_status copy_ident(firn_arena *arena, const firn_ident *in, firn_ident *out,
                              firn_error *err)
{
    firn_str *levels = firn_arena_array(arena, in->n_levels, sizeof *levels);
    if (!levels) return firn_fail_nomem(err);
    for (size_t i = 0; i < in->n_levels; i++) {
        levels[i] = firn_arena_copy(arena, in->levels[i]);
        if (!levels[i].data) return firn_fail_nomem(err);
    }
    *out = (firn_ident){levels, in->n_levels, firn_arena_copy(arena, in->name)};
    return out->name.data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_session_set_range(firn_session *session, const firn_ident *table,
                                   int64_t from_snapshot_id, int64_t to_snapshot_id,
                                   firn_error *err)
{
    session_range *range = firn_arena_push(session->range_arena, &session->ranges,
                                           &session->n_ranges, &session->cap_ranges, sizeof *range);
    if (!range) return firn_fail_nomem(err);
    range->from_snapshot_id = from_snapshot_id;
    range->to_snapshot_id = to_snapshot_id;
    const firn_status st = copy_ident(session->range_arena, table, &range->table, err);
    if (st != FIRN_OK) session->n_ranges--;
    return st;
}

void firn_session_clear_ranges(firn_session *session)
{
    session->ranges = NULL;
    session->n_ranges = 0;
    session->cap_ranges = 0;
    firn_arena_reset(session->range_arena);
}
