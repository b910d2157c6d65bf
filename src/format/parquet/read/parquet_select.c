/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that may pass a filter. First the row group's statistics judge the whole filter, which costs
 * nothing; then every test is answered with row ranges by the page index, and by bloom filter and
 * dictionary where the page index left much. AND intersects the ranges, OR unites them. */
#include "format/parquet/read/parquet_select.h"

#include "base/error.h"
#include "base/str.h"
#include "format/columns/row_ranges.h"
#include "format/parquet/layout/parquet_page_index.h"
#include "format/parquet/read/parquet_probe.h"

/* A probe is worth its read while at least this part of the rows is left. */
#define PROBE_SHARE 8

/* A column the filter names. */
typedef struct known_column {
    const firn_field *field;
    const firn_pq_node *leaf; /* NULL: not in the file, or not to be judged */
    firn_pq_conv conv;
    bool is_loaded, has_index;
    firn_pq_offset_index pages;
    firn_pq_column_index index;
} known_column;

typedef struct selector {
    const firn_parquet_file *file;
    size_t row_group;
    firn_parquet_match match;
    firn_arena *arena;
    firn_row_range all;
    known_column *columns;
    size_t n_columns, cap_columns;
} selector;

/* ---- columns ---- */

static const firn_pq_node *find_leaf(const selector *s, const firn_field *field)
{
    const firn_pq_node *root = &s->file->root;
    const firn_pq_node *found = NULL;
    if (s->match == FIRN_PARQUET_MATCH_IDS) {
        found = firn_pq_leaf_find(s->file, field->id);
    } else {
        for (size_t i = 0; i < root->n_children; i++) {
            const firn_pq_node *child = &root->children[i];
            if (!firn_str_equals(child->name, field->name)) continue;
            if (found) return NULL; /* the name alone does not say which */
            found = child;
        }
    }
    return found && found->n_children == 0 && found->rep == 0 ? found : NULL;
}

static bool can_convert(const firn_pq_node *leaf, const firn_type *type, firn_pq_conv *conv)
{
    return firn_type_is_primitive(type) &&
           firn_pq_conv_plan(leaf, FIRN_PARQUET_TYPES_TABLE, type, conv, NULL) == FIRN_OK;
}

static firn_status find_column(selector *s, const firn_field *field, known_column **out,
                               firn_error *err)
{
    for (size_t i = 0; i < s->n_columns; i++) {
        *out = &s->columns[i];
        if ((*out)->field == field) return FIRN_OK;
    }
    known_column *column = firn_arena_push(s->arena, (void *)&s->columns, &s->n_columns,
                                           &s->cap_columns, sizeof *s->columns);
    if (!column) return firn_fail_nomem(err);
    column->field = field;
    column->leaf = find_leaf(s, field);
    if (column->leaf && !can_convert(column->leaf, field->type, &column->conv)) column->leaf = NULL;
    *out = column;
    return FIRN_OK;
}

static const firn_pq_chunk *chunk_of(const selector *s, const known_column *column)
{
    return &s->file->row_groups[s->row_group].chunks[column->leaf->first_leaf];
}

/* ---- statistics of the row group ---- */

static void take_bounds(const selector *s, const known_column *column, const firn_pq_stats *stats,
                        firn_filter_bounds *out)
{
    firn_parquet_stats decoded = {0};
    firn_pq_decode_bounds(s->file, column->leaf, stats, &column->conv, column->field->type,
                          &decoded);
    out->has_min = decoded.has_min;
    out->has_max = decoded.has_max;
    out->min = decoded.min;
    out->max = decoded.max;
}

static bool test_may_pass(const selector *s, const known_column *column, const firn_filter *test)
{
    firn_filter_bounds bounds = firn_filter_bounds_unknown(test->column->type);
    if (!column->leaf) return true;
    const firn_pq_chunk *chunk = chunk_of(s, column);
    if (!chunk->has_meta) return true;
    if (column->leaf->def == 0) bounds.has_null = false;
    if (chunk->stats.null_count >= 0) {
        bounds.has_null = chunk->stats.null_count > 0;
        bounds.has_value = chunk->stats.null_count < chunk->n_values;
    }
    take_bounds(s, column, &chunk->stats, &bounds);
    return firn_filter_may_pass(test, &bounds);
}

/* Depth is the filter's maker's business, as everywhere. */
static firn_status group_may_pass(selector *s, const firn_filter *filter, bool *out,
                                  firn_error *err)
{
    const bool is_and = filter->op == FIRN_FILTER_AND;
    if (is_and || filter->op == FIRN_FILTER_OR) {
        *out = is_and;
        for (size_t i = 0; i < filter->n_parts && *out == is_and; i++)
            FIRN_TRY(group_may_pass(s, filter->parts[i], out, err));
        return FIRN_OK;
    }
    known_column *column = NULL;
    *out = filter->op != FIRN_FILTER_NONE;
    if (!filter->column) return FIRN_OK;
    FIRN_TRY(find_column(s, filter->column, &column, err));
    *out = test_may_pass(s, column, filter);
    return FIRN_OK;
}

/* ---- page index ---- */

/* A damaged index is as good as none. */
static firn_status load_index(const selector *s, known_column *column, firn_error *err)
{
    const size_t leaf = column->leaf->first_leaf;
    if (column->is_loaded) return FIRN_OK;
    column->is_loaded = true;
    firn_status st = FIRN_DONE;
    if (chunk_of(s, column)->column_index.offset >= 0)
        st = firn_pq_offset_index_read(s->file, s->row_group, leaf, s->arena, &column->pages, err);
    if (st == FIRN_OK)
        st = firn_pq_column_index_read(s->file, s->row_group, leaf, column->pages.n_pages, s->arena,
                                       &column->index, err);
    column->has_index = st == FIRN_OK;
    return st == FIRN_DONE || firn_pq_is_damage(st) ? FIRN_OK : st;
}

static firn_filter_bounds page_bounds(const selector *s, const known_column *column, size_t page)
{
    const firn_pq_column_index *index = &column->index;
    const firn_pq_stats stats = {.has_min_value = true,
                                 .has_max_value = true,
                                 .min_value = index->min[page],
                                 .max_value = index->max[page]};
    firn_filter_bounds bounds = firn_filter_bounds_unknown(column->field->type);
    if (column->leaf->def == 0) bounds.has_null = false;
    if (index->null_counts) bounds.has_null = index->null_counts[page] > 0;
    if (index->is_null_page[page]) {
        bounds.has_null = true;
        bounds.has_value = false;
        return bounds;
    }
    take_bounds(s, column, &stats, &bounds);
    return bounds;
}

static firn_status select_pages(const selector *s, const known_column *column,
                                const firn_filter *test, firn_row_ranges *out, firn_error *err)
{
    const firn_pq_offset_index *pages = &column->pages;
    for (size_t i = 0; i < pages->n_pages; i++) {
        const firn_filter_bounds bounds = page_bounds(s, column, i);
        if (!firn_filter_may_pass(test, &bounds)) continue;
        const int64_t first = pages->pages[i].first_row;
        const int64_t end = i + 1 < pages->n_pages ? pages->pages[i + 1].first_row : s->all.n;
        FIRN_TRY(firn_row_ranges_add(out, (firn_row_range){s->all.first + first, end - first},
                                     s->arena, err));
    }
    return FIRN_OK;
}

/* ---- the tree ---- */

static firn_status select_all(const selector *s, firn_row_ranges *out, firn_error *err)
{
    return firn_row_ranges_add(out, s->all, s->arena, err);
}

static firn_status probe_chunk(const selector *s, const known_column *column,
                               const firn_filter *test, bool *may_pass, firn_error *err)
{
    const firn_pq_probe probe = {s->file, s->row_group, column->leaf, &column->conv};
    FIRN_TRY(firn_pq_probe_bloom(&probe, test, s->arena, may_pass, err));
    return *may_pass ? firn_pq_probe_dictionary(&probe, test, may_pass, err) : FIRN_OK;
}

static firn_status select_test(selector *s, const firn_filter *test, firn_row_ranges *out,
                               firn_error *err)
{
    known_column *column = NULL;
    bool may_pass = true;
    FIRN_TRY(find_column(s, test->column, &column, err));
    if (!test_may_pass(s, column, test)) return FIRN_OK;
    if (!column->leaf || !chunk_of(s, column)->has_meta) return select_all(s, out, err);
    FIRN_TRY(load_index(s, column, err));
    if (column->has_index)
        FIRN_TRY(select_pages(s, column, test, out, err));
    else
        FIRN_TRY(select_all(s, out, err));
    if (firn_row_ranges_count(out->items, out->n) < s->all.n / PROBE_SHARE) return FIRN_OK;
    FIRN_TRY(probe_chunk(s, column, test, &may_pass, err));
    if (!may_pass) *out = (firn_row_ranges){0};
    return FIRN_OK;
}

static firn_status select_rows(selector *s, const firn_filter *filter, firn_row_ranges *out,
                               firn_error *err);

static firn_status select_parts(selector *s, const firn_filter *filter, firn_row_ranges *out,
                                firn_error *err)
{
    const bool is_and = filter->op == FIRN_FILTER_AND;
    if (is_and) FIRN_TRY(select_all(s, out, err));
    for (size_t i = 0; i < filter->n_parts; i++) {
        firn_row_ranges part = {0}, both = {0};
        if (is_and && out->n == 0) return FIRN_OK;
        FIRN_TRY(select_rows(s, filter->parts[i], &part, err));
        FIRN_TRY(is_and ? firn_row_ranges_intersect(out, &part, s->arena, &both, err)
                        : firn_row_ranges_unite(out, &part, s->arena, &both, err));
        *out = both;
    }
    return FIRN_OK;
}

static firn_status select_rows(selector *s, const firn_filter *filter, firn_row_ranges *out,
                               firn_error *err)
{
    *out = (firn_row_ranges){0};
    if (filter->op == FIRN_FILTER_AND || filter->op == FIRN_FILTER_OR)
        return select_parts(s, filter, out, err);
    if (filter->op == FIRN_FILTER_NONE) return FIRN_OK;
    return filter->column ? select_test(s, filter, out, err) : select_all(s, out, err);
}

firn_status firn_parquet_select(const firn_parquet_file *file, size_t row_group,
                                const firn_filter *filter, firn_parquet_match match,
                                firn_arena *arena, firn_parquet_selection *out, firn_error *err)
{
    *out = (firn_parquet_selection){0};
    if (row_group >= file->n_row_groups)
        return firn_fail(err, FIRN_ERR_ARG, "row group %zu, the file has %zu", row_group,
                         file->n_row_groups);
    const firn_pq_row_group *rg = &file->row_groups[row_group];
    selector s = {.file = file,
                  .row_group = row_group,
                  .match = match,
                  .arena = arena,
                  .all = {rg->first_row, rg->n_rows}};
    firn_row_ranges rows = {0};
    bool may_pass = true;
    FIRN_TRY(group_may_pass(&s, filter, &may_pass, err));
    if (!may_pass) return FIRN_OK;
    FIRN_TRY(select_rows(&s, filter, &rows, err));
    *out = (firn_parquet_selection){rows.items, rows.n, firn_row_ranges_count(rows.items, rows.n)};
    return FIRN_OK;
}
