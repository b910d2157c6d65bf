/* SPDX-License-Identifier: Apache-2.0 */
/* Variants and texts: JSON to the bytes of a variant, and the type of a variant in words. Source:
 * Parquet's VariantEncoding; what a number becomes, and how types are named, is Spark's
 * (parse_json, schema_of_variant). */
#ifndef FIRN_FORMAT_VARIANT_JSON_H
#define FIRN_FORMAT_VARIANT_JSON_H

#include "base/buf.h"

/* Appends metadata and value of one JSON document. Whole numbers take the smallest integer that
 * holds them, others without an exponent a decimal of up to 38 digits, the rest is double.
 * FIRN_ERR_ARG with err->position for what is not JSON, or has a key twice. */
FIRN_MUST_CHECK firn_status firn_variant_of_json(firn_str json, firn_buf *out, firn_error *err);

/* Appends "OBJECT<a: BIGINT, b: ARRAY<STRING>>": elements of arrays in one type that holds all. */
FIRN_MUST_CHECK firn_status firn_variant_put_schema(firn_str variant, firn_buf *out,
                                                    firn_error *err);

#endif
