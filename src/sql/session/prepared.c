/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared statements of the C API: values become literals of the session's dialect, which are put
 * in the places of the parameters. PREPARE and EXECUTE in SQL are session_prepare.c. */
#include "firn/prepared.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/schema_json.h"
#include "sql/parser/parameters.h"
#include "sql/session/session_state.h"

struct firn_prepared {
    firn_session *session;
    firn_arena *arena; /* of this and the text */
    firn_str sql;      /* without the semicolon */
    firn_dialect dialect;
    firn_parameters parameters;
    firn_buf *values; /* literals; empty: none bound */
};

static firn_lexer lexer_of(const firn_prepared *p)
{
    firn_lexer lexer = firn_lexer_of(p->sql);
    lexer.dialect = p->dialect;
    return lexer;
}

static firn_status prepare(firn_prepared *p, firn_str sql, firn_error *err)
{
    firn_str text;
    p->dialect = p->session->dialect;
    FIRN_TRY(firn_session__check_text(p->session, sql, &text, err));
    p->sql = firn_arena_copy(p->arena, text);
    if (!p->sql.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_parameters_of(lexer_of(p), p->arena, &p->parameters, err));
    p->values = firn_arena_array(p->arena, p->parameters.n, sizeof *p->values);
    if (!p->values) return firn_fail_nomem(err);
    for (size_t i = 0; i < p->parameters.n; i++)
        firn_buf_init(&p->values[i], p->session->env->alloc, FIRN_LIMIT_SQL_TEXT);
    return FIRN_OK;
}

firn_status firn_session_prepare(firn_session *session, firn_str sql, firn_prepared **out,
                                 firn_error *err)
{
    *out = NULL;
    firn_arena *arena = firn_arena_create(session->env->alloc, 0);
    firn_prepared *p = arena ? firn_arena_alloc_zero(arena, sizeof *p) : NULL;
    if (!p) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    p->session = session;
    p->arena = arena;
    const firn_status st = prepare(p, sql, err);
    if (st != FIRN_OK) {
        firn_prepared_close(p);
        return st;
    }
    *out = p;
    return FIRN_OK;
}

void firn_prepared_close(firn_prepared *prepared)
{
    if (!prepared) return;
    for (size_t i = 0; prepared->values && i < prepared->parameters.n; i++)
        firn_buf_dispose(&prepared->values[i]);
    firn_arena_destroy(prepared->arena); /* holds prepared itself */
}

size_t firn_prepared_n_parameters(const firn_prepared *prepared)
{
    return prepared->parameters.n;
}

firn_str firn_prepared_parameter_name(const firn_prepared *prepared, size_t parameter)
{
    if (parameter >= prepared->parameters.n) return FIRN_STR("");
    const firn_str name = prepared->parameters.names[parameter];
    return name.data ? name : FIRN_STR("");
}

firn_status firn_prepared_find(const firn_prepared *prepared, firn_str name, size_t *out,
                               firn_error *err)
{
    *out = firn_parameters_find(&prepared->parameters, name);
    if (*out != SIZE_MAX) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_NOT_FOUND, "the statement has no parameter \"%.*s\"",
                     FIRN_STR_ARG(name));
}

/* ---- literals ---- */

static void put_string(firn_buf *out, firn_str text, firn_dialect dialect)
{
    const bool has_escapes = dialect == FIRN_DIALECT_SPARK;
    firn_buf_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        if (c == '\'' || (c == '\\' && has_escapes)) firn_buf_byte(out, has_escapes ? '\\' : '\'');
        firn_buf_byte(out, (uint8_t)c);
    }
    firn_buf_byte(out, '\'');
}

static void put_bytes(firn_buf *out, firn_str bytes, firn_dialect dialect)
{
    const bool is_blob = dialect == FIRN_DIALECT_DUCKDB;
    firn_buf_cstr(out, is_blob ? "('" : "X'");
    for (size_t i = 0; i < bytes.len; i++)
        firn_buf_printf(out, is_blob ? "\\x%02X" : "%02X", (unsigned)(uint8_t)bytes.data[i]);
    firn_buf_cstr(out, is_blob ? "'::BLOB)" : "'");
}

static firn_status put_type(firn_buf *out, const firn_type *type, firn_dialect dialect,
                            firn_error *err)
{
    if (dialect == FIRN_DIALECT_DUCKDB) return firn_duckdb_type_text(type, out, err);
    firn_dialect_put_sql_type(dialect, type, out);
    return FIRN_OK;
}

static firn_status put_cast(firn_buf *out, firn_str text, const firn_type *type,
                            firn_dialect dialect, firn_error *err)
{
    firn_buf_cstr(out, "CAST(");
    if (text.data)
        put_string(out, text, dialect);
    else
        firn_buf_cstr(out, "NULL");
    firn_buf_cstr(out, " AS ");
    FIRN_TRY(put_type(out, type, dialect, err));
    firn_buf_byte(out, ')');
    return FIRN_OK;
}

/* "TIMESTAMP '..'" may stand behind TIMESTAMP AS OF; NULL: the type has no such literals. */
static const char *literal_word(firn_type_kind kind, firn_dialect dialect)
{
    const bool is_spark = dialect == FIRN_DIALECT_SPARK;
    const bool is_duckdb = dialect == FIRN_DIALECT_DUCKDB;
    if (kind == FIRN_TYPE_DATE) return "DATE ";
    if (kind == FIRN_TYPE_TIMESTAMP) return is_spark ? "TIMESTAMP_NTZ " : "TIMESTAMP ";
    if (kind == FIRN_TYPE_TIMESTAMPTZ) return is_duckdb ? "TIMESTAMPTZ " : "TIMESTAMP ";
    return NULL;
}

static firn_status put_number(firn_buf *out, firn_str text, const firn_type *type,
                              firn_dialect dialect, firn_error *err)
{
    /* digits alone may stand behind VERSION AS OF and LIMIT, too */
    const bool is_whole = type->kind == FIRN_TYPE_INT || type->kind == FIRN_TYPE_LONG;
    if (!is_whole || text.data[0] == '-') return put_cast(out, text, type, dialect, err);
    firn_buf_str(out, text);
    return FIRN_OK;
}

static firn_status put_literal(firn_buf *out, const firn_type *type, const firn_value *value,
                               firn_dialect dialect, firn_arena *scratch, firn_error *err)
{
    char name[64];
    firn_str text = {0};
    if (value->is_null) return put_cast(out, text, type, dialect, err);
    switch (value->kind) {
    case FIRN_TYPE_STRING: put_string(out, value->as.bytes, dialect); return FIRN_OK;
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_FIXED: put_bytes(out, value->as.bytes, dialect); return FIRN_OK;
    case FIRN_TYPE_BOOLEAN:
        firn_buf_cstr(out, value->as.boolean ? "TRUE" : "FALSE");
        return FIRN_OK;
    default: break;
    }
    FIRN_TRY(firn_value_to_text(value, scratch, &text, err));
    const char *word = literal_word(value->kind, dialect);
    if (word) {
        firn_buf_cstr(out, word);
        put_string(out, text, dialect);
        return FIRN_OK;
    }
    switch (value->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG: return put_number(out, text, type, dialect, err);
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_DECIMAL:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS:
    case FIRN_TYPE_UUID: return put_cast(out, text, type, dialect, err);
    default: break;
    }
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: a parameter of type %s",
                     firn_type_name(type, name, sizeof name));
}

static firn_status check_bind(const firn_prepared *p, size_t parameter, const firn_type *type,
                              const firn_value *value, firn_error *err)
{
    char name[64];
    if (parameter >= p->parameters.n)
        return firn_fail(err, FIRN_ERR_ARG, "there is no parameter %zu, the statement has %zu",
                         parameter, p->parameters.n);
    if (!type || !value || !firn_type_is_primitive(type) || value->kind != type->kind)
        return firn_fail(err, FIRN_ERR_ARG, "parameter %zu: the value is not of type %s", parameter,
                         type ? firn_type_name(type, name, sizeof name) : "NULL");
    const bool has_text = value->kind == FIRN_TYPE_STRING && !value->is_null;
    if (has_text && !firn_utf8_is_valid(value->as.bytes))
        return firn_fail(err, FIRN_ERR_ARG, "parameter %zu: the text is not UTF-8", parameter);
    if (has_text &&
        memchr(value->as.bytes.data ? value->as.bytes.data : "", '\0', value->as.bytes.len))
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: parameter %zu has a zero byte in its text", parameter);
    return FIRN_OK;
}

firn_status firn_prepared_bind(firn_prepared *prepared, size_t parameter, const firn_type *type,
                               const firn_value *value, firn_error *err)
{
    FIRN_TRY(check_bind(prepared, parameter, type, value, err));
    firn_arena *scratch = firn_arena_create(prepared->session->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_buf *out = &prepared->values[parameter];
    firn_buf_clear(out);
    firn_status st = put_literal(out, type, value, prepared->dialect, scratch, err);
    if (st == FIRN_OK) st = firn_buf_check(out, err);
    if (st != FIRN_OK) firn_buf_clear(out);
    firn_arena_destroy(scratch);
    return st;
}

static firn_status bind_plain(firn_prepared *prepared, size_t parameter, const firn_value *value,
                              firn_error *err)
{
    const firn_type type = {.kind = value->kind};
    return firn_prepared_bind(prepared, parameter, &type, value, err);
}

firn_status firn_prepared_bind_null(firn_prepared *prepared, size_t parameter, firn_error *err)
{
    const firn_type type = {.kind = FIRN_TYPE_STRING};
    const firn_value value = {.kind = FIRN_TYPE_STRING, .is_null = true};
    FIRN_TRY(check_bind(prepared, parameter, &type, &value, err));
    firn_buf_clear(&prepared->values[parameter]);
    firn_buf_cstr(&prepared->values[parameter], "NULL");
    return firn_buf_check(&prepared->values[parameter], err);
}

firn_status firn_prepared_bind_boolean(firn_prepared *prepared, size_t parameter, bool value,
                                       firn_error *err)
{
    const firn_value v = {.kind = FIRN_TYPE_BOOLEAN, .as.boolean = value};
    return bind_plain(prepared, parameter, &v, err);
}

firn_status firn_prepared_bind_long(firn_prepared *prepared, size_t parameter, int64_t value,
                                    firn_error *err)
{
    const firn_value v = {.kind = FIRN_TYPE_LONG, .as.i64 = value};
    return bind_plain(prepared, parameter, &v, err);
}

firn_status firn_prepared_bind_double(firn_prepared *prepared, size_t parameter, double value,
                                      firn_error *err)
{
    const firn_value v = {.kind = FIRN_TYPE_DOUBLE, .as.f64 = value};
    return bind_plain(prepared, parameter, &v, err);
}

firn_status firn_prepared_bind_string(firn_prepared *prepared, size_t parameter, firn_str value,
                                      firn_error *err)
{
    const firn_value v = {.kind = FIRN_TYPE_STRING, .as.bytes = value};
    return bind_plain(prepared, parameter, &v, err);
}

firn_status firn_prepared_bind_binary(firn_prepared *prepared, size_t parameter, firn_str value,
                                      firn_error *err)
{
    const firn_value v = {.kind = FIRN_TYPE_BINARY, .as.bytes = value};
    return bind_plain(prepared, parameter, &v, err);
}

void firn_prepared_clear(firn_prepared *prepared)
{
    for (size_t i = 0; i < prepared->parameters.n; i++) firn_buf_clear(&prepared->values[i]);
}

/* ---- execution ---- */

static firn_status put_values(const firn_prepared *p, firn_rewrite *out, firn_error *err)
{
    firn_arena *arena = p->session->arena;
    firn_str *values = firn_arena_array(arena, p->parameters.n, sizeof *values);
    if (!values) return firn_fail_nomem(err);
    if (p->session->dialect != p->dialect)
        return firn_fail(err, FIRN_ERR_ARG,
                         "the statement was prepared in dialect %s, the session's is %s",
                         firn_dialect_name(p->dialect), firn_dialect_name(p->session->dialect));
    for (size_t i = 0; i < p->parameters.n; i++) {
        values[i] = firn_buf_view(&p->values[i]);
        if (values[i].len == 0)
            return firn_fail(err, FIRN_ERR_ARG, "parameter %zu has no value", i);
    }
    return firn_parameters_put(lexer_of(p), &p->parameters, values, arena, out, err);
}

firn_status firn_prepared_execute(firn_prepared *prepared, firn_result **out, firn_error *err)
{
    firn_rewrite text;
    firn_session *session = prepared->session;
    *out = NULL;
    firn_session__begin(session);
    FIRN_TRY(put_values(prepared, &text, err));
    const firn_status st = firn_session__run(session, text.sql, out, err);
    if (st == FIRN_OK || !err) return st;
    err->position = firn_rewrite_position(&text, (size_t)err->position);
    firn_session__count_line(prepared->sql, err);
    return st;
}
