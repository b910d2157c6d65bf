/* SPDX-License-Identifier: Apache-2.0 */
/* Names of tables in a pointer catalog: list, load, drop, rename, register, default location. Not
 * here: creating and changing tables, which is pointer_commit.c. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/pointer_catalog.h"
#include "iceberg/spec/metadata_json.h"

/* ---- rows ---- */

struct find_arg {
    const firn_ident *ident;
    bool is_view;
    firn_arena *arena;
    firn_catalog_row *out;
};

static firn_status find_row(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct find_arg *op = arg;
    firn_str ns;
    FIRN_TRY(firn_pointer__namespace(op->ident, op->arena, &ns, err));
    const firn_str text = firn_pointer__text(op->ident, op->arena);
    const char *what = op->is_view ? "view" : "table";
    firn_error ignored;
    const firn_status st = catalog->rows->find(catalog->rows_ctx, ns, op->ident->name, op->arena,
                                               op->out, err ? err : &ignored);
    if (st == FIRN_ERR_NOT_FOUND) {
        FIRN_TRY(firn_pointer__need_namespace(catalog, ns, op->arena, err));
        return firn_fail(err, st, "%s %.*s does not exist", what, FIRN_STR_ARG(text));
    }
    FIRN_TRY(st);
    if (op->out->is_view != op->is_view)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "%s %.*s does not exist; it is a %s", what,
                         FIRN_STR_ARG(text), op->is_view ? "table" : "view");
    if (op->out->location.len == 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "catalog has no metadata location for %.*s",
                         FIRN_STR_ARG(text));
    return FIRN_OK;
}

firn_status firn_pointer__find(firn_pointer_catalog *catalog, const firn_ident *ident, bool is_view,
                               firn_arena *arena, firn_catalog_row *out, firn_error *err)
{
    struct find_arg op = {ident, is_view, arena, out};
    return firn_pointer__run(catalog, false, find_row, &op, err);
}

firn_status firn_pointer__load_table(void *ctx, const firn_ident *ident, firn_arena *arena,
                                     firn_loaded_table *out, firn_error *err)
{
    firn_catalog_row row;
    *out = (firn_loaded_table){0};
    FIRN_TRY(firn_pointer__find(ctx, ident, false, arena, &row, err));
    FIRN_TRY(firn_pointer__load(ctx, row.location, arena, &out->metadata, err));
    out->metadata_location = row.location;
    return FIRN_OK;
}

/* ---- list ---- */

struct list_arg {
    const firn_ident *ns;
    bool is_view;
    firn_arena *arena;
    firn_str *names;
    size_t n;
};

static firn_status read_names(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct list_arg *op = arg;
    firn_str ns;
    FIRN_TRY(firn_pointer__namespace(op->ns, op->arena, &ns, err));
    FIRN_TRY(firn_pointer__need_namespace(catalog, ns, op->arena, err));
    return catalog->rows->list(catalog->rows_ctx, ns, op->is_view, op->arena, &op->names, &op->n,
                               err);
}

static firn_status list_names(firn_pointer_catalog *catalog, struct list_arg *op, firn_ident **out,
                              size_t *n_out, firn_error *err)
{
    *out = NULL;
    *n_out = 0;
    FIRN_TRY(firn_pointer__run(catalog, false, read_names, op, err));
    firn_str *levels = firn_arena_array(op->arena, op->ns->n_levels, sizeof *levels);
    *out = firn_arena_array(op->arena, op->n, sizeof **out);
    if (!levels || !*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < op->ns->n_levels; i++) {
        levels[i] = firn_arena_copy(op->arena, op->ns->levels[i]);
        if (!levels[i].data) return firn_fail_nomem(err);
    }
    for (size_t i = 0; i < op->n; i++)
        (*out)[i] = (firn_ident){levels, op->ns->n_levels, op->names[i]};
    *n_out = op->n;
    return FIRN_OK;
}

firn_status firn_pointer__list_tables(void *ctx, const firn_ident *ns, firn_arena *arena,
                                      firn_ident **out, size_t *n_out, firn_error *err)
{
    struct list_arg op = {.ns = ns, .arena = arena};
    return list_names(ctx, &op, out, n_out, err);
}

firn_status firn_pointer__list_views(void *ctx, const firn_ident *ns, firn_arena *arena,
                                     firn_ident **out, size_t *n_out, firn_error *err)
{
    struct list_arg op = {.ns = ns, .is_view = true, .arena = arena};
    return list_names(ctx, &op, out, n_out, err);
}

/* ---- drop, rename, register ---- */

struct change_arg {
    const firn_ident *from;
    const firn_ident *to;
    firn_str location;
    bool is_view;
    firn_arena *scratch;
};

static firn_status run_change(firn_pointer_catalog *catalog, firn_pointer_fn fn,
                              struct change_arg *op, firn_error *err)
{
    FIRN_TRY(firn_pointer__arena(catalog, &op->scratch, err));
    const firn_status st = firn_pointer__run(catalog, true, fn, op, err);
    firn_arena_destroy(op->scratch);
    return st;
}

static firn_status remove_row(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct change_arg *op = arg;
    firn_catalog_row row;
    struct find_arg find = {op->from, op->is_view, op->scratch, &row};
    FIRN_TRY(find_row(catalog, &find, err));
    return catalog->rows->remove(catalog->rows_ctx, &row, err);
}

firn_status firn_pointer__drop_table(void *ctx, const firn_ident *ident, firn_error *err)
{
    struct change_arg op = {.from = ident};
    return run_change(ctx, remove_row, &op, err);
}

firn_status firn_pointer__drop_view(void *ctx, const firn_ident *ident, firn_error *err)
{
    struct change_arg op = {.from = ident, .is_view = true};
    return run_change(ctx, remove_row, &op, err);
}

/* The row of a new name: its namespace must exist and the name be free. */
static firn_status new_row(firn_pointer_catalog *catalog, const firn_ident *ident,
                           firn_arena *scratch, firn_catalog_row *out, firn_error *err)
{
    firn_catalog_row taken;
    firn_error ignored;
    FIRN_TRY(firn_pointer__check_name(ident->name, "table", err));
    FIRN_TRY(firn_pointer__namespace(ident, scratch, &out->ns, err));
    FIRN_TRY(firn_pointer__need_namespace(catalog, out->ns, scratch, err));
    out->name = ident->name;
    const firn_status st = catalog->rows->find(catalog->rows_ctx, out->ns, out->name, scratch,
                                               &taken, err ? err : &ignored);
    if (st == FIRN_ERR_NOT_FOUND) return FIRN_OK;
    FIRN_TRY(st);
    const firn_str text = firn_pointer__text(ident, scratch);
    return firn_fail(err, FIRN_ERR_EXISTS, "%s %.*s exists already",
                     taken.is_view ? "view" : "table", FIRN_STR_ARG(text));
}

static firn_status rename_row(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct change_arg *op = arg;
    firn_catalog_row from;
    struct find_arg find = {op->from, op->is_view, op->scratch, &from};
    FIRN_TRY(find_row(catalog, &find, err));
    firn_catalog_row to = from;
    FIRN_TRY(new_row(catalog, op->to, op->scratch, &to, err));
    return catalog->rows->rename(catalog->rows_ctx, &from, &to, err);
}

firn_status firn_pointer__rename_table(void *ctx, const firn_ident *from, const firn_ident *to,
                                       firn_error *err)
{
    struct change_arg op = {.from = from, .to = to};
    return run_change(ctx, rename_row, &op, err);
}

firn_status firn_pointer__rename_view(void *ctx, const firn_ident *from, const firn_ident *to,
                                      firn_error *err)
{
    struct change_arg op = {.from = from, .to = to, .is_view = true};
    return run_change(ctx, rename_row, &op, err);
}

static firn_status insert_row(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct change_arg *op = arg;
    firn_catalog_row row = {.location = op->location};
    FIRN_TRY(new_row(catalog, op->to, op->scratch, &row, err));
    return catalog->rows->insert(catalog->rows_ctx, &row, err);
}

firn_status firn_pointer__register_table(void *ctx, const firn_ident *ident,
                                         firn_str metadata_location, firn_error *err)
{
    firn_pointer_catalog *catalog = ctx;
    struct change_arg op = {.to = ident, .location = metadata_location};
    firn_arena *arena = NULL;
    firn_str bytes;
    const firn_table_metadata *metadata = NULL;
    FIRN_TRY(firn_pointer__arena(catalog, &arena, err));
    firn_status st =
        catalog->rows->get_document(catalog->rows_ctx, metadata_location, arena, &bytes, err);
    if (st == FIRN_OK) st = firn_metadata_parse(bytes, arena, &metadata, err);
    if (st != FIRN_OK)
        st = firn_error_wrap(err, st, "metadata file %.*s", FIRN_STR_ARG(metadata_location));
    firn_arena_destroy(arena);
    FIRN_TRY(st);
    return run_change(catalog, insert_row, &op, err);
}

firn_status firn_pointer__default_location(void *ctx, const firn_ident *ident, firn_arena *arena,
                                           firn_str *out, firn_error *err)
{
    const firn_pointer_catalog *catalog = ctx;
    firn_str text = catalog->warehouse;
    for (size_t i = 0; i < ident->n_levels; i++) {
        FIRN_TRY(firn_pointer__check_name(ident->levels[i], "namespace", err));
        text = firn_arena_printf(arena, "%.*s/%.*s", FIRN_STR_ARG(text),
                                 FIRN_STR_ARG(ident->levels[i]));
        if (!text.data) return firn_fail_nomem(err);
    }
    FIRN_TRY(firn_pointer__check_name(ident->name, "table", err));
    *out = firn_arena_printf(arena, "%.*s/%.*s", FIRN_STR_ARG(text), FIRN_STR_ARG(ident->name));
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}
