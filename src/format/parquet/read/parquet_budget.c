/* SPDX-License-Identifier: Apache-2.0 */
/* Averages of a row group are exact enough for a target; the limits hold whatever the footer says
 * of its averages. */
#include "format/parquet/read/parquet_budget.h"

#include <inttypes.h>

#include "base/error.h"

firn_pq_budget firn_pq_budget_of(const firn_parquet_file *file)
{
    const uint64_t data = file->data_end > 0 ? (uint64_t)file->data_end : 0;
    return (firn_pq_budget){.limit = FIRN_PQ_ROW_BYTES + data * FIRN_PQ_ROW_RATIO};
}

firn_status firn_pq_budget_ask(const firn_pq_budget *budget, uint64_t bytes)
{
    const bool is_much = budget->used + bytes > FIRN_PQ_BATCH_MOST;
    return is_much && budget->n_rows > 1 ? FIRN_NEED_MORE : FIRN_OK;
}

static firn_status fail_row(const firn_pq_budget *budget, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_LIMIT,
                     "nested values of one row need more than %" PRIu64 " bytes", budget->limit);
}

firn_status firn_pq_budget_spend(firn_pq_budget *budget, uint64_t bytes, firn_error *err)
{
    FIRN_TRY(firn_pq_budget_ask(budget, bytes));
    budget->used += bytes;
    return budget->used > budget->limit ? fail_row(budget, err) : FIRN_OK;
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
        bytes += (uint64_t)chunk->n_values / n_rows * (FIRN_PQ_LEVEL_BYTES + leaf->conv.out_width);
    return bytes;
}

/* The longest row has at least as many values as all have on average. */
static firn_status check_longest(const firn_pq_leaf *leaf, size_t row_group, firn_error *err)
{
    const firn_pq_row_group *rg = &leaf->pages.file->row_groups[row_group];
    const int64_t n_values = rg->chunks[leaf->index].n_values;
    const firn_pq_budget *budget = leaf->blocks.budget;
    if (leaf->node->rep == 0 || n_values <= 0 || rg->n_rows <= 0 ||
        (uint64_t)(n_values / rg->n_rows) <= budget->limit / FIRN_PQ_LEVEL_BYTES)
        return FIRN_OK;
    return firn_error_wrap(err, fail_row(budget, err), "column %.*s",
                           FIRN_STR_ARG(leaf->node->name));
}

firn_status firn_pq_batch_rows(firn_pq_leaf *const *leaves, size_t n_leaves, size_t row_group,
                               int64_t *n_rows, firn_error *err)
{
    uint64_t bytes = 1;
    for (size_t i = 0; i < n_leaves; i++) {
        const uint64_t more = row_bytes(leaves[i], row_group);
        FIRN_TRY(check_longest(leaves[i], row_group, err));
        bytes = more > UINT64_MAX - bytes ? UINT64_MAX : bytes + more;
    }
    *n_rows = bytes < FIRN_PQ_BATCH_BYTES ? (int64_t)(FIRN_PQ_BATCH_BYTES / bytes) : 1;
    return FIRN_OK;
}

void firn_pq_share_windows(firn_pq_leaf *const *leaves, size_t n_leaves)
{
    if (n_leaves == 0) return;
    const bool is_far = leaves[0]->pages.file->source.read_bytes > 0;
    const size_t least = is_far ? FIRN_PQ_WINDOW_FAR : FIRN_PQ_WINDOW_MIN;
    size_t share = FIRN_PQ_WINDOWS / n_leaves;
    if (share < least) share = least;
    for (size_t i = 0; i < n_leaves; i++)
        if (leaves[i]->pages.window_bytes > share) leaves[i]->pages.window_bytes = share;
}
