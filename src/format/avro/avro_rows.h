/* SPDX-License-Identifier: Apache-2.0 */
/* Avro data files to batches: the records of one container as rows of a projection.
 *
 *   firn_avro_reader_open_source()   header and schema
 *   firn_avro_file_schema()          the columns it has
 *   firn_avro_rows_open()            a projection over it
 *   firn_avro_rows_next()            batches of at most FIRN_BATCH_ROWS rows, until FIRN_DONE
 *
 * Memory: a window of the file, one block unpacked, and the text of two batches. Not here: values
 * that no batch can hold (unions of several types), which avro_render.h prints. */
#ifndef FIRN_FORMAT_AVRO_ROWS_H
#define FIRN_FORMAT_AVRO_ROWS_H

#include "firn/batch.h"
#include "format/avro/avro.h"

/* The file's own schema as Iceberg types, in the arena; fields without an id get id -1. [null, T]
 * is an optional T, an array of key-value records a map, an enum a string, a duration fixed[12],
 * times and timestamps in milliseconds become microseconds. What has no Iceberg type (unions of
 * several types, recursion, decimals beyond 38 digits) becomes unknown: reading it is an error.
 * FIRN_ERR_UNSUPPORTED if the top is not a record. */
FIRN_MUST_CHECK firn_status firn_avro_file_schema(const firn_avro_schema *schema, firn_arena *arena,
                                                  const firn_schema **out, firn_error *err);

/* How fields are found in the file. */
typedef enum firn_avro_match {
    FIRN_AVRO_MATCH_IDS = 0, /* by field id */
    FIRN_AVRO_MATCH_NAMES,   /* by name, then by the file's aliases: files without ids */
} firn_avro_match;

typedef struct firn_avro_rows firn_avro_rows;

/* projection: kind STRUCT, the columns wanted, in order, with types as the table has them now; must
 * outlive the rows, as must the reader, which is read by nobody else. Promotions of Iceberg are
 * applied (int to long, float to double, wider decimals, date to timestamp), missing optional
 * columns give nulls (initial defaults if the field has one); a missing required column without
 * default is an error, and so is a null in a required one. */
FIRN_MUST_CHECK firn_status firn_avro_rows_open(firn_avro_reader *reader,
                                                const firn_type *projection, firn_avro_match match,
                                                firn_avro_rows **out, firn_error *err);
void firn_avro_rows_close(firn_avro_rows *rows);
/* As firn_parquet_rows_next(): fills the columns of batch, in place where the caller brought
 * memory, and lends the reader's where it did not. Text stays valid until the second next call. */
FIRN_MUST_CHECK firn_status firn_avro_rows_next(firn_avro_rows *rows, int64_t max_rows,
                                                firn_batch *batch, firn_error *err);
/* Row number in the file of the first row the last next call gave. */
int64_t firn_avro_rows_position(const firn_avro_rows *rows);

#endif
