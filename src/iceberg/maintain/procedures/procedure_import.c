/* SPDX-License-Identifier: Apache-2.0 */
/* Procedures that make data files, or a table, of Parquet files that are there. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "firn/import.h"
#include "iceberg/maintain/procedures/procedure.h"
#include "iceberg/spec/location_key.h"
#include "iceberg/txn/file_places.h"

/* ---- what the source is ---- */

typedef struct import_source {
    firn_str location; /* empty: a table */
    firn_str table;
} import_source;

static bool is_location(firn_str text)
{
    return firn_str_starts_with(text, FIRN_STR("/")) ||
           firn_str_starts_with(text, FIRN_STR("file:")) ||
           firn_str_find(text, FIRN_STR("://"), 0) != SIZE_MAX;
}

/* Without the quotes around it; backticks or double ones. */
static firn_str unquote(firn_str text)
{
    for (const char *quote = "`\""; *quote; quote++) {
        const firn_str mark = {quote, 1};
        if (text.len > 1 && firn_str_starts_with(text, mark) && firn_str_ends_with(text, mark))
            return firn_str_slice(text, 1, text.len - 1);
    }
    return text;
}

static firn_status check_format(firn_procedure_call *call, size_t argument, firn_str format,
                                firn_error *err)
{
    if (format.len == 0 || firn_str_equals_nocase(format, FIRN_STR("parquet"))) return FIRN_OK;
    call->failed_argument = argument;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: files of format %.*s; expected parquet", FIRN_STR_ARG(format));
}

static bool is_format(firn_str name)
{
    static const char *const k_formats[] = {"parquet", "orc", "avro", "csv", "json", "text"};
    for (size_t i = 0; i < sizeof k_formats / sizeof *k_formats; i++)
        if (firn_str_equals_nocase(name, firn_str_of(k_formats[i]))) return true;
    return false;
}

/* "`parquet`.`/a/folder`", a path by itself, or the name of a table. */
static firn_status read_source(firn_procedure_call *call, size_t argument, import_source *out,
                               firn_error *err)
{
    const firn_str text = firn_str_trim(firn_call_text(call, argument));
    firn_str rest = text;
    const firn_str first = unquote(firn_str_trim(firn_str_split(&rest, '.')));
    *out = (import_source){.table = text};
    if (is_location(unquote(text))) {
        out->location = unquote(text);
    } else if (rest.data && is_format(first) &&
               (rest.data[0] == '`' || rest.data[0] == '"' || is_location(rest))) {
        FIRN_TRY(check_format(call, argument, first, err));
        out->location = unquote(rest);
    }
    if (out->location.len > 0 || text.len > 0) return FIRN_OK;
    return firn_call_fail(call, argument, err, "found nothing, expected `parquet`.`a folder`");
}

/* Statements of others do not read what lies around. */
static firn_status check_allowed(firn_procedure_call *call, size_t argument, firn_str location,
                                 firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(call->catalog);
    firn_str own;
    if (call->allows_files) return FIRN_OK;
    FIRN_TRY(ops->default_location(firn_catalog_ctx(call->catalog), &call->ident, call->arena, &own,
                                   err));
    if (firn_location_is_inside(location, own)) return FIRN_OK;
    call->failed_argument = argument;
    return firn_fail(err, FIRN_ERR_DENIED, "this session may not read files such as %.*s",
                     FIRN_STR_ARG(location));
}

static firn_status read_threads(firn_procedure_call *call, size_t argument, int32_t *out,
                                firn_error *err)
{
    int64_t n = 0;
    FIRN_TRY(firn_call_i64(call, argument, &n, err));
    if (call->values[argument].is_given && (n < 1 || n > INT32_MAX))
        return firn_call_fail(call, argument, err, "found %" PRId64 ", expected a number above 0",
                              n);
    *out = (int32_t)n;
    return FIRN_OK;
}

static firn_status give_count(firn_procedure_call *call, int64_t n, firn_error *err)
{
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    firn_cell_set_i64(&row[0], n);
    return FIRN_OK;
}

/* ---- add_files ---- */

enum {
    ADD_SOURCE,
    ADD_FILTER,
    ADD_CHECK,
    ADD_PARALLELISM,
    ADD_LOCATION,
    ADD_FORMAT,
    ADD_RECURSIVE,
};

static firn_status read_recursive(firn_procedure_call *call, bool *is_flat, firn_error *err)
{
    bool is_recursive = true;
    FIRN_TRY(firn_call_bool(call, ADD_RECURSIVE, &is_recursive, err));
    *is_flat = !is_recursive;
    return FIRN_OK;
}

static firn_status read_add_opts(firn_procedure_call *call, firn_import_opts *opts, firn_error *err)
{
    bool checks = true;
    FIRN_TRY(firn_call_pairs(call, ADD_FILTER, &opts->partition_filter, err));
    FIRN_TRY(firn_call_bool(call, ADD_CHECK, &checks, err));
    FIRN_TRY(read_threads(call, ADD_PARALLELISM, &opts->n_threads, err));
    FIRN_TRY(check_format(call, ADD_FORMAT, firn_call_text(call, ADD_FORMAT), err));
    opts->allows_duplicates = !checks;
    return read_recursive(call, &opts->is_flat, err);
}

static firn_status add_source(firn_procedure_call *call, size_t *argument, import_source *out,
                              firn_error *err)
{
    const bool has_location = call->values[ADD_LOCATION].is_given;
    if (has_location == call->values[ADD_SOURCE].is_given)
        return firn_fail(err, FIRN_ERR_ARG, "expected one of source_table and location, found %s",
                         has_location ? "both" : "none");
    *argument = has_location ? ADD_LOCATION : ADD_SOURCE;
    *out = (import_source){.location = firn_call_text(call, ADD_LOCATION)};
    if (!has_location) FIRN_TRY(read_source(call, ADD_SOURCE, out, err));
    if (out->location.len > 0) return FIRN_OK;
    call->failed_argument = *argument;
    return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                     "not supported: adding the files of table %.*s; expected `parquet`.`a folder`",
                     FIRN_STR_ARG(out->table));
}

firn_status firn_procedure__add_files(firn_procedure_call *call, firn_error *err)
{
    firn_import_opts opts = {.struct_size = sizeof opts};
    firn_import_result added;
    import_source source;
    size_t argument = 0;
    FIRN_TRY(read_add_opts(call, &opts, err));
    FIRN_TRY(add_source(call, &argument, &source, err));
    FIRN_TRY(check_allowed(call, argument, source.location, err));
    const firn_status st = firn_table_add_files(call->table, source.location, &opts, &added, err);
    if (st == FIRN_ERR_NOT_FOUND || st == FIRN_ERR_EXISTS) call->failed_argument = argument;
    FIRN_TRY(st);
    /* how many partitions changed is null, as it is in Spark */
    return give_count(call, added.files, err);
}

/* ---- new tables ---- */

/* The properties given and one more. */
static firn_status read_properties(firn_procedure_call *call, size_t argument, const char *mark,
                                   bool keeps_files, firn_properties *out, firn_error *err)
{
    firn_properties given;
    FIRN_TRY(firn_call_pairs(call, argument, &given, err));
    if (!call->allows_files) FIRN_TRY(firn_check_places(call->catalog, given, call->arena, err));
    firn_property *items = firn_arena_array(call->arena, given.n + 2, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < given.n; i++) items[i] = given.items[i];
    *out = (firn_properties){items, given.n};
    items[out->n++] = (firn_property){firn_str_of(mark), FIRN_STR("true")};
    if (keeps_files) items[out->n++] = (firn_property){FIRN_STR("gc.enabled"), FIRN_STR("false")};
    return FIRN_OK;
}

enum {
    SNAPSHOT_SOURCE,
    SNAPSHOT_LOCATION,
    SNAPSHOT_PROPERTIES,
    SNAPSHOT_PARALLELISM,
    SNAPSHOT_IGNORE_MISSING,
};

static firn_status clone_table(firn_procedure_call *call, firn_str name,
                               const firn_import_table_opts *opts, firn_import_result *out,
                               firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_ident ident;
    firn_table *source = NULL;
    firn_status st = call->resolve(call->resolve_ctx, name, &catalog, &ident, err);
    if (st == FIRN_OK) st = firn_table_open(call->env, call->store, catalog, &ident, &source, err);
    if (st != FIRN_OK) call->failed_argument = SNAPSHOT_SOURCE;
    FIRN_TRY(st);
    st = firn_table_clone(source, call->catalog, &call->ident, opts, out, err);
    firn_table_close(source);
    return st;
}

firn_status firn_procedure__snapshot(firn_procedure_call *call, firn_error *err)
{
    firn_import_table_opts opts = {.struct_size = sizeof opts};
    firn_import_result made;
    import_source source;
    bool ignores_missing = false;
    opts.location = firn_call_text(call, SNAPSHOT_LOCATION);
    FIRN_TRY(read_properties(call, SNAPSHOT_PROPERTIES, "snapshot", true, &opts.properties, err));
    FIRN_TRY(read_threads(call, SNAPSHOT_PARALLELISM, &opts.n_threads, err));
    FIRN_TRY(firn_call_bool(call, SNAPSHOT_IGNORE_MISSING, &ignores_missing, err));
    FIRN_TRY(read_source(call, SNAPSHOT_SOURCE, &source, err));
    if (opts.location.len > 0) FIRN_TRY(check_allowed(call, SNAPSHOT_LOCATION, opts.location, err));
    if (source.location.len == 0) {
        FIRN_TRY(clone_table(call, source.table, &opts, &made, err));
        return give_count(call, made.files, err);
    }
    FIRN_TRY(check_allowed(call, SNAPSHOT_SOURCE, source.location, err));
    FIRN_TRY(firn_table_import(call->env, call->store, call->catalog, &call->ident, source.location,
                               &opts, &made, err));
    return give_count(call, made.files, err);
}

enum {
    MIGRATE_PROPERTIES,
    MIGRATE_DROP_BACKUP,
    MIGRATE_BACKUP_NAME,
    MIGRATE_PARALLELISM,
    MIGRATE_IGNORE_MISSING,
    MIGRATE_LOCATION,
};

/* There is no other catalog whose table would have to step aside: the folder becomes the table. */
firn_status firn_procedure__migrate(firn_procedure_call *call, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(call->catalog);
    firn_import_table_opts opts = {.struct_size = sizeof opts};
    firn_import_result made;
    bool ignored = false;
    FIRN_TRY(read_properties(call, MIGRATE_PROPERTIES, "migrated", false, &opts.properties, err));
    FIRN_TRY(firn_call_bool(call, MIGRATE_DROP_BACKUP, &ignored, err));
    FIRN_TRY(read_threads(call, MIGRATE_PARALLELISM, &opts.n_threads, err));
    FIRN_TRY(firn_call_bool(call, MIGRATE_IGNORE_MISSING, &ignored, err));
    opts.location = firn_call_text(call, MIGRATE_LOCATION);
    if (opts.location.len > 0)
        FIRN_TRY(check_allowed(call, MIGRATE_LOCATION, opts.location, err));
    else
        FIRN_TRY(ops->default_location(firn_catalog_ctx(call->catalog), &call->ident, call->arena,
                                       &opts.location, err));
    FIRN_TRY(firn_table_import(call->env, call->store, call->catalog, &call->ident, opts.location,
                               &opts, &made, err));
    return give_count(call, made.files, err);
}
