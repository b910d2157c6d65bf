/* SPDX-License-Identifier: Apache-2.0 */
/* firn doctor: is a table what its metadata say? */
#include "base/error.h"
#include "iceberg/check/table_doctor.h"
#include "outline_output.h"
#include "table_actions.h"
#include "table_source.h"

static const app_option k_options[] = {
    {"table", 0, "METADATA", "a table by its metadata file, without a catalog"},
    {"map", 0, "OLD=NEW", "with --table: locations that begin with OLD are at NEW; repeatable"},
    APP_OUTLINE_OPTION,
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "Looks at the current snapshot and those of all branches and tags: missing and short files,\n"
    "files that are live twice, deletes of files that are not live, sequence numbers, references,\n"
    "counts, partition values against bounds. Rows are not read, nothing is changed. Exit status "
    "1\n"
    "when something is wrong.\n";

static void show_report(firn_outline *out, const firn_doctor_report *report)
{
    firn_outline_begin(out, NULL);
    firn_outline_bool(out, "healthy", report->n_findings == 0);
    firn_outline_i64(out, "snapshots", report->n_snapshots);
    firn_outline_i64(out, "manifests", report->n_manifests);
    firn_outline_i64(out, "files", report->n_files);
    firn_outline_begin_list(out, "findings");
    for (size_t i = 0; i < report->n_findings; i++) {
        const firn_finding *f = &report->findings[i];
        firn_outline_begin(out, NULL);
        firn_outline_cstr(out, "kind", firn_finding_name(f->kind));
        if (f->snapshot_id) firn_outline_i64(out, "snapshot", f->snapshot_id);
        firn_outline_str(out, "what", f->message);
        firn_outline_cstr(out, "to_do", firn_finding_remedy(f->kind));
        firn_outline_end(out);
    }
    firn_outline_end(out);
    firn_outline_end(out);
}

static firn_status examine_file(app *a, const app_args *args, firn_doctor_report *report,
                                firn_error *err)
{
    table_source source;
    firn_status st = table_source_open(a, args, &source, err);
    if (st == FIRN_OK)
        st = firn_table_examine(a->env, source.store, source.metadata, a->arena, report, err);
    table_source_close(&source);
    return st;
}

static firn_status examine_table(app *a, const char *name, firn_doctor_report *report,
                                 firn_error *err)
{
    firn_ident ident;
    firn_table *table = NULL;
    FIRN_TRY(table_parse_ident(a, name, false, &ident, err));
    FIRN_TRY(firn_table_open(a->env, a->store, a->catalog, &ident, &table, err));
    const firn_status st =
        firn_table_examine(a->env, a->store, firn_table_metadata_of(table), a->arena, report, err);
    firn_table_close(table);
    return st;
}

static int run(app *a, const app_args *args)
{
    const bool is_file = app_args_has(args, "table");
    firn_error err = {0};
    firn_outline out;
    firn_outline_style style = FIRN_OUTLINE_TEXT;
    firn_doctor_report report = {0};
    firn_status st = outline_style(args, &style, &err);
    if (st == FIRN_OK && args->n_words != (is_file ? 0 : 1))
        st = firn_fail(&err, FIRN_ERR_ARG, "doctor needs NAMESPACE.TABLE or --table METADATA");
    if (st != FIRN_OK) {
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    if (!is_file && app_open_home(a, APP_HOME, NULL, &err) != FIRN_OK)
        return app_print_open_error(a, &err);
    st = is_file ? examine_file(a, args, &report, &err)
                 : examine_table(a, args->words[0], &report, &err);
    if (st == FIRN_OK) {
        outline_open(&out, style);
        show_report(&out, &report);
        st = outline_close(&out, FIRN_OK, &err);
    }
    if (st != FIRN_OK) return app_print_error(a, &err, NULL);
    return report.n_findings == 0 ? APP_OK : APP_FAILED;
}

const app_command app_command_doctor = {"doctor",
                                        "NAMESPACE.TABLE | --table METADATA [options]",
                                        "check a table against its metadata",
                                        k_details,
                                        k_options,
                                        run};
