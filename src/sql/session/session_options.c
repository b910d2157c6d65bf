/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a session that are kept as text: Spark's dotted names and Trino's session
 * properties. Those that mean something are looked up where they do; the others have no effect. */
#include "base/error.h"
#include "base/str.h"
#include "sql/session/session_state.h"
#include "sql/show/show.h"

firn_str firn_texts__find(const session_texts *texts, firn_str key)
{
    for (size_t i = 0; i < texts->n; i++) {
        if (firn_str_equals_nocase(texts->items[i].key, key)) return texts->items[i].value;
    }
    return (firn_str){0};
}

firn_str firn_session__setting(const firn_session *session, firn_str key)
{
    return firn_texts__find(&session->settings, key);
}

static bool copy_item(firn_arena *arena, firn_str key, firn_str value, firn_property *out)
{
    *out = (firn_property){firn_arena_copy(arena, key), firn_arena_copy(arena, value)};
    return out->key.data && out->value.data;
}

/* All that stays goes to a new arena, so that setting a text again and again takes no memory. */
firn_status firn_texts__set(firn_session *session, session_texts *texts, firn_str key,
                            firn_str value, firn_error *err)
{
    firn_arena *arena = firn_arena_create(session->env->alloc, 0);
    firn_property *items = arena ? firn_arena_array(arena, texts->n + 1, sizeof *items) : NULL;
    size_t n = 0;
    bool is_full = items != NULL;
    for (size_t i = 0; is_full && key.data && i < texts->n; i++) {
        const firn_property *old = &texts->items[i];
        if (firn_str_equals_nocase(old->key, key)) continue;
        is_full = copy_item(arena, old->key, old->value, &items[n++]);
    }
    if (is_full && value.data) is_full = copy_item(arena, key, value, &items[n++]);
    if (!is_full) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    firn_arena_destroy(texts->arena);
    *texts = (session_texts){arena, items, n};
    return FIRN_OK;
}

#define TIME_ZONE FIRN_STR("spark.sql.session.timeZone")

firn_sql_parser firn_session__parser(const firn_session *session, firn_str sql)
{
    firn_sql_parser parser = firn_parser_of(session->arena, sql);
    if (session->dialect == FIRN_DIALECT_TRINO) parser.lexer.dialect = FIRN_DIALECT_TRINO;
    return parser;
}

firn_str firn_session__zone(const firn_session *session)
{
    const firn_str zone = firn_session__setting(session, TIME_ZONE);
    return firn_str_equals_nocase(zone, FIRN_STR("UTC")) ? (firn_str){0} : zone;
}

/* Sessions of Spark and Trino have their time zone among the settings; the engine has it too.
 * key empty: of all settings; value empty: as it was. */
static firn_status tell_engine(firn_session *session, firn_str key, firn_str value, firn_error *err)
{
    firn_result *result = NULL;
    if (key.len > 0 && !firn_str_equals_nocase(key, TIME_ZONE)) return FIRN_OK;
    if (value.len == 0 && firn_session__zone(session).len == 0) return FIRN_OK;
    if (value.len == 0) value = FIRN_STR("UTC");
    if (firn_str_find(value, FIRN_STR("'"), 0) != SIZE_MAX) {
        return firn_fail(err, FIRN_ERR_ARG, "found %.*s, expected a time zone",
                         FIRN_STR_ARG(value));
    }
    const firn_str sql =
        firn_arena_printf(session->arena, "SET TimeZone = '%.*s'", FIRN_STR_ARG(value));
    if (!sql.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_session__query(session, sql, &result, err));
    firn_result_close(result);
    return FIRN_OK;
}

#define JOIN_KEYS FIRN_STR("firn.join_keys")

bool firn_session__joins_scans(const firn_session *session)
{
    return !firn_str_equals_nocase(firn_session__setting(session, JOIN_KEYS), FIRN_STR("off"));
}

static firn_status check_join_keys(firn_str key, firn_str value, size_t offset, firn_error *err)
{
    if (!firn_str_equals_nocase(key, JOIN_KEYS) || !value.data) return FIRN_OK;
    if (firn_str_equals_nocase(value, FIRN_STR("on")) ||
        firn_str_equals_nocase(value, FIRN_STR("off")))
        return FIRN_OK;
    return firn_sql_fail(err, offset, "found \"%.*s\" for firn.join_keys, expected on or off",
                         FIRN_STR_ARG(value));
}

static firn_status show_setting(firn_session *session, firn_str key, firn_result **out,
                                firn_error *err)
{
    static const char *const k_names[] = {"key", "value"};
    firn_show show;
    const firn_str value = firn_session__setting(session, key);
    const firn_str cells[] = {key, value.data ? value : FIRN_STR("<undefined>")};
    FIRN_TRY(firn_show__begin(&show, session, k_names, 2, err));
    firn_show__row(&show, cells, 2);
    return firn_show__end(&show, "SET", FIRN_OK, out, err);
}

/* TIME ZONE 'Asia/Tokyo' */
static bool read_zone(firn_sql_parser *p, firn_str *value)
{
    firn_sql_parser at = *p;
    if (!firn_parser_accept(&at, "TIME") || !firn_parser_accept(&at, "ZONE")) return false;
    if (firn_parser_peek(&at).kind != FIRN_TOKEN_STRING) return false;
    *p = at;
    return firn_parser_string(p, value, NULL) == FIRN_OK && firn_parser_at_end(p);
}

static firn_status set_zone(firn_session *session, firn_str zone, firn_result **out,
                            firn_error *err)
{
    FIRN_TRY(tell_engine(session, TIME_ZONE, zone, err));
    FIRN_TRY(firn_texts__set(session, &session->settings, TIME_ZONE, zone, err));
    return firn_session__result_of_command(session, "SET", -1, out, err);
}

static firn_status reset_all(firn_session *session, firn_result **out, firn_error *err)
{
    FIRN_TRY(tell_engine(session, (firn_str){0}, (firn_str){0}, err));
    FIRN_TRY(firn_texts__set(session, &session->settings, (firn_str){0}, (firn_str){0}, err));
    return firn_session__result_of_command(session, "RESET", -1, out, err);
}

/* A name of several parts is a setting of ours, else the engine's. */
static bool read_key(firn_session *session, firn_sql_parser *p, firn_str *out, bool *is_ours)
{
    firn_sql_name name;
    if (firn_parser_name(p, &name, NULL) != FIRN_OK) return false;
    *out = firn_sql_name_text(&name, session->arena);
    *is_ours = name.n_parts > 1;
    return out->data != NULL;
}

/* To the end, without quotes. */
static firn_status read_value(firn_sql_parser *p, firn_str *out, firn_error *err)
{
    const firn_token first = firn_parser_peek(p);
    if (first.kind == FIRN_TOKEN_END) return firn_parser_fail(p, "a value", err);
    if (first.kind == FIRN_TOKEN_STRING) {
        FIRN_TRY(firn_parser_string(p, out, err));
        return firn_parser_expect_end(p, err);
    }
    *out = firn_str_trim(firn_str_slice(p->sql, first.offset, p->sql.len));
    return FIRN_OK;
}

firn_status firn_options_execute(firn_session *session, firn_str sql, bool *handled,
                                 firn_result **out, firn_error *err)
{
    firn_sql_parser p = firn_session__parser(session, sql);
    firn_str key;
    firn_str value = {0};
    bool is_ours = false;
    *handled = false;
    const bool is_reset = firn_parser_accept(&p, "RESET");
    if (!is_reset && !firn_parser_accept(&p, "SET")) return FIRN_OK;
    const bool is_session = firn_parser_accept(&p, "SESSION");
    const size_t offset = firn_parser_peek(&p).offset;
    *handled = !is_reset && read_zone(&p, &value);
    if (*handled) return set_zone(session, value, out, err);
    if (is_reset && firn_parser_at_end(&p)) {
        *handled = session->dialect != FIRN_DIALECT_DUCKDB;
        return *handled ? reset_all(session, out, err) : FIRN_OK;
    }
    if (!read_key(session, &p, &key, &is_ours)) return FIRN_OK;
    *handled = is_ours || (is_session && session->dialect == FIRN_DIALECT_TRINO);
    if (!*handled) return FIRN_OK;
    if (!is_reset && firn_parser_at_end(&p)) return show_setting(session, key, out, err);
    if (is_reset) {
        FIRN_TRY(firn_parser_expect_end(&p, err));
    } else {
        FIRN_TRY(firn_parser_expect_symbol(&p, "=", err));
        FIRN_TRY(read_value(&p, &value, err));
    }
    FIRN_TRY(check_join_keys(key, value, offset, err));
    FIRN_TRY(tell_engine(session, key, value, err));
    if (is_session && session->dialect == FIRN_DIALECT_TRINO)
        FIRN_TRY(firn_session__check_property(session, key, value, offset, err));
    FIRN_TRY(firn_texts__set(session, &session->settings, key, value, err));
    return firn_session__result_of_command(session, is_reset ? "RESET" : "SET", -1, out, err);
}
