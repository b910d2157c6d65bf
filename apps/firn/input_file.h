/* SPDX-License-Identifier: Apache-2.0 */
/* A local file that a command was given: ranged reads, all of it, or its text piece by piece. No
 * home and no store is needed. */
#ifndef FIRN_APP_INPUT_FILE_H
#define FIRN_APP_INPUT_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "format/byte_io.h"
#include "format/codec/gunzip.h"
#include "format/inspect/file_kind.h"

typedef struct input_file {
    const char *path;
    int fd;
    firn_byte_source source; /* ctx is the input_file: do not move it */
} input_file;

/* A regular file; "-" and pipes are refused, since most formats are read from their end. */
FIRN_MUST_CHECK firn_status input_open(const char *path, input_file *out, firn_error *err);
void input_close(input_file *in);
/* Puts the path, and the place of a fault in the file, in front of a failure's message. */
firn_status input_wrap(const input_file *in, firn_status st, firn_error *err);
/* The whole file, gunzipped when is_gzip; at most max_bytes. */
FIRN_MUST_CHECK firn_status input_read_all(input_file *in, bool is_gzip, size_t max_bytes,
                                           firn_buf *out, firn_error *err);
/* Kind by content; *is_gzip: it is the kind of what is packed inside. */
FIRN_MUST_CHECK firn_status input_kind(input_file *in, firn_file_kind *kind, bool *is_gzip,
                                       firn_error *err);

/* Text with what was not used yet kept in front. */
typedef struct input_text {
    input_file *in;
    firn_gunzip *gz; /* NULL: plain */
    firn_buf packed; /* read, not yet unpacked from packed_used on */
    size_t packed_used;
    int64_t offset; /* of the next read */
    firn_buf text;
    size_t used;  /* bytes of text that were consumed */
    bool is_last; /* text ends the file */
} input_text;

FIRN_MUST_CHECK firn_status input_text_open(input_file *in, bool is_gzip, size_t max_bytes,
                                            input_text *out, firn_error *err);
void input_text_close(input_text *t);
/* Unused text; set t->used += n for what is consumed. */
firn_str input_text_view(const input_text *t);
/* Appends more, at most 1 MiB. FIRN_ERR_LIMIT when max_bytes are waiting unused. */
FIRN_MUST_CHECK firn_status input_text_more(input_text *t, firn_error *err);
/* Reads until there is a sample to infer columns from: 1 MiB, or all. */
FIRN_MUST_CHECK firn_status input_text_sample(input_text *t, firn_error *err);

#endif
