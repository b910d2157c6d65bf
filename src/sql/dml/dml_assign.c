/* SPDX-License-Identifier: Apache-2.0 */
/* Assignments of UPDATE and MERGE: which column or field of a struct each names, and the expression
 * of a column's new value. A struct of which fields are set is packed anew from what it was; of a
 * null one the other fields are null. */
#include "base/error.h"
#include "base/limits.h"
#include "base/nearest.h"
#include "base/str.h"
#include "sql/dml/dml.h"
#include "sql/engine/border_types.h"
#include "sql/parser/sql_default.h"

/* ---- names ---- */

static const firn_field *find_field(const firn_type *type, firn_str name)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        if (firn_str_equals_nocase(type->fields[i].name, name)) return &type->fields[i];
    }
    return NULL;
}

/* How many parts of a name say the table: its alias, or the end of its own name. */
static size_t table_parts(const firn_sql_name *name, firn_str alias, const firn_sql_name *target)
{
    if (name->n_parts > 1 && firn_str_equals_nocase(name->parts[0], alias)) return 1;
    for (size_t n = target->n_parts; n > 0; n--) {
        bool is_same = name->n_parts > n;
        for (size_t i = 0; i < n && is_same; i++) {
            is_same =
                firn_str_equals_nocase(name->parts[i], target->parts[target->n_parts - n + i]);
        }
        if (is_same) return n;
    }
    return 0;
}

firn_status firn_dml__fail_column(firn_str name, const firn_schema *schema, size_t offset,
                                  firn_error *err)
{
    firn_nearest nearest = firn_nearest_of(name);
    for (size_t i = 0; i < schema->root.n_fields; i++)
        firn_nearest_try(&nearest, schema->root.fields[i].name);
    const firn_status st =
        firn_sql_fail(err, offset, "the table has no column \"%.*s\"", FIRN_STR_ARG(name));
    return firn_nearest_hint(&nearest, st, err);
}

static firn_status find_path(firn_ast_assignment *a, size_t first, const firn_schema *schema,
                             firn_error *err)
{
    const firn_type *type = &schema->root;
    if (!find_field(type, a->name.parts[first]) && first == 0 && a->name.n_parts > 1)
        return firn_dml__fail_column(a->name.parts[a->name.n_parts - 1], schema, a->offset, err);
    for (size_t i = first; i < a->name.n_parts; i++) {
        const firn_str part = a->name.parts[i];
        const firn_field *field = find_field(type, part);
        const bool is_last = i + 1 == a->name.n_parts;
        if (!field && i == first) return firn_dml__fail_column(part, schema, a->offset, err);
        if (!field)
            return firn_sql_fail(err, a->offset, "\"%.*s\" has no field \"%.*s\"",
                                 FIRN_STR_ARG(a->name.parts[i - 1]), FIRN_STR_ARG(part));
        if (!is_last && field->type->kind != FIRN_TYPE_STRUCT)
            return firn_sql_fail(err, a->offset, "\"%.*s\" is not a struct", FIRN_STR_ARG(part));
        type = field->type;
    }
    a->column = a->name.parts[first];
    a->fields = a->name.parts + first + 1;
    a->n_fields = a->name.n_parts - first - 1;
    return FIRN_OK;
}

/* One names what the other does, or a part of it. */
static bool overlap(const firn_ast_assignment *a, const firn_ast_assignment *b)
{
    const size_t n = a->n_fields < b->n_fields ? a->n_fields : b->n_fields;
    if (!firn_str_equals_nocase(a->column, b->column)) return false;
    for (size_t i = 0; i < n; i++) {
        if (!firn_str_equals_nocase(a->fields[i], b->fields[i])) return false;
    }
    return true;
}

firn_status firn_dml__check_assignments(const firn_ast_assignments *assignments, firn_str alias,
                                        const firn_sql_name *target, const firn_schema *schema,
                                        firn_error *err)
{
    for (size_t i = 0; i < assignments->n; i++) {
        firn_ast_assignment *a = &assignments->items[i];
        if (a->name.n_parts > 0)
            FIRN_TRY(find_path(a, table_parts(&a->name, alias, target), schema, err));
        for (size_t k = 0; k < i; k++) {
            if (!overlap(&assignments->items[k], a)) continue;
            return firn_sql_fail(err, a->offset, "column \"%.*s\" is set twice",
                                 FIRN_STR_ARG(a->column));
        }
    }
    return FIRN_OK;
}

/* ---- values ---- */

/* Spark cuts what the engine would round when a number becomes an integer. */
static bool truncates(firn_dialect dialect, const firn_type *type)
{
    const bool is_integer = type->kind == FIRN_TYPE_INT || type->kind == FIRN_TYPE_LONG;
    return is_integer && dialect == FIRN_DIALECT_SPARK;
}

/* A value that is stored in another form is named once, since the conversion may name it often. */
void firn_dml__begin_cast(firn_dialect dialect, firn_sql_text *text, const firn_type *type)
{
    if (firn_border_has(type)) firn_sql_text_put(text, "list_transform([");
    firn_sql_text_put(text, truncates(dialect, type) ? "CAST(firn_trunc(" : "CAST((");
}

firn_status firn_dml__end_cast(firn_sql_text *text, const firn_type *type, firn_error *err)
{
    firn_sql_text_put(text, ") AS ");
    FIRN_TRY(firn_sql_text_type(text, type, err));
    firn_sql_text_put(text, ")");
    if (!firn_border_has(type)) return FIRN_OK;
    firn_sql_text_put(text, "], lambda \"firn_value\": ");
    FIRN_TRY(firn_border_put_write(&text->buf, type, FIRN_STR("\"firn_value\""), err));
    firn_sql_text_put(text, ")[1]");
    return FIRN_OK;
}

/* A place in a row: a column, and fields below it. */
typedef struct place {
    firn_str path[FIRN_LIMIT_NESTING + 1];
    size_t n;
} place;

/* The place of an assignment is this one, or below it; NULL: neither. */
static const firn_ast_assignment *find_set(const firn_assigned *row, const place *at)
{
    for (size_t i = 0; i < row->set->n; i++) {
        const firn_ast_assignment *a = &row->set->items[i];
        bool is_same = a->n_fields + 1 >= at->n && firn_str_equals_nocase(a->column, at->path[0]);
        for (size_t k = 1; k < at->n && is_same; k++) {
            is_same = firn_str_equals_nocase(a->fields[k - 1], at->path[k]);
        }
        if (is_same) return a;
    }
    return NULL;
}

static void put_old(const firn_assigned *row, firn_sql_text *text, const place *at, bool is_stored)
{
    firn_sql_text_name(text, row->table);
    if (is_stored) {
        firn_sql_text_put(text, ".");
        firn_sql_text_str(text, firn_border_stored_name(at->path[0], text->session->arena));
    }
    for (size_t i = is_stored ? 1 : 0; i < at->n; i++) {
        firn_sql_text_put(text, ".");
        firn_sql_text_name(text, at->path[i]);
    }
}

static firn_status put_place(const firn_assigned *row, firn_sql_text *text, place *at,
                             const firn_field *field, firn_error *err)
{
    if (at->n > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "field nested deeper than %d", FIRN_LIMIT_NESTING);
    at->path[at->n++] = field->name;
    const firn_ast_assignment *a = find_set(row, at);
    if (!a) {
        put_old(row, text, at, firn_border_has(field->type));
    } else if (a->n_fields + 1 == at->n) {
        firn_dml__begin_cast(row->dialect, text, field->type);
        if (a->value.len > 0)
            row->put(row->ctx, text, a->value);
        else
            FIRN_TRY(firn_sql_text_default(text, field, err));
        FIRN_TRY(firn_dml__end_cast(text, field->type, err));
    } else {
        firn_sql_text_put(text, "struct_pack(");
        for (size_t i = 0; i < field->type->n_fields; i++) {
            if (i > 0) firn_sql_text_put(text, ", ");
            firn_sql_text_name(text, field->type->fields[i].name);
            firn_sql_text_put(text, " := ");
            FIRN_TRY(put_place(row, text, at, &field->type->fields[i], err));
        }
        firn_sql_text_put(text, ")");
    }
    at->n--;
    return FIRN_OK;
}

firn_status firn_dml__put_assigned(const firn_assigned *row, firn_sql_text *text,
                                   const firn_field *field, firn_error *err)
{
    place at = {.n = 0};
    return put_place(row, text, &at, field, err);
}
