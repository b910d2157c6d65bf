/* SPDX-License-Identifier: Apache-2.0 */
/* Column by column, in a loop for each width. Not here: what is inside of nested values
 * (packed_values.c), which texts have numbers (sort_texts.c). */
#include "iceberg/sort/packed_rows.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "iceberg/sort/packed_values.h"

#define K_SLOT      ((size_t)4)         /* bytes, of text and nested values */
#define K_NUMBERED  ((uint32_t)1 << 31) /* the slot is the number of a text */
#define K_NO_BYTES  UINT32_MAX          /* the slot of a null */
#define K_UNIT      ((size_t)4)         /* bytes that places among the bytes are counted in */
#define K_MAX_BYTES (K_UNIT * (K_NUMBERED - 1))
#define K_ROW_STEP  8u

static inline bool is_in_bytes(const firn_row_slot *slot)
{
    return slot->kind == FIRN_SLOT_TEXT || slot->kind == FIRN_SLOT_NESTED;
}

static inline bool is_valid_in(const uint8_t *validity, size_t row)
{
    return (validity[row / 8] >> (row % 8) & 1) != 0;
}

/* ---- bytes behind slots ---- */

static inline size_t item_size(size_t n)
{
    return (sizeof(uint32_t) + n + K_UNIT - 1) / K_UNIT * K_UNIT;
}

static inline firn_status item_at(firn_str bytes, uint32_t slot, firn_str *out, firn_error *err)
{
    const size_t at = slot * K_UNIT;
    const size_t left = at < bytes.len ? bytes.len - at : 0;
    const uint32_t n = left >= sizeof n ? firn_load_u32le(bytes.data + at) : 0;
    if (left < sizeof n || n > left - sizeof n)
        return firn_fail(err, FIRN_ERR_CORRUPT, "%u bytes at %zu of %zu of sorted rows", n, at,
                         bytes.len);
    *out = (firn_str){bytes.data + at + sizeof n, n};
    return FIRN_OK;
}

static firn_status put_item(firn_buf *out, firn_str bytes, uint32_t *slot, firn_error *err)
{
    const size_t size = item_size(bytes.len);
    const uint32_t n = (uint32_t)bytes.len;
    if (bytes.len > UINT32_MAX || out->len + size > K_MAX_BYTES)
        return firn_fail(err, FIRN_ERR_LIMIT,
                         "%zu bytes of text and nested values to sort at once, limit %zu",
                         out->len + bytes.len, K_MAX_BYTES);
    char *to = firn_buf_reserve(out, size);
    if (!to) return firn_buf_check(out, err);
    *slot = (uint32_t)(out->len / K_UNIT);
    memcpy(to, &n, sizeof n);
    memcpy(to + sizeof n, bytes.data ? bytes.data : "", bytes.len);
    memset(to + sizeof n + bytes.len, 0, size - sizeof n - bytes.len);
    out->len += size;
    return FIRN_OK;
}

/* ---- a batch's rows ---- */

firn_status firn_packed_batch_init(firn_packed_batch *packed, const firn_row_layout *layout,
                                   const firn_allocator *alloc, firn_arena *arena, firn_error *err)
{
    const size_t n = layout->n_columns;
    *packed = (firn_packed_batch){.alloc = alloc, .columns.form = &layout->full};
    firn_buf_init(&packed->bytes, alloc, SIZE_MAX);
    firn_buf_init(&packed->nested, alloc, SIZE_MAX);
    packed->slots = firn_arena_array(arena, n, sizeof *packed->slots);
    packed->columns.values = firn_arena_array(arena, n, sizeof *packed->columns.values);
    packed->columns.validity = firn_arena_array(arena, n, sizeof *packed->columns.validity);
    if (!packed->slots || !packed->columns.values || !packed->columns.validity)
        return firn_fail_nomem(err);
    for (; packed->n_columns < n; packed->n_columns++)
        firn_buf_init(&packed->slots[packed->n_columns], alloc, SIZE_MAX);
    return FIRN_OK;
}

void firn_packed_batch_dispose(firn_packed_batch *packed)
{
    for (size_t i = 0; i < packed->n_columns; i++) firn_buf_dispose(&packed->slots[i]);
    packed->n_columns = 0;
    firn_buf_dispose(&packed->bytes);
    firn_buf_dispose(&packed->nested);
}

/* slots: numbers of texts, or FIRN_NO_CODE. */
static firn_status put_texts(firn_packed_batch *packed, const firn_column *column, int64_t n,
                             uint32_t *slots, firn_error *err)
{
    const firn_view *views = column->values;
    for (int64_t r = 0; r < n; r++) {
        if (slots[r] != FIRN_NO_CODE) {
            slots[r] |= K_NUMBERED;
            continue;
        }
        slots[r] = K_NO_BYTES;
        if (firn_column_is_valid(column, r))
            FIRN_TRY(put_item(&packed->bytes, firn_view_str(&views[r]), &slots[r], err));
    }
    return FIRN_OK;
}

static firn_status put_nested(firn_packed_batch *packed, const firn_column *column, int64_t n,
                              uint32_t *slots, firn_error *err)
{
    for (int64_t r = 0; r < n; r++) {
        slots[r] = K_NO_BYTES;
        if (!firn_column_is_valid(column, r)) continue;
        firn_buf_clear(&packed->nested);
        firn_packed_value_put(column, r, &packed->nested);
        FIRN_TRY(firn_buf_check(&packed->nested, err));
        FIRN_TRY(put_item(&packed->bytes, firn_buf_view(&packed->nested), &slots[r], err));
    }
    return FIRN_OK;
}

firn_status firn_packed_batch_put(firn_packed_batch *packed, const firn_row_layout *layout,
                                  const firn_batch *batch, const void *places,
                                  firn_sort_texts *texts, size_t lane, firn_error *err)
{
    const size_t n = (size_t)batch->n_rows;
    firn_buf_clear(&packed->bytes);
    if (layout->place_width > 0) packed->columns.values[layout->n_columns - 1] = places;
    for (size_t i = 0; i < layout->root->n_fields; i++) {
        const firn_column *column = &batch->columns[i];
        packed->columns.values[i] = column->values;
        packed->columns.validity[i] = (const uint8_t *)column->validity;
        if (!is_in_bytes(&layout->full.slots[i])) continue;
        firn_buf_clear(&packed->slots[i]);
        uint32_t *slots = (uint32_t *)(void *)firn_buf_reserve(&packed->slots[i], n * K_SLOT + 1);
        if (!slots) return firn_buf_check(&packed->slots[i], err);
        packed->columns.values[i] = packed->slots[i].data;
        if (layout->full.slots[i].kind == FIRN_SLOT_NESTED) {
            FIRN_TRY(put_nested(packed, column, batch->n_rows, slots, err));
            continue;
        }
        FIRN_TRY(firn_sort_texts_add(texts, lane, i, column, batch->n_rows, slots, err));
        FIRN_TRY(put_texts(packed, column, batch->n_rows, slots, err));
    }
    packed->columns.bytes = firn_buf_view(&packed->bytes);
    packed->n_rows = batch->n_rows;
    return FIRN_OK;
}

/* ---- blocks ---- */

static inline char *slots_of(const firn_row_block *block, size_t column)
{
    return block->data + block->cap_rows * block->form->slots[column].at;
}

static inline uint8_t *validity_of(const firn_row_block *block, size_t column)
{
    return (uint8_t *)block->data + block->cap_rows * block->form->slot_bytes +
           block->cap_rows / K_ROW_STEP * column;
}

static inline size_t bytes_at(const firn_row_block *block)
{
    return firn_row_block_size(block->form, block->cap_rows, 0);
}

size_t firn_row_block_size(const firn_row_form *form, uint32_t cap_rows, size_t n_bytes)
{
    return cap_rows * form->slot_bytes + cap_rows / K_ROW_STEP * form->n_columns + n_bytes;
}

void firn_row_block_init(firn_row_block *block, const firn_row_form *form, char *data, size_t cap,
                         size_t bytes_each)
{
    const size_t each = firn_row_block_size(form, K_ROW_STEP, K_ROW_STEP * bytes_each);
    size_t n = each > 0 ? cap / each : UINT32_MAX / K_ROW_STEP;
    if (n == 0) n = 1;
    if (n > UINT32_MAX / K_ROW_STEP) n = UINT32_MAX / K_ROW_STEP;
    *block = (firn_row_block){
        .form = form, .data = data, .cap = cap, .cap_rows = (uint32_t)n * K_ROW_STEP};
    memset(validity_of(block, 0), 0xff, n * form->n_columns);
}

void firn_row_block_columns(const firn_row_block *block, firn_slot_columns *columns)
{
    columns->form = block->form;
    for (size_t i = 0; i < block->form->n_columns; i++) {
        columns->values[i] = slots_of(block, i);
        columns->validity[i] = block->has_nulls ? validity_of(block, i) : NULL;
    }
    columns->bytes = (firn_str){block->data + bytes_at(block), block->n_bytes};
}

firn_status firn_slot_columns_bytes(const firn_slot_columns *from, uint32_t row, size_t *out,
                                    firn_error *err)
{
    *out = 0;
    for (size_t i = 0; from->form->has_bytes && i < from->form->n_columns; i++) {
        if (!is_in_bytes(&from->form->slots[i])) continue;
        const uint32_t slot = firn_load_u32le(from->values[i] + row * K_SLOT);
        firn_str bytes;
        if (slot & K_NUMBERED) continue;
        FIRN_TRY(item_at(from->bytes, slot, &bytes, err));
        *out += item_size(bytes.len);
    }
    return FIRN_OK;
}

/* All texts have numbers. */
static bool have_no_bytes(const firn_slot_columns *from, const uint32_t *rows, size_t n)
{
    uint32_t all = K_NUMBERED;
    for (size_t i = 0; from->form->has_bytes && i < from->form->n_columns; i++) {
        if (!is_in_bytes(&from->form->slots[i])) continue;
        const char *slots = from->values[i];
        for (size_t k = 0; k < n; k++) all &= firn_load_u32le(slots + rows[k] * K_SLOT);
    }
    return all != 0;
}

static inline bool is_narrower(const firn_row_form *form, const firn_row_form *than, size_t column)
{
    return form->slots[column].width < than->slots[column].width;
}

/* Do all fit, nulls or not? Without branches: nearly always they do. */
static bool all_fit(const char *slots, size_t width, const uint32_t *rows, size_t n)
{
    uint64_t differs = 0;
    if (width != sizeof differs) return false;
    for (size_t k = 0; k < n; k++) {
        const uint64_t v = firn_load_u64le(slots + rows[k] * sizeof v);
        differs |= v ^ (uint64_t)(int64_t)(int32_t)v;
    }
    return differs == 0;
}

static size_t count_fitting(const firn_slot_columns *from, size_t column, const uint32_t *rows,
                            size_t n)
{
    const size_t width = from->form->slots[column].width;
    const char *slots = from->values[column];
    const uint8_t *validity = from->validity[column];
    if (all_fit(slots, width, rows, n)) return n;
    for (size_t k = 0; k < n; k++)
        if (!firn_slot_fits_half(slots + rows[k] * width, width) &&
            (!validity || is_valid_in(validity, rows[k])))
            return k;
    return n;
}

size_t firn_slot_columns_fitting(const firn_slot_columns *from, const firn_row_form *form,
                                 const uint32_t *rows, size_t n)
{
    for (size_t i = 0; from->form != form && i < form->n_columns; i++)
        if (is_narrower(form, from->form, i)) n = count_fitting(from, i, rows, n);
    return n;
}

firn_status firn_row_block_room(const firn_row_block *block, const firn_slot_columns *from,
                                const uint32_t *rows, size_t n, size_t *out, firn_error *err)
{
    const size_t free_rows = block->cap_rows - block->n_rows;
    size_t left = block->cap - bytes_at(block);
    left = (left < K_MAX_BYTES ? left : K_MAX_BYTES) - block->n_bytes;
    *out = firn_slot_columns_fitting(from, block->form, rows, n < free_rows ? n : free_rows);
    if (have_no_bytes(from, rows, *out)) return FIRN_OK;
    for (size_t k = 0; k < *out; k++) {
        size_t size = 0;
        FIRN_TRY(firn_slot_columns_bytes(from, rows[k], &size, err));
        if (size > left) *out = k;
        left -= size > left ? left : size;
    }
    return FIRN_OK;
}

static inline void move_slots(char *to, const char *from, size_t width, const uint32_t *rows,
                              size_t n)
{
    for (size_t k = 0; k < n; k++) memcpy(to + k * width, from + rows[k] * width, width);
}

static void move_same(char *to, const char *from, size_t width, const uint32_t *rows, size_t n)
{
    switch (width) {
    case 1: move_slots(to, from, 1, rows, n); return;
    case 4: move_slots(to, from, 4, rows, n); return;
    case 8: move_slots(to, from, 8, rows, n); return;
    default: move_slots(to, from, width, rows, n);
    }
}

/* width: of the narrow slots. */
static inline void narrow_slots(char *to, const char *from, size_t width, const uint32_t *rows,
                                size_t n)
{
    for (size_t k = 0; k < n; k++)
        memcpy(to + k * width, from + (size_t)rows[k] * 2 * width, width);
}

/* width: of the narrow slot. */
static inline void widen(char *to, const char *from, size_t width)
{
    if (width == sizeof(int32_t)) {
        const int64_t wide = (int32_t)firn_load_u32le(from);
        memcpy(to, &wide, sizeof wide);
    } else {
        const int64_t low = (int64_t)firn_load_u64le(from);
        const int64_t words[2] = {low, low < 0 ? -1 : 0};
        memcpy(to, words, sizeof words);
    }
}

static void move_numbers(char *to, size_t to_width, const char *from, size_t from_width,
                         const uint32_t *rows, size_t n)
{
    if (to_width == from_width)
        move_same(to, from, to_width, rows, n);
    else if (to_width > from_width)
        for (size_t k = 0; k < n; k++)
            widen(to + k * to_width, from + rows[k] * from_width, from_width);
    else if (to_width == 4)
        narrow_slots(to, from, 4, rows, n);
    else
        narrow_slots(to, from, 8, rows, n);
}

static void move_items(firn_row_block *block, char *bytes, char *to, const char *from,
                       const firn_slot_columns *source, const uint32_t *rows, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        uint32_t slot = firn_load_u32le(from + rows[k] * K_SLOT);
        if (!(slot & K_NUMBERED)) {
            const char *item = source->bytes.data + slot * K_UNIT;
            const size_t size = item_size(firn_load_u32le(item));
            memcpy(bytes + block->n_bytes, item, size);
            slot = (uint32_t)(block->n_bytes / K_UNIT);
            block->n_bytes += size;
        }
        memcpy(to + k * K_SLOT, &slot, sizeof slot);
    }
}

static void move_nulls(firn_row_block *block, uint8_t *to, const uint8_t *from,
                       const uint32_t *rows, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        const size_t row = block->n_rows + k;
        if (is_valid_in(from, rows[k])) continue;
        to[row / K_ROW_STEP] = (uint8_t)(to[row / K_ROW_STEP] & ~(1u << row % K_ROW_STEP));
        block->has_nulls = true;
    }
}

void firn_row_block_append(firn_row_block *block, const firn_slot_columns *from,
                           const uint32_t *rows, size_t n)
{
    char *bytes = block->data + bytes_at(block);
    for (size_t i = 0; i < block->form->n_columns; i++) {
        const firn_row_slot *slot = &block->form->slots[i];
        char *to = slots_of(block, i) + block->n_rows * slot->width;
        if (from->validity[i]) move_nulls(block, validity_of(block, i), from->validity[i], rows, n);
        if (slot->kind == FIRN_SLOT_NUMBER)
            move_numbers(to, slot->width, from->values[i], from->form->slots[i].width, rows, n);
        else if (is_in_bytes(slot))
            move_items(block, bytes, to, from->values[i], from, rows, n);
    }
    block->n_rows += (uint32_t)n;
}

/* ---- rows out ---- */

/* The column of each row that is wanted. */
typedef struct picked {
    const firn_row_source *source;
    const firn_row_slot *full, *narrow;
    const firn_row_form
        *form; /* of all blocks, which have room for as many rows; NULL: they differ */
    const firn_row_place *places;
    int64_t n;
    size_t column;
} picked;

static inline const firn_row_block *block_at(const picked *p, int64_t r)
{
    return &p->source->blocks[p->places[r] >> 32];
}

static inline uint32_t row_at(const picked *p, int64_t r)
{
    return (uint32_t)p->places[r];
}

static inline bool is_narrow_at(const picked *p, int64_t r)
{
    return block_at(p, r)->form == &p->source->layout->narrow;
}

/* width: of the slot in that block. */
static inline const char *slot_at(const picked *p, int64_t r, size_t width)
{
    const firn_row_block *block = block_at(p, r);
    const size_t at = is_narrow_at(p, r) ? p->narrow->at : p->full->at;
    return block->data + block->cap_rows * at + row_at(p, r) * width;
}

static inline firn_status bytes_of(const picked *p, int64_t r, uint32_t slot, firn_str *out,
                                   firn_error *err)
{
    const firn_row_block *block = block_at(p, r);
    *out = (firn_str){0};
    if (slot == K_NO_BYTES) return FIRN_OK;
    return item_at((firn_str){block->data + bytes_at(block), block->n_bytes}, slot, out, err);
}

/* What all blocks have in common, as they mostly do. */
static const firn_row_form *common_form(const firn_row_source *source)
{
    const firn_row_block *first = &source->blocks[0];
    for (size_t i = 0; i < source->n_blocks; i++)
        if (source->blocks[i].form != first->form || source->blocks[i].cap_rows != first->cap_rows)
            return NULL;
    return source->n_blocks > 0 ? first->form : NULL;
}

/* Bytes from a block's first ones to the column's, in blocks that are alike. */
static inline size_t column_at(const picked *p)
{
    return p->source->blocks[0].cap_rows * p->form->slots[p->column].at;
}

/* width: of the slots in blocks that are alike. */
static inline void gather_alike(const picked *p, char *to, size_t width)
{
    const size_t at = column_at(p);
    for (int64_t r = 0; r < p->n; r++)
        memcpy(to + (size_t)r * width, block_at(p, r)->data + at + row_at(p, r) * width, width);
}

static inline void gather(const picked *p, char *to, size_t width)
{
    if (p->form) {
        gather_alike(p, to, width);
        return;
    }
    for (int64_t r = 0; r < p->n; r++) memcpy(to + (size_t)r * width, slot_at(p, r, width), width);
}

/* Slots that are half as wide in narrow blocks. width: of full ones. */
static inline void gather_wide(const picked *p, char *to, size_t width)
{
    const size_t at = p->form ? column_at(p) : 0;
    if (p->form == &p->source->layout->narrow) {
        for (int64_t r = 0; r < p->n; r++)
            widen(to + (size_t)r * width, block_at(p, r)->data + at + row_at(p, r) * (width / 2),
                  width / 2);
        return;
    }
    for (int64_t r = 0; r < p->n; r++) {
        if (is_narrow_at(p, r))
            widen(to + (size_t)r * width, slot_at(p, r, width / 2), width / 2);
        else
            memcpy(to + (size_t)r * width, slot_at(p, r, width), width);
    }
}

static void get_numbers(const picked *p, firn_column *column)
{
    const size_t width = p->full->width;
    const bool is_half = p->narrow->width < width;
    switch (width) {
    case 1: gather(p, column->values, 1); return;
    case 4: gather(p, column->values, 4); return;
    case 8:
        if (is_half)
            gather_wide(p, column->values, 8);
        else
            gather(p, column->values, 8);
        return;
    default:
        if (is_half)
            gather_wide(p, column->values, 16);
        else
            gather(p, column->values, width);
    }
}

/* Where the slots of rows' texts are: in blocks that are alike, or in any. */
static inline uint32_t text_slot(const picked *p, int64_t r, size_t at)
{
    if (p->form) return firn_load_u32le(block_at(p, r)->data + at + row_at(p, r) * K_SLOT);
    return firn_load_u32le(slot_at(p, r, K_SLOT));
}

/* numbers: NULL, or room for them: the first ones of their texts. */
static firn_status get_texts(const picked *p, firn_view *to, uint32_t *numbers, firn_error *err)
{
    uint32_t n_views = 0;
    const firn_view *views = firn_sort_texts_views(p->source->texts, p->column, &n_views);
    const uint32_t *firsts = firn_sort_texts_firsts(p->source->texts, p->column);
    const size_t at = p->form ? column_at(p) : 0;
    for (int64_t r = 0; r < p->n; r++) {
        const uint32_t slot = text_slot(p, r, at);
        const uint32_t number = slot & ~K_NUMBERED;
        firn_str bytes;
        if ((slot & K_NUMBERED) != 0 && number < n_views) {
            const uint32_t first = firsts[number];
            if (numbers) numbers[r] = first;
            to[r] = views[first];
            continue;
        }
        if ((slot & K_NUMBERED) != 0 && slot != K_NO_BYTES)
            return firn_fail(err, FIRN_ERR_CORRUPT, "text %u of %u of sorted rows", number,
                             n_views);
        if (numbers) numbers[r] = FIRN_NO_CODE;
        FIRN_TRY(bytes_of(p, r, slot, &bytes, err));
        to[r] = firn_view_of(bytes.data, (uint32_t)bytes.len);
    }
    return FIRN_OK;
}

static firn_status get_nested(const picked *p, firn_column *column, firn_error *err)
{
    for (int64_t r = 0; r < p->n; r++) {
        firn_str bytes;
        if (!firn_column_is_valid(column, r)) {
            firn_packed_value_null(column, r);
            continue;
        }
        FIRN_TRY(bytes_of(p, r, firn_load_u32le(slot_at(p, r, K_SLOT)), &bytes, err));
        firn_cursor cursor = firn_cursor_of(bytes, 0);
        FIRN_TRY(firn_packed_value_get(&cursor, column, r, err));
    }
    return FIRN_OK;
}

static void get_nulls(const picked *p, firn_column *column)
{
    bool has_nulls = false;
    for (size_t i = 0; i < p->source->n_blocks; i++) has_nulls |= p->source->blocks[i].has_nulls;
    for (int64_t r = 0; has_nulls && r < p->n; r++) {
        const firn_row_block *block = block_at(p, r);
        if (block->has_nulls && !is_valid_in(validity_of(block, p->column), row_at(p, r)))
            firn_column_set_null(column, r);
    }
}

static firn_status get_column(const picked *p, firn_row_codes *codes, firn_column *column,
                              firn_error *err)
{
    column->n_values = p->n;
    if (p->full->kind == FIRN_SLOT_NOTHING) {
        for (int64_t r = 0; r < p->n; r++) firn_packed_value_null(column, r);
        return FIRN_OK;
    }
    get_nulls(p, column);
    if (p->full->kind == FIRN_SLOT_NESTED) return get_nested(p, column, err);
    if (p->full->kind == FIRN_SLOT_NUMBER) {
        get_numbers(p, column);
        return FIRN_OK;
    }
    if (!codes || !codes->numbers) return get_texts(p, column->values, NULL, err);
    codes->codes.numbers = codes->numbers;
    codes->codes.id = firn_sort_texts_id(p->source->texts);
    if (firn_sort_texts_views(p->source->texts, p->column, &codes->codes.n))
        column->codes = &codes->codes;
    return get_texts(p, column->values, codes->numbers, err);
}

firn_status firn_packed_rows_get(const firn_row_source *source, const firn_row_place *places,
                                 int64_t n, const bool *wanted, firn_row_codes *codes,
                                 firn_batch *batch, firn_error *err)
{
    const firn_row_form *form = common_form(source);
    for (size_t i = 0; i < batch->n_columns; i++) {
        const picked p = {.source = source,
                          .full = &source->layout->full.slots[i],
                          .narrow = &source->layout->narrow.slots[i],
                          .form = form,
                          .places = places,
                          .n = n,
                          .column = i};
        if (wanted && !wanted[i]) continue;
        FIRN_TRY(firn_column_reserve(&batch->columns[i], n, err));
        FIRN_TRY(get_column(&p, codes ? &codes[i] : NULL, &batch->columns[i], err));
    }
    batch->n_rows = n;
    return FIRN_OK;
}
