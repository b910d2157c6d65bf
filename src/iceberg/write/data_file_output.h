/* SPDX-License-Identifier: Apache-2.0 */
/* One data file in the making: a store writer, a writer of rows on it, rows waiting to be handed
 * over, and at the end the file's entry for a manifest. */
#ifndef FIRN_ICEBERG_DATA_FILE_OUTPUT_H
#define FIRN_ICEBERG_DATA_FILE_OUTPUT_H

#include "base/env.h"
#include "firn/batch.h"
#include "firn/ext/store.h"
#include "iceberg/write/row_file_writer.h"

typedef struct firn_data_file_output {
    firn_env *env;
    firn_str path; /* borrowed */
    firn_store_writer *store_writer;
    firn_file_format format;
    firn_row_file_writer writer;
    int64_t n_stored;    /* bytes given to the store */
    firn_batch *pending; /* rows gathered from mixed batches; NULL until needed */
} firn_data_file_output;

/* path and root must outlive the output. On failure nothing is left behind. */
FIRN_MUST_CHECK firn_status firn_data_file_output__open(firn_env *env, firn_store *store,
                                                        firn_str path, const firn_type *root,
                                                        const firn_row_file_opts *opts,
                                                        firn_data_file_output *out,
                                                        firn_error *err);
/* The whole batch, without a copy unless rows are pending. */
FIRN_MUST_CHECK firn_status firn_data_file_output__append(firn_data_file_output *out,
                                                          const firn_batch *batch, firn_error *err);
/* Some rows of a batch. */
FIRN_MUST_CHECK firn_status firn_data_file_output__append_rows(firn_data_file_output *out,
                                                               const firn_type *root,
                                                               const firn_batch *batch,
                                                               const int64_t *rows, int64_t n,
                                                               firn_error *err);
int64_t firn_data_file_output__size(const firn_data_file_output *out);
/* Bytes held in memory. */
int64_t firn_data_file_output__buffered(const firn_data_file_output *out);
/* Ends the output; file gets everything but spec and partition. What is left to do is to finish the
 * store's writer (firn_store_finish_content): the file is durable then, but for the name, see
 * firn_data_file. */
FIRN_MUST_CHECK firn_status firn_data_file_output__seal(firn_data_file_output *out,
                                                        firn_arena *arena, firn_data_file *file,
                                                        firn_store_writer **writer,
                                                        firn_error *err);
/* Both: the file is durable on FIRN_OK, but for the name. */
FIRN_MUST_CHECK firn_status firn_data_file_output__finish(firn_data_file_output *out,
                                                          firn_arena *arena, firn_data_file *file,
                                                          firn_error *err);
/* Ends the output and leaves nothing behind; after sealing it does nothing. */
void firn_data_file_output__abandon(firn_data_file_output *out);
/* The entry of a data file with these metrics, without spec and partition. */
FIRN_MUST_CHECK firn_status firn_data_file_of_metrics(firn_str path, firn_file_format format,
                                                      const firn_file_metrics *metrics,
                                                      firn_arena *arena, firn_data_file *file,
                                                      firn_error *err);

#endif
