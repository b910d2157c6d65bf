/* SPDX-License-Identifier: Apache-2.0 */
/* The word before the cursor and the words before it say what can stand there: after FROM tables,
 * after SELECT columns of the tables that the statement names, anywhere keywords. No grammar: a
 * wrong guess offers too much. */
#include "shell_complete.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "shell_names.h"
#include "sql/session/sql_session.h"

enum { MAX_TOKENS = 4096, MAX_PARTS = 8, MAX_SCOPE = 32 };

/* A table that the statement names. */
typedef struct scope_table {
    firn_str parts[MAX_PARTS];
    size_t n_parts;
    firn_str alias; /* or the table's name */
} scope_table;

typedef struct completion {
    shell *sh;
    line_choices *out;
    firn_token *tokens; /* of the statement, those behind the cursor too */
    size_t n_tokens;
    size_t at;                 /* tokens before the cursor, without the word */
    firn_str parts[MAX_PARTS]; /* "a.b." before the word */
    size_t n_parts;
    firn_str word;
    scope_table scope[MAX_SCOPE];
    size_t n_scope;
} completion;

/* Without its quotes; those doubled inside stay. */
static firn_str unquoted(const firn_token *token)
{
    return token->kind == FIRN_TOKEN_QUOTED ? firn_str_slice(token->text, 1, token->text.len - 1)
                                            : token->text;
}

static bool is_name(const firn_token *token)
{
    return token->kind == FIRN_TOKEN_WORD || token->kind == FIRN_TOKEN_QUOTED;
}

static bool is_one_of(const firn_token *token, const char *const *words)
{
    for (; *words; words++)
        if (firn_token_is(token, *words)) return true;
    return false;
}

/* ---- tokens ---- */

/* Tokens of the statement that the cursor is in; those before it are counted in c->at. */
static void read_tokens(completion *c, firn_str text, size_t cursor)
{
    firn_lexer lexer = firn_lexer_of(text);
    lexer.dialect = firn_session__dialect(c->sh->session);
    c->tokens = firn_arena_array(c->out->arena, MAX_TOKENS, sizeof *c->tokens);
    while (c->tokens && c->n_tokens < MAX_TOKENS) {
        const firn_token token = firn_lexer_next(&lexer);
        if (token.kind == FIRN_TOKEN_END || token.text.len == 0) break;
        if (firn_token_is_symbol(&token, ";")) {
            if (token.offset >= cursor) break;
            c->n_tokens = c->at = 0;
            continue;
        }
        if (token.offset < cursor) c->at++;
        c->tokens[c->n_tokens++] = token;
    }
}

/* Splits "a.b.wo" before the cursor off the tokens before it. */
static void find_word(completion *c, size_t cursor)
{
    size_t first = c->at;
    c->word = FIRN_STR("");
    if (first > 0) {
        const firn_token *last = &c->tokens[first - 1];
        const size_t end = last->offset + last->text.len;
        const bool is_open = last->kind == FIRN_TOKEN_BAD && strchr("\"`", last->text.data[0]);
        if ((is_name(last) || is_open || last->kind == FIRN_TOKEN_PARAM) && end >= cursor) {
            c->word = firn_str_slice(last->text, 0, cursor - last->offset);
            first--;
        }
    }
    c->out->word_from -= c->word.len;
    size_t from = first;
    while (from >= 2 && firn_token_is_symbol(&c->tokens[from - 1], ".") &&
           is_name(&c->tokens[from - 2]))
        from -= 2;
    for (size_t i = from; i < first && c->n_parts < MAX_PARTS; i += 2)
        c->parts[c->n_parts++] = unquoted(&c->tokens[i]);
    c->at = from;
}

/* ---- tables in scope ---- */

static const char *const k_before_table[] = {"from",  "join",    "into",  "update",
                                             "table", "view",    "using", "describe",
                                             "desc",  "analyze", NULL};
/* Words that cannot be an alias. */
static const char *const k_after_table[] = {
    "where",  "group",     "order", "having",  "limit",   "join",   "inner",   "left",
    "right",  "full",      "cross", "natural", "on",      "using",  "set",     "union",
    "values", "select",    "when",  "for",     "as",      "window", "qualify", "offset",
    "except", "intersect", "semi",  "anti",    "version", NULL};

/* "a.b.t [AS] x" at token i; returns the index behind it. */
static size_t read_table(completion *c, size_t i)
{
    scope_table table = {.n_parts = 0};
    while (i < c->n_tokens && is_name(&c->tokens[i]) && table.n_parts < MAX_PARTS) {
        table.parts[table.n_parts++] = unquoted(&c->tokens[i++]);
        if (i >= c->n_tokens || !firn_token_is_symbol(&c->tokens[i], ".")) break;
        i++;
    }
    if (table.n_parts == 0) return i;
    table.alias = table.parts[table.n_parts - 1];
    if (i < c->n_tokens && firn_token_is(&c->tokens[i], "as")) i++;
    if (i < c->n_tokens && is_name(&c->tokens[i]) && !is_one_of(&c->tokens[i], k_after_table))
        table.alias = unquoted(&c->tokens[i++]);
    if (c->n_scope < MAX_SCOPE) c->scope[c->n_scope++] = table;
    return i;
}

static void find_scope(completion *c)
{
    for (size_t i = 0; i < c->n_tokens; i++) {
        if (!is_one_of(&c->tokens[i], k_before_table)) continue;
        size_t next = read_table(c, i + 1);
        while (next < c->n_tokens && firn_token_is_symbol(&c->tokens[next], ",") &&
               firn_token_is(&c->tokens[i], "from"))
            next = read_table(c, next + 1);
        if (next > i + 1) i = next - 1;
    }
}

/* ---- offers ---- */

static void offer_fields(completion *c, const firn_type *type)
{
    for (size_t i = 0; type && i < type->n_fields; i++)
        names_offer_identifier(c->sh, c->out, type->fields[i].name, c->word);
}

/* Columns of the tables in scope; behind "x." those of x, behind "x.a." the fields of a. */
static void offer_columns(completion *c)
{
    for (size_t i = 0; i < c->n_scope; i++) {
        const scope_table *t = &c->scope[i];
        const bool is_meant = c->n_parts == 0 || firn_str_equals_nocase(c->parts[0], t->alias);
        if (c->n_parts == 0) names_offer_identifier(c->sh, c->out, t->alias, c->word);
        const firn_type *type = names_columns(c->sh, t->parts, t->n_parts, c->out->arena);
        for (size_t p = is_meant && c->n_parts > 0 ? 1 : 0; type && p < c->n_parts; p++) {
            const firn_type *below = NULL;
            for (size_t f = 0; f < type->n_fields; f++)
                if (firn_str_equals_nocase(type->fields[f].name, c->parts[p]))
                    below = type->fields[f].type;
            type = below && below->kind == FIRN_TYPE_STRUCT ? below : NULL;
        }
        offer_fields(c, type);
    }
}

static void offer_tables(completion *c)
{
    static const char *const metadata[] = {
        "snapshots", "history", "files",     "manifests",      "partitions",
        "refs",      "entries", "all_files", "all_data_files", "metadata_log_entries"};
    const firn_ident current = firn_session_namespace(c->sh->session);
    const firn_str catalog = firn_catalog_name(firn_session_catalog(c->sh->session));
    const firn_str *levels = c->parts;
    size_t n = c->n_parts;
    if (n == 0) {
        names_relations(c->sh, current.levels, current.n_levels, c->word, c->out);
        names_namespaces(c->sh, NULL, 0, true, c->word, c->out);
        return;
    }
    if (firn_str_equals_nocase(levels[0], catalog)) {
        levels++;
        n--;
    }
    names_namespaces(c->sh, levels, n, true, c->word, c->out);
    names_relations(c->sh, levels, n, c->word, c->out);
    if (c->out->n > 0 || !names_columns(c->sh, c->parts, c->n_parts, c->out->arena)) return;
    for (size_t i = 0; i < sizeof metadata / sizeof *metadata; i++)
        names_offer(c->out, firn_str_of(metadata[i]), c->word);
}

/* :name of variables. */
static void offer_variables(completion *c)
{
    for (size_t i = 0; i < c->sh->variables.n; i++) {
        const firn_str item =
            firn_arena_printf(c->out->arena, ":%.*s", FIRN_STR_ARG(c->sh->variables.items[i].key));
        if (item.data) names_offer(c->out, item, c->word);
    }
}

static void offer_anything(completion *c)
{
    offer_columns(c);
    if (c->n_parts > 0) {
        if (c->out->n == 0) offer_tables(c);
        return;
    }
    if (c->word.len == 0) return;
    names_keywords(c->out, c->word);
    names_functions(c->sh, c->word, c->out);
}

static void offer_for_statement(completion *c)
{
    static const char *const before_namespace[] = {"use", "schema", "schemas", "namespace", NULL};
    static const char *const shown[] = {"CATALOGS", "COLUMNS", "CREATE",       "SCHEMAS",
                                        "TABLES",   "VIEWS",   "TBLPROPERTIES"};
    static const firn_token none = {.kind = FIRN_TOKEN_END};
    const firn_token *previous = c->at > 0 ? &c->tokens[c->at - 1] : &none;
    const firn_token *first = c->n_tokens > 0 ? &c->tokens[0] : &none;
    const bool is_show = firn_token_is(first, "show");
    if (c->word.len > 0 && c->word.data[0] == ':') {
        offer_variables(c);
    } else if (c->at == 0) {
        if (c->n_parts == 0) names_statement_words(c->out, c->word);
    } else if (is_one_of(previous, before_namespace) ||
               (is_show && firn_token_is(previous, "in"))) {
        names_namespaces(c->sh, c->parts, c->n_parts, false, c->word, c->out);
        if (is_show) offer_tables(c);
    } else if (firn_token_is(previous, "call")) {
        if (c->n_parts == 0) names_offer(c->out, FIRN_STR("system."), c->word);
        if (c->n_parts > 0) names_procedures(c->out, c->word);
    } else if (firn_token_is(first, "set") && c->at == 1) {
        names_settings(c->sh, c->word, c->out);
    } else if (is_show && c->at == 1) {
        for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
            names_offer_keyword(c->out, shown[i], c->word);
    } else if (is_one_of(previous, k_before_table)) {
        offer_tables(c);
        const bool is_ddl = firn_token_is(previous, "table") || firn_token_is(previous, "view");
        if (c->n_parts == 0 && is_ddl) names_offer_keyword(c->out, "IF", c->word);
    } else {
        offer_anything(c);
    }
}

/* ---- commands ---- */

static void complete_argument(completion *c, firn_str name, firn_str word)
{
    static const char *const with_file[] = {".read", "\\i", ".output", "\\o", ".once", "\\w",
                                            ".edit", "\\e", "\\cd",    ".cd", NULL};
    static const char *const with_switch[] = {".timer", ".timing", "\\timing", ".pager",
                                              ".bail",  ".x",      "\\x",      NULL};
    static const char *const formats[] = {"box",   "table",    "line", "csv",    "tsv",  "json",
                                          "jsonl", "markdown", "html", "insert", "trash"};
    const firn_token token = {.kind = FIRN_TOKEN_WORD, .text = name};
    if (is_one_of(&token, with_file)) {
        names_files(word, c->out);
    } else if (is_one_of(&token, with_switch)) {
        names_offer(c->out, FIRN_STR("on"), word);
        names_offer(c->out, FIRN_STR("off"), word);
    } else if (firn_token_is(&token, ".mode")) {
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
            names_offer(c->out, firn_str_of(formats[i]), word);
    } else if (firn_token_is(&token, ".use") || firn_token_is(&token, "\\c")) {
        names_namespaces(c->sh, NULL, 0, false, word, c->out);
    } else {
        firn_str rest = word;
        while (firn_str_find(rest, FIRN_STR("."), 0) != SIZE_MAX && c->n_parts < MAX_PARTS)
            c->parts[c->n_parts++] = firn_str_split(&rest, '.');
        c->word = rest.data ? rest : FIRN_STR("");
        c->out->word_from += word.len - c->word.len;
        offer_tables(c);
    }
}

static void complete_command(completion *c, firn_str line, size_t cursor)
{
    const firn_str typed = firn_str_slice(line, 0, cursor);
    size_t from = 0;
    while (from < cursor && strchr(" \t", typed.data[from])) from++;
    size_t end = from;
    while (end < cursor && !strchr(" \t", typed.data[end])) end++;
    if (end == cursor) {
        firn_str name;
        c->out->word_from = from;
        for (size_t i = 0; (name = shell_command_name(i)).len > 0; i++)
            names_offer(c->out, name, firn_str_slice(typed, from, end));
        return;
    }
    size_t word = cursor;
    while (word > end && !strchr(" \t", typed.data[word - 1])) word--;
    c->out->word_from = word;
    complete_argument(c, firn_str_slice(typed, from, end), firn_str_slice(typed, word, cursor));
}

/* A whole word gets a blank behind it, so that typing goes on. */
static void add_blank(line_choices *out)
{
    if (out->n != 1 || out->items[0].len == 0) return;
    const char last = out->items[0].data[out->items[0].len - 1];
    if (strchr(".(/", last)) return;
    const firn_str item = firn_arena_printf(out->arena, "%.*s ", FIRN_STR_ARG(out->items[0]));
    if (item.data) out->items[0] = item;
}

void shell_complete(shell *sh, firn_str before, firn_str line, size_t cursor, line_choices *out)
{
    completion c = {.sh = sh, .out = out};
    const firn_str trimmed = firn_str_trim(line);
    const firn_str text =
        firn_arena_printf(out->arena, "%.*s%.*s", FIRN_STR_ARG(before), FIRN_STR_ARG(line));
    out->word_from = cursor;
    if (!text.data) return;
    if (before.len == 0 && trimmed.len > 0 && strchr(".\\", trimmed.data[0])) {
        complete_command(&c, line, cursor);
    } else {
        read_tokens(&c, text, before.len + cursor);
        const firn_token *last = c.at > 0 ? &c.tokens[c.at - 1] : NULL;
        if (!c.tokens) return;
        if (last && last->kind == FIRN_TOKEN_BAD && last->text.data[0] == '\'') {
            const firn_str path = firn_str_slice(text, last->offset + 1, before.len + cursor);
            out->word_from = cursor - path.len;
            names_files(path, out);
            return;
        }
        find_word(&c, before.len + cursor);
        find_scope(&c);
        offer_for_statement(&c);
    }
    add_blank(out);
}
