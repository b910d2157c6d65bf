/* SPDX-License-Identifier: Apache-2.0 */
/* Compacting a batch in place, one run of kept rows at a time: few rows are deleted as a rule, and
 * a run is one move a column. */
#include "format/columns/drop_rows.h"

#define STRETCH ((size_t)FIRN_BATCH_ROWS)

static uint64_t row_bit(const uint64_t *bits, size_t row)
{
    return bits[row >> 6] >> (row & 63) & 1;
}

/* The first row at or behind from whose bit is wanted (1 or 0); n if there is none. */
static size_t find_row(const uint64_t *bits, size_t from, size_t n, uint64_t wanted)
{
    const uint64_t flip = wanted ? 0 : UINT64_MAX;
    while (from < n) {
        const uint64_t word = (bits[from >> 6] ^ flip) >> (from & 63);
        if (word != 0) {
            from += (size_t)__builtin_ctzll(word);
            break;
        }
        from = (from | 63) + 1;
    }
    return from < n ? from : n;
}

static void move_bits(uint64_t *bits, size_t to, size_t from, size_t n)
{
    if (to == from) return;
    for (size_t i = 0; i < n; i++) {
        const uint64_t mask = (uint64_t)1 << ((to + i) & 63);
        if (row_bit(bits, from + i))
            bits[(to + i) >> 6] |= mask;
        else
            bits[(to + i) >> 6] &= ~mask;
    }
}

static bool has_null(const uint64_t *validity, size_t from, size_t n)
{
    return find_row(validity, from, n, 0) < n;
}

/* Runs of kept rows of one stretch of the batch. */
typedef struct kept_runs {
    size_t from, end; /* the stretch */
    size_t to;        /* where its first kept row goes */
    size_t n_rows;    /* kept */
    size_t n;
    uint32_t first[STRETCH / 2 + 1];
    uint32_t len[STRETCH / 2 + 1];
} kept_runs;

static void find_runs(kept_runs *runs, const uint64_t *keep)
{
    runs->n = runs->n_rows = 0;
    for (size_t from = find_row(keep, runs->from, runs->end, 1); from < runs->end;) {
        const size_t end = find_row(keep, from, runs->end, 0);
        runs->first[runs->n] = (uint32_t)from;
        runs->len[runs->n++] = (uint32_t)(end - from);
        runs->n_rows += end - from;
        from = find_row(keep, end, runs->end, 1);
    }
}

static void move_values(char *values, size_t width, const kept_runs *runs)
{
    char *to = values + runs->to * width;
    for (size_t i = 0; i < runs->n; i++) {
        const char *from = values + runs->first[i] * width;
        const size_t size = runs->len[i] * width;
        if (to != from) memmove(to, from, size);
        to += size;
    }
}

static void move_validity(uint64_t *validity, const kept_runs *runs)
{
    size_t to = runs->to;
    /* Bits that rows of the stretches before have moved to are right already. */
    if (!has_null(validity, runs->to, runs->end)) return;
    for (size_t i = 0; i < runs->n; i++) {
        move_bits(validity, to, runs->first[i], runs->len[i]);
        to += runs->len[i];
    }
}

static void keep_in_column(firn_column *column, const kept_runs *runs)
{
    const size_t width = firn_column_width(column->type);
    if (column->values && width > 0) move_values(column->values, width, runs);
    if (column->validity) move_validity(column->validity, runs);
    column->n_values = (int64_t)(runs->to + runs->n_rows);
    column->codes = NULL;
    if (column->type->kind != FIRN_TYPE_STRUCT) return;
    for (size_t i = 0; i < column->n_children; i++)
        keep_in_column(&column->children[i], runs); /* as deep as a schema may be */
}

void firn_batch_keep_rows(firn_batch *batch, const uint64_t *keep)
{
    const size_t n = (size_t)batch->n_rows;
    const size_t first_gone = find_row(keep, 0, n, 0);
    kept_runs runs;
    if (first_gone == n) return;
    runs.to = 0;
    for (runs.from = 0; runs.from < n; runs.from = runs.end) {
        runs.end = n - runs.from < STRETCH ? n : runs.from + STRETCH;
        find_runs(&runs, keep);
        for (size_t i = 0; i < batch->n_columns; i++) keep_in_column(&batch->columns[i], &runs);
        runs.to += runs.n_rows;
    }
    batch->n_rows = (int64_t)runs.to;
}
