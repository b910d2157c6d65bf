/* SPDX-License-Identifier: Apache-2.0 */
/* The values that a finished scan gave of one column: shared by the scans that use them, immutable.
 * Private to engine_joins.c and join_gather.c. */
#ifndef FIRN_SQL_JOIN_VALUES_H
#define FIRN_SQL_JOIN_VALUES_H

#include <pthread.h>
#include <stdatomic.h>

#include "format/columns/row_filter.h"
#include "sql/engine/engine.h"
#include "sql/engine/engine_joins.h"

#define JOIN_MOST_COLUMNS 16

typedef struct join_values {
    struct join_values *next; /* of the same table reference */
    atomic_int n_users;
    firn_arena *arena; /* holds the struct */
    firn_str table;    /* for a report */
    firn_field field;  /* of which column; its type is the table's */
    bool is_empty;     /* no row had one */
    bool is_few;       /* rows with them are few of the table's: what they reduce is reduced */
    int64_t low, high;
    firn_key_set *set; /* NULL: too many, or nearly all of the range */
    const struct join_values *by[JOIN_MOST_COLUMNS]; /* that have all of these, too */
    size_t n_by;
} join_values;

/* A table reference of the text. */
typedef struct join_table {
    const firn_scan_source *source; /* of the last plan */
    int n_plans;                    /* that have a scan of it */
    int n_begun;
    join_values *values;
} join_table;

struct firn_joins {
    firn_env *env;
    const firn_join_text *text;
    pthread_mutex_t lock; /* guards the tables */
    join_table *tables;
    size_t n_tables;
};

/* A column that others are joined by. */
typedef struct join_gathered {
    firn_field field;
    size_t column; /* of the batches */
    atomic_bool is_too_much;
    firn_key_run *runs; /* what finished threads had; of joins->env->alloc, as their numbers */
    size_t n_runs, cap_runs;
    int64_t low, high;
} join_gathered;

typedef struct join_used {
    firn_field field; /* of this scan's table */
    join_values *values;
} join_used;

struct firn_join_scan {
    firn_joins *joins;
    size_t ref;
    firn_str table;
    firn_arena *arena;        /* holds the struct */
    const firn_type *columns; /* that the scan gives */
    join_used used[JOIN_MOST_COLUMNS];
    size_t n_used;
    firn_scan_test keys[JOIN_MOST_COLUMNS];
    size_t n_keys;
    join_gathered gathered[JOIN_MOST_COLUMNS];
    size_t n_gathered;
    const firn_filter *test; /* of rows that others may meet; NULL: all */
    int64_t n_rows;          /* of the table; -1: unknown */
    int64_t n_awaiting;      /* rows of the tables to come that it can reduce */
    atomic_llong n_seen;     /* rows that were tested; more than those to come do not pay */
    atomic_llong n_passed;   /* rows that others may meet */
    atomic_size_t n_bytes;   /* of all numbers that threads hold */
    int n_open;              /* threads that have begun and not finished; under the joins' lock */
    bool has_failed;         /* a thread went without finishing */
    bool is_published;
};

void join_values_unref(join_values *values);
/* Under the lock; drops what the table had. */
void join_table_clear(join_table *table);

#endif
