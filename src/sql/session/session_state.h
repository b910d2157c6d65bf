/* SPDX-License-Identifier: Apache-2.0 */
/* What a session is made of. For the files of this room that make a session; statement executors
 * use sql_session.h. */
#ifndef FIRN_SQL_SESSION_STATE_H
#define FIRN_SQL_SESSION_STATE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "firn/metadata.h"
#include "sql/dialect/dialect_text.h"
#include "sql/engine/engine.h"
#include "sql/parser/sql_parser.h"
#include "sql/resolve/query_rewrite.h"
#include "sql/session/sql_session.h"

/* A view whose text is being planned: where its names are looked up, and inside which view. */
typedef struct view_scope {
    const struct view_scope *outer;
    int depth;
    firn_catalog *catalog;
    const firn_str *levels; /* default namespace */
    size_t n_levels;
    firn_ident view;
    firn_dialect dialect; /* of its text */
} view_scope;

/* Behind a private suffix of a table name in rewritten text. */
typedef struct statement_tag {
    const firn_table_ref *ref; /* NULL: a DML target */
    const view_scope *scope;   /* NULL: the user's statement */
    const firn_table_metadata *dml_metadata;
    const firn_file_numbers *dml_numbers;
    const struct firn_scan_test *dml_keys;
    size_t n_dml_keys;
    firn_str dml_name;
    struct firn_joins *joins; /* of the text; NULL: none */
    size_t join_ref;          /* which reference it is there */
} statement_tag;

/* A table loaded by this statement: every mention sees the same metadata. */
typedef struct statement_table {
    firn_catalog *catalog;
    firn_ident ident;
    firn_loaded_table loaded;
} statement_table;

typedef struct statement_source {
    firn_str token;
    firn_scan_source source;
} statement_source;

/* The snapshot that an executor's table handle shows: other mentions of the table read it too. */
typedef struct statement_pin {
    firn_catalog *catalog;
    firn_ident ident;
    int64_t snapshot_id; /* -1: the table was empty */
} statement_pin;

/* A changelog view of the session (CALL system.create_changelog_view). */
typedef struct changelog_view {
    struct changelog_view *next;
    firn_str name;
    firn_catalog *catalog;
    firn_ident ident;
    firn_str call; /* its arguments are read again by each query */
} changelog_view;

/* Everything of the running statement; lives in the statement arena. */
typedef struct statement_state {
    const firn_catalog *made_view_catalog;
    const firn_ident *made_view; /* the view that the statement writes, which may not read itself */
    statement_tag *tags;
    size_t n_tags, cap_tags;
    statement_table **tables;
    size_t n_tables, cap_tables;
    statement_source **sources;
    size_t n_sources, cap_sources;
    statement_pin *pins;
    size_t n_pins, cap_pins;
    const firn_rewrite *rewrite;     /* of the query that runs; NULL: none */
    firn_asked_query asked;          /* by that query */
    const firn_rewrite *translation; /* of the statement, from the session's dialect; NULL: none */
    firn_str original;               /* what was translated */
} statement_state;

typedef struct session_range {
    firn_ident table;
    int64_t from_snapshot_id, to_snapshot_id;
} session_range;

/* Texts by name, any case. */
typedef struct session_texts {
    firn_arena *arena;
    const firn_property *items;
    size_t n;
} session_texts;

/* BEGIN .. COMMIT. Its catalogs stand in the places of the session's. */
typedef struct session_transaction {
    bool is_active;
    bool has_failed;     /* only ROLLBACK may follow */
    firn_catalog **real; /* n_catalogs; the session's own */
} session_transaction;

struct firn_session {
    firn_env *env; /* &own: what is cancelled is the session's statement */
    firn_env *shared;
    firn_env own;
    firn_store *store;
    firn_catalog **catalogs;
    size_t n_catalogs;
    bool allow_files;
    firn_progress_fn on_progress;
    void *progress_ctx;

    firn_arena *lifetime; /* catalogs, options */
    firn_arena *names;    /* current namespace; reset by USE */
    firn_catalog *current_catalog;
    const firn_str *current_levels;
    size_t n_current_levels;
    changelog_view *changelog_views; /* the last made first */
    firn_dialect dialect;
    bool has_dialect;        /* a statement was translated */
    session_texts settings;  /* by SET */
    session_texts prepared;  /* statements, by PREPARE */
    session_texts variables; /* types of Spark's session variables, by DECLARE */
    session_transaction transaction;
    firn_arena *range_arena;
    session_range *ranges;
    size_t n_ranges, cap_ranges;

    firn_arena *arena; /* statement */
    statement_state statement;
    uint64_t generation; /* counts statements */
    char key[17];        /* makes private names unguessable */

    firn_str temp_parent;
    char temp_directory[FIRN_LIMIT_PATH]; /* empty: not made yet */
    int temp_fd;                          /* holds its lock; -1: none */

    pthread_mutex_t lock; /* guards engine for the watcher */
    firn_engine *engine;  /* NULL until the first statement that needs it */
    sem_t wake;
    pthread_t watcher;
    bool has_watcher;
    atomic_bool is_closing, is_running;
};

/* ---- session.c ---- */
/* Before each statement: forget the last one, whose result must be closed. */
void firn_session__begin(firn_session *session);
/* One statement without the semicolon behind it. */
FIRN_MUST_CHECK firn_status firn_session__check_text(const firn_session *session, firn_str sql,
                                                     firn_str *out, firn_error *err);
/* A whole statement, from check_text, on its own or in the transaction under way. */
FIRN_MUST_CHECK firn_status firn_session__run(firn_session *session, firn_str sql,
                                              firn_result **out, firn_error *err);
/* Sets err->line where err->position is of sql. */
void firn_session__count_line(firn_str sql, firn_error *err);
/* A statement in the session's dialect, inside of another. */
FIRN_MUST_CHECK firn_status firn_session__execute_text(firn_session *session, firn_str sql,
                                                       firn_result **out, firn_error *err);
/* session_inserts.c: Spark's FROM q INSERT .. INSERT .., which ends the statement that is under way
 * and runs one for each. *handled false: sql has not several. */
FIRN_MUST_CHECK firn_status firn_session__several_inserts(firn_session *session, firn_str sql,
                                                          bool *handled, firn_result **out,
                                                          firn_error *err);
/* Forget what the last statement read, whose result must be closed, but keep its memory: what a
 * transaction was given may still be needed. */
void firn_session__renew(firn_session *session);
/* A position in the engine's text becomes one in what was rewritten (NULL: nothing). */
void firn_session__map_position(const firn_rewrite *rewrite, firn_error *err);
FIRN_MUST_CHECK firn_status firn_session__engine(firn_session *session, firn_engine **out,
                                                 firn_error *err);

/* ---- session_watch.c: the thread that passes on cancellation and reports progress ---- */
FIRN_MUST_CHECK firn_status firn_session__watch(firn_session *session, firn_error *err);
void firn_session__unwatch(firn_session *session);

/* ---- session_temp.c: the private folder for spill files ---- */
FIRN_MUST_CHECK firn_status firn_session__make_temp(firn_session *session, firn_error *err);
void firn_session__remove_temp(firn_session *session);

/* ---- session_result.c ---- */
/* Types of the columns of a result of rows as the dialect has them, where they fit. */
FIRN_MUST_CHECK firn_status firn_result__set_types(firn_result *result,
                                                   const firn_translation *translation,
                                                   firn_error *err);
FIRN_MUST_CHECK firn_status firn_session__result_of_rows(firn_session *session,
                                                         firn_engine_rows *rows, firn_result **out,
                                                         firn_error *err);

/* What firn_result_type_name() tells of a column. */
FIRN_MUST_CHECK firn_status firn_result__set_type_name(firn_result *result, size_t column,
                                                       firn_str name, firn_error *err);

/* ---- session_settings.c: USE and SET ---- */
/* What the engine must know of the dialect; when either is new. */
void firn_session__tell_dialect(firn_session *session);
FIRN_MUST_CHECK firn_status firn_settings_execute(firn_session *session, firn_str sql,
                                                  bool *handled, firn_result **out,
                                                  firn_error *err);
FIRN_MUST_CHECK firn_status firn_session__use(firn_session *session, firn_catalog *catalog,
                                              const firn_str *levels, size_t n_levels,
                                              firn_error *err);

/* ---- resolve_changes.c: a table's changelog by its several names ---- */
/* A call of a function in place of a table. */
FIRN_MUST_CHECK firn_status firn_session__claim_changes_call(firn_session *session,
                                                             const view_scope *scope,
                                                             const firn_table_ref *ref,
                                                             firn_engine_claim *out,
                                                             firn_error *err);
/* "t.changes", "t$changes". FIRN_ERR_NOT_FOUND: no such table, or not of this form. */
FIRN_MUST_CHECK firn_status firn_session__claim_changes_table(
    firn_session *session, const view_scope *scope, const firn_sql_name *name,
    const firn_time_travel *at, firn_engine_claim *out, firn_error *err);
/* NULL: the session has no changelog view of this name. */
const changelog_view *firn_session__find_changelog_view(const firn_session *session,
                                                        const firn_sql_name *name);
/* FIRN_ERR_NOT_FOUND: the session has no changelog view of this name. */
FIRN_MUST_CHECK firn_status firn_session__claim_changelog_view(firn_session *session,
                                                               const firn_sql_name *name,
                                                               firn_engine_claim *out,
                                                               firn_error *err);
/* CALL system.create_changelog_view(...), as executors do. */
FIRN_MUST_CHECK firn_status firn_changelog_view_execute(firn_session *session, firn_str sql,
                                                        bool *handled, firn_result **out,
                                                        firn_error *err);

/* ---- session_options.c: settings that are kept as text ---- */
FIRN_MUST_CHECK firn_status firn_options_execute(firn_session *session, firn_str sql, bool *handled,
                                                 firn_result **out, firn_error *err);
/* Is there a session property of Trino's with this name, and may it have the value (data NULL: its
 * own)? (session_properties.c) */
FIRN_MUST_CHECK firn_status firn_session__check_property(const firn_session *session, firn_str key,
                                                         firn_str value, size_t offset,
                                                         firn_error *err);
/* data NULL: not set. */
firn_str firn_session__setting(const firn_session *session, firn_str key);
/* Its time zone; empty: UTC. */
firn_str firn_session__zone(const firn_session *session);
/* Do values of join columns pass between its scans? Unless SET firn.join_keys = off. */
bool firn_session__joins_scans(const firn_session *session);
/* Of a statement in the engine's words: names come as the session's dialect keeps them. */
firn_sql_parser firn_session__parser(const firn_session *session, firn_str sql);
/* data NULL: none. */
firn_str firn_texts__find(const session_texts *texts, firn_str key);
/* Set a text, or forget it (value.data NULL), or forget all (key.data NULL, too). */
FIRN_MUST_CHECK firn_status firn_texts__set(firn_session *session, session_texts *texts,
                                            firn_str key, firn_str value, firn_error *err);

/* ---- session_variables.c: DECLARE, SET VAR, DROP TEMPORARY VARIABLE of Spark ---- */
FIRN_MUST_CHECK firn_status firn_variables_execute(firn_session *session, firn_str sql,
                                                   bool *handled, firn_result **out,
                                                   firn_error *err);
/* The first row of a query with a column for each name. */
FIRN_MUST_CHECK firn_status firn_variables__set(firn_session *session, const firn_str *names,
                                                size_t n, firn_str query, firn_error *err);
/* The value of a variable as text. */
FIRN_MUST_CHECK firn_status firn_variables__text(firn_session *session, firn_str name,
                                                 firn_str *out, firn_error *err);
/* The statement with the names that its IDENTIFIER(..) mean. */
FIRN_MUST_CHECK firn_status firn_variables__expand(firn_session *session, firn_str sql,
                                                   firn_str *out, firn_error *err);

/* ---- session_prepare.c: PREPARE, EXECUTE, DEALLOCATE ---- */
FIRN_MUST_CHECK firn_status firn_prepare_execute(firn_session *session, firn_str sql, bool *handled,
                                                 firn_result **out, firn_error *err);

/* ---- session_transaction.c: BEGIN, COMMIT, ROLLBACK ---- */
FIRN_MUST_CHECK firn_status firn_transaction_execute(firn_session *session, firn_str sql,
                                                     bool *handled, firn_result **out,
                                                     firn_error *err);
/* Refuses all but the end of a transaction that has failed. */
FIRN_MUST_CHECK firn_status firn_session__check_transaction(const firn_session *session,
                                                            firn_str sql, firn_error *err);
/* A statement failed: nothing of the transaction under way will be committed. */
void firn_session__fail_transaction(firn_session *session);
/* The table's changes rest on rows that were read: see firn_staged_catalog_pin(). */
void firn_session__pin_changes(firn_session *session, const firn_table *table);
/* Rolls back what is under way, if anything. */
void firn_session__end_transaction(firn_session *session);

/* ---- target_branch.c ---- */
/* The table that a statement writes, on the branch that its name or the session says. */
FIRN_MUST_CHECK firn_status firn_session__open_target(firn_session *session,
                                                      const firn_sql_name *name, firn_table **out,
                                                      firn_error *err);
/* Its transaction; the snapshots of one with spark.wap.id are staged. */
FIRN_MUST_CHECK firn_status firn_session__begin_txn(firn_session *session, firn_table *table,
                                                    firn_txn **out, firn_error *err);
/* "ns.t.branch_b" and "t@b": the name of the table and the branch. False: not of this form. */
bool firn_session__split_branch(firn_session *session, const firn_sql_name *name,
                                firn_sql_name *table_out, firn_str *branch_out);
/* The branch that the session reads and writes; data NULL: main. */
firn_str firn_session__wap_branch(const firn_session *session, const firn_table_metadata *metadata);

/* ---- resolve.c ---- */
/* What a name means in a view's text (scope NULL: in the user's); strings are borrowed. */
FIRN_MUST_CHECK firn_status firn_session__resolve_in(firn_session *session, const view_scope *scope,
                                                     const firn_sql_name *name,
                                                     firn_catalog **catalog_out, firn_ident *out,
                                                     firn_error *err);
/* "table x does not exist", with a hint. */
firn_status firn_session__fail_missing(firn_session *session, firn_catalog *catalog,
                                       const firn_ident *ident, size_t offset, firn_error *err);
firn_catalog *firn_session__find_catalog(const firn_session *session, firn_str name);
/* The engine's question; see firn_engine_opts. */
firn_status firn_session__claim(void *owner, const firn_str *parts, size_t n_parts,
                                firn_engine_claim *out, firn_error *err);
/* A firn_rewrite_opts.metadata_columns; ctx is a reference_scope. */
typedef struct reference_scope {
    firn_session *session;
    const view_scope *view; /* NULL: the user's statement */
} reference_scope;
firn_metadata_columns firn_session__metadata_columns(const void *ctx, const firn_table_ref *ref,
                                                     firn_metadata_columns named);
/* A firn_rewrite_opts.is_ours; the same ctx. */
bool firn_session__is_ours(const void *ctx, const firn_table_ref *ref);
/* A dotted name at the lexer; FIRN_ERR_ARG when there is none. */
FIRN_MUST_CHECK firn_status firn_session__parse_name(firn_lexer *lexer, firn_arena *arena,
                                                     firn_sql_name *out, firn_error *err);

/* ---- resolve_joins.c ---- */
/* A firn_rewrite_opts.is_table; the same ctx. */
bool firn_session__is_table(const void *ctx, const firn_table_ref *ref);
/* Sets the joins of the text that names the source; tag NULL: without a suffix. */
void firn_session__find_joins(const firn_session *session, const statement_tag *tag,
                              const view_scope *scope, const firn_sql_name *name,
                              firn_scan_source *source);

/* ---- statement_tables.c ---- */
/* Load once per statement. The status is the catalog's. */
FIRN_MUST_CHECK firn_status firn_session__load(firn_session *session, firn_catalog *catalog,
                                               const firn_ident *ident,
                                               const firn_loaded_table **out, firn_error *err);
/* Let later mentions of the table in this statement read this snapshot (-1: none). */
FIRN_MUST_CHECK firn_status firn_session__pin(firn_session *session, firn_catalog *catalog,
                                              const firn_ident *ident, int64_t snapshot_id,
                                              firn_error *err);
/* NULL: not pinned. */
const statement_pin *firn_session__find_pin(const firn_session *session,
                                            const firn_catalog *catalog, const firn_ident *ident);
/* Make the source readable under a fresh token and write the claim for it. */
FIRN_MUST_CHECK firn_status firn_session__add_source(firn_session *session,
                                                     const firn_scan_source *source,
                                                     firn_str *select_out, firn_error *err);
const firn_scan_source *firn_session__find_source(void *owner, firn_str token,
                                                  uint64_t *generation_out);
uint64_t firn_session__generation(void *owner);
/* Rewrite sql for the engine; positions map back through the result, whose refs get tags. */
FIRN_MUST_CHECK firn_status firn_session__rewrite(firn_session *session, firn_str sql,
                                                  const view_scope *scope, const firn_rewrite **out,
                                                  firn_error *err);
/* Text of a dialect in DuckDB's words, in the statement arena. */
FIRN_MUST_CHECK firn_status firn_session__translate(firn_session *session, firn_str sql,
                                                    firn_dialect dialect, const view_scope *scope,
                                                    firn_translation *out, firn_error *err);
/* A piece of the running statement as the user wrote it, and in which dialect. */
firn_str firn_session__original(const firn_session *session, firn_str statement, firn_str piece);
/* The snapshot a reference means; *out NULL: the table is empty. */
FIRN_MUST_CHECK firn_status firn_session__travel(const firn_table_metadata *metadata,
                                                 const firn_time_travel *at, firn_str table,
                                                 const firn_snapshot **out,
                                                 const firn_schema **schema_out, firn_error *err);
/* Columns of a table or view without reading it, in the statement arena; *out NULL: there is
 * none, or it is of another kind. */
FIRN_MUST_CHECK firn_status firn_session__columns_of(firn_session *session, const view_scope *scope,
                                                     const firn_sql_name *name,
                                                     const firn_type **out, firn_error *err);
/* "did you mean" among the tables and views beside ident. */
void firn_session__suggest(firn_session *session, firn_catalog *catalog, const firn_ident *ident,
                           firn_error *err);
/* "ns.t" for messages, in the statement arena. */
firn_str firn_session__ident_text(firn_session *session, const firn_ident *ident);

#endif
