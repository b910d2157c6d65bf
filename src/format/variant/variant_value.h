/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of variants: names in metadata, fields of an object, and putting values together.
 * Source: Parquet's VariantEncoding. Not here: the columns variants are kept in. */
#ifndef FIRN_FORMAT_VARIANT_VALUE_H
#define FIRN_FORMAT_VARIANT_VALUE_H

#include "base/buf.h"
#include "firn/base.h"

/* Ids of primitive types. */
typedef enum firn_variant_type {
    FIRN_VARIANT_NULL = 0,
    FIRN_VARIANT_TRUE = 1,
    FIRN_VARIANT_FALSE = 2,
    FIRN_VARIANT_INT8 = 3,
    FIRN_VARIANT_INT16 = 4,
    FIRN_VARIANT_INT32 = 5,
    FIRN_VARIANT_INT64 = 6,
    FIRN_VARIANT_DOUBLE = 7,
    FIRN_VARIANT_DECIMAL4 = 8,
    FIRN_VARIANT_DECIMAL8 = 9,
    FIRN_VARIANT_DECIMAL16 = 10,
    FIRN_VARIANT_DATE = 11,
    FIRN_VARIANT_TIMESTAMPTZ = 12,
    FIRN_VARIANT_TIMESTAMP = 13,
    FIRN_VARIANT_FLOAT = 14,
    FIRN_VARIANT_BINARY = 15,
    FIRN_VARIANT_STRING = 16,
    FIRN_VARIANT_TIME = 17,
    FIRN_VARIANT_TIMESTAMPTZ_NS = 18,
    FIRN_VARIANT_TIMESTAMP_NS = 19,
    FIRN_VARIANT_UUID = 20,
} firn_variant_type;

typedef struct firn_variant_metadata {
    firn_str bytes;
    uint32_t n_names;
    size_t width;        /* bytes of an offset */
    const char *offsets; /* n_names + 1 */
    firn_str names;
    bool is_sorted;
} firn_variant_metadata;

typedef struct firn_variant_object {
    uint32_t n_fields;
    size_t id_width, offset_width;
    const char *ids, *offsets;
    firn_str values;
} firn_variant_object;

/* The bytes must be metadata and nothing else. FIRN_ERR_CORRUPT otherwise. */
FIRN_MUST_CHECK firn_status firn_variant_metadata_parse(firn_str bytes, firn_variant_metadata *out,
                                                        firn_error *err);
/* A variant in memory is one view, its metadata's bytes followed by its value's: tells the two
 * apart. FIRN_ERR_CORRUPT when the metadata is malformed or no value follows; what is in the value
 * is not looked at. */
FIRN_MUST_CHECK firn_status firn_variant_split(firn_str variant, firn_str *metadata,
                                               firn_str *value, firn_error *err);
/* FIRN_ERR_CORRUPT when there is no such id. */
FIRN_MUST_CHECK firn_status firn_variant_name(const firn_variant_metadata *m, uint32_t id,
                                              firn_str *out, firn_error *err);
/* *id in: where to look first. FIRN_ERR_CORRUPT when there is no such name. */
FIRN_MUST_CHECK firn_status firn_variant_find(const firn_variant_metadata *m, firn_str name,
                                              uint32_t *id, firn_error *err);

bool firn_variant_is_object(firn_str value);
FIRN_MUST_CHECK firn_status firn_variant_object_parse(firn_str value, firn_variant_object *out,
                                                      firn_error *err);
/* Field i: the id of its name and its value's bytes. */
FIRN_MUST_CHECK firn_status firn_variant_object_field(const firn_variant_object *object, uint32_t i,
                                                      uint32_t *id, firn_str *value,
                                                      firn_error *err);

typedef enum firn_variant_basic {
    FIRN_VARIANT_BASIC_PRIMITIVE = 0,
    FIRN_VARIANT_BASIC_SHORT_STRING,
    FIRN_VARIANT_BASIC_OBJECT,
    FIRN_VARIANT_BASIC_ARRAY,
} firn_variant_basic;
/* Cuts the bytes to those of the value they begin with. FIRN_ERR_CORRUPT when there are not enough
 * of them. */
FIRN_MUST_CHECK firn_status firn_variant_value_check(firn_str *value, firn_variant_basic *out,
                                                     firn_error *err);

typedef struct firn_variant_array {
    uint32_t n;
    size_t offset_width;
    const char *offsets;
    firn_str values;
} firn_variant_array;
FIRN_MUST_CHECK firn_status firn_variant_array_parse(firn_str value, firn_variant_array *out,
                                                     firn_error *err);
FIRN_MUST_CHECK firn_status firn_variant_array_item(const firn_variant_array *array, uint32_t i,
                                                    firn_str *value, firn_error *err);

/* One primitive: its type and the n bytes behind it, little-endian. */
void firn_variant_put(firn_buf *out, firn_variant_type type, const void *data, size_t n);
/* Short where it can be. */
void firn_variant_put_string(firn_buf *out, firn_str s);
void firn_variant_put_binary(firn_buf *out, firn_str s);
void firn_variant_put_decimal(firn_buf *out, firn_variant_type type, int32_t scale,
                              firn_int128 unscaled);
/* Turns the n values that stand one after another in out from start on into an array or object:
 * offsets of each value, relative to start; ids in the order of their names. */
void firn_variant_close_array(firn_buf *out, size_t start, const uint32_t *offsets, size_t n);
void firn_variant_close_object(firn_buf *out, size_t start, const uint32_t *ids,
                               const uint32_t *offsets, size_t n);

#endif
