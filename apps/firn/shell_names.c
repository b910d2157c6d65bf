/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_names.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/procedures/procedure.h"
#include "iceberg/spec/view_update.h"
#include "sql/session/sql_session.h"

static const char *const k_statement_words[] = {
    "ALTER",    "ANALYZE", "BEGIN",    "CALL",     "COMMENT", "COMMIT",  "COPY",
    "CREATE",   "DELETE",  "DESCRIBE", "DROP",     "EXECUTE", "EXPLAIN", "FROM",
    "INSERT",   "MERGE",   "PREPARE",  "ROLLBACK", "SELECT",  "SET",     "SHOW",
    "TRUNCATE", "UPDATE",  "USE",      "VALUES",   "WITH"};

static const char *const k_keywords[] = {"ALL",         "AND",
                                         "ANTI",        "AS",
                                         "ASC",         "BETWEEN",
                                         "BRANCH",      "BY",
                                         "CASE",        "CAST",
                                         "CATALOGS",    "COLUMN",
                                         "COLUMNS",     "CROSS",
                                         "CURRENT",     "DEFAULT",
                                         "DELETE",      "DESC",
                                         "DISTINCT",    "ELSE",
                                         "END",         "EXCEPT",
                                         "EXECUTE",     "EXISTS",
                                         "EXTENDED",    "FALSE",
                                         "FIELD",       "FIRST",
                                         "FOLLOWING",   "FOR",
                                         "FROM",        "FULL",
                                         "GROUP",       "HAVING",
                                         "IF",          "ILIKE",
                                         "IN",          "INNER",
                                         "INSERT",      "INTERSECT",
                                         "INTERVAL",    "INTO",
                                         "IS",          "JOIN",
                                         "LAST",        "LATERAL",
                                         "LEFT",        "LIKE",
                                         "LIMIT",       "MATCHED",
                                         "NATURAL",     "NOT",
                                         "NULL",        "NULLS",
                                         "OF",          "OFFSET",
                                         "ON",          "OR",
                                         "ORDER",       "ORDERED",
                                         "OUTER",       "OVER",
                                         "OVERWRITE",   "PARTITION",
                                         "PARTITIONED", "PRECEDING",
                                         "PROPERTIES",  "QUALIFY",
                                         "RANGE",       "RENAME",
                                         "REPLACE",     "RIGHT",
                                         "ROW",         "ROWS",
                                         "SCHEMA",      "SCHEMAS",
                                         "SELECT",      "SEMI",
                                         "SET",         "SNAPSHOT",
                                         "SYSTEM_TIME", "SYSTEM_VERSION",
                                         "TABLE",       "TABLES",
                                         "TAG",         "TBLPROPERTIES",
                                         "THEN",        "TIMESTAMP",
                                         "TO",          "TRUE",
                                         "UNBOUNDED",   "UNION",
                                         "UPDATE",      "USING",
                                         "VALUES",      "VERSION",
                                         "VIEW",        "VIEWS",
                                         "WHEN",        "WHERE",
                                         "WINDOW",      "WITH",
                                         "WRITE"};

static bool begins_with(firn_str text, firn_str prefix)
{
    return firn_str_equals_nocase(firn_str_slice(text, 0, prefix.len), prefix);
}

void names_offer(line_choices *out, firn_str item, firn_str prefix)
{
    if (begins_with(item, prefix)) line_choices_add(out, item);
}

static bool is_in(firn_str word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (firn_str_equals_nocase(word, firn_str_of(words[i]))) return true;
    return false;
}

bool names_is_keyword(firn_str word)
{
    return is_in(word, k_keywords, sizeof k_keywords / sizeof *k_keywords) ||
           is_in(word, k_statement_words, sizeof k_statement_words / sizeof *k_statement_words);
}

static bool needs_quotes(firn_str name)
{
    return is_in(name, k_keywords, sizeof k_keywords / sizeof *k_keywords) ||
           !shell_variable_name_is_valid(name);
}

void names_offer_identifier(const shell *sh, line_choices *out, firn_str name, firn_str prefix)
{
    const bool is_quoted = prefix.len > 0 && (prefix.data[0] == '"' || prefix.data[0] == '`');
    if (!begins_with(name, is_quoted ? firn_str_slice(prefix, 1, prefix.len) : prefix)) return;
    if (!is_quoted && !needs_quotes(name)) {
        line_choices_add(out, name);
        return;
    }
    const char mark = firn_session__dialect(sh->session) == FIRN_DIALECT_SPARK ? '`' : '"';
    const firn_str quoted =
        firn_arena_printf(out->arena, "%c%.*s%c", mark, FIRN_STR_ARG(name), mark);
    if (quoted.data) line_choices_add(out, quoted);
}

void names_offer_keyword(line_choices *out, const char *keyword, firn_str prefix)
{
    char lower[32];
    size_t n = 0;
    const bool is_lower = prefix.len > 0 && prefix.data[0] >= 'a' && prefix.data[0] <= 'z';
    for (; keyword[n] && n < sizeof lower; n++) {
        const bool is_upper = keyword[n] >= 'A' && keyword[n] <= 'Z';
        lower[n] = keyword[n];
        if (is_lower && is_upper) lower[n] = (char)(keyword[n] + 32);
    }
    names_offer(out, (firn_str){lower, n}, prefix);
}

void names_statement_words(line_choices *out, firn_str prefix)
{
    for (size_t i = 0; i < sizeof k_statement_words / sizeof *k_statement_words; i++)
        names_offer_keyword(out, k_statement_words[i], prefix);
}

void names_keywords(line_choices *out, firn_str prefix)
{
    for (size_t i = 0; i < sizeof k_keywords / sizeof *k_keywords; i++)
        names_offer_keyword(out, k_keywords[i], prefix);
}

void names_procedures(line_choices *out, firn_str prefix)
{
    const firn_procedure *procedure;
    for (size_t i = 0; (procedure = firn_procedure_at(i)) != NULL; i++) {
        const firn_str item = firn_arena_printf(out->arena, "%s(", procedure->name);
        if (item.data) names_offer(out, item, prefix);
    }
}

/* ---- the catalog ---- */

typedef firn_status (*list_fn)(void *ctx, const firn_ident *ns, struct firn_arena *arena,
                               firn_ident **out, size_t *n_out, firn_error *err);

static void offer_list(shell *sh, list_fn list, const firn_ident *ns, firn_str prefix,
                       line_choices *out)
{
    firn_ident *found = NULL;
    size_t n = 0;
    void *ctx = firn_catalog_ctx(firn_session_catalog(sh->session));
    if (list(ctx, ns, out->arena, &found, &n, NULL) != FIRN_OK) return;
    for (size_t i = 0; i < n; i++) names_offer_identifier(sh, out, found[i].name, prefix);
}

void names_relations(shell *sh, const firn_str *levels, size_t n_levels, firn_str prefix,
                     line_choices *out)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(firn_session_catalog(sh->session));
    const firn_ident ns = {levels, n_levels, {NULL, 0}};
    if (n_levels == 0) return;
    offer_list(sh, ops->list_tables, &ns, prefix, out);
    offer_list(sh, ops->list_views, &ns, prefix, out);
}

void names_namespaces(shell *sh, const firn_str *levels, size_t n_levels, bool has_dot,
                      firn_str prefix, line_choices *out)
{
    firn_catalog *catalog = firn_session_catalog(sh->session);
    const firn_ident parent = {levels, n_levels, {NULL, 0}};
    line_choices found = {.arena = out->arena};
    firn_ident *below = NULL;
    size_t n = 0;
    if (firn_catalog_get_ops(catalog)->list_namespaces(firn_catalog_ctx(catalog), &parent,
                                                       out->arena, &below, &n, NULL) != FIRN_OK)
        return;
    for (size_t i = 0; i < n; i++)
        names_offer_identifier(sh, &found, below[i].levels[below[i].n_levels - 1], prefix);
    for (size_t i = 0; i < found.n; i++) {
        const firn_str item = firn_arena_printf(out->arena, "%.*s%s", FIRN_STR_ARG(found.items[i]),
                                                has_dot ? "." : "");
        if (item.data) line_choices_add(out, item);
    }
}

const firn_type *names_columns(shell *sh, const firn_str *parts, size_t n_parts, firn_arena *arena)
{
    firn_catalog *catalog = firn_session_catalog(sh->session);
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    const firn_ident current = firn_session_namespace(sh->session);
    firn_loaded_table table;
    firn_loaded_view view;
    if (n_parts == 0) return NULL;
    if (n_parts > 2 && firn_str_equals_nocase(parts[0], firn_catalog_name(catalog))) {
        parts++;
        n_parts--;
    }
    firn_ident ident = {parts, n_parts - 1, parts[n_parts - 1]};
    if (n_parts == 1) {
        ident.levels = current.levels;
        ident.n_levels = current.n_levels;
    }
    if (ident.n_levels == 0) return NULL;
    if (ops->load_table(firn_catalog_ctx(catalog), &ident, arena, &table, NULL) == FIRN_OK)
        return &firn_metadata_schema(table.metadata)->root;
    if (ops->load_view(firn_catalog_ctx(catalog), &ident, arena, &view, NULL) != FIRN_OK)
        return NULL;
    const firn_view_version *version = firn_view_current_version(view.metadata);
    const firn_schema *schema = version ? firn_view_schema_of(view.metadata, version) : NULL;
    return schema ? &schema->root : NULL;
}

/* ---- the engine ---- */

typedef struct word_list {
    firn_arena *arena;
    shell_words *words;
} word_list;

static firn_status take_words(void *ctx, firn_result *result, firn_error *err)
{
    const word_list *list = ctx;
    const firn_batch *batch = NULL;
    firn_status st;
    while ((st = firn_result_next(result, &batch, err)) == FIRN_OK) {
        for (int64_t row = 0; row < batch->n_rows; row++) {
            firn_str *word = firn_arena_push(list->arena, &list->words->items, &list->words->n,
                                             &list->words->cap, sizeof *word);
            if (!word) return firn_fail_nomem(err);
            *word = firn_arena_copy(list->arena, firn_column_get(&batch->columns[0], row).as.bytes);
        }
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* Asked once; the engine is loaded by it. */
static void ask(shell *sh, const char *sql, shell_words *words)
{
    firn_error err = {0};
    firn_result *result = NULL;
    word_list list = {.arena = sh->a->arena, .words = words};
    if (words->is_known) return;
    words->is_known = true;
    firn_status st = firn_session_execute(sh->session, firn_str_of(sql), &result, &err);
    if (st == FIRN_OK) st = take_words(&list, result, &err);
    firn_result_close(result);
    if (st != FIRN_OK) words->n = 0;
}

void names_functions(shell *sh, firn_str prefix, line_choices *out)
{
    ask(sh,
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('scalar', "
        "'aggregate', 'macro', 'table', 'table_macro') AND regexp_matches(function_name, "
        "'^[a-z][a-z0-9_]*$') ORDER BY 1",
        &sh->functions);
    for (size_t i = 0; i < sh->functions.n; i++) {
        if (!begins_with(sh->functions.items[i], prefix)) continue;
        const firn_str item =
            firn_arena_printf(out->arena, "%.*s(", FIRN_STR_ARG(sh->functions.items[i]));
        if (item.data) line_choices_add(out, item);
    }
}

void names_settings(shell *sh, firn_str prefix, line_choices *out)
{
    ask(sh, "SELECT name FROM duckdb_settings() ORDER BY 1", &sh->settings);
    names_offer(out, FIRN_STR("dialect"), prefix);
    for (size_t i = 0; i < sh->settings.n; i++) names_offer(out, sh->settings.items[i], prefix);
}

/* ---- files ---- */

void names_files(firn_str prefix, line_choices *out)
{
    size_t slash = prefix.len;
    while (slash > 0 && prefix.data[slash - 1] != '/') slash--;
    const firn_str folder = firn_str_slice(prefix, 0, slash);
    const firn_str name = firn_str_slice(prefix, slash, prefix.len);
    const firn_str path = firn_arena_copy(out->arena, slash > 0 ? folder : FIRN_STR("."));
    DIR *dir = path.data ? opendir(path.data) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        struct stat st;
        const firn_str found = firn_str_of(entry->d_name);
        if ((found.data[0] == '.' && (name.len == 0 || name.data[0] != '.')) ||
            !firn_str_starts_with(found, name))
            continue;
        const firn_str full =
            firn_arena_printf(out->arena, "%.*s%s", FIRN_STR_ARG(folder), entry->d_name);
        const bool is_folder = full.data && stat(full.data, &st) == 0 && S_ISDIR(st.st_mode);
        const firn_str item =
            firn_arena_printf(out->arena, "%s%s", full.data ? full.data : "", is_folder ? "/" : "");
        if (item.data) line_choices_add(out, item);
    }
    if (dir) (void)closedir(dir);
}
