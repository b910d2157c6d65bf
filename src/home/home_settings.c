/* SPDX-License-Identifier: Apache-2.0 */
/* Settings flattened to dotted keys: a YAML file, overlaid by environment and caller. */
#include "home/home_settings.h"

#include <libfyaml.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

enum { MAX_KEY = 4096 };

void firn_settings_init(firn_settings *settings, firn_arena *arena)
{
    settings->arena = arena;
    firn_map_init(&settings->map, arena);
}

firn_status firn_settings_add(firn_settings *settings, firn_str key, firn_str value,
                              firn_error *err)
{
    const firn_str k = firn_arena_copy(settings->arena, key);
    const firn_str v = firn_arena_copy(settings->arena, value);
    if (!k.data || !v.data) return firn_fail_nomem(err);
    union {
        const char *in;
        char *out;
    } text = {.in = v.data};
    return firn_map_put(&settings->map, k, text.out, err);
}

static firn_status flatten(firn_settings *settings, struct fy_node *node, firn_str prefix,
                           int depth, firn_error *err);

static firn_status flatten_mapping(firn_settings *settings, struct fy_node *node, firn_str prefix,
                                   int depth, firn_error *err)
{
    void *it = NULL;
    struct fy_node_pair *pair;
    while ((pair = fy_node_mapping_iterate(node, &it)) != NULL) {
        size_t len = 0;
        const char *key = fy_node_get_scalar(fy_node_pair_key(pair), &len);
        if (!key || len > MAX_KEY)
            return firn_fail(err, FIRN_ERR_ARG, "firn.yaml: keys must be plain text");
        const firn_str path = firn_arena_printf(settings->arena, "%.*s%s%.*s", FIRN_STR_ARG(prefix),
                                                prefix.len ? "." : "", (int)len, key);
        if (!path.data) return firn_fail_nomem(err);
        FIRN_TRY(flatten(settings, fy_node_pair_value(pair), path, depth + 1, err));
    }
    return FIRN_OK;
}

/* Add every scalar below node. */
static firn_status flatten(firn_settings *settings, struct fy_node *node, firn_str prefix,
                           int depth, firn_error *err)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "firn.yaml is nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    if (!node) return FIRN_OK;
    if (fy_node_is_scalar(node)) {
        size_t len = 0;
        const char *text = fy_node_get_scalar(node, &len);
        return firn_settings_add(settings, prefix, (firn_str){text, len}, err);
    }
    if (fy_node_is_mapping(node)) return flatten_mapping(settings, node, prefix, depth, err);
    void *it = NULL;
    struct fy_node *item;
    for (size_t i = 0; (item = fy_node_sequence_iterate(node, &it)) != NULL; i++) {
        const firn_str path =
            firn_arena_printf(settings->arena, "%.*s.%zu", FIRN_STR_ARG(prefix), i);
        if (!path.data) return firn_fail_nomem(err);
        FIRN_TRY(flatten(settings, item, path, depth + 1, err));
    }
    return FIRN_OK;
}

static void collect_message(struct fy_diag *diag, void *user, const char *buf, size_t len)
{
    (void)diag;
    firn_buf_append((firn_buf *)user, buf, len);
}

firn_status firn_settings_add_file(firn_settings *settings, const char *path, firn_error *err)
{
    firn_status st = FIRN_OK;
    firn_buf messages;
    struct fy_diag_cfg diag_cfg;
    if (access(path, F_OK) != 0) return FIRN_OK;
    firn_buf_init(&messages, NULL, 4096);
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.output_fn = collect_message;
    diag_cfg.user = &messages;
    diag_cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET, .diag = diag};
    struct fy_document *doc = fy_document_build_from_file(&cfg, path);

    if (!doc) {
        const firn_str text = firn_str_trim(firn_buf_view(&messages));
        st = firn_fail(err, FIRN_ERR_ARG, "%s is not valid YAML%s%.*s", path, text.len ? ": " : "",
                       FIRN_STR_ARG(text));
    } else {
        st = flatten(settings, fy_document_root(doc), FIRN_STR(""), 0, err);
    }
    fy_document_destroy(doc);
    fy_diag_destroy(diag);
    firn_buf_dispose(&messages);
    return st;
}

/* Names with a meaning of their own are not settings. */
static bool is_own_name(firn_str name)
{
    static const char *const own[] = {"FIRN_HOME", "FIRN_FAILPOINTS", "FIRN_DUCKDB"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (firn_str_equals(name, firn_str_of(own[i]))) return true;
    }
    return false;
}

/* "CATALOG__FIRN__URI" -> "catalog.firn.uri" */
static void put_key(firn_buf *out, firn_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        if (c == '_' && i + 1 < name.len && name.data[i + 1] == '_') {
            firn_buf_byte(out, '.');
            i++;
        } else {
            const bool is_upper = c >= 'A' && c <= 'Z';
            firn_buf_byte(out, c == '_' ? '-' : (uint8_t)(is_upper ? c | 0x20 : c));
        }
    }
}

firn_status firn_settings_add_environment(firn_settings *settings, char *const *environment,
                                          firn_error *err)
{
    for (char *const *e = environment; *e; e++) {
        const char *equals = strchr(*e, '=');
        if (!equals || strncmp(*e, "FIRN_", 5) != 0) continue;
        const firn_str name = {*e, (size_t)(equals - *e)};
        if (is_own_name(name)) continue;
        firn_buf key;
        firn_buf_init(&key, NULL, MAX_KEY);
        put_key(&key, firn_str_slice(name, 5, name.len));
        firn_status st = firn_buf_check(&key, err);
        if (st == FIRN_OK)
            st = firn_settings_add(settings, firn_buf_view(&key), firn_str_of(equals + 1), err);
        firn_buf_dispose(&key);
        FIRN_TRY(st);
    }
    return FIRN_OK;
}

const char *firn_settings_get(const firn_settings *settings, firn_str key, const char *fallback)
{
    const char *value = firn_map_find(&settings->map, key);
    return value ? value : fallback;
}
