/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/changes/change_filter.h"

#include "base/error.h"
#include "base/ids.h"
#include "iceberg/expr/evaluate.h"

typedef struct spec_expr {
    const firn_partition_spec *spec;
    const firn_expr *projected;
} spec_expr;

struct firn_change_filter {
    firn_arena *arena;
    const firn_schema *schema;
    const firn_expr *expr;
    const int32_t *ids;
    size_t n_ids;
    spec_expr *specs;
    size_t n_specs, cap_specs;
};

/* ---- the part that counts ---- */

typedef struct chooser {
    const firn_schema *schema;
    bool by_key;
    const int32_t *key_ids;
    size_t n_key_ids;
    firn_arena *arena;
    firn_error *err;
} chooser;

static bool is_allowed(const chooser *c, int32_t field_id)
{
    if (c->by_key) return firn_ids_have(c->key_ids, c->n_key_ids, field_id);
    return firn_schema_find_id(c->schema, field_id) != NULL;
}

/* All fields of an operand. */
static firn_status judge_operand(const chooser *c, const firn_expr *operand, bool *out)
{
    const int32_t *ids = NULL;
    size_t n = 0;
    FIRN_TRY(firn_expr_field_ids(operand, c->arena, &ids, &n, c->err));
    *out = true;
    for (size_t i = 0; i < n && *out; i++) *out = is_allowed(c, ids[i]);
    return FIRN_OK;
}

/* Operands of a chain of ANDs, which may be long. */
static firn_status choose(const chooser *c, const firn_expr *filter, const firn_expr **out)
{
    const firn_expr **open = NULL;
    size_t n = 0;
    size_t cap = 0;
    const firn_expr *next = filter;
    *out = firn_expr_true();
    while (next || n > 0) {
        const firn_expr *e = next ? next : open[--n];
        next = NULL;
        if (e->op == FIRN_EXPR_AND) {
            const firn_expr **slot = firn_arena_push(c->arena, &open, &n, &cap, sizeof *slot);
            if (!slot) return firn_fail_nomem(c->err);
            *slot = e->right;
            next = e->left;
            continue;
        }
        bool counts = false;
        FIRN_TRY(judge_operand(c, e, &counts));
        if (counts) *out = firn_expr_and(c->arena, *out, e);
        if (!*out) return firn_fail_nomem(c->err);
    }
    return FIRN_OK;
}

firn_status firn_change_filter_create(const firn_expr *filter, const firn_schema *schema,
                                      bool by_key, const int32_t *key_ids, size_t n_key_ids,
                                      firn_arena *arena, firn_change_filter **out, firn_error *err)
{
    const chooser c = {schema, by_key, key_ids, n_key_ids, arena, err};
    const firn_expr *chosen = NULL;
    firn_change_filter *f = firn_arena_alloc_zero(arena, sizeof *f);
    *out = f;
    if (!f) return firn_fail_nomem(err);
    f->arena = arena;
    f->schema = schema;
    FIRN_TRY(choose(&c, filter ? filter : firn_expr_true(), &chosen));
    FIRN_TRY(firn_expr_bind(chosen, schema, arena, &f->expr, err));
    return firn_expr_field_ids(f->expr, arena, &f->ids, &f->n_ids, err);
}

const firn_expr *firn_change_filter_expr(const firn_change_filter *filter)
{
    return filter->expr;
}

const int32_t *firn_change_filter_ids(const firn_change_filter *filter, size_t *n_out)
{
    *n_out = filter->n_ids;
    return filter->ids;
}

/* ---- partition specs ---- */

firn_status firn_change_filter_for(firn_change_filter *filter, const firn_partition_spec *spec,
                                   const firn_expr **out, firn_error *err)
{
    for (size_t i = 0; i < filter->n_specs; i++) {
        if (filter->specs[i].spec != spec) continue;
        *out = filter->specs[i].projected;
        return FIRN_OK;
    }
    FIRN_TRY(
        firn_expr_project_inclusive(filter->expr, filter->schema, spec, filter->arena, out, err));
    spec_expr *slot = firn_arena_push(filter->arena, &filter->specs, &filter->n_specs,
                                      &filter->cap_specs, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = (spec_expr){spec, *out};
    return FIRN_OK;
}
