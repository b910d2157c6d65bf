/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of models: load, order, run. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "firn/pipeline.h"
#include "pipeline/run.h"
#include "store/store_read.h"

enum { MAX_MODEL_BYTES = 1 << 20 };

struct firn_pipeline {
    firn_env *env;
    firn_store *store;
    firn_catalog *catalog;
    firn_arena *arena;
    firn_pipeline_opts opts;
    firn_model *models;
    size_t n_models, cap_models;
    size_t *order;
};

typedef struct loading {
    firn_pipeline *pipeline;
    firn_str folder;
} loading;

static firn_status load_file(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    const loading *l = ctx;
    firn_pipeline *p = l->pipeline;
    firn_str text;
    if (!firn_str_ends_with(entry->path, FIRN_STR(".sql"))) return FIRN_OK;
    FIRN_TRY(firn_store_read_all(p->store, entry->path, MAX_MODEL_BYTES, p->arena, &text, err));
    firn_str shown = entry->path;
    const size_t at = firn_str_find(shown, l->folder, 0);
    if (at != SIZE_MAX) shown = firn_str_slice(shown, at + l->folder.len, shown.len);
    firn_model *model =
        firn_arena_push(p->arena, &p->models, &p->n_models, &p->cap_models, sizeof *model);
    if (!model) return firn_fail_nomem(err);
    return firn_model_parse(shown, text, p->opts.variables, p->opts.n_variables, p->arena, model,
                            err);
}

static firn_status check_names(const firn_pipeline *p, firn_error *err)
{
    for (size_t i = 0; i < p->n_models; i++) {
        for (size_t j = i + 1; j < p->n_models; j++) {
            if (firn_str_equals_nocase(p->models[i].name, p->models[j].name))
                return firn_fail(err, FIRN_ERR_ARG, "%.*s and %.*s both define %.*s",
                                 FIRN_STR_ARG(p->models[i].path), FIRN_STR_ARG(p->models[j].path),
                                 FIRN_STR_ARG(p->models[i].name));
        }
    }
    for (size_t i = 0; i < p->opts.n_select; i++) {
        bool is_known = false;
        for (size_t j = 0; j < p->n_models; j++)
            is_known = is_known || firn_str_equals_nocase(p->opts.select[i], p->models[j].name);
        if (!is_known)
            return firn_fail(err, FIRN_ERR_ARG, "no model %.*s in the folder",
                             FIRN_STR_ARG(p->opts.select[i]));
    }
    return FIRN_OK;
}

static firn_status load(firn_pipeline *p, firn_str folder, firn_error *err)
{
    while (folder.len > 1 && folder.data[folder.len - 1] == '/') folder.len--;
    loading l = {.pipeline = p,
                 .folder = firn_arena_printf(p->arena, "%.*s/", FIRN_STR_ARG(folder))};
    if (!l.folder.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_store_list(p->store, l.folder, load_file, &l, err));
    if (p->n_models == 0) {
        const firn_status st = firn_fail(err, FIRN_ERR_NOT_FOUND, "no model files (*.sql) in %.*s",
                                         FIRN_STR_ARG(folder));
        return firn_error_hint(err, st, "a pipeline is a folder with one SQL file a model");
    }
    FIRN_TRY(check_names(p, err));
    return firn_model_order(p->models, p->n_models, p->arena, &p->order, err);
}

firn_status firn_pipeline_load(firn_env *env, firn_store *store, firn_catalog *catalog,
                               firn_str folder, const firn_pipeline_opts *opts, firn_pipeline **out,
                               firn_error *err)
{
    *out = NULL;
    firn_arena *arena = firn_arena_create(env->alloc, 0);
    firn_pipeline *p = arena ? firn_arena_alloc_zero(arena, sizeof *p) : NULL;
    if (!p) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    p->env = env;
    p->store = store;
    p->catalog = catalog;
    p->arena = arena;
    if (opts) p->opts = *opts;
    const firn_status st = load(p, folder, err);
    if (st != FIRN_OK) {
        firn_arena_destroy(arena);
        return st;
    }
    *out = p;
    return FIRN_OK;
}

void firn_pipeline_close(firn_pipeline *pipeline)
{
    if (pipeline) firn_arena_destroy(pipeline->arena);
}

static bool is_selected(const firn_pipeline *p, const firn_model *model)
{
    if (p->opts.n_select == 0) return true;
    for (size_t i = 0; i < p->opts.n_select; i++) {
        if (firn_str_equals_nocase(p->opts.select[i], model->name)) return true;
    }
    return false;
}

/* Does the model read one whose state is `state`? */
static bool reads_state(const firn_pipeline *p, size_t i, const firn_model_state *states,
                        firn_model_state state)
{
    for (size_t j = 0; j < p->n_models; j++) {
        if (j != i && states[j] == state && firn_model_reads(&p->models[i], &p->models[j]))
            return true;
    }
    return false;
}

static firn_status run_kind(firn_run *run, firn_error *err)
{
    switch (run->model->kind) {
    case FIRN_MODEL_LANDING: return firn_run_landing(run, err);
    case FIRN_MODEL_INCREMENTAL_BY_UNIQUE_KEY: return firn_run_incremental(run, err);
    case FIRN_MODEL_VIEW: return firn_run_view(run, err);
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "model kind %d", (int)run->model->kind);
}

/* Runs one model and reports it; only cancellation ends the whole run. */
static firn_status run_model(firn_pipeline *p, firn_run *run, size_t i, firn_model_state *states,
                             int64_t *n_warnings, firn_error *err)
{
    const firn_model *model = &p->models[i];
    firn_model_report report = {.name = model->name,
                                .kind = model->kind,
                                .state = FIRN_MODEL_UP_TO_DATE,
                                .action = "nothing new"};
    firn_error problem = {0};
    const int64_t start = firn_clock_monotonic_us(p->env->clock);

    run->model = model;
    run->report = &report;
    run->warnings = NULL;
    run->n_warnings = run->cap_warnings = 0;
    run->source_will_change = reads_state(p, i, states, FIRN_MODEL_WOULD_RUN);
    firn_arena_reset(run->arena);
    if (reads_state(p, i, states, FIRN_MODEL_FAILED) ||
        reads_state(p, i, states, FIRN_MODEL_SKIPPED)) {
        report.state = FIRN_MODEL_SKIPPED;
        report.action = "skipped";
    } else if (run_kind(run, &problem) != FIRN_OK) {
        report.state = FIRN_MODEL_FAILED;
        report.action = "failed";
        report.error = &problem;
    }
    report.seconds = (double)(firn_clock_monotonic_us(p->env->clock) - start) / 1e6;
    states[i] = report.state;
    *n_warnings += (int64_t)report.n_warnings;
    if (p->opts.on_report) p->opts.on_report(p->opts.ctx, &report);
    run->report = NULL;
    if (problem.status == FIRN_ERR_CANCELLED) {
        if (err) *err = problem;
        return FIRN_ERR_CANCELLED;
    }
    return FIRN_OK;
}

firn_status firn_pipeline_run(firn_pipeline *pipeline, int64_t *n_failed, int64_t *n_warnings,
                              firn_error *err)
{
    firn_pipeline *p = pipeline;
    firn_status st = FIRN_OK;
    firn_model_state *states = firn_arena_array(p->arena, p->n_models, sizeof *states);
    firn_run run = {.env = p->env,
                    .store = p->store,
                    .catalog = p->catalog,
                    .arena = firn_arena_create(p->env->alloc, 0),
                    .opts = &p->opts};

    *n_failed = *n_warnings = 0;
    if (!states || !run.arena) {
        firn_arena_destroy(run.arena);
        return firn_fail_nomem(err);
    }
    for (size_t k = 0; k < p->n_models && st == FIRN_OK; k++) {
        const size_t i = p->order[k];
        if (!is_selected(p, &p->models[i])) continue;
        st = run_model(p, &run, i, states, n_warnings, err);
        if (states[i] == FIRN_MODEL_FAILED || states[i] == FIRN_MODEL_SKIPPED) (*n_failed)++;
    }
    firn_session_close(run.session);
    firn_arena_destroy(run.arena);
    return st;
}
