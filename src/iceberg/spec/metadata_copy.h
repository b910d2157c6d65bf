/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies of parts of metadata into an arena. NULL / false when out of memory. */
#ifndef FIRN_ICEBERG_METADATA_COPY_H
#define FIRN_ICEBERG_METADATA_COPY_H

#include "base/arena.h"
#include "firn/metadata.h"

bool firn_str_copy(firn_str s, firn_arena *arena, firn_str *out); /* empty stays empty */
bool firn_value_copy(const firn_value *value, firn_arena *arena, firn_value *out);
bool firn_type_copy(const firn_type *type, firn_arena *arena, firn_type *out);
firn_schema *firn_schema_copy(const firn_schema *schema, firn_arena *arena);
firn_partition_field *firn_partition_fields_copy(const firn_partition_field *fields, size_t n,
                                                 firn_arena *arena);
firn_sort_field *firn_sort_fields_copy(const firn_sort_field *fields, size_t n, firn_arena *arena);
bool firn_properties_copy(const firn_properties *properties, firn_arena *arena,
                          firn_properties *out);
bool firn_snapshot_copy(const firn_snapshot *snapshot, firn_arena *arena, firn_snapshot *out);

#endif
