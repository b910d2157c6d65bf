/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/table_guard.h"

#include "base/error.h"
#include "base/str.h"

firn_status firn_table_check_gc(const firn_table_metadata *metadata, const char *what,
                                firn_error *err)
{
    const firn_str value =
        firn_properties_get(&metadata->properties, FIRN_STR("gc.enabled"), FIRN_STR("true"));
    if (!firn_str_equals_nocase(value, FIRN_STR("false"))) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG,
                     "cannot %s: gc.enabled is false, the files may be those of other tables, too",
                     what);
}
