/* SPDX-License-Identifier: Apache-2.0 */
/* Real rows in a table, changed in every way a transaction knows: for tests that compare a table
 * with what they expect of it. Rows are (id, grp, val); the table has these columns, or more. */
#ifndef FIRN_TEST_ROW_TABLE_H
#define FIRN_TEST_ROW_TABLE_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/table.h"
#include "iceberg/scan/plan.h"
#include "iceberg/txn/snapshot_update.h"

typedef struct firn_test_row {
    int64_t id;
    int32_t grp;
    int64_t val;
    /* of rows that were read */
    size_t task;
    int64_t pos;
    int64_t row_id; /* -1 before format version 3 */
    int64_t sequence_number;
} firn_test_row;

typedef struct firn_test_rows {
    firn_test_row *items; /* by id */
    size_t n, cap;
    firn_scan_plan plan;
} firn_test_rows;

typedef struct firn_test_row_table {
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    firn_table *table;
    firn_arena *arena; /* of what is read and written; reset by the caller */
} firn_test_row_table;

/* id long required, grp int, val long; partitioned by grp or not. */
FIRN_MUST_CHECK firn_status firn_test_row_table_create(const firn_test_row_table *t,
                                                       const firn_ident *ident, bool is_partitioned,
                                                       const firn_property *properties, size_t n,
                                                       firn_error *err);

/* Rows of a snapshot (0: current; -1: none, an empty table), by its own schema. */
FIRN_MUST_CHECK firn_status firn_test_rows_read(const firn_test_row_table *t, int64_t snapshot_id,
                                                firn_test_rows *out, firn_error *err);

typedef enum firn_test_edit_kind {
    FIRN_TEST_INSERT = 0,
    FIRN_TEST_COPY_ON_WRITE,
    FIRN_TEST_MERGE_ON_READ,
    FIRN_TEST_REPLACE, /* the partitions of the inserted rows (all, where there are none) */
    FIRN_TEST_COMPACT, /* the same rows in new files */
} firn_test_edit_kind;

typedef enum firn_test_verdict {
    FIRN_TEST_KEEP = 0,
    FIRN_TEST_DELETE,
    FIRN_TEST_UPDATE, /* the row was changed in place */
} firn_test_verdict;

typedef struct firn_test_edit {
    firn_test_edit_kind kind;
    const char *branch; /* NULL: main */
    const firn_test_row *inserted;
    size_t n_inserted;
    firn_test_verdict (*judge)(void *ctx, firn_test_row *row); /* NULL: all stay */
    void *ctx;
    firn_isolation isolation;
} firn_test_edit;

/* Writes files and adds the change to the transaction. A change without an effect adds nothing. */
FIRN_MUST_CHECK firn_status firn_test_rows_edit(const firn_test_row_table *t, firn_txn *txn,
                                                const firn_test_edit *edit, firn_error *err);

/* The table in a new shape: the same columns with new ids, partitioned by grp or not, and these
 * rows in place of all of main's. */
FIRN_MUST_CHECK firn_status firn_test_rows_replace_table(const firn_test_row_table *t,
                                                         firn_txn *txn, bool is_partitioned,
                                                         const firn_test_row *rows, size_t n,
                                                         firn_error *err);

/* Order-free digest of rows, their count and sum in it. */
typedef struct firn_test_digest {
    int64_t n;
    int64_t sum;
    uint64_t hash;
} firn_test_digest;
void firn_test_digest_add(firn_test_digest *digest, const firn_test_row *row);
bool firn_test_digest_equals(const firn_test_digest *a, const firn_test_digest *b);

#endif
