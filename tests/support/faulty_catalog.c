/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarding, and the answers to commits. */
#include "faulty_catalog.h"

#include "base/arena.h"
#include "base/error.h"

#define FORWARD(slot, ...)                                           \
    const firn_test_faulty_catalog *self = ctx;                      \
    const firn_catalog_ops *ops = firn_catalog_get_ops(self->inner); \
    return ops->slot(firn_catalog_ctx(self->inner), __VA_ARGS__)

static firn_status list_namespaces(void *ctx, const firn_ident *parent, firn_arena *arena,
                                   firn_ident **out, size_t *n_out, firn_error *err)
{
    FORWARD(list_namespaces, parent, arena, out, n_out, err);
}

static firn_status create_namespace(void *ctx, const firn_ident *ns, firn_properties properties,
                                    firn_error *err)
{
    FORWARD(create_namespace, ns, properties, err);
}

static firn_status load_namespace(void *ctx, const firn_ident *ns, firn_arena *arena,
                                  firn_properties *out, firn_error *err)
{
    FORWARD(load_namespace, ns, arena, out, err);
}

static firn_status update_namespace(void *ctx, const firn_ident *ns, firn_properties changes,
                                    firn_error *err)
{
    FORWARD(update_namespace, ns, changes, err);
}

static firn_status drop_namespace(void *ctx, const firn_ident *ns, firn_error *err)
{
    FORWARD(drop_namespace, ns, err);
}

static firn_status list_tables(void *ctx, const firn_ident *ns, firn_arena *arena, firn_ident **out,
                               size_t *n_out, firn_error *err)
{
    FORWARD(list_tables, ns, arena, out, n_out, err);
}

static firn_status drop_table(void *ctx, const firn_ident *ident, firn_error *err)
{
    FORWARD(drop_table, ident, err);
}

static firn_status rename_table(void *ctx, const firn_ident *from, const firn_ident *to,
                                firn_error *err)
{
    FORWARD(rename_table, from, to, err);
}

static firn_status register_table(void *ctx, const firn_ident *ident, firn_str location,
                                  firn_error *err)
{
    FORWARD(register_table, ident, location, err);
}

static firn_status list_views(void *ctx, const firn_ident *ns, firn_arena *arena, firn_ident **out,
                              size_t *n_out, firn_error *err)
{
    FORWARD(list_views, ns, arena, out, n_out, err);
}

static firn_status load_view(void *ctx, const firn_ident *ident, firn_arena *arena,
                             firn_loaded_view *out, firn_error *err)
{
    FORWARD(load_view, ident, arena, out, err);
}

static firn_status put_view(void *ctx, const firn_ident *ident, firn_str expected_location,
                            const firn_view_metadata *metadata, firn_error *err)
{
    FORWARD(put_view, ident, expected_location, metadata, err);
}

static firn_status rename_view(void *ctx, const firn_ident *from, const firn_ident *to,
                               firn_error *err)
{
    FORWARD(rename_view, from, to, err);
}

static firn_status drop_view(void *ctx, const firn_ident *ident, firn_error *err)
{
    FORWARD(drop_view, ident, err);
}

static firn_status default_location(void *ctx, const firn_ident *ident, firn_arena *arena,
                                    firn_str *out, firn_error *err)
{
    FORWARD(default_location, ident, arena, out, err);
}

/* ---- commits ---- */

static firn_status forward(const firn_test_faulty_catalog *self, const firn_table_commit *commits,
                           size_t n, firn_arena *arena, firn_loaded_table *out, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(self->inner);
    return ops->commit(firn_catalog_ctx(self->inner), commits, n, arena, out, err);
}

static firn_status load_inner(const firn_test_faulty_catalog *self, const firn_ident *ident,
                              firn_arena *arena, firn_loaded_table *out, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(self->inner);
    return ops->load_table(firn_catalog_ctx(self->inner), ident, arena, out, err);
}

static firn_status load_table(void *ctx, const firn_ident *ident, firn_arena *arena,
                              firn_loaded_table *out, firn_error *err)
{
    firn_test_faulty_catalog *self = ctx;
    self->n_loads++;
    if (self->loads_fail) return firn_fail(err, FIRN_ERR_IO, "the catalog is away");
    if (self->late_arena && self->late_loads > 0) {
        self->late_loads--;
        *out = self->late_base;
        return FIRN_OK;
    }
    return load_inner(self, ident, arena, out, err);
}

/* It lands at once, but is not shown: nobody can tell the difference. */
static firn_status commit_late(firn_test_faulty_catalog *self, const firn_table_commit *commits,
                               size_t n, firn_arena *arena, firn_error *err)
{
    self->late_arena = firn_arena_create(NULL, 0);
    if (!self->late_arena) return firn_fail_nomem(err);
    FIRN_TRY(load_inner(self, &commits[0].ident, self->late_arena, &self->late_base, err));
    FIRN_TRY(forward(self, commits, n, arena, NULL, err));
    return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "no answer yet");
}

static firn_test_answer next_answer(firn_test_faulty_catalog *self)
{
    if (self->n_times == 0) return FIRN_TEST_ANSWER_TRUE;
    if (self->n_times > 0) self->n_times--;
    return self->answer;
}

static firn_status commit(void *ctx, const firn_table_commit *commits, size_t n, firn_arena *arena,
                          firn_loaded_table *out, firn_error *err)
{
    firn_test_faulty_catalog *self = ctx;
    self->n_commits++;
    if (self->meanwhile) self->meanwhile(self->meanwhile_ctx);
    switch (next_answer(self)) {
    case FIRN_TEST_ANSWER_TRUE: break;
    case FIRN_TEST_ANSWER_REFUSED: return firn_fail(err, FIRN_ERR_CONFLICT, "refused");
    case FIRN_TEST_ANSWER_FAILED: return firn_fail(err, FIRN_ERR_IO, "failed");
    case FIRN_TEST_ANSWER_NEVER: return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "no answer");
    case FIRN_TEST_ANSWER_LOST:
        FIRN_TRY(forward(self, commits, n, arena, out, err));
        return firn_fail(err, FIRN_ERR_COMMIT_UNKNOWN, "no answer");
    case FIRN_TEST_ANSWER_LATE: return commit_late(self, commits, n, arena, err);
    case FIRN_TEST_ANSWER_TWICE: FIRN_TRY(forward(self, commits, n, arena, out, err)); break;
    }
    return forward(self, commits, n, arena, out, err);
}

static void destroy(void *ctx)
{
    firn_test_faulty_catalog *self = ctx;
    firn_arena_destroy(self->late_arena);
}

firn_status firn_test_faulty_catalog_open(firn_test_faulty_catalog *faulty, firn_catalog **out,
                                          firn_error *err)
{
    static const firn_catalog_ops k_ops = {
        .struct_size = sizeof(firn_catalog_ops),
        .list_namespaces = list_namespaces,
        .create_namespace = create_namespace,
        .load_namespace = load_namespace,
        .update_namespace = update_namespace,
        .drop_namespace = drop_namespace,
        .list_tables = list_tables,
        .load_table = load_table,
        .commit = commit,
        .drop_table = drop_table,
        .rename_table = rename_table,
        .register_table = register_table,
        .list_views = list_views,
        .load_view = load_view,
        .put_view = put_view,
        .drop_view = drop_view,
        .rename_view = rename_view,
        .default_location = default_location,
        .destroy = destroy,
    };
    return firn_catalog_create(firn_catalog_name(faulty->inner), &k_ops, faulty, out, err);
}
