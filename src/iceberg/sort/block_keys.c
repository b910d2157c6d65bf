/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of rows in blocks, told from their columns again: rows do not carry them along. */
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "iceberg/sort/sort_parts_internal.h"

struct firn_block_keys {
    const firn_sort_parts *parts;
    firn_row_source source;
    firn_batch *batch;
    firn_arena *scratch;
    firn_row_place places[FIRN_BATCH_ROWS];
};

void firn_block_keys_close(firn_block_keys *reader)
{
    if (!reader) return;
    firn_batch_destroy(reader->batch);
    firn_arena_destroy(reader->scratch);
    firn_mem_free(reader->parts->alloc, reader);
}

static firn_status open_in(firn_block_keys *reader, firn_error *err)
{
    reader->scratch = firn_arena_create(reader->parts->alloc, 0);
    if (!reader->scratch) return firn_fail_nomem(err);
    return firn_batch_create(reader->parts->opts.layout->root, 1, &reader->batch, err);
}

firn_status firn_block_keys_open(const firn_sort_parts *p, const firn_row_block *blocks,
                                 size_t n_blocks, firn_block_keys **out, firn_error *err)
{
    *out = firn_mem_alloc_zero(p->alloc, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    (*out)->parts = p;
    (*out)->source = (firn_row_source){
        .layout = p->opts.layout, .blocks = blocks, .n_blocks = n_blocks, .texts = p->opts.texts};
    const firn_status st = open_in(*out, err);
    if (st == FIRN_OK) return FIRN_OK;
    firn_block_keys_close(*out);
    *out = NULL;
    return st;
}

/* Places that rows carry along. */
static firn_status read_places(const firn_row_block *block, const firn_row_layout *layout,
                               uint32_t from, uint32_t n, firn_keys *keys, firn_error *err)
{
    const size_t column = layout->n_columns - 1;
    const size_t width = layout->place_width;
    const char *slots =
        block->data + block->cap_rows * block->form->slots[column].at + from * width;
    FIRN_TRY(firn_keys_reserve(keys, n, n * sizeof(uint64_t), err));
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t place = width == sizeof(uint32_t) ? firn_load_u32le(slots + i * width)
                                                         : firn_load_u64le(slots + i * width);
        const uint64_t bytes = __builtin_bswap64(place);
        memcpy(keys->bytes.data + keys->bytes.len, &bytes, sizeof bytes);
        keys->bytes.len += sizeof bytes;
        keys->ends[keys->n++] = keys->bytes.len;
    }
    return FIRN_OK;
}

firn_status firn_block_keys_read(firn_block_keys *reader, size_t block, uint32_t from, uint32_t n,
                                 firn_keys *keys, firn_error *err)
{
    const firn_sort_parts *p = reader->parts;
    if (p->opts.layout->place_width > 0)
        return read_places(&reader->source.blocks[block], p->opts.layout, from, n, keys, err);
    for (uint32_t i = 0; i < n; i++) reader->places[i] = firn_row_place_of(block, from + i);
    firn_batch_reset(reader->batch);
    FIRN_TRY(firn_packed_rows_get(&reader->source, reader->places, n, p->is_key, NULL,
                                  reader->batch, err));
    return firn_row_order_keys(p->opts.order, reader->batch, reader->scratch, keys, err);
}
