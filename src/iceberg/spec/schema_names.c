/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/spec/schema_names.h"

#include "base/error.h"

/* Types nest no deeper than their parser allows. */
static firn_status name_of(const firn_type *type, int32_t id, firn_arena *arena, firn_str *out,
                           firn_error *err)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        firn_str below = {0};
        *out = field->name;
        if (field->id == id) return FIRN_OK;
        FIRN_TRY(name_of(field->type, id, arena, &below, err));
        if (below.len == 0) continue;
        *out =
            firn_arena_printf(arena, "%.*s.%.*s", FIRN_STR_ARG(field->name), FIRN_STR_ARG(below));
        return out->data ? FIRN_OK : firn_fail_nomem(err);
    }
    *out = (firn_str){0};
    return FIRN_OK;
}

firn_status firn_schema_name_of(const firn_schema *schema, int32_t id, firn_arena *arena,
                                firn_str *out, firn_error *err)
{
    return name_of(&schema->root, id, arena, out, err);
}
