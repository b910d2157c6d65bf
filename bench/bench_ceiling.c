/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine itself gains by threads, to compare a reader with: the same work, cut into parts
 * for however many there are. Prints the seconds of each round and a sum.
 *
 *   compute  multiplications in registers
 *   memory   adds up 512 MB
 *   file     reads a file that is in the kernel's cache, 1 MiB at a time
 *
 *   bench_ceiling compute|memory|file path [rounds [threads]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "bench_support.h"

#define PARTS        64
#define MAX_THREADS  64
#define MEMORY_BYTES ((size_t)512 << 20)
#define PIECE        ((size_t)1 << 20)
#define STEPS        4000000
#define LINE_WORDS   8

typedef struct ceiling {
    bench_file *file;
    uint64_t *memory;
    char *pieces[MAX_THREADS];
    uint64_t sums[MAX_THREADS][LINE_WORDS]; /* a cache line each */
} ceiling;

static firn_status compute(void *ctx, size_t part, size_t worker, firn_error *err)
{
    uint64_t x = part + 1;
    (void)err;
    for (int i = 0; i < STEPS; i++) x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
    ((ceiling *)ctx)->sums[worker][0] += x;
    return FIRN_OK;
}

static firn_status add_memory(void *ctx, size_t part, size_t worker, firn_error *err)
{
    ceiling *c = ctx;
    const size_t n = MEMORY_BYTES / sizeof *c->memory / PARTS;
    const uint64_t *at = c->memory + part * n;
    uint64_t lanes[LINE_WORDS] = {0};
    (void)err;
    for (size_t i = 0; i < n; i += LINE_WORDS)
        for (size_t k = 0; k < LINE_WORDS; k++) lanes[k] += at[i + k];
    for (size_t k = 0; k < LINE_WORDS; k++) c->sums[worker][0] += lanes[k];
    return FIRN_OK;
}

static firn_status read_file(void *ctx, size_t part, size_t worker, firn_error *err)
{
    ceiling *c = ctx;
    const firn_byte_source *source = &c->file->source;
    const int64_t n = source->size_bytes / PARTS;
    for (int64_t at = 0; at < n;) {
        const size_t some = n - at < (int64_t)PIECE ? (size_t)(n - at) : PIECE;
        const firn_status st =
            source->read_at(source->ctx, (int64_t)part * n + at, c->pieces[worker], some, err);
        if (st != FIRN_OK) return st;
        c->sums[worker][0] += (uint8_t)c->pieces[worker][0];
        at += (int64_t)some;
    }
    return FIRN_OK;
}

static firn_pool_fn work_of(const char *name)
{
    if (strcmp(name, "compute") == 0) return compute;
    if (strcmp(name, "memory") == 0) return add_memory;
    return strcmp(name, "file") == 0 ? read_file : NULL;
}

static void *take(size_t n)
{
    void *bytes = firn_mem_alloc(NULL, n);
    if (!bytes) exit(1);
    memset(bytes, 1, n); /* in being before the clock starts */
    return bytes;
}

static void run(ceiling *c, firn_pool_fn work, long rounds, long threads)
{
    firn_pool *pool = NULL;
    firn_error err = {0};
    uint64_t sum = 0;
    bench_check(firn_pool_create((int32_t)threads, &pool, &err), &err);
    for (long i = 0; i < threads; i++) c->pieces[i] = take(PIECE);
    for (long i = 0; i < rounds; i++) {
        const bench_clock start = bench_now();
        memset(c->sums, 0, sizeof c->sums);
        bench_check(firn_pool_run(pool, PARTS, work, c, &err), &err);
        bench_print_since(start);
    }
    for (long i = 0; i < threads; i++) {
        sum += c->sums[i][0];
        firn_mem_free(NULL, c->pieces[i]);
    }
    bench_print_sums(&sum, 1);
    firn_pool_destroy(pool);
}

int main(int argc, char **argv)
{
    ceiling c = {0};
    bench_file file;
    const firn_pool_fn work = argc > 2 ? work_of(argv[1]) : NULL;
    const long rounds = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
    const long threads = argc > 4 ? strtol(argv[4], NULL, 10) : 1;
    if (!work || threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: bench_ceiling compute|memory|file path [rounds [threads]]\n");
        return 2;
    }
    bench_file_open(&file, argv[2]);
    c.file = &file;
    if (work == add_memory) c.memory = take(MEMORY_BYTES);
    run(&c, work, rounds, threads);
    firn_mem_free(NULL, c.memory);
    bench_file_close(&file);
    return 0;
}
