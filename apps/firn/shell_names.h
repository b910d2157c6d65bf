/* SPDX-License-Identifier: Apache-2.0 */
/* Names for completion: what is in the catalog, words of SQL, the engine's functions. Failures
 * offer nothing. */
#ifndef FIRN_APP_SHELL_NAMES_H
#define FIRN_APP_SHELL_NAMES_H

#include "line_editor.h"
#include "shell.h"

/* Adds item when it begins with prefix in any case. */
void names_offer(line_choices *out, firn_str item, firn_str prefix);
/* The same, in double quotes (backticks in Spark's dialect) where it needs them. */
void names_offer_identifier(const shell *sh, line_choices *out, firn_str name, firn_str prefix);
/* A keyword in the case that prefix has. */
void names_offer_keyword(line_choices *out, const char *keyword, firn_str prefix);

/* In any case. */
bool names_is_keyword(firn_str word);
/* Words that begin a statement; words within one. */
void names_statement_words(line_choices *out, firn_str prefix);
void names_keywords(line_choices *out, firn_str prefix);
/* Procedures of CALL system. */
void names_procedures(line_choices *out, firn_str prefix);
/* Namespaces below these levels, with a dot behind them when a table's name goes on. */
void names_namespaces(shell *sh, const firn_str *levels, size_t n_levels, bool has_dot,
                      firn_str prefix, line_choices *out);
/* Tables and views in a namespace. */
void names_relations(shell *sh, const firn_str *levels, size_t n_levels, firn_str prefix,
                     line_choices *out);
/* Columns of the table or view that the parts name, kind STRUCT in the arena; NULL: none. */
const firn_type *names_columns(shell *sh, const firn_str *parts, size_t n_parts, firn_arena *arena);
/* Functions, with "(" behind them, and settings of the engine. */
void names_functions(shell *sh, firn_str prefix, line_choices *out);
void names_settings(shell *sh, firn_str prefix, line_choices *out);
/* Files that begin with prefix. */
void names_files(firn_str prefix, line_choices *out);

#endif
