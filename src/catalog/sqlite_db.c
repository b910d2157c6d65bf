/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite connection: open, pragmas, statements, and what SQLite's result codes mean to a user. */
#include "catalog/sqlite_db.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define K_DEFAULT_BUSY_MS 10000
#define K_FIRST_BUSY_US   50
#define K_BUSY_STEPS      6 /* times the wait is doubled */

firn_status firn_sqlite__fail(const firn_sqlite_db *db, int rc, firn_error *err)
{
    const char *text = db->db ? sqlite3_errmsg(db->db) : sqlite3_errstr(rc);
    const firn_str path = db->path;
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        firn_fail(err, FIRN_ERR_IO, "catalog is locked by another process: %.*s",
                  FIRN_STR_ARG(path));
        if (err) err->flags |= FIRN_ERROR_RETRYABLE;
        return firn_error_hint(err, FIRN_ERR_IO,
                               "wait for the other process to finish its commit, or end it");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return firn_fail(err, FIRN_ERR_DENIED, "catalog file %.*s cannot be written: %s",
                         FIRN_STR_ARG(path), text);
    case SQLITE_NOTADB:
        return firn_fail(err, FIRN_ERR_CORRUPT, "catalog file %.*s is not a SQLite database",
                         FIRN_STR_ARG(path));
    case SQLITE_CORRUPT:
        return firn_fail(err, FIRN_ERR_CORRUPT, "catalog file %.*s is damaged: %s",
                         FIRN_STR_ARG(path), text);
    case SQLITE_NOMEM: return firn_fail_nomem(err);
    case SQLITE_FULL: return firn_fail_errno(err, ENOSPC, "catalog file %.*s", FIRN_STR_ARG(path));
    case SQLITE_CONSTRAINT:
        return firn_fail(err, FIRN_ERR_EXISTS, "catalog file %.*s: %s", FIRN_STR_ARG(path), text);
    default: return firn_fail(err, FIRN_ERR_IO, "catalog file %.*s: %s", FIRN_STR_ARG(path), text);
    }
}

firn_status firn_sqlite__exec(firn_sqlite_db *db, const char *sql, firn_error *err)
{
    const int rc = sqlite3_exec(db->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? FIRN_OK : firn_sqlite__fail(db, rc, err);
}

firn_status firn_sqlite__prepare(firn_sqlite_db *db, const char *sql, const firn_str *params,
                                 size_t n_params, sqlite3_stmt **out, firn_error *err)
{
    *out = NULL;
    int rc = sqlite3_prepare_v2(db->db, sql, -1, out, NULL);
    for (size_t i = 0; i < n_params && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_text64(*out, (int)i + 1, params[i].data ? params[i].data : "",
                                 params[i].len, SQLITE_STATIC, SQLITE_UTF8);
    if (rc == SQLITE_OK) return FIRN_OK;
    const firn_status st = firn_sqlite__fail(db, rc, err);
    sqlite3_finalize(*out);
    *out = NULL;
    return st;
}

firn_status firn_sqlite__step(firn_sqlite_db *db, sqlite3_stmt *stmt, firn_error *err)
{
    const int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) return FIRN_OK;
    if (rc == SQLITE_DONE) return FIRN_DONE;
    return firn_sqlite__fail(db, rc, err);
}

firn_status firn_sqlite__run(firn_sqlite_db *db, const char *sql, const firn_str *params,
                             size_t n_params, int64_t *changed, firn_error *err)
{
    sqlite3_stmt *stmt = NULL;
    FIRN_TRY(firn_sqlite__prepare(db, sql, params, n_params, &stmt, err));
    const firn_status st = firn_sqlite__step(db, stmt, err);
    if (changed) *changed = sqlite3_changes(db->db);
    sqlite3_finalize(stmt);
    return st == FIRN_DONE ? FIRN_OK : st;
}

firn_status firn_sqlite__text(sqlite3_stmt *stmt, int column, firn_arena *arena, firn_str *out,
                              firn_error *err)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    const int len = sqlite3_column_bytes(stmt, column);
    *out = firn_arena_copy(arena, (firn_str){(const char *)text, text ? (size_t)len : 0});
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* ---- open ---- */

/* Locks are held for as long as a commit waits for the disk, or a read takes: SQLite's own handler
 * sleeps a millisecond or more where a tenth of it would do. */
static int wait_for_lock(void *ctx, int n_before)
{
    firn_sqlite_db *db = ctx;
    const firn_clock *clock = firn_clock_system();
    const int64_t now_us = firn_clock_monotonic_us(clock);
    if (n_before == 0) db->busy_since_us = now_us;
    if (now_us - db->busy_since_us > db->busy_timeout_us) return 0;
    clock->sleep_us(clock->ctx,
                    K_FIRST_BUSY_US << (n_before < K_BUSY_STEPS ? n_before : K_BUSY_STEPS));
    return 1;
}

void firn_sqlite__close(firn_sqlite_db *db)
{
    if (!db) return;
    sqlite3_close_v2(db->db);
    firn_arena_destroy(db->arena);
    firn_mem_free(db->env->alloc, db);
}

static firn_status open_file(firn_sqlite_db *db, firn_error *err)
{
    const int flags =
        (db->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
        SQLITE_OPEN_FULLMUTEX;
    const int rc = sqlite3_open_v2(db->path.data, &db->db, flags, NULL);
    if (rc == SQLITE_OK) return FIRN_OK;
    if ((rc & 0xff) != SQLITE_CANTOPEN || !db->db) return firn_sqlite__fail(db, rc, err);
    const int os = sqlite3_system_errno(db->db);
    if (os == EISDIR)
        return firn_fail(err, FIRN_ERR_ARG, "catalog file %.*s is a folder",
                         FIRN_STR_ARG(db->path));
    if (os != 0 && os != ENOENT)
        return firn_fail_errno(err, os, "cannot open catalog file %.*s", FIRN_STR_ARG(db->path));
    firn_fail(err, FIRN_ERR_NOT_FOUND, "cannot open catalog file %.*s: %s", FIRN_STR_ARG(db->path),
              db->is_read_only ? "it does not exist" : "its folder does not exist");
    return firn_error_hint(err, FIRN_ERR_NOT_FOUND, "make the folder, or check the path");
}

/* A file that another program left in WAL mode is switched back: see sqlite.h for the reason.
 * The journal stays between commits, with a header of zeros that is synced: a file that is there
 * and has its size costs no sync of a folder and no metadata of the file system, and a commit waits
 * for the disk four times, for some bytes each. synchronous=EXTRA is FULL plus a sync of the folder
 * where a journal is removed after all, by a program that opened the file in another way. */
static firn_status set_pragmas(firn_sqlite_db *db, firn_error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool is_wal = false;
    FIRN_TRY(firn_sqlite__prepare(db, "PRAGMA journal_mode", NULL, 0, &stmt, err));
    const firn_status st = firn_sqlite__step(db, stmt, err);
    if (st == FIRN_OK)
        is_wal = firn_str_equals(firn_str_of((const char *)sqlite3_column_text(stmt, 0)),
                                 FIRN_STR("wal"));
    sqlite3_finalize(stmt);
    if (st != FIRN_OK && st != FIRN_DONE) return st;
    if (db->is_read_only) return FIRN_OK;
    if (is_wal) FIRN_TRY(firn_sqlite__exec(db, "PRAGMA journal_mode=DELETE", err));
    FIRN_TRY(firn_sqlite__exec(db, "PRAGMA journal_mode=PERSIST", err));
    return firn_sqlite__exec(db, "PRAGMA synchronous=EXTRA", err);
}

static firn_status copy_opts(firn_sqlite_db *db, const firn_sqlite_opts *opts, firn_error *err)
{
    if (opts->path.len == 0) return firn_fail(err, FIRN_ERR_ARG, "catalog file path is empty");
    if (memchr(opts->path.data, '\0', opts->path.len))
        return firn_fail(err, FIRN_ERR_ARG, "catalog file path holds a zero byte");
    db->arena = firn_arena_create(db->env->alloc, 0);
    if (!db->arena) return firn_fail_nomem(err);
    db->name = firn_arena_copy(db->arena, opts->name);
    db->path = firn_arena_copy(db->arena, opts->path);
    db->is_read_only = opts->is_read_only;
    return db->name.data && db->path.data ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_sqlite__open(firn_env *env, firn_store *store, const firn_sqlite_opts *opts,
                              firn_sqlite_db **out, firn_error *err)
{
    *out = NULL;
    firn_sqlite_db *db = firn_mem_alloc_zero(env->alloc, sizeof *db);
    if (!db) return firn_fail_nomem(err);
    db->env = env;
    db->store = store;
    firn_status st = copy_opts(db, opts, err);
    if (st == FIRN_OK) st = open_file(db, err);
    if (st == FIRN_OK) {
        const int ms = opts->busy_timeout_ms > 0 ? opts->busy_timeout_ms : K_DEFAULT_BUSY_MS;
        db->busy_timeout_us = INT64_C(1000) * ms;
        sqlite3_busy_handler(db->db, wait_for_lock, db);
        sqlite3_extended_result_codes(db->db, 1);
        st = set_pragmas(db, err);
    }
    if (st == FIRN_OK) st = firn_sqlite__init_schema(db, err);
    if (st != FIRN_OK) {
        firn_sqlite__close(db);
        return st;
    }
    *out = db;
    return FIRN_OK;
}
