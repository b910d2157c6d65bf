/* SPDX-License-Identifier: Apache-2.0 */
/* Counts to summary entries. A total is left out when the parent snapshot lacks it: then nobody
 * knows it. */
#include "iceberg/txn/snapshot_summary.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/checked.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/txn/partition_set.h"

void firn_summary__init(firn_summary_counts *counts, firn_arena *arena)
{
    *counts = (firn_summary_counts){0};
    firn_map_init(&counts->partitions, arena);
}

/* Of a deletion vector only its blob counts, not the Puffin file that others may share. */
static int64_t bytes_of(const firn_data_file *file)
{
    return firn_is_deletion_vector(file) && file->content_size_bytes >= 0 ? file->content_size_bytes
                                                                          : file->file_size_bytes;
}

firn_status firn_summary__add(firn_summary_counts *counts, const firn_data_file *file,
                              firn_error *err)
{
    counts->added_bytes += bytes_of(file);
    if (file->content != FIRN_CONTENT_DATA) counts->added_delete_files++;
    switch (file->content) {
    case FIRN_CONTENT_DATA:
        counts->added_files++;
        counts->added_records += file->record_count;
        break;
    case FIRN_CONTENT_POSITION_DELETES:
        (*(firn_is_deletion_vector(file) ? &counts->added_vectors
                                         : &counts->added_position_files))++;
        counts->added_positions += file->record_count;
        break;
    case FIRN_CONTENT_EQUALITY_DELETES:
        counts->added_equality_files++;
        counts->added_equalities += file->record_count;
        break;
    }
    return firn_partition_set__add(&counts->partitions, file, err);
}

void firn_summary__add_counts(firn_summary_counts *counts, const firn_summary_counts *more)
{
    counts->added_files += more->added_files;
    counts->added_records += more->added_records;
    counts->added_bytes += more->added_bytes;
    counts->other_partitions += more->other_partitions;
}

firn_status firn_summary__remove(firn_summary_counts *counts, const firn_data_file *file,
                                 firn_error *err)
{
    counts->removed_bytes += bytes_of(file);
    if (file->content != FIRN_CONTENT_DATA) counts->removed_delete_files++;
    switch (file->content) {
    case FIRN_CONTENT_DATA:
        counts->removed_files++;
        counts->removed_records += file->record_count;
        break;
    case FIRN_CONTENT_POSITION_DELETES:
        (*(firn_is_deletion_vector(file) ? &counts->removed_vectors
                                         : &counts->removed_position_files))++;
        counts->removed_positions += file->record_count;
        break;
    case FIRN_CONTENT_EQUALITY_DELETES:
        counts->removed_equality_files++;
        counts->removed_equalities += file->record_count;
        break;
    }
    return firn_partition_set__add(&counts->partitions, file, err);
}

struct summary {
    firn_arena *arena;
    firn_property *items;
    size_t n, cap;
};

static firn_status put_text(struct summary *summary, firn_str key, firn_str value, firn_error *err)
{
    firn_property *slot = NULL;
    for (size_t i = 0; i < summary->n && !slot; i++)
        if (firn_str_equals(summary->items[i].key, key)) slot = &summary->items[i];
    if (!slot)
        slot = firn_arena_push(summary->arena, &summary->items, &summary->n, &summary->cap,
                               sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = (firn_property){key, value};
    return FIRN_OK;
}

static firn_status put_count(struct summary *summary, firn_str key, int64_t value, firn_error *err)
{
    const firn_str text = firn_arena_printf(summary->arena, "%" PRId64, value);
    if (!text.data) return firn_fail_nomem(err);
    return put_text(summary, key, text, err);
}

static firn_status put_positive(struct summary *summary, firn_str key, int64_t value,
                                firn_error *err)
{
    return value > 0 ? put_count(summary, key, value, err) : FIRN_OK;
}

static firn_status put_total(struct summary *summary, const firn_snapshot *parent, firn_str key,
                             int64_t change, firn_error *err)
{
    int64_t before = 0;
    if (parent) {
        const firn_str text = firn_properties_get(&parent->summary, key, (firn_str){0});
        if (!firn_str_to_i64(text, &before) || before < 0) return FIRN_OK;
    }
    if (!firn_add_i64(before, change, &before) || before < 0) return FIRN_OK;
    return put_count(summary, key, before, err);
}

static firn_status put_counts(struct summary *summary, const firn_summary_counts *c,
                              firn_error *err)
{
    const struct {
        firn_str key;
        int64_t value;
    } counts[] = {
        {FIRN_STR_INIT("added-data-files"), c->added_files},
        {FIRN_STR_INIT("deleted-data-files"), c->removed_files},
        {FIRN_STR_INIT("added-delete-files"), c->added_delete_files},
        {FIRN_STR_INIT("removed-delete-files"), c->removed_delete_files},
        {FIRN_STR_INIT("added-position-delete-files"), c->added_position_files},
        {FIRN_STR_INIT("removed-position-delete-files"), c->removed_position_files},
        {FIRN_STR_INIT("added-dvs"), c->added_vectors},
        {FIRN_STR_INIT("removed-dvs"), c->removed_vectors},
        {FIRN_STR_INIT("added-equality-delete-files"), c->added_equality_files},
        {FIRN_STR_INIT("removed-equality-delete-files"), c->removed_equality_files},
        {FIRN_STR_INIT("added-records"), c->added_records},
        {FIRN_STR_INIT("deleted-records"), c->removed_records},
        {FIRN_STR_INIT("added-position-deletes"), c->added_positions},
        {FIRN_STR_INIT("removed-position-deletes"), c->removed_positions},
        {FIRN_STR_INIT("added-equality-deletes"), c->added_equalities},
        {FIRN_STR_INIT("removed-equality-deletes"), c->removed_equalities},
        {FIRN_STR_INIT("added-files-size"), c->added_bytes},
        {FIRN_STR_INIT("removed-files-size"), c->removed_bytes},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        FIRN_TRY(put_positive(summary, counts[i].key, counts[i].value, err));
    FIRN_TRY(put_count(summary, FIRN_STR("changed-partition-count"),
                       (int64_t)c->partitions.n_entries + c->other_partitions, err));
    FIRN_TRY(put_count(summary, FIRN_STR("manifests-created"), c->manifests_created, err));
    FIRN_TRY(put_count(summary, FIRN_STR("manifests-kept"), c->manifests_kept, err));
    FIRN_TRY(put_count(summary, FIRN_STR("manifests-replaced"), c->manifests_replaced, err));
    return put_count(summary, FIRN_STR("entries-processed"), c->entries_processed, err);
}

static firn_status put_totals(struct summary *summary, const firn_summary_counts *c,
                              const firn_snapshot *parent, firn_error *err)
{
    FIRN_TRY(put_total(summary, parent, FIRN_STR("total-records"),
                       c->added_records - c->removed_records, err));
    FIRN_TRY(put_total(summary, parent, FIRN_STR("total-files-size"),
                       c->added_bytes - c->removed_bytes, err));
    FIRN_TRY(put_total(summary, parent, FIRN_STR("total-data-files"),
                       c->added_files - c->removed_files, err));
    FIRN_TRY(put_total(summary, parent, FIRN_STR("total-delete-files"),
                       c->added_delete_files - c->removed_delete_files, err));
    FIRN_TRY(put_total(summary, parent, FIRN_STR("total-position-deletes"),
                       c->added_positions - c->removed_positions, err));
    return put_total(summary, parent, FIRN_STR("total-equality-deletes"),
                     c->added_equalities - c->removed_equalities, err);
}

firn_status firn_summary__make(const firn_summary_counts *counts, const firn_snapshot *parent,
                               const firn_property *extra, size_t n_extra, firn_arena *arena,
                               firn_properties *out, firn_error *err)
{
    struct summary summary = {.arena = arena};
    FIRN_TRY(put_text(&summary, FIRN_STR("engine-name"), FIRN_STR("firn"), err));
    FIRN_TRY(put_text(&summary, FIRN_STR("engine-version"), FIRN_STR(FIRN_VERSION), err));
    FIRN_TRY(put_counts(&summary, counts, err));
    FIRN_TRY(put_totals(&summary, counts, parent, err));
    for (size_t i = 0; i < n_extra; i++)
        FIRN_TRY(put_text(&summary, extra[i].key, extra[i].value, err));
    *out = (firn_properties){summary.items, summary.n};
    return FIRN_OK;
}
