/* SPDX-License-Identifier: Apache-2.0 */
/* Reading Thrift's compact protocol from untrusted bytes: depth, string and list sizes are limited
 * and no list may claim more elements than bytes are left. Nothing is copied: text is borrowed
 * from the input. Not here: what the structs mean (parquet_footer.c), writing (thrift_writer.h). */
#ifndef FIRN_FORMAT_THRIFT_H
#define FIRN_FORMAT_THRIFT_H

#include "base/cursor.h"
#include "firn/base.h"

typedef enum firn_thrift_type {
    FIRN_THRIFT_STOP = 0,
    FIRN_THRIFT_TRUE = 1, /* in a list: any boolean */
    FIRN_THRIFT_FALSE = 2,
    FIRN_THRIFT_I8 = 3,
    FIRN_THRIFT_I16 = 4,
    FIRN_THRIFT_I32 = 5,
    FIRN_THRIFT_I64 = 6,
    FIRN_THRIFT_DOUBLE = 7,
    FIRN_THRIFT_BINARY = 8,
    FIRN_THRIFT_LIST = 9,
    FIRN_THRIFT_SET = 10,
    FIRN_THRIFT_MAP = 11,
    FIRN_THRIFT_STRUCT = 12,
    FIRN_THRIFT_UUID = 13,
} firn_thrift_type;

typedef struct firn_thrift {
    firn_cursor in;
    int depth;
} firn_thrift;

/* The field being read; id is relative to the one before it, so one object serves a whole struct.
 * Set it to {0} (firn_thrift_enter does) and hand it to firn_thrift_next until type is STOP. */
typedef struct firn_thrift_field {
    int16_t id;
    firn_thrift_type type;
} firn_thrift_field;

firn_thrift firn_thrift_of(firn_str bytes, uint64_t base_offset);

/* Begin a struct that is the value of a field (or, with in_field NULL, stands alone or in a list).
 */
FIRN_MUST_CHECK firn_status firn_thrift_enter(firn_thrift *t, const firn_thrift_field *in_field,
                                              firn_thrift_field *first, firn_error *err);
/* Next field header; at STOP the struct is left and FIRN_DONE returned. */
FIRN_MUST_CHECK firn_status firn_thrift_next(firn_thrift *t, firn_thrift_field *field,
                                             firn_error *err);
/* Step over the value of the field. */
FIRN_MUST_CHECK firn_status firn_thrift_skip(firn_thrift *t, const firn_thrift_field *field,
                                             firn_error *err);

/* Typed values; a field of another type is FIRN_ERR_CORRUPT. i32 also takes i8 and i16, i64 all
 * integers. */
FIRN_MUST_CHECK firn_status firn_thrift_bool(firn_thrift *t, const firn_thrift_field *field,
                                             bool *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_thrift_i32(firn_thrift *t, const firn_thrift_field *field,
                                            int32_t *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_thrift_i64(firn_thrift *t, const firn_thrift_field *field,
                                            int64_t *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_thrift_binary(firn_thrift *t, const firn_thrift_field *field,
                                               firn_str *out, firn_error *err);
/* One boolean of a list. */
FIRN_MUST_CHECK firn_status firn_thrift_bool_element(firn_thrift *t, bool *out, firn_error *err);
/* Begin a list whose elements must be of the given type; an empty list may name any. Elements
 * follow one after another: structs by firn_thrift_enter(t, NULL, ...), others by the functions
 * above with a field {0, element}. */
FIRN_MUST_CHECK firn_status firn_thrift_list(firn_thrift *t, const firn_thrift_field *field,
                                             firn_thrift_type element, size_t *n, firn_error *err);

#endif
