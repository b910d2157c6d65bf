/* SPDX-License-Identifier: Apache-2.0 */
/* Decode a Parquet file and sum every column; threads share it by row groups. Prints the seconds of
 * each round and the sums.
 *
 *   bench_parquet_decode file.parquet [rounds [threads]] */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "bench_support.h"
#include "format/parquet/read/parquet_reader.h"

#define MAX_COLUMNS 256
#define MAX_THREADS 64

typedef struct decode_job {
    const firn_parquet_file *file;
    const firn_type *root;
    firn_batch *batches[MAX_THREADS];
    firn_parquet_memory *memories[MAX_THREADS];
    uint64_t sums[MAX_THREADS][MAX_COLUMNS];
} decode_job;

static firn_status decode_group(void *ctx, size_t group, size_t worker, firn_error *err)
{
    decode_job *job = ctx;
    firn_batch *batch = job->batches[worker];
    firn_parquet_rows *rows = NULL;
    const firn_parquet_rows_opts opts = {.first_row_group = group,
                                         .n_row_groups = 1,
                                         .match = FIRN_PARQUET_MATCH_NAMES,
                                         .memory = job->memories[worker]};
    firn_status st = firn_parquet_rows_open(job->file, job->root, &opts, &rows, err);
    while (st == FIRN_OK) {
        st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, err);
        if (st == FIRN_OK) bench_add_sums(batch, job->sums[worker]);
    }
    firn_parquet_rows_close(rows);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static void decode(const firn_byte_source *source, firn_pool *pool, bool is_last)
{
    static decode_job job;
    firn_error err = {0};
    firn_parquet_file *file = NULL;
    const size_t n_threads = (size_t)firn_pool_threads(pool);
    const bench_clock start = bench_now();
    job = (decode_job){0};
    bench_check(firn_parquet_file_open(source, &file, &err), &err);
    job.file = file;
    job.root = &firn_parquet_file_schema(file)->root;
    if (job.root->n_fields > MAX_COLUMNS || n_threads > MAX_THREADS) exit(2);
    for (size_t i = 0; i < n_threads; i++) {
        bench_check(firn_batch_create(job.root, FIRN_BATCH_ROWS, &job.batches[i], &err), &err);
        bench_check(firn_parquet_memory_create(&job.memories[i], &err), &err);
    }
    bench_check(firn_pool_run(pool, firn_parquet_file_row_groups(file), decode_group, &job, &err),
                &err);
    for (size_t i = 1; i < n_threads; i++)
        for (size_t c = 0; c < job.root->n_fields; c++) job.sums[0][c] += job.sums[i][c];
    bench_print_since(start);
    if (is_last) bench_print_sums(job.sums[0], job.root->n_fields);
    for (size_t i = 0; i < n_threads; i++) {
        firn_batch_destroy(job.batches[i]);
        firn_parquet_memory_destroy(job.memories[i]);
    }
    firn_parquet_file_close(file);
}

int main(int argc, char **argv)
{
    bench_file file;
    firn_pool *pool = NULL;
    firn_error err = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: bench_parquet_decode file.parquet [rounds [threads]]\n");
        return 2;
    }
    bench_file_open(&file, argv[1]);
    const long threads = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
    bench_check(firn_pool_create((int32_t)threads, &pool, &err), &err);
    for (long i = argc > 2 ? strtol(argv[2], NULL, 10) : 1; i > 0; i--)
        decode(&file.source, pool, i == 1);
    firn_pool_destroy(pool);
    bench_file_close(&file);
    return 0;
}
