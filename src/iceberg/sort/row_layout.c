/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/row_layout.h"

#include <string.h>

#include "base/error.h"
#include "iceberg/sort/packed_values.h"

#define K_SLOT ((size_t)4) /* bytes, of text and nested values */

static firn_row_slot slot_of(const firn_type *type)
{
    if (type->kind == FIRN_TYPE_UNKNOWN) return (firn_row_slot){.kind = FIRN_SLOT_NOTHING};
    if (firn_packed_is_nested(type))
        return (firn_row_slot){.kind = FIRN_SLOT_NESTED, .width = K_SLOT};
    if (firn_column_has_views(type))
        return (firn_row_slot){.kind = FIRN_SLOT_TEXT, .width = K_SLOT};
    return (firn_row_slot){.kind = FIRN_SLOT_NUMBER, .width = firn_column_width(type)};
}

/* Widths are known. */
static void place_slots(firn_row_form *form)
{
    form->slot_bytes = 0;
    for (size_t i = 0; i < form->n_columns; i++) {
        form->slots[i].at = form->slot_bytes;
        form->slot_bytes += form->slots[i].width;
    }
}

static firn_status init_form(firn_row_form *form, const firn_row_layout *layout, firn_arena *arena,
                             firn_error *err)
{
    const size_t n_fields = layout->root->n_fields;
    form->n_columns = layout->n_columns;
    form->slots = firn_arena_array(arena, form->n_columns, sizeof *form->slots);
    if (!form->slots) return firn_fail_nomem(err);
    for (size_t i = 0; i < form->n_columns; i++) {
        firn_row_slot *slot = &form->slots[i];
        *slot = i < n_fields
                    ? slot_of(layout->root->fields[i].type)
                    : (firn_row_slot){.kind = FIRN_SLOT_NUMBER, .width = layout->place_width};
        form->has_bytes |= slot->kind == FIRN_SLOT_TEXT || slot->kind == FIRN_SLOT_NESTED;
    }
    place_slots(form);
    return FIRN_OK;
}

firn_status firn_row_layout_init(firn_row_layout *layout, const firn_type *root, size_t place_width,
                                 firn_arena *arena, firn_error *err)
{
    *layout = (firn_row_layout){.root = root, .place_width = place_width};
    layout->n_columns = root->n_fields + (place_width > 0 ? 1 : 0);
    FIRN_TRY(init_form(&layout->full, layout, arena, err));
    return init_form(&layout->narrow, layout, arena, err);
}

/* ---- the narrow form ---- */

static bool may_be_half(firn_type_kind kind, size_t width)
{
    switch (kind) {
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return true;
    case FIRN_TYPE_DECIMAL: return width >= sizeof(int64_t);
    default: return false;
    }
}

bool firn_slot_fits_half(const char *slot, size_t width)
{
    int64_t low;
    int64_t high;
    memcpy(&low, slot, sizeof low);
    if (width == sizeof low) return (int64_t)(int32_t)low == low;
    memcpy(&high, slot + sizeof low, sizeof high);
    return high == (low < 0 ? -1 : 0);
}

static bool all_fit(const firn_column *column, size_t width, int64_t n)
{
    const char *values = column->values;
    for (int64_t r = 0; r < n; r++)
        if (!firn_slot_fits_half(values + (size_t)r * width, width) &&
            firn_column_is_valid(column, r))
            return false;
    return true;
}

void firn_row_layout_narrow(firn_row_layout *layout, const firn_batch *rows)
{
    for (size_t i = 0; i < layout->root->n_fields; i++) {
        firn_row_slot *slot = &layout->narrow.slots[i];
        const size_t width = layout->full.slots[i].width;
        if (slot->kind == FIRN_SLOT_NUMBER &&
            may_be_half(layout->root->fields[i].type->kind, width) &&
            all_fit(&rows->columns[i], width, rows->n_rows))
            slot->width = width / 2;
    }
    place_slots(&layout->narrow);
}
