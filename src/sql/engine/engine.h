/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL engine behind a session, without a word of DuckDB: text goes in, batches come out. The
 * engine asks its owner what table names mean and scans what the owner answers.
 *
 * Only engine_*.c include DuckDB's header. Not here: statements, names, catalogs. */
#ifndef FIRN_SQL_ENGINE_H
#define FIRN_SQL_ENGINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"
#include "firn/batch.h"
#include "firn/changes.h"
#include "firn/ext/store.h"
#include "firn/metadata.h"
#include "firn/session.h"
#include "sql/metadata_tables/metadata_columns.h"
#include "sql/resolve/extremes_query.h"

typedef struct firn_engine firn_engine;
typedef struct firn_engine_rows firn_engine_rows;
struct firn_scan_reports; /* sql/show/scan_report.h */
struct firn_joins;        /* sql/engine/engine_joins.h */

/* Numbers of data files, by which a statement that changes rows tells them apart. */
typedef struct firn_file_numbers {
    int32_t (*find)(const void *ctx, firn_str path); /* -1: none; from several threads */
    const void *ctx;
} firn_file_numbers;

/* What a table reference reads. Lives as long as the owner's statement. */
typedef struct firn_scan_source {
    firn_str name; /* for messages */
    /* a snapshot of a table ... */
    const firn_table_metadata *metadata;
    const firn_schema *schema;
    int64_t snapshot_id;                    /* -1: no rows */
    int64_t from_snapshot_id;               /* as in firn_plan_opts */
    int64_t n_rows;                         /* by the snapshot's summary; -1: unknown */
    firn_asked_query asked;                 /* by the whole statement, which reads nothing else */
    const firn_changes_opts *changes;       /* NULL: its rows; else its changelog, these columns */
    firn_metadata_columns metadata_columns; /* declared behind the table's own */
    const firn_type *partition;             /* of all its specs; for _partition */
    const firn_file_numbers
        *numbers; /* declare FIRN_SCAN_{FILE,POS,ROW_ID}_COLUMN, too; NULL: no */
    const struct firn_scan_test *keys; /* rows with others need not be given */
    size_t n_keys;
    struct firn_joins *joins; /* of the text that refers to it; NULL: none */
    size_t join_ref;          /* which reference it is there */
    /* ... or, when metadata is NULL, rows in memory */
    const firn_type *batch_type;
    const firn_batch *batch;
} firn_scan_source;

/* Columns for changing rows, last: number of the data file (int), place in it, row id (null where
 * rows have none). */
#define FIRN_SCAN_FILE_COLUMN   "__firn_file"
#define FIRN_SCAN_POS_COLUMN    "__firn_pos"
#define FIRN_SCAN_ROW_ID_COLUMN "__firn_row_id"

/* How the owner answers for a name. */
typedef struct firn_engine_claim {
    bool is_claimed; /* false: not the owner's; the engine goes on looking */
    firn_str select; /* one SELECT statement to read instead */
    firn_str alias;  /* name the reference goes by unless the user gave one */
} firn_engine_claim;

typedef struct firn_engine_opts {
    firn_env *env;
    firn_store *store;
    firn_str temp_directory; /* exists, private to this engine */
    bool allow_files;
    void *owner;
    /* Called while a statement is planned, on the thread that runs it. */
    firn_status (*resolve)(void *owner, const firn_str *parts, size_t n_parts,
                           firn_engine_claim *out, firn_error *err);
    /* The source behind a token written into a claim by firn_engine_select(); NULL: none. The
     * generation tells statements apart. */
    const firn_scan_source *(*source)(void *owner, firn_str token, uint64_t *generation_out);
    uint64_t (*generation)(void *owner);
} firn_engine_opts;

/* Loads the library on first use in the process. opts is copied. */
FIRN_MUST_CHECK firn_status firn_engine_open(const firn_engine_opts *opts, firn_engine **out,
                                             firn_error *err);
void firn_engine_close(firn_engine *engine);
/* Integers of 128 bits in results are decimals (the default), or longs whose overflow is an error.
 */
void firn_engine_set_wide(firn_engine *engine, bool is_wide);
/* The zone that sessions of Spark and Trino begin in, whatever the machine's is; once. */
FIRN_MUST_CHECK firn_status firn_engine_begin_dialects(firn_engine *engine, firn_str zone,
                                                       firn_error *err);
/* From any thread. */
void firn_engine_interrupt(firn_engine *engine);
/* Rows read so far and in all by the scans that run now; false when none runs. */
bool firn_engine_progress(firn_engine *engine, int64_t *rows_done, int64_t *rows_total);
/* What scans read since firn_engine_reset_summary(). */
firn_scan_summary firn_engine_summary(firn_engine *engine);
void firn_engine_reset_summary(firn_engine *engine);
/* From now on note what scans cost; NULL: no more. Reports are complete when the statement's rows
 * are closed. */
void firn_engine_want_reports(firn_engine *engine, struct firn_scan_reports *reports);

/* "SELECT * ... FROM firn_scan(...)" reading the source that token names; what it stores in a form
 * of its own is converted (sql/engine/border_types.h), and for changing rows there as it is, too.
 */
FIRN_MUST_CHECK firn_status firn_engine_select(firn_arena *arena, firn_str token,
                                               const firn_scan_source *source, firn_str *out,
                                               firn_error *err);

/* In err->flags: err->position is in the text that the engine got, not the owner's. */
#define FIRN_ENGINE_POSITION ((uint32_t)1 << 31)

/* Run one statement; sql is NUL-terminated at sql.len. FIRN_ERR_ARG with err->position for what is
 * wrong with it; failures of the owner's callbacks and of scans come back as they were. */
FIRN_MUST_CHECK firn_status firn_engine_execute(firn_engine *engine, firn_str sql,
                                                firn_engine_rows **out, firn_error *err);
/* DuckDB's spelling of an Iceberg type, appended to out. */
FIRN_MUST_CHECK firn_status firn_duckdb_type_text(const firn_type *type, firn_buf *out,
                                                  firn_error *err);
/* Columns of a statement without running it. */
FIRN_MUST_CHECK firn_status firn_engine_describe(firn_engine *engine, firn_str sql,
                                                 firn_arena *arena, firn_type *out,
                                                 firn_error *err);
/* Columns and parameters ("?") of a query, in their order, as binding it finds them; kind UNKNOWN:
 * the query leaves the type open (NULL). */
FIRN_MUST_CHECK firn_status firn_engine_bind(firn_engine *engine, firn_str sql, firn_arena *arena,
                                             firn_type *columns_out, firn_type *parameters_out,
                                             firn_error *err);

/* ---- rows of a statement ---- */
void firn_engine_rows_close(firn_engine_rows *rows);
/* kind STRUCT; no fields: the statement gives no rows. */
const firn_type *firn_engine_rows_columns(const firn_engine_rows *rows);
firn_str firn_engine_rows_type_name(const firn_engine_rows *rows, size_t column);
/* "SELECT", "CREATE", ... Static. */
const char *firn_engine_rows_tag(const firn_engine_rows *rows);
/* Rows that the statement changed in the engine's own temporary tables; -1: none of its kind. */
int64_t firn_engine_rows_changed(const firn_engine_rows *rows);
FIRN_MUST_CHECK firn_status firn_engine_rows_next(firn_engine_rows *rows, const firn_batch **out,
                                                  firn_error *err);

#endif
