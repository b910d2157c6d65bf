/* SPDX-License-Identifier: Apache-2.0 */
/* Which slots rows that are sorted have, and how wide. There are two forms: the full one, and a
 * narrow one where longs, timestamps and decimals of 16 bytes have half of their bytes, which most
 * rows can do with: less memory for rows is less of what goes to files. */
#ifndef FIRN_ICEBERG_ROW_LAYOUT_H
#define FIRN_ICEBERG_ROW_LAYOUT_H

#include "base/arena.h"
#include "firn/batch.h"

typedef enum firn_slot_kind {
    FIRN_SLOT_NUMBER = 0,
    FIRN_SLOT_TEXT,
    FIRN_SLOT_NESTED,  /* structs, lists, maps: encoded (packed_values.h) */
    FIRN_SLOT_NOTHING, /* always null */
} firn_slot_kind;

typedef struct firn_row_slot {
    firn_slot_kind kind;
    size_t width; /* bytes */
    size_t at;    /* bytes of a row's slots before this one */
} firn_row_slot;

typedef struct firn_row_form {
    firn_row_slot *slots; /* of the layout's columns */
    size_t n_columns;
    size_t slot_bytes; /* of a row */
    bool has_bytes;    /* text or nested columns */
} firn_row_form;

typedef struct firn_row_layout {
    const firn_type *root; /* borrowed */
    firn_row_form full;
    firn_row_form narrow; /* the same as full unless firn_row_layout_narrow() found that it helps */
    size_t n_columns;     /* root's, and the place if it has a slot */
    size_t place_width; /* the last column is a place on a curve, of so many bytes; 0: it is not */
} firn_row_layout;

/* In the arena. place_width: of places on a curve that rows carry along; 0: they do not. */
FIRN_MUST_CHECK firn_status firn_row_layout_init(firn_row_layout *layout, const firn_type *root,
                                                 size_t place_width, firn_arena *arena,
                                                 firn_error *err);
/* Narrow are the columns whose values all fit in these rows: those to come will be like them.
 * Before there are blocks. */
void firn_row_layout_narrow(firn_row_layout *layout, const firn_batch *rows);
/* Of a slot of width bytes: is its upper half nothing but the sign of the lower? */
bool firn_slot_fits_half(const char *slot, size_t width);

#endif
