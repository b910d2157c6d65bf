/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE TABLE, with and without a query. The rows of CREATE TABLE .. AS and the table itself are
 * one commit. OR REPLACE gives a table other columns, partitions and rows in one commit and keeps
 * its history. */
#include <stdio.h>

#include "base/error.h"
#include "base/random.h"
#include "base/str.h"
#include "iceberg/spec/transform.h"
#include "iceberg/txn/file_places.h"
#include "sql/ddl/ddl.h"
#include "sql/dml/dml.h"
#include "sql/parser/sql_text.h"

/* ---- transforms to fields ---- */

static firn_status find_source(const firn_ast_transform *item, const firn_schema *schema,
                               const firn_field **out, firn_error *err)
{
    *out = firn_schema_find_name(schema, item->column);
    if (!*out) {
        return firn_sql_fail(err, item->offset, "there is no column \"%.*s\"",
                             FIRN_STR_ARG(item->column));
    }
    return firn_ddl__at(item->offset, firn_transform_check(&item->transform, (*out)->type, err),
                        err);
}

/* As Iceberg names the fields of a new table: "ts_day", "id_bucket". */
static firn_str field_name(const firn_ddl *ddl, const firn_ast_transform *item)
{
    static const char *const k_suffixes[] = {
        [FIRN_TRANSFORM_BUCKET] = "bucket", [FIRN_TRANSFORM_TRUNCATE] = "trunc",
        [FIRN_TRANSFORM_YEAR] = "year",     [FIRN_TRANSFORM_MONTH] = "month",
        [FIRN_TRANSFORM_DAY] = "day",       [FIRN_TRANSFORM_HOUR] = "hour",
        [FIRN_TRANSFORM_VOID] = "null"};
    if (item->name.len > 0) return item->name;
    if (item->transform.kind == FIRN_TRANSFORM_IDENTITY ||
        item->transform.kind == FIRN_TRANSFORM_UNKNOWN) {
        return item->column;
    }
    return firn_arena_printf(ddl->arena, "%.*s_%s", FIRN_STR_ARG(item->column),
                             k_suffixes[item->transform.kind]);
}

static bool is_time(const firn_partition_field *field)
{
    const firn_transform_kind kind = field->transform.kind;
    return kind == FIRN_TRANSFORM_YEAR || kind == FIRN_TRANSFORM_MONTH ||
           kind == FIRN_TRANSFORM_DAY || kind == FIRN_TRANSFORM_HOUR;
}

firn_status firn_ddl__partition_fields(const firn_ddl *ddl, const firn_ast_transforms *in,
                                       const firn_schema *schema, firn_partition_field **out,
                                       firn_error *err)
{
    firn_partition_field *fields = firn_arena_array(ddl->arena, in->n, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < in->n; i++) {
        const firn_ast_transform *item = &in->items[i];
        const firn_field *source = NULL;
        FIRN_TRY(find_source(item, schema, &source, err));
        fields[i] = (firn_partition_field){.source_id = source->id,
                                           .field_id = 1000 + (int32_t)i,
                                           .name = field_name(ddl, item),
                                           .transform = item->transform};
        if (!fields[i].name.data) return firn_fail_nomem(err);
        for (size_t k = 0; k < i; k++) {
            if (is_time(&fields[k]) && is_time(&fields[i]) &&
                fields[k].source_id == fields[i].source_id) {
                return firn_sql_fail(err, item->offset,
                                     "\"%.*s\" is partitioned by two units of time, expected one",
                                     FIRN_STR_ARG(item->column));
            }
            if (!firn_str_equals(fields[k].name, fields[i].name)) continue;
            return firn_sql_fail(err, item->offset, "two partition fields are called \"%.*s\"",
                                 FIRN_STR_ARG(fields[i].name));
        }
    }
    *out = fields;
    return FIRN_OK;
}

firn_status firn_ddl__sort_fields(const firn_ddl *ddl, const firn_ast_transforms *in,
                                  const firn_schema *schema, firn_sort_field **out, firn_error *err)
{
    firn_sort_field *fields = firn_arena_array(ddl->arena, in->n, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < in->n; i++) {
        const firn_ast_transform *item = &in->items[i];
        const firn_field *source = NULL;
        FIRN_TRY(find_source(item, schema, &source, err));
        fields[i] = (firn_sort_field){.source_id = source->id,
                                      .transform = item->transform,
                                      .is_descending = item->is_descending,
                                      .nulls_last = item->nulls_last};
    }
    *out = fields;
    return FIRN_OK;
}

/* ---- what the table will look like ---- */

typedef struct new_table {
    firn_catalog *catalog;
    firn_ident ident;
    firn_schema schema;
    firn_partition_spec spec;
    firn_sort_order order;
    firn_table_create_opts opts;
} new_table;

static firn_status check_columns(const firn_ast_create *ast, const firn_type *root, firn_error *err)
{
    for (size_t i = 0; i < root->n_fields; i++) {
        for (size_t k = 0; k < i; k++) {
            if (!firn_str_equals_nocase(root->fields[i].name, root->fields[k].name)) continue;
            return firn_sql_fail(err, ast->name.offset, "two columns are called \"%.*s\"",
                                 FIRN_STR_ARG(root->fields[i].name));
        }
    }
    return FIRN_OK;
}

static void close_table(void *table)
{
    firn_table_close(table);
}

/* LIKE: the other table's columns, then those of the list. */
static firn_status columns_of_like(const firn_ddl *ddl, const firn_ast_create *ast, firn_type *root,
                                   firn_error *err)
{
    firn_table *table = NULL;
    FIRN_TRY(firn_session__open_table(ddl->session, &ast->like, &table, err));
    firn_status st = firn_arena_defer(ddl->arena, close_table, table, err);
    if (st != FIRN_OK) {
        firn_table_close(table);
        return st;
    }
    const firn_type *like = &firn_metadata_schema(firn_table_metadata_of(table))->root;
    const size_t n = like->n_fields + ast->columns.n;
    firn_field *fields = firn_arena_array(ddl->arena, n, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < like->n_fields; i++) fields[i] = like->fields[i];
    for (size_t i = 0; i < ast->columns.n; i++) {
        fields[like->n_fields + i] = ast->columns.items[i];
        fields[like->n_fields + i].id += 1000000; /* apart from the other table's */
    }
    root->fields = fields;
    root->n_fields = n;
    return FIRN_OK;
}

static firn_status make_columns(const firn_ddl *ddl, const firn_ast_create *ast,
                                const firn_type *query_columns, firn_type *root, firn_error *err)
{
    *root = (firn_type){
        .kind = FIRN_TYPE_STRUCT, .fields = ast->columns.items, .n_fields = ast->columns.n};
    if (ast->has_like) FIRN_TRY(columns_of_like(ddl, ast, root, err));
    if (query_columns) {
        if (root->n_fields > 0) {
            return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                             "not supported: a list of columns and a query, name the columns in "
                             "the query");
        }
        *root = *query_columns;
    }
    return check_columns(ast, root, err);
}

static firn_status make_properties(const firn_ddl *ddl, const firn_ast_create *ast,
                                   firn_properties *out, firn_error *err)
{
    const firn_ast_properties *given = &ast->options.properties;
    firn_property *items = firn_arena_array(ddl->arena, given->n + 2, sizeof *items);
    bool has_format = ddl->session->dialect != FIRN_DIALECT_TRINO; /* which tells it always */
    size_t n = 0;
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < given->n; i++) {
        const firn_str format = given->items[i].value;
        items[n++] = given->items[i];
        if (!firn_str_equals(given->items[i].key, FIRN_STR("write.format.default"))) continue;
        has_format = true;
        if (firn_str_equals_nocase(format, FIRN_STR("parquet"))) continue;
        if (firn_str_equals_nocase(format, FIRN_STR("avro"))) continue;
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: writing %.*s data files, only parquet and avro",
                         FIRN_STR_ARG(format));
    }
    if (ast->comment.data) items[n++] = (firn_property){FIRN_STR("comment"), ast->comment};
    if (!has_format)
        items[n++] = (firn_property){FIRN_STR("write.format.default"), FIRN_STR("PARQUET")};
    *out = (firn_properties){items, n};
    return FIRN_OK;
}

static firn_status check_places(const firn_ddl *ddl, const firn_catalog *catalog, firn_str location,
                                firn_properties properties, firn_error *err)
{
    if (ddl->session->allow_files) return FIRN_OK;
    if (location.len > 0) FIRN_TRY(firn_check_place(catalog, location, ddl->arena, err));
    return firn_check_places(catalog, properties, ddl->arena, err);
}

static firn_status make_table(const firn_ddl *ddl, const firn_ast_create *ast,
                              const firn_type *query_columns, new_table *out, firn_error *err)
{
    firn_partition_field *fields = NULL;
    firn_sort_field *order = NULL;
    firn_properties properties;
    FIRN_TRY(make_columns(ddl, ast, query_columns, &out->schema.root, err));
    FIRN_TRY(firn_ddl__partition_fields(ddl, &ast->options.partitions, &out->schema, &fields, err));
    FIRN_TRY(firn_ddl__sort_fields(ddl, &ast->options.order, &out->schema, &order, err));
    FIRN_TRY(make_properties(ddl, ast, &properties, err));
    FIRN_TRY(check_places(ddl, out->catalog, ast->options.location, properties, err));
    out->spec = (firn_partition_spec){.fields = fields, .n_fields = ast->options.partitions.n};
    out->order = (firn_sort_order){.order_id = ast->options.order.n > 0 ? 1 : 0,
                                   .fields = order,
                                   .n_fields = ast->options.order.n};
    out->opts = (firn_table_create_opts){.struct_size = sizeof out->opts,
                                         .schema = &out->schema,
                                         .spec = out->spec.n_fields > 0 ? &out->spec : NULL,
                                         .sort_order = out->order.n_fields > 0 ? &out->order : NULL,
                                         .location = ast->options.location,
                                         .properties = properties};
    return FIRN_OK;
}

/* ---- creating ---- */

/* A query without rows makes a snapshot in Spark and Trino, in Trino no query, too. */
static bool makes_empty_snapshot(const firn_session *session, bool has_query)
{
    return session->dialect == FIRN_DIALECT_TRINO ||
           (has_query && session->dialect == FIRN_DIALECT_SPARK);
}

/* Trino gives each new table a folder of its own, so that one made again under an old name never
 * finds files of the old one. Elsewhere the catalog says where. */
static firn_status make_location(const firn_ddl *ddl, const new_table *t, firn_str *location,
                                 firn_error *err)
{
    char uuid[37];
    if (location->len > 0 || ddl->session->dialect != FIRN_DIALECT_TRINO) return FIRN_OK;
    FIRN_TRY(
        firn_catalog_get_ops(t->catalog)
            ->default_location(firn_catalog_ctx(t->catalog), &t->ident, ddl->arena, location, err));
    firn_random_uuid(ddl->session->env->random, uuid);
    *location = firn_arena_printf(ddl->arena, "%.*s-%.8s%.4s%.4s%.4s%.12s", FIRN_STR_ARG(*location),
                                  uuid, uuid + 9, uuid + 14, uuid + 19, uuid + 24);
    return location->data ? FIRN_OK : firn_fail_nomem(err);
}

/* Create under ident, with the query's rows when there are any; one commit. */
static firn_status create(const firn_ddl *ddl, const firn_dml_rows *rows, const new_table *t,
                          const firn_ident *ident, int64_t *n_rows, firn_error *err)
{
    firn_session *session = ddl->session;
    firn_table *table = NULL;
    firn_txn *txn = NULL;
    int64_t n_files = 0;
    firn_table_create_opts opts = t->opts;
    FIRN_TRY(make_location(ddl, t, &opts.location, err));
    FIRN_TRY(firn_txn_begin_create(session->env, session->store, t->catalog, ident, &opts, &table,
                                   &txn, err));
    firn_status st = FIRN_OK;
    if (rows) st = firn_dml__append_rows(rows, table, txn, n_rows, &n_files, err);
    if (st == FIRN_OK && *n_rows == 0 && makes_empty_snapshot(session, rows != NULL)) {
        const firn_change nothing = {.kind = FIRN_CHANGE_APPEND, .from_snapshot_id = -1};
        st = firn_txn_change_files(txn, &nothing, err);
    }
    if (st == FIRN_OK)
        st = firn_txn_commit(txn, err);
    else if (rows)
        firn_txn_discard_files(txn);
    firn_txn_close(txn);
    firn_table_close(table);
    return st;
}

/* ---- replacing ---- */

/* All rows go, none come. */
static firn_status remove_rows(firn_session *session, firn_table *table, firn_txn *txn,
                               firn_error *err)
{
    firn_dml_target all;
    firn_removals removals = {.arena = session->arena};
    FIRN_TRY(firn_dml_target_init(&all, session, table, NULL, err));
    for (size_t i = 0; i < all.plan.n_tasks; i++) {
        FIRN_TRY(firn_removals_add(&removals, &all.plan.tasks[i], err));
    }
    if (removals.n == 0) return FIRN_OK;
    const firn_change change = {.kind = FIRN_CHANGE_OVERWRITE,
                                .removed = removals.keys,
                                .n_removed = removals.n,
                                .from_snapshot_id = all.snapshot_id,
                                .carries_row_ids = true}; /* no row is kept */
    return firn_txn_change_files(txn, &change, err);
}

/* The same table, with its history, in another shape and with other rows; one commit. */
static firn_status replace_table(const firn_ddl *ddl, const firn_dml_rows *rows, firn_table *table,
                                 const new_table *t, int64_t *n_rows, firn_error *err)
{
    firn_txn *txn = NULL;
    FIRN_TRY(firn_txn_begin(table, &txn, err));
    firn_status st = firn_txn_replace_table(txn, &t->opts, err);
    if (st == FIRN_OK) {
        st = rows ? firn_dml__overwrite_rows(rows, table, txn, n_rows, err)
                  : remove_rows(ddl->session, table, txn, err);
    }
    if (st == FIRN_OK)
        st = firn_txn_commit(txn, err);
    else
        firn_txn_discard_files(txn);
    firn_txn_close(txn);
    return st;
}

static firn_status replace(const firn_ddl *ddl, const firn_ast_create *ast,
                           const firn_dml_rows *rows, new_table *t, int64_t *n_rows,
                           firn_error *err)
{
    firn_table *old = NULL;
    firn_error ignored;
    const firn_status opened = firn_table_open(ddl->session->env, ddl->session->store, t->catalog,
                                               &t->ident, &old, &ignored);
    if (opened == FIRN_ERR_NOT_FOUND && !ast->needs_old) {
        return create(ddl, rows, t, &t->ident, n_rows, err);
    }
    if (opened != FIRN_OK) {
        if (err) *err = ignored;
        return firn_ddl__at(ast->name.offset, opened, err);
    }
    const firn_status st = replace_table(ddl, rows, old, t, n_rows, err);
    firn_table_close(old);
    return st;
}

/* ---- the statement ---- */

static bool table_exists(const firn_ddl *ddl, const new_table *t)
{
    firn_loaded_table loaded;
    firn_error ignored;
    return firn_catalog_get_ops(t->catalog)
               ->load_table(firn_catalog_ctx(t->catalog), &t->ident, ddl->arena, &loaded,
                            &ignored) == FIRN_OK;
}

/* The name that translation gives the i-th column when the query gives none. */
static bool is_made_name(const firn_ddl *ddl, firn_str name, size_t i)
{
    char made[32];
    (void)snprintf(made, sizeof made, "_col%zu", i);
    return firn_str_equals(name, firn_str_of(made)) &&
           firn_str_find(ddl->session->statement.original, firn_str_of(made), 0) == SIZE_MAX;
}

static firn_status check_query_column(const firn_ddl *ddl, const firn_ast_create *ast,
                                      const firn_type *columns, size_t i, firn_error *err)
{
    const firn_str name = columns->fields[i].name;
    const size_t offset = ast->name.offset;
    if (columns->fields[i].type->kind == FIRN_TYPE_UNKNOWN)
        return firn_sql_fail(err, offset, "column %zu of the query has no type", i + 1);
    if (ast->n_names + ast->columns.n > 0) return FIRN_OK;
    if (is_made_name(ddl, name, i))
        return firn_sql_fail(err, offset, "column %zu of the query has no name", i + 1);
    for (size_t k = 0; k < i; k++) {
        if (!firn_str_equals_nocase(columns->fields[k].name, name)) continue;
        return firn_sql_fail(err, offset, "two columns are called \"%.*s\"", FIRN_STR_ARG(name));
    }
    return FIRN_OK;
}

firn_status firn_ddl__check_query(const firn_ddl *ddl, const firn_ast_create *ast, firn_error *err)
{
    const firn_rewrite *rewrite = NULL;
    firn_engine *engine = NULL;
    firn_type columns;
    firn_type parameters;
    firn_error ignored;
    if (ddl->session->dialect != FIRN_DIALECT_TRINO) return FIRN_OK;
    FIRN_TRY(firn_session__engine(ddl->session, &engine, err));
    if (firn_session__rewrite(ddl->session, ast->query, NULL, &rewrite, &ignored) != FIRN_OK ||
        firn_engine_bind(engine, rewrite->sql, ddl->arena, &columns, &parameters, &ignored) !=
            FIRN_OK) {
        return FIRN_OK; /* running it says why, and where */
    }
    for (size_t i = 0; i < columns.n_fields; i++)
        FIRN_TRY(check_query_column(ddl, ast, &columns, i, err));
    return FIRN_OK;
}

static void put_names(const firn_ast_create *ast, firn_sql_text *text)
{
    for (size_t i = 0; i < ast->n_names; i++) {
        firn_sql_text_put(text, i == 0 ? " AS \"query\"(" : ", ");
        firn_sql_text_name(text, ast->names[i]);
    }
    if (ast->n_names > 0) firn_sql_text_put(text, ")");
}

/* The columns of the query as the dialect keeps their names. */
static firn_status fold_names(const firn_ddl *ddl, firn_type *columns, firn_error *err)
{
    const firn_dialect dialect = firn_session__dialect(ddl->session);
    firn_field *fields = firn_arena_array(ddl->arena, columns->n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < columns->n_fields; i++) {
        fields[i] = columns->fields[i];
        fields[i].name = firn_dialect_fold(dialect, fields[i].name, ddl->arena);
        if (!fields[i].name.data) return firn_fail_nomem(err);
    }
    columns->fields = fields;
    return FIRN_OK;
}

static firn_status read_query(const firn_ddl *ddl, const firn_ast_create *ast, firn_sql_text *text,
                              firn_dml_rows *out, firn_error *err)
{
    FIRN_TRY(firn_ddl__check_query(ddl, ast, err));
    firn_sql_text_init(text, ddl->session, ddl->sql);
    firn_sql_text_put(text, "SELECT * FROM (");
    firn_sql_text_user(text, ast->query);
    firn_sql_text_put(text, ")");
    put_names(ast, text);
    if (ast->has_no_data) firn_sql_text_put(text, " WHERE false");
    *out = (firn_dml_rows){.text = text};
    FIRN_TRY(firn_sql_text_finish(text, &out->sql, err));
    FIRN_TRY(firn_sql_text_describe(text, out->sql, &out->columns, err));
    FIRN_TRY(fold_names(ddl, &out->columns, err));
    FIRN_TRY(firn_dml__store(out, err));
    if (ast->n_names == 0 || ast->n_names == out->columns.n_fields) return FIRN_OK;
    return firn_sql_fail(err, ast->name.offset, "%zu names for %zu columns of the query",
                         ast->n_names, out->columns.n_fields);
}

firn_status firn_ddl__create_table(const firn_ddl *ddl, const firn_ast_create *ast,
                                   firn_result **out, firn_error *err)
{
    const bool has_query = ast->query.len > 0;
    firn_sql_text text;
    firn_dml_rows rows;
    new_table t = {0};
    int64_t n_rows = 0;
    const char *tag = has_query ? "CREATE TABLE AS" : "CREATE TABLE";
    FIRN_TRY(
        firn_session__resolve(ddl->session, &ast->name, ddl->arena, &t.catalog, &t.ident, err));
    if (ast->if_not_exists && table_exists(ddl, &t)) {
        return firn_session__result_of_command(ddl->session, tag, has_query ? 0 : -1, out, err);
    }
    if (has_query) FIRN_TRY(read_query(ddl, ast, &text, &rows, err));
    FIRN_TRY(make_table(ddl, ast, has_query ? &rows.columns : NULL, &t, err));
    const firn_dml_rows *given = has_query ? &rows : NULL;
    firn_status st = ast->or_replace ? replace(ddl, ast, given, &t, &n_rows, err)
                                     : create(ddl, given, &t, &t.ident, &n_rows, err);
    if (st == FIRN_ERR_EXISTS && ast->if_not_exists) st = FIRN_OK;
    if (st == FIRN_ERR_EXISTS || st == FIRN_ERR_NOT_FOUND) {
        return firn_ddl__at(ast->name.offset, st, err);
    }
    FIRN_TRY(st);
    return firn_session__result_of_command(ddl->session, tag, has_query ? n_rows : -1, out, err);
}
