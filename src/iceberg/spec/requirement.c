/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements of a commit: what the writer saw must still be so. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_update.h"

static firn_status check_number(const char *what, int64_t expected, int64_t found, firn_error *err)
{
    if (expected == found) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CONFLICT,
                     "requirement failed: %s is %" PRId64 ", expected %" PRId64, what, found,
                     expected);
}

static firn_status check_uuid(const firn_table_metadata *base, firn_str uuid, firn_error *err)
{
    if (firn_str_equals_nocase(base->table_uuid, uuid)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CONFLICT,
                     "requirement failed: table uuid is %.*s, expected %.*s",
                     FIRN_STR_ARG(base->table_uuid), FIRN_STR_ARG(uuid));
}

static firn_status check_ref(const firn_table_metadata *base, const firn_requirement *r,
                             firn_error *err)
{
    const firn_snapshot_ref *ref = base ? firn_metadata_find_ref(base, r->text) : NULL;
    const char *kind = ref && ref->is_tag ? "tag" : "branch";
    if (!ref && r->id == -1) return FIRN_OK;
    if (!ref) {
        return firn_fail(err, FIRN_ERR_CONFLICT,
                         "requirement failed: branch or tag \"%.*s\" is missing, expected %" PRId64,
                         FIRN_STR_ARG(r->text), r->id);
    }
    if (ref->snapshot_id == r->id) return FIRN_OK;
    if (r->id == -1) {
        return firn_fail(err, FIRN_ERR_CONFLICT,
                         "requirement failed: %s \"%.*s\" was created meanwhile", kind,
                         FIRN_STR_ARG(r->text));
    }
    return firn_fail(err, FIRN_ERR_CONFLICT,
                     "requirement failed: %s \"%.*s\" is at snapshot %" PRId64
                     ", expected %" PRId64,
                     kind, FIRN_STR_ARG(r->text), ref->snapshot_id, r->id);
}

static firn_status check_one(const firn_table_metadata *base, const firn_requirement *r,
                             firn_error *err)
{
    if (r->kind == FIRN_REQUIRE_CREATE) {
        if (!base) return FIRN_OK;
        return firn_fail(err, FIRN_ERR_CONFLICT, "requirement failed: the table exists already");
    }
    if (r->kind == FIRN_REQUIRE_REF_SNAPSHOT_ID) return check_ref(base, r, err);
    if (!base) {
        return firn_fail(err, FIRN_ERR_CONFLICT, "requirement failed: the table does not exist");
    }
    switch (r->kind) {
    case FIRN_REQUIRE_UUID: return check_uuid(base, r->text, err);
    case FIRN_REQUIRE_LAST_ASSIGNED_FIELD_ID:
        return check_number("last assigned field id", r->id, base->last_column_id, err);
    case FIRN_REQUIRE_CURRENT_SCHEMA_ID:
        return check_number("current schema id", r->id, base->current_schema_id, err);
    case FIRN_REQUIRE_LAST_ASSIGNED_PARTITION_ID:
        return check_number("last assigned partition id", r->id, base->last_partition_id, err);
    case FIRN_REQUIRE_DEFAULT_SPEC_ID:
        return check_number("default partition spec id", r->id, base->default_spec_id, err);
    case FIRN_REQUIRE_DEFAULT_SORT_ORDER_ID:
        return check_number("default sort order id", r->id, base->default_sort_order_id, err);
    case FIRN_REQUIRE_CREATE:
    case FIRN_REQUIRE_REF_SNAPSHOT_ID: break;
    }
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: requirement of kind %d",
                     (int)r->kind);
}

firn_status firn_requirements_check(const firn_table_metadata *base,
                                    const firn_requirement *requirements, size_t n, firn_error *err)
{
    for (size_t i = 0; i < n; i++) FIRN_TRY(check_one(base, &requirements[i], err));
    return FIRN_OK;
}
