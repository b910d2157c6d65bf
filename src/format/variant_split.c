/* SPDX-License-Identifier: Apache-2.0 */
/*   metadata: <header> <n> <n + 1 offsets> <bytes>; numbers of 1 to 4 bytes
 *   header:   version 1 in the low 4 bits, bytes of a number - 1 in the high 2 */
#include "format/variant_split.h"

#include "base/error.h"
#include "base/str.h"

static uint64_t read_number(const char *at, size_t size)
{
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++) v |= (uint64_t)(uint8_t)at[i] << (8 * i);
    return v;
}

static firn_status check_offsets(const char *offsets, size_t n, size_t size, firn_error *err)
{
    uint64_t last = 0;
    for (size_t i = 0; i <= n; i++) {
        const uint64_t offset = read_number(offsets + i * size, size);
        if (offset < last || (i == 0 && offset != 0))
            return firn_fail(err, FIRN_ERR_ARG,
                             "variant metadata: offset %llu of name %zu after %llu",
                             (unsigned long long)offset, i, (unsigned long long)last);
        last = offset;
    }
    return FIRN_OK;
}

firn_status firn_variant_split(firn_str variant, firn_str *metadata, firn_str *value,
                               firn_error *err)
{
    if (variant.len == 0) return firn_fail(err, FIRN_ERR_ARG, "variant of 0 bytes");
    const unsigned header = (uint8_t)variant.data[0], version = header & 15;
    const size_t size = (header >> 6 & 3) + 1u;
    if (version != 1)
        return firn_fail(err, FIRN_ERR_ARG, "variant metadata of version %u, expected 1", version);
    if (variant.len < 1 + size)
        return firn_fail(err, FIRN_ERR_ARG, "variant metadata ends after %zu bytes", variant.len);
    const uint64_t n = read_number(variant.data + 1, size);
    if ((variant.len - 1) / size < n + 2)
        return firn_fail(err, FIRN_ERR_ARG, "variant metadata of %llu names in %zu bytes",
                         (unsigned long long)n, variant.len);
    const char *offsets = variant.data + 1 + size;
    FIRN_TRY(check_offsets(offsets, (size_t)n, size, err));
    const size_t start = 1 + size * ((size_t)n + 2);
    const uint64_t n_bytes = read_number(offsets + (size_t)n * size, size);
    if (n_bytes >= variant.len - start)
        return firn_fail(err, FIRN_ERR_ARG,
                         "variant metadata of %llu bytes of names and a value in %zu bytes",
                         (unsigned long long)n_bytes, variant.len - start);
    *metadata = firn_str_slice(variant, 0, start + (size_t)n_bytes);
    *value = firn_str_slice(variant, start + (size_t)n_bytes, variant.len);
    return FIRN_OK;
}
