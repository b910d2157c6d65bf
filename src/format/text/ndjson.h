/* SPDX-License-Identifier: Apache-2.0 */
/* Newline-delimited JSON to typed columns.
 *
 * The decoder speculates on the key order of the line before; a line that does not fit takes the
 * general path. Numbers are exact (a DECIMAL column takes the digits as written), text is checked
 * UTF-8 with escapes resolved, unknown keys are skipped, missing keys and JSON null give null. A
 * bad line never stops the decoder: it is reported with its reason and left out.
 *
 * Values by column type: BOOLEAN true/false; INT, LONG integers in range; FLOAT, DOUBLE numbers;
 * DECIMAL numbers or numeric strings that fit exactly; STRING strings (a number or boolean is taken
 * as its text, an object or array as its raw JSON); DATE, TIME and all timestamps ISO 8601 strings;
 * BINARY/FIXED/UUID strings (base64 / hex / canonical); STRUCT objects, LIST arrays, MAP objects
 * whose keys are texts of any primitive type, each once; UNKNOWN null. A null or missing value in a
 * required column, and a column's key given twice, make the line bad. A byte order mark at the
 * start of the stream is stepped over. */
#ifndef FIRN_FORMAT_NDJSON_H
#define FIRN_FORMAT_NDJSON_H

#include "base/alloc.h"
#include "firn/batch.h"
#include "format/text/bad_line.h"

typedef struct firn_ndjson_decoder firn_ndjson_decoder;

typedef struct firn_ndjson_opts {
    const firn_allocator *alloc;
    firn_bad_line_fn on_bad_line; /* NULL: the first bad line is FIRN_ERR_CORRUPT */
    void *ctx;
    size_t max_line_bytes;   /* 0: FIRN_LIMIT_JSON_LINE; a longer line is a bad line */
    unsigned cpu_levels_off; /* levels of base/cpu.h below this machine's best, for tests */
} firn_ndjson_opts;

/* root: kind STRUCT; the columns to decode, found by field name. */
FIRN_MUST_CHECK firn_status firn_ndjson_decoder_create(const firn_type *root,
                                                       const firn_ndjson_opts *opts,
                                                       firn_ndjson_decoder **out, firn_error *err);
void firn_ndjson_decoder_destroy(firn_ndjson_decoder *decoder);
/* Start a new stream: line and byte counts begin again. */
void firn_ndjson_decoder_reset(firn_ndjson_decoder *decoder);

/* Decode lines from bytes and append rows to batch until bytes hold no complete line or the batch
 * has max_rows rows. *used: bytes consumed (whole lines). is_last: the bytes end the stream, so a
 * final line needs no newline. Blank lines are skipped (they count as lines).
 * line_numbers (may be NULL): the line number of each appended row, room for max_rows.
 * FIRN_NEED_MORE: call again with more bytes (unused tail first); FIRN_OK: the batch is full;
 * FIRN_DONE: is_last and all consumed. In all three cases the batch holds the rows so far. */
FIRN_MUST_CHECK firn_status firn_ndjson_decode(firn_ndjson_decoder *decoder, firn_str bytes,
                                               bool is_last, int64_t max_rows, firn_batch *batch,
                                               int64_t *line_numbers, size_t *used,
                                               firn_error *err);

#endif
