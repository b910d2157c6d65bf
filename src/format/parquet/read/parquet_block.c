/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "format/parquet/read/parquet_block.h"

#include "base/error.h"
#include "base/limits.h"
#include "format/parquet/read/parquet_budget.h"

#define BLOCK_MIN   ((size_t)4096)
#define BLOCK_TOTAL (FIRN_LIMIT_PAGE * 4) /* kept alive for one column at most */
#define KEEP_CALLS  2                     /* views are promised until the second next call */

static bool is_free(const firn_pq_blocks *blocks, const firn_pq_block *block)
{
    return block->retired + KEEP_CALLS <= blocks->call;
}

/* Takes a fitting free block out of the list and frees those that are too small. */
static firn_pq_block *reuse(firn_pq_blocks *blocks, size_t size)
{
    firn_pq_block **link = &blocks->retired;
    while (*link) {
        firn_pq_block *b = *link;
        if (!is_free(blocks, b)) {
            link = &b->next;
            continue;
        }
        *link = b->next;
        if (b->capacity >= size && b->capacity / 4 <= size + BLOCK_MIN) return b;
        firn_pq_block_drop(blocks, b);
    }
    return NULL;
}

firn_status firn_pq_block_take(firn_pq_blocks *blocks, size_t size, firn_pq_block **out,
                               firn_error *err)
{
    if (blocks->budget) FIRN_TRY(firn_pq_budget_ask(blocks->budget, 0));
    *out = reuse(blocks, size);
    if (*out) {
        (*out)->taken = blocks->call;
        return FIRN_OK;
    }
    const size_t capacity = size < BLOCK_MIN ? BLOCK_MIN : size;
    if (size > BLOCK_TOTAL || capacity > BLOCK_TOTAL - blocks->total_bytes)
        return firn_fail(err, FIRN_ERR_LIMIT,
                         "a column needs more than %zu bytes for the strings of one batch",
                         BLOCK_TOTAL);
    size_t found = 0;
    firn_pq_block *b =
        firn_pq_memory_take(blocks->memory, sizeof *b + capacity + FIRN_PQ_SLACK, &found);
    if (!b) return firn_fail_nomem(err);
    *b = (firn_pq_block){.capacity = found - sizeof *b - FIRN_PQ_SLACK,
                         .taken = blocks->call,
                         .data = (uint8_t *)(b + 1)};
    blocks->total_bytes += b->capacity;
    *out = b;
    return FIRN_OK;
}

void firn_pq_block_retire(firn_pq_blocks *blocks, firn_pq_block *block)
{
    if (!block) return;
    block->retired = blocks->call;
    if (blocks->budget && block->taken == blocks->call) blocks->budget->used += block->capacity;
    block->next = blocks->retired;
    blocks->retired = block;
}

void firn_pq_block_drop(firn_pq_blocks *blocks, firn_pq_block *block)
{
    if (!block) return;
    blocks->total_bytes -= block->capacity;
    firn_pq_memory_give(blocks->memory, block, sizeof *block + block->capacity + FIRN_PQ_SLACK);
}

void firn_pq_blocks_forget(firn_pq_blocks *blocks)
{
    for (firn_pq_block **link = &blocks->retired; *link;) {
        firn_pq_block *b = *link;
        if (b->taken < blocks->call) {
            link = &b->next;
            continue;
        }
        *link = b->next;
        firn_pq_block_drop(blocks, b);
    }
}

void firn_pq_blocks_dispose(firn_pq_blocks *blocks)
{
    while (blocks->retired) {
        firn_pq_block *b = blocks->retired;
        blocks->retired = b->next;
        firn_pq_block_drop(blocks, b);
    }
}
