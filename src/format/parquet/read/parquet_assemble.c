/* SPDX-License-Identifier: Apache-2.0 */
/* From levels to structs, lists and maps. Each level entry is looked at once per field on the way
 * from the root to its leaf; list lengths come from one leaf below the list, and every other leaf
 * must have just as many slots, so columns that disagree cannot make a list point outside. */
#include <string.h>

#include "base/error.h"
#include "format/parquet/read/parquet_plan.h"

#define SOFT_LEVELS ((size_t)1 << 20) /* beyond this a batch gets fewer rows */

void firn_pq_bind(firn_pq_read *read, firn_column *column)
{
    if (read->kind == FIRN_PQ_READ_LEAF) read->leaf->column = column;
    if (read->kind == FIRN_PQ_READ_VARIANT) {
        firn_pq_bind(&read->children[0], &read->variant->group->columns[0]);
        return;
    }
    for (size_t i = 0; i < read->n_children; i++)
        firn_pq_bind(&read->children[i], &column->children[i]);
}

static firn_status read_leaf(firn_pq_leaf *leaf, size_t max_rows, size_t *n_rows, firn_error *err)
{
    size_t got = 0;
    const size_t want = *n_rows > 0 ? *n_rows : max_rows;
    FIRN_TRY(firn_pq_leaf_read_rows(leaf, want, *n_rows > 0 ? SIZE_MAX : SOFT_LEVELS, &got, err));
    if (got == 0 || (*n_rows > 0 && got != *n_rows))
        return firn_fail(err, FIRN_ERR_CORRUPT, "column %.*s ends after %zu of %zu rows",
                         FIRN_STR_ARG(leaf->node->name), got, want);
    *n_rows = got;
    return FIRN_OK;
}

firn_status firn_pq_read_levels(firn_pq_read *read, size_t max_rows, size_t *n_rows,
                                firn_error *err)
{
    if (read->kind == FIRN_PQ_READ_LEAF) return read_leaf(read->leaf, max_rows, n_rows, err);
    if (read->owns_shape) FIRN_TRY(read_leaf(read->leaf, max_rows, n_rows, err));
    for (size_t i = 0; i < read->n_children; i++)
        if (read->children[i].kind != FIRN_PQ_READ_MISSING)
            FIRN_TRY(firn_pq_read_levels(&read->children[i], max_rows, n_rows, err));
    return FIRN_OK;
}

static firn_status fail_slots(const firn_pq_read *read, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT,
                     "field %.*s: columns of the same list disagree about its elements",
                     FIRN_STR_ARG(read->field->name));
}

static size_t count_slots(const firn_pq_leaf *leaf, uint8_t rep, uint8_t slot_def)
{
    size_t n = 0;
    for (size_t i = 0; i < leaf->n_levels; i++)
        n += (size_t)((leaf->rep_levels[i] <= rep) & (leaf->def_levels[i] >= slot_def));
    return n;
}

/* Validity of every slot of a leaf or struct from levels; *n_set counts the valid ones. */
static firn_status mark_slots(const firn_pq_read *read, firn_column *column, size_t n_slots,
                              size_t *n_set, firn_error *err)
{
    const firn_pq_leaf *leaf = read->leaf;
    const uint8_t def = (uint8_t)read->node->def, slot_def = (uint8_t)read->slot_def;
    const uint8_t rep = (uint8_t)read->node->rep;
    uint64_t *word = column->validity;
    uint64_t bits = 0;
    size_t slot = 0;
    *n_set = 0;
    if (count_slots(leaf, rep, slot_def) != n_slots) return fail_slots(read, err);
    for (size_t i = 0; i < leaf->n_levels; i++) {
        const uint8_t d = leaf->def_levels[i];
        const uint64_t is_slot = (uint64_t)((leaf->rep_levels[i] <= rep) & (d >= slot_def));
        const uint64_t is_valid = is_slot & (uint64_t)(d >= def);
        bits |= is_valid << slot;
        *n_set += is_valid;
        slot += is_slot;
        if (slot == 64) {
            *word++ = bits;
            bits = 0;
            slot = 0;
        }
    }
    if (slot > 0) *word = (*word & UINT64_MAX << slot) | bits;
    return FIRN_OK;
}

/* n_wanted slots are not null around this field: just as many have to be set when it is required.
 */
static firn_status check_nulls(const firn_pq_read *read, size_t n_set, size_t n_wanted,
                               firn_error *err)
{
    if (!read->field->is_required || n_set >= n_wanted) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "field %.*s is required but has %zu nulls",
                     FIRN_STR_ARG(read->field->name), n_wanted - n_set);
}

static firn_status assemble_leaf(const firn_pq_read *read, firn_column *column, size_t n_slots,
                                 size_t n_wanted, firn_error *err)
{
    size_t n_set = 0;
    FIRN_TRY(mark_slots(read, column, n_slots, &n_set, err));
    FIRN_TRY(check_nulls(read, n_set, n_wanted, err));
    if (n_set != read->leaf->n_dense) return fail_slots(read, err);
    firn_pq_spread(read->leaf->values.kernels, column->values, read->leaf->conv.out_width,
                   column->validity, 0, n_slots, n_set);
    return FIRN_OK;
}

static firn_status assemble_struct(const firn_pq_read *read, firn_column *column, size_t n_slots,
                                   size_t n_wanted, firn_error *err)
{
    size_t n_set = 0;
    FIRN_TRY(mark_slots(read, column, n_slots, &n_set, err));
    FIRN_TRY(check_nulls(read, n_set, n_wanted, err));
    for (size_t i = 0; i < read->n_children; i++)
        FIRN_TRY(firn_pq_assemble(&read->children[i], &column->children[i], n_slots, n_set, err));
    return FIRN_OK;
}

static firn_status assemble_variant(const firn_pq_read *read, firn_column *column, size_t n_slots,
                                    size_t n_wanted, firn_error *err)
{
    const firn_pq_read *group = &read->children[0];
    firn_column *inner = &read->variant->group->columns[0];
    size_t n_set = 0;
    FIRN_TRY(mark_slots(read, column, n_slots, &n_set, err));
    FIRN_TRY(check_nulls(read, n_set, n_wanted, err));
    FIRN_TRY(firn_pq_assemble(group, inner, n_slots, n_set, err));
    return firn_pq_variant_join(read->variant, &group->leaf->blocks, column, n_slots, err);
}

/* Entries and validity of the list; *total is how many elements there are in all. */
static firn_status mark_lists(const firn_pq_read *read, firn_column *column, size_t n_slots,
                              size_t *n_set, size_t *total, firn_error *err)
{
    const firn_pq_leaf *leaf = read->leaf;
    const uint8_t def = (uint8_t)read->node->def, list_def = (uint8_t)read->node->list_def;
    const uint8_t rep = (uint8_t)read->node->rep, slot_def = (uint8_t)read->slot_def;
    firn_list_entry *entries = column->values;
    size_t slot = 0;
    bool is_open = false; /* the last list has elements, so it may get more */
    *total = 0;
    *n_set = 0;
    for (size_t i = 0; i < leaf->n_levels; i++) {
        const uint8_t d = leaf->def_levels[i], r = leaf->rep_levels[i];
        const bool has_element = d >= list_def;
        if (r > rep + 1) continue; /* inside an element */
        if (r == rep + 1) {
            if (!is_open || !has_element) return fail_slots(read, err);
            entries[slot - 1].length++;
            ++*total;
            continue;
        }
        is_open = has_element;
        if (d < slot_def) continue; /* the list around this one is empty or null */
        if (slot == n_slots) return fail_slots(read, err);
        entries[slot] = (firn_list_entry){*total, has_element};
        if (d >= def)
            firn_column_set_valid(column, (int64_t)slot);
        else
            firn_column_set_null(column, (int64_t)slot);
        *n_set += d >= def;
        *total += has_element;
        slot++;
    }
    return slot == n_slots ? FIRN_OK : fail_slots(read, err);
}

/* Bytes of n slots of an element, without the values that were counted when they were read. */
static uint64_t slot_bytes(const firn_pq_read *read, const firn_column *column, size_t n)
{
    uint64_t bytes = (uint64_t)n * firn_column_width(column->type);
    if (read && read->kind == FIRN_PQ_READ_LEAF) {
        const uint64_t counted = (uint64_t)read->leaf->n_dense * read->leaf->conv.out_width;
        return bytes > counted ? bytes - counted : 0;
    }
    if (column->type->kind != FIRN_TYPE_STRUCT) return bytes;
    const bool is_read = read && read->kind == FIRN_PQ_READ_STRUCT;
    for (size_t i = 0; i < column->n_children; i++)
        bytes += slot_bytes(is_read ? &read->children[i] : NULL, &column->children[i], n);
    return bytes;
}

static firn_status assemble_list(const firn_pq_read *read, firn_column *column, size_t n_slots,
                                 size_t n_wanted, firn_error *err)
{
    size_t n_set = 0, total = 0;
    FIRN_TRY(mark_lists(read, column, n_slots, &n_set, &total, err));
    FIRN_TRY(check_nulls(read, n_set, n_wanted, err));
    for (size_t i = 0; i < read->n_children; i++) {
        const firn_pq_read *child = &read->children[i];
        FIRN_TRY(firn_pq_budget_spend(read->leaf->blocks.budget,
                                      slot_bytes(child, &column->children[i], total), err));
        FIRN_TRY(firn_pq_assemble(child, &column->children[i], total, total, err));
    }
    return FIRN_OK;
}

firn_status firn_pq_assemble(const firn_pq_read *read, firn_column *column, size_t n_slots,
                             size_t n_wanted, firn_error *err)
{
    /* Top-level columns of the caller are large enough; everything below them is owned. */
    if ((int64_t)n_slots > column->capacity)
        FIRN_TRY(firn_column_reserve(column, (int64_t)n_slots, err));
    column->n_values = (int64_t)n_slots;
    switch (read->kind) {
    case FIRN_PQ_READ_MISSING: return firn_pq_fill_missing(read->field, column, n_slots, err);
    case FIRN_PQ_READ_LEAF: return assemble_leaf(read, column, n_slots, n_wanted, err);
    case FIRN_PQ_READ_STRUCT: return assemble_struct(read, column, n_slots, n_wanted, err);
    case FIRN_PQ_READ_LIST: return assemble_list(read, column, n_slots, n_wanted, err);
    case FIRN_PQ_READ_VARIANT: return assemble_variant(read, column, n_slots, n_wanted, err);
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "read kind %d", (int)read->kind);
}

/* ---- missing fields ---- */

static void store_default(const firn_value *value, size_t width, void *out)
{
    firn_view view;
    switch (value->kind) {
    case FIRN_TYPE_BOOLEAN: memcpy(out, &value->as.boolean, 1); break;
    case FIRN_TYPE_DECIMAL: memcpy(out, &value->as.decimal, width); break; /* little-endian */
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_BINARY:
        view = firn_view_of(value->as.bytes.data, (uint32_t)value->as.bytes.len);
        memcpy(out, &view, sizeof view);
        break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_FLOAT: memcpy(out, &value->as.i32, 4); break;
    default: memcpy(out, &value->as.i64, 8); break;
    }
}

static void fill_nulls(firn_column *column, size_t n_slots)
{
    const size_t width = firn_column_width(column->type);
    if (column->validity) firn_pq_fill_bits(column->validity, 0, n_slots, false);
    if (width > 0) memset(column->values, 0, n_slots * width);
}

/* A struct is what its fields have for defaults. */
static firn_status fill_default_struct(firn_column *column, size_t n_slots, firn_error *err)
{
    if (column->validity) firn_pq_fill_bits(column->validity, 0, n_slots, true);
    for (size_t i = 0; i < column->n_children; i++) {
        firn_column *child = &column->children[i];
        if ((int64_t)n_slots > child->capacity)
            FIRN_TRY(firn_column_reserve(child, (int64_t)n_slots, err));
        FIRN_TRY(firn_pq_fill_missing(&column->type->fields[i], child, n_slots, err));
    }
    return FIRN_OK;
}

static firn_status fill_null_children(firn_column *column, size_t n_slots, firn_error *err)
{
    const bool is_struct = column->type->kind == FIRN_TYPE_STRUCT;
    const size_t n = is_struct ? n_slots : 0; /* null lists have no elements */
    for (size_t i = 0; i < column->n_children; i++) {
        firn_column *child = &column->children[i];
        if ((int64_t)n > child->capacity) FIRN_TRY(firn_column_reserve(child, (int64_t)n, err));
        child->n_values = (int64_t)n;
        fill_nulls(child, n);
        FIRN_TRY(fill_null_children(child, n, err));
    }
    return FIRN_OK;
}

firn_status firn_pq_fill_missing(const firn_field *field, firn_column *column, size_t n_slots,
                                 firn_error *err)
{
    const firn_value *value = field->initial_default;
    const size_t width = firn_column_width(column->type);
    const firn_type_kind kind = column->type->kind;
    column->n_values = (int64_t)n_slots;
    if (!value || value->is_null || kind == FIRN_TYPE_LIST || kind == FIRN_TYPE_MAP) {
        if (!column->validity && n_slots > 0)
            return firn_fail(err, FIRN_ERR_ARG,
                             "field %.*s is missing from the file and its "
                             "column has no validity mask",
                             FIRN_STR_ARG(field->name));
        fill_nulls(column, n_slots);
        return fill_null_children(column, n_slots, err);
    }
    if (value->kind != kind)
        return firn_fail(err, FIRN_ERR_ARG, "field %.*s has a default of another type",
                         FIRN_STR_ARG(field->name));
    if (kind == FIRN_TYPE_STRUCT) return fill_default_struct(column, n_slots, err);
    if (column->validity) firn_pq_fill_bits(column->validity, 0, n_slots, true);
    for (size_t i = 0; i < n_slots; i++)
        store_default(value, width, (char *)column->values + i * width);
    return FIRN_OK;
}
