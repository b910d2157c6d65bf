/* SPDX-License-Identifier: Apache-2.0 */
#include "table_rows.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/scan/read.h"
#include "iceberg/spec/metadata_json.h"
#include "input_file.h"
#include "pick_columns.h"
#include "store/local.h"
#include "store/mapped.h"

struct table_rows {
    firn_arena *arena;
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata;
    const firn_schema *schema;
    firn_scan_plan plan;
    firn_scan_queue *queue;
    firn_scan_reader *reader;
    const firn_type *columns;
    firn_batch *batch;
    int64_t n_given, limit;
};

static firn_status open_store(app *a, table_rows *t, const app_args *maps, firn_error *err)
{
    const char *map;
    FIRN_TRY(firn_env_create(FIRN_ENV_OPTS(.n_threads = 1), &t->env, err));
    FIRN_TRY(firn_store_create(&t->store, err));
    for (size_t i = 0; (map = app_args_nth(maps, "map", i)) != NULL; i++) {
        firn_str folder = firn_str_of(map);
        const firn_str prefix = firn_arena_copy(a->arena, firn_str_split(&folder, '='));
        if (!prefix.data) return firn_fail_nomem(err);
        if (!folder.data || folder.len == 0 || prefix.len == 0)
            return firn_fail(err, FIRN_ERR_ARG, "--map needs OLD=NEW, found \"%s\"", map);
        const char *absolute = app_absolute(a, folder.data, err);
        if (!absolute) return err->status;
        FIRN_TRY(firn_store_add_mapped(t->store, t->env, prefix.data, absolute, err));
    }
    return firn_store_add_local(t->store, t->env, err);
}

static firn_status read_metadata(table_rows *t, const char *path, firn_error *err)
{
    input_file in;
    firn_buf bytes;
    firn_buf_init(&bytes, NULL, 0);
    FIRN_TRY(input_open(path, &in, err));
    firn_status st = input_read_all(&in, false, FIRN_LIMIT_METADATA, &bytes, err);
    if (st == FIRN_OK) st = firn_metadata_parse(firn_buf_view(&bytes), t->arena, &t->metadata, err);
    st = input_wrap(&in, st, err);
    firn_buf_dispose(&bytes);
    input_close(&in);
    return st;
}

/* Snapshot and schema that the options name; *id 0: the current one. */
static firn_status pick_snapshot(table_rows *t, const table_rows_opts *opts, int64_t *id,
                                 firn_error *err)
{
    bool has_own_schema = opts->snapshot != NULL;
    *id = 0;
    t->schema = firn_metadata_schema(t->metadata);
    if (opts->snapshot && !firn_str_to_i64(firn_str_of(opts->snapshot), id))
        return firn_fail(err, FIRN_ERR_ARG, "--snapshot needs an id, found \"%s\"", opts->snapshot);
    if (opts->ref) {
        const firn_snapshot_ref *ref = firn_metadata_find_ref(t->metadata, firn_str_of(opts->ref));
        if (!ref) return firn_fail(err, FIRN_ERR_NOT_FOUND, "no branch or tag \"%s\"", opts->ref);
        *id = ref->snapshot_id;
        has_own_schema = ref->is_tag;
    }
    const firn_snapshot *snapshot = firn_metadata_find_snapshot(t->metadata, *id);
    if (*id && !snapshot) return firn_fail(err, FIRN_ERR_NOT_FOUND, "no snapshot %" PRId64, *id);
    if (!has_own_schema || !snapshot || snapshot->schema_id < 0) return FIRN_OK;
    const firn_schema *own = firn_metadata_find_schema(t->metadata, snapshot->schema_id);
    if (own) t->schema = own;
    return FIRN_OK;
}

static firn_status open_scan(table_rows *t, const table_rows_opts *opts, firn_error *err)
{
    firn_plan_opts plan = {0};
    FIRN_TRY(pick_snapshot(t, opts, &plan.snapshot_id, err));
    plan.schema = t->schema;
    FIRN_TRY(pick_columns(&t->schema->root, opts->columns, t->arena, &t->columns, err));
    FIRN_TRY(firn_scan_plan_files(t->env, t->store, t->metadata, &plan, t->arena, &t->plan, err));
    FIRN_TRY(firn_scan_queue_create(t->env, t->store, t->metadata, &t->plan, &t->queue, err));
    FIRN_TRY(firn_scan_reader_open(t->queue, t->columns, NULL, &t->reader, err));
    return firn_batch_create(t->columns, FIRN_BATCH_ROWS, &t->batch, err);
}

firn_status table_rows_open(app *a, const table_rows_opts *opts, table_rows **out, firn_error *err)
{
    table_rows *t = firn_arena_alloc_zero(a->arena, sizeof *t);
    *out = t;
    if (!t) return firn_fail_nomem(err);
    t->arena = a->arena;
    t->limit = opts->limit;
    FIRN_TRY(open_store(a, t, opts->maps, err));
    FIRN_TRY(read_metadata(t, opts->metadata, err));
    return open_scan(t, opts, err);
}

void table_rows_close(table_rows *rows)
{
    if (!rows) return;
    firn_scan_reader_close(rows->reader);
    firn_scan_queue_destroy(rows->queue);
    firn_batch_destroy(rows->batch);
    firn_store_destroy(rows->store);
    firn_env_destroy(rows->env);
}

static firn_status next_rows(void *ctx, const firn_batch **out, firn_error *err)
{
    table_rows *t = ctx;
    int64_t max_rows = FIRN_BATCH_ROWS;
    if (t->limit >= 0 && t->limit - t->n_given < max_rows) max_rows = t->limit - t->n_given;
    if (max_rows <= 0) return FIRN_DONE;
    firn_batch_reset(t->batch);
    FIRN_TRY(firn_scan_reader_next(t->reader, max_rows, t->batch, NULL, err));
    t->n_given += t->batch->n_rows;
    *out = t->batch;
    return FIRN_OK;
}

row_stream table_rows_stream(table_rows *rows)
{
    return (row_stream){.ctx = rows, .columns = rows->columns, .next = next_rows};
}
