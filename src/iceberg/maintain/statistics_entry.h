/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of a statistics file in a table's metadata, of the table or of its partitions. */
#ifndef FIRN_ICEBERG_STATISTICS_ENTRY_H
#define FIRN_ICEBERG_STATISTICS_ENTRY_H

#include "base/arena.h"
#include "firn/table.h"
#include "iceberg/spec/json_build.h"

/* The members that both kinds have. */
void firn_statistics_entry_begin(firn_json_build *b, json_t *root, int64_t snapshot_id,
                                 firn_str path, int64_t size_bytes);
/* Takes over root and sets it in a commit of its own. */
FIRN_MUST_CHECK firn_status firn_statistics_entry_commit(firn_json_build *b, json_t *root,
                                                         firn_table *table, bool is_of_partitions,
                                                         firn_arena *arena, firn_error *err);

#endif
