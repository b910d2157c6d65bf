/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Spark's to_json() and to_csv() write them, and what it infers of such texts. Reading
 * them is the engine's json_transform(), which dialect_spark_json.c calls. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/json/json.h"
#include "sql/dialect/spark_schema.h"
#include "sql/engine/engine_call.h"

#define US_PER_DAY INT64_C(86400000000)

typedef struct json_writer {
    firn_str time_format, date_format; /* of java.time; empty: ISO 8601 */
    firn_buf text;                     /* of one value */
    firn_buf *out;
} json_writer;

/* ---- values ---- */

static firn_status put_time(const json_writer *w, const firn_value *value, firn_buf *out,
                            firn_error *err)
{
    const bool is_date = value->kind == FIRN_TYPE_DATE;
    const int64_t us = is_date ? value->as.i32 * US_PER_DAY : value->as.i64;
    firn_str format = is_date ? w->date_format : w->time_format;
    if (format.len == 0 && is_date) format = FIRN_STR("yyyy-MM-dd");
    if (format.len == 0)
        format = value->kind == FIRN_TYPE_TIMESTAMP ? FIRN_STR("yyyy-MM-dd'T'HH:mm:ss.SSS")
                                                    : FIRN_STR("yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
    return firn_java_time_put(format, us, 0, false, out, err);
}

static bool is_time(firn_type_kind kind)
{
    return kind == FIRN_TYPE_DATE || kind == FIRN_TYPE_TIMESTAMP || kind == FIRN_TYPE_TIMESTAMPTZ;
}

/* Text of a value that is neither null nor nested. */
static firn_status put_plain(json_writer *w, const firn_column *column, int64_t r, firn_error *err)
{
    const firn_value value = firn_column_get(column, r);
    firn_buf_clear(&w->text);
    return is_time(value.kind) ? put_time(w, &value, &w->text, err)
                               : firn_spark_text_put(column, r, 0, &w->text, err);
}

static void put_base64(firn_str bytes, firn_buf *out)
{
    static const char k_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t word = 0;
        for (size_t k = 0; k < 3; k++)
            word = word << 8 | (i + k < bytes.len ? (uint8_t)bytes.data[i + k] : 0);
        for (size_t k = 0; k < 4; k++) {
            const bool is_there = k < 2 || i + k - 1 < bytes.len;
            firn_buf_byte(out, (uint8_t)(is_there ? k_digits[word >> (18 - 6 * k) & 63] : '='));
        }
    }
}

static bool is_bare_value(const firn_column *column, int64_t r)
{
    switch ((int)column->type->kind) {
    case FIRN_TYPE_BOOLEAN:
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_DECIMAL: return true;
    case FIRN_TYPE_FLOAT: return isfinite((double)((const float *)column->values)[r]);
    case FIRN_TYPE_DOUBLE: return isfinite(((const double *)column->values)[r]);
    default: return false;
    }
}

static firn_status put_json(json_writer *w, const firn_column *column, int64_t r, int depth,
                            firn_error *err);

static firn_status put_scalar(json_writer *w, const firn_column *column, int64_t r, firn_error *err)
{
    if (column->type->kind == FIRN_TYPE_BINARY) {
        firn_buf_byte(w->out, '"');
        put_base64(firn_view_str(&((const firn_view *)column->values)[r]), w->out);
        firn_buf_byte(w->out, '"');
        return FIRN_OK;
    }
    FIRN_TRY(put_plain(w, column, r, err));
    if (is_bare_value(column, r))
        firn_buf_str(w->out, firn_buf_view(&w->text));
    else
        firn_json_quote(w->out, firn_buf_view(&w->text));
    return FIRN_OK;
}

/* A key is a text whatever its type is. */
static firn_status put_entries(json_writer *w, const firn_column *column, int64_t r, int depth,
                               firn_error *err)
{
    const firn_list_entry entry = ((const firn_list_entry *)column->values)[r];
    const bool is_map = column->type->kind == FIRN_TYPE_MAP;
    firn_buf_byte(w->out, is_map ? '{' : '[');
    for (uint64_t i = 0; i < entry.length; i++) {
        const int64_t at = (int64_t)(entry.offset + i);
        if (i > 0) firn_buf_byte(w->out, ',');
        if (is_map) {
            FIRN_TRY(put_plain(w, &column->children[0], at, err));
            firn_json_quote(w->out, firn_buf_view(&w->text));
            firn_buf_byte(w->out, ':');
        }
        FIRN_TRY(put_json(w, &column->children[is_map], at, depth + 1, err));
    }
    firn_buf_byte(w->out, is_map ? '}' : ']');
    return FIRN_OK;
}

/* Fields that are null are left away. */
static firn_status put_struct(json_writer *w, const firn_column *column, int64_t r, int depth,
                              firn_error *err)
{
    bool is_first = true;
    firn_buf_byte(w->out, '{');
    for (size_t i = 0; i < column->n_children; i++) {
        if (!firn_column_is_valid(&column->children[i], r)) continue;
        if (!is_first) firn_buf_byte(w->out, ',');
        is_first = false;
        firn_json_quote(w->out, column->type->fields[i].name);
        firn_buf_byte(w->out, ':');
        FIRN_TRY(put_json(w, &column->children[i], r, depth + 1, err));
    }
    firn_buf_byte(w->out, '}');
    return FIRN_OK;
}

static firn_status put_json(json_writer *w, const firn_column *column, int64_t r, int depth,
                            firn_error *err)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "a value nested deeper than %d", FIRN_LIMIT_NESTING);
    if (!firn_column_is_valid(column, r)) {
        firn_buf_cstr(w->out, "null");
        return FIRN_OK;
    }
    switch ((int)column->type->kind) {
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return put_entries(w, column, r, depth, err);
    case FIRN_TYPE_STRUCT: return put_struct(w, column, r, depth, err);
    default: return put_scalar(w, column, r, err);
    }
}

/* ---- firn_spark_json(x, format of times, format of dates), firn_spark_csv(..) ---- */

static bool needs_quotes(firn_str text)
{
    if (text.len == 0) return true;
    for (size_t i = 0; i < text.len; i++)
        if (strchr(",\"\n\r", text.data[i])) return true;
    return false;
}

static void put_csv_text(firn_str text, firn_buf *out)
{
    text = firn_str_trim(text);
    if (!needs_quotes(text)) {
        firn_buf_str(out, text);
        return;
    }
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') firn_buf_byte(out, '\\');
        firn_buf_byte(out, (uint8_t)text.data[i]);
    }
    firn_buf_byte(out, '"');
}

static firn_status put_csv(json_writer *w, const firn_column *column, int64_t r, firn_error *err)
{
    if (column->type->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "to_csv() of what is no struct");
    for (size_t i = 0; i < column->n_children; i++) {
        const firn_column *field = &column->children[i];
        if (i > 0) firn_buf_byte(w->out, ',');
        if (!firn_column_is_valid(field, r)) continue;
        FIRN_TRY(put_plain(w, field, r, err));
        put_csv_text(firn_buf_view(&w->text), w->out);
    }
    return FIRN_OK;
}

/* The formats are those of the first row: they are literals. */
static firn_str format_of(const firn_call *c, size_t arg)
{
    const bool has = c->n > 0 && firn_column_is_valid(&c->args[arg], 0);
    return has ? firn_call_text_of(c, arg, 0) : (firn_str){0};
}

static firn_status put_rows(firn_call *c, json_writer *w, bool is_csv, firn_column *out,
                            firn_error *err)
{
    const firn_column *in = &c->args[0];
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_column_is_valid(in, r)) {
            firn_column_set_null(out, r);
            continue;
        }
        firn_buf_clear(w->out);
        FIRN_TRY(is_csv ? put_csv(w, in, r, err) : put_json(w, in, r, 0, err));
        FIRN_TRY(firn_buf_check(w->out, err));
        FIRN_TRY(firn_call_put_text(c, out, r, firn_buf_view(w->out), err));
    }
    return firn_call_finish(c, out, err);
}

static firn_status write_rows(firn_call *c, bool is_csv, firn_error *err)
{
    static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
    firn_column out;
    firn_buf buf;
    json_writer w = {format_of(c, 1), format_of(c, 2), {0}, &buf};
    FIRN_TRY(firn_call_make(c, &k_string, &out, err));
    firn_buf_init(&buf, c->engine->opts.env->alloc, UINT32_MAX);
    firn_buf_init(&w.text, c->engine->opts.env->alloc, UINT32_MAX);
    const firn_status st = put_rows(c, &w, is_csv, &out, err);
    firn_buf_dispose(&w.text);
    firn_buf_dispose(&buf);
    return st;
}

static firn_status json_rows(firn_call *c, firn_error *err)
{
    return write_rows(c, false, err);
}

static firn_status csv_rows(firn_call *c, firn_error *err)
{
    return write_rows(c, true, err);
}

/* ---- firn_csv_json(text, separator): the fields as a JSON array of texts and nulls ---- */

static firn_status put_fields(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                              firn_error *err)
{
    const firn_str separator = firn_call_text_of(c, 1, r);
    firn_csv_part *fields = NULL;
    size_t n = 0;
    (void)is_null;
    if (separator.len != 1)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: a separator of CSV that is not one byte");
    FIRN_TRY(firn_spark_csv_split(firn_call_text_of(c, 0, r), separator.data[0], c->arena, &fields,
                                  &n, err));
    firn_buf_byte(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0) firn_buf_byte(out, ',');
        if (fields[i].text.len == 0 && !fields[i].is_quoted)
            firn_buf_cstr(out, "null");
        else
            firn_json_quote(out, fields[i].text);
    }
    firn_buf_byte(out, ']');
    return FIRN_OK;
}

static firn_status fields_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 2, put_fields, err);
}

/* ---- firn_schema_of_json(text), firn_schema_of_csv(text) ---- */

static firn_status put_json_schema(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                                   firn_error *err)
{
    (void)is_null;
    return firn_spark_schema_of_json(firn_call_text_of(c, 0, r), c->arena, out, err);
}

static firn_status json_schema_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 1, put_json_schema, err);
}

static firn_status put_csv_schema(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                                  firn_error *err)
{
    (void)is_null;
    return firn_spark_schema_of_csv(firn_call_text_of(c, 0, r), ',', c->arena, out, err);
}

static firn_status csv_schema_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 1, put_csv_schema, err);
}

const firn_function_def *firn_engine_spark_json(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_spark_json", {"ANY", "VARCHAR", "VARCHAR"}, "VARCHAR", json_rows, 3, NULL},
        {"firn_spark_csv", {"ANY", "VARCHAR", "VARCHAR"}, "VARCHAR", csv_rows, 3, NULL},
        {"firn_csv_json", {"VARCHAR", "VARCHAR"}, "VARCHAR", fields_rows, 2, NULL},
        {"firn_schema_of_json", {"VARCHAR"}, "VARCHAR", json_schema_rows, 1, NULL},
        {"firn_schema_of_csv", {"VARCHAR"}, "VARCHAR", csv_schema_rows, 1, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
