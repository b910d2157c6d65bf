/* SPDX-License-Identifier: Apache-2.0 */
/* Matching a projection with a file's columns. Recursion follows the projection, whose depth the
 * file's schema bounds. */
#include "format/parquet/read/parquet_plan.h"

#include "base/error.h"
#include "base/str.h"

static firn_status plan_field(firn_pq_plan *plan, const firn_field *field, const firn_pq_node *node,
                              int16_t slot_def, firn_pq_read *out, firn_error *err);

/* at: the field's position in the projection, where the file has it too when it is read whole. */
static const firn_pq_node *find_child(const firn_pq_plan *plan, const firn_pq_node *parent,
                                      const firn_field *field, size_t at)
{
    if (plan->match == FIRN_PARQUET_MATCH_NAMES && at < parent->n_children &&
        firn_str_equals(parent->children[at].name, field->name))
        return &parent->children[at];
    for (size_t i = 0; i < parent->n_children; i++) {
        const firn_pq_node *child = &parent->children[i];
        const bool is_match = plan->match == FIRN_PARQUET_MATCH_IDS
                                  ? child->id != FIRN_PQ_NONE && child->id == field->id
                                  : firn_str_equals(child->name, field->name);
        if (is_match) return child;
    }
    return NULL;
}

static firn_status add_leaf(firn_pq_plan *plan, const firn_pq_node *node, const firn_type *type,
                            firn_pq_leaf **out, firn_error *err)
{
    firn_pq_leaf *leaf = firn_arena_alloc_zero(plan->arena, sizeof *leaf);
    firn_pq_conv conv;
    if (!leaf) return firn_fail_nomem(err);
    if (type) FIRN_TRY(firn_pq_conv_plan(node, plan->types, type, &conv, err));
    firn_pq_leaf_init(leaf, plan->file, node, type ? &conv : NULL, plan->memory,
                      plan->window_bytes > 0 ? plan->window_bytes : FIRN_PQ_WINDOW);
    leaf->blocks.budget = plan->budget;
    firn_pq_leaf **slot = firn_arena_push(plan->arena, (void *)&plan->leaves, &plan->n_leaves,
                                          &plan->cap_leaves, sizeof *plan->leaves);
    if (!slot) return firn_fail_nomem(err);
    *slot = *out = leaf;
    return FIRN_OK;
}

/* Any leaf that is read anyway and lies below node: its levels tell node's shape. */
static firn_pq_leaf *leaf_below(const firn_pq_read *read)
{
    if (read->kind == FIRN_PQ_READ_MISSING) return NULL;
    if (read->leaf) return read->leaf;
    for (size_t i = 0; i < read->n_children; i++) {
        firn_pq_leaf *leaf = leaf_below(&read->children[i]);
        if (leaf) return leaf;
    }
    return NULL;
}

/* When all projected parts of a group are missing from the file, one of its columns is read for
 * the shape only. */
static firn_status find_shape(firn_pq_plan *plan, firn_pq_read *read, firn_error *err)
{
    for (size_t i = 0; i < read->n_children && !read->leaf; i++)
        read->leaf = leaf_below(&read->children[i]);
    if (read->leaf) return FIRN_OK;
    read->owns_shape = true;
    return add_leaf(plan, plan->file->leaves[read->node->first_leaf], NULL, &read->leaf, err);
}

static firn_status plan_missing(const firn_field *field, firn_pq_read *out, firn_error *err)
{
    const bool has_default = field->initial_default && !field->initial_default->is_null;
    if (field->is_required && !has_default)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "required field %.*s (id %d) is not in the file and has no default",
                         FIRN_STR_ARG(field->name), field->id);
    *out = (firn_pq_read){.kind = FIRN_PQ_READ_MISSING, .field = field};
    if (!has_default || field->type->kind != FIRN_TYPE_STRUCT) return FIRN_OK;
    for (size_t i = 0; i < field->type->n_fields; i++) {
        firn_pq_read child; /* the default is made of those of its fields, which must have some */
        FIRN_TRY(firn_error_wrap(err, plan_missing(&field->type->fields[i], &child, err),
                                 "default of %.*s", FIRN_STR_ARG(field->name)));
    }
    return FIRN_OK;
}

static firn_status fail_shape(const firn_field *field, const firn_pq_node *node, firn_error *err)
{
    char from[64];
    char to[64];
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: field %.*s of type %s in the file read as %s",
                     FIRN_STR_ARG(field->name), firn_type_name(&node->type, from, sizeof from),
                     firn_type_name(field->type, to, sizeof to));
}

static firn_status make_children(firn_pq_plan *plan, firn_pq_read *out, size_t n, firn_error *err)
{
    out->children = firn_arena_array(plan->arena, n, sizeof *out->children);
    out->n_children = n;
    return out->children ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status plan_struct(firn_pq_plan *plan, const firn_type *type, firn_pq_read *out,
                               firn_error *err)
{
    out->kind = FIRN_PQ_READ_STRUCT;
    FIRN_TRY(make_children(plan, out, type->n_fields, err));
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        const firn_pq_node *child = find_child(plan, out->node, field, i);
        if (child)
            FIRN_TRY(plan_field(plan, field, child, out->slot_def, &out->children[i], err));
        else
            FIRN_TRY(plan_missing(field, &out->children[i], err));
    }
    return FIRN_OK;
}

/* Elements, keys and values have their place, whatever their ids and names. */
static firn_status plan_list(firn_pq_plan *plan, const firn_type *type, firn_pq_read *out,
                             firn_error *err)
{
    out->kind = FIRN_PQ_READ_LIST;
    FIRN_TRY(make_children(plan, out, type->n_fields, err));
    for (size_t i = 0; i < type->n_fields; i++)
        FIRN_TRY(plan_field(plan, &type->fields[i], &out->node->children[i], out->node->list_def,
                            &out->children[i], err));
    return FIRN_OK;
}

/* The group of a variant is read whole, with the names and types it has in the file. */
static firn_status plan_variant(firn_pq_plan *plan, firn_pq_read *out, firn_error *err)
{
    firn_pq_plan inner = *plan;
    out->kind = FIRN_PQ_READ_VARIANT;
    FIRN_TRY(firn_pq_variant_create(plan->arena, out->node, &out->variant, err));
    FIRN_TRY(make_children(plan, out, 1, err));
    firn_pq_read *group = &out->children[0];
    *group =
        (firn_pq_read){.field = &out->variant->field, .node = out->node, .slot_def = out->slot_def};
    inner.match = FIRN_PARQUET_MATCH_NAMES;
    inner.types = FIRN_PARQUET_TYPES_TABLE;
    const firn_status st = plan_struct(&inner, group->field->type, group, err);
    plan->leaves = inner.leaves;
    plan->n_leaves = inner.n_leaves;
    plan->cap_leaves = inner.cap_leaves;
    FIRN_TRY(st);
    FIRN_TRY(find_shape(plan, group, err));
    return find_shape(plan, out, err);
}

static firn_status plan_field(firn_pq_plan *plan, const firn_field *field, const firn_pq_node *node,
                              int16_t slot_def, firn_pq_read *out, firn_error *err)
{
    const firn_type *type = field->type;
    *out = (firn_pq_read){.field = field, .node = node, .slot_def = slot_def};
    if (type->kind == FIRN_TYPE_VARIANT && firn_pq_is_variant(node))
        return plan_variant(plan, out, err);
    if (firn_type_is_primitive(type)) {
        if (node->n_children > 0) return fail_shape(field, node, err);
        out->kind = FIRN_PQ_READ_LEAF;
        return add_leaf(plan, node, type, &out->leaf, err);
    }
    if (node->type.kind != type->kind || node->n_children == 0) return fail_shape(field, node, err);
    if (type->kind == FIRN_TYPE_STRUCT)
        FIRN_TRY(plan_struct(plan, type, out, err));
    else if (type->n_fields != node->n_children)
        return fail_shape(field, node, err);
    else
        FIRN_TRY(plan_list(plan, type, out, err));
    return find_shape(plan, out, err);
}

firn_status firn_pq_plan_build(firn_pq_plan *plan, const firn_type *projection, firn_error *err)
{
    if (projection->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "a projection is a struct type");
    plan->budget = firn_arena_alloc_zero(plan->arena, sizeof *plan->budget);
    if (!plan->budget) return firn_fail_nomem(err);
    *plan->budget = firn_pq_budget_of(plan->file);
    plan->root = (firn_pq_read){.node = &plan->file->root};
    FIRN_TRY(plan_struct(plan, projection, &plan->root, err));
    if (plan->window_bytes == 0) firn_pq_share_windows(plan->leaves, plan->n_leaves);
    return FIRN_OK;
}
