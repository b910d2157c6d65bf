/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the current snapshot's data files against their manifest entries: counts, bounds and
 * partition values. Deleted rows count: metrics are of the file. */
#include <inttypes.h>

#include "base/str.h"
#include "iceberg/check/column_tally.h"
#include "iceberg/check/doctor.h"
#include "iceberg/check/doctor_partition.h"
#include "iceberg/expr/expr_value.h"
#include "iceberg/scan/read.h"
#include "iceberg/scan/row_file.h"
#include "iceberg/spec/transform.h"

struct row_check {
    firn_doctor *d;
    firn_arena *scratch; /* of one file */
    const firn_live_file *live;
    const firn_data_file *file;
    const firn_type *columns;
    firn_column_tally *tallies;
    size_t n_tallies;
    int64_t n_rows;
    bool has_wrong_partition;
};

/* ---- partition values ---- */

static const firn_column_tally *find_tally(const struct row_check *c, int32_t id)
{
    for (size_t i = 0; i < c->n_tallies; i++)
        if (c->tallies[i].field->id == id) return &c->tallies[i];
    return NULL;
}

static firn_status check_partition(struct row_check *c, const firn_batch *batch, int64_t row,
                                   size_t i)
{
    const firn_partition_field *field = &c->live->spec->fields[i];
    const firn_column_tally *source = find_tally(c, field->source_id);
    const firn_value *want = &c->file->partition[i];
    firn_value result;
    if (!source || field->n_source_ids > 0 || field->transform.kind == FIRN_TRANSFORM_VOID ||
        field->transform.kind == FIRN_TRANSFORM_UNKNOWN)
        return FIRN_OK;
    const firn_value value = firn_column_tally_value(source, batch, row);
    firn_arena *arena = c->scratch;
    const firn_status st =
        firn_transform_apply(&field->transform, source->field->type, &value, arena, &result, NULL);
    if (st == FIRN_ERR_NOMEM) return firn_fail_nomem(c->d->err);
    if (st != FIRN_OK || firn_doctor_same_partition(&field->transform, &result, want))
        return FIRN_OK;
    c->has_wrong_partition = true;
    return FIRN_FOUND(c->d, FIRN_FINDING_PARTITION,
                      "%.*s: row %" PRId64 " is of another partition \"%.*s\" than its file",
                      FIRN_STR_ARG(c->file->path), c->n_rows + row, FIRN_STR_ARG(field->name));
}

/* ---- rows ---- */

static firn_status add_batch(struct row_check *c, const firn_batch *batch)
{
    const size_t n_fields = c->live->spec ? c->live->spec->n_fields : 0;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        for (size_t i = 0; i < n_fields && i < c->file->n_partition && !c->has_wrong_partition; i++)
            FIRN_TRY(check_partition(c, batch, row, i));
        for (size_t i = 0; i < c->n_tallies; i++) {
            const firn_value value = firn_column_tally_value(&c->tallies[i], batch, row);
            FIRN_TRY(firn_column_tally_add(&c->tallies[i], &value, c->d->err));
        }
    }
    c->n_rows += batch->n_rows;
    return FIRN_OK;
}

/* *why: of a failure to read. */
static firn_status read_rows(struct row_check *c, firn_scan_reader *reader, firn_batch *batch,
                             firn_error *why)
{
    for (;;) {
        firn_batch_reset(batch);
        const firn_status st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, batch, NULL, why);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        const firn_status added = add_batch(c, batch);
        if (added == FIRN_OK) continue;
        *why = c->d->err ? *c->d->err : (firn_error){.status = added};
        return added;
    }
}

static firn_status read_file(struct row_check *c, firn_error *why)
{
    firn_scan_task task = {.file = c->file,
                           .spec = c->live->spec,
                           .sequence_number = c->live->entry.sequence_number,
                           .snapshot_id = c->live->entry.snapshot_id,
                           .residual = firn_expr_true()};
    const firn_scan_plan plan = {.tasks = &task, .n_tasks = 1};
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    firn_batch *batch = NULL;
    firn_status st =
        firn_scan_queue_create(c->d->env, c->d->store, c->d->metadata, &plan, &queue, why);
    if (st == FIRN_OK)
        st = firn_scan_reader_open(queue, c->columns, firn_expr_true(), &reader, why);
    if (st == FIRN_OK) st = firn_batch_create(c->columns, FIRN_BATCH_ROWS, &batch, why);
    if (st == FIRN_OK) st = read_rows(c, reader, batch, why);
    firn_batch_destroy(batch);
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    return st;
}

/* ---- findings ---- */

/* One finding a column; the last one's file has all corrections, which the repair takes. */
static firn_status compare(struct row_check *c)
{
    firn_doctor *d = c->d;
    firn_data_file *right = firn_arena_alloc(d->arena, sizeof *right);
    if (!right) return firn_fail_nomem(d->err);
    *right = *c->file;
    if (c->n_rows != c->file->record_count) {
        right->record_count = c->n_rows;
        FIRN_TRY(firn_doctor_add_files(
            d, FIRN_FINDING_COUNT, FIRN_REPAIR_ENTRIES, right, 1,
            firn_arena_printf(d->arena, "%.*s has %" PRId64 " rows, its entry says %" PRId64,
                              FIRN_STR_ARG(c->file->path), c->n_rows, c->file->record_count)));
    }
    for (size_t i = 0; i < c->n_tallies; i++) {
        firn_str what;
        const firn_column_tally *tally = &c->tallies[i];
        FIRN_TRY(firn_column_tally_check(tally, c->file, d->arena, &what, d->err));
        if (what.len == 0) continue;
        FIRN_TRY(firn_column_tally_correct(tally, right, d->arena, d->err));
        FIRN_TRY(firn_doctor_add_files(d, FIRN_FINDING_METRICS, FIRN_REPAIR_ENTRIES, right, 1,
                                       firn_arena_printf(d->arena, "%.*s: column \"%.*s\" has %.*s",
                                                         FIRN_STR_ARG(c->file->path),
                                                         FIRN_STR_ARG(tally->name),
                                                         FIRN_STR_ARG(what))));
    }
    return FIRN_OK;
}

static firn_status check_file(struct row_check *c, const firn_live_file *live)
{
    bool is_there = false;
    firn_error why = {0};
    c->live = live;
    c->file = &live->entry.file;
    c->n_rows = 0;
    c->has_wrong_partition = false;
    firn_column_tallies_reset(c->tallies, c->n_tallies);
    FIRN_TRY(firn_env_check_cancel(c->d->env, c->d->err));
    FIRN_TRY(firn_doctor_check_file(c->d, "data file", c->file->path, -1, &is_there));
    if (!is_there || !live->spec || firn_row_format_check(c->file->format, c->file->path, NULL))
        return FIRN_OK; /* said already */
    const firn_status st = read_file(c, &why);
    c->d->report->n_rows += c->n_rows;
    firn_arena_reset(c->scratch);
    if (st == FIRN_ERR_UNSUPPORTED) return firn_doctor_note_unread(c->d, &why);
    return st == FIRN_OK ? compare(c) : firn_doctor_note_failure(c->d, st, &why);
}

/* ---- delete files ---- */

/* Counting rows reads the delete files that apply, and no column. */
static firn_status read_deletes(firn_doctor *d, const firn_scan_task *task)
{
    firn_error why = {0};
    firn_scan_task copy = *task;
    const firn_type none = {.kind = FIRN_TYPE_STRUCT};
    const firn_scan_plan plan = {.tasks = &copy, .n_tasks = 1};
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    firn_batch batch = {0};
    firn_status st = firn_scan_queue_create(d->env, d->store, d->metadata, &plan, &queue, &why);
    if (st == FIRN_OK) st = firn_scan_reader_open(queue, &none, firn_expr_true(), &reader, &why);
    while (st == FIRN_OK) st = firn_scan_reader_next(reader, INT64_MAX, &batch, NULL, &why);
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    const bool is_done = st == FIRN_DONE || st == FIRN_ERR_UNSUPPORTED;
    return is_done ? FIRN_OK : firn_doctor_note_failure(d, st, &why);
}

static firn_status check_deletes(firn_doctor *d)
{
    firn_error why = {0};
    firn_scan_plan plan;
    const firn_plan_opts opts = {.snapshot_id = d->snapshot->snapshot_id};
    const firn_status st =
        firn_scan_plan_files(d->env, d->store, d->metadata, &opts, d->arena, &plan, &why);
    if (st != FIRN_OK) return firn_doctor_note_failure(d, st, &why);
    for (size_t i = 0; i < plan.n_tasks; i++)
        if (plan.tasks[i].n_deletes > 0) FIRN_TRY(read_deletes(d, &plan.tasks[i]));
    return FIRN_OK;
}

/* ---- all files ---- */

/* Columns that have leaves to look at. */
static firn_status pick_columns(struct row_check *c, firn_type *out)
{
    const firn_type *root = &firn_metadata_schema(c->d->metadata)->root;
    firn_field *fields = firn_arena_array(c->d->arena, root->n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(c->d->err);
    *out = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields};
    for (size_t i = 0; i < root->n_fields; i++) {
        const firn_type_kind kind = root->fields[i].type->kind;
        if (kind != FIRN_TYPE_LIST && kind != FIRN_TYPE_MAP && kind != FIRN_TYPE_UNKNOWN)
            fields[out->n_fields++] = root->fields[i];
    }
    c->columns = out;
    return firn_column_tallies_make(out, c->d->arena, &c->tallies, &c->n_tallies, c->d->err);
}

firn_status firn_doctor_rows(firn_doctor *d, const firn_live_files *live)
{
    struct row_check c = {.d = d};
    firn_type columns;
    FIRN_TRY(pick_columns(&c, &columns));
    c.scratch = firn_arena_create(d->env->alloc, 0);
    firn_status st = c.scratch ? FIRN_OK : firn_fail_nomem(d->err);
    for (size_t i = 0; i < live->n_files && st == FIRN_OK; i++)
        if (live->files[i].entry.file.content == FIRN_CONTENT_DATA)
            st = check_file(&c, &live->files[i]);
    firn_column_tallies_dispose(c.tallies, c.n_tallies);
    firn_arena_destroy(c.scratch);
    return st == FIRN_OK ? check_deletes(d) : st;
}
