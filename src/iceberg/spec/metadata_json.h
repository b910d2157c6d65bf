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
/* The same, quicker where a document before this one was parsed already: what the two have in
 * common is not read again. older may be NULL, and is not needed afterwards; json must live as long
 * as the arena, as the result points into it. */
FIRN_MUST_CHECK firn_status firn_metadata_parse_next(firn_str json,
                                                     const firn_table_metadata *older,
                                                     firn_arena *arena,
                                                     const firn_table_metadata **out,
                                                     firn_error *err);
FIRN_MUST_CHECK firn_status firn_metadata_format(const firn_table_metadata *metadata, firn_buf *out,
                                                 firn_error *err);
FIRN_MUST_CHECK firn_status firn_view_metadata_parse(firn_str json, firn_arena *arena,
                                                     const firn_view_metadata **out,
                                                     firn_error *err);
FIRN_MUST_CHECK firn_status firn_view_metadata_format(const firn_view_metadata *metadata,
                                                      firn_buf *out, firn_error *err);

#endif
