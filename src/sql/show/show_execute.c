/* SPDX-License-Identifier: Apache-2.0 */
/* SHOW: catalogs, namespaces, tables, views, columns, properties and the statement that would make
 * a table, with Spark's columns. DESCRIBE is in show_describe.c. */
#include "sql/show/show.h"

#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/show/trino_system.h"

/* ---- results of texts ---- */

firn_status firn_show__begin(firn_show *show, firn_session *session, const char *const *names,
                             size_t n, firn_error *err)
{
    static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
    firn_field *fields = firn_arena_array(session->arena, n, sizeof *fields);
    *show = (firn_show){.session = session};
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        fields[i] =
            (firn_field){.id = (int32_t)i + 1, .name = firn_str_of(names[i]), .type = &k_text};
    }
    show->root = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    show->rows = firn_rows_begin(&show->root, err);
    return show->rows.status;
}

void firn_show__measure(firn_show *show, size_t column, firn_str text)
{
    size_t n = 0;
    if (column >= FIRN_SHOW_MAX_COLUMNS) return;
    for (size_t i = 0; i < text.len; i++) n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    if (n > show->lengths[column]) show->lengths[column] = n;
}

void firn_show__row(firn_show *show, const firn_str *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        firn_column *column = firn_rows_column(&show->rows, i);
        firn_show__measure(show, i, cells[i]);
        if (cells[i].data)
            firn_cell_text(&show->rows, column, cells[i]);
        else
            firn_cell_null(&show->rows, column);
    }
}

firn_status firn_show__end(firn_show *show, const char *tag, firn_status st, firn_result **out,
                           firn_error *err)
{
    if (st == FIRN_OK) st = firn_rows_finish(&show->rows);
    if (st != FIRN_OK) {
        firn_batch_destroy(show->rows.batch);
        return st;
    }
    FIRN_TRY(
        firn_session__result_of_batch(show->session, &show->root, show->rows.batch, tag, out, err));
    if (!show->is_bounded || show->session->dialect != FIRN_DIALECT_TRINO) return FIRN_OK;
    for (size_t i = 0; i < show->root.n_fields && i < FIRN_SHOW_MAX_COLUMNS; i++) {
        char name[32];
        if (show->root.fields[i].type->kind != FIRN_TYPE_STRING) continue;
        (void)snprintf(name, sizeof name, "varchar(%zu)", show->lengths[i]);
        const firn_status named = firn_result__set_type_name(*out, i, firn_str_of(name), err);
        if (named == FIRN_OK) continue;
        firn_result_close(*out);
        *out = NULL;
        return named;
    }
    return FIRN_OK;
}

/* ---- LIKE ---- */

/* What the characters of a pattern stand for. */
typedef struct like_rules {
    const char *any; /* each stands for any text */
    char one;        /* for one byte; '\0': none does */
    char escape;     /* makes the next one itself; '\0': none does */
    bool is_exact;   /* upper and lower case differ */
} like_rules;

static bool is_any(const like_rules *rules, char c)
{
    for (const char *any = rules->any; *any; any++)
        if (*any == c) return true;
    return false;
}

static bool is_same(const like_rules *rules, firn_str a, firn_str b)
{
    return rules->is_exact ? firn_str_equals(a, b) : firn_str_equals_nocase(a, b);
}

/* What does not fit is tried again with one byte more under the last any. */
static bool matches(const like_rules *rules, firn_str pattern, firn_str name)
{
    size_t p = 0;
    size_t n = 0;
    size_t star = SIZE_MAX;
    size_t mark = 0;
    while (n < name.len) {
        const bool is_escaped =
            rules->escape && p + 1 < pattern.len && pattern.data[p] == rules->escape;
        const firn_str a = firn_str_slice(pattern, p + is_escaped, p + is_escaped + 1);
        const bool is_plain = is_escaped || a.len == 0;
        if (!is_plain && is_any(rules, a.data[0])) {
            star = p++;
            mark = n;
        } else if ((!is_plain && rules->one && a.data[0] == rules->one) ||
                   is_same(rules, a, firn_str_slice(name, n, n + 1))) {
            p += 1 + (size_t)is_escaped;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && is_any(rules, pattern.data[p])) p++;
    return p == pattern.len;
}

bool firn_show__matches(firn_str pattern, char escape, firn_str name)
{
    const like_rules rules = {.any = "%", .one = '_', .escape = escape, .is_exact = true};
    return matches(&rules, pattern, name);
}

/* Spark's: several patterns, in any case. */
static bool matches_any(firn_str patterns, firn_str name)
{
    const like_rules rules = {.any = "*%"};
    if (!patterns.data) return true;
    while (patterns.data) {
        if (matches(&rules, firn_str_split(&patterns, '|'), name)) return true;
    }
    return false;
}

/* ---- lists ---- */

typedef struct show_list {
    firn_catalog *catalog;
    firn_ident ns;
    firn_str like;
    bool is_sql; /* LIKE as in Trino */
    char escape;
} show_list;

static bool is_listed(const show_list *list, firn_str name)
{
    if (!list->is_sql || !list->like.data) return matches_any(list->like, name);
    return firn_show__matches(list->like, list->escape, name);
}

/* [LIKE 'pattern' [ESCAPE 'c']] and the end */
static firn_status parse_like(firn_session *session, firn_sql_parser *p, show_list *out,
                              firn_error *err)
{
    firn_str escape;
    out->is_sql = session->dialect == FIRN_DIALECT_TRINO;
    if (firn_parser_accept(p, "LIKE") || firn_parser_peek(p).kind == FIRN_TOKEN_STRING) {
        FIRN_TRY(firn_parser_string(p, &out->like, err));
    }
    if (firn_parser_accept(p, "ESCAPE")) {
        FIRN_TRY(firn_parser_string(p, &escape, err));
        if (escape.len != 1) return firn_parser_fail(p, "one character to escape with", err);
        out->escape = escape.data[0];
    }
    return firn_parser_expect_end(p, err);
}

/* [FROM|IN name] */
static firn_status parse_place(firn_session *session, firn_sql_parser *p, bool is_namespace,
                               show_list *out, firn_error *err)
{
    *out = (show_list){.catalog = session->current_catalog};
    if (!is_namespace) {
        out->ns = (firn_ident){session->current_levels, session->n_current_levels, {0}};
    }
    if (firn_parser_accept(p, "FROM") || firn_parser_accept(p, "IN")) {
        firn_sql_name name;
        FIRN_TRY(firn_parser_name(p, &name, err));
        firn_catalog *named = firn_session__find_catalog(session, name.parts[0]);
        const bool is_catalog = named && (name.n_parts > 1 || is_namespace);
        if (is_catalog) out->catalog = named;
        out->ns = (firn_ident){
            name.parts + (is_catalog ? 1 : 0), name.n_parts - (is_catalog ? 1 : 0), {0}};
    }
    return out->catalog ? FIRN_OK : firn_sql_fail(err, 0, "the session has no catalog");
}

/* [FROM|IN name] [LIKE 'pattern'] */
static firn_status parse_list(firn_session *session, firn_sql_parser *p, bool is_namespace,
                              show_list *out, firn_error *err)
{
    FIRN_TRY(parse_place(session, p, is_namespace, out, err));
    return parse_like(session, p, out, err);
}

static firn_status show_catalogs(firn_session *session, firn_sql_parser *p, firn_result **out,
                                 firn_error *err)
{
    const bool is_trino = session->dialect == FIRN_DIALECT_TRINO;
    const char *const names[] = {is_trino ? "Catalog" : "catalog"};
    firn_show show;
    show_list list = {0};
    FIRN_TRY(parse_like(session, p, &list, err));
    FIRN_TRY(firn_show__begin(&show, session, names, 1, err));
    show.is_bounded = true;
    for (size_t i = 0; i < session->n_catalogs + (is_trino ? 1 : 0); i++) {
        const firn_str name =
            i < session->n_catalogs ? firn_catalog_name(session->catalogs[i]) : FIRN_STR("system");
        firn_show__measure(&show, 0, name);
        if (is_listed(&list, name)) firn_show__row(&show, &name, 1);
    }
    return firn_show__end(&show, "SHOW CATALOGS", FIRN_OK, out, err);
}

static firn_str dotted(firn_session *session, const firn_ident *ns)
{
    const firn_sql_name name = {.parts = ns->levels, .n_parts = ns->n_levels};
    return firn_sql_name_text(&name, session->arena);
}

static firn_status show_schemas(firn_session *session, firn_sql_parser *p, firn_result **out,
                                firn_error *err)
{
    const bool is_trino = session->dialect == FIRN_DIALECT_TRINO;
    const char *const names[] = {is_trino ? "Schema" : "namespace"};
    const firn_str own[] = {FIRN_STR("information_schema"), FIRN_STR("system")};
    const firn_str systems[] = {FIRN_STR("information_schema"), FIRN_STR("jdbc"),
                                FIRN_STR("metadata"), FIRN_STR("runtime")};
    firn_show show;
    show_list list;
    firn_ident *found = NULL;
    size_t n = 0;
    FIRN_TRY(parse_list(session, p, true, &list, err));
    const bool is_system = is_trino && list.ns.n_levels == 1 &&
                           firn_str_equals_nocase(list.ns.levels[0], FIRN_STR("system"));
    const firn_str *added = is_system ? systems : own;
    const size_t n_added = is_system ? 4 : is_trino ? 2 : 0;
    if (!is_system)
        FIRN_TRY(firn_catalog_get_ops(list.catalog)
                     ->list_namespaces(firn_catalog_ctx(list.catalog), &list.ns, session->arena,
                                       &found, &n, err));
    FIRN_TRY(firn_show__begin(&show, session, names, 1, err));
    for (size_t i = 0; i < n; i++) {
        const firn_str name = dotted(session, &found[i]);
        if (is_listed(&list, name)) firn_show__row(&show, &name, 1);
    }
    for (size_t i = 0; i < n_added; i++) {
        if (is_listed(&list, added[i])) firn_show__row(&show, &added[i], 1);
    }
    return firn_show__end(&show, "SHOW NAMESPACES", FIRN_OK, out, err);
}

/* Trino's SHOW TABLES: names of tables and views. */
static firn_status show_names(firn_session *session, const show_list *list, firn_result **out,
                              firn_error *err)
{
    static const char *const k_names[] = {"Table"};
    const firn_catalog_ops *ops = firn_catalog_get_ops(list->catalog);
    void *ctx = firn_catalog_ctx(list->catalog);
    firn_show show;
    firn_ident *found[2] = {NULL, NULL};
    size_t n[2] = {0, 0};
    FIRN_TRY(ops->list_tables(ctx, &list->ns, session->arena, &found[0], &n[0], err));
    FIRN_TRY(ops->list_views(ctx, &list->ns, session->arena, &found[1], &n[1], err));
    FIRN_TRY(firn_show__begin(&show, session, k_names, 1, err));
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < n[kind]; i++) {
            if (is_listed(list, found[kind][i].name)) {
                firn_show__row(&show, &found[kind][i].name, 1);
            }
        }
    }
    return firn_show__end(&show, "SHOW TABLES", FIRN_OK, out, err);
}

/* The schema of Trino's own that is listed; data NULL: another. */
static firn_str system_schema(const firn_session *session, const show_list *list)
{
    const firn_ident *ns = &list->ns;
    if (session->dialect != FIRN_DIALECT_TRINO || ns->n_levels == 0) return (firn_str){0};
    const firn_str last = ns->levels[ns->n_levels - 1];
    const bool is_own =
        ns->n_levels == 1 && firn_str_equals_nocase(last, FIRN_STR("information_schema"));
    const bool is_system =
        ns->n_levels == 2 && firn_str_equals_nocase(ns->levels[0], FIRN_STR("system"));
    return is_own || is_system ? last : (firn_str){0};
}

static firn_status show_system(firn_session *session, const show_list *list, firn_str schema,
                               firn_result **out, firn_error *err)
{
    static const char *const k_names[] = {"Table"};
    firn_show show;
    FIRN_TRY(firn_show__begin(&show, session, k_names, 1, err));
    for (size_t i = 0; firn_trino_system_table(schema, i); i++) {
        const firn_str name = firn_str_of(firn_trino_system_table(schema, i));
        if (is_listed(list, name)) firn_show__row(&show, &name, 1);
    }
    return firn_show__end(&show, "SHOW TABLES", FIRN_OK, out, err);
}

/* namespace, name, isTemporary of tables or views. */
static firn_status show_named(firn_session *session, firn_sql_parser *p, bool are_views,
                              firn_result **out, firn_error *err)
{
    static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
    static const firn_type k_flag = {.kind = FIRN_TYPE_BOOLEAN};
    const firn_field fields[] = {{.id = 1, .name = FIRN_STR("namespace"), .type = &k_text},
                                 {.id = 2,
                                  .name = are_views ? FIRN_STR("viewName") : FIRN_STR("tableName"),
                                  .type = &k_text},
                                 {.id = 3, .name = FIRN_STR("isTemporary"), .type = &k_flag}};
    show_list list;
    firn_ident *found = NULL;
    size_t n = 0;
    firn_properties properties;
    firn_show show = {.session = session, .root = {.kind = FIRN_TYPE_STRUCT}};
    FIRN_TRY(parse_list(session, p, false, &list, err));
    const firn_str system = system_schema(session, &list);
    if (system.data && !are_views && firn_trino_system_table(system, 0))
        return show_system(session, &list, system, out, err);
    const firn_catalog_ops *ops = firn_catalog_get_ops(list.catalog);
    void *ctx = firn_catalog_ctx(list.catalog);
    FIRN_TRY(ops->load_namespace(ctx, &list.ns, session->arena, &properties, err));
    if (session->dialect == FIRN_DIALECT_TRINO && !are_views) {
        return show_names(session, &list, out, err);
    }
    FIRN_TRY(are_views ? ops->list_views(ctx, &list.ns, session->arena, &found, &n, err)
                       : ops->list_tables(ctx, &list.ns, session->arena, &found, &n, err));
    show.root.fields = fields;
    show.root.n_fields = 3;
    show.rows = firn_rows_begin(&show.root, err);
    const firn_str ns = dotted(session, &list.ns);
    for (size_t i = 0; i < n; i++) {
        if (!is_listed(&list, found[i].name)) continue;
        firn_cell_text(&show.rows, firn_rows_column(&show.rows, 0), ns);
        firn_cell_text(&show.rows, firn_rows_column(&show.rows, 1), found[i].name);
        firn_cell_bool(&show.rows, firn_rows_column(&show.rows, 2), false);
    }
    return firn_show__end(&show, are_views ? "SHOW VIEWS" : "SHOW TABLES", show.rows.status, out,
                          err);
}

/* Of each table what is told of it in one text. */
static firn_status show_extended(firn_session *session, firn_sql_parser *p, firn_result **out,
                                 firn_error *err)
{
    static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
    static const firn_type k_flag = {.kind = FIRN_TYPE_BOOLEAN};
    static const firn_field k_fields[] = {
        {.id = 1, .name = FIRN_STR_INIT("namespace"), .type = &k_text},
        {.id = 2, .name = FIRN_STR_INIT("tableName"), .type = &k_text},
        {.id = 3, .name = FIRN_STR_INIT("isTemporary"), .type = &k_flag},
        {.id = 4, .name = FIRN_STR_INIT("information"), .type = &k_text}};
    show_list list;
    firn_ident *found = NULL;
    size_t n = 0;
    firn_show show = {.session = session,
                      .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 4}};
    FIRN_TRY(parse_list(session, p, false, &list, err));
    FIRN_TRY(firn_catalog_get_ops(list.catalog)
                 ->list_tables(firn_catalog_ctx(list.catalog), &list.ns, session->arena, &found, &n,
                               err));
    show.rows = firn_rows_begin(&show.root, err);
    firn_status st = show.rows.status;
    for (size_t i = 0; st == FIRN_OK && i < n; i++) {
        firn_described d;
        firn_str text;
        if (!is_listed(&list, found[i].name)) continue;
        st = firn_show__load_ident(session, list.catalog, &found[i], &d, err);
        if (st == FIRN_OK) st = firn_show__extended_text(session, &d, &text, err);
        if (st != FIRN_OK) break;
        firn_cell_text(&show.rows, firn_rows_column(&show.rows, 0), dotted(session, &list.ns));
        firn_cell_text(&show.rows, firn_rows_column(&show.rows, 1), found[i].name);
        firn_cell_bool(&show.rows, firn_rows_column(&show.rows, 2), false);
        firn_cell_text(&show.rows, firn_rows_column(&show.rows, 3), text);
    }
    return firn_show__end(&show, "SHOW TABLE EXTENDED", st, out, err);
}

/* ---- one table ---- */

/* Trino's tables that no catalog has, by the query that reads them. */
static firn_status load_columns(firn_session *session, const firn_sql_parser *p,
                                const firn_sql_name *name, firn_described *out, firn_error *err)
{
    firn_error ignored;
    firn_type *root = firn_arena_alloc_zero(session->arena, sizeof *root);
    const firn_status st = firn_show__load(session, name, out, err);
    if (st != FIRN_ERR_NOT_FOUND || session->dialect != FIRN_DIALECT_TRINO) return st;
    const firn_str sql = firn_arena_printf(session->arena, "SELECT * FROM %.*s", (int)name->length,
                                           p->sql.data + name->offset);
    if (!sql.data || !root) return firn_fail_nomem(err);
    if (firn_session__describe(session, sql, session->arena, root, &ignored) != FIRN_OK) return st;
    out->root = root;
    return FIRN_OK;
}

/* Spark's SHOW COLUMNS FROM t IN ns: the name with the namespace before it. */
static firn_status place_columns(firn_session *session, firn_sql_parser *p, firn_sql_name *name,
                                 firn_error *err)
{
    firn_sql_name ns;
    if (!firn_parser_accept(p, "IN") && !firn_parser_accept(p, "FROM")) return FIRN_OK;
    FIRN_TRY(firn_parser_name(p, &ns, err));
    firn_str *parts = firn_arena_array(session->arena, ns.n_parts + 1, sizeof *parts);
    if (!parts) return firn_fail_nomem(err);
    for (size_t i = 0; i < ns.n_parts; i++) parts[i] = ns.parts[i];
    parts[ns.n_parts] = name->parts[name->n_parts - 1];
    name->parts = parts;
    name->n_parts = ns.n_parts + 1;
    return FIRN_OK;
}

static firn_status show_columns(firn_session *session, firn_sql_parser *p, firn_result **out,
                                firn_error *err)
{
    static const char *const k_names[] = {"col_name"};
    firn_show show;
    show_list list = {0};
    firn_sql_name name;
    firn_described d;
    if (!firn_parser_accept(p, "FROM")) FIRN_TRY(firn_parser_expect(p, "IN", err));
    FIRN_TRY(firn_parser_name(p, &name, err));
    FIRN_TRY(place_columns(session, p, &name, err));
    FIRN_TRY(parse_like(session, p, &list, err));
    FIRN_TRY(load_columns(session, p, &name, &d, err));
    firn_field *fields = firn_arena_array(session->arena, d.root->n_fields, sizeof *fields);
    firn_type listed = {.kind = FIRN_TYPE_STRUCT, .fields = fields};
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < d.root->n_fields; i++) {
        if (is_listed(&list, d.root->fields[i].name)) fields[listed.n_fields++] = d.root->fields[i];
    }
    if (session->dialect == FIRN_DIALECT_TRINO) {
        return firn_show__columns(session, &listed, name.parts[name.n_parts - 1], "SHOW COLUMNS",
                                  out, err);
    }
    FIRN_TRY(firn_show__begin(&show, session, k_names, 1, err));
    for (size_t i = 0; i < listed.n_fields; i++) firn_show__row(&show, &fields[i].name, 1);
    return firn_show__end(&show, "SHOW COLUMNS", FIRN_OK, out, err);
}

static firn_status show_properties(firn_session *session, firn_sql_parser *p, firn_result **out,
                                   firn_error *err)
{
    static const char *const k_names[] = {"key", "value"};
    firn_show show;
    firn_sql_name name;
    firn_described d;
    firn_properties all = {0};
    size_t n_found = 0;
    firn_str key = {0};
    FIRN_TRY(firn_parser_name(p, &name, err));
    if (firn_parser_accept_symbol(p, "(")) {
        FIRN_TRY(firn_parse_key(p, &key, err));
        FIRN_TRY(firn_parser_expect_symbol(p, ")", err));
    }
    FIRN_TRY(firn_parser_expect_end(p, err));
    FIRN_TRY(firn_show__load(session, &name, &d, err));
    FIRN_TRY(firn_show__begin(&show, session, k_names, 2, err));
    const firn_status st = firn_show__properties(session, &d, &all, err);
    for (size_t i = 0; st == FIRN_OK && i < all.n; i++) {
        const firn_str cells[] = {all.items[i].key, all.items[i].value};
        if (key.data && !firn_str_equals(key, all.items[i].key)) continue;
        firn_show__row(&show, cells, 2);
        n_found++;
    }
    if (key.data && n_found == 0 && session->dialect == FIRN_DIALECT_SPARK) {
        const firn_str text = firn_session__ident_text(session, &d.ident);
        const firn_str catalog = firn_catalog_name(d.catalog);
        const firn_str cells[] = {
            key, firn_arena_printf(session->arena, "Table %.*s.%.*s does not have property: %.*s",
                                   FIRN_STR_ARG(catalog), FIRN_STR_ARG(text), FIRN_STR_ARG(key))};
        firn_show__row(&show, cells, 2);
    }
    return firn_show__end(&show, "SHOW TBLPROPERTIES", st, out, err);
}

static firn_status show_create(firn_session *session, firn_sql_parser *p, firn_result **out,
                               firn_error *err)
{
    static const char *const k_names[] = {"createtab_stmt"};
    firn_show show;
    firn_sql_name name;
    firn_described d;
    firn_str text;
    FIRN_TRY(firn_parser_name(p, &name, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    FIRN_TRY(firn_show__load(session, &name, &d, err));
    FIRN_TRY(firn_show__create_text(session, &d, &text, err));
    FIRN_TRY(firn_show__begin(&show, session, k_names, 1, err));
    firn_show__row(&show, &text, 1);
    return firn_show__end(&show, "SHOW CREATE TABLE", FIRN_OK, out, err);
}

static firn_status show_current(firn_session *session, firn_sql_parser *p, firn_result **out,
                                firn_error *err)
{
    (void)p;
    static const char *const k_names[] = {"catalog", "namespace"};
    firn_show show;
    const firn_ident ns = {session->current_levels, session->n_current_levels, {0}};
    FIRN_TRY(firn_show__begin(&show, session, k_names, 2, err));
    const firn_str catalog =
        session->current_catalog ? firn_catalog_name(session->current_catalog) : (firn_str){0};
    const firn_str cells[] = {catalog, dotted(session, &ns)};
    firn_show__row(&show, cells, 2);
    return firn_show__end(&show, "SHOW CURRENT NAMESPACE", FIRN_OK, out, err);
}

/* DuckDB's SHOW ALL TABLES. */
static firn_status show_all_tables(firn_session *session, firn_sql_parser *p, firn_result **out,
                                   firn_error *err)
{
    FIRN_TRY(firn_parser_expect_end(p, err));
    return firn_session__query(
        session,
        FIRN_STR("SELECT table_catalog AS \"database\", table_schema AS \"schema\", table_name AS "
                 "\"name\", list(column_name ORDER BY ordinal_position) AS column_names, "
                 "list(data_type ORDER BY ordinal_position) AS column_types, false AS "
                 "\"temporary\" FROM information_schema.columns GROUP BY ALL ORDER BY ALL"),
        out, err);
}

/* What is in each partition, told by metadata. */
static firn_status show_partitions(firn_session *session, firn_sql_parser *p, firn_result **out,
                                   firn_error *err)
{
    firn_sql_name name;
    firn_described d;
    if (!firn_parser_accept(p, "FROM")) (void)firn_parser_accept(p, "IN");
    FIRN_TRY(firn_parser_name(p, &name, err));
    FIRN_TRY(firn_parser_expect_end(p, err));
    FIRN_TRY(firn_show__load(session, &name, &d, err));
    bool is_partitioned = false;
    for (size_t i = 0; d.table && i < d.table->n_specs; i++)
        is_partitioned = is_partitioned || d.table->specs[i]->n_fields > 0;
    if (!is_partitioned)
        return firn_sql_fail(err, name.offset, "%.*s is not partitioned", (int)name.length,
                             p->sql.data + name.offset);
    const firn_str sql = firn_arena_printf(
        session->arena,
        "SELECT partition, record_count, file_count, total_data_file_size_in_bytes FROM "
        "%.*s.partitions ORDER BY partition",
        (int)name.length, p->sql.data + name.offset);
    return sql.data ? firn_session__query(session, sql, out, err) : firn_fail_nomem(err);
}

/* ---- dispatch ---- */

static firn_status show_tables(firn_session *session, firn_sql_parser *p, firn_result **out,
                               firn_error *err)
{
    return show_named(session, p, false, out, err);
}

static firn_status show_views(firn_session *session, firn_sql_parser *p, firn_result **out,
                              firn_error *err)
{
    return show_named(session, p, true, out, err);
}

typedef struct show_statement {
    const char *words; /* behind SHOW */
    firn_status (*show)(firn_session *session, firn_sql_parser *p, firn_result **out,
                        firn_error *err);
} show_statement;

/* The statement that begins at p, which is then behind its words; NULL: none of these. */
static const show_statement *accept_statement(const firn_session *session, firn_sql_parser *p)
{
    static const show_statement k_partitions = {"PARTITIONS", show_partitions};
    static const show_statement k_statements[] = {
        {"CATALOGS", show_catalogs},
        {"SCHEMAS", show_schemas},
        {"NAMESPACES", show_schemas},
        {"DATABASES", show_schemas},
        {"TABLES", show_tables},
        {"TABLE EXTENDED", show_extended},
        {"ALL TABLES", show_all_tables},
        {"VIEWS", show_views},
        {"COLUMNS", show_columns},
        {"TBLPROPERTIES", show_properties},
        {"CREATE TABLE", show_create},
        {"CREATE VIEW", show_create},
        {"CURRENT NAMESPACE", show_current},
        {"CURRENT SCHEMA", show_current},
    };
    for (size_t i = 0; i < sizeof k_statements / sizeof *k_statements; i++)
        if (firn_parser_accept(p, k_statements[i].words)) return &k_statements[i];
    /* Spark and Trino have no partitions of Iceberg's tables to show. */
    const bool has_partitions = session->dialect == FIRN_DIALECT_DUCKDB;
    return has_partitions && firn_parser_accept(p, k_partitions.words) ? &k_partitions : NULL;
}

firn_status firn_show_execute(firn_session *session, firn_str sql, bool *handled, firn_result **out,
                              firn_error *err)
{
    firn_sql_parser p = firn_session__parser(session, sql);
    *handled = false;
    if (session->dialect == FIRN_DIALECT_TRINO) {
        FIRN_TRY(firn_show__trino(session, p, handled, out, err));
        if (*handled) return FIRN_OK;
    }
    *handled = true;
    if (firn_parser_accept(&p, "DESCRIBE") || firn_parser_accept(&p, "DESC"))
        return firn_show__describe(session, &p, handled, out, err);
    const bool is_show = firn_parser_accept(&p, "SHOW");
    const show_statement *statement = is_show ? accept_statement(session, &p) : NULL;
    *handled = statement != NULL;
    return statement ? statement->show(session, &p, out, err) : FIRN_OK;
}
