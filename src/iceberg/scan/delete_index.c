/* SPDX-License-Identifier: Apache-2.0 */
/* Delete files in three maps: deletion vectors and file-scoped position deletes by path, the others
 * by partition. Each group is sorted by sequence number, so a look-up touches only what applies. */
#include "iceberg/scan/delete_index.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "iceberg/spec/location_key.h"

#define MAX_KEY_BYTES ((size_t)1 << 24)

/* Delete files of one path or one partition. */
typedef struct delete_group {
    const firn_delete_file **positions; /* falling sequence numbers once finished */
    size_t n_positions, cap_positions;
    const firn_delete_file **equalities;
    size_t n_equalities, cap_equalities;
    const firn_delete_file *vector;
} delete_group;

struct firn_delete_index {
    const firn_table_metadata *metadata;
    firn_arena *arena;
    firn_delete_file **all;
    size_t n_all, cap_all;
    firn_map by_path;      /* identity of the data file's location -> delete_group */
    firn_map by_partition; /* firn_partition_key -> delete_group */
    bool has_history;
    delete_group global; /* equality deletes of unpartitioned specs */
};

firn_status firn_delete_index_create(const firn_table_metadata *metadata, firn_arena *arena,
                                     firn_delete_index **out, firn_error *err)
{
    firn_delete_index *index = firn_arena_alloc_zero(arena, sizeof *index);
    if (!index) return firn_fail_nomem(err);
    index->metadata = metadata;
    index->arena = arena;
    firn_map_init(&index->by_path, arena);
    firn_map_init(&index->by_partition, arena);
    *out = index;
    return FIRN_OK;
}

void firn_delete_index_allow_history(firn_delete_index *index)
{
    index->has_history = true;
}

size_t firn_delete_index_size(const firn_delete_index *index)
{
    return index->n_all;
}

const firn_delete_file *firn_delete_index_at(const firn_delete_index *index, size_t i)
{
    return index->all[i];
}

bool firn_is_deletion_vector(const firn_data_file *file)
{
    return file->content == FIRN_CONTENT_POSITION_DELETES && file->format == FIRN_FILE_PUFFIN;
}

firn_str firn_delete_referenced_path(const firn_data_file *file)
{
    if (file->content != FIRN_CONTENT_POSITION_DELETES) return (firn_str){0};
    if (file->referenced_data_file.len > 0) return file->referenced_data_file;
    const firn_metric *lower = firn_metric_find(&file->lower_bounds, FIRN_FIELD_DELETE_FILE_PATH);
    const firn_metric *upper = firn_metric_find(&file->upper_bounds, FIRN_FIELD_DELETE_FILE_PATH);
    if (!lower || !upper || !firn_str_equals(lower->bound, upper->bound)) return (firn_str){0};
    return lower->bound;
}

/* ---- adding ---- */

static firn_status group_of(firn_map *map, firn_arena *arena, firn_str key, delete_group **out,
                            firn_error *err)
{
    *out = firn_map_find(map, key);
    if (*out) return FIRN_OK;
    const firn_str copy = firn_arena_copy(arena, key);
    delete_group *group = firn_arena_alloc_zero(arena, sizeof *group);
    if (!copy.data || !group) return firn_fail_nomem(err);
    *out = group;
    return firn_map_put(map, copy, group, err);
}

static firn_status partition_group(firn_delete_index *index, const firn_data_file *file,
                                   delete_group **out, firn_error *err)
{
    firn_buf key;
    firn_buf_init(&key, NULL, MAX_KEY_BYTES);
    firn_status st =
        firn_partition_key(file->spec_id, file->partition, file->n_partition, &key, err);
    if (st == FIRN_OK)
        st = group_of(&index->by_partition, index->arena, firn_buf_view(&key), out, err);
    firn_buf_dispose(&key);
    return st;
}

static firn_status push(firn_arena *arena, const firn_delete_file ***items, size_t *n, size_t *cap,
                        const firn_delete_file *file, firn_error *err)
{
    const firn_delete_file **slot = firn_arena_push(arena, items, n, cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = file;
    return FIRN_OK;
}

static firn_status add_vector(firn_delete_index *index, const firn_delete_file *file,
                              firn_error *err)
{
    delete_group *group = NULL;
    const firn_str path = file->file.referenced_data_file;
    if (path.len == 0)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "deletion vector in %.*s does not name its data file",
                         FIRN_STR_ARG(file->file.path));
    FIRN_TRY(group_of(&index->by_path, index->arena, firn_location_identity(path), &group, err));
    if (group->vector && !index->has_history)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "data file %.*s has two deletion vectors, in %.*s and in %.*s",
                         FIRN_STR_ARG(path), FIRN_STR_ARG(group->vector->file.path),
                         FIRN_STR_ARG(file->file.path));
    group->vector = file;
    return FIRN_OK;
}

static firn_status add_positions(firn_delete_index *index, const firn_delete_file *file,
                                 firn_error *err)
{
    delete_group *group = NULL;
    const firn_str path = firn_delete_referenced_path(&file->file);
    if (path.len > 0)
        FIRN_TRY(
            group_of(&index->by_path, index->arena, firn_location_identity(path), &group, err));
    else
        FIRN_TRY(partition_group(index, &file->file, &group, err));
    return push(index->arena, &group->positions, &group->n_positions, &group->cap_positions, file,
                err);
}

/* As in Iceberg's Java library, where a field of a void transform partitions nothing. */
static bool is_partitioned(const firn_partition_spec *spec)
{
    for (size_t i = 0; i < spec->n_fields; i++)
        if (spec->fields[i].transform.kind != FIRN_TRANSFORM_VOID) return true;
    return false;
}

static firn_status add_equalities(firn_delete_index *index, const firn_delete_file *file,
                                  firn_error *err)
{
    delete_group *group = &index->global;
    if (file->file.n_equality_ids == 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "equality delete file %.*s names no columns",
                         FIRN_STR_ARG(file->file.path));
    if (is_partitioned(file->spec)) FIRN_TRY(partition_group(index, &file->file, &group, err));
    return push(index->arena, &group->equalities, &group->n_equalities, &group->cap_equalities,
                file, err);
}

firn_status firn_delete_index_add(firn_delete_index *index, const firn_manifest_entry *entry,
                                  const firn_partition_spec *spec, firn_error *err)
{
    firn_delete_file *file = firn_arena_alloc_zero(index->arena, sizeof *file);
    if (!file) return firn_fail_nomem(err);
    FIRN_TRY(firn_data_file_copy(&entry->file, index->arena, &file->file, err));
    file->spec = spec;
    file->sequence_number = entry->sequence_number;
    file->snapshot_id = entry->snapshot_id;
    firn_delete_file **slot = firn_arena_push(index->arena, &index->all, &index->n_all,
                                              &index->cap_all, sizeof(firn_delete_file *));
    if (!slot) return firn_fail_nomem(err);
    *slot = file;
    if (firn_is_deletion_vector(&file->file)) return add_vector(index, file, err);
    if (file->file.content == FIRN_CONTENT_EQUALITY_DELETES)
        return add_equalities(index, file, err);
    return add_positions(index, file, err);
}

static int by_falling_sequence(const void *a, const void *b)
{
    const int64_t x = (*(const firn_delete_file *const *)a)->sequence_number;
    const int64_t y = (*(const firn_delete_file *const *)b)->sequence_number;
    return (x < y) - (x > y);
}

static void sort_group(delete_group *group)
{
    if (group->n_positions > 1)
        qsort(group->positions, group->n_positions, sizeof *group->positions, by_falling_sequence);
    if (group->n_equalities > 1)
        qsort(group->equalities, group->n_equalities, sizeof *group->equalities,
              by_falling_sequence);
}

void firn_delete_index_finish(firn_delete_index *index)
{
    sort_group(&index->global);
    for (size_t i = 0; i < index->by_path.n_entries; i++)
        sort_group(index->by_path.entries[i].value);
    for (size_t i = 0; i < index->by_partition.n_entries; i++)
        sort_group(index->by_partition.entries[i].value);
}

/* ---- what bounds and counts say of equality deletes ---- */

typedef struct column_facts {
    bool may_have_null;
    bool may_have_value;
    bool has_range;
    firn_value low, high;
} column_facts;

static column_facts facts_of(const firn_data_file *file, const firn_field *field)
{
    firn_error ignored;
    column_facts facts = {.may_have_null = true, .may_have_value = true};
    const firn_metric *nulls = firn_metric_find(&file->null_value_counts, field->id);
    const firn_metric *values = firn_metric_find(&file->value_counts, field->id);
    const firn_metric *nans = firn_metric_find(&file->nan_value_counts, field->id);
    const firn_metric *low = firn_metric_find(&file->lower_bounds, field->id);
    const firn_metric *high = firn_metric_find(&file->upper_bounds, field->id);
    const bool is_float =
        field->type->kind == FIRN_TYPE_FLOAT || field->type->kind == FIRN_TYPE_DOUBLE;
    if (nulls) facts.may_have_null = nulls->count != 0;
    if (nulls && values) facts.may_have_value = nulls->count < values->count;
    /* Bounds leave NaN out. */
    if (!low || !high || (is_float && !(nans && nans->count == 0))) return facts;
    facts.has_range = firn_value_decode(field->type, low->bound, &facts.low, &ignored) == FIRN_OK &&
                      firn_value_decode(field->type, high->bound, &facts.high, &ignored) == FIRN_OK;
    return facts;
}

static const firn_field *find_field(const firn_table_metadata *metadata, int32_t id)
{
    const firn_field *field = firn_schema_find_id(firn_metadata_schema(metadata), id);
    for (size_t i = 0; !field && i < metadata->n_schemas; i++)
        field = firn_schema_find_id(metadata->schemas[i], id);
    return field;
}

static bool column_may_match(const firn_field *field, const firn_data_file *data,
                             const firn_data_file *deletes)
{
    const column_facts a = facts_of(data, field);
    const column_facts b = facts_of(deletes, field);
    if (a.may_have_null && b.may_have_null) return true;
    if (!a.may_have_value || !b.may_have_value) return false;
    if (!a.has_range || !b.has_range) return true;
    return firn_value_compare(&a.low, &b.high) <= 0 && firn_value_compare(&b.low, &a.high) <= 0;
}

static bool equality_may_match(const firn_delete_index *index, const firn_data_file *data,
                               const firn_data_file *deletes)
{
    for (size_t i = 0; i < deletes->n_equality_ids; i++) {
        const firn_field *field = find_field(index->metadata, deletes->equality_ids[i]);
        if (!field || !firn_type_is_primitive(field->type)) continue;
        /* A column that the file does not have is null or a default there. */
        if (!firn_metric_find(&data->value_counts, field->id)) continue;
        if (!column_may_match(field, data, deletes)) return false;
    }
    return true;
}

/* ---- looking up ---- */

typedef struct look_up {
    const firn_delete_index *index;
    const firn_data_file *file;
    int64_t sequence_number;
    firn_arena *arena;
    const firn_delete_file **found;
    size_t n, cap;
} look_up;

static firn_status take_vector(look_up *op, const firn_delete_file *vector, firn_error *err)
{
    if (vector->sequence_number < op->sequence_number)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "deletion vector of sequence number %lld is older than its data file "
                         "%.*s of %lld",
                         (long long)vector->sequence_number, FIRN_STR_ARG(op->file->path),
                         (long long)op->sequence_number);
    if (vector->file.spec_id != op->file->spec_id ||
        vector->file.n_partition != op->file->n_partition ||
        !firn_partition_equals(vector->file.partition, op->file->partition, op->file->n_partition))
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "deletion vector and data file %.*s are of different partitions",
                         FIRN_STR_ARG(op->file->path));
    return push(op->arena, &op->found, &op->n, &op->cap, vector, err);
}

static firn_status take_positions(look_up *op, const delete_group *group, firn_error *err)
{
    for (size_t i = 0; group && i < group->n_positions; i++) {
        if (group->positions[i]->sequence_number < op->sequence_number) break;
        FIRN_TRY(push(op->arena, &op->found, &op->n, &op->cap, group->positions[i], err));
    }
    return FIRN_OK;
}

static firn_status take_equalities(look_up *op, const delete_group *group, firn_error *err)
{
    for (size_t i = 0; group && i < group->n_equalities; i++) {
        const firn_delete_file *deletes = group->equalities[i];
        if (deletes->sequence_number <= op->sequence_number) break;
        if (!equality_may_match(op->index, op->file, &deletes->file)) continue;
        FIRN_TRY(push(op->arena, &op->found, &op->n, &op->cap, deletes, err));
    }
    return FIRN_OK;
}

static firn_status find_partition(const look_up *op, const delete_group **out, firn_error *err)
{
    firn_buf key;
    *out = NULL;
    if (op->index->by_partition.n_entries == 0) return FIRN_OK;
    firn_buf_init(&key, NULL, MAX_KEY_BYTES);
    const firn_status st = firn_partition_key(op->file->spec_id, op->file->partition,
                                              op->file->n_partition, &key, err);
    if (st == FIRN_OK) *out = firn_map_find(&op->index->by_partition, firn_buf_view(&key));
    firn_buf_dispose(&key);
    return st;
}

firn_status firn_delete_index_find(const firn_delete_index *index, const firn_data_file *file,
                                   int64_t sequence_number, firn_arena *arena,
                                   const firn_delete_file ***out, size_t *n_out, firn_error *err)
{
    look_up op = {.index = index, .file = file, .sequence_number = sequence_number, .arena = arena};
    const delete_group *partition = NULL;
    const delete_group *path = firn_map_find(&index->by_path, firn_location_identity(file->path));
    *out = NULL;
    *n_out = 0;
    if (index->n_all == 0) return FIRN_OK;
    FIRN_TRY(find_partition(&op, &partition, err));
    if (path && path->vector) {
        FIRN_TRY(take_vector(&op, path->vector, err));
    } else {
        FIRN_TRY(take_positions(&op, path, err));
        FIRN_TRY(take_positions(&op, partition, err));
    }
    FIRN_TRY(take_equalities(&op, &index->global, err));
    FIRN_TRY(take_equalities(&op, partition, err));
    *out = op.found;
    *n_out = op.n;
    return FIRN_OK;
}
