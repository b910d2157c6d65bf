/* SPDX-License-Identifier: Apache-2.0 */
/* Iceberg's primitive types in Avro: the text of the type, and values. Manifests' partition tuples
 * and rows of data files are made of them. Not here: nested types (avro_type_json.c), reading
 * (avro_rows_decode.c). Source: Iceberg specification, "Appendix A: Avro". */
#ifndef FIRN_FORMAT_AVRO_PRIMITIVE_H
#define FIRN_FORMAT_AVRO_PRIMITIVE_H

#include "base/buf.h"
#include "firn/types.h"

/* UUID, FIXED and DECIMAL are fixed types, which Avro wants to have a name. */
bool firn_avro_type_has_name(firn_type_kind kind);
/* The type as JSON. name: of a fixed type; others have none. UNKNOWN is "null". type: a primitive
 * other than VARIANT, which is a record. */
void firn_avro_put_type(const firn_type *type, const char *name, firn_buf *out);
/* One value, in the encoding of that type. FIRN_ERR_ARG when it does not fit: bytes of another
 * length than FIXED's, more than those of DECIMAL's. Digits are the caller's to count: a truncated
 * partition value may have one more than its type. type: as above, nor UNKNOWN. */
FIRN_MUST_CHECK firn_status firn_avro_put_value(const firn_type *type, const firn_value *value,
                                                firn_buf *out, firn_error *err);

#endif
