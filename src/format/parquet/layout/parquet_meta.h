/* SPDX-License-Identifier: Apache-2.0 */
/* What a Parquet footer says, checked: the tree of columns, the row groups and their column
 * chunks. Inside the format room only; the other rooms see parquet_reader.h.
 *
 * Ownership: everything lives in the arena of the firn_parquet_file; text borrows from the footer
 * bytes in the same arena. Immutable after open. */
#ifndef FIRN_FORMAT_PARQUET_META_H
#define FIRN_FORMAT_PARQUET_META_H

#include "base/arena.h"
#include "base/page_cache.h"
#include "firn/types.h"
#include "format/byte_io.h"
#include "format/parquet/read/parquet_reader.h"

#define FIRN_PQ_NONE (-1)

/* The format's own numbers (parquet.thrift). */
typedef enum firn_pq_physical {
    FIRN_PQ_BOOLEAN = 0,
    FIRN_PQ_INT32 = 1,
    FIRN_PQ_INT64 = 2,
    FIRN_PQ_INT96 = 3,
    FIRN_PQ_FLOAT = 4,
    FIRN_PQ_DOUBLE = 5,
    FIRN_PQ_BYTE_ARRAY = 6,
    FIRN_PQ_FIXED = 7,
} firn_pq_physical;

typedef enum firn_pq_repetition {
    FIRN_PQ_REQUIRED = 0,
    FIRN_PQ_OPTIONAL = 1,
    FIRN_PQ_REPEATED = 2,
} firn_pq_repetition;

/* Logical types as union field ids; older converted types are mapped onto them. */
typedef enum firn_pq_logical {
    FIRN_PQ_PLAIN_TYPE = 0, /* no annotation */
    FIRN_PQ_STRING = 1,
    FIRN_PQ_MAP = 2,
    FIRN_PQ_LIST = 3,
    FIRN_PQ_ENUM = 4,
    FIRN_PQ_DECIMAL = 5,
    FIRN_PQ_DATE = 6,
    FIRN_PQ_TIME = 7,
    FIRN_PQ_TIMESTAMP = 8,
    FIRN_PQ_INTERVAL = 9,
    FIRN_PQ_INTEGER = 10,
    FIRN_PQ_UNKNOWN = 11,
    FIRN_PQ_JSON = 12,
    FIRN_PQ_BSON = 13,
    FIRN_PQ_UUID = 14,
    FIRN_PQ_FLOAT16 = 15,
    FIRN_PQ_VARIANT = 16,
    FIRN_PQ_GEOMETRY = 17,
    FIRN_PQ_GEOGRAPHY = 18,
} firn_pq_logical;

typedef enum firn_pq_unit {
    FIRN_PQ_NO_UNIT = 0,
    FIRN_PQ_MILLIS = 1,
    FIRN_PQ_MICROS = 2,
    FIRN_PQ_NANOS = 3,
} firn_pq_unit;

/* One SchemaElement. */
typedef struct firn_pq_element {
    firn_str name;
    int32_t physical; /* firn_pq_physical, FIRN_PQ_NONE for a group */
    int32_t type_length;
    int32_t repetition;
    int32_t n_children;
    int32_t converted; /* FIRN_PQ_NONE: absent */
    int32_t field_id;  /* FIRN_PQ_NONE: absent */
    firn_pq_logical logical;
    int32_t scale, precision;
    firn_pq_unit unit;
    bool is_utc;
    int32_t bit_width;
    bool is_unsigned;
    firn_str crs, algorithm;
} firn_pq_element;

typedef struct firn_pq_stats {
    bool has_min, has_max; /* the deprecated pair: signed byte order */
    bool has_min_value, has_max_value;
    firn_str min, max, min_value, max_value;
    bool is_min_exact, is_max_exact; /* of the newer pair: said to be values that occur */
    int64_t null_count, nan_count;   /* FIRN_PQ_NONE: absent */
} firn_pq_stats;

/* Bytes elsewhere in the file, as the footer says and nobody has checked. */
typedef struct firn_pq_part {
    int64_t offset;  /* FIRN_PQ_NONE: absent */
    int32_t n_bytes; /* FIRN_PQ_NONE: not said */
} firn_pq_part;

typedef struct firn_pq_chunk {
    int32_t physical;
    int32_t codec;
    int64_t n_values;
    int64_t uncompressed_bytes; /* FIRN_PQ_NONE: absent; believed for estimates only */
    int64_t compressed_bytes;
    int64_t data_offset;
    int64_t dictionary_offset; /* FIRN_PQ_NONE: absent */
    bool has_meta, is_encrypted, is_external;
    bool has_only_indices; /* all data pages are known to be dictionary indices */
    firn_pq_part offset_index, column_index, bloom;
    firn_pq_stats stats;
} firn_pq_chunk;

typedef struct firn_pq_row_group {
    int64_t n_rows;
    int64_t first_row;     /* in the file */
    firn_pq_chunk *chunks; /* one per leaf */
} firn_pq_row_group;

/* A column or part of one, with the wrapping groups of lists and maps taken off. */
typedef struct firn_pq_node {
    const firn_pq_element *element; /* of a list or map: the outer group, or the repeated field */
    firn_str name;
    int32_t id;           /* FIRN_PQ_NONE: absent */
    firn_type type;       /* Iceberg's */
    firn_type file_type;  /* FIRN_PARQUET_TYPES_FILE */
    firn_type group_type; /* VARIANT: the group its columns make, as a struct */
    bool is_required;
    int16_t def;      /* definition level from which on this node is not null */
    int16_t rep;      /* repetition levels of the lists around it */
    int16_t list_def; /* LIST, MAP: definition level from which on there is an element */
    size_t first_leaf, n_leaves;
    struct firn_pq_node *children; /* as firn_type.fields */
    size_t n_children;
} firn_pq_node;

/* All page indexes of a file, from the first to the footer; read once, when first asked for. */
typedef struct firn_pq_index_bytes {
    int64_t start;
    size_t n; /* 0: none, or too many to keep */
    _Atomic(char *) data;
} firn_pq_index_bytes;

struct firn_parquet_file {
    firn_arena *arena;
    firn_byte_source source;
    firn_page_file pages; /* the file in the source's page cache */
    int64_t data_end;     /* offset of the footer: no page may reach past it */
    firn_str tail;        /* the last bytes of the file, which opening it has read */
    firn_pq_index_bytes *indexes;
    firn_pq_element *elements;
    size_t n_elements;
    firn_pq_node root;
    firn_pq_node **leaves;
    size_t n_leaves;
    firn_pq_row_group *row_groups;
    size_t n_row_groups;
    int64_t n_rows;
    bool has_type_order; /* column_orders present: min_value and max_value are trustworthy */
    firn_str created_by;
    firn_schema schema, file_schema; /* FIRN_PARQUET_TYPES_TABLE, _FILE */
};

/* parquet_file_bytes.c: as read_at of the source, from memory where the end of the file reaches. */
FIRN_MUST_CHECK firn_status firn_pq_file_read(const firn_parquet_file *file, int64_t offset,
                                              void *out, size_t n, firn_error *err);
/* parquet_file_bytes.c: bytes [offset, offset + n) of the file outside of pages, from memory where
 * they have been read before; borrowed from the file or the arena. FIRN_ERR_CORRUPT when they are
 * not inside the file. */
FIRN_MUST_CHECK firn_status firn_pq_file_bytes(const firn_parquet_file *file, int64_t offset,
                                               size_t n, firn_arena *arena, firn_str *out,
                                               firn_error *err);
/* Where the page indexes are, once the footer is known. */
FIRN_MUST_CHECK firn_status firn_pq_file_find_indexes(firn_parquet_file *file, firn_error *err);
void firn_pq_file_free_indexes(firn_parquet_file *file);
/* parquet_footer.c: fills elements, row groups and the rest from FileMetaData. */
FIRN_MUST_CHECK firn_status firn_pq_footer_parse(firn_str bytes, uint64_t offset,
                                                 firn_parquet_file *file, firn_error *err);
/* parquet_logical.c: the LogicalType union and converted types of one element. */
struct firn_thrift;
struct firn_thrift_field;
FIRN_MUST_CHECK firn_status firn_pq_logical_parse(struct firn_thrift *t,
                                                  const struct firn_thrift_field *field,
                                                  firn_pq_element *out, firn_error *err);
void firn_pq_logical_from_converted(firn_pq_element *e);
/* The Iceberg type of a leaf. */
FIRN_MUST_CHECK firn_status firn_pq_leaf_type(const firn_pq_element *e, firn_type *out,
                                              firn_error *err);
/* The type of a leaf of that Iceberg type when nothing is scaled. */
firn_type firn_pq_leaf_file_type(const firn_pq_element *e, const firn_type *type);
static inline const firn_type *firn_pq_node_type(const firn_pq_node *node, firn_parquet_types types)
{
    return types == FIRN_PARQUET_TYPES_FILE ? &node->file_type : &node->type;
}
/* parquet_schema.c: fills root, leaves and schema from elements. */
FIRN_MUST_CHECK firn_status firn_pq_schema_build(firn_parquet_file *file, firn_error *err);
/* Leaf by field id anywhere in the tree, or NULL. */
const firn_pq_node *firn_pq_leaf_find(const firn_parquet_file *file, int32_t field_id);

#endif
