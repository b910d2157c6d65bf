/* SPDX-License-Identifier: Apache-2.0 */
/* SQL for the engine made of pieces of the user's statement and words between them. Knows where
 * each piece came from, so that the engine's complaints point into the statement. */
#ifndef FIRN_SQL_SQL_TEXT_H
#define FIRN_SQL_SQL_TEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "sql/session/sql_session.h"

typedef struct firn_sql_piece {
    size_t out_at;
    size_t in_at; /* in the statement */
    size_t length;
} firn_sql_piece;

typedef struct firn_sql_text {
    firn_session *session;
    firn_str statement;
    const firn_sql_name *target; /* "ns.t.c" in pieces becomes "t.c"; NULL: none */
    firn_buf buf;
    firn_sql_piece *pieces;
    size_t n_pieces, cap_pieces;
} firn_sql_text;

/* All memory is the statement's; nothing to dispose of but with firn_sql_text_finish(). */
void firn_sql_text_init(firn_sql_text *text, firn_session *session, firn_str statement);
void firn_sql_text_put(firn_sql_text *text, const char *words);
void firn_sql_text_str(firn_sql_text *text, firn_str words);
/* In double quotes. */
void firn_sql_text_name(firn_sql_text *text, firn_str name);
/* In single quotes. */
void firn_sql_text_string(firn_sql_text *text, firn_str value);
/* A piece of the statement (borrowed from it), with a line end behind it. */
void firn_sql_text_user(firn_sql_text *text, firn_str piece);
/* The engine's name of a type. */
FIRN_MUST_CHECK firn_status firn_sql_text_type(firn_sql_text *text, const firn_type *type,
                                               firn_error *err);
/* Moves the text to the statement's arena and frees the buffer; also after failures. */
FIRN_MUST_CHECK firn_status firn_sql_text_finish(firn_sql_text *text, firn_str *out,
                                                 firn_error *err);
void firn_sql_text_dispose(firn_sql_text *text);

/* sql: from finish. */
FIRN_MUST_CHECK firn_status firn_sql_text_query(firn_sql_text *text, firn_str sql,
                                                firn_result **out, firn_error *err);
/* firn_result_next() of its result. */
FIRN_MUST_CHECK firn_status firn_sql_text_next(const firn_sql_text *text, firn_result *result,
                                               const firn_batch **out, firn_error *err);
/* Run for its effect. */
FIRN_MUST_CHECK firn_status firn_sql_text_run(firn_sql_text *text, firn_str sql, firn_error *err);
FIRN_MUST_CHECK firn_status firn_sql_text_describe(firn_sql_text *text, firn_str sql,
                                                   firn_type *out, firn_error *err);

#endif
