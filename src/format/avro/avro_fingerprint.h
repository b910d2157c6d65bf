/* SPDX-License-Identifier: Apache-2.0 */
/* The identity of an Avro schema (specification, "Parsing Canonical Form for Schemas" and "Schema
 * Fingerprints"): two schemas with one canonical form read the same bytes the same way. */
#ifndef FIRN_FORMAT_AVRO_FINGERPRINT_H
#define FIRN_FORMAT_AVRO_FINGERPRINT_H

#include "format/avro/avro.h"

/* Appends the Parsing Canonical Form. Ids, logical types, aliases and the like are not part of it.
 */
FIRN_MUST_CHECK firn_status firn_avro_canonical_form(const firn_avro_schema *schema, firn_buf *out,
                                                     firn_error *err);
/* CRC-64-AVRO of the bytes. */
uint64_t firn_avro_fingerprint(firn_str bytes);

#endif
