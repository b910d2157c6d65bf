/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of table metadata as JSON, one by one: metadata files, the headers of manifests and
 * catalog requests share them. Everything read is copied to the arena. */
#ifndef FIRN_ICEBERG_METADATA_PARTS_JSON_H
#define FIRN_ICEBERG_METADATA_PARTS_JSON_H

#include "firn/metadata.h"
#include "format/json/json.h"

/* An array of partition fields; fields without an id (old v1) are numbered from 1000. */
FIRN_MUST_CHECK firn_status firn_partition_fields_from_json(const json_t *array, firn_arena *arena,
                                                            firn_partition_spec *out,
                                                            firn_error *err);
FIRN_MUST_CHECK firn_status firn_partition_spec_from_json(const json_t *json, firn_arena *arena,
                                                          const firn_partition_spec **out,
                                                          firn_error *err);
FIRN_MUST_CHECK firn_status firn_sort_order_from_json(const json_t *json, firn_arena *arena,
                                                      const firn_sort_order **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_snapshot_from_json(const json_t *json, firn_arena *arena,
                                                    firn_snapshot *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_snapshot_ref_from_json(firn_str name, const json_t *json,
                                                        firn_arena *arena, firn_snapshot_ref *out,
                                                        firn_error *err);

/* New references. */
FIRN_MUST_CHECK firn_status firn_partition_fields_to_json(const firn_partition_spec *spec,
                                                          json_t **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_partition_spec_to_json(const firn_partition_spec *spec,
                                                        json_t **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_sort_order_to_json(const firn_sort_order *order, json_t **out,
                                                    firn_error *err);
FIRN_MUST_CHECK firn_status firn_snapshot_to_json(const firn_snapshot *snapshot,
                                                  int32_t format_version, json_t **out,
                                                  firn_error *err);
FIRN_MUST_CHECK firn_status firn_snapshot_ref_to_json(const firn_snapshot_ref *ref, json_t **out,
                                                      firn_error *err);

#endif
