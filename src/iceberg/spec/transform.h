/* SPDX-License-Identifier: Apache-2.0 */
/* Partition transforms (specification, "Partition Transforms", Appendix B). */
#ifndef FIRN_ICEBERG_TRANSFORM_H
#define FIRN_ICEBERG_TRANSFORM_H

#include "base/arena.h"
#include "firn/batch.h"
#include "firn/metadata.h"

/* "bucket[16]", "truncate[4]", "day", ...; an unknown name gives FIRN_TRANSFORM_UNKNOWN. */
FIRN_MUST_CHECK firn_status firn_transform_parse(firn_str text, firn_transform *out,
                                                 firn_error *err);
/* Iceberg's spelling; at least 32 bytes. Returns out. */
const char *firn_transform_name(const firn_transform *transform, char *out, size_t size);
/* FIRN_ERR_ARG "cannot apply day to string". */
FIRN_MUST_CHECK firn_status firn_transform_check(const firn_transform *transform,
                                                 const firn_type *source, firn_error *err);
/* Type of the result (source's for identity and truncate, int, date). Static or source. */
const firn_type *firn_transform_result(const firn_transform *transform, const firn_type *source);
/* One value. Bytes of the result are borrowed from value, or in the arena. */
FIRN_MUST_CHECK firn_status firn_transform_apply(const firn_transform *transform,
                                                 const firn_type *source, const firn_value *value,
                                                 firn_arena *arena, firn_value *out,
                                                 firn_error *err);
uint32_t firn_murmur3_x86_32(const void *data, size_t n, uint32_t seed);
/* "ts_day", "id_bucket_16", as Iceberg's Java library names new partition fields. */
FIRN_MUST_CHECK firn_status firn_transform_field_name(const firn_transform *transform,
                                                      firn_str column, firn_arena *arena,
                                                      firn_str *out, firn_error *err);
/* Human form of a partition value in a path ("ts_day=2024-01-01"). */
FIRN_MUST_CHECK firn_status firn_transform_value_text(const firn_transform *transform,
                                                      const firn_value *value, firn_arena *arena,
                                                      firn_str *out, firn_error *err);

#endif
