/* SPDX-License-Identifier: Apache-2.0 */
/* One part's rows in order. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "iceberg/sort/key_sort.h"
#include "iceberg/sort/sort_parts_internal.h"

static int compare_stretches(const void *a, const void *b)
{
    const uint64_t x = ((const firn_row_stretch *)a)->first;
    const uint64_t y = ((const firn_row_stretch *)b)->first;
    return (x > y) - (x < y);
}

/* The part's blocks, with those that are in the file one behind the other in memory. */
static firn_status load_blocks(firn_sort_parts *p, const firn_row_part *t, firn_sorted_part *out,
                               firn_error *err)
{
    size_t n = 0;
    out->blocks = firn_mem_array(p->alloc, t->n_blocks + 1, sizeof *out->blocks);
    if (!out->blocks) return firn_fail_nomem(err);
    for (size_t i = 0; i < t->n_blocks; i++)
        if (!t->blocks[i].data) n += firn_sort_parts__file_size(&t->blocks[i]);
    out->spilled = n > 0 ? firn_mem_alloc(p->alloc, n) : NULL;
    if (n > 0 && !out->spilled) return firn_fail_nomem(err);
    char *to = out->spilled;
    for (size_t i = 0; i < t->n_blocks; i++) {
        firn_row_block *block = &out->blocks[i];
        *block = t->blocks[i];
        if (block->data) continue;
        const size_t size = firn_sort_parts__file_size(block);
        FIRN_TRY(firn_sort_spill_read(&p->spill, block->file_at, to, size, err));
        block->data = to;
        to += size;
    }
    out->source = (firn_row_source){.layout = p->opts.layout,
                                    .blocks = out->blocks,
                                    .n_blocks = t->n_blocks,
                                    .texts = p->opts.texts};
    return FIRN_OK;
}

/* ---- by numbers ---- */

static unsigned bits_of(uint64_t value)
{
    return value > 0 ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

/* How a row's packed key and its place are one number. */
typedef struct packing {
    firn_number_keys keys;
    unsigned row_bits, place_bits; /* of the row in its block; of both */
    firn_slot_columns *columns;    /* of each block */
    uint32_t *first;               /* row of each block, in packed keys */
} packing;

/* False: they do not fit. */
static bool plan_packing(const firn_row_part *t, packing *x)
{
    uint32_t most = 0;
    for (size_t i = 0; i < t->n_blocks; i++) {
        if (t->blocks[i].n_rows > most) most = t->blocks[i].n_rows;
        firn_number_keys_see(&x->keys, &x->columns[i], 0, t->blocks[i].n_rows);
    }
    x->row_bits = bits_of(most);
    x->place_bits = x->row_bits + bits_of(t->n_blocks);
    return x->place_bits < 64 && firn_number_keys_finish(&x->keys, 64 - x->place_bits);
}

/* The numbers to places, the packed keys to spare, block by block. */
static void pack_rows(const firn_row_part *t, packing *x, firn_sort_scratch *scratch)
{
    uint32_t n = 0;
    for (size_t i = 0; i < t->n_blocks; i++) {
        x->first[i] = n;
        firn_number_keys_pack(&x->keys, &x->columns[i], 0, t->blocks[i].n_rows, scratch->spare + n);
        n += t->blocks[i].n_rows;
    }
    size_t k = 0;
    for (size_t i = 0; i < t->n_stretches; i++) { /* as they came in */
        const firn_row_stretch *s = &t->stretches[i];
        const uint64_t *packed = scratch->spare + x->first[s->block];
        const uint64_t block = (uint64_t)s->block << x->row_bits;
        for (uint32_t row = s->from; row < s->to; row++)
            scratch->places[k++] = packed[row] << x->place_bits | block | row;
    }
}

static void unpack_places(const packing *x, uint64_t *places, size_t n)
{
    const uint64_t row_mask = ((uint64_t)1 << x->row_bits) - 1;
    const uint64_t place_mask = ((uint64_t)1 << x->place_bits) - 1;
    for (size_t i = 0; i < n; i++)
        places[i] = firn_row_place_of((places[i] & place_mask) >> x->row_bits,
                                      (uint32_t)(places[i] & row_mask));
}

static firn_status open_packing(const firn_sort_parts *p, const firn_sorted_part *part,
                                firn_arena *arena, packing *x, firn_error *err)
{
    const size_t n = part->source.n_blocks;
    const size_t n_columns = p->opts.layout->n_columns;
    x->columns = firn_arena_array(arena, n, sizeof *x->columns);
    x->first = firn_arena_array(arena, n, sizeof *x->first);
    if (!x->columns || !x->first) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        firn_slot_columns *c = &x->columns[i];
        c->values = firn_arena_array(arena, n_columns, sizeof *c->values);
        c->validity = firn_arena_array(arena, n_columns, sizeof *c->validity);
        if (!c->values || !c->validity) return firn_fail_nomem(err);
        firn_row_block_columns(&part->blocks[i], c);
    }
    return FIRN_OK;
}

/* is_done: false where keys are not numbers, or too long. */
static firn_status sort_by_numbers(const firn_sort_parts *p, const firn_row_part *t,
                                   const firn_sorted_part *part, bool *is_done, firn_error *err)
{
    packing x;
    *is_done = false;
    if (!firn_number_keys_init(&x.keys, p->opts.order) || t->n_rows > UINT32_MAX) return FIRN_OK;
    firn_arena *arena = firn_arena_create(p->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    const firn_status st = open_packing(p, part, arena, &x, err);
    *is_done = st == FIRN_OK && plan_packing(t, &x);
    if (*is_done) {
        firn_sort_scratch *scratch = part->scratch;
        pack_rows(t, &x, scratch);
        firn_number_sort(scratch->places, scratch->spare, (size_t)t->n_rows, x.place_bits,
                         x.keys.bits);
        unpack_places(&x, scratch->places, (size_t)t->n_rows);
    }
    firn_arena_destroy(arena);
    return st;
}

/* ---- by bytes ---- */

/* Block by block. first: where each block's keys begin. */
static firn_status list_keys(const firn_sort_parts *p, const firn_row_part *t,
                             const firn_sorted_part *part, int64_t *first, firn_error *err)
{
    firn_block_keys *reader = NULL;
    firn_keys *keys = &part->scratch->keys;
    firn_status st = firn_block_keys_open(p, part->blocks, t->n_blocks, &reader, err);
    for (size_t i = 0; i < t->n_blocks && st == FIRN_OK; i++) {
        const uint32_t n = t->blocks[i].n_rows;
        first[i] = keys->n;
        for (uint32_t at = 0; at < n && st == FIRN_OK; at += FIRN_BATCH_ROWS)
            st = firn_block_keys_read(
                reader, i, at, n - at < FIRN_BATCH_ROWS ? n - at : FIRN_BATCH_ROWS, keys, err);
    }
    firn_block_keys_close(reader);
    return st;
}

/* As they came in. */
static void list_rows(const firn_row_part *t, firn_sort_entry *entries)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_stretches; i++) {
        const firn_row_stretch *s = &t->stretches[i];
        for (uint32_t row = s->from; row < s->to; row++)
            entries[n++] = (firn_sort_entry){.place = firn_row_place_of(s->block, row)};
    }
}

static firn_status sort_by_bytes(const firn_sort_parts *p, const firn_row_part *t,
                                 const firn_sorted_part *part, firn_error *err)
{
    firn_sort_scratch *scratch = part->scratch;
    const size_t n = (size_t)t->n_rows;
    FIRN_TRY(firn_sort_scratch_entries(p->opts.scratches, scratch, n, err));
    int64_t *first = firn_mem_array(p->alloc, t->n_blocks + 1, sizeof *first);
    const firn_status st = first ? list_keys(p, t, part, first, err) : firn_fail_nomem(err);
    if (st == FIRN_OK) {
        const firn_key_list list = {&scratch->keys, first};
        list_rows(t, scratch->entries);
        firn_key_sort(&list, scratch->entries, scratch->spare_entries, n);
        for (size_t i = 0; i < n; i++) scratch->places[i] = scratch->entries[i].place;
    }
    firn_mem_free(p->alloc, first);
    return st;
}

/* ---- all ---- */

static firn_status sort_part(firn_sort_parts *p, firn_row_part *t, firn_sorted_part *out,
                             firn_error *err)
{
    bool is_done = false;
    FIRN_TRY(firn_sort_scratch_take(p->opts.scratches, (size_t)t->n_rows, &out->scratch, err));
    FIRN_TRY(load_blocks(p, t, out, err));
    out->n_rows = t->n_rows;
    if (t->n_stretches > 1)
        qsort(t->stretches, t->n_stretches, sizeof *t->stretches, compare_stretches);
    FIRN_TRY(sort_by_numbers(p, t, out, &is_done, err));
    return is_done ? FIRN_OK : sort_by_bytes(p, t, out, err);
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
    firn_sort_parts__free_rows(parts, &parts->parts[part]);
    firn_sort_scratch_give(parts->opts.scratches, sorted->scratch);
    firn_mem_free(parts->alloc, sorted->blocks);
    firn_mem_free(parts->alloc, sorted->spilled);
    *sorted = (firn_sorted_part){0};
}
