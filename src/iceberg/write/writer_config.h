/* SPDX-License-Identifier: Apache-2.0 */
/* What a table's properties say about its data files: codec, sizes, folder, metrics per column. */
#ifndef FIRN_ICEBERG_WRITER_CONFIG_H
#define FIRN_ICEBERG_WRITER_CONFIG_H

#include "base/arena.h"
#include "firn/metadata.h"
#include "iceberg/write/row_file_writer.h"

typedef struct firn_writer_config {
    firn_row_file_opts files;       /* of data files */
    firn_file_format delete_format; /* of delete files that hold rows */
    int64_t target_file_bytes;
    firn_str folder; /* of data files, without trailing slash */
} firn_writer_config;

FIRN_MUST_CHECK firn_status firn_writer_config__read(const firn_table_metadata *metadata,
                                                     const firn_schema *schema, firn_arena *arena,
                                                     firn_writer_config *out, firn_error *err);
/* Of data files, without trailing slash: write.data.path or "<location>/data". Files of partitions
 * are in folders below it. */
FIRN_MUST_CHECK firn_status firn_data_folder(const firn_table_metadata *metadata, firn_arena *arena,
                                             firn_str *out, firn_error *err);

#endif
