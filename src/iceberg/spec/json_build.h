/* SPDX-License-Identifier: Apache-2.0 */
/* Building JSON documents without a check per member: sticky, like firn_buf. Children are attached
 * to their parent before they are filled, so only the root has to be released on failure. */
#ifndef FIRN_ICEBERG_JSON_BUILD_H
#define FIRN_ICEBERG_JSON_BUILD_H

#include <jansson.h>

#include "base/arena.h"
#include "firn/metadata.h"

typedef struct firn_json_build {
    firn_status status; /* FIRN_OK until the first failure */
    firn_error *err;
} firn_json_build;

/* Parents may be NULL (after a failure): nothing happens. Keys are literals. Returned children are
 * borrowed from the parent. key NULL: the parent is an array. */
json_t *firn_json_build_object(firn_json_build *b, json_t *parent, const char *key);
json_t *firn_json_build_array(firn_json_build *b, json_t *parent, const char *key);
void firn_json_build_i64(firn_json_build *b, json_t *parent, const char *key, int64_t value);
void firn_json_build_bool(firn_json_build *b, json_t *parent, const char *key, bool value);
void firn_json_build_str(firn_json_build *b, json_t *parent, const char *key, firn_str value);
/* Takes over value; NULL counts as out of memory. */
void firn_json_build_take(firn_json_build *b, json_t *parent, const char *key, json_t *value);
/* Object member whose name is text from outside. Takes over value. */
void firn_json_build_member(firn_json_build *b, json_t *parent, firn_str name, json_t *value);
/* Record a failure that happened outside (err is filled already). */
void firn_json_build_fail(firn_json_build *b, firn_status status);
/* A string, or NULL with the failure recorded. New reference. */
json_t *firn_json_build_text(firn_json_build *b, firn_str value);
void firn_json_build_properties(firn_json_build *b, json_t *object, const firn_properties *props);
/* Hand root to *out, or release it and return the failure. */
firn_status firn_json_build_finish(firn_json_build *b, json_t *root, json_t **out);

/* The way back: an object of strings; copied to the arena. NULL object: no properties. skip: a key
 * to leave out, or NULL. */
FIRN_MUST_CHECK firn_status firn_properties_from_json(const json_t *object, const char *skip,
                                                      firn_arena *arena, firn_properties *out,
                                                      firn_error *err);

#endif
