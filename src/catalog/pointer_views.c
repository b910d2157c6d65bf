/* SPDX-License-Identifier: Apache-2.0 */
/* Views of a pointer catalog: a metadata document per version, swapped in like a table's. */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/pointer_catalog.h"
#include "iceberg/spec/metadata_json.h"

firn_status firn_pointer__load_view(void *ctx, const firn_ident *ident, firn_arena *arena,
                                    firn_loaded_view *out, firn_error *err)
{
    firn_pointer_catalog *catalog = ctx;
    firn_catalog_row row;
    firn_str bytes;
    *out = (firn_loaded_view){0};
    FIRN_TRY(firn_pointer__find(catalog, ident, true, arena, &row, err));
    firn_status st =
        catalog->rows->get_document(catalog->rows_ctx, row.location, arena, &bytes, err);
    if (st == FIRN_ERR_NOT_FOUND)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "view metadata file %.*s, which the catalog names, does not exist",
                         FIRN_STR_ARG(row.location));
    if (st == FIRN_OK) st = firn_view_metadata_parse(bytes, arena, &out->metadata, err);
    if (st != FIRN_OK)
        return firn_error_wrap(err, st, "view metadata file %.*s", FIRN_STR_ARG(row.location));
    out->metadata_location = row.location;
    return FIRN_OK;
}

struct put_arg {
    const firn_ident *ident;
    firn_catalog_row row;
    firn_str expected;
    firn_arena *scratch;
};

static firn_status put_row(firn_pointer_catalog *catalog, void *arg, firn_error *err)
{
    struct put_arg *op = arg;
    firn_catalog_row now = {0};
    firn_error ignored;
    const firn_str text = firn_pointer__text(op->ident, op->scratch);
    FIRN_TRY(firn_pointer__need_namespace(catalog, op->row.ns, op->scratch, err));
    const firn_status st = catalog->rows->find(catalog->rows_ctx, op->row.ns, op->row.name,
                                               op->scratch, &now, err ? err : &ignored);
    if (st != FIRN_OK && st != FIRN_ERR_NOT_FOUND) return st;
    if (st == FIRN_OK && !now.is_view)
        return firn_fail(err, FIRN_ERR_EXISTS, "table %.*s exists already", FIRN_STR_ARG(text));
    if (op->expected.len == 0) {
        if (st == FIRN_OK)
            return firn_fail(err, FIRN_ERR_EXISTS, "view %.*s exists already", FIRN_STR_ARG(text));
        return catalog->rows->insert(catalog->rows_ctx, &op->row, err);
    }
    if (st == FIRN_ERR_NOT_FOUND)
        return firn_fail(err, st, "view %.*s does not exist", FIRN_STR_ARG(text));
    return firn_error_wrap(err, catalog->rows->swap(catalog->rows_ctx, &op->row, op->expected, err),
                           "view %.*s", FIRN_STR_ARG(text));
}

static firn_status put_view(firn_pointer_catalog *catalog, struct put_arg *op,
                            const firn_view_metadata *metadata, firn_error *err)
{
    firn_buf buf;
    char uuid[37];
    FIRN_TRY(firn_pointer__check_name(op->ident->name, "view", err));
    FIRN_TRY(firn_pointer__namespace(op->ident, op->scratch, &op->row.ns, err));
    op->row.name = op->ident->name;
    op->row.is_view = true;
    firn_random_uuid(catalog->env->random, uuid);
    op->row.location =
        firn_arena_printf(op->scratch, "%.*s/metadata/%05zu-%s.metadata.json",
                          FIRN_STR_ARG(metadata->location), metadata->n_version_log, uuid);
    if (!op->row.location.data) return firn_fail_nomem(err);

    firn_buf_init(&buf, catalog->env->alloc, FIRN_LIMIT_METADATA);
    firn_status st = firn_view_metadata_format(metadata, &buf, err);
    const firn_document document = {op->row.location, firn_buf_view(&buf)};
    if (st == FIRN_OK)
        st = catalog->rows->put_documents(catalog->rows_ctx, &document, 1, NULL, err);
    firn_buf_dispose(&buf);
    FIRN_TRY(st);
    st = firn_pointer__run(catalog, true, put_row, op, err);
    if (st != FIRN_OK && st != FIRN_ERR_COMMIT_UNKNOWN) {
        firn_error ignored;
        if (catalog->rows->remove_document(catalog->rows_ctx, op->row.location, &ignored) !=
            FIRN_OK)
            firn_log_write(catalog->env->log, FIRN_LOG_WARN, "cannot remove %.*s: %s",
                           FIRN_STR_ARG(op->row.location), ignored.message);
    }
    return st;
}

firn_status firn_pointer__put_view(void *ctx, const firn_ident *ident, firn_str expected_location,
                                   const firn_view_metadata *metadata, firn_error *err)
{
    firn_pointer_catalog *catalog = ctx;
    struct put_arg op = {.ident = ident, .expected = expected_location};
    firn_error local;
    if (catalog->is_read_only) return firn_fail(err, FIRN_ERR_DENIED, "catalog is open read-only");
    FIRN_TRY(firn_pointer__arena(catalog, &op.scratch, err));
    const firn_status st = put_view(catalog, &op, metadata, err ? err : &local);
    firn_arena_destroy(op.scratch);
    return st;
}
