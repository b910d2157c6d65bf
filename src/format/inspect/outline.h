/* SPDX-License-Identifier: Apache-2.0 */
/* Named values in a tree, written as they come: JSON for programs, indented lines for people.
 *
 *   begin(NULL) … value("rows", 7) … begin_list("columns") … begin(NULL) … end … end … end
 *
 * Sticky: after a failure later calls do nothing and finish reports the first one. Memory is one
 * buffer: what was written goes to the sink piece by piece. */
#ifndef FIRN_FORMAT_OUTLINE_H
#define FIRN_FORMAT_OUTLINE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/limits.h"
#include "format/byte_io.h"

typedef enum firn_outline_style {
    FIRN_OUTLINE_TEXT = 0, /* "rows: 7"; a list item begins with "- " */
    FIRN_OUTLINE_JSON,     /* one document, not indented */
} firn_outline_style;

#define FIRN_OUTLINE_DEPTH (2 * FIRN_LIMIT_NESTING + 16)

typedef struct firn_outline {
    firn_outline_style style;
    firn_byte_sink sink;
    firn_buf buf;
    firn_error first; /* of the sink */
    int depth;
    struct {
        bool is_list, is_inline, has_items;
    } levels[FIRN_OUTLINE_DEPTH];
} firn_outline;

void firn_outline_init(firn_outline *o, firn_outline_style style, const firn_byte_sink *sink);
/* Writes what is left and frees the buffer; the first failure of all calls. */
FIRN_MUST_CHECK firn_status firn_outline_finish(firn_outline *o, firn_error *err);

/* An object, or a list of what follows. name is NULL inside a list and for the outermost. */
void firn_outline_begin(firn_outline *o, const char *name);
void firn_outline_begin_list(firn_outline *o, const char *name);
/* An object or list of few values that text shows on one line. */
void firn_outline_begin_line(firn_outline *o, const char *name);
void firn_outline_begin_list_line(firn_outline *o, const char *name);
void firn_outline_end(firn_outline *o);

void firn_outline_i64(firn_outline *o, const char *name, int64_t v);
void firn_outline_f64(firn_outline *o, const char *name, double v);
void firn_outline_bool(firn_outline *o, const char *name, bool v);
/* Text as it is where it is valid UTF-8, else hex with 0x in front. */
void firn_outline_str(firn_outline *o, const char *name, firn_str v);
void firn_outline_cstr(firn_outline *o, const char *name, const char *v);
void firn_outline_hex(firn_outline *o, const char *name, firn_str bytes);
/* Text of a JSON value that needs no quotes (a number); text shows it as it is. */
void firn_outline_raw(firn_outline *o, const char *name, firn_str json);
void firn_outline_null(firn_outline *o, const char *name);
/* A whole JSON value. Its depth is at most FIRN_LIMIT_NESTING. */
void firn_outline_json(firn_outline *o, const char *name, const json_t *value);

#endif
