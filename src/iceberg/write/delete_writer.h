/* SPDX-License-Identifier: Apache-2.0 */
/* Deleted positions to delete files: in format version 2 a position delete file for each data file,
 * from version 3 on a deletion vector for each, all in one Puffin file. Files are durable on
 * success; nothing is committed. Not here: which rows, and which older deletes they include. */
#ifndef FIRN_ICEBERG_DELETE_WRITER_H
#define FIRN_ICEBERG_DELETE_WRITER_H

#include "base/env.h"
#include "firn/ext/store.h"
#include "format/puffin/bitmap.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_row_delete {
    const firn_data_file *file;   /* the data file; spec and partition are the delete file's, too */
    const firn_bitmap *positions; /* not empty */
} firn_row_delete;

/* One entry for each delete, in order, in the arena. FIRN_ERR_UNSUPPORTED for format version 1. On
 * failure nothing is left behind. */
FIRN_MUST_CHECK firn_status firn_delete_files_write(firn_env *env, firn_store *store,
                                                    const firn_table_metadata *metadata,
                                                    const firn_row_delete *deletes, size_t n,
                                                    firn_arena *arena, firn_data_file **out,
                                                    firn_error *err);

#endif
