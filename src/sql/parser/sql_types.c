/* SPDX-License-Identifier: Apache-2.0 */
/* SQL spellings of types: DuckDB's ("DECIMAL(9,2)", "STRUCT(a INT)", "INT[]", "MAP(K, V)"),
 * Spark's ("array<string>", "struct<a: int>", "map<k, v>") and Trino's ("row(a integer)",
 * "array(bigint)", "timestamp(6) with time zone"), as Iceberg types. */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/resolve/query_rewrite.h"
#include "sql/session/sql_session.h"

typedef struct type_parser {
    firn_lexer *lexer;
    int32_t *next_id;
    firn_arena *arena;
    firn_error *err;
    int pending_closers; /* ">" that a ">>" had more than was needed */
} type_parser;

typedef struct type_name {
    const char *name;
    firn_type_kind kind;
} type_name;

static const type_name k_names[] = {
    {"BOOLEAN", FIRN_TYPE_BOOLEAN},
    {"BOOL", FIRN_TYPE_BOOLEAN},
    {"LOGICAL", FIRN_TYPE_BOOLEAN},
    {"TINYINT", FIRN_TYPE_INT},
    {"INT1", FIRN_TYPE_INT},
    {"BYTE", FIRN_TYPE_INT},
    {"SMALLINT", FIRN_TYPE_INT},
    {"INT2", FIRN_TYPE_INT},
    {"SHORT", FIRN_TYPE_INT},
    {"UTINYINT", FIRN_TYPE_INT},
    {"USMALLINT", FIRN_TYPE_INT},
    {"INT", FIRN_TYPE_INT},
    {"INT4", FIRN_TYPE_INT},
    {"INTEGER", FIRN_TYPE_INT},
    {"SIGNED", FIRN_TYPE_INT},
    {"BIGINT", FIRN_TYPE_LONG},
    {"INT8", FIRN_TYPE_LONG},
    {"LONG", FIRN_TYPE_LONG},
    {"UINTEGER", FIRN_TYPE_LONG},
    {"FLOAT", FIRN_TYPE_FLOAT},
    {"FLOAT4", FIRN_TYPE_FLOAT},
    {"REAL", FIRN_TYPE_FLOAT},
    {"DOUBLE", FIRN_TYPE_DOUBLE},
    {"FLOAT8", FIRN_TYPE_DOUBLE},
    {"DECIMAL", FIRN_TYPE_DECIMAL},
    {"DEC", FIRN_TYPE_DECIMAL},
    {"NUMERIC", FIRN_TYPE_DECIMAL},
    {"DATE", FIRN_TYPE_DATE},
    {"TIME", FIRN_TYPE_TIME},
    {"TIMESTAMP", FIRN_TYPE_TIMESTAMP},
    {"DATETIME", FIRN_TYPE_TIMESTAMP},
    {"TIMESTAMP_NTZ", FIRN_TYPE_TIMESTAMP},
    {"TIMESTAMP_LTZ", FIRN_TYPE_TIMESTAMPTZ},
    {"TIMESTAMPTZ", FIRN_TYPE_TIMESTAMPTZ},
    {"TIMESTAMP_NS", FIRN_TYPE_TIMESTAMP_NS},
    {"TIMESTAMPTZ_NS", FIRN_TYPE_TIMESTAMPTZ_NS},
    {"VARCHAR", FIRN_TYPE_STRING},
    {"CHAR", FIRN_TYPE_STRING},
    {"CHARACTER", FIRN_TYPE_STRING},
    {"BPCHAR", FIRN_TYPE_STRING},
    {"STRING", FIRN_TYPE_STRING},
    {"TEXT", FIRN_TYPE_STRING},
    {"UUID", FIRN_TYPE_UUID},
    {"FIXED", FIRN_TYPE_FIXED},
    {"BLOB", FIRN_TYPE_BINARY},
    {"BYTEA", FIRN_TYPE_BINARY},
    {"BINARY", FIRN_TYPE_BINARY},
    {"VARBINARY", FIRN_TYPE_BINARY},
    {"VARIANT", FIRN_TYPE_VARIANT},
    {"GEOMETRY", FIRN_TYPE_GEOMETRY},
    {"GEOGRAPHY", FIRN_TYPE_GEOGRAPHY},
    {"STRUCT", FIRN_TYPE_STRUCT},
    {"ROW", FIRN_TYPE_STRUCT},
    {"ARRAY", FIRN_TYPE_LIST},
    {"LIST", FIRN_TYPE_LIST},
    {"MAP", FIRN_TYPE_MAP},
};

static firn_status fail_at(type_parser *p, const firn_token *found, const char *expected)
{
    if (found->kind == FIRN_TOKEN_END) {
        return firn_sql_fail(p->err, found->offset, "the type ends early, expected %s", expected);
    }
    return firn_sql_fail(p->err, found->offset, "found \"%.*s\" in a type, expected %s",
                         FIRN_STR_ARG(found->text), expected);
}

static firn_token peek(const type_parser *p)
{
    return firn_lexer_peek(p->lexer);
}

/* Nothing but a closer comes between the halves of ">>". */
static bool accept_symbol(type_parser *p, const char *symbol)
{
    if (p->pending_closers > 0) return false;
    const firn_token token = peek(p);
    if (!firn_token_is_symbol(&token, symbol)) return false;
    (void)firn_lexer_next(p->lexer);
    return true;
}

static bool accept_word(type_parser *p, const char *word)
{
    if (p->pending_closers > 0) return false;
    const firn_token token = peek(p);
    if (!firn_token_is(&token, word)) return false;
    (void)firn_lexer_next(p->lexer);
    return true;
}

static firn_status expect_symbol(type_parser *p, const char *symbol)
{
    const firn_token token = peek(p);
    if (accept_symbol(p, symbol)) return FIRN_OK;
    return fail_at(p, &token, p->pending_closers > 0 ? "fewer \">\" before it" : symbol);
}

/* Closes what "(" or "<" opened; ">>" closes two. */
static firn_status expect_closer(type_parser *p, bool is_angle)
{
    if (!is_angle) return expect_symbol(p, ")");
    if (p->pending_closers > 0) {
        p->pending_closers--;
        return FIRN_OK;
    }
    if (accept_symbol(p, ">>")) {
        p->pending_closers = 1;
        return FIRN_OK;
    }
    return expect_symbol(p, ">");
}

static firn_status parse_number(type_parser *p, int32_t low, int32_t high, int32_t *out)
{
    int64_t value = 0;
    const firn_token token = firn_lexer_next(p->lexer);
    if (token.kind != FIRN_TOKEN_NUMBER || !firn_str_to_i64(token.text, &value)) {
        return fail_at(p, &token, "a number");
    }
    if (value < low || value > high) {
        return firn_sql_fail(p->err, token.offset, "found %lld in a type, expected %d to %d",
                             (long long)value, (int)low, (int)high);
    }
    *out = (int32_t)value;
    return FIRN_OK;
}

static firn_status parse_type(type_parser *p, int depth, firn_type *out);

/* ---- parameters ---- */

static firn_status parse_decimal(type_parser *p, firn_type *out)
{
    out->precision = 18; /* as in DuckDB */
    out->scale = 3;
    if (!accept_symbol(p, "(")) return FIRN_OK;
    out->scale = 0;
    FIRN_TRY(parse_number(p, 1, 38, &out->precision));
    if (accept_symbol(p, ",")) FIRN_TRY(parse_number(p, 0, out->precision, &out->scale));
    return expect_symbol(p, ")");
}

/* TIMESTAMP [(p)] [WITH|WITHOUT [LOCAL] TIME ZONE]; 7 to 9 digits need the nanosecond types. */
static firn_status parse_timestamp(type_parser *p, bool is_zoned, firn_type *out)
{
    int32_t digits = 6;
    if (accept_symbol(p, "(")) {
        FIRN_TRY(parse_number(p, 0, 9, &digits));
        FIRN_TRY(expect_symbol(p, ")"));
    }
    const bool is_with = accept_word(p, "WITH");
    const bool is_without = !is_with && accept_word(p, "WITHOUT");
    if (is_with || is_without) {
        (void)accept_word(p, "LOCAL");
        firn_token token = peek(p);
        if (!accept_word(p, "TIME")) return fail_at(p, &token, "TIME ZONE");
        token = peek(p);
        if (!accept_word(p, "ZONE")) return fail_at(p, &token, "ZONE");
    }
    if (is_with || (is_zoned && !is_without)) out->kind = FIRN_TYPE_TIMESTAMPTZ;
    if (digits <= 6) return FIRN_OK;
    out->kind =
        out->kind == FIRN_TYPE_TIMESTAMPTZ ? FIRN_TYPE_TIMESTAMPTZ_NS : FIRN_TYPE_TIMESTAMP_NS;
    return FIRN_OK;
}

/* A length that Iceberg does not keep: VARCHAR(20), TIME(6). */
static firn_status skip_length(type_parser *p)
{
    int32_t ignored = 0;
    if (!accept_symbol(p, "(")) return FIRN_OK;
    FIRN_TRY(parse_number(p, 0, INT32_MAX, &ignored));
    return expect_symbol(p, ")");
}

static firn_status parse_fixed(type_parser *p, firn_type *out)
{
    const bool is_square = accept_symbol(p, "[");
    if (!is_square) FIRN_TRY(expect_symbol(p, "("));
    FIRN_TRY(parse_number(p, 1, INT32_MAX, &out->length));
    return expect_symbol(p, is_square ? "]" : ")");
}

/* GEOMETRY('srid:3857'), GEOGRAPHY('OGC:CRS84', 'karney') */
static firn_status parse_geometry(type_parser *p, firn_type *out)
{
    firn_str *const parts[] = {&out->crs, &out->algorithm};
    const size_t n = out->kind == FIRN_TYPE_GEOGRAPHY ? 2 : 1;
    if (!accept_symbol(p, "(")) return FIRN_OK;
    for (size_t i = 0; i < n && (i == 0 || accept_symbol(p, ",")); i++) {
        const firn_token token = firn_lexer_next(p->lexer);
        if (token.kind != FIRN_TOKEN_STRING) return fail_at(p, &token, "a text in quotes");
        *parts[i] = firn_token_unquote(&token, p->arena);
        if (!parts[i]->data) return firn_fail_nomem(p->err);
    }
    return expect_symbol(p, ")");
}

/* ---- nested types ---- */

static firn_status make_fields(type_parser *p, size_t n, firn_field **fields, firn_type **types)
{
    *fields = firn_arena_array(p->arena, n, sizeof **fields);
    *types = firn_arena_array(p->arena, n, sizeof **types);
    return *fields && *types ? FIRN_OK : firn_fail_nomem(p->err);
}

static firn_status parse_list_or_map(type_parser *p, int depth, firn_type *out)
{
    const size_t n = out->kind == FIRN_TYPE_MAP ? 2 : 1;
    firn_field *fields = NULL;
    firn_type *types = NULL;
    const bool is_angle = accept_symbol(p, "<");
    if (!is_angle) FIRN_TRY(expect_symbol(p, "("));
    FIRN_TRY(make_fields(p, n, &fields, &types));
    for (size_t i = 0; i < n; i++) fields[i] = (firn_field){.id = (*p->next_id)++};
    for (size_t i = 0; i < n; i++) {
        if (i > 0) FIRN_TRY(expect_symbol(p, ","));
        FIRN_TRY(parse_type(p, depth + 1, &types[i]));
        fields[i].type = &types[i];
    }
    fields[0].name = n == 2 ? FIRN_STR("key") : FIRN_STR("element");
    fields[0].is_required = n == 2;
    if (n == 2) fields[1].name = FIRN_STR("value");
    out->fields = fields;
    out->n_fields = n;
    return expect_closer(p, is_angle);
}

/* "name type", "name: type"; ":int" comes from the lexer as one parameter token. */
static firn_status parse_struct_field(type_parser *p, int depth, firn_field *field, firn_type *type)
{
    const firn_token name = firn_lexer_next(p->lexer);
    if (name.kind != FIRN_TOKEN_WORD && name.kind != FIRN_TOKEN_QUOTED) {
        return fail_at(p, &name, "a field name");
    }
    field->name = firn_token_unquote(&name, p->arena);
    if (!field->name.data) return firn_fail_nomem(p->err);
    const firn_token next = peek(p);
    if (next.kind == FIRN_TOKEN_PARAM && next.text.data[0] == ':') {
        p->lexer->at = next.offset + 1;
    } else {
        (void)accept_symbol(p, ":");
    }
    FIRN_TRY(parse_type(p, depth + 1, type));
    field->type = type;
    if (accept_word(p, "NOT")) {
        const firn_token token = peek(p);
        if (!accept_word(p, "NULL")) return fail_at(p, &token, "NULL");
        field->is_required = true;
    }
    if (!accept_word(p, "COMMENT")) return FIRN_OK;
    const firn_token comment = firn_lexer_next(p->lexer);
    if (comment.kind != FIRN_TOKEN_STRING) return fail_at(p, &comment, "a comment in quotes");
    field->doc = firn_token_unquote(&comment, p->arena);
    return field->doc.data ? FIRN_OK : firn_fail_nomem(p->err);
}

static firn_status check_unique(type_parser *p, const firn_field *fields, size_t n, size_t offset)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (!firn_str_equals_nocase(fields[i].name, fields[n - 1].name)) continue;
        return firn_sql_fail(p->err, offset, "field \"%.*s\" is in the struct twice",
                             FIRN_STR_ARG(fields[n - 1].name));
    }
    return FIRN_OK;
}

static firn_status parse_struct(type_parser *p, int depth, firn_type *out)
{
    firn_field *fields = NULL;
    firn_type **types = NULL;
    size_t n = 0;
    size_t cap = 0;
    size_t n_types = 0;
    size_t cap_types = 0;
    const bool is_angle = accept_symbol(p, "<");
    if (!is_angle) FIRN_TRY(expect_symbol(p, "("));
    do {
        const size_t offset = peek(p).offset;
        firn_field *field = firn_arena_push(p->arena, &fields, &n, &cap, sizeof *field);
        firn_type **slot = firn_arena_push(p->arena, &types, &n_types, &cap_types, sizeof *slot);
        firn_type *type = firn_arena_alloc_zero(p->arena, sizeof *type);
        if (!field || !slot || !type) return firn_fail_nomem(p->err);
        field->id = (*p->next_id)++;
        *slot = type;
        FIRN_TRY(parse_struct_field(p, depth, field, type));
        FIRN_TRY(check_unique(p, fields, n, offset));
    } while (accept_symbol(p, ","));
    out->fields = fields;
    out->n_fields = n;
    return expect_closer(p, is_angle);
}

/* ---- names ---- */

static const type_name *find_name(const firn_token *token)
{
    for (size_t i = 0; i < sizeof k_names / sizeof *k_names; i++) {
        if (firn_token_is(token, k_names[i].name)) return &k_names[i];
    }
    return NULL;
}

static firn_status parse_named(type_parser *p, int depth, firn_type *out)
{
    const firn_token token = firn_lexer_next(p->lexer);
    if (token.kind != FIRN_TOKEN_WORD) return fail_at(p, &token, "the name of a type");
    const type_name *name = find_name(&token);
    if (!name) {
        return firn_sql_fail(p->err, token.offset, "type %.*s does not exist in iceberg",
                             FIRN_STR_ARG(token.text));
    }
    *out = (firn_type){.kind = name->kind};
    switch (name->kind) {
    case FIRN_TYPE_DECIMAL: return parse_decimal(p, out);
    case FIRN_TYPE_TIMESTAMP: {
        const bool is_plain = firn_token_is(&token, "TIMESTAMP");
        return parse_timestamp(p, is_plain && p->lexer->is_timestamp_zoned, out);
    }
    case FIRN_TYPE_FIXED: return parse_fixed(p, out);
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY: return parse_geometry(p, out);
    case FIRN_TYPE_STRUCT: return parse_struct(p, depth, out);
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return parse_list_or_map(p, depth, out);
    case FIRN_TYPE_DOUBLE: (void)accept_word(p, "PRECISION"); return FIRN_OK;
    case FIRN_TYPE_STRING: (void)accept_word(p, "VARYING"); return skip_length(p);
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_BINARY: return skip_length(p);
    default: return FIRN_OK;
    }
}

/* One "[]" behind a type makes it the element of a list. */
static firn_status wrap_list(type_parser *p, firn_type *type)
{
    firn_field *field = NULL;
    firn_type *element = NULL;
    FIRN_TRY(expect_symbol(p, "]"));
    FIRN_TRY(make_fields(p, 1, &field, &element));
    *element = *type;
    *field = (firn_field){.id = (*p->next_id)++, .name = FIRN_STR("element"), .type = element};
    *type = (firn_type){.kind = FIRN_TYPE_LIST, .fields = field, .n_fields = 1};
    return FIRN_OK;
}

static firn_status parse_type(type_parser *p, int depth, firn_type *out)
{
    int depth_of_lists = 0;
    if (depth > FIRN_LIMIT_NESTING) {
        return firn_sql_fail(p->err, peek(p).offset, "type nested deeper than %d",
                             FIRN_LIMIT_NESTING);
    }
    FIRN_TRY(parse_named(p, depth, out));
    while (accept_symbol(p, "[")) {
        if (depth + ++depth_of_lists > FIRN_LIMIT_NESTING) {
            return firn_sql_fail(p->err, peek(p).offset, "type nested deeper than %d",
                                 FIRN_LIMIT_NESTING);
        }
        FIRN_TRY(wrap_list(p, out));
    }
    return FIRN_OK;
}

firn_status firn_sql_type_parse(firn_lexer *lexer, int32_t *next_id, firn_arena *arena,
                                firn_type *out, firn_error *err)
{
    type_parser p = {.lexer = lexer, .next_id = next_id, .arena = arena, .err = err};
    FIRN_TRY(parse_type(&p, 0, out));
    if (p.pending_closers == 0) return FIRN_OK;
    const firn_token token = peek(&p);
    return fail_at(&p, &token, "fewer \">\"");
}
