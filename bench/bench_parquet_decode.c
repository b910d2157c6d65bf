/* SPDX-License-Identifier: Apache-2.0 */
/* Decode a Parquet file on one thread and sum every column: seconds and values a second.
 *   bench_parquet_decode file.parquet [repeats] */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "firn/batch.h"
#include "format/parquet_reader.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const int fd = *(const int *)ctx;
    (void)err;
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(fd, (char *)out + done, n - done, offset + (int64_t)done);
        if (got <= 0) return FIRN_ERR_IO;
        done += (size_t)got;
    }
    return FIRN_OK;
}

static double sum_fixed(const firn_column *c, int64_t n)
{
    double real = 0;
    uint64_t whole = 0; /* wraps */
    switch (c->type->kind) {
    case FIRN_TYPE_BOOLEAN:
        for (int64_t i = 0; i < n; i++) whole += ((const uint8_t *)c->values)[i];
        break;
    case FIRN_TYPE_FLOAT:
        for (int64_t i = 0; i < n; i++) real += (double)((const float *)c->values)[i];
        break;
    case FIRN_TYPE_DOUBLE:
        for (int64_t i = 0; i < n; i++) real += ((const double *)c->values)[i];
        break;
    default:
        if (firn_column_width(c->type) == 4)
            for (int64_t i = 0; i < n; i++) whole += (uint64_t)((const int32_t *)c->values)[i];
        else if (firn_column_width(c->type) == 8)
            for (int64_t i = 0; i < n; i++) whole += (uint64_t)((const int64_t *)c->values)[i];
        break;
    }
    return real + (double)(int64_t)whole;
}

static double sum_column(const firn_column *c, int64_t n)
{
    double total = 0;
    uint64_t bytes = 0;
    if (!firn_type_is_primitive(c->type)) {
        for (size_t i = 0; i < c->n_children; i++)
            total += sum_column(&c->children[i], c->children[i].n_values);
        return total;
    }
    if (c->type->kind < FIRN_TYPE_STRING) return sum_fixed(c, n);
    for (int64_t i = 0; i < n; i++) bytes += ((const firn_view *)c->values)[i].len;
    return (double)bytes;
}

static int fail(const firn_error *err)
{
    fprintf(stderr, "%s: %s\n", firn_status_name(err->status), err->message);
    return 1;
}

static int run(const firn_byte_source *source)
{
    firn_error err = {0};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    double total = 0;
    int64_t n_values = 0;
    const double start = now();
    if (firn_parquet_file_open(source, &file, &err) != FIRN_OK) return fail(&err);
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES};
    firn_status st = firn_parquet_rows_open(file, root, &opts, &rows, &err);
    if (st == FIRN_OK) st = firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &err);
    while (st == FIRN_OK) {
        st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err);
        for (size_t i = 0; st == FIRN_OK && i < batch->n_columns; i++)
            total += sum_column(&batch->columns[i], batch->n_rows);
        if (st == FIRN_OK) n_values += batch->n_rows * (int64_t)batch->n_columns;
    }
    const double seconds = now() - start;
    firn_batch_destroy(batch);
    firn_parquet_rows_close(rows);
    firn_parquet_file_close(file);
    if (st != FIRN_DONE) return fail(&err);
    printf("%.3f s  %" PRId64 " values  %.1f M values/s  checksum %.17g\n", seconds, n_values,
           (double)n_values / seconds * 1e-6, total);
    return 0;
}

int main(int argc, char **argv)
{
    struct stat info;
    if (argc < 2) {
        fprintf(stderr, "usage: bench_parquet_decode file.parquet [repeats]\n");
        return 2;
    }
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        perror(argv[1]);
        return 1;
    }
    const firn_byte_source source = {&fd, info.st_size, read_at};
    int status = 0;
    for (long i = argc > 2 ? strtol(argv[2], NULL, 10) : 1; i > 0 && status == 0; i--)
        status = run(&source);
    close(fd);
    return status;
}
