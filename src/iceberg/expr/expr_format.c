/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions as text for people (EXPLAIN, errors). Not a parser's counterpart. */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "iceberg/expr/expr.h"
#include "iceberg/spec/schema_json.h"

#define MAX_TEXT ((size_t)1 << 20)

typedef struct formatter {
    firn_buf buf;
    firn_arena *arena;
    firn_error *err;
} formatter;

static const char *operator_text(firn_expr_op op)
{
    switch (op) {
    case FIRN_EXPR_LT: return "<";
    case FIRN_EXPR_LTEQ: return "<=";
    case FIRN_EXPR_GT: return ">";
    case FIRN_EXPR_GTEQ: return ">=";
    case FIRN_EXPR_EQ: return "=";
    case FIRN_EXPR_NOT_EQ: return "<>";
    case FIRN_EXPR_IN: return "in";
    case FIRN_EXPR_NOT_IN: return "not in";
    case FIRN_EXPR_STARTS_WITH: return "starts with";
    case FIRN_EXPR_NOT_STARTS_WITH: return "not starts with";
    case FIRN_EXPR_IS_NULL: return "is null";
    case FIRN_EXPR_NOT_NULL: return "is not null";
    case FIRN_EXPR_IS_NAN: return "is nan";
    case FIRN_EXPR_NOT_NAN: return "is not nan";
    default: return "?";
    }
}

static bool is_bare_number(const firn_value *value)
{
    return value->kind == FIRN_TYPE_INT || value->kind == FIRN_TYPE_LONG ||
           value->kind == FIRN_TYPE_FLOAT || value->kind == FIRN_TYPE_DOUBLE ||
           value->kind == FIRN_TYPE_DECIMAL || value->kind == FIRN_TYPE_BOOLEAN;
}

static firn_status write_value(formatter *f, const firn_value *value)
{
    firn_str text;
    FIRN_TRY(firn_value_to_text(value, f->arena, &text, f->err));
    if (value->is_null || is_bare_number(value)) {
        firn_buf_str(&f->buf, text);
        return FIRN_OK;
    }
    firn_buf_quoted(&f->buf, text, '\'');
    return FIRN_OK;
}

static firn_status write_predicate(formatter *f, const firn_expr *e)
{
    const bool is_list = e->op == FIRN_EXPR_IN || e->op == FIRN_EXPR_NOT_IN;
    if (e->column.len > 0)
        firn_buf_str(&f->buf, e->column);
    else
        firn_buf_printf(&f->buf, "field %d", (int)e->field_id);
    firn_buf_printf(&f->buf, " %s", operator_text(e->op));
    if (is_list) firn_buf_cstr(&f->buf, " (");
    for (size_t i = 0; i < e->n_values; i++) {
        firn_buf_cstr(&f->buf, i > 0 ? ", " : is_list ? "" : " ");
        FIRN_TRY(write_value(f, &e->values[i]));
    }
    if (is_list) firn_buf_byte(&f->buf, ')');
    return FIRN_OK;
}

static firn_status write_expr(formatter *f, const firn_expr *e, int depth)
{
    if (depth > FIRN_LIMIT_NESTING) { /* unbound chains may be longer than they are useful to see */
        firn_buf_cstr(&f->buf, "...");
        return FIRN_OK;
    }
    switch (e->op) {
    case FIRN_EXPR_TRUE: firn_buf_cstr(&f->buf, "true"); return FIRN_OK;
    case FIRN_EXPR_FALSE: firn_buf_cstr(&f->buf, "false"); return FIRN_OK;
    case FIRN_EXPR_NOT:
        firn_buf_cstr(&f->buf, "not (");
        FIRN_TRY(write_expr(f, e->left, depth + 1));
        firn_buf_byte(&f->buf, ')');
        return FIRN_OK;
    case FIRN_EXPR_AND:
    case FIRN_EXPR_OR:
        firn_buf_byte(&f->buf, '(');
        FIRN_TRY(write_expr(f, e->left, depth + 1));
        firn_buf_cstr(&f->buf, e->op == FIRN_EXPR_AND ? " and " : " or ");
        FIRN_TRY(write_expr(f, e->right, depth + 1));
        firn_buf_byte(&f->buf, ')');
        return FIRN_OK;
    default: return write_predicate(f, e);
    }
}

firn_status firn_expr_format(const firn_expr *expr, firn_arena *arena, firn_str *out,
                             firn_error *err)
{
    formatter f = {.arena = arena, .err = err};
    firn_buf_init(&f.buf, NULL, MAX_TEXT);
    firn_status st = write_expr(&f, expr, 0);
    if (st == FIRN_OK) st = firn_buf_check(&f.buf, err);
    if (st == FIRN_OK) {
        *out = firn_arena_copy(arena, firn_buf_view(&f.buf));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(&f.buf);
    return st;
}
