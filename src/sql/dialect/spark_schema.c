/* SPDX-License-Identifier: Apache-2.0 */
/* Inference after org.apache.spark.sql.catalyst.json.JsonInferSchema and csv.CSVInferSchema. */
#include "sql/dialect/spark_schema.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/json/json.h"

typedef enum guess_kind {
    GUESS_NULL = 0, /* of nothing; a STRING in the end */
    GUESS_BOOLEAN,
    GUESS_BIGINT,
    GUESS_DOUBLE,
    GUESS_STRING,
    GUESS_ARRAY,
    GUESS_STRUCT,
} guess_kind;

typedef struct guess {
    guess_kind kind;
    struct guess *element; /* of GUESS_ARRAY */
    firn_str *names;       /* of GUESS_STRUCT, in their order */
    struct guess **fields;
    size_t n;
} guess;

typedef struct guesser {
    firn_arena *arena;
    firn_error *err;
} guesser;

/* ---- what two values have in common ---- */

static firn_status merge(const guesser *g, const guess *a, const guess *b, int depth, guess **out);

static void add_field(guess *to, firn_str name, guess *field)
{
    to->names[to->n] = name;
    to->fields[to->n++] = field;
}

static firn_status new_struct(const guesser *g, size_t capacity, guess **out)
{
    guess *made = firn_arena_alloc_zero(g->arena, sizeof *made);
    if (!made) return firn_fail_nomem(g->err);
    made->kind = GUESS_STRUCT;
    made->names = firn_arena_array(g->arena, capacity + 1, sizeof *made->names);
    made->fields = firn_arena_array(g->arena, capacity + 1, sizeof *made->fields);
    *out = made;
    return made->names && made->fields ? FIRN_OK : firn_fail_nomem(g->err);
}

static firn_status merge_structs(const guesser *g, const guess *a, const guess *b, int depth,
                                 guess **out)
{
    FIRN_TRY(new_struct(g, a->n + b->n, out));
    size_t i = 0;
    size_t j = 0;
    while (i < a->n || j < b->n) {
        const int order = i == a->n   ? 1
                          : j == b->n ? -1
                                      : firn_str_compare(a->names[i], b->names[j]);
        guess *field = NULL;
        if (order == 0)
            FIRN_TRY(merge(g, a->fields[i], b->fields[j], depth + 1, &field));
        else
            field = order < 0 ? a->fields[i] : b->fields[j];
        add_field(*out, order <= 0 ? a->names[i] : b->names[j], field);
        i += order <= 0;
        j += order >= 0;
    }
    return FIRN_OK;
}

static bool is_number(guess_kind kind)
{
    return kind == GUESS_BIGINT || kind == GUESS_DOUBLE;
}

static firn_status merge(const guesser *g, const guess *a, const guess *b, int depth, guess **out)
{
    guess *made = firn_arena_alloc_zero(g->arena, sizeof *made);
    if (!made) return firn_fail_nomem(g->err);
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(g->err, FIRN_ERR_LIMIT, "JSON nested deeper than %d", FIRN_LIMIT_NESTING);
    *out = made;
    if (a->kind == GUESS_STRUCT && b->kind == GUESS_STRUCT)
        return merge_structs(g, a, b, depth, out);
    if (a->kind == GUESS_NULL || b->kind == GUESS_NULL) {
        *made = a->kind == GUESS_NULL ? *b : *a;
    } else if (a->kind == GUESS_ARRAY && b->kind == GUESS_ARRAY) {
        made->kind = GUESS_ARRAY;
        return merge(g, a->element, b->element, depth + 1, &made->element);
    } else if (a->kind == b->kind || (is_number(a->kind) && is_number(b->kind))) {
        *made = a->kind > b->kind ? *a : *b;
    } else {
        made->kind = GUESS_STRING;
    }
    return FIRN_OK;
}

/* ---- JSON ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static firn_status guess_json(const guesser *g, const json_t *value, int depth, guess **out);

static firn_status guess_object(const guesser *g, const json_t *value, int depth, guess **out)
{
    const char *key = NULL;
    json_t *member = NULL;
    const char **keys = firn_arena_array(g->arena, json_object_size(value) + 1, sizeof *keys);
    size_t n = 0;
    if (!keys) return firn_fail_nomem(g->err);
    json_object_foreach((json_t *)(uintptr_t)value, key, member) keys[n++] = key;
    if (n > 1) qsort(keys, n, sizeof *keys, compare_names);
    FIRN_TRY(new_struct(g, n, out));
    for (size_t i = 0; i < n; i++) {
        guess *field = NULL;
        FIRN_TRY(guess_json(g, json_object_get(value, keys[i]), depth + 1, &field));
        add_field(*out, firn_str_of(keys[i]), field);
    }
    return FIRN_OK;
}

static firn_status guess_json(const guesser *g, const json_t *value, int depth, guess **out)
{
    guess *made = firn_arena_alloc_zero(g->arena, sizeof *made);
    if (!made) return firn_fail_nomem(g->err);
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(g->err, FIRN_ERR_LIMIT, "JSON nested deeper than %d", FIRN_LIMIT_NESTING);
    *out = made;
    switch (json_typeof(value)) {
    case JSON_OBJECT: return guess_object(g, value, depth, out);
    case JSON_STRING: made->kind = GUESS_STRING; break;
    case JSON_INTEGER: made->kind = GUESS_BIGINT; break;
    case JSON_REAL: made->kind = GUESS_DOUBLE; break;
    case JSON_TRUE:
    case JSON_FALSE: made->kind = GUESS_BOOLEAN; break;
    case JSON_NULL: break;
    case JSON_ARRAY: {
        made->kind = GUESS_ARRAY;
        made->element = firn_arena_alloc_zero(g->arena, sizeof *made->element);
        if (!made->element) return firn_fail_nomem(g->err);
        for (size_t i = 0; i < json_array_size(value); i++) {
            const guess *so_far = made->element;
            guess *element = NULL;
            FIRN_TRY(guess_json(g, json_array_get(value, i), depth + 1, &element));
            FIRN_TRY(merge(g, so_far, element, depth, &made->element));
        }
    }
    }
    return FIRN_OK;
}

/* ---- as text ---- */

static void put_name(firn_str name, firn_buf *out)
{
    bool is_plain = name.len > 0 && !isdigit((unsigned char)name.data[0]);
    for (size_t i = 0; i < name.len; i++)
        is_plain = is_plain && (isalnum((unsigned char)name.data[i]) || name.data[i] == '_');
    if (is_plain)
        firn_buf_str(out, name);
    else
        firn_buf_quoted(out, name, '`');
}

static void put_guess(const guess *g, int depth, firn_buf *out)
{
    static const char *const k_names[] = {[GUESS_NULL] = "STRING",
                                          [GUESS_BOOLEAN] = "BOOLEAN",
                                          [GUESS_BIGINT] = "BIGINT",
                                          [GUESS_DOUBLE] = "DOUBLE",
                                          [GUESS_STRING] = "STRING"};
    if (depth > FIRN_LIMIT_NESTING) return;
    if (g->kind == GUESS_ARRAY) {
        firn_buf_cstr(out, "ARRAY<");
        put_guess(g->element, depth + 1, out);
        firn_buf_byte(out, '>');
    } else if (g->kind == GUESS_STRUCT) {
        firn_buf_cstr(out, "STRUCT<");
        for (size_t i = 0; i < g->n; i++) {
            if (i > 0) firn_buf_cstr(out, ", ");
            put_name(g->names[i], out);
            firn_buf_cstr(out, ": ");
            put_guess(g->fields[i], depth + 1, out);
        }
        firn_buf_byte(out, '>');
    } else {
        firn_buf_cstr(out, k_names[g->kind]);
    }
}

firn_status firn_spark_schema_of_json(firn_str text, firn_arena *arena, firn_buf *out,
                                      firn_error *err)
{
    const guesser g = {arena, err};
    json_t *value = NULL;
    guess *found = NULL;
    FIRN_TRY(firn_json_parse(text, arena, &value, err));
    FIRN_TRY(guess_json(&g, value, 0, &found));
    put_guess(found, 0, out);
    return FIRN_OK;
}

/* ---- CSV ---- */

/* The field at *at, and the place behind it. */
static firn_status take_field(firn_str text, char separator, size_t *at, firn_arena *arena,
                              firn_csv_part *out, firn_error *err)
{
    size_t i = *at;
    const bool is_quoted = i < text.len && text.data[i] == '"';
    if (!is_quoted) {
        while (i < text.len && text.data[i] != separator) i++;
        *out = (firn_csv_part){firn_str_slice(text, *at, i), false};
        *at = i;
        return FIRN_OK;
    }
    char *inner = firn_arena_alloc(arena, text.len - i + 1);
    size_t n = 0;
    if (!inner) return firn_fail_nomem(err);
    for (i++; i < text.len; i++) {
        const bool has_next = i + 1 < text.len && text.data[i + 1] == '"';
        if ((text.data[i] == '\\' || text.data[i] == '"') && has_next)
            i++;
        else if (text.data[i] == '"')
            break;
        inner[n++] = text.data[i];
    }
    while (i < text.len && text.data[i] != separator) i++;
    *out = (firn_csv_part){{inner, n}, true};
    *at = i;
    return FIRN_OK;
}

firn_status firn_spark_csv_split(firn_str text, char separator, firn_arena *arena,
                                 firn_csv_part **out, size_t *n_out, firn_error *err)
{
    firn_csv_part *fields = NULL;
    size_t n = 0;
    size_t cap = 0;
    for (size_t at = 0;; at++) {
        firn_csv_part *slot = firn_arena_push(arena, &fields, &n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(take_field(text, separator, &at, arena, slot, err));
        if (at >= text.len) break;
    }
    *out = fields;
    *n_out = n;
    return FIRN_OK;
}

static const char *type_of_text(firn_str text)
{
    int64_t whole = 0;
    double real = 0;
    int64_t us = 0;
    int32_t days = 0;
    text = firn_str_trim(text);
    if (text.len == 0) return "STRING";
    if (firn_str_to_i64(text, &whole))
        return whole >= INT32_MIN && whole <= INT32_MAX ? "INT" : "BIGINT";
    if (firn_str_to_f64(text, &real) && isfinite(real)) return "DOUBLE";
    if (firn_parse_date(text, &days)) return "DATE";
    if (firn_parse_timestamp_us(text, &us, NULL)) return "TIMESTAMP";
    const bool is_boolean = firn_str_equals_nocase(text, FIRN_STR("true")) ||
                            firn_str_equals_nocase(text, FIRN_STR("false"));
    return is_boolean ? "BOOLEAN" : "STRING";
}

firn_status firn_spark_schema_of_csv(firn_str text, char separator, firn_arena *arena,
                                     firn_buf *out, firn_error *err)
{
    firn_csv_part *fields = NULL;
    size_t n = 0;
    FIRN_TRY(firn_spark_csv_split(text, separator, arena, &fields, &n, err));
    firn_buf_cstr(out, "STRUCT<");
    for (size_t i = 0; i < n; i++) {
        firn_buf_printf(out, "%s_c%zu: %s", i > 0 ? ", " : "", i,
                        fields[i].is_quoted ? "STRING" : type_of_text(fields[i].text));
    }
    firn_buf_byte(out, '>');
    return FIRN_OK;
}
