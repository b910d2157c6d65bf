/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/import/import_partition.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/schema_json.h"

static size_t find_column(const firn_import_list *list, firn_str name)
{
    for (size_t i = 0; i < list->n_columns; i++)
        if (firn_str_equals_nocase(list->columns[i], name)) return i;
    return SIZE_MAX;
}

/* ---- the spec ---- */

static bool fits(const firn_schema *schema, const firn_partition_spec *spec,
                 const firn_import_list *list, const firn_import_partition *out)
{
    if (spec->n_fields != list->n_columns) return false;
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_partition_field *field = &spec->fields[i];
        const firn_field *source = firn_schema_find_id(schema, field->source_id);
        out->columns[i] = find_column(list, field->name);
        if (field->transform.kind != FIRN_TRANSFORM_IDENTITY || !source ||
            out->columns[i] == SIZE_MAX)
            return false;
        out->types[i] = source->type;
    }
    return true;
}

static firn_status fail_spec(const firn_import_list *list, firn_error *err)
{
    firn_buf names;
    firn_buf_init(&names, NULL, 0);
    for (size_t i = 0; i < list->n_columns; i++) {
        if (i > 0) firn_buf_cstr(&names, ", ");
        firn_buf_str(&names, list->columns[i]);
    }
    (void)firn_fail(err, FIRN_ERR_ARG,
                    "the table has no partition spec of just the partition columns [%.*s] of the "
                    "files, by identity",
                    FIRN_STR_ARG(firn_buf_view(&names)));
    firn_buf_dispose(&names);
    return FIRN_ERR_ARG;
}

firn_status firn_import_partition_find(const firn_table_metadata *metadata,
                                       const firn_import_list *list, firn_arena *arena,
                                       firn_import_partition *out, firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema(metadata);
    out->columns = firn_arena_array(arena, list->n_columns, sizeof *out->columns);
    out->types = firn_arena_array(arena, list->n_columns, sizeof *out->types);
    if (!out->columns || !out->types) return firn_fail_nomem(err);
    out->spec = firn_metadata_spec(metadata);
    if (fits(schema, out->spec, list, out)) return FIRN_OK;
    for (size_t i = 0; i < metadata->n_specs; i++) {
        out->spec = metadata->specs[i];
        if (fits(schema, out->spec, list, out)) return FIRN_OK;
    }
    return fail_spec(list, err);
}

/* ---- values ---- */

static firn_status read_value(const firn_import_partition *partition, size_t field, firn_str text,
                              firn_arena *arena, firn_value *out, firn_error *err)
{
    const firn_type *type = partition->types[field];
    *out = (firn_value){
        .kind = type->kind, .precision = type->precision, .scale = type->scale, .is_null = true};
    if (!text.data) return FIRN_OK;
    return firn_error_wrap(err, firn_value_from_text(text, type, arena, out, err),
                           "partition column \"%.*s\"",
                           FIRN_STR_ARG(partition->spec->fields[field].name));
}

firn_status firn_import_partition_values(const firn_import_partition *partition,
                                         const firn_import_file *file, firn_arena *arena,
                                         const firn_value **out, firn_error *err)
{
    const size_t n = partition->spec->n_fields;
    firn_value *values = firn_arena_array(arena, n, sizeof *values);
    if (!values) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        FIRN_TRY(firn_error_wrap(
            err,
            read_value(partition, i, file->values[partition->columns[i]], arena, &values[i], err),
            "%.*s", FIRN_STR_ARG(file->path)));
    *out = values;
    return FIRN_OK;
}

/* ---- filter ---- */

static firn_status find_field(const firn_import_partition *partition, firn_str name, size_t *out,
                              firn_error *err)
{
    for (*out = 0; *out < partition->spec->n_fields; (*out)++)
        if (firn_str_equals_nocase(partition->spec->fields[*out].name, name)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "the files are not partitioned by \"%.*s\"",
                     FIRN_STR_ARG(name));
}

static firn_status keep_equal(const firn_import_partition *partition, const firn_property *item,
                              firn_arena *arena, firn_import_list *list, firn_error *err)
{
    size_t field = 0;
    size_t n = 0;
    firn_value wanted;
    FIRN_TRY(find_field(partition, item->key, &field, err));
    FIRN_TRY(read_value(partition, field, item->value, arena, &wanted, err));
    for (size_t i = 0; i < list->n_files; i++) {
        firn_value value;
        const firn_str text = list->files[i].values[partition->columns[field]];
        FIRN_TRY(read_value(partition, field, text, arena, &value, err));
        if (!value.is_null && firn_value_compare(&value, &wanted) == 0)
            list->files[n++] = list->files[i];
    }
    list->n_files = n;
    return FIRN_OK;
}

firn_status firn_import_partition_filter(const firn_import_partition *partition,
                                         const firn_properties *filter, firn_arena *arena,
                                         firn_import_list *list, firn_error *err)
{
    for (size_t i = 0; i < filter->n; i++)
        FIRN_TRY(keep_equal(partition, &filter->items[i], arena, list, err));
    return FIRN_OK;
}
