/* SPDX-License-Identifier: Apache-2.0 */
/* Compact protocol reader. Skipping unknown fields recurses at most FIRN_LIMIT_NESTING deep. */
#include "format/parquet/thrift/thrift.h"

#include "base/limits.h"

#define LONG_LIST 15 /* this size nibble says that a varint size follows */
#define UUID_SIZE 16

static const char *const k_type_names[] = {"stop", "boolean", "boolean", "i8",     "i16",
                                           "i32",  "i64",     "double",  "binary", "list",
                                           "set",  "map",     "struct",  "uuid"};

static const char *type_name(firn_thrift_type type)
{
    return (size_t)type < sizeof k_type_names / sizeof *k_type_names ? k_type_names[type]
                                                                     : "unknown";
}

firn_thrift firn_thrift_of(firn_str bytes, uint64_t base_offset)
{
    firn_thrift t = {firn_cursor_of(bytes, base_offset), 0};
    return t;
}

static firn_status fail_type(const firn_thrift *t, const firn_thrift_field *field,
                             const char *expected, firn_error *err)
{
    return firn_fail_at(err, firn_cursor_pos(&t->in), "thrift field %d is %s, expected %s",
                        (int)field->id, type_name(field->type), expected);
}

static firn_status go_deeper(firn_thrift *t, firn_error *err)
{
    if (t->depth >= FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "thrift structs nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    t->depth++;
    return FIRN_OK;
}

firn_status firn_thrift_enter(firn_thrift *t, const firn_thrift_field *in_field,
                              firn_thrift_field *first, firn_error *err)
{
    if (in_field && in_field->type != FIRN_THRIFT_STRUCT)
        return fail_type(t, in_field, "struct", err);
    *first = (firn_thrift_field){0, FIRN_THRIFT_STOP};
    return go_deeper(t, err);
}

firn_status firn_thrift_next(firn_thrift *t, firn_thrift_field *field, firn_error *err)
{
    uint8_t head = 0;
    FIRN_TRY(firn_cursor_u8(&t->in, &head, err));
    if ((head & 0x0f) == FIRN_THRIFT_STOP) {
        t->depth--;
        field->type = FIRN_THRIFT_STOP;
        return FIRN_DONE;
    }
    if ((head & 0x0f) > FIRN_THRIFT_UUID)
        return firn_fail_at(err, firn_cursor_pos(&t->in), "thrift type %d, expected 1 to %d",
                            head & 0x0f, (int)FIRN_THRIFT_UUID);
    field->type = (firn_thrift_type)(head & 0x0f);
    int32_t id = field->id + (head >> 4);
    if (head >> 4 == 0) FIRN_TRY(firn_cursor_zigzag32(&t->in, &id, err));
    if (id < INT16_MIN || id > INT16_MAX)
        return firn_fail_at(err, firn_cursor_pos(&t->in), "thrift field id %d out of range", id);
    field->id = (int16_t)id;
    return FIRN_OK;
}

firn_status firn_thrift_bool(firn_thrift *t, const firn_thrift_field *field, bool *out,
                             firn_error *err)
{
    if (field->type != FIRN_THRIFT_TRUE && field->type != FIRN_THRIFT_FALSE)
        return fail_type(t, field, "boolean", err);
    *out = field->type == FIRN_THRIFT_TRUE;
    return FIRN_OK;
}

firn_status firn_thrift_bool_element(firn_thrift *t, bool *out, firn_error *err)
{
    uint8_t byte = 0;
    FIRN_TRY(firn_cursor_u8(&t->in, &byte, err));
    if (byte > FIRN_THRIFT_FALSE)
        return firn_fail_at(err, firn_cursor_pos(&t->in), "thrift boolean %d, expected 0 to 2",
                            byte);
    *out = byte == FIRN_THRIFT_TRUE;
    return FIRN_OK;
}

firn_status firn_thrift_i64(firn_thrift *t, const firn_thrift_field *field, int64_t *out,
                            firn_error *err)
{
    uint8_t byte = 0;
    switch (field->type) {
    case FIRN_THRIFT_I8:
        FIRN_TRY(firn_cursor_u8(&t->in, &byte, err));
        *out = (int64_t)byte - (byte < 0x80 ? 0 : 0x100);
        return FIRN_OK;
    case FIRN_THRIFT_I16:
    case FIRN_THRIFT_I32:
    case FIRN_THRIFT_I64: return firn_cursor_zigzag(&t->in, out, err);
    default: return fail_type(t, field, "integer", err);
    }
}

firn_status firn_thrift_i32(firn_thrift *t, const firn_thrift_field *field, int32_t *out,
                            firn_error *err)
{
    int64_t wide = 0;
    if (field->type == FIRN_THRIFT_I64) return fail_type(t, field, "i32", err);
    FIRN_TRY(firn_thrift_i64(t, field, &wide, err));
    if (wide < INT32_MIN || wide > INT32_MAX)
        return firn_fail_at(err, firn_cursor_pos(&t->in), "thrift field %d does not fit 32 bits",
                            (int)field->id);
    *out = (int32_t)wide;
    return FIRN_OK;
}

firn_status firn_thrift_binary(firn_thrift *t, const firn_thrift_field *field, firn_str *out,
                               firn_error *err)
{
    uint32_t n = 0;
    if (field->type != FIRN_THRIFT_BINARY) return fail_type(t, field, "binary", err);
    FIRN_TRY(firn_cursor_uvarint32(&t->in, &n, err));
    if (n > FIRN_LIMIT_THRIFT_STRING)
        return firn_fail(err, FIRN_ERR_LIMIT, "thrift string of %u bytes, limit %zu", n,
                         FIRN_LIMIT_THRIFT_STRING);
    return firn_cursor_take(&t->in, n, out, err);
}

/* Size and element type of a list or set. */
static firn_status read_list_head(firn_thrift *t, firn_thrift_type *element, size_t *n,
                                  firn_error *err)
{
    uint8_t head = 0;
    uint32_t size = 0;
    FIRN_TRY(firn_cursor_u8(&t->in, &head, err));
    size = head >> 4;
    if (size == LONG_LIST) FIRN_TRY(firn_cursor_uvarint32(&t->in, &size, err));
    if (size > FIRN_LIMIT_THRIFT_LIST)
        return firn_fail(err, FIRN_ERR_LIMIT, "thrift list of %u elements, limit %d", size,
                         FIRN_LIMIT_THRIFT_LIST);
    /* Every element takes at least one byte. */
    if (size > firn_cursor_left(&t->in)) return firn_cursor_short(&t->in, size, err);
    *element = (firn_thrift_type)(head & 0x0f);
    *n = size;
    return FIRN_OK;
}

static bool is_same_element(firn_thrift_type found, firn_thrift_type expected)
{
    const bool is_bool = found == FIRN_THRIFT_FALSE && expected == FIRN_THRIFT_TRUE;
    return found == expected || is_bool;
}

firn_status firn_thrift_list(firn_thrift *t, const firn_thrift_field *field,
                             firn_thrift_type element, size_t *n, firn_error *err)
{
    firn_thrift_type found = FIRN_THRIFT_STOP;
    if (field->type != FIRN_THRIFT_LIST && field->type != FIRN_THRIFT_SET)
        return fail_type(t, field, "list", err);
    FIRN_TRY(read_list_head(t, &found, n, err));
    if (*n > 0 && !is_same_element(found, element))
        return firn_fail_at(err, firn_cursor_pos(&t->in), "thrift list of %s, expected %s",
                            type_name(found), type_name(element));
    return FIRN_OK;
}

static firn_status skip_value(firn_thrift *t, firn_thrift_type type, bool in_list, firn_error *err);

static firn_status skip_list(firn_thrift *t, firn_error *err)
{
    firn_thrift_type element = FIRN_THRIFT_STOP;
    size_t n = 0;
    FIRN_TRY(read_list_head(t, &element, &n, err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(skip_value(t, element, true, err));
    return FIRN_OK;
}

static firn_status skip_map(firn_thrift *t, firn_error *err)
{
    uint32_t n = 0;
    uint8_t types = 0;
    FIRN_TRY(firn_cursor_uvarint32(&t->in, &n, err));
    if (n == 0) return FIRN_OK;
    if (n > FIRN_LIMIT_THRIFT_LIST)
        return firn_fail(err, FIRN_ERR_LIMIT, "thrift map of %u entries, limit %d", n,
                         FIRN_LIMIT_THRIFT_LIST);
    FIRN_TRY(firn_cursor_u8(&t->in, &types, err));
    for (uint32_t i = 0; i < n; i++) {
        FIRN_TRY(skip_value(t, (firn_thrift_type)(types >> 4), true, err));
        FIRN_TRY(skip_value(t, (firn_thrift_type)(types & 0x0f), true, err));
    }
    return FIRN_OK;
}

static firn_status skip_struct(firn_thrift *t, firn_error *err)
{
    firn_thrift_field f = {0, FIRN_THRIFT_STOP};
    for (;;) {
        const firn_status st = firn_thrift_next(t, &f, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        FIRN_TRY(skip_value(t, f.type, false, err));
    }
}

/* A boolean is part of its field header, but takes a byte in a list or map. */
static firn_status skip_value(firn_thrift *t, firn_thrift_type type, bool in_list, firn_error *err)
{
    uint64_t number = 0;
    uint32_t n = 0;
    firn_str bytes;
    switch (type) {
    case FIRN_THRIFT_TRUE:
    case FIRN_THRIFT_FALSE: return firn_cursor_take(&t->in, in_list ? 1 : 0, &bytes, err);
    case FIRN_THRIFT_I8: return firn_cursor_take(&t->in, 1, &bytes, err);
    case FIRN_THRIFT_I16:
    case FIRN_THRIFT_I32:
    case FIRN_THRIFT_I64: return firn_cursor_uvarint(&t->in, &number, err);
    case FIRN_THRIFT_DOUBLE: return firn_cursor_take(&t->in, sizeof(double), &bytes, err);
    case FIRN_THRIFT_UUID: return firn_cursor_take(&t->in, UUID_SIZE, &bytes, err);
    case FIRN_THRIFT_BINARY:
        FIRN_TRY(firn_cursor_uvarint32(&t->in, &n, err));
        return firn_cursor_take(&t->in, n, &bytes, err);
    case FIRN_THRIFT_LIST:
    case FIRN_THRIFT_SET:
    case FIRN_THRIFT_MAP:
        FIRN_TRY(go_deeper(t, err));
        FIRN_TRY(type == FIRN_THRIFT_MAP ? skip_map(t, err) : skip_list(t, err));
        t->depth--;
        return FIRN_OK;
    case FIRN_THRIFT_STRUCT:
        FIRN_TRY(go_deeper(t, err));
        return skip_struct(t, err); /* firn_thrift_next comes up again at STOP */
    case FIRN_THRIFT_STOP: break;
    }
    return firn_fail_at(err, firn_cursor_pos(&t->in), "thrift type %d, expected 1 to %d", (int)type,
                        (int)FIRN_THRIFT_UUID);
}

firn_status firn_thrift_skip(firn_thrift *t, const firn_thrift_field *field, firn_error *err)
{
    return skip_value(t, field->type, false, err);
}
