/* SPDX-License-Identifier: Apache-2.0 */
/* What the executors of SHOW and DESCRIBE share: results of texts, and a table or view with what is
 * told of it. */
#ifndef FIRN_SQL_SHOW_H
#define FIRN_SQL_SHOW_H

#include "base/buf.h"
#include "sql/row_builder.h"
#include "sql/session_state.h"
#include "sql/sql_ast.h"

/* A result under construction. */
typedef struct firn_show {
    firn_session *session;
    firn_type root;
    firn_row_builder rows;
} firn_show;

/* Text columns. */
FIRN_MUST_CHECK firn_status firn_show__begin(firn_show *show, firn_session *session,
                                             const char *const *names, size_t n, firn_error *err);
/* One cell per column; data NULL: null. */
void firn_show__row(firn_show *show, const firn_str *cells, size_t n);
/* Makes the result, or frees it when st is a failure, which is returned. */
FIRN_MUST_CHECK firn_status firn_show__end(firn_show *show, const char *tag, firn_status st,
                                           firn_result **out, firn_error *err);

/* A table or a view, in the statement arena. */
typedef struct firn_described {
    firn_catalog *catalog;
    firn_ident ident;
    const firn_table_metadata *table; /* NULL: a view */
    const firn_view_metadata *view;
    const firn_view_version *version;
    const firn_type *root;
    firn_properties properties;
    firn_str location;
} firn_described;

/* FIRN_ERR_NOT_FOUND with a "did you mean". */
FIRN_MUST_CHECK firn_status firn_show__load(firn_session *session, const firn_sql_name *name,
                                            firn_described *out, firn_error *err);
/* Columns as DESCRIBE tells them. */
FIRN_MUST_CHECK firn_status firn_show__columns(firn_session *session, const firn_type *root,
                                               const char *tag, firn_result **out, firn_error *err);

/* ---- show_create.c ---- */
/* Moves the buffer's text to the statement's arena and frees it; also after failures. */
FIRN_MUST_CHECK firn_status firn_show__take_text(firn_session *session, firn_buf *buf,
                                                 firn_str *out, firn_error *err);
/* As PARTITIONED BY reads it. */
void firn_show__put_transform(firn_buf *out, const firn_transform *t, firn_str column);
firn_str firn_show__column_name(const firn_table_metadata *table, int32_t id);
/* Properties as the dialect's engine shows them. */
FIRN_MUST_CHECK firn_status firn_show__properties(firn_session *session, const firn_described *d,
                                                  firn_properties *out, firn_error *err);
/* The statement that makes it. */
FIRN_MUST_CHECK firn_status firn_show__create_text(firn_session *session, const firn_described *d,
                                                   firn_str *out, firn_error *err);
/* Behind DESCRIBE. */
FIRN_MUST_CHECK firn_status firn_show__describe(firn_session *session, firn_sql_parser *p,
                                                bool *handled, firn_result **out, firn_error *err);

#endif
