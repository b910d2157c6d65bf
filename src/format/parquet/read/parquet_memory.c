/* SPDX-License-Identifier: Apache-2.0 */
/* A short list of free blocks, searched for the best fit. */
#include "format/parquet/read/parquet_memory.h"

#include "base/alloc.h"
#include "base/error.h"
#include "format/parquet/encoding/parquet_kernels.h"

#define MAX_FREE 128

typedef struct free_block {
    void *data;
    size_t capacity;
} free_block;

struct firn_parquet_memory {
    firn_codec_ctx *codecs;
    const firn_pq_kernels *kernels;
    free_block blocks[MAX_FREE];
    size_t n_blocks;
    size_t free_bytes; /* of them */
    size_t used_bytes; /* of the blocks taken */
    size_t n_pages, n_pages_skipped;
    firn_pq_page_limits limits;
};

static const firn_pq_page_limits k_limits = {.large = (size_t)4 << 20,
                                             .buffers = (size_t)32 << 20,
                                             .window = (size_t)512 << 10,
                                             .stored = (size_t)128 << 10};

firn_status firn_parquet_memory_create(firn_parquet_memory **out, firn_error *err)
{
    *out = NULL;
    firn_parquet_memory *memory = firn_mem_alloc_zero(NULL, sizeof *memory);
    if (!memory) return firn_fail_nomem(err);
    memory->kernels = firn_pq_kernels_of(firn_cpu_best());
    memory->limits = k_limits;
    const firn_status st = firn_codec_ctx_create(&memory->codecs, err);
    if (st != FIRN_OK) {
        firn_mem_free(NULL, memory);
        return st;
    }
    *out = memory;
    return FIRN_OK;
}

void firn_parquet_memory_destroy(firn_parquet_memory *memory)
{
    if (!memory) return;
    for (size_t i = 0; i < memory->n_blocks; i++) firn_mem_free(NULL, memory->blocks[i].data);
    firn_codec_ctx_destroy(memory->codecs);
    firn_mem_free(NULL, memory);
}

void firn_parquet_memory_limit_cpu(firn_parquet_memory *memory, firn_cpu_level level)
{
    memory->kernels = firn_pq_kernels_of(level);
}

void firn_parquet_memory_limit_pages(firn_parquet_memory *memory, const firn_pq_page_limits *limits)
{
    memory->limits = *limits;
}

const firn_pq_page_limits *firn_pq_memory_limits(const firn_parquet_memory *memory)
{
    return &memory->limits;
}

const firn_pq_kernels *firn_pq_memory_kernels(const firn_parquet_memory *memory)
{
    return memory->kernels;
}

firn_codec_ctx *firn_pq_memory_codecs(firn_parquet_memory *memory)
{
    return memory->codecs;
}

/* An eighth more than asked for: pages of one column differ by a little. */
static size_t roomy(size_t size)
{
    return size > SIZE_MAX - size / 8 ? size : size + size / 8;
}

static free_block remove_block(firn_parquet_memory *memory, size_t i)
{
    const free_block found = memory->blocks[i];
    memory->blocks[i] = memory->blocks[--memory->n_blocks];
    memory->free_bytes -= found.capacity;
    return found;
}

/* Frees blocks, the first that came first, until size more bytes fit the budget. */
static void make_room(firn_parquet_memory *memory, size_t size)
{
    while (memory->n_blocks > 0 &&
           memory->used_bytes + memory->free_bytes + size > FIRN_PARQUET_MEMORY_BYTES)
        firn_mem_free(NULL, remove_block(memory, 0).data);
}

/* The largest block to take for so many bytes: where many are in use, what each has too much adds
 * up. */
static size_t fitting(const firn_parquet_memory *memory, size_t size)
{
    const bool is_much_used = memory->used_bytes > FIRN_PARQUET_MEMORY_BYTES / 4;
    return is_much_used ? roomy(roomy(size)) : size > SIZE_MAX / 4 ? size : size * 4;
}

void *firn_pq_memory_take(firn_parquet_memory *memory, size_t size, size_t *capacity)
{
    free_block found = {NULL, roomy(size)};
    size_t best = MAX_FREE;
    const size_t most = fitting(memory, size);
    for (size_t i = 0; i < memory->n_blocks; i++) {
        const size_t has = memory->blocks[i].capacity;
        if (has < size || has > most) continue;
        if (best == MAX_FREE || has < memory->blocks[best].capacity) best = i;
    }
    if (best < MAX_FREE) {
        found = remove_block(memory, best);
    } else {
        make_room(memory, found.capacity);
        found.data = firn_mem_alloc(NULL, found.capacity);
        if (!found.data) return NULL;
    }
    memory->used_bytes += found.capacity;
    *capacity = found.capacity;
    return found.data;
}

size_t firn_pq_memory_used(const firn_parquet_memory *memory)
{
    return memory->used_bytes;
}

void firn_pq_memory_give(firn_parquet_memory *memory, void *block, size_t capacity)
{
    memory->used_bytes -= capacity;
    make_room(memory, capacity);
    if (memory->n_blocks == MAX_FREE || memory->used_bytes + capacity > FIRN_PARQUET_MEMORY_BYTES) {
        firn_mem_free(NULL, block);
        return;
    }
    memory->blocks[memory->n_blocks++] = (free_block){block, capacity};
    memory->free_bytes += capacity;
}

void firn_parquet_memory_pages(const firn_parquet_memory *memory, int64_t *n_read,
                               int64_t *n_skipped)
{
    *n_read = (int64_t)memory->n_pages;
    *n_skipped = (int64_t)memory->n_pages_skipped;
}

void firn_pq_memory_count_pages(firn_parquet_memory *memory, size_t n_read, size_t n_skipped)
{
    memory->n_pages += n_read;
    memory->n_pages_skipped += n_skipped;
}
