/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes of JSON strings. A lone surrogate has no UTF-8 form, so it is an error. */
#include "format/json/json_escape.h"

#include <string.h>

#include "format/text/ndjson_scan.h"

#define HEX_DIGITS 4

static void append_utf8(firn_buf *out, uint32_t c)
{
    if (c < 0x80) {
        firn_buf_byte(out, (uint8_t)c);
    } else if (c < 0x800) {
        firn_buf_byte(out, (uint8_t)(0xC0 | c >> 6));
        firn_buf_byte(out, (uint8_t)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        firn_buf_byte(out, (uint8_t)(0xE0 | c >> 12));
        firn_buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
        firn_buf_byte(out, (uint8_t)(0x80 | (c & 0x3F)));
    } else {
        firn_buf_byte(out, (uint8_t)(0xF0 | c >> 18));
        firn_buf_byte(out, (uint8_t)(0x80 | (c >> 12 & 0x3F)));
        firn_buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
        firn_buf_byte(out, (uint8_t)(0x80 | (c & 0x3F)));
    }
}

/* UINT32_MAX: no four hexadecimal digits. */
static uint32_t read_hex(const char *p, const char *end)
{
    return end - p < HEX_DIGITS ? UINT32_MAX : ndjson_hex4(p);
}

/* p at the four digits behind "\u". */
static const char *unescape_unicode(const char *p, const char *end, firn_buf *out, const char **why)
{
    uint32_t c = read_hex(p, end);

    if (c == UINT32_MAX) {
        *why = "bad escape in a string";
        return NULL;
    }
    p += HEX_DIGITS;
    if (c >= 0xD800 && c < 0xDC00 && end - p > 2 && p[0] == '\\' && p[1] == 'u') {
        const uint32_t low = read_hex(p + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            p += 2 + HEX_DIGITS;
        }
    }
    if (c >= 0xD800 && c < 0xE000) {
        *why = "escape of half a surrogate pair in a string";
        return NULL;
    }
    append_utf8(out, c);
    return p;
}

const char *firn_json_unescape(const char *p, const char *end, firn_buf *out, const char **why)
{
    static const char k_names[] = "\"\\/bfnrt";
    static const char k_bytes[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (p < end && *p == 'u') return unescape_unicode(p + 1, end, out, why);
    found = p < end ? memchr(k_names, *p, sizeof k_names - 1) : NULL;
    if (!found) {
        *why = "bad escape in a string";
        return NULL;
    }
    firn_buf_byte(out, (uint8_t)k_bytes[found - k_names]);
    return p + 1;
}
