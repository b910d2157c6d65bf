/* SPDX-License-Identifier: Apache-2.0 */
/* The columns a scan declares to DuckDB, and where those that are wanted come from. */
#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine_scan.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};

size_t firn_engine_scan_columns(const firn_scan_source *source)
{
    const size_t n = 1 + firn_scan_source_root(source)->n_fields;
    if (!source->metadata) return n;
    return n + firn_metadata_columns_count(source->metadata_columns) + (source->numbers ? 3 : 0);
}

/* Columns for changing rows: by what a reader gives them, under names of ours. */
static firn_field change_field(size_t i)
{
    firn_field field;
    switch (i) {
    case 0:
        field = firn_field_file;
        field.name = FIRN_STR(FIRN_SCAN_FILE_COLUMN);
        field.type = &k_int;
        return field;
    case 1:
        field = firn_field_pos;
        field.name = FIRN_STR(FIRN_SCAN_POS_COLUMN);
        return field;
    default:
        field = firn_field_row_id;
        field.name = FIRN_STR(FIRN_SCAN_ROW_ID_COLUMN);
        return field;
    }
}

firn_field firn_engine_scan_field(const firn_scan_source *source, size_t declared)
{
    const firn_type *root = firn_scan_source_root(source);
    const size_t n_metadata = firn_metadata_columns_count(source->metadata_columns);
    if (declared <= root->n_fields) return root->fields[declared - 1];
    declared -= root->n_fields + 1;
    if (declared < n_metadata)
        return firn_metadata_column_field(source->metadata_columns, declared, source->partition);
    return change_field(declared - n_metadata);
}

static scan_slot_kind slot_kind(const firn_field *field, bool is_own)
{
    if (field->type->kind == FIRN_TYPE_UNKNOWN) return SCAN_SLOT_NULLS;
    if (!is_own && firn_engine_scan_is_constant(field->id)) return SCAN_SLOT_CONSTANT;
    if (!is_own && field->type == &k_int) return SCAN_SLOT_FILE;
    return firn_duckdb_is_same_layout(field->type) ? SCAN_SLOT_IN_PLACE : SCAN_SLOT_COPIED;
}

firn_status firn_engine_scan_project(firn_engine_scan *scan, firn_error *err)
{
    firn_field *fields = firn_arena_array(scan->arena, scan->n_slots, sizeof *fields);
    firn_field *constants = firn_arena_array(scan->arena, scan->n_slots, sizeof *constants);
    if (!fields || !constants) return firn_fail_nomem(err);
    size_t n = 0;
    size_t n_constants = 0;
    const size_t n_own = firn_scan_source_root(scan->source)->n_fields;
    for (size_t i = 0; i < scan->n_slots; i++) {
        scan_slot *slot = &scan->slots[i];
        const bool is_own = slot->column <= n_own;
        if (slot->column == 0) {
            slot->kind = SCAN_SLOT_ROW;
        } else if (!scan->source->metadata) {
            slot->kind = SCAN_SLOT_COPIED;
            slot->column -= 1;
        } else {
            fields[n] = firn_engine_scan_field(scan->source, slot->column);
            slot->kind = slot_kind(&fields[n], is_own);
            if (scan->source->changes && slot->kind == SCAN_SLOT_IN_PLACE)
                slot->kind = SCAN_SLOT_COPIED; /* from batches of the changelog */
            if (slot->kind == SCAN_SLOT_CONSTANT) constants[n_constants] = fields[n];
            slot->column = slot->kind == SCAN_SLOT_CONSTANT ? n_constants++ : n;
            n += slot->kind == SCAN_SLOT_IN_PLACE || slot->kind == SCAN_SLOT_COPIED;
        }
    }
    scan->constants =
        (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = constants, .n_fields = n_constants};
    scan->projection = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    return FIRN_OK;
}
