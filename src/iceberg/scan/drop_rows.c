/* SPDX-License-Identifier: Apache-2.0 */
/* Compacting a batch in place, one run of kept rows at a time: few rows are deleted as a rule, and
 * a run is one move a column. */
#include "iceberg/scan/drop_rows.h"

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

static bool has_null(const uint64_t *validity, size_t n)
{
    return find_row(validity, 0, n, 0) < n;
}

static void keep_in_column(firn_column *column, const uint64_t *keep, size_t n, size_t n_kept)
{
    const size_t width = firn_column_width(column->type);
    const bool has_nulls = column->validity && has_null(column->validity, n);
    char *values = column->values;
    size_t to = 0;
    for (size_t from = find_row(keep, 0, n, 1); from < n;) {
        const size_t end = find_row(keep, from, n, 0);
        if (values && width > 0 && to != from)
            memmove(values + to * width, values + from * width, (end - from) * width);
        if (has_nulls) move_bits(column->validity, to, from, end - from);
        to += end - from;
        from = find_row(keep, end, n, 1);
    }
    column->n_values = (int64_t)n_kept;
    if (column->type->kind != FIRN_TYPE_STRUCT) return;
    for (size_t i = 0; i < column->n_children; i++)
        keep_in_column(&column->children[i], keep, n, n_kept); /* as deep as a schema may be */
}

void firn_batch_keep_rows(firn_batch *batch, const uint64_t *keep)
{
    const size_t n = (size_t)batch->n_rows;
    size_t n_kept = 0;
    for (size_t from = find_row(keep, 0, n, 1); from < n;) {
        const size_t end = find_row(keep, from, n, 0);
        n_kept += end - from;
        from = find_row(keep, end, n, 1);
    }
    if (n_kept == n) return;
    for (size_t i = 0; i < batch->n_columns; i++)
        keep_in_column(&batch->columns[i], keep, n, n_kept);
    batch->n_rows = (int64_t)n_kept;
}
