/* SPDX-License-Identifier: Apache-2.0 */
/* The Avro schemas and headers of manifest files and lists that firn writes. */
#ifndef FIRN_ICEBERG_MANIFEST_SCHEMA_H
#define FIRN_ICEBERG_MANIFEST_SCHEMA_H

#include "format/avro/avro.h"
#include "iceberg/spec/manifest.h"

/* Avro writers with schema and header in place; the sink is copied. */
FIRN_MUST_CHECK firn_status firn_manifest_list_avro(const firn_manifest_write_opts *opts,
                                                    const firn_byte_sink *sink,
                                                    firn_avro_writer **out, firn_error *err);
/* types: of the partition fields, as firn_partition_types() gives them. */
FIRN_MUST_CHECK firn_status firn_manifest_avro(const firn_manifest_write_opts *opts,
                                               firn_content content, const firn_type *const *types,
                                               const firn_byte_sink *sink, firn_avro_writer **out,
                                               firn_error *err);

#endif
