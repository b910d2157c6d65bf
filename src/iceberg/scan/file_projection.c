/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of a scan found in one data file. A column the file does not have takes the partition's
 * value if the partition holds it as it is; the row reader adds defaults and nulls. */
#include "iceberg/scan/file_projection.h"

#include "base/error.h"
#include "iceberg/expr/expr_value.h"
#include "iceberg/scan/read.h"

/* Ids from here up are reserved for metadata columns (specification, "Reserved Field IDs"). */
#define FIRST_RESERVED_ID 2147483447

static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_boolean = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_type k_struct = {.kind = FIRN_TYPE_STRUCT};

const firn_field firn_field_file = {
    .id = FIRN_FIELD_FILE, .is_required = true, .name = FIRN_STR_INIT("_file"), .type = &k_string};
const firn_field firn_field_pos = {
    .id = FIRN_FIELD_POS, .is_required = true, .name = FIRN_STR_INIT("_pos"), .type = &k_long};

const firn_field firn_field_spec_id = {.id = FIRN_FIELD_SPEC_ID,
                                       .is_required = true,
                                       .name = FIRN_STR_INIT("_spec_id"),
                                       .type = &k_int};
const firn_field firn_field_deleted = {.id = FIRN_FIELD_DELETED,
                                       .is_required = true,
                                       .name = FIRN_STR_INIT("_deleted"),
                                       .type = &k_boolean};
const firn_field firn_field_partition = {
    .id = FIRN_FIELD_PARTITION, .name = FIRN_STR_INIT("_partition"), .type = &k_struct};
const firn_field firn_field_row_id = {
    .id = FIRN_FIELD_ROW_ID, .name = FIRN_STR_INIT("_row_id"), .type = &k_long};
const firn_field firn_field_last_updated = {.id = FIRN_FIELD_LAST_UPDATED,
                                            .name = FIRN_STR_INIT("_last_updated_sequence_number"),
                                            .type = &k_long};

bool firn_field_is_lineage(int32_t field_id)
{
    return field_id == FIRN_FIELD_ROW_ID || field_id == FIRN_FIELD_LAST_UPDATED;
}

firn_status firn_schema_with_lineage(const firn_schema *schema, firn_arena *arena,
                                     const firn_schema **out, firn_error *err)
{
    const size_t n = schema->root.n_fields;
    firn_schema *copy = firn_arena_alloc_zero(arena, sizeof *copy);
    firn_field *fields = firn_arena_array(arena, n + 2, sizeof *fields);
    if (!copy || !fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) fields[i] = schema->root.fields[i];
    fields[n] = firn_field_row_id;
    fields[n + 1] = firn_field_last_updated;
    *copy = *schema;
    copy->root.fields = fields;
    copy->root.n_fields = n + 2;
    *out = copy;
    return FIRN_OK;
}

bool firn_field_is_metadata(int32_t field_id)
{
    return field_id >= FIRST_RESERVED_ID && field_id != FIRN_FIELD_DELETE_FILE_PATH &&
           field_id != FIRN_FIELD_DELETE_POS && field_id != FIRN_FIELD_DELETE_ROW &&
           !firn_field_is_lineage(field_id);
}

static firn_status plan_metadata(const firn_field *field, const firn_scan_task *task,
                                 firn_column_plan *out, firn_error *err)
{
    out->origin = FIRN_COLUMN_CONSTANT;
    out->value = (firn_value){.kind = field->type->kind};
    switch (field->id) {
    case FIRN_FIELD_FILE:
        out->value.as.bytes = task->file->path;
        if (field->type->kind == FIRN_TYPE_STRING) return FIRN_OK;
        break;
    case FIRN_FIELD_POS:
        out->origin = FIRN_COLUMN_POSITION;
        if (field->type->kind == FIRN_TYPE_LONG) return FIRN_OK;
        break;
    case FIRN_FIELD_SPEC_ID:
        out->value.as.i32 = task->spec->spec_id;
        if (field->type->kind == FIRN_TYPE_INT) return FIRN_OK;
        break;
    case FIRN_FIELD_DELETED:
        if (field->type->kind == FIRN_TYPE_BOOLEAN) return FIRN_OK;
        break;
    default: break;
    }
    char name[64];
    return firn_fail(
        err, FIRN_ERR_UNSUPPORTED, "not supported: metadata column \"%.*s\" (field %d, %s)",
        FIRN_STR_ARG(field->name), (int)field->id, firn_type_name(field->type, name, sizeof name));
}

/* Value of the identity partition made from this field; NULL if there is none. */
static const firn_value *find_partition_value(const firn_scan_task *task, int32_t field_id)
{
    for (size_t i = 0; i < task->spec->n_fields && i < task->file->n_partition; i++) {
        const firn_partition_field *field = &task->spec->fields[i];
        if (field->source_id == field_id && field->transform.kind == FIRN_TRANSFORM_IDENTITY)
            return &task->file->partition[i];
    }
    return NULL;
}

typedef struct projection_input {
    const firn_scan_task *task;
    const firn_schema *file_schema;
    const firn_name_mapping *mapping;
    bool has_ids;
    firn_arena *arena;
    firn_error *err;
} projection_input;

static bool is_in_file(const projection_input *in, const firn_field *field)
{
    if (in->has_ids) return firn_schema_find_id(in->file_schema, field->id) != NULL;
    return firn_name_mapping_find(in->mapping, field, &in->file_schema->root) != NULL;
}

/* Rows without stored lineage inherit it; files of before row lineage have none to give. */
static firn_status plan_lineage(const projection_input *in, const firn_field *field,
                                firn_column_plan *out)
{
    const firn_data_file *file = in->task->file;
    if (field->type->kind != FIRN_TYPE_LONG)
        return firn_fail(in->err, FIRN_ERR_ARG, "column \"%.*s\" is a long",
                         FIRN_STR_ARG(field->name));
    if (in->has_ids && is_in_file(in, field)) {
        out->origin = FIRN_COLUMN_READ;
        if (file->first_row_id < 0) return FIRN_OK;
    } else {
        out->origin = FIRN_COLUMN_CONSTANT;
    }
    out->nulls = FIRN_COLUMN_CONSTANT;
    out->value = (firn_value){.kind = FIRN_TYPE_LONG, .is_null = file->first_row_id < 0};
    out->value.as.i64 = in->task->sequence_number;
    if (field->id == FIRN_FIELD_ROW_ID && file->first_row_id >= 0) {
        out->nulls = FIRN_COLUMN_POSITION;
        out->first = file->first_row_id;
    }
    if (out->origin != FIRN_COLUMN_READ) out->origin = out->nulls;
    return FIRN_OK;
}

static firn_status plan_column(const projection_input *in, const firn_field *field,
                               firn_column_plan *out)
{
    firn_fit fit;
    *out = (firn_column_plan){.origin = FIRN_COLUMN_READ};
    if (firn_field_is_metadata(field->id)) return plan_metadata(field, in->task, out, in->err);
    if (firn_field_is_lineage(field->id)) return plan_lineage(in, field, out);
    if (is_in_file(in, field)) return FIRN_OK;
    const firn_value *value = find_partition_value(in->task, field->id);
    if (!value) return FIRN_OK;
    out->origin = FIRN_COLUMN_CONSTANT;
    if (value->is_null) {
        out->value = (firn_value){.kind = field->type->kind, .is_null = true};
        return FIRN_OK;
    }
    FIRN_TRY(firn_literal_convert(value, field->type, in->arena, &out->value, &fit, in->err));
    if (fit == FIRN_FIT_EXACT) return FIRN_OK;
    return firn_fail(in->err, FIRN_ERR_CORRUPT, "partition value does not fit column \"%.*s\"",
                     FIRN_STR_ARG(field->name));
}

/* Any id anywhere: files are written with ids for all fields or for none. */
static bool has_ids(const firn_type *type, int depth)
{
    for (size_t i = 0; i < type->n_fields && depth < 64; i++)
        if (type->fields[i].id >= 0 || has_ids(type->fields[i].type, depth + 1)) return true;
    return false;
}

firn_row_match firn_row_match_of(const firn_schema *file_schema)
{
    return has_ids(&file_schema->root, 0) ? FIRN_ROW_MATCH_IDS : FIRN_ROW_MATCH_NAMES;
}

static firn_status make_read_type(const projection_input *in, const firn_type *wanted,
                                  firn_file_projection *out)
{
    firn_type *type = firn_arena_alloc_zero(in->arena, sizeof *type);
    firn_field *fields = firn_arena_array(in->arena, out->n_columns, sizeof *fields);
    out->read_columns = firn_arena_array(in->arena, out->n_columns, sizeof *out->read_columns);
    if (!type || !fields || !out->read_columns) return firn_fail_nomem(in->err);
    for (size_t i = 0; i < out->n_columns; i++) {
        if (out->columns[i].origin != FIRN_COLUMN_READ) continue;
        fields[out->n_read] = wanted->fields[i];
        out->read_columns[out->n_read++] = i;
    }
    type->kind = FIRN_TYPE_STRUCT;
    type->fields = fields;
    type->n_fields = out->n_read;
    out->read_type = type;
    if (!in->file_schema || in->has_ids) return FIRN_OK;
    out->match = FIRN_ROW_MATCH_NAMES;
    return firn_name_mapping_apply(in->mapping, type, &in->file_schema->root, in->arena,
                                   &out->read_type, in->err);
}

firn_status firn_file_projection_make(const firn_type *wanted, const firn_scan_task *task,
                                      const firn_schema *file_schema,
                                      const firn_name_mapping *mapping, firn_arena *arena,
                                      firn_file_projection *out, firn_error *err)
{
    projection_input in = {
        .task = task, .file_schema = file_schema, .mapping = mapping, .arena = arena, .err = err};
    *out = (firn_file_projection){.n_columns = wanted->n_fields, .match = FIRN_ROW_MATCH_IDS};
    in.has_ids = in.file_schema && has_ids(&in.file_schema->root, 0);
    out->columns = firn_arena_array(arena, wanted->n_fields, sizeof *out->columns);
    if (!out->columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < wanted->n_fields; i++)
        FIRN_TRY(plan_column(&in, &wanted->fields[i], &out->columns[i]));
    return make_read_type(&in, wanted, out);
}
