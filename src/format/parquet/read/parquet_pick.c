/* SPDX-License-Identifier: Apache-2.0 */
/* Late materialisation: which rows of the next few thousand are worth decoding. */
#include "format/parquet/read/parquet_pick.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define SCRATCH_BITS (FIRN_BATCH_ROWS / 64 + FIRN_PQ_SLACK / 8)
/* Rows between two that pass that are decoded along: stepping over fewer costs more. */
#define GAP_ROWS 64
/* Trial: after so many rows of which more than half had to be let through, rest a while. */
#define TRIAL_ROWS   (INT64_C(8) * FIRN_BATCH_ROWS)
#define REST_BATCHES 64

/* ---- columns ---- */

static bool is_field(const firn_pq_plan *plan, const firn_field *a, const firn_field *b)
{
    const bool is_match =
        plan->match == FIRN_PARQUET_MATCH_IDS ? a->id == b->id : firn_str_equals(a->name, b->name);
    return is_match && firn_type_equals(a->type, b->type);
}

/* The file's top-level column of plain values for a field; NULL: none, or more than one. */
static const firn_pq_node *find_plain(const firn_pq_plan *plan, const firn_field *field)
{
    const firn_pq_node *root = &plan->file->root;
    const firn_pq_node *found = NULL;
    for (size_t i = 0; i < root->n_children; i++) {
        const firn_pq_node *child = &root->children[i];
        const bool is_match = plan->match == FIRN_PARQUET_MATCH_IDS
                                  ? child->id != FIRN_PQ_NONE && child->id == field->id
                                  : firn_str_equals(child->name, field->name);
        if (!is_match) continue;
        if (found) return NULL;
        found = child;
    }
    return found && found->n_children == 0 && found->rep == 0 ? found : NULL;
}

static firn_status collect(firn_pq_pick *pick, const firn_pq_plan *plan, const firn_filter *filter,
                           firn_error *err)
{
    for (size_t i = 0; i < filter->n_parts; i++)
        FIRN_TRY(collect(pick, plan, filter->parts[i], err));
    if (!filter->column || !firn_type_is_primitive(filter->column->type) ||
        !find_plain(plan, filter->column))
        return FIRN_OK;
    for (size_t i = 0; i < pick->n_columns; i++)
        if (is_field(plan, pick->columns[i].field, filter->column)) return FIRN_OK;
    firn_pq_pick_column *column =
        firn_arena_push(plan->arena, (void *)&pick->columns, &pick->n_columns, &pick->cap_columns,
                        sizeof *pick->columns);
    if (!column) return firn_fail_nomem(err);
    column->field = filter->column;
    return FIRN_OK;
}

firn_status firn_pq_pick_project(firn_pq_pick *pick, const firn_pq_plan *plan,
                                 const firn_type *projection, firn_type *out, firn_error *err)
{
    FIRN_TRY(collect(pick, plan, pick->filter, err));
    const size_t n = projection->n_fields;
    firn_field *fields = firn_arena_array(plan->arena, n + pick->n_columns, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    if (n > 0) memcpy(fields, projection->fields, n * sizeof *fields);
    *out = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    for (size_t i = 0; i < pick->n_columns; i++) {
        firn_pq_pick_column *column = &pick->columns[i];
        column->child = 0;
        while (column->child < n && !is_field(plan, &fields[column->child], column->field))
            column->child++;
        if (column->child < n) continue;
        column->child = out->n_fields;
        fields[out->n_fields++] = *column->field;
    }
    return FIRN_OK;
}

static bool has_keys(const firn_filter *filter)
{
    for (size_t i = 0; i < filter->n_parts; i++)
        if (has_keys(filter->parts[i])) return true;
    return filter->op == FIRN_FILTER_KEYS || filter->op == FIRN_FILTER_TEXT;
}

firn_status firn_pq_pick_init(firn_pq_pick *pick, const firn_pq_plan *plan, firn_error *err)
{
    pick->has_keys = pick->filter && has_keys(pick->filter);
    for (size_t i = 0; i < pick->n_columns; i++) {
        firn_pq_pick_column *column = &pick->columns[i];
        const firn_type *type = column->field->type;
        column->leaf = plan->root.children[column->child].leaf;
        column->scratch = (firn_column){.type = type, .capacity = FIRN_BATCH_ROWS};
        column->scratch.values =
            firn_arena_array(plan->arena, FIRN_BATCH_ROWS, firn_column_width(type));
        column->scratch.validity = firn_arena_array(plan->arena, SCRATCH_BITS, sizeof(uint64_t));
        if (!column->scratch.values || !column->scratch.validity) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

const firn_pq_pick_column *firn_pq_pick_find(const firn_pq_pick *pick, size_t child)
{
    for (size_t i = 0; i < pick->n_columns; i++)
        if (pick->columns[i].child == child) return &pick->columns[i];
    return NULL;
}

firn_status firn_pq_pick_copy(const firn_pq_pick_column *column, const firn_pq_run *run,
                              firn_pq_flat *to, size_t at, firn_error *err)
{
    const size_t width = firn_column_width(column->scratch.type), n = (size_t)run->rows.n;
    uint64_t bits[SCRATCH_BITS];
    memcpy((char *)to->values + at * width, (char *)column->scratch.values + run->at * width,
           n * width);
    const size_t n_set =
        firn_pq_copy_bits(to->validity ? to->validity : bits, to->validity ? at : 0,
                          (const uint8_t *)column->scratch.validity, run->at, n);
    to->n_nulls += n - n_set;
    if (n_set == n || to->validity) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "null in a column without a validity mask");
}

/* ---- rows ---- */

static firn_status read_column(const firn_pq_pick_column *column, const firn_row_range *candidates,
                               size_t n_candidates, firn_error *err)
{
    firn_pq_flat to = {.values = column->scratch.values, .validity = column->scratch.validity};
    size_t at = 0;
    for (size_t i = 0; i < n_candidates; i++) {
        const size_t n = (size_t)candidates[i].n;
        FIRN_TRY(firn_pq_leaf_seek(column->leaf,
                                   candidates[i].first - column->leaf->pages.first_row, err));
        FIRN_TRY(firn_pq_leaf_read_flat(column->leaf, &to, at, n, err));
        at += n;
    }
    return FIRN_OK;
}

static const firn_column *find_scratch(void *ctx, const firn_filter *test)
{
    const firn_pq_pick *pick = ctx;
    for (size_t i = 0; i < pick->n_columns; i++) {
        const firn_field *field = pick->columns[i].field;
        const bool is_same = field->id == test->column->id &&
                             firn_str_equals(field->name, test->column->name) &&
                             firn_type_equals(field->type, test->column->type);
        if (is_same) return &pick->columns[i].scratch;
    }
    return NULL;
}

/* First row from at on, before end, whose bit is value; end if there is none. */
static size_t find_bit(const uint64_t *mask, size_t at, size_t end, bool value)
{
    while (at < end) {
        const uint64_t word = (value ? mask[at / 64] : ~mask[at / 64]) >> at % 64;
        if (word != 0) {
            at += (size_t)__builtin_ctzll(word);
            break;
        }
        at += 64 - at % 64;
    }
    return at < end ? at : end;
}

/* Rows of one candidate run that pass, close ones with what is between them. */
static size_t cut_run(firn_row_range rows, size_t at, const uint64_t *mask, firn_pq_run *runs)
{
    const size_t end = at + (size_t)rows.n;
    size_t n_runs = 0;
    for (size_t from = find_bit(mask, at, end, true); from < end;) {
        size_t to = find_bit(mask, from, end, false);
        size_t next = find_bit(mask, to, end, true);
        while (next < end && next - to <= GAP_ROWS) {
            to = find_bit(mask, next, end, false);
            next = find_bit(mask, to, end, true);
        }
        runs[n_runs++] =
            (firn_pq_run){{rows.first + (int64_t)(from - at), (int64_t)(to - from)}, from};
        from = next;
    }
    return n_runs;
}

static void let_all_through(const firn_row_range *candidates, size_t n, firn_pq_run *runs,
                            size_t *n_runs)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        runs[i] = (firn_pq_run){candidates[i], at};
        at += (size_t)candidates[i].n;
    }
    *n_runs = n;
}

static int64_t count_bits(const uint64_t *mask, size_t n)
{
    int64_t n_set = 0;
    for (size_t i = 0; i < (n + 63) / 64; i++) n_set += __builtin_popcountll(mask[i]);
    return n_set;
}

static void note_success(firn_pq_pick *pick, int64_t n_seen, int64_t n_passed)
{
    pick->n_seen += n_seen;
    pick->n_passed += n_passed;
    if (pick->n_seen < TRIAL_ROWS) return;
    if (pick->n_passed > pick->n_seen / 2) pick->n_rest = REST_BATCHES;
    pick->n_seen = pick->n_passed = 0;
}

firn_status firn_pq_pick_rows(firn_pq_pick *pick, const firn_row_range *candidates,
                              size_t n_candidates, firn_pq_run *runs, size_t *n_runs,
                              firn_error *err)
{
    size_t n = 0;
    int64_t n_passed = 0;
    pick->is_on = pick->n_columns > 0 && pick->n_rest == 0;
    if (!pick->is_on) {
        if (pick->n_rest > 0) pick->n_rest--;
        let_all_through(candidates, n_candidates, runs, n_runs);
        return FIRN_OK;
    }
    for (size_t i = 0; i < pick->n_columns; i++)
        FIRN_TRY(read_column(&pick->columns[i], candidates, n_candidates, err));
    for (size_t i = 0; i < n_candidates; i++) n += (size_t)candidates[i].n;
    firn_filter_rows(pick->filter, find_scratch, pick, n, pick->mask);
    *n_runs = 0;
    for (size_t i = 0, at = 0; i < n_candidates; at += (size_t)candidates[i++].n)
        *n_runs += cut_run(candidates[i], at, pick->mask, runs + *n_runs);
    for (size_t i = 0; i < *n_runs; i++) n_passed += runs[i].rows.n;
    if (pick->has_keys) n_passed = count_bits(pick->mask, n);
    note_success(pick, (int64_t)n, n_passed);
    return FIRN_OK;
}

/* Rows of one run that pass as ranges; at: of its first row in keep. */
static size_t cut_range(firn_row_range rows, size_t at, const uint64_t *keep, firn_row_range *out)
{
    const size_t end = at + (size_t)rows.n;
    size_t n = 0;
    for (size_t from = find_bit(keep, at, end, true); from < end; n++) {
        const size_t to = find_bit(keep, from, end, false);
        out[n] = (firn_row_range){rows.first + (int64_t)(from - at), (int64_t)(to - from)};
        from = find_bit(keep, to, end, true);
    }
    return n;
}

bool firn_pq_pick_sieve(const firn_pq_pick *pick, const firn_pq_run *runs,
                        const firn_row_range *read, size_t n_runs, int64_t given, uint64_t *keep,
                        firn_row_range *out, size_t *n_out)
{
    size_t n = 0, n_kept = 0;
    if (!pick->is_on) return false;
    for (size_t i = 0; i < n_runs; i++) {
        const uint64_t from = runs[i].at + (i == 0 ? (uint64_t)given : 0);
        n_kept += firn_pq_copy_bits(keep, n, (const uint8_t *)pick->mask, from, (size_t)read[i].n);
        n += (size_t)read[i].n;
    }
    if (n_kept > n / 2) return false;
    *n_out = 0;
    n = 0;
    for (size_t i = 0; i < n_runs; n += (size_t)read[i++].n)
        *n_out += cut_range(read[i], n, keep, out + *n_out);
    return true;
}
