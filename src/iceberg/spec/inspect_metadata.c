/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata documents: parsed for their faults, then shown as they are written. */
#include "base/error.h"
#include "format/json/json.h"
#include "iceberg/spec/inspect_iceberg.h"
#include "iceberg/spec/metadata_json.h"

static bool is_view(const json_t *document)
{
    return json_object_get(document, "view-uuid") || json_object_get(document, "versions");
}

firn_status firn_inspect_metadata(firn_str json, firn_metadata_kind kind, firn_arena *arena,
                                  firn_outline *out, firn_error *err)
{
    const firn_table_metadata *table = NULL;
    const firn_view_metadata *view = NULL;
    json_t *document = NULL;
    FIRN_TRY(firn_json_parse(json, arena, &document, err));
    if (kind == FIRN_METADATA_ANY)
        kind = is_view(document) ? FIRN_METADATA_VIEW : FIRN_METADATA_TABLE;
    if (kind == FIRN_METADATA_VIEW)
        FIRN_TRY(firn_error_wrap(err, firn_view_metadata_parse(json, arena, &view, err),
                                 "view metadata"));
    else
        FIRN_TRY(
            firn_error_wrap(err, firn_metadata_parse(json, arena, &table, err), "table metadata"));
    firn_outline_begin(out, NULL);
    firn_outline_cstr(out, "format", view ? "view-metadata" : "table-metadata");
    firn_outline_json(out, "metadata", document);
    firn_outline_end(out);
    return FIRN_OK;
}
