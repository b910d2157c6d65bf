/* SPDX-License-Identifier: Apache-2.0 */
/* Who shares which deletes. A deletion vector or a position delete file about one data file is read
 * with that data file and forgotten with it. A position delete file about several, and all equality
 * delete files of the same columns and partition, are read once: under the lock of that share, so
 * that other threads wait for them and not for each other. What was read does not change. */
#include "iceberg/scan/row_deletes.h"

#include <pthread.h>
#include <string.h>

#include "base/error.h"
#include "base/ids.h"
#include "base/str.h"
#include "iceberg/scan/row_file.h"
#include "iceberg/spec/location_key.h"

#define MAX_KEY_BYTES ((size_t)1 << 24)

typedef struct delete_share {
    pthread_mutex_t lock;
    bool is_read;
    firn_arena *arena; /* of what was read */
    const firn_delete_file **files;
    size_t n_files, cap_files;
    firn_map bitmaps;      /* position deletes: identity of a data file -> firn_bitmap */
    firn_equality_set set; /* equality deletes */
} delete_share;

struct firn_row_deletes {
    firn_delete_source source;
    firn_arena *arena;
    delete_share **shares;
    size_t n_shares, cap_shares;
    firn_map by_file;  /* path of a delete file -> its share; none: read with the data file */
    firn_map by_group; /* columns and partition of equality deletes -> share */
    firn_map by_ids;   /* columns of equality deletes, in any partition */
    firn_map wanted;   /* identities of the data files of the plan */
    bool wants_all;    /* the data files are not known */
    bool by_value;
    size_t max_columns;
};

/* ---- who shares ---- */

static firn_status add_share(firn_row_deletes *deletes, delete_share **out, firn_error *err)
{
    delete_share *share = firn_arena_alloc_zero(deletes->arena, sizeof *share);
    if (!share) return firn_fail_nomem(err);
    delete_share **slot = firn_arena_push(deletes->arena, &deletes->shares, &deletes->n_shares,
                                          &deletes->cap_shares, sizeof(delete_share *));
    if (!slot) return firn_fail_nomem(err);
    pthread_mutex_init(&share->lock, NULL); /* cannot fail with default attributes on Linux */
    *slot = *out = share;
    share->arena = firn_arena_create(deletes->source.env->alloc, 0);
    return share->arena ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status add_file(firn_row_deletes *deletes, delete_share *share,
                            const firn_delete_file *file, firn_error *err)
{
    const firn_delete_file **slot = firn_arena_push(deletes->arena, &share->files, &share->n_files,
                                                    &share->cap_files, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = file;
    return firn_map_put(&deletes->by_file, file->file.path, share, err);
}

/* Partition and columns; an unpartitioned spec's files are one group whatever the spec. */
static firn_status group_key(const firn_data_file *file, const int32_t *ids, firn_buf *key,
                             firn_error *err)
{
    const int32_t spec_id = file->n_partition == 0 ? -1 : file->spec_id;
    FIRN_TRY(firn_partition_key(spec_id, file->partition, file->n_partition, key, err));
    for (size_t i = 0; i < file->n_equality_ids; i++) firn_buf_u32le(key, (uint32_t)ids[i]);
    return firn_buf_check(key, err);
}

static firn_status find_group(firn_row_deletes *deletes, const firn_data_file *file,
                              const int32_t *ids, delete_share **out, firn_error *err)
{
    firn_buf key;
    firn_str copy = {0};
    firn_buf_init(&key, NULL, MAX_KEY_BYTES);
    firn_status st = group_key(file, ids, &key, err);
    *out = st == FIRN_OK ? firn_map_find(&deletes->by_group, firn_buf_view(&key)) : NULL;
    if (st == FIRN_OK && !*out) copy = firn_arena_copy(deletes->arena, firn_buf_view(&key));
    firn_buf_dispose(&key);
    if (st != FIRN_OK || *out) return st;
    if (!copy.data) return firn_fail_nomem(err);
    FIRN_TRY(add_share(deletes, out, err));
    FIRN_TRY(firn_equality_set_init(&(*out)->set, deletes->source.metadata, ids,
                                    file->n_equality_ids, (*out)->arena, err));
    return firn_map_put(&deletes->by_group, copy, *out, err);
}

static firn_status share_equalities(firn_row_deletes *deletes, const firn_delete_file *file,
                                    firn_error *err)
{
    delete_share *share = NULL;
    const size_t n = file->file.n_equality_ids;
    int32_t *ids = firn_arena_array(deletes->arena, n, sizeof *ids);
    if (!ids) return firn_fail_nomem(err);
    if (n > 0) memcpy(ids, file->file.equality_ids, n * sizeof *ids);
    firn_ids_sort(ids, n);
    FIRN_TRY(find_group(deletes, &file->file, ids, &share, err));
    return add_file(deletes, share, file, err);
}

static firn_status share_positions(firn_row_deletes *deletes, const firn_delete_file *file,
                                   firn_error *err)
{
    delete_share *share = NULL;
    FIRN_TRY(add_share(deletes, &share, err));
    firn_map_init(&share->bitmaps, share->arena);
    return add_file(deletes, share, file, err);
}

static firn_status consider_file(firn_row_deletes *deletes, const firn_delete_file *file,
                                 firn_error *err)
{
    if (firn_is_deletion_vector(&file->file)) return FIRN_OK;
    FIRN_TRY(firn_row_format_check(file->file.format, file->file.path, err));
    const bool is_equality = file->file.content == FIRN_CONTENT_EQUALITY_DELETES;
    deletes->by_value = deletes->by_value || is_equality;
    if (firn_map_has(&deletes->by_file, file->file.path)) return FIRN_OK;
    if (is_equality) return share_equalities(deletes, file, err);
    if (firn_delete_referenced_path(&file->file).len > 0) return FIRN_OK;
    return share_positions(deletes, file, err);
}

static firn_status consider_task(firn_row_deletes *deletes, const firn_scan_task *task,
                                 firn_error *err)
{
    size_t n_columns = 0;
    FIRN_TRY(
        firn_map_put(&deletes->wanted, firn_location_identity(task->file->path), deletes, err));
    for (size_t i = 0; i < task->n_deletes; i++) {
        const firn_delete_file *file = task->deletes[i];
        FIRN_TRY(firn_error_wrap(err, consider_file(deletes, file, err), "delete file %.*s",
                                 FIRN_STR_ARG(file->file.path)));
        n_columns += file->file.n_equality_ids; /* of sets that are one, more than they are */
    }
    if (n_columns > deletes->max_columns) deletes->max_columns = n_columns;
    return FIRN_OK;
}

void firn_row_deletes_destroy(firn_row_deletes *deletes)
{
    if (!deletes) return;
    for (size_t i = 0; i < deletes->n_shares; i++) {
        pthread_mutex_destroy(&deletes->shares[i]->lock);
        firn_arena_destroy(deletes->shares[i]->arena);
    }
    firn_arena_destroy(deletes->arena); /* holds deletes itself */
}

/* A data file meets at most two sets that compare the same columns: of its partition and of none.
 */
static firn_status count_columns(firn_row_deletes *deletes, const firn_data_file *file,
                                 firn_error *err)
{
    const size_t n = file->n_equality_ids;
    const firn_str key = {(const char *)file->equality_ids, n * sizeof *file->equality_ids};
    if (n == 0 || firn_map_has(&deletes->by_ids, key)) return FIRN_OK;
    deletes->max_columns += 2 * n;
    return firn_map_put(&deletes->by_ids, key, deletes, err);
}

static firn_status consider_index(firn_row_deletes *deletes, const firn_delete_index *index,
                                  firn_error *err)
{
    for (size_t i = 0; i < firn_delete_index_size(index); i++) {
        const firn_delete_file *file = firn_delete_index_at(index, i);
        FIRN_TRY(firn_error_wrap(err, consider_file(deletes, file, err), "delete file %.*s",
                                 FIRN_STR_ARG(file->file.path)));
        FIRN_TRY(count_columns(deletes, &file->file, err));
    }
    return FIRN_OK;
}

static firn_status consider_plan(firn_row_deletes *deletes, const firn_scan_plan *plan,
                                 firn_error *err)
{
    for (size_t i = 0; i < plan->n_tasks; i++)
        if (plan->tasks[i].n_deletes > 0) FIRN_TRY(consider_task(deletes, &plan->tasks[i], err));
    return FIRN_OK;
}

static firn_status create(const firn_delete_source *source, firn_row_deletes **out, firn_error *err)
{
    firn_arena *arena = firn_arena_create(source->env->alloc, 0);
    firn_row_deletes *deletes = arena ? firn_arena_alloc_zero(arena, sizeof *deletes) : NULL;
    *out = NULL;
    if (!deletes) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    deletes->source = *source;
    deletes->arena = arena;
    firn_map_init(&deletes->by_file, arena);
    firn_map_init(&deletes->by_group, arena);
    firn_map_init(&deletes->by_ids, arena);
    firn_map_init(&deletes->wanted, arena);
    *out = deletes;
    return FIRN_OK;
}

static firn_status finish(firn_status st, firn_row_deletes **out)
{
    if (st == FIRN_OK) return FIRN_OK;
    firn_row_deletes_destroy(*out);
    *out = NULL;
    return st;
}

firn_status firn_row_deletes_create(const firn_delete_source *source, const firn_scan_plan *plan,
                                    firn_row_deletes **out, firn_error *err)
{
    FIRN_TRY(create(source, out, err));
    return finish(consider_plan(*out, plan, err), out);
}

firn_status firn_row_deletes_create_for(const firn_delete_source *source,
                                        const firn_delete_index *index, firn_row_deletes **out,
                                        firn_error *err)
{
    FIRN_TRY(create(source, out, err));
    (*out)->wants_all = true;
    return finish(consider_index(*out, index, err), out);
}

bool firn_row_deletes_by_value(const firn_row_deletes *deletes)
{
    return deletes->by_value;
}

size_t firn_row_deletes_max_columns(const firn_row_deletes *deletes)
{
    return deletes->max_columns;
}

/* ---- reading ---- */

static firn_status read_share(firn_row_deletes *deletes, delete_share *share, firn_error *err)
{
    for (size_t i = 0; i < share->n_files; i++) {
        const firn_delete_file *file = share->files[i];
        FIRN_TRY(file->file.content == FIRN_CONTENT_EQUALITY_DELETES
                     ? firn_equality_set_read(&share->set, &deletes->source, file, err)
                     : firn_position_deletes_read(&deletes->source, file,
                                                  deletes->wants_all ? NULL : &deletes->wanted,
                                                  &share->bitmaps, err));
    }
    share->is_read = true;
    return FIRN_OK;
}

static firn_status need_share(firn_row_deletes *deletes, delete_share *share, firn_error *err)
{
    pthread_mutex_lock(&share->lock);
    const firn_status st = share->is_read ? FIRN_OK : read_share(deletes, share, err);
    pthread_mutex_unlock(&share->lock);
    return st;
}

/* A position delete file about one data file, for that file alone. */
static firn_status read_alone(const firn_row_deletes *deletes, const firn_delete_file *file,
                              firn_str path, firn_arena *arena, const firn_bitmap **out,
                              firn_error *err)
{
    firn_map wanted;
    firn_map bitmaps;
    firn_map_init(&wanted, arena);
    firn_map_init(&bitmaps, arena);
    FIRN_TRY(firn_map_put(&wanted, firn_location_identity(path), arena, err));
    FIRN_TRY(firn_position_deletes_read(&deletes->source, file, &wanted, &bitmaps, err));
    *out = firn_map_find(&bitmaps, firn_location_identity(path));
    return FIRN_OK;
}

static firn_status find_positions(firn_row_deletes *deletes, const firn_delete_file *file,
                                  firn_str path, firn_arena *arena, const firn_bitmap **out,
                                  firn_error *err)
{
    if (firn_is_deletion_vector(&file->file)) {
        firn_bitmap *vector = NULL;
        FIRN_TRY(firn_deletion_vector_read(&deletes->source, file, arena, &vector, err));
        *out = vector;
        return FIRN_OK;
    }
    delete_share *share = firn_map_find(&deletes->by_file, file->file.path);
    if (!share) return read_alone(deletes, file, path, arena, out, err);
    FIRN_TRY(need_share(deletes, share, err));
    *out = firn_map_find(&share->bitmaps, firn_location_identity(path));
    return FIRN_OK;
}

/* One bitmap is borrowed; several are merged into one of our own. */
typedef struct load_state {
    firn_row_deletes *deletes;
    firn_arena *arena;
    firn_file_deletes *out;
    firn_bitmap *merged;
    size_t cap_sets;
} load_state;

static firn_status merge_positions(load_state *load, const firn_bitmap *more, firn_error *err)
{
    firn_file_deletes *out = load->out;
    if (!out->positions) {
        out->positions = more;
        return FIRN_OK;
    }
    if (!load->merged) {
        FIRN_TRY(firn_bitmap_in_arena(load->arena, &load->merged, err));
        FIRN_TRY(firn_bitmap_or(load->merged, out->positions, err));
        out->positions = load->merged;
    }
    return firn_bitmap_or(load->merged, more, err);
}

static firn_status use_set(load_state *load, const firn_delete_file *file, firn_error *err)
{
    firn_file_deletes *out = load->out;
    delete_share *share = firn_map_find(&load->deletes->by_file, file->file.path);
    for (size_t i = 0; i < out->n_sets; i++)
        if (out->sets[i] == &share->set) return FIRN_OK;
    FIRN_TRY(need_share(load->deletes, share, err));
    const firn_equality_set **slot =
        firn_arena_push(load->arena, &out->sets, &out->n_sets, &load->cap_sets, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = &share->set;
    return FIRN_OK;
}

firn_status firn_row_deletes_load(firn_row_deletes *deletes, const firn_scan_task *task,
                                  firn_arena *arena, const firn_file_deletes **out, firn_error *err)
{
    load_state load = {.deletes = deletes, .arena = arena};
    load.out = firn_arena_alloc_zero(arena, sizeof *load.out);
    if (!load.out) return firn_fail_nomem(err);
    load.out->sequence_number = task->sequence_number;
    for (size_t i = 0; i < task->n_deletes; i++) {
        const firn_delete_file *file = task->deletes[i];
        if (file->file.content == FIRN_CONTENT_EQUALITY_DELETES) {
            FIRN_TRY(use_set(&load, file, err));
            continue;
        }
        const firn_bitmap *positions = NULL;
        FIRN_TRY(find_positions(deletes, file, task->file->path, arena, &positions, err));
        if (positions) FIRN_TRY(merge_positions(&load, positions, err));
    }
    *out = load.out;
    return FIRN_OK;
}
