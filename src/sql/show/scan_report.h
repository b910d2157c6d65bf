/* SPDX-License-Identifier: Apache-2.0 */
/* What each table of a statement cost to read: counted where it happens, shown by EXPLAIN. */
#ifndef FIRN_SQL_SCAN_REPORT_H
#define FIRN_SQL_SCAN_REPORT_H

#include "base/buf.h"
#include "iceberg/scan/plan.h"
#include "iceberg/scan/read.h"

/* One mention of a table in a statement; if it was scanned several times, all of it together. */
typedef struct firn_scan_report {
    const void *source;  /* tells mentions apart */
    firn_str name;       /* "ns.t" */
    int64_t snapshot_id; /* -1: the table is empty */
    bool is_changelog;   /* up to this snapshot: files are those with changes, rows theirs */
    int64_t n_snapshots; /* of a changelog */
    firn_str filter;     /* what was pushed down; empty: nothing */
    firn_str join_keys;  /* values that rows had to have to be joined; empty: none were known */
    bool has_run;        /* else only planned: files, no row groups, rows and time */
    firn_scan_stats stats;
    int64_t files_by_metadata; /* of those matched: answered by what their manifest entries say */
    firn_scan_work work;
    int64_t rows_read;
    int64_t time_us; /* of all threads */
} firn_scan_report;

/* Those of a statement. */
typedef struct firn_scan_reports {
    firn_arena *arena;
    firn_scan_report *items;
    size_t n, cap;
    firn_status status; /* of planning those that did not run; err says why */
    firn_error err;
} firn_scan_reports;

/* Lines of "what: how many", indented. */
void firn_scan_report_text(const firn_scan_report *report, firn_buf *out);
/* One JSON object. */
void firn_scan_report_json(const firn_scan_report *report, firn_buf *out);

#endif
