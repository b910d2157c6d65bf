/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluates paths of SQL/JSON on text. In a lax path arrays are unwrapped where a member or a
 * filter is asked for, what is no array is one of one element where an element is, and what is not
 * there is nothing. */
#include "sql/engine/sql_json_path.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "sql/engine/json_text.h"
#include "sql/engine/sql_json_path_ast.h"

#define MAX_WORK 10000000 /* values that are looked at */

typedef struct path_run {
    firn_arena *arena;
    firn_error *err;
    firn_str root;
    bool is_strict, is_wrong;
    int64_t work;
} path_run;

static firn_status add_item(path_run *run, firn_json_items *to, firn_str item)
{
    firn_str *slot = firn_arena_push(run->arena, &to->items, &to->n, &to->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(run->err);
    *slot = item;
    if (run->work++ > MAX_WORK)
        return firn_fail(run->err, FIRN_ERR_LIMIT, "a JSON path with more than %d values",
                         MAX_WORK);
    return FIRN_OK;
}

static firn_status run_steps(path_run *run, const path_operand *path, firn_str from,
                             firn_json_items *out);

static bool is_array(firn_str json)
{
    return json.len > 0 && json.data[0] == '[';
}

/* ---- tests ---- */

typedef enum truth { NOT_TRUE = 0, IS_TRUE = 1, NOT_KNOWN = 2 } truth;

static bool is_number(firn_str json)
{
    return json.len > 0 && (json.data[0] == '-' || (json.data[0] >= '0' && json.data[0] <= '9'));
}

static firn_status plain_text(path_run *run, firn_str json, firn_str *out)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, UINT32_MAX);
    firn_json_text_plain(json, &buf);
    *out = firn_arena_copy(run->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    return out->data ? FIRN_OK : firn_fail_nomem(run->err);
}

/* -1, 0, 1; 2: they are not comparable. */
static firn_status compare(path_run *run, firn_str a, firn_str b, int *out)
{
    *out = 2;
    if (is_number(a) && is_number(b)) {
        double x = 0;
        double y = 0;
        int64_t i = 0;
        int64_t k = 0;
        if (firn_str_to_i64(a, &i) && firn_str_to_i64(b, &k))
            *out = (i > k) - (i < k);
        else if (firn_str_to_f64(a, &x) && firn_str_to_f64(b, &y))
            *out = (x > y) - (x < y);
    } else if (a.len > 0 && b.len > 0 && a.data[0] == '"' && b.data[0] == '"') {
        firn_str x;
        firn_str y;
        FIRN_TRY(plain_text(run, a, &x));
        FIRN_TRY(plain_text(run, b, &y));
        const int order = firn_str_compare(x, y);
        *out = (order > 0) - (order < 0);
    } else if (a.len > 0 && b.len > 0 && strchr("tf", a.data[0]) && strchr("tf", b.data[0])) {
        *out = (a.data[0] == 't') - (b.data[0] == 't');
    } else if (a.len > 0 && b.len > 0 && (a.data[0] == 'n' || b.data[0] == 'n')) {
        *out = a.data[0] == b.data[0] ? 0 : 1; /* null is equal to itself only */
    }
    return FIRN_OK;
}

static firn_status test_pair(path_run *run, path_test_kind kind, firn_str a, firn_str b, truth *out)
{
    int order = 2;
    if (kind == TEST_STARTS) {
        firn_str x;
        firn_str y;
        *out = NOT_KNOWN;
        if (a.len == 0 || b.len == 0 || a.data[0] != '"' || b.data[0] != '"') return FIRN_OK;
        FIRN_TRY(plain_text(run, a, &x));
        FIRN_TRY(plain_text(run, b, &y));
        *out = firn_str_starts_with(x, y) ? IS_TRUE : NOT_TRUE;
        return FIRN_OK;
    }
    FIRN_TRY(compare(run, a, b, &order));
    bool holds = false;
    switch ((int)kind) {
    case TEST_EQUAL: holds = order == 0; break;
    case TEST_UNEQUAL: holds = order != 0; break;
    case TEST_LESS: holds = order < 0; break;
    case TEST_AT_MOST: holds = order <= 0; break;
    case TEST_GREATER: holds = order == 1; break;
    default: holds = order == 0 || order == 1; break;
    }
    *out = order == 2 ? NOT_KNOWN : holds ? IS_TRUE : NOT_TRUE;
    return FIRN_OK;
}

/* In a lax path the elements of an array stand for it. */
static firn_status operand_items(path_run *run, const path_operand *operand, firn_str current,
                                 firn_json_items *out)
{
    firn_json_items found = {0};
    if (operand->is_literal) return add_item(run, out, operand->literal);
    FIRN_TRY(run_steps(run, operand, operand->is_current ? current : run->root, &found));
    for (size_t i = 0; i < found.n; i++) {
        if (run->is_strict || !is_array(found.items[i])) {
            FIRN_TRY(add_item(run, out, found.items[i]));
            continue;
        }
        firn_json_walk walk = firn_json_walk_of(found.items[i]);
        while (firn_json_walk_next(&walk)) FIRN_TRY(add_item(run, out, walk.value));
    }
    return FIRN_OK;
}

/* A structure that is not as a strict path asks for makes a test not known, not the path wrong. */
static firn_status test_operands(path_run *run, const path_test *test, firn_str current, truth *out)
{
    firn_json_items a = {0};
    firn_json_items b = {0};
    FIRN_TRY(operand_items(run, &test->a, current, &a));
    if (!run->is_wrong && test->kind != TEST_EXISTS)
        FIRN_TRY(operand_items(run, &test->b, current, &b));
    *out = run->is_wrong ? NOT_KNOWN : NOT_TRUE;
    if (run->is_wrong) {
        run->is_wrong = false;
        return FIRN_OK;
    }
    if (test->kind == TEST_EXISTS && a.n > 0) *out = IS_TRUE;
    for (size_t i = 0; i < a.n && *out != IS_TRUE; i++) {
        for (size_t k = 0; k < b.n && *out != IS_TRUE; k++) {
            truth pair = NOT_TRUE;
            FIRN_TRY(test_pair(run, test->kind, a.items[i], b.items[k], &pair));
            if (pair != NOT_TRUE) *out = pair;
            if (run->work++ > MAX_WORK)
                return firn_fail(run->err, FIRN_ERR_LIMIT, "a JSON path with more than %d values",
                                 MAX_WORK);
        }
    }
    return FIRN_OK;
}

static firn_status run_test(path_run *run, const path_test *test, firn_str current, truth *out)
{
    truth left = NOT_KNOWN;
    truth right = NOT_KNOWN;
    if (!test->left) return test_operands(run, test, current, out);
    FIRN_TRY(run_test(run, test->left, current, &left));
    if (test->right) FIRN_TRY(run_test(run, test->right, current, &right));
    switch ((int)test->kind) {
    case TEST_NOT:
        *out = left == NOT_KNOWN ? NOT_KNOWN : left == IS_TRUE ? NOT_TRUE : IS_TRUE;
        break;
    case TEST_UNKNOWN: *out = left == NOT_KNOWN ? IS_TRUE : NOT_TRUE; break;
    case TEST_AND:
        *out = left == NOT_TRUE || right == NOT_TRUE ? NOT_TRUE
               : left == IS_TRUE && right == IS_TRUE ? IS_TRUE
                                                     : NOT_KNOWN;
        break;
    default:
        *out = left == IS_TRUE || right == IS_TRUE     ? IS_TRUE
               : left == NOT_TRUE && right == NOT_TRUE ? NOT_TRUE
                                                       : NOT_KNOWN;
        break;
    }
    return FIRN_OK;
}

/* ---- methods ---- */

static const char *type_name(firn_str json)
{
    switch (json.len > 0 ? json.data[0] : '\0') {
    case '{': return "\"object\"";
    case '[': return "\"array\"";
    case '"': return "\"string\"";
    case 't':
    case 'f': return "\"boolean\"";
    case 'n': return "\"null\"";
    default: return "\"number\"";
    }
}

static size_t count_items(firn_str json)
{
    firn_json_walk walk = firn_json_walk_of(json);
    size_t n = 0;
    while (firn_json_walk_next(&walk)) n++;
    return n;
}

static firn_status run_method(path_run *run, path_step_kind kind, firn_str item,
                              firn_json_items *out)
{
    double x = 0;
    firn_str text = {0};
    if (kind == STEP_TYPE) return add_item(run, out, firn_str_of(type_name(item)));
    if (kind == STEP_SIZE) {
        if (run->is_strict && !is_array(item)) run->is_wrong = true;
        text = firn_arena_printf(run->arena, "%zu", is_array(item) ? count_items(item) : 1);
        return text.data ? add_item(run, out, text) : firn_fail_nomem(run->err);
    }
    firn_str number = item;
    if (kind == STEP_DOUBLE && item.len > 0 && item.data[0] == '"')
        FIRN_TRY(plain_text(run, item, &number));
    if (!firn_str_to_f64(number, &x) || !isfinite(x)) {
        run->is_wrong = true;
        return FIRN_OK;
    }
    if (kind == STEP_DOUBLE) return add_item(run, out, number);
    if (kind == STEP_ABS) {
        const bool is_minus = number.data[0] == '-';
        return add_item(run, out, firn_str_slice(number, is_minus, number.len));
    }
    text = firn_arena_printf(run->arena, "%.0f", kind == STEP_FLOOR ? floor(x) : ceil(x));
    return text.data ? add_item(run, out, text) : firn_fail_nomem(run->err);
}

/* ---- steps ---- */

static firn_status run_member(path_run *run, const path_step *step, firn_str item,
                              firn_json_items *out)
{
    firn_json_walk walk = firn_json_walk_of(item);
    const bool is_any = step->kind == STEP_ANY_MEMBER;
    bool is_found = false;
    while (walk.is_object && firn_json_walk_next(&walk)) {
        if (!is_any && !firn_json_text_is(walk.key, step->name)) continue;
        is_found = true;
        FIRN_TRY(add_item(run, out, walk.value));
    }
    if (run->is_strict && !is_found && (!is_any || !walk.is_object)) run->is_wrong = true;
    return FIRN_OK;
}

static firn_status run_subscript(path_run *run, const path_step *step, firn_str item,
                                 firn_json_items *out)
{
    firn_json_items all = {0};
    firn_json_walk walk = firn_json_walk_of(item);
    if (!is_array(item)) {
        run->is_wrong |= run->is_strict;
        FIRN_TRY(add_item(run, &all, item));
    }
    while (is_array(item) && firn_json_walk_next(&walk)) FIRN_TRY(add_item(run, &all, walk.value));
    if (step->kind == STEP_ANY_ITEM) {
        for (size_t i = 0; i < all.n; i++) FIRN_TRY(add_item(run, out, all.items[i]));
        return FIRN_OK;
    }
    const int64_t last = (int64_t)all.n - 1;
    for (size_t k = 0; k < step->n_ranges; k++) {
        const path_range *range = &step->ranges[k];
        int64_t from = range->is_from_last ? last - range->from : range->from;
        int64_t to = range->is_to_last ? last - range->to : range->to;
        if (run->is_strict && (from < 0 || to > last || from > to)) run->is_wrong = true;
        from = from < 0 ? 0 : from;
        to = to > last ? last : to;
        for (int64_t i = from; i <= to && all.items; i++)
            FIRN_TRY(add_item(run, out, all.items[i]));
    }
    return FIRN_OK;
}

static firn_status run_filter(path_run *run, const path_step *step, firn_str item,
                              firn_json_items *out)
{
    truth found = NOT_KNOWN;
    FIRN_TRY(run_test(run, step->test, item, &found));
    return found == IS_TRUE ? add_item(run, out, item) : FIRN_OK;
}

static firn_status run_step(path_run *run, const path_step *step, firn_str item,
                            firn_json_items *out)
{
    switch (step->kind) {
    case STEP_MEMBER:
    case STEP_ANY_MEMBER: return run_member(run, step, item, out);
    case STEP_ITEMS:
    case STEP_ANY_ITEM: return run_subscript(run, step, item, out);
    case STEP_FILTER: return run_filter(run, step, item, out);
    case STEP_SIZE:
    case STEP_TYPE:
    case STEP_DOUBLE:
    case STEP_CEILING:
    case STEP_FLOOR:
    case STEP_ABS: break;
    }
    return run_method(run, step->kind, item, out);
}

static bool unwraps(path_step_kind kind)
{
    switch (kind) {
    case STEP_ITEMS:
    case STEP_ANY_ITEM:
    case STEP_SIZE:
    case STEP_TYPE: return false;
    default: return true;
    }
}

static firn_status run_steps(path_run *run, const path_operand *path, firn_str from,
                             firn_json_items *out)
{
    firn_json_items items = {0};
    FIRN_TRY(add_item(run, &items, from));
    for (size_t s = 0; s < path->n_steps && !run->is_wrong; s++) {
        const path_step *step = &path->steps[s];
        firn_json_items next = {0};
        for (size_t i = 0; i < items.n && !run->is_wrong; i++) {
            if (run->is_strict || !unwraps(step->kind) || !is_array(items.items[i])) {
                FIRN_TRY(run_step(run, step, items.items[i], &next));
                continue;
            }
            firn_json_walk walk = firn_json_walk_of(items.items[i]);
            while (firn_json_walk_next(&walk)) FIRN_TRY(run_step(run, step, walk.value, &next));
        }
        items = next;
    }
    *out = items;
    return FIRN_OK;
}

firn_status firn_json_path_items(const firn_json_path *path, firn_str json, firn_arena *arena,
                                 firn_json_items *out, bool *is_wrong, firn_error *err)
{
    path_run run = {.arena = arena, .err = err, .root = json, .is_strict = path->is_strict};
    FIRN_TRY(run_steps(&run, &path->root, json, out));
    *is_wrong = run.is_wrong;
    return FIRN_OK;
}
