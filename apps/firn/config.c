/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration: firn.yaml flattened to dotted keys, overlaid by environment and flags. A list is
 * key.0, key.1, ... */
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

extern char **environ;

static firn_status put(app *a, firn_str key, firn_str value, firn_error *err)
{
    const firn_str k = firn_arena_copy(a->arena, key);
    const firn_str v = firn_arena_copy(a->arena, value);
    if (!k.data || !v.data) return firn_fail_nomem(err);
    union {
        const char *in;
        char *out;
    } text = {.in = v.data};
    return firn_map_put(&a->config, k, text.out, err);
}

/* Add every scalar below node; depth is bounded by the document check of the caller. */
static firn_status flatten(app *a, struct fy_node *node, firn_str prefix, int depth,
                           firn_error *err)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "firn.yaml is nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    if (!node) return FIRN_OK;
    if (fy_node_is_scalar(node)) {
        size_t len = 0;
        const char *text = fy_node_get_scalar(node, &len);
        return put(a, prefix, (firn_str){text, len}, err);
    }
    void *it = NULL;
    if (fy_node_is_mapping(node)) {
        struct fy_node_pair *pair;
        while ((pair = fy_node_mapping_iterate(node, &it)) != NULL) {
            size_t len = 0;
            const char *key = fy_node_get_scalar(fy_node_pair_key(pair), &len);
            if (!key) return firn_fail(err, FIRN_ERR_ARG, "firn.yaml: keys must be plain text");
            const firn_str path = firn_arena_printf(a->arena, "%.*s%s%.*s", FIRN_STR_ARG(prefix),
                                                    prefix.len ? "." : "", (int)len, key);
            FIRN_TRY(flatten(a, fy_node_pair_value(pair), path, depth + 1, err));
        }
        return FIRN_OK;
    }
    struct fy_node *item;
    for (size_t i = 0; (item = fy_node_sequence_iterate(node, &it)) != NULL; i++) {
        const firn_str path = firn_arena_printf(a->arena, "%.*s.%zu", FIRN_STR_ARG(prefix), i);
        FIRN_TRY(flatten(a, item, path, depth + 1, err));
    }
    return FIRN_OK;
}

static void collect_message(struct fy_diag *diag, void *user, const char *buf, size_t len)
{
    (void)diag;
    firn_buf_append((firn_buf *)user, buf, len);
}

static firn_status load_file(app *a, const char *path, firn_error *err)
{
    firn_status st = FIRN_OK;
    firn_buf messages;
    firn_buf_init(&messages, NULL, 4096);
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.output_fn = collect_message;
    diag_cfg.user = &messages;
    diag_cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET, .diag = diag};
    struct fy_document *doc = fy_document_build_from_file(&cfg, path);

    if (!doc) {
        firn_str text = firn_str_trim(firn_buf_view(&messages));
        st = firn_fail(err, FIRN_ERR_ARG, "%s is not valid YAML%s%.*s", path, text.len ? ": " : "",
                       FIRN_STR_ARG(text));
    } else {
        st = flatten(a, fy_document_root(doc), FIRN_STR(""), 0, err);
    }
    fy_document_destroy(doc);
    fy_diag_destroy(diag);
    firn_buf_dispose(&messages);
    return st;
}

/* Names that the program itself reads are not settings. */
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

static firn_status load_environment(app *a, firn_error *err)
{
    for (char **e = environ; *e; e++) {
        const char *equals = strchr(*e, '=');
        if (!equals || strncmp(*e, "FIRN_", 5) != 0) continue;
        const firn_str name = {*e, (size_t)(equals - *e)};
        if (is_own_name(name)) continue;
        firn_buf key;
        firn_buf_init(&key, NULL, 4096);
        put_key(&key, firn_str_slice(name, 5, name.len));
        const firn_status st = put(a, firn_buf_view(&key), firn_str_of(equals + 1), err);
        firn_buf_dispose(&key);
        FIRN_TRY(st);
    }
    return FIRN_OK;
}

firn_status app_config_load(app *a, firn_error *err)
{
    firn_map_init(&a->config, a->arena);
    const firn_str path = firn_arena_printf(a->arena, "%s/firn.yaml", a->home);
    if (!path.data) return firn_fail_nomem(err);
    if (access(path.data, F_OK) == 0) FIRN_TRY(load_file(a, path.data, err));
    FIRN_TRY(load_environment(a, err));
    for (size_t i = 0; i < a->n_settings; i++) {
        const char *equals = strchr(a->settings[i], '=');
        if (!equals)
            return firn_fail(err, FIRN_ERR_ARG, "-o needs key=value, found \"%s\"", a->settings[i]);
        FIRN_TRY(put(a, (firn_str){a->settings[i], (size_t)(equals - a->settings[i])},
                     firn_str_of(equals + 1), err));
    }
    return FIRN_OK;
}

const char *app_config_get(const app *a, const char *key, const char *fallback)
{
    const char *value = firn_map_find(&a->config, firn_str_of(key));
    return value ? value : fallback;
}
