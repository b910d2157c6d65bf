/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of manifest lists as rows of the metadata tables manifests and all_manifests. Private to
 * metadata_*.c. */
#ifndef FIRN_SQL_METADATA_MANIFEST_ROWS_H
#define FIRN_SQL_METADATA_MANIFEST_ROWS_H

#include "format/columns/row_builder.h"
#include "iceberg/spec/manifest.h"

/* with_reference: all_manifests, which also say whose list they are in. is_wide: that, and counts
 * of rows. */
const firn_type *firn_metadata_manifest_type(bool with_reference, bool is_wide);
/* One cell in each column of the builder; reference: the snapshot whose list it is in. */
void firn_metadata_manifest_cells(firn_row_builder *b, const firn_manifest_file *file,
                                  const firn_table_metadata *metadata,
                                  const firn_snapshot *reference);

#endif
