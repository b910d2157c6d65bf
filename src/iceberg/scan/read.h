/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of planned data files as batches, in the schema of the scan whatever schema the files were
 * written with. One reader, one thread; several readers share a plan through a firn_scan_queue. */
#ifndef FIRN_ICEBERG_READ_H
#define FIRN_ICEBERG_READ_H

#include <stdatomic.h>

#include "format/columns/key_set.h"
#include "format/columns/text_pattern.h"
#include "iceberg/scan/plan_stream.h"

/* Metadata columns, by reserved field id (specification, "Reserved Field IDs"). */
#define FIRN_FIELD_FILE         2147483646
#define FIRN_FIELD_POS          2147483645
#define FIRN_FIELD_DELETED      2147483644
#define FIRN_FIELD_SPEC_ID      2147483643
#define FIRN_FIELD_PARTITION    2147483642
#define FIRN_FIELD_ROW_ID       2147483540
#define FIRN_FIELD_LAST_UPDATED 2147483539
extern const firn_field firn_field_file;         /* _file string required */
extern const firn_field firn_field_pos;          /* _pos long required */
extern const firn_field firn_field_spec_id;      /* _spec_id int required */
extern const firn_field firn_field_deleted;      /* _deleted boolean required: false, deleted rows
                                                    are not given */
extern const firn_field firn_field_partition;    /* _partition, whose type is each table's own; not
                                                    for a reader's projection */
extern const firn_field firn_field_row_id;       /* _row_id long */
extern const firn_field firn_field_last_updated; /* _last_updated_sequence_number long */

/* True for _row_id and _last_updated_sequence_number ("Row Lineage"): what a data file stores, null
 * where it stores none standing for what the file's manifest entry says of the row. Null for tables
 * and snapshots without row ids. */
bool firn_field_is_lineage(int32_t field_id);
/* The schema and, behind its columns, those two: rows that keep their ids are written by it. */
FIRN_MUST_CHECK firn_status firn_schema_with_lineage(const firn_schema *schema, firn_arena *arena,
                                                     const firn_schema **out, firn_error *err);

/* Hands out (task, row group) units to readers on any thread. The plan must outlive the queue, the
 * queue its readers. Delete files are read as the data files they apply to come up. Refuses with
 * FIRN_ERR_UNSUPPORTED data and delete files of formats that cannot be read. */
typedef struct firn_scan_queue firn_scan_queue;
FIRN_MUST_CHECK firn_status firn_scan_queue_create(firn_env *env, firn_store *store,
                                                   const firn_table_metadata *metadata,
                                                   const firn_scan_plan *plan,
                                                   firn_scan_queue **out, firn_error *err);
/* Units of a stream, which the queue owns from now on, also when it fails: manifests are read as
 * readers come to their files. A data file that cannot be read is refused when it comes up. */
FIRN_MUST_CHECK firn_status firn_scan_queue_stream(firn_env *env, firn_store *store,
                                                   const firn_table_metadata *metadata,
                                                   firn_plan_stream *stream, firn_scan_queue **out,
                                                   firn_error *err);
void firn_scan_queue_destroy(firn_scan_queue *queue);
/* What the stream found so far; of a plan: all zero. */
firn_scan_stats firn_scan_queue_stats(firn_scan_queue *queue);
/* What a column must have beside what the filter says: one of a set of values, often very many, or
 * a text of some pattern. Rows with others may be left out. */
typedef struct firn_scan_test {
    const firn_field *field; /* of the table's schema */
    const firn_key_set *set;
    bool with_null;                   /* rows where it is null are wanted, too */
    const firn_text_pattern *pattern; /* when set is NULL */
} firn_scan_test;
/* All of them; borrowed. Before readers are opened. */
void firn_scan_queue_want(firn_scan_queue *queue, const firn_scan_test *tests, size_t n);
/* What readers did so far. Pages are data pages of the columns read, of row groups that were read;
 * where a file has no page index, those behind the last one wanted are not known. */
typedef struct firn_scan_work {
    int64_t row_groups, row_groups_skipped;
    int64_t pages, pages_skipped;
    int64_t bytes_read;    /* of data files, footers and indexes included */
    int64_t files_counted; /* not opened: their rows without columns are known by their number */
} firn_scan_work;
/* Complete when all readers are closed. */
firn_scan_work firn_scan_queue_work(const firn_scan_queue *queue);
/* Rows handed out so far and in all, for progress. */
void firn_scan_queue_progress(const firn_scan_queue *queue, int64_t *rows_done,
                              int64_t *rows_total);

typedef struct firn_scan_reader firn_scan_reader;

/* projection: kind STRUCT; fields of the scan's schema and metadata columns, in any order; may be
 * empty (only n_rows is set then, from metadata without reading columns). filter: bound; rows it
 * excludes may be left out, and are where that saves reading or decoding; others may come along. */
FIRN_MUST_CHECK firn_status firn_scan_reader_open(firn_scan_queue *queue,
                                                  const firn_type *projection,
                                                  const firn_expr *filter, firn_scan_reader **out,
                                                  firn_error *err);
void firn_scan_reader_close(firn_scan_reader *reader);
/* Up to max_rows rows into batch, or none for the moment when the filter left all out or all were
 * deleted (see firn_parquet_rows_next for ownership); FIRN_DONE when the queue is empty. All rows
 * of a batch come from one file; *task_out (may be NULL) is that file. */
FIRN_MUST_CHECK firn_status firn_scan_reader_next(firn_scan_reader *reader, int64_t max_rows,
                                                  firn_batch *batch,
                                                  const firn_scan_task **task_out, firn_error *err);

/* A firn_byte_source over a store file, with reads kept inside the file. */
FIRN_MUST_CHECK firn_status firn_byte_source_open(firn_store *store, firn_str path,
                                                  firn_arena *arena, /* closed with it */
                                                  struct firn_byte_source *out, firn_error *err);

#endif
