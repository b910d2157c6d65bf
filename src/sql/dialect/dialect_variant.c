/* SPDX-License-Identifier: Apache-2.0 */
/* Paths into variants as Spark writes them: variant_get(v, '$.a[2].b', 'int') and v:a[2].b. The
 * engine goes one step at a time, by a name or by a place counted from 1. */
#include "base/error.h"
#include "base/str.h"
#include "sql/dialect/dialect_functions.h"
#include "sql/engine/engine.h"

typedef struct path_step {
    firn_str name; /* no data: a place */
    int64_t place; /* from 0 */
} path_step;

typedef struct variant_path {
    path_step *steps;
    size_t n, cap;
} variant_path;

static firn_status add_step(firn_dialect_writer *w, variant_path *path, firn_str name,
                            int64_t place, firn_error *err)
{
    path_step *slot = firn_arena_push(w->arena, &path->steps, &path->n, &path->cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = (path_step){name, place};
    return FIRN_OK;
}

static firn_status put_before(firn_dialect_writer *w, size_t at, const variant_path *path,
                              firn_error *err)
{
    for (size_t i = 0; i < path->n; i++) FIRN_TRY(firn_dialect_put(w, at, "variant_extract(", err));
    return FIRN_OK;
}

static firn_status put_behind(firn_dialect_writer *w, size_t at, const variant_path *path,
                              firn_error *err)
{
    for (size_t i = 0; i < path->n; i++) {
        const path_step *step = &path->steps[i];
        FIRN_TRY(firn_dialect_put(w, at, ", ", err));
        if (step->name.data) {
            FIRN_TRY(firn_dialect_put_string(w, at, step->name, err));
            FIRN_TRY(firn_dialect_put(w, at, ")", err));
            continue;
        }
        const firn_str place =
            firn_arena_printf(w->arena, "CAST(%lld AS UINTEGER))", (long long)step->place + 1);
        if (!place.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_dialect_put(w, at, place.data, err));
    }
    return FIRN_OK;
}

/* ---- variant_get ---- */

static firn_status fail_path(const firn_dialect_writer *w, size_t token, firn_str text,
                             firn_error *err)
{
    return firn_sql_fail(err, firn_dialect_token(w, token)->offset,
                         "found the path \"%.*s\", expected one like $.name[0]['name']",
                         FIRN_STR_ARG(text));
}

/* "[0]" or "['name']" at *at. */
static firn_status read_bracket(firn_dialect_writer *w, firn_str text, size_t *at,
                                variant_path *path, bool *is_read, firn_error *err)
{
    const size_t from = *at + 1;
    char closer = ']';
    char quote = '\0';
    if (from < text.len) quote = text.data[from];
    const bool is_name = quote == '\'' || quote == '"';
    size_t end = is_name ? from + 1 : from;
    int64_t place = 0;
    if (is_name) closer = quote;
    while (end < text.len && text.data[end] != closer) end++;
    const size_t close = is_name ? end + 1 : end;
    *is_read = close < text.len && text.data[close] == ']';
    if (!*is_read) return FIRN_OK;
    *at = close + 1;
    if (is_name) return add_step(w, path, firn_str_slice(text, from + 1, end), 0, err);
    *is_read = firn_str_to_i64(firn_str_slice(text, from, end), &place) && place >= 0;
    return *is_read ? add_step(w, path, (firn_str){0}, place, err) : FIRN_OK;
}

static firn_status read_path(firn_dialect_writer *w, size_t token, variant_path *path,
                             firn_error *err)
{
    firn_str text;
    size_t at = 1;
    bool is_read = true;
    if (!firn_dialect_string(w, token, &text))
        return firn_sql_fail(err, firn_dialect_token(w, token)->offset,
                             "expected a path in quotes, like '$.name'");
    if (!firn_str_starts_with(text, FIRN_STR("$"))) return fail_path(w, token, text, err);
    while (is_read && at < text.len) {
        size_t end = at + 1;
        if (text.data[at] == '[') {
            FIRN_TRY(read_bracket(w, text, &at, path, &is_read, err));
            continue;
        }
        while (end < text.len && text.data[end] != '.' && text.data[end] != '[') end++;
        is_read = text.data[at] == '.' && end > at + 1;
        if (is_read) FIRN_TRY(add_step(w, path, firn_str_slice(text, at + 1, end), 0, err));
        at = end;
    }
    return is_read ? FIRN_OK : fail_path(w, token, text, err);
}

/* What a type named in quotes is called by the engine. */
static firn_status read_type(firn_dialect_writer *w, size_t token, firn_type *type,
                             const char **spelling, firn_error *err)
{
    firn_str text;
    firn_buf buf;
    int32_t next_id = 1;
    const size_t offset = firn_dialect_token(w, token)->offset;
    if (!firn_dialect_string(w, token, &text))
        return firn_sql_fail(err, offset, "expected a type in quotes, like 'int'");
    firn_lexer lexer = firn_lexer_of(text);
    lexer.is_timestamp_zoned = true;
    if (firn_sql_type_parse(&lexer, &next_id, w->arena, type, err) != FIRN_OK)
        return firn_sql_fail(err, offset, "found the type \"%.*s\", which is not known",
                             FIRN_STR_ARG(text));
    firn_buf_init(&buf, NULL, (size_t)1 << 16);
    firn_status st = firn_duckdb_type_text(type, &buf, err);
    firn_buf_byte(&buf, '\0');
    if (st == FIRN_OK) st = firn_buf_check(&buf, err);
    if (st == FIRN_OK) *spelling = firn_arena_copy(w->arena, firn_buf_view(&buf)).data;
    firn_buf_dispose(&buf);
    FIRN_TRY(st);
    return *spelling ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status put_get(firn_dialect_writer *w, const firn_dialect_call *call,
                           const variant_path *path, firn_error *err)
{
    FIRN_TRY(put_before(w, call->name, path, err));
    FIRN_TRY(firn_dialect_emit_arg(w, call, 0, err));
    return put_behind(w, call->name, path, err);
}

static firn_status variant_get(firn_dialect_writer *w, const firn_dialect_call *call,
                               const char *cast, firn_error *err)
{
    variant_path path = {0};
    firn_type type = {.kind = FIRN_TYPE_VARIANT};
    const char *spelling = NULL;
    FIRN_TRY(read_path(w, call->args[1], &path, err));
    if (call->n_args > 2) FIRN_TRY(read_type(w, call->args[2], &type, &spelling, err));
    if (type.kind == FIRN_TYPE_VARIANT) return put_get(w, call, &path, err);
    if (type.kind == FIRN_TYPE_STRING) { /* texts without quotes, the rest as JSON */
        FIRN_TRY(firn_dialect_put(w, call->name, "json_extract_string(CAST(", err));
        FIRN_TRY(put_get(w, call, &path, err));
        return firn_dialect_put(w, call->name, " AS JSON), '$')", err);
    }
    FIRN_TRY(firn_dialect_put(w, call->name, cast, err));
    FIRN_TRY(put_get(w, call, &path, err));
    FIRN_TRY(firn_dialect_put(w, call->name, " AS ", err));
    FIRN_TRY(firn_dialect_put(w, call->name, spelling, err));
    return firn_dialect_put(w, call->name, ")", err);
}

firn_status firn_dialect_variant_get(firn_dialect_writer *w, const firn_dialect_call *call,
                                     firn_error *err)
{
    return variant_get(w, call, "CAST(", err);
}

firn_status firn_dialect_try_variant_get(firn_dialect_writer *w, const firn_dialect_call *call,
                                         firn_error *err)
{
    return variant_get(w, call, "TRY_CAST(", err);
}

/* ---- v:a[2].b ---- */

/* "[0]" or "['name']" at token i. */
static firn_status take_bracket(firn_dialect_writer *w, size_t i, variant_path *path, size_t *next,
                                firn_error *err)
{
    firn_str name;
    int64_t place = 0;
    if (w->match[i] != i + 2) return FIRN_OK;
    if (firn_dialect_string(w, i + 1, &name)) {
        FIRN_TRY(add_step(w, path, name, 0, err));
    } else if (firn_str_to_i64(firn_dialect_token(w, i + 1)->text, &place) && place >= 0) {
        FIRN_TRY(add_step(w, path, (firn_str){0}, place, err));
    } else {
        return FIRN_OK;
    }
    *next = i + 3;
    return FIRN_OK;
}

/* A step at token i; *next is i when there is none. */
static firn_status take_step(firn_dialect_writer *w, size_t i, variant_path *path, size_t *next,
                             firn_error *err)
{
    *next = i;
    if (firn_dialect_is_symbol(w, i, "[")) return take_bracket(w, i, path, next, err);
    if (!firn_dialect_is_symbol(w, i, ".") || !firn_dialect_is_name(w, i + 1)) return FIRN_OK;
    *next = i + 2;
    const firn_str name = firn_token_unquote(&w->t[i + 1], w->arena);
    return name.data ? add_step(w, path, name, 0, err) : firn_fail_nomem(err);
}

firn_status firn_dialect_variant_path(firn_dialect_writer *w, size_t i, size_t *next,
                                      firn_error *err)
{
    size_t last = i;
    variant_path path = {0};
    if (w->opts->dialect != FIRN_DIALECT_SPARK || !firn_dialect_is_name(w, i)) return FIRN_OK;
    while (firn_dialect_is_symbol(w, last + 1, ".") && firn_dialect_is_name(w, last + 2)) last += 2;
    const firn_token *first = firn_dialect_token(w, last + 1);
    const bool is_path = first->kind == FIRN_TOKEN_PARAM && first->text.len > 1 &&
                         first->text.data[0] == ':' && firn_dialect_touches(w, last);
    if (!is_path) return FIRN_OK;
    FIRN_TRY(add_step(w, &path, firn_str_slice(first->text, 1, first->text.len), 0, err));
    for (size_t at = last + 2, behind = at;; at = behind) {
        FIRN_TRY(take_step(w, at, &path, &behind, err));
        *next = at;
        if (behind == at) break;
    }
    FIRN_TRY(put_before(w, i, &path, err));
    FIRN_TRY(firn_dialect_copy(w, i, last + 1, err));
    return put_behind(w, i, &path, err);
}
