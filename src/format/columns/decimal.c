/* SPDX-License-Identifier: Apache-2.0 */
#include "format/columns/decimal.h"

const uint64_t firn_powers_of_ten[19] = {1u,
                                         10u,
                                         100u,
                                         1000u,
                                         10000u,
                                         100000u,
                                         1000000u,
                                         10000000u,
                                         100000000u,
                                         1000000000u,
                                         10000000000u,
                                         100000000000u,
                                         1000000000000u,
                                         10000000000000u,
                                         100000000000000u,
                                         1000000000000000u,
                                         10000000000000000u,
                                         100000000000000000u,
                                         1000000000000000000u};

firn_int128 firn_power_of_ten(int32_t n)
{
    firn_int128 power = 1;
    for (; n > 18; n -= 18) power *= (firn_int128)firn_powers_of_ten[18];
    return power * (firn_int128)firn_powers_of_ten[n];
}

bool firn_decimal_fits(firn_int128 value, int32_t precision)
{
    const firn_int128 limit = firn_power_of_ten(precision);
    return value > -limit && value < limit;
}

size_t firn_decimal_fixed_size(int32_t precision)
{
    const firn_uint128 limit = (firn_uint128)firn_power_of_ten(precision);
    size_t bytes = 1;
    while (bytes < 16 && (firn_uint128)1 << (8 * bytes - 1) < limit) bytes++;
    return bytes;
}

firn_int128 firn_decimal_of_bytes(firn_str bytes)
{
    firn_uint128 v = (uint8_t)bytes.data[0] & 0x80 ? ~(firn_uint128)0 : 0;
    for (size_t i = 0; i < bytes.len; i++) v = v << 8 | (uint8_t)bytes.data[i];
    return (firn_int128)v;
}
