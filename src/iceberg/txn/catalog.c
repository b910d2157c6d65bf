/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog handle: a name and a driver's slots. Drivers live in src/catalog; this file is here
 * because transactions call through the handle and must not depend on any driver. */
#include "firn/ext/catalog.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "iceberg/txn/txn_internal.h"

struct firn_catalog {
    firn_catalog_ops ops;
    void *ctx;
    firn_commit_queue *queue;
    firn_str name;
    char name_bytes[];
};

static bool has_all_slots(const firn_catalog_ops *ops)
{
    return ops->list_namespaces && ops->create_namespace && ops->load_namespace &&
           ops->drop_namespace && ops->list_tables && ops->load_table && ops->commit &&
           ops->drop_table && ops->rename_table && ops->register_table && ops->list_views &&
           ops->load_view && ops->put_view && ops->drop_view && ops->rename_view &&
           ops->default_location && ops->destroy && !ops->take_turn == !ops->end_turn &&
           !ops->take_turn == !ops->take_requests && !ops->take_turn == !ops->answer_request;
}

firn_status firn_catalog_create(firn_str name, const firn_catalog_ops *ops, void *ctx,
                                firn_catalog **out, firn_error *err)
{
    *out = NULL;
    if (!ops || ops->struct_size < sizeof *ops || !has_all_slots(ops))
        return firn_fail(err, FIRN_ERR_ARG, "catalog driver leaves a slot empty");
    if (name.len == 0) return firn_fail(err, FIRN_ERR_ARG, "catalog name is empty");
    firn_catalog *catalog = firn_mem_alloc_zero(NULL, sizeof *catalog + name.len + 1);
    if (!catalog) return firn_fail_nomem(err);
    const firn_status st = firn_commit_queue__create(&catalog->queue, err);
    if (st != FIRN_OK) {
        firn_mem_free(NULL, catalog);
        return st;
    }
    memcpy(&catalog->ops, ops, sizeof catalog->ops);
    catalog->ctx = ctx;
    memcpy(catalog->name_bytes, name.data, name.len);
    catalog->name = (firn_str){catalog->name_bytes, name.len};
    *out = catalog;
    return FIRN_OK;
}

void firn_catalog_destroy(firn_catalog *catalog)
{
    if (!catalog) return;
    catalog->ops.destroy(catalog->ctx);
    firn_commit_queue__destroy(catalog->queue);
    firn_mem_free(NULL, catalog);
}

firn_str firn_catalog_name(const firn_catalog *catalog)
{
    return catalog->name;
}

const firn_catalog_ops *firn_catalog_get_ops(const firn_catalog *catalog)
{
    return &catalog->ops;
}

void *firn_catalog_ctx(const firn_catalog *catalog)
{
    return catalog->ctx;
}

firn_commit_queue *firn_catalog__commit_queue(const firn_catalog *catalog)
{
    return catalog->queue;
}

firn_status firn_commit_objects_finish(const firn_commit_objects *objects, firn_error *err)
{
    FIRN_TRY(firn_store_finish_content(objects->writers, objects->n_writers, err));
    return firn_store_sync_names(objects->store, objects->names, objects->n_names, err);
}

void firn_commit_objects_abandon(const firn_commit_objects *objects)
{
    for (size_t i = 0; objects && i < objects->n_writers; i++)
        firn_store_abandon(objects->writers[i]);
}
