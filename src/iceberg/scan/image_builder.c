/* SPDX-License-Identifier: Apache-2.0 */
/* Making images. An entry costs a store for each number, so columns of a field are looked for where
 * the entry before had them, counts that stay the same are not stored again, and a part is finished
 * after so many rows that its columns are still near the processor. */
#include "iceberg/scan/image_builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/map.h"
#include "iceberg/scan/image_pack.h"

#define COLUMNS_MAX  1024                /* of wider tables no image is made */
#define COLUMNS_KEPT 256                 /* of a builder that is used again */
#define TEXT_MAX     ((size_t)256 << 20) /* bytes of one column */
#define PACKED_MAX   ((size_t)1 << 30)   /* of all */
#define PART_ROWS    1024
#define N_COUNTS     (FIRN_IMAGE_LOWER - FIRN_IMAGE_VALUE_COUNTS)

typedef struct build_column {
    firn_image_kind kind;
    int32_t field_id;
    firn_image_form form;
    int64_t *numbers; /* form NUMBERS, BOUNDS_*; PART_ROWS of them */
    uint32_t *starts; /* form TEXTS; PART_ROWS of them, from 0 on */
    firn_buf bytes;
    size_t n; /* rows so far */
} build_column;

/* Rows whose counts of a kind are those of the first of them: only that one is stored. */
typedef struct count_run {
    uint64_t version; /* 0: none */
    size_t from;
} count_run;

struct firn_image_builder {
    firn_arena *arena;   /* holds the builder itself */
    firn_arena *scratch; /* of the tuples and the finished parts */
    firn_buf packed;     /* data of the finished parts' columns, whose offset is in it */
    firn_image_part *parts;
    size_t n_parts, cap_parts;
    build_column columns[COLUMNS_MAX];
    size_t n_columns;
    size_t n_rows; /* of the part */
    int64_t live_bytes;
    count_run runs[N_COUNTS];
    /* where the metrics of the entry before were */
    uint16_t guess[FIRN_IMAGE_N_KINDS][COLUMNS_MAX];
    firn_map tuples; /* bytes -> index + 1 */
    firn_buf tuple;  /* of the entry */
    size_t last_tuple;
    firn_str last_tuple_bytes;
};

/* Room for a part in the array that the column's form needs; that of another form stays. */
static firn_status need_room(build_column *column, firn_error *err)
{
    const bool is_text = column->form == FIRN_IMAGE_TEXTS;
    if (is_text && !column->starts)
        column->starts = firn_mem_array(NULL, PART_ROWS, sizeof *column->starts);
    if (!is_text && !column->numbers)
        column->numbers = firn_mem_array(NULL, PART_ROWS, sizeof *column->numbers);
    const void *room = is_text ? (void *)column->starts : (void *)column->numbers;
    return room ? FIRN_OK : firn_fail_nomem(err);
}

static bool is_text_kind(firn_image_kind kind)
{
    return (kind >= FIRN_IMAGE_PATH && kind < FIRN_IMAGE_BY_FIELD) || kind >= FIRN_IMAGE_LOWER;
}

/* A part. */
static void start(firn_image_builder *b)
{
    firn_map_init(&b->tuples, b->scratch);
    b->last_tuple_bytes = (firn_str){0};
    b->n_rows = 0;
    b->live_bytes = 0;
    memset(b->runs, 0, sizeof b->runs);
    for (size_t i = 0; i < b->n_columns; i++) {
        b->columns[i].n = 0;
        firn_buf_clear(&b->columns[i].bytes);
    }
}

firn_status firn_image_builder_create(firn_image_builder **out, firn_error *err)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_image_builder *b = arena ? firn_arena_alloc_zero(arena, sizeof *b) : NULL;
    *out = NULL;
    if (b) b->scratch = firn_arena_create(NULL, 0);
    if (!b || !b->scratch) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    b->arena = arena;
    firn_buf_init(&b->tuple, NULL, TEXT_MAX);
    firn_buf_init(&b->packed, NULL, PACKED_MAX);
    b->n_columns = FIRN_IMAGE_BY_FIELD;
    for (size_t i = 0; i < b->n_columns; i++) {
        build_column *column = &b->columns[i];
        column->kind = (firn_image_kind)i;
        column->form = is_text_kind(column->kind) ? FIRN_IMAGE_TEXTS : FIRN_IMAGE_NUMBERS;
        firn_buf_init(&column->bytes, NULL, TEXT_MAX);
        const firn_status st = need_room(column, err);
        if (st == FIRN_OK) continue;
        firn_image_builder_destroy(b);
        return st;
    }
    start(b);
    *out = b;
    return FIRN_OK;
}

static void dispose_column(build_column *column)
{
    firn_mem_free(NULL, column->numbers);
    firn_mem_free(NULL, column->starts);
    firn_buf_dispose(&column->bytes);
}

/* Columns stay, if they are not too many: the next manifest is likely to have the same. */
void firn_image_builder_reset(firn_image_builder *builder)
{
    while (builder->n_columns > COLUMNS_KEPT) {
        dispose_column(&builder->columns[--builder->n_columns]);
        builder->columns[builder->n_columns] = (build_column){0};
    }
    firn_buf_clear(&builder->packed);
    firn_arena_reset(builder->scratch);
    builder->parts = NULL;
    builder->n_parts = builder->cap_parts = 0;
    start(builder);
}

void firn_image_builder_destroy(firn_image_builder *builder)
{
    if (!builder) return;
    for (size_t i = 0; i < builder->n_columns; i++) dispose_column(&builder->columns[i]);
    firn_buf_dispose(&builder->tuple);
    firn_buf_dispose(&builder->packed);
    firn_arena_destroy(builder->scratch);
    firn_arena_destroy(builder->arena); /* holds builder itself */
}

/* ---- one value ---- */

static void pad_numbers(build_column *column, size_t n)
{
    while (column->n < n) column->numbers[column->n++] = -1;
}

static void pad_texts(build_column *column, size_t n)
{
    while (column->n < n)
        column->starts[column->n++] = (uint32_t)column->bytes.len | FIRN_IMAGE_ABSENT;
}

static void set_number(firn_image_builder *b, build_column *column, int64_t value)
{
    if (column->n > b->n_rows) return; /* a field twice in a map: the first counts */
    pad_numbers(column, b->n_rows);
    column->numbers[column->n++] = value;
}

static void set_text(firn_image_builder *b, build_column *column, firn_str text)
{
    if (column->n > b->n_rows) return;
    pad_texts(column, b->n_rows);
    column->starts[column->n++] = (uint32_t)column->bytes.len;
    if (text.len > 0) firn_buf_str(&column->bytes, text);
}

static void put_fixed(build_column *column, firn_image_form form, size_t i)
{
    const size_t n = form == FIRN_IMAGE_BOUNDS_4 ? 4 : 8;
    firn_buf_append(&column->bytes, &column->numbers[i], n);
}

/* Bounds that turn out not to be of one length after all. */
static firn_status make_texts(build_column *column, firn_error *err)
{
    const firn_image_form before = column->form;
    column->form = FIRN_IMAGE_TEXTS;
    FIRN_TRY(need_room(column, err));
    for (size_t i = 0; i < column->n; i++) {
        column->starts[i] = (uint32_t)column->bytes.len;
        put_fixed(column, before, i);
    }
    return FIRN_OK;
}

/* The bound of a part's first entry decides what the column is tried as. */
static firn_status choose_form(build_column *column, firn_str bound, firn_error *err)
{
    column->form = bound.len == 4   ? FIRN_IMAGE_BOUNDS_4
                   : bound.len == 8 ? FIRN_IMAGE_BOUNDS_8
                                    : FIRN_IMAGE_TEXTS;
    return need_room(column, err);
}

/* As nearly all are. */
static inline bool set_fixed(const firn_image_builder *b, build_column *column, firn_str bound)
{
    int32_t narrow = 0;
    if (b->n_rows == 0 || column->n != b->n_rows) return false;
    if (column->form == FIRN_IMAGE_BOUNDS_8 && bound.len == 8) {
        memcpy(&column->numbers[column->n++], bound.data, 8);
        return true;
    }
    if (column->form != FIRN_IMAGE_BOUNDS_4 || bound.len != 4) return false;
    memcpy(&narrow, bound.data, sizeof narrow);
    column->numbers[column->n++] = narrow;
    return true;
}

static firn_status set_bound(firn_image_builder *b, build_column *column, firn_str bound,
                             firn_error *err)
{
    if (b->n_rows == 0 && column->n == 0) FIRN_TRY(choose_form(column, bound, err));
    const size_t fixed = column->form == FIRN_IMAGE_BOUNDS_4   ? 4
                         : column->form == FIRN_IMAGE_BOUNDS_8 ? 8
                                                               : 0;
    if (fixed > 0 && (bound.len != fixed || column->n != b->n_rows)) {
        if (column->n > b->n_rows) return FIRN_OK;
        FIRN_TRY(make_texts(column, err));
    }
    if (column->form == FIRN_IMAGE_TEXTS) {
        set_text(b, column, bound);
        return FIRN_OK;
    }
    int32_t narrow = 0;
    int64_t value = 0;
    if (fixed == 4) {
        memcpy(&narrow, bound.data, sizeof narrow);
        value = narrow;
    } else {
        memcpy(&value, bound.data, sizeof value);
    }
    column->numbers[column->n++] = value;
    return FIRN_OK;
}

/* ---- metrics ---- */

static build_column *find_column(firn_image_builder *b, firn_image_kind kind, int32_t field_id)
{
    for (size_t i = FIRN_IMAGE_BY_FIELD; i < b->n_columns; i++)
        if (b->columns[i].kind == kind && b->columns[i].field_id == field_id) return &b->columns[i];
    return NULL;
}

static firn_status add_column(firn_image_builder *b, firn_image_kind kind,
                              const firn_metric *metric, build_column **out, firn_error *err)
{
    if (b->n_columns == COLUMNS_MAX) return FIRN_DONE;
    build_column *column = &b->columns[b->n_columns];
    *column = (build_column){.kind = kind, .field_id = metric->field_id};
    firn_buf_init(&column->bytes, NULL, TEXT_MAX);
    column->form = is_text_kind(kind) ? FIRN_IMAGE_TEXTS : FIRN_IMAGE_NUMBERS;
    FIRN_TRY(need_room(column, err));
    b->n_columns++;
    *out = column;
    return FIRN_OK;
}

static firn_status set_metrics(firn_image_builder *b, firn_image_kind kind,
                               const firn_metric_map *map, firn_error *err)
{
    for (size_t i = 0; i < map->n; i++) {
        const firn_metric *metric = &map->items[i];
        if (i >= COLUMNS_MAX) return FIRN_DONE;
        build_column *column = &b->columns[b->guess[kind][i]];
        if (column->kind != kind || column->field_id != metric->field_id) {
            column = find_column(b, kind, metric->field_id);
            if (!column) {
                const firn_status st = add_column(b, kind, metric, &column, err);
                if (st != FIRN_OK) return st;
            }
            b->guess[kind][i] = (uint16_t)(column - b->columns);
        }
        if (!is_text_kind(kind))
            set_number(b, column, metric->count);
        else if (!set_fixed(b, column, metric->bound))
            FIRN_TRY(set_bound(b, column, metric->bound, err));
    }
    return FIRN_OK;
}

/* ---- counts that stay the same ---- */

/* Rows up to n of a column that was stored with the first row of its run; others have no value. */
static void fill_run(const firn_image_builder *b, build_column *column, size_t n)
{
    const count_run *run = &b->runs[column->kind - FIRN_IMAGE_VALUE_COUNTS];
    if (run->version == 0 || column->n != run->from + 1) return;
    const int64_t value = column->numbers[run->from];
    while (column->n < n) column->numbers[column->n++] = value;
}

static firn_status set_counts(firn_image_builder *b, firn_image_kind kind,
                              const firn_metric_map *map, uint64_t version, firn_error *err)
{
    count_run *run = &b->runs[kind - FIRN_IMAGE_VALUE_COUNTS];
    if (run->version != 0 && run->version == version) return FIRN_OK;
    const bool is_long = run->version != 0 && run->from + 1 < b->n_rows;
    for (size_t i = FIRN_IMAGE_BY_FIELD; is_long && i < b->n_columns; i++)
        if (b->columns[i].kind == kind) fill_run(b, &b->columns[i], b->n_rows);
    *run = (count_run){version, b->n_rows};
    return set_metrics(b, kind, map, err);
}

/* ---- partition tuples ---- */

static bool is_bytes(firn_type_kind kind)
{
    return kind >= FIRN_TYPE_STRING && kind <= FIRN_TYPE_GEOGRAPHY;
}

/* Bytes of the member of firn_value.as that the kind uses; 0: bytes, or none. */
static size_t value_size(firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_BOOLEAN: return sizeof(bool);
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_FLOAT: return 4;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return 8;
    case FIRN_TYPE_DECIMAL: return sizeof(firn_int128);
    default: return 0;
    }
}

static void put_value(firn_buf *out, const firn_value *value)
{
    firn_buf_byte(out, (uint8_t)value->kind);
    firn_buf_byte(out, value->is_null);
    firn_buf_u32le(out, (uint32_t)value->precision);
    firn_buf_u32le(out, (uint32_t)value->scale);
    if (value->is_null) return;
    if (is_bytes(value->kind)) {
        firn_buf_u32le(out, (uint32_t)value->as.bytes.len);
        firn_buf_str(out, value->as.bytes);
    } else {
        firn_buf_append(out, &value->as, value_size(value->kind));
    }
}

static firn_status read_value(firn_cursor *c, firn_value *out, firn_error *err)
{
    uint8_t kind = 0;
    uint8_t is_null = 0;
    uint32_t precision = 0;
    uint32_t scale = 0;
    uint32_t n = 0;
    firn_str bytes = {0};
    FIRN_TRY(firn_cursor_u8(c, &kind, err));
    FIRN_TRY(firn_cursor_u8(c, &is_null, err));
    FIRN_TRY(firn_cursor_u32le(c, &precision, err));
    FIRN_TRY(firn_cursor_u32le(c, &scale, err));
    if (kind >= FIRN_TYPE_STRUCT || is_null > 1)
        return firn_fail(err, FIRN_ERR_CORRUPT, "partition value of kind %d", (int)kind);
    *out = (firn_value){.kind = (firn_type_kind)kind,
                        .is_null = is_null != 0,
                        .precision = (int32_t)precision,
                        .scale = (int32_t)scale};
    if (is_null) return FIRN_OK;
    if (is_bytes(out->kind)) {
        FIRN_TRY(firn_cursor_u32le(c, &n, err));
        return firn_cursor_take(c, n, &out->as.bytes, err);
    }
    const size_t size = value_size(out->kind);
    FIRN_TRY(firn_cursor_take(c, size, &bytes, err));
    if (out->kind == FIRN_TYPE_BOOLEAN)
        out->as.boolean = bytes.data[0] != 0;
    else
        memcpy(&out->as, bytes.data, size);
    return FIRN_OK;
}

firn_status firn_image_tuple_decode(firn_str bytes, firn_value *values, size_t n, firn_error *err)
{
    firn_cursor c = firn_cursor_of(bytes, 0);
    for (size_t i = 0; i < n; i++) FIRN_TRY(read_value(&c, &values[i], err));
    return firn_cursor_left(&c) == 0
               ? FIRN_OK
               : firn_fail(err, FIRN_ERR_CORRUPT, "partition tuple of more than %zu values", n);
}

static firn_status add_tuple(firn_image_builder *b, firn_error *err)
{
    build_column *column = &b->columns[FIRN_IMAGE_TUPLES];
    const firn_str key = firn_arena_copy(b->scratch, firn_buf_view(&b->tuple));
    char *mark = firn_arena_alloc(b->scratch, sizeof(size_t));
    if (!key.data || !mark) return firn_fail_nomem(err);
    b->last_tuple = b->tuples.n_entries;
    memcpy(mark, &b->last_tuple, sizeof b->last_tuple);
    b->last_tuple_bytes = key;
    column->starts[column->n++] = (uint32_t)column->bytes.len;
    firn_buf_str(&column->bytes, key);
    return firn_map_put(&b->tuples, key, mark, err);
}

static firn_status find_tuple(firn_image_builder *b, const firn_data_file *file, firn_error *err)
{
    firn_buf_clear(&b->tuple);
    for (size_t i = 0; i < file->n_partition; i++) put_value(&b->tuple, &file->partition[i]);
    FIRN_TRY(firn_buf_check(&b->tuple, err));
    const firn_str bytes = firn_buf_view(&b->tuple);
    if (b->tuples.n_entries > 0 && bytes.len == b->last_tuple_bytes.len &&
        (bytes.len == 0 || memcmp(bytes.data, b->last_tuple_bytes.data, bytes.len) == 0))
        return FIRN_OK;
    const void *known = firn_map_find(&b->tuples, bytes);
    if (!known) return add_tuple(b, err);
    memcpy(&b->last_tuple, known, sizeof b->last_tuple);
    b->last_tuple_bytes = firn_arena_copy(b->scratch, bytes);
    return b->last_tuple_bytes.data ? FIRN_OK : firn_fail_nomem(err);
}

/* ---- entries ---- */

static void set_scalars(firn_image_builder *b, const firn_manifest_entry *entry)
{
    const firn_data_file *file = &entry->file;
    const int64_t numbers[] = {
        [FIRN_IMAGE_STATUS] = entry->status,
        [FIRN_IMAGE_CONTENT] = file->content,
        [FIRN_IMAGE_FORMAT] = file->format,
        [FIRN_IMAGE_SNAPSHOT_ID] = entry->snapshot_id,
        [FIRN_IMAGE_SEQUENCE] = entry->sequence_number,
        [FIRN_IMAGE_FILE_SEQUENCE] = entry->file_sequence_number,
        [FIRN_IMAGE_RECORD_COUNT] = file->record_count,
        [FIRN_IMAGE_FILE_SIZE] = file->file_size_bytes,
        [FIRN_IMAGE_SORT_ORDER] = file->sort_order_id,
        [FIRN_IMAGE_FIRST_ROW_ID] = file->first_row_id,
        [FIRN_IMAGE_CONTENT_OFFSET] = file->content_offset,
        [FIRN_IMAGE_CONTENT_SIZE] = file->content_size_bytes,
        [FIRN_IMAGE_TUPLE] = (int64_t)b->last_tuple,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        b->columns[i].numbers[b->columns[i].n++] = numbers[i];
    const firn_str texts[] = {
        file->path,
        file->key_metadata,
        file->referenced_data_file,
        {(const char *)file->split_offsets, file->n_split_offsets * sizeof(int64_t)},
        {(const char *)file->equality_ids, file->n_equality_ids * sizeof(int32_t)},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        set_text(b, &b->columns[FIRN_IMAGE_PATH + i], texts[i]);
    b->live_bytes += file->file_size_bytes;
}

static firn_status set_all_metrics(firn_image_builder *b, const firn_data_file *file,
                                   firn_error *err)
{
    const firn_metric_map *const counts[] = {&file->value_counts, &file->null_value_counts,
                                             &file->nan_value_counts};
    for (size_t i = 0; i < N_COUNTS; i++) {
        const firn_status st = set_counts(b, (firn_image_kind)(FIRN_IMAGE_VALUE_COUNTS + i),
                                          counts[i], file->count_versions[i], err);
        if (st != FIRN_OK) return st;
    }
    const firn_status st = set_metrics(b, FIRN_IMAGE_LOWER, &file->lower_bounds, err);
    return st == FIRN_OK ? set_metrics(b, FIRN_IMAGE_UPPER, &file->upper_bounds, err) : st;
}

/* ---- finishing ---- */

static bool is_count_kind(firn_image_kind kind)
{
    return kind >= FIRN_IMAGE_VALUE_COUNTS && kind < FIRN_IMAGE_LOWER;
}

static bool is_one_run(const firn_image_builder *b, const build_column *column)
{
    if (!is_count_kind(column->kind) || column->n != 1) return false;
    const count_run *run = &b->runs[column->kind - FIRN_IMAGE_VALUE_COUNTS];
    return run->version != 0 && run->from == 0;
}

static firn_status finish_column(firn_image_builder *b, build_column *column,
                                 firn_image_column *out, firn_error *err)
{
    if (column->form > FIRN_IMAGE_TEXTS && column->n < b->n_rows) FIRN_TRY(make_texts(column, err));
    *out = (firn_image_column){.kind = column->kind,
                               .form = column->form,
                               .field_id = column->field_id,
                               .offset = b->packed.len};
    if (is_one_run(b, column)) {
        out->base = column->numbers[0]; /* and no data */
        return FIRN_OK;
    }
    if (column->form != FIRN_IMAGE_TEXTS) {
        if (is_count_kind(column->kind)) fill_run(b, column, b->n_rows);
        pad_numbers(column, b->n_rows);
        return firn_image_pack_numbers(column->numbers, b->n_rows, &b->packed, out, err);
    }
    const bool is_tuples = column->kind == FIRN_IMAGE_TUPLES;
    if (is_tuples) out->base = (int64_t)column->n;
    if (!is_tuples) pad_texts(column, b->n_rows);
    return firn_image_pack_texts(&column->bytes, column->starts, column->n, &b->packed, out, err);
}

static int compare_columns(const void *a, const void *b)
{
    const firn_image_column *x = a;
    const firn_image_column *y = b;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return (x->field_id > y->field_id) - (x->field_id < y->field_id);
}

/* The rows since the part before. */
static firn_status finish_part(firn_image_builder *b, firn_error *err)
{
    firn_image_part *part =
        firn_arena_push(b->scratch, &b->parts, &b->n_parts, &b->cap_parts, sizeof *part);
    if (!part) return firn_fail_nomem(err);
    *part = (firn_image_part){.n_entries = b->n_rows, .live_bytes = b->live_bytes};
    part->columns = firn_arena_array(b->scratch, b->n_columns, sizeof *part->columns);
    if (!part->columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < b->n_columns; i++) {
        build_column *from = &b->columns[i];
        if (from->kind >= FIRN_IMAGE_BY_FIELD && from->n == 0) continue; /* of another part */
        FIRN_TRY(finish_column(b, from, &part->columns[part->n_columns], err));
        part->n_columns++;
    }
    qsort(part->columns, part->n_columns, sizeof *part->columns, compare_columns);
    start(b);
    return FIRN_OK;
}

firn_status firn_image_builder_append(firn_image_builder *builder, const firn_manifest_entry *entry,
                                      firn_error *err)
{
    if (entry->file.file_size_bytes > INT64_MAX - builder->live_bytes) return FIRN_DONE;
    FIRN_TRY(find_tuple(builder, &entry->file, err));
    set_scalars(builder, entry);
    const firn_status st = set_all_metrics(builder, &entry->file, err);
    if (st != FIRN_OK) return st;
    builder->n_rows++;
    return builder->n_rows < PART_ROWS ? FIRN_OK : finish_part(builder, err);
}

/* The part with its data, in the image's memory. */
static firn_status copy_part(const firn_image_builder *b, const firn_image_part *from,
                             firn_manifest_image *image, firn_image_part *out, firn_error *err)
{
    *out = *from;
    out->columns = firn_arena_array(image->arena, from->n_columns, sizeof *out->columns);
    if (!out->columns) return firn_fail_nomem(err);
    memcpy(out->columns, from->columns, from->n_columns * sizeof *out->columns);
    for (size_t i = 0; i < out->n_columns; i++) {
        out->columns[i].data = b->packed.data + out->columns[i].offset;
        image->n_bytes += (size_t)out->columns[i].size;
    }
    image->n_columns += out->n_columns;
    return FIRN_OK;
}

firn_status firn_image_builder_finish(firn_image_builder *builder, int64_t n_row_ids,
                                      firn_manifest_image *image, firn_error *err)
{
    if (builder->n_rows > 0 || builder->n_parts == 0) FIRN_TRY(finish_part(builder, err));
    const size_t n = image->n_parts + builder->n_parts;
    firn_image_part *parts = firn_arena_array(image->arena, n, sizeof *parts);
    if (!parts || !firn_buf_reserve(&builder->packed, 1)) return firn_fail_nomem(err);
    if (image->n_parts > 0) memcpy(parts, image->parts, image->n_parts * sizeof *parts);
    image->is_borrowed = true;
    image->parts = parts;
    for (size_t i = 0; i < builder->n_parts; i++) {
        FIRN_TRY(copy_part(builder, &builder->parts[i], image, &parts[image->n_parts], err));
        image->n_parts++;
    }
    parts[n - 1].n_row_ids = n_row_ids; /* row ids count from the first of the parts */
    return FIRN_OK;
}
