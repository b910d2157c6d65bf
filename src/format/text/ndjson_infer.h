/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of NDJSON that nobody declared, from its first lines. Decoding is ndjson.h's. */
#ifndef FIRN_FORMAT_NDJSON_INFER_H
#define FIRN_FORMAT_NDJSON_INFER_H

#include "base/arena.h"
#include "firn/types.h"

/* Columns of the lines in sample (the beginning of a file; is_whole: all of it), at most max_lines
 * of them (0: 1000), in the order their keys are first met. true and false give BOOLEAN, integers
 * LONG, numbers with a fraction DOUBLE, objects STRUCT, arrays LIST, all else STRING: text, what is
 * null everywhere, and values of several kinds, which the decoder takes as their JSON. Nothing is
 * required. *root lives in the arena.
 * FIRN_ERR_CORRUPT: the sample has no line that is an object; the reason is that of its first. */
FIRN_MUST_CHECK firn_status firn_ndjson_infer(firn_str sample, bool is_whole, int64_t max_lines,
                                              firn_arena *arena, const firn_type **root,
                                              firn_error *err);

#endif
