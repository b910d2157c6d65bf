/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the doctor share: the examination under way and how a finding is noted. */
#ifndef FIRN_ICEBERG_DOCTOR_H
#define FIRN_ICEBERG_DOCTOR_H

#include "base/error.h"
#include "base/map.h"
#include "iceberg/check/live_files.h"
#include "iceberg/check/table_doctor.h"

typedef struct firn_doctor {
    firn_env *env;
    firn_store *store;
    const firn_table_metadata *metadata;
    const firn_doctor_opts *opts;
    firn_arena *arena;
    firn_doctor_report *report;
    firn_map stats;                /* location -> store entry: each file is asked for once */
    firn_map manifests;            /* those that were examined */
    const firn_snapshot *snapshot; /* being looked at; NULL: the table */
    firn_error *err;
} firn_doctor;

/* finding->message may have no data: out of memory. */
FIRN_MUST_CHECK firn_status firn_doctor_add(firn_doctor *d, const firn_finding *finding);
/* A finding without repair. */
#define FIRN_FOUND(d, what, ...) \
    firn_doctor_add(             \
        d, &(firn_finding){.kind = (what), .message = firn_arena_printf((d)->arena, __VA_ARGS__)})
/* A finding about files; its repair counts only where the current snapshot is looked at. */
FIRN_MUST_CHECK firn_status firn_doctor_add_files(firn_doctor *d, firn_finding_kind kind,
                                                  firn_repair_kind repair,
                                                  const firn_data_file *files, size_t n,
                                                  firn_str message);
/* A failure to read something is a finding, unless the run itself cannot go on. */
FIRN_MUST_CHECK firn_status firn_doctor_note_failure(firn_doctor *d, firn_status st,
                                                     const firn_error *why);
/* A file that is as it should be, but that firn does not read. */
FIRN_MUST_CHECK firn_status firn_doctor_note_unread(firn_doctor *d, const firn_error *why);
/* The file is there and has size bytes (-1: any). *is_good may be NULL. Says it once a file. */
FIRN_MUST_CHECK firn_status firn_doctor_check_file(firn_doctor *d, const char *what, firn_str path,
                                                   int64_t size, bool *is_good);

/* doctor_metadata.c: what the metadata file says, and statistics files. */
FIRN_MUST_CHECK firn_status firn_doctor_metadata(firn_doctor *d);
/* doctor_manifests.c: one manifest against its entry in the list; n live files. */
FIRN_MUST_CHECK firn_status firn_doctor_manifest(firn_doctor *d, const firn_manifest_file *manifest,
                                                 const firn_live_file *files, size_t n,
                                                 firn_arena *scratch);
/* A snapshot's files against each other and against its summary. */
FIRN_MUST_CHECK firn_status firn_doctor_snapshot(firn_doctor *d, const firn_live_files *live,
                                                 firn_arena *scratch);
/* doctor_rows.c: the data files' rows against their entries. */
FIRN_MUST_CHECK firn_status firn_doctor_rows(firn_doctor *d, const firn_live_files *live);

#endif
