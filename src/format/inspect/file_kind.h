/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of file the first bytes of one belong to. By content, never by name. Not here: whether
 * the rest of the file keeps the promise. */
#ifndef FIRN_FORMAT_FILE_KIND_H
#define FIRN_FORMAT_FILE_KIND_H

#include "firn/base.h"

typedef enum firn_file_kind {
    FIRN_KIND_UNKNOWN = 0, /* bytes of nothing we know; an empty file */
    FIRN_KIND_PARQUET,
    FIRN_KIND_AVRO,
    FIRN_KIND_PUFFIN,
    FIRN_KIND_ORC,
    FIRN_KIND_GZIP,   /* look again at what is inside */
    FIRN_KIND_JSON,   /* one document: table metadata, an array, an object over several lines */
    FIRN_KIND_NDJSON, /* an object a line */
    FIRN_KIND_CSV,    /* other text */
} firn_file_kind;

/* Enough of a file to tell its kind. */
#define FIRN_KIND_HEAD_BYTES 65536

/* head: the first FIRN_KIND_HEAD_BYTES bytes, or all there are (is_whole). An object that stands
 * alone is a line of NDJSON unless it has "format-version", which all metadata files do. */
firn_file_kind firn_file_kind_of(firn_str head, bool is_whole);
/* "a Parquet file", "an Avro file", ... */
const char *firn_file_kind_name(firn_file_kind kind);

#endif
