/* SPDX-License-Identifier: Apache-2.0 */
/* JSON (RFC 8259) to variants, in one pass: values are put down as they come, and closed into an
 * array or object behind their last. Names get their numbers in the order of their appearance. */
#include "format/variant/variant_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#include "format/json/json_escape.h"
#include "format/variant/variant_value.h"

#define DECIMAL_DIGITS_MAX 38

typedef struct variant_name {
    firn_str text;
    uint32_t id;
} variant_name;

typedef struct member {
    const variant_name *name;
    uint32_t offset;
} member;

typedef struct parser {
    const char *begin, *at, *end;
    firn_arena *arena;
    firn_map by_name;
    variant_name **names; /* by id */
    size_t n_names, cap_names;
    firn_buf values;
    firn_buf text; /* of a string with escapes */
    firn_error *err;
} parser;

static firn_status fail(const parser *p, const char *what)
{
    const firn_status st = firn_fail(p->err, FIRN_ERR_ARG, "malformed JSON at byte %zu: %s",
                                     (size_t)(p->at - p->begin), what);
    return st;
}

static void skip_blanks(parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

static bool accept(parser *p, char c)
{
    skip_blanks(p);
    if (p->at == p->end || *p->at != c) return false;
    p->at++;
    return true;
}

/* ---- strings ---- */

/* p->at is behind the quote; borrowed until the next string. */
static firn_status read_string(parser *p, firn_str *out)
{
    const char *from = p->at;
    bool has_escapes = false;
    firn_buf_clear(&p->text);
    for (;;) {
        const char *plain = p->at;
        while (p->at < p->end && *p->at != '"' && *p->at != '\\' && (uint8_t)*p->at >= 0x20)
            p->at++;
        if (p->at == p->end) return fail(p, "a string without an end");
        if ((uint8_t)*p->at < 0x20) return fail(p, "a control character in a string");
        if (has_escapes || *p->at == '\\')
            firn_buf_append(&p->text, plain, (size_t)(p->at - plain));
        if (*p->at == '"') break;
        const char *why = NULL;
        const char *behind = firn_json_unescape(p->at + 1, p->end, &p->text, &why);
        if (!behind) return fail(p, why);
        has_escapes = true;
        p->at = behind;
    }
    *out = has_escapes ? firn_buf_view(&p->text) : (firn_str){from, (size_t)(p->at - from)};
    p->at++;
    FIRN_TRY(firn_buf_check(&p->text, p->err));
    return firn_utf8_is_valid(*out) ? FIRN_OK : fail(p, "a string that is not UTF-8");
}

/* ---- numbers ---- */

typedef struct number {
    firn_str text;
    bool has_fraction, has_exponent;
    bool is_negative;
    size_t n_digits; /* without leading zeros */
    int32_t scale;
    firn_uint128 unscaled; /* if the digits are not too many */
} number;

static size_t read_digits(parser *p, number *n)
{
    const char *from = p->at;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        if (n->n_digits == 0 && *p->at == '0') continue;
        n->n_digits++;
        if (n->n_digits <= DECIMAL_DIGITS_MAX)
            n->unscaled = n->unscaled * 10 + (uint8_t)(*p->at - '0');
    }
    return (size_t)(p->at - from);
}

static firn_status read_number(parser *p, number *n)
{
    const char *from = p->at;
    *n = (number){0};
    if (*p->at == '-') {
        n->is_negative = true;
        p->at++;
    }
    const char *whole = p->at;
    const size_t n_whole = read_digits(p, n);
    if (n_whole == 0 || (n_whole > 1 && *whole == '0')) return fail(p, "expected a value");
    if (p->at < p->end && *p->at == '.') {
        p->at++;
        n->has_fraction = true;
        const size_t scale = read_digits(p, n);
        if (scale == 0) return fail(p, "a number without digits behind its point");
        n->scale = scale > INT32_MAX ? INT32_MAX : (int32_t)scale;
    }
    if (p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
        number ignored = {0};
        p->at++;
        n->has_exponent = true;
        if (p->at < p->end && (*p->at == '+' || *p->at == '-')) p->at++;
        if (read_digits(p, &ignored) == 0) return fail(p, "an exponent without digits");
    }
    n->text = (firn_str){from, (size_t)(p->at - from)};
    return FIRN_OK;
}

static void put_integer(firn_buf *out, int64_t v)
{
    if (v >= INT8_MIN && v <= INT8_MAX)
        firn_variant_put(out, FIRN_VARIANT_INT8, &v, 1);
    else if (v >= INT16_MIN && v <= INT16_MAX)
        firn_variant_put(out, FIRN_VARIANT_INT16, &v, 2);
    else if (v >= INT32_MIN && v <= INT32_MAX)
        firn_variant_put(out, FIRN_VARIANT_INT32, &v, 4);
    else
        firn_variant_put(out, FIRN_VARIANT_INT64, &v, 8);
}

static void put_decimal(firn_buf *out, const number *n)
{
    const size_t digits = n->n_digits > (size_t)n->scale ? n->n_digits : (size_t)n->scale;
    const firn_variant_type type = digits <= 9    ? FIRN_VARIANT_DECIMAL4
                                   : digits <= 18 ? FIRN_VARIANT_DECIMAL8
                                                  : FIRN_VARIANT_DECIMAL16;
    const firn_int128 v = (firn_int128)n->unscaled;
    firn_variant_put_decimal(out, type, n->scale, n->is_negative ? -v : v);
}

static firn_status put_number(parser *p)
{
    number n;
    int64_t i64 = 0;
    double f64 = 0;
    FIRN_TRY(read_number(p, &n));
    if (!n.has_fraction && !n.has_exponent && firn_str_to_i64(n.text, &i64)) {
        put_integer(&p->values, i64);
    } else if (!n.has_exponent && n.n_digits <= DECIMAL_DIGITS_MAX &&
               n.scale <= DECIMAL_DIGITS_MAX) {
        put_decimal(&p->values, &n);
    } else {
        if (!firn_str_to_f64(n.text, &f64)) return fail(p, "a number beyond the range of double");
        firn_variant_put(&p->values, FIRN_VARIANT_DOUBLE, &f64, sizeof f64);
    }
    return FIRN_OK;
}

/* ---- arrays and objects ---- */

static firn_status put_value(parser *p, int depth);

static firn_status put_array(parser *p, int depth)
{
    const size_t start = p->values.len;
    uint32_t *offsets = NULL;
    size_t n = 0, cap = 0;
    while (n > 0 || !accept(p, ']')) {
        uint32_t *slot = firn_arena_push(p->arena, &offsets, &n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(p->err);
        *slot = (uint32_t)(p->values.len - start);
        FIRN_TRY(put_value(p, depth));
        if (accept(p, ']')) break;
        if (!accept(p, ',')) return fail(p, "expected a comma or \"]\"");
    }
    firn_variant_close_array(&p->values, start, offsets, n);
    return FIRN_OK;
}

static firn_status intern(parser *p, firn_str text, const variant_name **out)
{
    variant_name *name = firn_map_find(&p->by_name, text);
    *out = name;
    if (name) return FIRN_OK;
    name = firn_arena_alloc_zero(p->arena, sizeof *name);
    variant_name **slot =
        firn_arena_push(p->arena, &p->names, &p->n_names, &p->cap_names, sizeof *slot);
    if (!name || !slot) return firn_fail_nomem(p->err);
    *name = (variant_name){firn_arena_copy(p->arena, text), (uint32_t)(p->n_names - 1)};
    if (!name->text.data) return firn_fail_nomem(p->err);
    *slot = name;
    *out = name;
    return firn_map_put(&p->by_name, name->text, name, p->err);
}

static int compare_members(const void *a, const void *b)
{
    return firn_str_compare(((const member *)a)->name->text, ((const member *)b)->name->text);
}

static firn_status close_object(parser *p, size_t start, member *members, size_t n)
{
    uint32_t *ids = firn_arena_array(p->arena, n, sizeof *ids);
    uint32_t *offsets = firn_arena_array(p->arena, n, sizeof *offsets);
    if (!ids || !offsets) return firn_fail_nomem(p->err);
    if (n > 1) qsort(members, n, sizeof *members, compare_members);
    for (size_t i = 0; i < n; i++) {
        ids[i] = members[i].name->id;
        offsets[i] = members[i].offset;
        if (i > 0 && members[i].name == members[i - 1].name) {
            const firn_str key = firn_str_slice(members[i].name->text, 0, 40);
            return firn_fail(p->err, FIRN_ERR_ARG, "JSON with the key \"%.*s\" twice",
                             FIRN_STR_ARG(key));
        }
    }
    firn_variant_close_object(&p->values, start, ids, offsets, n);
    return FIRN_OK;
}

static firn_status put_object(parser *p, int depth)
{
    const size_t start = p->values.len;
    member *members = NULL;
    size_t n = 0, cap = 0;
    while (n > 0 || !accept(p, '}')) {
        firn_str key;
        if (!accept(p, '"')) return fail(p, "expected a key");
        FIRN_TRY(read_string(p, &key));
        member *slot = firn_arena_push(p->arena, &members, &n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(p->err);
        FIRN_TRY(intern(p, key, &slot->name));
        slot->offset = (uint32_t)(p->values.len - start);
        if (!accept(p, ':')) return fail(p, "expected a colon");
        FIRN_TRY(put_value(p, depth));
        if (accept(p, '}')) break;
        if (!accept(p, ',')) return fail(p, "expected a comma or \"}\"");
    }
    return close_object(p, start, members, n);
}

/* ---- values ---- */

static bool accept_word(parser *p, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0) return false;
    p->at += n;
    return true;
}

static firn_status put_value(parser *p, int depth)
{
    if (depth >= FIRN_LIMIT_NESTING)
        return firn_fail(p->err, FIRN_ERR_ARG, "JSON nested deeper than %d", FIRN_LIMIT_NESTING);
    skip_blanks(p);
    if (p->at == p->end) return fail(p, "it ends early");
    if (accept(p, '{')) return put_object(p, depth + 1);
    if (accept(p, '[')) return put_array(p, depth + 1);
    if (accept(p, '"')) {
        firn_str text;
        FIRN_TRY(read_string(p, &text));
        firn_variant_put_string(&p->values, text);
    } else if (accept_word(p, "null")) {
        firn_variant_put(&p->values, FIRN_VARIANT_NULL, NULL, 0);
    } else if (accept_word(p, "true")) {
        firn_variant_put(&p->values, FIRN_VARIANT_TRUE, NULL, 0);
    } else if (accept_word(p, "false")) {
        firn_variant_put(&p->values, FIRN_VARIANT_FALSE, NULL, 0);
    } else {
        return put_number(p);
    }
    return FIRN_OK;
}

static void put_metadata(const parser *p, firn_buf *out)
{
    size_t total = 0;
    for (size_t i = 0; i < p->n_names; i++) total += p->names[i]->text.len;
    const uint64_t most = total > p->n_names ? total : p->n_names;
    size_t width = 1;
    while (most >> (8 * width) != 0) width++;
    uint64_t offset = 0;
    firn_buf_byte(out, (uint8_t)(1 | (width - 1) << 6));
    for (size_t b = 0; b < width; b++) firn_buf_byte(out, (uint8_t)(p->n_names >> (8 * b)));
    for (size_t i = 0; i <= p->n_names; i++) {
        for (size_t b = 0; b < width; b++) firn_buf_byte(out, (uint8_t)(offset >> (8 * b)));
        if (i < p->n_names) offset += p->names[i]->text.len;
    }
    for (size_t i = 0; i < p->n_names; i++) firn_buf_str(out, p->names[i]->text);
}

static firn_status parse(parser *p, firn_buf *out)
{
    FIRN_TRY(put_value(p, 0));
    skip_blanks(p);
    if (p->at < p->end) return fail(p, "something behind the value");
    FIRN_TRY(firn_buf_check(&p->values, p->err));
    put_metadata(p, out);
    firn_buf_str(out, firn_buf_view(&p->values));
    return firn_buf_check(out, p->err);
}

firn_status firn_variant_of_json(firn_str json, firn_buf *out, firn_error *err)
{
    const char *begin = json.len > 0 ? json.data : "";
    parser p = {.begin = begin, .at = begin, .end = begin + json.len, .err = err};
    p.arena = firn_arena_create(NULL, 0);
    if (!p.arena) return firn_fail_nomem(err);
    firn_map_init(&p.by_name, p.arena);
    firn_buf_init(&p.values, NULL, FIRN_LIMIT_PAGE);
    firn_buf_init(&p.text, NULL, FIRN_LIMIT_PAGE);
    const firn_status st = parse(&p, out);
    firn_buf_dispose(&p.values);
    firn_buf_dispose(&p.text);
    firn_arena_destroy(p.arena);
    return st;
}
