/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/check/doctor_partition.h"

#include "base/str.h"
#include "format/columns/metrics.h"
#include "iceberg/spec/transform.h"

static bool has_exact_bounds(firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_DECIMAL:
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_TIME:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_TIMESTAMP_NS:
    case FIRN_TYPE_TIMESTAMPTZ_NS: return true;
    default: return false;
    }
}

/* Old writers rounded times before 1970 towards zero. */
static bool may_be_off_by_one(firn_transform_kind kind, const firn_value *value)
{
    const bool is_time = kind == FIRN_TRANSFORM_YEAR || kind == FIRN_TRANSFORM_MONTH ||
                         kind == FIRN_TRANSFORM_DAY || kind == FIRN_TRANSFORM_HOUR;
    return is_time && !value->is_null && value->as.i32 <= 0;
}

static bool bound_gives(const firn_metric *bound, const firn_field *source,
                        const firn_transform *transform, const firn_value *want,
                        firn_arena *scratch)
{
    firn_value value;
    firn_value result;
    if (!bound || firn_value_decode(source->type, bound->bound, &value, NULL) != FIRN_OK ||
        firn_transform_apply(transform, source->type, &value, scratch, &result, NULL) != FIRN_OK)
        return true; /* nothing is known */
    return result.kind != want->kind || firn_value_compare(&result, want) == 0;
}

static bool is_wrong(const firn_data_file *file, const firn_partition_field *field,
                     const firn_field *source, const firn_value *value, firn_arena *scratch)
{
    const firn_metric *low = firn_metric_find(&file->lower_bounds, source->id);
    const firn_metric *high = firn_metric_find(&file->upper_bounds, source->id);
    const firn_transform *transform = &field->transform;
    if (!has_exact_bounds(source->type->kind) || transform->kind == FIRN_TRANSFORM_VOID ||
        transform->kind == FIRN_TRANSFORM_UNKNOWN || may_be_off_by_one(transform->kind, value))
        return false;
    const bool is_one = low && high && low->bound.len == high->bound.len &&
                        firn_str_equals(low->bound, high->bound);
    if (transform->kind == FIRN_TRANSFORM_BUCKET && !is_one) return false;
    if (value->is_null) return low != NULL || high != NULL;
    return !bound_gives(low, source, transform, value, scratch) ||
           !bound_gives(high, source, transform, value, scratch);
}

const firn_partition_field *firn_doctor_wrong_partition(const firn_table_metadata *metadata,
                                                        const firn_live_file *file,
                                                        firn_arena *scratch)
{
    const firn_data_file *data = &file->entry.file;
    if (data->content != FIRN_CONTENT_DATA || !file->spec) return NULL;
    for (size_t i = 0; i < file->spec->n_fields && i < data->n_partition; i++) {
        const firn_partition_field *field = &file->spec->fields[i];
        const firn_field *source =
            firn_schema_find_id(firn_metadata_schema(metadata), field->source_id);
        if (source && is_wrong(data, field, source, &data->partition[i], scratch)) return field;
    }
    return NULL;
}

bool firn_doctor_same_partition(const firn_transform *transform, const firn_value *value,
                                const firn_value *want)
{
    if (value->is_null || want->is_null) return value->is_null == want->is_null;
    if (value->kind != want->kind || may_be_off_by_one(transform->kind, want)) return true;
    return firn_partition_equals(value, want, 1);
}
