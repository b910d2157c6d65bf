/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/ext/catalog.h
 * @brief The catalog interface: names to metadata, and the one commit language.
 *
 * A commit is requirements + updates for one table or several at once (the model of Iceberg's REST
 * catalog). The catalog call is the commit: it ends landed (FIRN_OK), lost (FIRN_ERR_CONFLICT and
 * other errors: nothing changed) or unknown (FIRN_ERR_COMMIT_UNKNOWN: delete nothing).
 *
 * Ownership:  results live in the arena handed in.
 * Threads:    one catalog handle is shared by all threads of a process; drivers lock inside.
 */
#ifndef FIRN_EXT_CATALOG_H
#define FIRN_EXT_CATALOG_H

#include "firn/metadata.h"

FIRN_BEGIN_DECLS

typedef struct firn_catalog firn_catalog;
struct firn_arena;

/** @brief Namespace levels and a name: the identifier of a table, view or (name empty) namespace.
 */
typedef struct firn_ident {
    const firn_str *levels;
    size_t n_levels;
    firn_str name;
} firn_ident;

typedef enum firn_requirement_kind {
    FIRN_REQUIRE_CREATE = 0,      /**< the table must not exist */
    FIRN_REQUIRE_UUID,            /**< text */
    FIRN_REQUIRE_REF_SNAPSHOT_ID, /**< text: ref, id: snapshot or -1 = ref must not exist */
    FIRN_REQUIRE_LAST_ASSIGNED_FIELD_ID,
    FIRN_REQUIRE_CURRENT_SCHEMA_ID,
    FIRN_REQUIRE_LAST_ASSIGNED_PARTITION_ID,
    FIRN_REQUIRE_DEFAULT_SPEC_ID,
    FIRN_REQUIRE_DEFAULT_SORT_ORDER_ID,
} firn_requirement_kind;

typedef struct firn_requirement {
    firn_requirement_kind kind;
    firn_str text;
    int64_t id;
} firn_requirement;

typedef enum firn_update_kind {
    FIRN_UPDATE_ASSIGN_UUID = 0,             /**< text */
    FIRN_UPDATE_FORMAT_VERSION,              /**< id */
    FIRN_UPDATE_ADD_SCHEMA,                  /**< schema; schema_id -1 = assign the next */
    FIRN_UPDATE_SET_CURRENT_SCHEMA,          /**< id; -1 = the one added last in this commit */
    FIRN_UPDATE_ADD_SPEC,                    /**< spec */
    FIRN_UPDATE_SET_DEFAULT_SPEC,            /**< id; -1 = added last */
    FIRN_UPDATE_ADD_SORT_ORDER,              /**< sort_order */
    FIRN_UPDATE_SET_DEFAULT_SORT_ORDER,      /**< id; -1 = added last */
    FIRN_UPDATE_ADD_SNAPSHOT,                /**< snapshot */
    FIRN_UPDATE_SET_SNAPSHOT_REF,            /**< ref */
    FIRN_UPDATE_REMOVE_SNAPSHOTS,            /**< ids, n_ids */
    FIRN_UPDATE_REMOVE_SNAPSHOT_REF,         /**< text */
    FIRN_UPDATE_SET_LOCATION,                /**< text */
    FIRN_UPDATE_SET_PROPERTIES,              /**< properties */
    FIRN_UPDATE_REMOVE_PROPERTIES,           /**< properties: keys only */
    FIRN_UPDATE_SET_STATISTICS,              /**< text: an entry of "statistics" */
    FIRN_UPDATE_REMOVE_STATISTICS,           /**< id: snapshot */
    FIRN_UPDATE_SET_PARTITION_STATISTICS,    /**< text: an entry of "partition-statistics" */
    FIRN_UPDATE_REMOVE_PARTITION_STATISTICS, /**< id: snapshot */
    FIRN_UPDATE_REMOVE_SCHEMAS,              /**< ids, n_ids; not the current one */
    FIRN_UPDATE_REMOVE_SPECS,                /**< ids, n_ids; not the default one */
} firn_update_kind;

typedef struct firn_update {
    firn_update_kind kind;
    int64_t id;
    firn_str text;
    const firn_schema *schema;
    const firn_partition_spec *spec;
    const firn_sort_order *sort_order;
    const firn_snapshot *snapshot;
    const firn_snapshot_ref *ref;
    const int64_t *ids;
    size_t n_ids;
    firn_properties properties;
} firn_update;

/** @brief Changes to one table in a commit. */
typedef struct firn_table_commit {
    firn_ident ident;
    const firn_requirement *requirements;
    size_t n_requirements;
    const firn_update *updates;
    size_t n_updates;
    void *turn; /**< in which it is made (take_turn), or NULL. Requests that were taken in it are
                     committed only while those who wait for them live: FIRN_ERR_CONFLICT if one of
                     them died. So who finds the table without them, afterwards, can rely on it */
} firn_table_commit;

/** @brief What a commit refers to and is not durable yet. */
typedef struct firn_commit_objects {
    struct firn_store *store;
    struct firn_store_writer *const *writers; /**< objects to be finished; they end in every case */
    size_t n_writers;
    const firn_str
        *names; /**< of objects that are finished but for their names; the writers' too */
    size_t n_names;
} firn_commit_objects;

/** @brief A table as the catalog knows it. */
typedef struct firn_loaded_table {
    firn_str metadata_location;
    const firn_table_metadata *metadata;
} firn_loaded_table;

typedef struct firn_loaded_view {
    firn_str metadata_location;
    const firn_view_metadata *metadata;
} firn_loaded_view;

/** @brief How waiting for a turn ended. */
typedef enum firn_turn_end {
    FIRN_TURN_NONE = 0, /**< none was to be had in time: go on without; nobody has the request */
    FIRN_TURN_MINE, /**< it is the caller's turn, until end_turn; nobody did what it requested */
    FIRN_TURN_INHERITED, /**< likewise, but from a writer that died with the request in its hands:
                              the table tells whether it was committed, and nobody is at work on it
                          */
    FIRN_TURN_LANDED,    /**< another writer has committed what was requested */
    FIRN_TURN_UNKNOWN, /**< another writer has the request; it may have landed or may still land */
} firn_turn_end;

/** @brief What became of a request. */
typedef enum firn_request_end {
    FIRN_REQUEST_UNKNOWN = 0, /**< it may have landed */
    FIRN_REQUEST_LANDED,      /**< all of it */
    FIRN_REQUEST_NOT_DONE,    /**< none of it: the one who asked does it in its own turn */
} firn_request_end;

/** @brief Slots of a driver. All required unless marked optional. */
typedef struct firn_catalog_ops {
    size_t struct_size;
    firn_status (*list_namespaces)(void *ctx, const firn_ident *parent, struct firn_arena *arena,
                                   firn_ident **out, size_t *n_out, firn_error *err);
    firn_status (*create_namespace)(void *ctx, const firn_ident *ns, firn_properties properties,
                                    firn_error *err);
    firn_status (*load_namespace)(void *ctx, const firn_ident *ns, struct firn_arena *arena,
                                  firn_properties *out, firn_error *err);
    /** Optional. Set properties; one whose value has no data (NULL) is taken out. */
    firn_status (*update_namespace)(void *ctx, const firn_ident *ns, firn_properties changes,
                                    firn_error *err);
    /** FIRN_ERR_CONFLICT while it holds tables, views or namespaces. */
    firn_status (*drop_namespace)(void *ctx, const firn_ident *ns, firn_error *err);
    firn_status (*list_tables)(void *ctx, const firn_ident *ns, struct firn_arena *arena,
                               firn_ident **out, size_t *n_out, firn_error *err);
    firn_status (*load_table)(void *ctx, const firn_ident *ident, struct firn_arena *arena,
                              firn_loaded_table *out, firn_error *err);
    /**
     * Check all requirements and apply all updates, atomically over all the tables named. A
     * commit with FIRN_REQUIRE_CREATE makes the table. out: n results, in order, may be NULL.
     */
    firn_status (*commit)(void *ctx, const firn_table_commit *commits, size_t n,
                          struct firn_arena *arena, firn_loaded_table *out, firn_error *err);
    /** Optional. commit, but before it changes anything the objects become durable: all of them,
     * and what the driver itself writes for the commit, for few waits of the disk together. */
    firn_status (*commit_with_objects)(void *ctx, const firn_table_commit *commits, size_t n,
                                       const firn_commit_objects *objects, struct firn_arena *arena,
                                       firn_loaded_table *out, firn_error *err);
    /** Removes the name; files stay. */
    firn_status (*drop_table)(void *ctx, const firn_ident *ident, firn_error *err);
    firn_status (*rename_table)(void *ctx, const firn_ident *from, const firn_ident *to,
                                firn_error *err);
    firn_status (*register_table)(void *ctx, const firn_ident *ident, firn_str metadata_location,
                                  firn_error *err);
    firn_status (*list_views)(void *ctx, const firn_ident *ns, struct firn_arena *arena,
                              firn_ident **out, size_t *n_out, firn_error *err);
    firn_status (*load_view)(void *ctx, const firn_ident *ident, struct firn_arena *arena,
                             firn_loaded_view *out, firn_error *err);
    /** Create, or replace when expected_location is the one in place (empty: must not exist). */
    firn_status (*put_view)(void *ctx, const firn_ident *ident, firn_str expected_location,
                            const firn_view_metadata *metadata, firn_error *err);
    firn_status (*drop_view)(void *ctx, const firn_ident *ident, firn_error *err);
    firn_status (*rename_view)(void *ctx, const firn_ident *from, const firn_ident *to,
                               firn_error *err);
    /** Where a new table's files go ("<warehouse>/<ns>/<name>"), unless the user says otherwise. */
    firn_status (*default_location)(void *ctx, const firn_ident *ident, struct firn_arena *arena,
                                    firn_str *out, firn_error *err);
    /**
     * Optional, all four or none. Wait, at most timeout_ms, for the turn to commit to a table:
     * writers of all processes that take turns do not lose races against each other. Advisory: a
     * commit is right with or without it.
     *
     * request: what the writer whose turn it is may commit for the caller in the meantime, in words
     * that the driver does not know; empty: nothing.
     */
    firn_turn_end (*take_turn)(void *ctx, const firn_ident *ident, firn_str request,
                               int64_t timeout_ms, void **turn);
    /** The requests that wait for this turn, copied to the arena; called once a turn. */
    size_t (*take_requests)(void *ctx, void *turn, struct firn_arena *arena, const firn_str **out);
    /** What became of one of them, by its place. Left out: FIRN_REQUEST_UNKNOWN. */
    void (*answer_request)(void *ctx, void *turn, size_t i, firn_request_end end);
    void (*end_turn)(void *ctx, void *turn);
    void (*destroy)(void *ctx);
} firn_catalog_ops;

/** @brief Wrap a driver. The catalog owns ctx from here on. name is copied ("firn"). */
FIRN_API FIRN_MUST_CHECK firn_status firn_catalog_create(firn_str name, const firn_catalog_ops *ops,
                                                         void *ctx, firn_catalog **out,
                                                         firn_error *err);
FIRN_API void firn_catalog_destroy(firn_catalog *catalog);
FIRN_API firn_str firn_catalog_name(const firn_catalog *catalog);
/** @brief The driver's slots, for calling: ops->load_table(firn_catalog_ctx(c), ...). */
FIRN_API const firn_catalog_ops *firn_catalog_get_ops(const firn_catalog *catalog);
FIRN_API void *firn_catalog_ctx(const firn_catalog *catalog);

/** @brief Finish the objects and make the names durable; all writers end. */
FIRN_API FIRN_MUST_CHECK firn_status firn_commit_objects_finish(const firn_commit_objects *objects,
                                                                firn_error *err);
/** @brief Drop the objects unfinished; all writers end. NULL is fine. */
FIRN_API void firn_commit_objects_abandon(const firn_commit_objects *objects);

FIRN_END_DECLS

#endif
