/* SPDX-License-Identifier: Apache-2.0 */
/* Literals and types of Spark and Trino: strings with escapes, numbers with a type's letter, typed
 * strings, CAST. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/dialect/dialect_writer.h"
#include "sql/engine/engine.h"
#include "sql/typing/typing.h"

#define MAX_TYPE_TEXT ((size_t)1 << 16)

/* ---- strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    const int lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* A code point of n hexadecimal digits; false: not that many. */
static bool read_code(firn_str text, size_t at, size_t n, uint32_t *out)
{
    *out = 0;
    if (at > text.len || text.len - at < n) return false;
    for (size_t i = 0; i < n; i++) {
        const int digit = hex_digit(text.data[at + i]);
        if (digit < 0) return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return *out > 0 && *out <= 0x10FFFF;
}

/* UTF-8; four bytes of room. */
static size_t put_code(char *out, uint32_t code)
{
    static const uint8_t k_lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    const size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(n == 1 ? code : k_lead[n] | code);
    return n;
}

/* What a backslash and the text behind it stand for; *used counts them without the backslash. */
static size_t unescape(firn_str text, size_t at, char *out, size_t *used)
{
    static const char k_plain[] = "0\0b\bn\nr\rt\tZ\x1a";
    const char c = text.data[at];
    uint32_t code = 0;
    *used = 1;
    for (size_t i = 0; i + 1 < sizeof k_plain - 1; i += 2) {
        if (c != k_plain[i]) continue;
        out[0] = k_plain[i + 1];
        return 1;
    }
    const size_t n = c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (n > 0 && read_code(text, at + 1, n, &code)) {
        *used = n + 1;
        return put_code(out, code);
    }
    size_t length = 0;
    if (c == '%' || c == '_') out[length++] = '\\'; /* stays, for LIKE */
    out[length++] = c;
    return length;
}

/* Between the quotes of a Spark string. */
static firn_str decode_spark(firn_str inner, char quote, bool is_raw, firn_arena *arena)
{
    char *text = firn_arena_alloc(arena, inner.len + 1);
    size_t n = 0;
    if (!text) return (firn_str){0};
    for (size_t i = 0; i < inner.len; i++) {
        const char c = inner.data[i];
        if (c == '\\' && !is_raw && i + 1 < inner.len) {
            size_t used = 0;
            char bytes[4];
            const size_t length = unescape(inner, i + 1, bytes, &used);
            memcpy(text + n, bytes, length);
            n += length;
            i += used;
        } else {
            text[n++] = c;
            if (c == quote && i + 1 < inner.len && inner.data[i + 1] == quote) i++;
        }
    }
    return (firn_str){text, n};
}

bool firn_dialect_string(const firn_dialect_writer *w, size_t i, firn_str *out)
{
    const firn_token *token = firn_dialect_token(w, i);
    const firn_str text = token->text;
    if (token->kind != FIRN_TOKEN_STRING) return false;
    if (w->opts->dialect != FIRN_DIALECT_SPARK) {
        *out = firn_token_unquote(token, w->arena);
        return out->data != NULL;
    }
    const bool is_raw = (text.data[0] | 0x20) == 'r';
    const size_t open = is_raw ? 1 : 0;
    const char quote = text.data[open];
    if (quote != '\'' && quote != '"') return false; /* x'..', $$..$$ */
    *out = decode_spark(firn_str_slice(text, open + 1, text.len - 1), quote, is_raw, w->arena);
    return out->data != NULL;
}

/* U&'caf\00e9' of the standard. */
static firn_str decode_unicode(firn_str text, firn_arena *arena)
{
    char *out = firn_arena_alloc(arena, text.len + 4);
    size_t n = 0;
    if (!out) return (firn_str){0};
    for (size_t i = 0; i < text.len; i++) {
        uint32_t code = 0;
        if (text.data[i] != '\\') {
            out[n++] = text.data[i];
        } else if (i + 1 < text.len && text.data[i + 1] == '+' &&
                   read_code(text, i + 2, 6, &code)) {
            n += put_code(out + n, code);
            i += 7;
        } else if (read_code(text, i + 1, 4, &code)) {
            n += put_code(out + n, code);
            i += 4;
        } else {
            out[n++] = '\\';
        }
    }
    return (firn_str){out, n};
}

/* ---- numbers ---- */

/* Type behind a number: 1L, 2.5BD. NULL: no such letter. */
static const char *suffix_type(firn_str suffix)
{
    static const char *const k_types[][2] = {{"L", "BIGINT"}, {"S", "SMALLINT"}, {"Y", "TINYINT"},
                                             {"D", "DOUBLE"}, {"F", "FLOAT"},    {"BD", ""}};
    for (size_t i = 0; i < sizeof k_types / sizeof *k_types; i++) {
        if (firn_str_equals_nocase(suffix, firn_str_of(k_types[i][0]))) return k_types[i][1];
    }
    return NULL;
}

bool firn_dialect_touches(const firn_dialect_writer *w, size_t i)
{
    const firn_token *token = firn_dialect_token(w, i);
    return token->offset + token->text.len == firn_dialect_token(w, i + 1)->offset;
}

/* The least of a type is written with a sign before what is one too great: no cast then. */
static bool fits(firn_str number, firn_str suffix)
{
    int64_t value = 0;
    const bool is_integer = firn_str_to_i64(number, &value);
    const int first = suffix.data[0] | 0x20;
    if (first == 'l') return is_integer;
    if (first == 's') return is_integer && value <= INT16_MAX;
    if (first == 'y') return is_integer && value <= INT8_MAX;
    return true;
}

/* 0b101, 0o17 of Trino: the lexer parts the zero from the rest. False: none. */
static bool other_base(const firn_dialect_writer *w, size_t i, uint64_t *out)
{
    const firn_str rest = firn_dialect_token(w, i + 1)->text;
    const int letter = rest.len > 1 ? rest.data[0] | 0x20 : 0;
    const unsigned base = letter == 'b' ? 2 : letter == 'o' ? 8 : 0;
    *out = 0;
    if (w->opts->dialect != FIRN_DIALECT_TRINO || base == 0 || !firn_dialect_touches(w, i) ||
        !firn_str_equals(w->t[i].text, FIRN_STR("0")))
        return false;
    for (size_t k = 1; k < rest.len; k++) {
        const unsigned digit = (unsigned)(rest.data[k] - '0');
        if (rest.data[k] == '_') continue;
        if (rest.data[k] < '0' || digit >= base || *out > (uint64_t)INT64_MAX / base - digit)
            return false;
        *out = *out * base + digit;
    }
    return true;
}

static firn_status write_number(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    uint64_t whole = 0;
    if (other_base(w, i, &whole)) {
        char digits[24];
        (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)whole);
        *next = i + 2;
        return firn_dialect_put(w, i, digits, err);
    }
    const firn_str suffix = firn_dialect_token(w, i + 1)->text;
    const bool has_suffix = w->opts->dialect == FIRN_DIALECT_SPARK && firn_dialect_touches(w, i) &&
                            firn_dialect_is_name(w, i + 1);
    const char *type = has_suffix ? suffix_type(suffix) : NULL;
    if (!type) return FIRN_OK;
    *next = i + 2;
    const bool is_cast = type[0] != '\0' && fits(w->t[i].text, suffix);
    if (!is_cast) return firn_dialect_copy(w, i, i + 1, err);
    FIRN_TRY(firn_dialect_put(w, i, "CAST(", err));
    FIRN_TRY(firn_dialect_copy(w, i, i + 1, err));
    FIRN_TRY(firn_dialect_put(w, i + 1, " AS ", err));
    FIRN_TRY(firn_dialect_put(w, i + 1, type, err));
    return firn_dialect_put(w, i + 1, ")", err);
}

/* ---- typed strings ---- */

/* "2024-01-01 10:00:00 UTC", "... +02:00": something behind the time of day. */
static bool has_zone(firn_str text)
{
    text = firn_str_trim(text);
    const size_t colon = firn_str_find(text, FIRN_STR(":"), 0);
    if (colon == SIZE_MAX) return false;
    for (size_t i = colon; i < text.len; i++) {
        const char c = text.data[i];
        if (c != ':' && c != '.' && (c < '0' || c > '9')) return true;
    }
    return false;
}

/* DuckDB reads an offset only right behind the time: "10:00 -02:00" becomes "10:00-02:00". */
static firn_str join_offset(const firn_dialect_writer *w, firn_str text)
{
    const size_t blank = firn_str_find(text, FIRN_STR(" "), 11);
    char sign = '\0';
    if (blank != SIZE_MAX && blank + 1 < text.len) sign = text.data[blank + 1];
    if (sign != '-' && sign != '+') return text;
    const firn_str joined = firn_arena_printf(w->arena, "%.*s%.*s", (int)blank, text.data,
                                              (int)(text.len - blank - 1), text.data + blank + 1);
    return joined.data ? joined : text;
}

static firn_status write_decimal(firn_dialect_writer *w, size_t at, firn_str text, firn_error *err)
{
    char type[64];
    int digits = 0;
    int scale = 0;
    bool has_point = false;
    for (size_t i = 0; i < text.len; i++) {
        has_point |= text.data[i] == '.';
        if (text.data[i] < '0' || text.data[i] > '9') continue;
        digits++;
        scale += has_point;
    }
    if (digits == 0 || digits > 38)
        return firn_fail(err, FIRN_ERR_ARG, "found '%.*s', expected a decimal of up to 38 digits",
                         FIRN_STR_ARG(text));
    (void)snprintf(type, sizeof type, " AS DECIMAL(%d,%d))", digits, scale);
    FIRN_TRY(firn_dialect_put(w, at, "CAST(", err));
    FIRN_TRY(firn_dialect_put_string(w, at + 1, text, err));
    return firn_dialect_put(w, at + 1, type, err);
}

/* Type of "TIMESTAMP '...'" and its like; NULL: not one of them. */
static const char *literal_type(const firn_dialect_writer *w, size_t i, firn_str text)
{
    const bool is_spark = w->opts->dialect == FIRN_DIALECT_SPARK;
    if (firn_dialect_is_word(w, i, "TIMESTAMP")) {
        return is_spark || has_zone(text) ? "TIMESTAMPTZ" : "TIMESTAMP";
    }
    if (firn_dialect_is_word(w, i, "TIMESTAMP_NTZ")) return "TIMESTAMP";
    if (firn_dialect_is_word(w, i, "TIMESTAMP_LTZ")) return "TIMESTAMPTZ";
    if (is_spark) return NULL;
    if (firn_dialect_is_word(w, i, "REAL")) return "REAL";
    if (firn_dialect_is_word(w, i, "DOUBLE")) return "DOUBLE";
    if (firn_dialect_is_word(w, i, "BIGINT")) return "BIGINT";
    if (firn_dialect_is_word(w, i, "CHAR")) return "VARCHAR";
    if (firn_dialect_is_word(w, i, "JSON")) return "JSON";
    return NULL;
}

static firn_status write_typed(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    firn_str text;
    const bool is_trino = w->opts->dialect == FIRN_DIALECT_TRINO;
    const bool is_unicode = is_trino && firn_dialect_is_word(w, i, "U") &&
                            firn_dialect_touches(w, i) && firn_dialect_is_symbol(w, i + 1, "&") &&
                            firn_dialect_string(w, i + 2, &text);
    if (is_unicode) {
        *next = i + 3;
        text = decode_unicode(text, w->arena);
        return text.data ? firn_dialect_put_string(w, i, text, err) : firn_fail_nomem(err);
    }
    if (!firn_dialect_string(w, i + 1, &text)) return FIRN_OK;
    const char *type = literal_type(w, i, text);
    const bool is_decimal = is_trino && firn_dialect_is_word(w, i, "DECIMAL");
    if (!type && !is_decimal) return FIRN_OK;
    *next = i + 2;
    if (is_decimal) return write_decimal(w, i, text, err);
    FIRN_TRY(firn_dialect_put(w, i, type, err));
    FIRN_TRY(firn_dialect_put(w, i, " ", err));
    return firn_dialect_put_string(w, i + 1, join_offset(w, text), err);
}

firn_status firn_dialect_literal(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    firn_str text;
    const firn_token *token = firn_dialect_token(w, i);
    if (token->kind == FIRN_TOKEN_NUMBER) return write_number(w, i, next, err);
    if (token->kind == FIRN_TOKEN_WORD) return write_typed(w, i, next, err);
    if (token->kind == FIRN_TOKEN_STRING && firn_dialect_is_named_pattern(w, i)) {
        *next = i + 1;
        return firn_dialect_put_pattern(w, i, err);
    }
    if (w->opts->dialect != FIRN_DIALECT_SPARK || !firn_dialect_string(w, i, &text)) return FIRN_OK;
    *next = i + 1;
    while (firn_dialect_token(w, *next)->kind == FIRN_TOKEN_STRING) { /* 'a' 'b' is 'ab' */
        firn_str more;
        if (!firn_dialect_string(w, *next, &more)) break;
        text = firn_arena_printf(w->arena, "%.*s%.*s", FIRN_STR_ARG(text), FIRN_STR_ARG(more));
        if (!text.data) return firn_fail_nomem(err);
        (*next)++;
    }
    return firn_dialect_put_string(w, i, text, err);
}

/* ---- CAST ---- */

/* The word is a type of the engine, too, that Iceberg does not have. */
static bool is_engine_type(const firn_dialect_writer *w, size_t i)
{
    static const char *const k_types[] = {"TINYINT", "SMALLINT", "INTERVAL", "JSON", NULL};
    return firn_dialect_is_any(w, i, k_types);
}

/* The type in [from, to) as DuckDB writes it; data NULL: leave it. */
static firn_status read_type(firn_dialect_writer *w, size_t from, size_t to, firn_str *out,
                             firn_error *err)
{
    int32_t next_id = 1;
    firn_type type;
    firn_buf buf;
    firn_lexer lexer = firn_lexer_of(w->sql);
    *out = (firn_str){0};
    lexer.at = w->t[from].offset;
    lexer.dialect = w->opts->dialect;
    lexer.is_timestamp_zoned = w->opts->dialect == FIRN_DIALECT_SPARK;
    if (is_engine_type(w, from)) return FIRN_OK;
    if (firn_sql_type_parse(&lexer, &next_id, w->arena, &type, NULL) != FIRN_OK) return FIRN_OK;
    if (firn_lexer_peek(&lexer).offset != w->t[to].offset) return FIRN_OK;
    firn_buf_init(&buf, NULL, MAX_TYPE_TEXT);
    firn_status st = firn_duckdb_type_text(&type, &buf, err);
    if (st == FIRN_OK) st = firn_buf_check(&buf, err);
    if (st == FIRN_OK) *out = firn_arena_copy(w->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    return st;
}

firn_status firn_dialect_cast(firn_dialect_writer *w, size_t i, size_t *next, firn_error *err)
{
    static const char *const k_casts[] = {"CAST", "TRY_CAST", NULL};
    static const char *const k_integers[] = {"TINYINT", "BYTE",   "SMALLINT", "SHORT", "INT",
                                             "INTEGER", "BIGINT", "LONG",     NULL};
    static const char *const k_texts[] = {"STRING", "VARCHAR", NULL};
    firn_str type;
    const size_t close = i + 1 < w->n ? w->match[i + 1] : FIRN_NO_MATCH;
    if (!firn_dialect_is_any(w, i, k_casts) || !firn_dialect_is_symbol(w, i + 1, "(") ||
        close == FIRN_NO_MATCH) {
        return FIRN_OK;
    }
    size_t as = i + 2;
    while (as < close && !firn_dialect_is_word(w, as, "AS")) as = firn_dialect_skip(w, as);
    if (as + 1 >= close) return FIRN_OK;
    *next = close + 1;
    const bool is_cut = w->opts->dialect == FIRN_DIALECT_SPARK && as + 2 == close &&
                        firn_dialect_is_any(w, as + 1, k_integers);
    const bool is_text = w->opts->dialect == FIRN_DIALECT_SPARK && as + 2 == close &&
                         firn_dialect_is_any(w, as + 1, k_texts);
    const firn_edit *edit = firn_edits_find(w->edits, FIRN_EDIT_CALL, i); /* TRY(CAST( */
    const char *instead = edit ? edit->text : w->opts->is_lenient ? "TRY_CAST(" : NULL;
    FIRN_TRY(instead ? firn_dialect_put(w, i, instead, err) : firn_dialect_copy(w, i, i + 2, err));
    if (is_cut) FIRN_TRY(firn_dialect_put(w, i, "firn_trunc(", err));
    if (is_text) FIRN_TRY(firn_dialect_put(w, i, "firn_text(", err));
    FIRN_TRY(firn_dialect_emit(w, i + 2, as, err));
    FIRN_TRY(firn_dialect_put(w, as, is_cut || is_text ? ") AS " : " AS ", err));
    FIRN_TRY(read_type(w, as + 1, close, &type, err));
    if (type.data)
        FIRN_TRY(firn_dialect_put(w, as + 1, type.data, err));
    else
        FIRN_TRY(firn_dialect_copy(w, as + 1, close, err));
    return edit ? firn_dialect_put(w, close, "))", err)
                : firn_dialect_copy(w, close, close + 1, err);
}
