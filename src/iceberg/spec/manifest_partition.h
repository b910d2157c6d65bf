/* SPDX-License-Identifier: Apache-2.0 */
/* Partition tuples in manifests: their types, and decoding and encoding their Avro form. */
#ifndef FIRN_ICEBERG_MANIFEST_PARTITION_H
#define FIRN_ICEBERG_MANIFEST_PARTITION_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/metadata.h"
#include "format/avro/avro.h"

/* Result type of each field of the spec; NULL where the source column is gone or the transform is
 * unknown. */
FIRN_MUST_CHECK firn_status firn_partition_types(const firn_schema *schema,
                                                 const firn_partition_spec *spec, firn_arena *arena,
                                                 const firn_type ***out, firn_error *err);

typedef struct firn_partition_step {
    int8_t null_branch; /* -1: never null */
    bool is_skipped;    /* a field the spec does not have */
    size_t index;       /* of the value */
    firn_avro_kind avro;
    size_t size; /* FIXED */
    const firn_avro_schema *schema;
    firn_value blank; /* kind, precision, scale */
} firn_partition_step;

typedef struct firn_partition_plan {
    const firn_partition_step *steps;
    size_t n_steps;
    const firn_value *nulls; /* one per field of the spec */
    size_t n_values;
} firn_partition_plan;

/* schema: the Avro record of the tuple. Fields are matched by id. */
FIRN_MUST_CHECK firn_status firn_partition_plan_make(const firn_avro_schema *schema,
                                                     const firn_partition_spec *spec,
                                                     const firn_type *const *types,
                                                     firn_arena *arena, firn_partition_plan *out,
                                                     firn_error *err);
/* values: n_values of them. Bytes are borrowed from the cursor. */
FIRN_MUST_CHECK firn_status firn_partition_read(const firn_partition_plan *plan, firn_cursor *c,
                                                firn_value *values, firn_error *err);
/* Avro's form of one value: branch of null, or 1 and the value. */
FIRN_MUST_CHECK firn_status firn_partition_write(const firn_type *type, const firn_value *value,
                                                 firn_buf *out, firn_error *err);

#endif
