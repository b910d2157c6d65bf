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

/* Rows in memory (data) or in the file (from at on). */
typedef struct row_block {
    char *data;
    size_t len, cap;
    int64_t at;
} row_block;

typedef struct stretch {
    uint64_t first; /* number of its first row */
    size_t block;
    size_t from, to; /* bytes of the block */
} stretch;

typedef struct row_part {
    pthread_mutex_t lock;
    row_block *blocks; /* the last one is filled */
    size_t n_blocks, cap_blocks;
    stretch *stretches; /* block by block */
    size_t n_stretches, cap_stretches;
    int64_t n_rows, n_bytes;
    firn_key_samples samples;
} row_part;

struct firn_sort_parts {
    firn_sort_parts_opts opts;
    const firn_allocator *alloc;
    row_part *parts;
    size_t n_parts;
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
    if (!p || !parts) {
        firn_mem_free(alloc, p);
        firn_mem_free(alloc, parts);
        return firn_fail_nomem(err);
    }
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

static void free_block(firn_sort_parts *p, row_block *b)
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

/* The part's last block goes to the file; its memory is given back. */
static firn_status spill_last(firn_sort_parts *p, row_part *t, firn_error *err)
{
    row_block *last = &t->blocks[t->n_blocks - 1];
    FIRN_TRY(firn_sort_spill_append(&p->spill, (firn_str){last->data, last->len}, &last->at, err));
    free_block(p, last);
    return FIRN_OK;
}

/* A block with room for a row of so many bytes. */
static firn_status begin_block(firn_sort_parts *p, row_part *t, size_t n, firn_error *err)
{
    row_block fresh = {0};
    if (!t->blocks || t->n_blocks == t->cap_blocks) {
        row_block *blocks = grow_list(p->alloc, t->blocks, &t->cap_blocks, sizeof *t->blocks);
        if (!blocks) return firn_fail_nomem(err);
        t->blocks = blocks;
    }
    FIRN_TRY(
        firn_sort_memory_take(p->opts.memory, n, t->n_blocks == 0, &fresh.data, &fresh.cap, err));
    if (!fresh.data) {
        FIRN_TRY(spill_last(p, t, err));
        FIRN_TRY(firn_sort_memory_take(p->opts.memory, n, true, &fresh.data, &fresh.cap, err));
    }
    t->blocks[t->n_blocks++] = fresh;
    return FIRN_OK;
}

static firn_status begin_stretch(firn_sort_parts *p, row_part *t, uint64_t first, firn_error *err)
{
    if (!t->stretches || t->n_stretches == t->cap_stretches) {
        stretch *list = grow_list(p->alloc, t->stretches, &t->cap_stretches, sizeof *list);
        if (!list) return firn_fail_nomem(err);
        t->stretches = list;
    }
    const size_t at = t->blocks[t->n_blocks - 1].len;
    t->stretches[t->n_stretches++] =
        (stretch){.first = first, .block = t->n_blocks - 1, .from = at, .to = at};
    return FIRN_OK;
}

/* Rows of one part, in the order of their numbers. */
typedef struct chosen {
    const char *bytes;
    const size_t *starts;
    const uint32_t *rows;
    size_t n;
    uint64_t first;
} chosen;

static firn_status add_rows(firn_sort_parts *p, row_part *t, const chosen *c, firn_error *err)
{
    bool is_open = false; /* a stretch, in the last block */
    for (size_t i = 0; i < c->n; i++) {
        const size_t row = c->rows[i];
        const char *from = c->bytes + c->starts[row];
        const size_t size = c->starts[row + 1] - c->starts[row];
        const row_block *last = t->n_blocks > 0 ? &t->blocks[t->n_blocks - 1] : NULL;
        if (!last || size > last->cap - last->len) {
            FIRN_TRY(begin_block(p, t, size, err));
            is_open = false;
        }
        if (!is_open) FIRN_TRY(begin_stretch(p, t, c->first + row, err));
        is_open = true;
        row_block *b = &t->blocks[t->n_blocks - 1];
        memcpy(b->data + b->len, from, size);
        b->len += size;
        t->stretches[t->n_stretches - 1].to = b->len;
        t->n_bytes += (int64_t)size;
        FIRN_TRY(firn_key_samples_add(&t->samples, firn_packed_row_key(p->opts.layout, from),
                                      c->first + row, err));
    }
    t->n_rows += (int64_t)c->n;
    return FIRN_OK;
}

/* Row numbers by part: counts[i] becomes where part i's rows end in order. */
static void group_rows(const firn_sort_parts *p, firn_sort_lane *lane, const char *bytes,
                       const size_t *starts, size_t n, uint64_t first)
{
    size_t sum = 0;
    memset(lane->counts, 0, (p->n_parts + 1) * sizeof *lane->counts);
    for (size_t i = 0; i < n; i++) {
        const firn_str key = firn_packed_row_key(p->opts.layout, bytes + starts[i]);
        const size_t k = firn_sort_cuts_find(&p->opts.cuts, key, first + i);
        lane->part_of[i] = (uint32_t)k;
        lane->counts[k]++;
    }
    for (size_t k = 0; k < p->n_parts; k++) {
        const size_t count = lane->counts[k];
        lane->counts[k] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++) lane->order[lane->counts[lane->part_of[i]]++] = (uint32_t)i;
}

firn_status firn_sort_parts_add(firn_sort_parts *parts, firn_sort_lane *lane, const char *bytes,
                                const size_t *starts, int64_t n, uint64_t first, firn_error *err)
{
    size_t from = 0;
    if (n > UINT32_MAX) return firn_fail(err, FIRN_ERR_ARG, "%lld rows at once", (long long)n);
    FIRN_TRY(reserve_lane(parts, lane, (size_t)n, err));
    group_rows(parts, lane, bytes, starts, (size_t)n, first);
    for (size_t k = 0; k < parts->n_parts && from < (size_t)n; k++) {
        row_part *t = &parts->parts[k];
        const chosen c = {bytes, starts, lane->order + from, lane->counts[k] - from, first};
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

/* ---- one part's rows ---- */

static int compare_stretches(const void *a, const void *b)
{
    const uint64_t x = ((const stretch *)a)->first;
    const uint64_t y = ((const stretch *)b)->first;
    return (x > y) - (x < y);
}

/* Blocks that are in the file, one behind the other in memory. */
static firn_status read_spilled(firn_sort_parts *p, row_part *t, const char **starts, char **out,
                                firn_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_blocks; i++)
        if (!t->blocks[i].data) n += t->blocks[i].len;
    *out = n > 0 ? firn_mem_alloc(p->alloc, n) : NULL;
    if (n > 0 && !*out) return firn_fail_nomem(err);
    char *to = *out;
    for (size_t i = 0; i < t->n_blocks; i++) {
        const row_block *b = &t->blocks[i];
        starts[i] = b->data ? b->data : to;
        if (b->data) continue;
        FIRN_TRY(firn_sort_spill_read(&p->spill, b->at, to, b->len, err));
        to += b->len;
    }
    return FIRN_OK;
}

static firn_status list_rows(const firn_sort_parts *p, const row_part *t, const char *const *starts,
                             firn_sort_entry *entries, firn_error *err)
{
    int64_t n = 0;
    for (size_t i = 0; i < t->n_stretches; i++) {
        const stretch *s = &t->stretches[i];
        firn_str rest = {starts[s->block] + s->from, s->to - s->from};
        while (rest.len > 0) {
            firn_str row;
            FIRN_TRY(firn_packed_row_next(p->opts.layout, rest, &row, err));
            if (n == t->n_rows)
                return firn_fail(err, FIRN_ERR_CORRUPT, "more than %lld sorted rows", (long long)n);
            entries[n++].row = row.data;
            rest = (firn_str){rest.data + row.len, rest.len - row.len};
        }
    }
    if (n == t->n_rows) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "%lld of %lld sorted rows", (long long)n,
                     (long long)t->n_rows);
}

static firn_status sort_part(firn_sort_parts *p, row_part *t, firn_sorted_part *out,
                             firn_error *err)
{
    const size_t n = (size_t)t->n_rows;
    firn_status st = FIRN_OK;
    const char **starts = firn_mem_array(p->alloc, t->n_blocks + 1, sizeof *starts);
    firn_sort_entry *spare = firn_mem_array(p->alloc, n + 1, sizeof *spare);
    out->entries = firn_mem_array(p->alloc, n + 1, sizeof *out->entries);
    if (!starts || !spare || !out->entries) st = firn_fail_nomem(err);
    if (st == FIRN_OK) st = read_spilled(p, t, starts, &out->spilled, err);
    if (st == FIRN_OK && t->n_stretches > 1)
        qsort(t->stretches, t->n_stretches, sizeof *t->stretches, compare_stretches);
    if (st == FIRN_OK) st = list_rows(p, t, starts, out->entries, err);
    if (st == FIRN_OK) firn_key_sort(p->opts.layout, out->entries, spare, n);
    out->n_rows = t->n_rows;
    firn_mem_free(p->alloc, spare);
    firn_mem_free(p->alloc, starts);
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
    firn_mem_free(parts->alloc, sorted->entries);
    firn_mem_free(parts->alloc, sorted->spilled);
    *sorted = (firn_sorted_part){0};
}

/* ---- handing on ---- */

typedef struct handing {
    firn_sort_parts *from, *to;
    row_part *part;
    firn_sort_lane *lanes;
} handing;

static firn_status hand_stretch(const handing *h, const stretch *s, const char *data, size_t thread,
                                firn_error *err)
{
    size_t starts[FIRN_BATCH_ROWS + 1];
    firn_str rest = {data + s->from, s->to - s->from};
    uint64_t first = s->first;
    while (rest.len > 0) {
        int64_t n = 0;
        size_t at = 0;
        while (n < FIRN_BATCH_ROWS && at < rest.len) {
            firn_str row;
            FIRN_TRY(firn_packed_row_next(h->from->opts.layout,
                                          (firn_str){rest.data + at, rest.len - at}, &row, err));
            starts[n++] = at;
            at += row.len;
        }
        starts[n] = at;
        FIRN_TRY(firn_sort_parts_add(h->to, &h->lanes[thread], rest.data, starts, n, first, err));
        first += (uint64_t)n;
        rest = (firn_str){rest.data + at, rest.len - at};
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

static firn_status hand_block(void *ctx, size_t i, size_t thread, firn_error *err)
{
    const handing *h = ctx;
    const row_part *t = h->part;
    row_block *b = &t->blocks[i];
    char *read = NULL;
    firn_status st = firn_env_check_cancel(h->from->opts.env, err);
    if (st == FIRN_OK && !b->data) {
        read = firn_mem_alloc(h->from->alloc, b->len);
        st = read ? firn_sort_spill_read(&h->from->spill, b->at, read, b->len, err)
                  : firn_fail_nomem(err);
    }
    const char *data = read ? read : b->data;
    for (size_t k = first_stretch(t, i); k < t->n_stretches && st == FIRN_OK; k++) {
        if (t->stretches[k].block != i) break;
        st = hand_stretch(h, &t->stretches[k], data, thread, err);
    }
    firn_mem_free(h->from->alloc, read);
    free_block(h->from, b);
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
