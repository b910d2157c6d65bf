/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to data files of a table: partitioned by its default spec, rolled at
 * write.target-file-size-bytes, with metrics per write.metadata.metrics.*. Files are durable when
 * finish returns, but for their names, which the commit that adds them makes durable
 * (firn_data_file); nothing is committed. */
#ifndef FIRN_ICEBERG_TABLE_WRITER_H
#define FIRN_ICEBERG_TABLE_WRITER_H

#include "base/env.h"
#include "firn/batch.h"
#include "firn/ext/store.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_table_writer firn_table_writer;
struct firn_parquet_writer;

typedef struct firn_table_writer_opts {
    const firn_schema *schema;       /* NULL: the table's current schema */
    const firn_partition_spec *spec; /* NULL: the table's default spec */
    int64_t target_file_bytes;       /* 0: write.target-file-size-bytes (512 MiB) */
    int32_t max_open_partitions;     /* 0: 500; beyond it the least recently used file is closed */
} firn_table_writer_opts;

FIRN_MUST_CHECK firn_status firn_table_writer_create(firn_env *env, firn_store *store,
                                                     const firn_table_metadata *metadata,
                                                     const firn_table_writer_opts *opts,
                                                     firn_table_writer **out, firn_error *err);
/* Columns in the order of the schema's fields. */
FIRN_MUST_CHECK firn_status firn_table_writer_append(firn_table_writer *writer,
                                                     const firn_batch *batch, firn_error *err);
/* True when the files are Parquet's. */
bool firn_table_writer_is_parquet(const firn_table_writer *writer);
/* The Parquet writer of the open file of the partition with these values (one per field of the
 * spec), for who has something else than rows to append; valid until the next call. */
FIRN_MUST_CHECK firn_status firn_table_writer_open(firn_table_writer *writer,
                                                   const firn_value *partition,
                                                   struct firn_parquet_writer **out,
                                                   firn_error *err);
/* So many rows were appended to it: the file is closed when it is full. */
FIRN_MUST_CHECK firn_status firn_table_writer_added(firn_table_writer *writer,
                                                    const firn_value *partition, int64_t n_rows,
                                                    firn_error *err);
/* Ends the open files: rows that come begin new ones. */
FIRN_MUST_CHECK firn_status firn_table_writer_roll(firn_table_writer *writer, firn_error *err);
/* Files that were ended so far. */
size_t firn_table_writer_files(const firn_table_writer *writer);
/* Ends all files; the data files live in the arena, in the order in which they were ended. */
FIRN_MUST_CHECK firn_status firn_table_writer_finish(firn_table_writer *writer, firn_arena *arena,
                                                     firn_data_file **out, size_t *n_out,
                                                     firn_error *err);
/* Drop unfinished files and remove finished ones unless finish succeeded. */
void firn_table_writer_destroy(firn_table_writer *writer);
int64_t firn_table_writer_rows(const firn_table_writer *writer);

/* Remove data files that were written but not committed (best effort, logged). */
void firn_data_files_remove(firn_env *env, firn_store *store, const firn_data_file *files,
                            size_t n);

#endif
