/* SPDX-License-Identifier: Apache-2.0 */
/* Both styles from one set of calls. Not for rows of data: apps/firn/render.h has those. */
#include "format/inspect/outline.h"

#include <inttypes.h>
#include <math.h>

#include "base/error.h"
#include "base/str.h"
#include "format/json/json.h"

#define FLUSH_BYTES ((size_t)1 << 16)
#define BUF_BYTES   ((size_t)256 << 20) /* one value may be that long */

void firn_outline_init(firn_outline *o, firn_outline_style style, const firn_byte_sink *sink)
{
    *o = (firn_outline){.style = style, .sink = *sink};
    firn_buf_init(&o->buf, NULL, BUF_BYTES);
}

static void flush(firn_outline *o, size_t at_least)
{
    if (o->buf.status != FIRN_OK || o->first.status != FIRN_OK || o->buf.len < at_least) return;
    (void)o->sink.write(o->sink.ctx, o->buf.data, o->buf.len, &o->first);
    firn_buf_clear(&o->buf);
}

firn_status firn_outline_finish(firn_outline *o, firn_error *err)
{
    if (o->style == FIRN_OUTLINE_JSON) firn_buf_byte(&o->buf, '\n');
    flush(o, 1);
    firn_status st = firn_buf_check(&o->buf, err);
    if (st == FIRN_OK && o->first.status != FIRN_OK) {
        st = o->first.status;
        if (err) *err = o->first;
    }
    firn_buf_dispose(&o->buf);
    return st;
}

static void put_plain(firn_outline *o, firn_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        const unsigned char c = (unsigned char)s.data[i];
        if (c == '\n')
            firn_buf_cstr(&o->buf, "\\n");
        else if (c < 0x20 || c == 0x7f)
            firn_buf_printf(&o->buf, "\\x%02x", c);
        else
            firn_buf_byte(&o->buf, c);
    }
}

static void put_text_name(firn_outline *o, const char *name)
{
    const bool is_inline = o->depth > 0 && o->levels[o->depth - 1].is_inline;
    if (is_inline) {
        if (o->levels[o->depth - 1].has_items) firn_buf_cstr(&o->buf, ", ");
    } else {
        for (int i = 1; i < o->depth; i++) firn_buf_cstr(&o->buf, "  ");
        if (!name && o->depth > 0) firn_buf_cstr(&o->buf, "-");
    }
    if (!name) return;
    put_plain(o, firn_str_of(name));
    firn_buf_cstr(&o->buf, is_inline ? " " : ":");
}

/* What stands in front of a value: comma, line, name. */
static void put_name(firn_outline *o, const char *name)
{
    flush(o, FLUSH_BYTES);
    if (o->style == FIRN_OUTLINE_TEXT) {
        put_text_name(o, name);
    } else {
        if (o->depth > 0 && o->levels[o->depth - 1].has_items) firn_buf_byte(&o->buf, ',');
        if (name) firn_json_quote(&o->buf, firn_str_of(name));
        if (name) firn_buf_byte(&o->buf, ':');
    }
    if (o->depth > 0) o->levels[o->depth - 1].has_items = true;
}

static bool is_on_line(const firn_outline *o)
{
    return o->depth > 0 && o->levels[o->depth - 1].is_inline;
}

static void begin(firn_outline *o, const char *name, bool is_list, bool is_inline)
{
    if (o->depth == FIRN_OUTLINE_DEPTH) {
        (void)firn_fail(&o->first, FIRN_ERR_LIMIT, "nested deeper than %d levels",
                        FIRN_OUTLINE_DEPTH);
        return;
    }
    put_name(o, name);
    if (o->style == FIRN_OUTLINE_JSON)
        firn_buf_byte(&o->buf, is_list ? '[' : '{');
    else if (is_inline || is_on_line(o))
        firn_buf_cstr(&o->buf, is_on_line(o) ? "(" : " ");
    else if (o->depth > 0)
        firn_buf_byte(&o->buf, '\n');
    o->levels[o->depth].is_list = is_list;
    o->levels[o->depth].is_inline = is_inline || is_on_line(o);
    o->levels[o->depth].has_items = false;
    o->depth++;
}

void firn_outline_begin(firn_outline *o, const char *name)
{
    begin(o, name, false, false);
}

void firn_outline_begin_list(firn_outline *o, const char *name)
{
    begin(o, name, true, false);
}

void firn_outline_begin_line(firn_outline *o, const char *name)
{
    begin(o, name, false, true);
}

void firn_outline_begin_list_line(firn_outline *o, const char *name)
{
    begin(o, name, true, true);
}

void firn_outline_end(firn_outline *o)
{
    if (o->depth == 0 || o->first.status != FIRN_OK) return;
    o->depth--;
    if (o->style == FIRN_OUTLINE_JSON)
        firn_buf_byte(&o->buf, o->levels[o->depth].is_list ? ']' : '}');
    else if (is_on_line(o))
        firn_buf_byte(&o->buf, ')');
    else if (o->levels[o->depth].is_inline)
        firn_buf_byte(&o->buf, '\n');
}

static void begin_value(firn_outline *o, const char *name)
{
    put_name(o, name);
    if (o->style == FIRN_OUTLINE_TEXT && !(is_on_line(o) && !name) && o->depth > 0 &&
        !is_on_line(o))
        firn_buf_byte(&o->buf, ' ');
}

static void end_value(firn_outline *o)
{
    if (o->style == FIRN_OUTLINE_TEXT && !is_on_line(o)) firn_buf_byte(&o->buf, '\n');
}

void firn_outline_raw(firn_outline *o, const char *name, firn_str json)
{
    begin_value(o, name);
    firn_buf_str(&o->buf, json);
    end_value(o);
}

void firn_outline_null(firn_outline *o, const char *name)
{
    firn_outline_raw(o, name, FIRN_STR("null"));
}

void firn_outline_i64(firn_outline *o, const char *name, int64_t v)
{
    begin_value(o, name);
    firn_buf_printf(&o->buf, "%" PRId64, v);
    end_value(o);
}

void firn_outline_f64(firn_outline *o, const char *name, double v)
{
    begin_value(o, name);
    if (isfinite(v))
        firn_buf_printf(&o->buf, "%.17g", v);
    else
        firn_buf_cstr(&o->buf, isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    end_value(o);
}

void firn_outline_bool(firn_outline *o, const char *name, bool v)
{
    firn_outline_raw(o, name, v ? FIRN_STR("true") : FIRN_STR("false"));
}

static void put_hex(firn_outline *o, firn_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        firn_buf_printf(&o->buf, "%02x", (unsigned char)bytes.data[i]);
}

void firn_outline_str(firn_outline *o, const char *name, firn_str v)
{
    const bool is_text = firn_utf8_is_valid(v);
    begin_value(o, name);
    if (is_text && o->style == FIRN_OUTLINE_JSON) {
        firn_json_quote(&o->buf, v);
    } else if (is_text) {
        put_plain(o, v);
    } else {
        firn_buf_cstr(&o->buf, o->style == FIRN_OUTLINE_JSON ? "\"0x" : "0x");
        put_hex(o, v);
        if (o->style == FIRN_OUTLINE_JSON) firn_buf_byte(&o->buf, '"');
    }
    end_value(o);
}

void firn_outline_cstr(firn_outline *o, const char *name, const char *v)
{
    firn_outline_str(o, name, firn_str_of(v));
}

void firn_outline_hex(firn_outline *o, const char *name, firn_str bytes)
{
    begin_value(o, name);
    if (o->style == FIRN_OUTLINE_JSON) firn_buf_byte(&o->buf, '"');
    put_hex(o, bytes);
    if (o->style == FIRN_OUTLINE_JSON) firn_buf_byte(&o->buf, '"');
    end_value(o);
}

static void put_json_object(firn_outline *o, const char *name, json_t *value)
{
    const char *key;
    json_t *member;
    firn_outline_begin(o, name);
    json_object_foreach(value, key, member) firn_outline_json(o, key, member);
    firn_outline_end(o);
}

static void put_json_array(firn_outline *o, const char *name, const json_t *value)
{
    firn_outline_begin_list(o, name);
    for (size_t i = 0; i < json_array_size(value); i++)
        firn_outline_json(o, NULL, json_array_get(value, i));
    firn_outline_end(o);
}

void firn_outline_json(firn_outline *o, const char *name, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: put_json_object(o, name, (json_t *)(uintptr_t)value); return;
    case JSON_ARRAY: put_json_array(o, name, value); return;
    case JSON_STRING:
        firn_outline_str(o, name, (firn_str){json_string_value(value), json_string_length(value)});
        return;
    case JSON_INTEGER: firn_outline_i64(o, name, json_integer_value(value)); return;
    case JSON_REAL: firn_outline_f64(o, name, json_real_value(value)); return;
    case JSON_TRUE: firn_outline_bool(o, name, true); return;
    case JSON_FALSE: firn_outline_bool(o, name, false); return;
    case JSON_NULL: firn_outline_null(o, name); return;
    }
}
