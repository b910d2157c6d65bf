/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns reduce which: the pairs of a text by the tables that its names mean, and what
 * follows of several pairs. Private to engine_joins.c. */
#ifndef FIRN_SQL_JOIN_GRAPH_H
#define FIRN_SQL_JOIN_GRAPH_H

#include "sql/engine/engine_joins.h"

/* A column of a table reference; block: of the text, where it was found. */
typedef struct join_column {
    size_t block, ref;
    const firn_field *field;
} join_column;

/* Rows of `to` whose value no row of `from` has may go. */
typedef struct join_edge {
    join_column from, to;
} join_edge;

typedef struct join_graph {
    join_column *columns; /* each once */
    size_t n_columns;
    join_edge *edges;
    size_t n_edges;
} join_graph;

typedef enum join_direction {
    JOIN_FORWARD, /* what a column reduces */
    JOIN_BACK,    /* what it is reduced by */
} join_direction;

#define JOIN_MOST_REACHED 64

/* Is the reference a table whose rows are read as they are, by one scan of the plan? */
bool join_takes_part(const firn_joins *joins, size_t ref);
/* Under the joins' lock; in the arena, valid while all of the text's plan is. */
FIRN_MUST_CHECK firn_status join_graph_make(const firn_joins *joins, firn_arena *arena,
                                            join_graph *out, firn_error *err);
/* Columns at the end of edges from one, and of those from there on; how many, nearest first. */
size_t join_graph_reach(const join_graph *graph, const join_column *from, join_direction direction,
                        join_column out[JOIN_MOST_REACHED]);

#endif
