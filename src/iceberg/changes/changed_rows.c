/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that only the filter looks at are read behind those that are given, and not shown. */
#include "iceberg/changes/changed_rows.h"

#include <string.h>

#include "base/error.h"
#include "format/columns/drop_rows.h"
#include "iceberg/scan/exact_filter.h"
#include "iceberg/scan/table_rows.h"

struct firn_changed_rows {
    const firn_expr *filter; /* bound; NULL: all rows */
    const firn_type *read;   /* what is read: the columns that are given first */
    firn_changes *changes;
    firn_batch *batch; /* rows that passed */
    firn_batch shown;
};

static firn_status bind(firn_changed_rows *rows, const firn_table_metadata *metadata,
                        const firn_changed_rows_opts *opts, firn_arena *arena, firn_error *err)
{
    const firn_schema *schema =
        opts->changes.schema ? opts->changes.schema : firn_metadata_schema(metadata);
    const firn_type *all = NULL;
    FIRN_TRY(firn_changelog_columns(schema, arena, &all, err));
    rows->read = opts->changes.columns ? opts->changes.columns : all;
    if (!opts->filter) return FIRN_OK;
    firn_schema *changelog = firn_arena_alloc_zero(arena, sizeof *changelog);
    if (!changelog) return firn_fail_nomem(err);
    changelog->root = *all;
    FIRN_TRY(firn_expr_bind(opts->filter, changelog, arena, &rows->filter, err));
    rows->shown.n_columns = rows->read->n_fields;
    FIRN_TRY(firn_table_rows_columns(rows->read, all, rows->filter, arena, &rows->read, err));
    return firn_batch_create(rows->read, FIRN_BATCH_ROWS, &rows->batch, err);
}

firn_status firn_changed_rows_open(firn_env *env, firn_store *store,
                                   const firn_table_metadata *metadata,
                                   const firn_changed_rows_opts *opts, firn_arena *arena,
                                   firn_changed_rows **out, firn_error *err)
{
    firn_changed_rows *rows = firn_arena_alloc_zero(arena, sizeof *rows);
    firn_changes_opts changes = opts->changes;
    *out = NULL;
    if (!rows) return firn_fail_nomem(err);
    firn_status st = bind(rows, metadata, opts, arena, err);
    changes.columns = rows->read;
    if (st == FIRN_OK)
        st = firn_changelog_open(env, store, metadata, &changes, rows->filter, &rows->changes, err);
    if (st == FIRN_OK)
        *out = rows;
    else
        firn_changed_rows_close(rows);
    return st;
}

void firn_changed_rows_close(firn_changed_rows *rows)
{
    if (!rows) return;
    firn_changes_close(rows->changes);
    firn_batch_destroy(rows->batch);
}

/* The changelog's batch is not ours to change. */
static firn_status keep_rows(firn_changed_rows *rows, const firn_batch *batch, firn_error *err)
{
    uint64_t keep[FIRN_ROW_WORDS(FIRN_BATCH_ROWS)];
    int64_t numbers[FIRN_BATCH_ROWS];
    int64_t n = 0;
    memset(keep, 0xff, sizeof keep);
    FIRN_TRY(firn_expr_keep_rows(rows->filter, rows->read, batch, keep, err));
    for (int64_t i = 0; i < batch->n_rows; i++)
        if (keep[i / 64] >> (i % 64) & 1) numbers[n++] = i;
    firn_batch_reset(rows->batch);
    return firn_batch_append_rows(rows->batch, batch, numbers, n, err);
}

firn_status firn_changed_rows_next(firn_changed_rows *rows, const firn_batch **out, firn_error *err)
{
    if (!rows->filter) return firn_changes_next(rows->changes, out, err);
    for (;;) {
        const firn_batch *batch = NULL;
        FIRN_TRY(firn_changes_next(rows->changes, &batch, err));
        FIRN_TRY(keep_rows(rows, batch, err));
        if (rows->batch->n_rows == 0) continue;
        rows->shown.n_rows = rows->batch->n_rows;
        rows->shown.columns = rows->batch->columns;
        *out = &rows->shown;
        return FIRN_OK;
    }
}
