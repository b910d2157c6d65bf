/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: escapes, text columns, and the binary types that are written as text. UTF-8 was checked
 * for the whole line before, so only escapes can make invalid text here. */
#include "format/ndjson_internal.h"

static uint32_t hex_digit(char c)
{
    if (c >= '0' && c <= '9') return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'f') return (uint32_t)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return (uint32_t)(c - 'A') + 10;
    return UINT32_MAX;
}

/* Four hex digits at p; UINT32_MAX when one is not. */
static uint32_t hex4(const char *p)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        const uint32_t digit = hex_digit(p[i]);
        if (digit == UINT32_MAX) return UINT32_MAX;
        value = value << 4 | digit;
    }
    return value;
}

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

/* p at the four digits behind "\u". A lone surrogate has no UTF-8 form: the line is bad. */
static const char *unescape_unicode(ndjson_line *line, const char *p)
{
    uint32_t c = hex4(p);

    if (c == UINT32_MAX)
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "bad escape in a string"));
    p += 4;
    if (c >= 0xD800 && c < 0xDC00 && p[0] == '\\' && p[1] == 'u') {
        const uint32_t low = hex4(p + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            append_utf8(&line->scratch, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
            return p + 6;
        }
    }
    if (c >= 0xD800 && c < 0xE000)
        return ndjson_stop(line, p - 4,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "escape of half a surrogate pair in a string"));
    append_utf8(&line->scratch, c);
    return p;
}

/* p behind the backslash */
static const char *unescape(ndjson_line *line, const char *p)
{
    static const char k_names[] = "\"\\/bfnrt";
    static const char k_bytes[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (*p == 'u') return unescape_unicode(line, p + 1);
    found = memchr(k_names, *p, sizeof k_names - 1);
    if (!found)
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "bad escape in a string"));
    firn_buf_byte(&line->scratch, (uint8_t)k_bytes[found - k_names]);
    return p + 1;
}

/* from: first byte of the string; p: its first backslash */
static const char *read_escaped(ndjson_line *line, const char *from, const char *p, firn_str *out)
{
    firn_status st;

    firn_buf_clear(&line->scratch);
    while (*p != '"') {
        firn_buf_append(&line->scratch, from, (size_t)(p - from));
        if (*p != '\\') break;
        from = unescape(line, p + 1);
        if (!from) return NULL;
        p = ndjson_string_stop(from);
    }
    if (*p == '\n')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "string without end"));
    if (*p != '"')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "control character 0x%02x in a string", (uint8_t)*p));
    firn_buf_append(&line->scratch, from, (size_t)(p - from));
    st = firn_buf_check(&line->scratch, &line->reason);
    if (st != FIRN_OK) return ndjson_fail_hard(line, st);
    *out = firn_buf_view(&line->scratch);
    return p + 1;
}

const char *ndjson_read_string(ndjson_line *line, const char *p, firn_str *out)
{
    const char *from = p + 1;
    const char *end = ndjson_string_stop(from);

    if (*end != '"') return read_escaped(line, from, end, out);
    *out = (firn_str){from, (size_t)(end - from)};
    return end + 1;
}

/* Up to 12 bytes, of 16 that can be read: a view without a loop over the bytes. */
static inline firn_view inline_view(const char *p, size_t n)
{
    const uint64_t all = ~UINT64_C(0);
    const uint64_t keep_low = n >= 8 ? all : ((UINT64_C(1) << (8 * n)) - 1);
    const uint32_t keep_high = n <= 8 ? 0 : (uint32_t)((UINT64_C(1) << (8 * (n - 8))) - 1);
    uint64_t low;
    uint32_t high;
    firn_view view;

    memcpy(&low, p, 8);
    memcpy(&high, p + 8, 4);
    low &= keep_low;
    high &= keep_high;
    view.len = (uint32_t)n;
    memcpy(view.as.inlined, &low, 8);
    memcpy(view.as.inlined + 8, &high, 4);
    return view;
}

static const char *store_bytes(ndjson_line *line, firn_column *column, int64_t row, firn_str bytes,
                               const char *next)
{
    firn_view *view = (firn_view *)column->values + row;
    const firn_status st = firn_column_copy_bytes(column, bytes, view, &line->reason);

    return st == FIRN_OK ? next : ndjson_fail_hard(line, st);
}

/* A number, boolean, object or array in a string column: its text as it stands in the line. */
static const char *store_raw(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                             const char *p)
{
    const char *end;

    if (*p == 'n') return ndjson_parse_other(line, node, column, row, p);
    end = ndjson_skip_value(line, p);
    if (!end) return NULL;
    return store_bytes(line, column, row, (firn_str){p, (size_t)(end - p)}, end);
}

const char *ndjson_parse_string(ndjson_line *line, ndjson_node *node, firn_column *column,
                                int64_t row, const char *p)
{
    const char *from = p + 1;
    const char *end;
    firn_str text;

    if (*p != '"') return store_raw(line, node, column, row, p);
    end = ndjson_string_stop(from);
    if (*end == '"') {
        const size_t n = (size_t)(end - from);
        if (n <= 12) {
            ((firn_view *)column->values)[row] = inline_view(from, n);
            return end + 1;
        }
        return store_bytes(line, column, row, (firn_str){from, n}, end + 1);
    }
    end = read_escaped(line, from, end, &text);
    return end ? store_bytes(line, column, row, text, end) : NULL;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    if (c == '/' || c == '_') return 63;
    return -1;
}

/* Standard or URL alphabet, padding optional. out has room for 3/4 of the text. */
static bool decode_base64(firn_str text, char *out, size_t *n_out)
{
    uint32_t bits = 0;
    int n_bits = 0;
    size_t n = 0;

    for (int pads = 0; pads < 2 && text.len > 0 && text.data[text.len - 1] == '='; pads++)
        text.len--;
    if (text.len % 4 == 1) return false;
    for (size_t i = 0; i < text.len; i++) {
        const int value = base64_value(text.data[i]);
        if (value < 0) return false;
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits < 8) continue;
        n_bits -= 8;
        out[n++] = (char)(uint8_t)(bits >> n_bits);
    }
    *n_out = n;
    return (bits & ((1u << n_bits) - 1)) == 0;
}

/* Hex digits; dashes are stepped over when allowed (UUID). */
static bool decode_hex(firn_str text, bool has_dashes, char *out, size_t *n_out)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len;) {
        uint32_t high;
        uint32_t low;
        if (has_dashes && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (text.data[i++] != '-') return false;
            continue;
        }
        if (text.len - i < 2) return false;
        high = hex_digit(text.data[i]);
        low = hex_digit(text.data[i + 1]);
        if (high == UINT32_MAX || low == UINT32_MAX) return false;
        out[n++] = (char)(uint8_t)(high << 4 | low);
        i += 2;
    }
    *n_out = n;
    return true;
}

/* Reads the string at p and makes room for its decoded bytes. NULL: bad line or hard failure. */
static const char *begin_bytes(ndjson_line *line, const char *p, firn_str *text, char **room)
{
    const char *end = ndjson_read_string(line, p, text);

    if (!end) return NULL;
    if (text->data != line->scratch.data) firn_buf_clear(&line->scratch);
    *room = firn_buf_reserve(&line->scratch, text->len + 1);
    if (!*room) return ndjson_fail_hard(line, firn_buf_check(&line->scratch, &line->reason));
    /* An escaped text is in scratch itself, which reserve may have moved. */
    if (line->scratch.len > 0) text->data = line->scratch.data;
    return end;
}

const char *ndjson_parse_binary(ndjson_line *line, ndjson_node *node, firn_column *column,
                                int64_t row, const char *p)
{
    firn_str text = {0};
    char *room = NULL;
    const char *end;
    size_t n = 0;

    if (*p != '"') return ndjson_parse_other(line, node, column, row, p);
    end = begin_bytes(line, p, &text, &room);
    if (!end) return NULL;
    if (!decode_base64(text, room, &n))
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "\"%.*s\" is not valid base64", FIRN_STR_ARG(node->name)));
    return store_bytes(line, column, row, (firn_str){room, n}, end);
}

const char *ndjson_parse_hex(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                             const char *p)
{
    const bool is_uuid = node->type->kind == FIRN_TYPE_UUID;
    const size_t expected = is_uuid ? 16 : (size_t)node->type->length;
    firn_str text = {0};
    char *room = NULL;
    const char *end;
    size_t n = 0;

    if (*p != '"') return ndjson_parse_other(line, node, column, row, p);
    end = begin_bytes(line, p, &text, &room);
    if (!end) return NULL;
    if ((is_uuid && text.len != 36) || !decode_hex(text, is_uuid, room, &n) || n != expected)
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "\"%.*s\" must be %s of %zu bytes", FIRN_STR_ARG(node->name),
                                     is_uuid ? "a uuid" : "hex digits", expected));
    return store_bytes(line, column, row, (firn_str){room, n}, end);
}
