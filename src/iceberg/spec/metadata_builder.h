/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata under change: the state that the updates of one commit share. Arrays of m are replaced,
 * never written to, because they may belong to the base; the two that grow with every snapshot are
 * added to behind their end, where they have room. So a copy of a builder stays good. */
#ifndef FIRN_ICEBERG_METADATA_BUILDER_H
#define FIRN_ICEBERG_METADATA_BUILDER_H

#include "iceberg/spec/metadata_update.h"

#define FIRN_MAIN_BRANCH FIRN_STR("main")

typedef struct firn_metadata_builder {
    firn_table_metadata m;
    const firn_table_metadata *base; /* NULL: new table */
    firn_arena *arena;
    firn_error *err;
    int64_t now_ms;
    int32_t last_schema_id; /* added last in this commit; -1: none */
    int32_t last_spec_id;
    int32_t last_order_id;
    int64_t newest_ms;     /* of the snapshots added */
    size_t n_base_schemas; /* schemas behind these are new */
    size_t n_base_snapshots;
    size_t cap_snapshots, cap_log; /* elements that the arrays have room for; 0: not known */
    bool has_removed_snapshots;
    bool has_moved_main;
} firn_metadata_builder;

/* base may be NULL: a new table. */
void firn_builder_begin(firn_metadata_builder *b, const firn_table_metadata *base, int64_t now_ms,
                        firn_arena *arena);
/* m is then as the updates leave it, but for the rules of whole tables and the snapshot log: those
 * are firn_updates_apply()'s. */
FIRN_MUST_CHECK firn_status firn_builder_update(firn_metadata_builder *b,
                                                const firn_update *updates, size_t n,
                                                firn_error *err);
/* The array with room for one more element behind the n there are: itself if cap says so, or a
 * copy. NULL when out of memory. */
void *firn_builder_room(const firn_metadata_builder *b, const void *items, size_t n, size_t *cap,
                        size_t size);
/* A copy of n elements with room for one more. NULL when out of memory. */
void *firn_builder_grow(const firn_metadata_builder *b, const void *items, size_t n, size_t size);

/* update_layout.c */
FIRN_MUST_CHECK firn_status firn_builder_add_schema(firn_metadata_builder *b,
                                                    const firn_schema *schema);
FIRN_MUST_CHECK firn_status firn_builder_set_schema(firn_metadata_builder *b, int64_t id);
FIRN_MUST_CHECK firn_status firn_builder_add_spec(firn_metadata_builder *b,
                                                  const firn_partition_spec *spec);
FIRN_MUST_CHECK firn_status firn_builder_set_spec(firn_metadata_builder *b, int64_t id);
FIRN_MUST_CHECK firn_status firn_builder_add_sort_order(firn_metadata_builder *b,
                                                        const firn_sort_order *order);
FIRN_MUST_CHECK firn_status firn_builder_set_sort_order(firn_metadata_builder *b, int64_t id);
/* Those that are not there are fine; FIRN_ERR_ARG for the current or default one. */
FIRN_MUST_CHECK firn_status firn_builder_remove_schemas(firn_metadata_builder *b,
                                                        const int64_t *ids, size_t n);
FIRN_MUST_CHECK firn_status firn_builder_remove_specs(firn_metadata_builder *b, const int64_t *ids,
                                                      size_t n);
/* New schemas fit the format version; default spec and sort order fit the current schema. */
FIRN_MUST_CHECK firn_status firn_builder_check_layout(const firn_metadata_builder *b);

/* update_snapshots.c */
FIRN_MUST_CHECK firn_status firn_builder_add_snapshot(firn_metadata_builder *b,
                                                      const firn_snapshot *snapshot);
FIRN_MUST_CHECK firn_status firn_builder_set_ref(firn_metadata_builder *b,
                                                 const firn_snapshot_ref *ref);
FIRN_MUST_CHECK firn_status firn_builder_remove_ref(firn_metadata_builder *b, firn_str name);
FIRN_MUST_CHECK firn_status firn_builder_remove_snapshots(firn_metadata_builder *b,
                                                          const int64_t *ids, size_t n);
/* Drops what the log must not keep; call once, after all updates. */
FIRN_MUST_CHECK firn_status firn_builder_finish_log(firn_metadata_builder *b);

/* update_statistics.c: entry_json empty: remove the one of snapshot_id. */
FIRN_MUST_CHECK firn_status firn_builder_set_statistics(firn_metadata_builder *b,
                                                        firn_str entry_json, int64_t snapshot_id,
                                                        bool is_partition);

/* schema_check.c: types and defaults the version has, identifier fields that identify. */
FIRN_MUST_CHECK firn_status firn_schema_check(const firn_schema *schema, int32_t format_version,
                                              firn_error *err);
/* Everything but the id: types, names, ids, docs, defaults, identifier fields. */
bool firn_schema_same(const firn_schema *a, const firn_schema *b);

#endif
