/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a pointer catalog in SQLite, documents in the store. Every statement names its catalog:
 * several catalogs can share a file. */
#include "catalog/sqlite.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/pointer_catalog.h"
#include "catalog/sqlite_db.h"
#include "store/store_read.h"

/* ---- transactions ---- */

/* Writers take the lock at once: a reader that turns writer could only fail. From here on nobody
 * reads until the commit has landed or not, so what is checked in between holds for whoever reads
 * afterwards; the lock would be taken for the commit anyway. */
static firn_status begin_rows(void *ctx, bool is_write, firn_error *err)
{
    return firn_sqlite__exec(ctx, is_write ? "BEGIN EXCLUSIVE" : "BEGIN", err);
}

static void rollback_rows(void *ctx)
{
    firn_sqlite_db *db = ctx;
    if (!sqlite3_get_autocommit(db->db)) sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
}

static firn_status commit_rows(void *ctx, firn_error *err)
{
    firn_sqlite_db *db = ctx;
    const bool is_write = sqlite3_txn_state(db->db, "main") == SQLITE_TXN_WRITE;
    const int rc = sqlite3_exec(db->db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        if (!is_write) return FIRN_OK;
        const firn_status st = firn_env_failpoint(db->env, "catalog.commit.sql_commit", err);
        if (st == FIRN_OK) return FIRN_OK;
        return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "catalog file %.*s: commit failed",
                         FIRN_STR_ARG(db->path));
    }
    firn_status st = firn_sqlite__fail(db, rc, err);
    rollback_rows(db);
    if (!is_write || (rc & 0xff) == SQLITE_BUSY) return st;
    /* The error may have come after the journal was removed, which is the moment of truth. */
    if (err) err->status = FIRN_ERR_COMMIT_UNKNOWN;
    return FIRN_ERR_COMMIT_UNKNOWN;
}

/* ---- tables and views ---- */

static firn_str type_name(bool is_view)
{
    return is_view ? FIRN_STR("VIEW") : FIRN_STR("TABLE");
}

static firn_status read_row(firn_sqlite_db *db, sqlite3_stmt *stmt, firn_arena *arena,
                            firn_catalog_row *out, firn_error *err)
{
    firn_str type;
    FIRN_TRY(firn_sqlite__step(db, stmt, err));
    FIRN_TRY(firn_sqlite__text(stmt, 0, arena, &out->location, err));
    FIRN_TRY(firn_sqlite__text(stmt, 1, arena, &type, err));
    out->is_view = firn_str_equals(type, FIRN_STR("VIEW"));
    return FIRN_OK;
}

static firn_status find_row(void *ctx, firn_str ns, firn_str name, firn_arena *arena,
                            firn_catalog_row *out, firn_error *err)
{
    firn_sqlite_db *db = ctx;
    sqlite3_stmt *stmt = NULL;
    const firn_str params[] = {db->name, ns, name};
    FIRN_TRY(firn_sqlite__prepare(
        db,
        db->has_type_column
            ? "SELECT metadata_location, iceberg_type FROM iceberg_tables WHERE catalog_name = ?1 "
              "AND table_namespace = ?2 AND table_name = ?3"
            : "SELECT metadata_location, NULL FROM iceberg_tables WHERE catalog_name = ?1 "
              "AND table_namespace = ?2 AND table_name = ?3",
        params, 3, &stmt, err));
    *out = (firn_catalog_row){.ns = ns, .name = name};
    const firn_status st = read_row(db, stmt, arena, out, err);
    sqlite3_finalize(stmt);
    if (st == FIRN_DONE)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "%.*s.%.*s does not exist", FIRN_STR_ARG(ns),
                         FIRN_STR_ARG(name));
    return st;
}

/* First column of all rows. */
static firn_status read_texts(firn_sqlite_db *db, const char *sql, const firn_str *params,
                              size_t n_params, firn_arena *arena, firn_str **out, size_t *n_out,
                              firn_error *err)
{
    sqlite3_stmt *stmt = NULL;
    size_t cap = 0;
    firn_status st;
    *out = NULL;
    *n_out = 0;
    FIRN_TRY(firn_sqlite__prepare(db, sql, params, n_params, &stmt, err));
    while ((st = firn_sqlite__step(db, stmt, err)) == FIRN_OK) {
        firn_str *slot = firn_arena_push(arena, out, n_out, &cap, sizeof *slot);
        st = slot ? firn_sqlite__text(stmt, 0, arena, slot, err) : firn_fail_nomem(err);
        if (st != FIRN_OK) break;
    }
    sqlite3_finalize(stmt);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status list_rows(void *ctx, firn_str ns, bool is_view, firn_arena *arena,
                             firn_str **out, size_t *n_out, firn_error *err)
{
    firn_sqlite_db *db = ctx;
    const firn_str params[] = {db->name, ns, type_name(is_view)};
    if (!db->has_type_column) {
        *out = NULL;
        *n_out = 0;
        if (is_view) return FIRN_OK;
        return read_texts(db,
                          "SELECT table_name FROM iceberg_tables WHERE catalog_name = ?1 AND "
                          "table_namespace = ?2 ORDER BY 1",
                          params, 2, arena, out, n_out, err);
    }
    return read_texts(db,
                      "SELECT table_name FROM iceberg_tables WHERE catalog_name = ?1 AND "
                      "table_namespace = ?2 AND coalesce(iceberg_type, 'TABLE') = ?3 ORDER BY 1",
                      params, 3, arena, out, n_out, err);
}

static firn_status insert_row(void *ctx, const firn_catalog_row *row, firn_error *err)
{
    firn_sqlite_db *db = ctx;
    const firn_str params[] = {db->name, row->ns, row->name, row->location,
                               type_name(row->is_view)};
    const firn_status st = firn_sqlite__run(
        db,
        "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, "
        "previous_metadata_location, iceberg_type) VALUES (?1, ?2, ?3, ?4, NULL, ?5)",
        params, 5, NULL, err);
    if (st != FIRN_ERR_EXISTS) return st;
    return firn_fail(err, st, "%.*s.%.*s exists already", FIRN_STR_ARG(row->ns),
                     FIRN_STR_ARG(row->name));
}

static firn_status swap_row(void *ctx, const firn_catalog_row *row, firn_str expected,
                            firn_error *err)
{
    firn_sqlite_db *db = ctx;
    int64_t changed = 0;
    const firn_str params[] = {db->name,      row->ns,  row->name,
                               row->location, expected, type_name(row->is_view)};
    FIRN_TRY(firn_sqlite__run(
        db,
        "UPDATE iceberg_tables SET metadata_location = ?4, previous_metadata_location = ?5 "
        "WHERE catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3 "
        "AND metadata_location = ?5 AND coalesce(iceberg_type, 'TABLE') = ?6",
        params, 6, &changed, err));
    if (changed == 1) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CONFLICT, "another commit changed it first");
}

static firn_status remove_row(void *ctx, const firn_catalog_row *row, firn_error *err)
{
    firn_sqlite_db *db = ctx;
    int64_t changed = 0;
    const firn_str params[] = {db->name, row->ns, row->name};
    FIRN_TRY(firn_sqlite__run(db,
                              "DELETE FROM iceberg_tables WHERE catalog_name = ?1 AND "
                              "table_namespace = ?2 AND table_name = ?3",
                              params, 3, &changed, err));
    if (changed == 1) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CONFLICT, "another commit removed it first");
}

static firn_status rename_row(void *ctx, const firn_catalog_row *from, const firn_catalog_row *to,
                              firn_error *err)
{
    firn_sqlite_db *db = ctx;
    int64_t changed = 0;
    const firn_str params[] = {db->name, from->ns, from->name, to->ns, to->name};
    FIRN_TRY(firn_sqlite__run(
        db,
        "UPDATE iceberg_tables SET table_namespace = ?4, table_name = ?5 WHERE catalog_name = ?1 "
        "AND table_namespace = ?2 AND table_name = ?3",
        params, 5, &changed, err));
    if (changed == 1) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CONFLICT, "another commit removed it first");
}

/* ---- namespaces ---- */

static firn_status list_namespaces(void *ctx, firn_arena *arena, firn_str **out, size_t *n_out,
                                   firn_error *err)
{
    firn_sqlite_db *db = ctx;
    return read_texts(
        db,
        "SELECT table_namespace FROM iceberg_tables WHERE catalog_name = ?1 UNION "
        "SELECT namespace FROM iceberg_namespace_properties WHERE catalog_name = ?1 ORDER BY 1",
        &db->name, 1, arena, out, n_out, err);
}

static firn_status get_properties(void *ctx, firn_str ns, firn_arena *arena, firn_properties *out,
                                  firn_error *err)
{
    firn_sqlite_db *db = ctx;
    sqlite3_stmt *stmt = NULL;
    firn_property *items = NULL;
    size_t n = 0;
    size_t cap = 0;
    firn_status st;
    const firn_str params[] = {db->name, ns};
    FIRN_TRY(firn_sqlite__prepare(
        db,
        "SELECT property_key, property_value FROM iceberg_namespace_properties WHERE "
        "catalog_name = ?1 AND namespace = ?2 ORDER BY 1",
        params, 2, &stmt, err));
    while ((st = firn_sqlite__step(db, stmt, err)) == FIRN_OK) {
        firn_property *slot = firn_arena_push(arena, &items, &n, &cap, sizeof *slot);
        st = slot ? firn_sqlite__text(stmt, 0, arena, &slot->key, err) : firn_fail_nomem(err);
        if (st == FIRN_OK) st = firn_sqlite__text(stmt, 1, arena, &slot->value, err);
        if (st != FIRN_OK) break;
    }
    sqlite3_finalize(stmt);
    *out = (firn_properties){items, n};
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status put_property(void *ctx, firn_str ns, const firn_property *property,
                                firn_error *err)
{
    firn_sqlite_db *db = ctx;
    const firn_str params[] = {db->name, ns, property->key, property->value};
    return firn_sqlite__run(db,
                            "INSERT OR REPLACE INTO iceberg_namespace_properties (catalog_name, "
                            "namespace, property_key, property_value) VALUES (?1, ?2, ?3, ?4)",
                            params, 4, NULL, err);
}

static firn_status remove_properties(void *ctx, firn_str ns, firn_error *err)
{
    firn_sqlite_db *db = ctx;
    const firn_str params[] = {db->name, ns};
    return firn_sqlite__run(db,
                            "DELETE FROM iceberg_namespace_properties WHERE catalog_name = ?1 "
                            "AND namespace = ?2",
                            params, 2, NULL, err);
}

/* ---- documents ---- */

static firn_status begin_document(const firn_sqlite_db *db, const firn_document *document,
                                  firn_store_writer **out, firn_error *err)
{
    FIRN_TRY(firn_store_begin(db->store, document->location, out, err));
    return firn_store_write(*out, document->bytes.data, document->bytes.len, err);
}

/* The objects and the documents wait for the disk together, and so do their names. */
static firn_status put_together(const firn_sqlite_db *db, const firn_document *documents, size_t n,
                                const firn_commit_objects *objects, firn_arena *arena,
                                firn_error *err)
{
    const size_t n_writers = objects->n_writers;
    const size_t n_names = objects->n_names;
    firn_store_writer **writers = firn_arena_array(arena, n_writers + n, sizeof *writers);
    firn_str *names = firn_arena_array(arena, n_names + n, sizeof *names);
    firn_status st = writers && names ? FIRN_OK : firn_fail_nomem(err);
    size_t n_begun = 0;
    for (size_t i = 0; i < n_names && names; i++) names[i] = objects->names[i];
    while (n_begun < n && st == FIRN_OK) {
        writers[n_writers + n_begun] = NULL;
        names[n_names + n_begun] = documents[n_begun].location;
        st = begin_document(db, &documents[n_begun], &writers[n_writers + n_begun], err);
        n_begun++;
    }
    if (st != FIRN_OK) {
        firn_commit_objects_abandon(objects);
        for (size_t i = 0; i < n_begun; i++) firn_store_abandon(writers[n_writers + i]);
        return st;
    }
    for (size_t i = 0; i < n_writers; i++) writers[i] = objects->writers[i];
    FIRN_TRY(firn_store_finish_content(writers, n_writers + n, err));
    return firn_store_sync_names(db->store, names, n_names + n, err);
}

static firn_status put_documents(void *ctx, const firn_document *documents, size_t n,
                                 const firn_commit_objects *objects, firn_error *err)
{
    const firn_sqlite_db *db = ctx;
    static const firn_commit_objects k_none = {0};
    firn_arena *arena = firn_arena_create(db->env->alloc, 0);
    if (!objects) objects = &k_none;
    if (!arena) {
        firn_commit_objects_abandon(objects);
        return firn_fail_nomem(err);
    }
    const firn_status st = put_together(db, documents, n, objects, arena, err);
    firn_arena_destroy(arena);
    return st;
}

static firn_status get_document(void *ctx, firn_str location, firn_arena *arena, firn_str *out,
                                firn_error *err)
{
    const firn_sqlite_db *db = ctx;
    return firn_store_read_all(db->store, location, FIRN_LIMIT_METADATA, arena, out, err);
}

static firn_status remove_document(void *ctx, firn_str location, firn_error *err)
{
    const firn_sqlite_db *db = ctx;
    return firn_store_remove(db->store, location, err);
}

static void destroy_rows(void *ctx)
{
    firn_sqlite__close(ctx);
}

static const firn_row_ops k_sqlite_rows = {
    .begin = begin_rows,
    .commit = commit_rows,
    .rollback = rollback_rows,
    .find = find_row,
    .list = list_rows,
    .insert = insert_row,
    .swap = swap_row,
    .remove = remove_row,
    .rename = rename_row,
    .namespaces = list_namespaces,
    .properties = get_properties,
    .put_property = put_property,
    .remove_properties = remove_properties,
    .put_documents = put_documents,
    .get_document = get_document,
    .remove_document = remove_document,
    .take_turn = firn_sqlite__take_turn,
    .take_requests = firn_sqlite__take_requests,
    .answer_request = firn_sqlite__answer_request,
    .check_turn = firn_sqlite__check_turn,
    .end_turn = firn_sqlite__end_turn,
    .destroy = destroy_rows,
};

firn_status firn_sqlite_catalog_open(firn_env *env, firn_store *store, const firn_sqlite_opts *opts,
                                     firn_catalog **out, firn_error *err)
{
    firn_sqlite_db *db = NULL;
    *out = NULL;
    FIRN_TRY(firn_sqlite__open(env, store, opts, &db, err));
    const firn_pointer_opts pointer = {
        .name = opts->name, .warehouse = opts->warehouse, .is_read_only = opts->is_read_only};
    return firn_pointer_catalog_open(env, &k_sqlite_rows, db, &pointer, out, err);
}
