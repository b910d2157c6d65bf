/* SPDX-License-Identifier: Apache-2.0 */
/* Columns are told apart by their ids: those of the delete file by the specification's. */
#include "sql/metadata_tables/metadata_position_rows.h"

#include "base/arena.h"
#include "base/error.h"
#include "sql/metadata_tables/metadata_file_rows.h"

enum {
    PARTITION = 2147483642,
    SPEC_ID = 2147483643,
    DELETE_FILE_PATH = 2147483646,
    CONTENT_OFFSET = 144,
    CONTENT_SIZE = 145,
};

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};

static void add_column(firn_type *type, firn_field *fields, int32_t id, const char *name,
                       const firn_type *of)
{
    size_t n = 0;
    while (name[n]) n++;
    fields[type->n_fields++] = (firn_field){.id = id, .name = {name, n}, .type = of};
}

firn_status firn_metadata_positions_type(const firn_table_metadata *metadata,
                                         const firn_type *partition, firn_arena *arena,
                                         const firn_type **out, firn_error *err)
{
    enum { MAX_COLUMNS = 8 };
    firn_field *fields = firn_arena_array(arena, MAX_COLUMNS, sizeof *fields);
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!fields || !type) return firn_fail_nomem(err);
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields};
    add_column(type, fields, FIRN_FIELD_DELETE_FILE_PATH, "file_path", &k_string);
    add_column(type, fields, FIRN_FIELD_DELETE_POS, "pos", &k_long);
    add_column(type, fields, FIRN_FIELD_DELETE_ROW, "row", &firn_metadata_schema(metadata)->root);
    if (partition->n_fields > 0) add_column(type, fields, PARTITION, "partition", partition);
    add_column(type, fields, SPEC_ID, "spec_id", &k_int);
    add_column(type, fields, DELETE_FILE_PATH, "delete_file_path", &k_string);
    if (metadata->format_version >= 3) {
        add_column(type, fields, CONTENT_OFFSET, "content_offset", &k_long);
        add_column(type, fields, CONTENT_SIZE, "content_size_in_bytes", &k_long);
    }
    *out = type;
    return FIRN_OK;
}

/* One value of another column of the same type. Depth is that of a schema. */
static void copy_cell(firn_row_builder *b, firn_column *to, const firn_column *from, int64_t row)
{
    if (!firn_column_is_valid(from, row)) {
        firn_cell_null(b, to);
        return;
    }
    if (firn_type_is_primitive(from->type)) {
        const firn_value value = firn_column_get(from, row);
        firn_cell_value(b, to, &value);
        return;
    }
    if (from->type->kind == FIRN_TYPE_STRUCT) {
        firn_cell_struct(b, to);
        for (size_t i = 0; i < from->n_children; i++)
            copy_cell(b, &to->children[i], &from->children[i], row);
        return;
    }
    const firn_list_entry entry = ((const firn_list_entry *)from->values)[row];
    firn_cell_open(b, to);
    for (uint64_t k = 0; b->status == FIRN_OK && k < entry.length; k++)
        for (size_t i = 0; i < from->n_children; i++)
            copy_cell(b, &to->children[i], &from->children[i], (int64_t)(entry.offset + k));
    firn_cell_close(b, to);
}

typedef struct position_rows {
    firn_row_builder *b;
    const firn_type *type;
    const firn_delete_file *file;
} position_rows;

static void long_or_null(firn_row_builder *b, firn_column *column, int64_t value)
{
    if (value < 0)
        firn_cell_null(b, column);
    else
        firn_cell_long(b, column, value);
}

/* row: NULL where the delete file does not hold deleted rows. */
static void add_row(const position_rows *p, firn_str path, int64_t position,
                    const firn_column *deleted, int64_t row)
{
    firn_row_builder *b = p->b;
    const firn_data_file *file = &p->file->file;
    for (size_t i = 0; b->status == FIRN_OK && i < p->type->n_fields; i++) {
        firn_column *c = firn_rows_column(b, i);
        switch (p->type->fields[i].id) {
        case FIRN_FIELD_DELETE_FILE_PATH: firn_cell_text(b, c, path); break;
        case FIRN_FIELD_DELETE_POS: firn_cell_long(b, c, position); break;
        case PARTITION: firn_metadata_partition_cell(b, c, file, p->file->spec); break;
        case SPEC_ID: firn_cell_int(b, c, file->spec_id); break;
        case DELETE_FILE_PATH: firn_cell_text(b, c, file->path); break;
        case CONTENT_OFFSET: long_or_null(b, c, file->content_offset); break;
        case CONTENT_SIZE: long_or_null(b, c, file->content_size_bytes); break;
        default:
            if (deleted)
                copy_cell(b, c, deleted, row);
            else
                firn_cell_null(b, c);
        }
    }
}

static firn_status add_batch(void *ctx, const firn_batch *batch, firn_error *err)
{
    const position_rows *p = ctx;
    const firn_view *paths = batch->columns[0].values;
    const int64_t *positions = batch->columns[1].values;
    (void)err;
    for (int64_t i = 0; p->b->status == FIRN_OK && i < batch->n_rows; i++)
        add_row(p, firn_view_str(&paths[i]), positions[i], &batch->columns[2], i);
    return p->b->status;
}

static firn_status add_vector(const position_rows *p, const firn_delete_source *source,
                              firn_arena *arena)
{
    firn_bitmap *bitmap = NULL;
    firn_bitmap_cursor cursor = {0};
    uint64_t positions[256];
    size_t n = 0;
    FIRN_TRY(firn_deletion_vector_read(source, p->file, arena, &bitmap, p->b->err));
    while (p->b->status == FIRN_OK && (n = firn_bitmap_next(bitmap, &cursor, positions, 256)) > 0)
        for (size_t i = 0; p->b->status == FIRN_OK && i < n; i++)
            add_row(p, p->file->file.referenced_data_file, (int64_t)positions[i], NULL, 0);
    return p->b->status;
}

firn_status firn_metadata_position_cells(firn_row_builder *b, const firn_type *type,
                                         const firn_delete_source *source,
                                         const firn_delete_file *file)
{
    const firn_type wanted = {.kind = FIRN_TYPE_STRUCT, .fields = type->fields, .n_fields = 3};
    position_rows rows = {b, type, file};
    if (!firn_is_deletion_vector(&file->file))
        return firn_delete_file_read(source, file, &wanted, add_batch, &rows, b->err);
    firn_arena *arena = firn_arena_create(source->env->alloc, 0);
    if (!arena) return firn_fail_nomem(b->err);
    const firn_status st = add_vector(&rows, source, arena);
    firn_arena_destroy(arena);
    return st;
}
