/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/spec/location_key.h"

#include "base/str.h"

static bool is_listed(firn_str names, firn_str name)
{
    while (names.data) {
        if (firn_str_equals(firn_str_trim(firn_str_split(&names, ',')), name)) return true;
    }
    return false;
}

static firn_str translate(const firn_properties *rules, firn_str name)
{
    for (size_t i = 0; i < rules->n; i++)
        if (is_listed(rules->items[i].key, name)) return rules->items[i].value;
    return name;
}

/* Length of "scheme" in "scheme:..."; 0: a bare path. */
static size_t scheme_length(firn_str location)
{
    for (size_t i = 0; i < location.len; i++) {
        const char c = location.data[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (c == ':') return i;
        if (!is_letter && !(i > 0 && ((c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-')))
            return 0;
    }
    return 0;
}

firn_location_key firn_location_key_of(firn_str location, const firn_location_rules *rules)
{
    const size_t n_scheme = scheme_length(location);
    firn_location_key key = {.scheme = FIRN_STR("file")};
    firn_str rest = location;
    if (n_scheme > 0) {
        key.scheme = firn_str_slice(location, 0, n_scheme);
        rest = firn_str_slice(location, n_scheme + 1, location.len);
    }
    if (n_scheme > 0 && firn_str_starts_with(rest, FIRN_STR("//"))) {
        size_t slash = firn_str_find(rest, FIRN_STR("/"), 2);
        if (slash == SIZE_MAX) slash = rest.len;
        key.authority = firn_str_slice(rest, 2, slash);
        rest = firn_str_slice(rest, slash, rest.len);
    }
    while (firn_str_starts_with(rest, FIRN_STR("//"))) rest = firn_str_slice(rest, 1, rest.len);
    if (firn_str_equals(key.scheme, FIRN_STR("s3a")) ||
        firn_str_equals(key.scheme, FIRN_STR("s3n")))
        key.scheme = FIRN_STR("s3");
    key.scheme = translate(&rules->schemes, key.scheme);
    key.authority = translate(&rules->authorities, key.authority);
    key.path = rest;
    return key;
}

firn_str firn_location_identity(firn_str location)
{
    static const firn_location_rules k_none = {0};
    const firn_location_key key = firn_location_key_of(location, &k_none);
    if (firn_str_equals(key.scheme, FIRN_STR("file")) && key.authority.len == 0) return key.path;
    if (!firn_str_equals(key.scheme, FIRN_STR("s3"))) return location;
    return firn_str_slice(location, firn_str_find(location, FIRN_STR(":"), 0) + 1, location.len);
}

bool firn_location_is_inside(firn_str location, firn_str folder)
{
    static const firn_location_rules k_none = {0};
    const firn_location_key a = firn_location_key_of(location, &k_none);
    firn_location_key b = firn_location_key_of(folder, &k_none);
    while (b.path.len > 1 && b.path.data[b.path.len - 1] == '/') b.path.len--;
    return firn_str_equals(a.scheme, b.scheme) && firn_str_equals(a.authority, b.authority) &&
           b.path.len > 0 && firn_str_starts_with(a.path, b.path) &&
           firn_str_find(a.path, FIRN_STR("/../"), 0) == SIZE_MAX &&
           !firn_str_ends_with(a.path, FIRN_STR("/..")) &&
           (a.path.len == b.path.len || a.path.data[b.path.len] == '/');
}
