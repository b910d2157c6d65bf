/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks unpacked piece by piece, where input and output are too large to be held. Slower than
 * codec.h, which is for whole blocks, and takes the window of the codec: 64 KiB, for brotli up to
 * 16 MiB, for zstd what its frame says, as much as a page at most. */
#ifndef FIRN_FORMAT_CODEC_STREAM_H
#define FIRN_FORMAT_CODEC_STREAM_H

#include "format/codec/codec.h"

/* So many bytes of input are enough for any codec to go on. */
#define FIRN_CODEC_STREAM_INPUT 16

typedef struct firn_codec_stream firn_codec_stream;

/* Older framings of LZ4 and Avro's codecs are for whole blocks; what is not compressed needs no
 * stream. */
bool firn_codec_has_stream(firn_codec codec);
FIRN_MUST_CHECK firn_status firn_codec_stream_create(firn_codec codec, firn_codec_stream **out,
                                                     firn_error *err);
/* NULL is fine. */
void firn_codec_stream_destroy(firn_codec_stream *stream);
/* Unpacks from the front of in to out, at most room bytes: *used and *made say how many of each.
 * When both are 0 it wants more input, or its end was reached. Input that is left is to be given
 * again, in front of at least FIRN_CODEC_STREAM_INPUT bytes in all unless is_last. */
FIRN_MUST_CHECK firn_status firn_codec_stream_step(firn_codec_stream *stream, firn_str in,
                                                   bool is_last, void *out, size_t room,
                                                   size_t *used, size_t *made, firn_error *err);
/* Is all input that was used a whole block (or several, where the codec has such)? LZ4 cannot tell
 * one that was cut behind a literal: count what it makes. */
bool firn_codec_stream_is_done(const firn_codec_stream *stream);

#endif
