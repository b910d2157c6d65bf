/* SPDX-License-Identifier: Apache-2.0 */
/* What Spark tells of a namespace (DESCRIBE NAMESPACE) and of a table in one text (SHOW TABLE
 * EXTENDED), which dbt reads. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/show/show.h"

/* ---- DESCRIBE NAMESPACE ---- */

static void add_pair(firn_show *show, const char *name, firn_str value)
{
    const firn_str cells[] = {firn_str_of(name), value};
    if (value.data) firn_show__row(show, cells, 2);
}

static bool is_told_apart(firn_str key)
{
    return firn_str_equals(key, FIRN_STR("comment")) ||
           firn_str_equals(key, FIRN_STR("location")) || firn_str_equals(key, FIRN_STR("owner"));
}

/* "((a,1), (b,2))" */
static firn_status property_list(firn_session *session, const firn_properties *properties,
                                 firn_str *out, firn_error *err)
{
    firn_buf buf;
    size_t n = 0;
    firn_buf_init(&buf, session->env->alloc, 0);
    for (size_t i = 0; i < properties->n; i++) {
        const firn_property *item = &properties->items[i];
        if (is_told_apart(item->key)) continue;
        firn_buf_printf(&buf, "%s(%.*s,%.*s)", n++ > 0 ? ", " : "(", FIRN_STR_ARG(item->key),
                        FIRN_STR_ARG(item->value));
    }
    if (n > 0) firn_buf_byte(&buf, ')');
    return firn_show__take_text(session, &buf, out, err);
}

static firn_str last_level(const firn_ident *ns)
{
    return ns->n_levels > 0 ? ns->levels[ns->n_levels - 1] : FIRN_STR("");
}

firn_status firn_show__namespace(firn_session *session, firn_sql_parser *p, firn_result **out,
                                 firn_error *err)
{
    static const char *const k_names[] = {"info_name", "info_value"};
    firn_show show;
    firn_sql_name name;
    firn_properties properties;
    firn_str all = {0};
    const bool is_extended = firn_parser_accept(p, "EXTENDED");
    FIRN_TRY(firn_parser_name(p, &name, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    firn_catalog *named = firn_session__find_catalog(session, name.parts[0]);
    const size_t skipped = named && name.n_parts > 1 ? 1 : 0;
    firn_catalog *catalog = skipped ? named : session->current_catalog;
    const firn_ident ns = {name.parts + skipped, name.n_parts - skipped, {0}};
    if (!catalog) return firn_sql_fail(err, name.offset, "the session has no catalog");
    FIRN_TRY(firn_catalog_get_ops(catalog)->load_namespace(firn_catalog_ctx(catalog), &ns,
                                                           session->arena, &properties, err));
    if (is_extended) FIRN_TRY(property_list(session, &properties, &all, err));
    FIRN_TRY(firn_show__begin(&show, session, k_names, 2, err));
    add_pair(&show, "Catalog Name", firn_catalog_name(catalog));
    add_pair(&show, "Namespace Name", last_level(&ns));
    add_pair(&show, "Comment",
             firn_properties_get(&properties, FIRN_STR("comment"), (firn_str){0}));
    add_pair(&show, "Location",
             firn_properties_get(&properties, FIRN_STR("location"), (firn_str){0}));
    add_pair(&show, "Owner", firn_properties_get(&properties, FIRN_STR("owner"), (firn_str){0}));
    add_pair(&show, "Properties", all);
    return firn_show__end(&show, "DESCRIBE NAMESPACE", FIRN_OK, out, err);
}

/* ---- a schema as a tree ---- */

static void put_tree(firn_buf *out, const firn_type *type, int depth);

static void put_indent(firn_buf *out, int depth)
{
    for (int i = 0; i < depth; i++) firn_buf_cstr(out, " |   ");
    firn_buf_cstr(out, " |-- ");
}

static void put_kind(firn_buf *out, const firn_type *type)
{
    switch ((int)type->kind) {
    case FIRN_TYPE_INT: firn_buf_cstr(out, "integer"); break;
    case FIRN_TYPE_LONG: firn_buf_cstr(out, "long"); break;
    case FIRN_TYPE_STRUCT: firn_buf_cstr(out, "struct"); break;
    case FIRN_TYPE_LIST: firn_buf_cstr(out, "array"); break;
    case FIRN_TYPE_MAP: firn_buf_cstr(out, "map"); break;
    default: firn_dialect_put_type(FIRN_DIALECT_SPARK, type, out); break;
    }
}

/* nullable: the words for that, NULL: nothing is said. */
static void put_node(firn_buf *out, const char *nullable, const firn_field *field, firn_str name,
                     int depth)
{
    put_indent(out, depth);
    firn_buf_printf(out, "%.*s: ", FIRN_STR_ARG(name));
    put_kind(out, field->type);
    if (nullable) {
        firn_buf_printf(out, " (%s = %s)", nullable, field->is_required ? "false" : "true");
    }
    firn_buf_byte(out, '\n');
    if (depth < FIRN_LIMIT_NESTING) put_tree(out, field->type, depth + 1);
}

static void put_tree(firn_buf *out, const firn_type *type, int depth)
{
    if (type->kind == FIRN_TYPE_LIST) {
        put_node(out, "containsNull", &type->fields[0], FIRN_STR("element"), depth);
    } else if (type->kind == FIRN_TYPE_MAP) {
        put_node(out, NULL, &type->fields[0], FIRN_STR("key"), depth);
        put_node(out, "valueContainsNull", &type->fields[1], FIRN_STR("value"), depth);
    } else if (type->kind == FIRN_TYPE_STRUCT) {
        for (size_t i = 0; i < type->n_fields; i++)
            put_node(out, "nullable", &type->fields[i], type->fields[i].name, depth);
    }
}

/* ---- SHOW TABLE EXTENDED ---- */

static void put_line(firn_buf *out, const char *name, firn_str value)
{
    firn_buf_printf(out, "%s: %.*s\n", name, FIRN_STR_ARG(value));
}

static void put_properties(firn_buf *out, const firn_properties *properties)
{
    firn_buf_byte(out, '[');
    for (size_t i = 0; i < properties->n; i++) {
        const firn_property *item = &properties->items[i];
        firn_buf_printf(out, "%s%.*s=%.*s", i > 0 ? "," : "", FIRN_STR_ARG(item->key),
                        FIRN_STR_ARG(item->value));
    }
    firn_buf_byte(out, ']');
}

firn_status firn_show__property_list(firn_session *session, const firn_described *d, firn_str *out,
                                     firn_error *err)
{
    firn_buf buf;
    firn_properties properties = {0};
    FIRN_TRY(firn_show__properties(session, d, &properties, err));
    firn_buf_init(&buf, session->env->alloc, 0);
    put_properties(&buf, &properties);
    return firn_show__take_text(session, &buf, out, err);
}

firn_status firn_show__extended_text(firn_session *session, const firn_described *d, firn_str *out,
                                     firn_error *err)
{
    firn_buf buf;
    firn_properties properties = {0};
    const firn_sql_name levels = {.parts = d->ident.levels, .n_parts = d->ident.n_levels};
    const firn_str owner = firn_properties_get(&d->properties, FIRN_STR("owner"), (firn_str){0});
    const firn_str comment =
        firn_properties_get(&d->properties, FIRN_STR("comment"), (firn_str){0});
    FIRN_TRY(firn_show__properties(session, d, &properties, err));
    firn_buf_init(&buf, session->env->alloc, 0);
    put_line(&buf, "Catalog", firn_catalog_name(d->catalog));
    put_line(&buf, "Namespace", firn_sql_name_text(&levels, session->arena));
    put_line(&buf, "Table", d->ident.name);
    put_line(&buf, "Type", FIRN_STR("MANAGED"));
    if (comment.data) put_line(&buf, "Comment", comment);
    put_line(&buf, "Location", d->location);
    put_line(&buf, "Provider", FIRN_STR("iceberg"));
    if (owner.data) put_line(&buf, "Owner", owner);
    firn_buf_cstr(&buf, "Table Properties: ");
    put_properties(&buf, &properties);
    firn_buf_cstr(&buf, "\nSchema: root\n");
    put_tree(&buf, d->root, 0);
    firn_buf_cstr(&buf, "\n\n");
    return firn_show__take_text(session, &buf, out, err);
}
