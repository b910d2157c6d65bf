/* SPDX-License-Identifier: Apache-2.0 */
/* Averages of a row group are exact enough for a target; the limits hold whatever the footer says
 * of its averages. */
#include "format/parquet_budget.h"

#define LEVEL_BYTES 2 /* definition and repetition */

firn_pq_budget firn_pq_budget_of(const firn_parquet_file *file)
{
    const uint64_t data = file->data_end > 0 ? (uint64_t)file->data_end : 0;
    const uint64_t limit = FIRN_PQ_NESTED_BYTES + data * FIRN_PQ_NESTED_RATIO;
    return (firn_pq_budget){.limit = limit};
}

/* Bytes of one row on average that come on top of the column's own fixed-width values. */
static uint64_t row_bytes(const firn_pq_leaf *leaf, size_t row_group)
{
    const firn_pq_row_group *rg = &leaf->pages.file->row_groups[row_group];
    const firn_pq_chunk *chunk = &rg->chunks[leaf->index];
    const uint64_t n_rows = rg->n_rows > 0 ? (uint64_t)rg->n_rows : 1;
    uint64_t bytes = 0;
    if (leaf->pages.keep_pages && chunk->uncompressed_bytes > 0)
        bytes += (uint64_t)chunk->uncompressed_bytes / n_rows;
    if (leaf->node->rep > 0 && chunk->n_values > 0)
        bytes += (uint64_t)chunk->n_values / n_rows * (LEVEL_BYTES + leaf->conv.out_width);
    return bytes;
}

size_t firn_pq_batch_rows(firn_pq_leaf *const *leaves, size_t n_leaves, size_t row_group)
{
    uint64_t bytes = 1;
    for (size_t i = 0; i < n_leaves; i++) {
        const uint64_t more = row_bytes(leaves[i], row_group);
        if (more >= FIRN_PQ_BATCH_BYTES || bytes + more >= FIRN_PQ_BATCH_BYTES) return 1;
        bytes += more;
    }
    return (size_t)(FIRN_PQ_BATCH_BYTES / bytes);
}

void firn_pq_share_windows(firn_pq_leaf *const *leaves, size_t n_leaves)
{
    size_t share = n_leaves > 0 ? FIRN_PQ_WINDOWS / n_leaves : 0;
    if (share < FIRN_PQ_WINDOW_MIN) share = FIRN_PQ_WINDOW_MIN;
    for (size_t i = 0; i < n_leaves; i++)
        if (leaves[i]->pages.window_bytes > share) leaves[i]->pages.window_bytes = share;
}
