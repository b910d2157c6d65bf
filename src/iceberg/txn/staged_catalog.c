/* SPDX-License-Identifier: Apache-2.0 */
/* The slots of the staged catalog: what is read comes from the catalog behind once, what is
 * committed is applied here and waits. Publishing is staged_publish.c. */
#include "iceberg/txn/staged_catalog.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_copy.h"
#include "iceberg/spec/metadata_update.h"
#include "iceberg/txn/staged_internal.h"

/* Clocks differ, and a commit takes a while between naming its time and landing. */
#define MARGIN_MS 10000

static firn_status refuse(firn_error *err, const char *what)
{
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: %s in a transaction of several statements", what);
}

/* ---- tables ---- */

static bool is_same_ident(const firn_ident *a, const firn_ident *b)
{
    if (a->n_levels != b->n_levels || !firn_str_equals(a->name, b->name)) return false;
    for (size_t i = 0; i < a->n_levels; i++)
        if (!firn_str_equals(a->levels[i], b->levels[i])) return false;
    return true;
}

firn_staged_table *firn_staged__find(const firn_staged *staged, const firn_ident *ident)
{
    for (size_t i = 0; i < staged->n_tables; i++)
        if (!staged->tables[i]->is_dropped && is_same_ident(&staged->tables[i]->ident, ident))
            return staged->tables[i];
    return NULL;
}

firn_status firn_staged__load_inner(const firn_staged *staged, const firn_ident *ident,
                                    firn_arena *arena, firn_loaded_table *out, firn_error *err)
{
    return firn_catalog_get_ops(staged->inner)
        ->load_table(firn_catalog_ctx(staged->inner), ident, arena, out, err);
}

static firn_status add_table(firn_staged *staged, const firn_ident *ident, firn_staged_table **out,
                             firn_error *err)
{
    firn_arena *arena = staged->arena;
    firn_staged_table *table = firn_arena_alloc_zero(arena, sizeof *table);
    firn_str *levels = firn_arena_array(arena, ident->n_levels, sizeof *levels);
    firn_staged_table **slot = firn_arena_push(arena, &staged->tables, &staged->n_tables,
                                               &staged->cap_tables, sizeof(firn_staged_table *));
    if (!table || !levels || !slot) return firn_fail_nomem(err);
    *slot = table;
    table->is_dropped = true; /* until it is whole */
    table->list.arena = arena;
    table->text = FIRN_STR("");
    for (size_t i = 0; i < ident->n_levels; i++) {
        levels[i] = firn_arena_copy(arena, ident->levels[i]);
        table->text = firn_arena_printf(arena, "%.*s%.*s.", FIRN_STR_ARG(table->text),
                                        FIRN_STR_ARG(ident->levels[i]));
        if (!levels[i].data || !table->text.data) return firn_fail_nomem(err);
    }
    table->ident = (firn_ident){levels, ident->n_levels, firn_arena_copy(arena, ident->name)};
    table->text =
        firn_arena_printf(arena, "%.*s%.*s", FIRN_STR_ARG(table->text), FIRN_STR_ARG(ident->name));
    if (!table->ident.name.data || !table->text.data) return firn_fail_nomem(err);
    *out = table;
    return FIRN_OK;
}

static firn_status check_unmoved(const firn_staged *staged, const firn_staged_table *table,
                                 firn_str other, firn_arena *scratch, firn_error *err)
{
    firn_loaded_table fresh;
    const firn_status st = firn_staged__load_inner(staged, &table->ident, scratch, &fresh, err);
    if (st != FIRN_OK && st != FIRN_ERR_NOT_FOUND) return st;
    if (st == FIRN_OK && firn_str_equals(fresh.metadata_location, table->base.metadata_location))
        return FIRN_OK;
    (void)firn_fail(err, FIRN_ERR_CONFLICT,
                    "transaction conflict: table %.*s changed since the transaction read it, so "
                    "table %.*s cannot be read as it was then",
                    FIRN_STR_ARG(table->text), FIRN_STR_ARG(other));
    if (err) err->flags |= FIRN_ERROR_RETRYABLE;
    return firn_error_hint(err, FIRN_ERR_CONFLICT, "roll back and run the transaction again");
}

/* What was read before is still so at this moment, after the new table was read: so all are of one
 * moment. A table that is older than the first read is so, too. */
static firn_status check_moment(const firn_staged *staged, const firn_loaded_table *loaded,
                                firn_str text, firn_error *err)
{
    if (loaded->metadata->last_updated_ms < staged->first_read_ms - MARGIN_MS) return FIRN_OK;
    firn_arena *scratch = firn_arena_create(staged->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < staged->n_tables && st == FIRN_OK; i++) {
        const firn_staged_table *table = staged->tables[i];
        if (table->is_dropped || !table->base.metadata) continue;
        st = check_unmoved(staged, table, text, scratch, err);
    }
    firn_arena_destroy(scratch);
    return st;
}

firn_status firn_staged__need(firn_staged *staged, const firn_ident *ident, firn_staged_table **out,
                              firn_error *err)
{
    firn_loaded_table loaded;
    firn_staged_table *table = NULL;
    *out = firn_staged__find(staged, ident);
    if (*out) return FIRN_OK;
    if (staged->first_read_ms == 0) staged->first_read_ms = firn_clock_wall_ms(staged->env->clock);
    FIRN_TRY(firn_staged__load_inner(staged, ident, staged->arena, &loaded, err));
    FIRN_TRY(add_table(staged, ident, &table, err));
    FIRN_TRY(check_moment(staged, &loaded, table->text, err));
    table->base = loaded;
    table->now = loaded.metadata;
    table->is_dropped = false;
    *out = table;
    return FIRN_OK;
}

static firn_status load_table(void *ctx, const firn_ident *ident, firn_arena *arena,
                              firn_loaded_table *out, firn_error *err)
{
    firn_staged_table *table = NULL;
    (void)arena; /* what waits lives longer than any statement */
    *out = (firn_loaded_table){0};
    FIRN_TRY(firn_staged__need(ctx, ident, &table, err));
    *out = (firn_loaded_table){table->base.metadata_location, table->now};
    return FIRN_OK;
}

/* ---- commits that wait ---- */

static bool copy_parts(const firn_update *in, firn_arena *arena, firn_update *out)
{
    firn_partition_spec *spec = in->spec ? firn_arena_alloc(arena, sizeof *spec) : NULL;
    firn_sort_order *order = in->sort_order ? firn_arena_alloc(arena, sizeof *order) : NULL;
    if (in->schema && !(out->schema = firn_schema_copy(in->schema, arena))) return false;
    if (in->spec && !spec) return false;
    if (in->sort_order && !order) return false;
    if (spec) {
        *spec = *in->spec;
        spec->fields = firn_partition_fields_copy(in->spec->fields, in->spec->n_fields, arena);
        if (!spec->fields || !firn_str_copy(in->spec->extra_json, arena, &spec->extra_json))
            return false;
        out->spec = spec;
    }
    if (order) {
        *order = *in->sort_order;
        order->fields =
            firn_sort_fields_copy(in->sort_order->fields, in->sort_order->n_fields, arena);
        if (!order->fields || !firn_str_copy(in->sort_order->extra_json, arena, &order->extra_json))
            return false;
        out->sort_order = order;
    }
    return true;
}

static bool copy_references(const firn_update *in, firn_arena *arena, firn_update *out)
{
    if (in->snapshot) {
        firn_snapshot *copy = firn_arena_alloc(arena, sizeof *copy);
        if (!copy || !firn_snapshot_copy(in->snapshot, arena, copy)) return false;
        out->snapshot = copy;
    }
    if (in->ref) {
        firn_snapshot_ref *copy = firn_arena_alloc(arena, sizeof *copy);
        if (!copy) return false;
        *copy = *in->ref;
        if (!firn_str_copy(in->ref->name, arena, &copy->name) ||
            !firn_str_copy(in->ref->extra_json, arena, &copy->extra_json))
            return false;
        out->ref = copy;
    }
    return true;
}

static firn_status copy_update(const firn_update *in, firn_arena *arena, firn_update *out,
                               firn_error *err)
{
    *out = *in;
    out->ids = NULL;
    out->n_ids = 0;
    const bool is_copied = firn_str_copy(in->text, arena, &out->text) &&
                           firn_properties_copy(&in->properties, arena, &out->properties) &&
                           copy_parts(in, arena, out) && copy_references(in, arena, out);
    return is_copied ? FIRN_OK : firn_fail_nomem(err);
}

/* Updates behind which files are removed for good, or whose files a rollback could not tell from
 * others'. */
static firn_status check_update(const firn_update *update, firn_error *err)
{
    switch ((int)update->kind) {
    case FIRN_UPDATE_REMOVE_SNAPSHOTS: return refuse(err, "removing snapshots");
    case FIRN_UPDATE_REMOVE_SCHEMAS:
    case FIRN_UPDATE_REMOVE_SPECS: return refuse(err, "removing schemas and partition specs");
    case FIRN_UPDATE_SET_STATISTICS:
    case FIRN_UPDATE_SET_PARTITION_STATISTICS: return refuse(err, "statistics files");
    default: return FIRN_OK;
    }
}

/* What was required of the table as it is here, said of the table as it was read. */
static firn_requirement on_base(const firn_table_metadata *base, const firn_requirement *r)
{
    firn_requirement out = *r;
    const firn_snapshot_ref *ref = NULL;
    switch (r->kind) {
    case FIRN_REQUIRE_CREATE:
    case FIRN_REQUIRE_UUID: break;
    case FIRN_REQUIRE_REF_SNAPSHOT_ID:
        ref = firn_metadata_find_ref(base, r->text);
        out.id = ref ? ref->snapshot_id : -1;
        if (!ref && firn_str_equals(r->text, FIRN_MAIN)) out.id = base->current_snapshot_id;
        break;
    case FIRN_REQUIRE_LAST_ASSIGNED_FIELD_ID: out.id = base->last_column_id; break;
    case FIRN_REQUIRE_CURRENT_SCHEMA_ID: out.id = base->current_schema_id; break;
    case FIRN_REQUIRE_LAST_ASSIGNED_PARTITION_ID: out.id = base->last_partition_id; break;
    case FIRN_REQUIRE_DEFAULT_SPEC_ID: out.id = base->default_spec_id; break;
    case FIRN_REQUIRE_DEFAULT_SORT_ORDER_ID: out.id = base->default_sort_order_id; break;
    }
    return out;
}

static firn_status keep_requirement(firn_staged_table *table, const firn_requirement *r,
                                    firn_arena *arena, firn_error *err)
{
    const bool is_create = r->kind == FIRN_REQUIRE_CREATE;
    if (!is_create && !table->base.metadata) return FIRN_OK;
    for (size_t i = 0; i < table->n_requirements; i++)
        if (table->requirements[i].kind == r->kind &&
            firn_str_equals(table->requirements[i].text, r->text))
            return FIRN_OK;
    firn_requirement *slot = firn_arena_push(arena, &table->requirements, &table->n_requirements,
                                             &table->cap_requirements, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = is_create ? *r : on_base(table->base.metadata, r);
    return firn_str_copy(r->text, arena, &slot->text) ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status check_taken(const firn_staged *staged, const firn_ident *ident, firn_error *err)
{
    firn_loaded_table ignored;
    firn_error local;
    firn_staged_table *mine = firn_staged__find(staged, ident);
    firn_arena *scratch = firn_arena_create(staged->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    const firn_status st =
        mine ? FIRN_OK : firn_staged__load_inner(staged, ident, scratch, &ignored, &local);
    firn_arena_destroy(scratch);
    if (st == FIRN_ERR_NOT_FOUND) return FIRN_OK;
    if (st == FIRN_OK)
        return firn_fail(err, FIRN_ERR_EXISTS, "table %.*s exists already",
                         FIRN_STR_ARG(ident->name));
    if (err) *err = local;
    return st;
}

static bool wants_create(const firn_table_commit *commit)
{
    for (size_t i = 0; i < commit->n_requirements; i++)
        if (commit->requirements[i].kind == FIRN_REQUIRE_CREATE) return true;
    return false;
}

/* The commit's effect, which is not there yet when this returns. */
static firn_status try_commit(firn_staged *staged, const firn_table_commit *commit,
                              firn_staged_table **table_out, const firn_table_metadata **next,
                              firn_error *err)
{
    firn_staged_table *table = NULL;
    int64_t now_ms = firn_clock_wall_ms(staged->env->clock);
    for (size_t i = 0; i < commit->n_updates; i++) FIRN_TRY(check_update(&commit->updates[i], err));
    if (wants_create(commit)) {
        FIRN_TRY(check_taken(staged, &commit->ident, err));
        FIRN_TRY(add_table(staged, &commit->ident, &table, err));
    } else {
        FIRN_TRY(firn_staged__need(staged, &commit->ident, &table, err));
        if (table->now->last_updated_ms > now_ms) now_ms = table->now->last_updated_ms;
    }
    *table_out = table;
    FIRN_TRY(
        firn_requirements_check(table->now, commit->requirements, commit->n_requirements, err));
    return firn_updates_apply(table->now, FIRN_STR(""), commit->updates, commit->n_updates, now_ms,
                              staged->arena, next, err);
}

static firn_status keep_commit(firn_staged *staged, const firn_table_commit *commit,
                               firn_staged_table *table, firn_error *err)
{
    const size_t n_before = table->list.n;
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < commit->n_requirements && st == FIRN_OK; i++)
        st = keep_requirement(table, &commit->requirements[i], staged->arena, err);
    for (size_t i = 0; i < commit->n_updates && st == FIRN_OK; i++) {
        firn_update copy;
        st = copy_update(&commit->updates[i], staged->arena, &copy, err);
        if (st == FIRN_OK) st = firn_updates__push(&table->list, &copy, err);
    }
    if (st != FIRN_OK) table->list.n = n_before;
    return st;
}

static firn_status commit_tables(void *ctx, const firn_table_commit *commits, size_t n,
                                 firn_arena *arena, firn_loaded_table *out, firn_error *err)
{
    firn_staged *staged = ctx;
    firn_staged_table **tables = firn_arena_array(arena, n, sizeof(firn_staged_table *));
    const firn_table_metadata **next = firn_arena_array(arena, n, sizeof *next);
    if (!tables || !next) return firn_fail_nomem(err);
    if (staged->opts.is_read_only)
        return firn_fail(err, FIRN_ERR_DENIED, "the transaction is read only");
    for (size_t i = 0; i < n; i++)
        FIRN_TRY(try_commit(staged, &commits[i], &tables[i], &next[i], err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(keep_commit(staged, &commits[i], tables[i], err));
    for (size_t i = 0; i < n; i++) {
        tables[i]->now = next[i];
        tables[i]->is_dropped = false;
        if (out) out[i] = (firn_loaded_table){tables[i]->base.metadata_location, next[i]};
    }
    return FIRN_OK;
}

static firn_status drop_table(void *ctx, const firn_ident *ident, firn_error *err)
{
    firn_staged_table *table = firn_staged__find(ctx, ident);
    if (!table || table->base.metadata)
        return refuse(err, "dropping a table that the transaction did not make");
    firn_staged__remove_files(ctx, table->now, &table->list, true);
    table->is_dropped = true;
    return FIRN_OK;
}

static firn_status list_tables(void *ctx, const firn_ident *ns, firn_arena *arena, firn_ident **out,
                               size_t *n_out, firn_error *err)
{
    const firn_staged *staged = ctx;
    firn_ident *found = NULL;
    size_t n = 0;
    FIRN_TRY(firn_catalog_get_ops(staged->inner)
                 ->list_tables(firn_catalog_ctx(staged->inner), ns, arena, &found, &n, err));
    *out = firn_arena_array(arena, n + staged->n_tables, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) (*out)[i] = found[i];
    for (size_t i = 0; i < staged->n_tables; i++) {
        const firn_staged_table *table = staged->tables[i];
        firn_ident of = table->ident;
        of.name = ns->name;
        if (!table->is_dropped && !table->base.metadata && is_same_ident(&of, ns))
            (*out)[n++] = table->ident;
    }
    *n_out = n;
    return FIRN_OK;
}

/* ---- passed on, or refused ---- */

static firn_status list_namespaces(void *ctx, const firn_ident *parent, firn_arena *arena,
                                   firn_ident **out, size_t *n_out, firn_error *err)
{
    const firn_staged *s = ctx;
    return firn_catalog_get_ops(s->inner)->list_namespaces(firn_catalog_ctx(s->inner), parent,
                                                           arena, out, n_out, err);
}

static firn_status load_namespace(void *ctx, const firn_ident *ns, firn_arena *arena,
                                  firn_properties *out, firn_error *err)
{
    const firn_staged *s = ctx;
    return firn_catalog_get_ops(s->inner)->load_namespace(firn_catalog_ctx(s->inner), ns, arena,
                                                          out, err);
}

static firn_status list_views(void *ctx, const firn_ident *ns, firn_arena *arena, firn_ident **out,
                              size_t *n_out, firn_error *err)
{
    const firn_staged *s = ctx;
    return firn_catalog_get_ops(s->inner)->list_views(firn_catalog_ctx(s->inner), ns, arena, out,
                                                      n_out, err);
}

static firn_status load_view(void *ctx, const firn_ident *ident, firn_arena *arena,
                             firn_loaded_view *out, firn_error *err)
{
    const firn_staged *s = ctx;
    return firn_catalog_get_ops(s->inner)->load_view(firn_catalog_ctx(s->inner), ident, arena, out,
                                                     err);
}

static firn_status default_location(void *ctx, const firn_ident *ident, firn_arena *arena,
                                    firn_str *out, firn_error *err)
{
    const firn_staged *s = ctx;
    return firn_catalog_get_ops(s->inner)->default_location(firn_catalog_ctx(s->inner), ident,
                                                            arena, out, err);
}

static firn_status create_namespace(void *ctx, const firn_ident *ns, firn_properties properties,
                                    firn_error *err)
{
    (void)ctx, (void)ns, (void)properties;
    return refuse(err, "making a namespace");
}

static firn_status drop_namespace(void *ctx, const firn_ident *ns, firn_error *err)
{
    (void)ctx, (void)ns;
    return refuse(err, "dropping a namespace");
}

static firn_status rename_table(void *ctx, const firn_ident *from, const firn_ident *to,
                                firn_error *err)
{
    (void)ctx, (void)from, (void)to;
    return refuse(err, "renaming a table");
}

static firn_status register_table(void *ctx, const firn_ident *ident, firn_str metadata_location,
                                  firn_error *err)
{
    (void)ctx, (void)ident, (void)metadata_location;
    return refuse(err, "registering a table");
}

static firn_status put_view(void *ctx, const firn_ident *ident, firn_str expected_location,
                            const firn_view_metadata *metadata, firn_error *err)
{
    (void)ctx, (void)ident, (void)expected_location, (void)metadata;
    return refuse(err, "changing a view");
}

static firn_status drop_view(void *ctx, const firn_ident *ident, firn_error *err)
{
    (void)ctx, (void)ident;
    return refuse(err, "dropping a view");
}

static firn_status rename_view(void *ctx, const firn_ident *from, const firn_ident *to,
                               firn_error *err)
{
    (void)ctx, (void)from, (void)to;
    return refuse(err, "renaming a view");
}

/* ---- the handle ---- */

static void destroy(void *ctx)
{
    firn_staged *staged = ctx;
    firn_arena_destroy(staged->arena); /* holds staged itself */
}

firn_status firn_staged_catalog_open(firn_env *env, firn_store *store, firn_catalog *inner,
                                     const firn_staged_opts *opts, firn_catalog **out,
                                     firn_error *err)
{
    static const firn_catalog_ops k_ops = {.struct_size = sizeof k_ops,
                                           .list_namespaces = list_namespaces,
                                           .create_namespace = create_namespace,
                                           .load_namespace = load_namespace,
                                           .drop_namespace = drop_namespace,
                                           .list_tables = list_tables,
                                           .load_table = load_table,
                                           .commit = commit_tables,
                                           .drop_table = drop_table,
                                           .rename_table = rename_table,
                                           .register_table = register_table,
                                           .list_views = list_views,
                                           .load_view = load_view,
                                           .put_view = put_view,
                                           .drop_view = drop_view,
                                           .rename_view = rename_view,
                                           .default_location = default_location,
                                           .destroy = destroy};
    firn_arena *arena = firn_arena_create(env->alloc, 0);
    firn_staged *staged = arena ? firn_arena_alloc_zero(arena, sizeof *staged) : NULL;
    *out = NULL;
    if (!staged) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    *staged =
        (firn_staged){.env = env, .store = store, .inner = inner, .opts = *opts, .arena = arena};
    const firn_status st = firn_catalog_create(firn_catalog_name(inner), &k_ops, staged, out, err);
    if (st != FIRN_OK) {
        firn_arena_destroy(arena);
        return st;
    }
    staged->self = *out;
    return FIRN_OK;
}

bool firn_staged_catalog_is_changed(const firn_catalog *staged)
{
    const firn_staged *s = firn_catalog_ctx(staged);
    for (size_t i = 0; i < s->n_tables; i++)
        if (!s->tables[i]->is_dropped && s->tables[i]->list.n > 0) return true;
    return false;
}

bool firn_staged_catalog_needs_publish(const firn_catalog *staged)
{
    const firn_staged *s = firn_catalog_ctx(staged);
    return firn_staged_catalog_is_changed(staged) || (s->opts.is_serializable && s->n_tables > 0);
}

void firn_staged_catalog_pin(firn_catalog *staged, const firn_ident *ident)
{
    firn_staged_table *table = firn_staged__find(firn_catalog_ctx(staged), ident);
    if (table) table->is_pinned = true;
}

void firn_staged_catalog_discard(firn_catalog *staged)
{
    const firn_staged *s = firn_catalog_ctx(staged);
    for (size_t i = 0; i < s->n_tables; i++) {
        firn_staged_table *table = s->tables[i];
        if (!table->is_dropped) firn_staged__remove_files(s, table->now, &table->list, true);
        table->is_dropped = true;
    }
}
