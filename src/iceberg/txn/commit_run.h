/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the commit, as the files that make it up share it: txn_commit.c builds and publishes,
 * commit_ends.c brings transactions to their ends, commit_turns.c waits for the tables' turns,
 * commit_guests.c commits for writers of other processes that wait. */
#ifndef FIRN_ICEBERG_COMMIT_RUN_H
#define FIRN_ICEBERG_COMMIT_RUN_H

#include "iceberg/spec/metadata_builder.h"
#include "iceberg/txn/txn_internal.h"

/* A table of the run, and what the attempt under way makes of it. */
typedef struct firn_commit_part {
    firn_txn *leader; /* its table handle is the one that talks to the catalog */
    void *turn;
    const firn_table_metadata *base;
    firn_update_list list;
    firn_metadata_builder state; /* base with the list, once there is a snapshot in it */
    bool has_state;
    firn_list_batch batch;
} firn_commit_part;

/* The transactions of one request of another process, which land or are declined together. */
typedef struct firn_commit_guest {
    size_t number; /* of the request */
    firn_txn **txns;
    size_t n;
    bool is_in; /* built, and not answered yet */
} firn_commit_guest;

typedef struct firn_commit_run {
    firn_commit_member *members;
    size_t n;
    firn_commit_part *parts; /* one; together: one a member */
    size_t n_parts;
    firn_commit_kind kind;
    firn_arena *arena; /* of the attempt; becomes the table's when a shared commit lands */
    int32_t attempt;
    bool is_shared;    /* the members are such as others may commit, and ours with others */
    bool is_final;     /* trying again would not mend it */
    bool is_inherited; /* a writer that died had the members: whether it committed them is to be
                          seen */
    firn_arena *guest_arena; /* of the guests; NULL: there are none */
    firn_commit_guest *guests;
    size_t n_guests;
} firn_commit_run;

/* ---- txn_commit.c ---- */

/* Adds the transaction's updates to the part's, on top of what is there. A transaction that fails
 * leaves the part as it was. */
FIRN_MUST_CHECK firn_status firn_commit__build(const firn_commit_run *run, firn_commit_part *part,
                                               firn_txn *txn, firn_error *err);
/* What of an attempt a transaction can take back. */
typedef struct firn_commit_mark {
    size_t n_updates;
    firn_metadata_builder state;
    bool has_state;
    firn_list_batch batch;
} firn_commit_mark;
firn_commit_mark firn_commit__mark(const firn_commit_part *part);
void firn_commit__take_back(firn_commit_part *part, const firn_commit_mark *mark);

/* ---- commit_ends.c ---- */

void firn_commit__settle(firn_commit_member *member, firn_status st);
/* A member of a shared commit is lost for good: err says why. */
void firn_commit__lose(firn_commit_member *member, firn_status st);
/* The handle takes the arena with the result. */
void firn_commit__land(firn_txn *txn, firn_arena *arena, const firn_loaded_table *loaded);
void firn_commit__land_rest(const firn_commit_run *run);
bool firn_commit__has_unsettled(const firn_commit_run *run);
/* Our snapshots came in one commit, so one of them tells of all. */
bool firn_commit__has_our_snapshot(const firn_txn *txn, const firn_table_metadata *metadata);
/* Nobody but the table knows by now which of the files are in use. */
void firn_commit__leave_files(const firn_commit_run *run);
/* After a commit whose outcome nobody knows. */
void firn_commit__resolve_all(const firn_commit_run *run);
/* After the last attempt, which ended with st; the turns end. */
void firn_commit__settle_rest(firn_commit_run *run, firn_status st, const firn_error *why);
/* A table property that is not negative. */
int64_t firn_commit__property(const firn_txn *txn, firn_str key, int64_t fallback);
/* min_ms, twice that, and so on, up to max_ms. */
int64_t firn_commit__backoff_ms(int64_t n_before, int64_t min_ms, int64_t max_ms);

/* ---- commit_turns.c ---- */

/* False: all members are settled, as another writer had them. */
bool firn_commit__take_turns(firn_commit_run *run);
void firn_commit__end_turns(const firn_commit_run *run);

/* ---- commit_names.c ---- */

/* What the attempt needs under durable names: the metadata files that were written, and the data
 * files. One path of each folder is enough, and some are there more often. */
FIRN_MUST_CHECK firn_status firn_commit__names(const firn_commit_run *run, firn_str **out,
                                               size_t *n_out, firn_error *err);
/* Before other writers may have it: who commits for others syncs the metadata folder and the data
 * folder of the table once for all, and no other. So the files in other folders get durable names
 * here. pending_out: a file of the change in the data folder; empty: none. */
FIRN_MUST_CHECK firn_status firn_commit__sync_names(const firn_txn *txn,
                                                    firn_snapshot_change *change,
                                                    firn_arena *scratch, firn_str *pending_out,
                                                    firn_error *err);
/* The path is of a file in the folder itself. */
bool firn_commit__is_in_folder(firn_str path, firn_str folder);

/* ---- commit_guests.c ---- */

/* Builds what writers of other processes wait for, on top of the members. They are answered when it
 * is certain what became of the attempt. */
void firn_commit__take_guests(firn_commit_run *run);
/* Tells them what became of it, and forgets them: landed, certainly not landed, or not known. */
void firn_commit__answer_guests(firn_commit_run *run, firn_request_end end);

#endif
