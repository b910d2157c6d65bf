/* SPDX-License-Identifier: Apache-2.0 */
/* Decompression of raw snappy blocks, for reading: about twice as fast as the distribution's
 * library, which was built without inlined copies. Compression stays the library's. */
#ifndef FIRN_FORMAT_SNAPPY_DECODE_H
#define FIRN_FORMAT_SNAPPY_DECODE_H

#include "firn/base.h"

/* The size the block says it unpacks to; false when it does not begin with one. */
bool firn_snappy_size(firn_str in, size_t *out);
/* Unpacks exactly size bytes; false when the block is damaged or of another size. Never reads or
 * writes outside of in and out. */
bool firn_snappy_decode(firn_str in, void *out, size_t size);

#endif
