/* SPDX-License-Identifier: Apache-2.0 */
/* Row filters to filters on partition values, through the transforms (specification, "Scan
 * Planning"). Inclusive: true wherever a row may match. Strict: true only where all rows match;
 * so it never counts a null as passing a negated operator, which readers differ about. */
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/expr/expr_value.h"
#include "iceberg/spec/transform.h"

#define MICROS_PER_HOUR INT64_C(3600000000)

typedef struct projector {
    const firn_schema *schema;
    const firn_partition_spec *spec;
    bool is_strict;
    firn_arena *arena;
    firn_error *err;
    /* of the partition field at hand */
    const firn_partition_field *field;
    const firn_type *source;
    const firn_type *result;
} projector;

static firn_status make(const projector *p, firn_expr_op op, const firn_value *values, size_t n,
                        const firn_expr **out)
{
    const firn_expr *e = firn_expr_predicate(p->arena, op, p->field->name, values, n);
    firn_expr *bound = e ? firn_arena_alloc_zero(p->arena, sizeof *bound) : NULL;
    if (!bound) return firn_fail_nomem(p->err);
    *bound = *e;
    bound->field_id = p->field->field_id;
    bound->type = p->result;
    *out = bound;
    return FIRN_OK;
}

static firn_status conjoin(const projector *p, const firn_expr *more, const firn_expr **inout)
{
    *inout = firn_expr_and(p->arena, *inout, more);
    return *inout ? FIRN_OK : firn_fail_nomem(p->err);
}

/* A negated predicate in a strict projection: and the value is not null. */
static firn_status make_negated(const projector *p, firn_expr_op op, const firn_value *values,
                                size_t n, const firn_expr **out)
{
    const firn_expr *not_null = NULL;
    FIRN_TRY(make(p, op, values, n, out));
    if (!p->is_strict) return FIRN_OK;
    FIRN_TRY(make(p, FIRN_EXPR_NOT_NULL, NULL, 0, &not_null));
    return conjoin(p, not_null, out);
}

static firn_status apply(const projector *p, const firn_value *value, firn_value *out)
{
    return firn_transform_apply(&p->field->transform, p->source, value, p->arena, out, p->err);
}

static firn_status apply_all(const projector *p, const firn_expr *pred, firn_value **out)
{
    firn_value *values = firn_arena_array(p->arena, pred->n_values, sizeof *values);
    if (!values) return firn_fail_nomem(p->err);
    for (size_t i = 0; i < pred->n_values; i++) FIRN_TRY(apply(p, &pred->values[i], &values[i]));
    *out = values;
    return FIRN_OK;
}

static void insert_sorted(firn_value *values, size_t *n, firn_value v)
{
    size_t at = *n;
    while (at > 0 && firn_expr_compare(&values[at - 1], &v) > 0) at--;
    if (at > 0 && firn_expr_compare(&values[at - 1], &v) == 0) return;
    memmove(&values[at + 1], &values[at], (*n - at) * sizeof *values);
    values[at] = v;
    ++*n;
}

/* The values with, for times before 1970, the next one too: old writers rounded those towards
 * zero instead of down. */
static firn_status make_set(const projector *p, firn_expr_op op, const firn_expr *pred,
                            bool is_widened, const firn_expr **out)
{
    firn_value *raw = NULL;
    size_t n = 0;
    firn_value *set = firn_arena_array(p->arena, 2 * pred->n_values, sizeof *set);
    if (!set) return firn_fail_nomem(p->err);
    FIRN_TRY(apply_all(p, pred, &raw));
    for (size_t i = 0; i < pred->n_values; i++) {
        firn_value next = raw[i];
        insert_sorted(set, &n, raw[i]);
        if (!is_widened || raw[i].as.i32 >= 0) continue;
        next.as.i32++;
        insert_sorted(set, &n, next);
    }
    if (op == FIRN_EXPR_NOT_IN || op == FIRN_EXPR_NOT_EQ)
        return make_negated(p, n == 1 ? FIRN_EXPR_NOT_EQ : FIRN_EXPR_NOT_IN, set, n, out);
    return make(p, n == 1 ? FIRN_EXPR_EQ : FIRN_EXPR_IN, set, n, out);
}

static bool is_negative_op(firn_expr_op op)
{
    return op == FIRN_EXPR_NOT_EQ || op == FIRN_EXPR_NOT_IN || op == FIRN_EXPR_NOT_STARTS_WITH ||
           op == FIRN_EXPR_NOT_NAN;
}

static firn_status project_identity(const projector *p, const firn_expr *pred,
                                    const firn_expr **out)
{
    if (is_negative_op(pred->op))
        return make_negated(p, pred->op, pred->values, pred->n_values, out);
    return make(p, pred->op, pred->values, pred->n_values, out);
}

static firn_status project_bucket(const projector *p, const firn_expr *pred, const firn_expr **out)
{
    const bool is_positive = pred->op == FIRN_EXPR_EQ || pred->op == FIRN_EXPR_IN;
    const bool is_negated = pred->op == FIRN_EXPR_NOT_EQ || pred->op == FIRN_EXPR_NOT_IN;
    if (pred->n_values == 0) return FIRN_OK;
    if ((!p->is_strict && is_positive) || (p->is_strict && is_negated))
        return make_set(p, pred->op, pred, false, out);
    return FIRN_OK;
}

/* The value one step (of the type) up or down; unchanged at the end of the range. */
static firn_value step(const firn_value *value, int by)
{
    firn_value v = *value;
    int64_t wide;
    switch (value->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE:
        wide = (int64_t)value->as.i32 + by;
        if (wide >= INT32_MIN && wide <= INT32_MAX) v.as.i32 = (int32_t)wide;
        break;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS:
        if (firn_add_i64(value->as.i64, by, &wide)) v.as.i64 = wide;
        break;
    case FIRN_TYPE_DECIMAL: v.as.decimal += by; break;
    default: break;
    }
    return v;
}

static bool can_step(const firn_value *value, int by)
{
    const firn_value v = step(value, by);
    return firn_expr_compare(&v, value) != 0;
}

/* Partition values beyond this may have wrapped around, as they do in all writers: truncated ones
 * of the type's least numbers, hours of years that 32 bits do not count to. is_upper: the end of
 * the range to look at. False when nothing can be beyond it. */
static bool wrap_limit(const projector *p, bool is_upper, firn_value *out)
{
    const int64_t hour_least = INT64_MAX / MICROS_PER_HOUR + 1 - ((int64_t)1 << 32);
    const int32_t width = p->field->transform.param;
    *out = (firn_value){.kind = p->result->kind};
    switch (p->field->transform.kind) {
    case FIRN_TRANSFORM_HOUR:
        out->as.i32 = (int32_t)(is_upper ? -hour_least - 1 : hour_least);
        return p->source->kind == FIRN_TYPE_TIMESTAMP || p->source->kind == FIRN_TYPE_TIMESTAMPTZ;
    case FIRN_TRANSFORM_TRUNCATE:
        if (p->source->kind == FIRN_TYPE_INT) out->as.i32 = INT32_MAX - width;
        if (p->source->kind == FIRN_TYPE_LONG) out->as.i64 = INT64_MAX - width;
        return is_upper && (p->source->kind == FIRN_TYPE_INT || p->source->kind == FIRN_TYPE_LONG);
    default: return false;
    }
}

/* The comparison of partition values, mindful of wrapped ones: they may always match, and never
 * do for certain. */
static firn_status make_order(const projector *p, firn_expr_op op, const firn_value *arg,
                              const firn_value *t, const firn_expr **out)
{
    const bool is_less = op == FIRN_EXPR_LT || op == FIRN_EXPR_LTEQ;
    const bool is_upper = is_less != p->is_strict;
    const firn_expr_op op_beyond = is_upper ? (p->is_strict ? FIRN_EXPR_LTEQ : FIRN_EXPR_GT)
                                            : (p->is_strict ? FIRN_EXPR_GTEQ : FIRN_EXPR_LT);
    const firn_expr *order = NULL;
    const firn_expr *wrapped = NULL;
    firn_value limit;

    if (p->field->transform.kind == FIRN_TRANSFORM_TRUNCATE && firn_expr_compare(t, arg) > 0)
        return FIRN_OK; /* wrapped itself: no order left */
    FIRN_TRY(make(p, op, t, 1, &order));
    if (wrap_limit(p, is_upper, &limit)) {
        FIRN_TRY(make(p, op_beyond, &limit, 1, &wrapped));
        order = p->is_strict ? firn_expr_and(p->arena, order, wrapped)
                             : firn_expr_or(p->arena, order, wrapped);
    }
    *out = order;
    return order ? FIRN_OK : firn_fail_nomem(p->err);
}

/* Hours since 1970 of the first and last 50,000 years do not fit their 32 bits. */
static bool is_hour_in_range(const projector *p, const firn_value *value)
{
    const int64_t limit = MICROS_PER_HOUR * (INT32_MAX - 1);
    if (p->field->transform.kind != FIRN_TRANSFORM_HOUR) return true;
    return value->kind == FIRN_TYPE_TIMESTAMP_NS || value->kind == FIRN_TYPE_TIMESTAMPTZ_NS ||
           (value->as.i64 < limit && value->as.i64 > -limit);
}

/* Order comparisons through a transform that never decreases. Steps are exact for whole-number
 * types; at the end of the range a strict answer is left out and an inclusive one is wider. */
static firn_status project_order(const projector *p, const firn_expr *pred, bool is_widened,
                                 const firn_expr **out)
{
    const firn_value *v = &pred->values[0];
    const bool is_less = pred->op == FIRN_EXPR_LT || pred->op == FIRN_EXPR_LTEQ;
    firn_value arg = *v;
    firn_value t;
    firn_expr_op op;

    if (p->is_strict) {
        const int by = pred->op == FIRN_EXPR_LTEQ ? 1 : pred->op == FIRN_EXPR_GTEQ ? -1 : 0;
        if (by != 0 && can_step(v, by)) arg = step(v, by);
        op = is_less ? FIRN_EXPR_LT : FIRN_EXPR_GT;
    } else {
        const int by = pred->op == FIRN_EXPR_LT ? -1 : pred->op == FIRN_EXPR_GT ? 1 : 0;
        if (by != 0) arg = step(v, by);
        op = is_less ? FIRN_EXPR_LTEQ : FIRN_EXPR_GTEQ;
    }
    if (!is_hour_in_range(p, v)) return FIRN_OK;
    FIRN_TRY(apply(p, &arg, &t));
    if (is_widened && t.as.i32 < 0 && (p->is_strict ? !is_less : is_less)) t.as.i32++;
    return make_order(p, op, &arg, &t, out);
}

static size_t count_code_points(firn_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        if (((uint8_t)s.data[i] & 0xC0u) != 0x80u) n++;
    return n;
}

static firn_status project_prefix(const projector *p, const firn_expr *pred, const firn_expr **out)
{
    const bool is_negated = pred->op == FIRN_EXPR_NOT_STARTS_WITH;
    const size_t width = (size_t)p->field->transform.param;
    const size_t n = count_code_points(pred->values[0].as.bytes);
    firn_value t;

    if (n < width) /* the partition value shows the whole prefix */
        return is_negated ? make_negated(p, pred->op, pred->values, 1, out)
                          : make(p, pred->op, pred->values, 1, out);
    FIRN_TRY(apply(p, &pred->values[0], &t));
    if (n == width || p->is_strict == is_negated) {
        return is_negated ? make_negated(p, FIRN_EXPR_NOT_EQ, &t, 1, out)
                          : make(p, FIRN_EXPR_EQ, &t, 1, out);
    }
    return FIRN_OK;
}

static bool is_whole_number(const firn_type *type)
{
    return type->kind == FIRN_TYPE_INT || type->kind == FIRN_TYPE_LONG ||
           type->kind == FIRN_TYPE_DECIMAL;
}

/* Text and bytes have no step: only the plain bounds hold. */
static firn_status project_truncated_bytes(const projector *p, const firn_expr *pred,
                                           const firn_expr **out)
{
    const bool is_less = pred->op == FIRN_EXPR_LT || pred->op == FIRN_EXPR_LTEQ;
    firn_value t;
    FIRN_TRY(apply(p, &pred->values[0], &t));
    if (p->is_strict) return make(p, is_less ? FIRN_EXPR_LT : FIRN_EXPR_GT, &t, 1, out);
    return make(p, is_less ? FIRN_EXPR_LTEQ : FIRN_EXPR_GTEQ, &t, 1, out);
}

/* Truncate and the time transforms. */
static firn_status project_monotone(const projector *p, const firn_expr *pred, bool is_time,
                                    const firn_expr **out)
{
    const bool is_day_of_date =
        p->field->transform.kind == FIRN_TRANSFORM_DAY && p->source->kind == FIRN_TYPE_DATE;
    const bool is_widened = is_time && !is_day_of_date;

    switch (pred->op) {
    case FIRN_EXPR_LT:
    case FIRN_EXPR_LTEQ:
    case FIRN_EXPR_GT:
    case FIRN_EXPR_GTEQ:
        if (!is_time && !is_whole_number(p->source)) return project_truncated_bytes(p, pred, out);
        return project_order(p, pred, is_widened, out);
    case FIRN_EXPR_EQ:
    case FIRN_EXPR_IN: return p->is_strict ? FIRN_OK : make_set(p, pred->op, pred, is_widened, out);
    case FIRN_EXPR_NOT_EQ:
    case FIRN_EXPR_NOT_IN:
        if (!p->is_strict || pred->n_values == 0) return FIRN_OK;
        return make_set(p, pred->op, pred, is_widened, out);
    case FIRN_EXPR_STARTS_WITH:
    case FIRN_EXPR_NOT_STARTS_WITH: return is_time ? FIRN_OK : project_prefix(p, pred, out);
    default: return FIRN_OK;
    }
}

/* *out keeps what it had where the transform says nothing. */
static firn_status project_field(const projector *p, const firn_expr *pred, const firn_expr **out)
{
    const firn_transform_kind kind = p->field->transform.kind;
    if (kind == FIRN_TRANSFORM_VOID || kind == FIRN_TRANSFORM_UNKNOWN) return FIRN_OK;
    if (kind == FIRN_TRANSFORM_IDENTITY) return project_identity(p, pred, out);
    if (pred->op == FIRN_EXPR_IS_NULL || pred->op == FIRN_EXPR_NOT_NULL)
        return make(p, pred->op, NULL, 0, out);
    switch (kind) {
    case FIRN_TRANSFORM_BUCKET: return project_bucket(p, pred, out);
    case FIRN_TRANSFORM_TRUNCATE: return project_monotone(p, pred, false, out);
    case FIRN_TRANSFORM_YEAR:
    case FIRN_TRANSFORM_MONTH:
    case FIRN_TRANSFORM_DAY:
    case FIRN_TRANSFORM_HOUR: return project_monotone(p, pred, true, out);
    default: return FIRN_OK;
    }
}

/* Over all partition fields made from the column: inclusive AND, strict OR. */
static firn_status project_predicate(projector *p, const firn_expr *pred, const firn_expr **out)
{
    *out = p->is_strict ? firn_expr_false() : firn_expr_true();
    for (size_t i = 0; i < p->spec->n_fields; i++) {
        const firn_expr *one = p->is_strict ? firn_expr_false() : firn_expr_true();
        p->field = &p->spec->fields[i];
        if (p->field->source_id != pred->field_id) continue;
        p->source = pred->type;
        p->result = firn_transform_result(&p->field->transform, pred->type);
        FIRN_TRY(project_field(p, pred, &one));
        *out =
            p->is_strict ? firn_expr_or(p->arena, *out, one) : firn_expr_and(p->arena, *out, one);
        if (!*out) return firn_fail_nomem(p->err);
    }
    return FIRN_OK;
}

/* Depth is bounded by firn_expr_bind(). */
static firn_status project(projector *p, const firn_expr *e, const firn_expr **out)
{
    const firn_expr *left = NULL;
    const firn_expr *right = NULL;
    switch (e->op) {
    case FIRN_EXPR_TRUE:
    case FIRN_EXPR_FALSE: *out = e; return FIRN_OK;
    case FIRN_EXPR_AND:
    case FIRN_EXPR_OR:
        FIRN_TRY(project(p, e->left, &left));
        FIRN_TRY(project(p, e->right, &right));
        *out = e->op == FIRN_EXPR_AND ? firn_expr_and(p->arena, left, right)
                                      : firn_expr_or(p->arena, left, right);
        return *out ? FIRN_OK : firn_fail_nomem(p->err);
    case FIRN_EXPR_NOT:
        return firn_fail(p->err, FIRN_ERR_INTERNAL,
                         "cannot project an expression that is not bound");
    default:
        if (e->field_id <= 0)
            return firn_fail(p->err, FIRN_ERR_INTERNAL,
                             "cannot project an expression that is not bound");
        return project_predicate(p, e, out);
    }
}

firn_status firn_expr_project_inclusive(const firn_expr *bound, const firn_schema *schema,
                                        const firn_partition_spec *spec, firn_arena *arena,
                                        const firn_expr **out, firn_error *err)
{
    projector p = {.schema = schema, .spec = spec, .arena = arena, .err = err};
    return project(&p, bound, out);
}

firn_status firn_expr_project_strict(const firn_expr *bound, const firn_schema *schema,
                                     const firn_partition_spec *spec, firn_arena *arena,
                                     const firn_expr **out, firn_error *err)
{
    projector p = {.schema = schema, .spec = spec, .is_strict = true, .arena = arena, .err = err};
    return project(&p, bound, out);
}
