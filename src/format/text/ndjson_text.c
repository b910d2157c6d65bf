/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: escapes, text columns, and strings that hold a value of another type. UTF-8 was checked
 * for the whole line before, so only escapes can make invalid text here. */
#include "format/json/json_escape.h"
#include "format/text/ndjson_kernels.h"

/* p behind the backslash; the line's padding is longer than any escape */
static const char *unescape(ndjson_line *line, const char *p)
{
    const char *why = NULL;
    const char *end = firn_json_unescape(p, p + FIRN_JSON_ESCAPE_MAX, &line->scratch, &why);

    if (end) return end;
    return ndjson_stop(line, *p == 'u' ? p + 1 : p,
                       firn_fail(&line->reason, FIRN_ERR_CORRUPT, "%s", why));
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
