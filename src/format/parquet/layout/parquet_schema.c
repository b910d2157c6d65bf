/* SPDX-License-Identifier: Apache-2.0 */
/* The flat list of schema elements as a tree of columns. Lists and maps lose their wrapping groups
 * here, whatever layout their writer chose (LogicalTypes.md, "backward-compatibility rules"), so
 * that the rest of the reader sees one shape. Recursion is bounded by FIRN_LIMIT_NESTING. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/parquet/layout/parquet_meta.h"

typedef struct schema_builder {
    firn_parquet_file *file;
    size_t next; /* element */
} schema_builder;

/* Levels above the node being built. */
typedef struct level_context {
    int16_t def, rep;
    int depth;
} level_context;

static firn_status build_node(schema_builder *b, level_context at, firn_pq_node *out,
                              firn_error *err);
static firn_status build_body(schema_builder *b, const firn_pq_element *e, level_context at,
                              firn_pq_node *out, firn_error *err);

static firn_status take_element(schema_builder *b, const firn_pq_element **out, firn_error *err)
{
    if (b->next >= b->file->n_elements)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "schema ends after %zu elements, its groups count more", b->next);
    const firn_pq_element *e = &b->file->elements[b->next++];
    if (e->repetition < FIRN_PQ_REQUIRED || e->repetition > FIRN_PQ_REPEATED)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column %.*s has repetition %d, expected 0 to 2",
                         FIRN_STR_ARG(e->name), e->repetition);
    if (e->physical == FIRN_PQ_NONE && e->n_children <= 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column group %.*s has %d children",
                         FIRN_STR_ARG(e->name), e->n_children);
    if (e->physical != FIRN_PQ_NONE && e->n_children > 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column %.*s has a physical type and %d children",
                         FIRN_STR_ARG(e->name), e->n_children);
    *out = e;
    return FIRN_OK;
}

static const firn_pq_element *peek_element(const schema_builder *b, size_t ahead)
{
    return ahead < b->file->n_elements - b->next ? &b->file->elements[b->next + ahead] : NULL;
}

static firn_status make_children(schema_builder *b, firn_pq_node *node, int32_t n, firn_error *err)
{
    if (n < 0 || (size_t)n > b->file->n_elements - b->next)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column group %.*s counts %d children, %zu left",
                         FIRN_STR_ARG(node->name), n, b->file->n_elements - b->next);
    node->n_children = (size_t)n;
    node->children = firn_arena_array(b->file->arena, (size_t)n, sizeof *node->children);
    return node->children ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status group_type(schema_builder *b, const firn_pq_node *node, firn_type_kind kind,
                              firn_parquet_types types, firn_type *out, firn_error *err)
{
    firn_field *fields = firn_arena_array(b->file->arena, node->n_children, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < node->n_children; i++) {
        const firn_pq_node *child = &node->children[i];
        fields[i] = (firn_field){.id = child->id,
                                 .is_required = child->is_required,
                                 .name = child->name,
                                 .type = firn_pq_node_type(child, types)};
    }
    *out = (firn_type){.kind = kind, .fields = fields, .n_fields = node->n_children};
    return FIRN_OK;
}

/* The node's types from its children, which are complete. names: NULL for the file's own. */
static firn_status make_type(schema_builder *b, firn_pq_node *node, firn_type_kind kind,
                             const firn_str *names, firn_error *err)
{
    for (size_t i = 0; names && i < node->n_children; i++) node->children[i].name = names[i];
    FIRN_TRY(group_type(b, node, kind, FIRN_PARQUET_TYPES_TABLE, &node->type, err));
    return group_type(b, node, kind, FIRN_PARQUET_TYPES_FILE, &node->file_type, err);
}

static firn_status build_leaf(schema_builder *b, firn_pq_node *node, firn_error *err)
{
    firn_parquet_file *file = b->file;
    if (file->n_leaves >= FIRN_LIMIT_COLUMNS)
        return firn_fail(err, FIRN_ERR_LIMIT, "schema has more than %d columns",
                         FIRN_LIMIT_COLUMNS);
    FIRN_TRY(firn_pq_leaf_type(node->element, &node->type, err));
    node->file_type = firn_pq_leaf_file_type(node->element, &node->type);
    node->n_leaves = 1;
    file->leaves[file->n_leaves++] = node;
    return FIRN_OK;
}

/* True when the repeated field is the element itself and not a wrapper around it. */
static bool is_two_level(const schema_builder *b, const firn_pq_element *outer,
                         const firn_pq_element *repeated)
{
    static const firn_str k_tuple = FIRN_STR_INIT("_tuple");
    const firn_pq_element *inner = peek_element(b, 0);
    if (repeated->physical != FIRN_PQ_NONE || repeated->n_children != 1) return true;
    if (inner && inner->repetition == FIRN_PQ_REPEATED) return true;
    if (firn_str_equals(repeated->name, FIRN_STR("array"))) return true;
    return repeated->name.len == outer->name.len + k_tuple.len &&
           firn_str_starts_with(repeated->name, outer->name) &&
           firn_str_ends_with(repeated->name, k_tuple);
}

static level_context inside_list(level_context at)
{
    return (level_context){(int16_t)(at.def + 1), (int16_t)(at.rep + 1), at.depth + 1};
}

static firn_status build_list(schema_builder *b, const firn_pq_element *e, level_context at,
                              firn_pq_node *node, firn_error *err)
{
    static const firn_str k_names[] = {FIRN_STR_INIT("element")};
    const firn_pq_element *repeated = NULL;
    FIRN_TRY(make_children(b, node, 1, err));
    FIRN_TRY(take_element(b, &repeated, err));
    node->list_def = (int16_t)(at.def + 1);
    if (is_two_level(b, e, repeated))
        FIRN_TRY(build_body(b, repeated, inside_list(at), node->children, err));
    else
        FIRN_TRY(build_node(b, inside_list(at), node->children, err));
    return make_type(b, node, FIRN_TYPE_LIST, k_names, err);
}

/* A map whose values were left out is a set, which Iceberg has as a list of its keys. */
static firn_status build_map(schema_builder *b, level_context at, firn_pq_node *node,
                             firn_error *err)
{
    static const firn_str k_pair[] = {FIRN_STR_INIT("key"), FIRN_STR_INIT("value")};
    static const firn_str k_set[] = {FIRN_STR_INIT("element")};
    const firn_pq_element *repeated = NULL;
    FIRN_TRY(take_element(b, &repeated, err));
    FIRN_TRY(make_children(b, node, repeated->n_children, err));
    node->list_def = (int16_t)(at.def + 1);
    for (size_t i = 0; i < node->n_children; i++)
        FIRN_TRY(build_node(b, inside_list(at), &node->children[i], err));
    if (node->n_children == 1) return make_type(b, node, FIRN_TYPE_LIST, k_set, err);
    return make_type(b, node, FIRN_TYPE_MAP, k_pair, err);
}

static firn_status build_struct(schema_builder *b, const firn_pq_element *e, level_context at,
                                firn_pq_node *node, firn_error *err)
{
    at.depth++;
    FIRN_TRY(make_children(b, node, e->n_children, err));
    for (size_t i = 0; i < node->n_children; i++)
        FIRN_TRY(build_node(b, at, &node->children[i], err));
    return make_type(b, node, FIRN_TYPE_STRUCT, NULL, err);
}

/* One value to those who read it, but its columns stay below the node. */
static firn_status build_variant(schema_builder *b, const firn_pq_element *e, level_context at,
                                 firn_pq_node *node, firn_error *err)
{
    FIRN_TRY(build_struct(b, e, at, node, err));
    node->group_type = node->type;
    node->type = node->file_type = (firn_type){.kind = FIRN_TYPE_VARIANT};
    return FIRN_OK;
}

static firn_status build_group(schema_builder *b, const firn_pq_element *e, level_context at,
                               firn_pq_node *node, firn_error *err)
{
    const firn_pq_element *inner = peek_element(b, 0);
    const bool wraps = e->n_children == 1 && inner && inner->repetition == FIRN_PQ_REPEATED;
    if (wraps && e->logical == FIRN_PQ_LIST) return build_list(b, e, at, node, err);
    if (wraps && e->logical == FIRN_PQ_MAP && inner->physical == FIRN_PQ_NONE &&
        inner->n_children >= 1 && inner->n_children <= 2)
        return build_map(b, at, node, err);
    if (e->logical == FIRN_PQ_VARIANT) return build_variant(b, e, at, node, err);
    return build_struct(b, e, at, node, err);
}

/* e is taken already and its own repetition is part of the levels. */
static firn_status build_body(schema_builder *b, const firn_pq_element *e, level_context at,
                              firn_pq_node *out, firn_error *err)
{
    if (at.depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "schema nested deeper than %d", FIRN_LIMIT_NESTING);
    *out = (firn_pq_node){.element = e,
                          .name = e->name,
                          .id = e->field_id,
                          .is_required = e->repetition != FIRN_PQ_OPTIONAL,
                          .def = at.def,
                          .rep = at.rep,
                          .first_leaf = b->file->n_leaves};
    if (e->physical != FIRN_PQ_NONE) return build_leaf(b, out, err);
    FIRN_TRY(build_group(b, e, at, out, err));
    out->n_leaves = b->file->n_leaves - out->first_leaf;
    return FIRN_OK;
}

/* A repeated field outside of LIST and MAP groups is a required list of required elements. */
static firn_status build_bare_list(schema_builder *b, const firn_pq_element *e, level_context at,
                                   firn_pq_node *out, firn_error *err)
{
    static const firn_str k_names[] = {FIRN_STR_INIT("element")};
    *out = (firn_pq_node){.element = e,
                          .name = e->name,
                          .id = e->field_id,
                          .is_required = true,
                          .def = at.def,
                          .rep = at.rep,
                          .list_def = (int16_t)(at.def + 1),
                          .first_leaf = b->file->n_leaves};
    out->n_children = 1;
    out->children = firn_arena_array(b->file->arena, 1, sizeof *out->children);
    if (!out->children) return firn_fail_nomem(err);
    FIRN_TRY(build_body(b, e, inside_list(at), out->children, err));
    out->children->id = FIRN_PQ_NONE;
    out->n_leaves = b->file->n_leaves - out->first_leaf;
    return make_type(b, out, FIRN_TYPE_LIST, k_names, err);
}

static firn_status build_node(schema_builder *b, level_context at, firn_pq_node *out,
                              firn_error *err)
{
    const firn_pq_element *e = NULL;
    FIRN_TRY(take_element(b, &e, err));
    if (e->repetition == FIRN_PQ_REPEATED) return build_bare_list(b, e, at, out, err);
    if (e->repetition == FIRN_PQ_OPTIONAL) at.def++;
    return build_body(b, e, at, out, err);
}

firn_status firn_pq_schema_build(firn_parquet_file *file, firn_error *err)
{
    schema_builder b = {.file = file, .next = 1};
    const level_context top = {0, 0, 0};
    if (file->n_elements == 0 || file->elements[0].physical != FIRN_PQ_NONE)
        return firn_fail(err, FIRN_ERR_CORRUPT, "schema does not begin with a root group");
    file->leaves = firn_arena_array(file->arena, file->n_elements, sizeof *file->leaves);
    if (!file->leaves) return firn_fail_nomem(err);
    file->root = (firn_pq_node){.element = &file->elements[0],
                                .name = file->elements[0].name,
                                .id = FIRN_PQ_NONE,
                                .is_required = true};
    FIRN_TRY(build_struct(&b, &file->elements[0], top, &file->root, err));
    file->root.n_leaves = file->n_leaves;
    if (b.next != file->n_elements)
        return firn_fail(err, FIRN_ERR_CORRUPT, "schema has %zu elements, its root holds %zu",
                         file->n_elements, b.next);
    file->schema = (firn_schema){.root = file->root.type};
    file->file_schema = (firn_schema){.root = file->root.file_type};
    return FIRN_OK;
}

const firn_pq_node *firn_pq_leaf_find(const firn_parquet_file *file, int32_t field_id)
{
    if (field_id < 0) return NULL;
    for (size_t i = 0; i < file->n_leaves; i++)
        if (file->leaves[i]->id == field_id) return file->leaves[i];
    return NULL;
}
