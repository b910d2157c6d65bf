/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one file as batches, whatever kind of file it is. Not here: files that are no rows
 * (bitmaps, documents). */
#ifndef FIRN_APP_FILE_ROWS_H
#define FIRN_APP_FILE_ROWS_H

#include "input_file.h"
#include "row_stream.h"

typedef struct file_rows file_rows;

typedef struct file_rows_opts {
    firn_file_kind kind; /* PARQUET, AVRO, NDJSON or CSV */
    bool is_gzip;
    const char *columns;  /* "a,b.c"; NULL: all */
    bool with_file_types; /* Parquet: times in the unit of their column, INT96 as nanoseconds */
    int64_t limit;        /* rows at most; -1: all */
} file_rows_opts;

/* in must outlive the rows. */
FIRN_MUST_CHECK firn_status file_rows_open(input_file *in, const file_rows_opts *opts,
                                           firn_arena *arena, file_rows **out, firn_error *err);
void file_rows_close(file_rows *rows); /* NULL is fine */
row_stream file_rows_stream(file_rows *rows);

#endif
