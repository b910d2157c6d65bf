/* SPDX-License-Identifier: Apache-2.0 */
/* BINARY as base64 (what Jackson, Spark, Kafka Connect and protobuf write into JSON), FIXED as hex
 * digits (as Iceberg's own JSON does) and UUID in its canonical form. */
#include "base/str.h"
#include "format/text/ndjson_internal.h"

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
        high = ndjson_hex_digit(text.data[i]);
        low = ndjson_hex_digit(text.data[i + 1]);
        if (high == UINT32_MAX || low == UINT32_MAX) return false;
        out[n++] = (char)(uint8_t)(high << 4 | low);
        i += 2;
    }
    *n_out = n;
    return true;
}

/* Room for the decoded bytes behind the text, which may be in scratch itself and then moves. */
static char *make_room(ndjson_line *line, firn_str *text)
{
    const bool is_in_scratch = text->data == line->scratch.data;
    char *room;

    if (!is_in_scratch) firn_buf_clear(&line->scratch);
    room = firn_buf_reserve(&line->scratch, text->len + 1);
    if (!room) (void)ndjson_fail_hard(line, firn_buf_check(&line->scratch, &line->reason));
    if (is_in_scratch) text->data = line->scratch.data;
    return room;
}

bool ndjson_text_binary(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                        firn_str text)
{
    char *room = make_room(line, &text);
    size_t n = 0;

    if (!room) return false;
    if (!decode_base64(text, room, &n))
        return ndjson_refuse(firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                       "\"%.*s\" is not valid base64", FIRN_STR_ARG(node->name)));
    return ndjson_store_bytes(line, column, row, (firn_str){room, n});
}

bool ndjson_text_hex(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                     firn_str text)
{
    const bool is_uuid = node->type->kind == FIRN_TYPE_UUID;
    const size_t expected = is_uuid ? 16 : (size_t)node->type->length;
    char *room = make_room(line, &text);
    size_t n = 0;

    if (!room) return false;
    if ((is_uuid && text.len != 36) || !decode_hex(text, is_uuid, room, &n) || n != expected)
        return ndjson_refuse(firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                       "\"%.*s\" must be %s of %zu bytes", FIRN_STR_ARG(node->name),
                                       is_uuid ? "a uuid" : "hex digits", expected));
    return ndjson_store_bytes(line, column, row, (firn_str){room, n});
}
