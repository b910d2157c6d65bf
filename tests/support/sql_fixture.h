/* SPDX-License-Identifier: Apache-2.0 */
/* A session over an in-memory catalog with tables in a temporary folder, for tests of SQL. */
#ifndef FIRN_TEST_SQL_FIXTURE_H
#define FIRN_TEST_SQL_FIXTURE_H

#include "firn_test.h"

#include "base/env.h"
#include "firn/session.h"
#include "firn/table.h"

typedef struct sql_fixture {
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog; /* "lake", with the namespace "default" */
    firn_session *session;
    char folder[FIRN_TEST_PATH];
} sql_fixture;

/* cmocka's set-up and tear-down. */
int sql_fixture_open(void **state);
int sql_fixture_close(void **state);

/* columns: "id bigint, name varchar"; partition: a column, by identity, or NULL. */
void sql_make_table(sql_fixture *f, const char *ns, const char *name, const char *columns,
                    const char *partition);
/* Append the rows of a query, which must have the table's columns. The new snapshot's id. */
int64_t sql_append(sql_fixture *f, const char *ns, const char *name, const char *query);
firn_table *sql_open_table(sql_fixture *f, const char *ns, const char *name);

/* Statement that must succeed; its result, to be closed. */
firn_result *sql_query(sql_fixture *f, const char *sql);
void sql_run(sql_fixture *f, const char *sql);
/* All rows of a query as text, sorted, blanks between: "(1, a) (2, b)". */
const char *sql_rows(sql_fixture *f, const char *sql, char *out, size_t size);
#define assert_rows(f, sql, want)                                               \
    do {                                                                        \
        char rows_[4096];                                                       \
        assert_string_equal(sql_rows((f), (sql), rows_, sizeof rows_), (want)); \
    } while (0)
/* Statement that must fail, at once or while its rows are read, with this text in its message. */
void sql_expect_error(sql_fixture *f, const char *sql, firn_status want, const char *text);
/* The same, at this position. hint may be NULL. */
void sql_expect_failure(sql_fixture *f, const char *sql, firn_status want, const char *text,
                        const char *hint, size_t position);

#endif
