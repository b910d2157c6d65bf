/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a scan: takes units off the queue, selects the rows a filter may want, reads the columns
 * a file has and fills in those it has not.
 *
 * What equality deletes compare is read behind the columns of the batch, unless it is among them.
 * Deleted rows, and where only deleted rows are wanted all others, are taken out once a batch is
 * full.
 *
 * Text of a batch stays readable until the second next call, so a finished unit is kept for one
 * more call. Not here: handing out units (scan_queue.c), decoding (row_file.h). */
#include <string.h>

#include "base/error.h"
#include "format/columns/drop_rows.h"
#include "format/parquet/read/parquet_select.h"
#include "iceberg/scan/constant_column.h"
#include "iceberg/scan/file_projection.h"
#include "iceberg/scan/scan_filter.h"
#include "iceberg/scan/scan_queue.h"

/* Rows between wanted ones that are read along rather than skipped. */
#define MAX_GAP 64

/* A unit being read. */
typedef struct open_unit {
    firn_scan_unit unit;
    firn_arena *arena;
    firn_type wanted;        /* the scan's columns, then those only compared */
    const size_t **compared; /* for each set of equality deletes: places of its columns in wanted */
    const size_t **compared_only; /* the same of the sets that say which rows are wanted */
    firn_file_projection projection;
    firn_row_reader rows; /* closed: no column is read */
    int64_t n_given;
} open_unit;

struct firn_scan_reader {
    firn_scan_queue *queue;
    firn_arena *arena;
    const firn_allocator *alloc;
    firn_type wanted;
    const firn_expr *filter;
    bool needs_files;            /* some column must be looked for in the files */
    firn_parquet_memory *memory; /* of the readers of all units, one after another */
    open_unit current;
    open_unit retired;
    firn_column *columns;      /* of a unit: the batch's, then those only compared */
    size_t cap_columns;        /* of these arrays: the most a unit may have */
    firn_column *read_columns; /* columns as the row reader sees them */
    void **lent;               /* values pointers it lent to columns without memory */
    firn_column_memory *memories;
    uint64_t *keep; /* bits of the rows of a batch that stay; then as many of those not wanted */
    size_t n_keep_words;
    firn_buf key; /* of a row that is compared */
};

static void close_unit(firn_scan_reader *reader, open_unit *open)
{
    firn_row_reader_close(&open->rows);
    firn_scan_queue_release(reader->queue, &open->unit);
    firn_arena_destroy(open->arena);
    *open = (open_unit){0};
}

static firn_status init_reader(firn_scan_reader *reader, const firn_type *projection,
                               const firn_expr *filter, firn_error *err)
{
    const size_t n = projection->n_fields;
    const size_t cap = n + firn_scan_queue_max_compared(reader->queue);
    firn_field *fields = firn_arena_array(reader->arena, n, sizeof *fields);
    reader->columns = firn_arena_array(reader->arena, cap, sizeof *reader->columns);
    reader->read_columns = firn_arena_array(reader->arena, cap, sizeof *reader->read_columns);
    reader->lent = firn_arena_array(reader->arena, cap, sizeof(void *));
    reader->memories = firn_arena_array(reader->arena, cap, sizeof *reader->memories);
    if (!fields || !reader->columns || !reader->read_columns || !reader->lent || !reader->memories)
        return firn_fail_nomem(err);
    reader->cap_columns = cap;
    reader->needs_files = firn_scan_queue_by_value(reader->queue);
    if (n > 0) memcpy(fields, projection->fields, n * sizeof *fields);
    reader->wanted = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    reader->filter = filter ? filter : firn_expr_true();
    for (size_t i = 0; i < n; i++)
        if (!firn_field_is_metadata(fields[i].id)) reader->needs_files = true;
    return FIRN_OK;
}

firn_status firn_scan_reader_open(firn_scan_queue *queue, const firn_type *projection,
                                  const firn_expr *filter, firn_scan_reader **out, firn_error *err)
{
    const firn_allocator *alloc = firn_scan_queue_env(queue)->alloc;
    *out = NULL;
    if (projection->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "the projection of a scan must be a struct");
    firn_arena *arena = firn_arena_create(alloc, 0);
    firn_scan_reader *reader = arena ? firn_arena_alloc_zero(arena, sizeof *reader) : NULL;
    if (!reader) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    reader->queue = queue;
    reader->arena = arena;
    reader->alloc = alloc;
    firn_buf_init(&reader->key, alloc, 0);
    firn_status st = init_reader(reader, projection, filter, err);
    if (st == FIRN_OK) st = firn_parquet_memory_create(&reader->memory, err);
    if (st != FIRN_OK) {
        firn_arena_destroy(arena);
        return st;
    }
    *out = reader;
    return FIRN_OK;
}

void firn_scan_reader_close(firn_scan_reader *reader)
{
    int64_t n_pages = 0;
    int64_t n_skipped = 0;
    if (!reader) return;
    close_unit(reader, &reader->current);
    close_unit(reader, &reader->retired);
    firn_parquet_memory_pages(reader->memory, &n_pages, &n_skipped);
    firn_scan_queue_count_pages(reader->queue, n_pages, n_skipped);
    firn_parquet_memory_destroy(reader->memory);
    for (size_t i = 0; i < reader->cap_columns; i++)
        firn_column_memory_dispose(&reader->memories[i], reader->alloc);
    firn_mem_free(reader->alloc, reader->keep);
    firn_buf_dispose(&reader->key);
    firn_arena_destroy(reader->arena);
}

/* ---- units ---- */

/* Rows of a unit by their bits, as rows of the file; runs with few others between them are one. */
static firn_status ranges_of_bits(const uint64_t *bits, const firn_scan_unit *unit,
                                  firn_arena *arena, firn_row_reader_opts *opts, firn_error *err)
{
    const size_t n = (size_t)unit->n_rows;
    firn_row_range *ranges = NULL;
    size_t n_ranges = 0;
    size_t cap = 0;
    for (size_t row = 0; row < n; row++) {
        if (bits[row >> 6] == 0) {
            row |= 63;
            continue;
        }
        if ((bits[row >> 6] >> (row & 63) & 1) == 0) continue;
        const int64_t at = unit->first_row + (int64_t)row;
        firn_row_range *last = n_ranges > 0 ? &ranges[n_ranges - 1] : NULL;
        if (!last || at - (last->first + last->n) > MAX_GAP) {
            last = firn_arena_push(arena, &ranges, &n_ranges, &cap, sizeof *last);
            if (!last) return firn_fail_nomem(err);
            last->first = at;
        }
        last->n = at + 1 - last->first;
    }
    opts->ranges = ranges;
    opts->n_ranges = n_ranges;
    return FIRN_OK;
}

/* Where only rows at certain positions are wanted, pages without them need not be read. */
static firn_status select_only(open_unit *open, firn_row_reader_opts *opts, bool *has_rows,
                               firn_error *err)
{
    const firn_scan_unit *unit = &open->unit;
    const size_t n_words = FIRN_ROW_WORDS(unit->n_rows);
    *has_rows = true;
    if (!unit->only || unit->only->n_sets > 0) return FIRN_OK;
    uint64_t *bits = firn_arena_array(open->arena, n_words + 1, sizeof *bits);
    if (!bits) return firn_fail_nomem(err);
    memset(bits, 0xff, n_words * sizeof *bits);
    if (unit->only->positions)
        firn_bitmap_clear_bits(unit->only->positions, (uint64_t)unit->first_row,
                               (size_t)unit->n_rows, 0, bits);
    for (size_t i = 0; i < n_words; i++) bits[i] = ~bits[i];
    if (unit->deletes && unit->deletes->positions)
        firn_bitmap_clear_bits(unit->deletes->positions, (uint64_t)unit->first_row,
                               (size_t)unit->n_rows, 0, bits);
    FIRN_TRY(ranges_of_bits(bits, unit, open->arena, opts, err));
    *has_rows = opts->n_ranges > 0;
    return FIRN_OK;
}

/* Which rows of a Parquet unit are worth reading; *has_rows false: none. */
static firn_status select_rows(const firn_scan_reader *reader, open_unit *open,
                               firn_row_reader_opts *opts, bool *has_rows, firn_error *err)
{
    const firn_scan_unit *unit = &open->unit;
    firn_parquet_selection selection;
    firn_scan_wanted wanted = {.filter = reader->filter};
    wanted.tests = firn_scan_queue_tests(reader->queue, &wanted.n_tests);
    *has_rows = true;
    if ((reader->filter->op == FIRN_EXPR_TRUE && wanted.n_tests == 0) || !unit->rows->parquet)
        return FIRN_OK;
    const firn_parquet_match match =
        opts->match == FIRN_ROW_MATCH_NAMES ? FIRN_PARQUET_MATCH_NAMES : FIRN_PARQUET_MATCH_IDS;
    FIRN_TRY(firn_scan_filter_make(&wanted, unit->rows->schema, opts->match,
                                   firn_scan_queue_mapping(reader->queue), open->arena,
                                   &opts->filter, err));
    FIRN_TRY(firn_parquet_select(unit->rows->parquet, unit->index, opts->filter, match, open->arena,
                                 &selection, err));
    opts->ranges = selection.ranges;
    opts->n_ranges = selection.n_ranges;
    *has_rows = selection.n_rows > 0;
    return FIRN_OK;
}

/* Place of a column among the first n wanted ones; n if it is not there. */
static size_t find_wanted(const firn_type *wanted, const firn_field *field)
{
    size_t i = 0;
    while (i < wanted->n_fields && !(wanted->fields[i].id == field->id &&
                                     firn_type_equals(wanted->fields[i].type, field->type)))
        i++;
    return i;
}

/* The columns that one set compares join the wanted ones. */
static firn_status want_set(open_unit *open, firn_field *fields, const firn_equality_set *set,
                            const size_t **out, firn_error *err)
{
    size_t *places = firn_arena_array(open->arena, set->n_columns, sizeof *places);
    if (!places) return firn_fail_nomem(err);
    for (size_t i = 0; i < set->n_columns; i++) {
        places[i] = find_wanted(&open->wanted, &set->columns[i].root);
        if (places[i] == open->wanted.n_fields)
            fields[open->wanted.n_fields++] = set->columns[i].root;
    }
    *out = places;
    return FIRN_OK;
}

static firn_status want_sets(open_unit *open, firn_field *fields, const firn_file_deletes *deletes,
                             const size_t ***out, firn_error *err)
{
    if (!deletes || deletes->n_sets == 0) return FIRN_OK;
    *out = firn_arena_array(open->arena, deletes->n_sets, sizeof(size_t *));
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < deletes->n_sets; i++)
        FIRN_TRY(want_set(open, fields, deletes->sets[i], &(*out)[i], err));
    return FIRN_OK;
}

static firn_status want_compared(firn_scan_reader *reader, open_unit *open, firn_error *err)
{
    const firn_scan_unit *unit = &open->unit;
    const size_t n = reader->wanted.n_fields;
    open->wanted = reader->wanted;
    const bool has_sets =
        (unit->deletes && unit->deletes->n_sets > 0) || (unit->only && unit->only->n_sets > 0);
    if (!has_sets) return FIRN_OK;
    firn_field *fields = firn_arena_array(open->arena, reader->cap_columns, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    if (n > 0) memcpy(fields, reader->wanted.fields, n * sizeof *fields);
    open->wanted.fields = fields;
    FIRN_TRY(want_sets(open, fields, unit->deletes, &open->compared, err));
    FIRN_TRY(want_sets(open, fields, unit->only, &open->compared_only, err));
    for (size_t i = n; i < reader->cap_columns; i++) /* what they hold has another type now */
        firn_column_memory_dispose(&reader->memories[i], reader->alloc);
    return FIRN_OK;
}

static firn_status open_rows(firn_scan_reader *reader, open_unit *open, bool *has_rows,
                             firn_error *err)
{
    const firn_scan_unit *unit = &open->unit;
    firn_file_projection *projection = &open->projection;
    firn_row_reader_opts opts = {.unit = unit->index, .memory = reader->memory};
    *has_rows = true;
    if (unit->rows) {
        opts.match = firn_row_match_of(unit->rows->schema);
        FIRN_TRY(unit->only ? select_only(open, &opts, has_rows, err)
                            : select_rows(reader, open, &opts, has_rows, err));
        firn_scan_queue_count_unit(reader->queue, !*has_rows);
        if (!*has_rows) return FIRN_OK;
    }
    FIRN_TRY(want_compared(reader, open, err));
    FIRN_TRY(firn_file_projection_make(
        &open->wanted, unit->task, unit->rows ? unit->rows->schema : NULL,
        firn_scan_queue_mapping(reader->queue), open->arena, projection, err));
    if (projection->n_read == 0) return FIRN_OK;
    return firn_row_reader_open(unit->rows, projection->read_type, &opts, &open->rows, err);
}

/* Next unit that may hold rows, opened; FIRN_DONE at the end. */
static firn_status take_unit(firn_scan_reader *reader, firn_error *err)
{
    open_unit *open = &reader->current;
    for (;;) {
        bool has_rows = false;
        FIRN_TRY(reader->needs_files ? firn_scan_queue_next_unit(reader->queue, &open->unit, err)
                                     : firn_scan_queue_next_file(reader->queue, &open->unit, err));
        open->arena = firn_arena_create(reader->alloc, 0);
        firn_status st = FIRN_OK;
        if (!open->arena)
            st = firn_fail_nomem(err);
        else if (open->unit.n_rows > 0)
            st = open_rows(reader, open, &has_rows, err);
        if (st == FIRN_OK && has_rows) return FIRN_OK;
        if (st != FIRN_OK) st = firn_scan_task_wrap(err, st, open->unit.task);
        close_unit(reader, open);
        FIRN_TRY(st);
    }
}

/* ---- batches ---- */

static void lend_columns(firn_scan_reader *reader)
{
    const firn_file_projection *projection = &reader->current.projection;
    for (size_t i = 0; i < projection->n_read; i++) {
        const size_t at = projection->read_columns[i];
        firn_column *column = &reader->read_columns[i];
        *column = reader->columns[at];
        /* Memory the last reader lent is gone with it: never fill it. */
        if (column->values && column->values == reader->lent[at]) column->values = NULL;
        reader->lent[at] = NULL;
    }
}

static void take_columns(firn_scan_reader *reader)
{
    const firn_file_projection *projection = &reader->current.projection;
    for (size_t i = 0; i < projection->n_read; i++) {
        const size_t at = projection->read_columns[i];
        if (!reader->columns[at].values) reader->lent[at] = reader->read_columns[i].values;
        reader->columns[at] = reader->read_columns[i];
    }
}

static firn_status read_rows(firn_scan_reader *reader, int64_t max_rows, firn_batch *batch,
                             const firn_row_range **runs, firn_error *err)
{
    open_unit *open = &reader->current;
    firn_batch inner = {.n_columns = open->projection.n_read,
                        .columns = reader->read_columns,
                        .owner = batch->owner};
    lend_columns(reader);
    FIRN_TRY(firn_row_reader_next(&open->rows, max_rows, &inner, err));
    take_columns(reader);
    batch->n_rows = inner.n_rows;
    size_t n_runs = 0;
    *runs = firn_row_reader_runs(&open->rows, &n_runs);
    return FIRN_OK;
}

static firn_status count_rows(const firn_scan_reader *reader, int64_t max_rows, firn_batch *batch,
                              firn_row_range *run)
{
    const open_unit *open = &reader->current;
    const int64_t left = open->unit.n_rows - open->n_given;
    if (left <= 0) return FIRN_DONE;
    batch->n_rows = left < max_rows ? left : max_rows;
    *run = (firn_row_range){open->unit.first_row + open->n_given, batch->n_rows};
    return FIRN_OK;
}

static firn_status fill_column(firn_scan_reader *reader, size_t i, int64_t n_rows,
                               const firn_row_range *runs, firn_error *err)
{
    const firn_column_plan *plan = &reader->current.projection.columns[i];
    firn_column *column = &reader->columns[i];
    switch (plan->origin) {
    case FIRN_COLUMN_CONSTANT:
        return firn_column_fill_value(column, reader->current.wanted.fields[i].type, &plan->value,
                                      n_rows, &reader->memories[i], reader->alloc, err);
    case FIRN_COLUMN_POSITION:
        return firn_column_fill_positions(column, runs, plan->first, n_rows, &reader->memories[i],
                                          reader->alloc, err);
    case FIRN_COLUMN_READ: break;
    }
    if (plan->nulls == FIRN_COLUMN_CONSTANT)
        firn_column_replace_nulls_with(column, plan->value.as.i64, n_rows);
    if (plan->nulls == FIRN_COLUMN_POSITION)
        firn_column_replace_nulls(column, runs, plan->first, n_rows);
    return FIRN_OK;
}

static firn_status fill_columns(firn_scan_reader *reader, int64_t n_rows,
                                const firn_row_range *runs, firn_error *err)
{
    for (size_t i = 0; i < reader->current.projection.n_columns; i++)
        FIRN_TRY(fill_column(reader, i, n_rows, runs, err));
    return FIRN_OK;
}

/* ---- deletes ---- */

static firn_status reserve_keep(firn_scan_reader *reader, size_t n_words, firn_error *err)
{
    if (n_words <= reader->n_keep_words) return FIRN_OK;
    firn_mem_free(reader->alloc, reader->keep);
    reader->n_keep_words = 0;
    reader->keep = firn_mem_array(reader->alloc, n_words, sizeof *reader->keep);
    if (!reader->keep) return firn_fail_nomem(err);
    reader->n_keep_words = n_words;
    return FIRN_OK;
}

static firn_status apply_sets(firn_scan_reader *reader, const firn_file_deletes *deletes,
                              const size_t *const *compared, int64_t n_rows, uint64_t *keep,
                              firn_error *err)
{
    for (size_t i = 0; i < deletes->n_sets; i++) {
        const firn_equality_set *set = deletes->sets[i];
        const firn_column *columns[FIRN_EQUALITY_MAX_COLUMNS];
        for (size_t c = 0; c < set->n_columns; c++) columns[c] = &reader->columns[compared[i][c]];
        FIRN_TRY(firn_equality_set_apply(set, columns, n_rows, deletes->sequence_number,
                                         &reader->key, keep, err));
    }
    return FIRN_OK;
}

static void apply_positions(const firn_file_deletes *deletes, int64_t n_rows,
                            const firn_row_range *runs, uint64_t *keep)
{
    const firn_bitmap *positions = deletes->positions;
    for (int64_t at = 0; positions && at < n_rows; at += runs++->n)
        firn_bitmap_clear_bits(positions, (uint64_t)runs->first, (size_t)runs->n, (size_t)at, keep);
}

/* Takes the deleted rows out of a batch whose rows stand at these runs in their file. */
static firn_status drop_deleted(firn_scan_reader *reader, firn_batch *batch,
                                const firn_row_range *runs, firn_error *err)
{
    const size_t n_words = FIRN_ROW_WORDS(batch->n_rows);
    const open_unit *open = &reader->current;
    const firn_file_deletes *deletes = open->unit.deletes;
    const firn_file_deletes *only = open->unit.only;
    if ((!deletes && !only) || batch->n_rows == 0) return FIRN_OK;
    FIRN_TRY(reserve_keep(reader, 2 * n_words, err));
    memset(reader->keep, 0xff, 2 * n_words * sizeof *reader->keep);
    if (deletes) {
        apply_positions(deletes, batch->n_rows, runs, reader->keep);
        FIRN_TRY(apply_sets(reader, deletes, open->compared, batch->n_rows, reader->keep, err));
    }
    if (only) {
        uint64_t *others = reader->keep + n_words;
        apply_positions(only, batch->n_rows, runs, others);
        FIRN_TRY(apply_sets(reader, only, open->compared_only, batch->n_rows, others, err));
        for (size_t i = 0; i < n_words; i++) reader->keep[i] &= ~others[i];
    }
    firn_batch_keep_rows(batch, reader->keep);
    return FIRN_OK;
}

/* FIRN_DONE at the end of the unit. */
static firn_status next_of_unit(firn_scan_reader *reader, int64_t max_rows, firn_batch *batch,
                                firn_error *err)
{
    open_unit *open = &reader->current;
    const size_t n = batch->n_columns;
    const size_t n_compared = open->wanted.n_fields - n;
    firn_row_range run = {0};
    const firn_row_range *runs = &run;
    batch->n_rows = 0;
    if (n > 0) memcpy(reader->columns, batch->columns, n * sizeof *batch->columns);
    if (n_compared > 0) memset(reader->columns + n, 0, n_compared * sizeof *reader->columns);
    const firn_status st = firn_row_reader_is_open(&open->rows)
                               ? read_rows(reader, max_rows, batch, &runs, err)
                               : count_rows(reader, max_rows, batch, &run);
    if (st == FIRN_DONE) return st;
    if (st != FIRN_OK) return firn_scan_task_wrap(err, st, open->unit.task);
    open->n_given += batch->n_rows;
    FIRN_TRY(fill_columns(reader, batch->n_rows, runs, err));
    if (n > 0) memcpy(batch->columns, reader->columns, n * sizeof *batch->columns);
    return drop_deleted(reader, batch, runs, err);
}

/* The unit that gave the last batch stays for one more call. */
static void retire_unit(firn_scan_reader *reader)
{
    if (reader->current.n_given == 0) {
        close_unit(reader, &reader->current);
        return;
    }
    reader->retired = reader->current;
    reader->current = (open_unit){0};
}

firn_status firn_scan_reader_next(firn_scan_reader *reader, int64_t max_rows, firn_batch *batch,
                                  const firn_scan_task **task_out, firn_error *err)
{
    if (max_rows <= 0 || batch->n_columns != reader->wanted.n_fields)
        return firn_fail(err, FIRN_ERR_ARG, "batch of %zu columns, the scan has %zu",
                         batch->n_columns, reader->wanted.n_fields);
    close_unit(reader, &reader->retired);
    for (;;) {
        if (!reader->current.unit.task) FIRN_TRY(take_unit(reader, err));
        const firn_status st = next_of_unit(reader, max_rows, batch, err);
        if (st == FIRN_OK && task_out) *task_out = reader->current.unit.task;
        if (st != FIRN_DONE) return st;
        retire_unit(reader);
    }
}
