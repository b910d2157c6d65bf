/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes of JSON strings (RFC 8259, section 7), for documents and for lines alike. */
#ifndef FIRN_FORMAT_JSON_ESCAPE_H
#define FIRN_FORMAT_JSON_ESCAPE_H

#include "base/buf.h"

/* The longest escape without its backslash: two halves of a surrogate pair. */
#define FIRN_JSON_ESCAPE_MAX 11

/* p: behind the backslash; no byte at or behind end is looked at. Appends what the escape stands
 * for, as UTF-8. Returns where it ends; NULL with *why when it is none. */
const char *firn_json_unescape(const char *p, const char *end, firn_buf *out, const char **why);

#endif
