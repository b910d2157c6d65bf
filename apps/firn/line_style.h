/* SPDX-License-Identifier: Apache-2.0 */
/* What a byte of a line that is typed belongs to. */
#ifndef FIRN_APP_LINE_STYLE_H
#define FIRN_APP_LINE_STYLE_H

typedef enum line_style {
    LINE_STYLE_PLAIN = 0,
    LINE_STYLE_KEYWORD,
    LINE_STYLE_STRING,
    LINE_STYLE_NUMBER,
    LINE_STYLE_NAME, /* in quotes */
    LINE_STYLE_VARIABLE,
    LINE_STYLE_COMMENT,
    LINE_STYLE_COMMAND, /* of the shell */
    LINE_STYLE_OPEN,    /* a quote without its end, a stray byte */
    LINE_STYLE_PAIR,    /* the bracket at the cursor and its other half */
    LINE_STYLE_ALONE,   /* a bracket that closes none */
    LINE_STYLES,
} line_style;

#endif
