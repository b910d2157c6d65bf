/* SPDX-License-Identifier: Apache-2.0 */
/* Data file entries outside a manifest: copies, metric lookups, sameness of partitions. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/metadata_copy.h"

static bool copy_map(const firn_metric_map *map, firn_arena *arena, firn_metric_map *out)
{
    *out = (firn_metric_map){0};
    if (!map->items) return true;
    firn_metric *items = firn_arena_array(arena, map->n, sizeof *items);
    for (size_t i = 0; items && i < map->n; i++) {
        items[i] = map->items[i];
        if (!firn_str_copy(map->items[i].bound, arena, &items[i].bound)) return false;
    }
    *out = (firn_metric_map){items, map->n};
    return items != NULL;
}

static bool copy_maps(const firn_data_file *file, firn_arena *arena, firn_data_file *out)
{
    return copy_map(&file->column_sizes, arena, &out->column_sizes) &&
           copy_map(&file->value_counts, arena, &out->value_counts) &&
           copy_map(&file->null_value_counts, arena, &out->null_value_counts) &&
           copy_map(&file->nan_value_counts, arena, &out->nan_value_counts) &&
           copy_map(&file->lower_bounds, arena, &out->lower_bounds) &&
           copy_map(&file->upper_bounds, arena, &out->upper_bounds);
}

static bool copy_lists(const firn_data_file *file, firn_arena *arena, firn_data_file *out)
{
    firn_value *values = firn_arena_array(arena, file->n_partition, sizeof *values);
    int64_t *offsets = firn_arena_array(arena, file->n_split_offsets, sizeof *offsets);
    int32_t *ids = firn_arena_array(arena, file->n_equality_ids, sizeof *ids);
    if (!values || !offsets || !ids) return false;
    for (size_t i = 0; i < file->n_partition; i++) {
        if (!firn_value_copy(&file->partition[i], arena, &values[i])) return false;
    }
    for (size_t i = 0; i < file->n_split_offsets; i++) offsets[i] = file->split_offsets[i];
    for (size_t i = 0; i < file->n_equality_ids; i++) ids[i] = file->equality_ids[i];
    out->partition = values;
    out->split_offsets = offsets;
    out->equality_ids = ids;
    return true;
}

firn_status firn_data_file_copy(const firn_data_file *file, firn_arena *arena, firn_data_file *out,
                                firn_error *err)
{
    firn_data_file copy = *file;
    const bool is_ok = firn_str_copy(file->path, arena, &copy.path) &&
                       copy_maps(file, arena, &copy) && copy_lists(file, arena, &copy) &&
                       firn_str_copy(file->key_metadata, arena, &copy.key_metadata) &&
                       firn_str_copy(file->referenced_data_file, arena, &copy.referenced_data_file);
    if (!is_ok) return firn_fail_nomem(err);
    *out = copy;
    return FIRN_OK;
}

/* Maps are nearly always in ascending order, but nothing promises it: a search by halves that
 * misses is followed by a walk. */
const firn_metric *firn_metric_find(const firn_metric_map *map, int32_t field_id)
{
    size_t from = 0;
    size_t to = map->n;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (map->items[middle].field_id == field_id) return &map->items[middle];
        if (map->items[middle].field_id < field_id) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    for (size_t i = 0; i < map->n; i++) {
        if (map->items[i].field_id == field_id) return &map->items[i];
    }
    return NULL;
}

static bool float_equals(double a, double b)
{
    if (a != a || b != b) return a != a && b != b;
    uint64_t x = 0; /* 0.0 and -0.0 are different partitions */
    uint64_t y = 0;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

static bool value_equals(const firn_value *a, const firn_value *b)
{
    if (a->is_null || b->is_null) return a->is_null && b->is_null;
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case FIRN_TYPE_FLOAT: return float_equals((double)a->as.f32, (double)b->as.f32);
    case FIRN_TYPE_DOUBLE: return float_equals(a->as.f64, b->as.f64);
    case FIRN_TYPE_DECIMAL: return a->as.decimal == b->as.decimal && a->scale == b->scale;
    default: return firn_value_compare(a, b) == 0;
    }
}

bool firn_partition_equals(const firn_value *a, const firn_value *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!value_equals(&a[i], &b[i])) return false;
    }
    return true;
}

/* A NaN has many bit patterns, but is one partition. */
static firn_value normalised(firn_value value)
{
    if (value.kind == FIRN_TYPE_FLOAT && value.as.f32 != value.as.f32) value.as.f32 = NAN;
    if (value.kind == FIRN_TYPE_DOUBLE && value.as.f64 != value.as.f64) value.as.f64 = (double)NAN;
    return value;
}

firn_status firn_partition_key(int32_t spec_id, const firn_value *values, size_t n, firn_buf *out,
                               firn_error *err)
{
    firn_buf_clear(out);
    firn_buf_u32le(out, (uint32_t)spec_id);
    for (size_t i = 0; i < n; i++) {
        const size_t length_at = out->len;
        firn_buf_u32le(out, UINT32_MAX); /* null */
        if (values[i].is_null) continue;
        const firn_value value = normalised(values[i]);
        FIRN_TRY(firn_value_encode(&value, out, err));
        FIRN_TRY(firn_buf_check(out, err));
        const uint32_t length = (uint32_t)(out->len - length_at - sizeof(uint32_t));
        memcpy(out->data + length_at, &length, sizeof length);
    }
    return firn_buf_check(out, err);
}
