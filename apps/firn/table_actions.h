/* SPDX-License-Identifier: Apache-2.0 */
/* The actions of firn table on one table. Each writes one outermost object to the outline. */
#ifndef FIRN_APP_TABLE_ACTIONS_H
#define FIRN_APP_TABLE_ACTIONS_H

#include "app.h"
#include "firn/table.h"
#include "format/inspect/outline.h"
#include "iceberg/maintain/procedures/procedure.h"

typedef struct table_action {
    app *a;
    const app_args *args;
    const char *const *words; /* after the table's name */
    size_t n_words;
    firn_table *table;
    firn_outline *out;
} table_action;

/* table_names.c */
/* "a.b.c" or "a.\"b.c\"" as an identifier in the arena; the default catalog's name in front is left
 * out. */
FIRN_MUST_CHECK firn_status table_parse_ident(app *a, const char *text, bool is_namespace,
                                              firn_ident *out, firn_error *err);
/* As table_parse_ident() reads it. */
FIRN_MUST_CHECK firn_status table_ident_text(const firn_ident *ident, firn_arena *arena,
                                             firn_str *out, firn_error *err);
/* The tables of a namespace and of those within it; of no levels: of the catalog. */
FIRN_MUST_CHECK firn_status table_list_all(const app *a, const firn_ident *top, firn_arena *arena,
                                           firn_ident **out, size_t *n_out, firn_error *err);
/* cmd_table.c */
/* Snapshot of --snapshot or --ref; else the current one, NULL for an empty table. */
FIRN_MUST_CHECK firn_status table_pick_snapshot(const table_action *t, const firn_snapshot **out,
                                                firn_error *err);

/* The i-th action, NULL past the end; procedures are not among them. */
const char *table_verb_name(size_t i);

/* An action on a view. */
typedef struct view_action {
    app *a;
    const app_args *args;
    const firn_ident *ident;
    firn_loaded_view loaded;
    firn_outline *out;
} view_action;

/* table_view.c */
FIRN_MUST_CHECK firn_status view_describe(const view_action *v, firn_error *err);
FIRN_MUST_CHECK firn_status view_history(const view_action *v, firn_error *err);
FIRN_MUST_CHECK firn_status view_rollback(const view_action *v, firn_error *err);

/* table_show.c */
void table_show_time(firn_outline *out, const char *name, int64_t ms);
void table_show_schema(firn_outline *out, app *a, const firn_schema *schema);
FIRN_MUST_CHECK firn_status table_describe(const table_action *t, firn_error *err);
FIRN_MUST_CHECK firn_status table_history(const table_action *t, firn_error *err);
FIRN_MUST_CHECK firn_status table_schemas(const table_action *t, firn_error *err);
/* table_files.c */
FIRN_MUST_CHECK firn_status table_files(const table_action *t, firn_error *err);
FIRN_MUST_CHECK firn_status table_diff(const table_action *t, firn_error *err);
FIRN_MUST_CHECK firn_status table_health(const table_action *t, firn_error *err);
/* table_change.c */
FIRN_MUST_CHECK firn_status table_branch(const table_action *t, firn_error *err);
FIRN_MUST_CHECK firn_status table_tag(const table_action *t, firn_error *err);
FIRN_MUST_CHECK firn_status table_rollback(const table_action *t, firn_error *err);
FIRN_MUST_CHECK firn_status table_upgrade(const table_action *t, firn_error *err);

/* table_procedure.c: the words behind the procedure's name are the table and ARGUMENT=VALUE. */
FIRN_MUST_CHECK firn_status table_procedure(app *a, const app_args *args,
                                            const firn_procedure *procedure, firn_outline *out,
                                            firn_error *err);

#endif
