/* SPDX-License-Identifier: Apache-2.0 */
/* A part's rows to other parts, on all threads, block by block. */
#include "base/error.h"
#include "iceberg/sort/sort_parts_internal.h"

typedef struct handing {
    firn_sort_parts *from, *to;
    firn_row_part *part;
    firn_sort_lane *lanes;
} handing;

/* One block, in memory. */
typedef struct handed {
    firn_slot_columns columns;
    firn_block_keys *reader; /* NULL: keys are not needed */
    firn_keys keys;
} handed;

static firn_status hand_stretch(const handing *h, handed *b, const firn_row_stretch *s,
                                size_t thread, firn_error *err)
{
    for (uint32_t at = s->from; at < s->to; at += FIRN_BATCH_ROWS) {
        const uint32_t n = s->to - at < FIRN_BATCH_ROWS ? s->to - at : FIRN_BATCH_ROWS;
        firn_keys_clear(&b->keys);
        if (b->reader) FIRN_TRY(firn_block_keys_read(b->reader, 0, at, n, &b->keys, err));
        const firn_slot_rows rows = {.columns = &b->columns,
                                     .from = at,
                                     .n = n,
                                     .keys = b->reader ? &b->keys : NULL,
                                     .first = s->first + (at - s->from)};
        FIRN_TRY(firn_sort_parts_add(h->to, &h->lanes[thread], &rows, err));
    }
    return FIRN_OK;
}

/* Stretches are listed block by block. */
static size_t first_stretch(const firn_row_part *t, size_t block)
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
    const firn_row_part *t = h->part;
    const firn_allocator *alloc = h->from->alloc;
    const size_t n = h->from->opts.layout->n_columns;
    handed b = {.columns.values = firn_mem_array(alloc, n + 1, sizeof *b.columns.values),
                .columns.validity = firn_mem_array(alloc, n + 1, sizeof *b.columns.validity)};
    firn_keys_init(&b.keys, alloc, SIZE_MAX);
    firn_status st = b.columns.values && b.columns.validity ? FIRN_OK : firn_fail_nomem(err);
    if (st == FIRN_OK && firn_sort_parts_needs_keys(h->to))
        st = firn_block_keys_open(h->from, block, 1, &b.reader, err);
    if (st == FIRN_OK) firn_row_block_columns(block, &b.columns);
    for (size_t k = first_stretch(t, i); k < t->n_stretches && st == FIRN_OK; k++) {
        if (t->stretches[k].block != i) break;
        st = hand_stretch(h, &b, &t->stretches[k], thread, err);
    }
    firn_block_keys_close(b.reader);
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
        const size_t size = firn_sort_parts__file_size(&block);
        block.data = read = firn_mem_alloc(p->alloc, size);
        st = read ? firn_sort_spill_read(&p->spill, block.file_at, read, size, err)
                  : firn_fail_nomem(err);
    }
    if (st == FIRN_OK) st = hand_stretches(h, &block, i, thread, err);
    firn_mem_free(p->alloc, read);
    firn_sort_parts__free_block(p, &h->part->blocks[i]);
    return st;
}

firn_status firn_sort_parts_hand_on(firn_sort_parts *parts, size_t part, firn_sort_parts *to,
                                    firn_sort_lane *lanes, firn_error *err)
{
    handing h = {parts, to, &parts->parts[part], lanes};
    FIRN_TRY(firn_pool_run(firn_env_pool(parts->opts.env), h.part->n_blocks, hand_block, &h, err));
    firn_sort_parts__free_rows(parts, h.part);
    return firn_sort_parts_finish(to, err);
}
