/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/session.h
 * @brief SQL over Iceberg tables: queries, DML, DDL, procedures.
 *
 * A session has a current catalog and namespace and runs one statement at a time. Statements that
 * are Iceberg's are firn's; everything else runs in DuckDB, which is loaded by the first statement
 * that needs it.
 *
 * Ownership:  open/close; a result is closed before the next statement and before its session.
 * Threads:    one session, one thread; firn_session_cancel() may be called from anywhere.
 */
#ifndef FIRN_SESSION_H
#define FIRN_SESSION_H

#include "firn/batch.h"
#include "firn/env.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"

FIRN_BEGIN_DECLS

typedef struct firn_session firn_session;
typedef struct firn_result firn_result;

/** @brief Progress of the running statement, at most ten times a second, from another thread.
 * fraction: of the rows that its scans of tables have to read; below 0 when it has none. */
typedef void (*firn_progress_fn)(void *ctx, double fraction, int64_t rows, int64_t rows_total);

typedef struct firn_session_opts {
    size_t struct_size;
    firn_catalog *const *catalogs; /**< the first is current; they must outlive the session */
    size_t n_catalogs;
    firn_str current_namespace; /**< dotted; empty: "default" */
    firn_str temp_directory;    /**< spill files; empty: a private folder under TMPDIR */
    bool allow_files;           /**< let SQL read local files (read_parquet, ...). Default no */
    firn_progress_fn on_progress;
    void *progress_ctx;
} firn_session_opts;

#define FIRN_SESSION_OPTS(...) \
    (&(firn_session_opts){.struct_size = sizeof(firn_session_opts), __VA_ARGS__})

FIRN_API FIRN_MUST_CHECK firn_status firn_session_open(firn_env *env, firn_store *store,
                                                       const firn_session_opts *opts,
                                                       firn_session **out, firn_error *err);
FIRN_API void firn_session_close(firn_session *session);
/** @brief Stop the running statement with FIRN_ERR_CANCELLED. Async-signal-safe. */
FIRN_API void firn_session_cancel(firn_session *session);
/** @brief The catalog of names that say none; USE changes it. Borrowed. */
FIRN_API firn_catalog *firn_session_catalog(const firn_session *session);
/** @brief The namespace of names that say none, as an identifier without a name. Borrowed until the
 * next statement. */
FIRN_API firn_ident firn_session_namespace(const firn_session *session);

/**
 * @brief Run one statement.
 *
 * Queries are streamed: rows are computed as firn_result_next() is called. DML, DDL and CALL are
 * complete (and committed) when this returns.
 *
 * @retval FIRN_ERR_ARG  Bad SQL; err->position is the byte offset in @p sql, err->hint says what
 *                       to try.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_session_execute(firn_session *session, firn_str sql,
                                                          firn_result **out, firn_error *err);
/** @brief Split a script: length of the first complete statement in @p sql (terminating semicolon
 * outside quotes, comments and dollar quotes included); 0 if it is not complete. */
FIRN_API size_t firn_sql_statement_length(firn_str sql);

FIRN_API void firn_result_close(firn_result *result);
/** @brief Columns: kind STRUCT, one field per column. No fields: a statement without rows. Types
 * that Iceberg lacks are given as the nearest (unsigned and small integers as int/long, huge
 * integers as decimal(38,0), intervals, enums and others as string). */
FIRN_API const firn_type *firn_result_columns(const firn_result *result);
/** @brief The SQL engine's own name of a column's type ("DECIMAL(18,3)", "UBIGINT"). */
FIRN_API firn_str firn_result_type_name(const firn_result *result, size_t column);
/** @brief The zone in which a column's timestamps are told in the dialect of Trino, where it is
 * part of a value: "Asia/Tokyo", "+05:30" after AT TIME ZONE. The values are instants all the same.
 * Empty: UTC, no such column, or another dialect. */
FIRN_API firn_str firn_result_time_zone(const firn_result *result, size_t column);
/** @brief Next batch, borrowed until the next call; FIRN_DONE at the end. */
FIRN_API FIRN_MUST_CHECK firn_status firn_result_next(firn_result *result, const firn_batch **out,
                                                      firn_error *err);
/** @brief Rows changed by DML; -1 for other statements. */
FIRN_API int64_t firn_result_rows_changed(const firn_result *result);
/** @brief Short word for what was done ("INSERT", "CREATE TABLE", "SELECT"). */
FIRN_API firn_str firn_result_tag(const firn_result *result);

/** @brief What scans of the last statement read and skipped. */
typedef struct firn_scan_summary {
    int64_t files_total, files_read, bytes_total, bytes_read, rows_read, manifests_total,
        manifests_read;
} firn_scan_summary;
FIRN_API firn_scan_summary firn_session_scan_summary(const firn_session *session);

/**
 * @brief Let the FROM of later queries read only a snapshot range of a table: rows appended after
 * @p from_snapshot_id (exclusive; -1 from the beginning) up to @p to_snapshot_id. For pipelines.
 * Cleared by firn_session_clear_ranges().
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_session_set_range(firn_session *session,
                                                            const firn_ident *table,
                                                            int64_t from_snapshot_id,
                                                            int64_t to_snapshot_id,
                                                            firn_error *err);
FIRN_API void firn_session_clear_ranges(firn_session *session);

FIRN_END_DECLS

#endif
