/* SPDX-License-Identifier: Apache-2.0 */
/* The files below a folder and what the names of their folders say: "column=value" as Hive and
 * Spark write partitions. Not here: what the columns mean to a table (import_partition.h). */
#ifndef FIRN_ICEBERG_IMPORT_LIST_H
#define FIRN_ICEBERG_IMPORT_LIST_H

#include "base/arena.h"
#include "firn/ext/store.h"

typedef struct firn_import_file {
    firn_str path;
    int64_t size_bytes;
    const firn_str *values; /* beside the columns, decoded; data NULL: null */
} firn_import_file;

typedef struct firn_import_list {
    firn_import_file *files; /* in order of their paths */
    size_t n_files;
    const firn_str *columns; /* of all files alike */
    size_t n_columns;
} firn_import_list;

typedef struct firn_import_source {
    firn_str location; /* a folder, or a file */
    firn_str left_out; /* a folder whose files are not meant; empty: none */
    bool is_flat;      /* not the files of folders in it */
} firn_import_source;

/* FIRN_ERR_NOT_FOUND: nothing there; FIRN_ERR_ARG: files of different partition columns. */
FIRN_MUST_CHECK firn_status firn_import_list_read(firn_store *store,
                                                  const firn_import_source *source,
                                                  firn_arena *arena, firn_import_list *out,
                                                  firn_error *err);

#endif
