/* SPDX-License-Identifier: Apache-2.0 */
/* Columns are told apart by their path: the names on the way, each behind a byte that no name has
 * at its end. Types are nested as deeply as the file's parser allows. */
#include "iceberg/maintain/import/import_ids.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/file_projection.h"
#include "iceberg/txn/schema_tree.h"

void firn_import_ids_init(firn_import_ids *ids, firn_arena *arena)
{
    *ids = (firn_import_ids){.arena = arena};
    firn_map_init(&ids->by_path, arena);
    firn_map_init(&ids->by_id, arena);
}

static firn_str path_of(const firn_import_ids *ids, firn_str parent, const firn_field *field)
{
    return firn_arena_printf(ids->arena, "%.*s\x01%.*s", FIRN_STR_ARG(parent),
                             FIRN_STR_ARG(field->name));
}

static firn_status note(firn_import_ids *ids, firn_str path, const firn_field *field,
                        firn_error *err)
{
    const firn_str key = firn_arena_printf(ids->arena, "%" PRId32, field->id);
    if (!key.data) return firn_fail_nomem(err);
    const int32_t *known = firn_map_find(&ids->by_path, path);
    const firn_field *other = firn_map_find(&ids->by_id, key);
    if (known && *known != field->id)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: column \"%.*s\" has field id %d, and %d in another file",
                         FIRN_STR_ARG(field->name), field->id, *known);
    if (known) return FIRN_OK;
    if (other)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: field id %d is column \"%.*s\", and \"%.*s\" elsewhere",
                         field->id, FIRN_STR_ARG(field->name), FIRN_STR_ARG(other->name));
    firn_field *kept = firn_arena_alloc(ids->arena, sizeof *kept);
    if (!kept) return firn_fail_nomem(err);
    *kept = (firn_field){.id = field->id, .name = firn_arena_copy(ids->arena, field->name)};
    if (!kept->name.data) return firn_fail_nomem(err);
    if (field->id > ids->last_id) ids->last_id = field->id;
    FIRN_TRY(firn_map_put(&ids->by_path, path, &kept->id, err));
    return firn_map_put(&ids->by_id, key, kept, err);
}

static firn_status add_type(firn_import_ids *ids, const firn_type *type, firn_str parent,
                            firn_error *err)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        if (field->id >= FIRN_RESERVED_FIELD_ID) continue;
        if (field->id < 0)
            return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\" has no field id, others have one",
                             FIRN_STR_ARG(field->name));
        const firn_str path = path_of(ids, parent, field);
        if (!path.data) return firn_fail_nomem(err);
        FIRN_TRY(note(ids, path, field, err));
        FIRN_TRY(add_type(ids, field->type, path, err));
    }
    return FIRN_OK;
}

firn_status firn_import_ids_add(firn_import_ids *ids, const firn_schema *file_schema,
                                firn_error *err)
{
    if (firn_row_match_of(file_schema) != FIRN_ROW_MATCH_IDS) return FIRN_OK;
    return add_type(ids, &file_schema->root, FIRN_STR(""), err);
}

static firn_status apply(firn_import_ids *ids, firn_type *type, firn_str parent, firn_error *err)
{
    firn_field *fields = firn_arena_array(ids->arena, type->n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < type->n_fields; i++) {
        firn_type *below = firn_arena_alloc(ids->arena, sizeof *below);
        const firn_str path = path_of(ids, parent, &type->fields[i]);
        if (!below || !path.data) return firn_fail_nomem(err);
        const int32_t *id = firn_map_find(&ids->by_path, path);
        fields[i] = type->fields[i];
        fields[i].id = id ? *id : ++ids->last_id;
        *below = *fields[i].type;
        if (below->n_fields > 0) FIRN_TRY(apply(ids, below, path, err));
        fields[i].type = below;
    }
    type->fields = fields;
    return FIRN_OK;
}

firn_status firn_import_ids_apply(firn_import_ids *ids, firn_type *root, firn_error *err)
{
    if (ids->by_path.n_entries == 0) return FIRN_OK;
    return apply(ids, root, FIRN_STR(""), err);
}
