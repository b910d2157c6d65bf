/* SPDX-License-Identifier: Apache-2.0 */
/* NDJSON and CSV: columns as they are inferred. Rows are counted by who reads them all. */
#include "base/error.h"
#include "format/inspect/inspect.h"
#include "format/text/csv.h"
#include "format/text/ndjson_infer.h"

static void put_type(firn_outline *out, const char *name, const firn_type *type, firn_arena *arena)
{
    char text[64];
    if (firn_type_is_primitive(type)) {
        firn_outline_cstr(out, name, firn_type_name(type, text, sizeof text));
        return;
    }
    firn_outline_begin(out, name);
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_str key = firn_arena_copy(arena, type->fields[i].name);
        put_type(out, key.data ? key.data : "?", type->fields[i].type, arena);
    }
    firn_outline_end(out);
}

static void put_columns(firn_outline *out, const firn_type *root, firn_arena *arena)
{
    firn_outline_begin_list(out, "columns");
    for (size_t i = 0; i < root->n_fields; i++) {
        const firn_type *type = root->fields[i].type;
        if (firn_type_is_primitive(type))
            firn_outline_begin_line(out, NULL);
        else
            firn_outline_begin(out, NULL);
        firn_outline_str(out, "name", root->fields[i].name);
        put_type(out, "type", type, arena);
        firn_outline_end(out);
    }
    firn_outline_end(out);
}

firn_status firn_inspect_ndjson(firn_str sample, bool is_whole, firn_arena *arena,
                                firn_outline *out, firn_error *err)
{
    const firn_type *root = NULL;
    FIRN_TRY(firn_ndjson_infer(sample, is_whole, 0, arena, &root, err));
    firn_outline_cstr(out, "format", "ndjson");
    put_columns(out, root, arena);
    return FIRN_OK;
}

firn_status firn_inspect_csv(firn_str sample, bool is_whole, firn_arena *arena, firn_outline *out,
                             firn_error *err)
{
    const firn_type *root = NULL;
    firn_csv_dialect found;
    FIRN_TRY(firn_csv_infer(sample, is_whole, 0, NULL, arena, &found, &root, err));
    firn_outline_cstr(out, "format", "csv");
    firn_outline_str(out, "delimiter", (firn_str){&found.delimiter, 1});
    firn_outline_bool(out, "has_header", !found.has_no_header);
    put_columns(out, root, arena);
    return FIRN_OK;
}
