/* SPDX-License-Identifier: Apache-2.0 */
/* CSV to typed columns: RFC 4180 and what the world writes besides it.
 *
 * Rows end with LF, CR LF or CR, also in turn. A quoted field may hold delimiters, newlines and
 * doubled quotes; a quote inside an unquoted field is text. A byte order mark is stepped over and
 * so are empty lines, unless the file has one column only, where they are values. A bad row (wrong
 * number of fields, value that does not fit, text that is not UTF-8, quote without end) never stops
 * the decoder: it is reported with its reason and left out.
 *
 * Values are those of format/text/ndjson.h's strings and numbers, and more freely: blanks around
 * numbers, booleans and times; "+5", "007", ".5", "5."; NaN and inf for DOUBLE and FLOAT;
 * true/false, t/f, yes/no, y/n, 1/0 in any case for BOOLEAN. STRUCT, LIST and MAP columns take JSON
 * text. A field that equals null_text is null unless it is quoted; with null_text empty, "" is
 * null, too, where it can be no value (columns that are not STRING or BINARY). */
#ifndef FIRN_FORMAT_CSV_H
#define FIRN_FORMAT_CSV_H

#include "base/alloc.h"
#include "firn/batch.h"
#include "firn/ext/arena.h"
#include "format/text/bad_line.h"

typedef struct firn_csv_decoder firn_csv_decoder;

#define FIRN_CSV_NO_QUOTE '\n' /* as a quote: quotes mean nothing */

/* How a file is written. All zero: RFC 4180 with a header. */
typedef struct firn_csv_dialect {
    char delimiter;     /* 0: ','. No letter, digit, blank or one of + - . " \ */
    char quote;         /* 0: '"' */
    char escape;        /* before a quote or itself inside quotes; 0: the quote, doubled */
    bool has_no_header; /* fields belong to the columns in order */
    firn_str null_text; /* borrowed; empty: an empty field is null */
} firn_csv_dialect;

typedef struct firn_csv_opts {
    const firn_allocator *alloc;
    firn_csv_dialect dialect;
    firn_bad_line_fn on_bad_line; /* NULL: the first bad row is FIRN_ERR_CORRUPT */
    void *ctx;
    size_t max_row_bytes; /* 0: FIRN_LIMIT_CSV_ROW; a longer row is a bad row */
} firn_csv_opts;

/* root: kind STRUCT. With a header a column takes the field of its name, and is null when the
 * header does not have it; other fields are stepped over. */
FIRN_MUST_CHECK firn_status firn_csv_decoder_create(const firn_type *root,
                                                    const firn_csv_opts *opts,
                                                    firn_csv_decoder **out, firn_error *err);
void firn_csv_decoder_destroy(firn_csv_decoder *decoder);
/* Start a new stream: counts begin again and a header is expected. */
void firn_csv_decoder_reset(firn_csv_decoder *decoder);

/* As firn_ndjson_decode(), with rows for lines: FIRN_NEED_MORE (call again with the unused tail and
 * more), FIRN_OK (the batch is full), FIRN_DONE. FIRN_ERR_CORRUPT: the header cannot be used (a
 * name twice, a required column missing). */
FIRN_MUST_CHECK firn_status firn_csv_decode(firn_csv_decoder *decoder, firn_str bytes, bool is_last,
                                            int64_t max_rows, firn_batch *batch,
                                            int64_t *line_numbers, size_t *used, firn_error *err);

/* What a sample (the beginning of a file) tells about dialect and columns; is_whole: it is all of
 * the file. The delimiter is the one of , ; tab | that cuts the first rows most evenly. The first
 * row is a header when its fields are distinct, none is empty and none is a number, boolean, date
 * or time. A column is BOOLEAN, LONG, DOUBLE, DATE, TIME or one of the timestamps when all its
 * values in the first max_rows rows (0: 1000) are, else STRING; integers with leading zeros or
 * beyond LONG are text. Without a header the columns are called column0, column1, ... Fields of
 * given that are not zero are kept. *root lives in the arena. FIRN_ERR_CORRUPT: no row could be
 * cut. */
FIRN_MUST_CHECK firn_status firn_csv_infer(firn_str sample, bool is_whole, int64_t max_rows,
                                           const firn_csv_dialect *given, firn_arena *arena,
                                           firn_csv_dialect *dialect, const firn_type **root,
                                           firn_error *err);

#endif
