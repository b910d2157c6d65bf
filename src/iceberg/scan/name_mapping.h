/* SPDX-License-Identifier: Apache-2.0 */
/* The table's name mapping: which names stand for a field id in data files written without ids
 * (specification, "Name Mapping Serialization"). */
#ifndef FIRN_ICEBERG_NAME_MAPPING_H
#define FIRN_ICEBERG_NAME_MAPPING_H

#include "base/arena.h"
#include "firn/types.h"

#define FIRN_NAME_MAPPING_PROPERTY FIRN_STR("schema.name-mapping.default")

typedef struct firn_mapped_field firn_mapped_field;

typedef struct firn_name_mapping {
    const firn_mapped_field *fields;
    size_t n;
} firn_name_mapping;

struct firn_mapped_field {
    int32_t field_id; /* -1: none */
    const firn_str *names;
    size_t n_names;
    firn_name_mapping children;
};

FIRN_MUST_CHECK firn_status firn_name_mapping_parse(firn_str json, firn_arena *arena,
                                                    const firn_name_mapping **out, firn_error *err);

/* The wanted struct type with its fields named as in the file, so that matching by name finds what
 * the mapping says and nothing else. mapping NULL: a field has its own name in the file. */
FIRN_MUST_CHECK firn_status firn_name_mapping_apply(const firn_name_mapping *mapping,
                                                    const firn_type *wanted, const firn_type *file,
                                                    firn_arena *arena, const firn_type **out,
                                                    firn_error *err);
/* The file's field that stands for a wanted one; NULL if it has none. */
const firn_field *firn_name_mapping_find(const firn_name_mapping *mapping, const firn_field *wanted,
                                         const firn_type *file);

#endif
