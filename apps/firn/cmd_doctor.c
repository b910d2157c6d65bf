/* SPDX-License-Identifier: Apache-2.0 */
/* firn doctor: is a table what its metadata say, and what can be mended? */
#include "base/error.h"
#include "iceberg/check/table_repair.h"
#include "outline_output.h"
#include "table_actions.h"
#include "table_source.h"

static const app_option k_options[] = {
    {"table", 0, "METADATA", "a table by its metadata file, without a catalog"},
    {"map", 0, "OLD=NEW", "with --table: locations that begin with OLD are at NEW; repeatable"},
    {"deep", 0, NULL, "read the rows too: metrics and partition values against them"},
    {"repair", 0, NULL, "say what would be mended; nothing is changed without --yes"},
    {"yes", 'y', NULL, "with --repair: do it"},
    APP_OUTLINE_OPTION,
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "Looks at the current snapshot and those of all branches and tags: missing and short files,\n"
    "files that are live twice, deletes of files that are not live, sequence numbers, references,\n"
    "counts, partition values against bounds, statistics files. --repair mends manifest entries,\n"
    "counts, dangling deletes and statistics entries in one commit; rows are not affected.\n"
    "Exit status 1 when something is wrong, and still is after a repair.\n";

typedef struct examination {
    bool reads_rows, repairs;
    bool is_repaired; /* the findings are those before */
    firn_doctor_report report;
} examination;

static void show_report(firn_outline *out, const examination *e)
{
    const firn_doctor_report *report = &e->report;
    firn_outline_begin(out, NULL);
    firn_outline_bool(out, "healthy", report->n_findings == 0);
    firn_outline_i64(out, "snapshots", report->n_snapshots);
    firn_outline_i64(out, "manifests", report->n_manifests);
    firn_outline_i64(out, "files", report->n_files);
    if (e->reads_rows) firn_outline_i64(out, "rows", report->n_rows);
    if (report->n_unread > 0) {
        firn_outline_i64(out, "files_not_read", report->n_unread);
        firn_outline_str(out, "why_not_read", report->why_unread);
    }
    if (e->repairs) firn_outline_bool(out, "repaired", e->is_repaired);
    firn_outline_begin_list(out, "findings");
    for (size_t i = 0; i < report->n_findings; i++) {
        const firn_finding *f = &report->findings[i];
        firn_outline_begin(out, NULL);
        firn_outline_cstr(out, "kind", firn_finding_name(f->kind));
        if (f->snapshot_id) firn_outline_i64(out, "snapshot", f->snapshot_id);
        firn_outline_str(out, "what", f->message);
        firn_outline_cstr(out, "to_do", firn_finding_remedy(f->kind));
        if (e->repairs && f->repair != FIRN_REPAIR_NONE)
            firn_outline_cstr(out, "repair", firn_repair_text(f->repair));
        firn_outline_end(out);
    }
    firn_outline_end(out);
    firn_outline_end(out);
}

static firn_status examine(app *a, firn_store *store, const firn_table_metadata *metadata,
                           examination *e, firn_error *err)
{
    const firn_doctor_opts opts = {.reads_rows = e->reads_rows};
    return firn_table_examine(a->env, store, metadata, &opts, a->arena, &e->report, err);
}

static firn_status examine_file(app *a, const app_args *args, examination *e, firn_error *err)
{
    table_source source;
    firn_status st = table_source_open(a, args, &source, err);
    if (st == FIRN_OK) st = examine(a, source.store, source.metadata, e, err);
    table_source_close(&source);
    return st;
}

static firn_status examine_table(app *a, const char *name, bool mends, examination *e,
                                 firn_error *err)
{
    firn_ident ident;
    firn_table *table = NULL;
    FIRN_TRY(table_parse_ident(a, name, false, &ident, err));
    FIRN_TRY(firn_table_open(a->env, a->store, a->catalog, &ident, &table, err));
    firn_status st = examine(a, a->store, firn_table_metadata_of(table), e, err);
    if (st == FIRN_OK && mends && firn_repair_count(&e->report) > 0) {
        st = firn_table_repair(table, &e->report, err);
        e->is_repaired = st == FIRN_OK;
    }
    firn_table_close(table);
    return st;
}

static firn_status check_words(const app_args *args, bool is_file, firn_error *err)
{
    if (args->n_words != (is_file ? 0 : 1))
        return firn_fail(err, FIRN_ERR_ARG, "doctor needs NAMESPACE.TABLE or --table METADATA");
    if (is_file && app_args_has(args, "repair"))
        return firn_fail(err, FIRN_ERR_ARG,
                         "--repair needs a table in a catalog: a metadata file cannot be committed "
                         "to");
    if (app_args_has(args, "yes") && !app_args_has(args, "repair"))
        return firn_fail(err, FIRN_ERR_ARG, "--yes is for --repair");
    return FIRN_OK;
}

static bool is_all_mended(const examination *e)
{
    return e->is_repaired && firn_repair_count(&e->report) == e->report.n_findings;
}

static int run(app *a, const app_args *args)
{
    const bool is_file = app_args_has(args, "table");
    firn_error err = {0};
    firn_outline out;
    firn_outline_style style = FIRN_OUTLINE_TEXT;
    examination e = {.reads_rows = app_args_has(args, "deep"),
                     .repairs = app_args_has(args, "repair")};
    firn_status st = outline_style(args, &style, &err);
    if (st == FIRN_OK) st = check_words(args, is_file, &err);
    if (st != FIRN_OK) {
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    if (!is_file && app_open_home(a, APP_HOME, NULL, &err) != FIRN_OK)
        return app_print_open_error(a, &err);
    st = is_file ? examine_file(a, args, &e, &err)
                 : examine_table(a, args->words[0], app_args_has(args, "yes"), &e, &err);
    if (st == FIRN_OK) {
        outline_open(&out, style);
        show_report(&out, &e);
        st = outline_close(&out, FIRN_OK, &err);
    }
    if (st != FIRN_OK) return app_print_error(a, &err, NULL);
    return e.report.n_findings == 0 || is_all_mended(&e) ? APP_OK : APP_FAILED;
}

const app_command app_command_doctor = {"doctor",
                                        "NAMESPACE.TABLE | --table METADATA [options]",
                                        "check a table against its metadata",
                                        k_details,
                                        k_options,
                                        run,
                                        "firn --home demo doctor silver.orders"};
