/* SPDX-License-Identifier: Apache-2.0 */
#include "format/parquet/layout/parquet_footer_metrics.h"

#include "base/checked.h"
#include "base/error.h"
#include "format/parquet/read/parquet_convert.h"
#include "format/parquet/read/parquet_plan.h"

typedef struct metrics_op {
    const firn_parquet_file *file;
    const firn_footer_metrics_opts *opts;
    firn_arena *arena;
    firn_file_metrics *out;
    size_t cap;
    firn_error *err;
} metrics_op;

static firn_parquet_column_opts opts_of(const metrics_op *op, int32_t field_id)
{
    for (size_t i = 0; i < op->opts->n_columns; i++)
        if (op->opts->columns[i].field_id == field_id) return op->opts->columns[i];
    return (firn_parquet_column_opts){.field_id = field_id};
}

/* ---- one column ---- */

/* Bounds of all row groups so far. */
typedef struct bounds_sum {
    bool has_lower, has_upper;
    bool lacks_lower, lacks_upper; /* some row group has values and no bound */
    firn_value lower, upper;
} bounds_sum;

static void add_bounds(bounds_sum *sum, const firn_parquet_stats *stats)
{
    const bool is_empty = stats->has_null_count && stats->null_count == stats->value_count;
    if (stats->has_min && (!sum->has_lower || firn_value_compare(&stats->min, &sum->lower) < 0)) {
        sum->lower = stats->min;
        sum->has_lower = true;
    }
    if (stats->has_max && (!sum->has_upper || firn_value_compare(&stats->max, &sum->upper) > 0)) {
        sum->upper = stats->max;
        sum->has_upper = true;
    }
    sum->lacks_lower |= !stats->has_min && !is_empty;
    sum->lacks_upper |= !stats->has_max && !is_empty;
}

static bool add_counts(firn_column_metrics *m, const firn_pq_chunk *chunk)
{
    if (chunk->stats.null_count < 0) m->null_count = -1;
    if (m->null_count >= 0 && !firn_add_i64(m->null_count, chunk->stats.null_count, &m->null_count))
        return false;
    return firn_add_i64(m->column_size_bytes, chunk->compressed_bytes, &m->column_size_bytes) &&
           firn_add_i64(m->value_count, chunk->n_values, &m->value_count);
}

static firn_status sum_groups(const metrics_op *op, const firn_pq_node *node, const firn_type *type,
                              firn_column_metrics *m, bounds_sum *sum)
{
    firn_pq_conv conv;
    const bool has_conv =
        firn_pq_conv_plan(node, FIRN_PARQUET_TYPES_TABLE, type, &conv, NULL) == FIRN_OK;
    for (size_t g = 0; g < op->file->n_row_groups; g++) {
        const firn_pq_chunk *chunk = &op->file->row_groups[g].chunks[node->first_leaf];
        firn_parquet_stats stats = {.value_count = chunk->n_values,
                                    .null_count = chunk->stats.null_count,
                                    .has_null_count = chunk->stats.null_count >= 0};
        if (!add_counts(m, chunk))
            return firn_fail(op->err, FIRN_ERR_CORRUPT, "counts of column %.*s do not fit",
                             FIRN_STR_ARG(node->name));
        if (has_conv && node->rep == 0)
            firn_pq_decode_bounds(op->file, node, &chunk->stats, &conv, type, &stats);
        add_bounds(sum, &stats);
    }
    return FIRN_OK;
}

static firn_status add_leaf(metrics_op *op, const firn_field *field, const firn_pq_node *node)
{
    const firn_parquet_column_opts column = opts_of(op, field->id);
    firn_column_metrics m = {.field_id = field->id, .nan_count = -1};
    bounds_sum sum = {0};
    FIRN_TRY(sum_groups(op, node, field->type, &m, &sum));
    /* how many elements there are says nothing of rows; Iceberg's libraries leave it out, too */
    if (column.metrics == FIRN_METRICS_NONE || node->rep > 0) m.value_count = m.null_count = -1;
    const firn_value *lower = sum.has_lower && !sum.lacks_lower ? &sum.lower : NULL;
    const firn_value *upper = sum.has_upper && !sum.lacks_upper ? &sum.upper : NULL;
    const firn_metrics_cut cut = {column.metrics, column.truncate_length};
    FIRN_TRY(
        firn_column_metrics_set_bounds(&m, field->type, &cut, lower, upper, op->arena, op->err));
    firn_column_metrics *slot =
        firn_arena_push(op->arena, &op->out->columns, &op->out->n_columns, &op->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(op->err);
    *slot = m;
    return FIRN_OK;
}

/* ---- all ---- */

/* The plan nests as the file's schema does. */
static firn_status add_fields(metrics_op *op, const firn_pq_read *read)
{
    for (size_t i = 0; i < read->n_children; i++) {
        const firn_pq_read *child = &read->children[i];
        if (child->kind == FIRN_PQ_READ_LEAF)
            FIRN_TRY(add_leaf(op, child->field, child->node));
        else if (child->kind == FIRN_PQ_READ_STRUCT || child->kind == FIRN_PQ_READ_LIST)
            FIRN_TRY(add_fields(op, child));
    }
    return FIRN_OK;
}

static firn_status add_offsets(metrics_op *op)
{
    firn_file_metrics *out = op->out;
    out->n_split_offsets = op->file->n_row_groups;
    out->split_offsets =
        firn_arena_array(op->arena, out->n_split_offsets, sizeof *out->split_offsets);
    if (!out->split_offsets) return firn_fail_nomem(op->err);
    for (size_t g = 0; g < out->n_split_offsets; g++) {
        out->split_offsets[g] = firn_parquet_row_group_offset(op->file, g);
        /* they must ascend to be of use to readers */
        if (g > 0 && out->split_offsets[g] <= out->split_offsets[g - 1]) out->n_split_offsets = 0;
    }
    return FIRN_OK;
}

firn_status firn_parquet_footer_metrics(const firn_parquet_file *file, int64_t file_size_bytes,
                                        const firn_type *wanted,
                                        const firn_footer_metrics_opts *opts, firn_arena *arena,
                                        firn_file_metrics *out, firn_error *err)
{
    metrics_op op = {.file = file, .opts = opts, .arena = arena, .out = out, .err = err};
    firn_pq_plan plan = {
        .arena = arena, .file = file, .match = opts->match, .memory = opts->memory};
    *out = (firn_file_metrics){.record_count = file->n_rows, .file_size_bytes = file_size_bytes};
    firn_status st = firn_pq_plan_build(&plan, wanted, err);
    if (st == FIRN_OK) st = add_fields(&op, &plan.root);
    for (size_t i = 0; i < plan.n_leaves; i++) firn_pq_leaf_dispose(plan.leaves[i]);
    FIRN_TRY(st);
    firn_column_metrics_sort(out->columns, out->n_columns);
    return add_offsets(&op);
}
