/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on standard output: --format, --canonical, --null, --limit, the same for all commands. */
#ifndef FIRN_APP_ROW_OUTPUT_H
#define FIRN_APP_ROW_OUTPUT_H

#include "app.h"
#include "render.h"

/* For a command's table of options. */
#define ROW_OUTPUT_OPTIONS                                                              \
    {"format", 0, "FORMAT", RENDER_FORMATS "; default: box on a terminal, else jsonl"}, \
        {"limit", 0, "N", "so many rows at most"},                                      \
        {"canonical", 0, NULL, "rows in the form that conformance tests compare"},      \
    {                                                                                   \
        "null", 0, "TEXT", "text shown for null"                                        \
    }

typedef struct row_output {
    render_opts render;
    bool is_canonical;
    int64_t limit; /* -1: none */
} row_output;

FIRN_MUST_CHECK firn_status row_output_parse(const app_args *args, row_output *out,
                                             firn_error *err);
/* A number that is not negative; -1 when the option is not given. */
FIRN_MUST_CHECK firn_status app_args_count(const app_args *args, const char *name, int64_t *out,
                                           firn_error *err);
/* All rows of the stream, whatever the limit. */
FIRN_MUST_CHECK firn_status row_output_print(const row_output *output, const row_stream *rows,
                                             firn_error *err);
/* Writes what is in the buffer once it is at_least so long. */
FIRN_MUST_CHECK firn_status row_output_put(firn_buf *buf, size_t at_least, firn_error *err);

#endif
