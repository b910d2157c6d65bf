/* SPDX-License-Identifier: Apache-2.0 */
/* ALTER TABLE: each statement is one transaction. */
#include "base/error.h"
#include "base/nearest.h"
#include "base/str.h"
#include "iceberg/spec/schema_names.h"
#include "iceberg/spec/transform.h"
#include "iceberg/txn/file_places.h"
#include "iceberg/txn/snapshot_update.h"
#include "sql/ddl/ddl.h"
#include "sql/parser/sql_default.h"

typedef struct alter {
    const firn_ddl *ddl;
    const firn_ast_alter *ast;
    firn_table *table;
    firn_txn *txn;
    const firn_table_metadata *metadata;
    const firn_schema *schema;
} alter;

/* ---- columns ---- */

/* A change of a column failed there: its place and, when there is none of that name, the nearest.
 */
static firn_status at_column(const alter *a, firn_str path, size_t offset, firn_status st,
                             firn_error *err)
{
    firn_nearest nearest = firn_nearest_of(path);
    if (st == FIRN_OK || path.len == 0) return st;
    (void)firn_ddl__at(offset, st, err);
    if (st != FIRN_ERR_NOT_FOUND || firn_schema_find_name(a->schema, path)) return st;
    for (size_t i = 0; i < a->schema->root.n_fields; i++)
        firn_nearest_try(&nearest, a->schema->root.fields[i].name);
    return firn_nearest_hint(&nearest, st, err);
}

static firn_status add_columns(const alter *a, firn_error *err)
{
    for (size_t i = 0; i < a->ast->n_columns; i++) {
        const firn_ast_new_column *column = &a->ast->columns[i];
        if (a->ast->if_not_exists && firn_schema_find_name(a->schema, column->path)) continue;
        FIRN_TRY(firn_ddl__at(
            column->offset,
            firn_txn_add_field(a->txn, column->path, &column->field, column->position, err), err));
    }
    return FIRN_OK;
}

static firn_status drop_columns(const alter *a, firn_error *err)
{
    for (size_t i = 0; i < a->ast->n_columns; i++) {
        const firn_ast_new_column *column = &a->ast->columns[i];
        if (a->ast->if_column_exists && !firn_schema_find_name(a->schema, column->path)) continue;
        FIRN_TRY(at_column(a, column->path, column->offset,
                           firn_txn_drop_column(a->txn, column->path, err), err));
    }
    return FIRN_OK;
}

static firn_status set_default(const alter *a, firn_error *err)
{
    const firn_field *field = firn_schema_find_name(a->schema, a->ast->column);
    const firn_value *value = NULL;
    if (field && a->ast->text.len > 0)
        FIRN_TRY(firn_sql_default_of(a->ast->text, field->type, a->ddl->arena, &value, err));
    return firn_txn_set_default(a->txn, a->ast->column, value, err);
}

/* ---- identifier fields ---- */

static firn_status set_identifier(const alter *a, firn_error *err)
{
    firn_str *paths = firn_arena_array(a->ddl->arena, a->ast->n_columns, sizeof *paths);
    if (!paths) return firn_fail_nomem(err);
    for (size_t i = 0; i < a->ast->n_columns; i++) paths[i] = a->ast->columns[i].path;
    return firn_txn_set_identifier_fields(a->txn, paths, a->ast->n_columns, err);
}

static bool is_named(const alter *a, int32_t id)
{
    for (size_t i = 0; i < a->ast->n_columns; i++) {
        const firn_field *field = firn_schema_find_name(a->schema, a->ast->columns[i].path);
        if (field && field->id == id) return true;
    }
    return false;
}

static firn_status drop_identifier(const alter *a, firn_error *err)
{
    const size_t n = a->schema->n_identifier_field_ids;
    firn_str *paths = firn_arena_array(a->ddl->arena, n, sizeof *paths);
    size_t n_kept = 0;
    if (!paths) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const int32_t id = a->schema->identifier_field_ids[i];
        if (is_named(a, id)) continue;
        FIRN_TRY(firn_schema_name_of(a->schema, id, a->ddl->arena, &paths[n_kept++], err));
    }
    if (n - n_kept == a->ast->n_columns)
        return firn_txn_set_identifier_fields(a->txn, paths, n_kept, err);
    return firn_fail(err, FIRN_ERR_ARG, "%zu of the %zu columns are identifier fields", n - n_kept,
                     a->ast->n_columns);
}

/* ---- partitions ---- */

/* The name of the partition field that a transform means: its own name, or what it makes of which
 * column. */
static firn_status find_partition(const alter *a, const firn_ast_transform *t, firn_str *out,
                                  firn_error *err)
{
    const firn_partition_spec *spec = firn_metadata_spec(a->metadata);
    const firn_field *source = firn_schema_find_name(a->schema, t->column);
    const bool may_be_name = t->transform.kind == FIRN_TRANSFORM_IDENTITY;
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_partition_field *field = &spec->fields[i];
        const bool is_void = field->transform.kind == FIRN_TRANSFORM_VOID;
        const bool is_named = may_be_name && firn_str_equals_nocase(field->name, t->column);
        const bool is_meant = source && !is_void && field->source_id == source->id &&
                              field->transform.kind == t->transform.kind &&
                              field->transform.param == t->transform.param;
        if (!is_named && !is_meant) continue;
        *out = field->name;
        return FIRN_OK;
    }
    return firn_sql_fail(err, t->offset, "the table has no such partition field");
}

static firn_status add_partition(const alter *a, const firn_ast_transform *t, firn_error *err)
{
    return firn_ddl__at(t->offset,
                        firn_txn_add_partition_field(a->txn, t->column, t->transform, t->name, err),
                        err);
}

static firn_status drop_partition(const alter *a, const firn_ast_transform *t, firn_error *err)
{
    firn_str name;
    FIRN_TRY(find_partition(a, t, &name, err));
    return firn_txn_drop_partition_field(a->txn, name, err);
}

static firn_status set_partitions(const alter *a, firn_error *err)
{
    firn_partition_field *fields = NULL;
    const firn_ast_transforms *in = &a->ast->options.partitions;
    FIRN_TRY(firn_ddl__partition_fields(a->ddl, in, a->schema, &fields, err));
    return firn_txn_set_spec(a->txn, fields, in->n, err);
}

static firn_status set_order(const alter *a, firn_error *err)
{
    firn_sort_field *fields = NULL;
    const firn_ast_transforms *in = &a->ast->options.order;
    const firn_property mode = {FIRN_STR("write.distribution-mode"), a->ast->distribution};
    FIRN_TRY(firn_ddl__sort_fields(a->ddl, in, a->schema, &fields, err));
    const bool keeps_order = firn_str_equals(mode.value, FIRN_STR("hash")) && in->n == 0;
    if (!keeps_order) FIRN_TRY(firn_txn_set_sort_order(a->txn, fields, in->n, err));
    return mode.value.len > 0 ? firn_txn_set_properties(a->txn, &mode, 1, err) : FIRN_OK;
}

/* ---- properties ---- */

static firn_status remove_properties(const alter *a, const firn_ast_properties *in, firn_error *err)
{
    firn_str *keys = firn_arena_array(a->ddl->arena, in->n, sizeof *keys);
    if (!keys) return firn_fail_nomem(err);
    for (size_t i = 0; i < in->n; i++) keys[i] = in->items[i].key;
    return firn_txn_remove_properties(a->txn, keys, in->n, err);
}

/* New files go there; Trino's tables stay where they are. */
static firn_status set_location(const alter *a, firn_error *err)
{
    const firn_session *session = a->ddl->session;
    const firn_str location = a->ast->options.location;
    if (session->dialect == FIRN_DIALECT_TRINO)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: changing a table's location");
    if (!session->allow_files)
        FIRN_TRY(firn_check_place(firn_table_catalog(a->table), location, a->ddl->arena, err));
    return firn_txn_set_location(a->txn, location, err);
}

static firn_status set_properties(const alter *a, firn_error *err)
{
    const firn_ast_table_options *options = &a->ast->options;
    const firn_properties set = {options->properties.items, options->properties.n};
    if (!a->ddl->session->allow_files)
        FIRN_TRY(firn_check_places(firn_table_catalog(a->table), set, a->ddl->arena, err));
    if (options->location.len > 0) FIRN_TRY(set_location(a, err));
    if (options->has_partitions) FIRN_TRY(set_partitions(a, err));
    if (options->has_order) FIRN_TRY(set_order(a, err));
    if (options->unset.n > 0) FIRN_TRY(remove_properties(a, &options->unset, err));
    if (options->properties.n == 0) return FIRN_OK;
    return firn_txn_set_properties(a->txn, options->properties.items, options->properties.n, err);
}

/* ---- the statement ---- */

static firn_status apply(const alter *a, firn_error *err)
{
    const firn_ast_alter *ast = a->ast;
    switch (ast->kind) {
    case FIRN_ALTER_ADD_COLUMNS: return add_columns(a, err);
    case FIRN_ALTER_DROP_COLUMNS: return drop_columns(a, err);
    case FIRN_ALTER_RENAME_COLUMN:
        if (ast->if_column_exists && !firn_schema_find_name(a->schema, ast->column)) return FIRN_OK;
        return firn_txn_rename_column(a->txn, ast->column, ast->text, err);
    case FIRN_ALTER_COLUMN_TYPE:
        return firn_txn_promote_column(a->txn, ast->column, &ast->type, err);
    case FIRN_ALTER_COLUMN_COMMENT: return firn_txn_set_doc(a->txn, ast->column, ast->text, err);
    case FIRN_ALTER_COLUMN_POSITION:
        return firn_txn_move_column(a->txn, ast->column, ast->position, err);
    case FIRN_ALTER_COLUMN_OPTIONAL: return firn_txn_make_optional(a->txn, ast->column, err);
    case FIRN_ALTER_COLUMN_REQUIRED:
        return firn_txn_make_required(a->txn, ast->column, FIRN_ROWS_CHECKED, err);
    case FIRN_ALTER_COLUMN_DEFAULT: return set_default(a, err);
    case FIRN_ALTER_SET_IDENTIFIER: return set_identifier(a, err);
    case FIRN_ALTER_DROP_IDENTIFIER: return drop_identifier(a, err);
    case FIRN_ALTER_SET_PROPERTIES: return set_properties(a, err);
    case FIRN_ALTER_UNSET_PROPERTIES: return remove_properties(a, &ast->options.properties, err);
    case FIRN_ALTER_ADD_PARTITION: return add_partition(a, &ast->transform, err);
    case FIRN_ALTER_DROP_PARTITION: return drop_partition(a, &ast->transform, err);
    case FIRN_ALTER_REPLACE_PARTITION:
        FIRN_TRY(drop_partition(a, &ast->transform, err));
        return add_partition(a, &ast->replacement, err);
    case FIRN_ALTER_SET_PARTITIONS: return set_partitions(a, err);
    case FIRN_ALTER_SET_ORDER: return set_order(a, err);
    case FIRN_ALTER_SET_REF: return firn_txn_set_ref(a->txn, ast->text, &ast->ref, err);
    case FIRN_ALTER_DROP_REF:
        return firn_txn_drop_ref(a->txn, ast->text, ast->ref.is_tag, ast->if_column_exists, err);
    case FIRN_ALTER_RENAME:
    case FIRN_ALTER_EXECUTE: break;
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "ALTER of kind %d", (int)ast->kind);
}

static firn_status rename_table(const firn_ddl *ddl, const firn_ast_alter *ast, firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_catalog *to_catalog = NULL;
    firn_ident from;
    firn_ident to;
    FIRN_TRY(firn_session__resolve(ddl->session, &ast->name, ddl->arena, &catalog, &from, err));
    if (ast->new_name.n_parts == 1) { /* stays where it is */
        to = from;
        to.name = ast->new_name.parts[0];
    } else {
        FIRN_TRY(
            firn_session__resolve(ddl->session, &ast->new_name, ddl->arena, &to_catalog, &to, err));
        if (to_catalog != catalog) {
            return firn_sql_fail(err, ast->new_name.offset,
                                 "a table cannot be renamed into another catalog");
        }
    }
    const firn_status st =
        firn_catalog_get_ops(catalog)->rename_table(firn_catalog_ctx(catalog), &from, &to, err);
    return firn_ddl__at(st == FIRN_ERR_EXISTS ? ast->new_name.offset : ast->name.offset, st, err);
}

static firn_status commit_change(const firn_ddl *ddl, const firn_ast_alter *ast, firn_table *table,
                                 firn_error *err)
{
    alter a = {.ddl = ddl, .ast = ast, .table = table};
    a.metadata = firn_table_metadata_of(table);
    a.schema = firn_metadata_schema(a.metadata);
    FIRN_TRY(firn_txn_begin(table, &a.txn, err));
    firn_status st = at_column(&a, ast->column, ast->column_offset, apply(&a, err), err);
    if (st != FIRN_OK && err && err->position == 0) (void)firn_ddl__at(ast->name.offset, st, err);
    if (st == FIRN_OK) st = firn_txn_commit(a.txn, err);
    firn_txn_close(a.txn);
    return st;
}

/* A branch needs a snapshot: one of an empty table gets an empty one, which main does not have. */
static bool makes_first_branch(const firn_ast_alter *ast, const firn_table_metadata *metadata)
{
    return ast->kind == FIRN_ALTER_SET_REF && !ast->ref.is_tag && ast->ref.snapshot_id == 0 &&
           metadata->current_snapshot_id < 0;
}

static firn_status make_empty_snapshot(firn_table *table, int64_t *id_out, firn_error *err)
{
    const firn_change nothing = {.kind = FIRN_CHANGE_APPEND, .from_snapshot_id = -1};
    firn_txn *txn = NULL;
    FIRN_TRY(firn_txn_begin(table, &txn, err));
    firn_txn_stage(txn);
    firn_status st = firn_txn_change_files(txn, &nothing, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    FIRN_TRY(st);
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    *id_out = metadata->snapshots[metadata->n_snapshots - 1].snapshot_id;
    return FIRN_OK;
}

static firn_status alter_table(const firn_ddl *ddl, const firn_ast_alter *ast, firn_error *err)
{
    firn_table *table = NULL;
    const firn_status opened = firn_session__open_table(ddl->session, &ast->name, &table, err);
    if (opened == FIRN_ERR_NOT_FOUND && ast->if_exists) return FIRN_OK;
    FIRN_TRY(opened);
    firn_status st = FIRN_OK;
    firn_ast_alter change = *ast;
    if (makes_first_branch(ast, firn_table_metadata_of(table))) {
        st = make_empty_snapshot(table, &change.ref.snapshot_id, err);
    }
    if (st == FIRN_OK && ast->kind == FIRN_ALTER_RENAME)
        st = rename_table(ddl, ast, err);
    else if (st == FIRN_OK)
        st = commit_change(ddl, &change, table, err);
    firn_table_close(table);
    return st;
}

firn_status firn_ddl__alter(const firn_ddl *ddl, const firn_ast_alter *ast, firn_result **out,
                            firn_error *err)
{
    if (ast->kind == FIRN_ALTER_EXECUTE) {
        return firn_call__run(ddl->session, &ast->call, &ast->name, out, err);
    }
    FIRN_TRY(alter_table(ddl, ast, err));
    return firn_session__result_of_command(ddl->session, "ALTER TABLE", -1, out, err);
}
