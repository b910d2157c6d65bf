/* SPDX-License-Identifier: Apache-2.0 */
/* firn changes: the rows that came and went between two snapshots, of a table of the catalog or of
 * one without. Never loads the SQL engine. */
#include <inttypes.h>
#include <string.h>

#include "app.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/changes/changed_rows.h"
#include "iceberg/expr/expr_parse.h"
#include "pick_columns.h"
#include "row_output.h"
#include "table_actions.h"
#include "table_source.h"

static const app_option k_options[] = {
    {"from", 0, "WHICH", "after this snapshot, branch or tag; default: from the first snapshot"},
    {"to", 0, "WHICH", "up to this one; default: the current snapshot"},
    {"updates", 0, NULL, "tell changed rows from deleted and inserted ones"},
    {"key", 0, "LIST", "columns that rows are told apart by, and --updates"},
    {"net", 0, NULL, "leave out what later snapshots take back"},
    {"moved", 0, NULL, "show also rows that were written again without a change"},
    {"columns", 0, "LIST", "these columns only, in this order"},
    {"where", 0, "SQL", "rows that pass a filter: \"a > 1 and _change_type = 'INSERT'\""},
    ROW_OUTPUT_OPTIONS,
    {"table", 0, "METADATA", "a table by its metadata file, without a catalog"},
    {"map", 0, "OLD=NEW", "locations that begin with OLD are at NEW; repeatable"},
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "Behind the table's columns come _change_type (INSERT, DELETE, UPDATE_BEFORE, UPDATE_AFTER),\n"
    "_change_ordinal (of the snapshot in the range) and _commit_snapshot_id. Without --key "
    "changed\n"
    "rows are told by the table's identifier fields, or by the ids that rows have in format\n"
    "version 3.\n";

/* What is read and how it is shown. */
typedef struct changes_run {
    app *a;
    const app_args *args;
    row_output output;
    firn_store *store;
    const firn_table_metadata *metadata;
    firn_changed_rows *rows;
    int64_t n_given;
    firn_batch cut; /* the last batch of a limit */
} changes_run;

static firn_status find_snapshot(const changes_run *r, const char *option, int64_t *out,
                                 firn_error *err)
{
    const char *text = app_args_get(r->args, option, NULL);
    if (!text) return FIRN_OK;
    const firn_snapshot_ref *ref = firn_metadata_find_ref(r->metadata, firn_str_of(text));
    if (ref) *out = ref->snapshot_id;
    if (!ref && !firn_str_to_i64(firn_str_of(text), out))
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "--%s: no branch, tag or snapshot \"%s\"", option,
                         text);
    if (firn_metadata_find_snapshot(r->metadata, *out)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_NOT_FOUND, "--%s: no snapshot %" PRId64, option, *out);
}

static firn_status split_list(const changes_run *r, const char *option, firn_str **out, size_t *n,
                              firn_error *err)
{
    const char *text = app_args_get(r->args, option, NULL);
    firn_str rest = text ? firn_str_of(text) : (firn_str){0};
    size_t cap = 0;
    while (rest.data) {
        firn_str *slot = firn_arena_push(r->a->arena, out, n, &cap, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(pick_name_next(&rest, r->a->arena, slot, err));
    }
    return FIRN_OK;
}

static const firn_field *find_field(const firn_type *root, firn_str name)
{
    for (size_t i = 0; i < root->n_fields; i++)
        if (firn_str_equals(root->fields[i].name, name)) return &root->fields[i];
    for (size_t i = 0; i < root->n_fields; i++)
        if (firn_str_equals_nocase(root->fields[i].name, name)) return &root->fields[i];
    return NULL;
}

static firn_status pick(const changes_run *r, const firn_type **columns, firn_error *err)
{
    firn_str *names = NULL;
    size_t n = 0;
    const firn_type *all = NULL;
    FIRN_TRY(firn_changelog_columns(firn_metadata_schema(r->metadata), r->a->arena, &all, err));
    *columns = all;
    FIRN_TRY(split_list(r, "columns", &names, &n, err));
    if (n == 0) return FIRN_OK;
    firn_field *fields = firn_arena_array(r->a->arena, n, sizeof *fields);
    firn_type *type = firn_arena_alloc_zero(r->a->arena, sizeof *type);
    if (!fields || !type) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const firn_field *field = find_field(all, names[i]);
        if (!field)
            return firn_fail(err, FIRN_ERR_ARG, "--columns: no column \"%.*s\"",
                             FIRN_STR_ARG(names[i]));
        fields[i] = *field;
    }
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
    *columns = type;
    return FIRN_OK;
}

static firn_status next_rows(void *ctx, const firn_batch **out, firn_error *err)
{
    changes_run *r = ctx;
    const firn_batch *batch = NULL;
    const int64_t left = r->output.limit - r->n_given;
    if (r->output.limit >= 0 && left == 0) return FIRN_DONE;
    FIRN_TRY(firn_changed_rows_next(r->rows, &batch, err));
    r->cut = *batch;
    if (r->output.limit >= 0 && r->cut.n_rows > left) r->cut.n_rows = left;
    r->n_given += r->cut.n_rows;
    *out = &r->cut;
    return FIRN_OK;
}

static firn_status parse_rows(const changes_run *r, firn_changed_rows_opts *out, firn_error *err)
{
    firn_str *keys = NULL;
    const char *where = app_args_get(r->args, "where", NULL);
    firn_changes_opts *changes = &out->changes;
    *out = (firn_changed_rows_opts){.changes = {.struct_size = sizeof *changes,
                                                .is_net = app_args_has(r->args, "net"),
                                                .with_carryovers = app_args_has(r->args, "moved")}};
    FIRN_TRY(find_snapshot(r, "from", &changes->from_snapshot_id, err));
    FIRN_TRY(find_snapshot(r, "to", &changes->to_snapshot_id, err));
    FIRN_TRY(split_list(r, "key", &keys, &changes->n_identifiers, err));
    FIRN_TRY(pick(r, &changes->columns, err));
    changes->identifiers = keys;
    changes->with_updates = changes->n_identifiers > 0 || app_args_has(r->args, "updates");
    if (!where) return FIRN_OK;
    return firn_error_wrap(err, firn_expr_parse(firn_str_of(where), r->a->arena, &out->filter, err),
                           "--where");
}

static firn_status show(changes_run *r, firn_error *err)
{
    firn_changed_rows_opts opts;
    FIRN_TRY(parse_rows(r, &opts, err));
    FIRN_TRY(firn_changed_rows_open(r->a->env, r->store, r->metadata, &opts, r->a->arena, &r->rows,
                                    err));
    const row_stream stream = {.ctx = r, .columns = opts.changes.columns, .next = next_rows};
    const firn_status st = row_output_print(&r->output, &stream, err);
    firn_changed_rows_close(r->rows);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status show_file(changes_run *r, firn_error *err)
{
    table_source source;
    firn_status st = table_source_open(r->a, r->args, &source, err);
    r->store = source.store;
    r->metadata = source.metadata;
    if (st == FIRN_OK) st = show(r, err);
    table_source_close(&source);
    return st;
}

static firn_status show_table(changes_run *r, firn_error *err)
{
    firn_ident ident;
    firn_table *table = NULL;
    FIRN_TRY(app_open_home(r->a, APP_HOME, NULL, err));
    FIRN_TRY(table_parse_ident(r->a, r->args->words[0], false, &ident, err));
    FIRN_TRY(firn_table_open(r->a->env, r->a->store, r->a->catalog, &ident, &table, err));
    r->store = r->a->store;
    r->metadata = firn_table_metadata_of(table);
    const firn_status st = show(r, err);
    firn_table_close(table);
    return st;
}

static firn_status parse(changes_run *r, firn_error *err)
{
    const bool is_file = app_args_has(r->args, "table");
    if (is_file ? r->args->n_words != 0 : r->args->n_words != 1)
        return firn_fail(err, FIRN_ERR_ARG, "changes needs one of NAMESPACE.TABLE and --table");
    return row_output_parse(r->args, &r->output, err);
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    changes_run r = {.a = a, .args = args};
    if (parse(&r, &err) != FIRN_OK) {
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    firn_status st = app_args_has(args, "table") ? show_file(&r, &err) : show_table(&r, &err);
    if (st == FIRN_OK && fflush(stdout) != 0)
        st = firn_fail(&err, FIRN_ERR_IO, "cannot write the rows");
    return st == FIRN_OK ? APP_OK : app_print_error(a, &err, NULL);
}

const app_command app_command_changes = {"changes",
                                         "NAMESPACE.TABLE | --table METADATA [options]",
                                         "print the rows that came and went between two snapshots",
                                         k_details,
                                         k_options,
                                         run,
                                         "firn --home demo changes silver.orders --limit 3"};
