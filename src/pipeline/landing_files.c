/* SPDX-License-Identifier: Apache-2.0 */
/* The landing folder's listing and the ledger of loaded files. */
#include <limits.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/read.h"
#include "pipeline/landing.h"
#include "pipeline/line_source.h"

typedef struct listing {
    firn_run *run;
    firn_str folder; /* with a trailing slash */
    firn_landing_file *files;
    size_t n, cap;
} listing;

static bool is_landing_name(firn_str name, firn_landing_format format)
{
    static const char *const k_ndjson[] = {".ndjson", ".jsonl", ".json", NULL};
    static const char *const k_csv[] = {".csv", NULL};
    const char *const *endings = format == FIRN_LANDING_CSV ? k_csv : k_ndjson;
    firn_str plain = name;
    for (size_t i = 0; i < name.len; i++) {
        const bool is_start = i == 0 || name.data[i - 1] == '/';
        if (is_start && (name.data[i] == '.' || name.data[i] == '_')) return false;
    }
    if (firn_str_ends_with(name, FIRN_STR(".gz"))) plain.len -= 3;
    for (; *endings; endings++) {
        if (firn_str_ends_with(plain, firn_str_of(*endings))) return true;
    }
    return false;
}

static firn_status add_file(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    listing *l = ctx;
    firn_str name = entry->path;
    const size_t at = firn_str_find(name, l->folder, 0);
    if (at != SIZE_MAX) name = firn_str_slice(name, at + l->folder.len, name.len);
    if (!is_landing_name(name, l->run->model->landing_format)) return FIRN_OK;
    firn_landing_file *f = firn_arena_push(l->run->arena, &l->files, &l->n, &l->cap, sizeof *f);
    if (!f) return firn_fail_nomem(err);
    f->path = firn_arena_copy(l->run->arena, entry->path);
    f->name = firn_arena_copy(l->run->arena, name);
    f->size_bytes = entry->size_bytes;
    f->modified_us = entry->modified_us;
    return f->path.data && f->name.data ? FIRN_OK : firn_fail_nomem(err);
}

static int by_name(const void *a, const void *b)
{
    return firn_str_compare(((const firn_landing_file *)a)->name,
                            ((const firn_landing_file *)b)->name);
}

firn_status firn_landing_list(firn_run *run, firn_landing_file **out, size_t *n_out,
                              firn_error *err)
{
    listing l = {.run = run};
    firn_str folder = run->model->landing_path;
    char real[PATH_MAX];

    if (firn_str_find(folder, FIRN_STR(":/"), 0) == SIZE_MAX) {
        const firn_str path = firn_arena_copy(run->arena, folder);
        if (!path.data) return firn_fail_nomem(err);
        if (!realpath(path.data, real)) {
            const firn_status st =
                firn_fail(err, FIRN_ERR_NOT_FOUND, "no landing folder %.*s", FIRN_STR_ARG(folder));
            return firn_error_hint(err, st, "model %.*s reads it; check --set",
                                   FIRN_STR_ARG(run->model->name));
        }
        folder = firn_str_of(real);
    }
    while (folder.len > 1 && folder.data[folder.len - 1] == '/') folder.len--;
    l.folder = firn_arena_printf(run->arena, "%.*s/", FIRN_STR_ARG(folder));
    if (!l.folder.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_store_list(run->store, l.folder, add_file, &l, err));
    if (l.n) qsort(l.files, l.n, sizeof *l.files, by_name);
    *out = l.files;
    *n_out = l.n;
    return FIRN_OK;
}

static firn_status add_entries(firn_run *run, const firn_batch *batch, firn_ledger *out,
                               firn_error *err)
{
    for (int64_t r = 0; r < batch->n_rows; r++) {
        firn_ledger_entry *e = firn_arena_alloc_zero(run->arena, sizeof *e);
        if (!e) return firn_fail_nomem(err);
        const firn_str name =
            firn_arena_copy(run->arena, firn_column_get(&batch->columns[0], r).as.bytes);
        e->size_bytes = firn_column_get(&batch->columns[1], r).as.i64;
        e->modified_us = firn_column_get(&batch->columns[2], r).as.i64;
        e->hash = firn_arena_copy(run->arena, firn_column_get(&batch->columns[3], r).as.bytes);
        e->n_rows = firn_column_get(&batch->columns[4], r).as.i64;
        e->n_bad_lines = firn_column_get(&batch->columns[5], r).as.i64;
        e->loaded_us = firn_column_get(&batch->columns[6], r).as.i64;
        if (!name.data || !e->hash.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_map_put(&out->entries, name, e, err));
    }
    return FIRN_OK;
}

static firn_status read_entries(firn_run *run, firn_scan_queue *queue, const firn_type *projection,
                                firn_ledger *out, firn_error *err)
{
    firn_scan_reader *reader = NULL;
    firn_batch *batch = NULL;
    firn_status st = firn_scan_reader_open(queue, projection, firn_expr_true(), &reader, err);
    if (st == FIRN_OK) st = firn_batch_create(projection, FIRN_BATCH_ROWS, &batch, err);
    while (st == FIRN_OK) {
        firn_batch_reset(batch);
        st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, batch, NULL, err);
        if (st == FIRN_OK) st = add_entries(run, batch, out, err);
    }
    firn_batch_destroy(batch);
    firn_scan_reader_close(reader);
    return st == FIRN_DONE ? FIRN_OK : st;
}

firn_status firn_ledger_read(firn_run *run, const firn_table *table, firn_ledger *out,
                             firn_error *err)
{
    enum { N_COLUMNS = 7 };
    static const char *const names[N_COLUMNS] = {"source_file",  "size_bytes", "modified_at",
                                                 "content_hash", "row_count",  "quarantined_count",
                                                 "loaded_at"};
    firn_field fields[N_COLUMNS];
    firn_scan_plan plan = {0};
    firn_scan_queue *queue = NULL;

    *out = (firn_ledger){.snapshot_id = -1};
    firn_map_init(&out->entries, run->arena);
    if (!table) return FIRN_OK;
    const firn_table_metadata *metadata = firn_table_metadata_of(table);
    out->snapshot_id = metadata->current_snapshot_id;
    if (out->snapshot_id < 0) return FIRN_OK;
    for (size_t i = 0; i < N_COLUMNS; i++) {
        const firn_field *f =
            firn_schema_find_name(firn_metadata_schema(metadata), firn_str_of(names[i]));
        if (!f)
            return firn_fail(err, FIRN_ERR_CORRUPT, "ledger %.*s_files has no column %s",
                             FIRN_STR_ARG(run->model->name), names[i]);
        fields[i] = *f;
    }
    const firn_type projection = {
        .kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = N_COLUMNS};
    const firn_plan_opts opts = {0};
    FIRN_TRY(firn_scan_plan_files(run->env, run->store, metadata, &opts, run->arena, &plan, err));
    out->data_files = firn_arena_array(run->arena, plan.n_tasks, sizeof *out->data_files);
    if (!out->data_files) return firn_fail_nomem(err);
    for (size_t i = 0; i < plan.n_tasks; i++) out->data_files[i] = plan.tasks[i].file->path;
    out->n_data_files = plan.n_tasks;
    FIRN_TRY(firn_scan_queue_create(run->env, run->store, metadata, &plan, &queue, err));
    const firn_status st = read_entries(run, queue, &projection, out, err);
    firn_scan_queue_destroy(queue);
    return st;
}

static firn_status hash_file(firn_run *run, firn_str path, char hash[33], firn_error *err)
{
    firn_line_source *source = NULL;
    FIRN_TRY(firn_line_source_create(run->env, run->store, &source, err));
    const firn_status st = firn_line_source_hash_file(source, path, hash, err);
    firn_line_source_destroy(source);
    return st;
}

/* A loaded file that looks different now: the same bytes with a new time are fine. */
static firn_status check_loaded(firn_run *run, const firn_landing_file *file,
                                const firn_ledger_entry *entry, firn_error *err)
{
    char hash[33] = "";
    if (file->size_bytes == entry->size_bytes && file->modified_us == entry->modified_us)
        return FIRN_OK;
    if (file->size_bytes == entry->size_bytes) {
        FIRN_TRY(hash_file(run, file->path, hash, err));
        if (firn_str_equals(firn_str_of(hash), entry->hash)) return FIRN_OK;
    }
    return firn_run_warn(run, err,
                         "%.*s changed after it was loaded (%lld bytes then, %lld now); its new "
                         "content was not read: give it a new name to load it",
                         FIRN_STR_ARG(file->name), (long long)entry->size_bytes,
                         (long long)file->size_bytes);
}

firn_status firn_ledger_subtract(firn_run *run, const firn_ledger *ledger, firn_landing_file *files,
                                 size_t *n, firn_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        const firn_ledger_entry *entry = firn_map_find(&ledger->entries, files[i].name);
        if (entry)
            FIRN_TRY(check_loaded(run, &files[i], entry, err));
        else
            files[kept++] = files[i];
    }
    *n = kept;
    return FIRN_OK;
}
