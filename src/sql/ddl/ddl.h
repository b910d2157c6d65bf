/* SPDX-License-Identifier: Apache-2.0 */
/* What the executors of DDL share. */
#ifndef FIRN_SQL_DDL_H
#define FIRN_SQL_DDL_H

#include "sql/parser/sql_ast.h"
#include "sql/session/session_state.h"

/* The statement under way. */
typedef struct firn_ddl {
    firn_session *session;
    firn_arena *arena;
    firn_str sql;
} firn_ddl;

FIRN_MUST_CHECK firn_status firn_ddl__create_table(const firn_ddl *ddl, const firn_ast_create *ast,
                                                   firn_result **out, firn_error *err);
/* In Trino's dialect each column of CREATE .. AS has a name and a type; elsewhere the engine finds
 * some for what has none. */
FIRN_MUST_CHECK firn_status firn_ddl__check_query(const firn_ddl *ddl, const firn_ast_create *ast,
                                                  firn_error *err);
FIRN_MUST_CHECK firn_status firn_ddl__create_view(const firn_ddl *ddl, const firn_ast_create *ast,
                                                  firn_result **out, firn_error *err);
/* ---- ddl_schema.c ---- */
FIRN_MUST_CHECK firn_status firn_ddl__create_schema(const firn_ddl *ddl, const firn_ast_create *ast,
                                                    firn_result **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_ddl__drop_schema(const firn_ddl *ddl, const firn_ast_drop *ast,
                                                  firn_result **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_ddl__alter_schema(const firn_ddl *ddl, firn_sql_parser *p,
                                                   bool *handled, firn_result **out,
                                                   firn_error *err);

/* Behind COMMENT ON SCHEMA. */
FIRN_MUST_CHECK firn_status firn_ddl__comment_schema(const firn_ddl *ddl, firn_sql_parser *p,
                                                     firn_result **out, firn_error *err);
/* Behind ALTER VIEW, and behind COMMENT ON VIEW. */
FIRN_MUST_CHECK firn_status firn_ddl__alter_view(const firn_ddl *ddl, firn_sql_parser *p,
                                                 bool *handled, firn_result **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_ddl__comment_view(const firn_ddl *ddl, firn_sql_parser *p,
                                                   firn_result **out, firn_error *err);
/* *is_view false: it is none, and nothing was done. */
FIRN_MUST_CHECK firn_status firn_ddl__comment_view_column(const firn_ddl *ddl,
                                                          const firn_sql_name *view,
                                                          firn_str column, firn_str comment,
                                                          bool *is_view, firn_error *err);
FIRN_MUST_CHECK firn_status firn_ddl__alter(const firn_ddl *ddl, const firn_ast_alter *ast,
                                            firn_result **out, firn_error *err);
/* A procedure on a table: CALL and ALTER TABLE .. EXECUTE. first: index of the first argument that
 * is not the table. */
FIRN_MUST_CHECK firn_status firn_call__run(firn_session *session, const firn_ast_call *call,
                                           const firn_sql_name *table, firn_result **out,
                                           firn_error *err);

/* ---- call_trino.c ---- */
/* In Trino's dialect a schema and a table among the arguments become the table. */
FIRN_MUST_CHECK firn_status firn_call__join_names(firn_session *session, firn_ast_call *call,
                                                  firn_error *err);
/* Behind ANALYZE. */
FIRN_MUST_CHECK firn_status firn_call__analyze(firn_session *session, firn_sql_parser *p,
                                               firn_result **out, firn_error *err);

/* Partition and sort fields by column ids of schema. prefix: "PARTITIONED BY" for messages. */
FIRN_MUST_CHECK firn_status firn_ddl__partition_fields(const firn_ddl *ddl,
                                                       const firn_ast_transforms *in,
                                                       const firn_schema *schema,
                                                       firn_partition_field **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_ddl__sort_fields(const firn_ddl *ddl,
                                                  const firn_ast_transforms *in,
                                                  const firn_schema *schema, firn_sort_field **out,
                                                  firn_error *err);
/* Sets err->position when it is a failure about a name. */
firn_status firn_ddl__at(size_t offset, firn_status st, firn_error *err);
/* The namespace a name means: "ns", "a.b", "cat.ns". */
FIRN_MUST_CHECK firn_status firn_session__resolve_schema(firn_session *session,
                                                         const firn_sql_name *name,
                                                         firn_catalog **catalog_out,
                                                         firn_ident *out, firn_error *err);
/* True when the name is a temporary table or view of the engine, which wins over a catalog's. */
bool firn_session__is_temporary(firn_session *session, const firn_sql_name *name);

#endif
