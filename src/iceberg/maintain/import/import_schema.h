/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of listed files as those of a new table: the union of all files' by name, none
 * required, and the columns that folders name. */
#ifndef FIRN_ICEBERG_IMPORT_SCHEMA_H
#define FIRN_ICEBERG_IMPORT_SCHEMA_H

#include "firn/table.h"
#include "iceberg/maintain/import/import_footers.h"

typedef struct firn_import_shape {
    firn_schema schema;
    bool has_ids;             /* the schema's ids are those of the files, which rows are read by */
    firn_partition_spec spec; /* by identity, of the columns that folders name */
} firn_import_shape;

/* target: environment and store. table_opts: properties that decide which types there are. In the
 * arena. */
FIRN_MUST_CHECK firn_status firn_import_shape_find(const firn_import_target *target,
                                                   firn_catalog *catalog, const firn_ident *ident,
                                                   const firn_table_create_opts *table_opts,
                                                   const firn_import_list *list, firn_arena *arena,
                                                   firn_import_shape *out, firn_error *err);

#endif
