/* SPDX-License-Identifier: Apache-2.0 */
/* Batches to one Parquet file, with the metrics Iceberg wants of it.
 * Memory is bounded by the row group size: encoded, compressed pages are kept until the row group
 * is written, which it is before its columns take half as much again. */
#ifndef FIRN_FORMAT_PARQUET_WRITER_H
#define FIRN_FORMAT_PARQUET_WRITER_H

#include "firn/batch.h"
#include "format/byte_io.h"
#include "format/codec/codec.h"
#include "format/columns/metrics.h"
#include "format/parquet/read/parquet_workspace.h"

typedef struct firn_parquet_writer firn_parquet_writer;

/* What one leaf column wants; zero in any field is the default. */
typedef struct firn_parquet_column_opts {
    int32_t field_id;
    firn_metrics_mode metrics;
    int32_t truncate_length; /* FIRN_METRICS_TRUNCATE; 0: 16 */
    bool no_dictionary;
    bool no_copy;      /* never taken over from another file: what is stored is not what is read */
    bool has_bloom;    /* a bloom filter for each row group; not for booleans */
    double bloom_fpp;  /* chance of a wrong "may be there"; 0: 0.01 */
    int64_t bloom_ndv; /* distinct values of a row group, if known; 0: counted */
} firn_parquet_column_opts;

/* Which encodings the data may get, from what every reader knows to what packs best
 * (docs/formats.md says which reader knows which). */
typedef enum firn_parquet_encodings {
    FIRN_PARQUET_ENCODINGS_ALL = 0, /* DELTA_* and BYTE_STREAM_SPLIT where they win */
    FIRN_PARQUET_ENCODINGS_V1,      /* PLAIN and dictionary only */
} firn_parquet_encodings;

typedef struct firn_parquet_write_opts {
    firn_codec codec;         /* set explicitly; the table format passes zstd */
    int codec_level;          /* 0: default of the codec (zstd: 1) */
    int64_t row_group_rows;   /* 0: 1,048,576 */
    int64_t row_group_bytes;  /* 0: 128 MiB of uncompressed encoded data */
    int64_t page_bytes;       /* 0: 1 MiB uncompressed */
    int64_t page_rows;        /* 0: 20,000 */
    int64_t dictionary_bytes; /* 0: 1 MiB; a larger dictionary falls back to plain pages */
    int64_t bloom_bytes;      /* 0: 1 MiB at most for one bloom filter */
    const firn_parquet_column_opts *columns; /* leaf columns that differ from the defaults */
    size_t n_columns;
    firn_parquet_encodings encodings;
    firn_str iceberg_schema_json; /* stored under key "iceberg.schema"; empty: none */
    /* Threads and memory to encode columns with; NULL: the caller's thread, the writer's own
     * memory. The file's bytes do not depend on it. */
    firn_parquet_workspace *workspace;
    const firn_allocator *alloc; /* NULL: the C library's heap */
} firn_parquet_write_opts;

/* root: kind STRUCT with field ids; copied. sink is copied. NULL opts: zstd and defaults. */
FIRN_MUST_CHECK firn_status firn_parquet_writer_create(const firn_type *root,
                                                       const firn_parquet_write_opts *opts,
                                                       const firn_byte_sink *sink,
                                                       firn_parquet_writer **out, firn_error *err);
void firn_parquet_writer_destroy(firn_parquet_writer *writer);
/* Columns in the order of root's fields. A null in a required column is FIRN_ERR_ARG. */
FIRN_MUST_CHECK firn_status firn_parquet_writer_append(firn_parquet_writer *writer,
                                                       const firn_batch *batch, firn_error *err);
/* Bytes written to the sink so far plus what is buffered, for rolling files. */
int64_t firn_parquet_writer_size(const firn_parquet_writer *writer);
int64_t firn_parquet_writer_rows(const firn_parquet_writer *writer);
/* Writes the last row group and the footer; metrics live in the arena. */
FIRN_MUST_CHECK firn_status firn_parquet_writer_finish(firn_parquet_writer *writer,
                                                       firn_arena *arena, firn_file_metrics *out,
                                                       firn_error *err);

#endif
