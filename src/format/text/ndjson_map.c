/* SPDX-License-Identifier: Apache-2.0 */
/* Maps: JSON objects whose keys are data. A key given twice makes the line bad, since no engine
 * knows which of the two values would count. */
#include "base/str.h"
#include "format/text/ndjson_internal.h"

/* Up to here each key is compared with each. */
#define FEW_KEYS 8

/* What tells a key from others: the text, or the bytes of the value. */
static firn_str key_bytes(const firn_column *keys, int64_t at)
{
    const size_t width = firn_column_width(keys->type);

    if (width == sizeof(firn_view) && keys->type->kind != FIRN_TYPE_DECIMAL)
        return firn_view_str((const firn_view *)keys->values + at);
    return (firn_str){(const char *)keys->values + (size_t)at * width, width};
}

static int64_t find_twice_few(const firn_column *keys, int64_t from, int64_t n)
{
    for (int64_t i = from + 1; i < from + n; i++) {
        const firn_str key = key_bytes(keys, i);
        for (int64_t j = from; j < i; j++) {
            if (firn_str_equals(key, key_bytes(keys, j))) return i;
        }
    }
    return -1;
}

/* With a table of at least twice the size, in scratch; an entry is the key's number + 1, 0: free.
 */
static int64_t find_twice_many(ndjson_line *line, const firn_column *keys, int64_t from, int64_t n)
{
    size_t size = (size_t)2 * FEW_KEYS;
    uint32_t *table;

    while (size < 2 * (size_t)n) size *= 2;
    firn_buf_clear(&line->scratch);
    table = (uint32_t *)(void *)firn_buf_reserve(&line->scratch, size * sizeof *table);
    if (!table) {
        (void)ndjson_fail_hard(line, firn_buf_check(&line->scratch, &line->reason));
        return -1;
    }
    memset(table, 0, size * sizeof *table);
    for (int64_t i = 0; i < n; i++) {
        const firn_str key = key_bytes(keys, from + i);
        size_t at = (size_t)firn_str_hash(key) & (size - 1);
        for (; table[at] != 0; at = (at + 1) & (size - 1)) {
            if (firn_str_equals(key, key_bytes(keys, from + table[at] - 1))) return from + i;
        }
        table[at] = (uint32_t)i + 1;
    }
    return -1;
}

/* p: behind the map; returned unless a key came twice. */
static const char *check_keys(ndjson_line *line, const ndjson_node *node, const firn_column *keys,
                              firn_list_entry entry, const char *p)
{
    const int64_t from = (int64_t)entry.offset;
    const int64_t n = (int64_t)entry.length;
    const int64_t twice =
        n <= FEW_KEYS ? find_twice_few(keys, from, n) : find_twice_many(line, keys, from, n);

    if (twice >= 0)
        return ndjson_stop(line, p - 1,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "entry %lld of map \"%.*s\" has the key of another",
                                     (long long)(twice - from + 1), FIRN_STR_ARG(node->name)));
    return line->hard == FIRN_OK ? p : NULL;
}

static const char *parse_map_key(ndjson_line *line, ndjson_node *node, firn_column *keys,
                                 int64_t at, const char *p)
{
    const char *start = ndjson_skip_space(p);
    firn_str text;

    if (*start != '"')
        return ndjson_stop(line, start,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected a key, found %s",
                                     ndjson_found(start)));
    p = ndjson_read_string(line, start, &text);
    if (!p) return NULL;
    if (node->parse_text(line, node, keys, at, text)) return ndjson_skip_space(p);
    line->fault = start;
    return NULL;
}

static const char *parse_map_entry(ndjson_line *line, ndjson_node *node, firn_column *column,
                                   const char *p)
{
    const int64_t key_at = ndjson_add_entry(line, &column->children[0]);
    const int64_t value_at = ndjson_add_entry(line, &column->children[1]);

    if (key_at < 0 || value_at < 0) return NULL;
    p = parse_map_key(line, &node->items[0], &column->children[0], key_at, p);
    if (!p) return NULL;
    if (*p != ':')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "expected ':' after a key, found %s", ndjson_found(p)));
    return node->items[1].parse(line, &node->items[1], &column->children[1], value_at,
                                ndjson_skip_space(p + 1));
}

const char *ndjson_parse_map(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                             const char *p)
{
    firn_list_entry *entry;

    if (*p != '{') return ndjson_parse_other(line, node, column, row, p);
    entry = ndjson_begin_entries(column, row);
    if (*ndjson_skip_space(p + 1) == '}') return ndjson_skip_space(p + 1) + 1;
    do {
        p = parse_map_entry(line, node, column, p + 1);
        if (!p) return NULL;
        entry->length++;
        p = ndjson_skip_space(p);
    } while (*p == ',');
    if (*p != '}') return ndjson_fail_after_value(line, p, '}');
    return check_keys(line, node, &column->children[0], *entry, p + 1);
}
