/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in the canonical text of the conformance corpora: "[v,v,...]", see their README. */
#ifndef FIRN_CANONICAL_ROWS_H
#define FIRN_CANONICAL_ROWS_H

#include "base/arena.h"
#include "firn/batch.h"

/* Lines collected for a digest that does not depend on their order. */
typedef struct firn_test_lines {
    firn_arena *arena;
    firn_str *lines;
    size_t n, cap;
} firn_test_lines;

void firn_test_lines_add(firn_test_lines *lines, const firn_batch *batch, int64_t row);
/* MD5 of the lines, sorted by bytes, each with a newline. Sorts them. */
void firn_test_lines_md5(firn_test_lines *lines, char out[33]);

#endif
