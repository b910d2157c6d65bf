/* SPDX-License-Identifier: Apache-2.0 */
/* Thrift compact protocol, writing. Field header: (id delta << 4 | type) in one byte, or type and
 * zigzag id when the delta is not 1..15. List header: (count << 4 | type), or 0xf0 | type and the
 * count. */
#include "format/parquet/thrift/thrift_writer.h"

#include <string.h>

enum {
    WIRE_TRUE = 1,
    WIRE_FALSE = 2,
    WIRE_I8 = 3,
    WIRE_I16 = 4,
    WIRE_I32 = 5,
    WIRE_I64 = 6,
    WIRE_DOUBLE = 7,
    WIRE_BINARY = 8,
    WIRE_LIST = 9,
    WIRE_STRUCT = 12,
};

firn_thrift_writer firn_thrift_writer_of(firn_buf *out)
{
    return (firn_thrift_writer){.out = out};
}

static void put_field(firn_thrift_writer *w, int16_t id, uint8_t type)
{
    const int delta = id - w->last_id[w->depth];
    if (delta > 0 && delta < 16) {
        firn_buf_byte(w->out, (uint8_t)(delta << 4 | type));
    } else {
        firn_buf_byte(w->out, type);
        firn_buf_zigzag(w->out, id);
    }
    w->last_id[w->depth] = id;
}

static void put_text(firn_thrift_writer *w, firn_str value)
{
    firn_buf_uvarint(w->out, value.len);
    firn_buf_str(w->out, value);
}

static void put_list(firn_thrift_writer *w, int16_t id, size_t n, uint8_t type)
{
    put_field(w, id, WIRE_LIST);
    if (n < 15) {
        firn_buf_byte(w->out, (uint8_t)(n << 4 | type));
    } else {
        firn_buf_byte(w->out, 0xf0 | type);
        firn_buf_uvarint(w->out, n);
    }
}

void firn_thrift_put_bool(firn_thrift_writer *w, int16_t id, bool value)
{
    put_field(w, id, value ? WIRE_TRUE : WIRE_FALSE);
}

void firn_thrift_put_i8(firn_thrift_writer *w, int16_t id, int8_t value)
{
    put_field(w, id, WIRE_I8);
    firn_buf_byte(w->out, (uint8_t)value);
}

void firn_thrift_put_i16(firn_thrift_writer *w, int16_t id, int16_t value)
{
    put_field(w, id, WIRE_I16);
    firn_buf_zigzag(w->out, value);
}

void firn_thrift_put_i32(firn_thrift_writer *w, int16_t id, int32_t value)
{
    put_field(w, id, WIRE_I32);
    firn_buf_zigzag(w->out, value);
}

void firn_thrift_put_i64(firn_thrift_writer *w, int16_t id, int64_t value)
{
    put_field(w, id, WIRE_I64);
    firn_buf_zigzag(w->out, value);
}

void firn_thrift_put_double(firn_thrift_writer *w, int16_t id, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_field(w, id, WIRE_DOUBLE);
    firn_buf_u64le(w->out, bits);
}

void firn_thrift_put_bytes(firn_thrift_writer *w, int16_t id, firn_str value)
{
    put_field(w, id, WIRE_BINARY);
    put_text(w, value);
}

void firn_thrift_put_element_struct(firn_thrift_writer *w)
{
    /* The depth is the caller's constant, never data: staying at the last level is enough. */
    if (w->depth + 1 < FIRN_THRIFT_WRITER_DEPTH)
        w->depth++;
    else
        w->out->status = FIRN_ERR_INTERNAL;
    w->last_id[w->depth] = 0;
}

void firn_thrift_put_struct(firn_thrift_writer *w, int16_t id)
{
    put_field(w, id, WIRE_STRUCT);
    firn_thrift_put_element_struct(w);
}

void firn_thrift_put_end(firn_thrift_writer *w)
{
    firn_buf_byte(w->out, 0);
    if (w->depth > 0) w->depth--;
}

void firn_thrift_put_empty(firn_thrift_writer *w, int16_t id)
{
    firn_thrift_put_struct(w, id);
    firn_thrift_put_end(w);
}

void firn_thrift_put_list_of_structs(firn_thrift_writer *w, int16_t id, size_t n)
{
    put_list(w, id, n, WIRE_STRUCT);
}

void firn_thrift_put_list_of_i32(firn_thrift_writer *w, int16_t id, size_t n)
{
    put_list(w, id, n, WIRE_I32);
}

void firn_thrift_put_list_of_i64(firn_thrift_writer *w, int16_t id, size_t n)
{
    put_list(w, id, n, WIRE_I64);
}

/* Both 1 and 2 are in use as the element type; other writers put 1. */
void firn_thrift_put_list_of_bool(firn_thrift_writer *w, int16_t id, size_t n)
{
    put_list(w, id, n, WIRE_TRUE);
}

void firn_thrift_put_list_of_bytes(firn_thrift_writer *w, int16_t id, size_t n)
{
    put_list(w, id, n, WIRE_BINARY);
}

void firn_thrift_put_element_i32(firn_thrift_writer *w, int32_t value)
{
    firn_buf_zigzag(w->out, value);
}

void firn_thrift_put_element_i64(firn_thrift_writer *w, int64_t value)
{
    firn_buf_zigzag(w->out, value);
}

void firn_thrift_put_element_bool(firn_thrift_writer *w, bool value)
{
    firn_buf_byte(w->out, value ? WIRE_TRUE : WIRE_FALSE);
}

void firn_thrift_put_element_bytes(firn_thrift_writer *w, firn_str value)
{
    put_text(w, value);
}
