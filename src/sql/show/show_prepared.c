/* SPDX-License-Identifier: Apache-2.0 */
/* DESCRIBE INPUT and OUTPUT of a prepared statement: the types of its parameters, and its columns
 * with the table they come from. Of statements that change rows nothing is known of the parameters,
 * and the only column is the number of rows. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/ddl/ddl.h"
#include "sql/show/show.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
static const firn_type k_flag = {.kind = FIRN_TYPE_BOOLEAN};

#define COLUMN(number, text, of)                                   \
    {                                                              \
        .id = (number), .name = FIRN_STR_INIT(text), .type = &(of) \
    }

static const firn_field k_input[] = {COLUMN(1, "Position", k_int), COLUMN(2, "Type", k_text)};
static const firn_field k_output[] = {
    COLUMN(1, "Column Name", k_text), COLUMN(2, "Catalog", k_text), COLUMN(3, "Schema", k_text),
    COLUMN(4, "Table", k_text),       COLUMN(5, "Type", k_text),    COLUMN(6, "Type Size", k_int),
    COLUMN(7, "Aliased", k_flag)};

static firn_lexer lexer_of(const firn_session *session, firn_str text)
{
    firn_lexer lexer = firn_lexer_of(text);
    lexer.dialect = session->dialect;
    return lexer;
}

static bool is_query(const firn_session *session, firn_str text)
{
    firn_lexer lexer = lexer_of(session, text);
    const firn_token first = firn_lexer_next(&lexer);
    return firn_token_is(&first, "SELECT") || firn_token_is(&first, "WITH") ||
           firn_token_is(&first, "VALUES") || firn_token_is(&first, "TABLE") ||
           firn_token_is_symbol(&first, "(");
}

static firn_status type_text(firn_session *session, const firn_type *type, firn_str *out,
                             firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, session->env->alloc, 0);
    firn_dialect_put_column_type(session->dialect, type, &buf);
    return firn_show__take_text(session, &buf, out, err);
}

static void put_text(firn_show *show, size_t column, firn_str text)
{
    firn_show__measure(show, column, text);
    firn_cell_text(&show->rows, firn_rows_column(&show->rows, column), text);
}

/* The text for the engine, bound to tables. */
static firn_status prepare_text(firn_session *session, firn_str text, const firn_rewrite **out,
                                firn_error *err)
{
    firn_translation translated = {.text.sql = text};
    if (session->dialect != FIRN_DIALECT_DUCKDB)
        FIRN_TRY(firn_session__translate(session, text, session->dialect, NULL, &translated, err));
    FIRN_TRY(firn_session__rewrite(session, translated.text.sql, NULL, out, err));
    session->statement.rewrite = *out;
    return FIRN_OK;
}

/* ---- parameters ---- */

static firn_status unknown_inputs(firn_session *session, firn_str text, firn_type *out,
                                  firn_error *err)
{
    static const firn_type k_unknown = {.kind = FIRN_TYPE_UNKNOWN};
    firn_lexer lexer = lexer_of(session, text);
    size_t n = 0;
    for (firn_token t = firn_lexer_next(&lexer); t.kind != FIRN_TOKEN_END;
         t = firn_lexer_next(&lexer)) {
        n += t.kind == FIRN_TOKEN_PARAM;
    }
    firn_field *fields = firn_arena_array(session->arena, n, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) fields[i] = (firn_field){.type = &k_unknown};
    *out = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    return FIRN_OK;
}

static firn_status find_inputs(firn_session *session, firn_str text, firn_type *out,
                               firn_error *err)
{
    const firn_rewrite *rewrite = NULL;
    firn_engine *engine = NULL;
    if (!is_query(session, text)) return unknown_inputs(session, text, out, err);
    FIRN_TRY(prepare_text(session, text, &rewrite, err));
    FIRN_TRY(firn_session__engine(session, &engine, err));
    firn_type columns;
    return firn_engine_bind(engine, rewrite->sql, session->arena, &columns, out, err);
}

firn_status firn_show__input(firn_session *session, firn_str text, firn_result **out,
                             firn_error *err)
{
    firn_type inputs;
    firn_show show = {.session = session,
                      .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_input, .n_fields = 2},
                      .is_bounded = true};
    FIRN_TRY(find_inputs(session, text, &inputs, err));
    show.rows = firn_rows_begin(&show.root, err);
    firn_status st = show.rows.status;
    for (size_t i = 0; i < inputs.n_fields && st == FIRN_OK; i++) {
        firn_str type;
        st = type_text(session, inputs.fields[i].type, &type, err);
        if (st != FIRN_OK) break;
        firn_cell_int(&show.rows, firn_rows_column(&show.rows, 0), (int32_t)i);
        put_text(&show, 1, type);
    }
    return firn_show__end(&show, "DESCRIBE INPUT", st, out, err);
}

/* ---- columns ---- */

/* What the list behind SELECT says of a column. */
typedef struct output_item {
    firn_str column; /* a column's name alone; empty: something else */
    bool is_star, is_aliased;
} output_item;

typedef struct output_list {
    output_item *items;
    size_t n, cap;
} output_list;

/* One item, [first, n) of its tokens at depth 0. */
static void read_item(const firn_token *t, size_t n, bool has_nested, firn_arena *arena,
                      output_item *out)
{
    *out = (output_item){0};
    size_t at = 0;
    if (n > 1 && firn_token_is(&t[n - 2], "AS")) {
        out->is_aliased = true;
        n -= 2;
    }
    if (has_nested || n == 0) return;
    while (at + 2 < n && firn_token_is_symbol(&t[at + 1], ".")) at += 2;
    out->is_star = firn_token_is_symbol(&t[at], "*") && n == at + 1;
    const bool is_name = t[at].kind == FIRN_TOKEN_WORD || t[at].kind == FIRN_TOKEN_QUOTED;
    const bool is_alone = n == at + 1;
    const bool has_alias =
        n == at + 2 && (t[at + 1].kind == FIRN_TOKEN_WORD || t[at + 1].kind == FIRN_TOKEN_QUOTED);
    if (!is_name || (!is_alone && !has_alias)) return;
    out->column = firn_token_unquote(&t[at], arena);
    out->is_aliased = out->is_aliased || has_alias;
}

/* Behind FROM: one table by its name, and no other query beside. */
static bool is_of_one_table(firn_lexer lexer)
{
    int depth = 0;
    firn_token token = firn_lexer_next(&lexer);
    if (token.kind != FIRN_TOKEN_WORD && token.kind != FIRN_TOKEN_QUOTED) return false;
    for (; token.kind != FIRN_TOKEN_END; token = firn_lexer_next(&lexer)) {
        if (firn_token_is_symbol(&token, "(")) depth++;
        if (firn_token_is_symbol(&token, ")")) depth--;
        if (depth == 0 && (firn_token_is(&token, "UNION") || firn_token_is(&token, "INTERSECT") ||
                           firn_token_is(&token, "EXCEPT"))) {
            return false;
        }
    }
    return true;
}

/* One item of the list; *is_last when no other follows. */
static void next_item(firn_lexer *lexer, firn_arena *arena, output_item *out, bool *is_last)
{
    enum { MAX_TOKENS = 64 }; /* of an item; a longer one is no plain column */
    firn_token item[MAX_TOKENS];
    size_t n = 0;
    int depth = 0;
    bool has_nested = false;
    for (;;) {
        const firn_token token = firn_lexer_next(lexer);
        *is_last = token.kind == FIRN_TOKEN_END || (depth == 0 && firn_token_is(&token, "FROM"));
        if (*is_last || (depth == 0 && firn_token_is_symbol(&token, ","))) break;
        if (firn_token_is_symbol(&token, "(") || firn_token_is_symbol(&token, "[")) depth++;
        if (firn_token_is_symbol(&token, ")") || firn_token_is_symbol(&token, "]")) depth--;
        has_nested = has_nested || depth > 0;
        if (depth == 0 && n < MAX_TOKENS) item[n++] = token;
    }
    read_item(item, n < MAX_TOKENS ? n : 0, has_nested, arena, out);
}

/* The list of a query that is one SELECT of one table; else it stays empty. */
static firn_status read_list(firn_session *session, firn_str text, output_list *list,
                             firn_error *err)
{
    firn_lexer lexer = lexer_of(session, text);
    const firn_token first = firn_lexer_next(&lexer);
    bool is_last = !firn_token_is(&first, "SELECT");
    while (!is_last) {
        output_item *slot =
            firn_arena_push(session->arena, &list->items, &list->n, &list->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        next_item(&lexer, session->arena, slot, &is_last);
        if (is_last && !is_of_one_table(lexer)) list->n = 0;
    }
    return FIRN_OK;
}

/* Where the columns come from. */
typedef struct output_source {
    firn_described table; /* its root is NULL: not known */
    output_list list;
    output_item *of_column; /* per column of the result */
} output_source;

/* Stars are spread, so that there is an item for each column. False: they do not fit. */
static bool spread_items(firn_session *session, output_source *s, size_t n_columns)
{
    size_t n = 0;
    s->of_column = firn_arena_array(session->arena, n_columns, sizeof *s->of_column);
    if (!s->of_column) return false;
    for (size_t i = 0; i < s->list.n; i++) {
        const output_item *item = &s->list.items[i];
        if (item->is_star && !s->table.root) return false;
        const size_t width = item->is_star ? s->table.root->n_fields : 1;
        for (size_t k = 0; k < width; k++) {
            if (n == n_columns) return false;
            s->of_column[n] = *item;
            if (item->is_star) s->of_column[n].column = s->table.root->fields[k].name;
            n++;
        }
    }
    return n == n_columns;
}

static firn_status find_source(firn_session *session, firn_str text, const firn_rewrite *rewrite,
                               size_t n_columns, output_source *out, firn_error *err)
{
    firn_error ignored;
    *out = (output_source){0};
    FIRN_TRY(read_list(session, text, &out->list, err));
    if (rewrite->n_refs == 1 && !rewrite->refs[0].is_cte && rewrite->refs[0].call.len == 0) {
        const firn_sql_name name = {.parts = rewrite->refs[0].parts,
                                    .n_parts = rewrite->refs[0].n_parts};
        if (firn_show__load(session, &name, &out->table, &ignored) != FIRN_OK)
            out->table = (firn_described){0};
    }
    if (!spread_items(session, out, n_columns)) *out = (output_source){0};
    return FIRN_OK;
}

static bool is_column_of(const output_source *s, const output_item *item)
{
    for (size_t i = 0; s->table.root && i < s->table.root->n_fields; i++) {
        if (firn_str_equals_nocase(s->table.root->fields[i].name, item->column)) return true;
    }
    return false;
}

/* Bytes of a value; 0: they differ. */
static int32_t type_size(const firn_type *type)
{
    switch ((int)type->kind) {
    case FIRN_TYPE_BOOLEAN: return 1;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DATE: return 4;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ: return 8;
    case FIRN_TYPE_DECIMAL: return type->precision <= 18 ? 8 : 16;
    case FIRN_TYPE_UUID: return 16;
    default: return 0;
    }
}

static firn_status put_output(firn_show *show, const firn_field *field, const output_source *s,
                              const output_item *item, firn_error *err)
{
    firn_str type;
    const firn_str none = FIRN_STR("");
    const bool is_known = item && is_column_of(s, item);
    const firn_ident *ident = &s->table.ident;
    const firn_sql_name ns = {.parts = ident->levels, .n_parts = ident->n_levels};
    FIRN_TRY(type_text(show->session, field->type, &type, err));
    put_text(show, 0, field->name);
    put_text(show, 1, is_known ? firn_catalog_name(s->table.catalog) : none);
    put_text(show, 2, is_known ? firn_sql_name_text(&ns, show->session->arena) : none);
    put_text(show, 3, is_known ? ident->name : none);
    put_text(show, 4, type);
    firn_cell_int(&show->rows, firn_rows_column(&show->rows, 5), type_size(field->type));
    firn_cell_bool(&show->rows, firn_rows_column(&show->rows, 6), item && item->is_aliased);
    return show->rows.status;
}

/* Columns of a query, or the number of rows that it changes. */
static firn_status find_outputs(firn_session *session, firn_str text, firn_type *out,
                                output_source *source, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    static const firn_field k_rows = COLUMN(1, "rows", k_long);
    const firn_rewrite *rewrite = NULL;
    firn_engine *engine = NULL;
    *source = (output_source){0};
    *out = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = &k_rows, .n_fields = 1};
    if (!is_query(session, text)) return FIRN_OK;
    FIRN_TRY(prepare_text(session, text, &rewrite, err));
    FIRN_TRY(firn_session__engine(session, &engine, err));
    FIRN_TRY(firn_engine_describe(engine, rewrite->sql, session->arena, out, err));
    return find_source(session, text, rewrite, out->n_fields, source, err);
}

firn_status firn_show__output(firn_session *session, firn_str text, firn_result **out,
                              firn_error *err)
{
    firn_type columns;
    output_source source;
    firn_show show = {.session = session,
                      .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_output, .n_fields = 7},
                      .is_bounded = true};
    FIRN_TRY(find_outputs(session, text, &columns, &source, err));
    show.rows = firn_rows_begin(&show.root, err);
    firn_status st = show.rows.status;
    for (size_t i = 0; i < columns.n_fields && st == FIRN_OK; i++) {
        st = put_output(&show, &columns.fields[i], &source,
                        source.of_column ? &source.of_column[i] : NULL, err);
    }
    return firn_show__end(&show, "DESCRIBE OUTPUT", st, out, err);
}
