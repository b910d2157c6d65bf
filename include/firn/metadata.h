/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/metadata.h
 * @brief Iceberg table and view metadata as plain, immutable structs.
 *
 * Names and meaning are those of the Iceberg table specification ("Table Metadata and Snapshots")
 * and view specification. Arrays come as pointer + count; an absent optional number is -1, an
 * absent text has len 0.
 *
 * Ownership:  everything lives in the arena the metadata was parsed or built in.
 * Threads:    immutable, so shared freely.
 */
#ifndef FIRN_METADATA_H
#define FIRN_METADATA_H

#include "firn/types.h"

FIRN_BEGIN_DECLS

typedef struct firn_property {
    firn_str key, value;
} firn_property;

typedef struct firn_properties {
    const firn_property *items; /**< in file order */
    size_t n;
} firn_properties;

typedef enum firn_transform_kind {
    FIRN_TRANSFORM_IDENTITY = 0,
    FIRN_TRANSFORM_BUCKET,
    FIRN_TRANSFORM_TRUNCATE,
    FIRN_TRANSFORM_YEAR,
    FIRN_TRANSFORM_MONTH,
    FIRN_TRANSFORM_DAY,
    FIRN_TRANSFORM_HOUR,
    FIRN_TRANSFORM_VOID,
    FIRN_TRANSFORM_UNKNOWN, /**< read, never used to filter or write; text is kept */
} firn_transform_kind;

typedef struct firn_transform {
    firn_transform_kind kind;
    int32_t param; /**< BUCKET: number of buckets; TRUNCATE: width */
    firn_str text; /**< UNKNOWN: as found */
} firn_transform;

typedef struct firn_partition_field {
    int32_t source_id; /**< of a transform of several columns: the first */
    int32_t field_id;  /**< from 1000 */
    firn_str name;
    firn_transform transform;
    const int32_t *source_ids; /**< v3: of a transform of several columns, which is UNKNOWN */
    size_t n_source_ids;       /**< 0: source_id alone */
    firn_str extra_json;       /**< members firn does not know, see firn_table_metadata */
} firn_partition_field;

typedef struct firn_partition_spec {
    int32_t spec_id;
    const firn_partition_field *fields;
    size_t n_fields;
    firn_str extra_json;
} firn_partition_spec;

typedef struct firn_sort_field {
    int32_t source_id;
    firn_transform transform;
    bool is_descending;
    bool nulls_last;
    const int32_t *source_ids; /**< see firn_partition_field */
    size_t n_source_ids;
    firn_str extra_json;
} firn_sort_field;

typedef struct firn_sort_order {
    int32_t order_id; /**< 0: unsorted */
    const firn_sort_field *fields;
    size_t n_fields;
    firn_str extra_json;
} firn_sort_order;

typedef struct firn_snapshot {
    int64_t snapshot_id;
    int64_t parent_snapshot_id; /**< -1: none */
    int64_t sequence_number;    /**< 0 in v1 */
    int64_t timestamp_ms;
    firn_str manifest_list;    /**< location; empty in old v1 snapshots that list manifests */
    const firn_str *manifests; /**< v1 only */
    size_t n_manifests;
    firn_str operation;      /**< append, replace, overwrite, delete; empty if absent */
    firn_properties summary; /**< without "operation" */
    int32_t schema_id;       /**< -1: absent */
    int64_t first_row_id;    /**< v3; -1: absent */
    int64_t added_rows;      /**< v3; -1: absent */
    firn_str key_id;         /**< v3; empty: absent */
    firn_str extra_json;
    firn_str json; /**< as it stands in the metadata file it came from, and goes into the next one;
                        empty: not from a file. A copy that is changed has none */
} firn_snapshot;

typedef struct firn_snapshot_log_entry {
    int64_t timestamp_ms;
    int64_t snapshot_id;
} firn_snapshot_log_entry;

typedef struct firn_metadata_log_entry {
    int64_t timestamp_ms;
    firn_str metadata_file;
} firn_metadata_log_entry;

typedef struct firn_snapshot_ref {
    firn_str name;
    int64_t snapshot_id;
    bool is_tag;
    int64_t min_snapshots_to_keep; /**< -1: absent */
    int64_t max_snapshot_age_ms;   /**< -1: absent */
    int64_t max_ref_age_ms;        /**< -1: absent */
    firn_str extra_json;
} firn_snapshot_ref;

typedef struct firn_table_metadata {
    int32_t format_version;
    firn_str table_uuid;
    firn_str location; /**< without trailing slash */
    int64_t last_sequence_number;
    int64_t last_updated_ms;
    int32_t last_column_id;
    const firn_schema *const *schemas;
    size_t n_schemas;
    int32_t current_schema_id;
    const firn_partition_spec *const *specs;
    size_t n_specs;
    int32_t default_spec_id;
    int32_t last_partition_id; /**< 999 when no field was ever assigned */
    const firn_sort_order *const *sort_orders;
    size_t n_sort_orders;
    int32_t default_sort_order_id;
    firn_properties properties;
    int64_t current_snapshot_id; /**< -1: none */
    const firn_snapshot *snapshots;
    size_t n_snapshots;
    const firn_snapshot_log_entry *snapshot_log;
    size_t n_snapshot_log;
    const firn_metadata_log_entry *metadata_log;
    size_t n_metadata_log;
    const firn_snapshot_ref *refs;
    size_t n_refs;
    int64_t next_row_id;                /**< v3; -1: absent */
    firn_str statistics_json;           /**< array kept verbatim; empty: absent */
    firn_str partition_statistics_json; /**< array kept verbatim; empty: absent */
    firn_str encryption_keys_json;      /**< v3, kept verbatim; empty: absent */
    firn_str extra_json; /**< object with the members firn does not know, kept when the metadata is
                              written again; the parts above have one each */
} firn_table_metadata;

typedef struct firn_view_representation {
    firn_str sql;
    firn_str dialect;
} firn_view_representation;

typedef struct firn_view_version {
    int32_t version_id;
    int32_t schema_id;
    int64_t timestamp_ms;
    firn_properties summary;
    const firn_view_representation *representations;
    size_t n_representations;
    firn_str default_catalog; /**< empty: absent */
    const firn_str *default_namespace;
    size_t n_default_namespace;
} firn_view_version;

typedef struct firn_view_log_entry {
    int64_t timestamp_ms;
    int32_t version_id;
} firn_view_log_entry;

typedef struct firn_view_metadata {
    firn_str view_uuid;
    int32_t format_version;
    firn_str location;
    const firn_schema *const *schemas;
    size_t n_schemas;
    int32_t current_version_id;
    const firn_view_version *versions;
    size_t n_versions;
    const firn_view_log_entry *version_log;
    size_t n_version_log;
    firn_properties properties;
} firn_view_metadata;

/** @brief Schema in use now. Never NULL for metadata that was parsed or built. */
FIRN_API const firn_schema *firn_metadata_schema(const firn_table_metadata *metadata);
/** @brief NULL if there is none with this id. */
FIRN_API const firn_schema *firn_metadata_find_schema(const firn_table_metadata *metadata,
                                                      int32_t schema_id);
/** @brief Schema a snapshot was written with; the current one where the snapshot is NULL or does
 * not say. Never NULL. */
FIRN_API const firn_schema *firn_metadata_schema_at(const firn_table_metadata *metadata,
                                                    const firn_snapshot *snapshot);
/** @brief Default partition spec. Never NULL. */
FIRN_API const firn_partition_spec *firn_metadata_spec(const firn_table_metadata *metadata);
FIRN_API const firn_partition_spec *firn_metadata_find_spec(const firn_table_metadata *metadata,
                                                            int32_t spec_id);
/** @brief Default sort order. Never NULL. */
FIRN_API const firn_sort_order *firn_metadata_sort_order(const firn_table_metadata *metadata);
/** @brief Current snapshot of main, NULL for an empty table. */
FIRN_API const firn_snapshot *firn_metadata_current_snapshot(const firn_table_metadata *metadata);
FIRN_API const firn_snapshot *firn_metadata_find_snapshot(const firn_table_metadata *metadata,
                                                          int64_t snapshot_id);
/** @brief Branch or tag; NULL if absent. */
FIRN_API const firn_snapshot_ref *firn_metadata_find_ref(const firn_table_metadata *metadata,
                                                         firn_str name);
/** @brief Snapshot that was current at a time, by the snapshot log; NULL if there was none. Of a
 * log whose times go back, entries are in the order that they were made in: the last one that is
 * not younger counts, as in other readers. */
FIRN_API const firn_snapshot *firn_metadata_snapshot_as_of(const firn_table_metadata *metadata,
                                                           int64_t timestamp_ms);
/** @brief True if @p ancestor is @p snapshot or reached from it through parents. */
FIRN_API bool firn_metadata_is_ancestor(const firn_table_metadata *metadata, int64_t snapshot_id,
                                        int64_t ancestor_id);
/** @brief Value of a property, or @p fallback. */
FIRN_API firn_str firn_properties_get(const firn_properties *properties, firn_str key,
                                      firn_str fallback);
/** @brief Property as an integer; @p fallback when absent or malformed. */
FIRN_API int64_t firn_properties_get_i64(const firn_properties *properties, firn_str key,
                                         int64_t fallback);

FIRN_END_DECLS

#endif
