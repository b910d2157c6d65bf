/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog made of pointers: rows (namespace, name) -> metadata location, and metadata documents.
 * Everything the drivers share is here (names, namespaces, the commit protocol); a driver gives
 * the rows and the documents. Namespaces are stored as levels joined by '.', as Iceberg's JDBC
 * catalog does; a namespace exists through a property row, a table or view in it, or a child. */
#ifndef FIRN_CATALOG_POINTER_CATALOG_H
#define FIRN_CATALOG_POINTER_CATALOG_H

#include <pthread.h>

#include "base/arena.h"
#include "base/env.h"
#include "firn/ext/catalog.h"

typedef struct firn_catalog_row {
    firn_str ns; /* "a.b" */
    firn_str name;
    bool is_view;
    firn_str location;
} firn_catalog_row;

/* A metadata file. */
typedef struct firn_document {
    firn_str location;
    firn_str bytes;
} firn_document;

/* What a driver provides. Called with the catalog's lock held, between begin and commit or
 * rollback; the document slots are called without either, from any thread. */
typedef struct firn_row_ops {
    firn_status (*begin)(void *ctx, bool is_write, firn_error *err);
    /* FIRN_ERR_COMMIT_UNKNOWN when it may have landed; other failures: nothing changed. Ends the
     * transaction in every case. */
    firn_status (*commit)(void *ctx, firn_error *err);
    void (*rollback)(void *ctx);

    /* Tables and views share names. FIRN_ERR_NOT_FOUND */
    firn_status (*find)(void *ctx, firn_str ns, firn_str name, firn_arena *arena,
                        firn_catalog_row *out, firn_error *err);
    /* Names in byte order. */
    firn_status (*list)(void *ctx, firn_str ns, bool is_view, firn_arena *arena, firn_str **out,
                        size_t *n_out, firn_error *err);
    /* FIRN_ERR_EXISTS */
    firn_status (*insert)(void *ctx, const firn_catalog_row *row, firn_error *err);
    /* Compare and swap of the location; FIRN_ERR_CONFLICT unless exactly one row changed. */
    firn_status (*swap)(void *ctx, const firn_catalog_row *row, firn_str expected_location,
                        firn_error *err);
    firn_status (*remove)(void *ctx, const firn_catalog_row *row, firn_error *err);
    firn_status (*rename)(void *ctx, const firn_catalog_row *from, const firn_catalog_row *to,
                          firn_error *err);

    /* Every namespace named by a row of either table, once, in byte order. */
    firn_status (*namespaces)(void *ctx, firn_arena *arena, firn_str **out, size_t *n_out,
                              firn_error *err);
    firn_status (*properties)(void *ctx, firn_str ns, firn_arena *arena, firn_properties *out,
                              firn_error *err);
    firn_status (*put_property)(void *ctx, firn_str ns, const firn_property *property,
                                firn_error *err);
    firn_status (*remove_properties)(void *ctx, firn_str ns, firn_error *err);

    /* Durable on FIRN_OK, and the objects (NULL: none) with them; their writers end in every case.
     * FIRN_ERR_EXISTS */
    firn_status (*put_documents)(void *ctx, const firn_document *documents, size_t n,
                                 const firn_commit_objects *objects, firn_error *err);
    firn_status (*get_document)(void *ctx, firn_str location, firn_arena *arena, firn_str *out,
                                firn_error *err);
    firn_status (*remove_document)(void *ctx, firn_str location, firn_error *err);
    /* Optional: see firn/ext/catalog.h. table: "a.b.name". Called without the lock. */
    firn_turn_end (*take_turn)(void *ctx, firn_str table, firn_str request, int64_t timeout_ms,
                               void **turn);
    size_t (*take_requests)(void *ctx, void *turn, firn_arena *arena, const firn_str **out);
    void (*answer_request)(void *ctx, void *turn, size_t i, firn_request_end end);
    /* Between begin and commit: FIRN_ERR_CONFLICT when somebody whose request was taken died. */
    firn_status (*check_turn)(void *ctx, const void *turn, firn_error *err);
    void (*end_turn)(void *ctx, void *turn);
    void (*destroy)(void *ctx);
} firn_row_ops;

/* Table metadata that was parsed before, by location: documents never change. Threads share it. */
typedef struct firn_metadata_cache firn_metadata_cache;

typedef struct firn_pointer_catalog {
    firn_env *env;
    const firn_row_ops *rows;
    void *rows_ctx;
    firn_arena *arena; /* the warehouse's text */
    firn_str warehouse;
    bool is_read_only;
    pthread_mutex_t lock;
    firn_metadata_cache *cache;
} firn_pointer_catalog;

typedef struct firn_pointer_opts {
    firn_str name;
    firn_str warehouse;
    bool is_read_only;
} firn_pointer_opts;

/* The catalog owns rows_ctx from here on, also when this fails. */
FIRN_MUST_CHECK firn_status firn_pointer_catalog_open(firn_env *env, const firn_row_ops *rows,
                                                      void *rows_ctx, const firn_pointer_opts *opts,
                                                      firn_catalog **out, firn_error *err);

/* ---- shared by the pointer_*.c files ---- */

typedef firn_status (*firn_pointer_fn)(firn_pointer_catalog *catalog, void *arg, firn_error *err);
/* fn between begin and commit, under the lock; rolled back when fn fails. */
FIRN_MUST_CHECK firn_status firn_pointer__run(firn_pointer_catalog *catalog, bool is_write,
                                              firn_pointer_fn fn, void *arg, firn_error *err);
/* An arena for one call; freed by the caller. */
FIRN_MUST_CHECK firn_status firn_pointer__arena(const firn_pointer_catalog *catalog,
                                                firn_arena **out, firn_error *err);
/* Levels joined by '.'; FIRN_ERR_ARG for a level that is empty or holds a '.'. */
FIRN_MUST_CHECK firn_status firn_pointer__namespace(const firn_ident *ident, firn_arena *arena,
                                                    firn_str *out, firn_error *err);
/* Refuses names that cannot be part of a path. */
FIRN_MUST_CHECK firn_status firn_pointer__check_name(firn_str name, const char *what,
                                                     firn_error *err);
/* "a.b.name" for messages. */
firn_str firn_pointer__text(const firn_ident *ident, firn_arena *arena);
/* FIRN_ERR_NOT_FOUND unless the namespace exists. Within a transaction. */
FIRN_MUST_CHECK firn_status firn_pointer__need_namespace(firn_pointer_catalog *catalog, firn_str ns,
                                                         firn_arena *arena, firn_error *err);
/* The row of a table or view, in a transaction of its own. */
FIRN_MUST_CHECK firn_status firn_pointer__find(firn_pointer_catalog *catalog,
                                               const firn_ident *ident, bool is_view,
                                               firn_arena *arena, firn_catalog_row *out,
                                               firn_error *err);
/* A table metadata document, parsed. Lives at least as long as the arena. */
FIRN_MUST_CHECK firn_status firn_pointer__load(firn_pointer_catalog *catalog, firn_str location,
                                               firn_arena *arena, const firn_table_metadata **out,
                                               firn_error *err);

/* ---- metadata_cache.c ---- */

FIRN_MUST_CHECK firn_status firn_metadata_cache__create(firn_metadata_cache **out, firn_error *err);
void firn_metadata_cache__destroy(firn_metadata_cache *cache);

/* Slots, one file per kind of object. */
firn_turn_end firn_pointer__take_turn(void *ctx, const firn_ident *ident, firn_str request,
                                      int64_t timeout_ms, void **turn);
size_t firn_pointer__take_requests(void *ctx, void *turn, firn_arena *arena, const firn_str **out);
void firn_pointer__answer_request(void *ctx, void *turn, size_t i, firn_request_end end);
void firn_pointer__end_turn(void *ctx, void *turn);
firn_status firn_pointer__list_namespaces(void *ctx, const firn_ident *parent, firn_arena *arena,
                                          firn_ident **out, size_t *n_out, firn_error *err);
firn_status firn_pointer__create_namespace(void *ctx, const firn_ident *ns,
                                           firn_properties properties, firn_error *err);
firn_status firn_pointer__load_namespace(void *ctx, const firn_ident *ns, firn_arena *arena,
                                         firn_properties *out, firn_error *err);
firn_status firn_pointer__update_namespace(void *ctx, const firn_ident *ns, firn_properties changes,
                                           firn_error *err);
firn_status firn_pointer__drop_namespace(void *ctx, const firn_ident *ns, firn_error *err);
firn_status firn_pointer__list_tables(void *ctx, const firn_ident *ns, firn_arena *arena,
                                      firn_ident **out, size_t *n_out, firn_error *err);
firn_status firn_pointer__load_table(void *ctx, const firn_ident *ident, firn_arena *arena,
                                     firn_loaded_table *out, firn_error *err);
firn_status firn_pointer__drop_table(void *ctx, const firn_ident *ident, firn_error *err);
firn_status firn_pointer__rename_table(void *ctx, const firn_ident *from, const firn_ident *to,
                                       firn_error *err);
firn_status firn_pointer__rename_view(void *ctx, const firn_ident *from, const firn_ident *to,
                                      firn_error *err);
firn_status firn_pointer__register_table(void *ctx, const firn_ident *ident,
                                         firn_str metadata_location, firn_error *err);
firn_status firn_pointer__default_location(void *ctx, const firn_ident *ident, firn_arena *arena,
                                           firn_str *out, firn_error *err);
firn_status firn_pointer__commit(void *ctx, const firn_table_commit *commits, size_t n,
                                 firn_arena *arena, firn_loaded_table *out, firn_error *err);
firn_status firn_pointer__commit_with_objects(void *ctx, const firn_table_commit *commits, size_t n,
                                              const firn_commit_objects *objects, firn_arena *arena,
                                              firn_loaded_table *out, firn_error *err);
firn_status firn_pointer__list_views(void *ctx, const firn_ident *ns, firn_arena *arena,
                                     firn_ident **out, size_t *n_out, firn_error *err);
firn_status firn_pointer__load_view(void *ctx, const firn_ident *ident, firn_arena *arena,
                                    firn_loaded_view *out, firn_error *err);
firn_status firn_pointer__put_view(void *ctx, const firn_ident *ident, firn_str expected_location,
                                   const firn_view_metadata *metadata, firn_error *err);
firn_status firn_pointer__drop_view(void *ctx, const firn_ident *ident, firn_error *err);

#endif
