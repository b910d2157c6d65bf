/* SPDX-License-Identifier: Apache-2.0 */
/* Raw snappy blocks unpacked piece by piece. Compressors cut their input into pieces of 64 KiB and
 * refer back no further, so that much is kept of what was given. Not for blocks that fit in memory:
 * snappy_decode.h is several times as fast. */
#ifndef FIRN_FORMAT_SNAPPY_STREAM_H
#define FIRN_FORMAT_SNAPPY_STREAM_H

#include "firn/base.h"

#define FIRN_SNAPPY_HISTORY 65536

typedef struct firn_snappy_stream firn_snappy_stream;

typedef enum firn_snappy_outcome {
    FIRN_SNAPPY_MORE = 0, /* of the block is to come: wants input or room */
    FIRN_SNAPPY_DONE,     /* all of it was given */
    FIRN_SNAPPY_BROKEN,
    FIRN_SNAPPY_FAR, /* refers to bytes that are not kept any more */
} firn_snappy_outcome;

/* False: out of memory. */
FIRN_MUST_CHECK bool firn_snappy_stream_create(firn_snappy_stream **out);
/* NULL is fine. */
void firn_snappy_stream_destroy(firn_snappy_stream *stream);
/* As firn_codec_stream_step(). */
FIRN_MUST_CHECK firn_snappy_outcome firn_snappy_stream_step(firn_snappy_stream *stream, firn_str in,
                                                            bool is_last, void *out, size_t room,
                                                            size_t *used, size_t *made);

#endif
