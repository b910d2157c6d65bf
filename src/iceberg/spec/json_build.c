/* SPDX-License-Identifier: Apache-2.0 */
/* Sticky construction of JSON documents, and string maps to and from JSON. */
#include "iceberg/spec/json_build.h"

#include "base/error.h"
#include "base/str.h"

void firn_json_build_fail(firn_json_build *b, firn_status status)
{
    if (b->status == FIRN_OK) b->status = status;
}

void firn_json_build_take(firn_json_build *b, json_t *parent, const char *key, json_t *value)
{
    if (b->status != FIRN_OK || !parent) {
        json_decref(value);
        return;
    }
    const int failed =
        key ? json_object_set_new(parent, key, value) : json_array_append_new(parent, value);
    if (failed) firn_json_build_fail(b, firn_fail_nomem(b->err));
}

static json_t *attach(firn_json_build *b, json_t *parent, const char *key, json_t *child)
{
    firn_json_build_take(b, parent, key, child);
    return b->status == FIRN_OK && parent ? child : NULL;
}

json_t *firn_json_build_object(firn_json_build *b, json_t *parent, const char *key)
{
    return attach(b, parent, key, json_object());
}

json_t *firn_json_build_array(firn_json_build *b, json_t *parent, const char *key)
{
    return attach(b, parent, key, json_array());
}

void firn_json_build_i64(firn_json_build *b, json_t *parent, const char *key, int64_t value)
{
    firn_json_build_take(b, parent, key, json_integer(value));
}

void firn_json_build_bool(firn_json_build *b, json_t *parent, const char *key, bool value)
{
    firn_json_build_take(b, parent, key, json_boolean(value));
}

json_t *firn_json_build_text(firn_json_build *b, firn_str value)
{
    if (b->status != FIRN_OK) return NULL;
    if (!firn_utf8_is_valid(value)) {
        firn_json_build_fail(
            b, firn_fail(b->err, FIRN_ERR_ARG, "text of %zu bytes is not valid UTF-8", value.len));
        return NULL;
    }
    json_t *text = json_stringn(value.data ? value.data : "", value.len);
    if (!text) firn_json_build_fail(b, firn_fail_nomem(b->err));
    return text;
}

void firn_json_build_str(firn_json_build *b, json_t *parent, const char *key, firn_str value)
{
    json_t *text = firn_json_build_text(b, value);
    if (text) firn_json_build_take(b, parent, key, text);
}

void firn_json_build_member(firn_json_build *b, json_t *parent, firn_str name, json_t *value)
{
    if (b->status != FIRN_OK || !parent || !value) {
        json_decref(value);
        return;
    }
    if (!firn_utf8_is_valid(name)) {
        json_decref(value);
        firn_json_build_fail(
            b, firn_fail(b->err, FIRN_ERR_ARG, "name of %zu bytes is not valid UTF-8", name.len));
        return;
    }
    if (json_object_setn_new_nocheck(parent, name.data ? name.data : "", name.len, value)) {
        firn_json_build_fail(b, firn_fail_nomem(b->err));
    }
}

void firn_json_build_properties(firn_json_build *b, json_t *object, const firn_properties *props)
{
    for (size_t i = 0; i < props->n; i++) {
        firn_json_build_member(b, object, props->items[i].key,
                               firn_json_build_text(b, props->items[i].value));
    }
}

firn_status firn_json_build_finish(firn_json_build *b, json_t *root, json_t **out)
{
    if (b->status == FIRN_OK && !root) firn_json_build_fail(b, firn_fail_nomem(b->err));
    if (b->status != FIRN_OK) {
        json_decref(root);
        *out = NULL;
        return b->status;
    }
    *out = root;
    return FIRN_OK;
}

static const char *type_name(const json_t *value)
{
    static const char *const k_names[] = {"object", "array",   "string",  "integer",
                                          "number", "boolean", "boolean", "null"};
    return k_names[json_typeof(value)];
}

firn_status firn_properties_from_json(const json_t *object, const char *skip, firn_arena *arena,
                                      firn_properties *out, firn_error *err)
{
    *out = (firn_properties){0};
    if (!object) return FIRN_OK;
    firn_property *items = firn_arena_array(arena, json_object_size(object), sizeof *items);
    if (!items) return firn_fail_nomem(err);
    const firn_str skipped = firn_str_of(skip);
    size_t n = 0;
    /* Iterating does not change the object, but jansson's iterator takes no const. */
    for (void *it = json_object_iter((json_t *)(uintptr_t)object); it;
         it = json_object_iter_next((json_t *)(uintptr_t)object, it)) {
        const firn_str key = {json_object_iter_key(it), json_object_iter_key_len(it)};
        const json_t *value = json_object_iter_value(it);
        if (skip && firn_str_equals(key, skipped)) continue;
        if (!json_is_string(value)) {
            return firn_fail(err, FIRN_ERR_CORRUPT, "\"%.*s\" must be a string, found %s",
                             FIRN_STR_ARG(key), type_name(value));
        }
        const firn_str text = {json_string_value(value), json_string_length(value)};
        items[n].key = firn_arena_copy(arena, key);
        items[n].value = firn_arena_copy(arena, text);
        if (!items[n].key.data || !items[n].value.data) return firn_fail_nomem(err);
        n++;
    }
    *out = (firn_properties){items, n};
    return FIRN_OK;
}
