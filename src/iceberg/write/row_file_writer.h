/* SPDX-License-Identifier: Apache-2.0 */
/* Batches to a data or delete file of any format that can be written, into a sink; the counterpart
 * of scan/row_file.h. Not here: where the bytes go, and the file's entry. */
#ifndef FIRN_ICEBERG_ROW_FILE_WRITER_H
#define FIRN_ICEBERG_ROW_FILE_WRITER_H

#include "base/random.h"
#include "format/avro/avro_rows_writer.h"
#include "format/parquet/write/parquet_writer.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_row_file_opts {
    firn_file_format format;         /* PARQUET or AVRO */
    firn_parquet_write_opts parquet; /* columns and schema are those of any format */
    firn_codec avro_codec;
    int avro_level; /* 0: default of the codec */
} firn_row_file_opts;

typedef struct firn_row_file_writer {
    firn_parquet_writer *parquet; /* PARQUET, else NULL */
    firn_avro_rows_writer *avro;  /* AVRO, else NULL */
} firn_row_file_writer;

/* What a file's name ends in, without a dot. */
const char *firn_row_file_suffix(firn_file_format format);
/* root: kind STRUCT with field ids, must outlive the writer. FIRN_ERR_UNSUPPORTED for other
 * formats. */
FIRN_MUST_CHECK firn_status firn_row_file_writer_create(const firn_type *root,
                                                        const firn_row_file_opts *opts,
                                                        const firn_random *random,
                                                        const firn_byte_sink *sink,
                                                        firn_row_file_writer *out, firn_error *err);
/* After it the writer is empty, and destroying it again does nothing. */
void firn_row_file_writer_destroy(firn_row_file_writer *writer);
FIRN_MUST_CHECK firn_status firn_row_file_writer_append(firn_row_file_writer *writer,
                                                        const firn_batch *batch, firn_error *err);
/* Bytes given to the sink so far plus what is buffered. */
int64_t firn_row_file_writer_size(const firn_row_file_writer *writer);
FIRN_MUST_CHECK firn_status firn_row_file_writer_finish(firn_row_file_writer *writer,
                                                        firn_arena *arena, firn_file_metrics *out,
                                                        firn_error *err);

#endif
