/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_support.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

bench_clock bench_now(void)
{
    struct timespec t;
    struct rusage usage;
    clock_gettime(CLOCK_MONOTONIC, &t);
    getrusage(RUSAGE_SELF, &usage);
    return (bench_clock){.wall_s = (double)t.tv_sec + (double)t.tv_nsec * 1e-9,
                         .cpu_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)};
}

void bench_print_since(bench_clock start)
{
    const bench_clock end = bench_now();
    printf("cpu %.6f wall %.6f\n", end.cpu_s - start.cpu_s, end.wall_s - start.wall_s);
}

void bench_check(firn_status st, const firn_error *err)
{
    if (st == FIRN_OK) return;
    fprintf(stderr, "%s: %s\n", firn_status_name(st), err->message);
    exit(1);
}

/* ---- files ---- */

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    bench_file *file = ctx;
    (void)err;
    file->n_reads++;
    file->n_bytes += (int64_t)n;
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(file->fd, (char *)out + done, n - done, offset + (int64_t)done);
        if (got <= 0) return FIRN_ERR_IO;
        done += (size_t)got;
    }
    return FIRN_OK;
}

void bench_file_open(bench_file *file, const char *path)
{
    struct stat info;
    *file = (bench_file){.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (file->fd < 0 || fstat(file->fd, &info) != 0) {
        perror(path);
        exit(1);
    }
    file->source = (firn_byte_source){.ctx = file, .size_bytes = info.st_size, .read_at = read_at};
}

void bench_file_close(bench_file *file)
{
    close(file->fd);
}

firn_str bench_file_read(const char *path)
{
    bench_file file;
    bench_file_open(&file, path);
    const size_t size = (size_t)file.source.size_bytes;
    char *data = malloc(size + 1);
    if (!data || read_at(&file, 0, data, size, NULL) != FIRN_OK) {
        perror(path);
        exit(1);
    }
    bench_file_close(&file);
    return (firn_str){data, size};
}

/* ---- checksums ---- */

/* As engines do it: compiled for what the processor has. */
#if defined(__x86_64__) && !defined(__clang__)
#define CLONES __attribute__((target_clones("default", "avx2", "arch=icelake-server")))
#else
#define CLONES
#endif

CLONES static uint64_t sum_bytes(const uint8_t *v, int64_t n)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += v[i];
    return sum;
}

CLONES static uint64_t sum_ints(const int32_t *v, int64_t n)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (uint64_t)(int64_t)v[i];
    return sum;
}

CLONES static uint64_t sum_longs(const uint64_t *v, int64_t n)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += v[i];
    return sum;
}

/* The lower halves of pairs, under a mask: what decimals of 16 bytes and views begin with. */
CLONES static uint64_t sum_pairs(const uint64_t *v, int64_t n, uint64_t mask)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += v[i * 2] & mask;
    return sum;
}

static uint64_t sum_fixed(const firn_column *c, int64_t n)
{
    switch (firn_column_width(c->type)) {
    case 1: return sum_bytes(c->values, n);
    case 4: return sum_ints(c->values, n);
    case 8: return sum_longs(c->values, n);
    default: return sum_pairs(c->values, n, UINT64_MAX); /* wraps as the sum does */
    }
}

static uint64_t sum_real(const firn_column *c, int64_t n)
{
    double sum = 0;
    if (c->type->kind == FIRN_TYPE_FLOAT)
        for (int64_t i = 0; i < n; i++) sum += (double)((const float *)c->values)[i];
    else
        for (int64_t i = 0; i < n; i++) sum += ((const double *)c->values)[i];
    return (uint64_t)(int64_t)sum;
}

/* Nulls are zero in the readers' columns. */
static uint64_t sum_column(const firn_column *c, int64_t n)
{
    uint64_t sum = 0;
    if (!firn_type_is_primitive(c->type)) {
        for (size_t i = 0; i < c->n_children; i++)
            sum += sum_column(&c->children[i], c->children[i].n_values);
        return sum;
    }
    if (c->type->kind == FIRN_TYPE_FLOAT || c->type->kind == FIRN_TYPE_DOUBLE)
        return sum_real(c, n);
    if (c->type->kind < FIRN_TYPE_STRING) return sum_fixed(c, n);
    return sum_pairs(c->values, n, UINT32_MAX); /* lengths of views */
}

void bench_add_sums(const firn_batch *batch, uint64_t *sums)
{
    for (size_t i = 0; i < batch->n_columns; i++)
        sums[i] += sum_column(&batch->columns[i], batch->n_rows);
}

void bench_print_sums(const uint64_t *sums, size_t n)
{
    printf("sums");
    for (size_t i = 0; i < n; i++) printf(" %" PRId64, (int64_t)sums[i]);
    printf("\n");
}
