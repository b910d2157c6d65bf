/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a file that are neither pages nor footer: page indexes and bloom filters. The indexes of
 * all row groups stand together before the footer, so they are read at once, and the end of the
 * file is in memory since it was opened. Not here: what the bytes mean. */
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/parquet/layout/parquet_meta.h"

#define KEEP_MAX ((int64_t)4 << 20) /* of page indexes kept with an open file */

/* A small file is in memory as soon as it is open. */
firn_status firn_pq_file_read(const firn_parquet_file *file, int64_t offset, void *out, size_t n,
                              firn_error *err)
{
    const int64_t tail_start = file->source.size_bytes - (int64_t)file->tail.len;
    if (offset < tail_start || n > file->tail.len - (size_t)(offset - tail_start))
        return file->source.read_at(file->source.ctx, offset, out, n, err);
    if (n > 0) memcpy(out, file->tail.data + (offset - tail_start), n);
    return FIRN_OK;
}

static int64_t lower_part(const firn_pq_part *part, int64_t start)
{
    return part->offset > 0 && part->n_bytes > 0 && part->offset < start ? part->offset : start;
}

firn_status firn_pq_file_find_indexes(firn_parquet_file *file, firn_error *err)
{
    int64_t start = file->data_end;
    for (size_t i = 0; i < file->n_row_groups; i++) {
        for (size_t k = 0; k < file->n_leaves; k++) {
            const firn_pq_chunk *chunk = &file->row_groups[i].chunks[k];
            start = lower_part(&chunk->offset_index, start);
            start = lower_part(&chunk->column_index, start);
        }
    }
    file->indexes = firn_arena_alloc_zero(file->arena, sizeof *file->indexes);
    if (!file->indexes) return firn_fail_nomem(err);
    file->indexes->start = start;
    if (file->data_end - start <= KEEP_MAX) file->indexes->n = (size_t)(file->data_end - start);
    return FIRN_OK;
}

void firn_pq_file_free_indexes(firn_parquet_file *file)
{
    if (file->indexes) firn_mem_free(NULL, atomic_load(&file->indexes->data));
}

/* Threads that come at the same time all read, one of them keeps. */
static firn_status load_indexes(const firn_parquet_file *file, char **out, firn_error *err)
{
    firn_pq_index_bytes *indexes = file->indexes;
    *out = atomic_load(&indexes->data);
    if (*out) return FIRN_OK;
    char *fresh = firn_mem_alloc(NULL, indexes->n);
    if (!fresh) return firn_fail_nomem(err);
    const firn_status st =
        file->source.read_at(file->source.ctx, indexes->start, fresh, indexes->n, err);
    if (st != FIRN_OK) {
        firn_mem_free(NULL, fresh);
        return st;
    }
    if (atomic_compare_exchange_strong(&indexes->data, out, fresh))
        *out = fresh;
    else
        firn_mem_free(NULL, fresh);
    return FIRN_OK;
}

firn_status firn_pq_file_bytes(const firn_parquet_file *file, int64_t offset, size_t n,
                               firn_arena *arena, firn_str *out, firn_error *err)
{
    const int64_t size = file->source.size_bytes;
    const int64_t tail_start = size - (int64_t)file->tail.len;
    const firn_pq_index_bytes *indexes = file->indexes;
    if (n > FIRN_LIMIT_FOOTER)
        return firn_fail(err, FIRN_ERR_LIMIT, "part of %zu bytes at %" PRId64 ", limit %zu", n,
                         offset, FIRN_LIMIT_FOOTER);
    if (offset < 0 || offset > size || (int64_t)n > size - offset)
        return firn_fail_at(err, offset < 0 ? 0 : (uint64_t)offset,
                            "part of %zu bytes at %" PRId64 ", the file has %" PRId64, n, offset,
                            size);
    out->len = n;
    if (offset >= tail_start) {
        out->data = file->tail.data + (offset - tail_start);
        return FIRN_OK;
    }
    if (offset >= indexes->start && offset - indexes->start <= (int64_t)indexes->n &&
        n <= indexes->n - (size_t)(offset - indexes->start)) {
        char *bytes = NULL;
        FIRN_TRY(load_indexes(file, &bytes, err));
        out->data = bytes + (offset - indexes->start);
        return FIRN_OK;
    }
    char *bytes = firn_arena_alloc(arena, n > 0 ? n : 1);
    if (!bytes) return firn_fail_nomem(err);
    out->data = bytes;
    return file->source.read_at(file->source.ctx, offset, bytes, n, err);
}
