/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/rewrite/dangling_deletes.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/map.h"
#include "iceberg/check/live_files.h"
#include "iceberg/maintain/table_views.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/spec/location_key.h"
#include "iceberg/txn/snapshot_update.h"

typedef struct search {
    firn_table *table;
    firn_arena *arena;
    firn_live_files live;
    firn_map oldest; /* partition -> int64_t: least sequence number of its data files */
    firn_map paths;  /* identities of data files */
    int64_t oldest_of_all;
    firn_file_key *keys;
    size_t n_keys, cap_keys;
} search;

static firn_status note_data(search *s, const firn_manifest_entry *entry, firn_buf *key,
                             firn_error *err)
{
    const firn_data_file *file = &entry->file;
    FIRN_TRY(firn_map_put(&s->paths, firn_location_identity(file->path), s, err));
    if (entry->sequence_number < s->oldest_of_all) s->oldest_of_all = entry->sequence_number;
    FIRN_TRY(firn_partition_key(file->spec_id, file->partition, file->n_partition, key, err));
    int64_t *oldest = firn_map_find(&s->oldest, firn_buf_view(key));
    if (!oldest) {
        const firn_str copy = firn_arena_copy(s->arena, firn_buf_view(key));
        oldest = firn_arena_alloc_zero(s->arena, sizeof *oldest);
        if (!oldest || !copy.data) return firn_fail_nomem(err);
        *oldest = entry->sequence_number;
        FIRN_TRY(firn_map_put(&s->oldest, copy, oldest, err));
    }
    if (entry->sequence_number < *oldest) *oldest = entry->sequence_number;
    return FIRN_OK;
}

/* Deletes by value apply to older data, by position to data that is not newer. Those by value of an
 * unpartitioned spec apply everywhere. */
static firn_status is_dangling(const search *s, const firn_manifest_entry *entry, firn_buf *key,
                               bool *out, firn_error *err)
{
    const firn_data_file *file = &entry->file;
    const bool by_value = file->content == FIRN_CONTENT_EQUALITY_DELETES;
    const firn_str about = firn_delete_referenced_path(file);
    int64_t oldest = s->oldest_of_all;
    *out = about.len > 0 && !firn_map_has(&s->paths, firn_location_identity(about));
    if (*out) return FIRN_OK;
    if (!by_value || file->n_partition > 0) {
        FIRN_TRY(firn_partition_key(file->spec_id, file->partition, file->n_partition, key, err));
        const int64_t *found = firn_map_find(&s->oldest, firn_buf_view(key));
        oldest = found ? *found : INT64_MAX;
    }
    *out = by_value ? entry->sequence_number <= oldest : entry->sequence_number < oldest;
    return FIRN_OK;
}

static firn_status find(search *s, firn_buf *key, firn_error *err)
{
    for (size_t i = 0; i < s->live.n_files; i++)
        if (s->live.files[i].entry.file.content == FIRN_CONTENT_DATA)
            FIRN_TRY(note_data(s, &s->live.files[i].entry, key, err));
    for (size_t i = 0; i < s->live.n_files; i++) {
        const firn_manifest_entry *entry = &s->live.files[i].entry;
        bool goes = false;
        if (entry->file.content == FIRN_CONTENT_DATA) continue;
        FIRN_TRY(is_dangling(s, entry, key, &goes, err));
        if (!goes) continue;
        firn_file_key *slot =
            firn_arena_push(s->arena, &s->keys, &s->n_keys, &s->cap_keys, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        *slot =
            (firn_file_key){entry->file.path,
                            firn_is_deletion_vector(&entry->file) ? entry->file.content_offset : 0};
    }
    return FIRN_OK;
}

static firn_status commit(const search *s, firn_str branch, int64_t snapshot_id, firn_error *err)
{
    firn_txn *txn = NULL;
    const firn_change change = {.kind = FIRN_CHANGE_REWRITE,
                                .branch = branch,
                                .removed = s->keys,
                                .n_removed = s->n_keys,
                                .from_snapshot_id = snapshot_id};
    FIRN_TRY(firn_txn_begin(s->table, &txn, err));
    firn_status st = firn_txn_change_files(txn, &change, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    return st;
}

static firn_status run(search *s, firn_table_views *views, firn_str branch, firn_error *err)
{
    const firn_snapshot *head = NULL;
    firn_buf key;
    FIRN_TRY(firn_table_views_load(views, err));
    FIRN_TRY(firn_table_views_head(views, branch, &head, err));
    if (!head) return FIRN_OK;
    FIRN_TRY(firn_live_files_read(firn_table_env(s->table), firn_table_store(s->table),
                                  firn_table_views_metadata(views), head, s->arena, &s->live, err));
    firn_map_init(&s->oldest, s->arena);
    firn_map_init(&s->paths, s->arena);
    s->oldest_of_all = INT64_MAX;
    firn_buf_init(&key, NULL, 0);
    const firn_status st = find(s, &key, err);
    firn_buf_dispose(&key);
    FIRN_TRY(st);
    return s->n_keys == 0 ? FIRN_OK : commit(s, branch, head->snapshot_id, err);
}

firn_status firn_dangling_deletes_remove(firn_table *table, firn_str branch, int64_t *n_removed,
                                         firn_error *err)
{
    firn_table_views views;
    search s = {.table = table, .arena = firn_arena_create(firn_table_env(table)->alloc, 0)};
    if (!s.arena) return firn_fail_nomem(err);
    firn_table_views_init(&views, table, s.arena);
    const firn_status st = run(&s, &views, branch, err);
    if (st == FIRN_OK) *n_removed += (int64_t)s.n_keys;
    firn_table_views_close(&views);
    firn_arena_destroy(s.arena);
    return st;
}
