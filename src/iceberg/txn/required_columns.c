/* SPDX-License-Identifier: Apache-2.0 */
/* Added files against columns that became required after their rows were written. Whoever makes a
 * column required has looked at the rows there were; rows that were on their way then are looked
 * at here, when they arrive. Bad interleaving: an append begins and writes nulls, another commit
 * makes the column required, the append lands on top of it. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/txn_internal.h"

struct check {
    const firn_schema *written; /* with what the rows were written */
    const firn_change *what;
};

/* Of rows that were written with the column or without it. */
static bool promised_before(const struct check *check, const firn_field *field)
{
    const firn_field *before = firn_schema_find_id(check->written, field->id);
    if (before) return before->is_required;
    return field->initial_default && !field->initial_default->is_null;
}

static bool may_have_null(const firn_data_file *file, int32_t id)
{
    const firn_metric *nulls = firn_metric_find(&file->null_value_counts, id);
    return file->content == FIRN_CONTENT_DATA && file->record_count > 0 &&
           (!nulls || nulls->count != 0);
}

static firn_status check_field(const struct check *check, const firn_field *field, firn_error *err)
{
    if (field->is_required && !promised_before(check, field))
        for (size_t i = 0; i < check->what->n_added; i++)
            if (may_have_null(&check->what->added[i], field->id))
                return firn_fail(err, FIRN_ERR_CONFLICT,
                                 "another commit made column \"%.*s\" required, and rows of %.*s "
                                 "may have null in it",
                                 FIRN_STR_ARG(field->name),
                                 FIRN_STR_ARG(check->what->added[i].path));
    for (size_t i = 0; i < field->type->n_fields; i++)
        FIRN_TRY(check_field(check, &field->type->fields[i], err));
    return FIRN_OK;
}

/* What is picked from another snapshot was written with that one's schema. */
static const firn_schema *schema_of_rows(const firn_txn *txn, const firn_snapshot_change *change,
                                         const firn_table_metadata *metadata)
{
    int64_t id = 0;
    if (!firn_str_to_i64(change->picked_from, &id)) return txn->draft.schema;
    return firn_metadata_schema_at(metadata, firn_metadata_find_snapshot(metadata, id));
}

firn_status firn_snapshot__check_required(const firn_txn *txn, const firn_snapshot_change *change,
                                          const firn_table_metadata *metadata, firn_error *err)
{
    const firn_schema *now = firn_metadata_schema(metadata);
    const struct check check = {.written = schema_of_rows(txn, change, metadata),
                                .what = &change->what};
    if (now == check.written || change->what.n_added == 0) return FIRN_OK;
    for (size_t i = 0; i < now->root.n_fields; i++)
        FIRN_TRY(check_field(&check, &now->root.fields[i], err));
    return FIRN_OK;
}
