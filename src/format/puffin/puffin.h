/* SPDX-License-Identifier: Apache-2.0 */
/* Puffin files: blobs with statistics or deletion vectors, and a footer that describes them (Puffin
 * specification). Bytes only: reading and writing the file is the caller's business, and so is what
 * is inside a blob (deletion_vector.h, theta_sketch.h).
 *
 *   magic | blob ... | magic | footer payload (JSON) | payload size i32 | flags 4 B | magic */
#ifndef FIRN_FORMAT_PUFFIN_H
#define FIRN_FORMAT_PUFFIN_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/metadata.h"
#include "format/codec/codec.h"

#define FIRN_PUFFIN_TRAILER_SIZE 12 /* payload size, flags, magic */

typedef struct firn_puffin_blob {
    firn_str type;
    const int32_t *fields;
    size_t n_fields;
    int64_t snapshot_id;     /* -1: not known when the file was written */
    int64_t sequence_number; /* -1: the same */
    int64_t offset, length;  /* in the file, as stored */
    firn_str codec;          /* "lz4", "zstd"; empty: not compressed */
    firn_properties properties;
} firn_puffin_blob;

typedef struct firn_puffin {
    const firn_puffin_blob *blobs; /* in file order of the footer */
    size_t n_blobs;
    firn_properties properties;
    int64_t footer_offset; /* of the magic before the payload: blobs end there or before */
    int64_t footer_size;   /* from there to the end of the file */
    bool is_footer_compressed;
} firn_puffin;

/* Size of the footer with its magic, from the last FIRN_PUFFIN_TRAILER_SIZE bytes of the file. */
FIRN_MUST_CHECK firn_status firn_puffin_footer_size(firn_str trailer, int64_t file_size,
                                                    int64_t *out, firn_error *err);
/* footer: exactly the last footer_size bytes of the file. Every blob is inside the file and does
 * not reach into the footer. Result in the arena. */
FIRN_MUST_CHECK firn_status firn_puffin_decode_footer(firn_str footer, int64_t file_size,
                                                      firn_arena *arena, firn_puffin *out,
                                                      firn_error *err);
/* The same for a whole file in memory, whose first magic is checked too. */
FIRN_MUST_CHECK firn_status firn_puffin_decode(firn_str file, firn_arena *arena, firn_puffin *out,
                                               firn_error *err);
/* Contents of a blob from its stored bytes (blob->length of them): *out borrows stored when the
 * blob is not compressed, else unpacked, to which at most unpacked->max bytes are appended. */
FIRN_MUST_CHECK firn_status firn_puffin_blob_unpack(const firn_puffin_blob *blob, firn_str stored,
                                                    firn_codec_ctx *codecs, firn_buf *unpacked,
                                                    firn_str *out, firn_error *err);
/* NULL: the blob has no such property. */
const firn_str *firn_puffin_blob_property(const firn_puffin_blob *blob, firn_str key);

/* Writes a file piece by piece. out may be emptied by its owner between calls. */
typedef struct firn_puffin_writer {
    firn_buf *out;
    firn_arena *arena;
    firn_codec_ctx *codecs;
    int64_t offset; /* bytes written so far */
    firn_puffin_blob *blobs;
    size_t n_blobs, cap_blobs;
} firn_puffin_writer;

/* Appends the first magic. out, arena and codecs must outlive the writer; codecs may be NULL when
 * no blob is compressed. */
void firn_puffin_writer_init(firn_puffin_writer *writer, firn_buf *out, firn_arena *arena,
                             firn_codec_ctx *codecs);
/* Appends contents, compressed as blob->codec says. Offset and length of blob are not read; the
 * rest is copied. added_out (may be NULL): the blob as the footer will have it. */
FIRN_MUST_CHECK firn_status firn_puffin_writer_add(firn_puffin_writer *writer,
                                                   const firn_puffin_blob *blob, firn_str contents,
                                                   firn_puffin_blob *added_out, firn_error *err);
/* Appends the footer, with created-by among its properties unless they have it.
 * *footer_size_out (may be NULL): for the table's statistics entry. */
FIRN_MUST_CHECK firn_status firn_puffin_writer_finish(firn_puffin_writer *writer,
                                                      const firn_properties *properties,
                                                      int64_t *footer_size_out, firn_error *err);

#endif
