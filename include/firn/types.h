/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/types.h
 * @brief Iceberg's types, schemas and single values.
 *
 * One uniform tree: a struct has n fields, a list has one field ("element"), a map two ("key",
 * "value"). Every field carries its field id; names are for people.
 * Source: Iceberg table specification, "Schemas and Data Types".
 *
 * Ownership:  types, fields and schemas are immutable and live in the arena they were built in.
 * Threads:    immutable, so shared freely.
 */
#ifndef FIRN_TYPES_H
#define FIRN_TYPES_H

#include "firn/base.h"

FIRN_BEGIN_DECLS

typedef enum firn_type_kind {
    FIRN_TYPE_UNKNOWN = 0, /**< v3 */
    FIRN_TYPE_BOOLEAN,
    FIRN_TYPE_INT,
    FIRN_TYPE_LONG,
    FIRN_TYPE_FLOAT,
    FIRN_TYPE_DOUBLE,
    FIRN_TYPE_DECIMAL,        /**< precision 1..38, scale 0..precision */
    FIRN_TYPE_DATE,           /**< days since 1970-01-01 */
    FIRN_TYPE_TIME,           /**< microseconds since midnight */
    FIRN_TYPE_TIMESTAMP,      /**< microseconds since 1970-01-01T00:00:00, no zone */
    FIRN_TYPE_TIMESTAMPTZ,    /**< microseconds since 1970-01-01T00:00:00Z */
    FIRN_TYPE_TIMESTAMP_NS,   /**< v3, nanoseconds */
    FIRN_TYPE_TIMESTAMPTZ_NS, /**< v3, nanoseconds */
    FIRN_TYPE_STRING,
    FIRN_TYPE_UUID,
    FIRN_TYPE_FIXED,
    FIRN_TYPE_BINARY,
    FIRN_TYPE_VARIANT,   /**< v3 */
    FIRN_TYPE_GEOMETRY,  /**< v3 */
    FIRN_TYPE_GEOGRAPHY, /**< v3 */
    FIRN_TYPE_STRUCT,
    FIRN_TYPE_LIST,
    FIRN_TYPE_MAP,
} firn_type_kind;

typedef struct firn_type firn_type;
typedef struct firn_field firn_field;
typedef struct firn_value firn_value;

struct firn_type {
    firn_type_kind kind;
    int32_t precision;        /**< DECIMAL */
    int32_t scale;            /**< DECIMAL */
    int32_t length;           /**< FIXED: bytes */
    bool is_unsigned;         /**< LONG in a file's own types: values are uint64_t; not Iceberg's */
    firn_str crs;             /**< GEOMETRY, GEOGRAPHY; empty: OGC:CRS84 */
    firn_str algorithm;       /**< GEOGRAPHY; empty: spherical */
    const firn_field *fields; /**< STRUCT: n; LIST: 1 (element); MAP: 2 (key, value) */
    size_t n_fields;
    firn_str extra_json; /**< STRUCT, LIST, MAP: object with the members of its JSON that firn does
                              not know, kept when metadata is written again; empty: none. Of a
                              schema's root: those of the schema */
};

struct firn_field {
    int32_t id;
    bool is_required;
    firn_str name;
    const firn_type *type;
    firn_str doc;                      /**< empty: none */
    const firn_value *initial_default; /**< v3; NULL: none */
    const firn_value *write_default;   /**< v3; NULL: none */
    firn_str extra_json;               /**< members firn does not know, see firn_type */
};

/** @brief A single non-nested value, as used in partitions, bounds and literals. */
struct firn_value {
    firn_type_kind kind; /**< which member of @c as is set */
    bool is_null;
    int32_t precision; /**< DECIMAL */
    int32_t scale;     /**< DECIMAL */
    union {
        bool boolean;
        int32_t i32;         /**< INT, DATE */
        int64_t i64;         /**< LONG, TIME, TIMESTAMP* */
        float f32;           /**< FLOAT */
        double f64;          /**< DOUBLE */
        firn_int128 decimal; /**< DECIMAL: unscaled */
        firn_str bytes;      /**< STRING, UUID (16 bytes, big-endian), FIXED, BINARY: borrowed */
    } as;
};

typedef struct firn_schema {
    int32_t schema_id;
    firn_type root; /**< kind STRUCT; its fields are the columns */
    const int32_t *identifier_field_ids;
    size_t n_identifier_field_ids;
} firn_schema;

/** @brief True for every kind but STRUCT, LIST and MAP. */
FIRN_API bool firn_type_is_primitive(const firn_type *type);

/** @brief Deep equality of kind, parameters, nested names, ids and nullability. */
FIRN_API bool firn_type_equals(const firn_type *a, const firn_type *b);

/** @brief Field with this id anywhere in the schema (nested too), or NULL. */
FIRN_API const firn_field *firn_schema_find_id(const firn_schema *schema, int32_t id);

/** @brief Field by dotted name ("location.lat", "tags.element"); exact case first, then ignoring
 * case. NULL if absent. */
FIRN_API const firn_field *firn_schema_find_name(const firn_schema *schema, firn_str name);

/** @brief Highest field id in the schema, 0 if empty. */
FIRN_API int32_t firn_schema_max_id(const firn_schema *schema);

/** @brief Iceberg's JSON spelling of a primitive type ("decimal(9,2)", "fixed[16]", "timestamptz"),
 * or "struct"/"list"/"map", written to @p out (at least 64 bytes). Returns @p out. */
FIRN_API const char *firn_type_name(const firn_type *type, char *out, size_t size);

/**
 * @brief Parse Iceberg's spelling of a primitive type.
 * @retval FIRN_ERR_ARG  Not a primitive type name, or parameters out of range.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_type_parse_primitive(firn_str text, firn_type *out,
                                                               firn_error *err);

/**
 * @brief Order two values of the same kind: <0, 0, >0. Nulls first. Floats: -NaN < -inf < ... <
 * -0 < 0 < ... < inf < NaN; strings and binaries by unsigned bytes.
 */
FIRN_API int firn_value_compare(const firn_value *a, const firn_value *b);

FIRN_END_DECLS

#endif
