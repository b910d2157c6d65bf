/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of type trees with something changed: new ids, or one field edited. Types are immutable,
 * so a change makes a new tree. */
#ifndef FIRN_ICEBERG_SCHEMA_TREE_H
#define FIRN_ICEBERG_SCHEMA_TREE_H

#include "base/arena.h"
#include "firn/metadata.h"

/* Ids from here up belong to metadata columns. */
#define FIRN_RESERVED_FIELD_ID 2147483447

/* Deep copy of a type, names and docs included. Ids are assigned anew from *last_id + 1, all
 * fields of a level before the fields below them, as Iceberg's libraries do; *last_id is moved on.
 * last_id NULL keeps the ids. The map (may be NULL) receives the new id at the place of the old id
 * in old_ids. Fields of a base have theirs kept: those of the same name whose type may become the
 * new one, so that files written with the base show in them. */
typedef struct firn_id_map {
    const firn_type *base; /* NULL: all ids are new */
    int32_t *old_ids;
    int32_t *new_ids;
    size_t n, cap;
    firn_arena *arena;
} firn_id_map;

FIRN_MUST_CHECK firn_status firn_type__copy(const firn_type *type, firn_arena *arena,
                                            int32_t *last_id, firn_id_map *map, firn_type *out,
                                            firn_error *err);
/* New id of an old one; -1 if absent. */
int32_t firn_id_map__find(const firn_id_map *map, int32_t old_id);
/* Deep copy of a schema; see firn_type__copy. */
FIRN_MUST_CHECK firn_status firn_schema__copy(const firn_schema *schema, firn_arena *arena,
                                              int32_t *last_id, firn_id_map *map, firn_schema **out,
                                              firn_error *err);

typedef enum firn_edit_kind {
    FIRN_EDIT_SET,  /* the field with id becomes *field */
    FIRN_EDIT_DROP, /* the field with id goes */
    FIRN_EDIT_ADD,  /* *field is put into the struct whose field has id (0: the root) */
    FIRN_EDIT_MOVE, /* the field with id goes elsewhere among its siblings */
} firn_edit_kind;

typedef struct firn_tree_edit {
    firn_edit_kind kind;
    int32_t id;
    const firn_field *field;
    size_t position; /* ADD, MOVE: index in the struct after the change */
} firn_tree_edit;

/* The root with one edit; shares what did not change. */
FIRN_MUST_CHECK firn_status firn_tree__edit(const firn_type *root, const firn_tree_edit *edit,
                                            firn_arena *arena, firn_type *out, firn_error *err);
/* The struct that directly holds the field with this id; NULL when it is in a list or map. */
const firn_type *firn_tree__parent(const firn_type *root, int32_t id);
/* True when the field is id itself or below it. */
bool firn_tree__contains(const firn_field *field, int32_t id);
/* True when the field is, or is below, the key of a map. */
bool firn_tree__is_in_map_key(const firn_type *root, int32_t id);
/* True when the field is below a list or map. */
bool firn_tree__is_repeated(const firn_type *root, int32_t id);
/* True when an optional struct, list or map holds the field. */
bool firn_tree__is_in_optional(const firn_type *root, int32_t id);

#endif
