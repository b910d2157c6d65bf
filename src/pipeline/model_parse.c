/* SPDX-License-Identifier: Apache-2.0 */
/* Model files: the MODEL block, EXPECT clauses, variables. The query itself is not parsed here:
 * the SQL engine does that when it runs. */
#include "pipeline/model.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/parser/lexer.h"

typedef struct parser {
    firn_lexer lexer;
    firn_str path;
    firn_str text;
    const firn_property *variables;
    size_t n_variables;
    firn_arena *arena;
    firn_error *err;
} parser;

static unsigned line_of(const parser *p, size_t offset)
{
    unsigned line = 1;
    for (size_t i = 0; i < offset && i < p->text.len; i++) line += p->text.data[i] == '\n';
    return line;
}

static firn_status fail(const parser *p, size_t offset, const char *what, firn_str found)
{
    firn_fail(p->err, FIRN_ERR_ARG, "%.*s:%u: %s%s%.*s%s", FIRN_STR_ARG(p->path),
              line_of(p, offset), what, found.len ? ", found \"" : "", FIRN_STR_ARG(found),
              found.len ? "\"" : "");
    if (p->err) {
        p->err->line = line_of(p, offset);
        p->err->position = offset;
    }
    return FIRN_ERR_ARG;
}

static firn_status expect_symbol(parser *p, const char *symbol)
{
    const firn_token t = firn_lexer_next(&p->lexer);
    if (firn_token_is_symbol(&t, symbol)) return FIRN_OK;
    const firn_str what = firn_arena_printf(p->arena, "expected %s", symbol);
    return fail(p, t.offset, what.data ? what.data : "syntax error", t.text);
}

static firn_status expect_word(parser *p, const char *what, firn_str *out, size_t *offset)
{
    const firn_token t = firn_lexer_next(&p->lexer);
    if (t.kind != FIRN_TOKEN_WORD && t.kind != FIRN_TOKEN_QUOTED)
        return fail(p, t.offset, what, t.text);
    *out = t.kind == FIRN_TOKEN_QUOTED ? firn_str_slice(t.text, 1, t.text.len - 1) : t.text;
    if (offset) *offset = t.offset;
    return FIRN_OK;
}

static bool accept_symbol(parser *p, const char *symbol)
{
    const firn_token t = firn_lexer_peek(&p->lexer);
    if (!firn_token_is_symbol(&t, symbol)) return false;
    (void)firn_lexer_next(&p->lexer);
    return true;
}

static bool accept_word(parser *p, const char *word)
{
    const firn_token t = firn_lexer_peek(&p->lexer);
    if (!firn_token_is(&t, word)) return false;
    (void)firn_lexer_next(&p->lexer);
    return true;
}

/* Text between an opening parenthesis (already taken) and its partner. */
static firn_status take_parenthesised(parser *p, size_t opened_at, firn_str *out)
{
    const size_t start = p->lexer.at;
    int depth = 1;
    for (;;) {
        const firn_token t = firn_lexer_next(&p->lexer);
        if (t.kind == FIRN_TOKEN_END || t.kind == FIRN_TOKEN_BAD)
            return fail(p, opened_at, "parenthesis is not closed", (firn_str){0});
        if (firn_token_is_symbol(&t, "(")) depth++;
        if (firn_token_is_symbol(&t, ")") && --depth == 0) {
            *out = firn_str_trim(firn_str_slice(p->text, start, t.offset));
            return FIRN_OK;
        }
    }
}

static firn_status open_parenthesised(parser *p, firn_str *out)
{
    const size_t at = p->lexer.at;
    FIRN_TRY(expect_symbol(p, "("));
    return take_parenthesised(p, at, out);
}

static const firn_property *find_variable(const parser *p, firn_str name)
{
    for (size_t i = 0; i < p->n_variables; i++) {
        if (firn_str_equals(p->variables[i].key, name)) return &p->variables[i];
    }
    return NULL;
}

static firn_status missing_variable(parser *p, size_t offset, firn_str name)
{
    const firn_status st = fail(p, offset, "variable is not set", name);
    return firn_error_hint(p->err, st, "give it with --set %.*s=VALUE", FIRN_STR_ARG(name));
}

/* Name of the variable that an '@' at text[at] starts, empty if none. */
static firn_str variable_name(firn_str text, size_t at)
{
    size_t end = at + 1;
    while (end < text.len) {
        const char c = text.data[end];
        const bool is_name = c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (end > at + 1 && c >= '0' && c <= '9');
        if (!is_name) break;
        end++;
    }
    return firn_str_slice(text, at + 1, end);
}

/* A path, or text: 'quoted' or @variable. */
static firn_status take_text(parser *p, firn_str *out)
{
    const firn_token t = firn_lexer_next(&p->lexer);
    if (t.kind == FIRN_TOKEN_STRING) {
        *out = firn_str_slice(t.text, 1, t.text.len - 1);
        return FIRN_OK;
    }
    if (t.text.len && t.text.data[0] == '@') {
        const firn_str name = variable_name(p->text, t.offset);
        const firn_property *v = find_variable(p, name);
        if (!v) return missing_variable(p, t.offset, name);
        p->lexer.at = t.offset + 1 + name.len;
        *out = firn_arena_copy(p->arena, v->value);
        return out->data ? FIRN_OK : firn_fail_nomem(p->err);
    }
    return fail(p, t.offset, "expected 'text' or @variable", t.text);
}

/* ns.name with at least one namespace level. */
static firn_status take_name(parser *p, firn_model *out)
{
    firn_str *parts = firn_arena_array(p->arena, FIRN_LIMIT_NESTING, sizeof *parts);
    size_t n = 0;
    size_t start = 0;
    if (!parts) return firn_fail_nomem(p->err);
    do {
        if (n == FIRN_LIMIT_NESTING)
            return fail(p, start, "name has too many parts", (firn_str){0});
        FIRN_TRY(expect_word(p, "expected a name", &parts[n], n ? NULL : &start));
        n++;
    } while (accept_symbol(p, "."));
    if (n < 2) return fail(p, start, "expected namespace.name", parts[0]);
    out->ident = (firn_ident){.levels = parts, .n_levels = n - 1, .name = parts[n - 1]};
    out->name = firn_str_trim(firn_str_slice(p->text, start, p->lexer.at));
    return FIRN_OK;
}

static firn_status take_landing(parser *p, firn_model *out)
{
    firn_str key = {0};
    size_t at = 0;
    FIRN_TRY(expect_symbol(p, "("));
    do {
        FIRN_TRY(expect_word(p, "expected path or format", &key, &at));
        if (firn_str_equals_nocase(key, FIRN_STR("path"))) {
            FIRN_TRY(take_text(p, &out->landing_path));
        } else if (firn_str_equals_nocase(key, FIRN_STR("format"))) {
            firn_str format = {0};
            FIRN_TRY(expect_word(p, "expected a format", &format, &at));
            if (firn_str_equals_nocase(format, FIRN_STR("csv")))
                out->landing_format = FIRN_LANDING_CSV;
            else if (firn_str_equals_nocase(format, FIRN_STR("ndjson")))
                out->landing_format = FIRN_LANDING_NDJSON;
            else
                return fail(p, at, "not supported: landing format other than ndjson and csv",
                            format);
        } else {
            return fail(p, at, "expected path or format", key);
        }
    } while (accept_symbol(p, ","));
    FIRN_TRY(expect_symbol(p, ")"));
    if (out->landing_path.len == 0) return fail(p, at, "LANDING needs a path", (firn_str){0});
    return FIRN_OK;
}

static firn_status take_key_columns(parser *p, firn_model *out)
{
    firn_str *keys = NULL;
    size_t n = 0;
    size_t cap = 0;
    FIRN_TRY(expect_symbol(p, "("));
    do {
        firn_str *slot = firn_arena_push(p->arena, &keys, &n, &cap, sizeof *keys);
        if (!slot) return firn_fail_nomem(p->err);
        FIRN_TRY(expect_word(p, "expected a column", slot, NULL));
    } while (accept_symbol(p, ","));
    out->unique_key = keys;
    out->n_unique_key = n;
    return expect_symbol(p, ")");
}

static firn_status take_unique_key(parser *p, firn_model *out)
{
    firn_str key = {0};
    size_t at = 0;
    FIRN_TRY(expect_symbol(p, "("));
    do {
        FIRN_TRY(expect_word(p, "expected unique_key, updated_at or when_matched", &key, &at));
        if (firn_str_equals_nocase(key, FIRN_STR("unique_key"))) {
            FIRN_TRY(take_key_columns(p, out));
        } else if (firn_str_equals_nocase(key, FIRN_STR("updated_at"))) {
            FIRN_TRY(expect_word(p, "expected a column", &out->updated_at, NULL));
        } else if (firn_str_equals_nocase(key, FIRN_STR("when_matched"))) {
            firn_str what = {0};
            FIRN_TRY(expect_word(p, "expected IGNORE or UPDATE", &what, &at));
            out->ignores_matched = firn_str_equals_nocase(what, FIRN_STR("ignore"));
            if (!out->ignores_matched && !firn_str_equals_nocase(what, FIRN_STR("update")))
                return fail(p, at, "expected IGNORE or UPDATE", what);
        } else {
            return fail(p, at, "expected unique_key, updated_at or when_matched", key);
        }
    } while (accept_symbol(p, ","));
    FIRN_TRY(expect_symbol(p, ")"));
    if (out->n_unique_key == 0)
        return fail(p, at, "INCREMENTAL_BY_UNIQUE_KEY needs unique_key (...)", (firn_str){0});
    return FIRN_OK;
}

static firn_status take_kind(parser *p, firn_model *out)
{
    firn_str kind = {0};
    size_t at = 0;
    FIRN_TRY(expect_word(p, "expected a kind", &kind, &at));
    if (firn_str_equals_nocase(kind, FIRN_STR("landing"))) {
        out->kind = FIRN_MODEL_LANDING;
        return take_landing(p, out);
    }
    if (firn_str_equals_nocase(kind, FIRN_STR("incremental_by_unique_key"))) {
        out->kind = FIRN_MODEL_INCREMENTAL_BY_UNIQUE_KEY;
        return take_unique_key(p, out);
    }
    if (firn_str_equals_nocase(kind, FIRN_STR("view"))) {
        out->kind = FIRN_MODEL_VIEW;
        return FIRN_OK;
    }
    const firn_status st = fail(p, at, "not supported: model kind", kind);
    return firn_error_hint(p->err, st, "kinds are LANDING, INCREMENTAL_BY_UNIQUE_KEY and VIEW");
}

static firn_status take_block(parser *p, firn_model *out)
{
    bool has_kind = false;
    firn_str key = {0};
    size_t at = 0;

    if (!accept_word(p, "model")) {
        const firn_token t = firn_lexer_peek(&p->lexer);
        return fail(p, t.offset, "a model file starts with MODEL (...)", t.text);
    }
    FIRN_TRY(expect_symbol(p, "("));
    do {
        FIRN_TRY(expect_word(p, "expected a property", &key, &at));
        if (firn_str_equals_nocase(key, FIRN_STR("name"))) {
            FIRN_TRY(take_name(p, out));
        } else if (firn_str_equals_nocase(key, FIRN_STR("kind"))) {
            FIRN_TRY(take_kind(p, out));
            has_kind = true;
        } else if (firn_str_equals_nocase(key, FIRN_STR("columns"))) {
            FIRN_TRY(open_parenthesised(p, &out->columns));
        } else if (firn_str_equals_nocase(key, FIRN_STR("partitioned_by"))) {
            FIRN_TRY(open_parenthesised(p, &out->partitioned_by));
        } else {
            const firn_status st = fail(p, at, "not supported: model property", key);
            return firn_error_hint(p->err, st,
                                   "properties are name, kind, columns and partitioned_by");
        }
    } while (accept_symbol(p, ","));
    FIRN_TRY(expect_symbol(p, ")"));
    (void)accept_symbol(p, ";");
    if (out->name.len == 0) return fail(p, at, "MODEL needs a name", (firn_str){0});
    if (!has_kind) return fail(p, at, "MODEL needs a kind", (firn_str){0});
    return FIRN_OK;
}

static firn_status take_violation(parser *p, firn_expectation *out)
{
    firn_str word = {0};
    size_t at = 0;
    if (!accept_word(p, "on")) return FIRN_OK;
    FIRN_TRY(expect_word(p, "expected VIOLATION", &word, &at));
    if (!firn_str_equals_nocase(word, FIRN_STR("violation")))
        return fail(p, at, "expected VIOLATION", word);
    FIRN_TRY(expect_word(p, "expected QUARANTINE, DROP ROW or FAIL UPDATE", &word, &at));
    if (firn_str_equals_nocase(word, FIRN_STR("quarantine"))) {
        out->on_violation = FIRN_VIOLATION_QUARANTINE;
    } else if (firn_str_equals_nocase(word, FIRN_STR("drop")) && accept_word(p, "row")) {
        out->on_violation = FIRN_VIOLATION_DROP_ROW;
    } else if (firn_str_equals_nocase(word, FIRN_STR("fail")) && accept_word(p, "update")) {
        out->on_violation = FIRN_VIOLATION_FAIL_UPDATE;
    } else {
        return fail(p, at, "expected QUARANTINE, DROP ROW or FAIL UPDATE", word);
    }
    return FIRN_OK;
}

static firn_status take_expectations(parser *p, firn_model *out)
{
    firn_expectation *list = NULL;
    size_t n = 0;
    size_t cap = 0;
    while (accept_word(p, "expect")) {
        firn_expectation *e = firn_arena_push(p->arena, &list, &n, &cap, sizeof *list);
        if (!e) return firn_fail_nomem(p->err);
        FIRN_TRY(expect_word(p, "expected a name for the expectation", &e->name, NULL));
        FIRN_TRY(open_parenthesised(p, &e->condition));
        FIRN_TRY(take_violation(p, e));
        FIRN_TRY(expect_symbol(p, ";"));
    }
    out->expectations = list;
    out->n_expectations = n;
    return FIRN_OK;
}

static void put_literal(firn_buf *out, firn_str value)
{
    double number = 0;
    if (firn_str_to_f64(value, &number)) {
        firn_buf_str(out, value);
        return;
    }
    firn_buf_quoted(out, value, '\'');
}

/* The rest of the file with variables put in and the last semicolon cut. */
static firn_status take_query(parser *p, firn_model *out)
{
    firn_buf query;
    firn_buf_init(&query, NULL, FIRN_LIMIT_SQL_TEXT);
    size_t copied = p->lexer.at;
    size_t end = p->text.len;
    firn_status st = FIRN_OK;
    for (;;) {
        const firn_token t = firn_lexer_next(&p->lexer);
        if (t.kind == FIRN_TOKEN_END) break;
        if (firn_token_is_symbol(&t, ";")) {
            const firn_token after = firn_lexer_peek(&p->lexer);
            if (after.kind != FIRN_TOKEN_END)
                st = fail(p, after.offset, "a model has one query", after.text);
            end = t.offset;
            break;
        }
        if (t.text.len == 0 || t.text.data[0] != '@') continue;
        const firn_str name = variable_name(p->text, t.offset);
        const firn_property *v = find_variable(p, name);
        if (!v) {
            st = missing_variable(p, t.offset, name);
            break;
        }
        firn_buf_str(&query, firn_str_slice(p->text, copied, t.offset));
        put_literal(&query, v->value);
        copied = t.offset + 1 + name.len;
        p->lexer.at = copied;
    }
    if (st == FIRN_OK) {
        if (end > copied) firn_buf_str(&query, firn_str_slice(p->text, copied, end));
        st = firn_buf_check(&query, p->err);
    }
    if (st == FIRN_OK) {
        out->query = firn_arena_copy(p->arena, firn_str_trim(firn_buf_view(&query)));
        if (!out->query.data) st = firn_fail_nomem(p->err);
    }
    firn_buf_dispose(&query);
    return st;
}

static firn_status check(const parser *p, const firn_model *m)
{
    if (m->kind == FIRN_MODEL_LANDING) {
        if (m->query.len) return fail(p, 0, "a LANDING model has no query", (firn_str){0});
        if (m->n_expectations)
            return fail(p, 0, "a LANDING model has no EXPECT: bronze keeps what came",
                        (firn_str){0});
        if (m->columns.len == 0) return fail(p, 0, "LANDING needs columns (...)", (firn_str){0});
        return FIRN_OK;
    }
    if (m->query.len == 0) return fail(p, 0, "the query is missing", (firn_str){0});
    if (m->columns.len)
        return fail(p, 0, "not supported: columns (...) outside LANDING", (firn_str){0});
    if (m->kind == FIRN_MODEL_VIEW && (m->n_expectations || m->partitioned_by.len))
        return fail(p, 0, "a VIEW has no EXPECT and no partitioned_by", (firn_str){0});
    if (m->kind == FIRN_MODEL_INCREMENTAL_BY_UNIQUE_KEY && m->n_sources == 0)
        return fail(p, 0, "an incremental model reads from a table", (firn_str){0});
    return FIRN_OK;
}

firn_status firn_model_parse(firn_str path, firn_str text, const firn_property *variables,
                             size_t n_variables, firn_arena *arena, firn_model *out,
                             firn_error *err)
{
    firn_error local;
    parser p = {.path = firn_arena_copy(arena, path),
                .text = firn_arena_copy(arena, text),
                .variables = variables,
                .n_variables = n_variables,
                .arena = arena,
                .err = err ? err : &local};
    if (!p.path.data || !p.text.data) return firn_fail_nomem(err);
    p.lexer = firn_lexer_of(p.text);
    *out = (firn_model){.path = p.path};
    FIRN_TRY(take_block(&p, out));
    FIRN_TRY(take_expectations(&p, out));
    FIRN_TRY(take_query(&p, out));
    firn_str *sources = NULL;
    FIRN_TRY(firn_query_sources(out->query, arena, &sources, &out->n_sources, err));
    out->sources = sources;
    return check(&p, out);
}
