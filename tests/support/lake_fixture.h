/* SPDX-License-Identifier: Apache-2.0 */
/* A small lake for tests: environment, local store, a catalog of either kind, a namespace "db",
 * and tables of made-up data files (entries without a file behind them). */
#ifndef FIRN_TEST_LAKE_FIXTURE_H
#define FIRN_TEST_LAKE_FIXTURE_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/table.h"
#include "firn_test.h"
#include "iceberg/spec/manifest.h"

typedef struct firn_test_lake {
    char folder[FIRN_TEST_PATH];
    char warehouse[FIRN_TEST_PATH + 16];
    char catalog_path[FIRN_TEST_PATH + 16];
    bool is_sqlite;
    bool is_in_memory; /* files too */
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    firn_arena *arena; /* for whatever a test needs */
    firn_clock clock;
    firn_test_clock clock_state; /* used by the environment: sleeping costs nothing */
} firn_test_lake;

/* failpoints may be NULL. Fails the test on any error. */
void firn_test_lake_open(firn_test_lake *lake, bool is_sqlite, const char *failpoints);
/* Neither catalog nor files touch the disk: for tests of many commits. */
void firn_test_lake_open_in_memory(firn_test_lake *lake);
/* A second lake on the same folder (SQLite), as another process would open it. */
void firn_test_lake_reopen(firn_test_lake *lake, const char *folder, const char *failpoints);
/* Closes and, unless keep_folder, removes the folder. */
void firn_test_lake_close(firn_test_lake *lake, bool keep_folder);
/* As set-up of a test: a lake of its own in *state, with catalog and files on disk, files only, or
 * neither. */
int firn_test_sqlite_lake(void **state);
int firn_test_local_lake(void **state);
int firn_test_memory_lake(void **state);
int firn_test_lake_tear_down(void **state);
/* Replaces the failpoints of the environment; NULL: none. */
void firn_test_lake_fail(firn_test_lake *lake, const char *failpoints);

/* "db.name", one level. name must outlive the result. */
firn_ident firn_test_ident(const char *name);
/* id long required, day date, name string, price double; ids 1 to 4. */
const firn_schema *firn_test_schema(void);
/* Table db.name with that schema, partitioned by day when asked; properties in pairs, NULL ends. */
firn_table *firn_test_table(firn_test_lake *lake, const char *name, int is_partitioned, ...);
firn_table *firn_test_table_open(firn_test_lake *lake, const char *name);
/* An entry of "<location>/data/<name>" with n_rows rows and ids first_id .. first_id + n_rows - 1
 * in its bounds. day is the partition value, used if the table is partitioned. */
firn_data_file firn_test_data_file(firn_test_lake *lake, const firn_table *table, const char *name,
                                   int32_t day, int64_t first_id, int64_t n_rows);
/* Append one such file in a transaction of its own. */
firn_status firn_test_append(firn_test_lake *lake, firn_table *table, const char *name, int32_t day,
                             int64_t first_id, int64_t n_rows, firn_error *err);
/* Value of a summary entry of the current snapshot; -1 if absent. */
int64_t firn_test_summary(const firn_table *table, const char *key);

#endif
