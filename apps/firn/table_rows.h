/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a table whose metadata file is at hand: no home, no catalog, no SQL engine. */
#ifndef FIRN_APP_TABLE_ROWS_H
#define FIRN_APP_TABLE_ROWS_H

#include "app.h"
#include "row_stream.h"

typedef struct table_rows table_rows;

typedef struct table_rows_opts {
    const char *metadata; /* path of the metadata file, also gzipped */
    const char *snapshot; /* id, read with its own schema; NULL: none given */
    const char *ref;      /* branch (current schema) or tag (its snapshot's schema); NULL: main */
    const char *columns;  /* "a,b.c"; NULL: all */
    int64_t limit;        /* -1: all rows */
    const app_args *maps; /* --map OLD=NEW: locations that begin with OLD are at NEW */
} table_rows_opts;

/* rows is closed by the caller however this ends. */
FIRN_MUST_CHECK firn_status table_rows_open(app *a, const table_rows_opts *opts, table_rows **out,
                                            firn_error *err);
void table_rows_close(table_rows *rows); /* NULL is fine */
row_stream table_rows_stream(table_rows *rows);

#endif
