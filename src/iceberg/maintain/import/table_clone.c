/* SPDX-License-Identifier: Apache-2.0 */
/* A clone is a metadata file of its own that says what the source's says, registered under another
 * name. Manifests and data are shared; neither table knows of the other. */
#include "base/buf.h"
#include "base/env.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "firn/import.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/txn/snapshot_update.h"

typedef struct clone_op {
    const firn_table *source;
    firn_catalog *catalog;
    const firn_ident *ident;
    const firn_import_table_opts *opts;
    firn_arena *arena;
    firn_table_metadata made;
    firn_str path;
} clone_op;

/* They would lead new files into the source's folders. */
static bool is_place(firn_str key)
{
    static const char *const k_places[] = {"write.data.path", "write.metadata.path",
                                           "write.object-storage.path",
                                           "write.folder-storage.path"};
    for (size_t i = 0; i < sizeof k_places / sizeof *k_places; i++)
        if (firn_str_equals(key, firn_str_of(k_places[i]))) return true;
    return false;
}

static void set(firn_property *items, size_t *n, firn_property item)
{
    size_t at = 0;
    while (at < *n && !firn_str_equals(items[at].key, item.key)) at++;
    items[at] = item;
    if (at == *n) (*n)++;
}

static firn_status make_properties(clone_op *op, firn_error *err)
{
    const firn_properties *old = &op->made.properties;
    const firn_properties *given = &op->opts->properties;
    firn_property *items = firn_arena_array(op->arena, old->n + given->n + 1, sizeof *items);
    size_t n = 0;
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < old->n; i++)
        if (!is_place(old->items[i].key)) set(items, &n, old->items[i]);
    for (size_t i = 0; i < given->n; i++) set(items, &n, given->items[i]);
    set(items, &n, (firn_property){FIRN_STR("gc.enabled"), FIRN_STR("false")});
    op->made.properties = (firn_properties){items, n};
    return FIRN_OK;
}

static firn_status make_place(clone_op *op, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(op->catalog);
    char uuid[37];
    firn_str *location = &op->made.location;
    *location = op->opts->location;
    if (location->len == 0)
        FIRN_TRY(ops->default_location(firn_catalog_ctx(op->catalog), op->ident, op->arena,
                                       location, err));
    while (location->len > 1 && location->data[location->len - 1] == '/') location->len--;
    firn_random_uuid(firn_table_env(op->source)->random, uuid);
    op->made.table_uuid = firn_arena_copy(op->arena, firn_str_of(uuid));
    firn_random_uuid(firn_table_env(op->source)->random, uuid);
    op->path = firn_arena_printf(op->arena, "%.*s/metadata/00000-%s.metadata.json",
                                 FIRN_STR_ARG(*location), uuid);
    return op->made.table_uuid.data && op->path.data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status write_metadata(const clone_op *op, firn_error *err)
{
    firn_buf text;
    firn_buf_init(&text, NULL, FIRN_LIMIT_METADATA);
    firn_status st = firn_metadata_format(&op->made, &text, err);
    if (st == FIRN_OK)
        st = firn_store_put(firn_table_store(op->source), op->path, firn_buf_view(&text), err);
    firn_buf_dispose(&text);
    return st;
}

static firn_status clone(clone_op *op, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(op->catalog);
    firn_env *env = firn_table_env(op->source);
    op->made = *firn_table_metadata_of(op->source);
    FIRN_TRY(make_place(op, err));
    FIRN_TRY(make_properties(op, err));
    op->made.metadata_log = NULL;
    op->made.n_metadata_log = 0;
    op->made.last_updated_ms = firn_clock_wall_ms(env->clock);
    FIRN_TRY(write_metadata(op, err));
    const firn_status st =
        ops->register_table(firn_catalog_ctx(op->catalog), op->ident, op->path, err);
    if (st == FIRN_OK || st == FIRN_ERR_COMMIT_UNKNOWN) return st;
    firn_error local;
    if (firn_store_remove(firn_table_store(op->source), op->path, &local) != FIRN_OK)
        firn_log_write(env->log, FIRN_LOG_WARN, "cannot remove %.*s: %s", FIRN_STR_ARG(op->path),
                       local.message);
    return st;
}

firn_status firn_table_clone(const firn_table *source, firn_catalog *catalog,
                             const firn_ident *ident, const firn_import_table_opts *opts,
                             firn_import_result *result, firn_error *err)
{
    const firn_import_table_opts defaults = {.struct_size = sizeof defaults};
    clone_op op = {
        .source = source, .catalog = catalog, .ident = ident, .opts = opts ? opts : &defaults};
    const firn_snapshot *now = firn_metadata_current_snapshot(firn_table_metadata_of(source));
    *result = (firn_import_result){0};
    op.arena = firn_arena_create(firn_table_env(source)->alloc, 0);
    if (!op.arena) return firn_fail_nomem(err);
    const firn_status st = clone(&op, err);
    firn_arena_destroy(op.arena);
    if (st != FIRN_OK || !now) return st;
    result->files = firn_properties_get_i64(&now->summary, FIRN_STR("total-data-files"), 0);
    result->records = firn_properties_get_i64(&now->summary, FIRN_STR("total-records"), 0);
    return FIRN_OK;
}
