/* SPDX-License-Identifier: Apache-2.0 */
/* Read all columns of a Parquet data file without and with a deletion vector, in turn. Prints the
 * processor seconds of the best round of each, and their ratio.
 *
 *   bench_deletes file.parquet [percent deleted [rounds]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/env.h"
#include "base/str.h"
#include "bench_support.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/puffin/deletion_vector.h"
#include "iceberg/scan/read.h"
#include "store/local.h"
#include "store/memory.h"

typedef struct bench {
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    firn_table_metadata metadata;
    firn_scan_task task;
    firn_type root;
    int64_t n_rows;
} bench;

static double processor_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void open_file(bench *b, firn_str path, firn_data_file *file)
{
    firn_error err = {0};
    firn_byte_source source;
    firn_parquet_file *parquet = NULL;
    bench_check(firn_byte_source_open(b->store, path, b->arena, &source, &err), &err);
    bench_check(firn_parquet_file_open(&source, &parquet, &err), &err);
    b->n_rows = firn_parquet_file_rows(parquet);
    b->root = firn_parquet_file_schema(parquet)->root; /* lives as long as the program */
    *file = (firn_data_file){.path = path, .record_count = b->n_rows};
}

static void make_vector(bench *b, int percent, firn_delete_file *out)
{
    firn_error err = {0};
    firn_buf bytes;
    firn_bitmap *bitmap = NULL;
    firn_store_writer *writer = NULL;
    const firn_str path = FIRN_STR("memory:///vector");
    uint64_t seed = 88172645463325252u;
    firn_buf_init(&bytes, NULL, 0);
    bench_check(firn_bitmap_create(NULL, &bitmap, &err), &err);
    for (int64_t i = 0; i < b->n_rows; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        if ((int)(seed % 100) < percent)
            bench_check(firn_bitmap_add(bitmap, (uint64_t)i, &err), &err);
    }
    bench_check(firn_deletion_vector_encode(bitmap, &bytes, &err), &err);
    bench_check(firn_store_begin(b->store, path, &writer, &err), &err);
    bench_check(firn_store_write(writer, bytes.data, bytes.len, &err), &err);
    bench_check(firn_store_finish(writer, &err), &err);
    out->file = (firn_data_file){.content = FIRN_CONTENT_POSITION_DELETES,
                                 .format = FIRN_FILE_PUFFIN,
                                 .path = path,
                                 .record_count = (int64_t)firn_bitmap_cardinality(bitmap),
                                 .content_size_bytes = (int64_t)bytes.len};
    firn_buf_dispose(&bytes);
    firn_bitmap_destroy(bitmap);
}

static double read_once(const bench *b, bool with_deletes, int64_t *n_rows)
{
    firn_error err = {0};
    firn_scan_task task = b->task;
    const firn_scan_plan plan = {.tasks = &task, .n_tasks = 1};
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    firn_batch *batch = NULL;
    firn_status st = FIRN_OK;
    if (!with_deletes) task.n_deletes = 0;
    bench_check(firn_batch_create(&b->root, FIRN_BATCH_ROWS, &batch, &err), &err);
    const double start = processor_seconds();
    bench_check(firn_scan_queue_create(b->env, b->store, &b->metadata, &plan, &queue, &err), &err);
    bench_check(firn_scan_reader_open(queue, &b->root, NULL, &reader, &err), &err);
    for (*n_rows = 0; st == FIRN_OK; *n_rows += batch->n_rows) {
        firn_batch_reset(batch);
        batch->n_rows = 0;
        st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, batch, NULL, &err);
    }
    if (st != FIRN_DONE) bench_check(st, &err);
    const double seconds = processor_seconds() - start;
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    firn_batch_destroy(batch);
    return seconds;
}

int main(int argc, char **argv)
{
    static const firn_partition_spec k_spec = {.n_fields = 0};
    static bench b;
    firn_error err = {0};
    firn_data_file file;
    firn_delete_file vector = {.spec = &k_spec};
    const firn_delete_file *deletes[] = {&vector};
    double best[2] = {1e9, 1e9};
    int64_t n_rows[2] = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: bench_deletes file.parquet [percent [rounds]]\n");
        return 2;
    }
    bench_check(firn_env_create(FIRN_ENV_OPTS(.n_threads = 1), &b.env, &err), &err);
    bench_check(firn_store_create(&b.store, &err), &err);
    bench_check(firn_store_add_memory(b.store, b.env, &err), &err);
    bench_check(firn_store_add_local(b.store, b.env, &err), &err);
    b.arena = firn_arena_create(NULL, 0);
    b.metadata = (firn_table_metadata){.format_version = 3};
    open_file(&b, firn_str_of(argv[1]), &file);
    make_vector(&b, argc > 2 ? (int)strtol(argv[2], NULL, 10) : 5, &vector);
    b.task = (firn_scan_task){.file = &file,
                              .spec = &k_spec,
                              .residual = firn_expr_true(),
                              .deletes = deletes,
                              .n_deletes = 1};
    for (long round = argc > 3 ? strtol(argv[3], NULL, 10) : 5; round > 0; round--) {
        for (int i = 0; i < 2; i++) {
            const double seconds = read_once(&b, i == 1, &n_rows[i]);
            if (seconds < best[i]) best[i] = seconds;
        }
    }
    printf("all rows      %9lld in %.3f s\nwithout those deleted %lld in %.3f s, %.2f of that\n",
           (long long)n_rows[0], best[0], (long long)n_rows[1], best[1], best[1] / best[0]);
    return 0;
}
