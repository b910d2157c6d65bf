/* SPDX-License-Identifier: Apache-2.0 */
/* Types that Spark infers from an example: schema_of_json() and schema_of_csv(), whose text is also
 * the schema that from_json() and from_csv() take. */
#ifndef FIRN_SQL_SPARK_SCHEMA_H
#define FIRN_SQL_SPARK_SCHEMA_H

#include "base/arena.h"
#include "base/buf.h"

/* "STRUCT<a: BIGINT, b: ARRAY<STRING>>" of a JSON text; fields are in the order of their names, and
 * the elements of an array have one type. What is null or empty is a STRING. FIRN_ERR_CORRUPT: no
 * JSON. */
FIRN_MUST_CHECK firn_status firn_spark_schema_of_json(firn_str text, firn_arena *arena,
                                                      firn_buf *out, firn_error *err);
/* "STRUCT<_c0: INT, _c1: STRING>" of one row of CSV. */
FIRN_MUST_CHECK firn_status firn_spark_schema_of_csv(firn_str text, char separator,
                                                     firn_arena *arena, firn_buf *out,
                                                     firn_error *err);

/* One field of a row of CSV. */
typedef struct firn_csv_part {
    firn_str text;  /* without its quotes */
    bool is_quoted; /* so a text without characters is not null */
} firn_csv_part;
/* The fields of one row: a field in quotes may have separators, a backslash or a second quote
 * stands before a quote in it. */
FIRN_MUST_CHECK firn_status firn_spark_csv_split(firn_str text, char separator, firn_arena *arena,
                                                 firn_csv_part **out, size_t *n_out,
                                                 firn_error *err);

#endif
