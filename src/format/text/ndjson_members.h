/* SPDX-License-Identifier: Apache-2.0 */
/* The members of an object, and strings: the loops around the scans of one level of processor. Not
 * for use besides ndjson_kernels*.c, each of which defines NDJSON_TARGET (the level's attribute),
 * starts_with, string_stop, is_ascii and inline_view first, so that they are inlined here.
 *
 * An object predicts its next key: after each key comes the one that came last time, written the
 * same way. One comparison of at most 32 bytes then finds the column. When it fails the key is
 * looked up: a column's plain name in a small table, all others as decoded text. A key that is left
 * out now and then costs one more comparison, since the key behind the predicted one is tried, too.
 * Where predictions keep failing, they are only made in one object of 16. */
#ifndef FIRN_FORMAT_NDJSON_MEMBERS_H
#define FIRN_FORMAT_NDJSON_MEMBERS_H

#include "format/text/ndjson_kernels.h"

#define CONFIDENCE_MAX 64

/* p: behind the brace or comma. Returns where the value starts, or NULL. */
NDJSON_TARGET static inline const char *predict_key(const ndjson_slot *previous, const char *p,
                                                    ndjson_slot **out)
{
    ndjson_slot *slot = previous ? previous->following : NULL;

    if (!slot) return NULL;
    if (!starts_with(p, &slot->written)) {
        slot = slot->following;
        if (!slot || !starts_with(p, &slot->written)) return NULL;
    }
    *out = slot;
    return p + slot->written.n;
}

/* The slot of the key at p (behind its quote) that is the plain name of a column; NULL. */
NDJSON_TARGET static inline ndjson_slot *find_plain(const ndjson_object *object, const char *p,
                                                    const char **end_out)
{
    const char *end = string_stop(p);
    const size_t n = (size_t)(end - p);
    uint32_t at;

    if (*end != '"' || n >= NDJSON_LITERAL) return NULL;
    at = ndjson_key_hash(p, n) & object->table_mask;
    for (; object->table[at] != 0; at = (at + 1) & object->table_mask) {
        ndjson_slot *slot = &object->slots[object->table[at] - 1];
        if (slot->name.n != n + 1 || !starts_with(p, &slot->name)) continue;
        *end_out = end + 1;
        return slot;
    }
    return NULL;
}

/* start: behind the brace or comma. Returns where the value begins, NULL when the line is bad. */
NDJSON_TARGET static inline const char *look_up_key(ndjson_line *line, ndjson_object *object,
                                                    const char *start, ndjson_slot **out)
{
    const char *quote = ndjson_skip_space(start);
    const char *end = NULL;
    const char *p;

    *out = *quote == '"' ? find_plain(object, quote + 1, &end) : NULL;
    if (!*out) end = ndjson_read_key(line, object, quote, out);
    if (!end) return NULL;
    p = ndjson_skip_space(end);
    if (*p != ':') return ndjson_fail_colon(line, quote, end, p);
    return ndjson_skip_space(p + 1);
}

NDJSON_TARGET static inline const char *
parse_string(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row, const char *p)
{
    const char *start = p + 1;
    const char *end;
    size_t n;

    if (*p != '"') return ndjson_store_raw(line, node, column, row, p);
    end = string_stop(start);
    if (*end != '"') return ndjson_store_escaped(line, column, row, start, end);
    n = (size_t)(end - start);
    if (n <= 12)
        ((firn_view *)column->values)[row] = inline_view(start, n);
    else if (!ndjson_store_bytes(line, column, row, (firn_str){start, n}))
        return NULL;
    return end + 1;
}

NDJSON_TARGET static inline const char *parse_column(ndjson_line *line, ndjson_object *object,
                                                     firn_column *columns, int64_t row,
                                                     const char *p, int32_t i)
{
    ndjson_node *node = &object->nodes[i];

    if (object->seen[i] == object->epoch) return ndjson_fail_duplicate(line, node, p);
    object->seen[i] = object->epoch;
    /* Most columns are text: inlined. */
    if (node->parse == parse_string) return parse_string(line, node, &columns[i], row, p);
    return node->parse(line, node, &columns[i], row, p);
}

static inline void rate_predictions(ndjson_object *object, int32_t score)
{
    const int32_t sum = object->confidence + score;

    object->confidence = sum > CONFIDENCE_MAX    ? CONFIDENCE_MAX
                         : sum < -CONFIDENCE_MAX ? -CONFIDENCE_MAX
                                                 : sum;
}

NDJSON_TARGET static const char *parse_members(ndjson_line *line, ndjson_object *object,
                                               firn_column *columns, int64_t row, const char *p)
{
    ndjson_slot *previous = &object->before;
    const char *first = ndjson_skip_space(p + 1);
    size_t n_seen = 0;
    int32_t score = 0;
    bool is_predicting;

    ndjson_next_epoch(object);
    is_predicting = object->confidence >= 0 || object->epoch % 16 == 0;
    if (*first == '}') return ndjson_fill_missing(line, object, columns, row, first + 1);
    for (;;) {
        const char *start = p + 1;
        ndjson_slot *slot = NULL;
        const char *value = is_predicting ? predict_key(previous, start, &slot) : NULL;
        score++;
        if (!value) {
            value = look_up_key(line, object, start, &slot);
            if (!value) return NULL;
            if (is_predicting && slot) ndjson_learn_key(previous, slot, start, value);
            score -= 2;
        }
        previous = slot;
        value = ndjson_skip_space(value);
        if (slot && slot->column >= 0) {
            p = parse_column(line, object, columns, row, value, slot->column);
            n_seen++;
        } else {
            p = ndjson_skip_value(line, value);
        }
        if (!p) return NULL;
        p = ndjson_skip_space(p);
        if (*p == ',') continue;
        if (*p == '}') break;
        return ndjson_fail_after_value(line, p, '}');
    }
    if (is_predicting) rate_predictions(object, score);
    if (n_seen == object->n_columns) return p + 1;
    return ndjson_fill_missing(line, object, columns, row, p + 1);
}

#define NDJSON_KERNELS(which)                                                           \
    {                                                                                   \
        .level = (which), .parse_members = parse_members, .parse_string = parse_string, \
        .string_stop = string_stop, .is_ascii = is_ascii                                \
    }

#endif
