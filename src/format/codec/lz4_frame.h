/* SPDX-License-Identifier: Apache-2.0 */
/* The LZ4 frame format, as Puffin has it: one frame with its content size. */
#ifndef FIRN_FORMAT_LZ4_FRAME_H
#define FIRN_FORMAT_LZ4_FRAME_H

#include "base/buf.h"

/* Appends what the frame holds, at most to out->max; bytes behind the frame are corrupt. */
FIRN_MUST_CHECK firn_status firn_lz4_frame_unpack(firn_str in, firn_buf *out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_lz4_frame_pack(firn_str in, firn_buf *out, firn_error *err);

#endif
