/* SPDX-License-Identifier: Apache-2.0 */
/* USE and the few settings that are firn's: catalog and namespace. Other SET statements go to the
 * engine, which knows what may be set. */
#include "base/error.h"
#include "base/str.h"
#include "sql/session/session_state.h"

firn_status firn_session__use(firn_session *session, firn_catalog *catalog, const firn_str *levels,
                              size_t n_levels, firn_error *err)
{
    firn_arena *arena = firn_arena_create(session->env->alloc, 0);
    firn_str *copies = arena ? firn_arena_array(arena, n_levels, sizeof *copies) : NULL;
    for (size_t i = 0; copies && i < n_levels; i++) {
        copies[i] = firn_arena_copy(arena, levels[i]);
        if (!copies[i].data) copies = NULL;
    }
    if (!copies) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    firn_arena_destroy(session->names);
    session->names = arena;
    session->current_catalog = catalog;
    session->current_levels = copies;
    session->n_current_levels = n_levels;
    return FIRN_OK;
}

static firn_status check_namespace(firn_session *session, firn_catalog *catalog,
                                   const firn_sql_name *name, const firn_ident *ns, firn_error *err)
{
    firn_properties properties;
    const firn_status st = firn_catalog_get_ops(catalog)->load_namespace(
        firn_catalog_ctx(catalog), ns, session->arena, &properties, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    const firn_str catalog_name = firn_catalog_name(catalog);
    (void)firn_fail(err, FIRN_ERR_NOT_FOUND, "namespace %.*s does not exist in catalog %.*s",
                    FIRN_STR_ARG(name->parts[name->n_parts - 1]), FIRN_STR_ARG(catalog_name));
    if (err) err->position = name->offset;
    return st;
}

/* "cat", "cat.ns", "ns", "ns1.ns2": a catalog's name comes first when it is one. */
static firn_status use_name(firn_session *session, const firn_sql_name *name, firn_error *err)
{
    firn_catalog *named = firn_session__find_catalog(session, name->parts[0]);
    firn_catalog *catalog = named ? named : session->current_catalog;
    const firn_str k_default = FIRN_STR("default");
    firn_ident ns = {name->parts + (named ? 1 : 0), name->n_parts - (named ? 1 : 0), {0}};
    if (!catalog) return firn_sql_fail(err, name->offset, "the session has no catalog");
    if (ns.n_levels == 0) return firn_session__use(session, catalog, &k_default, 1, err);
    FIRN_TRY(check_namespace(session, catalog, name, &ns, err));
    return firn_session__use(session, catalog, ns.levels, ns.n_levels, err);
}

static firn_status expect_end(firn_lexer *lexer, firn_error *err)
{
    const firn_token token = firn_lexer_next(lexer);
    if (token.kind == FIRN_TOKEN_END) return FIRN_OK;
    return firn_sql_fail(err, token.offset, "found \"%.*s\", expected the end of the statement",
                         FIRN_STR_ARG(token.text));
}

static firn_status execute_use(firn_session *session, firn_lexer *lexer, firn_result **out,
                               firn_error *err)
{
    firn_sql_name name;
    firn_lexer ahead = *lexer;
    const firn_token word = firn_lexer_next(&ahead);
    const firn_token after = firn_lexer_peek(&ahead);
    const bool is_kind = firn_token_is(&word, "NAMESPACE") || firn_token_is(&word, "SCHEMA") ||
                         firn_token_is(&word, "DATABASE") || firn_token_is(&word, "CATALOG");
    if (is_kind && after.kind != FIRN_TOKEN_END) *lexer = ahead;
    FIRN_TRY(firn_session__parse_name(lexer, session->arena, &name, err));
    FIRN_TRY(expect_end(lexer, err));
    FIRN_TRY(use_name(session, &name, err));
    return firn_session__result_of_command(session, "USE", -1, out, err);
}

void firn_session__tell_dialect(firn_session *session)
{
    if (session->engine)
        firn_engine_set_wide(session->engine, session->dialect == FIRN_DIALECT_DUCKDB);
}

/* SET dialect = 'spark' */
static firn_status execute_set_dialect(firn_session *session, firn_lexer *lexer, firn_result **out,
                                       firn_error *err)
{
    firn_token token = firn_lexer_next(lexer);
    if (firn_token_is_symbol(&token, "=") || firn_token_is(&token, "TO")) {
        token = firn_lexer_next(lexer);
    }
    const firn_str name = firn_token_unquote(&token, session->arena);
    if (!name.data || !firn_dialect_of(name, &session->dialect)) {
        return firn_sql_fail(err, token.offset, "found \"%.*s\", expected duckdb, spark or trino",
                             FIRN_STR_ARG(token.text));
    }
    FIRN_TRY(expect_end(lexer, err));
    firn_session__tell_dialect(session);
    return firn_session__result_of_command(session, "SET", -1, out, err);
}

/* SET [SESSION] catalog|schema|namespace = name. */
static firn_status execute_set(firn_session *session, firn_lexer *lexer, bool *handled,
                               firn_result **out, firn_error *err)
{
    firn_sql_name name;
    firn_token word = firn_lexer_next(lexer);
    if (firn_token_is(&word, "SESSION")) word = firn_lexer_next(lexer);
    if (firn_token_is(&word, "DIALECT")) {
        *handled = true;
        return execute_set_dialect(session, lexer, out, err);
    }
    const bool is_catalog = firn_token_is(&word, "CATALOG");
    if (!is_catalog && !firn_token_is(&word, "SCHEMA") && !firn_token_is(&word, "NAMESPACE")) {
        return FIRN_OK;
    }
    const firn_token equals = firn_lexer_peek(lexer);
    if (firn_token_is_symbol(&equals, "=") || firn_token_is(&equals, "TO")) {
        (void)firn_lexer_next(lexer);
    }
    *handled = true;
    const firn_token value = firn_lexer_peek(lexer);
    if (value.kind == FIRN_TOKEN_STRING) { /* SET schema = 'ns' */
        firn_str *text = firn_arena_alloc(session->arena, sizeof *text);
        if (!text) return firn_fail_nomem(err);
        *text = firn_token_unquote(&value, session->arena);
        name = (firn_sql_name){text, 1, value.offset, value.text.len};
        (void)firn_lexer_next(lexer);
        if (!text->data) return firn_sql_fail(err, value.offset, "expected a plain string");
    } else {
        FIRN_TRY(firn_session__parse_name(lexer, session->arena, &name, err));
    }
    FIRN_TRY(expect_end(lexer, err));
    if (is_catalog && !firn_session__find_catalog(session, name.parts[0])) {
        return firn_sql_fail(err, name.offset, "there is no catalog \"%.*s\"",
                             FIRN_STR_ARG(name.parts[0]));
    }
    FIRN_TRY(use_name(session, &name, err));
    return firn_session__result_of_command(session, "SET", -1, out, err);
}

firn_status firn_settings_execute(firn_session *session, firn_str sql, bool *handled,
                                  firn_result **out, firn_error *err)
{
    firn_lexer lexer = firn_lexer_of(sql);
    const firn_token verb = firn_lexer_next(&lexer);
    *handled = false;
    if (firn_token_is(&verb, "SET")) return execute_set(session, &lexer, handled, out, err);
    if (!firn_token_is(&verb, "USE")) return FIRN_OK;
    *handled = true;
    return execute_use(session, &lexer, out, err);
}
