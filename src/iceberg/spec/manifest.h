/* SPDX-License-Identifier: Apache-2.0 */
/* Manifest lists and manifests: Avro files to structs and back (specification, "Manifests").
 *
 * Reading makes no object per entry: a reader hands out one entry at a time whose maps and bytes
 * point into the decompressed block. Copy with firn_data_file_copy() to keep one. */
#ifndef FIRN_ICEBERG_MANIFEST_H
#define FIRN_ICEBERG_MANIFEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "firn/metadata.h"
#include "format/avro/avro.h"
#include "format/columns/metrics.h"

typedef enum firn_content {
    FIRN_CONTENT_DATA = 0,
    FIRN_CONTENT_POSITION_DELETES = 1,
    FIRN_CONTENT_EQUALITY_DELETES = 2,
} firn_content;

typedef enum firn_file_format {
    FIRN_FILE_PARQUET = 0,
    FIRN_FILE_AVRO,
    FIRN_FILE_ORC,
    FIRN_FILE_PUFFIN,
} firn_file_format;

typedef enum firn_entry_status {
    FIRN_ENTRY_EXISTING = 0,
    FIRN_ENTRY_ADDED = 1,
    FIRN_ENTRY_DELETED = 2,
} firn_entry_status;

/* One entry of a metrics map. */
typedef struct firn_metric {
    int32_t field_id;
    int64_t count;  /* column_sizes, *_counts */
    firn_str bound; /* lower_bounds, upper_bounds */
} firn_metric;

typedef struct firn_metric_map {
    const firn_metric
        *items; /* in file order, usually ascending id; NULL: the entry has no such map */
    size_t n;
} firn_metric_map;

typedef struct firn_data_file {
    firn_content content;
    firn_file_format format;
    firn_str path;
    int32_t spec_id;             /* of the manifest it is in */
    const firn_value *partition; /* one per field of the spec */
    size_t n_partition;
    int64_t record_count;
    int64_t file_size_bytes;
    firn_metric_map column_sizes, value_counts, null_value_counts, nan_value_counts;
    firn_metric_map lower_bounds, upper_bounds;
    uint64_t count_versions[3]; /* of value, null and NaN counts, by a reader: the same while they
                                   are those of the entry before; 0: not known */
    firn_str key_metadata;
    const int64_t *split_offsets;
    size_t n_split_offsets;
    const int32_t *equality_ids;
    size_t n_equality_ids;
    int32_t sort_order_id;         /* -1: absent */
    int64_t first_row_id;          /* v3; -1: absent */
    firn_str referenced_data_file; /* empty: absent */
    int64_t content_offset;        /* -1: absent */
    int64_t content_size_bytes;    /* -1: absent */
    bool has_pending_name;         /* written here, and nobody has synced its folder: the commit
                                      that adds it does */
} firn_data_file;

typedef struct firn_manifest_entry {
    firn_entry_status status;
    int64_t snapshot_id;          /* inherited already */
    int64_t sequence_number;      /* data sequence number, inherited already */
    int64_t file_sequence_number; /* inherited already */
    firn_data_file file;
} firn_manifest_entry;

typedef struct firn_field_summary {
    bool contains_null;
    bool has_contains_nan, contains_nan;
    bool has_lower, has_upper;
    firn_str lower, upper; /* single-value bytes of the partition field's type */
} firn_field_summary;

/* Entry of a manifest list. */
typedef struct firn_manifest_file {
    firn_str path;
    int64_t length;
    int32_t spec_id;
    firn_content content; /* DATA or POSITION_DELETES (= deletes of any kind) */
    int64_t sequence_number;
    int64_t min_sequence_number;
    int64_t added_snapshot_id;
    int64_t added_files, existing_files, deleted_files; /* -1: absent (v1) */
    int64_t added_rows, existing_rows, deleted_rows;    /* -1: absent (v1) */
    const firn_field_summary *partitions;
    size_t n_partitions;
    firn_str key_metadata;
    int64_t first_row_id; /* v3; -1: absent */
} firn_manifest_file;

/* ---- manifest list ---- */

/* One manifest after another. bytes are borrowed until close. */
typedef struct firn_manifest_list_reader firn_manifest_list_reader;
FIRN_MUST_CHECK firn_status firn_manifest_list_open(firn_str bytes, firn_manifest_list_reader **out,
                                                    firn_error *err);
void firn_manifest_list_close(firn_manifest_list_reader *reader);
/* Texts of *out are in the arena. FIRN_DONE at the end. */
FIRN_MUST_CHECK firn_status firn_manifest_list_next(firn_manifest_list_reader *reader,
                                                    firn_arena *arena, firn_manifest_file *out,
                                                    firn_error *err);
/* All of them. */
FIRN_MUST_CHECK firn_status firn_manifest_list_read(firn_str bytes, firn_arena *arena,
                                                    firn_manifest_file **out, size_t *n_out,
                                                    firn_error *err);
/* What a writer of metadata files needs besides the entries. */
typedef struct firn_manifest_write_opts {
    int32_t format_version;
    const firn_schema *schema;
    const firn_partition_spec *spec;
    int64_t snapshot_id;
    int64_t parent_snapshot_id; /* -1: none */
    int64_t sequence_number;
    const uint8_t *sync; /* 16 random bytes */
    bool is_zstd;        /* else deflate, the default of other writers */
} firn_manifest_write_opts;

FIRN_MUST_CHECK firn_status firn_manifest_list_write(const firn_manifest_write_opts *opts,
                                                     const firn_manifest_file *files, size_t n,
                                                     const firn_byte_sink *sink, firn_error *err);

/* ---- manifest ---- */

typedef struct firn_manifest_reader firn_manifest_reader;

/* Which metrics to decode; the rest is skipped. */
typedef enum firn_manifest_columns {
    FIRN_MANIFEST_ALL = 0,
    FIRN_MANIFEST_NO_METRICS, /* paths, partition, counts and sizes of files only */
    FIRN_MANIFEST_BOUNDS,     /* value, null and NaN counts, and bounds: what pruning needs */
} firn_manifest_columns;

/* bytes: the whole manifest file, borrowed. file: its manifest-list entry, for inheritance and
 * spec. schema + spec: the table's, to type the partition values; taken from the manifest's own
 * header where spec is NULL. */
FIRN_MUST_CHECK firn_status firn_manifest_reader_open(firn_str bytes,
                                                      const firn_manifest_file *file,
                                                      const firn_schema *schema,
                                                      const firn_partition_spec *spec,
                                                      firn_manifest_columns columns,
                                                      firn_manifest_reader **out, firn_error *err);
void firn_manifest_reader_close(firn_manifest_reader *reader);
/* Before the first entry: metrics of these fields only, ascending; copied. What pruning by a filter
 * needs of a wide table is little. */
FIRN_MUST_CHECK firn_status firn_manifest_reader_select(firn_manifest_reader *reader,
                                                        const int32_t *field_ids, size_t n,
                                                        firn_error *err);
/* Before the first entry: those of one part of the file only (firn_avro_split() of the same bytes).
 * Row ids that entries inherit depend on the parts before, so they are given as
 * FIRN_RELATIVE_ROW_ID(k), k rows after the first of this part. */
void firn_manifest_reader_limit(firn_manifest_reader *reader, const firn_avro_part *part);
#define FIRN_RELATIVE_ROW_ID(k) (-2 - (k)) /* its own inverse */
/* Rows that have inherited ids so far. */
int64_t firn_manifest_reader_row_ids(const firn_manifest_reader *reader);
/* What the manifest was written with, borrowed from the reader or what it was opened with. */
typedef struct firn_manifest_layout {
    int32_t format_version;
    const firn_schema *schema;
    const firn_partition_spec *spec;
} firn_manifest_layout;
firn_manifest_layout firn_manifest_reader_layout(const firn_manifest_reader *reader);
/* FIRN_DONE at the end. out borrows from the reader until the next call. */
FIRN_MUST_CHECK firn_status firn_manifest_reader_next(firn_manifest_reader *reader,
                                                      firn_manifest_entry *out, firn_error *err);

typedef struct firn_manifest_writer firn_manifest_writer;

/* content: DATA or POSITION_DELETES. sink is copied. */
FIRN_MUST_CHECK firn_status firn_manifest_writer_create(const firn_manifest_write_opts *opts,
                                                        firn_content content,
                                                        const firn_byte_sink *sink,
                                                        firn_manifest_writer **out,
                                                        firn_error *err);
void firn_manifest_writer_destroy(firn_manifest_writer *writer);
/* ADDED entries are written with null sequence numbers (inherited later) when
 * entry->sequence_number is -1; EXISTING and DELETED ones must carry both. */
FIRN_MUST_CHECK firn_status firn_manifest_writer_append(firn_manifest_writer *writer,
                                                        const firn_manifest_entry *entry,
                                                        firn_error *err);
/* Fills *out (all but path, and length from bytes written) for the manifest list. */
FIRN_MUST_CHECK firn_status firn_manifest_writer_finish(firn_manifest_writer *writer,
                                                        firn_arena *arena, firn_manifest_file *out,
                                                        firn_error *err);

/* ---- data files ---- */

/* Deep copy. */
FIRN_MUST_CHECK firn_status firn_data_file_copy(const firn_data_file *file, firn_arena *arena,
                                                firn_data_file *out, firn_error *err);
/* NULL if the map has no such id. */
const firn_metric *firn_metric_find(const firn_metric_map *map, int32_t field_id);
/* Partition tuple equality: floats by bits with NaN normalised. */
bool firn_partition_equals(const firn_value *a, const firn_value *b, size_t n);
/* Replaces out by bytes that two tuples of one spec share only when they are equal: a map's key. */
FIRN_MUST_CHECK firn_status firn_partition_key(int32_t spec_id, const firn_value *values, size_t n,
                                               firn_buf *out, firn_error *err);

#endif
