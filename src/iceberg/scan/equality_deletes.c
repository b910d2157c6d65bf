/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of deleted values. A row's values become bytes, the same for data and delete files because
 * both are read with the table's types; equal bytes are equal values. */
#include "iceberg/scan/equality_deletes.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/scan/row_bytes.h"

/* ---- columns ---- */

/* The way from a struct to a field of primitive type inside it. */
typedef struct field_path {
    const firn_field *fields[FIRN_LIMIT_NESTING];
    size_t n;
} field_path;

static bool find_path(const firn_type *type, int32_t id, field_path *path)
{
    if (type->kind != FIRN_TYPE_STRUCT || path->n == FIRN_LIMIT_NESTING) return false;
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        path->fields[path->n++] = field;
        if (field->id == id || find_path(field->type, id, path)) return true;
        path->n--;
    }
    return false;
}

/* The current schema first; then the others, newest first, which have the dropped columns. */
static firn_status find_column(const firn_table_metadata *metadata, int32_t id, field_path *path,
                               firn_error *err)
{
    if (find_path(&firn_metadata_schema(metadata)->root, id, path)) return FIRN_OK;
    for (size_t i = metadata->n_schemas; i > 0; i--)
        if (find_path(&metadata->schemas[i - 1]->root, id, path)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT,
                     "equality deletes by field %d, which no schema of the table has", (int)id);
}

static firn_status check_type(const firn_field *field, firn_error *err)
{
    const firn_type_kind kind = field->type->kind;
    char name[64];
    if (firn_type_is_primitive(field->type) && kind != FIRN_TYPE_UNKNOWN &&
        kind != FIRN_TYPE_VARIANT && kind != FIRN_TYPE_GEOMETRY && kind != FIRN_TYPE_GEOGRAPHY)
        return FIRN_OK;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: equality deletes by %.*s, %s",
                     FIRN_STR_ARG(field->name), firn_type_name(field->type, name, sizeof name));
}

/* The root of the path, with nothing in it but the path. A column may have been added to a struct
 * after the file was written, so that nothing on the way is required. */
static firn_status cut_down(const field_path *path, firn_arena *arena, firn_field *out,
                            firn_error *err)
{
    firn_field field = *path->fields[path->n - 1];
    field.is_required = false;
    for (size_t i = path->n - 1; i > 0; i--) {
        firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
        firn_field *only = firn_arena_alloc(arena, sizeof *only);
        if (!type || !only) return firn_fail_nomem(err);
        *only = field;
        type->kind = FIRN_TYPE_STRUCT;
        type->fields = only;
        type->n_fields = 1;
        field = *path->fields[i - 1];
        field.type = type;
        field.is_required = false;
    }
    *out = field;
    return FIRN_OK;
}

firn_status firn_equality_set_init(firn_equality_set *set, const firn_table_metadata *metadata,
                                   const int32_t *field_ids, size_t n, firn_arena *arena,
                                   firn_error *err)
{
    if (n > FIRN_EQUALITY_MAX_COLUMNS)
        return firn_fail(err, FIRN_ERR_LIMIT, "equality deletes by %zu columns, limit %d", n,
                         FIRN_EQUALITY_MAX_COLUMNS);
    firn_equality_column *columns = firn_arena_array(arena, n, sizeof *columns);
    if (!columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        field_path path = {.n = 0};
        FIRN_TRY(find_column(metadata, field_ids[i], &path, err));
        FIRN_TRY(check_type(path.fields[path.n - 1], err));
        FIRN_TRY(cut_down(&path, arena, &columns[i].root, err));
        columns[i].depth = path.n - 1;
    }
    set->columns = columns;
    set->n_columns = n;
    firn_map_init(&set->values, arena);
    return FIRN_OK;
}

/* ---- values as bytes ---- */

static void put_column(const firn_column *column, size_t depth, int64_t row, firn_buf *key)
{
    for (; depth > 0 && firn_column_is_valid(column, row); depth--) column = &column->children[0];
    const bool is_null = depth > 0 || !firn_column_is_valid(column, row);
    firn_buf_byte(key, is_null ? 0 : 1);
    if (!is_null) firn_row_put_value(column, row, key);
}

static void make_key(const firn_equality_set *set, const firn_column *const *columns, int64_t row,
                     firn_buf *key)
{
    firn_buf_clear(key);
    for (size_t i = 0; i < set->n_columns; i++)
        put_column(columns[i], set->columns[i].depth, row, key);
}

/* ---- reading ---- */

typedef struct set_reader {
    firn_equality_set *set;
    int64_t sequence_number;
    const firn_column **columns;
    firn_buf key;
} set_reader;

static firn_status put_row(set_reader *r, firn_error *err)
{
    firn_arena *arena = r->set->values.arena;
    FIRN_TRY(firn_buf_check(&r->key, err));
    int64_t *sequence = firn_map_find(&r->set->values, firn_buf_view(&r->key));
    if (sequence) {
        if (*sequence < r->sequence_number) *sequence = r->sequence_number;
        return FIRN_OK;
    }
    const firn_str copy = firn_arena_copy(arena, firn_buf_view(&r->key));
    sequence = firn_arena_alloc(arena, sizeof *sequence);
    if (!copy.data || !sequence) return firn_fail_nomem(err);
    *sequence = r->sequence_number;
    return firn_map_put(&r->set->values, copy, sequence, err);
}

static firn_status take_rows(void *ctx, const firn_batch *batch, firn_error *err)
{
    set_reader *r = ctx;
    for (size_t i = 0; i < batch->n_columns; i++) r->columns[i] = &batch->columns[i];
    for (int64_t row = 0; row < batch->n_rows; row++) {
        make_key(r->set, r->columns, row, &r->key);
        FIRN_TRY(put_row(r, err));
    }
    return FIRN_OK;
}

firn_status firn_equality_set_read(firn_equality_set *set, const firn_delete_source *source,
                                   const firn_delete_file *file, firn_error *err)
{
    firn_arena *arena = set->values.arena;
    firn_field *fields = firn_arena_array(arena, set->n_columns, sizeof *fields);
    set_reader reader = {.set = set, .sequence_number = file->sequence_number};
    reader.columns = firn_arena_array(arena, set->n_columns, sizeof *reader.columns);
    if (!fields || !reader.columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < set->n_columns; i++) fields[i] = set->columns[i].root;
    const firn_type wanted = {
        .kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = set->n_columns};
    firn_buf_init(&reader.key, NULL, 0);
    const firn_status st = firn_delete_file_read(source, file, &wanted, take_rows, &reader, err);
    firn_buf_dispose(&reader.key);
    return st;
}

firn_status firn_equality_set_apply(const firn_equality_set *set, const firn_column *const *columns,
                                    int64_t n_rows, int64_t sequence_number, firn_buf *key,
                                    uint64_t *keep, firn_error *err)
{
    for (int64_t row = 0; row < n_rows; row++) {
        make_key(set, columns, row, key);
        FIRN_TRY(firn_buf_check(key, err));
        const int64_t *sequence = firn_map_find(&set->values, firn_buf_view(key));
        if (sequence && *sequence > sequence_number)
            keep[(uint64_t)row >> 6] &= ~((uint64_t)1 << ((uint64_t)row & 63));
    }
    return FIRN_OK;
}
