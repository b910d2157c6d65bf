/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas, types and single values to and from Iceberg's JSON (specification, Appendix C, D). */
#ifndef FIRN_ICEBERG_SCHEMA_JSON_H
#define FIRN_ICEBERG_SCHEMA_JSON_H

#include "firn/types.h"
#include "format/json/json.h"

FIRN_MUST_CHECK firn_status firn_schema_from_json(const json_t *json, firn_arena *arena,
                                                  const firn_schema **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_schema_to_json(const firn_schema *schema, json_t **out,
                                                firn_error *err);
FIRN_MUST_CHECK firn_status firn_value_from_json(const json_t *json, const firn_type *type,
                                                 firn_arena *arena, firn_value *out,
                                                 firn_error *err);
FIRN_MUST_CHECK firn_status firn_value_to_json(const firn_value *value, const firn_type *type,
                                               json_t **out, firn_error *err);
/* Text as Spark and Iceberg print it in partition paths and metadata tables ("2017-11-16",
 * "14.20", base64 for binary); "null" for null. */
FIRN_MUST_CHECK firn_status firn_value_to_text(const firn_value *value, firn_arena *arena,
                                               firn_str *out, firn_error *err);
/* Parse text as a value of type: what SQL literals and partition filters need. */
FIRN_MUST_CHECK firn_status firn_value_from_text(firn_str text, const firn_type *type,
                                                 firn_arena *arena, firn_value *out,
                                                 firn_error *err);

#endif
