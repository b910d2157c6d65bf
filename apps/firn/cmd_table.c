/* SPDX-License-Identifier: Apache-2.0 */
/* firn table: look at tables without SQL (and without loading the SQL engine). */
#include <inttypes.h>
#include <string.h>

#include "app.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "firn/table.h"
#include "iceberg/spec/transform.h"
#include "iceberg/txn/snapshot_update.h"

static const app_option k_options[] = {
    {"snapshot", 0, "ID", "rollback: the snapshot to go back to"},
    {NULL, 0, NULL, NULL},
};

static const char k_details[] = "  firn table list [NAMESPACE]\n"
                                "  firn table describe NAMESPACE.TABLE\n"
                                "  firn table history NAMESPACE.TABLE\n"
                                "  firn table rollback NAMESPACE.TABLE --snapshot ID\n";

static firn_status parse_ident(app *a, const char *text, bool is_namespace, firn_ident *out,
                               firn_error *err)
{
    firn_str rest = firn_str_of(text);
    firn_str *parts = firn_arena_array(a->arena, FIRN_LIMIT_NESTING, sizeof *parts);
    size_t n = 0;
    if (!parts) return firn_fail_nomem(err);
    while (rest.data && n < FIRN_LIMIT_NESTING) parts[n++] = firn_str_split(&rest, '.');
    if (!is_namespace && n > 2 && firn_str_equals(parts[0], firn_catalog_name(a->catalog))) {
        parts++;
        n--;
    }
    if (!is_namespace && n < 2)
        return firn_fail(err, FIRN_ERR_ARG, "expected NAMESPACE.TABLE, found \"%s\"", text);
    *out = (firn_ident){.levels = parts, .n_levels = is_namespace ? n : n - 1};
    if (!is_namespace) out->name = parts[n - 1];
    return FIRN_OK;
}

static void print_ident(const firn_ident *ident)
{
    for (size_t i = 0; i < ident->n_levels; i++)
        printf("%s%.*s", i ? "." : "", FIRN_STR_ARG(ident->levels[i]));
    if (ident->name.len) printf(".%.*s", FIRN_STR_ARG(ident->name));
    putchar('\n');
}

static firn_status list_namespace(app *a, const firn_ident *ns, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(a->catalog);
    firn_ident *tables = NULL;
    size_t n = 0;
    FIRN_TRY(ops->list_tables(firn_catalog_ctx(a->catalog), ns, a->arena, &tables, &n, err));
    for (size_t i = 0; i < n; i++) print_ident(&tables[i]);
    return FIRN_OK;
}

static firn_status run_list(app *a, const char *name, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(a->catalog);
    firn_ident *namespaces = NULL;
    firn_ident ns;
    size_t n = 0;
    if (name) {
        FIRN_TRY(parse_ident(a, name, true, &ns, err));
        return list_namespace(a, &ns, err);
    }
    FIRN_TRY(
        ops->list_namespaces(firn_catalog_ctx(a->catalog), NULL, a->arena, &namespaces, &n, err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(list_namespace(a, &namespaces[i], err));
    return FIRN_OK;
}

static void print_type(const firn_type *type, int indent);

static void print_fields(const firn_type *type, int indent)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *f = &type->fields[i];
        printf("%*s%d: %.*s ", indent, "", f->id, FIRN_STR_ARG(f->name));
        print_type(f->type, indent);
        if (f->is_required) printf(" required");
        if (f->doc.len) printf(" -- %.*s", FIRN_STR_ARG(f->doc));
        putchar('\n');
        if (!firn_type_is_primitive(f->type)) print_fields(f->type, indent + 4);
    }
}

static void print_type(const firn_type *type, int indent)
{
    char name[64];
    (void)indent;
    printf("%s", firn_type_name(type, name, sizeof name));
}

static void print_spec(const firn_table_metadata *m)
{
    const firn_partition_spec *spec = firn_metadata_spec(m);
    char name[64];
    printf("partitioned by:");
    if (spec->n_fields == 0) printf(" nothing");
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_field *source =
            firn_schema_find_id(firn_metadata_schema(m), spec->fields[i].source_id);
        printf("%s %s(%.*s) as %.*s", i ? "," : "",
               firn_transform_name(&spec->fields[i].transform, name, sizeof name),
               FIRN_STR_ARG(source ? source->name : FIRN_STR("?")),
               FIRN_STR_ARG(spec->fields[i].name));
    }
    putchar('\n');
}

static void print_snapshot(const firn_snapshot *s, bool is_current)
{
    char when[48];
    printf("%-20" PRId64 " %-28s %-10.*s", s->snapshot_id,
           firn_format_timestamp_us(s->timestamp_ms * 1000, true, when, sizeof when),
           FIRN_STR_ARG(s->operation));
    static const char *const keys[] = {"added-records", "deleted-records", "total-records",
                                       "total-data-files"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        printf(" %16.*s",
               FIRN_STR_ARG(firn_properties_get(&s->summary, firn_str_of(keys[i]), FIRN_STR("0"))));
    printf("%s\n", is_current ? "  <- current" : "");
}

static void run_describe(const firn_table *table)
{
    const firn_table_metadata *m = firn_table_metadata_of(table);
    printf("format version: %d\nlocation: %.*s\nmetadata: %.*s\nuuid: %.*s\ncolumns:\n",
           m->format_version, FIRN_STR_ARG(m->location),
           FIRN_STR_ARG(firn_table_metadata_location(table)), FIRN_STR_ARG(m->table_uuid));
    print_fields(&firn_metadata_schema(m)->root, 2);
    print_spec(m);
    printf("snapshots: %zu\n", m->n_snapshots);
    if (m->current_snapshot_id >= 0)
        printf("current snapshot: %lld\n", (long long)m->current_snapshot_id);
    puts("properties:");
    for (size_t i = 0; i < m->properties.n; i++)
        printf("  %.*s = %.*s\n", FIRN_STR_ARG(m->properties.items[i].key),
               FIRN_STR_ARG(m->properties.items[i].value));
}

static void run_history(const firn_table *table)
{
    const firn_table_metadata *m = firn_table_metadata_of(table);
    printf("%-20s %-28s %-10s %16s %16s %16s %16s\n", "snapshot", "committed at", "operation",
           "added rows", "deleted rows", "total rows", "data files");
    for (size_t i = 0; i < m->n_snapshots; i++)
        print_snapshot(&m->snapshots[i], m->snapshots[i].snapshot_id == m->current_snapshot_id);
}

static firn_status run_rollback(firn_table *table, const char *id_text, firn_error *err)
{
    int64_t id = 0;
    firn_txn *txn = NULL;
    if (!id_text || !firn_str_to_i64(firn_str_of(id_text), &id))
        return firn_fail(err, FIRN_ERR_ARG, "rollback needs --snapshot ID");
    FIRN_TRY(firn_txn_begin(table, &txn, err));
    firn_status st = firn_txn_rollback_to(txn, id, err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    if (st == FIRN_OK) printf("current snapshot is now %" PRId64 "\n", id);
    return st;
}

static firn_status run_action(app *a, const app_args *args, firn_error *err)
{
    const char *action = args->words[0];
    const char *name = args->n_words > 1 ? args->words[1] : NULL;
    firn_ident ident;
    firn_table *table = NULL;

    if (strcmp(action, "list") == 0) return run_list(a, name, err);
    FIRN_TRY(parse_ident(a, name ? name : "", false, &ident, err));
    FIRN_TRY(firn_table_open(a->env, a->store, a->catalog, &ident, &table, err));
    firn_status st = FIRN_OK;
    if (strcmp(action, "describe") == 0)
        run_describe(table);
    else if (strcmp(action, "history") == 0)
        run_history(table);
    else
        st = run_rollback(table, app_args_get(args, "snapshot", NULL), err);
    firn_table_close(table);
    return st;
}

static int run(app *a, const app_args *args)
{
    static const char *const actions[] = {"list", "describe", "history", "rollback"};
    firn_error err = {0};
    bool is_known = false;

    for (size_t i = 0; i < sizeof actions / sizeof actions[0] && args->n_words; i++)
        is_known = is_known || strcmp(args->words[0], actions[i]) == 0;
    if (!is_known) {
        fprintf(stderr, "error: %s\n%s", args->n_words ? "unknown action" : "table needs an action",
                k_details);
        return APP_USAGE;
    }
    if (app_open_home(a, APP_HOME, NULL, &err) != FIRN_OK) return app_print_open_error(a, &err);
    const firn_status st = run_action(a, args, &err);
    return st == FIRN_OK ? APP_OK : app_print_error(a, &err, NULL);
}

const app_command app_command_table = {"table",
                                       "list|describe|history|rollback [NAME] [options]",
                                       "look at tables and their history",
                                       k_details,
                                       k_options,
                                       run};
