/* SPDX-License-Identifier: Apache-2.0 */
#include "pick_columns.h"

#include "base/error.h"
#include "base/str.h"

/* Fields picked of one struct, in the order they were named. */
typedef struct pick pick;
struct pick {
    const firn_field *field;
    bool is_whole;
    pick *parts;
    size_t n_parts, cap_parts;
};

static const firn_field *find_field(const firn_type *type, firn_str name)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (firn_str_equals(type->fields[i].name, name)) return &type->fields[i];
    return NULL;
}

static pick *find_or_add(pick *in, const firn_field *field, firn_arena *arena)
{
    for (size_t i = 0; i < in->n_parts; i++)
        if (in->parts[i].field == field) return &in->parts[i];
    pick *part = firn_arena_push(arena, &in->parts, &in->n_parts, &in->cap_parts, sizeof *part);
    if (part) part->field = field;
    return part;
}

/* Adds one name to the picks of a struct. */
static firn_status add_name(pick *in, const firn_type *type, firn_str name, firn_arena *arena,
                            firn_error *err)
{
    firn_str rest = name;
    for (;;) {
        const firn_field *field = find_field(type, rest);
        const bool is_whole = field != NULL;
        if (!field) field = find_field(type, firn_str_split(&rest, '.'));
        if (!field || (!is_whole && rest.len == 0))
            return firn_fail(err, FIRN_ERR_ARG, "no column \"%.*s\"", FIRN_STR_ARG(name));
        in = find_or_add(in, field, arena);
        if (!in) return firn_fail_nomem(err);
        in->is_whole = in->is_whole || is_whole;
        if (is_whole) return FIRN_OK;
        if (field->type->kind != FIRN_TYPE_STRUCT)
            return firn_fail(err, FIRN_ERR_ARG, "column \"%.*s\": \"%.*s\" has no parts to pick",
                             FIRN_STR_ARG(name), FIRN_STR_ARG(field->name));
        type = field->type;
    }
}

static const firn_type *make_type(const pick *in, const firn_type *type, firn_arena *arena)
{
    if (in->is_whole) return type;
    firn_type *out = firn_arena_alloc_zero(arena, sizeof *out);
    firn_field *fields = firn_arena_array(arena, in->n_parts, sizeof *fields);
    if (!out || !fields) return NULL;
    for (size_t i = 0; i < in->n_parts; i++) {
        fields[i] = *in->parts[i].field;
        fields[i].type = make_type(&in->parts[i], fields[i].type, arena);
        if (!fields[i].type) return NULL;
    }
    *out = *type;
    out->fields = fields;
    out->n_fields = in->n_parts;
    return out;
}

firn_status pick_name_next(firn_str *list, firn_arena *arena, firn_str *out, firn_error *err)
{
    firn_str text = firn_str_trim(*list);
    if (text.len == 0 || text.data[0] != '"') {
        *out = firn_str_trim(firn_str_split(list, ','));
        return FIRN_OK;
    }
    char *name = firn_arena_alloc(arena, text.len);
    size_t n = 0;
    size_t at = 1;
    bool is_closed = false;
    if (!name) return firn_fail_nomem(err);
    while (at < text.len && !is_closed) {
        const bool is_quote = text.data[at] == '"';
        const bool is_doubled = is_quote && at + 1 < text.len && text.data[at + 1] == '"';
        is_closed = is_quote && !is_doubled;
        if (!is_closed) name[n++] = text.data[at];
        at += is_doubled ? 2 : 1;
    }
    *out = (firn_str){name, n};
    const firn_str rest = firn_str_trim(firn_str_slice(text, at, text.len));
    if (!is_closed || (rest.len > 0 && rest.data[0] != ','))
        return firn_fail(err, FIRN_ERR_ARG, "%.*s: expected a quoted name and a comma",
                         FIRN_STR_ARG(text));
    *list = rest.len > 0 ? firn_str_slice(rest, 1, rest.len) : (firn_str){0};
    return FIRN_OK;
}

firn_status pick_columns(const firn_type *root, const char *list, firn_arena *arena,
                         const firn_type **out, firn_error *err)
{
    pick all = {.is_whole = !list};
    firn_str rest = list ? firn_str_of(list) : (firn_str){NULL, 0};
    while (rest.data) {
        firn_str name;
        FIRN_TRY(pick_name_next(&rest, arena, &name, err));
        FIRN_TRY(add_name(&all, root, name, arena, err));
    }
    *out = make_type(&all, root, arena);
    return *out ? FIRN_OK : firn_fail_nomem(err);
}
