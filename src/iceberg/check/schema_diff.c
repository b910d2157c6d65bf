/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/check/schema_diff.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

/* A field with its way there. */
typedef struct flat_field {
    const firn_field *field;
    firn_str name; /* dotted */
    int32_t parent;
    size_t place; /* among its siblings */
} flat_field;

typedef struct flat_schema {
    flat_field *items;
    size_t n, cap;
} flat_schema;

static firn_status flatten(flat_schema *out, const firn_type *type, firn_str prefix, int32_t parent,
                           int depth, firn_arena *arena, firn_error *err)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "schema nested deeper than %d", FIRN_LIMIT_NESTING);
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        flat_field *flat = firn_arena_push(arena, &out->items, &out->n, &out->cap, sizeof *flat);
        if (!flat) return firn_fail_nomem(err);
        const firn_str name = firn_arena_printf(arena, "%.*s%s%.*s", FIRN_STR_ARG(prefix),
                                                prefix.len ? "." : "", FIRN_STR_ARG(field->name));
        if (!name.data) return firn_fail_nomem(err);
        *flat = (flat_field){field, name, parent, i};
        if (!firn_type_is_primitive(field->type))
            FIRN_TRY(flatten(out, field->type, name, field->id, depth + 1, arena, err));
    }
    return FIRN_OK;
}

static const flat_field *find(const flat_schema *schema, int32_t id)
{
    for (size_t i = 0; i < schema->n; i++)
        if (schema->items[i].field->id == id) return &schema->items[i];
    return NULL;
}

/* True if a sibling that both schemas have stood before the field and stands behind it now. */
static bool has_moved(const flat_schema *before, const flat_schema *after, const flat_field *old,
                      const flat_field *now)
{
    for (size_t i = 0; i < before->n; i++) {
        const flat_field *sibling = &before->items[i];
        if (sibling->parent != old->parent || sibling->place >= old->place) continue;
        const flat_field *there = find(after, sibling->field->id);
        if (there && there->parent == now->parent && there->place > now->place) return true;
    }
    return false;
}

typedef struct diff {
    flat_schema before, after;
    firn_schema_change *items;
    size_t n, cap;
    firn_arena *arena;
    firn_error *err;
} diff;

static firn_status add(diff *d, firn_schema_change_kind kind, const flat_field *before,
                       const flat_field *after)
{
    firn_schema_change *change =
        firn_arena_push(d->arena, &d->items, &d->n, &d->cap, sizeof *change);
    const flat_field *named = after ? after : before;
    if (!change) return firn_fail_nomem(d->err);
    *change = (firn_schema_change){.kind = kind,
                                   .field_id = named->field->id,
                                   .name = named->name,
                                   .before = before ? before->field : NULL,
                                   .after = after ? after->field : NULL};
    if (kind == FIRN_SCHEMA_RENAMED) change->old_name = before->name;
    return FIRN_OK;
}

static bool has_same_type(const firn_type *a, const firn_type *b)
{
    if (a->kind != b->kind) return false;
    return !firn_type_is_primitive(a) || firn_type_equals(a, b);
}

static firn_status compare(diff *d, const flat_field *old, const flat_field *now)
{
    const firn_field *a = old->field;
    const firn_field *b = now->field;
    if (!firn_str_equals(a->name, b->name)) FIRN_TRY(add(d, FIRN_SCHEMA_RENAMED, old, now));
    if (!has_same_type(a->type, b->type)) FIRN_TRY(add(d, FIRN_SCHEMA_RETYPED, old, now));
    if (a->is_required != b->is_required)
        FIRN_TRY(add(d, b->is_required ? FIRN_SCHEMA_MADE_REQUIRED : FIRN_SCHEMA_MADE_OPTIONAL, old,
                     now));
    if (has_moved(&d->before, &d->after, old, now)) FIRN_TRY(add(d, FIRN_SCHEMA_MOVED, old, now));
    if (!firn_str_equals(a->doc, b->doc)) FIRN_TRY(add(d, FIRN_SCHEMA_DOC, old, now));
    return FIRN_OK;
}

firn_status firn_schema_diff(const firn_schema *before, const firn_schema *after, firn_arena *arena,
                             firn_schema_change **out, size_t *n_out, firn_error *err)
{
    diff d = {.arena = arena, .err = err};
    const firn_str no_prefix = {NULL, 0};
    if (before) FIRN_TRY(flatten(&d.before, &before->root, no_prefix, 0, 0, arena, err));
    FIRN_TRY(flatten(&d.after, &after->root, no_prefix, 0, 0, arena, err));
    for (size_t i = 0; i < d.before.n; i++) {
        const flat_field *old = &d.before.items[i];
        if (!find(&d.after, old->field->id)) FIRN_TRY(add(&d, FIRN_SCHEMA_DROPPED, old, NULL));
    }
    for (size_t i = 0; i < d.after.n; i++) {
        const flat_field *now = &d.after.items[i];
        const flat_field *old = find(&d.before, now->field->id);
        if (old)
            FIRN_TRY(compare(&d, old, now));
        else
            FIRN_TRY(add(&d, FIRN_SCHEMA_ADDED, NULL, now));
    }
    *out = d.items;
    *n_out = d.n;
    return FIRN_OK;
}

const char *firn_schema_change_name(firn_schema_change_kind kind)
{
    static const char *const k_names[] = {"added",         "dropped",       "renamed", "retyped",
                                          "made required", "made optional", "moved",   "doc"};
    return k_names[kind];
}
