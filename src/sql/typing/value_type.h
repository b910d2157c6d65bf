/* SPDX-License-Identifier: Apache-2.0 */
/* Types of SQL expressions with the parameters that Iceberg's types lack: lengths of varchar,
 * digits of times, names of a row's fields. What operators and functions make of them is
 * type_rules.h. Not for storage: tables have firn_type. */
#ifndef FIRN_SQL_VALUE_TYPE_H
#define FIRN_SQL_VALUE_TYPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/types.h"

typedef enum firn_value_kind {
    FIRN_VALUE_UNKNOWN = 0, /* not found out: never an error */
    FIRN_VALUE_NULL,        /* of the literal NULL */
    FIRN_VALUE_BOOLEAN,
    FIRN_VALUE_TINYINT,
    FIRN_VALUE_SMALLINT,
    FIRN_VALUE_INTEGER,
    FIRN_VALUE_BIGINT,
    FIRN_VALUE_DECIMAL,
    FIRN_VALUE_REAL,
    FIRN_VALUE_DOUBLE,
    FIRN_VALUE_VARCHAR,
    FIRN_VALUE_CHAR,
    FIRN_VALUE_VARBINARY,
    FIRN_VALUE_DATE,
    FIRN_VALUE_TIME,
    FIRN_VALUE_TIME_TZ,
    FIRN_VALUE_TIMESTAMP,
    FIRN_VALUE_TIMESTAMP_TZ,
    FIRN_VALUE_INTERVAL_DAY,  /* day to second */
    FIRN_VALUE_INTERVAL_YEAR, /* year to month */
    FIRN_VALUE_UUID,
    FIRN_VALUE_JSON,
    FIRN_VALUE_ARRAY,
    FIRN_VALUE_MAP,
    FIRN_VALUE_ROW,
    FIRN_VALUE_LAMBDA, /* the type of its result is the only part */
} firn_value_kind;

typedef struct firn_value_type firn_value_type;

/* Immutable, in the arena it was made in. */
struct firn_value_type {
    firn_value_kind kind;
    int32_t precision; /* DECIMAL; digits of a second of times; length of VARCHAR (-1: none), CHAR;
                          digits of a literal INTEGER or BIGINT of Spark, else 0 */
    int32_t scale;     /* DECIMAL; of an interval of Spark firn_interval_range(), else 0 */
    const firn_value_type *parts; /* ARRAY: element; MAP: key, value; ROW: fields */
    const firn_str *names;        /* ROW: of its fields, empty for those without; else NULL */
    size_t n_parts;
    firn_str zone; /* TIMESTAMP_TZ: in which its values are told, "Asia/Tokyo", "+05:30"; empty:
                      UTC, or not known. Not part of what makes types equal */
};

typedef enum firn_interval_unit {
    FIRN_INTERVAL_DAY = 1,
    FIRN_INTERVAL_HOUR,
    FIRN_INTERVAL_MINUTE,
    FIRN_INTERVAL_SECOND,
    FIRN_INTERVAL_YEAR,
    FIRN_INTERVAL_MONTH,
} firn_interval_unit;

/* The units that an interval of Spark is told in, as the scale of its type: INTERVAL '1 02' DAY TO
 * HOUR. One of months, days and seconds has no range. */
#define FIRN_INTERVAL_MIXED (-1)
int32_t firn_interval_range(firn_interval_unit first, firn_interval_unit last);
/* Of two ranges what both are told in. */
int32_t firn_interval_range_of_both(int32_t a, int32_t b);

/* Of a column of a table. */
FIRN_MUST_CHECK firn_status firn_value_type_of(const firn_type *type, firn_arena *arena,
                                               firn_value_type *out, firn_error *err);
/* Trino's spelling; comma: between precision and scale (", " above results, "," by typeof()). */
void firn_value_type_put(const firn_value_type *type, const char *comma, firn_buf *out);
/* DuckDB's spelling, for a cast. False: it has no such type, or the type is not known. */
bool firn_value_type_put_engine(const firn_value_type *type, firn_buf *out);
bool firn_value_type_equals(const firn_value_type *a, const firn_value_type *b);
/* Every part is found out. */
bool firn_value_type_is_known(const firn_value_type *type);
/* Values of the engine's type can be shown as values of this one. */
bool firn_value_type_fits(const firn_value_type *type, const firn_type *engine);

#endif
