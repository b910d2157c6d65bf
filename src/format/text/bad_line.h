/* SPDX-License-Identifier: Apache-2.0 */
/* How the decoders of text files (format/text/ndjson.h, format/text/csv.h) report what they leave
 * out. */
#ifndef FIRN_FORMAT_BAD_LINE_H
#define FIRN_FORMAT_BAD_LINE_H

#include "firn/base.h"

/* A line (of CSV: a row, which may have several lines) that could not be decoded. All borrowed for
 * the call. */
typedef struct firn_bad_line {
    int64_t line_number;  /* from 1, within the stream; of a row: its first line */
    int64_t byte_offset;  /* of the line's start, in the stream */
    int64_t error_offset; /* of the fault, within the line */
    const char *reason;   /* "expected a number for \"quantity\", found a string" */
    firn_str text;        /* the raw line without its newline */
} firn_bad_line;

/* A failure returned from here ends the decoding with it. */
typedef firn_status (*firn_bad_line_fn)(void *ctx, const firn_bad_line *line, firn_error *err);

#endif
