/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: the table handle, the transaction and its draft.
 *
 * A transaction is a list of actions. Each is applied twice: when it is asked for, to a draft on
 * the table's metadata, so that mistakes are refused at once; and in every commit attempt, to a new
 * draft on the refreshed base. The draft becomes updates in one fixed order, the updates give the
 * requirements. */
#ifndef FIRN_ICEBERG_TXN_INTERNAL_H
#define FIRN_ICEBERG_TXN_INTERNAL_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/table.h"
#include "iceberg/txn/snapshot_update.h"

#define FIRN_MAIN FIRN_STR("main")

struct firn_table {
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    firn_arena *ident_arena;
    firn_ident ident;
    firn_str text;     /* "a.b.name", for messages */
    firn_arena *arena; /* of loaded */
    firn_loaded_table loaded;
    /* Set while the table exists only in a transaction that creates it. */
    const firn_update *create_updates;
    size_t n_create_updates;
    firn_str branch; /* that transactions change; empty: main */
    bool is_shown;   /* shown is what the handle shows, not what was loaded: a branch as if
                        it were main, or the table as a transaction would make it */
    firn_table_metadata shown;
};

typedef struct firn_draft_ref {
    firn_snapshot_ref ref;
    bool is_removed;
} firn_draft_ref;

/* A statistics file set or removed. */
typedef struct firn_draft_statistics {
    int64_t snapshot_id;
    firn_str json; /* empty: removed */
    bool is_partition;
} firn_draft_statistics;

/* Table metadata as the actions so far leave it. Copied by value before an action is tried. */
typedef struct firn_txn_draft {
    firn_arena *arena;
    const firn_table_metadata *base;
    const firn_schema *schema; /* schema_id is that of the base until updates are made */
    bool has_schema;           /* differs from the base */
    bool pins_branches;        /* right only while no branch moves */
    int32_t last_column_id;
    const firn_partition_spec *spec;
    bool has_spec;
    int32_t last_partition_id;
    const firn_sort_order *sort_order;
    bool has_sort_order;
    int32_t format_version; /* 0: unchanged */
    firn_property *set;
    size_t n_set, cap_set;
    firn_property *removed; /* keys only */
    size_t n_removed, cap_removed;
    firn_str location;                 /* empty: unchanged */
    const struct firn_draft_ref *refs; /* branches and tags that change, in order */
    size_t n_refs;
    const int64_t *removed_snapshots;
    size_t n_removed_snapshots;
    const int64_t *removed_schemas; /* ids */
    size_t n_removed_schemas;
    const int64_t *removed_specs;
    size_t n_removed_specs;
    const struct firn_draft_statistics *statistics;
    size_t n_statistics;
} firn_txn_draft;

typedef struct firn_txn_action firn_txn_action;
typedef firn_status (*firn_action_fn)(const firn_txn_action *action, firn_txn_draft *draft,
                                      firn_error *err);

/* One table change with its arguments, copied to the transaction's arena. */
struct firn_txn_action {
    firn_action_fn apply;
    firn_str path;
    firn_str text;
    const firn_type *type;
    const firn_field *field;
    const firn_schema *schema;
    const firn_value *value;
    const firn_str *paths; /* n */
    firn_str text2;
    bool flag, flag2;
    firn_position position;
    const firn_ref_opts *ref;
    const int64_t *ids;
    firn_transform transform;
    const firn_partition_field *partition_fields;
    const firn_sort_field *sort_fields;
    const firn_property *properties;
    size_t n; /* of the arrays */
    int64_t id;
    bool needs_same_layout; /* not to be repeated when schema, spec or sort order changed */
    bool needs_same_main;   /* not to be repeated when main moved */
    bool needs_same_branches;
};

/* One snapshot-producing change; what it points to is the transaction's, but for the filters. */
typedef struct firn_snapshot_change {
    firn_change what;
    int64_t snapshot_id;  /* the same in all attempts: how a landed commit is recognised */
    firn_str picked_from; /* cherry-picked: the snapshot, as text; empty: not */
    /* Manifests of the added files: written once, in every attempt's list (sequence numbers are
     * inherited from there). */
    bool is_made;
    const firn_manifest_file *made;
    size_t n_made;
    int32_t made_version; /* format version they were made for */
    /* Of added files that are not at hand, as another process has them; NULL: none. */
    const struct firn_summary_counts *counts;
    bool has_durable_names; /* of the added files, whatever these say */
    firn_str pending_name;  /* of one of the files that are not at hand, in the table's data folder:
                               that is still to be synced; empty: none */
    /* Of the attempt under way: delete files that others added since from_snapshot_id. */
    const struct firn_delete_index *new_deletes;
    int64_t from_sequence_number;
} firn_snapshot_change;

/* A metadata file that the transaction wrote, or was about to write. */
typedef struct firn_written_file {
    firn_str path;
    bool is_kept; /* for all attempts */
    bool is_used; /* by the attempt under way */
} firn_written_file;

/* Manifest lists of several transactions that commit as one: they become durable together, and the
 * next one goes on from the manifests of the one before. */
typedef struct firn_list_batch {
    firn_arena *arena;
    firn_store_writer **writers;
    size_t n, cap;
    int64_t snapshot_id; /* the last one; 0: none */
    const firn_manifest_file *manifests;
    size_t n_manifests;
} firn_list_batch;

struct firn_txn {
    firn_table *table;
    firn_arena *arena;       /* actions; handed to the table when the commit lands */
    firn_arena *files_arena; /* data files of the change */
    firn_txn_action *actions;
    size_t n_actions, cap_actions;
    firn_txn_draft draft;
    firn_snapshot_change *changes; /* in order */
    size_t n_changes, cap_changes;
    firn_property *summary;
    size_t n_summary, cap_summary;
    firn_written_file *written;
    size_t n_written, cap_written;
    firn_list_batch *batch; /* NULL: a manifest list is finished at once */
    int32_t attempt;
    bool keeps_files; /* data files stay when the commit is lost */
    bool is_ended;    /* landed, unknown, or lost with its files removed */
    bool is_staged;   /* its snapshots belong to no branch */
};

/* ---- table.c ---- */

/* A handle without metadata. */
FIRN_MUST_CHECK firn_status firn_table__make(firn_env *env, firn_store *store,
                                             firn_catalog *catalog, const firn_ident *ident,
                                             firn_table **out, firn_error *err);
/* Makes the handle show a commit's result; takes the arena. */
void firn_table__install(firn_table *table, firn_arena *arena, const firn_loaded_table *loaded);
/* Loads the current metadata into the arena. */
FIRN_MUST_CHECK firn_status firn_table__load(const firn_table *table, firn_arena *arena,
                                             firn_loaded_table *out, firn_error *err);

/* ---- txn.c ---- */

FIRN_MUST_CHECK firn_status firn_txn__check_open(const firn_txn *txn, firn_error *err);
/* Tries the action on the draft and remembers it. */
FIRN_MUST_CHECK firn_status firn_txn__act(firn_txn *txn, const firn_txn_action *action,
                                          firn_error *err);
FIRN_MUST_CHECK firn_status firn_txn__copy(firn_txn *txn, firn_str text, firn_str *out,
                                           firn_error *err);
void firn_txn__draft_init(firn_txn_draft *draft, firn_arena *arena,
                          const firn_table_metadata *base);

/* ---- txn_updates.c ---- */

typedef struct firn_update_list {
    firn_arena *arena;
    firn_update *items;
    size_t n, cap;
    bool pins_branches; /* see firn_txn_draft */
} firn_update_list;

FIRN_MUST_CHECK firn_status firn_updates__push(firn_update_list *list, const firn_update *update,
                                               firn_error *err);
/* All of the draft but snapshots. */
FIRN_MUST_CHECK firn_status firn_updates__from_draft(const firn_txn_draft *draft,
                                                     firn_update_list *list, firn_error *err);
/* ---- ref_update.c ---- */

/* The branch or tag as the draft has it; NULL: none. */
const firn_snapshot_ref *firn_draft__ref(const firn_txn_draft *draft, firn_str name);
/* Puts it in place of the one of that name. */
FIRN_MUST_CHECK firn_status firn_draft__set_ref(firn_txn_draft *draft, const firn_snapshot_ref *ref,
                                                firn_error *err);
/* main moved to a snapshot. */
FIRN_MUST_CHECK firn_status firn_draft__move_main(firn_txn_draft *draft, int64_t snapshot_id,
                                                  firn_error *err);

FIRN_MUST_CHECK firn_status firn_updates__set_branch(const firn_table_metadata *base, firn_str name,
                                                     int64_t snapshot_id, firn_update_list *list,
                                                     firn_error *err);
/* What must still hold for these updates to mean what they meant on base. */
FIRN_MUST_CHECK firn_status firn_requirements__derive(const firn_table_metadata *base,
                                                      bool is_create, const firn_update_list *list,
                                                      firn_requirement **out, size_t *n_out,
                                                      firn_error *err);

/* ---- snapshot_producer.c ---- */

/* Writes manifests and manifest list of a change on top of its branch in metadata. Every file is
 * added to txn->written before it is made. */
FIRN_MUST_CHECK firn_status firn_snapshot__produce(firn_txn *txn, firn_snapshot_change *change,
                                                   const firn_table_metadata *metadata,
                                                   firn_arena *arena, firn_snapshot *out,
                                                   firn_error *err);
/* Writes the manifests of the change's added files, if they are not there yet. */
FIRN_MUST_CHECK firn_status firn_snapshot__prepare(firn_txn *txn, firn_snapshot_change *change,
                                                   const firn_table_metadata *metadata,
                                                   firn_error *err);
/* Head of the change's branch; NULL: main without a snapshot. FIRN_ERR_NOT_FOUND: no such branch.
 */
FIRN_MUST_CHECK firn_status firn_snapshot__head(const firn_snapshot_change *change,
                                                const firn_table_metadata *metadata,
                                                const firn_snapshot **out, firn_error *err);

/* ---- written_files.c ---- */

/* The name is noted before the object is made: what may exist must be known to the clean-up. */
FIRN_MUST_CHECK firn_status firn_written__note(firn_txn *txn, firn_str path, firn_error *err);
/* Which files an attempt that failed leaves behind. */
typedef enum firn_written_keep {
    FIRN_KEEP_NOTHING = 0,
    FIRN_KEEP_FOR_RETRY, /* manifests of added files */
    FIRN_KEEP_USED,      /* what the snapshot that landed refers to */
} firn_written_keep;
/* Best effort, logged. */
void firn_written__remove(firn_txn *txn, firn_written_keep keep);

/* ---- commit_queue.c ---- */

/* The threads of a process that wait to append to tables of one catalog; belongs to the catalog
 * handle. */
typedef struct firn_commit_queue firn_commit_queue;

FIRN_MUST_CHECK firn_status firn_commit_queue__create(firn_commit_queue **out, firn_error *err);
void firn_commit_queue__destroy(firn_commit_queue *queue);
/* Of the handle. */
firn_commit_queue *firn_catalog__commit_queue(const firn_catalog *catalog);

/* One of the transactions that commit as one. */
typedef struct firn_commit_member {
    firn_txn *txn;
    firn_error *err; /* not NULL */
    firn_status status;
    bool is_settled;
} firn_commit_member;

/* Commits the transaction, together with those of other threads that wait for the same table. Only
 * for transactions that firn_commit__can_share(). */
FIRN_MUST_CHECK firn_status firn_commit_queue__commit(firn_txn *txn, firn_error *err);

/* ---- txn_commit.c ---- */

/* Plain appends to a table that exists. */
bool firn_commit__can_share(const firn_txn *txn);
typedef enum firn_commit_kind {
    FIRN_COMMIT_SHARED = 0, /* one transaction, or several of one table that can share */
    FIRN_COMMIT_TOGETHER,   /* of different tables; lost, they keep their data files and can be
                               committed again */
} firn_commit_kind;
/* Brings every member to its end, its status. All are of one catalog. */
void firn_commit__run(firn_commit_member *members, size_t n, firn_commit_kind kind);
/* After FIRN_ERR_COMMIT_UNKNOWN: looks whether it landed. Ends the transaction. */
FIRN_MUST_CHECK firn_status firn_commit__resolve(firn_txn *txn, firn_error *err);
/* After a commit that landed: the handle shows it, if it can be read back. */
void firn_commit__show_landed(firn_txn *txn);

/* ---- required_columns.c ---- */

/* FIRN_ERR_CONFLICT when added rows may have null where metadata's schema has a column that was
 * made required since they were written. */
FIRN_MUST_CHECK firn_status firn_snapshot__check_required(const firn_txn *txn,
                                                          const firn_snapshot_change *change,
                                                          const firn_table_metadata *metadata,
                                                          firn_error *err);

/* ---- conflict.c ---- */

/* FIRN_ERR_CONFLICT when commits since the snapshot that was read break the change. Notes in the
 * change the delete files that were added since, in arena; removing files checks them. */
FIRN_MUST_CHECK firn_status firn_snapshot__validate(const firn_txn *txn,
                                                    firn_snapshot_change *change,
                                                    const firn_table_metadata *metadata,
                                                    firn_arena *arena, firn_error *err);

#endif
