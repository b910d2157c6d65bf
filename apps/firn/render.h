/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to text. Rows are written as they come, but for box, table and markdown, which need the
 * widths (a box keeps the first and last rows of a long result). */
#ifndef FIRN_APP_RENDER_H
#define FIRN_APP_RENDER_H

#include <stdio.h>

#include "firn/session.h"
#include "row_stream.h"

typedef enum render_format {
    RENDER_BOX = 0,
    RENDER_TABLE, /* a box of ASCII, without types */
    RENDER_LINE,  /* a value a line */
    RENDER_CSV,
    RENDER_TSV,
    RENDER_JSON,
    RENDER_JSONL,
    RENDER_MARKDOWN,
    RENDER_HTML,
    RENDER_INSERT,
    RENDER_TRASH, /* computed and counted, not printed */
} render_format;

/* For help and messages. */
#define RENDER_FORMATS "box, table, line, csv, tsv, json, jsonl, markdown, html, insert or trash"

typedef struct render_opts {
    render_format format;
    int32_t width;          /* of the terminal, for box and table; 0: unlimited */
    int64_t max_rows;       /* box, table: rows shown at most, half from each end; 0: all */
    bool is_line_when_wide; /* box, table: line instead where columns would be left out */
    bool is_color;          /* dim nulls */
    const char *null_text;  /* NULL: "NULL" in box, table, line, markdown, "" in csv, tsv, html */
    const char *table_name; /* insert: as it is to be written; NULL: "rows" */
    void (*before_output)(void *ctx); /* called before bytes are written; may be NULL */
    void *ctx;
} render_opts;

/* Also by other names: vertical, md, ndjson. False if name is not a format. */
bool render_format_parse(const char *name, render_format *out);
const char *render_format_name(render_format format);
/* Drain the stream to out. *n_rows: rows in all. */
FIRN_MUST_CHECK firn_status render_rows(const render_opts *opts, const row_stream *rows, FILE *out,
                                        int64_t *n_rows, firn_error *err);
FIRN_MUST_CHECK firn_status render_result(const render_opts *opts, firn_result *result, FILE *out,
                                          int64_t *n_rows, firn_error *err);
/* Box drawing, used by render_rows. */
FIRN_MUST_CHECK firn_status render_table(const render_opts *opts, const row_stream *rows, FILE *out,
                                         int64_t *n_rows, firn_error *err);

#endif
