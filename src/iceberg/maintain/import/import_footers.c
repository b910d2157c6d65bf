/* SPDX-License-Identifier: Apache-2.0 */
/* Each thread has its own arenas, since an arena is nobody else's; what came of a file is copied
 * into the caller's when all are done. */
#include "iceberg/maintain/import/import_footers.h"

#include "base/error.h"
#include "base/str.h"
#include "format/parquet/layout/parquet_footer_metrics.h"
#include "iceberg/scan/file_projection.h"
#include "iceberg/scan/read.h"
#include "iceberg/write/data_file_output.h"
#include "iceberg/write/writer_config.h"

/* ---- files on several threads ---- */

typedef struct each_op {
    const firn_import_target *target;
    const firn_import_list *list;
    firn_import_footer_fn fn;
    void *ctx;
} each_op;

static firn_status open_file(const each_op *op, const firn_import_file *listed, firn_arena *scratch,
                             firn_parquet_file **out, firn_error *err)
{
    firn_byte_source source;
    FIRN_TRY(firn_env_check_cancel(op->target->env, err));
    FIRN_TRY(firn_byte_source_open(op->target->store, listed->path, scratch, &source, err));
    return firn_parquet_file_open(&source, out, err);
}

static firn_status visit(void *ctx, size_t i, size_t worker, firn_error *err)
{
    const each_op *op = ctx;
    const firn_import_file *listed = &op->list->files[i];
    firn_parquet_file *file = NULL;
    firn_arena *scratch = firn_arena_create(op->target->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_status st = open_file(op, listed, scratch, &file, err);
    if (st == FIRN_OK) st = op->fn(op->ctx, i, file, worker, scratch, err);
    firn_parquet_file_close(file);
    firn_arena_destroy(scratch);
    return firn_error_wrap(err, st, "%.*s", FIRN_STR_ARG(listed->path));
}

firn_status firn_import_footers_each(const firn_import_target *target, const firn_import_list *list,
                                     firn_import_footer_fn fn, void *ctx, firn_error *err)
{
    each_op op = {target, list, fn, ctx};
    firn_pool *own = NULL;
    firn_pool *pool = firn_env_pool(target->env);
    if (target->n_threads > 0 && target->n_threads < target->env->n_threads) {
        FIRN_TRY(firn_pool_create(target->n_threads, &own, err));
        pool = own;
    }
    const firn_status st = firn_pool_run(pool, list->n_files, visit, &op, err);
    firn_pool_destroy(own);
    return st;
}

/* ---- metrics ---- */

typedef struct metrics_worker {
    firn_arena *arena; /* of results */
    firn_parquet_memory *memory;
} metrics_worker;

typedef struct metrics_op {
    const firn_import_target *target;
    const firn_import_list *list;
    const firn_schema *schema;
    const firn_name_mapping *mapping;
    firn_writer_config config;
    metrics_worker *workers;
    size_t n_workers;
    firn_data_file *files;
} metrics_op;

/* By identity of the partition: files need not have the column. */
static bool is_partition_column(const metrics_op *op, int32_t field_id)
{
    const firn_partition_spec *spec = op->target->partition->spec;
    for (size_t i = 0; i < spec->n_fields; i++)
        if (spec->fields[i].source_id == field_id) return true;
    return false;
}

/* The table's columns without those that only the partition has, by the names of the file. */
static firn_status project(const metrics_op *op, const firn_schema *file_schema,
                           firn_parquet_match match, firn_arena *scratch, firn_type *out,
                           firn_error *err)
{
    const firn_type *root = &op->schema->root;
    firn_field *fields = firn_arena_array(scratch, root->n_fields, sizeof *fields);
    const firn_type *renamed = NULL;
    if (!fields) return firn_fail_nomem(err);
    *out = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields};
    for (size_t i = 0; i < root->n_fields; i++) {
        const firn_field *field = &root->fields[i];
        const bool is_there =
            match == FIRN_PARQUET_MATCH_IDS
                ? firn_schema_find_id(file_schema, field->id) != NULL
                : firn_name_mapping_find(op->mapping, field, &file_schema->root) != NULL;
        if (is_there || !is_partition_column(op, field->id)) fields[out->n_fields++] = *field;
    }
    if (match == FIRN_PARQUET_MATCH_IDS) return FIRN_OK;
    FIRN_TRY(firn_name_mapping_apply(op->mapping, out, &file_schema->root, scratch, &renamed, err));
    *out = *renamed;
    return FIRN_OK;
}

static firn_status read_metrics(void *ctx, size_t i, const firn_parquet_file *file, size_t worker,
                                firn_arena *scratch, firn_error *err)
{
    metrics_op *op = ctx;
    metrics_worker *w = &op->workers[worker];
    const firn_import_file *listed = &op->list->files[i];
    const firn_schema *file_schema = firn_parquet_file_schema(file);
    firn_file_metrics metrics;
    firn_type wanted;
    const firn_footer_metrics_opts opts = {
        .match = firn_row_match_of(file_schema) == FIRN_ROW_MATCH_IDS ? FIRN_PARQUET_MATCH_IDS
                                                                      : FIRN_PARQUET_MATCH_NAMES,
        .columns = op->config.files.parquet.columns,
        .n_columns = op->config.files.parquet.n_columns,
        .memory = w->memory};
    FIRN_TRY(project(op, file_schema, opts.match, scratch, &wanted, err));
    FIRN_TRY(firn_parquet_footer_metrics(file, listed->size_bytes, &wanted, &opts, scratch,
                                         &metrics, err));
    firn_data_file *out = &op->files[i];
    firn_data_file made;
    FIRN_TRY(
        firn_data_file_of_metrics(listed->path, FIRN_FILE_PARQUET, &metrics, scratch, &made, err));
    made.spec_id = op->target->partition->spec->spec_id;
    made.n_partition = op->target->partition->spec->n_fields;
    FIRN_TRY(
        firn_import_partition_values(op->target->partition, listed, scratch, &made.partition, err));
    return firn_data_file_copy(&made, w->arena, out, err);
}

static firn_status make_workers(metrics_op *op, firn_arena *arena, firn_error *err)
{
    const firn_pool *pool = firn_env_pool(op->target->env);
    const size_t n = pool ? (size_t)firn_pool_threads(pool) : 1;
    op->workers = firn_arena_array(arena, n, sizeof *op->workers);
    if (!op->workers) return firn_fail_nomem(err);
    for (; op->n_workers < n; op->n_workers++) {
        metrics_worker *w = &op->workers[op->n_workers];
        FIRN_TRY(firn_parquet_memory_create(&w->memory, err));
        w->arena = firn_arena_create(op->target->env->alloc, 0);
        if (w->arena) continue;
        firn_parquet_memory_destroy(w->memory);
        return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

static firn_status run(metrics_op *op, firn_arena *arena, firn_error *err)
{
    op->files = firn_arena_array(arena, op->list->n_files, sizeof *op->files);
    if (!op->files) return firn_fail_nomem(err);
    FIRN_TRY(firn_name_mapping_parse(op->target->mapping, arena, &op->mapping, err));
    FIRN_TRY(firn_writer_config__read(op->target->metadata, op->schema, arena, &op->config, err));
    FIRN_TRY(make_workers(op, arena, err));
    FIRN_TRY(firn_import_footers_each(op->target, op->list, read_metrics, op, err));
    for (size_t i = 0; i < op->list->n_files; i++) {
        const firn_data_file made = op->files[i];
        FIRN_TRY(firn_data_file_copy(&made, arena, &op->files[i], err));
    }
    return FIRN_OK;
}

firn_status firn_import_footers_read(const firn_import_target *target, const firn_import_list *list,
                                     firn_arena *arena, firn_data_file **out, firn_error *err)
{
    metrics_op op = {
        .target = target, .list = list, .schema = firn_metadata_schema(target->metadata)};
    const firn_status st = run(&op, arena, err);
    for (size_t i = 0; i < op.n_workers; i++) {
        firn_arena_destroy(op.workers[i].arena);
        firn_parquet_memory_destroy(op.workers[i].memory);
    }
    *out = op.files;
    return st;
}
