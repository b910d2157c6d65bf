/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite driver of the catalog interface, in the layout of Iceberg's JDBC catalog (schema V1, with
 * views), so that PyIceberg's SqlCatalog and Java's JdbcCatalog open the same file.
 *
 * Rollback journal (not WAL) with synchronous=EXTRA (FULL, and the folder synced after the journal
 * is gone): Debian's SQLite 3.40 has the WAL-reset bug when two connections checkpoint at once.
 * Several processes may use the file at the same time. */
#ifndef FIRN_CATALOG_SQLITE_H
#define FIRN_CATALOG_SQLITE_H

#include "base/env.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"

typedef struct firn_sqlite_opts {
    firn_str name;           /* catalog name; the column catalog_name. "firn" */
    firn_str path;           /* of the database file; made when missing */
    firn_str warehouse;      /* location under which tables are put */
    int32_t busy_timeout_ms; /* 0: 10,000; then "catalog is locked by another process" */
    bool is_read_only;
} firn_sqlite_opts;

/* env and store must outlive the catalog. */
FIRN_MUST_CHECK firn_status firn_sqlite_catalog_open(firn_env *env, firn_store *store,
                                                     const firn_sqlite_opts *opts,
                                                     firn_catalog **out, firn_error *err);

#endif
