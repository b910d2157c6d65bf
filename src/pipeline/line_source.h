/* SPDX-License-Identifier: Apache-2.0 */
/* Text of one landing file in blocks, unpacked when it is gzip, hashed as it is read. */
#ifndef FIRN_PIPELINE_LINE_SOURCE_H
#define FIRN_PIPELINE_LINE_SOURCE_H

#include "base/env.h"
#include "firn/ext/store.h"

typedef struct firn_line_source firn_line_source;

FIRN_MUST_CHECK firn_status firn_line_source_create(firn_env *env, firn_store *store,
                                                    firn_line_source **out, firn_error *err);
void firn_line_source_destroy(firn_line_source *source);
/* Start a file; gzip by the name's end (.gz). */
FIRN_MUST_CHECK firn_status firn_line_source_open(firn_line_source *source, firn_str path,
                                                  firn_error *err);
void firn_line_source_close(firn_line_source *source);
/* Drop `used` bytes from the front of the text and read more behind what is left. *is_last: no
 * more will come. *text is borrowed until the next call. */
FIRN_MUST_CHECK firn_status firn_line_source_more(firn_line_source *source, size_t used,
                                                  firn_str *text, bool *is_last, firn_error *err);
/* Hash of all bytes of the file, once *is_last was seen. */
void firn_line_source_hash(const firn_line_source *source, char hash[33]);
/* The same hash of a whole file, read without unpacking it; ends what was open. */
FIRN_MUST_CHECK firn_status firn_line_source_hash_file(firn_line_source *source, firn_str path,
                                                       char hash[33], firn_error *err);

#endif
