/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of text in which "%" stands for any bytes: what LIKE compares with, without "_". */
#ifndef FIRN_FORMAT_TEXT_PATTERN_H
#define FIRN_FORMAT_TEXT_PATTERN_H

#include "base/arena.h"

/* Pieces in their order, with anything between them. */
typedef struct firn_text_pattern {
    const firn_str *pieces;
    size_t n;
    bool is_start, is_end; /* the first piece is at the text's start, the last one at its end */
    bool is_negated;       /* texts that do not match are meant */
} firn_text_pattern;

/* In the arena, borrowing the text. *out NULL: "_" is in it. */
FIRN_MUST_CHECK firn_status firn_text_pattern_of_like(firn_arena *arena, firn_str like,
                                                      firn_text_pattern **out, firn_error *err);
bool firn_text_pattern_matches(const firn_text_pattern *pattern, firn_str text);
/* As a LIKE pattern in quotes. data NULL: out of memory. */
firn_str firn_text_pattern_format(const firn_text_pattern *pattern, firn_arena *arena);

#endif
