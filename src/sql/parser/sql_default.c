/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser/sql_default.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/schema_json.h"
#include "sql/session/session_state.h"

/* ---- DDL ---- */

static bool is_type_word(const firn_token *token)
{
    return firn_token_is(token, "DATE") || firn_token_is(token, "TIME") ||
           firn_token_is(token, "TIMESTAMP") || firn_token_is(token, "TIMESTAMPTZ") ||
           firn_token_is(token, "UUID");
}

static bool is_word_literal(const firn_token *token)
{
    return firn_token_is(token, "TRUE") || firn_token_is(token, "FALSE") ||
           firn_token_is(token, "NULL");
}

/* [-] number, 'text', X'bytes', TYPE 'text', TRUE, FALSE, NULL */
firn_status firn_parse_default_text(firn_sql_parser *p, firn_str *out, firn_error *err)
{
    const firn_token first = firn_parser_peek(p);
    const bool has_sign = firn_parser_accept_symbol(p, "-") || firn_parser_accept_symbol(p, "+");
    if (!has_sign && is_type_word(&first)) (void)firn_lexer_next(&p->lexer);
    const firn_token token = firn_parser_peek(p);
    const bool is_literal = token.kind == FIRN_TOKEN_NUMBER ||
                            (!has_sign && token.kind == FIRN_TOKEN_STRING) ||
                            (!has_sign && is_word_literal(&token));
    if (!is_literal) {
        (void)firn_fail(err, FIRN_ERR_UNSUPPORTED,
                        "not supported: a default that is not a literal");
        if (err) err->position = first.offset;
        return FIRN_ERR_UNSUPPORTED;
    }
    (void)firn_lexer_next(&p->lexer);
    *out = firn_str_slice(p->sql, first.offset, token.offset + token.text.len);
    return FIRN_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static firn_status read_hex(firn_str text, const firn_type *type, firn_arena *arena,
                            firn_value *out, firn_error *err)
{
    const size_t n = text.len / 2;
    char *bytes = firn_arena_alloc(arena, n + 1);
    if (!bytes) return firn_fail_nomem(err);
    bool is_ok =
        text.len % 2 == 0 && (type->kind == FIRN_TYPE_BINARY ||
                              (type->kind == FIRN_TYPE_FIXED && (int64_t)n == type->length));
    for (size_t i = 0; i < n && is_ok; i++) {
        const int high = hex_digit(text.data[2 * i]);
        const int low = hex_digit(text.data[2 * i + 1]);
        is_ok = high >= 0 && low >= 0;
        bytes[i] = (char)(uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    if (!is_ok)
        return firn_fail(err, FIRN_ERR_ARG, "X'%.*s' is not a value of the column",
                         (int)(text.len < 100 ? text.len : 100), text.data ? text.data : "");
    *out = (firn_value){.kind = type->kind, .as.bytes = {bytes, n}};
    return FIRN_OK;
}

firn_status firn_sql_default_of(firn_str text, const firn_type *type, firn_arena *arena,
                                const firn_value **out, firn_error *err)
{
    firn_sql_parser p = firn_parser_of(arena, text);
    firn_value *value = firn_arena_alloc_zero(arena, sizeof *value);
    firn_str literal = text;
    if (!value) return firn_fail_nomem(err);
    *out = value;
    *value = (firn_value){.kind = type->kind, .is_null = true};
    if (firn_parser_accept(&p, "NULL")) return FIRN_OK;
    if (text.len >= 3 && (text.data[0] == 'x' || text.data[0] == 'X') && text.data[1] == '\'')
        return read_hex(firn_str_slice(text, 2, text.len - 1), type, arena, value, err);
    const firn_token first = firn_parser_peek(&p);
    if (is_type_word(&first)) (void)firn_lexer_next(&p.lexer);
    (void)firn_parser_accept_symbol(&p, "+");
    if (firn_parser_peek(&p).kind == FIRN_TOKEN_STRING)
        FIRN_TRY(firn_parser_string(&p, &literal, err));
    const bool is_bytes = type->kind == FIRN_TYPE_BINARY || type->kind == FIRN_TYPE_FIXED;
    if (is_bytes) return firn_fail(err, FIRN_ERR_ARG, "a default of bytes is written X'...'");
    return firn_value_from_text(literal, type, arena, value, err);
}

firn_status firn_parse_default(firn_sql_parser *p, const firn_type *type, const firn_value **out,
                               firn_error *err)
{
    firn_str text;
    const size_t offset = firn_parser_peek(p).offset;
    FIRN_TRY(firn_parse_default_text(p, &text, err));
    const firn_status st = firn_sql_default_of(text, type, p->arena, out, err);
    if (st != FIRN_OK && err) err->position = offset;
    return st;
}

static void put_hex(firn_buf *out, firn_str bytes)
{
    firn_buf_cstr(out, "X'");
    for (size_t i = 0; i < bytes.len; i++)
        firn_buf_printf(out, "%02x", (unsigned)(uint8_t)bytes.data[i]);
    firn_buf_byte(out, '\'');
}

static bool is_plain(firn_type_kind kind)
{
    return kind == FIRN_TYPE_BOOLEAN || kind == FIRN_TYPE_INT || kind == FIRN_TYPE_LONG ||
           kind == FIRN_TYPE_FLOAT || kind == FIRN_TYPE_DOUBLE || kind == FIRN_TYPE_DECIMAL;
}

void firn_sql_put_default(firn_buf *out, const firn_value *value, firn_arena *arena)
{
    firn_str text = {0};
    if (!value || value->is_null || value->kind == FIRN_TYPE_STRUCT) return;
    firn_buf_cstr(out, " DEFAULT ");
    if (value->kind == FIRN_TYPE_BINARY || value->kind == FIRN_TYPE_FIXED) {
        put_hex(out, value->as.bytes);
    } else if (firn_value_to_text(value, arena, &text, NULL) != FIRN_OK) {
        firn_buf_cstr(out, "NULL"); /* out of memory: said by whoever asks the arena next */
    } else if (is_plain(value->kind)) {
        firn_buf_str(out, text);
    } else {
        firn_buf_quoted(out, text, '\'');
    }
}

/* ---- rows ---- */

static void put_bytes(firn_sql_text *text, firn_str bytes)
{
    firn_sql_text_put(text, "'");
    for (size_t i = 0; i < bytes.len; i++)
        firn_buf_printf(&text->buf, "\\x%02X", (unsigned)(uint8_t)bytes.data[i]);
    firn_sql_text_put(text, "'::BLOB");
}

/* A struct that is there, made of its fields' own defaults; types nest no deeper than the parser of
 * the schema allows. */
static firn_status put_struct(firn_sql_text *text, const firn_type *type, firn_error *err)
{
    firn_sql_text_put(text, "{");
    for (size_t i = 0; i < type->n_fields; i++) {
        if (i > 0) firn_sql_text_put(text, ", ");
        firn_sql_text_string(text, type->fields[i].name);
        firn_sql_text_put(text, ": ");
        FIRN_TRY(firn_sql_text_default(text, &type->fields[i], err));
    }
    firn_sql_text_put(text, "}");
    return FIRN_OK;
}

firn_status firn_sql_text_default(firn_sql_text *text, const firn_field *field, firn_error *err)
{
    const firn_value *value = field->write_default;
    firn_str words = {0};
    if (!value || value->is_null) {
        firn_sql_text_put(text, "NULL");
        return FIRN_OK;
    }
    switch (value->kind) {
    case FIRN_TYPE_STRUCT: return put_struct(text, field->type, err);
    case FIRN_TYPE_STRING: firn_sql_text_string(text, value->as.bytes); return FIRN_OK;
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_FIXED: put_bytes(text, value->as.bytes); return FIRN_OK;
    default: break;
    }
    FIRN_TRY(firn_value_to_text(value, text->session->arena, &words, err));
    firn_sql_text_put(text, "CAST(");
    firn_sql_text_string(text, words);
    firn_sql_text_put(text, " AS ");
    FIRN_TRY(firn_sql_text_type(text, field->type, err));
    firn_sql_text_put(text, ")");
    return FIRN_OK;
}
