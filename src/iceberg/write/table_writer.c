/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to data files: one open file per partition, closed when it reaches the target size, when
 * too many are open, or when together they hold too much memory.
 *
 * Files that are full wait for the disk in groups, because many take hardly longer than one.
 *
 * Names are <folder>/<partition path>/<number>-<partition>-<uuid>.<format>; the uuid is the
 * writer's, so two writers never meet. */
#include "iceberg/write/table_writer.h"

#include <inttypes.h>

#include "base/error.h"
#include "iceberg/write/data_file_output.h"
#include "iceberg/write/partition_split.h"
#include "iceberg/write/writer_config.h"

/* Below the usual limit of 1024 open descriptors; the memory budget closes files earlier if need
 * be. */
#define K_DEFAULT_OPEN_PARTITIONS 500
#define K_GROUP                   32                  /* files that wait for the disk together, */
#define K_GROUP_BYTES             ((int64_t)64 << 20) /* or fewer: the disk shall have work early */

struct open_file {
    firn_data_file_output output;
    firn_partition *partition; /* NULL: slot is free */
    int64_t last_used;
};

struct firn_table_writer {
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    const firn_schema *schema;
    const firn_partition_spec *spec;
    firn_writer_config config;
    firn_parquet_workspace *workspace; /* of all files: one is written at a time */
    firn_partition_splitter *splitter;
    struct open_file *open; /* n_slots; the partition's user points into it */
    size_t n_slots;
    int64_t tick;
    firn_data_file *files; /* ended, the last n_waiting of them not finished */
    size_t n_files, cap_files;
    firn_store_writer *waiting[K_GROUP];
    size_t n_waiting;
    int64_t waiting_bytes;
    int64_t n_made; /* files begun, for names */
    int64_t n_rows;
    char uuid[37];
    /* Of the batch being split. */
    firn_partition **row_partitions;
    int64_t *rows;
    size_t cap_rows;
    bool is_handed_over;
    bool is_failed;
};

/* ---- create ---- */

static firn_status init_writer(firn_table_writer *w, const firn_table_metadata *metadata,
                               const firn_table_writer_opts *opts, firn_error *err)
{
    int64_t n_open = K_DEFAULT_OPEN_PARTITIONS;
    w->schema = firn_metadata_schema(metadata);
    w->spec = firn_metadata_spec(metadata);
    if (opts && opts->schema) w->schema = opts->schema;
    if (opts && opts->spec) w->spec = opts->spec;
    if (opts && opts->max_open_partitions > 0) n_open = opts->max_open_partitions;
    FIRN_TRY(firn_writer_config__read(metadata, w->schema, w->arena, &w->config, err));
    if (opts && opts->target_file_bytes > 0) w->config.target_file_bytes = opts->target_file_bytes;
    FIRN_TRY(
        firn_parquet_workspace_create(firn_env_pool(w->env), w->env->alloc, &w->workspace, err));
    w->config.files.parquet.workspace = w->workspace;
    w->config.files.parquet.alloc = w->env->alloc;
    w->n_slots = w->spec->n_fields == 0 ? 1 : (size_t)n_open;
    w->open = firn_arena_array(w->arena, w->n_slots, sizeof *w->open);
    if (!w->open) return firn_fail_nomem(err);
    firn_random_uuid(w->env->random, w->uuid);
    return firn_partition_splitter_create(w->schema, w->spec, w->arena, &w->splitter, err);
}

firn_status firn_table_writer_create(firn_env *env, firn_store *store,
                                     const firn_table_metadata *metadata,
                                     const firn_table_writer_opts *opts, firn_table_writer **out,
                                     firn_error *err)
{
    *out = NULL;
    firn_table_writer *w = firn_mem_alloc_zero(env->alloc, sizeof *w);
    if (!w) return firn_fail_nomem(err);
    w->env = env;
    w->store = store;
    w->arena = firn_arena_create(env->alloc, 0);
    const firn_status st = w->arena ? init_writer(w, metadata, opts, err) : firn_fail_nomem(err);
    if (st != FIRN_OK) {
        firn_table_writer_destroy(w);
        return st;
    }
    *out = w;
    return FIRN_OK;
}

void firn_table_writer_destroy(firn_table_writer *writer)
{
    if (!writer) return;
    for (size_t i = 0; writer->open && i < writer->n_slots; i++)
        if (writer->open[i].partition) firn_data_file_output__abandon(&writer->open[i].output);
    for (size_t i = 0; i < writer->n_waiting; i++) firn_store_abandon(writer->waiting[i]);
    if (!writer->is_handed_over)
        firn_data_files_remove(writer->env, writer->store, writer->files, writer->n_files);
    firn_parquet_workspace_destroy(writer->workspace);
    firn_partition_splitter_destroy(writer->splitter);
    firn_arena_destroy(writer->arena);
    firn_mem_free(writer->env->alloc, writer);
}

int64_t firn_table_writer_rows(const firn_table_writer *writer)
{
    return writer->n_rows;
}

/* ---- files ---- */

/* After a failure it is not known which files are behind their names. They are ours alone, so
 * removing them is safe. */
static firn_status finish_waiting(firn_table_writer *w, firn_error *err)
{
    const size_t n = w->n_waiting;
    w->n_waiting = 0;
    w->waiting_bytes = 0;
    FIRN_TRY(firn_store_finish_content(w->waiting, n, err));
    for (size_t i = 0; i < n; i++)
        FIRN_TRY(firn_env_failpoint(w->env, "writer.file.after_finish", err));
    return FIRN_OK;
}

/* The entry is listed before the file is finished, so that no finished file is forgotten. */
static firn_status close_file(firn_table_writer *w, struct open_file *file, firn_error *err)
{
    firn_partition *partition = file->partition;
    firn_data_file *slot =
        firn_arena_push(w->arena, &w->files, &w->n_files, &w->cap_files, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    slot->path = file->output.path;
    file->partition = NULL;
    partition->user = NULL;
    const firn_status st =
        firn_data_file_output__seal(&file->output, w->arena, slot, &w->waiting[w->n_waiting], err);
    firn_data_file_output__abandon(&file->output);
    if (st != FIRN_OK) {
        slot->path = file->output.path;
        return st;
    }
    slot->spec_id = w->spec->spec_id;
    slot->partition = partition->values;
    slot->n_partition = w->spec->n_fields;
    w->n_waiting++;
    w->waiting_bytes += slot->file_size_bytes;
    return w->n_waiting == K_GROUP || w->waiting_bytes >= K_GROUP_BYTES ? finish_waiting(w, err)
                                                                        : FIRN_OK;
}

static struct open_file *least_recently_used(firn_table_writer *w)
{
    struct open_file *oldest = &w->open[0];
    for (size_t i = 0; i < w->n_slots; i++) {
        if (!w->open[i].partition) return &w->open[i];
        if (w->open[i].last_used < oldest->last_used) oldest = &w->open[i];
    }
    return oldest;
}

static firn_status open_file(firn_table_writer *w, firn_partition *partition, firn_error *err)
{
    struct open_file *file = least_recently_used(w);
    if (file->partition) FIRN_TRY(close_file(w, file, err));
    const firn_str path = firn_arena_printf(
        w->arena, "%.*s/%.*s%s%05" PRId64 "-%zu-%s.%s", FIRN_STR_ARG(w->config.folder),
        FIRN_STR_ARG(partition->path), partition->path.len > 0 ? "/" : "", w->n_made,
        partition->index, w->uuid, firn_row_file_suffix(w->config.files.format));
    if (!path.data) return firn_fail_nomem(err);
    w->n_made++;
    FIRN_TRY(firn_data_file_output__open(w->env, w->store, path, &w->schema->root, &w->config.files,
                                         &file->output, err));
    file->partition = partition;
    partition->user = file;
    return FIRN_OK;
}

static firn_status need_file(firn_table_writer *w, firn_partition *partition,
                             struct open_file **out, firn_error *err)
{
    if (!partition->user) FIRN_TRY(open_file(w, partition, err));
    *out = partition->user;
    (*out)->last_used = ++w->tick;
    return FIRN_OK;
}

static firn_status roll_if_full(firn_table_writer *w, struct open_file *file, firn_error *err)
{
    if (firn_data_file_output__size(&file->output) < w->config.target_file_bytes) return FIRN_OK;
    return close_file(w, file, err);
}

/* Half of the operation's budget for what open files hold; beyond it the fullest one is closed. */
static firn_status keep_in_budget(firn_table_writer *w, firn_error *err)
{
    if (w->n_slots == 1) return FIRN_OK;
    for (;;) {
        int64_t total = 0;
        struct open_file *fullest = NULL;
        for (size_t i = 0; i < w->n_slots; i++) {
            if (!w->open[i].partition) continue;
            const int64_t n = firn_data_file_output__buffered(&w->open[i].output);
            total += n;
            if (!fullest || n > firn_data_file_output__buffered(&fullest->output))
                fullest = &w->open[i];
        }
        if (!fullest || total <= w->env->memory_bytes / 2) return FIRN_OK;
        FIRN_TRY(close_file(w, fullest, err));
    }
}

/* ---- append ---- */

static firn_status append_whole(firn_table_writer *w, firn_partition *partition,
                                const firn_batch *batch, firn_error *err)
{
    struct open_file *file = NULL;
    FIRN_TRY(need_file(w, partition, &file, err));
    FIRN_TRY(firn_data_file_output__append(&file->output, batch, err));
    return roll_if_full(w, file, err);
}

static firn_status reserve_rows(firn_table_writer *w, int64_t n_rows, firn_error *err)
{
    const size_t n = (size_t)n_rows;
    if (n <= w->cap_rows) return FIRN_OK;
    w->row_partitions = firn_arena_array(w->arena, n, sizeof(firn_partition *));
    w->rows = firn_arena_array(w->arena, n, sizeof *w->rows);
    if (!w->row_partitions || !w->rows) return firn_fail_nomem(err);
    w->cap_rows = n;
    return FIRN_OK;
}

static bool is_one_partition(const firn_table_writer *w, int64_t n_rows)
{
    for (int64_t i = 1; i < n_rows; i++)
        if (w->row_partitions[i] != w->row_partitions[0]) return false;
    return true;
}

/* All rows of the partition of row first, which are then marked done. */
static firn_status append_partition(firn_table_writer *w, const firn_batch *batch, int64_t first,
                                    firn_error *err)
{
    struct open_file *file = NULL;
    firn_partition *partition = w->row_partitions[first];
    int64_t n = 0;
    for (int64_t i = first; i < batch->n_rows; i++) {
        if (w->row_partitions[i] != partition) continue;
        w->rows[n++] = i;
        w->row_partitions[i] = NULL;
    }
    FIRN_TRY(need_file(w, partition, &file, err));
    FIRN_TRY(firn_data_file_output__append_rows(&file->output, &w->schema->root, batch, w->rows, n,
                                                err));
    return roll_if_full(w, file, err);
}

static firn_status append_batch(firn_table_writer *w, const firn_batch *batch, firn_error *err)
{
    if (w->spec->n_fields == 0) {
        firn_partition *only = NULL;
        FIRN_TRY(firn_partition_splitter_only(w->splitter, &only, err));
        return append_whole(w, only, batch, err);
    }
    FIRN_TRY(reserve_rows(w, batch->n_rows, err));
    FIRN_TRY(firn_partition_splitter_assign(w->splitter, batch, w->row_partitions, err));
    if (is_one_partition(w, batch->n_rows))
        FIRN_TRY(append_whole(w, w->row_partitions[0], batch, err));
    else
        for (int64_t i = 0; i < batch->n_rows; i++)
            if (w->row_partitions[i]) FIRN_TRY(append_partition(w, batch, i, err));
    return keep_in_budget(w, err);
}

firn_status firn_table_writer_append(firn_table_writer *writer, const firn_batch *batch,
                                     firn_error *err)
{
    if (writer->is_failed || writer->is_handed_over)
        return firn_fail(err, FIRN_ERR_ARG, "table writer has failed or is finished");
    if (batch->n_columns != writer->schema->root.n_fields)
        return firn_fail(err, FIRN_ERR_ARG, "batch has %zu columns, table has %zu",
                         batch->n_columns, writer->schema->root.n_fields);
    if (batch->n_rows == 0) return FIRN_OK;
    FIRN_TRY(firn_env_check_cancel(writer->env, err));
    const firn_status st = append_batch(writer, batch, err);
    writer->is_failed = st != FIRN_OK;
    if (st == FIRN_OK) writer->n_rows += batch->n_rows;
    return st;
}

bool firn_table_writer_is_parquet(const firn_table_writer *writer)
{
    return writer->config.files.format == FIRN_FILE_PARQUET;
}

firn_status firn_table_writer_open(firn_table_writer *writer, const firn_value *partition,
                                   firn_parquet_writer **out, firn_error *err)
{
    firn_partition *found = NULL;
    struct open_file *file = NULL;
    if (writer->is_failed || writer->is_handed_over)
        return firn_fail(err, FIRN_ERR_ARG, "table writer has failed or is finished");
    FIRN_TRY(firn_partition_splitter_find(writer->splitter, partition, &found, err));
    FIRN_TRY(need_file(writer, found, &file, err));
    *out = file->output.writer.parquet;
    return FIRN_OK;
}

firn_status firn_table_writer_added(firn_table_writer *writer, const firn_value *partition,
                                    int64_t n_rows, firn_error *err)
{
    firn_partition *found = NULL;
    FIRN_TRY(firn_partition_splitter_find(writer->splitter, partition, &found, err));
    writer->n_rows += n_rows;
    if (found->user) FIRN_TRY(roll_if_full(writer, found->user, err));
    return keep_in_budget(writer, err);
}

/* ---- finish ---- */

static firn_status close_all(firn_table_writer *w, firn_error *err)
{
    for (size_t i = 0; i < w->n_slots; i++)
        if (w->open[i].partition) FIRN_TRY(close_file(w, &w->open[i], err));
    return FIRN_OK;
}

firn_status firn_table_writer_roll(firn_table_writer *writer, firn_error *err)
{
    if (writer->is_failed || writer->is_handed_over)
        return firn_fail(err, FIRN_ERR_ARG, "table writer has failed or is finished");
    const firn_status st = close_all(writer, err);
    writer->is_failed = st != FIRN_OK;
    return st;
}

size_t firn_table_writer_files(const firn_table_writer *writer)
{
    return writer->n_files;
}

firn_status firn_table_writer_finish(firn_table_writer *writer, firn_arena *arena,
                                     firn_data_file **out, size_t *n_out, firn_error *err)
{
    *out = NULL;
    *n_out = 0;
    if (writer->is_failed || writer->is_handed_over)
        return firn_fail(err, FIRN_ERR_ARG, "table writer has failed or is finished");
    writer->is_failed = true;
    FIRN_TRY(close_all(writer, err));
    FIRN_TRY(finish_waiting(writer, err));
    firn_data_file *files = firn_arena_array(arena, writer->n_files, sizeof *files);
    if (!files) return firn_fail_nomem(err);
    for (size_t i = 0; i < writer->n_files; i++)
        FIRN_TRY(firn_data_file_copy(&writer->files[i], arena, &files[i], err));
    writer->is_handed_over = true;
    *out = files;
    *n_out = writer->n_files;
    return FIRN_OK;
}

void firn_data_files_remove(firn_env *env, firn_store *store, const firn_data_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        firn_error local;
        const firn_status st = firn_store_remove(store, files[i].path, &local);
        if (st != FIRN_OK && st != FIRN_ERR_NOT_FOUND)
            firn_log_write(env->log, FIRN_LOG_WARN, "cannot remove %.*s: %s",
                           FIRN_STR_ARG(files[i].path), local.message);
    }
}
