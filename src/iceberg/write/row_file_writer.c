/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet and Avro files behind one interface; see row_file_writer.h. */
#include "iceberg/write/row_file_writer.h"

#include "base/error.h"

const char *firn_row_file_suffix(firn_file_format format)
{
    return format == FIRN_FILE_AVRO ? "avro" : "parquet";
}

firn_status firn_row_file_writer_create(const firn_type *root, const firn_row_file_opts *opts,
                                        const firn_random *random, const firn_byte_sink *sink,
                                        firn_row_file_writer *out, firn_error *err)
{
    firn_avro_write_opts avro = {.codec = opts->avro_codec,
                                 .codec_level = opts->avro_level,
                                 .columns = opts->parquet.columns,
                                 .n_columns = opts->parquet.n_columns,
                                 .iceberg_schema_json = opts->parquet.iceberg_schema_json};
    *out = (firn_row_file_writer){0};
    switch (opts->format) {
    case FIRN_FILE_PARQUET:
        return firn_parquet_writer_create(root, &opts->parquet, sink, &out->parquet, err);
    case FIRN_FILE_AVRO:
        random->fill(random->ctx, avro.sync, sizeof avro.sync);
        return firn_avro_rows_writer_create(root, &avro, sink, &out->avro, err);
    case FIRN_FILE_ORC:
    case FIRN_FILE_PUFFIN: break;
    }
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: writing data files of format %d",
                     (int)opts->format);
}

void firn_row_file_writer_destroy(firn_row_file_writer *writer)
{
    firn_parquet_writer_destroy(writer->parquet);
    firn_avro_rows_writer_destroy(writer->avro);
    *writer = (firn_row_file_writer){0};
}

firn_status firn_row_file_writer_append(firn_row_file_writer *writer, const firn_batch *batch,
                                        firn_error *err)
{
    return writer->avro ? firn_avro_rows_writer_append(writer->avro, batch, err)
                        : firn_parquet_writer_append(writer->parquet, batch, err);
}

int64_t firn_row_file_writer_size(const firn_row_file_writer *writer)
{
    return writer->avro ? firn_avro_rows_writer_size(writer->avro)
                        : firn_parquet_writer_size(writer->parquet);
}

firn_status firn_row_file_writer_finish(firn_row_file_writer *writer, firn_arena *arena,
                                        firn_file_metrics *out, firn_error *err)
{
    return writer->avro ? firn_avro_rows_writer_finish(writer->avro, arena, out, err)
                        : firn_parquet_writer_finish(writer->parquet, arena, out, err);
}
