/* SPDX-License-Identifier: Apache-2.0 */
/* A new table of files that are there, in the commit that adds them. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/import/add_files.h"
#include "iceberg/maintain/import/import_schema.h"
#include "iceberg/txn/snapshot_update.h"

typedef struct import_op {
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    const firn_ident *ident;
    const firn_import_table_opts *opts;
    firn_import_source source;
    firn_arena *arena;
    firn_table *table;
    firn_txn *txn;
} import_op;

static firn_status find_location(import_op *op, firn_str *out, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(op->catalog);
    *out = op->opts->location;
    if (out->len > 0) return FIRN_OK;
    return ops->default_location(firn_catalog_ctx(op->catalog), op->ident, op->arena, out, err);
}

static firn_status begin(import_op *op, firn_error *err)
{
    const firn_import_target target = {
        .env = op->env, .store = op->store, .n_threads = op->opts->n_threads};
    firn_table_create_opts create = {.struct_size = sizeof create,
                                     .properties = op->opts->properties};
    firn_import_list list;
    firn_import_shape shape;
    FIRN_TRY(find_location(op, &create.location, err));
    op->source.left_out =
        firn_arena_printf(op->arena, "%.*s/metadata", FIRN_STR_ARG(create.location));
    if (!op->source.left_out.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_import_list_read(op->store, &op->source, op->arena, &list, err));
    FIRN_TRY(firn_import_shape_find(&target, op->catalog, op->ident, &create, &list, op->arena,
                                    &shape, err));
    create.schema = &shape.schema;
    create.spec = &shape.spec;
    create.keeps_ids = shape.has_ids;
    return firn_txn_begin_create(op->env, op->store, op->catalog, op->ident, &create, &op->table,
                                 &op->txn, err);
}

firn_status firn_table_import(firn_env *env, firn_store *store, firn_catalog *catalog,
                              const firn_ident *ident, firn_str source,
                              const firn_import_table_opts *opts, firn_import_result *result,
                              firn_error *err)
{
    const firn_import_table_opts defaults = {.struct_size = sizeof defaults};
    import_op op = {.env = env,
                    .store = store,
                    .catalog = catalog,
                    .ident = ident,
                    .opts = opts ? opts : &defaults,
                    .source.location = source};
    *result = (firn_import_result){0};
    op.arena = firn_arena_create(env->alloc, 0);
    if (!op.arena) return firn_fail_nomem(err);
    firn_import_opts add = {.struct_size = sizeof add, .n_threads = op.opts->n_threads};
    firn_status st = begin(&op, err);
    if (st == FIRN_OK)
        st = firn_txn__import(op.table, op.txn, &op.source, &add, op.arena, result, err);
    if (st == FIRN_OK) st = firn_txn_commit(op.txn, err);
    firn_txn_close(op.txn);
    firn_table_close(op.table);
    firn_arena_destroy(op.arena);
    if (st != FIRN_OK) *result = (firn_import_result){0};
    return st;
}
