/* SPDX-License-Identifier: Apache-2.0 */
/* Queries that ask nothing of a table but counts, least and greatest values:
 *
 *   SELECT min(a), max(b) AS x, count(*), count(c) FROM name
 *
 * Data files whose metadata answers these need not be read. Anything else in the statement, a WHERE
 * for a start, makes it another kind of query. */
#ifndef FIRN_SQL_EXTREMES_QUERY_H
#define FIRN_SQL_EXTREMES_QUERY_H

#include "base/arena.h"

typedef enum firn_asked {
    FIRN_ASKS_ROWS = 0,
    FIRN_ASKS_EXTREMES,            /* min and max */
    FIRN_ASKS_EXTREMES_AND_COUNTS, /* how many rows have what value matters, too */
} firn_asked;

typedef struct firn_asked_query {
    firn_asked what;
    const firn_str *columns; /* as the statement has them, without quotes; one a mention */
    size_t n_columns;
} firn_asked_query;

/* Of the text as the engine gets it; EXPLAIN in front of it changes nothing. Out of memory: for
 * rows. */
firn_asked_query firn_sql_asks(firn_str sql, firn_arena *arena);

#endif
