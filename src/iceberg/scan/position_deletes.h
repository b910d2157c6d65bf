/* SPDX-License-Identifier: Apache-2.0 */
/* Deleted positions out of position delete files and deletion vectors. */
#ifndef FIRN_ICEBERG_POSITION_DELETES_H
#define FIRN_ICEBERG_POSITION_DELETES_H

#include "base/map.h"
#include "firn/batch.h"
#include "format/puffin/bitmap.h"
#include "iceberg/scan/plan.h"

/* A row of a position delete file: file_path, pos. Kind STRUCT. */
extern const firn_type firn_position_delete_row;

/* Where delete files are read from. */
typedef struct firn_delete_source {
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata;
} firn_delete_source;

/* A batch of a delete file's rows; FIRN_OK goes on. */
typedef firn_status (*firn_delete_rows_fn)(void *ctx, const firn_batch *batch, firn_error *err);

/* All rows of a delete file, with the columns wanted (kind STRUCT), wherever a scan would find
 * them. */
FIRN_MUST_CHECK firn_status firn_delete_file_read(const firn_delete_source *source,
                                                  const firn_delete_file *file,
                                                  const firn_type *wanted, firn_delete_rows_fn fn,
                                                  void *ctx, firn_error *err);

/* The bitmap lives in the arena. */
FIRN_MUST_CHECK firn_status firn_deletion_vector_read(const firn_delete_source *source,
                                                      const firn_delete_file *file,
                                                      firn_arena *arena, firn_bitmap **out,
                                                      firn_error *err);
/* Positions of every data file whose firn_location_identity() is a key of wanted (NULL: of every
 * one) go to bitmaps (identity -> firn_bitmap), which live in the arena of that map. */
FIRN_MUST_CHECK firn_status firn_position_deletes_read(const firn_delete_source *source,
                                                       const firn_delete_file *file,
                                                       const firn_map *wanted, firn_map *bitmaps,
                                                       firn_error *err);
/* An empty bitmap that lives in the arena. */
FIRN_MUST_CHECK firn_status firn_bitmap_in_arena(firn_arena *arena, firn_bitmap **out,
                                                 firn_error *err);

#endif
