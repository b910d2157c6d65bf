/* SPDX-License-Identifier: Apache-2.0 */
/* Variant columns: a group of metadata, value and typed_value columns, which may be shredded into
 * many, becomes one column of views, metadata followed by value (VariantShredding.md). Not here:
 * the bytes of a variant (variant_value.h), reading the group (parquet_assemble.c). */
#ifndef FIRN_FORMAT_PARQUET_VARIANT_H
#define FIRN_FORMAT_PARQUET_VARIANT_H

#include "format/parquet/read/parquet_page_read.h"
#include "format/variant/variant_value.h"

/* A value column and its typed_value next to it. */
typedef struct firn_pq_shredded {
    firn_str name; /* as a field of an object */
    uint32_t id;   /* of the name in the last metadata it was looked up in */
    size_t column; /* as a field of an object: which child of the group around it */
    bool has_value, has_typed;
    size_t value_at, typed_at;       /* children of its group */
    firn_type_kind kind;             /* of typed_value: LIST, STRUCT or a primitive */
    firn_variant_type type;          /* primitive */
    struct firn_pq_shredded *fields; /* LIST: its element; STRUCT: fields, sorted by name */
    size_t n_fields;
} firn_pq_shredded;

typedef struct firn_pq_variant {
    firn_field field;  /* the group as a struct, types as Iceberg has them */
    firn_batch *group; /* its one column: where the group is read to */
    size_t metadata_at;
    firn_pq_shredded root;
    firn_variant_metadata metadata; /* of the row at hand */
    firn_buf out;                   /* variants not given out yet */
    firn_buf words;                 /* stack of ids and offsets of open arrays and objects */
} firn_pq_variant;

/* Is it a group that a variant can be read from? Those of old writers are not annotated. */
bool firn_pq_is_variant(const firn_pq_node *node);
/* Checks the group's columns; lives in the arena. */
FIRN_MUST_CHECK firn_status firn_pq_variant_create(firn_arena *arena, const firn_pq_node *node,
                                                   firn_pq_variant **out, firn_error *err);
/* Puts the variants of n_slots rows of the group together; rows not valid in the column are left
 * out. Views point into blocks. */
FIRN_MUST_CHECK firn_status firn_pq_variant_join(firn_pq_variant *variant, firn_pq_blocks *blocks,
                                                 firn_column *column, size_t n_slots,
                                                 firn_error *err);

#endif
