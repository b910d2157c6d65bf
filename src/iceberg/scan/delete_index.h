/* SPDX-License-Identifier: Apache-2.0 */
/* Which delete files apply to a data file (specification, "Scan Planning"):
 *
 *   deletion vector    names the data file; sequence number not below the data file's
 *   position deletes   name the data file, or are of its spec and partition; not below
 *   equality deletes   of its spec and partition, or of an unpartitioned spec; above
 *
 * A data file with a deletion vector needs no position delete files. Equality deletes whose bounds
 * and null counts say that they match no row of the file are left out.
 *
 * Filled by one thread, then finished, then looked up by any. Not here: reading delete files. */
#ifndef FIRN_ICEBERG_DELETE_INDEX_H
#define FIRN_ICEBERG_DELETE_INDEX_H

#include "iceberg/spec/manifest.h"

#define FIRN_FIELD_DELETE_FILE_PATH 2147483546 /* column of position delete files */
#define FIRN_FIELD_DELETE_POS       2147483545
#define FIRN_FIELD_DELETE_ROW       2147483544 /* the deleted row, where the writer put it in */

typedef struct firn_delete_file {
    firn_data_file file;
    const firn_partition_spec *spec;
    int64_t sequence_number; /* data sequence number */
    int64_t snapshot_id;     /* that added it */
} firn_delete_file;

typedef struct firn_delete_index firn_delete_index;

/* All in the arena; metadata and arena outlive the index. */
FIRN_MUST_CHECK firn_status firn_delete_index_create(const firn_table_metadata *metadata,
                                                     firn_arena *arena, firn_delete_index **out,
                                                     firn_error *err);
/* For files of several snapshots: a deletion vector may stand beside the one that it replaced. */
void firn_delete_index_allow_history(firn_delete_index *index);
/* Copies a live entry of a delete manifest. FIRN_ERR_CORRUPT: two deletion vectors for one data
 * file, or a deletion vector without the data file's path. */
FIRN_MUST_CHECK firn_status firn_delete_index_add(firn_delete_index *index,
                                                  const firn_manifest_entry *entry,
                                                  const firn_partition_spec *spec, firn_error *err);
void firn_delete_index_finish(firn_delete_index *index);

size_t firn_delete_index_size(const firn_delete_index *index);
/* i-th delete file in the order they were added. */
const firn_delete_file *firn_delete_index_at(const firn_delete_index *index, size_t i);
/* The delete files for one data file, in arena: its deletion vector first, then position, then
 * equality deletes. FIRN_ERR_CORRUPT: a deletion vector older than its data file, or of another
 * partition. */
FIRN_MUST_CHECK firn_status firn_delete_index_find(const firn_delete_index *index,
                                                   const firn_data_file *file,
                                                   int64_t sequence_number, firn_arena *arena,
                                                   const firn_delete_file ***out, size_t *n_out,
                                                   firn_error *err);

/* True for a deletion vector. */
bool firn_is_deletion_vector(const firn_data_file *file);
/* The only data file that a position delete file or deletion vector is about; empty: several. */
firn_str firn_delete_referenced_path(const firn_data_file *file);

#endif
