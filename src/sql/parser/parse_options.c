/* SPDX-License-Identifier: Apache-2.0 */
/* The clauses of CREATE and ALTER TABLE: transforms, orders, properties, column definitions, in the
 * spellings of Spark, Trino and DuckDB. */
#include "base/error.h"
#include "base/str.h"
#include "sql/parser/sql_ast.h"
#include "sql/parser/sql_default.h"

/* ---- transforms ---- */

static const struct transform_word {
    const char *word;
    firn_transform_kind kind;
    bool has_number;
} k_transforms[] = {
    {"bucket", FIRN_TRANSFORM_BUCKET, true},      {"truncate", FIRN_TRANSFORM_TRUNCATE, true},
    {"year", FIRN_TRANSFORM_YEAR, false},         {"years", FIRN_TRANSFORM_YEAR, false},
    {"month", FIRN_TRANSFORM_MONTH, false},       {"months", FIRN_TRANSFORM_MONTH, false},
    {"day", FIRN_TRANSFORM_DAY, false},           {"days", FIRN_TRANSFORM_DAY, false},
    {"date", FIRN_TRANSFORM_DAY, false},          {"hour", FIRN_TRANSFORM_HOUR, false},
    {"hours", FIRN_TRANSFORM_HOUR, false},        {"date_hour", FIRN_TRANSFORM_HOUR, false},
    {"identity", FIRN_TRANSFORM_IDENTITY, false}, {"void", FIRN_TRANSFORM_VOID, false},
};

static const struct transform_word *find_word(firn_str name)
{
    for (size_t i = 0; i < sizeof k_transforms / sizeof *k_transforms; i++) {
        if (firn_str_equals_nocase(name, firn_str_of(k_transforms[i].word))) {
            return &k_transforms[i];
        }
    }
    return NULL;
}

static firn_status parse_column_path(firn_sql_parser *p, firn_str *out, firn_error *err)
{
    firn_sql_name name;
    FIRN_TRY(firn_parser_name(p, &name, err));
    *out = firn_sql_name_text(&name, p->arena);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* Between the parentheses: "16, id", "id, 16" or "ts". */
static firn_status parse_arguments(firn_sql_parser *p, const struct transform_word *word,
                                   firn_ast_transform *out, firn_error *err)
{
    int64_t number = 0;
    if (word->has_number) {
        const bool number_first = firn_parser_peek(p).kind == FIRN_TOKEN_NUMBER;
        if (number_first) {
            FIRN_TRY(firn_parser_integer(p, &number, err));
            FIRN_TRY(firn_parser_expect_symbol(p, ",", err));
        }
        FIRN_TRY(parse_column_path(p, &out->column, err));
        if (!number_first) {
            FIRN_TRY(firn_parser_expect_symbol(p, ",", err));
            FIRN_TRY(firn_parser_integer(p, &number, err));
        }
        if (number < 1 || number > INT32_MAX) {
            return firn_sql_fail(err, out->offset, "%s of %lld, expected 1 or more", word->word,
                                 (long long)number);
        }
        out->transform.param = (int32_t)number;
    } else {
        FIRN_TRY(parse_column_path(p, &out->column, err));
    }
    return firn_parser_expect_symbol(p, ")", err);
}

/* Trino writes transforms in strings: 'bucket(id, 16)'. */
static firn_status parse_quoted(firn_sql_parser *p, bool is_order, firn_ast_transforms *out,
                                firn_error *err)
{
    const size_t offset = firn_parser_peek(p).offset;
    firn_str text;
    FIRN_TRY(firn_parser_string(p, &text, err));
    firn_sql_parser inner = firn_parser_of(p->arena, text);
    firn_status st = FIRN_OK;
    if (is_order) {
        st = firn_parse_order_item(&inner, out, err);
    } else {
        firn_ast_transform *slot =
            firn_arena_push(p->arena, &out->items, &out->n, &out->cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        st = firn_parse_transform(&inner, slot, err);
    }
    if (st == FIRN_OK) st = firn_parser_expect_end(&inner, err);
    if (st == FIRN_ERR_ARG && err) err->position += offset + 1;
    if (st == FIRN_OK) out->items[out->n - 1].offset = offset;
    return st;
}

firn_status firn_parse_transform(firn_sql_parser *p, firn_ast_transform *out, firn_error *err)
{
    *out = (firn_ast_transform){.offset = firn_parser_peek(p).offset};
    firn_sql_name name;
    FIRN_TRY(firn_parser_name(p, &name, err));
    if (!firn_parser_accept_symbol(p, "(")) {
        out->column = firn_sql_name_text(&name, p->arena);
        return out->column.data ? FIRN_OK : firn_fail_nomem(err);
    }
    const struct transform_word *word = find_word(name.parts[name.n_parts - 1]);
    if (!word) {
        (void)firn_sql_fail(err, out->offset, "there is no partition transform \"%.*s\"",
                            FIRN_STR_ARG(name.parts[name.n_parts - 1]));
        return firn_error_hint(err, FIRN_ERR_ARG,
                               "transforms: bucket(n, column), truncate(width, column), "
                               "year(column), month(column), day(column), hour(column)");
    }
    out->transform.kind = word->kind;
    return parse_arguments(p, word, out, err);
}

firn_status firn_parse_order_item(firn_sql_parser *p, firn_ast_transforms *out, firn_error *err)
{
    firn_ast_transform item;
    FIRN_TRY(firn_parse_transform(p, &item, err));
    if (firn_parser_accept(p, "DESC"))
        item.is_descending = true;
    else
        (void)firn_parser_accept(p, "ASC");
    item.nulls_last = item.is_descending; /* Iceberg's default */
    if (firn_parser_accept(p, "NULLS LAST"))
        item.nulls_last = true;
    else if (firn_parser_accept(p, "NULLS FIRST"))
        item.nulls_last = false;
    firn_ast_transform *slot =
        firn_arena_push(p->arena, &out->items, &out->n, &out->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = item;
    return FIRN_OK;
}

/* ---- columns ---- */

firn_status firn_parse_column(firn_sql_parser *p, int32_t *next_id, firn_field *out,
                              firn_error *err)
{
    firn_type *type = firn_arena_alloc_zero(p->arena, sizeof *type);
    if (!type) return firn_fail_nomem(err);
    *out = (firn_field){.id = (*next_id)++, .type = type};
    FIRN_TRY(firn_parser_identifier(p, &out->name, err));
    FIRN_TRY(firn_sql_type_parse(&p->lexer, next_id, p->arena, type, err));
    for (;;) {
        if (firn_parser_accept(p, "NOT NULL")) {
            out->is_required = true;
        } else if (firn_parser_accept(p, "COMMENT")) {
            FIRN_TRY(firn_parser_string(p, &out->doc, err));
        } else if (firn_parser_accept(p, "DEFAULT")) {
            FIRN_TRY(firn_parse_default(p, type, &out->write_default, err));
            out->initial_default = out->write_default;
        } else if (firn_parser_at(p, "PRIMARY KEY") || firn_parser_at(p, "UNIQUE") ||
                   firn_parser_at(p, "CHECK") || firn_parser_at(p, "REFERENCES") ||
                   firn_parser_at(p, "GENERATED")) {
            const firn_token token = firn_parser_peek(p);
            (void)firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: %.*s in a column definition",
                            FIRN_STR_ARG(token.text));
            if (err) err->position = token.offset;
            return FIRN_ERR_UNSUPPORTED;
        } else if (!firn_parser_accept(p, "NULL")) {
            return FIRN_OK;
        }
    }
}

/* PARTITIONED BY (region, day(ts), dt STRING). */
static firn_status parse_partition_item(firn_sql_parser *p, firn_ast_transforms *out,
                                        firn_ast_columns *columns, firn_error *err)
{
    if (firn_parser_peek(p).kind == FIRN_TOKEN_STRING) return parse_quoted(p, false, out, err);
    const firn_sql_parser before = *p;
    firn_ast_transform *slot =
        firn_arena_push(p->arena, &out->items, &out->n, &out->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    FIRN_TRY(firn_parse_transform(p, slot, err));
    const firn_token next = firn_parser_peek(p);
    if (next.kind != FIRN_TOKEN_WORD || !columns) return FIRN_OK;
    *p = before; /* a column that is declared here */
    int32_t next_id = 1000000;
    firn_field *field =
        firn_arena_push(p->arena, &columns->items, &columns->n, &columns->cap, sizeof *field);
    if (!field) return firn_fail_nomem(err);
    return firn_parse_column(p, &next_id, field, err);
}

static firn_status parse_partitions(firn_sql_parser *p, firn_ast_transforms *out,
                                    firn_ast_columns *columns, firn_error *err)
{
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    if (firn_parser_accept_symbol(p, ")")) return FIRN_OK;
    do {
        FIRN_TRY(parse_partition_item(p, out, columns, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

static firn_status parse_order(firn_sql_parser *p, firn_ast_transforms *out, firn_error *err)
{
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    if (firn_parser_accept_symbol(p, ")")) return FIRN_OK;
    do {
        FIRN_TRY(firn_parse_order_item(p, out, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

/* ---- properties ---- */

static firn_status add_property(firn_sql_parser *p, firn_ast_properties *out, firn_str key,
                                firn_str value, firn_error *err)
{
    firn_property *slot = firn_arena_push(p->arena, &out->items, &out->n, &out->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = (firn_property){key, value};
    return FIRN_OK;
}

firn_status firn_parse_key(firn_sql_parser *p, firn_str *out, firn_error *err)
{
    if (firn_parser_peek(p).kind == FIRN_TOKEN_STRING) return firn_parser_string(p, out, err);
    return parse_column_path(p, out, err);
}

/* A string, number, true or false as text. */
static firn_status parse_value(firn_sql_parser *p, firn_str *out, firn_error *err)
{
    const firn_token token = firn_parser_peek(p);
    if (token.kind == FIRN_TOKEN_STRING) return firn_parser_string(p, out, err);
    const bool is_minus = firn_parser_accept_symbol(p, "-");
    const firn_token number = firn_parser_peek(p);
    if (number.kind != FIRN_TOKEN_NUMBER && (is_minus || number.kind != FIRN_TOKEN_WORD)) {
        return firn_parser_fail(p, "a property's value", err);
    }
    (void)firn_lexer_next(&p->lexer);
    *out = firn_str_slice(p->sql, token.offset, number.offset + number.text.len);
    return FIRN_OK;
}

firn_status firn_parse_properties(firn_sql_parser *p, firn_ast_properties *out, firn_error *err)
{
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    do {
        firn_str key;
        firn_str value = FIRN_STR("");
        FIRN_TRY(firn_parse_key(p, &key, err));
        (void)(firn_parser_accept_symbol(p, "=") || firn_parser_accept_symbol(p, "=="));
        const firn_token next = firn_parser_peek(p);
        const bool is_bare = firn_token_is_symbol(&next, ",") || firn_token_is_symbol(&next, ")");
        if (!is_bare) FIRN_TRY(parse_value(p, &value, err));
        FIRN_TRY(add_property(p, out, key, value, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

/* ---- WITH (...) ---- */

static const struct option_name {
    const char *theirs, *ours;
} k_options[] = {
    {"format", "write.format.default"},
    {"format_version", "format-version"},
    {"compression_codec", "write.parquet.compression-codec"},
    {"max_commit_retry", "commit.retry.num-retries"},
    {"object_store_layout_enabled", "write.object-storage.enabled"},
    {"data_location", "write.data.path"},
};

/* ARRAY['day(ts)', ...] or ['..'] or one string. */
static firn_status parse_transform_array(firn_sql_parser *p, bool is_order,
                                         firn_ast_transforms *out, firn_error *err)
{
    (void)firn_parser_accept(p, "ARRAY");
    if (!firn_parser_accept_symbol(p, "[")) return parse_quoted(p, is_order, out, err);
    if (firn_parser_accept_symbol(p, "]")) return FIRN_OK;
    do {
        FIRN_TRY(parse_quoted(p, is_order, out, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, "]", err);
}

static firn_status parse_string_array(firn_sql_parser *p, firn_ast_properties *out, firn_error *err)
{
    FIRN_TRY(firn_parser_expect(p, "ARRAY", err));
    FIRN_TRY(firn_parser_expect_symbol(p, "[", err));
    do {
        firn_str text;
        FIRN_TRY(firn_parser_string(p, &text, err));
        FIRN_TRY(add_property(p, out, text, text, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, "]", err);
}

/* extra_properties = MAP(ARRAY['k', ...], ARRAY['v', ...]) */
static firn_status parse_property_map(firn_sql_parser *p, firn_ast_properties *out, firn_error *err)
{
    firn_ast_properties keys = {0};
    firn_ast_properties values = {0};
    const size_t offset = firn_parser_peek(p).offset;
    FIRN_TRY(firn_parser_expect(p, "MAP", err));
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    FIRN_TRY(parse_string_array(p, &keys, err));
    FIRN_TRY(firn_parser_expect_symbol(p, ",", err));
    FIRN_TRY(parse_string_array(p, &values, err));
    FIRN_TRY(firn_parser_expect_symbol(p, ")", err));
    if (keys.n != values.n) {
        return firn_sql_fail(err, offset, "a map of %zu keys and %zu values", keys.n, values.n);
    }
    for (size_t i = 0; i < keys.n; i++) {
        FIRN_TRY(add_property(p, out, keys.items[i].key, values.items[i].key, err));
    }
    return FIRN_OK;
}

/* Iceberg's name of an option; *out stays as it is when there is none. */
static void translate_key(firn_str *out)
{
    for (size_t i = 0; i < sizeof k_options / sizeof *k_options; i++) {
        if (!firn_str_equals_nocase(*out, firn_str_of(k_options[i].theirs))) continue;
        *out = firn_str_of(k_options[i].ours);
        return;
    }
}

/* A word that is no option, rather than a property with a dotted name. */
static firn_status check_key(const firn_token *first, firn_str key, firn_error *err)
{
    if (first->kind != FIRN_TOKEN_WORD || firn_str_find(key, FIRN_STR("."), 0) != SIZE_MAX ||
        firn_str_find(key, FIRN_STR("-"), 0) != SIZE_MAX) {
        return FIRN_OK;
    }
    return firn_sql_fail(err, first->offset, "there is no table option \"%.*s\"",
                         FIRN_STR_ARG(key));
}

firn_status firn_parse_with_option(firn_sql_parser *p, firn_ast_table_options *out, firn_error *err)
{
    const firn_token first = firn_parser_peek(p);
    firn_str key;
    firn_str value;
    FIRN_TRY(firn_parse_key(p, &key, err));
    FIRN_TRY(firn_parser_expect_symbol(p, "=", err));
    const bool is_default = firn_parser_accept(p, "DEFAULT");
    if (firn_str_equals_nocase(key, FIRN_STR("partitioning"))) {
        out->has_partitions = true;
        return is_default ? FIRN_OK : parse_transform_array(p, false, &out->partitions, err);
    }
    if (firn_str_equals_nocase(key, FIRN_STR("sorted_by"))) {
        out->has_order = true;
        return is_default ? FIRN_OK : parse_transform_array(p, true, &out->order, err);
    }
    if (!is_default && firn_str_equals_nocase(key, FIRN_STR("extra_properties"))) {
        return parse_property_map(p, &out->properties, err);
    }
    const bool is_location = firn_str_equals_nocase(key, FIRN_STR("location"));
    if (!is_default) FIRN_TRY(parse_value(p, &value, err));
    if (is_location && !is_default) out->location = value;
    if (is_location) return FIRN_OK;
    translate_key(&key);
    FIRN_TRY(check_key(&first, key, err));
    return is_default ? add_property(p, &out->unset, key, (firn_str){0}, err)
                      : add_property(p, &out->properties, key, value, err);
}

firn_status firn_parse_with_options(firn_sql_parser *p, firn_ast_table_options *out,
                                    firn_error *err)
{
    FIRN_TRY(firn_parser_expect_symbol(p, "(", err));
    do {
        FIRN_TRY(firn_parse_with_option(p, out, err));
    } while (firn_parser_accept_symbol(p, ","));
    return firn_parser_expect_symbol(p, ")", err);
}

/* ---- one clause of CREATE TABLE ---- */

static firn_status parse_using(firn_sql_parser *p, firn_error *err)
{
    const size_t offset = firn_parser_peek(p).offset;
    firn_str format;
    FIRN_TRY(firn_parser_identifier(p, &format, err));
    if (firn_str_equals_nocase(format, FIRN_STR("iceberg"))) return FIRN_OK;
    (void)firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: tables USING %.*s, only iceberg",
                    FIRN_STR_ARG(format));
    if (err) err->position = offset;
    return FIRN_ERR_UNSUPPORTED;
}

firn_status firn_parse_table_option(firn_sql_parser *p, firn_ast_table_options *out,
                                    firn_ast_columns *columns, bool *found, firn_error *err)
{
    *found = true;
    if (firn_parser_accept(p, "USING")) return parse_using(p, err);
    if (firn_parser_accept(p, "PARTITIONED BY")) {
        out->has_partitions = true;
        return parse_partitions(p, &out->partitions, columns, err);
    }
    if (firn_parser_accept(p, "SORTED BY") || firn_parser_accept(p, "ORDERED BY")) {
        out->has_order = true;
        return parse_order(p, &out->order, err);
    }
    if (firn_parser_accept(p, "LOCATION")) return firn_parser_string(p, &out->location, err);
    if (firn_parser_accept(p, "TBLPROPERTIES") || firn_parser_accept(p, "OPTIONS")) {
        return firn_parse_properties(p, &out->properties, err);
    }
    const firn_sql_parser before = *p;
    if (firn_parser_accept(p, "WITH")) {
        const firn_token next = firn_parser_peek(p);
        if (firn_token_is_symbol(&next, "(")) return firn_parse_with_options(p, out, err);
        *p = before;
    }
    *found = false;
    return FIRN_OK;
}
