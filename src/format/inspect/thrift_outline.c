/* SPDX-License-Identifier: Apache-2.0 */
/* The walk along a table. Recursion is as deep as the tables, which are constants. */
#include "format/inspect/thrift_outline.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "format/parquet/layout/parquet_meta.h"

static const firn_thrift_member *find_member(const firn_thrift_table *table, int16_t id)
{
    for (size_t i = 0; i < table->n_members; i++)
        if (table->members[i].id == id) return &table->members[i];
    return NULL;
}

static const char *name_of(const firn_thrift_member *m, int64_t v)
{
    if (!m->names || v < 0) return NULL;
    for (int64_t i = 0; m->names[i]; i++)
        if (i == v) return m->names[i][0] ? m->names[i] : NULL;
    return NULL;
}

static void put_int(firn_thrift_outline *t, const firn_thrift_member *m, const char *name,
                    int64_t v)
{
    const char *text = name_of(m, v);
    if (text)
        firn_outline_cstr(t->out, name, text);
    else
        firn_outline_i64(t->out, name, v);
    if (m->keep > 0) t->kept[m->keep - 1] = v;
}

/* A bound as its physical type says; bytes of another length than the type's as hex. */
static void put_bound(firn_thrift_outline *t, const char *name, firn_str v)
{
    const int64_t physical = t->kept[FIRN_THRIFT_KEPT_PHYSICAL];
    float f;
    double d;
    if (physical == FIRN_PQ_INT32 && v.len == 4) {
        firn_outline_i64(t->out, name, (int32_t)firn_load_u32le(v.data));
    } else if (physical == FIRN_PQ_INT64 && v.len == 8) {
        firn_outline_i64(t->out, name, (int64_t)firn_load_u64le(v.data));
    } else if (physical == FIRN_PQ_FLOAT && v.len == 4) {
        memcpy(&f, v.data, sizeof f);
        firn_outline_f64(t->out, name, (double)f);
    } else if (physical == FIRN_PQ_DOUBLE && v.len == 8) {
        memcpy(&d, v.data, sizeof d);
        firn_outline_f64(t->out, name, d);
    } else if (physical == FIRN_PQ_BOOLEAN && v.len == 1) {
        firn_outline_bool(t->out, name, v.data[0] != 0);
    } else if (physical == FIRN_PQ_BYTE_ARRAY) {
        firn_outline_str(t->out, name, v);
    } else {
        firn_outline_hex(t->out, name, v);
    }
}

static firn_status put_double(firn_thrift_outline *t, const firn_thrift_field *f, const char *name,
                              firn_error *err)
{
    uint64_t bits;
    double v;
    if (f->type != FIRN_THRIFT_DOUBLE)
        return firn_fail_at(err, firn_cursor_pos(&t->in.in), "expected a double, found type %d",
                            (int)f->type);
    FIRN_TRY(firn_cursor_u64le(&t->in.in, &bits, err));
    memcpy(&v, &bits, sizeof v);
    firn_outline_f64(t->out, name, v);
    return FIRN_OK;
}

static firn_status put_struct(firn_thrift_outline *t, const firn_thrift_field *in, const char *name,
                              const firn_thrift_table *table, firn_error *err);

/* A union with an empty member is that member's name, else an object of one. */
static firn_status put_union(firn_thrift_outline *t, const firn_thrift_field *in, const char *name,
                             const firn_thrift_table *table, firn_error *err)
{
    firn_thrift probe = t->in;
    firn_thrift_field f;
    firn_thrift_field inner;
    FIRN_TRY(firn_thrift_enter(&probe, in, &f, err));
    const firn_status st = firn_thrift_next(&probe, &f, err);
    const firn_thrift_member *m = st == FIRN_OK ? find_member(table, f.id) : NULL;
    if (st >= FIRN_ERR_NOMEM) return st;
    if (!m || m->table || f.type != FIRN_THRIFT_STRUCT) return put_struct(t, in, name, table, err);
    FIRN_TRY(firn_thrift_enter(&probe, &f, &inner, err));
    firn_outline_cstr(t->out, name, m->name);
    firn_thrift_field all = in ? *in : (firn_thrift_field){0, FIRN_THRIFT_STRUCT};
    return firn_thrift_skip(&t->in, &all, err);
}

/* A field's boolean is in its type, an item's is a byte. */
static firn_status read_bool(firn_thrift_outline *t, const firn_thrift_field *f, bool *out,
                             firn_error *err)
{
    uint8_t byte = 0;
    if (f->id) return firn_thrift_bool(&t->in, f, out, err);
    FIRN_TRY(firn_cursor_u8(&t->in.in, &byte, err));
    *out = byte == FIRN_THRIFT_TRUE;
    return FIRN_OK;
}

static firn_status put_value(firn_thrift_outline *t, const firn_thrift_member *m,
                             const firn_thrift_field *f, const char *name, firn_error *err)
{
    int64_t number;
    bool flag;
    firn_str bytes;
    switch (m->shape) {
    case FIRN_SHAPE_INT:
        FIRN_TRY(firn_thrift_i64(&t->in, f, &number, err));
        put_int(t, m, name, number);
        return FIRN_OK;
    case FIRN_SHAPE_BOOL:
        FIRN_TRY(read_bool(t, f, &flag, err));
        firn_outline_bool(t->out, name, flag);
        return FIRN_OK;
    case FIRN_SHAPE_DOUBLE: return put_double(t, f, name, err);
    case FIRN_SHAPE_STRUCT: return put_struct(t, f->id ? f : NULL, name, m->table, err);
    case FIRN_SHAPE_UNION: return put_union(t, f->id ? f : NULL, name, m->table, err);
    case FIRN_SHAPE_TEXT:
    case FIRN_SHAPE_BYTES:
    case FIRN_SHAPE_BOUND: break;
    }
    FIRN_TRY(firn_thrift_binary(&t->in, f, &bytes, err));
    if (m->shape == FIRN_SHAPE_TEXT)
        firn_outline_str(t->out, name, bytes);
    else if (m->shape == FIRN_SHAPE_BOUND)
        put_bound(t, name, bytes);
    else
        firn_outline_hex(t->out, name, bytes);
    return FIRN_OK;
}

static firn_thrift_type element_type(firn_thrift_shape shape)
{
    switch (shape) {
    case FIRN_SHAPE_INT: break; /* of the list's own width */
    case FIRN_SHAPE_BOOL: return FIRN_THRIFT_TRUE;
    case FIRN_SHAPE_DOUBLE: return FIRN_THRIFT_DOUBLE;
    case FIRN_SHAPE_TEXT:
    case FIRN_SHAPE_BYTES:
    case FIRN_SHAPE_BOUND: return FIRN_THRIFT_BINARY;
    case FIRN_SHAPE_STRUCT:
    case FIRN_SHAPE_UNION: return FIRN_THRIFT_STRUCT;
    }
    return FIRN_THRIFT_I64;
}

static firn_status put_list(firn_thrift_outline *t, const firn_thrift_member *m,
                            const firn_thrift_field *f, firn_error *err)
{
    size_t n = 0;
    firn_thrift_field item = {0, element_type(m->shape)};
    /* the low half of a list's first byte is the type of its elements */
    if (m->shape == FIRN_SHAPE_INT && firn_cursor_left(&t->in.in) > 0 &&
        (*t->in.in.at & 15) == FIRN_THRIFT_I32)
        item.type = FIRN_THRIFT_I32;
    FIRN_TRY(firn_thrift_list(&t->in, f, item.type, &n, err));
    if (m->shape == FIRN_SHAPE_STRUCT)
        firn_outline_begin_list(t->out, m->name);
    else
        firn_outline_begin_list_line(t->out, m->name);
    for (size_t i = 0; i < n; i++) FIRN_TRY(put_value(t, m, &item, NULL, err));
    firn_outline_end(t->out);
    return FIRN_OK;
}

/* Numbers of members were used for other things by some writers: a value of another type is not
 * ours to show. */
static bool is_expected(const firn_thrift_member *m, const firn_thrift_field *f)
{
    if (m->is_list) return f->type == FIRN_THRIFT_LIST || f->type == FIRN_THRIFT_SET;
    switch (m->shape) {
    case FIRN_SHAPE_INT: return f->type >= FIRN_THRIFT_I8 && f->type <= FIRN_THRIFT_I64;
    case FIRN_SHAPE_BOOL: return f->type == FIRN_THRIFT_TRUE || f->type == FIRN_THRIFT_FALSE;
    case FIRN_SHAPE_DOUBLE:
    case FIRN_SHAPE_TEXT:
    case FIRN_SHAPE_BYTES:
    case FIRN_SHAPE_BOUND:
    case FIRN_SHAPE_STRUCT:
    case FIRN_SHAPE_UNION: return f->type == element_type(m->shape);
    }
    return false;
}

static firn_status put_members(firn_thrift_outline *t, const firn_thrift_field *in,
                               const firn_thrift_table *table, firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(&t->in, in, &f, err));
    while ((st = firn_thrift_next(&t->in, &f, err)) == FIRN_OK) {
        const firn_thrift_member *m = find_member(table, f.id);
        if (!m || !is_expected(m, &f))
            FIRN_TRY(firn_thrift_skip(&t->in, &f, err));
        else if (m->is_list)
            FIRN_TRY(put_list(t, m, &f, err));
        else
            FIRN_TRY(put_value(t, m, &f, m->name, err));
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status put_struct(firn_thrift_outline *t, const firn_thrift_field *in, const char *name,
                              const firn_thrift_table *table, firn_error *err)
{
    static const firn_thrift_table without_members = {.is_line = true};
    if (!table) table = &without_members;
    if (table->is_line)
        firn_outline_begin_line(t->out, name);
    else
        firn_outline_begin(t->out, name);
    FIRN_TRY(put_members(t, in, table, err));
    if (table->hook) FIRN_TRY(t->on_end(t, table->hook, err));
    firn_outline_end(t->out);
    return FIRN_OK;
}

firn_status firn_thrift_outline_struct(firn_thrift_outline *t, const char *name,
                                       const firn_thrift_table *table, firn_error *err)
{
    return put_struct(t, NULL, name, table, err);
}
