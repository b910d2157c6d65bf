/* SPDX-License-Identifier: Apache-2.0 */
/* One column of a row group without some of its rows: decoded page by page as readers do it,
 * thinned out, encoded as writers do it. A leaf of a nested column is read without its siblings.
 * Not here: which pages (parquet_copy_pages.c). */
#include "base/error.h"
#include "format/columns/drop_rows.h"
#include "format/columns/row_ranges.h"
#include "format/parquet/copy/parquet_copy_internal.h"

/* No file has a field with this id. */
#define NO_ID (-2)

static const firn_type k_nothing = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_field k_missing = {.id = NO_ID, .name = FIRN_STR_INIT(""), .type = &k_nothing};

firn_pq_recoder firn_pq_recoder_of(const firn_parquet_copy *copy, firn_parquet_column *c,
                                   firn_parquet_scratch *scratch)
{
    return (firn_pq_recoder){.copy = copy, .column = c, .scratch = scratch};
}

void firn_pq_recoder_close(firn_pq_recoder *r)
{
    firn_parquet_rows_close(r->rows);
    firn_arena_destroy(r->arena);
    r->rows = NULL;
    r->arena = NULL;
}

/* ---- what is read ---- */

/* A copy of the type's fields; in a struct those beside the one of the step are not in the file.
 * The field's type becomes a copy, too, which is to be narrowed next. */
static firn_type *narrow(firn_arena *arena, firn_type *type, size_t child)
{
    firn_field *fields = firn_arena_array(arena, type->n_fields, sizeof *fields);
    firn_type *next = firn_arena_array(arena, 1, sizeof *next);
    if (!fields || !next) return NULL;
    for (size_t i = 0; i < type->n_fields; i++) {
        const bool is_kept = i == child || type->kind != FIRN_TYPE_STRUCT;
        fields[i] = is_kept ? type->fields[i] : k_missing;
    }
    *next = *fields[child].type;
    fields[child].type = next;
    type->fields = fields;
    return next;
}

static firn_status make_projection(firn_pq_recoder *r, firn_error *err)
{
    const firn_parquet_leaf *leaf = r->column->leaf;
    firn_field *field = firn_arena_array(r->arena, 1, sizeof *field);
    firn_parquet_step *steps = firn_arena_array(r->arena, leaf->n_steps, sizeof *steps);
    if (!field || !steps) return firn_fail_nomem(err);
    *field = r->copy->root->fields[leaf->steps[0].child];
    r->projection = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = field, .n_fields = 1};
    for (size_t i = 0; i < leaf->n_steps; i++) steps[i] = leaf->steps[i];
    steps[0].child = 0;
    r->leaf = *leaf;
    r->leaf.steps = steps;
    firn_type *type = &r->projection;
    for (size_t i = 0; i < leaf->n_steps; i++) {
        type = narrow(r->arena, type, steps[i].child);
        if (!type) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

/* Rows of the file in pages that are recoded. */
static firn_status find_ranges(const firn_pq_recoder *r, const firn_pq_source_chunk *chunk,
                               firn_row_ranges *out, firn_error *err)
{
    firn_row_range range = {.first = r->copy->first_row};
    for (size_t i = 0; i < chunk->n_pages; i++, range.first += range.n) {
        range.n = chunk->pages[i].n_rows;
        if (chunk->pages[i].is_recoded && range.n > 0)
            FIRN_TRY(firn_row_ranges_add(out, range, r->arena, err));
    }
    return FIRN_OK;
}

static firn_status open_rows(firn_pq_recoder *r, const firn_pq_source_chunk *chunk, firn_error *err)
{
    firn_row_ranges ranges = {0};
    r->arena = firn_arena_create(r->copy->alloc, 0);
    if (!r->arena) return firn_fail_nomem(err);
    FIRN_TRY(make_projection(r, err));
    FIRN_TRY(find_ranges(r, chunk, &ranges, err));
    if (!r->scratch->memory) FIRN_TRY(firn_parquet_memory_create(&r->scratch->memory, err));
    const firn_parquet_rows_opts opts = {
        .first_row_group = r->copy->row_group,
        .n_row_groups = 1,
        .memory = r->scratch->memory,
        .ranges = ranges.n > 0 ? ranges.items : NULL,
        .n_ranges = ranges.n,
    };
    return firn_parquet_rows_open(r->copy->file, &r->projection, &opts, &r->rows, err);
}

/* ---- rows ---- */

static void leave_out(const firn_pq_recoder *r, firn_batch *batch)
{
    uint64_t keep[FIRN_ROW_WORDS(FIRN_BATCH_ROWS)];
    const int64_t first = firn_parquet_rows_position(r->rows) - r->copy->first_row;
    if (!r->copy->gone) return;
    for (int64_t i = 0; i < batch->n_rows; i += 64) {
        const int64_t rest = batch->n_rows - i;
        keep[i >> 6] = ~firn_pq_copy_gone(r->copy, first + i, rest < 64 ? rest : 64);
    }
    firn_batch_keep_rows(batch, keep);
}

static firn_status encode(const firn_pq_recoder *r, const firn_batch *batch, firn_error *err)
{
    const int64_t most = (int64_t)r->column->settings->page_rows;
    for (int64_t from = 0; from < batch->n_rows;) {
        const int64_t rest = batch->n_rows - from;
        const int64_t n = rest < most ? rest : most;
        firn_parquet_run run;
        FIRN_TRY(firn_parquet_shred(&r->scratch->shredder, &r->leaf, batch, from, n, &run, err));
        FIRN_TRY(firn_parquet_column_append(r->column, r->scratch, &run, err));
        from += n;
    }
    return FIRN_OK;
}

firn_status firn_pq_recoder_append(firn_pq_recoder *r, const firn_pq_source_chunk *chunk, int64_t n,
                                   firn_error *err)
{
    if (!r->rows) FIRN_TRY(open_rows(r, chunk, err));
    while (n > 0) {
        firn_column column = {0};
        firn_batch batch = {.n_columns = 1, .columns = &column};
        const firn_status st = firn_parquet_rows_next(r->rows, n, &batch, err);
        if (st == FIRN_DONE)
            return firn_fail(err, FIRN_ERR_CORRUPT, "row group %zu has %lld rows less than it says",
                             r->copy->row_group, (long long)n);
        FIRN_TRY(st);
        n -= batch.n_rows;
        leave_out(r, &batch);
        FIRN_TRY(encode(r, &batch, err));
    }
    return FIRN_OK;
}
