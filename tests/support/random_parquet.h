/* SPDX-License-Identifier: Apache-2.0 */
/* Random schemas, rows and options for properties of Parquet files, and the check that a file has
 * the rows it should: values, statistics of row groups and pages, bloom filters. */
#ifndef FIRN_TEST_RANDOM_PARQUET_H
#define FIRN_TEST_RANDOM_PARQUET_H

#include "base/random.h"
#include "format/parquet/write/parquet_writer.h"

typedef struct random_parquet {
    firn_prng prng;
    firn_arena *arena;
    int32_t next_id;
    firn_error err;
} random_parquet;

uint64_t random_parquet_below(random_parquet *p, uint64_t bound);
/* n fields of random types, nested ones too, for a struct. depth 0: the root. */
void random_parquet_members(random_parquet *p, firn_type *type, size_t n, int depth);
firn_batch *random_parquet_rows(random_parquet *p, const firn_type *root, int64_t n);
/* After the schema. */
firn_parquet_write_opts random_parquet_opts(random_parquet *p);
/* In pieces of random length. */
void random_parquet_write_file(random_parquet *p, const firn_type *root, const firn_batch *rows,
                               const firn_parquet_write_opts *opts, firn_buf *file);
void random_parquet_check(random_parquet *p, const firn_type *root, const firn_batch *rows,
                          const firn_buf *bytes);
/* A sink and a source over a firn_buf. */
firn_status random_parquet_write_buf(void *ctx, const void *data, size_t n, firn_error *err);
firn_status random_parquet_read_buf(void *ctx, int64_t offset, void *out, size_t n,
                                    firn_error *err);

#endif
