/* SPDX-License-Identifier: Apache-2.0 */
/* firn table: look at tables and change them without SQL (and without loading the SQL engine). */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "outline_output.h"
#include "table_actions.h"

static const app_option k_options[] = {
    {"snapshot", 0, "ID", "files: of this snapshot; branch, tag, rollback: the snapshot to go to"},
    {"ref", 0, "NAME", "files: of this branch or tag"},
    {"version", 0, "N", "rollback: the version of a view to go to"},
    {"from", 0, "WHICH", "diff: snapshot, branch or tag to start from"},
    {"to", 0, "WHICH", "diff: the other one, default: the current; upgrade: the format version"},
    {"min-snapshots-to-keep", 0, "N", "branch: retention"},
    {"max-snapshot-age-ms", 0, "N", "branch: retention"},
    {"max-ref-age-ms", 0, "N", "branch, tag: retention"},
    APP_OUTLINE_OPTION,
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "  firn table list [NAMESPACE]\n"
    "  firn table describe NAMESPACE.TABLE\n"
    "  firn table history NAMESPACE.TABLE\n"
    "  firn table schemas NAMESPACE.TABLE       all schemas, and what each changed\n"
    "  firn table files NAMESPACE.TABLE         live files\n"
    "  firn table diff NAMESPACE.TABLE --from A [--to B]\n"
    "  firn table branch NAMESPACE.TABLE [create|replace|drop NAME]\n"
    "  firn table tag NAMESPACE.TABLE [create|replace|drop NAME]\n"
    "  firn table rollback NAMESPACE.TABLE --snapshot ID\n"
    "  firn table describe, history, rollback --version N of a view, too\n"
    "  firn table upgrade NAMESPACE.TABLE --to VERSION\n"
    "  firn table health NAMESPACE.TABLE        what maintenance would gain\n"
    "  firn table PROCEDURE NAMESPACE.TABLE [ARGUMENT=VALUE ...]\n"
    "                                           expire_snapshots, rewrite_data_files, ...: "
    "docs/maintenance.md\n";

static const struct table_verb {
    const char *name;
    firn_status (*run)(const table_action *t, firn_error *err);     /* NULL: list */
    size_t max_words;                                               /* with the table's name */
    firn_status (*run_view)(const view_action *v, firn_error *err); /* NULL: not of views */
} k_verbs[] = {
    {"list", NULL, 1, NULL},
    {"describe", table_describe, 1, view_describe},
    {"history", table_history, 1, view_history},
    {"schemas", table_schemas, 1, NULL},
    {"files", table_files, 1, NULL},
    {"diff", table_diff, 1, NULL},
    {"branch", table_branch, 3, NULL},
    {"tag", table_tag, 3, NULL},
    {"rollback", table_rollback, 1, view_rollback},
    {"upgrade", table_upgrade, 1, NULL},
    {"health", table_health, 1, NULL},
};

const char *table_verb_name(size_t i)
{
    return i < sizeof k_verbs / sizeof k_verbs[0] ? k_verbs[i].name : NULL;
}

static firn_status fail_no_snapshot(int64_t id, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_NOT_FOUND, "the table has no snapshot %" PRId64, id);
}

firn_status table_pick_snapshot(const table_action *t, const firn_snapshot **out, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    const char *text = app_args_get(t->args, "snapshot", NULL);
    const char *name = app_args_get(t->args, "ref", NULL);
    const firn_snapshot_ref *ref = name ? firn_metadata_find_ref(m, firn_str_of(name)) : NULL;
    int64_t id = m->current_snapshot_id;
    if (text && name)
        return firn_fail(err, FIRN_ERR_ARG, "--snapshot and --ref exclude each other");
    if (name && !ref)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "the table has no branch or tag \"%s\"", name);
    if (text && !firn_str_to_i64(firn_str_of(text), &id))
        return firn_fail(err, FIRN_ERR_ARG, "--snapshot needs a number, found \"%s\"", text);
    if (ref) id = ref->snapshot_id;
    *out = id < 0 ? NULL : firn_metadata_find_snapshot(m, id);
    return *out || (!text && !name && id < 0) ? FIRN_OK : fail_no_snapshot(id, err);
}

/* ---- list ---- */

/* Of the namespace, if one is named, and of those within it. */
static firn_status list_tables(app *a, const char *namespace_text, firn_outline *out,
                               firn_error *err)
{
    firn_ident top = {0};
    firn_ident *tables = NULL;
    size_t n = 0;
    if (namespace_text) FIRN_TRY(table_parse_ident(a, namespace_text, true, &top, err));
    FIRN_TRY(table_list_all(a, &top, a->arena, &tables, &n, err));
    if (out->style == FIRN_OUTLINE_JSON) firn_outline_begin_list(out, NULL);
    for (size_t i = 0; i < n; i++) {
        firn_str text;
        FIRN_TRY(table_ident_text(&tables[i], a->arena, &text, err));
        if (out->style == FIRN_OUTLINE_TEXT)
            printf("%.*s\n", FIRN_STR_ARG(text)); /* one a line, for scripts */
        else
            firn_outline_str(out, NULL, text);
    }
    if (out->style == FIRN_OUTLINE_JSON) firn_outline_end(out);
    return FIRN_OK;
}

/* ---- run ---- */

static firn_status run_verb(app *a, const app_args *args, const struct table_verb *verb,
                            firn_outline *out, firn_error *err)
{
    table_action t = {.a = a, .args = args, .out = out};
    const char *name = args->n_words > 1 ? args->words[1] : NULL;
    firn_ident ident;
    if (args->n_words - 1 > verb->max_words)
        return firn_fail(err, FIRN_ERR_ARG, "too many arguments for %s", verb->name);
    if (!verb->run) return list_tables(a, name, out, err);
    FIRN_TRY(table_parse_ident(a, name ? name : "", false, &ident, err));
    firn_status st = firn_table_open(a->env, a->store, a->catalog, &ident, &t.table, err);
    if (st == FIRN_ERR_NOT_FOUND && verb->run_view) {
        view_action v = {.a = a, .args = args, .ident = &ident, .out = out};
        firn_error ignored;
        const firn_status found =
            firn_catalog_get_ops(a->catalog)
                ->load_view(firn_catalog_ctx(a->catalog), &ident, a->arena, &v.loaded, &ignored);
        if (found == FIRN_OK) return verb->run_view(&v, err);
    }
    FIRN_TRY(st);
    t.words = args->words + 2;
    t.n_words = args->n_words - 2;
    st = verb->run(&t, err);
    firn_table_close(t.table);
    return st;
}

static void suggest(const char *name, const char *word)
{
    if (firn_str_distance(firn_str_of(name), firn_str_of(word), 2) <= 2)
        fprintf(stderr, "hint: did you mean '%s'?\n", name);
}

/* word: what was given for an action; NULL: nothing was. */
static void complain(const char *word)
{
    const char *name;
    const firn_procedure *procedure;
    if (word)
        fprintf(stderr, "error: unknown action %s\n", word);
    else
        fprintf(stderr, "error: table needs an action\n");
    for (size_t i = 0; word && (name = table_verb_name(i)) != NULL; i++) suggest(name, word);
    for (size_t i = 0; word && (procedure = firn_procedure_at(i)) != NULL; i++)
        suggest(procedure->name, word);
    fprintf(stderr, "hint: the actions are\n%s", k_details);
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    firn_outline out;
    firn_outline_style style = FIRN_OUTLINE_TEXT;
    const struct table_verb *verb = NULL;
    const firn_procedure *procedure = NULL;

    for (size_t i = 0; i < sizeof k_verbs / sizeof k_verbs[0] && args->n_words; i++)
        if (strcmp(args->words[0], k_verbs[i].name) == 0) verb = &k_verbs[i];
    if (!verb && args->n_words) procedure = firn_procedure_find(firn_str_of(args->words[0]));
    if (!verb && !procedure) {
        complain(args->n_words ? args->words[0] : NULL);
        return APP_USAGE;
    }
    if (verb && verb->run && args->n_words < 2) {
        fprintf(stderr, "error: %s needs NAMESPACE.TABLE\n", verb->name);
        return APP_USAGE;
    }
    if (outline_style(args, &style, &err) != FIRN_OK) {
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    if (app_open_home(a, APP_HOME, NULL, &err) != FIRN_OK) return app_print_open_error(a, &err);
    outline_open(&out, style);
    const firn_status done = verb ? run_verb(a, args, verb, &out, &err)
                                  : table_procedure(a, args, procedure, &out, &err);
    const firn_status st = outline_close(&out, done, &err);
    return st == FIRN_OK ? APP_OK : app_print_error(a, &err, NULL);
}

const app_command app_command_table = {"table",
                                       "ACTION [NAME] [options]",
                                       "look at tables, their history, branches and tags",
                                       k_details,
                                       k_options,
                                       run,
                                       "firn --home demo table describe silver.orders\n"
                                       "firn --home demo table history silver.orders"};
