/* SPDX-License-Identifier: Apache-2.0 */
/* Values at paths of JSON that the engine's own functions cannot follow: get_json_object() of Spark
 * with wildcards, which are Hive's, and paths of SQL/JSON (sql_json_path.h). */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/engine/engine_call.h"
#include "sql/engine/json_text.h"
#include "sql/engine/sql_json_path.h"

#define MAX_STEPS FIRN_LIMIT_NESTING

/* ---- Hive's paths ---- */

typedef enum hive_step_kind {
    HIVE_MEMBER,
    HIVE_ANY_MEMBER,
    HIVE_ITEM,
    HIVE_ANY_ITEM
} hive_step_kind;

typedef struct hive_step {
    hive_step_kind kind;
    firn_str name;
    int64_t index;
} hive_step;

typedef struct hive_path {
    hive_step steps[MAX_STEPS];
    size_t n;
} hive_path;

/* "name" behind a point, at *at. */
static void take_name(firn_str path, size_t *at, hive_step *out)
{
    const size_t from = *at;
    while (*at < path.len && path.data[*at] != '.' && path.data[*at] != '[') (*at)++;
    out->name = firn_str_slice(path, from, *at);
    out->kind = firn_str_equals(out->name, FIRN_STR("*")) ? HIVE_ANY_MEMBER : HIVE_MEMBER;
}

/* "0]", "*]" or "'name']" behind a bracket. False: none of these. */
static bool take_bracket(firn_str path, size_t *at, hive_step *out)
{
    const size_t close = firn_str_find(path, FIRN_STR("]"), *at);
    if (close == SIZE_MAX) return false;
    const firn_str inner = firn_str_slice(path, *at, close);
    *at = close + 1;
    const bool is_name =
        inner.len > 1 && inner.data[0] == '\'' && inner.data[inner.len - 1] == '\'';
    out->kind = firn_str_equals(inner, FIRN_STR("*")) ? HIVE_ANY_ITEM
                : is_name                             ? HIVE_MEMBER
                                                      : HIVE_ITEM;
    if (is_name) out->name = firn_str_slice(inner, 1, inner.len - 1);
    return out->kind != HIVE_ITEM || (firn_str_to_i64(inner, &out->index) && out->index >= 0);
}

static bool parse_hive(firn_str path, hive_path *out)
{
    size_t at = 1;
    out->n = 0;
    if (path.len == 0 || path.data[0] != '$') return false;
    while (at < path.len) {
        if (out->n == MAX_STEPS) return false;
        hive_step *step = &out->steps[out->n++];
        *step = (hive_step){0};
        const char c = path.data[at++];
        if (c == '.')
            take_name(path, &at, step);
        else if (c != '[' || !take_bracket(path, &at, step))
            return false;
        if (step->kind == HIVE_MEMBER && step->name.len == 0) return false;
    }
    return true;
}

typedef enum hive_style { STYLE_RAW, STYLE_QUOTED, STYLE_FLAT } hive_style;

/* Where values are written; commas part those of one array. */
typedef struct hive_out {
    firn_buf *buf;
    bool is_array;
    size_t n;
} hive_out;

static void begin_value(hive_out *out)
{
    if (out->is_array && out->n > 0) firn_buf_byte(out->buf, ',');
    out->n++;
}

static bool run_hive(const hive_path *path, size_t i, firn_str json, hive_style style,
                     hive_out *out);

static bool run_elements(const hive_path *path, size_t i, firn_str json, hive_style style,
                         hive_out *out, size_t *n_found)
{
    firn_json_walk walk = firn_json_walk_of(json);
    *n_found = 0;
    while (firn_json_walk_next(&walk)) *n_found += run_hive(path, i, walk.value, style, out);
    return *n_found > 0;
}

/* The elements as an array of their own. */
static bool put_array(const hive_path *path, size_t i, firn_str json, hive_style style,
                      hive_out *out)
{
    hive_out inner = {out->buf, true, 0};
    size_t n_found = 0;
    begin_value(out);
    firn_buf_byte(out->buf, '[');
    const bool is_found = run_elements(path, i, json, style, &inner, &n_found);
    firn_buf_byte(out->buf, ']');
    return is_found;
}

/* One value that is found stands for itself, several are an array. */
static bool put_found(const hive_path *path, size_t i, firn_str json, hive_style style,
                      hive_out *out)
{
    firn_buf buf;
    hive_out inner = {&buf, true, 0};
    size_t n_found = 0;
    firn_buf_init(&buf, NULL, UINT32_MAX);
    (void)run_elements(path, i, json, style == STYLE_RAW ? STYLE_QUOTED : style, &inner, &n_found);
    if (n_found > 0) begin_value(out);
    if (n_found > 1) firn_buf_byte(out->buf, '[');
    firn_buf_str(out->buf, firn_buf_view(&buf));
    if (n_found > 1) firn_buf_byte(out->buf, ']');
    firn_buf_dispose(&buf);
    return n_found > 0;
}

static bool run_items(const hive_path *path, size_t i, firn_str json, hive_style style,
                      hive_out *out)
{
    const bool is_last = i + 1 == path->n;
    const bool is_double = !is_last && path->steps[i + 1].kind == HIVE_ANY_ITEM;
    if (path->steps[i].kind == HIVE_ANY_ITEM) {
        if (is_double) return put_array(path, i + 2, json, STYLE_FLAT, out);
        if (style != STYLE_QUOTED) return put_found(path, i + 1, json, style, out);
        return put_array(path, i + 1, json, STYLE_QUOTED, out);
    }
    firn_json_walk walk = firn_json_walk_of(json);
    for (int64_t k = 0; firn_json_walk_next(&walk); k++) {
        if (k == path->steps[i].index)
            return run_hive(path, i + 1, walk.value, is_double ? STYLE_QUOTED : style, out);
    }
    return false;
}

/* The first member that has something at the rest of the path. */
static bool run_members(const hive_path *path, size_t i, firn_str json, hive_style style,
                        hive_out *out)
{
    const hive_step *step = &path->steps[i];
    firn_json_walk walk = firn_json_walk_of(json);
    while (firn_json_walk_next(&walk)) {
        const bool is_null = firn_str_equals(walk.value, FIRN_STR("null"));
        const bool is_ours =
            step->kind == HIVE_ANY_MEMBER || (!is_null && firn_json_text_is(walk.key, step->name));
        if (is_ours && run_hive(path, i + 1, walk.value, style, out)) return true;
    }
    return false;
}

/* The elements of an array, and of those that are arrays. False: there are none. */
static bool put_flat(firn_str json, int depth, hive_out *out)
{
    const bool is_array = json.len > 0 && json.data[0] == '[' && depth < FIRN_LIMIT_NESTING;
    bool is_found = !is_array;
    if (!is_array) {
        begin_value(out);
        firn_buf_str(out->buf, json);
    }
    firn_json_walk walk = firn_json_walk_of(json);
    while (is_array && firn_json_walk_next(&walk)) is_found |= put_flat(walk.value, depth + 1, out);
    return is_found;
}

/* Recursion ends with the path. */
static bool run_hive(const hive_path *path, size_t i, firn_str json, hive_style style,
                     hive_out *out)
{
    const char first = (char)(json.len > 0 ? json.data[0] : '\0');
    if (i == path->n) {
        if (style == STYLE_FLAT) return put_flat(json, 0, out);
        begin_value(out);
        if (first == '"' && style == STYLE_RAW)
            firn_json_text_plain(json, out->buf);
        else
            firn_buf_str(out->buf, json);
        return true;
    }
    const hive_step_kind kind = path->steps[i].kind;
    const bool is_item = kind == HIVE_ITEM || kind == HIVE_ANY_ITEM;
    if (is_item) return first == '[' && run_items(path, i, json, style, out);
    return first == '{' && run_members(path, i, json, style, out);
}

/* firn_hive_path(json without blanks, path) */
static firn_status put_hive(firn_call *c, int64_t r, firn_buf *out, bool *is_null, firn_error *err)
{
    hive_path *path = firn_arena_alloc(c->arena, sizeof *path);
    hive_out to = {out, false, 0};
    if (!path) return firn_fail_nomem(err);
    *is_null = !parse_hive(firn_call_text_of(c, 1, r), path) ||
               !run_hive(path, 0, firn_call_text_of(c, 0, r), STYLE_RAW, &to);
    return FIRN_OK;
}

static firn_status hive_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 2, put_hive, err);
}

/* ---- firn_json_items(json without blanks, path): what is found as an array ---- */

/* The path of most calls is that of all rows. */
typedef struct known_path {
    firn_str text;
    const firn_json_path *path;
    firn_arena *row; /* of what is found in one */
} known_path;

static firn_status put_items(firn_call *c, int64_t r, known_path *known, firn_buf *out,
                             bool *is_null, firn_error *err)
{
    const firn_str text = firn_call_text_of(c, 1, r);
    firn_json_items found = {0};
    if (!known->path || !firn_str_equals(text, known->text)) {
        FIRN_TRY(firn_json_path_parse(text, c->arena, &known->path, err));
        known->text = text;
    }
    firn_arena_reset(known->row);
    FIRN_TRY(firn_json_path_items(known->path, firn_call_text_of(c, 0, r), known->row, &found,
                                  is_null, err));
    firn_buf_byte(out, '[');
    for (size_t i = 0; i < found.n; i++) {
        if (i > 0) firn_buf_byte(out, ',');
        firn_buf_str(out, found.items[i]);
    }
    firn_buf_byte(out, ']');
    return FIRN_OK;
}

static firn_status all_items(firn_call *c, firn_arena *row, firn_buf *buf, firn_column *out,
                             firn_error *err)
{
    known_path known = {.row = row};
    for (int64_t r = 0; r < c->n; r++) {
        bool is_null = !firn_call_are_valid(c, 2, r);
        firn_buf_clear(buf);
        if (!is_null) FIRN_TRY(put_items(c, r, &known, buf, &is_null, err));
        FIRN_TRY(firn_buf_check(buf, err));
        if (is_null)
            firn_column_set_null(out, r);
        else
            FIRN_TRY(firn_call_put_text(c, out, r, firn_buf_view(buf), err));
    }
    return firn_call_finish(c, out, err);
}

static firn_status items_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    firn_column out;
    firn_buf buf;
    FIRN_TRY(firn_call_make(c, &k_string, &out, err));
    firn_arena *row = firn_arena_create(c->engine->opts.env->alloc, 0);
    if (!row) return firn_fail_nomem(err);
    firn_buf_init(&buf, c->engine->opts.env->alloc, UINT32_MAX);
    const firn_status st = all_items(c, row, &buf, &out, err);
    firn_buf_dispose(&buf);
    firn_arena_destroy(row);
    return st;
}

const firn_function_def *firn_engine_json_paths(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_hive_path", {"VARCHAR", "VARCHAR"}, "VARCHAR", hive_rows, 2, NULL},
        {"firn_json_items", {"VARCHAR", "VARCHAR"}, "VARCHAR", items_rows, 2, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
