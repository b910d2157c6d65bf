/* SPDX-License-Identifier: Apache-2.0 */
/* Test input files: small ones in tests/data, large corpora in the folder FIRN_CORPORA names. */
#ifndef FIRN_TEST_CORPUS_H
#define FIRN_TEST_CORPUS_H

#include "base/arena.h"

/* Whole file; fails the running test when it cannot be read. */
firn_str corpus_read(firn_arena *arena, const char *path);
/* Path inside tests/data. */
const char *corpus_data_path(firn_arena *arena, const char *relative);
/* Path inside the corpora, or NULL (after saying so) when FIRN_CORPORA is not set. */
const char *corpus_path(firn_arena *arena, const char *relative);
/* Calls fn for each file whose name ends with suffix, in name order; returns how many. */
size_t corpus_each(firn_arena *arena, const char *folder, const char *suffix,
                   void (*fn)(void *ctx, const char *name, firn_str bytes), void *ctx);

#endif
