/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are numbers of up to eight bytes each, as most orders have them, without their bytes:
 * told from the slots of rows, column by column, and packed into one number, of as few bits as the
 * numbers at hand need. Not for texts and transforms: those have keys of bytes (row_keys.h). */
#ifndef FIRN_ICEBERG_NUMBER_KEYS_H
#define FIRN_ICEBERG_NUMBER_KEYS_H

#include "iceberg/sort/packed_rows.h"
#include "iceberg/sort/row_order.h"

/* One of a key's numbers, and between which ones it was seen. */
typedef struct firn_key_number {
    firn_order_number order;
    uint64_t least, greatest; /* as unsigned numbers in the order; none: least > greatest */
    unsigned bits;            /* of its rank */
} firn_key_number;

typedef struct firn_number_keys {
    firn_key_number numbers[FIRN_ORDER_NUMBERS];
    size_t n;
    unsigned bits; /* of a packed key */
} firn_number_keys;

/* Of an order; false where keys are not numbers. */
bool firn_number_keys_init(firn_number_keys *keys, const firn_row_order *order);

/* ---- what is seen first: whatever lies beyond is told from it, but not from each other ---- */

void firn_number_keys_see(firn_number_keys *keys, const firn_slot_columns *rows, uint32_t from,
                          uint32_t n);
/* A key of the order, as bytes. False: it is none. */
FIRN_MUST_CHECK bool firn_number_keys_see_bytes(firn_number_keys *keys, firn_str key);
/* False where keys take more bits than max_bits, 64 at most. */
FIRN_MUST_CHECK bool firn_number_keys_finish(firn_number_keys *keys, unsigned max_bits);

/* ---- packed ---- */

/* Of rows [from, from + n). In the order of the keys. Equal ones have equal keys where all their
 * numbers are between those seen. */
void firn_number_keys_pack(const firn_number_keys *keys, const firn_slot_columns *rows,
                           uint32_t from, uint32_t n, uint64_t *out);
/* Of a key that was seen. */
uint64_t firn_number_keys_pack_bytes(const firn_number_keys *keys, firn_str key);
/* The key of a row as bytes; how many. */
#define FIRN_NUMBER_KEY_BYTES (FIRN_ORDER_NUMBERS * 9)
size_t firn_number_keys_bytes(const firn_number_keys *keys, const firn_slot_columns *rows,
                              uint32_t row, char out[FIRN_NUMBER_KEY_BYTES]);

#endif
