/* SPDX-License-Identifier: Apache-2.0 */
/* The name that Spark gives a column without one: its expression, written as its analyzer does. */
#ifndef FIRN_SQL_SPARK_NAMES_H
#define FIRN_SQL_SPARK_NAMES_H

#include "sql/dialect/dialect_writer.h"

#define FIRN_SPARK_NAME_MAX 1000 /* bytes of a name; longer ones are cut */

/* A pass over the tokens [i, to) of an expression. Texts are in the statement's arena; where the
 * tokens are not what was expected, is_lost. */
typedef struct spark_namer {
    firn_dialect_writer *w;
    firn_arena *arena;
    size_t i, to;
    int depth;
    bool is_lost;
    size_t variables[8]; /* of the lambdas around: tokens */
    size_t n_variables;
} spark_namer;

/* *out data NULL: not understood, or out of memory. */
void firn_spark_name(firn_dialect_writer *w, size_t from, size_t to, firn_str *out);

/* Something in a FROM clause of the statement has the name. */
bool firn_spark_is_relation(firn_dialect_writer *w, firn_str name);

/* ---- what the files of it share ---- */
firn_str spark_namer_expression(spark_namer *n);
/* The expression of [from, to) as a whole. */
firn_str spark_namer_in(spark_namer *n, size_t from, size_t to);
firn_str spark_namer_print(spark_namer *n, const char *fmt, ...) FIRN_PRINTF(2, 3);
firn_str spark_namer_lose(spark_namer *n);
bool spark_namer_take(spark_namer *n, const char *word);
/* spark_name_calls.c: name(..) at n->i, with what follows. */
firn_str spark_namer_call(spark_namer *n);
/* spark_name_literals.c: data NULL and not lost: none is there. */
firn_str spark_namer_literal(spark_namer *n);

#endif
