/* SPDX-License-Identifier: Apache-2.0 */
/* firn maintain: what is due for the tables of the catalog, once or again and again. */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/maintain/upkeep_history.h"
#include "outline_output.h"
#include "progress.h"
#include "table_actions.h"

static const app_option k_options[] = {
    {"dry-run", 0, NULL, "tell what is due, change nothing"},
    {"watch", 0, NULL, "look again and again, until interrupted"},
    {"interval", 0, "DURATION", "watch: between two looks, default 60s"},
    {"max-bytes", 0, "N", "of data files written again a table and run"},
    {"no-history", 0, NULL, "do not write to maintenance.history"},
    APP_OUTLINE_OPTION,
    {NULL, 0, NULL, NULL},
};

static const char k_details[] =
    "Compacts, puts manifests together, expires snapshots and removes orphan files where that is\n"
    "due, by the tables' properties firn.maintain.*, of the tables named or all of the catalog.\n"
    "What was done goes to the table maintenance.history. Memory and threads: -o memory, -o "
    "threads.\n";

typedef struct maintain_run {
    app *a;
    const app_args *args;
    firn_maintain_opts opts;
    firn_outline *out;
    firn_arena *arena; /* of one round */
    firn_ident *tables;
    size_t n_tables, cap_tables;
    firn_upkeep_record *records;
    size_t n_records, cap_records;
    size_t n_failed;
    bool has_progress; /* a person looks at stderr */
} maintain_run;

/* ---- which tables ---- */

static firn_status pick_tables(maintain_run *m, firn_error *err)
{
    const firn_ident top = {0};
    if (m->args->n_words == 0)
        return table_list_all(m->a, &top, m->arena, &m->tables, &m->n_tables, err);
    for (size_t i = 0; i < m->args->n_words; i++) {
        firn_ident *slot =
            firn_arena_push(m->arena, &m->tables, &m->n_tables, &m->cap_tables, sizeof *slot);
        if (!slot) return firn_fail_nomem(err);
        FIRN_TRY(table_parse_ident(m->a, m->args->words[i], false, slot, err));
    }
    return FIRN_OK;
}

/* ---- one table ---- */

static firn_str ident_text(const maintain_run *m, const firn_ident *ident)
{
    firn_str text = FIRN_STR("");
    for (size_t i = 0; i < ident->n_levels && text.data; i++)
        text = firn_arena_printf(m->arena, "%.*s%.*s.", FIRN_STR_ARG(text),
                                 FIRN_STR_ARG(ident->levels[i]));
    return firn_arena_printf(m->arena, "%.*s%.*s", FIRN_STR_ARG(text), FIRN_STR_ARG(ident->name));
}

static firn_status note(maintain_run *m, const firn_upkeep_record *record, firn_error *err)
{
    firn_upkeep_record *slot =
        firn_arena_push(m->arena, &m->records, &m->n_records, &m->cap_records, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *record;
    if (m->has_progress) progress_wipe(); /* both may be on one screen */
    firn_outline_begin_line(m->out, NULL);
    firn_outline_str(m->out, "table", record->table);
    if (record->step) {
        firn_outline_cstr(m->out, "action", firn_maintain_action_name(record->step->action));
        firn_outline_i64(m->out, "files_before", record->step->files_before);
        firn_outline_i64(m->out, "files_after", record->step->files_after);
        firn_outline_i64(m->out, "bytes", record->step->bytes);
    }
    if (record->error.len > 0) firn_outline_str(m->out, "error", record->error);
    firn_outline_end(m->out);
    return FIRN_OK;
}

/* A table that fails does not keep the others waiting. */
static firn_status maintain_table(maintain_run *m, const firn_ident *ident, firn_error *err)
{
    const firn_clock *clock = m->a->env->clock;
    firn_maintain_result *done = firn_arena_alloc_zero(m->arena, sizeof *done);
    firn_table *table = NULL;
    firn_error local = {0};
    firn_upkeep_record record = {.started_us = firn_clock_wall_us(clock),
                                 .table = ident_text(m, ident)};
    if (!done || !record.table.data) return firn_fail_nomem(err);
    firn_status st = firn_table_open(m->a->env, m->a->store, m->a->catalog, ident, &table, &local);
    if (st == FIRN_OK) st = firn_table_maintain(table, &m->opts, done, &local);
    firn_table_close(table);
    record.duration_ms = (firn_clock_wall_us(clock) - record.started_us) / 1000;
    for (size_t i = 0; i < done->n_steps; i++) {
        record.step = &done->steps[i];
        FIRN_TRY(note(m, &record, err));
    }
    if (st == FIRN_OK) return FIRN_OK;
    if (st == FIRN_ERR_CANCELLED) {
        if (err) *err = local;
        return st;
    }
    m->n_failed++;
    record.step = NULL;
    record.error = firn_arena_copy(m->arena, firn_str_of(local.message));
    return record.error.data ? note(m, &record, err) : firn_fail_nomem(err);
}

/* ---- rounds ---- */

/* Which table is worked on, and how many are done. */
static void show_progress(const maintain_run *m, size_t i, int64_t start_us)
{
    if (!m->has_progress) return;
    progress_draw(&(progress){.what = ident_text(m, &m->tables[i]),
                              .fraction = (double)i / (double)m->n_tables,
                              .elapsed_us = firn_clock_monotonic_us(m->a->env->clock) - start_us});
}

static firn_status run_round(maintain_run *m, firn_error *err)
{
    m->tables = NULL;
    m->records = NULL;
    m->n_tables = m->cap_tables = m->n_records = m->cap_records = 0;
    FIRN_TRY(pick_tables(m, err));
    firn_status st = FIRN_OK;
    const int64_t start_us = firn_clock_monotonic_us(m->a->env->clock);
    for (size_t i = 0; st == FIRN_OK && i < m->n_tables; i++) {
        show_progress(m, i, start_us);
        st = firn_env_check_cancel(m->a->env, err);
        if (st == FIRN_OK) st = maintain_table(m, &m->tables[i], err);
    }
    if (m->has_progress) progress_wipe();
    FIRN_TRY(st);
    if (m->opts.is_dry_run || app_args_has(m->args, "no-history")) return FIRN_OK;
    return firn_upkeep_history_add(m->a->env, m->a->store, m->a->catalog, m->records, m->n_records,
                                   err);
}

static firn_status wait_for(const maintain_run *m, int64_t us, firn_error *err)
{
    const firn_clock *clock = m->a->env->clock;
    for (int64_t waited = 0; waited < us; waited += 100000) {
        FIRN_TRY(firn_env_check_cancel(m->a->env, err));
        clock->sleep_us(clock->ctx, 100000);
    }
    return FIRN_OK;
}

static firn_status run_all(maintain_run *m, int64_t interval_us, firn_error *err)
{
    firn_status st = FIRN_OK;
    firn_outline_begin_list(m->out, NULL);
    do {
        st = run_round(m, err);
        firn_arena_reset(m->arena);
        if (st == FIRN_OK && app_args_has(m->args, "watch")) st = wait_for(m, interval_us, err);
    } while (st == FIRN_OK && app_args_has(m->args, "watch"));
    firn_outline_end(m->out);
    return st;
}

static firn_status read_options(maintain_run *m, int64_t *interval_us, firn_error *err)
{
    const char *bytes = app_args_get(m->args, "max-bytes", NULL);
    const char *interval = app_args_get(m->args, "interval", "60s");
    m->opts = (firn_maintain_opts){.struct_size = sizeof m->opts,
                                   .is_dry_run = app_args_has(m->args, "dry-run")};
    if (bytes &&
        (!firn_str_to_i64(firn_str_of(bytes), &m->opts.max_bytes) || m->opts.max_bytes <= 0))
        return firn_fail(err, FIRN_ERR_ARG, "--max-bytes needs a number above 0, found \"%s\"",
                         bytes);
    if (firn_str_to_duration_us(firn_str_of(interval), interval_us) && *interval_us >= 1000000)
        return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "--interval needs a second at least, found \"%s\"",
                     interval);
}

static int run(app *a, const app_args *args)
{
    firn_error err = {0};
    firn_outline out;
    firn_outline_style style = FIRN_OUTLINE_TEXT;
    maintain_run m = {
        .a = a, .args = args, .out = &out, .has_progress = isatty(STDERR_FILENO) == 1};
    int64_t interval_us = 0;
    if (read_options(&m, &interval_us, &err) != FIRN_OK ||
        outline_style(args, &style, &err) != FIRN_OK) {
        (void)app_print_error(a, &err, NULL);
        return APP_USAGE;
    }
    if (app_open_home(a, APP_HOME, NULL, &err) != FIRN_OK) return app_print_open_error(a, &err);
    m.arena = firn_arena_create(a->env->alloc, 0);
    if (!m.arena) return APP_FAILED;
    app_catch_interrupt(a->env, NULL);
    outline_open(&out, style);
    const firn_status st = outline_close(&out, run_all(&m, interval_us, &err), &err);
    firn_arena_destroy(m.arena);
    if (st != FIRN_OK) return app_print_error(a, &err, NULL);
    return m.n_failed == 0 ? APP_OK : APP_FAILED;
}

const app_command app_command_maintain = {"maintain",
                                          "[NAMESPACE.TABLE ...] [options]",
                                          "do what is due for tables: compact, expire, clean up",
                                          k_details,
                                          k_options,
                                          run,
                                          "firn --home demo maintain --dry-run\n"
                                          "firn --home demo maintain silver.orders"};
