/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of change steps are changes, and which belong together: a row that is gone and one
 * that is new with the same values were only moved; with the same key, they are one row that
 * changed.
 *
 * Rows are compared by a keyed 128-bit hash of their values. Rows that do not fit in the budget are
 * judged in several passes over the steps, each of which looks at a part of the hashes; what
 * remains for each row are two bits in compressed sets. */
#ifndef FIRN_ICEBERG_CHANGE_VERDICT_H
#define FIRN_ICEBERG_CHANGE_VERDICT_H

#include "iceberg/changes/change_rows.h"

#define FIRN_CHANGE_KEY_DEPTH 64 /* as deep as a schema may be */

/* A key column: the way to it from the columns that are read. */
typedef struct firn_change_key {
    size_t path[FIRN_CHANGE_KEY_DEPTH];
    size_t n;
    firn_str name; /* for messages */
} firn_change_key;

typedef struct firn_verdict_opts {
    const firn_type *columns; /* STRUCT: what is read, values first, then a key that is none */
    size_t n_values;          /* how many of them make a row's values */
    const firn_change_key *keys;
    size_t n_keys;        /* 0: rows have no key, there are no updates */
    bool is_row_id;       /* the one key is the row's id; rows without one have no key */
    bool is_net;          /* judge all steps as one */
    int64_t memory_bytes; /* budget */
} firn_verdict_opts;

typedef enum firn_verdict {
    FIRN_VERDICT_PLAIN = 0, /* deleted or inserted */
    FIRN_VERDICT_DROP,      /* no change, or left out by the filter */
    FIRN_VERDICT_UPDATE,    /* one half of a changed row */
} firn_verdict;

typedef struct firn_verdicts firn_verdicts;

FIRN_MUST_CHECK firn_status firn_verdicts_make(const firn_change_source *source,
                                               const firn_change_step *steps, size_t n_steps,
                                               const firn_verdict_opts *opts, firn_verdicts **out,
                                               firn_error *err);
void firn_verdicts_destroy(firn_verdicts *verdicts);
/* row: number of a row as firn_change_rows counts. */
firn_verdict firn_verdict_of(const firn_verdicts *verdicts, uint64_t row);

#endif
