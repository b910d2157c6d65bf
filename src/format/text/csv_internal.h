/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the CSV reader: rows cut into fields (csv_token.c). */
#ifndef FIRN_FORMAT_CSV_INTERNAL_H
#define FIRN_FORMAT_CSV_INTERNAL_H

#include "base/buf.h"
#include "format/text/csv.h"

/* One field as it stands in the file; of a quoted one what is between the quotes. */
typedef struct csv_field {
    uint32_t start; /* offsets in the row */
    uint32_t end;
    bool is_quoted;
    bool has_escapes; /* the text between the quotes is not yet the value */
} csv_field;

typedef enum csv_found {
    CSV_FOUND_ROW,
    CSV_FOUND_NO_END, /* the bytes end first; in n_bytes where the open quote is, or the end */
    CSV_FOUND_FAULT,  /* text behind a closing quote; in n_bytes where */
    CSV_FOUND_LIMIT,  /* more fields than row->fields can take, whose status says why; in n_bytes
                         where the next begins */
} csv_found;

/* The row at the start of some bytes. */
typedef struct csv_row {
    firn_buf fields;   /* csv_field */
    size_t n_fields;   /* blank line: 0 */
    size_t n_bytes;    /* without the newline */
    size_t n_newline;  /* bytes of the newline; 0 at the end of the stream */
    int64_t n_lines;   /* lines the row ends, newlines in quotes included */
    bool is_in_quotes; /* CSV_FOUND_NO_END: a quote is open */
} csv_row;

/* The dialect with its defaults filled in, or why it cannot be. */
FIRN_MUST_CHECK firn_status csv_dialect_check(const firn_csv_dialect *given, firn_csv_dialect *out,
                                              firn_error *err);

/* Cuts the first row of less than 4 GiB. is_last: the bytes end the stream, so the row needs no
 * newline; CSV_FOUND_NO_END is then an open quote. */
csv_found csv_next_row(const firn_csv_dialect *dialect, firn_str bytes, bool is_last, csv_row *row);

/* Appends a field's value: its text, with quotes and escapes resolved. */
void csv_append_value(const firn_csv_dialect *dialect, const char *row, const csv_field *field,
                      firn_buf *out);

static inline const csv_field *csv_field_at(const csv_row *row, size_t i)
{
    return (const csv_field *)(const void *)row->fields.data + i;
}

#endif
