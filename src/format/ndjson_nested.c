/* SPDX-License-Identifier: Apache-2.0 */
/* Objects, arrays and nulls. Objects predict their next key: after each key comes the one that came
 * last time, written the same way. One comparison of at most 32 bytes then finds the column. When
 * it fails the key is looked up: a column's plain name in a small table, all others as decoded
 * text. A key that is left out now and then costs one more comparison, since the key behind the
 * predicted one is tried too. Where predictions keep failing, they are only made in one object
 * of 16. */
#include "format/ndjson_internal.h"

void ndjson_set_null(const firn_column *column, int64_t row)
{
    const size_t width = firn_column_width(column->type);

    column->validity[(uint64_t)row >> 6] &= ~(UINT64_C(1) << ((uint64_t)row & 63));
    if (column->type->kind == FIRN_TYPE_LIST || column->type->kind == FIRN_TYPE_MAP) {
        ((firn_list_entry *)column->values)[row] =
            (firn_list_entry){(uint64_t)column->children[0].n_values, 0};
        return;
    }
    if (column->type->kind != FIRN_TYPE_STRUCT) {
        memset((char *)column->values + (size_t)row * width, 0, width);
        return;
    }
    for (size_t i = 0; i < column->n_children; i++) ndjson_set_null(&column->children[i], row);
}

const char *ndjson_expected(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: return "a boolean";
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG: return "an integer";
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_DECIMAL: return "a number";
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_MAP: return "an object";
    case FIRN_TYPE_LIST: return "an array";
    case FIRN_TYPE_UNKNOWN: return "null";
    default: return "a string";
    }
}

const char *ndjson_parse_other(ndjson_line *line, ndjson_node *node, firn_column *column,
                               int64_t row, const char *p)
{
    if (memcmp(p, "null", 4) != 0)
        return ndjson_stop(
            line, p,
            firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected %s for \"%.*s\", found %s",
                      ndjson_expected(node->type), FIRN_STR_ARG(node->name), ndjson_found(p)));
    if (node->is_required)
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "\"%.*s\" is required and must not be null",
                                     FIRN_STR_ARG(node->name)));
    ndjson_set_null(column, row);
    return p + 4;
}

/* ---- keys ---- */

/* What came before a key, besides the number of a slot. */
#define BEFORE_FIRST   (-1)
#define CONFIDENCE_MAX 64
#define AFTER_UNKNOWN  (-2) /* a key that has no slot: nothing to predict from */

static inline const char *try_slot(const ndjson_object *object, int32_t previous, int32_t s,
                                   const char *p)
{
    const ndjson_slot *slot = &object->slots[s];
    const bool is_first = previous == BEFORE_FIRST;
    const size_t n = is_first ? slot->n_opening : slot->n_inner;
    const char *literal = is_first ? slot->opening : slot->inner;

    return n > 0 && ndjson_starts_with(p, literal, n) ? p + n : NULL;
}

/* p: the brace or comma. Returns where the value starts, or NULL. */
static inline const char *predict_key(const ndjson_object *object, int32_t previous, const char *p,
                                      int32_t *out)
{
    const char *value;
    int32_t s;

    if (previous == AFTER_UNKNOWN) return NULL;
    s = previous == BEFORE_FIRST ? object->first : object->slots[previous].following;
    if (s < 0) return NULL;
    value = try_slot(object, previous, s, p);
    if (!value) {
        s = object->slots[s].following;
        if (s < 0) return NULL;
        value = try_slot(object, previous, s, p);
    }
    *out = s;
    return value;
}

/* A place to remember an unknown key; -1 when there are too many of them. */
static int32_t add_unknown(ndjson_object *object, firn_str key)
{
    const size_t limit = object->n_columns + NDJSON_UNKNOWN_SLOTS;
    firn_str copy;
    ndjson_slot *slot;

    if ((size_t)object->n_slots == limit || key.len > NDJSON_LITERAL) return -1;
    slot = &object->slots[object->n_slots];
    copy = firn_arena_copy(object->arena, key);
    if (!copy.data || firn_map_put(&object->names, copy, slot, NULL) != FIRN_OK) return -1;
    slot->column = -1;
    slot->following = -1;
    return object->n_slots++;
}

/* Remember how the key was written and what it followed. */
static void learn(ndjson_object *object, int32_t previous, int32_t s, firn_str literal)
{
    ndjson_slot *slot = &object->slots[s];
    const bool is_first = previous == BEFORE_FIRST;

    if (literal.len <= NDJSON_LITERAL) {
        memcpy(is_first ? slot->opening : slot->inner, literal.data, literal.len);
        *(is_first ? &slot->n_opening : &slot->n_inner) = (uint8_t)literal.len;
    }
    if (is_first)
        object->first = s;
    else if (previous != AFTER_UNKNOWN)
        object->slots[previous].following = s;
}

/* The slot of the key at p (behind its quote) that is the plain name of a column; -1. */
static inline int32_t find_plain(const ndjson_object *object, const char *p, const char **end_out)
{
    const char *end = ndjson_string_stop(p);
    const size_t n = (size_t)(end - p);
    uint32_t at;

    if (*end != '"' || n >= NDJSON_LITERAL) return -1;
    at = ndjson_key_hash(p, n) & object->table_mask;
    for (; object->table[at] != 0; at = (at + 1) & object->table_mask) {
        const int32_t s = (int32_t)object->table[at] - 1;
        if (object->slots[s].n_name != n + 1) continue;
        if (!ndjson_starts_with(p, object->slots[s].name, n + 1)) continue;
        *end_out = end + 1;
        return s;
    }
    return -1;
}

static const char *read_any_key(ndjson_line *line, ndjson_object *object, const char *p,
                                int32_t *out)
{
    const ndjson_slot *slot;
    firn_str key;

    if (*p != '"')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected a key, found %s",
                                     ndjson_found(p)));
    p = ndjson_read_string(line, p, &key);
    if (!p) return NULL;
    slot = firn_map_find(&object->names, key);
    *out = slot ? (int32_t)(slot - object->slots) : add_unknown(object, key);
    return p;
}

/* start: the brace or comma. Returns where the value begins, NULL when the line is bad. */
static inline const char *read_key(ndjson_line *line, ndjson_object *object, int32_t previous,
                                   const char *start, bool is_predicting, int32_t *out)
{
    const char *quote = start[1] == '"' ? start + 1 : ndjson_skip_space(start + 1);
    const char *p = NULL;
    firn_str key;

    *out = *quote == '"' ? find_plain(object, quote + 1, &p) : -1;
    if (*out < 0) p = read_any_key(line, object, quote, out);
    if (!p) return NULL;
    key = (firn_str){quote, (size_t)(p - quote)};
    p = ndjson_skip_space(p);
    if (*p != ':')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "expected ':' after key %.*s, found %s", FIRN_STR_ARG(key),
                                     ndjson_found(p)));
    p = ndjson_skip_space(p + 1);
    if (is_predicting && *out >= 0)
        learn(object, previous, *out, (firn_str){start, (size_t)(p - start)});
    return p;
}

/* ---- objects ---- */

static inline void rate_prediction(ndjson_object *object, bool is_right)
{
    if (is_right)
        object->confidence += object->confidence < CONFIDENCE_MAX;
    else
        object->confidence -= object->confidence > -CONFIDENCE_MAX;
}

static const char *parse_member(ndjson_line *line, ndjson_object *object, firn_column *columns,
                                int64_t row, const char *p, int32_t s)
{
    const int32_t i = s < 0 ? -1 : object->slots[s].column;
    ndjson_node *node;

    if (i < 0) return ndjson_skip_value(line, p);
    node = &object->nodes[i];
    if (object->seen[i] == object->epoch)
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "duplicate key \"%.*s\"",
                                     FIRN_STR_ARG(node->name)));
    object->seen[i] = object->epoch;
    return node->parse(line, node, &columns[i], row, p);
}

static const char *fill_missing(ndjson_line *line, ndjson_object *object, firn_column *columns,
                                int64_t row, const char *p)
{
    for (size_t i = 0; i < object->n_columns; i++) {
        if (object->seen[i] == object->epoch) continue;
        if (object->nodes[i].is_required)
            return ndjson_stop(line, p,
                               firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                         "missing \"%.*s\", which is required",
                                         FIRN_STR_ARG(object->nodes[i].name)));
        ndjson_set_null(&columns[i], row);
    }
    return p;
}

static void next_epoch(ndjson_object *object)
{
    if (++object->epoch != 0) return;
    memset(object->seen, 0, object->n_columns * sizeof *object->seen);
    object->epoch = 1;
}

const char *ndjson_fail_after_value(ndjson_line *line, const char *p, char close)
{
    return ndjson_stop(line, p,
                       firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected ',' or '%c', found %s",
                                 close, ndjson_found(p)));
}

const char *ndjson_parse_members(ndjson_line *line, ndjson_object *object, firn_column *columns,
                                 int64_t row, const char *p)
{
    int32_t previous = BEFORE_FIRST;
    size_t n_seen = 0;
    bool is_predicting;

    next_epoch(object);
    is_predicting = object->confidence >= 0 || object->epoch % 16 == 0;
    if (*ndjson_skip_space(p + 1) == '}')
        return fill_missing(line, object, columns, row, ndjson_skip_space(p + 1) + 1);
    for (;;) {
        int32_t s = -1;
        const char *value = is_predicting ? predict_key(object, previous, p, &s) : NULL;
        if (is_predicting) rate_prediction(object, value != NULL);
        if (!value) value = read_key(line, object, previous, p, is_predicting, &s);
        if (!value) return NULL;
        p = parse_member(line, object, columns, row, ndjson_skip_space(value), s);
        if (!p) return NULL;
        n_seen += s >= 0 && object->slots[s].column >= 0;
        p = ndjson_skip_space(p);
        if (*p == '}') break;
        if (*p != ',') return ndjson_fail_after_value(line, p, '}');
        previous = s < 0 ? AFTER_UNKNOWN : s;
    }
    if (n_seen == object->n_columns) return p + 1;
    return fill_missing(line, object, columns, row, p + 1);
}

const char *ndjson_parse_struct(ndjson_line *line, ndjson_node *node, firn_column *column,
                                int64_t row, const char *p)
{
    if (*p != '{') return ndjson_parse_other(line, node, column, row, p);
    return ndjson_parse_members(line, node->object, column->children, row, p);
}

/* ---- lists ---- */

int64_t ndjson_add_entry(ndjson_line *line, firn_column *child)
{
    const int64_t at = child->n_values;
    const firn_status st = firn_column_reserve(child, at + 1, &line->reason);

    if (st != FIRN_OK) {
        (void)ndjson_fail_hard(line, st);
        return -1;
    }
    child->n_values = at + 1;
    return at;
}

firn_list_entry *ndjson_begin_entries(firn_column *column, int64_t row)
{
    firn_list_entry *entry = (firn_list_entry *)column->values + row;

    *entry = (firn_list_entry){(uint64_t)column->children[0].n_values, 0};
    return entry;
}

const char *ndjson_parse_list(ndjson_line *line, ndjson_node *node, firn_column *column,
                              int64_t row, const char *p)
{
    firn_column *child = &column->children[0];
    firn_list_entry *entry;

    if (*p != '[') return ndjson_parse_other(line, node, column, row, p);
    entry = ndjson_begin_entries(column, row);
    p = ndjson_skip_space(p + 1);
    if (*p == ']') return p + 1;
    for (;;) {
        const int64_t at = ndjson_add_entry(line, child);
        if (at < 0) return NULL;
        p = node->items[0].parse(line, &node->items[0], child, at, p);
        if (!p) return NULL;
        entry->length++;
        p = ndjson_skip_space(p);
        if (*p == ']') return p + 1;
        if (*p != ',') return ndjson_fail_after_value(line, p, ']');
        p = ndjson_skip_space(p + 1);
    }
}
