/* SPDX-License-Identifier: Apache-2.0 */
/* The structure of a file as an outline: what its own headers and footers say, under the names its
 * format gives them, and the checks of the reader first. Not here: its rows (firn cat), Iceberg's
 * files (iceberg/spec/inspect_iceberg.h). */
#ifndef FIRN_FORMAT_INSPECT_H
#define FIRN_FORMAT_INSPECT_H

#include "format/avro/avro.h"
#include "format/byte_io.h"
#include "format/inspect/outline.h"

typedef enum firn_inspect_depth {
    FIRN_INSPECT_ALL = 0, /* pages, blocks and entries too */
    FIRN_INSPECT_BRIEF,
} firn_inspect_depth;

/* Each but the last two writes one object with "format" first. Failures: those of the format's
 * reader; what was written before one stays. */

/* FileMetaData, and for each column chunk its pages (headers, checksum), page index and bloom
 * filter. */
FIRN_MUST_CHECK firn_status firn_inspect_parquet(const firn_byte_source *source,
                                                 firn_inspect_depth depth, firn_outline *out,
                                                 firn_error *err);
/* The entries of the header and the frames of the blocks. */
FIRN_MUST_CHECK firn_status firn_inspect_avro(const firn_byte_source *source,
                                              firn_inspect_depth depth, firn_outline *out,
                                              firn_error *err);
/* A schema as JSON: its Parsing Canonical Form and its CRC-64-AVRO as a signed number. */
FIRN_MUST_CHECK firn_status firn_inspect_avro_schema(firn_str json, firn_arena *arena,
                                                     firn_outline *out, firn_error *err);
/* The footer, and each blob unpacked: its size and, of a deletion vector, its positions. file: the
 * whole file. */
FIRN_MUST_CHECK firn_status firn_inspect_puffin(firn_str file, firn_inspect_depth depth,
                                                firn_arena *arena, firn_outline *out,
                                                firn_error *err);

/* Text: members of an object that the caller began, to which it may add what it counts. sample: the
 * beginning of the file (is_whole: all of it). */
FIRN_MUST_CHECK firn_status firn_inspect_ndjson(firn_str sample, bool is_whole, firn_arena *arena,
                                                firn_outline *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_inspect_csv(firn_str sample, bool is_whole, firn_arena *arena,
                                             firn_outline *out, firn_error *err);

#endif
