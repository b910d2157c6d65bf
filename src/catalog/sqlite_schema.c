/* SPDX-License-Identifier: Apache-2.0 */
/* The two tables of Iceberg's JDBC catalog, schema V1: V0 plus the column iceberg_type. A V0 file
 * is upgraded when it may be written; older programs name their columns and go on working. */
#include "base/error.h"
#include "base/str.h"
#include "catalog/sqlite_db.h"

static const char k_create_tables[] = "CREATE TABLE IF NOT EXISTS iceberg_tables ("
                                      "catalog_name VARCHAR(255) NOT NULL, "
                                      "table_namespace VARCHAR(255) NOT NULL, "
                                      "table_name VARCHAR(255) NOT NULL, "
                                      "metadata_location VARCHAR(1000), "
                                      "previous_metadata_location VARCHAR(1000), "
                                      "iceberg_type VARCHAR(5), "
                                      "PRIMARY KEY (catalog_name, table_namespace, table_name));"
                                      "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties ("
                                      "catalog_name VARCHAR(255) NOT NULL, "
                                      "namespace VARCHAR(255) NOT NULL, "
                                      "property_key VARCHAR(255), "
                                      "property_value VARCHAR(1000), "
                                      "PRIMARY KEY (catalog_name, namespace, property_key))";

static firn_status count(firn_sqlite_db *db, const char *sql, int64_t *out, firn_error *err)
{
    sqlite3_stmt *stmt = NULL;
    *out = 0;
    FIRN_TRY(firn_sqlite__prepare(db, sql, NULL, 0, &stmt, err));
    const firn_status st = firn_sqlite__step(db, stmt, err);
    if (st == FIRN_OK) *out = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status look(firn_sqlite_db *db, int64_t *n_tables, firn_error *err)
{
    int64_t n_type = 0;
    FIRN_TRY(count(db,
                   "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN "
                   "('iceberg_tables', 'iceberg_namespace_properties')",
                   n_tables, err));
    FIRN_TRY(count(db,
                   "SELECT count(*) FROM pragma_table_info('iceberg_tables') "
                   "WHERE name = 'iceberg_type'",
                   &n_type, err));
    db->has_type_column = n_type > 0;
    return FIRN_OK;
}

static firn_status make(firn_sqlite_db *db, firn_error *err)
{
    int64_t n_tables = 0;
    FIRN_TRY(firn_sqlite__exec(db, k_create_tables, err));
    FIRN_TRY(look(db, &n_tables, err));
    if (!db->has_type_column)
        FIRN_TRY(firn_sqlite__exec(
            db, "ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)", err));
    db->has_type_column = true;
    return FIRN_OK;
}

firn_status firn_sqlite__init_schema(firn_sqlite_db *db, firn_error *err)
{
    int64_t n_tables = 0;
    FIRN_TRY(look(db, &n_tables, err));
    if (n_tables == 2 && (db->has_type_column || db->is_read_only)) return FIRN_OK;
    if (db->is_read_only)
        return firn_fail(err, FIRN_ERR_CORRUPT, "catalog file %.*s has no catalog tables",
                         FIRN_STR_ARG(db->path));
    FIRN_TRY(firn_sqlite__exec(db, "BEGIN IMMEDIATE", err));
    firn_status st = make(db, err);
    if (st == FIRN_OK) st = firn_sqlite__exec(db, "COMMIT", err);
    if (st != FIRN_OK) sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}
