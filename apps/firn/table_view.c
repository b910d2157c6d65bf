/* SPDX-License-Identifier: Apache-2.0 */
/* firn table describe, history, rollback of a view. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/view_update.h"
#include "table_actions.h"

static void show_texts(firn_outline *out, const firn_view_version *version)
{
    firn_outline_begin_list(out, "texts");
    for (size_t i = 0; i < version->n_representations; i++) {
        firn_outline_begin(out, NULL);
        firn_outline_str(out, "dialect", version->representations[i].dialect);
        firn_outline_str(out, "sql", version->representations[i].sql);
        firn_outline_end(out);
    }
    firn_outline_end(out);
}

/* Where names of the texts are looked up. */
static void show_scope(firn_outline *out, const firn_view_version *version)
{
    if (version->default_catalog.len > 0)
        firn_outline_str(out, "default_catalog", version->default_catalog);
    firn_outline_begin_list_line(out, "default_namespace");
    for (size_t i = 0; i < version->n_default_namespace; i++)
        firn_outline_str(out, NULL, version->default_namespace[i]);
    firn_outline_end(out);
}

firn_status view_describe(const view_action *v, firn_error *err)
{
    const firn_view_metadata *m = v->loaded.metadata;
    const firn_view_version *version = firn_view_current_version(m);
    firn_outline *out = v->out;
    firn_outline_begin(out, NULL);
    firn_outline_cstr(out, "kind", "view");
    firn_outline_i64(out, "format_version", m->format_version);
    firn_outline_str(out, "location", m->location);
    firn_outline_str(out, "metadata", v->loaded.metadata_location);
    firn_outline_str(out, "uuid", m->view_uuid);
    firn_outline_i64(out, "version", version->version_id);
    firn_outline_i64(out, "versions", (int64_t)m->n_versions);
    table_show_schema(out, v->a, firn_view_schema_of(m, version));
    show_scope(out, version);
    show_texts(out, version);
    firn_outline_begin(out, "properties");
    for (size_t i = 0; i < m->properties.n; i++) {
        const firn_str key = firn_arena_copy(v->a->arena, m->properties.items[i].key);
        if (!key.data) return firn_fail_nomem(err);
        firn_outline_str(out, key.data, m->properties.items[i].value);
    }
    firn_outline_end(out);
    firn_outline_end(out);
    return FIRN_OK;
}

static const firn_view_version *find_version(const firn_view_metadata *m, int32_t id)
{
    for (size_t i = 0; i < m->n_versions; i++)
        if (m->versions[i].version_id == id) return &m->versions[i];
    return NULL;
}

/* The log, oldest first: a version stands there as often as it was made current. */
firn_status view_history(const view_action *v, firn_error *err)
{
    const firn_view_metadata *m = v->loaded.metadata;
    firn_outline *out = v->out;
    (void)err;
    firn_outline_begin_list(out, NULL);
    for (size_t i = 0; i < m->n_version_log; i++) {
        const firn_view_log_entry *entry = &m->version_log[i];
        const firn_view_version *version = find_version(m, entry->version_id);
        firn_outline_begin(out, NULL);
        firn_outline_i64(out, "version", entry->version_id);
        table_show_time(out, "made_current_at", entry->timestamp_ms);
        firn_outline_bool(out, "current",
                          i + 1 == m->n_version_log && entry->version_id == m->current_version_id);
        if (version) {
            firn_outline_i64(out, "schema_id", version->schema_id);
            show_texts(out, version);
        }
        firn_outline_end(out);
    }
    firn_outline_end(out);
    return FIRN_OK;
}

firn_status view_rollback(const view_action *v, firn_error *err)
{
    const char *text = app_args_get(v->args, "version", NULL);
    firn_view_metadata back;
    int64_t id = 0;
    if (!text) return firn_fail(err, FIRN_ERR_ARG, "rollback of a view needs --version N");
    if (!firn_str_to_i64(firn_str_of(text), &id) || id < 0 || id > INT32_MAX)
        return firn_fail(err, FIRN_ERR_ARG, "--version needs a number, found \"%s\"", text);
    FIRN_TRY(firn_view_roll_back(v->loaded.metadata, (int32_t)id,
                                 firn_clock_wall_ms(v->a->env->clock), v->a->arena, &back, err));
    FIRN_TRY(firn_catalog_get_ops(v->a->catalog)
                 ->put_view(firn_catalog_ctx(v->a->catalog), v->ident, v->loaded.metadata_location,
                            &back, err));
    firn_outline_begin(v->out, NULL);
    firn_outline_i64(v->out, "current_version", back.current_version_id);
    firn_outline_end(v->out);
    return FIRN_OK;
}
