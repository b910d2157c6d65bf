/* SPDX-License-Identifier: Apache-2.0 */
/* One partition type for files of all specs of a table (specification, "Partition Statistics File"
 * and Iceberg's metadata tables). */
#ifndef FIRN_ICEBERG_PARTITION_TYPE_H
#define FIRN_ICEBERG_PARTITION_TYPE_H

#include "base/arena.h"
#include "firn/metadata.h"

/* A column by id, in the newest schema that has it; NULL if none has. */
const firn_field *firn_metadata_find_source(const firn_table_metadata *metadata, int32_t source_id);
/* All partition fields of all specs, by field id. */
FIRN_MUST_CHECK firn_status firn_metadata_partition_type(const firn_table_metadata *metadata,
                                                         firn_arena *arena, const firn_type **out,
                                                         firn_error *err);

#endif
