/* SPDX-License-Identifier: Apache-2.0 */
/* Manifest lists: Avro records of struct manifest_file, both ways (specification, "Manifest
 * Lists"). A list of many
 * manifests is read one by one. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/manifest_schema.h"
#include "iceberg/spec/metadata_copy.h"
#include "iceberg/spec/record_plan.h"

#define MIN_SUMMARY_BYTES 1 /* one boolean, when the schema has no more */

/* ---- reading ---- */

struct firn_manifest_list_reader {
    firn_arena *own;   /* the plans, and the reader itself */
    firn_arena *arena; /* of the entry being read */
    firn_avro_reader *avro;
    firn_record_plan plan, summary;
    int64_t n_read;
};

typedef struct summary_raw {
    bool contains_null;
    int32_t contains_nan; /* -1: null */
    firn_str lower, upper;
    bool has_lower, has_upper;
} summary_raw;

static firn_status read_nan(void *ctx, const firn_record_step *step, firn_cursor *c, void *base,
                            firn_error *err)
{
    uint8_t byte = 0;
    (void)ctx;
    (void)step;
    FIRN_TRY(firn_cursor_u8(c, &byte, err));
    ((summary_raw *)base)->contains_nan = byte != 0;
    return FIRN_OK;
}

static firn_status read_bound(void *ctx, const firn_record_step *step, firn_cursor *c, void *base,
                              firn_error *err)
{
    summary_raw *raw = base;
    (void)ctx;
    bool *has = step->arg == 0 ? &raw->has_lower : &raw->has_upper;
    *has = true;
    return firn_avro_read_bytes(c, step->arg == 0 ? &raw->lower : &raw->upper, err);
}

static const firn_record_want k_summary_wants[] = {
    {509, FIRN_RECORD_BOOL, true, offsetof(summary_raw, contains_null), NULL, 0, "contains_null"},
    {518, FIRN_RECORD_CALL, false, 0, read_nan, 0, "contains_nan"},
    {510, FIRN_RECORD_CALL, false, 0, read_bound, 0, "lower_bound"},
    {511, FIRN_RECORD_CALL, false, 0, read_bound, 1, "upper_bound"},
};

static firn_status keep_summary(firn_manifest_list_reader *r, const summary_raw *raw,
                                firn_field_summary *out, firn_error *err)
{
    *out = (firn_field_summary){.contains_null = raw->contains_null,
                                .has_contains_nan = raw->contains_nan >= 0,
                                .contains_nan = raw->contains_nan > 0,
                                .has_lower = raw->has_lower,
                                .has_upper = raw->has_upper};
    if (!firn_str_copy(raw->lower, r->arena, &out->lower)) return firn_fail_nomem(err);
    if (!firn_str_copy(raw->upper, r->arena, &out->upper)) return firn_fail_nomem(err);
    return FIRN_OK;
}

static firn_status read_summaries(void *ctx, const firn_record_step *step, firn_cursor *c,
                                  void *base, firn_error *err)
{
    firn_manifest_list_reader *r = ctx;
    firn_manifest_file *file = base;
    firn_field_summary *items = NULL;
    size_t cap = 0;
    (void)step;
    for (;;) {
        int64_t n = 0;
        int64_t size = 0;
        FIRN_TRY(firn_avro_read_block(c, MIN_SUMMARY_BYTES, &n, &size, err));
        if (n == 0) break;
        if (n > FIRN_LIMIT_COLUMNS) {
            return firn_fail(err, FIRN_ERR_LIMIT, "%" PRId64 " partition summaries, limit %d", n,
                             FIRN_LIMIT_COLUMNS);
        }
        for (int64_t i = 0; i < n; i++) {
            summary_raw raw = {.contains_nan = -1};
            FIRN_TRY(firn_record_read(&r->summary, c, r, &raw, err));
            firn_field_summary *slot =
                firn_arena_push(r->arena, &items, &file->n_partitions, &cap, sizeof *items);
            if (!slot) return firn_fail_nomem(err);
            FIRN_TRY(keep_summary(r, &raw, slot, err));
        }
    }
    file->partitions = items;
    return FIRN_OK;
}

#define NUMBER(id, member, required)                                                          \
    {                                                                                         \
        id, FIRN_RECORD_I64, required, offsetof(firn_manifest_file, member), NULL, 0, #member \
    }

static const firn_record_want k_file_wants[] = {
    {500, FIRN_RECORD_BYTES, true, offsetof(firn_manifest_file, path), NULL, 0, "manifest_path"},
    NUMBER(501, length, true),
    {502, FIRN_RECORD_I32, true, offsetof(firn_manifest_file, spec_id), NULL, 0,
     "partition_spec_id"},
    {517, FIRN_RECORD_I32, false, offsetof(firn_manifest_file, content), NULL, 0, "content"},
    NUMBER(515, sequence_number, false),
    NUMBER(516, min_sequence_number, false),
    NUMBER(503, added_snapshot_id, false),
    NUMBER(504, added_files, false),
    NUMBER(505, existing_files, false),
    NUMBER(506, deleted_files, false),
    NUMBER(512, added_rows, false),
    NUMBER(513, existing_rows, false),
    NUMBER(514, deleted_rows, false),
    {507, FIRN_RECORD_CALL, false, 0, read_summaries, 0, "partitions"},
    {519, FIRN_RECORD_BYTES, false, offsetof(firn_manifest_file, key_metadata), NULL, 0,
     "key_metadata"},
    NUMBER(520, first_row_id, false),
};

_Static_assert(sizeof(firn_content) == sizeof(int32_t), "content is decoded as an int32_t");

/* Plan of the summaries inside field 507, which may be absent. */
static firn_status plan_summaries(firn_manifest_list_reader *r, const firn_avro_schema *schema,
                                  firn_error *err)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        const firn_avro_schema *list = NULL;
        int8_t ignored = 0;
        if (schema->fields[i].field_id != 507) continue;
        FIRN_TRY(firn_record_unwrap(schema->fields[i].schema, 507, &list, &ignored, err));
        if (list->kind != FIRN_AVRO_ARRAY) {
            return firn_fail(err, FIRN_ERR_CORRUPT, "field 507 (partitions) is not an array");
        }
        return firn_record_plan_make(list->fields[0].schema, k_summary_wants,
                                     sizeof k_summary_wants / sizeof k_summary_wants[0], r->arena,
                                     &r->summary, err);
    }
    return FIRN_OK;
}

static firn_status plan_list(firn_manifest_list_reader *r, firn_error *err)
{
    const firn_avro_schema *schema = firn_avro_reader_schema(r->avro);
    r->arena = r->own;
    FIRN_TRY(firn_record_plan_make(
        schema, k_file_wants, sizeof k_file_wants / sizeof k_file_wants[0], r->own, &r->plan, err));
    return plan_summaries(r, schema, err);
}

static firn_status check_file(const firn_manifest_file *file, firn_error *err)
{
    if (file->content != FIRN_CONTENT_DATA && file->content != FIRN_CONTENT_POSITION_DELETES) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "manifest of content %d, expected 0 or 1",
                         (int)file->content);
    }
    if (file->length < 0 || file->sequence_number < 0 || file->min_sequence_number < 0) {
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "manifest of %" PRId64 " bytes and sequence number %" PRId64, file->length,
                         file->sequence_number);
    }
    return FIRN_OK;
}

static firn_status read_file(firn_manifest_list_reader *r, const firn_record_plan *plan,
                             firn_cursor *c, firn_manifest_file *file, firn_error *err)
{
    *file = (firn_manifest_file){.added_snapshot_id = -1,
                                 .added_files = -1,
                                 .existing_files = -1,
                                 .deleted_files = -1,
                                 .added_rows = -1,
                                 .existing_rows = -1,
                                 .deleted_rows = -1,
                                 .first_row_id = -1};
    FIRN_TRY(firn_record_read(plan, c, r, file, err));
    FIRN_TRY(check_file(file, err));
    const firn_str path = file->path;
    const firn_str key = file->key_metadata;
    if (!firn_str_copy(path, r->arena, &file->path)) return firn_fail_nomem(err);
    return firn_str_copy(key, r->arena, &file->key_metadata) ? FIRN_OK : firn_fail_nomem(err);
}

firn_status firn_manifest_list_open(firn_str bytes, firn_manifest_list_reader **out,
                                    firn_error *err)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_manifest_list_reader *r = arena ? firn_arena_alloc_zero(arena, sizeof *r) : NULL;
    *out = NULL;
    if (!r) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    r->own = arena;
    firn_status st = firn_avro_reader_open(bytes, &r->avro, err);
    if (st == FIRN_OK) st = plan_list(r, err);
    if (st != FIRN_OK) {
        firn_manifest_list_close(r);
        return firn_error_wrap(err, st, "manifest list");
    }
    *out = r;
    return FIRN_OK;
}

void firn_manifest_list_close(firn_manifest_list_reader *reader)
{
    if (!reader) return;
    firn_avro_reader_close(reader->avro);
    firn_arena_destroy(reader->own); /* holds reader itself */
}

static firn_status next_file(firn_manifest_list_reader *r, firn_manifest_file *out, firn_error *err)
{
    firn_cursor *c = NULL;
    const firn_status st = firn_avro_reader_next(r->avro, &c, err);
    if (st != FIRN_OK) return st;
    if (r->n_read++ >= FIRN_LIMIT_MANIFESTS)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d manifests", FIRN_LIMIT_MANIFESTS);
    return firn_avro_reader_blame(r->avro, read_file(r, &r->plan, c, out, err), err);
}

firn_status firn_manifest_list_next(firn_manifest_list_reader *reader, firn_arena *arena,
                                    firn_manifest_file *out, firn_error *err)
{
    reader->arena = arena;
    const firn_status st = next_file(reader, out, err);
    return st == FIRN_DONE ? FIRN_DONE : firn_error_wrap(err, st, "manifest list");
}

static firn_status read_files(firn_manifest_list_reader *reader, firn_arena *arena,
                              firn_manifest_file **out, size_t *n_out, firn_error *err)
{
    size_t cap = 0;
    for (;;) {
        firn_manifest_file file;
        const firn_status st = firn_manifest_list_next(reader, arena, &file, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        firn_manifest_file *slot = firn_arena_push(arena, out, n_out, &cap, sizeof **out);
        if (!slot) return firn_fail_nomem(err);
        *slot = file;
    }
}

firn_status firn_manifest_list_read(firn_str bytes, firn_arena *arena, firn_manifest_file **out,
                                    size_t *n_out, firn_error *err)
{
    firn_manifest_list_reader *reader = NULL;
    *out = NULL;
    *n_out = 0;
    FIRN_TRY(firn_manifest_list_open(bytes, &reader, err));
    const firn_status st = read_files(reader, arena, out, n_out, err);
    firn_manifest_list_close(reader);
    return st;
}

/* ---- writing ---- */

static void put_optional(firn_buf *out, int64_t value)
{
    firn_buf_zigzag(out, value == -1 ? 0 : 1);
    if (value != -1) firn_buf_zigzag(out, value);
}

static void put_bytes(firn_buf *out, bool has, firn_str bytes)
{
    firn_buf_zigzag(out, has ? 1 : 0);
    if (has) firn_avro_write_bytes(out, bytes);
}

static void put_summaries(firn_buf *out, const firn_manifest_file *file)
{
    firn_buf_zigzag(out, 1);
    if (file->n_partitions > 0) firn_buf_zigzag(out, (int64_t)file->n_partitions);
    for (size_t i = 0; i < file->n_partitions; i++) {
        const firn_field_summary *s = &file->partitions[i];
        firn_buf_byte(out, s->contains_null);
        firn_buf_zigzag(out, s->has_contains_nan ? 1 : 0);
        if (s->has_contains_nan) firn_buf_byte(out, s->contains_nan);
        put_bytes(out, s->has_lower, s->lower);
        put_bytes(out, s->has_upper, s->upper);
    }
    firn_buf_zigzag(out, 0);
}

/* v1 counts are optional; later versions require them, and v1 entries without them count 0 only
 * when nothing else is known. */
static void put_count(firn_buf *out, int32_t version, int64_t value)
{
    if (version == 1) {
        put_optional(out, value);
    } else {
        firn_buf_zigzag(out, value);
    }
}

static void put_file(firn_buf *out, int32_t version, const firn_manifest_file *file)
{
    firn_avro_write_bytes(out, file->path);
    firn_buf_zigzag(out, file->length);
    firn_buf_zigzag(out, file->spec_id);
    if (version >= 2) {
        firn_buf_zigzag(out, file->content == FIRN_CONTENT_DATA ? 0 : 1);
        firn_buf_zigzag(out, file->sequence_number);
        firn_buf_zigzag(out, file->min_sequence_number);
    }
    firn_buf_zigzag(out, file->added_snapshot_id);
    put_count(out, version, file->added_files);
    put_count(out, version, file->existing_files);
    put_count(out, version, file->deleted_files);
    put_count(out, version, file->added_rows);
    put_count(out, version, file->existing_rows);
    put_count(out, version, file->deleted_rows);
    put_summaries(out, file);
    put_bytes(out, file->key_metadata.len > 0, file->key_metadata);
    if (version >= 3) put_optional(out, file->first_row_id);
}

static firn_status check_writable(const firn_manifest_file *file, int32_t version, firn_error *err)
{
    if (version == 1 && file->content != FIRN_CONTENT_DATA) {
        return firn_fail(err, FIRN_ERR_ARG, "delete manifest %.*s in a v1 manifest list",
                         FIRN_STR_ARG(file->path));
    }
    const bool has_counts = file->added_files >= 0 && file->existing_files >= 0 &&
                            file->deleted_files >= 0 && file->added_rows >= 0 &&
                            file->existing_rows >= 0 && file->deleted_rows >= 0;
    if (version >= 2 && !has_counts) {
        return firn_fail(err, FIRN_ERR_ARG,
                         "manifest %.*s has no file and row counts, which a v%" PRId32
                         " manifest list requires",
                         FIRN_STR_ARG(file->path), version);
    }
    return FIRN_OK;
}

static firn_status write_files(firn_avro_writer *avro, int32_t version,
                               const firn_manifest_file *files, size_t n, firn_error *err)
{
    firn_buf record;
    firn_buf_init(&record, NULL, FIRN_LIMIT_PAGE);
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < n && st == FIRN_OK; i++) {
        firn_buf_clear(&record);
        st = check_writable(&files[i], version, err);
        if (st != FIRN_OK) break;
        put_file(&record, version, &files[i]);
        st = firn_buf_check(&record, err);
        if (st == FIRN_OK) st = firn_avro_writer_append(avro, firn_buf_view(&record), err);
    }
    firn_buf_dispose(&record);
    return st == FIRN_OK ? firn_avro_writer_finish(avro, err) : st;
}

firn_status firn_manifest_list_write(const firn_manifest_write_opts *opts,
                                     const firn_manifest_file *files, size_t n,
                                     const firn_byte_sink *sink, firn_error *err)
{
    firn_avro_writer *avro = NULL;
    firn_status st = firn_manifest_list_avro(opts, sink, &avro, err);
    if (st == FIRN_OK) st = write_files(avro, opts->format_version, files, n, err);
    firn_avro_writer_destroy(avro);
    return firn_error_wrap(err, st, "manifest list");
}
