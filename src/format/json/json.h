/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents (metadata, not row data): jansson behind a few typed getters whose errors name
 * the path. Depth is limited to FIRN_LIMIT_JSON_NESTING, duplicate keys are refused. */
#ifndef FIRN_FORMAT_JSON_H
#define FIRN_FORMAT_JSON_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"

/* json_parse.c. The document is released with the arena. err->position: byte offset of the fault.
 */
FIRN_MUST_CHECK firn_status firn_json_parse(firn_str text, firn_arena *arena, json_t **out,
                                            firn_error *err);
/* Required members: FIRN_ERR_CORRUPT "missing \"x\"" or "\"x\" must be an integer, found string".
 */
FIRN_MUST_CHECK firn_status firn_json_get_i64(const json_t *object, const char *key, int64_t *out,
                                              firn_error *err);
FIRN_MUST_CHECK firn_status firn_json_get_i32(const json_t *object, const char *key, int32_t *out,
                                              firn_error *err);
/* Borrowed from the document. */
FIRN_MUST_CHECK firn_status firn_json_get_str(const json_t *object, const char *key, firn_str *out,
                                              firn_error *err);
FIRN_MUST_CHECK firn_status firn_json_get_bool(const json_t *object, const char *key, bool *out,
                                               firn_error *err);
FIRN_MUST_CHECK firn_status firn_json_get_array(const json_t *object, const char *key, json_t **out,
                                                firn_error *err);
FIRN_MUST_CHECK firn_status firn_json_get_object(const json_t *object, const char *key,
                                                 json_t **out, firn_error *err);
/* Optional members: absent or null leaves *out and sets *has false. A wrong type is an error. */
FIRN_MUST_CHECK firn_status firn_json_opt_i64(const json_t *object, const char *key, int64_t *out,
                                              bool *has, firn_error *err);
FIRN_MUST_CHECK firn_status firn_json_opt_str(const json_t *object, const char *key, firn_str *out,
                                              bool *has, firn_error *err);
FIRN_MUST_CHECK firn_status firn_json_opt_array(const json_t *object, const char *key, json_t **out,
                                                firn_error *err);
FIRN_MUST_CHECK firn_status firn_json_opt_object(const json_t *object, const char *key,
                                                 json_t **out, firn_error *err);
/* Serialise to one line. Key order is insertion order. */
FIRN_MUST_CHECK firn_status firn_json_write(const json_t *value, firn_buf *out, firn_error *err);
/* Append s as a quoted JSON string. */
void firn_json_quote(firn_buf *out, firn_str s);

#endif
