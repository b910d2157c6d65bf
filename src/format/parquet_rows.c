/* SPDX-License-Identifier: Apache-2.0 */
/* The row reader: walks row groups, asks every projected column for the same rows, lends memory to
 * callers that brought none. Decoding is parquet_leaf_read.c's, nesting parquet_assemble.c's. */
#include "base/alloc.h"
#include "base/error.h"
#include "format/column_loan.h"
#include "format/parquet_plan.h"

#define DEFAULT_WINDOW ((size_t)1 << 20)
#define ARENA_LIMIT    ((size_t)1 << 30)

struct firn_parquet_rows {
    firn_arena *arena;
    firn_pq_plan plan;
    const firn_type *projection;
    firn_parquet_memory *own_memory; /* NULL: the caller's is used */
    size_t next_group, end_group;
    int64_t rows_left; /* in the current row group */
    int64_t next_row;  /* number in the file of the next row */
    int64_t position;
    int64_t call;
    bool has_failed;
    firn_column_loan loan;
};

static firn_status open_in_arena(firn_parquet_rows *rows, const firn_parquet_file *file,
                                 const firn_type *projection, const firn_parquet_rows_opts *opts,
                                 firn_error *err)
{
    static const firn_parquet_rows_opts k_defaults = {0};
    if (!opts) opts = &k_defaults;
    if (opts->first_row_group > file->n_row_groups ||
        opts->n_row_groups > file->n_row_groups - opts->first_row_group)
        return firn_fail(err, FIRN_ERR_ARG, "row groups %zu to %zu, the file has %zu",
                         opts->first_row_group, opts->first_row_group + opts->n_row_groups,
                         file->n_row_groups);
    if (!opts->memory) FIRN_TRY(firn_parquet_memory_create(&rows->own_memory, err));
    rows->plan.memory = opts->memory ? opts->memory : rows->own_memory;
    rows->plan.arena = rows->arena;
    rows->plan.file = file;
    rows->plan.match = opts->match;
    rows->plan.types = opts->types;
    rows->plan.window_bytes = opts->window_bytes > 0 ? opts->window_bytes : DEFAULT_WINDOW;
    rows->projection = projection;
    rows->next_group = opts->first_row_group;
    rows->end_group =
        opts->n_row_groups > 0 ? opts->first_row_group + opts->n_row_groups : file->n_row_groups;
    if (rows->next_group < rows->end_group)
        rows->next_row = file->row_groups[rows->next_group].first_row;
    rows->position = rows->next_row;
    rows->loan.projection = projection;
    rows->loan.is_lent = firn_arena_array(rows->arena, projection->n_fields, sizeof(bool));
    if (!rows->loan.is_lent) return firn_fail_nomem(err);
    return firn_pq_plan_build(&rows->plan, projection, err);
}

firn_status firn_parquet_rows_open(const firn_parquet_file *file, const firn_type *projection,
                                   const firn_parquet_rows_opts *opts, firn_parquet_rows **out,
                                   firn_error *err)
{
    *out = NULL;
    firn_arena *arena = firn_arena_create(NULL, ARENA_LIMIT);
    if (!arena) return firn_fail_nomem(err);
    firn_parquet_rows *rows = firn_arena_alloc_zero(arena, sizeof *rows);
    if (!rows) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    rows->arena = arena;
    const firn_status st = open_in_arena(rows, file, projection, opts, err);
    if (st == FIRN_OK)
        *out = rows;
    else
        firn_parquet_rows_close(rows);
    return st;
}

void firn_parquet_rows_close(firn_parquet_rows *rows)
{
    if (!rows) return;
    for (size_t i = 0; i < rows->plan.n_leaves; i++) firn_pq_leaf_dispose(rows->plan.leaves[i]);
    firn_column_loan_dispose(&rows->loan);
    firn_parquet_memory_destroy(rows->own_memory);
    firn_arena_destroy(rows->arena);
}

int64_t firn_parquet_rows_position(const firn_parquet_rows *rows)
{
    return rows->position;
}

/* Steps to the next row group with rows; FIRN_DONE after the last. */
static firn_status begin_row_group(firn_parquet_rows *rows, firn_error *err)
{
    while (rows->rows_left == 0) {
        if (rows->next_group == rows->end_group) return FIRN_DONE;
        const size_t group = rows->next_group++;
        rows->rows_left = rows->plan.file->row_groups[group].n_rows;
        if (rows->rows_left == 0) continue;
        for (size_t i = 0; i < rows->plan.n_leaves; i++)
            FIRN_TRY(firn_error_wrap(err, firn_pq_leaf_start(rows->plan.leaves[i], group, err),
                                     "row group %zu", group));
    }
    return FIRN_OK;
}

/* ---- one batch ---- */

static bool is_flat(const firn_pq_read *read)
{
    return read->kind == FIRN_PQ_READ_MISSING ||
           (read->kind == FIRN_PQ_READ_LEAF && read->node->rep == 0);
}

static firn_status read_flat(const firn_pq_read *read, firn_column *column, int64_t n,
                             firn_error *err)
{
    size_t n_nulls = 0;
    if (read->kind == FIRN_PQ_READ_MISSING)
        return firn_pq_fill_missing(read->field, column, (size_t)n, err);
    FIRN_TRY(firn_pq_leaf_read_flat(read->leaf, (size_t)n, column->values, column->validity,
                                    &n_nulls, err));
    column->n_values = n;
    if (n_nulls > 0 && read->field->is_required)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column %.*s is required but has %zu nulls",
                         FIRN_STR_ARG(read->field->name), n_nulls);
    return FIRN_OK;
}

/* Nested columns go first: a batch of long lists gets fewer rows, and all columns the same. */
static firn_status read_columns(firn_parquet_rows *rows, firn_column **columns, int64_t *n,
                                firn_error *err)
{
    firn_pq_read *root = &rows->plan.root;
    size_t n_rows = 0;
    for (size_t i = 0; i < root->n_children; i++) {
        if (is_flat(&root->children[i])) continue;
        firn_pq_bind(&root->children[i], columns[i]);
        FIRN_TRY(firn_pq_read_levels(&root->children[i], (size_t)*n, &n_rows, err));
    }
    if (n_rows > 0) *n = (int64_t)n_rows;
    for (size_t i = 0; i < root->n_children; i++) {
        if (is_flat(&root->children[i]))
            FIRN_TRY(read_flat(&root->children[i], columns[i], *n, err));
        else
            FIRN_TRY(firn_pq_assemble(&root->children[i], columns[i], (size_t)*n, (size_t)*n, err));
    }
    return FIRN_OK;
}

static firn_status read_batch(firn_parquet_rows *rows, int64_t max_rows, firn_batch *batch,
                              firn_error *err)
{
    firn_column *few[64] = {NULL};
    firn_column **columns = few;
    const size_t n_columns = rows->plan.root.n_children;
    FIRN_TRY(begin_row_group(rows, err));
    int64_t n = max_rows < rows->rows_left ? max_rows : rows->rows_left;
    if (n > FIRN_BATCH_ROWS) n = FIRN_BATCH_ROWS;
    if (n_columns > sizeof few / sizeof *few) {
        columns = firn_mem_alloc_zero(NULL, n_columns * sizeof *columns);
        if (!columns) return firn_fail_nomem(err);
    }
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < n_columns && st == FIRN_OK; i++)
        st = firn_column_loan_choose(&rows->loan, batch, i, n, &columns[i], err);
    if (st == FIRN_OK) st = read_columns(rows, columns, &n, err);
    if (columns != few) firn_mem_free(NULL, columns);
    FIRN_TRY(st);
    firn_column_loan_give(&rows->loan, batch);
    batch->n_rows = n;
    rows->position = rows->next_row;
    rows->next_row += n;
    rows->rows_left -= n;
    return FIRN_OK;
}

firn_status firn_parquet_rows_next(firn_parquet_rows *rows, int64_t max_rows, firn_batch *batch,
                                   firn_error *err)
{
    batch->n_rows = 0;
    if (rows->has_failed)
        return firn_fail(err, FIRN_ERR_ARG, "the reader failed before and cannot go on");
    if (max_rows <= 0 || batch->n_columns != rows->projection->n_fields)
        return firn_fail(
            err, FIRN_ERR_ARG,
            "batch of %zu columns and %lld rows wanted, the projection has %zu columns",
            batch->n_columns, (long long)max_rows, rows->projection->n_fields);
    rows->call++;
    for (size_t i = 0; i < rows->plan.n_leaves; i++) rows->plan.leaves[i]->blocks.call = rows->call;
    const firn_status st = read_batch(rows, max_rows, batch, err);
    if (st != FIRN_OK && st != FIRN_DONE) rows->has_failed = true;
    return st;
}
