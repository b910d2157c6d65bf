/* SPDX-License-Identifier: Apache-2.0 */
/* Each part is a list of blocks of packed rows. Rows that are added together and belong to the same
 * part are a stretch of a block; stretches remember the number of their first row, and in the order
 * of these numbers rows with equal keys come out as they went in, whichever thread was faster.
 *
 * A part's lock protects its lists. When the memory allows no more blocks, a part writes its full
 * block out and begins it anew. */
#include "iceberg/sort/sort_parts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "iceberg/sort/key_sort.h"
#include "iceberg/sort/sort_spill.h"

#define K_MAX_SAMPLES   4096 /* of all parts together, but */
#define K_MIN_SAMPLES   64   /* of each */
#define K_FIRST_ENTRIES 16

typedef struct stretch {
    uint64_t first; /* number of its first row */
    size_t block;
    uint32_t from, to; /* rows of the block */
} stretch;

typedef struct row_part {
    pthread_mutex_t lock;
    firn_row_block *blocks; /* the last one is filled */
    size_t n_blocks, cap_blocks;
    stretch *stretches; /* block by block */
    size_t n_stretches, cap_stretches;
    int64_t n_rows, n_bytes;
    int64_t n_beside; /* of the bytes: beside the slots */
    bool is_wide;     /* some rows do not fit narrow blocks: no more of these */
    firn_key_samples samples;
} row_part;

struct firn_sort_parts {
    firn_sort_parts_opts opts;
    const firn_allocator *alloc;
    row_part *parts;
    size_t n_parts;
    bool *is_key; /* columns that the order needs */
    firn_sort_spill spill;
};

/* ---- create ---- */

firn_status firn_sort_parts_create(const firn_sort_parts_opts *opts, firn_sort_parts **out,
                                   firn_error *err)
{
    const firn_allocator *alloc = opts->env->alloc;
    const size_t n = opts->cuts.n + 1;
    const size_t n_samples = K_MAX_SAMPLES / n;
    *out = NULL;
    firn_sort_parts *p = firn_mem_alloc_zero(alloc, sizeof *p);
    row_part *parts = firn_mem_array(alloc, n, sizeof *parts);
    bool *is_key = firn_mem_array(alloc, opts->layout->n_columns + 1, sizeof *is_key);
    if (!p || !parts || !is_key) {
        firn_mem_free(alloc, p);
        firn_mem_free(alloc, parts);
        firn_mem_free(alloc, is_key);
        return firn_fail_nomem(err);
    }
    for (size_t i = 0; i < opts->layout->root->n_fields; i++)
        is_key[i] = firn_row_order_uses(opts->order, i);
    p->is_key = is_key;
    p->opts = *opts;
    p->alloc = alloc;
    p->parts = parts;
    p->n_parts = n;
    for (size_t i = 0; i < n; i++) {
        parts[i] = (row_part){0};
        (void)pthread_mutex_init(&parts[i].lock, NULL);
        firn_key_samples_init(&parts[i].samples, alloc,
                              n_samples > K_MIN_SAMPLES ? n_samples : K_MIN_SAMPLES);
    }
    firn_sort_spill_init(&p->spill, opts->store, opts->path);
    *out = p;
    return FIRN_OK;
}

static void free_block(firn_sort_parts *p, firn_row_block *b)
{
    firn_sort_memory_give(p->opts.memory, b->data, b->cap);
    b->data = NULL;
}

static void free_rows(firn_sort_parts *p, row_part *t)
{
    for (size_t i = 0; i < t->n_blocks; i++) free_block(p, &t->blocks[i]);
    firn_mem_free(p->alloc, t->blocks);
    firn_mem_free(p->alloc, t->stretches);
    t->blocks = NULL;
    t->stretches = NULL;
    t->n_blocks = t->n_stretches = t->cap_blocks = t->cap_stretches = 0;
}

void firn_sort_parts_destroy(firn_sort_parts *parts)
{
    if (!parts) return;
    for (size_t i = 0; i < parts->n_parts; i++) {
        free_rows(parts, &parts->parts[i]);
        firn_key_samples_dispose(&parts->parts[i].samples);
        (void)pthread_mutex_destroy(&parts->parts[i].lock);
    }
    firn_sort_spill_dispose(&parts->spill);
    firn_mem_free(parts->alloc, parts->is_key);
    firn_mem_free(parts->alloc, parts->parts);
    firn_mem_free(parts->alloc, parts);
}

/* ---- add ---- */

void firn_sort_lane_dispose(firn_sort_lane *lane, const firn_allocator *alloc)
{
    firn_mem_free(alloc, lane->part_of);
    firn_mem_free(alloc, lane->order);
    firn_mem_free(alloc, lane->counts);
    *lane = (firn_sort_lane){0};
}

static firn_status reserve_lane(const firn_sort_parts *p, firn_sort_lane *lane, size_t n_rows,
                                firn_error *err)
{
    if (n_rows > lane->cap_rows) {
        firn_mem_free(p->alloc, lane->part_of);
        firn_mem_free(p->alloc, lane->order);
        lane->cap_rows = 0;
        lane->part_of = firn_mem_array(p->alloc, n_rows, sizeof *lane->part_of);
        lane->order = firn_mem_array(p->alloc, n_rows, sizeof *lane->order);
        if (!lane->part_of || !lane->order) return firn_fail_nomem(err);
        lane->cap_rows = n_rows;
    }
    if (p->n_parts + 1 > lane->cap_parts) {
        firn_mem_free(p->alloc, lane->counts);
        lane->cap_parts = 0;
        lane->counts = firn_mem_array(p->alloc, p->n_parts + 1, sizeof *lane->counts);
        if (!lane->counts) return firn_fail_nomem(err);
        lane->cap_parts = p->n_parts + 1;
    }
    return FIRN_OK;
}

/* The list with room for more; NULL: out of memory, and the list is as it was. */
static void *grow_list(const firn_allocator *alloc, void *list, size_t *cap, size_t size)
{
    const size_t n = *cap > 0 ? 2 * *cap : K_FIRST_ENTRIES;
    void *grown = firn_mem_resize(alloc, list, n * size);
    if (grown) *cap = n;
    return grown;
}

static size_t file_size(const firn_row_block *block)
{
    return firn_row_block_size(block->form, block->cap_rows, block->n_bytes);
}

/* The part's last block goes to the file; its memory is given back. */
static firn_status spill_last(firn_sort_parts *p, row_part *t, firn_error *err)
{
    firn_row_block *last = &t->blocks[t->n_blocks - 1];
    const firn_str bytes = {last->data, file_size(last)};
    FIRN_TRY(firn_sort_spill_append(&p->spill, bytes, &last->file_at, err));
    free_block(p, last);
    return FIRN_OK;
}

/* A block with room for a row of so many bytes beside its slots. */
static firn_status begin_block(firn_sort_parts *p, row_part *t, size_t n, firn_error *err)
{
    const firn_row_form *form = t->is_wide ? &p->opts.layout->full : &p->opts.layout->narrow;
    const size_t average = t->n_rows > 0 ? (size_t)(t->n_beside / t->n_rows) : n;
    const size_t each = average > n / 8 ? average : n / 8 + 1; /* blocks have eight rows at least */
    const size_t least = firn_row_block_size(form, 8, form->has_bytes ? 8 * each : 0);
    char *data = NULL;
    size_t cap = 0;
    if (!t->blocks || t->n_blocks == t->cap_blocks) {
        firn_row_block *blocks = grow_list(p->alloc, t->blocks, &t->cap_blocks, sizeof *t->blocks);
        if (!blocks) return firn_fail_nomem(err);
        t->blocks = blocks;
    }
    FIRN_TRY(firn_sort_memory_take(p->opts.memory, least, t->n_blocks == 0, &data, &cap, err));
    if (!data) {
        FIRN_TRY(spill_last(p, t, err));
        FIRN_TRY(firn_sort_memory_take(p->opts.memory, least, true, &data, &cap, err));
    }
    firn_row_block_init(&t->blocks[t->n_blocks++], form, data, cap, form->has_bytes ? each : 0);
    return FIRN_OK;
}

static firn_status begin_stretch(firn_sort_parts *p, row_part *t, uint64_t first, firn_error *err)
{
    if (!t->stretches || t->n_stretches == t->cap_stretches) {
        stretch *list = grow_list(p->alloc, t->stretches, &t->cap_stretches, sizeof *list);
        if (!list) return firn_fail_nomem(err);
        t->stretches = list;
    }
    const uint32_t at = t->blocks[t->n_blocks - 1].n_rows;
    t->stretches[t->n_stretches++] =
        (stretch){.first = first, .block = t->n_blocks - 1, .from = at, .to = at};
    return FIRN_OK;
}

/* Rows of one part, in the order of their numbers. */
typedef struct chosen {
    const firn_slot_rows *from;
    const uint32_t *rows; /* of the columns */
    size_t n;
} chosen;

static uint64_t number_of(const chosen *c, size_t i)
{
    return c->from->first + (c->rows[i] - c->from->from);
}

static firn_status add_samples(row_part *t, const chosen *c, firn_error *err)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!firn_key_samples_takes(&t->samples)) continue;
        const firn_str key = firn_keys_at(c->from->keys, c->rows[i] - c->from->from);
        FIRN_TRY(firn_key_samples_add(&t->samples, key, number_of(c, i), err));
    }
    return FIRN_OK;
}

/* As many of the rows as the last block has room for. */
static firn_status fill_block(firn_sort_parts *p, row_part *t, const chosen *c, size_t *n_out,
                              firn_error *err)
{
    firn_row_block *block = &t->blocks[t->n_blocks - 1];
    const size_t n_before = block->n_bytes;
    size_t n = 0;
    FIRN_TRY(firn_row_block_room(block, c->from->columns, c->rows, c->n, &n, err));
    *n_out = n;
    if (n == 0) return FIRN_OK;
    FIRN_TRY(begin_stretch(p, t, number_of(c, 0), err));
    firn_row_block_append(block, c->from->columns, c->rows, n);
    t->stretches[t->n_stretches - 1].to = block->n_rows;
    t->n_beside += (int64_t)(block->n_bytes - n_before);
    t->n_bytes += (int64_t)(n * block->form->slot_bytes + block->n_bytes - n_before);
    t->n_rows += (int64_t)n;
    return FIRN_OK;
}

static firn_status add_rows(firn_sort_parts *p, row_part *t, const chosen *c, firn_error *err)
{
    chosen rest = *c;
    FIRN_TRY(add_samples(t, c, err));
    while (rest.n > 0) {
        size_t n = 0;
        if (t->n_blocks > 0) FIRN_TRY(fill_block(p, t, &rest, &n, err));
        rest.rows += n;
        rest.n -= n;
        if (rest.n == 0) return FIRN_OK;
        FIRN_TRY(firn_slot_columns_bytes(rest.from->columns, rest.rows[0], &n, err));
        t->is_wide |= firn_slot_columns_fitting(rest.from->columns, &p->opts.layout->narrow,
                                                rest.rows, 1) == 0;
        FIRN_TRY(begin_block(p, t, n, err));
    }
    return FIRN_OK;
}

/* Rows by part: counts[i] becomes where part i's rows end in order. */
static void group_rows(const firn_sort_parts *p, firn_sort_lane *lane, const firn_slot_rows *rows)
{
    const size_t n = (size_t)rows->n;
    size_t sum = 0;
    memset(lane->counts, 0, (p->n_parts + 1) * sizeof *lane->counts);
    for (size_t i = 0; i < n; i++) {
        const firn_str key = firn_keys_at(rows->keys, (int64_t)i);
        const size_t k = firn_sort_cuts_find(&p->opts.cuts, key, rows->first + i);
        lane->part_of[i] = (uint32_t)k;
        lane->counts[k]++;
    }
    for (size_t k = 0; k < p->n_parts; k++) {
        const size_t count = lane->counts[k];
        lane->counts[k] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        lane->order[lane->counts[lane->part_of[i]]++] = rows->from + (uint32_t)i;
}

firn_status firn_sort_parts_add(firn_sort_parts *parts, firn_sort_lane *lane,
                                const firn_slot_rows *rows, firn_error *err)
{
    const size_t n = (size_t)rows->n;
    size_t from = 0;
    if (n > UINT32_MAX)
        return firn_fail(err, FIRN_ERR_ARG, "%lld rows at once", (long long)rows->n);
    FIRN_TRY(reserve_lane(parts, lane, n, err));
    group_rows(parts, lane, rows);
    for (size_t k = 0; k < parts->n_parts && from < n; k++) {
        row_part *t = &parts->parts[k];
        const chosen c = {rows, lane->order + from, lane->counts[k] - from};
        from = lane->counts[k];
        if (c.n == 0) continue;
        (void)pthread_mutex_lock(&t->lock);
        const firn_status st = add_rows(parts, t, &c, err);
        (void)pthread_mutex_unlock(&t->lock);
        FIRN_TRY(st);
    }
    return FIRN_OK;
}

firn_status firn_sort_parts_finish(firn_sort_parts *parts, firn_error *err)
{
    return firn_sort_spill_finish(&parts->spill, err);
}

size_t firn_sort_parts_count(const firn_sort_parts *parts)
{
    return parts->n_parts;
}

int64_t firn_sort_parts_rows(const firn_sort_parts *parts, size_t part)
{
    return parts->parts[part].n_rows;
}

int64_t firn_sort_parts_bytes(const firn_sort_parts *parts, size_t part)
{
    return parts->parts[part].n_bytes;
}

int64_t firn_sort_parts_spilled(const firn_sort_parts *parts)
{
    return parts->spill.n_bytes;
}

const firn_key_samples *firn_sort_parts_samples(const firn_sort_parts *parts, size_t part)
{
    return &parts->parts[part].samples;
}

/* ---- keys of rows in blocks ---- */

/* What is needed to read them, by one thread. */
typedef struct key_reader {
    const firn_sort_parts *parts;
    firn_row_source source;
    firn_batch *batch;
    firn_arena *scratch;
    firn_sort_entry entries[FIRN_BATCH_ROWS];
} key_reader;

static void close_reader(const firn_allocator *alloc, key_reader *reader)
{
    if (!reader) return;
    firn_batch_destroy(reader->batch);
    firn_arena_destroy(reader->scratch);
    firn_mem_free(alloc, reader);
}

static firn_status open_reader(const firn_sort_parts *p, const firn_row_block *blocks,
                               key_reader **out, firn_error *err)
{
    *out = firn_mem_alloc_zero(p->alloc, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    (*out)->parts = p;
    (*out)->source = (firn_row_source){p->opts.layout, blocks, p->opts.texts, true};
    (*out)->scratch = firn_arena_create(p->alloc, 0);
    if (!(*out)->scratch) return firn_fail_nomem(err);
    return firn_batch_create(p->opts.layout->root, 1, &(*out)->batch, err);
}

/* Of rows [from, from + n) of a block, FIRN_BATCH_ROWS at most, behind the keys that are there. */
static firn_status read_keys(key_reader *reader, size_t block, uint32_t from, uint32_t n,
                             firn_keys *keys, firn_error *err)
{
    const firn_sort_parts *p = reader->parts;
    if (p->opts.layout->key_width > 0)
        return firn_row_block_keys(&reader->source.blocks[block], p->opts.layout, from, n, keys,
                                   err);
    for (uint32_t i = 0; i < n; i++)
        reader->entries[i] = (firn_sort_entry){.block = (uint32_t)block, .row = from + i};
    firn_batch_reset(reader->batch);
    FIRN_TRY(firn_packed_rows_get(&reader->source, reader->entries, n, p->is_key, NULL,
                                  reader->batch, err));
    return firn_row_order_keys(p->opts.order, reader->batch, reader->scratch, keys, err);
}

/* ---- one part's rows ---- */

static int compare_stretches(const void *a, const void *b)
{
    const uint64_t x = ((const stretch *)a)->first;
    const uint64_t y = ((const stretch *)b)->first;
    return (x > y) - (x < y);
}

/* The part's blocks, with those that are in the file one behind the other in memory. */
static firn_status load_blocks(firn_sort_parts *p, const row_part *t, firn_sorted_part *out,
                               firn_error *err)
{
    size_t n = 0;
    out->blocks = firn_mem_array(p->alloc, t->n_blocks + 1, sizeof *out->blocks);
    if (!out->blocks) return firn_fail_nomem(err);
    for (size_t i = 0; i < t->n_blocks; i++)
        if (!t->blocks[i].data) n += file_size(&t->blocks[i]);
    out->spilled = n > 0 ? firn_mem_alloc(p->alloc, n) : NULL;
    if (n > 0 && !out->spilled) return firn_fail_nomem(err);
    char *to = out->spilled;
    for (size_t i = 0; i < t->n_blocks; i++) {
        firn_row_block *block = &out->blocks[i];
        *block = t->blocks[i];
        if (block->data) continue;
        const size_t size = file_size(block);
        FIRN_TRY(firn_sort_spill_read(&p->spill, block->file_at, to, size, err));
        block->data = to;
        to += size;
    }
    out->source = (firn_row_source){p->opts.layout, out->blocks, p->opts.texts, false};
    for (size_t i = 0; i < t->n_blocks; i++) out->source.has_nulls |= out->blocks[i].has_nulls;
    return FIRN_OK;
}

/* Block by block. first: where each block's keys begin. */
static firn_status list_keys(const firn_sort_parts *p, const row_part *t,
                             const firn_sorted_part *part, firn_keys *keys, int64_t *first,
                             firn_error *err)
{
    key_reader *reader = NULL;
    firn_status st = open_reader(p, part->blocks, &reader, err);
    for (size_t i = 0; i < t->n_blocks && st == FIRN_OK; i++) {
        const uint32_t n = t->blocks[i].n_rows;
        first[i] = keys->n;
        for (uint32_t at = 0; at < n && st == FIRN_OK; at += FIRN_BATCH_ROWS)
            st = read_keys(reader, i, at, n - at < FIRN_BATCH_ROWS ? n - at : FIRN_BATCH_ROWS, keys,
                           err);
    }
    close_reader(p->alloc, reader);
    return st;
}

/* As they came in. */
static void list_rows(const row_part *t, firn_sort_entry *entries)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_stretches; i++) {
        const stretch *s = &t->stretches[i];
        for (uint32_t row = s->from; row < s->to; row++)
            entries[n++] = (firn_sort_entry){.block = (uint32_t)s->block, .row = row};
    }
}

static firn_status sort_part(firn_sort_parts *p, row_part *t, firn_sorted_part *out,
                             firn_error *err)
{
    FIRN_TRY(firn_sort_scratch_take(p->opts.scratches, (size_t)t->n_rows, &out->scratch, err));
    FIRN_TRY(load_blocks(p, t, out, err));
    firn_sort_scratch *scratch = out->scratch;
    out->n_rows = t->n_rows;
    int64_t *first = firn_mem_array(p->alloc, t->n_blocks + 1, sizeof *first);
    const firn_status st =
        first ? list_keys(p, t, out, &scratch->keys, first, err) : firn_fail_nomem(err);
    if (st == FIRN_OK) {
        const firn_key_list list = {&scratch->keys, first};
        if (t->n_stretches > 1)
            qsort(t->stretches, t->n_stretches, sizeof *t->stretches, compare_stretches);
        list_rows(t, scratch->entries);
        firn_key_sort(&list, scratch->entries, scratch->spare, (size_t)t->n_rows);
    }
    firn_mem_free(p->alloc, first);
    return st;
}

firn_status firn_sort_parts_sort(firn_sort_parts *parts, size_t part, firn_sorted_part *out,
                                 firn_error *err)
{
    *out = (firn_sorted_part){0};
    const firn_status st = sort_part(parts, &parts->parts[part], out, err);
    if (st != FIRN_OK) firn_sort_parts_close(parts, part, out);
    return st;
}

void firn_sort_parts_close(firn_sort_parts *parts, size_t part, firn_sorted_part *sorted)
{
    free_rows(parts, &parts->parts[part]);
    firn_sort_scratch_give(parts->opts.scratches, sorted->scratch);
    firn_mem_free(parts->alloc, sorted->blocks);
    firn_mem_free(parts->alloc, sorted->spilled);
    *sorted = (firn_sorted_part){0};
}

/* ---- handing on ---- */

typedef struct handing {
    firn_sort_parts *from, *to;
    row_part *part;
    firn_sort_lane *lanes;
} handing;

/* One block, in memory. */
typedef struct handed {
    firn_slot_columns columns;
    key_reader *reader;
    firn_keys keys;
} handed;

static firn_status hand_stretch(const handing *h, handed *b, const stretch *s, size_t thread,
                                firn_error *err)
{
    for (uint32_t at = s->from; at < s->to; at += FIRN_BATCH_ROWS) {
        const uint32_t n = s->to - at < FIRN_BATCH_ROWS ? s->to - at : FIRN_BATCH_ROWS;
        firn_keys_clear(&b->keys);
        FIRN_TRY(read_keys(b->reader, 0, at, n, &b->keys, err));
        const firn_slot_rows rows = {&b->columns, at, n, &b->keys, s->first + (at - s->from)};
        FIRN_TRY(firn_sort_parts_add(h->to, &h->lanes[thread], &rows, err));
    }
    return FIRN_OK;
}

/* Stretches are listed block by block. */
static size_t first_stretch(const row_part *t, size_t block)
{
    size_t from = 0;
    size_t to = t->n_stretches;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (t->stretches[middle].block < block)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static firn_status hand_stretches(const handing *h, const firn_row_block *block, size_t i,
                                  size_t thread, firn_error *err)
{
    const row_part *t = h->part;
    const firn_allocator *alloc = h->from->alloc;
    const size_t n = h->from->opts.layout->n_columns;
    handed b = {.columns.values = firn_mem_array(alloc, n + 1, sizeof *b.columns.values),
                .columns.validity = firn_mem_array(alloc, n + 1, sizeof *b.columns.validity)};
    firn_keys_init(&b.keys, alloc, SIZE_MAX);
    firn_status st = b.columns.values && b.columns.validity
                         ? open_reader(h->from, block, &b.reader, err)
                         : firn_fail_nomem(err);
    if (st == FIRN_OK) firn_row_block_columns(block, &b.columns);
    for (size_t k = first_stretch(t, i); k < t->n_stretches && st == FIRN_OK; k++) {
        if (t->stretches[k].block != i) break;
        st = hand_stretch(h, &b, &t->stretches[k], thread, err);
    }
    close_reader(alloc, b.reader);
    firn_keys_dispose(&b.keys);
    firn_mem_free(alloc, b.columns.values);
    firn_mem_free(alloc, b.columns.validity);
    return st;
}

static firn_status hand_block(void *ctx, size_t i, size_t thread, firn_error *err)
{
    const handing *h = ctx;
    firn_sort_parts *p = h->from;
    firn_row_block block = h->part->blocks[i];
    char *read = NULL;
    firn_status st = firn_env_check_cancel(p->opts.env, err);
    if (st == FIRN_OK && !block.data) {
        const size_t size = file_size(&block);
        block.data = read = firn_mem_alloc(p->alloc, size);
        st = read ? firn_sort_spill_read(&p->spill, block.file_at, read, size, err)
                  : firn_fail_nomem(err);
    }
    if (st == FIRN_OK) st = hand_stretches(h, &block, i, thread, err);
    firn_mem_free(p->alloc, read);
    free_block(p, &h->part->blocks[i]);
    return st;
}

firn_status firn_sort_parts_hand_on(firn_sort_parts *parts, size_t part, firn_sort_parts *to,
                                    firn_sort_lane *lanes, firn_error *err)
{
    handing h = {parts, to, &parts->parts[part], lanes};
    FIRN_TRY(firn_pool_run(firn_env_pool(parts->opts.env), h.part->n_blocks, hand_block, &h, err));
    free_rows(parts, h.part);
    return firn_sort_parts_finish(to, err);
}
