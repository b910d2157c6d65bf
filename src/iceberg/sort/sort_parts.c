/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to their parts. Not here: what is done with a part's rows then (part_order.c,
 * part_handing.c). */
#include "iceberg/sort/sort_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "iceberg/sort/sort_parts_internal.h"

#define K_MAX_SAMPLES   4096 /* of all parts together, but */
#define K_MIN_SAMPLES   64   /* of each */
#define K_FIRST_ENTRIES 16

/* ---- create ---- */

void firn_sort_parts__free_block(firn_sort_parts *p, firn_row_block *b)
{
    firn_sort_memory_give(p->opts.memory, b->data, b->cap);
    b->data = NULL;
}

void firn_sort_parts__free_rows(firn_sort_parts *p, firn_row_part *t)
{
    for (size_t i = 0; i < t->n_blocks; i++) firn_sort_parts__free_block(p, &t->blocks[i]);
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
        firn_sort_parts__free_rows(parts, &parts->parts[i]);
        firn_key_samples_dispose(&parts->parts[i].samples);
        (void)pthread_mutex_destroy(&parts->parts[i].lock);
    }
    firn_sort_spill_dispose(&parts->spill);
    firn_number_cuts_dispose(&parts->number_cuts, parts->alloc);
    firn_mem_free(parts->alloc, parts->is_key);
    firn_mem_free(parts->alloc, parts->parts);
    firn_mem_free(parts->alloc, parts);
}

firn_status firn_sort_parts_create(const firn_sort_parts_opts *opts, firn_sort_parts **out,
                                   firn_error *err)
{
    const firn_allocator *alloc = opts->env->alloc;
    const size_t n = opts->cuts.n + 1;
    const size_t n_samples = K_MAX_SAMPLES / n;
    *out = NULL;
    firn_sort_parts *p = firn_mem_alloc_zero(alloc, sizeof *p);
    firn_row_part *parts = firn_mem_array(alloc, n, sizeof *parts);
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
        parts[i] = (firn_row_part){0};
        (void)pthread_mutex_init(&parts[i].lock, NULL);
        firn_key_samples_init(&parts[i].samples, alloc,
                              n_samples > K_MIN_SAMPLES ? n_samples : K_MIN_SAMPLES);
    }
    firn_sort_spill_init(&p->spill, opts->store, opts->path);
    const firn_status st =
        firn_number_cuts_make(&p->number_cuts, &p->opts.cuts, opts->order, alloc, err);
    if (st != FIRN_OK) {
        firn_sort_parts_destroy(p);
        return st;
    }
    *out = p;
    return FIRN_OK;
}

bool firn_sort_parts_needs_keys(const firn_sort_parts *parts)
{
    return !parts->number_cuts.cuts;
}

/* ---- add ---- */

void firn_sort_lane_dispose(firn_sort_lane *lane, const firn_allocator *alloc)
{
    firn_mem_free(alloc, lane->part_of);
    firn_mem_free(alloc, lane->order);
    firn_mem_free(alloc, lane->packed);
    firn_mem_free(alloc, lane->counts);
    *lane = (firn_sort_lane){0};
}

static firn_status reserve_lane(const firn_sort_parts *p, firn_sort_lane *lane, size_t n_rows,
                                firn_error *err)
{
    if (n_rows > lane->cap_rows) {
        firn_mem_free(p->alloc, lane->part_of);
        firn_mem_free(p->alloc, lane->order);
        firn_mem_free(p->alloc, lane->packed);
        lane->cap_rows = 0;
        lane->part_of = firn_mem_array(p->alloc, n_rows, sizeof *lane->part_of);
        lane->order = firn_mem_array(p->alloc, n_rows, sizeof *lane->order);
        lane->packed = firn_mem_array(p->alloc, n_rows, sizeof *lane->packed);
        if (!lane->part_of || !lane->order || !lane->packed) return firn_fail_nomem(err);
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

size_t firn_sort_parts__file_size(const firn_row_block *block)
{
    return firn_row_block_size(block->form, block->cap_rows, block->n_bytes);
}

/* The part's last block goes to the file; its memory is given back. */
static firn_status spill_last(firn_sort_parts *p, firn_row_part *t, firn_error *err)
{
    firn_row_block *last = &t->blocks[t->n_blocks - 1];
    const firn_str bytes = {last->data, firn_sort_parts__file_size(last)};
    FIRN_TRY(firn_sort_spill_append(&p->spill, bytes, &last->file_at, err));
    firn_sort_parts__free_block(p, last);
    return FIRN_OK;
}

/* A block with room for a row of so many bytes beside its slots. */
static firn_status begin_block(firn_sort_parts *p, firn_row_part *t, size_t n, firn_error *err)
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

static firn_status begin_stretch(firn_sort_parts *p, firn_row_part *t, uint64_t first,
                                 firn_error *err)
{
    if (!t->stretches || t->n_stretches == t->cap_stretches) {
        firn_row_stretch *list = grow_list(p->alloc, t->stretches, &t->cap_stretches, sizeof *list);
        if (!list) return firn_fail_nomem(err);
        t->stretches = list;
    }
    const uint32_t at = t->blocks[t->n_blocks - 1].n_rows;
    t->stretches[t->n_stretches++] =
        (firn_row_stretch){.first = first, .block = t->n_blocks - 1, .from = at, .to = at};
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

/* buffer: room for the key if rows have none. */
static firn_str key_at(const firn_sort_parts *p, const firn_slot_rows *rows, uint32_t row,
                       char *buffer)
{
    if (rows->keys) return firn_keys_at(rows->keys, row - rows->from);
    return (firn_str){buffer,
                      firn_number_keys_bytes(&p->number_cuts.keys, rows->columns, row, buffer)};
}

static firn_status add_samples(const firn_sort_parts *p, firn_row_part *t, const chosen *c,
                               firn_error *err)
{
    char buffer[FIRN_NUMBER_KEY_BYTES];
    size_t i = 0;
    while ((i += firn_key_samples_skip(&t->samples, c->n - i)) < c->n) {
        const firn_str key = key_at(p, c->from, c->rows[i], buffer);
        FIRN_TRY(firn_key_samples_add(&t->samples, key, number_of(c, i), err));
        i++;
    }
    return FIRN_OK;
}

/* As many of the rows as the last block has room for. */
static firn_status fill_block(firn_sort_parts *p, firn_row_part *t, const chosen *c, size_t *n_out,
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

static firn_status add_rows(firn_sort_parts *p, firn_row_part *t, const chosen *c, firn_error *err)
{
    chosen rest = *c;
    FIRN_TRY(add_samples(p, t, c, err));
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

static void find_parts(const firn_sort_parts *p, firn_sort_lane *lane, const firn_slot_rows *rows)
{
    const size_t n = (size_t)rows->n;
    if (!rows->keys) {
        firn_number_keys_pack(&p->number_cuts.keys, rows->columns, rows->from, (uint32_t)n,
                              lane->packed);
        firn_number_cuts_find(&p->number_cuts, lane->packed, n, rows->first, lane->part_of);
        return;
    }
    for (size_t i = 0; i < n; i++)
        lane->part_of[i] = (uint32_t)firn_sort_cuts_find(
            &p->opts.cuts, firn_keys_at(rows->keys, (int64_t)i), rows->first + i);
}

/* Rows by part: counts[i] becomes where part i's rows end in order. */
static void group_rows(const firn_sort_parts *p, firn_sort_lane *lane, const firn_slot_rows *rows)
{
    const size_t n = (size_t)rows->n;
    size_t sum = 0;
    memset(lane->counts, 0, (p->n_parts + 1) * sizeof *lane->counts);
    find_parts(p, lane, rows);
    for (size_t i = 0; i < n; i++) lane->counts[lane->part_of[i]]++;
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
    if (!rows->keys && firn_sort_parts_needs_keys(parts))
        return firn_fail(err, FIRN_ERR_ARG, "rows without keys");
    FIRN_TRY(reserve_lane(parts, lane, n, err));
    group_rows(parts, lane, rows);
    for (size_t k = 0; k < parts->n_parts && from < n; k++) {
        firn_row_part *t = &parts->parts[k];
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
