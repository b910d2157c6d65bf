/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "format/parquet/read/parquet_workspace.h"

#include "base/arena.h"
#include "base/error.h"
#include "format/parquet/read/parquet_memory.h"

static firn_status init_scratch(firn_parquet_scratch *s, const firn_allocator *alloc,
                                firn_error *err)
{
    firn_parquet_shredder_init(&s->shredder, alloc);
    firn_buf_init(&s->raw, alloc, INT32_MAX);
    firn_buf_init(&s->packed, alloc, INT32_MAX);
    firn_buf_init(&s->trial, alloc, 0);
    firn_buf_init(&s->words, alloc, 0);
    firn_buf_init(&s->views, alloc, 0);
    s->arena = firn_arena_create(alloc, 0);
    if (!s->arena) return firn_fail_nomem(err);
    return firn_codec_ctx_create(&s->codec_ctx, err);
}

firn_status firn_parquet_workspace_create(firn_pool *pool, const firn_allocator *alloc,
                                          firn_parquet_workspace **out, firn_error *err)
{
    *out = NULL;
    const size_t n = pool ? (size_t)firn_pool_threads(pool) : 1;
    firn_parquet_workspace *ws = firn_mem_alloc_zero(alloc, sizeof *ws + n * sizeof *ws->scratch);
    if (!ws) return firn_fail_nomem(err);
    ws->alloc = alloc;
    ws->pool = pool;
    firn_status st = FIRN_OK;
    while (ws->n_threads < n && st == FIRN_OK)
        st = init_scratch(&ws->scratch[ws->n_threads++], alloc, err);
    if (st != FIRN_OK) {
        firn_parquet_workspace_destroy(ws);
        return st;
    }
    *out = ws;
    return FIRN_OK;
}

void firn_parquet_workspace_destroy(firn_parquet_workspace *ws)
{
    if (!ws) return;
    for (size_t i = 0; i < ws->n_threads; i++) {
        firn_parquet_scratch *s = &ws->scratch[i];
        firn_codec_ctx_destroy(s->codec_ctx);
        firn_parquet_shredder_dispose(&s->shredder);
        firn_buf_dispose(&s->raw);
        firn_buf_dispose(&s->packed);
        firn_buf_dispose(&s->trial);
        firn_buf_dispose(&s->words);
        firn_buf_dispose(&s->views);
        firn_arena_destroy(s->arena);
        firn_parquet_memory_destroy(s->memory);
    }
    firn_mem_free(ws->alloc, ws);
}
