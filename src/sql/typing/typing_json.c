/* SPDX-License-Identifier: Apache-2.0 */
/* CAST of JSON to rows, and arrays of them. The engine refuses members that a row does not have;
 * here they are left away, and what is missing is null. */
#include "base/limits.h"
#include "base/str.h"
#include "sql/typing/typing_state.h"

static bool has_row(const firn_value_type *type, int depth)
{
    if (type->kind == FIRN_VALUE_ROW) return true;
    const bool is_array = type->kind == FIRN_VALUE_ARRAY && depth < FIRN_LIMIT_NESTING;
    return is_array && has_row(&type->parts[0], depth + 1);
}

static const char *leaf(const firn_value_type *type)
{
    if (firn_value_is_integer(type)) return "\"BIGINT\"";
    if (firn_value_is_float(type)) return "\"DOUBLE\"";
    if (type->kind == FIRN_VALUE_BOOLEAN) return "\"BOOLEAN\"";
    if (type->kind == FIRN_VALUE_MAP || type->kind == FIRN_VALUE_JSON) return "\"JSON\"";
    return "\"VARCHAR\""; /* which the cast reads */
}

/* As json_transform() wants it. False: a field without a name, or nested too deeply. */
static bool put_structure(const firn_value_type *type, int depth, firn_buf *out)
{
    const bool is_row = type->kind == FIRN_VALUE_ROW;
    if (!is_row && type->kind != FIRN_VALUE_ARRAY) {
        firn_buf_cstr(out, leaf(type));
        return true;
    }
    if (depth > FIRN_LIMIT_NESTING) return false;
    firn_buf_byte(out, is_row ? '{' : '[');
    for (size_t i = 0; i < type->n_parts; i++) {
        const firn_str name = is_row && type->names ? type->names[i] : (firn_str){0};
        if (is_row && name.len == 0) return false;
        if (i > 0) firn_buf_byte(out, ',');
        if (is_row) firn_buf_byte(out, '"');
        for (size_t k = 0; is_row && k < name.len; k++) {
            if (name.data[k] == '"' || name.data[k] == '\\') firn_buf_byte(out, '\\');
            if (name.data[k] == '\'') firn_buf_byte(out, '\'');
            firn_buf_byte(out, (uint8_t)name.data[k]);
        }
        if (is_row) firn_buf_cstr(out, "\":");
        if (!put_structure(&type->parts[i], depth + 1, out)) return false;
    }
    firn_buf_byte(out, is_row ? '}' : ']');
    return true;
}

void typer_edit_json_cast(typer *t, size_t from, size_t as, const firn_value_type *a,
                          const firn_value_type *result)
{
    firn_buf buf;
    if (a->kind != FIRN_VALUE_JSON || !has_row(result, 0)) return;
    firn_buf_init(&buf, NULL, (size_t)1 << 16);
    firn_buf_cstr(&buf, "), '");
    const bool is_named = put_structure(result, 0, &buf);
    firn_buf_cstr(&buf, "')");
    const firn_str after = firn_arena_copy(t->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    if (is_named && after.data)
        typer_wrap(t, from, as,
                   result->kind == FIRN_VALUE_ROW ? "json_transform(firn_json_members("
                                                  : "json_transform((",
                   after.data);
}
