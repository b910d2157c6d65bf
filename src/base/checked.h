/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic and conversions on numbers that came from outside: false means overflow. */
#ifndef FIRN_BASE_CHECKED_H
#define FIRN_BASE_CHECKED_H

#include "firn/base.h"

static inline bool firn_add_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline bool firn_mul_size(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool firn_add_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}
static inline bool firn_sub_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_sub_overflow(a, b, out);
}
static inline bool firn_mul_i64(int64_t a, int64_t b, int64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool firn_i64_to_size(int64_t v, size_t *out)
{
    if (v < 0) return false;
    *out = (size_t)v;
    return true;
}
static inline bool firn_i64_to_i32(int64_t v, int32_t *out)
{
    if (v < INT32_MIN || v > INT32_MAX) return false;
    *out = (int32_t)v;
    return true;
}
static inline bool firn_size_to_i64(size_t v, int64_t *out)
{
    if (v > (size_t)INT64_MAX) return false;
    *out = (int64_t)v;
    return true;
}

#endif
