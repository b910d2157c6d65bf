/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the expressions of a statement, found out on its tokens before it is translated: names
 * of columns are looked up in the tables that the statement names. They head the result, and where
 * DuckDB would compute otherwise - division, decimals, NaN, roundings, texts of numbers and times -
 * they leave edits that the translation writes.
 *
 * Nothing fails for what is not understood: its type is unknown and its text stays as it is.
 * Errors are those of the dialect: values that a column cannot store, columns without names.
 *
 * Not here: the grammar of statements, and what names mean (resolve.c). */
#ifndef FIRN_SQL_TYPING_H
#define FIRN_SQL_TYPING_H

#include "sql/dialect/dialect_writer.h"
#include "sql/typing/value_type.h"

typedef enum firn_edit_place {
    FIRN_EDIT_BEFORE = 0,
    FIRN_EDIT_AFTER,
    FIRN_EDIT_INSTEAD, /* of the tokens [token, end) */
    FIRN_EDIT_CALL,    /* a template for the call that the token begins */
} firn_edit_place;

/* [start, end): what the text belongs to. Who writes only a part of that leaves the text to the one
 * who writes all of it. */
typedef struct firn_edit {
    firn_edit_place place;
    size_t token;
    size_t start, end;
    const char *text;
} firn_edit;

/* Edits of one place and token are in order, the inner ones first. */
typedef struct firn_edits {
    firn_edit *items;
    size_t n;
    const firn_typed_column *columns; /* of the statement's query; NULL: none, or not known */
    size_t n_columns;
} firn_edits;

/* Look at the tokens [from, to) of the writer, a query or DML. */
FIRN_MUST_CHECK firn_status firn_typing_run(const firn_dialect_writer *w, size_t from, size_t to,
                                            firn_edits *out, firn_error *err);

/* Edits by their token. */
typedef struct firn_edit_index {
    const firn_edit *items;
    size_t n_tokens;
    size_t *inner_first; /* per token: 1 + index of an edit; 0: none */
    size_t *outer_first;
    size_t *next_outer; /* per edit: 1 + index of the one further out */
    size_t *next_inner;
} firn_edit_index;

FIRN_MUST_CHECK firn_status firn_edits_index(const firn_edits *edits, size_t n_tokens,
                                             firn_arena *arena, firn_edit_index *out,
                                             firn_error *err);
/* The first of the place and token; the one after it. Before a token the outermost is first, else
 * the innermost. NULL: no more. */
const firn_edit *firn_edits_find(const firn_edit_index *index, firn_edit_place place, size_t token);
const firn_edit *firn_edits_next(const firn_edit_index *index, const firn_edit *edit);

#endif
