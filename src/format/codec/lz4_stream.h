/* SPDX-License-Identifier: Apache-2.0 */
/* Raw LZ4 blocks unpacked piece by piece; copies refer back 64 KiB at most. Where a block ends only
 * its last byte of input tells. Not for blocks that fit in memory: the library is several times as
 * fast, and has no function for this. Source: lz4, doc/lz4_Block_format.md. */
#ifndef FIRN_FORMAT_LZ4_STREAM_H
#define FIRN_FORMAT_LZ4_STREAM_H

#include "firn/base.h"

typedef struct firn_lz4_stream firn_lz4_stream;

typedef enum firn_lz4_outcome {
    FIRN_LZ4_MORE = 0, /* of the block is to come: wants input or room */
    FIRN_LZ4_DONE,     /* the input may end here, and all of it was given */
    FIRN_LZ4_BROKEN,
} firn_lz4_outcome;

/* False: out of memory. */
FIRN_MUST_CHECK bool firn_lz4_stream_create(firn_lz4_stream **out);
/* NULL is fine. */
void firn_lz4_stream_destroy(firn_lz4_stream *stream);
/* As firn_codec_stream_step(). */
FIRN_MUST_CHECK firn_lz4_outcome firn_lz4_stream_step(firn_lz4_stream *stream, firn_str in,
                                                      bool is_last, void *out, size_t room,
                                                      size_t *used, size_t *made);

#endif
