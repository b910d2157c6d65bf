/* SPDX-License-Identifier: Apache-2.0 */
/* One Avro value as text, whatever its schema: unions, enums and top-level values that are no
 * record included, which no batch can hold. Rows for queries are avro_rows.h's.
 *
 * Records are {"field":value,...} in schema order, maps {"key":value,...} by rising key (of equal
 * keys the last one counts), arrays [a,b], enums their symbol as text, bytes and fixed (decimals
 * and uuids too) quoted hex, dates and times plain numbers in the unit of the file, floats %.9g and
 * doubles %.17g with NaN, Infinity, -Infinity; of text only ", \\ and control characters are
 * escaped. */
#ifndef FIRN_FORMAT_AVRO_RENDER_H
#define FIRN_FORMAT_AVRO_RENDER_H

#include "format/avro/avro.h"

/* Reads one value at the cursor and appends its text. */
FIRN_MUST_CHECK firn_status firn_avro_render(firn_cursor *c, const firn_avro_schema *schema,
                                             firn_buf *out, firn_error *err);
/* The next record of a file, appended without a newline; FIRN_DONE at its end. */
FIRN_MUST_CHECK firn_status firn_avro_render_next(firn_avro_reader *reader, firn_buf *out,
                                                  firn_error *err);

#endif
