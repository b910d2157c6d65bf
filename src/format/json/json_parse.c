/* SPDX-License-Identifier: Apache-2.0 */
/* Text to a tree of jansson's values (RFC 8259). jansson's own parser is not used: when it is
 * refused memory for a token it goes on with half of it and reads past its end. Stricter than the
 * RFC where documents would be ambiguous: no key twice, integers of 64 bits, finite numbers. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/json/json.h"
#include "format/json/json_escape.h"

typedef struct json_reader {
    firn_str text;
    size_t at;
    size_t depth;
    firn_buf strings; /* keys of the objects being read, then a string with escapes */
} json_reader;

/* ---- faults ---- */

static firn_status fail_text(const json_reader *r, size_t at, const char *what, firn_error *err)
{
    uint32_t line = 1;
    size_t start = 0;
    for (size_t i = 0; i < at && i < r->text.len; i++) {
        if (r->text.data[i] != '\n') continue;
        line++;
        start = i + 1;
    }
    (void)firn_fail_at(err, at, "not valid json: %s (line %" PRIu32 ", column %zu)", what, line,
                       at - start + 1);
    if (err) err->line = line;
    return FIRN_ERR_CORRUPT;
}

static firn_status fail_expected(const json_reader *r, const char *what, firn_error *err)
{
    char message[96];
    const int c = r->at < r->text.len ? (uint8_t)r->text.data[r->at] : 0;
    if (r->at >= r->text.len)
        (void)snprintf(message, sizeof message, "the document ends, expected %s", what);
    else if (c > ' ' && c < 0x7F)
        (void)snprintf(message, sizeof message, "found '%c', expected %s", c, what);
    else
        (void)snprintf(message, sizeof message, "found byte 0x%02x, expected %s", (unsigned)c,
                       what);
    return fail_text(r, r->at, message, err);
}

/* ---- tokens ---- */

/* The next byte that is not white space; 0 at the end of the text (as a byte it is never legal). */
static char peek(json_reader *r)
{
    for (; r->at < r->text.len; r->at++) {
        const char c = r->text.data[r->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return c;
    }
    return 0;
}

static firn_status expect(json_reader *r, char c, const char *what, firn_error *err)
{
    if (peek(r) != c || r->at >= r->text.len) return fail_expected(r, what, err);
    r->at++;
    return FIRN_OK;
}

static bool is_digit_at(const json_reader *r, size_t at)
{
    return at < r->text.len && r->text.data[at] >= '0' && r->text.data[at] <= '9';
}

static bool is_one_of(const json_reader *r, size_t at, const char *set)
{
    return at < r->text.len && r->text.data[at] != 0 && strchr(set, r->text.data[at]) != NULL;
}

/* Steps over digits, of which there must be one. */
static firn_status skip_digits(json_reader *r, firn_error *err)
{
    if (!is_digit_at(r, r->at)) return fail_expected(r, "a digit", err);
    while (is_digit_at(r, r->at)) r->at++;
    return FIRN_OK;
}

static firn_status skip_number(json_reader *r, bool *is_integer, firn_error *err)
{
    *is_integer = true;
    if (is_one_of(r, r->at, "-")) r->at++;
    if (is_one_of(r, r->at, "0")) {
        r->at++;
        if (is_digit_at(r, r->at)) return fail_text(r, r->at, "number with a leading zero", err);
    } else {
        FIRN_TRY(skip_digits(r, err));
    }
    if (is_one_of(r, r->at, ".")) {
        *is_integer = false;
        r->at++;
        FIRN_TRY(skip_digits(r, err));
    }
    if (is_one_of(r, r->at, "eE")) {
        *is_integer = false;
        r->at++;
        if (is_one_of(r, r->at, "+-")) r->at++;
        FIRN_TRY(skip_digits(r, err));
    }
    return FIRN_OK;
}

static firn_status read_number(json_reader *r, json_t **out, firn_error *err)
{
    const size_t start = r->at;
    bool is_integer = false;
    int64_t whole = 0;
    double real = 0;
    FIRN_TRY(skip_number(r, &is_integer, err));
    const firn_str digits = {r->text.data + start, r->at - start};
    if (digits.len > FIRN_LIMIT_JSON_NUMBER)
        return firn_fail(err, FIRN_ERR_LIMIT, "json number of %zu bytes, limit %zu", digits.len,
                         (size_t)FIRN_LIMIT_JSON_NUMBER);
    if (is_integer) {
        if (!firn_str_to_i64(digits, &whole))
            return fail_text(r, start, "integer of more than 64 bits", err);
        *out = json_integer(whole);
    } else {
        if (!firn_str_to_f64(digits, &real) || !isfinite(real))
            return fail_text(r, start, "real number out of range", err);
        *out = json_real(real);
    }
    return *out ? FIRN_OK : firn_fail_nomem(err);
}

/* Offset of the first byte at or after at that is no plain part of a string. */
static size_t plain_end(const json_reader *r, size_t at)
{
    while (at < r->text.len && (uint8_t)r->text.data[at] >= ' ' && r->text.data[at] != '"' &&
           r->text.data[at] != '\\')
        at++;
    return at;
}

/* The rest of a string with escapes, to the end of r->strings. */
static firn_status unescape_rest(json_reader *r, firn_error *err)
{
    const char *const end = r->text.data + r->text.len;
    while (is_one_of(r, r->at, "\\")) {
        const char *why = NULL;
        const char *next = firn_json_unescape(r->text.data + r->at + 1, end, &r->strings, &why);
        if (!next) return fail_text(r, r->at, why, err);
        r->at = (size_t)(next - r->text.data);
        const size_t stop = plain_end(r, r->at);
        firn_buf_append(&r->strings, r->text.data + r->at, stop - r->at);
        r->at = stop;
    }
    return firn_buf_check(&r->strings, err);
}

/* *out lives until r->strings is added to or cut. */
static firn_status read_string(json_reader *r, firn_str *out, firn_error *err)
{
    const size_t start = ++r->at;
    const size_t kept = r->strings.len;
    r->at = plain_end(r, start);
    *out = (firn_str){r->text.data + start, r->at - start};
    if (is_one_of(r, r->at, "\\")) {
        firn_buf_str(&r->strings, *out);
        FIRN_TRY(unescape_rest(r, err));
        *out = (firn_str){r->strings.data + kept, r->strings.len - kept};
    }
    if (!is_one_of(r, r->at, "\"")) return fail_expected(r, "the end of a string", err);
    if (!firn_utf8_is_valid(*out)) return fail_text(r, start, "string that is not utf-8", err);
    r->at++;
    return FIRN_OK;
}

/* ---- values ---- */

static firn_status read_value(json_reader *r, json_t **out, firn_error *err);

/* The key with a NUL behind it, kept in r->strings from *kept on while its value is read. */
static firn_status read_key(json_reader *r, const json_t *object, size_t *kept, firn_error *err)
{
    firn_str key = {NULL, 0};
    *kept = r->strings.len;
    if (peek(r) != '"') return fail_expected(r, "a key in quotes", err);
    const size_t at = r->at;
    FIRN_TRY(read_string(r, &key, err));
    if (memchr(key.data, 0, key.len)) return fail_text(r, at, "NUL byte in a key", err);
    if (r->strings.len == *kept) firn_buf_str(&r->strings, key);
    firn_buf_byte(&r->strings, 0);
    FIRN_TRY(firn_buf_check(&r->strings, err));
    if (json_object_get(object, r->strings.data + *kept))
        return fail_text(r, at, "duplicate key", err);
    return FIRN_OK;
}

static firn_status read_member(json_reader *r, json_t *object, firn_error *err)
{
    json_t *value = NULL;
    size_t key = 0;
    FIRN_TRY(read_key(r, object, &key, err));
    FIRN_TRY(expect(r, ':', "':'", err));
    FIRN_TRY(read_value(r, &value, err));
    if (json_object_set_new_nocheck(object, r->strings.data + key, value) != 0)
        return firn_fail_nomem(err);
    r->strings.len = key;
    return FIRN_OK;
}

static firn_status read_element(json_reader *r, json_t *array, firn_error *err)
{
    json_t *value = NULL;
    FIRN_TRY(read_value(r, &value, err));
    return json_array_append_new(array, value) == 0 ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status fill_container(json_reader *r, json_t *to, firn_error *err)
{
    const bool is_object = json_is_object(to);
    const char close = is_object ? '}' : ']';
    r->at++;
    if (peek(r) == close) {
        r->at++;
        return FIRN_OK;
    }
    for (;;) {
        FIRN_TRY(is_object ? read_member(r, to, err) : read_element(r, to, err));
        if (peek(r) != ',') break;
        r->at++;
    }
    return expect(r, close, is_object ? "',' or '}'" : "',' or ']'", err);
}

static firn_status read_container(json_reader *r, json_t *made, json_t **out, firn_error *err)
{
    firn_status st = FIRN_OK;
    if (!made) return firn_fail_nomem(err);
    if (++r->depth > FIRN_LIMIT_JSON_NESTING) {
        st = firn_fail(err, FIRN_ERR_LIMIT, "json nested deeper than %d levels",
                       FIRN_LIMIT_JSON_NESTING);
        if (err) err->position = r->at;
    } else {
        st = fill_container(r, made, err);
    }
    r->depth--;
    if (st == FIRN_OK)
        *out = made;
    else
        json_decref(made);
    return st;
}

static firn_status read_text(json_reader *r, json_t **out, firn_error *err)
{
    const size_t kept = r->strings.len;
    firn_str text = {NULL, 0};
    FIRN_TRY(read_string(r, &text, err));
    *out = json_stringn_nocheck(text.data, text.len);
    r->strings.len = kept;
    return *out ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status read_word(json_reader *r, firn_str word, json_t *value, json_t **out,
                             firn_error *err)
{
    if (!firn_str_starts_with(firn_str_slice(r->text, r->at, r->text.len), word))
        return fail_expected(r, "a value", err);
    r->at += word.len;
    *out = value;
    return FIRN_OK;
}

static firn_status read_value(json_reader *r, json_t **out, firn_error *err)
{
    const char c = peek(r);
    switch (c) {
    case '{': return read_container(r, json_object(), out, err);
    case '[': return read_container(r, json_array(), out, err);
    case '"': return read_text(r, out, err);
    case 't': return read_word(r, FIRN_STR("true"), json_true(), out, err);
    case 'f': return read_word(r, FIRN_STR("false"), json_false(), out, err);
    case 'n': return read_word(r, FIRN_STR("null"), json_null(), out, err);
    default: break;
    }
    if (c == '-' || (c >= '0' && c <= '9')) return read_number(r, out, err);
    return fail_expected(r, "a value", err);
}

/* ---- document ---- */

static firn_status read_document(json_reader *r, json_t **out, firn_error *err)
{
    FIRN_TRY(read_value(r, out, err));
    (void)peek(r);
    return r->at == r->text.len ? FIRN_OK : fail_expected(r, "the end of the document", err);
}

static void release_document(void *ptr)
{
    json_decref(ptr);
}

firn_status firn_json_parse(firn_str text, firn_arena *arena, json_t **out, firn_error *err)
{
    json_reader r = {.text = text};
    json_t *document = NULL;
    *out = NULL;
    if (text.len > FIRN_LIMIT_METADATA)
        return firn_fail(err, FIRN_ERR_LIMIT, "json document of %zu bytes, limit %zu", text.len,
                         FIRN_LIMIT_METADATA);
    if (text.len == 0) return firn_fail_at(err, 0, "not valid json: the document is empty");
    firn_buf_init(&r.strings, NULL, 0);
    firn_status st = read_document(&r, &document, err);
    firn_buf_dispose(&r.strings);
    if (st == FIRN_OK) st = firn_arena_defer(arena, release_document, document, err);
    if (st == FIRN_OK)
        *out = document;
    else
        json_decref(document);
    return st;
}
