/* SPDX-License-Identifier: Apache-2.0 */
/* Row groups of open files taken over by a writer as they are: pages stay compressed, and what the
 * footer and the page index say of them is put together from what the sources say. Only
 * dictionaries are looked into: those of several sources become one, and pages of indices are
 * written again with the new ones, or PLAIN where one dictionary would be too large.
 *
 * Column by column: what cannot be taken over (another type or codec, nulls where there may be
 * none, statistics that the source lacks, very small pages) is named, and the caller hands in its
 * rows decoded.
 *
 * Rows may be left out: pages with such rows are decoded and encoded again without them, the others
 * taken over.
 *
 * A source that lies about values is an error here, or reads as wrongly as it did before; where its
 * pages begin and how many rows they have is checked.
 *
 * Not here: which files and rows (iceberg/maintain/rewrite/rewrite_copy.c, sql/dml/dml_rest.c). */
#ifndef FIRN_FORMAT_PARQUET_COPY_H
#define FIRN_FORMAT_PARQUET_COPY_H

#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/write/parquet_writer.h"

/* One row group of a file, read and looked at. */
typedef struct firn_parquet_copy firn_parquet_copy;

/* Reads the row group's compressed bytes. file must outlive the copy; the writer is not changed, so
 * several threads may do this for one writer. What is wrong with a column makes it one to decode:
 * whoever decodes it says what it is. */
FIRN_MUST_CHECK firn_status firn_parquet_copy_open(const firn_parquet_writer *writer,
                                                   const firn_parquet_file *file, size_t row_group,
                                                   firn_parquet_copy **out, firn_error *err);
/* The same without the rows whose bits are set in gone: bit i for row i of the file, borrowed until
 * the copy is closed; some row of the row group stays. What has to be decoded for that is decoded
 * when the copy is appended, column by column on the writer's threads, also of columns that do not
 * fit: the caller hands in, without those rows, what the file lacks or does not say as it is read.
 */
FIRN_MUST_CHECK firn_status firn_parquet_copy_open_rest(const firn_parquet_writer *writer,
                                                        const firn_parquet_file *file,
                                                        size_t row_group, const uint64_t *gone,
                                                        firn_parquet_copy **out, firn_error *err);
/* Is the row group about as large as the writer's own, so that it can stay one? */
bool firn_parquet_copy_fits(const firn_parquet_writer *writer, const firn_parquet_file *file,
                            size_t row_group);
/* NULL is fine. */
void firn_parquet_copy_close(firn_parquet_copy *copy);
/* Rows it appends. */
int64_t firn_parquet_copy_rows(const firn_parquet_copy *copy);
/* Pages that are taken over, and those that are not. */
void firn_parquet_copy_pages(const firn_parquet_copy *copy, size_t *n_kept, size_t *n_recoded);
/* Columns of the writer's root (as many as it has fields) whose rows have to be handed in: how many
 * they are, and which. */
size_t firn_parquet_copy_decoded(const firn_parquet_copy *copy, const bool **out);

/* Appends row groups, in their order; each is then empty but for what is to be decoded. Only the
 * last one may have columns to decode. The writer ends its own row groups by its settings; a source
 * that is about as large stays one by itself. */
FIRN_MUST_CHECK firn_status firn_parquet_writer_copy(firn_parquet_writer *writer,
                                                     firn_parquet_copy *const *copies, size_t n,
                                                     firn_error *err);
/* Rows of the columns that the row group copied last lacks, in any number of batches with as many
 * rows in all as it has; other columns of the batch are not looked at. Nothing else may be done
 * with the writer before. */
FIRN_MUST_CHECK firn_status firn_parquet_writer_fill(firn_parquet_writer *writer,
                                                     const firn_batch *batch, firn_error *err);

#endif
