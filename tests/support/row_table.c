/* SPDX-License-Identifier: Apache-2.0 */
#include "row_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "format/puffin/bitmap.h"
#include "iceberg/expr/expr.h"
#include "iceberg/scan/read.h"
#include "iceberg/write/delete_writer.h"
#include "iceberg/write/table_writer.h"

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_field k_fields[] = {
    {.id = 1, .is_required = true, .name = FIRN_STR_INIT("id"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("grp"), .type = &k_int},
    {.id = 3, .name = FIRN_STR_INIT("val"), .type = &k_long},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 3}};
static const firn_partition_field k_by_grp = {.source_id = 2};

firn_status firn_test_row_table_create(const firn_test_row_table *t, const firn_ident *ident,
                                       bool is_partitioned, const firn_property *properties,
                                       size_t n, firn_error *err)
{
    const firn_partition_spec spec = {.fields = &k_by_grp, .n_fields = is_partitioned ? 1 : 0};
    firn_table *table = NULL;
    FIRN_TRY(firn_table_create(
        t->env, t->store, t->catalog, ident,
        FIRN_TABLE_CREATE_OPTS(.schema = &k_schema, .spec = &spec, .properties = {properties, n}),
        &table, err));
    firn_table_close(table);
    return FIRN_OK;
}

/* ---- reading ---- */

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const firn_test_row *)a)->id;
    const int64_t y = ((const firn_test_row *)b)->id;
    return (x > y) - (x < y);
}

static int64_t cell(const firn_batch *batch, size_t column, int64_t row, int64_t fallback)
{
    const firn_column *c = &batch->columns[column];
    if (!firn_column_is_valid(c, row)) return fallback;
    return c->type->kind == FIRN_TYPE_INT ? ((const int32_t *)c->values)[row]
                                          : ((const int64_t *)c->values)[row];
}

static firn_status take_batch(const firn_test_row_table *t, const firn_batch *batch, size_t task,
                              firn_test_rows *out, firn_error *err)
{
    for (int64_t r = 0; r < batch->n_rows; r++) {
        firn_test_row *row =
            firn_arena_push(t->arena, &out->items, &out->n, &out->cap, sizeof *row);
        if (!row) return firn_fail_nomem(err);
        *row = (firn_test_row){.id = cell(batch, 0, r, -1),
                               .grp = (int32_t)cell(batch, 1, r, -1),
                               .val = cell(batch, 2, r, -1),
                               .task = task,
                               .pos = cell(batch, 3, r, -1),
                               .row_id = cell(batch, 4, r, -1),
                               .sequence_number = cell(batch, 5, r, -1)};
    }
    return FIRN_OK;
}

static size_t index_of(const firn_scan_plan *plan, const firn_scan_task *task)
{
    size_t i = 0;
    while (i < plan->n_tasks && !firn_str_equals(plan->tasks[i].file->path, task->file->path)) i++;
    return i;
}

static firn_status read_all(const firn_test_row_table *t, firn_scan_reader *reader,
                            const firn_type *projection, firn_test_rows *out, firn_error *err)
{
    firn_batch *batch = NULL;
    firn_status st = firn_batch_create(projection, 2048, &batch, err);
    while (st == FIRN_OK) {
        const firn_scan_task *task = NULL;
        firn_batch_reset(batch);
        st = firn_scan_reader_next(reader, 2048, batch, &task, err);
        if (st == FIRN_OK && batch->n_rows > 0)
            st = take_batch(t, batch, index_of(&out->plan, task), out, err);
    }
    firn_batch_destroy(batch);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* The first three columns of the schema, then position and lineage. */
static const firn_type *projection_of(const firn_schema *schema, firn_arena *arena)
{
    firn_field *fields = firn_arena_array(arena, 6, sizeof *fields);
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!fields || !type) return NULL;
    for (size_t i = 0; i < 3; i++) fields[i] = schema->root.fields[i];
    fields[3] = firn_field_pos;
    fields[4] = firn_field_row_id;
    fields[5] = firn_field_last_updated;
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 6};
    return type;
}

firn_status firn_test_rows_read(const firn_test_row_table *t, int64_t snapshot_id,
                                firn_test_rows *out, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    const firn_plan_opts opts = {.snapshot_id = snapshot_id > 0 ? snapshot_id : 0,
                                 .with_metrics = true};
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    *out = (firn_test_rows){0};
    if (snapshot_id < 0) return FIRN_OK;
    const firn_schema *schema = firn_metadata_schema(m);
    if (snapshot_id > 0)
        schema = firn_metadata_schema_at(m, firn_metadata_find_snapshot(m, snapshot_id));
    const firn_type *projection = projection_of(schema, t->arena);
    if (!projection) return firn_fail_nomem(err);
    FIRN_TRY(firn_scan_plan_files(t->env, t->store, m, &opts, t->arena, &out->plan, err));
    FIRN_TRY(firn_scan_queue_create(t->env, t->store, m, &out->plan, &queue, err));
    firn_status st = firn_scan_reader_open(queue, projection, firn_expr_true(), &reader, err);
    if (st == FIRN_OK) st = read_all(t, reader, projection, out, err);
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    if (st == FIRN_OK && out->n > 0) qsort(out->items, out->n, sizeof *out->items, by_id);
    return st;
}

/* ---- writing ---- */

static void put_long(firn_batch *batch, size_t column, int64_t row, int64_t value)
{
    ((int64_t *)batch->columns[column].values)[row] = value;
}

static void put_row(firn_batch *batch, const firn_test_row *row, size_t n_plain, bool has_lineage)
{
    const int64_t r = batch->n_rows++;
    put_long(batch, 0, r, row->id);
    ((int32_t *)batch->columns[1].values)[r] = row->grp;
    put_long(batch, 2, r, row->val);
    for (size_t c = 3; c < n_plain; c++) firn_column_set_null(&batch->columns[c], r);
    for (size_t c = n_plain; has_lineage && c < n_plain + 2; c++) {
        const int64_t value = c == n_plain ? row->row_id : row->sequence_number;
        if (value < 0)
            firn_column_set_null(&batch->columns[c], r);
        else
            put_long(batch, c, r, value);
    }
    for (size_t c = 0; c < batch->n_columns; c++) batch->columns[c].n_values = batch->n_rows;
}

static const firn_schema *write_schema(const firn_schema *schema, bool has_lineage,
                                       firn_arena *arena)
{
    const size_t n = schema->root.n_fields;
    if (!has_lineage) return schema;
    firn_schema *wide = firn_arena_alloc(arena, sizeof *wide);
    firn_field *fields = firn_arena_array(arena, n + 2, sizeof *fields);
    if (!wide || !fields) return NULL;
    for (size_t i = 0; i < n; i++) fields[i] = schema->root.fields[i];
    fields[n] = firn_field_row_id;
    fields[n + 1] = firn_field_last_updated;
    *wide = *schema;
    wide->root.fields = fields;
    wide->root.n_fields = n + 2;
    return wide;
}

typedef struct file_list {
    firn_data_file *items;
    size_t n, cap;
} file_list;

static firn_status write_rows(const firn_test_row_table *t, const firn_test_row *rows, size_t n,
                              bool has_lineage, file_list *out, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    const firn_schema *schema = write_schema(firn_metadata_schema(m), has_lineage, t->arena);
    const size_t n_plain = firn_metadata_schema(m)->root.n_fields;
    firn_table_writer *writer = NULL;
    firn_batch *batch = NULL;
    firn_data_file *files = NULL;
    size_t n_files = 0;
    if (n == 0) return FIRN_OK;
    if (!schema) return firn_fail_nomem(err);
    const firn_table_writer_opts opts = {.schema = schema};
    FIRN_TRY(firn_table_writer_create(t->env, t->store, m, &opts, &writer, err));
    firn_status st = firn_batch_create(&schema->root, (int64_t)n, &batch, err);
    if (st == FIRN_OK) {
        for (size_t i = 0; i < n; i++) put_row(batch, &rows[i], n_plain, has_lineage);
        st = firn_table_writer_append(writer, batch, err);
    }
    if (st == FIRN_OK) st = firn_table_writer_finish(writer, t->arena, &files, &n_files, err);
    for (size_t i = 0; i < n_files && st == FIRN_OK; i++) {
        firn_data_file *slot =
            firn_arena_push(t->arena, &out->items, &out->n, &out->cap, sizeof *slot);
        if (slot) *slot = files[i];
        st = slot ? FIRN_OK : firn_fail_nomem(err);
    }
    firn_batch_destroy(batch);
    firn_table_writer_destroy(writer);
    return st;
}

/* ---- edits ---- */

typedef struct edit_op {
    const firn_test_row_table *t;
    const firn_test_edit *edit;
    firn_test_rows rows;
    firn_test_verdict *verdicts; /* of rows */
    bool *is_touched;            /* of tasks */
    bool has_lineage;
    file_list added;
    firn_file_key *removed;
    size_t n_removed, cap_removed;
    firn_test_row *written; /* rows to write with their ids */
    size_t n_written, cap_written;
} edit_op;

static firn_status push_written(edit_op *op, const firn_test_row *row, firn_error *err)
{
    firn_test_row *slot =
        firn_arena_push(op->t->arena, &op->written, &op->n_written, &op->cap_written, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *row;
    if (op->verdicts[row - op->rows.items] == FIRN_TEST_UPDATE) slot->sequence_number = -1;
    return FIRN_OK;
}

static firn_status push_removed(edit_op *op, const firn_data_file *file, firn_error *err)
{
    firn_file_key *slot =
        firn_arena_push(op->t->arena, &op->removed, &op->n_removed, &op->cap_removed, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = (firn_file_key){file->path, firn_is_deletion_vector(file) ? file->content_offset : 0};
    return FIRN_OK;
}

static firn_status judge_rows(edit_op *op, firn_error *err)
{
    const firn_test_edit *edit = op->edit;
    op->verdicts = firn_arena_array(op->t->arena, op->rows.n, sizeof *op->verdicts);
    op->is_touched = firn_arena_array(op->t->arena, op->rows.plan.n_tasks, sizeof *op->is_touched);
    if (!op->verdicts || !op->is_touched) return firn_fail_nomem(err);
    for (size_t i = 0; i < op->rows.plan.n_tasks; i++)
        op->is_touched[i] = edit->kind == FIRN_TEST_COMPACT;
    for (size_t i = 0; i < op->rows.n; i++) {
        firn_test_row *row = &op->rows.items[i];
        op->verdicts[i] = edit->judge && edit->kind != FIRN_TEST_COMPACT
                              ? edit->judge(edit->ctx, row)
                              : FIRN_TEST_KEEP;
        if (op->verdicts[i] != FIRN_TEST_KEEP) op->is_touched[row->task] = true;
    }
    return FIRN_OK;
}

/* Whole files go, with the deletes that are about them alone; what stays of them is written. */
static firn_status replace_files(edit_op *op, firn_error *err)
{
    for (size_t i = 0; i < op->rows.plan.n_tasks; i++) {
        const firn_scan_task *task = &op->rows.plan.tasks[i];
        if (!op->is_touched[i]) continue;
        FIRN_TRY(push_removed(op, task->file, err));
        for (size_t d = 0; d < task->n_deletes; d++)
            FIRN_TRY(push_removed(op, &task->deletes[d]->file, err));
    }
    for (size_t i = 0; i < op->rows.n; i++) {
        const firn_test_row *row = &op->rows.items[i];
        if (op->is_touched[row->task] && op->verdicts[i] != FIRN_TEST_DELETE)
            FIRN_TRY(push_written(op, row, err));
    }
    return FIRN_OK;
}

/* Positions that are not live after the change; in format version 2 only those that go now. */
static firn_status dead_positions(const edit_op *op, size_t task, bool is_whole, firn_bitmap *out,
                                  firn_error *err)
{
    const int64_t n = op->rows.plan.tasks[task].file->record_count;
    bool *is_live = firn_arena_array(op->t->arena, (size_t)n, sizeof *is_live);
    if (!is_live) return firn_fail_nomem(err);
    for (int64_t p = 0; p < n; p++) is_live[p] = !is_whole;
    for (size_t i = 0; i < op->rows.n; i++)
        if (op->rows.items[i].task == task)
            is_live[op->rows.items[i].pos] = op->verdicts[i] == FIRN_TEST_KEEP;
    for (int64_t p = 0; p < n; p++)
        if (!is_live[p]) FIRN_TRY(firn_bitmap_add(out, (uint64_t)p, err));
    return FIRN_OK;
}

static firn_status write_deletes(edit_op *op, firn_row_delete *deletes, firn_bitmap **bitmaps,
                                 size_t n, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(op->t->table);
    firn_data_file *files = NULL;
    for (size_t i = 0; i < n; i++) deletes[i].positions = bitmaps[i];
    FIRN_TRY(firn_delete_files_write(op->t->env, op->t->store, m, deletes, n, op->t->arena, &files,
                                     err));
    for (size_t i = 0; i < n; i++) {
        firn_data_file *slot = firn_arena_push(op->t->arena, &op->added.items, &op->added.n,
                                               &op->added.cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot = files[i];
    }
    return FIRN_OK;
}

static firn_status mark_deleted(edit_op *op, firn_error *err)
{
    const size_t n_tasks = op->rows.plan.n_tasks;
    firn_row_delete *deletes = firn_arena_array(op->t->arena, n_tasks, sizeof *deletes);
    firn_bitmap **bitmaps = firn_arena_array(op->t->arena, n_tasks, sizeof *bitmaps);
    size_t n = 0;
    firn_status st = deletes && bitmaps ? FIRN_OK : firn_fail_nomem(err);
    for (size_t i = 0; i < n_tasks && st == FIRN_OK; i++) {
        const firn_scan_task *task = &op->rows.plan.tasks[i];
        if (!op->is_touched[i]) continue;
        deletes[n].file = task->file;
        st = firn_bitmap_create(NULL, &bitmaps[n], err);
        if (st != FIRN_OK) break;
        n++;
        st = dead_positions(op, i, op->has_lineage, bitmaps[n - 1], err);
        for (size_t d = 0; d < task->n_deletes && st == FIRN_OK && op->has_lineage; d++)
            st = push_removed(op, &task->deletes[d]->file, err);
    }
    if (st == FIRN_OK && n > 0) st = write_deletes(op, deletes, bitmaps, n, err);
    for (size_t i = 0; i < n; i++) firn_bitmap_destroy(bitmaps[i]);
    for (size_t i = 0; i < op->rows.n && st == FIRN_OK; i++)
        if (op->verdicts[i] == FIRN_TEST_UPDATE) st = push_written(op, &op->rows.items[i], err);
    return st;
}

static int64_t head_of(const firn_table_metadata *m, const char *branch)
{
    if (!branch) return m->current_snapshot_id;
    const firn_snapshot_ref *ref = firn_metadata_find_ref(m, firn_str_of(branch));
    return ref ? ref->snapshot_id : -1;
}

static bool has_updates(const edit_op *op)
{
    for (size_t i = 0; i < op->rows.n; i++)
        if (op->verdicts && op->verdicts[i] == FIRN_TEST_UPDATE) return true;
    return false;
}

static firn_status add_change(edit_op *op, firn_txn *txn, int64_t from, firn_error *err)
{
    static const firn_change_kind k_kinds[] = {
        [FIRN_TEST_INSERT] = FIRN_CHANGE_APPEND,
        [FIRN_TEST_COPY_ON_WRITE] = FIRN_CHANGE_OVERWRITE,
        [FIRN_TEST_MERGE_ON_READ] = FIRN_CHANGE_ROW_DELTA,
        [FIRN_TEST_REPLACE] = FIRN_CHANGE_REPLACE_PARTITIONS,
        [FIRN_TEST_COMPACT] = FIRN_CHANGE_REWRITE,
    };
    const firn_change change = {.kind = k_kinds[op->edit->kind],
                                .branch = firn_str_of(op->edit->branch),
                                .added = op->added.items,
                                .n_added = op->added.n,
                                .removed = op->removed,
                                .n_removed = op->n_removed,
                                .from_snapshot_id = from,
                                .isolation = op->edit->isolation,
                                .is_update = has_updates(op),
                                .carries_row_ids = op->has_lineage};
    if (op->added.n == 0 && op->n_removed == 0) return FIRN_OK;
    return firn_txn_change_files(txn, &change, err);
}

firn_status firn_test_rows_edit(const firn_test_row_table *t, firn_txn *txn,
                                const firn_test_edit *edit, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    const int64_t from = head_of(m, edit->branch);
    edit_op op = {.t = t, .edit = edit, .has_lineage = m->format_version >= 3};
    if (edit->kind != FIRN_TEST_INSERT && edit->kind != FIRN_TEST_REPLACE) {
        FIRN_TRY(firn_test_rows_read(t, from, &op.rows, err));
        FIRN_TRY(judge_rows(&op, err));
        FIRN_TRY(edit->kind == FIRN_TEST_MERGE_ON_READ ? mark_deleted(&op, err)
                                                       : replace_files(&op, err));
        FIRN_TRY(write_rows(t, op.written, op.n_written, op.has_lineage, &op.added, err));
    }
    FIRN_TRY(write_rows(t, edit->inserted, edit->n_inserted, false, &op.added, err));
    return add_change(&op, txn, from, err);
}

/* Before the handle shows the new shape. */
static firn_status remove_all(edit_op *op, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(op->t->table);
    const firn_plan_opts opts = {0};
    if (m->current_snapshot_id == -1) return FIRN_OK;
    FIRN_TRY(firn_scan_plan_files(op->t->env, op->t->store, m, &opts, op->t->arena, &op->rows.plan,
                                  err));
    for (size_t i = 0; i < op->rows.plan.n_tasks; i++) {
        const firn_scan_task *task = &op->rows.plan.tasks[i];
        FIRN_TRY(push_removed(op, task->file, err));
        for (size_t d = 0; d < task->n_deletes; d++)
            FIRN_TRY(push_removed(op, &task->deletes[d]->file, err));
    }
    return FIRN_OK;
}

firn_status firn_test_rows_replace_table(const firn_test_row_table *t, firn_txn *txn,
                                         bool is_partitioned, const firn_test_row *rows, size_t n,
                                         firn_error *err)
{
    const firn_test_edit edit = {.kind = FIRN_TEST_COPY_ON_WRITE};
    const firn_partition_spec spec = {.fields = &k_by_grp, .n_fields = is_partitioned ? 1 : 0};
    const int64_t from = firn_table_metadata_of(t->table)->current_snapshot_id;
    edit_op op = {.t = t, .edit = &edit, .has_lineage = true}; /* no row is kept */
    FIRN_TRY(remove_all(&op, err));
    FIRN_TRY(firn_txn_replace_table(txn, FIRN_TABLE_CREATE_OPTS(.schema = &k_schema, .spec = &spec),
                                    err));
    FIRN_TRY(write_rows(t, rows, n, false, &op.added, err));
    return add_change(&op, txn, from, err);
}

/* ---- digests ---- */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 29;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    return x ^ x >> 32;
}

void firn_test_digest_add(firn_test_digest *digest, const firn_test_row *row)
{
    digest->n++;
    digest->sum += row->val;
    digest->hash += mix((uint64_t)row->id) ^ mix((uint64_t)row->val + 77) ^
                    mix((uint64_t)(uint32_t)row->grp + 12345);
}

bool firn_test_digest_equals(const firn_test_digest *a, const firn_test_digest *b)
{
    return a->n == b->n && a->sum == b->sum && a->hash == b->hash;
}
