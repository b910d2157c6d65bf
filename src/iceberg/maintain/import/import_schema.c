/* SPDX-License-Identifier: Apache-2.0 */
/* The union is that of firn_txn_union_by_name(), in a transaction that is never committed. */
#include "iceberg/maintain/import/import_schema.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/import/import_ids.h"
#include "iceberg/spec/schema_json.h"
#include "iceberg/txn/schema_tree.h"
#include "iceberg/txn/txn_internal.h"

typedef struct shape_op {
    const firn_import_target *target;
    firn_catalog *catalog;
    const firn_ident *ident;
    const firn_table_create_opts *opts;
    const firn_import_list *list;
    firn_arena *arena;
    firn_schema *read; /* of the file visited last */
    firn_schema *schema;
    bool *differs;          /* of each file: its schema is not that of the first */
    firn_schema *first;     /* as it is in the file */
    bool *has_others_names; /* of each file: ids and names are not those of the first */
    firn_import_ids ids;
} shape_op;

/* ---- schemas of files ---- */

/* Files whose writer saw nothing but nulls do not say what a column is; one of the others may. */
static bool is_known(const firn_type *type)
{
    if (type->kind == FIRN_TYPE_UNKNOWN) return false;
    if (type->kind == FIRN_TYPE_STRUCT) return type->n_fields > 0;
    for (size_t i = 0; i < type->n_fields; i++)
        if (!is_known(type->fields[i].type)) return false;
    return true;
}

/* Leaves the fields whose type is known; nested as deeply as the file's parser allows. */
static firn_status drop_unknown(firn_arena *arena, firn_type *type, firn_error *err)
{
    firn_field *fields = firn_arena_array(arena, type->n_fields, sizeof *fields);
    size_t n = 0;
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < type->n_fields; i++) {
        firn_type *below = firn_arena_alloc(arena, sizeof *below);
        if (!below) return firn_fail_nomem(err);
        fields[n] = type->fields[i];
        *below = *fields[n].type;
        if (below->n_fields > 0) FIRN_TRY(drop_unknown(arena, below, err));
        fields[n].type = below;
        if (fields[n].id >= FIRN_RESERVED_FIELD_ID) continue; /* of rows, not of the table */
        if (type->kind != FIRN_TYPE_STRUCT || is_known(below)) n++;
    }
    type->fields = fields;
    type->n_fields = n;
    return FIRN_OK;
}

/* Numbered from 1, whatever ids the file has: they come in the end. */
static firn_status copy_schema(const firn_parquet_file *file, firn_arena *arena, firn_schema **out,
                               firn_error *err)
{
    int32_t last_id = 0;
    firn_schema known = *firn_parquet_file_schema(file);
    FIRN_TRY(drop_unknown(arena, &known.root, err));
    known.n_identifier_field_ids = 0;
    return firn_schema__copy(&known, arena, &last_id, NULL, out, err);
}

static firn_status read_schema(void *ctx, size_t i, const firn_parquet_file *file, size_t worker,
                               firn_arena *scratch, firn_error *err)
{
    shape_op *op = ctx;
    (void)worker;
    (void)scratch;
    FIRN_TRY(firn_import_ids_add(&op->ids, firn_parquet_file_schema(file), err));
    if (!op->first)
        FIRN_TRY(firn_schema__copy(firn_parquet_file_schema(file), op->arena, NULL, NULL,
                                   &op->first, err));
    (void)i;
    return copy_schema(file, op->arena, &op->read, err);
}

/* One file: nothing is shared between threads. */
static firn_status read_one(shape_op *op, size_t i, firn_error *err)
{
    const firn_import_list one = {.files = &op->list->files[i], .n_files = 1};
    return firn_import_footers_each(op->target, &one, read_schema, op, err);
}

static firn_status compare_schema(void *ctx, size_t i, const firn_parquet_file *file, size_t worker,
                                  firn_arena *scratch, firn_error *err)
{
    shape_op *op = ctx;
    firn_schema *copy = NULL;
    (void)worker;
    FIRN_TRY(copy_schema(file, scratch, &copy, err));
    op->differs[i] = !firn_type_equals(&copy->root, &op->schema->root);
    op->has_others_names[i] =
        !firn_type_equals(&firn_parquet_file_schema(file)->root, &op->first->root);
    return FIRN_OK;
}

static firn_status unite_all(shape_op *op, firn_txn *txn, firn_error *err)
{
    for (size_t i = 1; i < op->list->n_files; i++) {
        if (!op->differs[i] && !op->has_others_names[i]) continue;
        FIRN_TRY(read_one(op, i, err));
        if (!op->differs[i]) continue;
        FIRN_TRY(firn_error_wrap(err, firn_txn_union_by_name(txn, op->read, err), "%.*s",
                                 FIRN_STR_ARG(op->list->files[i].path)));
    }
    return firn_schema__copy(txn->draft.schema, op->arena, NULL, NULL, &op->schema, err);
}

static firn_status unite(shape_op *op, firn_error *err)
{
    firn_table_create_opts opts = *op->opts;
    firn_table *table = NULL;
    firn_txn *txn = NULL;
    opts.schema = op->schema;
    FIRN_TRY(firn_txn_begin_create(op->target->env, op->target->store, op->catalog, op->ident,
                                   &opts, &table, &txn, err));
    const firn_status st = unite_all(op, txn, err);
    firn_txn_close(txn);
    firn_table_close(table);
    return st;
}

static firn_status read_schemas(shape_op *op, firn_error *err)
{
    size_t n_different = 0;
    op->differs = firn_arena_array(op->arena, op->list->n_files, sizeof *op->differs);
    op->has_others_names =
        firn_arena_array(op->arena, op->list->n_files, sizeof *op->has_others_names);
    if (!op->differs || !op->has_others_names) return firn_fail_nomem(err);
    FIRN_TRY(read_one(op, 0, err));
    op->schema = op->read;
    FIRN_TRY(firn_import_footers_each(op->target, op->list, compare_schema, op, err));
    for (size_t i = 0; i < op->list->n_files; i++)
        n_different += op->differs[i] || op->has_others_names[i];
    if (n_different > 0) FIRN_TRY(unite(op, err));
    return firn_import_ids_apply(&op->ids, &op->schema->root, err);
}

/* ---- columns that folders name ---- */

/* From the narrowest to the one that holds everything. */
static const firn_type k_kinds[] = {{.kind = FIRN_TYPE_INT},
                                    {.kind = FIRN_TYPE_LONG},
                                    {.kind = FIRN_TYPE_DATE},
                                    {.kind = FIRN_TYPE_STRING}};

static firn_status holds_all(const shape_op *op, size_t column, const firn_type *type, bool *out,
                             firn_error *err)
{
    firn_arena *scratch = firn_arena_create(op->target->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    *out = true;
    bool has_any = false;
    for (size_t i = 0; i < op->list->n_files && *out; i++) {
        const firn_str text = op->list->files[i].values[column];
        firn_value ignored;
        firn_error reason;
        if (!text.data) continue;
        has_any = true;
        /* "007" is no number: it would not come back as it was */
        const bool is_padded = text.len > 1 && text.data[0] == '0' && type->kind != FIRN_TYPE_DATE;
        *out =
            type->kind == FIRN_TYPE_STRING ||
            (!is_padded && firn_value_from_text(text, type, scratch, &ignored, &reason) == FIRN_OK);
    }
    if (!has_any) *out = type->kind == FIRN_TYPE_STRING;
    firn_arena_destroy(scratch);
    return FIRN_OK;
}

static firn_status column_type(const shape_op *op, size_t column, const firn_type **out,
                               firn_error *err)
{
    bool is_held = false;
    for (size_t k = 0; k < sizeof k_kinds / sizeof *k_kinds && !is_held; k++) {
        *out = &k_kinds[k];
        FIRN_TRY(holds_all(op, column, *out, &is_held, err));
    }
    return FIRN_OK;
}

/* Nothing is required of rows to come either; only keys of maps always are. */
static firn_status loosen(firn_arena *arena, firn_type *type, firn_error *err)
{
    firn_field *fields = firn_arena_array(arena, type->n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < type->n_fields; i++) {
        firn_type *below = firn_arena_alloc(arena, sizeof *below);
        if (!below) return firn_fail_nomem(err);
        fields[i] = type->fields[i];
        *below = *fields[i].type;
        if (below->n_fields > 0) FIRN_TRY(loosen(arena, below, err));
        fields[i].type = below;
        fields[i].is_required = type->kind == FIRN_TYPE_MAP && i == 0;
    }
    type->fields = fields;
    return FIRN_OK;
}

static firn_status add_columns(const shape_op *op, firn_import_shape *out, firn_error *err)
{
    const firn_type *root = &op->schema->root;
    const size_t n = op->list->n_columns;
    firn_field *fields = firn_arena_array(op->arena, root->n_fields + n, sizeof *fields);
    firn_partition_field *parts = firn_arena_array(op->arena, n, sizeof *parts);
    if (!fields || !parts) return firn_fail_nomem(err);
    int32_t last_id = firn_schema_max_id(op->schema);
    for (size_t i = 0; i < root->n_fields; i++) fields[i] = root->fields[i];
    out->schema.root = *root;
    out->schema.root.fields = fields;
    for (size_t i = 0; i < n; i++) {
        const firn_str name = op->list->columns[i];
        const firn_field *there = firn_schema_find_name(op->schema, name);
        firn_field *field = &fields[out->schema.root.n_fields];
        if (!there) {
            *field = (firn_field){.id = ++last_id, .name = name};
            FIRN_TRY(column_type(op, i, &field->type, err));
            there = field;
            out->schema.root.n_fields++;
        }
        parts[i] = (firn_partition_field){.source_id = there->id, .name = there->name};
    }
    out->spec = (firn_partition_spec){.fields = parts, .n_fields = n};
    return loosen(op->arena, &out->schema.root, err);
}

firn_status firn_import_shape_find(const firn_import_target *target, firn_catalog *catalog,
                                   const firn_ident *ident,
                                   const firn_table_create_opts *table_opts,
                                   const firn_import_list *list, firn_arena *arena,
                                   firn_import_shape *out, firn_error *err)
{
    shape_op op = {.target = target,
                   .catalog = catalog,
                   .ident = ident,
                   .opts = table_opts,
                   .list = list,
                   .arena = arena};
    *out = (firn_import_shape){0};
    firn_import_ids_init(&op.ids, arena);
    FIRN_TRY(read_schemas(&op, err));
    out->has_ids = op.ids.by_path.n_entries > 0;
    return add_columns(&op, out, err);
}
