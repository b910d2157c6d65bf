/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite connection of the catalog: opening, schema, statements, errors. Rows are in
 * sqlite.c. */
#ifndef FIRN_CATALOG_SQLITE_DB_H
#define FIRN_CATALOG_SQLITE_DB_H

#include <sqlite3.h>

#include "base/arena.h"
#include "catalog/sqlite.h"

typedef struct firn_sqlite_db {
    firn_env *env;
    firn_store *store;
    sqlite3 *db;
    firn_arena *arena; /* of name and path */
    firn_str name;     /* column catalog_name */
    firn_str path;
    bool is_read_only;
    int64_t busy_timeout_us, busy_since_us; /* of waiting for another process's lock */
    bool has_type_column;                   /* false: schema V0, only when read-only */
} firn_sqlite_db;

/* Opens or makes the file, sets its pragmas, makes or upgrades its tables. */
FIRN_MUST_CHECK firn_status firn_sqlite__open(firn_env *env, firn_store *store,
                                              const firn_sqlite_opts *opts, firn_sqlite_db **out,
                                              firn_error *err);
void firn_sqlite__close(firn_sqlite_db *db);
/* Tables as Iceberg's JDBC catalog V1 has them. Safe when many processes do it at once. */
FIRN_MUST_CHECK firn_status firn_sqlite__init_schema(firn_sqlite_db *db, firn_error *err);

/* Statements without result rows. */
FIRN_MUST_CHECK firn_status firn_sqlite__exec(firn_sqlite_db *db, const char *sql, firn_error *err);
FIRN_MUST_CHECK firn_status firn_sqlite__prepare(firn_sqlite_db *db, const char *sql,
                                                 const firn_str *params, size_t n_params,
                                                 sqlite3_stmt **out, firn_error *err);
/* FIRN_DONE after the last row. */
FIRN_MUST_CHECK firn_status firn_sqlite__step(firn_sqlite_db *db, sqlite3_stmt *stmt,
                                              firn_error *err);
/* prepare + one step + finalize; *changed (may be NULL) is the number of affected rows. */
FIRN_MUST_CHECK firn_status firn_sqlite__run(firn_sqlite_db *db, const char *sql,
                                             const firn_str *params, size_t n_params,
                                             int64_t *changed, firn_error *err);
/* A text column, copied; SQL null gives len 0. */
FIRN_MUST_CHECK firn_status firn_sqlite__text(sqlite3_stmt *stmt, int column, firn_arena *arena,
                                              firn_str *out, firn_error *err);
/* ---- sqlite_turn.c: slots of firn_row_ops; ctx is the firn_sqlite_db ---- */

firn_turn_end firn_sqlite__take_turn(void *ctx, firn_str table, firn_str request,
                                     int64_t timeout_ms, void **out);
size_t firn_sqlite__take_requests(void *ctx, void *taken, firn_arena *arena, const firn_str **out);
void firn_sqlite__answer_request(void *ctx, void *taken, size_t i, firn_request_end end);
firn_status firn_sqlite__check_turn(void *ctx, const void *taken, firn_error *err);
void firn_sqlite__end_turn(void *ctx, void *taken);

/* What the connection's last failure means. */
firn_status firn_sqlite__fail(const firn_sqlite_db *db, int rc, firn_error *err);

#endif
