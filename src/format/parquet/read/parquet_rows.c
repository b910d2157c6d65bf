/* SPDX-License-Identifier: Apache-2.0 */
/* The row reader: decides which rows come next (row groups, ranges, what a filter picks), asks
 * every projected column for them, lends memory to callers that brought none. Decoding is
 * parquet_leaf_read.c's, nesting parquet_assemble.c's, picking parquet_pick.c's. */
#include "base/alloc.h"
#include "base/error.h"
#include "format/columns/column_loan.h"
#include "format/columns/drop_rows.h"
#include "format/columns/row_ranges.h"
#include "format/parquet/read/parquet_pick.h"

#define ARENA_LIMIT ((size_t)1 << 30)
/* After so many batches of fewer rows than usual, more are tried again; after twice as many each
 * time that they were too many. */
#define PATIENCE 16

struct firn_parquet_rows {
    firn_arena *arena;
    firn_arena *group_arena; /* page indexes of the row group */
    firn_pq_plan plan;
    firn_type planned; /* the projection and what the filter needs besides */
    const firn_type *projection;
    firn_parquet_memory *own_memory; /* NULL: the caller's is used */
    const firn_row_range *ranges;    /* NULL: all rows */
    size_t n_ranges;
    firn_pq_pick pick;
    size_t next_group, end_group;
    int64_t next_row, end_row; /* of the current row group, in the file */
    int64_t most_rows;         /* of it in a batch, by the size of its values on average */
    int64_t batch_rows;        /* the same where they are larger than that */
    int64_t n_fitting;         /* batches since batch_rows changed */
    int64_t patience;          /* how many there have to be for more rows */
    bool is_trial;             /* of more rows than fitted before */
    /* Rows that have been chosen; those before run_at, and given rows of that run, are done. */
    firn_pq_run *runs;
    size_t n_runs, run_at;
    int64_t given;
    firn_row_range *last; /* of the last batch */
    size_t n_last;
    firn_row_range *sieved; /* the next to be last */
    bool has_failed;
    firn_column_loan loan;
};

static bool is_flat(const firn_pq_read *read)
{
    return read->kind == FIRN_PQ_READ_MISSING ||
           (read->kind == FIRN_PQ_READ_LEAF && read->node->rep == 0);
}

/* ---- open ---- */

static firn_status check_opts(const firn_parquet_file *file, const firn_parquet_rows_opts *opts,
                              firn_error *err)
{
    int64_t row = 0;
    if (opts->first_row_group > file->n_row_groups ||
        opts->n_row_groups > file->n_row_groups - opts->first_row_group)
        return firn_fail(err, FIRN_ERR_ARG, "row groups %zu to %zu, the file has %zu",
                         opts->first_row_group, opts->first_row_group + opts->n_row_groups,
                         file->n_row_groups);
    for (size_t i = 0; opts->ranges && i < opts->n_ranges; i++) {
        const firn_row_range *range = &opts->ranges[i];
        if (range->first < row || range->n <= 0 || range->n > file->n_rows - range->first)
            return firn_fail(err, FIRN_ERR_ARG,
                             "rows %lld and %lld more, expected sorted ranges of %lld rows",
                             (long long)range->first, (long long)range->n, (long long)file->n_rows);
        row = range->first + range->n;
    }
    return FIRN_OK;
}

static firn_status plan_columns(firn_parquet_rows *rows, firn_error *err)
{
    firn_pq_plan *plan = &rows->plan;
    rows->planned = *rows->projection;
    if (rows->projection->kind == FIRN_TYPE_STRUCT && rows->pick.filter)
        FIRN_TRY(firn_pq_pick_project(&rows->pick, plan, rows->projection, &rows->planned, err));
    FIRN_TRY(firn_pq_plan_build(plan, &rows->planned, err));
    for (size_t i = 0; i < plan->n_leaves; i++) {
        plan->leaves[i]->by_levels = true;
        plan->leaves[i]->index_arena = rows->group_arena;
    }
    for (size_t i = 0; i < plan->root.n_children; i++) {
        const firn_pq_read *read = &plan->root.children[i];
        if (read->kind != FIRN_PQ_READ_MISSING && is_flat(read)) read->leaf->by_levels = false;
    }
    return firn_pq_pick_init(&rows->pick, plan, err);
}

static firn_status make_memory(firn_parquet_rows *rows, firn_error *err)
{
    rows->group_arena = firn_arena_create(NULL, ARENA_LIMIT);
    rows->loan.projection = rows->projection;
    rows->loan.is_lent =
        firn_arena_array(rows->arena, rows->projection->n_fields, sizeof *rows->loan.is_lent);
    rows->runs = firn_arena_array(rows->arena, FIRN_BATCH_ROWS, sizeof *rows->runs);
    rows->last = firn_arena_array(rows->arena, FIRN_BATCH_ROWS, sizeof *rows->last);
    rows->sieved = firn_arena_array(rows->arena, FIRN_BATCH_ROWS, sizeof *rows->sieved);
    const bool has_all =
        rows->group_arena && rows->loan.is_lent && rows->runs && rows->last && rows->sieved;
    return has_all ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status open_in_arena(firn_parquet_rows *rows, const firn_parquet_file *file,
                                 const firn_type *projection, const firn_parquet_rows_opts *opts,
                                 firn_error *err)
{
    static const firn_parquet_rows_opts k_defaults = {0};
    if (!opts) opts = &k_defaults;
    FIRN_TRY(check_opts(file, opts, err));
    if (!opts->memory) FIRN_TRY(firn_parquet_memory_create(&rows->own_memory, err));
    rows->plan.memory = opts->memory ? opts->memory : rows->own_memory;
    rows->projection = projection;
    FIRN_TRY(make_memory(rows, err));
    rows->plan.arena = rows->arena;
    rows->plan.file = file;
    rows->plan.match = opts->match;
    rows->plan.types = opts->types;
    rows->plan.window_bytes = opts->window_bytes;
    rows->ranges = opts->ranges;
    rows->n_ranges = opts->n_ranges;
    rows->pick.filter = opts->filter;
    rows->next_group = opts->first_row_group;
    rows->end_group =
        opts->n_row_groups > 0 ? opts->first_row_group + opts->n_row_groups : file->n_row_groups;
    if (rows->next_group < rows->end_group)
        rows->last[0].first = file->row_groups[rows->next_group].first_row;
    return plan_columns(rows, err);
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
    firn_arena_destroy(rows->group_arena);
    firn_arena_destroy(rows->arena);
}

int64_t firn_parquet_rows_position(const firn_parquet_rows *rows)
{
    return rows->last[0].first;
}

const firn_row_range *firn_parquet_rows_runs(const firn_parquet_rows *rows, size_t *n)
{
    *n = rows->n_last;
    return rows->last;
}

/* ---- which rows ---- */

/* Index of the first range with rows at or after row. */
static size_t find_range(const firn_parquet_rows *rows, int64_t row)
{
    return firn_row_ranges_find(rows->ranges, rows->n_ranges, row);
}

static bool has_rows(const firn_parquet_rows *rows, int64_t first, int64_t end)
{
    if (first >= end || !rows->ranges) return first < end;
    const size_t at = find_range(rows, first);
    return at < rows->n_ranges && rows->ranges[at].first < end;
}

static bool has_all_rows(const firn_parquet_rows *rows, int64_t first, int64_t end)
{
    if (!rows->ranges) return true;
    const size_t at = find_range(rows, first);
    return at < rows->n_ranges && rows->ranges[at].first <= first &&
           rows->ranges[at].first + rows->ranges[at].n >= end;
}

static firn_status start_leaf(const firn_parquet_rows *rows, firn_pq_leaf *leaf, size_t group,
                              firn_error *err)
{
    const bool is_sparse = !has_all_rows(rows, rows->next_row, rows->end_row);
    leaf->is_sparse = is_sparse;
    leaf->pages.wanted = is_sparse ? rows->ranges : NULL;
    leaf->pages.n_wanted = is_sparse ? rows->n_ranges : 0;
    leaf->pages.is_hesitant = rows->pick.n_columns > 0;
    for (size_t i = 0; i < rows->pick.n_columns; i++)
        if (rows->pick.columns[i].leaf == leaf) leaf->pages.is_hesitant = false;
    return firn_pq_leaf_start(leaf, group, err);
}

/* Steps to the next row group with rows that are wanted; FIRN_DONE after the last. */
static firn_status begin_row_group(firn_parquet_rows *rows, firn_error *err)
{
    const firn_pq_plan *plan = &rows->plan;
    while (!has_rows(rows, rows->next_row, rows->end_row)) {
        if (rows->next_group == rows->end_group) return FIRN_DONE;
        const size_t group = rows->next_group++;
        rows->next_row = plan->file->row_groups[group].first_row;
        rows->end_row = rows->next_row + plan->file->row_groups[group].n_rows;
        if (!has_rows(rows, rows->next_row, rows->end_row)) continue;
        FIRN_TRY(firn_pq_batch_rows(plan->leaves, plan->n_leaves, group, &rows->most_rows, err));
        rows->batch_rows = rows->most_rows;
        rows->patience = PATIENCE;
        rows->is_trial = false;
        firn_arena_reset(rows->group_arena);
        for (size_t i = 0; i < plan->n_leaves; i++)
            FIRN_TRY(firn_error_wrap(err, start_leaf(rows, plan->leaves[i], group, err),
                                     "row group %zu", group));
    }
    return FIRN_OK;
}

/* The next wanted rows of the row group, as many as a batch holds. */
static size_t take_candidates(firn_parquet_rows *rows, firn_row_range *out)
{
    int64_t room = rows->batch_rows < FIRN_BATCH_ROWS ? rows->batch_rows : FIRN_BATCH_ROWS;
    size_t n = 0;
    while (room > 0 && has_rows(rows, rows->next_row, rows->end_row)) {
        firn_row_range range = {rows->next_row, rows->end_row - rows->next_row};
        if (rows->ranges) {
            range = rows->ranges[find_range(rows, rows->next_row)];
            if (range.first < rows->next_row) {
                range.n -= rows->next_row - range.first;
                range.first = rows->next_row;
            }
            if (range.n > rows->end_row - range.first) range.n = rows->end_row - range.first;
        }
        if (range.n > room) range.n = room;
        out[n++] = range;
        room -= range.n;
        rows->next_row = range.first + range.n;
    }
    return n;
}

static void begin_budget(const firn_parquet_rows *rows, int64_t n_rows)
{
    rows->plan.budget->used = 0;
    rows->plan.budget->n_rows = n_rows;
}

/* Was it read when the rows were picked, so that reading the batch leaves it alone? */
static bool is_picked(const firn_parquet_rows *rows, const firn_pq_leaf *leaf)
{
    if (!rows->pick.is_on) return false;
    for (size_t i = 0; i < rows->pick.n_columns; i++)
        if (rows->pick.columns[i].leaf == leaf) return true;
    return false;
}

/* Picked columns count batches of candidates, the others calls. */
static void count_call(firn_parquet_rows *rows, bool of_filter)
{
    for (size_t i = 0; i < rows->plan.n_leaves; i++)
        if (is_picked(rows, rows->plan.leaves[i]) == of_filter) rows->plan.leaves[i]->blocks.call++;
}

/* The batch took too much: leaves that were read for it (those of the filter, or the others) go
 * back, and it gets half the rows. */
static firn_status start_over(firn_parquet_rows *rows, bool of_filter, firn_error *err)
{
    rows->batch_rows = rows->plan.budget->n_rows / 2;
    rows->n_fitting = 0;
    if (rows->is_trial) rows->patience *= 2;
    rows->is_trial = false;
    for (size_t i = 0; i < rows->plan.n_leaves; i++) {
        firn_pq_leaf *leaf = rows->plan.leaves[i];
        if (is_picked(rows, leaf) == of_filter) FIRN_TRY(firn_pq_leaf_start_over(leaf, err));
    }
    return FIRN_OK;
}

static void note_fitting(firn_parquet_rows *rows)
{
    if (rows->batch_rows >= rows->most_rows || ++rows->n_fitting < rows->patience) return;
    rows->batch_rows *= 2;
    rows->n_fitting = 0;
    rows->is_trial = true;
}

static firn_status choose_rows(firn_parquet_rows *rows, firn_error *err)
{
    FIRN_TRY(begin_row_group(rows, err));
    rows->run_at = 0;
    rows->given = 0;
    count_call(rows, true);
    for (;;) {
        int64_t n_rows = 0;
        const size_t n = take_candidates(rows, rows->last);
        for (size_t i = 0; i < n; i++) n_rows += rows->last[i].n;
        begin_budget(rows, n_rows);
        const firn_status st =
            firn_pq_pick_rows(&rows->pick, rows->last, n, rows->runs, &rows->n_runs, err);
        if (st != FIRN_NEED_MORE) return st;
        rows->next_row = rows->last[0].first;
        FIRN_TRY(start_over(rows, true, err));
    }
}

/* The runs of the next batch: what was chosen and not given, up to max_rows. */
static int64_t fill_last(firn_parquet_rows *rows, int64_t max_rows)
{
    int64_t n_rows = 0, given = rows->given;
    rows->n_last = 0;
    for (size_t i = rows->run_at; i < rows->n_runs && n_rows < max_rows; i++) {
        firn_row_range range = rows->runs[i].rows;
        range.first += given;
        range.n -= given;
        if (range.n > max_rows - n_rows) range.n = max_rows - n_rows;
        rows->last[rows->n_last++] = range;
        n_rows += range.n;
        given = 0;
    }
    return n_rows;
}

/* n rows have been given. */
static void step_runs(firn_parquet_rows *rows, int64_t n)
{
    while (n > 0) {
        const int64_t left = rows->runs[rows->run_at].rows.n - rows->given;
        const int64_t k = n < left ? n : left;
        rows->given += k;
        n -= k;
        if (rows->given < rows->runs[rows->run_at].rows.n) continue;
        rows->run_at++;
        rows->given = 0;
    }
}

/* ---- one batch ---- */

static firn_status read_picked(const firn_parquet_rows *rows, const firn_pq_pick_column *from,
                               firn_pq_flat *to, firn_error *err)
{
    int64_t given = rows->given;
    size_t at = 0;
    for (size_t i = 0; i < rows->n_last; i++) {
        const firn_pq_run run = {rows->last[i], rows->runs[rows->run_at + i].at + (size_t)given};
        FIRN_TRY(firn_pq_pick_copy(from, &run, to, at, err));
        at += (size_t)run.rows.n;
        given = 0;
    }
    return FIRN_OK;
}

static firn_status read_leaf(const firn_parquet_rows *rows, firn_pq_leaf *leaf, firn_pq_flat *to,
                             firn_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < rows->n_last; i++) {
        const firn_row_range *run = &rows->last[i];
        FIRN_TRY(firn_pq_leaf_seek(leaf, run->first - leaf->pages.first_row, err));
        FIRN_TRY(firn_pq_leaf_read_flat(leaf, to, at, (size_t)run->n, err));
        at += (size_t)run->n;
    }
    return FIRN_OK;
}

static firn_status read_flat(const firn_parquet_rows *rows, size_t child, firn_column *column,
                             int64_t n, firn_error *err)
{
    const firn_pq_read *read = &rows->plan.root.children[child];
    firn_pq_flat to = {.values = column->values, .validity = column->validity};
    if (read->kind == FIRN_PQ_READ_MISSING)
        return firn_pq_fill_missing(read->field, column, (size_t)n, err);
    const firn_pq_pick_column *picked =
        rows->pick.is_on ? firn_pq_pick_find(&rows->pick, child) : NULL;
    FIRN_TRY(picked ? read_picked(rows, picked, &to, err) : read_leaf(rows, read->leaf, &to, err));
    column->n_values = n;
    if (to.n_nulls > 0 && read->field->is_required)
        return firn_fail(err, FIRN_ERR_CORRUPT, "column %.*s is required but has %zu nulls",
                         FIRN_STR_ARG(read->field->name), to.n_nulls);
    return FIRN_OK;
}

/* Levels of one run for all nested columns; *n_rows in: of the run, out: how many fit. */
static firn_status read_run(const firn_parquet_rows *rows, const firn_row_range *run,
                            size_t *n_rows, firn_error *err)
{
    const firn_pq_plan *plan = &rows->plan;
    for (size_t i = 0; i < plan->n_leaves; i++)
        if (plan->leaves[i]->by_levels)
            FIRN_TRY(firn_pq_leaf_seek(plan->leaves[i],
                                       run->first - plan->leaves[i]->pages.first_row, err));
    *n_rows = 0;
    for (size_t i = 0; i < plan->root.n_children; i++)
        if (!is_flat(&plan->root.children[i]))
            FIRN_TRY(firn_pq_read_levels(&plan->root.children[i], (size_t)run->n, n_rows, err));
    return FIRN_OK;
}

/* Nested columns go first: a batch of long lists gets fewer rows, and all columns the same. */
static firn_status read_nested(firn_parquet_rows *rows, firn_column **columns, int64_t *n,
                               firn_error *err)
{
    const firn_pq_plan *plan = &rows->plan;
    bool has_nested = false;
    int64_t total = 0;
    for (size_t i = 0; i < rows->projection->n_fields; i++) {
        if (is_flat(&plan->root.children[i])) continue;
        firn_pq_bind(&plan->root.children[i], columns[i]);
        has_nested = true;
    }
    if (!has_nested) return FIRN_OK;
    for (size_t i = 0; i < plan->n_leaves; i++) firn_pq_leaf_clear(plan->leaves[i]);
    for (size_t i = 0; i < rows->n_last; i++) {
        size_t got = 0;
        FIRN_TRY(read_run(rows, &rows->last[i], &got, err));
        total += (int64_t)got;
        if ((int64_t)got == rows->last[i].n) continue;
        rows->last[i].n = (int64_t)got;
        rows->n_last = i + 1;
    }
    if (total > 0) *n = total;
    return FIRN_OK;
}

static firn_status read_columns(firn_parquet_rows *rows, firn_column **columns, int64_t *n,
                                firn_error *err)
{
    FIRN_TRY(read_nested(rows, columns, n, err));
    for (size_t i = 0; i < rows->projection->n_fields; i++) {
        const firn_pq_read *read = &rows->plan.root.children[i];
        if (is_flat(read))
            FIRN_TRY(read_flat(rows, i, columns[i], *n, err));
        else
            FIRN_TRY(firn_pq_assemble(read, columns[i], (size_t)*n, (size_t)*n, err));
    }
    return FIRN_OK;
}

/* As read_columns, with the last n rows or the first of them. */
static firn_status read_fitting(firn_parquet_rows *rows, firn_column **columns, int64_t *n,
                                firn_error *err)
{
    for (;;) {
        begin_budget(rows, *n);
        const firn_status st = read_columns(rows, columns, n, err);
        if (st == FIRN_OK) note_fitting(rows);
        if (st != FIRN_NEED_MORE) return st;
        FIRN_TRY(start_over(rows, false, err));
        *n = fill_last(rows, rows->batch_rows);
    }
}

/* Rows that were decoded only because they lie between others go. */
static void sieve(firn_parquet_rows *rows, firn_batch *batch)
{
    uint64_t keep[FIRN_BATCH_ROWS / 64] = {0};
    firn_row_range *const last = rows->last;
    size_t n = 0;
    if (!firn_pq_pick_sieve(&rows->pick, rows->runs + rows->run_at, last, rows->n_last, rows->given,
                            keep, rows->sieved, &n))
        return;
    firn_batch_keep_rows(batch, keep);
    if (n == 0) rows->sieved[0] = (firn_row_range){last[0].first, 0}; /* where the reader is */
    rows->last = rows->sieved;
    rows->sieved = last;
    rows->n_last = n;
}

static firn_status read_batch(firn_parquet_rows *rows, int64_t max_rows, firn_batch *batch,
                              firn_error *err)
{
    firn_column *few[64] = {NULL};
    firn_column **columns = few;
    const size_t n_columns = rows->projection->n_fields;
    if (rows->run_at == rows->n_runs) FIRN_TRY(choose_rows(rows, err));
    if (max_rows > FIRN_BATCH_ROWS) max_rows = FIRN_BATCH_ROWS;
    int64_t n = fill_last(rows, max_rows < rows->batch_rows ? max_rows : rows->batch_rows);
    if (n == 0) return FIRN_OK;
    if (n_columns > sizeof few / sizeof *few) {
        columns = firn_mem_alloc_zero(NULL, n_columns * sizeof *columns);
        if (!columns) return firn_fail_nomem(err);
    }
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < n_columns && st == FIRN_OK; i++)
        st = firn_column_loan_choose(&rows->loan, batch, i, n, &columns[i], err);
    if (st == FIRN_OK) st = read_fitting(rows, columns, &n, err);
    if (columns != few) firn_mem_free(NULL, columns);
    FIRN_TRY(st);
    firn_column_loan_give(&rows->loan, batch);
    batch->n_rows = n;
    sieve(rows, batch);
    step_runs(rows, n);
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
    count_call(rows, false);
    const firn_status st = read_batch(rows, max_rows, batch, err);
    if (st != FIRN_OK && st != FIRN_DONE) rows->has_failed = true;
    return st;
}
