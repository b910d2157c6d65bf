/* SPDX-License-Identifier: Apache-2.0 */
/* State of one firn_scan() in a running statement: what is planned once (bind, global) and what
 * each thread reads with (local). Private to engine_scan*.c. */
#ifndef FIRN_SQL_ENGINE_SCAN_H
#define FIRN_SQL_ENGINE_SCAN_H

#include <stdatomic.h>

#include "iceberg/changes/changelog.h"
#include "iceberg/scan/read.h"
#include "sql/engine/engine_api.h"
#include "sql/engine/engine_joins.h"

/* From binding on; the optimizer adds filters. */
typedef struct scan_bind {
    firn_engine *engine;
    const firn_scan_source *source; /* valid while the generation is the owner's */
    uint64_t generation;
    firn_arena *arena;
    const firn_expr *filter;  /* bound; NULL: none */
    firn_scan_test *patterns; /* of texts, beside the filter */
    size_t n_patterns, cap_patterns;
    bool is_joined; /* it has entered the source's joins */
} scan_bind;

typedef enum scan_slot_kind {
    SCAN_SLOT_ROW = 0,  /* the hidden column */
    SCAN_SLOT_NULLS,    /* type unknown: always null */
    SCAN_SLOT_IN_PLACE, /* decoded into DuckDB's memory */
    SCAN_SLOT_COPIED,   /* decoded into ours, then converted */
    SCAN_SLOT_FILE,     /* number of the data file */
    SCAN_SLOT_CONSTANT, /* the same for all rows of a data file, made by us */
} scan_slot_kind;

/* One column of DuckDB's output chunk. */
typedef struct scan_slot {
    scan_slot_kind kind;
    size_t column; /* in the projection, of the rows in memory, or of the constants */
} scan_slot;

typedef struct firn_engine_extremes firn_engine_extremes;

/* ---- engine_filter.c ---- */

/* DuckDB's filters of a scan, added to the bound ones; what is not understood is left out. */
FIRN_MUST_CHECK firn_status
firn_duckdb_filters_read(duckdb_v2_table_function_filter_pushdown_info_handle info,
                         const firn_schema *schema, scan_bind *bind, firn_error *err);

/* One scan; shared by the threads that run it. */
struct firn_engine_scan {
    firn_engine_scan *next; /* in engine->scans */
    firn_engine *engine;
    const firn_scan_source *source;
    const firn_expr *filter;      /* for files */
    const firn_expr *rows_filter; /* for rows, which the tests are of, too */
    firn_scan_test *tests;
    size_t n_tests;
    firn_join_scan *join; /* NULL: no part in joins */
    firn_arena *arena;
    firn_scan_queue *queue;         /* NULL: no rows, rows in memory, or changes */
    firn_engine_extremes *extremes; /* made-up rows, see engine_extremes.h; NULL: none */
    firn_changes *changes;          /* one thread only */
    firn_type projection;           /* what readers are asked for */
    scan_slot *slots;
    size_t n_slots;
    firn_type constants;             /* columns of the constants */
    firn_str filter_text, join_text; /* for a report */
    atomic_llong rows_read, time_us;
    atomic_int n_users; /* the plan's, and one of each thread that reads */
    int64_t at;         /* rows in memory handed out; one thread only */
};

/* The columns of a source without hidden ones: kind STRUCT. */
static inline const firn_type *firn_scan_source_root(const firn_scan_source *source)
{
    if (source->changes) return source->changes->columns;
    return source->metadata ? &source->schema->root : source->batch_type;
}

/* ---- engine_scan_columns.c ---- */

/* Declared columns: the hidden one, the table's (or of the rows in memory), metadata columns, those
 * for changing rows. */
size_t firn_engine_scan_columns(const firn_scan_source *source);
/* Not of the first, which has no field. */
firn_field firn_engine_scan_field(const firn_scan_source *source, size_t declared);
/* Decide where each slot comes from and what readers are asked for; slots[i].column is the declared
 * column on entry. */
FIRN_MUST_CHECK firn_status firn_engine_scan_project(firn_engine_scan *scan, firn_error *err);

/* ---- engine_scan_file.c: what is the same for all rows of a data file ---- */

typedef struct scan_file_values {
    firn_str path;                   /* of the file they are of; empty: of none yet */
    firn_arena *arena;               /* of the path and the texts */
    int32_t number;                  /* by the source's numbers */
    firn_batch *constants, *retired; /* FIRN_BATCH_ROWS rows */
} scan_file_values;

/* A column of these values, by its field's id. */
bool firn_engine_scan_is_constant(int32_t field_id);
/* Have the values of a file, unless they are there already. */
FIRN_MUST_CHECK firn_status firn_engine_scan_enter_file(const firn_engine_scan *scan,
                                                        scan_file_values *values,
                                                        const firn_scan_task *task,
                                                        firn_error *err);
void firn_engine_scan_leave_files(scan_file_values *values);

/* ---- engine_scan_report.c ---- */

/* Both under the engine's lock, when the scan or the bound plan is over. */
void firn_engine_report_run(const firn_engine_scan *scan);
void firn_engine_report_plan(const scan_bind *bind);
/* Both empty: no filter. */
firn_str firn_engine_filter_text(const firn_expr *filter, firn_arena *arena);
firn_str firn_engine_bind_text(const scan_bind *bind, firn_arena *arena);

/* ---- engine_scan_rows.c ---- */

/* Order the columns, begin to choose files. */
FIRN_MUST_CHECK firn_status firn_engine_scan_plan(firn_engine_scan *scan, firn_error *err);

/* What it has read so far. */
void firn_engine_scan_count(const firn_engine_scan *scan, firn_scan_summary *sum);

typedef struct scan_local scan_local;
FIRN_MUST_CHECK firn_status firn_engine_scan_local_create(firn_engine_scan *scan, scan_local **out,
                                                          firn_error *err);
void firn_engine_scan_local_destroy(scan_local *local);
/* Fill a chunk; *n_out 0: this thread has no more. */
FIRN_MUST_CHECK firn_status firn_engine_scan_fill(scan_local *local,
                                                  duckdb_v2_data_chunk_handle chunk, int64_t *n_out,
                                                  firn_error *err);

#endif
