/* SPDX-License-Identifier: Apache-2.0 */
/* The cursor's variable-length integers and its failure message. */
#define FIRN_CURSOR_C
#include "base/cursor.h"

#include <inttypes.h>

firn_status firn_cursor_short(const firn_cursor *c, uint64_t needed, firn_error *err)
{
    return firn_fail_at(err, firn_cursor_pos(c), "truncated: %" PRIu64 " bytes needed, %zu left",
                        needed, firn_cursor_left(c));
}

/* max_bytes bytes at most, of which the last may hold only the bits in last_mask. */
static firn_status read_varint(firn_cursor *c, unsigned max_bytes, uint8_t last_mask, uint64_t *out,
                               firn_error *err)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < max_bytes; i++) {
        uint8_t byte;
        if (c->at + i == c->end) return firn_cursor_short(c, (uint64_t)i + 1, err);
        byte = c->at[i];
        if (i + 1 == max_bytes && (byte & ~last_mask) != 0) break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            c->at += i + 1;
            *out = value;
            return FIRN_OK;
        }
    }
    return firn_fail_at(err, firn_cursor_pos(c), "variable-length integer exceeds %u bits",
                        max_bytes == 5 ? 32u : 64u);
}

firn_status firn_cursor_uvarint(firn_cursor *c, uint64_t *out, firn_error *err)
{
    if (c->at != c->end && *c->at < 0x80) {
        *out = *c->at++;
        return FIRN_OK;
    }
    return read_varint(c, 10, 0x01, out, err);
}

firn_status firn_cursor_uvarint32(firn_cursor *c, uint32_t *out, firn_error *err)
{
    uint64_t value = 0;

    FIRN_TRY(read_varint(c, 5, 0x0f, &value, err));
    *out = (uint32_t)value;
    return FIRN_OK;
}

firn_status firn_cursor_zigzag(firn_cursor *c, int64_t *out, firn_error *err)
{
    uint64_t u = 0;

    FIRN_TRY(firn_cursor_uvarint(c, &u, err));
    *out = (int64_t)((u >> 1) ^ (0 - (u & 1)));
    return FIRN_OK;
}

firn_status firn_cursor_zigzag32(firn_cursor *c, int32_t *out, firn_error *err)
{
    uint32_t u = 0;

    FIRN_TRY(firn_cursor_uvarint32(c, &u, err));
    *out = (int32_t)((u >> 1) ^ (0 - (u & 1)));
    return FIRN_OK;
}
