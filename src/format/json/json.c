/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents over jansson: typed getters, serialising. Not here: parsing (json_parse.c). Not
 * for row data: newline-delimited JSON has its own decoder (ndjson_*.c), which builds no tree. */
#include "format/json/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "object";
    case JSON_ARRAY: return "array";
    case JSON_STRING: return "string";
    case JSON_INTEGER: return "integer";
    case JSON_REAL: return "number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE: return "boolean";
    case JSON_NULL: return "null";
    }
    return "unknown";
}

/* The member, or NULL when it is absent or null. */
static firn_status find_member(const json_t *object, const char *key, json_t **out, firn_error *err)
{
    if (!json_is_object(object))
        return firn_fail(err, FIRN_ERR_CORRUPT, "expected an object with \"%s\", found %s", key,
                         object ? type_name(object) : "nothing");
    *out = json_object_get(object, key);
    if (json_is_null(*out)) *out = NULL;
    return FIRN_OK;
}

static firn_status get_member(const json_t *object, const char *key, json_t **out, firn_error *err)
{
    FIRN_TRY(find_member(object, key, out, err));
    if (*out) return FIRN_OK;
    if (json_object_get(object, key))
        return firn_fail(err, FIRN_ERR_CORRUPT, "\"%s\" must not be null", key);
    return firn_fail(err, FIRN_ERR_CORRUPT, "missing \"%s\"", key);
}

static firn_status fail_type(const char *key, const char *expected, const json_t *found,
                             firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CORRUPT, "\"%s\" must be %s, found %s", key, expected,
                     type_name(found));
}

static firn_status as_i64(const json_t *value, const char *key, int64_t *out, firn_error *err)
{
    if (!json_is_integer(value)) return fail_type(key, "an integer", value, err);
    *out = json_integer_value(value);
    return FIRN_OK;
}

static firn_status as_str(const json_t *value, const char *key, firn_str *out, firn_error *err)
{
    if (!json_is_string(value)) return fail_type(key, "a string", value, err);
    *out = (firn_str){json_string_value(value), json_string_length(value)};
    return FIRN_OK;
}

firn_status firn_json_get_i64(const json_t *object, const char *key, int64_t *out, firn_error *err)
{
    json_t *value = NULL;

    FIRN_TRY(get_member(object, key, &value, err));
    return as_i64(value, key, out, err);
}

firn_status firn_json_get_i32(const json_t *object, const char *key, int32_t *out, firn_error *err)
{
    int64_t wide = 0;

    FIRN_TRY(firn_json_get_i64(object, key, &wide, err));
    if (wide < INT32_MIN || wide > INT32_MAX)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "\"%s\" must be an integer of 32 bits, found %" PRId64, key, wide);
    *out = (int32_t)wide;
    return FIRN_OK;
}

firn_status firn_json_get_str(const json_t *object, const char *key, firn_str *out, firn_error *err)
{
    json_t *value = NULL;

    FIRN_TRY(get_member(object, key, &value, err));
    return as_str(value, key, out, err);
}

firn_status firn_json_get_bool(const json_t *object, const char *key, bool *out, firn_error *err)
{
    json_t *value = NULL;

    FIRN_TRY(get_member(object, key, &value, err));
    if (!json_is_boolean(value)) return fail_type(key, "a boolean", value, err);
    *out = json_is_true(value);
    return FIRN_OK;
}

firn_status firn_json_get_array(const json_t *object, const char *key, json_t **out,
                                firn_error *err)
{
    json_t *value = NULL;

    FIRN_TRY(get_member(object, key, &value, err));
    if (!json_is_array(value)) return fail_type(key, "an array", value, err);
    *out = value;
    return FIRN_OK;
}

firn_status firn_json_get_object(const json_t *object, const char *key, json_t **out,
                                 firn_error *err)
{
    json_t *value = NULL;

    FIRN_TRY(get_member(object, key, &value, err));
    if (!json_is_object(value)) return fail_type(key, "an object", value, err);
    *out = value;
    return FIRN_OK;
}

firn_status firn_json_opt_i64(const json_t *object, const char *key, int64_t *out, bool *has,
                              firn_error *err)
{
    json_t *value = NULL;

    *has = false;
    FIRN_TRY(find_member(object, key, &value, err));
    if (!value) return FIRN_OK;
    FIRN_TRY(as_i64(value, key, out, err));
    *has = true;
    return FIRN_OK;
}

firn_status firn_json_opt_str(const json_t *object, const char *key, firn_str *out, bool *has,
                              firn_error *err)
{
    json_t *value = NULL;

    *has = false;
    FIRN_TRY(find_member(object, key, &value, err));
    if (!value) return FIRN_OK;
    FIRN_TRY(as_str(value, key, out, err));
    *has = true;
    return FIRN_OK;
}

/* These two have no flag: *out stays as it was (usually NULL) when the member is absent. */
firn_status firn_json_opt_array(const json_t *object, const char *key, json_t **out,
                                firn_error *err)
{
    json_t *value = NULL;

    FIRN_TRY(find_member(object, key, &value, err));
    if (!value) return FIRN_OK;
    if (!json_is_array(value)) return fail_type(key, "an array", value, err);
    *out = value;
    return FIRN_OK;
}

firn_status firn_json_opt_object(const json_t *object, const char *key, json_t **out,
                                 firn_error *err)
{
    json_t *value = NULL;

    FIRN_TRY(find_member(object, key, &value, err));
    if (!value) return FIRN_OK;
    if (!json_is_object(value)) return fail_type(key, "an object", value, err);
    *out = value;
    return FIRN_OK;
}
