/* SPDX-License-Identifier: Apache-2.0 */
/* What Parquet files call LZ4 and nobody specified: Hadoop's blocks, LZ4 frames, or a bare block,
 * depending on the writer. Decoding only; new files use the bare block under its own name. */
#ifndef FIRN_FORMAT_LZ4_FRAMED_H
#define FIRN_FORMAT_LZ4_FRAMED_H

#include "firn/base.h"

/* Exactly size bytes to out; false when the input is none of the three or has another size. */
bool firn_lz4_framed_decode(firn_str in, void *out, size_t size);

#endif
