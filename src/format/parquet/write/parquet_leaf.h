/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's view of a schema: the leaf columns with their physical types, levels and the way
 * from a batch to them; and the schema as Parquet schema elements. Not for reading files. */
#ifndef FIRN_FORMAT_PARQUET_LEAF_H
#define FIRN_FORMAT_PARQUET_LEAF_H

#include "base/arena.h"
#include "firn/types.h"
#include "format/columns/metrics.h"
#include "format/parquet/thrift/thrift_writer.h"

/* Physical types, by their number in parquet.thrift. */
typedef enum firn_parquet_physical {
    FIRN_PHYSICAL_BOOLEAN = 0,
    FIRN_PHYSICAL_INT32 = 1,
    FIRN_PHYSICAL_INT64 = 2,
    FIRN_PHYSICAL_FLOAT = 4,
    FIRN_PHYSICAL_DOUBLE = 5,
    FIRN_PHYSICAL_BYTE_ARRAY = 6,
    FIRN_PHYSICAL_FIXED = 7,
} firn_parquet_physical;

/* One step from a column to its child. */
typedef struct firn_parquet_step {
    size_t child;     /* which column of the batch, or child of the column before */
    bool is_optional; /* adds a definition level */
    bool is_repeated; /* list or map: adds a definition and a repetition level */
} firn_parquet_step;

/* A variant column is two leaf columns with one field id. */
typedef enum firn_parquet_part {
    FIRN_LEAF_WHOLE = 0,
    FIRN_LEAF_VARIANT_METADATA,
    FIRN_LEAF_VARIANT_VALUE,
} firn_parquet_part;

typedef struct firn_parquet_leaf {
    int32_t field_id;
    const firn_type *type;
    firn_parquet_physical physical;
    int32_t type_length; /* FIRN_PHYSICAL_FIXED: bytes */
    uint8_t max_def;
    uint8_t max_rep;
    const firn_parquet_step *steps;
    size_t n_steps;
    const firn_str *path; /* names in the Parquet schema, "list" and "key_value" included */
    size_t n_path;
    firn_parquet_part part;
    /* what the writer was told of the column */
    firn_metrics_mode metrics;
    int32_t truncate_length;
    bool no_dictionary;
    bool no_copy;
    bool has_bloom;
    double bloom_fpp;
    int64_t bloom_ndv;
} firn_parquet_leaf;

/* Deep copy into the arena. */
FIRN_MUST_CHECK firn_status firn_parquet_type_copy(firn_arena *arena, const firn_type *type,
                                                   firn_type *out, firn_error *err);
/* All leaf columns in schema order; columns of type unknown are left out. */
FIRN_MUST_CHECK firn_status firn_parquet_leaves(firn_arena *arena, const firn_type *root,
                                                firn_parquet_leaf **out, size_t *n_out,
                                                firn_error *err);
/* How often each level occurs says more than the null count. */
static inline bool firn_parquet_leaf_has_histograms(const firn_parquet_leaf *leaf)
{
    return leaf->max_rep > 0 || leaf->max_def > 1;
}
/* The list<SchemaElement> of the footer as field id of the struct being written. */
void firn_parquet_put_schema(firn_thrift_writer *w, int16_t id, const firn_type *root);

#endif
