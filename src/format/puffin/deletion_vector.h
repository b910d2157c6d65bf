/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion vectors: the deleted positions of one data file as a "deletion-vector-v1" blob (Puffin
 * specification). Merging two is firn_bitmap_or(). No I/O: the blob is at content_offset and
 * content_size_in_bytes of the Puffin file, as the manifest entry says. */
#ifndef FIRN_FORMAT_DELETION_VECTOR_H
#define FIRN_FORMAT_DELETION_VECTOR_H

#include "format/puffin/bitmap.h"
#include "format/puffin/puffin.h"

#define FIRN_BLOB_DELETION_VECTOR FIRN_STR("deletion-vector-v1")

/* Checks length, magic, CRC and bitmap. cardinality: what the manifest or the blob's properties
 * say, -1 if unknown; another number of positions is FIRN_ERR_CORRUPT. */
FIRN_MUST_CHECK firn_status firn_deletion_vector_decode(firn_str blob, int64_t cardinality,
                                                        const firn_allocator *alloc,
                                                        firn_bitmap **out, firn_error *err);
/* Appends the blob. FIRN_ERR_ARG when a position does not fit into the format (key over
 * 2^31 - 2). */
FIRN_MUST_CHECK firn_status firn_deletion_vector_encode(const firn_bitmap *positions, firn_buf *out,
                                                        firn_error *err);
/* Adds the blob of one data file to a Puffin file, with the properties the specification wants.
 * added_out (may be NULL) has the offset and length for the manifest entry. */
FIRN_MUST_CHECK firn_status firn_deletion_vector_add(firn_puffin_writer *writer,
                                                     const firn_bitmap *positions,
                                                     firn_str data_file_path,
                                                     firn_puffin_blob *added_out, firn_error *err);

#endif
