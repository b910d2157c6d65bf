/* SPDX-License-Identifier: Apache-2.0 */
/* Magic numbers, and for text the shape of the first object. */
#include "format/inspect/file_kind.h"

#include "base/str.h"

static const struct {
    firn_str magic;
    firn_file_kind kind;
} k_magics[] = {
    {FIRN_STR_INIT("PAR1"), FIRN_KIND_PARQUET}, {FIRN_STR_INIT("PARE"), FIRN_KIND_PARQUET},
    {FIRN_STR_INIT("Obj\x01"), FIRN_KIND_AVRO}, {FIRN_STR_INIT("PFA1"), FIRN_KIND_PUFFIN},
    {FIRN_STR_INIT("ORC"), FIRN_KIND_ORC},      {FIRN_STR_INIT("\x1f\x8b"), FIRN_KIND_GZIP},
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static firn_str skip_blanks(firn_str s)
{
    size_t i = 0;
    while (i < s.len && is_blank(s.data[i])) i++;
    return firn_str_slice(s, i, s.len);
}

/* Control bytes stand in no text, and neither do bytes that no UTF-8 has. */
static bool is_text(firn_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        const unsigned char c = (unsigned char)s.data[i];
        if ((c < 0x20 && !is_blank((char)c)) || c == 0x7f || c >= 0xf8) return false;
    }
    return true;
}

/* Length of the object or array that s begins with; 0 when it does not end in s. */
static size_t json_length(firn_str s)
{
    size_t depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.data[i];
        if (in_text) {
            if (c == '\\') i++;
            if (c == '"') in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (--depth == 0) return i + 1;
        }
    }
    return 0;
}

static firn_file_kind kind_of_object(firn_str s, bool is_whole)
{
    const size_t len = json_length(s);
    const firn_str first = len ? firn_str_slice(s, 0, len) : s;
    const bool is_one_line = firn_str_find(first, FIRN_STR("\n"), 0) == SIZE_MAX;
    const firn_str rest = skip_blanks(firn_str_slice(s, first.len, s.len));
    if (firn_str_find(first, FIRN_STR("\"format-version\""), 0) != SIZE_MAX) return FIRN_KIND_JSON;
    if (is_one_line || rest.len > 0) return FIRN_KIND_NDJSON;
    /* an object over several lines, or a first line that is not an object */
    return is_whole && len == 0 ? FIRN_KIND_NDJSON : FIRN_KIND_JSON;
}

firn_file_kind firn_file_kind_of(firn_str head, bool is_whole)
{
    for (size_t i = 0; i < sizeof k_magics / sizeof k_magics[0]; i++)
        if (firn_str_starts_with(head, k_magics[i].magic)) return k_magics[i].kind;
    if (firn_str_starts_with(head, FIRN_STR("\xef\xbb\xbf")))
        head = firn_str_slice(head, 3, head.len);
    const firn_str text = skip_blanks(head);
    if (text.len == 0 || !is_text(text)) return FIRN_KIND_UNKNOWN;
    if (text.data[0] == '{') return kind_of_object(text, is_whole);
    if (text.data[0] == '[') return FIRN_KIND_JSON;
    return FIRN_KIND_CSV;
}

const char *firn_file_kind_name(firn_file_kind kind)
{
    switch (kind) {
    case FIRN_KIND_UNKNOWN: return "a file of unknown kind";
    case FIRN_KIND_PARQUET: return "a Parquet file";
    case FIRN_KIND_AVRO: return "an Avro file";
    case FIRN_KIND_PUFFIN: return "a Puffin file";
    case FIRN_KIND_ORC: return "an ORC file";
    case FIRN_KIND_GZIP: return "a gzip file";
    case FIRN_KIND_JSON: return "a JSON document";
    case FIRN_KIND_NDJSON: return "an NDJSON file";
    case FIRN_KIND_CSV: return "a text file";
    }
    return "a file";
}
