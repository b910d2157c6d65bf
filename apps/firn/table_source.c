/* SPDX-License-Identifier: Apache-2.0 */
#include "table_source.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/expr/expr_parse.h"
#include "iceberg/spec/metadata_json.h"
#include "pick_columns.h"
#include "store/mapped.h"
#include "store/store_read.h"

static firn_status parse_mappings(app *a, const app_args *args, firn_path_mapping **out, size_t *n,
                                  firn_error *err)
{
    firn_path_mapping *mappings = firn_arena_array(a->arena, args->n_given, sizeof *mappings);
    const char *text;
    if (!mappings) return firn_fail_nomem(err);
    for (*n = 0; (text = app_args_nth(args, "map", *n)) != NULL; (*n)++) {
        const char *equals = strchr(text, '=');
        if (!equals || equals == text || !equals[1])
            return firn_fail(err, FIRN_ERR_ARG, "--map needs OLD=NEW, found \"%s\"", text);
        const bool is_uri = strstr(equals + 1, "://") || strncmp(equals + 1, "file:", 5) == 0;
        const char *to = is_uri ? equals + 1 : app_absolute(a, equals + 1, err);
        if (!to) return err->status;
        mappings[*n].from = (firn_str){text, (size_t)(equals - text)};
        mappings[*n].to = firn_str_of(to);
        if (equals[-1] == '/' && !firn_str_ends_with(mappings[*n].to, FIRN_STR("/")))
            mappings[*n].to = firn_arena_printf(a->arena, "%s/", to);
        if (!mappings[*n].to.data) return firn_fail_nomem(err);
    }
    *out = mappings;
    return FIRN_OK;
}

/* A path of this machine, or a location as metadata have them. */
static firn_status locate(app *a, const char *text, const firn_path_mapping *mappings, size_t n,
                          firn_str *out, firn_error *err)
{
    *out = firn_str_of(text);
    for (size_t i = 0; mappings && i < n; i++)
        if (firn_str_starts_with(*out, mappings[i].from)) return FIRN_OK;
    if (strstr(text, "://") || strncmp(text, "file:", 5) == 0) return FIRN_OK;
    const char *path = app_absolute(a, text, err);
    if (!path) return err->status;
    *out = firn_str_of(path);
    return FIRN_OK;
}

static firn_status load(app *a, const app_args *args, table_source *out, firn_error *err)
{
    firn_path_mapping *mappings = NULL;
    size_t n = 0;
    firn_str bytes;
    FIRN_TRY(parse_mappings(a, args, &mappings, &n, err));
    FIRN_TRY(firn_store_create_mapped(a->store, mappings, n, &out->store, err));
    FIRN_TRY(locate(a, app_args_get(args, "table", ""), mappings, n, &out->location, err));
    FIRN_TRY(
        firn_store_read_all(out->store, out->location, FIRN_LIMIT_METADATA, a->arena, &bytes, err));
    return firn_error_wrap(err, firn_metadata_parse(bytes, a->arena, &out->metadata, err), "%.*s",
                           FIRN_STR_ARG(out->location));
}

/* A tag is read with the schema of its snapshot, a branch with the table's. */
static firn_status pick_ref(const char *name, table_source *out, firn_error *err)
{
    const firn_snapshot_ref *ref = firn_metadata_find_ref(out->metadata, firn_str_of(name));
    if (!ref)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "the table has no branch or tag \"%s\"", name);
    out->snapshot = firn_metadata_find_snapshot(out->metadata, ref->snapshot_id);
    if (!out->snapshot)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "\"%s\" names snapshot %" PRId64 ", which the table does not have", name,
                         ref->snapshot_id);
    if (ref->is_tag) out->schema = firn_metadata_schema_at(out->metadata, out->snapshot);
    return FIRN_OK;
}

static firn_status pick_snapshot(const app_args *args, table_source *out, firn_error *err)
{
    const char *text = app_args_get(args, "snapshot", NULL);
    const char *ref = app_args_get(args, "ref", NULL);
    int64_t id = 0;
    out->schema = firn_metadata_schema(out->metadata);
    out->snapshot = firn_metadata_current_snapshot(out->metadata);
    if (ref) return pick_ref(ref, out, err);
    if (!text) return FIRN_OK;
    if (!firn_str_to_i64(firn_str_of(text), &id))
        return firn_fail(err, FIRN_ERR_ARG, "--snapshot needs a number, found \"%s\"", text);
    out->snapshot = firn_metadata_find_snapshot(out->metadata, id);
    if (!out->snapshot)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "the table has no snapshot %" PRId64, id);
    out->schema = firn_metadata_schema_at(out->metadata, out->snapshot);
    return FIRN_OK;
}

firn_status table_source_open(app *a, const app_args *args, table_source *out, firn_error *err)
{
    const char *where = app_args_get(args, "where", NULL);
    *out = (table_source){0};
    if (app_args_has(args, "snapshot") && app_args_has(args, "ref"))
        return firn_fail(err, FIRN_ERR_ARG, "--snapshot and --ref exclude each other");
    FIRN_TRY(app_open_home(a, APP_HOME_NONE, NULL, err));
    if (where) FIRN_TRY(firn_expr_parse(firn_str_of(where), a->arena, &out->filter, err));
    FIRN_TRY(load(a, args, out, err));
    return pick_snapshot(args, out, err);
}

void table_source_close(table_source *source)
{
    firn_store_destroy(source->store);
    source->store = NULL;
}

/* ---- rows ---- */

static firn_status next_rows(void *ctx, const firn_batch **out, firn_error *err)
{
    table_stream *s = ctx;
    const firn_batch *batch = NULL;
    if (!s->rows || s->n_given == s->limit) return FIRN_DONE;
    FIRN_TRY(firn_table_rows_next(s->rows, &batch, err));
    s->cut = *batch;
    if (s->limit >= 0 && s->cut.n_rows > s->limit - s->n_given)
        s->cut.n_rows = s->limit - s->n_given;
    s->n_given += s->cut.n_rows;
    *out = &s->cut;
    return FIRN_OK;
}

firn_status table_stream_open(app *a, const table_source *source, const char *columns,
                              int64_t limit, table_stream *out, firn_error *err)
{
    firn_table_rows_opts opts = {.schema = source->schema, .filter = source->filter};
    *out = (table_stream){.limit = limit};
    FIRN_TRY(pick_columns(&source->schema->root, columns, a->arena, &opts.columns, err));
    out->stream = (row_stream){.ctx = out, .columns = opts.columns, .next = next_rows};
    if (source->snapshot) opts.snapshot_id = source->snapshot->snapshot_id;
    return firn_table_rows_open(a->env, source->store, source->metadata, &opts, a->arena,
                                &out->rows, err);
}

void table_stream_close(table_stream *stream)
{
    firn_table_rows_close(stream->rows);
}
