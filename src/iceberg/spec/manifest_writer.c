/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, written entry by entry: Avro records after manifest_schema.c, and on the way the
 * counts and partition summaries that the manifest list will say about the file. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/columns/metrics.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/manifest_partition.h"
#include "iceberg/spec/manifest_schema.h"
#include "iceberg/spec/metadata_copy.h"

#define V1_BLOCK_SIZE ((int64_t)64 << 20) /* deprecated, required, read by nobody */

typedef struct field_summary {
    bool contains_null;
    bool contains_nan;
    bool has_bounds;
    firn_value lower, upper; /* bytes in the two buffers below */
    firn_buf lower_bytes, upper_bytes;
} field_summary;

struct firn_manifest_writer {
    firn_arena *arena;
    firn_avro_writer *avro;
    firn_byte_sink sink; /* the caller's */
    int64_t n_written;
    int32_t format_version;
    firn_content content;
    int32_t spec_id;
    int64_t snapshot_id;
    int64_t sequence_number;
    int64_t min_sequence_number;   /* of the live entries; -1: none yet */
    int64_t n_files[3], n_rows[3]; /* by status */
    const firn_type **types;
    size_t n_fields;
    field_summary *summaries;
    firn_buf record;
};

/* Counts what goes by: the manifest list wants the file's length. */
static firn_status count_write(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_manifest_writer *w = ctx;
    w->n_written += (int64_t)n;
    return w->sink.write(w->sink.ctx, data, n, err);
}

/* Types are copied: the schema may not live as long as the writer. */
static firn_status keep_types(firn_manifest_writer *w, const firn_manifest_write_opts *opts,
                              firn_error *err)
{
    FIRN_TRY(firn_partition_types(opts->schema, opts->spec, w->arena, &w->types, err));
    w->n_fields = opts->spec->n_fields;
    for (size_t i = 0; i < w->n_fields; i++) {
        if (!w->types[i]) continue;
        firn_type *copy = firn_arena_alloc(w->arena, sizeof *copy);
        if (!copy || !firn_type_copy(w->types[i], w->arena, copy)) return firn_fail_nomem(err);
        w->types[i] = copy;
    }
    w->summaries = firn_arena_array(w->arena, w->n_fields, sizeof *w->summaries);
    if (!w->summaries) return firn_fail_nomem(err);
    for (size_t i = 0; i < w->n_fields; i++) {
        firn_buf_init(&w->summaries[i].lower_bytes, NULL, FIRN_LIMIT_PAGE);
        firn_buf_init(&w->summaries[i].upper_bytes, NULL, FIRN_LIMIT_PAGE);
    }
    return FIRN_OK;
}

static firn_status open_writer(firn_manifest_writer *w, const firn_manifest_write_opts *opts,
                               firn_error *err)
{
    const firn_byte_sink counting = {w, count_write};
    w->arena = firn_arena_create(NULL, 0);
    if (!w->arena) return firn_fail_nomem(err);
    FIRN_TRY(keep_types(w, opts, err));
    return firn_manifest_avro(opts, w->content, w->types, &counting, &w->avro, err);
}

firn_status firn_manifest_writer_create(const firn_manifest_write_opts *opts, firn_content content,
                                        const firn_byte_sink *sink, firn_manifest_writer **out,
                                        firn_error *err)
{
    *out = NULL;
    firn_manifest_writer *w = firn_mem_alloc_zero(NULL, sizeof *w);
    if (!w) return firn_fail_nomem(err);
    w->sink = *sink;
    w->format_version = opts->format_version;
    w->content = content == FIRN_CONTENT_DATA ? FIRN_CONTENT_DATA : FIRN_CONTENT_POSITION_DELETES;
    w->spec_id = opts->spec->spec_id;
    w->snapshot_id = opts->snapshot_id;
    w->sequence_number = opts->sequence_number;
    w->min_sequence_number = -1;
    firn_buf_init(&w->record, NULL, FIRN_LIMIT_PAGE);
    const firn_status st = open_writer(w, opts, err);
    if (st != FIRN_OK) {
        firn_manifest_writer_destroy(w);
        return firn_error_wrap(err, st, "manifest");
    }
    *out = w;
    return FIRN_OK;
}

void firn_manifest_writer_destroy(firn_manifest_writer *writer)
{
    if (!writer) return;
    for (size_t i = 0; writer->summaries && i < writer->n_fields; i++) {
        firn_buf_dispose(&writer->summaries[i].lower_bytes);
        firn_buf_dispose(&writer->summaries[i].upper_bytes);
    }
    firn_buf_dispose(&writer->record);
    firn_avro_writer_destroy(writer->avro);
    firn_arena_destroy(writer->arena);
    firn_mem_free(NULL, writer);
}

/* ---- one record ---- */

static void put_number(firn_buf *b, bool has, int64_t value)
{
    firn_buf_zigzag(b, has ? 1 : 0);
    if (has) firn_buf_zigzag(b, value);
}

static void put_text(firn_buf *b, firn_str text)
{
    firn_buf_zigzag(b, text.len > 0 ? 1 : 0);
    if (text.len > 0) firn_avro_write_bytes(b, text);
}

static void put_counts(firn_buf *b, const firn_metric_map *map)
{
    firn_buf_zigzag(b, map->items ? 1 : 0);
    if (!map->items) return;
    if (map->n > 0) firn_buf_zigzag(b, (int64_t)map->n);
    for (size_t i = 0; i < map->n; i++) {
        firn_buf_zigzag(b, map->items[i].field_id);
        firn_buf_zigzag(b, map->items[i].count);
    }
    firn_buf_zigzag(b, 0);
}

static void put_bounds(firn_buf *b, const firn_metric_map *map)
{
    firn_buf_zigzag(b, map->items ? 1 : 0);
    if (!map->items) return;
    if (map->n > 0) firn_buf_zigzag(b, (int64_t)map->n);
    for (size_t i = 0; i < map->n; i++) {
        firn_buf_zigzag(b, map->items[i].field_id);
        firn_avro_write_bytes(b, map->items[i].bound);
    }
    firn_buf_zigzag(b, 0);
}

static void put_offsets(firn_buf *b, const int64_t *items, size_t n)
{
    firn_buf_zigzag(b, n > 0 ? 1 : 0);
    if (n == 0) return;
    firn_buf_zigzag(b, (int64_t)n);
    for (size_t i = 0; i < n; i++) firn_buf_zigzag(b, items[i]);
    firn_buf_zigzag(b, 0);
}

static void put_ids(firn_buf *b, const int32_t *items, size_t n)
{
    firn_buf_zigzag(b, n > 0 ? 1 : 0);
    if (n == 0) return;
    firn_buf_zigzag(b, (int64_t)n);
    for (size_t i = 0; i < n; i++) firn_buf_zigzag(b, items[i]);
    firn_buf_zigzag(b, 0);
}

static void put_metrics(firn_buf *b, const firn_data_file *file)
{
    put_counts(b, &file->column_sizes);
    put_counts(b, &file->value_counts);
    put_counts(b, &file->null_value_counts);
    put_counts(b, &file->nan_value_counts);
    put_bounds(b, &file->lower_bounds);
    put_bounds(b, &file->upper_bounds);
}

static firn_status put_file(firn_manifest_writer *w, const firn_data_file *file, firn_error *err)
{
    static const firn_str k_formats[] = {FIRN_STR_INIT("PARQUET"), FIRN_STR_INIT("AVRO"),
                                         FIRN_STR_INIT("ORC"), FIRN_STR_INIT("PUFFIN")};
    firn_buf *b = &w->record;
    const int32_t version = w->format_version;
    if (version >= 2) firn_buf_zigzag(b, file->content);
    firn_avro_write_bytes(b, file->path);
    firn_avro_write_bytes(b, k_formats[file->format]);
    for (size_t i = 0; i < w->n_fields; i++) {
        FIRN_TRY(firn_partition_write(w->types[i], &file->partition[i], b, err));
    }
    firn_buf_zigzag(b, file->record_count);
    firn_buf_zigzag(b, file->file_size_bytes);
    if (version == 1) firn_buf_zigzag(b, V1_BLOCK_SIZE);
    put_metrics(b, file);
    put_text(b, file->key_metadata);
    put_offsets(b, file->split_offsets, file->n_split_offsets);
    if (version >= 2) put_ids(b, file->equality_ids, file->n_equality_ids);
    put_number(b, file->sort_order_id != -1, file->sort_order_id);
    if (version >= 3) put_number(b, file->first_row_id != -1, file->first_row_id);
    if (version >= 2) put_text(b, file->referenced_data_file);
    if (version >= 3) {
        put_number(b, file->content_offset != -1, file->content_offset);
        put_number(b, file->content_size_bytes != -1, file->content_size_bytes);
    }
    return FIRN_OK;
}

static firn_status put_entry(firn_manifest_writer *w, const firn_manifest_entry *e, firn_error *err)
{
    firn_buf *b = &w->record;
    firn_buf_clear(b);
    firn_buf_zigzag(b, e->status);
    put_number(b, e->snapshot_id != -1, e->snapshot_id);
    if (w->format_version >= 2) {
        /* A new file's file sequence number is always the commit's: never written. */
        const bool is_added = e->status == FIRN_ENTRY_ADDED;
        put_number(b, e->sequence_number != -1, e->sequence_number);
        put_number(b, !is_added, e->file_sequence_number);
    }
    FIRN_TRY(put_file(w, &e->file, err));
    return firn_buf_check(b, err);
}

static firn_status check_entry(const firn_manifest_writer *w, const firn_manifest_entry *e,
                               firn_error *err)
{
    const firn_data_file *file = &e->file;
    const bool is_data = file->content == FIRN_CONTENT_DATA;
    if (is_data != (w->content == FIRN_CONTENT_DATA)) {
        return firn_fail(err, FIRN_ERR_ARG, "%s file %.*s in a manifest of %s files",
                         is_data ? "data" : "delete", FIRN_STR_ARG(file->path),
                         is_data ? "delete" : "data");
    }
    if (file->n_partition != w->n_fields) {
        return firn_fail(err, FIRN_ERR_ARG, "file with %zu partition values, the spec has %zu",
                         file->n_partition, w->n_fields);
    }
    if (file->path.len == 0 || file->record_count < 0 || file->file_size_bytes < 0 ||
        (uint32_t)file->format > FIRN_FILE_PUFFIN || (uint32_t)e->status > FIRN_ENTRY_DELETED) {
        return firn_fail(err, FIRN_ERR_ARG, "file entry without a path, size or record count");
    }
    if (file->content == FIRN_CONTENT_EQUALITY_DELETES && file->n_equality_ids == 0) {
        return firn_fail(err, FIRN_ERR_ARG, "equality delete file %.*s without field ids",
                         FIRN_STR_ARG(file->path));
    }
    if (w->format_version < 3 && (file->content_offset != -1 || file->first_row_id != -1)) {
        return firn_fail(
            err, FIRN_ERR_ARG,
            "deletion vectors and row ids need format version 3, the table has %" PRId32,
            w->format_version);
    }
    if (w->format_version >= 2 && e->status != FIRN_ENTRY_ADDED &&
        (e->sequence_number < 0 || e->file_sequence_number < 0)) {
        return firn_fail(err, FIRN_ERR_ARG,
                         "existing or deleted file %.*s without sequence numbers",
                         FIRN_STR_ARG(file->path));
    }
    return FIRN_OK;
}

/* ---- summaries ---- */

static bool is_nan(const firn_value *v)
{
    return (v->kind == FIRN_TYPE_FLOAT && isnan(v->as.f32)) ||
           (v->kind == FIRN_TYPE_DOUBLE && isnan(v->as.f64));
}

static bool has_bytes(firn_type_kind kind)
{
    return kind == FIRN_TYPE_STRING || kind == FIRN_TYPE_UUID || kind == FIRN_TYPE_FIXED ||
           kind == FIRN_TYPE_BINARY;
}

static firn_status keep_bound(const firn_value *value, firn_value *out, firn_buf *bytes,
                              firn_error *err)
{
    *out = *value;
    if (!has_bytes(value->kind)) return FIRN_OK;
    firn_buf_clear(bytes);
    firn_buf_str(bytes, value->as.bytes);
    out->as.bytes = firn_buf_view(bytes);
    return firn_buf_check(bytes, err);
}

static firn_status add_to_summary(field_summary *s, const firn_value *value, firn_error *err)
{
    if (value->is_null) {
        s->contains_null = true;
        return FIRN_OK;
    }
    if (is_nan(value)) {
        s->contains_nan = true;
        return FIRN_OK;
    }
    const bool is_first = !s->has_bounds;
    s->has_bounds = true;
    if (is_first || firn_value_compare(value, &s->lower) < 0) {
        FIRN_TRY(keep_bound(value, &s->lower, &s->lower_bytes, err));
    }
    if (is_first || firn_value_compare(value, &s->upper) > 0) {
        FIRN_TRY(keep_bound(value, &s->upper, &s->upper_bytes, err));
    }
    return FIRN_OK;
}

static firn_status count_entry(firn_manifest_writer *w, const firn_manifest_entry *e,
                               firn_error *err)
{
    w->n_files[e->status]++;
    w->n_rows[e->status] += e->file.record_count;
    for (size_t i = 0; i < w->n_fields; i++) {
        FIRN_TRY(add_to_summary(&w->summaries[i], &e->file.partition[i], err));
    }
    const int64_t sequence = e->sequence_number == -1 ? w->sequence_number : e->sequence_number;
    const bool is_live = e->status != FIRN_ENTRY_DELETED;
    if (is_live && (w->min_sequence_number < 0 || sequence < w->min_sequence_number)) {
        w->min_sequence_number = sequence;
    }
    return FIRN_OK;
}

firn_status firn_manifest_writer_append(firn_manifest_writer *writer,
                                        const firn_manifest_entry *entry, firn_error *err)
{
    FIRN_TRY(check_entry(writer, entry, err));
    FIRN_TRY(put_entry(writer, entry, err));
    FIRN_TRY(firn_avro_writer_append(writer->avro, firn_buf_view(&writer->record), err));
    return count_entry(writer, entry, err);
}

/* ---- the end ---- */

static firn_status encode_bound(const firn_value *value, firn_arena *arena, firn_str *out,
                                firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, FIRN_LIMIT_PAGE);
    firn_status st = firn_value_encode(value, &buf, err);
    if (st == FIRN_OK) st = firn_buf_check(&buf, err);
    if (st == FIRN_OK) {
        *out = firn_arena_copy(arena, firn_buf_view(&buf));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(&buf);
    return st;
}

static firn_status finish_summaries(const firn_manifest_writer *w, firn_arena *arena,
                                    firn_manifest_file *out, firn_error *err)
{
    firn_field_summary *items = firn_arena_array(arena, w->n_fields, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < w->n_fields; i++) {
        const field_summary *s = &w->summaries[i];
        items[i] = (firn_field_summary){.contains_null = s->contains_null,
                                        .has_contains_nan = true,
                                        .contains_nan = s->contains_nan,
                                        .has_lower = s->has_bounds,
                                        .has_upper = s->has_bounds};
        if (!s->has_bounds) continue;
        FIRN_TRY(encode_bound(&s->lower, arena, &items[i].lower, err));
        FIRN_TRY(encode_bound(&s->upper, arena, &items[i].upper, err));
    }
    out->partitions = items;
    out->n_partitions = w->n_fields;
    return FIRN_OK;
}

firn_status firn_manifest_writer_finish(firn_manifest_writer *writer, firn_arena *arena,
                                        firn_manifest_file *out, firn_error *err)
{
    const firn_manifest_writer *w = writer;
    FIRN_TRY(firn_avro_writer_finish(writer->avro, err));
    *out = (firn_manifest_file){.length = w->n_written,
                                .spec_id = w->spec_id,
                                .content = w->content,
                                .sequence_number = w->sequence_number,
                                .min_sequence_number = w->min_sequence_number,
                                .added_snapshot_id = w->snapshot_id,
                                .added_files = w->n_files[FIRN_ENTRY_ADDED],
                                .existing_files = w->n_files[FIRN_ENTRY_EXISTING],
                                .deleted_files = w->n_files[FIRN_ENTRY_DELETED],
                                .added_rows = w->n_rows[FIRN_ENTRY_ADDED],
                                .existing_rows = w->n_rows[FIRN_ENTRY_EXISTING],
                                .deleted_rows = w->n_rows[FIRN_ENTRY_DELETED],
                                .first_row_id = -1};
    if (w->min_sequence_number < 0) out->min_sequence_number = w->sequence_number;
    return finish_summaries(w, arena, out, err);
}
