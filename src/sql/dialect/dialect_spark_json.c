/* SPDX-License-Identifier: Apache-2.0 */
/* from_json(), from_csv(), to_json() and to_csv() of Spark, whose schemas and options are literals.
 * What does not fit its field is null; all of what is no JSON is. */
#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_functions.h"
#include "sql/dialect/spark_schema.h"
#include "sql/engine/engine.h"

#define MAX_TYPE_TEXT ((size_t)1 << 16)

/* ---- options: map('timestampFormat', 'dd/MM/yyyy') ---- */

typedef struct text_options {
    firn_str time_format, date_format; /* of java.time; data NULL: none */
    firn_str separator;
    bool is_strict; /* an error for what is malformed */
} text_options;

static firn_status read_option(firn_dialect_writer *w, size_t key, text_options *out,
                               firn_error *err)
{
    firn_str name;
    firn_str value;
    if (!firn_dialect_string(w, key, &name) || !firn_dialect_string(w, key + 2, &value))
        return firn_dialect_fail_at(w, key, "expected options as map('name', 'value')", err);
    if (firn_str_equals_nocase(name, FIRN_STR("timestampFormat"))) {
        out->time_format = value;
    } else if (firn_str_equals_nocase(name, FIRN_STR("dateFormat"))) {
        out->date_format = value;
    } else if (firn_str_equals_nocase(name, FIRN_STR("sep")) ||
               firn_str_equals_nocase(name, FIRN_STR("delimiter"))) {
        out->separator = value;
    } else if (firn_str_equals_nocase(name, FIRN_STR("mode"))) {
        out->is_strict = firn_str_equals_nocase(value, FIRN_STR("FAILFAST"));
        if (!out->is_strict && !firn_str_equals_nocase(value, FIRN_STR("PERMISSIVE")))
            return firn_dialect_fail_at(w, key + 2, "expected PERMISSIVE or FAILFAST", err);
    } else {
        return firn_dialect_fail_at(w, key, "not supported: such an option", err);
    }
    return FIRN_OK;
}

static firn_status read_options(firn_dialect_writer *w, const firn_dialect_call *call, size_t arg,
                                text_options *out, firn_error *err)
{
    *out = (text_options){.separator = FIRN_STR(",")};
    if (arg >= call->n_args) return FIRN_OK;
    const size_t map = call->args[arg];
    const size_t close = call->args[arg + 1] - 2;
    if (!firn_dialect_is_word(w, map, "map") || !firn_dialect_is_symbol(w, map + 1, "(") ||
        w->match[map + 1] != close)
        return firn_dialect_fail_at(w, map, "expected options as map('name', 'value')", err);
    for (size_t key = map + 2; key < close; key += 4) {
        const bool is_pair = firn_dialect_is_symbol(w, key + 1, ",") &&
                             (key + 3 == close || firn_dialect_is_symbol(w, key + 3, ","));
        if (!is_pair)
            return firn_dialect_fail_at(w, key, "expected options as map('name', 'value')", err);
        FIRN_TRY(read_option(w, key, out, err));
    }
    return FIRN_OK;
}

/* ---- schemas: 'a INT, b STRING', 'ARRAY<INT>', schema_of_json('..') ---- */

static firn_status infer(firn_dialect_writer *w, size_t at, firn_str *out, firn_error *err)
{
    firn_buf buf;
    firn_str example;
    const bool is_json = firn_dialect_is_word(w, at, "schema_of_json");
    if (!firn_dialect_string(w, at + 2, &example) || w->match[at + 1] != at + 3)
        return firn_dialect_fail_at(w, at, "expected an example in quotes", err);
    firn_buf_init(&buf, NULL, MAX_TYPE_TEXT);
    firn_status st = is_json ? firn_spark_schema_of_json(example, w->arena, &buf, err)
                             : firn_spark_schema_of_csv(example, ',', w->arena, &buf, err);
    if (st == FIRN_OK) st = firn_buf_check(&buf, err);
    *out = firn_arena_copy(w->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    return st != FIRN_OK || out->data ? st : firn_fail_nomem(err);
}

static firn_status read_schema(firn_dialect_writer *w, const firn_dialect_call *call,
                               firn_type *out, firn_error *err)
{
    firn_str text = {0};
    int32_t next_id = 1;
    const size_t at = call->args[1];
    const bool is_inferred = (firn_dialect_is_word(w, at, "schema_of_json") ||
                              firn_dialect_is_word(w, at, "schema_of_csv")) &&
                             firn_dialect_is_symbol(w, at + 1, "(");
    if (is_inferred)
        FIRN_TRY(infer(w, at, &text, err));
    else if (!firn_dialect_string(w, at, &text))
        return firn_dialect_fail_at(w, at, "expected a schema in quotes", err);
    const bool has_type =
        firn_str_find(text, FIRN_STR("<"), 0) < firn_str_find(text, FIRN_STR(" "), 0);
    if (!has_type) text = firn_arena_printf(w->arena, "STRUCT<%.*s>", FIRN_STR_ARG(text));
    if (!text.data) return firn_fail_nomem(err);
    firn_lexer lexer = firn_lexer_of(text);
    lexer.is_timestamp_zoned = true;
    const firn_status parsed = firn_sql_type_parse(&lexer, &next_id, w->arena, out, err);
    if (parsed != FIRN_OK && err) err->position = firn_dialect_token(w, at)->offset;
    return parsed;
}

/* ---- fields whose format is told ---- */

static firn_str format_of(const text_options *options, const firn_type *type)
{
    const bool is_stamp = type->kind == FIRN_TYPE_TIMESTAMP || type->kind == FIRN_TYPE_TIMESTAMPTZ;
    return type->kind == FIRN_TYPE_DATE ? options->date_format
           : is_stamp                   ? options->time_format
                                        : (firn_str){0};
}

static firn_status put_type(firn_dialect_writer *w, size_t at, const firn_type *type,
                            firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, MAX_TYPE_TEXT);
    firn_status st = firn_duckdb_type_text(type, &buf, err);
    firn_buf_byte(&buf, '\0');
    if (st == FIRN_OK) st = firn_buf_check(&buf, err);
    if (st == FIRN_OK) st = firn_dialect_put(w, at, firn_buf_view(&buf).data, err);
    firn_buf_dispose(&buf);
    return st;
}

/* "text" is SQL for the field's text, which is read in its format or as the type reads it. */
static firn_status put_field(firn_dialect_writer *w, size_t at, const text_options *options,
                             const firn_field *field, const char *text, firn_error *err)
{
    firn_str pattern = {0};
    const firn_str format = format_of(options, field->type);
    const bool is_whole = field->type->kind == FIRN_TYPE_INT || field->type->kind == FIRN_TYPE_LONG;
    if (field->type->kind == FIRN_TYPE_STRING) return firn_dialect_put(w, at, text, err);
    if (format.data) {
        FIRN_TRY(firn_dialect_parse_pattern(w, at, format, &pattern, err));
        FIRN_TRY(firn_dialect_put(w, at, "CAST(try_strptime(", err));
        FIRN_TRY(firn_dialect_put(w, at, text, err));
        FIRN_TRY(firn_dialect_put(w, at, ", ", err));
        FIRN_TRY(firn_dialect_put_string(w, at, pattern, err));
        FIRN_TRY(firn_dialect_put(w, at, ") AS ", err));
    } else {
        FIRN_TRY(
            firn_dialect_put(w, at, is_whole ? "TRY_CAST(firn_whole_or_null(" : "TRY_CAST((", err));
        FIRN_TRY(firn_dialect_put(w, at, text, err));
        FIRN_TRY(firn_dialect_put(w, at, ") AS ", err));
    }
    FIRN_TRY(put_type(w, at, field->type, err));
    return firn_dialect_put(w, at, ")", err);
}

/* ---- from_json ---- */

/* The fields with a format, as the texts that they are. */
static firn_status texts_first(firn_dialect_writer *w, size_t at, const text_options *options,
                               const firn_type *type, firn_type *out, bool *has_formats,
                               firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    *out = *type;
    *has_formats = false;
    if (!options->time_format.data && !options->date_format.data) return FIRN_OK;
    firn_field *fields = firn_arena_array(w->arena, type->n_fields + 1, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    if (type->kind != FIRN_TYPE_STRUCT)
        return firn_dialect_fail_at(w, at, "not supported: a format for times that are nested",
                                    err);
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_type_kind kind = type->fields[i].type->kind;
        fields[i] = type->fields[i];
        if (kind == FIRN_TYPE_STRUCT || kind == FIRN_TYPE_LIST || kind == FIRN_TYPE_MAP)
            return firn_dialect_fail_at(w, at, "not supported: a format for times that are nested",
                                        err);
        if (!format_of(options, fields[i].type).data) continue;
        fields[i].type = &k_string;
        *has_formats = true;
    }
    out->fields = fields;
    return FIRN_OK;
}

/* The type is a JSON string in a string of SQL. */
static firn_status put_transform(firn_dialect_writer *w, const firn_dialect_call *call,
                                 const firn_type *type, firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, MAX_TYPE_TEXT);
    firn_status st = firn_duckdb_type_text(type, &buf, err);
    if (st == FIRN_OK) st = firn_buf_check(&buf, err);
    const firn_str text = firn_buf_view(&buf);
    char *quoted = firn_arena_alloc(w->arena, 2 * text.len + 2);
    size_t n = 0;
    if (st == FIRN_OK && !quoted) st = firn_fail_nomem(err);
    if (quoted) quoted[n++] = '"';
    for (size_t i = 0; quoted && i < text.len; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\') quoted[n++] = '\\';
        quoted[n++] = text.data[i];
    }
    if (quoted) quoted[n++] = '"';
    firn_buf_dispose(&buf);
    FIRN_TRY(st);
    FIRN_TRY(firn_dialect_put_arg(w, call, "json_transform(firn_json_object(", 0, "), ", err));
    FIRN_TRY(firn_dialect_put_string(w, call->args[1], (firn_str){quoted, n}, err));
    return firn_dialect_put(w, call->name, ")", err);
}

/* "struct_pack(a := .., b := ..)"; each text is that of a field of firn_s. */
static firn_status put_struct(firn_dialect_writer *w, size_t at, const text_options *options,
                              const firn_type *type, bool is_csv, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, at, "struct_pack(", err));
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *field = &type->fields[i];
        const bool is_kept = !is_csv && !format_of(options, field->type).data;
        firn_buf buf;
        firn_buf_init(&buf, NULL, MAX_TYPE_TEXT);
        if (is_csv)
            firn_buf_printf(&buf, "json_extract_string(\"firn_s\", '$[%zu]')", i);
        else
            firn_buf_cstr(&buf, "\"firn_s\".");
        if (!is_csv) firn_buf_quoted(&buf, field->name, '"');
        const firn_str text =
            firn_arena_printf(w->arena, "%.*s", FIRN_STR_ARG(firn_buf_view(&buf)));
        firn_buf_dispose(&buf);
        if (!text.data) return firn_fail_nomem(err);
        if (i > 0) FIRN_TRY(firn_dialect_put(w, at, ", ", err));
        FIRN_TRY(firn_dialect_put_name(w, at, field->name, err));
        FIRN_TRY(firn_dialect_put(w, at, " := ", err));
        FIRN_TRY(is_kept ? firn_dialect_put(w, at, text.data, err)
                         : put_field(w, at, options, field, text.data, err));
    }
    return firn_dialect_put(w, at, ")", err);
}

static firn_status put_from_json(firn_dialect_writer *w, const firn_dialect_call *call,
                                 const text_options *options, const firn_type *type,
                                 firn_error *err)
{
    firn_type read = {0};
    bool has_formats = false;
    FIRN_TRY(texts_first(w, call->args[1], options, type, &read, &has_formats, err));
    if (!has_formats) return put_transform(w, call, &read, err);
    FIRN_TRY(firn_dialect_put(w, call->name, "list_transform([", err));
    FIRN_TRY(put_transform(w, call, &read, err));
    FIRN_TRY(firn_dialect_put(w, call->name,
                              "], lambda \"firn_s\": CASE WHEN \"firn_s\" IS NOT NULL THEN ", err));
    FIRN_TRY(put_struct(w, call->name, options, type, false, err));
    return firn_dialect_put(w, call->name, " END)[1]", err);
}

firn_status firn_dialect_from_json(firn_dialect_writer *w, const firn_dialect_call *call,
                                   firn_error *err)
{
    text_options options;
    firn_type type = {0};
    FIRN_TRY(read_options(w, call, 2, &options, err));
    FIRN_TRY(read_schema(w, call, &type, err));
    if (options.is_strict) {
        FIRN_TRY(firn_dialect_put_arg(w, call, "CASE WHEN (", 0, ") IS NOT NULL AND ", err));
        FIRN_TRY(firn_dialect_put_arg(w, call, "NOT json_valid(", 0,
                                      ") THEN error('malformed JSON') ELSE ", err));
    }
    FIRN_TRY(put_from_json(w, call, &options, &type, err));
    return options.is_strict ? firn_dialect_put(w, call->name, " END", err) : FIRN_OK;
}

/* ---- from_csv ---- */

firn_status firn_dialect_from_csv(firn_dialect_writer *w, const firn_dialect_call *call,
                                  firn_error *err)
{
    text_options options;
    firn_type type = {0};
    FIRN_TRY(read_options(w, call, 2, &options, err));
    FIRN_TRY(read_schema(w, call, &type, err));
    if (type.kind != FIRN_TYPE_STRUCT || options.is_strict)
        return firn_dialect_fail_at(
            w, call->args[1], "not supported: from_csv() into what is no struct, or strict", err);
    FIRN_TRY(firn_dialect_put_arg(w, call, "list_transform([firn_csv_json(", 0, ", ", err));
    FIRN_TRY(firn_dialect_put_string(w, call->name, options.separator, err));
    FIRN_TRY(firn_dialect_put(
        w, call->name, ")], lambda \"firn_s\": CASE WHEN \"firn_s\" IS NOT NULL THEN ", err));
    FIRN_TRY(put_struct(w, call->name, &options, &type, true, err));
    return firn_dialect_put(w, call->name, " END)[1]", err);
}

/* ---- to_json, to_csv ---- */

static firn_status put_format(firn_dialect_writer *w, size_t at, firn_str format, firn_error *err)
{
    FIRN_TRY(firn_dialect_put(w, at, ", ", err));
    return format.data ? firn_dialect_put_string(w, at, format, err)
                       : firn_dialect_put(w, at, "''", err);
}

firn_status firn_dialect_to_json(firn_dialect_writer *w, const firn_dialect_call *call,
                                 firn_error *err)
{
    text_options options;
    const bool is_csv = firn_dialect_is_word(w, call->name, "to_csv");
    FIRN_TRY(read_options(w, call, 1, &options, err));
    if (!is_csv) {
        FIRN_TRY(firn_dialect_put_arg(w, call, "CASE WHEN typeof(", 0, ") = 'VARIANT' THEN ", err));
        FIRN_TRY(firn_dialect_put_arg(w, call, "CAST(to_json(", 0, ") AS VARCHAR) ELSE ", err));
    }
    FIRN_TRY(
        firn_dialect_put_arg(w, call, is_csv ? "firn_spark_csv(" : "firn_spark_json(", 0, "", err));
    FIRN_TRY(put_format(w, call->name, options.time_format, err));
    FIRN_TRY(put_format(w, call->name, options.date_format, err));
    return firn_dialect_put(w, call->name, is_csv ? ")" : ") END", err);
}
