/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in the form that Trino keeps it in: members in the order of their keys, the last of those
 * with the same key. Works on the text, so that numbers stay as they are written. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/engine/engine_call.h"
#include "sql/engine/json_text.h"

/* "key": value; order: which one it is in its object. */
typedef struct json_member {
    firn_str key; /* with its quotes */
    firn_str value;
    size_t order;
} json_member;

typedef struct json_sorter {
    firn_arena *arena;
    firn_buf *out;
    firn_error *err;
} json_sorter;

static int compare_members(const void *a, const void *b)
{
    const json_member *x = a;
    const json_member *y = b;
    const int order = firn_str_compare(x->key, y->key);
    if (order != 0) return order;
    return x->order < y->order ? -1 : 1;
}

static firn_status put_sorted(json_sorter *s, firn_str json, int depth);

static firn_status put_object(json_sorter *s, firn_str json, int depth)
{
    json_member *members = NULL;
    size_t n = 0;
    size_t cap = 0;
    firn_json_walk walk = firn_json_walk_of(json);
    while (firn_json_walk_next(&walk)) {
        json_member *member = firn_arena_push(s->arena, &members, &n, &cap, sizeof *member);
        if (!member) return firn_fail_nomem(s->err);
        *member = (json_member){walk.key, walk.value, n};
    }
    if (n > 1) qsort(members, n, sizeof *members, compare_members);
    firn_buf_byte(s->out, '{');
    for (size_t i = 0, written = 0; i < n; i++) {
        if (i + 1 < n && firn_str_equals(members[i].key, members[i + 1].key)) continue;
        if (written++ > 0) firn_buf_byte(s->out, ',');
        firn_buf_str(s->out, members[i].key);
        firn_buf_byte(s->out, ':');
        FIRN_TRY(put_sorted(s, members[i].value, depth + 1));
    }
    firn_buf_byte(s->out, '}');
    return FIRN_OK;
}

static firn_status put_array(json_sorter *s, firn_str json, int depth)
{
    firn_json_walk walk = firn_json_walk_of(json);
    firn_buf_byte(s->out, '[');
    for (size_t i = 0; firn_json_walk_next(&walk); i++) {
        if (i > 0) firn_buf_byte(s->out, ',');
        FIRN_TRY(put_sorted(s, walk.value, depth + 1));
    }
    firn_buf_byte(s->out, ']');
    return FIRN_OK;
}

/* json: one value, without blanks. */
static firn_status put_sorted(json_sorter *s, firn_str json, int depth)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(s->err, FIRN_ERR_LIMIT, "JSON nested deeper than %d", FIRN_LIMIT_NESTING);
    if (json.len > 1 && json.data[0] == '{') return put_object(s, json, depth);
    if (json.len > 1 && json.data[0] == '[') return put_array(s, json, depth);
    firn_buf_str(s->out, json);
    return FIRN_OK;
}

static firn_status put_json(firn_call *c, int64_t r, firn_buf *out, bool *is_null, firn_error *err)
{
    json_sorter sorter = {c->arena, out, err};
    (void)is_null;
    return put_sorted(&sorter, firn_call_text_of(c, 0, r), 0);
}

/* firn_json_sorted(text): of JSON as the engine's json() writes it, without blanks. */
static firn_status sorted_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 1, put_json, err);
}

const firn_function_def *firn_engine_json_functions(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_json_sorted", {"VARCHAR"}, "VARCHAR", sorted_rows, 1, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
