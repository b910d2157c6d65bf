/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata file by itself, and the statistics files that it names. */
#include <inttypes.h>

#include "base/limits.h"
#include "base/str.h"
#include "format/json/json.h"
#include "format/puffin/puffin.h"
#include "iceberg/check/doctor.h"
#include "store/store_read.h"

/* ---- snapshots ---- */

static firn_status check_lineage(firn_doctor *d, const firn_snapshot *snapshot)
{
    const firn_table_metadata *m = d->metadata;
    const firn_snapshot *parent = firn_metadata_find_snapshot(m, snapshot->parent_snapshot_id);
    if (parent && m->format_version >= 2 && snapshot->sequence_number > 0 &&
        parent->sequence_number >= snapshot->sequence_number)
        FIRN_TRY(FIRN_FOUND(
            d, FIRN_FINDING_SEQUENCE,
            "snapshot %" PRId64 " has sequence number %" PRId64 ", its parent has %" PRId64,
            snapshot->snapshot_id, snapshot->sequence_number, parent->sequence_number));
    if (m->format_version < 3 || snapshot->first_row_id < 0 || snapshot->added_rows < 0)
        return FIRN_OK;
    if (snapshot->added_rows <= m->next_row_id &&
        snapshot->first_row_id <= m->next_row_id - snapshot->added_rows)
        return FIRN_OK;
    return FIRN_FOUND(d, FIRN_FINDING_ROW_IDS,
                      "snapshot %" PRId64 " gave %" PRId64 " row ids from %" PRId64
                      ", the table's next one is %" PRId64,
                      snapshot->snapshot_id, snapshot->added_rows, snapshot->first_row_id,
                      m->next_row_id);
}

static firn_status check_snapshot(firn_doctor *d, const firn_snapshot *snapshot)
{
    const firn_table_metadata *m = d->metadata;
    if (snapshot->sequence_number > m->last_sequence_number)
        FIRN_TRY(FIRN_FOUND(
            d, FIRN_FINDING_SEQUENCE,
            "snapshot %" PRId64 " has sequence number %" PRId64 ", the table's last is %" PRId64,
            snapshot->snapshot_id, snapshot->sequence_number, m->last_sequence_number));
    if (snapshot->schema_id >= 0 && !firn_metadata_find_schema(m, snapshot->schema_id))
        FIRN_TRY(FIRN_FOUND(d, FIRN_FINDING_REFERENCE,
                            "snapshot %" PRId64 " names schema %d, which is not there",
                            snapshot->snapshot_id, snapshot->schema_id));
    FIRN_TRY(check_lineage(d, snapshot));
    if (snapshot->manifest_list.len == 0) return FIRN_OK;
    return firn_doctor_check_file(d, "manifest list", snapshot->manifest_list, -1, NULL);
}

/* What the parser of metadata refuses is not looked at again: a branch or tag without its
 * snapshot, main beside the current one. */
static firn_status check_log(firn_doctor *d)
{
    const firn_table_metadata *m = d->metadata;
    for (size_t i = 0; i < m->n_snapshot_log; i++) {
        const int64_t id = m->snapshot_log[i].snapshot_id;
        if (firn_metadata_find_snapshot(m, id)) continue;
        FIRN_TRY(FIRN_FOUND(d, FIRN_FINDING_REFERENCE,
                            "the snapshot log names %" PRId64 ", which is not there", id));
    }
    return FIRN_OK;
}

/* ---- statistics ---- */

struct statistics {
    firn_doctor *d;
    const json_t *entry;
    firn_str path;
    int64_t snapshot_id, size, footer_size;
    bool is_partition;
};

static firn_status found(const struct statistics *s, firn_str message)
{
    const firn_finding finding = {.kind = FIRN_FINDING_STATISTICS,
                                  .message = message,
                                  .repair = FIRN_REPAIR_STATISTICS,
                                  .statistics_of = s->snapshot_id,
                                  .is_partition_statistics = s->is_partition};
    return firn_doctor_add(s->d, &finding);
}
#define FOUND(s, ...) found(s, firn_arena_printf((s)->d->arena, __VA_ARGS__))

static firn_status check_blobs(const struct statistics *s, const firn_puffin *puffin)
{
    const json_t *blobs = json_object_get(s->entry, "blob-metadata");
    if (puffin->footer_size != s->footer_size)
        return FOUND(s, "statistics file %.*s has a footer of %" PRId64 " bytes, expected %" PRId64,
                     FIRN_STR_ARG(s->path), puffin->footer_size, s->footer_size);
    for (size_t i = 0; i < json_array_size(blobs); i++) {
        const json_t *type = json_object_get(json_array_get(blobs, i), "type");
        const firn_str name = {json_string_value(type), json_string_length(type)};
        size_t at = 0;
        while (at < puffin->n_blobs && !firn_str_equals(puffin->blobs[at].type, name)) at++;
        if (at < puffin->n_blobs) continue;
        return FOUND(s, "statistics file %.*s has no blob \"%.*s\"", FIRN_STR_ARG(s->path),
                     FIRN_STR_ARG(name));
    }
    return FIRN_OK;
}

static firn_status check_puffin(const struct statistics *s)
{
    firn_str bytes;
    firn_puffin puffin;
    firn_error why = {0};
    firn_arena *scratch = firn_arena_create(s->d->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(s->d->err);
    firn_status st =
        firn_store_read_all(s->d->store, s->path, FIRN_LIMIT_METADATA, scratch, &bytes, &why);
    if (st == FIRN_OK) st = firn_puffin_decode(bytes, scratch, &puffin, &why);
    if (st == FIRN_OK)
        st = check_blobs(s, &puffin);
    else if (st == FIRN_ERR_NOMEM)
        st = firn_fail_nomem(s->d->err);
    else
        st = FOUND(s, "statistics file %.*s: %s", FIRN_STR_ARG(s->path), why.message);
    firn_arena_destroy(scratch);
    return st;
}

static firn_status read_entry(struct statistics *s, firn_error *err)
{
    FIRN_TRY(firn_json_get_i64(s->entry, "snapshot-id", &s->snapshot_id, err));
    FIRN_TRY(firn_json_get_str(s->entry, "statistics-path", &s->path, err));
    FIRN_TRY(firn_json_get_i64(s->entry, "file-size-in-bytes", &s->size, err));
    if (s->is_partition) return FIRN_OK;
    return firn_json_get_i64(s->entry, "file-footer-size-in-bytes", &s->footer_size, err);
}

static firn_status check_statistics_file(struct statistics *s)
{
    firn_error why = {0};
    firn_store_entry there = {0};
    const firn_status st = read_entry(s, &why);
    if (st != FIRN_OK) return firn_doctor_note_failure(s->d, st, &why);
    if (!firn_metadata_find_snapshot(s->d->metadata, s->snapshot_id))
        return FOUND(s, "statistics of snapshot %" PRId64 ", which is not there", s->snapshot_id);
    if (firn_store_stat(s->d->store, s->path, &there, &why) != FIRN_OK)
        return FOUND(s, "statistics file %.*s is not there", FIRN_STR_ARG(s->path));
    if (there.size_bytes != s->size)
        return FOUND(s, "statistics file %.*s has %" PRId64 " bytes, expected %" PRId64,
                     FIRN_STR_ARG(s->path), there.size_bytes, s->size);
    return s->is_partition ? FIRN_OK : check_puffin(s);
}

static firn_status check_statistics(firn_doctor *d, firn_str text, bool is_partition)
{
    json_t *list = NULL;
    if (text.len == 0) return FIRN_OK;
    FIRN_TRY(firn_json_parse(text, d->arena, &list, d->err));
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct statistics s = {
            .d = d, .entry = json_array_get(list, i), .is_partition = is_partition};
        FIRN_TRY(check_statistics_file(&s));
    }
    return FIRN_OK;
}

firn_status firn_doctor_metadata(firn_doctor *d)
{
    for (size_t i = 0; i < d->metadata->n_snapshots; i++) {
        d->snapshot = &d->metadata->snapshots[i];
        const firn_status st = check_snapshot(d, d->snapshot);
        d->snapshot = NULL;
        FIRN_TRY(st);
    }
    FIRN_TRY(check_log(d));
    FIRN_TRY(check_statistics(d, d->metadata->statistics_json, false));
    return check_statistics(d, d->metadata->partition_statistics_json, true);
}
