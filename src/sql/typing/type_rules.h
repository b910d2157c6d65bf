/* SPDX-License-Identifier: Apache-2.0 */
/* What a dialect's operators and functions make of types. Tables and arithmetic, no text. Decimals
 * of Trino are those of the SQL standard; those of Spark may lose digits of their fraction, but no
 * more than leave six (spark.sql.decimalOperations.allowPrecisionLoss). */
#ifndef FIRN_SQL_TYPE_RULES_H
#define FIRN_SQL_TYPE_RULES_H

#include "sql/dialect/dialect.h"
#include "sql/typing/value_type.h"

bool firn_value_is_integer(const firn_value_type *type);
bool firn_value_is_float(const firn_value_type *type);
bool firn_value_is_number(const firn_value_type *type);
bool firn_value_is_text(const firn_value_type *type);
/* An integer as the decimal that holds it; a decimal is itself; others are unknown. */
firn_value_type firn_value_as_decimal(firn_dialect dialect, const firn_value_type *type);
/* Result of a + b and its like: op is one of + - * / % |, D of DIV. UNKNOWN: not defined or not
 * known. */
firn_value_type firn_value_of_operator(firn_dialect dialect, char op, const firn_value_type *a,
                                       const firn_value_type *b);
/* The type that both become in CASE, UNION, IN. UNKNOWN: there is none. */
FIRN_MUST_CHECK firn_status firn_value_common(const firn_value_type *a, const firn_value_type *b,
                                              firn_arena *arena, firn_value_type *out,
                                              firn_error *err);
/* A value of the type may be stored in a column of the other without a cast. True when either is
 * not known. */
bool firn_value_can_store(const firn_value_type *from, const firn_value_type *column);
/* Result of a function by its name; UNKNOWN: not in the dialect's table. */
FIRN_MUST_CHECK firn_status firn_value_of_function(firn_dialect dialect, firn_str name,
                                                   const firn_value_type *args, size_t n_args,
                                                   firn_arena *arena, firn_value_type *out,
                                                   firn_error *err);

#endif
