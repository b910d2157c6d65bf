/* SPDX-License-Identifier: Apache-2.0 */
/* What table and view metadata files share as text: gzip, parts kept verbatim. */
#ifndef FIRN_ICEBERG_METADATA_JSON_TEXT_H
#define FIRN_ICEBERG_METADATA_JSON_TEXT_H

#include "format/json/json.h"
#include "iceberg/spec/json_build.h"

/* The text itself, or its unpacked form in the arena when it is gzip. */
FIRN_MUST_CHECK firn_status firn_json_unpack(firn_str text, firn_arena *arena, firn_str *out,
                                             firn_error *err);
/* Appends the text as gzip. */
FIRN_MUST_CHECK firn_status firn_json_pack(firn_str text, firn_buf *out, firn_error *err);
/* A value as text in the arena. */
FIRN_MUST_CHECK firn_status firn_json_keep(const json_t *value, firn_arena *arena, firn_str *out,
                                           firn_error *err);
/* The members of an object that are not in the list known (NULL-terminated), as an object; nothing
 * when there are none. */
FIRN_MUST_CHECK firn_status firn_json_keep_unknown(const json_t *object, const char *const *known,
                                                   firn_arena *arena, firn_str *out,
                                                   firn_error *err);
/* Put kept text back: as a member key of object, or (key NULL) its members into object. */
void firn_json_build_kept(firn_json_build *b, json_t *object, const char *key, firn_str kept);

#endif
