/* SPDX-License-Identifier: Apache-2.0 */
/* Iceberg's own files as outlines (format/inspect/outline.h): table and view metadata, manifest
 * lists and manifests. Each goes through its reader first, so that what is refused there is refused
 * here. */
#ifndef FIRN_ICEBERG_INSPECT_ICEBERG_H
#define FIRN_ICEBERG_INSPECT_ICEBERG_H

#include "base/arena.h"
#include "format/avro/avro.h"
#include "format/inspect/inspect.h"

/* What a metadata document is. */
typedef enum firn_metadata_kind {
    FIRN_METADATA_ANY = 0, /* a view when it has "view-uuid" or "versions", else a table */
    FIRN_METADATA_TABLE,
    FIRN_METADATA_VIEW,
} firn_metadata_kind;

/* The document as it is written, once it was parsed. */
FIRN_MUST_CHECK firn_status firn_inspect_metadata(firn_str json, firn_metadata_kind kind,
                                                  firn_arena *arena, firn_outline *out,
                                                  firn_error *err);

typedef enum firn_manifest_kind {
    FIRN_MANIFEST_NOT = 0, /* another Avro file */
    FIRN_MANIFEST_LIST,
    FIRN_MANIFEST_ENTRIES,
} firn_manifest_kind;

/* By the field ids that only these records have. */
firn_manifest_kind firn_manifest_kind_of(const firn_avro_schema *schema);
/* bytes: the whole file. */
FIRN_MUST_CHECK firn_status firn_inspect_manifest_list(firn_str bytes, firn_inspect_depth depth,
                                                       firn_arena *arena, firn_outline *out,
                                                       firn_error *err);
/* Sequence numbers and snapshot ids that entries inherit are shown as -1: which they are only the
 * manifest list knows. Bounds are shown as values of their columns' types. */
FIRN_MUST_CHECK firn_status firn_inspect_manifest(firn_str bytes, firn_inspect_depth depth,
                                                  firn_arena *arena, firn_outline *out,
                                                  firn_error *err);

#endif
