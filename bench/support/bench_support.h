/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmark programs share: clocks, files and checksums that another program can compute
 * too. Errors end the program: a benchmark has nobody to report to. */
#ifndef FIRN_BENCH_SUPPORT_H
#define FIRN_BENCH_SUPPORT_H

#include "firn/batch.h"
#include "format/byte_io.h"

typedef struct bench_clock {
    double wall_s;
    double cpu_s; /* of all threads, user and system */
} bench_clock;

bench_clock bench_now(void);
/* "cpu <seconds> wall <seconds>" since start, one line: what bench_format.py reads. */
void bench_print_since(bench_clock start);
/* Ends the program unless st is FIRN_OK. */
void bench_check(firn_status st, const firn_error *err);

/* A file as the readers want it; counts reads. */
typedef struct bench_file {
    firn_byte_source source;
    int fd;
    int64_t n_reads, n_bytes; /* updated by one thread only */
} bench_file;

void bench_file_open(bench_file *file, const char *path);
void bench_file_close(bench_file *file);
/* The whole file in memory from malloc. */
firn_str bench_file_read(const char *path);

/* Adds one number per column to sums, which wrap at 64 bits: integers, dates, times and decimals as
 * they are stored, bytes of text, reals rounded; nested columns the sum of their children. */
void bench_add_sums(const firn_batch *batch, uint64_t *sums);
/* "sums <n> <n> ..." as signed numbers, one line. */
void bench_print_sums(const uint64_t *sums, size_t n);

#endif
