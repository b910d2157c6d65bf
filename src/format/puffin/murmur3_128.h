/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit Murmur3 (x64 variant), the hash of Apache DataSketches. Not a general hash: tables inside
 * the program use firn_str_hash(). */
#ifndef FIRN_FORMAT_MURMUR3_128_H
#define FIRN_FORMAT_MURMUR3_128_H

#include "firn/base.h"

void firn_murmur3_x64_128(const void *data, size_t n, uint64_t seed, uint64_t out[2]);

#endif
