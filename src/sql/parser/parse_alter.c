/* SPDX-License-Identifier: Apache-2.0 */
/* ALTER TABLE, in the spellings of Spark, Trino and DuckDB. */
#include "base/error.h"
#include "base/str.h"
#include "sql/parser/sql_ast.h"
#include "sql/parser/sql_default.h"

static firn_status parse_path(firn_sql_parser *p, firn_str *out, size_t *offset, firn_error *err)
{
    firn_sql_name name;
    FIRN_TRY(firn_parser_name(p, &name, err));
    *offset = name.offset;
    *out = firn_sql_name_text(&name, p->arena);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* FIRST, AFTER column; *found false: neither. */
static firn_status parse_position(firn_sql_parser *p, firn_position *out, bool *found,
                                  firn_error *err)
{
    *found = true;
    if (firn_parser_accept(p, "FIRST")) {
        out->kind = FIRN_POSITION_FIRST;
        return FIRN_OK;
    }
    const bool is_after = firn_parser_accept(p, "AFTER");
    if (is_after || firn_parser_accept(p, "BEFORE")) {
        out->kind = is_after ? FIRN_POSITION_AFTER : FIRN_POSITION_BEFORE;
        return firn_parser_identifier(p, &out->sibling, err);
    }
    *found = firn_parser_accept(p, "LAST");
    return FIRN_OK;
}

/* ---- ADD, DROP ---- */

/* path type [NOT NULL] [DEFAULT literal] [COMMENT '..'] [FIRST | AFTER x] */
static firn_status parse_new_column(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    int32_t next_id = 1;
    bool found = false;
    firn_ast_new_column *slot =
        firn_arena_push(p->arena, &out->columns, &out->n_columns, &out->cap_columns, sizeof *slot);
    firn_type *type = firn_arena_alloc_zero(p->arena, sizeof *type);
    if (!slot || !type) return firn_fail_nomem(err);
    FIRN_TRY(parse_path(p, &slot->path, &slot->offset, err));
    slot->field.type = type;
    FIRN_TRY(firn_sql_type_parse(&p->lexer, &next_id, p->arena, type, err));
    for (;;) {
        if (firn_parser_accept(p, "NOT NULL")) {
            slot->field.is_required = true;
        } else if (firn_parser_accept(p, "COMMENT")) {
            FIRN_TRY(firn_parser_string(p, &slot->field.doc, err));
        } else if (firn_parser_accept(p, "DEFAULT")) {
            FIRN_TRY(firn_parse_default(p, type, &slot->field.write_default, err));
            slot->field.initial_default = slot->field.write_default;
        } else if (!firn_parser_accept(p, "NULL")) {
            FIRN_TRY(parse_position(p, &slot->position, &found, err));
            if (!found) return FIRN_OK;
        }
    }
}

static firn_status parse_add(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    if (firn_parser_accept(p, "PARTITION FIELD")) {
        out->kind = FIRN_ALTER_ADD_PARTITION;
        FIRN_TRY(firn_parse_transform(p, &out->transform, err));
        if (firn_parser_accept(p, "AS")) {
            return firn_parser_identifier(p, &out->transform.name, err);
        }
        return FIRN_OK;
    }
    out->kind = FIRN_ALTER_ADD_COLUMNS;
    (void)(firn_parser_accept(p, "COLUMNS") || firn_parser_accept(p, "COLUMN"));
    out->if_not_exists = firn_parser_accept(p, "IF NOT EXISTS");
    const bool has_list = firn_parser_accept_symbol(p, "(");
    do {
        FIRN_TRY(parse_new_column(p, out, err));
    } while (firn_parser_accept_symbol(p, ","));
    return has_list ? firn_parser_expect_symbol(p, ")", err) : FIRN_OK;
}

/* a, b.c */
static firn_status parse_identifier_fields(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    do {
        firn_ast_new_column *slot = firn_arena_push(p->arena, &out->columns, &out->n_columns,
                                                    &out->cap_columns, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(parse_path(p, &slot->path, &slot->offset, err));
    } while (firn_parser_accept_symbol(p, ","));
    return FIRN_OK;
}

static firn_status parse_drop(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    if (firn_parser_accept(p, "IDENTIFIER FIELDS")) {
        out->kind = FIRN_ALTER_DROP_IDENTIFIER;
        return parse_identifier_fields(p, out, err);
    }
    if (firn_parser_accept(p, "PARTITION FIELD")) {
        out->kind = FIRN_ALTER_DROP_PARTITION;
        return firn_parse_transform(p, &out->transform, err);
    }
    out->kind = FIRN_ALTER_DROP_COLUMNS;
    (void)(firn_parser_accept(p, "COLUMNS") || firn_parser_accept(p, "COLUMN"));
    out->if_column_exists = firn_parser_accept(p, "IF EXISTS");
    const bool has_list = firn_parser_accept_symbol(p, "(");
    do {
        firn_ast_new_column *slot = firn_arena_push(p->arena, &out->columns, &out->n_columns,
                                                    &out->cap_columns, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(parse_path(p, &slot->path, &slot->offset, err));
    } while (firn_parser_accept_symbol(p, ","));
    return has_list ? firn_parser_expect_symbol(p, ")", err) : FIRN_OK;
}

/* ---- ALTER COLUMN, RENAME ---- */

static firn_status parse_type_change(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    int32_t next_id = 1;
    out->kind = FIRN_ALTER_COLUMN_TYPE;
    return firn_sql_type_parse(&p->lexer, &next_id, p->arena, &out->type, err);
}

/* CHANGE COLUMN name name type [COMMENT '..']: one thing of the column may change. */
static firn_status parse_hive_change(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    int32_t next_id = 1;
    const firn_sql_parser before = *p;
    FIRN_TRY(firn_parser_identifier(p, &out->text, err));
    FIRN_TRY(firn_sql_type_parse(&p->lexer, &next_id, p->arena, &out->type, err));
    const bool is_same_name = firn_str_equals(out->text, out->column);
    out->kind = is_same_name ? FIRN_ALTER_COLUMN_TYPE : FIRN_ALTER_RENAME_COLUMN;
    if (!firn_parser_accept(p, "COMMENT")) return FIRN_OK;
    if (!is_same_name) return firn_parser_fail(&before, "the same name, or no comment", err);
    out->kind = FIRN_ALTER_COLUMN_COMMENT;
    return firn_parser_string(p, &out->text, err);
}

static firn_status parse_alter_column(firn_sql_parser *p, bool is_change, firn_ast_alter *out,
                                      firn_error *err)
{
    bool found = false;
    (void)firn_parser_accept(p, "COLUMN");
    FIRN_TRY(parse_path(p, &out->column, &out->column_offset, err));
    if (is_change) return parse_hive_change(p, out, err);
    if (firn_parser_accept(p, "SET DATA TYPE") || firn_parser_accept(p, "TYPE") ||
        firn_parser_accept(p, "SET TYPE")) {
        return parse_type_change(p, out, err);
    }
    if (firn_parser_accept(p, "COMMENT")) {
        out->kind = FIRN_ALTER_COLUMN_COMMENT;
        return firn_parser_string(p, &out->text, err);
    }
    if (firn_parser_accept(p, "DROP NOT NULL")) {
        out->kind = FIRN_ALTER_COLUMN_OPTIONAL;
        return FIRN_OK;
    }
    if (firn_parser_accept(p, "SET NOT NULL")) {
        out->kind = FIRN_ALTER_COLUMN_REQUIRED;
        return FIRN_OK;
    }
    if (firn_parser_accept(p, "SET DEFAULT")) {
        out->kind = FIRN_ALTER_COLUMN_DEFAULT;
        return firn_parse_default_text(p, &out->text, err);
    }
    if (firn_parser_accept(p, "DROP DEFAULT")) {
        out->kind = FIRN_ALTER_COLUMN_DEFAULT;
        return FIRN_OK;
    }
    out->kind = FIRN_ALTER_COLUMN_POSITION;
    FIRN_TRY(parse_position(p, &out->position, &found, err));
    if (found) return FIRN_OK;
    return firn_parser_fail(
        p, "TYPE, COMMENT, SET or DROP NOT NULL, SET or DROP DEFAULT, FIRST or AFTER", err);
}

static firn_status parse_rename(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    if (firn_parser_accept(p, "TO")) {
        out->kind = FIRN_ALTER_RENAME;
        return firn_parser_name(p, &out->new_name, err);
    }
    out->kind = FIRN_ALTER_RENAME_COLUMN;
    (void)firn_parser_accept(p, "COLUMN");
    out->if_column_exists = firn_parser_accept(p, "IF EXISTS");
    FIRN_TRY(parse_path(p, &out->column, &out->column_offset, err));
    FIRN_TRY(firn_parser_expect(p, "TO", err));
    return firn_parser_identifier(p, &out->text, err);
}

/* ---- SET, UNSET, WRITE ---- */

static firn_status parse_unset(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    out->kind = FIRN_ALTER_UNSET_PROPERTIES;
    FIRN_TRY(firn_parser_expect(p, "TBLPROPERTIES", err));
    (void)firn_parser_accept(p, "IF EXISTS");
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    do {
        firn_property *slot =
            firn_arena_push(p->arena, &out->options.properties.items, &out->options.properties.n,
                            &out->options.properties.cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(firn_parse_key(p, &slot->key, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

/* Trino: SET PROPERTIES a = 1, partitioning = ARRAY['day(ts)'] */
static firn_status parse_set_properties(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    out->kind = FIRN_ALTER_SET_PROPERTIES;
    do {
        FIRN_TRY(firn_parse_with_option(p, &out->options, err));
    } while (firn_parser_accept_symbol(p, ","));
    return FIRN_OK;
}

static firn_status parse_set(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    bool found = false;
    if (firn_parser_accept(p, "IDENTIFIER FIELDS")) {
        out->kind = FIRN_ALTER_SET_IDENTIFIER;
        return parse_identifier_fields(p, out, err);
    }
    const firn_token next = firn_parser_peek(p);
    if (firn_parser_accept(p, "TBLPROPERTIES") || firn_token_is_symbol(&next, "(")) {
        out->kind = FIRN_ALTER_SET_PROPERTIES;
        return firn_parse_properties(p, &out->options.properties, err);
    }
    if (firn_parser_accept(p, "PROPERTIES")) return parse_set_properties(p, out, err);
    if (firn_parser_accept(p, "LOCATION")) {
        out->kind = FIRN_ALTER_SET_PROPERTIES;
        return firn_parser_string(p, &out->options.location, err);
    }
    const bool is_partition = firn_parser_at(p, "PARTITIONED BY");
    const bool is_order = firn_parser_at(p, "SORTED BY");
    if (!is_partition && !is_order) {
        return firn_parser_fail(
            p, "TBLPROPERTIES, PROPERTIES, LOCATION, PARTITIONED BY or SORTED BY", err);
    }
    out->kind = is_partition ? FIRN_ALTER_SET_PARTITIONS : FIRN_ALTER_SET_ORDER;
    return firn_parse_table_option(p, &out->options, NULL, &found, err);
}

/* WRITE [LOCALLY] ORDERED BY a, b DESC | WRITE UNORDERED | WRITE DISTRIBUTED BY PARTITION .. */
static firn_status parse_write(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    out->kind = FIRN_ALTER_SET_ORDER;
    out->distribution = FIRN_STR("range");
    if (firn_parser_accept(p, "UNORDERED")) {
        out->distribution = FIRN_STR("none");
        return FIRN_OK;
    }
    if (firn_parser_accept(p, "DISTRIBUTED BY PARTITION")) {
        out->distribution = FIRN_STR("hash");
        if (firn_parser_at_end(p)) return FIRN_OK;
    }
    if (firn_parser_accept(p, "LOCALLY")) {
        if (firn_str_equals(out->distribution, FIRN_STR("range"))) {
            out->distribution = FIRN_STR("none");
        }
    }
    FIRN_TRY(firn_parser_expect(p, "ORDERED BY", err));
    const bool has_list = firn_parser_accept_symbol(p, "(");
    do {
        FIRN_TRY(firn_parse_order_item(p, &out->options.order, err));
    } while (firn_parser_accept_symbol(p, ","));
    return has_list ? firn_parser_expect_symbol(p, ")", err) : FIRN_OK;
}

/* ---- procedures ---- */

/* One word, number or quoted text. */
static firn_status parse_literal(firn_sql_parser *p, firn_str *out, bool *is_string,
                                 firn_error *err)
{
    (void)(firn_parser_accept(p, "TIMESTAMP") || firn_parser_accept(p, "DATE"));
    const firn_token value = firn_parser_peek(p);
    *is_string = value.kind == FIRN_TOKEN_STRING;
    if (*is_string) return firn_parser_string(p, out, err);
    const bool is_minus = firn_parser_accept_symbol(p, "-");
    const firn_token number = firn_parser_peek(p);
    const bool is_word = number.kind == FIRN_TOKEN_WORD && !is_minus;
    if (number.kind != FIRN_TOKEN_NUMBER && !is_word)
        return firn_parser_fail(p, "a literal argument", err);
    (void)firn_lexer_next(&p->lexer);
    *out = firn_str_slice(p->sql, value.offset, number.offset + number.text.len);
    return FIRN_OK;
}

/* Behind the opening bracket. Keys and values of a map stand by turns. */
static firn_status parse_items(firn_sql_parser *p, const char *closing, firn_ast_argument *out,
                               firn_error *err)
{
    firn_str *items = NULL;
    size_t cap = 0;
    bool is_string = false;
    out->is_list = true;
    if (firn_parser_accept_symbol(p, closing)) return FIRN_OK;
    do {
        firn_str *slot = firn_arena_push(p->arena, &items, &out->n_items, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(parse_literal(p, slot, &is_string, err));
    } while (firn_parser_accept_symbol(p, ",") || firn_parser_accept_symbol(p, ":"));
    out->items = items;
    return firn_parser_expect_symbol(p, closing, err);
}

static bool at_value_end(const firn_sql_parser *p)
{
    const firn_token next = firn_parser_peek(p);
    return next.kind == FIRN_TOKEN_END || firn_token_is_symbol(&next, ",") ||
           firn_token_is_symbol(&next, ")");
}

/* Words that are calls; others are names of strategies and the like. */
static bool is_moment(const firn_sql_parser *p)
{
    return firn_parser_at(p, "CURRENT_TIMESTAMP") || firn_parser_at(p, "CURRENT_DATE") ||
           firn_parser_at(p, "LOCALTIMESTAMP");
}

static firn_status parse_value(firn_sql_parser *p, firn_ast_argument *out, firn_error *err)
{
    const firn_sql_parser before = *p;
    out->offset = firn_parser_peek(p).offset;
    const bool is_named = firn_parser_accept(p, "ARRAY") || firn_parser_accept(p, "MAP");
    if (is_named && firn_parser_accept_symbol(p, "(")) return parse_items(p, ")", out, err);
    if (firn_parser_accept_symbol(p, "[")) return parse_items(p, "]", out, err);
    if (firn_parser_accept_symbol(p, "{")) return parse_items(p, "}", out, err);
    *p = before;
    const firn_status st = parse_literal(p, &out->text, &out->is_string, err);
    const firn_token next = firn_parser_peek(p);
    const bool is_misspelled_name = /* table = 't': the caller expects no "=" */
        firn_parser_peek(&before).kind == FIRN_TOKEN_WORD && firn_token_is_symbol(&next, "=");
    if (st == FIRN_OK && is_misspelled_name) return FIRN_OK;
    if (st == FIRN_OK && at_value_end(p) && !is_moment(&before)) return FIRN_OK;
    *p = before;
    if (at_value_end(p)) return st; /* there is nothing */
    out->is_expression = true;
    out->is_string = false;
    return firn_parser_expression(p, NULL, &out->text, err);
}

static firn_status parse_argument(firn_sql_parser *p, firn_ast_call *out, firn_error *err)
{
    firn_ast_argument *slot = firn_arena_push(p->arena, &out->arguments, &out->n_arguments,
                                              &out->cap_arguments, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    const firn_sql_parser before = *p;
    firn_str name;
    const firn_token first = firn_parser_peek(p);
    if (first.kind == FIRN_TOKEN_WORD || first.kind == FIRN_TOKEN_QUOTED) {
        FIRN_TRY(firn_parser_identifier(p, &name, err));
        if (firn_parser_accept_symbol(p, "=>") || firn_parser_accept_symbol(p, ":=")) {
            slot->name = name;
        } else {
            *p = before;
        }
    }
    return parse_value(p, slot, err);
}

/* [WHERE ..] to the end of the statement. */
static firn_status parse_where(firn_sql_parser *p, firn_ast_call *out, firn_error *err)
{
    if (!firn_parser_accept(p, "WHERE")) return firn_parser_expect_end(p, err);
    out->where_offset = firn_parser_peek(p).offset;
    firn_token token = firn_parser_peek(p);
    size_t end = out->where_offset;
    while (token.kind != FIRN_TOKEN_END && !firn_parser_accept_symbol(p, ";")) {
        token = firn_lexer_next(&p->lexer);
        if (token.kind != FIRN_TOKEN_END) end = token.offset + token.text.len;
        token = firn_parser_peek(p);
    }
    out->where = firn_str_slice(p->sql, out->where_offset, end);
    if (out->where.len == 0) return firn_parser_fail(p, "a condition", err);
    return firn_parser_expect_end(p, err);
}

firn_status firn_parse_call(firn_sql_parser *p, firn_ast_call *out, firn_error *err)
{
    *out = (firn_ast_call){0};
    FIRN_TRY(firn_parser_name(p, &out->name, err));
    if (firn_parser_accept_symbol(p, "(") && !firn_parser_accept_symbol(p, ")")) {
        do {
            FIRN_TRY(parse_argument(p, out, err));
        } while (firn_parser_accept_symbol(p, ","));
        FIRN_TRY(firn_parser_expect_symbol(p, ")", err));
    }
    return parse_where(p, out, err);
}

/* ---- the statement ---- */

static firn_status parse_action(firn_sql_parser *p, firn_ast_alter *out, firn_error *err)
{
    bool is_ref = false;
    FIRN_TRY(firn_parse_ref(p, &is_ref, out, err));
    if (is_ref) return FIRN_OK;
    if (firn_parser_accept(p, "ADD")) return parse_add(p, out, err);
    if (firn_parser_accept(p, "DROP")) return parse_drop(p, out, err);
    if (firn_parser_accept(p, "RENAME")) return parse_rename(p, out, err);
    if (firn_parser_accept(p, "ALTER")) return parse_alter_column(p, false, out, err);
    if (firn_parser_accept(p, "CHANGE")) return parse_alter_column(p, true, out, err);
    if (firn_parser_accept(p, "SET")) return parse_set(p, out, err);
    if (firn_parser_accept(p, "UNSET")) return parse_unset(p, out, err);
    if (firn_parser_accept(p, "WRITE")) return parse_write(p, out, err);
    if (firn_parser_accept(p, "EXECUTE")) {
        out->kind = FIRN_ALTER_EXECUTE;
        return firn_parse_call(p, &out->call, err);
    }
    if (firn_parser_accept(p, "REPLACE PARTITION FIELD")) {
        out->kind = FIRN_ALTER_REPLACE_PARTITION;
        FIRN_TRY(firn_parse_transform(p, &out->transform, err));
        FIRN_TRY(firn_parser_expect(p, "WITH", err));
        FIRN_TRY(firn_parse_transform(p, &out->replacement, err));
        if (firn_parser_accept(p, "AS")) {
            return firn_parser_identifier(p, &out->replacement.name, err);
        }
        return FIRN_OK;
    }
    return firn_parser_fail(p, "ADD, DROP, RENAME, ALTER, SET, UNSET, WRITE or EXECUTE", err);
}

firn_status firn_parse_alter(firn_sql_parser *p, bool *handled, firn_ast_alter *out,
                             firn_error *err)
{
    *out = (firn_ast_alter){0};
    *handled = firn_parser_accept(p, "ALTER TABLE");
    out->object = FIRN_AST_TABLE;
    if (!*handled) return FIRN_OK;
    out->if_exists = firn_parser_accept(p, "IF EXISTS");
    FIRN_TRY(firn_parser_name(p, &out->name, err));
    FIRN_TRY(parse_action(p, out, err));
    return firn_parser_expect_end(p, err);
}
