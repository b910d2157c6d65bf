/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: escapes, text columns, and strings that hold a value of another type. UTF-8 was checked
 * for the whole line before, so only escapes can make invalid text here. */
#include "format/ndjson_kernels.h"

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
    uint32_t c = ndjson_hex4(p);

    if (c == UINT32_MAX)
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "bad escape in a string"));
    p += 4;
    if (c >= 0xD800 && c < 0xDC00 && p[0] == '\\' && p[1] == 'u') {
        const uint32_t low = ndjson_hex4(p + 2);
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

bool ndjson_pad(ndjson_line *line, firn_buf *buf)
{
    char *padding = firn_buf_reserve(buf, NDJSON_PADDING + 1);

    if (!padding) {
        (void)ndjson_fail_hard(line, firn_buf_check(buf, &line->reason));
        return false;
    }
    memset(padding, 0, NDJSON_PADDING + 1);
    padding[0] = '\n';
    return true;
}

/* As ndjson_store_escaped. */
static const char *read_escaped(ndjson_line *line, const char *from, const char *p, firn_str *out)
{
    firn_buf_clear(&line->scratch);
    while (*p != '"') {
        firn_buf_append(&line->scratch, from, (size_t)(p - from));
        if (*p != '\\') break;
        from = unescape(line, p + 1);
        if (!from) return NULL;
        p = line->kernels->string_stop(from);
    }
    if (*p == '\n')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "string without end"));
    if (*p != '"')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "control character 0x%02x in a string", (uint8_t)*p));
    firn_buf_append(&line->scratch, from, (size_t)(p - from));
    if (!ndjson_pad(line, &line->scratch)) return NULL;
    *out = firn_buf_view(&line->scratch);
    return p + 1;
}

const char *ndjson_read_string(ndjson_line *line, const char *p, firn_str *out)
{
    const char *from = p + 1;
    const char *end = line->kernels->string_stop(from);

    if (*end != '"') return read_escaped(line, from, end, out);
    *out = (firn_str){from, (size_t)(end - from)};
    return end + 1;
}

bool ndjson_store_bytes(ndjson_line *line, firn_column *column, int64_t row, firn_str bytes)
{
    firn_view *view = (firn_view *)column->values + row;
    const firn_status st = firn_column_copy_bytes(column, bytes, view, &line->reason);

    if (st != FIRN_OK) (void)ndjson_fail_hard(line, st);
    return st == FIRN_OK;
}

const char *ndjson_store_escaped(ndjson_line *line, firn_column *column, int64_t row,
                                 const char *from, const char *p)
{
    firn_str text;
    const char *end = read_escaped(line, from, p, &text);

    return end && ndjson_store_bytes(line, column, row, text) ? end : NULL;
}

const char *ndjson_store_raw(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                             const char *p)
{
    const char *end;

    if (*p == 'n') return ndjson_parse_other(line, node, column, row, p);
    end = ndjson_skip_value(line, p);
    if (!end) return NULL;
    return ndjson_store_bytes(line, column, row, (firn_str){p, (size_t)(end - p)}) ? end : NULL;
}

bool ndjson_text_string(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                        firn_str text)
{
    (void)node;
    return ndjson_store_bytes(line, column, row, text);
}

const char *ndjson_parse_quoted(ndjson_line *line, ndjson_node *node, firn_column *column,
                                int64_t row, const char *p)
{
    const char *end;
    firn_str text;

    if (*p != '"') return ndjson_parse_other(line, node, column, row, p);
    end = ndjson_read_string(line, p, &text);
    if (!end) return NULL;
    if (node->parse_text(line, node, column, row, text)) return end;
    line->fault = p;
    return NULL;
}
