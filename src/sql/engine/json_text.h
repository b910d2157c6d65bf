/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over JSON as text that the engine's json() has checked and written without blanks, so that
 * numbers stay as they are written. Not a parser: of other text the results are some slices of it.
 */
#ifndef FIRN_SQL_JSON_TEXT_H
#define FIRN_SQL_JSON_TEXT_H

#include "base/buf.h"

/* The members of an object or the elements of an array, one after another. */
typedef struct firn_json_walk {
    firn_str json;
    size_t at;
    bool is_object;
    firn_str key, value; /* of the last step; key with its quotes, empty in an array */
} firn_json_walk;

/* Of what is neither, there are none. */
firn_json_walk firn_json_walk_of(firn_str json);
bool firn_json_walk_next(firn_json_walk *walk);
/* The text of a string without its quotes and escapes is appended; half a surrogate pair is the
 * replacement character. */
void firn_json_text_plain(firn_str string, firn_buf *out);
/* A key with its quotes is the name. */
bool firn_json_text_is(firn_str key, firn_str name);

#endif
