/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents to text. Table metadata grows with every snapshot and is written by every commit,
 * so this does not go through jansson's writer, which calls back for every few bytes. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/json/json.h"

/* Bytes of the UTF-8 sequence at s, 0 when it is not valid. */
static size_t utf8_sequence(firn_str s)
{
    const uint8_t first = (uint8_t)s.data[0];
    const size_t n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    if (n > s.len || !firn_utf8_is_valid((firn_str){s.data, n})) return 0;
    return n;
}

static void quote_control(firn_buf *out, uint8_t c)
{
    switch (c) {
    case '\b': firn_buf_cstr(out, "\\b"); return;
    case '\f': firn_buf_cstr(out, "\\f"); return;
    case '\n': firn_buf_cstr(out, "\\n"); return;
    case '\r': firn_buf_cstr(out, "\\r"); return;
    case '\t': firn_buf_cstr(out, "\\t"); return;
    default: firn_buf_printf(out, "\\u%04x", c); return;
    }
}

/* Characters from i on that need no thought. */
static size_t plain_length(firn_str s, size_t i)
{
    const size_t start = i;

    while (i < s.len) {
        const uint8_t c = (uint8_t)s.data[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
        i++;
    }
    return i - start;
}

/* Bytes that are not UTF-8 become U+FFFD, so that the output is always valid JSON. */
void firn_json_quote(firn_buf *out, firn_str s)
{
    size_t i = 0;

    firn_buf_byte(out, '"');
    while (i < s.len) {
        const size_t plain = plain_length(s, i);
        firn_buf_append(out, s.data + i, plain);
        i += plain;
        if (i == s.len) break;
        const uint8_t c = (uint8_t)s.data[i];
        size_t n = 1;
        if (c < 0x20) {
            quote_control(out, c);
        } else if (c == '"' || c == '\\') {
            firn_buf_byte(out, '\\');
            firn_buf_byte(out, c);
        } else if ((n = utf8_sequence(firn_str_slice(s, i, s.len))) > 0) {
            firn_buf_append(out, s.data + i, n);
        } else {
            firn_buf_cstr(out, "\\ufffd");
            n = 1;
        }
        i += n;
    }
    firn_buf_byte(out, '"');
}

static int append_dump(const char *data, size_t size, void *ctx)
{
    firn_buf *out = ctx;

    firn_buf_append(out, data, size);
    return out->status == FIRN_OK ? 0 : -1;
}

/* Numbers with a fraction are rare and left to jansson; documents have finite ones only. */
static firn_status write_real(const json_t *value, firn_buf *out, firn_error *err)
{
    const size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(17);

    if (json_dump_callback(value, append_dump, out, flags) == 0) return FIRN_OK;
    FIRN_TRY(firn_buf_check(out, err));
    return firn_fail_nomem(err);
}

static firn_status write_value(const json_t *value, int depth, firn_buf *out, firn_error *err);

static firn_status write_object(const json_t *object, int depth, firn_buf *out, firn_error *err)
{
    /* Iterating does not change the object, but jansson's iterator takes no const. */
    json_t *walked = (json_t *)(uintptr_t)object;
    bool is_first = true;

    firn_buf_byte(out, '{');
    for (void *it = json_object_iter(walked); it; it = json_object_iter_next(walked, it)) {
        if (!is_first) firn_buf_byte(out, ',');
        is_first = false;
        firn_json_quote(out, (firn_str){json_object_iter_key(it), json_object_iter_key_len(it)});
        firn_buf_byte(out, ':');
        FIRN_TRY(write_value(json_object_iter_value(it), depth + 1, out, err));
    }
    firn_buf_byte(out, '}');
    return FIRN_OK;
}

static firn_status write_array(const json_t *array, int depth, firn_buf *out, firn_error *err)
{
    firn_buf_byte(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0) firn_buf_byte(out, ',');
        FIRN_TRY(write_value(json_array_get(array, i), depth + 1, out, err));
    }
    firn_buf_byte(out, ']');
    return FIRN_OK;
}

static firn_status write_value(const json_t *value, int depth, firn_buf *out, firn_error *err)
{
    if (depth > FIRN_LIMIT_JSON_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "JSON nested deeper than %d",
                         FIRN_LIMIT_JSON_NESTING);
    switch (json_typeof(value)) {
    case JSON_OBJECT: return write_object(value, depth, out, err);
    case JSON_ARRAY: return write_array(value, depth, out, err);
    case JSON_STRING:
        firn_json_quote(out, (firn_str){json_string_value(value), json_string_length(value)});
        break;
    case JSON_INTEGER:
        firn_buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL: return write_real(value, out, err);
    case JSON_TRUE: firn_buf_cstr(out, "true"); break;
    case JSON_FALSE: firn_buf_cstr(out, "false"); break;
    case JSON_NULL: firn_buf_cstr(out, "null"); break;
    }
    return FIRN_OK;
}

firn_status firn_json_write(const json_t *value, firn_buf *out, firn_error *err)
{
    FIRN_TRY(write_value(value, 0, out, err));
    return firn_buf_check(out, err);
}
