/* SPDX-License-Identifier: Apache-2.0 */
/* Batches to one Avro data file, with the metrics Iceberg wants of it: what avro_rows.h reads.
 * Source: Iceberg specification, "Appendix A: Avro".
 *
 * Memory: one block of records, and the bounds of each column. Bounds and counts are of columns
 * that are in no list and no map; Avro knows no size of a column. Not here: files of manifests,
 * whose schemas are fixed (iceberg/spec). */
#ifndef FIRN_FORMAT_AVRO_ROWS_WRITER_H
#define FIRN_FORMAT_AVRO_ROWS_WRITER_H

#include "firn/batch.h"
#include "format/byte_io.h"
#include "format/codec/codec.h"
#include "format/parquet/write/parquet_writer.h"

typedef struct firn_avro_rows_writer firn_avro_rows_writer;

typedef struct firn_avro_write_opts {
    firn_codec codec; /* NONE, DEFLATE, ZSTD, AVRO_SNAPPY */
    int codec_level;  /* 0: default of the codec */
    uint8_t sync[16]; /* random bytes */
    /* Leaf columns whose metrics differ from the defaults; the rest is Parquet's. */
    const firn_parquet_column_opts *columns;
    size_t n_columns;
    firn_str iceberg_schema_json; /* stored under key "iceberg.schema"; empty: none */
} firn_avro_write_opts;

/* The Avro schema of rows: a record "table", ids at every field, element, key and value. Names that
 * are none in Avro are spelled as Iceberg's libraries spell them. */
FIRN_MUST_CHECK firn_status firn_avro_schema_of_type(const firn_type *root, firn_buf *out,
                                                     firn_error *err);

/* root: kind STRUCT with field ids; must outlive the writer. sink is copied. */
FIRN_MUST_CHECK firn_status firn_avro_rows_writer_create(const firn_type *root,
                                                         const firn_avro_write_opts *opts,
                                                         const firn_byte_sink *sink,
                                                         firn_avro_rows_writer **out,
                                                         firn_error *err);
void firn_avro_rows_writer_destroy(firn_avro_rows_writer *writer);
/* Columns in the order of root's fields. A null in a required column is FIRN_ERR_ARG. */
FIRN_MUST_CHECK firn_status firn_avro_rows_writer_append(firn_avro_rows_writer *writer,
                                                         const firn_batch *batch, firn_error *err);
/* Bytes written to the sink so far plus what is buffered, for rolling files. */
int64_t firn_avro_rows_writer_size(const firn_avro_rows_writer *writer);
/* Writes the last block; metrics live in the arena. */
FIRN_MUST_CHECK firn_status firn_avro_rows_writer_finish(firn_avro_rows_writer *writer,
                                                         firn_arena *arena, firn_file_metrics *out,
                                                         firn_error *err);

#endif
