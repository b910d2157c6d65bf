/* SPDX-License-Identifier: Apache-2.0 */
/* A data or delete file of any format that holds rows: its columns, its units of work, its rows.
 * The one place that knows that there are several formats; what only one of them can do (page
 * selection) is reached through its own handle. */
#ifndef FIRN_ICEBERG_ROW_FILE_H
#define FIRN_ICEBERG_ROW_FILE_H

#include "format/avro/avro_rows.h"
#include "format/parquet/read/parquet_reader.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_row_file {
    firn_file_format format;
    firn_parquet_file *parquet; /* PARQUET, else NULL */
    firn_avro_reader *avro;     /* AVRO, else NULL: the schema is its */
    const firn_schema *schema;  /* the file's own; fields without an id have id -1 */
    int64_t n_rows;
    size_t n_units;              /* row groups, or runs of blocks; each has rows */
    const firn_avro_part *parts; /* AVRO: the units */
    firn_byte_source source;     /* AVRO: of the readers of units */
} firn_row_file;

/* FIRN_ERR_UNSUPPORTED unless files of this format can be read. */
FIRN_MUST_CHECK firn_status firn_row_format_check(firn_file_format format, firn_str path,
                                                  firn_error *err);

/* source is copied, its ctx must outlive the file; schema and units of an Avro file live in the
 * arena. */
FIRN_MUST_CHECK firn_status firn_row_file_open(const firn_byte_source *source,
                                               firn_file_format format, firn_arena *arena,
                                               firn_row_file *out, firn_error *err);
void firn_row_file_close(firn_row_file *file);
int64_t firn_row_file_unit_rows(const firn_row_file *file, size_t unit);

/* One unit's rows under a projection; see firn_parquet_rows_open() and firn_avro_rows_open(). */
typedef struct firn_row_reader {
    firn_parquet_rows *parquet;
    firn_avro_rows *avro;
    firn_avro_reader *blocks; /* AVRO: of the unit */
    int64_t first_row;        /* AVRO: of the unit */
    firn_row_range run;       /* AVRO: the last batch */
} firn_row_reader;

typedef enum firn_row_match {
    FIRN_ROW_MATCH_IDS = 0,
    FIRN_ROW_MATCH_NAMES,
} firn_row_match;

typedef struct firn_row_reader_opts {
    size_t unit;
    firn_row_match match;
    firn_parquet_memory *memory; /* of this thread's readers before, NULL: none */
    /* Hints, all of which Parquet takes and other formats do not: rows that are not in the ranges
     * (NULL: all are), or that the filter (NULL: none) excludes, may be left out. Borrowed. */
    const firn_row_range *ranges;
    size_t n_ranges;
    const firn_filter *filter;
} firn_row_reader_opts;

FIRN_MUST_CHECK firn_status firn_row_reader_open(const firn_row_file *file,
                                                 const firn_type *projection,
                                                 const firn_row_reader_opts *opts,
                                                 firn_row_reader *out, firn_error *err);
void firn_row_reader_close(firn_row_reader *reader);
bool firn_row_reader_is_open(const firn_row_reader *reader);
/* A batch may be empty before the end when rows are left out. */
FIRN_MUST_CHECK firn_status firn_row_reader_next(firn_row_reader *reader, int64_t max_rows,
                                                 firn_batch *batch, firn_error *err);
/* Where the rows of the last batch stand in the file: *n runs in ascending order, borrowed until
 * the next call. */
const firn_row_range *firn_row_reader_runs(const firn_row_reader *reader, size_t *n);

#endif
