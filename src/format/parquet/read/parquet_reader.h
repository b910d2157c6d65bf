/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet files to batches.
 *
 * A firn_parquet_file is the parsed, checked footer: immutable, shared by threads. A
 * firn_parquet_rows reads a run of row groups with one projection on one thread, at most
 * FIRN_BATCH_ROWS rows a call, straight into the caller's columns. Columns are streamed through a
 * bounded window each, so memory does not depend on the size of a row group.
 *
 * Not here: which files and row groups to read (iceberg/scan), I/O (firn_byte_source). */
#ifndef FIRN_FORMAT_PARQUET_READER_H
#define FIRN_FORMAT_PARQUET_READER_H

#include "base/arena.h"
#include "firn/batch.h"
#include "format/byte_io.h"
#include "format/columns/row_filter.h"
#include "format/parquet/read/parquet_memory.h"

typedef struct firn_parquet_file firn_parquet_file;
typedef struct firn_parquet_rows firn_parquet_rows;

/* Rows [first, first + n) of a file. */
typedef struct firn_row_range {
    int64_t first, n;
} firn_row_range;

/* One leaf column chunk's statistics, as values of the projected type. */
typedef struct firn_parquet_stats {
    bool has_null_count, has_min, has_max;
    int64_t null_count;
    int64_t value_count;
    firn_value min, max; /* bounds: true for all values, not necessarily present ones */
} firn_parquet_stats;

/* Reads the footer with one ranged read where it fits 64 KiB, or a
 * thousandth of a large file. source is copied; its ctx must
 * outlive the file. */
FIRN_MUST_CHECK firn_status firn_parquet_file_open(const firn_byte_source *source,
                                                   firn_parquet_file **out, firn_error *err);
void firn_parquet_file_close(firn_parquet_file *file);
int64_t firn_parquet_file_rows(const firn_parquet_file *file);
size_t firn_parquet_file_row_groups(const firn_parquet_file *file);
int64_t firn_parquet_row_group_rows(const firn_parquet_file *file, size_t row_group);
/* First byte of the row group's first column chunk. */
int64_t firn_parquet_row_group_offset(const firn_parquet_file *file, size_t row_group);
/* Which types a file's columns have. */
typedef enum firn_parquet_types {
    FIRN_PARQUET_TYPES_TABLE = 0, /* Iceberg's: times scaled to their unit, unsigned 64-bit integers
                                     as decimal(20,0) */
    FIRN_PARQUET_TYPES_FILE,      /* what is stored, nothing scaled: time and timestamp columns are
                                     INT or LONG in the unit of the column, INT96 is LONG nanoseconds
                                     since the epoch, unsigned 64-bit integers are LONG with
                                     is_unsigned. The rest as above */
} firn_parquet_types;

/* The file's own schema as Iceberg types; fields without an id get id -1. */
const firn_schema *firn_parquet_file_schema(const firn_parquet_file *file);
/* The same in the types wanted, a projection for reading with these types. */
const firn_schema *firn_parquet_file_schema_as(const firn_parquet_file *file,
                                               firn_parquet_types types);
/* Statistics of the leaf with this field id, decoded as type; all has_* false when absent. Bytes
 * are borrowed from the file. */
FIRN_MUST_CHECK firn_status firn_parquet_row_group_stats(const firn_parquet_file *file,
                                                         size_t row_group, int32_t field_id,
                                                         const firn_type *type,
                                                         firn_parquet_stats *out, firn_error *err);

/* How fields are found in the file. */
typedef enum firn_parquet_match {
    FIRN_PARQUET_MATCH_IDS = 0, /* by field id */
    FIRN_PARQUET_MATCH_NAMES,   /* by name: files without ids (add_files, plain Parquet); of equal
                                   names the one at the same position */
} firn_parquet_match;

typedef struct firn_parquet_rows_opts {
    size_t first_row_group;
    size_t n_row_groups; /* 0: to the end */
    firn_parquet_match match;
    firn_parquet_types types; /* whose types those of the projection are */
    size_t window_bytes; /* read window per column; 0: 1 MiB, less where there are many, and never
                            less than a page */
    /* Buffers of readers before, for this one; must outlive it. NULL: its own. */
    firn_parquet_memory *memory;
    /* Rows of the file to read: sorted, disjoint, borrowed; others are neither given nor, where
     * pages allow, read. NULL: all rows of the row groups. */
    const firn_row_range *ranges;
    size_t n_ranges;
    /* Rows it excludes may be left out, and are where that saves work: its columns are decoded
     * first, the others only for rows that pass. Borrowed. NULL: none. */
    const firn_filter *filter;
} firn_parquet_rows_opts;

/* projection: kind STRUCT, the columns wanted, in order, with types as the table has them now:
 * int->long, float->double, decimal widening are applied; missing optional columns give nulls
 * (initial defaults if the field has one); a missing required column without default is an error.
 */
FIRN_MUST_CHECK firn_status firn_parquet_rows_open(const firn_parquet_file *file,
                                                   const firn_type *projection,
                                                   const firn_parquet_rows_opts *opts,
                                                   firn_parquet_rows **out, firn_error *err);
void firn_parquet_rows_close(firn_parquet_rows *rows);
/* Fill the n_columns columns of batch (one per projected field) with up to max_rows rows and set
 * batch->n_rows; FIRN_DONE at the end. A column whose values pointer is set by the caller is
 * filled in place (capacity >= max_rows, and validity must be set). String views point into
 * memory of the reader that stays valid until the second next call, or to the columns' own heap.
 * A column without nulls in these rows may keep validity all ones. A batch never crosses row
 * groups, and very long lists make it shorter than max_rows; with a filter it may be empty. Columns
 * with lists or maps that the batch does not own, and columns without values, are lent the reader's
 * memory until the next call. After a failure the reader only fails.
 *
 * Not supported, and said so: encrypted columns and footers, LZO, columns in other files. Page
 * checksums are verified, strings must be UTF-8. */
FIRN_MUST_CHECK firn_status firn_parquet_rows_next(firn_parquet_rows *rows, int64_t max_rows,
                                                   firn_batch *batch, firn_error *err);
/* Row number in the file of the first row the last next call gave. */
int64_t firn_parquet_rows_position(const firn_parquet_rows *rows);
/* Where the rows of the last batch stand in the file: *n runs in ascending order, borrowed until
 * the next call. One run unless ranges or a filter left rows out. */
const firn_row_range *firn_parquet_rows_runs(const firn_parquet_rows *rows, size_t *n);

#endif
