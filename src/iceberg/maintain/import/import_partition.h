/* SPDX-License-Identifier: Apache-2.0 */
/* The partition columns of listed files as those of a table's spec. */
#ifndef FIRN_ICEBERG_IMPORT_PARTITION_H
#define FIRN_ICEBERG_IMPORT_PARTITION_H

#include "firn/metadata.h"
#include "iceberg/maintain/import/import_list.h"

typedef struct firn_import_partition {
    const firn_partition_spec *spec;
    size_t *columns;         /* of each field of the spec, its place among those of the list */
    const firn_type **types; /* of the fields */
} firn_import_partition;

/* The default spec if it fits, or another one of the table. FIRN_ERR_ARG: none has just these
 * columns, by identity. */
FIRN_MUST_CHECK firn_status firn_import_partition_find(const firn_table_metadata *metadata,
                                                       const firn_import_list *list,
                                                       firn_arena *arena,
                                                       firn_import_partition *out, firn_error *err);
/* The partition of a file, in the arena. FIRN_ERR_ARG: a value that is none of the column's type.
 */
FIRN_MUST_CHECK firn_status firn_import_partition_values(const firn_import_partition *partition,
                                                         const firn_import_file *file,
                                                         firn_arena *arena, const firn_value **out,
                                                         firn_error *err);
/* Leaves those files in the list whose partition has the values of the filter. FIRN_ERR_ARG: the
 * filter names another column. */
FIRN_MUST_CHECK firn_status firn_import_partition_filter(const firn_import_partition *partition,
                                                         const firn_properties *filter,
                                                         firn_arena *arena, firn_import_list *list,
                                                         firn_error *err);

#endif
