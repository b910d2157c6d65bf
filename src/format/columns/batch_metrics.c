/* SPDX-License-Identifier: Apache-2.0 */
/* A leaf's values of a batch that are not null are put side by side, then looked at in one go. */
#include "format/columns/batch_metrics.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/parquet/write/parquet_geo_stats.h"
#include "format/parquet/write/parquet_stats.h"

typedef struct leaf {
    const firn_field *field;
    firn_parquet_column_opts opts;
    const size_t *path; /* child by child from the batch's columns */
    size_t depth;
    int64_t n_nulls;
    firn_parquet_bounds bounds;
    firn_geo_box box;
} leaf;

struct firn_batch_metrics {
    firn_arena *arena;
    leaf *leaves;
    size_t n_leaves, cap_leaves;
    int64_t n_rows;
    char *values; /* of one leaf in a batch, without nulls */
    size_t cap_values;
};

/* ---- leaves ---- */

typedef struct leaf_finder {
    firn_batch_metrics *metrics;
    const firn_parquet_column_opts *columns;
    size_t n_columns;
    size_t path[FIRN_LIMIT_NESTING + 1];
    firn_error *err;
} leaf_finder;

static firn_parquet_column_opts opts_of(const leaf_finder *f, int32_t field_id)
{
    for (size_t i = 0; i < f->n_columns; i++)
        if (f->columns[i].field_id == field_id) return f->columns[i];
    return (firn_parquet_column_opts){.field_id = field_id};
}

static firn_status add_leaf(const leaf_finder *f, const firn_field *field, size_t depth)
{
    firn_batch_metrics *m = f->metrics;
    leaf *slot = firn_arena_push(m->arena, &m->leaves, &m->n_leaves, &m->cap_leaves, sizeof *slot);
    size_t *path = firn_arena_array(m->arena, depth, sizeof *path);
    if (!slot || !path) return firn_fail_nomem(f->err);
    memcpy(path, f->path, depth * sizeof *path);
    *slot = (leaf){.field = field, .opts = opts_of(f, field->id), .path = path, .depth = depth};
    firn_parquet_bounds_init(&slot->bounds, NULL, field->type);
    firn_geo_box_clear(&slot->box);
    return FIRN_OK;
}

static firn_status add_leaves(leaf_finder *f, const firn_type *type, size_t depth)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(f->err, FIRN_ERR_LIMIT, "type nested deeper than %d", FIRN_LIMIT_NESTING);
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        f->path[depth] = i;
        if (field->type->kind == FIRN_TYPE_STRUCT)
            FIRN_TRY(add_leaves(f, field->type, depth + 1));
        else if (firn_type_is_primitive(field->type))
            FIRN_TRY(add_leaf(f, field, depth + 1));
    }
    return FIRN_OK;
}

firn_status firn_batch_metrics_create(const firn_type *root,
                                      const firn_parquet_column_opts *columns, size_t n_columns,
                                      firn_batch_metrics **out, firn_error *err)
{
    *out = NULL;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_batch_metrics *m = arena ? firn_arena_alloc_zero(arena, sizeof *m) : NULL;
    if (!m) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    m->arena = arena;
    leaf_finder f = {.metrics = m, .columns = columns, .n_columns = n_columns, .err = err};
    const firn_status st = add_leaves(&f, root, 0);
    if (st == FIRN_OK)
        *out = m;
    else
        firn_batch_metrics_destroy(m);
    return st;
}

void firn_batch_metrics_destroy(firn_batch_metrics *metrics)
{
    if (!metrics) return;
    for (size_t i = 0; i < metrics->n_leaves; i++)
        firn_parquet_bounds_dispose(&metrics->leaves[i].bounds);
    firn_mem_free(NULL, metrics->values);
    firn_arena_destroy(metrics->arena); /* holds metrics itself */
}

/* ---- rows ---- */

static firn_status reserve(firn_batch_metrics *m, size_t n, firn_error *err)
{
    if (n <= m->cap_values) return FIRN_OK;
    char *grown = firn_mem_resize(NULL, m->values, n);
    if (!grown) return firn_fail_nomem(err);
    m->values = grown;
    m->cap_values = n;
    return FIRN_OK;
}

static bool is_null(const leaf *l, const firn_batch *batch, int64_t row)
{
    const firn_column *column = &batch->columns[l->path[0]];
    for (size_t i = 1; i < l->depth; i++) {
        if (!firn_column_is_valid(column, row)) return true;
        column = &column->children[l->path[i]];
    }
    return !firn_column_is_valid(column, row);
}

/* NULL: a struct around it has no columns, because all its rows are null. */
static const firn_column *column_of(const leaf *l, const firn_batch *batch)
{
    const firn_column *column = &batch->columns[l->path[0]];
    for (size_t i = 1; i < l->depth; i++) {
        if (column->n_children <= l->path[i]) return NULL;
        column = &column->children[l->path[i]];
    }
    return column;
}

static void look_at(leaf *l, const void *values, size_t n)
{
    const firn_type_kind kind = l->field->type->kind;
    if (kind != FIRN_TYPE_GEOMETRY && kind != FIRN_TYPE_GEOGRAPHY) {
        firn_parquet_bounds_add(&l->bounds, values, n);
        return;
    }
    const firn_view *views = values;
    for (size_t i = 0; i < n; i++)
        firn_geo_box_add(&l->box, l->field->type, firn_view_str(&views[i]));
}

static firn_status add_rows(firn_batch_metrics *m, leaf *l, const firn_batch *batch,
                            firn_error *err)
{
    const firn_column *column = column_of(l, batch);
    const size_t width = firn_column_width(l->field->type);
    const bool has_values = column && column->values && l->field->type->kind != FIRN_TYPE_UNKNOWN;
    size_t n = 0;
    if (!has_values) {
        l->n_nulls += batch->n_rows;
        return FIRN_OK;
    }
    if (l->depth == 1 && !column->validity) {
        look_at(l, column->values, (size_t)batch->n_rows);
        return FIRN_OK;
    }
    FIRN_TRY(reserve(m, (size_t)batch->n_rows * width, err));
    for (int64_t r = 0; r < batch->n_rows; r++) {
        if (is_null(l, batch, r)) continue;
        memcpy(m->values + n * width, (const char *)column->values + (size_t)r * width, width);
        n++;
    }
    l->n_nulls += batch->n_rows - (int64_t)n;
    look_at(l, m->values, n);
    return FIRN_OK;
}

firn_status firn_batch_metrics_add(firn_batch_metrics *metrics, const firn_batch *batch,
                                   firn_error *err)
{
    if (batch->n_rows == 0) return FIRN_OK;
    for (size_t i = 0; i < metrics->n_leaves; i++) {
        leaf *l = &metrics->leaves[i];
        if (l->opts.metrics != FIRN_METRICS_NONE) FIRN_TRY(add_rows(metrics, l, batch, err));
    }
    metrics->n_rows += batch->n_rows;
    return FIRN_OK;
}

/* ---- the end ---- */

static firn_status set_bounds(const leaf *l, firn_arena *arena, firn_column_metrics *out,
                              firn_error *err)
{
    const firn_type *type = l->field->type;
    const firn_metrics_cut cut = {l->opts.metrics, l->opts.truncate_length};
    firn_value lo, hi;
    if (type->kind == FIRN_TYPE_GEOMETRY || type->kind == FIRN_TYPE_GEOGRAPHY)
        return l->opts.metrics == FIRN_METRICS_COUNTS
                   ? FIRN_OK
                   : firn_geo_box_metrics(&l->box, arena, out, err);
    FIRN_TRY(firn_parquet_bounds_check(&l->bounds, err));
    if (!firn_parquet_bounds_values(&l->bounds, type, &lo, &hi)) return FIRN_OK;
    return firn_column_metrics_set_bounds(out, type, &cut, &lo, &hi, arena, err);
}

firn_status firn_batch_metrics_finish(const firn_batch_metrics *metrics, firn_arena *arena,
                                      firn_file_metrics *out, firn_error *err)
{
    out->record_count = metrics->n_rows;
    out->columns = firn_arena_array(arena, metrics->n_leaves, sizeof *out->columns);
    if (!out->columns) return firn_fail_nomem(err);
    out->n_columns = 0;
    for (size_t i = 0; i < metrics->n_leaves; i++) {
        const leaf *l = &metrics->leaves[i];
        const firn_type_kind kind = l->field->type->kind;
        if (l->opts.metrics == FIRN_METRICS_NONE) continue;
        firn_column_metrics *column = &out->columns[out->n_columns++];
        *column = (firn_column_metrics){.field_id = l->field->id,
                                        .column_size_bytes = -1,
                                        .value_count = metrics->n_rows,
                                        .null_count = l->n_nulls,
                                        .nan_count = -1};
        if (kind == FIRN_TYPE_FLOAT || kind == FIRN_TYPE_DOUBLE)
            column->nan_count = l->bounds.nan_count;
        FIRN_TRY(set_bounds(l, arena, column, err));
    }
    firn_column_metrics_sort(out->columns, out->n_columns);
    return FIRN_OK;
}
