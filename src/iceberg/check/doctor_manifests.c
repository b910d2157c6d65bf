/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests against their entries in the list, files against each other, and all of them against
 * the snapshot's summary. */
#include <inttypes.h>

#include "base/str.h"
#include "iceberg/check/doctor.h"
#include "iceberg/check/doctor_partition.h"
#include "iceberg/expr/expr_value.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/scan/row_file.h"
#include "iceberg/spec/location_key.h"
#include "iceberg/spec/transform.h"

/* ---- one file ---- */

static firn_status check_sequence(firn_doctor *d, const firn_live_file *file)
{
    const firn_manifest_entry *entry = &file->entry;
    const int64_t last = d->snapshot->sequence_number;
    if (d->metadata->format_version == 1) return FIRN_OK;
    if (entry->sequence_number > last || entry->file_sequence_number > last)
        return FIRN_FOUND(d, FIRN_FINDING_SEQUENCE,
                          "%.*s has sequence number %" PRId64 ", its snapshot has %" PRId64,
                          FIRN_STR_ARG(entry->file.path), entry->sequence_number, last);
    if (entry->sequence_number < file->manifest->min_sequence_number)
        return FIRN_FOUND(d, FIRN_FINDING_SEQUENCE,
                          "%.*s has sequence number %" PRId64 ", its manifest's least is %" PRId64,
                          FIRN_STR_ARG(entry->file.path), entry->sequence_number,
                          file->manifest->min_sequence_number);
    return FIRN_OK;
}

static firn_status check_row_ids(firn_doctor *d, const firn_data_file *file)
{
    const int64_t next = d->metadata->next_row_id;
    if (d->metadata->format_version < 3 || file->content != FIRN_CONTENT_DATA ||
        file->first_row_id < 0 || file->record_count < 0)
        return FIRN_OK;
    if (file->record_count <= next && file->first_row_id <= next - file->record_count)
        return FIRN_OK;
    return FIRN_FOUND(d, FIRN_FINDING_ROW_IDS,
                      "%.*s has %" PRId64 " row ids from %" PRId64
                      ", the table's next one is %" PRId64,
                      FIRN_STR_ARG(file->path), file->record_count, file->first_row_id, next);
}

/* A deletion vector is no file of rows. */
static firn_status check_format(firn_doctor *d, const firn_data_file *file)
{
    firn_error why = {0};
    if (file->content != FIRN_CONTENT_DATA && file->format == FIRN_FILE_PUFFIN) return FIRN_OK;
    if (firn_row_format_check(file->format, file->path, &why) == FIRN_OK) return FIRN_OK;
    return firn_doctor_note_unread(d, &why);
}

static firn_status check_entry(firn_doctor *d, const firn_live_file *file, firn_arena *scratch)
{
    const firn_data_file *data = &file->entry.file;
    const bool is_data = data->content == FIRN_CONTENT_DATA;
    const firn_partition_field *wrong = firn_doctor_wrong_partition(d->metadata, file, scratch);
    d->report->n_files++;
    if (!file->spec)
        FIRN_TRY(FIRN_FOUND(d, FIRN_FINDING_REFERENCE,
                            "%.*s is of partition spec %d, which is not there",
                            FIRN_STR_ARG(data->path), data->spec_id));
    if (wrong)
        FIRN_TRY(FIRN_FOUND(d, FIRN_FINDING_PARTITION,
                            "%.*s: the bounds of its rows do not fit its partition value \"%.*s\"",
                            FIRN_STR_ARG(data->path), FIRN_STR_ARG(wrong->name)));
    FIRN_TRY(check_sequence(d, file));
    FIRN_TRY(check_row_ids(d, data));
    FIRN_TRY(check_format(d, data));
    return firn_doctor_check_file(d, is_data ? "data file" : "delete file", data->path,
                                  data->file_size_bytes, NULL);
}

/* ---- one manifest ---- */

/* Writing the entries again mends what the list says of them. */
static firn_status found_list(firn_doctor *d, firn_finding_kind kind, const firn_live_file *files,
                              size_t n, firn_str message)
{
    firn_data_file *all = firn_arena_array(d->arena, n, sizeof *all);
    if (!all || !message.data) return firn_fail_nomem(d->err);
    for (size_t i = 0; i < n; i++) all[i] = files[i].entry.file;
    return firn_doctor_add_files(d, kind, n > 0 ? FIRN_REPAIR_ENTRIES : FIRN_REPAIR_NONE, all, n,
                                 message);
}

static firn_status check_counts(firn_doctor *d, const firn_manifest_file *manifest,
                                const firn_live_file *files, size_t n)
{
    const struct {
        firn_entry_status status;
        int64_t files, rows;
        const char *name;
    } k_parts[] = {
        {FIRN_ENTRY_ADDED, manifest->added_files, manifest->added_rows, "added"},
        {FIRN_ENTRY_EXISTING, manifest->existing_files, manifest->existing_rows, "existing"},
    };
    for (size_t p = 0; p < 2; p++) {
        int64_t n_files = 0;
        int64_t n_rows = 0;
        for (size_t i = 0; i < n; i++) {
            if (files[i].entry.status != k_parts[p].status) continue;
            n_files++;
            n_rows += files[i].entry.file.record_count;
        }
        const bool is_right = (k_parts[p].files < 0 || k_parts[p].files == n_files) &&
                              (k_parts[p].rows < 0 || k_parts[p].rows == n_rows);
        if (is_right) continue;
        return found_list(d, FIRN_FINDING_COUNT, files, n,
                          firn_arena_printf(d->arena,
                                            "manifest %.*s has %" PRId64 " %s files of %" PRId64
                                            " rows, its list says %" PRId64 " and %" PRId64,
                                            FIRN_STR_ARG(manifest->path), n_files, k_parts[p].name,
                                            n_rows, k_parts[p].files, k_parts[p].rows));
    }
    return FIRN_OK;
}

static bool is_outside(const firn_type *type, firn_str bound, const firn_value *value, int sign)
{
    firn_value limit;
    if (firn_value_decode(type, bound, &limit, NULL) != FIRN_OK || limit.kind != value->kind)
        return false; /* nothing is known */
    return firn_expr_compare(value, &limit) * sign > 0;
}

static bool fits_summary(const firn_field_summary *summary, const firn_type *type,
                         const firn_value *value)
{
    if (value->is_null) return summary->contains_null;
    if (firn_value_is_nan(value)) return !summary->has_contains_nan || summary->contains_nan;
    if (summary->has_lower && is_outside(type, summary->lower, value, -1)) return false;
    return !(summary->has_upper && is_outside(type, summary->upper, value, 1));
}

static firn_status check_summary(firn_doctor *d, const firn_manifest_file *manifest,
                                 const firn_live_file *files, size_t n, size_t field)
{
    firn_type type;
    const firn_partition_spec *spec = files[0].spec;
    const firn_partition_field *partition = &spec->fields[field];
    const firn_field *source =
        firn_schema_find_id(firn_metadata_schema(d->metadata), partition->source_id);
    if (!source || partition->transform.kind == FIRN_TRANSFORM_UNKNOWN) return FIRN_OK;
    type = *firn_transform_result(&partition->transform, source->type);
    for (size_t i = 0; i < n; i++) {
        const firn_data_file *file = &files[i].entry.file;
        if (field >= file->n_partition ||
            fits_summary(&manifest->partitions[field], &type, &file->partition[field]))
            continue;
        return found_list(
            d, FIRN_FINDING_SUMMARY, files, n,
            firn_arena_printf(d->arena,
                              "manifest %.*s: the partition value \"%.*s\" of %.*s is outside the "
                              "bounds in its list",
                              FIRN_STR_ARG(manifest->path), FIRN_STR_ARG(partition->name),
                              FIRN_STR_ARG(file->path)));
    }
    return FIRN_OK;
}

firn_status firn_doctor_manifest(firn_doctor *d, const firn_manifest_file *manifest,
                                 const firn_live_file *files, size_t n, firn_arena *scratch)
{
    FIRN_TRY(check_counts(d, manifest, files, n));
    const firn_partition_spec *spec = n > 0 ? files[0].spec : NULL;
    for (size_t k = 0; spec && k < spec->n_fields && k < manifest->n_partitions; k++)
        FIRN_TRY(check_summary(d, manifest, files, n, k));
    for (size_t i = 0; i < n; i++) FIRN_TRY(check_entry(d, &files[i], scratch));
    return FIRN_OK;
}

/* ---- a snapshot ---- */

static firn_status check_duplicates(firn_doctor *d, const firn_live_files *live, firn_map *data,
                                    firn_arena *scratch)
{
    firn_map deletes;
    firn_map_init(&deletes, scratch);
    for (size_t i = 0; i < live->n_files; i++) {
        const firn_data_file *file = &live->files[i].entry.file;
        const firn_str key = firn_location_identity(firn_live_file_key(file, scratch));
        firn_map *seen = file->content == FIRN_CONTENT_DATA ? data : &deletes;
        if (!key.data) return firn_fail_nomem(d->err);
        if (firn_map_has(seen, key))
            FIRN_TRY(
                FIRN_FOUND(d, FIRN_FINDING_DUPLICATE, "%.*s is live twice", FIRN_STR_ARG(key)));
        FIRN_TRY(firn_map_put(seen, key, &live->files[i], d->err));
    }
    return FIRN_OK;
}

/* A delete file about one data file that is live. */
static firn_status check_target(firn_doctor *d, const firn_live_file *file,
                                const firn_live_file *target)
{
    const firn_data_file *f = &file->entry.file;
    const firn_data_file *t = &target->entry.file;
    if (target->entry.sequence_number > file->entry.sequence_number)
        return FIRN_FOUND(d, FIRN_FINDING_SEQUENCE,
                          "%.*s of sequence number %" PRId64 " deletes from a file of %" PRId64,
                          FIRN_STR_ARG(f->path), file->entry.sequence_number,
                          target->entry.sequence_number);
    const bool is_same = f->spec_id == t->spec_id && f->n_partition == t->n_partition &&
                         firn_partition_equals(f->partition, t->partition, f->n_partition);
    if (!is_same)
        return FIRN_FOUND(d, FIRN_FINDING_PARTITION,
                          "%.*s deletes from %.*s, which is of another partition",
                          FIRN_STR_ARG(f->path), FIRN_STR_ARG(t->path));
    if (f->record_count > t->record_count)
        return FIRN_FOUND(
            d, FIRN_FINDING_COUNT, "%.*s deletes %" PRId64 " rows from %.*s, which has %" PRId64,
            FIRN_STR_ARG(f->path), f->record_count, FIRN_STR_ARG(t->path), t->record_count);
    return FIRN_OK;
}

static firn_status check_deletes(firn_doctor *d, const firn_live_files *live, const firn_map *data,
                                 firn_arena *scratch)
{
    firn_map vectors; /* data file -> deletion vector */
    firn_map_init(&vectors, scratch);
    for (size_t i = 0; i < live->n_files; i++) {
        const firn_live_file *file = &live->files[i];
        const firn_data_file *f = &file->entry.file;
        if (f->content != FIRN_CONTENT_POSITION_DELETES) continue;
        const firn_str path = firn_delete_referenced_path(f);
        if (path.len == 0) continue;
        const firn_live_file *target = firn_map_find(data, firn_location_identity(path));
        if (target)
            FIRN_TRY(check_target(d, file, target));
        else
            FIRN_TRY(firn_doctor_add_files(
                d, FIRN_FINDING_DANGLING_DELETE, FIRN_REPAIR_DELETES, f, 1,
                firn_arena_printf(d->arena, "%.*s deletes from %.*s, which is not live",
                                  FIRN_STR_ARG(f->path), FIRN_STR_ARG(path))));
        if (!firn_is_deletion_vector(f)) continue;
        if (firn_map_has(&vectors, firn_location_identity(path)))
            FIRN_TRY(FIRN_FOUND(d, FIRN_FINDING_DUPLICATE, "%.*s has two deletion vectors",
                                FIRN_STR_ARG(path)));
        FIRN_TRY(firn_map_put(&vectors, firn_location_identity(path), d, d->err));
    }
    return FIRN_OK;
}

static firn_status check_totals(firn_doctor *d, const firn_live_files *live)
{
    const firn_live_totals totals = firn_live_files_totals(live);
    const struct {
        const char *key;
        int64_t value;
    } k_totals[] = {{"total-data-files", totals.data_files},
                    {"total-delete-files", totals.delete_files},
                    {"total-records", totals.records},
                    {"total-position-deletes", totals.positions},
                    {"total-equality-deletes", totals.equalities}};
    for (size_t i = 0; i < sizeof k_totals / sizeof *k_totals; i++) {
        const int64_t said =
            firn_properties_get_i64(&d->snapshot->summary, firn_str_of(k_totals[i].key), -1);
        if (said < 0 || said == k_totals[i].value) continue;
        FIRN_TRY(firn_doctor_add_files(
            d, FIRN_FINDING_TOTALS, FIRN_REPAIR_TOTALS, NULL, 0,
            firn_arena_printf(d->arena, "the summary says %s %" PRId64 ", there are %" PRId64,
                              k_totals[i].key, said, k_totals[i].value)));
    }
    return FIRN_OK;
}

firn_status firn_doctor_snapshot(firn_doctor *d, const firn_live_files *live, firn_arena *scratch)
{
    firn_map data;
    firn_map_init(&data, scratch);
    FIRN_TRY(check_duplicates(d, live, &data, scratch));
    FIRN_TRY(check_deletes(d, live, &data, scratch));
    return check_totals(d, live);
}
