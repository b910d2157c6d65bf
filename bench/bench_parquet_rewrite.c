/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a Parquet file read to memory, then written again on one thread; only the writing is
 * timed. Prints seconds and bytes of each round.
 *
 *   bench_parquet_rewrite from.parquet to.parquet [rounds [all|v1 [codec [level]]]]
 *
 * all, v1: the encodings that may be chosen; codec: the number in codec.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "bench_support.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/write/parquet_writer.h"

typedef struct rows_in_memory {
    const firn_type *root;
    firn_batch **batches;
    size_t n, capacity;
} rows_in_memory;

static void keep(rows_in_memory *kept, const firn_batch *batch)
{
    firn_error err = {0};
    firn_batch *copy = NULL;
    if (kept->n == kept->capacity) {
        kept->capacity = kept->capacity * 2 + 64;
        kept->batches = realloc(kept->batches, kept->capacity * sizeof *kept->batches);
        if (!kept->batches) exit(1);
    }
    bench_check(firn_batch_create(kept->root, FIRN_BATCH_ROWS, &copy, &err), &err);
    bench_check(firn_batch_append(copy, batch, 0, batch->n_rows, &err), &err);
    kept->batches[kept->n++] = copy;
}

static void read_all(const firn_parquet_file *file, rows_in_memory *kept)
{
    firn_error err = {0};
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES};
    bench_check(firn_parquet_rows_open(file, kept->root, &opts, &rows, &err), &err);
    bench_check(firn_batch_create(kept->root, FIRN_BATCH_ROWS, &batch, &err), &err);
    firn_status st = FIRN_OK;
    while ((st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err)) == FIRN_OK)
        keep(kept, batch);
    if (st != FIRN_DONE) bench_check(st, &err);
    firn_batch_destroy(batch);
    firn_parquet_rows_close(rows);
}

typedef struct file_sink {
    FILE *file;
    int64_t bytes;
} file_sink;

static firn_status write_sink(void *ctx, const void *data, size_t n, firn_error *err)
{
    file_sink *sink = ctx;
    (void)err;
    sink->bytes += (int64_t)n;
    return fwrite(data, 1, n, sink->file) == n ? FIRN_OK : FIRN_ERR_IO;
}

static void write_all(const rows_in_memory *kept, const char *path,
                      const firn_parquet_write_opts *opts)
{
    firn_error err = {0};
    firn_parquet_writer *writer = NULL;
    firn_file_metrics metrics;
    file_sink state = {fopen(path, "wb"), 0};
    const firn_byte_sink sink = {&state, write_sink};
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!state.file || !arena) exit(1);
    const bench_clock start = bench_now();
    bench_check(firn_parquet_writer_create(kept->root, opts, &sink, &writer, &err), &err);
    for (size_t i = 0; i < kept->n; i++)
        bench_check(firn_parquet_writer_append(writer, kept->batches[i], &err), &err);
    bench_check(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    if (fclose(state.file) != 0) exit(1);
    bench_print_since(start);
    printf("bytes %lld\n", (long long)state.bytes);
    firn_arena_destroy(arena);
}

/* The writer wants field ids; a file of another program has none. */
static const firn_type *number_fields(const firn_type *root, firn_type *copy)
{
    firn_field *fields = malloc(root->n_fields * sizeof *fields);
    if (!fields) exit(1);
    for (size_t i = 0; i < root->n_fields; i++) {
        fields[i] = root->fields[i];
        if (fields[i].id < 1) fields[i].id = (int32_t)i + 1;
    }
    *copy = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = root->n_fields};
    return copy;
}

static firn_parquet_write_opts parse_opts(int argc, char **argv)
{
    firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD};
    if (argc > 4 && strcmp(argv[4], "v1") == 0) opts.encodings = FIRN_PARQUET_ENCODINGS_V1;
    if (argc > 5) opts.codec = (firn_codec)strtol(argv[5], NULL, 10);
    if (argc > 6) opts.codec_level = (int)strtol(argv[6], NULL, 10);
    return opts;
}

int main(int argc, char **argv)
{
    bench_file source;
    firn_parquet_file *file = NULL;
    firn_error err = {0};
    firn_type root;
    rows_in_memory kept = {0};
    const firn_parquet_write_opts opts = parse_opts(argc, argv);
    if (argc < 3) {
        fprintf(stderr, "usage: bench_parquet_rewrite from.parquet to.parquet [rounds "
                        "[all|v1 [codec [level]]]]\n");
        return 2;
    }
    bench_file_open(&source, argv[1]);
    bench_check(firn_parquet_file_open(&source.source, &file, &err), &err);
    kept.root = number_fields(&firn_parquet_file_schema(file)->root, &root);
    read_all(file, &kept);
    for (long i = argc > 3 ? strtol(argv[3], NULL, 10) : 1; i > 0; i--)
        write_all(&kept, argv[2], &opts);
    for (size_t i = 0; i < kept.n; i++) firn_batch_destroy(kept.batches[i]);
    free(kept.batches);
    free((void *)(uintptr_t)root.fields);
    firn_parquet_file_close(file);
    bench_file_close(&source);
    return 0;
}
