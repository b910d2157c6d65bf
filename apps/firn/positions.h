/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are sets of positions, and blobs of Puffin files, on standard output. */
#ifndef FIRN_APP_POSITIONS_H
#define FIRN_APP_POSITIONS_H

#include "input_file.h"

typedef enum positions_kind {
    POSITIONS_NONE = 0,
    POSITIONS_DELETION_VECTOR,
    POSITIONS_BITMAP32,
    POSITIONS_BITMAP64,
} positions_kind;

/* "deletion-vector", "bitmap32", "bitmap64"; else NONE. */
positions_kind positions_parse(const char *name);
/* Positions in rising order, one a line, of the file or (blob >= 0) of a blob of a Puffin file;
 * kind NONE: the blob's contents, unpacked. */
FIRN_MUST_CHECK firn_status positions_print(input_file *in, positions_kind kind, int64_t blob,
                                            firn_arena *arena, firn_error *err);

#endif
