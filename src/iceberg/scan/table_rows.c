/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that only the filter looks at are read behind those that are wanted, and not shown. */
#include "iceberg/scan/table_rows.h"

#include <string.h>

#include "base/error.h"
#include "format/columns/drop_rows.h"
#include "iceberg/scan/exact_filter.h"
#include "iceberg/scan/read.h"

struct firn_table_rows {
    const firn_expr *filter; /* bound */
    firn_scan_stats stats;
    const firn_type *read; /* what is read: wanted columns first */
    firn_scan_queue *queue;
    firn_scan_reader *reader;
    firn_batch *batch;
    firn_batch shown;
};

/* True for a field of the type or of one inside it. */
static bool has_field(const firn_type *type, int32_t id)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].id == id || has_field(type->fields[i].type, id)) return true;
    return false;
}

static const firn_field *find_root(const firn_type *root, int32_t id)
{
    for (size_t i = 0; i < root->n_fields; i++)
        if (root->fields[i].id == id || has_field(root->fields[i].type, id))
            return &root->fields[i];
    return NULL;
}

static firn_status add_field(firn_type *to, const firn_field *field, firn_arena *arena,
                             firn_error *err)
{
    firn_field *fields = firn_arena_array(arena, to->n_fields + 1, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    if (to->n_fields > 0) memcpy(fields, to->fields, to->n_fields * sizeof *fields);
    fields[to->n_fields] = *field;
    to->fields = fields;
    to->n_fields++;
    return FIRN_OK;
}

firn_status firn_table_rows_columns(const firn_type *wanted, const firn_type *all,
                                    const firn_expr *filter, firn_arena *arena,
                                    const firn_type **out, firn_error *err)
{
    const int32_t *ids = NULL;
    size_t n = 0;
    firn_type *read = firn_arena_alloc_zero(arena, sizeof *read);
    if (!read) return firn_fail_nomem(err);
    *read = *wanted;
    *out = read;
    FIRN_TRY(firn_expr_field_ids(filter, arena, &ids, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (has_field(read, ids[i])) continue;
        const firn_field *root = find_root(all, ids[i]);
        if (!root) return firn_fail(err, FIRN_ERR_INTERNAL, "filter on a field not in the schema");
        FIRN_TRY(add_field(read, root, arena, err));
    }
    return FIRN_OK;
}

static firn_status open_rows(firn_table_rows *rows, firn_env *env, firn_store *store,
                             const firn_table_metadata *metadata, const firn_table_rows_opts *opts,
                             firn_arena *arena, firn_error *err)
{
    const firn_plan_opts plan = {
        .snapshot_id = opts->snapshot_id, .schema = opts->schema, .filter = opts->filter};
    firn_plan_stream *stream = NULL;
    FIRN_TRY(firn_expr_bind(opts->filter, opts->schema, arena, &rows->filter, err));
    FIRN_TRY(firn_table_rows_columns(opts->columns, &opts->schema->root, rows->filter, arena,
                                     &rows->read, err));
    FIRN_TRY(firn_batch_create(rows->read, FIRN_BATCH_ROWS, &rows->batch, err));
    rows->shown =
        (firn_batch){.n_columns = opts->columns->n_fields, .columns = rows->batch->columns};
    FIRN_TRY(firn_plan_stream_open(env, store, metadata, &plan, &stream, err));
    FIRN_TRY(firn_scan_queue_stream(env, store, metadata, stream, &rows->queue, err));
    return firn_scan_reader_open(rows->queue, rows->read, rows->filter, &rows->reader, err);
}

firn_status firn_table_rows_open(firn_env *env, firn_store *store,
                                 const firn_table_metadata *metadata,
                                 const firn_table_rows_opts *opts, firn_arena *arena,
                                 firn_table_rows **out, firn_error *err)
{
    firn_table_rows *rows = firn_arena_alloc_zero(arena, sizeof *rows);
    *out = NULL;
    if (!rows) return firn_fail_nomem(err);
    const firn_status st = open_rows(rows, env, store, metadata, opts, arena, err);
    if (st == FIRN_OK)
        *out = rows;
    else
        firn_table_rows_close(rows);
    return st;
}

void firn_table_rows_close(firn_table_rows *rows)
{
    if (!rows) return;
    firn_scan_reader_close(rows->reader);
    firn_scan_queue_destroy(rows->queue);
    firn_batch_destroy(rows->batch);
}

firn_status firn_table_rows_next(firn_table_rows *rows, const firn_batch **out, firn_error *err)
{
    uint64_t keep[FIRN_ROW_WORDS(FIRN_BATCH_ROWS)];
    for (;;) {
        firn_batch_reset(rows->batch);
        FIRN_TRY(firn_scan_reader_next(rows->reader, FIRN_BATCH_ROWS, rows->batch, NULL, err));
        memset(keep, 0xff, sizeof keep);
        FIRN_TRY(firn_expr_keep_rows(rows->filter, rows->read, rows->batch, keep, err));
        firn_batch_keep_rows(rows->batch, keep);
        if (rows->batch->n_rows == 0) continue;
        rows->shown.n_rows = rows->batch->n_rows;
        rows->shown.columns = rows->batch->columns;
        *out = &rows->shown;
        return FIRN_OK;
    }
}

const firn_scan_stats *firn_table_rows_stats(firn_table_rows *rows)
{
    rows->stats = firn_scan_queue_stats(rows->queue);
    return &rows->stats;
}
