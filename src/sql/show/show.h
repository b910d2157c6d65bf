/* SPDX-License-Identifier: Apache-2.0 */
/* What the executors of SHOW and DESCRIBE share: results of texts, and a table or view with what is
 * told of it. */
#ifndef FIRN_SQL_SHOW_H
#define FIRN_SQL_SHOW_H

#include "base/buf.h"
#include "format/columns/row_builder.h"
#include "sql/parser/sql_ast.h"
#include "sql/session/session_state.h"

#define FIRN_SHOW_MAX_COLUMNS 8

/* A result under construction. */
typedef struct firn_show {
    firn_session *session;
    firn_type root;
    firn_row_builder rows;
    bool is_bounded; /* Trino: texts are varchar(n), n the characters of the longest */
    size_t lengths[FIRN_SHOW_MAX_COLUMNS];
} firn_show;

/* Text columns. */
FIRN_MUST_CHECK firn_status firn_show__begin(firn_show *show, firn_session *session,
                                             const char *const *names, size_t n, firn_error *err);
/* One cell per column; data NULL: null. */
void firn_show__row(firn_show *show, const firn_str *cells, size_t n);
/* Count the characters of a text of a column, shown or not. */
void firn_show__measure(firn_show *show, size_t column, firn_str text);
/* SQL's LIKE: '%' any text, '_' one byte, the escape (or '\0') makes either itself. */
bool firn_show__matches(firn_str pattern, char escape, firn_str name);
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
/* A table of a catalog. */
FIRN_MUST_CHECK firn_status firn_show__load_ident(firn_session *session, firn_catalog *catalog,
                                                  const firn_ident *ident, firn_described *out,
                                                  firn_error *err);
/* Columns as DESCRIBE tells them. name: of the table, which may be a metadata table. */
FIRN_MUST_CHECK firn_status firn_show__columns(firn_session *session, const firn_type *root,
                                               firn_str name, const char *tag, firn_result **out,
                                               firn_error *err);

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
/* show_spark.c: the same as "[a=b,c=d]" */
FIRN_MUST_CHECK firn_status firn_show__property_list(firn_session *session, const firn_described *d,
                                                     firn_str *out, firn_error *err);
/* The statement that makes it. */
FIRN_MUST_CHECK firn_status firn_show__create_text(firn_session *session, const firn_described *d,
                                                   firn_str *out, firn_error *err);
/* ---- show_spark.c ---- */
/* Behind DESCRIBE NAMESPACE. */
FIRN_MUST_CHECK firn_status firn_show__namespace(firn_session *session, firn_sql_parser *p,
                                                 firn_result **out, firn_error *err);
/* All that SHOW TABLE EXTENDED tells of a table. */
FIRN_MUST_CHECK firn_status firn_show__extended_text(firn_session *session, const firn_described *d,
                                                     firn_str *out, firn_error *err);
/* ---- show_trino.c ---- */
/* What Trino alone can say or answers in another form: SHOW CREATE, SHOW STATS, SHOW FUNCTIONS,
 * SHOW SESSION, DESCRIBE INPUT and OUTPUT, EXPLAIN (TYPE VALIDATE). */
FIRN_MUST_CHECK firn_status firn_show__trino(firn_session *session, firn_sql_parser p,
                                             bool *handled, firn_result **out, firn_error *err);
/* ---- show_create_trino.c ---- */
/* The statement that makes a table or a view, and a schema, in Trino's layout. */
FIRN_MUST_CHECK firn_status firn_show__trino_create_text(firn_session *session,
                                                         const firn_described *d, firn_str *out,
                                                         firn_error *err);
FIRN_MUST_CHECK firn_status firn_show__trino_schema_text(firn_session *session,
                                                         firn_catalog *catalog,
                                                         const firn_ident *ns, firn_str *out,
                                                         firn_error *err);
/* ---- show_stats.c ---- */
/* Behind SHOW STATS FOR. */
FIRN_MUST_CHECK firn_status firn_show__stats(firn_session *session, firn_sql_parser *p,
                                             firn_result **out, firn_error *err);
/* ---- show_prepared.c: DESCRIBE INPUT and OUTPUT, behind the name of the statement ---- */
FIRN_MUST_CHECK firn_status firn_show__input(firn_session *session, firn_str text,
                                             firn_result **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_show__output(firn_session *session, firn_str text,
                                              firn_result **out, firn_error *err);
/* ---- session_properties.c ---- */
/* SHOW SESSION [LIKE ..]; data NULL: all. */
FIRN_MUST_CHECK firn_status firn_show__session(firn_session *session, firn_str like, char escape,
                                               firn_result **out, firn_error *err);

/* Behind DESCRIBE. */
FIRN_MUST_CHECK firn_status firn_show__describe(firn_session *session, firn_sql_parser *p,
                                                bool *handled, firn_result **out, firn_error *err);

#endif
