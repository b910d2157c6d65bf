/* SPDX-License-Identifier: Apache-2.0 */
/* What Spark's DESCRIBE says of the columns of metadata tables, which is what Iceberg's own schemas
 * of them say. */
#ifndef FIRN_SQL_METADATA_DOCS_H
#define FIRN_SQL_METADATA_DOCS_H

#include "base/arena.h"
#include "firn/types.h"

/* Gives the columns of the metadata table that a name ends in ("files", "t$files") their comments;
 * of other names, none. Fields are copied to the arena. */
FIRN_MUST_CHECK firn_status firn_metadata_add_docs(firn_str name, firn_type *root,
                                                   firn_arena *arena, firn_error *err);

#endif
