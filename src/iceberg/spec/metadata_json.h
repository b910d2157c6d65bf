/* SPDX-License-Identifier: Apache-2.0 */
/* Table and view metadata files: parse (v1, v2, v3 read; strict on what the version requires) and
 * format. Reading accepts gzip. */
#ifndef FIRN_ICEBERG_METADATA_JSON_H
#define FIRN_ICEBERG_METADATA_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/metadata.h"

FIRN_MUST_CHECK firn_status firn_metadata_parse(firn_str json, firn_arena *arena,
                                                const firn_table_metadata **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_metadata_format(const firn_table_metadata *metadata, firn_buf *out,
                                                 firn_error *err);
FIRN_MUST_CHECK firn_status firn_view_metadata_parse(firn_str json, firn_arena *arena,
                                                     const firn_view_metadata **out,
                                                     firn_error *err);
FIRN_MUST_CHECK firn_status firn_view_metadata_format(const firn_view_metadata *metadata,
                                                      firn_buf *out, firn_error *err);

#endif
