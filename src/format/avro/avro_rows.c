/* SPDX-License-Identifier: Apache-2.0 */
/* The Avro row reader: takes records off a container and collects them in batches. Planning is
 * avro_rows_plan.c's, decoding avro_rows_decode.c's. */
#include "format/avro/avro_rows.h"

#include "base/alloc.h"
#include "base/error.h"
#include "format/avro/avro_rows_plan.h"
#include "format/columns/column_loan.h"
#include "format/parquet/read/parquet_plan.h"

#define ARENA_LIMIT ((size_t)1 << 30)
/* Beyond these a batch gets fewer rows. */
#define SOFT_ITEMS ((int64_t)1 << 20)
#define SOFT_TEXT  ((size_t)16 << 20)

struct firn_avro_rows {
    firn_arena *arena;
    firn_avro_reader *reader;
    firn_avro_step root;
    firn_column_loan loan;
    firn_column **columns; /* being filled */
    firn_arena *texts[2];  /* of this batch and of the one before */
    int64_t call;
    int64_t next_row;
    int64_t position;
    int64_t n_empty;
    bool has_failed;
};

static firn_status open_rows(firn_avro_rows *rows, const firn_type *projection,
                             firn_avro_match match, firn_error *err)
{
    rows->loan.projection = projection;
    rows->loan.is_lent = firn_arena_array(rows->arena, projection->n_fields, sizeof(bool));
    rows->columns = firn_arena_array(rows->arena, projection->n_fields, sizeof(firn_column *));
    if (!rows->loan.is_lent || !rows->columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < 2; i++) {
        rows->texts[i] = firn_arena_create(NULL, ARENA_LIMIT);
        if (!rows->texts[i]) return firn_fail_nomem(err);
    }
    return firn_avro_plan(firn_avro_reader_schema(rows->reader), projection, match, rows->arena,
                          &rows->root, err);
}

firn_status firn_avro_rows_open(firn_avro_reader *reader, const firn_type *projection,
                                firn_avro_match match, firn_avro_rows **out, firn_error *err)
{
    firn_arena *arena = firn_arena_create(NULL, ARENA_LIMIT);
    firn_avro_rows *rows = arena ? firn_arena_alloc_zero(arena, sizeof *rows) : NULL;

    *out = NULL;
    if (!rows) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    rows->arena = arena;
    rows->reader = reader;
    const firn_status st = open_rows(rows, projection, match, err);
    if (st == FIRN_OK)
        *out = rows;
    else
        firn_avro_rows_close(rows);
    return st;
}

void firn_avro_rows_close(firn_avro_rows *rows)
{
    if (!rows) return;
    firn_column_loan_dispose(&rows->loan);
    for (size_t i = 0; i < 2; i++) firn_arena_destroy(rows->texts[i]);
    firn_arena_destroy(rows->arena);
}

int64_t firn_avro_rows_position(const firn_avro_rows *rows)
{
    return rows->position;
}

static firn_status begin_batch(firn_avro_rows *rows, int64_t n, firn_batch *batch, firn_error *err)
{
    for (size_t i = 0; i < batch->n_columns; i++) {
        FIRN_TRY(firn_column_loan_choose(&rows->loan, batch, i, n, &rows->columns[i], err));
        firn_avro_begin_column(rows->columns[i]);
    }
    return FIRN_OK;
}

/* Columns that the file does not have, or not all of. */
static firn_status end_batch(firn_avro_rows *rows, int64_t n, firn_error *err)
{
    const firn_avro_step *root = &rows->root;

    for (size_t i = 0; i < root->n_steps; i++) {
        const firn_avro_step *step = &root->steps[i];
        if (step->conv == FIRN_AVRO_CONV_SKIP) continue;
        FIRN_TRY(firn_avro_end_column(step, rows->columns[step->child], n, err));
    }
    for (size_t i = 0; i < root->n_missing; i++) {
        const size_t at = root->missing[i];
        FIRN_TRY(firn_pq_fill_missing(&rows->loan.projection->fields[at], rows->columns[at],
                                      (size_t)n, err));
    }
    return FIRN_OK;
}

/* Up to max rows; FIRN_OK with *n 0 at the end of the file. */
static firn_status decode_rows(firn_avro_rows *rows, int64_t max, int64_t *n, firn_error *err)
{
    firn_avro_decoder d = {.text = rows->texts[rows->call % 2], .n_empty = rows->n_empty};
    firn_cursor *c = NULL;

    while (*n < max && d.n_items < SOFT_ITEMS && firn_arena_used(d.text) < SOFT_TEXT) {
        const firn_status st = firn_avro_reader_next(rows->reader, &c, err);
        if (st == FIRN_DONE) break;
        FIRN_TRY(st);
        FIRN_TRY(firn_avro_reader_blame(
            rows->reader, firn_avro_decode_row(&d, &rows->root, c, rows->columns, *n, err), err));
        ++*n;
    }
    rows->n_empty = d.n_empty;
    return FIRN_OK;
}

static firn_status read_batch(firn_avro_rows *rows, int64_t max_rows, firn_batch *batch,
                              firn_error *err)
{
    int64_t n = 0;

    if (max_rows > FIRN_BATCH_ROWS) max_rows = FIRN_BATCH_ROWS;
    rows->call++;
    firn_arena_reset(rows->texts[rows->call % 2]);
    FIRN_TRY(begin_batch(rows, max_rows, batch, err));
    FIRN_TRY(decode_rows(rows, max_rows, &n, err));
    if (n == 0) return FIRN_DONE;
    FIRN_TRY(end_batch(rows, n, err));
    firn_column_loan_give(&rows->loan, batch);
    batch->n_rows = n;
    rows->position = rows->next_row;
    rows->next_row += n;
    return FIRN_OK;
}

firn_status firn_avro_rows_next(firn_avro_rows *rows, int64_t max_rows, firn_batch *batch,
                                firn_error *err)
{
    batch->n_rows = 0;
    if (rows->has_failed)
        return firn_fail(err, FIRN_ERR_ARG, "the reader failed before and cannot go on");
    if (max_rows <= 0 || batch->n_columns != rows->loan.projection->n_fields)
        return firn_fail(
            err, FIRN_ERR_ARG,
            "batch of %zu columns and %lld rows wanted, the projection has %zu columns",
            batch->n_columns, (long long)max_rows, rows->loan.projection->n_fields);
    const firn_status st = read_batch(rows, max_rows, batch, err);
    if (st != FIRN_OK && st != FIRN_DONE) rows->has_failed = true;
    return st;
}
