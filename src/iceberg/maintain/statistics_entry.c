/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/statistics_entry.h"

#include "base/error.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/txn/snapshot_update.h"

void firn_statistics_entry_begin(firn_json_build *b, json_t *root, int64_t snapshot_id,
                                 firn_str path, int64_t size_bytes)
{
    firn_json_build_i64(b, root, "snapshot-id", snapshot_id);
    firn_json_build_str(b, root, "statistics-path", path);
    firn_json_build_i64(b, root, "file-size-in-bytes", size_bytes);
}

firn_status firn_statistics_entry_commit(firn_json_build *b, json_t *root, firn_table *table,
                                         bool is_of_partitions, firn_arena *arena, firn_error *err)
{
    firn_str entry;
    json_t *built = NULL;
    firn_txn *txn = NULL;
    FIRN_TRY(firn_json_build_finish(b, root, &built));
    firn_status st = firn_json_keep(built, arena, &entry, err);
    json_decref(built);
    FIRN_TRY(st);
    FIRN_TRY(firn_txn_begin(table, &txn, err));
    st = firn_txn_set_statistics(txn, entry, is_of_partitions, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}
