/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/check/table_repair.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/map.h"
#include "iceberg/check/live_files.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/txn/snapshot_update.h"

struct repair {
    firn_table *table;
    const firn_table_metadata *metadata;
    const firn_doctor_report *report;
    firn_arena *arena;
    firn_txn *txn;
    firn_map corrected; /* key -> firn_data_file: what its entry should be, the last word */
    firn_map removed;   /* key -> firn_data_file */
    bool counts_again;
};

size_t firn_repair_count(const firn_doctor_report *report)
{
    size_t n = 0;
    for (size_t i = 0; i < report->n_findings; i++)
        n += report->findings[i].repair != FIRN_REPAIR_NONE;
    return n;
}

/* ---- what is to be done ---- */

static firn_status note_files(const struct repair *r, const firn_finding *finding, firn_map *map,
                              firn_error *err)
{
    for (size_t i = 0; i < finding->n_files; i++) {
        const firn_data_file *file = &finding->files[i];
        const firn_str key = firn_live_file_key(file, r->arena);
        if (!key.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_map_put(map, key, (void *)(uintptr_t)file, err));
    }
    return FIRN_OK;
}

static firn_status note(struct repair *r, const firn_finding *finding, firn_error *err)
{
    switch (finding->repair) {
    case FIRN_REPAIR_NONE: return FIRN_OK;
    case FIRN_REPAIR_ENTRIES: return note_files(r, finding, &r->corrected, err);
    case FIRN_REPAIR_DELETES: return note_files(r, finding, &r->removed, err);
    case FIRN_REPAIR_TOTALS: r->counts_again = true; return FIRN_OK;
    case FIRN_REPAIR_STATISTICS: break;
    }
    return firn_txn_remove_statistics(r->txn, finding->statistics_of,
                                      finding->is_partition_statistics, err);
}

/* ---- the snapshot ---- */

static firn_status set_totals(const struct repair *r, const firn_live_files *live, firn_error *err)
{
    const firn_live_totals t = firn_live_files_totals(live);
    const struct {
        firn_str key;
        int64_t value;
    } k_totals[] = {{FIRN_STR_INIT("total-data-files"), t.data_files},
                    {FIRN_STR_INIT("total-delete-files"), t.delete_files},
                    {FIRN_STR_INIT("total-records"), t.records},
                    {FIRN_STR_INIT("total-position-deletes"), t.positions},
                    {FIRN_STR_INIT("total-equality-deletes"), t.equalities}};
    firn_property items[sizeof k_totals / sizeof *k_totals];
    for (size_t i = 0; i < sizeof k_totals / sizeof *k_totals; i++) {
        items[i].key = k_totals[i].key;
        items[i].value = firn_arena_printf(r->arena, "%" PRId64, k_totals[i].value);
        if (!items[i].value.data) return firn_fail_nomem(err);
    }
    return firn_txn_set_summary(r->txn, items, sizeof k_totals / sizeof *k_totals, err);
}

/* live: as it will be. */
static firn_status change_files(struct repair *r, firn_live_files *live, firn_change *change,
                                firn_error *err)
{
    size_t n_live = 0;
    firn_data_file *corrected = firn_arena_array(r->arena, live->n_files, sizeof *corrected);
    firn_file_key *removed = firn_arena_array(r->arena, live->n_files, sizeof *removed);
    if (!corrected || !removed) return firn_fail_nomem(err);
    change->corrected = corrected;
    change->removed = removed;
    for (size_t i = 0; i < live->n_files; i++) {
        firn_data_file *file = &live->files[i].entry.file;
        const firn_str key = firn_live_file_key(file, r->arena);
        if (!key.data) return firn_fail_nomem(err);
        const firn_data_file *right = firn_map_find(&r->corrected, key);
        if (firn_map_has(&r->removed, key)) {
            const int64_t offset = firn_is_deletion_vector(file) ? file->content_offset : 0;
            removed[change->n_removed++] = (firn_file_key){file->path, offset};
            continue;
        }
        if (right) {
            corrected[change->n_corrected++] = *right;
            file->record_count = right->record_count;
        }
        live->files[n_live++] = live->files[i];
    }
    live->n_files = n_live;
    return FIRN_OK;
}

static firn_status make_snapshot(struct repair *r, firn_error *err)
{
    firn_live_files live;
    const firn_snapshot *current = firn_metadata_current_snapshot(r->metadata);
    firn_change change = {.kind = FIRN_CHANGE_REWRITE,
                          .from_snapshot_id = r->metadata->current_snapshot_id,
                          .must_be_unchanged = true};
    if (r->corrected.n_entries == 0 && r->removed.n_entries == 0 && !r->counts_again)
        return FIRN_OK;
    FIRN_TRY(firn_live_files_read(firn_table_env(r->table), firn_table_store(r->table), r->metadata,
                                  current, r->arena, &live, err));
    FIRN_TRY(change_files(r, &live, &change, err));
    FIRN_TRY(set_totals(r, &live, err));
    if (change.n_corrected > 0 || change.n_removed > 0)
        return firn_txn_change_files(r->txn, &change, err);
    return firn_txn_append_if_unchanged(r->txn, NULL, 0, change.from_snapshot_id, err);
}

static firn_status run(struct repair *r, firn_error *err)
{
    for (size_t i = 0; i < r->report->n_findings; i++)
        FIRN_TRY(note(r, &r->report->findings[i], err));
    FIRN_TRY(make_snapshot(r, err));
    return firn_txn_commit(r->txn, err);
}

firn_status firn_table_repair(firn_table *table, const firn_doctor_report *report, firn_error *err)
{
    struct repair r = {.table = table, .metadata = firn_table_metadata_of(table), .report = report};
    if (firn_repair_count(report) == 0) return FIRN_OK;
    r.arena = firn_arena_create(firn_table_env(table)->alloc, 0);
    if (!r.arena) return firn_fail_nomem(err);
    firn_map_init(&r.corrected, r.arena);
    firn_map_init(&r.removed, r.arena);
    firn_status st = firn_txn_begin(table, &r.txn, err);
    if (st == FIRN_OK) st = run(&r, err);
    firn_txn_close(r.txn);
    firn_arena_destroy(r.arena);
    return st;
}
