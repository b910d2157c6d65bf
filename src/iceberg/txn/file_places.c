/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/txn/file_places.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/location_key.h"

/* The warehouse is where the catalog would put a table of no namespace. */
firn_status firn_check_place(const firn_catalog *catalog, firn_str location, firn_arena *arena,
                             firn_error *err)
{
    const firn_ident any = {.name = FIRN_STR("x")};
    firn_str inside;
    FIRN_TRY(firn_catalog_get_ops(catalog)->default_location(firn_catalog_ctx(catalog), &any, arena,
                                                             &inside, err));
    const firn_str warehouse = firn_str_slice(inside, 0, inside.len - any.name.len - 1);
    if (firn_location_is_inside(location, warehouse)) return FIRN_OK;
    const firn_status st = firn_fail(
        err, FIRN_ERR_DENIED, "this session may not use files outside of the warehouse: %.*s",
        FIRN_STR_ARG(location));
    return firn_error_hint(err, st,
                           "a session does when it is opened for it: firn sql --allow-files, or "
                           "allow_files");
}

firn_status firn_check_places(const firn_catalog *catalog, firn_properties properties,
                              firn_arena *arena, firn_error *err)
{
    static const firn_str k_keys[] = {
        FIRN_STR_INIT("write.data.path"), FIRN_STR_INIT("write.metadata.path"),
        FIRN_STR_INIT("write.object-storage.path"), FIRN_STR_INIT("write.folder-storage.path")};
    for (size_t i = 0; i < properties.n; i++) {
        for (size_t k = 0; k < sizeof k_keys / sizeof *k_keys; k++) {
            if (!firn_str_equals(properties.items[i].key, k_keys[k])) continue;
            FIRN_TRY(firn_check_place(catalog, properties.items[i].value, arena, err));
        }
    }
    return FIRN_OK;
}
