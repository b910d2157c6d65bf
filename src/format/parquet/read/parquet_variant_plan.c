/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a variant group, checked once per reader. Recursion follows the file's schema, which
 * is no deeper than FIRN_LIMIT_NESTING. */
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/parquet/read/parquet_variant.h"

static firn_status plan_group(firn_arena *arena, const firn_pq_node *group, firn_pq_shredded *out,
                              firn_error *err);

static size_t find_child(const firn_pq_node *group, const char *name)
{
    for (size_t i = 0; i < group->n_children; i++)
        if (firn_str_equals(group->children[i].name, firn_str_of(name))) return i;
    return SIZE_MAX;
}

static bool is_bytes(const firn_pq_node *group, size_t at)
{
    return at != SIZE_MAX && group->children[at].n_children == 0 &&
           group->children[at].element->physical == FIRN_PQ_BYTE_ARRAY &&
           group->children[at].type.kind == FIRN_TYPE_BINARY;
}

bool firn_pq_is_variant(const firn_pq_node *node)
{
    if (node->type.kind == FIRN_TYPE_VARIANT) return true;
    return node->type.kind == FIRN_TYPE_STRUCT && is_bytes(node, find_child(node, "metadata")) &&
           is_bytes(node, find_child(node, "value"));
}

static firn_status fail_shape(const firn_pq_node *node, const char *what, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "variant group %.*s: %s", FIRN_STR_ARG(node->name),
                     what);
}

/* ---- primitives ---- */

static bool integer_type(const firn_pq_element *e, firn_variant_type *out)
{
    const bool is_plain = e->logical == FIRN_PQ_PLAIN_TYPE;
    if (e->is_unsigned || (!is_plain && e->logical != FIRN_PQ_INTEGER)) return false;
    *out = e->physical == FIRN_PQ_INT64 ? FIRN_VARIANT_INT64 : FIRN_VARIANT_INT32;
    if (!is_plain && e->bit_width == 16) *out = FIRN_VARIANT_INT16;
    if (!is_plain && e->bit_width == 8) *out = FIRN_VARIANT_INT8;
    return true;
}

static bool timestamp_type(const firn_pq_element *e, firn_type_kind kind, firn_variant_type *out)
{
    if (e->unit != FIRN_PQ_MICROS && e->unit != FIRN_PQ_NANOS) return false; /* INT96 has none */
    switch (kind) {
    case FIRN_TYPE_TIMESTAMP: *out = FIRN_VARIANT_TIMESTAMP; break;
    case FIRN_TYPE_TIMESTAMPTZ: *out = FIRN_VARIANT_TIMESTAMPTZ; break;
    case FIRN_TYPE_TIMESTAMP_NS: *out = FIRN_VARIANT_TIMESTAMP_NS; break;
    default: *out = FIRN_VARIANT_TIMESTAMPTZ_NS; break;
    }
    return true;
}

/* The table "Shredded Value Types"; booleans have their type from the value. */
static bool primitive_type(const firn_pq_node *node, firn_variant_type *out)
{
    const firn_pq_element *e = node->element;
    switch (node->type.kind) {
    case FIRN_TYPE_BOOLEAN: *out = FIRN_VARIANT_TRUE; return true;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG: return integer_type(e, out);
    case FIRN_TYPE_FLOAT: *out = FIRN_VARIANT_FLOAT; return e->physical == FIRN_PQ_FLOAT;
    case FIRN_TYPE_DOUBLE: *out = FIRN_VARIANT_DOUBLE; return true;
    case FIRN_TYPE_DECIMAL:
        *out = e->physical == FIRN_PQ_INT32   ? FIRN_VARIANT_DECIMAL4
               : e->physical == FIRN_PQ_INT64 ? FIRN_VARIANT_DECIMAL8
                                              : FIRN_VARIANT_DECIMAL16;
        return e->logical == FIRN_PQ_DECIMAL;
    case FIRN_TYPE_DATE: *out = FIRN_VARIANT_DATE; return true;
    case FIRN_TYPE_TIME: *out = FIRN_VARIANT_TIME; return e->unit == FIRN_PQ_MICROS && !e->is_utc;
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return timestamp_type(e, node->type.kind, out);
    case FIRN_TYPE_STRING: *out = FIRN_VARIANT_STRING; return e->logical == FIRN_PQ_STRING;
    case FIRN_TYPE_BINARY: *out = FIRN_VARIANT_BINARY; return e->logical == FIRN_PQ_PLAIN_TYPE;
    case FIRN_TYPE_UUID: *out = FIRN_VARIANT_UUID; return true;
    default: return false;
    }
}

/* ---- groups ---- */

static int compare_names(const void *a, const void *b)
{
    const firn_pq_shredded *x = a, *y = b;
    return firn_str_compare(x->name, y->name);
}

static firn_status plan_fields(firn_arena *arena, const firn_pq_node *typed, firn_pq_shredded *out,
                               firn_error *err)
{
    out->n_fields = typed->n_children;
    out->fields = firn_arena_array(arena, out->n_fields, sizeof *out->fields);
    if (!out->fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < out->n_fields; i++) {
        const firn_pq_node *child = &typed->children[i];
        if (child->type.kind != FIRN_TYPE_STRUCT)
            return fail_shape(child, "shredded without a group of its own", err);
        FIRN_TRY(plan_group(arena, child, &out->fields[i], err));
        out->fields[i].name = child->name;
        out->fields[i].column = i;
    }
    if (out->kind != FIRN_TYPE_STRUCT) return FIRN_OK;
    qsort(out->fields, out->n_fields, sizeof *out->fields, compare_names);
    for (size_t i = 1; i < out->n_fields; i++)
        if (firn_str_equals(out->fields[i - 1].name, out->fields[i].name))
            return fail_shape(typed, "two shredded fields of the same name", err);
    return FIRN_OK;
}

static firn_status plan_group(firn_arena *arena, const firn_pq_node *group, firn_pq_shredded *out,
                              firn_error *err)
{
    char name[64];
    *out = (firn_pq_shredded){.value_at = find_child(group, "value"),
                              .typed_at = find_child(group, "typed_value")};
    out->has_value = out->value_at != SIZE_MAX;
    out->has_typed = out->typed_at != SIZE_MAX;
    if (!out->has_value && !out->has_typed)
        return fail_shape(group, "neither value nor typed_value", err);
    if (out->has_value && !is_bytes(group, out->value_at))
        return fail_shape(group, "value is not a byte array", err);
    if (!out->has_typed) return FIRN_OK;
    const firn_pq_node *typed = &group->children[out->typed_at];
    out->kind = typed->type.kind;
    if (out->kind == FIRN_TYPE_STRUCT || out->kind == FIRN_TYPE_LIST)
        return plan_fields(arena, typed, out, err);
    if (typed->n_children == 0 && primitive_type(typed, &out->type)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: variant %.*s shredded as %s (physical type %d)",
                     FIRN_STR_ARG(group->name), firn_type_name(&typed->type, name, sizeof name),
                     typed->element->physical);
}

static void dispose(void *ptr)
{
    firn_pq_variant *variant = ptr;
    firn_batch_destroy(variant->group);
    firn_buf_dispose(&variant->out);
    firn_buf_dispose(&variant->words);
}

firn_status firn_pq_variant_create(firn_arena *arena, const firn_pq_node *node,
                                   firn_pq_variant **out, firn_error *err)
{
    firn_pq_variant *variant = firn_arena_alloc_zero(arena, sizeof *variant);
    if (!variant) return firn_fail_nomem(err);
    variant->metadata_at = find_child(node, "metadata");
    if (!is_bytes(node, variant->metadata_at))
        return fail_shape(node, "metadata is not a byte array", err);
    FIRN_TRY(plan_group(arena, node, &variant->root, err));
    const firn_type *group = node->type.kind == FIRN_TYPE_VARIANT ? &node->group_type : &node->type;
    variant->field = (firn_field){.id = FIRN_PQ_NONE, .name = node->name, .type = group};
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = &variant->field, .n_fields = 1};
    FIRN_TRY(firn_arena_defer(arena, dispose, variant, err));
    firn_buf_init(&variant->out, NULL, FIRN_LIMIT_PAGE);
    firn_buf_init(&variant->words, NULL, FIRN_LIMIT_PAGE);
    *out = variant;
    return firn_batch_create(&root, FIRN_BATCH_ROWS, &variant->group, err);
}
