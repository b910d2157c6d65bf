/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for table metadata as a whole, whoever made it: a file that was read, or a commit
 * that was applied. */
#ifndef FIRN_ICEBERG_METADATA_CHECK_H
#define FIRN_ICEBERG_METADATA_CHECK_H

#include "base/arena.h"
#include "firn/metadata.h"

#define FIRN_FORMAT_VERSION_MAX 3

/* FIRN_ERR_CORRUPT names the part that is missing or contradicts another. scratch: for sorting. */
FIRN_MUST_CHECK firn_status firn_metadata_check(const firn_table_metadata *metadata,
                                                firn_arena *scratch, firn_error *err);

#endif
