/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a table is what the specification asks for: references, files that are missing or have
 * another size, files that are live twice, deletes of nothing, sequence numbers, counts, partition
 * values, statistics files. Looks at the current snapshot and at those of branches and tags.
 * Nothing is changed; table_repair.h mends what can be mended without a loss. */
#ifndef FIRN_ICEBERG_TABLE_DOCTOR_H
#define FIRN_ICEBERG_TABLE_DOCTOR_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/ext/store.h"
#include "iceberg/spec/manifest.h"

typedef enum firn_finding_kind {
    FIRN_FINDING_REFERENCE = 0, /* a name, log or snapshot points to what is not there */
    FIRN_FINDING_MISSING_FILE,
    FIRN_FINDING_FILE_SIZE,
    FIRN_FINDING_DUPLICATE,
    FIRN_FINDING_DANGLING_DELETE,
    FIRN_FINDING_SEQUENCE,
    FIRN_FINDING_COUNT,
    FIRN_FINDING_PARTITION,
    FIRN_FINDING_UNREADABLE, /* a file that cannot be read */
    FIRN_FINDING_METRICS,    /* of a column, against its rows */
    FIRN_FINDING_SUMMARY,    /* partition bounds in a manifest list */
    FIRN_FINDING_TOTALS,     /* in a snapshot's summary */
    FIRN_FINDING_STATISTICS,
    FIRN_FINDING_ROW_IDS,
} firn_finding_kind;

/* What would mend it. */
typedef enum firn_repair_kind {
    FIRN_REPAIR_NONE = 0,
    FIRN_REPAIR_ENTRIES,    /* files, with the entries they should have */
    FIRN_REPAIR_DELETES,    /* files: delete files that go */
    FIRN_REPAIR_TOTALS,     /* counted again */
    FIRN_REPAIR_STATISTICS, /* the entry of the snapshot goes */
} firn_repair_kind;

typedef struct firn_finding {
    firn_finding_kind kind;
    int64_t snapshot_id; /* 0: of the table */
    firn_str message;
    firn_repair_kind repair; /* of the current snapshot only */
    const firn_data_file *files;
    size_t n_files;
    int64_t statistics_of; /* snapshot */
    bool is_partition_statistics;
} firn_finding;

typedef struct firn_doctor_report {
    firn_finding *findings;
    size_t n_findings, cap_findings;
    int64_t n_snapshots, n_manifests, n_files; /* looked at */
    int64_t n_rows;                            /* read */
    int64_t n_unread;    /* files that firn does not read, such as ORC: not looked into */
    firn_str why_unread; /* the first of them */
} firn_doctor_report;

typedef struct firn_doctor_opts {
    bool reads_rows; /* of the current snapshot: metrics and partition values against them */
} firn_doctor_opts;

/* In the arena. A failure is one of memory or cancellation; all else is a finding. */
FIRN_MUST_CHECK firn_status firn_table_examine(firn_env *env, firn_store *store,
                                               const firn_table_metadata *metadata,
                                               const firn_doctor_opts *opts, firn_arena *arena,
                                               firn_doctor_report *out, firn_error *err);

/* "missing file", ... Static. */
const char *firn_finding_name(firn_finding_kind kind);
/* What to do about it. Static. */
const char *firn_finding_remedy(firn_finding_kind kind);
/* What a repair does: "the manifest is written again", ... Static; NULL for none. */
const char *firn_repair_text(firn_repair_kind kind);

#endif
