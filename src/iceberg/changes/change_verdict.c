/* SPDX-License-Identifier: Apache-2.0 */
/* One pass: the rows of a part of the hashes become entries, sorted so that rows of one key stand
 * together, in each key step by step, in each step value by value. Rows of one key and value cancel
 * each other out where a new one stands against one that is gone; survivors of one key are the
 * changed row. */
#include "iceberg/changes/change_verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "format/columns/drop_rows.h"
#include "format/puffin/bitmap.h"
#include "format/puffin/murmur3_128.h"
#include "iceberg/scan/exact_filter.h"
#include "iceberg/scan/row_bytes.h"

#define MIN_ENTRIES 1024
#define MAX_PARTS   ((uint64_t)1 << 20)

typedef struct row_entry {
    uint64_t key[2];
    uint64_t value[2];
    uint64_t row;
    uint32_t step;
    uint32_t is_added;
} row_entry;

struct firn_verdicts {
    const firn_allocator *alloc;
    firn_bitmap *dropped, *updated;
};

/* Hashes of one remainder. */
typedef struct hash_part {
    uint64_t remainder, divisor;
} hash_part;

typedef struct judge {
    const firn_change_source *source;
    const firn_change_step *steps;
    size_t n_steps;
    const firn_verdict_opts *opts;
    firn_verdicts *out;
    row_entry *entries;
    size_t n, cap, max; /* of entries */
    uint64_t seed;
    bool by_value; /* the second round: what rows of other ids have left */
    hash_part part;
    firn_buf bytes; /* of a row */
    firn_error *err;
} judge;

firn_verdict firn_verdict_of(const firn_verdicts *verdicts, uint64_t row)
{
    if (firn_bitmap_contains(verdicts->dropped, row)) return FIRN_VERDICT_DROP;
    return firn_bitmap_contains(verdicts->updated, row) ? FIRN_VERDICT_UPDATE : FIRN_VERDICT_PLAIN;
}

void firn_verdicts_destroy(firn_verdicts *verdicts)
{
    if (!verdicts) return;
    firn_bitmap_destroy(verdicts->dropped);
    firn_bitmap_destroy(verdicts->updated);
    firn_mem_free(verdicts->alloc, verdicts);
}

/* ---- judging ---- */

static firn_status drop(judge *j, const row_entry *entry)
{
    return firn_bitmap_add(j->out->dropped, entry->row, j->err);
}

/* Rows of the same values in the order of time: moves what does not cancel out to the front. */
static firn_status cancel_out(judge *j, row_entry *entries, size_t n, size_t *n_left)
{
    size_t top = 0;
    for (size_t i = 0; i < n; i++) {
        if (top == 0 || entries[top - 1].is_added == entries[i].is_added) {
            entries[top++] = entries[i];
            continue;
        }
        FIRN_TRY(drop(j, &entries[--top]));
        FIRN_TRY(drop(j, &entries[i]));
    }
    *n_left = top;
    return FIRN_OK;
}

static firn_status fail_key(const judge *j, const char *what)
{
    char text[160];
    size_t n = 0;
    for (size_t i = 0; i < j->opts->n_keys && n + 2 < sizeof text; i++) {
        const firn_str name = j->opts->keys[i].name;
        if (i > 0) text[n++] = ',';
        if (i > 0) text[n++] = ' ';
        const size_t room = sizeof text - n;
        const size_t len = name.len < room ? name.len : room;
        memcpy(text + n, name.data, len);
        n += len;
    }
    return firn_fail(j->err, FIRN_ERR_ARG,
                     "updates cannot be told: a snapshot %s several rows with the same (%.*s)",
                     what, (int)n, text);
}

/* What is left of one key in one step. */
typedef struct key_change {
    const row_entry *gone, *added;
} key_change;

static firn_status find_change(const judge *j, const row_entry *entries, size_t n, key_change *out)
{
    *out = (key_change){0};
    for (size_t i = 0; i < n; i++) {
        const row_entry *entry = &entries[i];
        const row_entry **slot = entry->is_added ? &out->added : &out->gone;
        if (*slot && !entry->is_added) return fail_key(j, "deletes");
        if (*slot && j->opts->is_net) return fail_key(j, "inserts");
        if (!*slot || entry->row < (*slot)->row) *slot = entry;
    }
    return FIRN_OK;
}

static firn_status mark_pair(judge *j, const key_change *change)
{
    if (!change->gone || !change->added) return FIRN_OK;
    FIRN_TRY(firn_bitmap_add(j->out->updated, change->gone->row, j->err));
    return firn_bitmap_add(j->out->updated, change->added->row, j->err);
}

/* Steps of one key as one: what the first found against what the last left. */
typedef struct net_change {
    const row_entry *first, *last; /* first that is gone; last that is new */
    bool has_any;
} net_change;

static firn_status add_to_net(judge *j, net_change *net, const key_change *change)
{
    if (net->has_any && change->gone && !net->last) return fail_key(j, "deletes");
    if (net->last && change->added && !change->gone) return fail_key(j, "leaves");
    if (!net->has_any)
        net->first = change->gone; /* NULL: the key was not there before */
    else if (change->gone)
        FIRN_TRY(drop(j, change->gone));
    if (net->last) FIRN_TRY(drop(j, net->last));
    net->last = change->added;
    net->has_any = true;
    return FIRN_OK;
}

static firn_status end_net(judge *j, const net_change *net)
{
    const key_change change = {net->first, net->last};
    const bool is_same = net->first && net->last &&
                         memcmp(net->first->value, net->last->value, sizeof net->last->value) == 0;
    if (!is_same) return mark_pair(j, &change);
    FIRN_TRY(drop(j, net->first));
    return drop(j, net->last);
}

/* Rows of one key and step: cancels out the moved ones, moves the rest to the front. */
static firn_status settle_step(judge *j, row_entry *entries, size_t n, size_t *n_left)
{
    size_t left = 0;
    for (size_t from = 0; from < n;) {
        size_t end = from;
        size_t kept = 0;
        while (end < n &&
               memcmp(entries[end].value, entries[from].value, sizeof entries[from].value) == 0)
            end++;
        FIRN_TRY(cancel_out(j, entries + from, end - from, &kept));
        memmove(entries + left, entries + from, kept * sizeof *entries);
        left += kept;
        from = end;
    }
    *n_left = left;
    return FIRN_OK;
}

static firn_status judge_key(judge *j, row_entry *entries, size_t n)
{
    net_change net = {0};
    const bool has_keys = j->opts->n_keys > 0 && !j->by_value;
    if (j->opts->is_net && !has_keys) {
        size_t ignored;
        return cancel_out(j, entries, n, &ignored);
    }
    for (size_t from = 0; from < n;) {
        size_t end = from;
        size_t left = 0;
        key_change change;
        while (end < n && entries[end].step == entries[from].step) end++;
        FIRN_TRY(settle_step(j, entries + from, end - from, &left));
        if (has_keys && left > 0) {
            FIRN_TRY(find_change(j, entries + from, left, &change));
            FIRN_TRY(j->opts->is_net ? add_to_net(j, &net, &change) : mark_pair(j, &change));
        }
        from = end;
    }
    return end_net(j, &net);
}

static int compare_entries(const void *a, const void *b)
{
    const row_entry *x = a;
    const row_entry *y = b;
    for (int i = 0; i < 2; i++)
        if (x->key[i] != y->key[i]) return x->key[i] < y->key[i] ? -1 : 1;
    if (x->step != y->step) return x->step < y->step ? -1 : 1;
    for (int i = 0; i < 2; i++)
        if (x->value[i] != y->value[i]) return x->value[i] < y->value[i] ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static firn_status judge_entries(judge *j)
{
    if (j->n > 1) qsort(j->entries, j->n, sizeof *j->entries, compare_entries);
    for (size_t from = 0; from < j->n;) {
        size_t end = from;
        while (end < j->n &&
               memcmp(j->entries[end].key, j->entries[from].key, sizeof j->entries->key) == 0)
            end++;
        FIRN_TRY(judge_key(j, j->entries + from, end - from));
        from = end;
    }
    return FIRN_OK;
}

/* ---- collecting ---- */

static void put_key(const firn_batch *batch, const firn_change_key *key, int64_t row, firn_buf *out)
{
    const firn_column *column = &batch->columns[key->path[0]];
    for (size_t i = 1; i < key->n && firn_column_is_valid(column, row); i++)
        column = &column->children[key->path[i]];
    firn_row_put(column, row, out);
}

static firn_status make_entry(judge *j, const firn_batch *batch, int64_t row, row_entry *out)
{
    const firn_verdict_opts *opts = j->opts;
    firn_buf_clear(&j->bytes);
    for (size_t i = 0; i < opts->n_values; i++) firn_row_put(&batch->columns[i], row, &j->bytes);
    FIRN_TRY(firn_buf_check(&j->bytes, j->err));
    firn_str bytes = firn_buf_view(&j->bytes);
    firn_murmur3_x64_128(bytes.data, bytes.len, j->seed, out->value);
    const bool has_key =
        opts->n_keys > 0 && !j->by_value &&
        (!opts->is_row_id || firn_column_is_valid(&batch->columns[opts->keys[0].path[0]], row));
    memcpy(out->key, out->value, sizeof out->key);
    if (!has_key) return FIRN_OK;
    firn_buf_clear(&j->bytes);
    for (size_t i = 0; i < opts->n_keys; i++) put_key(batch, &opts->keys[i], row, &j->bytes);
    FIRN_TRY(firn_buf_check(&j->bytes, j->err));
    bytes = firn_buf_view(&j->bytes);
    firn_murmur3_x64_128(bytes.data, bytes.len, ~j->seed, out->key);
    return FIRN_OK;
}

static firn_status add_entry(judge *j, const row_entry *entry, bool *is_over)
{
    *is_over = j->n == j->max;
    if (*is_over) return FIRN_OK;
    if (j->n == j->cap) {
        size_t cap = j->cap == 0 ? MIN_ENTRIES : 2 * j->cap;
        if (cap > j->max) cap = j->max;
        row_entry *grown =
            firn_mem_resize(j->source->env->alloc, j->entries, cap * sizeof *j->entries);
        if (!grown) return firn_fail_nomem(j->err);
        j->entries = grown;
        j->cap = cap;
    }
    j->entries[j->n++] = *entry;
    return FIRN_OK;
}

/* Rows that the filter leaves out are nothing to judge: files with rows like them may be missing.
 */
static firn_status take_batch(judge *j, const firn_batch *batch, const firn_change_place *place,
                              bool *is_over)
{
    uint64_t keep[FIRN_ROW_WORDS(FIRN_BATCH_ROWS)];
    memset(keep, 0xff, sizeof keep);
    FIRN_TRY(firn_expr_keep_rows(firn_change_filter_expr(j->source->filter), j->opts->columns,
                                 batch, keep, j->err));
    for (int64_t row = 0; row < batch->n_rows && !*is_over; row++) {
        row_entry entry = {.row = place->first_row + (uint64_t)row,
                           .step = (uint32_t)place->step,
                           .is_added = place->is_added};
        if (firn_verdict_of(j->out, entry.row) != FIRN_VERDICT_PLAIN) continue;
        if ((keep[row >> 6] >> ((uint64_t)row & 63) & 1) == 0) {
            FIRN_TRY(drop(j, &entry));
            continue;
        }
        FIRN_TRY(make_entry(j, batch, row, &entry));
        if (entry.key[0] % j->part.divisor == j->part.remainder)
            FIRN_TRY(add_entry(j, &entry, is_over));
    }
    return FIRN_OK;
}

static firn_status collect(judge *j, bool *is_over)
{
    firn_change_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_change_place place;
    j->n = 0;
    *is_over = false;
    FIRN_TRY(
        firn_change_rows_open(j->source, j->steps, j->n_steps, j->opts->columns, &rows, j->err));
    firn_status st = FIRN_OK;
    while (st == FIRN_OK && !*is_over) {
        st = firn_change_rows_next(rows, &batch, &place, j->err);
        if (st == FIRN_OK) st = take_batch(j, batch, &place, is_over);
    }
    firn_change_rows_close(rows);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* How many parts the rows of whole files make; others are not known before they are read. */
static uint64_t guess_parts(const judge *j)
{
    uint64_t n_rows = 0;
    uint64_t n_parts = 1;
    for (size_t i = 0; i < 2 * j->n_steps; i++) {
        const firn_change_step *step = &j->steps[i / 2];
        const firn_scan_plan *plan = i % 2 == 0 ? &step->gone : &step->added;
        for (size_t t = 0; t < plan->n_tasks; t++)
            if (plan->tasks[t].n_only == 0 && plan->tasks[t].file->record_count > 0)
                n_rows += (uint64_t)plan->tasks[t].file->record_count;
    }
    while (n_rows / n_parts > j->max && n_parts < MAX_PARTS) n_parts *= 2;
    return n_parts;
}

/* True when half of the entries are of one key, which no split takes apart. */
static bool is_mostly_one_key(const judge *j)
{
    size_t most = 0;
    qsort(j->entries, j->n, sizeof *j->entries, compare_entries);
    for (size_t from = 0; from < j->n;) {
        size_t end = from;
        while (end < j->n &&
               memcmp(j->entries[end].key, j->entries[from].key, sizeof j->entries->key) == 0)
            end++;
        if (end - from > most) most = end - from;
        from = end;
    }
    return 2 * most > j->n;
}

/* A part that does not fit is split in two, or gets more memory where that does not help. */
static firn_status run_part(judge *j, hash_part whole)
{
    hash_part waiting[64] = {whole};
    size_t n = 1;
    while (n > 0) {
        bool is_over = false;
        j->part = waiting[n - 1];
        FIRN_TRY(collect(j, &is_over));
        if (!is_over) {
            n--;
            FIRN_TRY(judge_entries(j));
        } else if (is_mostly_one_key(j) || n == sizeof waiting / sizeof *waiting) {
            j->max *= 2;
        } else {
            const uint64_t divisor = j->part.divisor;
            waiting[n - 1] = (hash_part){j->part.remainder, 2 * divisor};
            waiting[n++] = (hash_part){j->part.remainder + divisor, 2 * divisor};
        }
    }
    return FIRN_OK;
}

static firn_status run_round(judge *j)
{
    const uint64_t n_parts = guess_parts(j);
    for (uint64_t i = 0; i < n_parts; i++) FIRN_TRY(run_part(j, (hash_part){i, n_parts}));
    return FIRN_OK;
}

/* Writers that know nothing of row ids give new ones to rows that they only move. */
static firn_status run_rounds(judge *j)
{
    FIRN_TRY(firn_bitmap_create(j->out->alloc, &j->out->dropped, j->err));
    FIRN_TRY(firn_bitmap_create(j->out->alloc, &j->out->updated, j->err));
    FIRN_TRY(run_round(j));
    j->by_value = true;
    return j->opts->is_row_id ? run_round(j) : FIRN_OK;
}

firn_status firn_verdicts_make(const firn_change_source *source, const firn_change_step *steps,
                               size_t n_steps, const firn_verdict_opts *opts, firn_verdicts **out,
                               firn_error *err)
{
    const firn_allocator *alloc = source->env->alloc;
    judge j = {.source = source, .steps = steps, .n_steps = n_steps, .opts = opts, .err = err};
    *out = NULL;
    j.out = firn_mem_alloc_zero(alloc, sizeof *j.out);
    if (!j.out) return firn_fail_nomem(err);
    j.out->alloc = alloc;
    j.seed = firn_random_u64(source->env->random);
    j.max = (size_t)(opts->memory_bytes > 0 ? opts->memory_bytes : 0) / sizeof *j.entries;
    if (j.max < MIN_ENTRIES) j.max = MIN_ENTRIES;
    firn_buf_init(&j.bytes, alloc, 0);
    const firn_status st = run_rounds(&j);
    firn_buf_dispose(&j.bytes);
    firn_mem_free(alloc, j.entries);
    if (st != FIRN_OK)
        firn_verdicts_destroy(j.out);
    else
        *out = j.out;
    return st;
}
