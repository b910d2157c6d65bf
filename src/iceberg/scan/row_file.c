/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of Parquet and Avro files behind one interface; see row_file.h. */
#include "iceberg/scan/row_file.h"

#include "base/checked.h"
#include "base/error.h"

/* Of a unit of an Avro file, which one thread reads. */
#define AVRO_UNIT_BYTES ((size_t)8 << 20)

firn_status firn_row_format_check(firn_file_format format, firn_str path, firn_error *err)
{
    const char *name = NULL;

    switch (format) {
    case FIRN_FILE_PARQUET:
    case FIRN_FILE_AVRO: return FIRN_OK;
    case FIRN_FILE_ORC: name = "ORC"; break;
    case FIRN_FILE_PUFFIN: name = "Puffin"; break;
    }
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %s data file %.*s",
                     name ? name : "unknown", FIRN_STR_ARG(path));
}

static firn_status open_parquet(const firn_byte_source *source, firn_row_file *file,
                                firn_error *err)
{
    FIRN_TRY(firn_parquet_file_open(source, &file->parquet, err));
    file->schema = firn_parquet_file_schema(file->parquet);
    file->n_rows = firn_parquet_file_rows(file->parquet);
    file->n_units = firn_parquet_file_row_groups(file->parquet);
    return FIRN_OK;
}

static firn_status open_avro(const firn_byte_source *source, firn_arena *arena, firn_row_file *file,
                             firn_error *err)
{
    firn_avro_part *parts = NULL;
    size_t n_parts = 0;
    FIRN_TRY(firn_avro_reader_open_source(source, &file->avro, err));
    FIRN_TRY(firn_avro_reader_split(file->avro, AVRO_UNIT_BYTES, arena, &parts, &n_parts, err));
    for (size_t i = 0; i < n_parts; i++) {
        if (!firn_add_i64(file->n_rows, parts[i].n_records, &file->n_rows))
            return firn_fail(err, FIRN_ERR_CORRUPT, "more records than a file can have");
        if (parts[i].n_records > 0) parts[file->n_units++] = parts[i];
    }
    file->parts = parts;
    file->source = *source;
    return firn_avro_file_schema(firn_avro_reader_schema(file->avro), arena, &file->schema, err);
}

firn_status firn_row_file_open(const firn_byte_source *source, firn_file_format format,
                               firn_arena *arena, firn_row_file *out, firn_error *err)
{
    *out = (firn_row_file){.format = format};
    FIRN_TRY(firn_row_format_check(format, FIRN_STR(""), err));
    const firn_status st = format == FIRN_FILE_AVRO ? open_avro(source, arena, out, err)
                                                    : open_parquet(source, out, err);
    if (st != FIRN_OK) firn_row_file_close(out);
    return st;
}

void firn_row_file_close(firn_row_file *file)
{
    if (file->parquet) firn_parquet_file_close(file->parquet);
    firn_avro_reader_close(file->avro);
    *file = (firn_row_file){0};
}

int64_t firn_row_file_unit_rows(const firn_row_file *file, size_t unit)
{
    return file->parquet ? firn_parquet_row_group_rows(file->parquet, unit)
                         : file->parts[unit].n_records;
}

/* Each unit has a reader of its own, since several threads may read a file. */
static firn_status open_blocks(const firn_row_file *file, const firn_type *projection,
                               const firn_row_reader_opts *opts, firn_row_reader *out,
                               firn_error *err)
{
    const bool by_name = opts->match == FIRN_ROW_MATCH_NAMES;
    for (size_t i = 0; i < opts->unit; i++) out->first_row += file->parts[i].n_records;
    FIRN_TRY(firn_avro_reader_open_source(&file->source, &out->blocks, err));
    firn_avro_reader_limit(out->blocks, &file->parts[opts->unit]);
    return firn_avro_rows_open(out->blocks, projection,
                               by_name ? FIRN_AVRO_MATCH_NAMES : FIRN_AVRO_MATCH_IDS, &out->avro,
                               err);
}

firn_status firn_row_reader_open(const firn_row_file *file, const firn_type *projection,
                                 const firn_row_reader_opts *opts, firn_row_reader *out,
                                 firn_error *err)
{
    const bool by_name = opts->match == FIRN_ROW_MATCH_NAMES;
    const firn_parquet_rows_opts parquet_opts = {
        .first_row_group = opts->unit,
        .n_row_groups = 1,
        .match = by_name ? FIRN_PARQUET_MATCH_NAMES : FIRN_PARQUET_MATCH_IDS,
        .memory = opts->memory,
        .ranges = opts->ranges,
        .n_ranges = opts->n_ranges,
        .filter = opts->filter,
    };

    *out = (firn_row_reader){0};
    if (file->parquet)
        return firn_parquet_rows_open(file->parquet, projection, &parquet_opts, &out->parquet, err);
    const firn_status st = open_blocks(file, projection, opts, out, err);
    if (st != FIRN_OK) firn_row_reader_close(out);
    return st;
}

void firn_row_reader_close(firn_row_reader *reader)
{
    if (reader->parquet) firn_parquet_rows_close(reader->parquet);
    firn_avro_rows_close(reader->avro);
    firn_avro_reader_close(reader->blocks);
    *reader = (firn_row_reader){0};
}

bool firn_row_reader_is_open(const firn_row_reader *reader)
{
    return reader->parquet || reader->avro;
}

firn_status firn_row_reader_next(firn_row_reader *reader, int64_t max_rows, firn_batch *batch,
                                 firn_error *err)
{
    if (reader->parquet) return firn_parquet_rows_next(reader->parquet, max_rows, batch, err);
    FIRN_TRY(firn_avro_rows_next(reader->avro, max_rows, batch, err));
    reader->run =
        (firn_row_range){reader->first_row + firn_avro_rows_position(reader->avro), batch->n_rows};
    return FIRN_OK;
}

const firn_row_range *firn_row_reader_runs(const firn_row_reader *reader, size_t *n)
{
    if (reader->parquet) return firn_parquet_rows_runs(reader->parquet, n);
    *n = 1;
    return &reader->run;
}
