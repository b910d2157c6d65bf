/* SPDX-License-Identifier: Apache-2.0 */
/* One value as bytes whose order under memcmp() is the order of the values (firn_value_compare).
 * No value's bytes are the beginning of another's, so keys of several columns can be put one behind
 * the other. */
#ifndef FIRN_ICEBERG_ORDER_KEY_H
#define FIRN_ICEBERG_ORDER_KEY_H

#include "base/buf.h"
#include "firn/types.h"

/* False for variants, geometries and nested types. */
bool firn_order_key_supports(firn_type_kind kind);
/* A byte for null or not, then the value. */
void firn_order_key_append(const firn_value *value, bool is_descending, bool nulls_last,
                           firn_buf *out);
/* The first eight bytes of the value behind skip bytes (of text), as a number; 0 for null. */
uint64_t firn_order_key_u64(const firn_value *value, size_t skip);

#endif
