/* SPDX-License-Identifier: Apache-2.0 */
/* Shredding, one step of a leaf's path at a time over all rows: "slots" are the entries so far,
 * each with its levels and the row it stands for in the column at hand. A null or an empty list
 * ends a slot (row -1), a list with k entries turns its slot into k.
 * Columns of the root, by far the most, take a short way without slots. */
#include "format/parquet/write/parquet_shred.h"

#include <string.h>

#include "base/error.h"

void firn_parquet_shredder_init(firn_parquet_shredder *s, const firn_allocator *alloc)
{
    for (int i = 0; i < 2; i++) {
        firn_buf_init(&s->slots[i], alloc, 0);
        firn_buf_init(&s->defs[i], alloc, 0);
        firn_buf_init(&s->reps[i], alloc, 0);
    }
    firn_buf_init(&s->values, alloc, 0);
    firn_buf_init(&s->codes, alloc, 0);
}

void firn_parquet_shredder_dispose(firn_parquet_shredder *s)
{
    for (int i = 0; i < 2; i++) {
        firn_buf_dispose(&s->slots[i]);
        firn_buf_dispose(&s->defs[i]);
        firn_buf_dispose(&s->reps[i]);
    }
    firn_buf_dispose(&s->values);
    firn_buf_dispose(&s->codes);
}

/* n elements of scratch; what was there is lost. */
static void *take(firn_buf *buf, size_t n, size_t size)
{
    firn_buf_clear(buf);
    return firn_buf_reserve(buf, n * size + 1);
}

static firn_status fail_null(const firn_parquet_leaf *leaf, size_t step, firn_error *err)
{
    char path[256];
    size_t len = 0;
    for (size_t i = 0; i < leaf->n_path && len < sizeof path - 1; i++) {
        if (i && len < sizeof path - 1) path[len++] = '.';
        for (size_t k = 0; k < leaf->path[i].len && len < sizeof path - 1; k++)
            path[len++] = leaf->path[i].data[k];
    }
    path[len] = 0;
    if (step + 1 == leaf->n_steps)
        return firn_fail(err, FIRN_ERR_ARG, "null in required column \"%s\"", path);
    return firn_fail(err, FIRN_ERR_ARG, "null at level %zu above column \"%s\", which is required",
                     step + 1, path);
}

static bool all_valid(const firn_column *column, int64_t from, int64_t n)
{
    if (!column->validity) return true;
    const int64_t end = from + n;
    for (int64_t row = from; row < end;) {
        const int64_t word = row >> 6;
        const int64_t stop = (word + 1) * 64 < end ? (word + 1) * 64 : end;
        uint64_t mask = ~UINT64_C(0) << (row & 63);
        if (stop & 63) mask &= ~(~UINT64_C(0) << (stop & 63));
        if ((column->validity[word] & mask) != mask) return false;
        row = stop;
    }
    return true;
}

/* Copies values[rows[i]] for the n rows that are not -1, in a loop for each width. */
static void gather(char *to, const char *from, size_t width, const int64_t *rows, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (rows[i] < 0) continue;
        const char *value = from + (size_t)rows[i] * width;
        if (width == 8)
            memcpy(to + k * 8, value, 8);
        else if (width == 4)
            memcpy(to + k * 4, value, 4);
        else if (width == 16)
            memcpy(to + k * 16, value, 16);
        else
            to[k] = *value;
        k++;
    }
}

/* Bit i of the result is row from + i, for up to 64 rows; bits of further rows are anything. */
static uint64_t validity_word(const firn_column *column, int64_t from, int64_t n)
{
    const uint64_t *words = column->validity + (from >> 6);
    const unsigned shift = (unsigned)(from & 63);
    uint64_t word = words[0] >> shift;
    if (shift && (int64_t)(64 - shift) < n) word |= words[1] << (64 - shift);
    return word;
}

/* The valid ones of up to 64 values; to has room for all of them. Returns how many. */
static inline size_t compact(char *to, const char *from, size_t width, uint64_t word, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++, word >>= 1) {
        memcpy(to + k * width, from + i * width, width);
        k += word & 1;
    }
    return k;
}

static size_t compact_any(char *to, const char *from, size_t width, uint64_t word, size_t n)
{
    switch (width) {
    case 1: return compact(to, from, 1, word, n);
    case 4: return compact(to, from, 4, word, n);
    case 8: return compact(to, from, 8, word, n);
    default: return compact(to, from, 16, word, n);
    }
}

/* Numbers of the rows that are not null. */
static firn_status take_codes(firn_parquet_shredder *s, const firn_column *column, int64_t from,
                              int64_t n, firn_value_codes *out, firn_error *err)
{
    uint32_t *to = take(&s->codes, (size_t)n, sizeof *to);
    size_t k = 0;
    if (!to) return firn_fail_nomem(err);
    for (int64_t r = from; r < from + n; r++) {
        to[k] = column->codes->numbers[r];
        k += firn_column_is_valid(column, r);
    }
    *out = *column->codes;
    out->numbers = to;
    return FIRN_OK;
}

static firn_status shred_root(firn_parquet_shredder *s, const firn_parquet_leaf *leaf,
                              const firn_column *column, int64_t from, int64_t n,
                              firn_parquet_run *out, firn_error *err)
{
    const size_t width = firn_column_width(leaf->type), count = (size_t)n;
    *out = (firn_parquet_run){.n_rows = count, .n_levels = count, .n_values = count};
    out->values = (const char *)column->values + (size_t)from * width;
    if (column->codes) out->codes = *column->codes;
    if (column->codes) out->codes.numbers += from;
    if (all_valid(column, from, n)) return FIRN_OK;
    if (!leaf->steps[0].is_optional) return fail_null(leaf, 0, err);
    uint8_t *defs = take(&s->defs[0], count, 1);
    char *values = take(&s->values, count, width);
    if (!defs || !values) return firn_fail_nomem(err);
    size_t k = 0;
    for (int64_t at = 0; at < n; at += 64) {
        const int64_t part = n - at < 64 ? n - at : 64;
        const uint64_t word = validity_word(column, from + at, part);
        for (int64_t i = 0; i < part; i++) defs[at + i] = word >> i & 1;
        k += compact_any(values + k * width, (const char *)out->values + (size_t)at * width, width,
                         word, (size_t)part);
    }
    out->n_values = k;
    out->defs = defs;
    out->values = values;
    return column->codes ? take_codes(s, column, from, n, &out->codes, err) : FIRN_OK;
}

/* What the steps so far made. */
typedef struct slots {
    size_t n;
    int64_t *rows;
    uint8_t *defs;
    uint8_t *reps;
} slots;

/* Nulls of an optional column end their slots, others are one level deeper. */
static firn_status apply_validity(const firn_parquet_leaf *leaf, size_t step, slots *at,
                                  const firn_column *column, firn_error *err)
{
    const bool is_optional = leaf->steps[step].is_optional;
    for (size_t i = 0; i < at->n; i++) {
        if (at->rows[i] < 0) continue;
        const bool is_valid = firn_column_is_valid(column, at->rows[i]);
        if (!is_valid && !is_optional) return fail_null(leaf, step, err);
        if (!is_valid) at->rows[i] = -1;
        at->defs[i] = (uint8_t)(at->defs[i] + (is_optional && is_valid));
    }
    return FIRN_OK;
}

static firn_status take_slots(firn_parquet_shredder *s, int which, size_t n, slots *out,
                              firn_error *err)
{
    out->n = n;
    out->rows = take(&s->slots[which], n, sizeof *out->rows);
    out->defs = take(&s->defs[which], n, 1);
    out->reps = take(&s->reps[which], n, 1);
    return out->rows && out->defs && out->reps ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status expand_lists(firn_parquet_shredder *s, int which, uint8_t rep, slots *at,
                                const firn_column *column, firn_error *err)
{
    const firn_list_entry *entries = column->values;
    const slots from = *at;
    size_t n = 0, k = 0;
    for (size_t i = 0; i < from.n; i++) {
        const uint64_t len = from.rows[i] < 0 ? 0 : entries[from.rows[i]].length;
        n += len ? (size_t)len : 1;
    }
    FIRN_TRY(take_slots(s, which, n, at, err));
    for (size_t i = 0; i < from.n; i++) {
        const int64_t row = from.rows[i];
        const firn_list_entry entry = row < 0 ? (firn_list_entry){0, 0} : entries[row];
        at->rows[k] = -1;
        at->defs[k] = from.defs[i];
        at->reps[k] = from.reps[i];
        for (uint64_t e = 0; e < entry.length; e++) {
            at->rows[k + e] = (int64_t)(entry.offset + e);
            at->defs[k + e] = (uint8_t)(from.defs[i] + 1);
            at->reps[k + e] = e ? rep : from.reps[i];
        }
        k += entry.length ? entry.length : 1;
    }
    return FIRN_OK;
}

static firn_status shred_nested(firn_parquet_shredder *s, const firn_parquet_leaf *leaf,
                                const firn_batch *batch, int64_t from, int64_t n,
                                firn_parquet_run *out, firn_error *err)
{
    slots at;
    int which = 0;
    uint8_t rep = 0;
    const firn_column *columns = batch->columns, *column = NULL;
    FIRN_TRY(take_slots(s, which, (size_t)n, &at, err));
    memset(at.defs, 0, at.n);
    memset(at.reps, 0, at.n);
    for (size_t i = 0; i < at.n; i++) at.rows[i] = from + (int64_t)i;
    for (size_t step = 0; step < leaf->n_steps; step++) {
        column = &columns[leaf->steps[step].child];
        FIRN_TRY(apply_validity(leaf, step, &at, column, err));
        if (leaf->steps[step].is_repeated) {
            which = 1 - which;
            FIRN_TRY(expand_lists(s, which, ++rep, &at, column, err));
        }
        columns = column->children;
    }
    const size_t width = firn_column_width(leaf->type);
    size_t n_values = 0;
    for (size_t i = 0; i < at.n; i++) n_values += at.rows[i] >= 0;
    char *values = take(&s->values, n_values, width);
    if (!values) return firn_fail_nomem(err);
    gather(values, column->values, width, at.rows, at.n);
    *out = (firn_parquet_run){.n_rows = (size_t)n,
                              .n_levels = at.n,
                              .n_values = n_values,
                              .defs = at.defs,
                              .reps = at.reps,
                              .values = values};
    if (leaf->max_rep == 0) out->reps = NULL;
    if (n_values == at.n) out->defs = NULL;
    return FIRN_OK;
}

firn_status firn_parquet_shred(firn_parquet_shredder *s, const firn_parquet_leaf *leaf,
                               const firn_batch *batch, int64_t from, int64_t n,
                               firn_parquet_run *out, firn_error *err)
{
    if (leaf->n_steps > 1) return shred_nested(s, leaf, batch, from, n, out, err);
    return shred_root(s, leaf, &batch->columns[leaf->steps[0].child], from, n, out, err);
}
