/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/spec/partition_type.h"

#include <stdlib.h>

#include "base/error.h"
#include "iceberg/spec/transform.h"

const firn_field *firn_metadata_find_source(const firn_table_metadata *metadata, int32_t source_id)
{
    for (size_t i = metadata->n_schemas; i > 0; i--) {
        const firn_field *field = firn_schema_find_id(metadata->schemas[i - 1], source_id);
        if (field) return field;
    }
    return NULL;
}

/* A field that became void keeps the type it had; names are the newest. */
static void add_partition_field(firn_field *fields, size_t *n, bool *is_void,
                                const firn_partition_field *field, const firn_field *source)
{
    const bool now_void = field->transform.kind == FIRN_TRANSFORM_VOID;
    size_t at = 0;
    while (at < *n && fields[at].id != field->field_id) at++;
    if (at < *n && !(is_void[at] && !now_void)) return;
    if (at == *n) fields[(*n)++] = (firn_field){.id = field->field_id, .name = field->name};
    fields[at].type = firn_transform_result(&field->transform, source->type);
    is_void[at] = now_void;
}

static int compare_ids(const void *a, const void *b)
{
    const int32_t x = ((const firn_field *)a)->id;
    const int32_t y = ((const firn_field *)b)->id;
    return (x > y) - (x < y);
}

firn_status firn_metadata_partition_type(const firn_table_metadata *metadata, firn_arena *arena,
                                         const firn_type **out, firn_error *err)
{
    size_t n = 0;
    size_t n_all = 0;
    for (size_t s = 0; s < metadata->n_specs; s++) n_all += metadata->specs[s]->n_fields;
    firn_field *fields = firn_arena_array(arena, n_all, sizeof *fields);
    bool *is_void = firn_arena_array(arena, n_all, sizeof *is_void);
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!fields || !is_void || !type) return firn_fail_nomem(err);
    for (size_t s = metadata->n_specs; s > 0; s--) {
        const firn_partition_spec *spec = metadata->specs[s - 1];
        for (size_t i = 0; i < spec->n_fields; i++) {
            const firn_partition_field *field = &spec->fields[i];
            const firn_field *source = firn_metadata_find_source(metadata, field->source_id);
            if (source && field->transform.kind != FIRN_TRANSFORM_UNKNOWN)
                add_partition_field(fields, &n, is_void, field, source);
        }
    }
    qsort(fields, n, sizeof *fields, compare_ids);
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    *out = type;
    return FIRN_OK;
}
