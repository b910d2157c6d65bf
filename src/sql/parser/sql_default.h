/* SPDX-License-Identifier: Apache-2.0 */
/* Default values of columns in SQL: DEFAULT literals of DDL, and what stands for a column that a
 * statement leaves out. */
#ifndef FIRN_SQL_SQL_DEFAULT_H
#define FIRN_SQL_SQL_DEFAULT_H

#include "sql/parser/sql_parser.h"
#include "sql/parser/sql_text.h"

/* The literal behind DEFAULT as a value of the type, in the parser's arena; NULL is a null value.
 * FIRN_ERR_UNSUPPORTED for an expression. */
FIRN_MUST_CHECK firn_status firn_parse_default(firn_sql_parser *p, const firn_type *type,
                                               const firn_value **out, firn_error *err);
/* A literal, unparsed, for a column whose type is known later. */
FIRN_MUST_CHECK firn_status firn_parse_default_text(firn_sql_parser *p, firn_str *out,
                                                    firn_error *err);
/* The same from its text. */
FIRN_MUST_CHECK firn_status firn_sql_default_of(firn_str text, const firn_type *type,
                                                firn_arena *arena, const firn_value **out,
                                                firn_error *err);
/* " DEFAULT 5" as DDL has it; nothing for no default, null, or a struct. */
void firn_sql_put_default(firn_buf *out, const firn_value *value, firn_arena *arena);
/* The column's write default as an expression of the engine; NULL where it has none. */
FIRN_MUST_CHECK firn_status firn_sql_text_default(firn_sql_text *text, const firn_field *field,
                                                  firn_error *err);

#endif
