/* SPDX-License-Identifier: Apache-2.0 */
/* Rows out of lines of text, whatever the lines look like: what the decoders of NDJSON and CSV do
 * alike. Keeps the counts of the stream, makes room in the batch, takes back what a bad line left
 * in it and reports the line. Knows no syntax. */
#ifndef FIRN_FORMAT_TEXT_ROWS_H
#define FIRN_FORMAT_TEXT_ROWS_H

#include "format/text/bad_line.h"
#include "format/text/ndjson_kernels.h"

typedef struct text_rows_opts {
    const firn_allocator *alloc;
    firn_bad_line_fn on_bad_line;
    void *ctx;
    size_t max_bytes;        /* of a line */
    unsigned cpu_levels_off; /* as in firn_ndjson_opts */
} text_rows_opts;

typedef struct text_rows {
    text_rows_opts opts;
    firn_arena *arena;
    ndjson_object *root;
    ndjson_line line;
    bool has_lists;
    int64_t *marks; /* n_values of list children before the line */
    firn_buf tail;  /* padded copy of a line at the end of the bytes */
    int64_t line_number;
    int64_t stream_offset; /* of the bytes of the current call */
    /* of the current call: */
    firn_str bytes;
    size_t used;
    bool is_last;
    int64_t max_rows;
    int64_t reserved; /* rows every column has room for */
    firn_batch *batch;
    int64_t *line_numbers;
} text_rows;

/* On failure, too, dispose must follow. */
FIRN_MUST_CHECK firn_status text_rows_init(text_rows *rows, const firn_type *root,
                                           const text_rows_opts *opts, firn_error *err);
void text_rows_dispose(text_rows *rows);
void text_rows_reset(text_rows *rows);

/* A call of the decoder begins; false in *err: not a batch of these columns. */
FIRN_MUST_CHECK firn_status text_rows_begin(text_rows *rows, firn_str bytes, bool is_last,
                                            firn_batch *batch, firn_error *err);
/* ... and ends: the counts of batch and stream are brought up to date. */
void text_rows_end(text_rows *rows);
static inline bool text_rows_is_full(const text_rows *rows)
{
    return rows->batch->n_rows >= rows->max_rows;
}

/* Steps over a byte order mark at the start of the stream. */
void text_rows_skip_mark(text_rows *rows);
/* The line (a part of the bytes of the call) in a place where NDJSON_PADDING bytes follow it that
 * begin with `behind` or with what stands there; NULL: no memory, see text_rows_no_memory. */
const char *text_rows_pad(text_rows *rows, firn_str line);
FIRN_MUST_CHECK firn_status text_rows_no_memory(const text_rows *rows, firn_error *err);
/* False: not UTF-8, and the line is stopped there. */
bool text_rows_check_utf8(text_rows *rows, firn_str line);

/* A row is parsed between begin_row and one of keep_row, take_back and drop_row. */
FIRN_MUST_CHECK firn_status text_rows_begin_row(text_rows *rows, firn_error *err);
void text_rows_keep_row(text_rows *rows);
void text_rows_take_back(text_rows *rows);
/* Takes the row back and reports its line for rows->line.reason, or fails with what was not the
 * line's fault. line: its raw text, at the current offset; error_offset: within it. */
FIRN_MUST_CHECK firn_status text_rows_drop_row(text_rows *rows, firn_str line, int64_t error_offset,
                                               firn_error *err);
/* Reports a line that was not parsed at all, for rows->line.reason. */
FIRN_MUST_CHECK firn_status text_rows_report(text_rows *rows, firn_str line, int64_t error_offset,
                                             firn_error *err);

#endif
