/* SPDX-License-Identifier: Apache-2.0 */
/* Words, signs and literals of a filter's text (expr_parse.h). Internal to this folder. */
#ifndef FIRN_ICEBERG_FILTER_TOKEN_H
#define FIRN_ICEBERG_FILTER_TOKEN_H

#include "base/arena.h"
#include "firn/types.h"

typedef enum firn_filter_token_kind {
    FIRN_FILTER_END = 0,
    FIRN_FILTER_WORD,   /* text: as found */
    FIRN_FILTER_NAME,   /* quoted; text: without quotes */
    FIRN_FILTER_TEXT,   /* text: without quotes */
    FIRN_FILTER_NUMBER, /* text: as found, no sign */
    FIRN_FILTER_SIGN,   /* text: one or two characters */
} firn_filter_token_kind;

typedef struct firn_filter_token {
    firn_filter_token_kind kind;
    firn_str text;
    size_t from, to; /* bytes of the filter */
} firn_filter_token;

/* The token at or after from. FIRN_ERR_ARG for quotes that do not end and bytes that start
 * nothing. */
FIRN_MUST_CHECK firn_status firn_filter_token_read(firn_str filter, size_t from, firn_arena *arena,
                                                   firn_filter_token *out, firn_error *err);
/* True for that word, in any case. */
bool firn_filter_token_is_word(const firn_filter_token *token, const char *word);
bool firn_filter_token_is_sign(const firn_filter_token *token, const char *sign);
/* A number as LONG, DECIMAL (of its digits) or DOUBLE (with an exponent or beyond 38 digits). */
bool firn_filter_number(firn_str text, bool is_negative, firn_value *out);
/* FIRN_ERR_ARG "filter: found .., expected <what>". */
firn_status firn_filter_fail(const firn_filter_token *token, const char *expected, firn_error *err);

#endif
