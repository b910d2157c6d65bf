/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals as numbers without their point: how many digits and how many bytes they take. Not here:
 * decimals as text (iceberg/spec/value_text.c, format/text). */
#ifndef FIRN_FORMAT_DECIMAL_H
#define FIRN_FORMAT_DECIMAL_H

#include "firn/types.h"

/* 10^n where 64 bits hold it. */
extern const uint64_t firn_powers_of_ten[19];
/* 10^n for n of 0 to 38. */
firn_int128 firn_power_of_ten(int32_t n);
/* value has precision digits at most. A column has room for more (firn/batch.h). */
bool firn_decimal_fits(firn_int128 value, int32_t precision);
/* Bytes of the smallest two's complement that holds all decimals of this precision. */
size_t firn_decimal_fixed_size(int32_t precision);
/* The lowest n bytes of value, the highest of them first. */
static inline void firn_decimal_to_bytes(firn_int128 value, size_t n, char *out)
{
    for (size_t i = n; i-- > 0; value >>= 8) out[i] = (char)value;
}
/* Big-endian two's complement of 1 to 16 bytes. */
firn_int128 firn_decimal_of_bytes(firn_str bytes);

#endif
