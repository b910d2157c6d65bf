/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to text: box, csv, json, jsonl, markdown. Rows are written as they come, but for box and
 * markdown, which need the widths (box keeps the first and last rows of a long result). */
#ifndef FIRN_APP_RENDER_H
#define FIRN_APP_RENDER_H

#include <stdio.h>

#include "firn/session.h"
#include "row_stream.h"

typedef enum render_format {
    RENDER_BOX = 0,
    RENDER_CSV,
    RENDER_JSON,
    RENDER_JSONL,
    RENDER_MARKDOWN,
} render_format;

typedef struct render_opts {
    render_format format;
    int32_t width;    /* of the terminal, for box; 0: unlimited */
    int64_t max_rows; /* box: rows shown at most, half from each end; 0: all */
    bool is_color;
    const char *null_text; /* box, csv, markdown; NULL: "NULL" in box and markdown, "" in csv */
    void (*before_output)(void *ctx); /* called once, before the first byte; may be NULL */
    void *ctx;
} render_opts;

/* False if name is not a format. */
bool render_format_parse(const char *name, render_format *out);
/* Drain the stream to out. *n_rows: rows in all. */
FIRN_MUST_CHECK firn_status render_rows(const render_opts *opts, const row_stream *rows, FILE *out,
                                        int64_t *n_rows, firn_error *err);
FIRN_MUST_CHECK firn_status render_result(const render_opts *opts, firn_result *result, FILE *out,
                                          int64_t *n_rows, firn_error *err);
/* Box drawing, used by render_rows. */
FIRN_MUST_CHECK firn_status render_table(const render_opts *opts, const row_stream *rows, FILE *out,
                                         int64_t *n_rows, firn_error *err);

#endif
