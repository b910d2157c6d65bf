/* SPDX-License-Identifier: Apache-2.0 */
/* The two arrays of a metadata file that grow with every commit, "snapshots" and "snapshot-log",
 * read and written without a tree of values: every commit reads and writes all of them, and only
 * their last entry is new. The rest of a metadata file is metadata_json_*.c.
 *
 * What is not as firn and Iceberg's libraries write it (escapes, unknown members, nulls) is not
 * read here: the caller reads it through the tree, which also has the words for what is wrong. */
#ifndef FIRN_ICEBERG_HISTORY_JSON_H
#define FIRN_ICEBERG_HISTORY_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/metadata.h"

typedef struct firn_history_text {
    firn_str rest;         /* the document with [] in place of the arrays, in the arena */
    firn_str snapshots;    /* "[...]", part of the document; empty: there is none */
    firn_str snapshot_log; /* likewise */
} firn_history_text;

/* Snapshots that were read from an older document of the table, and their text there. A newer
 * document mostly begins with the same text: then they need not be read again. */
typedef struct firn_history_known {
    firn_str text; /* "{...},{...}"; empty: nothing is known */
    const firn_snapshot *snapshots;
    size_t n;
} firn_history_known;

/* older may be NULL. */
firn_history_known firn_history_of(const firn_table_metadata *older);

/* *known is emptied where the document does not begin with it. False: not possible, or no use. */
bool firn_history_split(firn_str document, firn_history_known *known, firn_arena *arena,
                        firn_history_text *out);

/* The snapshots' texts point into array, which must live as long as the arena and begin with
 * known's. FIRN_NEED_MORE: to be read through the tree. */
FIRN_MUST_CHECK firn_status firn_history_read_snapshots(firn_str array,
                                                        const firn_history_known *known,
                                                        firn_arena *arena, firn_snapshot **out,
                                                        size_t *n_out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_history_read_log(firn_str array, firn_arena *arena,
                                                  firn_snapshot_log_entry **out, size_t *n_out,
                                                  firn_error *err);

/* As arrays. A snapshot that came from a metadata file goes out as it came in. */
FIRN_MUST_CHECK firn_status firn_history_write_snapshots(const firn_table_metadata *metadata,
                                                         firn_buf *out, firn_error *err);
void firn_history_write_log(const firn_table_metadata *metadata, firn_buf *out);

#endif
