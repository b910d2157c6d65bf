/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/rewrite/sort_samples.h"

#include "base/cursor.h"
#include "base/error.h"
#include "iceberg/maintain/rewrite/sample_spread.h"

#define K_SAMPLES      65536
#define K_FEW_FILES    64 /* that may stand for all */
#define K_SAMPLE_SHARE 16 /* of the memory: no more bytes of text */

/* What one reader picked. */
typedef struct sample_lane {
    firn_batch *rows;
    firn_buf numbers; /* of the rows, 8 bytes each */
    int64_t n_seen, n_bytes;
} sample_lane;

typedef struct sampling {
    firn_group_run *run;
    firn_row_order *order;
    size_t *columns; /* of the schema, by column of what is read */
    firn_type wanted;
    size_t every; /* file of the group is read, from the first on */
    firn_scan_task *tasks;
    size_t n_tasks;
    int64_t stride, max_bytes;
    sample_lane *lanes;
    size_t n_lanes;
} sampling;

/* Of a row that was read, in the group. */
static uint64_t number_of(const sampling *x, const firn_scan_task *task, int64_t position)
{
    const firn_rewrite_group *group = x->run->group;
    return firn_group_row_number(x->run, group->tasks + (size_t)(task - x->tasks) * x->every,
                                 position);
}

/* Of those that were read: the row's file. */
static uint32_t file_of(const sampling *x, const sample_lane *l, int64_t row)
{
    const uint64_t number = firn_load_u64le(l->numbers.data + 8 * row);
    return (uint32_t)(firn_group_row_file(number) / x->every);
}

static int64_t text_bytes(const firn_batch *batch, int64_t from)
{
    int64_t n = 0;
    for (size_t i = 0; i < batch->n_columns; i++) {
        const firn_column *column = &batch->columns[i];
        const firn_view *views = column->values;
        if (column->type->kind != FIRN_TYPE_STRING && column->type->kind != FIRN_TYPE_BINARY)
            continue;
        for (int64_t r = from; r < batch->n_rows; r++) n += views[r].len;
    }
    return n;
}

static firn_status pick_rows(void *ctx, size_t lane, const firn_scan_task *task,
                             const firn_batch *batch, firn_error *err)
{
    const sampling *x = ctx;
    sample_lane *l = &x->lanes[lane];
    const size_t n_columns = x->wanted.n_fields;
    const firn_batch keys = {
        .n_rows = batch->n_rows, .n_columns = n_columns, .columns = batch->columns};
    const int64_t *positions = batch->columns[n_columns].values;
    int64_t picked[FIRN_BATCH_ROWS];
    int64_t n = 0;
    for (int64_t row = (x->stride - l->n_seen % x->stride) % x->stride; row < batch->n_rows;
         row += x->stride) {
        picked[n++] = row;
        firn_buf_u64le(&l->numbers, number_of(x, task, positions[row]));
    }
    l->n_seen += batch->n_rows;
    FIRN_TRY(firn_buf_check(&l->numbers, err));
    const int64_t from = l->rows->n_rows;
    FIRN_TRY(firn_batch_append_rows(l->rows, &keys, picked, n, err));
    l->n_bytes += text_bytes(l->rows, from);
    return l->n_bytes > x->max_bytes ? FIRN_DONE : FIRN_OK; /* those that are there must do */
}

/* ---- what is read ---- */

static firn_status pick_columns(sampling *x, firn_error *err)
{
    const firn_type *root = &x->run->w->schema->root;
    firn_arena *arena = x->run->scratch;
    firn_field *fields = firn_arena_array(arena, root->n_fields, sizeof *fields);
    x->columns = firn_arena_array(arena, root->n_fields, sizeof *x->columns);
    if (!fields || !x->columns) return firn_fail_nomem(err);
    x->wanted = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields};
    for (size_t i = 0; i < root->n_fields; i++) {
        if (!firn_row_order_uses(x->order, i)) continue;
        fields[x->wanted.n_fields] = root->fields[i];
        x->columns[x->wanted.n_fields++] = i;
    }
    return FIRN_OK;
}

static firn_status open_lanes(sampling *x, firn_error *err)
{
    const size_t n = firn_group_run__lanes(x->run);
    x->lanes = firn_arena_array(x->run->scratch, n, sizeof *x->lanes);
    if (!x->lanes) return firn_fail_nomem(err);
    for (; x->n_lanes < n; x->n_lanes++) {
        sample_lane *l = &x->lanes[x->n_lanes];
        firn_buf_init(&l->numbers, x->run->w->env->alloc, SIZE_MAX);
        FIRN_TRY(firn_batch_create(&x->wanted, FIRN_BATCH_ROWS, &l->rows, err));
    }
    return FIRN_OK;
}

/* Every so many of the group's files. */
static firn_status pick_files(sampling *x, size_t every, firn_error *err)
{
    const firn_rewrite_group *group = x->run->group;
    int64_t n_rows = 0;
    x->every = every;
    x->n_tasks = (group->n_tasks + every - 1) / every;
    x->tasks = firn_arena_array(x->run->scratch, x->n_tasks, sizeof *x->tasks);
    if (!x->tasks) return firn_fail_nomem(err);
    for (size_t i = 0; i < x->n_tasks; i++) {
        x->tasks[i] = group->tasks[i * every];
        n_rows += x->tasks[i].file->record_count;
    }
    x->stride = n_rows / K_SAMPLES + 1;
    return FIRN_OK;
}

static void forget_rows(sampling *x)
{
    for (size_t i = 0; i < x->n_lanes; i++) {
        firn_batch_reset(x->lanes[i].rows);
        firn_buf_clear(&x->lanes[i].numbers);
        x->lanes[i].n_seen = x->lanes[i].n_bytes = 0;
    }
}

static firn_status read_rows(sampling *x, firn_error *err)
{
    const firn_group_input input = {
        .tasks = x->tasks, .n_tasks = x->n_tasks, .root = &x->wanted, .n_lanes = x->n_lanes};
    forget_rows(x);
    const firn_status st = firn_group_run__read(x->run, &input, pick_rows, x, err);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* ---- what comes of it ---- */

/* The picked rows under the schema's columns. */
static void see_as_schema(const sampling *x, const sample_lane *l, firn_batch *out)
{
    for (size_t i = 0; i < x->wanted.n_fields; i++)
        out->columns[x->columns[i]] = l->rows->columns[i];
    out->n_rows = l->rows->n_rows;
}

static firn_status add_keys(const sampling *x, const sample_lane *l, const firn_batch *rows,
                            firn_key_samples *out, firn_error *err)
{
    firn_keys keys;
    firn_arena *scratch = firn_arena_create(x->run->w->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_keys_init(&keys, x->run->w->env->alloc, SIZE_MAX);
    firn_status st = firn_row_order_keys(x->order, rows, scratch, &keys, err);
    for (int64_t r = 0; r < rows->n_rows && st == FIRN_OK; r++)
        st = firn_key_samples_add(out, firn_keys_at(&keys, r),
                                  firn_load_u64le(l->numbers.data + 8 * r), err);
    firn_keys_dispose(&keys);
    firn_arena_destroy(scratch);
    return st;
}

static int64_t count_rows(const sampling *x)
{
    int64_t n = 0;
    for (size_t i = 0; i < x->n_lanes; i++) n += x->lanes[i].rows->n_rows;
    return n;
}

static firn_status use_rows(const sampling *x, firn_key_samples *out, firn_error *err)
{
    const size_t n = x->run->w->schema->root.n_fields;
    firn_batch rows = {.n_columns = n};
    const int64_t n_rows = count_rows(x);
    rows.columns = firn_arena_array(x->run->scratch, n, sizeof *rows.columns);
    if (!rows.columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < x->n_lanes && firn_row_order_needs_samples(x->order); i++) {
        see_as_schema(x, &x->lanes[i], &rows);
        FIRN_TRY(firn_row_order_sample(x->order, &rows, n_rows / FIRN_ORDER_SAMPLES + 1, err));
    }
    if (firn_row_order_needs_samples(x->order))
        FIRN_TRY(firn_row_order_finish_samples(x->order, err));
    for (size_t i = 0; i < x->n_lanes; i++) {
        see_as_schema(x, &x->lanes[i], &rows);
        FIRN_TRY(add_keys(x, &x->lanes[i], &rows, out, err));
    }
    return FIRN_OK;
}

/* ---- some files for all ---- */

static firn_status is_spread(const sampling *x, size_t column, firn_batch *rows, uint64_t *values,
                             uint32_t *files, bool *out, firn_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n_lanes; i++) {
        const sample_lane *l = &x->lanes[i];
        see_as_schema(x, l, rows);
        firn_row_order_values(x->order, column, rows, values + n);
        for (int64_t r = 0; r < rows->n_rows; r++) files[n++] = file_of(x, l, r);
    }
    return firn_samples_are_spread(values, files, n, x->n_tasks, x->run->w->env->alloc, out, err);
}

/* Do the rows that were read stand for those of all files, by each of the order's columns? */
static firn_status are_spread(const sampling *x, bool *out, firn_error *err)
{
    firn_arena *arena = x->run->scratch;
    const size_t n = (size_t)count_rows(x);
    const size_t n_fields = x->run->w->schema->root.n_fields;
    uint64_t *values = firn_arena_array(arena, n, sizeof *values);
    uint32_t *files = firn_arena_array(arena, n, sizeof *files);
    firn_batch rows = {.n_columns = n_fields};
    rows.columns = firn_arena_array(arena, n_fields, sizeof *rows.columns);
    if (!values || !files || !rows.columns) return firn_fail_nomem(err);
    *out = true;
    for (size_t i = 0; *out && i < firn_row_order_plain(x->order); i++)
        FIRN_TRY(is_spread(x, i, &rows, values, files, out, err));
    return FIRN_OK;
}

/* Of a few files, if they are like all. */
static firn_status sample(sampling *x, firn_error *err)
{
    const size_t every = x->run->group->n_tasks / K_FEW_FILES;
    bool is_enough = false;
    if (every > 1 && firn_row_order_plain(x->order) > 0) {
        FIRN_TRY(pick_files(x, every, err));
        FIRN_TRY(read_rows(x, err));
        FIRN_TRY(are_spread(x, &is_enough, err));
    }
    if (is_enough) return FIRN_OK;
    FIRN_TRY(pick_files(x, 1, err));
    return read_rows(x, err);
}

firn_status firn_sort_samples_read(firn_group_run *r, firn_row_order *order, firn_key_samples *out,
                                   firn_error *err)
{
    sampling x = {.run = r, .order = order, .max_bytes = r->w->memory_bytes / K_SAMPLE_SHARE};
    firn_key_samples_init(out, r->w->env->alloc, (size_t)2 * K_SAMPLES);
    FIRN_TRY(pick_columns(&x, err));
    firn_status st = open_lanes(&x, err);
    if (st == FIRN_OK) st = sample(&x, err);
    if (st == FIRN_OK) st = use_rows(&x, out, err);
    for (size_t i = 0; i < x.n_lanes; i++) {
        firn_batch_destroy(x.lanes[i].rows);
        firn_buf_dispose(&x.lanes[i].numbers);
    }
    return st;
}
