/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a table is what the specification asks for, without reading rows: references, files that
 * are missing or have another size, files that are live twice, deletes of nothing, sequence
 * numbers, counts, partition values against bounds. Looks at the current snapshot and at those of
 * branches and tags. Nothing is changed. */
#ifndef FIRN_ICEBERG_TABLE_DOCTOR_H
#define FIRN_ICEBERG_TABLE_DOCTOR_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/ext/store.h"
#include "firn/metadata.h"

typedef enum firn_finding_kind {
    FIRN_FINDING_REFERENCE = 0, /* a name, log or snapshot points to what is not there */
    FIRN_FINDING_MISSING_FILE,
    FIRN_FINDING_FILE_SIZE,
    FIRN_FINDING_DUPLICATE,
    FIRN_FINDING_DANGLING_DELETE,
    FIRN_FINDING_SEQUENCE,
    FIRN_FINDING_COUNT,
    FIRN_FINDING_PARTITION,
    FIRN_FINDING_UNREADABLE, /* a metadata file that cannot be read */
} firn_finding_kind;

typedef struct firn_finding {
    firn_finding_kind kind;
    int64_t snapshot_id; /* 0: of the table */
    firn_str message;
} firn_finding;

typedef struct firn_doctor_report {
    firn_finding *findings;
    size_t n_findings, cap_findings;
    int64_t n_snapshots, n_manifests, n_files; /* looked at */
} firn_doctor_report;

/* In the arena. A failure is one of memory or cancellation; all else is a finding. */
FIRN_MUST_CHECK firn_status firn_table_examine(firn_env *env, firn_store *store,
                                               const firn_table_metadata *metadata,
                                               firn_arena *arena, firn_doctor_report *out,
                                               firn_error *err);

/* "missing file", ... Static. */
const char *firn_finding_name(firn_finding_kind kind);
/* What to do about it. Static. */
const char *firn_finding_remedy(firn_finding_kind kind);

#endif
