/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/check/column_tally.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "format/columns/metrics.h"
#include "iceberg/expr/expr_value.h"

#define MAX_DEPTH  8
#define BOUND_SIZE 16 /* code points or bytes, the usual cut of text and bytes */

/* ---- leaves ---- */

struct leaves {
    firn_arena *arena;
    firn_column_tally *items;
    size_t n, cap;
    size_t path[MAX_DEPTH];
    firn_error *err;
};

static firn_status add_leaves(struct leaves *l, const firn_type *type, size_t depth,
                              firn_str prefix)
{
    for (size_t i = 0; i < type->n_fields && depth < MAX_DEPTH; i++) {
        const firn_field *field = &type->fields[i];
        const firn_str name = firn_arena_printf(l->arena, "%.*s%s%.*s", FIRN_STR_ARG(prefix),
                                                depth > 0 ? "." : "", FIRN_STR_ARG(field->name));
        if (!name.data) return firn_fail_nomem(l->err);
        l->path[depth] = i;
        if (field->type->kind == FIRN_TYPE_STRUCT) {
            FIRN_TRY(add_leaves(l, field->type, depth + 1, name));
            continue;
        }
        if (!firn_type_is_primitive(field->type)) continue;
        firn_column_tally *leaf =
            firn_arena_push(l->arena, &l->items, &l->n, &l->cap, sizeof *leaf);
        if (!leaf) return firn_fail_nomem(l->err);
        *leaf = (firn_column_tally){.field = field, .name = name, .depth = depth + 1};
        memcpy(leaf->path, l->path, sizeof leaf->path);
        firn_buf_init(&leaf->least_bytes, NULL, SIZE_MAX);
        firn_buf_init(&leaf->most_bytes, NULL, SIZE_MAX);
    }
    return FIRN_OK;
}

firn_status firn_column_tallies_make(const firn_type *root, firn_arena *arena,
                                     firn_column_tally **out, size_t *n_out, firn_error *err)
{
    struct leaves l = {.arena = arena, .err = err};
    FIRN_TRY(add_leaves(&l, root, 0, FIRN_STR("")));
    *out = l.items;
    *n_out = l.n;
    return FIRN_OK;
}

void firn_column_tallies_reset(firn_column_tally *tallies, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tallies[i].rows = 0;
        tallies[i].nulls = 0;
        tallies[i].nans = 0;
        tallies[i].has_bounds = false;
    }
}

void firn_column_tallies_dispose(firn_column_tally *tallies, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        firn_buf_dispose(&tallies[i].least_bytes);
        firn_buf_dispose(&tallies[i].most_bytes);
    }
}

/* ---- rows ---- */

firn_value firn_column_tally_value(const firn_column_tally *tally, const firn_batch *batch,
                                   int64_t row)
{
    const firn_column *column = &batch->columns[tally->path[0]];
    for (size_t i = 1; i < tally->depth; i++) {
        if (!firn_column_is_valid(column, row))
            return (firn_value){.kind = tally->field->type->kind, .is_null = true};
        column = &column->children[tally->path[i]];
    }
    if (!firn_column_is_valid(column, row))
        return (firn_value){.kind = tally->field->type->kind, .is_null = true};
    return firn_column_get(column, row);
}

static bool has_bounds(firn_type_kind kind)
{
    return kind != FIRN_TYPE_UNKNOWN && kind != FIRN_TYPE_VARIANT && kind != FIRN_TYPE_GEOMETRY &&
           kind != FIRN_TYPE_GEOGRAPHY;
}

static bool has_bytes(firn_type_kind kind)
{
    return kind == FIRN_TYPE_STRING || kind == FIRN_TYPE_UUID || kind == FIRN_TYPE_FIXED ||
           kind == FIRN_TYPE_BINARY;
}

static firn_status keep(const firn_value *value, firn_value *out, firn_buf *bytes, firn_error *err)
{
    *out = *value;
    if (!has_bytes(value->kind)) return FIRN_OK;
    firn_buf_clear(bytes);
    firn_buf_append(bytes, value->as.bytes.data, value->as.bytes.len);
    FIRN_TRY(firn_buf_check(bytes, err));
    out->as.bytes = firn_buf_view(bytes);
    return FIRN_OK;
}

firn_status firn_column_tally_add(firn_column_tally *tally, const firn_value *value,
                                  firn_error *err)
{
    tally->rows++;
    if (value->is_null) {
        tally->nulls++;
        return FIRN_OK;
    }
    if (firn_value_is_nan(value)) {
        tally->nans++;
        return FIRN_OK;
    }
    if (!has_bounds(value->kind)) return FIRN_OK;
    const bool is_first = !tally->has_bounds;
    tally->has_bounds = true;
    if (is_first || firn_expr_compare(value, &tally->least) < 0)
        FIRN_TRY(keep(value, &tally->least, &tally->least_bytes, err));
    if (is_first || firn_expr_compare(value, &tally->most) > 0)
        FIRN_TRY(keep(value, &tally->most, &tally->most_bytes, err));
    return FIRN_OK;
}

/* ---- against the entry ---- */

static bool is_wrong_count(const firn_metric_map *map, int32_t id, int64_t want, int64_t *said)
{
    const firn_metric *metric = firn_metric_find(map, id);
    if (!metric) return false;
    *said = metric->count;
    return metric->count != want;
}

static bool is_wrong_bound(const firn_column_tally *t, const firn_metric_map *map,
                           const firn_value *extreme, int sign)
{
    firn_value bound;
    const firn_metric *metric = firn_metric_find(map, t->field->id);
    if (!metric || !t->has_bounds || !has_bounds(t->field->type->kind)) return false;
    if (firn_value_decode(t->field->type, metric->bound, &bound, NULL) != FIRN_OK) return true;
    if (bound.kind != extreme->kind) return false;
    return firn_expr_compare(extreme, &bound) * sign > 0;
}

firn_status firn_column_tally_check(const firn_column_tally *t, const firn_data_file *file,
                                    firn_arena *arena, firn_str *out, firn_error *err)
{
    const struct {
        const firn_metric_map *map;
        int64_t want;
        const char *what;
    } k_counts[] = {{&file->value_counts, t->rows, "values"},
                    {&file->null_value_counts, t->nulls, "nulls"},
                    {&file->nan_value_counts, t->nans, "NaN values"}};
    *out = (firn_str){0};
    for (size_t i = 0; i < 3 && !out->data; i++) {
        int64_t said = 0;
        if (!is_wrong_count(k_counts[i].map, t->field->id, k_counts[i].want, &said)) continue;
        *out = firn_arena_printf(arena, "%" PRId64 " %s, its entry says %" PRId64, k_counts[i].want,
                                 k_counts[i].what, said);
        return out->data ? FIRN_OK : firn_fail_nomem(err);
    }
    const bool is_low = is_wrong_bound(t, &file->lower_bounds, &t->least, -1);
    const bool is_high = is_wrong_bound(t, &file->upper_bounds, &t->most, 1);
    if (is_low) *out = FIRN_STR("values below its entry's lower bound");
    if (!is_low && is_high) *out = FIRN_STR("values above its entry's upper bound");
    return FIRN_OK;
}

/* ---- the entry put right ---- */

/* A copy of the map in which the column has count, or bound where that has bytes. */
static firn_status set_metric(firn_metric_map *map, const firn_metric *metric, firn_arena *arena,
                              firn_error *err)
{
    firn_metric *items = firn_arena_array(arena, map->n, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < map->n; i++)
        items[i] = map->items[i].field_id == metric->field_id ? *metric : map->items[i];
    map->items = items;
    return FIRN_OK;
}

static firn_status drop_metric(firn_metric_map *map, int32_t id, firn_arena *arena, firn_error *err)
{
    size_t n = 0;
    firn_metric *items = firn_arena_array(arena, map->n, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < map->n; i++)
        if (map->items[i].field_id != id) items[n++] = map->items[i];
    *map = (firn_metric_map){items, n};
    return FIRN_OK;
}

static firn_status set_count(firn_metric_map *map, int32_t id, int64_t count, firn_arena *arena,
                             firn_error *err)
{
    const firn_metric metric = {.field_id = id, .count = count};
    return set_metric(map, &metric, arena, err);
}

static firn_status set_bound(firn_metric_map *map, const firn_field *field, const firn_value *value,
                             bool is_upper, firn_arena *arena, firn_error *err)
{
    firn_buf buf;
    firn_metric metric = {.field_id = field->id};
    firn_buf_init(&buf, NULL, SIZE_MAX);
    firn_status st = firn_value_encode(value, &buf, err);
    if (st == FIRN_OK) metric.bound = firn_arena_copy(arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    FIRN_TRY(st);
    if (!metric.bound.data) return firn_fail_nomem(err);
    const bool is_cut = value->kind == FIRN_TYPE_STRING || value->kind == FIRN_TYPE_BINARY;
    if (is_cut && !is_upper)
        metric.bound = firn_bound_truncate_lower(field->type, metric.bound, BOUND_SIZE);
    if (is_cut && is_upper &&
        !firn_bound_truncate_upper(arena, field->type, metric.bound, BOUND_SIZE, &metric.bound))
        return drop_metric(map, field->id, arena, err);
    return set_metric(map, &metric, arena, err);
}

firn_status firn_column_tally_correct(const firn_column_tally *t, firn_data_file *file,
                                      firn_arena *arena, firn_error *err)
{
    const int32_t id = t->field->id;
    FIRN_TRY(set_count(&file->value_counts, id, t->rows, arena, err));
    FIRN_TRY(set_count(&file->null_value_counts, id, t->nulls, arena, err));
    FIRN_TRY(set_count(&file->nan_value_counts, id, t->nans, arena, err));
    if (!t->has_bounds) {
        FIRN_TRY(drop_metric(&file->lower_bounds, id, arena, err));
        return drop_metric(&file->upper_bounds, id, arena, err);
    }
    FIRN_TRY(set_bound(&file->lower_bounds, t->field, &t->least, false, arena, err));
    return set_bound(&file->upper_bounds, t->field, &t->most, true, arena, err);
}
