/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, read entry by entry. Planning walks through millions of entries, so everything that
 * depends on the schema is settled at open: a plan of steps for the entry, one for its data file,
 * one for the partition tuple. Maps and lists decode into arrays that are reused; text and bounds
 * point into the decompressed block. No entry allocates once the arrays have grown. */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/manifest_metrics.h"
#include "iceberg/spec/manifest_partition.h"
#include "iceberg/spec/metadata_parts_json.h"
#include "iceberg/spec/record_plan.h"
#include "iceberg/spec/schema_json.h"

#define NULL_NUMBER INT64_MIN /* a number that the entry leaves to inheritance */
#define MAP_BYTES   512       /* of the largest map that is kept */
#define UNLIKE_MAX  64

enum { MAP_SIZES, MAP_VALUES, MAP_NULLS, MAP_NANS, MAP_LOWER, MAP_UPPER, N_MAPS };

/* What the steps fill. */
typedef struct raw_entry {
    firn_manifest_entry entry;
    int32_t status;
    int32_t content;
    firn_str format;
} raw_entry;

/* Files that are written one after another often have the same counts (no nulls, for one): a map
 * whose bytes are those of the one before is not decoded again. Looking for it ends where it never
 * helps. */
typedef struct metric_array {
    firn_metric *items;
    size_t cap;
    bool is_skipped;
    /* counts only */
    uint64_t version;
    size_t n_items;  /* of the map before */
    size_t n_before; /* its bytes; 0: not kept */
    size_t n_unlike; /* maps in a row that were not the same */
    char before[MAP_BYTES];
} metric_array;

struct firn_manifest_reader {
    firn_arena *arena;
    firn_avro_reader *avro;
    firn_record_plan entry_plan;
    firn_record_plan file_plan;
    firn_partition_plan partition_plan;
    const firn_schema *schema;
    const firn_partition_spec *spec;
    firn_manifest_file info; /* what entries inherit; numbers only */
    bool has_sequence;       /* v1 manifests have no such fields */
    bool has_list;           /* a manifest-list entry was given */
    int64_t first_row_id;    /* for files without one; -1: none to give */
    int64_t n_row_ids;       /* given so far */
    bool is_part;            /* row ids are relative */
    raw_entry blank;
    raw_entry raw;
    metric_array maps[N_MAPS];
    firn_metric_choice choice;
    int64_t *offsets;
    size_t cap_offsets;
    int32_t *ids;
    size_t cap_ids;
    firn_value *values;
};

/* ---- scratch arrays: grow by doubling, never shrink ---- */

static firn_status reserve(void *array, size_t *cap, size_t n, size_t size, firn_error *err)
{
    void **items = array;
    if (n <= *cap) return FIRN_OK;
    if (n > FIRN_LIMIT_COLUMNS) {
        return firn_fail(err, FIRN_ERR_LIMIT, "map or list of %zu entries, limit %d", n,
                         FIRN_LIMIT_COLUMNS);
    }
    const size_t wanted = n < 16 ? 16 : n * 2;
    void *grown = firn_mem_resize(NULL, *items, wanted * size);
    if (!grown) return firn_fail_nomem(err);
    *items = grown;
    *cap = wanted;
    return FIRN_OK;
}

/* ---- maps and lists ---- */

static firn_metric_map *map_of(firn_data_file *file, size_t map)
{
    switch (map) {
    case MAP_SIZES: return &file->column_sizes;
    case MAP_VALUES: return &file->value_counts;
    case MAP_NULLS: return &file->null_value_counts;
    case MAP_NANS: return &file->nan_value_counts;
    case MAP_LOWER: return &file->lower_bounds;
    default: return &file->upper_bounds;
    }
}

static firn_status skip_items(firn_cursor *c, size_t map, int64_t n, int64_t size, firn_error *err)
{
    firn_str ignored = {0};
    if (size >= 0) return firn_cursor_take(c, (uint64_t)size, &ignored, err);
    return map < MAP_LOWER ? firn_metrics_skip_counts(c, n, err)
                           : firn_metrics_skip_bounds(c, n, err);
}

/* Blocks of the usual form, fewer than 64 items and no size, are read here. */
static firn_status next_items(firn_cursor *c, int64_t *n, int64_t *size, firn_error *err)
{
    const size_t left = firn_cursor_left(c);
    if (left == 0 || (*c->at & 0x81) != 0 || *c->at >= left)
        return firn_avro_read_block(c, 2, n, size, err);
    *n = *c->at++ >> 1;
    *size = -1;
    return FIRN_OK;
}

static firn_status read_items(firn_manifest_reader *r, size_t map, firn_cursor *c, size_t *n_items,
                              firn_error *err)
{
    metric_array *array = &r->maps[map];
    for (;;) {
        int64_t n = 0;
        int64_t size = 0;
        FIRN_TRY(next_items(c, &n, &size, err));
        if (n == 0) return FIRN_OK;
        if (array->is_skipped) {
            FIRN_TRY(skip_items(c, map, n, size, err));
            continue;
        }
        FIRN_TRY(
            reserve(&array->items, &array->cap, *n_items + (size_t)n, sizeof *array->items, err));
        firn_metric *items = array->items + *n_items;
        FIRN_TRY(map < MAP_LOWER ? firn_metrics_read_counts(&r->choice, c, items, n, n_items, err)
                                 : firn_metrics_read_bounds(&r->choice, c, items, n, n_items, err));
    }
}

static bool is_as_before(metric_array *array, firn_cursor *c)
{
    if (array->n_before == 0 || firn_cursor_left(c) < array->n_before ||
        memcmp(c->at, array->before, array->n_before) != 0)
        return false;
    c->at += array->n_before;
    array->n_unlike = 0;
    return true;
}

static void keep_bytes(metric_array *array, const uint8_t *from, const uint8_t *to)
{
    const size_t n = (size_t)(to - from);
    array->version++;
    array->n_before = 0;
    if (n > MAP_BYTES || ++array->n_unlike > UNLIKE_MAX) return;
    memcpy(array->before, from, n);
    array->n_before = n;
}

static firn_status read_map(void *ctx, const firn_record_step *step, firn_cursor *c, void *base,
                            firn_error *err)
{
    static const firn_metric empty;
    firn_manifest_reader *r = ctx;
    metric_array *array = &r->maps[step->arg];
    const bool is_kept = step->arg < MAP_LOWER && !array->is_skipped;
    const uint8_t *from = c->at;
    raw_entry *raw = base;
    if (!is_kept || !is_as_before(array, c)) {
        array->n_items = 0;
        FIRN_TRY(read_items(r, step->arg, c, &array->n_items, err));
        if (is_kept) keep_bytes(array, from, c->at);
    }
    *map_of(&raw->entry.file, step->arg) =
        (firn_metric_map){array->n_items > 0 ? array->items : &empty, array->n_items};
    if (is_kept && step->arg >= MAP_VALUES)
        raw->entry.file.count_versions[step->arg - MAP_VALUES] = array->version;
    return FIRN_OK;
}

static firn_status read_offsets(void *ctx, const firn_record_step *step, firn_cursor *c, void *base,
                                firn_error *err)
{
    firn_manifest_reader *r = ctx;
    firn_data_file *file = &((raw_entry *)base)->entry.file;
    (void)step;
    for (;;) {
        int64_t n = 0;
        int64_t size = 0;
        FIRN_TRY(firn_avro_read_block(c, 1, &n, &size, err));
        if (n == 0) break;
        FIRN_TRY(reserve(&r->offsets, &r->cap_offsets, file->n_split_offsets + (size_t)n,
                         sizeof *r->offsets, err));
        for (int64_t i = 0; i < n; i++) {
            FIRN_TRY(firn_avro_read_long(c, &r->offsets[file->n_split_offsets++], err));
        }
    }
    file->split_offsets = r->offsets;
    return FIRN_OK;
}

static firn_status read_ids(void *ctx, const firn_record_step *step, firn_cursor *c, void *base,
                            firn_error *err)
{
    firn_manifest_reader *r = ctx;
    firn_data_file *file = &((raw_entry *)base)->entry.file;
    (void)step;
    for (;;) {
        int64_t n = 0;
        int64_t size = 0;
        FIRN_TRY(firn_avro_read_block(c, 1, &n, &size, err));
        if (n == 0) break;
        FIRN_TRY(
            reserve(&r->ids, &r->cap_ids, file->n_equality_ids + (size_t)n, sizeof *r->ids, err));
        for (int64_t i = 0; i < n; i++) {
            int64_t id = 0;
            FIRN_TRY(firn_avro_read_long(c, &id, err));
            r->ids[file->n_equality_ids++] = (int32_t)id;
        }
    }
    file->equality_ids = r->ids;
    return FIRN_OK;
}

static firn_status read_partition(void *ctx, const firn_record_step *step, firn_cursor *c,
                                  void *base, firn_error *err)
{
    firn_manifest_reader *r = ctx;
    firn_data_file *file = &((raw_entry *)base)->entry.file;
    (void)step;
    file->partition = r->values;
    file->n_partition = r->partition_plan.n_values;
    return firn_partition_read(&r->partition_plan, c, r->values, err);
}

static firn_status read_data_file(void *ctx, const firn_record_step *step, firn_cursor *c,
                                  void *base, firn_error *err)
{
    const firn_manifest_reader *r = ctx;
    (void)step;
    return firn_record_read(&r->file_plan, c, ctx, base, err);
}

/* ---- the plans ---- */

#define ENTRY(member) offsetof(raw_entry, entry) + offsetof(firn_manifest_entry, member)
#define FILE_AT(member)                                                \
    offsetof(raw_entry, entry) + offsetof(firn_manifest_entry, file) + \
        offsetof(firn_data_file, member)

static const firn_record_want k_entry_wants[] = {
    {0, FIRN_RECORD_I32, true, offsetof(raw_entry, status), NULL, 0, "status"},
    {1, FIRN_RECORD_I64, false, ENTRY(snapshot_id), NULL, 0, "snapshot_id"},
    {3, FIRN_RECORD_I64, false, ENTRY(sequence_number), NULL, 0, "sequence_number"},
    {4, FIRN_RECORD_I64, false, ENTRY(file_sequence_number), NULL, 0, "file_sequence_number"},
    {2, FIRN_RECORD_CALL, true, 0, read_data_file, 0, "data_file"},
};

static const firn_record_want k_file_wants[] = {
    {134, FIRN_RECORD_I32, false, offsetof(raw_entry, content), NULL, 0, "content"},
    {100, FIRN_RECORD_BYTES, true, FILE_AT(path), NULL, 0, "file_path"},
    {101, FIRN_RECORD_BYTES, true, offsetof(raw_entry, format), NULL, 0, "file_format"},
    {102, FIRN_RECORD_CALL, true, 0, read_partition, 0, "partition"},
    {103, FIRN_RECORD_I64, true, FILE_AT(record_count), NULL, 0, "record_count"},
    {104, FIRN_RECORD_I64, true, FILE_AT(file_size_bytes), NULL, 0, "file_size_in_bytes"},
    {108, FIRN_RECORD_CALL, false, 0, read_map, MAP_SIZES, "column_sizes"},
    {109, FIRN_RECORD_CALL, false, 0, read_map, MAP_VALUES, "value_counts"},
    {110, FIRN_RECORD_CALL, false, 0, read_map, MAP_NULLS, "null_value_counts"},
    {137, FIRN_RECORD_CALL, false, 0, read_map, MAP_NANS, "nan_value_counts"},
    {125, FIRN_RECORD_CALL, false, 0, read_map, MAP_LOWER, "lower_bounds"},
    {128, FIRN_RECORD_CALL, false, 0, read_map, MAP_UPPER, "upper_bounds"},
    {131, FIRN_RECORD_BYTES, false, FILE_AT(key_metadata), NULL, 0, "key_metadata"},
    {132, FIRN_RECORD_CALL, false, 0, read_offsets, 0, "split_offsets"},
    {135, FIRN_RECORD_CALL, false, 0, read_ids, 0, "equality_ids"},
    {140, FIRN_RECORD_I32, false, FILE_AT(sort_order_id), NULL, 0, "sort_order_id"},
    {142, FIRN_RECORD_I64, false, FILE_AT(first_row_id), NULL, 0, "first_row_id"},
    {143, FIRN_RECORD_BYTES, false, FILE_AT(referenced_data_file), NULL, 0, "referenced_data_file"},
    {144, FIRN_RECORD_I64, false, FILE_AT(content_offset), NULL, 0, "content_offset"},
    {145, FIRN_RECORD_I64, false, FILE_AT(content_size_bytes), NULL, 0, "content_size_in_bytes"},
};

#define N_ENTRY_WANTS (sizeof k_entry_wants / sizeof k_entry_wants[0])
#define N_FILE_WANTS  (sizeof k_file_wants / sizeof k_file_wants[0])

static bool is_integer(const firn_avro_schema *schema)
{
    return schema->kind == FIRN_AVRO_INT || schema->kind == FIRN_AVRO_LONG;
}

static bool is_text(const firn_avro_schema *schema)
{
    return schema->kind == FIRN_AVRO_BYTES || schema->kind == FIRN_AVRO_STRING;
}

/* The decoders above take arrays of (int, long) or (int, bytes), and of integers. */
static firn_status check_containers(const firn_record_plan *plan, firn_error *err)
{
    for (size_t i = 0; i < plan->n_steps; i++) {
        const firn_record_step *step = &plan->steps[i];
        bool is_ok = true;
        if (step->fn == read_offsets || step->fn == read_ids) {
            is_ok =
                step->schema->kind == FIRN_AVRO_ARRAY && is_integer(step->schema->fields[0].schema);
        } else if (step->fn == read_map) {
            const firn_avro_schema *item =
                step->schema->kind == FIRN_AVRO_ARRAY ? step->schema->fields[0].schema : NULL;
            is_ok = item && item->kind == FIRN_AVRO_RECORD && item->n_fields == 2 &&
                    is_integer(item->fields[0].schema) &&
                    (step->arg < MAP_LOWER ? is_integer(item->fields[1].schema)
                                           : is_text(item->fields[1].schema));
        }
        if (is_ok) continue;
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "field %" PRId32 " has an unexpected list or map type", step->field_id);
    }
    return FIRN_OK;
}

static const firn_avro_schema *find_schema(const firn_avro_schema *record, int32_t field_id)
{
    for (size_t i = 0; i < record->n_fields; i++) {
        if (record->fields[i].field_id == field_id) return record->fields[i].schema;
    }
    return NULL;
}

static firn_status plan_entry(firn_manifest_reader *r, const firn_schema *schema,
                              const firn_partition_spec *spec, firn_error *err)
{
    const firn_avro_schema *entry = firn_avro_reader_schema(r->avro);
    const firn_type **types = NULL;
    FIRN_TRY(
        firn_record_plan_make(entry, k_entry_wants, N_ENTRY_WANTS, r->arena, &r->entry_plan, err));
    const firn_avro_schema *file = find_schema(entry, 2);
    FIRN_TRY(firn_record_plan_make(file, k_file_wants, N_FILE_WANTS, r->arena, &r->file_plan, err));
    FIRN_TRY(check_containers(&r->file_plan, err));
    FIRN_TRY(firn_partition_types(schema, spec, r->arena, &types, err));
    FIRN_TRY(firn_partition_plan_make(find_schema(file, 102), spec, types, r->arena,
                                      &r->partition_plan, err));
    r->has_sequence = find_schema(entry, 3) != NULL;
    r->values = firn_arena_array(r->arena, spec->n_fields, sizeof *r->values);
    return r->values ? FIRN_OK : firn_fail_nomem(err);
}

/* ---- opening ---- */

static firn_status header_json(const firn_manifest_reader *r, firn_str key, json_t **out,
                               firn_error *err)
{
    firn_str text = {0};
    if (!firn_avro_reader_meta(r->avro, key, &text)) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "manifest header without \"%.*s\"",
                         FIRN_STR_ARG(key));
    }
    return firn_json_parse(text, r->arena, out, err);
}

static firn_status header_schema(const firn_manifest_reader *r, const firn_schema **out,
                                 firn_error *err)
{
    json_t *json = NULL;
    FIRN_TRY(header_json(r, FIRN_STR("schema"), &json, err));
    return firn_schema_from_json(json, r->arena, out, err);
}

static firn_status header_spec(const firn_manifest_reader *r, const firn_partition_spec **out,
                               firn_error *err)
{
    json_t *json = NULL;
    firn_str id = {0};
    int64_t number = 0;
    FIRN_TRY(header_json(r, FIRN_STR("partition-spec"), &json, err));
    firn_partition_spec *spec = firn_arena_alloc_zero(r->arena, sizeof *spec);
    if (!spec) return firn_fail_nomem(err);
    FIRN_TRY(firn_partition_fields_from_json(json, r->arena, spec, err));
    const bool has_id = firn_avro_reader_meta(r->avro, FIRN_STR("partition-spec-id"), &id);
    if (has_id && firn_str_to_i64(id, &number) && number >= 0 && number <= INT32_MAX) {
        spec->spec_id = (int32_t)number;
    }
    *out = spec;
    return FIRN_OK;
}

static void set_blank(firn_manifest_reader *r, int32_t spec_id)
{
    firn_manifest_entry *entry = &r->blank.entry;
    entry->snapshot_id = NULL_NUMBER;
    entry->sequence_number = NULL_NUMBER;
    entry->file_sequence_number = NULL_NUMBER;
    entry->file.spec_id = spec_id;
    entry->file.sort_order_id = -1;
    entry->file.first_row_id = -1;
    entry->file.content_offset = -1;
    entry->file.content_size_bytes = -1;
}

static void set_columns(firn_manifest_reader *r, firn_manifest_columns columns)
{
    for (size_t i = 0; i < N_MAPS; i++) {
        r->maps[i].is_skipped = columns == FIRN_MANIFEST_NO_METRICS ||
                                (columns == FIRN_MANIFEST_BOUNDS && i == MAP_SIZES);
    }
}

static firn_status open_reader(firn_manifest_reader *r, firn_str bytes, const firn_schema *schema,
                               const firn_partition_spec *spec, firn_error *err)
{
    r->arena = firn_arena_create(NULL, 0);
    if (!r->arena) return firn_fail_nomem(err);
    FIRN_TRY(firn_avro_reader_open(bytes, &r->avro, err));
    if (!spec) FIRN_TRY(header_spec(r, &spec, err));
    if (!schema) FIRN_TRY(header_schema(r, &schema, err));
    set_blank(r, r->has_list ? r->info.spec_id : spec->spec_id);
    r->schema = schema;
    r->spec = spec;
    return plan_entry(r, schema, spec, err);
}

firn_manifest_layout firn_manifest_reader_layout(const firn_manifest_reader *reader)
{
    firn_str text = {0};
    int64_t version = 1;
    const bool is_read = firn_avro_reader_meta(reader->avro, FIRN_STR("format-version"), &text) &&
                         firn_str_to_i64(text, &version) && version >= 1 && version <= 3;
    return (firn_manifest_layout){is_read ? (int32_t)version : 1, reader->schema, reader->spec};
}

firn_status firn_manifest_reader_open(firn_str bytes, const firn_manifest_file *file,
                                      const firn_schema *schema, const firn_partition_spec *spec,
                                      firn_manifest_columns columns, firn_manifest_reader **out,
                                      firn_error *err)
{
    *out = NULL;
    firn_manifest_reader *r = firn_mem_alloc_zero(NULL, sizeof *r);
    if (!r) return firn_fail_nomem(err);
    r->first_row_id = -1;
    r->info.added_snapshot_id = -1;
    r->has_list = file != NULL;
    r->choice = firn_metric_choice_all();
    if (file) {
        r->info = *file;
        if (file->content == FIRN_CONTENT_DATA) r->first_row_id = file->first_row_id;
    }
    set_columns(r, columns);
    const firn_status st = open_reader(r, bytes, schema, spec, err);
    if (st != FIRN_OK) {
        firn_manifest_reader_close(r);
        return firn_error_wrap(err, st, "manifest");
    }
    *out = r;
    return FIRN_OK;
}

void firn_manifest_reader_limit(firn_manifest_reader *reader, const firn_avro_part *part)
{
    reader->is_part = true;
    firn_avro_reader_limit(reader->avro, part);
}

int64_t firn_manifest_reader_row_ids(const firn_manifest_reader *reader)
{
    return reader->n_row_ids;
}

firn_status firn_manifest_reader_select(firn_manifest_reader *reader, const int32_t *field_ids,
                                        size_t n, firn_error *err)
{
    int32_t *ids = firn_arena_array(reader->arena, n, sizeof *ids);
    if (!ids) return firn_fail_nomem(err);
    if (n > 0) memcpy(ids, field_ids, n * sizeof *ids);
    reader->choice = firn_metric_choice_of(ids, n);
    for (size_t i = 0; n == 0 && i < N_MAPS; i++) reader->maps[i].is_skipped = true;
    return FIRN_OK;
}

void firn_manifest_reader_close(firn_manifest_reader *reader)
{
    if (!reader) return;
    for (size_t i = 0; i < N_MAPS; i++) firn_mem_free(NULL, reader->maps[i].items);
    firn_mem_free(NULL, reader->offsets);
    firn_mem_free(NULL, reader->ids);
    firn_avro_reader_close(reader->avro);
    firn_arena_destroy(reader->arena);
    firn_mem_free(NULL, reader);
}

/* ---- entries ---- */

static firn_status parse_format(firn_str name, firn_file_format *out, firn_error *err)
{
    static const firn_str k_names[] = {FIRN_STR_INIT("parquet"), FIRN_STR_INIT("avro"),
                                       FIRN_STR_INIT("orc"), FIRN_STR_INIT("puffin")};
    for (size_t i = 0; i < sizeof k_names / sizeof k_names[0]; i++) {
        if (!firn_str_equals_nocase(name, k_names[i])) continue;
        *out = (firn_file_format)i;
        return FIRN_OK;
    }
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: data file format \"%.*s\"",
                     FIRN_STR_ARG(firn_str_slice(name, 0, 40)));
}

static firn_status check_entry(const raw_entry *raw, firn_error *err)
{
    const firn_data_file *file = &raw->entry.file;
    if (raw->status < FIRN_ENTRY_EXISTING || raw->status > FIRN_ENTRY_DELETED) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "entry of status %" PRId32 ", expected 0 to 2",
                         raw->status);
    }
    if (raw->content < FIRN_CONTENT_DATA || raw->content > FIRN_CONTENT_EQUALITY_DELETES) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "entry of content %" PRId32 ", expected 0 to 2",
                         raw->content);
    }
    if (file->record_count < 0 || file->file_size_bytes < 0) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "file of %" PRId64 " records and %" PRId64 " bytes",
                         file->record_count, file->file_size_bytes);
    }
    return FIRN_OK;
}

/* Null numbers of a new file are those of the manifest. An existing file must bring its data
 * sequence number; writers from before file sequence numbers leave only that one out, and there the
 * two were the same. What a deleted one had matters to nobody. */
static firn_status inherit_sequence(const firn_manifest_reader *r, firn_manifest_entry *e,
                                    firn_error *err)
{
    if (!r->has_sequence) {
        e->sequence_number = 0;
        e->file_sequence_number = 0;
        return FIRN_OK;
    }
    const int64_t inherited = r->info.sequence_number;
    if (e->sequence_number == NULL_NUMBER) {
        if (e->status == FIRN_ENTRY_EXISTING && inherited != 0) {
            return firn_fail(err, FIRN_ERR_CORRUPT, "existing file %.*s without a sequence number",
                             FIRN_STR_ARG(e->file.path));
        }
        e->sequence_number = inherited;
    }
    if (e->file_sequence_number == NULL_NUMBER) {
        e->file_sequence_number = e->status == FIRN_ENTRY_EXISTING ? e->sequence_number : inherited;
    }
    if (e->sequence_number >= 0 && e->file_sequence_number >= 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "file of sequence number %" PRId64, e->sequence_number);
}

/* Data files without row ids take them from the manifest's range, in order. */
static firn_status inherit_rows(firn_manifest_reader *r, firn_manifest_entry *e, firn_error *err)
{
    if (r->first_row_id < 0 || e->file.first_row_id >= 0) return FIRN_OK;
    if (e->status == FIRN_ENTRY_DELETED || e->file.content != FIRN_CONTENT_DATA) return FIRN_OK;
    if (e->file.record_count > INT64_MAX - 2 - r->first_row_id - r->n_row_ids) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "row ids of the manifest overflow");
    }
    e->file.first_row_id =
        r->is_part ? FIRN_RELATIVE_ROW_ID(r->n_row_ids) : r->first_row_id + r->n_row_ids;
    r->n_row_ids += e->file.record_count;
    return FIRN_OK;
}

static firn_status finish_entry(firn_manifest_reader *r, firn_manifest_entry *out, firn_error *err)
{
    raw_entry *raw = &r->raw;
    firn_manifest_entry *e = &raw->entry;
    FIRN_TRY(check_entry(raw, err));
    FIRN_TRY(parse_format(raw->format, &e->file.format, err));
    e->status = (firn_entry_status)raw->status;
    e->file.content = (firn_content)raw->content;
    if (e->snapshot_id == NULL_NUMBER) e->snapshot_id = r->info.added_snapshot_id;
    FIRN_TRY(inherit_sequence(r, e, err));
    FIRN_TRY(inherit_rows(r, e, err));
    *out = *e;
    return FIRN_OK;
}

firn_status firn_manifest_reader_next(firn_manifest_reader *reader, firn_manifest_entry *out,
                                      firn_error *err)
{
    firn_cursor *c = NULL;
    firn_status st = firn_avro_reader_next(reader->avro, &c, err);
    if (st == FIRN_DONE) return FIRN_DONE;
    if (st == FIRN_OK) {
        reader->raw = reader->blank;
        st = firn_record_read(&reader->entry_plan, c, reader, &reader->raw, err);
        if (st == FIRN_OK) st = finish_entry(reader, out, err);
        st = firn_avro_reader_blame(reader->avro, st, err);
    }
    return firn_error_wrap(err, st, "manifest");
}
