/* SPDX-License-Identifier: Apache-2.0 */
/* Judging the entries of an image. Partition tuples are judged once each; comparisons of whole
 * numbers clear bits, 64 entries at a time; what is left is judged as an entry of a manifest would
 * be, and only entries that pass are put together. */
#include "iceberg/scan/image_scan.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/scan/image_builder.h"
#include "iceberg/scan/manifest_cache.h"

#define N_ENTRY_COLUMNS FIRN_IMAGE_TUPLES /* those of one entry, without metrics */
#define N_METRICS       5
#define KEY_MAX         ((size_t)1 << 20)

/* A part of an image being judged. */
typedef struct part_scan {
    const firn_manifest_scan_opts *opts;
    firn_manifest_scan *scan;
    firn_manifest_image *image;
    size_t index;
    const firn_image_part *part;
    int64_t first_row; /* row ids inherited by the parts before */
    firn_arena *scratch, *results;
    firn_error *err;
    uint64_t *bits; /* of entries that may match */
    /* partition tuples */
    size_t n_tuples;
    firn_value *tuples; /* n_partition each */
    const firn_image_column *tuple_of;
    /* metrics of the fields asked for, N_METRICS columns each; NULL: none */
    const int32_t *ids;
    size_t n_ids;
    const firn_image_column **metrics;
    firn_metric *items[N_METRICS];
    char (*bounds)[8];
    /* the rest of an entry; read with the first that is wanted */
    bool has_entry_columns;
    const firn_image_column *entry[N_ENTRY_COLUMNS];
    firn_residual_cache residual;
} part_scan;

static firn_status need(part_scan *s, firn_image_kind kind, int32_t field_id,
                        const firn_image_column **out)
{
    return firn_manifest_image_column(s->image, s->index, kind, field_id, out, s->err);
}

static firn_status damaged(const part_scan *s, const char *what)
{
    return firn_fail(s->err, FIRN_ERR_CORRUPT, "image: %s", what);
}

/* ---- partition tuples ---- */

static firn_status read_tuples(part_scan *s)
{
    const firn_image_column *texts = NULL;
    const size_t width = s->scan->spec_filter->spec->n_fields;
    FIRN_TRY(need(s, FIRN_IMAGE_TUPLES, 0, &texts));
    FIRN_TRY(need(s, FIRN_IMAGE_TUPLE, 0, &s->tuple_of));
    s->n_tuples = (size_t)texts->base;
    s->tuples = firn_arena_array(s->scratch, s->n_tuples * width, sizeof *s->tuples);
    if (!s->tuples) return firn_fail_nomem(s->err);
    for (size_t i = 0; i < s->n_tuples; i++) {
        firn_str text;
        FIRN_TRY(firn_image_text(texts, i, s->scratch, &text, s->err));
        FIRN_TRY(firn_image_tuple_decode(text, s->tuples + i * width, width, s->err));
    }
    return FIRN_OK;
}

static firn_status judge_tuples(part_scan *s)
{
    const firn_spec_filter *sf = s->scan->spec_filter;
    bool *matches = firn_arena_array(s->scratch, s->n_tuples, sizeof *matches);
    bool all = true;
    if (!matches) return firn_fail_nomem(s->err);
    for (size_t i = 0; i < s->n_tuples; i++) {
        matches[i] = firn_expr_matches_partition(sf->projected, sf->spec,
                                                 s->tuples + i * sf->spec->n_fields);
        all = all && matches[i];
    }
    for (size_t i = 0; i < s->part->n_entries; i++) {
        const uint64_t tuple = (uint64_t)firn_image_number(s->tuple_of, i);
        if (tuple >= s->n_tuples) return damaged(s, "entry of no tuple");
        if (!all && !matches[tuple]) s->bits[i / 64] &= ~((uint64_t)1 << (i % 64));
    }
    return FIRN_OK;
}

/* ---- comparisons of whole numbers ---- */

/* Bits of the entries whose delta is in [low, high]. Called with a width that the compiler knows,
 * or the copy would be a call. */
static inline void keep_deltas(const part_scan *s, const char *data, size_t width, uint64_t low,
                               uint64_t high)
{
    const size_t n = s->part->n_entries;
    for (size_t from = 0; from < n; from += 64) {
        const size_t left = n - from < 64 ? n - from : 64;
        uint64_t word = 0;
        for (size_t k = 0; k < left; k++) {
            uint64_t delta = 0;
            memcpy(&delta, data + (from + k) * width, width);
            word |= (uint64_t)(delta >= low && delta <= high) << k;
        }
        s->bits[from / 64] &= word;
    }
}

/* Entries whose value is in [low, high]. */
static void keep_between(const part_scan *s, const firn_image_column *column, int64_t low,
                         int64_t high)
{
    const uint64_t base = (uint64_t)column->base;
    const uint64_t from = low <= column->base ? 0 : (uint64_t)low - base;
    uint64_t to = (uint64_t)high - base;
    if (high < column->base) to = 0;
    switch (column->width) {
    case 1: keep_deltas(s, column->data, 1, from, to); break;
    case 2: keep_deltas(s, column->data, 2, from, to); break;
    case 4: keep_deltas(s, column->data, 4, from, to); break;
    case 8: keep_deltas(s, column->data, 8, from, to); break;
    default: break;
    }
    const bool is_all_base_out = column->width == 0 && from > 0;
    if (high < column->base || is_all_base_out)
        memset(s->bits, 0, (s->part->n_entries + 63) / 64 * sizeof *s->bits);
}

/* Bounds as numbers compare as values of the type do. */
static bool is_comparable(const firn_type *type, const firn_image_column *column)
{
    if (!column || firn_image_is_text(column)) return false;
    switch (type->kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: return column->form == FIRN_IMAGE_BOUNDS_4;
    case FIRN_TYPE_LONG: return true; /* an int before a promotion */
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return column->form == FIRN_IMAGE_BOUNDS_8;
    default: return false;
    }
}

static bool is_whole(const firn_type *type)
{
    return type->kind == FIRN_TYPE_INT || type->kind == FIRN_TYPE_LONG ||
           (type->kind >= FIRN_TYPE_DATE && type->kind <= FIRN_TYPE_TIMESTAMPTZ_NS);
}

static int64_t number_of(const firn_value *value)
{
    return value->kind == FIRN_TYPE_INT || value->kind == FIRN_TYPE_DATE ? value->as.i32
                                                                         : value->as.i64;
}

/* Whole numbers that some row of a matching file lies between; false: any may match. */
static bool range_of(const firn_expr *pred, int64_t *low, int64_t *high)
{
    *low = INT64_MIN;
    *high = INT64_MAX;
    if (pred->n_values == 0) return false;
    const int64_t value = number_of(&pred->values[0]);
    switch (pred->op) {
    case FIRN_EXPR_LT: *high = value - (value > INT64_MIN); return value > INT64_MIN;
    case FIRN_EXPR_LTEQ: *high = value; return true;
    case FIRN_EXPR_GT: *low = value + (value < INT64_MAX); return value < INT64_MAX;
    case FIRN_EXPR_GTEQ: *low = value; return true;
    case FIRN_EXPR_EQ:
    case FIRN_EXPR_IN:
        *low = value;
        *high = number_of(&pred->values[pred->n_values - 1]); /* sorted */
        return true;
    default: return false;
    }
}

static firn_status compare_numbers(part_scan *s, const firn_expr *e)
{
    const firn_image_column *lower = NULL;
    const firn_image_column *upper = NULL;
    int64_t low = 0;
    int64_t high = 0;
    if (e->op == FIRN_EXPR_AND) {
        FIRN_TRY(compare_numbers(s, e->left));
        return compare_numbers(s, e->right);
    }
    if (e->op < FIRN_EXPR_LT || e->op > FIRN_EXPR_IN || !is_whole(e->type)) return FIRN_OK;
    FIRN_TRY(need(s, FIRN_IMAGE_LOWER, e->field_id, &lower));
    FIRN_TRY(need(s, FIRN_IMAGE_UPPER, e->field_id, &upper));
    if (!range_of(e, &low, &high)) return FIRN_OK;
    if (is_comparable(e->type, lower)) keep_between(s, lower, INT64_MIN, high);
    if (is_comparable(e->type, upper)) keep_between(s, upper, low, INT64_MAX);
    return FIRN_OK;
}

/* ---- metrics ---- */

static const firn_image_kind k_metrics[N_METRICS] = {FIRN_IMAGE_VALUE_COUNTS,
                                                     FIRN_IMAGE_NULL_COUNTS, FIRN_IMAGE_NAN_COUNTS,
                                                     FIRN_IMAGE_LOWER, FIRN_IMAGE_UPPER};

/* Delete files are judged by all their metrics, as many as there are. */
static firn_status all_ids(part_scan *s)
{
    size_t cap = 0;
    int32_t *ids = NULL;
    for (size_t i = 0; i < s->part->n_columns; i++) {
        const firn_image_column *column = &s->part->columns[i];
        bool is_known = column->kind < FIRN_IMAGE_BY_FIELD;
        for (size_t k = 0; ids && k < s->n_ids && !is_known; k++)
            is_known = ids[k] == column->field_id;
        if (is_known) continue;
        int32_t *slot = firn_arena_push(s->scratch, &ids, &s->n_ids, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(s->err);
        *slot = column->field_id;
    }
    s->ids = ids;
    return FIRN_OK;
}

static firn_status find_metrics(part_scan *s)
{
    if (s->scan->manifest->content != FIRN_CONTENT_DATA) {
        FIRN_TRY(all_ids(s));
    } else if (s->opts->columns != FIRN_MANIFEST_NO_METRICS) {
        s->ids = s->opts->metric_ids;
        s->n_ids = s->opts->n_metric_ids;
    }
    if (!s->ids) s->n_ids = 0;
    s->metrics = firn_arena_array(s->scratch, s->n_ids * N_METRICS, sizeof *s->metrics);
    s->bounds = firn_arena_array(s->scratch, s->n_ids * N_METRICS, sizeof *s->bounds);
    if (!s->metrics || !s->bounds) return firn_fail_nomem(s->err);
    for (size_t m = 0; m < N_METRICS; m++) {
        s->items[m] = firn_arena_array(s->scratch, s->n_ids, sizeof(firn_metric));
        if (!s->items[m]) return firn_fail_nomem(s->err);
        for (size_t i = 0; i < s->n_ids; i++)
            FIRN_TRY(need(s, k_metrics[m], s->ids[i], &s->metrics[m * s->n_ids + i]));
    }
    return FIRN_OK;
}

static firn_status read_metric(const part_scan *s, size_t m, size_t i, size_t at, firn_metric *item,
                               bool *has)
{
    const firn_image_column *column = s->metrics[m * s->n_ids + i];
    *has = column;
    if (!column) return FIRN_OK;
    item->field_id = s->ids[i];
    if (column->form == FIRN_IMAGE_NUMBERS) {
        item->count = firn_image_number(column, at);
        *has = item->count != -1;
        return FIRN_OK;
    }
    if (!firn_image_is_text(column)) {
        item->bound = firn_image_bound(column, at, s->bounds[m * s->n_ids + i]);
        return FIRN_OK;
    }
    FIRN_TRY(firn_image_text(column, at, s->scratch, &item->bound, s->err));
    *has = item->bound.data;
    return FIRN_OK;
}

static firn_status set_metrics(const part_scan *s, size_t at, firn_data_file *file)
{
    firn_metric_map *maps[N_METRICS] = {&file->value_counts, &file->null_value_counts,
                                        &file->nan_value_counts, &file->lower_bounds,
                                        &file->upper_bounds};
    for (size_t m = 0; m < N_METRICS; m++) {
        size_t n = 0;
        for (size_t i = 0; i < s->n_ids; i++) {
            bool has = false;
            FIRN_TRY(read_metric(s, m, i, at, &s->items[m][n], &has));
            n += has;
        }
        *maps[m] = (firn_metric_map){s->items[m], n};
    }
    return FIRN_OK;
}

/* ---- entries ---- */

static firn_status need_entry_columns(part_scan *s)
{
    if (s->has_entry_columns) return FIRN_OK;
    for (size_t i = 0; i < N_ENTRY_COLUMNS; i++)
        FIRN_TRY(need(s, (firn_image_kind)i, 0, &s->entry[i]));
    s->has_entry_columns = true;
    return FIRN_OK;
}

static firn_status text_of(const part_scan *s, firn_image_kind kind, size_t at, firn_str *out)
{
    return firn_image_text(s->entry[kind], at, s->scratch, out, s->err);
}

/* Numbers kept as bytes, aligned. */
static firn_status copy_numbers(const part_scan *s, firn_image_kind kind, size_t at, size_t size,
                                const void **out, size_t *n_out)
{
    firn_str text;
    FIRN_TRY(text_of(s, kind, at, &text));
    *out = NULL;
    *n_out = text.len / size;
    if (text.len == 0) return FIRN_OK;
    if (text.len % size != 0) return damaged(s, "list of a broken length");
    void *copy = firn_arena_alloc(s->scratch, text.len);
    if (!copy) return firn_fail_nomem(s->err);
    memcpy(copy, text.data, text.len);
    *out = copy;
    return FIRN_OK;
}

static firn_status set_lists(const part_scan *s, size_t at, firn_data_file *file)
{
    const void *offsets = NULL;
    const void *ids = NULL;
    FIRN_TRY(copy_numbers(s, FIRN_IMAGE_SPLIT_OFFSETS, at, sizeof(int64_t), &offsets,
                          &file->n_split_offsets));
    FIRN_TRY(
        copy_numbers(s, FIRN_IMAGE_EQUALITY_IDS, at, sizeof(int32_t), &ids, &file->n_equality_ids));
    file->split_offsets = offsets;
    file->equality_ids = ids;
    return FIRN_OK;
}

static int64_t row_id_of(const part_scan *s, int64_t stored)
{
    const int64_t first = s->scan->manifest->first_row_id;
    if (stored >= -1 || first < 0) return stored < -1 ? -1 : stored;
    return first + s->first_row + FIRN_RELATIVE_ROW_ID(stored);
}

static firn_status set_scalars(const part_scan *s, size_t at, firn_manifest_entry *entry)
{
    int64_t n[FIRN_IMAGE_PATH];
    firn_data_file *file = &entry->file;
    for (size_t i = 0; i < FIRN_IMAGE_PATH; i++) n[i] = firn_image_number(s->entry[i], at);
    const bool is_entry =
        n[FIRN_IMAGE_STATUS] >= FIRN_ENTRY_EXISTING && n[FIRN_IMAGE_STATUS] < FIRN_ENTRY_DELETED &&
        n[FIRN_IMAGE_CONTENT] >= FIRN_CONTENT_DATA &&
        n[FIRN_IMAGE_CONTENT] <= FIRN_CONTENT_EQUALITY_DELETES &&
        n[FIRN_IMAGE_FORMAT] >= FIRN_FILE_PARQUET && n[FIRN_IMAGE_FORMAT] <= FIRN_FILE_PUFFIN &&
        n[FIRN_IMAGE_FILE_SIZE] >= 0 && n[FIRN_IMAGE_SEQUENCE] >= 0;
    if (!is_entry) return damaged(s, "entry that no manifest has");
    entry->status = (firn_entry_status)n[FIRN_IMAGE_STATUS];
    entry->snapshot_id = n[FIRN_IMAGE_SNAPSHOT_ID];
    entry->sequence_number = n[FIRN_IMAGE_SEQUENCE];
    entry->file_sequence_number = n[FIRN_IMAGE_FILE_SEQUENCE];
    file->content = (firn_content)n[FIRN_IMAGE_CONTENT];
    file->format = (firn_file_format)n[FIRN_IMAGE_FORMAT];
    file->spec_id = s->scan->manifest->spec_id;
    file->file_size_bytes = n[FIRN_IMAGE_FILE_SIZE];
    file->sort_order_id = (int32_t)n[FIRN_IMAGE_SORT_ORDER];
    file->first_row_id = row_id_of(s, n[FIRN_IMAGE_FIRST_ROW_ID]);
    file->content_offset = n[FIRN_IMAGE_CONTENT_OFFSET];
    file->content_size_bytes = n[FIRN_IMAGE_CONTENT_SIZE];
    file->n_partition = s->scan->spec_filter->spec->n_fields;
    file->partition = s->tuples + (size_t)n[FIRN_IMAGE_TUPLE] * file->n_partition;
    return FIRN_OK;
}

static firn_status take(part_scan *s, size_t at, firn_manifest_entry *entry)
{
    FIRN_TRY(need_entry_columns(s));
    FIRN_TRY(set_scalars(s, at, entry));
    FIRN_TRY(set_lists(s, at, &entry->file));
    FIRN_TRY(text_of(s, FIRN_IMAGE_PATH, at, &entry->file.path));
    FIRN_TRY(text_of(s, FIRN_IMAGE_KEY_METADATA, at, &entry->file.key_metadata));
    FIRN_TRY(text_of(s, FIRN_IMAGE_REFERENCED_FILE, at, &entry->file.referenced_data_file));
    return firn_manifest_scan_take(s->opts, s->scan, entry, &s->residual, s->results, s->err);
}

static firn_status judge_entry(part_scan *s, const firn_image_column *records, size_t at)
{
    firn_manifest_entry entry = {0};
    entry.file.record_count = firn_image_number(records, at);
    if (entry.file.record_count < 0) return damaged(s, "file of less than no records");
    FIRN_TRY(set_metrics(s, at, &entry.file));
    const bool is_data = s->scan->manifest->content == FIRN_CONTENT_DATA;
    if (is_data && !firn_expr_may_match_file(s->opts->filter, &entry.file)) return FIRN_OK;
    return take(s, at, &entry);
}

static firn_status judge_entries(part_scan *s)
{
    const firn_image_column *records = NULL;
    FIRN_TRY(need(s, FIRN_IMAGE_RECORD_COUNT, 0, &records));
    for (size_t word = 0; word < (s->part->n_entries + 63) / 64; word++) {
        FIRN_TRY(firn_env_check_cancel(s->opts->env, s->err));
        for (uint64_t bits = s->bits[word]; bits != 0; bits &= bits - 1)
            FIRN_TRY(judge_entry(s, records, word * 64 + (size_t)__builtin_ctzll(bits)));
    }
    return FIRN_OK;
}

static firn_status judge_part(part_scan *s)
{
    const size_t n_words = (s->part->n_entries + 63) / 64;
    s->bits = firn_arena_array(s->scratch, n_words, sizeof *s->bits);
    if (!s->bits) return firn_fail_nomem(s->err);
    if (n_words > 0) memset(s->bits, 0xff, n_words * sizeof *s->bits);
    if (s->part->n_entries % 64)
        s->bits[n_words - 1] = ((uint64_t)1 << (s->part->n_entries % 64)) - 1;
    FIRN_TRY(read_tuples(s));
    FIRN_TRY(judge_tuples(s));
    if (s->scan->manifest->content == FIRN_CONTENT_DATA) {
        for (size_t i = 0; i < n_words; i++)
            s->scan->n_in_partition += __builtin_popcountll(s->bits[i]);
        FIRN_TRY(compare_numbers(s, s->opts->filter));
    }
    FIRN_TRY(find_metrics(s));
    s->scan->n_live += (int64_t)s->part->n_entries;
    s->scan->live_bytes += s->part->live_bytes;
    return judge_entries(s);
}

/* ---- whole images ---- */

static firn_status judge_image(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan,
                               firn_arena *scratch, firn_arena *results, firn_error *err)
{
    int64_t first_row = 0;
    for (size_t i = 0; i < scan->image->n_parts; i++) {
        const firn_image_part *part = &scan->image->parts[i];
        part_scan s = {.opts = opts,
                       .scan = scan,
                       .image = scan->image,
                       .index = i,
                       .part = part,
                       .first_row = first_row,
                       .scratch = scratch,
                       .results = results,
                       .err = err};
        FIRN_TRY(judge_part(&s));
        if (part->n_row_ids > INT64_MAX / 2 - first_row) return damaged(&s, "row ids overflow");
        first_row += part->n_row_ids;
    }
    return FIRN_OK;
}

firn_status firn_image_scan_run(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan,
                                firn_arena *scratch, firn_arena *results, firn_error *err)
{
    const firn_status st = judge_image(opts, scan, scratch, results, err);
    const bool is_damaged = st == FIRN_ERR_CORRUPT;
    firn_manifest_cache_release(opts->env->manifest_cache, scan->image, is_damaged);
    scan->image = NULL;
    if (!is_damaged) return st;
    scan->n_tasks = scan->n_deletes = 0;
    scan->n_live = scan->live_bytes = scan->n_in_partition = 0;
    return FIRN_DONE;
}

/* Entries that one snapshot added are few, and column sizes are not in an image. */
static bool is_cached(const firn_manifest_scan_opts *opts, const firn_manifest_scan *scan)
{
    return scan->added_by == 0 && !opts->with_metrics &&
           firn_manifest_cache_wants(opts->env->manifest_cache, scan->manifest);
}

void firn_image_scan_find(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan)
{
    firn_buf key;
    if (scan->is_looked_up || !is_cached(opts, scan)) return;
    scan->is_looked_up = true;
    firn_buf_init(&key, NULL, KEY_MAX);
    firn_manifest_cache_key(scan->manifest, scan->spec_filter->types, &key);
    if (key.status == FIRN_OK)
        scan->image = firn_manifest_cache_find(opts->env->manifest_cache, firn_buf_view(&key));
    firn_buf_dispose(&key);
}

void firn_image_scan_build(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan)
{
    const bool has_metrics =
        scan->manifest->content != FIRN_CONTENT_DATA || opts->columns != FIRN_MANIFEST_NO_METRICS;
    if (!has_metrics || !is_cached(opts, scan)) return;
    scan->builder = firn_manifest_cache_borrow_builder(opts->env->manifest_cache);
}

static firn_status make_image(const firn_manifest_scan *parts, size_t n, firn_str key,
                              firn_manifest_image **out)
{
    FIRN_TRY(firn_manifest_image_create(key, out, NULL));
    for (size_t i = 0; i < n; i++) {
        const firn_status st =
            firn_image_builder_finish(parts[i].builder, parts[i].n_row_ids, *out, NULL);
        if (st == FIRN_OK) continue;
        firn_manifest_image_destroy(*out);
        return st;
    }
    return FIRN_OK;
}

void firn_image_scan_keep(const firn_manifest_scan_opts *opts, firn_manifest_scan *parts, size_t n)
{
    firn_buf key;
    firn_manifest_image *image = NULL;
    bool is_whole = true;
    for (size_t i = 0; i < n; i++) is_whole = is_whole && parts[i].builder;
    firn_buf_init(&key, NULL, KEY_MAX);
    firn_manifest_cache_key(parts->manifest, parts->spec_filter->types, &key);
    if (is_whole && key.status == FIRN_OK &&
        make_image(parts, n, firn_buf_view(&key), &image) == FIRN_OK)
        firn_manifest_cache_add(opts->env->manifest_cache, image);
    firn_buf_dispose(&key);
    for (size_t i = 0; i < n; i++) firn_image_scan_drop(opts, &parts[i]);
}

void firn_image_scan_drop(const firn_manifest_scan_opts *opts, firn_manifest_scan *scan)
{
    if (scan->builder) firn_manifest_cache_return_builder(opts->env->manifest_cache, scan->builder);
    scan->builder = NULL;
    if (scan->image) firn_manifest_cache_release(opts->env->manifest_cache, scan->image, false);
    scan->image = NULL;
}
