/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/sort_memory.h"

#include <string.h>

#include "base/error.h"

#define K_MAX_BLOCK   ((int64_t)128 << 10)
#define K_MIN_BLOCK   ((int64_t)16 << 10)
#define K_BLOCK_SHARE 4  /* of the budget: a block for each user takes no more than this part */
#define K_PIECE_SHARE 16 /* of the budget, a piece */
#define K_MAX_PIECE   ((int64_t)2 << 20)
#define K_FIRST       16

void firn_sort_memory_init(firn_sort_memory *memory, const firn_allocator *alloc, int64_t max_bytes,
                           size_t n_users)
{
    int64_t block = max_bytes / K_BLOCK_SHARE / (n_users > 0 ? (int64_t)n_users : 1);
    if (block > K_MAX_BLOCK) block = K_MAX_BLOCK;
    if (block < K_MIN_BLOCK) block = K_MIN_BLOCK;
    block = block / K_MIN_BLOCK * K_MIN_BLOCK;
    int64_t piece =
        max_bytes / K_PIECE_SHARE < K_MAX_PIECE ? max_bytes / K_PIECE_SHARE : K_MAX_PIECE;
    piece = piece > block ? piece / block * block : block;
    *memory = (firn_sort_memory){.alloc = alloc,
                                 .block_bytes = (size_t)block,
                                 .piece_bytes = (size_t)piece,
                                 .max_bytes = max_bytes};
    (void)pthread_mutex_init(&memory->lock, NULL);
}

void firn_sort_memory_dispose(firn_sort_memory *memory)
{
    for (size_t i = 0; i < memory->n_pieces; i++) firn_mem_free(memory->alloc, memory->pieces[i]);
    firn_mem_free(memory->alloc, memory->pieces);
    (void)pthread_mutex_destroy(&memory->lock);
}

static bool fits(const firn_sort_memory *m, size_t n, bool is_must)
{
    return is_must || m->n_bytes + (int64_t)n <= m->max_bytes;
}

static firn_status take_long(firn_sort_memory *m, size_t n, bool is_must, char **out,
                             firn_error *err)
{
    if (!fits(m, n, is_must)) return FIRN_OK;
    *out = firn_mem_alloc(m->alloc, n);
    if (!*out) return firn_fail_nomem(err);
    m->n_bytes += (int64_t)n;
    return FIRN_OK;
}

static void add_free(firn_sort_memory *m, char *block)
{
    memcpy(block, &m->free, sizeof m->free);
    m->free = block;
}

/* Beyond the budget a piece is one block. */
static firn_status add_piece(firn_sort_memory *m, bool is_must, firn_error *err)
{
    const bool is_full = !fits(m, m->piece_bytes, false);
    const size_t size = is_full ? m->block_bytes : m->piece_bytes;
    if (is_full && !fits(m, size, is_must)) return FIRN_OK;
    if (m->n_pieces == m->cap_pieces) {
        const size_t cap = m->cap_pieces > 0 ? 2 * m->cap_pieces : K_FIRST;
        char **pieces = firn_mem_resize(m->alloc, m->pieces, cap * sizeof *pieces);
        if (!pieces) return firn_fail_nomem(err);
        m->pieces = pieces;
        m->cap_pieces = cap;
    }
    char *piece = firn_mem_alloc(m->alloc, size);
    if (!piece) return firn_fail_nomem(err);
    firn_mem_want(piece, size);
    m->pieces[m->n_pieces++] = piece;
    m->n_bytes += (int64_t)size;
    for (size_t at = size; at > 0; at -= m->block_bytes) add_free(m, piece + at - m->block_bytes);
    return FIRN_OK;
}

static firn_status take(firn_sort_memory *m, size_t n, bool is_must, char **out, size_t *cap,
                        firn_error *err)
{
    *out = NULL;
    *cap = n > m->block_bytes ? n : m->block_bytes;
    if (n > m->block_bytes) return take_long(m, n, is_must, out, err);
    if (!m->free) FIRN_TRY(add_piece(m, is_must, err));
    if (!m->free) return FIRN_OK;
    *out = m->free;
    memcpy(&m->free, *out, sizeof m->free);
    return FIRN_OK;
}

firn_status firn_sort_memory_take(firn_sort_memory *memory, size_t n, bool is_must, char **out,
                                  size_t *cap, firn_error *err)
{
    (void)pthread_mutex_lock(&memory->lock);
    const firn_status st = take(memory, n, is_must, out, cap, err);
    (void)pthread_mutex_unlock(&memory->lock);
    return st;
}

void firn_sort_memory_give(firn_sort_memory *memory, char *block, size_t cap)
{
    if (!block) return;
    (void)pthread_mutex_lock(&memory->lock);
    if (cap > memory->block_bytes) {
        memory->n_bytes -= (int64_t)cap;
        firn_mem_free(memory->alloc, block);
    } else {
        add_free(memory, block);
    }
    (void)pthread_mutex_unlock(&memory->lock);
}
