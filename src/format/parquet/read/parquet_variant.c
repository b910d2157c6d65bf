/* SPDX-License-Identifier: Apache-2.0 */
/* Shredded variants put together again: each group gives one value, which is its value column's
 * bytes, or its typed_value encoded, or for an object the fields of both. */
#include "format/parquet/read/parquet_variant.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define FLUSH_BYTES ((size_t)1 << 20) /* variants collected before they get a block */

static firn_status put_group(firn_pq_variant *v, firn_pq_shredded *s, const firn_column *group,
                             int64_t row, bool *is_present, firn_error *err);

static const uint32_t *words_from(const firn_pq_variant *v, size_t mark)
{
    /* No word was ever pushed: an object without fields. */
    if (!v->words.data) return NULL;
    return (const uint32_t *)(const void *)(v->words.data + mark);
}

static void push(firn_pq_variant *v, uint32_t word)
{
    firn_buf_u32le(&v->words, word);
}

/* ---- primitives ---- */

static void put_integer(firn_pq_variant *v, firn_variant_type type, int64_t value)
{
    static const uint8_t k_size[] = {[FIRN_VARIANT_INT8] = 1,
                                     [FIRN_VARIANT_INT16] = 2,
                                     [FIRN_VARIANT_INT32] = 4,
                                     [FIRN_VARIANT_DATE] = 4};
    const size_t size = type < sizeof k_size ? k_size[type] : 0;
    firn_variant_put(&v->out, type, &value, size > 0 ? size : sizeof value);
}

static void put_primitive(firn_pq_variant *v, const firn_pq_shredded *s, const firn_value *value)
{
    switch (value->kind) {
    case FIRN_TYPE_BOOLEAN:
        firn_variant_put(&v->out, value->as.boolean ? FIRN_VARIANT_TRUE : FIRN_VARIANT_FALSE, NULL,
                         0);
        break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: put_integer(v, s->type, value->as.i32); break;
    case FIRN_TYPE_FLOAT: firn_variant_put(&v->out, s->type, &value->as.f32, 4); break;
    case FIRN_TYPE_DOUBLE: firn_variant_put(&v->out, s->type, &value->as.f64, 8); break;
    case FIRN_TYPE_DECIMAL:
        firn_variant_put_decimal(&v->out, s->type, value->scale, value->as.decimal);
        break;
    case FIRN_TYPE_STRING: firn_variant_put_string(&v->out, value->as.bytes); break;
    case FIRN_TYPE_BINARY: firn_variant_put_binary(&v->out, value->as.bytes); break;
    case FIRN_TYPE_UUID:
        firn_variant_put(&v->out, s->type, value->as.bytes.data, value->as.bytes.len);
        break;
    default: put_integer(v, s->type, value->as.i64); break;
    }
}

/* ---- arrays ---- */

static firn_status put_array(firn_pq_variant *v, firn_pq_shredded *s, const firn_column *list,
                             int64_t row, firn_error *err)
{
    const firn_list_entry *entry = (const firn_list_entry *)list->values + row;
    const size_t start = v->out.len, mark = v->words.len;
    for (uint64_t i = 0; i < entry->length; i++) {
        bool is_present = false;
        push(v, (uint32_t)(v->out.len - start));
        FIRN_TRY(put_group(v, s->fields, &list->children[0], (int64_t)(entry->offset + i),
                           &is_present, err));
        if (!is_present) firn_variant_put(&v->out, FIRN_VARIANT_NULL, NULL, 0);
    }
    FIRN_TRY(firn_buf_check(&v->words, err));
    firn_variant_close_array(&v->out, start, words_from(v, mark), (size_t)entry->length);
    v->words.len = mark;
    return FIRN_OK;
}

/* ---- objects ---- */

/* Fields of the value column that is next to a shredded object, in the order of their names. */
typedef struct residue {
    firn_variant_object object;
    uint32_t next;
    uint32_t id; /* of field next, where there is one */
    firn_str name, value;
} residue;

static firn_status load_residue(firn_pq_variant *v, residue *r, firn_error *err)
{
    const firn_str before = r->name;
    if (r->next >= r->object.n_fields) return FIRN_OK;
    FIRN_TRY(firn_variant_object_field(&r->object, r->next, &r->id, &r->value, err));
    FIRN_TRY(firn_variant_name(&v->metadata, r->id, &r->name, err));
    if (r->next == 0 || firn_str_compare(before, r->name) < 0) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "variant object with field %.*s after %.*s",
                     FIRN_STR_ARG(r->name), FIRN_STR_ARG(before));
}

/* Copies fields that come before the name, and drops one of that name: what is shredded counts. */
static firn_status copy_residue(firn_pq_variant *v, residue *r, size_t start, const firn_str *name,
                                firn_error *err)
{
    while (r->next < r->object.n_fields) {
        const int order = name ? firn_str_compare(r->name, *name) : -1;
        if (order > 0) break;
        if (order < 0) {
            push(v, r->id);
            push(v, (uint32_t)(v->out.len - start));
            firn_buf_str(&v->out, r->value);
        }
        r->next++;
        FIRN_TRY(load_residue(v, r, err));
    }
    return FIRN_OK;
}

static firn_status put_field(firn_pq_variant *v, firn_pq_shredded *field, const firn_column *object,
                             int64_t row, size_t start, firn_error *err)
{
    const size_t at = v->out.len;
    bool is_present = false;
    FIRN_TRY(put_group(v, field, &object->children[field->column], row, &is_present, err));
    if (!is_present) return FIRN_OK;
    FIRN_TRY(firn_variant_find(&v->metadata, field->name, &field->id, err));
    push(v, field->id);
    push(v, (uint32_t)(at - start));
    return FIRN_OK;
}

/* The stack from mark on holds pairs of id and offset: takes them apart, in place behind them. */
static firn_status close_object(firn_pq_variant *v, size_t start, size_t mark, firn_error *err)
{
    const size_t n = (v->words.len - mark) / (2 * sizeof(uint32_t));
    const size_t pairs = mark, ids = v->words.len, offsets = ids + n * sizeof(uint32_t);
    for (size_t half = 0; half < 2; half++)
        for (size_t i = 0; i < n; i++) {
            FIRN_TRY(firn_buf_check(&v->words, err));
            push(v, words_from(v, pairs)[i * 2 + half]);
        }
    FIRN_TRY(firn_buf_check(&v->words, err));
    firn_variant_close_object(&v->out, start, words_from(v, ids), words_from(v, offsets), n);
    v->words.len = mark;
    return FIRN_OK;
}

static firn_status put_object(firn_pq_variant *v, firn_pq_shredded *s, const firn_column *object,
                              int64_t row, const firn_str *value, firn_error *err)
{
    const size_t start = v->out.len, mark = v->words.len;
    residue r = {0};
    if (value && !firn_variant_is_object(*value))
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "invalid variant, non-object value with shredded fields");
    if (value) {
        FIRN_TRY(firn_variant_object_parse(*value, &r.object, err));
        FIRN_TRY(load_residue(v, &r, err));
    }
    for (size_t i = 0; i < s->n_fields; i++) {
        FIRN_TRY(copy_residue(v, &r, start, &s->fields[i].name, err));
        FIRN_TRY(put_field(v, &s->fields[i], object, row, start, err));
    }
    FIRN_TRY(copy_residue(v, &r, start, NULL, err));
    return close_object(v, start, mark, err);
}

/* ---- groups ---- */

static firn_status put_typed(firn_pq_variant *v, firn_pq_shredded *s, const firn_column *typed,
                             int64_t row, const firn_str *value, firn_error *err)
{
    if (s->kind == FIRN_TYPE_STRUCT) return put_object(v, s, typed, row, value, err);
    if (value)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "invalid variant, conflicting value and typed_value");
    if (s->kind == FIRN_TYPE_LIST) return put_array(v, s, typed, row, err);
    const firn_value primitive = firn_column_get(typed, row);
    put_primitive(v, s, &primitive);
    return FIRN_OK;
}

static firn_status put_group(firn_pq_variant *v, firn_pq_shredded *s, const firn_column *group,
                             int64_t row, bool *is_present, firn_error *err)
{
    const firn_column *values = s->has_value ? &group->children[s->value_at] : NULL;
    const firn_column *typed = s->has_typed ? &group->children[s->typed_at] : NULL;
    const bool has_value = values && firn_column_is_valid(values, row);
    const bool has_typed = typed && firn_column_is_valid(typed, row);
    firn_str value = {NULL, 0};
    *is_present = has_value || has_typed;
    if (!*is_present) return FIRN_OK;
    if (has_value) {
        value = firn_view_str((const firn_view *)values->values + row);
        if (value.len == 0) return firn_fail(err, FIRN_ERR_CORRUPT, "variant value of 0 bytes");
    }
    if (has_typed) return put_typed(v, s, typed, row, has_value ? &value : NULL, err);
    firn_buf_str(&v->out, value);
    return FIRN_OK;
}

static firn_status put_row(firn_pq_variant *v, const firn_column *group, int64_t row,
                           firn_error *err)
{
    const firn_column *metadata = &group->children[v->metadata_at];
    bool is_present = false;
    if (!firn_column_is_valid(metadata, row))
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant without metadata");
    const firn_str bytes = firn_view_str((const firn_view *)metadata->values + row);
    FIRN_TRY(firn_variant_metadata_parse(bytes, &v->metadata, err));
    firn_buf_str(&v->out, bytes);
    FIRN_TRY(put_group(v, &v->root, group, row, &is_present, err));
    if (!is_present) firn_variant_put(&v->out, FIRN_VARIANT_NULL, NULL, 0);
    return firn_buf_check(&v->out, err);
}

/* Gives rows [from, to), whose views have their lengths already, a block to point into. */
static firn_status flush(firn_pq_variant *v, firn_pq_blocks *blocks, firn_view *views, size_t from,
                         size_t to, firn_error *err)
{
    firn_pq_block *block = NULL;
    FIRN_TRY(firn_pq_block_take(blocks, v->out.len, &block, err));
    if (v->out.len > 0) memcpy(block->data, v->out.data, v->out.len);
    const char *at = (const char *)block->data;
    for (size_t i = from; i < to; i++) {
        const uint32_t len = views[i].len;
        views[i] = firn_view_of(at, len);
        at += len;
    }
    firn_pq_block_retire(blocks, block);
    firn_buf_clear(&v->out);
    return FIRN_OK;
}

firn_status firn_pq_variant_join(firn_pq_variant *variant, firn_pq_blocks *blocks,
                                 firn_column *column, size_t n_slots, firn_error *err)
{
    const firn_column *group = &variant->group->columns[0];
    firn_view *views = column->values;
    size_t from = 0;
    firn_buf_clear(&variant->out);
    firn_buf_clear(&variant->words);
    for (size_t i = 0; i < n_slots; i++) {
        const size_t before = variant->out.len;
        if (firn_column_is_valid(column, (int64_t)i))
            FIRN_TRY(firn_error_wrap(err, put_row(variant, group, (int64_t)i, err), "variant %.*s",
                                     FIRN_STR_ARG(variant->field.name)));
        views[i] = (firn_view){.len = (uint32_t)(variant->out.len - before)};
        if (variant->out.len < FLUSH_BYTES) continue;
        FIRN_TRY(flush(variant, blocks, views, from, i + 1, err));
        from = i + 1;
    }
    return flush(variant, blocks, views, from, n_slots, err);
}
